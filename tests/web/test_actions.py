"""The door for changes, on the whole way: a page of the local DSS, its form sent as a browser would, and as it must not."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any, Optional

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import localdss
from localdss.server import Server
from opsguide.dss import store
from opsguide.model.event import Event
from opsguide.service import Desk
from opsguide.settings import Settings
from opsguide.web import actions
from tests.readings import clients, doors
from tests.web.desks import application

SAME_SITE = {"Sec-Fetch-Site": "same-origin", "Origin": "https://dss.example.com"}


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with localdss.serve(story="nightly-late") as dss:
        yield dss


@pytest.fixture
def dss(served: Server) -> Iterator[Server]:
    yield served
    served.faults.clear()


@pytest.fixture(scope="module")
def folder(served: Server) -> store.Store:
    return store.create(clients(served), "RETAIL")


class Browser:
    """Somebody's browser on the page of a backend that runs as `run_as`."""

    def __init__(self, dss: Server, login: str, run_as: str = "svc_retail", **options: Any) -> None:
        self.desk = Desk("RETAIL", Settings(), doors(dss, run_as), **options)
        self.headers = {"Host": "dss.example.com", "Cookie": f"localdss_user={login}"}
        self.flask: FlaskClient = application(self.desk).test_client(use_cookies=False)

    def permit(self) -> dict[str, str]:
        """What the page would put into its forms."""
        given = actions.permit(self.desk, self.desk.access(self.headers))
        return {"stamp": given.stamp, "token": given.token}

    def send(self, name: str, form: dict[str, str], headers: Optional[dict[str, str]] = None) -> TestResponse:
        sent = {**self.headers, **(SAME_SITE if headers is None else headers)}
        return self.flask.post(f"/actions/{name}", data=form, headers=sent)

    def get(self, path: str) -> BeautifulSoup:
        answer = self.flask.get(path, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return BeautifulSoup(answer.text, "html.parser")


@pytest.fixture(scope="module")
def dmitri(served: Server, folder: store.Store) -> Browser:
    """A writer whose page is read once."""
    return Browser(served, "dmitri")


def writes(dss: Server) -> list[str]:
    """What was sent to DSS that is no question: asking who is browsing is a POST as well."""
    sent = (f"{request.method} {request.path}" for request in dss.requests if request.method != "GET")
    return [each for each in sent if "-from-browser-headers" not in each]


def events(folder: store.Store, kind: str) -> list[Event]:
    return [event for event in folder.events().events if event.kind == kind]


def test_a_form_is_followed_once_recorded_as_its_sender_and_shown(
    dss: Server, folder: store.Store, dmitri: Browser
) -> None:
    before = len(events(folder, "sign_off"))
    form = {**dmitri.permit(), "remark": "all <b>well</b>", "headline": "1 late", "back": "today"}
    answers = [dmitri.send("sign-off", form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    *_, last = found = events(folder, "sign_off")
    assert len(found) == before + 1
    assert (last.by, last.text, last.data["headline"]) == ("dmitri", "all <b>well</b>", "1 late")
    assert {answer.headers["Location"] for answer in answers} == {f"../today?after={last.uuid}"}


def test_two_clicks_at_once_are_one(dss: Server, folder: store.Store) -> None:
    tabs = [Browser(dss, "dmitri", secret=b"shared by the processes of one backend") for _ in range(2)]
    form = {**tabs[0].permit(), "remark": "twice"}
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda tab: tab.send("sign-off", form), tabs))
    assert [answer.status_code for answer in answers] == [303, 303]
    assert [event.text for event in events(folder, "sign_off")].count("twice") == 1


def sealed(browser: Browser) -> dict[str, str]:
    return {**browser.permit(), "remark": "from the table"}


def forged(browser: Browser) -> dict[str, str]:
    form = sealed(browser)
    return {**form, "token": form["token"][::-1]}


def of_somebody_else(browser: Browser) -> dict[str, str]:
    desk = browser.desk
    olivia = desk.access({**browser.headers, "Cookie": "localdss_user=olivia"})
    given = actions.permit(desk, olivia)
    return {"stamp": given.stamp, "token": given.token, "remark": "from the table"}


def of_last_week(browser: Browser) -> dict[str, str]:
    access = browser.desk.access(browser.headers)
    stamp = "20200101-" + 32 * "a"
    return {"stamp": stamp, "token": actions._token(browser.desk, access, stamp), "remark": "from the table"}


@pytest.mark.parametrize(
    ("form", "headers", "status", "said"),
    [
        (lambda browser: {"remark": "from the table"}, SAME_SITE, 403, "before the web app was restarted"),
        (forged, SAME_SITE, 403, "before the web app was restarted"),
        (of_somebody_else, SAME_SITE, 403, "made for somebody else"),
        (of_last_week, SAME_SITE, 403, "more than a day old"),
        (sealed, {"Sec-Fetch-Site": "cross-site"}, 403, "sent from another place"),
        (sealed, {"Sec-Fetch-Site": "same-site"}, 403, "sent from another place"),
        (sealed, {"Sec-Fetch-Site": "none"}, 403, "sent from another place"),
        (sealed, {"Origin": "https://evil.example.com"}, 403, "https://evil.example.com"),
        (sealed, {"Origin": "null"}, 403, "sent from another place"),
        (sealed, {"Sec-Fetch-Site": "cross-site", "Origin": "https://dss.example.com"}, 403, "another place"),
        (sealed, {**SAME_SITE, "Content-Type": "application/json"}, 415, "is no form"),
        (sealed, {**SAME_SITE, "Content-Type": "text/plain"}, 415, "is no form"),
        (lambda browser: {**sealed(browser), "remark": 70_000 * "x"}, SAME_SITE, 413, "64 kB"),
        (lambda browser: {**sealed(browser), "remark": 2_001 * "x"}, SAME_SITE, 400, "2,001 characters"),
        (lambda browser: {**sealed(browser), "by": "olivia"}, SAME_SITE, 400, "does not know"),
    ],
    ids=[
        "no token", "forged", "of somebody else", "of last week", "cross-site", "same-site", "typed", "foreign origin",
        "origin null", "the browser's word counts first", "json", "text", "too large", "too long", "a stranger's field",
    ],
)  # fmt: skip
def test_what_is_not_from_the_page_is_refused_and_leaves_nothing(
    dss: Server, folder: store.Store, dmitri: Browser, form: Any, headers: dict[str, str], status: int, said: str
) -> None:
    sent = form(dmitri)
    dss.requests.clear()
    answer = dmitri.send("sign-off", sent, headers)
    assert answer.status_code == status, answer.text
    assert said in BeautifulSoup(answer.text, "html.parser").get_text()
    assert writes(dss) == []


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://dss.example.com"}], ids=["says nothing", "its own origin"])
def test_an_old_browser_needs_the_token_alone(
    dss: Server, folder: store.Store, dmitri: Browser, headers: dict[str, str]
) -> None:
    assert dmitri.send("sign-off", sealed(dmitri), headers).status_code == 303


@pytest.mark.parametrize(
    ("login", "run_as", "said"),
    [
        ("dmitri", "olivia", "Impersonation in webapps"),  # no ticket lent: the run-as user's rights are not theirs
        ("dana", "svc_retail", "Impersonation in webapps"),
        ("oscar", "olivia", "Read project content"),
        ("nobody-of-that-name", "svc_retail", "signed in to DSS"),
    ],
)
def test_who_cannot_be_written_as_writes_nothing(
    dss: Server, folder: store.Store, login: str, run_as: str, said: str
) -> None:
    browser = Browser(dss, login, run_as)
    stamp = "20261123-" + 32 * "a"
    access = browser.desk.access(browser.headers)
    form = {"stamp": stamp, "token": actions._token(browser.desk, access, stamp), "remark": "x"}
    dss.requests.clear()
    answer = browser.send("sign-off", form)
    assert (answer.status_code, said in answer.text) == (403, True), answer.text
    assert writes(dss) == []
    assert actions.permit(browser.desk, access).token == ""


def test_an_api_key_changes_nothing(dss: Server, folder: store.Store) -> None:
    browser = Browser(dss, "dmitri")
    form = sealed(browser)
    browser.headers = {"Host": "dss.example.com", "Authorization": "Basic " + base64.b64encode(b"dmitri:").decode()}
    dss.requests.clear()
    answer = browser.send("sign-off", form, {})
    assert (answer.status_code, "signed in to DSS, in a browser" in answer.text) == (403, True)
    assert writes(dss) == []


def test_who_may_read_only_is_told_by_dss_itself(dss: Server, folder: store.Store) -> None:
    browser = Browser(dss, "priya")
    before = len(folder.files())
    answer = browser.send("sign-off", sealed(browser))
    assert (answer.status_code, "Write project content on RETAIL" in answer.text) == (403, True)
    assert len(folder.files()) == before


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_only_post_changes_anything(dss: Server, method: str) -> None:
    browser = Browser(dss, "dmitri")
    dss.requests.clear()
    assert getattr(browser.flask, method)("/actions/sign-off", headers=browser.headers).status_code == 405
    assert browser.send("teleport", {}).status_code == 404
    assert writes(dss) == []


def test_a_killed_request_is_not_repeated_and_says_so(dss: Server, folder: store.Store, dmitri: Browser) -> None:
    """Its process died between the claim and the event: nobody can tell from the claim what else it did."""
    form = {**sealed(dmitri), "remark": "killed"}
    folder.claim(actions.request_id("sign-off", form), "dmitri")
    answer = dmitri.send("sign-off", form)
    assert (answer.status_code, "what became of it" in answer.text) == (409, True)
    assert "killed" not in [event.text for event in events(folder, "sign_off")]
    again = {**form, **dmitri.permit()}
    assert dmitri.send("sign-off", again).status_code == 303


EVENTS = "/projects/RETAIL/managedfolders/*/contents/events/*"


def test_a_lost_answer_is_found_again(dss: Server, folder: store.Store, dmitri: Browser) -> None:
    form = {**sealed(dmitri), "remark": "lost and found"}
    dss.faults.cut_off("GET", EVENTS, times=3)
    answer = dmitri.send("sign-off", form)
    assert (answer.status_code, "may have happened or not" in answer.text) == (504, True)
    assert dmitri.send("sign-off", form).status_code == 303
    assert [event.text for event in events(folder, "sign_off")].count("lost and found") == 1


def test_a_write_that_dss_refuses_is_told_and_not_pretended(dss: Server, folder: store.Store, dmitri: Browser) -> None:
    dss.faults.status("POST", EVENTS, 500, "disk full")
    answer = dmitri.send("sign-off", {**sealed(dmitri), "remark": "never arrived"})
    assert (answer.status_code, "disk full" in answer.text) == (502, True)
    dss.faults.clear()
    assert "never arrived" not in [event.text for event in events(folder, "sign_off")]


def test_a_restarted_backend_asks_for_a_reload(dss: Server, folder: store.Store) -> None:
    before = Browser(dss, "dmitri", secret=b"before")
    answer = Browser(dss, "dmitri", secret=b"after").send("sign-off", sealed(before))
    assert (answer.status_code, "Reload the page" in answer.text) == (403, True)


def test_part_of_a_page_is_answered_with_a_part(dss: Server, folder: store.Store, dmitri: Browser) -> None:
    answer = dmitri.send("sign-off", {"token": ""}, {**SAME_SITE, "HX-Request": "true", "HX-Target": "opsguide"})
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (403, "#opsguide-status")
    assert "<html" not in answer.text
    assert "Try again" not in answer.text


def test_actions_on_dss_wait_for_the_administrator(dss: Server, folder: store.Store, dmitri: Browser) -> None:
    action = replace(actions.ACTIONS["sign-off"], acts_on_dss=True)
    actions.ACTIONS["run-it"] = action
    try:
        answer = dmitri.send("run-it", sealed(dmitri))
    finally:
        del actions.ACTIONS["run-it"]
    assert (answer.status_code, "Actions are switched off" in answer.text) == (403, True)


@pytest.mark.parametrize("back", ["https://evil.example.com", "../x\r\nX: y"])
def test_it_never_leads_elsewhere(dss: Server, folder: store.Store, dmitri: Browser, back: str) -> None:
    answer = dmitri.send("sign-off", {**sealed(dmitri), "back": back})
    assert answer.headers["Location"].startswith("../today?after=")


# --- what the page offers, and shows afterwards ------------------------------------------------------------------------


def filled(form: Any) -> dict[str, str]:
    """A form as its reader would send it without touching a field."""
    return {field["name"]: field.get("value", "") for field in form.select("input[name]")}


def test_the_page_mutes_shows_it_in_every_format_and_lets_alarm_again(dss: Server, folder: store.Store) -> None:
    browser, other = Browser(dss, "dmitri"), Browser(dss, "olivia")
    other.get("/today")  # read before, by another process of the backend
    form = filled(browser.get("/today").select_one("form[action$='actions/mute']"))
    sent = {**form, "about": "scenario:NIGHTLY_BUILD", "reason": "more stores since Monday"}
    answer = browser.send("mute", sent)
    assert answer.status_code == 303, answer.text
    said = "by dmitri: more stores since Monday"
    place = "/" + answer.headers["Location"].split("/", 1)[1]
    assert said in other.get(place).get_text()
    assert said in browser.get("/guide?depth=whole").get_text()
    for path in ("/today.md", "/guide.md"):
        assert said in browser.flask.get(path, headers=browser.headers).text
    data = browser.flask.get("/today.json", headers=browser.headers).get_json()
    (nightly,) = (each for each in data["scenarios"] if each["id"] == "NIGHTLY_BUILD")
    assert (nightly["verdict"], nightly["alarms"], nightly["muted"]["by"]) == ("RUNNING_LATE", False, "dmitri")
    handed = browser.get("/handover")
    assert "Muted Nightly build" in handed.get_text()
    assert "more stores since Monday" in browser.flask.get("/handover.md", headers=browser.headers).text
    undone = browser.send("unmute", filled(browser.get("/today").select_one("form[action$='actions/unmute']")))
    assert undone.status_code == 303
    assert said not in browser.get("/today").get_text()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"until": ""}, "The time is missing"),
        ({"until": "for ever"}, "A mute must say when it ends"),
        ({"until": "2020-01-01T08:00"}, "is past"),
        ({"until": "2199-01-01T08:00"}, "more than 31 days away"),
        ({"until": "9999-12-31T23:59-12:00"}, "A mute must say when it ends"),
        ({"zone": "Mars/Olympus"}, "is no time zone"),
        ({"zone": "/etc/passwd"}, "is no time zone"),
        ({"zone": "../../../etc/passwd"}, "is no time zone"),
        ({"reason": "  "}, "The reason is missing"),
        ({"about": "scenario:NO_SUCH"}, "has no scenario and no output"),
        ({"about": "NIGHTLY_BUILD"}, "never says"),
    ],
)
def test_a_mute_that_makes_no_sense_is_refused_with_its_reason(
    dss: Server, folder: store.Store, dmitri: Browser, change: dict[str, str], said: str
) -> None:
    form = filled(dmitri.get("/today").select_one("form[action$='actions/mute']"))
    dss.requests.clear()
    answer = dmitri.send("mute", {**form, "about": "scenario:NIGHTLY_BUILD", "reason": "known", **change})
    assert (answer.status_code, said in BeautifulSoup(answer.text, "html.parser").get_text()) == (400, True), (
        answer.text
    )
    assert writes(dss) == []


