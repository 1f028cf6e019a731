"""The probe freshness, hosted as DSS hosts it: on builds, files, SQLite and a real PostgreSQL with all that goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

import dataikuapi
import pytest

import localdss
from localdss import data
from localdss.host import ComponentFailed, run_check, run_probe
from localdss.server import Server

TYPE, ROW_COUNT = (f"py_plugin_operations-guide_{name}" for name in ("freshness", "row-count"))
KINDS = {"last_modified": "DATE", "data_time": "DATE", "age_hours": "DOUBLE", "data_lag_hours": "DOUBLE"}
KINDS.update(clock="STRING", data_clock="STRING", future_values="BIGINT")

# A Monday, twenty minutes before seven in Paris: the night is over and the hour's own run has ended.
AT = datetime(2026, 3, 2, 5, 40, tzinfo=timezone.utc)
BUILT, FILE = "end of the last successful build", "newest file"


def probe(
    dss: Server, object_id: str, partition: Any = "NP", *, kind: str = "DATASET", login: str = "admin", **config: Any
) -> dict[str, Any]:
    """Metric name -> value of the probe run by itself, after checking the types."""
    raw = {"type": TYPE, "meta": {"name": "Freshness"}, "configuration": {"config": config}}
    found = run_probe(dss.instance, "RETAIL", login, kind, object_id, partition, raw)
    assert {name: kind for name, (_, kind) in found.items()} == {name: KINDS[name] for name in found}
    return {name: value for name, (value, _) in found.items()}


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    with localdss.serve(story="healthy", at=AT) as server:
        yield server


# --- builds and files ------------------------------------------------------------------------------------------------


def test_by_the_build_and_by_the_metric_that_is_newer(dss: Server):
    found = probe(dss, "sales_mart", time_column="sales_day")
    built = dss.instance.projects["RETAIL"].builds["DATASET", "sales_mart"]["buildEndTime"] / 1000
    assert abs(datetime.fromisoformat(found["last_modified"].replace("Z", "+00:00")).timestamp() - built) < 1
    assert found["age_hours"] == pytest.approx((AT.timestamp() - built) / 3600, abs=0.1)
    assert (found["clock"], found["data_time"]) == (BUILT, "2026-03-01T00:00:00.000Z")
    assert found["data_lag_hours"] == pytest.approx(29.67, abs=0.1)
    assert found["data_clock"].startswith("newest sales_day, by DSS's metric of 2026-03-02")


def test_a_source_is_as_old_as_its_newest_file(dss: Server):
    found = probe(dss, "products")
    assert (found["clock"], set(found)) == (FILE, {"last_modified", "age_hours", "clock"})


def test_a_folder_is_as_old_as_its_newest_file(dss: Server):
    assert probe(dss, "kL4nd1ng", kind="MANAGED_FOLDER")["clock"] == FILE
    with pytest.raises(ComponentFailed, match="a folder has no columns"):
        probe(dss, "kL4nd1ng", kind="MANAGED_FOLDER", time_column="at")


def test_a_partition_has_a_build_of_its_own(dss: Server):
    assert probe(dss, "orders_clean", "2026-02-27")["last_modified"].startswith("2026-02-28")


def test_of_files_without_the_metric_it_is_not_known_and_says_so(dss: Server):
    found = probe(dss, "orders_clean", "ALL", time_column="order_date")
    assert found["data_clock"] == "not known: no metric computes it; its rows are in no table that can be asked"
    assert "data_time" not in found
    assert found["clock"] == BUILT


def test_it_only_reads(dss: Server):
    dss.requests.clear()
    probe(dss, "customers_crm", time_column="updated_at")
    assert 0 < len(dss.requests) <= 14
    assert dss.requests.writes() == []
    assert dss.requests.unknown() == []


@pytest.mark.parametrize(
    ("name", "config", "said"),
    [
        ("sales_mart", {"time_column": "Sales_Day"}, "there is no column 'Sales_Day'; columns of times: sales_day"),
        ("sales_mart", {"time_column": "amount"}, "'amount' is of type double, which holds no times"),
        ("sales_mart", {"timezone": "Mars/Base"}, "'Mars/Base' is not a time zone"),
    ],
)
def test_what_cannot_be_meant_is_an_error(dss: Server, name: str, config: dict[str, str], said: str):
    with pytest.raises(ComponentFailed, match=said):
        probe(dss, name, **config)


# --- a database ------------------------------------------------------------------------------------------------------

TABLES = {
    "zoned": ("timestamptz", "date", ["2026-03-02 06:10+01", "2026-03-01 23:00+00"]),
    "naive": ("timestamp", "datetimenotz", ["2026-03-02 06:10", "2026-03-01 23:00"]),
    "days": ("date", "dateonly", ["2026-03-02", "2026-03-01"]),
    "ahead": ("timestamptz", "date", ["2026-03-02 05:42+00", "2031-01-01 00:00+00", "2026-03-02 05:46+00"]),
    "ahead_naive": ("timestamp", "datetimenotz", ["2026-03-02 06:42", "2026-03-02 06:50"]),
    "only_ahead": ("timestamptz", "date", ["2031-01-01 00:00+00"]),
    "nulls": ("timestamptz", "date", [None, None]),
    "empty": ("timestamptz", "date", []),
    "words": ("text", "date", ["soon", "later"]),
    "missing": None,  # no such table
}
AWKWARD = 'At "the" end, é'


@pytest.fixture(scope="module")
def database(postgres_url: str) -> Iterator[Server]:
    with localdss.serve(story="healthy", at=AT, postgres=postgres_url) as server:
        project = server.instance.projects["RETAIL"]
        for name, made in TABLES.items():
            table = f'T "{name}"'
            column = {"name": AWKWARD, "type": made[1] if made else "date"}
            params = {"connection": "postgres_dwh", "schema": "", "table": table}
            project.datasets[name] = {"type": "PostgreSQL", "params": params, "schema": {"columns": [column]}}
            if made is not None:
                project.rows[name] = len(made[2])
                _table(server, table, made[0], made[2])
        yield server


def _table(server: Server, table: str, kind: str, values: list[Any]) -> None:
    name, column = (text.replace('"', '""') for text in (table, AWKWARD))
    rows = ", ".join("(NULL)" if value is None else f"('{value}')" for value in values)
    data.execute(server.instance, "postgres_dwh", f'CREATE TABLE "{name}" ("{column}" {kind})')
    if rows:
        data.execute(server.instance, "postgres_dwh", f'INSERT INTO "{name}" VALUES {rows}')


@contextmanager
def refusing(server: Server) -> Iterator[None]:
    kept = server.instance.postgres
    server.instance.postgres = "host=/nowhere dbname=x"
    try:
        yield
    finally:
        server.instance.postgres = kept


@pytest.mark.parametrize(
    ("name", "zone", "newest", "future"),
    [
        ("zoned", "America/New_York", "2026-03-02T05:10", 0),  # it has a zone: that of the probe is not asked
        ("naive", "Europe/Paris", "2026-03-02T05:10", 0),
        ("days", "Europe/Paris", "2026-03-01T23:00", 0),
        ("ahead", "", "2026-03-02T05:42", 2),
        ("ahead_naive", "Europe/Paris", "2026-03-02T05:42", 1),
    ],
)
def test_a_database_is_asked_for_the_newest_value_up_to_now(database, name, zone, newest, future):
    found = probe(database, name, time_column=AWKWARD, timezone=zone)
    assert found["data_time"].startswith(newest)
    assert found["future_values"] == future
    assert found["data_clock"] == f"newest {AWKWARD}, by the database"


def test_what_the_database_told_is_what_the_check_goes_by(database):
    raw = database.instance.projects["RETAIL"].datasets["zoned"]
    probes = [
        {"type": TYPE, "enabled": True, "meta": {"name": "Age"}, "configuration": {"config": {"time_column": AWKWARD}}}
    ]
    check = {"type": "custom_python_operations-guide_freshness", "config": {"time_column": AWKWARD, "max_age_hours": 1}}

    def checked() -> tuple[str, str]:
        return run_check(database.instance, "RETAIL", "admin", "DATASET", "zoned", "NP", check)

    assert "no metric computes it" in checked()[1]
    raw["metrics"] = {"probes": probes}
    client = dataikuapi.DSSClient(database.url, "admin").get_project("RETAIL").get_dataset("zoned")
    client.compute_metrics()
    outcome, message = checked()
    assert outcome == "OK"
    assert message.endswith(f"at most 1 h allowed, by the newest {AWKWARD}")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("only_ahead", "lies in the future, and no value before now was found"),
        ("nulls", "no row has a value"),
        ("empty", "no row has a value"),
        ("words", "is 'soon', no time"),
        ("missing", "does not exist"),
    ],
)
def test_where_nothing_tells_the_probe_is_in_error_and_says_why(database, name, why):
    with pytest.raises(ComponentFailed, match="not known") as failure:
        probe(database, name, time_column=AWKWARD)
    assert why in failure.value.message


def test_a_connection_that_refuses_leaves_what_is_on_record(database):
    with refusing(database):
        found = probe(database, "sales_mart", time_column="sales_day", timezone="UTC")
        assert found["data_clock"].startswith("newest sales_day, by DSS's metric")
        with pytest.raises(ComponentFailed, match="Failed to connect to postgres_dwh"):
            probe(database, "zoned", time_column=AWKWARD)


def rows(server: Server, name: str, partition: str = "NP", **config: Any) -> tuple[Any, Any]:
    raw = {"type": ROW_COUNT, "meta": {"name": "Rows"}, "configuration": {"config": config}}
    found = run_probe(server.instance, "RETAIL", "admin", "DATASET", name, partition, raw)
    return found["row_count"][0], found["engine"][0]


def test_rows_of_awkward_empty_and_missing_tables(database):
    assert rows(database, "ahead") == (3, "DSS metrics engine: SQL")
    assert rows(database, "empty", metrics_engine=False) == (0, "SQL COUNT(*)")
    with pytest.raises(ComponentFailed, match="does not exist"):
        rows(database, "missing")
    with refusing(database), pytest.raises(ComponentFailed, match="Failed to connect"):
        rows(database, "zoned")


def test_a_table_that_the_database_partitions_itself_and_one_of_ten_million_rows(database):
    for statement in (
        "CREATE TABLE by_month (at timestamptz, n int) PARTITION BY RANGE (at)",
        "CREATE TABLE by_month_1 PARTITION OF by_month FOR VALUES FROM ('2026-02-01 00:00+00') TO ('2026-03-01 00:00+00')",
        "CREATE TABLE by_month_2 PARTITION OF by_month FOR VALUES FROM ('2026-03-01 00:00+00') TO ('2026-04-01 00:00+00')",
        "INSERT INTO by_month SELECT timestamptz '2026-03-02 05:00+00' - n * interval '1 hour', n FROM generate_series(0, 99) n",
        "CREATE VIEW many AS SELECT n FROM generate_series(1, 10000000) n",
    ):
        data.execute(database.instance, "postgres_dwh", statement)
    project = database.instance.projects["RETAIL"]
    for name, columns in (("by_month", {"at": "date", "n": "int"}), ("many", {"n": "int"})):
        params = {"connection": "postgres_dwh", "schema": "", "table": name}
        schema = {"columns": [{"name": column, "type": kind} for column, kind in columns.items()]}
        project.datasets[name] = {"type": "PostgreSQL", "params": params, "schema": schema}
        project.rows[name] = 1
    assert rows(database, "by_month", metrics_engine=False) == (100, "SQL COUNT(*)")
    assert probe(database, "by_month", time_column="at")["data_time"] == "2026-03-02T05:00:00.000Z"
    assert rows(database, "many", metrics_engine=False) == (10_000_000, "SQL COUNT(*)")


def test_one_partition_of_a_table_is_cut_by_its_own_value(database):
    day = data.partitions(database.instance, "RETAIL", "orders")[-1]
    there = sum(1 for _ in data.rows(database.instance, "RETAIL", "orders", partitions=[day]))
    assert rows(database, "orders", day, count_again=True) == (there, "DSS metrics engine: SQL")
    assert rows(database, "orders", day, count_again=True, metrics_engine=False) == (there, "SQL COUNT(*)")
    assert probe(database, "orders", day, time_column="order_date")["data_time"].startswith(day)


def test_no_partition_is_the_whole(dss: Server):
    assert probe(dss, "customer_360", None)["clock"] == BUILT


def test_a_model_is_answered_politely(dss: Server):
    with pytest.raises(ComponentFailed, match="freshness dates datasets and folders; this is a Model"):
        probe(dss, "mCh7rnQ2", kind="SAVED_MODEL")
