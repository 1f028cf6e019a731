"""The lint finds what DSS would refuse or ignore, one seeded fault at a time; the plugin itself has none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

from tests.packaging import lint_descriptors
from tests.packaging.lint_descriptors import lint

ROOT = Path(__file__).resolve().parents[2]

META = {"label": "Label", "description": ""}
PLUGIN = {"id": "operations-guide", "version": "1.0.0", "meta": META, "params": []}
CODE_ENV = {
    "acceptedPythonInterpreters": ["PYTHON39", "PYTHON310", "PYTHON311"],
    "installCorePackages": True,
    "corePackagesSet": "AUTO",
}
MACRO = {
    "meta": META,
    "impersonate": False,
    "permissions": ["READ_CONF"],
    "resultType": "HTML",
    "params": [
        {"type": "BOOLEAN", "name": "dry", "label": "Dry run", "defaultValue": True},
        {
            "type": "SELECT",
            "name": "mode",
            "label": "Mode",
            "defaultValue": "a",
            "selectChoices": [{"value": "a", "label": "A"}],
            "visibilityCondition": "model.dry && 'x' == 'y'",
        },
        {"type": "SEPARATOR", "label": "More"},
    ],
}
MACRO_CODE = """\
from dataiku.runnables import Runnable
from opsguide import macros
from opsguide.macros import Urls

class Morning(Runnable):
    def __init__(self, project_key, config, plugin_config):
        self.config = config

    def get_progress_target(self):
        return None

    def run(self, progress_callback):
        return macros.run(self.config.get("dry", True))
"""
PROBE_CODE = """\
from dataiku.metric import MetricDataTypes
from opsguide import probes

def process(dataset, partition_id):
    return probes.count(dataset, partition_id, config, MetricDataTypes)
