"""What a story leaves lying about in a project: old versions of models, logs of streams, exports, kernels, objects nobody uses.

Told under `leftovers` of a project, days before the telling:

    datasets:  {NAME: {days: last built or edited, rows, by, tags}}          folders: {ID: {name, days, megabytes}}
    models:    {MODEL: [days each older version was trained]}               streams: {RECIPE: [days each run ended, 0: it runs]}
    exports:   {ID: [days, megabytes]}                                       bundles: {ID: days}    (of a design node)
    notebooks: {NAME: {by, idle_hours, open_hours, state, connections, reads}}   sql_notebooks: {ID: {by, sql}}
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Callable

from . import disk, shapes
from .clock import from_ms, to_ms
from .instance import DATASET, Instance, Leftover, Project
from .told import Told

Raw = dict[str, Any]

_MEGABYTE = 1_000_000
_MODEL_BYTES, _STREAM_BYTES = (4 * _MEGABYTE, 38 * _MEGABYTE), (90_000, 6 * _MEGABYTE)


def leave(instance: Instance, project: Project, told: Told) -> None:
    """Puts what the story calls left over into the project."""
    facts: Raw = told.facts.get("leftovers") or {}
    tellers: dict[str, Callable[[_Told, str, Any], None]] = {
        "datasets": _dataset,
        "folders": _folder,
        "models": _model,
        "streams": _stream,
        "exports": _export,
        "bundles": _bundle,
        "notebooks": _notebook,
        "sql_notebooks": _sql_notebook,
    }
    strange = set(facts) - set(tellers)
    if strange:
        raise ValueError(f"a story of {project.key} leaves {sorted(strange)[0]!r} over, which nothing reads")
    for what, things in facts.items():
        for name, fact in things.items():
            tellers[what](_Told(instance, project, told), name, fact)


class _Told:
    """Where and when leftovers are told."""

    def __init__(self, instance: Instance, project: Project, told: Told) -> None:
        self.instance, self.project, self.told = instance, project, told

    def ago(self, days: float) -> int:
        return to_ms(self.told.now - timedelta(days=days, minutes=self.told.chance("ago", days).uniform(0, 300)))

    def bytes(self, name: str, bounds: tuple[int, int]) -> int:
        return self.told.chance("bytes", name).randint(*bounds)

    def tag(self, by: str, at: int) -> Raw:
        return {"versionNumber": 1, "lastModifiedBy": {"login": by}, "lastModifiedOn": at}

    def lay(self, path: str, at: int, files: dict[str, int]) -> None:
        self.project.leftovers.append(Leftover(path, at, files))


def _dataset(this: _Told, name: str, fact: Raw) -> None:
    at, project = this.ago(float(fact["days"])), this.project
    tag = this.tag(str(fact.get("by") or project.owner), at)
    columns = [{"name": "id", "type": "bigint"}, {"name": "value", "type": "string"}]
    project.datasets[name] = {
        "type": "Filesystem",
        "managed": True,
        "formatType": "csv",
        "params": {"connection": "filesystem_managed", "path": f"${{projectKey}}/{name}"},
        "partitioning": {"dimensions": []},
        "schema": {"columns": columns, "userModified": False},
        "tags": list(fact.get("tags") or []),
        "versionTag": tag,
        "creationTag": tag,
    }
    project.rows[name] = int(fact.get("rows") or 0)
    # Made once, by a recipe that is gone like its job.
    job: Raw = {"jobId": shapes.job_id((DATASET, name, "NP"), from_ms(at)), "activityId": f"compute_{name}_NP"}
    build = {"kind": DATASET, "id": name, "partition": "NP", "start": at - 40_000, "end": at, "outcome": "SUCCESS"}
    project.build_history.insert(0, {**build, **job, "warnings": 0})
    project.build_history.sort(key=lambda each: int(each["end"]))
    ended = {"buildStartTime": at - 40_000, "buildEndTime": at, "buildSuccess": True}
    project.builds[DATASET, name] = {**ended, "buildJobId": job["jobId"]}


def _folder(this: _Told, folder_id: str, fact: Raw) -> None:
    at = this.ago(float(fact["days"]))
    tag = this.tag(this.project.owner, at)
    params = {"connection": "filesystem_folders", "path": "${projectKey}/${odbId}"}
    named: Raw = {"name": fact["name"], "type": "Filesystem", "params": params, "tags": list(fact.get("tags") or [])}
    this.project.folders[folder_id] = {**named, "versionTag": tag, "creationTag": tag}
    place = this.instance.folder_path(this.project.key, folder_id)
    place.parent.mkdir(parents=True, exist_ok=True)
    disk.lay(str(place), at, {}, {"old.csv": int(float(fact["megabytes"]) * _MEGABYTE)})


def _model(this: _Told, model_id: str, days: list[float]) -> None:
    active = str(this.project.saved_models[model_id].get("activeVersion") or "")
    for trained in [*map(this.ago, days), *([int(active)] if active.isdigit() else [])]:
        this.project.model_versions.setdefault(model_id, []).append(str(trained))
        size = this.bytes(f"{model_id}/{trained}", _MODEL_BYTES)
        place = f"saved_models/{this.project.key}/{model_id}/versions/{trained}"
        this.lay(place, trained, {"clf.pkl.gz": size, "user_meta.json": 400})


def _stream(this: _Told, recipe: str, days: list[float]) -> None:
    at = this.ago(max(days, default=0))
    tag = this.tag(this.project.owner, at)
    raw = {"type": "csync", "inputs": {}, "outputs": {}, "params": {}, "versionTag": tag, "creationTag": tag}
    this.project.recipes[recipe] = {"recipe": {"projectKey": this.project.key, "name": recipe, **raw}, "payload": ""}
    this.project.streams[recipe] = "STARTED" if 0 in days else "STOPPED"
    for each in days:
        ended = this.ago(each) if each else to_ms(this.told.now)
        size = this.bytes(f"{recipe}/{each}", _STREAM_BYTES)
        this.lay(f"streaming-logs/{this.project.key}/{recipe}/runs/{ended}", ended, {"output.log": size})


def _export(this: _Told, export_id: str, fact: tuple[float, float]) -> None:
    days, megabytes = fact
    this.lay(f"exports/{export_id}", this.ago(days), {"export.csv.gz": int(megabytes * _MEGABYTE)})


def _bundle(this: _Told, bundle_id: str, days: float) -> None:
    at = this.ago(days)
    user = {"login": this.project.owner}
    this.project.bundles.append({"bundleId": bundle_id, "exportManifest": {"exportedOn": at, "exportUser": user}})
    this.lay(f"bundles/{this.project.key}/{bundle_id}", at, {"bundle.zip": this.bytes(bundle_id, _MODEL_BYTES)})


def _notebook(this: _Told, name: str, fact: Raw) -> None:
    session_id = f"{this.told.chance('session', name).getrandbits(64):016x}"
    source = f'df = dataiku.Dataset("{fact["reads"]}").get_dataframe()' if fact.get("reads") else "1 + 1"
    cell = {"cell_type": "code", "source": [source], "metadata": {}, "outputs": [], "execution_count": 1}
    session: Raw = {
        "projectKey": this.project.key,
        "notebookName": name,
        "sessionCreator": fact["by"],
        "sessionCreatorDisplayName": (this.instance.users.get(fact["by"]) or {}).get("displayName", fact["by"]),
        "sessionStartTime": this.ago(float(fact.get("open_hours", 0)) / 24),
        "sessionUnixOwner": "dataiku",
        "sessionId": session_id,
        "kernelId": session_id[::-1],
        "kernelPid": 40_000 + len(this.instance.notebooks),
        "kernelConnections": int(fact.get("connections", 0)),
        "kernelExecutionState": str(fact.get("state", "idle")),
        "kernelLastActivityTime": this.ago(float(fact.get("idle_hours", 0)) / 24),
    }
    this.instance.notebooks.append(
        {
            "projectKey": this.project.key,
            "name": name,
            "language": "python",
            "activeSessions": [session] if "idle_hours" in fact else [],
            "content": {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5},
        }
    )


def _sql_notebook(this: _Told, notebook_id: str, fact: Raw) -> None:
    cell = {"id": "q1", "type": "QUERY", "name": "Query", "code": fact["sql"]}
    tag = this.tag(str(fact["by"]), to_ms(this.told.now))
    described: Raw = {
        "projectKey": this.project.key,
        "id": notebook_id,
        "language": "SQL",
        "connection": "postgres_dwh",
    }
    this.project.sql_notebooks[notebook_id] = {**described, "cells": [cell], "versionTag": tag, "creationTag": tag}
