"""One incident with all that helps to end it, as sections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Optional

from ...model.event import Event
from ...model.guide import Block, Cell, Item, Items, Link, Section, Table, Text, Tone
from ...model.incident import Failure, Incident, IncidentPage, Mention, Opened, Suspicion, Symptom
from ...model.known import Cause, Known, Unknown
from ...model.ledger import about
from ...model.report import OutputReport
from .. import words
from ..compose.front import cautions
from ..compose.procedures import procedure
from ..compose.scene import Scene, key
from ..messages import alike
from .blame import suspicion
from .cells import INFERRED, ORIGIN_WORDS, after_cell, due_cell, origin_cell, since_cell
from .changes import changes
from .impact import Reach, reach
from .journal import tone_of
from .remedies import Remedies, remedies

_PROCEDURES = {"late_source": "handling-late-source-data", "schema_change": "handling-schema-changes"}
_SPOKEN = {"acknowledge": "took it", "assign": "gave it to", "note": "wrote", "resolve": "closed it"}


def incident_page(
    incident: Incident, scene: Scene, opened: Opened, closed: Sequence[Event], keeping: str
) -> IncidentPage:
    """One incident. `closed` are the events with which others were closed before."""
    failure = None if isinstance(opened.failure, Unknown) else opened.failure
    suspected = suspicion(incident, scene, failure)
    error = failure.message if failure is not None and failure.message else incident.root.error
    reached = reach(incident, scene, suspected, failure, opened.shown)
    known_errors = remedies(error, scene.profile.known_errors, closed)
    return IncidentPage(
        incident=incident,
        project_key=scene.snapshot.project_key,
        title=incident.title,
        headline=_headline(incident, suspected, scene),
        taken_at=scene.now,
        zone=scene.report.zone,
        banners=cautions(scene),
        sections=(
            Section("what-failed", "What Failed", tuple(_failed(incident, scene, opened.failure))),
            Section("origin", "Where It Probably Comes From", tuple(_origin(suspected, scene))),
            Section("known-errors", "Seen Before", tuple(_remedies(known_errors, error, scene))),
            Section("what-to-do", "What to Do", (*_here(incident, suspected, scene), *_to_do(suspected, scene))),
            Section("downstream", "What Waits for It", tuple(_downstream(reached, incident, scene))),
            Section(
                "changes",
                "What Changed Since It Last Went Well",
                tuple(_changes(incident, scene, failure, suspected, opened)),
            ),
            Section("escalation", "Whom to Call Next", tuple(_escalation(incident, scene))),
            Section("history", "History", tuple(_history(incident, scene))),
        ),
        excerpt=opened.excerpt,
        error=alike(error),
        keeping=keeping,
        calls=opened.calls,
    )


def _headline(incident: Incident, suspected: Suspicion, scene: Scene) -> str:
    """Where it stands, in one line: who has it, what is suspected, what was said of it."""
    who = f"taken by {incident.assignee}" if incident.assignee else "nobody has taken it"
    ended = incident.recovered_at
    stands = {
        "recovered": f"well again since {scene.time(ended)}" if ended else "no longer seen",
        "resolved": "closed",
    }.get(incident.state, who)
    origin = f"suspected: {ORIGIN_WORDS[suspected.origin].lower()}" if incident.open else ""
    return "; ".join(part for part in (stands, origin, incident.muted, incident.remark) if part)


def _failed(incident: Incident, scene: Scene, failure: Known[Optional[Failure]]) -> Iterator[Block]:
    root = incident.root
    yield Text((scene.inferred("incident.said", root.said, "the run's verdict", tone=incident.tone),))
    if isinstance(failure, Unknown):
        yield Text((scene.unknown("incident.failure", failure),), "Step, job and activity:")
    elif failure is not None:
        yield Items(tuple(_chain(failure, scene)), ordered=True)
    if incident.others:
        yield Table(
            ("What Follows", "How It Shows", "Since"),
            tuple(_symptom_row(symptom, scene, bool(incident.muted)) for symptom in incident.others),
            f"{words.count(len(incident.others), 'thing')} that this explains, as far as can be inferred",
        )


def _chain(failure: Failure, scene: Scene) -> Iterator[Item]:
    """First failing step, its job, its activity, its message."""
    word = "is at" if failure.running else "failed"
    step = f"{failure.number} of {failure.of}: {failure.step or failure.step_type}" if failure.number else ""
    yield Item(
        (
            f"Step that {word}: ",
            scene.live("incident.step", step, "the run's steps", link=Link("scenario-runs", failure.scenario_id)),
        )
    )
    yield Item(
        (
            "Job: ",
            scene.live(
                "incident.job",
                failure.job_id,
                "the step's report",
                link=Link("job", failure.job_id) if failure.job_id else None,
            ),
        )
    )
    activity = failure.activity
    said = f"{activity.id} ({activity.state.lower()})" if activity is not None else ""
    recipe = Link("recipe", activity.recipe) if activity is not None and activity.recipe else None
    yield Item(("Activity: ", scene.live("incident.activity", said, "the job's status", link=recipe)))
    if not failure.running or failure.message:
        yield Item(
            ("Message: ", scene.live("incident.message", words.one_line(failure.message, 600), "the step's error"))
        )


def _symptom_row(symptom: Symptom, scene: Scene, muted: bool) -> tuple[Cell, ...]:
    row = f"incident.symptom-{symptom.id}-{symptom.kind}"
    return (
        scene.inferred(
            f"{row}.name", symptom.name, INFERRED, link=scene.link(symptom.ref) if symptom.ref is not None else None
        ),
        scene.inferred(
            f"{row}.said",
            symptom.said,
            "today's verdicts",
            tone=Tone.QUIET if muted or symptom.ended_at is not None else scene.alarm(tone_of(symptom)),
            verdict=symptom.verdict,
        ),
        _began(symptom, scene, f"{row}.since"),
    )


def _began(symptom: Symptom, scene: Scene, cell_id: str) -> Cell:
    if not symptom.dated:
        return scene.unknown(cell_id, Unknown("not on record", Cause.NOT_RECORDED))
    return scene.live(cell_id, scene.time(symptom.began_at), "its record", at=symptom.began_at)


def _origin(found: Suspicion, scene: Scene) -> Iterator[Block]:
    yield Text((origin_cell(found, scene, "incident.origin"),), "Suspected, an inference:")
    if found.evidence:
        yield Items(tuple(Item((line,)) for line in found.evidence))


def _remedies(found: Remedies, error: str, scene: Scene) -> Iterator[Block]:
    rows = []
    for number, remedy in enumerate(found.found):
        row = f"incident.remedy-{number}"
        said = f"{remedy.by}, {words.day(remedy.at, scene.zone, scene.now)}" if remedy.at is not None else ""
        rows.append(
            (
                _written(scene, f"{row}.cause", remedy.cause or remedy.pattern, said),
                _written(scene, f"{row}.step", remedy.step, said),
                scene.live(f"{row}.by", said, "an earlier incident")
                if said
                else scene.declare(f"{row}.by", "known_errors", "The profile"),
            )
        )
    empty = "No error that was seen before is like it." if error else "There is no error to compare."
    yield Table(("Cause", "What Helped", "Who Says So"), tuple(rows), "Errors like this one", empty)
    for number, (pattern, why) in enumerate(found.refused):
        cell = scene.unknown(f"incident.refused-{number}", Unknown(why, Cause.LEFT_OUT), declare="known_errors")
        yield Text((cell,), f"Pattern “{words.one_line(pattern, 80)}”:")


def _written(scene: Scene, cell_id: str, text: str, by: str) -> Cell:
    if by:
        return scene.live(cell_id, text, "an earlier incident")
    return scene.declare(cell_id, "known_errors", text)


def _here(incident: Incident, found: Suspicion, scene: Scene) -> Iterator[Block]:
    """What can be done about it in place: run what failed or never ran, rebuild from where it begins, build what it
    hurt. Nothing once it is over."""
    if not incident.open:
        return
    subjects = list(dict.fromkeys(symptom.subject for symptom in incident.symptoms))
    scenarios = [s for s in scene.active if about("SCENARIO", s.id) in subjects]
    ways = [("run-scenario", about("SCENARIO", s.id), f"Run {s.name or s.id}…") for s in scenarios[:3]]
    if found.ref is not None:
        ways.append(("rebuild-from", scene.about(found.ref), f"Rebuild what follows {scene.name(found.ref)}…"))
    if incident.root.ref is not None and scene.flow.recipe_of(incident.root.ref) is not None:
        ways.append(("build", scene.about(incident.root.ref), f"Build {scene.name(incident.root.ref)}…"))
    links = [scene.offers.link(kind, subject, said) for kind, subject, said in ways]
    if any(links):
        yield Items(tuple(Item(("Here: ", link)) for link in links if link is not None))
    elif scene.offers.said:
        yield Text((scene.offers.said,))


def _to_do(found: Suspicion, scene: Scene) -> Iterator[Block]:
    title, blocks = procedure(scene, _PROCEDURES.get(found.origin, "rerunning-after-failure"), found.ref)
    yield Text((Link("page", "guide#common-operations", label=title),), "The guide’s procedure:")
    yield from blocks


def _downstream(found: Reach, incident: Incident, scene: Scene) -> Iterator[Block]:
    """The outputs that somebody waits for, or that are late; the others by name."""
    hurt = {symptom.ref for symptom in incident.symptoms}
    awaited = [o for o in found.outputs if o.ref in hurt or _awaited(o, scene)]
    listed = {output.ref for output in awaited}
    others = [scene.name(output.ref) for output in found.outputs if output.ref not in listed]
    yield Table(
        ("Output", "Must Be Ready", "State", "Who Uses It"),
        tuple(_output_row(output, scene) for output in awaited),
        f"Outputs that are waited for, among {words.count(len(found.objects), 'object')} downstream",
        "None of this project.",
    )
    also = scene.inferred(
        "incident.others", words.listed(others, 8) or "None", "the flow graph", evidence=tuple(others)
    )
    yield Items(
        (
            Item(("Outputs without a promise: ", also)),
            Item(("Other projects: ", _projects(found, scene))),
            Item(("Dashboards and web apps: ", _shown(found, scene))),
            Item(("Told by DSS: ", _told(found, scene))),
        )
    )


def _awaited(output: OutputReport, scene: Scene) -> bool:
    ahead = output.due_at is not None and output.due_at > scene.now
    return ahead or bool(scene.dataset_profile(output.ref).consumers)


def _output_row(output: OutputReport, scene: Scene) -> tuple[Cell, ...]:
    name = scene.smart(output.ref)
    row, path = f"incident.output-{key(name)}", f"datasets.{name}"
    due = output.due_at
    return (
        scene.inferred(f"{row}.name", scene.name(output.ref), "the flow graph", link=scene.link(output.ref)),
        scene.missing(f"{row}.due", f"{path}.due")
        if due is None
        else scene.inferred(f"{row}.due", scene.time(due), "the promise", at=due),
        scene.inferred(f"{row}.state", output.reason, "today's verdicts", verdict=output.verdict),
        scene.declare(
            f"{row}.consumers", f"{path}.consumers", words.listed(scene.dataset_profile(output.ref).consumers, 6)
        ),
    )


def _projects(found: Reach, scene: Scene) -> Cell:
    if isinstance(found.projects, Unknown):
        return scene.unknown("incident.projects", found.projects)
    said = [f"{words.listed(list(keys), 3)} ({scene.name(ref)})" for ref, keys in found.projects]
    return scene.live("incident.projects", words.listed(said, 6) or "None uses what is downstream", "project settings")


def _shown(found: Reach, scene: Scene) -> Cell:
    if isinstance(found.shown, Unknown):
        return scene.unknown("incident.shown", found.shown)
    said = [f"{'perhaps ' if each.possible else ''}{each.kind} {each.name}" for each in found.shown]
    none = "None is seen to show it"
    return scene.inferred("incident.shown", words.listed(said, 6) or none, "insights, dashboards and web apps' code")


def _told(found: Reach, scene: Scene) -> Cell:
    said = words.listed(found.told, 6)
    return scene.inferred(
        "incident.told",
        said or "Nobody",
        "the scenarios' reporters",
        tone=scene.alarm(Tone.NOTICE) if found.untold else Tone.NONE,
        evidence=found.untold,
    )


def _changes(
    incident: Incident, scene: Scene, failure: Optional[Failure], suspected: Suspicion, opened: Opened
) -> Iterator[Block]:
    found = changes(incident, scene, failure, suspected, opened)
    if isinstance(found.since, Unknown):
        yield Text((scene.unknown("incident.changed-since", found.since),), "Since:")
        return
    rows = tuple(
        (
            scene.live(
                f"incident.change-{number}.what", f"{words.capital(change.what)} {change.name}", "DSS's records"
            ),
            scene.live(f"incident.change-{number}.said", change.said or "Changed", "DSS's records"),
            _when(change.at, scene, f"incident.change-{number}.at"),
            scene.live(f"incident.change-{number}.by", change.by, "DSS's records"),
        )
        for number, change in enumerate(found.found)
    )
    caption = f"On record since {scene.time(found.since)}, when the last success began"
    yield Table(("What", "How", "When", "By"), rows, caption, "Nothing on the way to it is on record as changed.")
    yield Items(
        tuple(
            Item((f"{what}: ", scene.unknown(f"incident.untold-{number}", why)))
            for number, (what, why) in enumerate(found.unknown)
        )
    )


def _when(at: Optional[datetime], scene: Scene, cell_id: str) -> Cell:
    if at is None:
        return scene.unknown(cell_id, Unknown("not dated", Cause.NOT_RECORDED))
    return scene.live(cell_id, scene.time(at), "DSS's records", at=at)


def _escalation(incident: Incident, scene: Scene) -> Iterator[Block]:
    due = incident.due
    yield Text((due_cell(incident, scene, "incident.due"),), "Next call:")
    if due is not None and due.first:
        yield Text(
            (scene.inferred("incident.first", due.first, "the escalation matrix", declare="escalation"),),
            "First contact:",
        )
    yield Text((Link("page", "guide#escalation-matrix", label="Escalation Matrix"),), "The guide’s table:")


def _history(incident: Incident, scene: Scene) -> Iterator[Block]:
    yield Items(
        (
            Item(("Began: ", since_cell(incident, scene, "incident.began"))),
            Item(
                (
                    "Taken after: ",
                    after_cell(incident.seconds_to_acknowledge, "Not yet", scene, "incident.acknowledged"),
                )
            ),
            Item(("Well after: ", after_cell(incident.seconds_to_recover, "Not yet", scene, "incident.recovered"))),
        )
    )
    rows = tuple(_mention_row(mention, number, scene) for number, mention in enumerate(incident.mentions))
    yield Table(("When", "Who", "What"), rows, "What people did", "Nobody wrote anything yet.")


def _mention_row(mention: Mention, number: int, scene: Scene) -> tuple[Cell, ...]:
    row, source = f"incident.mention-{number}", "the notes of this page"
    to = f" {mention.to}" if mention.to else ""
    said = f"{_SPOKEN[mention.kind]}{to}"
    return (
        scene.live(f"{row}.at", scene.time(mention.at), source, at=mention.at),
        scene.live(f"{row}.by", mention.by, source),
        scene.live(f"{row}.text", f"{said}: {mention.text}" if mention.text else said, source),
    )
