"""The self-check: what works here and what does not, a dump without names, and the dump served again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Optional

import dataikuapi
import pytest
from bs4 import BeautifulSoup

import localdss
from localdss import api, replay
from localdss.api.routing import ROUTES, parse_version
from localdss.instance import VERSION
from localdss.rights import INSTANCE_ADMIN, PROJECT_ADMIN, READ
from localdss.server import Server
from opsguide.dss import store
from opsguide.dss.reads import READS, Read
from opsguide.dss.session import Clients
from opsguide.dss.trying import try_all
from opsguide.model.self_check import SelfCheck, State, Tried
from opsguide.render.self_check import dump_json, self_check_text
from opsguide.service import self_check
from tests.readings import clients
from tools import verify

TYPE = "pyrunnable_operations-guide_self-check"
BROWSER = ("browser", "ticket")
NEEDS_A_MACRO = ("macro-state", "macro-result")


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    with localdss.serve(story="internal-stats", data_dir_open_to="none") as server:
        store.create(clients(server), "RETAIL").put("/plans/one.json", b"{}")
        yield server


@pytest.fixture(autouse=True)
def _well(dss: Server) -> Iterator[None]:
    yield
    dss.faults.clear()
    dss.instance.version = VERSION


@pytest.fixture(scope="module")
def well(dss: Server) -> SelfCheck:
    """What an administrator finds on the local DSS as it is."""
    dss.requests.clear()
    found = self_check(clients(dss), "RETAIL", {})
    assert len(dss.requests) > 90
    assert dss.requests.writes() == []
    assert {each.method for each in dss.requests} == {"GET"}
    return found


@pytest.fixture(scope="module")
def old(dss: Server) -> SelfCheck:
    """What an operator finds on an old version."""
    dss.instance.version = "12.0.0"
    return self_check(clients(dss, "priya"), "RETAIL", {})


@pytest.fixture(scope="module")
def ill(dss: Server) -> SelfCheck:
    """What the project's owner finds on a DSS that misbehaves in every way."""
    dss.instance.version = "13.5.2"
    dss.faults.status("GET", "/projects/RETAIL/jobs/", 500, "secret words")
    dss.faults.cut_off("GET", "/projects/RETAIL/recipes/")
    dss.faults.lose("GET", "/projects/RETAIL/flow/zones")
    dss.faults.empty("GET", "/projects/RETAIL/webapps/")
    dss.faults.html("GET", "/projects/RETAIL/data-quality/status", 404)
    dss.faults.html("GET", "/projects/RETAIL/lab/", 404)
    spoil = partial(dss.faults.change, "GET")
    spoil("/projects/RETAIL/scenarios/", lambda answer: [{**each, "active": "perhaps"} for each in answer])
    spoil("/projects/RETAIL/flow/graph/", lambda answer: {"nodes": list(answer["nodes"].values())})
    spoil("/projects/RETAIL/wiki/", lambda answer: [])
    spoil("/projects/RETAIL/variables/", lambda answer: {"local": {}})
    spoil("/projects/RETAIL/permissions", lambda answer: {**answer, "permissions": [{"group": ["a"]}]})
    return self_check(clients(dss, "olivia"), "RETAIL", {})


def of(found: SelfCheck, state: State) -> set[str]:
    return {each.name for each in found.reads if each.state is state}


def one(found: SelfCheck, name: str) -> Tried:
    return next(each for each in found.reads if each.name == name)


def table(found: SelfCheck) -> list[tuple[str, State, tuple[str, ...], tuple[str, ...]]]:
    return [(each.name, each.state, each.said, each.notes) for each in found.reads]


# --- what it finds ---------------------------------------------------------------------------------------------------


@pytest.mark.dss("14.3")
def test_every_answer_of_the_local_dss_is_as_the_plugin_expects_and_nothing_is_written(
    dss: Server, well: SelfCheck
) -> None:
    found = well
    assert set(found.counts) == {State.WORKS, State.NOT_TRIED}
    assert of(found, State.NOT_TRIED) == {
        *BROWSER,
        *NEEDS_A_MACRO,
        "footprint",
        "project-footprint",
        "future",
        *_without_any(dss),
    }
    assert found.version == VERSION


def _without_any(dss: Server) -> set[str]:
    """Reads about things that the sample project has none of."""
    project = dss.instance.projects["RETAIL"]
    held = {
        "stats-jobs": (),
        "dashboard": project.dashboards,
        "insight": project.insights,
        "sql-notebook": project.sql_notebooks,
    }
    return {name for name, objects in held.items() if not objects}


