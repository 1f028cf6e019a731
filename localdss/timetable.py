"""When temporal triggers fire, worked out apart from the plugin: the local DSS's own opinion, for `nextRun` and stories.

Minutely and Hourly triggers step in elapsed time, the others on the wall clock of the trigger's zone. Where DSS documents
nothing this module has to choose, and says so: a trigger without a start counts from 1970, a wall-clock time that a change
of the clocks leaves out is taken one hour later, a monthly day that a month does not have is left out in that month.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, Optional
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil import parser
from dateutil.rrule import DAILY, MO, MONTHLY, WEEKLY, rrule, weekday

from .clock import to_ms

Raw = dict[str, Any]

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WEEKS = {"FIRST_WEEK": 1, "SECOND_WEEK": 2, "THIRD_WEEK": 3, "FOURTH_WEEK": 4, "LAST_WEEK": -1}
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall-clock time, made an instant in the trigger's zone
_LOOK_AHEAD = timedelta(days=800)


def triggers(scenario: Raw, kind: str = "temporal") -> list[Raw]:
    """The active triggers of one type that can fire: none where the scenario is inactive."""
    if not scenario.get("active"):
        return []
    return [t for t in scenario.get("triggers") or [] if t.get("type") == kind and t.get("active", True)]


def next_run(scenario: Raw, now: datetime, zone: str = "Europe/Paris") -> int:
    """DSS's `nextRun`: the first instant after `now` of any active temporal trigger, in milliseconds; 0 for none."""
    firsts = (next(instants(t.get("params") or {}, now, now + _LOOK_AHEAD, zone), None) for t in triggers(scenario))
    return min((to_ms(first) for first in firsts if first is not None), default=0)


def instants(params: Raw, after: datetime, until: datetime, zone: str = "Europe/Paris") -> Iterator[datetime]:
    """The instants (UTC) of a temporal trigger with `after` < instant ≤ `until`, in order. `zone` is the server's."""
    where = _zone(params.get("timezone"), zone)
    start = _start(params.get("startingFrom"), where)
    frequency = str(params.get("frequency") or "")
    repeat = max(1, int(params.get("repeatFrequency") or (params.get("count") if frequency == "Minutely" else 1) or 1))
    if frequency in ("Minutely", "Hourly"):
        step = timedelta(minutes=repeat) if frequency == "Minutely" else timedelta(hours=repeat)
        yield from _elapsed(params, start, where, step, after, until)
    else:
        yield from _wall_clock(params, frequency, repeat, start, where, after, until)


def digest(scenario: Raw) -> str:
    """DSS's one-line summary of a scenario's active triggers."""
    return ", ".join(_sentence(t) for t in scenario.get("triggers") or [] if t.get("active", True))


def _elapsed(
    params: Raw, start: Optional[datetime], where: ZoneInfo, step: timedelta, after: datetime, until: datetime
) -> Iterator[datetime]:
    day = start or _EPOCH
    anchor = _utc(day.replace(hour=int(params.get("hour") or 0), minute=int(params.get("minute") or 0)), where)
    count = 0 if after < anchor else (after - anchor) // step + 1
    at = anchor + count * step
    while at <= until:
        yield at
        at += step


def _wall_clock(
    params: Raw,
    frequency: str,
    repeat: int,
    start: Optional[datetime],
    where: ZoneInfo,
    after: datetime,
    until: datetime,
) -> Iterator[datetime]:
    first = after.astimezone(where).replace(tzinfo=None) - timedelta(days=1)
    rule = _rule(params, frequency, repeat, start, first)
    if rule is None:
        return
    hour, minute = int(params.get("hour") or 0), int(params.get("minute") or 0)
    last = until.astimezone(where).replace(tzinfo=None) + timedelta(days=1)
    for day in rule.xafter(first.replace(hour=0, minute=0, second=0, microsecond=0), inc=True):
        if day > last:
            return
        at = _utc(day.replace(hour=hour, minute=minute), where)
        if after < at <= until:
            yield at


