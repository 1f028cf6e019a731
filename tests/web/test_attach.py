"""Our probes and checks on the screens of the local DSS: attached by their form, computed, shown with what was before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

import dataikuapi
import pytest

import localdss
from localdss.server import Server
from tests.waiting import until
from tests.web.test_screens import Browser

AT = datetime(2026, 3, 2, 5, 40, tzinfo=timezone.utc)
PROBE = "py_plugin_operations-guide_row-count"
CHECK = "custom_python_operations-guide_row-count"
STORES = "/projects/RETAIL/datasets/stores/"


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    with localdss.serve(story="healthy", at=AT) as server:
        yield server


@pytest.mark.dss("12.6")
def test_attached_from_the_screen_computed_and_shown_with_its_history(dss: Server):
    admin = Browser(dss, "admin")
    links = [link["href"] for link in admin.get(STORES).select("p.hint a")]
    assert {f"attach/{PROBE}/", f"attach/{CHECK}/"} <= set(links)
    assert "is attached" in admin.post(f"{STORES}attach/{PROBE}/", label="Rows by us").find(role="status").get_text()
    form = {"label": "Not too few", "p.minimum": "1000000", "p.compare": "none", "p.cannot_tell": "WARNING"}
    admin.post(f"{STORES}attach/{CHECK}/", **form)
    assert "values computed" in admin.post(f"{STORES}compute").find(role="status").get_text()
    admin.post(f"{STORES}check")
    page = admin.post(f"{STORES}check")
    metrics, *_, rules = page.find_all("table")
    assert f"{PROBE}:row_count:Rows by us" in metrics.get_text()
    row = next(row for row in rules.find_all("tr") if "Not too few" in row.get_text())
    assert "fewer than 1,000,000" in row.get_text()
    assert row.find("details").find(class_="outcome").get_text(strip=True).endswith("Error")


def test_a_form_that_cannot_be_meant_is_said_and_nothing_is_attached(dss: Server):
    admin = Browser(dss, "admin")
    page = admin.post(f"{STORES}attach/{CHECK}/", **{"p.minimum": "many"})
    assert "Minimum" in page.find(class_="said error").get_text()
    Browser(dss, "raj").get(f"{STORES}attach/{CHECK}/", 403)
    admin.get(f"{STORES}attach/custom_python_nobody_knows/", 404)


def test_in_a_scenario_that_computes_and_checks(dss: Server):
    """The steps of DSS for metrics and checks, of a dataset that has ours attached."""
    project = dataikuapi.DSSClient(dss.url, "admin").get_project("RETAIL")
    item = {"type": "DATASET", "itemId": "customer_360", "projectKey": "RETAIL", "partitionsSpec": ""}
    steps = [
        {"type": "compute_metrics", "name": "m", "params": {"computes": [item]}},
        {"type": "check_dataset", "name": "c", "params": {"checks": [item]}},
    ]
    scenario = project.create_scenario("Ours", "step_based", {"params": {"steps": steps}})
    before = len(dss.instance.projects["RETAIL"].rule_results.get("customer_360", []))
    scenario.run()
    runs = dss.instance.projects["RETAIL"].runs
    result = until(lambda: (mine := runs.get(scenario.id)) and mine[0]["scenarioRun"].get("result"), 120)
    assert result["outcome"] in ("SUCCESS", "WARNING")
    known = dss.instance.projects["RETAIL"].metrics["DATASET", "customer_360"]
    assert {"row_count", "age_hours"} <= {metric_id.split(":")[1] for metric_id in known}
    results = dss.instance.projects["RETAIL"].rule_results["customer_360"]
    ours = [each for each in results[: len(results) - before] if each["id"] == "r7C3Prev"]
    assert ours
    assert "the build before" in ours[0]["message"]
