"""Quick Reference Card: the night in one line, the morning check with its evidence, where to look, whom to call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from ...model.guide import Block, Card, Cell, Item, Items, Link, Tone
from ...model.known import Cause, Unknown, known
from ...model.report import OutputReport, ScenarioReport
from ...model.snapshot import Run
from .. import words
from .phrases import GOOD_STATES, OUTPUT_WORDS, STATE_WORDS, is_good, state_tone, unread_runs, with_warnings
from .scene import Scene, on_page
from .waiting import waits_for

NEEDS = ("instance", "settings", "folders", "runs", "scenario_settings", "builds", "files", "quality")

_SCHEDULES = ("scenario_settings",)
_Judged = TypeVar("_Judged", ScenarioReport, OutputReport)
_LATE = ("MISSED", "RECOVERED_LATE", "AT_RISK", "STALE_ERROR", "STALE_WARN")


def compose(scene: Scene) -> tuple[Block, ...]:
    return (
        Card(
            "DAILY OPERATIONS QUICK REF",
            (
                (
                    "NOW",
                    _now(scene),
                ),
                ("MORNING CHECK (5 min):", _morning(scene)),
                ("IF SOMETHING LOOKS WRONG:", _wrong(scene)),
                ("CONTACTS:", _contacts(scene)),
            ),
        ),
    )


def _now(scene: Scene) -> Items:
    return Items(
        (
            Item(("Scenarios: ", scenarios_line(scene))),
            Item(("Outputs: ", outputs_line(scene))),
            Item(("Incidents: ", _incidents(scene))),
        )
    )


def scenarios_line(scene: Scene, cell_id: str = "quick-reference-card.now.scenarios") -> Cell:
    """How many active scenarios are in which state, worst first."""
    found = scene.report.scenarios
    if isinstance(found, Unknown):
        return scene.unknown(cell_id, found)
    active = scene.watched
    if not active:
        said = "No scenario is active" if found else "This project has no scenarios"
        return scene.live(cell_id, said, "scenario list", tone=scene.alarm(Tone.NOTICE))
    states = Counter(scenario.state.verdict for scenario in active)
    order = [state for state in STATE_WORDS if state in states]
    spoken = (
        {**STATE_WORDS, "UNKNOWN": "not judged yet"}
        if waits_for(_SCHEDULES, scene.snapshot, objects=False)
        else STATE_WORDS
    )
    parts = [f"{states[state]:,} {spoken[state]}" for state in order]
    warned = sum(with_warnings(scenario) for scenario in active)
    return scene.inferred(
        cell_id,
        f"{words.count(len(active), 'active scenario')}: {words.listed(parts)}{_warned(warned)}{_muted(active)}",
        "the last runs of each scenario",
        tone=scene.alarm(_of_the_loud(active, _scenarios_tone)),
        verdict=order[0],
        link=Link("section", "daily-operations"),
        evidence=tuple(
            f"{scenario.name}: {scenario.state.reason}" for scenario in active if not is_good(scenario.state)
        ),
    )


def _scenarios_tone(scenarios: Sequence[ScenarioReport]) -> Tone:
    states = {scenario.state.verdict for scenario in scenarios}
    if not states <= GOOD_STATES:
        return state_tone(next(state for state in STATE_WORDS if state in states))
    if any(with_warnings(scenario) for scenario in scenarios):
        return Tone.NOTICE
    return Tone.GOOD if "ON_TIME" in states else Tone.NONE


def _of_the_loud(things: Sequence[_Judged], tone_of: Callable[[Sequence[_Judged]], Tone]) -> Tone:
    """The tone of what is not muted; nothing is called good while something is."""
    loud = [thing for thing in things if thing.muted is None]
    tone = tone_of(loud) if loud else Tone.QUIET
    return Tone.NONE if tone is Tone.GOOD and len(loud) < len(things) else tone


def _muted(things: Sequence[_Judged]) -> str:
    number = sum(thing.muted is not None for thing in things)
    return f"; {number:,} of them muted" if number else ""


def _warned(number: int) -> str:
    return f"; {number:,} with warnings: review the logs" if number else ""


def outputs_line(scene: Scene, cell_id: str = "quick-reference-card.now.outputs") -> Cell:
    """How many outputs are in which state, worst first."""
    found = scene.report.outputs
    if isinstance(found, Unknown):
        return scene.unknown(cell_id, found)
    short = scene.outputs_unread
    if not found:
        if short is not None:
            return scene.unknown(cell_id, replace(short, reason=f"no output is known, but {short.reason}"))
        return scene.inferred(cell_id, "The flow has no outputs", "the flow graph")
    states = Counter(output.verdict for output in found)
    order = [state for state in OUTPUT_WORDS if state in states]
    return scene.inferred(
        cell_id,
        f"{words.count(len(found), 'output')}: {words.listed([f'{states[s]:,} {OUTPUT_WORDS[s]}' for s in order])}"
        f"{'; there may be more' if short is not None and short.cause is not Cause.NOT_READ else ''}{_muted(found)}",
        "the last builds of each output",
        tone=scene.alarm(_of_a_part(scene, _of_the_loud(found, _outputs_tone), short)),
        verdict=_at_best(order[0], short),
        link=Link("section", "daily-operations"),
        reason=short.reason if short is not None else "",
        needs=short.needs if short is not None else "",
        evidence=tuple(f"{scene.name(output.ref)}: {output.reason}" for output in found if output.verdict in _LATE),
    )


def _at_best(worst: str, short: Unknown | None) -> str:
    """The worst verdict of those that were seen. Where others could not be seen, it is no better than unknown."""
    if short is None or short.cause is Cause.NOT_READ:
        return worst
    return next(verdict for verdict in OUTPUT_WORDS if verdict in (worst, "UNKNOWN"))


def _of_a_part(scene: Scene, tone: Tone, short: Unknown | None) -> Tone:
    """What is good of those that were seen says little while others may not have been; nothing while they are read."""
    if tone is not Tone.GOOD or short is None:
        return tone
    return Tone.UNKNOWN if isinstance(scene.snapshot.graph, Unknown) else Tone.NONE


def _outputs_tone(outputs: Sequence[OutputReport]) -> Tone:
    states = {output.verdict for output in outputs}
    order = [state for state in OUTPUT_WORDS if state in states]
    if any(state in ("MISSED", "STALE_ERROR") for state in order):
        return Tone.BAD
    if any(state in _LATE for state in order):
        return Tone.NOTICE
    if "UNKNOWN" in order:
        return Tone.UNKNOWN
    return Tone.GOOD if set(order) <= {"MET", "FRESH", "PENDING"} and order != ["PENDING"] else Tone.NONE


def _incidents(scene: Scene) -> Cell:
    return scene.fixed("quick-reference-card.now.incidents", on_page("Incidents"))


# --- morning check ---------------------------------------------------------------------------------------------------


def _morning(scene: Scene) -> Items:
    steps = (
        ("Jobs → Check overnight scenario status", _overnight(scene)),
        ("Verify output data freshness", outputs_line(scene, "quick-reference-card.morning.outputs")),
        ("Review any alerts/notifications", alerts_line(scene, "quick-reference-card.morning.alerts")),
    )
    return Items(tuple(Item((f"{step}: ", cell)) for step, cell in steps), ordered=True)


def _overnight(scene: Scene) -> Cell:
    cell_id = "quick-reference-card.morning.scenarios"
    found = scene.report.scenarios
    if isinstance(found, Unknown):
        return scene.unknown(cell_id, found)
    since = scene.time(scene.report.night_since)
    unread = [scenario for scenario in scene.watched if isinstance(scenario.overnight, Unknown)]
    if unread and len(unread) == len(scene.watched):
        return scene.unknown(cell_id, unread_runs(unread))
    bad = [
        s
        for s in scene.watched
        if s.state.verdict in ("FAILED", "NOT_RUN", "RUNNING_LATE", "LATE_FINISH", "LATE_START")
    ]
    runs = [run for s in scene.watched if not isinstance(s.overnight, Unknown) for run in s.overnight]
    failed = _failed(runs)
    parts = [
        f"{words.count(len(runs), 'run')} since {since}, {len(failed) or 'none'} failed"
        if runs
        else f"no run since {since}"
    ]
    if bad:
        parts.append(f"look at {words.listed([scenario.name for scenario in bad], 3)}")
    if unread:
        parts.append(f"{len(unread):,} could not be read")
    unjudged = [s for s in scene.watched if s.state.verdict == "UNKNOWN" and s not in unread]
    waiting = waits_for(_SCHEDULES, scene.snapshot, objects=False)
    if unjudged and not waiting:
        parts.append(f"whether {len(unjudged):,} ran when they should cannot be told")
    doubt = Tone.NONE if waiting and not unread else Tone.UNKNOWN
    loud = [s for s in scene.watched if s.muted is None]
    alarming = any(s in bad or (not isinstance(s.overnight, Unknown) and _failed(s.overnight)) for s in loud)
    well = Tone.NONE if bad or failed else Tone.GOOD if runs else Tone.NONE
    tone = Tone.BAD if alarming else doubt if any(s in unread or s in unjudged for s in loud) else well
    return scene.inferred(
        cell_id,
        "; ".join(parts),
        "scenario runs",
        tone=scene.alarm(tone),
        link=Link("section", "daily-operations"),
        at=scene.report.night_since,
    )


def _failed(runs: Sequence[Run]) -> list[Run]:
    return [run for run in runs if run.outcome in ("FAILED", "ABORTED")]


def alerts_line(scene: Scene, cell_id: str) -> Cell:
    """What DSS's own Data Quality says now. Other alerts go to channels this plugin does not read."""
    read = scene.snapshot.quality
    if isinstance(read, Unknown):
        return scene.unknown(cell_id, read, link=Link("section", "daily-operations"))
    # DSS lists datasets without any rule, too: there is nothing to compute on them.
    unruled = {dataset.name for dataset in known(scene.snapshot.datasets, ()) if not dataset.rules}
    if any(status.dataset in unruled for status in read if status.outcome in ("OK", "WARNING", "ERROR")):
        unruled = set()  # the list of datasets leaves rules out
    quality = [s for s in read if s.outcome in ("OK", "WARNING", "ERROR") or s.dataset not in unruled]
    if not quality:
        return scene.live(cell_id, "no dataset has Data Quality rules", "Data Quality status of the project")
    counts = Counter(status.outcome if status.outcome in _QUALITY else "" for status in quality)
    said = [f"{counts[outcome]:,} {word}" for outcome, word in _QUALITY.items() if counts[outcome]]
    tones = {"ERROR": Tone.BAD, "WARNING": Tone.NOTICE, "": Tone.UNKNOWN, "OK": Tone.GOOD}
    return scene.live(
        cell_id,
        f"Data Quality of {words.count(len(quality), 'dataset')}: {words.listed(said)}",
        "Data Quality status of the project",
        tone=scene.alarm(next(tones[outcome] for outcome in _QUALITY if counts[outcome])),
        evidence=tuple(f"{s.dataset}: {s.outcome}" for s in quality if s.outcome in ("ERROR", "WARNING")),
    )


