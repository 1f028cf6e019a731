"""From an empty project to a green status page in a real browser, and the same form without script."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

import localdss
from localdss.server import Server
from tests.browser.conftest import Watched

pytestmark = pytest.mark.browser

PATIENCE_MS = 60_000
BACKEND = "/web-apps-backends/RETAIL/0pGu1de/"


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    with localdss.serve(story="healthy") as server:
        server.instance.projects["RETAIL"].variables = {"standard": {}, "local": {}}
        yield server


@pytest.fixture
def olivia(context: BrowserContext, dss: Server) -> None:
    context.add_cookies([{"name": "localdss_user", "value": "olivia", "url": dss.url}])


@pytest.mark.usefixtures("olivia")
def test_from_nothing_declared_to_a_green_status_page(watched: Watched, dss: Server) -> None:
    page = watched.page
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page.goto(f"{dss.url}/webapps/RETAIL/0pGu1de/")
    page.locator("nav.pages a", has_text="Status").click()
    expect(page.locator("#outputs")).to_contain_text("Nothing is promised")
    page.locator("nav.pages a", has_text="Declare").click()
    page.get_by_role("button", name="Create it").click()
    expect(page.get_by_role("button", name="Create it")).to_have_count(0)
    page.locator("#datasets a", has_text="daily_store_kpis").click()
    page.locator("#f-due").fill("half past six")
    expect(page.locator("#f-due-error")).to_contain_text("must be a time of day")
    expect(page.locator("#f-due")).to_have_value("half past six")
    page.locator("#f-due").fill("")
    page.get_by_role("button", name="Due: take").click()
    expect(page.locator("#findings")).to_contain_text("Due next")
    expect(page.locator("#findings")).to_contain_text("due days on record: met")
    due = page.locator("#f-due").input_value()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#changes")).to_contain_text("datasets.daily_store_kpis")
    expect(page.locator("#f-due")).to_have_value(due)
    page.locator("nav.pages a", has_text="Status").click()
    expect(page.locator(".consumed dt", has_text="daily_store_kpis").locator(".state-good")).to_be_visible()
    expect(page.locator(".headline .state-good")).to_be_visible()
    assert watched.complaints == []


def test_without_script_the_same_is_declared_and_nothing_is_wider_than_a_phone(browser: Browser, dss: Server) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 800})
    context.add_cookies([{"name": "localdss_user", "value": "olivia", "url": dss.url}])
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{dss.url}{BACKEND}edit?at=contacts")
    create = page.get_by_role("button", name="Create it")
    if create.count():
        create.click()
        page.goto(f"{dss.url}{BACKEND}edit?at=contacts")
    page.locator("#f-contacts-data summary").click()
    page.locator("#f-contacts-data-timezone").fill("Europe/Pariss")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#error-summary")).to_contain_text("did you mean 'Europe/Paris'")
    page.locator("#f-contacts-data-timezone").fill("Europe/Paris")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#changes")).to_contain_text("contacts")
    assert page.url.startswith(f"{dss.url}{BACKEND}edit?at=contacts")
    context.close()
