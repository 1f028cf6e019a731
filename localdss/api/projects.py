"""Projects: what they are called, who may do what in them, their variables, wiki, bundles, history."""

from __future__ import annotations

import json
import shutil
from typing import Any

from .. import disk, rights
from ..instance import Project, Raw
from ..rights import DASHBOARDS, PROJECT_ADMIN, WRITE
from .routing import DOCUMENTED, INFERRED, RECORDED, Call, conflict, forbidden, illegal, not_found, route

_METADATA = ("shortDesc", "description", "tags", "customFields", "checklists")


@route("GET", "/projects/", DOCUMENTED, right=None)
def projects(call: Call) -> list[Raw]:
    visible = [project for project in call.instance.projects.values() if rights.sees(project, call.caller)]
    located = {"projectLocation": []} if call.flag("includeLocation") else {}
    return [{**summary_of(call, project), **located} for project in visible]


@route("POST", "/projects/", DOCUMENTED, right=None)
def create_project(call: Call) -> Raw:
    body = call.object()
    key = str(body.get("projectKey") or "")
    groups = (call.instance.groups.get(name) or {} for name in call.caller.groups)
    if not call.caller.admin and not any(group.get("mayCreateProjects") for group in groups):
        raise forbidden("Action forbidden, you may not create projects")
    if not key:
        raise illegal("projectKey is missing")
    if key in call.instance.projects:
        raise conflict(f"Project {key} already exists")
    tag = version_tag(call, 0)
    settings = {"name": body.get("name") or key, "owner": body.get("owner") or call.caller.login, "permissions": []}
    call.instance.add(Project(key=key, settings={**settings, "versionTag": tag, "creationTag": tag}))
    return {"msg": f"Created project {key}"}


@route("GET", "/projects/<key>", DOCUMENTED)
def summary(call: Call) -> Raw:
    return summary_of(call, call.project)


def summary_of(call: Call, project: Project) -> Raw:
    settings = project.settings
    owner = call.instance.users.get(project.owner) or {}
    kept = ("shortDesc", "tags", "projectStatus", "projectType", "projectAppType", "versionTag", "creationTag")
    return {
        "projectKey": project.key,
        "name": project.name,
        "ownerLogin": project.owner,
        "ownerDisplayName": owner.get("displayName") or project.owner,
        "disableAutomaticTriggers": bool((settings.get("settings") or {}).get("disableAutomaticTriggers")),
        "commitMode": (settings.get("settings") or {}).get("gitCommitMode") or "AUTO",
        "canWriteProjectContent": WRITE in rights.on_project(project, call.caller),
        "tags": [],
        **{name: settings.get(name) for name in kept if settings.get(name) is not None},
    }


@route("GET", "/projects/<key>/metadata", DOCUMENTED)
def metadata(call: Call) -> Raw:
    kept = {name: call.project.settings.get(name) for name in _METADATA}
    return {"label": call.project.name, **kept, "tags": kept["tags"] or [], "customFields": kept["customFields"] or {}}


@route("PUT", "/projects/<key>/metadata", DOCUMENTED, right=PROJECT_ADMIN)
def save_metadata(call: Call) -> Raw:
    body = call.object()
    call.project.settings.update({name: body[name] for name in _METADATA if name in body})
    call.project.settings["name"] = body.get("label") or call.project.name
    return {"msg": "Updated"}


@route("GET", "/projects/<key>/permissions", RECORDED, right=PROJECT_ADMIN)
def permissions(call: Call) -> Raw:
    settings = call.project.settings
    return {
        "owner": call.project.owner,
        "permissions": settings.get("permissions") or [],
        "additionalDashboardUsers": settings.get("additionalDashboardUsers") or {"users": []},
    }


@route("PUT", "/projects/<key>/permissions", RECORDED, right=PROJECT_ADMIN)
def save_permissions(call: Call) -> Raw:
    body = call.object()
    parts = ("owner", "permissions", "additionalDashboardUsers")
    call.project.settings.update({name: body[name] for name in parts if name in body})
    return {"msg": "Updated"}


@route("GET", "/projects/<key>/settings", RECORDED, right=PROJECT_ADMIN)
def settings(call: Call) -> Raw:
    return call.project.settings


@route("PUT", "/projects/<key>/settings", RECORDED, right=PROJECT_ADMIN)
def save_settings(call: Call) -> Raw:
    call.project.settings = {**call.object(), "versionTag": version_tag(call, call.project.settings)}
    return {"msg": "Updated"}


@route("GET", "/projects/<key>/variables/", DOCUMENTED)
def variables(call: Call) -> Raw:
    return call.project.variables


