"""Cells and tables that several sections show alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...model.guide import Block, Cell, Link, Table, Text, Tone
from ...model.known import Known, Unknown
from ...model.report import ScenarioReport
from ...model.snapshot import ObjectRef
from .. import words
from .scene import Scene


def table_or_reason(
    scene: Scene,
    source: Known[Any],
    columns: tuple[str, ...],
    rows: Sequence[tuple[Cell, ...]],
    cell_id: str,
    *,
    caption: str = "",
    empty: str = "",
) -> tuple[Block, ...]:
    """The table, or the table's head with why its rows could not be read."""
    if not isinstance(source, Unknown):
        return (Table(columns, tuple(rows), caption, empty),)
    return (
        Table(columns, (), caption, "These rows could not be read."),
        Text((scene.unknown(f"{cell_id}.unread", source),), "Not shown:"),
    )


def left_out(scene: Scene) -> str:
    """How many inactive scenarios a table of the active ones leaves out, for its caption."""
    inactive = len(scene.scenarios) - len(scene.active)
    return f"; {words.count(inactive, 'inactive scenario')} left out" if inactive else ""


def scenario_cell(scene: Scene, scenario: ScenarioReport, cell_id: str) -> Cell:
    """A scenario by name, with a link to it."""
    marks = [word for word, true in (("inactive", not scenario.active), ("test", scenario.test)) if true]
    name = scenario.name or scenario.id
    return scene.live(
        cell_id,
        f"{name} ({', '.join(marks)})" if marks else name,
        "scenario list",
        link=Link("scenario", scenario.id),
        tone=Tone.QUIET if marks else Tone.NONE,
        evidence=(f"id {scenario.id}",),
    )


def object_cell(scene: Scene, ref: ObjectRef, why: str, cell_id: str) -> Cell:
    """A dataset, folder or model by name, with why it is listed and a link to it."""
    return scene.live(cell_id, scene.name(ref), "flow graph", link=scene.link(ref), reason=why)
