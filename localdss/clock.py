"""What time it is in the local DSS: a clock that starts at a chosen instant, ticks with the real one and can be moved."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import Optional


class Clock:
    """An aware UTC clock. Every instant of the instance, and the `Date` header of every answer, comes from here."""

    def __init__(self, at: Optional[datetime] = None) -> None:
        self.set(at or datetime.now(timezone.utc))

    def now(self) -> datetime:
        passed = time.monotonic() - self._started if self._ticks else 0.0
        return self._anchor + timedelta(seconds=passed)

    def ms(self) -> int:
        """Now, as DSS writes instants: milliseconds since 1970."""
        return to_ms(self.now())

    def set(self, at: datetime) -> None:
        """Moves the clock to `at`, which must know its zone."""
        if at.tzinfo is None:
            raise ValueError(f"{at.isoformat()} names no zone: write an offset, as in 2025-10-13T07:12+02:00")
        self._anchor = at.astimezone(timezone.utc)
        self._started = time.monotonic()
        self._ticks = True

    def stop(self, at: datetime) -> None:
        """Stands still at `at`: what is read first and last is then of the same moment."""
        self.set(at)
        self._ticks = False

    def advance(self, seconds: float) -> None:
        self._anchor += timedelta(seconds=seconds)


def to_ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def from_ms(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, timezone.utc)
