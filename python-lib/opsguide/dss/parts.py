"""Small questions about a snapshot that is still being read."""

from __future__ import annotations

from typing import Any, Optional

from ..model.known import Cause, Unknown, known
from ..model.snapshot import Snapshot
from . import raw


def still_open(value: Any) -> bool:
    """Whether a part is still to be asked for: nobody did, or it was left out before."""
    return isinstance(value, Unknown) and value.cause in (Cause.NOT_READ, Cause.LEFT_OUT)


def at_least(snapshot: Snapshot, version: str) -> Optional[bool]:
    """Whether this DSS is of `version` ("12.6") or newer; None where it does not say its own."""
    instance = known(snapshot.instance, None)
    found = [raw.number(part) for part in instance.version.split(".")[:2]] if instance else []
    if len(found) < 2 or None in found:
        return None
    return [int(part or 0) for part in found] >= [int(part) for part in version.split(".")]
