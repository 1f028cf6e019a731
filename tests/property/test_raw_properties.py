"""Whatever stands in an answer of DSS, a reader gives a value or nothing, and never raises."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from opsguide.dss import raw

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
    raw.millis,
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
    assert raw.millis(stamp) == raw.millis(millis) == millis
