"""What a report says of outputs: the day's promise with what is foreseen, the strip, the budget, ages and row counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from opsguide.core.assess import assess
from opsguide.core.windows import merged
from opsguide.model.known import Cause, Unknown
from opsguide.model.report import OutputReport, Prediction, SourceReport
from opsguide.model.snapshot import Build, Job, Metric, MetricPoint, ObjectFacts, Run, Snapshot
from tests.nights import DAY, HOUR, MINUTE, NOW, PROFILE, night, promises, ref, run_at

DUE_0630 = {"due": "06:30", "target": 0.95}


def profile(mart: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {"timezone": "Europe/Paris", "datasets": {"sales_mart": mart, **others}}


def output(snapshot: Snapshot, standard: Any = None, name: str = "sales_mart") -> OutputReport:
    found = assess(snapshot, promises(standard)).outputs
    assert not isinstance(found, Unknown)
    return next(each for each in found if each.ref.id == name)


def source(snapshot: Snapshot, standard: Any = None, name: str = "orders_raw") -> SourceReport:
    found = assess(snapshot, promises(standard)).sources
    assert not isinstance(found, Unknown)
    return next(each for each in found if each.ref.id == name)


def with_facts(snapshot: Snapshot, name: str, **parts: Any) -> Snapshot:
    facts = tuple(replace(fact, **parts) if fact.ref == ref(name) else fact for fact in snapshot.facts)
    return replace(snapshot, facts=facts)


def with_last_run(*newest: Run) -> Snapshot:
    """The night with other runs since 02:00 than the one that failed, seen at 05:00 or later."""
    whole = night()
    assert not isinstance(whole.scenarios, Unknown)
    scenarios = tuple(
        replace(s, runs=(*newest, *s.runs[1:])) if s.id == "NIGHTLY" and not isinstance(s.runs, Unknown) else s
        for s in whole.scenarios
    )
    builds = whole.fact(ref("sales_mart")).builds
    assert not isinstance(builds, Unknown)
    return with_facts(replace(whole, scenarios=scenarios), "sales_mart", last_build=builds[1], builds=builds[1:])


GOING = run_at(NOW - 5 * HOUR, outcome=None)  # since 02:00 in Paris; it is 07:00


@pytest.mark.parametrize(
    ("due", "runs", "verdict", "said"),
    [
        ("06:30", (GOING,), "MISSED", "not built in its cycle; expected about 08:15"),
        ("08:30", (GOING,), "PENDING", "due 08:30, in 1 h 30 min; expected about 08:15"),
        ("08:00", (GOING,), "AT_RISK", "the run of Nightly build, at 1.25 times what it has taken so far, would end"),
        ("08:00", (), "PENDING", "expected about 07:11"),
        ("07:05", (), "AT_RISK", "it has not started yet, and "),
        ("08:00", (run_at(NOW - 5 * HOUR, 4, "FAILED"),), "AT_RISK", "nothing that is seen to build it starts before"),
    ],
)
def test_the_day_s_verdict_foresees(due: str, runs: tuple[Run, ...], verdict: str, said: str):
    found = output(with_last_run(*runs), profile({"due": due}))
    assert found.verdict == verdict
    assert said in found.reason


def test_an_output_carries_its_days_its_budget_and_what_is_foreseen():
    found = output(night(), profile(DUE_0630))
    assert found.verdict == "MISSED"
    assert [day.verdict for day in found.days[-3:]] == ["MET", "MET", "MISSED"]
    assert len(found.days) == 90
    assert found.budget is not None
    assert (found.budget.days, found.budget.missed, found.budget.allowed) == (30, 1, 1)
    assert found.tight is False
    going = output(with_last_run(GOING), profile(DUE_0630)).prediction
    assert isinstance(going, Prediction)
    assert going.p50 == NOW - 5 * HOUR + timedelta(hours=6.25)
    assert output(night(), profile({"due": "06:30"})).budget is None
    undeclared = output(night(), profile({}))
    assert (undeclared.verdict, undeclared.days, undeclared.prediction) == ("NOT_DECLARED", (), None)


@pytest.mark.parametrize(
    ("more", "verdict"),
    [
        # A job that may have rebuilt the mart on its way hides what came before it…
        (Job("x", "", "RECURSIVE_BUILD", state="DONE", start=NOW - 2 * HOUR, end=NOW - HOUR), "UNKNOWN"),
        # …one that builds nothing but its own target, or named the mart, does not.
        (Job("x", "", "NON_RECURSIVE_FORCED_BUILD", state="DONE", start=NOW - 2 * HOUR, end=NOW - HOUR), "MISSED"),
    ],
)
def test_a_miss_is_only_told_where_no_build_can_be_missing(more: Job, verdict: str):
    whole = night(facts=())
    assert not isinstance(whole.jobs, Unknown)
    jobs = (replace(more, outputs=((ref("dashboard_feed"), ""),)), *whole.jobs)
    assert output(replace(whole, jobs=jobs), profile(DUE_0630)).verdict == verdict
    named = replace(more, state="FAILED", outputs=((ref("dashboard_feed"), ""), (ref("sales_mart"), "")))
    assert output(replace(whole, jobs=(named, *whole.jobs)), profile(DUE_0630)).verdict == "MISSED"


def test_an_object_that_dss_never_built_has_missed_today_but_no_earlier_day():
    never = with_facts(night(), "sales_mart", last_build=None, last_success=None, builds=())
    found = output(never, profile(DUE_0630))
    assert found.verdict == "MISSED"
    assert {day.verdict for day in found.days[:-1]} == {"UNKNOWN"}


@pytest.mark.parametrize("lost", ["builds", "last_build", "last_success", "metrics", "row_counts", "newest_file"])
def test_what_could_not_be_read_is_never_good(lost: str):
    denied = Unknown("forbidden", Cause.DENIED)
    found = output(with_facts(night(), "sales_mart", **{lost: denied}), profile({**DUE_0630, "max_age_hours": 40}))
    assert found.verdict in ("MISSED", "UNKNOWN")
    if lost == "builds":
        assert {day.verdict for day in found.days} == {"UNKNOWN"}


# --- ages ------------------------------------------------------------------------------------------------------------


def test_an_output_by_age_says_which_clock_tells():
    found = output(night(), name="dashboard_feed")
    assert found.verdict == "FRESH"
    assert found.freshness is not None
    assert found.freshness.clock == "end of the last successful build"
    assert "by the end of the last successful build" in found.reason


def test_a_declared_column_dates_the_data():
    declared = profile({"max_age_hours": 30, "time_column": "day"})
    newest = Metric("col_stats:MAX:day", "2025-10-12T22:00:00Z", computed_at=NOW - HOUR)
    dated = with_facts(night(), "sales_mart", metrics=(newest,))
    found = output(dated, declared)
    assert (found.verdict, found.freshness.clock) == ("STALE_ERROR", "newest day")
    # 29 hours since the build, but nobody knows its newest day; what is known is that there is newer input.
    unseen = output(night(), declared)
    assert unseen.verdict == "NEEDS_REBUILD"
    assert "as the newest day is not known (no metric computes it)" in unseen.reason


def test_old_data_is_said_beside_a_kept_promise():
    declared = profile({"due": "06:30", "days": ["monday"], "max_age_hours": 20})
    found = output(night(), declared)
    assert found.verdict == "MET"
    assert "its data is 1 d 5 h old, more than 20 h" in found.reason


def test_newer_input_asks_for_a_rebuild():
    built = Build(True, NOW - HOUR, NOW - 30 * MINUTE, "later")
    newer = with_facts(night(), "sales_mart", last_build=built, last_success=built, builds=(built,))
    feed = output(newer, PROFILE, name="dashboard_feed")
    assert feed.verdict == "NEEDS_REBUILD"
    assert "sales_mart is of 06:30, the last build began 03:00" in feed.reason
    together = replace(built, job_id="job_feed")
    same_job = with_facts(night(), "sales_mart", last_build=together, last_success=together, builds=(together,))
    assert output(same_job, PROFILE, name="dashboard_feed").verdict == "FRESH"


def test_a_source_says_why_it_counts_as_arrived():
    found = source(night(), profile({}, orders_raw={"available_by": "01:30"}))
    assert found.arrived is True
    assert found.freshness is not None
    assert found.freshness.reason == "expected by 01:30, there since 00:00, by the newest file"
    assert source(night(), profile({})).freshness is None


# --- row counts ------------------------------------------------------------------------------------------------------


def test_row_counts_say_what_was_expected_and_the_smallest_drop_they_see():
    rows = output(night()).rows
    assert not isinstance(rows, Unknown)
    assert rows.verdict == "OK"
    assert rows.usual_low is not None
    assert rows.expected is not None
    assert rows.usual_high is not None
    assert rows.usual_low < rows.expected < rows.usual_high
    assert rows.smallest_drop is not None
    assert 0 < rows.smallest_drop < 1


def test_declared_row_counts_come_first():
    rows = output(night(), profile({"min_rows": 60_000})).rows
    assert not isinstance(rows, Unknown)
    assert (rows.verdict, rows.reason) == ("ERROR", "52,900 rows, fewer than the declared 60,000")


def test_builds_in_maintenance_are_left_out():
    window = {"system": "x", "days": ["monday"], "from_time": "00:00", "to_time": "04:00"}
    rows = output(night(), {**profile({}), "maintenance": [window]}).rows
    all_of_them = output(night(), profile({})).rows
    assert not isinstance(rows, Unknown)
    assert not isinstance(all_of_them, Unknown)
    assert "Mondays" in all_of_them.reason
    assert "Mondays" not in rows.reason


def test_counts_that_a_person_called_wrong_are_left_out_and_said():
    plain = output(night(), profile({})).rows
    assert not isinstance(plain, Unknown)
    assert plain.built_at is not None
    earlier = [(plain.built_at - timedelta(days=days)).isoformat() for days in (1, 7)]
    rows = output(night(), profile({"wrong_counts": [*earlier, plain.built_at.isoformat()]})).rows
    assert not isinstance(rows, Unknown)
    assert rows.called_wrong
    assert not plain.called_wrong
    # A table that grows by 100 rows a build: what came over those left out counts by equal parts.
    assert (rows.verdict, rows.expected) == (plain.verdict, pytest.approx(plain.expected))
    assert "2 earlier builds left out, called wrong by a person" in rows.reason
    assert "a person called these rows wrong" in rows.reason


def test_a_month_end_that_is_always_high_is_expected_high():
    """140 nights of 50,000 rows, twice as many on the last business day; judged on the morning after one."""
    ends = [NOW.replace(year=2026, month=5, day=29, hour=0) - day * DAY for day in range(140)]
    last_days = {(2026, 5, 29), (2026, 4, 30), (2026, 3, 31), (2026, 2, 27), (2026, 1, 30)}
    builds = tuple(Build(True, end - 8 * MINUTE, end, f"j{n}", source="internal stats") for n, end in enumerate(ends))
    points = tuple(
        MetricPoint(end + MINUTE, (100_000 if (end.year, end.month, end.day) in last_days else 50_000) + n % 7 * 100)
        for n, end in reversed(list(enumerate(ends)))
    )
    facts = (ObjectFacts(ref("sales_mart"), builds[0], builds[0], builds, (), points),)
    whole = night(taken_at=ends[0] + 5 * HOUR, facts=facts)
    working = {**profile({"calendar": "work"}), "calendars": {"work": {}}}
    known, unknown = output(whole, working).rows, output(whole, profile({})).rows
    assert not isinstance(known, Unknown)
    assert not isinstance(unknown, Unknown)
    assert (known.verdict, unknown.verdict) == ("OK", "ERROR")


def test_spans_that_touch_are_one():
    hour = [NOW + n * HOUR for n in range(6)]
    found = merged([(hour[4], hour[5]), (hour[1], hour[2]), (hour[0], hour[3]), (hour[2], hour[3])])
    assert found == ((hour[0], hour[3]), (hour[4], hour[5]))
