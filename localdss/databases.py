"""The two databases that play SQL connections: SQLite, a file a connection, or PostgreSQL, a database an instance."""

from __future__ import annotations

import os
import re
import sqlite3
from typing import Any

from .instance import Instance


class QueryFailed(Exception):
    """The database refused a connection or a query; the text is the database's own."""


def quote(identifier: str) -> str:
    """A name as it stands in a query."""
    return '"' + identifier.replace('"', '""') + '"'


def server_of(instance: Instance) -> str:
    """The address of the PostgreSQL server, '' where SQLite plays the connections."""
    return instance.postgres or os.environ.get("OPSGUIDE_PG_URL", "")


def name_of(instance: Instance) -> str:
    """The instance's own database on that server."""
    return re.sub(r"\W", "_", instance.data_dir.name).lower()


def connect(instance: Instance, where: str, schema: str = "") -> Any:
    """A connection of the driver's own kind, to be closed. Raises QueryFailed."""
    try:
        return _postgres(instance) if server_of(instance) else _sqlite(instance, where, schema)
    except errors() as failure:
        raise QueryFailed(f"Failed to connect to {where}: {str(failure).strip()}") from failure


def _sqlite(instance: Instance, where: str, schema: str) -> sqlite3.Connection:
    """One file a connection, and one more for each schema, attached under the schema's name."""
    home = instance.data_dir / "sql" / re.sub(r"\W", "_", where)
    home.mkdir(parents=True, exist_ok=True)
    opened = sqlite3.connect(home / "main.db", timeout=30, check_same_thread=False)
    known = {file.stem for file in home.glob("*.db")} - {"main"}
    for name in sorted(known | ({schema} if schema else set())):
        opened.execute(f"ATTACH DATABASE ? AS {quote(name)}", (str(home / f"{name}.db"),))
    return opened


def address(instance: Instance) -> str:
    """The address of the instance's own database in PostgreSQL, for a driver."""
    from psycopg.conninfo import make_conninfo

    return str(make_conninfo(server_of(instance), dbname=name_of(instance)))


def _postgres(instance: Instance) -> Any:
    import psycopg

    try:
        return psycopg.connect(address(instance))
    except psycopg.OperationalError as failure:
        if "does not exist" not in str(failure):
            raise
    with psycopg.connect(server_of(instance), autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name_of(instance)}"')
    return psycopg.connect(address(instance))


def run(opened: Any, sql: str) -> Any:
    """A cursor over the rows of a query, which PostgreSQL hands out as they are asked for."""
    if isinstance(opened, sqlite3.Connection):
        return opened.execute(sql)
    cursor = (
        opened.cursor() if not re.match(r"\s*(select|with|values)\b", sql, re.IGNORECASE) else opened.cursor("rows")
    )
    cursor.execute(sql.rstrip().rstrip(";"))
    return cursor


def errors() -> tuple[type[Exception], ...]:
    """What the drivers raise."""
    try:
        import psycopg
    except ImportError:
        return (sqlite3.Error,)
    return (sqlite3.Error, psycopg.Error)
