"""The scenario that a macro suggests: made inactive, so that a person looks at it before it ever runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import DssBroken
from . import raw
from .session import Clients, path

NAME = "Clean-up (monthly)"


def monthly(clients: Clients, project_key: str, runnable_type: str, config: Mapping[str, Any]) -> tuple[str, bool]:
    """The id of the project's scenario that runs the macro on the first of each month, and whether it was made just now.
    One that has a step with the macro counts, whatever it is called."""
    listing = path("projects", project_key, "scenarios") + "/"
    for item in clients.get_items(listing):
        scenario_id = raw.text(item, "id")
        settings = clients.get_mapping(path("projects", project_key, "scenarios", scenario_id))
        steps = raw.mappings(settings, "params", "steps")
        if any(raw.text(step, "params", "runnableType") == runnable_type for step in steps):
            return scenario_id, False
    made = clients.write("POST", listing, {"type": "step_based", "name": NAME, "params": {}})
    scenario_id = raw.text(made, "id")
    if not scenario_id:
        raise DssBroken("DSS did not say which scenario it made", status=200, path=listing)
    _fill(clients, path("projects", project_key, "scenarios", scenario_id), runnable_type, config)
    return scenario_id, True


def _fill(clients: Clients, place: str, runnable_type: str, config: Mapping[str, Any]) -> None:
    settings = dict(clients.get_mapping(place))
    trigger = {
        "id": "monthly",
        "type": "temporal",
        "name": "First of the month",
        "active": True,
        "delay": 5,
        "params": {
            "frequency": "Monthly",
            "repeatFrequency": 1,
            "monthlyRunOn": "ON_THE_DAY",
            "startingFrom": "2026-01-01",
            "hour": 5,
            "minute": 30,
            "timezone": "SERVER",
        },
    }
    params = {"runnableType": runnable_type, "config": dict(config), "adminConfig": {}, "proceedOnFailure": False}
    step = {"id": "clean_up", "type": "runnable", "name": "Clean up", "runConditionType": "RUN_IF_STATUS_MATCH"}
    settings["active"] = False
    settings["triggers"] = [trigger]
    settings["params"] = {
        **raw.mapping(settings, "params"),
        "steps": [{**step, "runConditionStatuses": ["SUCCESS", "WARNING"], "params": params}],
    }
    clients.write("PUT", place, settings)
    after = clients.get_mapping(place)
    if raw.flag(after, "active") is not False or not raw.mappings(after, "params", "steps"):
        raise DssBroken("DSS took the scenario but did not keep it as it was sent", status=200, path=place)
