"""The local DSS opens projects as DSS leaves them on disk, and every real one answers every list."""

from __future__ import annotations

import json
import os
from pathlib import Path

import dataikuapi
import pytest

import localdss
from localdss import projects
from localdss.instance import Project

ROOT = Path(__file__).parents[2]
REAL = Path(os.environ.get("OPSGUIDE_REAL_PROJECTS", ROOT.parent / "shared" / "real-projects"))
REAL_PROJECTS = sorted(path for path in REAL.iterdir() if path.is_dir()) if REAL.is_dir() else []
absent = pytest.mark.skipif(not REAL_PROJECTS, reason=f"no real projects at {REAL}: set OPSGUIDE_REAL_PROJECTS")


def put(root: Path, files):
    for name, value in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
    return root


TREE = {
    "params.json": {"owner": "u"},
    "datasets/a.b.json": {"type": "Filesystem"},
    "recipes/make it.json": {"type": "python", "inputs": {"main": {"items": [{"ref": "a.b"}]}}},
    "recipes/make it.py": "pass",
    "scenarios/S.json": {"type": "step_based"},
    "scenarios/S.py": "# stub",
    "wiki/articles/1.json": {"name": "One"},
    "wiki/articles/1.md": "text",
    "zones/z.json": {"name": "Z"},
}


@pytest.mark.parametrize("layout", ["git", "export"])
def test_both_layouts(tmp_path, layout):
    if layout == "git":
        put(tmp_path / "my-project", TREE)
    else:
        put(tmp_path / "my-project" / "project_config", TREE)
        put(tmp_path / "my-project", {"export-manifest.json": {"originalProjectKey": "ORIGINAL"}})
    project = projects.load(tmp_path / "my-project")
    assert project.key == ("MY_PROJECT" if layout == "git" else "ORIGINAL")
    assert set(project.datasets) == {"a.b"}
    assert project.recipes["make it"] == {"recipe": TREE["recipes/make it.json"], "payload": "pass"}
    assert project.scripts == {"S": "# stub"}
    assert project.wiki["articles"]["1"]["payload"] == "text"
    assert project.variables == {"standard": {}, "local": {}}


def test_the_folder_of_recipes_is_listed_as_often_for_many_as_for_one(tmp_path, monkeypatch):
    def listings(count):
        root = tmp_path / str(count)
        for number in range(count):
            put(root, {"params.json": {}, f"recipes/r{number}.json": {}, f"recipes/r{number}.py": f"pass  # {number}"})
        listed = []
        for way in ("iterdir", "glob"):
            plain = getattr(Path, way)
            monkeypatch.setattr(Path, way, lambda path, *asked, plain=plain: listed.append(path) or plain(path, *asked))
        project = projects.load(root)
        monkeypatch.undo()
        assert {name: whole["payload"] for name, whole in project.recipes.items()} == {
            f"r{number}": f"pass  # {number}" for number in range(count)
        }
        return listed.count(root / "recipes")

    assert listings(1) == listings(30)


def test_the_key_of_an_old_scenario_counts_and_a_given_one_more(tmp_path):
    put(tmp_path, {"params.json": {}, "scenarios/S.json": {"projectKey": "OLD"}})
    assert projects.load(tmp_path).key == "OLD"
    assert projects.load(tmp_path, key="GIVEN").key == "GIVEN"


def test_version_tags_of_an_export_are_given_to_objects_without(tmp_path):
    tags = {"tags": {"DATASET.d": {"versionNumber": 7}, "SCENARIO.S": {"versionNumber": 8}}}
    files = {
        "params.json": {},
        "version-tags.json": tags,
        "datasets/d.json": {},
        "scenarios/S.json": {"versionTag": {"versionNumber": 1}},
    }
    project = projects.load(put(tmp_path, files))
    assert project.datasets["d"]["versionTag"] == {"versionNumber": 7}
    assert project.scenarios["S"]["versionTag"] == {"versionNumber": 1}


