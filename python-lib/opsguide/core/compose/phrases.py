"""Verdicts, outcomes and kinds of DSS in the words the guide uses, and the tone each of them has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Optional

from ...model.guide import Tone
from ...model.known import Cause, Unknown
from ...model.report import (
    RUN_ORDER,
    SLA_ORDER,
    Budget,
    DayVerdict,
    DurationStat,
    Learning,
    RunVerdict,
    ScenarioReport,
    Typical,
)
from ...model.snapshot import Run
from .. import words
from .scene import Scene

# Worst first, as they are counted in a line; "3 failed", "1 on time".
STATE_WORDS = {
    "FAILED": "failed",
    "NOT_RUN": "did not run",
    "RUNNING_LATE": "running late",
    "LATE_FINISH": "finished late",
    "LATE_START": "started late",
    "QUIET_TOO_LONG": "quiet for too long",
    "UNKNOWN": "cannot be told",
    "RECOVERED": "recovered",
    "SUPPRESSED": "held back by the run before",
    "REPLACED_BY_MANUAL": "replaced by a manual run",
    "RUNNING": "running",
    "PENDING": "not due yet",
    "SKIPPED_EXPECTED": "skipped as expected",
    "QUIET": "quiet as usual",
    "ON_TIME": "on time",
    "OFF": "off",
}
OUTPUT_WORDS = {
    "MISSED": "late",
    "STALE_ERROR": "too old",
    "AT_RISK": "at risk",
    "STALE_WARN": "getting old",
    "NEEDS_REBUILD": "older than its inputs",
    "REBUILT_NO_NEW_DATA": "rebuilt without new data",
    "UNKNOWN": "cannot be told",
    "RECOVERED_LATE": "built late",
    "TIGHT": "tight",
    "PENDING": "not due yet",
    "MET": "on time",
    "FRESH": "fresh",
    "NOT_DECLARED": "without a promise",
}
OUTCOME_WORDS = {
    "SUCCESS": "succeeded",
    "WARNING": "finished with warnings",
    "FAILED": "failed",
    "ABORTED": "stopped",
}
GOOD_STATES = frozenset({"ON_TIME", "PENDING", "RUNNING", "QUIET", "SKIPPED_EXPECTED", "OFF"})
_STATE_TONES = {
    "FAILED": Tone.BAD,
    "NOT_RUN": Tone.BAD,
    "RUNNING_LATE": Tone.NOTICE,
    "LATE_FINISH": Tone.NOTICE,
    "LATE_START": Tone.NOTICE,
    "QUIET_TOO_LONG": Tone.NOTICE,
    "UNKNOWN": Tone.UNKNOWN,
    "ON_TIME": Tone.GOOD,
    "RECOVERED": Tone.NOTICE,
    "SUPPRESSED": Tone.NOTICE,
    "REPLACED_BY_MANUAL": Tone.NOTICE,
    "RUNNING": Tone.NONE,
    "PENDING": Tone.NONE,
    "QUIET": Tone.NONE,
    "SKIPPED_EXPECTED": Tone.QUIET,
    "OFF": Tone.QUIET,
}
_OUTPUT_TONES = {
    "MISSED": Tone.BAD,
    "STALE_ERROR": Tone.BAD,
    "AT_RISK": Tone.NOTICE,
    "STALE_WARN": Tone.NOTICE,
    "NEEDS_REBUILD": Tone.NOTICE,
    "REBUILT_NO_NEW_DATA": Tone.NOTICE,
    "RECOVERED_LATE": Tone.NOTICE,
    "TIGHT": Tone.NONE,
    "UNKNOWN": Tone.UNKNOWN,
    "MET": Tone.GOOD,
    "FRESH": Tone.GOOD,
    "PENDING": Tone.NONE,
    "NOT_DECLARED": Tone.NONE,
}
_OUTCOME_TONES = {"SUCCESS": Tone.GOOD, "WARNING": Tone.NOTICE, "FAILED": Tone.BAD, "ABORTED": Tone.BAD}


def state_tone(verdict: str) -> Tone:
    return _STATE_TONES.get(verdict, Tone.UNKNOWN)


def output_tone(verdict: str) -> Tone:
    return _OUTPUT_TONES.get(verdict, Tone.UNKNOWN)


def outcome_tone(outcome: str) -> Tone:
    return _OUTCOME_TONES.get(outcome, Tone.UNKNOWN)


def run_verdict(scenario: ScenarioReport) -> str:
    """The scenario's verdict by its name in `RUN_ORDER`."""
    if scenario.state.verdict == "OFF":
        return "SKIPPED_EXPECTED"
    return scenario.state.verdict if scenario.state.verdict in RUN_ORDER else "UNKNOWN"


