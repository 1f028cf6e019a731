"""DSS's own runtime database as datasets: the views of type StatsDB, made from the history of the instance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .clock import from_ms
from .instance import Instance, Project

Raw = dict[str, Any]

TYPES = frozenset({"StatsDB"})

SCHEMAS: dict[str, str] = {
    "SCENARIO_RUNS": "scenario_project_key:string scenario_id:string scenario_run_id:string time_start:date time_end:date "
    "outcome:string warnings_count:bigint scenario_name:string trigger_name:string scenario_run_as_user:string "
    "run_as_user_identifier:string run_as_user_via:string",
    "JOBS": "job_project_key:string job_id:string time_start:date time_end:date stable_state:boolean state:string "
    "warnings_count:bigint scenario_project_key:string scenario_id:string scenario_run_id:string step_id:string "
    "step_run_id:string job_def_type:string job_def_trigger_type:string job_def_initiator:string "
    "job_def_initiated:date job_def_refresh_metastore:boolean job_def_outputs:string",
    "FLOW_ACTIONS": "project_key:string object_id:string partition:string job_project_key:string job_id:string "
    "activity_id:string scenario_project_key:string scenario_id:string scenario_run_id:string step_id:string "
    "step_run_id:string time_start:date time_end:date outcome:string result:string warnings_count:bigint type:string "
    "is_last:boolean",
    "COMMITS": "project_key:string commit_id:string author:string timestamp:bigint added_files:bigint "
    "added_lines:bigint removed_files:bigint removed_lines:bigint changed_files:bigint",
    "CLUSTER_TASKS": "connection:string task_type:string project_key:string task_data:string user:string "
    "start_time:bigint end_time:bigint",
}


def dataset(view: str) -> Raw:
    """A dataset of type StatsDB as DSS stores it, over one view of the whole instance."""
    columns = [dict(zip(("name", "type"), field.split(":"))) for field in SCHEMAS[view].split()]
    return {
        "type": "StatsDB",
        "managed": False,
        "featureGroup": False,
        "params": {
            "view": view,
            "orderByDate": False,
            "jobs": {},
            "scenarioRuns": {},
            "flowActions": {},
            "commits": {},
            "clusterTasks": {},
        },
        "partitioning": {"dimensions": []},
        "schema": {"columns": columns, "userModified": False},
        "tags": [],
    }


def rows(instance: Instance, raw: Raw, names: list[str]) -> Iterator[list[Any]]:
    """The rows of a StatsDB dataset, in the order of `names`."""
    params = raw.get("params") or {}
    view = str(params.get("view") or "")
    own = {"SCENARIO_RUNS": "scenarioRuns", "JOBS": "jobs", "FLOW_ACTIONS": "flowActions", "COMMITS": "commits"}
    only = str((params.get(own.get(view, "")) or {}).get("projectKey") or "")
    makers = {"SCENARIO_RUNS": _runs, "JOBS": _jobs, "FLOW_ACTIONS": _actions, "COMMITS": _commits}
    with instance.lock:
        found = [
            row
            for project in instance.projects.values()
            if view in makers and only in ("", project.key)
            for row in makers[view](project)
        ]
    return ([row.get(name) for name in names] for row in found)


def _runs(project: Project) -> Iterator[Raw]:
    for scenario_id, runs in project.runs.items():
        for whole in runs:
            run = whole["scenarioRun"]
            result = run.get("result") or {}
            yield {
                "scenario_project_key": project.key,
                "scenario_id": scenario_id,
                "scenario_run_id": run["runId"],
                "time_start": from_ms(run["start"]),
                "time_end": from_ms(run["end"]) if run.get("end") else None,
                "outcome": result.get("outcome"),
                "warnings_count": (result.get("warnings") or {}).get("totalCount", 0),
                "scenario_name": (run.get("scenario") or {}).get("name"),
                "trigger_name": ((run.get("trigger") or {}).get("trigger") or {}).get("name"),
                "scenario_run_as_user": (run.get("runAsUser") or {}).get("realUserLogin"),
                "run_as_user_identifier": (run.get("runAsUser") or {}).get("realUserLogin"),
            }


def _jobs(project: Project) -> Iterator[Raw]:
    for whole in project.jobs:
        item = whole["listItem"]
        definition = item["def"]
        yield {
            "job_project_key": project.key,
            "job_id": definition["id"],
            "time_start": from_ms(item["startTime"]) if item.get("startTime") else None,
            "time_end": from_ms(item["endTime"]) if item.get("endTime") else None,
            "stable_state": item.get("stableState"),
            "state": item.get("state"),
            "warnings_count": item.get("warningsCount", 0),
            "job_def_type": definition.get("type"),
            "job_def_trigger_type": definition.get("triggeredFrom"),
            "job_def_initiator": definition.get("initiator"),
            "job_def_initiated": from_ms(definition["initiationTimestamp"]),
            "job_def_refresh_metastore": definition.get("refreshHiveMetastore", False),
            "job_def_outputs": ",".join(
                str(output.get("targetDataset") or output.get("id")) for output in definition.get("outputs") or []
            ),
            **_scenario_part(whole.get("scenario") or {}),
        }


def _actions(project: Project) -> Iterator[Raw]:
    seen: set[tuple[str, str]] = set()
    for build in reversed(project.build_history):
        target = (build["id"], build.get("partition") or "NP")
        yield {
            "project_key": project.key,
            "object_id": target[0],
            "partition": target[1],
            "job_project_key": project.key,
            "job_id": build.get("jobId"),
            "activity_id": build.get("activityId"),
            "time_start": from_ms(build["start"]),
            "time_end": from_ms(build["end"]) if build.get("end") else None,
            "outcome": build.get("outcome"),
            "result": build.get("outcome"),
            "warnings_count": build.get("warnings", 0),
            "type": "BUILT_DATASET" if build["kind"] == "DATASET" else f"BUILT_{build['kind']}",
            "is_last": target not in seen,
            **_scenario_part(build),
        }
        seen.add(target)


def _scenario_part(origin: Raw) -> Raw:
    return {
        "scenario_project_key": origin.get("scenarioProjectKey"),
        "scenario_id": origin.get("scenarioId"),
        "scenario_run_id": origin.get("runId"),
        "step_id": origin.get("stepId"),
        "step_run_id": origin.get("stepRunId"),
    }


def _commits(project: Project) -> Iterator[Raw]:
    for commit in project.git_log:
        yield {
            "project_key": project.key,
            "commit_id": commit.get("commitId"),
            "author": commit.get("author"),
            "timestamp": commit.get("timestamp"),
            "added_files": 0,
            "added_lines": 4,
            "removed_files": 0,
            "removed_lines": 1,
            "changed_files": 1,
        }
