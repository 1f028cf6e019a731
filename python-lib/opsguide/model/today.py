"""Today as a document: one sentence, the night as a timeline, and every scenario, output and source, worst first.

Instants are timezone-aware UTC, durations seconds. Texts are plain and untrusted, as in `guide`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Optional

from .digest import Delivery
from .guide import Callout, Link, Section, Tone
from .known import Known
from .ledger import Ledger, Mute, SignOff
from .report import Budget, DayVerdict
from .watch import Watch

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Mark:
    """Something on a lane of the timeline. `kind` is "expected" (a start that was due), "run", "build", "usual" (when
    most of its like have ended: half by `start`, nearly all by `end`) or "deadline". `end` is None for a moment and for
    what still goes on; `text` says it all in words."""

    kind: str
    start: datetime
    end: Optional[datetime]
    text: str
    tone: Tone = Tone.NONE
    verdict: str = ""
    going: bool = False


@dataclass(frozen=True)
class Lane:
    """One scenario or output (`kind`) through the night. `state` is its verdict in a few words, `left_out` how many
    older marks are not drawn."""

    id: str
    kind: str
    name: str
    verdict: str
    state: str
    tone: Tone
    link: Optional[Link]
    marks: tuple[Mark, ...]
    left_out: int = 0


@dataclass(frozen=True)
class Timeline:
    """The night from `since` to a few hours after `now`. `left_out` lanes had the least to tell."""

    since: datetime
    now: datetime
    until: datetime
    zone: str
    lanes: tuple[Lane, ...]
    left_out: int = 0


@dataclass(frozen=True)
class ScenarioToday:
    """One scenario. `verdict` is one of `report.RUN_ORDER`; `alarms` is False where nobody needs to be woken: inactive,
    a test, muted, a design node. `problem` says what is wrong, '' where nothing is; `length` is one of
    `report.DURATION_ORDER`, of its last run; `nobody_told` whether its failure reaches
    nobody, None where that is unknown. `muted_text` is the mute in words, '' without one."""

    id: str
    name: str
    active: bool
    test: bool
    alarms: bool
    verdict: str
    reason: str
    tone: Tone
    problem: str = ""
    advice: str = ""
    evidence: tuple[str, ...] = ()
    expected_at: Optional[datetime] = None
    late_after_seconds: Optional[float] = None
    started_at: Optional[datetime] = None
    ended_at: Optional[datetime] = None
    outcome: str = ""
    next_at: Optional[datetime] = None
    usual_seconds: Optional[float] = None
    slow_seconds: Optional[float] = None
    length: str = "UNKNOWN"
    nobody_told: Optional[bool] = None
    muted: Optional[Mute] = None
    muted_text: str = ""


@dataclass(frozen=True)
class RowDoubt:
    """Unusual rows of the build that ended `built_at`, and why they are."""

    built_at: datetime
    reason: str


@dataclass(frozen=True)
class OutputToday:
    """One output. `verdict` is one of `report.SLA_ORDER` or, where an age is promised, of `report.FRESHNESS_ORDER`;
    `freshness` and `volume` are of their own orders. `expected_at` and `expected_by` are when half and nine in ten of
    past cases were ready, `kept` of `of` of them in time. `doubt` is about rows that are unusual and of which nobody said
    yet whether they were wrong. `problem` is the worst of all that is wrong with it, '' where
    nothing is."""

    id: str
    name: str
    kind: str
    alarms: bool
    verdict: str
    reason: str
    tone: Tone
    freshness: str
    volume: str
    problem: str = ""
    evidence: tuple[str, ...] = ()
    link: Optional[Link] = None
    due_at: Optional[datetime] = None
    built_at: Optional[datetime] = None
    age_seconds: Optional[float] = None
    data_at: Optional[datetime] = None
    expected_at: Optional[datetime] = None
    expected_by: Optional[datetime] = None
    kept: int = 0
    of: int = 0
    rows: Optional[float] = None
    doubt: Optional[RowDoubt] = None
    days: tuple[DayVerdict, ...] = ()
    budget: Optional[Budget] = None
    budget_text: str = ""
    muted: Optional[Mute] = None
    muted_text: str = ""


@dataclass(frozen=True)
class SourceToday:
    """One source. `verdict` is one of `report.FRESHNESS_ORDER` where its arrival is promised, else NOT_DECLARED.
    `seen_by` says how its arrival is known; `feeds` are the outputs made from it. `problem` is '' where nothing is
    wrong."""

    id: str
    name: str
    kind: str
    alarms: bool
    verdict: str
    reason: str
    tone: Tone
    problem: str = ""
    evidence: tuple[str, ...] = ()
    arrived_at: Optional[datetime] = None
    seen_by: str = ""
    read_at: Optional[datetime] = None
    margin_seconds: Optional[float] = None
    feeds: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChangedColumns:
    """A dataset whose columns are not the accepted ones: `name` as in the project, what `differs`, and the recipes that
    read it."""

    name: str
    differs: str
    readers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Counts:
    """How many of what have which verdict, worst first, none left out: of scenarios only the active ones that are no
    tests."""

    scenarios: tuple[tuple[str, int], ...] = ()
    outputs: tuple[tuple[str, int], ...] = ()
    freshness: tuple[tuple[str, int], ...] = ()
    volume: tuple[tuple[str, int], ...] = ()
    sources: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Today:
    """All that the page of today shows. `headline` is one sentence, `tone` the worst it tells; the parts are worst
    first, and `sections` the same as tables. `next_check_seconds` is when to look again, None where nothing runs and
    nothing is due within the hour. `ledger` is what people noted, None where the project has no state folder, and
    `sign_off` who looked at this morning. `changed_columns` are those of datasets whose columns somebody accepted once.
    `watch` is who judges the project when nobody looks, and `watch_text` the same in a sentence."""

    project_key: str
    title: str
    taken_at: datetime
    zone: str
    headline: str
    tone: Tone
    banners: tuple[Callout, ...]
    counts: Counts
    timeline: Timeline
    scenarios: Known[tuple[ScenarioToday, ...]]
    outputs: Known[tuple[OutputToday, ...]]
    sources: Known[tuple[SourceToday, ...]]
    sections: tuple[Section, ...]
    calls: int = 0
    elapsed_seconds: float = 0.0
    next_check_seconds: Optional[float] = None
    ledger: Known[Optional[Ledger]] = None
    sign_off: Optional[SignOff] = None
    sign_off_text: str = ""
    changed_columns: tuple[ChangedColumns, ...] = ()
    watch: Optional[Watch] = None
    watch_text: str = ""
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True)
class Evaluation:
    """Today, or a part of it, as one verdict for a scenario that goes on or stops: ERROR, WARNING, UNKNOWN or OK, and
    QUIET where nothing alarms. `problems` are sentences, worst first, `muted` what somebody muted, and until when;
    `wrong` what the problems are about, each with its own verdict; `fails` says whether to stop."""

    verdict: str
    headline: str
    problems: tuple[str, ...]
    fails: bool
    muted: tuple[str, ...] = ()
    wrong: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Seen:
    """What is remembered of an evaluation: its verdict, and what was wrong."""

    verdict: str
    wrong: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Look:
    """An evaluation against the one before. `changed` is None where what was seen before is not known; `previous` is
    its verdict, '' where there was none; `new` is what is wrong now and was not, or is worse. `kept` is what the next
    evaluation can find in the scenario's variables. `heartbeat` says what became of the sign of life, '' where none was
    asked for; `digest` what was told to whom, `facts` what was kept of the days that are over; `reason` why the memory
    failed, '' where it did not."""

    found: Evaluation
    changed: Optional[bool]
    previous: str = ""
    new: tuple[str, ...] = ()
    heartbeat: str = ""
    reason: str = ""
    kept: str = ""
    digest: Delivery = field(default_factory=Delivery)
    facts: str = ""
