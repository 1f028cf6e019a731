"""A verdict for every expected moment of a scenario."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Optional

from ...model.known import Unknown
from ...model.report import Expansion, Expected, RunVerdict
from ...model.snapshot import Run, Scenario, Trigger
from .. import words
from ..duration import SUCCESSES, percentile
from ..schedule import clock_triggers, next_expected
from .followed import after_others, followed_by, not_called, runs_under
from .outcome import lateness, of_run
from .rhythm import of_cadence, of_events
from .terms import Terms, fired, started_by_a_person

# A trigger may be recorded as fired a little before its moment.
EARLY = timedelta(seconds=60)
LATE_LEAST, LATE_MOST = 180.0, 900.0
DELAYS_LEAST, DELAYS_KEPT = 10, 60
# Reported by users, not documented: after a stop DSS starts a missed run only this far into the gap.
CATCH_UP_SHARE = 0.10
# So many moments served just before one show that the schedule was the same before the scenario was last saved.
SERVED_BEFORE = 3
# The oldest run on record may serve a moment so far before it.
LATEST_START = timedelta(days=1)
# Looked at instead of the whole period where that has too many moments to list.
SHORT_PERIOD = timedelta(days=2)


def run_verdicts(scenario: Scenario, terms: Terms, since: datetime) -> tuple[RunVerdict, ...]:
    """A verdict for every expected moment from `since` to now, oldest first.

    A scenario without such moments (started by data, queries, code, or at no fixed time) has one verdict on its rhythm,
    without an instant; one that nothing starts by itself has none."""
    return _verdicts(scenario, terms, since, frozenset())


def standing(scenario: Scenario, terms: Terms, verdicts: Sequence[RunVerdict]) -> RunVerdict:
    """The verdict that stands for a scenario now: the newest of its `verdicts` (oldest first) that is no longer
    pending; where nothing was due since it exists, what its last run says."""
    born = scenario.created_at
    own = [one for one in verdicts if one.instant is None or born is None or one.instant >= born]
    settled = [one for one in own if one.verdict != "PENDING"]
    if settled:
        return settled[-1]
    return own[-1] if own else _nothing_expected(scenario, terms)


def _nothing_expected(scenario: Scenario, terms: Terms) -> RunVerdict:
    if isinstance(scenario.runs, Unknown):
        return RunVerdict(None, "UNKNOWN", scenario.runs.reason)
    last = scenario.runs[0] if scenario.runs else None
    if last is not None and last.outcome not in SUCCESSES:
        return of_run(scenario, terms, last)
    return RunVerdict(None, "SKIPPED_EXPECTED", "no run was due", run_id=last.run_id if last else "")


def _verdicts(scenario: Scenario, terms: Terms, since: datetime, seen: frozenset[str]) -> tuple[RunVerdict, ...]:
    settings, runs = scenario.settings, scenario.runs
    if isinstance(runs, Unknown):
        return (RunVerdict(None, "UNKNOWN", runs.reason),)
    if isinstance(settings, Unknown):
        return (_by_last_run(scenario, terms, runs, settings),)
    triggers = tuple(trigger for trigger in settings.triggers if trigger.active)
    if not triggers:
        return tuple(_inherited(scenario, runs, terms, since, seen | {scenario.id}))
    followed = tuple(trigger for trigger in triggers if trigger.type == "follow_scenariorun")
    if not followed and not clock_triggers(triggers):
        return (of_events(scenario, terms, runs),)
    moments = _moments(scenario, followed, terms, since, runs)
    if not moments.expected and moments.cadence_seconds:
        return (of_cadence(scenario, terms, runs, moments.cadence_seconds),)
    if not moments.expected and moments.unknown:
        return (_by_last_run(scenario, terms, runs, moments.unknown),)
    found = _Docket(scenario, terms, triggers, runs, moments).verdicts(since)
    return _with_not_called(found, followed, terms, since, seen | {scenario.id})


def _with_not_called(
    found: tuple[RunVerdict, ...], followed: Sequence[Trigger], terms: Terms, since: datetime, seen: frozenset[str]
) -> tuple[RunVerdict, ...]:
    """The verdicts together with the times at which a followed scenario failed to call: a success of yesterday must not
    stand for a morning on which nothing happened."""
    uncalled = [
        verdict
        for trigger in followed
        for verdict in (*not_called(trigger, terms), *_silent(trigger, terms, since, seen))
    ]
    if not uncalled:
        return found
    late = (verdict for verdict in uncalled if verdict.instant is not None and verdict.instant >= since)
    return tuple(sorted((*found, *late), key=lambda verdict: verdict.instant or terms.now))


def _silent(trigger: Trigger, terms: Terms, since: datetime, seen: frozenset[str]) -> Iterator[RunVerdict]:
    """The moments at which the followed scenario itself did not run, or may not have."""
    followed = followed_by(trigger, terms)
    if isinstance(followed, Unknown) or followed.id in seen:
        return
    name = words.one_line(followed.name or followed.id, 80)
    for above in _verdicts(followed, terms, since, seen):
        if above.instant is None or above.run_id:
            continue
        if above.verdict in ("NOT_RUN", "SKIPPED_EXPECTED"):
            said = f"nothing called for it: {name}, which it follows, did not run ({above.reason})"
            yield RunVerdict(above.instant, "SKIPPED_EXPECTED", said)
        elif above.verdict == "UNKNOWN":
            yield RunVerdict(above.instant, "UNKNOWN", f"{name}, which it follows: {above.reason}")


def _by_last_run(scenario: Scenario, terms: Terms, runs: Sequence[Run], schedule: Unknown) -> RunVerdict:
    """Where the schedule is unknown nothing is good, but a run that failed or is going is what it is."""
    if runs and runs[0].outcome not in SUCCESSES:
        return replace(of_run(scenario, terms, runs[0]), caveats=(f"its schedule is unknown: {schedule.reason}",))
    return RunVerdict(None, "UNKNOWN", schedule.reason, runs[0].run_id if runs else "")


def _moments(
    scenario: Scenario, followed: Sequence[Trigger], terms: Terms, since: datetime, runs: Sequence[Run]
) -> Expansion:
    """The moments up to now, from before `since` as far as runs are on record: earlier ones show what is usual."""
    oldest = min((at for run in runs if (at := fired(run))), default=since) - LATEST_START
    until = terms.now + timedelta(seconds=1)
    clock = terms.timetable(scenario, min(since, oldest), until)
    if clock.unknown:
        clock = terms.timetable(scenario, max(since, oldest, terms.now - SHORT_PERIOD), until)
    others = after_others(followed, terms, min(since, oldest))
    return replace(
        clock,
        expected=tuple(sorted(clock.expected + others.expected, key=lambda item: item.at)),
        unknown=clock.unknown or others.unknown,
    )


class _Docket:
    """A scenario's moments and runs, matched."""

    def __init__(
        self, scenario: Scenario, terms: Terms, triggers: Sequence[Trigger], runs: Sequence[Run], moments: Expansion
    ) -> None:
        self.scenario = scenario
        self.terms = terms
        self.triggers = triggers
        self.runs = sorted((run for run in runs if fired(run)), key=lambda run: (fired(run) or terms.now, run.run_id))
        self.moments = moments.expected
        self.caveats = moments.caveats + ((f"not all: {moments.unknown.reason}",) if moments.unknown else ())
        self.served = self._match()
        self.by_clock = bool(clock_triggers(triggers))

    def verdicts(self, since: datetime) -> tuple[RunVerdict, ...]:
        contradiction = self._contradiction()
        found = []
        for place, moment in enumerate(self.moments):
            if moment.at >= since:
                run = self.served.get(place)
                patience = self._patience(place)
                if run is not None:
                    verdict = of_run(self.scenario, self.terms, run, moment, patience)
                else:
                    verdict = self._without_run(place, patience, contradiction)
                found.append(replace(verdict, caveats=verdict.caveats + self.caveats))
        return tuple(found)

    def _match(self) -> Mapping[int, Run]:
        """The run that serves each moment: the first of those that belong to it and that no person started."""
        starts = [moment.at for moment in self.moments]
        served: dict[int, Run] = {}
        for run in self.runs:
            at = fired(run)
            place = bisect_right(starts, at + EARLY) - 1 if at else -1
            if place >= 0 and self._may_serve(run):
                served.setdefault(place, run)
        return served

    def _may_serve(self, run: Run) -> bool:
        if started_by_a_person(run):
            return False
        # DSS records a run under the last of the triggers that fired while it waited.
        return len(self.triggers) > 1 or run.trigger_type in (self.triggers[0].type, "")

    def _patience(self, place: int) -> float:
        declared = self.terms.promise(self.scenario).late_after_minutes
        if declared is not None:
            return declared * 60
        earlier = [
            delay
            for index in range(max(0, place - DELAYS_KEPT), place)
            if index in self.served and (delay := lateness(self.served[index], self.moments[index])) is not None
        ]
        learned = percentile(earlier, 0.99) if len(earlier) >= DELAYS_LEAST else 0.0
        gap = self._gap(place)
        return min(LATE_MOST, max(LATE_LEAST, learned), *([gap / 2] if gap else []))

    def _gap(self, place: int) -> Optional[float]:
        """Seconds to the next moment."""
        if place + 1 < len(self.moments):
            return (self.moments[place + 1].at - self.moments[place].at).total_seconds()
        return self._last_gap

    @cached_property
    def _last_gap(self) -> Optional[float]:
        return self.terms.gap_after(self.scenario, self.moments[-1].at) if self.by_clock else None

    def _next_at(self, place: int) -> Optional[datetime]:
        gap = self._gap(place)
        return self.moments[place].at + timedelta(seconds=gap) if gap else None

    def _contradiction(self) -> str:
        """What DSS's own next run says against the triggers as read: then a missing run proves nothing."""
        now = self.terms.now
        if not self.by_clock or self.scenario.next_run is None or self.scenario.next_run < now:
            return ""
        return next_expected(self.scenario, now, self.terms.server, {}).disagreement

    # ... a moment without a run

    def _without_run(self, place: int, patience: float, contradiction: str) -> RunVerdict:
        moment, terms = self.moments[place], self.terms
        why_not = terms.why_not_expected(self.scenario, moment.at)
        if why_not:
            return RunVerdict(moment.at, "SKIPPED_EXPECTED", why_not)
        if terms.now < (moment.until or moment.at) + timedelta(seconds=patience):
            return RunVerdict(moment.at, "PENDING", f"due at {terms.tell(moment.at)}", late_after_seconds=patience)
        missing = self._not_on_record(moment)
        if missing:
            return RunVerdict(moment.at, "UNKNOWN", missing, late_after_seconds=patience)
        instead = self._instead(place)
        if instead is not None:
            verdict, reason, run = instead
            return RunVerdict(moment.at, verdict, reason, run.run_id, patience)
        unknowable = self._unknowable(place) or contradiction
        if unknowable:
            return RunVerdict(moment.at, "UNKNOWN", unknowable, late_after_seconds=patience)
        return RunVerdict(
            moment.at,
            "NOT_RUN",
            f"due at {terms.tell(moment.at)}, no run",
            late_after_seconds=patience,
            advice=self._advice(place),
            caveats=self._saved_since(moment),
        )

    def _instead(self, place: int) -> Optional[tuple[str, str, Run]]:
        """A run that made the missing one needless or impossible, or made up for it."""
        at, terms = self.moments[place].at, self.terms
        for run in self.runs:
            if _spans(run, at):
                if started_by_a_person(run) and run.outcome in SUCCESSES:
                    return "REPLACED_BY_MANUAL", f"a person's run since {terms.tell(_start(run))} was going", run
                if not started_by_a_person(run) or run.running:
                    what = "the period is shorter than the run"
                    return "SUPPRESSED", f"the run since {terms.tell(_start(run))} was still going: {what}", run
        before = self.moments[place - 1].at if place else at - timedelta(seconds=self._gap(place) or 0.0)
        for run in self.runs:
            if started_by_a_person(run) and run.outcome in SUCCESSES and before < _start(run) <= at:
                return "REPLACED_BY_MANUAL", f"a person ran it at {terms.tell(_start(run))}", run
        following = self._next_at(place)
        for run in self.runs:
            ended_before = run.end is not None and (following is None or run.end < following)
            if run.outcome in SUCCESSES and _start(run) >= at and ended_before:
                return "RECOVERED", f"not run at {terms.tell(at)}; {self._recovery(run)}", run
        return None

    def _recovery(self, run: Run) -> str:
        who = "a person's run" if started_by_a_person(run) else "a later run"
        return f"{who} ended well at {self.terms.tell(run.end)}" if run.end else who

    def _not_on_record(self, moment: Expected) -> str:
        if self.scenario.created_at is not None and moment.at < self.scenario.created_at:
            return "the scenario did not exist yet"
        if self.runs and moment.at < _start(self.runs[0]):
            return "older than the oldest run on record"
        first = self.terms.first_record
        if not self.runs and (first is None or moment.at < first):
            return "nothing of the project is on record from before then: it may be new here, or its history cleared"
        return ""

    def _unknowable(self, place: int) -> str:
        moment = self.moments[place]
        if moment.saved_at is not None and moment.at < moment.saved_at:
            return f"its trigger was changed at {self.terms.tell(moment.saved_at)}, after this moment"
        if moment.doubt:
            return moment.doubt
        if self._saved_since(moment) and not self._served_before(place):
            return "the scenario was saved after this moment: its schedule may be a new one"
        return ""

    def _saved_since(self, moment: Expected) -> tuple[str, ...]:
        saved = self.scenario.modified_at
        if moment.saved_at is not None or saved is None or moment.at >= saved:
            return ()
        return (f"the scenario was saved since, at {self.terms.tell(saved)}: perhaps with another schedule",)

    def _served_before(self, place: int) -> bool:
        return place >= SERVED_BEFORE and all(place - back in self.served for back in range(1, SERVED_BEFORE + 1))

    def _advice(self, place: int) -> str:
        going = next((run for run in self.runs if run.running and _start(run) >= self.moments[place].at), None)
        if going is not None:
            return f"a run is going since {self.terms.tell(_start(going))}"
        gap = self._gap(place) if self.by_clock else None
        until = self.moments[place].at + timedelta(seconds=(gap or 0.0) * CATCH_UP_SHARE)
        if self.terms.now < until:
            return f"DSS may still start it by itself until {self.terms.tell(until)}"
        return "it will not start by itself: run it"


