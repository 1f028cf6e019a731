"""What metrics and rules would find in rows that nobody has made: statistics of a few, scaled to many."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Optional

from . import data, metrics
from . import rows as made
from .instance import Project

Raw = dict[str, Any]


class Sample:
    """Statistics of a few thousand made rows of a dataset, scaled to any number of rows and moved to any day."""

    SIZE = 2000

    def __init__(self, project: Project, name: str, now: datetime) -> None:
        raw = project.datasets[name]
        self.fields = dict(data.fields(raw))
        self.now = now
        dimension = data.dimension(raw)
        source = made.Source(f"{project.key}.{name}", tuple(data.fields(raw)), self.SIZE, now, dimension)
        self.table = data.is_sql(raw)
        self.rows: list[list[Any]] = []
        self._source = source
        self._known: dict[tuple[str, str], Any] = {}

    def values(self, probe: Raw, count: int, at: datetime) -> dict[str, tuple[str, str]]:
        """What a built-in probe finds in `count` rows built at that moment."""
        kind = probe.get("type")
        if kind == "records":
            return {data.COUNT: (str(count), "BIGINT")}
        if kind == "basic":
            found = {"basic:COUNT_COLUMNS": (str(len(self.fields)), "BIGINT")}
            if not self.table:
                found["basic:COUNT_FILES"] = ("1", "BIGINT")
                found["basic:SIZE"] = (str(round(count * self._width())), "BIGINT")
            return found
        if kind == "col_stats":
            listed = (probe.get("configuration") or {}).get("aggregates") or []
            wanted = [(str(one.get("aggregated")), str(one.get("column"))) for one in listed]
            return {
                f"col_stats:{aggregate}:{column}": value
                for aggregate, column in wanted
                for value in [self._stat(aggregate, column, count, at)]
                if value is not None
            }
        return {}

    def needed(self, wanted: Sequence[str], count: int, at: datetime) -> dict[str, str]:
        """The values that a rule needs, under the ids it needs them by."""
        found: dict[str, str] = {data.COUNT: str(count), "basic:COUNT_COLUMNS": str(len(self.fields))}
        for metric_id in wanted:
            if metric_id == "basic:SIZE":
                found[metric_id] = str(round(count * self._width()))
            elif metric_id.startswith("values:"):
                values = {made.text(value) for value in self._column(metric_id[len("values:") :])}
                found[metric_id] = "\n".join(sorted(values))
            elif metric_id.startswith("col_stats:"):
                _, aggregate, column = metric_id.split(":", 2)
                value = self._stat(aggregate, column, count, at)
                if value is not None:
                    found[metric_id] = value[0]
        return found

    def _stat(self, aggregate: str, column: str, count: int, at: datetime) -> Optional[tuple[str, str]]:
        if column not in self.fields:
            return None
        if (aggregate, column) not in self._known:
            self._known[aggregate, column] = metrics.aggregate(aggregate, self.fields[column], self._column(column))
        value = self._known[aggregate, column]
        if value is None:
            return None
        key = column == next(iter(self.fields), "")
        if aggregate in ("SUM", "COUNT") or (aggregate == "COUNT_DISTINCT" and value == len(self._rows()) and key):
            value = value * count / max(1, len(self._rows()))
        elif isinstance(value, datetime):
            moved = self.now - at
            whole_day = (value.hour, value.minute, value.second) == (0, 0, 0)
            value = value - (timedelta(days=(self.now.date() - at.date()).days) if whole_day else moved)
        return metrics.typed(aggregate, self.fields[column], value)

    def _column(self, column: str) -> list[Any]:
        if column not in self.fields:
            return []
        position = list(self.fields).index(column)
        return [row[position] for row in self._rows()]

    def _rows(self) -> list[list[Any]]:
        if not self.rows:
            self.rows = list(made.make(self._source))
        return self.rows

    def _width(self) -> float:
        if ("width", "") not in self._known:
            first = list(itertools.islice(made.make(self._source), 50))
            self._known["width", ""] = sum(len(",".join(map(made.text, row))) + 1 for row in first) / len(first)
        return float(self._known["width", ""])
