"""What administrators look at: footprint on disk, sanity of the node, project standards, monitored deployments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Response

from .. import disk, work
from ..host.plugins import STANDARD
from ..instance import Instance, Project, Raw
from ..rights import INSTANCE_ADMIN
from .routing import DOCUMENTED, INFERRED, Call, not_found, route

_FOOTPRINT = "/directories-footprint"
_DIRECTORIES = {
    "jobs": "jobLogs",
    "scenarios": "scenarioLogs",
    "managed_folders": "managedFolders",
    "datasets": "managedDatasets",
}


@route("GET", f"{_FOOTPRINT}/all-dss", INFERRED, right=INSTANCE_ADMIN, since="14.3")
def footprint_of_all(call: Call) -> Raw:
    instance = call.instance
    return _measured(call, lambda: {"projects": _projects(instance, instance.projects.values())})


@route("GET", f"{_FOOTPRINT}/global", INFERRED, right=INSTANCE_ADMIN, since="14.3")
def footprint_of_node(call: Call) -> Raw:
    return _measured(call, lambda: {"size": 0, "nbFiles": 0, "nbFolders": 0, "nbErrors": 0})


@route("GET", f"{_FOOTPRINT}/projects/<project_key>", INFERRED, right=INSTANCE_ADMIN, since="14.3")
def footprint_of_project(call: Call, project_key: str) -> Raw:
    project = call.instance.projects.get(project_key)
    if project is None:
        raise not_found(f"Project {project_key}")
    return _measured(call, lambda: {"projects": _projects(call.instance, [project])})


def _measured(call: Call, measure: Any) -> Raw:
    return work.future(call.instance, call.caller.login, "Footprint of data directories", measure)


def _projects(instance: Instance, projects: Any) -> Raw:
    items = [_of_project(instance, project) for project in projects]
    return {**_sum(items), "items": items}


def _of_project(instance: Instance, project: Project) -> Raw:
    parts = {name: _of_folder(disk.home(instance) / folder / project.key) for folder, name in _DIRECTORIES.items()}
    return {"projectKey": project.key, **_sum(list(parts.values())), **parts}


def _of_folder(folder: Path) -> Raw:
    inside = list(folder.rglob("*"))
    files = [each for each in inside if each.is_file()]
    size = sum(each.stat().st_size for each in files)
    return {"size": size, "nbFiles": len(files), "nbFolders": len(inside) - len(files), "nbErrors": 0}


def _sum(parts: list[Raw]) -> Raw:
    return {name: sum(part[name] for part in parts) for name in ("size", "nbFiles", "nbFolders", "nbErrors")}


@route("POST", "/admin/sanity-check/run", INFERRED, right=INSTANCE_ADMIN, since="11.4")
def sanity_check(call: Call) -> Raw:
    messages: Raw = {
        "messages": [],
        "anyMessage": False,
        "success": True,
        "warning": False,
        "error": False,
        "fatal": False,
    }
    return {"hasResult": True, "result": messages}


@route("GET", "/admin/sanity-check/codes", INFERRED, right=INSTANCE_ADMIN, since="11.4")
def sanity_codes(call: Call) -> list[str]:
    return []


@route("GET", "/project-standards/check-specs", INFERRED, right=INSTANCE_ADMIN, since="14.2")
def check_specs(call: Call) -> list[Raw]:
    return [
        {"elementType": component.type_id, "label": component.label, "ownerPluginId": plugin.id}
        for plugin in call.instance.plugins
        for component in plugin.components(STANDARD)
    ]


@route("GET", "/project-standards/checks", INFERRED, right=INSTANCE_ADMIN, since="14.2")
def standards_checks(call: Call) -> list[Raw]:
    return []


@route("GET", "/projects/<key>/project-standards/last-report", DOCUMENTED, since="14.2")
def standards_report(call: Call) -> Response:
    """No report was ever made: an empty body."""
    return Response("", mimetype="application/json")


@route("GET", "/unified-monitoring/deployer/projects", DOCUMENTED, right=INSTANCE_ADMIN, since="12.6")
def monitored_projects(call: Call) -> list[Raw]:
    return []
