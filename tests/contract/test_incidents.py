"""Incidents on the whole way: a local DSS, the real client, the desk, the page, and people who act on them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dataikuapi
import pytest
from bs4 import BeautifulSoup
from jsonschema import Draft202012Validator, FormatChecker

import localdss
from localdss import causes, logs
from localdss.server import Server
from opsguide.dss import store
from opsguide.dss.store import Store
from opsguide.render.incidents import incident_document, incidents_schema
from opsguide.render.urls import Urls
from opsguide.service.incidents import FAILURES_READ, RULES_READ, incident_of, incidents_of
from opsguide.service.reading import TODAY, Reading, read
from opsguide.settings import Settings
from opsguide.web import actions
from tests.golden.test_today_stories import THURSDAY
from tests.guides import HOSTILE
from tests.readings import clients
from tests.waiting import until
from tests.whole import Visit, foreign_markup

# What opening one incident may cost: steps, job, log (twice), recipes, timeline, commits, bundles, three lists of uses and
# four web apps, and the notes.
OPENING = 18
SAME_SITE = {"Sec-Fetch-Site": "same-origin", "Origin": "https://dss.example.com"}


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with localdss.serve(story="failed-upstream", at=THURSDAY) as dss:
        yield dss


@pytest.fixture
def dss(served: Server) -> Iterator[Server]:
    yield served
    served.faults.clear()


@pytest.fixture(scope="module")
def folder(served: Server) -> Store:
    return store.create(clients(served), "RETAIL")


class Person(Visit):
    """Somebody in front of the page."""

    def incidents(self) -> dict[str, Any]:
        found = json.loads(self.get("/incidents.json"))
        problems = Draft202012Validator(incidents_schema(), format_checker=FormatChecker()).iter_errors(found)
        assert [problem.message for problem in problems] == []
        return found

    def first(self) -> dict[str, Any]:
        return self.incidents()["incidents"][0]

    def page(self, incident_id: str) -> BeautifulSoup:
        text = self.get(f"/incidents/{incident_id}")
        assert foreign_markup(text) == []
        return BeautifulSoup(text, "html.parser")

    def does(self, name: str, incident_id: str, **form: str) -> int:
        permit = actions.permit(self.desk, self.desk.access(self.headers))
        sent = {"stamp": permit.stamp, "token": permit.token, "incident": incident_id, **form}
        return self._browser.post(f"/actions/{name}", data=sent, headers={**self.headers, **SAME_SITE}).status_code


@pytest.fixture(scope="module")
def olivia(served: Server, folder: Store) -> Person:
    """An administrator of the project whose page is read once."""
    return Person(served, login="olivia")


@pytest.fixture(scope="module")
def dmitri(served: Server, folder: Store) -> Person:
    """A writer whose page is read once."""
    return Person(served, login="dmitri")


def asked(dss: Server, since: int) -> list[str]:
    return [f"{request.method} {request.path}" for request in list(dss.requests)[since:]]


def test_one_root_cause_is_one_incident_and_its_id_is_the_same_for_everybody(dmitri: Person, olivia: Person) -> None:
    found = [dmitri.incidents(), olivia.incidents()]
    assert [incident["title"] for incident in found[0]["incidents"]] == ["Nightly build failed"]
    assert [each["id"] for each in found[0]["incidents"]] == [each["id"] for each in found[1]["incidents"]]
    names = {each["name"] for each in found[0]["incidents"][0]["follows"]}
    assert {"daily_store_kpis", "customer_360", "Best sellers when orders arrive"} <= names


def test_the_list_costs_little_more_than_today_and_a_log_is_read_for_the_one_that_is_opened(dss: Server) -> None:
    person = Person(dss, login="olivia")
    person.get("/today")
    before = len(list(dss.requests))
    (incident,) = person.incidents()["incidents"]
    listed = asked(dss, before)
    assert len(listed) <= FAILURES_READ + RULES_READ
    assert not any("/jobs/" in each for each in listed)
    before = len(list(dss.requests))
    person.page(incident["id"])
    opened = asked(dss, before)
    assert len(opened) <= OPENING
    assert sum("/jobs/" in each and "/log" in each for each in opened) == 1
    before = len(list(dss.requests))
    person.page(incident["id"])
    person.incidents()
    again = [each for each in asked(dss, before) if "managedfolders" not in each]
    assert again == [], "what was read is not read again for the next reader"
    assert all(each.startswith("GET") for each in [*listed, *opened] if "from-browser-headers" not in each)


def test_an_opened_incident_says_where_why_what_and_who_without_any_secret(olivia: Person) -> None:
    person = olivia
    shown = person.page(person.first()["id"])
    text = shown.get_text(" ", strip=True)
    for said in (
        "1 of 2: Load and clean orders",
        "sync_orders_2025-11-12 (failed)",
        "Late source: orders_files had not arrived",
        "Call the order desk, then run Nightly build.",
        "Handling Late Source Data",
        "Mireille Costa",
        "FINANCE (sales_mart)",
        "DSS keeps no date of their changes",
        "Data engineer on call",
    ):
        assert said in text, said
    lines = [line.get_text() for line in shown.select(".log-lines code")]
    assert any("Root path of the dataset RETAIL.orders_files does not exist" in line for line in lines)
    whole = json.dumps(person.incidents()) + text
    assert [secret for secret in logs.SECRETS if secret in whole] == []
    assert "[masked]" in text


def test_an_address_of_an_earlier_reading_or_of_what_follows_leads_to_the_incident(olivia: Person) -> None:
    person = olivia
    incident = person.first()
    for known in (incident["id"], incident["follows"][-1]["id"]):
        assert person.page(known).select_one("h1").get_text(strip=True) == "Nightly build failed"
    for none in ("20200101T0000-00000000", "x", "..%2f", "20251399T9999-3f2a9c1b"):
        assert person._browser.get(f"/incidents/{none}", headers=person.headers).status_code in (400, 404)


def test_people_take_give_note_and_close_it(dmitri: Person, folder: Store) -> None:
    person = dmitri
    incident = person.first()
    assert incident["state"] == "open"
    assert person.does("acknowledge", incident["id"]) == 303
    taken = person.first()
    assert (taken["state"], taken["assignee"]) == ("acknowledged", "dmitri")
    assert taken["seconds_to_acknowledge"] > 0
    assert person.does("assign", incident["id"], to="raj", text="he knows the files") == 303
    assert person.first()["assignee"] == "raj"
    assert person.does("note", incident["id"], text=f"{HOSTILE} =SUM(A1) \x1b[31m password=hunter2") == 303
    note = person.first()["history"][-1]
    assert note["text"].startswith(HOSTILE)
    assert "hunter2" not in json.dumps(person.incidents())
    shown = person.page(incident["id"])
    assert HOSTILE in shown.get_text()
    for pattern in ("[", "(?aL)x", "(" * 500):
        assert person.does("resolve", incident["id"], text="ran it again", cause="late files", pattern=pattern) == 400
    assert person.does("resolve", incident["id"], text="ran it again", cause="late files") == 303
    closed = person.first()
    assert (closed["state"], closed["remark"]) == ("resolved", "closed by a person; DSS does not show it well yet")
    assert [each["kind"] for each in closed["history"]] == ["acknowledge", "assign", "note", "resolve"]
    assert all(each.by == "dmitri" for each in folder.events().events if each.about.startswith("incident:"))


def test_two_people_who_write_at_once_are_both_kept(dmitri: Person, olivia: Person, folder: Store) -> None:
    people = [dmitri, olivia]
    incident = people[0].first()

    def write(number: int) -> int:
        return people[number].does("note", incident["id"], text=f"note of {number}")

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(write, range(2))) == [303, 303]
    texts = {event.text for event in folder.events().events if event.about == f"incident:{incident['id']}"}
    assert {"note of 0", "note of 1"} <= texts


def test_a_reader_sees_it_and_changes_nothing(dss: Server, folder: Store) -> None:
    reader = Person(dss, login="priya")
    incident = reader.first()
    assert not reader.page(incident["id"]).select("form[action*=acknowledge]")
    before = len(folder.files())
    assert reader.does("acknowledge", incident["id"]) in (403, 409)
    assert len(folder.files()) == before


@pytest.fixture(scope="module")
def reading(served: Server) -> Reading:
    return read(clients(served, "olivia"), "RETAIL", Settings(), need=TODAY)


def opened(dss: Server, reading: Reading) -> str:
    """The page of the night's incident as it is read now."""
    who = clients(dss, "olivia")
    incident = next(i for i in incidents_of(who, reading).incidents if i.root.name == "Nightly build")
    found = incident_of(who, reading, incident.id)
    return BeautifulSoup(incident_document(found, Urls("", "RETAIL")), "html.parser").get_text(" ", strip=True)


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/projects/RETAIL/jobs/*/log", 403, "The log is not shown"),
        ("/projects/RETAIL/jobs/*", 500, "Load and clean orders"),
        ("/projects/RETAIL/scenarios/*/*", 500, "Step, job and activity:"),
        ("/projects/RETAIL/timeline", 403, "Timeline:"),
        ("/projects/RETAIL/recipes", 500, "Recipes:"),
        ("/projects/RETAIL/insights", 403, "Dashboards and web apps:"),
        ("/projects/RETAIL/git/*", 404, "Commits:"),
    ],
)
def test_what_could_not_be_read_is_said_and_the_rest_is_there(
    dss: Server, reading: Reading, path: str, status: int, said: str
) -> None:
    dss.faults.status("GET", path, status)
    text = opened(dss, reading)
    assert said in text
    assert "Whom to Call Next" in text


