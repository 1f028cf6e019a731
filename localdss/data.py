"""Where the rows of a local DSS live, and how to read them: CSV files, SQL tables, and DSS's own internal-stats datasets.

File datasets are CSV, gzip or Parquet, as their settings say, under `<data_dir>/datasets`. SQL datasets are tables of
SQLite, or of PostgreSQL where an address is given (`OPSGUIDE_PG_URL`: one database per instance, dropped at `close`).
Rows are made when they are first asked for, as many as `project.rows` says; a dataset without a number there holds
nothing and reading it fails, as a dataset that was never built does. Reads stream: no more than one row is held at a time.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, Optional

from . import databases, files, stats
from . import rows as made
from .clock import from_ms
from .databases import QueryFailed
from .instance import DATASET, Instance, Project

Raw = dict[str, Any]

SQL_TYPES = frozenset(
    {
        "PostgreSQL",
        "MySQL",
        "Snowflake",
        "Redshift",
        "BigQuery",
        "SQLServer",
        "Oracle",
        "Synapse",
        "Databricks",
        "Athena",
    }
)
COUNT = "records:COUNT_RECORDS"
WHOLE = ("", "NP", "ALL", None)
_POSTGRES = {"bigint": "bigint", "int": "integer", "smallint": "smallint", "tinyint": "smallint", "boolean": "boolean"}
_POSTGRES.update({"double": "double precision", "float": "real", "date": "timestamptz", "dateonly": "date"})
_SQLITE = {"bigint": "INTEGER", "int": "INTEGER", "smallint": "INTEGER", "tinyint": "INTEGER", "boolean": "INTEGER"}
_SQLITE.update({"double": "REAL", "float": "REAL"})


class NoData(Exception):
    """There is nothing to read: never built, cleared, a partition that does not exist, an object that is gone."""


# --- what a dataset is -----------------------------------------------------------------------------------------------


def locate(instance: Instance, project_key: str, ref: str) -> tuple[Project, str]:
    """The project and name behind a reference, `OTHER.name` for a dataset that another project shares."""
    project = instance.projects[project_key]
    if ref in project.datasets:
        return project, ref
    key, _, name = ref.partition(".")
    owner = instance.projects.get(key)
    if owner is None or name not in owner.datasets:
        raise NoData(f"Dataset {ref} does not exist in project {project.key}")
    return owner, name


def is_sql(raw: Raw) -> bool:
    """Whether the dataset is a table; its rows can then be counted by the database."""
    return raw.get("type") in SQL_TYPES


def has_files(raw: Raw) -> bool:
    """Whether the dataset is files."""
    return not is_sql(raw) and raw.get("type") not in stats.TYPES


def fields(raw: Raw) -> list[tuple[str, str]]:
    """Name and DSS type of every column."""
    found = (raw.get("schema") or {}).get("columns") or []
    return [(str(column["name"]), str(column.get("type") or "string")) for column in found]


def dimension(raw: Raw) -> str:
    """The name of the first partitioning dimension, '' where the dataset is not partitioned."""
    dimensions = (raw.get("partitioning") or {}).get("dimensions") or []
    return str(dimensions[0].get("name")) if dimensions else ""


def partitions(instance: Instance, project_key: str, ref: str) -> list[str]:
    """The partitions that hold data, in order; `["NP"]` for a dataset without partitions."""
    return held(*locate(instance, project_key, ref))


def held(project: Project, name: str) -> list[str]:
    """As `partitions`, of a dataset of this very project."""
    if not dimension(project.datasets[name]):
        return ["NP"]
    prefix = f"{name}/"
    return sorted(key[len(prefix) :] for key in project.rows if key.startswith(prefix))


def table(project: Project, name: str) -> tuple[str, str]:
    """Schema ('' for the connection's default) and table of an SQL dataset, with DSS's variables resolved."""
    params = project.datasets[name].get("params") or {}
    return _resolve(project, params.get("schema") or ""), _resolve(project, params.get("table") or name)


def qualified(project: Project, name: str) -> str:
    """The table's name as it stands in a query."""
    schema, plain = table(project, name)
    return f"{databases.quote(schema)}.{databases.quote(plain)}" if schema else databases.quote(plain)


def _resolve(project: Project, written: str) -> str:
    known = {**project.variables.get("standard", {}), **project.variables.get("local", {}), "projectKey": project.key}
    return re.sub(r"\$\{(\w+)\}", lambda found: str(known.get(found.group(1), found.group(0))), str(written))


# --- reading ---------------------------------------------------------------------------------------------------------


def rows(
    instance: Instance,
    project_key: str,
    ref: str,
    columns: Optional[Sequence[str]] = None,
    partitions: Optional[Sequence[str]] = None,
    limit: Optional[int] = None,
) -> Iterator[list[str]]:
    """The rows of a dataset as DSS writes values, streamed: all columns and partitions, or some.

    Raises NoData where there is nothing to read, before the first row.
    """
    owner, name = locate(instance, project_key, ref)
    raw = owner.datasets[name]
    names = [column for column, _ in fields(raw)]
    if not names:
        raise NoData(f"Dataset {ref} has no schema")
    unknown = [column for column in columns or () if column not in names]
    if unknown:
        raise NoData(f"Dataset {ref} has no column {unknown[0]}")
    if raw.get("type") in stats.TYPES:
        found: Iterator[list[str]] = ([made.text(value) for value in row] for row in stats.rows(instance, raw, names))
    elif is_sql(raw):
        found = _table_rows(instance, owner, name, partitions or ())
    else:
        found = _file_rows(instance, owner, name, partitions or ())
    return _cut(found, [names.index(column) for column in columns or ()], limit)


def stream(
    instance: Instance,
    project_key: str,
    ref: str,
    format: str = "tsv-excel-header",
    columns: Optional[Sequence[str]] = None,
    partitions: Optional[Sequence[str]] = None,
    limit: Optional[int] = None,
) -> Iterator[bytes]:
    """The rows of a dataset in one of DSS's formats: `tsv-excel-noheader`, `tsv-excel-header`, `csv-excel-header`, `json`.

    Raises NoData where there is nothing to read, before the first byte.
    """
    owner, name = locate(instance, project_key, ref)
    header = list(columns or [column for column, _ in fields(owner.datasets[name])])
    return encode(header, rows(instance, project_key, ref, columns, partitions, limit), format)


def encode(header: Sequence[str], found: Iterable[Sequence[Any]], format: str = "tsv-excel-header") -> Iterator[bytes]:
    """Rows of any origin in one of DSS's stream formats."""
    if format == "json":
        yield from _json(header, found)
        return
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter="," if format.startswith("csv") else "\t", lineterminator="\n")
    if format.endswith("-header"):
        writer.writerow(header)
    for row in found:
        writer.writerow([made.text(value) for value in row])
        if buffer.tell() > 64_000:
            yield _drain(buffer)
    yield _drain(buffer)


