"""Datasets: settings, schema, rows, last build, metrics."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any, Optional

from flask import Response

from .. import data, metrics, quality, rights
from ..instance import DATASET, Project, Raw, refs
from ..rights import WRITE
from . import measures
from .projects import version_tag
from .routing import DOCUMENTED, INFERRED, RECORDED, Call, conflict, failed, forbidden, illegal, not_found, route

_D = "/projects/<key>/datasets/<name>"
_OF_FILES = frozenset({"Filesystem", "HDFS", "EC2", "GCS", "Azure"})
_METADATA = ("tags", "checklists", "customFields", "shortDesc", "description")


@route("GET", "/projects/<key>/datasets/", RECORDED)
def datasets(call: Call) -> list[Raw]:
    own = [_with_names(call.project, name) for name in call.project.datasets]
    shared = [_with_names(*each) for each in _shared_in(call)] if call.flag("foreign") else []
    tags = set(call.request.args.getlist("tags"))
    return [each for each in own + shared if not tags or tags & set(each.get("tags") or ())]


def _with_names(project: Project, name: str) -> Raw:
    return {"projectKey": project.key, "name": name, **project.datasets[name]}


def _shared_in(call: Call) -> list[tuple[Project, str]]:
    """The datasets that other projects expose to this one."""
    found = []
    for other in call.instance.projects.values():
        exposed = (other.settings.get("exposedObjects") or {}).get("objects") or []
        for each in exposed:
            targets = [rule.get("targetProject") for rule in each.get("rules") or []]
            name = str(each.get("localName"))
            if each.get("type") == DATASET and call.project.key in targets and name in other.datasets:
                found.append((other, name))
    return found


@route("POST", "/projects/<key>/datasets/", DOCUMENTED, right=WRITE)
def create_dataset(call: Call) -> Raw:
    body = call.object()
    name = str(body.get("name") or "")
    if not name or not body.get("type"):
        raise illegal("A dataset needs a name and a type")
    _add(call, name, {key: value for key, value in body.items() if key not in ("name", "projectKey")})
    return {"msg": f"Created dataset {name}"}


@route("POST", "/projects/<key>/datasets/managed", DOCUMENTED, right=WRITE)
def create_managed_dataset(call: Call) -> Raw:
    body = call.object()
    settings = body.get("creationSettings") or {}
    name, connection = str(body.get("name") or ""), str(settings.get("connectionId") or "filesystem_managed")
    if not name:
        raise illegal("A dataset needs a name")
    raw = call.instance.connections.get(connection)
    if raw is None:
        raise not_found(f"Connection {connection}")
    if not rights.may_use(raw, call.caller):
        raise forbidden(f"You may not use connection: {connection}")
    if not raw.get("allowManagedDatasets"):
        raise illegal(f"Connection {connection} does not allow managed datasets")
    kind = str(raw.get("type"))
    place = {"path": f"${{projectKey}}/{name}"} if kind in _OF_FILES else {"table": f"${{projectKey}}_{name}"}
    form = {"formatType": "csv", "formatParams": {"style": "excel"}} if kind in _OF_FILES else {}
    _add(call, name, {"type": kind, "managed": True, "params": {"connection": connection, **place}, **form})
    return {"msg": "Created"}


def _add(call: Call, name: str, raw: Raw) -> None:
    if name in call.project.datasets:
        raise conflict(f"Dataset {name} already exists")
    tag = version_tag(call, 0)
    defaults: Raw = {"params": {}, "schema": {"columns": []}, "partitioning": {"dimensions": []}}
    call.project.datasets[name] = {**defaults, **raw, "versionTag": tag, "creationTag": tag}


@route("GET", _D, RECORDED)
def settings(call: Call, name: str) -> Raw:
    call.dataset(name)
    return _with_names(call.project, name)


@route("PUT", _D, RECORDED, right=WRITE)
def save_settings(call: Call, name: str) -> Raw:
    before, body = call.dataset(name), call.object()
    kept = {key: value for key, value in body.items() if key not in ("projectKey", "name")}
    call.project.datasets[name] = {**kept, "versionTag": version_tag(call, before)}
    return {"msg": "Updated"}


@route("DELETE", _D, DOCUMENTED, right=WRITE)
def delete_dataset(call: Call, name: str) -> None:
    call.dataset(name)
    if call.flag("dropData"):
        data.clear(call.instance, call.project.key, name)
    del call.project.datasets[name]
    for zone in call.project.zones.values():
        if zone.get("items"):
            kept = (each for each in zone["items"] if (each.get("objectType"), each.get("objectId")) != (DATASET, name))
            zone["items"] = list(kept)


@route("GET", f"{_D}/metadata", DOCUMENTED)
def metadata(call: Call, name: str) -> Raw:
    raw = call.dataset(name)
    return {"tags": [], "customFields": {}, **{key: raw[key] for key in _METADATA if key in raw}}


@route("PUT", f"{_D}/metadata", DOCUMENTED, right=WRITE)
def save_metadata(call: Call, name: str) -> Raw:
    body = call.object()
    call.dataset(name).update({key: body[key] for key in _METADATA if key in body})
    return {"msg": "Updated"}


@route("GET", f"{_D}/schema", RECORDED)
def schema(call: Call, name: str) -> Raw:
    return {"columns": [], "userModified": False, **(call.dataset(name).get("schema") or {})}


@route("PUT", f"{_D}/schema", RECORDED, right=WRITE)
def save_schema(call: Call, name: str) -> Raw:
    call.dataset(name)["schema"] = call.object()
    return {"msg": "Updated"}


@route("GET", f"{_D}/info", DOCUMENTED)
def info(call: Call, name: str) -> Raw:
    """What DSS knows of the last build; a dataset that DSS never built says nothing of builds."""
    call.dataset(name)
    build = call.project.builds.get((DATASET, name))
    return {"lastBuild": build} if build else {}


@route("GET", f"{_D}/usages", INFERRED)
def usages(call: Call, name: str) -> list[Raw]:
    call.dataset(name)
    return [
        {"projectKey": call.project.key, "type": "RECIPE_INPUT", "objectId": recipe}
        for recipe, whole in call.project.recipes.items()
        if name in refs(whole["recipe"], "inputs")
    ]


@route("GET", f"{_D}/partitions", DOCUMENTED, locked=False)
def partitions(call: Call, name: str) -> list[str]:
    call.dataset(name)
    return data.partitions(call.instance, call.project.key, name)


@route("GET", f"{_D}/data/", DOCUMENTED, locked=False)
def rows(call: Call, name: str) -> Response:
    """The rows as a stream. Bodies end where the rows end: the connection carries no length."""
    call.dataset(name)
    form, limit = call.arg("format", "tsv-excel-header"), call.number("limit", 0) or None
    columns, partitions = _listed(call, "columns"), _listed(call, "partitions")
    try:
        chunks = _begun(data.stream(call.instance, call.project.key, name, form, columns, partitions, limit))
    except (data.NoData, data.QueryFailed) as error:
        raise failed(str(error)) from error
    return Response(chunks, mimetype="application/json" if form == "json" else "text/tab-separated-values")


def _begun(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same chunks, the first one made: what cannot be read fails before the status has left."""
    return chain([next(chunks, b"")], chunks)


