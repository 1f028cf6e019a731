"""Every screen once, as people see it: each opens whole, fits, and has its picture in docs/screens.md.

`PICTURES=1 make test ARGS=tests/browser/test_pictures.py` takes the pictures of docs/images again."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from io import BytesIO
from pathlib import Path

import dataikuapi
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

import localdss
from localdss.server import Server
from opsguide.dss import store
from opsguide.service import clean_up
from opsguide.settings import Settings
from tests.readings import clients

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "images"
TAKE = os.environ.get("PICTURES") == "1"
AT = datetime(2026, 3, 3, 6, 12, tzinfo=timezone.utc)  # a Tuesday, 07:12 in Paris
WEBAPP = "/web-apps-backends/RETAIL/0pGu1de/"
# The page's screens, in the order of docs/screens.md: their address, and what is there once the screen is.
SCREENS = {
    "guide": ("guide", "#quick-reference-card"),
    "today": ("today", "h1"),
    "incidents": ("incidents", "h1"),
    "incident": ("incidents/{incident}", "#what-to-do"),
    "actions": ("actions", "h1"),
    "action": ("action/run-scenario?about=scenario:MORNING", "#reason"),
    "status": ("status", "h1"),
    "portfolio": ("portfolio", "h1"),
    "clean-up": ("clean-up", "h1"),
    "edit": ("edit", "h1"),
    "promise": ("edit?at=datasets.basket_pairs", "#sheet"),
    "handover": ("handover", "h1"),
}
# The results of the macros, each alone on a page as DSS shows it: by the macro's name, where to look.
MACROS = {
    "morning-check": "h2",
    "instrument-project": "#instrument-checks",
    "publish-guide": "h2",
    "instance-check": "h2",
    "self-check": "h2",
}


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    with localdss.serve(story="nightly-late", at=AT) as served:
        served.instance.plugin_settings.setdefault("operations-guide", {})["actions_enabled"] = True
        store.create(clients(served), "RETAIL")
        clean_up(clients(served), "RETAIL", {"datasets": True, "scenario_logs": True}, Settings())
        yield served


@pytest.fixture(scope="module")
def page(browser: Browser, dss: Server) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 860}, timezone_id="Europe/Paris", locale="en-GB")
    context.set_default_timeout(60_000)
    context.add_cookies([{"name": "localdss_user", "value": "olivia", "url": dss.url}])
    yield context.new_page()
    context.close()


def keep(page: Page, name: str, elsewhere: Path) -> None:
    """Take the picture: 256 colours are all that a page needs, in a third of the bytes."""
    picture = (PICTURES if TAKE else elsewhere) / f"{name}.png"
    Image.open(BytesIO(page.screenshot())).convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE).save(
        picture, optimize=True
    )
    assert picture.stat().st_size > 8_000


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_opens_whole_and_fits(dss: Server, page: Page, name: str, tmp_path: Path) -> None:
    address, landmark = SCREENS[name]
    if "{incident}" in address:
        found = page.request.get(f"{dss.url}{WEBAPP}incidents.json").json()["incidents"]
        address = address.format(incident=found[0]["id"])
    page.goto(f"{dss.url}{WEBAPP}{address}")
    page.locator(landmark).first.wait_for()
    expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    keep(page, name, tmp_path)


@pytest.mark.parametrize("name", MACROS)
def test_a_result_of_a_macro_opens_whole_and_fits(dss: Server, page: Page, name: str, tmp_path: Path) -> None:
    macro = (
        dataikuapi.DSSClient(dss.url, "olivia").get_project("RETAIL").get_macro(f"pyrunnable_operations-guide_{name}")
    )
    result = macro.get_result(macro.run(), as_type="string")
    page.goto("about:blank")  # no page of ours, whose policy would hold for it
    page.set_content(f'<html lang="en"><title>{name}</title><main>{result.decode()}</main></html>')
    page.locator(MACROS[name]).first.evaluate("(one) => one.scrollIntoView()")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    keep(page, name, tmp_path)


def test_every_screen_has_its_picture_in_the_documentation() -> None:
    shown = re.findall(r"!\[[^\]]+\]\(images/([\w-]+)\.png\)", (ROOT / "docs" / "screens.md").read_text("utf-8"))
    assert shown == [*SCREENS, *MACROS]
    assert [name for name in shown if not (PICTURES / f"{name}.png").exists()] == []
    assert sorted(shown) == sorted(picture.stem for picture in PICTURES.iterdir())