def _rule(params: Raw, frequency: str, repeat: int, start: Optional[datetime], first: datetime) -> Optional[rrule]:
    """The days, from about `first` on, on which the trigger fires. Without a phase the rule is anchored in 1970, which
    matters for repeats only."""
    since = start or _EPOCH
    if frequency == "Daily":
        return rrule(DAILY, dtstart=_nearer(since, timedelta(days=repeat), first), interval=repeat)
    if frequency == "Weekly":
        days = [_DAYS.index(day) for day in params.get("daysOfWeek") or () if day in _DAYS] or [since.weekday()]
        since = _nearer(since, timedelta(weeks=repeat), first)
        return rrule(WEEKLY, dtstart=since, interval=repeat, byweekday=days, wkst=MO)
    if frequency != "Monthly":
        return None
    run_on = str(params.get("monthlyRunOn") or "ON_THE_DAY")
    if run_on == "LAST_DAY_OF_THE_MONTH":
        return rrule(MONTHLY, dtstart=since, interval=repeat, bymonthday=-1)
    if run_on in _WEEKS:
        return rrule(
            MONTHLY, dtstart=since, interval=repeat, byweekday=weekday(_weekday(params, start), _WEEKS[run_on])
        )
    return rrule(
        MONTHLY, dtstart=since, interval=repeat, bymonthday=start.day if start else int(params.get("dayOfMonth") or 1)
    )


def _nearer(since: datetime, period: timedelta, first: datetime) -> datetime:
    """The rule's start moved on by whole periods, so that nobody counts the days since 1970."""
    return since + max(0, (first - since) // period - 1) * period


def _weekday(params: Raw, start: Optional[datetime]) -> int:
    if start is not None:
        return start.weekday()
    named = [day for day in params.get("daysOfWeek") or () if day in _DAYS]
    return _DAYS.index(named[0]) if named else 0


def _start(written: Any, where: ZoneInfo) -> Optional[datetime]:
    """Midnight of the day, in the trigger's zone, from which the trigger may fire."""
    if not written:
        return None
    at = parser.isoparse(str(written))
    local = at.astimezone(where).replace(tzinfo=None) if at.tzinfo else at
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def _zone(name: Any, server: str) -> ZoneInfo:
    try:
        return ZoneInfo(server if name in (None, "", "SERVER") else str(name))
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(server)


def _utc(wall: datetime, where: ZoneInfo) -> datetime:
    return wall.replace(tzinfo=where).astimezone(timezone.utc)


def _sentence(trigger: Raw) -> str:
    params = trigger.get("params") or {}
    kind = trigger.get("type")
    if kind == "ds_modified":
        return "On changes of " + ", ".join(str(w.get("itemId")) for w in params.get("watches") or [])
    if kind == "sql_query":
        return f"On change of a query on {params.get('connection')}"
    if kind == "follow_scenariorun":
        return f"After scenario {params.get('scenarioId')}"
    if kind != "temporal":
        return str(trigger.get("name") or "Custom trigger")
    return _temporal_sentence(params)


def _temporal_sentence(params: Raw) -> str:
    frequency = params.get("frequency")
    repeat = int(params.get("repeatFrequency") or 1)
    clock = f"{int(params.get('hour') or 0):02d}:{int(params.get('minute') or 0):02d}"
    if frequency == "Minutely":
        return f"Every {repeat} minutes" if repeat > 1 else "Every minute"
    if frequency == "Hourly":
        every = f"Every {repeat} hours" if repeat > 1 else "Every hour"
        return f"{every} at {int(params.get('minute') or 0)} past"
    if frequency == "Weekly":
        return f"Every {', '.join(params.get('daysOfWeek') or ['week'])} at {clock}"
    if frequency == "Monthly":
        run_on = str(params.get("monthlyRunOn") or "ON_THE_DAY").replace("_", " ").lower()
        return f"Every month ({run_on}) at {clock}"
    return f"Every {repeat} days at {clock}" if repeat > 1 else f"Every day at {clock}"
