"""Promises of outputs, day by day: kept, missed, recovered, at risk; what is usual, and what could be promised.

For a person: *an output is due at a time of day on business days. Each day has a cycle, which begins with the first
start that leads to the output. A successful build serves one day, the one in whose cycle the run that made it started:
yesterday's build, finished late, never counts for today. A miss stays on record, though it may be recovered late.*

    Promise         what is declared of one object
    Record          its builds as far as they are known, and since when none is missing
    Starts          when builds that lead to it should begin
    ledger          every day of the last 90, and the day that counts now
    verdict         that day's verdict, with what is still to be expected

Worked example: due 07:00, the run that leads to it starts at 02:00. At 06:30 without a build the verdict is PENDING, at
07:10 MISSED, and RECOVERED_LATE once the build of the same night has ended at 07:25. At 06:30, had 3 of the 5 past runs
that were not ready after 4 h 30 min ended after 07:00, it would be AT_RISK.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from fractions import Fraction
from functools import lru_cache
from statistics import median
from typing import Optional
from zoneinfo import ZoneInfo

from ..model.known import Cause, Known, Unknown
from ..model.profile import Calendar, OpsProfile
from ..model.report import Budget, DayVerdict, Prediction, TimeOfDay
from ..model.snapshot import Build, Run
from . import words
from .calendars import WEEKDAYS, is_business_day
from .duration import percentile
from .forecast import Outlook, by_days
from .schedule.zones import to_instant, zone_of

STRIP_DAYS = 90
# The strip, and the due day before it; the due day after today.
BACK_DAYS, AHEAD_DAYS = STRIP_DAYS + 10, 15
USUAL_DAYS, USUAL_LEAST = 30, 5
CASES_LEAST = 10  # before a share of days is told or judged
ALERT_LEAST_SECONDS = 15 * 60.0
SUGGESTED_MARGIN_MINUTES = 15
# A run may be recorded a little before the moment that started it, a build a little outside its run.
EARLY, SLACK = timedelta(seconds=60), timedelta(minutes=2)
# Learned starts that lie further before the due time than usual are rebuilds of the day before.
LEAD_SPREAD_SECONDS = 3 * 3600.0
# Starts that are no further apart belong together.
LONG_PAUSE = timedelta(hours=6)
EVENING = timedelta(hours=12)  # before the due time
_DAY = timedelta(days=1)
_DAY_MINUTES = 24 * 60


# --- what is given ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Promise:
    """What is declared of one object's readiness; times of day are on the wall clock of `zone`."""

    zone: ZoneInfo
    due: Optional[time] = None
    available_by: Optional[time] = None
    days: Optional[tuple[str, ...]] = None
    calendar: Optional[Calendar] = None
    target: Optional[float] = None
    alert_after_seconds: Optional[float] = None
    max_age_seconds: Optional[float] = None
    warn_age_seconds: Optional[float] = None
    time_column: str = ""

    def is_due_on(self, day: date) -> bool:
        """Whether something is promised for that day."""
        wanted = self.days is None or WEEKDAYS[day.weekday()] in self.days
        return wanted and is_business_day(self.calendar, day)


def promise_of(profile: OpsProfile, name: str, default_zone: ZoneInfo) -> Promise:
    """The promise of the object that the profile calls `name`."""
    said = profile.datasets.get(name)
    if said is None:
        return Promise(default_zone)
    zone = zone_of(said.timezone) if said.timezone else default_zone
    return Promise(
        default_zone if isinstance(zone, Unknown) else zone,
        _time(said.due),
        _time(said.available_by),
        said.days,
        profile.calendars.get(said.calendar) if said.calendar else None,
        said.target,
        None if said.alert_after_minutes is None else said.alert_after_minutes * 60,
        None if said.max_age_hours is None else said.max_age_hours * 3600,
        None if said.warn_age_hours is None else said.warn_age_hours * 3600,
        said.time_column or "",
    )


def _time(text: Optional[str]) -> Optional[time]:
    return time.fromisoformat(text) if text else None


