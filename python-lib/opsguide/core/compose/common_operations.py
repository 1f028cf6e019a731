"""Common Operations: after a failure, when data is late, when a schema changed, each with what is known now."""

from __future__ import annotations

from ...model.guide import Block, Callout, Cell, Heading, Inline, Item, Items, Link, Text, Tone
from ...model.known import Cause, Unknown
from ...model.ledger import about
from ...model.report import OutputReport, SourceReport
from .. import words
from .card import arrivals_line, top_failure
from .offers import in_place
from .rows import object_cell, table_or_reason
from .scene import Scene, contact_text, key, on_page
from .schedule_overview import arrival_cell

NEEDS = ("instance", "settings", "folders", "runs", "scenario_settings", "builds", "files", "row_counts", "bundles")


_FAILED = ("FAILED", "ABORTED")


def compose(scene: Scene) -> tuple[Block, ...]:
    return (
        Heading("rerunning-after-failure", "Rerunning After Failure"),
        Heading("if-a-scenario-failed", "If a scenario failed:", 4),
        _failed(scene),
        Heading("if-data-needs-to-be-rebuilt", "If data needs to be rebuilt from scratch:", 4),
        *_from_scratch(scene),
        Heading("handling-late-source-data", "Handling Late Source Data"),
        *_late(scene),
        Heading("handling-schema-changes", "Handling Schema Changes"),
        *_schema(scene),
    )


def _failed(scene: Scene) -> Items:
    return Items(
        (
            Item(
                ("Diagnose: Check job log for error message: ", top_failure(scene, "common-operations.failed.diagnose"))
            ),
            Item(
                (
                    "Fix: Address the root cause (see ",
                    Link("section", "troubleshooting", label="Troubleshooting"),
                    "): ",
                    scene.fixed("common-operations.failed.cause", on_page("Incidents")),
                )
            ),
            Item(
                ("Rerun:",),
                (
                    Item(
                        (
                            "If fix was in data: Rerun full scenario (",
                            Link("section", "run-a-scenario-manually", label="how"),
                            ")",
                            *_run_here(scene),
                        )
                    ),
                    Item(
                        (
                            "If fix was in recipe: Rebuild from that point (",
                            Link("section", "run-from-a-specific-point", label="how"),
                            ")",
                        )
                    ),
                ),
            ),
        ),
        ordered=True,
    )


def _run_here(scene: Scene, before: str = ": ") -> tuple[Inline, ...]:
    """The scenarios whose last run failed, to be run again in place; else the one that builds most."""
    failed = [
        s for s in scene.watched if s.last_run and not isinstance(s.last_run, Unknown) and s.last_run.outcome in _FAILED
    ]
    wanted = failed or ([] if isinstance(scene.main, Unknown) else [scene.main])
    here = [
        in_place(
            scene.offers, "run-scenario", about("SCENARIO", s.id), f"run {s.name or s.id}…", " or " if i else before
        )
        for i, s in enumerate(wanted[:3])
    ]
    return tuple(part for parts in here for part in parts)


# --- from scratch ----------------------------------------------------------------------------------------------------


def _from_scratch(scene: Scene) -> tuple[Block, ...]:
    return (
        Callout(
            "warning",
            ("Clearing data removes it until rebuild completes. Coordinate with consumers.",),
        ),
        Items(
            (
                Item(("Go to output dataset",)),
                Item(("Click Clear (removes existing data)",)),
                Item(("Rebuild using scenario or manual run",)),
            ),
            ordered=True,
        ),
        *table_or_reason(
            scene,
            scene.report.outputs,
            ("Output", "Clearing", "Holds Now", "Consumers", "Rebuilt By", *scene.offers.column("clear")),
            [_clear_row(scene, output) for output in scene.outputs],
            "common-operations.clear",
            caption="Before you clear an output",
            empty="The flow has no outputs.",
        ),
    )


def _clear_row(scene: Scene, output: OutputReport) -> tuple[Cell, ...]:
    row = f"common-operations.clear-{key(scene.smart(output.ref))}"
    rows = output.rows
    if isinstance(rows, Unknown):
        holds = scene.unknown(f"{row}.holds", rows)
    else:
        holds = scene.live(
            f"{row}.holds", f"{words.whole(rows.last)} rows", f"count of {scene.time(rows.at)}", as_of=rows.at
        )
    return (
        object_cell(scene, output.ref, output.why, f"{row}.output"),
        _clearing(scene, output, f"{row}.clearing"),
        holds,
        consumers_cell(scene, output, f"{row}.consumers"),
        builders_cell(scene, output, f"{row}.builders"),
        *_clear_here(scene, output, f"{row}.here"),
    )


