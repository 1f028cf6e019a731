"""Histories that cannot be right, through the whole judgement: nothing breaks, and nothing is good for want of sense."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Callable, Optional

import pytest

from opsguide.core.assess import assess
from opsguide.core.runs import Terms, run_verdicts
from opsguide.model.known import Unknown, known
from opsguide.model.report import OutputReport, Report, ScenarioReport
from opsguide.model.snapshot import Build, Run, Scenario, Snapshot, Trigger
from tests.nights import DAY, HOUR, MINUTE, NOW, PROFILE, night, promises

GOOD = ("ON_TIME", "RUNNING", "QUIET")


def nightly(found: Report) -> ScenarioReport:
    assert not isinstance(found.scenarios, Unknown)
    return next(each for each in found.scenarios if each.id == "NIGHTLY")


def output(name: str, found: Report) -> OutputReport:
    assert not isinstance(found.outputs, Unknown)
    return next(each for each in found.outputs if each.ref.id == name)


def with_runs(change: Callable[[Scenario], Scenario], **more: Any) -> Snapshot:
    snapshot = night()
    assert not isinstance(snapshot.scenarios, Unknown)
    changed = tuple(change(each) if each.id == "NIGHTLY" else each for each in snapshot.scenarios)
    return replace(snapshot, scenarios=changed, **more)


def newest(**change: Any) -> Callable[[Scenario], Scenario]:
    """The newest run with other times or another end."""

    def changed(scenario: Scenario) -> Scenario:
        first, *rest = scenario.runs
        return replace(scenario, runs=(replace(first, **change), *rest))

    return changed


def none(scenario: Scenario) -> Scenario:
    return replace(scenario, runs=())


DUE = NOW - 5 * HOUR


@pytest.mark.parametrize(
    ("snapshot", "verdict", "said"),
    [
        (
            with_runs(newest(outcome="SUCCESS", start=DUE + MINUTE, end=DUE - 3 * HOUR, message="")),
            "UNKNOWN",
            "ended well, but before it started: clocks differ",
        ),
        (with_runs(newest(outcome="SUCCESS", start=None, end=DUE + HOUR)), "UNKNOWN", "is not on record"),
        (with_runs(newest(outcome="SUCCESS", end=None)), "UNKNOWN", "is not on record"),
        (
            with_runs(newest(outcome=None, start=NOW + HOUR, end=None)),
            "UNKNOWN",
            "which is still to come: clocks differ",
        ),
        (with_runs(newest(outcome="GONE")), "UNKNOWN", "which this guide does not know"),
    ],
)
def test_a_run_whose_times_make_no_sense_is_never_good(snapshot: Snapshot, verdict: str, said: str) -> None:
    found = nightly(assess(snapshot, promises())).state
    assert (found.verdict, said in found.reason) == (verdict, True), found


def test_clocks_that_differ_by_a_little_are_nothing() -> None:
    found = nightly(assess(with_runs(newest(outcome=None, start=NOW + 2 * MINUTE, end=None)), promises())).state
    assert found.verdict != "UNKNOWN"


@pytest.mark.parametrize("kept", [1, 5])
def test_history_that_was_cleared_is_not_missed(kept: int) -> None:
    snapshot = with_runs(lambda scenario: replace(scenario, runs=scenario.runs[:kept]), jobs=())
    report = assess(snapshot, promises())
    assert report.server is not None
    scenario = next(each for each in known(snapshot.scenarios, ()) if each.id == "NIGHTLY")
    oldest = min(run.start for run in known(scenario.runs, ()) if run.start) - HOUR
    found = run_verdicts(scenario, Terms.of(snapshot, promises().profile, report.server), NOW - 14 * DAY)
    before = [each.verdict for each in found if each.instant and each.instant < oldest]
    assert len(before) >= 14 - kept - 1
    assert set(before) <= {"UNKNOWN", "SKIPPED_EXPECTED"}


def test_what_never_ran_is_missed_only_where_the_project_is_known_to_have_been_there() -> None:
    empty = with_runs(none, jobs=())
    assert not isinstance(empty.scenarios, Unknown)
    alone = replace(empty, scenarios=tuple(none(each) for each in empty.scenarios))
    assert nightly(assess(alone, promises())).state.verdict == "UNKNOWN"
    assert assess(alone, promises()).outages == ()
    beside = replace(alone, scenarios=(*alone.scenarios, _ran(NOW - 9 * DAY)))
    assert nightly(assess(beside, promises())).state.verdict == "NOT_RUN"


def _ran(at: datetime) -> Scenario:
    return Scenario("OTHER", active=True, runs=(Run("r", at, at + MINUTE, "SUCCESS", "manual"),))


def test_a_profile_may_name_what_is_gone() -> None:
    more = {"gone": {"due": "05:00", "calendar": "work"}, "gone_too": {"available_by": "01:00"}}
    declared = promises({**PROFILE, "datasets": {**PROFILE["datasets"], **more}, "scenarios": {"GONE": {}}})
    with_it, without = assess(night(), declared), assess(night(), promises())
    assert output("sales_mart", with_it).verdict == output("sales_mart", without).verdict
    assert nightly(with_it).state == nightly(without).state


@pytest.mark.parametrize("count", [1, 60])
def test_a_scenario_may_have_sixty_triggers(count: int) -> None:
    each = [
        Trigger(
            "temporal",
            id=f"t{n}",
            name=f"at {n}",
            params={"frequency": "Daily", "hour": 1, "minute": n, "timezone": "UTC"},
        )
        for n in range(count)
    ]

    def with_triggers(scenario: Scenario) -> Scenario:
        assert not isinstance(scenario.settings, Unknown)
        return replace(scenario, runs=(), settings=replace(scenario.settings, triggers=tuple(each)))

    found = nightly(assess(with_runs(with_triggers), promises()))
    assert len([verdict for verdict in found.night if verdict.instant]) == (count + 1) // 2
    assert found.state.verdict not in GOOD


@pytest.mark.parametrize("field", ["start", "end"])
@pytest.mark.parametrize("value", [None, NOW + 400 * DAY, datetime.fromtimestamp(0, NOW.tzinfo)])
def test_a_build_with_an_impossible_time_keeps_no_promise(field: str, value: Optional[datetime]) -> None:
    snapshot = night()
    bad = replace(Build(True, NOW - HOUR, NOW - HOUR + MINUTE, "j", "", "dataset"), **{field: value})
    facts = tuple(
        replace(each, last_build=bad, last_success=bad, builds=(bad,)) if each.ref.id == "sales_mart" else each
        for each in snapshot.facts
    )
    assert output("sales_mart", assess(replace(snapshot, facts=facts), promises())).verdict != "MET"


def test_a_leap_day_is_a_day_like_any_other() -> None:
    there = datetime(2028, 2, 29, 5, tzinfo=NOW.tzinfo)

    def moved(scenario: Scenario) -> Scenario:
        ran = Run("r", there - 5 * HOUR + MINUTE, there - 4 * HOUR, "SUCCESS", "temporal", "t1", "", there - 5 * HOUR)
        older = tuple(
            replace(
                ran, run_id=f"r{n}", start=ran.start - n * DAY, end=ran.end - n * DAY, fired_at=ran.fired_at - n * DAY
            )
            for n in range(1, 20)
        )
        return replace(scenario, runs=(ran, *older), next_run=None, modified_at=None, created_at=None)

    found = nightly(assess(with_runs(moved, taken_at=there), promises()))
    assert found.state.instant is not None
    assert found.state.instant.date() in (there.date(), there.date() - timedelta(days=1))
