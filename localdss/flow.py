"""What a job of a told past builds: the recipes before its targets, as far as they are out of date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from . import data
from .instance import Project, refs

Raw = dict[str, Any]

_WEIGHTS = {"sync": 1.0, "shaker": 1.2, "join": 3.0, "grouping": 1.5, "python": 2.0, "prediction_training": 6.0}


class Flow:
    """A project's flow and what has been built of it so far."""

    def __init__(self, project: Project, zone: ZoneInfo) -> None:
        self.project, self.zone = project, zone
        self.producers = project.producers()
        self.inputs = {name: list(refs(whole["recipe"], "inputs")) for name, whole in project.recipes.items()}
        self.arrivals: dict[str, list[datetime]] = {}
        self.built: dict[tuple[str, str], datetime] = {}
        self.known: set[str] = set()

    def remember(self, ref: str, partition: str, start: datetime) -> None:
        """Notes a build that went well."""
        self.built[ref, partition] = start
        self.known.add(ref)

    def plan(
        self, items: Sequence[Raw], mode: str, start: datetime, done: set[tuple[str, str]]
    ) -> list[tuple[str, str]]:
        """The recipes that a job of that mode runs, each with its partition, in order. `done` are those that ran in
        earlier steps; it takes in what is planned here."""
        planned: list[tuple[str, str]] = []
        visited: set[tuple[str, str]] = set()

        def visit(ref: str, partition: str, asked: bool) -> bool:
            recipe = self.producers.get(ref)
            if recipe is None or (ref, partition) in visited:
                return recipe is not None and (recipe, partition) in planned
            visited.add((ref, partition))
            fresh_inputs = False
            if mode != "NON_RECURSIVE_FORCED_BUILD":
                for before in self.inputs[recipe]:
                    fresh_inputs = visit(before, self.partition(before, partition, start), False) or fresh_inputs
            if (recipe, partition) in done or (recipe, partition) in planned:
                return True
            explicit = (self.raw(ref).get("flowOptions") or {}).get("rebuildBehavior") in ("EXPLICIT", "WRITE_PROTECT")
            if asked or (not explicit and (fresh_inputs or self._stale(ref, partition, mode, start))):
                planned.append((recipe, partition))
                return True
            return False

        for item in items:
            ref = str(item.get("itemId"))
            visit(ref, self.asked_partition(ref, str(item.get("partitionsSpec") or ""), start), True)
        done.update(planned)
        return planned

    def _stale(self, ref: str, partition: str, mode: str, start: datetime) -> bool:
        last = self.built.get((ref, partition))
        if last is None or mode == "RECURSIVE_FORCED_BUILD":
            return True
        if mode == "RECURSIVE_MISSING_ONLY_BUILD":
            return False
        for before in self.inputs[self.producers[ref]]:
            newer = self.built.get((before, self.partition(before, partition, start)))
            if newer is not None and newer > last:
                return True
            # DSS takes SQL tables that no recipe makes for up to date, whatever came into them.
            sql = before in self.project.datasets and data.is_sql(self.project.datasets[before])
            if not sql and any(last < at <= start for at in self.arrivals.get(before, ())[-3:]):
                return True
        return False

    def by_day(self, ref: str) -> bool:
        """Whether the object's partitions are days."""
        dimensions = (self.raw(ref).get("partitioning") or {}).get("dimensions") or []
        return bool(dimensions) and dimensions[0].get("type") == "time"

    def raw(self, ref: str) -> Raw:
        """The object of that name or id; {} for one of another project."""
        for objects in self.project.objects().values():
            if ref in objects:
                return objects[ref]
        return {}

    def partition(self, ref: str, partition: str, at: datetime) -> str:
        """The partition of an object that goes with one of its neighbour: the same, or the usual one where it has none."""
        if not data.dimension(self.raw(ref)):
            return "NP"
        return partition if partition != "NP" else self.asked_partition(ref, "", at)

    def asked_partition(self, ref: str, spec: str, start: datetime) -> str:
        """The partition that a job builds: the day that a spec means, by default the day before; `NP` where there are none."""
        if not data.dimension(self.raw(ref)):
            return "NP"
        if not self.by_day(ref):
            return f"{data.dimension(self.raw(ref))}_1"
        back = 0 if "CURRENT_DAY" in spec else 1
        return (start.astimezone(self.zone).date() - timedelta(days=back)).isoformat()

    def weight(self, recipe: str, slow: Raw) -> float:
        """How long a recipe takes against the others; `slow` says by how much some take longer than usual."""
        kind = str(self.project.recipes[recipe]["recipe"].get("type"))
        return _WEIGHTS.get(kind, 1.3) * float(slow.get(recipe) or 1)
