"""DSS's shapes, old and new, as values of the model."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from opsguide.dss import answers
from opsguide.model.snapshot import Bundle, Exposed, Grant, Metric, MetricPoint, ObjectRef, QualityStatus

MS = 1_760_320_805_000
AT = datetime(2025, 10, 13, 2, 0, 5, tzinfo=timezone.utc)


def tag(login: str) -> dict[str, Any]:
    return {"versionNumber": 3, "lastModifiedBy": {"login": login}, "lastModifiedOn": MS}


@pytest.mark.parametrize(
    ("settings", "run_as", "configured"),
    [
        ({"runAsUser": "svc", "versionTag": tag("editor"), "creationTag": tag("maker")}, "svc", True),
        ({"versionTag": tag("editor"), "creationTag": tag("maker")}, "editor", False),
        ({"runAsUser": "", "creationTag": tag("maker")}, "maker", False),
        ({"runAsUser": None, "versionTag": {"lastModifiedBy": None}}, "", False),
    ],
)
def test_run_as_is_configured_or_last_editor_or_creator(settings: Any, run_as: str, configured: bool) -> None:
    found = answers.scenario_settings(settings)
    assert (found.run_as, found.run_as_configured) == (run_as, configured)


@pytest.mark.parametrize(
    ("step", "enabled"),
    [
        ({}, True),
        ({"enabled": True, "runConditionType": "RUN_ALWAYS"}, True),
        ({"enabled": False}, False),
        ({"runConditionType": "DISABLED"}, False),
        ({"enabled": True, "runConditionType": "DISABLED"}, False),
    ],
)
def test_a_step_is_switched_off_in_either_of_two_ways(step: Any, enabled: bool) -> None:
    (found,) = answers.scenario_settings({"params": {"steps": [step]}}).steps
    assert found.enabled is enabled


def test_triggers_stand_at_the_top_or_as_some_clients_put_them() -> None:
    of_api = {"type": "temporal", "params": {"frequency": "Daily"}}
    assert answers.scenario_settings({"triggers": [of_api]}).triggers[0].id == ""
    assert answers.scenario_settings({"params": {"triggers": [of_api]}}).triggers[0].params == {"frequency": "Daily"}
    assert answers.says_its_triggers({"triggers": []})
    assert not answers.says_its_triggers({"triggers": None, "params": {"steps": []}})


@pytest.mark.parametrize(
    ("reporter", "condition", "recipients"),
    [
        ({"runConditionEnabled": True, "runCondition": "outcome == 'FAILED'"}, "outcome == 'FAILED'", ()),
        ({"runConditionEnabled": False, "runCondition": "outcome == 'FAILED'"}, "", ()),
        (
            {
                "messaging": {
                    "configuration": {"recipient": "a@x.example, b@x.example;c@x.example", "ccRecipient": "a@x.example"}
                }
            },
            "",
            ("a@x.example", "b@x.example", "c@x.example"),
        ),
        ({"messaging": {"configuration": {"recipient": ["a@x.example"], "channel": "#ops"}}}, "", ("#ops",)),
    ],
)
def test_reporters(reporter: Any, condition: str, recipients: tuple[str, ...]) -> None:
    (found,) = answers.scenario_settings({"reporters": [reporter]}).reporters
    assert (found.condition, found.recipients, found.phase, found.active) == (condition, recipients, "END", True)


@pytest.mark.parametrize(
    ("run", "outcome", "ended"),
    [
        ({"start": MS}, None, False),
        ({"start": MS, "end": 0}, None, False),
        ({"start": MS, "end": 0, "result": None}, None, False),
        ({"start": MS, "end": MS, "result": {"outcome": "FAILED"}}, "FAILED", True),
        ({"start": MS, "result": {"outcome": "WARNING", "end": MS}}, "WARNING", True),
        ({"start": MS, "end": MS}, answers.NO_OUTCOME, True),
        ({"start": MS, "end": MS, "result": {}}, answers.NO_OUTCOME, True),
        ({"start": MS, "result": "lost"}, answers.NO_OUTCOME, False),
        ({"scenarioRun": {"start": MS, "end": MS, "result": {"outcome": "SUCCESS"}}, "stepRuns": []}, "SUCCESS", True),
    ],
)
def test_a_run_is_running_only_without_a_result_and_an_end(run: Any, outcome: Any, ended: bool) -> None:
    (found,) = answers.runs([run])
    assert (found.outcome, found.end is not None, found.running) == (outcome, ended, outcome is None)
    assert found.start == AT


def test_runs_are_newest_first_whatever_the_answer() -> None:
    listed = [{"runId": str(day), "start": MS + day * 86_400_000} for day in (1, 3, 2)]
    assert [run.run_id for run in answers.runs(listed)] == ["3", "2", "1"]


@pytest.mark.parametrize("said_by", [{"realUserLogin": "svc"}, "svc"])
def test_a_run_tells_who_and_why(said_by: Any) -> None:
    (run,) = answers.runs(
        [
            {
                "runId": "r",
                "start": MS,
                "end": MS,
                "runAsUser": said_by,
                "trigger": {"timestamp": MS, "trigger": {"id": "t", "type": "temporal", "name": "Nightly"}},
                "result": {"outcome": "FAILED", "thrown": {"message": "no rows"}, "warnings": {"totalCount": 2}},
            }
        ]
    )
    assert (run.run_as, run.message, run.warnings) == ("svc", "no rows", 2)
    assert (run.trigger_type, run.trigger_id, run.trigger_name, run.fired_at) == ("temporal", "t", "Nightly", AT)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (
            {"type": "DATASET", "targetDataset": "x", "targetDatasetProjectKey": "K", "targetPartition": "NP"},
            (ObjectRef("DATASET", "K", "x"), ""),
        ),
        ({"targetDataset": "x", "targetPartition": "2025-10-12"}, (ObjectRef("DATASET", "HERE", "x"), "2025-10-12")),
        ({"type": "DATASET", "id": "x", "projectKey": "K", "partition": "ALL"}, (ObjectRef("DATASET", "K", "x"), "")),
        ({"type": "MANAGED_FOLDER", "targetManagedFolder": "f"}, (ObjectRef("MANAGED_FOLDER", "HERE", "f"), "")),
        ({"type": "MANAGED_FOLDER", "targetManagedFolderId": "f"}, (ObjectRef("MANAGED_FOLDER", "HERE", "f"), "")),
        ({"type": "SOMETHING_NEW", "id": "s"}, (ObjectRef("SOMETHING_NEW", "HERE", "s"), "")),
    ],
)
def test_a_job_names_its_outputs(target: Any, expected: Any) -> None:
    (job,) = answers.jobs([{"def": {"id": "j", "outputs": [target]}, "state": "DONE"}], "HERE")
    assert job.outputs == (expected,)


@pytest.mark.parametrize(
    ("item", "finished"),
    [
        ({"state": "RUNNING", "stableState": False}, False),
        ({"state": "DONE", "stableState": True}, True),
        ({"state": "DONE"}, True),
        ({"state": "WAITING_CONFIRMATION"}, False),
        ({}, False),
    ],
)
def test_a_job_is_finished_when_dss_says_so(item: Any, finished: bool) -> None:
    (job,) = answers.jobs([item], "K")
    assert job.finished is finished


@pytest.mark.parametrize(
    ("params", "location"),
    [
        ({"connection": "c", "mode": "table", "schema": "public", "table": "sales"}, "public.sales"),
        ({"mode": "query", "query": "select 1"}, "a query"),
        ({"path": "/in/${projectKey}"}, "/in/${projectKey}"),
        ({"folderSmartId": "OTHER.f"}, "OTHER.f"),
        ({"view": "SCENARIO_RUNS"}, "SCENARIO_RUNS"),
        ({}, ""),
    ],
)
def test_where_a_dataset_is(params: Any, location: str) -> None:
    (found,) = answers.datasets([{"name": "d", "params": params}], "K")
    assert found.location == location


def test_rules_and_old_checks_stand_in_one_list() -> None:
    checks = [
        {"id": "r1", "displayName": "Rows", "type": "RecordCountInRangeRule", "enabled": True, "autoRun": True},
        {"type": "numericRange", "meta": {"label": "Old check"}, "computeOnBuildMode": "NO"},
        {"type": "python", "enabled": False, "computeOnBuildMode": "PARTITION"},
    ]
    (dataset,) = answers.datasets([{"name": "d", "metricsChecks": {"checks": checks}}], "K")
    told = [(rule.id, rule.name, rule.enabled, rule.auto_run) for rule in dataset.rules]
    assert told == [("r1", "Rows", True, True), ("", "Old check", True, False), ("", "", False, True)]
    assert dataset.monitored is None


def test_permissions_are_closed_over_what_they_imply() -> None:
    stored = {
        "owner": "olivia",
        "permissions": [
            {"group": "ops", "admin": False, "writeProjectContent": True, "readProjectContent": False},
            {"user": "raj", "group": "", "readDashboards": True},
            {"neither": True},
        ],
    }
    found = {(grant.kind, grant.name): grant.rights for grant in answers.grants(stored)}
    assert list(found) == [("user", "olivia"), ("group", "ops"), ("user", "raj")]
    assert {"admin", "readProjectContent", "runScenarios"} <= found["user", "olivia"]
    assert {"readProjectContent", "runScenarios", "readDashboards"} <= found["group", "ops"]
    assert found["user", "raj"] == {"readDashboards"}
    assert answers.grants({"permissions": []}) == ()
    assert answers.grants({"owner": "", "permissions": [{"group": "g"}]}) == (Grant("group", "g"),)


def test_settings_say_what_is_exposed_and_paused() -> None:
    found = answers.project_settings(
        {
            "exposedObjects": {
                "objects": [{"type": "DATASET", "localName": "mart", "rules": [{"targetProject": "FINANCE"}]}]
            },
            "settings": {"disableAutomaticTriggers": True},
        },
        "K",
    )
    assert found.exposed == (Exposed(ObjectRef("DATASET", "K", "mart"), ("FINANCE",)),)
    assert found.triggers_disabled is True


def test_metrics_and_their_history() -> None:
    answer = {
        "metrics": [
            {
                "metric": {"id": "records:COUNT_RECORDS"},
                "lastValues": [{"partition": "NP", "dataType": "BIGINT", "value": "129253", "computed": MS}],
            },
            {"metric": {"id": "basic:SIZE"}, "lastValues": [{"partition": "NP"}]},
            {"metric": {"id": "never"}},
        ]
    }
    assert answers.metrics(answer) == (Metric("records:COUNT_RECORDS", "129253", "BIGINT", AT, ""),)
    points = [
        {"time": MS + 1000, "value": "7"},
        {"computed": MS, "value": 5},
        {"value": "9"},
        {"time": MS, "value": "?"},
    ]
    expected = (MetricPoint(AT, 5.0), MetricPoint(AT.replace(second=6), 7.0))
    assert answers.points({"values": points}) == answers.points(points) == expected


@pytest.mark.parametrize(
    ("leaf", "outcome"),
    [
        ("OK", "OK"),
        ("Warning", "WARNING"),
        ({"status": "ERROR"}, "ERROR"),
        ({"outcome": "EMPTY"}, "EMPTY"),
        ("NOT_COMPUTED", ""),
        (3.5j, "UNKNOWN"),
        ({}, "UNKNOWN"),
    ],
)
def test_a_quality_status_is_a_word_or_an_object(leaf: Any, outcome: str) -> None:
    assert answers.quality({"d": leaf}) == (QualityStatus("d", outcome),)


@pytest.mark.parametrize(
    "answer",
    [
        {"bundles": [{"bundleId": "b1", "exportedOn": MS, "active": True}]},
        {"bundles": [{"id": "b1", "importedOn": MS}], "activeBundleId": "b1"},
        [{"bundleId": "b1", "exportManifest": {"exportUserInfo": {"exportedOn": MS}}, "active": True}],
    ],
)
def test_bundles(answer: Any) -> None:
    assert answers.bundles(answer) == (Bundle("b1", AT, True),)


def test_the_wikis_contents_are_flattened_in_reading_order() -> None:
    tree = {"taxonomy": [{"id": "1", "children": [{"id": "2", "children": [{"id": "3"}]}]}, {"id": "4"}]}
    assert [article.id for article in answers.articles(tree)] == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("answer", "login"),
    [
        ({"authIdentifier": "raj", "groups": ["analysts"]}, "raj"),
        ({"authIdentifier": "api:abc"}, ""),
        ({"authIdentifier": "api:abc", "associatedDSSUser": "svc"}, "svc"),
        ({}, ""),
    ],
)
def test_a_keys_own_id_is_no_login(answer: Any, login: str) -> None:
    assert answers.viewer(answer).login == login
