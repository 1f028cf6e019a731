"""The watch and accepted columns, asked for on the page: as the person, once, on record, and only where actions are on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

import localdss
from localdss.server import Server
from opsguide.dss import store
from tests.readings import clients
from tests.web.test_actions import Browser, events, filled


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    with localdss.serve(story="nightly-late") as served:
        yield served


@pytest.fixture(scope="module")
def folder(dss: Server) -> store.Store:
    return store.create(clients(dss), "RETAIL")


def browser(dss: Server, *, on: bool) -> Browser:
    found = Browser(dss, "dmitri")
    found.desk.settings = replace(found.desk.settings, actions_enabled=on)
    return found


@pytest.mark.dss("12.6")
def test_the_watch_is_created_once_as_who_asks_and_not_offered_again(dss: Server, folder: store.Store) -> None:
    page = browser(dss, on=True)
    form = page.get("/today").select_one("form[action='actions/create-watch']")
    answers = [page.send("create-watch", {**filled(form), "mail_to": "ops@example.com"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    made = [raw for raw in dss.instance.projects["RETAIL"].scenarios.values() if raw["name"] == "Operations watch"]
    assert [raw["reporters"][0]["messaging"]["configuration"]["recipient"] for raw in made] == ["ops@example.com"]
    assert made[0]["creationTag"]["lastModifiedBy"]["login"] == "dmitri"
    (event,) = events(folder, "action")
    assert (event.by, event.data["row"]) == ("dmitri", "watch")
    again = browser(dss, on=True)
    assert again.get("/today").select_one("form[action='actions/create-watch']") is None
    refused = again.send("create-watch", again.permit())
    assert (refused.status_code, "it is there already" in refused.text) == (409, True)


def test_columns_are_accepted_by_name(dss: Server, folder: store.Store) -> None:
    page = browser(dss, on=True)
    assert page.send("accept-schema", {**page.permit(), "dataset": "top_products"}).status_code in (303, 409)
    assert page.send("accept-schema", {**page.permit(), "dataset": "basket_pairs"}).status_code == 303
    variables = dss.instance.projects["RETAIL"].variables
    accepted = variables["local"]["operations_guide"]["datasets"]["basket_pairs"]["accepted_schema"]
    assert accepted[0]["name"] == "product_a"


def test_changed_columns_are_shown_and_accepted_from_the_page(dss: Server, folder: store.Store) -> None:
    crm = dss.instance.projects["RETAIL"].datasets["customers_crm"]["schema"]["columns"]
    told = [{"name": column["name"], "type": column["type"]} for column in crm]
    local = dss.instance.projects["RETAIL"].variables["local"].setdefault("operations_guide", {})
    local.setdefault("datasets", {})["customers_crm"] = {"accepted_schema": [*told, {"name": "<b>", "type": "string"}]}
    page = browser(dss, on=True)
    shown = page.get("/today")
    section = shown.select_one("#changed-columns")
    assert "<b> is gone" in section.text
    assert "prepare_customers" in section.text
    form = next(f for f in shown.select("form[action='actions/accept-schema']") if "customers_crm" in f.text)
    assert page.send("accept-schema", filled(form)).status_code == 303
    kept = dss.instance.projects["RETAIL"].variables["local"]["operations_guide"]["datasets"]["customers_crm"]
    assert kept == {"accepted_schema": told}
    assert browser(dss, on=True).get("/today").select_one("#changed-columns") is None
    (event,) = [each for each in events(folder, "profile") if each.about == "dataset:customers_crm"]
    assert event.data["path"] == "local.operations_guide.datasets.customers_crm.accepted_schema"
    assert (event.by, len(event.data["before"]), event.data["after"]) == ("dmitri", len(told) + 1, told)


def test_where_actions_are_off_none_is_offered_or_followed(dss: Server, folder: store.Store) -> None:
    page = browser(dss, on=False)
    assert page.get("/today").select_one("form[action='actions/create-watch']") is None
    refused = page.send("accept-schema", {**page.permit(), "dataset": "sales_mart"})
    assert (refused.status_code, "Actions are switched off" in refused.text) == (403, True)
