"""The macro instrument-project through the real client: what it adds stands in DSS, and what it takes back is gone."""

from __future__ import annotations

import copy
import json
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import Any

import dataikuapi
import pytest
from bs4 import BeautifulSoup
from dataikuapi.utils import DataikuException

import localdss
from localdss.server import Server
from opsguide import service
from opsguide.dss import store
from opsguide.errors import InvalidParameter
from opsguide.model.guide import Table, cells_of
from opsguide.model.plan import ZONE, Change, Step
from opsguide.service.amend import NothingDone, apply
from opsguide.settings import Settings
from tests.readings import clients
from tests.waiting import until

AT = datetime(2026, 3, 3, 6, 12, tzinfo=timezone.utc)
TYPE = "pyrunnable_operations-guide_instrument-project"
SETTINGS = Settings(heartbeat_hosts=("hc.example.com",))
DATASET = "/projects/SUPPLY/datasets/suppliers"
RULES = f"{DATASET}/data-quality/rules"
PROBE, ROWS, FRESH = "probe:row-count:suppliers", "check:row-count:suppliers", "check:freshness:suppliers"


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with localdss.serve(story="healthy", at=AT) as server:
        yield server


@pytest.fixture
def dss(served: Server) -> Iterator[Server]:
    """The small project of the sample as it came: whatever a test leaves is put back."""
    supply = served.instance.projects["SUPPLY"]
    before = {part: copy.deepcopy(getattr(supply, part)) for part in (*PARTS, "folders")}
    yield served
    served.faults.clear()
    for part, value in before.items():
        setattr(supply, part, value)


PARTS = ("datasets", "scenarios", "zones", "variables")


def run(dss: Server, project_key: str = "SUPPLY", login: str = "admin", **config: Any) -> Any:
    return service.instrument(clients(dss, login), project_key, config, SETTINGS)


def rows(guide: Any) -> dict[str, str]:
    """What the last column of every table says, by the id of the row."""
    tables = [block for block in guide.sections[0].blocks if isinstance(block, Table)]
    return {row[1].value: row[-1].value for table in tables for row in table.rows}


def words(guide: Any) -> str:
    return " ".join(str(part) for block in guide.sections[0].blocks for part in getattr(block, "parts", ()))


def receipt(guide: Any) -> str:
    return words(guide).rstrip(".").rpartition(" ")[2]


def state_of(dss: Server, project_key: str = "SUPPLY") -> Any:
    """All settings of the project as DSS answers them, without what it writes with every save."""
    project, asked = dss.instance.projects[project_key], clients(dss)
    scenarios = [asked.get(f"/projects/{project_key}/scenarios/{name}") for name in project.scenarios]
    parts = {part: getattr(project, part) for part in PARTS if part != "scenarios"}
    return json.dumps(_own({**parts, "scenarios": scenarios}), sort_keys=True)


def _own(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _own(each) for key, each in value.items() if key not in ("versionTag", "creationTag")}
    return [_own(each) for each in value] if isinstance(value, list) else value


def suppliers(dss: Server) -> Any:
    return dss.instance.projects["SUPPLY"].datasets["suppliers"]


def watch(dss: Server) -> Any:
    scenarios = dss.instance.projects["SUPPLY"].scenarios.values()
    return next(raw for raw in scenarios if raw["name"] == "Operations watch")


# --- preview ---------------------------------------------------------------------------------------------------------


