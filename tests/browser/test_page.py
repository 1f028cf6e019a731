"""The page in a real browser, over a guide made by hand: everything a reader does with it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from opsguide.errors import DssUnreachable
from tests.browser.conftest import Watched
from tests.web.desks import HandMadeDesk

pytestmark = pytest.mark.browser


def settled(page: Page) -> None:
    """The guide is there and no part of it is still being read."""
    expect(page.locator("#quick-reference-card")).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


def overflow(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize("path", ["", "guide", "guide/schedule-overview", "guide/no-such", "nowhere"])
def test_no_address_makes_the_browser_complain_or_leave_the_machine(watched: Watched, site: str, path: str) -> None:
    watched.page.goto(site + path)
    watched.page.wait_for_load_state("networkidle")
    known = [said for said in watched.complaints if "400" not in said and "404" not in said]
    assert known == []
    assert [url for url in watched.requests if not url.startswith(site)] == []


def test_shell_becomes_the_guide_and_late_parts_arrive(page: Page, site: str, desk: HandMadeDesk) -> None:
    page.goto(site)
    settled(page)
    expect(page.locator("#capacity-planning .status")).to_be_empty()
    assert [asked for asked in desk.asked if asked == "first"]


def test_find_counts_steps_and_lets_go(page: Page, site: str) -> None:
    page.goto(site + "guide")
    settled(page)
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.type("NIGHTLY load")
    expect(page.locator("#found")).to_have_text("3 found")
    page.keyboard.press("Enter")
    expect(page.locator("#found")).to_have_text("1 of 3")
    page.keyboard.press("Shift+Enter")
    expect(page.locator("#found")).to_have_text("3 of 3")
    expect(page.locator("mark[aria-current]")).to_be_in_viewport()
    page.get_by_role("button", name="Next match").click()
    expect(page.locator("#found")).to_have_text("1 of 3")
    page.locator("#find").fill("no such words")
    expect(page.locator("#found")).to_have_text("Nothing found")
    page.locator("#find").press("Escape")
    expect(page.locator("mark")).to_have_count(0)


def test_find_marks_the_words_beside_a_letter_that_is_longer_in_lower_case(page: Page, site: str) -> None:
    page.goto(site + "guide")
    settled(page)
    page.evaluate("document.querySelector('#guide p').append(' İİİ Zebra stripes')")
    page.locator("#find").fill("zEBRA")
    expect(page.locator("mark")).to_have_text("Zebra")


def test_find_opens_the_evidence_it_finds(page: Page, site: str) -> None:
    page.goto(site + "guide")
    settled(page)
    page.locator("#find").fill("last built yesterday")
    page.locator("#find").press("Enter")
    expect(page.locator("mark[aria-current]")).to_be_in_viewport()


def test_times_follow_the_reader_and_come_back(page: Page, site: str) -> None:
    page.goto(site + "guide")
    settled(page)
    failed = page.locator("#cell-daily\\.nightly\\.last time")
    weekly = page.locator("#cell-daily\\.weekly\\.last time")
    expect(failed).to_have_text("04:41")
    expect(failed).to_have_attribute("title", "Tue 16 Sep 2025, 04:41:10 CEST (Europe/Paris)")
    page.get_by_role("button", name="My time zone").click()
    expect(failed).to_have_text("Mon 22:41")  # another day in New York: said with its day
    expect(weekly).to_have_text("Sun 14 Sep 17:10")
    expect(page.get_by_role("button", name="My time zone")).to_have_attribute("aria-pressed", "true")
    page.reload()
    settled(page)
    expect(failed).to_have_text("Mon 22:41")
    page.get_by_role("button", name="My time zone").click()
    expect(failed).to_have_text("04:41")


def test_dark_follows_the_system_and_the_switch(page: Page, site: str) -> None:
    def paper() -> str:
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    page.emulate_media(color_scheme="dark")
    page.goto(site + "guide")
    settled(page)
    assert paper() == "rgb(20, 23, 27)"
    page.get_by_role("button", name="Dark").click()
    assert paper() == "rgb(255, 255, 255)"
    page.reload()
    settled(page)
    assert paper() == "rgb(255, 255, 255)"


@pytest.mark.parametrize("width", [360, 768, 1280, 2560])
def test_no_width_scrolls_sideways(page: Page, site: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(site + "guide")
    settled(page)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert overflow(page) == 0


def test_contents_lead_to_sections_and_mark_the_one_being_read(page: Page, site: str) -> None:
    page.goto(site + "guide")
    settled(page)
    for link in page.locator(".contents a").all():
        link.click()
        section = page.locator(f"[id='{link.get_attribute('href')[1:]}']")
        expect(section).to_be_focused()
        expect(section).to_be_in_viewport()
    expect(page.locator(".contents a[aria-current]")).to_have_count(1)


def test_contents_fold_away_on_a_narrow_screen(page: Page, site: str) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(site + "guide")
    settled(page)
    expect(page.locator(".contents a").first).to_be_hidden()
    page.locator(".contents summary").press("Enter")
    expect(page.locator(".contents a").first).to_be_visible()


def test_keyboard_reaches_the_guide_and_opens_evidence(page: Page, site: str) -> None:
    page.goto(site + "guide")
    settled(page)
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#cell-card\\.verdict a")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#cell-card\\.verdict dl")).to_be_visible()
    expect(page.locator("#cell-card\\.verdict dl")).to_contain_text("nightly_load: failed at 04:41")


def test_missing_cells_lead_to_where_they_stand(page: Page, site: str) -> None:
    page.goto(site + "guide")
    settled(page)
    page.locator(".missing summary").click()
    page.get_by_role("link", name="Infrastructure contact").click()
    expect(page.locator("#cell-card\\.contact\\.infra")).to_be_in_viewport()


def test_refresh_reads_again_and_a_failure_leaves_what_was_there(page: Page, site: str, desk: HandMadeDesk) -> None:
    page.goto(site + "guide")
    settled(page)
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_role("button", name="Refresh")).to_be_enabled()
    settled(page)
    assert "whole" in desk.asked
    desk.error = DssUnreachable("no answer in 20 s")
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("#opsguide-status")).to_contain_text("DSS does not answer")
    expect(page.locator("#schedule-overview")).to_be_visible()
    desk.error = None
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#opsguide-status")).to_be_empty()


def test_a_part_that_cannot_be_read_says_so_and_can_be_asked_again(page: Page, site: str, desk: HandMadeDesk) -> None:
    page.route("**/guide/capacity-planning", lambda route: route.abort())
    page.goto(site + "guide")
    expect(page.locator("#capacity-planning-status")).to_contain_text("does not answer")
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


def test_page_is_whole_without_script(browser: Browser, site: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(site)
    page.get_by_role("link", name="Open the guide").click()
    expect(page.locator("#quick-reference-card")).to_be_visible()
    expect(page.locator(".contents a").first).to_be_visible()
    expect(page.locator(".tools")).to_be_hidden()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    page.locator("#cell-card\\.verdict summary").click()
    expect(page.locator("#cell-card\\.verdict dl")).to_be_visible()
    context.close()


def test_paper_has_the_card_alone_on_its_first_page(page: Page, site: str) -> None:
    page.goto(site + "guide")
    settled(page)
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) >= 2
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.querySelector('#quick-reference-card')).breakAfter") == "page"
    expect(page.locator(".side")).to_be_hidden()
    exact = page.evaluate(
        "getComputedStyle(document.querySelector('[id=\"cell-daily.nightly.last\"] time'), '::after').content"
    )
    assert "2025-09-16 04:41:10 CEST" in exact
