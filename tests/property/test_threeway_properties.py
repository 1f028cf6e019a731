"""Two people change one document: neither loses a word that the other did not touch."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from opsguide.profile.threeway import same, together

leaf = st.integers(0, 3) | st.sampled_from(["a", "b", True, False])
trees = st.recursive(
    leaf, lambda below: st.dictionaries(st.sampled_from("pqrs"), below, max_size=4) | st.lists(below, max_size=3)
)
documents = st.dictionaries(st.sampled_from("pqrs"), trees, max_size=4)
rows = st.lists(st.fixed_dictionaries({"system": st.sampled_from("abc"), "impact": st.integers(0, 2)}), max_size=4)


def words(tree: Any) -> list[str]:
    """All values that are no container, each as often as it stands there."""
    if isinstance(tree, dict):
        return [word for value in tree.values() for word in words(value)]
    if isinstance(tree, list):
        return [word for value in tree for word in words(value)]
    return [repr(tree)]


@settings(max_examples=200, deadline=None)
@given(documents, documents, documents)
def test_who_changed_nothing_loses_nothing_and_changes_nothing(shown: Any, theirs: Any, mine: Any) -> None:
    assert same(together(shown, shown, mine).tree, mine)
    assert same(together(shown, theirs, shown).tree, theirs)
    agreed = together(shown, mine, mine)
    assert same(agreed.tree, mine)
    assert agreed.clashes == ()


@settings(max_examples=200, deadline=None)
@given(documents, documents, documents)
def test_what_one_alone_added_is_there_whatever_the_other_did(shown: Any, theirs: Any, mine: Any) -> None:
    """A value that nobody else has is never dropped in silence: it is in the document or in a clash."""
    theirs, mine = {**theirs, "only theirs": "t!"}, {**mine, "p": {"deep": ["m!"]}}
    found = together(shown, theirs, mine)
    told = words(found.tree) + [word for clash in found.clashes for word in words([clash.theirs, clash.mine])]
    assert "'t!'" in told
    assert "'m!'" in told


@settings(max_examples=200, deadline=None)
@given(documents, documents, documents)
def test_saving_it_again_changes_nothing(shown: Any, theirs: Any, mine: Any) -> None:
    found = together(shown, theirs, mine)
    again = together(theirs, found.tree, found.tree)
    assert same(again.tree, found.tree)
    assert again.clashes == ()


@settings(max_examples=200, deadline=None)
@given(documents, st.data())
def test_changes_at_different_keys_never_clash_and_both_count(shown: Any, data: Any) -> None:
    keys = sorted({*shown, "p", "q", "r", "s"})
    mine_at = data.draw(st.sets(st.sampled_from(keys)))
    theirs, mine = copy.deepcopy(shown), copy.deepcopy(shown)
    for key in keys:
        (mine if key in mine_at else theirs)[key] = data.draw(trees)
    found = together(shown, theirs, mine)
    assert found.clashes == ()
    for key in keys:
        assert same(found.tree[key], (mine if key in mine_at else theirs)[key])


@settings(max_examples=300, deadline=None)
@given(rows, st.integers(0, 4), st.integers(0, 4), st.data())
def test_rows_that_both_add_are_both_there(shown: Any, my_place: int, their_place: int, data: Any) -> None:
    theirs, mine = copy.deepcopy(shown), copy.deepcopy(shown)
    theirs.insert(their_place, {"system": "theirs", "impact": 9})
    mine.insert(my_place, {"system": "mine", "impact": 8})
    found = together(shown, theirs, mine)
    assert found.clashes == ()
    systems = [row["system"] for row in found.tree]
    assert systems.count("theirs") == systems.count("mine") == 1
    assert [row for row in found.tree if row["system"] in "abc"] == shown


@settings(max_examples=300, deadline=None)
@given(rows.filter(bool), st.data())
def test_a_row_that_one_changes_and_a_row_that_the_other_adds(shown: Any, data: Any) -> None:
    place = data.draw(st.integers(0, len(shown) - 1))
    theirs, mine = copy.deepcopy(shown), copy.deepcopy(shown)
    mine[place]["impact"] = "changed"
    theirs.append({"system": "new", "impact": 7})
    found = together(shown, theirs, mine)
    told = words(found.tree)
    assert "'changed'" in told
    assert "'new'" in told
    assert found.clashes == ()
    assert len(found.tree) == len(shown) + 1


def test_the_same_field_changed_by_both_is_shown_with_both_values() -> None:
    found = together({"due": "06:30"}, {"due": "07:00"}, {"due": "07:15"})
    (clash,) = found.clashes
    assert (clash.path, clash.shown, clash.theirs, clash.mine) == (("due",), "06:30", "07:00", "07:15")


def test_a_row_deleted_by_one_and_changed_by_the_other_stays_and_clashes() -> None:
    shown = [{"system": "DSS", "impact": "none"}]
    found = together(shown, [{"system": "DSS", "impact": "all"}], [])
    assert found.tree == [{"system": "DSS", "impact": "all"}]
    assert [clash.mine for clash in found.clashes] == [None]
    found = together({"a": {"x": 1}}, {}, {"a": {"x": 2}})
    assert found.tree == {"a": {"x": 2}}
    assert [clash.theirs for clash in found.clashes] == [None]


@settings(max_examples=400, deadline=None)
@given(rows, rows, rows, st.data())
def test_whatever_both_did_to_the_rows_no_word_is_dropped_in_silence(
    shown: Any, theirs: Any, mine: Any, data: Any
) -> None:
    theirs.insert(data.draw(st.integers(0, len(theirs))), {"system": "t!", "impact": 0})
    mine.insert(data.draw(st.integers(0, len(mine))), {"system": "m!", "impact": 0})
    found = together(shown, theirs, mine)
    told = words(found.tree) + [word for clash in found.clashes for word in words([clash.theirs, clash.mine])]
    assert "'t!'" in told
    assert "'m!'" in told
