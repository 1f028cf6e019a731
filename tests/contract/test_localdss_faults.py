"""The local DSS misbehaves on request: what a client sees of each fault."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import dataikuapi
import pytest
import requests
from dataikuapi.utils import DataikuException

import localdss
from localdss.faults import Faults

LIST = "/projects/*/scenarios/"


@pytest.fixture(scope="module")
def server():
    with localdss.serve(story=None) as dss:
        yield dss


@pytest.fixture
def dss(server):
    yield server
    server.faults.clear()


@pytest.fixture
def retail(dss):
    return dataikuapi.DSSClient(dss.url, "admin").get_project("RETAIL")


def get(dss, path="/projects/RETAIL/scenarios/", timeout=5):
    return requests.get(f"{dss.url}/dip/publicapi{path}", auth=("admin", ""), timeout=timeout)


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
def test_a_status(dss, retail, status):
    dss.faults.status("GET", LIST, status)
    assert get(dss).status_code == status
    with pytest.raises(DataikuException, match="Out of order"):
        retail.list_scenarios()
    assert retail.list_jobs() == []  # other routes go on
    assert dss.requests.all[-2].status == status


def test_a_few_times_only(dss, retail):
    dss.faults.status("GET", LIST, 502, times=2)
    assert [get(dss).status_code for _ in range(3)] == [502, 502, 200]


def test_no_more_calls_than_that_however_many_come_at_once(monkeypatch):
    # Gives the others a chance between looking and counting.
    monkeypatch.setattr("localdss.faults.fnmatchcase", lambda *_: not time.sleep(0.001))
    faults, asked = Faults(), SimpleNamespace(method="GET")
    faults.status("GET", LIST, 502, times=10)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: faults.before(asked, "/projects/RETAIL/scenarios/"), range(100)))
    assert len([answer for answer in answers if answer is not None]) == 10


def test_a_page_of_a_proxy(dss, retail):
    dss.faults.html("GET", LIST)
    with pytest.raises(DataikuException, match="Unknown error"):
        retail.list_scenarios()


def test_no_answer_in_time_and_released_afterwards(dss):
    dss.faults.hang("GET", LIST, seconds=30)
    with pytest.raises(requests.exceptions.ReadTimeout):
        get(dss, timeout=0.2)
    dss.faults.clear()
    assert get(dss).status_code == 200


@pytest.mark.client("12.0")
def test_a_cut_off_answer(dss):
    dss.faults.cut_off("GET", LIST)
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)):
        get(dss)
    dss.faults.clear()
    assert get(dss).json()


def test_an_empty_answer(dss, retail):
    dss.faults.empty("GET", LIST)
    assert (get(dss).status_code, get(dss).content) == (200, b"")
    with pytest.raises(ValueError, match="Expecting value"):
        retail.list_scenarios()


def test_a_slow_drip(dss):
    dss.faults.drip("GET", "/instance-info", seconds=0.5)
    started = time.monotonic()
    assert get(dss, "/instance-info").json()["nodeType"] == "AUTOMATION"
    assert time.monotonic() - started > 0.4


def test_a_changed_answer(dss, retail):
    dss.faults.change("GET", LIST, lambda found: {"not": "a list"})
    assert get(dss).json() == {"not": "a list"}
    dss.faults.clear()
    dss.faults.change("GET", "*", lambda found: [])
    assert get(dss, "/projects/RETAIL").json() == []


def test_latency_of_all(dss):
    dss.faults.latency = 0.2
    started = time.monotonic()
    get(dss, "/instance-info")
    assert time.monotonic() - started > 0.2


def test_what_is_asked_is_done_though_its_answer_is_lost(dss, retail):
    dss.faults.lose("POST", "/projects/RETAIL/scenarios/PY_MAINTENANCE/run", times=1)
    with pytest.raises(requests.exceptions.ConnectionError):
        retail.get_scenario("PY_MAINTENANCE").run(params={"request": "r-1"})
    (run,) = retail.get_scenario("PY_MAINTENANCE").get_last_runs(limit=5)
    assert run.run["trigger"]["params"] == {"request": "r-1"}, "found again by what was sent along"
    assert run.trigger["params"] == {"request": "r-1"}


def test_an_answer_that_comes_late_tells_of_what_was_done_at_once(dss, retail):
    dss.faults.late("POST", "/projects/RETAIL/scenarios/MONTH_END/run", seconds=30)
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.post(
            f"{dss.url}/dip/publicapi/projects/RETAIL/scenarios/MONTH_END/run", auth=("admin", ""), json={}, timeout=0.5
        )
    assert len(retail.get_scenario("MONTH_END").get_last_runs(limit=5)) == 1
    dss.faults.clear()


@pytest.mark.parametrize("done", [False, True])
def test_something_happens_just_before_or_just_after_the_effect(dss, retail, done):
    project, seen = dss.instance.projects["RETAIL"], []
    before = len(project.jobs)
    dss.faults.meanwhile("POST", "/projects/RETAIL/jobs/", lambda: seen.append(len(project.jobs) - before), done=done)
    for _ in range(2):
        retail.new_job().with_output("stores").start()
    assert seen == [int(done)], "once, at that point"
