"""How to Run Jobs: by hand, one step, or from a point on, with what each of them touches and how long it takes."""

from __future__ import annotations

from datetime import timedelta

from ...model.action import Order
from ...model.guide import Block, Callout, Cell, Heading, Inline, Item, Items, Link, Text, Tone
from ...model.known import Unknown
from ...model.ledger import about
from ...model.report import DurationStat, OutputReport, ScenarioReport, SourceReport
from .. import words
from ..actions.targets import takes
from ..purpose import find, sends
from .offers import in_place
from .phrases import duration_text, history_text, no_duration
from .rows import left_out, object_cell, scenario_cell, table_or_reason
from .scene import Scene, key
from .schedule_overview import duration_cell, main_duration_cell

NEEDS = ("instance", "settings", "folders", "runs", "scenario_settings")


def compose(scene: Scene) -> tuple[Block, ...]:
    said = (Callout("note", (scene.offers.said,)),) if scene.offers.said else ()
    return (*said, *_scenario(scene), *_recipe(scene), *_from_a_point(scene))


# --- a scenario ------------------------------------------------------------------------------------------------------


def _scenario(scene: Scene) -> tuple[Block, ...]:
    return (
        Heading("run-a-scenario-manually", "Run a Scenario Manually"),
        Text(("When you need to run the full pipeline outside of scheduled times",), "When to use:"),
        Items(
            (
                Item(("Navigate to: Automation → Scenarios (", Link("scenarios", label="open"), ")")),
                Item(("Click on scenario name: ", *_main_name(scene))),
                Item(("Click Run button (top right)", *_main_here(scene))),
                Item(('Select: "Run now"',)),
                Item(("Monitor progress in Jobs tab (", Link("jobs", label="open"), ")")),
            ),
            ordered=True,
        ),
        Callout(
            "corrected",
            (
                'Today\'s DSS has no "Run now" choice: Run starts the scenario at once, Run with custom parameters asks '
                "first. Its progress is under the scenario's Last runs; the jobs it starts are under Jobs.",
            ),
        ),
        Callout(
            "important",
            (
                "Full run takes approximately ",
                _full_duration(scene),
                *_finish_by(scene),
                ". Notify ",
                _main_notify(scene),
                " if running outside normal schedule.",
            ),
        ),
        *table_or_reason(
            scene,
            scene.report.scenarios,
            (
                "Scenario",
                "Runs As",
                "Expected Duration",
                "Leaves the Project",
                "Notify First",
                *scene.offers.column("run-scenario"),
            ),
            [_scenario_row(scene, scenario) for scenario in scene.active],
            "how-to-run-jobs.scenarios",
            caption=f"What each active scenario needs and does when it is run{left_out(scene)}",
            empty="No scenario is active.",
        ),
    )


def _main_name(scene: Scene) -> tuple[Inline, ...]:
    main = scene.main
    if isinstance(main, Unknown):
        return (scene.unknown("how-to-run-jobs.main.name", main),)
    return (
        scene.inferred(
            "how-to-run-jobs.main.name",
            main.name or main.id,
            "what each scenario builds",
            link=Link("scenario", main.id),
            reason="of the active scenarios, the one that builds most of the flow; the others are in the table",
        ),
    )


def _main_here(scene: Scene) -> tuple[Inline, ...]:
    main = scene.main
    if isinstance(main, Unknown):
        return ()
    return in_place(
        scene.offers, "run-scenario", about("SCENARIO", main.id), f"run {main.name or main.id}…", ", or here: "
    )


def _full_duration(scene: Scene) -> Cell:
    return main_duration_cell(scene, "how-to-run-jobs.main.duration")


def _finish_by(scene: Scene) -> tuple[Inline, ...]:
    """When a run would be done that is started now; where one is going, since when."""
    main = scene.main
    if isinstance(main, Unknown) or not isinstance(main.duration, DurationStat):
        return ()
    cell_id = "how-to-run-jobs.main.finish"
    last = main.last_run
    if not isinstance(last, Unknown) and last is not None and last.running and last.start is not None:
        going = scene.live(cell_id, scene.time(last.start), "scenario runs", at=last.start)
        return ("; it is running already, since ", going)
    end = scene.now + timedelta(seconds=main.duration.p50)
    slow = scene.now + timedelta(seconds=main.duration.p95)
    cell = scene.inferred(
        cell_id,
        f"{scene.time(end)} (at the latest, 19 times of 20, {scene.time(slow)})",
        words.count(main.duration.n, "run"),
        at=end,
    )
    return ("; started now, it would be done by ", cell)


