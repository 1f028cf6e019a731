"""Who holds access, through the real client: what each reader may see of it, and groups nobody can act through."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import localdss
from localdss.server import Server
from opsguide.model.guide import Cell, Origin, Tone, cells_of
from tests.whole import Visit, assert_whole

SCENARIOS_ALONE = {"group": "night_desk", "runScenarios": True}
GONE = {"group": "past_team", "admin": True}
LEFT = {"user": "nobody_now", "readProjectContent": True}


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    with localdss.serve() as served:
        instance = served.instance
        instance.groups["night_desk"] = {"name": "night_desk", "admin": False}  # nobody is in it
        instance.groups["past_team"] = {"name": "past_team", "admin": False}
        instance.users["tomas"]["groups"].append("past_team")  # who is disabled
        settings = instance.projects["RETAIL"].settings
        settings["permissions"] = [*settings["permissions"], SCENARIOS_ALONE, GONE, LEFT]
        settings["settings"]["accessRequestsEnabled"] = "ENABLED"
        yield served


def section(dss: Server, login: str, run_as: str = "svc_retail") -> dict[str, Cell]:
    guide = Visit(dss, "RETAIL", login, run_as).guide()
    assert_whole(guide)
    prefix = "access-management."
    return {cell.id.removeprefix(prefix): cell for cell in cells_of(guide) if cell.id.startswith(prefix)}


def test_an_administrator_sees_who_is_behind_each_grant(dss: Server) -> None:
    found = section(dss, "admin")
    assert found["admin.holders"].value == "olivia (owner), group data_platform and group past_team (disabled)"
    assert "group data_engineers: directly" in found["run.holders"].evidence
    assert "group data_platform: Admin, which implies Run scenarios" in found["run.holders"].evidence
    assert "nobody_now: directly" in found["view.holders"].evidence
    people = {name.split(".")[0]: cell for name, cell in found.items() if name.endswith(".people")}
    assert people["holder-group-data_engineers"].value == (
        "Olivia Marchand (olivia) and Dmitri Hallam (dmitri); disabled: Tomas Lindqvist (tomas)"
    )
    assert people["holder-group-night_desk"].value == "Nobody is in this group"
    assert people["holder-group-past_team"].value == "Disabled: Tomas Lindqvist (tomas)"
    assert people["holder-user-nobody_now"].value == "DSS knows no user of this login"
    assert people["holder-owner-olivia"].value == "Olivia Marchand (olivia)"
    assert people["administrators"].value == "DSS administrator (admin)"
    wrong = {name for name, cell in people.items() if cell.tone is Tone.NOTICE}
    assert wrong == {"holder-group-night_desk", "holder-group-past_team", "holder-user-nobody_now"}
    assert found["alone-who.possible"].value == "group operators and group night_desk (nobody in it)"
    assert (found["way-dss.open"].value, found["way-dss.to"].value) == (
        "Yes, for whoever finds the project",
        "olivia (owner) and group data_platform",
    )


@pytest.mark.dss("14.3")
def test_who_administers_only_the_project_sees_what_the_version_shows_everybody(
    dss: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Since DSS 14.0 the light list of users has their groups; before, who is in a group is for administrators."""
    now = section(dss, "olivia")
    assert now["run.holders"].origin is Origin.LIVE
    assert now["holder-group-night_desk.people"].value == "Nobody is in this group"
    assert now["administrators.people"].origin is Origin.UNKNOWN, "which groups administer the instance is not shown"
    monkeypatch.setattr(dss.instance, "version", "13.5.2")
    before = section(dss, "olivia")
    assert before["run.holders"].value == (
        "olivia (owner), group data_engineers, group data_platform, group operators, svc_retail, group night_desk and 1 more"
    )
    for name in ("holder-group-data_engineers", "holder-group-night_desk", "holder-owner-olivia", "administrators"):
        people = before[f"{name}.people"]
        assert (people.origin, people.needs) == (Origin.UNKNOWN, "instance administrator"), name


@pytest.mark.parametrize("login", ["raj", "priya"])
def test_who_does_not_administer_the_project_is_told_what_that_takes(dss: Server, login: str) -> None:
    found = section(dss, login)
    for name in ("run.holders", "holders.who", "way-dss.open", "way-dss.to"):
        assert (found[name].origin, found[name].needs) == (Origin.UNKNOWN, "Admin on the project"), name
    assert not any(name.startswith("holder-") for name in found)
    assert found["run.role"].value == "Run scenarios"
