"""Triggers as sentences and as moments: tables of cases, each line one behaviour of DSS or one shape it writes."""

from __future__ import annotations

import json
import os
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from opsguide.core.schedule import (
    Anchors,
    expected,
    gap_after,
    instants,
    next_expected,
    read_temporal,
    sentence,
    server_zone,
)
from opsguide.model.known import Unknown
from opsguide.model.report import ServerZone
from opsguide.model.snapshot import Run, Scenario, ScenarioSettings, Trigger

PARIS = ServerZone("Europe/Paris", "said by the test")
NOWHERE = ServerZone(Unknown("the server's time zone is not known"), "said by the test")
NOTHING_KNOWN = Anchors()
NAMES = {"NIGHTLY": "Nightly build", "a1B2": "landing"}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def clock(**params: object) -> Trigger:
    return Trigger("temporal", params=params)


def scenario(*triggers: Trigger, **more: object) -> Scenario:
    return Scenario("S", active=True, settings=ScenarioSettings(triggers), runs=more.pop("runs", ()), **more)


def told(
    trigger: Trigger, after: str, before: str, anchors: Anchors = NOTHING_KNOWN, server: ServerZone = PARIS
) -> list:
    expansion = instants(trigger, utc(after), utc(before), server, anchors)
    assert expansion.unknown is None
    return [f"{at:%m-%d %H:%M}" for at in expansion.instants]


DAILY = {"frequency": "Daily", "hour": 2, "minute": 0}
PARISIAN = {"timezone": "Europe/Paris"}


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"frequency": "Minutely", "repeatFrequency": 1, "startingFrom": "2025-07-16"}, "Every minute"),
        ({"frequency": "Minutely", "repeatFrequency": 15}, "Every 15 minutes"),
        ({"frequency": "Minutely", "count": 5, "hour": 2, "minute": 0, "dayOfMonth": 1}, "Every 5 minutes"),
        ({"frequency": "Hourly", "minute": 45, **PARISIAN}, "Every hour at 45 min past (Europe/Paris)"),
        (
            {"frequency": "Hourly", "repeatFrequency": 6, "minute": 5},
            "Every 6 hours at 5 min past (Europe/Paris, the server's time)",
        ),
        ({**DAILY, **PARISIAN}, "Every day at 02:00 (Europe/Paris)"),
        ({**DAILY, "daysOfWeek": ["Wednesday"], **PARISIAN}, "Every day at 02:00 (Europe/Paris)"),
        ({**DAILY, "count": 5, "dayOfMonth": 1}, "Every day at 02:00 (Europe/Paris, the server's time)"),
        ({**DAILY, "repeatFrequency": 3, "timezone": "Asia/Kolkata"}, "Every 3 days at 02:00 (Asia/Kolkata)"),
        ({**DAILY, "timezone": "Mars/Base"}, "Every day at 02:00 (Mars/Base, which is no known time zone)"),
        (
            {**DAILY, "frequency": "Weekly", "daysOfWeek": ["Monday"], **PARISIAN},
            "Every Monday at 02:00 (Europe/Paris)",
        ),
        (
            {
                "frequency": "Weekly",
                "repeatFrequency": 2,
                "daysOfWeek": ["Thursday", "Monday"],
                "hour": 6,
                "minute": 30,
                "timezone": "America/New_York",
            },
            "Every 2 weeks on Monday and Thursday at 06:30 (America/New_York)",
        ),
        (
            {
                **DAILY,
                "frequency": "Weekly",
                "daysOfWeek": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"],
                **PARISIAN,
            },
            "Every Monday to Friday at 02:00 (Europe/Paris)",
        ),
        (
            {**DAILY, "frequency": "Monthly", "monthlyRunOn": "LAST_DAY_OF_THE_MONTH", "hour": 23, **PARISIAN},
            "On the last day of every month at 23:00 (Europe/Paris)",
        ),
        (
            {**DAILY, "frequency": "Monthly", "startingFrom": "2025-01-31", **PARISIAN},
            "On the 31st of every month at 02:00 (Europe/Paris)",
        ),
        (
            {**DAILY, "frequency": "Monthly", "dayOfMonth": 12, "count": 5},
            "On the 12th of every month at 02:00 (Europe/Paris, the server's time)",
        ),
        (
            {
                **DAILY,
                "frequency": "Monthly",
                "startingFrom": "2025-09-17",
                "monthlyRunOn": "SECOND_WEEK",
                "repeatFrequency": 3,
                **PARISIAN,
            },
            "Every 3 months on the second Wednesday at 02:00 (Europe/Paris)",
        ),
        # 23:00 UTC on the 14th is already the 15th in Paris
        (
            {**DAILY, "frequency": "Monthly", "startingFrom": "2025-01-14T23:00:00.000Z", **PARISIAN},
            "On the 15th of every month at 02:00 (Europe/Paris)",
        ),
        ({}, "By the clock, but its settings cannot be read: no frequency is given"),
        ({**DAILY, "hour": 27}, "By the clock, but its settings cannot be read: hour is 27"),
        ({"frequency": "Daily"}, "By the clock, but its settings cannot be read: no hour is given"),
        (
            {**DAILY, "frequency": "Weekly"},
            "By the clock, but its settings cannot be read: no day of the week is chosen",
        ),
    ],
)
def test_a_clock_trigger_in_one_sentence(params: dict, text: str) -> None:
    assert sentence(Trigger("temporal", params=params), PARIS, NAMES) == text


