"""The macro clean-up on a project that nobody has cleaned up for months: what is gone, and byte for byte what is not."""

from __future__ import annotations

import copy
import csv
import errno
import hashlib
import io
import json
import os
import re
import shutil
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Optional

import dataikuapi
import pytest
from dataikuapi.utils import DataikuException
from pytest_mock import MockerFixture

import localdss
from localdss import disk
from localdss.server import Server
from opsguide.dss import plans, store
from opsguide.errors import DssDenied, InvalidParameter, NotAccepted
from opsguide.model.cleanup import GROUP, QUARANTINE_TAG, Plan, Report
from opsguide.render.cleanup import report as as_html
from opsguide.render.urls import Urls
from opsguide.service import clean_up
from opsguide.settings import Settings
from tests.readings import clients

TYPE = "pyrunnable_operations-guide_clean-up"
AT = datetime(2026, 11, 23, 7, 12, tzinfo=timezone.utc)
SMALL = 64 * 1024


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with localdss.serve(story="cluttered", at=AT) as server:
        for project in server.instance.projects.values():  # a part of the past, so that each test starts soon
            project.jobs[:] = project.jobs[::30]
            for runs in project.runs.values():
                runs[:] = runs[::20]
        yield server


@pytest.fixture
def dss(served: Server) -> Iterator[Server]:
    """The same clutter, on the same day, for each test."""
    instance = served.instance
    projects, notebooks = copy.deepcopy(instance.projects), copy.deepcopy(instance.notebooks)
    instance.clock.set(AT)
    disk.home(instance)
    yield served
    served.faults.clear()
    instance.projects.clear()
    instance.projects.update(projects)
    instance.notebooks[:] = notebooks
    for each in instance.data_dir.iterdir():
        shutil.rmtree(each)
    instance.laid_out = False


def only(*groups: str, **more: Any) -> dict[str, Any]:
    """The macro's parameters with some groups alone."""
    return {**{name: name in groups for name in GROUP}, "create_state_folder": True, **more}


def run(dss: Server, params: dict[str, Any], login: str = "admin", home: bool = True, **more: Any) -> Report:
    seen = dss.instance.data_dir if home else None
    return clean_up(clients(dss, login), "RETAIL", params, Settings(), home=seen, **more)


def execute(dss: Server, planned: Report, **more: Any) -> Report:
    wanted = {"mode": "EXECUTE", "plan_id": planned.plan.id, "delete_log_files": planned.plan.options.log_files}
    return run(dss, wanted, **more)


def hosted(dss: Server, params: dict[str, Any], login: str = "admin", admin: Optional[dict[str, Any]] = None) -> str:
    macro = dataikuapi.DSSClient(dss.url, login).get_project("RETAIL").get_macro(TYPE)
    return str(macro.get_result(macro.run(params=params, admin_params=admin), as_type=None).read().decode())


def state_of(dss: Server) -> store.Store:
    return store.find(clients(dss), "RETAIL")  # type: ignore[return-value]


def tree(dss: Server) -> dict[str, tuple[Any, ...]]:
    """Every file and link of the data directory but those of the state folder: size, time, and what small ones hold."""
    home, found = dss.instance.data_dir, {}
    own = state_of(dss).folder_id if state_of(dss) else "-"
    for here, folders, files in os.walk(home):
        for name in (*files, *(each for each in folders if os.path.islink(f"{here}/{each}"))):
            path = f"{here}/{name}"
            told = os.lstat(path)
            if f"/{own}/" not in path:
                content = Path(path).read_bytes() if told.st_size < SMALL and not os.path.islink(path) else b""
                found[path[len(str(home)) + 1 :]] = (
                    told.st_size,
                    told.st_mtime_ns,
                    hashlib.sha256(content).hexdigest(),
                )
    return found


def outcomes(found: Report) -> dict[str, tuple[str, str]]:
    assert found.execution is not None
    return {receipt.id: (receipt.outcome, receipt.text) for receipt in found.execution.receipts}


# --- what is gone and what is not -------------------------------------------------------------------------------------


