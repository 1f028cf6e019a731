"""The raw shapes in which DSS keeps what happened: parts of runs, jobs and report items."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .instance import DATASET, FOLDER, Project

Raw = dict[str, Any]
Target = tuple[str, str, str]  # kind, id, partition


@dataclass
class Activity:
    """One recipe of a job, with when it ran; `state` is DSS's."""

    recipe: str
    start: datetime
    end: datetime
    state: str = "DONE"
    message: str = ""


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
    for tag in ("versionTag", "creationTag"):
        login = ((raw.get(tag) or {}).get("lastModifiedBy") or {}).get("login")
        if raw.get("runAsUser") or login:
            return str(raw.get("runAsUser") or login)
    return project.owner


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%d-%H-%M-%S-") + f"{at.microsecond // 1000:03d}"


def job_id(target: Target, at: datetime) -> str:
    stamp = at.strftime("%Y-%m-%dT%H-%M-%S.") + f"{at.microsecond // 1000:03d}"
    return f"Build_{target[1].replace('.', '_')}__{target[2]}__{stamp}"


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
