"""One trigger as moments in time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Optional
from zoneinfo import ZoneInfo

from dateutil import rrule

from ...model.known import Cause, Unknown
from ...model.report import Expansion, Expected, ServerZone
from ...model.snapshot import Trigger
from .parse import LAST_DAY, WEEK_OF_MONTH, WEEKDAYS, Temporal, label, read_temporal
from .zones import NEAR, to_instant, zone_for

# A run recorded this long after a moment may still be the one that the moment started.
START_DELAY = timedelta(minutes=15)
# DSS does not document on which day the weeks of "every 2 weeks" begin. It matters only for weeks of several days.
FIRST_DAY_OF_WEEK = 0  # Monday
# What one call may expand to: a week of minutes.
MOST_INSTANTS = 10_080

_REFERENCE_DAY = date(2000, 1, 1)


@dataclass(frozen=True)
class Anchors:
    """What is known of a trigger's rhythm: the next run by DSS's own computation, and when it fired (newest first; read
    once, and no further than need be).

    DSS does not document from which day "every 3 days" counts: one such moment tells."""

    next_run: Optional[datetime] = None
    starts: Iterable[datetime] = ()


def instants(
    trigger: Trigger, after: datetime, before: datetime, server: ServerZone, anchors: Anchors = Anchors()
) -> Expansion:
    """The moments at which a time-based trigger fires, from `after` (included) to `before` (not included), whether
    they lie in the past or in the future.

    Every day at 02:00 in Paris, from 28 to 31 March 2026: 28th 01:00 UTC, 29th 01:00 UTC (02:00 does not exist that
    night: any time up to 03:00 summer time is right), 30th 00:00 UTC."""
    temporal = read_temporal(trigger)
    if isinstance(temporal, Unknown):
        return Expansion(unknown=temporal)
    if temporal.frequency == "Minutely" and temporal.start is None:
        return Expansion(
            cadence_seconds=temporal.repeat * 60.0,
            caveats=("It has no start: its pauses can be judged, not single moments.",),
        )
    zone = zone_for(temporal, server)
    if isinstance(zone, Unknown) and not temporal.elapsed_step:
        return Expansion(unknown=zone)
    # Steps in elapsed time need no zone once one of them is known.
    rhythm = _Rhythm(temporal, ZoneInfo("UTC") if isinstance(zone, Unknown) else zone, label(trigger))
    phase = rhythm.observed_phase(anchors)
    if phase is None and isinstance(zone, Unknown) and temporal.repeat == 1:
        return Expansion(unknown=zone)
    phase = rhythm.only_phase() if phase is None else phase
    if phase is None:
        return Expansion(unknown=_no_phase(temporal))
    if rhythm.count_between(after, before) > MOST_INSTANTS:
        return Expansion(unknown=Unknown("too many moments to list", Cause.NOT_BUILT, "a shorter period"))
    return Expansion(tuple(rhythm.between(after, before, phase)), caveats=rhythm.caveats)


def _no_phase(temporal: Temporal) -> Unknown:
    unit = {"Minutely": "minute", "Hourly": "hour", "Daily": "day", "Weekly": "week", "Monthly": "month"}
    return Unknown(
        f"DSS does not say from which {unit[temporal.frequency]} it counts every {temporal.repeat}, "
        "and neither a next run nor a past one tells",
        Cause.NOT_RECORDED,
        "one run of this trigger, or DSS's next run",
    )


class _Rhythm:
    """A trigger in its zone: which periods it knows, which of them it uses (the phase), and its moment in each."""

    def __init__(self, temporal: Temporal, zone: ZoneInfo, name: str) -> None:
        self.temporal = temporal
        self.zone = zone
        self.names = (name,)
        self.start_day = temporal.start_day(zone)

    # ... where in its period

    def only_phase(self) -> Optional[int]:
        """Its phase where there is but one: every hour, day, week or month. None where it skips some."""
        if self.temporal.repeat > 1:
            return None
        return int(self._first_hour().timestamp()) % 3600 if self.temporal.frequency == "Hourly" else 0

    def observed_phase(self, anchors: Anchors) -> Optional[int]:
        """Which of `repeat` periods (or which second of the step) is its own, by what DSS did or says it will do."""
        if self.temporal.frequency == "Minutely":
            return self._minute_phase(anchors)
        if self.temporal.frequency == "Hourly":
            return self._hour_phase(anchors)
        for moment, patience in _moments(anchors):
            for wall in self._walls_near(moment):
                first, until = to_instant(wall, self.zone)
                if first - NEAR <= moment <= (until or first) + patience and self._is_its_day(wall):
                    return self._period(wall.date()) % self.temporal.repeat
        return None

    def _minute_phase(self, anchors: Anchors) -> Optional[int]:
        if self.temporal.repeat == 1:
            return 0
        newest = next((moment for moment, _ in _moments(anchors)), None)
        return None if newest is None else int(newest.timestamp()) // 60 * 60 % (60 * self.temporal.repeat)

    def _hour_phase(self, anchors: Anchors) -> Optional[int]:
        for moment, patience in _moments(anchors):
            for hour in self._hours_near(moment):
                if hour - NEAR <= moment <= hour + patience:
                    return int(hour.timestamp()) % (3600 * self.temporal.repeat)
        return None

    def _first_hour(self) -> datetime:
        day = self.start_day or _REFERENCE_DAY
        return to_instant(self._on(day), self.zone)[0]

    def _hours_near(self, moment: datetime) -> Iterator[datetime]:
        """The hours next to `moment` that have its minute: counted on from its start, and on the wall clock. The two
        differ only where summer time moves the clocks by less than an hour."""
        past = (int(moment.timestamp()) - int(self._first_hour().timestamp())) % 3600
        counted = moment.replace(second=0, microsecond=0) - timedelta(minutes=past // 60)
        clock = moment.astimezone(self.zone).replace(minute=self.temporal.minute, second=0, microsecond=0)
        for hour in (counted, clock.astimezone(timezone.utc)):
            yield from (hour - timedelta(hours=1), hour, hour + timedelta(hours=1))

    def _walls_near(self, moment: datetime) -> Iterator[datetime]:
        today = moment.astimezone(self.zone).date()
        yield from (self._on(today + timedelta(days=shift)) for shift in (0, -1, 1))

    def _is_its_day(self, wall: datetime) -> bool:
        return any(found == wall for found, _ in self._walls(wall.date(), wall.date(), phase=None))

    # ... and its moments

    @property
    def caveats(self) -> tuple[str, ...]:
        if self.temporal.month_day not in WEEK_OF_MONTH or self.start_day is None:
            return ()
        week = self.temporal.month_day.replace("_", " ").lower()
        day = WEEKDAYS[self.start_day.weekday()]
        return (f"DSS does not document which day “{week}” is; it is taken as that {day} of the month.",)

    def count_between(self, after: datetime, before: datetime) -> float:
        """About how many moments there are."""
        step = self.temporal.elapsed_step or 86400
        return max(0.0, (before - self._not_before(after)).total_seconds() / step)

    def _not_before(self, after: datetime) -> datetime:
        if self.start_day is None:
            return after
        midnight = datetime.combine(self.start_day, datetime.min.time())
        begin = self._on(self.start_day) if self.temporal.frequency == "Hourly" else midnight
        return max(after, to_instant(begin, self.zone)[0])

    def between(self, after: datetime, before: datetime, phase: int) -> Iterator[Expected]:
        after = self._not_before(after)
        if self.temporal.elapsed_step:
            yield from self._steps(after, before, phase)
            return
        last: Optional[datetime] = None
        first_day = after.astimezone(self.zone).date() - timedelta(days=2)
        final_day = before.astimezone(self.zone).date() + timedelta(days=2)
        for wall, doubt in self._walls(first_day, final_day, phase):
            at, until = to_instant(wall, self.zone)
            if after <= at < before and at != last:
                yield Expected(at, self.names, until, doubt, self.temporal.changed_at)
                last = at

    def _steps(self, after: datetime, before: datetime, phase: int) -> Iterator[Expected]:
        step = self.temporal.elapsed_step or 1
        begin, end = math.ceil(after.timestamp()), math.ceil(before.timestamp())
        for second in range(begin + (phase - begin) % step, end, step):
            yield Expected(datetime.fromtimestamp(second, timezone.utc), self.names, saved_at=self.temporal.changed_at)

    def _walls(self, first: date, final: date, phase: Optional[int]) -> Iterator[tuple[datetime, str]]:
        """Wall-clock times on days `first` to `final`, with a doubt where there is one; any phase where None."""
        if self.temporal.frequency == "Monthly":
            yield from self._months(first, final, phase)
            return
        for number in range(first.toordinal(), final.toordinal() + 1):
            day = date.fromordinal(number)
            if phase is not None and self._period(day) % self.temporal.repeat != phase:
                continue
            if self.temporal.frequency == "Daily" or day.weekday() in self.temporal.weekdays:
                yield self._on(day), ""

    def _months(self, first: date, final: date, phase: Optional[int]) -> Iterator[tuple[datetime, str]]:
        interval = 1 if phase is None else self.temporal.repeat
        month = self._period(first) - ((self._period(first) - (phase or 0)) % interval)
        for wall in self._month_rule(date(month // 12, month % 12 + 1, 1), interval).between(
            datetime.combine(first, datetime.min.time()), datetime.combine(final, datetime.max.time()), inc=True
        ):
            yield wall, self._doubt(wall)

    def _month_rule(self, begin: date, interval: int) -> rrule.rrule:
        start, temporal = self._on(begin), self.temporal
        if temporal.month_day == LAST_DAY:
            return rrule.rrule(rrule.MONTHLY, interval=interval, dtstart=start, bymonthday=-1)
        if temporal.month_day in WEEK_OF_MONTH:
            weekday = rrule.weekday(self._start().weekday(), WEEK_OF_MONTH[temporal.month_day])
            return rrule.rrule(rrule.MONTHLY, interval=interval, dtstart=start, byweekday=weekday)
        # The last of the days up to the wanted one: the 31st, or what a shorter month has.
        days = range(min(self._month_day, 28), self._month_day + 1)
        return rrule.rrule(rrule.MONTHLY, interval=interval, dtstart=start, bymonthday=days, bysetpos=-1)

    def _doubt(self, wall: datetime) -> str:
        temporal = self.temporal
        by_day = temporal.month_day not in (LAST_DAY, *WEEK_OF_MONTH)
        if by_day and wall.day != self._month_day:
            return f"DSS does not document whether a month without a day {self._month_day} has a run"
        return ""

    @property
    def _month_day(self) -> int:
        return self.temporal.day_of_month or self._start().day

    def _start(self) -> date:
        return self.start_day or _REFERENCE_DAY

    def _on(self, day: date) -> datetime:
        return datetime.combine(day, time(self.temporal.hour, self.temporal.minute))

    def _period(self, day: date) -> int:
        if self.temporal.frequency == "Daily":
            return day.toordinal()
        if self.temporal.frequency == "Weekly":
            return (day.toordinal() - 1 - FIRST_DAY_OF_WEEK) // 7
        return day.year * 12 + day.month - 1


def _moments(anchors: Anchors) -> Iterator[tuple[datetime, timedelta]]:
    if anchors.next_run is not None:
        yield anchors.next_run, NEAR
    for start in anchors.starts:
        yield start, START_DELAY
