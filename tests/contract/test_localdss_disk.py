"""The data directory of the local DSS: laid out as DSS's, of one mind with the lists, grown by what runs."""

from __future__ import annotations

import gc
import json
import os
import shutil
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from textwrap import dedent
from typing import Any

import dataikuapi
import pytest
from dataikuapi.utils import DataikuException

import localdss
from localdss import big, disk, host
from localdss.clock import from_ms
from localdss.opening import open_instance
from localdss.server import Server


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    with localdss.serve(story="healthy", plugins=[], speed=6000) as server:
        yield server


@pytest.fixture(scope="module")
def home(dss: Server) -> Path:
    return disk.home(dss.instance)


def project(dss: Server) -> Any:
    return dataikuapi.DSSClient(dss.url, "admin").get_project("RETAIL")


def test_every_job_and_run_of_the_past_has_its_folder_of_its_age(dss: Server, home: Path) -> None:
    retail = dss.instance.projects["RETAIL"]
    assert sorted(os.listdir(home / "jobs" / "RETAIL")) == sorted(job["listItem"]["def"]["id"] for job in retail.jobs)
    oldest = retail.jobs[-1]["listItem"]
    folder = home / "jobs" / "RETAIL" / oldest["def"]["id"]
    assert {int(path.stat().st_mtime) for path in (folder, *folder.iterdir())} == {oldest["endTime"] // 1000}
    assert (folder / "output.log").read_text() == project(dss).get_job(oldest["def"]["id"]).get_log()
    assert 100_000 < sum(path.stat().st_size for path in folder.iterdir()) < 3_000_000, "a stated size"
    run = retail.runs["NIGHTLY_BUILD"][-1]["scenarioRun"]
    folder = home / "scenarios" / "RETAIL" / "NIGHTLY_BUILD" / run["runId"]
    assert int(folder.stat().st_mtime) == run["end"] // 1000
    assert (folder / "run.log").is_file()


def test_what_runs_grows_the_tree_by_the_clock_of_the_instance(dss: Server, home: Path) -> None:
    before = dss.instance.clock.ms()
    run = project(dss).get_scenario("MORNING").run_and_wait(no_fail=True)
    folder = home / "scenarios" / "RETAIL" / "MORNING" / run.id
    assert before / 1000 - 1 <= folder.stat().st_mtime <= dss.instance.clock.ms() / 1000 + 1
    job_id = project(dss).new_job().with_output("stock_levels").start_and_wait().id
    log = home / "jobs" / "RETAIL" / job_id / "output.log"
    assert f"Job {job_id} started by admin" in log.read_text()
    assert from_ms(int(log.stat().st_mtime * 1000)).date() == dss.instance.clock.now().date()


def test_a_job_whose_folder_is_deleted_leaves_the_list_but_a_live_one_stays(dss: Server, home: Path) -> None:
    listed = {item["def"]["id"] for item in project(dss).list_jobs()}
    gone = dss.instance.projects["RETAIL"].jobs[-1]["listItem"]["def"]["id"]
    shutil.rmtree(home / "jobs" / "RETAIL" / gone)
    assert {item["def"]["id"] for item in project(dss).list_jobs()} == listed - {gone}
    runs = [run.id for run in project(dss).get_scenario("HOURLY_STOCK").get_last_runs(limit=5000)]
    shutil.rmtree(home / "scenarios" / "RETAIL" / "HOURLY_STOCK" / runs[-1])
    assert [run.id for run in project(dss).get_scenario("HOURLY_STOCK").get_last_runs(limit=5000)] == runs[:-1]


REACHED = [
    ("macros", False, True),
    ("macros", True, False),
    ("all", True, True),
    ("all", False, True),
    ("none", False, False),
]


@pytest.mark.parametrize(("open_to", "impersonate", "reached"), REACHED)
def test_who_reaches_the_data_directory(
    dss: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_to: str, impersonate: bool, reached: bool
) -> None:
    macro = tmp_path / "mine" / "python-runnables" / "look"
    macro.mkdir(parents=True)
    meta = {"label": "L", "description": ""}
    (tmp_path / "mine" / "plugin.json").write_text(json.dumps({"id": "mine", "version": "1", "meta": meta}))
    descriptor = {"meta": meta, "resultType": "JSON_OBJECT", "params": [], "impersonate": impersonate}
    (macro / "runnable.json").write_text(json.dumps(descriptor))
    (macro / "runnable.py").write_text(
        dedent("""
        import os
        from dataiku.runnables import Runnable
        class Look(Runnable):
            def run(self, progress_callback):
                home = os.environ.get("DIP_HOME")
                return {"jobs": len(os.listdir(home + "/jobs/RETAIL")) if home else None}
        """)
    )
    monkeypatch.setattr(dss.instance, "plugins", host.discover(tmp_path / "mine"))
    monkeypatch.setattr(dss.instance, "data_dir_open_to", open_to)
    content, _ = host.run_macro(dss.instance, "RETAIL", "admin", "pyrunnable_mine_look", {})
    found = json.loads(content)["jobs"]
    assert (found is not None and found > 1000) if reached else found is None


def test_an_instance_that_nobody_closes_leaves_nothing_behind() -> None:
    instance = open_instance("healthy", plugins=[])
    left = disk.home(instance)
    assert left.is_dir()
    del instance
    gc.collect()
    assert not left.exists()


def test_a_large_project_has_a_folder_for_each_of_its_jobs() -> None:
    with localdss.serve(story=None, sample=False, plugins=[]) as dss:
        made = big.project("SCALE", datasets=40, scenarios=4)
        dss.instance.add(made)
        big.jobs(dss.instance, made, 300)
        folders = sorted(path.name for path in (disk.home(dss.instance) / "jobs" / "SCALE").iterdir())
        listed = dataikuapi.DSSClient(dss.url, "admin").get_project("SCALE").list_jobs()
    assert folders == sorted(item["def"]["id"] for item in listed)
    assert len(listed) == 300
    assert {item["state"] for item in listed} == {"DONE", "FAILED"}


def test_each_job_of_a_large_project_leaves_its_log_the_project_as_it_was_and_a_log_for_each_activity() -> None:
    with localdss.serve(story=None, sample=False, plugins=[]) as dss:
        made = big.project("SCALE", datasets=40, scenarios=4)
        dss.instance.add(made)
        big.jobs(dss.instance, made, 20)
        folders = list((disk.home(dss.instance) / "jobs" / "SCALE").iterdir())
        files = {folder.name: [path for path in folder.rglob("*") if path.is_file()] for folder in folders}
        dated = {path.stat().st_mtime for folder in folders for path in (folder, *folder.rglob("*"))}
    assert {len(each) for each in files.values()} == {5}
    for each in files.values():
        assert sorted(path.name for path in each) == ["activity.log"] * 3 + ["output.log", "project-snapshot.zip"]
    assert len(dated) == 20, "a job's folder is as old as the job, with all that lies in it"


@pytest.mark.dss("13.3")
def test_what_is_left_over_can_be_listed_and_taken_away_by_the_client() -> None:
    with localdss.serve(story="cluttered", plugins=[]) as dss:
        retail = project(dss)
        model = retail.get_saved_model("mCh7rnQ2")
        first = model.list_versions()[0]["id"]
        model.set_active_version(first)
        assert model.get_active_version()["id"] == first
        bundles = [bundle["bundleId"] for bundle in retail.list_imported_bundles()["bundles"]]
        retail.delete_imported_bundle(min(bundles))
        assert min(bundles) not in [bundle["bundleId"] for bundle in retail.list_imported_bundles()["bundles"]]
        with pytest.raises(DataikuException, match="active bundle"):
            retail.delete_imported_bundle(max(bundles))
        notebook = retail.get_jupyter_notebook("churn exploration")
        assert "basket_sample" in notebook.get_content().get_cells()[0]["source"][0]
        (session,) = notebook.get_sessions()
        notebook.unload(session["sessionId"])
        assert notebook.get_sessions() == []
        (activity,) = retail.list_continuous_activities()
        assert activity.get_status()["desiredState"] == "STARTED"
        activity.stop()
        assert activity.get_status()["mainLoopState"]["futureInfo"]["alive"] is False
        (sql,) = retail.list_sql_notebooks()
        assert "sales_mart" in sql.to_notebook().get_content().cells[0]["code"]


def test_a_story_told_again_takes_no_more_room_than_the_first_time() -> None:
    for _ in range(2):
        opened = open_instance("cluttered", datetime(2025, 10, 14, 5, 12, tzinfo=timezone.utc), plugins=())
        file = opened.folder_path("RETAIL", "oLdMaps1") / "old.csv"
        assert file.stat().st_size == 212_000_000
        assert file.stat().st_blocks * 512 < 1_000_000
        opened.close()
