"""Futures: what goes on in the background, its state and its result; running scenarios are futures as well."""

from __future__ import annotations

from collections.abc import Iterator

from .. import live, work
from ..instance import Instance, Project, Raw
from ..rights import INSTANCE_ADMIN
from .routing import DOCUMENTED, INFERRED, Call, failed, forbidden, not_found, route


@route("GET", "/futures/", INFERRED, right=None)
def futures(call: Call) -> list[Raw]:
    everybody = call.flag("allUsers")
    if everybody:
        call.demand(INSTANCE_ADMIN)
    found: list[Raw] = []
    if call.flag("withNotScenarios", True):
        found += [_state(call.instance, state, peek=True) for state in call.instance.futures.values() if state["alive"]]
    if call.flag("withScenarios"):
        found += _running_scenarios(call.instance)
    return [state for state in found if everybody or state["owner"] == call.caller.login]


def _running_scenarios(instance: Instance) -> Iterator[Raw]:
    for project in instance.projects.values():
        for scenario_id in project.runs:
            run = live.running(project, scenario_id)
            if run is not None:
                yield _of_run(instance, project, scenario_id, run["scenarioRun"])


def _of_run(instance: Instance, project: Project, scenario_id: str, run: Raw) -> Raw:
    target = {"projectKey": project.key, "objectType": "SCENARIO", "objectId": scenario_id}
    return {
        "jobId": f"scenario-{project.key}-{scenario_id}-{run['runId']}",
        "hasResult": False,
        "alive": True,
        "aborted": False,
        "owner": (run.get("runAsUser") or {}).get("realUserLogin"),
        "startTime": run["start"],
        "runningTime": instance.clock.ms() - run["start"],
        "payload": {"type": "SCENARIO", "displayName": run["scenario"].get("name"), "targets": [target]},
    }


@route("GET", "/futures/<future_id>", DOCUMENTED, right=None)
def future(call: Call, future_id: str) -> Raw:
    state = _own(call, future_id)
    if state.get("error"):
        raise failed(state["error"])
    return _state(call.instance, state, call.flag("peek"))


@route("DELETE", "/futures/<future_id>", DOCUMENTED, right=None)
def abort_future(call: Call, future_id: str) -> None:
    _own(call, future_id)
    work.abort(call.instance, future_id)


def _own(call: Call, future_id: str) -> Raw:
    state = call.instance.futures.get(future_id)
    if state is None:
        raise not_found(f"Future {future_id}")
    if state["owner"] != call.caller.login and not call.caller.admin:
        raise forbidden("Action forbidden, this future belongs to somebody else")
    return state


def _state(instance: Instance, state: Raw, peek: bool) -> Raw:
    hidden = {"error"} | ({"result"} if peek else set())
    answered = {key: value for key, value in state.items() if key not in hidden}
    return {"runningTime": instance.clock.ms() - state["startTime"], **answered}
