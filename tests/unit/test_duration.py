"""How long runs take, and when one takes unusually long."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Optional

import pytest

from opsguide.core.duration import judge_duration, limits, percentile, seconds_of, typical
from opsguide.model.known import Unknown
from opsguide.model.report import DURATION_ORDER, DurationStat, Learning
from opsguide.model.snapshot import Run

UTC = timezone.utc
MONDAY = datetime(2026, 6, 8, 2, tzinfo=UTC)


def run(start: datetime, minutes: Optional[float], outcome: Optional[str] = "SUCCESS") -> Run:
    return Run(
        f"{start}",
        start,
        None if minutes is None else start + timedelta(minutes=minutes),
        None if minutes is None else outcome,
    )


def days_back(*minutes: float, every: int = 1) -> list[Run]:
    """Runs before MONDAY, newest first."""
    return [run(MONDAY - timedelta(days=every * (n + 1)), length) for n, length in enumerate(minutes)]


def test_typical_counts_successes_only_and_the_last_30() -> None:
    runs = [run(MONDAY, 500, "FAILED"), run(MONDAY, 400, "ABORTED"), run(MONDAY, None), *days_back(*range(10, 50))]
    found = typical(runs)
    assert isinstance(found, DurationStat)
    assert (found.n, found.p50, found.since) == (30, 24.5 * 60, MONDAY - timedelta(days=30))
    assert found.p10 < found.p50 < found.p90 < found.p95 < 40 * 60


def test_warnings_are_successes() -> None:
    assert typical([run(MONDAY, 10, "WARNING")] * 3).n == 3


@pytest.mark.parametrize("n", [0, 1, 2])
def test_too_few_runs_are_learning(n: int) -> None:
    found = typical(days_back(*[10.0] * n))
    assert found == Learning(n, 3, "successful runs")
    assert str(found) == f"learning: {n} of 3 successful runs"


def test_unreadable_runs_are_unknown_and_senseless_times_left_out() -> None:
    assert isinstance(typical(Unknown("no")), Unknown)
    assert seconds_of(Run("r", MONDAY, MONDAY - timedelta(minutes=1), "SUCCESS")) is None
    assert typical([Run("r", None, MONDAY, "SUCCESS")] * 9) == Learning(0, 3, "successful runs")


@pytest.mark.parametrize(("share", "value"), [(0, 10), (0.25, 12.5), (0.5, 15), (1, 20)])
def test_percentiles_lie_between(share: float, value: float) -> None:
    assert percentile([20, 10], share) == value


def test_the_worked_example() -> None:
    mondays = days_back(18, 19, 20, 20, 20, 21, 22, 24, every=7)
    found = limits(mondays, MONDAY, UTC)
    assert (found.slower, found.much_slower, found.basis) == (30 * 60, 40 * 60, "the last 8 Mondays")


def test_the_same_weekday_counts_from_four_on() -> None:
    """Mondays take an hour, other days ten minutes: with three Mondays they are one heap."""
    for weeks, basis in ((3, "the last 12 runs"), (4, "the last 4 Mondays")):
        runs = days_back(*[60.0 if n % 7 == 6 else 10.0 for n in range(7 * weeks)])
        assert limits(runs, MONDAY, UTC).basis == basis


@pytest.mark.parametrize(
    ("past", "minutes", "outcome", "verdict"),
    [
        ([20.0] * 5, 30, "SUCCESS", "NORMAL"),
        ([20.0] * 5, 30.1, "SUCCESS", "SLOWER"),
        ([20.0] * 5, 40.1, "WARNING", "MUCH_SLOWER"),
        ([20.0] * 4, 500, "SUCCESS", "LEARNING"),
        ([20.0] * 4 + [100.0], 90, "SUCCESS", "NORMAL"),  # it has been so slow before
        ([0.1] * 5, 2, "SUCCESS", "NORMAL"),  # seconds are no news
        ([20.0] * 5, 500, "FAILED", "UNKNOWN"),
        ([20.0] * 9, 20, "SUCCESS", "NORMAL"),
        ([12.0] * 4 + [10.0] * 20, 12, "SUCCESS", "DRIFTING"),
        ([12.0] * 3 + [10.0] * 21, 12, "SUCCESS", "NORMAL"),
    ],
)
def test_verdicts(past: list, minutes: float, outcome: str, verdict: str) -> None:
    found = judge_duration(run(MONDAY, minutes, outcome), days_back(*past), MONDAY, UTC)
    assert found.verdict == verdict
    assert found.verdict in DURATION_ORDER
    assert found.reason


def test_a_run_is_judged_while_it_goes() -> None:
    past = days_back(*[20.0] * 6)
    going = run(MONDAY, None)
    for minutes, verdict in ((29, "NORMAL"), (31, "SLOWER"), (41, "MUCH_SLOWER")):
        found = judge_duration(going, past, MONDAY + timedelta(minutes=minutes), UTC)
        assert (found.verdict, "so far" in found.reason) == (verdict, True)


def test_later_runs_do_not_judge_earlier_ones() -> None:
    later = [run(MONDAY + timedelta(days=n), 500) for n in range(9, 0, -1)]
    assert judge_duration(run(MONDAY, 31), [*later, *days_back(*[20.0] * 6)], MONDAY, UTC).verdict == "SLOWER"


def test_a_run_without_times_is_unknown() -> None:
    assert judge_duration(Run("r", None, None, "SUCCESS"), [], MONDAY, UTC).verdict == "UNKNOWN"
    assert judge_duration(Run("r", MONDAY, None, "SUCCESS"), days_back(*[20.0] * 6), MONDAY, UTC).verdict == "UNKNOWN"
