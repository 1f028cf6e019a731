"""Times, durations, counts and lists, as people say them."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from opsguide.core import words

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2025, 10, 14, 5, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "under 1 s"),
        (0.4, "under 1 s"),
        (1, "1 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (89, "1 min"),
        (720, "12 min"),
        (3599, "1 h"),
        (3600, "1 h"),
        (3900, "1 h 05 min"),
        (86_340, "23 h 59 min"),
        (86_400, "1 d"),
        (90_000, "1 d 1 h"),
        (86_400 * 9 + 3600, "9 d"),
        (-720, "−12 min"),
    ],
)
def test_duration(seconds: float, said: str):
    assert words.duration(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "on time"), (-29, "on time"), (1320, "22 min late"), (-300, "5 min early")]
)
def test_late(seconds: float, said: str):
    assert words.late(seconds) == said


@pytest.mark.parametrize(
    ("away", "said"),
    [
        (timedelta(seconds=10), "just now"),
        (timedelta(seconds=40), "1 min ago"),
        (timedelta(hours=3), "3 h ago"),
        (timedelta(hours=30), "30 h ago"),
        (timedelta(days=3), "3 days ago"),
        (timedelta(minutes=-12), "in 12 min"),
    ],
)
def test_ago(away: timedelta, said: str):
    assert words.ago(NOW - away, NOW) == said


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (NOW, "07:00"),
        (NOW - timedelta(hours=8), "Mon 13 Oct 23:00"),
        (NOW + timedelta(days=1), "Wed 15 Oct 07:00"),
        (NOW - timedelta(days=365), "Mon 14 Oct 2024 07:00"),
        (NOW + timedelta(days=20), "Mon 3 Nov 06:00"),
    ],
)
def test_moment_is_told_on_the_zones_clock(at: datetime, said: str):
    assert words.moment(at, PARIS, NOW) == said


def test_count_and_whole():
    assert words.count(1, "run") == "1 run"
    assert words.count(0, "run") == "0 runs"
    assert words.count(2000, "dataset") == "2,000 datasets"
    assert words.count(2, "entry", "entries") == "2 entries"
    assert words.whole(12345.6) == "12,346"


@pytest.mark.parametrize(
    ("names", "limit", "said"),
    [
        ([], None, ""),
        (["a"], None, "a"),
        (["a", "b"], None, "a and b"),
        (["a", "b", "c"], 3, "a, b and c"),
        (["a", "b", "c", "d"], 2, "a, b and 2 more"),
    ],
)
def test_listed_never_cuts_without_saying_so(names: list[str], limit: int | None, said: str):
    assert words.listed(names, limit) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (412_000, "412 kB"), (1.34e9, "1.3 GB"), (5e15, "5000 TB")],
)
def test_size(number: float, said: str):
    assert words.size(number) == said


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0, "0 %"),
        (0.0001, "0.1 %"),
        (0.05, "5 %"),
        (0.333, "33 %"),
        (0.998, "99.8 %"),
        (0.99999, "99.9 %"),
        (1, "100 %"),
        (1.004, "100.4 %"),
        (1.5, "150 %"),
        (-0.2, "−20 %"),
    ],
)
def test_percent_is_never_rounded_to_all_or_nothing(share: float, said: str):
    assert words.percent(share) == said


def test_one_line_keeps_names_and_drops_what_cannot_be_seen():
    assert words.one_line("  two\n lines\t") == "two lines"
    assert words.one_line("a\x00b\u202ec") == "abc"
    assert words.one_line("<script>alert('x')</script> 👩\u200d🔬") == "<script>alert('x')</script> 👩\u200d🔬"
    assert words.one_line("x" * 300, 10) == "xxxxxxxxx…"


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (0, "00:00"),
        (401, "06:41"),
        (1450, "00:10 next day"),
        (-10, "23:50 the day before"),
        (3000, "02:00, 2 days later"),
    ],
)
def test_hhmm(minutes: float, said: str):
    assert words.hhmm(minutes) == said


def test_quarter_up_and_dates():
    assert [words.quarter_up(minutes) for minutes in (0, 1, 15, 61)] == [0, 15, 15, 75]
    assert words.date_text(date(2025, 10, 4), date(2025, 1, 1)) == "4 Oct"
    assert words.date_text(date(2024, 10, 4), date(2025, 1, 1)) == "4 Oct 2024"
    assert words.capital("mail to a") == "Mail to a"
