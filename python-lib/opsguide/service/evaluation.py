"""The scenario step `evaluate-operations`: today as one verdict that lets a scenario go on or stops it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Optional

from ..core.today import SEVERITIES, news
from ..core.today import evaluate as evaluation_of
from ..dss import heartbeat, inside, store, watching
from ..dss.session import Clients
from ..errors import DssError, DssUnreachable, InvalidParameter
from ..model.known import Known, Unknown, known
from ..model.report import RunVerdict, ScenarioReport
from ..model.today import Evaluation, Look, Seen
from ..settings import Settings
from . import digest, facts
from .entry import opened
from .morning import only
from .parameters import names_in, severity_in, switched_on
from .reading import TODAY, Reading, read, today_of

EVALUATION_STEP = "pystep_operations-guide_evaluate-operations"


def evaluate_in_dss(config: Optional[Mapping[str, Any]], plugin_config: Optional[Mapping[str, Any]]) -> Look:
    """The scenario step: reads, and keeps what it saw, with the rights of the scenario's run-as user. See `look`."""
    clients, settings = opened(plugin_config)
    return look(clients, inside.project_key(), config or {}, settings)


def evaluate(clients: Clients, project_key: str, config: Mapping[str, Any], settings: Settings) -> Evaluation:
    """Today as one verdict. `config` is the step's parameters; InvalidParameter for a severity that there is not, and
    for a scenario or output that the project does not have."""
    return _evaluated(clients, project_key, _Question.read(config), settings).found


def look(clients: Clients, project_key: str, config: Mapping[str, Any], settings: Settings) -> Look:
    """Today as one verdict, compared with what the last look that asked the same saw, and kept for the next one; what is
    new is told by a digest, where one is asked for. Then a sign of life goes to `heartbeat_url`, where one is named:
    never when nothing could be seen."""
    asked = _Question.read(config)
    address = str(config.get("heartbeat_url") or "").strip()
    refused = heartbeat.refusal(address, settings.heartbeat_hosts) if address else ""
    if refused:
        raise InvalidParameter(f"“heartbeat_url”: {refused}", name="heartbeat_url")
    wish, dataset = digest.Wish.read(config), facts.dataset_in(config)
    occasion = _evaluated(clients, project_key, asked, settings)
    found, asking = occasion.found, occasion.asking
    name = news.question(asked.fail_at, asked.scenarios, asked.outputs, asked.only_on_change)
    state = store.find(clients, project_key)
    told = watching.recall(clients, project_key, state, name, asking)
    before: Known[Optional[Seen]] = told if told is None or isinstance(told, Unknown) else news.from_data(told)
    seen = news.compare(found, before, asked.fail_at, asked.only_on_change)
    now = clients.now()[0]
    data = news.to_data(found)
    if isinstance(state, store.Store) and news.differs(found, before):
        note = store.event(now, "evaluation", "", text=found.headline, component="evaluate-operations", **data)
        try:
            watching.remember(state, name, note)
            state.append(note)
        except (DssError, DssUnreachable) as error:
            # The variables of this run remain for the next one.
            seen = replace(seen, reason=f"what was seen could not be kept in the state folder: {error}")
    told_now = digest.deliver(clients, wish, occasion, settings, state)
    seen = replace(seen, kept=watching.variable(now, name, data), digest=told_now)
    seen = replace(seen, facts=facts.keep(clients, occasion.reading, state, dataset, settings))
    if not address:
        return seen
    blind = news.BLIND in found.wrong
    return replace(seen, heartbeat="not sent: nothing could be seen" if blind else _beat(address, settings))


def _beat(address: str, settings: Settings) -> str:
    return heartbeat.send(address, settings.heartbeat_hosts)


def variables_of(seen: Look) -> dict[str, str]:
    """What the step leaves in the scenario's variables, for the templates of reporters; docs/instrument.md lists them."""
    return {
        "operations_verdict": seen.found.verdict,
        "operations_headline": seen.found.headline,
        "operations_problems": "\n".join(seen.found.problems),
        "operations_muted": "\n".join(seen.found.muted),
        "operations_changed": {True: "yes", False: "no", None: "unknown"}[seen.changed],
        "operations_previous": seen.previous,
        "operations_new": "\n".join(seen.new),
        "operations_heartbeat": seen.heartbeat,
        watching.VARIABLE: seen.kept,
        **digest.variables_of(seen.digest),
        "operations_facts": seen.facts,
    }


@dataclass(frozen=True)
class _Question:
    """The step's parameters, each checked."""

    fail_at: str
    scenarios: frozenset[str]
    outputs: frozenset[str]
    only_on_change: bool

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> _Question:
        fail_at = severity_in(config, SEVERITIES[0])
        only_on_change = switched_on(config, "only_on_change")
        return cls(fail_at, names_in(config, "scenarios"), names_in(config, "outputs"), only_on_change)


def _evaluated(clients: Clients, project_key: str, asked: _Question, settings: Settings) -> digest.Occasion:
    """The evaluation, what it was made from, and the id of the scenario that asks ('' where that cannot be told)."""
    reading = read(clients, project_key, settings, need=TODAY)
    only(reading, asked.scenarios, asked.outputs)
    running = _watchers(reading, running=True)
    today = today_of(_without_watchers(reading))
    found = evaluation_of(today, asked.fail_at, asked.scenarios, asked.outputs)
    asking = next(iter(running)) if len(running) == 1 else ""
    return digest.Occasion(reading, today, found, asked.scenarios, asked.outputs, asking)


def _watchers(reading: Reading, *, running: bool = False) -> frozenset[str]:
    """The scenarios that have the step, of these alone those that run where that is asked."""
    return frozenset(
        scenario.id
        for scenario in known(reading.snapshot.scenarios, ())
        if not isinstance(scenario.settings, Unknown)
        and any(step.type == EVALUATION_STEP for step in scenario.settings.steps)
        and (scenario.running or not running)
    )


def outcome_of(found: Evaluation) -> str:
    """The evaluation as an outcome of DSS. A doubt that does not stop the scenario is a warning."""
    return "FAILED" if found.fails else "SUCCESS" if found.verdict in ("OK", "QUIET") else "WARNING"


def _without_watchers(reading: Reading) -> Reading:
    """The scenario that asks is running, whatever became of its last run: else one that failed because it found
    something wrong would find its own failure for ever."""
    report = reading.report
    if isinstance(report.scenarios, Unknown) or isinstance(reading.snapshot.scenarios, Unknown):
        return reading
    asking = _watchers(reading)

    def seen(scenario: ScenarioReport) -> ScenarioReport:
        last = scenario.last_run
        if scenario.id not in asking or isinstance(last, Unknown) or last is None or not last.running:
            return scenario
        return replace(scenario, state=RunVerdict(None, "RUNNING", "it runs, and may be what asks", last.run_id))

    return replace(reading, report=replace(report, scenarios=tuple(map(seen, report.scenarios))))
