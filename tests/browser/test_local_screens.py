"""The screens of the local DSS in a real browser: what their few lines of script do, and how they fit a phone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import localdss
from localdss.server import Server

pytestmark = pytest.mark.browser

META = {"label": "Form", "description": "A form whose fields depend on each other."}
PARAMS = [
    {"name": "region", "type": "SELECT", "label": "Region", "selectChoices": [{"value": "north"}, {"value": "south"}]},
    {
        "name": "shop",
        "type": "SELECT",
        "label": "Shop",
        "getChoicesFromPython": True,
        "triggerParameters": ["region"],
        "visibilityCondition": "model.region",
    },
    {"name": "broken", "type": "STRING", "label": "Broken", "visibilityCondition": "model.a.b.c"},
]
FILES = {
    "plugin.json": {"id": "forms", "version": "1", "meta": META},
    "python-runnables/form/runnable.json": {
        "meta": META,
        "resultType": "HTML",
        "params": PARAMS,
        "paramsPythonSetup": "shops.py",
    },
    "python-runnables/form/runnable.py": (
        "from dataiku.runnables import Runnable\n"
        "class Form(Runnable):\n"
        "    def __init__(self, key, config): self.config = config\n"
        "    def run(self, cb): return '<h1>' + self.config['shop'] + '</h1>' + '<p>line</p>' * 80 + "
        "'<a href=\"/projects/RETAIL/datasets/\">datasets</a>'\n"
    ),
    "resource/shops.py": "def do(payload, config): return {'choices': [{'value': (config.get('region') or 'no') + ' shop'}]}",
}


@pytest.fixture(scope="module")
def dss(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("forms")
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    with localdss.serve(plugins=[folder, localdss.opening.PLUGIN]) as server:
        yield server


def test_fields_follow_each_other_and_the_result_is_read_in_place(dss, watched):
    page = watched.page
    page.goto(f"{dss.url}/projects/RETAIL/macros/")
    page.get_by_role("link", name="Form").click()
    shop = page.get_by_label("Shop")
    assert not shop.is_visible()
    assert page.get_by_label("Broken").is_visible()
    page.get_by_label("Region").select_option("south")
    page.get_by_label("Shop").select_option("south shop")
    page.get_by_role("button", name="Run macro").click()
    frame = page.locator("iframe.result")
    frame.wait_for()
    inside = frame.content_frame
    assert inside.get_by_role("heading").inner_text() == "south shop"
    page.wait_for_function("document.querySelector('iframe.result').offsetHeight > 1500")
    inside.get_by_role("link", name="datasets").click()
    page.wait_for_url("**/projects/RETAIL/datasets/")
    assert watched.complaints == []


def test_choosing_another_user_is_enough_to_switch(dss, page):
    page.goto(f"{dss.url}/projects/RETAIL/macros/")
    page.get_by_label("Browsing as").select_option("raj")
    page.wait_for_load_state()
    assert page.get_by_label("Browsing as").input_value() == "raj"
    assert page.url.endswith("/projects/RETAIL/macros/")
    assert not page.get_by_role("link", name="Clear job logs").is_visible()


NARROW = ["/", "/_patterns", *(f"/projects/RETAIL/{tab}/" for tab in ("macros", "datasets", "scenarios", "webapps"))]


def test_the_screens_fit_a_phone_and_stay_on_this_machine(dss, watched):
    page = watched.page
    page.set_viewport_size({"width": 360, "height": 740})
    for path in (*NARROW, "/projects/RETAIL/datasets/sales_mart/", "/projects/RETAIL/scenarios/NIGHTLY_BUILD/"):
        page.goto(dss.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    assert watched.complaints == []
    assert all(url.startswith((dss.url, "data:")) for url in watched.requests)