def _start(run: Run) -> datetime:
    start = run.start or run.fired_at
    assert start is not None, "runs without a time are left out"
    return start


def _spans(run: Run, at: datetime) -> bool:
    return _start(run) < at and (run.running if run.end is None else run.end > at)


def _inherited(
    scenario: Scenario, runs: Sequence[Run], terms: Terms, since: datetime, seen: frozenset[str]
) -> Iterator[RunVerdict]:
    """A scenario that another one's step starts is due whenever that one is."""
    found: list[RunVerdict] = []
    for starter in terms.starters(scenario):
        if starter.id not in seen:
            found.extend(
                _under(scenario, runs, starter, above, terms)
                for above in _verdicts(starter, terms, since, seen)
                if above.instant is not None
            )
    yield from sorted(found, key=lambda verdict: verdict.instant or terms.now)


def _under(scenario: Scenario, runs: Sequence[Run], starter: Scenario, above: RunVerdict, terms: Terms) -> RunVerdict:
    name = words.one_line(starter.name or starter.id, 80)
    parents = () if isinstance(starter.runs, Unknown) else starter.runs
    parent = next((run for run in parents if run.run_id and run.run_id == above.run_id), None)
    if parent is None:
        return replace(above, run_id="", reason=f"{name}, which starts it: {above.reason}")
    own = next((run for run in runs_under(runs, parent, terms.now) if not started_by_a_person(run)), None)
    if own is not None:
        verdict = replace(of_run(scenario, terms, own), instant=above.instant)
        made_up = above.verdict in ("RECOVERED", "REPLACED_BY_MANUAL") and verdict.verdict == "ON_TIME"
        return replace(verdict, verdict=above.verdict) if made_up else verdict
    if parent.running:
        return RunVerdict(above.instant, "PENDING", f"{name}, which starts it, is running")
    return RunVerdict(
        above.instant,
        "NOT_RUN",
        f"{name} ran without starting it",
        advice="it will not start by itself: run it",
        caveats=("the step that starts it may be conditional",),
    )
