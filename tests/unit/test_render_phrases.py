"""Words that all formats share: what stands in a cell's place, and how an instant is spelled."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Optional

import pytest

from opsguide.model.guide import Cell, Origin
from opsguide.render.cleanup import said_size
from opsguide.render.html import when
from opsguide.render.markdown import escape
from opsguide.render.phrases import exact, origin_phrase, shown

AT = datetime(2025, 8, 12, 4, 41, 10, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (Cell("a", "06:41", Origin.LIVE), "06:41"),
        (Cell("a", "", Origin.NOT_DECLARED), "not declared"),
        (Cell("a", "", Origin.UNKNOWN, reason="DSS did not answer"), "unknown: DSS did not answer"),
        (Cell("a", "", Origin.UNKNOWN), "unknown"),
    ],
)
def test_a_cell_is_never_blank(cell: Cell, words: str) -> None:
    assert shown(cell) == words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (None, "unknown"),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_960, "1.0 MB"),
        (1_200_000, "1.2 MB"),
        (5 * 10**15, "5000.0 TB"),
    ],
)
def test_a_size_is_said_in_the_unit_that_people_read(size: Optional[int], words: str) -> None:
    assert said_size(size) == words


def test_inferred_values_say_from_what() -> None:
    assert origin_phrase(Cell("a", "12 min", Origin.INFERRED, source="28 runs")) == "inferred from 28 runs"
    assert origin_phrase(Cell("a", "12 min", Origin.LIVE, source="scenario settings")) == "live"


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("Europe/Paris", "Tue 12 Aug 2025, 06:41:10 CEST (Europe/Paris)"),
        ("UTC", "Tue 12 Aug 2025, 04:41:10 UTC"),
        ("No/Such", "Tue 12 Aug 2025, 04:41:10 UTC"),
        ("../../etc/passwd", "Tue 12 Aug 2025, 04:41:10 UTC"),
        ("", "Tue 12 Aug 2025, 04:41:10 UTC"),
    ],
)
def test_exact_instant_names_its_zone(zone: str, words: str) -> None:
    assert exact(AT, zone) == words


@pytest.mark.parametrize(
    ("value", "clock", "pattern"),
    [
        ("06:41, 22 min late", "06:41", "time"),
        ("Failed Tue 12 Aug 06:41", "Tue 12 Aug 06:41", "weekday day month time"),
        ("since Tue 12 Aug 2025 06:41.", "Tue 12 Aug 2025 06:41", "weekday day month year time"),
        ("12 Aug 06:41", "12 Aug 06:41", "day month time"),
        ("this morning", "this morning", ""),
    ],
)
def test_the_words_that_say_an_instant_are_found(value: str, clock: str, pattern: str) -> None:
    found = when(Cell("a", value, Origin.LIVE, at=AT, zone="Europe/Paris"), "UTC")
    assert found is not None
    assert (found.clock, found.pattern, found.iso) == (clock, pattern, "2025-08-12T04:41:10Z")
    assert found.before + found.clock + found.after == value


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("orders_daily", "orders_daily"),
        ("_x_", "\\_x\\_"),
        ("see https://e.com", "see https\\://e.com"),
        ("www.e.com", "www\\.e.com"),
        ("ops@e.com", "ops\\@e.com"),
        ("R&D &amp; more", "R&D \\&amp; more"),
        ("two\nlines", "two lines"),
        ("a | b", "a \\| b"),
    ],
)
def test_markdown_escapes_no_more_than_it_must(text: str, escaped: str) -> None:
    assert escape(text) == escaped