def test_a_followed_scenario_is_named_only_where_it_is_the_projects_own() -> None:
    own, other = (
        Trigger("follow_scenariorun", params={"scenarioId": "NIGHTLY", "projectKey": key})
        for key in ("RETAIL", "OTHER")
    )
    assert sentence(own, PARIS, NAMES, "RETAIL") == "After Nightly build ends"
    assert sentence(other, PARIS, NAMES, "RETAIL") == "After NIGHTLY of project OTHER ends"


def test_a_server_time_of_unknown_zone_says_so() -> None:
    assert sentence(clock(**DAILY), NOWHERE, {}) == "Every day at 02:00 (server time, zone unknown)"


def watch(item: str, kind: str = "DATASET", partitions: str = "") -> dict:
    return {"type": kind, "itemId": item, "partitionsSpec": partitions}


@pytest.mark.parametrize(
    ("trigger", "text"),
    [
        (
            Trigger("ds_modified", delay_seconds=900, params={"watches": [watch("orders")]}),
            "When orders changes (checked every 15 min)",
        ),
        (
            Trigger("ds_modified", delay_seconds=900, params={"watches": [watch("orders"), watch("customers")]}),
            "When orders or customers change (checked every 15 min)",
        ),
        (
            Trigger(
                "ds_modified",
                params={"watches": [watch("a"), watch("a1B2", "MANAGED_FOLDER")], "triggerWhenAllFire": True},
            ),
            "When a and landing have all changed",
        ),
        # a dataset that happens to be called like a folder's id is not renamed
        (
            Trigger("ds_modified", params={"watches": [watch("a1B2", partitions="2025-01")]}),
            "When a1B2 (partitions 2025-01) changes",
        ),
        (Trigger("ds_modified", params={"watches": "?"}), "When data changes, but it watches nothing"),
        (
            Trigger("sql_query", delay_seconds=10, params={"connection": "pg"}),
            "When the result of a query on connection pg changes (checked every 10 s)",
        ),
        (
            Trigger("follow_scenariorun", delay_seconds=60, params={"scenarioId": "NIGHTLY"}),
            "After Nightly build ends (checked every 1 min)",
        ),
        (
            Trigger(
                "follow_scenariorun",
                params={"scenarioId": "X", "projectKey": "OTHER", "outcomeFilter": ["SUCCESS", "WARNING"]},
            ),
            "After X of project OTHER ends with SUCCESS or WARNING",
        ),
        (Trigger("follow_scenariorun"), "After (no scenario given) ends"),
        (Trigger("custom_python", delay_seconds=3600), "When its Python code says so (checked every 1 h)"),
        (
            Trigger("pytrigger_share_new-file", delay_seconds=90),
            "When the plugin trigger share_new-file fires (checked every 90 s)",
        ),
        (Trigger("quantum"), "By a trigger of type quantum, which this guide does not know"),
        (Trigger(""), "By a trigger of type (none), which this guide does not know"),
        (Trigger("temporal", active=False, params={**DAILY, **PARISIAN}), "off: every day at 02:00 (Europe/Paris)"),
    ],
)
def test_any_other_trigger_in_one_sentence(trigger: Trigger, text: str) -> None:
    assert sentence(trigger, PARIS, NAMES) == text


