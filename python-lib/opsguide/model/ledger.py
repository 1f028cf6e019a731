"""What people did that still counts: who looked at the morning, and what does not alarm until when.

All of it follows from the events of the state folder (`core.ledger`). Instants are timezone-aware UTC; texts were written
by people and are untrusted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Optional

from .event import Event

# The state folder's name in every project; its id is random.
FOLDER = "operations_guide_state"
# Whoever wants silence for longer changes the promise or switches the scenario off.
LONGEST_MUTE = timedelta(days=31)

_SUBJECTS = {"DATASET": "dataset", "MANAGED_FOLDER": "folder"}


def about(kind: str, name: str) -> str:
    """How events name an object: `about("SCENARIO", "NIGHTLY")` is "scenario:NIGHTLY". `kind` is DSS's word for it,
    `name` a scenario's or folder's id, or the name by which the profile calls a dataset."""
    return f"{_SUBJECTS.get(kind, kind.lower())}:{name}"


@dataclass(frozen=True)
class Mute:
    """`about` does not alarm before `until`. `by` is a login, `reason` what they wrote, `uuids` the events that say so:
    whoever ends the mute names them."""

    about: str
    since: datetime
    until: datetime
    by: str
    reason: str
    uuids: tuple[str, ...]


@dataclass(frozen=True)
class SignOff:
    """Somebody looked at the morning and says so. `headline` is the sentence that they saw, '' where it was not kept."""

    at: datetime
    by: str
    remark: str = ""
    headline: str = ""


@dataclass(frozen=True)
class Ledger:
    """`events` in their order, each once; `mutes` are those in force, by what they are about. `later` are events dated
    in the future and `strange` events that this version does not understand: both are kept and neither counts.
    `left_out` older events were not read, `unreadable` files hold none; `folders` of the name were found."""

    now: datetime
    events: tuple[Event, ...] = ()
    mutes: tuple[Mute, ...] = ()
    later: tuple[Event, ...] = ()
    strange: tuple[Event, ...] = ()
    left_out: int = 0
    unreadable: int = 0
    folders: int = 1

    def muted(self, subject: str) -> Optional[Mute]:
        """The mute in force for an object named as by `about`, None where it may alarm."""
        return next((mute for mute in self.mutes if mute.about == subject), None)

    def signed_off(self, since: datetime) -> Optional[SignOff]:
        """The last sign-off since an instant: of a morning, since its midnight."""
        found = [event for event in self.since(since) if event.kind == "sign_off"]
        if not found:
            return None
        last = found[-1]
        return SignOff(last.at, last.by, last.text, str(last.data.get("headline") or ""))

    def since(self, instant: datetime) -> tuple[Event, ...]:
        """What happened at or after an instant, in its order."""
        return tuple(event for event in self.events if event.at >= instant)