def test_what_is_no_project_says_so(tmp_path):
    with pytest.raises(projects.NotAProject, match=r"params\.json"):
        projects.load(tmp_path)


def test_graph_links_by_reference_whatever_the_role():
    def recipe(inputs, outputs):
        roles = {"main": {"items": [{"ref": ref} for ref in inputs]}}
        return {
            "recipe": {
                "type": "python",
                "inputs": roles,
                "outputs": {"out": {"items": [{"ref": ref} for ref in outputs]}},
            }
        }

    project = Project("K", datasets={"a": {"type": "Filesystem"}, "b": {}}, folders={"f": {}})
    project.recipes = {"r": recipe(["a", "OTHER.x", "f"], ["K.b"])}
    nodes = project.graph()["nodes"]
    by_ref = {node["ref"]: node for node in nodes.values()}
    assert set(by_ref) == {"a", "b", "f", "OTHER.x", "r"}
    assert by_ref["f"]["type"] == "COMPUTABLE_FOLDER"
    assert [nodes[each]["ref"] for each in by_ref["r"]["predecessors"]] == ["a", "OTHER.x", "f"]
    assert [nodes[each]["ref"] for each in by_ref["b"]["predecessors"]] == ["r"]
    assert project.producers() == {"b": "r"}


NASTY = ["with space", "a.b.csv", "it's", 'say "x"', "<script>", "naïve", "📦", "trailing.", "a&b=c"]


def test_any_name_can_be_asked_for(dss):
    project = Project("NASTY", settings={"owner": "admin"})
    for name in NASTY:
        project.datasets[name] = {"type": "Filesystem", "schema": {"columns": []}}
        project.scenarios[name] = {"type": "step_based", "name": name, "params": {"steps": []}}
    dss.instance.add(project)
    answered = dataikuapi.DSSClient(dss.url, "admin").get_project("NASTY")
    assert [item["name"] for item in answered.list_datasets()] == NASTY
    for name in NASTY:
        assert answered.get_dataset(name).get_settings().get_raw()["name"] == name
        assert answered.get_scenario(name).get_settings().data["id"] == name
    del dss.instance.projects["NASTY"]


@pytest.fixture(scope="module")
def dss():
    with localdss.serve(projects=REAL_PROJECTS) as server:
        yield server


LISTS = [
    "list_datasets",
    "list_recipes",
    "list_scenarios",
    "list_jobs",
    "list_managed_folders",
    "list_saved_models",
    "list_webapps",
    "list_macros",
    "list_dashboards",
    "list_insights",
    "list_plugins_usages",
    "list_exported_bundles",
    "list_imported_bundles",
    "get_summary",
    "get_metadata",
    "get_permissions",
    "get_variables",
    "get_tags",
    "get_timeline",
    "get_data_quality_status",
    "get_data_quality_timeline",
    "list_running_notebooks",
    "list_jupyter_notebooks",
    "list_model_evaluation_stores",
]


@absent
@pytest.mark.parametrize("path", REAL_PROJECTS, ids=lambda path: path.name)
@pytest.mark.dss("14.3")
def test_a_real_project_answers_every_list_and_every_object(dss, path):
    key = projects.load(path).key
    project = dataikuapi.DSSClient(dss.url, "admin").get_project(key)
    dss.requests.clear()
    for name in LISTS:
        getattr(project, name)()
    flow = project.get_flow()
    assert flow.get_graph().nodes
    assert flow.list_zones()
    project.get_settings()
    project.get_wiki().list_articles()
    for item in project.list_datasets():
        dataset = project.get_dataset(item["name"])
        dataset.get_info()
        dataset.get_last_metric_values()
        dataset.get_data_quality_rules().get_last_rules_results()
    for item in project.list_scenarios():
        scenario = project.get_scenario(item["id"])
        scenario.get_settings()
        scenario.get_status()
        for run in scenario.get_last_runs(limit=2):
            run.get_details()
    assert dss.requests.unknown() == []
    assert {each.status for each in dss.requests} == {200}
    assert dss.requests.writes() == []
