"""Internal-stats datasets: everything in a few calls where they can be believed, and never a wrong word where they cannot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import localdss
from localdss import history
from localdss.server import Server
from opsguide.core.runs import started_by_a_person
from opsguide.dss import gateway, stats
from opsguide.model.known import Unknown
from opsguide.model.snapshot import Snapshot
from tests.readings import active, clients, objects

RUNS, BUILDS = "scenario_runs_db", "object_states_db"
DATA = "/projects/RETAIL/datasets/{}/data"
FACTS = {"builds", "instance", "permissions", "settings"}


@pytest.fixture(scope="module")
def direct() -> Iterator[tuple[Server, Snapshot]]:
    """RETAIL as read scenario by scenario; from then on it holds the datasets."""
    with localdss.serve() as dss:
        yield dss, read(dss)


@pytest.fixture
def dss(direct: tuple[Server, Snapshot]) -> Iterator[Server]:
    served = direct[0]
    history.add_internal_stats(served.instance.projects["RETAIL"])
    served.requests.clear()
    yield served
    served.faults.clear()
    for name in (RUNS, BUILDS):
        served.instance.projects["RETAIL"].datasets.pop(name, None)


def read(dss: Server) -> Snapshot:
    reading = clients(dss)
    first = gateway.read_snapshot(reading, "RETAIL")
    return gateway.read_snapshot(reading, "RETAIL", FACTS, objects=objects(first), have=first)


def runs(snapshot: Snapshot) -> dict[str, list[Any]]:
    found = {}
    for scenario in snapshot.scenarios:
        if not isinstance(scenario.runs, Unknown):
            found[scenario.id] = [(r.run_id, r.start, r.end, r.outcome, r.trigger_name) for r in scenario.runs]
    return found


def last_builds(snapshot: Snapshot) -> dict[str, Any]:
    return {fact.ref.id: fact.last_build and (fact.last_build.success, fact.last_build.end) for fact in snapshot.facts}


def test_they_tell_the_same_in_fourteen_calls(direct: tuple[Server, Snapshot], dss: Server) -> None:
    expected = direct[1]
    snapshot = read(dss)
    assert len(dss.requests) == snapshot.calls <= 14 < expected.calls
    assert snapshot.read_from == (f"internal stats dataset {RUNS}", f"internal stats dataset {BUILDS}")
    assert snapshot.remarks == ()
    assert runs(snapshot) == runs(expected)
    assert last_builds(snapshot) == last_builds(expected)
    assert active(snapshot) >= stats.WORTH_FROM_SCENARIOS


def test_triggers_get_their_type_once_the_settings_are_read(dss: Server) -> None:
    reading = clients(dss)
    first = gateway.read_snapshot(reading, "RETAIL")
    deep = gateway.read_snapshot(reading, "RETAIL", {"scenario_settings"}, have=first)
    of_nightly = next(s for s in deep.scenarios if s.id == "NIGHTLY_BUILD")
    assert any(run.trigger_type == "temporal" and run.trigger_id for run in of_nightly.runs)


def test_a_run_that_a_person_started_is_known_as_theirs(direct: tuple[Server, Snapshot], dss: Server) -> None:
    def by_hand(snapshot: Snapshot) -> dict[str, list[str]]:
        return {
            s.id: [run.run_id for run in s.runs if started_by_a_person(run)] for s in snapshot.scenarios if s.active
        }

    reading = clients(dss)
    first = gateway.read_snapshot(reading, "RETAIL")
    dss.requests.clear()
    deep = gateway.read_snapshot(reading, "RETAIL", {"scenario_settings"}, have=first)
    assert by_hand(deep) == by_hand(direct[1])
    assert any(by_hand(deep).values())
    settled = dss.requests.of("GET", "/projects/<key>/scenarios/<scenario_id>/get-last-runs")
    assert len(settled) == sum(map(bool, by_hand(deep).values()))
    dss.requests.clear()
    again = gateway.read_snapshot(reading, "RETAIL", gateway.FIRST | {"scenario_settings"})
    assert by_hand(again) == by_hand(deep)
    assert len(dss.requests.of("GET", "/projects/<key>/scenarios/<scenario_id>/get-last-runs")) <= 2


def _newer_run(listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    newest = next((run for run in listed if run.get("result")), None)
    return [{**newest, "runId": "2099-01-01-00-00-00-000", "start": newest["end"]}, *listed] if newest else listed


def _restricted(dss: Server, name: str, view: str) -> None:
    dss.instance.projects["RETAIL"].datasets[name]["params"][view] = {"projectKey": "SUPPLY"}


DOUBTS = [
    ("lags behind", lambda dss: dss.faults.change("GET", "/projects/RETAIL/scenarios/*/get-last-runs", _newer_run)),
    ("of another project", lambda dss: _restricted(dss, RUNS, "scenarioRuns")),
    ("refused", lambda dss: dss.faults.status("GET", DATA.format(RUNS), 403)),
    ("broken", lambda dss: dss.faults.status("GET", DATA.format(RUNS), 500)),
    ("empty", lambda dss: dss.faults.empty("GET", DATA.format(RUNS))),
    ("cut off", lambda dss: dss.faults.cut_off("GET", DATA.format(RUNS))),
]


@pytest.mark.parametrize(("case", "spoil"), DOUBTS, ids=[case for case, _ in DOUBTS])
def test_runs_that_are_doubted_are_read_one_by_one(
    direct: tuple[Server, Snapshot], dss: Server, case: str, spoil: Any
) -> None:
    spoil(dss)
    snapshot = gateway.read_snapshot(clients(dss), "RETAIL")
    assert snapshot.read_from == ()
    (remark,) = snapshot.remarks
    assert RUNS in remark
    assert "scenario by scenario" in remark
    if case != "lags behind":
        assert runs(snapshot) == runs(direct[1])
    # The read in vain is the only call above the usual.
    assert len(dss.requests) <= 6 + active(snapshot) + 1


def _newer_job(listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    newest = next(job for job in listed if job["state"] == "DONE")
    definition = {**newest["def"], "id": "Build_of_just_now", "type": "NON_RECURSIVE_FORCED_BUILD"}
    return [{**newest, "def": definition}, *listed]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda dss: dss.faults.change("GET", "/projects/RETAIL/jobs", _newer_job),
        lambda dss: _restricted(dss, BUILDS, "flowActions"),
        lambda dss: dss.faults.status("GET", DATA.format(BUILDS), 403),
    ],
    ids=["lags behind", "of another project", "refused"],
)
def test_builds_that_are_doubted_are_read_one_by_one(direct: tuple[Server, Snapshot], dss: Server, spoil: Any) -> None:
    spoil(dss)
    snapshot = read(dss)
    assert snapshot.read_from == (f"internal stats dataset {RUNS}",)
    assert "object by object" in snapshot.remarks[0]
    assert last_builds(snapshot) == last_builds(direct[1])


def test_a_view_too_large_to_read_is_left_alone(dss: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats, "MAX_BYTES", 2000)
    snapshot = read(dss)
    assert snapshot.read_from == ()
    assert len(snapshot.remarks) == 2
    assert runs(snapshot)


def test_a_view_too_slow_to_read_is_left_alone(dss: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats, "MAX_SECONDS", 0.3)
    dss.faults.drip("GET", DATA.format(RUNS), 600)
    snapshot = gateway.read_snapshot(clients(dss), "RETAIL")
    assert snapshot.read_from == ()
    assert "0.3 s" in snapshot.remarks[0]


def test_a_stream_in_any_order_keeps_its_newest_in_bounded_memory() -> None:
    from datetime import datetime, timedelta, timezone
    from random import Random

    start = datetime(2025, 10, 1, tzinfo=timezone.utc)
    order = list(range(5000))
    Random(7).shuffle(order)
    newest: Any = stats._Newest(10, lambda number: start + timedelta(minutes=number))
    for number in order:
        newest.add(number % 2, number)
        assert all(len(held) <= 20 for held in newest._held.values())
    assert newest.sorted() == {0: tuple(range(4998, 4978, -2)), 1: tuple(range(4999, 4979, -2))}