@pytest.mark.dss("12.6")
def test_the_preview_changes_nothing_and_says_how_each_limit_would_have_done(dss: Server) -> None:
    dss.requests.clear()
    guide = run(dss, "RETAIL", mail_to="ops@example.com")
    assert dss.requests.writes() == []
    found = rows(guide)
    assert "would not have fired in the last" in found["check:row-count:basket_pairs"]
    assert "would have fired once in the last 60 days, on Fri 30 Jan" in found["check:freshness:customers_scored"]
    assert {"watch", "morning", "stats:SCENARIO_RUNS", "schema:sales_mart", "mail:SQL_WATCH"} <= set(found)
    assert "time:customers_crm" in found  # a source that nothing computes
    assert "check:row-count:customers_crm" not in found
    assert "count:sales_mart" not in found  # the sample counts it with every build
    assert all(cell.value for cell in cells_of(guide))
    assert {c.reason for c in cells_of(guide) if "too few to propose an age" in c.reason}


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"mode": "destroy"}, "“mode” is 'destroy'; it can be preview, apply, undo, detach"),
        ({"mode": "apply"}, "nothing is ticked"),
        ({"mode": "apply", "groups": ["everything"]}, "“groups” names everything; there is counts"),
        ({"mode": "apply", "rows": ["check:nope"]}, "“rows” names check:nope, which the preview does not have; it has"),
        ({"mode": "apply", "rows": "watch"}, "“rows” is a list of names"),
        ({"datasets": ["nope"]}, "“datasets” names nope"),
        ({"mode": "undo"}, "“receipt” is empty"),
        ({"heartbeat_url": "https://evil.example/x"}, "evil.example is not an allowed heartbeat host"),
    ],
)
def test_a_slip_of_the_hand_is_refused_in_words(dss: Server, config: dict[str, Any], said: str) -> None:
    dss.requests.clear()
    with pytest.raises(InvalidParameter) as refused:
        run(dss, **config)
    assert said in str(refused.value)
    assert dss.requests.writes() == []


# --- apply and take back ---------------------------------------------------------------------------------------------


def test_what_is_ticked_is_added_read_back_computed_once_and_undone_exactly(dss: Server) -> None:
    before = state_of(dss)
    guide = run(dss, mode="apply", rows=[PROBE, FRESH])
    found = rows(guide)
    assert found[PROBE].startswith("applied and read back; computed once: ")
    assert found[FRESH].startswith("applied and read back; computed once: OK, ")
    assert "py_plugin_operations-guide_row-count" in [probe["type"] for probe in suppliers(dss)["metrics"]["probes"]]
    assert suppliers(dss)["metricsChecks"]["checks"][-1]["type"] == "custom_python_operations-guide_freshness"
    assert not {PROBE, FRESH} & set(rows(run(dss)))  # what is there is not proposed again
    undone = run(dss, mode="undo", receipt=receipt(guide))
    assert rows(undone) == {PROBE: "as before", FRESH: "as before"}
    assert state_of(dss) == before
    with pytest.raises(InvalidParameter, match="there is no receipt nope; there is none"):
        run(dss, mode="undo", receipt="nope")


@pytest.mark.dss("12.6")
def test_detach_leaves_the_settings_as_they_were_before_everything(dss: Server) -> None:
    before = state_of(dss)
    mail = {"mail_to": "ops@example.com", "active": True, "heartbeat_url": "https://hc.example.com/abc"}
    first = run(dss, mode="apply", groups=["schemas", "mail", "watch", "morning", "stats"], **mail)
    second = run(dss, mode="apply", groups=["checks"])
    assert all(said.startswith("applied and read back") for said in {**rows(first), **rows(second)}.values())

    made, supply = watch(dss), dss.instance.projects["SUPPLY"]
    assert made["active"] is True
    assert made["params"]["steps"][0]["type"] == "pystep_operations-guide_evaluate-operations"
    assert made["params"]["steps"][0]["params"]["config"]["heartbeat_url"] == "https://hc.example.com/abc"
    assert made["triggers"][0]["params"]["repeatFrequency"] == 15
    assert made["reporters"][0]["runCondition"] == "outcome == 'FAILED'"
    # On an automation node, activating a bundle replaces all but the local layer.
    accepted = supply.variables["local"]["operations_guide"]["datasets"]["suppliers"]["accepted_schema"]
    assert [column["name"] for column in accepted] == [c["name"] for c in suppliers(dss)["schema"]["columns"]]
    zone = next(raw for raw in supply.zones.values() if raw["name"] == "Operations statistics")
    assert [item["objectId"] for item in zone["items"]] == ["operations_scenario_runs", "operations_flow_actions"]

    detached = run(dss, mode="detach")
    assert set(rows(detached).values()) <= {"as before", "deleted"}
    assert "What people wrote stays" in words(detached)
    assert state_of(dss) == before
    assert rows(run(dss, mode="detach")) == {}


