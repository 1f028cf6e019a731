"""Notebooks, Jupyter's and SQL's, and the kernels that hold memory for them."""

from __future__ import annotations

from ..instance import Raw
from ..rights import INSTANCE_ADMIN, WRITE
from .routing import DOCUMENTED, INFERRED, Call, not_found, route

_J = "/projects/<key>/jupyter-notebooks/<name>"
_N = f"{_J}/sessions"
_HIDDEN = ("activeSessions", "content")


@route("GET", "/admin/notebooks/", INFERRED, right=INSTANCE_ADMIN)
def running_notebooks(call: Call) -> list[Raw]:
    return [_running(notebook) for notebook in call.instance.notebooks if notebook.get("activeSessions")]


@route("GET", "/projects/<key>/notebooks/active", INFERRED)
def running_notebooks_of_project(call: Call) -> list[Raw]:
    return [_running(notebook) for notebook in _of_project(call) if notebook.get("activeSessions")]


@route("GET", "/projects/<key>/jupyter-notebooks/", DOCUMENTED)
def notebooks(call: Call) -> list[Raw]:
    active = call.flag("active")
    found = [notebook for notebook in _of_project(call) if notebook.get("activeSessions") or not active]
    hidden = _HIDDEN[1:] if active else _HIDDEN
    return [{key: value for key, value in notebook.items() if key not in hidden} for notebook in found]


@route("GET", _J, DOCUMENTED)
def content(call: Call, name: str) -> Raw:
    return {
        "cells": [],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
        **(_notebook(call, name).get("content") or {}),
    }


@route("DELETE", _J, DOCUMENTED, right=WRITE)
def delete_notebook(call: Call, name: str) -> Raw:
    call.instance.notebooks.remove(_notebook(call, name))
    return {"msg": "Deleted"}


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


@route("GET", "/projects/<key>/sql-notebooks/", DOCUMENTED, since="13.1")
def sql_notebooks(call: Call) -> list[Raw]:
    return [
        {key: value for key, value in each.items() if key != "cells"} for each in call.project.sql_notebooks.values()
    ]


@route("GET", "/projects/<key>/sql-notebooks/<notebook_id>", INFERRED, since="13.1")
def sql_notebook(call: Call, notebook_id: str) -> Raw:
    if notebook_id not in call.project.sql_notebooks:
        raise not_found(f"SQL notebook {notebook_id}")
    return call.project.sql_notebooks[notebook_id]


def _running(notebook: Raw) -> Raw:
    return {key: value for key, value in notebook.items() if key != "content"}


def _of_project(call: Call) -> list[Raw]:
    return [notebook for notebook in call.instance.notebooks if notebook.get("projectKey") == call.project.key]


def _notebook(call: Call, name: str) -> Raw:
    for notebook in _of_project(call):
        if notebook.get("name") == name:
            return notebook
    raise not_found(f"Notebook {name}")
