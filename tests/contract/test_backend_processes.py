"""The backend in each way that it may be run, on the whole way through HTTP: the same answers, and nothing done twice.

As one process with threads and as processes that are forked for each request, which are DSS's own two ways; as four that
are forked once and stay, each with its own memory; and as in a container, without DSS's data directory, a home, a place
for temporary files or a byte of disk to write on."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Optional

import pytest
import requests
from bs4 import BeautifulSoup

import localdss
from localdss import host
from localdss.host import runner
from localdss.server import Server
from opsguide.dss import store
from opsguide.model.event import Event
from opsguide.model.today import Today
from tests.readings import clients
from tests.waiting import until
from tests.web.acting import SOON
from tests.whole import Visit

# A Tuesday, 07:12:10 in Paris: ten seconds of a minute are over, so that the seconds which a test takes change no text.
AT = datetime(2026, 3, 3, 6, 12, 10, tzinfo=timezone.utc)
KEY = "SUPPLY"
# What the docs promise of what another process was told: the setting "Minimum refresh".
REFRESH_SECONDS = 5
PREFORK = Path(__file__).with_name("prefork.py")
NOWHERE = "/nonexistent"

WAYS = ("threads", "a process for each request", "four processes", "a container")
PAGES = ("today.json", "guide.json", "incidents.json", "status.json", "actions.json", "clean-up.json")


@dataclass(frozen=True)
class Backend:
    """A backend that runs: where each of its processes can be reached, or one address where chance picks the process."""

    way: str
    addresses: tuple[str, ...]
    before: dict[str, Any]

    def ask(self, page: str, login: str = "dmitri", process: int = 0) -> requests.Response:
        address = self.addresses[process % len(self.addresses)]
        return requests.get(address + page, cookies={"localdss_user": login}, timeout=120)

    def get(self, page: str, login: str = "dmitri", process: int = 0) -> str:
        answer = self.ask(page, login, process)
        assert answer.status_code == 200, (self.way, page, answer.status_code, answer.text[-800:])
        return answer.text

    def form(self, page: str, name: str, process: int = 0, **filled: str) -> dict[str, str]:
        """A form of a page, filled in as a browser would send it."""
        found = BeautifulSoup(self.get(page, process=process), "html.parser")
        form = next(each for each in found.select("form[method=post]") if each["action"].endswith(f"actions/{name}"))
        given = {field["name"]: field.get("value", "") for field in form.select("input[name]")}
        return {**given, **filled}

    def send(self, name: str, form: dict[str, str], process: int = 0) -> requests.Response:
        return requests.post(
            self.addresses[process % len(self.addresses)] + f"actions/{name}",
            data=form,
            cookies={"localdss_user": "dmitri"},
            headers={"Sec-Fetch-Site": "same-origin"},
            allow_redirects=False,
            timeout=120,
        )


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    with localdss.serve(story="nightly-late", at=AT) as served:
        served.instance.clock.stop(AT)
        served.instance.speed = 10_000
        served.instance.plugin_settings["operations-guide"] = {
            "actions_enabled": True,
            "minimum_refresh_seconds": REFRESH_SECONDS,
        }
        project = served.instance.projects[KEY]
        project.settings["permissions"] = served.instance.projects["RETAIL"].settings["permissions"]
        (runs,) = project.runs.values()
        runs[0]["scenarioRun"]["result"]["outcome"] = "FAILED"
        for name in (SOON, *WAYS):
            project.scenarios[name] = {
                "type": "step_based", "name": name, "active": False, "params": {"steps": []}, "triggers": [],
                "runAsUser": "svc_retail",
            }  # fmt: skip
        store.create(clients(served), KEY)
        yield served


@pytest.fixture(autouse=True)
def _well_again(dss: Server) -> Iterator[None]:
    yield
    dss.faults.clear()


@pytest.fixture(scope="module")
def backends(dss: Server) -> Iterator[dict[str, Backend]]:
    with ExitStack() as stack:
        made = (_in_dss(dss, WAYS[0], 0), _in_dss(dss, WAYS[1], 4), stack.enter_context(_forked(dss, WAYS[2], 4)))
        yield {each.way: each for each in (*made, stack.enter_context(_forked(dss, WAYS[3], 1, _container)))}


def _in_dss(dss: Server, way: str, processes: int) -> Backend:
    """As DSS runs it, with so many of what its webapps' settings call processes."""
    component = next(each for plugin in dss.instance.plugins for each in plugin.components(host.WEBAPP))
    webapp_id = host.create_webapp(dss.instance, KEY, component, "olivia")
    dss.instance.projects[KEY].webapps[webapp_id]["params"].update(runAs="svc_retail", nbProcesses=processes)
    return Backend(way, (f"{dss.url}/web-apps-backends/{KEY}/{webapp_id}/",), {})


