"""The macro `morning-check`: the morning's steps, ticked with evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Optional

from ..core.compose.morning import compose_morning
from ..dss import inside
from ..dss.session import Clients
from ..errors import InvalidParameter, OperationsGuideError
from ..model.guide import Guide
from ..model.known import Unknown
from ..model.report import RUN_ORDER, Report
from ..settings import Settings
from .reading import MORNING, Reading, read

_BAD_RUNS = frozenset(RUN_ORDER[: RUN_ORDER.index("UNKNOWN")])
_BAD_OUTPUTS = frozenset({"MISSED", "STALE_ERROR"})


class ProblemsFound(OperationsGuideError):
    """A check that was asked to fail found something wrong; its text names what."""


def morning_check_in_dss(
    project_key: str,
    config: Optional[Mapping[str, Any]],
    plugin_config: Optional[Mapping[str, Any]],
    progress: Callable[[int], None],
) -> Guide:
    """The macro: reads with the rights of whoever runs it. See `morning_check`."""
    settings = Settings.read(plugin_config)
    return morning_check(
        inside.clients(settings.max_parallel_calls, settings.dss_url), project_key, config or {}, settings, progress
    )


def morning_check(
    clients: Clients,
    project_key: str,
    config: Mapping[str, Any],
    settings: Settings,
    progress: Callable[[int], None] = lambda percent: None,
) -> Guide:
    """The morning's three steps as a guide of one section. `config` is the macro's parameters; `progress` is told
    percent done. InvalidParameter for a scenario or output that the project does not have; ProblemsFound when
    `fail_on_problem` is set and something is wrong."""
    scenarios, objects = names_in(config, "scenarios"), names_in(config, "outputs")
    first = read(clients, project_key, settings)
    progress(40)
    whole = read(clients, project_key, settings, need=MORNING, have=first.snapshot)
    progress(90)
    report = only(whole, scenarios, objects)
    if config.get("fail_on_problem") in (True, "true"):
        _fail_on_problem(report)
    guide = compose_morning(whole.snapshot, whole.declared, report)
    progress(100)
    return guide


def names_in(config: Mapping[str, Any], name: str) -> frozenset[str]:
    given = config.get(name) or ()
    if not isinstance(given, (list, tuple)):
        raise InvalidParameter(f"“{name}” is a list of names, not {given!r}", name=name)
    return frozenset(str(item).strip() for item in given if str(item).strip())


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


def _fail_on_problem(report: Report) -> None:
    """Unknown is not a problem by itself, but a check that could see nothing must not pass."""
    if isinstance(report.scenarios, Unknown) or isinstance(report.outputs, Unknown):
        unread = report.scenarios if isinstance(report.scenarios, Unknown) else report.outputs
        raise ProblemsFound(f"The morning check could not see enough to pass: {getattr(unread, 'reason', '')}")
    wrong = [
        *(f"{s.name or s.id}: {s.state.reason}" for s in report.scenarios if s.active and s.state.verdict in _BAD_RUNS),
        *(f"{output.ref.id}: {output.reason}" for output in report.outputs if output.verdict in _BAD_OUTPUTS),
    ]
    if wrong and not report.quiet:
        raise ProblemsFound(f"{len(wrong)} found: " + "; ".join(wrong))
