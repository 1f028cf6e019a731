"""What the consumers of a project's outputs are told: each promise, how it stands, and what is planned.

They need not know DSS and may read nothing of the project: no scenario, no person, no error text and no address is in
here. Instants are timezone-aware UTC; texts are plain and untrusted, as in `guide`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Optional

from .guide import Tone
from .known import Known
from .report import DayVerdict

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class OutputStatus:
    """One output. `promise` is '' where nothing is promised; `verdict` is one of `report.SLA_ORDER` or of
    `report.FRESHNESS_ORDER`, `state` the same in a consumer's words. `updated_at` is when it was last built well; `kept`
    of `judged` days of the last 90 were in time."""

    name: str
    kind: str
    promise: str
    verdict: str
    state: str
    tone: Tone
    due_at: Optional[datetime] = None
    updated_at: Optional[datetime] = None
    expected_at: Optional[datetime] = None
    days: tuple[DayVerdict, ...] = ()
    kept: int = 0
    judged: int = 0


@dataclass(frozen=True)
class Planned:
    """Maintenance that goes on or comes within a month; `impact` is '' where nobody wrote it down."""

    system: str
    start: datetime
    end: datetime
    impact: str
    going: bool


@dataclass(frozen=True)
class Status:
    """The page: promised outputs worst first, then the names of those without a promise (`unpromised`)."""

    project_key: str
    title: str
    taken_at: datetime
    zone: str
    headline: str
    tone: Tone
    outputs: Known[tuple[OutputStatus, ...]]
    unpromised: tuple[str, ...] = ()
    planned: tuple[Planned, ...] = ()
    schema_version: int = SCHEMA_VERSION
