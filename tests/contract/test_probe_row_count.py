"""The probe row-count, hosted as DSS hosts it: every way of counting gives the number of rows that are there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any, Optional

import dataikuapi
import pytest

import localdss
from localdss import data
from localdss.host import ComponentFailed, run_probe
from localdss.server import Server
from opsguide.dss import gateway
from opsguide.model.snapshot import ObjectRef
from tests.readings import clients

TYPE = "py_plugin_operations-guide_row-count"
STANDING, PUSHED_DOWN, STREAMED = "existing metric", "SQL COUNT(*)", "streamed"
BY_SQL, BY_DSS = "DSS metrics engine: SQL", "DSS metrics engine: DSS"
COUNT = "records:COUNT_RECORDS"
KINDS = {"engine": "STRING", "delta_pct": "DOUBLE"}


# A Monday, twenty minutes before seven in Paris: the night is over and the hour's own run has ended.
AT = datetime(2026, 3, 2, 5, 40, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    with localdss.serve(story="healthy", at=AT) as server:
        yield server


def client(dss: Server, login: str = "admin") -> Any:
    return dataikuapi.DSSClient(dss.url, login).get_project("RETAIL")


def probe(
    dss: Server, object_id: str, partition: Any = "NP", *, kind: str = "DATASET", login: str = "admin", **config: Any
):
    """Metric name -> value of the probe run by itself, after checking the types."""
    raw = {"type": TYPE, "meta": {"name": "Row count"}, "configuration": {"config": config}}
    found = run_probe(dss.instance, "RETAIL", login, kind, object_id, partition, raw)
    assert {name: kind for name, (_, kind) in found.items()} == {name: KINDS.get(name, "BIGINT") for name in found}
    return {name: value for name, (value, _) in found.items()}


def counted(*args: Any, **config: Any) -> tuple[int, str]:
    found = probe(*args, **config)
    return found["row_count"], found["engine"]


@contextmanager
def settings_of(dss: Server, name: str) -> Iterator[dict[str, Any]]:
    """The dataset's settings, to be changed while it lasts."""
    kept = dss.instance.projects["RETAIL"].datasets
    before = kept[name]
    kept[name] = dict(before)
    try:
        yield kept[name]
    finally:
        kept[name] = before


def rows_of(dss: Server, name: str, partitions: Optional[list[str]] = None) -> int:
    return sum(1 for _ in data.rows(dss.instance, "RETAIL", name, partitions=partitions))


def last_value(dss: Server, name: str, metric_type: str) -> Any:
    values = client(dss).get_dataset(name).get_last_metric_values()
    wanted = [values.get_metric_by_id(key) for key in values.get_all_ids() if key.split(":")[1] == metric_type]
    assert len(wanted) == 1
    return wanted[0]["lastValues"][0]


def test_attached_in_the_sample_and_computed_by_the_public_client(dss: Server):
    client(dss).get_dataset("sales_mart").compute_metrics()
    count, engine = last_value(dss, "sales_mart", "row_count"), last_value(dss, "sales_mart", "engine")
    assert (int(count["value"]), count["dataType"]) == (rows_of(dss, "sales_mart"), "BIGINT")
    assert engine["value"] in (STANDING, BY_SQL)
    assert engine["dataType"] == "STRING"


def test_the_count_on_record_is_believed_where_it_is_newer_than_the_build(dss: Server):
    standing = (
        client(dss).get_dataset("customer_360").get_last_metric_values().get_global_value("records:COUNT_RECORDS")
    )
    assert counted(dss, "customer_360") == (int(standing), STANDING)


def test_the_count_on_record_is_not_believed_while_a_job_runs_or_when_asked_to_count(dss: Server):
    assert counted(dss, "customer_360", count_again=True) == (rows_of(dss, "customer_360"), BY_SQL)
    jobs = dss.instance.projects["RETAIL"].jobs
    listed = jobs[0]["listItem"]
    definition = {**listed["def"], "type": "RECURSIVE_BUILD"}
    running = {**jobs[0], "listItem": {**listed, "def": definition, "state": "RUNNING", "stableState": False}}
    jobs.insert(0, running)
    try:
        assert counted(dss, "customer_360") == (rows_of(dss, "customer_360"), BY_SQL)
    finally:
        jobs.remove(running)


@pytest.mark.parametrize(
    ("name", "partition", "engines"),
    [
        ("customers_crm", "NP", (BY_SQL, PUSHED_DOWN)),
        ("orders", "ALL", (BY_SQL, PUSHED_DOWN)),
        ("orders", "first", (BY_SQL, PUSHED_DOWN)),
        ("products", "NP", (BY_DSS, STREAMED)),
        ("orders_clean", "first", (BY_DSS, STREAMED)),
    ],
)
def test_counted_by_dss_where_the_rows_are_else_by_the_database_else_row_by_row(dss, name, partition, engines):
    if partition == "first":
        partition = client(dss).get_dataset(name).list_partitions()[0]
    there = rows_of(dss, name, None if partition in ("NP", "ALL") else [partition])
    assert there > 0
    assert counted(dss, name, partition, count_again=True) == (there, engines[0])
    assert counted(dss, name, partition, count_again=True, metrics_engine=False) == (there, engines[1])