@contextmanager
def _forked(dss: Server, way: str, number: int, place: Any = lambda names: names) -> Iterator[Backend]:
    plugin = dss.instance.plugins[0]
    backend = next(iter(plugin.components(host.WEBAPP))).path / "backend.py"
    with runner.ticket(dss.instance, "svc_retail") as ticket:
        names = place(runner.environment(dss.instance, ticket, KEY, plugin))
        command = [sys.executable, str(PREFORK), str(number), str(backend)]
        if place is _container:
            command = ["sh", "-c", 'cd / && ulimit -f 0 && exec "$@"', "sh", *command]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=names, text=True) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            yield Backend(way, tuple(f"http://127.0.0.1:{port}/" for port in told.pop("ports")), told)
            process.stdin.close()


def _container(names: dict[str, str]) -> dict[str, str]:
    """What a pod knows of the host that it runs on: how to reach DSS, and nothing else."""
    kept = {name: value for name, value in names.items() if name.startswith("DKU_") or name in ("PYTHONPATH", "PATH")}
    return {
        **kept,
        "HOME": NOWHERE,
        "TMPDIR": NOWHERE,
        "LC_ALL": "C",
        "PYTHONTZPATH": "",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


# --- the same answers ------------------------------------------------------------------------------------------------


def unlike(one: Any, other: Any, place: str = "") -> list[str]:
    """Where two answers differ by more than the moment at which, and the calls with which, they were read."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        if one.get("source") == other.get("source") and str(one.get("source")).startswith("this reading"):
            return []
        return [
            found
            for key in one
            if key not in ("calls", "elapsed_seconds")
            for found in unlike(one[key], other[key], f"{place}.{key}")
        ]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [found for at, pair in enumerate(zip(one, other)) for found in unlike(*pair, f"{place}[{at}]")]
    if isinstance(one, float) and isinstance(other, float) and abs(one - other) < 60:
        return []
    moments = (_moment(one), _moment(other))
    if None not in moments and abs(moments[0] - moments[1]) < timedelta(minutes=1):
        return []
    return [] if one == other else [f"{place}: {str(one)[:200]!r} is {str(other)[:200]!r}"]


def _moment(value: Any) -> Optional[datetime]:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None


@pytest.fixture(scope="module")
def usual(backends: dict[str, Backend]) -> dict[str, Any]:
    return {page: json.loads(backends[WAYS[0]].get(page)) for page in PAGES}


@pytest.mark.parametrize("way", WAYS[1:])
def test_each_way_gives_the_same_answers(backends: dict[str, Backend], usual: dict[str, Any], way: str) -> None:
    assert usual["today.json"]["scenarios"]
    assert usual["incidents.json"]["incidents"]
    for number, page in enumerate(PAGES):
        found = unlike(usual[page], json.loads(backends[way].get(page, process=number)))
        assert found == [], "\n".join((page, *found))


def test_nothing_is_opened_before_a_fork(backends: dict[str, Backend]) -> None:
    """Else processes would share a connection, and one would get what another asked for, or wait for a lock that a thread
    held which it does not have."""
    assert backends["four processes"].before == {"threads": 1, "sockets": 0}


def test_a_container_gives_the_files_too(backends: dict[str, Backend]) -> None:
    """Not a byte is written to its disk, nor read from the host's."""
    container = backends["a container"]
    assert container.ask("guide.pdf").content.startswith(b"%PDF-")
    assert "<title>" in container.get("guide.html")
    assert container.get("guide.md").startswith("# ")
    assert container.get("static/app.css")


def test_a_portfolio_that_takes_long_is_whole_in_the_end(dss: Server, backends: dict[str, Backend]) -> None:
    """Also where the process that reads it does not live until the next look, or another one answers that."""

    def look_until_whole(backend: Backend) -> list[dict[str, Any]]:
        looks: list[dict[str, Any]] = []

        def whole() -> bool:
            looks.append(json.loads(backend.get("portfolio.json", "olivia", process=len(looks))))
            return not looks[-1]["reading"]

        until(whole, 60)
        return looks

    dss.faults.latency = 0.05
    with ThreadPoolExecutor(len(WAYS)) as pool:
        seen = dict(zip(WAYS, pool.map(look_until_whole, backends.values())))
    assert seen["threads"][0]["reading"], "it did not take long"
    for way, looks in seen.items():
        assert looks[-1]["not_read"] == [], way
        assert {"RETAIL", "SUPPLY"} <= {each["project_key"] for each in looks[-1]["projects"]}, way


# --- what is noted and asked for -------------------------------------------------------------------------------------


def events(dss: Server, kind: str) -> list[Event]:
    folder = store.find(clients(dss), KEY)
    assert isinstance(folder, store.Store)
    return [event for event in folder.events().events if event.kind == kind]


def test_what_one_process_is_told_all_of_them_show(dss: Server, backends: dict[str, Backend]) -> None:
    """The process that was told shows it to the next reader, each to whoever wrote it, who is led there, and the others
    when they read anew."""
    for backend in backends.values():
        for process, _ in enumerate(backend.addresses):
            backend.get("today.json", "olivia", process)  # so that each has something that is older

    def tell(backend: Backend) -> None:
        told = {"about": f"scenario:{backend.way}", "until": (AT + timedelta(days=1)).isoformat()}
        form = backend.form("today", "mute", reason=f"known to {backend.way}", **told)
        answer = backend.send("mute", form)
        assert answer.status_code == 303, answer.text
        assert backend.way in muted(backend), backend.way
        for process, _ in enumerate(backend.addresses):
            page = backend.get(answer.headers["Location"].removeprefix("../"), process=process)
            assert f"known to {backend.way}" in page, (backend.way, process)

    with ThreadPoolExecutor(len(WAYS)) as pool:
        list(pool.map(tell, backends.values()))
    time.sleep(REFRESH_SECONDS)
    for backend in backends.values():
        for process, _ in enumerate(backend.addresses):
            assert muted(backend, process) == set(WAYS), (backend.way, process)


def muted(backend: Backend, process: int = 0, login: str = "olivia") -> set[str]:
    return {each["id"] for each in json.loads(backend.get("today.json", login, process))["scenarios"] if each["muted"]}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_asked_for_twice_is_done_once(dss: Server, backends: dict[str, Backend], way: str) -> None:
    backend, runs = backends[way], dss.instance.projects[KEY].runs
    before, kept = len(runs.get(SOON, [])), len(events(dss, "action"))
    form = backend.form(f"action/run-scenario?about=scenario:{SOON}", "run-scenario", reason="the night failed")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda process: backend.send("run-scenario", form, process), range(4)))
    answers.append(backend.send("run-scenario", form, process=3))
    assert [answer.status_code for answer in answers] == [303] * 5, [answer.text[-400:] for answer in answers]
    assert (len(runs[SOON]), len(events(dss, "action"))) == (before + 1, kept + 1)
    assert len({answer.headers["Location"] for answer in answers}) == 1
    place = answers[0].headers["Location"].removeprefix("../").partition("?")[0]
    until(lambda: json.loads(backend.get(f"{place}.json", process=2))["state"] == "finished")


@pytest.mark.parametrize(("way", "readings"), [("threads", 1), ("four processes", 4), ("a container", 1)])
def test_readers_of_one_process_share_a_reading(
    dss: Server, backends: dict[str, Backend], way: str, readings: int
) -> None:
    backend = backends[way]
    dss.requests.clear()
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda process: backend.get("today.json", "raj", process), range(12)))
    assert len(dss.requests.of("GET", "/projects/<key>/scenarios/")) == readings


def test_who_waits_for_a_reading_takes_it_however_long_it_took(dss: Server) -> None:
    """Else a DSS that is slow would be asked again by each of those who wait, one after the other."""
    visit, begun = Visit(dss, KEY, "raj"), []
    visit.desk.settings = replace(visit.desk.settings, minimum_refresh_seconds=0)

    def all_wait() -> None:
        until(lambda: len(begun) == 6)
        time.sleep(0.3)

    def look(number: int) -> Today:
        begun.append(number)
        return visit.desk.today(visit.access)

    dss.faults.meanwhile("GET", f"/projects/{KEY}/scenarios/", all_wait)
    dss.requests.clear()
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(look, range(6)))
    assert all(each is found[0] for each in found)
    assert len(dss.requests.of("GET", "/projects/<key>/scenarios/")) == 1
