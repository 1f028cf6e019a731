"""The project standards check operations-readiness, run as DSS runs it, and with what it cannot see."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest

import localdss
from localdss import host
from localdss.server import Server
from opsguide import service
from opsguide.core import readiness as rules
from opsguide.core.assess import assess
from opsguide.errors import InvalidParameter
from opsguide.model.snapshot import User
from opsguide.service.readiness import Readiness
from opsguide.settings import Settings
from tests.nights import night, promises
from tests.readings import clients

# Project standards came with this version.
pytestmark = pytest.mark.dss("14.1")
AT = datetime(2026, 3, 3, 6, 12, tzinfo=timezone.utc)
TYPE = "project_standards_check_spec_operations-guide_operations-readiness"
READY = {
    "datasets": {"suppliers": {"due": "07:00"}},
    "reviewed": {"on": "2026-02-20", "by": "Olivia"},
}
TELLS = {
    "id": "mail",
    "active": True,
    "phase": "END",
    "runConditionEnabled": False,
    "messaging": {"type": "mail-scenario", "configuration": {"channelId": "smtp-ops", "recipient": "ops@example.com"}},
}


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with localdss.serve(story="healthy", at=AT) as server:
        yield server


@pytest.fixture
def dss(served: Server) -> Iterator[Server]:
    """The small project, made ready; each test takes something away from it."""
    supply = served.instance.projects["SUPPLY"]
    before = copy.deepcopy((supply.scenarios, supply.variables, supply.settings))
    supply.variables["standard"]["operations_guide"] = copy.deepcopy(READY)
    for scenario in supply.scenarios.values():
        scenario["reporters"] = [copy.deepcopy(TELLS)]
    served.requests.clear()
    yield served
    served.faults.clear()
    supply.scenarios, supply.variables, supply.settings = before


def run(dss: Server, login: str = "admin", key: str = "SUPPLY", **config: Any) -> Readiness:
    return service.readiness(clients(dss, login), key, config, Settings())


def profile(dss: Server) -> dict[str, Any]:
    return dss.instance.projects["SUPPLY"].variables["standard"]["operations_guide"]


def test_a_project_with_all_of_it_passes_as_dss_runs_it(dss: Server) -> None:
    found = host.run_standards_check(dss.instance, "SUPPLY", "admin", TYPE, {})
    assert (found["status"], found["severity"]) == ("SUCCESS", None)
    assert "each with a promise" in found["message"]
    assert found["message"].endswith("its guide was reviewed 20 Feb by Olivia.")
    assert {each["state"] for each in found["details"].values()} == {"met"}


def test_what_it_lacks_is_all_said_at_once_with_the_severity_asked_for(dss: Server) -> None:
    del profile(dss)["datasets"], profile(dss)["reviewed"]
    for scenario in dss.instance.projects["SUPPLY"].scenarios.values():
        scenario["reporters"] = []
    found = host.run_standards_check(dss.instance, "SUPPLY", "admin", TYPE, {"severity": 5})
    assert (found["status"], found["severity"]) == ("FAILURE", 5)
    assert found["message"].startswith("Not ready: 1 of 1 output without a promise: suppliers; nobody is told when ")
    assert found["message"].endswith("no person has noted a review of its guide.")
    states = {name: each["state"] for name, each in found["details"].items()}
    assert states == {"owner": "met", "promises": "lacking", "reporters": "lacking", "review": "lacking"}


def test_nothing_is_written_and_no_other_project_read(dss: Server) -> None:
    run(dss)
    assert dss.requests.writes() == []
    keys = {each.path.split("/")[2] for each in dss.requests if each.path.startswith("/projects/")}
    assert keys == {"SUPPLY"}


@pytest.mark.parametrize(("owner", "said"), [("tomas", "the account is disabled"), ("nobody.any.more", "is gone")])
def test_an_owner_who_cannot_sign_in_is_none(dss: Server, owner: str, said: str) -> None:
    dss.instance.projects["SUPPLY"].settings["owner"] = owner
    found = run(dss)
    assert found.status == "failure"
    assert said in found.message


@pytest.mark.parametrize(
    ("on", "days", "status", "said"),
    [
        ("2025-11-01", 90, "failure", "reviewed 1 Nov 2025 by Olivia, 122 days ago; 90 are allowed"),
        ("2025-11-01", 122, "success", "reviewed 1 Nov 2025"),
        ("2026-03-04", 90, "failure", "a day still to come"),
    ],
)
def test_a_review_counts_for_a_while(dss: Server, on: str, days: int, status: str, said: str) -> None:
    profile(dss)["reviewed"]["on"] = on
    found = run(dss, review_days=days)
    assert found.status == status
    assert said in found.message


def test_only_what_is_wanted_is_judged(dss: Server) -> None:
    del profile(dss)["datasets"]
    assert run(dss, promises=False).status == "success"
    assert list(run(dss, owner="false", review=False).details) == ["promises", "reporters"]


@pytest.mark.parametrize(
    ("route", "said"),
    [
        ("/projects/SUPPLY/scenarios/", "whether a scenario's failure reaches anybody: "),
        ("/projects/SUPPLY/variables", "what is promised: "),
        ("/projects/SUPPLY/flow/graph", "whether these are all outputs: "),
    ],
)
def test_what_cannot_be_read_is_no_success(dss: Server, route: str, said: str) -> None:
    dss.faults.status("GET", route, 403)
    found = run(dss)
    assert found.status == "error"
    assert said in found.message
    assert "it takes: Read project content" in found.message


def test_a_condition_that_cannot_be_read_is_not_taken_for_a_message(dss: Server) -> None:
    for scenario in dss.instance.projects["SUPPLY"].scenarios.values():
        scenario["reporters"][0].update(runConditionEnabled=True, runCondition="${weekday} == 'Monday'")
    found = run(dss)
    assert (found.status, found.details["reporters"]["state"]) == ("error", "unknown")


def test_whoever_does_not_see_accounts_is_told_what_is_hidden(dss: Server) -> None:
    assert run(dss, "olivia").status == "success"
    snapshot, declared = night(), promises()
    hidden = (User(snapshot.project.owner_login),)
    (owner,) = rules.readiness(snapshot, declared, assess(snapshot, declared), hidden, ["owner"], 90)
    assert owner.state == "met"
    assert owner.said.endswith("(whether that account is enabled is shown to administrators alone)")


def test_without_the_list_of_people_the_owner_is_not_taken_for_granted(dss: Server) -> None:
    for route in ("/admin/users/", "/users"):
        dss.faults.status("GET", route, 403)
    found = run(dss)
    assert found.status == "error"
    assert "whether its owner Samir Benali can sign in: the users could not be read" in found.message


def test_where_there_is_nothing_to_operate_it_does_not_apply(dss: Server) -> None:
    supply = dss.instance.projects["SUPPLY"]
    for scenario in supply.scenarios.values():
        scenario["active"] = False
    profile(dss)["datasets"] = {name: {"is_output": False} for name in supply.datasets}
    assert run(dss).status == "not_applicable"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"severity": 0}, "from 1 to 5"),
        ({"review_days": "soon"}, "whole number"),
        (dict.fromkeys(("owner", "promises", "reporters", "review"), False), "at least one"),
    ],
)
def test_a_slip_of_the_hand_is_refused_in_words(dss: Server, config: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidParameter, match=words):
        run(dss, **config)
