"""Start things in DSS once, as one person, and find again what was started when the answer was lost.

Every function that starts something sends one request and never repeats it. After DssUnreachable or DssBroken it may have
happened: a run is found by the request id among the parameters of its trigger, or by the fire that led to it; jobs carry
no such id.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Optional

from ..errors import DssError, DssNotFound
from ..model.action import REQUEST_PARAMETER, Rights
from ..model.known import Cause, Known, Unknown
from ..model.snapshot import Job, ObjectRef, Run
from . import answers, raw
from .facts import QUALITY_SINCE
from .logs import MAX_BYTES, MAX_SECONDS, clean
from .rights import is_instance_admin
from .session import PROJECT_ADMIN, Clients, attempt, path

RUNS_SEARCHED = 50
LOG_LINES = 40


@dataclass(frozen=True)
class Fire:
    """What DSS answers to "run": the fire of a trigger, which is not the run. `cancelled` where it runs already."""

    id: str
    cancelled: bool


# --- who -------------------------------------------------------------------------------------------------------------


def rights(clients: Clients, books: Optional[Clients], project_key: str) -> Rights:
    """What a person may do in the project, as far as it can be seen: by its permissions where they or `books` (the web
    app's own clients) may read them, else by what the project's summary says of writing. DSS has the last word."""
    viewer = answers.viewer(clients.get_mapping("/auth/info"))
    place = path("projects", project_key, "permissions")
    why = ""
    for asking in (clients, *([books] if books is not None else [])):
        found = attempt("the project's permissions", asking.get_mapping, place)
        if isinstance(found, Unknown):
            why = found.reason
            continue
        mine = [
            grant.rights
            for grant in answers.grants(found)
            if (grant.kind == "user" and grant.name == viewer.login)
            or (grant.kind == "group" and grant.name in viewer.groups)
        ]
        held = frozenset().union(*mine)
        everything = "admin" in held or (asking is clients and is_instance_admin(clients))
        return Rights(everything or "runScenarios" in held, everything or "writeProjectContent" in held)
    summary = attempt("the project's summary", clients.get_mapping, path("projects", project_key))
    writes = None if isinstance(summary, Unknown) else raw.flag(summary, "canWriteProjectContent")
    return Rights(True if writes else None, writes, f"{why}; it takes {PROJECT_ADMIN} to see it")


# --- starting --------------------------------------------------------------------------------------------------------


def run_scenario(clients: Clients, project_key: str, scenario_id: str, request: str) -> Fire:
    """Run a scenario; `request` goes with the run, so that it can be found again."""
    answer = clients.write("POST", _scenario(project_key, scenario_id) + "/run", {REQUEST_PARAMETER: request})
    return Fire(raw.text(answer, "runId"), raw.flag(answer, "cancelled") is True)


def abort_scenario(clients: Clients, project_key: str, scenario_id: str) -> None:
    clients.write("POST", _scenario(project_key, scenario_id) + "/abort")


def start_job(clients: Clients, project_key: str, job_type: str, outputs: Iterable[tuple[ObjectRef, str]]) -> str:
    """Build objects (each with its partition, '' for the whole) in one job; its id."""
    body = {
        "type": job_type,
        "refreshHiveMetastore": False,
        "autoUpdateSchemaBeforeEachRecipeRun": False,
        "outputs": [
            {
                "type": ref.kind,
                "id": ref.id,
                "projectKey": ref.project_key,
                **({"partition": partition} if partition else {}),
            }
            for ref, partition in outputs
        ],
    }
    return raw.text(clients.write("POST", path("projects", project_key, "jobs") + "/", body), "id")


def abort_job(clients: Clients, project_key: str, job_id: str) -> None:
    clients.write("POST", path("projects", project_key, "jobs", job_id) + "/abort")


def compute_metrics(clients: Clients, project_key: str, dataset: str, partition: str = "") -> None:
    """Compute the metrics of a dataset: DSS answers when it is done."""
    place = path("projects", project_key, "datasets", dataset) + "/actions/computeMetrics"
    clients.write("POST", place, params={"partition": partition} if partition else None)


def compute_rules(clients: Clients, project_key: str, dataset: str, partition: str = "") -> str:
    """Compute the rules of a dataset; the id of the future that does it, '' where it is done already."""
    place = path("projects", project_key, "datasets", dataset) + "/data-quality/actions/compute-rules"
    try:
        answer = clients.write("POST", place, params={"partition": partition or "NP"})
    except DssNotFound as error:
        # With a type it is the dataset that is gone.
        needs = "" if error.error_type else f"DSS {QUALITY_SINCE} or newer"
        raise DssNotFound(
            str(error), status=error.status, path=error.path, error_type=error.error_type, needs=needs
        ) from error
    return "" if raw.flag(answer, "hasResult") else raw.text(answer, "jobId")


def clear(clients: Clients, project_key: str, dataset: str, partition: str = "") -> None:
    """Remove the rows of a dataset, or of one partition of it."""
    place = path("projects", project_key, "datasets", dataset) + "/data"
    clients.write("DELETE", place, params={"partitions": partition} if partition else None)


# --- finding again ---------------------------------------------------------------------------------------------------


def find_run(
    clients: Clients, project_key: str, scenario_id: str, request: str, fire: str = "", run_id: str = ""
) -> Optional[Run]:
    """The run that a request started, None where it is not among the last ones."""
    listed = clients.get_items(
        _scenario(project_key, scenario_id) + "/get-last-runs", {"limit": RUNS_SEARCHED, "onlyFinishedRuns": False}
    )
    for item in listed:
        trigger = raw.mapping(item, "trigger")
        carried = {
            raw.text(trigger, "params", REQUEST_PARAMETER),
            raw.text(trigger, "trigger", "params", REQUEST_PARAMETER),
        }
        if (request and request in carried) or (fire and raw.text(trigger, "runId") == fire):
            return answers.runs([item])[0]
        if run_id and raw.text(item, "runId") == run_id:
            return answers.runs([item])[0]
    return None


def jobs(clients: Clients, project_key: str) -> tuple[Job, ...]:
    return answers.jobs(clients.get_items(path("projects", project_key, "jobs") + "/"), project_key)


def job(clients: Clients, project_key: str, job_id: str) -> Optional[Job]:
    """One job by its id, None where DSS keeps it no longer."""
    try:
        status = clients.get_mapping(path("projects", project_key, "jobs", job_id) + "/")
    except DssNotFound:
        return None
    base = raw.mapping(status, "baseStatus")
    times = {"startTime": raw.at(base, "jobStartTime"), "endTime": raw.at(base, "jobEndTime")}
    listed = {"def": {"id": job_id, **raw.mapping(base, "def")}, "state": raw.text(base, "state"), **times}
    return answers.jobs([listed], project_key)[0]


def future_ended(clients: Clients, future_id: str) -> Known[bool]:
    """Whether a future has done its work; Unknown where it failed, was aborted or is forgotten."""
    try:
        state = clients.get_mapping(path("futures", future_id), {"peek": True})
    except DssError as error:
        return Unknown(f"DSS tells nothing of it any more: {error}", Cause.NOT_RECORDED)
    if raw.flag(state, "hasResult"):
        return True
    return Unknown("it ended without a result", Cause.NOT_RECORDED) if raw.flag(state, "alive") is False else False


def computed_at(clients: Clients, project_key: str, dataset: str, what: str) -> Optional[datetime]:
    """When the metrics (`what` "compute-metrics") or rules of a dataset were last computed, None where never."""
    if what == "compute-metrics":
        metrics = answers.metrics(
            clients.get_either(path("projects", project_key, "datasets", dataset) + "/metrics/last/NP")
        )
        return max((metric.computed_at for metric in metrics if metric.computed_at), default=None)
    place = path("projects", project_key, "datasets", dataset) + "/data-quality/last-rules-result"
    results = answers.rule_results(clients.get_items(place, {"partition": "NP"}))
    return max((result.computed_at for result in results if result.computed_at), default=None)


def runs_now(clients: Clients, project_key: str, scenario_id: str) -> Optional[bool]:
    """Whether a scenario runs, None where DSS does not tell."""
    return raw.flag(clients.get_mapping(_scenario(project_key, scenario_id) + "/light"), "running")


def holds_rows(clients: Clients, project_key: str, dataset: str, partition: str = "") -> Known[bool]:
    """Whether a dataset, or one partition of it, holds any row."""
    params = {"format": "tsv-excel-noheader", "limit": 1, **({"partitions": partition} if partition else {})}
    place = path("projects", project_key, "datasets", dataset) + "/data/"

    def first() -> bool:
        rows = clients.rows(place, params, max_bytes=MAX_BYTES, seconds=MAX_SECONDS)
        return next(iter(rows), None) is not None

    return attempt("the dataset", first)


# --- watching --------------------------------------------------------------------------------------------------------


def log_tail(clients: Clients, place: str) -> tuple[str, ...]:
    """The last lines of a log, secrets masked; of a long one, of its first megabytes."""
    lines: deque[str] = deque(maxlen=LOG_LINES)
    for line in clients.lines(place, {}, max_bytes=MAX_BYTES, seconds=MAX_SECONDS):
        lines.append(line)
    return clean(lines)


def run_log(clients: Clients, project_key: str, scenario_id: str, run_id: str) -> tuple[str, ...]:
    return log_tail(clients, path("projects", project_key, "scenarios", scenario_id, run_id) + "/log")


def job_log(clients: Clients, project_key: str, job_id: str) -> tuple[str, ...]:
    """The last lines of a job's log: DSS gives them with the job's status; else from the log itself."""
    status = clients.get_mapping(path("projects", project_key, "jobs", job_id) + "/")
    told = raw.texts(status, "logTail", "lines")
    return (
        clean(told[-LOG_LINES:]) if told else log_tail(clients, path("projects", project_key, "jobs", job_id) + "/log")
    )


def step_of(clients: Clients, project_key: str, scenario_id: str, run_id: str) -> str:
    """The step that a live run is at: "2 of 5: build sales", '' where it is between two."""
    details = clients.get_mapping(path("projects", project_key, "scenarios", scenario_id, run_id) + "/")
    steps = raw.mappings(details, "stepRuns")
    for number, step in enumerate(steps, 1):
        if not raw.text(step, "result", "outcome"):
            return f"step {number}: {raw.first_text((raw.text(step, 'step', 'name'), raw.text(step, 'step', 'id')))}"
    return ""


def _scenario(project_key: str, scenario_id: str) -> str:
    return path("projects", project_key, "scenarios", scenario_id)