@dataclass(frozen=True)
class Record:
    """An object's builds, in any order. From `complete_since` on none is missing; None: any may be. `runs` are those of
    the scenarios that build it, in any order: a build belongs to the moment at which its run began."""

    builds: Known[Sequence[Build]]
    complete_since: Optional[datetime] = None
    runs: Sequence[Run] = ()


@dataclass(frozen=True)
class Starts:
    """When builds that lead to an object should begin, sorted: expected starts of scenarios, and the times by which
    its sources are declared to be there."""

    expected: tuple[datetime, ...] = ()
    cut_offs: tuple[datetime, ...] = ()


# --- due moments and cycles ------------------------------------------------------------------------------------------


def dues(promise: Promise, at: Optional[time], first: date, last: date) -> tuple[tuple[date, datetime], ...]:
    """The days from `first` to `last` on which something is promised, each with the moment of its time of day.

    A time that the clocks skip is due at the shifted time: 02:30 on the night when 02:00 becomes 03:00 is 03:30."""
    return () if at is None else _dues(promise.zone, promise.days, promise.calendar, at, first, last)


# Most outputs of a project share their days: worked out once for all of them.
@lru_cache(maxsize=256)
def _dues(
    zone: ZoneInfo,
    wanted: Optional[tuple[str, ...]],
    calendar: Optional[Calendar],
    at: time,
    first: date,
    last: date,
) -> tuple[tuple[date, datetime], ...]:
    promise = Promise(zone, days=wanted, calendar=calendar)
    days = (first + timedelta(days=shift) for shift in range((last - first).days + 1))
    return tuple((day, _moment(day, at, zone)) for day in days if promise.is_due_on(day))


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    first, until = to_instant(datetime.combine(day, at), zone)
    return until or first


def last_due(promise: Promise, at: Optional[time], now: datetime) -> Optional[datetime]:
    """The newest moment that has passed at which it was due, None where there was none in ten weeks."""
    today = now.astimezone(promise.zone).date()
    return max((due for _, due in dues(promise, at, today - timedelta(days=70), today) if due <= now), default=None)


@dataclass(frozen=True)
class Cycle:
    """One due day: a build whose run starts from `begins` on, and before the next cycle begins, serves it. `known` says
    whether that beginning is more than the due time before."""

    day: date
    due: datetime
    begins: datetime
    known: bool = True


def cycles(promise: Promise, record: Record, starts: Starts, now: datetime) -> tuple[Cycle, ...]:
    """The cycles of the due days around now, oldest first.

    A cycle begins with the first expected start of the last day before its due time that has one; where starts of that
    day lie far apart, with the first after the longest pause: an afternoon's refresh does not begin the night. Else
    with the declared time of its sources, else with the learned earliest start, else with the due time before."""
    assert promise.due is not None, "only for an object with a due time"
    today = now.astimezone(promise.zone).date()
    found = dues(promise, promise.due, today - timedelta(days=BACK_DAYS), today + timedelta(days=AHEAD_DAYS))
    made = _cycles(found, starts.expected, starts.cut_offs, None)
    if all(cycle.known for cycle in made):
        return made
    lead = _learned_lead(record, [due for _, due in found if due <= now])
    return made if lead is None else _cycles(found, starts.expected, starts.cut_offs, lead)


# The outputs of one scenario that are due at one time share their cycles.
@lru_cache(maxsize=256)
def _cycles(
    found: tuple[tuple[date, datetime], ...],
    expected: tuple[datetime, ...],
    cut_offs: tuple[datetime, ...],
    lead: Optional[timedelta],
) -> tuple[Cycle, ...]:
    made = []
    for (_, before), (day, due) in zip(found, found[1:]):
        begins = _first_of_last_day(expected, before, due) or _first_of_last_day(cut_offs, before, due)
        if begins is None and lead is not None:
            begins = max(before, due - lead)
        made.append(Cycle(day, due, begins or before, begins is not None))
    return tuple(made)


