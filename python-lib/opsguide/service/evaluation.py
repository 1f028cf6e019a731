"""The scenario step `evaluate-operations`: today as one verdict that lets a scenario go on or stops it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Optional

from ..core.today import SEVERITIES
from ..core.today import evaluate as evaluation_of
from ..dss import inside
from ..dss.session import Clients
from ..errors import InvalidParameter
from ..model.known import Unknown
from ..model.report import RunVerdict, ScenarioReport
from ..model.today import Evaluation
from ..settings import Settings
from .morning import names_in, only
from .reading import TODAY, Reading, read, today_of

EVALUATION_STEP = "pystep_operations-guide_evaluate-operations"


def evaluate_in_dss(config: Optional[Mapping[str, Any]], plugin_config: Optional[Mapping[str, Any]]) -> Evaluation:
    """The scenario step: reads with the rights of the scenario's run-as user. See `evaluate`."""
    settings = Settings.read(plugin_config)
    clients = inside.clients(settings.max_parallel_calls, settings.dss_url)
    return evaluate(clients, inside.project_key(), config or {}, settings)


def evaluate(clients: Clients, project_key: str, config: Mapping[str, Any], settings: Settings) -> Evaluation:
    """Today as one verdict. `config` is the step's parameters; InvalidParameter for a severity that there is not, and
    for a scenario or output that the project does not have."""
    fail_at = config.get("fail_at") or SEVERITIES[0]
    if fail_at not in SEVERITIES:
        raise InvalidParameter(f"“fail_at” is {fail_at!r}; it can be {', '.join(SEVERITIES)}", name="fail_at")
    scenarios, objects = names_in(config, "scenarios"), names_in(config, "outputs")
    reading = _without_watchers(read(clients, project_key, settings, need=TODAY))
    only(reading, scenarios, objects)
    return evaluation_of(today_of(reading), fail_at, scenarios, objects)


def outcome_of(found: Evaluation) -> str:
    """The evaluation as an outcome of DSS. A doubt that does not stop the scenario is a warning."""
    return "FAILED" if found.fails else "SUCCESS" if found.verdict in ("OK", "QUIET") else "WARNING"


def _without_watchers(reading: Reading) -> Reading:
    """The scenario that asks is running, whatever became of its last run: else one that failed because it found
    something wrong would find its own failure for ever."""
    report = reading.report
    if isinstance(report.scenarios, Unknown) or isinstance(reading.snapshot.scenarios, Unknown):
        return reading
    asking = {
        scenario.id
        for scenario in reading.snapshot.scenarios
        if not isinstance(scenario.settings, Unknown)
        and any(step.type == EVALUATION_STEP for step in scenario.settings.steps)
    }

    def seen(scenario: ScenarioReport) -> ScenarioReport:
        last = scenario.last_run
        if scenario.id not in asking or isinstance(last, Unknown) or last is None or not last.running:
            return scenario
        return replace(scenario, state=RunVerdict(None, "RUNNING", "it runs, and may be what asks", last.run_id))

    return replace(reading, report=replace(report, scenarios=tuple(map(seen, report.scenarios))))
