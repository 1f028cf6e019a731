"""Watching the watcher: when the project was last judged, by what, and whether its own scheduled check still runs.

For a person: *a scenario with the step “Evaluate operations” or the macro “Morning check” watches the project. It has
stopped when it should have run and did not, when it has been quiet for too long, or when somebody switched it off within
the last 30 days. Of scenarios that are off, DSS is not asked what they did: what the step noted itself then tells.*
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from statistics import median
from typing import Optional

from ..model.event import Event
from ..model.known import Cause, Known, Unknown, known
from ..model.ledger import Ledger
from ..model.report import Report, ScenarioReport
from ..model.snapshot import Run, Scenario, Snapshot
from ..model.watch import Watch, Watched, Watcher
from . import words
from .duration import seconds_of

STEP = "pystep_operations-guide_evaluate-operations"
MACRO = "pyrunnable_operations-guide_morning-check"
LOOK_BACK = timedelta(days=30)
_STOPPED = ("NOT_RUN", "QUIET_TOO_LONG")


def watch(snapshot: Snapshot, report: Report, ledger: Known[Optional[Ledger]]) -> Watch:
    """Who watches the project at `snapshot.taken_at`. `ledger` has the judgements that were noted."""
    watchers = _watchers(snapshot, report)
    stopped = tuple(watcher.stopped for watcher in known(watchers, ()) if watcher.stopped)
    gone = _gone(watchers, ledger, snapshot.taken_at) if not report.quiet and not stopped else ""
    return Watch(
        watchers=watchers,
        last=_last(watchers, ledger),
        stopped=(gone,) if gone else stopped,
        notes=ledger if ledger is None or isinstance(ledger, Unknown) else len(ledger.events),
        unreadable=ledger.unreadable if isinstance(ledger, Ledger) else 0,
    )


def _watchers(snapshot: Snapshot, report: Report) -> Known[tuple[Watcher, ...]]:
    if isinstance(snapshot.scenarios, Unknown):
        return snapshot.scenarios
    if isinstance(report.scenarios, Unknown):
        return report.scenarios
    judged = {scenario.id: scenario for scenario in report.scenarios}
    found = [
        _watcher(scenario, judged[scenario.id], component, snapshot.taken_at, bool(report.quiet))
        for scenario in snapshot.scenarios
        for component in [component_of(scenario)]
        if component and scenario.id in judged
    ]
    unread = [s.settings for s in snapshot.scenarios if s.active and isinstance(s.settings, Unknown)]
    return unread[0] if unread and not found else tuple(found)


def component_of(scenario: Scenario) -> str:
    """By which of our components a scenario judges the project, '' where it does not."""
    if isinstance(scenario.settings, Unknown):
        return ""
    for step in scenario.settings.steps:
        if step.enabled and step.type == STEP:
            return "evaluate-operations"
        if step.enabled and step.type == "runnable" and step.params.get("runnableType") == MACRO:
            return "morning-check"
    return ""


def _watcher(scenario: Scenario, judged: ScenarioReport, component: str, now: datetime, quiet: bool) -> Watcher:
    runs = scenario.runs
    recent: Known[list[Run]] = runs if isinstance(runs, Unknown) else list(_finished(runs, now - LOOK_BACK))
    last = _end_of(judged.last_run)
    return Watcher(
        id=scenario.id,
        name=scenario.name or scenario.id,
        component=component,
        active=scenario.active,
        last_at=last,
        next_at=judged.next_run.at,
        finished=recent if isinstance(recent, Unknown) else len(recent),
        failed=recent if isinstance(recent, Unknown) else sum(run.outcome == "FAILED" for run in recent),
        seconds=recent if isinstance(recent, Unknown) else _usual(recent),
        stopped="" if quiet else _stopped(scenario, judged, last, now),
    )


def _finished(runs: tuple[Run, ...], since: datetime) -> Iterator[Run]:
    return (run for run in runs if run.end is not None and run.end >= since)


def _usual(runs: Iterable[Run]) -> Optional[float]:
    lengths = [seconds for run in runs if (seconds := seconds_of(run)) is not None]
    return median(lengths) if lengths else None


def _end_of(run: Known[Optional[Run]]) -> Optional[datetime]:
    if run is None or isinstance(run, Unknown):
        return None
    return run.end or run.start


def _stopped(scenario: Scenario, judged: ScenarioReport, last: Optional[datetime], now: datetime) -> str:
    name = scenario.name or scenario.id
    if scenario.active and judged.state.verdict in _STOPPED:
        return f"The scheduled check “{name}” did not look when it should have: {judged.state.reason}"
    switched_off = not scenario.active and last is not None and last >= now - LOOK_BACK
    return f"The scheduled check “{name}” is switched off: nothing looks at this project by itself" * switched_off


def _gone(watchers: Known[tuple[Watcher, ...]], ledger: Known[Optional[Ledger]], now: datetime) -> str:
    """That the step looked lately and no active scenario has it any more, '' where one does or it never did."""
    if isinstance(watchers, Unknown) or any(watcher.active for watcher in watchers) or not isinstance(ledger, Ledger):
        return ""
    noted = [event.at for event in _evaluations(ledger) if event.data.get("component") == "evaluate-operations"]
    if not noted or max(noted) < now - LOOK_BACK:
        return ""
    last = words.ago(max(noted), now)
    return f"The scheduled check last told something {last}; no active scenario has it now: nothing looks by itself"


def _evaluations(ledger: Ledger) -> Iterator[Event]:
    return (event for event in ledger.events if event.kind == "evaluation")


def _last(watchers: Known[tuple[Watcher, ...]], ledger: Known[Optional[Ledger]]) -> Known[Optional[Watched]]:
    """The newest judgement of all on record; unknown only where a newer one could not be seen and none is."""
    found = [Watched(w.last_at, w.component, w.name) for w in known(watchers, ()) if w.last_at is not None]
    if isinstance(ledger, Ledger):
        found += [
            Watched(event.at, str(event.data.get("component") or "macro"), event.by) for event in _evaluations(ledger)
        ]
    if found:
        return max(found, key=lambda each: each.at)
    if isinstance(watchers, Unknown):
        return watchers
    return ledger if isinstance(ledger, Unknown) and ledger.cause is not Cause.NOT_READ else None
