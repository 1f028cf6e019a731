"""Attach a plugin's probe or check to a dataset, by the form that its descriptor describes."""

from __future__ import annotations

from typing import Any

from dataikuapi.utils import DataikuException
from flask import Blueprint, abort, flash, redirect, request

from .. import host
from ..host import Component
from ..host.descriptors import flag
from ..host.plugins import CHECK, PROBE
from ..instance import Instance, Raw
from ..rights import WRITE
from . import forms
from .visit import Visit, segment


def mount(pages: Blueprint, instance: Instance) -> None:
    @pages.get("/projects/<key>/datasets/<name>/attach/<type_id>/")
    def attach_form(key: str, name: str, type_id: str) -> Any:
        visit = Visit.of(instance)
        project = visit.project(key, WRITE)
        component = _component(instance, type_id)
        if name not in project.datasets:
            abort(404, f"There is no dataset {name} in {key}")
        drawn = forms.fields(component.descriptor.get("params"), instance, project, {})
        return visit.page(
            "attach.html", project=project, tab="datasets", name=name, component=component, form_fields=drawn
        )

    @pages.post("/projects/<key>/datasets/<name>/attach/<type_id>/")
    def attach(key: str, name: str, type_id: str) -> Any:
        visit = Visit.of(instance)
        visit.project(key)
        component, form = _component(instance, type_id), request.form
        try:
            sent = {field[2:]: form.getlist(field) for field in form if field.startswith("p.")}
            config = forms.read(component.descriptor.get("params"), sent)
            label = form.get("label", "").strip() or component.label
            dataset = visit.client.get_project(key).get_dataset(name)
            if component.kind is PROBE:
                settings = dataset.get_settings()
                probes = settings.get_raw().setdefault("metrics", {}).setdefault("probes", [])
                probes.append(_probe(component, label, config, on_build="on_build" in form))
                settings.save()
            else:
                rule = {"type": component.type_id, "displayName": label, "config": config, "enabled": True}
                dataset.get_data_quality_rules().create_rule({**rule, "autoRun": "on_build" in form})
        except (forms.BadValue, DataikuException) as refusal:
            flash(str(refusal), "error")
            return redirect(request.path, 303)
        flash(f"{label} is attached", "done")
        return redirect(f"/projects/{segment(key)}/datasets/{segment(name)}/", 303)


def offered(instance: Instance) -> list[Component]:
    """The probes and checks that DSS offers for a dataset."""
    probes = [each for plugin in instance.plugins for each in plugin.components(PROBE)]
    checks = [each for plugin in instance.plugins for each in plugin.components(CHECK)]
    return [each for each in probes if flag(each.descriptor.get("handlesDataset"))] + checks


def _component(instance: Instance, type_id: str) -> Component:
    found = host.find(instance.plugins, PROBE, type_id) or host.find(instance.plugins, CHECK, type_id)
    if found is None:
        abort(404, f"There is no probe or check {type_id}")
    return found


def _probe(component: Component, label: str, config: Raw, *, on_build: bool) -> Raw:
    return {
        "type": component.type_id,
        "enabled": True,
        "computeOnBuildMode": "PARTITION" if on_build else "NO",
        "meta": {"name": label, "level": 10},
        "configuration": {"config": config},
    }
