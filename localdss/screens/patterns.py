"""Every component of every installed plugin on one page, as DSS would show it, with what DSS would stumble over."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from ..host import KINDS
from ..instance import Instance
from . import forms
from .visit import Visit


def mount(pages: Blueprint, instance: Instance) -> None:
    @pages.get("/_patterns")
    def patterns() -> Any:
        visit = Visit.of(instance)
        project = next(iter(visit.projects()), None)

        def drawn(params: Any) -> list[forms.Field]:
            return forms.fields(params, instance, project, {})

        return visit.page("patterns.html", plugins=instance.plugins, kinds=KINDS, drawn=drawn, project=project)