def _clear_here(scene: Scene, output: OutputReport, cell_id: str) -> tuple[Cell, ...]:
    """The way to clear it, and to build it anew where nothing is cleared."""
    dataset = scene.datasets.get(output.ref)
    clearable = dataset is not None and dataset.managed and scene.flow.recipe_of(output.ref) is not None
    kind, said = ("clear", "Clear…") if clearable else ("build", "Build…")
    return scene.offers.cells(cell_id, kind, scene.about(output.ref), said)


def _clearing(scene: Scene, output: OutputReport, cell_id: str) -> Cell:
    if output.ref.project_key != scene.snapshot.project_key:
        return scene.live(cell_id, "Not here: it belongs to another project", "flow graph")
    if output.ref.kind != "DATASET":
        return scene.live(cell_id, "Through its own screen", "flow graph", link=scene.link(output.ref))
    datasets = scene.snapshot.datasets
    dataset = scene.datasets.get(output.ref)
    if dataset is None:
        why = (
            datasets if isinstance(datasets, Unknown) else Unknown("it is not in the dataset list", Cause.NOT_RECORDED)
        )
        return scene.unknown(cell_id, why)
    if dataset.rebuild_behavior == "WRITE_PROTECT":
        return scene.live(cell_id, "Do not: it is write-protected", "dataset settings", tone=Tone.NOTICE)
    if scene.flow.recipe_of(output.ref) is None:
        return scene.live(cell_id, "Do not: no recipe makes it again", "flow graph", tone=Tone.NOTICE)
    if dataset.partitioned_by:
        return scene.live(
            cell_id,
            f"Only the partitions meant (by {words.listed(dataset.partitioned_by)}): Clear takes all of them",
            "dataset settings",
            tone=Tone.NOTICE,
        )
    return scene.live(cell_id, "Possible: its recipe makes it again", "dataset settings")


def consumers_cell(scene: Scene, output: OutputReport, cell_id: str) -> Cell:
    """Who uses the output: as declared, and the projects it is shared with."""
    path = f"datasets.{scene.smart(output.ref)}.consumers"
    declared = list(scene.dataset_profile(output.ref).consumers)
    settings = scene.snapshot.settings
    projects = []
    if not isinstance(settings, Unknown):
        projects = [key for exposed in settings.exposed if exposed.ref == output.ref for key in exposed.to_projects]
    shared = f"projects that use it: {words.listed(projects)}" if projects else ""
    said = "; ".join(part for part in (words.listed(declared), shared) if part)
    if declared:
        return scene.declare(cell_id, path, said)
    if shared:
        return scene.live(cell_id, words.capital(shared), "project settings", declare=path)
    if isinstance(settings, Unknown):
        return scene.unknown(cell_id, settings, declare=path)
    return scene.missing(cell_id, path, "no other project uses it; who else does, only its owners can say")


def builders_cell(scene: Scene, output: OutputReport, cell_id: str) -> Cell:
    """The scenarios that build the output."""
    if output.builders:
        names = [scene.scenario_names.get(builder, builder) for builder in output.builders]
        return scene.live(cell_id, words.listed(names, 4), "scenario steps", link=Link("scenario", output.builders[0]))
    scenarios = scene.report.scenarios
    if isinstance(scenarios, Unknown):
        return scene.unknown(cell_id, scenarios)
    unread = [scenario.builds for scenario in scene.active if isinstance(scenario.builds, Unknown)]
    if unread and isinstance(unread[0], Unknown):
        return scene.unknown(cell_id, unread[0])
    unseen = [scenario.name for scenario in scene.active if scenario.unseen]
    if unseen:
        return scene.unknown(
            cell_id,
            Unknown(
                f"no scenario's steps name it; custom code of {words.listed(unseen, 3)} may build it",
                Cause.NOT_RECORDED,
            ),
        )
    return scene.live(cell_id, "No active scenario: build it by hand", "scenario steps")


# --- late source -----------------------------------------------------------------------------------------------------