_QUALITY = {"ERROR": "in error", "WARNING": "with warnings", "": "never computed", "OK": "OK"}


# --- if something looks wrong ----------------------------------------------------------------------------------------


def _wrong(scene: Scene) -> Items:
    return Items(
        (
            Item(("Check job logs for error messages: ", top_failure(scene, "quick-reference-card.wrong.logs"))),
            Item(("Verify source data arrived: ", arrivals_line(scene, "quick-reference-card.wrong.sources"))),
            Item(("See ", Link("section", "troubleshooting", label="Troubleshooting section below"))),
        ),
        ordered=True,
    )


def top_failure(scene: Scene, cell_id: str) -> Cell:
    """The newest failed run of an active scenario that no success has followed, with what it said; of a muted one only
    where there is no other."""
    found = scene.report.scenarios
    if isinstance(found, Unknown):
        return scene.unknown(cell_id, found)
    failing = []
    unread = []
    for scenario in scene.watched:
        last = scenario.last_run
        if isinstance(last, Unknown):
            unread.append(scenario)
        elif last is not None and last.outcome in ("FAILED", "ABORTED") and last.start is not None:
            failing.append((last.start, scenario, last))
    if not failing:
        if unread:
            return scene.unknown(cell_id, unread_runs(unread))
        return scene.inferred(cell_id, "no scenario's last run failed", "the last run of each active scenario")
    start, scenario, run = max(failing, key=lambda entry: (entry[1].muted is None, entry[0]))
    more = f" ({words.count(len(failing) - 1, 'more failing scenario')})" if len(failing) > 1 else ""
    message = words.one_line(run.message, 160) or "the run gives no message: open its log"
    return scene.live(
        cell_id,
        f"{scenario.name}, {scene.time(start)}: {message}{more}",
        "the last run of each active scenario",
        tone=scene.alarm(Tone.BAD, scenario.test, scenario.muted),
        verdict="FAILED",
        link=Link("scenario-runs", scenario.id),
        at=start,
    )


