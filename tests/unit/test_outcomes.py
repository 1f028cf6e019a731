"""Verdicts of the page as words of DSS."""

from __future__ import annotations

import pytest

from opsguide.core.outcomes import MAX_MESSAGE, Outcome, answer, of_freshness, of_volume, together
from opsguide.core.volume import VolumeVerdict
from opsguide.model.report import FRESHNESS_ORDER, VOLUME_ORDER, FreshnessVerdict


def test_every_verdict_of_age_has_a_word():
    words = {verdict: of_freshness(FreshnessVerdict(verdict, "why")).word for verdict in FRESHNESS_ORDER}
    assert words == {
        "STALE_ERROR": "ERROR",
        "STALE_WARN": "WARNING",
        "NEEDS_REBUILD": "WARNING",
        "REBUILT_NO_NEW_DATA": "WARNING",
        "UNKNOWN": "CANNOT_TELL",
        "FRESH": "OK",
    }


def test_every_verdict_of_rows_has_a_word_and_learning_is_no_ok():
    words = {verdict: of_volume(VolumeVerdict(verdict, "why")).word for verdict in VOLUME_ORDER}
    assert words == {
        "ERROR": "ERROR",
        "WARNING": "WARNING",
        "NEW_LEVEL": "WARNING",
        "UNKNOWN": "CANNOT_TELL",
        "LEARNING": "CANNOT_TELL",
        "OK": "OK",
    }


def test_an_ok_says_what_it_could_see():
    assert of_volume(VolumeVerdict("OK", "usual", smallest_drop=0.09)).message == "usual; sees a drop of 9 % or more"
    assert of_volume(VolumeVerdict("ERROR", "low", smallest_drop=0.09)).message == "low"


def test_the_worst_comes_first_and_what_cannot_be_told_is_no_ok():
    found = [Outcome("OK", "a"), Outcome("CANNOT_TELL", "b"), Outcome("WARNING", "c")]
    assert together(found) == Outcome("WARNING", "c; b; a")
    assert together(found[:2]) == Outcome("CANNOT_TELL", "b; a")
    assert together([]) is None


@pytest.mark.parametrize(
    ("word", "cannot_tell", "expected"),
    [
        ("OK", "ERROR", ("OK", "Why")),
        ("CANNOT_TELL", "OK", ("OK", "Cannot tell: why")),
        ("CANNOT_TELL", "ERROR", ("ERROR", "Cannot tell: why")),
        ("CANNOT_TELL", "", ("WARNING", "Cannot tell: why")),
        ("CANNOT_TELL", "EMPTY", ("WARNING", "Cannot tell: why")),
    ],
)
def test_dss_is_told_one_of_its_three_words(word, cannot_tell, expected):
    assert answer(Outcome(word, "why"), cannot_tell) == expected


def test_a_message_is_one_short_line():
    message = answer(Outcome("ERROR", "a\nb\u202e " + "x" * 2000), "")[1]
    assert message.startswith("A b x")
    assert len(message) <= MAX_MESSAGE
