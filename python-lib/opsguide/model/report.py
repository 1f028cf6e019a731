"""What follows from a snapshot and a profile: when runs are due, what became of them, how long they take.

Instants are timezone-aware UTC, durations seconds. A verdict never comes without its reason, and what could not be
told is a verdict of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Optional, Union

from .event import Event
from .known import Cause, Known, Unknown
from .ledger import Mute
from .snapshot import Build, ObjectRef, Run
from .watch import Watch

# Worst first, for summing up. UNKNOWN and LEARNING never count as good and never hide something worse.
RUN_ORDER = (
    "FAILED",
    "NOT_RUN",
    "RUNNING_LATE",
    "LATE_FINISH",
    "LATE_START",
    "QUIET_TOO_LONG",
    "UNKNOWN",
    "RECOVERED",
    "SUPPRESSED",
    "REPLACED_BY_MANUAL",
    "RUNNING",
    "PENDING",
    "SKIPPED_EXPECTED",
    "QUIET",
    "ON_TIME",
)
SLA_ORDER = ("MISSED", "AT_RISK", "UNKNOWN", "RECOVERED_LATE", "TIGHT", "PENDING", "MET", "NOT_DECLARED")
FRESHNESS_ORDER = ("STALE_ERROR", "STALE_WARN", "NEEDS_REBUILD", "REBUILT_NO_NEW_DATA", "UNKNOWN", "FRESH")
VOLUME_ORDER = ("ERROR", "WARNING", "NEW_LEVEL", "UNKNOWN", "LEARNING", "OK")
DURATION_ORDER = ("MUCH_SLOWER", "SLOWER", "DRIFTING", "UNKNOWN", "LEARNING", "NORMAL")


def worst(verdicts: tuple[str, ...], order: tuple[str, ...]) -> Optional[str]:
    """The verdict that stands for all of `verdicts`, None when there are none. One that `order` does not know counts
    as UNKNOWN."""
    ranks = [order.index(verdict if verdict in order else "UNKNOWN") for verdict in verdicts]
    return order[min(ranks)] if ranks else None


# --- schedules -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ServerZone:
    """The time zone that DSS means by "SERVER". `why` says how it is known, or what would tell it."""

    name: Known[str]
    why: str


@dataclass(frozen=True)
class Expected:
    """One moment at which a scenario should start. `until` is set where any time up to then is as right (the clocks
    skip the hour). `doubt` says why DSS may not start it at all: without a run, nothing is proven then. `saved_at` is
    when the trigger was last saved, where DSS tells: before that its schedule may have been another."""

    at: datetime
    triggers: tuple[str, ...] = ()
    until: Optional[datetime] = None
    doubt: str = ""
    saved_at: Optional[datetime] = None


@dataclass(frozen=True)
class Expansion:
    """The moments at which a scenario or trigger should start, sorted, no two the same.

    Where `unknown` is set they are not all of them. `cadence_seconds` is set for a trigger that repeats without any
    fixed moment: nothing but its largest pause can be judged. `caveats` are sentences for a reader."""

    expected: tuple[Expected, ...] = ()
    unknown: Optional[Unknown] = None
    cadence_seconds: Optional[float] = None
    caveats: tuple[str, ...] = ()

    @cached_property
    def instants(self) -> tuple[datetime, ...]:
        return tuple(item.at for item in self.expected)


@dataclass(frozen=True)
class NextRun:
    """When a scenario starts next. `source` is "dss" (its own computation), "computed" (from the triggers, where DSS
    gives none), "event" (something must happen first), "manual" (no trigger), "off" or "unknown". `text` says the
    schedule in one line, `disagreement` how DSS's computation and the triggers differ ('' where they agree)."""

    at: Optional[datetime]
    source: str
    text: str
    disagreement: str = ""
    unknown: Optional[Unknown] = None


# --- runs ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RunVerdict:
    """What became of one expected instant. `verdict` is one of `RUN_ORDER`; `instant` is None for a scenario without
    instants (event-driven). `late_after_seconds` is the patience that was applied, `advice` what DSS may still do by
    itself, `caveats` what a reader should know before believing it."""

    instant: Optional[datetime]
    verdict: str
    reason: str
    run_id: str = ""
    late_after_seconds: Optional[float] = None
    advice: str = ""
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outage:
    """Three or more unrelated scenarios did not run while nothing at all ran: the instance was probably down."""

    start: datetime
    end: datetime
    scenarios: tuple[str, ...]


# --- durations -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Learning:
    """Too little history to say: `n` is what there is, `need` what it takes, `of` what is counted."""

    n: int
    need: int
    of: str

    def __str__(self) -> str:
        return f"learning: {self.n} of {self.need} {self.of}"


@dataclass(frozen=True)
class DurationStat:
    """How long a successful run takes, in seconds: percentiles of the last `n` of them."""

    p10: float
    p50: float
    p90: float
    p95: float
    n: int
    since: Optional[datetime] = None


