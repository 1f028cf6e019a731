"""Signing off, muting and handing over in a real browser: inside DSS, by itself, without script, and on paper."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

import localdss
from localdss.server import Server
from opsguide.dss import store
from opsguide.model.ledger import Ledger
from tests.browser.conftest import Watched
from tests.readings import clients
from tests.todays import TODAY
from tests.web.desks import Admission, HandMadeDesk

pytestmark = pytest.mark.browser

PATIENCE_MS = 60_000
BACKEND = "/web-apps-backends/RETAIL/0pGu1de/"


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    with localdss.serve(story="nightly-late") as server:
        counts = server.instance.projects["RETAIL"].metrics["DATASET", "basket_pairs"]["records:COUNT_RECORDS"]
        counts[-1]["value"] = str(int(counts[-1]["value"]) // 2)
        yield server


@pytest.fixture
def olivia(context: BrowserContext, dss: Server) -> None:
    context.add_cookies([{"name": "localdss_user", "value": "olivia", "url": dss.url}])


@pytest.mark.usefixtures("olivia")
def test_inside_dss_a_morning_is_signed_off_a_scenario_muted_and_a_handover_printed(
    watched: Watched, dss: Server
) -> None:
    page = watched.page
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{dss.url}/webapps/RETAIL/0pGu1de/")
    page.locator("nav.pages a", has_text="Today").click()
    page.get_by_role("button", name="Create it").click()
    page.locator("#remark").fill("Called the supplier")
    page.get_by_role("button", name="I have looked at this").click()
    expect(page.locator(".signed")).to_contain_text("Looked at by olivia", timeout=PATIENCE_MS)
    # A build with half of its rows: said once, then asked no more.
    page.get_by_role("button", name="The rows of basket_pairs were wrong").click()
    expect(page.get_by_role("button", name="The rows of basket_pairs were wrong")).to_have_count(0, timeout=PATIENCE_MS)
    expect(page.locator("#outputs")).to_contain_text("a person called these rows wrong", timeout=PATIENCE_MS)
    page.locator("details.mute summary").click()
    page.locator("#mute-about").select_option(label="Nightly build")
    page.locator("#mute-reason").fill("more stores since Monday")
    page.get_by_role("button", name="Mute", exact=True).click()
    expect(page.locator("#muted")).to_contain_text("more stores since Monday", timeout=PATIENCE_MS)
    expect(page.locator(".headline")).not_to_contain_text("running late", timeout=PATIENCE_MS)
    expect(page.locator(".lane", has_text="Nightly build")).to_contain_text("Running late, muted", timeout=PATIENCE_MS)
    page.reload()
    page.locator("nav.pages a", has_text="Today").click()
    expect(page.locator(".signed")).to_contain_text("Called the supplier", timeout=PATIENCE_MS)
    expect(page.locator("#muted")).to_contain_text("Nightly build", timeout=PATIENCE_MS)
    page.locator("nav.pages a", has_text="Handover").click()
    expect(page.locator("#noted")).to_contain_text("Muted Nightly build", timeout=PATIENCE_MS)
    page.emulate_media(media="print")
    expect(page.locator("nav.pages")).to_be_hidden()
    expect(page.locator("#standing")).to_be_visible()
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    page.emulate_media(media="screen")
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    assert watched.complaints == []


def test_without_script_the_same_form_works(browser: Browser, dss: Server) -> None:
    store.create(clients(dss), "RETAIL")
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies([{"name": "localdss_user", "value": "olivia", "url": dss.url}])
    page = context.new_page()
    page.goto(f"{dss.url}{BACKEND}today", timeout=PATIENCE_MS)
    page.locator("#remark").fill("No script at all")
    page.get_by_role("button", name="I have looked at this").click(timeout=PATIENCE_MS)
    expect(page.locator(".signed")).to_contain_text("No script at all", timeout=PATIENCE_MS)
    assert page.url.startswith(f"{dss.url}{BACKEND}today?after=")
    context.close()


def test_what_somebody_writes_is_not_taken_from_under_their_hands(page: Page, site: str, desk: HandMadeDesk) -> None:
    desk.admission = Admission(needs_to_write="")
    desk.today_value = replace(TODAY, ledger=Ledger(TODAY.taken_at))
    page.goto(site + "today")
    page.locator("#remark").fill("half a sen")
    page.locator("h1").click()
    page.wait_for_timeout(1500)  # what was asked for before the first letter may still be under way
    asked = len(desk.asked)
    page.wait_for_timeout(2500)
    assert len(desk.asked) == asked, "it is looked at again every second, but not now"
    expect(page.locator("#remark")).to_have_value("half a sen")
