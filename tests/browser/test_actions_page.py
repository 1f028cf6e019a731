"""From red to green in a real browser: an incident, an action offered in place, its progress, and an incident that is over
by itself. And harm in every name and line, which stays text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

import localdss
from localdss import causes
from localdss.server import Server
from opsguide.core.compose.action_pages import action_page, actions_page, progress_page
from opsguide.dss import store
from opsguide.model.action import Standing, State, Target
from opsguide.render import actions as drawn
from opsguide.render.html import Permit
from opsguide.render.urls import Urls
from tests.actions import CHECKS, DATASET, PAYLOADS, SETTING, check, progress, proposal, record
from tests.browser.conftest import Watched
from tests.readings import clients

pytestmark = pytest.mark.browser

PATIENCE_MS = 60_000
BACKEND = "/web-apps-backends/RETAIL/0pGu1de/"
URLS = Urls("https://dss.example.com", "RETAIL")
PERMIT = Permit("20250916-" + "a" * 32, "token")


@contextmanager
def served(story: str, speed: float) -> Iterator[Server]:
    """A story in a DSS whose administrator allows actions. What the plugin's own probes and checks find, each in a process
    of its own, is not what these journeys show."""
    with localdss.serve(story=story, speed=speed) as dss:
        for raw in dss.instance.projects["RETAIL"].datasets.values():
            for holder, kind in ((raw.get("metrics"), "probes"), (raw.get("metricsChecks"), "checks")):
                if holder:
                    holder[kind] = [each for each in holder.get(kind, []) if "operations-guide" not in each["type"]]
        dss.instance.plugin_settings["operations-guide"].update(actions_enabled=True, minimum_refresh_seconds=10)
        store.create(clients(dss), "RETAIL")
        yield dss


def as_olivia(context: BrowserContext, dss: Server) -> None:
    context.add_cookies([{"name": "localdss_user", "value": "olivia", "url": dss.url}])


JOURNEYS = [
    ("failed-upstream", "orders", "Nightly build failed", "Run Nightly build…"),
    ("late-source", "", "Nightly build failed", "Run Nightly build…"),
    ("schema-change", "segment", "Nightly build failed", "Run Nightly build…"),
    ("never-ran", "", "Nightly build", "Run Nightly build…"),
]


@pytest.mark.parametrize(("story", "cause", "incident", "action"), JOURNEYS, ids=[story for story, *_ in JOURNEYS])
def test_from_red_to_green(
    watched: Watched, context: BrowserContext, story: str, cause: str, incident: str, action: str
) -> None:
    page = watched.page
    page.set_default_timeout(PATIENCE_MS)
    with served(story, speed=3000) as dss:
        as_olivia(context, dss)
        page.goto(f"{dss.url}{BACKEND}today")
        expect(page.locator(".headline .state")).to_have_class(re.compile("state-bad"))
        if cause:
            causes.settle(dss.instance, cause)
        page.locator("nav.pages").get_by_role("link", name="Incidents").click()
        page.locator("#open").get_by_role("link", name=re.compile(incident)).click()
        page.locator("#what-to-do").get_by_role("link", name=action).first.click()
        expect(page.locator("#checks li")).not_to_have_count(0)
        expect(page.locator("#notice")).to_have_value(re.compile("outside its schedule"))
        runs = len(dss.instance.projects["RETAIL"].runs["NIGHTLY_BUILD"])
        page.locator("#reason").fill("the cause is settled")
        page.locator("#confirm button").dblclick()
        expect(page.locator("#what")).to_contain_text("the cause is settled", timeout=PATIENCE_MS)
        assert re.search(r"/actions/[0-9a-f]{32}\?", page.url), "the address can be loaded again"
        page.reload()
        expect(page.locator(".headline")).to_have_text(re.compile("went well|with warnings"), timeout=PATIENCE_MS)
        assert len(dss.instance.projects["RETAIL"].runs["NIGHTLY_BUILD"]) == runs + 1
        page.locator("nav.pages").get_by_role("link", name="Actions").click()
        expect(page.locator("#lately tbody tr").first).to_contain_text("the cause is settled", timeout=PATIENCE_MS)
        page.locator("nav.pages").get_by_role("link", name="Incidents").click()
        over = page.locator("#ended tbody tr", has_text=re.compile(incident)).first
        expect(over).to_contain_text(re.compile(r"\d (h|min)"), timeout=PATIENCE_MS)
    assert watched.complaints == []


def test_a_run_is_followed_live_with_its_log_and_aborted(watched: Watched, context: BrowserContext) -> None:
    page = watched.page
    page.set_default_timeout(PATIENCE_MS)
    with served("late-source", speed=60) as dss:
        as_olivia(context, dss)
        page.goto(f"{dss.url}/webapps/RETAIL/0pGu1de/")
        page.locator("nav.pages a", has_text="Actions").click()
        row = page.locator("#offered tr", has_text="Nightly build")
        row.get_by_role("link", name="Run…").click()
        page.locator("#reason").fill("the files are there now")
        page.keyboard.press("Enter")
        expect(page.locator(".headline")).to_have_text(
            re.compile("running since .*; expected to end at"), timeout=PATIENCE_MS
        )
        expect(page.locator("progress")).to_be_visible()
        page.get_by_role("link", name="Show the end of the log").click()
        expect(page.locator(".log-end")).to_contain_text("Scenario NIGHTLY_BUILD starts", timeout=PATIENCE_MS)
        before = page.locator(".age time").get_attribute("datetime")
        expect(page.locator(".age time")).not_to_have_attribute("datetime", before or "", timeout=PATIENCE_MS)
        expect(page.locator(".log-end")).to_be_visible()
        page.goto(f"{dss.url}/webapps/RETAIL/0pGu1de/")  # closed and opened again
        page.locator("nav.pages a", has_text="Actions").click()
        page.locator("#lately a", has_text="Run Nightly build").click()
        page.get_by_role("link", name="Abort it…").click()
        page.locator("#reason").fill("the wrong evening")
        page.locator("#confirm button").click()
        expect(page.locator("#what")).to_contain_text("the wrong evening", timeout=PATIENCE_MS)
        page.locator("nav.pages a", has_text="Actions").click()
        expect(page.locator("#lately tbody tr")).to_have_count(2)
        page.locator("#lately a", has_text="Run Nightly build").click()
        expect(page.locator(".headline")).to_have_text(re.compile("it was aborted"), timeout=PATIENCE_MS)
        assert page.locator("[data-again]").count() == 0, "what is over is not looked at again"
    assert watched.complaints == []


def test_without_script_an_action_is_looked_at_confirmed_and_followed(browser: Browser) -> None:
    with served("never-ran", speed=6000) as dss:
        context = browser.new_context(java_script_enabled=False)
        as_olivia(context, dss)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{dss.url}{BACKEND}action/build?about=dataset%3Asales_mart")
        page.get_by_label("with upstream, all of it").check()
        page.get_by_role("button", name="Show what this would do").click()
        expect(page.locator("h1")).to_have_text("Build sales_mart, with upstream, all of it", timeout=PATIENCE_MS)
        page.goto(f"{dss.url}{BACKEND}action/compute-metrics?about=dataset%3Asales_mart")
        page.locator("#reason").fill("no script at all")
        page.locator("#confirm button").click()
        expect(page.locator("#what")).to_contain_text("no script at all", timeout=PATIENCE_MS)
        assert re.search(r"/actions/[0-9a-f]{32}\?", page.url)
        context.close()


@pytest.fixture
def harmful() -> dict[str, str]:
    """The pages of actions and their other formats, with a payload wherever a text can stand."""
    texts = iter(PAYLOADS * 9)
    names: dict[str, Any] = {name: next(texts) for name in ("title", "name", "notice", "typed")}
    before = proposal(
        **names,
        checks=(*CHECKS, *(check(f"p{i}", Standing.NOTICE, text, text) for i, text in enumerate(PAYLOADS))),
        targets=tuple(Target(DATASET, text, True, (text,)) for text in PAYLOADS),
        notify=PAYLOADS,
    )
    said: dict[str, Any] = {"said": PAYLOADS[3], "step": PAYLOADS[0], "log": PAYLOADS}
    kept = [
        record(id=f"{i:032x}", title=text, reason=text, by=text, said=text, run_id=text)
        for i, text in enumerate(PAYLOADS)
    ]
    return {
        "action": drawn.action_document(action_page(before, SETTING), URLS, PERMIT),
        "running": drawn.progress_document(
            progress_page(progress(record=kept[0], **said), SETTING), URLS, with_log=True
        ),
        "ended": drawn.progress_document(
            progress_page(progress(State.CANNOT_TELL, record=kept[3], **said), SETTING), URLS, with_log=True
        ),
        "actions": drawn.actions_document(actions_page(kept, SETTING), URLS, root="../"),
    }


@pytest.mark.parametrize("name", ["action", "running", "ended", "actions"])
def test_harm_in_any_text_stays_text(watched: Watched, harmful: dict[str, str], name: str) -> None:
    page = watched.page
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.route("**/*", lambda route: route.fulfill(body=harmful[name], content_type="text/html; charset=utf-8"))
    page.goto("https://dss.example.com/x/actions")
    shown = page.locator("main").inner_text() + (page.locator("h1").text_content() or "")
    for marker in ("<script>alert('x')</script>", "<img src=x onerror=alert(1)>", "=HYPERLINK("):
        assert marker in shown or marker in (page.locator("#notice").input_value() if name == "action" else "")
    assert page.locator("main script, main img, main svg[onload], main a[href^='javascript']").count() == 0
    assert dialogs == []
    assert {url for url in watched.requests if "evil.example" in url} == set()
