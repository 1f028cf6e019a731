"""Read what one DSS node says of itself: its projects, people and channels, what holds memory, what fills the disk.

Each part is Unknown where it could not be read, with the right or version that would change it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Optional

from ..errors import DssBroken
from ..model.known import Cause, Known, Unknown
from ..model.portfolio import Kernel, LogSize, Surroundings
from ..model.snapshot import Instance, Project, Snapshot
from . import answers, raw
from .extras import EXTRAS
from .footprint import ALL, SINCE, outcome
from .session import Clients, attempt

_NOT_MEASURED = Unknown(
    "not measured: it walks the whole disk of DSS", Cause.LEFT_OUT, "the option “Measure logs” of the instance check"
)


def read_projects(clients: Clients) -> Known[tuple[Project, ...]]:
    """The projects that the caller may see, each once, as the list tells of them; those without a key are passed over."""
    listed = attempt("the list of projects", clients.get_items, "/projects/")
    if isinstance(listed, Unknown):
        return listed
    keyed = {key: item for item in listed if (key := raw.text(item, "projectKey"))}
    return tuple(answers.project(item, key) for key, item in keyed.items())


def read_surroundings(clients: Clients, snapshot: Snapshot) -> Surroundings:
    """What is told once for all projects; `snapshot` is an empty one, of no project."""
    extras = {extra.name: extra for extra in EXTRAS}
    readers: dict[str, tuple[str, Callable[[], Any], str]] = {
        name: (extras[name].what, partial(extras[name].read, clients, snapshot), extras[name].since)
        for name in ("users", "channels", "viewer")
    }
    readers["instance"] = ("the DSS node", partial(_node, clients), "")
    readers["kernels"] = ("the running notebooks", partial(_kernels, clients), "")
    with clients.batch() as batch:
        pending = {name: (what, batch.start(read), since) for name, (what, read, since) in readers.items()}
        found = {name: batch.result(what, each, since=since) for name, (what, each, since) in pending.items()}
    return Surroundings(**found, logs=_NOT_MEASURED)


def with_log_sizes(clients: Clients, found: Surroundings, seconds: float) -> Surroundings:
    """The same with the size of every project's logs: DSS walks its disk for it, `seconds` at most."""
    return replace(found, logs=attempt("the size of the logs", _log_sizes, clients, seconds, since=SINCE))


def _node(clients: Clients) -> Instance:
    return answers.instance(clients.get_mapping("/instance-info"))


def _kernels(clients: Clients) -> tuple[Kernel, ...]:
    return tuple(
        Kernel(
            project_key=raw.text(session, "projectKey") or raw.text(notebook, "projectKey"),
            notebook=raw.text(session, "notebookName") or raw.text(notebook, "name"),
            owner=raw.text(session, "sessionCreator"),
            idle_since=raw.instant(session, "kernelLastActivityTime"),
            busy=raw.text(session, "kernelExecutionState") == "busy",
        )
        for notebook in clients.get_items("/admin/notebooks/")
        for session in raw.mappings(notebook, "activeSessions")
    )


# --- logs on disk ----------------------------------------------------------------------------------------------------


def _log_sizes(clients: Clients, seconds: float) -> tuple[LogSize, ...]:
    started = clients.get_mapping(ALL, {"summaryOnly": True})
    result = outcome(clients, started, ALL, until=time.monotonic() + seconds)
    items = raw.mappings(result, "projects", "items")
    if not items:
        raise DssBroken("the footprint names no project", status=200, path=ALL)
    return tuple(LogSize(raw.text(item, "projectKey"), size) for item in items if (size := _logs_of(item)) is not None)


def _logs_of(item: Mapping[str, Any]) -> Optional[float]:
    """The bytes of a project's logs: names of the parts differ between versions ("jobLogs", "job_logs")."""
    sizes = [raw.number(part, "size") for name, part in item.items() if "log" in name.lower()]
    known_sizes = [size for size in sizes if size is not None]
    return sum(known_sizes) if known_sizes else None
