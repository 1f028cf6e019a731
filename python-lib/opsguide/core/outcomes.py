"""What a check answers: one of DSS's words, and a message that says the value, its bound and why.

The verdicts of the page and those of the checks come from the same functions; here they become DSS's three words, and
"cannot tell", which is for the user to name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Optional

from ..model.report import FreshnessVerdict
from . import words
from .volume import VolumeVerdict

ERROR, WARNING, CANNOT_TELL, OK = "ERROR", "WARNING", "CANNOT_TELL", "OK"
WORST_FIRST = (ERROR, WARNING, CANNOT_TELL, OK)

# A message stands in a table cell of DSS's screens.
MAX_MESSAGE = 600

_OF_FRESHNESS = {
    "FRESH": OK,
    "STALE_WARN": WARNING,
    "STALE_ERROR": ERROR,
    "NEEDS_REBUILD": WARNING,
    "REBUILT_NO_NEW_DATA": WARNING,
}
# A new level stays a warning until a person confirms it; too little history is no OK.
_OF_VOLUME = {"OK": OK, "WARNING": WARNING, "NEW_LEVEL": WARNING, "ERROR": ERROR}


@dataclass(frozen=True)
class Outcome:
    """`word` is one of `WORST_FIRST`."""

    word: str
    message: str


def of_freshness(verdict: FreshnessVerdict) -> Outcome:
    return Outcome(_OF_FRESHNESS.get(verdict.verdict, CANNOT_TELL), verdict.reason)


def of_volume(verdict: VolumeVerdict) -> Outcome:
    """With the smallest drop it can see, where it could be worked out: an OK proves no more than that."""
    word, said = _OF_VOLUME.get(verdict.verdict, CANNOT_TELL), verdict.reason
    if word == OK and verdict.smallest_drop is not None:
        said += f"; sees a drop of {words.percent(verdict.smallest_drop)} or more"
    return Outcome(word, said)


def together(found: Iterable[Outcome]) -> Optional[Outcome]:
    """The worst of several with all that they say, the worst first; None where there are none."""
    ordered = sorted(found, key=lambda outcome: WORST_FIRST.index(outcome.word))
    return Outcome(ordered[0].word, "; ".join(outcome.message for outcome in ordered)) if ordered else None


def answer(outcome: Outcome, cannot_tell: str) -> tuple[str, str]:
    """What DSS is given: OK, WARNING or ERROR, and the message in one line. `cannot_tell` is the word for what could not
    be told; anything but one of DSS's three is WARNING."""
    message = words.capital(words.one_line(outcome.message, MAX_MESSAGE))
    if outcome.word != CANNOT_TELL:
        return outcome.word, message
    word = cannot_tell if cannot_tell in (OK, WARNING, ERROR) else WARNING
    return word, words.one_line(f"Cannot tell: {outcome.message}", MAX_MESSAGE)
