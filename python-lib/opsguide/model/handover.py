"""A handover: what the next person on duty must know, on a page that prints.

Instants are timezone-aware UTC. Texts are plain and untrusted, as in `guide`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .guide import Callout, Section, Tone


@dataclass(frozen=True)
class Handover:
    """The hours from `since` to `taken_at` and what is due until `until`. `headline` and `tone` are today's; `by` is who
    made it, '' where that is nobody in particular."""

    project_key: str
    title: str
    by: str
    since: datetime
    taken_at: datetime
    until: datetime
    zone: str
    headline: str
    tone: Tone
    signed: str
    banners: tuple[Callout, ...]
    sections: tuple[Section, ...]
    calls: int = 0
    elapsed_seconds: float = 0.0
