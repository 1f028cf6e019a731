"""Rows against declared limits, and against earlier builds; and which count belongs to which build.

What is usual is judged by `core.volume`; here are the comparisons that a person sets a number for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Optional

from ..model.known import Cause, Known, Unknown
from ..model.snapshot import Build, MetricPoint
from . import words
from .outcomes import CANNOT_TELL, ERROR, OK, WARNING, Outcome
from .volume import Count, counts_per_build


@dataclass(frozen=True)
class Limits:
    """Rows that are too few or too many; None is no limit. Both pairs include their limits."""

    least: Optional[float] = None
    warn_least: Optional[float] = None
    warn_most: Optional[float] = None
    most: Optional[float] = None

    @property
    def any(self) -> bool:
        return any(limit is not None for limit in (self.least, self.warn_least, self.warn_most, self.most))


def within(rows: float, limits: Limits) -> Outcome:
    """Against the limits, the hard ones first; the message names the limit that counts."""
    for word, least, most in ((ERROR, limits.least, limits.most), (WARNING, limits.warn_least, limits.warn_most)):
        if least is not None and rows < least:
            return Outcome(word, f"fewer than {words.whole(least)}")
        if most is not None and rows > most:
            return Outcome(word, f"more than {words.whole(most)}")
    return Outcome(OK, f"within the limits {_span(limits)}" if limits.any else "no limits")


def _span(limits: Limits) -> str:
    lows = [limit for limit in (limits.least, limits.warn_least) if limit is not None]
    highs = [limit for limit in (limits.most, limits.warn_most) if limit is not None]
    parts = [
        *(["from " + words.whole(max(lows))] if lows else []),
        *(["to " + words.whole(min(highs))] if highs else []),
    ]
    return " ".join(parts)


def counts_with(
    rows: float,
    counted_at: datetime,
    builds: Known[Sequence[Build]],
    points: Known[Sequence[MetricPoint]],
    building_since: Optional[datetime] = None,
) -> Known[tuple[Count, ...]]:
    """One count per successful build, oldest first, the given one last; Unknown where it belongs to none.

    `building_since` is when a job began that may be building: what was counted since then is of a build that is not on
    record yet.

    Built 06:41 and counted 06:42: the count of that build. Counted 05:50: of one before, and nothing is told."""
    if isinstance(builds, Unknown):
        return builds
    if isinstance(points, Unknown):
        return points
    ends = [build.end for build in builds if build.success and build.end]
    if not ends:
        return Unknown(
            "no successful build is on record, so counts have no history to be compared with", Cause.NOT_RECORDED
        )
    under_way = building_since is not None and building_since <= counted_at
    if not under_way and counted_at < max(ends):
        return Unknown(
            "the rows were counted before the last build ended: compute the metric again", Cause.NOT_RECORDED
        )
    until = building_since if under_way and building_since is not None else counted_at
    at = counted_at if under_way else max(ends)
    past = counts_per_build(builds, [point for point in points if point.at < until])
    return (*(count for count in past if count.at < at), Count(at, rows))


def change(
    counts: Sequence[Count], zone: tzinfo, *, same_weekday: bool, warn: Optional[float], error: Optional[float]
) -> Outcome:
    """The newest count against the one before, or against the last on the same weekday before its own day. `warn` and
    `error` are the shares (0.2 for 20 %) by which it may differ, either way."""
    last = counts[-1]
    today = last.at.astimezone(zone)
    earlier = [
        count
        for count in counts[:-1]
        if not same_weekday
        or (count.at.astimezone(zone).weekday() == today.weekday() and count.at.astimezone(zone).date() < today.date())
    ]
    which = f"{today:%A}" if same_weekday else "build"
    if not earlier:
        return Outcome(CANNOT_TELL, f"no earlier {which} with a count is on record")
    before = earlier[-1]
    said = f"the {which} before ({words.day(before.at, zone, last.at)}) had {words.whole(before.rows)} (n=1)"
    if before.rows <= 0:
        return Outcome(OK if last.rows <= 0 else CANNOT_TELL, f"{said}: a change from no rows has no share")
    share = last.rows / before.rows - 1
    said += f": {words.percent(abs(share))} {'more' if share > 0 else 'fewer'}" if share else ": no change"
    for word, limit in ((ERROR, error), (WARNING, warn)):
        if limit is not None and round(abs(share), 9) > limit:
            return Outcome(word, f"{said}, over the {words.percent(limit)} allowed")
    return Outcome(OK, said)