@pytest.mark.parametrize(
    ("start", "day"),
    [
        ("2025-07-16", date(2025, 7, 16)),
        ("2021-03-03T23:00:00.000Z", date(2021, 3, 4)),
        ("2022-06-30T00:00:00.000+0200", date(2022, 6, 30)),
        ("2022-06-30T00:00:00.000-0400", date(2022, 6, 30)),
        ("2022-06-30T18:30:00", date(2022, 6, 30)),
        (None, None),
        ("", None),
    ],
)
def test_three_formats_of_a_start(start: object, day: date) -> None:
    temporal = read_temporal(clock(**DAILY, startingFrom=start))
    assert temporal.start_day(timezone(timedelta(hours=2))) == day


@pytest.mark.parametrize(
    "broken",
    [
        {"startingFrom": "soon"},
        {"startingFrom": 12},
        {"startingFrom": "9999-12-31T23:59:59Z"},
        {"repeatFrequency": 0},
        {"repeatFrequency": True},
        {"repeatFrequency": float("inf")},
        {"minute": [1]},
        {"frequency": "Yearly"},
        {"frequency": ["Daily"]},
        {"timezone": 3},
        {"frequency": "Weekly", "daysOfWeek": ["Caturday"]},
        {"frequency": "Weekly", "daysOfWeek": [None]},
        {"frequency": "Monthly"},
        {"frequency": "Monthly", "monthlyRunOn": "SOMETIMES", "startingFrom": "2025-07-16"},
    ],
)
def test_settings_that_make_no_sense_are_unknown_and_say_why(broken: dict) -> None:
    trigger = clock(**{**DAILY, **broken})
    assert isinstance(read_temporal(trigger), Unknown)
    assert instants(trigger, utc("2026-01-01"), utc("2026-02-01"), PARIS).unknown is not None
    assert "cannot be read" in sentence(trigger, PARIS, {})


def test_numbers_may_come_as_texts() -> None:
    assert read_temporal(clock(frequency="Daily", hour="2", minute="30", repeatFrequency=1.0)).minute == 30


SPRING, AUTUMN = ("2026-03-28", "2026-03-31"), ("2026-10-24", "2026-10-27")


@pytest.mark.parametrize(
    ("zone", "time", "period", "moments"),
    [
        ("Europe/Paris", (2, 30), SPRING, ["03-28 01:30", "03-29 01:00", "03-30 00:30"]),
        ("Europe/Paris", (2, 30), AUTUMN, ["10-24 00:30", "10-25 00:30", "10-26 01:30"]),
        ("America/New_York", (2, 30), ("2026-03-07", "2026-03-10"), ["03-07 07:30", "03-08 07:00", "03-09 06:30"]),
        ("America/New_York", (1, 30), ("2026-10-31", "2026-11-03"), ["10-31 05:30", "11-01 05:30", "11-02 06:30"]),
        ("Australia/Lord_Howe", (2, 15), ("2026-10-02", "2026-10-05"), ["10-02 15:45", "10-03 15:30", "10-04 15:15"]),
        ("Asia/Kolkata", (2, 0), ("2026-03-28", "2026-03-30"), ["03-28 20:30", "03-29 20:30"]),
        ("UTC", (0, 0), ("2026-03-28", "2026-03-30"), ["03-28 00:00", "03-29 00:00"]),
    ],
)
def test_days_keep_the_wall_clock_through_summer_time(zone: str, time: tuple, period: tuple, moments: list) -> None:
    trigger = clock(frequency="Daily", hour=time[0], minute=time[1], timezone=zone)
    assert told(trigger, *period) == moments


def test_a_time_that_the_clocks_skip_is_right_until_the_shifted_time() -> None:
    expansion = instants(clock(frequency="Daily", hour=2, minute=30), utc("2026-03-29"), utc("2026-03-30"), PARIS)
    assert [(item.at, item.until) for item in expansion.expected] == [
        (utc("2026-03-29 01:00"), utc("2026-03-29 01:30"))
    ]


