"""Readers of DSS's answers: the right value from the right shape, "nothing" from any other, never an exception."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
READERS = (
    raw.text,
    raw.number,
    raw.count,
    raw.flag,
    raw.instant,
    raw.parse_iso,
    raw.items,
    raw.mappings,
    raw.texts,
    raw.mapping,
)


@settings(max_examples=100, deadline=None)
@given(anything)
def test_no_value_makes_a_reader_raise(value: object) -> None:
    for reader in READERS:
        reader(value)


@settings(max_examples=100, deadline=None)
@given(
    st.datetimes(datetime(1990, 1, 2), datetime(2199, 12, 30)),
    st.sampled_from(["Z", "+0000", "+01:00", "-0930", "+14"]),
)
def test_an_iso_text_and_its_milliseconds_are_the_same_instant(local: datetime, written: str) -> None:
    ahead = {
        "Z": 0,
        "+0000": 0,
        "+01:00": 60,
        "-0930": -570,
        "+14": 840,
    }[written]
    moment = local.replace(microsecond=local.microsecond // 1000 * 1000, tzinfo=timezone(timedelta(minutes=ahead)))
    millis = round((moment - raw.EPOCH) / timedelta(milliseconds=1))
    stamp = moment.strftime("%Y-%m-%dT%H:%M:%S") + f".{moment.microsecond // 1000:03d}{written}"
    assert raw.instant(stamp) == raw.instant(millis) == moment
