"""Managed folders with their files."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import Any

from flask import Response, send_file

from .. import metrics, work
from ..instance import FOLDER, Raw
from ..rights import WRITE
from . import measures
from .projects import version_tag
from .routing import DOCUMENTED, INFERRED, RECORDED, Call, illegal, not_found, route

_F = "/projects/<key>/managedfolders/<folder_id>"


@route("GET", "/projects/<key>/managedfolders/", RECORDED)
def folders(call: Call) -> list[Raw]:
    return [_folder(call, folder_id) for folder_id in call.project.folders]


@route("POST", "/projects/<key>/managedfolders/", DOCUMENTED, right=WRITE)
def create_folder(call: Call) -> Raw:
    body = call.object()
    if not body.get("name"):
        raise illegal("A managed folder needs a name")
    folder_id, tag = call.instance.new_id("folder"), version_tag(call, 0)
    params = {"connection": body.get("connectionId") or "filesystem_folders", "path": "${projectKey}/${odbId}"}
    raw = {"name": body["name"], "type": "Filesystem", "params": params, "tags": []}
    call.project.folders[folder_id] = {**raw, "versionTag": tag, "creationTag": tag}
    return _folder(call, folder_id)


@route("GET", _F, RECORDED)
def folder(call: Call, folder_id: str) -> Raw:
    return _folder(call, folder_id)


@route("PUT", _F, DOCUMENTED, right=WRITE)
def save_folder(call: Call, folder_id: str) -> Raw:
    before, body = call.folder(folder_id), call.object()
    kept = {key: value for key, value in body.items() if key not in ("projectKey", "id")}
    call.project.folders[folder_id] = {**kept, "versionTag": version_tag(call, before)}
    return {"msg": "Updated"}


@route("DELETE", _F, DOCUMENTED, right=WRITE)
def delete_folder(call: Call, folder_id: str) -> None:
    call.folder(folder_id)
    shutil.rmtree(_root(call, folder_id), ignore_errors=True)
    del call.project.folders[folder_id]


def _folder(call: Call, folder_id: str) -> Raw:
    return {"id": folder_id, "projectKey": call.project.key, **call.folder(folder_id)}


@route("GET", f"{_F}/contents", DOCUMENTED, locked=False)
def contents(call: Call, folder_id: str) -> Raw:
    items = []
    root = _root(call, folder_id)
    for file in sorted(root.rglob("*")):
        # One that is deleted meanwhile is not in the list.
        with contextlib.suppress(FileNotFoundError):
            if file.is_file():
                items.append(_item(root, file))
    return {"items": items}


@route("GET", f"{_F}/contents/<anypath:path>", DOCUMENTED, locked=False)
def download(call: Call, folder_id: str, path: str) -> Response:
    try:
        return send_file(_file(call, folder_id, path), mimetype="application/octet-stream")
    except (FileNotFoundError, IsADirectoryError) as error:
        raise not_found(f"File {path}") from error


@route("POST", f"{_F}/contents/<anypath:path>", DOCUMENTED, right=WRITE, locked=False)
def upload(call: Call, folder_id: str, path: str) -> Raw:
    file, sent = _file(call, folder_id, path), call.request.files.get("file")
    if sent is None:
        raise illegal("No file was sent")
    file.parent.mkdir(parents=True, exist_ok=True)
    # Written outside the folder and moved in: a reader sees the whole file or none, as on the storages of DSS.
    aside = call.instance.data_dir / call.instance.new_id("upload")
    sent.save(aside)
    now = call.instance.clock.now().timestamp()
    os.utime(aside, (now, now))
    aside.replace(file)
    return _item(_root(call, folder_id), file)


@route("DELETE", f"{_F}/contents/<anypath:path>", DOCUMENTED, right=WRITE, locked=False)
def delete_file(call: Call, folder_id: str, path: str) -> None:
    _file(call, folder_id, path).unlink(missing_ok=True)


def _root(call: Call, folder_id: str) -> Path:
    call.folder(folder_id)
    return call.instance.folder_path(call.project.key, folder_id).resolve()


def _file(call: Call, folder_id: str, path: str) -> Path:
    root = _root(call, folder_id)
    file = (root / path.lstrip("/")).resolve()
    if root not in file.parents:
        raise illegal(f"Not a path inside the folder: {path}")
    return file


def _item(root: Path, file: Path) -> Raw:
    stat = file.stat()
    modified = int(stat.st_mtime * 1000)
    return {"path": f"/{file.relative_to(root)}", "size": stat.st_size, "lastModified": modified}


@route("GET", f"{_F}/metrics/last", DOCUMENTED)
def folder_metrics(call: Call, folder_id: str) -> Raw:
    call.folder(folder_id)
    return measures.last(call.project, FOLDER, folder_id)


@route("GET", f"{_F}/metrics/history", INFERRED)
def folder_history(call: Call, folder_id: str) -> Raw:
    call.folder(folder_id)
    return measures.history(call.project, FOLDER, folder_id, "NP", call.arg("metricLookup"))


@route("POST", f"{_F}/actions/computeMetrics", DOCUMENTED, right=WRITE, locked=False)
def compute_folder_metrics(call: Call, folder_id: str) -> Raw:
    call.folder(folder_id)
    return _computed(call, folder_id, probes=call.object().get("probes"))


@route("POST", f"{_F}/actions/computeMetricsFromIds", DOCUMENTED, right=WRITE, locked=False)
def compute_folder_metrics_from_ids(call: Call, folder_id: str) -> Raw:
    call.folder(folder_id)
    return _computed(call, folder_id, metric_ids=call.object().get("metricIds") or [])


def _computed(call: Call, folder_id: str, **which: Any) -> Raw:
    """A future, as the client documents it: of a folder DSS answers before the metrics are computed."""
    instance, project_key, login = call.instance, call.project.key, call.caller.login

    def compute() -> Raw:
        return metrics.compute(instance, project_key, FOLDER, folder_id, login=login, **which)

    return work.future(instance, login, f"Compute metrics of folder {folder_id}", compute)


@route("GET", f"{_F}/usages", INFERRED)
def folder_usages(call: Call, folder_id: str) -> list[Raw]:
    call.folder(folder_id)
    return []