def _first_of_last_day(moments: Sequence[datetime], before: datetime, due: datetime) -> Optional[datetime]:
    newest = bisect_right(moments, due) - 1
    if newest < 0 or moments[newest] <= before:
        return None
    days_back = math.ceil((due - moments[newest]) / _DAY) or 1
    since = max(before, due - days_back * _DAY)
    if newest == 0 or moments[newest - 1] <= since:
        return moments[newest]
    day = moments[bisect_right(moments, since) : newest + 1]
    pauses = [later - earlier for earlier, later in zip((since, *day), day)]
    longest = max(pauses)
    return day[pauses.index(longest)] if longest > LONG_PAUSE else day[0]


def _learned_lead(record: Record, past: Sequence[datetime]) -> Optional[timedelta]:
    """How long before the due time the earliest build of a day usually begins, None without a handful of days."""
    if isinstance(record.builds, Unknown):
        return None
    begun = sorted(build.start for build in record.builds if build.success and build.start)
    leads = []
    for due in past[-USUAL_DAYS:]:
        newest = bisect_right(begun, due) - 1
        if newest >= 0 and due - begun[newest] < _DAY:
            leads.append((due - begun[newest]).total_seconds())
    if len(leads) < USUAL_LEAST:
        return None
    most = median(leads) + LEAD_SPREAD_SECONDS
    return timedelta(seconds=max(lead for lead in leads if lead <= most))


# --- the days --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ledger:
    """The days that are judged, oldest first, with the one that counts now last; `cycle` is that one's. Without any
    day, its first due day is still to come, at `next_due` if that is near. What starts from `ends` on serves the next."""

    days: tuple[DayVerdict, ...]
    cycle: Optional[Cycle]
    reason: str
    next_due: Optional[datetime] = None
    ends: Optional[datetime] = None

    @property
    def standing(self) -> Optional[DayVerdict]:
        return self.days[-1] if self.days else None

    @property
    def past(self) -> tuple[DayVerdict, ...]:
        return self.days[:-1]


def ledger(promise: Promise, record: Record, starts: Starts, now: datetime) -> Ledger:
    """Judge every due day of the last 90 by the builds that serve it.

    A day counts from its morning, or from the evening before once its cycle has begun; until then the day before it
    does: a miss of the morning stands all day."""
    made = cycles(promise, record, starts, now)
    today = now.astimezone(promise.zone).date()
    begun = [c for c in made if c.due <= now or c.day == today or (c.known and max(c.begins, c.due - EVENING) <= now)]
    if not begun:
        return Ledger((), None, "its first due day is still to come", made[0].due if made else None)
    served = _Served(record, begun)
    oldest = today - timedelta(days=STRIP_DAYS)
    shown = range(bisect_right([cycle.day for cycle in begun[:-1]], oldest), len(begun))
    judged = [served.judge(place, now) for place in shown]
    ends = made[len(begun)].begins if len(made) > len(begun) else None
    return Ledger(tuple(judged), begun[-1], served.reason(promise.zone, now), ends=ends)


