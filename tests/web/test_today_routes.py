"""Today's routes and its drawings: what a reader, a screen reader and a program get."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator, FormatChecker

from opsguide.errors import DssUnreachable
from opsguide.model.known import Unknown
from opsguide.render.html import PAGES
from opsguide.render.today_json import today_schema
from tests.guides import HOSTILE
from tests.todays import CALM, TODAY
from tests.web.desks import Admission, HandMadeDesk, application
from tests.whole import foreign_markup

HTMX = {"HX-Request": "true"}


@pytest.fixture
def desk() -> HandMadeDesk:
    return HandMadeDesk()


@pytest.fixture
def client(desk: HandMadeDesk) -> Iterator[FlaskClient]:
    with application(desk).test_client() as client:
        yield client


def page(client: FlaskClient, **headers: str) -> BeautifulSoup:
    return BeautifulSoup(client.get("/today", headers=headers).text, "html.parser")


def test_the_first_sentence_comes_first_and_is_the_title(client: FlaskClient) -> None:
    shown = page(client)
    assert shown.title.text == f"{TODAY.headline} – {TODAY.title}"
    assert shown.select_one(".headline").get_text() == TODAY.headline
    assert shown.select_one(".headline .state-bad").get_text() == "1 of 2 outputs late, 1 scenario failed"


def test_it_is_a_whole_page_by_itself_and_a_part_for_htmx(client: FlaskClient) -> None:
    whole, part = client.get("/today"), client.get("/today", headers=HTMX)
    assert whole.text.startswith("<!doctype html>")
    assert "<html" not in part.text
    assert part.text.strip() in whole.text
    assert whole.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("path", "here"), [("/today", "Today"), ("/guide", "Guide")])
def test_each_page_leads_to_the_other(client: FlaskClient, path: str, here: str) -> None:
    shown = BeautifulSoup(client.get(path).text, "html.parser")
    links = {link.text: link for link in shown.select("nav.pages a")}
    assert {name: link["data-backend"] for name, link in links.items()} == {title: f"/{page}" for page, title in PAGES}
    assert [name for name, link in links.items() if link.get("aria-current") == "page"] == [here]


def test_the_night_says_in_words_what_it_draws(client: FlaskClient) -> None:
    shown = page(client)
    drawn = shown.select(".lane-track svg[role=img]")
    assert [each["aria-label"] for each in drawn] == [
        "Nightly load: Failed",
        f"{HOSTILE}: Running",
        "orders_daily: Late",
    ]
    told = shown.select_one("details.facts").get_text()
    for lane in TODAY.timeline.lanes:
        for mark in lane.marks:
            assert mark.text in told
    titles = {title.get_text() for title in shown.select(".lane-track title")}
    assert {mark.text for lane in TODAY.timeline.lanes for mark in lane.marks} <= titles
    assert "2 more with nothing to look at are left out" in shown.text


def test_state_is_never_colour_alone(client: FlaskClient) -> None:
    shown = page(client)
    failed = shown.select(".lane-track")[1]
    assert [use["href"] for use in failed.select("use")].count("#shape-bad") == 2
    heights = [float(day["y"].rstrip("%")) for day in shown.select(".strip .day")]
    assert heights[0] > heights[2] > heights[5]
    assert shown.select_one(".strip")["aria-label"] == "3 met, 1 recovered late, 1 unknown, 1 missed"


def test_names_that_mean_harm_stay_text_and_nothing_is_inline(client: FlaskClient) -> None:
    assert foreign_markup(client.get("/today").text) == []
    shown = page(client)
    assert not shown.select("style, [style]")
    assert HOSTILE in shown.text
    ids = [element["id"] for element in shown.select("[id]")]
    assert len(ids) == len(set(ids))
    levels = [int(heading.name[1]) for heading in shown.select("h1, h2, h3, h4")]
    assert levels[0] == 1
    assert all(below - above <= 1 for above, below in zip(levels, levels[1:]))


def test_everything_drawn_stays_inside(client: FlaskClient) -> None:
    pieces = page(client).select(".lane-track rect, .strip rect")
    assert pieces
    for piece in pieces:
        x, width = (float(piece[name].rstrip("%")) for name in ("x", "width"))
        assert 0 <= x <= x + width <= 100.01


def test_it_asks_again_only_when_told_to(client: FlaskClient, desk: HandMadeDesk) -> None:
    again = page(client).select_one("[data-again]")
    assert (again["hx-get"], again["data-again"], again["hx-trigger"]) == ("/today", "1", "again")
    desk.today_value = CALM
    calm = page(client)
    assert calm.select_one("[data-again]") is None
    assert "It stays as it is until you refresh it." in calm.text


def test_json_keeps_its_schema_and_says_what_could_not_be_read(client: FlaskClient, desk: HandMadeDesk) -> None:
    desk.today_value = replace(TODAY, scenarios=Unknown("Action forbidden", needs="Read project content"))
    answer = client.get("/today.json")
    Draft202012Validator.check_schema(today_schema())
    problems = Draft202012Validator(today_schema(), format_checker=FormatChecker()).iter_errors(json.loads(answer.text))
    assert [problem.message for problem in problems] == []
    assert answer.get_json()["scenarios"] == []
    assert answer.get_json()["unread"] == [
        {"part": "scenarios", "reason": "Action forbidden", "needs": "Read project content"}
    ]
    assert answer.get_json()["outputs"][0]["verdict"] == "MISSED"


def test_markdown_begins_with_the_sentence(client: FlaskClient) -> None:
    answer = client.get("/today.md")
    assert answer.content_type == "text/markdown; charset=utf-8"
    assert answer.text.startswith(f"# {TODAY.title}\n\n**1 of 2 outputs late, 1 scenario failed; next deadline")
    assert "\\<script>" in answer.text


@pytest.mark.parametrize("path", ["/today", "/today.json", "/today.md"])
def test_who_may_not_see_the_guide_sees_no_today(client: FlaskClient, desk: HandMadeDesk, path: str) -> None:
    desk.admission = Admission(frozenset({"status"}), "You may only see dashboards.")
    assert client.get(path).status_code == 403
    assert desk.asked == []


def test_a_dss_that_is_gone_leaves_what_was_there(client: FlaskClient, desk: HandMadeDesk) -> None:
    desk.error = DssUnreachable("No answer", path="/projects/RETAIL")
    answer = client.get("/today", headers={**HTMX, "HX-Target": "opsguide"})
    assert answer.status_code == 504
    assert answer.headers["HX-Retarget"] == "#opsguide-status"
