"""Tasks of the week and the month: due, done, left out, by the calendar and by what was noted."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsguide.core.tasks import Task, stand
from opsguide.model.event import Event

MONDAY = date(2026, 11, 9)
REVIEW = Task("weekly", "monday", "Review runs")
CLEAN = Task("monthly", "Mid-month", "Clean up")


def done(task: Task, *days: date, by: str = "olivia") -> list[Event]:
    return [
        Event(datetime(day.year, day.month, day.day, 9, tzinfo=timezone.utc), f"{n}", "task", by, task.about)
        for n, day in enumerate(days)
    ]


def standing(task: Task, today: date, *days: date) -> tuple[object, bool]:
    found = stand(task, done(task, *days), today, timezone.utc)
    return (found.due[0] if found.due else None), found.overdue


@pytest.mark.parametrize(
    ("today", "days", "expected"),
    [
        (MONDAY, [], (MONDAY, False)),  # never noted: nobody is called late
        (MONDAY + timedelta(2), [], (MONDAY + timedelta(7), False)),
        (MONDAY, [MONDAY], (MONDAY + timedelta(7), False)),
        (MONDAY + timedelta(2), [MONDAY - timedelta(7)], (MONDAY, True)),  # the worked example
        (MONDAY + timedelta(2), [MONDAY - timedelta(7), MONDAY + timedelta(2)], (MONDAY + timedelta(7), False)),
        (MONDAY - timedelta(1), [MONDAY - timedelta(7), MONDAY - timedelta(1)], (MONDAY + timedelta(7), False)),
    ],
)
def test_a_weekly_task(today: date, days: list[date], expected: tuple[date, bool]) -> None:
    assert standing(REVIEW, today, *days) == expected


@pytest.mark.parametrize(
    ("today", "days", "expected"),
    [
        (date(2026, 11, 2), [], (date(2026, 11, 13), False)),
        (date(2026, 11, 14), [date(2026, 10, 15)], (date(2026, 11, 13), False)),  # it is due now
        (date(2026, 11, 20), [date(2026, 10, 15)], (date(2026, 11, 13), True)),
        (date(2026, 11, 20), [date(2026, 10, 15), date(2026, 11, 19)], (date(2026, 12, 13), False)),
        (date(2026, 11, 20), [date(2026, 11, 2)], (date(2026, 12, 13), False)),  # done early
    ],
)
def test_a_monthly_task(today: date, days: list[date], expected: tuple[date, bool]) -> None:
    assert standing(CLEAN, today, *days) == expected


@pytest.mark.parametrize(
    ("when", "span"),
    [
        ("First week", (1, 7)), ("first week of the month", (1, 7)), ("Mid-month", (13, 17)),
        ("End of month", (27, 31)), ("last week", (25, 31)), ("the 5th", (5, 5)), ("15", (15, 15)),
        ("31st of the month", (31, 31)), ("Last day of the month", (31, 31)),
    ],
)  # fmt: skip
def test_rules_of_the_month(when: str, span: tuple[int, int]) -> None:
    found = stand(Task("monthly", when, "x"), (), date(2026, 12, 1), timezone.utc)
    assert found.due is not None
    assert (found.due[0].day, found.due[1].day) == span


def test_the_31st_of_a_short_month_is_its_last_day() -> None:
    found = stand(Task("monthly", "31st", "x"), (), date(2026, 11, 2), timezone.utc)
    assert found.coming[0] == (date(2026, 11, 30), date(2026, 11, 30))


@pytest.mark.parametrize(("rhythm", "when"), [("monthly", "when Mars is up"), ("monthly", ""), ("weekly", "someday")])
def test_a_rule_that_cannot_be_read_says_so(rhythm: str, when: str) -> None:
    found = stand(Task(rhythm, when, "x"), (), MONDAY, timezone.utc)
    assert (found.due, found.coming) == (None, ())
    assert found.unread


def test_the_same_words_are_the_same_task_and_other_tasks_events_count_nothing() -> None:
    assert Task("weekly", "Monday ", "review RUNS").id == REVIEW.id
    assert stand(CLEAN, done(REVIEW, MONDAY), MONDAY, timezone.utc).done is None


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([REVIEW, CLEAN]),
    st.dates(date(2026, 3, 1), date(2026, 12, 1)),
    st.lists(st.integers(0, 80), max_size=8),
)
def test_laws_of_tasks(task: Task, today: date, ago: list[int]) -> None:
    days = sorted(today - timedelta(days=shift) for shift in ago)
    found = stand(task, done(task, *days), today, timezone.utc)
    assert found.due is not None
    assert found.overdue == (found.due[1] < today)
    assert list(found.coming) == sorted(set(found.coming))
    after = stand(task, done(task, *days, today), today, timezone.utc)
    assert not after.overdue or not days, "who does it now is not late any more"
    assert after.due is not None
    assert after.due >= found.due
    assert stand(task, reversed(done(task, *days)), today, timezone.utc) == found
