"""Scenarios without moments: judged by their rhythm, the pauses between their runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Optional

from ...model.report import Learning, RunVerdict
from ...model.snapshot import Run, Scenario
from .. import words
from ..calendars import age_in_business_time
from ..duration import SUCCESSES, percentile
from .outcome import of_run
from .terms import Terms, fired, started_by_a_person

RHYTHM_LEAST, RHYTHM_SHARE = 8, 0.95
PAUSE_LEAST = 180.0


def of_events(scenario: Scenario, terms: Terms, runs: Sequence[Run]) -> RunVerdict:
    """The verdict on a scenario that data, a query or code starts; `runs` newest first. Quiet is normal until a pause
    is longer than 95 % of its pauses, counted in business time where it has a calendar."""
    starts = _starts(runs)
    plain = _whatever_the_rhythm(scenario, terms, runs, starts)
    if plain is not None:
        return plain
    calendar = terms.calendar(scenario)
    pauses = [age_in_business_time(calendar, *pair, terms.zone) for pair in zip(starts, starts[1:])]
    quiet = age_in_business_time(calendar, starts[-1], terms.now, terms.zone)
    if len(pauses) < RHYTHM_LEAST:
        learning = Learning(len(pauses), RHYTHM_LEAST, "pauses between runs")
        return RunVerdict(None, "UNKNOWN", f"quiet for {words.duration(quiet)}; {learning}", runs[0].run_id)
    longest = percentile(pauses, RHYTHM_SHARE)
    verdict = "QUIET_TOO_LONG" if quiet > longest else "QUIET"
    usual = f"95 % of its {len(pauses)} pauses were up to {words.duration(longest)}"
    in_business_time = " of business time" if calendar else ""
    return RunVerdict(None, verdict, f"quiet for {words.duration(quiet)}{in_business_time}; {usual}", runs[0].run_id)


def of_cadence(scenario: Scenario, terms: Terms, runs: Sequence[Run], cadence: float) -> RunVerdict:
    """The verdict on a scenario that repeats every `cadence` seconds without a fixed moment; `runs` newest first."""
    starts = _starts(runs)
    plain = _whatever_the_rhythm(scenario, terms, runs, starts)
    if plain is not None:
        return plain
    last, patience = starts[-1], max(PAUSE_LEAST, cadence / 2)
    # It does not start while a run is going: the pause counts from there.
    free_since = max([last, *(run.end for run in runs if run.end)])
    overdue = min((terms.now - last).total_seconds() - cadence, (terms.now - free_since).total_seconds())
    every = f"it repeats every {words.duration(cadence)}"
    if overdue > patience:
        pause = words.duration((terms.now - last).total_seconds())
        return RunVerdict(None, "NOT_RUN", f"no start for {pause}; {every}", runs[0].run_id, patience)
    pauses = [(later - earlier).total_seconds() for earlier, later in zip(starts, starts[1:])]
    largest = f", its largest pause was {words.duration(max(pauses))}" if pauses else ""
    return RunVerdict(None, "ON_TIME", f"{every}{largest}", runs[0].run_id, patience)


def _whatever_the_rhythm(
    scenario: Scenario, terms: Terms, runs: Sequence[Run], starts: Sequence[datetime]
) -> Optional[RunVerdict]:
    """The verdict where the pauses do not matter, None where they do."""
    why_not = terms.why_not_expected(scenario, terms.now)
    if why_not:
        return RunVerdict(None, "SKIPPED_EXPECTED", why_not)
    if runs and runs[0].outcome not in SUCCESSES:
        return of_run(scenario, terms, runs[0])
    return None if starts else RunVerdict(None, "UNKNOWN", "no run that a trigger started is on record")


def _starts(runs: Sequence[Run]) -> list[datetime]:
    """When triggers fired, oldest first."""
    return sorted(at for run in runs if not started_by_a_person(run) and (at := fired(run)))
