"""Cells that the list of incidents and the page of one show alike."""

from __future__ import annotations

from typing import Optional

from ...model.guide import Cell, Link, Tone
from ...model.incident import Incident, Suspicion
from ...model.known import Cause, Unknown
from .. import words
from ..compose.scene import Scene

ORIGIN_WORDS = {
    "late_source": "Late source",
    "schema_change": "Schema change",
    "quality_gate": "Quality gate",
    "code_or_engine": "Code or engine",
    "start": "Not started",
    "instance": "The instance",
    "unknown": "Not clear",
}
STATE_WORDS = {
    "open": "Open",
    "acknowledged": "Taken",
    "resolved": "Closed",
    "recovered": "Recovered",
}
INFERRED = "inferred from the flow, the runs and the error"


def title_cell(incident: Incident, scene: Scene, cell_id: str) -> Cell:
    return scene.inferred(
        cell_id,
        incident.title,
        "what was read of runs, builds and data",
        link=Link("page", f"incidents/{incident.id}"),
        tone=incident.tone,
        reason=incident.root.said,
        evidence=tuple(line for line in (incident.muted, incident.remark) if line),
    )


def origin_cell(found: Suspicion, scene: Scene, cell_id: str) -> Cell:
    return scene.inferred(
        cell_id,
        f"{ORIGIN_WORDS[found.origin]}: {found.said}",
        INFERRED,
        link=scene.link(found.ref) if found.ref is not None else None,
        tone=Tone.UNKNOWN if found.origin == "unknown" else Tone.NONE,
        evidence=found.evidence,
    )


def since_cell(incident: Incident, scene: Scene, cell_id: str) -> Cell:
    root = incident.root
    if not root.dated:
        return scene.unknown(cell_id, Unknown("since when is not on record", Cause.NOT_RECORDED))
    times = f", {words.count(root.times, 'time')}" if root.times > 1 else ""
    return scene.inferred(
        cell_id,
        f"{scene.time(root.began_at)}, {words.ago(root.began_at, scene.now)}{times}",
        "the first moment at which it was wrong",
        at=root.began_at,
    )


def due_cell(incident: Incident, scene: Scene, cell_id: str) -> Cell:
    """When the next person is to be called, as the matrix says."""
    due = incident.due
    if not incident.open or due is None:
        return scene.inferred(cell_id, "None: it is over", "the escalation matrix")
    if not incident.root.dated:
        return scene.unknown(cell_id, Unknown(due.said, Cause.NOT_RECORDED))
    if due.at is None:
        return scene.missing(cell_id, "escalation", due.said)
    to = due.to or "nobody is declared"
    late = due.at <= scene.now
    said = (
        f"{to}, due since {scene.time(due.at)}"
        if late
        else f"{to} {words.ago(due.at, scene.now)}, at {scene.time(due.at)}"
    )
    quiet = incident.muted or scene.report.quiet
    return scene.inferred(
        cell_id,
        said,
        f"the escalation matrix: {due.issue}, after {due.after}",
        at=due.at,
        tone=Tone.NOTICE if late and not quiet else Tone.NONE,
        reason=due.said,
        declare="escalation",
        evidence=(f"first contact: {due.first}",) if due.first else (),
    )


def after_cell(seconds: Optional[float], none: str, scene: Scene, cell_id: str) -> Cell:
    said = none if seconds is None else words.duration(seconds)
    return scene.inferred(cell_id, said, "its beginning and the notes of this page", seconds=seconds)
