"""Webapps: which a project has, their settings, and their backends."""

from __future__ import annotations

from .. import host, work
from ..instance import Raw
from ..rights import WRITE
from .projects import version_tag
from .routing import DOCUMENTED, INFERRED, RECORDED, Call, route

_W = "/projects/<key>/webapps/<webapp_id>"


@route("GET", "/projects/<key>/webapps/", DOCUMENTED, since="11.4")
def webapps(call: Call) -> list[Raw]:
    backends = host.backends_of(call.instance)
    listed = []
    for webapp_id, raw in call.project.webapps.items():
        future = backends.state(call.project.key, webapp_id).get("futureInfo") or {}
        kept = {
            name: raw.get(name) for name in ("name", "type", "tags", "hasLegacyBackendURL", "versionTag", "creationTag")
        }
        running = {"backendRunning": bool(future.get("alive"))}
        listed.append({"projectKey": call.project.key, "id": webapp_id, **kept, **running})
    return listed


@route("POST", "/projects/<key>/webapps/", INFERRED, right=WRITE, since="11.4")
def create_webapp(call: Call) -> Raw:
    body, tag = call.object(), version_tag(call, 0)
    webapp_id = call.instance.new_id("webapp")
    defaults: Raw = {"params": {}, "config": {}, "tags": []}
    call.project.webapps[webapp_id] = {**defaults, **body, "versionTag": tag, "creationTag": tag}
    return {"webAppId": webapp_id}


@route("GET", _W, RECORDED, since="11.4")
def settings(call: Call, webapp_id: str) -> Raw:
    return {"projectKey": call.project.key, "id": webapp_id, **call.webapp(webapp_id)}


@route("PUT", _W, RECORDED, right=WRITE, since="11.4")
def save_settings(call: Call, webapp_id: str) -> Raw:
    before, body = call.webapp(webapp_id), call.object()
    kept = {key: value for key, value in body.items() if key not in ("projectKey", "id")}
    call.project.webapps[webapp_id] = {**kept, "versionTag": version_tag(call, before)}
    return {"msg": "Updated"}


@route("GET", f"{_W}/backend/state", DOCUMENTED, since="11.4")
def state(call: Call, webapp_id: str) -> Raw:
    call.webapp(webapp_id)
    return host.backends_of(call.instance).state(call.project.key, webapp_id)


@route("PUT", f"{_W}/backend/actions/restart", DOCUMENTED, right=WRITE, since="11.4", locked=False)
def restart(call: Call, webapp_id: str) -> Raw:
    call.webapp(webapp_id)
    instance, project_key = call.instance, call.project.key
    backends = host.backends_of(instance)
    name = f"Restart of webapp {webapp_id}"
    return work.future(instance, call.caller.login, name, lambda: backends.start(project_key, webapp_id))


@route("PUT", f"{_W}/backend/actions/stop", DOCUMENTED, right=WRITE, since="11.4", locked=False)
def stop(call: Call, webapp_id: str) -> None:
    call.webapp(webapp_id)
    host.backends_of(call.instance).stop(call.project.key, webapp_id)
