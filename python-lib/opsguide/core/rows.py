"""How many rows: which count may be believed as it stands, how to ask a database, what a listing adds up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Optional

from ..model.known import Known, Unknown
from ..model.snapshot import Build, Job, Metric, ObjectRef

COUNT_METRIC = "records:COUNT_RECORDS"

# The words of the probe's metric `engine`: people read them and rules compare them, so they stay.
STANDING, PUSHED_DOWN, STREAMED = "existing metric", "SQL COUNT(*)", "streamed"

# Databases that do not quote names as the SQL standard does, by DSS's type of the dataset.
_BACKTICKS = frozenset({"MySQL", "BigQuery", "Databricks", "Hive", "Impala", "hiveserver2"})
_BRACKETS = frozenset({"SQLServer", "Synapse", "FabricWarehouse"})


@dataclass(frozen=True)
class RowCount:
    """Rows, and how they were counted: one of `STANDING`, `PUSHED_DOWN`, `STREAMED`."""

    rows: int
    engine: str


@dataclass(frozen=True)
class FolderSize:
    """`total_size` is in bytes; None where the listing does not tell the size of every file."""

    file_count: int
    total_size: Optional[int]


def partition_of(given: Any) -> str:
    """The partition a probe was called for, '' for the whole: DSS says NP, ALL, '' or nothing for that."""
    return "" if given in (None, "", "NP", "ALL") else str(given)


def standing_count(
    ref: ObjectRef, metrics: Iterable[Metric], last_build: Known[Optional[Build]], jobs: Iterable[Job], partition: str
) -> Optional[int]:
    """The record count that DSS has already, where it must be that of the data as it is now; else None.

    It must be computed after the newest build, which ended well, and no running job may be building the dataset: a
    build that is under way computes its metrics before it is on record. Data that DSS does not build may change at any
    time, so for it no standing count is believed.

    Built 06:00-06:41, counted 06:42, nothing running: believed. Counted 05:50: not."""
    if isinstance(last_build, Unknown) or last_build is None or last_build.end is None or not last_build.success:
        return None
    if any(_may_build(job, ref) for job in jobs):
        return None
    for metric in metrics:
        if metric.id == COUNT_METRIC and metric.partition == partition and metric.value.isdecimal():
            fresh = metric.computed_at is not None and metric.computed_at >= last_build.end
            return int(metric.value) if fresh else None
    return None


def building_since(ref: ObjectRef, jobs: Iterable[Job]) -> Optional[datetime]:
    """When the oldest of the running jobs began that may be building the object; None where none runs."""
    began = [job.start or job.initiated_at for job in jobs if _may_build(job, ref)]
    return min((at for at in began if at is not None), default=None)


def _may_build(job: Job, ref: ObjectRef) -> bool:
    """Only this type of job builds nothing but what it names; all others may come by the dataset on their way."""
    names_all = job.type == "NON_RECURSIVE_FORCED_BUILD"
    return not job.finished and (not names_all or any(output == ref for output, _ in job.outputs))


def count_query(
    location: Mapping[str, Any],
    partition: str = "",
    dimensions: Sequence[str] = (),
    texts: frozenset[str] = frozenset(),
) -> Optional[str]:
    """The COUNT(*) of a dataset in its database; None where it has no table, or cannot be named or cut for sure.

    `location` is DSS's location info: its own quoted name is used where it gives one. `partition` is cut by equality
    on the columns of its `dimensions`, which must be among the columns of type text.

    >>> count_query({"locationInfoType": "SQL", "info": {"schema": "dwh", "table": "sales"}})
    'SELECT COUNT(*) FROM "dwh"."sales"'
    """
    info = location.get("info")
    if location.get("locationInfoType") != "SQL" or not isinstance(info, Mapping):
        return None
    kind = str(info.get("databaseType", ""))
    table = _table(info, kind)
    if table is None:
        return None
    query = f"SELECT COUNT(*) FROM {table}"
    if not partition:
        return query
    conditions = _conditions(partition, dimensions, texts, kind)
    return f"{query} WHERE {conditions}" if conditions else None


def _table(info: Mapping[str, Any], kind: str) -> Optional[str]:
    named_by_dss = info.get("quotedResolvedTableName")
    if isinstance(named_by_dss, str) and named_by_dss.strip():
        return named_by_dss
    parts = [info.get(part) for part in ("catalog", "schema", "table") if info.get(part)]
    quoted = [_quoted(part, kind) for part in parts]
    if not info.get("table") or None in quoted:
        return None
    return ".".join(part for part in quoted if part)


def _quoted(name: Any, kind: str) -> Optional[str]:
    if not isinstance(name, str) or "${" in name or "\0" in name:
        return None
    if kind in _BACKTICKS:
        # How to write the quote itself differs among these.
        return None if "`" in name or "\\" in name else f"`{name}`"
    if kind in _BRACKETS:
        return f"[{name.replace(']', ']]')}]"
    return '"' + name.replace('"', '""') + '"'


def _conditions(partition: str, dimensions: Sequence[str], texts: frozenset[str], kind: str) -> str:
    values = partition.split("|")
    columns = [_quoted(dimension, kind) for dimension in dimensions]
    if len(values) != len(columns) or None in columns or not texts.issuperset(dimensions):
        return ""
    if any(character in partition for character in "'\\\0"):
        return ""  # how to write these in a text differs among databases
    return " AND ".join(f"{column} = '{value}'" for column, value in zip(columns, values))


def folder_size(items: Iterable[Mapping[str, Any]], only: Optional[frozenset[str]] = None) -> FolderSize:
    """Number and size of the files in a folder's listing; `only` these paths where it is given."""
    files = [item for item in items if only is None or _path(item.get("path")) in only]
    sizes = [item.get("size") for item in files]
    known = [size for size in sizes if isinstance(size, (int, float)) and not isinstance(size, bool)]
    return FolderSize(len(files), int(sum(known)) if len(known) == len(files) else None)


def paths(listed: Iterable[Any]) -> frozenset[str]:
    """Paths as DSS lists them, with or without a slash in front, so that they compare."""
    return frozenset(_path(path) for path in listed)


def _path(path: Any) -> str:
    return str(path).strip("/")
