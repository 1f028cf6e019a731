"""One reading, every page and every format: the same fact has the same value wherever it is told."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import pytest
from bs4 import BeautifulSoup
from prometheus_client.openmetrics.parser import text_string_to_metric_families

import localdss
from opsguide.service import Desk
from opsguide.settings import Settings
from tests.readings import doors
from tests.web.desks import application

AT = datetime(2026, 3, 3, 6, 12, tzinfo=timezone.utc)  # a Tuesday, 07:12 in Paris
PLACES = (
    *("today", "today.json", "today.md"),
    *("guide?depth=whole", "guide.json", "guide.md"),
    *("status", "status.json"),
    *("incidents", "incidents.json", "incidents.md"),
    "metrics",
)


@dataclass
class Told:
    """What each address answered."""

    texts: dict[str, str]

    def data(self, name: str) -> dict[str, Any]:
        return dict(json.loads(self.texts[f"{name}.json"]))

    def page(self, place: str) -> BeautifulSoup:
        return BeautifulSoup(self.texts[place], "html.parser")

    def numbers(self, name: str, label: str) -> dict[str, float]:
        """The samples of one metric by a label."""
        return {
            sample.labels[label]: float(sample.value)
            for family in text_string_to_metric_families(self.texts["metrics"])
            if family.name == f"operations_guide_{name}"
            for sample in family.samples
        }

    @property
    def cells(self) -> dict[str, dict[str, Any]]:
        """The guide's cells by id."""
        guide = self.data("guide")
        found = [*guide["header"], *(cell for section in guide["sections"] for cell in section["cells"])]
        return {cell["id"]: cell for cell in found}


@pytest.fixture(scope="module", params=["nightly-late", "failed-upstream", "healthy"])
def told(request: pytest.FixtureRequest) -> Told:
    with localdss.serve(story=request.param, at=AT) as dss:
        dss.instance.clock.stop(AT)
        # However slow the machine, all of it is one reading.
        desk = Desk("RETAIL", Settings(minimum_refresh_seconds=36_000), doors(dss, "olivia"))
        client = application(desk).test_client()
        client.set_cookie("localdss_user", "olivia")
        answers = {place: client.get(f"/{place}") for place in PLACES}
    assert {place: answer.status_code for place, answer in answers.items()} == dict.fromkeys(PLACES, 200)
    return Told({place: answer.text for place, answer in answers.items()})


def test_all_of_it_is_of_one_moment(told: Told) -> None:
    assert len({told.data(name)["taken_at"] for name in ("today", "guide", "status", "incidents")}) == 1


@pytest.mark.parametrize("name", ["today", "status", "incidents"])
def test_the_headline_is_the_same_on_the_page_and_for_programs(told: Told, name: str) -> None:
    headline, tone = told.data(name)["headline"], told.data(name)["tone"]
    shown = told.page(name).select_one(".headline")
    assert re.sub(r"\s+", " ", shown.get_text()).strip() == headline
    assert shown.select_one(f".state-{tone}") or tone not in ("bad", "notice", "unknown")
    if f"{name}.md" in told.texts:
        assert f"**{headline}**" in told.texts[f"{name}.md"].replace("\\", "")


def test_a_verdict_on_an_output_is_one_everywhere(told: Told) -> None:
    today = {each["id"]: each for each in told.data("today")["outputs"]}
    assert len(today) == 13
    for output in today.values():
        for cell in (f"schedule-overview.output-{output['id']}.now", f"daily-operations.output-{output['id']}.state"):
            assert told.cells[cell]["verdict"] == output["verdict"], cell
            assert output["reason"] in told.cells[cell]["value"], cell
    names = {each["name"]: each for each in today.values()}
    for promised in told.data("status")["outputs"]:
        output = names[promised["name"]]
        assert (promised["verdict"], promised["due_at"]) == (output["verdict"], output["due_at"])
        assert promised["updated_at"] == output["built_at"]
    counted = told.numbers("promises", "verdict")
    assert {verdict: number for verdict, number in counted.items() if number} == {
        verdict: float(number)
        for verdict, number in told.data("today")["counts"]["outputs"].items()
        if verdict in counted
    }


def test_the_numbers_of_an_output_are_those_of_the_scraper(told: Told) -> None:
    now = datetime.fromisoformat(told.data("today")["taken_at"])
    today = {each["id"]: each for each in told.data("today")["outputs"]}
    ages, rows = told.numbers("build_age_seconds", "output"), told.numbers("output_rows", "output")
    assert ages.keys() == {name for name, each in today.items() if each["built_at"]}
    for name, age in ages.items():
        assert age == pytest.approx((now - datetime.fromisoformat(today[name]["built_at"])).total_seconds())
    assert rows == {name: each["rows"] for name, each in today.items() if each["rows"] is not None}
    for name, number in rows.items():
        cell = told.cells.get(f"monitoring.rows-{name}.range")
        if cell and "last " in cell["value"]:
            assert f"last {number:,.0f}" in cell["value"], name
    left = told.numbers("sla_budget_left", "output")
    budgets = {name: each["budget"] for name, each in today.items() if each["budget"] and each["budget"]["days"]}
    assert left == {name: budget["allowed"] - budget["missed"] for name, budget in budgets.items()}
    kept = told.numbers("sla_met", "output")
    assert {name for name, met in kept.items() if met} == {n for n, each in today.items() if each["verdict"] == "MET"}


def test_a_verdict_on_a_scenario_is_one_everywhere(told: Told) -> None:
    today = {each["id"]: each for each in told.data("today")["scenarios"]}
    for name, scenario in today.items():
        cell = told.cells[f"daily-operations.status-{name}.state"]
        assert cell["verdict"] == scenario["verdict"], name
        assert scenario["reason"] in cell["value"], name
    ended = told.numbers("scenario_last_end_timestamp_seconds", "scenario")
    for name, at in ended.items():
        assert at == pytest.approx(datetime.fromisoformat(today[name]["ended_at"]).timestamp())
    for incident in told.data("incidents")["incidents"]:
        kind, _, name = incident["root"]["subject"].partition(":")
        if kind == "scenario" and incident["state"] == "open":
            assert (incident["root"]["verdict"], incident["root"]["reason"]) == (
                today[name]["verdict"],
                today[name]["reason"],
            )


def test_counts_on_the_card_are_those_of_today(told: Told) -> None:
    counts = told.data("today")["counts"]
    for part in ("scenarios", "outputs"):
        card = told.cells[f"quick-reference-card.now.{part}"]
        numbers = [int(number) for number in re.findall(r"(\d+) ", card["value"])]
        assert numbers[0] == sum(numbers[1:]), card["value"]
        assert numbers[0] == sum(counts[part].values())
        assert card["verdict"] == next(iter(counts[part]))


def test_each_verdict_reads_the_same_on_the_page_and_in_markdown(told: Told) -> None:
    page, text = told.page("guide?depth=whole"), "".join(told.texts["guide.md"].replace("\\", "").split())
    checked = 0
    for name, cell in told.cells.items():
        if cell["verdict"] and cell["value"]:
            shown = page.find(id=f"cell-{name}").select_one(".value").get_text()
            assert "".join(shown.split()) == "".join(cell["value"].split()), name
            assert "".join(cell["value"].split()) in text, name
            checked += 1
    assert checked > 40
