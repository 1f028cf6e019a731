"""What counts of what people did: mutes that end by themselves, the morning's sign-off, clocks that differ."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, Optional

import pytest

from opsguide.core.ledger import AHEAD, ledger
from opsguide.model.event import Event
from opsguide.model.ledger import LONGEST_MUTE, about

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=timezone.utc)
JOB = about("SCENARIO", "NIGHTLY")


def ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def event(kind: str, hours_ago: float, uuid: str = "", subject: str = JOB, **data: Any) -> Event:
    return Event(ago(hours_ago), uuid or f"{kind}{hours_ago}", kind, "raj", subject, "known fault", data)


def mute(hours_ago: float, hours: Optional[float], uuid: str = "") -> Event:
    until = {} if hours is None else {"until": ago(hours_ago - hours).isoformat()}
    return event("mute", hours_ago, uuid, **until)


@pytest.mark.parametrize(
    ("events", "until"),
    [
        ([], None),
        ([mute(1, 3)], ago(-2)),
        ([mute(5, 4)], None),
        ([mute(2, 2)], None),
        ([mute(2, 5), mute(1, 2)], ago(-1)),
        ([mute(2, 5, "a"), mute(1, 1, "b")], None),
        ([mute(1, 3), event("unmute", 0.5)], None),
        ([event("unmute", 2), mute(1, 3)], ago(-2)),
        ([mute(1, 3, "a"), event("unmute", 0.5, ends=["a"])], None),
        ([mute(1, 3, "a"), event("unmute", 0.5, ends=["b"])], ago(-2)),
        ([mute(1, 3, "a"), event("unmute", 2, ends=["a"])], None),
        ([mute(1, 3, "a"), event("unmute", -5, ends=["a"])], None),
        ([mute(1, 24 * 400)], ago(1) + LONGEST_MUTE),
        ([mute(1, None)], None),
        ([event("mute", 1, until="soon")], None),
        ([event("mute", 1, until=12)], None),
        ([event("mute", 1, until="2026-11-24T11:00:00")], ago(-2)),
        ([event("mute", 1, subject="", until=ago(-2).isoformat())], None),
        ([mute(-0.01, 3)], ago(-3.01)),
        ([mute(-2, 3)], None),
    ],
    ids=[
        "nothing", "in force", "over", "over this moment", "the newest counts, longer or not", "a newer one that is over",
        "ended", "muted again", "ended by name", "another one ended", "ended by a slow clock", "ended by a fast clock",
        "for a year: a month", "without end", "no time", "a number", "without zone: UTC", "about nothing",
        "a clock some seconds ahead", "a clock hours ahead waits",
    ],
)  # fmt: skip
def test_a_mute_counts_until(events: list[Event], until: Optional[datetime]) -> None:
    standing = ledger(events, NOW).muted(JOB)
    assert (standing.until if standing else None) == until
    assert ledger(events, NOW).muted(about("SCENARIO", "OTHER")) is None


def test_a_mute_says_by_whom_and_why_and_what_ends_it() -> None:
    standing = ledger([mute(2, 5, "a"), mute(1, 4, "b")], NOW).muted(JOB)
    assert standing is not None
    assert (standing.by, standing.reason, standing.since, standing.uuids) == ("raj", "known fault", ago(1), ("a", "b"))


def test_the_last_sign_off_of_the_morning_counts() -> None:
    signed = [event("sign_off", 20), event("sign_off", 2, headline="1 late"), event("sign_off", 1, headline=None)]
    found = ledger(signed, NOW)
    assert found.signed_off(ago(9)) is not None
    assert (found.signed_off(ago(9)).at, found.signed_off(ago(9)).headline) == (ago(1), "")
    assert ledger(signed[:1], NOW).signed_off(ago(9)) is None


def test_what_is_not_understood_is_kept_aside() -> None:
    newer, endless, later = event("teleport", 1), mute(1, None), event("note", -1)
    found = ledger([newer, endless, later, event("note", 2)], NOW, left_out=3, unreadable=2, folders=2)
    assert sorted(found.strange, key=lambda each: each.uuid) == [endless, newer]
    assert found.later == (later,)
    assert [each.kind for each in found.events] == ["note"]
    assert (found.left_out, found.unreadable, found.folders) == (3, 2, 2)


def test_an_event_read_twice_counts_once() -> None:
    assert len(ledger([event("note", 1), event("note", 1)], NOW).events) == 1


def test_a_few_minutes_ahead_is_now() -> None:
    hours = AHEAD.total_seconds() / 3600
    assert ledger([event("note", -hours)], NOW).later == ()
    assert ledger([event("note", -2 * hours)], NOW).events == ()
