"""The status page: what consumers are told, and that they are told nothing else, whatever they ask for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

import localdss
from localdss.server import Server
from opsguide.render.status import status_schema
from opsguide.service import Desk
from opsguide.settings import Settings
from tests.readings import doors
from tests.web.desks import application
from tests.whole import foreign_markup

AT = datetime(2026, 3, 3, 6, 12, tzinfo=timezone.utc)  # a Tuesday, 07:12 in Paris


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with localdss.serve(story="nightly-late", at=AT) as dss:
        yield dss


@pytest.fixture
def dss(served: Server) -> Iterator[Server]:
    served.requests.clear()
    yield served
    served.faults.clear()


def backend(dss: Server) -> Flask:
    """The page with a backend whose run-as user may act as nobody, as DSS has it by default."""
    return application(Desk("RETAIL", Settings(), doors(dss, "olivia")))


def browse(dss: Server, login: str) -> FlaskClient:
    client = backend(dss).test_client()
    client.set_cookie("localdss_user", login)
    return client


def found(client: FlaskClient) -> dict[str, Any]:
    return dict(json.loads(client.get("/status.json").text))


def secrets_of(dss: Server) -> set[str]:
    """What a consumer has no business with: scenarios, recipes, connections, people, and the errors of runs."""
    project = dss.instance.projects["RETAIL"]
    names = {str(scenario["name"]) for scenario in project.scenarios.values()} | set(project.scenarios)
    names |= set(project.recipes)
    names |= {str((dataset.get("params") or {}).get("connection")) for dataset in project.datasets.values()}
    people = {each["login"] for each in dss.instance.users.values()} - {"admin"}
    people |= {each["displayName"] for each in dss.instance.users.values()}
    return {name for name in names | people if name and name != "None"}


def test_a_reader_of_dashboards_is_told_each_promise_and_how_it_stands(dss: Server) -> None:
    status = found(browse(dss, "dana"))
    assert [str(error) for error in Draft202012Validator(status_schema()).iter_errors(status)] == []
    states = {each["name"]: each["state"] for each in status["outputs"]}
    assert states["daily_store_kpis"] == "Late"
    assert states["customer_360"] == "May be late"
    assert status["tone"] == "bad"
    assert "1 late" in status["headline"]
    late = next(each for each in status["outputs"] if each["name"] == "daily_store_kpis")
    assert late["promise"] == "By 07:00 (Europe/Paris), Monday to Saturday"
    assert len(late["days"]) > 60
    assert 0 < late["kept"] < late["judged"] <= len(late["days"])


def test_the_page_says_the_same_and_has_nothing_but_the_status(dss: Server) -> None:
    client = browse(dss, "dana")
    answer = client.get("/status")
    page = BeautifulSoup(answer.text, "html.parser")
    assert [item.select_one(".output-name").text for item in page.select("dl.consumed > dt")] == [
        each["name"] for each in found(client)["outputs"]
    ]
    assert page.select("svg.strip")
    assert page.nav is None
    assert foreign_markup(answer.text) == []
    assert not dss.requests.writes()


def test_a_reader_of_dashboards_gets_the_status_and_nothing_else_from_any_route(dss: Server) -> None:
    app = backend(dss)
    client = app.test_client()
    client.set_cookie("localdss_user", "dana")
    hidden = secrets_of(dss) - {"dana", "Dana Whitlock"}
    assert {"Nightly build", "NIGHTLY_BUILD", "postgres_dwh", "olivia", "compute_shipments"} <= hidden
    open_to_all = {"/", "/static/<path:name>", "/status", "/status.json"}
    for rule in app.url_map.iter_rules():
        place = rule.rule
        given = {
            "section_id": "monitoring",
            "name": "mute" if "actions" in place else "app.css",
            "action_id": "a" * 32,
            "kind": "yaml",
        }
        for name in rule.arguments:
            place = re.sub(rf"<(?:[^<>]*:)?{name}>", given.get(name, "x"), place)
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            answer = client.open(place, method=method, data={"about": "x"} if method == "POST" else None)
            allowed = method == "GET" and rule.rule in open_to_all
            wanted = 200 if allowed else 303 if (method, rule.rule) == ("GET", "/guide") else 403
            assert answer.status_code == wanted, (method, place, answer.status_code)
            if not place.startswith("/static/"):
                assert [name for name in hidden if name in answer.text] == [], (method, place)
    assert not dss.requests.writes()


def test_the_web_app_opens_with_the_status_for_a_reader_of_dashboards(dss: Server) -> None:
    answer = browse(dss, "dana").get("/guide", headers={"HX-Request": "true"}, follow_redirects=True)
    assert answer.request.path == "/status"
    assert "<html" not in answer.text
    assert "Planned Maintenance" in answer.text


def test_who_may_read_nothing_sees_no_status_either(dss: Server) -> None:
    client = browse(dss, "oscar")
    assert [client.get(place).status_code for place in ("/status", "/status.json")] == [403, 403]


def test_a_reader_of_the_project_finds_its_other_pages_there(dss: Server) -> None:
    page = BeautifulSoup(browse(dss, "raj").get("/status").text, "html.parser")
    assert page.select_one("nav a[aria-current]").text == "Status"


@pytest.mark.parametrize("broken", ["/projects/RETAIL/flow/graph", "/projects/RETAIL/variables"])
def test_what_cannot_be_read_is_unknown_and_never_good(dss: Server, broken: str) -> None:
    client = browse(dss, "dana")
    dss.faults.status("GET", broken, 500)
    status = found(client)
    assert status["tone"] in ("unknown", "notice", "bad")
    assert status["unknown"] or all(each["tone"] != "good" for each in status["outputs"])
    assert "Server error" not in json.dumps(status)