def test_who_lacks_a_right_is_told_which(old: SelfCheck) -> None:
    denied = {each.name: each.right for each in old.reads if each.state is State.DENIED}
    assert denied == {
        **dict.fromkeys(("users", "user", "groups", "logs", "kernels"), "instance administrator"),
        **dict.fromkeys(("permissions", "settings", "bundles", "imported-bundles"), "Admin on the project"),
    }


def test_an_older_dss_lacks_what_came_later(old: SelfCheck) -> None:
    lacking = {read.name for read in READS if read.since and parse_version(read.since) > (12, 0)}
    assert of(old, State.NO_ROUTE) == lacking - {"footprint", "project-footprint", "sql-notebook"}
    assert not of(old, State.DIFFERS) | of(old, State.FAILED)
    assert "sql-notebook" in of(old, State.NOT_TRIED)


def test_what_differs_is_said_and_the_rest_goes_on(ill: SelfCheck) -> None:
    assert {each.name: each.said for each in ill.reads if each.state is State.DIFFERS} == {
        "scenarios": ("[].active is a text instead of true or false",),
        "flow": ("nodes is a list instead of an object",),
        "wiki": ("the answer is a list instead of an object",),
        "variables": ("standard is missing",),
        "permissions": ("permissions[].group is a list instead of a text",),
        "quality": ("this DSS has no such route, although it is there since DSS 12.6",),
        "analyses": ("this DSS has no such route, although every version should",),
        "webapps": ("the answer is not JSON",),
    }
    assert one(ill, "runs").state is State.WORKS


def test_a_dss_that_fails_is_told_from_one_that_differs(ill: SelfCheck) -> None:
    assert {each.name: each.said for each in ill.reads if each.state is State.FAILED} == {
        "jobs": ("HTTP 500 com.dataiku.dip.exceptions.DSSInternalErrorException",),
        "recipes": ("no whole answer",),
        "zones": ("no whole answer",),
    }
    assert one(ill, "job").said == ("it follows from “the list of jobs”, which gave no answer",)
    assert "secret words" not in self_check_text(ill) + dump_json(ill)


def test_nobody_at_all_is_no_crash() -> None:
    lost = Clients(lambda: dataikuapi.DSSClient("http://127.0.0.1:9", "admin"), 1)
    few = [read for read in READS if read.name in ("node", "scenarios", "runs")]
    found = try_all(lost, "RETAIL", reads=few)
    assert [each.state for each in found.reads] == [State.FAILED, State.FAILED, State.NOT_TRIED]


# --- the macro -------------------------------------------------------------------------------------------------------


def test_the_macro_shows_the_table_and_the_dump(dss: Server) -> None:
    macro = dataikuapi.DSSClient(dss.url, "priya").get_project("RETAIL").get_macro(TYPE)
    dss.requests.clear()
    text = macro.get_result(macro.run(), as_type=None).read().decode()
    assert {each.route for each in dss.requests.writes()} == {"/projects/<key>/runnables/<runnable_type>"}
    page = BeautifulSoup(text, "html.parser")
    titles = [title.get_text(" ", strip=True) for title in page.select("h3")]
    assert titles[1].startswith("Missing right (9)")
    assert any(title.startswith("Works (") for title in titles)
    assert len(page.select("tbody tr")) == len(READS)
    dump = json.loads(page.textarea.text)
    assert dump["format"] == replay.FORMAT
    assert page.select_one("a[download]")["href"].startswith("data:application/json;base64,")
    assert not page.select("script")


# --- the dump --------------------------------------------------------------------------------------------------------


def test_the_dump_holds_no_name_that_people_gave(dss: Server, well: SelfCheck) -> None:
    project, instance = dss.instance.projects["RETAIL"], dss.instance
    names = {
        *("RETAIL", project.name, *instance.users, *instance.groups, *instance.connections),
        *(user[key] for user in instance.users.values() for key in ("displayName", "email")),
        *project.datasets,
        *project.scenarios,
        *(raw["name"] for raw in project.scenarios.values() if raw.get("name")),
        *project.recipes,
        *project.folders,
        *(article.get("name") for article in project.wiki["articles"].values()),
        *project.variables["standard"],
        *(run["scenarioRun"]["runId"] for runs in project.runs.values() for run in runs),
        *(job["listItem"]["def"]["id"] for job in project.jobs),
    }
    assert len(names) > 200
    strings = set(_strings(well.dump))
    # "admin" is a field of a group as well.
    assert (names - {"", "admin"}) & strings == set()
    text = " ".join(strings)
    assert "acme" not in text.lower()
    assert "@" not in text


