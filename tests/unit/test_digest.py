"""What a digest tells: each alarm once, what is over, what is held back and muted, and a quiet day in one line."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any, Optional

import pytest

from opsguide.core import digest as digests
from opsguide.core.today import evaluate
from opsguide.core.today.evaluation import about
from opsguide.model.digest import Digest, Told
from opsguide.model.guide import Tone
from opsguide.model.known import Cause, Unknown, known
from opsguide.model.ledger import Mute
from opsguide.model.today import OutputToday, Today
from opsguide.render.urls import Urls
from tests.guides import NOW, at
from tests.todays import TODAY

URLS = Urls("https://dss.example.com", "RETAIL", outside=True)
_SOME = known(TODAY.outputs, ())[0]
WELL = replace(
    _SOME, id="mart", name="mart", kind="DATASET", verdict="MET", reason="in time", tone=Tone.GOOD, problem="", alarms=True,
    freshness="FRESH", volume="OK", due_at=at(1), muted=None, muted_text="", link=None,
)  # fmt: skip
LATE = replace(WELL, verdict="MISSED", tone=Tone.BAD, problem="late: due 06:12, 1 h ago")
MUTED_TEXT = "muted until 12:00 by olivia: the source moves"


def day(*outputs: OutputToday, headline: str = "All as it should be", **changes: Any) -> Today:
    return replace(TODAY, outputs=outputs, scenarios=(), sources=(), headline=headline, tone=Tone.GOOD, **changes)


def made(today: Today, told: Optional[Told] = None, windows: tuple[str, ...] = ()) -> Digest:
    return digests.compose_digest(today, evaluate(today, "never"), windows, told, URLS.href)


def after(found: Digest) -> Told:
    """What the next run remembers, by way of its file."""
    told = digests.from_data(json.loads(json.dumps(digests.to_data(found.told))))
    assert told == found.told
    return found.told


def test_an_alarm_is_told_once_with_its_link_and_then_that_it_is_over() -> None:
    first = made(day(LATE))
    assert first.speaks
    assert first.lines == (
        "mart: late: due 06:12, 1 h ago https://dss.example.com/projects/RETAIL/datasets/mart/explore/",
    )
    assert first.subject == "RETAIL: 1 new alarm: mart"
    older = replace(LATE, problem="late: due 06:12, 1 h 15 min ago", reason="longer and longer")
    second = made(day(older), after(first))
    assert not second.speaks
    third = made(day(WELL), after(second))
    assert (third.speaks, third.lines[0], third.told.alarms) == (True, "Well again: mart", {})
    assert not made(day(WELL), after(third)).speaks


@pytest.mark.parametrize(
    "other",
    [
        replace(LATE, verdict="STALE_ERROR"),
        replace(LATE, due_at=at(-23)),  # the same again, of another day
        replace(LATE, tone=Tone.NOTICE),
        replace(LATE, volume="ERROR"),
    ],
)
def test_an_alarm_that_became_another_is_told_again(other: OutputToday) -> None:
    again = made(day(other), after(made(day(LATE))))
    assert (again.number, again.subject) == (1, "RETAIL: changed: mart")


def test_the_first_of_a_day_says_what_still_stands_without_alarming_again() -> None:
    first = made(day(LATE))
    tomorrow = made(day(LATE, taken_at=NOW + timedelta(days=1)), after(first))
    assert tomorrow.speaks
    assert (tomorrow.number, tomorrow.lines) == (0, ("As told before: mart",))


def test_a_quiet_day_is_one_line_told_once() -> None:
    first = made(day(WELL))
    assert (first.speaks, first.lines) == (True, ("All as it should be",))
    assert not made(day(WELL), after(first)).speaks


def test_what_is_muted_is_no_alarm_and_is_said_with_until_when_and_by_whom() -> None:
    mute = Mute("dataset:mart", at(2), at(-5), "olivia", "the source moves", ("u",))
    muted = replace(LATE, alarms=False, tone=Tone.QUIET, muted=mute, muted_text=MUTED_TEXT)
    found = made(day(muted))
    assert (found.number, found.told.alarms) == (0, {})
    assert found.lines == ("All as it should be", f"Muted: mart: {MUTED_TEXT} (late: due 06:12, 1 h ago)")
    told = after(made(day(LATE)))
    assert made(day(muted), told).told.alarms == told.alarms  # muted is not over


def test_during_maintenance_alarms_wait_and_are_told_when_it_is_over() -> None:
    window = "Warehouse is in maintenance until 09:00, by the profile (standard)"
    during = made(day(LATE), None, (window,))
    assert (during.number, during.told.alarms) == (0, {})
    assert during.lines == (f"Held back while {window}: mart",)
    assert not made(day(LATE), after(during), (window,)).speaks
    assert made(day(LATE), after(during)).number == 1
    assert made(day(WELL), after(during), ()).number == 0


def test_what_cannot_be_seen_is_not_over() -> None:
    told = after(made(day(LATE)))
    unseen = replace(WELL, tone=Tone.UNKNOWN, verdict="UNKNOWN", problem="not known: no right")
    found = made(day(unseen), told)
    assert found.told.alarms == told.alarms
    assert not any("Well again" in line for line in found.lines)
    blind = replace(
        day(), outputs=Unknown("the flow could not be read: 500", Cause.BROKEN), headline="outputs not known"
    )
    once = made(blind, told)
    assert once.told.alarms.keys() == {about(LATE), "project"}
    assert "The project could not be read: outputs not known" in once.lines
    assert not made(blind, after(once)).speaks
    gone = made(day(), after(once))
    assert gone.lines[0] == "Well again: mart and the project"


def test_no_name_can_call_a_channel_make_a_link_or_begin_a_line() -> None:
    evil = replace(LATE, name="<!channel> [a](javascript:x)", problem="late\n<script>alert(1)</script>\nAll is well")
    found = made(day(evil))
    assert len(found.text.splitlines()) == 1
    assert "<" not in found.text + found.subject
    assert "](" not in found.text


def test_a_thousand_alarms_are_counted() -> None:
    many = day(*(replace(LATE, id=f"m{n}", name=f"m{n}") for n in range(1000)))
    found = made(many)
    assert found.subject == "RETAIL: 1,000 new alarms: m0, m1, m2, m3, m4 and 995 more"
    assert (len(found.lines), found.lines[-1]) == (41, "and 960 more on the page")
    assert not made(many, after(found)).speaks


@pytest.mark.parametrize("data", [None, [], {}, {"alarms": []}, {"alarms": {"a": "b", "c": [1]}}])
def test_a_memory_that_cannot_be_read_is_none(data: Any) -> None:
    told = digests.from_data(data)
    assert told is None or told.alarms == {}
