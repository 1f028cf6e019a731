"""An action before it is confirmed, while it goes on, and what was asked for lately: as documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Optional

from dateutil import tz

from ...model.action import KINDS, MODES, Check, Progress, Proposal, Record, Standing, State, Target
from ...model.action_page import ActionPage, ActionsPage, ProgressPage
from ...model.guide import Block, Callout, Cell, Item, Items, Link, Origin, Section, Table, Text, Tone
from ...model.known import Known, Unknown
from ...model.ledger import about
from ...model.report import DurationStat, ScenarioReport
from ...model.snapshot import ObjectRef
from .. import words
from .front import project_name
from .phrases import no_duration
from .rows import object_cell, scenario_cell
from .scene import SCREENS, Scene, key

# How often a page looks again at what goes on: at first more often, because much is over soon, or fails soon.
LOOK_AGAIN_SECONDS, AT_FIRST_SECONDS = 5.0, 2.0
AT_FIRST = timedelta(minutes=1)
# What takes its time, so that it matters when it will be done.
_LASTING = ("run-scenario", "build", "rebuild-from")
_WORST_FIRST = (Standing.BLOCKS, Standing.NOTICE, Standing.UNKNOWN, Standing.FINE)
_TONES = {
    Standing.BLOCKS: Tone.BAD,
    Standing.NOTICE: Tone.NOTICE,
    Standing.UNKNOWN: Tone.UNKNOWN,
    Standing.FINE: Tone.GOOD,
}
_STANDS = {
    Standing.BLOCKS: "stands in the way",
    Standing.NOTICE: "to look at",
    Standing.UNKNOWN: "unknown",
    Standing.FINE: "fine",
}
_OUTCOMES = {
    "SUCCESS": ("it went well", Tone.GOOD),
    "WARNING": ("it ended with warnings", Tone.NOTICE),
    "FAILED": ("it failed", Tone.BAD),
    "ABORTED": ("it was aborted", Tone.BAD),
}
_STATES = {
    State.REQUESTED: ("asked for", Tone.QUIET),
    State.STARTED: ("started, not yet to be seen running", Tone.QUIET),
    State.RUNNING: ("running", Tone.QUIET),
    State.REFUSED: ("was not done", Tone.BAD),
    State.CANNOT_TELL: ("cannot be told", Tone.UNKNOWN),
}


@dataclass(frozen=True)
class Setting:
    """Where a page stands: whose project it is, on which clock its times are told, and as of when."""

    project_key: str
    project_name: str
    zone: str
    now: datetime

    @classmethod
    def of(cls, scene: Scene, now: datetime) -> Setting:
        return cls(scene.snapshot.project_key, project_name(scene), scene.report.zone, now)

    @property
    def clock(self) -> tzinfo:
        return tz.gettz(self.zone) or tz.UTC

    def time(self, at: datetime) -> str:
        return words.moment(at, self.clock, self.now)

    def live(self, cell_id: str, value: str, source: str, **more: Any) -> Cell:
        if not value:
            return Cell(cell_id, "", Origin.UNKNOWN, reason=f"nothing is on record ({source})", **more)
        return Cell(cell_id, value, Origin.LIVE, source, **{"as_of": self.now, **more})

    def moment(self, cell_id: str, at: Optional[datetime], source: str, none: str) -> Cell:
        if at is None:
            return Cell(cell_id, "", Origin.UNKNOWN, reason=none)
        return self.live(cell_id, self.time(at), source, at=at, zone=self.zone)


# --- before ----------------------------------------------------------------------------------------------------------


def action_page(proposal: Proposal, setting: Setting, why_not: str = "") -> ActionPage:
    """An action as it is shown before it is confirmed. `why_not` says why the reader cannot confirm it, '' where they
    can."""
    sentence, tone = _before(proposal, setting)
    build = proposal.order.kind == "build"
    return ActionPage(
        proposal=proposal,
        project_key=setting.project_key,
        title=proposal.title,
        headline=sentence,
        tone=tone,
        taken_at=proposal.at,
        zone=setting.zone,
        sections=(
            Section("checks", "Before You Confirm", tuple(_checks(proposal))),
            Section("does", "What It Does", tuple(_does(proposal, setting))),
            Section("tell", "Whom to Tell", tuple(_tell(proposal))),
        ),
        modes=tuple((mode, said) for mode, (_, said) in MODES.items()) if build else (),
        in_parts=KINDS[proposal.order.kind].on in ("object", "dataset"),
        why_not=why_not,
    )


def _before(proposal: Proposal, setting: Setting) -> tuple[str, Tone]:
    if proposal.blocked:
        return f"cannot be done now: {words.one_line(proposal.blocked[0].text).rstrip('.')}", Tone.BAD
    counts = [
        (standing, sum(check.standing is standing for check in proposal.checks))
        for standing in (Standing.NOTICE, Standing.UNKNOWN)
    ]
    found = [words.count(number, "thing") + f" {_STANDS[standing]}" for standing, number in counts if number]
    tone = next((_TONES[standing] for standing, number in counts if number), Tone.GOOD)
    parts = [", ".join(found) or "nothing stands in the way"]
    if proposal.expected_end is not None:
        parts.append(f"started now, it would be done by {setting.time(proposal.expected_end)}")
    elif proposal.order.kind in _LASTING:
        parts.append("how long it takes is not known")
    return "; ".join(parts), tone


def _checks(proposal: Proposal) -> Iterator[Block]:
    ordered = sorted(proposal.checks, key=lambda check: _WORST_FIRST.index(check.standing))
    yield Items(tuple(Item((_check(check, proposal.at),)) for check in ordered))


def _check(check: Check, at: datetime) -> Cell:
    tone = _TONES[check.standing]
    if check.standing is Standing.UNKNOWN:
        return Cell(
            f"action.check-{check.id}",
            "",
            Origin.UNKNOWN,
            reason=check.text,
            needs=check.needs,
            tone=tone,
            verdict=_STANDS[check.standing],
            evidence=check.evidence,
        )
    return Cell(
        f"action.check-{check.id}",
        check.text,
        Origin.LIVE,
        "looked at for this page",
        as_of=at,
        needs=check.needs,
        tone=tone,
        verdict=_STANDS[check.standing],
        evidence=check.evidence,
    )


def _does(proposal: Proposal, setting: Setting) -> Iterator[Block]:
    if proposal.order.kind == "clear":
        yield Callout("warning", ("Clearing data removes it until rebuild completes. Coordinate with consumers.",))
    elif KINDS[proposal.order.kind].overwrites:
        yield Callout("important", ("What these hold now is overwritten, and cannot be had back from here.",))
    lines = [("Right that DSS asks for: ", setting.live("action.right", proposal.right, "DSS's permissions"))]
    if proposal.order.kind in _LASTING:
        end = setting.moment("action.end", proposal.expected_end, "its history", "no history tells")
        lines = [("Takes: ", _takes(proposal, setting)), ("Done, if started now: ", end), *lines]
    yield Items(tuple(Item(line) for line in lines))
    yield from _targets(proposal)


def _takes(proposal: Proposal, setting: Setting) -> Cell:
    takes = proposal.takes
    if not isinstance(takes, DurationStat):
        why = no_duration(takes)
        return Cell("action.takes", "", Origin.UNKNOWN, reason=why.reason, needs=why.needs)
    said = f"{words.duration(takes.p50)} (at most {words.duration(takes.p95)}, 19 times of 20)"
    return Cell(
        "action.takes",
        said,
        Origin.INFERRED,
        words.count(takes.n, "run"),
        as_of=setting.now,
        seconds=takes.p50,
    )


def _targets(proposal: Proposal) -> Iterator[Block]:
    if isinstance(proposal.targets, Unknown):
        cell = Cell("action.targets", "", Origin.UNKNOWN, reason=proposal.targets.reason, needs=proposal.targets.needs)
        yield Text((cell,), "What is made anew:")
    elif proposal.targets:
        verb = "Is Cleared" if proposal.order.kind == "clear" else "Is Made Anew, in This Order"
        rows = tuple(_target(target, number) for number, target in enumerate(proposal.targets, 1))
        yield Table((verb, "Output", "Who Uses It"), rows, f"{words.count(len(rows), 'object')}")


def _target(target: Target, number: int) -> tuple[Cell, ...]:
    row, source = f"action.target-{number}", "the flow graph"
    screen = SCREENS.get(target.ref.kind)
    link = Link(screen, target.ref.id, target.ref.project_key) if screen else None
    waits = words.listed(target.waits, 6)
    return (
        Cell(f"{row}.name", f"{number}. {target.name}", Origin.INFERRED, source, link=link),
        Cell(f"{row}.output", "Output" if target.is_output else "On the way", Origin.INFERRED, source),
        Cell(
            f"{row}.waits",
            waits or "Nobody is known to",
            Origin.INFERRED,
            "the profile, and the projects that it is shared with",
            tone=Tone.NOTICE if waits else Tone.NONE,
        ),
    )


def _tell(proposal: Proposal) -> Iterator[Block]:
    said = words.listed(proposal.notify, 8)
    cell = (
        Cell("action.notify", said, Origin.INFERRED, "the guide's Notify cells")
        if said
        else Cell("action.notify", "", Origin.NOT_DECLARED, reason="nobody is named", declare=_notify_path(proposal))
    )
    yield Text((cell,), "Tell first:")


def _notify_path(proposal: Proposal) -> str:
    order = proposal.order
    if order.subject.startswith("scenario:"):
        return f"scenarios.{order.name}.notify"
    return f"datasets.{order.name}.consumers"


# --- while it goes on ------------------------------------------------------------------------------------------------


def progress_page(progress: Progress, setting: Setting) -> ProgressPage:
    """An action as it is now."""
    record = progress.record
    return ProgressPage(
        progress=progress,
        project_key=setting.project_key,
        title=record.title,
        headline=_now(progress, setting),
        tone=tone_of(progress.state, progress.outcome, progress.late),
        taken_at=progress.as_of,
        zone=setting.zone,
        sections=(Section("what", "What Was Asked For", tuple(_asked(progress, setting))),),
        share=_share(progress),
        abort=progress.may_abort if progress.state.open else None,
        next_check_seconds=_look_again(progress),
    )


def _look_again(progress: Progress) -> Optional[float]:
    if not progress.state.open:
        return None
    return AT_FIRST_SECONDS if progress.as_of - progress.record.at < AT_FIRST else LOOK_AGAIN_SECONDS


def tone_of(state: State, outcome: str, late: bool = False) -> Tone:
    """How an action stands: of one that is over its outcome decides, and an outcome that nobody told is unknown."""
    if state is State.FINISHED:
        return _OUTCOMES.get(outcome, ("", Tone.UNKNOWN))[1]
    return Tone.BAD if late else _STATES[state][1]


def state_text(state: State, outcome: str) -> str:
    if state is State.FINISHED:
        return _OUTCOMES.get(outcome, (f"ended: {outcome.lower() or 'how is not told'}", Tone.NONE))[0]
    return _STATES[state][0]


def _now(progress: Progress, setting: Setting) -> str:
    parts = [state_text(progress.state, progress.outcome)]
    if progress.state is State.RUNNING and progress.started_at is not None:
        parts[0] += f" since {setting.time(progress.started_at)}"
    if progress.state is State.FINISHED and progress.ended_at is not None:
        parts[0] += f", at {setting.time(progress.ended_at)}"
    if progress.late and progress.expected_end is not None:
        over = (progress.as_of - progress.expected_end).total_seconds()
        parts.append(f"{words.duration(over)} over its usual time")
    elif progress.state.open and progress.expected_end is not None:
        parts.append(f"expected to end at {setting.time(progress.expected_end)}")
    if progress.state in (State.REFUSED, State.CANNOT_TELL) and progress.said:
        parts.append(words.one_line(progress.said, 400).rstrip("."))
    return "; ".join(parts)


def _share(progress: Progress) -> Optional[float]:
    start, end = progress.started_at, progress.expected_end
    if start is None or end is None or not progress.state.open or end <= start:
        return None
    return max(0.0, min(1.0, (progress.as_of - start).total_seconds() / (end - start).total_seconds()))


def _asked(progress: Progress, setting: Setting) -> Iterator[Block]:
    record, source = progress.record, "the state folder"
    started, ended = progress.started_at, progress.ended_at
    lines = [
        ("Asked for by: ", setting.live("action.by", record.by, source)),
        ("At: ", setting.moment("action.at", record.at, source, "not on record")),
        ("Because: ", setting.live("action.reason", record.reason, source)),
        (_run_word(record), _run(record, setting)),
        ("Started: ", setting.moment("action.started", started, "DSS", "DSS does not tell yet")),
    ]
    if progress.step and progress.state.open:
        lines.append(("Is at: ", setting.live("action.step", progress.step, "DSS")))
    if progress.state.open:
        expected = setting.moment("action.expected", progress.expected_end, "its history", "no history tells")
        lines.append(("Expected to end: ", expected))
    else:
        lines.append(("Ended: ", setting.moment("action.ended", ended, "DSS", "DSS does not tell")))
    if progress.said:
        lines.append(
            ("As told: ", setting.live("action.said", words.one_line(progress.said, 600), "DSS and the records"))
        )
    yield Items(tuple(Item(line) for line in lines))
    if record.outputs:
        yield Text((setting.live("action.outputs", words.listed(record.outputs, 8), source),), "What is made anew:")


def _run_word(record: Record) -> str:
    return "Run: " if record.order.subject.startswith("scenario:") else "Job: "


def _run(record: Record, setting: Setting) -> Cell:
    if record.run_id:
        link = Link("scenario-runs", record.order.name)
        return setting.live("action.run", record.run_id, "DSS", link=link)
    if record.job_id:
        return setting.live("action.run", record.job_id, "DSS", link=Link("job", record.job_id))
    return Cell("action.run", "", Origin.UNKNOWN, reason="not known to have begun")


# --- what was asked for lately ---------------------------------------------------------------------------------------


def actions_page(
    found: Known[Optional[Sequence[Record]]], setting: Setting, offered: tuple[Section, ...] = ()
) -> ActionsPage:
    """What was asked for lately, None where the project has no state folder; `offered` is what the reader may ask for."""
    records = () if isinstance(found, Unknown) or found is None else found
    going = [record for record in records if record.state.open]
    if isinstance(found, Unknown):
        sentence, tone = f"What was asked for cannot be told: {found.reason}", Tone.UNKNOWN
    elif found is None:
        sentence, tone = "Nothing can be started here without a state folder: create it on Today", Tone.NONE
    elif going:
        sentence, tone = f"Under way: {words.listed([record.title for record in going], 3)}", Tone.QUIET
    else:
        sentence, tone = "Nothing that was started here is under way", Tone.NONE
    return ActionsPage(
        records=tuple(records),
        project_key=setting.project_key,
        title=f"{setting.project_name} - Actions",
        headline=sentence,
        tone=tone,
        taken_at=setting.now,
        zone=setting.zone,
        sections=(Section("lately", "Asked For Lately", (_records(records, setting),)), *offered),
    )


def offered(scene: Scene) -> tuple[Section, ...]:
    """What the reader may ask for, of every active scenario, output and source; why not, where that is nothing."""
    offers = scene.offers
    said = (Callout("note", (offers.said,)),) if offers.said else ()
    tables = [table for table in (_scenarios(scene), _objects(scene)) if table is not None]
    return (Section("offered", "What You Can Do Here", (*said, *tables)),) if said or tables else ()


def _scenarios(scene: Scene) -> Optional[Table]:
    rows = []
    for scenario in scene.active:
        row, subject = f"offered.scenario-{key(scenario.id)}", about("SCENARIO", scenario.id)
        ways = (
            *scene.offers.cells(f"{row}.run", "run-scenario", subject, "Run…"),
            *_abort(scene, scenario, f"{row}.abort"),
        )
        if ways:
            rows.append((scenario_cell(scene, scenario, f"{row}.name"), *ways))
    caption = "Active scenarios: nothing happens before you have seen what it does, and confirmed"
    return Table(("Scenario", "Run", "Abort"), tuple(rows), caption) if rows else None


def _abort(scene: Scene, scenario: ScenarioReport, cell_id: str) -> tuple[Cell, ...]:
    """The way to abort it, a dash where it is known not to run."""
    last = scenario.last_run
    if isinstance(last, Unknown) or (last is not None and last.running):
        return scene.offers.cells(cell_id, "abort-scenario", about("SCENARIO", scenario.id), "Abort…")
    return (Cell(cell_id, "–", Origin.LIVE, "scenario runs"),) if scene.offers.may("abort-scenario") else ()


_WAYS = (
    ("build", "Build…"),
    ("rebuild-from", "What follows…"),
    ("compute-metrics", "Compute…"),
    ("compute-rules", "Compute…"),
    ("clear", "Clear…"),
)


def _objects(scene: Scene) -> Optional[Table]:
    rows = []
    named = [*((each.ref, each.why) for each in scene.outputs), *((each.ref, each.why) for each in scene.sources)]
    for ref, why in named:
        subject = scene.about(ref)
        row = f"offered.{key(subject)}"
        cells = tuple(_way(scene, ref, kind, f"{row}.{kind}", said) for kind, said in _WAYS)
        if any(cell is not None and cell.link is not None for cell in cells):
            rows.append((object_cell(scene, ref, why, f"{row}.name"), *(cell for cell in cells if cell)))
    columns = ("Output or Source", "Build", "Rebuild", "Metrics", "Rules", "Clear")
    return Table(columns, tuple(rows), "Outputs and sources") if rows else None


def _way(scene: Scene, ref: ObjectRef, kind: str, cell_id: str, said: str) -> Optional[Cell]:
    """The way to an action; a dash where the thing is of another kind, or nothing here makes it."""
    if not scene.offers.may(kind):
        return None
    made = scene.flow.recipe_of(ref) is not None
    fits = {"build": made, "rebuild-from": bool(scene.flow.downstream(ref))}.get(kind, ref.kind == "DATASET")
    if kind == "clear":
        dataset = scene.datasets.get(ref)
        fits = made and dataset is not None and dataset.managed
    if not fits:
        return Cell(cell_id, "–", Origin.LIVE, "the flow graph")
    return Cell(cell_id, said, Origin.LIVE, "what you may do here", link=scene.offers.link(kind, scene.about(ref)))


def _records(records: Sequence[Record], setting: Setting) -> Table:
    return Table(
        ("Action", "State", "Asked For", "By", "Because"),
        tuple(_record(record, setting) for record in records),
        "What was asked for here, the newest first",
        "Nothing was asked for here lately.",
    )


def _record(record: Record, setting: Setting) -> tuple[Cell, ...]:
    row, source = f"actions.{record.id}", "the state folder"
    said = words.capital(state_text(record.state, record.outcome))
    return (
        setting.live(f"{row}.title", record.title, source, link=Link("page", f"actions/{record.id}")),
        setting.live(f"{row}.state", said, source, tone=tone_of(record.state, record.outcome), reason=record.said),
        setting.moment(f"{row}.at", record.at, source, "not on record"),
        setting.live(f"{row}.by", record.by, source),
        setting.live(f"{row}.reason", words.one_line(record.reason), source),
    )