def test_a_log_of_many_megabytes_is_read_as_far_as_its_first_error(dss: Server, reading: Reading) -> None:
    jobs = dss.instance.projects["RETAIL"].jobs
    job = next(each for each in jobs if each["listItem"]["state"] == "FAILED")
    before, noise = job.get("log"), "[2025/11/13-01:00:00.000] [job] [INFO] [spark.Context] - noise\n"
    try:
        job["log"] = noise * 100_000
        assert "the rest was not read" in opened(dss, reading)
        job["log"] = noise * 100 + "Traceback (most recent call last):\n" + noise * 100_000
        assert "Traceback (most recent call last):" in opened(dss, reading)
    finally:
        job["log"] = before


def test_without_a_state_folder_all_is_shown_and_with_a_mute_it_stays_listed() -> None:
    with localdss.serve(story="never-ran", at=THURSDAY) as dss:
        person = Person(dss, login="dmitri")
        found = person.incidents()
        assert "no state folder yet" in found["keeping"]
        assert [each["title"] for each in found["incidents"]] == ["Nightly build did not start"]
        shown = person.page(found["incidents"][0]["id"])
        assert "create it on Today" in shown.get_text()
        assert not shown.select("form")
        assert person.does("acknowledge", found["incidents"][0]["id"]) == 409
        state = store.create(clients(dss), "RETAIL")
        until = "2025-11-13T12:00:00+00:00"
        state.append(store.event(THURSDAY, "mute", "raj", "scenario:NIGHTLY_BUILD", "moving house", until=until))
        person.desk.noted()
        found = person.incidents()
        incident = found["incidents"][0]
        assert incident["title"] == "Nightly build did not start"
        assert (incident["state"], incident["tone"]) == ("open", "quiet")
        assert "by raj: moving house" in incident["muted"]
        assert found["tone"] == "quiet"


def test_it_recovers_by_itself_when_the_night_is_run_again() -> None:
    """From red to green: the cause is settled, the scenario runs again, and nobody closes anything by hand."""
    with localdss.serve(story="failed-upstream", at=THURSDAY, speed=2_000) as dss:
        state = store.create(clients(dss), "RETAIL")
        person = Person(dss, login="dmitri")
        before = person.first()
        assert person.does("acknowledge", before["id"]) == 303
        causes.settle(dss.instance, "orders")
        nightly = dataikuapi.DSSClient(dss.url, "dmitri").get_project("RETAIL").get_scenario("NIGHTLY_BUILD")
        nightly.run()
        until(
            lambda: [run for run in nightly.get_last_runs(1, only_finished_runs=True) if run.outcome != "FAILED"], 120
        )
        after = {each["id"]: each for each in Person(dss, login="dmitri").incidents()["incidents"]}
        mine = after[before["id"]]
        assert mine["root"]["ended_at"] is not None
        assert mine["history"][0]["kind"] == "acknowledge"
        assert len(state.files("/events/")) == 1, "recovery is worked out, never written"
