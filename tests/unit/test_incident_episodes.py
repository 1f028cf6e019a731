"""From the first bad run to the next good one: what opens an incident of a scenario, and what ends it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from opsguide.core.incident.episodes import episodes
from opsguide.core.incident.symptoms import symptoms
from opsguide.model.known import Cause, Unknown
from opsguide.model.report import DayVerdict, RunVerdict
from opsguide.model.snapshot import QualityStatus
from tests.cases import scene
from tests.nights import DAY, HOUR, NOW, night, run_at, scenarios

START = NOW - 5 * HOUR


def at(nights_ago: int, hours: float = 0.0) -> datetime:
    return START - nights_ago * DAY + timedelta(hours=hours)


def bad(nights_ago: int, hours: float = 0.0, outcome: str = "FAILED", **more):
    return run_at(at(nights_ago, hours), 4, outcome, **more)


def good(nights_ago: int, hours: float = 0.0, **more):
    return run_at(at(nights_ago, hours), 10, **more)


def person(run):
    return replace(run, trigger_type="manual")


ON_TIME, FAILED = RunVerdict(None, "ON_TIME", ""), RunVerdict(START, "FAILED", "failed", run_id=bad(0).run_id)
NOT_RUN = RunVerdict(START, "NOT_RUN", "due at 02:00, no run")


@pytest.mark.parametrize(
    ("runs", "state", "verdicts", "expected"),
    [
        ([good(0), good(1)], ON_TIME, (), []),
        ([bad(0), good(1)], FAILED, (), [("FAILED", 0, None, 1)]),
        ([bad(0), bad(1), good(2)], FAILED, (), [("FAILED", 1, None, 2)]),
        ([good(0), bad(1), good(2)], ON_TIME, (), [("FAILED", 1, 0, 1)]),
        ([bad(0), good(1), bad(2), good(3)], FAILED, (), [("FAILED", 2, 1, 1), ("FAILED", 0, None, 1)]),
        ([good(1)], NOT_RUN, (NOT_RUN,), [("NOT_RUN", 0, None, 1)]),
        ([good(1)], NOT_RUN, (), [("NOT_RUN", 0, None, 1)]),
        ([bad(1), good(2)], NOT_RUN, (NOT_RUN,), [("NOT_RUN", 1, None, 2)]),
        ([bad(0, outcome="ABORTED"), good(1)], replace(FAILED, verdict="FAILED"), (), [("FAILED", 0, None, 1)]),
        ([person(bad(0, 3)), good(0)], ON_TIME, (), []),
        ([person(bad(0, 3)), good(0)], replace(FAILED, run_id=bad(0, 3).run_id), (), [("FAILED", 0, None, 1)]),
        ([run_at(at(0), outcome=None), good(1)], RunVerdict(START, "RUNNING", "going"), (), []),
        ([run_at(at(0), outcome=None), bad(1)], RunVerdict(START, "RUNNING", "going"), (), [("FAILED", 1, None, 1)]),
        ([bad(0, outcome="SOMETHING NEW")], FAILED, (), [("FAILED", 0, None, 1)]),
        ([good(0), bad(0, -1)], RunVerdict(None, "UNKNOWN", "?"), (), [("FAILED", 0, 0, 1)]),
    ],
    ids=[
        "all well",
        "one failure",
        "two nights in a row are one",
        "a later success ends it",
        "two failures with a success between are two",
        "not started",
        "not started, by the standing verdict alone",
        "not started after a failure: the same episode",
        "stopped",
        "what a person tries by hand is theirs",
        "… unless it is what stands",
        "a run that goes on is not bad",
        "… and mends nothing before it has ended",
        "an outcome of DSS that nobody knows is not good",
        "an unknown state ends nothing by itself; a success does",
    ],
)
def test_episodes(runs, state, verdicts, expected) -> None:
    scenario = replace(scenarios()[1], runs=tuple(runs))
    report = replace(scene().scenarios[0], state=state)
    found = episodes(scenario, report, verdicts)
    days = [(each.verdict, (START - each.began_at + 12 * HOUR).days, each.times) for each in found]
    assert days == [(verdict, night, times) for verdict, night, _, times in expected]
    assert [each.ended_at is None for each in found] == [end is None for _, _, end, _ in expected]


def test_an_unread_history_opens_nothing_and_ends_nothing() -> None:
    scenario = replace(scenarios()[1], runs=Unknown("no right", Cause.DENIED))
    report = replace(scene().scenarios[0], state=RunVerdict(None, "UNKNOWN", "no right"))
    assert episodes(scenario, report) == ()


def test_an_episode_keeps_its_beginning_when_another_night_goes_wrong() -> None:
    scenario, report = scenarios()[1], scene().scenarios[0]
    first = episodes(replace(scenario, runs=(bad(1), good(2))), replace(report, state=FAILED))
    second = episodes(replace(scenario, runs=(bad(0), bad(1), good(2))), replace(report, state=FAILED))
    assert first[0].began_at == second[0].began_at
    assert first[0].well_at == second[0].well_at == good(2).end


# --- the project of nights ---------------------------------------------------------------------------------------------


def kinds(found) -> list[str]:
    return sorted(f"{each.kind} {each.name}" for each in found if each.ended_at is None)


def test_what_is_wrong_in_the_morning() -> None:
    assert kinds(symptoms(scene())) == ["failed_run Nightly build", "promise sales_mart"]


def test_tests_and_what_is_switched_off_open_nothing() -> None:
    """TESTS failed two hours ago, OLD is inactive."""
    assert {each.name for each in symptoms(scene())}.isdisjoint({"Checks", "Old weekly"})


def test_rules_that_say_error_open_one() -> None:
    found = symptoms(scene(night(quality=(QualityStatus("stores", "ERROR"), QualityStatus("orders", "WARNING")))))
    assert "quality stores" in kinds(found)
    assert "quality orders" not in kinds(found)


def test_days_in_a_row_that_missed_their_time_are_one() -> None:
    seen = scene()
    due = datetime(2025, 10, 10, 4, 30, tzinfo=NOW.tzinfo)
    days = tuple(
        DayVerdict((due + shift * DAY).date(), due + shift * DAY, verdict, ended)
        for shift, verdict, ended in (
            (0, "MET", due - HOUR),
            (1, "MISSED", None),
            (2, "RECOVERED_LATE", due + 2 * DAY + HOUR),
            (3, "MET", due + 3 * DAY - HOUR),
            (4, "MISSED", None),
        )
    )
    outputs = tuple(replace(o, days=days if o.ref.id == "sales_mart" else ()) for o in seen.report.outputs)
    found = [s for s in symptoms(replace(seen, report=replace(seen.report, outputs=outputs))) if s.kind == "promise"]
    assert [(s.began_at, s.times, s.ended_at) for s in found] == [
        (due + DAY, 2, due + 3 * DAY - HOUR),
        (due + 4 * DAY, 1, None),
    ]
    assert found[1].well_at == due + 3 * DAY - HOUR


def test_the_beginning_is_a_whole_minute_so_that_readings_agree() -> None:
    found = [each.began_at for each in symptoms(scene()) if each.kind != "promise"]
    assert found
    assert found == [each.replace(second=0, microsecond=0) for each in found]
