"""Who may act on DSS: everybody as themselves, with the rights that DSS gives them, or nothing happens at all."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from localdss.server import Server
from opsguide.dss import store
from opsguide.model.action import KINDS, Order, Standing
from opsguide.service import actions
from opsguide.web import actions as door
from tests.readings import clients
from tests.web.acting import SOON, browser, form, proposed, served, settle
from tests.web.test_actions import Browser, events

COMPUTE_RULES = Order("compute-rules", "dataset:basket_pairs")
ORDERS = (
    Order("run-scenario", f"scenario:{SOON}"),
    Order("abort-scenario", f"scenario:{SOON}"),
    Order("build", "dataset:basket_pairs", "only"),
    Order("rebuild-from", "dataset:demand_history"),
    Order("abort-job", "job:no_such_job"),
    Order("compute-metrics", "dataset:basket_pairs"),
    COMPUTE_RULES,
    Order("clear", "dataset:basket_pairs"),
)
# How the paths end by which DSS is told to do it. (The components of a build speak to DSS as well.)
TOLD = {
    "run-scenario": "/scenarios/QUICK/run",
    "abort-scenario": "/scenarios/QUICK/abort",
    "build": "/jobs/",
    "rebuild-from": "/jobs/",
    "abort-job": "/no_such_job/abort",
    "compute-metrics": "/computeMetrics",
    "compute-rules": "/compute-rules",
    "clear": "/data",
}
ADMIN, WRITER, RUNNER, READER, DASHBOARD, OUTSIDER, PUBLIC = "admin", "dmitri", "priya", "raj", "dana", "oscar", ""
# Granted: the backend's user may act for these groups. Not granted: it may act for nobody. Falling back: it is told that
# it may, and the ticket that it gets acts as the backend's own user.
GRANTED, NOT_GRANTED, FALLING_BACK = "granted", "not granted", "falling back"


@pytest.fixture(scope="module")
def started() -> Iterator[Server]:
    with served() as dss, pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "SETTLE_SECONDS", 0.1)  # nobody else asks at the same time
        patch.setattr(actions, "FOLLOW_PAUSES_SECONDS", (0.2,))
        yield dss


@pytest.fixture(scope="module")
def folder(started: Server) -> store.Store:
    found = store.find(clients(started), "RETAIL")
    assert isinstance(found, store.Store)
    return found


@pytest.fixture
def dss(started: Server, folder: store.Store) -> Iterator[Server]:
    groups = {name: dict(group) for name, group in started.instance.groups.items()}
    permissions = [dict(entry) for entry in started.instance.projects["RETAIL"].settings["permissions"]]
    yield started
    started.faults.clear()
    settle(started, folder)
    started.instance.groups.update(groups)
    started.instance.projects["RETAIL"].settings["permissions"] = permissions


@pytest.fixture(scope="module")
def sealed(started: Server) -> dict[Order, dict[str, str]]:
    """What a writer's forms hold."""
    page = browser(started, WRITER)
    return {order: form(page, order) for order in ORDERS}


def visit(dss: Server, login: str, impersonation: str) -> Browser:
    if impersonation == NOT_GRANTED:
        dss.instance.groups["service_accounts"]["mayImpersonateInWebapps"] = []
    if impersonation == FALLING_BACK:
        ticket = dss.instance.ticket_for("svc_retail")
        dss.faults.change("POST", "/auth/ticket-from-browser-headers", lambda told: {"msg": ticket})
        dss.instance.groups["service_accounts"]["mayImpersonateInWebapps"] = list(dss.instance.groups)
    page = browser(dss, login)
    if not login:
        page.headers = {"Host": "dss.example.com", "Authorization": "Basic " + base64.b64encode(b"admin:").decode()}
    return page


def sent(page: Browser, filled: dict[str, str]) -> dict[str, str]:
    """Somebody else's form with a token that would be one's own: so that nothing but authority stands in the way."""
    access = page.desk.access(page.headers)
    stamp = f"{access.clients.now()[0]:%Y%m%d}-{filled['stamp'].partition('-')[2]}"
    return {**filled, "stamp": stamp, "token": door._token(page.desk, access, stamp)}


