"""A dataset of the project's own for the facts of each day, and the watch that appends to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Optional

from ...model.fact import COLUMNS
from ...model.known import Known, Unknown, known
from ...model.plan import EDIT, MANAGED, WATCH_NAME, Change, Step
from ...model.snapshot import Snapshot
from .. import words
from .ids import EVALUATION_STEP

FACTS_NAME = "operations_facts"
_WHY = "history of this project in your own warehouse, for reports, for as long as you keep it"


def facts_dataset(snapshot: Snapshot, name: str, connection: str) -> Iterator[Change]:
    """Create the dataset on a connection that somebody chose, with the columns of a fact. One of that name that takes
    facts as it is needs nothing; one with other columns is left alone, and said."""
    if isinstance(snapshot.datasets, Unknown):
        return
    there = next((each for each in snapshot.datasets if each.name == name), None)
    if there is not None and not lacking(snapshot, name):
        return
    obstacle = ""
    if there is not None:
        lacks = words.listed(lacking(snapshot, name), 4)
        obstacle = f"there is a dataset {name} of something else: it lacks the columns {lacks}; choose another name"
    elif not connection:
        obstacle = "no connection is chosen: fill in “Connection for facts”"
    columns = [{"name": column, "type": kind} for column, kind in COLUMNS.items()]
    body = {"name": name, "managed": True, "params": {"connection": connection}, "schema": {"columns": columns}}
    yield Change(
        "facts:dataset",
        "facts",
        f"Create the dataset {name}",
        f"dataset:{name}",
        _WHY,
        (Step(MANAGED, ("datasets",), body),),
        proposed=f"on the connection {connection}, {len(columns)} columns, without rows" if connection else "",
        obstacle=obstacle,
    )


def lacking(snapshot: Snapshot, name: str) -> list[str]:
    """The columns that a dataset lacks to take facts: none where it has no columns at all, as they are then made."""
    columns = [column.name for each in known(snapshot.datasets, ()) if each.name == name for column in each.columns]
    return [column for column in COLUMNS if column not in columns] if columns else []


def facts_into(watch: Known[Optional[tuple[str, Mapping[str, Any]]]], name: str, *, there: bool) -> Iterator[Change]:
    """Let a watch that keeps facts nowhere but in the state folder append them to the dataset, once that is `there` or
    about to be. `watch` is its id and settings."""
    if not there or watch is None:
        return
    what = f"Append each day's facts in the scenario “{WATCH_NAME}”"
    if isinstance(watch, Unknown):
        yield Change("facts:watch", "facts", what, "", watch.reason, obstacle=watch.reason)
        return
    scenario_id, settings = watch
    step = _evaluation(settings)
    if step is None:
        return
    params = step.get("params")
    params = dict(params) if isinstance(params, Mapping) else {}
    config = params.get("config")
    config = dict(config) if isinstance(config, Mapping) else {}
    if config.get("facts_dataset"):
        return
    after = {**step, "params": {**params, "config": {**config, "facts_dataset": name}}}
    edit = Step(EDIT, ("scenarios", scenario_id), after, dict(step), ("params", "steps"))
    yield Change("facts:watch", "facts", what, f"scenario:{scenario_id}", _WHY, (edit,), proposed=f"to {name}")


def _evaluation(settings: Mapping[str, Any]) -> Optional[Mapping[str, Any]]:
    params = settings.get("params")
    steps = params.get("steps") if isinstance(params, Mapping) else None
    found = (step for step in steps if isinstance(step, Mapping)) if isinstance(steps, list) else iter(())
    return next((step for step in found if step.get("type") == EVALUATION_STEP), None)
