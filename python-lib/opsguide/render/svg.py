"""The night and the days before it as drawings: where each line, bar and shape stands. `templates/drawings.html` is
their markup.

Places are percent of the width, so that a drawing fits any screen and paper without its words growing or shrinking.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Optional

from ..model.guide import Link, Tone
from ..model.report import DayVerdict
from ..model.today import Lane, Mark, Timeline
from .phrases import day, verdict_words, zone_of

# Hours between the lines of the clock: the fewest that leave room for their words.
_STEPS = (1, 2, 3, 6, 12, 24)
_LINES_MOST = 9
# Words stand left of what is past, where less is drawn, unless that is too near the edge; right of what is to come.
_EDGE = 20.0
_SHAPED = (Tone.BAD, Tone.NOTICE, Tone.UNKNOWN)


@dataclass(frozen=True)
class Hour:
    """A line of the clock; `label` has the day at midnight. `edge` is set where words centred on it would not fit,
    `minor` where a narrow drawing does without them."""

    x: float
    label: str
    edge: bool
    minor: bool


@dataclass(frozen=True)
class Piece:
    """One mark as drawn: a bar from `x` over `width`, or a moment at `x` where `width` is 0. `shape` is the shape that
    says its tone, '' where none is needed; `label` words to stand beside it, on its left side where `turned`."""

    kind: str
    x: float
    width: float
    tone: str
    shape: str
    title: str
    label: str = ""
    turned: bool = False
    going: bool = False


@dataclass(frozen=True)
class Track:
    """A lane as drawn; `summary` tells it to whom it cannot be shown."""

    kind: str
    name: str
    state: str
    tone: str
    link: Optional[Link]
    pieces: tuple[Piece, ...]
    summary: str
    left_out: int
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Night:
    hours: tuple[Hour, ...]
    now: float
    tracks: tuple[Track, ...]
    zone: str
    left_out: int


@dataclass(frozen=True)
class Day:
    """One day of a strip: `height` in percent tells good days from bad ones without colour."""

    x: float
    width: float
    height: float
    tone: str
    title: str


@dataclass(frozen=True)
class Strip:
    days: tuple[Day, ...]
    summary: str


# --- the night -------------------------------------------------------------------------------------------------------


def night(timeline: Timeline) -> Night:
    """The timeline as drawn."""
    span = _Span(timeline.since, timeline.until)
    return Night(
        hours=_hours(timeline, span),
        now=span.place(timeline.now),
        tracks=tuple(_track(lane, timeline.now, span) for lane in timeline.lanes),
        zone=timeline.zone,
        left_out=timeline.left_out,
    )


@dataclass(frozen=True)
class _Span:
    start: datetime
    end: datetime

    def place(self, at: datetime) -> float:
        """Percent of the width, within it."""
        share = (at - self.start) / (self.end - self.start) if self.end > self.start else 0.0
        return round(100 * min(1.0, max(0.0, share)), 2)


def _hours(timeline: Timeline, span: _Span) -> tuple[Hour, ...]:
    """Full hours of the project's clock. Counted in elapsed time from one of them, so that the nights on which clocks
    change have neither a double nor a missing line."""
    zone = zone_of(timeline.zone) or timezone.utc
    total = (timeline.until - timeline.since) / timedelta(hours=1)
    step = next((step for step in _STEPS if total / step <= _LINES_MOST), _STEPS[-1])
    local = timeline.since.astimezone(zone)
    first = local.replace(minute=0, second=0, microsecond=0).astimezone(timezone.utc)
    found = []
    for count in range(int(total) + 2):
        at = first + timedelta(hours=count)
        here = at.astimezone(zone)
        if timeline.since <= at <= timeline.until and here.hour % step == 0:
            x = span.place(at)
            label = day(here) if here.hour == 0 else f"{here:%H:%M}"
            found.append(Hour(x, label, edge=x < 4 or x > 96, minor=here.hour // step % 2 == 1))
    return tuple(found)


def _track(lane: Lane, now: datetime, span: _Span) -> Track:
    # Bars first, then moments: what is thin stays in sight.
    order = ("usual", "run", "build", "expected", "deadline")
    marks = sorted(lane.marks, key=lambda mark: order.index(mark.kind))
    return Track(
        kind=lane.kind,
        name=lane.name,
        state=lane.state,
        tone=lane.tone.value,
        link=lane.link,
        pieces=tuple(_piece(mark, now, span) for mark in marks if mark.start <= span.end),
        summary=f"{lane.name}: {lane.state}",
        left_out=lane.left_out,
        marks=lane.marks,
    )


def _piece(mark: Mark, now: datetime, span: _Span) -> Piece:
    x = span.place(mark.start)
    end = mark.end if mark.end is not None else now if mark.going else mark.start
    width = round(max(0.0, span.place(end) - x), 2)
    return Piece(
        kind=mark.kind,
        x=x,
        width=width,
        tone=mark.tone.value,
        shape=mark.tone.value if mark.tone in _SHAPED and mark.kind != "usual" else "",
        title=mark.text,
        label=mark.text if mark.kind == "deadline" else "",
        turned=x > 100 - _EDGE or _EDGE < x <= span.place(now),
        going=mark.going,
    )


# --- the days before -------------------------------------------------------------------------------------------------

_DAYS = {
    "MET": (Tone.GOOD, 45.0),
    "PENDING": (Tone.NONE, 25.0),
    "TIGHT": (Tone.NONE, 25.0),
    "AT_RISK": (Tone.NOTICE, 70.0),
    "RECOVERED_LATE": (Tone.NOTICE, 70.0),
    "MISSED": (Tone.BAD, 100.0),
    "UNKNOWN": (Tone.UNKNOWN, 25.0),
}


def strip(days: Sequence[DayVerdict]) -> Strip:
    """The due days as bars, the newest on the right: the taller, the worse."""
    step = 100 / max(30, len(days))
    shift = 100 - step * len(days)
    drawn = (_day(each, round(shift + place * step, 2), round(step * 0.72, 2)) for place, each in enumerate(days))
    return Strip(tuple(drawn), _summary(days))


def _day(each: DayVerdict, x: float, width: float) -> Day:
    tone, height = _DAYS.get(each.verdict, _DAYS["UNKNOWN"])
    noon = datetime(each.day.year, each.day.month, each.day.day, 12, tzinfo=timezone.utc)
    return Day(x, width, height, tone.value, f"{day(noon)}: {verdict_words(each.verdict)}")


def _summary(days: Iterable[DayVerdict]) -> str:
    """ "61 met, 2 recovered late, 1 missed"."""
    counted: dict[str, int] = {}
    for each in days:
        counted[each.verdict] = counted.get(each.verdict, 0) + 1
    told = sorted(counted, key=lambda verdict: -counted[verdict])
    return ", ".join(f"{counted[verdict]:,} {verdict_words(verdict)}" for verdict in told)
