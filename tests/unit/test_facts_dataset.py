"""The dataset for daily facts as a proposal: what is in its way, and which watch can be told of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from opsguide.core.instrument import facts_dataset, facts_into, lacking
from opsguide.core.instrument.ids import EVALUATION_STEP
from opsguide.model.fact import COLUMNS
from opsguide.model.known import Cause, Unknown
from opsguide.model.plan import MANAGED
from opsguide.model.snapshot import Column, Dataset, Snapshot
from tests.nights import KEY, night

FACTS = tuple(Column(name, kind) for name, kind in COLUMNS.items())
DENIED = Unknown("it could not be read", Cause.DENIED, "Read project content")


def having(*columns: Column) -> Snapshot:
    return replace(night(), datasets=(Dataset("kept", KEY, columns=columns),))


@pytest.mark.parametrize(
    ("snapshot", "connection", "obstacle"),
    [
        (having(), "dwh", None),  # without columns: appending makes them
        (having(*FACTS), "dwh", None),
        (having(*FACTS, Column("ours")), "dwh", None),
        (having(*FACTS[1:]), "dwh", "it lacks the columns day; choose another name"),
        (having(Column("x")), "dwh", "it lacks the columns day, project_key, kind, id and 11 more"),
        (replace(night(), datasets=()), "dwh", ""),
        (replace(night(), datasets=()), "", "no connection is chosen"),
        (replace(night(), datasets=DENIED), "dwh", None),
    ],
)
def test_it_is_offered_only_where_it_changes_nothing(snapshot: Snapshot, connection: str, obstacle: Any) -> None:
    found = list(facts_dataset(snapshot, "kept", connection))
    assert bool(found) is (obstacle is not None)
    for change in found:
        assert (obstacle in change.obstacle) if obstacle else change.obstacle == ""
        (step,) = change.steps
        assert (step.kind, step.after["params"]["connection"]) == (MANAGED, connection)
        assert [column["name"] for column in step.after["schema"]["columns"]] == list(COLUMNS)
    assert not lacking(snapshot, "another")


def settings(*steps: Any) -> dict[str, Any]:
    return {"params": {"steps": list(steps)}}


OWN = {"type": EVALUATION_STEP, "id": "evaluate", "params": {"config": {"fail_at": "error"}}}


@pytest.mark.parametrize(
    ("watch", "there", "config"),
    [
        (("W", settings({"type": "runnable"}, OWN)), True, {"fail_at": "error", "facts_dataset": "kept"}),
        (("W", settings({"type": EVALUATION_STEP})), True, {"facts_dataset": "kept"}),
        (("W", settings({"type": EVALUATION_STEP, "params": {"config": None}})), True, {"facts_dataset": "kept"}),
        (("W", settings(OWN)), False, None),
        (("W", settings({**OWN, "params": {"config": {"facts_dataset": "elsewhere"}}})), True, None),
        (("W", settings("odd", {"type": "runnable"})), True, None),
        (("W", {"params": {"steps": "odd"}}), True, None),
        (("W", {}), True, None),
        (None, True, None),
    ],
)
def test_a_watch_is_told_of_it_once(watch: Any, there: bool, config: Any) -> None:
    found = list(facts_into(watch, "kept", there=there))
    assert [change.steps[0].after["params"]["config"] for change in found] == ([] if config is None else [config])


def test_a_watch_that_cannot_be_read_is_said() -> None:
    (found,) = facts_into(DENIED, "kept", there=True)
    assert (found.obstacle, found.steps) == ("it could not be read", ())