def is_good(state: RunVerdict) -> bool:
    """Whether nobody needs to look at it."""
    return state.verdict in GOOD_STATES


def with_warnings(scenario: ScenarioReport) -> bool:
    """Whether the scenario's last run ended with warnings."""
    last = scenario.last_run
    return not isinstance(last, Unknown) and last is not None and last.outcome == "WARNING"


def standing_tone(scenario: ScenarioReport) -> Tone:
    """The tone of the scenario's state; one that is good apart from warnings wants a look at its logs."""
    if is_good(scenario.state) and with_warnings(scenario):
        return Tone.NOTICE
    return state_tone(scenario.state.verdict)


def why_unjudged(scenario: ScenarioReport) -> Unknown:
    """Why a scenario's state cannot be told: the state's own words, and what would change it."""
    unread = [part for part in (scenario.last_run, scenario.builds) if isinstance(part, Unknown)]
    return replace(unread[0] if unread else Unknown("", Cause.NOT_RECORDED), reason=scenario.state.reason)


def unread_runs(scenarios: Sequence[ScenarioReport]) -> Unknown:
    """Why nothing can be said of the runs of these scenarios, none of which could be read."""
    why = next((s.last_run for s in scenarios if isinstance(s.last_run, Unknown)), Unknown("", Cause.NOT_READ))
    others = f"; the same of {words.count(len(scenarios) - 1, 'more scenario')}" if len(scenarios) > 1 else ""
    return replace(why, reason=why.reason + others)


def outcome_of(run: Run, scene: Scene) -> str:
    """What became of a run: "failed", "succeeded in 12 min", "running for 12 min". An outcome of DSS that we do not
    know is shown as DSS spells it."""
    if run.running:
        started = f" for {words.duration((scene.now - run.start).total_seconds())}" if run.start else ""
        return f"running{started}"
    word = OUTCOME_WORDS.get(run.outcome or "", run.outcome or "")
    if run.start is None or run.end is None:
        return word
    return f"{word} in {words.duration((run.end - run.start).total_seconds())}"


# Of the last run, where it takes or took unusually long.
LENGTH_WORDS = {
    "MUCH_SLOWER": "the last one much slower",
    "SLOWER": "the last one slower",
    "DRIFTING": "getting slower",
}


def duration_text(stat: DurationStat) -> str:
    """The typical duration and, in brackets, what all but one in twenty stay under: "12 min (19 min)"."""
    return spread_text(words.duration(stat.p50), words.duration(stat.p95))


def spread_text(usual: str, slow: str) -> str:
    """The usual value and, in brackets, the slow one where it differs."""
    return usual if usual == slow else f"{usual} ({slow})"


def history_text(stat: DurationStat, scene: Scene) -> str:
    """What a duration was learned from: "28 runs since 12 Sep"."""
    return f"{words.count(stat.n, 'run')}{since_text(stat.since, scene)}"


def since_text(since: object, scene: Scene) -> str:
    return f" since {words.day(since, scene.zone, scene.now)}" if isinstance(since, datetime) else ""


def no_duration(typical: Typical) -> Unknown:
    """Why there is no typical duration yet."""
    if isinstance(typical, Unknown):
        return typical
    if isinstance(typical, Learning):
        return Unknown(str(typical))
    return Unknown("not worked out")


def budget_text(budget: Optional[Budget]) -> str:
    """How many misses the target allows, and how many there were: "1 of 2 allowed misses in 30 days, target 95 %"."""
    if budget is None:
        return ""
    target = words.percent(budget.target)
    unread = f"; {words.count(budget.unknown, 'day')} cannot be told" if budget.unknown else ""
    if not budget.days:
        return f"target {target}, no day of the last 30 can be judged{unread}"
    if not budget.allowed:
        means = f"; one miss would mean {words.percent(budget.one_miss_means)}" if budget.one_miss_means else ""
        return f"{budget.missed} missed in {words.count(budget.days, 'day')}, none allowed by {target}{means}{unread}"
    return f"{budget.missed} missed of {budget.allowed} allowed in {words.count(budget.days, 'day')}, target {target}{unread}"


def days_text(days: Sequence[DayVerdict]) -> str:
    """How the promise went, day by day: "of 64 due days in 90: 61 met, 2 missed and 1 built late"."""
    counted = Counter(day.verdict for day in days if day.verdict != "PENDING")
    said = [f"{counted[verdict]} {OUTPUT_WORDS[verdict]}" for verdict in reversed(SLA_ORDER) if counted[verdict]]
    return f"of {words.count(sum(counted.values()), 'due day')} in 90: {words.listed(said)}" if said else ""
