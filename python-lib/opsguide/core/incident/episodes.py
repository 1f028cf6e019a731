"""The runs in a row in which one scenario went wrong, from the first bad one to the next good one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Optional

from ...model.known import Unknown
from ...model.report import RunVerdict, ScenarioReport
from ...model.snapshot import Run, Scenario
from ..duration import SUCCESSES
from ..runs.terms import started_by_a_person

_STANDING = {"NOT_RUN": "missed_run", "RUNNING_LATE": "late_run", "QUIET_TOO_LONG": "quiet", "FAILED": "failed_run"}


@dataclass(frozen=True)
class Episode:
    """One scenario from its first bad moment to its recovery. `well_at` is the end of the last good run before, None
    where none is on record; `ended_at` the end of the good run that ended it. `run` is the newest bad run."""

    kind: str
    verdict: str
    began_at: datetime
    said: str
    well_at: Optional[datetime] = None
    ended_at: Optional[datetime] = None
    run: Optional[Run] = None
    times: int = 1
    again_at: Optional[datetime] = None


def episodes(scenario: Scenario, report: ScenarioReport, verdicts: Iterable[RunVerdict] = ()) -> tuple[Episode, ...]:
    """Oldest first; the last one may go on. `verdicts` are those of the moments that were due in the last days."""
    found: list[Episode] = []
    well_at: Optional[datetime] = None
    for at, verdict, run, said in _moments(scenario, report, verdicts):
        if verdict == "GOOD":
            well_at = at
            if found and found[-1].ended_at is None:
                found[-1] = replace(found[-1], ended_at=at)
        elif found and found[-1].ended_at is None:
            last = found[-1]
            found[-1] = replace(
                last,
                kind=_STANDING[verdict],
                verdict=verdict,
                said=said,
                run=run or last.run,
                times=last.times + 1,
                again_at=at,
            )
        else:
            found.append(Episode(_STANDING[verdict], verdict, at, said, well_at, None, run))
    return tuple(found)


def _moments(
    scenario: Scenario, report: ScenarioReport, verdicts: Iterable[RunVerdict]
) -> list[tuple[datetime, str, Optional[Run], str]]:
    """(when, what, run, words) of all that was good or bad, in order. A run counts from its start, a good one at its
    end: what failed while a good one went on is not mended by it."""
    runs = () if isinstance(scenario.runs, Unknown) else scenario.runs
    state = report.state
    found = [*_of_runs(runs, state), *_of_verdicts(verdicts)]
    known = {run.run_id: run for run in runs}
    if state.verdict in ("RUNNING_LATE", "QUIET_TOO_LONG", "NOT_RUN"):
        run = known.get(state.run_id)
        began = _quiet_since(runs) if state.verdict == "QUIET_TOO_LONG" else state.instant
        if began is None and run is not None:
            began = _began(run)
        if began is not None and all(moment[:2] != (began, state.verdict) for moment in found):
            found.append((began, state.verdict, run, state.reason))
    return sorted(found, key=lambda moment: (moment[0], moment[1]))


def _of_runs(runs: Iterable[Run], state: RunVerdict) -> Iterator[tuple[datetime, str, Optional[Run], str]]:
    for run in runs:
        began = _began(run)
        if run.running or began is None:
            continue
        if run.outcome in SUCCESSES:
            yield run.end or began, "GOOD", run, ""
        # What a person tries by hand and sees fail is theirs, unless it is what stands.
        elif not started_by_a_person(run) or (state.verdict == "FAILED" and run.run_id == state.run_id):
            word = "was stopped" if run.outcome == "ABORTED" else "failed"
            yield began, "FAILED", run, state.reason if run.run_id == state.run_id else word


def _of_verdicts(verdicts: Iterable[RunVerdict]) -> Iterator[tuple[datetime, str, Optional[Run], str]]:
    """Moments that were missed, mended later or not. What came instead counts by itself."""
    for verdict in verdicts:
        if verdict.verdict in ("NOT_RUN", "RECOVERED") and verdict.instant is not None:
            missed = verdict.verdict == "NOT_RUN"
            yield verdict.instant, "NOT_RUN", None, verdict.reason if missed else "did not run when it was due"


def _began(run: Run) -> Optional[datetime]:
    """When the run was due, as far as it tells by itself: the minute at which its trigger fired."""
    at = run.fired_at or run.start
    return None if at is None else at.replace(second=0, microsecond=0)


def _quiet_since(runs: Iterable[Run]) -> Optional[datetime]:
    last = next(iter(runs), None)
    return None if last is None else last.end or last.start
