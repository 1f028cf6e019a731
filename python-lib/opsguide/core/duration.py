"""How long a scenario's successful runs take, and whether one takes unusually long.

For a person: *a run is slower when it takes a quarter longer than the longest of the last 8 on the same weekday, half
as long again as their median, and more than 2 minutes over it.*

Worked example: eight Mondays of 18 to 24 min, median 20. Slower begins beyond max(1.25 × 24, 1.5 × 20, 20 + 2) = 30 min,
much slower, with twice those margins, beyond max(1.5 × 24, 2 × 20, 20 + 4) = 40 min.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from statistics import median
from typing import Optional

from ..model.known import Known, Unknown
from ..model.report import DurationStat, DurationVerdict, Learning, Typical
from ..model.snapshot import Run
from . import words

SUCCESSES = ("SUCCESS", "WARNING")
TYPICAL_LEAST = 3
LEAST = 5
SAME_WEEKDAY, SAME_WEEKDAY_LEAST, ANY_WEEKDAY = 8, 4, 12
OVER_LONGEST, OVER_MEDIAN, OVER_MEDIAN_SECONDS = 0.25, 0.5, 120.0
DRIFT_RUNS, DRIFT_BEFORE = 5, 20


@dataclass(frozen=True)
class Limits:
    """Seconds beyond which a run is slower and much slower, and what they rest on."""

    slower: float
    much_slower: float
    basis: str


def seconds_of(run: Run) -> Optional[float]:
    """How long a finished run took; None while it runs or where its times make no sense."""
    if run.start is None or run.end is None or run.end < run.start:
        return None
    return (run.end - run.start).total_seconds()


def successes(runs: Iterable[Run]) -> list[Run]:
    """The runs that ended well and whose length is known, in the order given."""
    return [run for run in runs if run.outcome in SUCCESSES and seconds_of(run) is not None]


def typical(runs: Known[Sequence[Run]], n: int = 30) -> Typical:
    """Percentiles of the last `n` successful runs (`runs` newest first), or how many are missing to tell."""
    if isinstance(runs, Unknown):
        return runs
    last = successes(runs)[:n]
    if len(last) < TYPICAL_LEAST:
        return Learning(len(last), TYPICAL_LEAST, "successful runs")
    lengths = _lengths(last)
    p10, p50, p90, p95 = (percentile(lengths, share) for share in (0.10, 0.50, 0.90, 0.95))
    return DurationStat(p10, p50, p90, p95, len(last), since=last[-1].start)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which a share (0 to 1) of the values lies, in between two of them where need be."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def limits(past: Iterable[Run], start: datetime, zone: tzinfo) -> Known[Limits]:
    """Where "slower" begins for a run that started at `start`, judged by runs that ended before it (newest first).
    Weekdays are those of `zone`."""
    weekday = start.astimezone(zone).weekday()
    before: list[Run] = []
    alike: list[Run] = []
    for run in past:
        if run.end is None or run.end > start or run.outcome not in SUCCESSES or seconds_of(run) is None:
            continue
        before.append(run)
        if run.start and run.start.astimezone(zone).weekday() == weekday:
            alike.append(run)
        if len(alike) == SAME_WEEKDAY:
            break
    if len(before) < LEAST:
        return Unknown(str(Learning(len(before), LEAST, "successful runs")))
    same_day = len(alike) >= SAME_WEEKDAY_LEAST
    lengths = _lengths(alike if same_day else before[:ANY_WEEKDAY])
    what = f"{words.DAYS[weekday]}s" if same_day else "runs"
    return Limits(_limit(lengths, 1), _limit(lengths, 2), f"the last {len(lengths)} {what}")


def _limit(lengths: Sequence[float], times: int) -> float:
    middle = median(lengths)
    return max(
        (1 + times * OVER_LONGEST) * max(lengths),
        (1 + times * OVER_MEDIAN) * middle,
        middle + times * OVER_MEDIAN_SECONDS,
    )


def judge_duration(run: Run, past: Sequence[Run], now: datetime, zone: tzinfo) -> DurationVerdict:
    """Whether a run takes unusually long, while it runs too. `past` are the scenario's runs, newest first, `run` itself
    among them or not. A run that failed is not judged: its length says nothing."""
    if run.start is None:
        return DurationVerdict("UNKNOWN", "DSS gives no start of this run")
    if not run.running and run.outcome not in SUCCESSES:
        return DurationVerdict("UNKNOWN", "only runs that end well are compared")
    took = (now - run.start).total_seconds() if run.running else seconds_of(run)
    if took is None:
        return DurationVerdict("UNKNOWN", "DSS gives no end of this run")
    bounds = limits(past, run.start, zone)
    if isinstance(bounds, Unknown):
        return DurationVerdict("LEARNING", bounds.reason)
    so_far = " so far" if run.running else ""
    reason = f"{words.duration(took)}{so_far}; slower begins at {words.duration(bounds.slower)} by {bounds.basis}"
    if took > bounds.slower:
        return DurationVerdict("MUCH_SLOWER" if took > bounds.much_slower else "SLOWER", reason, bounds.slower)
    drift = "" if run.running else _drift(run, past)
    return DurationVerdict("DRIFTING" if drift else "NORMAL", drift or reason, bounds.slower)


def _drift(run: Run, past: Sequence[Run]) -> str:
    upto = [run, *(other for other in successes(past) if other.end and run.start and other.end <= run.start)]
    recent, before = upto[:DRIFT_RUNS], upto[DRIFT_RUNS : DRIFT_RUNS + DRIFT_BEFORE]
    if len(before) < DRIFT_BEFORE:
        return ""
    usual = percentile(_lengths(before), 0.75)
    if min(_lengths(recent)) <= usual:
        return ""
    return f"each of the last {DRIFT_RUNS} runs took longer than three quarters of the {DRIFT_BEFORE} before ({words.duration(usual)})"


def _lengths(runs: Iterable[Run]) -> list[float]:
    return [seconds for run in runs if (seconds := seconds_of(run)) is not None]
