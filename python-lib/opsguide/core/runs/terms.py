"""What the verdicts of one project's scenarios share."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Optional
from zoneinfo import ZoneInfo

from ...model.known import Unknown, known
from ...model.profile import Calendar, OpsProfile, ScenarioProfile
from ...model.report import Expansion, ServerZone
from ...model.snapshot import Run, Scenario, Snapshot, Step
from .. import words
from ..calendars import is_business_day
from ..schedule import expected, gap_after, zone_of
from ..windows import covers

# The strip of 90 days with some room before it, and the month in which maintenance is looked ahead to.
LISTED_BACK, LISTED_AHEAD = timedelta(days=101), timedelta(days=33)
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True)
class Terms:
    """Now, the zones, the promises. `zone` is the project's own: its days are the calendar's days, and sentences tell
    times on its clock. `triggers_disabled`: the project's automatic triggers are switched off. `first_record` is the
    oldest run or job of the whole project that is on record, None where nothing is: what never ran by then may not have
    been there."""

    now: datetime
    server: ServerZone
    zone: ZoneInfo = _UTC
    project_key: str = ""
    scenarios: tuple[Scenario, ...] = ()
    profile: OpsProfile = field(default_factory=OpsProfile)
    triggers_disabled: Optional[bool] = None
    first_record: Optional[datetime] = None
    _listed: dict[str, tuple[Scenario, Expansion]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, snapshot: Snapshot, profile: OpsProfile, server: ServerZone) -> Terms:
        """The terms of a project as read and promised. Its zone is the declared one, else the server's, else UTC."""
        name = profile.timezone or ("UTC" if isinstance(server.name, Unknown) else server.name)
        zone = zone_of(name)
        return cls(
            snapshot.taken_at,
            server,
            _UTC if isinstance(zone, Unknown) else zone,
            snapshot.project_key,
            known(snapshot.scenarios, ()),
            profile,
            _triggers_disabled(snapshot),
            _first_record(snapshot),
        )

    def timetable(self, scenario: Scenario, after: datetime, before: datetime) -> Expansion:
        """The moments of the scenario's clock from `after` to `before`. Those of the months around now, which nearly all
        questions are about, are worked out once."""
        if after < self.now - LISTED_BACK or before > self.now + LISTED_AHEAD:
            return expected(scenario, after, before, self.server)
        whole = self._months(scenario)
        if whole.unknown is not None:
            # What is too much to list for months may be little enough for a night.
            return expected(scenario, after, before, self.server)
        return replace(
            whole, expected=whole.expected[slice(*(bisect_left(whole.instants, at) for at in (after, before)))]
        )

    def gap_after(self, scenario: Scenario, at: datetime) -> Optional[float]:
        """Seconds from a moment of the scenario's clock to its next one, None where it has no more."""
        whole = self._months(scenario)
        following = bisect_right(whole.instants, at)
        if whole.unknown is None and at >= self.now - LISTED_BACK and following < len(whole.instants):
            return (whole.instants[following] - at).total_seconds()
        return gap_after(scenario, at, self.server)

    def _months(self, scenario: Scenario) -> Expansion:
        known_as, whole = self._listed.get(scenario.id, (None, Expansion()))
        if known_as is not scenario:
            whole = expected(scenario, self.now - LISTED_BACK, self.now + LISTED_AHEAD, self.server)
            self._listed[scenario.id] = (scenario, whole)
        return whole

    def promise(self, scenario: Scenario) -> ScenarioProfile:
        return self.profile.scenarios.get(scenario.id) or ScenarioProfile()

    def calendar(self, scenario: Scenario) -> Optional[Calendar]:
        """The calendar that says on which days the scenario is expected to run, None for every day."""
        return self.profile.calendars.get(self.promise(scenario).calendar or "")

    def starters(self, scenario: Scenario) -> Iterator[Scenario]:
        """The scenarios of the project with a step that runs this one."""
        for other in self.scenarios:
            steps = () if isinstance(other.settings, Unknown) else other.settings.steps
            if other.id != scenario.id and any(self._runs(step, scenario) for step in steps):
                yield other

    def _runs(self, step: Step, scenario: Scenario) -> bool:
        here = step.params.get("projectKey") in (None, "", self.project_key)
        return step.enabled and step.type == "run_scenario" and here and step.params.get("scenarioId") == scenario.id

    def why_not_expected(self, scenario: Scenario, at: datetime) -> str:
        """Why no run is expected at a moment; '' where one is."""
        if not scenario.active:
            return "the scenario is not active"
        if self.triggers_disabled:
            return "automatic triggers are disabled for the project"
        if not is_business_day(self.calendar(scenario), at.astimezone(self.zone).date()):
            return f"{words.day(at, self.zone, self.now)} is no business day of its calendar"
        for window in self.profile.maintenance:
            if not window.runs_expected and covers(window, at, self.zone.key):
                return f"maintenance of {words.one_line(window.system, 80)}"
        return ""

    def tell(self, at: datetime) -> str:
        """An instant as a sentence tells it."""
        return words.moment(at, self.zone, self.now)


def _first_record(snapshot: Snapshot) -> Optional[datetime]:
    runs = (run.start for scenario in known(snapshot.scenarios, ()) for run in known(scenario.runs, ()))
    jobs = (job.start or job.initiated_at for job in known(snapshot.jobs, ()))
    return min((at for at in (*runs, *jobs) if at), default=None)


def _triggers_disabled(snapshot: Snapshot) -> Optional[bool]:
    for part in (snapshot.project, snapshot.settings):
        if not isinstance(part, Unknown) and part.triggers_disabled is not None:
            return part.triggers_disabled
    return None


def started_by_a_person(run: Run) -> bool:
    """Whether a person, or the API in a person's name, started a run: it never proves that a trigger works."""
    return run.trigger_type == "manual"


def fired(run: Run) -> Optional[datetime]:
    """When the trigger of a run fired, else when the run started."""
    return run.fired_at or run.start
