"""Promises of outputs: is the one for today kept, what is usual, and what could be promised.

A promise for a day is kept by a build that started in that day's cycle and ended in time: yesterday's build, finished
late, never counts for today. The cycle begins with the first expected start that leads to the output after the promise
before; where no start is known, with that promise.

Worked example: due 07:00, the run that leads to it starts at 02:00. At 06:30 without a build the verdict is PENDING, at
07:10 MISSED, and RECOVERED_LATE once the build of the same night has ended at 07:25.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Optional

from dateutil import tz

from ..model.known import Cause, Known, Unknown
from ..model.profile import Calendar, OpsProfile
from ..model.report import TimeOfDay
from ..model.snapshot import Build, ObjectFacts
from . import words
from .calendars import age_in_business_time, is_business_day
from .duration import percentile

USUAL_DAYS, USUAL_LEAST = 30, 5
_DAY_MINUTES = 24 * 60
_NOON = timedelta(hours=12)
# Due days may be as rare as once a month, two of which are needed.
_DUE_DAYS = 70


@dataclass(frozen=True)
class Promise:
    """What is declared of one object's readiness."""

    zone: str
    due: Optional[time] = None
    days: Optional[tuple[str, ...]] = None
    calendar: Optional[Calendar] = None
    alert_after_seconds: Optional[float] = None
    max_age_seconds: Optional[float] = None
    warn_age_seconds: Optional[float] = None

    @property
    def clock(self) -> tzinfo:
        return tz.gettz(self.zone) or tz.UTC

    def is_due_on(self, day: date) -> bool:
        """Whether something is promised for that day."""
        wanted = self.days is None or words.DAYS[day.weekday()].lower() in self.days
        return wanted and is_business_day(self.calendar, day)


def promise_of(profile: OpsProfile, name: str, default_zone: str) -> Promise:
    """The promise of the object that the profile calls `name`."""
    said = profile.datasets.get(name)
    if said is None:
        return Promise(default_zone)
    return Promise(
        said.timezone or default_zone,
        time.fromisoformat(said.due) if said.due else None,
        said.days,
        profile.calendars.get(said.calendar) if said.calendar else None,
        None if said.alert_after_minutes is None else said.alert_after_minutes * 60,
        None if said.max_age_hours is None else said.max_age_hours * 3600,
        None if said.warn_age_hours is None else said.warn_age_hours * 3600,
    )


def due_verdict(
    promise: Promise, facts: ObjectFacts, now: datetime, starts: Callable[[datetime, datetime], Sequence[datetime]]
) -> tuple[Optional[datetime], str, str]:
    """The promise that counts now, its verdict (one of `SLA_ORDER`) and the reason.

    A day's promise counts from the morning of its day, or from its cycle's first start where that comes before; until
    then the promise before it does. `starts` gives the expected starts that lead to the object between two moments."""
    assert promise.due is not None, "only for an object with a due time"
    dues = _dues(promise, now)
    past = [due for due in dues if due <= now]
    following = next((due for due in dues if due > now), None)
    if following is not None and past:
        begins = _cycle_start(past[-1], following, starts)
        today = following.astimezone(promise.clock).date() == now.astimezone(promise.clock).date()
        if today or (begins is not None and begins <= now):
            return _judge(promise, facts, now, following, begins or past[-1])
    if len(past) < 2:
        return following, "PENDING", "its first due day is still to come"
    before, due = past[-2:]
    return _judge(promise, facts, now, due, _cycle_start(before, due, starts) or before)


def _cycle_start(
    before: datetime, due: datetime, starts: Callable[[datetime, datetime], Sequence[datetime]]
) -> Optional[datetime]:
    """The first start of the 24 hours before `due`, else the last one since the promise before; None where none is
    expected. A daily run on a holiday does not serve the business day after it."""
    between = [start for start in starts(before, due) if before < start <= due]
    near = [start for start in between if start > due - timedelta(days=1)]
    return near[0] if near else between[-1] if between else None


def _judge(
    promise: Promise, facts: ObjectFacts, now: datetime, due: datetime, begins: datetime
) -> tuple[datetime, str, str]:
    told = words.moment(due, promise.clock, now)
    builds = _builds(facts)
    if isinstance(builds, Unknown):
        return due, "UNKNOWN", f"due {told}, but its builds are not known: {builds.reason}"
    served = [build for build in builds if build.success and build.end and (build.start or build.end) >= begins]
    if served:
        end = min(build.end for build in served if build.end)
        seconds = (end - due).total_seconds()
        said = f"ready {words.moment(end, promise.clock, now)}, {words.late(seconds)}; due {told}"
        return due, "MET" if seconds <= 0 else "RECOVERED_LATE", said
    if now <= due:
        return due, "PENDING", f"due {told}, in {words.duration((due - now).total_seconds())}"
    overdue = words.duration((now - due).total_seconds())
    return due, "MISSED", f"due {told}, {overdue} ago, and not built in its cycle"


