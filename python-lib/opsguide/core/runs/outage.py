"""When the instance was probably down: one finding in place of many."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from ...model.known import Unknown
from ...model.report import Outage, RunVerdict
from ...model.snapshot import Run, Scenario
from .terms import Terms, fired

OUTAGE_SCENARIOS = 3
# Missed at their time, whatever made up for it later.
_MISSED = ("NOT_RUN", "RECOVERED")


def outages(verdicts: Mapping[str, Sequence[RunVerdict]], terms: Terms) -> tuple[Outage, ...]:
    """Times in which three or more unrelated scenarios were due and did not run, while nothing at all ran. `verdicts`
    are those of `run_verdicts` by scenario id. Scenarios that start or follow each other count as one."""
    runs = [run for scenario in terms.scenarios if not isinstance(scenario.runs, Unknown) for run in scenario.runs]
    starts = sorted(start for run in runs if (start := run.start or fired(run)))
    due = [
        (verdict.instant, scenario_id)
        for scenario_id, all_of_it in verdicts.items()
        for verdict in all_of_it
        if verdict.verdict in _MISSED and verdict.instant is not None
    ]
    first = min((at for at, _ in due), default=terms.now)
    lately = [run for run in runs if run.running or run.end is None or run.end > first]
    missed = sorted(pair for pair in due if not _anything_going(lately, pair[0]))
    family = _families(terms.scenarios)
    found = []
    for _, group in groupby(missed, key=lambda pair: bisect_left(starts, pair[0])):
        together = list(group)
        if len({family.get(scenario_id, scenario_id) for _, scenario_id in together}) >= OUTAGE_SCENARIOS:
            ids = tuple(dict.fromkeys(scenario_id for _, scenario_id in together))
            found.append(Outage(together[0][0], together[-1][0], ids))
    return tuple(found)


def _anything_going(runs: Iterable[Run], at: datetime) -> bool:
    return any(run.start and run.start <= at and (run.running if run.end is None else run.end > at) for run in runs)


def _families(scenarios: Sequence[Scenario]) -> Mapping[str, str]:
    """The scenario that stands for all those related to each one."""
    head = {scenario.id: scenario.id for scenario in scenarios}

    def top(scenario_id: str) -> str:
        while head[scenario_id] != scenario_id:
            scenario_id = head[scenario_id]
        return scenario_id

    for scenario in scenarios:
        for other in _named_by(scenario):
            if other in head:
                head[top(other)] = top(scenario.id)
    return {scenario_id: top(scenario_id) for scenario_id in head}


def _named_by(scenario: Scenario) -> Iterator[str]:
    if isinstance(scenario.settings, Unknown):
        return
    params = [step.params for step in scenario.settings.steps if step.type == "run_scenario" and step.enabled]
    params += [trigger.params for trigger in scenario.settings.triggers if trigger.type == "follow_scenariorun"]
    yield from (item for each in params if isinstance(item := each.get("scenarioId"), str))
