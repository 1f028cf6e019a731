"""A large project made to measure: chains of datasets, each built by a scenario of its own."""

from __future__ import annotations

from typing import Any

from . import disk
from .instance import Instance, Project

Raw = dict[str, Any]

_MADE = {"versionNumber": 3, "lastModifiedBy": {"login": "admin"}, "lastModifiedOn": 1_748_851_200_000}


def project(key: str, datasets: int, scenarios: int) -> Project:
    """A project with that many datasets, in chains of equal length, one chain a scenario."""
    made = Project(key=key, settings=_settings())
    length = max(2, datasets // scenarios)
    for number in range(datasets):
        chain, place = divmod(number, length)
        name = _name(chain, place)
        made.datasets[name] = _dataset(name, source=place == 0)
        if place:
            made.recipes[f"compute_{name}"] = {"recipe": _recipe(_name(chain, place - 1), name), "payload": ""}
    for chain in range(scenarios):
        last = max(place for place in range(length) if _name(chain, place) in made.datasets)
        made.scenarios[f"BUILD_{chain:03d}"] = _scenario(chain, _name(chain, last))
    return made


def _name(chain: int, place: int) -> str:
    return f"chain_{chain:03d}_{place:03d}"


def _settings() -> Raw:
    return {
        "name": "Everything at once",
        "shortDesc": "Many datasets and scenarios, to see how large projects fare",
        "owner": "admin",
        "permissions": [{"group": "analysts", "readProjectContent": True}],
        "exposedObjects": {"objects": []},
        "settings": {"disableAutomaticTriggers": False},
        "projectStatus": "In production",
        "tags": [],
        "versionTag": _MADE,
        "creationTag": _MADE,
    }


def _dataset(name: str, source: bool) -> Raw:
    columns = [
        {"name": "row_id", "type": "string"},
        {"name": "day", "type": "date"},
        {"name": "amount", "type": "double"},
    ]
    return {
        "type": "UploadedFiles" if source else "Filesystem",
        "managed": not source,
        "formatType": "csv",
        "params": {"connection": "filesystem_managed", "path": f"/${{projectKey}}.{name}"},
        "partitioning": {"dimensions": []},
        "schema": {"columns": columns, "userModified": True},
        "metrics": {"probes": [{"type": "records", "enabled": True, "computeOnBuildMode": "PARTITION"}]},
        "metricsChecks": {"monitor": False, "checks": []},
        "flowOptions": {"rebuildBehavior": "NORMAL"},
        "tags": [],
        "creationTag": _MADE,
    }


def _recipe(before: str, after: str) -> Raw:
    return {
        "type": "shaker",
        "inputs": {"main": {"items": [{"ref": before, "deps": []}]}},
        "outputs": {"main": {"items": [{"ref": after, "appendMode": False}]}},
        "tags": [],
        "creationTag": _MADE,
    }


def _scenario(chain: int, target: str) -> Raw:
    hour, minute = divmod(chain * 7 % 300, 60)
    trigger = {
        "id": f"t{chain:07d}",
        "type": "temporal",
        "name": "Every night",
        "delay": 5,
        "active": True,
        "params": {
            "frequency": "Daily",
            "repeatFrequency": 1,
            "hour": hour,
            "minute": minute,
            "timezone": "Europe/Paris",
        },
    }
    build = {"builds": [{"type": "DATASET", "itemId": target, "partitionsSpec": ""}], "jobType": "RECURSIVE_BUILD"}
    step = {"id": "build_0", "type": "build_flowitem", "name": f"Build {target}", "enabled": True, "params": build}
    return {
        "type": "step_based",
        "name": f"Build chain {chain}",
        "active": True,
        "triggers": [trigger],
        "reporters": [],
        "params": {"steps": [step]},
        "tags": [],
        "versionTag": _MADE,
        "creationTag": _MADE,
    }


def jobs(instance: Instance, project: Project, number: int, activities: int = 3) -> None:
    """Gives a project so many jobs of the last two years, each with its folder: its log, a small copy of the project, and
    a folder with a log for each of its activities."""
    disk.home(instance)
    now, names = instance.clock.ms(), list(project.producers())[-100:]
    for each in range(number):
        ended = now - (each + 1) * 2 * 365 * 86_400_000 // number
        name = names[each % len(names)]
        job_id = f"Build_{name}__NP__{each:07d}"
        failed = each % 50 == 0
        definition = {
            "id": job_id,
            "name": f"Build_{name}__NP_",
            "type": "RECURSIVE_BUILD",
            "initiator": "admin",
            "initiationTimestamp": ended - 60_000,
            "triggeredFrom": "SCHEDULER",
            "projectKey": project.key,
            "outputs": [{"type": "DATASET", "targetDataset": name, "targetPartition": "NP"}],
        }
        state = "FAILED" if failed else "DONE"
        times = {"startTime": ended - 60_000, "endTime": ended, "warningsCount": 0}
        item = {"def": definition, "state": state, "stableState": True, **times}
        base = {"def": definition, "state": state, "activities": {}}
        project.jobs.append({"listItem": item, "status": {"baseStatus": base}, "log": "", "scenario": {}})
        disk.lay(
            str(disk.job_folder(instance, project.key, job_id)),
            ended,
            {disk.JOB_LOG: f"Job {job_id} finished\n"},
            {disk.SNAPSHOT: 40_000 + each % 977},
            {
                f"compute_{names[(each - back) % len(names)]}_NP": {disk.ACTIVITY_LOG: 3_000 + each % 89}
                for back in range(activities)
            },
        )


def past(project: Project, number: int) -> None:
    """Makes the told history longer: so many runs in all, each scenario's oldest one again and again, a day apart. What
    does not change from run to run is shared, so that a million fit into memory."""
    scenarios = [runs for runs in project.runs.values() if runs]
    for runs in scenarios:
        oldest = runs[-1]["scenarioRun"]
        for back in range(1, number // len(scenarios) - len(runs) + 1):
            moved = back * 86_400_000
            start, end = oldest["start"] - moved, oldest["end"] - moved
            trigger = {**oldest["trigger"], "timestamp": oldest["trigger"]["timestamp"] - moved}
            result = {**oldest["result"], "start": start, "end": end}
            run = {**oldest, "runId": f"{oldest['runId']}-{back}", "start": start, "end": end}
            runs.append({"scenarioRun": {**run, "trigger": trigger, "result": result}, "stepRuns": []})
