"""The checks freshness, row-count and schema-change, hosted as DSS hosts them: from the settings, as rules, by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

import dataikuapi
import pytest

import localdss
from localdss.host import run_check
from localdss.server import Server

# A Monday, twenty minutes before seven in Paris: the night is over and the hour's own run has ended.
AT = datetime(2026, 3, 2, 5, 40, tzinfo=timezone.utc)

FRESHNESS, ROW_COUNT, SCHEMA_CHANGE = (
    f"custom_python_operations-guide_{name}" for name in ("freshness", "row-count", "schema-change")
)
SALES = ["sales_day: date", "store_id", "category", "channel", "orders"]


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    with localdss.serve(story="healthy", at=AT) as server:
        yield server


def check(
    dss: Server,
    kind: str,
    name: str,
    partition: Any = "NP",
    *,
    of: str = "DATASET",
    login: str = "admin",
    **config: Any,
) -> tuple[str, str]:
    raw = {"type": kind, "meta": {"label": "Ours"}, "config": config}
    return run_check(dss.instance, "RETAIL", login, of, name, partition, raw)


def dataset(dss: Server, name: str) -> Any:
    return dataikuapi.DSSClient(dss.url, "admin").get_project("RETAIL").get_dataset(name)


def columns(dss: Server, name: str) -> list[str]:
    return [f"{column['name']}: {column['type']}" for column in dataset(dss, name).get_schema()["columns"]]


@contextmanager
def settings_of(dss: Server, name: str, **changed: Any) -> Iterator[None]:
    """The dataset with other settings while it lasts."""
    kept = dss.instance.projects["RETAIL"].datasets
    before = kept[name]
    kept[name] = {**before, **changed}
    try:
        yield
    finally:
        kept[name] = before


@contextmanager
def job_running(dss: Server) -> Iterator[None]:
    """A job that may be building anything, since half past five in Paris."""
    jobs = dss.instance.projects["RETAIL"].jobs
    listed = jobs[0]["listItem"]
    since = int(datetime(2026, 3, 2, 4, 30, tzinfo=timezone.utc).timestamp() * 1000)
    definition = {**listed["def"], "type": "RECURSIVE_BUILD"}
    item = {**listed, "def": definition, "state": "RUNNING", "stableState": False, "startTime": since, "endTime": 0}
    running = {**jobs[0], "listItem": item}
    jobs.insert(0, running)
    try:
        yield
    finally:
        jobs.remove(running)


# --- as DSS runs them ------------------------------------------------------------------------------------------------


@pytest.mark.dss("12.6")
def test_by_the_public_client_as_checks_and_as_rules(dss: Server):
    attached = [
        {"type": ROW_COUNT, "meta": {"label": "Rows"}, "config": {"minimum": 1}},
        {"type": FRESHNESS, "meta": {"label": "Age"}, "config": {"mode": "deadline", "deadline": "06:30"}},
        {
            "type": SCHEMA_CHANGE,
            "meta": {"label": "Columns"},
            "config": {"accepted_columns": columns(dss, "sales_mart")},
        },
    ]
    with settings_of(dss, "sales_mart", metricsChecks={"checks": attached}):
        mart = dataset(dss, "sales_mart")
        ran = {run["id"]: run["value"]["outcome"] for run in mart.run_checks()["result"]["results"]}
        rules = mart.get_data_quality_rules()
        rules.compute_rules().wait_for_result()
        results = {result.name: (result.outcome, result.message) for result in rules.get_last_rules_results()}
    assert ran == {"Rows": "OK", "Age": "OK", "Columns": "OK"}
    assert {name: results[name][0] for name in ran} == ran  # the history of other rules stays
    assert "Mondays run" in results["Rows"][1]


@pytest.mark.dss("12.6")
def test_created_as_a_rule(dss: Server):
    with settings_of(dss, "sales_mart", metricsChecks={"checks": []}):
        rules = dataset(dss, "sales_mart").get_data_quality_rules()
        rule = rules.create_rule(
            {"type": ROW_COUNT, "displayName": "A billion", "enabled": True, "config": {"minimum": 10**9}}
        )
        rule.compute().wait_for_result()
        result = rule.get_last_result()
    assert result.outcome == "ERROR"
    assert "fewer than 1,000,000,000" in result.message


def test_they_change_nothing_and_ask_little(dss: Server):
    for kind, config in (
        (ROW_COUNT, {}),
        (FRESHNESS, {"max_age_hours": 1}),
        (SCHEMA_CHANGE, {"accepted_columns": SALES}),
    ):
        dss.requests.clear()
        check(dss, kind, "sales_mart", **config)
        assert 0 < len(dss.requests) <= 9
        assert dss.requests.writes() == []
        assert dss.requests.unknown() == []
        assert not [request for request in dss.requests if request.path.rstrip("/").endswith("/data")]


@pytest.mark.parametrize("kind", [FRESHNESS, ROW_COUNT, SCHEMA_CHANGE])
@pytest.mark.parametrize("chosen", ["OK", "WARNING", "ERROR", None])
def test_what_cannot_be_told_is_what_the_user_chose(dss: Server, kind: str, chosen: Any):
    config = {} if chosen is None else {"cannot_tell": chosen}
    outcome, message = check(dss, kind, "customers_crm", **config)
    assert outcome == (chosen or "WARNING")
    assert message.startswith("Cannot tell: ")


@pytest.mark.parametrize(("of", "name"), [("MANAGED_FOLDER", "kL4nd1ng"), ("SAVED_MODEL", "mCh7rnQ2")])
@pytest.mark.parametrize("kind", [ROW_COUNT, SCHEMA_CHANGE])
def test_what_has_no_rows_or_columns_is_answered(dss: Server, kind: str, of: str, name: str):
    outcome, message = check(dss, kind, name, of=of)
    assert outcome == "WARNING"
    assert "of a dataset" in message


@pytest.mark.parametrize(
    ("kind", "judges"),
    [
        (FRESHNESS, "age of a dataset, folder or model"),
        (ROW_COUNT, "rows of a dataset"),
        (SCHEMA_CHANGE, "columns of a dataset"),
    ],
)
def test_a_store_of_model_evaluations_is_answered(dss: Server, kind: str, judges: str):
    store = "eVaLst01"
    dss.instance.projects["RETAIL"].evaluation_stores[store] = {"name": "Churn, every month"}
    outcome, message = check(dss, kind, store, of="MODEL_EVALUATION_STORE")
    assert outcome == "WARNING"
    assert message == f"Cannot tell: this check judges the {judges}, and this is a ModelEvaluationStore"


@pytest.mark.parametrize("partition", ["NP", "ALL", "", None])
def test_the_whole_has_four_names(dss: Server, partition: Any):
    assert check(dss, ROW_COUNT, "sales_mart", partition, compare="none", minimum=1)[0] == "OK"


# --- rows ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "outcome", "part"),
    [
        ({}, "OK", "Mondays run 11,462 to 13,853 (n=38)"),
        ({"warn_maximum": 12_000}, "WARNING", "more than 12,000"),
        ({"maximum": 12_000}, "ERROR", "more than 12,000"),
        ({"compare": "none"}, "OK", "within the limits from 8,000"),  # the profile's
        ({"compare": "none", "minimum": 12_700.0}, "ERROR", "fewer than 12,700"),
        ({"compare": "previous", "change_warn_percent": 2}, "WARNING", "the build before (Sun 1 Mar) had 12,385"),
        ({"compare": "previous", "change_error_percent": 2}, "ERROR", "over the 2 % allowed"),
        ({"compare": "weekday", "change_warn_percent": 2}, "OK", "the Monday before (Mon 23 Feb) had 12,601"),
        ({"compare": "previous"}, "WARNING", "no change is set"),
        ({"compare": "yesterday"}, "ERROR", "none of its choices"),
        ({"minimum": "many"}, "ERROR", "not a number"),
        ({"warn_maximum": 5, "maximum": 4}, "ERROR", "is more than maximum"),
        ({"sensitivity": "extreme"}, "ERROR", "not high, medium or low"),
    ],
)
def test_rows(dss: Server, config: dict[str, Any], outcome: str, part: str):
    found = check(dss, ROW_COUNT, "sales_mart", **config)
    assert found[0] == outcome
    assert part in found[1]


def test_a_partition_has_its_own_count_and_no_history(dss: Server):
    partition = "2026-03-01"
    rows = (
        dataset(dss, "orders_clean")
        .get_last_metric_values(partition)
        .get_partition_value("records:COUNT_RECORDS", partition)
    )
    outcome, message = check(dss, ROW_COUNT, "orders_clean", partition, compare="none", minimum=int(rows))
    assert outcome == "OK"
    assert message.startswith(f"{int(rows):,} rows; ")
    assert check(dss, ROW_COUNT, "orders_clean", partition, minimum=int(rows) + 1)[0] == "ERROR"
    assert "no history" in check(dss, ROW_COUNT, "orders_clean", partition)[1]


def test_a_history_that_may_not_be_read_is_no_ok(dss: Server):
    dss.faults.status("GET", "/projects/RETAIL/datasets/sales_mart/metrics/history/*", 403)
    try:
        outcome, message = check(dss, ROW_COUNT, "sales_mart")
    finally:
        dss.faults.clear()
    assert outcome == "WARNING"
    assert "the row counts of sales_mart could not be read" in message


# --- age -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "config", "outcome", "part"),
    [
        ("sales_mart", {"max_age_hours": 26}, "ERROR", "more than 1 d 2 h, by the newest sales_day"),
        ("sales_mart", {"max_age_hours": 40, "warn_age_hours": 26}, "WARNING", "more than 1 d 2 h"),
        ("sales_mart", {"max_age_hours": 40}, "OK", "at most 1 d 16 h allowed"),
        ("sales_mart", {"mode": "deadline", "deadline": "06:30"}, "OK", "there since 03:09"),
        ("sales_mart", {"mode": "deadline"}, "OK", "Expected by 06:30"),  # the profile's
        ("sales_mart", {"mode": "deadline", "time_column": "sales_day"}, "ERROR", "the newest is of Sun 1 Mar 01:00"),
        ("sales_mart", {"mode": "deadline", "deadline": "03:00", "timezone": "UTC"}, "OK", "(UTC)"),
        ("sales_mart", {"mode": "deadline", "deadline": "06:30", "days": ["sunday"]}, "OK", "by Sun 1 Mar 06:30"),
        ("sales_mart", {"mode": "deadline", "deadline": "7"}, "ERROR", "not a time of day"),
        ("sales_mart", {"max_age_hours": 40, "timezone": "Mars/Base"}, "ERROR", "not a time zone"),
        ("sales_mart", {"max_age_hours": 40, "calendar": "moon"}, "ERROR", "no calendar 'moon'"),
        ("sales_mart", {"max_age_hours": 3, "warn_age_hours": 4}, "ERROR", "is more than max_age_hours"),
        ("products", {}, "WARNING", "no maximum age is set"),
    ],
)
def test_age(dss: Server, name: str, config: dict[str, Any], outcome: str, part: str):
    found = check(dss, FRESHNESS, name, **config)
    assert part in found[1]
    assert found[0] == outcome


def test_age_of_a_folder_is_that_of_its_newest_file(dss: Server):
    outcome, message = check(dss, FRESHNESS, "kL4nd1ng", of="MANAGED_FOLDER", max_age_hours=26)
    assert outcome == "OK"
    assert "by the newest file" in message


def test_age_of_a_model(dss: Server):
    outcome, message = check(dss, FRESHNESS, "mCh7rnQ2", of="SAVED_MODEL", max_age_hours=24 * 365)
    assert outcome in ("OK", "WARNING")
    assert "last successful build" in message or "Cannot tell" in message


def test_a_partition_goes_by_its_own_date(dss: Server):
    assert "partition 2026-02-27" in check(dss, FRESHNESS, "orders_clean", "2026-02-27", max_age_hours=1)[1]


def test_what_may_be_building_now_is_not_called_stale(dss: Server):
    assert check(dss, FRESHNESS, "sales_mart", max_age_hours=1)[0] == "ERROR"
    with job_running(dss):
        outcome, message = check(dss, FRESHNESS, "sales_mart", max_age_hours=1)
    assert outcome == "WARNING"
    assert "a job that may be building it is running" in message


# --- columns ---------------------------------------------------------------------------------------------------------


def test_columns_as_accepted_and_changed(dss: Server):
    accepted = columns(dss, "sales_mart")
    assert check(dss, SCHEMA_CHANGE, "sales_mart", accepted_columns=accepted)[0] == "OK"
    outcome, message = check(dss, SCHEMA_CHANGE, "sales_mart", accepted_columns=[*accepted, "gone: string"])
    assert outcome == "ERROR"
    assert "1 column removed: gone" in message
    assert "read by compute_" in message
    assert "named in" not in message
    retyped = [column.replace("store_id: string", "store_id: bigint") for column in accepted]
    outcome, message = check(dss, SCHEMA_CHANGE, "sales_mart", accepted_columns=retyped)
    assert "store_id (bigint to string)" in message
    assert "named in compute_legacy_export, compute_month_end_close, group_daily_store_kpis" in message
    assert check(dss, SCHEMA_CHANGE, "sales_mart", accepted_columns=accepted[1:])[0] == "WARNING"
    assert check(dss, SCHEMA_CHANGE, "sales_mart", accepted_columns=accepted[1:], on_added="ERROR")[0] == "ERROR"
    assert check(dss, SCHEMA_CHANGE, "sales_mart", accepted_columns=accepted[::-1])[0] == "OK"
    assert check(dss, SCHEMA_CHANGE, "sales_mart", accepted_columns=accepted, on_added="EMPTY")[0] == "ERROR"


def test_columns_as_the_profile_accepts_them(dss: Server):
    project = dataikuapi.DSSClient(dss.url, "admin").get_project("RETAIL")
    before, changed = project.get_variables(), project.get_variables()
    accepted = [{"name": "store_id", "type": "string"}]
    changed["local"]["operations_guide"]["datasets"]["sales_mart"]["accepted_schema"] = accepted
    project.set_variables(changed)
    try:
        outcome, message = check(dss, SCHEMA_CHANGE, "sales_mart")
    finally:
        project.set_variables(before)
    assert outcome in ("WARNING", "ERROR")
    assert "1 accepted" in message
