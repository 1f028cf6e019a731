"""What a scenario does, in one sentence: its owner's words, else what its steps say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..model.known import Cause, Known, Unknown, known
from ..model.snapshot import Scenario, ScenarioSettings, Snapshot, Step
from . import words
from .lineage import step_targets


@dataclass(frozen=True)
class Purpose:
    text: str
    source: str  # "scenario description", "scenario steps", "scenario type"


# Steps that say what they do by their type alone; several of a type are counted once.
_PHRASES = {
    "reload_schema": "reloads schemas",
    "check_consistency": "checks the consistency of the flow",
    "schema_propagation": "propagates schema changes",
    "exec_sql": "runs SQL",
    "custom_python": "runs custom Python",
    "kill_scenario": "stops a scenario",
    "send_report": "sends a message",
    "set_project_vars": "sets project variables",
    "define_vars": "defines variables",
    "set_global_vars": "sets instance variables",
    "run_global_vars_update": "updates instance variables",
    "invalidate_cache": "drops cached data",
    "refresh_chart_cache": "refreshes charts",
    "create_dashboard_export": "exports a dashboard",
    "create_jupyter_export": "exports a notebook",
    "create_wiki_export": "exports the wiki",
    "prepare_bundle": "makes a bundle",
    "update_projectdeployer_deployment": "deploys a project",
    "prepare_lambda_package": "makes an API package",
    "update_apideployer_deployment": "deploys an API service",
    "restart_webapp": "restarts a webapp",
    "compute_data_drift": "computes data drift",
    "sync_hive": "synchronises Hive",
    "update_from_hive": "updates from Hive",
}
_TARGETED = (
    ("clear_items", "clears", ("items", "clears")),
    ("build_flowitem", "builds", ("builds",)),
    ("compute_metrics", "computes metrics of", ("computes",)),
    ("check_dataset", "verifies", ("checks",)),
)


def purpose(snapshot: Snapshot, scenario_id: str, names: Mapping[str, str]) -> Known[Purpose]:
    """What the scenario does; `names` gives other scenarios' names by id."""
    scenario = next((s for s in known(snapshot.scenarios, ()) if s.id == scenario_id), None)
    if scenario is None:
        return Unknown("the scenario is not in DSS's list", Cause.NOT_RECORDED)
    said = words.one_line(scenario.short_desc or scenario.description)
    if said:
        return Purpose(said, "scenario description")
    if scenario.type == "custom_python":
        return Purpose("Runs a custom Python script", "scenario type")
    if isinstance(scenario.settings, Unknown):
        return scenario.settings
    return Purpose(words.capital(words.listed(_phrases(scenario.settings, snapshot, names))), "scenario steps")


def _phrases(settings: ScenarioSettings, snapshot: Snapshot, names: Mapping[str, str]) -> list[str]:
    steps = [step for step in settings.steps if step.enabled]
    if not steps:
        return ["does nothing: it has no step that is on"]
    found: dict[str, None] = {}
    for step in steps:
        found[_phrase(step, steps, snapshot, names)] = None
    return list(found)


def _phrase(step: Step, steps: list[Step], snapshot: Snapshot, names: Mapping[str, str]) -> str:
    for step_type, verb, keys in _TARGETED:
        if step.type == step_type:
            alike = [other for other in steps if other.type == step_type]
            targets = [
                ref.smart_name(snapshot.project_key)
                for other in alike
                for key in keys
                for ref in step_targets(other, snapshot.project_key, key)
            ]
            return f"{verb} {words.listed(list(dict.fromkeys(targets)), 4) or 'what its settings name'}"
    if step.type == "run_scenario":
        runs = [str(s.params.get("scenarioId", "")) for s in steps if s.type == "run_scenario"]
        return f"runs {words.listed([names.get(run, run) for run in dict.fromkeys(runs) if run], 4) or 'a scenario'}"
    if step.type == "runnable":
        return f"runs the macro {str(step.params.get('runnableType') or 'it names').rpartition('_')[2]}"
    return _PHRASES.get(step.type, f"runs a step of type {step.type or 'unknown'}")


def sends(settings: ScenarioSettings) -> tuple[str, ...]:
    """What leaves the project when the scenario runs: messages, exports, deployments."""
    effects = [
        _PHRASES[step.type]
        for step in settings.steps
        if step.enabled and step.type.startswith(("send_", "create_", "update_project", "update_api"))
        if step.type in _PHRASES
    ]
    effects += ["sends a message through its reporters" for reporter in settings.reporters if reporter.active]
    return tuple(dict.fromkeys(effects))


def find(snapshot: Snapshot, scenario_id: str) -> Known[Scenario]:
    """The scenario as read."""
    if isinstance(snapshot.scenarios, Unknown):
        return snapshot.scenarios
    found = next((scenario for scenario in snapshot.scenarios if scenario.id == scenario_id), None)
    return found or Unknown("the scenario is not in DSS's list", Cause.NOT_RECORDED)