def test_ending_a_mute_twice_says_that_there_is_none(dss: Server, folder: store.Store, dmitri: Browser) -> None:
    answer = dmitri.send("unmute", {**dmitri.permit(), "about": "dataset:sales_mart"})
    assert (answer.status_code, "It is not muted" in answer.text) == (409, True)
    *_, last = events(folder, "refusal")
    assert (last.by, last.about) == ("dmitri", "dataset:sales_mart")


def test_a_mute_that_cannot_be_read_is_not_said_to_be_none(dss: Server, folder: store.Store, dmitri: Browser) -> None:
    now = folder.clients.now()[0]
    until = (now + timedelta(hours=2)).isoformat()
    kept = folder.append(store.event(now, "mute", "olivia", "dataset:store_stock", "known", until=until))
    dss.faults.status("GET", f"/projects/RETAIL/managedfolders/*/contents{kept.path}", 500, "disk on fire")
    answer = dmitri.send("unmute", {**dmitri.permit(), "about": "dataset:store_stock"})
    assert answer.status_code == 409
    assert "Whether it is muted cannot be told" in answer.text
    assert "disk on fire" in answer.text
    dss.faults.clear()
    assert dmitri.send("unmute", {**dmitri.permit(), "about": "dataset:store_stock"}).status_code == 303


