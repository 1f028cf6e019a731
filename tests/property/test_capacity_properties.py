"""Growth, limits and meetings, whatever the history and the schedule."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from opsguide.core.capacity import AHEAD, Growth, Planned, growth, meetings, reached
from opsguide.model.snapshot import MetricPoint, ObjectRef

NOW = datetime(2026, 3, 3, 6, 12, tzinfo=timezone.utc)
values = st.lists(st.integers(0, 10**12), min_size=15, max_size=40)


def history(rows: list[int]) -> list[MetricPoint]:
    return [MetricPoint(NOW - timedelta(days=back), float(value)) for back, value in enumerate(reversed(rows))]


def grown(points: list[MetricPoint]) -> Growth:
    found = growth(points, NOW)
    assert isinstance(found, Growth)
    return found


@given(values)
def test_the_rate_is_within_its_range_and_the_range_within_what_was_seen(rows: list[int]) -> None:
    found = grown(history(rows))
    steps = [after - before for before, after in zip(rows, rows[1:])]
    assert min(steps) - 1e-6 <= found.low <= found.per_day <= found.high <= max(steps) + 1e-6


@given(values, st.integers(0, 10**9), st.integers(-(10**6), 10**6))
def test_a_level_added_changes_nothing_and_a_trend_added_is_found(rows: list[int], level: int, trend: int) -> None:
    moved = [value + level + trend * day for day, value in enumerate(rows)]
    assert grown(history(moved)).per_day == pytest.approx(grown(history(rows)).per_day + trend, rel=1e-9, abs=1e-3)


@given(values)
def test_read_backwards_it_falls_as_fast(rows: list[int]) -> None:
    there, back = grown(history(rows)), grown(history(rows[::-1]))
    assert back.per_day == pytest.approx(-there.per_day, abs=1e-3)
    assert (back.low, back.high) == (pytest.approx(-there.high, abs=1e-3), pytest.approx(-there.low, abs=1e-3))


@given(st.permutations(history(list(range(100, 130)))))
def test_the_order_of_the_history_does_not_matter(points: list[MetricPoint]) -> None:
    assert grown(list(points)).per_day == pytest.approx(1.0)


@given(st.lists(st.integers(0, 29), max_size=8, unique=True), st.integers(0, 10**9))
def test_a_quarter_of_wrong_days_does_not_decide(wrong: list[int], value: int) -> None:
    rows = [1000 + 50 * day for day in range(30)]
    for day in wrong:
        rows[day] = value
    assert grown(history(rows)).per_day == pytest.approx(50.0)


@given(st.floats(0, 1e15), st.floats(1, 1e15), st.lists(st.floats(-1e9, 1e9), min_size=3, max_size=3))
def test_a_limit_is_reached_no_earlier_at_a_lower_rate(held: float, limit: float, rates: list[float]) -> None:
    low, middle, high = sorted(rates)
    found = reached(held, limit, Growth(middle, low, high, 20, 20))
    never = float("inf")
    days = [never if each is None else each for each in (found.earliest, found.days, found.latest)]
    assert days == sorted(days)
    assert all(each >= 0 for each in days)
    assert (held >= limit) == (days == [0, 0, 0]) or days[0] == 0


REFS = [ObjectRef("DATASET", "P", name) for name in "xyz"]
starts = st.lists(
    st.builds(
        lambda minute, length, name: Planned(
            NOW + timedelta(minutes=minute), NOW + timedelta(minutes=minute + length), name
        ),
        st.integers(0, int(AHEAD.total_seconds() / 60)),
        st.integers(0, 600),
        st.sampled_from("ABCD"),
    ),
    max_size=30,
).map(lambda found: sorted(found, key=lambda each: (each.at, each.scenario)))
builds = st.fixed_dictionaries({name: st.frozensets(st.sampled_from(REFS)) for name in "ABCD"})


@given(starts, builds)
def test_those_meet_who_run_at_once_and_build_the_same(
    plan: list[Planned], made: dict[str, frozenset[ObjectRef]]
) -> None:
    wanted = {
        tuple(sorted((one.scenario, other.scenario)))
        for one in plan
        for other in plan
        if one.scenario != other.scenario
        and (one.at == other.at or one.at < other.at < one.until)
        and made[one.scenario] & made[other.scenario]
    }
    rivals = [each for each in meetings(plan, made) if each.outputs]
    assert {each.scenarios for each in rivals} == wanted
    for each in rivals:
        assert set(each.outputs) == made[each.scenarios[0]] & made[each.scenarios[1]]
        assert each.times >= 1
    assert [each.at for each in rivals] == sorted(each.at for each in rivals)


@given(starts)
def test_scenarios_that_build_nothing_can_only_be_a_crowd(plan: list[Planned]) -> None:
    assume(plan)
    for each in meetings(plan, {}):
        assert len(each.scenarios) >= 3
        near = [one for one in plan if each.at <= one.at <= each.at + timedelta(minutes=5)]
        assert {one.scenario for one in near} >= set(each.scenarios)
    assert meetings([replace(each, scenario="A") for each in plan], {}) == ()
