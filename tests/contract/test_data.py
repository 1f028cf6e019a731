"""Rows, metrics and rules of the local DSS, on files, SQLite and PostgreSQL: what is computed agrees with what is there."""

from __future__ import annotations

import csv
import json
import statistics
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest

from localdss import data, metrics, quality
from localdss.instance import DATASET, Instance
from localdss.opening import open_instance

NOW = datetime(2025, 11, 20, 6, 12, tzinfo=timezone.utc)
DAYS = ["2025-11-17", "2025-11-18", "2025-11-19"]


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def instance(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    address = request.getfixturevalue("postgres_url") if request.param == "PostgreSQL" else ""
    monkeypatch.delenv("OPSGUIDE_PG_URL", raising=False)
    opened = open_instance(None, NOW, plugins=(), postgres=address)
    project = opened.projects["RETAIL"]
    project.rows.update(
        {"sales_mart": 1200, "customers_crm": 300, "returns_clean": 90, "stores": 26, "customer_360": 0}
    )
    project.rows.update({f"{name}/{day}": 150 for name in ("orders", "orders_clean") for day in DAYS})
    opened.projects["SUPPLY"].rows["suppliers"] = 40
    yield opened
    data.close(opened)
    opened.close()


def read(instance: Instance, name: str, **asked: Any) -> list[list[str]]:
    return list(data.rows(instance, "RETAIL", name, **asked))


def test_the_engine_is_the_one_that_was_asked_for(instance: Instance, request: pytest.FixtureRequest) -> None:
    assert data.engine(instance) == request.node.callspec.params["instance"]
    columns, found = data.query(instance, "postgres_dwh", "SELECT version()" if instance.postgres else "SELECT 1")
    assert len(columns) == 1
    assert ("PostgreSQL" in str(next(found)[0])) == bool(instance.postgres)


@pytest.mark.parametrize(
    ("name", "asked", "count"),
    [
        ("sales_mart", {}, 1200),
        ("sales_mart", {"limit": 7}, 7),
        ("customer_360", {}, 0),
        ("returns_clean", {}, 90),
        ("orders", {}, 450),
        ("orders", {"partitions": ["2025-11-18"]}, 150),
        ("orders_clean", {"partitions": DAYS[:2]}, 300),
        ("orders_clean", {"partitions": ["ALL"]}, 450),
        ("SUPPLY.suppliers", {}, 40),
    ],
)
def test_a_dataset_holds_as_many_rows_as_was_told(
    instance: Instance, name: str, asked: dict[str, Any], count: int
) -> None:
    assert len(read(instance, name, **asked)) == count


def test_partitions_hold_their_own_day(instance: Instance) -> None:
    for name in ("orders", "orders_clean"):
        assert data.partitions(instance, "RETAIL", name) == DAYS
        days = {row[0] for row in read(instance, name, columns=["order_date"], partitions=["2025-11-18"])}
        assert days == {"2025-11-18T00:00:00.000Z"}


def test_rows_are_the_same_each_time_and_wherever_they_live(instance: Instance) -> None:
    first = read(instance, "sales_mart")
    again = open_instance(None, NOW, plugins=())
    again.projects["RETAIL"].rows["sales_mart"] = 1200
    assert first == list(data.rows(again, "RETAIL", "sales_mart"))
    again.close()


@pytest.mark.parametrize(
    ("name", "asked", "part"),
    [
        ("demand_forecast", {}, "never built"),
        ("demand_history", {}, "does not exist"),
        ("orders_clean", {"partitions": ["2020-01-01"]}, "2020-01-01"),
        ("nothing", {}, "nothing"),
        ("OTHER.nothing", {}, "OTHER.nothing"),
        ("stores", {"columns": ["colour"]}, "colour"),
    ],
)
def test_what_is_not_there_fails_before_the_first_row(
    instance: Instance, name: str, asked: dict[str, Any], part: str
) -> None:
    with pytest.raises(data.NoData, match=part):
        data.rows(instance, "RETAIL", name, **asked)


def test_streams_are_read_back_by_a_csv_reader(instance: Instance) -> None:
    rows = [["a\tb", 'quo"te', "line\nbreak"], ["é", "", "z"]]
    written = b"".join(data.encode(["x", "y", "z"], rows, "tsv-excel-header")).decode()
    assert list(csv.reader(written.splitlines(keepends=True), delimiter="\t")) == [["x", "y", "z"], *rows]
    streamed = b"".join(data.stream(instance, "RETAIL", "stores", "tsv-excel-noheader")).decode()
    assert len(streamed.splitlines()) == 26
    found = json.loads(b"".join(data.stream(instance, "RETAIL", "stores", "json", columns=["store_id"])))
    assert found[0] == {"store_id": "S01"}
    assert json.loads(b"".join(data.encode(["x"], [], "json"))) == []


@pytest.mark.parametrize("name", ["sales_mart", "returns_clean"])
def test_a_build_replaces_and_a_clear_removes(instance: Instance, name: str) -> None:
    before = len(read(instance, name))
    assert data.build(instance, "RETAIL", name, count=55) == 55
    assert len(read(instance, name)) == 55
    data.clear(instance, "RETAIL", name)
    with pytest.raises(data.NoData):
        data.rows(instance, "RETAIL", name)
    assert data.build(instance, "RETAIL", name, count=before) == before


@pytest.mark.parametrize("name", ["orders", "orders_clean"])
def test_one_partition_is_built_and_cleared_alone(instance: Instance, name: str) -> None:
    data.build(instance, "RETAIL", name, "2025-11-20", 33)
    assert data.partitions(instance, "RETAIL", name) == [*DAYS, "2025-11-20"]
    assert len(read(instance, name)) == 483
    data.clear(instance, "RETAIL", name, ["2025-11-17"])
    assert len(read(instance, name)) == 333
    assert data.partitions(instance, "RETAIL", name) == [*DAYS[1:], "2025-11-20"]


@pytest.mark.parametrize("name", ["orders", "orders_clean"])
def test_nothing_of_a_partitioned_dataset_comes_back_after_it_was_cleared(instance: Instance, name: str) -> None:
    assert len(read(instance, name)) == 450
    data.clear(instance, "RETAIL", name)
    with pytest.raises(data.NoData):
        data.rows(instance, "RETAIL", name)
    data.build(instance, "RETAIL", name, "2025-11-20", 33)
    assert len(read(instance, name)) == 33


@pytest.mark.parametrize("partition", ["..", "../../elsewhere", "a/b"])
def test_a_partition_is_a_name_and_no_way_out(instance: Instance, partition: str) -> None:
    read(instance, "orders_clean")
    before = sorted(instance.data_dir.rglob("*"))
    with pytest.raises(data.NoData, match="has no partition"):
        data.clear(instance, "RETAIL", "orders_clean", [partition])
    with pytest.raises(data.NoData, match="has no partition"):
        data.build(instance, "RETAIL", "orders_clean", partition, 3)
    assert sorted(instance.data_dir.rglob("*")) == before


def test_queries_see_every_schema_and_say_what_the_database_says(instance: Instance) -> None:
    sql = "SELECT COUNT(*), MAX(customer_id) FROM crm.customers AS c WHERE c.country <> 'ZZ'"
    columns, found = data.query(instance, "postgres_dwh", sql)
    assert [kind for _, kind in columns] == ["bigint", "string"]
    assert list(found) == [(300, "C000300")]
    with pytest.raises(data.QueryFailed, match="no_such_table"):
        data.query(instance, "postgres_dwh", "SELECT * FROM no_such_table")


def test_metrics_of_a_table_are_those_of_its_rows(instance: Instance) -> None:
    report = metrics.compute(instance, "RETAIL", DATASET, "sales_mart", probes=_built_in(instance, "sales_mart"))
    rows = read(instance, "sales_mart", columns=["sales_day", "amount", "store_id"])
    found = {one["metricId"]: one["value"] for one in report["computed"]}
    assert found["records:COUNT_RECORDS"] == "1200"
    assert found["col_stats:MAX:sales_day"] == max(row[0] for row in rows) == "2025-11-19T00:00:00.000Z"
    assert float(found["col_stats:SUM:amount"]) == pytest.approx(sum(float(row[1]) for row in rows))
    assert found["col_stats:COUNT_DISTINCT:store_id"] == str(len({row[2] for row in rows}))
    assert [run["engine"] for run in report["runs"]] == ["Basic", "SQL", "SQL"]
    amounts = [float(row[1]) for row in rows]
    spread = metrics.compute(instance, "RETAIL", DATASET, "sales_mart", metric_ids=["col_stats:STDDEV:amount"])
    assert float(spread["computed"][0]["value"]) == pytest.approx(statistics.pstdev(amounts))
    points = instance.projects["RETAIL"].metrics[DATASET, "sales_mart"]["records:COUNT_RECORDS"]
    assert points[-1]["value"] == "1200"


def test_metrics_of_files_are_read_and_carry_their_partition(instance: Instance) -> None:
    report = metrics.compute(instance, "RETAIL", DATASET, "orders_clean", "2025-11-18")
    found = {one["metricId"]: one for one in report["computed"]}
    assert found["records:COUNT_RECORDS"]["value"] == "150"
    assert {one["partition"] for one in found.values()} == {"2025-11-18"}
    assert found["basic:COUNT_FILES"]["value"] == "1"
    whole = metrics.compute(instance, "RETAIL", DATASET, "orders_clean", metric_ids=["records:COUNT_RECORDS"])
    assert [(one["partition"], one["value"]) for one in whole["computed"]] == [("ALL", "450")]


def test_a_probe_that_cannot_run_says_why_and_leaves_no_value(instance: Instance) -> None:
    report = metrics.compute(instance, "RETAIL", DATASET, "demand_forecast", probes=[{"type": "records"}])
    assert report["computed"] == []
    assert "never built" in report["runs"][0]["error"]
    odd = metrics.compute(instance, "RETAIL", DATASET, "stores", probes=[{"type": "percentile_stats"}])
    assert "percentile_stats" in odd["runs"][0]["error"]


def test_rules_are_judged_on_what_is_computed(instance: Instance) -> None:
    outcomes = {one["name"]: one for one in quality.run(instance, "RETAIL", DATASET, "sales_mart")}
    assert outcomes["Record count is between 8,000 and 30,000"]["outcome"] == "ERROR"
    assert outcomes["Record count is between 8,000 and 30,000"]["message"] == "1,200 is below 8,000"
    assert outcomes["channel is STORE, WEB or PHONE"]["outcome"] == "OK"
    assert outcomes["store_id is never empty"]["outcome"] == "OK"
    kept = instance.projects["RETAIL"].rule_results["sales_mart"]
    assert {one["id"] for one in kept} == {quality.rule_id(one["check"]) for one in outcomes.values()}
    data.clear(instance, "RETAIL", "sales_mart")
    again = quality.run(instance, "RETAIL", DATASET, "sales_mart", rule_ids=["r7SmCnt1"])
    assert [one["outcome"] for one in again] == ["ERROR"]


def test_only_enabled_and_automatic_rules_run_on_build(instance: Instance) -> None:
    names = [one["name"] for one in quality.run(instance, "RETAIL", DATASET, "sales_mart", automatic=True)]
    assert "Total amount is plausible" not in names
    assert quality.run(instance, "RETAIL", DATASET, "stock_alerts") == []


@pytest.mark.parametrize(
    ("rule", "values", "outcome"),
    [
        ({"type": "RecordCountInRangeRule", "minimum": 5, "minimumEnabled": True}, {data.COUNT: "4"}, "ERROR"),
        ({"type": "RecordCountInRangeRule", "softMinimum": 5, "softMinimumEnabled": True}, {data.COUNT: "4"}, "WARNING"),
        ({"type": "RecordCountInRangeRule", "minimum": 5, "minimumEnabled": False}, {data.COUNT: "4"}, "OK"),
        ({"type": "RecordCountInRangeRule", "maximum": 5, "maximumEnabled": True}, {data.COUNT: "5"}, "OK"),
        ({"type": "RecordCountInRangeRule"}, {}, "EMPTY"),
        ({"type": "ColumnMaxInRangeRule", "columns": ["x"], "maximum": 1, "maximumEnabled": True}, {"col_stats:MAX:x": "1.2"}, "ERROR"),
        ({"type": "ColumnNotEmptyRule", "columns": ["x"]}, {"col_stats:COUNT_NULL:x": "1", data.COUNT: "9"}, "ERROR"),
        ({"type": "ColumnEmptyRule", "columns": ["x"], "thresholdType": "MIN_PERCENTAGE_EMPTY", "minimum": 50, "minimumEnabled": True}, {"col_stats:COUNT_NULL:x": "6", data.COUNT: "9"}, "OK"),
        ({"type": "ColumnUniqueValuesRule", "columns": ["x"]}, {"col_stats:COUNT_DISTINCT:x": "8", data.COUNT: "9"}, "ERROR"),
        ({"type": "ValuesInSetRule", "columns": ["x"], "values": ["a"]}, {"values:x": "a\nb"}, "ERROR"),
        ({"type": "numericRange", "metricId": "m", "minimum": 2, "minimumEnabled": True}, {"m": "word"}, "ERROR"),
        ({"type": "valueSet", "metricId": "m", "values": ["D", "C"]}, {"m": "D"}, "OK"),
        ({"type": "ColumnNotEmptyRule", "columns": []}, {data.COUNT: "9"}, "EMPTY"),
        ({"type": "NobodyKnowsThisRule"}, {}, "EMPTY"),
    ],
)  # fmt: skip
def test_a_rule_judges_values(rule: dict[str, Any], values: dict[str, str], outcome: str) -> None:
    assert quality.judge(rule, values)[0] == outcome


def _built_in(instance: Instance, name: str) -> list[dict[str, Any]]:
    probes = instance.projects["RETAIL"].datasets[name]["metrics"]["probes"]
    return [probe for probe in probes if not probe["type"].startswith("py_plugin_")]


@pytest.mark.parametrize(
    ("format", "name"),
    [
        ({"formatType": "csv", "formatParams": {"compress": "gz"}}, "out-s0.csv.gz"),
        ({"formatType": "parquet"}, "out-s0.parquet"),
    ],
)
def test_a_file_holds_the_same_rows_in_every_format(instance: Instance, format: dict[str, Any], name: str) -> None:
    instance.clock.stop(NOW)
    project = instance.projects["RETAIL"]
    plain = {**project.datasets["orders_clean"], "type": "Filesystem", "params": {}, "partitioning": {}}
    project.datasets.update(plain={**plain, "formatType": "csv", "formatParams": {}}, other={**plain, **format})
    project.rows["plain"] = 300
    rows = read(instance, "plain")
    assert data.write(instance, "RETAIL", "other", iter(rows)) == 300
    assert read(instance, "other") == rows
    listed = data.listing(instance, "RETAIL", "other")["NP"]
    assert [(file["path"], file["lastModified"] // 1000) for file in listed] == [(f"/{name}", int(NOW.timestamp()))]
    assert data.write(instance, "RETAIL", "other", iter(())) == 0
    assert read(instance, "other") == []
