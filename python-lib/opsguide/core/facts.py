"""The facts of a day that is over, from what was read of the project.

For a person: *a promise is counted on the day on which it was due, a run on the day on which it ended, on the project's
clock. A day is written down once, in the first hours of the next: a promise that was missed stays missed, whatever came
later.* Where DSS does not tell back to a day, its numbers are left out, never 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import Optional

from dateutil import tz

from ..model.fact import Fact
from ..model.known import Unknown, known
from ..model.report import OutputReport, Report
from ..model.snapshot import Run, Scenario, Snapshot
from . import words

# Days that are caught up with, when nothing looked on them.
DAYS_BACK = 7


def days_over(snapshot: Snapshot, report: Report) -> tuple[date, ...]:
    """The last days that are over, oldest first."""
    today = snapshot.taken_at.astimezone(_zone(report)).date()
    return tuple(today - timedelta(days=back) for back in range(DAYS_BACK, 0, -1))


def daily_facts(snapshot: Snapshot, report: Report, day: date, most_runs: int) -> tuple[Fact, ...]:
    """The facts of a day, outputs first, each half by id; none of what could not be read. `most_runs` are as many runs as
    are read of a scenario: a list of so many may have lost older ones."""
    outputs = sorted(known(report.outputs, ()), key=lambda output: output.ref.smart_name(snapshot.project_key))
    found = [_output(snapshot, report, output, day) for output in outputs]
    active = [scenario for scenario in known(snapshot.scenarios, ()) if scenario.active]
    found += [_scenario(snapshot, report, each, day, most_runs) for each in sorted(active, key=lambda each: each.id)]
    return tuple(found)


def _output(snapshot: Snapshot, report: Report, output: OutputReport, day: date) -> Fact:
    key = snapshot.project_key
    judged = next((each for each in output.days if each.day == day), None)
    ready = judged.ended_at if judged is not None else None
    rows = output.rows
    counted = not isinstance(rows, Unknown) and rows.at.astimezone(_zone(report)).date() == day
    return Fact(
        day.isoformat(),
        key,
        "OUTPUT",
        output.ref.smart_name(key),
        words.one_line(output.ref.smart_name(key)),
        verdict=judged.verdict if judged is not None else None,
        due_at=_iso(judged.due_at if judged is not None else None),
        ready_at=_iso(ready),
        late_seconds=max(0.0, (ready - judged.due_at).total_seconds()) if judged is not None and ready else None,
        row_count=float(rows.last) if counted and not isinstance(rows, Unknown) else None,
    )


def _scenario(snapshot: Snapshot, report: Report, scenario: Scenario, day: date, most_runs: int) -> Fact:
    zone = _zone(report)
    since, until = (datetime.combine(each, time(), zone) for each in (day, day + timedelta(days=1)))
    runs = scenario.runs
    fact = Fact(
        day.isoformat(), snapshot.project_key, "SCENARIO", scenario.id, words.one_line(scenario.name or scenario.id)
    )
    if isinstance(runs, Unknown) or _cut_off(runs, since, most_runs):
        return fact
    ended = list(_ended(runs, since, until))
    lengths = [(run.end - run.start).total_seconds() for run in ended if run.end is not None and run.start is not None]
    return Fact(
        fact.day,
        fact.project_key,
        fact.kind,
        fact.id,
        fact.name,
        runs=len(ended),
        failed=sum(run.outcome in ("FAILED", "ABORTED") for run in ended),
        run_seconds=sum(lengths),
        longest_seconds=max(lengths, default=None),
    )


def _cut_off(runs: tuple[Run, ...], since: datetime, most_runs: int) -> bool:
    """Whether runs of that day may be missing from the list."""
    starts = [run.start for run in runs if run.start is not None]
    return len(runs) >= most_runs and (not starts or min(starts) > since)


def _ended(runs: tuple[Run, ...], since: datetime, until: datetime) -> Iterator[Run]:
    return (run for run in runs if run.end is not None and since <= run.end < until)


def _iso(at: Optional[datetime]) -> Optional[str]:
    return None if at is None else at.astimezone(timezone.utc).isoformat()


def _zone(report: Report) -> tzinfo:
    return tz.gettz(report.zone) or tz.UTC
