"""Back-tests, proposed limits, receipts and what a watch calls news."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from opsguide.core.instrument import backtest, receipts
from opsguide.core.instrument.datasets import arrivals
from opsguide.core.instrument.scenarios import mail_by
from opsguide.core.today import news
from opsguide.core.volume import Count
from opsguide.dss.heartbeat import refusal, send
from opsguide.model.event import Event
from opsguide.model.known import Unknown
from opsguide.model.plan import EDIT, Step, holds
from opsguide.model.snapshot import Channel
from opsguide.model.today import Evaluation, Seen

UTC = timezone.utc
NOW = datetime(2026, 3, 3, 6, 12, tzinfo=UTC)


def nightly(days: int, *, gone: tuple[int, ...] = ()) -> list[datetime]:
    """The ends of nightly builds, the newest of last night; those so many days ago are missing."""
    return [NOW - timedelta(days=back, hours=4) for back in range(days) if back not in gone]


# --- back-tests ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ends", "warn", "error"),
    [
        (nightly(30), 28, 36),
        ([NOW - timedelta(hours=hour) for hour in range(50)], 3, 4),
        ([NOW - timedelta(days=7 * week) for week in range(8)], 186, 252),
    ],
)
def test_limits_of_age_follow_the_gaps(ends: list[datetime], warn: float, error: float) -> None:
    limits = backtest.age_limits(ends)
    assert limits is not None
    assert (limits.warn, limits.error) == (warn, error)


def test_five_gaps_are_needed() -> None:
    assert backtest.age_limits(nightly(5)) is None
    assert backtest.age_limits(nightly(6)) is not None


@pytest.mark.parametrize(
    ("ends", "fired"),
    [
        (nightly(30), 0),
        (nightly(30, gone=(10,)), 1),
        (nightly(30, gone=(10, 20)), 2),
        (nightly(30, gone=(0,)), 1),  # it is too old right now
        (nightly(200, gone=(150,)), 0),  # longer ago than 90 days
        ([], 0),
    ],
)
def test_an_age_would_have_fired_where_a_build_is_missing(ends: list[datetime], fired: int) -> None:
    found = backtest.of_age(ends, NOW, 26)
    assert len(found.fired) == fired


def test_rows_would_have_fired_on_the_day_they_fell() -> None:
    counts = [Count(at, 1000 + (at.day % 5)) for at in reversed(nightly(60))]
    assert backtest.of_rows(counts, UTC, NOW, "medium").fired == ()
    counts[-10] = Count(counts[-10].at, 300)
    found = backtest.of_rows(counts, UTC, NOW, "medium")
    assert found.fired == (counts[-10].at,)
    assert "would have fired once in the last 60 days, on Sun 22 Feb" in backtest.told(found, UTC, NOW)


def test_a_new_level_fires_until_it_is_called_one_and_then_no_more() -> None:
    counts = [Count(at, 1000 + (at.day % 5)) for at in reversed(nightly(60))]
    counts[-12:] = [Count(each.at, each.rows * 2) for each in counts[-12:]]
    assert backtest.of_rows(counts, UTC, NOW, "medium").fired == tuple(each.at for each in counts[-12:-9])


def test_files_that_come_together_are_one_arrival() -> None:
    times = [NOW, NOW + timedelta(minutes=59), NOW + timedelta(minutes=61), NOW - timedelta(days=1)]
    assert arrivals(times) == [NOW - timedelta(days=1), NOW, NOW + timedelta(minutes=61)]


def test_what_fires_too_often_is_proposed_less_sensitive() -> None:
    wild = [Count(at, 1000 * (3 if at.day in (3, 9, 15, 20, 26) else 1)) for at in reversed(nightly(60))]
    assert backtest.sensitivity_for(wild, UTC, NOW)[0] == "low"
    assert backtest.sensitivity_for([], UTC, NOW)[0] == "medium"


@pytest.mark.parametrize(
    ("fired", "n", "said"),
    [
        (0, 0, "nothing on record to test it with"),
        (0, 10, "would not have fired in the last 30 days (10 builds on record)"),
        (1, 10, "would have fired once in the last 30 days, on Mon 2 Mar (10 builds on record)"),
        (
            6,
            10,
            "would have fired 6 times in the last 30 days, on Mon 2 Mar, Sun 1 Mar, Sat 28 Feb, Fri 27 Feb and 2 more",
        ),
    ],
)
def test_a_backtest_is_told_in_a_sentence(fired: int, n: int, said: str) -> None:
    days = tuple(NOW - timedelta(days=back + 1) for back in reversed(range(fired)))
    told = backtest.told(backtest.Backtest(days, n, NOW - timedelta(days=30) if n else None), UTC, NOW)
    assert told.startswith(said)


# --- where mails go --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channels", "wanted", "to", "channel", "problem"),
    [
        ((Channel("smtp-1", "smtp", "mail"),), "", "a@b.example", "smtp-1", ""),
        ((Channel("old", "smtp"),), "", "a@b.example", "old", ""),
        ((Channel("slack", "slack"),), "", "a@b.example", "", "this DSS has no mail channel"),
        ((Channel("smtp-1", "smtp", "mail"),), "other", "a@b.example", "other", "there is no mail channel other"),
        ((Channel("smtp-1", "smtp", "mail"),), "", "", "smtp-1", "nobody to write to"),
        (Unknown("denied"), "smtp-9", "a@b.example", "smtp-9", ""),
        (Unknown("denied"), "", "a@b.example", "", "which mail channel there is cannot be told: denied"),
    ],
)
def test_the_channel_for_mails(channels: Any, wanted: str, to: str, channel: str, problem: str) -> None:
    found = mail_by(channels, wanted, to)
    assert found.channel_id == channel
    assert found.problem.startswith(problem)
    assert bool(found.problem) == bool(problem)


# --- receipts --------------------------------------------------------------------------------------------------------


def note(number: int, stage: str, second: int = 0, receipt: str = "r1") -> Event:
    step = Step(EDIT, ("datasets", "d"), {"type": "records"}, place=("metrics", "probes"))
    data = receipts.note(receipt, f"row{number}", "title", number, stage, step)
    return Event(NOW + timedelta(seconds=second), f"{number}{stage}", "receipt", "raj", data=data)


@pytest.mark.parametrize("backwards", [False, True])
def test_the_last_note_of_a_step_counts_whatever_the_clock_says(backwards: bool) -> None:
    notes = [note(0, "begun", 9), note(0, "kept", 3), note(1, "begun", 4), note(2, "kept", 5), note(2, "gone", 1)]
    (found,) = receipts.folded(reversed(notes) if backwards else notes)
    assert [(entry.number, entry.stage) for entry in found.left] == [(1, "begun"), (0, "kept")]


@pytest.mark.parametrize("data", [{}, {"macro": "instrument-project"}, {"macro": "instrument-project", "step": 5}])
def test_a_note_that_cannot_be_read_is_passed_over(data: dict[str, Any]) -> None:
    assert receipts.folded([Event(NOW, "u", "receipt", data=data), note(0, "kept")])[0].entries[0].number == 0


@pytest.mark.parametrize(
    ("found", "sent", "held"),
    [
        ({"a": 1, "more": 2}, {"a": 1}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": [1, 2]}, {"a": [1]}, False),
        ({"a": {"b": None, "c": 1}}, {"a": {"c": 1}}, True),
        ({}, {"a": 1}, False),
        ([1], {"a": 1}, False),
    ],
)
def test_what_was_sent_is_in_what_was_kept(found: Any, sent: Any, held: bool) -> None:
    assert holds(found, sent) is held


# --- news ------------------------------------------------------------------------------------------------------------

BAD, ODD, BLIND = ("ERROR", "scenario:A"), ("WARNING", "dataset:b"), ("UNKNOWN", "project")


def evaluation(verdict: str, *wrong: tuple[str, str], fails: bool = True) -> Evaluation:
    return Evaluation(verdict, "headline", (), fails, wrong=wrong)


@pytest.mark.parametrize(
    ("found", "before", "changed", "fails", "new"),
    [
        (evaluation("OK", fails=False), None, False, False, ()),
        (evaluation("ERROR", BAD), None, True, True, ("scenario:A",)),
        (evaluation("ERROR", BAD), Seen("ERROR", (BAD,)), False, False, ()),
        (evaluation("ERROR", BAD, ODD), Seen("ERROR", (BAD,)), True, False, ("dataset:b",)),
        (evaluation("ERROR", BAD, ("ERROR", "dataset:b")), Seen("ERROR", (BAD, ODD)), True, True, ("dataset:b",)),
        (evaluation("WARNING", ODD, fails=False), Seen("ERROR", (BAD, ODD)), True, False, ()),
        (evaluation("OK", fails=False), Seen("ERROR", (BAD,)), True, False, ()),
        (evaluation("ERROR"), Seen("OK", ()), True, True, ()),  # bad as a whole, and of no single object
        (evaluation("UNKNOWN", BLIND), Seen("OK", ()), True, True, ("project",)),
        (evaluation("UNKNOWN", BLIND), Seen("UNKNOWN", (BLIND,)), False, False, ()),
        (evaluation("ERROR", BAD), Unknown("no memory"), None, True, ()),
    ],
)
def test_a_watch_fails_on_news_alone(
    found: Evaluation, before: Any, changed: Any, fails: bool, new: tuple[str, ...]
) -> None:
    seen = news.compare(found, before, "error", only_on_change=True)
    assert (seen.changed, seen.found.fails, seen.new) == (changed, fails, new)
    assert news.compare(found, before, "error", only_on_change=False).found.fails == found.fails


def test_what_is_kept_comes_back_and_only_a_difference_is_kept() -> None:
    found = evaluation("ERROR", BAD, ODD)
    seen = news.from_data(news.to_data(found))
    assert seen == Seen("ERROR", (BAD, ODD))
    assert not news.differs(found, seen)
    assert news.differs(evaluation("ERROR", BAD), seen)
    assert news.from_data({"verdict": "FINE", "wrong": []}) is None
    assert news.question("error", {"a"}, (), True) != news.question("error", {"a"}, (), False)


# --- heartbeat -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://hc.example.com/abc", ""),
        ("https://HC.example.com:443/abc?x=1", ""),
        ("https://hc.example.com:8443/abc", "hc.example.com:8443 is not an allowed heartbeat host"),
        ("http://hc.example.com/abc", "must begin with https://"),
        ("https://user:secret@hc.example.com/", "must not hold a user name or password"),
        ("https://hc.example.com@evil.example/", "must not hold a user name or password"),
        ("https://evil.example/?hc.example.com", "evil.example is not an allowed heartbeat host"),
        ("https://hc.example.com.evil.example/", "is not an allowed heartbeat host"),
        ("https://169.254.169.254/latest", "is not an allowed heartbeat host"),
        ("https://hc.example.com/a b", "must begin with https://"),
        ("https://[::1", "this is not an address"),
        ("", "must begin with https://"),
    ],
)
def test_only_allowed_addresses_get_a_heartbeat(address: str, said: str) -> None:
    found = refusal(address, ("hc.example.com",))
    assert said in found
    assert bool(found) == bool(said)


def test_no_host_is_allowed_until_an_administrator_says_so() -> None:
    assert "allowed: none" in refusal("https://hc.example.com/", ())
    assert send("https://hc.example.com/", ()).startswith("hc.example.com is not an allowed")
