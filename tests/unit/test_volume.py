"""Row counts against what they usually are: tables for each rule, and what must never be called OK."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone

import pytest

from opsguide.core.volume import Count, counts_per_build, judge_volume
from opsguide.model.snapshot import Build, MetricPoint

START = datetime(2026, 1, 5, 3, 0, tzinfo=timezone.utc)  # a Monday
WEEKLY = (1.0, 1.0, 1.0, 1.0, 1.3, 0.4, 0.3)


def days(n: int, level: float = 50_000, noise: float = 0.03, seed: int = 1) -> list[Count]:
    chance = random.Random(seed)
    return [
        Count(START + timedelta(days=i), round(level * WEEKLY[i % 7] * (1 + chance.uniform(-noise, noise))))
        for i in range(n)
    ]


def then(history: list[Count], *rows: float) -> list[Count]:
    return history + [Count(history[-1].at + timedelta(days=i + 1), r) for i, r in enumerate(rows)]


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [(50_000, "OK"), (48_000, "OK"), (25_000, "ERROR"), (100_000, "ERROR"), (0, "ERROR"), (37_000, "WARNING")],
)
def test_a_monday_is_judged_by_mondays(rows: float, verdict: str) -> None:
    judged = judge_volume(then(days(84, noise=0.08), rows), timezone.utc)
    assert judged.verdict == verdict, judged
    if rows:
        assert judged.klass == "Mondays"
        assert judged.n == 60
        assert judged.low < 50_000 < judged.high
        assert 0 < judged.smallest_drop < 0.25


def test_a_sunday_like_a_sunday_is_fine_though_a_third_of_a_friday() -> None:
    assert judge_volume(days(70), timezone.utc).verdict == "OK"


@pytest.mark.parametrize("n", [0, 1, 5, 14])
def test_short_history_is_learning_never_ok(n: int) -> None:
    history = days(n + 1)
    assert judge_volume(history, timezone.utc).verdict == "LEARNING"


def test_learning_still_sees_what_is_far_outside() -> None:
    assert judge_volume(then(days(7), 900_000), timezone.utc).verdict == "WARNING"
    assert judge_volume(then(days(7), 0), timezone.utc).verdict == "ERROR"


def test_zero_is_fine_where_zeros_happen() -> None:
    history = then(days(40), 0, *[c.rows for c in days(7)])
    assert judge_volume(then(history, 0), timezone.utc).verdict == "OK"


def test_a_handful_of_rows_cannot_be_judged() -> None:
    history = [Count(START + timedelta(days=i), 4 + i % 2) for i in range(60)]
    assert judge_volume(then(history, 5), timezone.utc).verdict == "UNKNOWN"


def test_a_growing_table_is_judged_by_what_is_added() -> None:
    chance = random.Random(2)
    total, history = 1_000_000.0, []
    for i in range(70):
        total += 10_000 * (1 + chance.uniform(-0.05, 0.05))
        history.append(Count(START + timedelta(days=i), round(total)))
    assert judge_volume(then(history, total + 10_000), timezone.utc).verdict == "OK"
    assert judge_volume(then(history, total + 20_000), timezone.utc).verdict == "ERROR"  # doubled append
    assert judge_volume(then(history, total + 5_000), timezone.utc).verdict == "ERROR"  # halved append
    assert judge_volume(then(history, total), timezone.utc).verdict == "ERROR"  # missing append
    assert judge_volume(then(history, total - 1), timezone.utc).verdict == "ERROR"


def test_three_off_in_a_row_ask_for_a_new_level() -> None:
    judged = judge_volume(then(days(70), 80_000, 80_000 * 1.01, 80_000 * 0.99), timezone.utc)
    assert judged.verdict == "NEW_LEVEL"
    assert judged.since == START + timedelta(days=70)


def test_a_new_level_stays_to_be_confirmed_from_the_day_it_began_and_history_is_judged_by_it() -> None:
    moved = then(days(70), *[round(count.rows * 1.6) for count in days(14)])
    judged = judge_volume(moved, timezone.utc)
    assert (judged.verdict, judged.since) == ("NEW_LEVEL", START + timedelta(days=70))
    assert "perhaps a new level, which a person should confirm" in judged.reason
    assert judged.low is not None
    assert judged.low < moved[-1].rows
    # A fault on the new level is one, not more of the same.
    assert judge_volume(then(moved, moved[-7].rows * 0.7), timezone.utc).verdict == "ERROR"
    assert judge_volume(then(moved, moved[-7].rows * 0.85), timezone.utc).verdict in ("WARNING", "ERROR")


def test_what_goes_back_to_the_level_before_is_usual_again() -> None:
    history = days(80)
    back = [*history[:70], *(Count(c.at, round(c.rows * 0.5)) for c in history[70:74]), *history[74:]]
    assert judge_volume(back[:74], timezone.utc).verdict == "NEW_LEVEL"
    assert judge_volume(back[:75], timezone.utc).verdict == "OK"
    assert judge_volume(back, timezone.utc).verdict == "OK"


def test_a_level_that_all_compared_builds_have_needs_no_confirmation() -> None:
    history = days(70 + 7 * 7)
    moved = [*history[:70], *(Count(c.at, round(c.rows * 1.6)) for c in history[70:])]
    assert judge_volume(moved[: 70 + 7 * 5], timezone.utc).verdict == "NEW_LEVEL"
    assert judge_volume(moved, timezone.utc).verdict == "OK"


def test_a_confirmed_level_is_the_usual_one_and_the_level_before_is_not() -> None:
    moved = then(days(70), *[round(count.rows * 1.6) for count in days(7)])
    asked = judge_volume(moved, timezone.utc)
    assert asked.verdict == "NEW_LEVEL"
    assert judge_volume(moved, timezone.utc, confirmed=asked.since - timedelta(seconds=1)).verdict == "NEW_LEVEL"
    assert judge_volume(moved, timezone.utc, confirmed=moved[-1].at).verdict == "OK"
    back = then(moved, moved[-7].rows / 1.6)
    assert judge_volume(back, timezone.utc).verdict == "OK"
    assert judge_volume(back, timezone.utc, confirmed=moved[-1].at).verdict == "ERROR"
    # What moves again is asked about again.
    again = then(moved, *[round(count.rows * 3) for count in days(7)])
    assert judge_volume(again, timezone.utc, confirmed=moved[-1].at).verdict == "NEW_LEVEL"


def test_nothing_is_expected_from_counts_called_wrong_and_the_newest_is_judged_all_the_same() -> None:
    calm = days(78)
    spoilt = [Count(c.at, c.rows * 2) if i >= 42 and c.at.weekday() == 0 else c for i, c in enumerate(calm)]
    wrong = [count.at + timedelta(seconds=20) for count in spoilt if count not in calm and count is not spoilt[-1]]
    plain = judge_volume(then(calm[:77], calm[70].rows), timezone.utc)
    told = judge_volume(then(spoilt[:77], calm[70].rows), timezone.utc, wrong=wrong)
    assert plain.klass == told.klass == "Mondays"
    assert told.verdict == "OK"
    assert told.expected == pytest.approx(plain.expected, rel=0.05)
    assert judge_volume(then(spoilt[:77], calm[70].rows), timezone.utc).verdict != "OK"
    last = then(calm, 1_000)
    assert judge_volume(last, timezone.utc, wrong=[last[-1].at]).verdict == "ERROR"


def test_a_count_that_never_moves_is_suspicious_only_where_it_usually_does() -> None:
    assert judge_volume(then(days(70), 50_001, 50_001, 50_001), timezone.utc).verdict == "WARNING"
    constant = [Count(START + timedelta(days=i), 50_000) for i in range(60)]
    assert judge_volume(constant, timezone.utc).verdict == "OK"


def test_a_month_end_that_is_always_high_is_expected_high() -> None:
    history = days(120)
    ends = {(2026, 1, 30), (2026, 2, 27), (2026, 3, 31), (2026, 4, 30)}
    high = [
        Count(c.at, c.rows * 2 if (c.at.year, c.at.month, c.at.day) in ends else c.rows)
        for c in history
        if c.at < START + timedelta(days=116)
    ]
    assert (high[-1].at.month, high[-1].at.day) == (4, 30)
    edge = lambda day: "last" if (day.year, day.month, day.day) in ends else ""  # noqa: E731
    assert judge_volume(high, timezone.utc).verdict == "ERROR"
    assert judge_volume(high, timezone.utc, month_edge=edge).verdict == "OK"


@pytest.mark.parametrize("sensitivity", ["high", "medium", "low"])
def test_more_sensitivity_means_a_narrower_range(sensitivity: str) -> None:
    judged = judge_volume(then(days(70), 50_000), timezone.utc, sensitivity=sensitivity)
    medium = judge_volume(then(days(70), 50_000), timezone.utc)
    width, usual = judged.high - judged.low, medium.high - medium.low
    assert {"high": width < usual, "medium": width == usual, "low": width > usual}[sensitivity]


def test_order_of_input_does_not_matter() -> None:
    history = then(days(70), 30_000)
    shuffled = random.Random(3).sample(history, len(history))
    assert judge_volume(shuffled, timezone.utc) == judge_volume(history, timezone.utc)


def test_one_count_per_successful_build() -> None:
    hour = timedelta(hours=1)
    builds = [
        Build(True, START, START + hour),
        Build(False, START + 5 * hour, START + 6 * hour),
        Build(True, START + 10 * hour, START + 11 * hour),
    ]
    points = [MetricPoint(START + hour * h, v) for h, v in ((0, 1), (1, 10), (2, 11), (6, 12), (12, 20))]
    assert [c.rows for c in counts_per_build(builds, points)] == [12, 20]


def test_nothing_recorded_is_unknown() -> None:
    assert judge_volume([], timezone.utc).verdict == "UNKNOWN"


@pytest.mark.parametrize(
    ("rows", "least", "most", "verdict", "said"),
    [
        (50_000, 60_000, None, "ERROR", "50,000 rows, fewer than the declared 60,000"),
        (50_000, None, 40_000, "ERROR", "50,000 rows, more than the declared 40,000"),
        (50_000, 40_000, 60_000, "OK", "Mondays run"),
        (25_000, 20_000, 60_000, "ERROR", "below"),  # within what is declared, but unusual
    ],
)
def test_declared_rows_come_before_what_is_usual(rows: float, least, most, verdict: str, said: str) -> None:
    judged = judge_volume(then(days(84), rows), timezone.utc, least=least, most=most)
    assert judged.verdict == verdict
    assert said in judged.reason
