"""Readers of DSS's answers: the right value from the right shape, "nothing" from any other, never an exception."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from opsguide.dss import raw

UTC = timezone.utc


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1443431857455, datetime(2015, 9, 28, 9, 17, 37, 455000, UTC)),
        ("1443431857455", datetime(2015, 9, 28, 9, 17, 37, 455000, UTC)),
        (0, None),
        (None, None),
        (True, None),
        (-5, None),
        (1443431857, None),  # seconds read as milliseconds: January 1970, absurd
        (10**30, None),
        (float("nan"), None),
        (float("inf"), None),
        ([], None),
        ({}, None),
        ("2025-10-13T00:00:05.123Z", datetime(2025, 10, 13, 0, 0, 5, 123000, UTC)),
        ("2021-03-03T23:00:00.000+0100", datetime(2021, 3, 3, 22, 0, tzinfo=UTC)),
        ("2021-03-03T23:00:00-05:30", datetime(2021, 3, 4, 4, 30, tzinfo=UTC)),
        ("2021-03-03T23:00:00+01", datetime(2021, 3, 3, 22, 0, tzinfo=UTC)),
        ("2021-03-03 23:00", datetime(2021, 3, 3, 23, 0, tzinfo=UTC)),
        ("2025-07-16", datetime(2025, 7, 16, tzinfo=UTC)),
        ("2025-07-16T10:00:00.123456789Z", datetime(2025, 7, 16, 10, 0, 0, 123456, UTC)),
        ("2025-02-30", None),
        ("9999-12-31T23:59:59-2359", None),
        ("0001-01-01T00:00:00+2359", None),
        ("2025-07-16T10:00:00+9959", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_instant(value: object, expected: object) -> None:
    assert raw.instant({"at": value}, "at") == expected
    millis = raw.millis({"at": value}, "at")
    assert millis == (int(expected.timestamp() * 1000) if isinstance(expected, datetime) else 0)


@pytest.mark.parametrize(
    ("reader", "value", "expected"),
    [
        (raw.text, "a", "a"),
        (raw.text, 7, "7"),
        (raw.text, True, ""),
        (raw.text, None, ""),
        (raw.text, ["a"], ""),
        (raw.flag, False, False),
        (raw.flag, "true", True),
        (raw.flag, "False", False),
        (raw.flag, 1, None),
        (raw.flag, None, None),
        (raw.number, 4, 4.0),
        (raw.number, "4.5", 4.5),
        (raw.number, "4 rows", None),
        (raw.number, float("inf"), None),
        (raw.number, 10**400, None),
        (raw.number, True, None),
        (raw.count, "3", 3),
        (raw.count, -3, 0),
        (raw.count, None, 0),
        (raw.items, [1, None], (1, None)),
        (raw.items, {"a": 1}, ()),
        (raw.items, "ab", ()),
        (raw.mappings, [{"a": 1}, 2, None], ({"a": 1},)),
        (raw.texts, ["a", "", None, 3], ("a", "3")),
        (raw.mapping, {"a": 1}, {"a": 1}),
        (raw.mapping, [1], {}),
    ],
)
def test_each_reader(reader: object, value: object, expected: object) -> None:
    assert reader({"outer": {"inner": value}}, "outer", "inner") == expected  # type: ignore[operator]
    assert reader(value) == expected  # type: ignore[operator]


@pytest.mark.parametrize("source", [None, 3, "x", [], {"outer": None}, {"outer": []}, {"outer": {"other": 1}}])
def test_a_broken_way_reads_as_nothing(source: object) -> None:
    assert raw.text(source, "outer", "inner") == ""
    assert raw.number(source, "outer", "inner") is None
    assert raw.flag(source, "outer", "inner") is None
    assert raw.instant(source, "outer", "inner") is None
    assert raw.items(source, "outer", "inner") == ()
    assert raw.mapping(source, "outer", "inner") == {}
