"""Webapp backends as DSS runs them: a Flask app that is given, a prefix, a run-as user and a browser user kept apart."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import dataikuapi
import pytest
import requests
from dataikuapi.utils import DataikuException

import localdss
from localdss import host
from localdss.server import Server

BACKEND = """
    import os, threading, time
    import dataiku
    from dataiku.customwebapp import get_plugin_config, get_webapp_config, get_webapp_resource
    from flask import Response, jsonify, redirect, request

    @app.route("/")
    def home():
        return "home"

    @app.route("/echo/<path:rest>", methods=["GET", "POST", "PUT", "DELETE"])
    def echo(rest):
        answer = jsonify(method=request.method, path=request.path, args=request.args.to_dict(flat=False), rest=rest,
            body=request.get_data(as_text=True), header=request.headers.get("X-Own"), cookie=request.cookies.get("own"))
        answer.headers.add("Set-Cookie", "a=1")
        answer.headers.add("Set-Cookie", "b=2")
        return answer, 207

    @app.route("/who")
    def who():
        client = dataiku.api_client()
        run_as = client.get_auth_info()["authIdentifier"]
        try:
            browser = client.get_auth_info_from_browser_headers(dict(request.headers))["authIdentifier"]
        except Exception:
            browser = None
        with dataiku.WebappImpersonationContext():
            inside = dataiku.api_client().get_auth_info()["authIdentifier"]
        return jsonify(run_as=run_as, browser=browser, inside=inside, after=dataiku.api_client().get_auth_info()["authIdentifier"])

    @app.route("/settings")
    def settings():
        return jsonify(config=get_webapp_config(), plugin=get_plugin_config(), project=dataiku.default_project_key(),
            resource=os.path.basename(get_webapp_resource()))

    @app.route("/stream")
    def stream():
        def pieces():
            yield "first "
            time.sleep(0.2)
            yield "second"
        return Response(pieces(), mimetype="text/plain")

    barrier = threading.Barrier(2)

    @app.route("/together")
    def together():
        barrier.wait(timeout=10)
        return "met"

    @app.route("/pid")
    def pid():
        time.sleep(0.2)
        return str(os.getpid())

    @app.route("/bytes")
    def some_bytes():
        return Response(bytes(range(256)), mimetype="application/octet-stream")
