"""The loading rules of DSS: what runs, what is refused and in which words; one small plugin a case."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

import pytest

from localdss import host
from localdss.host import ComponentFailed, PluginDir
from localdss.instance import Instance, Project

META = {"label": "L", "description": "D"}
MACRO = "pyrunnable_p_one"
IMPORTS = "from dataiku.runnables import Runnable, ResultTable\n"


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    """A node nobody answers for: these components call no API."""
    made = Instance(url="http://127.0.0.1:9")
    made.add(Project("KEY"))
    made.users["raj"] = {"login": "raj", "groups": ["readers"]}
    made.plugins = [PluginDir(tmp_path / "p")]
    made.plugin_settings["p"] = {"limit": 3}
    put(made, "plugin.json", {"id": "p", "version": "1", "meta": META})
    return made


def put(instance: Instance, name: str, content: object) -> None:
    file = instance.plugins[0].path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(dedent(content) if isinstance(content, str) else json.dumps(content), "utf-8")


def put_macro(instance: Instance, source: str, result_type: str = "HTML", **more: object) -> None:
    descriptor = {"meta": META, "resultType": result_type, "params": [], **more}
    put(instance, "python-runnables/one/runnable.json", descriptor)
    put(instance, "python-runnables/one/runnable.py", IMPORTS + dedent(source))


def macro(instance: Instance, login: str = "admin", params: object = (), **more: object) -> bytes:
    return host.run_macro(instance, "KEY", login, MACRO, dict(params), **more)[0]


def returning(expression: str) -> str:
    return f"class M(Runnable):\n    def run(self, progress_callback):\n        return {expression}\n"


# --- macros ---------------------------------------------------------------------------------------------------------

CONSTRUCTORS = [
    ("", "[]"),
    ("def __init__(self): self.given = []", "[]"),
    ("def __init__(self, project_key): self.given = [project_key]", "['KEY']"),
    ("def __init__(self, project_key, config): self.given = [project_key, config]", "['KEY', {'a': 1}]"),
    ("def __init__(self, k, c, p): self.given = [k, c, p]", "['KEY', {'a': 1}, {'limit': 3}]"),
]


@pytest.mark.parametrize(("constructor", "given"), CONSTRUCTORS)
def test_a_macro_is_constructed_by_its_number_of_arguments(instance, constructor, given):
    put_macro(
        instance,
        f"""
        class M(Runnable):
            given = []
            {constructor}
            def run(self, progress_callback):
                return repr(self.given)
        """,
    )
    assert macro(instance, params={"a": 1}).decode() == given


RESULTS = [
    ("NONE", "object()", b""),
    ("HTML", "'<b>é</b>'", "<b>é</b>".encode()),
    ("URL", "'https://example.com'", b"https://example.com"),
    ("FILE", "b'\\x00\\xff'", b"\x00\xff"),
    ("FILE", "'text'", b"text"),
    ("JSON_OBJECT", "{'a': 1}", b'{"a": 1}'),
    ("JSON_OBJECT", "'{}'", b"{}"),
    ("FOLDER_FILE", '\'["id", "/a"]\'', b'["id", "/a"]'),
    ("RESULT_TABLE", "{'columns': [], 'records': []}", b'{"columns": [], "records": []}'),
]


@pytest.mark.parametrize(("result_type", "expression", "content"), RESULTS)
def test_results_are_handed_on_as_dss_does(instance, result_type, expression, content):
    put_macro(instance, returning(expression), result_type)
    assert host.run_macro(instance, "KEY", "admin", MACRO, {}) == (content, result_type)


WRONG_RESULTS = [
    ("HTML", "None", "run gave NoneType"),
    ("HTML", "b'<b>'", "run gave bytes"),
    ("HTML", "['<b>']", "run gave list"),
    ("JSON_OBJECT", "'[1]'", "not an object"),
    ("JSON_OBJECT", "'{'", "Expecting"),
    ("FOLDER_FILE", "'[1]'", "not a pair"),
    ("RESULT_TABLE", "{'columns': [{'name': 'a', 'type': 'INT'}], 'records': []}", "only STRING and STRING_LIST"),
    (
        "RESULT_TABLE",
        "{'columns': [{'name': 'a', 'type': 'STRING'}], 'records': [['1', '2']]}",
        "record 1 has 2 values",
    ),
    ("RESULT_TABLE", "'<table>'", "Expecting"),
    ("JSON_OBJECT", "{'a': float('nan')}", "not JSON compliant"),
    ("JSON_OBJECT", "{'a': object()}", "not JSON serializable"),
]


@pytest.mark.parametrize(("result_type", "expression", "why"), WRONG_RESULTS)
def test_results_that_dss_could_not_show_fail(instance, result_type, expression, why):
    put_macro(instance, returning(expression), result_type)
    with pytest.raises(ComponentFailed, match=why):
        macro(instance)


REFUSED = [
    (returning("''") + "class N(M): pass\n", "Multiple classes inheriting Runnable: M, N"),
    ("x = 1\n", "No class inheriting Runnable"),
    ("class M(Runnable):\n    def __init__(self, a, b, c, d): pass\n", "Wrong signature of M"),
    ("class M(Runnable):\n    def get_progress_target(self): return 100\n", "gives None or a tuple"),
    ("from . import sibling\n", "attempted relative import"),
    ("import localdss\n", "No module named 'localdss'"),
    ("import child\n", "No module named 'child'"),
]


@pytest.mark.parametrize(("source", "why"), REFUSED)
def test_what_dss_refuses_is_refused(instance, source, why):
    put_macro(instance, source)
    with pytest.raises(ComponentFailed, match=why):
        macro(instance)


def test_a_class_imported_from_python_lib_counts_as_a_second_one(instance):
    put(instance, "python-lib/shared.py", IMPORTS + "class Base(Runnable): pass\n")
    put_macro(instance, "from shared import Base\n" + returning("''").replace("Runnable", "Base"))
    with pytest.raises(ComponentFailed, match="Multiple classes inheriting Runnable: Base, M"):
        macro(instance)


def test_python_lib_is_importable_and_first(instance):
    put(instance, "python-lib/shared.py", "word = 'shared'\n")
    put(instance, "python-lib/pandas.py", "word = 'not the installed one'\n")
    put_macro(instance, "import pandas, shared\n" + returning("shared.word + ', ' + pandas.word"))
    assert macro(instance) == b"shared, not the installed one"


def test_only_the_first_argument_of_an_exception_is_shown(instance):
    put_macro(
        instance,
        "class M(Runnable):\n    def run(self, cb):\n        print('before')\n        raise KeyError('a', 42)\n",
    )
    with pytest.raises(ComponentFailed) as caught:
        macro(instance)
    failure = caught.value
    assert (failure.error_type, failure.message, failure.log) == ("builtins.KeyError", "a", "before")
    assert "raise KeyError('a', 42)" in failure.traceback
    assert failure.body()["message"] == "a"


def test_a_process_that_dies_is_a_failure_with_its_last_words(instance):
    put_macro(
        instance, "import os\nclass M(Runnable):\n    def run(self, cb):\n        print('so long'); os._exit(3)\n"
    )
    with pytest.raises(ComponentFailed, match="code 3") as caught:
        macro(instance)
    assert caught.value.log == "so long"


LEFT_OPEN = """
import os, sys
from localdss.host.runner import Child

