"""Every screen once, as people see it: each opens whole, fits, and has its picture in docs/screens.md.

`PICTURES=1 make test ARGS=tests/browser/test_pictures.py` takes the pictures of docs/images again."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

import localdss
from localdss.server import Server
from opsguide.dss import store
from opsguide.service import clean_up
from tests.readings import clients

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "images"
TAKE = os.environ.get("PICTURES") == "1"
AT = datetime(2026, 3, 3, 6, 12, tzinfo=timezone.utc)  # a Tuesday, 07:12 in Paris
WEBAPP = "/web-apps-backends/RETAIL/0pGu1de/"
# The page's screens: their address, and what is there once the screen is.
SCREENS = {
    "guide": ("guide", "#quick-reference-card"),
    "today": ("today", "h1"),
    "incidents": ("incidents", "h1"),
    "actions": ("actions", "h1"),
    "status": ("status", "h1"),
    "portfolio": ("portfolio", "h1"),
    "clean-up": ("clean-up", "h1"),
    "edit": ("edit", "h1"),
    "handover": ("handover", "h1"),
}


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    with localdss.serve(story="nightly-late", at=AT) as served:
        served.instance.plugin_settings.setdefault("operations-guide", {})["actions_enabled"] = True
        store.create(clients(served), "RETAIL")
        clean_up(clients(served), "RETAIL", {"datasets": True, "scenario_logs": True}, None)
        yield served


@pytest.fixture(scope="module")
def page(browser: Browser, dss: Server) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 860}, timezone_id="Europe/Paris", locale="en-GB")
    context.set_default_timeout(60_000)
    context.add_cookies([{"name": "localdss_user", "value": "olivia", "url": dss.url}])
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_opens_whole_and_fits(dss: Server, page: Page, name: str, tmp_path: Path) -> None:
    address, landmark = SCREENS[name]
    page.goto(f"{dss.url}{WEBAPP}{address}")
    page.locator(landmark).first.wait_for()
    expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    picture = (PICTURES if TAKE else tmp_path) / f"{name}.png"
    page.screenshot(path=picture)
    assert picture.stat().st_size > 10_000


def test_every_screen_has_its_picture_in_the_documentation() -> None:
    shown = re.findall(r"!\[[^\]]+\]\(images/([\w-]+)\.png\)", (ROOT / "docs" / "screens.md").read_text("utf-8"))
    assert shown == list(SCREENS)
    assert [name for name in SCREENS if not (PICTURES / f"{name}.png").exists()] == []