def _listed(call: Call, name: str) -> Optional[list[str]]:
    return [one for each in call.request.args.getlist(name) for one in each.split(",") if one] or None


@route("GET", f"{_D}/finish-streaming/", DOCUMENTED)
def finish_streaming(call: Call, name: str) -> None:
    call.dataset(name)


@route("DELETE", f"{_D}/data", DOCUMENTED, right=WRITE, locked=False)
def clear(call: Call, name: str) -> Raw:
    call.dataset(name)
    try:
        data.clear(call.instance, call.project.key, name, _listed(call, "partitions"))
    except data.NoData as error:
        raise illegal(str(error)) from error
    return {"msg": "Cleared"}


@route("GET", f"{_D}/metrics/last/<partition>", DOCUMENTED)
def last_metrics(call: Call, name: str, partition: str) -> Raw:
    call.dataset(name)
    return measures.last(call.project, DATASET, name, partition)


@route("GET", f"{_D}/metrics/history/<partition>", INFERRED)
def metric_history(call: Call, name: str, partition: str) -> Raw:
    call.dataset(name)
    return measures.history(call.project, DATASET, name, partition, call.arg("metricLookup"))


@route("POST", f"{_D}/actions/computeMetrics", DOCUMENTED, right=WRITE, locked=False)
def compute_metrics(call: Call, name: str) -> Raw:
    call.dataset(name)
    probes = call.object().get("probes")
    return _computed(call, DATASET, name, probes=probes)


@route("POST", f"{_D}/actions/computeMetricsFromIds", DOCUMENTED, right=WRITE, locked=False)
def compute_metrics_from_ids(call: Call, name: str) -> Raw:
    call.dataset(name)
    return _computed(call, DATASET, name, metric_ids=call.object().get("metricIds") or [])


def _computed(call: Call, kind: str, object_id: str, **which: Any) -> Raw:
    project_key, partition, login = call.project.key, call.arg("partition"), call.caller.login
    started = call.instance.clock.ms()
    report = metrics.compute(call.instance, project_key, kind, object_id, partition, login, **which)
    times = {"startTime": started, "endTime": call.instance.clock.ms()}
    return {"hasResult": True, "result": {**times, **report}}


@route("POST", f"{_D}/actions/runChecks", INFERRED, right=WRITE, locked=False)
def run_checks(call: Call, name: str) -> Raw:
    call.dataset(name)
    project_key, partition = call.project.key, call.arg("partition")
    results = quality.run(call.instance, project_key, DATASET, name, partition, call.caller.login)
    return {"hasResult": True, "result": {"results": results}}
