"""Rows in doubt, judged by a person on the page: wrong, or a new level that is right. Kept in the profile, once, as they."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import localdss
from localdss.server import Server
from opsguide.dss import store
from tests.readings import clients
from tests.web.test_actions import Browser, events, filled

COUNTS = "records:COUNT_RECORDS"
FORM = "form[action='actions/judge-rows']"


@pytest.fixture
def dss() -> Iterator[Server]:
    """A morning on which the last build of customer_360 had half of its rows."""
    with localdss.serve(story="healthy") as served:
        level(served, 0.5, 1)
        served.instance.clock.stop(served.instance.clock.now())
        yield served


@pytest.fixture
def folder(dss: Server) -> store.Store:
    return store.create(clients(dss), "RETAIL")


def level(dss: Server, times: float, builds: int) -> None:
    """The last builds of customer_360 had so many times the rows of a week before."""
    points = dss.instance.projects["RETAIL"].metrics["DATASET", "customer_360"][COUNTS]
    for back, point in enumerate(points[-builds:], start=-builds):
        point["value"] = str(round(int(points[back - 7]["value"]) * times))


def declared(dss: Server) -> dict[str, object]:
    variables = dss.instance.projects["RETAIL"].variables
    layers = (variables[name].get("operations_guide", {}).get("datasets", {}) for name in ("standard", "local"))
    return {key: value for layer in layers for key, value in layer.get("customer_360", {}).items()}


def line(page: Browser) -> dict[str, object]:
    found = page.flask.get("/today.json", headers=page.headers).get_json()
    return next(each for each in found["outputs"] if each["id"] == "customer_360")  # type: ignore[no-any-return]


def test_rows_called_wrong_are_asked_about_no_more_and_keep_their_verdict(dss: Server, folder: store.Store) -> None:
    page = Browser(dss, "dmitri")
    before, promised = line(page), declared(dss)
    shown = page.get("/today").select(FORM)
    form = next(each for each in shown if "customer_360" in each.text)
    assert [button["value"] for button in form.select("button")] == ["wrong"]
    answers = [page.send("judge-rows", {**filled(form), "say": "wrong"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    after = line(page)
    assert (after["volume"], after["rows_doubted"]) == (before["volume"], None)
    assert any("a person called these rows wrong" in line for line in after["evidence"])  # type: ignore[attr-defined]
    assert not any("customer_360" in each.text for each in page.get("/today").select(FORM))
    kept = declared(dss)
    assert {key: kept[key] for key in promised} == promised
    (said,) = kept["wrong_counts"]  # type: ignore[misc]
    assert str(before["rows_doubted"]).startswith(str(said)[:16])
    (event,) = events(folder, "profile")
    assert (event.by, event.about) == ("dmitri", "dataset:customer_360")


def test_a_new_level_is_confirmed_and_is_usual_from_then_on(dss: Server, folder: store.Store) -> None:
    level(dss, 1.8, 4)
    page = Browser(dss, "dmitri")
    assert line(page)["volume"] == "NEW_LEVEL"
    form = next(each for each in page.get("/today").select(FORM) if "customer_360" in each.text)
    assert [button["value"] for button in form.select("button")] == ["wrong", "right"]
    assert page.send("judge-rows", {**filled(form), "say": "right"}).status_code == 303
    after = line(page)
    assert (after["volume"], after["rows_doubted"]) == ("OK", None)
    assert "level_confirmed" in declared(dss)


def test_what_is_not_in_doubt_as_it_was_shown_is_refused(dss: Server, folder: store.Store) -> None:
    page = Browser(dss, "dmitri")
    built, kept = str(line(page)["rows_doubted"]), declared(dss).copy()
    for about, at, say, why in (
        ("dataset:basket_pairs", built, "wrong", "not in doubt"),
        ("dataset:nothing", built, "wrong", "not in doubt"),
        ("dataset:customer_360", "2026-01-01T00:00:00+00:00", "wrong", "not in doubt"),
        ("dataset:customer_360", "", "wrong", "missing"),
        ("dataset:customer_360", built, "right", "no new level"),
        ("dataset:customer_360", built, "maybe", "never says"),
    ):
        refused = page.send("judge-rows", {**page.permit(), "about": about, "built": at, "say": say})
        assert refused.status_code in (400, 409)
        assert why in refused.text
    assert declared(dss) == kept


def test_who_may_read_only_is_not_asked_and_what_they_send_is_refused_by_dss(dss: Server, folder: store.Store) -> None:
    reader = Browser(dss, "priya")
    assert reader.get("/today").select(FORM) == []
    form = {**reader.permit(), "about": "dataset:customer_360", "built": str(line(reader)["rows_doubted"])}
    answer = reader.send("judge-rows", {**form, "say": "wrong"})
    assert (answer.status_code, "Write project content on RETAIL" in answer.text) == (403, True)
    assert "wrong_counts" not in declared(dss)
