"""What is kept of a day for good: one fact for each output and each active scenario, the same columns for ever.

A column is only ever added, at the end; what a day did not have, or what could not be known, is None.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Optional

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Fact:
    """`day` is a date on the project's clock, `kind` OUTPUT or SCENARIO, `id` a scenario's id or the name by which the
    profile calls a dataset. Of an output: its `verdict` of that due day, when it was due and ready (ISO 8601, UTC), how
    late, and the rows of a build of that day. Of a scenario: the runs that ended that day, how many failed, and how long
    all and the longest of them took."""

    day: str
    project_key: str
    kind: str
    id: str
    name: str
    verdict: Optional[str] = None
    due_at: Optional[str] = None
    ready_at: Optional[str] = None
    late_seconds: Optional[float] = None
    row_count: Optional[float] = None
    runs: Optional[int] = None
    failed: Optional[int] = None
    run_seconds: Optional[float] = None
    longest_seconds: Optional[float] = None
    schema_version: int = SCHEMA_VERSION


# DSS's types of the columns, in their order.
_TYPES = {
    **dict.fromkeys(("late_seconds", "row_count", "run_seconds", "longest_seconds"), "double"),
    **dict.fromkeys(("runs", "failed", "schema_version"), "bigint"),
}
COLUMNS = {each.name: _TYPES.get(each.name, "string") for each in fields(Fact)}
# What makes a row one: it is never appended twice.
KEY = ("day", "project_key", "kind", "id")
