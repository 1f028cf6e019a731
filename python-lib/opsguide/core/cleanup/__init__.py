"""Clean-up as pure judgement: which things may go, what protects each, and what of a plan still stands."""

from .candidates import Held, judge
from .execution import Remaining, by_age_alone, safe_age, still_planned
from .uses import Index, between, intermediates, unreferenced, unused

__all__ = [
    "Held",
    "Index",
    "Remaining",
    "between",
    "by_age_alone",
    "intermediates",
    "judge",
    "safe_age",
    "still_planned",
    "unreferenced",
    "unused",
]
