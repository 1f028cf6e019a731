"""What must never leave DSS, and what must not be lost: secrets in errors, tickets, calls to addresses that people declare,
and a state folder on a full disk or without a right, in the middle of things."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
import requests

import localdss
from localdss import host
from localdss.server import Server
from opsguide import service
from opsguide.dss import store
from opsguide.model.action import Order
from opsguide.service import actions
from opsguide.settings import Settings
from tests.contract.test_faults import PAGES
from tests.readings import clients
from tests.web.acting import SOON, browser, form
from tests.web.test_actions import Browser, writes
from tests.whole import Visit

AT = datetime(2026, 3, 3, 6, 12, 10, tzinfo=timezone.utc)
KEY = "RETAIL"
FILES = ("/guide.md", "/guide.html", "/guide.pdf", "/today.md", "/actions.json", "/edit")
SAID = "Failed to connect: jdbc:postgresql://dwh/sales?user=etl&password=hunter2 (token: hunter2)"


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with localdss.serve(story="nightly-late", at=AT) as dss:
        dss.instance.projects[KEY].scenarios[SOON] = {
            "type": "step_based", "name": "Soon over", "active": False, "params": {"steps": []}, "triggers": [],
            "runAsUser": "svc_retail",
        }  # fmt: skip
        store.create(clients(dss), KEY)
        yield dss


@pytest.fixture
def dss(served: Server) -> Iterator[Server]:
    served.requests.clear()
    yield served
    served.faults.clear()


# --- what must never leave -------------------------------------------------------------------------------------------


def test_no_secret_in_an_error_of_dss_is_shown(dss: Server, caplog: pytest.LogCaptureFixture) -> None:
    """A page with parts that failed, a page that failed as a whole, a file, the webapp's log, and an answer to a form."""
    visit = Visit(dss, KEY, login="dmitri")
    visit.desk.settings = replace(visit.desk.settings, minimum_refresh_seconds=0)
    dss.faults.status("GET", f"/projects/{KEY}/*", 500, SAID)
    said = [visit._browser.get(page, headers=visit.headers) for page in (*PAGES, *FILES, f"/actions/{32 * 'a'}")]
    dss.faults.status("POST", "*", 500, SAID)
    said.append(browser(dss).send("sign-off", {"remark": "x"}))
    said.append(Browser(dss, "olivia").flask.get("/today", headers={"Host": "x", "Cookie": "localdss_user=olivia"}))
    assert sum(b"Failed to connect" in answer.data for answer in said) > 10, "nothing failed in these words"
    assert [answer.request.path for answer in said if b"hunter2" in answer.data] == []
    assert "Failed to connect" in caplog.text
    assert "hunter2" not in caplog.text


def test_what_people_write_is_kept_without_its_secrets(dss: Server) -> None:
    page = browser(dss)
    assert page.send("sign-off", {**page.permit(), "remark": "logged in with password=hunter2"}).status_code == 303
    muted = {"about": f"scenario:{SOON}", "until": (AT + timedelta(days=1)).isoformat(), "reason": "token: hunter2"}
    assert page.send("mute", {**page.permit(), **muted}).status_code == 303
    folder = store.find(clients(dss), KEY)
    assert isinstance(folder, store.Store)
    kept = [folder.clients.get_bytes(folder._of(file.path)) for file in folder.files("/events/")]
    assert any(b"logged in with" in each for each in kept)
    assert [each for each in kept if b"hunter2" in each] == []


def test_no_ticket_is_told_to_anybody(dss: Server) -> None:
    """Neither the backend's own nor a person's: on no page, in no file, log or note, however it goes."""
    webapp = next(iter(dss.instance.projects[KEY].webapps))
    said = []

    def get(page: str) -> None:
        url = f"{dss.url}/web-apps-backends/{KEY}/{webapp}{page}"
        answer = requests.get(url, cookies={"localdss_user": "dmitri"}, timeout=120)
        said.append(answer.content + str(answer.headers).encode())

    for page in (*PAGES, *FILES, "/static/app.js", "/nowhere", f"/action/run-scenario?about=scenario:{SOON}"):
        get(page)
    dss.faults.status("GET", "/projects/*", 500)
    for page in PAGES[:4]:
        get(page)
    dss.faults.clear()
    tickets = {ticket.encode() for ticket in dss.instance.tickets}
    assert len(tickets) > 1
    log = "\n".join(host.backends_of(dss.instance).state(KEY, webapp)["currentLogTail"]["lines"])
    assert "GET " in log
    folder = store.find(clients(dss), KEY)
    assert isinstance(folder, store.Store)
    said += [log.encode(), *(folder.clients.get_bytes(folder._of(file.path)) for file in folder.files())]
    assert [told for told in said if any(ticket in told for ticket in tickets)] == []


def test_nobody_writes_a_line_of_the_log(dss: Server, caplog: pytest.LogCaptureFixture) -> None:
    dss.faults.lose("POST", "/auth/*")
    page = browser(dss)
    assert page.flask.get("/incidents/x%0aERROR all is lost", headers=page.headers).status_code == 504
    (line,) = (record.getMessage() for record in caplog.records if "all is lost" in record.getMessage())
    assert "\n" not in line


class _Ear(BaseHTTPRequestHandler):
    heard: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.heard.append(self.path)
        self.send_response(200)
        self.end_headers()

    do_HEAD = do_POST = do_PUT = do_GET

    def log_message(self, *said: Any) -> None:
        pass


