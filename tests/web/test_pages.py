"""The page's routes: whole pages and parts, formats, headers, refusals and failures."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from opsguide.errors import (
    DssBroken,
    DssDenied,
    DssError,
    DssNotFound,
    DssUnreachable,
    InvalidParameter,
    OperationsGuideError,
)
from tests.web.desks import Admission, HandMadeDesk, application

HTMX = {"HX-Request": "true"}


@pytest.fixture
def desk() -> HandMadeDesk:
    return HandMadeDesk()


@pytest.fixture
def client(desk: HandMadeDesk) -> Iterator[FlaskClient]:
    with application(desk).test_client() as client:
        yield client


def soup(answer: object) -> BeautifulSoup:
    return BeautifulSoup(answer.get_data(as_text=True), "html.parser")  # type: ignore[attr-defined]


def test_shell_opens_without_asking_dss(client: FlaskClient, desk: HandMadeDesk) -> None:
    page = soup(client.get("/"))
    assert page.select_one("main")["hx-get"] == "/guide"
    assert page.select_one("noscript a")["href"] == "guide?depth=whole"
    assert desk.asked == []


def test_guide_is_a_whole_page_by_itself_and_a_part_for_htmx(client: FlaskClient) -> None:
    whole, part, asked = client.get("/guide"), client.get("/guide", headers=HTMX), client.get("/guide?fragment=1")
    assert whole.text.startswith("<!doctype html>")
    assert part.text == asked.text
    assert "<html" not in part.text
    assert len(soup(part).select(".section")) == len(soup(whole).select(".section")) == 5
    assert "HX-Request" in whole.headers["Vary"]


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/guide", "first"),
        ("/guide?depth=whole", "whole"),
        ("/guide.json", "whole"),
        ("/guide.md", "whole"),
    ],
)
def test_each_address_reads_as_deep_as_it_must(client: FlaskClient, desk: HandMadeDesk, path: str, asked: str) -> None:
    assert client.get(path).status_code == 200
    assert desk.asked == [asked]


def test_waiting_section_asks_for_itself_and_comes_back_settled(client: FlaskClient) -> None:
    waiting = soup(client.get("/guide")).select("[hx-trigger=load]")
    assert [section["hx-get"] for section in waiting] == ["/guide/capacity-planning"]
    part = soup(client.get("/guide/capacity-planning", headers=HTMX))
    settled = part.select_one("#capacity-planning")
    assert not settled.has_attr("hx-get")
    assert not settled.has_attr("aria-busy")
    assert {element["id"] for element in part.select("[hx-swap-oob]")} == {
        "banners",
        "completeness",
        "header-cells",
        "known",
    }


def test_section_by_itself_is_a_whole_page_with_its_files_one_level_up(client: FlaskClient) -> None:
    page = soup(client.get("/guide/schedule-overview"))
    assert [section["id"] for section in page.select(".section")] == ["schedule-overview"]
    assert page.select_one("link[rel=stylesheet]")["href"] == "../static/app.css"


def test_links_go_to_the_dss_that_people_open(client: FlaskClient) -> None:
    addresses = [link["href"] for link in soup(client.get("/guide")).select("td a[target=_top], th a[target=_top]")]
    assert "https://dss.example.com/projects/RETAIL/scenarios/NIGHTLY_LOAD/settings" in addresses
    assert all(address.startswith("https://dss.example.com/projects/") for address in addresses)


def test_json_and_markdown_say_what_they_are(client: FlaskClient) -> None:
    as_json, as_markdown = client.get("/guide.json"), client.get("/guide.md")
    assert as_json.mimetype == "application/json"
    assert {cell["origin"] for section in as_json.get_json()["sections"] for cell in section["cells"]} >= {
        "live",
        "unknown",
    }
    assert as_markdown.content_type == "text/markdown; charset=utf-8"
    assert as_markdown.text.startswith("# Retail nightly")


@pytest.mark.parametrize("path", ["/", "/guide", "/guide/daily-operations", "/guide.json", "/guide.md", "/nowhere"])
def test_answers_are_never_kept_and_run_nothing_foreign(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    if path != "/nowhere":
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert "frame-ancestors" not in headers["Content-Security-Policy"]


@pytest.mark.parametrize("name", ["app.css", "app.js", "icon.svg", "vendor/htmx-2.0.11.min.js"])
def test_files_of_the_page_are_asked_for_by_their_tag(client: FlaskClient, name: str) -> None:
    first = client.get(f"/static/{name}")
    assert first.status_code == 200
    assert client.get(f"/static/{name}", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("name", ["../plugin.json", "%2e%2e/plugin.json", "no.css", "..%5cplugin.json"])
def test_no_other_file_is_served(client: FlaskClient, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404


@pytest.mark.parametrize("path", ["/", "/guide", "/guide/daily-operations", "/guide.json", "/guide.md"])
def test_nothing_is_changed_by_any_method(client: FlaskClient, path: str) -> None:
    assert client.post(path).status_code == 405
    assert client.delete(path).status_code == 405


@pytest.mark.parametrize("path", ["/today", "/guide/daily-operations", "/guide.json", "/guide.md"])
def test_who_may_not_read_the_project_sees_why(client: FlaskClient, desk: HandMadeDesk, path: str) -> None:
    desk.admission = Admission(frozenset({"status"}), "You may read dashboards of this project, not its content.")
    answer = client.get(path)
    assert answer.status_code == 403
    assert "You may read dashboards of this project" in answer.text
    assert "Retail nightly" not in answer.text
    assert desk.asked == []


FAILURES = [
    (DssDenied("Action forbidden", status=403, path="/projects/RETAIL", needs="Read project content"), 403),
    (DssNotFound("No such project", status=404, path="/projects/RETAIL"), 404),
    (DssBroken("not JSON", status=500, path="/projects/RETAIL"), 502),
    (DssError("teapot", status=418), 502),
    (DssUnreachable("no answer in 20 s", path="/projects/RETAIL/scenarios/", timed_out=True), 504),
    (InvalidParameter("out of range", name="x"), 400),
    (OperationsGuideError("something of ours"), 500),
    (KeyError("<b>secret</b>"), 500),
]


@pytest.mark.parametrize(("error", "status"), FAILURES, ids=[type(error).__name__ for error, _ in FAILURES])
@pytest.mark.parametrize("path", ["/guide", "/guide?fragment=1", "/guide/daily-operations", "/guide.json", "/guide.md"])
def test_every_failure_is_told_calmly(
    client: FlaskClient, desk: HandMadeDesk, caplog: pytest.LogCaptureFixture, path: str, error: Exception, status: int
) -> None:
    desk.error = error
    with caplog.at_level(logging.WARNING):
        answer = client.get(path)
    assert answer.status_code == status
    assert "Traceback" not in answer.text
    assert "<b>secret" not in answer.text
    assert [record.name for record in caplog.records] == ["opsguide.web.failures"] * (status >= 500)
    if path.endswith(".json"):
        assert set(json.loads(answer.text)["error"]) == {"title", "detail", "advice", "reference"}
    elif path.endswith(".md"):
        assert answer.mimetype == "text/plain"
    else:
        assert soup(answer).select_one("[role=alert] h2").get_text()
        assert ("<!doctype" in answer.text) == ("fragment" not in path)
    if status >= 500:
        assert caplog.records[0].getMessage().split("(")[1].split(")")[0] in answer.text


@pytest.mark.parametrize(
    ("target", "place"), [("opsguide", "#opsguide-status"), ("daily-operations", "#daily-operations-status")]
)
def test_a_failed_refresh_leaves_what_was_read_before(
    client: FlaskClient, desk: HandMadeDesk, target: str, place: str
) -> None:
    before = soup(client.get("/guide"))
    desk.error = DssUnreachable("no answer")
    answer = client.get("/guide/daily-operations", headers={**HTMX, "HX-Target": target})
    assert answer.headers["HX-Retarget"] == place
    assert answer.headers["HX-Reswap"] == "innerHTML"
    assert before.select_one(place)
    assert soup(answer).select_one("button")["hx-get"] == "/guide/daily-operations"


def test_a_target_that_is_no_plain_id_is_not_repeated(client: FlaskClient, desk: HandMadeDesk) -> None:
    desk.error = DssUnreachable("no answer")
    answer = client.get("/guide", headers={**HTMX, "HX-Target": "x, body"})
    assert "HX-Retarget" not in answer.headers


@pytest.mark.parametrize("path", ["/guide/no-such-section", "/guide?depth=bottom", "/nowhere", "/guide/%3Cscript%3E"])
def test_addresses_that_are_not_there_say_so(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (400, 404)
    assert "<script>" not in answer.text.replace("<script src", "")
    assert soup(answer).select_one("a[href$=guide]")