def _main_notify(scene: Scene) -> Cell:
    main = scene.main
    if isinstance(main, Unknown):
        return scene.unknown("how-to-run-jobs.main.notify", Unknown("no scenario is known to run the full pipeline"))
    return _notify(scene, main, "how-to-run-jobs.main.notify")


def _notify(scene: Scene, scenario: ScenarioReport, cell_id: str) -> Cell:
    path = f"scenarios.{scenario.id}.notify"
    declared = words.listed(scene.scenario_profile(scenario.id).notify)
    told = scenario.told
    if isinstance(told, Unknown):
        default = scene.unknown(cell_id, told, declare=path)
    elif told.ways:
        default = scene.default(
            cell_id,
            f"those its reporters write to: {'; '.join(told.ways)}",
            "default: the scenario's reporters",
            declare=path,
        )
    else:
        default = scene.missing(cell_id, path, "nobody is named, and the scenario has no reporter")
    return scene.declare(cell_id, path, declared, default)


def _scenario_row(scene: Scene, scenario: ScenarioReport) -> tuple[Cell, ...]:
    row = f"how-to-run-jobs.{key(scenario.id)}"
    return (
        scenario_cell(scene, scenario, f"{row}.scenario"),
        _run_as(scene, scenario, f"{row}.run-as"),
        duration_cell(scene, scenario, f"{row}.duration"),
        _effects(scene, scenario, f"{row}.effects"),
        _notify(scene, scenario, f"{row}.notify"),
        *scene.offers.cells(f"{row}.here", "run-scenario", about("SCENARIO", scenario.id), "Run…"),
    )


def _run_as(scene: Scene, scenario: ScenarioReport, cell_id: str) -> Cell:
    found = find(scene.snapshot, scenario.id)
    if isinstance(found, Unknown):
        return scene.unknown(cell_id, found)
    if isinstance(found.settings, Unknown):
        return scene.unknown(cell_id, found.settings)
    login = found.settings.run_as
    how = "Run as user of the scenario" if found.settings.run_as_configured else "last editor: no Run as user is set"
    user = scene.users.get(login)
    gone = user is not None and user.enabled is False
    return scene.live(
        cell_id,
        f"{login} (disabled: runs will fail)" if gone and login else login,
        "scenario settings",
        reason=how,
        tone=scene.alarm(Tone.BAD, scenario.test) if gone else Tone.NONE,
    )


def _effects(scene: Scene, scenario: ScenarioReport, cell_id: str) -> Cell:
    found = find(scene.snapshot, scenario.id)
    if isinstance(found, Unknown):
        return scene.unknown(cell_id, found)
    if isinstance(found.settings, Unknown):
        return scene.unknown(cell_id, found.settings)
    effects = sends(found.settings)
    said = words.capital(words.listed(effects)) if effects else "Nothing that its settings show"
    doubt = f"; {scenario.unseen}" if scenario.unseen else ""
    return scene.live(cell_id, said + doubt, "scenario settings")


# --- a recipe --------------------------------------------------------------------------------------------------------


def _recipe(scene: Scene) -> tuple[Block, ...]:
    recipes = {output.ref: scene.flow.recipe_of(output.ref) for output in scene.outputs}
    made = [output for output in scene.outputs if recipes[output.ref] is not None]
    others = len(scene.flow.recipes) - len({recipe.id for recipe in recipes.values() if recipe is not None})
    rest = "one is" if others == 1 else f"{others:,} are"
    more = f" The flow's other {rest} run the same way." if others > 0 and made else ""
    return (
        Heading("run-a-single-recipe", "Run a Single Recipe"),
        Text(("When you need to rebuild just one step",), "When to use:"),
        Items(
            (
                Item(("Navigate to: Flow (", Link("flow", label="open"), ")")),
                Item(("Click on the recipe you want to run",)),
                Item(("Click Run button",)),
                Item(
                    ("Choose:",),
                    (
                        Item(('"Build only this recipe" - Just this step',)),
                        Item(('"Build required" - This step and anything upstream that\'s stale',)),
                    ),
                ),
            ),
            ordered=True,
        ),
        Callout(
            "corrected",
            (
                "Today's DSS calls these choices Build only this, and Build upstream: with only what is modified "
                '(the old "Build required"), or all of it.',
            ),
        ),
        Callout(
            "warning",
            (
                "A build of what is modified takes SQL source tables as up to date, whatever is in them: after late SQL "
                "data it may rebuild nothing. Force the rebuild from the first recipe instead.",
            ),
        ),
        *table_or_reason(
            scene,
            scene.report.outputs,
            ("Recipe", "Makes", "Rebuild Behavior", *scene.offers.column("build")),
            [_recipe_row(scene, output) for output in made],
            "how-to-run-jobs.recipes",
            caption=f"The recipes that make the outputs.{more}",
            empty="No recipe makes an output of this flow.",
        ),
    )


