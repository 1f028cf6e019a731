"""Which parts of the snapshot a section still waits for."""

from __future__ import annotations

from ...model.known import Cause, Known, Unknown, known
from ...model.snapshot import Snapshot

_OF_SCENARIOS = {"runs": "runs", "scenario_settings": "settings"}
_OF_OBJECTS = {
    "builds": "last_build",
    "metrics": "metrics",
    "row_counts": "row_counts",
    "sizes": "sizes",
    "rule_results": "rule_results",
    "files": "newest_file",
}


def waits_for(needs: tuple[str, ...], snapshot: Snapshot, *, objects: bool) -> tuple[str, ...]:
    """Those of `needs` that nobody has asked DSS for yet. What was asked for in vain is not waited for again, nor what
    only sources and outputs have where there are none (`objects`)."""
    return tuple(need for need in needs if _unasked(need, snapshot, objects))


def _unasked(need: str, snapshot: Snapshot, objects: bool) -> bool:
    if need in _OF_SCENARIOS:
        active = [scenario for scenario in known(snapshot.scenarios, ()) if scenario.active]
        return bool(active) and all(_not_read(getattr(scenario, _OF_SCENARIOS[need])) for scenario in active)
    if need in _OF_OBJECTS:
        # What an object does not have is known as well: metrics may have been read of those alone that need them.
        return objects and (
            not snapshot.facts or any(_not_read(getattr(fact, _OF_OBJECTS[need])) for fact in snapshot.facts)
        )
    return _not_read(getattr(snapshot, need))


def _not_read(value: Known[object]) -> bool:
    return isinstance(value, Unknown) and value.cause is Cause.NOT_READ
