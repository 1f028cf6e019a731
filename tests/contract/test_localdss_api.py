"""The local DSS answers the real client: the shapes, and the traps, of DSS's public API."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

import dataikuapi
import pytest
from dataikuapi.utils import DataikuException

import localdss
from localdss.api.routing import BASES, ROUTES
from localdss.instance import VERSION

AT = datetime(2025, 10, 14, 5, 12, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def dss():
    with localdss.serve(at=AT) as server:
        yield server


@pytest.fixture
def client(dss):
    return dataikuapi.DSSClient(dss.url, "admin")


@pytest.fixture
def retail(client):
    return client.get_project("RETAIL")


def raw(dss, path, method="GET", body=None, login="admin", headers=None):
    """A call without the client: what it would hide is seen here."""
    request = urllib.request.Request(dss.url + path, method=method, data=body, headers=headers or {})
    if login:
        request.add_header("Authorization", "Basic " + base64.b64encode(f"{login}:".encode()).decode())
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read().decode()


# --- transport ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["/dip/publicapi", "/public/api"])
@pytest.mark.parametrize(
    "path", ["/projects/RETAIL", "/projects/RETAIL/", "/projects/RETAIL/scenarios", "/projects/RETAIL/jobs/"]
)
def test_both_prefixes_answer_with_and_without_a_trailing_slash(dss, prefix, path):
    status, headers, body = raw(dss, prefix + path)
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert json.loads(body)


def test_every_answer_carries_the_date_of_the_instances_clock(dss):
    for path in ("/dip/publicapi/projects/", "/dip/publicapi/projects/NONE", "/dip/publicapi/nowhere"):
        _, headers, _ = raw(dss, path)
        assert abs(parsedate_to_datetime(headers["Date"]) - dss.instance.clock.now()) < timedelta(seconds=5)
        assert parsedate_to_datetime(headers["Date"]).date() == AT.date()


@pytest.mark.parametrize(
    ("login", "headers", "status"),
    [
        ("admin", {}, 200),
        ("nobody", {}, 401),
        ("tomas", {}, 401),  # a disabled account
        (None, {}, 401),
        (None, {"X-DKU-APITicket": "made up"}, 401),
        (None, {"Authorization": "Bearer olivia"}, 200),
    ],
)
def test_who_may_call_at_all(dss, login, headers, status):
    answered, _, body = raw(dss, "/dip/publicapi/auth/info", login=login, headers=headers)
    assert answered == status
    assert status == 200 or json.loads(body)["errorType"].endswith("UnauthorizedException")


def test_a_ticket_carries_the_rights_of_its_user(dss):
    client = dataikuapi.DSSClient(dss.url, internal_ticket=dss.instance.ticket_for("raj"))
    assert client.get_auth_info()["authIdentifier"] == "raj"
    with pytest.raises(DataikuException, match="UnauthorizedException"):
        client.list_users()


def test_an_unknown_route_is_an_html_page_and_remembered(dss, capfd):
    dss.requests.clear()
    status, headers, body = raw(dss, "/dip/publicapi/projects/RETAIL/nonsense")
    assert (status, headers["Content-Type"].split(";")[0]) == (404, "text/html")
    assert [each.path for each in dss.requests.unknown()] == ["/projects/RETAIL/nonsense"]
    assert "has no GET /projects/RETAIL/nonsense" in capfd.readouterr().err
    assert "<html>" in body


def test_an_unknown_object_is_a_json_404(dss):
    for path in ("/projects/NONE", "/projects/RETAIL/datasets/none", "/projects/RETAIL/scenarios/NONE/light"):
        status, _, body = raw(dss, "/dip/publicapi" + path)
        assert status == 404
        assert set(json.loads(body)) == {"errorType", "message", "detailedMessage"}


def test_a_body_needs_no_content_type_and_booleans_any_case(dss):
    variables = json.dumps({"standard": {"a": 1}, "local": {}}).encode()
    status, _, _ = raw(dss, "/dip/publicapi/projects/SUPPLY/variables/", "PUT", variables, headers={"Content-Type": ""})
    assert status == 200
    assert dss.instance.projects["SUPPLY"].variables["standard"] == {"a": 1}
    for value, count in (("True", 1), ("true", 1), ("False", 0)):
        _, _, body = raw(dss, f"/dip/publicapi/projects/RETAIL/datasets/?foreign={value}")
        shared = [item for item in json.loads(body) if item["projectKey"] != "RETAIL"]
        assert len(shared) >= count
        assert bool(shared) == bool(count)


def test_nulls_are_left_out(dss):
    dss.instance.projects["RETAIL"].scenarios["MORNING"]["description"] = None
    _, _, body = raw(dss, "/dip/publicapi/projects/RETAIL/scenarios/MORNING")
    assert "null" not in body


def test_requests_are_recorded_with_user_status_times_and_whether_they_write(dss, client):
    dss.requests.clear()
    client.get_project("RETAIL").get_variables()
    client.get_project("SUPPLY").set_variables({"standard": {}, "local": {}})
    first, second = dss.requests
    assert (first.method, first.path, first.user, first.status) == ("GET", "/projects/RETAIL/variables/", "admin", 200)
    assert first.started <= second.started
    assert dss.requests.writes() == [second]
    assert dss.requests.of("GET", "/projects/<key>/variables/") == [first]


# --- basis and versions ---------------------------------------------------------------------------------------------


def test_every_route_says_what_its_shape_rests_on():
    assert len(ROUTES) > 150
    assert {route.basis for route in ROUTES} <= set(BASES)
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)


@pytest.mark.parametrize(
    ("call", "since"),
    [
        (lambda c: c.get_project("RETAIL").get_data_quality_status(), "12.6"),
        (lambda c: c.list_messaging_channels(), "12.6"),
        (lambda c: c.list_users_info(), "14.0"),
        (lambda c: c.list_connections_names("all"), "12.1"),
        (lambda c: c.get_project("RETAIL").list_running_jobs(), "15.2"),
        (lambda c: c.get_project("RETAIL").get_project_git().log(), "12.5"),
        (lambda c: c.get_project("RETAIL").list_plugins_usages(), "14.1"),
        (lambda c: c.get_project("RETAIL").list_webapps(), "11.4"),
    ],
)
def test_an_older_dss_lacks_newer_routes(dss, client, call, since):
    major, minor = (int(part) for part in since.split("."))
    before = f"{major}.{minor - 1}" if minor else f"{major - 1}.9"
    kept = dss.instance.version
    try:
        dss.instance.version = f"{before}.4"
        with pytest.raises(DataikuException, match="Unknown error"):
            call(client)
        dss.instance.version = f"{since}.0"
        call(client)
    finally:
        dss.instance.version = kept


# --- reading --------------------------------------------------------------------------------------------------------


@pytest.mark.dss("14.3")
def test_instance_and_identity(client):
    info = client.get_instance_info()
    assert (info.node_type, info.raw["dssVersion"]) == ("AUTOMATION", VERSION)
    assert client.get_auth_info()["groups"] == ["administrators"]


@pytest.mark.client("14.0")
def test_the_person_who_browses_is_known_by_the_cookie_alone(dss):
    backend = dataikuapi.DSSClient(dss.url, internal_ticket=dss.instance.ticket_for("svc_retail"))
    browsing = {"Cookie": "other=1; localdss_user=raj", "User-Agent": "x"}
    assert backend.get_auth_info_from_browser_headers(browsing)["authIdentifier"] == "raj"
    ticket = backend.get_ticket_from_browser_headers(browsing)
    assert dataikuapi.DSSClient(dss.url, internal_ticket=ticket).get_auth_info()["authIdentifier"] == "raj"
    with pytest.raises(DataikuException):
        backend.get_auth_info_from_browser_headers({"User-Agent": "x"})


def test_impersonation_needs_the_permission_of_the_run_as_users_group(dss):
    for run_as, browser in (("olivia", "raj"), ("svc_retail", "dana")):
        backend = dataikuapi.DSSClient(dss.url, internal_ticket=dss.instance.ticket_for(run_as))
        with pytest.raises(DataikuException, match="may not impersonate"):
            backend.get_ticket_from_browser_headers({"Cookie": f"localdss_user={browser}"})


def test_projects(client, retail):
    assert client.list_project_keys()[:2] == ["RETAIL", "SUPPLY"]
    summary = retail.get_summary()
    assert (summary["projectKey"], summary["ownerLogin"], summary["disableAutomaticTriggers"]) == (
        "RETAIL",
        "olivia",
        False,
    )
    assert retail.get_metadata()["label"] == summary["name"]
    assert retail.get_permissions()["owner"] == "olivia"
    assert "settings" in retail.get_settings().get_raw()
    assert set(retail.get_variables()) == {"standard", "local"}
    timeline = retail.get_timeline(item_count=5)
    assert timeline["createdBy"]["login"]
    assert [item["time"] for item in timeline["items"]] == sorted(
        (item["time"] for item in timeline["items"]), reverse=True
    )
    assert len(timeline["items"]) == 5
    assert retail.get_tags()["tags"]


def test_scenarios_list_what_is_due_but_not_how_it_went(dss, retail):
    listed = {item["id"]: item for item in retail.list_scenarios()}
    nightly = listed["NIGHTLY_BUILD"]
    assert nightly["triggerDigest"]
    assert nightly["nextRun"] > dss.instance.clock.ms()
    assert "lastRun" not in nightly
    assert listed["LEGACY_EXPORT"]["nextRun"] == 0
    status = retail.get_scenario("NIGHTLY_BUILD").get_status()
    assert status.running == nightly["running"]


def test_last_runs_come_newest_first_and_a_running_one_has_no_result(retail):
    scenario = retail.get_scenario("HOURLY_STOCK")
    runs = [run.get_info() for run in scenario.get_last_runs(limit=50)]
    assert [run["start"] for run in runs] == sorted((run["start"] for run in runs), reverse=True)
    assert len(runs) == 50
    for run in runs:
        assert ("result" in run) == (run["end"] > 0)
    finished = scenario.get_last_runs(limit=5, only_finished_runs=True)
    assert all(run.outcome for run in finished)


def test_runs_by_date_leave_out_the_end(dss, retail):
    scenario = retail.get_scenario("NIGHTLY_BUILD")
    runs = scenario.get_runs_by_date(datetime(2025, 10, 11), datetime(2025, 10, 13))
    assert [run.id[:10] for run in runs] == ["2025-10-12", "2025-10-11"]


@pytest.mark.dss("13.3")
def test_a_runs_details_and_log(retail):
    run = retail.get_scenario("NIGHTLY_BUILD").get_last_runs(limit=1, only_finished_runs=True)[0]
    steps = run.get_details()["stepRuns"]
    assert steps[0]["step"]["type"] == "build_flowitem"
    assert any(item["type"] == "JOB_EXECUTED" for item in steps[0]["additionalReportItems"])
    assert "Step" in run.get_log()


def test_scenario_settings_of_both_kinds(retail):
    settings = retail.get_scenario("NIGHTLY_BUILD").get_settings()
    assert (settings.raw_triggers[0]["type"], settings.effective_run_as) == ("temporal", "svc_retail")
    assert "scenario" in retail.get_scenario("PY_MAINTENANCE").get_settings().code.lower()


def test_jobs_and_their_logs(retail):
    jobs = retail.list_jobs()
    starts = [job["startTime"] for job in jobs if job["startTime"]]
    assert starts == sorted(starts, reverse=True)
    job = retail.get_job(jobs[-1]["def"]["id"])
    assert job.get_status()["baseStatus"]["state"] in ("DONE", "FAILED", "ABORTED")
    assert isinstance(job.get_log(), str)


def test_datasets(retail):
    items = retail.list_datasets()
    assert {"name", "projectKey", "type", "schema", "params"} <= set(items[0])
    assert all(item["projectKey"] == "RETAIL" for item in items)
    shared = {item["projectKey"] for item in retail.list_datasets(include_shared=True)}
    assert shared == {"RETAIL", "SUPPLY"}
    mart = retail.get_dataset("sales_mart")
    assert mart.get_schema()["columns"]
    assert mart.get_info().last_build_end_time
    assert isinstance(mart.get_metadata()["tags"], list)
    assert mart.get_settings().get_raw()["name"] == "sales_mart"


def test_a_source_was_never_built_by_dss(retail):
    assert retail.get_dataset("orders_files").get_info().get_raw() == {}


def test_metric_values_are_strings_with_their_time(retail):
    metrics = retail.get_dataset("sales_mart").get_last_metric_values()
    point = metrics.get_global_data("records:COUNT_RECORDS")
    assert (type(point["value"]), point["dataType"], point["partition"]) == (str, "BIGINT", "NP")
    assert metrics.get_global_value("records:COUNT_RECORDS") == int(point["value"])
    history = retail.get_dataset("sales_mart").get_metric_history("records:COUNT_RECORDS")
    times = [value["time"] for value in history["values"]]
    assert times == sorted(times)
    assert len(times) > 10


def test_partitions_each_have_their_values(retail):
    dataset = retail.get_dataset("orders_clean")
    partitions = dataset.list_partitions()
    assert partitions == sorted(partitions)
    metrics = dataset.get_last_metric_values(partitions[-1])
    for metric in metrics.get_raw()["metrics"]:
        assert {value["partition"] for value in metric["lastValues"]} == {partitions[-1]}


def test_rows_stream_as_typed_values(retail):
    dataset = retail.get_dataset("sales_mart")
    columns = [column["name"] for column in dataset.get_schema()["columns"]]
    first = next(iter(dataset.iter_rows()))
    assert len(first) == len(columns)
    assert len(next(iter(dataset.iter_rows(columns=columns[:2])))) == 2


def test_flow_graph_zones_and_recipes(retail):
    flow = retail.get_flow()
    nodes = flow.get_graph().nodes
    mart = next(node for node in nodes.values() if node["ref"] == "sales_mart")
    assert mart["type"] == "COMPUTABLE_DATASET"
    recipe = nodes[mart["predecessors"][0]]
    assert (recipe["type"], recipe["ref"]) == ("RUNNABLE_RECIPE", "group_sales_mart")
    assert any(node["ref"] == "SUPPLY.suppliers" for node in nodes.values())
    zones = {zone.name: zone for zone in flow.list_zones()}
    assert len(zones) == 3
    housed = [
        item["objectId"] for zone in zones.values() for item in zone._raw["items"] if item["objectType"] == "DATASET"
    ]
    assert sorted(housed) == sorted(item["name"] for item in retail.list_datasets())
    assert retail.get_recipe("group_sales_mart").get_settings().type == "grouping"
    assert {item["name"] for item in retail.list_recipes()} >= {"group_sales_mart"}


def test_folders_models_wiki(retail):
    folders = {item["name"]: item["id"] for item in retail.list_managed_folders()}
    assert set(folders) == {"landing", "exports"}
    models = retail.list_saved_models()
    assert retail.get_saved_model(models[0]["id"]).list_versions()[0]["active"] is True
    articles = retail.get_wiki().list_articles()
    assert articles[0].get_data().get_body()
    assert retail.get_wiki().get_article(articles[0].get_data().get_name()).article_id == articles[0].article_id


@pytest.mark.dss("14.3")
def test_people_connections_channels_code_envs(client):
    assert {user["login"] for user in client.list_users()} >= {"admin", "olivia"}
    assert client.list_groups()
    connections = client.list_connections()
    assert connections["postgres_dwh"]["name"] == "postgres_dwh"
    assert set(client.list_connections_names("PostgreSQL")) == {"postgres_dwh"}
    assert [channel.id for channel in client.list_messaging_channels(channel_family="mail")] == ["smtp-ops"]
    assert {env["envName"] for env in client.list_code_envs()} >= {"retail_py39"}
    assert client.list_users_info()
    assert client.get_global_usage_summary().raw["projects"] == len(client.list_project_keys())


def test_notebooks_plugins_webapps(client, retail):
    running = client.list_running_notebooks(as_objects=False)
    assert running[0]["activeSessions"][0]["sessionId"]
    usage = client.get_global_usage_summary(with_per_project=True)
    notebooks = [len(client.get_project(key).list_jupyter_notebooks()) for key in client.list_project_keys()]
    assert usage.total_jupyter_notebooks_count == sum(notebooks) > 0
    assert [each["notebooks"]["nbJupyterNotebooks"] for each in usage.raw["projectSummaries"]] == notebooks
    assert usage.total_sql_notebooks_count == 0
    assert {plugin["id"] for plugin in client.list_plugins()} == {"operations-guide", "builtin-macros"}
    assert [item["type"] for item in retail.list_webapps()] == ["webapp_operations-guide_operations-guide"]
    assert retail.get_webapp(retail.list_webapps()[0]["id"]).get_state().running is False


def test_running_scenarios_are_futures(client):
    running = client.list_running_scenarios(all_users=True)
    assert {state["payload"]["type"] for state in running} == {"SCENARIO"}
    assert client.list_futures(all_users=True) == [], "the client asks for those that are no scenario"


# --- data quality ---------------------------------------------------------------------------------------------------


@pytest.mark.dss("12.6")
def test_data_quality_reads(dss, client, retail):
    rules = retail.get_dataset("sales_mart").get_data_quality_rules()
    assert len(rules.list_rules()) >= 3
    results = rules.get_last_rules_results()
    assert {result.outcome for result in results} <= {"OK", "WARNING", "ERROR", "EMPTY"}
    assert rules.get_status() in ("OK", "WARNING", "ERROR")
    assert "sales_mart" in retail.get_data_quality_status()
    assert "RETAIL" in client.get_data_quality_status()
    assert rules.get_partitions_status() == {"NP": rules.get_status()}
    without_partitions = "/dip/publicapi/projects/RETAIL/datasets/sales_mart/data-quality/get-partitions-status"
    status, _, body = raw(dss, without_partitions, "POST")
    assert (status, json.loads(body)["errorType"]) == (500, "java.lang.NullPointerException")
    history = rules.get_rules_history(results_per_page=5)
    assert len(history) == 5
    assert [each.compute_date for each in history] == sorted((each.compute_date for each in history), reverse=True)
    assert retail.get_data_quality_timeline()
