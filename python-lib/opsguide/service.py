"""The use cases: the only place where reading (dss), promises (profile) and judgement (core) meet.

`Desk` answers the web page, `morning_check` the macro. Both return values of `model`; showing them is `render`'s part.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Optional

from .core.assess import assess
from .core.compose import compose
from .core.compose.morning import compose_morning
from .core.lineage import outputs, sources
from .core.today import SEVERITIES, today
from .core.today import evaluate as evaluation_of
from .dss import gateway, inside
from .dss.identity import Access, Doors
from .dss.session import Clients
from .errors import InvalidParameter, OperationsGuideError
from .model.guide import Guide, Section
from .model.known import Unknown
from .model.profile import Declared
from .model.report import RUN_ORDER, Report, RunVerdict, ScenarioReport
from .model.snapshot import Instance, ObjectRef, Snapshot, Variables
from .model.today import Evaluation, Today
from .profile import load
from .settings import Settings

__all__ = [
    "Access",
    "Desk",
    "ProblemsFound",
    "Reading",
    "desk_in_dss",
    "evaluate",
    "evaluate_in_dss",
    "morning_check",
    "morning_check_in_dss",
    "outcome_of",
    "read",
]

# One reading takes a few megabytes at most; beyond this many different sets of rights the oldest is read again.
MAX_SHELVES = 64

# What a morning check needs beyond the lists: enough for every verdict that it shows.
MORNING = gateway.FIRST | {
    "scenario_settings",
    "settings",
    "folders",
    "builds",
    "files",
    "metrics",
    "quality",
    "instance",
}

# Today also judges rows, and says whose failure reaches nobody.
TODAY = MORNING | {"row_counts", "channels"}

_BAD_RUNS = frozenset(RUN_ORDER[: RUN_ORDER.index("UNKNOWN")])
_BAD_OUTPUTS = frozenset({"MISSED", "STALE_ERROR"})


class ProblemsFound(OperationsGuideError):
    """A check that was asked to fail found something wrong; its text names what."""


@dataclass(frozen=True)
class Reading:
    """A project as read, as promised, and what follows."""

    snapshot: Snapshot
    declared: Declared
    report: Report


def read(
    clients: Clients,
    project_key: str,
    settings: Settings,
    *,
    need: frozenset[str] = gateway.FIRST,
    have: Optional[Snapshot] = None,
    node: Optional[Instance] = None,
) -> Reading:
    """Read what `need` names (over `have`, already read) and judge it. `node` is the DSS node, where it is known already.

    The lists come first: the flow graph and the profile then say which objects are sources and outputs, and only those
    are asked about one by one."""
    snapshot = have or gateway.read_snapshot(clients, project_key, gateway.FIRST)
    if node is not None:
        snapshot = replace(snapshot, instance=node)
    variables = Variables() if isinstance(snapshot.variables, Unknown) else snapshot.variables
    declared = load(variables.standard, variables.local, settings.profile_defaults)
    if not need <= gateway.FIRST:
        # What other projects use is an output too, and only the settings say so.
        snapshot = gateway.read_snapshot(clients, project_key, need & {"settings"}, have=snapshot)
        objects = monitored(snapshot, declared)
        snapshot = gateway.read_snapshot(clients, project_key, need, objects=objects, have=snapshot)
    return Reading(snapshot, declared, assess(snapshot, declared, server_zone=settings.server_timezone))


def monitored(snapshot: Snapshot, declared: Declared) -> tuple[ObjectRef, ...]:
    """The sources and outputs of the project: all that is ever asked about object by object."""
    return tuple(dict.fromkeys(item.ref for item in (*sources(snapshot, declared), *outputs(snapshot, declared))))


# --- the page --------------------------------------------------------------------------------------------------------


class Desk:
    """What the web page asks of one project: who may see what, and the guide as that viewer may see it.

    A reading is shared by callers with the same rights for `minimum_refresh_seconds`, and while one is under way the
    others wait for it: many readers cost DSS no more than one."""

    def __init__(self, project_key: str, settings: Settings, doors: Doors) -> None:
        self.project_key = project_key
        self.settings = settings
        self._doors = doors
        self._shelves: OrderedDict[str, _Shelf] = OrderedDict()
        self._node: Optional[Instance] = None
        self._lock = threading.Lock()

    def access(self, headers: Mapping[str, str]) -> Access:
        """Who is asking, and what they may see. Must be called in the request's own thread.

        The node that answers does not change while this process lives, so it is asked for with the first caller that is
        let in: on a design node nothing alarms."""
        access = self._doors.open(headers, self.project_key)
        if access.may and self._node is None:
            found = gateway.read_snapshot(access.clients, self.project_key, {"instance"}).instance
            self._node = None if isinstance(found, Unknown) else found
        return access

    def guide(self, access: Access, *, depth: str = "first") -> Guide:
        """The guide; `depth` "first" reads the lists and leaves slow parts waiting, "whole" reads all of it."""
        need = gateway.WHOLE if depth == "whole" else gateway.FIRST
        return _guide(self._reading(access, need))

    def section(self, access: Access, section_id: str) -> Optional[Section]:
        """One section with everything it waits for read; None when the guide has no such section."""
        section = _section(self.guide(access), section_id)
        if section is not None and section.waits_for:
            section = _section(_guide(self._reading(access, frozenset(section.waits_for))), section_id)
        return section

    def today(self, access: Access) -> Today:
        """Today, all of it read; `next_check_seconds` as the settings allow it."""
        found = _today(self._reading(access, TODAY), self.settings)
        pace = found.next_check_seconds
        if pace is None or not self.settings.page_refreshes:
            return replace(found, next_check_seconds=None)
        return replace(found, next_check_seconds=max(pace, self.settings.minimum_refresh_seconds))

    def _reading(self, access: Access, need: frozenset[str]) -> Reading:
        shelf = self._shelf(access.key)
        with shelf.lock:
            if time.monotonic() - shelf.read_at > self.settings.minimum_refresh_seconds:
                shelf.reading, shelf.has, shelf.read_at = None, frozenset(), time.monotonic()
            if shelf.reading is None or not need <= shelf.has:
                have = shelf.reading.snapshot if shelf.reading else None
                shelf.reading = read(
                    access.clients, self.project_key, self.settings, need=need, have=have, node=self._node
                )
                shelf.has |= need | gateway.FIRST
            return shelf.reading

    def _shelf(self, key: str) -> _Shelf:
        with self._lock:
            shelf = self._shelves.setdefault(key, _Shelf())
            self._shelves.move_to_end(key)
            while len(self._shelves) > MAX_SHELVES:
                self._shelves.popitem(last=False)
            return shelf


class _Shelf:
    """The reading that callers with the same rights share, and the lock under which it is made."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.reading: Optional[Reading] = None
        self.has: frozenset[str] = frozenset()
        self.read_at = float("-inf")


