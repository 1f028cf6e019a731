"""How much a project holds, how fast it grows, when that reaches a limit, and which schedules meet.

For a person: *an object grows as its row counts do, times what a row takes; of one without a history of row counts, as its
sizes do. Growth is the middle one of the slopes between all pairs of days with a value, of the last 90 days and of
14 at least (Theil and Sen). The range beside it holds the true slope 19 times out of 20, if days do not depend on each
other. One wrong day, or one day loaded twice, does not move it.*

Worked example: 100, 110, 120, 900, 140 rows on five days, two weeks apart each. The slopes between pairs are 0.7 rows a
day, and odd ones with the fourth day; the middle one is 0.7: the 900 has no say.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from itertools import combinations
from statistics import median
from typing import Optional

from ..model.known import Cause, Known, Unknown
from ..model.metrics import SIZE_METRIC
from ..model.report import DurationStat, Report, ServerZone
from ..model.snapshot import Metric, MetricPoint, ObjectFacts, ObjectRef, Scenario, Snapshot
from .schedule import expected

LOOK_BACK = timedelta(days=90)
LEAST_DAYS, LEAST_VALUES = 14, 8
NINETEEN_IN_TWENTY = 1.96
MONTH_DAYS = 30.44
AHEAD = timedelta(days=7)
NEAR = timedelta(minutes=5)
CROWD = 3
MOST_STARTS = 400

ROWS = ("records:COUNT_RECORDS", "basic:COUNT_RECORDS")


# --- growth ----------------------------------------------------------------------------------------------------------


COUNTS, SIZES = "row counts", "sizes"


@dataclass(frozen=True)
class Growth:
    """Units a day: the likely rate and its range. `days` from the first to the last of `n` days with a value; `by` is what
    was measured, several where different things were added up."""

    per_day: float
    low: float
    high: float
    days: int
    n: int
    by: str = COUNTS

    def times(self, factor: float) -> Growth:
        """The same in other units, `factor` (0 or more) of them for one."""
        return Growth(self.per_day * factor, self.low * factor, self.high * factor, self.days, self.n, self.by)


def growth(points: Iterable[MetricPoint], now: datetime, by: str = COUNTS) -> Known[Growth]:
    """How fast what is measured (`by`) grows, up to `now`. `points` in any order; of a day the last one counts."""
    by_day: dict[date, MetricPoint] = {}
    for point in points:
        if now - LOOK_BACK <= point.at <= now and math.isfinite(point.value):
            day = point.at.astimezone(timezone.utc).date()
            if day not in by_day or by_day[day].at <= point.at:
                by_day[day] = point
    days = sorted(by_day)
    span = (days[-1] - days[0]).days if days else 0
    if span < LEAST_DAYS or len(days) < LEAST_VALUES:
        said = f"{len(days)} days with a value over {span} days; it takes {LEAST_VALUES} over {LEAST_DAYS}"
        return Unknown(said, Cause.NOT_RECORDED, "a size or row count metric that is computed at each build")
    slopes = sorted(
        (by_day[later].value - by_day[earlier].value) / (later - earlier).days
        for earlier, later in combinations(days, 2)
    )
    low, high = _range(slopes, [point.value for point in by_day.values()])
    return Growth(median(slopes), low, high, span, len(days), by)


def _range(slopes: Sequence[float], values: Sequence[float]) -> tuple[float, float]:
    """Sen's interval: as many slopes to either side of the middle as Kendall's rank statistic varies by chance."""
    n = len(values)
    ties = sum(t * (t - 1) * (2 * t + 5) for t in Counter(values).values())
    spread = NINETEEN_IN_TWENTY * math.sqrt((n * (n - 1) * (2 * n + 5) - ties) / 18)
    aside = max(0, math.floor((len(slopes) - spread) / 2))
    return slopes[aside], slopes[-1 - aside]


def together(found: Sequence[Growth]) -> Optional[Growth]:
    """The growth of all, None of nothing. Ranges are added as well: what feeds one dataset feeds others."""
    if not found:
        return None
    return Growth(
        sum(each.per_day for each in found),
        sum(each.low for each in found),
        sum(each.high for each in found),
        min(each.days for each in found),
        min(each.n for each in found),
        " and ".join(dict.fromkeys(each.by for each in found)),
    )


@dataclass(frozen=True)
class Reached:
    """Days until a limit is reached: as it grows, at the earliest, at the latest; None for never at that rate."""

    days: Optional[float]
    earliest: Optional[float]
    latest: Optional[float]


def reached(now: float, limit: float, rate: Growth) -> Reached:
    """When what is `now`, growing at `rate`, comes to `limit`."""

    def days(per_day: float) -> Optional[float]:
        if now >= limit:
            return 0.0
        return (limit - now) / per_day if per_day > 0 else None

    return Reached(days(rate.per_day), days(rate.high), days(rate.low))


# --- what is held ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stock:
    """What is known of one object's extent: bytes and rows as last measured, None where they never were; growth in bytes
    a day where its sizes' history is known, or both the rows' history and the size; in rows a day where that history is."""

    ref: ObjectRef
    connection: str
    size: Optional[float]
    rows: Optional[float]
    size_growth: Known[Growth]
    row_growth: Known[Growth]


def stock(fact: ObjectFacts, connection: str, now: datetime) -> Known[Stock]:
    """The extent of one source or output, by what DSS has recorded; Unknown where its metrics could not be read."""
    if isinstance(fact.metrics, Unknown):
        return fact.metrics
    size = _newest(fact.metrics, (SIZE_METRIC,))
    rows = _newest(fact.metrics, ROWS)
    counts = fact.row_counts
    if rows is None and not isinstance(counts, Unknown) and counts:
        rows = counts[-1].value
    in_rows = counts if isinstance(counts, Unknown) else growth(counts, now)
    return Stock(fact.ref, connection, size, rows, _in_bytes(fact, size, rows, in_rows, now), in_rows)


def _in_bytes(
    fact: ObjectFacts, size: Optional[float], rows: Optional[float], in_rows: Known[Growth], now: datetime
) -> Known[Growth]:
    """By its sizes where they were read, as nothing is supposed then; else by its rows."""
    sizes = fact.sizes
    if not isinstance(sizes, Unknown) and sizes:
        return growth(sizes, now, SIZES)
    if size is None:
        return Unknown("its size is not on record", Cause.NOT_RECORDED, "the probe “Basic data”")
    if isinstance(in_rows, Unknown):
        told = isinstance(sizes, Unknown) and sizes.cause not in (Cause.LEFT_OUT, Cause.NOT_RECORDED, Cause.NOT_READ)
        return sizes if told and isinstance(sizes, Unknown) else in_rows
    if not rows:
        return Unknown("it had no rows when it was last counted", Cause.NOT_RECORDED)
    return in_rows.times(size / rows)


def _newest(metrics: Iterable[Metric], ids: tuple[str, ...]) -> Optional[float]:
    """The last value of the first of `ids` that has one; of several partitions the largest, as one may be the whole."""
    for wanted in ids:
        found = [number for each in metrics if each.id == wanted and (number := _number(each.value)) is not None]
        if found:
            return max(found)
    return None


def _number(text: str) -> Optional[float]:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


# --- jobs ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Load:
    """What ran in a stretch of time: minutes a day on average, those of the fullest day, and the most at once."""

    minutes_a_day: float
    fullest_day: float
    at_once: int
    n: int


def load(spans: Sequence[tuple[datetime, datetime]], days: int) -> Load:
    """`spans` from start to end of what ran in the last `days`; a day is one of UTC, and counts what began in it."""
    minutes: dict[date, float] = defaultdict(float)
    for start, end in spans:
        minutes[start.astimezone(timezone.utc).date()] += (end - start).total_seconds() / 60
    total = sum(minutes.values())
    return Load(total / days, max(minutes.values(), default=0.0), _at_once(spans), len(spans))


def _at_once(spans: Iterable[tuple[datetime, datetime]]) -> int:
    """What ends at a moment does not run beside what begins at it."""
    edges = sorted(edge for start, end in spans for edge in ((start, 1), (end, -1)))
    most = running = 0
    for _, change in edges:
        running += change
        most = max(most, running)
    return most


# --- schedules -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Planned:
    """A start that the schedule foresees, and when that run should be over."""

    at: datetime
    until: datetime
    scenario: str


@dataclass(frozen=True)
class Meeting:
    """Scenarios that get into each other's way in the next 7 days: `times` in all, next `at`. `outputs` are what all of
    them build: empty for a crowd, which begins within five minutes."""

    scenarios: tuple[str, ...]
    at: datetime
    times: int
    outputs: tuple[ObjectRef, ...] = ()


def planned(snapshot: Snapshot, report: Report, server: ServerZone) -> Known[tuple[Planned, ...]]:
    """The starts of the next 7 days by the clock, oldest first; each as long as such runs usually take. Of a scenario
    that starts every few minutes the next 400."""
    if isinstance(snapshot.scenarios, Unknown):
        return snapshot.scenarios
    if isinstance(report.scenarios, Unknown):
        return report.scenarios
    lengths = {each.id: _usual(each.duration) for each in report.scenarios}
    found: list[Planned] = []
    for scenario in snapshot.scenarios:
        if scenario.active and not scenario.marked_as_test:
            if isinstance(scenario.settings, Unknown):
                return scenario.settings
            found += _starts(scenario, snapshot.taken_at, lengths.get(scenario.id, timedelta()), server)
    return tuple(sorted(found, key=lambda each: (each.at, each.scenario)))


def _usual(duration: object) -> timedelta:
    return timedelta(seconds=duration.p50) if isinstance(duration, DurationStat) else timedelta()


def _starts(scenario: Scenario, now: datetime, length: timedelta, server: ServerZone) -> Iterable[Planned]:
    instants = expected(scenario, now, now + AHEAD, server).instants[:MOST_STARTS]
    return (Planned(at, at + length, scenario.id) for at in instants)


def meetings(
    starts: Sequence[Planned], builds: dict[str, frozenset[ObjectRef]], *, limit: int = 20
) -> tuple[Meeting, ...]:
    """Scenarios that run at the same time and build the same object, then crowds of three and more that begin within
    five minutes; the soonest first, `limit` of each. `starts` oldest first; `builds` are what each may build."""
    return (*_rivals(starts, builds)[:limit], *_crowds(starts)[:limit])


def _rivals(starts: Sequence[Planned], builds: dict[str, frozenset[ObjectRef]]) -> list[Meeting]:
    nothing: frozenset[ObjectRef] = frozenset()
    met: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    running: list[tuple[datetime, str]] = []
    for start in starts:
        while running and running[0][0] <= start.at:
            heapq.heappop(running)
        for _, other in running:
            if other != start.scenario and builds.get(other, nothing) & builds.get(start.scenario, nothing):
                first, second = sorted((other, start.scenario))
                met[first, second].append(start.at)
        # Whose length is unknown runs at least when it starts, whichever of two at the same instant comes first.
        heapq.heappush(running, (max(start.until, start.at + timedelta.resolution), start.scenario))
    found = [
        Meeting(pair, times[0], len(times), tuple(sorted(builds[pair[0]] & builds[pair[1]], key=lambda ref: ref.id)))
        for pair, times in met.items()
    ]
    return sorted(found, key=lambda each: (each.at, each.scenarios))


def _crowds(starts: Sequence[Planned]) -> list[Meeting]:
    met: dict[tuple[str, ...], list[datetime]] = defaultdict(list)
    place = end = 0
    while place < len(starts):
        while end < len(starts) and starts[end].at - starts[place].at <= NEAR:
            end += 1
        names = tuple(sorted({each.scenario for each in starts[place:end]}))
        if len(names) >= CROWD:
            met[names].append(starts[place].at)
            place = end
        else:
            place += 1
    return sorted(
        (Meeting(names, times[0], len(times)) for names, times in met.items()),
        key=lambda each: (each.at, each.scenarios),
    )
