"""Jupyter notebooks and the kernels that hold memory for them."""

from __future__ import annotations

from ..instance import Raw
from ..rights import INSTANCE_ADMIN, WRITE
from .routing import DOCUMENTED, INFERRED, Call, not_found, route

_N = "/projects/<key>/jupyter-notebooks/<name>/sessions"


@route("GET", "/admin/notebooks/", INFERRED, right=INSTANCE_ADMIN)
def running_notebooks(call: Call) -> list[Raw]:
    return [notebook for notebook in call.instance.notebooks if notebook.get("activeSessions")]


@route("GET", "/projects/<key>/notebooks/active", INFERRED)
def running_notebooks_of_project(call: Call) -> list[Raw]:
    return [notebook for notebook in _of_project(call) if notebook.get("activeSessions")]


@route("GET", "/projects/<key>/jupyter-notebooks/", DOCUMENTED)
def notebooks(call: Call) -> list[Raw]:
    active = call.flag("active")
    found = [notebook for notebook in _of_project(call) if notebook.get("activeSessions") or not active]
    if active:
        return found
    return [{key: value for key, value in notebook.items() if key != "activeSessions"} for notebook in found]


@route("GET", _N, DOCUMENTED)
def sessions(call: Call, name: str) -> list[Raw]:
    found: list[Raw] = _notebook(call, name).get("activeSessions") or []
    return found


@route("DELETE", f"{_N}/<session_id>", DOCUMENTED, right=WRITE)
def unload(call: Call, name: str, session_id: str) -> Raw:
    notebook = _notebook(call, name)
    kept = [each for each in notebook.get("activeSessions") or [] if each.get("sessionId") != session_id]
    if len(kept) == len(notebook.get("activeSessions") or []):
        raise not_found(f"Session {session_id} of notebook {name}")
    notebook["activeSessions"] = kept
    return {"msg": "Unloaded"}


def _of_project(call: Call) -> list[Raw]:
    return [notebook for notebook in call.instance.notebooks if notebook.get("projectKey") == call.project.key]


def _notebook(call: Call, name: str) -> Raw:
    for notebook in _of_project(call):
        if notebook.get("name") == name:
            return notebook
    raise not_found(f"Notebook {name}")
