"""How much of DSS's own disk things take. DSS walks the disk for it: a task, waited for a while and kept for hours."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any, Optional, Union

from ..errors import DssBroken, DssError, DssUnreachable
from ..model.known import Cause, Known, Unknown
from ..model.snapshot import Footprint, Snapshot
from . import raw
from .session import INSTANCE_ADMIN, Clients, attempt, path

SINCE = "14.3"
ALL = "/directories-footprint/all-dss"
# One call that starts, and one after each of these. DSS goes on measuring after them, and the next reading takes it up.
PAUSES_SECONDS = (0.1, 0.4, 1.5)
CALLS = 1 + len(PAUSES_SECONDS)
_POLL_SECONDS = 0.5
_WHAT = "what the project takes on DSS's disk"
TOO_SMALL = Unknown(f"not read, to ask little of DSS for a small project: {_WHAT}", Cause.LEFT_OUT)


def of_project(clients: Clients, snapshot: Snapshot) -> Known[Footprint]:
    """What one project takes on DSS's disk, up to some hours old. Only administrators are told, so nobody else asks."""
    viewer = snapshot.viewer
    if isinstance(viewer, Unknown) or not viewer.is_admin:
        why = viewer.cause if isinstance(viewer, Unknown) else Cause.DENIED
        return Unknown("DSS tells what a project takes on its disk to its administrators", why, INSTANCE_ADMIN)
    return attempt(_WHAT, _measured, clients, snapshot.project_key, since=SINCE)


def _measured(clients: Clients, key: str) -> Footprint:
    place = (clients.base_url, key)
    kept = clients.measured.get(place)
    if isinstance(kept, Footprint):
        return kept
    route = path("directories-footprint", "projects", key)
    try:
        state = _look(clients, kept) if kept else clients.get_mapping(route, {"summaryOnly": True})
        clients.measured.keep(place, raw.text(state, "jobId"))
        found = _footprint(outcome(clients, state, route, PAUSES_SECONDS), route)
    except DssUnreachable:
        raise
    except DssError:
        clients.measured.keep(place, "")
        raise
    clients.measured.keep(place, found)
    return found


def _footprint(result: Mapping[str, Any], route: str) -> Footprint:
    item: Mapping[str, Any] = next(iter(raw.mappings(result, "projects", "items")), raw.mapping(result, "projects"))
    size = raw.number(item, "size")
    if size is None:
        raise DssBroken("the footprint has no size", status=200, path=route)
    # Names of the parts differ between versions: they are passed on as DSS spells them.
    parts = [(name, raw.number(part, "size")) for name, part in item.items() if isinstance(part, Mapping)]
    largest = sorted(((name, held) for name, held in parts if held), key=lambda part: (-part[1], part[0]))
    return Footprint(size, raw.count(item.get("nbFiles")), tuple(largest), raw.count(item.get("nbErrors")))


def outcome(
    clients: Clients, state: Mapping[str, Any], route: str, pauses: Optional[Sequence[float]] = None, until: float = 0.0
) -> Mapping[str, Any]:
    """What a long task gave. The client's own wait never ends when the task died: this one ends after the last of
    `pauses`, or without them at `until` on the monotonic clock."""
    waits: Union[Sequence[float], repeat[float]] = repeat(_POLL_SECONDS) if pauses is None else (*pauses, -1.0)
    for pause in waits:
        if raw.flag(state, "hasResult"):
            return raw.mapping(state, "result")
        if raw.flag(state, "alive") is False or not raw.text(state, "jobId"):
            raise DssBroken("the task ended without a result", status=200, path=route)
        if pause < 0 or (pauses is None and time.monotonic() > until):
            break
        time.sleep(pause)
        state = _look(clients, raw.text(state, "jobId"))
    raise DssUnreachable("DSS was still measuring when the time was up", path=route, timed_out=True)


def _look(clients: Clients, job_id: str) -> Mapping[str, Any]:
    return clients.get_mapping(path("futures", job_id), {"peek": False})