@dataclass(frozen=True)
class DurationVerdict:
    """Whether a run took unusually long: `verdict` is one of `DURATION_ORDER`, `limit_seconds` where SLOWER begins."""

    verdict: str
    reason: str
    limit_seconds: Optional[float] = None


Typical = Union[DurationStat, Learning, Unknown]


# --- scenarios, sources and outputs, each with all that the guide says of it --------------------------------------


@dataclass(frozen=True)
class ErrorRate:
    """Failed of finished runs of the last 30 days. `low` and `high` are the 95 % Wilson interval of the share;
    `alert_over` the share above which it alarms, `usual` its own share over 90 days."""

    failed: int
    finished: int
    low: float
    high: float
    alert_over: float
    alarming: bool
    since: datetime
    usual: Optional[float] = None

    @property
    def share(self) -> float:
        return self.failed / self.finished


@dataclass(frozen=True)
class Told:
    """Who hears of a scenario's failure. `ways` reach someone, `broken` point at a channel that does not exist,
    `unsure` may send: their condition or the list of channels could not be read. Texts hide the persons behind
    addresses."""

    ways: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()

    @property
    def nobody(self) -> Optional[bool]:
        """Whether a failure reaches nobody; None where it cannot be told."""
        return False if self.ways else None if self.unsure else True


@dataclass(frozen=True)
class ScenarioReport:
    """One scenario. `state` is the verdict that stands for it now (one of `RUN_ORDER`, or OFF), `overnight` its runs
    since the night began, `builds` the objects it may rebuild, `unseen` why there may be more. `night` is what became
    of its moments since the night began, and of the last four hours at least, oldest first; `coming` are its starts of
    the next twelve hours, `length` whether its last run takes or took unusually long. `muted` is set where it must not
    alarm: its verdict stays what it is."""

    id: str
    name: str
    active: bool
    test: bool
    state: RunVerdict
    schedule: Known[tuple[str, ...]]
    next_run: NextRun
    last_run: Known[Optional[Run]]
    overnight: Known[tuple[Run, ...]]
    duration: Typical
    limit_seconds: Optional[float]
    errors: Known[ErrorRate]
    told: Known[Told]
    targets: Known[tuple[ObjectRef, ...]]
    builds: Known[frozenset[ObjectRef]]
    unseen: str = ""
    history_since: Optional[datetime] = None
    night: tuple[RunVerdict, ...] = ()
    coming: tuple[datetime, ...] = ()
    length: DurationVerdict = DurationVerdict("UNKNOWN", "not judged")
    muted: Optional[Mute] = None


@dataclass(frozen=True)
class Arrival:
    """When a source's data was last seen to arrive, and how this is known ("newest file", "build in project CRM")."""

    at: datetime
    how: str


@dataclass(frozen=True)
class TimeOfDay:
    """A time of day learned from `n` days, in minutes after midnight of the day it belongs to, on the wall clock of
    `zone`; beyond 1440 it is the next day's."""

    p50: float
    p95: float
    n: int
    zone: str


@dataclass(frozen=True)
class ProcessStart:
    """The first moment at which a scenario begins to read a source: its next one, and the scenario."""

    at: Optional[datetime]
    scenario_id: str
    text: str


@dataclass(frozen=True)
class SourceReport:
    """One source. `readers` are ids of scenarios; `margin_seconds` is the start after the data is there, negative
    when it starts before. `arrived` says whether the data that should be there by now is, None where that cannot be
    told; `freshness` says why."""

    ref: ObjectRef
    why: str
    arrival: Known[Arrival]
    usual: Known[TimeOfDay]
    start: Known[ProcessStart]
    margin_seconds: Known[float]
    margin_basis: str
    readers: tuple[str, ...]
    downstream: tuple[ObjectRef, ...]
    arrived: Optional[bool] = None
    freshness: Optional[FreshnessVerdict] = None


@dataclass(frozen=True)
class RowStat:
    """Row counts as recorded: the last one, and the span of the last `n`.

    `verdict` is one of `VOLUME_ORDER`; `usual_low` and `usual_high` are the rows (of `klass`: "Mondays", "rows added")
    between which no warning begins, None where too few builds are on record. `expected` is what was expected,
    `smallest_drop` the share of rows (0 to 1) whose loss this can see, `since` when a new level began. `built_at` is the
    end of the build whose rows are judged, `called_wrong` whether a person said that they were wrong."""

    last: float
    at: datetime
    low: float
    high: float
    n: int
    verdict: str = "UNKNOWN"
    reason: str = ""
    usual_low: Optional[float] = None
    usual_high: Optional[float] = None
    usual_n: int = 0
    klass: str = ""
    expected: Optional[float] = None
    smallest_drop: Optional[float] = None
    since: Optional[datetime] = None
    built_at: Optional[datetime] = None
    called_wrong: bool = False


