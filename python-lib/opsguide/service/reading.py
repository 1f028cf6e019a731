"""A project read, promised and judged: what every other use case begins with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Optional

from ..core.assess import assess
from ..core.compose.offers import NONE, Offers
from ..core.compose.scene import Scene
from ..core.ledger import with_mutes
from ..core.lineage import outputs, sources
from ..core.today import today
from ..core.watch import watch
from ..dss import gateway
from ..dss.extras import most_calls
from ..dss.session import Clients
from ..dss.store import EventCache
from ..model.known import Cause, Known, Unknown, known
from ..model.ledger import Ledger
from ..model.profile import Declared
from ..model.report import Report
from ..model.snapshot import Instance, ObjectRef, Snapshot, Variables
from ..model.today import Today
from ..profile import load
from ..settings import Settings
from .logbook import recall

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

# Today also judges rows, and says whose failure reaches nobody. Of metrics it needs those alone that hold the time of a
# column named in the profile: `read` sees to them.
TODAY = (MORNING - {"metrics"}) | {"row_counts", "channels"}


# What tells the project's zone: the profile, else the triggers in server time.
ZONED = frozenset({"variables", "scenarios", "scenario_settings"})

NOT_RECALLED = Unknown("what people noted was not read yet", Cause.NOT_READ)
NO_ROOM = Unknown("what people noted was not read, to ask little of DSS for a small project", Cause.LEFT_OUT)
# Finding the state folder, and listing it.
_CALLS_TO_RECALL = 2


@dataclass(frozen=True)
class Reading:
    """A project as read, as promised, and what follows; `ledger` is what people noted, None without a state folder, and
    `offers` what the reader may do in place."""

    snapshot: Snapshot
    declared: Declared
    report: Report
    ledger: Known[Optional[Ledger]] = NOT_RECALLED
    offers: Offers = NONE

    @property
    def scene(self) -> Scene:
        return Scene(self.snapshot, self.declared, self.report, self.offers)

    def noted(self, ledger: Known[Optional[Ledger]]) -> Reading:
        """The same with what people noted since."""
        report = with_mutes(self.report, ledger, self.snapshot.project_key)
        return replace(self, ledger=ledger, report=replace(report, watch=watch(self.snapshot, report, ledger)))


def read(
    clients: Clients,
    project_key: str,
    settings: Settings,
    *,
    need: frozenset[str] = gateway.FIRST,
    have: Optional[Snapshot] = None,
    node: Optional[Instance] = None,
    ledger: Known[Optional[Ledger]] = NOT_RECALLED,
    events: Optional[EventCache] = None,
) -> Reading:
    """Read what `need` names (over `have`, already read) and judge it. `node` is the DSS node and `ledger` what people
    noted, where they are known already; `events` are those that were read before.

    The lists come first: the flow graph and the profile then say which objects are sources and outputs, and only those
    are asked about one by one. What people noted is read beside them; a first paint goes without, and a whole guide
    reads it last, as far as its number of calls allows."""
    before = clients.calls - (have.calls if have else 0)
    missing = ledger is NOT_RECALLED and not need <= gateway.FIRST
    with clients.batch() as beside:
        noting = beside.start(recall, clients, project_key, events) if missing and need <= TODAY else None
        snapshot, declared = _snapshot(clients, project_key, settings, need, have, node)
        report = assess(snapshot, declared, server_zone=settings.server_timezone)
        if noting is not None:
            ledger = beside.result("what people noted", noting)
        elif missing:
            room = _calls_left(snapshot, declared, clients.calls - before) >= _CALLS_TO_RECALL
            ledger = recall(clients, project_key, events) if room else NO_ROOM
    return Reading(replace(snapshot, calls=clients.calls - before), declared, report).noted(ledger)


def _calls_left(snapshot: Snapshot, declared: Declared, made: int) -> int:
    scenarios = sum(scenario.active for scenario in known(snapshot.scenarios, ()))
    return most_calls(scenarios, len(monitored(snapshot, declared))) - made


def _snapshot(
    clients: Clients,
    project_key: str,
    settings: Settings,
    need: frozenset[str],
    have: Optional[Snapshot],
    node: Optional[Instance],
) -> tuple[Snapshot, Declared]:
    snapshot = have or gateway.read_snapshot(clients, project_key, gateway.FIRST)
    if node is not None:
        snapshot = replace(snapshot, instance=node)
    declared = declared_in(snapshot, settings)
    if not need <= gateway.FIRST:
        # What other projects use is an output too, and only the settings say so.
        snapshot = gateway.read_snapshot(clients, project_key, need & {"settings"}, have=snapshot)
        objects = monitored(snapshot, declared)
        snapshot = gateway.read_snapshot(clients, project_key, need, objects=objects, have=snapshot)
        timed = [ref for ref in objects if _has_time_column(declared, ref.smart_name(project_key))]
        if timed and "builds" in need:
            snapshot = gateway.read_snapshot(clients, project_key, {"metrics"}, objects=timed, have=snapshot)
    return snapshot, declared


def _has_time_column(declared: Declared, name: str) -> bool:
    said = declared.profile.datasets.get(name)
    return said is not None and bool(said.time_column)


def monitored(snapshot: Snapshot, declared: Declared) -> tuple[ObjectRef, ...]:
    """The sources and outputs of the project: all that is ever asked about object by object."""
    return tuple(dict.fromkeys(item.ref for item in (*sources(snapshot, declared), *outputs(snapshot, declared))))


def declared_in(snapshot: Snapshot, settings: Settings) -> Declared:
    """What people promise in the project's variables, and an administrator for all projects; variables that could not be
    read declare nothing."""
    variables = known(snapshot.variables, Variables())
    return load(variables.standard, variables.local, settings.profile_defaults)


def zone_of_project(clients: Clients, project_key: str, settings: Settings) -> str:
    """The zone in which a project's times are shown, for whoever reads nothing else of it: the scenarios are read only
    where the profile names none."""
    snapshot = gateway.read_snapshot(clients, project_key, frozenset({"variables"}))
    declared = declared_in(snapshot, settings)
    if not declared.profile.timezone:
        snapshot = gateway.read_snapshot(clients, project_key, ZONED, have=snapshot)
    return assess(snapshot, declared, server_zone=settings.server_timezone).zone


def today_of(reading: Reading) -> Today:
    """The day as one document, from what was read."""
    return today(reading.snapshot, reading.declared, reading.report, reading.ledger, reading.offers)
