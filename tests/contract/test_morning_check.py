"""The macro morning-check, hosted as DSS hosts it and called through the real client."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, Optional

import dataikuapi
import pytest
from bs4 import BeautifulSoup
from dataikuapi.utils import DataikuException

import localdss
from localdss.server import Server
from opsguide import service
from opsguide.dss import store
from opsguide.settings import Settings
from tests.readings import clients

TYPE = "pyrunnable_operations-guide_morning-check"
AT = datetime(2026, 3, 3, 6, 12, tzinfo=timezone.utc)  # a Tuesday, 07:12 in Paris


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    with localdss.serve(story="nightly-late", at=AT) as server:
        server.instance.clock.stop(AT)  # so that every minute told here is that one
        yield server


def run(dss: Server, params: Optional[dict[str, Any]] = None, login: str = "admin") -> str:
    macro = dataikuapi.DSSClient(dss.url, login).get_project("RETAIL").get_macro(TYPE)
    return macro.get_result(macro.run(params=params), as_type=None).read().decode()


def tables(text: str) -> list[list[str]]:
    """First cells of each table's rows."""
    page = BeautifulSoup(text, "html.parser")
    return [[row.th.select_one(".value").text for row in table.tbody.select("tr")] for table in page.select("table")]


@pytest.mark.dss("12.6")
def test_it_answers_the_three_steps_with_every_scenario_and_output(dss: Server) -> None:
    text = run(dss)
    page = BeautifulSoup(text, "html.parser")
    steps = [item.get_text(" ", strip=True).split(":")[0] for item in page.select("ol > li")]
    assert steps == ["☑ Check Scenario Status", "☑ Verify Data Freshness", "☑ Review Alerts"]
    scenarios, outputs = tables(text)
    assert len(scenarios) == len(dss.instance.projects["RETAIL"].scenarios)
    assert {"sales_mart", "daily_store_kpis", "exports (folder)"} <= set(outputs)
    assert "running late" in text.lower()
    assert not page.select("script")


def test_parameters_choose_what_is_checked(dss: Server) -> None:
    assert tables(run(dss, {"scenarios": ["NIGHTLY_BUILD"], "outputs": ["sales_mart"]})) == [
        ["Nightly build"],
        ["sales_mart"],
    ]


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"scenarios": ["NOPE"]}, "“scenarios” names NOPE, which this project does not have; it has AFTER_NIGHTLY"),
        ({"outputs": ["nope"]}, "“outputs” names nope"),
        ({"outputs": "sales_mart"}, "“outputs” is a list of names"),
        ({"fail_at": "fatal"}, "“fail_at” is 'fatal'; it can be error, warning, unknown, never"),
    ],
)
def test_a_parameter_out_of_range_is_refused_with_what_there_is(dss: Server, params: dict[str, Any], said: str) -> None:
    with pytest.raises(DataikuException, match="InvalidParameter") as refused:
        run(dss, params)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"fail_at": "error"}, "daily_store_kpis: late: due 07:00"),
        ({"fail_at": "warning", "scenarios": ["NIGHTLY_BUILD"]}, "Nightly build: running late: started on time"),
        ({"fail_at": "unknown", "outputs": ["stock_alerts", "customer_360"]}, "customer_360: at risk"),
        ({"fail_at": "error", "scenarios": ["NIGHTLY_BUILD"]}, ""),  # running late is a warning
        ({"fail_at": "error", "scenarios": ["PY_MAINTENANCE"], "outputs": ["stock_alerts"]}, ""),
        ({"fail_at": "never"}, ""),
        ({}, ""),
    ],
)
def test_it_fails_at_the_severity_that_is_asked_for(dss: Server, params: dict[str, Any], said: str) -> None:
    if not said:
        assert "Verify Data Freshness" in run(dss, params)
        return
    with pytest.raises(DataikuException, match="ProblemsFound") as failed:
        run(dss, params)
    assert said in str(failed.value)


def test_a_check_that_sees_nothing_does_not_pass(dss: Server) -> None:
    dss.faults.status("GET", "/projects/RETAIL/scenarios/", 403)
    try:
        with pytest.raises(DataikuException, match="ProblemsFound"):
            run(dss, {"fail_at": "error"})
        assert "☐ Check Scenario Status" in run(dss)
    finally:
        dss.faults.clear()


@pytest.mark.dss("12.6")
def test_each_step_is_ticked_with_its_evidence(dss: Server) -> None:
    steps = BeautifulSoup(run(dss), "html.parser").select("ol > li")
    assert [step.get_text(" ", strip=True)[0] for step in steps] == ["☑", "☑", "☑"]
    assert "Nightly build: started on time" in steps[0].select_one(".evidence").text


def test_progress_tells_the_parts_that_were_read(dss: Server) -> None:
    told: list[int] = []
    service.morning_check(clients(dss), "RETAIL", {}, Settings(), told.append)
    assert told == sorted(told)
    assert (told[-1], len(told)) == (100, 4)
    assert 0 < told[0] < told[1] < 99


def test_it_only_reads(dss: Server) -> None:
    dss.requests.clear()
    run(dss)
    written = [(each.method, each.path) for each in dss.requests.writes() if "/runnables/" not in each.path]
    assert written == []


def test_it_runs_as_a_step_of_a_scenario(dss: Server) -> None:
    scenario = dataikuapi.DSSClient(dss.url, "admin").get_project("RETAIL").get_scenario("MORNING")
    assert scenario.run_and_wait().outcome == "SUCCESS"


def test_it_is_for_readers_of_the_project_only(dss: Server) -> None:
    assert "Nightly build" in run(dss, login="raj")
    with pytest.raises(DataikuException):
        run(dss, login="dana")


def test_who_looked_says_so_in_the_result_and_in_the_state_folder(dss: Server) -> None:
    assert "Nobody has signed off this morning yet." in run(dss)
    assert "Not signed off: Nothing can be recorded" in run(dss, {"sign_off": True}, login="olivia")
    folder = store.create(clients(dss), "RETAIL")
    signed = run(dss, {"sign_off": True, "remark": "called <b>them</b>"}, login="olivia")
    assert "Looked at by olivia at 07:12: called &lt;b&gt;them&lt;/b&gt;" in signed
    (event,) = folder.events().events
    assert (event.kind, event.by, event.text) == ("sign_off", "olivia", "called <b>them</b>")
    assert "Looked at by olivia" in run(dss, login="raj")
    refused = run(dss, {"sign_off": True}, login="raj")
    assert "Not signed off: DSS did not keep it" in refused
    assert "It takes “Write project content on RETAIL”" in refused
    assert len(folder.events().events) == 1


def test_what_is_muted_makes_no_check_fail_and_is_told(dss: Server) -> None:
    folder = store.create(clients(dss), "RETAIL")
    now = folder.clients.now()[0]
    for about in ("scenario:NIGHTLY_BUILD", "dataset:daily_store_kpis", "dataset:sales_mart", "dataset:customer_360"):
        until = (now + timedelta(hours=2)).isoformat()
        folder.append(store.event(now, "mute", "olivia", about, "known fault", until=until))
    named = {"scenarios": ["NIGHTLY_BUILD"], "outputs": ["daily_store_kpis"], "fail_at": "warning"}
    result = run(dss, named)
    assert "Running late" in result
    assert "muted until 09:12 by olivia: known fault" in result
    found = service.evaluate(clients(dss), "RETAIL", {**named, "fail_at": "unknown"}, Settings())
    assert (found.fails, len(found.muted)) == (False, 2)
