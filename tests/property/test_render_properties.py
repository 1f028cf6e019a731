"""Whatever DSS says: no text becomes markup, no guide breaks a format."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from opsguide.model.guide import Cell, Completeness, Guide, Item, Items, Link, Origin, Section, Table, Text, Tone
from opsguide.render import html
from opsguide.render.json import guide_json
from opsguide.render.markdown import escape, guide_markdown
from opsguide.render.urls import Urls, anchor

TRICKY = ["<script>alert(1)</script>", "[a](javascript:b)", "![x](y)", "**a**", "_a_", "a_b", "`x`", "|", "# a", "- a", "1. a",
          "1) a", "+ a", "> a", "---", "===", "~~~", "&amp;", "&#60;", "<http://e.com>", "http://e.com", "www.e.com", "a@b.c", "\\",
          "a\nb", "\t", "$x$", "{{ 7*7 }}", "{% x %}", "🦊", "\u202e", "'\"", "C #"]  # fmt: skip
texts = st.lists(st.one_of(st.sampled_from(TRICKY), st.text(max_size=8)), min_size=1, max_size=4).map("".join)
instants = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)).map(lambda at: at.replace(tzinfo=timezone.utc))
links = st.builds(Link, st.sampled_from(["dataset", "web", "section", "x", "job"]), texts, st.just(""), texts)
cells = st.builds(
    Cell,
    texts,
    st.one_of(st.just(""), texts),
    st.sampled_from(Origin),
    source=texts,
    as_of=st.none() | instants,
    reason=texts,
    tone=st.sampled_from(Tone),
    verdict=texts,
    link=st.none() | links,
    declare=texts,
    at=st.none() | instants,
    zone=st.sampled_from(["", "Europe/Paris", "Asia/Kathmandu", "../x"]),
    seconds=st.none() | st.floats(),
    evidence=st.lists(texts, max_size=2).map(tuple),
)
MARKDOWN = MarkdownIt("gfm-like", {"html": True, "linkify": False})
EASY = settings(max_examples=60, deadline=None)


def guide_of(cell: Cell) -> Guide:
    section = Section(
        "s", "S", (Text(("a ", cell, " b")), Items((Item((cell,)),)), Table(("A", "B"), ((cell, cell),), "C"))
    )
    return Guide("K", "T", datetime(2025, 1, 1, tzinfo=timezone.utc), "UTC", (), (), (section,), Completeness())


def said(text: str) -> str:
    """A text as a browser's reader sees it."""
    return " ".join(text.split())


@EASY
@given(texts)
def test_escaped_markdown_reads_as_the_text_itself(text: str) -> None:
    for place in (f"x {escape(text)} y", f"| a |\n| --- |\n| x {escape(text)} y |", f"- x {escape(text)} y"):
        shown = BeautifulSoup(MARKDOWN.render(place), "html.parser")
        assert not shown.select("a, script, img, em, strong, code, s, h1, h2, hr, blockquote")
        body = shown.select_one("td, li, p")
        # Markdown replaces NUL and cannot tell lone surrogates or carriage controls: nor does a reader.
        assert said(body.get_text()) == said(f"x {text} y").replace("\0", "\ufffd")


@EASY
@given(cells)
def test_no_format_breaks_and_no_cell_becomes_markup(cell: Cell) -> None:
    guide, urls = guide_of(cell), Urls("", "K")
    assert guide_markdown(guide, urls).startswith("# T\n")
    data = json.loads(guide_json(guide, urls))
    assert data["sections"][0]["cells"][0]["value"] == cell.value
    page = BeautifulSoup(html.guide_document(guide, urls), "html.parser")
    assert len(page.select("script")) == 2
    value = page.select_one(".cell .value").get_text()
    assert said(value.replace("\0", "\ufffd")) == said((cell.value or value).replace("\0", "\ufffd"))
    assert all(not link["href"].lower().startswith(("javascript:", "data:")) for link in page.select("a[href]"))


@EASY
@given(texts, texts)
def test_anchors_are_ids_and_never_meet(one: str, other: str) -> None:
    assert (anchor(one) == anchor(other)) == (one == other)
    assert not set(anchor(one)) & set(" \t\n\"'<>&#")


@EASY
@given(instants, st.integers(0, 5))
def test_an_instant_is_found_in_whatever_zone_it_is_said(at: datetime, days: int) -> None:
    local = at + timedelta(days=days)
    found = html.when(Cell("a", f"{local:%H:%M}", Origin.LIVE, at=local, zone="UTC"), "Europe/Paris")
    assert found is not None
    assert found.pattern == "time"