def test_a_built_in_metric_is_switched_on_and_back_as_it_was(dss: Server) -> None:
    records = next(probe for probe in suppliers(dss)["metrics"]["probes"] if probe["type"] == "records")
    records["computeOnBuildMode"] = "NO"
    profile = {"datasets": {"suppliers": {"time_column": suppliers(dss)["schema"]["columns"][0]["name"]}}}
    dss.instance.projects["SUPPLY"].variables["local"]["operations_guide"] = profile
    before = state_of(dss)
    guide = run(dss, mode="apply", rows=["count:suppliers", "time:suppliers"])
    assert all(said.startswith("applied and read back; computed once: ") for said in rows(guide).values()), rows(guide)
    probes = {probe["type"]: probe for probe in suppliers(dss)["metrics"]["probes"]}
    assert probes["records"]["computeOnBuildMode"] == "PARTITION"
    assert {"column": "supplier_id", "aggregated": "MAX"} in probes["col_stats"]["configuration"]["aggregates"]
    run(dss, mode="undo", receipt=receipt(guide))
    assert state_of(dss) == before


def test_the_newest_data_of_a_source_is_computed_every_morning_because_no_build_does(dss: Server) -> None:
    profile = {"datasets": {"supplier_files": {"time_column": "supplier_id"}}}
    dss.instance.projects["SUPPLY"].variables["local"]["operations_guide"] = profile
    before = state_of(dss)
    assert "computes the newest data of 1 source before" in rows(run(dss))["morning"]
    guide = run(dss, mode="apply", rows=["time:supplier_files", "morning"])
    assert rows(guide)["time:supplier_files"].startswith("applied and read back; computed once: ")
    scenarios = dss.instance.projects["SUPPLY"].scenarios.values()
    made = next(raw for raw in scenarios if raw["name"] == "Operations morning check")
    computed, checked, _ = made["params"]["steps"]
    assert [item["itemId"] for item in computed["params"]["computes"]] == ["supplier_files"]
    assert [item["itemId"] for item in checked["params"]["checks"]] == ["suppliers"]
    run(dss, mode="undo", receipt=receipt(guide))
    assert state_of(dss) == before


@pytest.mark.dss("12.6")
def test_each_thing_that_dss_does_its_own_way_is_told_and_taken_out_again(dss: Server) -> None:
    before = state_of(dss)

    def dropped(sent: Any) -> Any:
        kept = [probe for probe in sent["metrics"]["probes"] if not probe["type"].endswith("_row-count")]
        return {**sent, "metrics": {**sent["metrics"], "probes": kept}}

    def rewritten(sent: Any) -> Any:
        return {**sent, "type": "python"} if sent["type"].endswith("_freshness") else sent

    failing = {"runs": [{"engine": "Python", "error": "Unknown probe type"}], "computed": []}
    dss.faults.rewrite("PUT", DATASET, dropped)
    dss.faults.change("POST", f"{DATASET}/actions/computeMetrics", lambda _: {"result": failing})
    dss.faults.status("POST", RULES, 400, "Unknown rule type", times=1)
    dss.faults.rewrite("POST", RULES, rewritten)
    guide = run(dss, mode="apply", groups=["probes", "checks"])
    found = rows(guide)
    assert found[PROBE] == "not applied: DSS did not keep it"
    assert found["probe:freshness:suppliers"] == "computed once, and failed: Unknown probe type; taken out again"
    assert found[ROWS] == "not applied: DSS refused: Unknown rule type"
    assert found[FRESH] == "not applied: DSS kept something else than what it was sent; taken back"
    assert found["check:schema-change:suppliers"].startswith("applied and read back; computed once: WARNING")
    dss.faults.clear()
    assert set(rows(run(dss, mode="undo", receipt=receipt(guide)))) == {"check:schema-change:suppliers"}
    assert state_of(dss) == before


