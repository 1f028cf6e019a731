"""Actions as pages: one before it is confirmed, one while it goes on, and what was asked for lately.

Instants are timezone-aware UTC, durations seconds. Texts are plain and untrusted, as in `guide`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Optional

from .action import Order, Progress, Proposal, Record
from .guide import Section, Tone

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class ActionPage:
    """An action before it is confirmed. `modes` are the ways to do it, as (mode, words), none where there is one;
    `in_parts` says that it may be done to one partition; `why_not` why it cannot be confirmed here, '' where it can."""

    proposal: Proposal
    project_key: str
    title: str
    headline: str
    tone: Tone
    taken_at: datetime
    zone: str
    sections: tuple[Section, ...]
    modes: tuple[tuple[str, str], ...] = ()
    in_parts: bool = False
    why_not: str = ""
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True)
class ProgressPage:
    """An action that was asked for. `share` is how much of its usual time has passed, 0 to 1, None where no history
    tells; `abort` is what would stop it, where the reader may; `next_check_seconds` when to look again, None where it
    is over."""

    progress: Progress
    project_key: str
    title: str
    headline: str
    tone: Tone
    taken_at: datetime
    zone: str
    sections: tuple[Section, ...]
    share: Optional[float] = None
    abort: Optional[Order] = None
    next_check_seconds: Optional[float] = None
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True)
class ActionsPage:
    """What was asked for lately, the newest first, and what the reader may ask for."""

    records: tuple[Record, ...]

    project_key: str
    title: str
    headline: str
    tone: Tone
    taken_at: datetime
    zone: str
    sections: tuple[Section, ...]
    schema_version: int = SCHEMA_VERSION
