"""The generated pages say what the code says now."""

from __future__ import annotations

import json
import re

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


def test_every_test_that_the_security_notes_name_is_there():
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "security.md").read_text("utf-8")))
    there = set()
    for file in (ROOT / "tests").rglob("test_*.py"):
        there.update(re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.MULTILINE))
    assert len(named) > 20
    assert named - there == set()


DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_no_link_of_a_document_leads_nowhere(document):
    text = document.read_text("utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    local = [each for each in targets if not each.startswith(("http:", "https:", "mailto:"))]
    assert [each for each in local if not (document.parent / each).exists()] == []
