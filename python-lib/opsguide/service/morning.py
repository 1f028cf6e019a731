"""The macro `morning-check`: the morning's steps, ticked with evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..core.compose.morning import compose_morning
from ..core.today import evaluate
from ..dss import gateway
from ..dss.session import Clients
from ..errors import DssError, DssUnreachable, InvalidParameter, OperationsGuideError
from ..model.guide import Guide
from ..model.known import Unknown, known
from ..model.report import Report
from ..settings import Settings
from .acts import Refused
from .logbook import recall, sign_off_as_caller
from .parameters import names_in, severity_in, switched_on
from .reading import TODAY, Reading, monitored, read, today_of

# What is read of scenarios one by one, and the few calls that are not about objects.
_SCENARIOS = TODAY & {*gateway.FIRST, *gateway.PER_SCENARIO, "settings", "instance"}


class ProblemsFound(OperationsGuideError):
    """A check that was asked to fail found something wrong; its text names what."""


def morning_check(
    clients: Clients,
    project_key: str,
    config: Mapping[str, Any],
    settings: Settings,
    progress: Callable[[int], None] = lambda percent: None,
) -> Guide:
    """The morning's three steps as a guide of one section. `config` is the macro's parameters; `progress` is told
    percent done. InvalidParameter for a severity that there is not, and for a scenario or output that the project does
    not have; ProblemsFound where what is found is as bad as `fail_at` says. With `sign_off` whoever runs it has looked
    at it, and says so with `remark`."""
    fail_at, scenarios, objects = (
        severity_in(config, "never"),
        names_in(config, "scenarios"),
        names_in(config, "outputs"),
    )
    reading = _read_in_parts(clients, project_key, settings, progress)
    report = only(reading, scenarios, objects)
    found = evaluate(today_of(reading), fail_at, scenarios, objects)
    if found.fails:
        raise ProblemsFound(f"{found.verdict}: {'; '.join(found.problems) or found.headline}")
    refused = ""
    if switched_on(config, "sign_off"):
        refused = _sign_off(clients, project_key, str(config.get("remark") or ""), found.headline)
        reading = reading.noted(recall(clients, project_key))
    guide = compose_morning(reading.snapshot, reading.declared, report, _signed(reading), refused)
    progress(100)
    return guide


def _signed(reading: Reading) -> str:
    if isinstance(reading.ledger, Unknown):
        return f"Whether anybody signed off this morning is not known: {reading.ledger.reason}."
    return today_of(reading).sign_off_text or "Nobody has signed off this morning yet."


def _sign_off(clients: Clients, project_key: str, remark: str, headline: str) -> str:
    """Note that whoever runs this looked at it; why not, where that is not possible."""
    try:
        outcome = sign_off_as_caller(clients, project_key, remark, headline)
    except DssUnreachable as error:
        return f"DSS did not answer ({error}), so it may have been kept or not."
    except DssError as error:
        return f"DSS did not keep it: {error}." + (f" It takes “{error.needs}”." if error.needs else "")
    return f"{outcome.reason} {outcome.advice}" if isinstance(outcome, Refused) else ""


def _read_in_parts(clients: Clients, project_key: str, settings: Settings, progress: Callable[[int], None]) -> Reading:
    """The project as today's page reads it. Of the work one part is the lists; they tell how many scenarios (first their
    runs, then their settings) and objects are read one by one, each of which is a part as well."""
    lists = read(clients, project_key, settings)
    scenarios = sum(scenario.active for scenario in known(lists.snapshot.scenarios, ()))
    parts = 1 + 2 * scenarios + len(monitored(lists.snapshot, lists.declared))
    progress(100 * (1 + scenarios) // parts)
    first = read(clients, project_key, settings, need=_SCENARIOS, have=lists.snapshot, ledger=lists.ledger)
    progress(100 * (1 + 2 * scenarios) // parts)
    whole = read(clients, project_key, settings, need=TODAY, have=first.snapshot, ledger=first.ledger)
    progress(99)
    return whole


def only(reading: Reading, scenarios: frozenset[str], objects: frozenset[str]) -> Report:
    """The report cut to what was asked for; everything where nothing was named."""
    report, key = reading.report, reading.snapshot.project_key
    if scenarios and not isinstance(report.scenarios, Unknown):
        _refuse_strangers("scenarios", scenarios, {scenario.id for scenario in report.scenarios})
        report = replace(report, scenarios=tuple(s for s in report.scenarios if s.id in scenarios))
    if objects and not isinstance(report.outputs, Unknown):
        _refuse_strangers("outputs", objects, {output.ref.smart_name(key) for output in report.outputs})
        report = replace(report, outputs=tuple(o for o in report.outputs if o.ref.smart_name(key) in objects))
    return report


def _refuse_strangers(parameter: str, asked: frozenset[str], there: set[str]) -> None:
    strangers = sorted(asked - there)
    if strangers:
        raise InvalidParameter(
            f"“{parameter}” names {', '.join(strangers)}, which this project does not have; "
            f"it has {', '.join(sorted(there)) or 'none'}",
            name=parameter,
        )
