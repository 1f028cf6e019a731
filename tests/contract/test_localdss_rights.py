"""Who may do what on the local DSS: 401 without a key, 403 without the right, and what one right brings along."""

from __future__ import annotations

import re

import dataikuapi
import pytest
import requests
from dataikuapi.utils import DataikuException

import localdss
from localdss import api, rights
from localdss.api.routing import ROUTES
from localdss.instance import Instance, Project
from localdss.rights import INSTANCE_ADMIN, PROJECT_ADMIN, READ, RUN, WRITE

api.load()


@pytest.fixture(scope="module")
def dss():
    with localdss.serve(story=None, version="99.0") as server:
        yield server


def address(dss, route):
    """The route's address, with the project where it has one and any name for the rest."""
    path = route.path.replace("<key>", "RETAIL")
    return f"{dss.url}/dip/publicapi{re.sub(r'<[^>]+>', 'any', path)}"


def named(route):
    return f"{route.method} {route.path}"


@pytest.mark.parametrize("route", ROUTES, ids=named)
def test_every_route_asks_who_calls(dss, route):
    assert requests.request(route.method, address(dss, route), timeout=10).status_code == 401


# oscar has no right on the project, dmitri writes in it without being its admin.
@pytest.mark.parametrize("route", [route for route in ROUTES if route.right is not None], ids=named)
def test_every_route_refuses_who_lacks_its_right(dss, route):
    login = "dmitri" if route.right in (PROJECT_ADMIN, INSTANCE_ADMIN) else "oscar"
    answer = requests.request(route.method, address(dss, route), auth=(login, ""), timeout=10)
    assert answer.status_code == 403
    assert answer.json()["errorType"] == "com.dataiku.dip.exceptions.UnauthorizedException"


@pytest.mark.parametrize(
    ("login", "held", "lacking"),
    [
        ("admin", {PROJECT_ADMIN, WRITE, READ, RUN}, set()),
        ("olivia", {PROJECT_ADMIN}, set()),  # the owner
        ("dmitri", {WRITE, READ, RUN}, {PROJECT_ADMIN}),
        ("svc_retail", {WRITE, READ, RUN}, {PROJECT_ADMIN}),  # only writing is ticked: reading follows
        ("priya", {READ, RUN}, {WRITE}),
        ("raj", {READ}, {RUN, WRITE}),
        ("dana", {rights.DASHBOARDS}, {READ}),
        ("oscar", set(), {READ, rights.DASHBOARDS}),
    ],
)
def test_rights_of_the_samples_people(dss, login, held, lacking):
    found = rights.on_project(dss.instance.projects["RETAIL"], rights.caller(dss.instance, login))
    assert held <= found
    assert not lacking & found


def test_a_list_of_projects_holds_those_one_may_see(dss):
    for login, keys in (("raj", {"RETAIL"}), ("dana", {"RETAIL"}), ("oscar", set())):
        assert set(dataikuapi.DSSClient(dss.url, login).list_project_keys()) & {"RETAIL"} == keys


def test_an_operator_may_run_but_not_change(dss):
    project = dataikuapi.DSSClient(dss.url, "priya").get_project("RETAIL")
    assert project.get_scenario("SQL_WATCH").run().run_id
    with pytest.raises(DataikuException, match="writeProjectContent"):
        project.set_variables({"standard": {}, "local": {}})
    with pytest.raises(DataikuException, match="admin permission"):
        project.get_permissions()


def test_only_an_administrator_changes_the_run_as_user(dss):
    settings = dataikuapi.DSSClient(dss.url, "olivia").get_project("RETAIL").get_scenario("MORNING").get_settings()
    settings.run_as = "admin"
    with pytest.raises(DataikuException, match="run-as"):
        settings.save()


@pytest.mark.parametrize(
    ("ticked", "follows"),
    [
        ({"writeProjectContent"}, {"readProjectContent", "runScenarios", "readDashboards", "writeDashboards"}),
        ({"readProjectContent"}, {"readDashboards"}),
        ({"runScenarios"}, {"runScenarios"}),
        ({"admin"}, {"writeProjectContent", "readProjectContent", "runScenarios"}),
        ({"aRightOfALaterVersion"}, {"aRightOfALaterVersion"}),
    ],
)
def test_what_follows_from_what_is_ticked(ticked, follows):
    assert follows <= rights.closure(ticked)
    assert "admin" in rights.closure(ticked) or "admin" not in ticked


def test_users_and_groups_add_up():
    instance = Instance()
    instance.groups["g"] = {"name": "g"}
    instance.users["u"] = {"login": "u", "groups": ["g"]}
    entries = [
        {"group": "g", "runScenarios": True},
        {"user": "u", "readProjectContent": True},
        {"user": "v", "admin": True},
    ]
    project = Project("P", settings={"owner": "admin", "permissions": entries})
    found = rights.on_project(project, rights.caller(instance, "u"))
    assert {"runScenarios", "readProjectContent"} <= found
    assert "admin" not in found
    instance.close()
