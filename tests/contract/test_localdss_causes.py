"""From red to green: what a story says went wrong goes on going wrong, live, until it is put right."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import dataikuapi
import pytest
import requests

import localdss
from localdss import causes, data, logs
from localdss.server import Server


@contextmanager
def served(story: str) -> Iterator[Server]:
    with localdss.serve(story=story, speed=20_000) as dss:
        yield dss


def project(dss: Server) -> Any:
    return dataikuapi.DSSClient(dss.url, "admin").get_project("RETAIL")


def failure(dss: Server, job_id: str) -> tuple[str, str, str]:
    """Recipe, message and log of a job that failed."""
    job = project(dss).get_job(job_id)
    activities = job.get_status()["baseStatus"]["activities"].values()
    failed = next(activity for activity in activities if activity["state"] == "FAILED")
    return failed["recipeName"], failed["firstFailure"]["message"], job.get_log()


def failed_job(run: Any) -> str:
    items = [item for step in run.get_details().steps for item in step["additionalReportItems"]]
    return str(next(item["jobId"] for item in items if item.get("outcome") == "FAILED"))


def build(dss: Server, name: str, partition: str) -> tuple[str, str]:
    """State and id of a job that builds one dataset."""
    job = project(dss).new_job("NON_RECURSIVE_FORCED_BUILD").with_output(name, partition=partition)
    done = job.start_and_wait(no_fail=True)
    return done.get_status()["baseStatus"]["state"], done.id


LASTING = [
    ("failed-upstream", "orders", "orders", "PREVIOUS_DAY"),
    ("schema-change", "segment", "customers", "NP"),
]


@pytest.mark.parametrize(("story", "cause", "output", "partition"), LASTING)
def test_a_build_fails_as_the_night_did_until_the_cause_is_settled(
    story: str, cause: str, output: str, partition: str
) -> None:
    with served(story) as dss:
        night = failed_job(project(dss).get_scenario("NIGHTLY_BUILD").get_last_finished_run())
        state, again = build(dss, output, partition)
        assert state == "FAILED"
        told, live = failure(dss, night), failure(dss, again)
        assert live[:2] == told[:2]
        for log in (told[2], live[2]):
            assert told[1] in log
            assert any(secret in log for secret in logs.SECRETS), "there is something to mask"
        causes.settle(dss.instance, cause)
        assert build(dss, output, partition)[0] == "DONE"


def test_the_night_is_run_again_and_all_is_well() -> None:
    with served("late-source") as dss:
        run = project(dss).get_scenario("NIGHTLY_BUILD").run_and_wait(no_fail=True)
        assert run.outcome in ("SUCCESS", "WARNING")
        yesterday = dss.instance.clock.now().date() - timedelta(days=1)
        assert max(project(dss).get_dataset("orders").list_partitions()) == yesterday.isoformat()
        assert project(dss).get_dataset("sales_mart").get_info().get_raw()["lastBuild"]["buildSuccess"]


def test_a_file_that_comes_is_there_to_be_read() -> None:
    with served("failed-upstream") as dss:
        retail = dss.instance.projects["RETAIL"]
        before = data.held(retail, "orders_files")
        causes.settle(dss.instance, "orders")
        (new,) = set(data.held(retail, "orders_files")) - set(before)
        assert new > max(before)
        with pytest.raises(KeyError):
            causes.settle(dss.instance, "orders")


def test_the_button_on_the_projects_screen_settles_it() -> None:
    with served("schema-change") as dss:
        page = requests.get(f"{dss.url}/projects/RETAIL/", timeout=20).text
        assert "Give customers_crm its column segment back" in page
        columns = project(dss).get_dataset("customers_crm").get_schema()["columns"]
        assert "segment" not in {column["name"] for column in columns}
        after = requests.post(f"{dss.url}/projects/RETAIL/settle/segment", timeout=20).text
        assert "Done: Give customers_crm its column segment back" in after
        assert "Outside DSS" not in after
        columns = project(dss).get_dataset("customers_crm").get_schema()["columns"]
        assert {"segment": "string", "opted_in": "boolean"}.items() <= {c["name"]: c["type"] for c in columns}.items()


LOGS = [
    ("python", "Error in Python process: At line 14: <class 'KeyError'>: 'order_day'", "KeyError: 'order_day'"),
    ("join", 'relation "crm.customers" does not exist', "org.postgresql.util.PSQLException"),
    ("shaker", "org.apache.spark.sql.AnalysisException: cannot resolve 'x'", "SLF4J: Class path"),
    ("sync", "Root path does not exist: No such file or directory: /data/x/", "dku.datasets.fs"),
]


@pytest.mark.parametrize(("kind", "message", "told"), LOGS)
def test_each_engine_tells_a_failure_in_its_own_way_and_spills_a_secret(kind: str, message: str, told: str) -> None:
    with served("quiet") as dss:
        text = "\n".join(logs.failure(dss.instance.clock.now(), "compute_x", kind, message))
    assert told in text
    assert message in text
    assert any(secret in text for secret in logs.SECRETS)