@pytest.mark.parametrize(
    ("params", "period", "moments"),
    [
        ({"startingFrom": "2020-02-29"}, ("2026-01-01", "2026-04-01"), ["01-29", "02-28?", "03-29"]),
        ({"startingFrom": "2020-02-29"}, ("2028-02-01", "2028-03-01"), ["02-29"]),
        ({"startingFrom": "2025-01-31"}, ("2026-01-01", "2026-06-01"), ["01-31", "02-28?", "03-31", "04-30?", "05-31"]),
        ({"dayOfMonth": 31}, ("2026-04-01", "2026-06-01"), ["04-30?", "05-31"]),
        (
            {"startingFrom": "2025-01-31", "monthlyRunOn": "LAST_DAY_OF_THE_MONTH"},
            ("2026-01-01", "2026-05-01"),
            ["01-31", "02-28", "03-31", "04-30"],
        ),
        (
            {"startingFrom": "2025-09-17", "monthlyRunOn": "FIRST_WEEK"},
            ("2026-01-01", "2026-03-01"),
            ["01-07", "02-04"],
        ),
        (
            {"startingFrom": "2025-09-17", "monthlyRunOn": "FOURTH_WEEK"},
            ("2026-01-01", "2026-03-01"),
            ["01-28", "02-25"],
        ),
        ({"startingFrom": "2025-09-17", "monthlyRunOn": "LAST_WEEK"}, ("2026-04-01", "2026-05-01"), ["04-29"]),
        ({"startingFrom": "2026-02-15"}, ("2026-01-01", "2026-04-01"), ["02-15", "03-15"]),
    ],
)
def test_months(params: dict, period: tuple, moments: list) -> None:
    """A "?" marks a day that DSS may skip: it does not document what a shorter month does."""
    expansion = instants(clock(frequency="Monthly", hour=12, minute=0, **params), utc(period[0]), utc(period[1]), PARIS)
    assert [f"{item.at:%m-%d}" + "?" * bool(item.doubt) for item in expansion.expected] == moments


def test_the_meaning_of_first_week_is_said_to_be_an_assumption() -> None:
    trigger = clock(frequency="Monthly", hour=1, minute=0, startingFrom="2025-09-17", monthlyRunOn="FIRST_WEEK")
    assert "does not document" in instants(trigger, utc("2026-01-01"), utc("2026-02-01"), PARIS).caveats[0]


HOURLY = {"frequency": "Hourly", "hour": 0, "minute": 30, "startingFrom": "2025-01-01"}


def test_hours_step_in_elapsed_time() -> None:
    night = ("2026-03-28 23:00", "2026-03-29 04:00")
    assert told(clock(**HOURLY), *night) == ["03-28 23:30", "03-29 00:30", "03-29 01:30", "03-29 02:30", "03-29 03:30"]
    # half an hour of summer time: the minute on the wall clock moves, the hour between two moments stays
    lord_howe = told(
        clock(**{**HOURLY, "timezone": "Australia/Lord_Howe", "minute": 0}), "2026-04-04 13:30", "2026-04-04 17:00"
    )
    assert lord_howe == ["04-04 14:00", "04-04 15:00", "04-04 16:00"]


