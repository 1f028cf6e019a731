"""Incidents: what went wrong, once for each root cause, and what people did about it.

Instants are timezone-aware UTC, durations seconds. Texts of DSS and of people are plain and untrusted.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Optional

from .guide import Callout, Section, Tone
from .known import Known, Unknown
from .snapshot import ObjectRef

SCHEMA_VERSION = 1

# What can be wrong with a thing, the nearest to a root cause first.
KINDS = (
    "outage",  # nothing ran at all
    "late_source",  # a source is not there when it was promised
    "failed_run",
    "missed_run",
    "late_run",  # it runs for too long
    "quiet",  # started by events, and quiet for too long
    "quality",  # a rule or check says ERROR
    "rows",  # an implausible number of rows
    "stale",  # older than allowed
    "promise",  # not ready in time
)
ORIGINS = (
    "late_source",
    "schema_change",
    "quality_gate",
    "code_or_engine",
    "start",  # it was never started
    "instance",
    "unknown",
)
STATES = ("open", "acknowledged", "resolved", "recovered")

# Since when cannot be told: the same moment in every reading, so that an id stays the same.
EVER = datetime(1970, 1, 1, tzinfo=timezone.utc)

# An id: the minute at which it began, and a digest of what it began with.
_ID = re.compile(r"(\d{8}T\d{4})-([0-9a-f]{8})")


def digest_of(subject: str) -> str:
    return hashlib.sha256(subject.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def identity(subject: str, began_at: datetime) -> str:
    """The same for the same thing and beginning, in every process: `20251113T0100-3f2a9c1b`."""
    return f"{began_at.astimezone(timezone.utc):%Y%m%dT%H%M}-{digest_of(subject)}"


def parse_identity(text: str) -> Optional[tuple[datetime, str]]:
    """The beginning and the digest that an id holds, None where it is no id."""
    match = _ID.fullmatch(text)
    if match is None:
        return None
    try:
        return datetime.strptime(match.group(1), "%Y%m%dT%H%M").replace(tzinfo=timezone.utc), match.group(2)
    except ValueError:
        return None


@dataclass(frozen=True)
class Symptom:
    """One thing that is or was wrong. `subject` names it as events do ("scenario:ID", "dataset:NAME", "folder:ID",
    "instance"), `kind` is one of `KINDS`, `verdict` what the report said of it.

    It began at `began_at` (`EVER`: not on record) and was last known to be well at `well_at` (None: not on record);
    `ended_at` is None while it lasts. `error` is what DSS said, without secrets; of the `times` in a row that it went
    wrong, the last was `again_at`, None where it was the first."""

    kind: str
    subject: str
    name: str
    verdict: str
    said: str
    began_at: datetime
    well_at: Optional[datetime] = None
    ended_at: Optional[datetime] = None
    ref: Optional[ObjectRef] = None
    run_id: str = ""
    error: str = ""
    times: int = 1
    again_at: Optional[datetime] = None

    @property
    def id(self) -> str:
        return identity(self.subject, self.began_at)

    @property
    def dated(self) -> bool:
        """Whether its beginning is on record: else `began_at` is no moment of its own."""
        return self.began_at != EVER

    def answers_to(self, began_at: datetime, digest: str, now: datetime) -> bool:
        """Whether an id is about this: the same thing, at any moment since it was last well. So a beginning that moves
        because history was trimmed leads to the same incident."""
        after = self.well_at is None or began_at > self.well_at
        return digest == digest_of(self.subject) and after and began_at <= (self.ended_at or now)


@dataclass(frozen=True)
class Mention:
    """Something a person did about an incident: `kind` is one of acknowledge, assign, note, resolve, as in `event`."""

    at: datetime
    by: str
    kind: str
    text: str = ""
    to: str = ""


@dataclass(frozen=True)
class Due:
    """The next escalation: whom to call `at`, by the matrix's row for `issue`. `at` is None where the row's time could not
    be read or since when it lasts is not on record, `to` is '' where nobody is named; then `said` tells why."""

    issue: str
    first: str
    to: str
    after: str
    at: Optional[datetime]
    said: str


@dataclass(frozen=True)
class Incident:
    """What is wrong for one reason. `root` is the symptom nearest to the cause, `others` what follows from it, as far as
    can be inferred. `state` is one of `STATES`: resolved by a person, recovered by itself. `muted` says until when and by
    whom it does not alarm, '' where it does."""

    root: Symptom
    others: tuple[Symptom, ...]
    title: str
    state: str
    tone: Tone
    mentions: tuple[Mention, ...] = ()
    assignee: str = ""
    acknowledged_at: Optional[datetime] = None
    recovered_at: Optional[datetime] = None
    resolved_at: Optional[datetime] = None
    muted: str = ""
    due: Optional[Due] = None
    remark: str = ""
    heard: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return self.root.id

    @property
    def symptoms(self) -> tuple[Symptom, ...]:
        return (self.root, *self.others)

    @property
    def open(self) -> bool:
        return self.state in ("open", "acknowledged")

    @property
    def seconds_to_acknowledge(self) -> Optional[float]:
        return _since(self.root.began_at, self.acknowledged_at)

    @property
    def seconds_to_recover(self) -> Optional[float]:
        return _since(self.root.began_at, self.recovered_at)


def _since(began: datetime, at: Optional[datetime]) -> Optional[float]:
    return None if at is None else max(0.0, (at - began).total_seconds())


# --- what is read of one incident when it is opened ------------------------------------------------------------------


@dataclass(frozen=True)
class Activity:
    """One activity of a job: the recipe it runs and its state as DSS spells it."""

    id: str
    recipe: str = ""
    state: str = ""
    message: str = ""


@dataclass(frozen=True)
class Failure:
    """Where a run failed, or what it is at while it goes: step, then job, then activity, then message, each '' where
    DSS does not tell. `targets` are the objects that the step was to build or check; `failed` those it did not build.
    `running` says that the step goes on. Texts hold no secrets."""

    scenario_id: str
    run_id: str
    step: str = ""
    step_type: str = ""
    number: int = 0
    of: int = 0
    running: bool = False
    job_id: str = ""
    activities: tuple[Activity, ...] = ()
    message: str = ""
    targets: tuple[ObjectRef, ...] = ()
    failed: tuple[ObjectRef, ...] = ()

    @property
    def activity(self) -> Optional[Activity]:
        """The first that failed; while none has, the first that runs."""
        found = [each for state in ("FAILED", "ABORTED", "RUNNING") for each in self.activities if each.state == state]
        return found[0] if found else None


@dataclass(frozen=True)
class Excerpt:
    """The lines around the first error of a log, without secrets. `first` is the number of the first line shown (from
    1), `error` that of the error's line (0: none was found), `note` what was left out and why."""

    lines: tuple[str, ...]
    first: int = 1
    error: int = 0
    note: str = ""


