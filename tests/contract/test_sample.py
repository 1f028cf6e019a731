"""The sample project: whole in itself, as various as the guide needs it, and with a profile that the plugin accepts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from localdss import data
from localdss.instance import Instance, Project, refs
from localdss.opening import open_instance
from opsguide.model.profile import OpsProfile


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    opened = open_instance(None, plugins=())
    yield opened
    opened.close()


@pytest.fixture
def retail(instance: Instance) -> Project:
    return instance.projects["RETAIL"]


def steps(project: Project) -> Iterator[dict[str, Any]]:
    for raw in project.scenarios.values():
        yield from (raw.get("params") or {}).get("steps") or []


def names(project: Project) -> set[str]:
    return {name for objects in project.objects().values() for name in objects}


def test_every_recipe_reads_and_writes_what_exists(instance: Instance, retail: Project) -> None:
    for name, whole in retail.recipes.items():
        for ref in (*refs(whole["recipe"], "inputs"), *refs(whole["recipe"], "outputs")):
            if ref not in names(retail):
                owner, local = data.locate(instance, "RETAIL", ref)
                exposed = owner.settings["exposedObjects"]["objects"]
                assert any(one["localName"] == local for one in exposed), f"{name} reads {ref}, which is not shared"


def test_every_step_trigger_zone_and_article_points_at_something(retail: Project) -> None:
    known = names(retail)
    for step in steps(retail):
        for key in ("builds", "computes", "checks"):
            assert {item["itemId"] for item in step["params"].get(key, [])} <= known, step["name"]
    for raw in retail.scenarios.values():
        for trigger in raw["triggers"]:
            assert {watch["itemId"] for watch in trigger["params"].get("watches", [])} <= known
    for zone in retail.zones.values():
        assert {item["objectId"] for item in zone["items"]} <= known | set(retail.recipes)
    assert set(_ids(retail.wiki["settings"]["taxonomy"])) == set(retail.wiki["articles"])


def _ids(taxonomy: list[dict[str, Any]]) -> Iterator[str]:
    for entry in taxonomy:
        yield entry["id"]
        yield from _ids(entry["children"])


def test_people_groups_and_channels_are_real_but_for_the_broken_ones_that_are_meant(
    instance: Instance, retail: Project
) -> None:
    for user in instance.users.values():
        assert set(user["groups"]) <= set(instance.groups)
    for entry in retail.settings["permissions"]:
        assert entry.get("group", "administrators") in instance.groups
        assert entry.get("user", "admin") in instance.users
    channels = {channel["id"] for channel in instance.channels}
    used = {
        reporter["messaging"]["configuration"]["channelId"]
        for raw in retail.scenarios.values()
        for reporter in raw["reporters"]
    }
    assert used - channels == {"teams-crm-old", "smtp-old"}
    assert [user["login"] for user in instance.users.values() if not user["enabled"]] == ["tomas"]


def test_it_is_as_various_as_work(retail: Project) -> None:
    triggers = {t["type"] for raw in retail.scenarios.values() for t in raw["triggers"]}
    frequencies = {t["params"].get("frequency") for raw in retail.scenarios.values() for t in raw["triggers"]}
    assert triggers == {"temporal", "ds_modified", "sql_query", "follow_scenariorun"}
    assert {"Hourly", "Daily", "Weekly", "Monthly"} <= frequencies
    assert {raw["type"] for raw in retail.scenarios.values()} == {"step_based", "custom_python"}
    assert [name for name, raw in retail.scenarios.items() if not raw["active"]] == ["LEGACY_EXPORT"]
    kinds = {raw["type"] for raw in retail.datasets.values()}
    assert kinds == {"Filesystem", "S3", "UploadedFiles", "Inline", "PostgreSQL"}
    assert 28 <= len(retail.datasets) <= 34
    assert {name for name, raw in retail.datasets.items() if data.dimension(raw)} == {
        "orders_files",
        "orders",
        "orders_clean",
    }
    recipes = {whole["recipe"]["type"] for whole in retail.recipes.values()}
    assert {"shaker", "join", "grouping", "python", "sql_query", "sync", "prediction_training"} <= recipes
    assert len(retail.zones) == 3
    assert {webapp["type"] for webapp in retail.webapps.values()} == {"webapp_operations-guide_operations-guide"}
    probes = [probe["type"] for probe in retail.datasets["sales_mart"]["metrics"]["probes"]]
    assert "py_plugin_operations-guide_row-count" in probes


@pytest.mark.parametrize("layer", ["standard", "local"])
def test_each_layer_of_the_profile_is_accepted(retail: Project, layer: str) -> None:
    OpsProfile.model_validate(retail.variables[layer]["operations_guide"])


def test_the_profile_speaks_of_what_exists_and_leaves_gaps(instance: Instance, retail: Project) -> None:
    profile = OpsProfile.model_validate(retail.variables["standard"]["operations_guide"])
    assert set(profile.datasets) <= names(retail)
    assert set(profile.scenarios) <= set(retail.scenarios)
    assert set(profile.connections) <= set(instance.connections)
    calendars = {entry.calendar for entry in profile.datasets.values()} - {None}
    assert calendars == set(profile.calendars)
    assert profile.oncall is not None
    assert profile.oncall.login in instance.users
    assert profile.contacts.infra is None
    assert profile.links.onboarding is None
    assert profile.backup.jobs is None
