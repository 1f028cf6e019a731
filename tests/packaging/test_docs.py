"""The generated pages say what the code says now."""

from __future__ import annotations

import json
import re

import pytest

from opsguide.model.profile import PROFILE_KEY
from opsguide.profile import load
from opsguide.render.html import PAGES as PAGES_OF_THE_APP
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


def test_every_setting_of_the_plugin_stands_in_its_table_with_its_default_and_limits():
    text = (ROOT / "docs" / "administer.md").read_text("utf-8")
    table = text.split("## Settings of the plugin")[1].split("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("|")
    ]
    settings = json.loads((ROOT / "plugin.json").read_text("utf-8"))["params"]
    assert [row[0] for row in rows[2:]] == [each["label"] for each in settings]
    for (_, default, meaning), each in zip(rows[2:], settings):
        value = each["defaultValue"]
        if isinstance(value, bool):
            assert default == ("on" if value else "off")
        elif each["type"] == "INT":
            assert default == str(value)
            assert f"({each['minI']} to {each['maxI']})" in meaning
        else:
            assert default == "none" or default.startswith("found")


def test_every_screen_is_called_in_the_documentation_as_on_the_page():
    shown = re.findall(r"^## (.+)", (ROOT / "docs" / "screens.md").read_text("utf-8"), re.MULTILINE)
    runnables = ROOT.glob("python-runnables/*/runnable.json")
    macros = {json.loads(each.read_text("utf-8"))["meta"]["label"] for each in runnables}
    of_macros = {name[len("Macro: ") :] for name in shown if name.startswith("Macro: ")}
    assert {name for name in shown if not name.startswith("Macro: ")} == {title for _, title in PAGES_OF_THE_APP}
    assert of_macros == macros - {"Clean-up"}  # its answer is what its page shows
