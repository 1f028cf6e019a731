"""Today in a real browser: read at a glance, on a phone, at night and on paper; refreshed only while it is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

import localdss
from localdss.server import Server
from opsguide.errors import DssUnreachable
from tests.browser.conftest import Watched
from tests.todays import CALM, TODAY
from tests.web.desks import HandMadeDesk

pytestmark = pytest.mark.browser

PATIENCE_MS = 30_000
PAGE = "/web-apps-backends/RETAIL/0pGu1de/today"


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    with localdss.serve(story="nightly-late") as server:
        yield server


@pytest.fixture
def olivia(context: BrowserContext, dss: Server) -> None:
    context.add_cookies([{"name": "localdss_user", "value": "olivia", "url": dss.url}])


def overflow(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.usefixtures("olivia")
def test_the_sample_tells_its_night_and_stays_on_the_machine(watched: Watched, dss: Server) -> None:
    page = watched.page
    page.goto(dss.url + PAGE, timeout=PATIENCE_MS)
    expect(page.locator(".headline")).to_contain_text("1 of 13 outputs late")
    expect(page.locator(".lane", has_text="Nightly build")).to_contain_text("Running late")
    for width in (360, 768, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        assert overflow(page) == 0, width
    page.set_viewport_size({"width": 360, "height": 800})
    expect(page.locator(".headline .state")).to_be_in_viewport()
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    assert watched.complaints == []
    assert {urlsplit(url).netloc for url in watched.requests} == {urlsplit(dss.url).netloc}


@pytest.mark.usefixtures("olivia")
def test_inside_dss_the_pages_take_each_others_place(watched: Watched, dss: Server) -> None:
    page = watched.page
    page.goto(f"{dss.url}/projects/RETAIL/webapps/")
    inside = page.frame_locator("iframe")
    expect(inside.locator("#quick-reference-card")).to_be_visible(timeout=PATIENCE_MS)
    inside.locator("nav.pages a", has_text="Today").click()
    expect(inside.locator(".headline")).to_contain_text("outputs late", timeout=PATIENCE_MS)
    expect(inside.locator("main#guide")).to_be_focused()
    inside.locator("nav.pages a", has_text="Guide").click()
    expect(inside.locator("#quick-reference-card")).to_be_visible(timeout=PATIENCE_MS)
    assert watched.complaints == []


def test_by_itself_each_page_is_an_address_of_its_own(page: Page, site: str) -> None:
    page.goto(site + "guide")
    page.locator("nav.pages a", has_text="Today").click()
    expect(page).to_have_url(site + "today")
    expect(page).to_have_title(f"{TODAY.headline} – {TODAY.title}")


def test_it_is_read_again_and_what_is_open_stays_open(page: Page, site: str, desk: HandMadeDesk) -> None:
    page.goto(site + "today")
    state = page.locator("#cell-today\\.scenario-NIGHTLY\\.state")
    state.locator("summary").click()
    expect(state.get_by_text("It failed.")).to_be_visible()
    desk.today_value = replace(CALM, headline="All is well now")
    expect(page.locator(".headline")).to_have_text("All is well now")
    expect(state.get_by_text("It failed.")).to_be_visible()
    expect(state.locator("summary")).to_be_focused()
    asked = len(desk.asked)
    page.wait_for_timeout(1500)
    assert len(desk.asked) == asked, "nothing runs and nothing is due: it is left in peace"


def test_nobody_looking_costs_nothing(page: Page, site: str, desk: HandMadeDesk) -> None:
    page.goto(site + "today")
    page.evaluate("Object.defineProperty(document, 'hidden', { configurable: true, get: () => true })")
    page.wait_for_timeout(200)
    asked = len(desk.asked)
    page.wait_for_timeout(1800)
    assert len(desk.asked) == asked
    page.evaluate("() => { delete document.hidden; document.dispatchEvent(new Event('visibilitychange')); }")
    page.wait_for_timeout(400)
    assert len(desk.asked) > asked


def test_the_last_known_value_stays_with_its_age(page: Page, site: str, desk: HandMadeDesk) -> None:
    page.goto(site + "today")
    desk.error = DssUnreachable("No answer", path="/projects/RETAIL")
    expect(page.locator("#opsguide-status")).to_contain_text("DSS does not answer")
    expect(page.locator(".headline")).to_contain_text("1 of 2 outputs late")
    desk.error = None
    expect(page.locator("#opsguide-status")).to_be_empty()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_drawing_has_the_colours_of_the_page(page: Page, site: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(site + "today")
    colours = page.evaluate(
        "() => { const bad = document.querySelector('.bar-bad'), page = getComputedStyle(document.documentElement);"
        " const probe = document.body.appendChild(document.createElement('i')); probe.style.color = page.getPropertyValue('--bad');"
        " return [getComputedStyle(bad).fill, getComputedStyle(probe).color]; }"
    )
    assert colours[0] == colours[1]
