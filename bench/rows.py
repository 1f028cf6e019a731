"""How fast and how small is counting: the probe row-count against the database itself, against pandas, and on a stream.

`python bench/rows.py [--rows N] [--gigabytes G] [--quick]` starts a PostgreSQL of its own, fills a table, and has the
probe count it as DSS would: in a fresh process, through a local DSS. The time is taken inside that process, around the
call that the probe's entry file makes; what starting it takes is printed apart. The last lines are the ratios, each with
what it is held against in brackets. Without a PostgreSQL server on the machine it says so, and measures the stream alone.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "python-lib")]

import localdss  # noqa: E402  (nothing here is installed: the modules are only beside us)
from localdss import data, databases  # noqa: E402
from localdss.host import run_probe  # noqa: E402
from localdss.server import Server  # noqa: E402
from tests import postgres  # noqa: E402

PROJECT, CONNECTION = "RETAIL", "postgres_dwh"
TIMES = 5
SHARE_FOR_PANDAS = 50  # it reads one row in so many: all of them take minutes, and more memory than a small machine has
BYTES_A_ROW = 1000

# A probe written in place, around what it measures.
_AROUND = f"""
import pathlib, resource, sys, time
sys.path.insert(0, {str(ROOT / "python-lib")!r})
import dataikuapi  # a part of starting: the local stand-in would load it with the first call
from opsguide import probes

def most_memory():
    status = pathlib.Path("/proc/self/status")  # where there is none, the peak may be that of the process before
    if not status.is_file():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(status.read_text().split("VmHWM:")[1].split()[0])

def process(dataset, partition_id):
    held, begun = most_memory(), time.perf_counter()
    found = CALL
    seconds = time.perf_counter() - begun
    return {{**found, "seconds": seconds, "megabytes": (most_memory() - held) / 1024}}