def arrivals_line(scene: Scene, cell_id: str) -> Cell:
    """Which sources are late, which were seen, which cannot be."""
    found = scene.report.sources
    if isinstance(found, Unknown):
        return scene.unknown(cell_id, found)
    if not found:
        return scene.inferred(cell_id, "the flow has no sources", "the flow graph")
    graph = scene.snapshot.graph
    late = [source for source in found if source.arrived is False]
    seen = [source for source in found if source.arrived]
    undeclared = [source for source in found if source.freshness is None]
    unseen = len(found) - len(late) - len(seen) - len(undeclared)
    parts = [f"late: {words.listed([scene.name(source.ref) for source in late], 4)}"] if late else []
    parts += [f"{len(seen):,} arrived"] if seen else []
    parts += [f"{unseen:,} cannot be told"] if unseen else []
    parts += [f"{len(undeclared):,} without a declared time"] if undeclared else []
    parts += ["there may be more"] if isinstance(graph, Unknown) else []
    tone = (
        Tone.BAD if late else Tone.UNKNOWN if unseen or isinstance(graph, Unknown) else Tone.GOOD if seen else Tone.NONE
    )
    return scene.inferred(
        cell_id,
        "; ".join(parts),
        "what was last seen of each source",
        tone=scene.alarm(tone),
        link=Link("section", "data-source-timing"),
    )


# --- contacts --------------------------------------------------------------------------------------------------------


def _contacts(scene: Scene) -> Items:
    contacts = scene.profile.contacts
    data = scene.contact(
        "quick-reference-card.contacts.data",
        "contacts.data",
        contacts.data,
        scene.owner("quick-reference-card.contacts.data", "contacts.data", "data contact"),
    )
    infra = scene.contact("quick-reference-card.contacts.infra", "contacts.infra", contacts.infra)
    business = scene.contact("quick-reference-card.contacts.business", "contacts.business", contacts.business)
    return Items(
        (
            Item(("Data issues: ", data)),
            Item(("Infrastructure: ", infra)),
            Item(("Business questions: ", business)),
        )
    )
