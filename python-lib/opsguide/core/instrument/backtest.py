"""How often a limit would have fired: the past judged as it would have been judged then.

For a person: *each build on record is judged with nothing but what was known at its time; the days on which that gives a
warning or an error are the days on which you would have been called.*
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Optional

from .. import words
from ..volume import Count, judge_volume

DAYS = 90
LEAST_GAPS = 5
SENSITIVITIES = ("medium", "low")  # the less sensitive one where the other fires more often than people stand
OFTEN = 3
_JUDGED_WITH = 200  # builds before each one that its judgement can rest on
_JUDGED = 500  # of what is built many times a day, the newest say enough
_NAMED = 4


@dataclass(frozen=True)
class Backtest:
    """When a limit would have fired, oldest first, on `n` occasions since `since`."""

    fired: tuple[datetime, ...]
    n: int
    since: Optional[datetime]


@dataclass(frozen=True)
class AgeLimits:
    """Hours: `warn` and `error` ages, from the longest usual gap (`usual`) between `n` successful builds."""

    warn: float
    error: float
    usual: float
    n: int


def of_rows(counts: Sequence[Count], zone: tzinfo, now: datetime, sensitivity: str) -> Backtest:
    """Each row count of the last 90 days, judged against those before it. A new level that waits for a person to confirm
    it fires once, not on every day that it waits."""
    # In their zone once, not once for each of the hundreds of times that each of them is looked at.
    local = (Count(count.at.astimezone(zone), count.rows) for count in counts)
    ordered = sorted(local, key=lambda count: count.at)
    recent = [index for index, count in enumerate(ordered) if count.at >= now - timedelta(days=DAYS)][-_JUDGED:]
    fired, levels = [], set[Optional[datetime]]()
    for index in recent:
        judged = judge_volume(ordered[max(0, index - _JUDGED_WITH) : index + 1], zone, sensitivity=sensitivity)
        new_level = judged.verdict == "NEW_LEVEL" and judged.since not in levels
        if new_level:
            levels.add(judged.since)
        if new_level or judged.verdict in ("WARNING", "ERROR"):
            fired.append(ordered[index].at)
    return Backtest(tuple(fired), len(recent), ordered[recent[0]].at if recent else None)


def sensitivity_for(counts: Sequence[Count], zone: tzinfo, now: datetime) -> tuple[str, Backtest]:
    """The sensitivity to propose, and what it would have done."""
    for sensitivity in SENSITIVITIES:
        tested = of_rows(counts, zone, now, sensitivity)
        if len(tested.fired) <= OFTEN:
            break
    return sensitivity, tested


def age_limits(ends: Sequence[datetime]) -> Optional[AgeLimits]:
    """Limits on the age of data from the gaps between successful builds: the gap that 19 of 20 keep, a tenth and an
    hour above it for a warning, half above it for an error. None with fewer than five gaps.

    Worked example: builds 24 h apart, give or take half an hour, so 24.5 h: a warning beyond 28 h, an error beyond 37 h."""
    ordered = sorted(ends)
    gaps = sorted((later - earlier).total_seconds() / 3600 for earlier, later in zip(ordered, ordered[1:]))
    if len(gaps) < LEAST_GAPS:
        return None
    usual = gaps[max(0, math.ceil(0.95 * len(gaps)) - 1)]
    warn = float(math.ceil(usual * 1.1 + 1))
    return AgeLimits(warn, float(max(warn + 1, math.ceil(usual * 1.5))), usual, len(gaps))


def of_age(ends: Sequence[datetime], now: datetime, limit_hours: float) -> Backtest:
    """The moments within the last 90 days at which the age of the data passed the limit."""
    ordered = [end for end in sorted(ends) if end <= now]
    limit, since = timedelta(hours=limit_hours), now - timedelta(days=DAYS)
    passed = (end + limit for end, following in zip(ordered, [*ordered[1:], now]) if following - end > limit)
    recent = [end for end in ordered if end >= since]
    return Backtest(tuple(at for at in passed if at >= since), len(recent), recent[0] if recent else None)


def told(tested: Backtest, zone: tzinfo, now: datetime, occasions: str = "build") -> str:
    """The back-test in one sentence: "would have fired 2 times in the last 90 days, on Mon 12 Oct and Tue 3 Nov"."""
    if not tested.n or tested.since is None:
        return "nothing on record to test it with"
    days = min(DAYS, math.ceil((now - tested.since).total_seconds() / 86400))
    basis = f"({words.count(tested.n, occasions)} on record)"
    if not tested.fired:
        return f"would not have fired in the last {words.count(days, 'day')} {basis}"
    named = [words.day(at, zone, now) for at in tested.fired]
    times = "once" if len(named) == 1 else f"{len(named)} times"
    on = words.listed(list(dict.fromkeys(reversed(named))), _NAMED)
    return f"would have fired {times} in the last {words.count(days, 'day')}, on {on} {basis}"
