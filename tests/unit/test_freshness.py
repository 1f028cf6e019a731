"""How old data is: which clock tells, what the limits say, whether inputs are newer, which partition is complete."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta, timezone
from typing import Any, Optional
from zoneinfo import ZoneInfo

import pytest

from opsguide.core.freshness import (
    DataTime,
    Input,
    arrival,
    data_time,
    judge,
    judge_age,
    judge_deadline,
    judge_inputs,
    latest_complete_partition,
    period_end,
)
from opsguide.core.sla import Promise
from opsguide.model.known import Cause, Unknown
from opsguide.model.profile import Calendar
from opsguide.model.snapshot import Build, Metric, ObjectFacts, ObjectRef

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2025, 10, 14, 7, tzinfo=timezone.utc)  # Tuesday, 09:00 in Paris
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
REF = ObjectRef("DATASET", "K", "orders")
BUILD = Build(True, NOW - 3 * HOUR, NOW - 2 * HOUR)
FAILED = Build(False, NOW - HOUR, NOW - 30 * MINUTE)
DENIED = Unknown("forbidden", Cause.DENIED)


def facts(**parts: Any) -> ObjectFacts:
    nothing: dict[str, Any] = {
        "last_build": None,
        "last_success": None,
        "builds": (),
        "metrics": (),
        "newest_file": None,
    }
    return ObjectFacts(REF, **{**nothing, **parts})


def maximum(value: str, computed: Optional[datetime] = NOW - HOUR, partition: str = "") -> Metric:
    return Metric("col_stats:MAX:sold_at", value, "date", computed, partition)


BUILT = facts(last_build=BUILD, last_success=BUILD, builds=(BUILD,))


# --- clocks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "how", "clock", "at"),
    [
        (BUILT, {}, "end of the last successful build", NOW - 2 * HOUR),
        (replace(BUILT, last_build=FAILED), {}, "end of the last successful build", NOW - 2 * HOUR),
        (BUILT, {"project_key": "K"}, "end of the last successful build", NOW - 2 * HOUR),
        (BUILT, {"project_key": "OTHER"}, "build in project K", NOW - 2 * HOUR),
        # Files date inputs only, after builds, and never what a failed build left behind.
        (facts(newest_file=NOW - HOUR), {"is_input": True}, "newest file", NOW - HOUR),
        (replace(BUILT, newest_file=NOW), {"is_input": True}, "end of the last successful build", NOW - 2 * HOUR),
        (facts(newest_file=NOW - HOUR, last_build=FAILED), {"is_input": True}, None, None),
        (facts(newest_file=NOW - HOUR), {}, None, None),
        # The declared column comes before all others.
        (
            replace(BUILT, metrics=(maximum("2025-10-14T04:30:00.000Z"),)),
            {"column": "sold_at"},
            "newest sold_at",
            datetime(2025, 10, 14, 4, 30, tzinfo=timezone.utc),
        ),
        (
            replace(BUILT, metrics=(maximum("2025-10-13"),)),
            {"column": "sold_at"},
            "newest sold_at",
            datetime(2025, 10, 13, tzinfo=timezone.utc),
        ),
        (facts(), {}, None, None),
        (facts(last_success=DENIED), {}, None, None),
    ],
)
def test_which_clock_tells(known: ObjectFacts, how: dict[str, Any], clock: Optional[str], at: Optional[datetime]):
    found = data_time(known, NOW, PARIS, **how)
    if clock is None:
        assert isinstance(found, Unknown)
        assert found.reason
    else:
        assert isinstance(found, DataTime)
        assert (found.clock, found.at_least, found.at_most) == (clock, at, at)


def asked(value: str, computed: datetime, *, column: str = "sold_at", name: str = "Freshness", partition: str = ""):
    """What our probe leaves where the database told it the newest value of a column."""
    probe = "py_plugin_operations-guide_freshness"
    return (
        Metric(f"{probe}:data_time:{name}", value, "DATE", computed, partition),
        Metric(f"{probe}:data_clock:{name}", f"newest {column}, by the database", "STRING", computed, partition),
    )


SIX, SEVEN = "2025-10-14T06:00:00.000Z", "2025-10-14T06:30:00.000Z"


@pytest.mark.parametrize(
    ("metrics", "at"),
    [
        (asked(SIX, NOW - MINUTE), NOW - HOUR),
        ((*asked(SIX, NOW - MINUTE), maximum(SEVEN)), NOW - HOUR),  # asked later than DSS's metric was computed
        ((*asked(SIX, NOW - 2 * HOUR), maximum(SEVEN)), NOW - 30 * MINUTE),
        ((*asked(SIX, NOW - MINUTE), maximum("no time")), NOW - HOUR),
        ((*asked(SEVEN, NOW, column="paid_at", name="Paid"), *asked(SIX, NOW)), NOW - HOUR),
        ((*asked(SIX, NOW, partition="a"), *asked(SEVEN, NOW, partition="b")), NOW - 30 * MINUTE),
        (asked(SIX, NOW, column="paid_at"), None),
        (asked(SIX, NOW)[:1], None),
        (asked(SIX, NOW)[1:], None),
        (asked("soon", NOW), None),
    ],
)
def test_what_our_probe_was_told_by_the_database_is_known_too(metrics: Any, at: Optional[datetime]):
    found = data_time(facts(metrics=metrics), NOW, PARIS, column="sold_at")
    if at is None:
        assert isinstance(found, Unknown)
    else:
        assert isinstance(found, DataTime)
        assert (found.clock, found.at_least) == ("newest sold_at", at)


@pytest.mark.parametrize(
    ("metrics", "at_least", "said"),
    [
        ((), None, "no metric computes it"),
        (DENIED, None, "forbidden"),
        ((maximum("no time"),), None, "it is no time"),
        ((maximum("2031-01-01T00:00:00Z"),), None, "lies in the future"),
        ((maximum("2025-10-14T03:00:00Z", NOW - 150 * MINUTE),), NOW - 4 * HOUR, "computed before the last build"),
        ((maximum("2025-10-14T03:00:00Z", None),), NOW - 4 * HOUR, "computed before the last build"),
    ],
)
def test_a_column_nobody_looked_at_since_the_build_is_bounded_by_it(metrics: Any, at_least: Any, said: str):
    found = data_time(replace(BUILT, metrics=metrics), NOW, PARIS, column="sold_at")
    assert isinstance(found, DataTime)
    assert (found.at_least, found.at_most) == (at_least, BUILD.end)
    assert said in found.clock + found.note
    if at_least is None:
        assert isinstance(data_time(facts(metrics=metrics), NOW, PARIS, column="sold_at"), Unknown)


@pytest.mark.parametrize(("looked", "at_most"), [(MINUTE, NOW - HOUR), (30 * MINUTE, None)])
def test_what_dss_does_not_build_is_at_most_as_old_as_when_somebody_looked(looked: timedelta, at_most: Any):
    found = data_time(facts(metrics=(maximum(SIX, NOW - looked),)), NOW, PARIS, column="sold_at")
    assert isinstance(found, DataTime)
    assert (found.at_least, found.at_most) == (NOW - HOUR, at_most)
    stale = judge_age(Promise(PARIS, max_age_seconds=1800), found, NOW)
    assert stale.verdict == ("UNKNOWN" if at_most is None else "STALE_ERROR")
    assert judge_age(Promise(PARIS, max_age_seconds=7200), found, NOW).verdict == "FRESH"


def test_values_in_the_future_are_left_out_and_counted():
    values = (maximum("2025-10-14T05:30:00Z", partition="a"), maximum("2099-01-01", partition="b"))
    found = data_time(replace(BUILT, metrics=values), NOW, PARIS, column="sold_at")
    assert isinstance(found, DataTime)
    assert (found.at, found.note) == (NOW - 90 * MINUTE, "1 value in the future left out")


def test_arrival_is_when_data_came_not_what_time_it_is_of():
    known = replace(BUILT, metrics=(maximum("2025-10-01"),), newest_file=NOW)
    found = arrival(known)
    assert isinstance(found, DataTime)
    assert found.at == BUILD.end


# --- limits ----------------------------------------------------------------------------------------------------------


def exactly(age: timedelta) -> DataTime:
    return DataTime("newest x", NOW - age, NOW - age)


WARN_4_ERROR_8 = Promise(PARIS, max_age_seconds=8 * 3600, warn_age_seconds=4 * 3600)
WARN_4 = Promise(PARIS, warn_age_seconds=4 * 3600)
ERROR_8 = Promise(PARIS, max_age_seconds=8 * 3600)


@pytest.mark.parametrize(
    ("promise", "data", "verdict", "said"),
    [
        (WARN_4_ERROR_8, exactly(HOUR), "FRESH", "1 h old, at most 8 h allowed, by the newest x"),
        (WARN_4_ERROR_8, exactly(4 * HOUR), "FRESH", "4 h old"),
        (WARN_4_ERROR_8, exactly(5 * HOUR), "STALE_WARN", "5 h old, more than 4 h"),
        (WARN_4_ERROR_8, exactly(9 * HOUR), "STALE_ERROR", "9 h old, more than 8 h"),
        (WARN_4, exactly(90 * HOUR), "STALE_WARN", "more than 4 h"),
        (ERROR_8, exactly(7 * HOUR), "FRESH", "at most 8 h allowed"),
        (ERROR_8, exactly(-HOUR), "FRESH", ""),
        (ERROR_8, DENIED, "UNKNOWN", "forbidden"),
        # Bounded only: fresh if so at worst, stale if so at best.
        (ERROR_8, DataTime("c", NOW - 5 * HOUR, NOW), "FRESH", "5 h old"),
        (ERROR_8, DataTime("c", NOW - 9 * HOUR, NOW), "UNKNOWN", "nobody has looked"),
        (ERROR_8, DataTime("c", NOW - 20 * HOUR, NOW - 9 * HOUR), "STALE_ERROR", "9 h old"),
        (ERROR_8, DataTime("c", None, NOW - 9 * HOUR), "STALE_ERROR", "9 h old"),
        (ERROR_8, DataTime("c", None, NOW - HOUR), "UNKNOWN", "nobody has looked"),
        (WARN_4_ERROR_8, DataTime("c", NOW - 9 * HOUR, NOW - 5 * HOUR), "STALE_WARN", "5 h old, more than 4 h"),
    ],
)
def test_age(promise: Promise, data: Any, verdict: str, said: str):
    found = judge_age(promise, data, NOW)
    assert found.verdict == verdict
    assert said in found.reason


def test_age_counts_business_time_where_a_calendar_is_declared():
    monday = datetime(2025, 10, 13, 7, tzinfo=timezone.utc)
    friday = DataTime("newest x", monday - 3 * DAY, monday - 3 * DAY)
    plain = Promise(PARIS, max_age_seconds=30 * 3600)
    assert judge_age(plain, friday, monday).verdict == "STALE_ERROR"
    found = judge_age(replace(plain, calendar=Calendar()), friday, monday)
    assert (found.verdict, found.reason) == (
        "FRESH",
        "1 d old in business time, at most 1 d 6 h allowed, by the newest x",
    )


def test_a_verdict_carries_its_clock():
    found = judge_age(ERROR_8, DataTime("newest x", NOW - HOUR, NOW - HOUR, NOW - MINUTE, "2 values left out"), NOW)
    assert (found.clock, found.data_at, found.computed_at) == ("newest x", NOW - HOUR, NOW - MINUTE)
    assert found.reason.endswith("by the newest x; 2 values left out")


# --- deadlines -------------------------------------------------------------------------------------------------------

BY_0130 = Promise(PARIS, available_by=time(1, 30))
BY_MIDNIGHT = Promise(PARIS, available_by=time(0, 10))


def at(day: int, hour: int, minute: int = 0) -> DataTime:
    moment = datetime(2025, 10, day, hour, minute, tzinfo=PARIS).astimezone(timezone.utc)
    return DataTime("newest file", moment, moment)


@pytest.mark.parametrize(
    ("promise", "data", "verdict", "said"),
    [
        (BY_0130, at(14, 1), "FRESH", "expected by 01:30, there since 01:00, by the newest file"),
        (BY_0130, at(14, 5), "FRESH", "there since 05:00"),
        (BY_0130, at(13, 1), "STALE_ERROR", "the newest is of Mon 13 Oct 01:00"),
        (BY_0130, at(13, 13, 31), "FRESH", ""),
        (BY_0130, at(13, 13, 30), "STALE_ERROR", ""),
        (BY_MIDNIGHT, at(13, 23, 50), "FRESH", "expected by 00:10, there since Mon 13 Oct 23:50"),
        (BY_MIDNIGHT, at(13, 0, 5), "STALE_ERROR", ""),
        (BY_0130, DENIED, "UNKNOWN", "when it came is not known: forbidden"),
        (BY_0130, DataTime("c", None, NOW), "UNKNOWN", "whether it came"),
        (BY_0130, DataTime("c", None, NOW - 3 * DAY), "STALE_ERROR", ""),
        (Promise(PARIS, available_by=time(23, 0)), at(13, 22), "FRESH", "expected by Mon 13 Oct 23:00"),
        (Promise(PARIS, available_by=time(1, 30), days=("monday",)), at(13, 1), "FRESH", ""),
        (Promise(PARIS, available_by=time(1, 30), days=()), at(13, 1), "UNKNOWN", "still to come"),
    ],
)
def test_deadline(promise: Promise, data: Any, verdict: str, said: str):
    found = judge_deadline(promise, data, NOW)
    assert found.verdict == verdict
    assert said in found.reason


@pytest.mark.parametrize(
    ("zone", "day"),
    [("Europe/Paris", (2026, 3, 29)), ("America/New_York", (2026, 3, 8)), ("Australia/Lord_Howe", (2026, 10, 4))],
)
def test_a_deadline_in_the_hour_that_the_clocks_skip(zone: str, day: tuple[int, int, int]):
    clock = ZoneInfo(zone)
    noon = datetime(*day, 12, tzinfo=clock).astimezone(timezone.utc)
    promise = Promise(clock, available_by=time(2, 15))
    came = datetime(*day, 1, tzinfo=clock).astimezone(timezone.utc)
    assert judge_deadline(promise, DataTime("f", came, came), noon).verdict == "FRESH"
    assert judge_deadline(promise, DataTime("f", came - DAY, came - DAY), noon).verdict == "STALE_ERROR"


# --- inputs ----------------------------------------------------------------------------------------------------------

THIS, BEFORE = NOW - 3 * HOUR, NOW - 27 * HOUR
TWICE = (Build(True, THIS, NOW - 2 * HOUR, "j2"), Build(True, BEFORE, NOW - 26 * HOUR, "j1"))
DAILY = Promise(PARIS, available_by=time(1, 30))


def given(came: Any, promise: Promise = DAILY, name: str = "orders", job: str = "") -> Input:
    return Input(name, promise, DataTime("f", came, came) if isinstance(came, datetime) else came, job)


@pytest.mark.parametrize(
    ("builds", "inputs", "verdict", "said"),
    [
        (TWICE, [given(THIS - HOUR)], "FRESH", "no input is newer"),
        (TWICE, [given(THIS + MINUTE)], "NEEDS_REBUILD", "orders is of 06:01, the last build began 06:00"),
        (TWICE, [given(THIS + MINUTE), given(DENIED)], "NEEDS_REBUILD", ""),
        (TWICE, [given(NOW + HOUR)], "FRESH", ""),  # a time to come is no time of data
        (TWICE, [given(THIS + MINUTE, job="j2")], "FRESH", ""),  # the same job built both
        (TWICE, [given(BEFORE - HOUR)], "REBUILT_NO_NEW_DATA", "data of orders was due"),
        (TWICE, [given(BEFORE - HOUR), given(THIS - HOUR)], "FRESH", ""),
        (TWICE, [given(BEFORE - HOUR), given(DENIED, name="crm")], "UNKNOWN", "when crm came is not known"),
        (TWICE, [given(BEFORE - HOUR, Promise(PARIS))], "FRESH", ""),  # nothing says that data was due
        (TWICE, [given(BEFORE - HOUR, Promise(PARIS, calendar=Calendar()))], "REBUILT_NO_NEW_DATA", ""),
        (
            TWICE,
            [given(BEFORE - HOUR, Promise(PARIS, calendar=Calendar(extra_holidays=(NOW.date(),))))],
            "FRESH",
            "",
        ),
        (TWICE[:1], [given(BEFORE - HOUR)], "FRESH", ""),
        (TWICE, [], "UNKNOWN", "not seen"),
        ((), [given(THIS)], "UNKNOWN", "no successful build"),
        ((Build(False, THIS, NOW),), [given(THIS)], "UNKNOWN", "no successful build"),
        (DENIED, [given(THIS)], "UNKNOWN", "forbidden"),
    ],
)
def test_inputs(builds: Any, inputs: list[Input], verdict: str, said: str):
    found = judge_inputs(builds, inputs, NOW)
    assert found.verdict == verdict
    assert said in found.reason


FAILED_SINCE = (Build(False, THIS + HOUR, THIS + HOUR + MINUTE, "j3"), *TWICE)


@pytest.mark.parametrize(
    ("builds", "inputs", "starts", "verdict", "said"),
    [
        (TWICE, [given(THIS + MINUTE)], (BEFORE, THIS, NOW + HOUR), "FRESH", "as planned: the next one starts"),
        (TWICE, [given(THIS + MINUTE)], (THIS + 2 * MINUTE, NOW + HOUR), "NEEDS_REBUILD", ""),  # one has gone by
        (TWICE, [given(THIS + MINUTE)], (BEFORE, THIS), "NEEDS_REBUILD", ""),  # none is to come
        (FAILED_SINCE, [given(THIS + MINUTE)], (THIS, NOW + HOUR), "NEEDS_REBUILD", ""),
        (TWICE, [given(THIS + MINUTE), given(DENIED)], (THIS, NOW + HOUR), "UNKNOWN", ""),
    ],
)
def test_newer_data_may_wait_for_the_next_planned_build(
    builds: Any, inputs: Any, starts: Any, verdict: str, said: str
) -> None:
    found = judge_inputs(builds, inputs, NOW, starts)
    assert (found.verdict, said in found.reason) == (verdict, True)


@pytest.mark.parametrize(
    ("promise", "data", "came", "verdict"),
    [
        (ERROR_8, exactly(2 * HOUR), THIS - HOUR, "FRESH"),
        (ERROR_8, exactly(2 * HOUR), THIS + MINUTE, "NEEDS_REBUILD"),
        (ERROR_8, exactly(9 * HOUR), THIS + MINUTE, "STALE_ERROR"),
        (ERROR_8, exactly(2 * HOUR), DENIED, "FRESH"),  # the declared age is proven, whatever the inputs
        (ERROR_8, DENIED, THIS - HOUR, "UNKNOWN"),
        (Promise(PARIS), exactly(90 * DAY), THIS - HOUR, "FRESH"),
        (Promise(PARIS), exactly(HOUR), DENIED, "UNKNOWN"),
        (Promise(PARIS), DENIED, THIS + MINUTE, "NEEDS_REBUILD"),
    ],
)
def test_limits_and_inputs_together(promise: Promise, data: Any, came: Any, verdict: str):
    assert judge(promise, data, TWICE, [given(came)], NOW).verdict == verdict


# --- partitions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "period", "utc"),
    [
        ("Europe/Paris", "2025-10-13", "2025-10-13T22:00"),
        ("Europe/Paris", "2025-10-26", "2025-10-26T23:00"),  # a day of 25 hours
        ("Europe/Paris", "2025-10", "2025-10-31T23:00"),
        ("UTC", "2028-02", "2028-03-01T00:00"),
        ("UTC", "2028-02-29", "2028-03-01T00:00"),
        ("UTC", "2025-12", "2026-01-01T00:00"),
        ("UTC", "2025", "2026-01-01T00:00"),
        ("UTC", "2025-10-13-23", "2025-10-14T00:00"),
        ("America/New_York", "2025-10-13-05", "2025-10-13T10:00"),
        ("UTC", "2025-02-29", None),
        ("UTC", "2025-13", None),
        ("UTC", "FR", None),
        ("UTC", "9999-12-31", None),
        ("UTC", "", None),
    ],
)
def test_the_end_of_a_period(zone: str, period: str, utc: Optional[str]):
    expected = datetime.fromisoformat(f"{utc}:00+00:00") if utc else None
    assert period_end(period, ZoneInfo(zone)) == expected


def part(partition: str, day: int, hour: int = 2, success: bool = True) -> Build:
    start = datetime(2025, 10, day, hour, tzinfo=timezone.utc)
    return Build(success, start, start + HOUR, partition=partition)


@pytest.mark.parametrize(
    ("builds", "latest"),
    [
        ([part("2025-10-12", 13), part("2025-10-13", 14)], "2025-10-13"),
        ([part("2025-10-12", 13), part("2025-10-13", 13, 12)], "2025-10-12"),  # built before its day was over
        ([part("2025-10-12", 13), part("2025-10-13", 14, success=False)], "2025-10-12"),
        ([part("2025-10-13", 14, 1), part("2025-10-13", 14, 3, success=False), part("2025-10-12", 13)], "2025-10-12"),
        ([part("2025-10-13", 14, 1, success=False), part("2025-10-13", 14, 3)], "2025-10-13"),
        ([part("2025-10-01", 14), part("2025-10-12", 13)], "2025-10-12"),  # an old day built again is still old
        ([part("2025-10-12|FR", 13), part("2025-10-12|DE", 13), part("2025-10-13|FR", 14)], "2025-10-12"),
        ([part(f"2025-10-{d}|{c}", d + 1) for d in (12, 13) for c in ("FR", "DE")], "2025-10-13"),
        ([part("FR", 13), part("DE", 14)], None),
        ([part("", 13)], None),
        ([], None),
    ],
)
def test_the_latest_complete_partition_by_its_own_date(builds: list[Build], latest: Optional[str]):
    found = latest_complete_partition(builds, timezone.utc)
    assert (found[0] if found else None) == latest


def test_partitions_date_the_data_by_themselves_not_by_when_they_were_built():
    rebuilt = (part("2025-10-05", 14), part("2025-10-06", 7))
    known = facts(last_build=rebuilt[0], last_success=rebuilt[0], builds=rebuilt)
    found = data_time(known, NOW, PARIS)
    assert isinstance(found, DataTime)
    assert found.clock == "latest complete partition 2025-10-06"
    assert judge_age(Promise(PARIS, max_age_seconds=86400), found, NOW).verdict == "STALE_ERROR"
