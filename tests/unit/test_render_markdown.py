"""What begins a line of the Markdown with a name of the project: the name reads as it is, and opens nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt

from opsguide.model.guide import Completeness, Missing, Origin
from opsguide.render.markdown import guide_markdown, today_markdown
from opsguide.render.urls import Urls
from tests.guides import GUIDE
from tests.todays import TODAY

URLS = Urls("", "RETAIL")
NAMES = ["1. Load", "2) Build", "- old", "+ new", "> quoted", "=== line", "# title"]


def lines(markdown: str) -> list[str]:
    """All lines of its lists, and none of them holds a list or a quote of its own."""
    page = BeautifulSoup(MarkdownIt("gfm-like", {"linkify": False}).render(markdown), "html.parser")
    assert page.select("li ol, li ul, li blockquote, li h1") == []
    return [" ".join(line.get_text().split()) for line in page.select("li")]


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_in_the_night_and_an_output_of_the_promises(name: str) -> None:
    timeline = replace(TODAY.timeline, lanes=tuple(replace(lane, name=name) for lane in TODAY.timeline.lanes))
    outputs = tuple(replace(output, name=name, budget_text="kept on 9 of 10 days") for output in TODAY.outputs)
    found = lines(today_markdown(replace(TODAY, timeline=timeline, outputs=outputs, sections=()), URLS))
    assert len([line for line in found if name in line]) == len(timeline.lanes) + len(outputs)


@pytest.mark.parametrize("name", NAMES)
def test_a_cell_that_is_missing(name: str) -> None:
    missing = Missing("a", name, "s", Origin.NOT_DECLARED, "", "nobody said")
    guide = replace(GUIDE, sections=(), completeness=Completeness(missing=(missing,)))
    assert [line for line in lines(guide_markdown(guide, URLS)) if line.startswith(name)]
