"""The data directory of a local DSS: what jobs and runs leave on disk, in the folders where DSS keeps it.

It is laid out when somebody first looks, for most never do. From then on disk and lists agree: what runs adds its folder,
and a finished job or run whose folder was deleted has left the lists, as in DSS. Times of files are the instance's own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, Optional

from . import logs
from .instance import Instance, Project

Raw = dict[str, Any]

JOBS, SCENARIOS = "jobs", "scenarios"
# DSS keeps beside each job's log a copy of the project as it was; this one has the size of such a copy and no content.
SNAPSHOT, _SNAPSHOT_BYTES = "project-snapshot.zip", (120_000, 2_400_000)
JOB_LOG, ACTIVITY_LOG = "output.log", "activity.log"


def home(instance: Instance) -> Path:
    """The data directory, complete: DSS's DIP_HOME."""
    with instance.lock:
        if not instance.laid_out:
            instance.laid_out = True
            (instance.data_dir / "exports").mkdir()
            for project in instance.projects.values():
                _lay_out(instance, project)
    return instance.data_dir


def job_folder(instance: Instance, project_key: str, job_id: str) -> Path:
    return instance.data_dir / JOBS / project_key / job_id


def run_folder(instance: Instance, project_key: str, scenario_id: str, run_id: str) -> Path:
    return instance.data_dir / SCENARIOS / project_key / scenario_id / run_id


def append(instance: Instance, log: Path, line: str) -> None:
    """Adds a line to a log and dates it, and its folder, by the instance's clock."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        file.write(line)
    _date(log.parent, instance.clock.ms())


def settle_jobs(instance: Instance, project: Project) -> None:
    """Takes out of the project's list the jobs whose folder somebody deleted."""
    if instance.laid_out:
        with instance.lock:
            kept = _names(instance.data_dir / JOBS / project.key)
            project.jobs[:] = [job for job in project.jobs if _live(job["listItem"]) or _job_id(job) in kept]


def settle_runs(instance: Instance, project: Project, scenario_id: str) -> None:
    """Takes out of a scenario's history the runs whose folder somebody deleted."""
    runs = project.runs.get(scenario_id)
    if runs and instance.laid_out:
        with instance.lock:
            kept = _names(instance.data_dir / SCENARIOS / project.key / scenario_id)
            runs[:] = [run for run in runs if "result" not in run["scenarioRun"] or run["scenarioRun"]["runId"] in kept]


def _lay_out(instance: Instance, project: Project) -> None:
    """Writes the folders of what happened before anybody looked; those of live runs are there already."""
    now = instance.clock.ms()
    jobs, scenarios = (instance.data_dir / root / project.key for root in (JOBS, SCENARIOS))
    for root in (jobs, scenarios, *(scenarios / scenario_id for scenario_id in project.runs)):
        root.mkdir(parents=True, exist_ok=True)
    for job in project.jobs:
        at = now if _live(job["listItem"]) else job["listItem"]["endTime"]
        size = Random(f"{project.key}/{_job_id(job)}").randint(*_SNAPSHOT_BYTES)
        lay(f"{jobs}/{_job_id(job)}", at, {JOB_LOG: str(job.get("log") or "")}, {SNAPSHOT: size})
    for scenario_id, run in _runs(project):
        head = run["scenarioRun"]
        lay(f"{scenarios}/{scenario_id}/{head['runId']}", head.get("end") or now, {"run.log": logs.run(run)})
    for left in project.leftovers:
        (instance.data_dir / left.path).parent.mkdir(parents=True, exist_ok=True)
        lay(f"{instance.data_dir}/{left.path}", left.at, {}, left.files)


def lay(
    path: str,
    ms: int,
    texts: dict[str, str],
    sizes: Optional[dict[str, int]] = None,
    folders: Optional[dict[str, dict[str, int]]] = None,
) -> None:
    """A folder of that age with files of these texts, files of these sizes that take no room, and folders of such. There
    are thousands: strings and plain calls take a third of the time of `Path`."""
    if os.path.exists(path):
        return
    os.mkdir(path)
    at = (ms / 1000, ms / 1000)
    for name, text in texts.items():
        with open(f"{path}/{name}", "wb", buffering=0) as file:
            file.write(text.encode("utf-8"))
        os.utime(f"{path}/{name}", at)
    for name, size in (sizes or {}).items():
        with open(f"{path}/{name}", "wb", buffering=0) as file:
            file.truncate(size)
        os.utime(f"{path}/{name}", at)
    for name, files in (folders or {}).items():
        lay(f"{path}/{name}", ms, {}, files)
    os.utime(path, at)


def _runs(project: Project) -> Iterator[tuple[str, Raw]]:
    for scenario_id, runs in project.runs.items():
        for run in runs:
            yield scenario_id, run


def _job_id(job: Raw) -> str:
    return str(job["listItem"]["def"]["id"])


def _live(item: Raw) -> bool:
    return not item.get("stableState")


def _names(folder: Path) -> frozenset[str]:
    return frozenset(os.listdir(folder)) if folder.is_dir() else frozenset()


def _date(folder: Path, ms: int) -> None:
    at = ms / 1000
    for file in (*folder.iterdir(), folder):
        os.utime(file, (at, at))