def _builds(facts: ObjectFacts) -> Known[Sequence[Build]]:
    """Every build known of the object: the history, else the newest successful one."""
    if not isinstance(facts.builds, Unknown):
        return facts.builds
    if isinstance(facts.last_success, Unknown):
        return facts.last_success
    return () if facts.last_success is None else (facts.last_success,)


def _dues(promise: Promise, now: datetime) -> list[datetime]:
    assert promise.due is not None, "only for an object with a due time"
    today = now.astimezone(promise.clock).date()
    days = (today + timedelta(days=shift) for shift in range(-_DUE_DAYS, 15))
    return [
        datetime.combine(day, promise.due, promise.clock).astimezone(tz.UTC) for day in days if promise.is_due_on(day)
    ]


def last_due(promise: Promise, now: datetime) -> Optional[datetime]:
    """The newest moment that has passed at which it was due, None where there was none in ten weeks."""
    return max((due for due in _dues(promise, now) if due <= now), default=None)


def age_verdict(promise: Promise, success: Known[Optional[Build]], now: datetime) -> tuple[str, str]:
    """The verdict (one of `FRESHNESS_ORDER`) on the age of the last successful build, in business time where a calendar
    is declared."""
    if isinstance(success, Unknown):
        return "UNKNOWN", f"its last build is not known: {success.reason}"
    if success is None or success.end is None:
        return "UNKNOWN", "no successful build is on record"
    age = age_in_business_time(promise.calendar, success.end, now, promise.clock)
    said = f"{words.duration(age)} old"
    for verdict, limit in (("STALE_ERROR", promise.max_age_seconds), ("STALE_WARN", promise.warn_age_seconds)):
        if limit is not None and age > limit:
            return verdict, f"{said}, more than {words.duration(limit)}"
    limit = promise.max_age_seconds or promise.warn_age_seconds
    return "FRESH", f"{said}, at most {words.duration(limit)} allowed" if limit else said


# --- what is usual ---------------------------------------------------------------------------------------------------


def usual_time(ends: Sequence[datetime], now: datetime, zone: tzinfo, due: Optional[time] = None) -> Known[TimeOfDay]:
    """The usual time of day of the last 30 days' ends, on days of the same kind (weekday or weekend) as today.

    Minutes are counted from the due time, or from the newest end where nothing is due, never from midnight: 23:50 and
    00:10 are 20 minutes apart. Of several ends on one day the first counts."""
    recent = [end for end in sorted(ends) if end <= now and (now - end).days < USUAL_DAYS]
    if not recent:
        return Unknown(f"learning: 0 of {USUAL_LEAST} days with a build", Cause.NOT_RECORDED)
    anchor = _minutes(due if due is not None else recent[-1].astimezone(zone).time())
    # The day that an end belongs to turns half a day away from the anchor, where the fewest ends are.
    firsts: dict[date, float] = {}
    for end in recent:
        local = end.astimezone(zone)
        away = around(_minutes(local.time()) - anchor)
        firsts.setdefault((local.replace(tzinfo=None) - timedelta(minutes=anchor + away) + _NOON).date(), away)
    if due is None and len(recent) >= 2 * len(firsts):
        return Unknown(
            f"built about {len(recent) / len(firsts):.0f} times a day: no one time is usual", Cause.NOT_RECORDED
        )
    weekend = now.astimezone(zone).weekday() >= 5
    alike = [away for day, away in firsts.items() if (day.weekday() >= 5) == weekend]
    if len(alike) < USUAL_LEAST:
        kind = "weekend days" if weekend else "weekdays"
        return Unknown(f"learning: {len(alike)} of {USUAL_LEAST} {kind} with a build", Cause.NOT_RECORDED)
    return TimeOfDay(anchor + percentile(alike, 0.5), anchor + percentile(alike, 0.95), len(alike), _zone_name(zone))


def _minutes(at: time) -> float:
    return at.hour * 60 + at.minute + at.second / 60


def around(minutes: float) -> float:
    """Minutes the short way around the clock: -12 h to +12 h."""
    return (minutes + _DAY_MINUTES / 2) % _DAY_MINUTES - _DAY_MINUTES / 2


def _zone_name(zone: tzinfo) -> str:
    return getattr(zone, "key", "") or str(zone)


def suggestion(usual: Known[TimeOfDay]) -> str:
    """A promise that history could keep: its slowest usual time and 15 min, up to the next quarter hour; '' without
    history."""
    if isinstance(usual, Unknown):
        return ""
    return words.hhmm(words.quarter_up(usual.p95 + 15) % _DAY_MINUTES)