def _late(scene: Scene) -> tuple[Block, ...]:
    return (
        Text(("Source data arrives late",), "Scenario:"),
        Items(
            (
                Item(("Check: Is source data now available? ", arrivals_line(scene, "common-operations.late.check"))),
                Item(
                    (
                        "If yes: Run scenario manually (",
                        Link("section", "run-a-scenario-manually", label="how"),
                        "): the scenarios that read it are in the table",
                        *_run_here(scene, "; here: "),
                    )
                ),
                Item(("If no: Contact source system owner: see the table",)),
                Item(("Notify: Inform downstream consumers of delay",)),
            ),
            ordered=True,
        ),
        Callout(
            "corrected",
            (
                "After a late SQL source, a build of what is modified may rebuild nothing: DSS takes SQL source tables "
                "as up to date. Force the rebuild from the first recipe.",
            ),
        ),
        *table_or_reason(
            scene,
            scene.report.sources,
            (
                "Source",
                "Last Arrival",
                "Read By",
                "Source System Owner",
                "Inform",
                *scene.offers.column("rebuild-from"),
            ),
            [_late_row(scene, source) for source in scene.sources],
            "common-operations.late",
            caption="Each source, its owner and who waits for it",
            empty="The flow has no sources.",
        ),
    )


def _late_row(scene: Scene, source: SourceReport) -> tuple[Cell, ...]:
    row = f"common-operations.late-{key(scene.smart(source.ref))}"
    return (
        object_cell(scene, source.ref, source.why, f"{row}.source"),
        arrival_cell(scene, source, f"{row}.arrival"),
        _readers(scene, source, f"{row}.readers"),
        source_owner(scene, source, f"{row}.owner"),
        _inform(scene, source, f"{row}.inform"),
        *scene.offers.cells(f"{row}.here", "rebuild-from", scene.about(source.ref), "Rebuild what follows…"),
    )


def _readers(scene: Scene, source: SourceReport, cell_id: str) -> Cell:
    if source.readers:
        names = [scene.scenario_names.get(reader, reader) for reader in source.readers]
        return scene.live(cell_id, words.listed(names, 4), "scenario steps", link=Link("scenario", source.readers[0]))
    if isinstance(source.start, Unknown):
        return scene.unknown(cell_id, source.start)
    return scene.live(cell_id, "No active scenario", "scenario steps")


def source_owner(scene: Scene, source: SourceReport, cell_id: str) -> Cell:
    """Who owns the system that a source comes from: the dataset's owner as declared, else its connection's."""
    path = f"datasets.{scene.smart(source.ref)}.owner"
    owner = scene.dataset_profile(source.ref).owner
    dataset = scene.datasets.get(source.ref)
    connection = dataset.connection if dataset else ""
    theirs = scene.profile.connections.get(connection) if connection else None
    default = None
    if owner is None and theirs is not None and contact_text(theirs.owner):
        default = scene.contact(cell_id, f"connections.{connection}.owner", theirs.owner)
    return scene.contact(cell_id, path, owner, default)


def _inform(scene: Scene, source: SourceReport, cell_id: str) -> Cell:
    outputs = scene.outputs_after(source)
    people = list(dict.fromkeys(name for o in outputs for name in scene.dataset_profile(o.ref).consumers))
    if people:
        path = (
            f"datasets.{scene.smart(next(o.ref for o in outputs if scene.dataset_profile(o.ref).consumers))}.consumers"
        )
        return scene.declare(cell_id, path, words.listed(people, 6))
    if not outputs:
        return scene.inferred(cell_id, "Nobody: it feeds no output", "the flow graph")
    names = words.listed([scene.name(output.ref) for output in outputs], 3)
    return scene.missing(
        cell_id,
        f"datasets.{scene.smart(outputs[0].ref)}.consumers",
        f"it feeds {names}, whose consumers are not declared",
    )


# --- schema changes --------------------------------------------------------------------------------------------------


def _schema(scene: Scene) -> tuple[Block, ...]:
    return (
        Text(("Source data structure changed",), "Scenario:"),
        Items(
            (
                Item(
                    (
                        "Identify: Which fields changed? ",
                        _what_changed(scene),
                    )
                ),
                Item(
                    (
                        "Impact: Which recipes are affected? Those that read the source, and all that follows: see the table",
                    )
                ),
                Item(
                    (
                        "Update: Modify recipes to handle new schema (",
                        Link("flow", label="open the flow"),
                        "; Flow actions → Propagate schema)",
                    )
                ),
                Item(("Test: Run in development first: ", _where_to_test(scene))),
                Item(("Deploy: Apply changes to production: ", _last_bundle(scene))),
            ),
            ordered=True,
        ),
        *table_or_reason(
            scene,
            scene.report.sources,
            ("Source", "Columns Now", "Recipes That Read It", "All That Follows"),
            [_schema_row(scene, source) for source in scene.sources if source.ref.kind == "DATASET"],
            "common-operations.schema",
            caption="What a change of each source dataset reaches",
            empty="The flow has no source datasets.",
        ),
    )


