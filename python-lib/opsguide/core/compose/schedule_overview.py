"""Schedule Overview: what runs when, when sources arrive before it, when outputs must be ready after it."""

from __future__ import annotations

from dataclasses import replace

from ...model.guide import Block, Callout, Cell, Heading, Text, Tone
from ...model.known import Cause, Unknown
from ...model.report import DurationStat, OutputReport, ScenarioReport, SourceReport
from .. import words
from ..purpose import purpose
from .phrases import (
    LENGTH_WORDS,
    OUTPUT_WORDS,
    budget_text,
    days_text,
    duration_text,
    history_text,
    no_duration,
    output_tone,
    spread_text,
)
from .rows import object_cell, scenario_cell, table_or_reason
from .scene import Scene, key

NEEDS = ("instance", "settings", "folders", "runs", "scenario_settings", "builds", "files")


def compose(scene: Scene) -> tuple[Block, ...]:
    return (
        Text(
            (
                "Times are on the clock of ",
                scene.inferred("schedule-overview.zone", scene.report.zone, scene.report.zone_why),
                ".",
            )
        ),
        *outage_notes(scene),
        Heading("automated-runs", "Automated Runs"),
        *table_or_reason(
            scene,
            scene.report.scenarios,
            ("Scenario", "Schedule", "What It Does", "Expected Duration", "Next Run"),
            [_run_row(scene, scenario) for scenario in scene.scenarios],
            "schedule-overview.runs",
            caption=_how_many(scene),
            empty="This project has no scenarios: nothing runs by itself.",
        ),
        Heading("data-source-timing", "Data Source Timing"),
        *table_or_reason(
            scene,
            scene.report.sources,
            ("Source", "Data Available", "Our Process Starts", "Margin", "Last Arrival"),
            [_source_row(scene, source) for source in scene.sources],
            "schedule-overview.sources",
            caption=words.count(len(scene.sources), "source") if scene.sources else "",
            empty="The flow has no sources.",
        ),
        *_perhaps_more_sources(scene),
        Heading("output-delivery-slas", "Output Delivery SLAs"),
        *table_or_reason(
            scene,
            scene.report.outputs,
            ("Output", "Must Be Ready By", "Typical Completion", "Alert If Late By", "Now"),
            [_output_row(scene, output) for output in scene.outputs],
            "schedule-overview.outputs",
            caption=words.count(len(scene.outputs), "output") if scene.outputs else "",
            empty="The flow has no outputs.",
        ),
        *perhaps_more_outputs(scene),
    )


def _perhaps_more_sources(scene: Scene) -> tuple[Block, ...]:
    """Without the flow, a list holds no more than what is declared."""
    graph = scene.snapshot.graph
    if not isinstance(graph, Unknown) or isinstance(scene.report.sources, Unknown):
        return ()
    return (Text((scene.unknown("schedule-overview.sources.more", graph),), "Further sources, which the flow shows:"),)


def perhaps_more_outputs(scene: Scene) -> tuple[Block, ...]:
    """The flow shows its ends, and only the project's settings name what other projects use: without them the list may
    be too short."""
    snapshot, found = scene.snapshot, []
    if isinstance(snapshot.graph, Unknown) and not isinstance(scene.report.outputs, Unknown):
        more = scene.unknown("schedule-overview.outputs.more", snapshot.graph)
        found.append(Text((more,), "Further outputs, which the flow shows:"))
    if isinstance(snapshot.settings, Unknown):
        shared = scene.unknown("schedule-overview.outputs.shared", snapshot.settings)
        found.append(Text((shared,), "Further outputs that other projects use:"))
    return tuple(found)


def _how_many(scene: Scene) -> str:
    if not scene.scenarios:
        return ""
    inactive = len(scene.scenarios) - len(scene.active)
    return f"{len(scene.active):,} active, {inactive:,} inactive" if inactive else f"{len(scene.active):,} active"


def outage_notes(scene: Scene) -> tuple[Callout, ...]:
    """When the instance was probably down."""
    names = scene.scenario_names
    return tuple(
        Callout(
            "warning" if not scene.report.quiet else "note",
            (
                f"The instance was probably down between {scene.time(outage.start)} and {scene.time(outage.end)}: "
                f"nothing ran, and {words.listed([names.get(i, i) for i in outage.scenarios], 4)} should have.",
            ),
        )
        for outage in scene.report.outages
    )


# --- scenarios -------------------------------------------------------------------------------------------------------


def _run_row(scene: Scene, scenario: ScenarioReport) -> tuple[Cell, ...]:
    row = f"schedule-overview.{key(scenario.id)}"
    return (
        scenario_cell(scene, scenario, f"{row}.scenario"),
        _schedule(scene, scenario, f"{row}.schedule"),
        _what(scene, scenario, f"{row}.what"),
        duration_cell(scene, scenario, f"{row}.duration"),
        next_start_cell(scene, scenario, f"{row}.next"),
    )


