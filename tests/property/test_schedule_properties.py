"""Moments of any trigger in any zone, checked against a calendar walked day by day with zoneinfo alone."""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from opsguide.core.schedule import Anchors, expected, instants, next_expected, sentence, server_zone
from opsguide.core.schedule.parse import WEEKDAYS
from opsguide.model.report import ServerZone
from opsguide.model.snapshot import Scenario, ScenarioSettings, Trigger

UTC = timezone.utc
NOTHING_KNOWN = Anchors()
SERVER = ServerZone("Europe/Paris", "said by the test")
ZONES = [
    "Europe/Paris",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "America/St_Johns",
    "Africa/Casablanca",
    "UTC",
]

few = settings(max_examples=100, deadline=None)

days = st.dates(date(2023, 1, 1), date(2028, 12, 31))
moments = st.datetimes(datetime(2023, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))
clocks = {"hour": st.integers(0, 23), "minute": st.integers(0, 59), "timezone": st.sampled_from(ZONES)}
weekdays = st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=7, unique=True)
daily = st.fixed_dictionaries({"frequency": st.just("Daily"), **clocks})
weekly = st.fixed_dictionaries({"frequency": st.just("Weekly"), "daysOfWeek": weekdays, **clocks})
last_day = st.fixed_dictionaries(
    {"frequency": st.just("Monthly"), "monthlyRunOn": st.just("LAST_DAY_OF_THE_MONTH"), **clocks}
)
on_a_day = st.fixed_dictionaries({"frequency": st.just("Monthly"), "dayOfMonth": st.integers(1, 31), **clocks})
on_the_clock = st.one_of(daily, weekly, last_day, on_a_day)
hourly = st.fixed_dictionaries({"frequency": st.just("Hourly"), "startingFrom": st.just("2022-06-01"), **clocks})
any_clock = st.one_of(on_the_clock, hourly)


def of(params: dict, after: datetime, before: datetime, anchors: Anchors = NOTHING_KNOWN) -> tuple:
    expansion = instants(Trigger("temporal", params=params), after, before, SERVER, anchors)
    assert expansion.unknown is None
    return expansion.expected


def is_its_day(params: dict, day: date) -> bool:
    if params["frequency"] == "Daily":
        return True
    if params["frequency"] == "Weekly":
        return day.strftime("%A") in params["daysOfWeek"]
    last = calendar.monthrange(day.year, day.month)[1]
    return day.day == min(params.get("dayOfMonth", 31), last)


def walked(params: dict, after: datetime, before: datetime) -> list[tuple[datetime, datetime]]:
    """(earliest, latest) right instant of every day on which the trigger fires, by zoneinfo alone."""
    zone, found = ZoneInfo(params["timezone"]), []
    day = after.astimezone(zone).date() - timedelta(days=3)
    while day <= before.astimezone(zone).date() + timedelta(days=3):
        wall = datetime(day.year, day.month, day.day, params["hour"], params["minute"])
        if is_its_day(params, day):
            at = wall.replace(tzinfo=zone).astimezone(UTC)
            skipped = at.astimezone(zone).replace(tzinfo=None) != wall
            earliest = at
            while (
                skipped
                and (earliest - timedelta(minutes=1)).astimezone(zone).utcoffset() == at.astimezone(zone).utcoffset()
            ):
                earliest -= timedelta(minutes=1)
            found.append((earliest, at))
        day += timedelta(days=1)
    return [pair for pair in found if after <= pair[0] < before]


@few
@given(on_the_clock, moments, st.integers(1, 70))
def test_days_weeks_and_months_as_walked_day_by_day(params: dict, after: datetime, length: int) -> None:
    before = after + timedelta(days=length)
    assert [(item.at, item.until or item.at) for item in of(params, after, before)] == walked(params, after, before)


@few
@given(on_the_clock, days)
def test_the_wall_clock_time_is_kept_except_where_it_is_skipped(params: dict, day: date) -> None:
    after = datetime(day.year, day.month, day.day, tzinfo=UTC)
    for item in of(params, after, after + timedelta(days=40)):
        local = item.at.astimezone(ZoneInfo(params["timezone"]))
        assert item.until or (local.hour, local.minute) == (params["hour"], params["minute"])


