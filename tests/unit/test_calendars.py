"""Business days and business time."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Optional
from zoneinfo import ZoneInfo

import pytest

from opsguide.core.calendars import age_in_business_time, business_days, is_business_day, month_edge
from opsguide.model.profile import Calendar

PARIS = ZoneInfo("Europe/Paris")
WORK = Calendar()


@pytest.mark.parametrize(
    ("calendar", "day", "counts"),
    [
        (None, "2026-06-07", True),
        (WORK, "2026-06-07", False),  # a Sunday
        (WORK, "2026-06-08", True),
        (Calendar(weekend=("friday",)), "2026-06-07", True),
        (Calendar(country="FR"), "2026-07-14", False),
        (Calendar(country="DE"), "2026-07-14", True),
        (Calendar(country="DE", subdivision="BY"), "2026-01-06", False),
        (Calendar(country="DE", subdivision="BE"), "2026-01-06", True),
        (Calendar(extra_holidays=(date(2026, 6, 8),)), "2026-06-08", False),
        (Calendar(country="FR", extra_business_days=(date(2026, 7, 14),)), "2026-07-14", True),
        (Calendar(extra_business_days=(date(2026, 6, 7),)), "2026-06-07", True),
    ],
)
def test_which_days_count(calendar: Calendar, day: str, counts: bool) -> None:
    assert is_business_day(calendar, date.fromisoformat(day)) is counts


def test_business_days_of_a_week() -> None:
    assert list(business_days(WORK, date(2026, 6, 5), date(2026, 6, 9))) == [
        date(2026, 6, 5),
        date(2026, 6, 8),
        date(2026, 6, 9),
    ]
    assert list(business_days(WORK, date(2026, 6, 9), date(2026, 6, 5))) == []


@pytest.mark.parametrize(
    ("calendar", "since", "now", "hours"),
    [
        (WORK, "2026-06-05 18:00", "2026-06-08 09:00", 15),
        (None, "2026-06-05 18:00", "2026-06-08 09:00", 63),
        (WORK, "2026-06-06 18:00", "2026-06-07 09:00", 0),
        (WORK, "2026-06-08 18:00", "2026-06-08 09:00", 0),
        # the clocks change on a Sunday that counts: it has 23 hours, and 25 in autumn
        (Calendar(weekend=()), "2026-03-29 00:00", "2026-03-30 00:00", 23),
        (Calendar(weekend=()), "2026-10-25 00:00", "2026-10-26 00:00", 25),
    ],
)
def test_age_in_business_time(calendar: Calendar, since: str, now: str, hours: float) -> None:
    begin, end = (datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(timezone.utc) for text in (since, now))
    assert age_in_business_time(calendar, begin, end, PARIS) == hours * 3600


@pytest.mark.parametrize(
    ("calendar", "day", "edge"),
    [
        (Calendar(), date(2026, 5, 29), "last"),  # Friday: the 30th and 31st are a weekend
        (Calendar(), date(2026, 5, 28), ""),
        (Calendar(), date(2026, 5, 31), ""),
        (Calendar(), date(2026, 6, 1), "first"),
        (Calendar(country="FR"), date(2026, 5, 1), ""),  # a holiday
        (Calendar(country="FR"), date(2026, 5, 4), "first"),
        (None, date(2028, 2, 29), "last"),
        (None, date(2027, 2, 28), "last"),
        (None, date(2026, 12, 31), "last"),
        (None, date(2026, 12, 1), "first"),
        (Calendar(extra_business_days=(date(2026, 5, 30),)), date(2026, 5, 29), ""),
        (Calendar(extra_business_days=(date(2026, 5, 30),)), date(2026, 5, 30), "last"),
    ],
)
def test_the_first_and_last_business_day_of_a_month(calendar: Optional[Calendar], day: date, edge: str):
    assert month_edge(calendar, day) == edge