def _schedule(scene: Scene, scenario: ScenarioReport, cell_id: str) -> Cell:
    if isinstance(scenario.schedule, Unknown):
        return scene.unknown(cell_id, scenario.schedule)
    off = "" if scenario.active else "Off: the scenario is inactive. "
    sentences = "; ".join(scenario.schedule) or "No trigger: runs only when a person, a scenario or a program starts it"
    return scene.live(cell_id, off + sentences, "scenario settings", tone=Tone.NONE if scenario.active else Tone.QUIET)


def _what(scene: Scene, scenario: ScenarioReport, cell_id: str) -> Cell:
    path = f"scenarios.{scenario.id}.purpose"
    declared = scene.scenario_profile(scenario.id).purpose
    found = purpose(scene.snapshot, scenario.id, scene.scenario_names)
    if isinstance(found, Unknown):
        default = scene.unknown(cell_id, found, declare=path)
    else:
        default = scene.live(cell_id, found.text, found.source, declare=path)
    if scene.profile_unread is not None and not declared:
        return default
    return scene.declare(cell_id, path, declared, default)


def duration_cell(scene: Scene, scenario: ScenarioReport, cell_id: str) -> Cell:
    """How long a successful run takes: the middle one, and what all but one in twenty stay under; and whether the last
    one takes or took unusually long."""
    typical, last = scenario.duration, scenario.length
    if not isinstance(typical, DurationStat):
        return scene.unknown(cell_id, no_duration(typical))
    unusual = LENGTH_WORDS.get(last.verdict)
    return scene.inferred(
        cell_id,
        f"{duration_text(typical)}; {unusual}" if unusual else duration_text(typical),
        history_text(typical, scene),
        seconds=typical.p50,
        verdict=last.verdict,
        tone=scene.alarm(Tone.NOTICE, scenario.test, scenario.muted) if unusual else Tone.NONE,
        evidence=(
            f"half of them took less than {words.duration(typical.p50)}, "
            f"all but one in twenty less than {words.duration(typical.p95)}",
            f"last run: {last.reason}",
        ),
    )


def main_duration_cell(scene: Scene, cell_id: str) -> Cell:
    """The same of the scenario that builds most, or why none is known."""
    main = scene.main
    return scene.unknown(cell_id, main) if isinstance(main, Unknown) else duration_cell(scene, main, cell_id)


def next_start_cell(scene: Scene, scenario: ScenarioReport, cell_id: str) -> Cell:
    """When the scenario starts next, or what it waits for."""
    upcoming = scenario.next_run
    evidence = (upcoming.disagreement,) if upcoming.disagreement else ()
    if upcoming.unknown is not None and upcoming.at is None:
        return scene.unknown(cell_id, upcoming.unknown)
    if upcoming.at is None:
        return scene.live(cell_id, upcoming.text or "No time of its own", "scenario settings", evidence=evidence)
    make, source = (
        (scene.live, "DSS's own computation") if upcoming.source == "dss" else (scene.inferred, "its triggers")
    )
    return make(
        cell_id,
        scene.time(upcoming.at),
        source,
        at=upcoming.at,
        tone=scene.alarm(Tone.NOTICE, scenario.test, scenario.muted) if upcoming.disagreement else Tone.NONE,
        evidence=evidence,
    )


# --- sources ---------------------------------------------------------------------------------------------------------


def _source_row(scene: Scene, source: SourceReport) -> tuple[Cell, ...]:
    row = f"schedule-overview.source-{key(scene.smart(source.ref))}"
    return (
        object_cell(scene, source.ref, source.why, f"{row}.source"),
        _available(scene, source, f"{row}.available"),
        read_next_cell(scene, source, f"{row}.starts"),
        _margin(scene, source, f"{row}.margin"),
        arrival_cell(scene, source, f"{row}.arrival"),
    )


def _available(scene: Scene, source: SourceReport, cell_id: str) -> Cell:
    path = f"datasets.{scene.smart(source.ref)}.available_by"
    promised = scene.dataset_profile(source.ref)
    value = f"By {promised.available_by} ({promised.timezone or scene.report.zone})" if promised.available_by else ""
    if not isinstance(source.usual, Unknown):
        usual = source.usual
        default = scene.inferred(
            cell_id,
            spread_text(words.hhmm(usual.p50), words.hhmm(usual.p95)),
            f"{words.count(usual.n, 'arrival')}",
            zone=usual.zone,
            declare=path,
        )
        if scene.profile_unread is not None:
            return default
        return scene.declare(cell_id, path, value, default)
    return scene.declare(
        cell_id, path, value, reason=f"{source.usual.reason}: declare it, or add a probe that sees it arrive"
    )


def arrival_cell(scene: Scene, source: SourceReport, cell_id: str) -> Cell:
    """When data of a source was last seen to arrive."""
    arrival = source.arrival
    if isinstance(arrival, Unknown):
        return scene.unknown(cell_id, arrival)
    tone = Tone.GOOD if source.arrived else scene.alarm(Tone.BAD) if source.arrived is False else Tone.NONE
    said = " (late)" if source.arrived is False else ""
    return scene.live(cell_id, f"{scene.time(arrival.at)}{said}", arrival.how, at=arrival.at, tone=tone)


