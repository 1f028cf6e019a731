"""Macros: which there are, their forms, and their runs."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

from dataikuapi.utils import DataikuException
from flask import Blueprint, abort, flash, jsonify, redirect, request, send_file

from .. import host
from ..host import Component, ComponentFailed
from ..instance import Instance, Project, Raw
from . import forms
from .visit import Visit, segment


@dataclass
class Shown:
    """A result, kept: DSS hands one out once."""

    content: bytes = b""
    failure: str = ""


def mount(pages: Blueprint, instance: Instance) -> None:
    results: dict[str, Shown] = {}

    @pages.get("/projects/<key>/macros/")
    def macros(key: str) -> Any:
        visit = Visit.of(instance)
        project = visit.project(key)
        offered = [each for each in _offered(visit, project) if _in_menu(each)]
        groups: dict[str, list[Component]] = {}
        for each in offered:
            groups.setdefault(str((each.descriptor.get("meta") or {}).get("category") or each.plugin.label), []).append(
                each
            )
        return visit.page("macros.html", project=project, tab="macros", groups=groups)

    @pages.get("/projects/<key>/macros/<runnable>/")
    def macro(key: str, runnable: str) -> Any:
        visit = Visit.of(instance)
        project = visit.project(key)
        component = _component(visit, project, runnable)
        return _form(visit, project, component)

    @pages.post("/projects/<key>/macros/<runnable>/")
    def run(key: str, runnable: str) -> Any:
        visit = Visit.of(instance)
        project = visit.project(key)
        component = _component(visit, project, runnable)
        try:
            params = forms.read(component.descriptor.get("params"), _sent("p."))
            admin = forms.read(component.descriptor.get("adminParams"), _sent("a.")) if visit.who.admin else {}
            run_id = visit.client.get_project(key).get_macro(runnable).run(params, admin, wait=False)
        except (forms.BadValue, DataikuException) as refusal:
            flash(str(refusal), "error")
            return redirect(request.path, 303)
        return redirect(f"{request.path}runs/{segment(run_id)}/", 303)

    @pages.get("/projects/<key>/macros/<runnable>/runs/<run_id>/")
    def running(key: str, runnable: str, run_id: str) -> Any:
        visit = Visit.of(instance)
        project = visit.project(key)
        component = _component(visit, project, runnable)
        names = {"project": project, "tab": "macros", "component": component, "run_id": run_id}
        if run_id not in results:
            handle = visit.client.get_project(key).get_macro(runnable)
            try:
                state = handle.get_status(run_id)
                if state.get("running"):
                    return visit.page("macro_running.html", progress=_progress(state), **names)
                results[run_id] = Shown(handle.get_result(run_id).read())
            except DataikuException as failure:
                results[run_id] = Shown(failure=str(failure))
        return visit.page(
            "macro_result.html", shown=results[run_id], result=_result(component, results[run_id]), **names
        )

    @pages.post("/projects/<key>/macros/<runnable>/runs/<run_id>/abort")
    def abort_run(key: str, runnable: str, run_id: str) -> Any:
        visit = Visit.of(instance)
        visit.client.get_project(key).get_macro(runnable).abort(run_id)
        return redirect(request.path.rpartition("/")[0] + "/", 303)

    @pages.get("/projects/<key>/macros/<runnable>/runs/<run_id>/file")
    def download(key: str, runnable: str, run_id: str) -> Any:
        visit = Visit.of(instance)
        component = _component(visit, visit.project(key), runnable)
        if run_id not in results:
            abort(404, "This run has no result any more")
        extension = {"HTML": "html", "RESULT_TABLE": "json", "JSON_OBJECT": "json"}.get(_type(component), "txt")
        name = f"{component.id}.{component.descriptor.get('extension') or extension}"
        kind = component.descriptor.get("mimeType") or "application/octet-stream"
        return send_file(io.BytesIO(results[run_id].content), mimetype=kind, as_attachment=True, download_name=name)

    @pages.post("/projects/<key>/macros/<runnable>/choices")
    def choices(key: str, runnable: str) -> Any:
        """The choices of the form's dynamic fields, for the values it holds now."""
        visit = Visit.of(instance)
        component = _component(visit, visit.project(key), runnable)
        config = request.get_json(force=True, silent=True)
        names = forms.dynamic_names(component.descriptor.get("params"))
        try:
            return jsonify(host.choices(instance, key, visit.who.login, component, names, config or {}))
        except ComponentFailed as failure:
            return jsonify(error=failure.message), 422


def _form(visit: Visit, project: Project, component: Component) -> str:
    params = component.descriptor.get("params") or []
    dynamic: dict[str, list[Raw]] = {}
    names = forms.dynamic_names(params)
    if names:
        try:
            login, config = visit.who.login, forms.defaults(params)
            dynamic = host.choices(visit.instance, project.key, login, component, names, config)
        except ComponentFailed as failure:
            flash(f"Choices could not be read: {failure.message}", "error")
    drawn = forms.fields(params, visit.instance, project, dynamic)
    admin = (
        forms.fields(component.descriptor.get("adminParams"), visit.instance, project, {}) if visit.who.admin else []
    )
    names_of_page = {
        "project": project,
        "tab": "macros",
        "component": component,
        "form_fields": drawn,
        "admin_fields": admin,
    }
    return visit.page("macro.html", **names_of_page)


def _offered(visit: Visit, project: Project) -> list[Component]:
    """The macros that DSS lists for this visitor, with their descriptors."""
    listed = visit.client.get_project(project.key).list_macros(as_objects=False)
    found = (host.find(visit.instance.plugins, host.MACRO, item["runnableType"]) for item in listed)
    return [each for each in found if each is not None]


def _component(visit: Visit, project: Project, runnable: str) -> Component:
    for each in _offered(visit, project):
        if each.type_id == runnable:
            return each
    abort(404, f"There is no macro {runnable} for {visit.who.login}")


def _in_menu(component: Component) -> bool:
    """DSS shows a macro here unless it has only other places to be shown."""
    roles = component.descriptor.get("macroRoles") or []
    return not roles or any(role.get("type") == "PROJECT_MACROS" for role in roles)


def _sent(prefix: str) -> dict[str, list[str]]:
    form = request.form
    return {name[len(prefix) :]: form.getlist(name) for name in form if name.startswith(prefix)}


def _progress(state: Raw) -> Raw:
    """How far a run is, from whichever shape the state has it in."""
    progress = state.get("progress")
    return progress if isinstance(progress, dict) else {}


def _type(component: Component) -> str:
    return str(component.descriptor.get("resultType") or "NONE")


def _result(component: Component, shown: Shown) -> Any:
    """The result as the template draws it: a table, pretty JSON, or text."""
    text = shown.content.decode("utf-8", "replace")
    if shown.failure or _type(component) not in ("RESULT_TABLE", "JSON_OBJECT"):
        return text
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if _type(component) == "RESULT_TABLE" else json.dumps(value, indent=2)
