"""The morning check by itself: the guide's own three steps, answered, for people who run it as a macro."""

from __future__ import annotations

from dataclasses import replace

from ...model.guide import Block, Callout, Cell, Guide, Heading, Item, Items, Link, Origin, Section, Text
from ...model.profile import Declared
from ...model.report import Report
from ...model.snapshot import Snapshot
from .card import alerts_line, outputs_line, scenarios_line
from .completeness import completeness
from .daily_operations import freshness_table, status_table
from .front import cautions, title
from .scene import Scene

_SECTION = "morning-check"
_SCENARIOS, _OUTPUTS = "morning-scenarios", "morning-outputs"


def compose_morning(snapshot: Snapshot, declared: Declared, report: Report, signed: str, refused: str = "") -> Guide:
    """One section: the verdict of each step first, then every scenario and output that `report` holds. `signed` says who
    looked at this morning, `refused` why whoever asked could not sign it off."""
    scene = Scene(snapshot, declared, report)
    notes: tuple[Block, ...] = (Text((signed,)),)
    if refused:
        notes = (Callout("warning", (f"Not signed off: {refused}",)), *notes)
    section = Section(_SECTION, "Morning Health Check", (*notes, *_blocks(scene)))
    return Guide(
        project_key=snapshot.project_key,
        title=title(scene),
        taken_at=snapshot.taken_at,
        zone=report.zone,
        header=(),
        banners=cautions(scene),
        sections=(section,),
        completeness=completeness((), (section,)),
    )


def _blocks(scene: Scene) -> tuple[Block, ...]:
    steps = (
        ("Check Scenario Status", _to(_SCENARIOS, scenarios_line(scene, f"{_SECTION}.scenarios"))),
        ("Verify Data Freshness", _to(_OUTPUTS, outputs_line(scene, f"{_SECTION}.outputs"))),
        ("Review Alerts", replace(alerts_line(scene, f"{_SECTION}.alerts"), link=None)),
    )
    return (
        Items(tuple(Item((f"{_tick(cell)} {step}: ", cell)) for step, cell in steps), ordered=True),
        Heading(_SCENARIOS, "Scenarios"),
        *status_table(scene),
        Heading(_OUTPUTS, "Outputs"),
        *freshness_table(scene),
    )


def _tick(cell: Cell) -> str:
    """Ticked is what was looked at, whatever was found; what could not be seen is left to a person."""
    return "☐" if cell.origin is Origin.UNKNOWN else "☑"


def _to(heading: str, cell: Cell) -> Cell:
    """The guide's own sections are not here: a line leads to the table under it."""
    return replace(cell, link=Link("section", heading))