@route("PUT", "/projects/<key>/variables/", DOCUMENTED, right=WRITE)
def save_variables(call: Call) -> Raw:
    body = call.object()
    if not {"standard", "local"} <= set(body):
        raise illegal("Both standard and local variables are needed")
    call.project.variables = {"standard": body["standard"], "local": body["local"]}
    return {"msg": "Updated"}


@route("GET", "/projects/<key>/variables-resolved", DOCUMENTED)
def resolved_variables(call: Call) -> Raw:
    merged = {
        "projectKey": call.project.key,
        **call.instance.variables,
        **call.project.variables["standard"],
        **call.project.variables["local"],
    }
    if call.flag("typed"):
        return merged
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in merged.items()}


@route("GET", "/projects/<key>/tags", DOCUMENTED)
def tags(call: Call) -> Raw:
    return {"tags": {}, **call.project.tags}


@route("PUT", "/projects/<key>/tags", DOCUMENTED, right=WRITE)
def save_tags(call: Call) -> Raw:
    call.project.tags = call.object()
    return {"msg": "Updated"}


@route("GET", "/projects/<key>/interest", DOCUMENTED)
def interest(call: Call) -> Raw:
    return {"starCount": 0, "watchCount": 0}


@route("GET", "/projects/<key>/timeline", DOCUMENTED)
def timeline(call: Call) -> Raw:
    created, modified = (call.project.settings.get(name) or {} for name in ("creationTag", "versionTag"))
    by = {name: _person(call, tag) for name, tag in (("createdBy", created), ("lastModifiedBy", modified))}
    return {
        **by,
        "createdOn": created.get("lastModifiedOn"),
        "lastModifiedOn": modified.get("lastModifiedOn"),
        "allContributors": [person for person in by.values() if person],
        "items": _changes(call.project)[: call.number("itemCount", 100)],
    }


def _changes(project: Project) -> list[Raw]:
    """The last change of every object, newest first: all that is known of changes without DSS's own database."""
    objects = {**project.objects(), "SCENARIO": project.scenarios, "WEB_APP": project.webapps}
    objects["RECIPE"] = {name: whole["recipe"] for name, whole in project.recipes.items()}
    items = []
    for kind, found in objects.items():
        for name, raw in found.items():
            tag = raw.get("versionTag") or raw.get("creationTag") or {}
            change = {"time": tag.get("lastModifiedOn"), "user": (tag.get("lastModifiedBy") or {}).get("login")}
            named = {"projectKey": project.key, "objectType": kind, "objectId": name}
            if change["time"]:
                items.append(
                    {**change, "action": "EDITED" if raw.get("versionTag") else "CREATED", **named, "details": {}}
                )
    return sorted(items, key=lambda item: -item["time"])


def _person(call: Call, tag: Raw) -> Any:
    login = (tag.get("lastModifiedBy") or {}).get("login")
    if login is None:
        return None
    return {"login": login, "displayName": (call.instance.users.get(login) or {}).get("displayName") or login}


def version_tag(call: Call, before: Any) -> Raw:
    """The tag that a save puts on an object: one version on, by this caller, now."""
    number = 0
    if isinstance(before, dict):
        number = int((before.get("versionTag") or {}).get("versionNumber") or 0) + 1
    return {
        "versionNumber": number,
        "lastModifiedBy": {"login": call.caller.login},
        "lastModifiedOn": call.instance.clock.ms(),
    }


@route("GET", "/projects/<key>/dashboards/", DOCUMENTED, right=DASHBOARDS, since="12.0")
def dashboards(call: Call) -> list[Raw]:
    return [{"id": name, "projectKey": call.project.key, **raw} for name, raw in call.project.dashboards.items()]


@route("GET", "/projects/<key>/insights/", DOCUMENTED, right=DASHBOARDS, since="12.0")
def insights(call: Call) -> list[Raw]:
    return [{"id": name, "projectKey": call.project.key, **raw} for name, raw in call.project.insights.items()]


@route("GET", "/projects/<key>/dashboards/<dashboard_id>", DOCUMENTED, right=DASHBOARDS, since="12.0")
def dashboard(call: Call, dashboard_id: str) -> Raw:
    return _shown(call, call.project.dashboards, "Dashboard", dashboard_id)


@route("GET", "/projects/<key>/insights/<insight_id>", DOCUMENTED, right=DASHBOARDS, since="12.0")
def insight(call: Call, insight_id: str) -> Raw:
    return _shown(call, call.project.insights, "Insight", insight_id)


def _shown(call: Call, objects: dict[str, Raw], what: str, object_id: str) -> Raw:
    if object_id not in objects:
        raise not_found(f"{what} {call.project.key}.{object_id}")
    return {"id": object_id, "projectKey": call.project.key, **objects[object_id]}