def size(instance: Instance, project_key: str, name: str, partition: str = "") -> tuple[int, int]:
    """Number and bytes of the files of a file dataset, or of one partition of it."""
    found = _files(instance, instance.projects[project_key], name, [partition] if partition not in WHOLE else [])
    return len(found), sum(file.stat().st_size for file in found)


def listing(instance: Instance, project_key: str, name: str, asked: Sequence[str] = ()) -> dict[str, list[Raw]]:
    """The files of a file dataset by partition, each with its path, size and time of change (ms)."""
    project = instance.projects[project_key]
    found = {}
    for part in [part for part in asked if part not in WHOLE] or held(project, name):
        stats_of = [(file, file.stat()) for file in _files(instance, project, name, [part])]
        found[part] = [
            {"path": f"/{file.name}", "size": each.st_size, "lastModified": int(each.st_mtime * 1000)}
            for file, each in stats_of
        ]
    return found


def _cut(found: Iterator[list[str]], positions: list[int], limit: Optional[int]) -> Iterator[list[str]]:
    for count, row in enumerate(found):
        if limit is not None and count >= limit:
            return
        yield [row[position] for position in positions] if positions else row


def _file_rows(instance: Instance, project: Project, name: str, asked: Sequence[str]) -> Iterator[list[str]]:
    found = _files(instance, project, name, asked)
    return (row for file in found for row in files.read(file))


