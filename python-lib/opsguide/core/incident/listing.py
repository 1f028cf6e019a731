"""The list of incidents: what is open, worst first, and what is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...model.guide import Cell, Section, Table, Tone
from ...model.incident import Failure, Incident, Incidents
from ...model.known import Known, Unknown, in_vain
from .. import words
from ..compose.front import cautions, project_name
from ..compose.scene import Scene
from .blame import suspicion
from .cells import INFERRED, STATE_WORDS, after_cell, due_cell, origin_cell, since_cell, title_cell


def incidents_page(
    found: Known[tuple[Incident, ...]], scene: Scene, keeping: str, failures: Mapping[str, Failure]
) -> Incidents:
    """The list. `keeping` says why nothing can be written down about incidents, '' where it can; `failures` tell, by run
    id, where a run failed."""
    listed = () if isinstance(found, Unknown) else found
    sentence, tone = _headline(found, scene)
    return Incidents(
        project_key=scene.snapshot.project_key,
        title=f"{project_name(scene)} - Incidents",
        taken_at=scene.now,
        zone=scene.report.zone,
        headline=sentence,
        tone=tone,
        banners=cautions(scene),
        incidents=found,
        keeping=keeping,
        sections=(_open_section(listed, scene, failures), _ended_section(listed, scene)),
        calls=scene.snapshot.calls,
        elapsed_seconds=scene.snapshot.elapsed_seconds,
    )


def _headline(found: Known[tuple[Incident, ...]], scene: Scene) -> tuple[str, Tone]:
    if isinstance(found, Unknown):
        return f"whether anything is wrong cannot be told: {found.reason}", Tone.UNKNOWN
    open_ones = [incident for incident in found if incident.open]
    unseen = _unseen(scene)
    if not open_ones:
        if unseen:
            return f"no incident is seen, but {unseen}", Tone.UNKNOWN
        return "no incident is open", Tone.GOOD
    loud = [incident for incident in open_ones if incident.tone in (Tone.BAD, Tone.NOTICE)]
    untaken = sum(incident.state == "open" for incident in loud)
    parts = [f"{words.count(len(open_ones), 'incident')} open: {words.listed([i.title for i in open_ones], 3)}"]
    if loud:
        parts.append(
            "nobody has taken " + ("it" if len(loud) == 1 else f"{untaken} of them") if untaken else "all taken"
        )
    tone = open_ones[0].tone
    if unseen:
        return "; ".join([*parts, unseen]), Tone.UNKNOWN if tone is Tone.QUIET else tone
    return "; ".join(parts), tone


def _unseen(scene: Scene) -> str:
    """What could not be read, so that silence about it is no good news."""
    parts = {
        "its scenarios": scene.report.scenarios,
        "its outputs": scene.report.outputs,
        "its sources": scene.report.sources,
    }
    lost = [name for name, part in parts.items() if isinstance(part, Unknown)]
    if in_vain(scene.snapshot.graph) and not isinstance(scene.report.outputs, Unknown):
        lost.append("its flow")
    if in_vain(scene.snapshot.quality):
        lost.append("its Data Quality")
    if scene.profile_unread is not None:
        lost.append("what is promised")
    unread = [s.name for s in scene.watched if isinstance(s.last_run, Unknown)]
    if unread:
        lost.append(f"the runs of {words.listed(unread, 2)}")
    return f"{words.listed(lost)} could not be read" if lost else ""


def _open_section(found: Sequence[Incident], scene: Scene, failures: Mapping[str, Failure]) -> Section:
    rows = [_open_row(incident, scene, failures) for incident in found if incident.open or _closed_by_hand(incident)]
    table = Table(
        ("Incident", "Suspected", "Since", "What Follows", "Taken By", "Next Call"),
        tuple(rows),
        "Open incidents, the worst and newest first: one for each root cause",
        "No incident is open.",
    )
    return Section("open", "Open", (table,))


def _closed_by_hand(incident: Incident) -> bool:
    """Closed, but not seen well yet: still worth an eye."""
    return incident.state == "resolved" and any(symptom.ended_at is None for symptom in incident.symptoms)


def _open_row(incident: Incident, scene: Scene, failures: Mapping[str, Failure]) -> tuple[Cell, ...]:
    row = f"incidents.{incident.id}"
    return (
        title_cell(incident, scene, f"{row}.title"),
        origin_cell(suspicion(incident, scene, failures.get(incident.root.run_id)), scene, f"{row}.origin"),
        since_cell(incident, scene, f"{row}.since"),
        _follows_cell(incident, scene, f"{row}.follows"),
        _taken_cell(incident, scene, f"{row}.taken"),
        due_cell(incident, scene, f"{row}.due"),
    )


def _follows_cell(incident: Incident, scene: Scene, cell_id: str) -> Cell:
    names = tuple(dict.fromkeys(symptom.name for symptom in incident.others))
    if not names:
        return scene.inferred(cell_id, "Nothing seen", INFERRED)
    told = tuple(f"{symptom.name}: {symptom.said}" for symptom in incident.others)
    return scene.inferred(cell_id, words.listed(names, 3), INFERRED, evidence=told)


def _taken_cell(incident: Incident, scene: Scene, cell_id: str) -> Cell:
    marks = ["muted"] if incident.muted else []
    marks += [] if incident.open else [STATE_WORDS[incident.state].lower()]
    alone = incident.state == "open" and not incident.muted
    return scene.live(
        cell_id,
        ", ".join([incident.assignee or "Nobody", *marks]),
        "the notes of this page",
        tone=incident.tone if alone else Tone.NONE,
        reason=incident.remark,
        evidence=(incident.muted,) if incident.muted else (),
    )


def _ended_section(found: Sequence[Incident], scene: Scene) -> Section:
    rows = [_ended_row(incident, scene) for incident in found if not incident.open and not _closed_by_hand(incident)]
    table = Table(
        ("Incident", "Began", "Taken After", "Well After", "What It Was"),
        tuple(rows),
        "Incidents of the last weeks that are over, the newest first",
        "None is on record.",
    )
    return Section("ended", "Over", (table,))


def _ended_row(incident: Incident, scene: Scene) -> tuple[Cell, ...]:
    row = f"incidents.{incident.id}"
    return (
        title_cell(incident, scene, f"{row}.title"),
        since_cell(incident, scene, f"{row}.since"),
        after_cell(incident.seconds_to_acknowledge, "Nobody took it", scene, f"{row}.taken"),
        after_cell(incident.seconds_to_recover, "Not seen well", scene, f"{row}.well"),
        _closed_cell(incident, scene, f"{row}.closed"),
    )


def _closed_cell(incident: Incident, scene: Scene, cell_id: str) -> Cell:
    closed = [mention for mention in incident.mentions if mention.kind == "resolve" and mention.text]
    if not closed:
        return scene.live(cell_id, "Nobody wrote it down", "the notes of this page")
    return scene.live(cell_id, words.one_line(closed[-1].text, 160), f"written by {closed[-1].by}")