def test_before_data_quality_it_is_a_check_and_what_else_a_save_changed_is_told(dss: Server) -> None:
    dss.faults.rewrite("PUT", DATASET, lambda sent: {**sent, "shortDesc": "DSS knows better"})
    dss.instance.version, now = "12.3.1", dss.instance.version
    try:
        found = rows(run(dss, mode="apply", rows=[FRESH]))
    finally:
        dss.instance.version = now
    assert found[FRESH].startswith("applied and read back; computed once: OK")
    assert found[FRESH].endswith("shortDesc changed with the same save: please look at it")
    assert "displayName" not in suppliers(dss)["metricsChecks"]["checks"][-1]


# --- people ----------------------------------------------------------------------------------------------------------


def test_what_somebody_changed_since_is_left_and_said_and_what_they_added_stays(dss: Server) -> None:
    guide = run(dss, mode="apply", rows=[PROBE, ROWS, "check:schema-change:suppliers", "watch"])
    mine = next(rule for rule in suppliers(dss)["metricsChecks"]["checks"] if rule["type"].endswith("row-count"))
    mine["config"]["sensitivity"] = "high"
    watch(dss)["shortDesc"] = "ours now"
    theirs = {"type": "python", "enabled": False, "meta": {"name": "theirs"}, "configuration": {"code": ""}}
    suppliers(dss)["metrics"]["probes"].append(theirs)
    assert rows(run(dss, mode="undo", receipt=receipt(guide))) == {
        PROBE: "as before",
        ROWS: "left as it is: metricsChecks.checks of datasets/suppliers was changed since",
        "check:schema-change:suppliers": "as before",
        "watch": "left as it is: it was changed since",
    }
    assert mine in suppliers(dss)["metricsChecks"]["checks"]
    assert suppliers(dss)["metrics"]["probes"][-1] == theirs


def test_of_two_people_at_once_one_changes_the_project(dss: Server) -> None:
    store.create(clients(dss), "SUPPLY")
    both = threading.Barrier(2)

    def apply(_: int) -> str:
        both.wait()
        try:
            return rows(run(dss, mode="apply", rows=[PROBE]))[PROBE]
        except (NothingDone, InvalidParameter) as refused:
            return str(refused)

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(apply, range(2)))
    assert sum(each.startswith("applied and read back") for each in said) == 1, said
    kinds = [probe["type"] for probe in suppliers(dss)["metrics"]["probes"]]
    assert kinds.count("py_plugin_operations-guide_row-count") == 1


def test_without_the_right_or_a_state_folder_nothing_is_changed(dss: Server) -> None:
    with pytest.raises(NothingDone, match="has added nothing here"):
        run(dss, mode="detach")
    with pytest.raises(NothingDone, match="Nothing was changed"):
        run(dss, login="priya", mode="apply", rows=["watch"])


def test_what_cannot_be_noted_is_not_begun(dss: Server) -> None:
    before = state_of(dss)
    store.create(clients(dss), "SUPPLY")
    dss.faults.status("POST", "/projects/SUPPLY/managedfolders/*/contents/receipts/*", 500, "disk full")
    guide = run(dss, mode="apply", rows=[PROBE, ROWS])
    assert rows(guide) == {PROBE: "stopped here, because the receipt cannot be written: disk full"}
    assert state_of(dss) == before


def test_what_somebody_took_out_by_hand_is_found_gone(dss: Server) -> None:
    guide = run(dss, mode="apply", rows=[ROWS])
    suppliers(dss)["metricsChecks"]["checks"].pop()
    assert rows(run(dss, mode="undo", receipt=receipt(guide))) == {ROWS: "it was not there"}


