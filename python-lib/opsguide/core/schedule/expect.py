"""A whole scenario as moments in time, and its next start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Optional
from zoneinfo import ZoneInfo

from ...model.known import Unknown
from ...model.report import Expansion, Expected, NextRun, ServerZone
from ...model.snapshot import Run, Scenario, Trigger
from .. import words
from .instants import Anchors, instants
from .parse import read_temporal
from .sentence import sentence
from .zones import NEAR, zone_of

# How far to look for one moment: most schedules answer at once, "every 3 months on the 31st" takes years.
_HORIZONS = (timedelta(days=2), timedelta(days=40), timedelta(days=400), timedelta(days=4000))


def expected(scenario: Scenario, after: datetime, before: datetime, server: ServerZone) -> Expansion:
    """The moments at which the scenario's active time-based triggers start it, from `after` (included) to `before`.

    Moments of two triggers up to 90 s apart are one: DSS starts the scenario once. Whether the scenario itself is
    switched on is not looked at."""
    if isinstance(scenario.settings, Unknown):
        return Expansion(unknown=scenario.settings)
    clocks = clock_triggers(scenario.settings.triggers)
    parts = [
        instants(trigger, after - NEAR, before + NEAR, server, _anchors(trigger, clocks, scenario))
        for trigger in clocks
    ]
    cadences = [part.cadence_seconds for part in parts if part.cadence_seconds]
    merged = _merged([part.expected for part in parts])
    return Expansion(
        tuple(item for item in merged if after <= item.at < before),
        unknown=next((part.unknown for part in parts if part.unknown), None),
        cadence_seconds=min(cadences) if cadences else None,
        caveats=tuple(dict.fromkeys(caveat for part in parts for caveat in part.caveats)),
    )


def clock_triggers(triggers: Iterable[Trigger]) -> tuple[Trigger, ...]:
    """The active time-based ones."""
    return tuple(trigger for trigger in triggers if trigger.active and trigger.type == "temporal")


def _anchors(trigger: Trigger, clocks: tuple[Trigger, ...], scenario: Scenario) -> Anchors:
    alone = len(clocks) == 1
    runs = () if isinstance(scenario.runs, Unknown) else scenario.runs
    temporal = read_temporal(trigger)
    changed = None if isinstance(temporal, Unknown) else temporal.changed_at
    # Of several triggers, DSS's next run is the earliest's: on minutes nothing tells whose it is.
    anybodys = not alone and trigger.params.get("frequency") == "Minutely"
    return Anchors(
        None if anybodys else scenario.next_run,
        # Not a tuple: of hundreds of runs the first one usually tells.
        (
            fired
            for fired in (_fired(run) for run in runs if _is_recorded_under(trigger, run, alone))
            if fired and (changed is None or fired >= changed)
        ),
    )


def _is_recorded_under(trigger: Trigger, run: Run, alone: bool) -> bool:
    return run.trigger_type == "temporal" and (alone or (bool(trigger.id) and run.trigger_id == trigger.id))


def _fired(run: Run) -> Optional[datetime]:
    return run.fired_at or run.start


def _merged(parts: Sequence[Sequence[Expected]]) -> Sequence[Expected]:
    if len(parts) == 1:
        return parts[0]  # the moments of one trigger are never merged
    merged: list[Expected] = []
    for item in sorted(chain.from_iterable(parts), key=lambda item: item.at):
        near = merged and item.at - merged[-1].at <= NEAR and not set(item.triggers) & set(merged[-1].triggers)
        if near:
            merged[-1] = _together(merged[-1], item)
        else:
            merged.append(item)
    return merged


def _together(first: Expected, second: Expected) -> Expected:
    ends = [end for end in (first.until, second.until) if end]
    saves = [saved for saved in (first.saved_at, second.saved_at) if saved]
    return Expected(
        first.at,
        first.triggers + second.triggers,
        until=max(ends) if ends else None,
        doubt=first.doubt and second.doubt,
        saved_at=min(saves) if saves else None,
    )


def first_expected(scenario: Scenario, after: datetime, server: ServerZone) -> Optional[Expected]:
    """The first moment at or later than `after`, None where there is none in ten years."""
    for horizon in _HORIZONS:
        found = expected(scenario, after, after + horizon, server).expected
        if found:
            return found[0]
    return None


def gap_after(scenario: Scenario, at: datetime, server: ServerZone) -> Optional[float]:
    """Seconds from a moment of the scenario to its next one, None where it has no more.

    On a Friday, "Monday to Friday at 06:00" has a gap of three days."""
    following = first_expected(scenario, at + timedelta(seconds=1), server)
    return (following.at - at).total_seconds() if following else None


def next_expected(
    scenario: Scenario,
    now: datetime,
    server: ServerZone,
    names: Mapping[str, str],
    *,
    project_key: str = "",
    triggers_disabled: Optional[bool] = None,
) -> NextRun:
    """When the scenario starts next, by DSS and by its triggers. Where the two differ DSS is believed, and
    `disagreement` says so. `triggers_disabled`: the project's automatic triggers are switched off."""
    if not scenario.active:
        return NextRun(None, "off", "off: the scenario is not active")
    if triggers_disabled:
        return NextRun(None, "off", "off: automatic triggers are disabled for the project")
    if isinstance(scenario.settings, Unknown):
        text = scenario.trigger_digest
        if scenario.next_run:
            return NextRun(scenario.next_run, "dss", text, unknown=scenario.settings)
        return NextRun(None, "unknown", text, unknown=scenario.settings)
    active = [trigger for trigger in scenario.settings.triggers if trigger.active]
    if not active:
        return NextRun(None, "manual", "only when a person, another scenario or the API starts it")
    text = "; ".join(sentence(trigger, server, names, project_key) for trigger in active)
    if not clock_triggers(active):
        return NextRun(None, "event", text)
    return _by_the_clock(scenario, now, server, text)


