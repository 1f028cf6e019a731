"""The portfolio's page: whose projects it shows, and that it comes at once however long the reading takes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any, Optional

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

import localdss
from localdss import many
from localdss.server import Server
from opsguide.render.portfolio import portfolio_schema
from opsguide.service import Desk
from opsguide.settings import Settings
from tests.readings import doors
from tests.waiting import until
from tests.web.desks import application
from tests.whole import foreign_markup

PROJECTS = 5


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with localdss.serve(story="healthy") as dss:
        many.fill(dss.instance, PROJECTS, days=10)
        yield dss


@pytest.fixture
def dss(served: Server) -> Iterator[Server]:
    served.requests.clear()
    yield served
    served.faults.clear()


def browse(dss: Server, login: str, run_as: str = "svc_retail", **settings: Any) -> FlaskClient:
    """The page as one person opens it, from a backend of its own."""
    client = application(Desk("RETAIL", Settings(**settings), doors(dss, run_as))).test_client()
    client.set_cookie("localdss_user", login)
    return client


def whole(client: FlaskClient, **how: Any) -> dict[str, Any]:
    """The portfolio once all of it is read."""

    def now() -> Optional[dict[str, Any]]:
        found: dict[str, Any] = json.loads(client.get("/portfolio.json", **how).text)
        return None if found["reading"] else found

    return until(now)


def keys(found: dict[str, Any]) -> set[str]:
    return {each["project_key"] for each in (*found["projects"], *found["not_read"])}


def test_a_person_sees_every_project_that_they_may_read(dss: Server) -> None:
    everything = {"RETAIL", "SUPPLY", "STATS", *(f"P{number:04d}" for number in range(PROJECTS))}
    assert keys(whole(browse(dss, "admin"))) == everything
    assert keys(whole(browse(dss, "raj"))) == everything - {"SUPPLY"}  # analysts read all but that


def test_who_comes_with_a_key_is_told_what_would_show_more(dss: Server) -> None:
    client = browse(dss, "")
    client.delete_cookie("localdss_user")
    found = whole(client, headers={"Authorization": "Bearer raj"})
    assert keys(found) == {"RETAIL"}
    assert "it takes a person who is signed in to DSS" in found["scope"]
    assert "Impersonation" not in found["scope"]


def test_without_impersonation_they_see_this_project_and_why(dss: Server) -> None:
    found = whole(browse(dss, "raj", run_as="olivia"))
    assert keys(found) == {"RETAIL"}
    assert "only this project is shown" in found["scope"]
    assert "Impersonation in webapps" in found["scope"]
    asked = {each.path.split("/")[2] for each in dss.requests if each.path.startswith("/projects/")}
    assert asked == {"RETAIL"}


def test_an_api_key_sees_this_project_alone_whatever_it_may_read(dss: Server) -> None:
    client = browse(dss, "admin")
    client.delete_cookie("localdss_user")
    assert keys(whole(client, headers={"Authorization": "Bearer admin"})) == {"RETAIL"}


@pytest.mark.parametrize("login", ["oscar", "dana"])
def test_who_may_not_read_the_project_sees_nothing(dss: Server, login: str) -> None:
    client = browse(dss, login, run_as="olivia")
    for page in ("/portfolio", "/portfolio.json"):
        assert client.get(page).status_code == 403


def test_it_shows_what_is_read_so_far_and_looks_again(dss: Server) -> None:
    dss.faults.latency = 0.3
    client = browse(dss, "admin")
    begun = time.monotonic()
    page = BeautifulSoup(client.get("/portfolio").text, "html.parser")
    assert time.monotonic() - begun < 30
    again = page.select_one("[data-again]")
    assert page.progress
    assert again["hx-get"] == "/portfolio"
    assert "not read yet" in page.select_one(".headline").text or "No project" in page.select_one(".headline").text
    dss.faults.clear()
    whole(client)
    done = BeautifulSoup(client.get("/portfolio").text, "html.parser")
    assert not done.progress
    assert not done.select("[data-again]")
    assert len(done.select("#projects tbody tr")) == PROJECTS + 3


def test_pages_that_may_not_refresh_themselves_do_not(dss: Server) -> None:
    dss.faults.latency = 0.3
    found = json.loads(browse(dss, "admin", page_refreshes=False).get("/portfolio.json").text)
    assert (found["reading"], found["next_check_seconds"]) == (True, None)


def test_one_reading_serves_all_who_share_their_rights(dss: Server) -> None:
    client = browse(dss, "raj", run_as="olivia")
    whole(client)
    dss.requests.clear()
    client.set_cookie("localdss_user", "priya")
    assert keys(whole(client)) == {"RETAIL"}
    assert [each.path for each in dss.requests if each.path.startswith("/projects/RETAIL/scenarios")] == []


def test_it_is_read_again_once_it_is_old_and_the_last_one_stands_meanwhile(
    dss: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsguide.service.portfolios.REST", 0.0)
    client = browse(dss, "raj", run_as="olivia", minimum_refresh_seconds=0)
    whole(client)
    dss.faults.latency = 0.2
    found = json.loads(client.get("/portfolio.json").text)
    assert keys(found) == {"RETAIL"}
    assert not found["reading"]
    assert found["next_check_seconds"]


def test_a_reading_that_fails_is_said_and_the_page_stands(dss: Server) -> None:
    dss.faults.status("GET", "/projects/", 500)
    found = whole(browse(dss, "admin"))
    assert (found["headline"], found["findings"]) == ("No project could be read", [])
    assert "the list of projects could not be read" in found["notes"][0]


def test_it_is_a_page_by_itself_and_a_part_and_only_reads(dss: Server) -> None:
    client = browse(dss, "raj", run_as="olivia")
    found = whole(client)
    assert [str(error) for error in Draft202012Validator(portfolio_schema()).iter_errors(found)] == []
    page, part = client.get("/portfolio"), client.get("/portfolio", headers={"HX-Request": "true"})
    assert page.text.startswith("<!doctype html>")
    assert "<html" not in part.text
    assert foreign_markup(page.text) == []
    assert client.post("/portfolio").status_code == 405
    assert not dss.requests.writes()
