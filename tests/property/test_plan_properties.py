"""A change put into any document and taken out again leaves the document as it was; what others did stays."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from opsguide.model.plan import EDIT, Conflict, Step, from_data, kept, put, take_back, to_data

BOUNDED = settings(max_examples=80, deadline=None)

names = st.sampled_from(["basic", "records", "python", "metrics", "checks", "a", "b"])
leaves = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4)
members = st.fixed_dictionaries(
    {"type": names}, optional={"meta": st.fixed_dictionaries({"name": names}), "x": leaves, "enabled": st.booleans()}
)
lists = st.lists(members, max_size=4)
documents = st.fixed_dictionaries(
    {},
    optional={
        "metrics": st.fixed_dictionaries({}, optional={"probes": lists, "engineConfig": leaves}),
        "reporters": lists,
        "standard": st.dictionaries(names, leaves, max_size=3),
        "other": leaves,
    },
)
places = st.sampled_from([("metrics", "probes"), ("reporters",), ("new", "deep", "list")])


def done(document: dict[str, Any], step: Step) -> tuple[dict[str, Any], Step]:
    """The document with the change in it, and the step as one that was read back."""
    changed, begun = put(document, step)
    found = kept(document, changed, begun)
    assert found is not None
    return changed, found


@given(documents, places, members)
@BOUNDED
def test_a_member_put_in_and_taken_out_leaves_nothing(document: dict[str, Any], place: Any, member: Any) -> None:
    try:
        changed, step = done(document, Step(EDIT, ("d",), member, place=place))
    except Conflict:
        assume(False)
        raise
    assert changed != document
    assert take_back(changed, step) == document
    assert take_back(changed, from_data(to_data(step))) == document


@given(documents, st.data())
@BOUNDED
def test_a_member_replaced_and_put_back_is_as_before(document: dict[str, Any], data: st.DataObject) -> None:
    there = (document.get("metrics") or {}).get("probes") or []
    assume(there)
    before = data.draw(st.sampled_from(there))
    after = {**before, "enabled": "changed"}
    changed, step = done(document, Step(EDIT, ("d",), after, before, ("metrics", "probes")))
    assert take_back(changed, step) == document


@given(documents, names, leaves.filter(lambda value: value is not None))
@BOUNDED
def test_a_key_set_and_unset_is_as_before(document: dict[str, Any], key: str, value: Any) -> None:
    current = (document.get("standard") or {}).get(key)
    assume(current != value or type(current) is not type(value))
    assume(not (key in (document.get("standard") or {}) and current is None))
    changed, step = done(document, Step(EDIT, ("d",), value, current, ("standard",), key=key))
    assert take_back(changed, step) == document


@given(documents, places, members, members)
@BOUNDED
def test_what_others_add_meanwhile_stays(document: dict[str, Any], place: Any, mine: Any, theirs: Any) -> None:
    with contextlib.suppress(Conflict):
        changed, step = done(document, Step(EDIT, ("d",), mine, place=place))
        both, other = done(changed, Step(EDIT, ("d",), theirs, place=place))
        assert take_back(take_back(both, other), step) == document
        inner: Any = take_back(both, step)
        for name in place:
            inner = inner[name]
        assert theirs in inner


@given(documents, places, members)
@BOUNDED
def test_what_was_changed_since_is_refused(document: dict[str, Any], place: Any, member: Any) -> None:
    try:
        changed, step = done(document, Step(EDIT, ("d",), member, place=place))
    except Conflict:
        assume(False)
        raise
    inner: Any = changed
    for name in place:
        inner = inner[name]
    inner[-1] = {**inner[-1], "x": "somebody"}
    with pytest.raises(Conflict):
        take_back(changed, step)
