"""The whole way, as a person goes it: the demo's project list, a project, its webapp, every section of the guide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import BrowserContext, FrameLocator, Page, expect

import localdss
from localdss.server import Server
from tests.browser.conftest import Watched

pytestmark = pytest.mark.browser

SECTIONS = (
    "Quick Reference Card",
    "Schedule Overview",
    "Daily Operations",
    "How to Run Jobs",
    "Monitoring",
    "Common Operations",
    "Access Management",
    "Maintenance Windows",
    "Capacity Planning",
    "Backup and Recovery",
    "Escalation Matrix",
    "Documentation Quick Links",
)
PATIENCE_MS = 30_000  # a busy machine starts the backend and reads the whole project
GUIDE = "/web-apps-backends/RETAIL/0pGu1de/guide"


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    with localdss.serve(story="nightly-late") as server:
        yield server


@pytest.fixture
def olivia(context: BrowserContext, dss: Server) -> None:
    context.add_cookies([{"name": "localdss_user", "value": "olivia", "url": dss.url}])


def settled(guide: FrameLocator | Page) -> None:
    expect(guide.locator("#quick-reference-card")).to_be_visible(timeout=PATIENCE_MS)
    expect(guide.locator("[aria-busy=true]")).to_have_count(0, timeout=PATIENCE_MS)


@pytest.mark.usefixtures("olivia")
def test_from_the_project_list_to_every_section(watched: Watched, dss: Server) -> None:
    page = watched.page
    dss.requests.clear()
    page.goto(dss.url)
    page.get_by_role("link", name="Retail", exact=False).first.click()
    page.get_by_role("link", name="Webapps").first.click()
    guide = page.frame_locator("iframe")
    settled(guide)
    expect(guide.locator("h1")).to_contain_text("Operations Guide")
    for title in SECTIONS:
        guide.get_by_role("navigation", name="Contents").get_by_role("link", name=title).click()
        heading = guide.get_by_role("heading", name=title, level=2)
        expect(heading).to_be_in_viewport()
        section = guide.locator("section", has=heading)
        assert section.locator(".cell").count() > 0, title
        expect(section.get_by_text("not read yet")).to_have_count(0)
    assert watched.complaints == []
    assert {urlsplit(url).netloc for url in watched.requests} == {urlsplit(dss.url).netloc}
    assert dss.requests.writes() == []


@pytest.mark.usefixtures("olivia")
def test_guide_opened_alone_finds_prints_and_fits(watched: Watched, dss: Server) -> None:
    page = watched.page
    page.goto(dss.url + GUIDE)
    settled(page)
    page.keyboard.press("/")
    page.keyboard.type("sales_mart")
    expect(page.locator("#found")).to_have_text(re.compile(r"\d+ found"))
    page.keyboard.press("Enter")
    expect(page.locator("mark[aria-current]")).to_be_in_viewport()
    paper = page.pdf(prefer_css_page_size=True)
    assert paper.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) > 5
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    assert watched.complaints == []


@pytest.mark.usefixtures("olivia")
def test_page_of_a_real_project_is_sound(page: Page, dss: Server) -> None:
    page.goto(dss.url + GUIDE + "?depth=whole")
    settled(page)
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids))
    dead = page.evaluate(
        "[...document.querySelectorAll('a[href^=\"#\"]')].map((a) => a.getAttribute('href')).filter((to) => !document.getElementById(decodeURIComponent(to.slice(1))))"
    )
    assert dead == []
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3, h4')].map((one) => Number(one.tagName[1]))")
    assert all(below - above <= 1 for above, below in zip(levels, levels[1:]))


@pytest.mark.usefixtures("olivia")
def test_every_instant_on_the_page_can_follow_the_reader(page: Page, dss: Server) -> None:
    page.goto(dss.url + GUIDE + "?depth=whole")
    settled(page)
    times = page.locator("main time")
    assert times.count() > 20
    assert page.locator("main time:not([data-pattern])").count() == 0
    before = times.all_text_contents()
    page.get_by_role("button", name="My time zone").click()
    after = times.all_text_contents()
    assert [one for one, other in zip(before, after) if one == other] == []


@pytest.mark.parametrize(("login", "status"), [("raj", 200), ("oscar", 403), ("dana", 403)])
def test_who_may_not_read_the_project_sees_nothing_of_it(dss: Server, login: str, status: int) -> None:
    answer = requests.get(dss.url + GUIDE, cookies={"localdss_user": login}, timeout=60)
    assert answer.status_code == status, answer.text[:500]
    assert ("sales_mart" in answer.text) == (status == 200)


@pytest.mark.parametrize(("login", "fault"), [("priya", "html"), ("dmitri", "cut_off")])
def test_dss_that_misbehaves_leaves_a_calm_page(watched: Watched, dss: Server, login: str, fault: str) -> None:
    page = watched.page
    page.context.add_cookies([{"name": "localdss_user", "value": login, "url": dss.url}])
    getattr(dss.faults, fault)("GET", "/projects/RETAIL/scenarios*")
    try:
        page.goto(dss.url + GUIDE + "?depth=whole")
    finally:
        dss.faults.clear()
    settled(page)
    expect(page.locator("#cell-quick-reference-card\\.now\\.scenarios")).to_contain_text("unknown")
    expect(page.locator("#quick-reference-card .state-good")).to_have_count(0)
    expect(page.get_by_text("Traceback")).to_have_count(0)
    assert watched.complaints == []