@pytest.mark.parametrize(
    "format",
    [{"formatType": "csv", "formatParams": {"compress": "gz"}}, {"formatType": "parquet"}],
    ids=["gzip", "parquet"],
)
def test_files_of_other_formats_are_counted_as_well(dss: Server, format: dict[str, Any]):
    project = dss.instance.projects["RETAIL"]
    project.datasets["other"] = {**project.datasets["customers_scored"], "type": "Filesystem", "params": {}, **format}
    project.rows["other"] = 1234
    try:
        assert counted(dss, "other", metrics_engine=False) == (1234, STREAMED)
        assert counted(dss, "other") == (1234, BY_DSS)
    finally:
        data.clear(dss.instance, "RETAIL", "other")
        del project.datasets["other"]


def test_dss_is_asked_for_the_record_count_and_never_for_our_own_probe(dss: Server):
    attached = dss.instance.projects["RETAIL"].datasets["sales_mart"]["metrics"]["probes"]
    assert TYPE in [each["type"] for each in attached]
    dss.requests.clear()
    probe(dss, "sales_mart", count_again=True)
    assert [request.path for request in dss.requests.writes()] == [
        "/projects/RETAIL/datasets/sales_mart/actions/computeMetricsFromIds"
    ]
    assert dss.requests.unknown() == []


def test_metrics_of_a_sample_are_no_count(dss: Server):
    with settings_of(dss, "customer_360") as raw:
        selection = {"samplingMethod": "HEAD_SEQUENTIAL", "maxRecords": 100}
        raw["metrics"] = {**raw.get("metrics", {}), "engineConfig": {"dss": {"selection": selection}}}
        assert counted(dss, "customer_360") == (rows_of(dss, "customer_360"), PUSHED_DOWN)


def test_who_may_not_use_the_connection_still_gets_the_count(dss: Server):
    assert counted(dss, "customers_crm", login="priya", count_again=True, metrics_engine=False) == (
        rows_of(dss, "customers_crm"),
        STREAMED,
    )


def test_how_the_rows_moved(dss: Server):
    """Built 6:00, counted before and after: the count before the build is what the new one is compared with."""
    project, key = dss.instance.projects["RETAIL"], ("DATASET", "customer_360")
    kept = project.metrics[key]
    rows, built = rows_of(dss, "customer_360"), project.builds[key]["buildEndTime"]

    def point(value: int, at: int) -> dict[str, Any]:
        return {"partition": "NP", "value": str(value), "dataType": "BIGINT", "computed": at}

    try:
        project.metrics[key] = {COUNT: [point(rows + 100, built - 60_000), point(rows, built + 60_000)]}
        found = probe(dss, "customer_360")
        assert (found["delta"], found["zero_days"]) == (-100, 0)
        assert found["delta_pct"] == round(-10_000 / (rows + 100), 2)
        project.metrics[key] = {COUNT: [point(rows, built + 60_000)]}
        assert "delta" not in probe(dss, "customer_360")
    finally:
        project.metrics[key] = kept


def test_our_own_counts_are_a_history_where_dss_keeps_none(dss: Server):
    project, key = dss.instance.projects["RETAIL"], ("DATASET", "customer_360")
    kept, built = project.metrics[key], project.builds[key]["buildEndTime"]
    point = {"partition": "NP", "value": "9001", "dataType": "BIGINT", "computed": built}
    ref = ObjectRef("DATASET", "RETAIL", "customer_360")
    try:
        project.metrics[key] = {f"{TYPE}:row_count:Rows by us": [point]}
        facts = gateway.read_snapshot(clients(dss), "RETAIL", {"metrics", "row_counts"}, objects=[ref]).fact(ref)
    finally:
        project.metrics[key] = kept
    assert [each.value for each in facts.row_counts] == [9001]


def test_no_rows_is_a_count_and_the_days_without_are_told(dss: Server):
    project, key = dss.instance.projects["RETAIL"], ("DATASET", "customer_360")
    day = 86_400_000
    kept, there = project.metrics.get(key), project.rows["customer_360"]
    today = dss.instance.clock.ms()
    points = [
        {"partition": "NP", "value": value, "dataType": "BIGINT", "computed": today - days * day}
        for days, value in ((4, "9000"), (3, "0"), (2, "0"))
    ]
    try:
        data.write(dss.instance, "RETAIL", "customer_360", [])
        project.metrics[key] = {COUNT: points}
        found = probe(dss, "customer_360", count_again=True)
        assert (found["row_count"], found["zero_days"]) == (0, 4)
    finally:
        project.metrics[key] = kept
        data.build(dss.instance, "RETAIL", "customer_360", count=there)


def test_a_folder_is_files_and_bytes(dss: Server):
    items = client(dss).get_managed_folder("kL4nd1ng").list_contents()["items"]
    expected = {"file_count": len(items), "total_size": sum(item["size"] for item in items)}
    assert items
    assert probe(dss, "kL4nd1ng", kind="MANAGED_FOLDER") == expected


def test_a_count_on_record_and_a_folder_are_read_without_a_write(dss: Server):
    dss.requests.clear()
    probe(dss, "sales_mart")
    probe(dss, "kL4nd1ng", kind="MANAGED_FOLDER")
    assert 0 < len(dss.requests) <= 12
    assert dss.requests.writes() == []
    assert dss.requests.unknown() == []


def test_what_cannot_be_counted_is_an_error_and_no_number(dss: Server):
    project = dss.instance.projects["RETAIL"]
    project.datasets["empty"] = {**project.datasets["products"], "schema": {"columns": []}}
    try:
        with pytest.raises(ComponentFailed, match="has no columns yet"):
            probe(dss, "empty")
    finally:
        del project.datasets["empty"]
