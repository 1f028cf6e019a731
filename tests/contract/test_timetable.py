"""The local DSS's own opinion of when triggers fire, against instants worked out by hand."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from localdss import timetable

PARIS = {"timezone": "Europe/Paris"}


def at(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=timezone.utc)


CASES: list[tuple[str, dict[str, Any], str, str]] = [
    ("daily, in winter", {"frequency": "Daily", "hour": 2, **PARIS}, "2025-11-20T06:00", "2025-11-21T01:00"),
    ("daily, in summer", {"frequency": "Daily", "hour": 2, **PARIS}, "2025-07-20T06:00", "2025-07-21T00:00"),
    ("a time that the clocks leave out", {"frequency": "Daily", "hour": 2, "minute": 30, **PARIS}, "2026-03-28T12:00", "2026-03-29T01:30"),
    ("a time that comes twice counts once", {"frequency": "Daily", "hour": 2, "minute": 30, **PARIS}, "2025-10-26T00:30", "2025-10-27T01:30"),
    ("the server's zone", {"frequency": "Daily", "hour": 2, "timezone": "SERVER"}, "2025-11-20T06:00", "2025-11-21T02:00"),
    ("no zone at all", {"frequency": "Daily", "hour": 2}, "2025-11-20T06:00", "2025-11-21T02:00"),
    ("every third day", {"frequency": "Daily", "hour": 2, "repeatFrequency": 3, "startingFrom": "2025-11-01", **PARIS}, "2025-11-20T06:00", "2025-11-22T01:00"),
    ("not before it starts", {"frequency": "Daily", "hour": 2, "startingFrom": "2026-01-05", **PARIS}, "2025-11-20T06:00", "2026-01-05T01:00"),
    ("days of the week count for Weekly only", {"frequency": "Daily", "hour": 2, "daysOfWeek": ["Monday"], **PARIS}, "2025-11-20T06:00", "2025-11-21T01:00"),
    ("weekly", {"frequency": "Weekly", "hour": 5, "minute": 30, "daysOfWeek": ["Monday"], **PARIS}, "2025-11-20T06:00", "2025-11-24T04:30"),
    ("every other week", {"frequency": "Weekly", "hour": 5, "repeatFrequency": 2, "daysOfWeek": ["Monday"], "startingFrom": "2025-11-12", **PARIS}, "2025-11-20T06:00", "2025-11-24T04:00"),
    ("the last day of the month", {"frequency": "Monthly", "hour": 20, "monthlyRunOn": "LAST_DAY_OF_THE_MONTH", **PARIS}, "2026-02-01T00:00", "2026-02-28T19:00"),
    ("the day of the start, in the zone", {"frequency": "Monthly", "hour": 1, "startingFrom": "2021-03-03T23:00:00.000Z", **PARIS}, "2025-11-20T06:00", "2025-12-04T00:00"),
    ("the second Thursday", {"frequency": "Monthly", "hour": 1, "monthlyRunOn": "SECOND_WEEK", "startingFrom": "2022-07-14", **PARIS}, "2025-11-20T06:00", "2025-12-11T00:00"),
    ("the last Thursday", {"frequency": "Monthly", "hour": 1, "monthlyRunOn": "LAST_WEEK", "startingFrom": "2022-07-14", **PARIS}, "2025-11-20T06:00", "2025-11-27T00:00"),
    ("hourly", {"frequency": "Hourly", "minute": 10, "startingFrom": "2025-01-06T00:10:00.000+0100", **PARIS}, "2025-11-20T06:12", "2025-11-20T07:10"),
    ("every five hours is elapsed time", {"frequency": "Hourly", "repeatFrequency": 5, "startingFrom": "2026-03-28", **PARIS}, "2026-03-29T01:00", "2026-03-29T05:00"),
    ("every seven minutes", {"frequency": "Minutely", "repeatFrequency": 7, "startingFrom": "2025-11-20", **PARIS}, "2025-11-20T06:12", "2025-11-20T06:14"),
    ("the old shape: count repeats minutes", {"frequency": "Minutely", "count": 15}, "2025-11-20T06:12", "2025-11-20T06:15"),
    ("the old shape: count means nothing daily", {"frequency": "Daily", "count": 5, "hour": 2, "dayOfMonth": 1, "daysOfWeek": ["Sunday"]}, "2025-11-20T06:00", "2025-11-21T02:00"),
    ("the old shape: day of the month", {"frequency": "Monthly", "count": 1, "hour": 2, "dayOfMonth": 7}, "2025-11-20T06:00", "2025-12-07T02:00"),
]  # fmt: skip


@pytest.mark.parametrize(("params", "now", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_next_run(params: dict[str, Any], now: str, expected: str) -> None:
    scenario = {"active": True, "triggers": [{"type": "temporal", "active": True, "params": params}]}
    found = timetable.next_run(scenario, at(now), "UTC")
    assert datetime.fromtimestamp(found / 1000, timezone.utc) == at(expected)


@pytest.mark.parametrize(
    "scenario",
    [
        {"active": False, "triggers": [{"type": "temporal", "active": True, "params": {"frequency": "Daily"}}]},
        {"active": True, "triggers": [{"type": "temporal", "active": False, "params": {"frequency": "Daily"}}]},
        {"active": True, "triggers": [{"type": "sql_query", "active": True, "params": {}}]},
        {"active": True, "triggers": [{"type": "temporal", "active": True, "params": {"frequency": "Fortnightly"}}]},
        {"active": True},
    ],
)
def test_what_cannot_fire_has_no_next_run(scenario: dict[str, Any]) -> None:
    assert timetable.next_run(scenario, at("2025-11-20T06:00")) == 0


def test_instants_are_in_order_and_exclude_the_moment_after_which_they_are_asked_for() -> None:
    params = {"frequency": "Hourly", "minute": 10, "timezone": "Europe/Paris"}
    found = list(timetable.instants(params, at("2025-10-25T22:10"), at("2025-10-26T03:10")))
    assert [f"{one:%H:%M}" for one in found] == ["23:10", "00:10", "01:10", "02:10", "03:10"]
