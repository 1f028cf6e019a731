"""What was changed in a project by this plugin, folded from the receipts in its state folder.

Each step leaves two notes: what is about to be done, then what DSS kept. A process that dies in between leaves the
first, which is enough to find out and to take it back.

Receipts can be taken back in any order. Who brought a list along leaves it standing while others still have something
in it; it then goes with the last of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from typing import Any, Optional

from ...model.event import Event
from ...model.plan import Step, from_data, to_data

MACRO = "instrument-project"
BEGUN, KEPT, GONE = _STAGES = ("begun", "kept", "gone")


@dataclass(frozen=True)
class Entry:
    """One step of one change; `number` is its place in the receipt. `stage` is BEGUN (it may have been made or not),
    KEPT or GONE. `begun` is when its first note was written, `at` when its last one was."""

    change: str
    title: str
    number: int
    stage: str
    step: Step
    begun: datetime
    at: datetime


@dataclass(frozen=True)
class Receipt:
    """What one run of the macro changed, in the order in which it did. `at` is when it began."""

    id: str
    at: datetime
    by: str
    entries: tuple[Entry, ...]

    @property
    def left(self) -> tuple[Entry, ...]:
        """What is still there, or may be: newest first, as it has to be taken back."""
        return tuple(entry for entry in reversed(self.entries) if entry.stage != GONE)


def note(receipt: str, change: str, title: str, number: int, stage: str, step: Step) -> dict[str, Any]:
    """The data of the event that keeps one note."""
    return {
        "macro": MACRO,
        "receipt": receipt,
        "change": change,
        "title": title,
        "number": number,
        "stage": stage,
        "step": to_data(step),
    }


def folded(events: Iterable[Event]) -> tuple[Receipt, ...]:
    """All receipts, oldest first, whatever the order of the notes; those that cannot be read are passed over. A step
    goes from BEGUN over KEPT to GONE and never back, so that no clock is needed to tell its last note."""
    found: dict[str, Receipt] = {}
    for event in sorted(events, key=lambda each: each.order):
        entry = _entry(event)
        if entry is not None:
            ident = str(event.data.get("receipt"))
            receipt = found.setdefault(ident, Receipt(ident, event.at, event.by, ()))
            found[ident] = replace(receipt, entries=_with(receipt.entries, entry))
    return _in_any_order(found.values())


def _entry(event: Event) -> Optional[Entry]:
    data = event.data
    step = from_data(data.get("step"))
    number, stage = data.get("number"), data.get("stage")
    if event.kind != "receipt" or data.get("macro") != MACRO or step is None or not isinstance(number, int):
        return None
    if stage not in _STAGES:
        return None
    return Entry(str(data.get("change")), str(data.get("title")), number, stage, step, event.at, event.at)


def _with(entries: tuple[Entry, ...], entry: Entry) -> tuple[Entry, ...]:
    """The entries by their place, each with its last note."""
    held = {other.number: other for other in entries}
    other = held.get(entry.number, entry)
    last = other if _STAGES.index(other.stage) > _STAGES.index(entry.stage) else entry
    held[entry.number] = replace(last, begun=min(other.begun, entry.begun))
    return tuple(held[number] for number in sorted(held))


# --- in any order ----------------------------------------------------------------------------------------------------


def _in_any_order(receipts: Iterable[Receipt]) -> tuple[Receipt, ...]:
    """The receipts, each step with the containers that go with it if it is the last in them: those that it brought
    along, and those that a step before it had to leave behind because this one had moved in."""
    given = tuple(receipts)
    steps = sorted(
        ((receipt.id, entry) for receipt in given for entry in receipt.entries),
        key=lambda each: (each[1].begun, each[1].number),
    )
    left: dict[tuple[str, ...], list[tuple[Entry, set[tuple[str, ...]]]]] = {}
    answers_for: dict[tuple[str, int], Entry] = {}
    for ident, entry in steps:
        step, before = entry.step, left.setdefault(entry.step.document, [])
        ways = [step.place[:depth] for depth in range(len(step.place), 0, -1)]
        there = [ways_of for other, ways_of in before if other.stage != GONE or other.at > entry.begun]
        brought = set(ways[: step.absent]).union(*there).intersection(ways)
        before.append((entry, brought))
        absent = len(list(takewhile(brought.__contains__, ways)))
        answers_for[ident, entry.number] = replace(entry, step=replace(step, absent=absent))
    return tuple(
        replace(each, entries=tuple(answers_for[each.id, entry.number] for entry in each.entries)) for each in given
    )