"""
DESCRIPTOR = {
    "meta": {"label": "Board", "description": "D"},
    "baseType": "STANDARD",
    "hasBackend": "true",
    "noJSSecurity": "true",
    "standardWebAppLibraries": ["dataiku", "jquery"],
    "roles": [],
    "params": [],
}


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plugin")
    files = {
        "plugin.json": json.dumps({"id": "board", "version": "1", "meta": {"label": "B", "description": ""}}),
        "webapps/board/webapp.json": json.dumps(DESCRIPTOR),
        "webapps/board/backend.py": dedent(BACKEND),
        "webapps/board/body.html": "<main id='board'>body</main>",
        "webapps/board/app.js": "console.log('</script>')",
        "webapps/board/style.css": "#board { color: red }",
        "resource/picture.svg": "<svg/>",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def dss(plugin: Path) -> Iterator[Server]:
    with localdss.serve(story=None, plugins=[plugin]) as server:
        server.instance.plugin_settings["board"] = {"limit": 3}
        yield server


@pytest.fixture
def webapp(dss: Server) -> str:
    """The id of a fresh webapp that runs as the service account and knows threads."""
    webapp_id = host.create_webapp(dss.instance, "RETAIL", dss.instance.plugins[0].components(host.WEBAPP)[0], "olivia")
    raw = dss.instance.projects["RETAIL"].webapps[webapp_id]
    raw["params"]["runAs"], raw["config"] = "svc_retail", {"x": "<1>"}
    yield webapp_id
    host.backends_of(dss.instance).stop("RETAIL", webapp_id)


def get(dss: Server, path: str, user: str = "admin", **more: object) -> requests.Response:
    return requests.get(dss.url + path, cookies={"localdss_user": user} if user else {}, timeout=20, **more)


def back(webapp_id: str, path: str = "") -> str:
    return f"/web-apps-backends/RETAIL/{webapp_id}/{path}"


def test_the_proxy_passes_everything_on_and_back(dss, webapp):
    answer = requests.post(
        dss.url + back(webapp, "echo/a%20b/c%2Fd?x=1&x=%26"),
        data="körper".encode(),
        headers={"X-Own": "yes"},
        cookies={"localdss_user": "admin", "own": "c"},
        timeout=20,
    )
    assert answer.status_code == 207
    assert answer.json() == {
        "method": "POST",
        "path": "/echo/a b/c/d",
        "rest": "a b/c/d",
        "args": {"x": ["1", "&"]},
        "body": "körper",
        "header": "yes",
        "cookie": "c",
    }
    assert {"a", "b", "X-DKU-Flask-User"} <= set(answer.cookies.keys())


def test_answers_stream_and_bytes_stay_bytes(dss, webapp):
    assert get(dss, back(webapp, "bytes")).content == bytes(range(256))
    answer = get(dss, back(webapp, "stream"), stream=True)
    pieces = list(answer.iter_content(None))
    assert b"".join(pieces) == b"first second"
    assert len(pieces) == 2


def test_settings_reach_the_backend_when_it_starts(dss, webapp):
    told = get(dss, back(webapp, "settings")).json()
    assert told == {"config": {"x": "<1>"}, "plugin": {"limit": 3}, "project": "RETAIL", "resource": "resource"}
    dss.instance.projects["RETAIL"].webapps[webapp]["config"] = {"x": 2}
    assert get(dss, back(webapp, "settings")).json()["config"] == {"x": "<1>"}
    host.backends_of(dss.instance).start("RETAIL", webapp)
    assert get(dss, back(webapp, "settings")).json()["config"] == {"x": 2}


WHO = [
    ("olivia", "svc_retail", {"browser": "olivia", "inside": "olivia"}),
    ("dana", "svc_retail", {"browser": "dana", "inside": "svc_retail"}),
    ("raj", "olivia", {"browser": "raj", "inside": "olivia"}),
]


@pytest.mark.client("14.0")
@pytest.mark.parametrize(("user", "run_as", "seen"), WHO)
def test_run_as_user_and_browser_user_are_kept_apart(dss, webapp, user, run_as, seen):
    """Impersonation is a permission of the run-as user's group; without it calls go on as the run-as user, silently."""
    dss.instance.projects["RETAIL"].webapps[webapp]["params"]["runAs"] = run_as
    assert get(dss, back(webapp, "who"), user).json() == {"run_as": run_as, "after": run_as, **seen}


def test_without_a_chosen_user_it_runs_as_who_edited_it_last(dss, webapp):
    del dss.instance.projects["RETAIL"].webapps[webapp]["params"]["runAs"]
    assert get(dss, back(webapp, "who")).json()["run_as"] == "olivia"


def test_the_public_client_reaches_the_backend_without_being_a_browser(dss, webapp):
    client = dataikuapi.DSSClient(dss.url, "raj")
    backend = client.get_project("RETAIL").get_webapp(webapp).get_backend_client()
    assert backend.session.get(backend.url_for_path("/who")).json()["browser"] is None


def test_state_start_and_stop(dss, webapp):
    handle = dataikuapi.DSSClient(dss.url, "admin").get_project("RETAIL").get_webapp(webapp)
    assert not handle.get_state().running
    handle.start_or_restart_backend().wait_for_result()
    assert handle.get_state().running
    handle.stop_backend()
    assert not handle.get_state().running
    refused = get(dss, back(webapp))
    assert (refused.status_code, refused.json()["errorType"]) == (502, "BackendStopped")


def test_a_backend_that_died_is_started_again(dss, webapp):
    first = get(dss, back(webapp, "pid")).text
    host.backends_of(dss.instance)._known["RETAIL", webapp].child.kill()
    assert get(dss, back(webapp, "pid")).text != first


@pytest.mark.parametrize(("processes", "pids"), [(0, 1), (2, 2)])
def test_threads_share_a_process_and_processes_do_not(dss, webapp, processes, pids):
    dss.instance.projects["RETAIL"].webapps[webapp]["params"]["nbProcesses"] = processes
    with ThreadPoolExecutor(2) as pool:
        seen = set(pool.map(lambda _: get(dss, back(webapp, "pid")).text, range(2)))
    assert len(seen) == pids
    if processes == 0:
        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(lambda _: get(dss, back(webapp, "together")).text, range(2))) == ["met", "met"]