@pytest.mark.parametrize(
    ("login", "run_as", "said"),
    [
        ("dmitri", "olivia", "Impersonation in webapps"),
        ("raj", "olivia", "Impersonation"),
        ("raj", "svc_retail", "it takes the right “Write project content” in this project"),
        ("priya", "svc_retail", "it takes the right “Write project content” in this project"),
    ],
)
def test_who_cannot_write_reads_why_and_gets_no_form(
    dss: Server, folder: store.Store, login: str, run_as: str, said: str
) -> None:
    shown = Browser(dss, login, run_as).get("/today")
    assert shown.select("form.act") == []
    assert said in shown.select_one("#notes").get_text()


def test_a_project_without_state_folder_says_how_to_get_one(dss: Server) -> None:
    with localdss.serve(story="quiet") as bare:
        browser = Browser(bare, "olivia")
        shown = browser.get("/today")
        assert [form["action"] for form in shown.select("form.act")] == ["actions/create-state-folder"]
        for page in ("/today", "/edit?at=contacts"):
            reader = Browser(bare, "raj").get(page)
            assert reader.select("form[method=post]") == [], "DSS would refuse it"
            assert "the right “Write project content” in this project" in reader.get_text()
        refused = browser.send("sign-off", {**browser.permit(), "remark": "too early"})
        assert (refused.status_code, "no state folder yet" in refused.text) == (409, True)
        assert browser.send("create-state-folder", filled(shown.select_one("form.act"))).status_code == 303
        assert browser.get("/today").select_one("#remark") is not None


@pytest.mark.parametrize("path", ["/projects/RETAIL/managedfolders", "/projects/RETAIL/managedfolders/*/contents"])
def test_a_folder_that_cannot_be_read_leaves_the_page_readable(dss: Server, folder: store.Store, path: str) -> None:
    dss.faults.status("GET", path, 500, "disk on fire")
    shown = Browser(dss, "olivia").get("/today")
    assert "disk on fire" in shown.get_text()
    assert "outputs late" in shown.select_one(".headline").get_text()


def test_an_event_that_cannot_be_read_is_counted(dss: Server, folder: store.Store) -> None:
    folder.put("/events/2026-11-19/20261119T060000.000000Z-" + 32 * "b" + ".json", b"{not json")
    assert "1 file of the state folder could not be read" in Browser(dss, "olivia").get("/today").get_text()
