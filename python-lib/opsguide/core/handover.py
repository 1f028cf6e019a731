"""The handover: what stands, what happened in the last twelve hours, what people noted, and what is due next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Optional

from ..model.event import KINDS, Event
from ..model.guide import Cell, Section, Table, Tone
from ..model.handover import Handover
from ..model.known import Known, Unknown
from ..model.ledger import Ledger, about
from ..model.profile import Declared
from ..model.report import Report, RunVerdict, ScenarioReport
from ..model.snapshot import Snapshot
from . import words
from .compose.front import cautions, project_name
from .compose.phrases import OUTPUT_WORDS, STATE_WORDS, state_tone
from .compose.rows import object_cell, scenario_cell
from .compose.scene import Scene, key
from .today.headline import headline
from .today.lines import concern, concern_tone, output_verdict, outputs, scenarios, sources, upcoming_dues
from .today.notes import ledger_notes, muted_section, sign_off_text, this_morning

SPAN = timedelta(hours=12)
_LOUD = (Tone.BAD, Tone.NOTICE, Tone.UNKNOWN)
_NOTES_MOST = 100
_ROWS_MOST = 200
# More starts of one scenario than these are told as one.
_EACH_BY_ITSELF = 3
# What somebody did, in words; what it is about follows.
_DID = {
    "sign_off": "Looked at the morning",
    "mute": "Muted",
    "unmute": "Let alarm again",
    "acknowledge": "Took",
    "assign": "Assigned",
    "note": "Remarked",
    "resolve": "Closed",
    "action": "Asked for",
    "outcome": "What became of it",
    "refusal": "Was refused",
    "receipt": "Changed",
    "approval": "Approved",
    "evaluation": "Judged the project",
    "digest": "Sent a message",
    "profile": "Changed the profile",
    "task": "Did the task",
}


def handover(
    snapshot: Snapshot, declared: Declared, report: Report, ledger: Known[Optional[Ledger]], by: str = ""
) -> Handover:
    """The project at `snapshot.taken_at`, for whoever takes over from `by`."""
    scene = Scene(snapshot, declared, report)
    since, until = scene.now - SPAN, scene.now + SPAN
    sentence, tone = headline(scene)
    return Handover(
        project_key=snapshot.project_key,
        title=f"{project_name(scene)} - Handover",
        by=by,
        since=since,
        taken_at=snapshot.taken_at,
        until=until,
        zone=report.zone,
        headline=sentence,
        tone=tone,
        signed=sign_off_text(scene, this_morning(scene, ledger)),
        banners=(*cautions(scene), *ledger_notes(ledger)),
        sections=(
            Section("standing", "What Stands", (_standing(scene),)),
            *muted_section(scene, ledger),
            Section("happened", "What Happened", (_happened(scene, since),)),
            Section("noted", "What People Noted", (_noted(scene, ledger, since),)),
            Section("next", "What Is Due Next", (_next(scene, until),)),
        ),
        calls=snapshot.calls,
        elapsed_seconds=snapshot.elapsed_seconds,
    )


# --- what stands -----------------------------------------------------------------------------------------------------


def _standing(scene: Scene) -> Table:
    """All that today calls wrong or unknown, worst first."""
    parts = (("scenario", scenarios(scene)), ("output", outputs(scene)), ("source", sources(scene)))
    rows = []
    for kind, found in parts:
        if isinstance(found, Unknown):
            rows.append(
                (scene.fixed(f"handover.{kind}s", f"Every {kind}"), scene.unknown(f"handover.{kind}s.why", found))
            )
            continue
        for line in found:
            if line.tone in _LOUD and line.problem:
                row = f"handover.{kind}-{key(line.id)}"
                said = scene.inferred(
                    f"{row}.problem", words.capital(line.problem), "today", tone=line.tone, verdict=line.verdict
                )
                rows.append((scene.live(f"{row}.what", line.name, f"{kind}s"), said))
    return Table(("What", "State"), tuple(rows), "Worst first, as it is now", "Nothing is wrong as far as can be told.")


# --- what happened ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Moment:
    """Something at an instant: `what` names it, `said` tells it; both have ids that begin with `id`."""

    at: datetime
    what: Cell
    said: Cell

    @property
    def order(self) -> tuple[datetime, str]:
        return self.at, self.what.id


def _happened(scene: Scene, since: datetime) -> Table:
    found = sorted((*_starts_due(scene, since), *_deadlines(scene, since)), key=lambda moment: moment.order)
    kept = found[-_ROWS_MOST:]
    older = f"; {len(found) - len(kept):,} older ones are left out" if len(found) > len(kept) else ""
    caption = f"Starts and deadlines since {scene.time(since)}, and what became of them{older}"
    return _table(scene, "happened", kept, caption, "Nothing was due.")


def _starts_due(scene: Scene, since: datetime) -> Iterator[_Moment]:
    """Each start by itself, and as one where the same went well again and again."""
    for scenario in scene.watched:
        due = [each for each in scenario.night if each.instant is not None and since <= each.instant <= scene.now]
        well = [each for each in due if each.verdict == "ON_TIME"]
        together = well if len(well) > _EACH_BY_ITSELF else []
        for verdict in due:
            if verdict not in together:
                yield _start_due(scene, scenario, verdict, verdict.reason)
        if together:
            first, last = (scene.time(each.instant) for each in (together[0], together[-1]) if each.instant)
            yield _start_due(scene, scenario, together[-1], f"{len(together):,} starts from {first} to {last}")


def _start_due(scene: Scene, scenario: ScenarioReport, verdict: RunVerdict, reason: str) -> _Moment:
    assert verdict.instant is not None, "only what was due at an instant is told"
    row = f"handover.start-{key(scenario.id)}-{verdict.instant:%Y%m%dT%H%M%S}"
    said = f"{words.capital(STATE_WORDS.get(verdict.verdict, verdict.verdict))}: {reason}"
    tone = scene.alarm(state_tone(verdict.verdict), muted=scenario.muted)
    told = scene.inferred(f"{row}.said", said, "its schedule and its runs", tone=tone, verdict=verdict.verdict)
    return _Moment(verdict.instant, scenario_cell(scene, scenario, f"{row}.what"), told)


def _deadlines(scene: Scene, since: datetime) -> Iterator[_Moment]:
    for output in scene.outputs:
        if output.due_at is None or not since <= output.due_at <= scene.now:
            continue
        row, verdict = f"handover.deadline-{key(scene.smart(output.ref))}", output_verdict(output)
        said = f"{words.capital(OUTPUT_WORDS[verdict])}: {output.reason}"
        tone = concern_tone(scene, verdict, output.muted)
        told = scene.inferred(f"{row}.said", said, "its last builds", tone=tone, verdict=verdict)
        yield _Moment(output.due_at, object_cell(scene, output.ref, output.why, f"{row}.what"), told)


# --- what people noted -----------------------------------------------------------------------------------------------


def _noted(scene: Scene, ledger: Known[Optional[Ledger]], since: datetime) -> Table:
    columns = ("When", "Who", "What", "Remark")
    if ledger is None:
        return Table(columns, (), empty="This project has no state folder, so that nothing is noted.")
    if isinstance(ledger, Unknown):
        return Table(columns, (), empty=f"What people noted is not known: {ledger.reason}.")
    events = ledger.since(since)[-_NOTES_MOST:]
    names = _names(scene)
    rows = tuple(_note(scene, event, names, number) for number, event in enumerate(events))
    return Table(columns, rows, f"Since {scene.time(since)}", "Nobody noted anything.")


def _note(scene: Scene, event: Event, names: Mapping[str, str], number: int) -> tuple[Cell, ...]:
    row, source = f"handover.note-{number}", "the state folder"
    did = f"{_DID.get(event.kind, KINDS[event.kind])} {names.get(event.about, event.about)}".strip()
    return (
        scene.live(f"{row}.at", scene.time(event.at), source, at=event.at),
        scene.live(f"{row}.by", event.by or "the plugin", source),
        scene.live(f"{row}.did", words.one_line(did), source),
        scene.live(f"{row}.text", words.one_line(event.text) or "no remark", source),
    )


def _names(scene: Scene) -> Mapping[str, str]:
    """How people call what events are about."""
    outputs_of = {about(o.ref.kind, scene.smart(o.ref)): scene.name(o.ref) for o in scene.outputs}
    return {**{about("SCENARIO", scenario.id): scenario.name for scenario in scene.scenarios}, **outputs_of}


# --- what is due next ------------------------------------------------------------------------------------------------


def _next(scene: Scene, until: datetime) -> Table:
    found = sorted((*_starts_ahead(scene, until), *_deadlines_ahead(scene, until)), key=lambda moment: moment.order)
    later = f"; {len(found) - _ROWS_MOST:,} later ones are left out" if len(found) > _ROWS_MOST else ""
    caption = f"Starts and deadlines until {scene.time(until)}{later}"
    return _table(scene, "next", found[:_ROWS_MOST], caption, "Nothing is due.")


def _starts_ahead(scene: Scene, until: datetime) -> Iterator[_Moment]:
    """The next start of each scenario; the others of one that starts again and again are counted."""
    for scenario in scene.watched:
        ahead = [at for at in scenario.coming if scene.now < at <= until]
        together = len(ahead) > _EACH_BY_ITSELF
        for at in ahead[:1] if together else ahead:
            row = f"handover.next-{key(scenario.id)}-{at:%Y%m%dT%H%M%S}"
            more = f"; {len(ahead) - 1:,} more times until {scene.time(ahead[-1])}" if together else ""
            told = scene.inferred(f"{row}.said", scene.with_mute(f"Starts{more}", scenario.muted), "its schedule")
            yield _Moment(at, scenario_cell(scene, scenario, f"{row}.what"), told)


def _deadlines_ahead(scene: Scene, until: datetime) -> Iterator[_Moment]:
    for due, output in upcoming_dues(scene):
        if due > until:
            continue
        row, what = f"handover.due-{key(scene.smart(output.ref))}", concern(scene, output)
        said = scene.with_mute(f"Must be ready; {OUTPUT_WORDS.get(output.verdict, 'cannot be told')}", output.muted)
        told = scene.inferred(f"{row}.said", said, "its promise", tone=concern_tone(scene, what, output.muted))
        yield _Moment(due, object_cell(scene, output.ref, output.why, f"{row}.what"), told)


def _table(scene: Scene, name: str, moments: list[_Moment], caption: str, empty: str) -> Table:
    rows = tuple(
        (
            scene.inferred(
                f"handover.{name}-{number}.at", scene.time(moment.at), "schedules and promises", at=moment.at
            ),
            moment.what,
            moment.said,
        )
        for number, moment in enumerate(moments)
    )
    return Table(("When", "What", "What Became of It" if name == "happened" else "What Happens"), rows, caption, empty)
