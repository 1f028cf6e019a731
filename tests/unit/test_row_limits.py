"""Rows against limits and earlier builds, and to which build a count belongs."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from opsguide.core.row_limits import Limits, change, counts_with, within
from opsguide.core.volume import Count
from opsguide.model.known import Unknown
from opsguide.model.snapshot import Build, MetricPoint

MONDAY = datetime(2026, 3, 2, 6, 41, tzinfo=timezone.utc)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
UTC = timezone.utc


@pytest.mark.parametrize(
    ("rows", "limits", "word", "part"),
    [
        (99, Limits(least=100), "ERROR", "fewer than 100"),
        (100, Limits(least=100), "OK", "from 100"),
        (99, Limits(least=10, warn_least=100), "WARNING", "fewer than 100"),
        (9, Limits(least=10, warn_least=100), "ERROR", "fewer than 10"),
        (201, Limits(most=200), "ERROR", "more than 200"),
        (200, Limits(most=200), "OK", "to 200"),
        (150, Limits(warn_most=120, most=200), "WARNING", "more than 120"),
        (0, Limits(least=0), "OK", "from 0"),
        (150, Limits(100, 120, 180, 200), "OK", "from 120 to 180"),
        (5, Limits(), "OK", "no limits"),
    ],
)
def test_limits_include_their_ends_and_the_hard_ones_come_first(rows, limits, word, part):
    found = within(rows, limits)
    assert found.word == word
    assert part in found.message


def daily(*rows: float) -> list[Count]:
    """One count a day, the last on the Monday."""
    return [Count(MONDAY - back * DAY, count) for back, count in zip(reversed(range(len(rows))), rows)]


@pytest.mark.parametrize(
    ("counts", "same_weekday", "word", "part"),
    [
        (daily(100, 111), False, "WARNING", "11 % more, over the 10 % allowed"),
        (daily(100, 110), False, "OK", "10 % more"),
        (daily(100, 49), False, "ERROR", "51 % fewer, over the 50 % allowed"),
        (daily(100, 100), False, "OK", "no change"),
        (daily(100), False, "CANNOT_TELL", "no earlier build"),
        (daily(0, 5), False, "CANNOT_TELL", "no share"),
        (daily(0, 0), False, "OK", "no share"),
        (daily(100, 1, 1, 1, 1, 1, 1, 100), True, "OK", "the Monday before (Mon 23 Feb) had 100"),
        (daily(1, 1, 1, 1, 1, 1, 100), True, "CANNOT_TELL", "no earlier Monday"),
        ([Count(MONDAY - 60 * MINUTE, 1), Count(MONDAY, 100)], True, "CANNOT_TELL", "no earlier Monday"),
    ],
)
def test_change(counts, same_weekday, word, part):
    found = change(counts, UTC, same_weekday=same_weekday, warn=0.1, error=0.5)
    assert found.word == word
    assert part in found.message


BUILDS = [Build(True, MONDAY - DAY - MINUTE, MONDAY - DAY), Build(True, MONDAY - 40 * MINUTE, MONDAY)]
POINTS = [MetricPoint(MONDAY - DAY + MINUTE, 10), MetricPoint(MONDAY + MINUTE, 12)]
FIRST = Count(MONDAY - DAY, 10)


@pytest.mark.parametrize(
    ("counted_at", "builds", "building_since", "expected"),
    [
        (MONDAY + MINUTE, BUILDS, None, (FIRST, Count(MONDAY, 12))),
        (MONDAY, BUILDS, None, (FIRST, Count(MONDAY, 12))),
        # Counted within a build that is not on record yet: yesterday's count stays yesterday's.
        (MONDAY - 5 * MINUTE, BUILDS[:1], MONDAY - 40 * MINUTE, (FIRST, Count(MONDAY - 5 * MINUTE, 12))),
        # A job that began after the count has not changed what was counted.
        (MONDAY + MINUTE, BUILDS, MONDAY + 2 * MINUTE, (FIRST, Count(MONDAY, 12))),
        (MONDAY - MINUTE, BUILDS, None, "before the last build ended"),
        (MONDAY, [], None, "no successful build"),
        (MONDAY, [Build(False, MONDAY, MONDAY)], None, "no successful build"),
        (MONDAY, Unknown("denied"), None, "denied"),
    ],
)
def test_a_count_belongs_to_the_build_that_made_it(counted_at, builds, building_since, expected):
    found = counts_with(12, counted_at, builds, POINTS, building_since)
    if isinstance(found, Unknown):
        assert expected in found.reason
    else:
        assert found == expected