_BEHAVIORS = {
    "": "Normal",
    "NORMAL": "Normal",
    "EXPLICIT": "Explicit: rebuilt only when asked for itself",
    "WRITE_PROTECT": "Write-protected: never rebuilt",
}


def _recipe_row(scene: Scene, output: OutputReport) -> tuple[Cell, ...]:
    row = f"how-to-run-jobs.recipe-{key(scene.smart(output.ref))}"
    recipe = scene.flow.recipe_of(output.ref)
    name = (recipe.ref or recipe.id) if recipe else ""
    dataset = scene.datasets.get(output.ref)
    if dataset is None:
        why = scene.snapshot.datasets
        if isinstance(why, Unknown):
            behavior = scene.unknown(f"{row}.behavior", why)
        else:
            behavior = scene.fixed(f"{row}.behavior", "Only datasets have one")
    else:
        said = _BEHAVIORS.get(dataset.rebuild_behavior, dataset.rebuild_behavior)
        behavior = scene.live(f"{row}.behavior", said, "dataset settings")
    return (
        scene.live(f"{row}.recipe", name, "flow graph", link=Link("recipe", name) if name else None),
        object_cell(scene, output.ref, output.why, f"{row}.output"),
        behavior,
        *scene.offers.cells(f"{row}.here", "build", scene.about(output.ref), "Build…"),
    )


# --- from a point on -------------------------------------------------------------------------------------------------


def _from_a_point(scene: Scene) -> tuple[Block, ...]:
    return (
        Heading("run-from-a-specific-point", "Run from a Specific Point"),
        Text(("When earlier steps succeeded but later steps failed",), "When to use:"),
        Items(
            (
                Item(("Navigate to: Flow (", Link("flow", label="open"), ")")),
                Item(("Click on the dataset where you want to START rebuilding",)),
                Item(('Right-click → "Build flow outputs"',)),
                Item(("Select which downstream outputs to rebuild",)),
            ),
            ordered=True,
        ),
        Callout(
            "corrected",
            (
                "Today's DSS calls this Build → Build downstream: Find outputs and build recursively, or Build all "
                "downstream. The dataset you start from is not built itself.",
            ),
        ),
        *table_or_reason(
            scene,
            scene.report.sources,
            (
                "Starting After",
                "Is Rebuilt, in This Order",
                "Takes",
                "Outputs Touched",
                *scene.offers.column("rebuild-from"),
            ),
            [_point_row(scene, source) for source in scene.sources],
            "how-to-run-jobs.points",
            caption="What follows each source",
            empty="The flow has no sources.",
        ),
    )


def _point_row(scene: Scene, source: SourceReport) -> tuple[Cell, ...]:
    row = f"how-to-run-jobs.from-{key(scene.smart(source.ref))}"
    touched = tuple(output.ref for output in scene.outputs_after(source))
    return (
        object_cell(scene, source.ref, source.why, f"{row}.source"),
        scene.inferred(
            f"{row}.order",
            scene.names(source.downstream, 8) or "Nothing",
            "the flow graph",
            evidence=tuple(scene.name(ref) for ref in source.downstream[8:200]),
        ),
        _takes(scene, source, f"{row}.takes"),
        scene.inferred(
            f"{row}.outputs",
            scene.names(touched, 6) or "None",
            "the flow graph",
            evidence=tuple(scene.name(ref) for ref in touched[6:200]),
        ),
        *scene.offers.cells(f"{row}.here", "rebuild-from", scene.about(source.ref), "Rebuild what follows…"),
    )


def _takes(scene: Scene, source: SourceReport, cell_id: str) -> Cell:
    """How long the builds of all that follows took, one after another, by what the list of jobs still holds."""
    found = takes(scene, Order("rebuild-from", scene.about(source.ref)))
    if not isinstance(found, DurationStat):
        return scene.unknown(cell_id, no_duration(found))
    return scene.inferred(cell_id, duration_text(found), history_text(found, scene), seconds=found.p50)
