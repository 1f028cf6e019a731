"""Is this build's row count plausible? A robust, seasonal judgement that says what it expected and how sure it is.

For a person: *expected rows are what the last 6 builds on the same weekday had; we warn when a build is off by more
than 3 times, and report an error beyond 4 times, the usual error of that expectation over the last 60 builds.*

Worked example: six Mondays of 55,000 rows (±3 %), today 41,902. The usual error s is 0.03 (of the logarithm), n = 60, so
a warning begins beyond 3 × (1 + 4/60) × 0.03 = 0.096, that is below 49,970 rows: 41,902 is 24 % under, an ERROR.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timezone, tzinfo
from operator import attrgetter
from statistics import median
from typing import Optional

from ..model.snapshot import Build, MetricPoint
from . import words

CLASS_SIZE = 6  # builds of the same class that make the expectation
CLASS_LEAST = 3
ERRORS_KEPT = 60
ERRORS_KEPT_HOURLY = 168
ERRORS_LEAST = 5
LEAST_CHANGE = 0.10
LEAST_SPREAD = 0.02
SENSITIVITY = {"high": 2.5, "medium": 3.0, "low": 4.0}
ERROR_FACTOR = 4 / 3  # an error begins a third further out than a warning
TOO_FEW_ROWS = 10
EQUAL_IN_A_ROW = 3
FLAGGED_IN_A_ROW = 3


@dataclass(frozen=True)
class Count:
    """The rows of one successful build."""

    at: datetime
    rows: float


@dataclass(frozen=True)
class VolumeVerdict:
    """`verdict` is one of model.report.VOLUME_ORDER. `low` and `high` are the rows between which no warning begins,
    `n` the past errors they rest on, `klass` what counted as alike ("Mondays"), `smallest_drop` the share of rows
    whose loss this can see (0 to 1), `since` when a new level began."""

    verdict: str
    reason: str
    rows: Optional[float] = None
    expected: Optional[float] = None
    low: Optional[float] = None
    high: Optional[float] = None
    n: int = 0
    klass: str = ""
    smallest_drop: Optional[float] = None
    since: Optional[datetime] = None


def counts_per_build(builds: Sequence[Build], points: Sequence[MetricPoint]) -> tuple[Count, ...]:
    """One count per successful build, oldest first: the last metric value between its end and the next build, so that
    repeated probes count once."""
    ends = sorted(build.end for build in builds if build.success and build.end)
    ordered = sorted(points, key=attrgetter("at", "value"))
    times = [point.at for point in ordered]
    counts = []
    for end, until in zip(ends, [*ends[1:], None]):
        newest = (len(times) if until is None else bisect_left(times, until)) - 1
        if newest >= 0 and times[newest] >= end:
            counts.append(Count(end, ordered[newest].value))
    return tuple(counts)


def judge_volume(
    counts: Sequence[Count],
    zone: tzinfo,
    *,
    sensitivity: str = "medium",
    month_edge: Callable[[date], str] = lambda day: "",
    least: Optional[int] = None,
    most: Optional[int] = None,
    wrong: Collection[datetime] = (),
    confirmed: Optional[datetime] = None,
) -> VolumeVerdict:
    """Judge the newest of `counts` against those before it. Outside the declared `least` and `most` rows it is an ERROR
    whatever is usual.

    A person may have said of earlier builds, by the minute in which they ended, that their rows were `wrong`: nothing is
    expected from them; the newest is judged all the same. A new level that began by `confirmed` is the usual one.

    `month_edge` names the first and last business day of a month ("first", "last", else ''): days whose own last
    occurrences were all off on one side are expected to be so again."""
    if not counts:
        return VolumeVerdict("UNKNOWN", "no row count of a successful build is recorded")
    every = sorted(counts, key=lambda count: count.at)
    ordered = without_wrong(every, wrong)
    if _grows(ordered[:-1]):
        return _within(_judge_growing(ordered, every, zone, sensitivity), ordered[-1].rows, least, most)
    moved = _moved(_Series.of(ordered, zone), zone, sensitivity, month_edge, confirmed)
    verdict = _judge_level(moved.history, zone, sensitivity, month_edge)
    return _within(_to_confirm(verdict, moved, zone), ordered[-1].rows, least, most)


def without_wrong(counts: Sequence[Count], wrong: Collection[datetime]) -> list[Count]:
    """The builds, oldest first, without those that ended in a minute of `wrong`; the newest stays whatever is said of it."""
    if not wrong:
        return list(counts)
    minutes = {_minute(at) for at in wrong}
    return [*(count for count in counts[:-1] if _minute(count.at) not in minutes), *counts[-1:]]


def is_wrong(at: datetime, wrong: Collection[datetime]) -> bool:
    """Whether the build that ended `at` is among those whose rows a person called wrong."""
    return any(_minute(each) == _minute(at) for each in wrong)


def _minute(at: datetime) -> datetime:
    return at.astimezone(timezone.utc).replace(second=0, microsecond=0)


def _within(verdict: VolumeVerdict, rows: float, least: Optional[int], most: Optional[int]) -> VolumeVerdict:
    for wrong, word, limit in (
        (least is not None and rows < least, "fewer", least),
        (most is not None and rows > most, "more", most),
    ):
        if wrong:
            said = f"{rows:,.0f} rows, {word} than the declared {limit:,}"
            return replace(verdict, verdict="ERROR", reason=said, rows=rows)
    return verdict


@dataclass(frozen=True)
class _Series:
    """Builds, oldest first: the logarithm of each one's rows, what each is compared with, and the usual number of days
    from one to the next."""

    counts: Sequence[Count]
    logs: Sequence[float]
    alike: tuple[object, ...]
    pace: Optional[float]

    @classmethod
    def of(cls, counts: Sequence[Count], zone: tzinfo) -> _Series:
        pace = _days_between(counts)
        return cls(counts, [_log(count.rows) for count in counts], _classes(counts, pace, zone), pace)


def _judge_level(series: _Series, zone: tzinfo, sensitivity: str, month_edge: Callable[[date], str]) -> VolumeVerdict:
    ordered, logs, alike, pace = series.counts, series.logs, series.alike, series.pace
    *past, last = ordered
    if last.rows <= 0:
        if any(count.rows <= 0 for count in past[-ERRORS_KEPT:]):
            return VolumeVerdict("OK", "no rows, as has happened in the last 60 builds", rows=0, n=len(past))
        return VolumeVerdict("ERROR", "no rows, which has not happened in the last 60 builds", rows=0, n=len(past))
    stuck = _stuck(ordered)
    if stuck:
        return VolumeVerdict("WARNING", stuck, rows=last.rows, n=len(past))
    forecast = _forecast(logs, alike, pace)
    if forecast is None:
        return _learning(past, last)
    expected, errors = forecast
    edge = month_edge(last.at.astimezone(zone).date())
    expected += _edge_shift(ordered, logs, alike, zone, month_edge, edge) if edge else 0.0
    spread = _spread(errors, expected)
    return _compare(last, expected, spread, len(errors), sensitivity, _class_name(last, pace, zone))


def _compare(last: Count, expected: float, spread: float, n: int, sensitivity: str, klass: str) -> VolumeVerdict:
    reach = SENSITIVITY[sensitivity] * (1 + 4 / n) * spread
    low, high = math.exp(expected - reach), math.exp(expected + reach)
    off = _log(last.rows) - expected
    change = last.rows / math.exp(expected) - 1
    verdict = "OK"
    if abs(off) > reach and abs(change) > LEAST_CHANGE:
        verdict = "ERROR" if abs(off) > reach * ERROR_FACTOR else "WARNING"
    if math.exp(expected) < TOO_FEW_ROWS and verdict == "OK":
        verdict = "UNKNOWN"
    said = f"{last.rows:,.0f} rows; {klass} run {low:,.0f} to {high:,.0f} (n={n})"
    if verdict in ("WARNING", "ERROR"):
        said += f": {abs(change):.0%} {'above' if change > 0 else 'below'}"
    if verdict == "UNKNOWN":
        said += ": too few rows to judge a change"
    return VolumeVerdict(
        verdict, said, last.rows, math.exp(expected), low, high, n, klass, 1 - math.exp(-3 * (1 + 4 / n) * spread)
    )


# --- new levels ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Moved:
    """The builds with all of history brought to the level of today. `since` is the first build of a level that nobody
    confirmed, None where there is none; `factor` how many times the rows of before it has."""

    history: _Series
    since: Optional[Count] = None
    factor: float = 1.0


def _moved(
    series: _Series,
    zone: tzinfo,
    sensitivity: str,
    month_edge: Callable[[date], str],
    confirmed: Optional[datetime] = None,
) -> _Moved:
    """Three builds flagged in a row on one side are a new level: history before them is shifted to it, so that what
    comes is judged by it. A build that is usual for the level before ends it, unless a person `confirmed` the new one.

    It is there to be confirmed while the newest build is still compared with builds of before."""
    ordered, alike, logs = series.counts, series.alike, list(series.logs)
    same: dict[object, deque[int]] = {}
    errors: deque[tuple[int, float]] = deque()
    in_order: list[float] = []  # the same errors by size: their median is asked for again and again
    in_a_row: list[tuple[int, float]] = []  # index and distance of the flagged builds on one side
    since, shift, keep = 0, 0.0, _kept(series.pace)
    compared: tuple[int, ...] = ()

    def stands(first: int) -> bool:
        return confirmed is not None and ordered[first].at <= confirmed

    def move(first: int, by: float) -> None:
        for index in range(first):
            logs[index] += by
        for place, (index, error) in enumerate(errors):
            if index >= first:
                errors[place] = (index, error - by)
        in_order[:] = sorted(error for _, error in errors)

    for index, log in enumerate(logs):
        past = same.setdefault(alike[index], deque(maxlen=CLASS_SIZE))
        if len(past) >= CLASS_LEAST:
            usual = _middle(sorted([logs[each] for each in past]))
            off, reach = _off(log - usual, usual, in_order, sensitivity)
            if abs(off) <= reach:
                in_a_row = []
            elif since and past[0] < since and abs(off + shift) <= reach and not stands(since):
                move(since, -shift)
                since, shift, in_a_row = 0, 0.0, []
                usual = _middle(sorted([logs[each] for each in past]))
            elif not month_edge(ordered[index].at.astimezone(zone).date()):
                one_side = in_a_row if in_a_row and (in_a_row[-1][1] > 0) == (off > 0) else []
                in_a_row = [*one_side, (index, off)]
            errors.append((index, log - usual))
            insort(in_order, log - usual)
            if len(errors) > keep:
                del in_order[bisect_left(in_order, errors.popleft()[1])]
            if len(in_a_row) == FLAGGED_IN_A_ROW:
                since, shift = in_a_row[0][0], median(off for _, off in in_a_row)
                move(since, shift)
                in_a_row = []
        compared = tuple(past)
        past.append(index)
    if logs == series.logs:
        return _Moved(series)
    history = [
        count if index >= since or count.rows <= 0 else replace(count, rows=math.exp(logs[index]))
        for index, count in enumerate(ordered)
    ]
    asked = bool(compared) and compared[0] < since and not stands(since)
    return _Moved(_Series.of(history, zone), ordered[since] if asked else None, math.exp(shift))


def _off(error: float, usual: float, errors: Sequence[float], sensitivity: str) -> tuple[float, float]:
    """How far a build is off, and how far it may be; both in logarithms, `errors` by size. Nothing is far where too few
    are known."""
    n = len(errors)
    if n < ERRORS_LEAST:
        return 0.0, math.inf
    middle = _middle(errors)
    off = error - middle
    if abs(math.exp(off) - 1) <= LEAST_CHANGE:
        return off, math.inf
    return off, SENSITIVITY[sensitivity] * (1 + 4 / n) * _spread(errors, usual + middle)


def _to_confirm(verdict: VolumeVerdict, moved: _Moved, zone: tzinfo) -> VolumeVerdict:
    """What is usual for a new level stays a warning until a person confirms it."""
    if verdict.verdict != "OK" or moved.since is None or not verdict.expected:
        return verdict
    before = verdict.expected / moved.factor
    begun = words.day(moved.since.at, zone, moved.history.counts[-1].at)
    said = (
        f"{verdict.reason}, and about {before:,.0f} before {begun}: perhaps a new level, which a person should confirm"
    )
    return replace(verdict, verdict="NEW_LEVEL", reason=said, since=moved.since.at)


# --- parts -----------------------------------------------------------------------------------------------------------


def _log(rows: float) -> float:
    return math.log(max(rows, 0.5))


def _days_between(ordered: Sequence[Count]) -> Optional[float]:
    gaps = [(b.at - a.at).total_seconds() for a, b in zip(ordered, ordered[1:])]
    return median(gaps) / 86400 if gaps else None


def _classes(ordered: Sequence[Count], pace: Optional[float], zone: tzinfo) -> tuple[object, ...]:
    """What each build is compared with: its weekday; hour and weekend when there are several a day; everything when
    weekly or rarer. `pace` is the usual number of days from one build to the next."""
    local = [count.at.astimezone(zone) for count in ordered]
    if pace is not None and pace < 0.75:
        return tuple((at.hour, at.weekday() >= 5) for at in local)
    if pace is not None and pace >= 6:
        return tuple("all" for _ in local)
    return tuple(at.weekday() for at in local)


def _class_name(last: Count, pace: Optional[float], zone: tzinfo) -> str:
    at = last.at.astimezone(zone)
    if pace is not None and pace < 0.75:
        return f"builds at {at:%H}h on {'weekends' if at.weekday() >= 5 else 'weekdays'}"
    if pace is not None and pace >= 6:
        return "builds"
    return f"{at:%A}s"


def _forecast(
    logs: Sequence[float], alike: Sequence[object], pace: Optional[float]
) -> Optional[tuple[float, list[float]]]:
    """What the newest count should be, and the errors of the same forecast made before; all in logarithms."""
    keep = _kept(pace)
    now = len(logs) - 1
    errors: list[float] = []
    same: dict[object, deque[float]] = {}
    expectation: Optional[float] = None
    for index, log in enumerate(logs):
        past = same.setdefault(alike[index], deque(maxlen=CLASS_SIZE))
        expectation = _middle(sorted(past)) if index >= now - keep and len(past) >= CLASS_LEAST else None
        if expectation is not None and index < now:
            errors.append(log - expectation)
        past.append(log)
    if expectation is None or len(errors) < ERRORS_LEAST:
        return None
    return expectation + median(errors), errors


def _kept(pace: Optional[float]) -> int:
    return ERRORS_KEPT_HOURLY if pace is not None and pace < 0.75 else ERRORS_KEPT


def _middle(ordered: Sequence[float]) -> float:
    """The median of values that are in order already: it is asked for at every build of a history."""
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _quartiles(ordered: Sequence[float]) -> tuple[float, float]:
    def at(share: float) -> float:
        place = share * (len(ordered) - 1)
        below = math.floor(place)
        above = min(below + 1, len(ordered) - 1)
        return ordered[below] + (ordered[above] - ordered[below]) * (place - below)

    return at(0.25), at(0.75)


def _spread(errors: Sequence[float], expected: float) -> float:
    ordered = sorted(errors)
    middle = _middle(ordered)
    mad = _middle(sorted([abs(error - middle) for error in ordered]))
    low, high = _quartiles(ordered)
    return max(1.4826 * mad, (high - low) / 1.349, LEAST_SPREAD, 1 / math.sqrt(max(math.exp(expected), 1.0)))


def _learning(past: Sequence[Count], last: Count) -> VolumeVerdict:
    if len(past) >= ERRORS_LEAST:
        low, high = min(c.rows for c in past), max(c.rows for c in past)
        if last.rows > 4 * high or last.rows < low / 4:
            return VolumeVerdict(
                "WARNING",
                f"{last.rows:,.0f} rows; the {len(past)} builds seen so far had {low:,.0f} to {high:,.0f}",
                last.rows,
                n=len(past),
            )
    return VolumeVerdict(
        "LEARNING",
        f"{last.rows:,.0f} rows; {words.count(len(past), 'build')} before it: too few to judge",
        last.rows,
        n=len(past),
    )


def _stuck(ordered: Sequence[Count]) -> str:
    """Why an unchanged count is suspicious, or ''. Only where equal neighbours are rare."""
    rows = [count.rows for count in ordered]
    if len(rows) <= EQUAL_IN_A_ROW or len(set(rows[-EQUAL_IN_A_ROW:])) != 1:
        return ""
    earlier = rows[: -(EQUAL_IN_A_ROW - 1)][-ERRORS_KEPT - 1 :]
    pairs = list(zip(earlier, earlier[1:]))
    equal = sum(a == b for a, b in pairs)
    if len(pairs) < CLASS_LEAST or equal / len(pairs) >= 0.05:
        return ""
    return f"{rows[-1]:,.0f} rows, the same as in the {EQUAL_IN_A_ROW - 1} builds before, which is unusual here"


def _grows(past: Sequence[Count]) -> bool:
    recent = [count.rows for count in past[-20:]]
    if len(recent) < 10:
        return False
    steps = [b - a for a, b in zip(recent, recent[1:])]
    shares = [abs(b - a) / a if a else math.inf for a, b in zip(recent, recent[1:])]
    return sum(s < 0 for s in steps) <= 1 and sum(s > 0 for s in steps) * 3 >= len(steps) and max(shares) <= 0.5


def _judge_growing(ordered: Sequence[Count], every: Sequence[Count], zone: tzinfo, sensitivity: str) -> VolumeVerdict:
    """A table that only grows is judged by the rows added; any fall is an error. What was added over builds that were
    left out of `every` one counts by equal parts."""
    last, before = ordered[-1], ordered[-2]
    if last.rows < before.rows:
        said = f"{last.rows:,.0f} rows, {before.rows - last.rows:,.0f} fewer than before, in a table that only grows"
        return VolumeVerdict("ERROR", said, last.rows, before.rows, n=len(ordered) - 1, klass="rows added")
    places = {count.at: place for place, count in enumerate(every)}
    added = [
        Count(b.at, max(b.rows - a.rows, 0.0) / max(places[b.at] - places[a.at], 1))
        for a, b in zip(ordered, ordered[1:])
    ]
    verdict = _judge_level(_Series.of(added, zone), zone, sensitivity, lambda day: "")
    return replace(verdict, reason=f"rows added: {verdict.reason}", klass=f"rows added, {verdict.klass}".rstrip(", "))


def _edge_shift(
    ordered: Sequence[Count],
    logs: Sequence[float],
    alike: Sequence[object],
    zone: tzinfo,
    month_edge: Callable[[date], str],
    edge: str,
) -> float:
    """How much the first or last business day of a month was off at its last 2 to 3 occurrences, if always on one side
    by more than twice the usual error; else 0. In logarithms."""
    offs = []
    for index in range(len(logs) - 1):
        if month_edge(ordered[index].at.astimezone(zone).date()) != edge:
            continue
        forecast = _forecast(logs[: index + 1], alike[: index + 1], _days_between(ordered[: index + 1]))
        if forecast is not None:
            off = logs[index] - forecast[0]
            offs.append(off if abs(off) > 2 * _spread(forecast[1], forecast[0]) else 0.0)
    recent = offs[-3:]
    if len(recent) < 2 or not (all(off > 0 for off in recent) or all(off < 0 for off in recent)):
        return 0.0
    return median(recent)