@pytest.fixture
def ear() -> Iterator[str]:
    """The address of something inside, which nobody has any business to ask."""
    _Ear.heard.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Ear)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_no_address_that_people_name_is_ever_asked(dss: Server, ear: str) -> None:
    """Links are for the reader's browser: neither a page nor a file nor a macro follows one, or draws what is behind it."""
    requests.get(f"{ear}/heard", timeout=10)
    project = dss.instance.projects[KEY]
    before = (project.variables["standard"]["operations_guide"], project.settings["description"])
    picture = f'![x]({ear}/picture.png) <img src="{ear}/image.png"> <a href="{ear}/a">x</a> {ear}/text'
    person = {"name": picture, "method": f"{ear}/method"}
    project.variables["standard"]["operations_guide"] = {
        **before[0],
        "oncall": person,
        "contacts": {"data": person, "infra": person},
        "access_request": f"{ear}/access",
        "emergency": [{"situation": picture, "contact": picture, "method": f"{ear}/emergency"}],
        "escalation": [{"issue": picture, "escalate_to": f"{ear}/escalate"}],
        "links": {"onboarding": f"{ear}/onboarding", "flow": f"{ear}/flow", "more": {picture: f"{ear}/more"}},
        "known_errors": [{"pattern": "failed", "cause": picture, "step": f"{ear}/step"}],
        "tasks": {"weekly": [{"day": "monday", "task": picture, "how": f"{ear}/how"}]},
    }
    project.settings["description"] = picture
    try:
        visit = Visit(dss, KEY)
        for page in (*PAGES, *FILES):
            assert visit._browser.get(page, headers=visit.headers).status_code == 200, page
        assert f"{ear}/access" in visit.get("/guide.md")
        service.publish(clients(dss), KEY, {"target": "WIKI", "write": True}, Settings())
        service.morning_check(clients(dss), KEY, {"fail_at": "never"}, Settings())
    finally:
        project.variables["standard"]["operations_guide"], project.settings["description"] = before
    assert _Ear.heard == ["/heard"]


# --- what must not be lost -------------------------------------------------------------------------------------------

Loss = Callable[[Server], None]
CONTENTS = f"/projects/{KEY}/managedfolders/*/contents/*"
LOSSES: dict[str, Loss] = {
    "disk full": lambda dss: dss.faults.status("POST", CONTENTS, 500, "No space left on device"),
    "full after the claim": lambda dss: dss.faults.status(
        "POST", f"/projects/{KEY}/managedfolders/*/contents/events/*", 500, "No space left on device"
    ),
    "right lost": lambda dss: dss.faults.status("POST", CONTENTS, 403, "Action forbidden"),
    "folder gone": lambda dss: dss.faults.status(
        "*", f"/projects/{KEY}/managedfolders/*/contents*", 404, "No such folder"
    ),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("kind", ["sign-off", "mute", "run-scenario"])
def test_what_cannot_be_kept_is_said_and_nothing_is_started(
    dss: Server, monkeypatch: pytest.MonkeyPatch, kind: str, loss: str
) -> None:
    monkeypatch.setattr(actions, "PASSED_OVER_SECONDS", 0.5)  # a claim of which nothing came is not waited for
    page = browser(dss)
    sent = {
        "sign-off": lambda: {**page.permit(), "remark": "nobody keeps this"},
        "mute": lambda: {
            **page.permit(),
            "about": f"scenario:{SOON}",
            "until": (AT + timedelta(days=1)).isoformat(),
            "reason": "nobody keeps this",
        },
        "run-scenario": lambda: form(page, Order("run-scenario", f"scenario:{SOON}"), reason="nobody keeps this"),
    }[kind]()
    runs, kept = len(dss.instance.projects[KEY].runs.get(SOON, [])), _texts(dss)
    dss.requests.clear()
    LOSSES[loss](dss)
    answer = page.send(kind, sent)
    assert answer.status_code in (403, 404, 409, 502), answer.text[-600:]
    assert "Traceback" not in answer.text
    assert [each for each in writes(dss) if "/managedfolders/" not in each] == []
    shown = page.flask.get("/today", headers=page.headers)
    assert (shown.status_code, "nobody keeps this" in shown.text) == (200, False)
    dss.faults.clear()
    assert len(dss.instance.projects[KEY].runs.get(SOON, [])) == runs
    assert _texts(dss) == kept


def _texts(dss: Server) -> list[str]:
    folder = store.find(clients(dss), KEY)
    assert isinstance(folder, store.Store)
    return [event.text for event in folder.events().events]


def test_what_the_folder_kept_otherwise_is_not_called_kept(dss: Server) -> None:
    page = browser(dss)
    sent = {**page.permit(), "remark": "kept short"}
    dss.faults.empty("GET", f"/projects/{KEY}/managedfolders/*/contents/*")
    answer = page.send("sign-off", sent)
    assert (answer.status_code, "did not keep what was written" in answer.text) == (502, True)


@pytest.mark.parametrize("status", [403, 500])
def test_a_folder_that_nobody_may_read_hides_no_alarm(dss: Server, status: int) -> None:
    """What is muted is then not known, which is said, and all of it alarms."""
    dss.faults.status("GET", f"/projects/{KEY}/managedfolders/*/contents*", status, "lost")
    told = json.loads(Visit(dss, KEY).get("/today.json"))
    assert told["state_folder"]["found"] is None
    assert "lost" in told["state_folder"]["reason"]
    assert [each["muted"] for each in told["scenarios"] if each["muted"]] == []
    assert {each["verdict"] for each in told["scenarios"]} & {"RUNNING_LATE", "FAILED", "NOT_RUN"}


@pytest.mark.parametrize("loss", ["disk full", "right lost", "folder gone"])
def test_the_watch_still_speaks_when_it_cannot_remember(dss: Server, loss: str) -> None:
    LOSSES[loss](dss)
    told = service.look(clients(dss), KEY, {"fail_at": "error", "only_on_change": True}, Settings())
    assert told.found.verdict == "ERROR"
    assert told.changed is not False
    assert "could not" in told.reason
