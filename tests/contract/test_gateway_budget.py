"""How much reading a project asks of DSS: so many calls and no more, each once, none that writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import localdss
from localdss import big
from localdss.instance import Project
from localdss.server import Server
from opsguide.dss import gateway
from opsguide.model.known import Cause, Unknown
from opsguide.model.snapshot import Snapshot
from tests.readings import active, clients, objects, real_projects, whole

LARGE = 200


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    with localdss.serve() as served:
        served.instance.add(Project(key="EMPTY"))
        served.instance.add(big.project("LARGE", LARGE, 2))
        yield served


@pytest.fixture(autouse=True)
def _fresh_records(dss: Server) -> None:
    dss.requests.clear()


def limit(snapshot: Snapshot) -> int:
    return 10 + 3 * active(snapshot) + 6 * len(objects(snapshot))


def test_the_first_paint_is_six_lists_and_the_runs_of_active_scenarios(dss: Server) -> None:
    snapshot = gateway.read_snapshot(clients(dss), "RETAIL")
    assert len(dss.requests) == snapshot.calls == 6 + active(snapshot)
    assert active(snapshot) > 5
    assert not dss.requests.writes()


@pytest.mark.dss("14.3")
def test_the_whole_guide_stays_within_its_budget(dss: Server) -> None:
    snapshot = whole(clients(dss), "RETAIL")
    assert len(dss.requests) == snapshot.calls <= limit(snapshot)
    assert not dss.requests.writes()
    assert not dss.requests.unknown()


def test_no_call_is_made_twice(dss: Server) -> None:
    whole(clients(dss), "RETAIL")
    asked = Counter((each.path, tuple(sorted(each.query.items()))) for each in dss.requests)
    twice = [path for (path, _), times in asked.items() if times > 1]
    assert [path for path in twice if not path.startswith("/futures/")] == [], "whether a task has ended is asked again"


def test_an_empty_project_takes_ten_calls(dss: Server) -> None:
    snapshot = whole(clients(dss), "EMPTY")
    assert len(dss.requests) == 10 == limit(snapshot)
    unknown = [name for name in gateway.WHOLE if isinstance(getattr(snapshot, name, None), Unknown)]
    assert {getattr(snapshot, name).cause for name in unknown} == {Cause.LEFT_OUT}
    assert (snapshot.scenarios, snapshot.datasets, snapshot.jobs, snapshot.quality) == ((), (), (), ())


def test_datasets_in_the_middle_of_the_flow_are_never_asked_about(dss: Server) -> None:
    snapshot = whole(clients(dss), "LARGE")
    asked = {each.path.split("/datasets/")[1].split("/")[0] for each in dss.requests if "/datasets/" in each.path}
    assert len(snapshot.datasets) == LARGE
    assert asked - {""} == {ref.id for ref in objects(snapshot)}
    assert len(asked) < 10


def test_panel_by_panel_costs_no_more_than_at_once(dss: Server) -> None:
    reading = clients(dss)
    snapshot = gateway.read_snapshot(reading, "RETAIL")
    asked_about = objects(snapshot)
    for part in sorted(gateway.WHOLE):
        snapshot = gateway.read_snapshot(reading, "RETAIL", {part}, objects=asked_about, have=snapshot)
    assert len(dss.requests) == snapshot.calls <= limit(snapshot)


def test_deepening_keeps_the_moment_and_asks_nothing_again(dss: Server) -> None:
    reading = clients(dss)
    first = gateway.read_snapshot(reading, "RETAIL")
    dss.requests.clear()
    deep = gateway.read_snapshot(reading, "RETAIL", {"permissions"}, have=first)
    assert [each.path for each in dss.requests] == ["/projects/RETAIL/permissions"]
    assert (deep.taken_at, deep.clock) == (first.taken_at, "DSS")
    assert deep.scenarios == first.scenarios


def test_what_could_not_be_read_is_not_asked_again(dss: Server) -> None:
    reading = clients(dss, "raj")
    denied = gateway.read_snapshot(reading, "RETAIL", {"permissions"})
    dss.requests.clear()
    again = gateway.read_snapshot(reading, "RETAIL", {"permissions"}, have=denied)
    assert len(dss.requests) == 0
    assert again.permissions == denied.permissions


def test_settings_are_read_again_only_when_their_version_changed(dss: Server) -> None:
    reading = clients(dss)
    before = whole(reading, "RETAIL", {"scenario_settings"})
    dss.requests.clear()
    again = whole(reading, "RETAIL", {"scenario_settings"})
    settings = "/projects/<key>/scenarios/<scenario_id>"
    assert dss.requests.of("GET", settings) == []
    assert again.scenarios == before.scenarios

    changed = dss.instance.projects["RETAIL"].scenarios["NIGHTLY_BUILD"]
    tag = dict(changed["versionTag"])
    changed["versionTag"]["versionNumber"] += 1
    try:
        whole(reading, "RETAIL", {"scenario_settings"})
    finally:
        changed["versionTag"] = tag
    assert [each.path for each in dss.requests.of("GET", settings)] == ["/projects/RETAIL/scenarios/NIGHTLY_BUILD"]


def test_lists_that_would_say_nothing_are_not_asked_for(dss: Server) -> None:
    snapshot = whole(clients(dss), "LARGE")
    paths = {each.path.rstrip("/") for each in dss.requests}
    assert "/messaging-channels" not in paths
    assert "/projects/LARGE/managedfolders" not in paths
    assert isinstance(snapshot.channels, Unknown)
    assert snapshot.channels.cause == Cause.LEFT_OUT
    assert snapshot.folders == ()


@pytest.mark.skipif(not real_projects(), reason="the real projects are not beside this repository")
@pytest.mark.parametrize("directory", real_projects(), ids=lambda path: path.name)
def test_real_projects_keep_the_budget(directory: Path) -> None:
    with localdss.serve(story="healthy", projects=[directory], sample=False) as served:
        (key,) = served.instance.projects
        reading = clients(served)
        first = gateway.read_snapshot(reading, key)
        assert len(served.requests) == 6 + active(first)
        snapshot = gateway.read_snapshot(reading, key, gateway.WHOLE, objects=objects(first), have=first)
        assert len(served.requests) <= limit(snapshot)
        assert not served.requests.writes()
        assert not [part for part in vars(snapshot).values() if getattr(part, "cause", None) == Cause.BROKEN]
