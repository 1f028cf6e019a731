"""A time-based trigger's settings, of any age and shape, as one value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from typing import Any, Optional, Union

from dateutil import parser

from ...model.known import Cause, Known, Unknown
from ...model.snapshot import Trigger

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FREQUENCIES = ("Minutely", "Hourly", "Daily", "Weekly", "Monthly")
ON_THE_DAY, LAST_DAY = "ON_THE_DAY", "LAST_DAY_OF_THE_MONTH"

# DSS does not document what "first week" means. It is taken as the first one of the weekday on which the trigger
# starts, the way its own screen fills the trigger in: started on a Wednesday, "first week" is the first Wednesday.
WEEK_OF_MONTH = {"FIRST_WEEK": 1, "SECOND_WEEK": 2, "THIRD_WEEK": 3, "FOURTH_WEEK": 4, "LAST_WEEK": -1}

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_ABSENT = object()


@dataclass(frozen=True)
class Temporal:
    """A time-based trigger. `start` is a day, a wall-clock time or an instant, as it was written; `zone` is '' for the
    server's; `weekdays` (0 is Monday) count only when weekly, `month_day` and `day_of_month` only when monthly."""

    frequency: str
    repeat: int = 1
    hour: int = 0
    minute: int = 0
    start: Union[date, datetime, None] = None
    weekdays: tuple[int, ...] = ()
    month_day: str = ON_THE_DAY
    day_of_month: Optional[int] = None
    zone: str = ""
    changed_at: Optional[datetime] = None

    @property
    def elapsed_step(self) -> Optional[int]:
        """Seconds between two instants where they step in elapsed time, else None."""
        unit = {"Minutely": 60, "Hourly": 3600}.get(self.frequency)
        return unit * self.repeat if unit else None

    def start_day(self, zone: Any) -> Optional[date]:
        """The day it starts on, in its own zone: 23:00 UTC is the next day in Paris."""
        if isinstance(self.start, datetime):
            return (self.start.astimezone(zone) if self.start.tzinfo else self.start).date()
        return self.start


def label(trigger: Trigger) -> str:
    """What to call a trigger: its name, else its id, else its type. Triggers made through the API have only a type."""
    return trigger.name or trigger.id or trigger.type


def read_temporal(trigger: Trigger) -> Known[Temporal]:
    """What a time-based trigger's settings say, or Unknown with what is wrong with them."""
    try:
        return _read(trigger.params)
    except _Unreadable as wrong:
        return Unknown(f"its settings cannot be read: {wrong}", Cause.BROKEN)


class _Unreadable(ValueError):
    pass


def _read(params: Mapping[str, Any]) -> Temporal:
    frequency = params.get("frequency")
    if frequency not in FREQUENCIES:
        raise _Unreadable(f"the frequency is {frequency!r}" if frequency else "no frequency is given")
    on_the_clock = frequency in ("Daily", "Weekly", "Monthly")
    temporal = Temporal(
        frequency=frequency,
        repeat=_repeat(params, frequency),
        hour=_whole(params, "hour", 0, 23, _ABSENT if on_the_clock else 0),
        minute=_whole(params, "minute", 0, 59, _ABSENT if on_the_clock else 0),
        start=_start(params.get("startingFrom")),
        weekdays=_weekdays(params.get("daysOfWeek")) if frequency == "Weekly" else (),
        zone=_zone(params.get("timezone")),
        changed_at=_instant(params.get("lastUpdate")),
    )
    return _monthly(temporal, params) if frequency == "Monthly" else temporal


def _monthly(temporal: Temporal, params: Mapping[str, Any]) -> Temporal:
    run_on = params.get("monthlyRunOn") or ON_THE_DAY
    if run_on not in (ON_THE_DAY, LAST_DAY, *WEEK_OF_MONTH):
        raise _Unreadable(f"monthlyRunOn is {run_on!r}")
    if temporal.start is not None or run_on == LAST_DAY:
        return replace(temporal, month_day=run_on)
    if run_on != ON_THE_DAY or "dayOfMonth" not in params:
        raise _Unreadable("it has no start, which would say the day")
    return replace(temporal, day_of_month=_whole(params, "dayOfMonth", 1, 31, _ABSENT))


def _repeat(params: Mapping[str, Any], frequency: str) -> int:
    if params.get("repeatFrequency") is not None:
        return _whole(params, "repeatFrequency", 1, 100_000, _ABSENT)
    # The old shape has `count` on every trigger, left over from a form; it repeats minutes only.
    if frequency == "Minutely" and params.get("count") is not None:
        return _whole(params, "count", 1, 100_000, _ABSENT)
    return 1


def _whole(params: Mapping[str, Any], key: str, low: int, high: int, default: Any) -> int:
    value = params.get(key)
    if value is None:
        if default is _ABSENT:
            raise _Unreadable(f"no {key} is given")
        return int(default)
    number = _number(value)
    if number is None or number != int(number) or not low <= number <= high:
        raise _Unreadable(f"{key} is {value!r}")
    return int(number)


def _number(value: Any) -> Optional[float]:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _weekdays(value: Any) -> tuple[int, ...]:
    names = [name.capitalize() if isinstance(name, str) else name for name in value] if _is_list(value) else []
    strange = [name for name in names if name not in WEEKDAYS]
    if strange:
        raise _Unreadable(f"{strange[0]!r} is not a day of the week")
    if not names:
        raise _Unreadable("no day of the week is chosen")
    return tuple(sorted({WEEKDAYS.index(name) for name in names}))


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))


def _start(value: Any) -> Union[date, datetime, None]:
    """Three shapes are met: "2025-07-16", "2021-03-03T23:00:00.000Z" and "…+0100"."""
    if value is None or value == "":
        return None
    try:
        if not isinstance(value, str) or len(value) < len("2025-07-16"):
            raise ValueError(value)
        moment = parser.isoparse(value)
    except (ValueError, OverflowError):
        raise _Unreadable(f"its start {value!r} is not a date") from None
    if not 1971 <= moment.year <= 9000:
        raise _Unreadable(f"its start {value!r} is out of range")
    return moment if "T" in value else moment.date()


def _zone(value: Any) -> str:
    if value is None or value in ("", "SERVER"):
        return ""
    if not isinstance(value, str):
        raise _Unreadable(f"its time zone is {value!r}")
    return value


def _instant(value: Any) -> Optional[datetime]:
    milliseconds = _number(value)
    if not milliseconds or not 0 < milliseconds < 250_000_000_000_000:
        return None
    return _EPOCH + timedelta(milliseconds=milliseconds)