@pytest.mark.parametrize("odd", [{"metrics": 5}, {"metrics": {"probes": {}}}, {"metricsChecks": "x"}, {}])
def test_settings_of_an_odd_shape_are_shown_and_never_spoiled(dss: Server, odd: dict[str, Any]) -> None:
    store.create(clients(dss), "SUPPLY")
    raw = suppliers(dss)
    raw.pop("metrics", None)
    raw.pop("metricsChecks", None)
    raw.update(odd)
    before = state_of(dss)
    assert PROBE in rows(run(dss))
    said = rows(guide := run(dss, mode="apply", rows=[PROBE, ROWS]))
    assert all(each.startswith(("applied", "not applied: ", "computed once")) for each in said.values())
    run(dss, mode="undo", receipt=receipt(guide))
    assert state_of(dss) == before


def test_receipts_are_taken_back_in_any_order_and_leave_no_list_where_there_was_none(dss: Server) -> None:
    suppliers(dss).pop("metricsChecks", None)
    before = state_of(dss)
    first = run(dss, mode="apply", rows=[ROWS, "schema:suppliers"])
    second = run(dss, mode="apply", rows=["check:schema-change:suppliers"])
    third = run(dss, mode="apply", rows=[FRESH])
    for each in (first, third, second):
        assert set(rows(run(dss, mode="undo", receipt=receipt(each))).values()) == {"as before"}
    assert state_of(dss) == before


# --- folders ---------------------------------------------------------------------------------------------------------

LANDING = "kL4nd1ng"  # a folder that nothing in the sample builds: carriers drop a file a day
EXPORTS = "xP0rtF1n"  # one that a recipe fills
FOLDER_ROWS = ("probe:freshness:folder:", "probe:row-count:folder:", "check:freshness:folder:")


@pytest.fixture
def retail(served: Server) -> Iterator[Any]:
    """The large project of the sample, whose folders nobody watches yet; put back afterwards."""
    project = served.instance.projects["RETAIL"]
    before = {part: copy.deepcopy(getattr(project, part)) for part in (*PARTS, "folders")}
    for folder in project.folders.values():
        folder["metrics"]["probes"] = [each for each in folder["metrics"]["probes"] if each["type"] == "basic"]
        folder["checks"]["checks"] = []
    for layer in project.variables.values():
        layer.get("operations_guide", {}).get("datasets", {}).pop(LANDING, None)
    times = {file: file.stat().st_mtime for file in served.instance.folder_path("RETAIL", LANDING).rglob("*.csv")}
    yield project
    served.faults.clear()
    for file, at in times.items():
        os.utime(file, (at, at))
    for part, value in before.items():
        setattr(project, part, value)


def test_folders_get_probes_and_a_check_with_limits_from_their_own_history(served: Server, retail: Any) -> None:
    before = _own(copy.deepcopy(retail.folders))
    names = ["landing", EXPORTS]
    guide = run(served, "RETAIL", datasets=names)
    proposed = {row[1].value: [cell.value for cell in row] for row in _table_rows(guide)}
    every = [f"{row}{folder}" for folder in (LANDING, EXPORTS) for row in FOLDER_ROWS]
    assert set(every) <= set(proposed)
    assert proposed[f"{FOLDER_ROWS[2]}{LANDING}"][0].startswith("landing")
    assert "19 of 20 gaps are within" in " ".join(proposed[f"{FOLDER_ROWS[2]}{LANDING}"])
    assert "arrivals on record" in " ".join(proposed[f"{FOLDER_ROWS[2]}{LANDING}"])
    assert "builds on record" in " ".join(proposed[f"{FOLDER_ROWS[2]}{EXPORTS}"])

    applied = run(served, "RETAIL", mode="apply", rows=every)
    assert all(said.startswith("applied and read back; ") for said in rows(applied).values()), rows(applied)
    assert all("computed once: " in said for row, said in rows(applied).items() if row.startswith("probe"))
    client = dataikuapi.DSSClient(served.url, "admin").get_project("RETAIL")
    landing = client.get_managed_folder(LANDING).get_settings().get_raw()
    kept = {probe["type"]: probe["computeOnBuildMode"] for probe in landing["metrics"]["probes"]}
    assert kept["py_plugin_operations-guide_freshness"] == "NO"  # no build would compute it
    assert [check["type"] for check in landing["checks"]["checks"]] == ["custom_python_operations-guide_freshness"]
    assert not set(every) & set(rows(run(served, "RETAIL", datasets=names)))

    assert set(rows(run(served, "RETAIL", mode="undo", receipt=receipt(applied))).values()) == {"as before"}
    assert _own(retail.folders) == before | {
        each: _own(retail.folders[each]) for each in set(retail.folders) - set(before)
    }


