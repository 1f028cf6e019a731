"""The digest of evaluate-operations: mails through the channels of the local DSS, its memory, and what stands in its way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import dataikuapi
import pytest

import localdss
from localdss.server import Server
from opsguide import service
from opsguide.dss import store
from opsguide.errors import InvalidParameter
from opsguide.model.digest import Delivery
from opsguide.settings import Settings
from tests.readings import clients

STEP = "pystep_operations-guide_evaluate-operations"
AT = datetime(2026, 3, 3, 6, 12, tzinfo=timezone.utc)  # a Tuesday, 07:12 in Paris
MAIL = {"digest": "mail", "digest_to": "ops@example.com, night@example.com", "fail_at": "never"}
NARROW = {**MAIL, "outputs": ["daily_store_kpis"]}


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with localdss.serve(story="nightly-late", at=AT) as server:
        server.instance.clock.stop(AT)
        yield server


@pytest.fixture
def dss(served: Server) -> Iterator[Server]:
    retail = served.instance.projects["RETAIL"]
    before = set(retail.folders)
    served.instance.sent.clear()
    yield served
    served.faults.clear()
    for made in set(retail.folders) - before:
        del retail.folders[made]


def look(dss: Server, login: str = "svc_retail", **config: Any) -> Delivery:
    settings = Settings(dss_url="https://dss.example.com")
    return service.look(clients(dss, login), "RETAIL", {**NARROW, **config}, settings).digest


@pytest.mark.dss("12.6")
def test_a_mail_is_sent_once_and_put_on_record(dss: Server) -> None:
    assert look(dss).said == "sent by smtp-ops to 2"
    (sent,) = dss.instance.sent
    assert (sent["to"], sent["plainText"], sent["projectKey"]) == (
        ["ops@example.com", "night@example.com"],
        True,
        "RETAIL",
    )
    assert sent["subject"] == "RETAIL: 1 new alarm: daily_store_kpis"
    assert sent["body"].startswith("daily_store_kpis: late: due 07:00, 12 min ago")
    assert sent["body"].endswith("https://dss.example.com/projects/RETAIL/datasets/daily_store_kpis/explore/")
    again = look(dss)
    assert (again.said, again.text, len(dss.instance.sent)) == ("nothing to tell that was not told", "", 1)
    state = store.find(clients(dss), "RETAIL")
    (noted,) = [event for event in state.events().events if event.kind == "digest"]  # type: ignore[union-attr]
    assert noted.data["to"] == ["o…@example.com", "n…@example.com"]
    assert noted.data["new"] == 1


def test_in_a_scenario_it_leaves_its_variables_and_remembers_without_a_folder(dss: Server) -> None:
    dss.faults.status("POST", "/projects/RETAIL/managedfolders/", 403)
    retail = dss.instance.projects["RETAIL"]
    config = {**NARROW, "digest": "variables"}
    steps = [{"type": STEP, "id": "evaluate", "name": "evaluate", "params": {"config": config}}]
    raw = {"type": "step_based", "name": "Watch", "active": True, "params": {"steps": steps}, "triggers": []}
    retail.scenarios["WATCH"] = {**raw, "runAsUser": "svc_retail"}
    told = []
    try:
        for _ in range(2):
            scenario = dataikuapi.DSSClient(dss.url, "admin").get_project("RETAIL").get_scenario("WATCH")
            run = scenario.run_and_wait(no_fail=True)
            told.append(retail.run("WATCH", run.id)["scenarioRun"]["variables"])
    finally:
        del retail.scenarios["WATCH"]
        retail.runs.pop("WATCH", None)
    assert told[0]["operations_digest"].startswith("daily_store_kpis: late")
    assert "none could be made" in told[0]["operations_digest_sent"]
    assert told[1]["operations_digest"] == ""
    assert dss.instance.sent == []


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (("GET", "/messaging-channels/", 404), "It takes DSS 12.6 or newer"),
        (
            ("POST", "/messaging-channels/smtp-ops/actions/send", 403),
            "It takes the right “Write project content on RETAIL”",
        ),
        (("POST", "/messaging-channels/smtp-ops/actions/send", 500), "The next run tries again"),
    ],
)
@pytest.mark.dss("12.6")
def test_a_mail_that_does_not_leave_is_told_and_tried_again(
    dss: Server, break_it: tuple[str, str, int], words: str
) -> None:
    dss.faults.status(*break_it)
    found = look(dss)
    assert (found.failed, dss.instance.sent) == (True, [])
    assert found.said.startswith("not sent: ")
    assert words in found.said
    dss.faults.clear()
    assert look(dss).said == "sent by smtp-ops to 2"


@pytest.mark.dss("12.6")
def test_a_channel_that_there_is_not_is_named(dss: Server) -> None:
    found = look(dss, digest_channel="smtp-old")
    assert found.said.startswith("not sent: there is no mail channel smtp-old; there is smtp-ops. A reporter")


def test_the_step_fails_where_its_mail_does_not_leave(dss: Server) -> None:
    dss.faults.status("GET", "/messaging-channels/", 404)
    steps = [{"type": STEP, "id": "evaluate", "name": "evaluate", "params": {"config": NARROW}}]
    raw = {"type": "step_based", "name": "Watch", "active": True, "params": {"steps": steps}, "triggers": []}
    retail = dss.instance.projects["RETAIL"]
    retail.scenarios["WATCH"] = {**raw, "runAsUser": "svc_retail"}
    try:
        scenario = dataikuapi.DSSClient(dss.url, "admin").get_project("RETAIL").get_scenario("WATCH")
        details = scenario.run_and_wait(no_fail=True).get_details()
    finally:
        del retail.scenarios["WATCH"]
        retail.runs.pop("WATCH", None)
    assert details["scenarioRun"]["result"]["outcome"] == "FAILED"
    assert "The digest was not sent: " in details["stepRuns"][0]["result"]["thrown"]["message"]


@pytest.mark.dss("12.6")
def test_a_window_of_the_profile_holds_it_back_and_is_named(dss: Server) -> None:
    standard = dss.instance.projects["RETAIL"].variables["standard"]["operations_guide"]
    before = standard.get("maintenance")
    standard["maintenance"] = [
        {"system": "Warehouse", "start": "2026-03-03T06:00:00+01:00", "end": "2026-03-03T09:00:00+01:00"}
    ]
    try:
        look(dss)
    finally:
        standard["maintenance"] = before
    (sent,) = dss.instance.sent
    held = "Held back while Warehouse is in maintenance until 09:00, by the profile (standard): daily_store_kpis"
    assert sent["body"].splitlines()[0] == held
    look(dss)
    assert dss.instance.sent[-1]["subject"] == "RETAIL: 1 new alarm: daily_store_kpis"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"digest": "pigeon"}, "off, variables, mail"),
        ({"digest_to": ""}, "say whom"),
        ({"digest_to": "a@example.com, nobody"}, "'nobody' is no mail address"),
        ({"digest_to": "a@example.com\nBcc: b@example.com"}, "'Bcc:' is no mail address"),
        ({"digest_to": ["a@example.com"]}, "separated by commas"),
    ],
)
def test_a_slip_of_the_hand_is_refused_in_words(dss: Server, config: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidParameter, match=words):
        look(dss, **config)
    assert dss.instance.sent == []
