"""Names that mean harm, everywhere DSS takes a name: in the page they are text and nothing else."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt

import localdss
from localdss import story
from localdss.instance import Project
from localdss.server import Server
from tests.whole import SECTIONS, Shown, Visit, foreign_markup

SCRIPT = "<script>alert(1)</script>"
NAMES = (
    "two words",
    "dots.and.more",
    "quote\"s'",
    SCRIPT,
    "🛒 naïve",
    '"><img src=x onerror=alert(2)>',
    "javascript:alert(3)",
    "{{7*7}}${8*8}",
    "a/b?c=d&e#f%2F",
    "[x](javascript:alert(4))|`*_",
)
DEADLY = "javascript:alert(5)"
FIRST, LAST = NAMES[0], NAMES[-1]


def _dataset(managed: bool) -> dict[str, Any]:
    return {
        "type": "Filesystem" if managed else "UploadedFiles",
        "managed": managed,
        "params": {"connection": SCRIPT, "path": "/x"},
        "shortDesc": SCRIPT,
        "tags": [SCRIPT],
        "schema": {"columns": [{"name": SCRIPT, "type": "string", "comment": SCRIPT}]},
        "metricsChecks": {"checks": [{"id": "r", "type": "ColumnMin", "meta": {"name": SCRIPT}, "enabled": True}]},
    }


def _scenario(number: int, name: str) -> dict[str, Any]:
    clock = {"frequency": "Daily", "repeatFrequency": 1, "hour": 2, "minute": number, "timezone": "Europe/Paris"}
    build = {"builds": [{"type": "DATASET", "itemId": f"out {name}"}], "jobType": "RECURSIVE_BUILD"}
    macro = {"runnableType": f"pyrunnable_builtin-macros_clear-job-logs{SCRIPT}", "config": {"age": SCRIPT}}
    mail = {
        "id": name,
        "name": name,
        "active": True,
        "phase": "END",
        "runConditionEnabled": True,
        "runCondition": SCRIPT,
        "messaging": {"type": "mail-scenario", "configuration": {"channelId": name, "recipient": f"{SCRIPT}, {name}"}},
    }
    return {
        "type": "step_based",
        "name": name,
        "active": True,
        "shortDesc": SCRIPT,
        "description": SCRIPT,
        "runAsUser": name,
        "tags": [SCRIPT],
        "triggers": [{"id": name, "name": name, "type": "temporal", "active": True, "params": clock}],
        "reporters": [mail],
        "params": {
            "steps": [
                {"id": name, "name": name, "type": "build_flowitem", "enabled": True, "params": build},
                {"id": "m", "name": name, "type": "runnable", "enabled": True, "params": macro},
            ]
        },
        "versionTag": {"versionNumber": 1, "lastModifiedBy": {"login": name}, "lastModifiedOn": 1_748_851_200_000},
    }


def _profile() -> dict[str, Any]:
    person = {"role": SCRIPT, "name": NAMES[5], "login": NAMES[6], "method": SCRIPT}
    return {
        "timezone": "Europe/Paris",
        "oncall": person,
        "contacts": {"data": person, "infra": person, "business": {"group": SCRIPT}},
        "datasets": {f"out {name}": {"due": "06:30", "owner": person, "consumers": [SCRIPT]} for name in NAMES},
        "scenarios": {f"S {name}": {"purpose": SCRIPT, "notify": [SCRIPT]} for name in NAMES},
        "maintenance": [{"system": SCRIPT, "days": ["sunday"], "from_time": "22:00", "to_time": "23:00", "impact": SCRIPT}],
        "tasks": {"weekly": [{"day": "thursday", "task": SCRIPT, "how": SCRIPT}]},
        "escalation": [{"issue": SCRIPT, "escalate_to": SCRIPT}],
        "emergency": [{"situation": SCRIPT, "contact": SCRIPT, "method": DEADLY}],
        "access_request": DEADLY,
        "links": {"onboarding": DEADLY, "flow": SCRIPT, "more": {SCRIPT: DEADLY, FIRST: f" {DEADLY}", LAST: "data:text/html,x"}},
        "known_errors": [{"pattern": SCRIPT, "cause": SCRIPT, "step": SCRIPT}],
        SCRIPT: SCRIPT,
    }  # fmt: skip


def _project() -> Project:
    made = Project(key="HARM")
    made.settings = {
        "name": SCRIPT,
        "shortDesc": f"</title>{SCRIPT}",
        "description": SCRIPT,
        "owner": SCRIPT,
        "tags": [SCRIPT],
        "projectStatus": SCRIPT,
        "permissions": [{"group": name, "admin": True} for name in NAMES] + [{"user": NAMES[5], "runScenarios": True}],
        "exposedObjects": {
            "objects": [{"type": "DATASET", "localName": f"out {FIRST}", "rules": [{"targetProject": SCRIPT}]}]
        },
        "settings": {"disableAutomaticTriggers": False},
    }
    made.variables["standard"]["operations_guide"] = _profile()
    for number, name in enumerate(NAMES):
        folder = f"folder {name}"
        made.datasets[f"in {name}"] = _dataset(managed=False)
        made.datasets[f"out {name}"] = _dataset(managed=True)
        made.folders[folder] = {"id": folder, "name": name, "type": "Filesystem", "params": {"connection": SCRIPT}}
        made.recipes[f"make {name}"] = {
            "recipe": {
                "type": SCRIPT,
                "inputs": {"main": {"items": [{"ref": f"in {name}"}, {"ref": folder}]}},
                "outputs": {"main": {"items": [{"ref": f"out {name}"}]}},
            },
            "payload": "",
        }
        made.scenarios[f"S {name}"] = _scenario(number, name)
        made.zones[f"zone {name}"] = {"id": f"zone {name}", "name": name, "items": []}
        made.webapps[f"web {name}"] = {"id": f"web {name}", "name": name, "type": "STANDARD"}
        made.wiki["articles"][name] = {"article": {"id": name, "name": f"onboarding guide {name}"}, "payload": SCRIPT}
        made.wiki["settings"]["taxonomy"].append({"id": name, "children": []})
        made.imported_bundles.append({"bundleId": name, "createdOn": 1_748_851_200_000 + number})
    return made


def _fail_runs(project: Project) -> None:
    """The last run of each scenario failed, with words that mean harm."""
    for runs in project.runs.values():
        for run in runs[:1]:
            run["scenarioRun"]["result"] = {
                "type": "SCENARIO_DONE",
                "outcome": "FAILED",
                "thrown": {"message": f"{SCRIPT} at [x]({DEADLY})", "title": SCRIPT},
            }


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    with localdss.serve(story=None, sample=False) as served:
        instance = served.instance
        for name in (*NAMES, DEADLY):
            user = {"login": name, "displayName": name, "email": f"{name}@example.com", "enabled": False}
            instance.users[name] = {**user, "groups": [name]}
            instance.groups[name] = {"name": name, "description": SCRIPT}
            instance.channels.append({"id": name, "type": "smtp", "family": "mail", "sender": name})
        instance.node = {"nodeId": SCRIPT, "nodeName": SCRIPT, "nodeType": SCRIPT}
        instance.logs[SCRIPT] = []
        project = _project()
        instance.add(project)
        story.tell(instance, project, "healthy")
        _fail_runs(project)
        yield served


@pytest.fixture(scope="module")
def shown(dss: Server) -> Shown:
    return Visit(dss, "HARM").show()


def test_every_name_arrives_as_text(shown: Shown) -> None:
    page = BeautifulSoup(shown.html, "html.parser")
    text = " ".join(page.get_text().split())
    assert [name for name in NAMES if name not in text] == []
    values = [cell["value"] for cell in shown.cells]
    for name in NAMES:
        assert any(name in value for value in values if value)
        assert any(cell["value"].startswith(name) for cell in shown.cells if cell["id"].endswith(".scenario"))
        assert any(f"out {name}" in cell["value"] for cell in shown.cells if "output-" in cell["id"])


def test_no_name_becomes_markup(shown: Shown, dss: Server) -> None:
    page = BeautifulSoup(shown.html, "html.parser")
    assert all(script["src"].startswith("static/") and not script.string for script in page.select("script"))
    assert not page.select("img, iframe, object, embed, base, style")
    assert not [name for element in page.find_all(True) for name in element.attrs if name.startswith("on")]
    assert "49" not in {cell["value"] for cell in shown.cells}
    for section in ("quick-reference-card", "documentation-quick-links"):
        assert foreign_markup(Visit(dss, "HARM").get(f"/guide/{section}")) == []


def test_no_name_becomes_markup_in_markdown(shown: Shown) -> None:
    rendered = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(shown.markdown)
    page = BeautifulSoup(rendered, "html.parser")
    assert len(page.select("h2")) == len(SECTIONS) + 1
    assert not page.select("script, img, iframe, style")
    assert foreign_markup(rendered) == []


def test_every_address_leads_to_dss_or_the_web(shown: Shown) -> None:
    page = BeautifulSoup(shown.html, "html.parser")
    addresses = [link["href"] for link in page.select("[href]")]
    kinds = {urllib.parse.urlsplit(address.strip()).scheme for address in addresses}
    assert kinds <= {"", "http", "https", "mailto", "tel"}
    links = [cell["link"]["href"] or "" for cell in shown.cells if cell["link"]]
    assert not [link for link in links if link.strip().lower().startswith(("javascript", "data"))]
    to_scenarios = [link for link in links if "/scenarios/" in link]
    assert len({link for link in to_scenarios if "/HARM/scenarios/S%20" in link}) >= len(NAMES)


def test_only_the_project_was_asked_about(dss: Server) -> None:
    dss.requests.clear()
    Visit(dss, "HARM").guide()
    strange = [each.path for each in dss.requests if each.path.startswith("/projects/")]
    assert strange
    assert {path.split("/")[2] for path in strange} == {"HARM"}
    assert dss.requests.writes() == []
    # A web server reads a slash in a name as one of the path: such objects cannot be asked about.
    assert [each.path for each in dss.requests.unknown() if not any(n in each.path for n in NAMES if "/" in n)] == []