@route("GET", "/projects/<key>/lab/", DOCUMENTED)
def analyses(call: Call) -> list[Raw]:
    """Visual analyses do not lie among a project's files: there are none here."""
    return []


@route("GET", "/projects/<key>/bundles/exported", DOCUMENTED, right=PROJECT_ADMIN)
def exported_bundles(call: Call) -> Raw:
    return {"bundles": call.project.bundles}


@route("GET", "/projects/<key>/bundles/imported", DOCUMENTED, right=PROJECT_ADMIN)
def imported_bundles(call: Call) -> Raw:
    return {"bundles": call.project.imported_bundles}


@route("DELETE", "/projects/<key>/bundles/exported/<bundle_id>", DOCUMENTED, right=PROJECT_ADMIN)
def delete_exported_bundle(call: Call, bundle_id: str) -> Raw:
    _drop_bundle(call.project.bundles, bundle_id)
    shutil.rmtree(disk.home(call.instance) / "bundles" / call.project.key / bundle_id, ignore_errors=True)
    return {"msg": "Deleted"}


@route("DELETE", "/projects/<key>/bundles/imported/<bundle_id>", DOCUMENTED, right=PROJECT_ADMIN)
def delete_imported_bundle(call: Call, bundle_id: str) -> Raw:
    """Deletes an imported bundle. That DSS refuses the active one is inferred."""
    if any(bundle["bundleId"] == bundle_id and bundle.get("active") for bundle in call.project.imported_bundles):
        raise illegal("The active bundle cannot be deleted")
    _drop_bundle(call.project.imported_bundles, bundle_id)
    return {"msg": "Deleted"}


def _drop_bundle(bundles: list[Raw], bundle_id: str) -> None:
    kept = [bundle for bundle in bundles if bundle["bundleId"] != bundle_id]
    if len(kept) == len(bundles):
        raise not_found(f"Bundle {bundle_id}")
    bundles[:] = kept


@route("GET", "/projects/<key>/git/actions/log", DOCUMENTED, since="12.5")
def git_log(call: Call) -> Raw:
    entries = call.project.git_log
    start = call.arg("startCommit")
    first = next((index for index, entry in enumerate(entries) if entry.get("commitId") == start), 0)
    last = first + call.number("count", 1000)
    following = entries[last]["commitId"] if last < len(entries) else None
    return {"entries": entries[first:last], "nextCommit": following}


@route("GET", "/projects/<key>/git/status", INFERRED, since="12.5")
def git_status(call: Call) -> Raw:
    return {"currentBranch": "master", "remotes": [], "clean": True, "added": [], "changed": [], "removed": []}


@route("GET", "/projects/<key>/git/branches", DOCUMENTED, since="12.5")
def git_branches(call: Call) -> list[str]:
    return ["master"]


@route("GET", "/projects/<key>/git/tags", DOCUMENTED, since="12.5")
def git_tags(call: Call) -> list[Raw]:
    return []


@route("GET", "/projects/<key>/libraries/contents", DOCUMENTED, since="11.1")
def library(call: Call) -> list[Raw]:
    return []


@route("GET", "/projects/<key>/plugins/usages", INFERRED, since="14.1")
def plugin_usages(call: Call) -> list[Raw]:
    used: dict[str, list[Raw]] = {}
    for kind, object_id, component in _components(call.project):
        for plugin in call.instance.plugins:
            if f"_{plugin.id}_" in component:
                usage = {
                    "elementKind": "COMPONENT",
                    "objectType": kind,
                    "objectId": object_id,
                    "projectKey": call.project.key,
                    "elementType": component,
                }
                used.setdefault(plugin.id, []).append(usage)
    return [
        {"pluginId": name, "pluginUsages": {"usages": usages, "missingTypes": []}}
        for name, usages in sorted(used.items())
    ]


def _components(project: Project) -> list[tuple[str, str, str]]:
    """Every place of a project where a type is named that a plugin could own."""
    found = [("WEB_APP", name, str(raw.get("type"))) for name, raw in project.webapps.items()]
    found += [("RECIPE", name, str(whole["recipe"].get("type"))) for name, whole in project.recipes.items()]
    for name, raw in project.datasets.items():
        found.append(("DATASET", name, str(raw.get("type"))))
        probes = (raw.get("metrics") or {}).get("probes") or []
        checks = (raw.get("metricsChecks") or {}).get("checks") or []
        found += [("DATASET", name, str(each.get("type"))) for each in (*probes, *checks)]
    for name, raw in project.scenarios.items():
        for step in (raw.get("params") or {}).get("steps") or []:
            runnable = (step.get("params") or {}).get("runnableType")
            found += [("SCENARIO", name, str(kind)) for kind in (step.get("type"), runnable) if kind]
    return found
