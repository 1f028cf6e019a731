"""Where a run of a scenario failed: its first failed step, the job of that step, the job's first failed activity.

A live run's details lack what finished ones have: a step without a result still goes on. Texts lose their secrets here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Optional

from ..model.incident import Activity, Failure
from ..model.snapshot import ObjectRef
from . import raw
from .masking import mask
from .session import Clients, path

Raw = Mapping[str, Any]

MAX_MESSAGE = 4_000
_BAD = ("FAILED", "ABORTED")


def first_failure(clients: Clients, project_key: str, scenario_id: str, run_id: str) -> Failure:
    """The first failed step of a run; of a run that goes on without one, the step it is at. One call."""
    details = clients.get_mapping(path("projects", project_key, "scenarios", scenario_id, run_id) + "/")
    steps = raw.mappings(details, "stepRuns")
    run = raw.mapping(details, "scenarioRun")
    number = next((n for n, step in enumerate(steps) if _outcome(step) in _BAD), None)
    running = number is None and raw.at(run, "result") is None
    if running:
        number = next((n for n, step in enumerate(steps) if not _outcome(step)), None)
    failure = Failure(scenario_id, run_id, message=_message(raw.mapping(run, "result"), ()), of=len(steps))
    return failure if number is None else _at(steps[number], number, running, failure, project_key)


def _at(step: Raw, number: int, running: bool, failure: Failure, project_key: str) -> Failure:
    items = raw.mappings(step, "additionalReportItems")
    return replace(
        failure,
        step=raw.first_text((raw.text(step, "step", "name"), raw.text(step, "step", "id"))),
        step_type=raw.text(step, "step", "type"),
        number=number + 1,
        running=running,
        job_id=_job(items),
        message=_message(raw.mapping(step, "result"), items) or failure.message,
        targets=_targets(raw.mapping(step, "step", "params"), project_key),
        failed=tuple(ref for item in items if _bad(item) for ref in _built(item, project_key)),
    )


def with_job(clients: Clients, project_key: str, failure: Failure) -> Failure:
    """The same with what the job of the failed step says of its activities. One call, none without a job."""
    if not failure.job_id:
        return failure
    # The slash stays: proxies take a path that ends in digits behind a dot for a file.
    status = clients.get_mapping(path("projects", project_key, "jobs", failure.job_id) + "/")
    found = tuple(_activities(raw.at(status, "baseStatus", "activities")))
    ordered = tuple(sorted(found, key=lambda pair: pair[0]))
    activities = tuple(activity for _, activity in ordered)
    known = replace(failure, activities=activities)
    said = known.activity.message if known.activity is not None else ""
    return replace(known, message=failure.message or said)


def _activities(found: Any) -> Iterable[tuple[float, Activity]]:
    """In the order of their starts; those that never started stand last. DSS writes them by id, or as a list."""
    listed = (
        found.items() if isinstance(found, Mapping) else ((raw.text(item, "id"), item) for item in raw.items(found))
    )
    for name, item in listed:
        started = raw.number(item, "startTime") or float("inf")
        message = raw.first_text((raw.text(item, "firstFailure", "message"), raw.text(item, "message")))
        yield (
            started,
            Activity(str(name), raw.text(item, "recipeName"), raw.text(item, "state"), mask(message[:MAX_MESSAGE])),
        )


def _outcome(step: Raw) -> str:
    return raw.text(step, "result", "outcome")


def _message(result: Raw, items: Sequence[Raw]) -> str:
    """The error of a step, else of the first thing that it reports as failed."""
    thrown = [raw.mapping(result, "thrown"), *(raw.mapping(item, "thrown") for item in items if _bad(item))]
    texts = (raw.first_text((raw.text(each, "message"), raw.text(each, "title"))) for each in thrown)
    return mask(raw.first_text(texts)[:MAX_MESSAGE])


def _bad(item: Raw) -> bool:
    return raw.text(item, "outcome") in _BAD


def _job(items: Sequence[Raw]) -> str:
    """The job that failed, else the last that the step started."""
    jobs = [item for item in items if raw.text(item, "jobId")]
    failed = [item for item in jobs if _bad(item)]
    return raw.text((failed or jobs[-1:] or [{}])[0], "jobId")


def _built(item: Raw, project_key: str) -> Iterable[ObjectRef]:
    target = raw.mapping(item, "target")
    owner = raw.text(target, "projectKey") or project_key
    for key, kind in (("datasetName", "DATASET"), ("folderId", "MANAGED_FOLDER"), ("modelId", "SAVED_MODEL")):
        name = raw.text(target, key)
        if name:
            yield ObjectRef(kind, owner, name)


def _targets(params: Raw, project_key: str) -> tuple[ObjectRef, ...]:
    """What a step names: what it builds, computes or checks."""
    listed = (*raw.mappings(params, "builds"), *raw.mappings(params, "checks"), *raw.mappings(params, "computes"))
    found = []
    for target in listed:
        name = raw.first_text((raw.text(target, "itemId"), raw.text(target, "smartName")))
        owner, _, rest = name.rpartition(".")
        kind: Optional[str] = raw.text(target, "type") or "DATASET"
        if name:
            found.append(
                ObjectRef(kind or "DATASET", raw.text(target, "projectKey") or owner or project_key, rest or name)
            )
    return tuple(found)
