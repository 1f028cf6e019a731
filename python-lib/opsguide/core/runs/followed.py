"""The moments at which other scenarios call for a run: they ended, and a trigger follows them; or they do not, because
they ended otherwise than it waits for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Optional

from ...model.known import Cause, Known, Unknown
from ...model.report import Expansion, Expected, RunVerdict
from ...model.snapshot import Run, Scenario, Trigger
from .. import words
from ..schedule import label, outcomes
from .outcome import HOW_IT_ENDED
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


def not_called(trigger: Trigger, terms: Terms) -> Iterator[RunVerdict]:
    """A verdict for every run of the followed scenario that ended otherwise than the trigger waits for: nothing was due
    then, whatever became of the run before."""
    followed, wanted = followed_by(trigger, terms), outcomes(trigger.params)
    if isinstance(followed, Unknown) or isinstance(followed.runs, Unknown) or not wanted:
        return
    for run in followed.runs:
        if run.end is not None and not run.running and run.outcome not in wanted and run.end <= terms.now:
            how = HOW_IT_ENDED.get(run.outcome or "", f"ended as {words.one_line(str(run.outcome), 40)}")
            name = words.one_line(followed.name or followed.id, 80)
            said = f"nothing called for it: {name}, which it follows, {how} at {terms.tell(run.end)}"
            yield RunVerdict(run.end, "SKIPPED_EXPECTED", said)


def followed_by(trigger: Trigger, terms: Terms) -> Known[Scenario]:
    """The scenario that a trigger follows."""
    if trigger.params.get("projectKey") not in (None, "", terms.project_key):
        return Unknown("it follows a scenario of another project, whose runs are not read", Cause.NOT_BUILT)
    followed = next((other for other in terms.scenarios if other.id == trigger.params.get("scenarioId")), None)
    return followed or Unknown("it follows a scenario that is not in the project", Cause.NOT_RECORDED)


def _ends(trigger: Trigger, terms: Terms) -> Known[tuple[datetime, ...]]:
    followed = followed_by(trigger, terms)
    if isinstance(followed, Unknown):
        return followed
    if isinstance(followed.runs, Unknown):
        return Unknown(
            f"it follows {followed.name or followed.id}, of which {followed.runs.reason}", followed.runs.cause
        )
    return tuple(_ends_with(followed.runs, outcomes(trigger.params)))


def _ends_with(runs: Iterable[Run], wanted: tuple[str, ...]) -> Iterator[datetime]:
    for run in runs:
        if run.end is not None and not run.running and (not wanted or run.outcome in wanted):
            yield run.end


def runs_under(runs: Iterable[Run], parent: Run, now: datetime) -> Iterator[Run]:
    """The runs that started while another run was going."""
    for run in runs:
        if run.start and parent.start and parent.start <= run.start <= (parent.end or now):
            yield run