def _by_the_clock(scenario: Scenario, now: datetime, server: ServerZone, text: str) -> NextRun:
    soon = expected(scenario, now, now + _HORIZONS[0], server)
    if scenario.next_run is not None:
        disagreement = "" if soon.unknown else _disagreement(scenario, scenario.next_run, now, server)
        return NextRun(scenario.next_run, "dss", text, disagreement, soon.unknown)
    if soon.unknown:
        return NextRun(None, "unknown", text, unknown=soon.unknown)
    computed = soon.expected[0] if soon.expected else first_expected(scenario, now, server)
    if computed is not None:
        return NextRun(computed.at, "computed", text)
    return NextRun(None, "event" if soon.cadence_seconds else "unknown", text)


def _disagreement(scenario: Scenario, dss: datetime, now: datetime, server: ServerZone) -> str:
    if dss < now - timedelta(minutes=5):
        return "" if scenario.running else f"DSS still shows {_clock(dss, server)}, which has passed"
    around = expected(scenario, min(dss, now) - NEAR, dss + 2 * NEAR, server)
    if around.cadence_seconds:
        return ""
    fits = any(item.at - NEAR <= dss <= (item.until or item.at) + NEAR for item in around.expected)
    earlier = [
        item for item in around.expected if now + NEAR < item.at < dss - NEAR and not item.doubt and not item.until
    ]
    if fits and not earlier:
        return ""
    ours = earlier[0] if earlier else first_expected(scenario, now, server)
    says = f"its triggers say {_clock(ours.at, server)}" if ours else "its triggers have no such moment"
    return f"DSS says {_clock(dss, server)}, {says}"


def _clock(at: datetime, server: ServerZone) -> str:
    zone = server.name if isinstance(server.name, Unknown) else zone_of(server.name)
    if isinstance(zone, Unknown):
        zone = ZoneInfo("UTC")
    return f"{words.day(at, zone)} {words.clock(at, zone)} {zone.key}"