@few
@given(hourly, st.integers(1, 30), moments, moments)
def test_hours_are_the_same_time_apart_through_everything(
    params: dict, repeat: int, after: datetime, seen: datetime
) -> None:
    alone = of(params, seen, seen + timedelta(hours=1))
    found = of({**params, "repeatFrequency": repeat}, after, after + timedelta(days=9), Anchors(alone[0].at))
    gaps = {later.at - earlier.at for earlier, later in zip(found, found[1:])}
    assert gaps <= {timedelta(hours=repeat)}
    assert (found[0].at - alone[0].at) % timedelta(hours=repeat) == timedelta(0)


@few
@given(any_clock, moments, st.integers(0, 60 * 24 * 60), st.integers(0, 60 * 24 * 60))
def test_a_period_is_its_two_parts_and_its_moments_are_sorted_and_inside(
    params: dict, after: datetime, first: int, second: int
) -> None:
    middle = after + timedelta(minutes=first)
    before = middle + timedelta(minutes=second)
    whole = of(params, after, before)
    assert of(params, after, middle) + of(params, middle, before) == whole
    at = [item.at for item in whole]
    assert at == sorted(set(at))
    assert all(after <= moment < before for moment in at)


@few
@given(st.one_of(daily, weekly, on_a_day), st.integers(2, 5), moments, st.integers(-400, 400))
def test_forwards_and_backwards_agree_on_the_phase(params: dict, repeat: int, seen: datetime, away: int) -> None:
    """Any moment that a phase yields, before or after the anchor, yields the same moments when it is the anchor."""
    once = of(params, seen, seen + timedelta(days=40))
    sparse = {**params, "repeatFrequency": repeat}
    after = once[0].at + timedelta(days=away)
    found = of(sparse, after, after + timedelta(days=200), Anchors(once[0].at))
    assert found
    assert of(sparse, once[0].at, once[0].at + timedelta(minutes=1), Anchors(found[0].at)) == once[:1]
    assert {item.at for item in found} <= {item.at for item in of(params, after, after + timedelta(days=200))}


@few
@given(st.lists(any_clock, min_size=1, max_size=4), moments)
def test_the_moments_of_a_scenario_are_those_of_its_triggers(params: list, after: datetime) -> None:
    before = after + timedelta(days=20)
    triggers = tuple(Trigger("temporal", name=str(n), params=each) for n, each in enumerate(params))
    merged = expected(Scenario("S", settings=ScenarioSettings(triggers)), after, before, SERVER).expected
    alone = {item.at for each in params for item in of(each, after, before)}
    assert {item.at for item in merged} <= alone
    for at in alone:
        assert any(timedelta(0) <= at - item.at <= timedelta(seconds=90) for item in merged) or at - after <= timedelta(
            seconds=90
        )


@few
@given(st.one_of(daily, weekly), moments, st.sampled_from(ZONES))
def test_the_next_run_of_dss_tells_the_servers_zone(params: dict, now: datetime, zone: str) -> None:
    """DSS computes in its zone; the zone found must compute the same."""
    in_server_time = {**params, "timezone": "SERVER"}
    truth = of({**params, "timezone": zone}, now, now + timedelta(days=9))[0].at
    scenario = Scenario(
        "S", active=True, next_run=truth, settings=ScenarioSettings((Trigger("temporal", params=in_server_time),))
    )
    found = server_zone("", [scenario], zone)
    assert found.name == zone
    assert next_expected(scenario, now, found, {}).disagreement == ""


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["2025-07-16", "Daily", "Monthly", "SERVER"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
KEYS = [
    "frequency",
    "repeatFrequency",
    "count",
    "hour",
    "minute",
    "startingFrom",
    "daysOfWeek",
    "dayOfMonth",
    "monthlyRunOn",
    "timezone",
    "lastUpdate",
    "watches",
    "triggerWhenAllFire",
    "connection",
    "scenarioId",
    "projectKey",
    "outcomeFilter",
]


@few
@given(
    any_clock,
    st.dictionaries(st.sampled_from(KEYS), anything, max_size=5),
    st.sampled_from(
        ["temporal", "ds_modified", "sql_query", "follow_scenariorun", "custom_python", "pytrigger_x_y", "", "?"]
    ),
    moments,
)
def test_whatever_a_trigger_holds_nothing_breaks(params: dict, strange: dict, kind: str, now: datetime) -> None:
    trigger = Trigger(kind, params={**params, **strange})
    assert sentence(trigger, SERVER, {})
    scenario = Scenario("S", active=True, next_run=now, settings=ScenarioSettings((trigger,)), runs=())
    assert next_expected(scenario, now, SERVER, {}).text
    server_zone("", [scenario])
    instants(trigger, now - timedelta(days=40), now, SERVER)