def _table_rows(instance: Instance, project: Project, name: str, asked: Sequence[str]) -> Iterator[list[str]]:
    raw = project.datasets[name]
    where, values = "", [part for part in asked if part not in WHOLE]
    if values and dimension(raw):
        quoted = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
        where = f" WHERE {databases.quote(dimension(raw))} IN ({quoted})"
    listed = ", ".join(databases.quote(column) for column, _ in fields(raw)) or "*"
    require(project, name)
    kinds = [kind for _, kind in fields(raw)]
    _, found = query(instance, connection(project, name), f"SELECT {listed} FROM {qualified(project, name)}{where}")
    return ([_as_dss(value, kind) for value, kind in zip(row, kinds)] for row in found)


def _as_dss(value: Any, kind: str) -> str:
    if kind == "boolean" and isinstance(value, int):
        value = bool(value)
    return made.text(value)


def _json(header: Sequence[str], found: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    before = "["
    for row in found:
        values = {name: made.text(value) for name, value in zip(header, row)}
        yield (before + json.dumps(values, ensure_ascii=False)).encode()
        before = ",\n"
    yield b"[]" if before == "[" else b"]"


def _drain(buffer: io.StringIO) -> bytes:
    written = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return written


# --- writing ---------------------------------------------------------------------------------------------------------


def write(instance: Instance, project_key: str, name: str, values: Iterable[Sequence[Any]], partition: str = "") -> int:
    """Puts rows in the place of what a dataset (or one partition) holds; answers how many."""
    project = instance.projects[project_key]
    with instance.lock:
        clear(instance, project_key, name, [partition] if partition not in WHOLE else None)
        key = _key(name, partition)
        counted = _Counted(values)
        if is_sql(project.datasets[name]):
            _fill_when_missing(instance, project, name)
            _fill_table(instance, project, name, counted)
        else:
            at = instance.clock.now()
            files.write(_file(instance, project, name, partition), fields(project.datasets[name]), counted, at)
        project.rows[key] = counted.count
        return counted.count


def build(instance: Instance, project_key: str, name: str, partition: str = "", count: Optional[int] = None) -> int:
    """Rows as a build makes them: new ones, as many as `count`, else as many as there were; answers how many."""
    project = instance.projects[project_key]
    with instance.lock:
        expected = _expected(project, name, partition) if count is None else count
        now = instance.clock.now()
        return write(
            instance, project_key, name, made.make(_source(project, name, partition, expected, now)), partition
        )


def clear(instance: Instance, project_key: str, name: str, partitions: Optional[Sequence[str]] = None) -> None:
    """Removes the rows of a dataset, or of some partitions of it."""
    project = instance.projects[project_key]
    raw = project.datasets[name]
    values = [part for part in partitions or () if part not in WHOLE] if dimension(raw) else []
    with instance.lock:
        for value in values or [""]:
            if is_sql(raw):
                _drop(instance, project, name, value)
            else:
                shutil.rmtree(_place(instance, project, name, value), ignore_errors=True)
        for key in [key for key in project.rows if key == name or key.startswith(f"{name}/")]:
            if not values or key[len(name) + 1 :] in values:
                del project.rows[key]


def _expected(project: Project, name: str, partition: str) -> int:
    key = _key(name, partition)
    if key in project.rows:
        return project.rows[key]
    points = (project.metrics.get((DATASET, name)) or {}).get(COUNT) or []
    wanted = [point for point in points if partition in WHOLE or point["partition"] == partition] or points
    return int(wanted[-1]["value"]) if wanted else 200


class _Counted:
    def __init__(self, values: Iterable[Sequence[Any]]) -> None:
        self._values = values
        self.count = 0

    def __iter__(self) -> Iterator[Sequence[Any]]:
        for row in self._values:
            self.count += 1
            yield row


def _key(name: str, partition: str) -> str:
    return name if partition in WHOLE else f"{name}/{partition}"


def _source(project: Project, name: str, partition: str, count: int, as_of: datetime) -> made.Source:
    raw = project.datasets[name]
    part = "" if partition in WHOLE else partition
    return made.Source(f"{project.key}.{name}", tuple(fields(raw)), count, as_of, dimension(raw), part)


def _as_of(instance: Instance, project: Project, name: str) -> datetime:
    built = project.builds.get((DATASET, name)) or {}
    return from_ms(built["buildStartTime"]) if built.get("buildStartTime") else instance.clock.now()


# --- files -----------------------------------------------------------------------------------------------------------


def _place(instance: Instance, project: Project, name: str, partition: str) -> Path:
    """Where the files of a dataset, or of one partition, lie. Raises NoData for a partition that would lie elsewhere."""
    home = instance.data_dir / "datasets" / project.key / name
    if partition in WHOLE:
        return home
    if partition in (".", "..") or "/" in partition:
        raise NoData(f"Dataset {project.key}.{name} has no partition {partition}")
    return home / partition


def _file(instance: Instance, project: Project, name: str, partition: str) -> Path:
    return _place(instance, project, name, partition) / files.name_for(project.datasets[name])


def _files(instance: Instance, project: Project, name: str, asked: Sequence[str]) -> list[Path]:
    values = [part for part in asked if part not in WHOLE] or held(project, name)
    with instance.lock:
        found = []
        for value in values:
            if _key(name, value) not in project.rows:
                where = f", partition {value}" if value not in WHOLE else ""
                raise NoData(f"Root path of dataset {project.key}.{name} does not exist{where}")
            file = _file(instance, project, name, value)
            if not file.is_file():
                _make_file(instance, project, name, value, file)
            found.append(file)
        if not found:
            raise NoData(f"Root path of dataset {project.key}.{name} does not exist")
        return found


def _make_file(instance: Instance, project: Project, name: str, partition: str, file: Path) -> None:
    at = _as_of(instance, project, name)
    source = _source(project, name, partition, project.rows[_key(name, partition)], at)
    files.write(file, fields(project.datasets[name]), made.make(source), at)


# --- tables ----------------------------------------------------------------------------------------------------------


def connection(project: Project, name: str) -> str:
    """The connection of an SQL dataset."""
    return str((project.datasets[name].get("params") or {}).get("connection") or "sql")


def engine(instance: Instance) -> str:
    """The database that plays the SQL connections: "PostgreSQL" or "SQLite"."""
    return "PostgreSQL" if databases.server_of(instance) else "SQLite"


def query(instance: Instance, where: str, sql: str) -> tuple[list[tuple[str, str]], Iterator[tuple[Any, ...]]]:
    """Runs a query on a connection: (name, DSS type) of the columns, and the rows, streamed.

    Tables that the query names and that have not been read yet are filled first. Raises QueryFailed.
    """
    with instance.lock:
        for project in instance.projects.values():
            for name in _tables_of(project, where):
                if re.search(rf"\b{re.escape(table(project, name)[1])}\b", sql, re.IGNORECASE):
                    _fill_when_missing(instance, project, name)
    opened = databases.connect(instance, where)
    try:
        cursor = databases.run(opened, sql)
    except databases.errors() as failure:
        opened.close()
        raise QueryFailed(str(failure).strip()) from failure
    described = cursor.description or []
    first = cursor.fetchmany(200) if described else []
    kinds = [_kind(cursor, position, first) for position in range(len(described))]
    return [(str(column[0]), kind) for column, kind in zip(described, kinds)], _fetched(opened, cursor, first)


def execute(instance: Instance, where: str, sql: str) -> None:
    """Runs a statement that answers no rows. Raises QueryFailed."""
    for _ in query(instance, where, sql)[1]:
        pass


def close(instance: Instance) -> None:
    """Drops what this instance put into a PostgreSQL server; files go with the instance's data directory."""
    if not databases.server_of(instance):
        return
    import psycopg

    with psycopg.connect(databases.server_of(instance), autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{databases.name_of(instance)}" WITH (FORCE)')


def _tables_of(project: Project, where: str) -> Iterator[str]:
    for name, raw in project.datasets.items():
        if is_sql(raw) and connection(project, name) == where:
            yield name


def value(instance: Instance, where: str, sql: str) -> tuple[Any, ...]:
    """The one row of a query that adds up, all at once: a cursor that could be read on keeps PostgreSQL from counting with
    several workers. Raises QueryFailed."""
    with contextlib.closing(databases.connect(instance, where)) as opened:
        try:
            row = opened.execute(sql).fetchone()
        except databases.errors() as failure:
            raise QueryFailed(str(failure).strip()) from failure
    return tuple(_plain(one) for one in row)


def _fetched(opened: Any, cursor: Any, first: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    with contextlib.closing(opened):
        found = first
        while found:
            yield from (tuple(_plain(value) for value in row) for row in found)
            found = cursor.fetchmany(500)
        opened.commit()


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time(), timezone.utc)
    return value


def _kind(cursor: Any, position: int, first: list[tuple[Any, ...]]) -> str:
    """DSS's type for a column of a query: what its first value that is not null looks like."""
    value = next((_plain(row[position]) for row in first if row[position] is not None), "")
    for kind, name in ((bool, "boolean"), (int, "bigint"), (float, "double"), (datetime, "date")):
        if isinstance(value, kind):
            return name
    return "string"


def fill(instance: Instance, project: Project, name: str) -> None:
    """Makes the table of an SQL dataset with the rows it holds, where nobody has read it yet."""
    with instance.lock:
        _fill_when_missing(instance, project, name)


def _fill_when_missing(instance: Instance, project: Project, name: str) -> None:
    stored = [part for part in held(project, name) if _key(name, part) in project.rows]
    if not stored or not fields(project.datasets[name]) or _table_exists(instance, project, name):
        return
    for part in stored:
        source = _source(project, name, part, project.rows[_key(name, part)], _as_of(instance, project, name))
        _fill_table(instance, project, name, made.make(source))


def require(project: Project, name: str) -> None:
    """Raises NoData for a table that no build has made."""
    if not any(_key(name, part) in project.rows for part in held(project, name)):
        raise NoData(f'Table {qualified(project, name)} does not exist: dataset "{project.key}.{name}" was never built')


def _table_exists(instance: Instance, project: Project, name: str) -> bool:
    with contextlib.closing(databases.connect(instance, connection(project, name))) as opened:
        try:
            databases.run(opened, f"SELECT 1 FROM {qualified(project, name)} LIMIT 1")
        except databases.errors():
            return False
        return True


def _fill_table(instance: Instance, project: Project, name: str, values: Iterable[Sequence[Any]]) -> None:
    schema_fields = fields(project.datasets[name])
    postgres = engine(instance) == "PostgreSQL"
    kinds = _POSTGRES if postgres else _SQLITE
    listed = ", ".join(f"{databases.quote(column)} {kinds.get(kind, 'text')}" for column, kind in schema_fields)
    target, schema = qualified(project, name), table(project, name)[0]
    with contextlib.closing(databases.connect(instance, connection(project, name), schema)) as opened:
        if postgres and schema:
            opened.execute(f"CREATE SCHEMA IF NOT EXISTS {databases.quote(schema)}")
        opened.execute(f"CREATE TABLE IF NOT EXISTS {target} ({listed})")
        if postgres:
            with opened.cursor().copy(f"COPY {target} FROM STDIN") as copy:
                for row in values:
                    copy.write_row([None if value == "" else value for value in row])
        else:
            marks = ", ".join("?" * len(schema_fields))
            opened.executemany(f"INSERT INTO {target} VALUES ({marks})", (_for_sqlite(row) for row in values))
        opened.commit()


def _for_sqlite(row: Sequence[Any]) -> list[Any]:
    return [made.text(value) if isinstance(value, datetime) else value for value in row]


def _drop(instance: Instance, project: Project, name: str, partition: str) -> None:
    if not _table_exists(instance, project, name):
        return
    field = dimension(project.datasets[name])
    with contextlib.closing(databases.connect(instance, connection(project, name))) as opened:
        if partition and field:
            quoted = partition.replace("'", "''")
            opened.execute(f"DELETE FROM {qualified(project, name)} WHERE {databases.quote(field)} = '{quoted}'")
        else:
            opened.execute(f"DROP TABLE {qualified(project, name)}")
        opened.commit()
