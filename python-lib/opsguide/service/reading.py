"""A project read, promised and judged: what every other use case begins with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Optional

from ..core.assess import assess
from ..core.lineage import outputs, sources
from ..core.today import today
from ..dss import gateway
from ..dss.session import Clients
from ..model.known import Unknown
from ..model.profile import Declared
from ..model.report import Report
from ..model.snapshot import Instance, ObjectRef, Snapshot, Variables
from ..model.today import Today
from ..profile import load
from ..settings import Settings

# What a morning check needs beyond the lists: enough for every verdict that it shows.
MORNING = gateway.FIRST | {
    "scenario_settings",
    "settings",
    "folders",
    "builds",
    "files",
    "metrics",
    "quality",
    "instance",
}

# Today also judges rows, and says whose failure reaches nobody.
TODAY = MORNING | {"row_counts", "channels"}


@dataclass(frozen=True)
class Reading:
    """A project as read, as promised, and what follows."""

    snapshot: Snapshot
    declared: Declared
    report: Report


def read(
    clients: Clients,
    project_key: str,
    settings: Settings,
    *,
    need: frozenset[str] = gateway.FIRST,
    have: Optional[Snapshot] = None,
    node: Optional[Instance] = None,
) -> Reading:
    """Read what `need` names (over `have`, already read) and judge it. `node` is the DSS node, where it is known already.

    The lists come first: the flow graph and the profile then say which objects are sources and outputs, and only those
    are asked about one by one."""
    snapshot = have or gateway.read_snapshot(clients, project_key, gateway.FIRST)
    if node is not None:
        snapshot = replace(snapshot, instance=node)
    variables = Variables() if isinstance(snapshot.variables, Unknown) else snapshot.variables
    declared = load(variables.standard, variables.local, settings.profile_defaults)
    if not need <= gateway.FIRST:
        # What other projects use is an output too, and only the settings say so.
        snapshot = gateway.read_snapshot(clients, project_key, need & {"settings"}, have=snapshot)
        objects = monitored(snapshot, declared)
        snapshot = gateway.read_snapshot(clients, project_key, need, objects=objects, have=snapshot)
    return Reading(snapshot, declared, assess(snapshot, declared, server_zone=settings.server_timezone))


def monitored(snapshot: Snapshot, declared: Declared) -> tuple[ObjectRef, ...]:
    """The sources and outputs of the project: all that is ever asked about object by object."""
    return tuple(dict.fromkeys(item.ref for item in (*sources(snapshot, declared), *outputs(snapshot, declared))))


def today_of(reading: Reading) -> Today:
    """The day as one document, from what was read."""
    return today(reading.snapshot, reading.declared, reading.report)
