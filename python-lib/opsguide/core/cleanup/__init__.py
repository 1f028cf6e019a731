"""Clean-up as pure judgement: which things may go, what protects each, and what of a plan still stands."""

from .candidates import OPEN, PROTECTED, Held, judge, standings
from .execution import BY_AGE_ALONE, Remaining, by_age_alone, safe_age, still_planned
from .quarantine import tag_day
from .selection import Newest
from .uses import Index, idle_between, intermediates, unreferenced, unused

__all__ = [
    "BY_AGE_ALONE",
    "OPEN",
    "PROTECTED",
    "Held",
    "Index",
    "Newest",
    "Remaining",
    "by_age_alone",
    "idle_between",
    "intermediates",
    "judge",
    "safe_age",
    "standings",
    "still_planned",
    "tag_day",
    "unreferenced",
    "unused",
]