class _Served:
    """Which builds serve which of the cycles."""

    def __init__(self, record: Record, made: Sequence[Cycle]) -> None:
        self.record = record
        self.cycles = made
        self.ends: dict[int, datetime] = {}  # of the first build that serves each
        self.doubtful: dict[int, datetime] = {}
        self.oldest: Optional[datetime] = None
        if not isinstance(record.builds, Unknown):
            self._sort(record.builds)

    def _sort(self, builds: Sequence[Build]) -> None:
        begins = [cycle.begins for cycle in self.cycles]
        # Of runs that began together the one that lasts longest comes last, as it is looked at first.
        runs = sorted(
            (run for run in self.record.runs if run.start and run.trigger_type != "sub"),
            key=lambda run: (_run_start(run), run.end is None, run.end or _run_start(run)),
        )
        starts = [_run_start(run) for run in runs]
        self.oldest = min((at for build in builds for at in (build.start, build.end) if at), default=None)
        for build in builds:
            if not build.success or build.end is None:
                continue
            known = build.start is not None and build.start <= build.end
            began = _began(build, runs, starts) if known else build.end
            place = bisect_right(begins, began + EARLY) - 1
            if place < 0:
                continue
            if known:
                self.ends[place] = min(build.end, self.ends.get(place, build.end))
            else:
                self.doubtful[place] = min(build.end, self.doubtful.get(place, build.end))

    def judge(self, place: int, now: datetime) -> DayVerdict:
        cycle = self.cycles[place]
        end = self.ends.get(place)
        if end is not None and end <= cycle.due:
            return DayVerdict(cycle.day, cycle.due, "MET", end)
        if end is not None:
            verdict = "RECOVERED_LATE" if self._complete(place) else "UNKNOWN"
            return DayVerdict(cycle.day, cycle.due, verdict, end if verdict == "RECOVERED_LATE" else None)
        if isinstance(self.record.builds, Unknown) or place in self.doubtful:
            return DayVerdict(cycle.day, cycle.due, "UNKNOWN")
        if now <= cycle.due:
            return DayVerdict(cycle.day, cycle.due, "PENDING")
        return DayVerdict(cycle.day, cycle.due, "MISSED" if self._complete(place) else "UNKNOWN")

    def _complete(self, place: int) -> bool:
        """Whether no build of the cycle can be missing. A day before the first build on record proves nothing, unless
        it is the one that counts now."""
        cycle, since = self.cycles[place], self.record.complete_since
        if since is None or since > cycle.begins + EARLY:
            return False
        return place + 1 == len(self.cycles) or (self.oldest is not None and self.oldest <= cycle.due)

    def reason(self, zone: tzinfo, now: datetime) -> str:
        """Why the last of the cycles stands as it does."""
        place = len(self.cycles) - 1
        cycle, builds = self.cycles[place], self.record.builds
        told = words.moment(cycle.due, zone, now)
        if isinstance(builds, Unknown):
            return f"due {told}, but its builds are not known: {builds.reason}"
        end = self.ends.get(place)
        verdict = self.judge(place, now).verdict
        if end is not None:
            said = f"ready {words.moment(end, zone, now)}, {words.late((end - cycle.due).total_seconds())}; due {told}"
            return said if verdict != "UNKNOWN" else f"{said}; whether a build before it was in time is not on record"
        if place in self.doubtful:
            ended = words.moment(self.doubtful[place], zone, now)
            return f"due {told}; a build ended {ended}, but when it began is not on record"
        if verdict == "PENDING":
            return f"due {told}, in {words.duration((cycle.due - now).total_seconds())}"
        overdue = f"due {told}, {words.duration((now - cycle.due).total_seconds())} ago"
        if verdict == "MISSED":
            return f"{overdue}, and not built in its cycle"
        return f"{overdue}; no build of its cycle is on record, and the record may lack some"


def _began(build: Build, runs: Sequence[Run], starts: Sequence[datetime]) -> datetime:
    """The start of the run that the build is a part of, else its own."""
    assert build.start is not None, "asked only where it is known"
    assert build.end is not None, "asked only where it is known"
    for place in range(bisect_right(starts, build.start + EARLY) - 1, -1, -1):
        end = runs[place].end
        if end is None or end + SLACK >= build.end:
            return min(starts[place], build.start)
        if build.start - starts[place] > 3 * _DAY:
            break
    return build.start


def _run_start(run: Run) -> datetime:
    assert run.start is not None, "runs without a start are left out"
    return run.start


# --- today -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    """The verdict that stands now: one of `SLA_ORDER`. `prediction` is None where it is ready."""

    due_at: Optional[datetime]
    verdict: str
    reason: str
    tight: bool = False
    prediction: Known[Optional[Prediction]] = None


def verdict(book: Ledger, outlook: Callable[[], Known[Outlook]], zone: tzinfo, now: datetime) -> Verdict:
    """What stands now. `outlook` tells what is still to be expected of the day's build, asked only where it is not
    there; Unknown where no run that leads to it can be foreseen: then the days before tell."""
    day = book.standing
    if day is None:
        return Verdict(book.next_due, "PENDING", book.reason)
    tight = is_tight(book)
    if day.verdict not in ("PENDING", "MISSED"):
        return Verdict(day.due_at, day.verdict, book.reason, tight)
    seen = outlook()
    if isinstance(seen, Unknown):
        seen = by_days(_ends(book.past), day.due_at, now) or seen
    if day.verdict == "MISSED":
        told = seen if isinstance(seen, Unknown) else seen.prediction
        return Verdict(day.due_at, "MISSED", _with(book.reason, told, day.due_at, zone, now), tight, told)
    return _still_to_come(book, day, seen, tight, zone, now)


