"""Who judges the project when nobody looks at it, and whether that still happens. Instants are timezone-aware UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Optional

from .known import Known


@dataclass(frozen=True)
class Watcher:
    """A scenario that judges the project by itself. `component` is "evaluate-operations" or "morning-check"; `finished`
    and `failed` count its runs of the last 30 days: it fails on purpose where it finds something. `seconds` is what such a
    run takes, the middle one of them; None where none has both ends. `stopped` says that it
    should have looked and did not, '' where it looks as planned."""

    id: str
    name: str
    component: str
    active: bool
    last_at: Optional[datetime]
    next_at: Optional[datetime]
    finished: Known[int]
    failed: Known[int]
    seconds: Known[Optional[float]] = None
    stopped: str = ""


@dataclass(frozen=True)
class Watched:
    """The last time that the project was judged, and by what: a scenario's name, or who ran a macro."""

    at: datetime
    component: str
    by: str


@dataclass(frozen=True)
class Watch:
    """`last` is None where no judgement is on record; `stopped` says of each watcher that stopped that it did. `notes` are
    on record in the state folder, None without one; `unreadable` of its files hold none."""

    watchers: Known[tuple[Watcher, ...]]
    last: Known[Optional[Watched]]
    stopped: tuple[str, ...] = ()
    notes: Known[Optional[int]] = None
    unreadable: int = 0
