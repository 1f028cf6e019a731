"""Errors seen before, and what helped: as declared in the profile, and as written when earlier incidents were closed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Optional

from ...model.event import Event
from ...model.known import Unknown
from ...model.profile import KnownError
from ..messages import alike, sought

# Whoever opens the page waits for the comparison: patterns that take too long are given up after so many.
_REFUSED_MOST = 3


@dataclass(frozen=True)
class Remedy:
    """An error that was seen before. `by` and `at` are who closed an earlier incident and when; '' and None where the
    profile declares it."""

    pattern: str
    cause: str
    step: str
    by: str = ""
    at: Optional[datetime] = None


@dataclass(frozen=True)
class Remedies:
    """What is like the error, the profile's first. `refused` are patterns that could not be compared, with the reason."""

    found: tuple[Remedy, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()


def remedies(error: str, declared: Iterable[KnownError], closed: Iterable[Event]) -> Remedies:
    """The known errors that an error text is like. An earlier incident counts by the pattern that was written down, else
    when its error was the same but for numbers."""
    if not error:
        return Remedies()
    candidates = [Remedy(each.pattern, each.cause, each.step) for each in declared]
    found: list[Remedy] = []
    refused: list[tuple[str, str]] = []
    for event in sorted(closed, key=lambda event: event.order, reverse=True):
        data = event.data
        pattern, same = str(data.get("pattern") or ""), str(data.get("error") or "")
        remedy = Remedy(pattern, str(data.get("cause") or ""), event.text, event.by, event.at)
        if pattern:
            candidates.append(remedy)
        elif same and same == alike(error):
            found.append(remedy)
    matched: list[Remedy] = []
    for remedy in candidates:
        if len(refused) >= _REFUSED_MOST:
            refused.append((remedy.pattern, "not compared: too many before it take too long"))
            continue
        verdict = sought(remedy.pattern, error)
        if isinstance(verdict, Unknown):
            refused.append((remedy.pattern, verdict.reason))
        elif verdict:
            matched.append(remedy)
    return Remedies((*matched, *found), tuple(refused))
