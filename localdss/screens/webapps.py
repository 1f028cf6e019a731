"""Webapps: each in a frame that fills the window; made from a plugin where the project has none."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, request

from .. import host
from ..host.backends import component_of
from ..instance import Instance
from ..rights import WRITE
from .visit import Visit, segment, told


def mount(pages: Blueprint, instance: Instance) -> None:
    @pages.get("/projects/<key>/webapps/")
    def webapps(key: str) -> Any:
        visit = Visit.of(instance)
        project = visit.project(key, None)
        hosted = [each for each, raw in project.webapps.items() if component_of(instance, raw)]
        if hosted:
            return redirect(f"/projects/{segment(key)}/webapps/{segment(hosted[0])}/")
        offered = [each for plugin in instance.plugins for each in plugin.components(host.WEBAPP)]
        names = {"offered": offered, "may_write": visit.may(project, WRITE)}
        return visit.page("webapps.html", project=project, tab="webapps", **names)

    @pages.get("/projects/<key>/webapps/<webapp_id>/")
    def webapp(key: str, webapp_id: str) -> Any:
        visit = Visit.of(instance)
        project = visit.project(key, None)
        if webapp_id not in project.webapps:
            abort(404, f"There is no webapp {webapp_id} in {key}")
        raw = project.webapps[webapp_id]
        names = {"webapp_id": webapp_id, "raw": raw, "component": component_of(instance, raw)}
        names["run_as"] = host.backends.run_as(raw)
        return visit.page("webapp.html", project=project, tab="webapps", may_write=visit.may(project, WRITE), **names)

    @pages.post("/projects/<key>/webapps/")
    def create(key: str) -> Any:
        visit = Visit.of(instance)
        visit.project(key, WRITE)
        component = host.find(instance.plugins, host.WEBAPP, request.form.get("type", ""))
        if component is None:
            abort(404, "There is no such webapp in the installed plugins")
        with instance.lock:
            webapp_id = host.create_webapp(instance, key, component, visit.who.login)
        return redirect(f"/projects/{segment(key)}/webapps/{segment(webapp_id)}/", 303)

    @pages.post("/projects/<key>/webapps/<webapp_id>/restart")
    def restart(key: str, webapp_id: str) -> Any:
        visit = Visit.of(instance)
        visit.project(key)
        with told():
            visit.client.get_project(key).get_webapp(webapp_id).start_or_restart_backend()
            flash("Backend restarted", "done")
        return redirect(request.path.rpartition("/")[0] + "/", 303)
