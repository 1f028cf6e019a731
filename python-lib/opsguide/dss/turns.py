"""Turns at changing a project: one process at a time, whichever machine it runs on.

A turn is a claim in the state folder. Whoever ends theirs lets the next begin another; of a process that died, nothing
is heard for a while, and then it is passed over.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone

from ..errors import DssError, DssUnreachable
from ..model.event import instant_of
from . import store
from .store import File, Store

# A save of the profile takes seconds; a process that has not ended it by then has died.
_SAVING = timedelta(minutes=2)
_ENDED = "/claims/declare-ended/"
_LOOK_AGAIN_SECONDS = 0.4


def take(state: Store, name: str, by: str, silence: timedelta, signs: Iterable[File] = ()) -> bool:
    """Whether the turn of that name is the caller's. `signs` are files by which somebody who has it is heard; after
    `silence` without one they are passed over."""
    number = 0
    while True:
        claims = state.claims(f"{name}-{number}")
        if not claims:
            return state.claim(f"{name}-{number}", by)
        # Claims are dated by the machine that makes them, signs by DSS.
        if _any_within(claims, datetime.now(timezone.utc), silence):
            return False
        if _any_within(signs, state.clients.now()[0], silence):
            return False
        number += 1


@contextmanager
def saving(state: Store, by: str, patience_seconds: float) -> Iterator[bool]:
    """A turn at saving the profile, waited for: False where nobody else's ended in time."""
    until = time.monotonic() + patience_seconds
    while not (mine := take(state, f"declare-{len(state.files(_ENDED))}", by, _SAVING)):
        if time.monotonic() >= until:
            break
        time.sleep(_LOOK_AGAIN_SECONDS)
    try:
        yield mine
    finally:
        if mine:
            # Where that cannot be written either, the next turn comes after a while.
            with suppress(DssError, DssUnreachable):
                ended = store.event(datetime.now(timezone.utc), "claim", by)
                state.put(_ENDED + ended.path.rpartition("/")[2], b"{}")


def _any_within(files: Iterable[File], now: datetime, silence: timedelta) -> bool:
    named = (instant_of(file.path) for file in files)
    return any(at is not None and abs(now - at) < silence for at in named)
