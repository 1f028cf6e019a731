"""Macros: which there are, what they ask for, and their runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

from flask import Response

from .. import host
from ..host import Component
from ..instance import Raw
from ..work import Work
from .routing import DOCUMENTED, INFERRED, Call, Refused, failed, forbidden, illegal, not_found, route

_T = "/projects/<key>/runnables/<runnable_type>"
_MIME = {"HTML": "text/html", "RESULT_TABLE": "application/json", "JSON_OBJECT": "application/json"}


@dataclass
class MacroRun:
    """A run of a macro: what it said of its progress, and in the end its result or why there is none."""

    runnable_type: str
    project_key: str
    login: str
    progress: Optional[Raw] = None
    content: bytes = b""
    result_type: str = "NONE"
    failure: Optional[host.ComponentFailed] = None
    work: Optional[Work] = None

    @property
    def running(self) -> bool:
        return self.work is not None and not self.work.done.is_set()


@route("GET", "/projects/<key>/runnables/", DOCUMENTED)
def macros(call: Call) -> list[Raw]:
    return [_listed(component) for component in _components(call) if allowed(call, component)]


def _components(call: Call) -> list[Component]:
    return [component for plugin in call.instance.plugins for component in plugin.components(host.MACRO)]


def _listed(component: Component) -> Raw:
    named = {"runnableType": component.type_id, "ownerPluginId": component.plugin.id}
    return {**named, "meta": component.descriptor.get("meta") or {}, "longRunning": True}


def allowed(call: Call, component: Component) -> bool:
    """Whether the caller holds every permission that the macro demands on this project."""
    return host.may_run(component, call.project, call.caller)


@route("GET", _T, DOCUMENTED)
def definition(call: Call, runnable_type: str) -> Raw:
    component = _component(call, runnable_type)
    known = {"params": [], **component.descriptor, **_listed(component)}
    return known if call.caller.admin else {**known, "adminParams": []}


@route("POST", _T, DOCUMENTED, locked=False)
def run(call: Call, runnable_type: str) -> Raw:
    component, body = _component(call, runnable_type), call.object()
    if not allowed(call, component):
        raise forbidden(f"Action forbidden, you may not run {runnable_type} on project {call.project.key}")
    instance, run_id = call.instance, call.instance.new_id("macro-run-")
    doing = Work(instance, run_id)
    this = MacroRun(runnable_type, call.project.key, call.caller.login, work=doing)
    params, admin_params = body.get("params") or {}, body.get("adminParams") or {}

    def heard(progress: Raw) -> None:
        this.progress = progress

    def work() -> None:
        target = (instance, this.project_key, this.login, runnable_type, params, admin_params)
        try:
            this.content, this.result_type = host.run_macro(*target, heard, started=doing.started)
        except host.ComponentFailed as failure:
            this.failure = failure

    with instance.lock:
        instance.macro_runs[run_id] = this
    doing.start(work)
    if call.flag("wait", True):
        doing.done.wait()
        if this.failure is not None and not doing.aborted:
            del instance.macro_runs[run_id]
            raise _as_refused(this.failure)
    return {"runId": run_id}


@route("GET", f"{_T}/state/<run_id>", INFERRED)
def state(call: Call, runnable_type: str, run_id: str) -> Raw:
    this = call.instance.macro_runs.get(run_id)
    if this is None:
        return {"exists": False, "running": False, "empty": True}
    told: Raw = {"exists": True, "running": this.running, "empty": not this.content, "progress": this.progress}
    if this.failure is not None:
        told["storedError"] = this.failure.body()
    return told


@route("GET", f"{_T}/result/<run_id>", DOCUMENTED)
def result(call: Call, runnable_type: str, run_id: str) -> Response:
    """The result, once: afterwards the run does not exist any more."""
    this = call.instance.macro_runs.get(run_id)
    if this is None:
        raise not_found(f"Run {run_id} of {runnable_type}")
    if this.running:
        raise illegal("The macro is still running")
    del call.instance.macro_runs[run_id]
    if this.failure is not None:
        raise _as_refused(this.failure)
    return Response(this.content, mimetype=_MIME.get(this.result_type, "application/octet-stream"))


@route("POST", f"{_T}/abort/<run_id>", DOCUMENTED)
def abort(call: Call, runnable_type: str, run_id: str) -> None:
    this = call.instance.macro_runs.get(run_id)
    if this is None:
        raise not_found(f"Run {run_id} of {runnable_type}")
    this.work.abort()


def _component(call: Call, runnable_type: str) -> Any:
    component = host.find(call.instance.plugins, host.MACRO, runnable_type)
    if component is None:
        raise not_found(f"Runnable {runnable_type}")
    return component


def _as_refused(failure: host.ComponentFailed) -> Refused:
    return failed(failure.message, failure.error_type)
