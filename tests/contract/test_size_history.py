"""How large things were, read through the real client: one history an object at most, and none read twice for nothing."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

import localdss
from localdss.instance import DATASET, FOLDER
from localdss.server import Server
from opsguide.core.capacity import Growth, stock
from opsguide.model.known import Cause, Unknown
from opsguide.model.snapshot import ObjectFacts
from tests.readings import clients, whole

SIZE = "basic:SIZE"
DAYS = 20


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with localdss.serve(story="healthy") as server:
        yield server


@pytest.fixture
def dss(served: Server) -> Iterator[Server]:
    retail = served.instance.projects["RETAIL"]
    before = copy.deepcopy(retail.metrics)
    served.requests.clear()
    yield served
    served.faults.clear()
    retail.metrics = before


def measured(dss: Server, kind: str, name: str, only: bool = False) -> None:
    """Its size of the last days: 10 MB more each day; `only` forgets whatever else was measured of it."""
    retail, now = dss.instance.projects["RETAIL"], dss.instance.clock.now()
    history: dict[str, Any] = {} if only else retail.metrics.setdefault((kind, name), {})
    history[SIZE] = [
        {
            "partition": "NP",
            "value": str(1_000_000_000 + 10_000_000 * (DAYS - back)),
            "dataType": "BIGINT",
            "computed": int((now - timedelta(days=back)).timestamp() * 1000),
        }
        for back in range(DAYS, 0, -1)
    ]
    retail.metrics[kind, name] = history


def fact(snapshot: Any, name: str) -> ObjectFacts:
    found: ObjectFacts = next(each for each in snapshot.facts if each.ref.id == name)
    return found


def histories(dss: Server) -> Counter[tuple[str, str]]:
    asked = (each for each in dss.requests if "/metrics/history" in each.path)
    return Counter((each.path, each.query.get("metricLookup", "")) for each in asked)


@pytest.mark.parametrize(
    ("kind", "name"),
    [(DATASET, "customers_crm"), (DATASET, "weekly_store_report"), (FOLDER, None)],
    ids=["source", "output whose rows nobody counts", "folder"],
)
def test_what_has_no_history_of_rows_has_one_of_its_size(dss: Server, kind: str, name: str) -> None:
    name = name or next(ref.id for ref in (f.ref for f in whole(clients(dss), "RETAIL").facts) if ref.kind == FOLDER)
    measured(dss, kind, name, only=True)
    dss.requests.clear()
    snapshot = whole(clients(dss), "RETAIL")
    found = fact(snapshot, name)
    assert not isinstance(found.sizes, Unknown)
    assert len(found.sizes) == DAYS
    extent = stock(found, "", snapshot.taken_at)
    assert not isinstance(extent, Unknown)
    assert isinstance(extent.size_growth, Growth)
    assert extent.size_growth.per_day == pytest.approx(10_000_000)


def test_one_history_an_object_is_read_and_never_two(dss: Server) -> None:
    for ref in {each.ref for each in whole(clients(dss), "RETAIL").facts if each.ref.kind == DATASET}:
        if ref.project_key == "RETAIL":
            measured(dss, DATASET, ref.id)
    dss.requests.clear()
    found = fact(whole(clients(dss), "RETAIL"), "weekly_store_report")
    asked = histories(dss)
    assert max(Counter(path for path, _ in asked).values()) == max(asked.values()) == 1
    assert isinstance(found.sizes, Unknown)
    assert found.sizes.cause is Cause.LEFT_OUT


def test_it_is_read_again_only_when_its_size_was_measured_anew(dss: Server) -> None:
    measured(dss, DATASET, "customers_crm", only=True)
    reading = clients(dss)
    first = fact(whole(reading, "RETAIL"), "customers_crm")
    dss.requests.clear()
    assert fact(whole(reading, "RETAIL"), "customers_crm").sizes == first.sizes
    assert not [path for path, metric in histories(dss) if metric == SIZE and "customers_crm" in path]
    points = dss.instance.projects["RETAIL"].metrics[DATASET, "customers_crm"][SIZE]
    points.append({**points[-1], "computed": int(dss.instance.clock.now().timestamp() * 1000)})
    again = fact(whole(reading, "RETAIL"), "customers_crm")
    assert not isinstance(again.sizes, Unknown)
    assert len(again.sizes) == DAYS + 1


def test_a_refusal_is_told_as_it_was_given(dss: Server) -> None:
    measured(dss, DATASET, "customers_crm", only=True)
    dss.faults.status("GET", "/projects/RETAIL/datasets/customers_crm/metrics/history/*", 403, "Not for you")
    snapshot = whole(clients(dss), "RETAIL")
    found = fact(snapshot, "customers_crm")
    assert isinstance(found.sizes, Unknown)
    assert found.sizes.cause is Cause.DENIED
    extent = stock(found, "", snapshot.taken_at)
    assert not isinstance(extent, Unknown)
    assert extent.size_growth == found.sizes
    # Nothing is asked of what has no size on record.
    dss.instance.projects["RETAIL"].metrics.pop((DATASET, "customers_crm"))
    dss.requests.clear()
    unmeasured = fact(whole(clients(dss), "RETAIL"), "customers_crm").sizes
    assert isinstance(unmeasured, Unknown)
    assert unmeasured.needs == "the probe “Basic data”"
    assert not [path for path, _ in histories(dss) if "customers_crm" in path]
