"""The page Clean-up through a real backend: the plan, who may approve it, the quarantine, and nobody else's project."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup

import localdss
from localdss import disk
from localdss.server import Server
from opsguide.dss import store
from opsguide.model.cleanup import GROUP, QUARANTINE_TAG, Report
from opsguide.render.cleanup import report
from opsguide.render.urls import Urls
from opsguide.service import clean_up
from opsguide.service.reading import zone_of_project
from opsguide.settings import Settings
from tests.readings import clients
from tests.web.test_actions import Browser


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    with localdss.serve(story="cluttered") as served:
        for project in served.instance.projects.values():
            project.jobs[:] = project.jobs[::30]
        disk.home(served.instance)
        yield served


def run(dss: Server, *groups: str, **more: object) -> Report:
    asked = {**{name: name in groups for name in GROUP}, "create_state_folder": True, **more}
    return clean_up(clients(dss), "RETAIL", asked, Settings(), home=dss.instance.data_dir)


@pytest.fixture(scope="module")
def planned(dss: Server) -> Report:
    """A plan over all projects, after two of the project alone, the first of which was executed."""
    first = run(dss, "datasets", "job_logs")
    run(dss, mode="EXECUTE", plan_id=first.plan.id)
    dss.instance.clock.advance(3600)
    run(dss, "job_logs")
    dss.instance.clock.advance(3600)
    return run(dss, "notebook_sessions", "job_logs", all_projects=True)


def test_a_project_without_plans_says_how_to_make_one() -> None:
    with localdss.serve(story="healthy") as dss:
        text = Browser(dss, "olivia").get("/clean-up").get_text(" ", strip=True)
    assert "Nobody has made a plan yet" in text
    assert "Create the state folder" in text


@pytest.mark.dss("13.3")
def test_it_shows_the_newest_plan_the_quarantine_and_the_history(dss: Server, planned: Report) -> None:
    page = Browser(dss, "raj").get("/clean-up")
    text = page.get_text(" ", strip=True)
    assert planned.plan.id in text
    assert "churn exploration" in text
    assert [row.th.text for row in page.select("#quarantine tbody tr")] == ["old_price_list"]
    assert "1 done" in page.select_one("#history").text
    assert page.select_one("#growth svg")["aria-label"].startswith("From ")
    assert "SUPPLY" not in text, "nobody sees another project here"
    assert not page.select("script:not([src])")
    raj = Browser(dss, "raj")
    told = raj.flask.get("/clean-up.json", headers=raj.headers).get_json()
    assert (told["project_key"], told["plan"]["id"]) == ("RETAIL", planned.plan.id)
    assert {each["thing"]["project_key"] for each in told["plan"]["candidates"]} == {"RETAIL"}
    assert len(told["debts"]) == 2, "the logs of all projects are another sum, and not for its readers"


def test_its_times_are_those_of_the_project(dss: Server, planned: Report) -> None:
    """As on every other page: the sample project's people live in Paris."""
    paris = ZoneInfo("Europe/Paris")
    raj = Browser(dss, "raj")
    page = raj.get("/clean-up")
    told = raj.flask.get("/clean-up.json", headers=raj.headers).get_json()
    assert page.select_one("[data-zone-switch]")["data-project-zone"] == told["zone"] == "Europe/Paris"
    assert "(Europe/Paris)" in page.select_one(".age").text
    made = page.select_one("#plan time")
    assert made.text == f"{planned.plan.made_at.astimezone(paris):%a %-d %b %Y %H:%M}"
    assert made["data-pattern"], "it follows the reader's choice of another zone"
    ended = datetime.fromisoformat(told["past"][0]["ended_at"]).astimezone(paris)
    assert page.select_one("#history tbody time").text == f"{ended:%a %-d %b %Y %H:%M}"
    assert "UTC" not in page.text


def test_the_macros_report_shows_the_same_times(planned: Report) -> None:
    page = BeautifulSoup(report(planned, Urls("", "RETAIL")), "html.parser")
    assert planned.zone == "Europe/Paris"
    assert f"{planned.plan.made_at.astimezone(ZoneInfo(planned.zone)):%H:%M} by admin" in page.get_text(" ", strip=True)
    assert "Times are those of Europe/Paris" in page.text
    assert "UTC" not in page.text


def test_a_zone_that_is_declared_takes_no_scenario_to_tell(dss: Server) -> None:
    dss.requests.clear()
    assert zone_of_project(clients(dss), "RETAIL", Settings()) == "Europe/Paris"
    assert [each.path for each in dss.requests if "/scenarios" in each.path] == []
    dss.requests.clear()
    assert zone_of_project(clients(dss), "SUPPLY", Settings(server_timezone="Europe/Berlin")) == "Europe/Berlin"
    assert any("/scenarios" in each.path for each in dss.requests)


def test_only_an_administrator_of_the_project_approves(dss: Server, planned: Report) -> None:
    state = store.find(clients(dss), "RETAIL")
    form = {"plan": planned.plan.id, "back": "clean-up"}
    refused = Browser(dss, "dmitri")
    answer = refused.send("approve-plan", {**form, **refused.permit()})
    assert answer.status_code == 409
    assert "administrator of the project" in answer.text
    olivia = Browser(dss, "olivia")
    assert olivia.send("approve-plan", {**form, "plan": "../../x", **olivia.permit()}).status_code == 400
    assert olivia.send("approve-plan", {**form, **olivia.permit()}).status_code in (200, 303)
    approvals = [event for event in state.events().events if event.kind == "approval"]  # type: ignore[union-attr]
    assert [(event.by, event.about) for event in approvals] == [("olivia", f"plan:{planned.plan.id}")]
    at = approvals[0].at.astimezone(ZoneInfo("Europe/Paris"))
    assert f"Approved by olivia on {at:%a %-d %b %Y %H:%M}" in olivia.get("/clean-up").text


@pytest.mark.dss("13.3")
def test_what_is_still_needed_leaves_quarantine(dss: Server, planned: Report) -> None:
    tags = dss.instance.projects["RETAIL"].datasets["old_price_list"]["tags"]
    assert any(tag.startswith(QUARANTINE_TAG) for tag in tags)
    olivia = Browser(dss, "olivia")
    form = {"kind": "DATASET", "id": "old_price_list", "back": "clean-up"}
    assert olivia.send("unquarantine", {**form, **olivia.permit()}).status_code == 403, "actions are switched off"
    olivia.desk.settings = type(olivia.desk.settings)(actions_enabled=True)
    assert olivia.send("unquarantine", {**form, **olivia.permit()}).status_code in (200, 303)
    assert dss.instance.projects["RETAIL"].datasets["old_price_list"]["tags"] == []
