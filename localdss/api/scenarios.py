"""Scenarios: what they are, when they run, what became of each run."""

from __future__ import annotations

from datetime import date, datetime
from typing import Optional
from zoneinfo import ZoneInfo

from .. import disk, live, shapes, timetable
from ..clock import from_ms
from ..instance import Raw
from ..rights import RUN, WRITE
from .projects import version_tag
from .routing import DOCUMENTED, INFERRED, RECORDED, Call, conflict, forbidden, illegal, not_found, route

_S = "/projects/<key>/scenarios/<scenario_id>"
_LIGHT = ("shortDesc", "description", "tags", "checklists", "active")
_LISTED = ("name", "type", "automationLocal", "markedAsTest", "shortDesc", "description", "versionTag", "creationTag")


@route("GET", "/projects/<key>/scenarios/", DOCUMENTED)
def scenarios(call: Call) -> list[Raw]:
    return [listed(call, scenario_id) for scenario_id in call.project.scenarios]


def listed(call: Call, scenario_id: str) -> Raw:
    """A scenario as lists and /light give it: whether it is active, running and due, but not how it last went."""
    raw = call.scenario(scenario_id)
    running = _running(call, scenario_id)
    now, zone = call.instance.clock.now(), call.instance.zone
    return {
        "id": scenario_id,
        "projectKey": call.project.key,
        "active": bool(raw.get("active")),
        "running": running is not None,
        "start": running["scenarioRun"]["start"] if running else 0,
        "nextRun": timetable.next_run(raw, now, zone),
        "triggerDigest": timetable.digest(raw),
        "tags": raw.get("tags") or [],
        "automationLocal": False,
        **{name: raw[name] for name in _LISTED if name in raw},
    }


def _running(call: Call, scenario_id: str) -> Optional[Raw]:
    runs = call.project.runs.get(scenario_id, [])
    return next((run for run in runs if "result" not in run["scenarioRun"]), None)


@route("POST", "/projects/<key>/scenarios/", DOCUMENTED, right=WRITE)
def create_scenario(call: Call) -> Raw:
    body = call.object()
    name = str(body.get("name") or "")
    scenario_id = "".join(letter for letter in name.upper() if letter.isalnum() or letter == "_")
    if not scenario_id:
        raise illegal("The scenario needs a name")
    if scenario_id in call.project.scenarios:
        raise conflict(f"Scenario {scenario_id} already exists")
    tag = version_tag(call, 0)
    call.project.scenarios[scenario_id] = {"active": False, **body, "versionTag": tag, "creationTag": tag}
    return {"id": scenario_id}


@route("GET", f"{_S}/light", DOCUMENTED)
def light(call: Call, scenario_id: str) -> Raw:
    return listed(call, scenario_id)


@route("PUT", f"{_S}/light", DOCUMENTED, right=WRITE)
def save_light(call: Call, scenario_id: str) -> Raw:
    raw, body = call.scenario(scenario_id), call.object()
    raw.update({name: body[name] for name in _LIGHT if name in body})
    raw["versionTag"] = version_tag(call, raw)
    return {"msg": "Updated"}


@route("GET", _S, RECORDED)
def settings(call: Call, scenario_id: str) -> Raw:
    return {"type": "step_based", **call.scenario(scenario_id), "id": scenario_id, "projectKey": call.project.key}


@route("PUT", _S, RECORDED, right=WRITE)
def save_settings(call: Call, scenario_id: str) -> Raw:
    before, body = call.scenario(scenario_id), call.object()
    if body.get("runAsUser") != before.get("runAsUser") and not call.caller.admin:
        raise forbidden("Action forbidden, only an administrator may change the run-as user")
    call.project.scenarios[scenario_id] = {**body, "versionTag": version_tag(call, before)}
    return {"msg": "Updated"}


@route("DELETE", _S, DOCUMENTED, right=WRITE)
def delete_scenario(call: Call, scenario_id: str) -> Raw:
    call.scenario(scenario_id)
    del call.project.scenarios[scenario_id]
    call.project.runs.pop(scenario_id, None)
    return {"msg": "Deleted"}


@route("GET", f"{_S}/payload", DOCUMENTED)
def script(call: Call, scenario_id: str) -> Raw:
    call.scenario(scenario_id)
    return {"script": call.project.scripts.get(scenario_id, "")}


@route("PUT", f"{_S}/payload", DOCUMENTED, right=WRITE)
def save_script(call: Call, scenario_id: str) -> Raw:
    call.scenario(scenario_id)
    call.project.scripts[scenario_id] = str(call.object().get("script") or "")
    return {"msg": "Updated"}


