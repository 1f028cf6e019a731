"""The verdict of a run that is there."""

from __future__ import annotations

from typing import Optional

from ...model.known import Unknown
from ...model.report import Expected, RunVerdict
from ...model.snapshot import Run, Scenario
from .. import words
from ..duration import SUCCESSES, limits
from .terms import Terms, started_by_a_person

# Clocks of one installation are no further apart, in seconds, without anything being wrong.
CLOCKS_DIFFER = 300.0
_FAILURES = {"FAILED": "failed", "ABORTED": "was aborted"}
HOW_IT_ENDED = {**_FAILURES, "SUCCESS": "ended well", "WARNING": "ended with warnings"}


def of_run(
    scenario: Scenario, terms: Terms, run: Run, moment: Optional[Expected] = None, patience: Optional[float] = None
) -> RunVerdict:
    """How a run did: its outcome, its length, and its start where the moment it serves is given."""
    outcome, reason = _outcome(scenario, terms, run)
    if outcome == "ON_TIME" and moment is not None and patience is not None and _lateness(run, moment) > patience:
        outcome = "LATE_START"
    told = [reason] if moment is None else [_start_text(run, moment), reason]
    return RunVerdict(
        moment.at if moment else None,
        outcome,
        ", ".join(filter(None, told)),
        run.run_id,
        patience,
        advice=_after_failure(scenario, terms, run) if outcome == "FAILED" else "",
        caveats=("it ended with warnings",) if run.outcome == "WARNING" else (),
    )


def _outcome(scenario: Scenario, terms: Terms, run: Run) -> tuple[str, str]:
    if run.running:
        return _while_running(scenario, terms, run)
    if run.outcome in _FAILURES:
        when = f" at {terms.tell(run.end)}" if run.end else ""
        cause = f": {words.one_line(run.message, 200)}" if run.message else ""
        return "FAILED", f"{_FAILURES[run.outcome]}{when}{cause}"
    if run.outcome not in SUCCESSES:
        return (
            "UNKNOWN",
            f"DSS calls its outcome {words.one_line(str(run.outcome), 40)}, which this guide does not know",
        )
    if run.start is None or run.end is None:
        return "UNKNOWN", f"ended well, but when it {'ended' if run.start else 'started'} is not on record"
    took = (run.end - run.start).total_seconds()
    if took < 0:
        return "UNKNOWN", "ended well, but before it started: clocks differ, so whether it was in time cannot be told"
    limit, basis = limit_of(scenario, terms, run)
    if limit is None or took <= limit:
        return "ON_TIME", f"ended well after {words.duration(took)}"
    return "LATE_FINISH", f"took {words.duration(took)}, over {words.duration(limit)} ({basis})"


def _while_running(scenario: Scenario, terms: Terms, run: Run) -> tuple[str, str]:
    if run.start is None:
        return "UNKNOWN", "running, but since when is not on record"
    elapsed = (terms.now - run.start).total_seconds()
    if elapsed < -CLOCKS_DIFFER:
        return "UNKNOWN", f"running since {terms.tell(run.start)}, which is still to come: clocks differ"
    elapsed = max(0.0, elapsed)
    limit, basis = limit_of(scenario, terms, run)
    if limit is not None and elapsed > limit:
        return "RUNNING_LATE", f"running for {words.duration(elapsed)}, over {words.duration(limit)} ({basis})"
    return "RUNNING", f"running for {words.duration(elapsed)}"


def limit_of(scenario: Scenario, terms: Terms, run: Run) -> tuple[Optional[float], str]:
    """Seconds beyond which a run is too long, and by what: the declared maximum, else what past runs took."""
    declared = terms.promise(scenario).max_minutes
    if declared is not None:
        return declared * 60, "declared"
    if run.start is None or isinstance(scenario.runs, Unknown):
        return None, ""
    bounds = limits(scenario.runs, run.start, terms.zone)
    return (None, "") if isinstance(bounds, Unknown) else (bounds.slower, f"by {bounds.basis}")


def lateness(run: Run, moment: Expected) -> Optional[float]:
    """Seconds from the latest right time of a moment to the start of its run; negative before it."""
    start = run.start or run.fired_at
    return (start - (moment.until or moment.at)).total_seconds() if start else None


def _lateness(run: Run, moment: Expected) -> float:
    return lateness(run, moment) or 0.0


def _start_text(run: Run, moment: Expected) -> str:
    seconds = _lateness(run, moment)
    recorded = f" (recorded under {run.trigger_name or run.trigger_type})" if _other_trigger(run, moment) else ""
    return f"started {words.late(seconds) if seconds > 0 else 'on time'}{recorded}"


def _other_trigger(run: Run, moment: Expected) -> bool:
    name = run.trigger_name or run.trigger_id or run.trigger_type
    return bool(name) and bool(moment.triggers) and name not in moment.triggers


def _after_failure(scenario: Scenario, terms: Terms, run: Run) -> str:
    better = _first_success_after(scenario, run)
    if better is None or better.end is None:
        return ""
    who = "a person's run" if started_by_a_person(better) else "a later run"
    return f"{who} ended well at {terms.tell(better.end)}"


def _first_success_after(scenario: Scenario, run: Run) -> Optional[Run]:
    if isinstance(scenario.runs, Unknown) or run.end is None:
        return None
    later = [(other.start, other) for other in scenario.runs if other.outcome in SUCCESSES and other.start]
    return min((pair for pair in later if pair[0] >= run.end), key=lambda pair: pair[0], default=(None, None))[1]
