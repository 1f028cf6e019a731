"""Who may see what: their own rights where DSS lends them, fewer where it does not, nothing in doubt."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

import localdss
from localdss.server import Server
from opsguide.dss import gateway
from opsguide.dss.identity import EVERYTHING, STATUS, WRITE, Access, Doors
from opsguide.dss.session import Clients
from opsguide.errors import DssDenied, DssUnreachable
from opsguide.model.known import Cause, Unknown
from opsguide.model.snapshot import ObjectRef
from tests.readings import clients, doors

SUPPLIERS = ObjectRef("DATASET", "SUPPLY", "suppliers")


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with localdss.serve(story="quiet") as dss:
        yield dss


@pytest.fixture
def dss(served: Server) -> Iterator[Server]:
    served.requests.clear()
    yield served
    served.faults.clear()


def browser(login: str) -> dict[str, str]:
    return {"Host": "dss.example.com", "Cookie": f"localdss_user={login}"}


def come_in(dss: Server, login: str, run_as: str = "svc_retail") -> Access:
    return doors(dss, run_as).open(browser(login), "RETAIL")


def acting_as(of: Clients) -> Any:
    return of.get("/auth/info")["authIdentifier"]


@pytest.mark.parametrize("login", ["raj", "priya", "olivia", "admin"])
def test_a_person_reads_with_their_own_rights_where_dss_lends_a_ticket(dss: Server, login: str) -> None:
    access = come_in(dss, login)
    assert (access.login, access.may, access.reason) == (login, EVERYTHING | {WRITE}, "")
    assert acting_as(access.clients) == login
    snapshot = gateway.read_snapshot(access.clients, "RETAIL", {"permissions", "viewer"})
    assert snapshot.viewer.login == login
    assert isinstance(snapshot.permissions, Unknown) == (login in ("raj", "priya"))


def test_without_a_ticket_the_projects_permissions_decide(dss: Server) -> None:
    told = {
        login: come_in(dss, login, run_as="olivia") for login in ("raj", "priya", "dana", "oscar", "samir", "dmitri")
    }
    assert {login: set(access.may) for login, access in told.items()} == {
        "raj": {"guide", "status"},
        "priya": {"guide", "status"},
        "dmitri": {"guide", "status"},
        "dana": {"status"},
        "oscar": set(),
        "samir": set(),
    }
    assert "Read project content" in told["oscar"].reason
    # Those who see the same share one reading, which names none of them.
    assert told["raj"].key == told["priya"].key
    assert told["raj"].key != told["oscar"].key


@pytest.mark.dss("14.3")
def test_then_the_run_as_users_other_rights_are_not_lent(dss: Server) -> None:
    access = come_in(dss, "raj", run_as="admin")
    assert acting_as(access.clients) == "admin"
    snapshot = gateway.read_snapshot(access.clients, "RETAIL", gateway.WHOLE, objects=[SUPPLIERS])
    for part in (snapshot.permissions, snapshot.settings, snapshot.bundles):
        assert isinstance(part, Unknown)
        assert part.cause == Cause.DENIED
    assert isinstance(snapshot.fact(SUPPLIERS).last_build, Unknown)
    assert snapshot.fact(SUPPLIERS).last_build.needs == "Read project content on SUPPLY"
    assert all(user.email == "" for user in snapshot.users)
    assert snapshot.viewer.login == ""
    assert not isinstance(snapshot.scenarios, Unknown)
    assert gateway.read_snapshot(access.clients, "SUPPLY").project.cause == Cause.DENIED


def test_nobody_comes_in_when_permissions_cannot_be_read(dss: Server) -> None:
    access = come_in(dss, "dana")  # store managers have no ticket lent, and svc_retail is no project admin
    assert (access.login, access.may) == ("dana", frozenset())
    assert "Impersonation in webapps" in access.reason
    with pytest.raises(DssDenied):
        access.clients.get("/projects/RETAIL/scenarios/")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Cookie": "something=else"},
        {"Cookie": "localdss_user=nobody-of-that-name"},
        {"Cookie": "localdss_user=tomas"},  # disabled
        {"Cookie": "localdss_user=../admin; \x00"},
        {"Authorization": "Basic not base64"},
        {"Authorization": "Basic " + base64.b64encode(b"\xff\xfe:").decode()},
        {"Authorization": "Basic " + base64.b64encode(b":password").decode()},
        {"Authorization": "Bearer wrong-key"},
        {"Authorization": "Digest username=admin"},
        {"Authorization": ""},
        {"X-Forwarded-User": "admin", "X-Remote-User": "admin", "X-DKU-APITicket": "admin", "Remote-User": "admin"},
    ],
    ids=repr,
)
def test_strangers_see_nothing(dss: Server, headers: Mapping[str, str]) -> None:
    access = doors(dss, "admin").open(headers, "RETAIL")
    assert (access.login, access.may) == ("", frozenset())
    assert access.reason
    dss.requests.clear()
    snapshot = gateway.read_snapshot(access.clients, "RETAIL", gateway.WHOLE)
    assert [name for name in gateway.FIRST - {"runs"} if not isinstance(getattr(snapshot, name), Unknown)] == []
    assert len(dss.requests) == 0


@pytest.mark.parametrize("header", ["Basic " + base64.b64encode(b"olivia:").decode(), "Bearer olivia", "bearer olivia"])
def test_an_api_key_reads_as_a_plain_reader_of_this_project(dss: Server, header: str) -> None:
    access = doors(dss, "svc_retail").open({"authorization": header}, "RETAIL")
    assert (access.login, access.may) == ("", EVERYTHING)
    assert "olivia" not in access.key
    snapshot = gateway.read_snapshot(access.clients, "RETAIL", {"permissions", "users", "jobs"})
    assert isinstance(snapshot.permissions, Unknown)  # although olivia owns the project
    assert not isinstance(snapshot.jobs, Unknown)
    assert {each.user for each in dss.requests} == {"olivia"}


def test_an_api_key_without_the_right_sees_nothing(dss: Server) -> None:
    access = doors(dss, "admin").open({"Authorization": "Bearer oscar"}, "RETAIL")
    assert access.may == frozenset()


def test_a_ticket_that_acts_for_somebody_else_is_not_used(dss: Server) -> None:
    wrong = dss.instance.ticket_for("admin")
    dss.faults.change("POST", "/auth/ticket-from-browser-headers", lambda _: {"msg": wrong})
    access = come_in(dss, "raj", run_as="svc_retail")
    assert access.may == frozenset()
    assert "somebody else" in access.reason


@pytest.mark.parametrize("answer", [{}, {"msg": ""}, {"msg": None}, {"msg": 7}, {"ticket": "x"}], ids=repr)
def test_a_ticket_that_is_none_falls_back_to_permissions(dss: Server, answer: dict[str, Any]) -> None:
    dss.faults.change("POST", "/auth/ticket-from-browser-headers", lambda _: answer)
    access = come_in(dss, "raj", run_as="olivia")
    assert access.may == EVERYTHING
    assert acting_as(access.clients) == "olivia"


@pytest.mark.parametrize(
    "answer", [{}, {"authIdentifier": ""}, {"authIdentifier": ["admin"]}, {"groups": ["administrators"]}]
)
def test_a_person_that_dss_does_not_name_sees_nothing(dss: Server, answer: dict[str, Any]) -> None:
    dss.faults.change("POST", "/auth/info-from-browser-headers", lambda _: answer)
    assert come_in(dss, "admin", run_as="admin").may == frozenset()


def test_permissions_that_cannot_be_understood_let_nobody_in(dss: Server) -> None:
    dss.faults.status("POST", "/auth/ticket-from-browser-headers", 403)
    for stored in ({}, {"owner": "olivia"}, {"permissions": {"group": "analysts", "readProjectContent": True}}):
        dss.faults.change("GET", "/projects/RETAIL/permissions", lambda _, stored=stored: stored, times=1)
        assert come_in(dss, "raj", run_as="olivia").may == frozenset()


def test_a_dss_that_does_not_answer_is_no_refusal(dss: Server) -> None:
    dss.faults.hang("POST", "/auth/*", 20)
    with pytest.raises(DssUnreachable):
        Doors(clients(dss, timeout_seconds=0.3), lambda _: None, lambda _: None).open(browser("raj"), "RETAIL")


def test_who_came_in_is_remembered_for_a_while(dss: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    entrance = doors(dss, "svc_retail")
    first = entrance.open(browser("raj"), "RETAIL")
    dss.requests.clear()
    assert entrance.open(browser("raj"), "RETAIL") is first
    assert len(dss.requests) == 0
    assert entrance.open(browser("priya"), "RETAIL").login == "priya"
    assert entrance.open(browser("oscar"), "RETAIL").may == frozenset()
    monkeypatch.setattr("opsguide.dss.identity.REMEMBERED_SECONDS", 0.0)
    assert entrance.open(browser("raj"), "RETAIL") is not first


def test_secrets_are_never_asked_for(dss: Server) -> None:
    come_in(dss, "raj")
    assert {each.query.get("withSecrets", "False") for each in dss.requests} == {"False"}


def test_letting_in_writes_nothing(dss: Server) -> None:
    for login in ("raj", "dana", "oscar"):
        come_in(dss, login, run_as="olivia")
    assert not dss.requests.writes()
    assert STATUS in come_in(dss, "dana", run_as="olivia").may


def test_whoever_the_backend_runs_as_needs_no_ticket(dss: Server) -> None:
    dss.faults.status("POST", "/auth/ticket-from-browser-headers", 403)
    access = come_in(dss, "olivia", run_as="olivia")
    assert (access.may, access.key) == (EVERYTHING | {WRITE}, "user olivia")
    snapshot = gateway.read_snapshot(access.clients, "RETAIL", {"permissions"})
    assert not isinstance(snapshot.permissions, Unknown)