child = Child(dict(os.environ))
if os.fork() == 0:
    sys.exit()
os.wait()
print(os.path.isdir(child.folder))
"""


def test_the_folder_of_a_process_that_nobody_ended_goes_with_who_started_it_and_no_sooner(tmp_path):
    ran = subprocess.run(
        [sys.executable, "-c", LEFT_OPEN],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ran.stdout.strip(), ran.returncode) == ("True", 0), ran.stderr
    assert list(tmp_path.iterdir()) == []


PROGRESS = [
    ("(100, 'NONE')", [(100, "NONE", 0), (100, "NONE", 7)]),
    ("(5,)", [(5, "NONE", 0), (5, "NONE", 7)]),
    ("()", [(-1, "NONE", 0), (-1, "NONE", 7)]),
    ("None", []),
]


@pytest.mark.parametrize(("target", "heard"), PROGRESS)
def test_progress_is_heard_while_it_runs(instance, target, heard):
    put_macro(
        instance,
        f"""
        class M(Runnable):
            def get_progress_target(self):
                return {target}
            def run(self, progress_callback):
                progress_callback(7)
                return ""
        """,
    )
    messages: list[dict] = []
    macro(instance, progress=messages.append)
    assert [(each["target"], each["unit"], each["current"]) for each in messages] == heard


def test_admin_parameters_reach_the_code_of_admins_only(instance):
    put_macro(
        instance,
        """
        class M(Runnable):
            def __init__(self, key, config): self.config = config
            def run(self, cb): return repr(sorted(self.config))
        """,
        params=[{"name": "defaulted", "type": "INT", "defaultValue": 1}],
    )
    assert macro(instance, "admin", {"a": 1}, admin_params={"all": True}) == b"['a', 'all']"
    assert macro(instance, "raj", {"a": 1}, admin_params={"all": True}) == b"['a']"


def test_a_macro_can_be_aborted(instance):
    put_macro(instance, "import time\nclass M(Runnable):\n    def run(self, cb):\n        time.sleep(60)\n")
    started = time.monotonic()
    with pytest.raises(ComponentFailed, match="without an answer"):
        macro(instance, started=lambda child: child.kill())
    assert time.monotonic() - started < 20


def test_the_ticket_of_a_run_ends_with_it(instance):
    put_macro(instance, "import os\n" + returning("os.environ['DKU_API_TICKET']"))
    assert macro(instance)
    assert instance.tickets == {}


def test_an_unknown_type_is_said_so(instance):
    with pytest.raises(ComponentFailed, match="Unknown runnable type pyrunnable_p_gone"):
        host.run_macro(instance, "KEY", "admin", "pyrunnable_p_gone", {})


# --- probes ---------------------------------------------------------------------------------------------------------


def probe(instance: Instance, source: str, partition: str = "NP") -> dict:
    put(instance, "python-probes/one/probe.json", {"meta": META, "handlesDataset": True, "params": []})
    put(instance, "python-probes/one/probe.py", source)
    raw = {"type": "py_plugin_p_one", "configuration": {"config": {"a": 1}}}
    return host.run_probe(instance, "KEY", "admin", "DATASET", "orders", partition, raw)


PROBES = [
    ("def process(): return 1", {"value": (1, "BIGINT")}),
    ("def anything(): return 'x'", {"value": ("x", "STRING")}),
    ("def process(dataset): return dataset.name", {"value": ("KEY.orders", "STRING")}),
    ("def process(dataset, partition_id): return partition_id", {"value": ("NP", "STRING")}),
    (
        "def process(): return {'a': True, 'b': 1.5, 'c': [1]}",
        {"a": (True, "BOOLEAN"), "b": (1.5, "DOUBLE"), "c": ([1], "ARRAY")},
    ),
    ("def process(): return config['a'] + plugin_config['limit']", {"value": (4, "BIGINT")}),
    ("def process(): return {'none': None}", {"none": (None, "STRING")}),
    (
        "import datetime\ndef process(): return datetime.datetime(2025, 1, 2)",
        {"value": ("2025-01-02T00:00:00", "DATE")},
    ),
    (
        "from dataiku.metric import MetricDataTypes\ndef process(): return {'a': (3, MetricDataTypes.DOUBLE)}",
        {"a": (3, "DOUBLE")},
    ),
    ("def helper(): return 1\ndef process(): return helper()", {"value": (1, "BIGINT")}),
    ("import pandas\ndef process(): return float(pandas.Series([1, 2]).sum())", {"value": (3.0, "DOUBLE")}),
]


@pytest.mark.parametrize(("source", "metrics"), PROBES)
def test_probes_run_by_the_rules(instance, source, metrics):
    assert probe(instance, source) == metrics


BAD_PROBES = [
    ("def a(): pass\ndef b(): pass", 'No function "process" defined'),
    ("x = 1", 'No function "process" defined'),
    ("from math import floor\nfrom textwrap import dedent\ndef main(): return 1", 'No function "process" defined'),
    ("def process(dataset: object): return 1", "has annotations"),
    ("def process() -> int: return 1", "has annotations"),
    ("def process(*, dataset=None): return 1", "has keyword-only arguments"),
    ("def process(dataset, partition_id, config): return 1", "missing 1 required positional argument: 'config'"),
    ("import numpy\ndef process(): return numpy.int64(1)", "not JSON serializable"),
    ("def process(): return float('nan')", "not JSON compliant"),
    ("def process(): return (1, 'BIGINT')", "A metric is a value or"),
    ("import datetime\ndef process(): return {'a': [datetime.date(2025, 1, 1)]}", "not JSON serializable"),
    ("def process(dataset): return __file__", "__file__"),
]


@pytest.mark.parametrize(("source", "why"), BAD_PROBES)
def test_probes_that_dss_refuses_fail(instance, source, why):
    with pytest.raises(ComponentFailed, match=why):
        probe(instance, source)


def test_python_written_into_the_settings_is_a_probe_too(instance):
    raw = {"type": "python", "configuration": {"code": "def process(folder): return type(folder).__name__"}}
    metrics = host.run_probe(instance, "KEY", "admin", "MANAGED_FOLDER", "landing", "NP", raw)
    assert metrics == {"value": ("Folder", "STRING")}


# --- checks ---------------------------------------------------------------------------------------------------------


def check(instance: Instance, source: str, kind: str = "DATASET") -> tuple[str, str]:
    put(instance, "python-checks/one/check.json", {"meta": META, "params": []})
    put(instance, "python-checks/one/check.py", source)
    raw = {"type": "custom_python_p_one", "config": {"least": 10}}
    return host.run_check(instance, "KEY", "admin", kind, "orders", "NP", raw)


CHECKS = [
    ("def process(): return 'OK'", ("OK", "")),
    ("def process(last): return 'OK', 'fine'", ("OK", "fine")),
    ("def process(last): return ['WARNING', 'hm']", ("WARNING", "hm")),
    ("def process(last): return {'result': 'ERROR', 'message': 'no'}", ("ERROR", "no")),
    ("def process(last, dataset, partition_id): return 'OK', dataset.name + partition_id", ("OK", "KEY.ordersNP")),
    ("def process(last): return 'OK', str(config['least'] + plugin_config['limit'])", ("OK", "13")),
    ("def process(last): raise ValueError('could not', 3)", ("ERROR", "could not")),
]


@pytest.mark.parametrize(("source", "verdict"), CHECKS)
def test_checks_run_by_the_rules(instance, source, verdict):
    assert check(instance, source) == verdict


AMBIGUOUS = [
    ("'EMPTY'", "reads as ERROR by its first letter"),
    ("'ok'", "reads as OK by its first letter"),
    ("'Warn'", "reads as WARNING"),
    ("'FAILED'", "not 'FAILED'"),
    ("''", "not ''"),
    ("None", "not None"),
    ("True", "not True"),
    ("('OK', 3)", "message of a check is text"),
]


@pytest.mark.parametrize(("expression", "why"), AMBIGUOUS)
def test_outcomes_that_versions_read_differently_are_errors_that_say_so(instance, expression, why):
    outcome, message = check(instance, f"def process(last): return {expression}")
    assert outcome == "ERROR"
    assert why in message


KINDS_OF_OBJECTS = {
    "DATASET": "Dataset",
    "MANAGED_FOLDER": "Folder",
    "SAVED_MODEL": "Model",
    "MODEL_EVALUATION_STORE": "ModelEvaluationStore",
}


@pytest.mark.parametrize("kind", KINDS_OF_OBJECTS)
def test_a_check_meets_every_kind_of_object(instance, kind):
    outcome, message = check(instance, "def process(last, obj): return 'OK', type(obj).__name__", kind)
    assert (outcome, message) == ("OK", KINDS_OF_OBJECTS[kind])


def test_a_check_sees_the_newest_value_of_each_metric_as_text(instance):
    points = [{"partition": "NP", "value": str(n), "dataType": "BIGINT", "computed": n * 1000} for n in (1, 2)]
    empty = {"partition": "NP", "dataType": "BIGINT", "computed": 3000}
    instance.projects["KEY"].metrics["DATASET", "orders"] = {"records:COUNT_RECORDS": [*points, empty], "a:B": []}
    source = """
    def process(last_values):
        point = last_values["records:COUNT_RECORDS"]
        return "OK", "|".join(map(str, [
            sorted(last_values), repr(point.get_value()), point.get_type(), point.get_partition(),
            point.get_compute_time().isoformat(), point.get_metric()["metricType"]]))
    """
    seen = "['records:COUNT_RECORDS']|'2'|BIGINT|NP|1970-01-01T00:00:02+00:00|COUNT_RECORDS"
    assert check(instance, source) == ("OK", seen)


# --- steps, choices, tools, standards -------------------------------------------------------------------------------


def step(instance: Instance, source: str, **run: object) -> host.StepOutcome:
    put(instance, "python-steps/one/step.json", {"meta": META, "params": []})
    put(instance, "python-steps/one/step.py", source)
    return host.run_step(instance, "KEY", "admin", "pystep_p_one", {"a": 1}, run)


def test_a_step_is_a_script_that_tells_its_scenario(instance):
    outcome = step(
        instance,
        """
        from dataiku.customstep import get_plugin_config, get_step_config
        from dataiku.scenario import Scenario
        scenario = Scenario()
        scenario.set_scenario_variables(sum=get_step_config()["a"] + get_plugin_config()["limit"])
        scenario.add_report_item({"type": "DATASET", "datasetName": "x"}, "NP", {"outcome": "WARNING"})
        scenario.get_message_sender("mail").send(subject=scenario.get_trigger_type())
        """,
        triggerType="temporal",
    )
    assert outcome.variables == {"sum": 4}
    assert outcome.report_items == [
        {"target": {"type": "DATASET", "datasetName": "x"}, "partition": "NP", "outcome": "WARNING"}
    ]
    assert outcome.messages == [{"channelId": "mail", "message": {"subject": "temporal"}}]


@pytest.mark.parametrize(
    ("source", "why"), [("raise ValueError('late')", "late"), ("import sys; sys.exit(2)", "exit code 2")]
)
def test_a_step_fails_where_its_script_does(instance, source, why):
    with pytest.raises(ComponentFailed, match=why):
        step(instance, source)


def test_exit_code_zero_is_success_and_prints_are_the_log(instance):
    lines: list[str] = []
    host.run_script(instance, "KEY", "admin", "print('hello')\nimport sys; sys.exit(0)", log=lines.append)
    assert lines == ["hello"]


CHOICES = [
    ("def do(): return {'choices': [{'value': 'a', 'label': 'A'}]}", ["a"]),
    ("def do(payload): return {'choices': [{'value': payload['parameterName']}]}", ["colour"]),
    ("def do(payload, config): return {'choices': [{'value': config['x']}]}", ["7"]),
    (
        "def do(p, c, plugin_config, inputs): return {'choices': [{'value': [plugin_config['limit'], inputs]}]}",
        [[3, []]],
    ),
]


@pytest.mark.parametrize(("source", "values"), CHOICES)
def test_choices_come_from_python(instance, source, values):
    put_macro(instance, returning("''"), paramsPythonSetup="choices.py")
    put(instance, "resource/choices.py", source)
    component = host.find(instance.plugins, host.MACRO, MACRO)
    found = host.choices(instance, "KEY", "admin", component, ["colour"], {"x": "7"})
    assert [each["value"] for each in found["colour"]] == values


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("def do(): return None", "Empty response"),
        ("def do(a, b, c, d, e): return {}", "at most 4"),
        ("x = 1", "No function"),
    ],
)
def test_choices_that_dss_refuses_fail(instance, source, why):
    put_macro(instance, returning("''"), paramsPythonSetup="choices.py")
    put(instance, "resource/choices.py", source)
    component = host.find(instance.plugins, host.MACRO, MACRO)
    with pytest.raises(ComponentFailed, match=why):
        host.choices(instance, "KEY", "admin", component, ["colour"], {})


def test_choices_from_a_file_that_is_missing_fail_in_plain_words(instance):
    put_macro(instance, returning("''"), paramsPythonSetup="gone.py")
    component = host.find(instance.plugins, host.MACRO, MACRO)
    with pytest.raises(ComponentFailed, match=r"resource/gone\.py cannot be read"):
        host.choices(instance, "KEY", "admin", component, ["colour"], {})


def test_one_process_answers_a_whole_form(instance):
    put_macro(instance, returning("''"), paramsPythonSetup="choices.py")
    put(instance, "resource/choices.py", "import os\ndef do(payload): return {'choices': [{'value': os.getpid()}]}")
    component = host.find(instance.plugins, host.MACRO, MACRO)
    found = host.choices(instance, "KEY", "admin", component, ["a", "b"], {})
    assert found["a"] == found["b"]


def test_an_agent_tool_describes_itself_and_answers(instance):
    put(instance, "python-agent-tools/one/tool.json", {"id": "one", "meta": META, "params": []})
    source = """
    from dataiku.llm.agent_tools import BaseAgentTool
    class T(BaseAgentTool):
        def get_descriptor(self, tool): return {"description": "d", "inputSchema": {"type": "object"}}
        def invoke(self, input, trace): return {"output": input["input"]["q"] + self.config["x"]}
    """
    put(instance, "python-agent-tools/one/tool.py", source)
    arguments = (instance, "KEY", "admin", "Custom_agent_tool_p_one", {"x": "!"})
    assert host.run_tool(*arguments, None)["inputSchema"] == {"type": "object"}
    assert host.run_tool(*arguments, {"q": "why"}) == {"output": "why!"}


def test_a_standards_check_gives_its_result(instance):
    folder = "python-project-standards-check-specs/one/project_standards_check_spec"
    put(instance, f"{folder}.json", {"meta": META, "params": []})
    source = """
    from dataiku.project_standards import ProjectStandardsCheckRunResult, ProjectStandardsCheckSpec
    class C(ProjectStandardsCheckSpec):
        def run(self):
            return ProjectStandardsCheckRunResult.failure(self.config["severity"], self.project.project_key)
    """
    put(instance, f"{folder}.py", source)
    run = (instance, "KEY", "admin", "project_standards_check_spec_p_one")
    assert host.run_standards_check(*run, {"severity": 3})["status"] == "FAILURE"
    assert host.run_standards_check(*run, {"severity": 0})["status"] == "SUCCESS"
    with pytest.raises(ComponentFailed, match="severity goes from 1 to 5"):
        host.run_standards_check(*run, {"severity": 6})