def _table_rows(guide: Any) -> list[Any]:
    tables = [block for block in guide.sections[0].blocks if isinstance(block, Table)]
    return [row for table in tables for row in table.rows]


def test_a_folder_without_history_is_given_no_limit_and_says_what_would_make_one_known(
    served: Server, retail: Any
) -> None:
    for file in served.instance.folder_path("RETAIL", LANDING).rglob("*.csv"):
        os.utime(file, (AT.timestamp(), AT.timestamp()))
    row = f"{FOLDER_ROWS[2]}{LANDING}"
    said = " ".join(
        row.value for row in next(each for each in _table_rows(run(served, "RETAIL")) if each[1].value == row)
    )
    assert "1 arrival of files on record, too few to propose an age; declare max_age_hours or available_by" in said
    retail.variables["local"].setdefault("operations_guide", {})["datasets"] = {LANDING: {"max_age_hours": 30}}
    assert "at most 30 h old, as declared" in " ".join(
        cell.value for each in _table_rows(run(served, "RETAIL", datasets=[LANDING])) for cell in each
    )


def test_what_dss_cannot_compute_of_a_folder_is_taken_out_again(served: Server, retail: Any) -> None:
    before = _own(copy.deepcopy(retail.folders[LANDING]))
    place = f"/projects/RETAIL/managedfolders/{LANDING}/actions/computeMetrics"
    failing = {"runs": [{"engine": "Python", "error": "Unknown probe type"}], "computed": []}
    served.faults.change("POST", place, lambda _: {"hasResult": True, "result": failing})
    row = f"{FOLDER_ROWS[1]}{LANDING}"
    found = rows(run(served, "RETAIL", mode="apply", rows=[row]))
    assert found[row] == "computed once, and failed: Unknown probe type; taken out again"
    assert _own(retail.folders[LANDING]) == before


def test_the_morning_scenario_computes_and_checks_a_folder(served: Server, retail: Any) -> None:
    chosen = [f"{row}{LANDING}" for row in FOLDER_ROWS]
    applied = rows(run(served, "RETAIL", mode="apply", rows=[*chosen, "morning"]))
    assert all(said.startswith("applied and read back") for said in applied.values()), applied
    scenario_id = next(i for i, raw in retail.scenarios.items() if raw["name"] == "Operations morning check")
    # Of its steps those two that are about the folder, so that nothing else of the sample decides how it ends.
    steps = retail.scenarios[scenario_id]["params"]["steps"]
    for step, key in zip(steps, ("computes", "checks")):
        step["params"][key] = [item for item in step["params"][key] if item["itemId"] == LANDING]
        assert [item["type"] for item in step["params"][key]] == ["MANAGED_FOLDER"]
    del steps[2:]
    project = dataikuapi.DSSClient(served.url, "admin").get_project("RETAIL")
    scenario_run = project.get_scenario(scenario_id).run_and_wait(no_fail=True)
    assert scenario_run.outcome in ("SUCCESS", "WARNING")
    values = project.get_managed_folder(LANDING).get_last_metric_values().get_all_ids()
    assert "py_plugin_operations-guide_row-count:file_count:Row count" in values
    assert "check:CHECK:Fresh" in values


# --- the morning scenario, later -------------------------------------------------------------------------------------