"""


@dataclass(frozen=True)
class Measured:
    """`seconds` and the `megabytes` that the process grew by, inside it; `start` is all that comes around."""

    rows: int
    engine: str
    seconds: float
    megabytes: float
    start: float


def count(server: Server, name: str, **config: Any) -> Measured:
    """By our probe."""
    return _measured(server, name, f"probes.count_rows(dataset, partition_id, {config!r}, {{}})")


def load(server: Server, name: str) -> Measured:
    """By loading it all, as is often done."""
    return _measured(server, name, "{'row_count': len(dataset.get_dataframe()), 'engine': 'get_dataframe'}")


def _measured(server: Server, name: str, call: str) -> Measured:
    raw = {"type": "python", "configuration": {"code": _AROUND.replace("CALL", call)}}
    begun = time.perf_counter()
    found = run_probe(server.instance, PROJECT, "admin", "DATASET", name, "NP", raw)
    whole = time.perf_counter() - begun
    rows, engine, seconds, megabytes = (found[each][0] for each in ("row_count", "engine", "seconds", "megabytes"))
    return Measured(rows, engine, seconds, megabytes, whole - seconds)


# --- what is counted -------------------------------------------------------------------------------------------------


def make_table(server: Server, name: str, rows: int) -> None:
    """A table that the database fills by itself, as a dataset."""
    made = "SELECT n AS id, timestamptz '2026-01-01' + n * interval '1 second' AS at, md5(n::text) AS label"
    data.execute(server.instance, CONNECTION, f"CREATE TABLE {name} AS {made} FROM generate_series(1, {rows}) n")
    data.execute(server.instance, CONNECTION, f"ANALYZE {name}")
    columns = [{"name": "id", "type": "bigint"}, {"name": "at", "type": "date"}, {"name": "label", "type": "string"}]
    params = {"connection": CONNECTION, "schema": "", "table": name}
    _dataset(server, name, rows, {"type": "PostgreSQL", "params": params, "schema": {"columns": columns}})


def make_file(server: Server, name: str, gigabytes: float) -> int:
    """A CSV file of that size; answers its rows."""
    columns = [{"name": "id", "type": "bigint"}, {"name": "label", "type": "string"}]
    _dataset(server, name, 0, {"type": "Filesystem", "params": {}, "schema": {"columns": columns}})
    rows = int(gigabytes * 1e9 / BYTES_A_ROW)
    return data.write(server.instance, PROJECT, name, _long_rows(rows))


def _long_rows(rows: int) -> Iterator[tuple[int, str]]:
    label = "x" * (BYTES_A_ROW - 10)
    return ((number, label) for number in range(rows))


def _dataset(server: Server, name: str, rows: int, raw: dict[str, Any]) -> None:
    project = server.instance.projects[PROJECT]
    project.datasets[name], project.rows[name] = raw, rows


def by_driver(server: Server, name: str) -> float:
    """Seconds of a plain `SELECT COUNT(*)`, with the connection it takes."""
    import psycopg

    begun = time.perf_counter()
    with psycopg.connect(databases.address(server.instance)) as opened:
        opened.execute(f"SELECT COUNT(*) FROM {name}").fetchone()
    return time.perf_counter() - begun


# --- the claims ------------------------------------------------------------------------------------------------------


def against_a_database(rows: int) -> tuple[float, float]:
    """Our seconds for one of the driver's, and those of loading for one of ours."""
    with postgres.cluster() as address, localdss.serve(story=None, postgres=address) as server:
        make_table(server, "many", rows)
        make_table(server, "fewer", rows // SHARE_FOR_PANDAS)
        by_driver(server, "many")  # once unmeasured, so that both find the table in memory
        pairs = [(by_driver(server, "many"), count(server, "many", count_again=True)) for _ in range(TIMES)]
        small, loaded = count(server, "fewer", count_again=True), load(server, "fewer")
    driver, ours = statistics.median(pair[0] for pair in pairs), [pair[1] for pair in pairs]
    seconds = statistics.median(each.seconds for each in ours)
    assert all(each.rows == rows for each in ours)
    print(f"SELECT COUNT(*) of {rows:,} rows by the driver: {driver:.3f} s (median of {TIMES})")
    print(
        f"row-count, by {ours[0].engine}: {seconds:.3f} s, and {ours[0].start:.2f} s to start its process and load the client"
    )
    print(f"memory: {ours[0].megabytes:.1f} MB more for {rows:,} rows, {small.megabytes:.1f} MB for {small.rows:,}")
    print(
        f"get_dataframe() of {loaded.rows:,} rows: {loaded.seconds:.1f} s, {loaded.megabytes:.0f} MB more "
        "(that of the local stand-in, which casts values one by one)"
    )
    return seconds / driver, loaded.seconds * SHARE_FOR_PANDAS / seconds


def on_a_stream(gigabytes: float) -> float:
    """The megabytes by which a process grows that reads ten times as much."""
    with localdss.serve(story=None) as server:
        make_file(server, "short", gigabytes / 10)
        rows = make_file(server, "long", gigabytes)
        short, long = (count(server, name, metrics_engine=False) for name in ("short", "long"))
    assert (long.rows, long.engine) == (rows, "streamed")
    print(
        f"streamed {gigabytes:g} GB, {rows:,} rows: {long.seconds:.1f} s ({gigabytes * 1000 / long.seconds:.0f} MB/s), "
        f"{long.megabytes:.1f} MB more; a tenth of it: {short.megabytes:.1f} MB"
    )
    return long.megabytes - short.megabytes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="of the table in PostgreSQL")
    parser.add_argument("--gigabytes", type=float, default=0.1, help="of the file that is streamed")
    parser.add_argument("--quick", action="store_true", help="a small table and file, for a test")
    asked = parser.parse_args()
    rows, gigabytes = (200_000, 0.01) if asked.quick else (asked.rows, asked.gigabytes)
    grown = on_a_stream(gigabytes)
    try:
        ratio, faster = against_a_database(rows)
    except postgres.NotInstalled as missing:
        print(f"not measured against a database: {missing}")
    else:
        print(f"row-count ÷ SELECT COUNT(*): {ratio:.2f} [1.3]")
        print(f"get_dataframe() ÷ row-count, one row in {SHARE_FOR_PANDAS} read: {faster:.0f} [50]")
    print(f"a stream ten times as long takes {grown:+.1f} MB [0]")


if __name__ == "__main__":
    main()