def _still_to_come(
    book: Ledger, day: DayVerdict, seen: Known[Outlook], tight: bool, zone: tzinfo, now: datetime
) -> Verdict:
    told: Known[Optional[Prediction]] = seen if isinstance(seen, Unknown) else seen.prediction
    if isinstance(told, Prediction):
        kept, of = _such_days(book.past, day.due_at, now)
        told = replace(told, kept=kept, of=of)
    reason = _with(book.reason, told, day.due_at, zone, now)
    risk = "" if isinstance(seen, Unknown) else seen.risk(day.due_at, tight)
    if risk:
        return Verdict(day.due_at, "AT_RISK", f"{reason}; {risk}", tight, told)
    if tight:
        return Verdict(day.due_at, "TIGHT", f"{reason}; more than one day in ten comes after it is due", tight, told)
    return Verdict(day.due_at, "PENDING", reason, tight, told)


def _with(reason: str, told: Known[Optional[Prediction]], due: datetime, zone: tzinfo, now: datetime) -> str:
    return f"{reason}; {_expected_text(told, due, zone, now)}" if isinstance(told, Prediction) else reason


def _expected_text(told: Prediction, due: datetime, zone: tzinfo, now: datetime) -> str:
    said = f"expected about {words.moment(told.p50, zone, now)}"
    if told.p90 > told.p50:
        said += f", nine times in ten by {words.moment(told.p90, zone, now)}"
    if not told.of:
        return said
    days = "mornings" if due.astimezone(zone).hour < 12 else "days"
    return f"{said}; met on {told.kept} of {told.of} such {days}"


def _ends(days: Iterable[DayVerdict]) -> list[float]:
    """Seconds from due to the end of each day's build, negative before it."""
    return [(day.ended_at - day.due_at).total_seconds() for day in days if day.ended_at]


def _such_days(days: Iterable[DayVerdict], due: datetime, now: datetime) -> tuple[int, int]:
    """Of the days that were not ready either at this time before they were due, how many kept the promise, and of how
    many; 0 of 0 where they are too few."""
    before = (now - due).total_seconds()
    judged = [day for day in days if day.verdict in ("MET", "MISSED", "RECOVERED_LATE")]
    alike = [day for day in judged if day.ended_at is None or (day.ended_at - day.due_at).total_seconds() > before]
    if len(alike) < CASES_LEAST:
        return 0, 0
    return sum(day.verdict == "MET" for day in alike), len(alike)


def is_tight(book: Ledger) -> bool:
    """Whether more than one in ten of the last 30 days' builds came after they were due."""
    judged = [day for day in _recent(book) if day.verdict in ("MET", "MISSED", "RECOVERED_LATE")]
    if len(judged) < CASES_LEAST:
        return False
    ends = [(day.ended_at - day.due_at).total_seconds() if day.ended_at else math.inf for day in judged]
    ordered = sorted(ends)
    return ordered[math.ceil(0.9 * len(ordered)) - 1] > 0


def _recent(book: Ledger) -> tuple[DayVerdict, ...]:
    """The settled days of the last 30."""
    settled = [day for day in book.days if day.verdict != "PENDING"]
    if not settled:
        return ()
    before = settled[-1].day - timedelta(days=USUAL_DAYS)
    return tuple(day for day in settled if day.day > before)


def budget(book: Ledger, target: Optional[float]) -> Optional[Budget]:
    """Misses of the last 30 days against those that the target allows, counted exactly; None without a target.

    0.95 of 22 days allows one miss, 0.99 none: one tolerated would mean 21 of 22, 95.5 %."""
    if target is None:
        return None
    recent = _recent(book)
    judged = [day for day in recent if day.verdict != "UNKNOWN"]
    missed = sum(day.verdict in ("MISSED", "RECOVERED_LATE") for day in judged)
    allowed = math.floor((1 - Fraction(str(target))) * len(judged))
    means = (len(judged) - 1) / len(judged) if judged and allowed == 0 else None
    return Budget(len(judged), missed, len(recent) - len(judged), target, allowed, means)