def _what_changed(scene: Scene) -> Cell:
    """Of the sources, those whose columns are not the accepted ones; unknown where nobody accepted any."""
    cell_id = "common-operations.schema.identify"
    held = [source.ref for source in scene.sources if scene.dataset_profile(source.ref).accepted_schema]
    if not held:
        why = (
            "there is nothing to compare with until somebody accepts columns: the macro “Instrument project” does that"
        )
        return scene.missing(cell_id, "datasets.<name>.accepted_schema", why)
    differing = [f"{scene.name(ref)}: {scene.unaccepted(ref)}" for ref in held if scene.unaccepted(ref)]
    compared = f"{words.count(len(held), 'source')} compared with accepted columns"
    said = words.listed(differing, 4) if differing else "none"
    tone = scene.alarm(Tone.BAD) if differing else Tone.GOOD
    return scene.inferred(cell_id, said, compared, tone=tone, evidence=tuple(differing))


def _schema_row(scene: Scene, source: SourceReport) -> tuple[Cell, ...]:
    row = f"common-operations.schema-{key(scene.smart(source.ref))}"
    dataset = scene.datasets.get(source.ref)
    if dataset is not None:
        columns = scene.live(
            f"{row}.columns",
            words.count(len(dataset.columns), "column"),
            "dataset settings",
            link=scene.link(source.ref, "dataset-settings"),
            evidence=tuple(f"{column.name} ({column.type})" for column in dataset.columns[:100]),
        )
    else:
        datasets = scene.snapshot.datasets
        why = (
            datasets if isinstance(datasets, Unknown) else Unknown("it belongs to another project", Cause.NOT_RECORDED)
        )
        columns = scene.unknown(f"{row}.columns", why)
    recipes = scene.flow.readers_of(source.ref)
    return (
        object_cell(scene, source.ref, source.why, f"{row}.source"),
        columns,
        scene.inferred(
            f"{row}.recipes",
            words.listed([recipe.ref or recipe.id for recipe in recipes], 5) or "None",
            "the flow graph",
            link=Link("recipe", recipes[0].ref) if len(recipes) == 1 and recipes[0].ref else None,
        ),
        scene.inferred(f"{row}.follows", words.count(len(source.downstream), "object"), "the flow graph"),
    )


def _where_to_test(scene: Scene) -> Cell:
    cell_id = "common-operations.schema.test"
    instance = scene.snapshot.instance
    if isinstance(instance, Unknown):
        return scene.unknown(cell_id, instance)
    tests = [scenario.name for scenario in scene.scenarios if scenario.test]
    tested = f"; test scenarios: {words.listed(tests, 4)}" if tests else "; no scenario is marked as a test"
    if scene.node_type == "DESIGN":
        return scene.live(cell_id, f"this is a design node{tested}", "instance information")
    if scene.node_type == "AUTOMATION":
        said = "this is an automation node: change and test on the design node it is deployed from"
        return scene.live(cell_id, said + tested, "instance information")
    return scene.unknown(cell_id, Unknown("DSS does not tell what kind of node this is", Cause.NOT_RECORDED))


def _last_bundle(scene: Scene) -> Cell:
    cell_id = "common-operations.schema.deploy"
    bundles = scene.snapshot.bundles
    if isinstance(bundles, Unknown):
        return scene.unknown(cell_id, bundles)
    if not bundles:
        return scene.live(cell_id, "no bundle of this project exists", "bundle list")
    dated = [bundle for bundle in bundles if bundle.created_at]
    newest = max(dated, key=lambda bundle: bundle.created_at) if dated else bundles[0]  # type: ignore[arg-type, return-value]
    active = next((bundle for bundle in bundles if bundle.active), None)
    made = f" of {scene.time(newest.created_at)}" if newest.created_at else ""
    said = f"newest bundle {newest.id}{made}"
    screen = "bundles-automation" if scene.node_type == "AUTOMATION" else "bundles-design"
    return scene.live(
        cell_id,
        f"{said}; active: {active.id}" if active else said,
        "bundle list",
        link=Link(screen),
        at=newest.created_at,
    )