@dataclass(frozen=True)
class Suspicion:
    """Where the cause probably lies: an inference. `origin` is one of `ORIGINS`, `ref` what to look at first."""

    origin: str
    said: str
    evidence: tuple[str, ...] = ()
    ref: Optional[ObjectRef] = None
    recipe: str = ""


@dataclass(frozen=True)
class Change:
    """Something that changed since the last success. `what` is its kind in words ("recipe", "settings of the source")."""

    what: str
    name: str
    at: Optional[datetime]
    by: str = ""
    said: str = ""


@dataclass(frozen=True)
class Changes:
    """What changed `since` the last success, newest first, and what could not be told."""

    since: Known[datetime]
    found: tuple[Change, ...] = ()
    unknown: tuple[tuple[str, Unknown], ...] = ()


@dataclass(frozen=True)
class Shown:
    """Something that people look at and that reads data of the flow: `kind` is "dashboard", "insight" or "webapp",
    `reads` are names of datasets. `possible`: found as words in its code only."""

    kind: str
    name: str
    reads: tuple[str, ...]
    possible: bool = False


@dataclass(frozen=True)
class Opened:
    """What is read of one incident when it is looked at, in `calls` calls. Each part is Unknown with its reason where it
    could not be read; `failure` and `excerpt` are None where there is no run, or no log, to speak of."""

    failure: Known[Optional[Failure]]
    excerpt: Known[Optional[Excerpt]]
    recipes: Known[tuple[Change, ...]]
    timeline: Known[tuple[Change, ...]]
    shown: Known[tuple[Shown, ...]]
    calls: int = 0


# --- pages -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Incidents:
    """Every incident of the last days: open ones first, the worst and newest in front. `keeping` says why nothing can be
    written down about them, '' where it can. `sections` show the same as tables."""

    project_key: str
    title: str
    taken_at: datetime
    zone: str
    headline: str
    tone: Tone
    banners: tuple[Callout, ...]
    incidents: Known[tuple[Incident, ...]]
    keeping: str
    sections: tuple[Section, ...]
    calls: int = 0
    elapsed_seconds: float = 0.0
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True)
class IncidentPage:
    """One incident, with all that helps to end it: as sections, and the lines of its log. `error` is its error without
    what differs from night to night: kept when it is closed, so that the next one like it is known. `calls` were made to
    read what is not on the list."""

    incident: Incident
    project_key: str
    title: str
    headline: str
    taken_at: datetime
    zone: str
    banners: tuple[Callout, ...]
    sections: tuple[Section, ...]
    excerpt: Known[Optional[Excerpt]]
    error: str = ""
    keeping: str = ""
    calls: int = 0