@route("GET", f"{_S}/get-last-runs", DOCUMENTED)
def last_runs(call: Call, scenario_id: str) -> list[Raw]:
    runs = _runs(call, scenario_id)
    if call.flag("onlyFinishedRuns"):
        runs = [run for run in runs if "result" in run]
    return runs[: call.number("limit", 10)]


@route("GET", f"{_S}/get-runs-by-date", DOCUMENTED)
def runs_by_date(call: Call, scenario_id: str) -> list[Raw]:
    runs = _runs(call, scenario_id)
    first, end = _day(call.arg("fromDate")), _day(call.arg("toDate"))
    zone = ZoneInfo(call.instance.zone)
    return [run for run in runs if first <= from_ms(run["start"]).astimezone(zone).date() < end]


def _runs(call: Call, scenario_id: str) -> list[Raw]:
    call.scenario(scenario_id)
    disk.settle_runs(call.instance, call.project, scenario_id)
    return [run["scenarioRun"] for run in call.project.runs.get(scenario_id, [])]


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  a day has no zone
    except ValueError:
        raise illegal(f"Not a date: {text!r}") from None


@route("GET", f"{_S}/<run_id>/", DOCUMENTED)
def run_details(call: Call, scenario_id: str, run_id: str) -> Raw:
    return _run(call, scenario_id, run_id)


@route("GET", f"{_S}/<run_id>/log", DOCUMENTED, since="13.3")
def run_log(call: Call, scenario_id: str, run_id: str) -> str:
    _run(call, scenario_id, run_id)
    return live.run_log(call.instance, call.project.key, scenario_id, run_id)


def _run(call: Call, scenario_id: str, run_id: str) -> Raw:
    call.scenario(scenario_id)
    disk.settle_runs(call.instance, call.project, scenario_id)
    run = call.project.run(scenario_id, run_id)
    if run is None:
        raise not_found(f"Run {run_id} of scenario {call.project.key}.{scenario_id}")
    return {"scenarioRun": run["scenarioRun"], "stepRuns": run["stepRuns"]}


@route("POST", f"{_S}/run", DOCUMENTED, right=RUN)
def run(call: Call, scenario_id: str) -> Raw:
    call.scenario(scenario_id)
    params = call.object()
    return live.fire(call.instance, call.project, scenario_id, shapes.manual(params))


@route("POST", f"{_S}/abort", DOCUMENTED, right=RUN)
def abort(call: Call, scenario_id: str) -> Raw:
    call.scenario(scenario_id)
    live.abort_scenario(call.instance, call.project, scenario_id)
    return {"msg": "Aborted"}


@route("GET", f"{_S}/get-run-for-trigger", DOCUMENTED)
def run_for_trigger(call: Call, scenario_id: str) -> Raw:
    fire = _fire(call, scenario_id, call.arg("triggerId"), call.arg("triggerRunId"))
    asked_before, fire["asked"] = fire["asked"], True
    run = call.project.run(scenario_id, fire["scenarioRunId"]) if fire.get("scenarioRunId") else None
    # The run comes into being a moment after the fire, so that the first answer is always empty.
    return {"scenarioRun": run["scenarioRun"]} if run is not None and asked_before else {}


@route("GET", "/projects/<key>/scenarios/trigger/<scenario_id>/<trigger_id>", DOCUMENTED)
def trigger_fire(call: Call, scenario_id: str, trigger_id: str) -> Raw:
    return live.as_answered(_fire(call, scenario_id, trigger_id, call.arg("triggerRunId")))


def _fire(call: Call, scenario_id: str, trigger_id: str, trigger_run_id: str) -> Raw:
    for fire in call.project.fires.get(scenario_id, []):
        if (fire["trigger"]["id"], fire["runId"]) == (trigger_id, trigger_run_id):
            return fire
    raise not_found(f"Trigger run {trigger_run_id}")


@route("GET", "/projects/<key>/scenarios/testing-status", INFERRED, since="13.3")
def testing_status(call: Call) -> Raw:
    outcomes = []
    for scenario_id, raw in call.project.scenarios.items():
        runs = call.project.runs.get(scenario_id, [])
        finished = (run["scenarioRun"]["result"]["outcome"] for run in runs if "result" in run["scenarioRun"])
        outcome = next(finished, None) if raw.get("markedAsTest") else None
        outcomes += [outcome] if outcome else []
    counts = {
        f"nbScenariosPerOutcome{name}": outcomes.count(name) for name in ("SUCCESS", "WARNING", "FAILED", "ABORTED")
    }
    return {**counts, "nbScenarios": len(outcomes)}
