"""A real browser on pages full of names that mean harm, and asked for with addresses that do: nothing runs, nothing is
fetched from elsewhere. The page's own policy would stop much of it, so it is switched off here: escaping alone must do."""

from __future__ import annotations

import threading
import urllib.parse
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from localdss.server import Server
from tests.hostile import NAMES, SCRIPT, served
from tests.whole import Visit

PAGES = (
    "", "today", "guide?depth=whole", "incidents", "actions", "status", "portfolio", "clean-up", "handover", "edit", "edit?at=contacts",
)  # fmt: skip
HOSTILE = (
    SCRIPT,
    '"><img src=x onerror=alert(9)>',
    "javascript:alert(9)",
    "{{7*7}}",
    "\u202e\x00<svg onload=alert(9)>",
)
REFLECTING = (
    "today?after={}", "guide?depth={}", "guide/{}", "incidents/{}", "incidents?after={}", "actions/{}", "actions?kind={}&about={}",
    "static/{}", "edit?at={}", "edit?section=datasets&name={}", "{}",
)  # fmt: skip


@pytest.fixture(scope="module")
def harm() -> Iterator[tuple[Server, str]]:
    with served() as dss:
        visit = Visit(dss, "HARM")
        server = make_server("127.0.0.1", 0, visit._browser.application, threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield dss, f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def ran(browser: Browser, harm: tuple[Server, str]) -> Iterator[tuple[Page, list[str]]]:
    """A page without its policy, signed in, and everything that it did which it must not."""
    context = browser.new_context(bypass_csp=True)
    context.set_default_timeout(60_000)
    context.add_cookies([{"name": "localdss_user", "value": "admin", "url": harm[1]}])
    page, found = context.new_page(), []
    page.on("dialog", lambda dialog: (found.append(f"dialog {dialog.message}"), dialog.dismiss()))
    context.on("request", lambda r: None if r.url.startswith(harm[1]) else found.append(f"asked {r.url}"))
    yield page, found
    context.close()


def test_no_name_runs_on_any_page(harm: tuple[Server, str], ran: tuple[Page, list[str]]) -> None:
    page, found = ran
    for place in PAGES:
        answer = page.goto(harm[1] + place, wait_until="load")
        assert answer is not None
        assert answer.status == 200, place
        assert found == [], place
    page.goto(harm[1] + "incidents")
    incidents = [link.get_attribute("href") or "" for link in page.locator("main a[href*='incidents/']").all()]
    assert incidents
    page.goto(urllib.parse.urljoin(page.url, incidents[0]))
    assert any(name in page.inner_text("body") for name in NAMES)
    for kind in ("onerror", "onload"):
        assert page.locator(f"[{kind}]").count() == 0
    assert page.locator("main script, main iframe, main img").count() == 0
    assert found == []


def test_no_address_is_given_back_as_markup(harm: tuple[Server, str], ran: tuple[Page, list[str]]) -> None:
    page, found = ran
    for place in REFLECTING:
        for text in HOSTILE[: 2 if place.startswith("incidents?") else len(HOSTILE)]:
            quoted = urllib.parse.quote(text, safe="")
            answer = page.goto(harm[1] + place.format(quoted, quoted), wait_until="load")
            assert answer is not None
            assert answer.status < 500, (place, text)
            assert page.locator("[onerror], [onload], img[src=x]").count() == 0, (place, text)
            assert found == [], (place, text)