@pytest.mark.parametrize(
    ("params", "anchors", "moments"),
    [
        (
            {**DAILY, "repeatFrequency": 3},
            Anchors(utc("2026-06-10 00:00")),
            ["06-01 00:00", "06-04 00:00", "06-07 00:00"],
        ),
        (
            {**DAILY, "repeatFrequency": 3},
            Anchors(None, (utc("2026-05-30 00:01"),)),
            ["06-02 00:00", "06-05 00:00", "06-08 00:00"],
        ),
        # a run at another time of day says nothing, the one before it does
        (
            {**DAILY, "repeatFrequency": 3},
            Anchors(None, (utc("2026-05-31 09:00"), utc("2026-05-30 00:01"))),
            ["06-02 00:00", "06-05 00:00", "06-08 00:00"],
        ),
        # DSS's own next run comes before what was observed
        (
            {**DAILY, "repeatFrequency": 3},
            Anchors(utc("2026-06-10 00:00"), (utc("2026-05-30 00:01"),)),
            ["06-01 00:00", "06-04 00:00", "06-07 00:00"],
        ),
        (
            {**DAILY, "frequency": "Weekly", "repeatFrequency": 2, "daysOfWeek": ["Monday", "Sunday"]},
            Anchors(utc("2026-05-25 00:00")),
            ["06-08 00:00"],
        ),
        (
            {**DAILY, "frequency": "Monthly", "repeatFrequency": 2, "startingFrom": "2025-01-05"},
            Anchors(utc("2026-08-05 00:00")),
            ["06-05 00:00"],
        ),
        (
            {**HOURLY, "repeatFrequency": 48},
            Anchors(utc("2026-06-20 05:30")),
            ["06-02 05:30", "06-04 05:30", "06-06 05:30", "06-08 05:30"],
        ),
        (
            {"frequency": "Minutely", "repeatFrequency": 2880, "startingFrom": "2025-01-01"},
            Anchors(None, (utc("2026-05-30 07:07:04"),)),
            ["06-01 07:07", "06-03 07:07", "06-05 07:07", "06-07 07:07"],
        ),
    ],
)
def test_the_phase_comes_from_what_dss_did(params: dict, anchors: Anchors, moments: list) -> None:
    assert told(clock(**params), "2026-06-01", "2026-06-08 12:00", anchors) == moments


@pytest.mark.parametrize("frequency", ["Daily", "Weekly", "Monthly", "Hourly", "Minutely"])
def test_without_a_sign_of_the_phase_it_is_unknown(frequency: str) -> None:
    trigger = clock(
        **{
            **DAILY,
            "frequency": frequency,
            "repeatFrequency": 2,
            "startingFrom": "2025-01-01",
            "daysOfWeek": ["Monday"],
        }
    )
    expansion = instants(trigger, utc("2026-06-01"), utc("2026-06-08"), PARIS)
    assert expansion.expected == ()
    assert "counts every 2" in expansion.unknown.reason


def test_an_anchor_on_another_day_says_nothing() -> None:
    """A Tuesday at 02:00 is the right time on the wrong day: it is another trigger's."""
    trigger = clock(**{**DAILY, "frequency": "Weekly", "repeatFrequency": 2, "daysOfWeek": ["Monday"]})
    tuesday, monday = Anchors(utc("2026-05-26 00:00")), Anchors(utc("2026-05-25 00:00"))
    assert instants(trigger, utc("2026-06-01"), utc("2026-06-30"), PARIS, tuesday).unknown is not None
    assert instants(trigger, utc("2026-06-01"), utc("2026-06-30"), PARIS, monday).expected


def test_a_trigger_without_start_has_a_cadence_and_no_moments() -> None:
    """The shape that the client's add_periodic_trigger writes."""
    expansion = instants(clock(frequency="Minutely", repeatFrequency=5), utc("2026-06-01"), utc("2026-06-08"), PARIS)
    assert (expansion.expected, expansion.unknown, expansion.cadence_seconds) == ((), None, 300)


def test_moments_before_the_start_do_not_exist() -> None:
    assert told(clock(**DAILY, startingFrom="2026-06-03"), "2026-06-01", "2026-06-05") == ["06-03 00:00", "06-04 00:00"]


def test_a_trigger_in_an_unknown_zone_has_no_moments() -> None:
    for trigger, server in ((clock(**DAILY), NOWHERE), (clock(**DAILY, timezone="Mars/Base"), PARIS)):
        assert instants(trigger, utc("2026-06-01"), utc("2026-06-08"), server).unknown is not None


def test_hours_need_no_zone_once_one_of_them_is_known() -> None:
    day = (utc("2026-06-01"), utc("2026-06-02"), NOWHERE)
    assert instants(clock(**HOURLY), *day).unknown is not None
    assert len(instants(clock(**HOURLY), *day, Anchors(utc("2026-06-04 11:30"))).expected) == 24
    assert instants(clock(**HOURLY), *day, Anchors(utc("2026-06-04 11:45"))).unknown is not None


def test_a_year_of_minutes_is_not_listed() -> None:
    trigger = clock(frequency="Minutely", repeatFrequency=1, startingFrom="2020-01-01")
    assert instants(trigger, utc("2026-01-01"), utc("2027-01-01"), PARIS).unknown is not None
    assert len(told(trigger, "2026-01-01", "2026-01-02")) == 1440


