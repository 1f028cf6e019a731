"""How fast things grow, when that reaches a limit, what is held where, and which schedules meet."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from opsguide.core.assess import assess
from opsguide.core.capacity import (
    Growth,
    Planned,
    Reached,
    growth,
    load,
    meetings,
    planned,
    reached,
    stock,
    together,
)
from opsguide.core.schedule import server_zone
from opsguide.model.guide import Cell, Origin, cells_of
from opsguide.model.known import Cause, Unknown
from opsguide.model.report import Report
from opsguide.model.snapshot import Job, Metric, MetricPoint, ObjectFacts, ObjectRef, Snapshot
from tests.nights import DAY, HOUR, MINUTE, NOW, PROFILE, guide_of, night, promises

MART, FEED = ObjectRef("DATASET", "RETAIL", "sales_mart"), ObjectRef("DATASET", "RETAIL", "dashboard_feed")


def daily(*values: float) -> list[MetricPoint]:
    """One value a day, the last one today."""
    return [MetricPoint(NOW - DAY * back, value) for back, value in zip(range(len(values) - 1, -1, -1), values)]


def test_a_steady_rise_is_its_slope_exactly() -> None:
    found = growth(daily(*(1000.0 + 25 * day for day in range(20))), NOW)
    assert found == Growth(25.0, 25.0, 25.0, 19, 20)


def test_one_day_loaded_twice_has_no_say() -> None:
    rows = [1000.0 + 25 * day for day in range(30)]
    rows[17] *= 2
    found = growth(daily(*rows), NOW)
    assert isinstance(found, Growth)
    assert found.per_day == pytest.approx(25.0)
    assert found.low <= 25 <= found.high


def test_noise_without_a_trend_has_a_range_around_nothing() -> None:
    rows = [1000.0 + (37 * day * day) % 101 for day in range(40)]
    found = growth(daily(*rows), NOW)
    assert isinstance(found, Growth)
    assert found.low < 0 < found.high


@pytest.mark.parametrize(
    ("days", "count"),
    [(range(14), 14), ((0, 15), 2), (range(0, 14, 2), 7), ((), 0)],
    ids=["13 days", "two values", "seven values", "none"],
)
def test_too_little_history_is_said_to_be(days: range, count: int) -> None:
    found = growth([MetricPoint(NOW - DAY * day, 5.0) for day in days], NOW)
    assert isinstance(found, Unknown)
    assert found.reason.startswith(f"{count} days with a value over ")
    assert found.needs


def test_of_a_day_the_last_value_counts_and_none_of_the_future_or_of_long_ago() -> None:
    steady = daily(*(100.0 + day for day in range(20)))
    odd = [
        MetricPoint(NOW - DAY * 5 - HOUR, 9e9),  # overwritten later that day
        MetricPoint(NOW + DAY, 9e9),
        MetricPoint(NOW - timedelta(days=120), 9e9),
        MetricPoint(NOW - DAY * 3 - HOUR, float("nan")),
    ]
    assert growth([*odd, *steady], NOW) == growth(steady, NOW)


def test_ranges_add_up() -> None:
    first, second = Growth(5, 4, 6, 20, 20), Growth(-1, -2, 1, 30, 10)
    assert together([first, second]) == Growth(4, 2, 7, 20, 10)
    assert together([]) is None


@pytest.mark.parametrize(
    ("rate", "wanted"),
    [
        (Growth(10, 5, 20, 20, 20), Reached(10, 5, 20)),
        (Growth(10, -1, 20, 20, 20), Reached(10, 5, None)),
        (Growth(0, -1, 1, 20, 20), Reached(None, 100, None)),
        (Growth(-5, -9, -1, 20, 20), Reached(None, None, None)),
    ],
)
def test_days_to_a_limit(rate: Growth, wanted: Reached) -> None:
    assert reached(900, 1000, rate) == wanted


def test_what_is_full_is_full_now_whatever_the_rate() -> None:
    assert reached(1000, 1000, Growth(-5, -9, -1, 20, 20)) == Reached(0, 0, 0)


def facts(*metrics: Metric, rows: int = 20) -> ObjectFacts:
    counts = tuple(daily(*(1000.0 + 10 * day for day in range(rows))))
    return ObjectFacts(MART, metrics=metrics, row_counts=counts)


def test_bytes_grow_as_rows_do() -> None:
    found = stock(facts(Metric("basic:SIZE", "50000"), Metric("records:COUNT_RECORDS", "1000")), "warehouse", NOW)
    assert not isinstance(found, Unknown)
    assert (found.size, found.rows) == (50_000, 1000)
    assert isinstance(found.size_growth, Growth)
    assert found.size_growth.per_day == pytest.approx(500)


def test_without_a_size_only_rows_are_known_to_grow() -> None:
    found = stock(facts(Metric("basic:SIZE", "no number"), Metric("basic:SIZE", "-1")), "warehouse", NOW)
    assert not isinstance(found, Unknown)
    assert (found.size, found.rows) == (None, 1190)
    assert isinstance(found.size_growth, Unknown)
    assert isinstance(found.row_growth, Growth)


def sized(*sizes: float, metrics: tuple[Metric, ...] = (Metric("basic:SIZE", "5000"),), **more: Any) -> ObjectFacts:
    given = {
        "row_counts": Unknown("its rows are not counted", Cause.NOT_RECORDED),
        "sizes": tuple(daily(*sizes)),
        **more,
    }
    return ObjectFacts(MART, metrics=metrics, **given)


STEADY = tuple(2000.0 + 100 * day for day in range(20))
UNREAD = Unknown("the sizes of sales_mart could not be read", Cause.DENIED, "Read project content")
LEFT_OUT = Unknown("the history of its row counts is read in place of it", Cause.LEFT_OUT)


@pytest.mark.parametrize(
    ("fact", "wanted", "by"),
    [
        (sized(*STEADY), Growth(100, 100, 100, 19, 20, "sizes"), ""),
        (sized(*STEADY[:17], 9e9, *STEADY[18:]), 100, ""),  # one day on which everything stood there twice
        (sized(*reversed(STEADY)), -100, ""),
        (sized(*STEADY[:5]), "5 days with a value over 4 days", ""),
        (sized(), "its rows are not counted", ""),
        (sized(sizes=UNREAD), "the sizes of sales_mart could not be read", ""),
        (sized(metrics=()), "its size is not on record", ""),
        (sized(*STEADY, row_counts=facts().row_counts), 100, ""),  # what was measured goes before what is supposed
        (sized(sizes=LEFT_OUT, row_counts=facts().row_counts), 10 * 5000 / 1190, "row counts"),
    ],
)
def test_bytes_grow_as_sizes_do_where_there_is_a_history_of_them(fact: ObjectFacts, wanted: Any, by: str) -> None:
    found = stock(fact, "warehouse", NOW)
    assert not isinstance(found, Unknown)
    rate = found.size_growth
    if isinstance(wanted, str):
        assert isinstance(rate, Unknown)
        assert rate.reason.startswith(wanted)
    elif isinstance(wanted, Growth):
        assert rate == wanted
    else:
        assert isinstance(rate, Growth)
        assert rate.per_day == pytest.approx(wanted)
        assert rate.low <= wanted <= rate.high or rate.low == pytest.approx(rate.high)
        assert rate.by == (by or "sizes")


def test_what_was_measured_in_two_ways_is_said_of_the_sum() -> None:
    rates = [Growth(1, 1, 1, 20, 20), Growth(2, 2, 2, 30, 10, "sizes"), Growth(3, 3, 3, 20, 20)]
    assert together(rates) == Growth(6, 6, 6, 20, 10, "row counts and sizes")


def test_what_could_not_be_read_stays_unknown() -> None:
    why = Unknown("no right", Cause.DENIED, "Read project content")
    assert stock(ObjectFacts(MART, metrics=why), "", NOW) == why


def test_load_counts_minutes_by_day_and_what_runs_side_by_side() -> None:
    start = datetime(2026, 3, 2, 1, 0, tzinfo=timezone.utc)
    spans = [
        (start, start + 30 * MINUTE),
        (start + 10 * MINUTE, start + 20 * MINUTE),
        (start + DAY, start + DAY + HOUR),
    ]
    found = load(spans, 7)
    assert found.minutes_a_day == pytest.approx(100 / 7)
    assert (found.fullest_day, found.at_once, found.n) == (60, 2, 3)
    assert load([], 7).fullest_day == 0


def test_what_ends_at_a_moment_does_not_run_beside_what_begins_at_it() -> None:
    start = datetime(2026, 3, 2, 1, 0, tzinfo=timezone.utc)
    assert load([(start, start + HOUR), (start + HOUR, start + 2 * HOUR)], 1).at_once == 1


# --- schedules -------------------------------------------------------------------------------------------------------


def run(scenario: str, hour: float, hours: float = 0.0) -> Planned:
    at = NOW + hour * HOUR
    return Planned(at, at + hours * HOUR, scenario)


def test_two_that_build_the_same_at_the_same_time_meet() -> None:
    builds = {"A": frozenset({MART, FEED}), "B": frozenset({MART}), "C": frozenset({FEED})}
    starts = [run("A", 1, 2), run("B", 2, 2), run("C", 3.5, 1), run("A", 25, 2), run("B", 26, 2)]
    (found,) = meetings(starts, builds)
    assert (found.scenarios, found.at, found.times, found.outputs) == (("A", "B"), starts[1].at, 2, (MART,))


def test_one_after_the_other_is_no_meeting() -> None:
    builds = {"A": frozenset({MART}), "B": frozenset({MART})}
    assert meetings([run("A", 1, 1), run("B", 2, 1)], builds) == ()


@pytest.mark.parametrize(("first", "second"), [(0, 1), (1, 0), (0, 0)])
def test_two_that_start_at_the_same_instant_meet_however_long_they_run(first: float, second: float) -> None:
    builds = {"A": frozenset({MART}), "B": frozenset({MART})}
    (found,) = meetings([run("A", 1, first), run("B", 1, second)], builds)
    assert (found.scenarios, found.times) == (("A", "B"), 1)


def test_a_scenario_does_not_meet_itself() -> None:
    assert meetings([run("A", 1, 3), run("A", 2, 3)], {"A": frozenset({MART})}) == ()


def test_three_that_begin_together_are_a_crowd_and_two_are_not() -> None:
    starts = [run("A", 1), run("B", 1.05), run("A", 5), run("B", 5), run("C", 5.05), run("C", 9)]
    (found,) = meetings(starts, {})
    assert (found.scenarios, found.at, found.times, found.outputs) == (("A", "B", "C"), starts[2].at, 1, ())


def test_starts_come_from_active_scenarios_that_are_no_tests() -> None:
    found = planned(night(), guide_report(night()), server_zone("Europe/Paris", (), ""))
    assert not isinstance(found, Unknown)
    assert {each.scenario for each in found} == {"NIGHTLY"}
    assert [each.at for each in found] == sorted(each.at for each in found)


def test_schedules_that_could_not_be_read_are_unknown() -> None:
    why = Unknown("no right", Cause.DENIED)
    snapshot = night(scenarios=why)
    assert planned(snapshot, guide_report(snapshot), server_zone("", (), "")) == why


def guide_report(snapshot: Snapshot) -> Report:
    return assess(snapshot, promises())


# --- in the guide ----------------------------------------------------------------------------------------------------


def cells(snapshot: Snapshot, **changes: object) -> dict[str, Cell]:
    found = guide_of(snapshot, promises({**PROFILE, **changes}))
    section = next(each for each in found.sections if each.id == "capacity-planning")
    return {cell.id.removeprefix("capacity-planning."): cell for cell in cells_of(section)}


def test_the_guide_says_how_much_is_measured_and_when_it_is_full() -> None:
    found = cells(night(), capacity={"storage_limit_gb": 3})
    assert found["storage.current"].value.startswith("At least 2.5 GB in 1 of 6 sources and outputs (17 % measured)")
    assert found["connection-warehouse.measured"].value == "1 of 2"
    assert found["growth"].value == "152 MB a month, 6 % of what it holds, by 1 of 6 sources and outputs"
    assert found["limit-reached"].value == "in about 100 days, by 1 of 6 sources and outputs"
    assert found["review"].value == "monthly"
    assert found["disk.current"].value == "1.2 GB in 3,400 files; 1 place could not be looked into"


def test_how_much_of_it_a_growth_speaks_for_is_always_said() -> None:
    sizes = tuple(daily(*(1e9 + 1e7 * day for day in range(20))))
    measured = (Metric("basic:SIZE", "1190000000"),)
    rest = Unknown("its rows are not counted", Cause.NOT_RECORDED)
    fed = replace(ObjectFacts(FEED), metrics=measured, row_counts=rest, sizes=sizes)
    others = tuple(each for each in night().facts if each.ref != FEED)
    found = cells(replace(night(), facts=(*others, fed)), capacity={"storage_limit_gb": 5})
    assert found["growth"].value.startswith("457 MB a month, 12 % of what it holds, by 2 of 6 sources and outputs")
    assert found["growth"].source == "row counts and sizes of 20 days over 19 days"
    assert found["limit-reached"].value.endswith(", by 2 of 6 sources and outputs")
    assert found["limit-reached"].reason == "what is not measured fills it sooner"
    alone = cells(replace(night(), facts=(fed,)), capacity={"storage_limit_gb": 5})
    assert alone["connection-warehouse.growth"].value == "304 MB; known of 1 of 2"
    assert alone["limit-reached"].value == "in about 381 days, by 1 of 6 sources and outputs"
    assert alone["limit-reached"].source == "sizes of 20 days over 19 days"


def test_a_limit_that_is_near_is_not_left_for_the_next_review() -> None:
    found = cells(night(), capacity={"storage_limit_gb": 2.6})
    assert found["limit-reached"].value == "in about 20 days, by 1 of 6 sources and outputs"
    assert found["review"].value == "monthly; now, as the storage limit may be reached in 20 days"


def test_without_sizes_nothing_is_guessed() -> None:
    bare = replace(night(), facts=tuple(replace(each, metrics=(), row_counts=()) for each in night().facts))
    found = cells(bare, capacity={"storage_limit_gb": 3})
    for name in ("storage.current", "connection-warehouse.size", "growth", "limit-reached"):
        assert found[name].origin is Origin.UNKNOWN, name
    assert found["storage.current"].needs == "the probe “Basic data”"


NO_ROWS = Unknown("a managed folder has no rows", Cause.NOT_RECORDED)
NOT_COMPARED = Unknown("it is not built here, so that there is nothing to compare its rows by", Cause.LEFT_OUT)
NOT_COUNTED = Unknown("its rows are not counted", Cause.NOT_RECORDED, "a row count probe on the dataset")


@pytest.mark.parametrize(
    ("name", "rows", "reason"),
    [
        ("dashboard_feed", NOT_COUNTED, "its rows are not counted"),
        ("dashboard_feed", NOT_COMPARED, "its size is not on record"),
        ("dropbox", NO_ROWS, "its size is not on record"),
    ],
)
def test_what_is_missing_is_named_and_not_what_could_never_be(name: str, rows: Unknown, reason: str) -> None:
    facts = tuple(
        replace(each, row_counts=rows, metrics=(Metric("records:COUNT_RECORDS", "5"),))
        for each in night().facts
        if each.ref.id == name
    )
    found = cells(replace(night(), facts=facts))
    (growth_cell,) = (found[each] for each in found if each.startswith("stock-") and each.endswith(".growth"))
    assert growth_cell.reason == reason


def test_jobs_are_counted_by_day() -> None:
    start = NOW - 2 * DAY
    jobs = tuple(Job(f"j{n}", state="DONE", start=start + n * MINUTE, end=start + HOUR) for n in range(2))
    assert (
        cells(night(jobs=jobs))["compute.current"].value
        == "17 min a day, 1 h 59 min on the fullest, at most 2 jobs at once"
    )
