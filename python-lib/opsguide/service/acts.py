"""Changing something because a person asked for it: as them, once, and on record.

Whatever is asked arrives as `Asked` and ends as `Done` or `Refused`; both are expected, neither is an error. What the
person entered wrongly is `InvalidParameter`, raised before anything is claimed, so that they can correct it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional, Union

from ..dss import store
from ..dss.identity import Access
from ..dss.masking import mask
from ..dss.store import Store
from ..model.event import Event
from ..model.known import Unknown

# Of two clicks the second waits so long for what the first one did.
PATIENCE_SECONDS = 3.0


@dataclass(frozen=True)
class Asked:
    """A person's request. `access` is theirs, with "write" in `may`; `request` the same for the same form sent again
    ("20261123-<32 hex digits>"); `form` its fields, held to their shapes."""

    access: Access
    project_key: str
    request: str
    form: Mapping[str, str] = field(default_factory=dict)

    def event(self, kind: str, about: str = "", text: str = "", **data: Any) -> Event:
        """A new event about this request, at DSS's time, without the secrets that somebody wrote into its text: it stays
        for good, and more people read it than the systems it names."""
        at = self.access.clients.now()[0]
        return store.event(at, kind, self.access.login, about, mask(text), request=self.request, **data)


@dataclass(frozen=True)
class Done:
    """It is done and on record. `place` is the page that tells what comes of it, '' where that is the page it came from."""

    event: Event
    place: str = ""


@dataclass(frozen=True)
class Refused:
    """It was not done. `reason` is a sentence, `advice` says what to do instead."""

    reason: str
    advice: str = ""


Outcome = Union[Done, Refused]


def folder(asked: Asked) -> Union[Store, Refused]:
    """The state folder, as the person who asks; Refused where there is none or it cannot be read."""
    found = store.find(asked.access.clients, asked.project_key)
    if isinstance(found, Unknown):
        needs = f"It needs {found.needs}." if found.needs else "Try again in a moment."
        return Refused(f"Nothing can be recorded: {found.reason}.", needs)
    if found is None:
        return Refused("Nothing can be recorded: this project has no state folder yet.", "Create it on the page Today.")
    return found


def claimed(state: Store, asked: Asked) -> Optional[Outcome]:
    """None for the one who may go on. For the same request again: what became of it. A request that was claimed and
    never recorded is not repeated, because it may have happened."""
    if state.claim(asked.request, asked.access.login):
        return None
    earlier = state.recorded(asked.request, PATIENCE_SECONDS)
    if earlier is None:
        return Refused(
            "This was sent before, and nothing on record says what became of it.",
            "Reload the page and look whether it happened, before you ask for it again.",
        )
    return Refused(earlier.text) if earlier.kind == "refusal" else Done(earlier)


def record(asked: Asked, event: Event) -> Outcome:
    """Keep one event, once however often its form arrives."""
    state = folder(asked)
    if isinstance(state, Refused):
        return state
    earlier = claimed(state, asked)
    return Done(state.append(event)) if earlier is None else earlier


def refuse(state: Store, asked: Asked, about: str, reason: str, advice: str = "") -> Refused:
    """Say no to a request that was claimed, and keep that it was asked for."""
    state.append(asked.event("refusal", about, reason))
    return Refused(reason, advice)