def test_what_is_followed_later_is_added_to_the_morning_scenario_in_its_order_and_taken_back(dss: Server) -> None:
    plain = state_of(dss)
    run(dss, mode="apply", rows=["morning"])
    assert not {"morning:sources", "morning:checks"} & set(rows(run(dss)))
    first = state_of(dss)
    profile = {"datasets": {"supplier_files": {"time_column": "supplier_id"}}}
    local = dss.instance.projects["SUPPLY"].variables["local"]
    local["operations_guide"] = profile
    made = next(raw for raw in dss.instance.projects["SUPPLY"].scenarios.values() if "morning" in raw["name"])
    assert [step["type"] for step in made["params"]["steps"]] == ["check_dataset", "runnable"]
    assert rows(run(dss))["morning:sources"] == "supplier_files"

    guide = run(dss, mode="apply", rows=["time:supplier_files", "morning:sources"])
    assert rows(guide)["morning:sources"] == "applied and read back"
    made = next(raw for raw in dss.instance.projects["SUPPLY"].scenarios.values() if "morning" in raw["name"])
    computed = made["params"]["steps"][0]
    assert [item["itemId"] for item in computed["params"]["computes"]] == ["supplier_files"]
    assert "morning:sources" not in rows(run(dss))
    assert set(rows(run(dss, mode="undo", receipt=receipt(guide))).values()) == {"as before"}
    del local["operations_guide"]
    assert state_of(dss) == first
    run(dss, mode="detach")
    assert state_of(dss) == plain


def test_items_go_into_the_step_that_is_there_and_what_a_person_changed_since_is_left(dss: Server) -> None:
    run(dss, mode="apply", rows=["morning"])
    made = next(raw for raw in dss.instance.projects["SUPPLY"].scenarios.values() if "morning" in raw["name"])
    checks = made["params"]["steps"][0]
    checks["params"]["checks"] = []
    assert rows(run(dss))["morning:checks"] == "suppliers"
    guide = run(dss, mode="apply", rows=["morning:checks"])
    made = next(raw for raw in dss.instance.projects["SUPPLY"].scenarios.values() if "morning" in raw["name"])
    assert [item["itemId"] for item in made["params"]["steps"][0]["params"]["checks"]] == ["suppliers"]
    made["params"]["steps"][0]["params"]["handleWarningsAs"] = "SUCCESS"
    said = rows(run(dss, mode="undo", receipt=receipt(guide)))["morning:checks"]
    assert said.startswith("left as it is: params.steps of scenarios/")
    assert made["params"]["steps"][0]["params"]["handleWarningsAs"] == "SUCCESS"


# --- it breaks half-way ----------------------------------------------------------------------------------------------


@pytest.mark.dss("12.6")
def test_an_answer_that_never_comes_is_found_out_by_undo(dss: Server) -> None:
    suppliers(dss).pop("metricsChecks", None)
    before = state_of(dss)
    dss.faults.cut_off("POST", RULES, times=1)
    guide = run(dss, mode="apply", rows=[ROWS])
    assert "it may have been made or not: undo finds out" in rows(guide)[ROWS]
    assert state_of(dss) != before
    assert rows(run(dss, mode="undo", receipt=receipt(guide))) == {ROWS: "as before"}
    assert state_of(dss) == before


SCENARIOS = "/projects/SUPPLY/scenarios"


def test_a_scenario_whose_steps_dss_refuses_does_not_stay_and_can_be_asked_for_again(dss: Server) -> None:
    before = state_of(dss)
    dss.faults.status("PUT", f"{SCENARIOS}/*", 400, "Unknown step type", times=1)
    found = rows(run(dss, mode="apply", rows=["watch"]))
    assert found == {"watch": "not applied: it was made, but not complete: DSS refused: Unknown step type; taken back"}
    assert state_of(dss) == before
    assert rows(run(dss, mode="apply", rows=["watch"]))["watch"].startswith("applied and read back")


