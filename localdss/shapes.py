"""The raw shapes in which DSS keeps what happened: parts of runs, jobs and report items."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Optional
from zoneinfo import ZoneInfo

from . import rows as made
from .instance import DATASET, FOLDER, Project

Raw = dict[str, Any]
Target = tuple[str, str, str]  # kind, id, partition


@dataclass
class Activity:
    """One recipe of a job, the partition it makes, and when it ran; `state` is DSS's."""

    recipe: str
    partition: str
    start: datetime
    end: datetime
    state: str = "DONE"
    message: str = ""

    @property
    def id(self) -> str:
        return activity_id(self.recipe, self.partition)


def activity_id(recipe: str, partition: str) -> str:
    return f"{recipe}_{partition}"


def warnings(count: int) -> Raw:
    return {"totalCount": count, "warnings": {}}


def thrown(message: str) -> Raw:
    return {
        "clazz": "com.dataiku.dip.exceptions.DKUException",
        "title": "Build failed",
        "message": message,
        "stack": "",
    }


def run_as(raw: Raw, project: Project) -> str:
    """Whose rights a scenario has: the user chosen, else who edited it last, else who made it."""
    for tag in ("versionTag", "creationTag"):
        login = ((raw.get(tag) or {}).get("lastModifiedBy") or {}).get("login")
        if raw.get("runAsUser") or login:
            return str(raw.get("runAsUser") or login)
    return project.owner


def scenario(project_key: str, scenario_id: str, raw: Raw) -> Raw:
    """The scenario as each of its runs names it."""
    named = {"projectKey": project_key, "id": scenario_id, "name": raw.get("name") or scenario_id}
    flags = {"active": bool(raw.get("active")), "markedAsTest": bool(raw.get("markedAsTest"))}
    return {**named, "type": raw.get("type"), **flags}


def manual(params: Raw) -> Raw:
    """The trigger of a run that a person or a program asked for."""
    return {"id": "manual", "type": "manual", "name": "Manual trigger", "active": True, "params": params}


def done(start: int, end: int, outcome: str, failure: Optional[Raw]) -> Raw:
    """The result of a run that is over."""
    found = {"type": "SCENARIO_DONE", "outcome": outcome, "warnings": warnings(int(outcome == "WARNING"))}
    return {**found, "start": start, "end": end, **({"thrown": failure} if failure else {})}


def reporting(start: datetime, seconds: float, good: bool) -> dict[str, tuple[str, str]]:
    """The metrics that DSS keeps of each build by itself: value and type by id."""
    return {
        "reporting:BUILD_START_DATE": (made.text(start), "DATE"),
        "reporting:BUILD_DURATION": (str(int(seconds)), "BIGINT"),
        "reporting:BUILD_SUCCESS": ("true" if good else "false", "BOOLEAN"),
    }


def stamp(at: datetime, zone: str) -> str:
    """The id of a run, or of the fire that made it: the wall clock of the server."""
    local = at.astimezone(ZoneInfo(zone))
    return local.strftime("%Y-%m-%d-%H-%M-%S-") + f"{local.microsecond // 1000:03d}"


def job_id(target: Target, at: datetime) -> str:
    stamp = at.strftime("%Y-%m-%dT%H-%M-%S.") + f"{at.microsecond // 1000:03d}"
    named, partition = (re.sub(r"[^\w-]", "_", part) for part in target[1:])
    return f"Build_{named}__{partition}__{stamp}"


def job_name(job_id: str) -> str:
    """The id without its instant."""
    return job_id.rsplit("_", 1)[0]


def output(project_key: str, target: Target) -> Raw:
    kind, ref, partition = target
    if kind != DATASET:
        return {"type": kind, "id": ref, "targetDataset": ref, "targetDatasetProjectKey": project_key}
    return {"type": kind, "targetDataset": ref, "targetDatasetProjectKey": project_key, "targetPartition": partition}


def built_item(project_key: str, target: Target, outcome: str) -> Raw:
    kind, ref, partition = target
    if kind == DATASET:
        where = {"type": "DATASET_PARTITION", "projectKey": project_key, "datasetName": ref, "partition": partition}
        return {"type": "BUILT_DATASET", "target": where, "outcome": outcome}
    if kind == FOLDER:
        where = {"type": "MANAGED_FOLDER", "projectKey": project_key, "folderId": ref}
        return {"type": "BUILT_MANAGED_FOLDER", "target": where, "outcome": outcome}
    return {"type": "BUILT_MODEL", "target": {"modelId": ref, "projectKey": project_key}, "outcome": outcome}


def worse(one: str, other: str) -> str:
    """The worse of two outcomes."""
    order = ("FAILED", "ABORTED", "WARNING", "SUCCESS")
    return min(one, other, key=order.index)
