"""Reading projects of a local DSS in tests: clients, the objects a page would ask about, the budget of calls."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import dataikuapi

from localdss.server import Server
from opsguide.core.lineage import outputs, sources
from opsguide.dss import gateway
from opsguide.dss.identity import Doors
from opsguide.dss.session import Clients
from opsguide.model.known import Unknown, known
from opsguide.model.snapshot import ObjectRef, Snapshot, Variables
from opsguide.profile import load

REAL = Path(os.environ.get("OPSGUIDE_REAL_PROJECTS") or Path(__file__).parents[2] / "shared" / "real-projects")


def clients(dss: Server, login: str = "admin", **options: Any) -> Clients:
    return Clients(lambda: dataikuapi.DSSClient(dss.url, login), **options)


def doors(dss: Server, run_as: str, **options: Any) -> Doors:
    """Who comes in at the page of a backend that runs as `run_as`; `options` are those of `Clients`."""
    return Doors(
        clients(dss, run_as, **options),
        lambda ticket: dataikuapi.DSSClient(dss.url, internal_ticket=ticket),
        lambda key: dataikuapi.DSSClient(dss.url, api_key=key),
    )


def objects(snapshot: Snapshot) -> tuple[ObjectRef, ...]:
    """The sources and outputs, as the page chooses them."""
    variables = known(snapshot.variables, Variables())
    declared = load(variables.standard, variables.local, "")
    return tuple(dict.fromkeys(item.ref for item in (*sources(snapshot, declared), *outputs(snapshot, declared))))


def whole(of: Clients, key: str, need: Iterable[str] = gateway.WHOLE) -> Snapshot:
    """A first paint, deepened by `need`."""
    first = gateway.read_snapshot(of, key)
    return gateway.read_snapshot(of, key, need, objects=objects(first), have=first)


def active(snapshot: Snapshot) -> int:
    return 0 if isinstance(snapshot.scenarios, Unknown) else sum(s.active for s in snapshot.scenarios)


def real_projects() -> list[Path]:
    """The real projects beside this repository, none where there are none."""
    return sorted(path for path in REAL.iterdir() if path.is_dir()) if REAL.is_dir() else []
