"""The state of a project as numbers with names, for a monitoring system."""

from __future__ import annotations

from dataclasses import dataclass

# Of scenarios, outputs and sources each, so that no project floods the monitoring system.
MOST_OBJECTS = 200
PREFIX = "operations_guide"


@dataclass(frozen=True)
class Measure:
    """One metric family. `kind` is "gauge" or "counter"; `unit` is '' or the last part of `name`. Each sample is its
    labels, as (name, value), and its number."""

    name: str
    kind: str
    help: str
    samples: tuple[tuple[tuple[tuple[str, str], ...], float], ...]
    unit: str = ""


@dataclass(frozen=True)
class Tally:
    """What this backend did since it started: calls to DSS, and requests that it could not answer."""

    calls: int = 0
    errors: int = 0
