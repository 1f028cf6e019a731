"""The moments at which other scenarios call for a run: they ended, and a trigger follows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Optional

from ...model.known import Cause, Known, Unknown
from ...model.report import Expansion, Expected
from ...model.snapshot import Run, Trigger
from ..schedule import label, outcomes
from .terms import Terms


def after_others(triggers: Iterable[Trigger], terms: Terms, after: datetime) -> Expansion:
    """One moment for every run of a followed scenario that ended from `after` to now with a wanted outcome. The run
    may come at once or up to the trigger's delay later: it looks only that often."""
    found: list[Expected] = []
    unknown: Optional[Unknown] = None
    for trigger in triggers:
        ends = _ends(trigger, terms)
        if isinstance(ends, Unknown):
            unknown = unknown or ends
            continue
        delay = timedelta(seconds=max(0.0, trigger.delay_seconds or 0.0))
        found.extend(Expected(end, (label(trigger),), until=end + delay) for end in ends if after <= end <= terms.now)
    return Expansion(tuple(sorted(found, key=lambda item: item.at)), unknown)


def _ends(trigger: Trigger, terms: Terms) -> Known[tuple[datetime, ...]]:
    params = trigger.params
    if params.get("projectKey") not in (None, "", terms.project_key):
        return Unknown("it follows a scenario of another project, whose runs are not read", Cause.NOT_BUILT)
    followed = next((other for other in terms.scenarios if other.id == params.get("scenarioId")), None)
    if followed is None:
        return Unknown("it follows a scenario that is not in the project", Cause.NOT_RECORDED)
    if isinstance(followed.runs, Unknown):
        return Unknown(
            f"it follows {followed.name or followed.id}, of which {followed.runs.reason}", followed.runs.cause
        )
    return tuple(_ends_with(followed.runs, outcomes(params)))


def _ends_with(runs: Iterable[Run], wanted: tuple[str, ...]) -> Iterator[datetime]:
    for run in runs:
        if run.end is not None and not run.running and (not wanted or run.outcome in wanted):
            yield run.end


def runs_under(runs: Iterable[Run], parent: Run, now: datetime) -> Iterator[Run]:
    """The runs that started while another run was going."""
    for run in runs:
        if run.start and parent.start and parent.start <= run.start <= (parent.end or now):
            yield run
