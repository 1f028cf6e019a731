"""The local DSS lives: runs and jobs take time, write logs, change builds, metrics and results, and can be aborted."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import dataikuapi
import pytest
import requests
from dataikuapi.utils import DataikuException

import localdss
from localdss import live
from tests.waiting import until

AT = datetime(2025, 10, 14, 5, 12, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def server():
    with localdss.serve(story="healthy", at=AT) as started:
        yield started


@pytest.fixture
def dss(server):
    """The same server for every test, put back to what matters to the others."""
    instance = server.instance
    instance.speed = 10_000
    scenarios = dict(instance.projects["RETAIL"].scenarios)
    variables = dict(instance.projects["RETAIL"].variables)
    yield server
    for work in list(instance.works.values()):
        work.abort()
    until(lambda: not instance.works)
    instance.broken.clear()
    instance.sent.clear()
    instance.projects["RETAIL"].scenarios = scenarios
    instance.projects["RETAIL"].variables = variables
    instance.projects["RETAIL"].runs = {
        key: runs for key, runs in instance.projects["RETAIL"].runs.items() if key in scenarios
    }


@pytest.fixture
def retail(dss):
    return dataikuapi.DSSClient(dss.url, "admin").get_project("RETAIL")


def finished(job):
    until(lambda: job.get_status()["baseStatus"]["state"] != "RUNNING")
    return job.get_status()["baseStatus"]


def make(dss, scenario_id, steps, **more):
    """A scenario with these steps, in the sample project."""
    raw = {"type": "step_based", "name": scenario_id, "active": True, "params": {"steps": steps}, "triggers": []}
    dss.instance.projects["RETAIL"].scenarios[scenario_id] = {**raw, "runAsUser": "svc_retail", **more}


def step(kind, name="step", **params):
    return {"id": name, "type": kind, "name": name, "params": params}


# --- scenarios ------------------------------------------------------------------------------------------------------


def test_a_fire_is_not_the_run(dss, retail):
    scenario = retail.get_scenario("SQL_WATCH")
    fire = scenario.run()
    assert fire.get_scenario_run() is None  # always once
    run = fire.wait_for_scenario_run()
    assert run.id != fire.run_id
    assert run.get_info()["trigger"]["runId"] == fire.run_id
    assert run.get_info()["trigger"]["trigger"]["type"] == "manual"


@pytest.mark.client("13.0")
@pytest.mark.dss("13.3")
def test_a_running_scenario_says_so_and_then_how_it_went(dss, retail):
    make(dss, "SLOW", [step("set_up_cluster", "first"), step("set_up_cluster", "second")])
    dss.instance.speed = 10
    scenario = retail.get_scenario("SLOW")
    run = scenario.run().wait_for_scenario_run()
    run.refresh()
    assert run.running
    assert run.get_info()["end"] == 0
    assert scenario.get_status().running
    assert "result" not in run.get_details()["stepRuns"][-1]
    assert "SLOW" in {item["id"] for item in retail.list_scenarios() if item["running"]}
    with pytest.raises(ValueError, match="outcome"):
        assert run.outcome
    until(lambda: not scenario.get_status().running)
    run.refresh()
    assert (run.outcome, len(run.get_details()["stepRuns"])) == ("SUCCESS", 2)
    assert "Step second" in run.get_log()


def test_a_second_fire_while_it_runs_is_squashed(dss, retail):
    make(dss, "SLOW", [step("set_up_cluster")])
    dss.instance.speed = 5
    scenario = retail.get_scenario("SLOW")
    scenario.run()
    second = scenario.run()
    assert second.is_cancelled()
    assert second.is_cancelled(refresh=True)
    assert len(scenario.get_last_runs()) == 1


def test_abort(dss, retail):
    make(dss, "SLOW", [step("set_up_cluster"), step("set_up_cluster")])
    dss.instance.speed = 1
    scenario = retail.get_scenario("SLOW")
    run = scenario.run().wait_for_scenario_run()
    scenario.abort()
    until(lambda: not scenario.get_status().running)
    run.refresh()
    assert run.outcome == "ABORTED"
    scenario.abort()  # nothing happens to an idle one


def test_a_failed_job_fails_its_step_and_later_steps_do_not_run(dss, retail):
    dss.instance.broken["RETAIL", "group_sales_mart"] = "connection refused"
    make(
        dss,
        "BUILD",
        [
            step(
                "build_flowitem",
                "build",
                builds=[{"type": "DATASET", "itemId": "sales_mart"}],
                jobType="NON_RECURSIVE_FORCED_BUILD",
            ),
            step("set_up_cluster", "never"),
            {**step("set_up_cluster", "always"), "runConditionType": "RUN_ALWAYS"},
            {**step("set_up_cluster", "off"), "runConditionType": "DISABLED"},
        ],
    )
    run = retail.get_scenario("BUILD").run_and_wait(no_fail=True)
    details = run.get_details()
    assert [each["step"]["name"] for each in details["stepRuns"]] == ["build", "always"]
    item = details["stepRuns"][0]["additionalReportItems"][0]
    assert (item["type"], item["outcome"], item["thrown"]["message"]) == (
        "JOB_EXECUTED",
        "FAILED",
        "connection refused",
    )
    assert "connection refused" in details.first_error_details["message"]
    assert run.outcome == "FAILED"
    status = retail.get_job(item["jobId"]).get_status()["baseStatus"]
    assert next(iter(status["activities"].values()))["firstFailure"]["message"] == "connection refused"
    assert retail.get_dataset("sales_mart").get_info().is_last_build_successful is False


def test_the_failure_of_a_step_may_be_ignored(dss, retail):
    dss.instance.broken["RETAIL", "group_sales_mart"] = "connection refused"
    builds = [{"type": "DATASET", "itemId": "sales_mart"}]
    failing = step(
        "build_flowitem", "build", builds=builds, jobType="NON_RECURSIVE_FORCED_BUILD", proceedOnFailure=True
    )
    make(dss, "BUILD", [failing, step("set_up_cluster", "next")])
    run = retail.get_scenario("BUILD").run_and_wait(no_fail=True)
    assert (run.outcome, len(run.get_details()["stepRuns"])) == ("WARNING", 2)


def test_a_macro_in_a_step_runs_as_the_scenarios_user(dss, retail):
    clear = {
        "runnableType": "pyrunnable_builtin-macros_clear-job-logs",
        "config": {"age": 15, "performDeletion": False},
    }
    make(dss, "CLEAR", [step("runnable", "clear", **clear)])
    assert retail.get_scenario("CLEAR").run_and_wait(no_fail=True).outcome == "FAILED"  # svc_retail is no project admin
    make(dss, "CLEAR_AS_OWNER", [step("runnable", "clear", **clear)], runAsUser="olivia")
    assert retail.get_scenario("CLEAR_AS_OWNER").run_and_wait().outcome == "SUCCESS"


@pytest.mark.dss("13.3")
def test_python_steps_and_scripts_run(dss, retail):
    make(
        dss,
        "SCRIPTED",
        [step("custom_python", "script", script="import dataiku\nprint(dataiku.default_project_key())")],
    )
    run = retail.get_scenario("SCRIPTED").run_and_wait()
    assert "RETAIL" in run.get_log()
    make(dss, "BROKEN", [step("custom_python", "script", script="raise ValueError('no such store')")])
    run = retail.get_scenario("BROKEN").run_and_wait(no_fail=True)
    assert "no such store" in run.get_details().first_error_details["message"]


@pytest.mark.dss("12.6")
def test_rules_in_error_fail_a_check_step(dss, retail):
    impossible = {"type": "RecordCountInRangeRule", "minimum": 1e9, "minimumEnabled": True, "autoRun": False}
    retail.get_dataset("sales_mart").get_data_quality_rules().create_rule({**impossible, "displayName": "A billion"})
    items = [{"type": "DATASET", "itemId": "sales_mart"}]
    make(
        dss,
        "VERIFY",
        [step("compute_metrics", "metrics", computes=items), step("check_dataset", "verify", checks=items)],
    )
    run = retail.get_scenario("VERIFY").run_and_wait(no_fail=True)
    steps = run.get_details()["stepRuns"]
    assert [each["result"]["outcome"] for each in steps] == ["SUCCESS", "FAILED"]
    assert "A billion" in steps[1]["result"]["thrown"]["message"]


@pytest.mark.parametrize(("handled", "told"), [({}, "WARNING"), ({"handleWarningsAs": "SUCCESS"}, "SUCCESS")])
def test_a_rule_that_warns_on_build_is_told_by_the_job_the_build_and_the_run(dss, retail, handled, told):
    few = {"type": "RecordCountInRangeRule", "softMinimum": 1e9, "softMinimumEnabled": True, "displayName": "Many"}
    rule = retail.get_dataset("top_products").get_data_quality_rules().create_rule(few)
    builds = [{"type": "DATASET", "itemId": "top_products"}]
    make(
        dss, "WARNS", [step("build_flowitem", "build", builds=builds, jobType="NON_RECURSIVE_FORCED_BUILD", **handled)]
    )
    run = retail.get_scenario("WARNS").run_and_wait(no_fail=True)
    rule.delete()
    assert run.outcome == told
    executed, built = run.get_details()["stepRuns"][0]["additionalReportItems"]
    assert (executed["outcome"], built["outcome"]) == ("WARNING", "WARNING")
    item = next(each for each in retail.list_jobs() if each["def"]["id"] == executed["jobId"])
    assert (item["state"], item["warningsCount"]) == ("DONE", 1)
    assert dss.instance.projects["RETAIL"].build_history[-1]["outcome"] == "WARNING"
    assert retail.get_dataset("top_products").get_info().is_last_build_successful


def test_what_was_built_is_reported_as_what_it_is(dss, retail):
    builds = [
        {"type": "MANAGED_FOLDER", "itemId": "xP0rtF1n"},
        {"type": "DATASET", "itemId": "orders_clean", "partitionsSpec": "PREVIOUS_DAY"},
    ]
    make(dss, "BOTH", [step("build_flowitem", "build", builds=builds, jobType="NON_RECURSIVE_FORCED_BUILD")])
    run = retail.get_scenario("BOTH").run_and_wait(no_fail=True)
    executed, folder, dataset = run.get_details()["stepRuns"][0]["additionalReportItems"]
    assert (folder["type"], folder["target"]["folderId"]) == ("BUILT_MANAGED_FOLDER", "xP0rtF1n")
    yesterday = (dss.instance.clock.now() - timedelta(days=1)).date().isoformat()
    assert (dataset["type"], dataset["target"]["partition"]) == ("BUILT_DATASET", yesterday)
    outputs = retail.get_job(executed["jobId"]).get_status()["baseStatus"]["def"]["outputs"]
    assert [output.get("targetPartition") for output in outputs] == [None, yesterday]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_step_that_breaks_is_no_success(dss, retail):
    make(dss, "BREAKS", [{**step("compute_metrics", "odd"), "params": {"computes": ["no object"]}}])
    run = retail.get_scenario("BREAKS").run_and_wait(no_fail=True)
    assert run.outcome == "FAILED"
    assert run.get_details()["stepRuns"][0]["result"]["outcome"] == "FAILED"


def test_triggers_that_fire_at_once_start_one_run(dss):
    project = dss.instance.projects["RETAIL"]
    make(dss, "ONCE", [step("set_up_cluster")])
    ready = threading.Barrier(8)

    def fire(_):
        ready.wait()
        return live.fire(dss.instance, project, "ONCE", {"id": "t", "type": "temporal"})

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            fires = list(pool.map(fire, range(8)))
    finally:
        sys.setswitchinterval(before)
    assert [each["cancelled"] for each in fires].count(False) == 1
    assert len(project.runs["ONCE"]) == 1


def test_a_run_is_called_by_the_clock_of_the_server(dss, retail):
    make(dss, "NAMED", [step("set_up_cluster")])
    run = retail.get_scenario("NAMED").run_and_wait()
    assert run.id.startswith(f"{dss.instance.clock.now().astimezone(ZoneInfo('Europe/Paris')):%Y-%m-%d-%H-}")


def test_a_scenario_runs_another_and_followers_fire(dss, retail):
    make(dss, "INNER", [step("set_up_cluster")])
    make(dss, "OUTER", [step("run_scenario", scenarioId="INNER")])
    follow = {
        "id": "f",
        "type": "follow_scenariorun",
        "active": True,
        "params": {"scenarioId": "OUTER", "outcomeFilter": "SUCCESS"},
    }
    make(dss, "FOLLOWER", [step("set_up_cluster")], triggers=[follow])
    make(dss, "IDLE", [step("set_up_cluster")], triggers=[follow], active=False)
    assert retail.get_scenario("OUTER").run_and_wait().outcome == "SUCCESS"
    assert retail.get_scenario("INNER").get_last_runs()[0].get_info()["trigger"]["trigger"]["type"] == "sub"
    until(lambda: retail.get_scenario("FOLLOWER").get_last_runs(only_finished_runs=True))
    run = retail.get_scenario("FOLLOWER").get_last_runs()[0]
    assert run.get_info()["trigger"]["trigger"]["type"] == "follow_scenariorun"
    assert retail.get_scenario("IDLE").get_last_runs() == []


@pytest.mark.parametrize(
    ("condition", "spoken"),
    [("outcome == 'SUCCESS'", 1), ("outcome != 'SUCCESS'", 0), ("outcome == 'FAILED'", 0), (None, 1)],
)
def test_reporters_speak_when_their_condition_holds(dss, retail, condition, spoken):
    told = {
        "type": "mail-scenario",
        "configuration": {"channelId": "smtp-ops", "recipient": "a@b", "subject": "It: ${outcome}"},
    }
    reporter = {
        "active": True,
        "phase": "END",
        "messaging": told,
        "runConditionEnabled": bool(condition),
        "runCondition": condition,
    }
    make(dss, "TOLD", [step("set_up_cluster")], reporters=[reporter, {**reporter, "active": False}])
    retail.get_scenario("TOLD").run_and_wait()
    until(lambda: not dss.instance.works)
    assert [message["subject"] for message in dss.instance.sent] == ["It: SUCCESS"] * spoken


def test_scenario_settings_are_saved_with_a_new_version(retail):
    settings = retail.get_scenario("MORNING").get_settings()
    before = settings.data["versionTag"]["versionNumber"]
    settings.active = False
    settings.save()
    saved = retail.get_scenario("MORNING").get_settings()
    assert (saved.active, saved.data["versionTag"]["versionNumber"]) == (False, before + 1)
    assert retail.get_scenario("MORNING").get_status().next_run is None


# --- jobs -----------------------------------------------------------------------------------------------------------


@pytest.mark.dss("12.6")
def test_a_job_leaves_a_build_rows_metrics_results_and_a_log(dss, retail):
    dataset = retail.get_dataset("sales_mart")
    before = dataset.get_info().last_build_end_time
    results = len(dataset.get_data_quality_rules().get_rules_history())
    job = dataset.build(wait=False)
    status = finished(job)
    assert status["state"] == "DONE", job.get_log()
    assert dataset.get_info().last_build_end_time > before
    assert dataset.get_info().get_raw()["lastBuild"]["buildJobId"] == job.id
    count = dataset.get_last_metric_values().get_global_data("records:COUNT_RECORDS")
    assert count["computed"] >= status["jobStartTime"]
    assert sum(1 for _ in dataset.iter_rows()) == int(count["value"])
    assert len(dataset.get_data_quality_rules().get_rules_history()) > results
    assert "group_sales_mart" in job.get_log()
    item = next(each for each in retail.list_jobs() if each["def"]["id"] == job.id)
    assert (item["state"], item["stableState"], item["def"]["triggeredFrom"]) == ("DONE", True, "API")


def test_a_recursive_job_builds_what_is_needed_in_order(dss, retail):
    definition = {"type": "RECURSIVE_FORCED_BUILD", "outputs": [{"type": "DATASET", "id": "weekly_store_report"}]}
    status = finished(retail.start_job(definition))
    recipes = [activity["recipeName"] for activity in status["activities"].values()]
    assert recipes[-1] == "group_weekly_store_report"
    assert len(recipes) > 3
    assert status["state"] == "DONE"


MODES = [
    ("NON_RECURSIVE_FORCED_BUILD", "stock_alerts", ["sql_stock_alerts"]),
    ("RECURSIVE_FORCED_BUILD", "stock_alerts", ["sync_stock_snapshot", "sql_stock_alerts"]),
    ("RECURSIVE_BUILD", "stock_alerts", ["sql_stock_alerts"]),  # a table is taken for unchanged, whatever came into it
    (
        "RECURSIVE_BUILD",
        "returns_report",
        ["prepare_returns_clean", "group_returns_report"],
    ),  # files may be others by now
    ("RECURSIVE_MISSING_ONLY_BUILD", "returns_report", ["group_returns_report"]),
]


@pytest.mark.parametrize(("mode", "output", "recipes"), MODES)
def test_each_mode_of_a_job_runs_its_own_recipes(dss, retail, mode, output, recipes):
    status = finished(retail.start_job({"type": mode, "outputs": [{"type": "DATASET", "id": output}]}))
    assert [activity["recipeName"] for activity in status["activities"].values()] == recipes


def test_the_log_of_one_activity_is_its_part_of_the_jobs(dss, retail):
    definition = {"type": "RECURSIVE_FORCED_BUILD", "outputs": [{"type": "DATASET", "id": "stock_alerts"}]}
    job = retail.start_job(definition)
    first, second = finished(job)["activities"]
    log = job.get_log(activity=second)
    assert log in job.get_log()
    assert "sql_stock_alerts" in log
    assert "sync_stock_snapshot" not in log
    assert "sync_stock_snapshot" in job.get_log(activity=first)


def test_a_job_can_be_aborted(dss, retail):
    dss.instance.speed = 1
    job = retail.get_dataset("sales_mart").build(wait=False)
    job.abort()
    assert finished(job)["state"] == "ABORTED"
    assert retail.get_dataset("sales_mart").get_info().is_last_build_successful is False


def test_runs_and_jobs_that_a_story_left_going_can_be_aborted(dss, retail):
    scenario = retail.get_scenario("HOURLY_STOCK")
    going = [job["def"]["id"] for job in retail.list_jobs() if not job["stableState"]]
    assert scenario.get_status().running
    assert going
    for job_id in going:
        retail.get_job(job_id).abort()
    scenario.abort()
    assert scenario.get_last_runs(limit=1)[0].outcome == "ABORTED"
    assert all(job["stableState"] for job in retail.list_jobs())


def test_a_run_that_a_story_left_going_ends_with_its_step_and_its_job():
    with localdss.serve(story="nightly-late", at=AT) as late:
        project = dataikuapi.DSSClient(late.url, "admin").get_project("RETAIL")
        run = project.get_scenario("NIGHTLY_BUILD").get_last_runs(limit=1)[0]
        step_run = run.get_details()["stepRuns"][-1]
        job_id = next(item["jobId"] for item in step_run["additionalReportItems"] if item["type"] == "JOB_EXECUTED")
        assert "result" not in step_run
        project.get_scenario("NIGHTLY_BUILD").abort()
        assert run.get_details()["stepRuns"][-1]["result"]["outcome"] == "ABORTED"
        status = project.get_job(job_id).get_status()
        assert status["baseStatus"]["state"] == "ABORTED"
        assert status["globalState"]["running"] == 0
        assert "RUNNING" not in {each["state"] for each in status["baseStatus"]["activities"].values()}


def test_a_job_stays_in_its_folder_whatever_it_is_asked_to_build(dss, retail):
    job = retail.start_job(
        {"type": "RECURSIVE_BUILD", "outputs": [{"type": "DATASET", "id": "../../../up", "partition": ".."}]}
    )
    until(lambda: not dss.instance.works)
    assert "/" not in job.id
    assert not (dss.instance.data_dir.parent / "up").exists()
    assert (dss.instance.data_dir / "jobs" / "RETAIL" / job.id).is_dir()


def test_a_job_without_outputs_is_refused(retail):
    with pytest.raises(DataikuException, match="IllegalArgument"):
        retail.start_job({"type": "RECURSIVE_BUILD", "outputs": []})


# --- futures, macros, metrics, rules, folders, wiki, channels -------------------------------------------------------


@pytest.mark.dss("12.6")
def test_rules_are_created_changed_computed_and_deleted(retail):
    rules = retail.get_dataset("daily_store_kpis").get_data_quality_rules()
    rule = rules.create_rule(
        {"type": "RecordCountInRangeRule", "displayName": "Some", "minimum": 1, "minimumEnabled": True}
    )
    rule.compute().wait_for_result()
    assert rule.get_last_result().outcome == "OK"
    rule.get_raw()["displayName"] = "At least one"
    rule.save()
    assert "At least one" in [each["displayName"] for each in rules.list_rules(as_type="dict")]
    rule.delete()
    assert "At least one" not in [each["displayName"] for each in rules.list_rules(as_type="dict")]


def test_a_future_of_a_failed_work_answers_an_error(dss):
    client = dataikuapi.DSSClient(dss.url, "admin")
    from localdss import work

    def fail():
        raise RuntimeError("disk full")

    state = work.future(dss.instance, "admin", "fails", fail)
    assert state["hasResult"] is False
    until(lambda: not dss.instance.futures[state["jobId"]]["alive"])
    with pytest.raises(DataikuException, match="disk full"):
        client.get_future(state["jobId"]).get_state()
    with pytest.raises(DataikuException, match="somebody else"):
        dataikuapi.DSSClient(dss.url, "raj").get_future(state["jobId"]).get_state()


def test_metrics_are_computed_on_demand(retail):
    answer = retail.get_dataset("sales_mart").compute_metrics(metric_ids=["records:COUNT_RECORDS"])
    assert [each["metricId"] for each in answer["result"]["computed"]] == ["records:COUNT_RECORDS"]
    checks = retail.get_dataset("sales_mart").run_checks()
    assert {each["value"]["outcome"] for each in checks["result"]["results"]} <= {"OK", "WARNING", "ERROR", "EMPTY"}


def test_the_result_of_a_macro_can_be_had_once(retail):
    macro = retail.get_macro("pyrunnable_builtin-macros_clear-job-logs")
    assert macro.get_definition()["resultType"] == "HTML"
    run = macro.run({"age": 15, "performDeletion": False})
    assert macro.get_status(run)["running"] is False
    assert macro.get_result(run, as_type="string")
    assert macro.get_status(run)["exists"] is False
    with pytest.raises(DataikuException, match="does not exist"):
        macro.get_result(run)


def test_macros_are_listed_and_run_by_who_holds_their_permissions(dss):
    raj = dataikuapi.DSSClient(dss.url, "raj").get_project("RETAIL")
    listed = {item["runnableType"] for item in raj.list_macros()}
    assert "pyrunnable_builtin-macros_clear-job-logs" not in listed
    with pytest.raises(DataikuException, match="may not run"):
        raj.get_macro("pyrunnable_builtin-macros_clear-job-logs").run()


def test_files_of_a_folder(retail, dss):
    folder = retail.create_managed_folder("operations_guide_state")
    stored = folder.put_file("/events/2025-10-14/né w.json", b'{"a": 1}')
    assert stored["path"] == "/events/2025-10-14/né w.json"
    assert abs(stored["lastModified"] - dss.instance.clock.ms()) < 5000
    assert [item["size"] for item in folder.list_contents()["items"]] == [8]
    assert folder.get_file("/events/2025-10-14/né w.json").content == b'{"a": 1}'
    folder.delete_file("/events/2025-10-14/né w.json")
    folder.delete_file("/events/2025-10-14/né w.json")  # no error for what is not there
    assert folder.list_contents()["items"] == []
    for path in ("/../../secret", "/never there", "/events"):
        with pytest.raises(DataikuException):
            folder.get_file(path)


def test_files_of_a_folder_whose_place_is_a_link(retail, dss, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").symlink_to(dss.instance.data_dir)
    monkeypatch.setattr(dss.instance, "data_dir", tmp_path / "elsewhere")
    folder = retail.create_managed_folder("linked")
    assert folder.put_file("/a/b.json", b"{}")["path"] == "/a/b.json"
    assert [item["path"] for item in folder.list_contents()["items"]] == ["/a/b.json"]


def test_permissions_are_written_with_who_sees_dashboards(retail):
    before = retail.get_permissions()
    wanted = {**before, "additionalDashboardUsers": {"users": [{"login": "guest"}]}}
    retail.set_permissions(wanted)
    assert retail.get_permissions() == wanted
    retail.set_permissions(before)


def test_a_zone_that_came_without_items_takes_one(retail, dss):
    zone = retail.get_flow().create_zone("Empty")
    del dss.instance.projects["RETAIL"].zones[zone.id]["items"]
    zone.add_item(retail.get_dataset("sales_mart"))
    assert [item.name for item in zone.items] == ["sales_mart"]
    zone.delete()


def test_each_of_several_probes_of_a_type_is_named_by_its_own_values(retail, dss):
    project = dss.instance.projects["RETAIL"]
    probes = project.datasets["sales_mart"]["metrics"]["probes"]
    mine = [{"type": "python", "enabled": True, "meta": {"name": name}} for name in ("First", "Second")]
    probes += mine
    points = [{"partition": "NP", "value": "1", "dataType": "BIGINT", "computed": 1}]
    project.metrics["DATASET", "sales_mart"].update({f"python:m:{name}": points for name in ("First", "Second")})
    found = retail.get_dataset("sales_mart").get_last_metric_values().raw["metrics"]
    named = {
        each["metric"]["id"]: each["computingProbe"]["meta"]["name"]
        for each in found
        if each["metric"]["type"] == "python"
    }
    del probes[-2:]
    for name in named:
        del project.metrics["DATASET", "sales_mart"][name]
    assert named == {"python:m:First": "First", "python:m:Second": "Second"}


def test_wiki_articles_are_written(retail):
    wiki = retail.get_wiki()
    article = wiki.create_article("Night report", content="All well")
    assert article.get_data().get_body() == "All well"
    child = wiki.create_article("Detail", parent_id=article.article_id)
    assert child.article_id in [each.article_id for each in wiki.list_articles()]
    article.delete()
    assert article.article_id not in [each.article_id for each in wiki.list_articles()]


@pytest.mark.dss("12.6")
def test_mail_is_kept(dss):
    channel = dataikuapi.DSSClient(dss.url, "olivia").get_messaging_channel("smtp-ops")
    channel.send("RETAIL", ["a@example.com"], "Subject", "Body", attachments=[["log.txt", b"x", "text/plain"]])
    sent = dss.instance.sent[-1]
    assert (sent["to"], sent["attachments"], sent["by"]) == (["a@example.com"], ["log.txt"], "olivia")
    with pytest.raises(DataikuException, match="writeProjectContent"):
        dataikuapi.DSSClient(dss.url, "raj").get_messaging_channel("smtp-ops").send("RETAIL", ["a@b"], "s", "b")


def test_variables_and_settings_are_written(retail):
    retail.set_variables({"standard": {"a": [1, "b"]}, "local": {"c": None}})
    assert retail.get_variables() == {"standard": {"a": [1, "b"]}, "local": {}}
    dataset = retail.get_dataset("sales_mart")
    settings = dataset.get_settings()
    settings.get_raw()["tags"] = ["gold"]
    settings.save()
    assert dataset.get_settings().get_raw()["tags"] == ["gold"]


def test_projects_datasets_and_recipes_are_created(dss):
    client = dataikuapi.DSSClient(dss.url, "admin")
    project = client.create_project("NEW", "New one", "admin")
    project.create_dataset("d", "Filesystem", params={"connection": "filesystem_managed"})
    assert [item["name"] for item in project.list_datasets()] == ["d"]
    with pytest.raises(DataikuException, match="already exists"):
        project.create_dataset("d", "Filesystem")
    with pytest.raises(DataikuException, match="may not create projects"):
        dataikuapi.DSSClient(dss.url, "raj").create_project("OTHER", "Other", "raj")
    assert project.create_scenario("Nightly run", "step_based").id == "NIGHTLYRUN"


def test_a_kernel_is_unloaded(dss, retail):
    assert retail.list_running_notebooks(as_objects=False)
    retail.get_jupyter_notebook("basket analysis").unload()
    assert retail.list_running_notebooks(as_objects=False) == []


def test_sql_queries_stream_typed_rows(dss):
    client = dataikuapi.DSSClient(dss.url, "olivia")
    query = client.sql_query('SELECT COUNT(*) AS n FROM "RETAIL_sales_mart"', connection="postgres_dwh")
    rows = list(query.iter_rows())
    query.verify()
    assert query.get_schema()[0]["name"] == "n"
    assert rows[0][0] > 0
    with pytest.raises(DataikuException, match="SQLException"):
        client.sql_query("SELECT * FROM nowhere", connection="postgres_dwh")
    with pytest.raises(DataikuException, match="may not use"):
        dataikuapi.DSSClient(dss.url, "raj").sql_query("SELECT 1", connection="postgres_dwh")


def test_the_clock_moves(dss, retail):
    before = retail.get_scenario("NIGHTLY_BUILD").get_status().next_run
    dss.instance.clock.advance(86400)
    after = retail.get_scenario("NIGHTLY_BUILD").get_status().next_run
    assert (after - before).total_seconds() == 86400


def test_a_server_that_stops_ends_its_work_and_leaves_nothing_behind():
    with localdss.serve(story=None, speed=1) as stopping:
        make(stopping, "SLOW", [step("set_up_cluster")])
        dataikuapi.DSSClient(stopping.url, "admin").get_project("RETAIL").get_scenario("SLOW").run()
        works, folder = list(stopping.instance.works.values()), stopping.instance.data_dir
        assert works
        assert folder.exists()
    assert all(work.done.is_set() for work in works)
    assert not folder.exists()


def test_a_server_whose_database_is_gone_stops_all_the_same():
    gone = pytest.importorskip("psycopg").OperationalError
    address = "postgresql://127.0.0.1:1/nowhere"
    with pytest.raises(gone), localdss.serve(story=None, postgres=address) as stopping:
        folder, url = stopping.instance.data_dir, stopping.url
    assert not folder.exists()
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)
