"""Errors seen before: by pattern, or the same but for numbers; no pattern holds up the page."""

from __future__ import annotations

import pytest

from opsguide.core.incident.remedies import remedies
from opsguide.core.messages import alike, matches, sought
from opsguide.model.known import Unknown
from opsguide.model.profile import KnownError
from tests.cases import event, symptom
from tests.nights import DAY, NOW

ROOT = symptom("failed_run", "scenario:NIGHTLY")
ERROR = "Connection refused to dwh:5432 at 2025-11-13T02:00:01"


def closed(days: int, text: str, **data):
    return event("resolve", ROOT, NOW - days * DAY, text=text, **data)


def test_declared_patterns_come_first_then_what_people_wrote_the_newest_first() -> None:
    declared = (KnownError(pattern="refused", cause="Warehouse restarts", step="Wait"), KnownError(pattern="quota"))
    events = (
        closed(9, "called the DBA", pattern="dwh:\\d+", cause="moved"),
        closed(3, "ran it again", error=alike("Connection refused to dwh:6000 at 2025-11-10T03:00:00")),
        closed(1, "something else", error=alike("disk full")),
    )
    found = remedies(ERROR, declared, events)
    assert [each.step for each in found.found] == ["Wait", "called the DBA", "ran it again"]
    assert found.found[1].by == "ada"
    assert found.refused == ()


def test_without_an_error_there_is_nothing_to_compare() -> None:
    assert remedies("", (KnownError(pattern=".*"),), ()).found == ()


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*a){25}$"])
def test_a_pattern_that_takes_too_long_is_refused_and_named(pattern) -> None:
    found = remedies("a" * 3_000 + "!", (KnownError(pattern=pattern, step="x"), KnownError(pattern="a!", step="y")), ())
    assert [each.step for each in found.found] == ["y"]
    if found.refused:  # the engine may be clever enough to decide it at once
        assert found.refused[0][0] == pattern
        assert "takes too long" in found.refused[0][1]


def test_some_catastrophic_pattern_is_really_given_up() -> None:
    assert isinstance(sought("(x+x+)+y", "x" * 3_999), Unknown)
    assert matches("(x+x+)+y", "x" * 3_999) is False


def test_after_three_that_take_too_long_no_more_are_tried() -> None:
    slow = tuple(KnownError(pattern=f"(x+x+)+y{n}") for n in range(5))
    found = remedies("x" * 3_999, slow, ())
    assert len(found.refused) == 5
    assert found.refused[-1][1].startswith("not compared")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (ERROR, "connection REFUSED to dwh:9999 at 2024-01-01T00:00:00", True),
        ("row 12 of 40", "row 7 of 9000", True),
        ("table orders missing", "table customers missing", False),
    ],
)
def test_errors_are_alike_but_for_numbers(one, other, same) -> None:
    assert (alike(one) == alike(other)) is same


def test_a_pattern_that_is_none_is_sought_as_it_is() -> None:
    assert matches("[unclosed", "an [unclosed bracket")
