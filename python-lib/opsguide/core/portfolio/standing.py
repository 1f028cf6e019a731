"""How one project stands: the verdicts of its own page, summed up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Optional, TypeVar, Union

from ...model.guide import Tone
from ...model.known import Cause, Known, Unknown
from ...model.portfolio import Clearing, History, Standing, Traits
from ...model.profile import DatasetProfile, Declared
from ...model.report import Report, ScenarioReport
from ...model.snapshot import Project, Scenario, Snapshot, Step
from ...model.today import OutputToday, ScenarioToday, SourceToday
from .. import words
from ..compose.maintenance_windows import triggers_disabled
from ..compose.phrases import OUTPUT_WORDS
from ..compose.scene import Scene
from ..today import lines

MAX_PROBLEMS = 5
MAX_NAMES = 20

BY_HABIT = "internal stats"
BY_READING = "its scenarios and promises"
_NOT_READ = Unknown(
    "not read, as internal stats show nothing unusual", Cause.LEFT_OUT, "the option “Read every project”"
)
_CLEARS = {
    "pyrunnable_builtin-macros_clear-job-logs": "job logs",
    "pyrunnable_builtin-macros_clear-scenario-logs": "scenario logs",
}
_VERDICTS = {Tone.BAD: "ERROR", Tone.NOTICE: "WARNING", Tone.UNKNOWN: "UNKNOWN"}
_ORDER = (Tone.BAD, Tone.NOTICE, Tone.UNKNOWN)
_Line = Union[ScenarioToday, OutputToday, SourceToday]
T = TypeVar("T")


def promises(said: DatasetProfile) -> bool:
    """Whether a time or an age is promised."""
    return bool(said.due or said.available_by or said.max_age_hours or said.warn_age_hours)


def promised_names(declared: Declared) -> frozenset[str]:
    """The objects that something is promised of, by the names that the profile uses."""
    return frozenset(name for name, said in declared.profile.datasets.items() if promises(said))


# --- read and judged -------------------------------------------------------------------------------------------------


def standing(
    project: Project, snapshot: Snapshot, declared: Declared, report: Report, failed_builds: Sequence[str] = ()
) -> Standing:
    """How a project stands by its report. `failed_builds` are objects whose newest build failed, where internal stats
    tell so."""
    scene = Scene(snapshot, declared, report)
    names = promised_names(declared)
    watched = [s for s in _of(lines.scenarios(scene)) if s.active and not s.test]
    kept = [o for o in _of(lines.outputs(scene)) if o.id in names] if names else []
    awaited = [s for s in _of(lines.sources(scene)) if s.id in names] if names else []
    mutable: tuple[Union[ScenarioToday, OutputToday], ...] = (*watched, *kept)
    muted = tuple(line for line in mutable if line.muted_text)
    judged: tuple[_Line, ...] = (*mutable, *awaited)
    found: list[tuple[Tone, str]] = [
        *_unread(scene, bool(names)),
        *_switched_off(scene, len(watched)),
        *((line.tone, f"{line.name}: {line.problem}") for line in judged if line.tone in _ORDER),
        *((Tone.NOTICE, f"{name}: its newest build failed") for name in failed_builds),
    ]
    found.sort(key=lambda each: _ORDER.index(each[0]))
    well = set() if muted else {line.tone for line in judged}
    tone = found[0][0] if found else Tone.GOOD if Tone.GOOD in well else Tone.NONE
    verdict = _VERDICTS.get(tone, "OK" if watched or kept else "IDLE")
    if report.quiet:
        verdict, tone = "QUIET", Tone.QUIET
    return Standing(
        project=project,
        verdict=verdict,
        tone=tone,
        headline=_headline(scene, watched, kept, found, len(muted)),
        problems=tuple(words.one_line(text, 300) for _, text in found[:MAX_PROBLEMS]),
        more_problems=max(0, len(found) - MAX_PROBLEMS),
        scenarios=lines.counts(scene).scenarios,
        outputs=_verdicts(kept),
        basis=BY_READING,
        remarks=(*snapshot.remarks, *map(_muted, muted)),
        traits=_traits(snapshot, report),
    )


def _of(part: Known[tuple[T, ...]]) -> tuple[T, ...]:
    """The lines that there are; why there are none is said by `_unread`."""
    return () if isinstance(part, Unknown) else part


def _unread(scene: Scene, promised: bool) -> Iterator[tuple[Tone, str]]:
    """What is judged by and could not be read."""
    if isinstance(scene.report.scenarios, Unknown):
        yield Tone.UNKNOWN, scene.report.scenarios.reason
    if scene.profile_unread is not None:
        yield Tone.UNKNOWN, f"what is promised is not known: {scene.profile_unread.reason}"
    for part in (scene.report.outputs, scene.snapshot.graph) if promised else ():
        if isinstance(part, Unknown):
            yield Tone.UNKNOWN, f"the promised outputs cannot be told: {part.reason}"
            return


def _muted(line: Union[ScenarioToday, OutputToday]) -> str:
    return f"{line.name}: {line.muted_text}" + (f" ({line.problem})" if line.problem else "")


def _switched_off(scene: Scene, active: int) -> Iterator[tuple[Tone, str]]:
    if active and triggers_disabled(scene):
        starts = "scenario does" if active == 1 else "scenarios do"
        yield Tone.NOTICE, f"automatic triggers are switched off: {active:,} active {starts} not start by themselves"


def _verdicts(kept: Sequence[OutputToday]) -> tuple[tuple[str, int], ...]:
    found = Counter(output.verdict for output in kept)
    return tuple((verdict, found[verdict]) for verdict in OUTPUT_WORDS if found[verdict])


def _headline(
    scene: Scene,
    watched: Sequence[ScenarioToday],
    kept: Sequence[OutputToday],
    found: Sequence[tuple[Tone, str]],
    muted: int,
) -> str:
    if scene.report.quiet:
        return f"{scene.report.quiet}: nothing alarms"
    if found:
        more = f" (and {len(found) - 1:,} more)" if len(found) > 1 else ""
        return words.one_line(found[0][1], 160) + more
    if muted:
        return f"{muted:,} muted, nothing else is wrong"
    if not watched and not kept:
        return "no scenario is active, nothing is promised"
    outputs = f", {words.count(len(kept), 'promised output')} ready or not due" if kept else ""
    said = f"{words.count(len(watched), 'active scenario')} as {'it' if len(watched) == 1 else 'they'} should be"
    return (said if watched else "no scenario is active") + outputs


# --- what the instance's findings need -------------------------------------------------------------------------------


def _traits(snapshot: Snapshot, report: Report) -> Traits:
    if isinstance(snapshot.scenarios, Unknown) or isinstance(report.scenarios, Unknown):
        why = snapshot.scenarios if isinstance(snapshot.scenarios, Unknown) else report.scenarios
        assert isinstance(why, Unknown), "one of the two could not be told"
        return Traits(why, why, why, why)
    active = [scenario for scenario in snapshot.scenarios if scenario.active and not scenario.marked_as_test]
    reports = {scenario.id: scenario for scenario in report.scenarios}
    unread = next((s.settings for s in active if isinstance(s.settings, Unknown)), None)
    if unread is not None:
        return Traits(len(active), unread, unread, unread)
    return Traits(
        active=len(active),
        untold=tuple(s.name or s.id for s in active if _nobody_told(reports.get(s.id)))[:MAX_NAMES],
        run_as=tuple(dict.fromkeys((s.name or s.id, _run_as(s)) for s in active))[:MAX_NAMES],
        clearing=tuple(clearing for s in active for clearing in _clearing(s, reports.get(s.id))),
    )


def _nobody_told(report: Optional[ScenarioReport]) -> bool:
    return report is not None and not isinstance(report.told, Unknown) and bool(report.told.nobody)


def _run_as(scenario: Scenario) -> str:
    return "" if isinstance(scenario.settings, Unknown) else scenario.settings.run_as


def _clearing(scenario: Scenario, report: Optional[ScenarioReport]) -> Iterator[Clearing]:
    steps: tuple[Step, ...] = () if isinstance(scenario.settings, Unknown) else scenario.settings.steps
    for step in steps:
        what = _CLEARS.get(str(step.params.get("runnableType"))) if step.type == "runnable" and step.enabled else None
        if what is not None:
            yield Clearing(
                what,
                scenario.name or scenario.id,
                _ticked(step, "config", "performDeletion"),
                _ticked(step, "adminConfig", "allProjects"),
                report.state.verdict if report is not None else "UNKNOWN",
            )


def _ticked(step: Step, where: str, name: str) -> bool:
    config = step.params.get(where)
    return isinstance(config, dict) and config.get(name) in (True, "true")


# --- without reading it ----------------------------------------------------------------------------------------------


def as_usual(project: Project, histories: Sequence[History], jobs: Optional[tuple[int, int]]) -> Standing:
    """A project in which internal stats show nothing unusual: its schedules and promises were not read."""
    going = sum(history.last.running for history in histories)
    now = f", {going:,} running now" if going else ""
    total, failed = jobs or (0, 0)
    return Standing(
        project=project,
        verdict="AS_USUAL",
        tone=Tone.NONE,
        headline=f"{words.count(len(histories), 'scenario')} ran as usual{now}; schedules and promises were not read",
        scenarios=tuple(
            (verdict, number) for verdict, number in (("RUNNING", going), ("QUIET", len(histories) - going)) if number
        ),
        basis=BY_HABIT,
        remarks=(f"{failed:,} of {words.count(total, 'job')} of the last 24 hours failed",) if total else (),
        traits=Traits(
            active=_NOT_READ,
            untold=_NOT_READ,
            run_as=tuple((h.name, h.last.run_as) for h in histories)[:MAX_NAMES],
            clearing=_NOT_READ,
        ),
    )


def broken(project: Project, reason: str) -> Standing:
    """A project that this plugin could not judge: the others are judged all the same."""
    why = Unknown(reason, Cause.BROKEN)
    return Standing(project, "UNKNOWN", Tone.UNKNOWN, reason, (reason,), traits=Traits(why, why, why, why))