def test_a_plan_changes_nothing_but_the_state_folder(dss: Server) -> None:
    state = store.create(clients(dss), "RETAIL")
    before = tree(dss)
    settings = json.dumps(dss.instance.projects["RETAIL"].datasets, sort_keys=True)
    dss.requests.clear()
    text = hosted(dss, {})
    assert tree(dss) == before
    assert json.dumps(dss.instance.projects["RETAIL"].datasets, sort_keys=True) == settings
    plan_id = re.search(r"\d{8}T\d{6}Z-[0-9a-f]{8}", text).group()  # type: ignore[union-attr]
    names = {f"/plans/{plan_id}.json", f"/plans/{plan_id}.csv", f"/plans/log-debt/{plan_id}.json"}
    assert {file.path for file in state.files()} == names
    written = [each.path for each in dss.requests.writes() if "/runnables/" not in each.path]
    assert {path.partition("/contents/")[0][-len(state.folder_id) :] for path in written} == {state.folder_id}
    rows = list(csv.DictReader(io.StringIO(state.clients.get_bytes(state._of(f"/plans/{plan_id}.csv")).decode())))
    assert {row["group"] for row in rows} >= {"job_logs", "scenario_logs", "datasets", "folders", "notebook_sessions"}


def test_what_is_executed_is_gone_and_everything_else_is_as_it_was(dss: Server) -> None:
    home = dss.instance.data_dir
    for name in ("tmp/x", "caches/y", "databases/jobs.mv.db", "config/users.json", "jobs/SUPPLY/canary/output.log"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(f"never touched: {name}")
        os.utime(home / name, (0, 0))
    planned = run(dss, only("job_logs", "scenario_logs", older_than_days=50, keep_last=2, delete_log_files=True))
    going = {(c.thing.group, c.thing.id) for c in planned.plan.going}
    assert 8 < len(going) < 60, "a part of the logs, so that there is something to spare"
    before = tree(dss)
    done = execute(dss, planned)
    assert done.execution.count("done") == len(going)  # type: ignore[union-attr]
    kinds = {"job_logs": "jobs/RETAIL", "scenario_logs": "scenarios/RETAIL"}
    gone = tuple(f"{kinds[group]}/{name}/" for group, name in going)
    assert tree(dss) == {path: told for path, told in before.items() if not path.startswith(gone)}
    listed = {job["def"]["id"] for job in dataikuapi.DSSClient(dss.url, "admin").get_project("RETAIL").list_jobs()}
    assert not listed & {name for _, name in going}


def test_without_files_dss_does_it_by_its_own_macros_and_takes_nothing_that_stays(dss: Server) -> None:
    """Nothing is kept for its own sake here, so that age alone decides, as the macros need it."""
    rules = {"keep_last": 0, "keep_last_success": False, "failures_days": 0, "older_than_days": 50}
    planned = run(dss, only("job_logs", **rules), login="olivia", home=False)
    before = tree(dss)
    dss.requests.clear()
    done = execute(dss, planned, login="olivia", home=False)
    assert set(outcomes(done).values()) == {("done", "by DSS's macro clear-job-logs, age 50")}
    asked = [json.loads(each.body) for each in dss.requests.writes() if each.path.endswith("clear-job-logs")]
    assert [body["params"] for body in asked] == [
        {"age": 50, "performDeletion": False},
        {"age": 50, "performDeletion": True},
    ], "rehearsed, then done, with every parameter"
    assert all(body["adminParams"] == {"allProjects": False} for body in asked)
    gone = tuple(f"jobs/RETAIL/{c.thing.id}/" for c in planned.plan.going if c.thing.group == "job_logs")
    assert tree(dss) == {path: told for path, told in before.items() if not path.startswith(gone)}


def test_what_a_macro_cannot_spare_is_left_and_said_in_the_plan(dss: Server) -> None:
    planned = run(dss, only("job_logs"), login="olivia")
    spared = [c for c in planned.plan.candidates if any("by age alone" in reason for reason in c.protected_by)]
    assert spared
    oldest = min(c.thing.at for c in planned.plan.candidates if not c.goes)
    assert all(c.thing.at < oldest for c in planned.plan.going)
    assert all(outcome == "done" for outcome, _ in outcomes(execute(dss, planned, login="olivia")).values())


@pytest.mark.parametrize("group", ["model_versions", "notebook_sessions"])
def test_other_things_go_by_name(dss: Server, group: str) -> None:
    planned = run(dss, only(group, keep_versions=1))
    done = execute(dss, planned)
    assert planned.plan.going
    assert {outcome for outcome, _ in outcomes(done).values()} == {"done"}
    again = run(dss, only(group, keep_versions=1))
    assert again.plan.going == ()
    assert {c.thing.id for c in again.plan.candidates if c.thing.live} == {
        c.thing.id for c in planned.plan.candidates if c.thing.live
    }, "the active version and the busy kernel stay"


def test_a_group_asked_for_alone_finds_what_it_finds_among_all(dss: Server) -> None:
    """Of fewer groups less is read; what is said of them is the same."""
    dss.instance.clock.stop(AT)
    asked: dict[str, Any] = {"create_state_folder": False, "unused_days": 7, "idle_hours": 1, "older_than_days": 20}

    def said(planned: Plan, group: str) -> tuple[Any, ...]:
        found = [c for c in planned.candidates if c.thing.group == group]
        things = [(c.thing.id, c.thing.size, c.action, c.reason, c.protected_by) for c in found]
        return things, [gap for gap in planned.gaps if gap.group == group]

    whole = run(dss, {**only(*GROUP), **asked}).plan
    shown = {candidate.thing.group for candidate in whole.candidates} | {gap.group for gap in whole.gaps}
    assert GROUP.keys() - shown == {"webapp_backends"}, "nothing of the sample runs one"
    for group in GROUP:
        alone = run(dss, {**only(group), **asked}).plan
        assert said(alone, group) == said(whole, group)
        assert {total.group for total in alone.sums} == {group}
        assert {each.thing.group for each in alone.candidates} <= {group}


# --- use, quarantine and release --------------------------------------------------------------------------------------


def candidates(found: Report) -> dict[str, Any]:
    return {candidate.thing.id: candidate for candidate in found.plan.candidates}


@pytest.mark.dss("13.3")
def test_each_sign_of_use_is_shown_and_a_possible_one_protects(dss: Server) -> None:
    found = candidates(run(dss, only("datasets", "folders", "temporary_datasets")))
    assert found["old_price_list"].goes
    names = [signal.name for signal in found["old_price_list"].thing.signals]
    assert names == [
        *("recipe", "scenario step", "model", "dashboard", "insight", "web app", "notebook", "variables"),
        *("exposed or shared", "built or read"),
    ]
    assert found["basket_sample"].protected_by[0].startswith("possible use: notebook: notebook churn exploration")
    assert "it is tagged “keep”" in found["prices_2023"].protected_by
    assert not {"sales_mart", "orders"} & set(found), "what recipes read or write is no candidate at all"
    overruled = candidates(run(dss, only("datasets", include=["basket_sample"])))
    assert overruled["basket_sample"].goes, "whoever names it has looked"


@pytest.mark.dss("13.3")
def test_a_dataset_is_tagged_waits_and_only_then_goes(dss: Server) -> None:
    state = store.create(clients(dss), "RETAIL")
    asked = only("datasets", "folders", quarantine_days=30)
    done = execute(dss, run(dss, asked))
    assert outcomes(done)["old_price_list"][0] == outcomes(done)["oLdMaps1"][0] == "done"
    retail = dss.instance.projects["RETAIL"]
    assert retail.datasets["old_price_list"]["tags"] == [f"{QUARANTINE_TAG}2026-12-23"]
    kept = next(f.path for f in state.files("/quarantine/DATASET/old_price_list/") if f.path.endswith("-settings.json"))
    assert state.document(kept)["params"]["path"] == "${projectKey}/old_price_list"

    waiting = candidates(run(dss, asked))["old_price_list"]
    assert waiting.protected_by == ("in quarantine until 2026-12-23",)
    dss.instance.clock.advance(31 * 86_400)
    late = run(dss, asked)
    assert candidates(late)["old_price_list"].action == "delete"
    execute(dss, late)
    assert "old_price_list" not in retail.datasets
    assert "oLdMaps1" not in retail.folders
    assert "prices_2023" in retail.datasets


@pytest.mark.parametrize("how", ["used", "changed", "tagged by hand"])
@pytest.mark.dss("13.3")
def test_any_use_ends_the_quarantine(dss: Server, how: str) -> None:
    asked = only("datasets")
    retail = dss.instance.projects["RETAIL"]
    if how == "tagged by hand":
        retail.datasets["old_price_list"]["tags"] = [f"{QUARANTINE_TAG}2026-01-01"]
        found = candidates(run(dss, asked))["old_price_list"]
        assert (found.action, found.goes) == ("quarantine", True), "a tag alone deletes nothing"
        return
    execute(dss, run(dss, asked))
    dss.instance.clock.advance(31 * 86_400)
    project = dataikuapi.DSSClient(dss.url, "olivia").get_project("RETAIL")
    if how == "used":
        project.set_variables({"standard": {"prices": "old_price_list"}, "local": {}})
    else:
        settings = project.get_dataset("old_price_list").get_settings()
        settings.get_raw()["description"] = "needed in January"
        settings.save()
    planned = run(dss, asked)
    assert candidates(planned)["old_price_list"].action == "release"
    execute(dss, planned)
    assert retail.datasets["old_price_list"]["tags"] == []


# --- what changed since the plan --------------------------------------------------------------------------------------


def test_what_changed_since_the_plan_is_left_out_and_named(dss: Server) -> None:
    planned = run(
        dss, only("datasets", "temporary_datasets", include=["old_price_list", "tmp_join_test", "basket_sample"])
    )
    assert len(planned.plan.going) == 3
    project = dataikuapi.DSSClient(dss.url, "olivia").get_project("RETAIL")
    keep = project.get_dataset("old_price_list").get_settings()
    keep.get_raw()["tags"] = ["keep"]
    keep.save()
    project.set_variables({"standard": {"t": "tmp_join_test"}, "local": {}})
    project.get_dataset("basket_sample").delete()
    told = outcomes(execute(dss, planned))
    assert told["old_price_list"] == ("left", "since the plan: it is tagged “keep”; it is younger than 90 days")
    assert told["tmp_join_test"][0] == "left"
    assert "variables" in told["tmp_join_test"][1]
    assert told["basket_sample"] == ("gone", "it is not there any more")


@pytest.mark.parametrize(
    ("plan_id", "said"),
    [
        ("", "There is no plan “”"),
        ("../../x", "There is no plan"),
        ("20260101T000000Z-00000000", "There is no plan"),
    ],
)
def test_only_a_plan_that_is_kept_is_executed(dss: Server, plan_id: str, said: str) -> None:
    store.create(clients(dss), "RETAIL")
    with pytest.raises(InvalidParameter, match=re.escape(said)):
        run(dss, {"mode": "EXECUTE", "plan_id": plan_id})


def test_without_the_state_folder_there_is_a_plan_only(dss: Server) -> None:
    planned = run(dss, {**only("datasets"), "create_state_folder": False})
    assert planned.plan.id == planned.kept_at == ""
    assert "no state folder" in planned.notes[0]
    assert "“Create the state folder”" in as_html(planned, Urls("", "RETAIL"))
    with pytest.raises(NotAccepted, match="no state folder"):
        run(dss, {"mode": "EXECUTE", "plan_id": "20260101T000000Z-00000000"})


def test_a_clock_that_goes_back_stops_it(dss: Server) -> None:
    planned = run(dss, only("notebook_sessions"))
    dss.instance.clock.advance(-3600)
    with pytest.raises(NotAccepted, match=r"The plan is (1 h|59 min) ahead of the clock"):
        execute(dss, planned)


# --- failures, crowds and interruptions -------------------------------------------------------------------------------


def test_one_failure_never_stops_the_rest(dss: Server) -> None:
    planned = run(dss, only("job_logs", older_than_days=45, keep_last=0, delete_log_files=True))
    first, *others = (candidate.thing.id for candidate in planned.plan.going)
    dss.faults.status("GET", "/projects/RETAIL/runnables/*clear-job-logs", 500)
    deep = dss.instance.data_dir / "jobs" / "RETAIL" / first
    deep.joinpath(*["d"] * 60).mkdir(parents=True)
    os.utime(deep, (0, 0))
    told = outcomes(execute(dss, planned))
    assert told[first][0] == "failed"
    assert "nested deeper" in told[first][1]
    assert {told[other] for other in others} == {("done", "its folder in the data directory")}
    assert deep.is_dir()


@pytest.mark.dss("13.3")
def test_of_several_groups_each_has_a_failure_and_the_rest_goes(dss: Server) -> None:
    groups = ("job_logs", "scenario_logs", "model_versions", "datasets", "folders", "temporary_datasets")
    ages = {"older_than_days": 45, "keep_last": 0, "keep_versions": 1, "idle_hours": 1}
    asked = only(*groups, "notebook_sessions", **ages, include=["*", "basket_sample"], delete_log_files=True)
    planned = run(dss, asked)
    going: dict[str, list[str]] = {}
    for candidate in planned.plan.going:
        going.setdefault(candidate.thing.group, []).append(candidate.thing.id)
    assert going.keys() == {*groups, "notebook_sessions"}
    for group, kind in (("job_logs", "jobs"), ("scenario_logs", "scenarios")):
        (dss.instance.data_dir / kind / "RETAIL" / going[group][0]).joinpath(*["d"] * 60).mkdir(parents=True)
    root = "/projects/RETAIL"
    dss.faults.status("GET", f"{root}/runnables/*", 500)  # so that each goes by itself
    dss.faults.status("POST", f"{root}/savedmodels/*/actions/delete-versions", 403, times=1)
    dss.faults.status("PUT", f"{root}/datasets/old_price_list", 500)
    dss.faults.rewrite("PUT", f"{root}/datasets/tmp_join_test", lambda sent: {**sent, "tags": []})
    dss.faults.lose("PUT", f"{root}/managedfolders/oLdMaps1")
    dss.faults.html("DELETE", f"{root}/jupyter-notebooks/*", 502, times=1)
    done = execute(dss, planned)
    told = {(r.group, r.id): (r.outcome, r.text) for r in done.execution.receipts}  # type: ignore[union-attr]
    assert told.keys() == {(group, each) for group, ids in going.items() for each in ids}
    failed = {group: text for (group, _), (outcome, text) in told.items() if outcome == "failed"}
    assert failed == {
        "job_logs": "folders are nested deeper than 40",
        "scenario_logs": "folders are nested deeper than 40",
        "model_versions": "Out of order",
        "datasets": "Out of order",
        "temporary_datasets": "DSS took the tag but did not keep it",
        "folders": "no connection to DSS: it may have happened, the next plan tells",
        "notebook_sessions": "HTTP 502",
    }
    assert sorted(outcome for outcome, _ in told.values()) == ["done"] * (len(told) - 7) + ["failed"] * 7
    assert told["datasets", "basket_sample"][0] == "done"


def test_what_may_not_be_deleted_half_way_is_told_and_done_once_it_may(dss: Server, mocker: MockerFixture) -> None:
    """The system refuses a file after another of the same folder went, a folder that is empty by now, and to look inside."""
    planned = run(dss, only("job_logs", older_than_days=45, keep_last=0, delete_log_files=True))
    dss.faults.status("GET", "/projects/RETAIL/runnables/*clear-job-logs", 500)  # so that files are deleted from here
    half, emptied, shut, *others = (candidate.thing.id for candidate in planned.plan.going)
    jobs = dss.instance.data_dir / "jobs" / "RETAIL"
    before = {each.name for each in (jobs / half).iterdir()}
    assert len(before) > 1
    assert others
    went: list[str] = []
    unlink, rmdir, opened = os.unlink, os.rmdir, os.open

    def refused(name: str) -> PermissionError:
        return PermissionError(errno.EACCES, os.strerror(errno.EACCES), name)

    def unlink_one(name: str, *, dir_fd: Optional[int] = None) -> None:
        if dir_fd is not None and os.path.samestat(os.fstat(dir_fd), os.stat(jobs / half)):
            if went:
                raise refused(name)
            went.append(name)
        unlink(name, dir_fd=dir_fd)

    def rmdir_others(name: str, *, dir_fd: Optional[int] = None) -> None:
        if name == emptied:
            raise refused(name)
        rmdir(name, dir_fd=dir_fd)

    def open_others(name: Any, flags: int, mode: int = 0o777, *, dir_fd: Optional[int] = None) -> int:
        if name == shut:
            raise refused(name)
        return opened(name, flags, mode, dir_fd=dir_fd)

    mocker.patch("os.unlink", unlink_one)
    mocker.patch("os.rmdir", rmdir_others)
    mocker.patch("os.open", open_others)
    told = outcomes(execute(dss, planned))
    mocker.stopall()
    assert {told[each][0] for each in (half, emptied, shut)} == {"failed"}
    assert all("Permission denied" in told[each][1] for each in (half, emptied, shut))
    assert {told[each] for each in others} == {("done", "its folder in the data directory")}
    assert {each.name for each in (jobs / half).iterdir()} == before - set(went)
    assert list((jobs / emptied).iterdir()) == []
    assert list((jobs / shut).iterdir())
    again = outcomes(execute(dss, planned))
    assert again == dict.fromkeys((half, emptied, shut), ("done", "its folder in the data directory"))
    assert not {half, emptied, shut} & set(os.listdir(jobs))


def test_links_and_odd_names_lead_nowhere(dss: Server, tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("outside")
    jobs = dss.instance.data_dir / "jobs" / "RETAIL"
    planned = run(dss, only("job_logs", older_than_days=45, keep_last=0, delete_log_files=True))
    first, second, *_ = (candidate.thing.id for candidate in planned.plan.going)
    (jobs / first / "link").symlink_to(tmp_path, target_is_directory=True)
    (jobs / first / "file").symlink_to(tmp_path / "precious.txt")
    (jobs / "..job").mkdir()
    (jobs / "old-link").symlink_to(tmp_path, target_is_directory=True)
    for path in (jobs / first, jobs / "..job"):
        os.utime(path, (0, 0))
    (jobs / second).rename(jobs / "aside")
    (jobs / second).symlink_to(tmp_path, target_is_directory=True)
    told = outcomes(execute(dss, planned))
    assert told[first][0] == "done"
    assert told[second][0] != "done"
    assert (tmp_path / "precious.txt").read_text() == "outside"
    assert (jobs / "old-link").is_symlink()


def test_of_two_clean_ups_at_once_one_is_refused(dss: Server) -> None:
    planned = run(dss, only("notebook_sessions", "datasets"))
    ended: list[str] = []

    def go() -> None:
        try:
            execute(dss, planned)
            ended.append("done")
        except NotAccepted:
            ended.append("refused")

    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(ended) == ["done", "refused"]


class Killed(BaseException):
    """As if the process had died: nothing after it runs."""


def test_a_killed_run_continues_where_it_was(dss: Server) -> None:
    planned = run(dss, only("job_logs", older_than_days=1, keep_last=0, delete_log_files=True))
    total = len(planned.plan.going)
    assert total > 25

    def die(percent: int) -> None:
        if percent >= 80:
            raise Killed

    with pytest.raises(Killed):
        execute(dss, planned, progress=die)
    with pytest.raises(NotAccepted, match="under way"):
        execute(dss, planned)
    dss.instance.clock.advance(plans.GIVEN_UP.total_seconds() + 60)
    done = execute(dss, planned)
    assert done.execution.continued  # type: ignore[union-attr]
    state = state_of(dss)
    receipts = plans.receipts(state, state.files(), planned.plan.id)
    assert len({receipt.id for receipt in receipts}) == len(receipts) == total, "each thing has one receipt"
    assert {receipt.outcome for receipt in receipts} <= {"done", "gone"}
    assert sum(receipt.outcome == "gone" for receipt in receipts) < plans.RECEIPTS_A_FILE


# --- who may ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["all_projects", "delete_log_files"])
def test_what_takes_an_administrator_of_the_instance_is_refused_to_others(dss: Server, name: str) -> None:
    """DSS drops administrators' parameters of others; sent among the ordinary ones they reach the code."""
    with pytest.raises(DataikuException, match="administrator of the instance"):
        hosted(dss, {**only("notebook_sessions"), name: True}, login="olivia")
    assert "RETAIL" in hosted(dss, only("notebook_sessions"), login="olivia", admin={name: True})


def test_who_does_not_administer_the_project_may_not_even_plan(dss: Server) -> None:
    with pytest.raises(DssDenied, match="administrator of the project"):
        run(dss, only("datasets"), login="priya")
    with pytest.raises(DataikuException):
        hosted(dss, only("datasets"), login="priya")


def test_an_administrator_cleans_all_projects(dss: Server) -> None:
    planned = run(dss, only("notebook_sessions", "exports", "bundles", all_projects=True))
    assert set(planned.plan.projects) == set(dss.instance.projects)
    assert {c.thing.id for c in planned.plan.going if c.thing.group == "exports"} == {
        "dataset-sales_mart-csv-1",
        "dataset-customer_360-xlsx-2",
    }
    with pytest.raises(NotAccepted, match="other projects"):
        execute(dss, planned, login="olivia")
    done = run(dss, {"mode": "EXECUTE", "plan_id": planned.plan.id, "all_projects": True})
    assert outcomes(done)["dataset-sales_mart-csv-1"][0] == "done"
    assert sorted(os.listdir(dss.instance.data_dir / "exports")) == ["dashboard-store-kpis-pdf-3"]


def test_a_second_that_dss_tells_twice_makes_nothing_too_young(dss: Server) -> None:
    """DSS tells whole seconds: each answer may set the clock back by a part of one, here between looking and judging."""
    dss.instance.clock.stop(AT)
    caller = clients(dss)

    def hear_an_earlier_second(percent: int) -> None:
        if percent == 90:
            dss.instance.clock.stop(AT - timedelta(seconds=1))
            caller.get_items("/projects/")

    asked = only("exports", all_projects=True)
    planned = clean_up(caller, "RETAIL", asked, Settings(), hear_an_earlier_second)
    assert len(planned.plan.going) == 2


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"mode": "DELETE"}, "it can be PLAN, EXECUTE, SCHEDULED, SCENARIO"),
        ({"older_than_days": 0}, "a whole number from 1 to 3,650"),
        ({"keep_versions": "many"}, "a whole number from 1"),
        ({"keep_versions": 2.5}, "a whole number from 1"),
        ({"keep_versions": 10**400}, "a whole number from 1"),
        ({"exclude": "sales*"}, "is a list of names"),
    ],
)
def test_a_parameter_out_of_range_is_refused(dss: Server, params: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidParameter, match=re.escape(said)):
        run(dss, params)


