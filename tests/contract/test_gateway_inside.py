"""Inside a web app's backend, as DSS runs it: whoever opens the page is let in with their own rights."""

from __future__ import annotations

from collections.abc import Iterator

import dataikuapi
import pytest
import requests

import localdss
from localdss.server import Server

WEBAPP = "0pGu1de"


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    with localdss.serve(story="quiet") as served:
        yield served


@pytest.mark.parametrize(("login", "status"), [("raj", 200), ("olivia", 200), ("oscar", 403)])
def test_a_browser_user_is_asked_for_by_name(dss: Server, login: str, status: int) -> None:
    dss.requests.clear()
    url = f"{dss.url}/web-apps-backends/RETAIL/{WEBAPP}/guide.json"
    assert requests.get(url, cookies={"localdss_user": login}, timeout=60).status_code == status
    users = {each.user for each in dss.requests if each.path.startswith("/projects/")}
    assert users <= ({login} if status == 200 else {"svc_retail"})
    assert not dss.requests.writes()


def test_an_api_key_reads_with_its_own_rights(dss: Server) -> None:
    backend = dataikuapi.DSSClient(dss.url, "olivia").get_project("RETAIL").get_webapp(WEBAPP).get_backend_client()
    dss.requests.clear()
    answer = backend.session.get(backend.url_for_path("/guide.json"), timeout=60)
    assert answer.status_code == 200
    assert answer.json()["project_key"] == "RETAIL"
    assert {each.user for each in dss.requests} == {"olivia"}
