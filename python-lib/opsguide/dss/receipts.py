"""Notes of what was changed in a project, kept in its state folder for good, and turns at changing it.

Other than events they are never forgotten: what was added years ago can still be taken back.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

from ..model.event import Event, from_json, to_json
from ..model.known import Unknown
from . import turns
from .store import Store

TREE = "/receipts/"
CLOSED = "closed.json"

# A process that works writes a note at least so often; one that was silent for longer has died.
SILENT_MINUTES = 15


@dataclass(frozen=True)
class Notes:
    """All notes of a project, in their order. `unreadable` files hold none."""

    notes: tuple[Event, ...] = ()
    unreadable: int = 0


def keep(state: Store, receipt: str, note: Event) -> None:
    """Keep a note for good. The caller may count on it being there: it was read back."""
    state.put(f"{TREE}{receipt}/{_name(note)}", to_json(note).encode())


def notes(state: Store) -> Notes:
    """Every note there is. DssError where the folder cannot be listed."""
    names = [file.path for file in state.files(TREE) if not file.path.endswith(f"/{CLOSED}")]
    with state.clients.batch() as batch:
        pending = {name: batch.start(state.document, name) for name in names}
        documents = batch.results("the receipt", pending)
    found = [None if isinstance(each, Unknown) else from_json(each) for each in documents.values()]
    events = sorted((each for each in found if each is not None), key=lambda event: event.order)
    return Notes(tuple(events), found.count(None))


def take_turn(state: Store, by: str) -> bool:
    """Whether the caller may change the project now: one process at a time does. Turns are numbered by those that
    ended; one whose process died is passed over after a while without a note."""
    files = state.files(TREE)
    ended = sum(file.path.endswith(f"/{CLOSED}") for file in files)
    return turns.take(state, f"instrument-{ended}", by, timedelta(minutes=SILENT_MINUTES), files)


def end_turn(state: Store, session: str, by: str) -> None:
    """The next may take their turn."""
    state.put(f"{TREE}{session}/{CLOSED}", json.dumps({"by": by}).encode())


def _name(note: Event) -> str:
    return note.path.rpartition("/")[2]