def followed(dss: Server) -> list[str]:
    """What DSS was told to change, and did; that it was refused is kept by the web app itself."""
    done = [each for each in dss.requests.writes() if each.status < 400]
    return [
        f"{each.method} {each.path}" for each in done if not (each.user == "svc_retail" and "/events/" in each.path)
    ]


def lives(dss: Server) -> tuple[int, int]:
    retail = dss.instance.projects["RETAIL"]
    return sum(map(len, retail.runs.values())), len(retail.jobs)


MATRIX = [
    (login, impersonation)
    for login in (ADMIN, WRITER, RUNNER, READER, DASHBOARD, OUTSIDER, PUBLIC)
    for impersonation in (GRANTED, NOT_GRANTED, FALLING_BACK)
    if not (impersonation == GRANTED and login in (ADMIN, WRITER))
]


@pytest.mark.parametrize(("login", "impersonation"), MATRIX)
def test_whoever_dss_would_not_let_do_it_does_nothing(
    dss: Server, folder: store.Store, sealed: dict[Order, dict[str, str]], login: str, impersonation: str
) -> None:
    """Each action, asked for by each person; the right is named, and nothing happens. Who is known to be asking is on
    record as refused, though they may not write; of others the web app's log tells."""
    page = visit(dss, login, impersonation)
    before, noted = lives(dss), len(events(folder, "refusal"))
    for order in ORDERS:
        asked = sent(page, sealed[order])
        dss.requests.clear()
        answer = page.send(order.kind, asked)
        assert answer.status_code in (403, 409), (order, answer.status_code, answer.text)
        assert followed(dss) == [], order
        assert not any(each.path.endswith(TOLD[order.kind]) for each in dss.requests.writes())
        words = ("Write project content", "Impersonation in webapps", "Read project content", "signed in to DSS")
        assert any(word in answer.text for word in words), answer.text
    assert lives(dss) == before
    kept = events(folder, "refusal")
    known = ORDERS if impersonation == GRANTED and login in (RUNNER, READER) else ()
    assert len(kept) == noted + len(known)
    mine = [event.data["order"] for event in kept if event.by == login]
    assert all(order.to_json() in mine for order in known)