# --- what is usual ---------------------------------------------------------------------------------------------------


def typical_completion(promise: Promise, book: Ledger) -> Known[TimeOfDay]:
    """When it is usually ready on days of this kind (weekday or weekend): counted in minutes from the due time, never
    from midnight, over the last 30 days."""
    assert promise.due is not None, "only for an object with a due time"
    weekend = book.standing is not None and book.standing.day.weekday() >= 5
    away = [seconds / 60 for seconds in _ends(day for day in _recent(book) if (day.day.weekday() >= 5) == weekend)]
    if len(away) < USUAL_LEAST:
        return _learning(len(away), weekend)
    return _usual(_minutes(promise.due), away, promise.zone)


def usual_time(ends: Iterable[datetime], now: datetime, zone: tzinfo) -> Known[TimeOfDay]:
    """The usual time of day of the last 30 days' ends, on days of the same kind (weekday or weekend) as today, where
    nothing says when they are due.

    Minutes are counted from the newest end, never from midnight: 23:50 and 00:10 are 20 minutes apart. Of several ends
    on one day the first counts."""
    recent = [end.astimezone(zone) for end in sorted(ends) if end <= now and now - end < timedelta(days=USUAL_DAYS)]
    weekend = now.astimezone(zone).weekday() >= 5
    if not recent:
        return _learning(0, weekend)
    anchor = _minutes(recent[-1].time())
    # The day that an end belongs to turns half a day away from the anchor, where the fewest ends are.
    firsts: dict[date, float] = {}
    for local in recent:
        away = around(_minutes(local.time()) - anchor)
        day = (local.replace(tzinfo=None) - timedelta(minutes=anchor + away) + _DAY / 2).date()
        firsts.setdefault(day, away)
    if len(recent) >= 2 * len(firsts):
        return Unknown(
            f"built about {len(recent) / len(firsts):.0f} times a day: no one time is usual", Cause.NOT_RECORDED
        )
    alike = [away for day, away in firsts.items() if (day.weekday() >= 5) == weekend]
    return _learning(len(alike), weekend) if len(alike) < USUAL_LEAST else _usual(anchor, alike, zone)


def _usual(anchor: float, away: Sequence[float], zone: tzinfo) -> TimeOfDay:
    return TimeOfDay(
        anchor + median(away), anchor + percentile(away, 0.95), len(away), getattr(zone, "key", "") or str(zone)
    )


def _learning(n: int, weekend: bool) -> Unknown:
    kind = "weekend days" if weekend else "weekdays"
    return Unknown(f"learning: {n} of {USUAL_LEAST} {kind} with a build", Cause.NOT_RECORDED)


def _minutes(at: time) -> float:
    return at.hour * 60 + at.minute + at.second / 60


def around(minutes: float) -> float:
    """Minutes the short way around the clock: -12 h to +12 h."""
    return (minutes + _DAY_MINUTES / 2) % _DAY_MINUTES - _DAY_MINUTES / 2


def alert_after(promise: Promise, usual: Known[TimeOfDay]) -> Known[float]:
    """Seconds after the due time from which an alert is due: as declared, else twice the way from the usual to the slow
    completion, 15 min at least."""
    if promise.alert_after_seconds is not None:
        return promise.alert_after_seconds
    if isinstance(usual, Unknown):
        return usual
    return max(ALERT_LEAST_SECONDS, 2 * 60 * (usual.p95 - usual.p50))


def suggestion(usual: Known[TimeOfDay]) -> str:
    """A promise that history could keep: its slow completion and 15 min, up to the next quarter hour; '' without
    history."""
    if isinstance(usual, Unknown):
        return ""
    return words.hhmm(words.quarter_up(usual.p95 + SUGGESTED_MARGIN_MINUTES) % _DAY_MINUTES)