def read_next_cell(scene: Scene, source: SourceReport, cell_id: str) -> Cell:
    """When a scenario begins to read the source next."""
    start = source.start
    if isinstance(start, Unknown):
        return scene.unknown(cell_id, start)
    name = scene.scenario_names.get(start.scenario_id, start.scenario_id)
    if start.at is None:
        return scene.live(cell_id, f"{name}: {start.text}", "scenario settings")
    return scene.inferred(
        cell_id, f"{scene.time(start.at)}, {name}", "the next start of a scenario that reads it", at=start.at
    )


def _margin(scene: Scene, source: SourceReport, cell_id: str) -> Cell:
    margin = source.margin_seconds
    if isinstance(margin, Unknown):
        return scene.unknown(cell_id, margin, declare=f"datasets.{scene.smart(source.ref)}.available_by")
    before = margin < 0
    said = f"starts {words.duration(-margin)} before the data" if before else words.duration(margin)
    return scene.inferred(
        cell_id,
        said,
        source.margin_basis,
        seconds=margin,
        tone=scene.alarm(Tone.BAD) if before else Tone.NONE,
    )


# --- outputs ---------------------------------------------------------------------------------------------------------


def _output_row(scene: Scene, output: OutputReport) -> tuple[Cell, ...]:
    row = f"schedule-overview.output-{key(scene.smart(output.ref))}"
    return (
        object_cell(scene, output.ref, output.why, f"{row}.output"),
        due_cell(scene, output, f"{row}.due"),
        _typical(scene, output, f"{row}.typical"),
        _alert_after(scene, output, f"{row}.alert"),
        output_state(scene, output, f"{row}.now"),
    )


def due_cell(scene: Scene, output: OutputReport, cell_id: str) -> Cell:
    """When the output is promised; where nobody promised, what history could keep."""
    path = f"datasets.{scene.smart(output.ref)}.due"
    promised = scene.dataset_profile(output.ref)
    value = ""
    if promised.due:
        days = f", {words.weekdays(promised.days)}" if promised.days else ""
        calendar = f", business days of {promised.calendar}" if promised.calendar else ""
        value = f"By {promised.due} ({promised.timezone or scene.report.zone}){days}{calendar}"
    elif promised.max_age_hours:
        path = f"datasets.{scene.smart(output.ref)}.max_age_hours"
        value = f"Never older than {words.duration(promised.max_age_hours * 3600)}"
    hint = f"no SLA declared; history could keep {output.suggested}" if output.suggested else "no SLA declared"
    cell = scene.declare(cell_id, path, value, reason="" if value else hint)
    tight = "on more than one day in ten it comes after this" if output.tight else ""
    told = (tight, budget_text(output.budget), days_text(output.days))
    return replace(cell, evidence=tuple(line for line in told if line))


def _typical(scene: Scene, output: OutputReport, cell_id: str) -> Cell:
    typical = output.typical
    if isinstance(typical, Unknown):
        return scene.unknown(cell_id, typical)
    return scene.inferred(
        cell_id,
        spread_text(words.hhmm(typical.p50), words.hhmm(typical.p95)),
        f"the builds of {words.count(typical.n, 'day')}",
        zone=typical.zone,
        evidence=(f"half of the days by {words.hhmm(typical.p50)}, 19 of 20 by {words.hhmm(typical.p95)}",),
    )


def _alert_after(scene: Scene, output: OutputReport, cell_id: str) -> Cell:
    path = f"datasets.{scene.smart(output.ref)}.alert_after_minutes"
    minutes = scene.dataset_profile(output.ref).alert_after_minutes
    value = words.duration(minutes * 60) if minutes else "As soon as it is late" if minutes == 0 else ""
    after = output.alert_after_seconds
    if isinstance(after, Unknown):
        default = scene.unknown(cell_id, after, declare=path)
    else:
        default = scene.inferred(
            cell_id,
            words.duration(after),
            "how much its completion varies",
            seconds=after,
            reason="the larger of 15 min and twice the way from the typical to the slowest completion",
            declare=path,
        )
    if scene.profile_unread is not None:
        return default
    return scene.declare(cell_id, path, value, default)


def output_state(scene: Scene, output: OutputReport, cell_id: str) -> Cell:
    """Whether the output keeps its promise now, with the reason."""
    if output.verdict == "UNKNOWN":
        unread = (part for part in (scene.profile_unread, output.last_success) if isinstance(part, Unknown))
        needs = next((part.needs for part in unread if part.needs), "")
        why = Unknown(scene.with_mute(output.reason, output.muted), Cause.NOT_RECORDED, needs)
        more = {"tone": Tone.QUIET} if output.muted else {}
        return scene.unknown(cell_id, why, verdict="UNKNOWN", **more)
    return scene.inferred(
        cell_id,
        scene.with_mute(
            f"{words.capital(OUTPUT_WORDS.get(output.verdict, output.verdict))}: {output.reason}", output.muted
        ),
        "its last builds",
        tone=scene.alarm(output_tone(output.verdict), muted=output.muted),
        verdict=output.verdict,
    )
