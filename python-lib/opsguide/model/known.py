"""Unknown is a value: what could not be told, why, and what would change that."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeVar, Union


class Cause(str, Enum):
    """Why something is unknown."""

    NOT_READ = "not_read"  # nobody asked for it yet: a panel loads it later
    DENIED = "denied"  # the caller lacks a right
    NO_ROUTE = "no_route"  # this DSS version does not have it
    NO_ANSWER = "no_answer"  # timed out, refused, cut off
    BROKEN = "broken"  # answered, but not readably
    NOT_RECORDED = "not_recorded"  # nothing in DSS records it, or history is trimmed
    NOT_BUILT = "not_built"  # this plugin does not work it out yet
    LEFT_OUT = "left_out"  # not asked for on purpose: it would say nothing here, or the reading is kept small


@dataclass(frozen=True)
class Unknown:
    """A section or value that could not be read. `reason` is a sentence part for a person ("the project's settings
    could not be read: Action forbidden"), `needs` the right, version or step that would change it ("project admin")."""

    reason: str
    cause: Cause = Cause.BROKEN
    needs: str = ""


T = TypeVar("T")
Known = Union[T, Unknown]


def in_vain(value: object) -> bool:
    """Whether it was asked for and not given: then silence about it would be taken for good news."""
    return isinstance(value, Unknown) and value.cause in (Cause.DENIED, Cause.NO_ANSWER, Cause.BROKEN)


def known(value: Known[T], default: T) -> T:
    """The value, or `default` where it is unknown. Only for callers that show the unknown elsewhere."""
    return default if isinstance(value, Unknown) else value