@dataclass(frozen=True)
class DayVerdict:
    """How the promise of one day went: one of `SLA_ORDER`, and when the build that serves the day ended, None where
    none did or where another may have ended before."""

    day: date
    due_at: datetime
    verdict: str
    ended_at: Optional[datetime] = None


@dataclass(frozen=True)
class Budget:
    """Promises missed in the last 30 days, against those that the target allows.

    `days` are the due days that could be judged, `unknown` those that could not. Where nothing is allowed, one miss
    tolerated really means the target `one_miss_means` (0 to 1)."""

    days: int
    missed: int
    unknown: int
    target: float
    allowed: int
    one_miss_means: Optional[float] = None

    @property
    def left(self) -> int:
        """Misses that may still come; negative where there were too many."""
        return self.allowed - self.missed


@dataclass(frozen=True)
class Prediction:
    """When an output that is not ready is to be expected: half of `n` past cases came by `p50`, nine in ten by `p90`.
    `basis` says which cases; `kept` of `of` past days that were as far at this time kept their promise, 0 of 0 where
    these are too few to be told."""

    p50: datetime
    p90: datetime
    n: int
    basis: str
    kept: int = 0
    of: int = 0


@dataclass(frozen=True)
class FreshnessVerdict:
    """How old the data is: `verdict` is one of `FRESHNESS_ORDER`. `clock` says what tells the age ("end of the last
    successful build"), `data_at` the time it gives, `computed_at` when that was worked out where this is known."""

    verdict: str
    reason: str
    clock: str = ""
    data_at: Optional[datetime] = None
    computed_at: Optional[datetime] = None


@dataclass(frozen=True)
class OutputReport:
    """One output. `verdict` is one of `SLA_ORDER` where a time is promised, one of `FRESHNESS_ORDER` where an age is,
    else NOT_DECLARED; `due_at` is the promise that it judges. `suggested` is a promise that history could keep.

    `days` are the due days of the last 90 days, oldest first; `tight` says that nine in ten of them do not suffice to
    keep the promise. `prediction` is None where nothing is promised or it is ready, `budget` where no target is
    declared. `muted` is set where it must not alarm: its verdict stays what it is."""

    ref: ObjectRef
    why: str
    last_success: Known[Optional[Build]]
    last_build: Known[Optional[Build]]
    age_seconds: Known[float]
    due_at: Optional[datetime]
    verdict: str
    reason: str
    typical: Known[TimeOfDay]
    suggested: str
    alert_after_seconds: Known[float]
    rows: Known[RowStat]
    builders: tuple[str, ...]
    freshness: Optional[FreshnessVerdict] = None
    days: tuple[DayVerdict, ...] = ()
    tight: bool = False
    budget: Optional[Budget] = None
    prediction: Known[Optional[Prediction]] = None
    muted: Optional[Mute] = None


@dataclass(frozen=True)
class Collision:
    """A start of a scenario that falls into a maintenance window. `caught_up` says whether DSS is likely to start it by
    itself afterwards."""

    scenario_id: str
    at: datetime
    caught_up: bool


@dataclass(frozen=True)
class WindowReport:
    """One declared maintenance window, in the profile's order: its span that goes on now or comes next, and the starts
    of the next 30 days inside it."""

    span: Optional[tuple[datetime, datetime]]
    collisions: Known[tuple[Collision, ...]]


@dataclass(frozen=True)
class JobsWeek:
    """The jobs of the last seven days: how many, how many failed, and what failed most (name, times)."""

    total: int
    failed: int
    since: datetime
    worst: tuple[tuple[str, int], ...] = ()
    busiest_hour: Optional[int] = None


NO_MAIN = Unknown("no scenario is known to build the outputs", Cause.NOT_RECORDED)
NOT_NOTED = Unknown("what people noted was not read", Cause.NOT_READ)


@dataclass(frozen=True)
class Report:
    """All that follows from a snapshot and a profile. `zone` is the project's zone, `zone_why` how it is known;
    `night_since` when the last night began. `main_scenario` is the id of the scenario that builds most. `quiet` says
    why nothing alarms here (a design node), '' where alarms count. `watch` is who judges the project by itself, None
    where that was not asked. `tasks_done` are the notes of tasks that were done. `server` is the zone that DSS means by
    SERVER, for whoever looks further ahead."""

    zone: str
    zone_why: str
    night_since: datetime
    scenarios: Known[tuple[ScenarioReport, ...]]
    sources: Known[tuple[SourceReport, ...]]
    outputs: Known[tuple[OutputReport, ...]]
    jobs: Known[JobsWeek]
    windows: tuple[WindowReport, ...] = ()
    outages: tuple[Outage, ...] = ()
    main_scenario: Known[str] = NO_MAIN
    quiet: str = ""
    watch: Optional[Watch] = None
    tasks_done: Known[tuple[Event, ...]] = NOT_NOTED
    server: Optional[ServerZone] = None