def test_a_secret_in_any_text_of_any_answer_does_not_reach_the_dump(dss: Server) -> None:
    def spoil(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: spoil(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [spoil(each, key) for each in value]
        # What the next call is about must stay, or there is no next call.
        kept = ("id", "name", "runId", "runnableType", "path", "dssVersion", "authIdentifier", "view", "type")
        return f"{value} hunter2" if isinstance(value, str) and key not in kept else value

    dss.faults.change("GET", "*", spoil)
    found = self_check(clients(dss), "RETAIL", {})
    assert of(found, State.DIFFERS)  # instants that are none any more
    assert "hunter2" not in dump_json(found)
    assert "hunter2" not in self_check_text(found)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield str(key)
            yield from _strings(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _strings(each)


@pytest.mark.parametrize("whose", ["well", "old", "ill"])
def test_a_dump_that_is_served_again_gives_the_same_table(whose: str, request: pytest.FixtureRequest) -> None:
    found: SelfCheck = request.getfixturevalue(whose)
    dump = json.loads(dump_json(found))
    with replay.serve(dump) as url:
        again = self_check(Clients(lambda: dataikuapi.DSSClient(url, "any"), 1), dump["project"], {})
    assert table(again) == table(found)
    assert again.version == found.version


def test_any_client_may_ask_what_was_recorded(well: SelfCheck) -> None:
    dump = json.loads(dump_json(well))
    with replay.serve(dump) as url:
        project = dataikuapi.DSSClient(url, "any").get_project(dump["project"])
        assert len(project.list_datasets()) > 5
        scenario = project.list_scenarios()[0]
        assert project.get_scenario(scenario["id"]).get_last_runs()  # asked for with another limit than was recorded


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "no dump of a self-check"),
        ('{"format": "operations-guide self-check", "format_version": 9, "answers": []}', "is of version 9"),
    ],
)
def test_a_file_that_is_no_dump_is_refused_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "dump.json").write_text(text)
    with pytest.raises(replay.NotADump) as refused:
        replay.read(tmp_path / "dump.json")
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


# --- from outside ----------------------------------------------------------------------------------------------------


def test_verify_prints_the_table_and_never_the_key(
    dss: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dss.requests.clear()
    dump = tmp_path / "dump.json"
    asked = {"DSS_URL": dss.url, "DSS_API_KEY": "svc_retail", "PROJECT": "RETAIL", "DUMP": str(dump)}
    assert verify.main(asked) == 0
    told = capsys.readouterr()
    assert f"Project RETAIL on DSS {VERSION}: " in told.out
    assert "MISSING RIGHT" in told.out
    assert dss.requests.writes() == []
    assert replay.read(dump)["dss_version"] == VERSION
    for text in (told.out, told.err, dump.read_text()):
        assert "svc_retail" not in text


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"DSS_URL": "http://127.0.0.1:9"}, "Say which DSS, and with which key"),
        ({"DSS_URL": "http://127.0.0.1:9", "DSS_API_KEY": "very-secret"}, "the list of projects could not be read"),
    ],
)
def test_verify_says_what_it_lacks(asked: dict[str, str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify.main(asked) == 2
    said = capsys.readouterr()
    assert told in said.err
    assert "very-secret" not in said.out + said.err


# --- the table of reads ----------------------------------------------------------------------------------------------


def test_each_read_is_named_once() -> None:
    names = [read.name for read in READS]
    assert len(names) == len(set(names))
    for number, read in enumerate(READS):
        assert not read.after or read.after in names[:number], f"{read.name} comes before {read.after}"


@pytest.mark.parametrize("read", READS, ids=lambda read: str(read.name))
def test_the_table_and_the_local_dss_agree_on_version_and_right(read: Read) -> None:
    api.load()
    route = _route_of(read)
    assert route is not None, "localdss has no such route"
    if read.since:
        assert route.since == parse_version(read.since)
    else:
        assert route.since <= (11, 1)
    expected = {INSTANCE_ADMIN: "instance administrator", PROJECT_ADMIN: "Admin on the project", None: ""}
    right = expected.get(route.right, "Read project content on the project")
    assert route.right in (*expected, READ, "readDashboards")
    assert read.right == right


def _route_of(read: Read) -> Optional[Any]:
    asked = read.path.strip("/").split("/")
    for route in sorted(ROUTES, key=lambda route: route.path.count("<")):
        declared = route.path.strip("/").split("/")
        fits = all(d == a or (d.startswith("<") and a.startswith("{")) for d, a in zip(declared, asked))
        if route.method == read.method and len(declared) == len(asked) and fits:
            return route
    return None
