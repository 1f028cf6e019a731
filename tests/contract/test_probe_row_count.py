"""The probe row-count, hosted as DSS hosts it: every way of counting gives the number of rows that are there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any, Optional

import dataikuapi
import pytest

import localdss
from localdss import data
from localdss.host import ComponentFailed, run_probe
from localdss.server import Server

TYPE = "py_plugin_operations-guide_row-count"
STANDING, PUSHED_DOWN, STREAMED = "existing metric", "SQL COUNT(*)", "streamed"


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
    assert {name: kind for name, (_, kind) in found.items()} == {
        name: "STRING" if name == "engine" else "BIGINT" for name in found
    }
    return {name: value for name, (value, _) in found.items()}


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
    assert engine["value"] in (STANDING, PUSHED_DOWN)
    assert engine["dataType"] == "STRING"


def test_the_count_on_record_is_believed_where_it_is_newer_than_the_build(dss: Server):
    standing = (
        client(dss).get_dataset("customer_360").get_last_metric_values().get_global_value("records:COUNT_RECORDS")
    )
    assert probe(dss, "customer_360") == {"row_count": int(standing), "engine": STANDING}


def test_the_count_on_record_is_not_believed_while_a_job_runs_or_when_asked_to_count(dss: Server):
    assert probe(dss, "customer_360", count_again=True)["engine"] == PUSHED_DOWN
    jobs = dss.instance.projects["RETAIL"].jobs
    listed = jobs[0]["listItem"]
    definition = {**listed["def"], "type": "RECURSIVE_BUILD"}
    running = {**jobs[0], "listItem": {**listed, "def": definition, "state": "RUNNING", "stableState": False}}
    jobs.insert(0, running)
    try:
        assert probe(dss, "customer_360") == {"row_count": rows_of(dss, "customer_360"), "engine": PUSHED_DOWN}
    finally:
        jobs.remove(running)


@pytest.mark.parametrize("name", ["customers_crm", "customer_360"])
def test_a_table_is_counted_by_its_database(dss: Server, name: str):
    assert probe(dss, name, count_again=True) == {"row_count": rows_of(dss, name), "engine": PUSHED_DOWN}


@pytest.mark.parametrize("name", ["products", "promo_calendar"])
def test_files_are_read_row_by_row(dss: Server, name: str):
    assert probe(dss, name, count_again=True) == {"row_count": rows_of(dss, name), "engine": STREAMED}


@pytest.mark.parametrize(("name", "engine"), [("orders", PUSHED_DOWN), ("orders_clean", STREAMED)])
def test_a_partition_is_counted_alone(dss: Server, name: str, engine: str):
    partition = client(dss).get_dataset(name).list_partitions()[0]
    alone = rows_of(dss, name, [partition])
    assert alone > 0
    assert probe(dss, name, partition, count_again=True) == {"row_count": alone, "engine": engine}


def test_the_whole_of_a_partitioned_table_is_all_its_partitions(dss: Server):
    whole = rows_of(dss, "orders")
    assert probe(dss, "orders", "ALL", count_again=True) == {"row_count": whole, "engine": PUSHED_DOWN}


def test_who_may_not_use_the_connection_still_gets_the_count(dss: Server):
    found = probe(dss, "customers_crm", login="priya", count_again=True)
    assert found == {"row_count": rows_of(dss, "customers_crm"), "engine": STREAMED}


def test_a_folder_is_files_and_bytes(dss: Server):
    items = client(dss).get_managed_folder("kL4nd1ng").list_contents()["items"]
    expected = {"file_count": len(items), "total_size": sum(item["size"] for item in items)}
    assert items
    assert probe(dss, "kL4nd1ng", kind="MANAGED_FOLDER") == expected


def test_counting_changes_nothing(dss: Server):
    dss.requests.clear()
    probe(dss, "customer_360")
    probe(dss, "kL4nd1ng", kind="MANAGED_FOLDER")
    assert len(dss.requests) > 0
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
