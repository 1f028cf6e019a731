"""What a review remembers of a project, and what it tells of a later one: nothing that changed is called unchanged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from opsguide.core.assess import assess
from opsguide.core.declare import difference, fingerprint
from opsguide.core.declare.review import MAX_OF_A_KIND, Difference
from opsguide.model.known import Cause, Unknown, known
from opsguide.model.snapshot import Grant, Scenario
from tests.nights import night, promises

DENIED = Unknown("its permissions could not be read", Cause.DENIED, "Project administrator")
# As many as DSS has boxes: spelled out they are longer than a review keeps.
BOXES = frozenset({f"{letter}_one_more_box_to_tick" for letter in "abcdefghijkl"} | {"readProjectContent"})


def taken(**changed: Any) -> dict[str, Any]:
    snapshot = night(**changed)
    return fingerprint(snapshot, assess(snapshot, promises({})))


def grants(*ticked: frozenset[str]) -> tuple[Grant, ...]:
    return tuple(Grant("group", f"team{number}", each) for number, each in enumerate(ticked))


def renamed(name: str, **changed: Any) -> tuple[Scenario, ...]:
    """All scenarios under one name; those of `changed` by their id with another version."""
    before = known(night().scenarios, ())
    return tuple(replace(each, name=name, version=changed.get(each.id, 1)) for each in before)


def test_what_is_as_it_was_is_not_told() -> None:
    assert difference(taken(), taken()) == ((), ())


def test_a_right_is_told_wherever_it_stands_among_many() -> None:
    before = taken(permissions=grants(BOXES | {"writeProjectContent"}))
    now = taken(permissions=grants(BOXES))
    assert all(len(text) < 250 for text in before["right"].values())
    found, untold = difference(before, now)
    assert ([(each.kind, each.name, each.how) for each in found], untold) == ([("right", "group team0", "changed")], ())


def test_of_two_scenarios_with_one_name_a_change_of_each_is_told() -> None:
    ids = [each.id for each in known(night().scenarios, ())]
    before = taken(scenarios=renamed("Load"))
    for ident in ids:
        found, _ = difference(before, taken(scenarios=renamed("Load", **{ident: 2})))
        assert Difference("scenario", "Load", "changed") in found, ident


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (DENIED, grants(BOXES)),
        (grants(BOXES), DENIED),
        (grants(BOXES), grants(*[BOXES] * (MAX_OF_A_KIND + 1))),
    ],
)
def test_what_was_not_read_whole_at_either_time_is_not_called_unchanged(before: Any, now: Any) -> None:
    found, untold = difference(taken(permissions=before), taken(permissions=now))
    assert ([each for each in found if each.kind == "right"], untold) == ([], ("rights",))


@pytest.mark.parametrize("kept", [None, [], "text", {}, {"right": ["a"], "scenario": 5}])
def test_a_note_that_holds_no_fingerprint_tells_nothing(kept: Any) -> None:
    found, untold = difference(kept, taken(permissions=grants(BOXES)))
    assert (found, len(untold)) == ((), 5)