"""
TOOL_CODE = "from dataiku.llm.agent_tools import BaseAgentTool\n\nclass Operations(BaseAgentTool):\n    pass\n"

SOUND: dict[str, Any] = {
    "plugin.json": PLUGIN,
    "code-env/python/desc.json": CODE_ENV,
    "code-env/python/spec/requirements.txt": "pydantic>=2\n",
    "python-lib/opsguide/__init__.py": '__version__ = "1.0.0"\n',
    "python-lib/opsguide/macros.py": "class Base(Runnable):\n    pass\n\nclass Urls:\n    pass\n",
    "python-lib/opsguide/probes.py": "",
    "resource/choices.py": "",
    "python-runnables/morning-check/runnable.json": MACRO,
    "python-runnables/morning-check/runnable.py": MACRO_CODE,
    "python-probes/row-count/probe.json": {"meta": META, "params": [], "handlesDataset": True},
    "python-probes/row-count/probe.py": PROBE_CODE,
    "python-checks/freshness/check.json": {"meta": META, "params": []},
    "python-checks/freshness/check.py": "def process(last_values, dataset, partition_id):\n    return 'OK'\n",
    "python-agent-tools/operations/tool.json": {"id": "operations", "meta": META, "params": []},
    "python-agent-tools/operations/tool.py": TOOL_CODE,
    "webapps/operations-guide/webapp.json": {
        "meta": META,
        "params": [],
        "roles": [],
        "baseType": "STANDARD",
        "hasBackend": "true",
        "standardWebAppLibraries": ["dataiku"],
    },
    "webapps/operations-guide/backend.py": "from opsguide import macros\n",
    "webapps/operations-guide/app.js": "",
    "webapps/operations-guide/body.html": "",
    "webapps/operations-guide/style.css": "",
}

Edit = Callable[[Any], Any]


def without(key: str) -> Edit:
    return lambda found: {name: value for name, value in found.items() if name != key}


def having(**more: Any) -> Edit:
    return lambda found: {**found, **more}


def replacing(old: str, new: str) -> Edit:
    def edit(found: str) -> str:
        assert old in found
        return found.replace(old, new)

    return edit


def param(**values: Any) -> Edit:
    """One more parameter, sound but for `values`."""
    return lambda found: {
        **found,
        "params": [*found["params"], {"type": "STRING", "name": "p", "label": "P", **values}],
    }


MACRO_JSON = "python-runnables/morning-check/runnable.json"
MACRO_PY = "python-runnables/morning-check/runnable.py"
PROBE_JSON = "python-probes/row-count/probe.json"
PROBE_PY = "python-probes/row-count/probe.py"
CHECK_PY = "python-checks/freshness/check.py"
WEBAPP_JSON = "webapps/operations-guide/webapp.json"
BACKEND = "webapps/operations-guide/backend.py"
CHOICE = [{"value": "a", "label": "A"}]

SEEDED = [
    ("plugin.json", having(id="Operations Guide"), "id must stay 'operations-guide'"),
    ("plugin.json", having(version="1.0.1"), "is not that of python-lib/opsguide"),
    ("plugin.json", having(meta={"label": "x"}), "meta.description is missing"),
    ("plugin.json", having(permissions={}), "DSS ignores the key 'permissions'"),
    ("plugin.json", without("params"), "params is missing"),
    ("plugin.json", lambda found: "{'id': 1}", "is not strict JSON"),
    ("plugin.json", lambda found: "[]", "is not an object"),
    ("code-env/python/desc.json", having(corePackagesSet="PANDAS22"), "corePackagesSet must be AUTO"),
    ("code-env/python/desc.json", without("installCorePackages"), "installCorePackages must be true"),
    ("code-env/python/desc.json", having(acceptedPythonInterpreters=["PYTHON311"]), "must have PYTHON310"),
    ("code-env/python/spec/requirements.txt", lambda found: "pandas>=2\n", "pandas comes with DSS"),
    (MACRO_JSON, without("meta"), "meta is missing"),
    (MACRO_JSON, having(meta={"label": "", "description": ""}), "meta.label is empty"),
    (MACRO_JSON, having(resulttype="HTML"), "DSS ignores the key 'resulttype'"),
    (MACRO_JSON, having(resultType="TABLE"), "resultType 'TABLE' is none of"),
    (MACRO_JSON, having(resultType="FILE"), "a FILE needs extension and mimeType"),
    (MACRO_JSON, having(impersonate="no"), "impersonate must be true or false"),
    (MACRO_JSON, having(permissions=["READ"]), "permission 'READ' is none of"),
    (MACRO_JSON, without("permissions"), "permissions is missing"),
    (MACRO_JSON, having(macroRoles=[{"type": "DATASET", "targetParamsKey": "mode"}]), "without PROJECT_MACROS"),
    (MACRO_JSON, having(macroRoles=[{"type": "PROJECT_MACROS", "targetParamsKey": "x"}]), "'x' is no parameter"),
    (MACRO_JSON, having(macroRoles=[{"type": "PROJECT"}, {"type": "PROJECT_MACROS"}]), "type 'PROJECT' is not known"),
    (MACRO_JSON, having(adminParams=[{"type": "STRING", "name": "p"}]), "adminParams: p: label is missing"),
    (MACRO_JSON, param(default="x"), "DSS ignores the key 'default'"),
    (MACRO_JSON, param(type="string"), "type 'string' is not known"),
    (MACRO_JSON, param(type="COLUMN"), "type 'COLUMN' is not known"),
    (MACRO_JSON, param(name="max-age"), "name must be an identifier"),
    (MACRO_JSON, param(name="dry"), "two of that name"),
    (MACRO_JSON, param(label=""), "label is missing"),
    (MACRO_JSON, param(type="INT", defaultValue="3"), "defaultValue '3' is not a value of INT"),
    (MACRO_JSON, param(type="INT", defaultValue=True), "defaultValue True is not a value of INT"),
    (MACRO_JSON, param(type="BOOLEAN", defaultValue=1), "defaultValue 1 is not a value of BOOLEAN"),
    (MACRO_JSON, param(type="STRINGS", defaultValue="a"), "defaultValue 'a' is not a value of STRINGS"),
    (MACRO_JSON, param(type="INT", defaultValue=9, minI=1, maxI=8), "out of its bounds"),
    (MACRO_JSON, param(type="SELECT"), "exactly one of selectChoices and getChoicesFromPython"),
    (MACRO_JSON, param(type="SELECT", selectChoices=["a"]), "needs value and label"),
    (MACRO_JSON, param(type="SELECT", selectChoices=CHOICE, defaultValue="b"), "'b' is none of its choices"),
    (MACRO_JSON, param(type="SELECT", selectChoices=CHOICE, getChoicesFromPython=True), "exactly one of"),
    (MACRO_JSON, param(type="SELECT", getChoicesFromPython=True), "needs paramsPythonSetup"),
    (MACRO_JSON, param(visibilityCondition="model.drry"), "names 'drry', which is no parameter"),
    (MACRO_JSON, param(type="DATASET_COLUMN", datasetParamName="x"), "datasetParamName must name a parameter"),
    (MACRO_PY, lambda found: None, "runnable.py: is missing"),
    (MACRO_PY, lambda found: found + "# more\n" * 40, "has more than 40 lines"),
    (MACRO_PY, lambda found: found + "def x(:\n", "is not Python 3.9"),
    (MACRO_PY, lambda found: found + "class Other(Runnable):\n    pass\n", "exactly one subclass of Runnable"),
    (MACRO_PY, replacing("(Runnable)", ""), "exactly one subclass of Runnable"),
    (
        MACRO_PY,
        replacing("opsguide import macros", "opsguide.macros import Base"),
        "import the module, not the class Base",
    ),
    (MACRO_PY, replacing("project_key, config, plugin_config", "project_key"), "__init__ must take 4 arguments"),
    (MACRO_PY, replacing("get_progress_target", "get_progress"), "get_progress_target is missing"),
    (MACRO_PY, replacing("self, progress_callback", "self"), "run must take 2 arguments"),
    (MACRO_PY, replacing('.get("dry", True)', '["dry"]'), "read parameters with .get"),
    (MACRO_PY, replacing("from opsguide import", "from . import"), "a relative import fails"),
    (MACRO_PY, lambda found: found + "print(__file__)\n", "__file__ means nothing"),
    (PROBE_JSON, without("handlesDataset"), "it would never be offered"),
    (PROBE_JSON, having(handlesDataset="true"), "it would never be offered"),
    (PROBE_JSON, having(handlesSavedModel=True), "DSS ignores the key 'handlesSavedModel'"),
    (PROBE_PY, replacing("def process", "def count"), "must define the one function process"),
    (PROBE_PY, lambda found: found + "\ndef other():\n    pass\n", "must define the one function process"),
    (PROBE_PY, replacing("partition_id):", "partition_id, config):"), "takes more than 2 arguments"),
    (PROBE_PY, replacing("dataset, partition_id):", "dataset: object, partition_id):"), "must have no annotations"),
    (PROBE_PY, replacing("partition_id):", "*, partition_id):"), "plain positional arguments only"),
    (PROBE_PY, replacing("from opsguide import probes", "from opsguide.probes import count"), "import the module, not"),
    (CHECK_PY, replacing("partition_id)", "partition_id, config)"), "takes more than 3 arguments"),
    ("python-checks/freshness/check.json", having(handlesDataset=True), "DSS ignores the key 'handlesDataset'"),
    ("python-agent-tools/operations/tool.py", replacing("(BaseAgentTool)", ""), "one subclass of BaseAgentTool"),
    (WEBAPP_JSON, without("roles"), "roles is missing"),
    (WEBAPP_JSON, having(baseType="FLASK"), "baseType must be STANDARD"),
    (WEBAPP_JSON, having(hasBackend="yes"), "hasBackend must be true"),
    (WEBAPP_JSON, having(standardWebAppLibraries=None), "standardWebAppLibraries must have dataiku"),
    (BACKEND, lambda found: "from flask import Flask\napp = Flask(__name__)\n", "never assign app"),
    (BACKEND, lambda found: "@app.route('/__ping')\ndef ping():\n    return ''\n", "/__ping is DSS's own"),
    ("webapps/operations-guide/style.css", lambda found: None, "style.css: is missing"),
    ("python-probes/Row_Count/probe.json", lambda found: {}, "Row_Count/is no id"),
]


def written(root: Path, files: dict[str, Any]) -> Path:
    for name, content in files.items():
        if content is not None:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return root


def test_a_sound_plugin_has_no_faults(tmp_path):
    assert lint(written(tmp_path, SOUND)) == []


@pytest.mark.parametrize(("name", "edit", "words"), SEEDED, ids=[f"{index}" for index in range(len(SEEDED))])
def test_a_seeded_fault_is_found(tmp_path, name, edit, words):
    faults = lint(written(tmp_path, {**SOUND, name: edit(SOUND.get(name))}))
    assert any(words in fault for fault in faults), faults


def test_this_plugin_has_no_faults():
    assert lint(ROOT) == []


def test_the_command_fails_when_there_is_a_fault(tmp_path):
    written(tmp_path, {**SOUND, "plugin.json": {}})
    command = [sys.executable, lint_descriptors.__file__, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "plugin.json: meta is missing" in done.stdout