def test_nobody_fills_the_record_by_being_refused(
    dss: Server, folder: store.Store, sealed: dict[Order, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visit(dss, READER, GRANTED)
    before = [event for event in events(folder, "refusal") if event.by == READER]
    monkeypatch.setattr(actions, "MOST_NOTED_A_DAY", len(before) + 2)
    for order in ORDERS[2:6]:
        assert page.send(order.kind, sent(page, {**sealed[order], "reason": "again"})).status_code == 409
    assert len([event for event in events(folder, "refusal") if event.by == READER]) == len(before) + 2


@pytest.mark.parametrize("login", [ADMIN, WRITER])
@pytest.mark.parametrize(
    "order",
    [
        pytest.param(each, marks=pytest.mark.dss("12.6") if each is COMPUTE_RULES else (), id=each.kind)
        for each in ORDERS
    ],
)
def test_who_may_does_it_as_themselves_and_on_record(
    dss: Server, folder: store.Store, order: Order, login: str
) -> None:
    page = visit(dss, login, GRANTED)
    filled = form(page, order)
    before = {event.uuid for event in folder.events().events}
    dss.requests.clear()
    answer = page.send(order.kind, filled)
    settle(dss, folder)
    assert {each.user for each in dss.requests.writes()} == {login}
    did = [each for each in dss.requests.writes() if each.path.endswith(TOLD[order.kind])]
    kept = [event for event in folder.events().events if event.uuid not in before]
    if order.kind == "abort-scenario":
        assert (answer.status_code, "does not run" in answer.text, did) == (409, True, [])
        assert [(event.kind, event.by, event.about) for event in kept] == [("refusal", login, order.subject)]
        return
    (asked,) = (event for event in kept if event.kind == "action")
    assert (asked.by, asked.text, asked.about) == (login, "the night failed", order.subject)
    assert asked.data["order"] == order.to_json()
    became = [event for event in kept if event.about == f"action:{asked.uuid}"]
    assert len(kept) == 1 + len(became)
    assert len(did) == 1
    if order.kind == "abort-job":
        # DSS knows no such job: its refusal is on record, with what was asked.
        assert answer.status_code == 409
        assert [event.kind for event in became] == ["refusal"]
    else:
        assert answer.status_code == 303, answer.text
        # Two clients may know DSS's clock to the second only, so that their notes can stand in either order.
        assert "finished" in {event.data["state"] for event in became}


def test_what_this_version_lacks_names_the_version_that_has_it(
    dss: Server, folder: store.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visit(dss, WRITER, GRANTED)
    filled = form(page, COMPUTE_RULES)
    monkeypatch.setattr(dss.instance, "version", "12.5.0")
    answer = page.send("compute-rules", filled)
    assert (answer.status_code, "no such route. It takes DSS 12.6 or newer." in answer.text) == (409, True), answer.text


def test_who_may_run_and_not_write_runs_as_themselves_where_the_web_app_can_see_it(
    dss: Server, folder: store.Store
) -> None:
    """The record is kept by the web app, in their name; what needs to write is still not theirs."""
    for entry in dss.instance.projects["RETAIL"].settings["permissions"]:
        if entry.get("user") == "svc_retail":
            entry["admin"] = True
    page = visit(dss, RUNNER, GRANTED)
    order = ORDERS[0]
    filled = form(page, order)
    dss.requests.clear()
    before = lives(dss)
    answer = page.send(order.kind, filled)
    assert answer.status_code == 303, answer.text
    settle(dss, folder)
    assert lives(dss) == (before[0] + 1, before[1])
    (ran,) = (each for each in dss.requests.writes() if each.path.endswith("/run"))
    assert ran.user == RUNNER
    assert events(folder, "action")[-1].by == RUNNER
    for other in ORDERS[2:]:
        dss.requests.clear()
        refused = page.send(other.kind, form(page, other))
        assert (refused.status_code, "Write project content" in refused.text) == (409, True)
        assert followed(dss) == []


@pytest.mark.parametrize(
    ("login", "impersonation", "standing", "said"),
    [
        (WRITER, GRANTED, Standing.FINE, "You hold the right"),
        (RUNNER, GRANTED, Standing.BLOCKS, "You can run it in DSS itself"),
        (READER, GRANTED, Standing.BLOCKS, "You can run it in DSS itself"),
        (WRITER, NOT_GRANTED, Standing.BLOCKS, "Impersonation in webapps"),
        (PUBLIC, GRANTED, Standing.BLOCKS, "signed in to DSS"),
    ],
)
def test_what_is_missing_is_told_before_it_is_asked_for(
    dss: Server, login: str, impersonation: str, standing: Standing, said: str
) -> None:
    page = visit(dss, login, impersonation)
    dss.requests.clear()
    (right,) = (check for check in proposed(page, ORDERS[0]).checks if check.id == "right")
    assert (right.standing, said in right.text) == (standing, True), right
    assert dss.requests.writes() == []


def test_an_identity_that_turns_into_another_one_does_nothing(dss: Server, sealed: dict[Order, dict[str, str]]) -> None:
    """Verified when the request comes in, and by DSS once more before anything is kept."""
    page = visit(dss, WRITER, GRANTED)
    asked = sent(page, sealed[ORDERS[0]])
    told: list[Any] = []

    def turned(info: dict[str, Any]) -> dict[str, Any]:
        told.append(info)
        return info if len(told) == 1 else {**info, "authIdentifier": "svc_retail", "associatedDSSUser": "svc_retail"}

    dss.faults.change("GET", "/auth/info", turned)
    dss.requests.clear()
    answer = page.send(ORDERS[0].kind, asked)
    assert (answer.status_code, "as svc_retail, not as you" in answer.text) == (409, True), answer.text
    assert followed(dss) == []


def test_every_action_names_the_right_that_it_takes() -> None:
    assert {order.kind for order in ORDERS} == set(KINDS)
    assert set(KINDS) <= set(door.ACTIONS)
    assert all(door.ACTIONS[kind].acts_on_dss for kind in KINDS)
