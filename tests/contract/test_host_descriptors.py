"""What DSS's tolerant reader takes, and what it would stumble over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localdss.host import KINDS, MACRO, PROBE, WEBAPP, PluginDir, discover
from localdss.host.descriptors import NotReadable, flag, parse

TOLERATED = [
    ('{"a": 1} // the end', {"a": 1}),
    ('{/* one */"a": /* two\nlines */ 1}', {"a": 1}),
    ("{'a': 'it is \"so\"'}", {"a": 'it is "so"'}),
    ('{"a": [1, 2,], }', {"a": [1, 2]}),
    ('{"url": "http://x//y", /* c */}', {"url": "http://x//y"}),
    ('{"a": dalse, b: true, "c": null}', {"a": "dalse", "b": True, "c": None}),
    ('{"a": "caf\\u00e9\\n" //\n}', {"a": "café\n"}),
    ("\ufeff{}", {}),
    ("[-1.5e3, 0,]", [-1500.0, 0]),
]


@pytest.mark.parametrize(("text", "value"), TOLERATED)
def test_reads_what_dss_reads_and_says_why_a_strict_reader_would_not(text, value):
    read, refusal = parse(text)
    assert read == value
    assert refusal


@pytest.mark.parametrize("text", ["", "{", '{"a" 1}', '{"a": }', "[1 2]", "{} {}", '"open', '{"a": "\\u12"/**/}'])
def test_says_where_a_descriptor_cannot_be_read(text):
    with pytest.raises(NotReadable, match="line 1"):
        parse(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=80, deadline=None)
@given(json_values)
def test_reads_any_json_alike_with_and_without_a_comment(value):
    text = json.dumps(value)
    assert parse(text) == (value, "")
    assert parse(f"/* c */ {text} // end")[0] == value


@pytest.mark.parametrize(
    ("value", "meant"), [(True, True), ("true", True), ("false", False), (None, False), (0, False)]
)
def test_booleans_may_be_text(value, meant):
    assert flag(value) is meant


def write(folder: Path, files: dict[str, object]) -> PluginDir:
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return PluginDir(folder)


META = {"label": "L", "description": "D"}


def test_finds_components_of_every_kind_under_their_type_ids(tmp_path):
    files = {"plugin.json": {"id": "my-plugin", "version": "1", "meta": META}}
    for kind in KINDS:
        files[f"{kind.folder}/one/{kind.descriptor}"] = {"meta": META, "params": []}
    files["python-runnables/no-descriptor/runnable.py"] = ""
    plugin = write(tmp_path, files)
    assert [each.type_id for each in plugin.components()] == [
        "pyrunnable_my-plugin_one",
        "py_plugin_my-plugin_one",
        "custom_python_my-plugin_one",
        "pystep_my-plugin_one",
        "webapp_my-plugin_one",
        "Custom_agent_tool_my-plugin_one",
        "project_standards_check_spec_my-plugin_one",
    ]
    assert plugin.warnings() == []
    assert plugin.component(MACRO, "pyrunnable_my-plugin_two") is None


def macro(**more):
    return {"meta": META, "resultType": "HTML", "params": [], **more}


FAULTS = [
    (MACRO, macro(meta={"label": "L"}), "meta.description is missing"),
    (MACRO, {"meta": META, "resultType": "HTML"}, "params is missing"),
    (MACRO, macro(resultType="html"), "resultType 'html'"),
    (MACRO, macro(resultType="FILE"), "extension and mimeType"),
    (MACRO, macro(permissions=["READ"]), "permission 'READ'"),
    (MACRO, macro(macroRoles=[{"type": "DATASET"}]), "lacks PROJECT_MACROS"),
    (MACRO, macro(macroRoles=[{"type": "PROJECT_MACROS"}, {"type": "PROJECT_CREATOR"}]), "must give JSON_OBJECT"),
    (MACRO, macro(params=[{"name": "a", "type": "BOOLEAN", "default": True}]), "write 'defaultValue'"),
    (MACRO, macro(params=[{"name": "a", "type": "INT", "defaultValue": True}]), "does not fit INT"),
    (MACRO, macro(params=[{"name": "a b", "type": "STRING"}]), "must be an identifier"),
    (MACRO, macro(params=[{"name": "a", "type": "COLUMN"}]), "type 'COLUMN' is unknown"),
    (MACRO, macro(params=[{"name": "a", "type": "SELECT"}]), "exactly one of"),
    (
        MACRO,
        macro(params=[{"name": "a", "type": "STRING", "visibilityCondition": "model.b"}]),
        "no parameter of the form",
    ),
    (PROBE, {"meta": META, "params": []}, "never offered"),
    (WEBAPP, {"meta": META, "params": [], "baseType": "STANDARD", "roles": []}, "lacks dataiku"),
    (WEBAPP, {"meta": META, "params": [], "baseType": "STANDARD", "hasBackend": "true"}, "hasBackend without"),
]


@pytest.mark.parametrize(("kind", "descriptor", "warning"), FAULTS)
def test_warns_of_what_dss_would_stumble_over(tmp_path, kind, descriptor, warning):
    plugin = write(tmp_path, {"plugin.json": {"id": "p"}, f"{kind.folder}/one/{kind.descriptor}": descriptor})
    (component,) = plugin.components(kind)
    assert [each for each in component.warnings if warning in each]


def test_an_unreadable_descriptor_is_a_warning_not_a_crash(tmp_path):
    (component,) = write(tmp_path, {"python-probes/one/probe.json": "{"}).components(PROBE)
    assert component.label == "one"
    assert "cannot be read" in component.warnings[0]


def test_the_built_in_macros_come_without_a_warning():
    (built_in,) = discover()
    assert {each.id for each in built_in.components(MACRO)} == {
        "clear-continuous-activity-logs",
        "clear-job-logs",
        "clear-scenario-logs",
        "delete-datasets-by-tags",
        "delete-model-old-versions",
        "kill-jupyter-sessions",
        "remove-old-exports",
    }
    assert built_in.warnings() == []
    assert {each.warnings for each in built_in.components()} == {()}