def _guide(reading: Reading) -> Guide:
    return compose(reading.snapshot, reading.declared, reading.report)


def _today(reading: Reading, settings: Settings) -> Today:
    return today(reading.snapshot, reading.declared, reading.report, server_zone=settings.server_timezone)


def _section(guide: Guide, section_id: str) -> Optional[Section]:
    return next((section for section in guide.sections if section.id == section_id), None)


def desk_in_dss() -> Desk:
    """The desk of the web app whose backend this process is."""
    settings = Settings.read(inside.plugin_settings())
    doors = inside.doors(settings.max_parallel_calls, settings.dss_url)
    return Desk(inside.project_key(), settings, doors)


# --- the morning check -----------------------------------------------------------------------------------------------


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
    scenarios, objects = _names(config, "scenarios"), _names(config, "outputs")
    first = read(clients, project_key, settings)
    progress(40)
    whole = read(clients, project_key, settings, need=MORNING, have=first.snapshot)
    progress(90)
    report = _only(whole, scenarios, objects)
    if config.get("fail_on_problem") in (True, "true"):
        _fail_on_problem(report)
    guide = compose_morning(whole.snapshot, whole.declared, report)
    progress(100)
    return guide


def _names(config: Mapping[str, Any], name: str) -> frozenset[str]:
    given = config.get(name) or ()
    if not isinstance(given, (list, tuple)):
        raise InvalidParameter(f"“{name}” is a list of names, not {given!r}", name=name)
    return frozenset(str(item).strip() for item in given if str(item).strip())


def _only(reading: Reading, scenarios: frozenset[str], objects: frozenset[str]) -> Report:
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


# --- the scenario step -----------------------------------------------------------------------------------------------

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
    scenarios, objects = _names(config, "scenarios"), _names(config, "outputs")
    reading = _without_watchers(read(clients, project_key, settings, need=TODAY))
    _only(reading, scenarios, objects)
    return evaluation_of(_today(reading, settings), fail_at, scenarios, objects)


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
