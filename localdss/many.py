"""Many small projects made to measure: a node with so many of them that nobody reads each by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from . import shapes, stats
from .clock import to_ms
from .instance import Instance, Project

Raw = dict[str, Any]

DAY = timedelta(days=1)
SCENARIOS = 2
STATS = "STATS"
# Every so many projects have a scenario that failed, or one that did not run, last night.
FAILS_EVERY, MISSES_EVERY = 25, 40

_MADE = {"versionNumber": 3, "lastModifiedBy": {"login": "admin"}, "lastModifiedOn": 1_748_851_200_000}


def fill(instance: Instance, number: int, days: int = 30) -> None:
    """So many projects, each with active scenarios that ran every night of so many days until the instance's now, and
    one that is switched off; and a project of internal-stats datasets over all of them."""
    now = instance.clock.now()
    for place in range(number):
        instance.add(_project(place, now, days))
    instance.add(_stats())


def _project(place: int, now: datetime, days: int) -> Project:
    key = f"P{place:04d}"
    made = Project(key=key, settings=_settings(f"Project {place}"))
    for count in range(SCENARIOS + 1):
        scenario_id = f"NIGHT_{count}"
        minute = (place * 7 + count * 31) % 300
        made.scenarios[scenario_id] = _scenario(f"Night {count}", minute, active=count < SCENARIOS)
        if count < SCENARIOS:
            skips = count == 0 and place % MISSES_EVERY == 3
            fails = count == 0 and place % FAILS_EVERY == 7
            made.runs[scenario_id] = list(_runs(made, scenario_id, now, minute, days, skips, fails))
    return made


def _stats() -> Project:
    made = Project(key=STATS, settings=_settings("Internal stats"))
    for view in ("SCENARIO_RUNS", "FLOW_ACTIONS", "JOBS"):
        made.datasets[view.lower()] = stats.dataset(view)
    return made


def _settings(name: str) -> Raw:
    return {
        "name": name,
        "owner": "admin",
        "permissions": [{"group": "analysts", "readProjectContent": True}],
        "settings": {"disableAutomaticTriggers": False},
        "tags": [],
        "versionTag": _MADE,
        "creationTag": _MADE,
    }


def _scenario(name: str, minute: int, active: bool) -> Raw:
    params = {
        "frequency": "Daily",
        "repeatFrequency": 1,
        "hour": minute // 60,
        "minute": minute % 60,
        "timezone": "UTC",
    }
    return {
        "type": "step_based",
        "name": name,
        "active": active,
        "triggers": [{"id": "nightly1", "type": "temporal", "name": "Nightly", "active": True, "params": params}],
        "reporters": [],
        "params": {"steps": []},
        "tags": [],
        "versionTag": _MADE,
        "creationTag": _MADE,
    }


def _runs(
    project: Project, scenario_id: str, now: datetime, minute: int, days: int, skips: bool, fails: bool
) -> Iterator[Raw]:
    """Newest first, each a few seconds after its moment."""
    scenario = project.scenarios[scenario_id]
    due = now.replace(hour=minute // 60, minute=minute % 60, second=4, microsecond=0)
    newest = due if due + timedelta(minutes=20) <= now else due - DAY
    for back in range(int(skips), days):
        start = newest - back * DAY
        end = start + timedelta(minutes=5 + (back * 7) % 4)
        failed = fails and back == 0
        thrown, outcome = (shapes.thrown("out of order"), "FAILED") if failed else (None, "SUCCESS")
        trigger = {"scenarioId": scenario_id, "trigger": scenario["triggers"][0], "timestamp": to_ms(start)}
        run = {
            "scenario": shapes.scenario(project.key, scenario_id, scenario),
            "runId": shapes.stamp(start, "UTC"),
            "start": to_ms(start),
            "end": to_ms(end),
            "trigger": trigger,
            "runAsUser": {"realUserLogin": "admin"},
            "result": shapes.done(to_ms(start), to_ms(end), outcome, thrown),
        }
        yield {"scenarioRun": run, "stepRuns": []}
