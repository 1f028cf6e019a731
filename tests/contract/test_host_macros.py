"""Components through the whole of a local DSS: started by the public client, reading through the stand-in `dataiku`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import dataikuapi
import pytest
from dataikuapi.utils import DataikuException

import localdss
from localdss import disk, host
from localdss.server import Server
from tests.waiting import until

DAY = 86_400_000


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    with localdss.serve(plugins=[]) as server:
        yield server


def client(dss: Server, user: str = "admin") -> Any:
    return dataikuapi.DSSClient(dss.url, user)


def project(dss: Server, user: str = "admin") -> Any:
    return client(dss, user).get_project("RETAIL")


def run(dss: Server, macro: str, params: dict, admin_params: Any = None, user: str = "admin") -> Any:
    handle = project(dss, user).get_macro(f"pyrunnable_builtin-macros_{macro}")
    result = handle.get_result(handle.run(params, admin_params))
    return result.read().decode()


# --- built-in macros ------------------------------------------------------------------------------------------------


def finished(runs: list[dict]) -> list[dict]:
    return [run for run in runs if run["scenarioRun"].get("result")]


def test_old_job_logs_are_listed_and_only_deleted_when_told_to(dss):
    jobs = dss.instance.projects["RETAIL"].jobs
    before, now = len(jobs), dss.instance.clock.ms()
    old = [job for job in jobs if 0 < job["listItem"].get("endTime", 0) < now - 30 * DAY]
    assert old, "the story must go back further than a month"
    assert f"Will delete logs from {len(old)} jobs to reclaim" in run(dss, "clear-job-logs", {"age": 30})
    assert len(project(dss).list_jobs()) == before
    kept = {path: path.read_bytes() for path in logs(dss) if path.stat().st_mtime * 1000 >= now - 30 * DAY}
    assert f"Deleted logs from {len(old)} jobs (" in run(dss, "clear-job-logs", {"age": 30, "performDeletion": True})
    assert len(project(dss).list_jobs()) == before - len(old)
    assert {path: path.read_bytes() for path in logs(dss)} == kept, "and no other file is touched"
    assert "Deleted logs from 0 jobs (" in run(dss, "clear-job-logs", {"age": 30, "performDeletion": True})


def logs(dss: Server) -> list[Path]:
    return sorted((disk.home(dss.instance) / "jobs" / "RETAIL").rglob("*.log"))


def test_old_scenario_logs_go_and_the_history_with_them(dss):
    runs = dss.instance.projects["RETAIL"].runs["NIGHTLY_BUILD"]
    last = len(project(dss).get_scenario("NIGHTLY_BUILD").get_last_runs(limit=1000))
    old = [one for one in finished(runs) if one["scenarioRun"]["end"] < dss.instance.clock.ms() - 20 * DAY]
    assert old
    text = run(dss, "clear-scenario-logs", {"age": 20, "performDeletion": True})
    assert f"<td>NIGHTLY_BUILD</td><td>{old[0]['scenarioRun']['runId']}</td>" in text
    assert len(project(dss).get_scenario("NIGHTLY_BUILD").get_last_runs(limit=1000)) == last - len(old)


def test_all_projects_is_for_administrators(dss):
    assert "SUPPLY" in run(dss, "clear-scenario-logs", {"age": 5}, {"allProjects": True})
    owner = dss.instance.projects["RETAIL"].owner
    assert "SUPPLY" not in run(dss, "clear-scenario-logs", {"age": 5}, {"allProjects": True}, owner)


def test_built_in_macros_need_project_administrators(dss):
    assert "pyrunnable_builtin-macros_clear-job-logs" not in {
        m["runnableType"] for m in project(dss, "raj").list_macros()
    }
    with pytest.raises(DataikuException, match="may not run"):
        run(dss, "clear-job-logs", {}, user="raj")


def session(dss: Server, name: str, idle_hours: float, age_hours: float, **more: object) -> dict:
    now = dss.instance.clock.ms()
    known = {"sessionId": name, "sessionCreator": "olivia", "kernelExecutionState": "idle", "kernelConnections": 0}
    known.update(sessionStartTime=now - age_hours * 3_600_000, kernelLastActivityTime=now - idle_hours * 3_600_000)
    return {"projectKey": "RETAIL", "notebookName": name, **known, **more}


SESSIONS = [
    ("fresh", 1, 2, {}),
    ("idle", 25, 30, {}),
    ("old", 1, 49, {}),
    ("busy", 1, 49, {"kernelExecutionState": "busy"}),
    ("open", 25, 30, {"kernelConnections": 1}),
    ("elsewhere", 25, 30, {"projectKey": "SUPPLY"}),
]
LIMITS = {"maxIdleTimeHours": 24, "maxSessionAgeHours": 48}


@pytest.mark.parametrize(
    ("params", "ended"),
    [
        ({}, set()),
        (LIMITS, {"idle", "old", "elsewhere"}),
        ({**LIMITS, "maxIdleTimeHours": 0}, {"old"}),
        ({**LIMITS, "maxSessionAgeHours": 0.5}, {"fresh", "idle", "old", "elsewhere"}),
        (
            {**LIMITS, "dontKillBusyKernels": False, "dontKillConnectedKernels": False},
            {"idle", "old", "busy", "open", "elsewhere"},
        ),
    ],
)
def test_kernels_of_every_project_are_ended_by_age_when_told_not_to_simulate(dss, params, ended):
    dss.instance.notebooks = [
        {
            "projectKey": more.get("projectKey", "RETAIL"),
            "name": name,
            "language": "python",
            "activeSessions": [session(dss, name, *hours, **more)],
        }
        for name, *hours, more in SESSIONS
    ]
    table = json.loads(run(dss, "kill-jupyter-sessions", params))
    assert {record[2] for record in table["records"]} == ended
    assert len(client(dss).list_running_notebooks()) == len(SESSIONS), "without `simulate` the code only lists"
    run(dss, "kill-jupyter-sessions", {**params, "simulate": False})
    left = {notebook["name"] for notebook in client(dss).list_running_notebooks(as_objects=False)}
    assert left == {name for name, *_ in SESSIONS} - ended


def test_kernels_can_only_be_ended_by_who_may_list_those_of_all(dss):
    with pytest.raises(DataikuException, match="you are not admin"):
        run(dss, "kill-jupyter-sessions", {**LIMITS, "simulate": True}, user=dss.instance.projects["RETAIL"].owner)


@pytest.fixture(scope="module")
def cluttered() -> Iterator[Server]:
    with localdss.serve(story="cluttered", plugins=[]) as server:
        yield server


def test_old_exports_of_every_project_go(cluttered):
    home = disk.home(cluttered.instance)
    table = json.loads(run(cluttered, "remove-old-exports", {"age": 30, "simulate": True}))
    old = ["dataset-customer_360-xlsx-2", "dataset-sales_mart-csv-1"]
    assert [record[0] for record in table["records"]] == old
    assert [record[1] for record in table["records"]] == [33, 75]
    assert len(list((home / "exports").iterdir())) == 3
    run(cluttered, "remove-old-exports", {"age": 30})
    assert [path.name for path in (home / "exports").iterdir()] == ["dashboard-store-kpis-pdf-3"], "off by default"


def test_old_runs_of_continuous_activities_go(cluttered):
    runs = disk.home(cluttered.instance) / "streaming-logs" / "RETAIL" / "sync_web_clicks" / "runs"
    assert "Will delete logs from 4 streaming-logs" in run(cluttered, "clear-continuous-activity-logs", {"age": 30})
    assert len(list(runs.iterdir())) == 6
    run(cluttered, "clear-continuous-activity-logs", {"age": 30, "performDeletion": True})
    assert len(list(runs.iterdir())) == 2


def test_old_versions_of_a_model_go_but_never_the_active_one(cluttered):
    model = project(cluttered).get_saved_model("mCh7rnQ2")
    files = disk.home(cluttered.instance) / "saved_models" / "RETAIL" / "mCh7rnQ2" / "versions"
    before = [version["id"] for version in model.list_versions()]
    active = model.get_active_version()["id"]
    asked = {"model_id": "mCh7rnQ2", "keep_versions": 2}
    assert "Will delete 5 versions" in run(cluttered, "delete-model-old-versions", asked)
    assert sorted(path.name for path in files.iterdir()) == sorted(before)
    assert "Deleted 5 versions" in run(cluttered, "delete-model-old-versions", {**asked, "perform_deletion": True})
    kept = {version["id"] for version in model.list_versions()}
    assert len(kept) == 2
    assert active in kept
    assert {path.name for path in files.iterdir()} == kept
    with pytest.raises(DataikuException, match="active version"):
        model.delete_versions([active])


def test_datasets_go_by_tag_with_their_data(cluttered):
    wanted = {"includedTags": "tmp,keep", "excludedTags": "keep"}
    table = json.loads(run(cluttered, "delete-datasets-by-tags", wanted))
    assert table["records"] == [["Filesystem:tmp_join_test"]]
    assert "tmp_join_test" in cluttered.instance.projects["RETAIL"].datasets, "simulated unless told otherwise"
    table = json.loads(run(cluttered, "delete-datasets-by-tags", {**wanted, "simulate": False}))
    assert table["records"] == [["Filesystem:tmp_join_test", "SUCCESS"]]
    assert "tmp_join_test" not in cluttered.instance.projects["RETAIL"].datasets
    assert "tmp_join_test" not in cluttered.instance.projects["RETAIL"].rows


# --- the stand-in package -------------------------------------------------------------------------------------------


def script(dss: Server, source: str, user: str = "admin") -> Any:
    """What a script running in RETAIL prints last, as JSON."""
    lines: list[str] = []
    host.run_script(dss.instance, "RETAIL", user, "import dataiku, json\n" + dedent(source), log=lines.append)
    return json.loads(lines[-1])


def test_a_process_has_the_rights_of_its_user(dss):
    assert script(dss, "print(json.dumps(dataiku.api_client().get_auth_info()['authIdentifier']))", "raj") == "raj"
    with pytest.raises(host.ComponentFailed, match="Action forbidden"):
        script(dss, "dataiku.api_client().list_users()", "raj")


def test_variables_are_resolved_and_text(dss):
    source = "print(json.dumps([dataiku.get_custom_variables()['projectKey'], dataiku.default_project_key()]))"
    assert script(dss, source) == ["RETAIL", "RETAIL"]


def test_rows_are_read_typed_and_streamed(dss):
    source = """
    dataset = dataiku.Dataset("sales_mart")
    columns = dataset.read_schema()
    rows = list(dataset.iter_tuples(limit=50))
    named = next(dataset.iter_rows(columns=[columns[1]["name"]]))
    frame = dataset.get_dataframe(limit=10)
    print(json.dumps([[c["type"] for c in columns], [type(v).__name__ for v in rows[0]], len(rows), list(named),
        columns[1]["name"], list(frame.shape), [len(f) for f in dataset.iter_dataframes(chunksize=20, limit=50)]]))
    """
    types, python_types, count, named, second, shape, chunks = script(dss, source)
    expected = {
        "bigint": "int",
        "int": "int",
        "double": "float",
        "string": "str",
        "date": "datetime",
        "boolean": "bool",
    }
    assert python_types == [expected.get(kind, "str") for kind in types]
    assert (count, named, shape, chunks) == (50, [second], [10, len(types)], [20, 20, 10])


def test_the_database_counts_its_own_rows(dss):
    source = """
    dataset = dataiku.Dataset("RETAIL.sales_mart")
    info = dataset.get_location_info()
    table = info["info"]["quotedResolvedTableName"]
    frame = dataiku.SQLExecutor2(dataset=dataset).query_to_df(f"SELECT COUNT(*) AS n FROM {table}")
    reader = dataiku.SQLExecutor2(connection=info["info"]["connectionName"]).query_to_iter(f"SELECT 1 AS a, 'x' AS b FROM {table} LIMIT 2")
    print(json.dumps([info["locationInfoType"], int(frame["n"][0]), len(list(dataset.iter_tuples())),
        reader.get_schema(), list(reader.iter_tuples())]))
    """
    kind, counted, streamed, schema, rows = script(dss, source)
    assert kind == "SQL"
    assert counted == streamed > 0
    assert [column["name"] for column in schema] == ["a", "b"]
    assert rows == [[1, "x"], [1, "x"]]


REFUSED_SQL = [
    ("olivia", "connection='postgres_dwh'", "SELECT nonsense FROM nowhere", "nowhere"),
    ("raj", "connection='postgres_dwh'", "SELECT 1", "may not use the connection"),
    ("olivia", "connection='none'", "SELECT 1", "does not exist"),
]


@pytest.mark.parametrize(("user", "target", "query", "why"), REFUSED_SQL)
def test_queries_are_refused_in_plain_words(dss, user, target, query, why):
    with pytest.raises(host.ComponentFailed, match=why):
        script(dss, f"dataiku.SQLExecutor2({target}).query_to_df({query!r})", user)


def test_folders_are_read_and_written(dss):
    folder_id = next(iter(dss.instance.projects["RETAIL"].folders))
    source = f"""
    folder = dataiku.Folder("{folder_id}")
    folder.write_json("/notes/a b.json", {{"a": 1}})
    told = [folder.read_json("/notes/a b.json"), "/notes/a b.json" in folder.list_paths_in_partition(),
            folder.get_path_details("/notes/a b.json")["exists"], dataiku.Folder(folder.get_name()).get_id() == folder.get_id()]
    folder.delete_path("/notes/a b.json")
    print(json.dumps(told + [folder.get_path_details("/notes/a b.json")["exists"]]))
    """
    assert script(dss, source) == [{"a": 1}, True, True, True, False]


def test_a_project_key_is_made_unique(dss):
    source = """
    from dataiku.runnables import utils
    print(json.dumps([utils.make_unique_project_key(dataiku.api_client(), name) for name in ("Retail", "New shop!")]))
    """
    assert script(dss, source) == ["RETAIL_2", "NEW_SHOP"]


def test_internal_calls_need_a_ticket_or_key(dss):
    import requests

    for path in ("sql", "datasets/location"):
        answer = requests.post(f"{dss.url}/dip/internal/{path}", json={"projectKey": "RETAIL"}, timeout=10)
        assert answer.status_code == 401


# --- macros end to end ----------------------------------------------------------------------------------------------


@pytest.fixture
def plugin(dss: Server, tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    files = {
        "plugin.json": '{"id": "mine", /* lenient */ "version": "1", "meta": {"label": "M", "description": ""},}',
        "python-runnables/slow/runnable.json": json.dumps(
            {"meta": {"label": "S", "description": ""}, "resultType": "HTML", "params": []}
        ),
        "python-runnables/slow/runnable.py": dedent("""
            import time
            from dataiku.runnables import Runnable
            class Slow(Runnable):
                def __init__(self, key, config): self.config = config
                def get_progress_target(self): return (10, "FILES")
                def run(self, progress_callback):
                    progress_callback(4)
                    time.sleep(self.config.get("seconds", 0))
                    if self.config.get("fail"): raise ValueError("it is late", 7)
                    return "<p>done</p>"
            """),
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    dss.instance.plugins.insert(0, host.PluginDir(folder))
    yield folder
    dss.instance.plugins.pop(0)


def test_progress_and_abort_through_the_public_client(dss, plugin):
    macro = project(dss).get_macro("pyrunnable_mine_slow")
    run_id = macro.run({"seconds": 600}, wait=False)
    until(lambda: macro.get_status(run_id).get("progress"))
    assert macro.get_status(run_id)["running"]
    macro.abort(run_id)
    until(lambda: not macro.get_status(run_id)["running"])


def test_a_failing_macro_raises_with_its_first_argument(dss, plugin):
    with pytest.raises(DataikuException, match=r"it is late$"):
        project(dss).get_macro("pyrunnable_mine_slow").run({"fail": True})


def test_a_result_is_handed_out_once(dss, plugin):
    macro = project(dss).get_macro("pyrunnable_mine_slow")
    run_id = macro.run()
    assert macro.get_result(run_id).read() == b"<p>done</p>"
    with pytest.raises(DataikuException):
        macro.get_result(run_id)
