"""/metrics: read by prometheus-client's own parser, with the numbers of the page, few series, and rights as on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone

import pytest
from flask.testing import FlaskClient
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families

import localdss
from localdss.server import Server
from opsguide.core.measures import measures
from opsguide.errors import DssBroken, DssDenied
from opsguide.model.measure import Measure, Tally
from opsguide.render.openmetrics import openmetrics
from opsguide.service import Desk
from opsguide.settings import Settings
from tests.readings import doors
from tests.todays import TODAY
from tests.web import desks
from tests.web.desks import HandMadeDesk, application

AT = datetime(2026, 3, 3, 6, 12, tzinfo=timezone.utc)  # a Tuesday, 07:12 in Paris
LABELS = {"project", "output", "scenario", "verdict"}


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with localdss.serve(story="nightly-late", at=AT) as dss:
        yield dss


@pytest.fixture
def dss(served: Server) -> Iterator[Server]:
    served.requests.clear()
    yield served
    served.faults.clear()


@pytest.fixture
def scraper(dss: Server) -> FlaskClient:
    """The page's backend, as a program without a browser reaches it."""
    return application(Desk("RETAIL", Settings(), doors(dss, "svc_retail"))).test_client(use_cookies=False)


def scrape(client: FlaskClient, key: str = "raj") -> dict[str, Metric]:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200, answer.text[:500]
    assert answer.content_type == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    return parsed(answer.text)


def parsed(text: str) -> dict[str, Metric]:
    """By the strict parser of prometheus-client: it demands order, types, units and the end."""
    return {family.name.removeprefix("operations_guide_"): family for family in text_string_to_metric_families(text)}


def number(family: Metric, **labels: str) -> float:
    (found,) = (sample.value for sample in family.samples if labels.items() <= sample.labels.items())
    return float(found)


def test_its_numbers_are_those_of_the_page(dss: Server, scraper: FlaskClient) -> None:
    found = scrape(scraper)
    today = json.loads(scraper.get("/today.json", headers={"Authorization": "Bearer raj"}).text)
    taken = datetime.fromisoformat(today["taken_at"])
    kept = {"MET": 1.0, "MISSED": 0.0, "RECOVERED_LATE": 0.0}
    for output in today["outputs"]:
        samples = [s.value for s in found["sla_met"].samples if s.labels["output"] == output["id"]]
        assert samples == ([kept[output["verdict"]]] if output["verdict"] in kept else []), output["id"]
        if output["age_seconds"] is not None:
            assert number(found["build_age_seconds"], output=output["id"]) == pytest.approx(output["age_seconds"])
        aged = [s.value for s in found["data_age_seconds"].samples if s.labels["output"] == output["id"]]
        told = [(taken - datetime.fromisoformat(output["data_at"])).total_seconds()] if output["data_at"] else []
        assert aged == pytest.approx(told, abs=1), output["id"]
        left = [s.value for s in found["sla_budget_left"].samples if s.labels["output"] == output["id"]]
        budget = output["budget"]
        assert left == ([budget["allowed"] - budget["missed"]] if budget and budget["days"] else []), output["id"]
    assert found["sla_budget_left"].samples
    assert number(found["sla_met"], output="daily_store_kpis") == 0
    assert number(found["scenario_alarm"], scenario="NIGHTLY_BUILD") == 1
    assert number(found["reading_timestamp_seconds"]) == pytest.approx(taken.timestamp(), abs=0.01)
    runs = {sample.labels["verdict"]: sample.value for sample in found["runs"].samples}
    assert runs["RUNNING_LATE"] == 1
    assert sum(runs.values()) == sum(today["counts"]["scenarios"].values())


def test_it_tells_of_itself(dss: Server, scraper: FlaskClient) -> None:
    found = scrape(scraper)
    morning = dss.instance.projects["RETAIL"].scenarios["MORNING"]
    assert morning["active"]
    assert AT.timestamp() - number(found["last_evaluation_timestamp_seconds"]) < 3600  # by the morning scenario
    assert number(found["watch_stopped"]) == 0
    assert number(found["unread_parts"]) == 0
    assert number(found["reading_calls"]) > 20
    made = len([each for each in dss.requests if each.path])
    assert 0 < number(found["api_calls"]) <= made
    assert number(found["errors"]) == 0
    scraper.get("/guide/nowhere")
    dss.faults.status("GET", "/projects/RETAIL/variables", 500)
    assert number(scrape(scraper)["api_calls"]) >= number(found["api_calls"])


@pytest.mark.parametrize(
    ("error", "counted"),
    [(DssBroken("not JSON", status=500, path="/projects/RETAIL"), 1), (DssDenied("no", status=403, path="/"), 0)],
)
def test_a_request_that_could_not_be_answered_is_counted(error: Exception, counted: int) -> None:
    desk = HandMadeDesk(error=error)
    assert desks.application(desk).test_client().get("/guide").status_code >= 400
    assert desk.asked.count("failed") == counted


def test_a_key_sees_this_project_alone_and_writes_nothing(dss: Server, scraper: FlaskClient) -> None:
    found = scrape(scraper, "admin")
    assert {s.labels["project"] for family in found.values() for s in family.samples} == {"RETAIL"}
    asked = {each.path.split("/")[2] for each in dss.requests if each.path.startswith("/projects/")}
    assert asked == {"RETAIL"}
    assert not dss.requests.writes()


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer oscar"}, {"Authorization": "Bearer nobody"}])
def test_who_may_not_read_the_project_gets_no_number(scraper: FlaskClient, headers: dict[str, str]) -> None:
    assert scraper.get("/metrics", headers=headers).status_code == 403


def test_labels_are_few_and_bounded(scraper: FlaskClient) -> None:
    found = scrape(scraper)
    assert {name for family in found.values() for sample in family.samples for name in sample.labels} <= LABELS
    assert sum(len(family.samples) for family in found.values()) < 250


def test_what_is_not_known_has_no_sample_and_verdicts_fall_to_zero(dss: Server, scraper: FlaskClient) -> None:
    dss.faults.status("GET", "/projects/RETAIL/scenarios/", 500)
    found = scrape(scraper)
    assert not found["runs"].samples
    assert not found["scenario_alarm"].samples
    assert number(found["unread_parts"]) >= 1
    freshness = {sample.labels["verdict"] for sample in found["freshness"].samples}
    assert {"FRESH", "STALE_ERROR"} <= freshness


@pytest.mark.parametrize("name", ['say "x"', "a\\b", "two\nlines", "emoji 🚚", "", "{}", "# EOF"])
def test_any_name_reads_back_as_it_was(name: str) -> None:
    measure = Measure(
        "operations_guide_data_age_seconds", "gauge", f"Age of {name}", (((("output", name),), 1.5),), "seconds"
    )
    family = parsed(openmetrics([measure]))["data_age_seconds"]
    assert [(sample.labels["output"], sample.value) for sample in family.samples] == [(name, 1.5)]


def test_every_family_says_what_it_is() -> None:
    found = measures(TODAY, None, Tally(3, 1))
    text = openmetrics(found)
    assert set(parsed(text)) == {each.name.removeprefix("operations_guide_") for each in found}
    assert all(each.help.endswith(".") for each in found)
    assert text.endswith("# EOF\n")
