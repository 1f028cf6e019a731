"""Maintenance windows as spans of time: is an instant inside, and when is the window next.

A weekly window from 22:00 to 02:00 on Saturday begins on Saturday and ends on Sunday; one without days is on every day.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta, timezone
from typing import Optional

from dateutil import tz

from ..model.profile import Window
from .words import DAYS


def covers(window: Window, at: datetime, zone: str) -> bool:
    """Whether `at` falls into the window, on the clock of `zone` where the window is weekly."""
    return any(start <= at < end for start, end in spans(window, at, zone, days=1))


def merged(found: Iterable[tuple[datetime, datetime]]) -> tuple[tuple[datetime, datetime], ...]:
    """Spans in order, those that touch each other as one."""
    whole: list[tuple[datetime, datetime]] = []
    for start, end in sorted(found):
        if whole and start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        else:
            whole.append((start, end))
    return tuple(whole)


def current_or_next(window: Window, now: datetime, zone: str) -> Optional[tuple[datetime, datetime]]:
    """The span that goes on now or comes next, None where none is still to come."""
    coming = [span for span in spans(window, now, zone, days=8) if span[1] > now]
    return min(coming, default=None)


def spans(window: Window, after: datetime, zone: str, days: int) -> list[tuple[datetime, datetime]]:
    """The window's spans from the day before `after` to `days` days past it, oldest first."""
    clock = tz.gettz(window.timezone or zone) or tz.UTC
    if window.start is not None and window.end is not None:
        start, end = (at if at.tzinfo else at.replace(tzinfo=clock) for at in (window.start, window.end))
        return [(start.astimezone(timezone.utc), end.astimezone(timezone.utc))]
    if window.from_time is None or window.to_time is None:
        return []
    begins, ends = time.fromisoformat(window.from_time), time.fromisoformat(window.to_time)
    first = after.astimezone(clock).date() - timedelta(days=1)
    found = []
    for day in (first + timedelta(days=offset) for offset in range(days + 2)):
        if window.days and DAYS[day.weekday()].lower() not in window.days:
            continue
        last = day + timedelta(days=1) if ends <= begins else day
        start = datetime.combine(day, begins, clock).astimezone(timezone.utc)
        found.append((start, datetime.combine(last, ends, clock).astimezone(timezone.utc)))
    return found
