"""Every page and every macro's result as axe judges it, by day and by night: nothing serious, nothing critical."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timezone

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

import localdss
from localdss.server import Server
from opsguide import service
from opsguide.dss import store
from opsguide.render import cleanup, html
from opsguide.render.portfolio import portfolio_result
from opsguide.render.urls import Urls
from opsguide.settings import Settings
from tests.readings import clients

pytestmark = pytest.mark.browser

AT = datetime(2026, 3, 3, 6, 12, tzinfo=timezone.utc)  # a Tuesday, 07:12 in Paris
BACKEND = "/web-apps-backends/RETAIL/0pGu1de/"
PATIENCE_MS = 120_000
URLS = Urls("https://dss.example.com", "RETAIL")
STOPS = ("serious", "critical")
OF_COLOURS = ["color-contrast", "link-in-text-block"]

PAGES = (
    "guide?depth=whole",
    "today",
    "incidents",
    "portfolio",
    "status",
    "clean-up",
    "handover",
    "actions",
    "edit",
    "edit?at=datasets.sales_mart",
    "edit?at=maintenance",
    "action/build?about=dataset:orders",
    "action/run-scenario?about=scenario:MORNING",
)

# Of cells, items and details that look alike two stay. Axe takes time with the square of the elements, and of a guide's
# eighteen thousand most differ by their text alone.
PRUNE = """() => {
  const seen = new Map();
  for (const one of document.querySelectorAll("td, tbody th, li, details, option")) {
    if (!one.isConnected) continue;
    const look = (each) => each.tagName + "." + (each.getAttribute("class") || "");
    const looks = [...new Set([one.parentElement, one, ...one.querySelectorAll("*")].map(look))].sort().join(" ");
    seen.set(looks, (seen.get(looks) || 0) + 1);
    if (seen.get(looks) > 2) one.matches("td, th") ? one.replaceChildren() : one.remove();
  }
}"""


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    with localdss.serve(story="nightly-late", at=AT) as dss:
        dss.instance.clock.stop(AT)
        dss.instance.plugin_settings["operations-guide"].update(actions_enabled=True, minimum_refresh_seconds=600)
        store.create(clients(dss), "RETAIL")
        yield dss


@pytest.fixture(scope="module")
def page(browser: Browser, dss: Server) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", color_scheme="light")
    context.set_default_timeout(PATIENCE_MS)
    context.add_cookies([{"name": "localdss_user", "value": "olivia", "url": dss.url}])
    yield context.new_page()
    context.close()


def objections(page: Page) -> list[str]:
    """What a reader who sees little or nothing stumbles over: each rule with the elements that break it. The colours
    are looked at by day and by night."""
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.evaluate(PRUNE)
    found = _asked(page, {})
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("matchMedia('(prefers-color-scheme: dark)').matches")
    found += [f"dark: {each}" for each in _asked(page, {"runOnly": OF_COLOURS})]
    page.emulate_media(color_scheme="light")
    return found


def _asked(page: Page, options: dict[str, object]) -> list[str]:
    found = Axe().run(page, options={"resultTypes": ["violations"], **options}).response["violations"]
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:200]}: {node['failureSummary']}"
        for rule in found
        if rule["impact"] in STOPS
        for node in rule["nodes"]
    ]


def opened(page: Page, dss: Server, place: str) -> Page:
    answer = page.goto(f"{dss.url}{BACKEND}{place}")
    assert answer is not None
    assert answer.ok
    expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=PATIENCE_MS)
    return page


@pytest.mark.parametrize("place", PAGES)
def test_page(page: Page, dss: Server, place: str) -> None:
    assert objections(opened(page, dss, place)) == []


def test_page_of_an_incident(page: Page, dss: Server) -> None:
    opened(page, dss, "incidents").locator("#open a").first.click()
    expect(page).to_have_url(re.compile("incidents/"), timeout=PATIENCE_MS)
    expect(page.locator("#what-to-do")).to_be_visible(timeout=PATIENCE_MS)
    assert objections(page) == []


def test_page_of_an_action_that_was_asked_for(page: Page, dss: Server) -> None:
    opened(page, dss, "action/run-scenario?about=scenario:MORNING").locator("#reason").fill("to look at its page")
    page.locator("#confirm button").click()
    expect(page.locator("#what")).to_contain_text("to look at its page", timeout=PATIENCE_MS)
    assert objections(page) == []


def morning_check(dss: Server) -> str:
    return html.result(service.morning_check(clients(dss), "RETAIL", {}, Settings()), URLS)


def instance_check(dss: Server) -> str:
    return portfolio_result(service.instance_check(clients(dss), {}, Settings()), URLS)


def instrument_project(dss: Server) -> str:
    return html.result(service.instrument(clients(dss), "RETAIL", {}, Settings()), URLS)


def clean_up(dss: Server) -> str:
    found = service.clean_up(
        clients(dss), "RETAIL", {"datasets": True, "job_logs": True}, Settings(), home=dss.instance.data_dir
    )
    return cleanup.report(found, URLS)


def publish_guide(dss: Server) -> str:
    return html.result(service.publish(clients(dss), "RETAIL", {"target": "WIKI"}, Settings()), URLS)


@pytest.mark.parametrize("result", [morning_check, instance_check, instrument_project, clean_up, publish_guide])
def test_result_of_a_macro(page: Page, dss: Server, result: Callable[[Server], str]) -> None:
    """DSS puts it into a page of its own, which has the title."""
    page.goto("about:blank")  # no page of ours, whose policy would hold for it
    page.set_content(f'<html lang="en"><title>Result</title><main>{result(dss)}</main></html>')
    assert objections(page) == []


def test_what_is_wrong_is_seen_by_day_and_by_night(page: Page) -> None:
    style = "body { background: #fff; color: #000 } @media (prefers-color-scheme: dark) { b { color: #eee } }"
    page.goto("about:blank")  # no page of ours, whose policy would hold for it
    page.set_content(
        f'<html lang="en"><title>T</title><style>{style}</style><main><img src="data:,"><b>pale</b></main>'
    )
    assert [each.split(" (")[0] for each in objections(page)] == ["image-alt", "dark: color-contrast"]
