"""Time zones: wall-clock times as instants, and which zone "SERVER" is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Optional
from zoneinfo import ZoneInfo

from ...model.known import Cause, Known, Unknown
from ...model.report import ServerZone
from ...model.snapshot import Scenario
from .parse import Temporal, read_temporal

NEAR = timedelta(seconds=90)


def zone_of(name: str) -> Known[ZoneInfo]:
    """The IANA zone of that name, or Unknown where the database has none."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return Unknown(f"{name!r} is not a time zone of the IANA database", Cause.BROKEN)


def zone_for(temporal: Temporal, server: ServerZone) -> Known[ZoneInfo]:
    """The zone whose wall clock a trigger follows."""
    if temporal.zone:
        return zone_of(temporal.zone)
    if isinstance(server.name, Unknown):
        return server.name
    return zone_of(server.name)


def to_instant(wall: datetime, zone: ZoneInfo) -> tuple[datetime, Optional[datetime]]:
    """The instant of a wall-clock time, and the latest that is as right where the clocks skip that time.

    02:30 on the night when Paris skips from 02:00 to 03:00 is 03:00 (the next time there is) or 03:30 (shifted);
    02:30 on the night when it comes twice is the first of the two."""
    offset = zone.utcoffset(wall)
    if offset is not None and offset == zone.utcoffset(wall.replace(fold=1)):
        # Only a time that is skipped or comes twice has two offsets. Schedules are listed for months: this is the short way.
        return (wall - offset).replace(tzinfo=timezone.utc), None
    shifted = wall.replace(tzinfo=zone).astimezone(timezone.utc)
    if shifted.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return shifted, None
    before = wall.replace(tzinfo=zone, fold=1).astimezone(timezone.utc)
    return _change_between(before, shifted, zone), shifted


def _change_between(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The first second of the new offset; `low` has the old one, `high` the new one."""
    old = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return high


def server_zone(
    declared: str, scenarios: Iterable[Scenario], backend_zone: str = "", candidates: Iterable[str] = ()
) -> ServerZone:
    """Which zone DSS means by "SERVER": the declared one; else the one in which DSS's own next runs fall on the times
    that their triggers say; else the backend's, which the caller gives only where it runs on the DSS host.

    A next run tells an offset, not a name: only the backend's zone, `candidates` (such as the project's own zone), the
    zones that triggers name and UTC are tried, in that order."""
    if declared:
        zone = zone_of(declared)
        if not isinstance(zone, Unknown):
            return ServerZone(declared, "set in the plugin's settings")
        return ServerZone(Unknown(f"the plugin's setting server_timezone: {zone.reason}", Cause.BROKEN), zone.reason)
    scenarios = tuple(scenarios)
    witnesses = tuple(witness for scenario in scenarios for witness in _witnesses(scenario))
    tried = dict.fromkeys([*filter(None, [backend_zone, *candidates]), *_named_zones(scenarios), "UTC"])
    for name in tried if witnesses else ():
        if all(_agrees(name, temporals, at) for temporals, at in witnesses):
            return ServerZone(name, f"DSS's own next runs agree with it ({len(witnesses)} checked)")
    if backend_zone and not witnesses and not isinstance(zone_of(backend_zone), Unknown):
        return ServerZone(backend_zone, "the zone of the machine this page runs on")
    why = (
        "DSS's next runs agree with no zone that is named here"
        if witnesses
        else "no next run of a trigger in server time tells it"
    )
    return ServerZone(
        Unknown(
            f"the server's time zone is not known: {why}", Cause.NOT_RECORDED, "the plugin setting server_timezone"
        ),
        why,
    )


def _witnesses(scenario: Scenario) -> Iterable[tuple[tuple[Temporal, ...], datetime]]:
    """The next run of a scenario whose every time-based trigger is in server time and on the wall clock."""
    if not scenario.active or scenario.next_run is None or isinstance(scenario.settings, Unknown):
        return
    temporals = [read_temporal(t) for t in scenario.settings.triggers if t.active and t.type == "temporal"]
    usable = tuple(
        t for t in temporals if not isinstance(t, Unknown) and not t.zone and t.frequency not in ("Minutely", "Hourly")
    )
    if usable and len(usable) == len(temporals):
        yield usable, scenario.next_run


def _agrees(name: str, temporals: tuple[Temporal, ...], at: datetime) -> bool:
    zone = zone_of(name)
    if isinstance(zone, Unknown):
        return False
    day = at.astimezone(zone).replace(tzinfo=None)
    for temporal in temporals:
        wall = day.replace(hour=temporal.hour, minute=temporal.minute, second=0, microsecond=0)
        first, until = to_instant(wall, zone)
        right_day = temporal.frequency != "Weekly" or wall.weekday() in temporal.weekdays
        if right_day and first - NEAR <= at <= (until or first) + NEAR:
            return True
    return False


def _named_zones(scenarios: tuple[Scenario, ...]) -> Iterable[str]:
    for scenario in scenarios:
        if not isinstance(scenario.settings, Unknown):
            for trigger in scenario.settings.triggers:
                name = trigger.params.get("timezone")
                if isinstance(name, str) and name not in ("", "SERVER"):
                    yield name