FAULTY = [
    ("app = None\n", "replaced `app`"),
    ("raise ValueError('no database')\n", "no database"),
    ("import not_there\n", "No module named 'not_there'"),
]


@pytest.mark.parametrize(("source", "why"), FAULTY)
def test_a_backend_that_cannot_start_says_why(dss, plugin, webapp, source, why):
    file = plugin / "webapps/board/backend.py"
    before = file.read_text("utf-8")
    file.write_text(source, "utf-8")
    try:
        answer = get(dss, back(webapp))
    finally:
        file.write_text(before, "utf-8")
    assert answer.status_code == 502
    assert why in answer.json()["message"]
    assert why in host.backends_of(dss.instance).state("RETAIL", webapp)["lastCrash"]["message"]


def test_tickets_of_a_backend_end_with_it(dss, webapp):
    before = set(dss.instance.tickets)
    get(dss, back(webapp))
    assert set(dss.instance.tickets) > before
    host.backends_of(dss.instance).stop("RETAIL", webapp)
    assert set(dss.instance.tickets) == before


def test_who_may_not_see_the_project_may_not_reach_the_backend(dss, webapp):
    assert get(dss, back(webapp), "samir").status_code == 403
    assert get(dss, back(webapp), "nobody", headers={"Accept": "application/json"}).status_code == 401
    assert get(dss, back("nope")).status_code == 404


def test_a_browser_without_a_user_becomes_the_default_one_and_comes_back(dss, webapp):
    answer = get(dss, back(webapp, "?a=1"), "", headers={"Accept": "text/html"}, allow_redirects=False)
    assert answer.headers["Location"] == f"/?next=/web-apps-backends/RETAIL/{webapp}/%3Fa%3D1"
    with requests.Session() as browser:
        browser.headers["Accept"] = "text/html"
        assert browser.get(dss.url + back(webapp), timeout=20).text == "home"


def test_the_page_holds_the_plugins_files_and_knows_its_backend(dss, webapp):
    page = get(dss, f"/webapps/RETAIL/{webapp}/").text
    assert "<main id='board'>body</main>" in page
    assert f'var backend = "/web-apps-backends/RETAIL/{webapp}/"' in page
    assert json.loads(re.search(r"config = (\{.*\});", page).group(1)) == {"x": "<1>"}
    assert "<1>" not in page
    assert get(dss, f"/webapps/RETAIL/{webapp}/app.js").text == "console.log('</script>')"
    assert get(dss, f"/webapps/RETAIL/{webapp}/style.css").headers["Content-Type"].startswith("text/css")


def test_resources_of_the_plugin_are_served_and_nothing_beside_them(dss):
    assert get(dss, "/plugins/board/resource/picture.svg").text == "<svg/>"
    assert get(dss, "/plugins/board/resource/..%2Fplugin.json").status_code == 404
    assert get(dss, "/plugins/none/resource/picture.svg").status_code == 404


def test_every_opened_project_is_given_the_webapp_once(dss):
    types = [raw["type"] for raw in dss.instance.projects["SUPPLY"].webapps.values()]
    assert types.count("webapp_board_board") == 1
    assert host.ensure_webapps(dss.instance, "SUPPLY") == []


def test_a_ticket_serves_as_the_caller_too(dss, webapp):
    ticket = dss.instance.ticket_for("admin")
    client = dataikuapi.DSSClient(dss.url, internal_ticket=ticket)
    assert client.get_auth_info()["authIdentifier"] == "admin"
    with pytest.raises(DataikuException):
        dataikuapi.DSSClient(dss.url, internal_ticket="none").get_auth_info()


def test_rows_are_written_only_by_who_may_write_where_they_lie(dss):
    order = {"projectKey": "RETAIL", "name": "SUPPLY.suppliers", "rows": []}
    answers = [
        requests.post(f"{dss.url}/dip/internal/datasets/write", json=order, auth=(login, ""), timeout=10)
        for login in ("dmitri", "samir")
    ]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert ["SUPPLY" in answer.text for answer in answers] == [True, False]  # samir may not see RETAIL
