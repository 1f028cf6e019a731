"""What of a plan still stands: everything is judged again, and only what both times may go, and is the same, goes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Optional

from ...model.cleanup import Candidate, Found, Plan, Receipt, receipt_of

_DAY = timedelta(days=1)
# The macro reads the clock later than this does, and perhaps another clock.
_CLOCKS_DIFFER = timedelta(minutes=10)

BY_AGE_ALONE = (
    "DSS's macro deletes by age alone and would take older ones that stay: an administrator of the instance can switch on "
    "“Delete log files”, or keep fewer"
)


@dataclass(frozen=True)
class Remaining:
    """`going` is what may be done now; `left` names the rest, each with what changed."""

    going: tuple[Candidate, ...]
    left: tuple[Receipt, ...]


def still_planned(plan: Plan, now_found: Iterable[Candidate], now: datetime) -> Remaining:
    """The plan's candidates as they are now. `now_found` is the same judgement, made now, of what the plan names."""
    found = {candidate.thing.key: candidate for candidate in now_found}
    going: list[Candidate] = []
    left: list[Receipt] = []
    for planned in plan.going:
        fresh = found.get(planned.thing.key)
        changed = _changed(planned, fresh)
        if fresh is None:
            left.append(receipt_of(planned, "gone", "it is not there any more", now))
        elif changed:
            left.append(receipt_of(planned, "left", changed, now))
        else:
            going.append(fresh)
    return Remaining(tuple(going), tuple(left))


def _changed(planned: Candidate, fresh: Optional[Candidate]) -> str:
    if fresh is None:
        return ""
    if fresh.protected_by:
        return "since the plan: " + "; ".join(fresh.protected_by)
    if fresh.action != planned.action:
        return f"since the plan: {fresh.reason}"
    if fresh.thing.version != planned.thing.version:
        return "since the plan: it was changed, used or built"
    return ""


def safe_age(going: Iterable[Found], staying: Iterable[Found], now: datetime, unit: timedelta = _DAY) -> Optional[int]:
    """The age in whole units (days) with which a macro that deletes everything older deletes nothing that stays; None
    where no age does. Whether DSS counts from a run's start or its end is not documented, so that it stays clear of both.

    Worked example: 40 and 90 days old go, 60 days old stays: with 61 days the macro deletes one of the two."""
    ages = [now - thing.at for thing in going if thing.at is not None]
    kept = [(thing.began_at or thing.at, thing.at) for thing in staying]
    if not ages or any(began is None or at is None for began, at in kept):
        return None
    oldest = max((now - min(began, at) for began, at in kept if began and at), default=timedelta(0))
    safe = max(1, min(ages) // unit, math.ceil((oldest + _CLOCKS_DIFFER) / unit))
    return safe if max(ages) > safe * unit else None


def by_age_alone(
    candidates: Iterable[Candidate], things: Iterable[Found], now: datetime, unit: timedelta = _DAY
) -> tuple[Candidate, ...]:
    """Candidates of one group and project as they are where nothing but a macro can delete them: what it cannot delete
    without taking along what stays is protected by that."""
    asked = tuple(candidates)
    going = [candidate.thing for candidate in asked if candidate.goes]
    keys = {thing.key for thing in going}
    age = safe_age(going, (thing for thing in things if thing.key not in keys), now, unit)

    def blocked(candidate: Candidate) -> bool:
        at = candidate.thing.at
        return candidate.goes and (age is None or at is None or now - at <= age * unit)

    return tuple(replace(c, protected_by=(BY_AGE_ALONE,)) if blocked(c) else c for c in asked)
