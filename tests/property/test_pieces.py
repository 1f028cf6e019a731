"""A list that arrives in pieces says the same as the whole one, wherever it is cut."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsguide.dss import pieces
from opsguide.errors import DssBroken

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def cut(whole: bytes, sizes: list[int]) -> Iterator[bytes]:
    at = 0
    for size in sizes:
        yield whole[at : at + size]
        at += size
    yield whole[at:]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(values, max_size=6),
    st.lists(st.integers(0, 9), max_size=40),
    st.sampled_from([None, 1]),
    st.booleans(),
)
def test_a_list_in_pieces_is_the_list(found: list, sizes: list[int], indent: int, escaped: bool) -> None:
    whole = json.dumps(found, indent=indent, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    read = list(pieces.members(cut(whole, sizes), "/x"))
    assert read == (found if escaped else json.loads(whole.decode("utf-8", "replace")))


@pytest.mark.parametrize(
    "text", ["", " ", "{}", '"x"', "[", '[{"a": 1}', '[{"a": 1},', '[{"a": ', "[1 2]", "[}]", "[nul"]
)
def test_what_is_no_whole_list_is_said_to_be_none(text: str) -> None:
    with pytest.raises(DssBroken, match=r"no list|no whole list"):
        list(pieces.members(iter([text.encode()]), "/x"))


def test_one_member_without_an_end_is_not_waited_for_for_ever() -> None:
    endless = (b'"' + b"x" * 65_536 if number == 0 else b"x" * 65_536 for number in range(100_000))
    with pytest.raises(DssBroken, match="not JSON"):
        list(pieces.members((b"[" + each if number == 0 else each for number, each in enumerate(endless)), "/x"))
