"""One visit of a screen: who browses, what they may open, and the page they get."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Iterator, Optional
from urllib.parse import quote

import dataikuapi
from dataikuapi.utils import DataikuException
from flask import abort, flash, render_template

from .. import rights
from ..host.routes import visitor
from ..instance import Instance, Project
from ..rights import READ, Caller
from .formats import Formats, count, length, number

DEFAULT_USER = "admin"


@dataclass(frozen=True)
class Visit:
    """Screens read the instance's state; what they *do* goes through the public API, with the visitor's own key, so
    that nothing works here that a public client could not do."""

    instance: Instance
    who: Caller

    @classmethod
    def of(cls, instance: Instance) -> Visit:
        who = visitor(instance) or rights.caller(instance, DEFAULT_USER)
        if who is None:
            abort(403, f"There is no user {DEFAULT_USER} to begin with")
        return cls(instance, who)

    @property
    def client(self) -> dataikuapi.DSSClient:
        return dataikuapi.DSSClient(self.instance.url, api_key=self.who.login)

    def projects(self) -> list[Project]:
        return [each for each in self.instance.projects.values() if rights.sees(each, self.who)]

    def project(self, key: str, right: Optional[str] = READ) -> Project:
        project = self.instance.projects.get(key)
        if project is None:
            abort(404, f"There is no project {key}")
        if not rights.sees(project, self.who) or (right and right not in rights.on_project(project, self.who)):
            abort(403, f"{self.who.login} may not see this part of {key}: it takes {right or READ}")
        return project

    def may(self, project: Project, right: str) -> bool:
        return right in rights.on_project(project, self.who)

    def page(self, template: str, **names: Any) -> str:
        formats = Formats(self.instance.zone, self.instance.clock.now())
        tools = {"formats": formats, "length": length, "number": number, "count": count, "segment": segment}
        return render_template(f"screens/{template}", visit=self, instance=self.instance, **tools, **names)


def segment(text: Any) -> str:
    """Any id as one segment of a path."""
    return quote(str(text), safe="")


@contextmanager
def told() -> Iterator[None]:
    """What DSS refuses is told to the visitor on the next page."""
    try:
        yield
    except DataikuException as refusal:
        flash(str(refusal), "error")
