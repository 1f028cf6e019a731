"""What a database is asked so that it does the counting: SQL that holds in any of them, or none.

Table           a dataset's table, cut to a partition, as a query names it
rows_of         COUNT(*)
newest_of       MAX of a column, of all its values or of those up to a moment
later_than      COUNT(*) of the values after a moment
moment          a moment as the values of a column are written
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone, tzinfo
from typing import Any, Optional

# Databases that do not quote names as the SQL standard does, by DSS's type of the dataset.
_BACKTICKS = frozenset({"MySQL", "BigQuery", "Databricks", "Hive", "Impala", "hiveserver2"})
_BRACKETS = frozenset({"SQLServer", "Synapse", "FabricWarehouse"})


@dataclass(frozen=True)
class Table:
    """`name` and `condition` as they stand in a query, `condition` '' for all rows; `kind` is DSS's type of database."""

    name: str
    condition: str = ""
    kind: str = ""

    @classmethod
    def of(
        cls,
        location: Mapping[str, Any],
        partition: str = "",
        dimensions: Sequence[str] = (),
        texts: frozenset[str] = frozenset(),
    ) -> Optional[Table]:
        """None where the dataset has no table, or cannot be named or cut for sure.

        `location` is DSS's location info: its own quoted name is used where it gives one. `partition` is cut by
        equality on the columns of its `dimensions`, which must be among the columns of type text."""
        info = location.get("info")
        if location.get("locationInfoType") != "SQL" or not isinstance(info, Mapping):
            return None
        kind = str(info.get("databaseType", ""))
        name = _name(info, kind)
        condition = _condition(partition, dimensions, texts, kind) if partition else ""
        return None if name is None or condition is None else cls(name, condition, kind)


def rows_of(table: Table) -> str:
    """
    >>> rows_of(Table('"dwh"."sales"'))
    'SELECT COUNT(*) FROM "dwh"."sales"'
    """
    return _select("COUNT(*)", table)


def newest_of(table: Table, column: str, until: str = "") -> Optional[str]:
    """None where the column cannot be named for sure. `until` is a `moment`, '' for all values."""
    name = _quoted(column, table.kind)
    return None if name is None else _select(f"MAX({name})", table, f"{name} <= {until}" if until else "")


def later_than(table: Table, column: str, until: str) -> Optional[str]:
    name = _quoted(column, table.kind)
    return None if name is None else _select("COUNT(*)", table, f"{name} > {until}")


def moment(at: datetime, kind: str, naive_zone: Optional[tzinfo] = None) -> str:
    """`at` as a literal for a database of that kind, to the second; on the clock of `naive_zone` for a column that has
    no zone of its own.

    >>> moment(datetime(2026, 3, 2, 5, 45, tzinfo=timezone.utc), "PostgreSQL")
    "'2026-03-02T05:45:00.000Z'"
    """
    written = at.astimezone(naive_zone or timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
    if kind == "Oracle":
        return f"TIMESTAMP '{written}'" if naive_zone else f"TIMESTAMP '{written} +00:00'"
    if kind == "MySQL":
        return f"'{written}'"
    # The way DSS itself writes dates where a database has no type for them.
    return f"'{written.replace(' ', 'T')}.000{'' if naive_zone else 'Z'}'"


def _select(what: str, table: Table, condition: str = "") -> str:
    conditions = " AND ".join(filter(None, (table.condition, condition)))
    return f"SELECT {what} FROM {table.name}" + (f" WHERE {conditions}" if conditions else "")


def _name(info: Mapping[str, Any], kind: str) -> Optional[str]:
    named_by_dss = info.get("quotedResolvedTableName")
    if isinstance(named_by_dss, str) and named_by_dss.strip():
        return named_by_dss
    parts = [info.get(part) for part in ("catalog", "schema", "table") if info.get(part)]
    quoted = [_quoted(part, kind) for part in parts]
    if not info.get("table") or None in quoted:
        return None
    return ".".join(part for part in quoted if part)


def _quoted(name: Any, kind: str) -> Optional[str]:
    if not isinstance(name, str) or not name or "${" in name or "\0" in name:
        return None
    if kind in _BACKTICKS:
        # How to write the quote itself differs among these.
        return None if "`" in name or "\\" in name else f"`{name}`"
    if kind in _BRACKETS:
        return f"[{name.replace(']', ']]')}]"
    return '"' + name.replace('"', '""') + '"'


def _condition(partition: str, dimensions: Sequence[str], texts: frozenset[str], kind: str) -> Optional[str]:
    values = partition.split("|")
    columns = [_quoted(dimension, kind) for dimension in dimensions]
    if len(values) != len(columns) or None in columns or not texts.issuperset(dimensions):
        return None
    if any(character in partition for character in "'\\\0"):
        return None  # how to write these in a text differs among databases
    return " AND ".join(f"{column} = '{value}'" for column, value in zip(columns, values))
