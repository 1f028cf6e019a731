"""Is today's promise kept, what is usual, and what could be promised."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import Any, Optional
from zoneinfo import ZoneInfo

import pytest

from opsguide.core.punctuality import (
    Promise,
    age_verdict,
    due_verdict,
    last_due,
    promise_of,
    suggestion,
    usual_time,
)
from opsguide.model.known import Cause, Unknown
from opsguide.model.profile import Calendar, OpsProfile
from opsguide.model.snapshot import Build, ObjectFacts, ObjectRef

PARIS = ZoneInfo("Europe/Paris")
REF = ObjectRef("DATASET", "K", "mart")
DUE = Promise("Europe/Paris", time(6, 30))


def paris(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2025, 10, day, hour, minute, tzinfo=PARIS).astimezone(timezone.utc)


def built(*spans: tuple[datetime, datetime], success: bool = True) -> ObjectFacts:
    builds = tuple(Build(success, start, end) for start, end in reversed(spans))
    return ObjectFacts(REF, builds=builds)


def at_two(after: datetime, before: datetime) -> list[datetime]:
    """Starts at 02:00 in Paris, every day of October."""
    return [start for day in range(1, 31) if after <= (start := paris(day, 2)) < before]


def never(after: datetime, before: datetime) -> list[datetime]:
    return []


LATE_YESTERDAY = (paris(13, 2), paris(13, 8))
IN_TIME = (paris(14, 2), paris(14, 3))
LATE = (paris(14, 2), paris(14, 6, 52))


@pytest.mark.parametrize(
    ("now", "facts", "verdict", "said"),
    [
        (paris(14, 5), built(), "PENDING", "due 06:30, in 1 h 30 min"),
        (paris(14, 5), built(IN_TIME), "MET", "ready 03:00, 3 h 30 min early; due 06:30"),
        (paris(14, 7), built(), "MISSED", "due 06:30, 30 min ago, and not built in its cycle"),
        (paris(14, 7), built(LATE), "RECOVERED_LATE", "ready 06:52, 22 min late; due 06:30"),
        (paris(14, 7), built(LATE_YESTERDAY), "MISSED", "not built in its cycle"),
        (paris(14, 7), built(IN_TIME, success=False), "MISSED", "not built in its cycle"),
        (paris(14, 23), built(IN_TIME), "MET", "ready 03:00"),
        (paris(15, 1), built(IN_TIME), "PENDING", "due 06:30, in 5 h 30 min"),
        (paris(14, 7), ObjectFacts(REF), "UNKNOWN", "its builds are not known: not read yet"),
    ],
)
def test_a_promise_is_kept_by_a_build_of_its_own_cycle(now: datetime, facts: ObjectFacts, verdict: str, said: str):
    _, found, reason = due_verdict(DUE, facts, now, at_two)
    assert found == verdict
    assert said in reason


@pytest.mark.parametrize(
    ("now", "verdict"),
    [(paris(14, 22), "MET"), (paris(14, 23, 30), "PENDING"), (paris(15, 7), "MISSED")],
)
def test_a_cycle_may_begin_the_evening_before(now: datetime, verdict: str):
    starts = [paris(13, 23), paris(14, 23)]
    found = due_verdict(DUE, built((paris(13, 23), paris(14, 1))), now, lambda a, b: [s for s in starts if a <= s < b])
    assert found[1] == verdict


def test_only_days_with_a_promise_count():
    weekly = Promise("Europe/Paris", time(6, 30), days=("monday",))
    facts = built((paris(13, 2), paris(13, 3)))
    due, verdict, reason = due_verdict(weekly, facts, paris(16, 12), never)
    assert (due, verdict) == (paris(13, 6, 30), "MET")
    assert "Mon 13 Oct 03:00" in reason


def test_a_holiday_promises_nothing():
    closed = Promise("Europe/Paris", time(6, 30), calendar=Calendar(extra_holidays=(date(2025, 10, 14),)))
    due, verdict, _ = due_verdict(closed, built((paris(13, 2), paris(13, 3))), paris(14, 12), at_two)
    assert (due, verdict) == (paris(13, 6, 30), "MET")


def test_only_the_newest_success_may_be_known():
    facts = ObjectFacts(REF, builds=Unknown("no history"), last_success=Build(True, *IN_TIME))
    assert due_verdict(DUE, facts, paris(14, 7), at_two)[1] == "MET"


def test_last_due_is_the_newest_that_passed():
    assert last_due(DUE, paris(14, 6)) == paris(13, 6, 30)
    assert last_due(DUE, paris(14, 7)) == paris(14, 6, 30)
    assert last_due(Promise("Europe/Paris", time(6, 30), days=()), paris(14, 7)) is None


@pytest.mark.parametrize(
    ("hours", "verdict"),
    [(1, "FRESH"), (5, "STALE_WARN"), (9, "STALE_ERROR")],
)
def test_age(hours: float, verdict: str):
    promise = Promise("UTC", max_age_seconds=8 * 3600, warn_age_seconds=4 * 3600)
    now = paris(14, 12)
    build = Build(True, None, now - timedelta(hours=hours))
    assert age_verdict(promise, build, now)[0] == verdict


def test_age_counts_business_time_where_a_calendar_is_declared():
    monday, friday = paris(13, 12), paris(10, 12)
    plain = Promise("Europe/Paris", max_age_seconds=30 * 3600)
    assert age_verdict(plain, Build(True, None, friday), monday)[0] == "STALE_ERROR"
    business = Promise("Europe/Paris", max_age_seconds=30 * 3600, calendar=Calendar())
    assert age_verdict(business, Build(True, None, friday), monday) == ("FRESH", "1 d old, at most 1 d 6 h allowed")


@pytest.mark.parametrize("success", [Unknown("denied", Cause.DENIED), None, Build(True)])
def test_no_build_is_not_fresh(success: Any):
    assert age_verdict(Promise("UTC", max_age_seconds=60), success, paris(14, 12))[0] == "UNKNOWN"


# --- what is usual ---------------------------------------------------------------------------------------------------


def weekdays(hour: int, minutes: list[int]) -> list[datetime]:
    """Ends on weekdays before Tuesday 14 October, newest last."""
    days = [day for day in range(13, 0, -1) if date(2025, 10, day).weekday() < 5]
    return [paris(day, hour) + timedelta(minutes=minute) for day, minute in zip(days, minutes)]


def test_usual_time_is_the_middle_and_the_slow_end():
    usual = usual_time(weekdays(6, [0, 10, 20, 30, 40]), paris(14, 12), PARIS, time(6, 30))
    assert not isinstance(usual, Unknown)
    assert (usual.p50, round(usual.p95), usual.n) == (380, 398, 5)
    assert usual.zone == "Europe/Paris"


@pytest.mark.parametrize("due", [None, time(0, 30)])
def test_usual_time_does_not_break_at_midnight(due: Optional[time]):
    usual = usual_time(
        weekdays(0, [-20, -10, 0, 10, 20] if due else [0, -20, -10, 0, 10, 20]), paris(14, 12), PARIS, due
    )
    assert not isinstance(usual, Unknown)
    assert (usual.p50 + 720) % 1440 - 720 == pytest.approx(0)
    assert usual.p95 - usual.p50 < 20


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ([], "learning: 0 of 5 days"),
        (weekdays(6, [0, 1, 2, 3]), "learning: 4 of 5 weekdays"),
        ([paris(day, hour) for day in range(1, 13) for hour in range(24)], "built about 2"),
        ([paris(11, 6), paris(12, 6)], "learning: 0 of 5 weekdays"),
    ],
)
def test_what_cannot_be_usual_says_why(ends: list[datetime], said: str):
    found = usual_time(ends, paris(14, 12), PARIS)
    assert isinstance(found, Unknown)
    assert said in found.reason


def test_suggestion_adds_a_quarter_and_rounds_up():
    usual = usual_time(weekdays(6, [0, 10, 20, 30, 40]), paris(14, 12), PARIS)
    assert suggestion(usual) == "07:00"
    assert suggestion(Unknown("no history")) == ""


def test_promise_of_reads_the_profile():
    profile = OpsProfile.model_validate(
        {
            "calendars": {"work": {}},
            "datasets": {
                "mart": {
                    "due": "06:30",
                    "timezone": "UTC",
                    "alert_after_minutes": 20,
                    "max_age_hours": 2,
                    "calendar": "work",
                }
            },
        }
    )
    promise = promise_of(profile, "mart", "Europe/Paris")
    assert (promise.zone, promise.due, promise.alert_after_seconds, promise.max_age_seconds) == (
        "UTC",
        time(6, 30),
        1200,
        7200,
    )
    assert not promise.is_due_on(date(2025, 10, 12))
    assert promise_of(profile, "other", "Europe/Paris") == Promise("Europe/Paris")
