"""Names that mean harm: in the page they are text and nothing else."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator

import pytest
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt

from localdss.server import Server
from tests.hostile import NAMES, served
from tests.whole import SECTIONS, Shown, Visit, foreign_markup


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    with served() as dss:
        yield dss


@pytest.fixture(scope="module")
def shown(dss: Server) -> Shown:
    return Visit(dss, "HARM").show()


def test_every_name_arrives_as_text(shown: Shown) -> None:
    page = BeautifulSoup(shown.html, "html.parser")
    text = " ".join(page.get_text().split())
    assert [name for name in NAMES if name not in text] == []
    values = [cell["value"] for cell in shown.cells]
    for name in NAMES:
        assert any(name in value for value in values if value)
        assert any(cell["value"].startswith(name) for cell in shown.cells if cell["id"].endswith(".scenario"))
        assert any(f"out {name}" in cell["value"] for cell in shown.cells if "output-" in cell["id"])


def test_no_name_becomes_markup(shown: Shown, dss: Server) -> None:
    page = BeautifulSoup(shown.html, "html.parser")
    assert all(script["src"].startswith("static/") and not script.string for script in page.select("script"))
    assert not page.select("img, iframe, object, embed, base, style")
    assert not [name for element in page.find_all(True) for name in element.attrs if name.startswith("on")]
    assert "49" not in {cell["value"] for cell in shown.cells}
    for section in ("quick-reference-card", "documentation-quick-links"):
        assert foreign_markup(Visit(dss, "HARM").get(f"/guide/{section}")) == []


def test_no_name_becomes_markup_in_markdown(shown: Shown) -> None:
    rendered = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(shown.markdown)
    page = BeautifulSoup(rendered, "html.parser")
    assert len(page.select("h2")) == len(SECTIONS) + 1
    assert not page.select("script, img, iframe, style")
    assert foreign_markup(rendered) == []


def test_every_address_leads_to_dss_or_the_web(shown: Shown) -> None:
    page = BeautifulSoup(shown.html, "html.parser")
    addresses = [link["href"] for link in page.select("[href]")]
    kinds = {urllib.parse.urlsplit(address.strip()).scheme for address in addresses}
    assert kinds <= {"", "http", "https", "mailto", "tel"}
    links = [cell["link"]["href"] or "" for cell in shown.cells if cell["link"]]
    assert not [link for link in links if link.strip().lower().startswith(("javascript", "data"))]
    to_scenarios = [link for link in links if "/scenarios/" in link]
    assert len({link for link in to_scenarios if "/HARM/scenarios/S%20" in link}) >= len(NAMES)


@pytest.mark.dss("14.3")
def test_only_the_project_was_asked_about(dss: Server) -> None:
    dss.requests.clear()
    Visit(dss, "HARM").guide()
    strange = [each.path for each in dss.requests if each.path.startswith("/projects/")]
    assert strange
    assert {path.split("/")[2] for path in strange} == {"HARM"}
    assert dss.requests.writes() == []
    # A web server reads a slash in a name as one of the path: such objects cannot be asked about.
    assert [each.path for each in dss.requests.unknown() if not any(n in each.path for n in NAMES if "/" in n)] == []
