"""The facts of a day that is over: on the day's own clock, with nothing made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

from opsguide.core.assess import assess
from opsguide.core.facts import DAYS_BACK, daily_facts, days_over
from opsguide.model.fact import COLUMNS, KEY, Fact
from opsguide.model.known import Cause, Unknown, known
from opsguide.model.report import Report
from opsguide.model.snapshot import Run, Snapshot
from tests.nights import night, promises

SNAPSHOT = night()
REPORT = assess(SNAPSHOT, promises())
ZONE = "Europe/Paris"


def fact(kind: str, id: str, day: date, snapshot: Snapshot = SNAPSHOT, report: Report = REPORT, most: int = 60) -> Fact:
    (found,) = [each for each in daily_facts(snapshot, report, day, most) if (each.kind, each.id) == (kind, id)]
    return found


def test_days_are_those_that_are_over_on_the_projects_clock() -> None:
    late = replace(SNAPSHOT, taken_at=datetime(2025, 10, 14, 22, 30, tzinfo=timezone.utc))  # the 15th in Paris
    report = replace(REPORT, zone=ZONE)
    assert days_over(late, report)[-1] == date(2025, 10, 14)
    assert len(days_over(late, report)) == DAYS_BACK


def test_an_output_has_the_verdict_of_its_due_day() -> None:
    output = next(each for each in known(REPORT.outputs, ()) if each.days)
    for judged in output.days[-5:]:
        found = fact("OUTPUT", output.ref.smart_name(SNAPSHOT.project_key), judged.day)
        assert (found.verdict, found.due_at) == (judged.verdict, judged.due_at.isoformat())
        assert (found.ready_at is None) == (judged.ended_at is None)
        assert found.late_seconds is None or found.late_seconds >= 0
    assert fact("OUTPUT", found.id, date(2020, 1, 1)).verdict is None


def run(start: datetime, minutes: int, outcome: str = "SUCCESS") -> Run:
    return Run(start.isoformat(), start, start + timedelta(minutes=minutes), outcome)


def test_a_run_counts_on_the_day_on_which_it_ended() -> None:
    scenario = next(each for each in known(SNAPSHOT.scenarios, ()) if each.active)
    midnight = datetime(2025, 10, 12, 22, 0, tzinfo=timezone.utc)  # of the 13th in Paris
    runs = (
        run(midnight + timedelta(hours=30), 10),
        run(midnight + timedelta(hours=2), 30, "FAILED"),
        run(midnight - timedelta(minutes=10), 20, "WARNING"),
        run(midnight - timedelta(hours=3), 5),
    )
    snapshot = replace(SNAPSHOT, scenarios=(replace(scenario, runs=runs),))
    report = replace(REPORT, zone=ZONE)
    found = fact("SCENARIO", scenario.id, date(2025, 10, 13), snapshot, report)
    assert (found.runs, found.failed, found.run_seconds, found.longest_seconds) == (2, 1, 3000.0, 1800.0)
    # As many as are read: what came before the oldest is not known, and is no 0.
    assert fact("SCENARIO", scenario.id, date(2025, 10, 13), snapshot, report, most=4).runs == 2
    assert fact("SCENARIO", scenario.id, date(2025, 10, 12), snapshot, report, most=4).runs is None
    assert fact("SCENARIO", scenario.id, date(2025, 10, 12), snapshot, report).runs == 1


def test_what_could_not_be_read_has_no_numbers() -> None:
    scenario = next(each for each in known(SNAPSHOT.scenarios, ()) if each.active)
    hidden = replace(scenario, runs=Unknown("no right", Cause.DENIED))
    found = fact("SCENARIO", scenario.id, date(2025, 10, 13), replace(SNAPSHOT, scenarios=(hidden,)))
    assert (found.runs, found.failed, found.run_seconds) == (None, None, None)


def test_a_row_is_one_by_its_key_and_its_columns_stay() -> None:
    rows = daily_facts(SNAPSHOT, REPORT, date(2025, 10, 13), 60)
    assert len({tuple(getattr(each, name) for name in KEY) for each in rows}) == len(rows) > 5
    # Whoever reads them by name and type may count on these: only append.
    assert list(COLUMNS.items()) == [
        ("day", "string"), ("project_key", "string"), ("kind", "string"), ("id", "string"), ("name", "string"),
        ("verdict", "string"), ("due_at", "string"), ("ready_at", "string"), ("late_seconds", "double"),
        ("row_count", "double"), ("runs", "bigint"), ("failed", "bigint"), ("run_seconds", "double"),
        ("longest_seconds", "double"), ("schema_version", "bigint"),
    ]  # fmt: skip
