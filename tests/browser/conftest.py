"""The system's Chromium, and what it looks at: a page over a guide made by hand, and the local DSS with its sample."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from tests.browser.install import MISSING, find
from tests.web.desks import HandMadeDesk, application

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find()
    if path is None:
        pytest.fail(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Watched:
    """A page whose complaints and requests are kept."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    # Less motion, as the page honours it: a click on a page that still glides can begin on one link and end on another.
    context = browser.new_context(
        viewport={"width": 1280, "height": 900},
        timezone_id="America/New_York",
        locale="en-GB",
        color_scheme="light",
        reduced_motion="reduce",
    )
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture
def watched(context: BrowserContext) -> Watched:
    watched = Watched(context.new_page())
    watched.page.on("console", lambda said: watched.complaints.append(said.text) if said.type == "error" else None)
    watched.page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    context.on("request", lambda request: watched.requests.append(request.url))
    return watched


@pytest.fixture
def page(watched: Watched) -> Page:
    return watched.page


@pytest.fixture
def desk() -> HandMadeDesk:
    return HandMadeDesk()


@pytest.fixture
def site(desk: HandMadeDesk) -> Iterator[str]:
    """The address of the page over `desk`, ending in a slash."""
    server = make_server("127.0.0.1", 0, application(desk), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
