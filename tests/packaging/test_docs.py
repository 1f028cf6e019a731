"""The generated pages say what the code says now."""

from __future__ import annotations

import json

import pytest

from opsguide.model.profile import PROFILE_KEY
from opsguide.profile import load
from tools.build_docs import PAGES, PROFILE_EXAMPLE, ROOT


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_current(name):
    written, now = (ROOT / "docs" / name).read_text(encoding="utf-8"), PAGES[name]()
    if name.endswith(".json"):  # 0 and 0.0 are the same number to a schema, not to every version of its writer
        written, now = json.loads(written), json.loads(now)
    assert written == now, "run `make docs`"


def test_the_example_that_people_copy_is_right():
    assert load({PROFILE_KEY: PROFILE_EXAMPLE}, {}).problems == ()
