"""Take the picture that README.md opens with: the sample project's guide, in the demo's story."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "python-lib")]

import localdss  # noqa: E402  (neither is installed, only beside us)
from tests.browser.install import MISSING, find  # noqa: E402

PICTURE = ROOT / "docs" / "images" / "guide.png"


def main() -> None:
    chromium = find() or sys.exit(MISSING)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    with localdss.serve() as dss, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        page.context.add_cookies([{"name": "localdss_user", "value": "olivia", "url": dss.url}])
        page.goto(f"{dss.url}/webapps/RETAIL/0pGu1de/")
        page.locator("#quick-reference-card").wait_for()
        page.wait_for_function("!document.querySelector('[aria-busy=true]')")
        page.screenshot(path=PICTURE)
        browser.close()
    print(PICTURE.relative_to(ROOT))


if __name__ == "__main__":
    main()
