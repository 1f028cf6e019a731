"""Business days and business time.

Worked example: data built on Friday at 18:00 is, on Monday at 09:00, 63 hours old by the clock; in the business time of
a calendar without Saturday and Sunday it is 15 hours old (six on Friday, nine on Monday).
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Optional

from ..model.profile import Calendar

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def is_business_day(calendar: Optional[Calendar], day: date) -> bool:
    """Whether work is expected on a day; without a calendar every day counts. An extra business day of the calendar
    comes before everything that says no."""
    if calendar is None or day in calendar.extra_business_days:
        return True
    if WEEKDAYS[day.weekday()] in calendar.weekend or day in calendar.extra_holidays:
        return False
    return calendar.country is None or day not in _public_holidays(calendar.country, calendar.subdivision, day.year)


@lru_cache(maxsize=64)
def _public_holidays(country: str, subdivision: Optional[str], year: int) -> Container[date]:
    import holidays  # only profiles with a country pay for loading it

    return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year))


def business_days(calendar: Optional[Calendar], first: date, last: date) -> Iterator[date]:
    """The business days from `first` to `last`, both included."""
    for shift in range((last - first).days + 1):
        day = first + timedelta(days=shift)
        if is_business_day(calendar, day):
            yield day


def month_edge(calendar: Optional[Calendar], day: date) -> str:
    """ "first" or "last" where a day is that business day of its month, else ''. A month's only one is its first."""
    if not is_business_day(calendar, day):
        return ""
    one = timedelta(days=1)
    if not any(business_days(calendar, day.replace(day=1), day - one)):
        return "first"
    next_month = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return "" if any(business_days(calendar, day + one, next_month - one)) else "last"


def age_in_business_time(calendar: Optional[Calendar], since: datetime, now: datetime, zone: tzinfo) -> float:
    """Seconds from `since` to `now` that lie on business days of `zone`; 0 where `since` is not in the past. Days are
    as long as they are: 23 or 25 hours where the clocks change."""
    if since >= now:
        return 0.0
    if calendar is None:
        return (now - since).total_seconds()
    days = business_days(calendar, since.astimezone(zone).date(), now.astimezone(zone).date())
    return sum(
        (min(now, _midnight(day + timedelta(days=1), zone)) - max(since, _midnight(day, zone))).total_seconds()
        for day in days
    )


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(timezone.utc)
