"""The same guides in every format, against what was reviewed by eye."""

from __future__ import annotations

import json
from io import BytesIO

import pypdf
import pytest
from bs4 import BeautifulSoup
from jsonschema import Draft202012Validator, FormatChecker
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from opsguide.core.article import merge
from opsguide.model.guide import Guide
from opsguide.render import html
from opsguide.render.json import guide_json, schema
from opsguide.render.markdown import guide_blocks, guide_markdown
from opsguide.render.pdf import guide_pdf
from opsguide.render.standalone import guide_file
from opsguide.render.urls import Urls
from tests.guides import EMPTY, GUIDE

URLS = Urls("", "RETAIL", on_page=True)
OUTSIDE = Urls("https://dss.example.com", "RETAIL", outside=True)
GUIDES = pytest.mark.parametrize("guide", [GUIDE, EMPTY], ids=["full", "empty"])


def _file(extension: str) -> type[SingleFileSnapshotExtension]:
    class File(SingleFileSnapshotExtension):
        _write_mode = WriteMode.TEXT
        file_extension = _file_extension = extension  # the second is its name before syrupy 5

    return File


@GUIDES
def test_page(guide: Guide, snapshot: SnapshotAssertion) -> None:
    assert html.guide_document(guide, URLS) == snapshot(extension_class=_file("html"))


@GUIDES
def test_markdown(guide: Guide, snapshot: SnapshotAssertion) -> None:
    assert guide_markdown(guide, URLS) == snapshot(extension_class=_file("md"))


@GUIDES
def test_wiki(guide: Guide, snapshot: SnapshotAssertion) -> None:
    assert merge("", guide_blocks(guide, URLS)).text == snapshot(extension_class=_file("md"))


@GUIDES
def test_json(guide: Guide, snapshot: SnapshotAssertion) -> None:
    assert guide_json(guide, URLS) == snapshot(extension_class=_file("json"))


@GUIDES
def test_file(guide: Guide, snapshot: SnapshotAssertion) -> None:
    assert guide_file(guide, OUTSIDE) == snapshot(extension_class=_file("html"))


@GUIDES
def test_pdf(guide: Guide, snapshot: SnapshotAssertion) -> None:
    """Its words page by page, where its links lead, and its outline: how it is laid out is for the eye."""
    pdf = pypdf.PdfReader(BytesIO(guide_pdf(guide, OUTSIDE)))
    said = [f"--- page {number}\n{_flowing(page.extract_text())}" for number, page in enumerate(pdf.pages, start=1)]
    links = [
        annotation.get_object().get("/A", {}).get("/URI") for page in pdf.pages for annotation in page.annotations or ()
    ]
    outline = [line["/Title"] for line in pdf.outline if isinstance(line, dict)]
    shown = [*said, "--- links", *sorted({link for link in links if link}), "--- outline", *outline]
    assert "\n".join(shown) + "\n" == snapshot(extension_class=_file("txt"))


def _flowing(text: str) -> str:
    """One word a line: where a line ends is the reader's matter, and differs between its versions."""
    return "\n".join(text.split())


@GUIDES
def test_json_keeps_its_schema(guide: Guide) -> None:
    Draft202012Validator.check_schema(schema())
    problems = Draft202012Validator(schema(), format_checker=FormatChecker()).iter_errors(
        json.loads(guide_json(guide, URLS))
    )
    assert [problem.message for problem in problems] == []


def test_page_is_sound_to_assistive_technology() -> None:
    page = BeautifulSoup(html.guide_document(GUIDE, URLS), "html.parser")
    ids = [element["id"] for element in page.select("[id]")]
    assert len(ids) == len(set(ids))
    assert page.html["lang"] == "en"
    assert page.select_one("a.skip")["href"] == "#guide"
    assert page.select_one("main#guide")
    assert [table.caption is not None for table in page.select("table")] == [True] * len(page.select("table"))
    assert all(head.get("scope") in ("col", "row") for head in page.select("th"))
    levels = [int(heading.name[1]) for heading in page.select("h1, h2, h3, h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in zip(levels, levels[1:]))
    assert all(control.get("aria-label") or control.get_text(strip=True) for control in page.select("button"))
    assert all(page.find(id=link["href"][1:]) for link in page.select("a[href^='#']"))


def test_page_needs_no_inline_script_or_style() -> None:
    page = BeautifulSoup(html.guide_document(GUIDE, URLS), "html.parser")
    assert all(script.get("src") and not script.string for script in page.select("script"))
    assert not page.select("style, [style]")
    assert not [name for element in page.find_all(True) for name in element.attrs if name.startswith("on")]
