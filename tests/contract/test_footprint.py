"""What a project takes on DSS's disk: told to administrators, measured once, and taken up where it takes long."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import localdss
from localdss.server import Server
from opsguide.dss import footprint, gateway
from opsguide.dss.session import Clients
from opsguide.model.known import Cause, Unknown
from opsguide.model.snapshot import Footprint, Snapshot
from tests.readings import clients, objects

ROUTE = "/directories-footprint/projects/RETAIL"
NEED = {"footprint"}


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with localdss.serve(story="healthy") as dss:
        yield dss


@pytest.fixture
def dss(served: Server) -> Iterator[Server]:
    served.requests.clear()
    yield served
    served.faults.clear()


def patient(dss: Server, login: str = "admin") -> Clients:
    """However busy the machine, no call is given up."""
    return clients(dss, login, timeout_seconds=300.0, deadline_seconds=600.0)


def read(reading: Clients) -> Snapshot:
    first = gateway.read_snapshot(reading, "RETAIL")
    return gateway.read_snapshot(reading, "RETAIL", NEED, objects=objects(first), have=first)


def measured(reading: Clients) -> Footprint:
    """Read until a busy machine is done with it."""
    for _ in range(100):
        found = read(reading).footprint
        if isinstance(found, Footprint):
            return found
        assert "still measuring" in found.reason
    raise AssertionError(found)


def asked(dss: Server) -> int:
    return sum(each.path == ROUTE for each in dss.requests)


@pytest.mark.dss("14.3")
def test_an_administrator_is_told_and_the_disk_is_walked_once(dss: Server) -> None:
    reading = patient(dss)
    first = measured(reading)
    assert first.size > 0
    assert read(reading).footprint == first
    assert asked(dss) == 1
    assert not dss.requests.writes()


@pytest.mark.dss("14.3")
def test_nobody_else_asks_whatever_was_measured_before(dss: Server) -> None:
    admin = patient(dss)
    measured(admin)
    other = patient(dss, "olivia")
    other.measured = admin.measured
    found = read(other).footprint
    assert isinstance(found, Unknown)
    assert found.needs
    assert asked(dss) == 1


@pytest.mark.dss("14.3")
def test_what_takes_longer_is_taken_up_by_the_next_reading(dss: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(footprint, "PAUSES_SECONDS", (0.0,))
    reading = patient(dss)
    dss.faults.change("GET", "/futures/<future_id>", lambda answer: {**answer, "hasResult": False, "alive": True})
    dss.faults.change("GET", ROUTE, lambda answer: {**answer, "hasResult": False, "alive": True})
    found = read(reading).footprint
    assert isinstance(found, Unknown)
    assert "still measuring" in found.reason
    dss.faults.clear()
    monkeypatch.undo()
    measured(reading)
    assert asked(dss) == 1


@pytest.mark.dss("14.3")
def test_a_task_that_died_is_started_again(dss: Server) -> None:
    reading = patient(dss)
    dss.faults.change("GET", ROUTE, lambda answer: {**answer, "hasResult": False, "alive": False})
    found = read(reading).footprint
    assert isinstance(found, Unknown)
    assert found.cause is Cause.BROKEN
    dss.faults.clear()
    measured(reading)
    assert asked(dss) == 2


def test_an_older_dss_says_which_version_would_tell(dss: Server) -> None:
    dss.faults.status("GET", ROUTE, 404)
    found = read(patient(dss)).footprint
    assert isinstance(found, Unknown)
    assert found.cause is not Cause.DENIED
