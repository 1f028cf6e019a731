"""When will it be ready: what runs now, what is still to start, and how long both took before.

For a person: *while the run goes, of the past runs that lasted longer than this one so far, at least half came too
late: it is at risk. Before it starts, it is at risk when nine in ten past runs, started when this one is expected,
would not do. What follows another run is added to it.*

Worked example: due 07:00, the run has been going since 02:00, it is 06:00. Of the past runs, five took longer than four
hours: 4 h 10, 4 h 20, 5 h 10, 5 h 30 and 6 h. Three of these five ended after 07:00: at risk, expected about 07:10.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from statistics import median
from typing import Optional

from ..model.known import Cause, Known, Unknown
from ..model.report import Prediction
from ..model.snapshot import Build, Run, Scenario, Trigger
from . import words
from .duration import SUCCESSES, percentile, seconds_of
from .runs import Terms
from .schedule import outcomes

KEPT = 60  # past successes that a forecast rests on
CASES_LEAST = 3
STRETCH = 1.25  # a run that outlasts all others is expected to take this times as long as it has
_EARLY = timedelta(seconds=60)
_SLACK = timedelta(minutes=2)


# --- a course: runs in a row -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Leg:
    """One run on the way: how many seconds past ones took, and the pause before it begins."""

    name: str
    seconds: tuple[float, ...]
    pause: float = 0.0


@dataclass(frozen=True)
class Course:
    """Runs in a row that lead to an output. The first began at `start` if it is `going`, else it should begin then."""

    start: datetime
    going: bool
    legs: tuple[Leg, ...]


@dataclass(frozen=True)
class Outlook:
    """What is to be expected. `cases` are the ends that past runs would give, `said` calls these runs by name.

    `kind` is "going" (a run goes; the cases lasted longer than it has so far), "stretched" (it has outlasted nearly all;
    one case, a stretch of its own length), "waiting" (it should start; `late` where it should have) or "nothing"."""

    kind: str
    prediction: Optional[Prediction] = None
    cases: tuple[datetime, ...] = ()
    said: str = ""
    late: bool = False

    def risk(self, due: datetime, tight: bool) -> str:
        """Why the promise is at risk, '' where it is not. One that is `tight` anyway alarms before the start only where
        even a usual run would be too late."""
        if self.kind == "nothing":
            return "nothing that is seen to build it starts before it is due"
        over = sum(end > due for end in self.cases)
        if self.kind == "stretched":
            return f"{self.said} would end too late" if over else ""
        if self.kind == "going":
            return f"{over} of {self.said} ended too late" if 2 * over >= len(self.cases) else ""
        told = self.prediction
        if told is None or (told.p50 if tight and not self.late else told.p90) <= due:
            return ""
        return f"{'it has not started yet, and ' if self.late else ''}{over} of {self.said} would end too late"


NOTHING = Outlook("nothing")


def foresee(courses: Iterable[Course], now: datetime) -> Known[Outlook]:
    """What is to be expected of the course that is ready first; Unknown where too few past runs tell."""
    found = [outlook for course in courses if (outlook := _follow(course, now)) is not None]
    if not found:
        return Unknown(f"learning: fewer than {CASES_LEAST} past runs tell how long it takes", Cause.NOT_RECORDED)
    return min(found, key=lambda outlook: min(outlook.cases))


def _follow(course: Course, now: datetime) -> Optional[Outlook]:
    first, *rest = course.legs
    if any(len(leg.seconds) < CASES_LEAST for leg in rest):
        return None
    usual = timedelta(seconds=sum(leg.pause + median(leg.seconds) for leg in rest))
    slow = timedelta(seconds=sum(leg.pause + percentile(leg.seconds, 0.9) for leg in rest))
    after = f", with {words.listed([leg.name for leg in rest])} after it" if rest else ""
    if course.going:
        return _going(course.start, first, usual, slow, after, now)
    if len(first.seconds) < CASES_LEAST:
        return None
    said = f"{words.count(len(first.seconds), 'past run')} of {first.name}{after}"
    begins = max(course.start, now)
    late = course.start < now
    prediction = _predicted(begins, first.seconds, usual, slow, said)
    return Outlook("waiting", prediction, _ends(begins, first.seconds, slow), said, late)


def _going(start: datetime, leg: Leg, usual: timedelta, slow: timedelta, after: str, now: datetime) -> Outlook:
    elapsed = max(0.0, (now - start).total_seconds())
    longer = [length for length in leg.seconds if length > elapsed]
    if len(longer) >= CASES_LEAST:
        said = f"{words.count(len(longer), 'past run')} of {leg.name} that lasted longer than this one so far{after}"
        return Outlook("going", _predicted(start, longer, usual, slow, said), _ends(start, longer, usual), said)
    length = max(STRETCH * elapsed, median(leg.seconds) if leg.seconds else 0.0)
    said = f"the run of {leg.name}, at {STRETCH:g} times what it has taken so far{after},"
    enough = len(leg.seconds) >= CASES_LEAST
    prediction = _predicted(start, [length], usual, slow, said) if enough else None
    return Outlook("stretched", prediction, _ends(start, [length], usual), said)


def _predicted(start: datetime, lengths: Sequence[float], usual: timedelta, slow: timedelta, said: str) -> Prediction:
    p50, p90 = (timedelta(seconds=percentile(lengths, share)) for share in (0.5, 0.9))
    return Prediction(start + p50 + usual, start + p90 + slow, len(lengths), said)


def _ends(start: datetime, lengths: Iterable[float], rest: timedelta) -> tuple[datetime, ...]:
    return tuple(start + timedelta(seconds=length) + rest for length in lengths)


def by_days(ends: Sequence[float], due: datetime, now: datetime) -> Optional[Outlook]:
    """What past days tell where no run can be foreseen: `ends` are seconds from due to the end of each day's build. None
    where fewer than three of them were not ready either at this time."""
    before = (now - due).total_seconds()
    later = [end for end in ends if end > before]
    if len(later) < CASES_LEAST:
        return None
    said = f"{words.count(len(later), 'past day')} not ready at this time either"
    nothing = timedelta()
    return Outlook("going", _predicted(due, later, nothing, nothing, said), _ends(due, later, nothing), said)


# --- which runs lead to an output ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Roads:
    """What leads to one output: the scenarios that build it, its builds, and the expected starts of each scenario
    (sorted; of those whose time-based starts are all known). A cycle's runs start from `since` on, before `until`."""

    terms: Terms
    builders: Sequence[Scenario]
    builds: Known[Sequence[Build]]
    starts: Mapping[str, Sequence[datetime]]
    since: datetime
    until: Optional[datetime]

    def outlook(self) -> Known[Outlook]:
        """What is to be expected of the cycle, Unknown where its starts cannot be foreseen."""
        courses = [
            self._upto_output(course, scenario)
            for scenario in self.builders
            for course in self._courses(scenario, frozenset())
        ]
        if courses:
            return foresee(courses, self.terms.now)
        called = [scenario for scenario in self.builders if self._has_triggers(scenario)]
        if not called:
            return Unknown("no scenario that is seen to build it starts by itself", Cause.NOT_RECORDED)
        doubts = (self._doubt(scenario) for scenario in called)
        return next((doubt for doubt in doubts if doubt is not None), NOTHING)

    def _has_triggers(self, scenario: Scenario) -> bool:
        return isinstance(scenario.settings, Unknown) or any(trigger.active for trigger in scenario.settings.triggers)

    def _upto_output(self, course: Course, scenario: Scenario) -> Course:
        """The course with its last leg only up to the output: the run may have more to do after it."""
        if isinstance(scenario.runs, Unknown) or isinstance(self.builds, Unknown):
            return course
        *before, last = course.legs
        seconds = until_built(scenario.runs, self.builds) or last.seconds
        return replace(course, legs=(*before, replace(last, seconds=seconds)))

    def _doubt(self, scenario: Scenario) -> Optional[Unknown]:
        """Why the scenario may still start although nothing foreseeable calls for it."""
        name = scenario.name or scenario.id
        if isinstance(scenario.settings, Unknown):
            return Unknown(f"when {name} runs is not known: {scenario.settings.reason}", scenario.settings.cause)
        if isinstance(scenario.runs, Unknown):
            return Unknown(f"whether {name} runs is not known: {scenario.runs.reason}", scenario.runs.cause)
        types = {trigger.type for trigger in scenario.settings.triggers if trigger.active}
        if not types <= {"temporal", "follow_scenariorun"} or ("temporal" in types and scenario.id not in self.starts):
            return Unknown(f"not every moment at which {name} starts is known", Cause.NOT_RECORDED)
        return None

    def _courses(self, scenario: Scenario, seen: frozenset[str]) -> list[Course]:
        """The ways in which the scenario may run in this cycle: it goes already, its clock calls, another one ends."""
        if isinstance(scenario.runs, Unknown) or isinstance(scenario.settings, Unknown) or scenario.id in seen:
            return []
        leg = Leg(words.one_line(scenario.name or scenario.id, 80), whole_runs(scenario.runs))
        newest = max((run.start for run in scenario.runs if run.start), default=None)
        going = [run.start for run in scenario.runs if run.running and run.start and self._is_ours(run.start)]
        if going:
            return [Course(max(going), True, (leg,))]
        open_starts = (at for at in self._open_starts(scenario) if newest is None or newest < at - _EARLY)
        courses = [Course(at, False, (leg,)) for at in islice(open_starts, 1)]
        for trigger in scenario.settings.triggers:
            if trigger.active and trigger.type == "follow_scenariorun":
                courses += self._after(trigger, scenario, leg, newest, seen | {scenario.id})
        return courses

    def _is_ours(self, start: datetime) -> bool:
        return start >= self.since - _EARLY and (self.until is None or start < self.until)

    def _open_starts(self, scenario: Scenario) -> Iterable[datetime]:
        for at in self.starts.get(scenario.id, ()):
            if self._is_ours(at) and not self.terms.why_not_expected(scenario, at):
                yield at

    def _after(
        self, trigger: Trigger, scenario: Scenario, leg: Leg, newest: Optional[datetime], seen: frozenset[str]
    ) -> list[Course]:
        params, terms = trigger.params, self.terms
        if params.get("projectKey") not in (None, "", terms.project_key) or terms.why_not_expected(scenario, terms.now):
            return []
        followed = next((other for other in terms.scenarios if other.id == params.get("scenarioId")), None)
        if followed is None or isinstance(followed.runs, Unknown):
            return []
        wanted = outcomes(params)
        pause = max(0.0, trigger.delay_seconds or 0.0)
        for run in followed.runs:
            done = run.end is not None and run.start is not None and self._is_ours(run.start)
            if done and run.end and (newest is None or run.end > newest) and (not wanted or run.outcome in wanted):
                return [Course(run.end + timedelta(seconds=pause), False, (leg,))]
        return [
            Course(course.start, course.going, (*course.legs, Leg(leg.name, leg.seconds, pause)))
            for course in self._courses(followed, seen)
        ]


def whole_runs(runs: Iterable[Run]) -> tuple[float, ...]:
    """Seconds of the last successful runs."""
    lengths = (seconds_of(run) for run in runs if run.outcome in SUCCESSES)
    return tuple(length for length in lengths if length is not None)[:KEPT]


def until_built(runs: Iterable[Run], builds: Sequence[Build]) -> tuple[float, ...]:
    """Seconds from the start of each of the last successful runs to the end of the output's build inside it; () where
    fewer than three have one on record."""
    ends = sorted(build.end for build in builds if build.success and build.end)
    found = []
    for run in runs:
        if run.outcome not in SUCCESSES or run.start is None or run.end is None:
            continue
        newest = bisect_right(ends, run.end + _SLACK) - 1
        if newest >= 0 and ends[newest] >= run.start:
            found.append((ends[newest] - run.start).total_seconds())
        if len(found) == KEPT:
            break
    return tuple(found) if len(found) >= CASES_LEAST else ()