def test_what_could_not_be_deleted_again_stays_on_its_receipt(dss: Server) -> None:
    before = state_of(dss)
    dss.faults.status("PUT", f"{SCENARIOS}/*", 400, "Unknown step type", times=1)
    dss.faults.status("DELETE", f"{SCENARIOS}/*", 403, "Not allowed", times=1)
    guide = run(dss, mode="apply", rows=["watch"])
    assert "; it is still there: it could not be taken back: Not allowed" in rows(guide)["watch"]
    assert state_of(dss) != before
    assert rows(run(dss, mode="undo", receipt=receipt(guide))) == {"watch": "deleted"}
    assert state_of(dss) == before


def test_of_a_change_in_several_steps_all_stay_or_none(dss: Server) -> None:
    before = state_of(dss)
    twice = tuple(Step(ZONE, ("flow", "zones"), {"name": "Twice", "color": "#9aa5b1"}) for _ in range(2))
    done, noted = apply(clients(dss), "SUPPLY", [Change("two", "stats", "Two zones", "", "", twice)], lambda _: None)
    assert (done[0].worked, done[0].said) == (False, "not applied: there is a zone named Twice already")
    assert state_of(dss) == before
    assert rows(run(dss, mode="undo", receipt=noted)) == {}


def test_what_cannot_be_read_back_is_taken_out_again(dss: Server) -> None:
    before = state_of(dss)

    def unreadable(sent: Any) -> Any:
        dss.faults.status("GET", DATASET, 500, "Index out of range", times=1)
        return sent

    dss.faults.rewrite("PUT", DATASET, unreadable, times=1)
    said = rows(run(dss, mode="apply", rows=[PROBE]))[PROBE]
    assert said.startswith("not applied: it was sent, but could not be read back: DSS refused: Index out of range")
    assert said.endswith("; taken back")
    dss.faults.clear()
    assert state_of(dss) == before


def test_a_process_that_was_killed_half_way_is_taken_back_by_its_receipt(dss: Server) -> None:
    before, place = state_of(dss), f"{DATASET}/actions/computeMetrics"
    dss.requests.clear()
    dss.faults.hang("POST", place, 120)
    macro = dataikuapi.DSSClient(dss.url, "admin").get_project("SUPPLY").get_macro(TYPE)
    run_id = macro.run({"mode": "apply", "rows": [PROBE, "watch"]}, wait=False)
    until(lambda: place in [each.path for each in dss.requests.writes()])
    macro.abort(run_id)
    dss.faults.clear()
    assert state_of(dss) != before
    with pytest.raises(NothingDone, match="somebody else"):
        run(dss, mode="detach")
    _an_hour_passes(dss)
    assert rows(run(dss, mode="detach")) == {PROBE: "as before"}
    assert state_of(dss) == before


def _an_hour_passes(dss: Server) -> None:
    """The claim and the notes of the process that died are an hour old."""
    state = store.find(clients(dss), "SUPPLY")
    assert isinstance(state, store.Store)
    root = dss.instance.folder_path("SUPPLY", state.folder_id)
    for file in [*root.rglob("claims/*/*.json"), *root.rglob("receipts/*/*.json")]:
        stamp, _, rest = file.name.partition("Z-")
        at = datetime.strptime(stamp, "%Y%m%dT%H%M%S.%f").replace(tzinfo=timezone.utc) - timedelta(hours=1)
        file.rename(file.with_name(f"{at:%Y%m%dT%H%M%S.%f}Z-{rest}"))


# --- as DSS runs it --------------------------------------------------------------------------------------------------


def test_the_macro_shows_tables_without_script_and_refuses_in_words(dss: Server) -> None:
    macro = dataikuapi.DSSClient(dss.url, "admin").get_project("SUPPLY").get_macro(TYPE)
    page = BeautifulSoup(macro.get_result(macro.run(), as_type=None).read().decode(), "html.parser")
    assert "What would be added" in page.h2.text
    assert len(page.select("table")) >= 5
    assert not page.select("script")
    with pytest.raises(DataikuException, match="nothing is ticked"):
        macro.get_result(macro.run({"mode": "apply"}), as_type=None)