# --- a whole scenario ------------------------------------------------------------------------------------------------


def test_moments_of_two_triggers_up_to_90_seconds_apart_are_one() -> None:
    triggers = (clock(**DAILY), clock(**{**DAILY, "minute": 1}), clock(**{**DAILY, "minute": 3}))
    named = [Trigger("temporal", name=f"T{n}", params=trigger.params) for n, trigger in enumerate(triggers)]
    expansion = expected(scenario(*named), utc("2026-06-01"), utc("2026-06-02"), PARIS)
    assert [(f"{item.at:%H:%M}", item.triggers) for item in expansion.expected] == [
        ("00:00", ("T0", "T1")),
        ("00:03", ("T2",)),
    ]


def test_sixty_triggers() -> None:
    triggers = [
        Trigger("temporal", id=str(n), params={**DAILY, "hour": n % 24, "minute": n // 24 * 20}) for n in range(60)
    ]
    expansion = expected(scenario(*triggers), utc("2026-06-01"), utc("2026-06-08"), PARIS)
    assert len(expansion.instants) == 60 * 7
    assert list(expansion.instants) == sorted(set(expansion.instants))


def test_triggers_that_are_off_or_no_clocks_have_no_moments() -> None:
    off = Trigger("temporal", active=False, params=DAILY)
    assert expected(scenario(off, Trigger("ds_modified")), utc("2026-06-01"), utc("2026-06-08"), PARIS).expected == ()


def test_one_unreadable_trigger_leaves_the_others_and_says_so() -> None:
    expansion = expected(scenario(clock(**DAILY), clock()), utc("2026-06-01"), utc("2026-06-03"), PARIS)
    assert len(expansion.expected) == 2
    assert expansion.unknown is not None


def test_observed_runs_tell_the_phase_unless_older_than_the_trigger() -> None:
    every_third = {**DAILY, "repeatFrequency": 3}
    ran = Run("r", start=utc("2026-05-30 00:01"), trigger_type="temporal", trigger_id="")
    assert expected(scenario(clock(**every_third), runs=(ran,)), utc("2026-06-01"), utc("2026-06-08"), PARIS).expected
    changed = clock(**every_third, lastUpdate=utc("2026-05-31").timestamp() * 1000)
    assert expected(scenario(changed, runs=(ran,)), utc("2026-06-01"), utc("2026-06-08"), PARIS).unknown is not None


def test_the_gap_of_a_friday_is_the_weekend() -> None:
    weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]
    works = scenario(clock(frequency="Weekly", hour=6, minute=0, daysOfWeek=weekdays))
    assert gap_after(works, utc("2026-06-05 04:00"), PARIS) == 3 * 86400
    assert gap_after(works, utc("2026-06-04 04:00"), PARIS) == 86400


NOW = utc("2026-06-01 12:00")


@pytest.mark.parametrize(
    ("subject", "source", "at"),
    [
        (scenario(clock(**DAILY), next_run=utc("2026-06-02 00:00")), "dss", "06-02 00:00"),
        (scenario(clock(**DAILY)), "computed", "06-02 00:00"),
        (
            scenario(clock(frequency="Monthly", hour=0, minute=0, monthlyRunOn="LAST_DAY_OF_THE_MONTH")),
            "computed",
            "06-29 22:00",
        ),
        (scenario(Trigger("ds_modified")), "event", None),
        (scenario(clock(frequency="Minutely", repeatFrequency=5)), "event", None),
        (scenario(), "manual", None),
        (scenario(Trigger("temporal", active=False, params=DAILY)), "manual", None),
        (scenario(clock()), "unknown", None),
        (scenario(clock(), next_run=utc("2026-06-02 00:00")), "dss", "06-02 00:00"),
        (Scenario("S", active=False, settings=ScenarioSettings((clock(**DAILY),))), "off", None),
        (Scenario("S", active=True), "unknown", None),
        (Scenario("S", active=True, next_run=utc("2026-06-02 00:00")), "dss", "06-02 00:00"),
    ],
)
def test_the_next_run_and_where_it_is_known_from(subject: Scenario, source: str, at: str) -> None:
    found = next_expected(subject, NOW, PARIS, {})
    assert (found.source, found.at and f"{found.at:%m-%d %H:%M}") == (source, at)
    assert found.disagreement == ""


def test_disabled_triggers_have_no_next_run() -> None:
    assert next_expected(scenario(clock(**DAILY)), NOW, PARIS, {}, triggers_disabled=True).source == "off"


@pytest.mark.parametrize(
    ("next_run", "says"),
    [
        (
            "2026-06-02 01:00",
            "DSS says Tue 2 Jun 2026 03:00 Europe/Paris, its triggers say Tue 2 Jun 2026 02:00 Europe/Paris",
        ),
        ("2026-06-03 00:00", "its triggers say Tue 2 Jun 2026 02:00"),
        ("2026-05-31 00:00", "which has passed"),
    ],
)
def test_a_disagreement_is_told_and_dss_believed(next_run: str, says: str) -> None:
    found = next_expected(scenario(clock(**DAILY), next_run=utc(next_run)), NOW, PARIS, {})
    assert found.at == utc(next_run)
    assert says in found.disagreement


def test_both_readings_of_a_short_month_agree() -> None:
    on_the_31st = clock(frequency="Monthly", hour=2, minute=0, startingFrom="2025-01-31")
    for next_run in ("2026-06-30 00:00", "2026-07-31 00:00"):
        assert next_expected(scenario(on_the_31st, next_run=utc(next_run)), NOW, PARIS, {}).disagreement == ""


def test_both_readings_of_a_skipped_hour_agree() -> None:
    at_half_past_two = clock(frequency="Daily", hour=2, minute=30)
    for next_run in ("2026-03-29 01:00", "2026-03-29 01:30"):
        found = next_expected(scenario(at_half_past_two, next_run=utc(next_run)), utc("2026-03-28 12:00"), PARIS, {})
        assert found.disagreement == ""


# --- the server's zone -----------------------------------------------------------------------------------------------

IN_PARIS = scenario(clock(**DAILY, timezone="SERVER"), next_run=utc("2026-06-02 00:00"))


@pytest.mark.parametrize(
    ("declared", "scenarios", "backend", "name"),
    [
        ("Asia/Tokyo", [IN_PARIS], "Europe/Paris", "Asia/Tokyo"),
        ("", [IN_PARIS], "Europe/Paris", "Europe/Paris"),
        ("", [IN_PARIS, scenario(clock(**DAILY, timezone="Europe/Madrid"))], "", "Europe/Madrid"),
        ("", [IN_PARIS], "America/New_York", None),
        ("", [IN_PARIS], "", None),
        ("", [scenario(clock(**DAILY), next_run=utc("2026-06-02 02:00"))], "", "UTC"),
        ("", [], "America/New_York", "America/New_York"),
        ("", [], "", None),
        ("", [Scenario("S", active=True)], "Mars/Base", None),
        ("Mars/Base", [IN_PARIS], "Europe/Paris", None),
    ],
)
def test_which_zone_the_server_has(declared: str, scenarios: list, backend: str, name: object) -> None:
    found = server_zone(declared, scenarios, backend)
    assert (None if isinstance(found.name, Unknown) else found.name) == name
    assert found.why


# --- real projects ---------------------------------------------------------------------------------------------------

REAL = Path(os.environ.get("OPSGUIDE_REAL_PROJECTS") or Path(__file__).parents[2] / ".." / "shared" / "real-projects")


@pytest.mark.skipif(not REAL.is_dir(), reason="no real projects beside the repository (OPSGUIDE_REAL_PROJECTS)")
def test_every_trigger_of_the_real_projects_has_a_sentence() -> None:
    raw = [
        trigger
        for path in sorted(REAL.rglob("scenarios/*.json"))
        for trigger in json.loads(path.read_text(encoding="utf-8")).get("triggers", [])
    ]
    assert len(raw) >= 20
    for item in raw:
        trigger = Trigger(
            item["type"], item["active"], item.get("id", ""), item.get("name", ""), item.get("delay"), item["params"]
        )
        text = sentence(trigger, PARIS, {})
        assert text
        assert "cannot be read" not in text
        assert "does not know" not in text
        if trigger.type == "temporal":
            assert instants(trigger, utc("2026-01-01"), utc("2026-01-08"), PARIS).unknown is None
