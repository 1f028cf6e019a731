"""The plugin's schedules against the local DSS's own opinion: written apart, they must agree on every moment."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import example, given, settings
from hypothesis import strategies as st

from localdss import timetable
from opsguide.core.schedule import expected, next_expected
from opsguide.core.schedule.parse import WEEKDAYS
from opsguide.model.report import ServerZone
from opsguide.model.snapshot import Scenario, ScenarioSettings, Trigger

UTC = timezone.utc
SERVER = "Europe/Paris"
ZONES = ["SERVER", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]
WEEKS = ["ON_THE_DAY", "LAST_DAY_OF_THE_MONTH", "FIRST_WEEK", "SECOND_WEEK", "THIRD_WEEK", "FOURTH_WEEK", "LAST_WEEK"]

new_shape = st.fixed_dictionaries(
    {
        "frequency": st.sampled_from(["Minutely", "Hourly", "Daily", "Weekly", "Monthly"]),
        "repeatFrequency": st.integers(1, 9),
        "hour": st.integers(0, 23),
        "minute": st.integers(0, 59),
        "startingFrom": st.sampled_from(
            ["2022-03-08", "2021-03-03T23:00:00.000Z", "2022-06-30T00:00:00.000+0200", "2020-02-29", "2021-01-31"]
        ),
        "daysOfWeek": st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=7, unique=True),
        "monthlyRunOn": st.sampled_from(WEEKS),
        "timezone": st.sampled_from(ZONES),
    }
)
old_shape = st.fixed_dictionaries(
    {
        "frequency": st.sampled_from(["Daily", "Weekly", "Monthly"]),
        "count": st.just(5),
        "hour": st.integers(0, 23),
        "minute": st.integers(0, 59),
        "dayOfMonth": st.integers(1, 31),
        "daysOfWeek": st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=2, unique=True),
    }
)


@settings(max_examples=100, deadline=None)
@given(
    st.one_of(new_shape, old_shape), st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))
)
@example(
    {"frequency": "Daily", "hour": 2, "minute": 30, "timezone": "Europe/Paris"}, datetime(2026, 3, 28, 12, tzinfo=UTC)
)
@example(
    {"frequency": "Daily", "hour": 2, "minute": 30, "timezone": "Europe/Paris"}, datetime(2026, 10, 24, 12, tzinfo=UTC)
)
def test_both_see_the_same_moments(params: dict, now: datetime) -> None:
    raw = {"active": True, "triggers": [{"type": "temporal", "active": True, "params": params}]}
    next_run = datetime.fromtimestamp(timetable.next_run(raw, now, SERVER) / 1000, UTC)
    scenario = Scenario(
        "S", active=True, next_run=next_run, settings=ScenarioSettings((Trigger("temporal", params=params),)), runs=()
    )
    server = ServerZone(SERVER, "said by the test")
    assert next_expected(scenario, now, server, {}).disagreement == ""

    length = timedelta(days=1 if params["frequency"] == "Minutely" else 60)
    for after, before in ((now - length, now), (now, now + length)):
        theirs = [at for at in timetable.instants(params, after, before, SERVER) if after < at < before]
        ours = [item for item in expected(scenario, after, before, server).expected if item.at > after]
        for at in theirs:
            assert any(item.at <= at <= (item.until or item.at) for item in ours), at
        for item in ours:
            edge = (item.until or item.at) >= before
            assert item.doubt or edge or any(item.at <= at <= (item.until or item.at) for at in theirs), item
