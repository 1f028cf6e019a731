"""The portfolio as values: every project a caller may see, how each stands, and what holds for the whole instance.

A project leaves nothing behind but its `Standing`, so that a thousand of them take little memory. Instants are
timezone-aware UTC, durations seconds; texts are plain and untrusted, as in `guide`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Optional

from .guide import Callout, Section, Tone
from .known import Cause, Known, Unknown
from .snapshot import Channel, Instance, Project, Run, User, Viewer

SCHEMA_VERSION = 1

# Worst first. AS_USUAL: by its habits alone, as internal stats tell them. IDLE: nothing runs by itself and nothing is
# promised. QUIET: a design copy, where nothing alarms.
VERDICTS = ("ERROR", "WARNING", "UNKNOWN", "AS_USUAL", "OK", "IDLE", "QUIET")

_NOT_READ = Unknown("not read", Cause.NOT_READ)


@dataclass(frozen=True)
class Kernel:
    """A notebook that holds memory. `idle_since` is its last activity, None where DSS does not say."""

    project_key: str
    notebook: str
    owner: str = ""
    idle_since: Optional[datetime] = None
    busy: bool = False


@dataclass(frozen=True)
class LogSize:
    """How much the job and scenario logs of one project take on disk, in bytes."""

    project_key: str
    size: float


@dataclass(frozen=True)
class Surroundings:
    """What is read once for all projects."""

    instance: Known[Instance] = _NOT_READ
    viewer: Known[Viewer] = _NOT_READ
    users: Known[tuple[User, ...]] = _NOT_READ
    channels: Known[tuple[Channel, ...]] = _NOT_READ
    kernels: Known[tuple[Kernel, ...]] = _NOT_READ
    logs: Known[tuple[LogSize, ...]] = _NOT_READ


@dataclass(frozen=True)
class History:
    """What internal stats say of one scenario: its newest run, and when its last runs started and how long they took.

    `starts` are seconds since 1970, oldest first; `lengths` are seconds in the same order, NaN where a run has no end.
    `triggers` are the names of those that started at least a quarter of its runs: names are all that is told of them, and
    two triggers may share one."""

    project_key: str
    scenario_id: str
    name: str
    last: Run
    starts: Sequence[float]
    lengths: Sequence[float]
    triggers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Clearing:
    """An active scenario that clears logs. `what` is "job logs" or "scenario logs"; `deletes` is False for one that
    only lists; `verdict` is how the scenario stands."""

    what: str
    scenario: str
    deletes: bool
    all_projects: bool
    verdict: str


@dataclass(frozen=True)
class Traits:
    """What the instance's findings need to know of one project. `untold` are active scenarios whose failure reaches
    nobody, `run_as` (scenario, login) of active ones."""

    active: Known[int] = _NOT_READ
    untold: Known[tuple[str, ...]] = _NOT_READ
    run_as: Known[tuple[tuple[str, str], ...]] = _NOT_READ
    clearing: Known[tuple[Clearing, ...]] = _NOT_READ


@dataclass(frozen=True)
class Standing:
    """How one project stands. `verdict` is one of `VERDICTS`, `headline` says it in a few words, `problems` are
    sentences, worst first, `more_problems` how many further ones there are. `scenarios` and `outputs` count verdicts as
    `today.Counts` does. `basis` says what it rests on."""

    project: Project
    verdict: str
    tone: Tone
    headline: str
    problems: tuple[str, ...] = ()
    more_problems: int = 0
    scenarios: tuple[tuple[str, int], ...] = ()
    outputs: tuple[tuple[str, int], ...] = ()
    basis: str = ""
    remarks: tuple[str, ...] = ()
    traits: Traits = Traits()

    @property
    def key(self) -> str:
        return self.project.key


@dataclass(frozen=True)
class NotRead:
    """A project that was not judged, and why."""

    project: Project
    reason: str


@dataclass(frozen=True)
class Finding:
    """One question about the instance. `state` is "wrong", "fine" or "unknown"; `needs` is the right or step that would
    tell more, `evidence` names what was found, `left_out` how much more there is of it."""

    id: str
    title: str
    state: str
    said: str
    needs: str = ""
    evidence: tuple[str, ...] = ()
    left_out: int = 0


@dataclass(frozen=True)
class Portfolio:
    """All of it, worst first. `total` counts the projects asked for, `not_read` those that were not judged; `reading`
    says that more is to come. `scope` says why other projects are not here, '' where all that the caller may see are.
    `banners` and `sections` are the same as a document, `zone` the clock on which its times are told."""

    taken_at: datetime
    headline: str
    tone: Tone
    total: int
    projects: tuple[Standing, ...]
    not_read: tuple[NotRead, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    scope: str = ""
    reading: bool = False
    calls: int = 0
    elapsed_seconds: float = 0.0
    banners: tuple[Callout, ...] = ()
    sections: tuple[Section, ...] = ()
    zone: str = "UTC"
    next_check_seconds: Optional[float] = None
    schema_version: int = SCHEMA_VERSION
