"""The scenario step evaluate-operations, run as a step of a scenario of the local DSS."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import dataikuapi
import pytest

import localdss
from localdss.server import Server
from opsguide import service
from opsguide.dss import store
from opsguide.settings import Settings
from tests.readings import clients

STEP = "pystep_operations-guide_evaluate-operations"
AT = datetime(2026, 3, 3, 6, 12, tzinfo=timezone.utc)  # a Tuesday, 07:12 in Paris


@pytest.fixture(scope="module")
def late() -> Iterator[Server]:
    with localdss.serve(story="nightly-late", at=AT) as server:
        yield server


def evaluate(dss: Server, config: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The details of a run of a scenario that has just this step, and the run's variables after it."""
    steps = [{"type": STEP, "id": "evaluate", "name": "evaluate", "params": {"config": config}}]
    raw = {"type": "step_based", "name": "Watch", "active": True, "params": {"steps": steps}, "triggers": []}
    retail = dss.instance.projects["RETAIL"]
    retail.scenarios["WATCH"] = {**raw, "runAsUser": "svc_retail"}
    run = dataikuapi.DSSClient(dss.url, "admin").get_project("RETAIL").get_scenario("WATCH").run_and_wait(no_fail=True)
    return run.get_details(), retail.run("WATCH", run.id)["scenarioRun"]["variables"]


def test_it_fails_by_severity_and_says_it_in_variables_and_in_an_item(late: Server) -> None:
    details, variables = evaluate(late, {"fail_at": "error"})
    assert details["scenarioRun"]["result"]["outcome"] == "FAILED"
    assert variables["operations_verdict"] == "ERROR"
    assert variables["operations_headline"].startswith("1 of ")
    assert "daily_store_kpis: late: due 07:00" in variables["operations_problems"]
    step = details["stepRuns"][0]
    assert variables["operations_headline"] in step["result"]["thrown"]["message"]
    item = step["additionalReportItems"][0]
    assert (item["outcome"], item["message"]) == ("FAILED", variables["operations_headline"])


def test_never_only_leaves_word(late: Server) -> None:
    details, variables = evaluate(late, {"fail_at": "never"})
    assert details["scenarioRun"]["result"]["outcome"] == "SUCCESS"
    assert variables["operations_verdict"] == "ERROR"
    assert details["stepRuns"][0]["additionalReportItems"][0]["outcome"] == "WARNING"


@pytest.mark.parametrize(
    ("config", "verdict", "outcome", "said"),
    [
        ({"outputs": ["stock_alerts"]}, "OK", "SUCCESS", "1 named object as it should be"),
        ({"outputs": ["customer_360"]}, "WARNING", "SUCCESS", "customer_360 at risk"),
        ({"outputs": ["customer_360"], "fail_at": "warning"}, "WARNING", "FAILED", "customer_360 at risk"),
        ({"scenarios": ["NIGHTLY_BUILD"], "fail_at": "warning"}, "WARNING", "FAILED", "Nightly build running late"),
    ],
)
def test_what_is_named_alone_is_judged(
    late: Server, config: dict[str, Any], verdict: str, outcome: str, said: str
) -> None:
    details, variables = evaluate(late, config)
    assert (variables["operations_verdict"], details["scenarioRun"]["result"]["outcome"]) == (verdict, outcome)
    assert variables["operations_headline"].startswith(said)


def test_a_watch_that_failed_does_not_find_itself(late: Server) -> None:
    evaluate(late, {"fail_at": "error"})
    _, variables = evaluate(late, {"fail_at": "error"})
    assert "WATCH" not in variables["operations_problems"]


@pytest.mark.parametrize("folder", [False, True])
def test_on_change_it_fails_once_and_remembers_between_runs(late: Server, folder: bool) -> None:
    config = {"fail_at": "error", "only_on_change": True, "outputs": ["daily_store_kpis"]}
    retail = late.instance.projects["RETAIL"]
    retail.runs.pop("WATCH", None)
    state = store.create(clients(late), "RETAIL") if folder else None
    try:
        said = []
        for _ in range(2):
            details, variables = evaluate(late, config)
            said.append((details["scenarioRun"]["result"]["outcome"], variables["operations_changed"]))
            if folder:
                retail.runs.pop("WATCH")  # the folder alone must do
        events = state.events().events if state else ()
    finally:
        if state:
            del retail.folders[state.folder_id]
    # Without a folder the first look has no memory: it speaks rather too often than never.
    assert said == [("FAILED", "yes" if folder else "unknown"), ("SUCCESS", "no")]
    assert (variables["operations_previous"], variables["operations_new"]) == ("ERROR", "")
    assert [(event.kind, event.data["verdict"]) for event in events] == [("evaluation", "ERROR")] * folder


def test_a_heartbeat_is_refused_before_anything_is_read(late: Server) -> None:
    details, variables = evaluate(late, {"heartbeat_url": "https://hc.example.com/abc"})
    assert "hc.example.com is not an allowed heartbeat host" in details["stepRuns"][0]["result"]["thrown"]["message"]
    assert variables == {}


@pytest.mark.dss("12.6")
def test_the_watch_that_the_macro_makes_runs(late: Server) -> None:
    service.apply_rows(clients(late), "RETAIL", {"rows": ["watch"], "mail_to": "ops@example.com"}, Settings())
    project = dataikuapi.DSSClient(late.url, "admin").get_project("RETAIL")
    sent = len(late.instance.sent)
    outcomes = [project.get_scenario("OPERATIONSWATCH").run_and_wait(no_fail=True).outcome for _ in range(2)]
    assert outcomes == ["FAILED", "SUCCESS"]
    assert [each["to"] for each in late.instance.sent[sent:]] == ["ops@example.com"]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"fail_at": "sometimes"}, "it can be error, warning, unknown, never"),
        ({"outputs": ["nothing_of_the_kind"]}, "nothing_of_the_kind, which this project does not have"),
    ],
)
def test_a_slip_of_the_hand_is_refused_in_words(late: Server, config: dict[str, Any], said: str) -> None:
    details, variables = evaluate(late, config)
    assert said in details["stepRuns"][0]["result"]["thrown"]["message"]
    assert variables == {}


@pytest.mark.parametrize(("config", "outcome"), [({}, "FAILED"), ({"fail_at": "never"}, "SUCCESS")])
def test_what_sees_nothing_does_not_pass(late: Server, config: dict[str, Any], outcome: str) -> None:
    late.faults.status("GET", "/projects/RETAIL/scenarios/", 403)
    try:
        details, variables = evaluate(late, config)
    finally:
        late.faults.clear()
    assert variables["operations_verdict"] != "OK"
    assert details["scenarioRun"]["result"]["outcome"] == outcome


def test_on_a_design_node_nothing_stops() -> None:
    with localdss.serve(story="design-node", at=AT) as dss:
        details, variables = evaluate(dss, {"fail_at": "unknown"})
    assert variables["operations_verdict"] == "QUIET"
    assert details["scenarioRun"]["result"]["outcome"] == "SUCCESS"
