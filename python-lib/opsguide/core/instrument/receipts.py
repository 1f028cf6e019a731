"""What was changed in a project by this plugin, folded from the receipts in its state folder.

Each step leaves two notes: what is about to be done, then what DSS kept. A process that dies in between leaves the
first, which is enough to find out and to take it back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Optional

from ...model.event import Event
from ...model.plan import Step, from_data, to_data

MACRO = "instrument-project"
BEGUN, KEPT, GONE = _STAGES = ("begun", "kept", "gone")


@dataclass(frozen=True)
class Entry:
    """One step of one change; `number` is its place in the receipt. `stage` is BEGUN (it may have been made or not),
    KEPT or GONE."""

    change: str
    title: str
    number: int
    stage: str
    step: Step


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
    return tuple(found.values())


def _entry(event: Event) -> Optional[Entry]:
    data = event.data
    step = from_data(data.get("step"))
    number, stage = data.get("number"), data.get("stage")
    if event.kind != "receipt" or data.get("macro") != MACRO or step is None or not isinstance(number, int):
        return None
    if stage not in _STAGES:
        return None
    return Entry(str(data.get("change")), str(data.get("title")), number, stage, step)


def _with(entries: tuple[Entry, ...], entry: Entry) -> tuple[Entry, ...]:
    """The entries by their place, each with its last note."""
    held = {other.number: other for other in entries}
    other = held.get(entry.number)
    if other is None or _STAGES.index(other.stage) < _STAGES.index(entry.stage):
        held[entry.number] = entry
    return tuple(held[number] for number in sorted(held))
