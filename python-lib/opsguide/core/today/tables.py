"""Scenarios, outputs and sources as tables, worst first, and who is to be told; every verdict with its evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ...model.guide import Block, Cell, Section, Text, Tone
from ...model.known import Cause, Unknown
from ...model.ledger import about
from ...model.report import OutputReport, ScenarioReport, SourceReport
from .. import words
from ..compose.card import alerts_line
from ..compose.daily_operations import last_built_cell, last_run_cell, state_cell
from ..compose.monitoring import rows_range_cell
from ..compose.phrases import OUTPUT_WORDS, is_good, output_tone, run_verdict
from ..compose.rows import left_out, object_cell, scenario_cell, table_or_reason
from ..compose.scene import Scene, contact_text, key
from ..compose.schedule_overview import (
    arrival_cell,
    due_cell,
    duration_cell,
    next_start_cell,
    output_state,
    perhaps_more_outputs,
    read_next_cell,
)
from ..meanings import FRESHNESS, RUNS, SLA
from .lines import (
    SOURCE_WORDS,
    age_counts,
    concern,
    concern_tone,
    source_reason,
    source_tone,
    source_verdict,
    worst_outputs,
    worst_scenarios,
    worst_sources,
)

_TROUBLE = (Tone.BAD, Tone.NOTICE)
_STATE_OF_SOURCE = {**OUTPUT_WORDS, **SOURCE_WORDS, "FRESH": "arrived"}


def sections(scene: Scene) -> tuple[Section, ...]:
    return (
        Section("scenarios", "Scenarios", _scenarios(scene)),
        Section("outputs", "Outputs", _outputs(scene)),
        Section("sources", "Sources", _sources(scene)),
        *_to_tell(scene),
        Section("alerts", "Data Quality", (Text((alerts_line(scene, "today.alerts"),)),)),
    )


def _explained(cell: Cell, meanings: Mapping[str, str]) -> Cell:
    """The cell with what its verdict means, for whoever opens it."""
    meaning = meanings.get(cell.verdict)
    return replace(cell, evidence=(*cell.evidence, meaning)) if meaning else cell


# --- scenarios -------------------------------------------------------------------------------------------------------


def _scenarios(scene: Scene) -> tuple[Block, ...]:
    return table_or_reason(
        scene,
        scene.report.scenarios,
        ("Scenario", "State", "Last Run", "Usual Duration", "Next Start", *scene.offers.column("run-scenario")),
        [_scenario_row(scene, scenario) for scenario in worst_scenarios(scene) if scenario.active],
        "today.scenarios",
        caption=f"{words.count(len(scene.active), 'active scenario')}, worst first{left_out(scene)}",
        empty="No scenario is active." if scene.scenarios else "This project has no scenarios.",
    )


def _scenario_row(scene: Scene, scenario: ScenarioReport) -> tuple[Cell, ...]:
    row = f"today.scenario-{key(scenario.id)}"
    return (
        scenario_cell(scene, scenario, f"{row}.scenario"),
        _explained(state_cell(scene, scenario, f"{row}.state"), RUNS),
        last_run_cell(scene, scenario, f"{row}.last"),
        duration_cell(scene, scenario, f"{row}.duration"),
        next_start_cell(scene, scenario, f"{row}.next"),
        *scene.offers.cells(f"{row}.here", "run-scenario", about("SCENARIO", scenario.id), "Run…"),
    )


# --- outputs ---------------------------------------------------------------------------------------------------------


def _outputs(scene: Scene) -> tuple[Block, ...]:
    table = table_or_reason(
        scene,
        scene.report.outputs,
        ("Output", "State", "Must Be Ready", "Last Built", "Data", "Rows", *scene.offers.column("build")),
        [_output_row(scene, output) for output in worst_outputs(scene)],
        "today.outputs",
        caption=f"{words.count(len(scene.outputs), 'output')}, worst first",
        empty="The flow has no outputs.",
    )
    return (*table, *perhaps_more_outputs(scene))


def _output_row(scene: Scene, output: OutputReport) -> tuple[Cell, ...]:
    row = f"today.output-{key(scene.smart(output.ref))}"
    return (
        object_cell(scene, output.ref, output.why, f"{row}.output"),
        _explained(output_state(scene, output, f"{row}.state"), {**FRESHNESS, **SLA}),
        due_cell(scene, output, f"{row}.due"),
        last_built_cell(scene, output, f"{row}.built"),
        _explained(_data_cell(scene, output, f"{row}.data"), FRESHNESS),
        rows_range_cell(scene, output, f"{row}.rows"),
        *scene.offers.cells(f"{row}.here", "build", scene.about(output.ref), "Build…"),
    )


def _data_cell(scene: Scene, output: OutputReport, cell_id: str) -> Cell:
    """How old the data is. Where no age is promised, nothing alarms for it."""
    fresh = output.freshness
    if fresh is None:
        return scene.unknown(cell_id, Unknown("not judged", Cause.NOT_RECORDED), verdict="UNKNOWN")
    if fresh.verdict == "UNKNOWN":
        return scene.unknown(cell_id, Unknown(fresh.reason, Cause.NOT_RECORDED), verdict="UNKNOWN")
    return scene.inferred(
        cell_id,
        f"{words.capital(OUTPUT_WORDS[fresh.verdict])}: {fresh.reason}",
        fresh.clock or "its last builds",
        tone=scene.alarm(output_tone(fresh.verdict), muted=output.muted) if age_counts(scene, output) else Tone.NONE,
        verdict=fresh.verdict,
    )


# --- sources ---------------------------------------------------------------------------------------------------------


def _sources(scene: Scene) -> tuple[Block, ...]:
    return table_or_reason(
        scene,
        scene.report.sources,
        ("Source", "State", "Last Arrival", "Read Next", "Feeds", *scene.offers.column("rebuild-from")),
        [_source_row(scene, source) for source in worst_sources(scene)],
        "today.sources",
        caption=f"{words.count(len(scene.sources), 'source')}, worst first",
        empty="The flow has no sources.",
    )


def _source_row(scene: Scene, source: SourceReport) -> tuple[Cell, ...]:
    row = f"today.source-{key(scene.smart(source.ref))}"
    return (
        object_cell(scene, source.ref, source.why, f"{row}.source"),
        _explained(_source_state(scene, source, f"{row}.state"), FRESHNESS),
        arrival_cell(scene, source, f"{row}.arrival"),
        read_next_cell(scene, source, f"{row}.read"),
        _feeds(scene, source, f"{row}.feeds"),
        *scene.offers.cells(f"{row}.here", "rebuild-from", scene.about(source.ref), "Rebuild what follows…"),
    )


def _source_state(scene: Scene, source: SourceReport, cell_id: str) -> Cell:
    verdict, reason = source_verdict(source), source_reason(source)
    if verdict == "UNKNOWN":
        return scene.unknown(cell_id, Unknown(reason, Cause.NOT_RECORDED), verdict=verdict)
    if verdict == "NOT_DECLARED":
        path = f"datasets.{scene.smart(source.ref)}.available_by"
        return scene.missing(cell_id, path, reason, verdict=verdict)
    said = f"{words.capital(_STATE_OF_SOURCE[verdict])}: {reason}"
    return scene.inferred(cell_id, said, "what was last seen of it", tone=source_tone(scene, source), verdict=verdict)


def _feeds(scene: Scene, source: SourceReport, cell_id: str) -> Cell:
    fed = scene.outputs_after(source)
    if not fed:
        return scene.inferred(cell_id, "No output", "the flow graph")
    names = tuple(scene.name(output.ref) for output in fed)
    return scene.inferred(cell_id, words.listed(names, 4), "the flow graph", evidence=names if len(names) > 4 else ())


# --- who is to be told -----------------------------------------------------------------------------------------------


def _to_tell(scene: Scene) -> tuple[Section, ...]:
    """For what is wrong: who waits for it, and who can mend it. Left out where nothing is wrong."""
    rows = [*_outputs_to_tell(scene), *_scenarios_to_tell(scene), *_sources_to_tell(scene)]
    if not rows:
        return ()
    blocks = table_or_reason(scene, rows, ("About", "Who Waits For It", "Who Can Mend It"), rows, "today.tell")
    return (Section("who-to-tell", "Who Is to Be Told", blocks),)


def _outputs_to_tell(scene: Scene) -> Iterator[tuple[Cell, ...]]:
    for output in worst_outputs(scene):
        if concern_tone(scene, concern(scene, output), output.muted) in _TROUBLE:
            name = scene.smart(output.ref)
            row, promised = f"today.tell-output-{key(name)}", scene.dataset_profile(output.ref)
            waits = words.listed(tuple(promised.consumers))
            yield (
                object_cell(scene, output.ref, output.reason, f"{row}.about"),
                scene.declare(f"{row}.waits", f"datasets.{name}.consumers", waits),
                _mender(scene, f"{row}.mends", f"datasets.{name}.owner", contact_text(promised.owner)),
            )


def _scenarios_to_tell(scene: Scene) -> Iterator[tuple[Cell, ...]]:
    for scenario in worst_scenarios(scene):
        quiet = scene.report.quiet or scenario.test or not scenario.active or scenario.muted is not None
        if quiet or is_good(scenario.state) or run_verdict(scenario) == "UNKNOWN":
            continue
        row = f"today.tell-scenario-{key(scenario.id)}"
        waits = words.listed(tuple(scene.scenario_profile(scenario.id).notify))
        yield (
            scenario_cell(scene, scenario, f"{row}.about"),
            scene.declare(f"{row}.waits", f"scenarios.{scenario.id}.notify", waits),
            _mender(scene, f"{row}.mends", "contacts.data", ""),
        )


def _sources_to_tell(scene: Scene) -> Iterator[tuple[Cell, ...]]:
    for source in worst_sources(scene):
        if source_tone(scene, source) in _TROUBLE:
            name = scene.smart(source.ref)
            row, promised = f"today.tell-source-{key(name)}", scene.dataset_profile(source.ref)
            yield (
                object_cell(scene, source.ref, source_reason(source), f"{row}.about"),
                _feeds(scene, source, f"{row}.waits"),
                _mender(scene, f"{row}.mends", f"datasets.{name}.owner", contact_text(promised.owner)),
            )


def _mender(scene: Scene, cell_id: str, path: str, owner: str) -> Cell:
    """The declared owner, else whom to ask about the project's data."""
    contacts = scene.profile.contacts
    default = scene.owner(cell_id, "contacts.data", "data contact")
    team = scene.contact(cell_id, "contacts.data", contacts.data, default)
    return scene.declare(cell_id, path, owner, team) if owner else team