# --- schedules --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "days", "executed"), [("olivia", 1, True), ("olivia", 8, False), ("priya", 1, False), (None, 0, False)]
)
def test_a_schedule_executes_what_an_administrator_approved_lately_and_else_plans(
    dss: Server, by: Optional[str], days: int, executed: bool
) -> None:
    planned = run(dss, only("notebook_sessions"))
    state = state_of(dss)
    if by is not None:
        state.append(store.event(planned.plan.made_at, "approval", by, f"plan:{planned.plan.id}"))
    dss.instance.clock.advance(days * 86_400 + 60)
    found = run(dss, {**only("notebook_sessions"), "mode": "SCHEDULED"})
    assert (found.execution is not None) is executed
    assert executed or any("approved" in note for note in found.notes)
    if executed:
        again = run(dss, {**only("notebook_sessions"), "mode": "SCHEDULED"})
        assert again.execution is None, "once"


def test_the_suggested_scenario_is_inactive_and_made_once(dss: Server) -> None:
    asked = {**only("notebook_sessions"), "mode": "SCENARIO"}
    first, second = run(dss, asked), run(dss, asked)
    assert "inactive" in first.notes[-1]
    assert "already" in second.notes[-1]
    made = [s for s in dss.instance.projects["RETAIL"].scenarios.values() if s.get("name") == "Clean-up (monthly)"]
    assert [scenario["active"] for scenario in made] == [False]
    step = made[0]["params"]["steps"][0]
    assert step["params"]["runnableType"] == TYPE
    assert step["params"]["config"] == {"mode": "SCHEDULED"}


def test_rows_that_a_spreadsheet_would_run_are_made_harmless(dss: Server) -> None:
    from opsguide.model.cleanup import Receipt
    from opsguide.render.cleanup import receipts_csv

    evil = Receipt("datasets", "P", "=HYPERLINK(1)", "\t@x", "delete", "failed", '+1,"a"', -1)
    row = next(csv.DictReader(io.StringIO(receipts_csv([evil]).decode())))
    assert (row["id"], row["name"], row["text"], row["bytes"]) == ("'=HYPERLINK(1)", "'\t@x", '\'+1,"a"', "-1")
