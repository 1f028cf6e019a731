"""What the self-check found: of each read whether it works here, and a dump of the shapes that a person can hand on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any


class State(str, Enum):
    """How a read went."""

    WORKS = "works"
    DENIED = "missing right"
    NO_ROUTE = "not on this version"
    DIFFERS = "differs"
    FAILED = "failed"
    NOT_TRIED = "not tried"


# Of several tries the one that says most counts.
WORST = (State.DIFFERS, State.FAILED, State.NO_ROUTE, State.DENIED, State.WORKS)


@dataclass(frozen=True)
class Tried:
    """One read. `path` has names in braces, `right` is what it takes ('' where nothing), `since` the version that has it
    first. `said` tells how it differs, or why it was not tried; `notes` what is no fault and worth knowing. Neither holds
    a name that people gave."""

    name: str
    what: str
    method: str
    path: str
    right: str
    since: str
    state: State
    said: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SelfCheck:
    """All reads of one self-check, in the order in which they were tried. `dump` is what was answered, as JSON can hold it,
    without names, texts and amounts. `version` is '' where DSS does not tell."""

    project_key: str
    taken_at: datetime
    version: str
    reads: tuple[Tried, ...]
    calls: int
    elapsed_seconds: float
    dump: Mapping[str, Any]

    @property
    def counts(self) -> Mapping[State, int]:
        found = Counter(each.state for each in self.reads)
        return {state: found[state] for state in State if found[state]}

    @property
    def headline(self) -> str:
        """ "61 of 66 reads work: 2 missing right, 3 not tried"."""
        others = [f"{number} {state.value}" for state, number in self.counts.items() if state is not State.WORKS]
        works = f"{self.counts.get(State.WORKS, 0)} of {len(self.reads)} reads work"
        return f"{works}: {', '.join(others)}" if others else works
