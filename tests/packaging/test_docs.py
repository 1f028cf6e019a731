"""The generated pages say what the code says now."""

from __future__ import annotations

import json
import re

import pytest

from opsguide.core.actions.preflight import RULES
from opsguide.model.profile import PROFILE_KEY
from opsguide.profile import load
from opsguide.render.html import PAGES as PAGES_OF_THE_APP
from tests.web.desks import HandMadeDesk, application
from tools.build_docs import PAGES, PROFILE_EXAMPLE, ROOT


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_current(name):
    written, now = (ROOT / "docs" / name).read_text(encoding="utf-8"), PAGES[name]()
    if name.endswith(".json"):  # 0 and 0.0 are the same number to a schema, not to every version of its writer
        written, now = json.loads(written), json.loads(now)
    assert written == now, "run `make docs`"


def test_the_example_that_people_copy_is_right():
    assert load({PROFILE_KEY: PROFILE_EXAMPLE}, {}).problems == ()


def document(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def table_rows(text: str) -> list[list[str]]:
    """The cells of each row of the tables in a text, without the heads."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    heads = {place - 1 for place, line in enumerate(lines) if set(line) <= set("|-")}
    kept = [line for place, line in enumerate(lines) if place not in heads and place - 1 not in heads]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in kept]


SECURITY = "docs/security.md"
TEST = re.compile(r"`(test_\w+)`")


def test_every_test_that_the_security_notes_name_is_there():
    named = set(TEST.findall(document(SECURITY)))
    there = set()
    for file in (ROOT / "tests").rglob("test_*.py"):
        there.update(re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.MULTILINE))
    assert len(named) > 20
    assert named - there == set()


def test_whatever_is_trusted_or_not_names_the_test_that_shows_it():
    trusted, rest = document(SECURITY).split("## Trusted")[1].split("## Not trusted")
    rows = table_rows(rest.split("\n## ")[0])
    assert len(rows) > 20
    assert [row[0] for row in rows if not TEST.search(row[-1])] == []
    untested = ("No test shows this", "below")
    said = trusted.split("\n- ")[1:]
    assert len(said) > 3
    assert [each for each in said if not TEST.search(each) and not any(words in each for words in untested)] == []


DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_no_link_of_a_document_leads_nowhere(path):
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text("utf-8"))
    local = [each for each in targets if not each.startswith(("http:", "https:", "mailto:"))]
    assert [each for each in local if not (path.parent / each).exists()] == []


EVERYTHING_SAID = "\n".join(path.read_text("utf-8") for path in DOCUMENTS)


def test_every_command_that_a_document_names_is_there_and_the_readme_names_all():
    commands = set(re.findall(r"^([a-z]+):.*## ", document("Makefile"), re.MULTILINE)) - {"help"}
    assert set(re.findall(r"(?:`|    |=\S+ )make ([a-z]+)", EVERYTHING_SAID)) == commands
    assert [each for each in sorted(commands) if f"make {each}" not in document("README.md")] == []


def test_every_option_of_the_local_dss_that_a_document_names_is_there():
    named = set(re.findall(r"python -m localdss (--[a-z-]+)", EVERYTHING_SAID)) - {"--help"}
    assert named
    assert [each for each in sorted(named) if f'"{each}"' not in document("localdss/__main__.py")] == []


def test_every_component_stands_in_the_readme_and_the_changelog():
    descriptors = [*ROOT.glob("python-[!l]*/*/*.json"), *ROOT.glob("webapps/*/webapp.json")]
    assert len(descriptors) > 10
    for descriptor in descriptors:
        label, name = json.loads(descriptor.read_text("utf-8"))["meta"]["label"], descriptor.parent.name
        assert f"*{label}*" in document("README.md"), label
        assert name in document("CHANGELOG.md"), name


def test_every_address_that_the_changelog_names_is_a_page():
    rules = {rule.rule for rule in application(HandMadeDesk()).url_map.iter_rules()}
    named = set(re.findall(r"`(/[a-z][a-z.-]*)`", document("CHANGELOG.md") + document("docs/publish.md")))
    assert len(named) > 10
    assert named - rules == set()


def test_every_schema_is_told_with_the_address_that_keeps_it():
    rows = table_rows(document("docs/publish.md").split("## For programs")[1].split("\n## ")[0])
    told = {f"[{name}]({name})" for name in PAGES if name.endswith(".schema.json") and name != "profile.schema.json"}
    assert {row[2] for row in rows if row[0].startswith("`/") and row[2] != "below"} == told


def test_everything_that_is_looked_at_before_an_action_stands_in_its_table():
    rows = table_rows(document("docs/actions.md"))
    assert len(rows) == len(RULES)
    may_block = [row[0] for row in rows if not row[1].startswith("never")]
    assert len(may_block) == 4, "a right, an object that is not there, a run or a request under way"


def test_every_setting_of_the_plugin_stands_in_its_table_with_its_default_and_limits():
    rows = table_rows(document("docs/administer.md").split("## Settings of the plugin")[1].split("\n## ")[0])
    settings = json.loads(document("plugin.json"))["params"]
    assert [row[0] for row in rows] == [each["label"] for each in settings]
    for (_, default, meaning), each in zip(rows, settings):
        value = each["defaultValue"]
        if isinstance(value, bool):
            assert default == ("on" if value else "off")
        elif each["type"] == "INT":
            assert default == str(value)
            assert f"({each['minI']} to {each['maxI']})" in meaning
        else:
            assert default == "none" or default.startswith("found")


def test_every_screen_is_called_in_the_documentation_as_on_the_page():
    shown = re.findall(r"^## (.+)", document("docs/screens.md"), re.MULTILINE)
    runnables = ROOT.glob("python-runnables/*/runnable.json")
    macros = {json.loads(each.read_text("utf-8"))["meta"]["label"] for each in runnables}
    of_macros = {name[len("Macro: ") :] for name in shown if name.startswith("Macro: ")}
    assert {name for name in shown if not name.startswith("Macro: ")} == {title for _, title in PAGES_OF_THE_APP}
    assert of_macros == macros - {"Clean-up"}  # its answer is what its page shows
