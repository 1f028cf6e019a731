"""Names that mean harm, everywhere DSS takes a name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import localdss
from localdss import story
from localdss.instance import Project
from localdss.server import Server

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


@contextmanager
def served() -> Iterator[Server]:
    """A local DSS where everything that has a name has one of these: people, groups, channels, logs, and project HARM."""
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
