"""The same fact has the same value in every format: each cell of a guide, in its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO

import pypdf
import pytest
from bs4 import BeautifulSoup, Tag
from markdown_it import MarkdownIt

from opsguide.core.article import merge
from opsguide.model.guide import Cell, Guide, cells_of
from opsguide.render import html
from opsguide.render.json import guide_json
from opsguide.render.markdown import guide_blocks, guide_markdown
from opsguide.render.pdf import guide_pdf
from opsguide.render.phrases import shown
from opsguide.render.standalone import guide_file
from opsguide.render.typeface import marked_up
from opsguide.render.urls import Urls, anchor
from tests.guides import GUIDE
from tests.nights import guide_of, night

URLS = Urls("https://dss.example.com", "RETAIL")
OUTSIDE = Urls("https://dss.example.com", "RETAIL", outside=True)


@pytest.fixture(scope="module", params=["by hand", "of a night"])
def guide(request: pytest.FixtureRequest) -> Guide:
    return GUIDE if request.param == "by hand" else guide_of(night())


def plain(text: str) -> str:
    """Without blanks: where a line breaks is each format's own."""
    return "".join(text.split())


def test_json(guide: Guide) -> None:
    data = json.loads(guide_json(guide, URLS))
    told = [*data["header"], *(cell for section in data["sections"] for cell in section["cells"])]
    cells = [*guide.header, *(cell for section in guide.sections for cell in cells_of(section))]
    assert [(cell["id"], cell["value"], cell["origin"]) for cell in told] == [
        (cell.id, cell.value, cell.origin.value) for cell in cells
    ]


@pytest.mark.parametrize("write", [html.guide_document, guide_file], ids=["page", "file"])
def test_html(guide: Guide, write: Callable[[Guide, Urls], str]) -> None:
    page = BeautifulSoup(write(guide, OUTSIDE), "html.parser")
    values = {element["id"]: element for element in page.select(".cell")}
    for cell in cells_of(guide):
        assert _value(values[f"cell-{anchor(cell.id)}"]) == plain(shown(cell)), cell.id


def _value(element: Tag) -> str:
    return plain(element.select_one(".value").get_text())


def test_markdown(guide: Guide) -> None:
    rendered = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(guide_markdown(guide, OUTSIDE))
    _in_order(guide, BeautifulSoup(rendered, "html.parser").get_text(), shown)


def test_wiki(guide: Guide) -> None:
    article = merge("", guide_blocks(guide, URLS)).text
    rendered = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(article)
    _in_order(guide, BeautifulSoup(rendered, "html.parser").get_text(), shown)
    assert not merge(article, guide_blocks(guide, URLS)).differs


def test_pdf(guide: Guide) -> None:
    pages = pypdf.PdfReader(BytesIO(guide_pdf(guide, OUTSIDE))).pages
    _in_order(guide, "".join(page.extract_text() for page in pages), _printed)


def _printed(cell: Cell) -> str:
    """As the typeface has it: where it lacks a letter, its code stands."""
    return BeautifulSoup(f"<p>{marked_up(shown(cell))}</p>", "html.parser").get_text()


def _in_order(guide: Guide, text: str, said: Callable[[Cell], str]) -> None:
    """Each cell's words, one after the other, none of them used twice."""
    whole, at = plain(text), 0
    for cell in cells_of(guide):
        place = whole.find(plain(said(cell)), at)
        assert place >= 0, f"{cell.id}: {said(cell)!r} does not follow {whole[max(0, at - 80) : at]!r}"
        at = place + len(plain(said(cell)))
