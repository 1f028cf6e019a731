"""The state folder through the real client: what is written stays, and of many who claim one thing one gets it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest

import localdss
from localdss.server import Server
from opsguide.dss import store
from opsguide.errors import DssDenied
from tests.readings import clients

NOW = datetime(2026, 11, 23, 7, 5, tzinfo=timezone.utc)


@pytest.fixture
def dss() -> Iterator[Server]:
    with localdss.serve(story="healthy") as served:
        yield served


def test_there_is_none_until_it_is_made(dss: Server) -> None:
    assert store.find(clients(dss), "RETAIL") is None
    made = store.create(clients(dss), "RETAIL")
    assert store.create(clients(dss), "RETAIL").folder_id == made.folder_id
    assert store.find(clients(dss), "RETAIL").folder_id == made.folder_id


def test_events_come_back_in_their_order_whatever_the_order_of_writing(dss: Server) -> None:
    state = store.create(clients(dss), "RETAIL")
    late = state.append(
        store.event(NOW + timedelta(seconds=1), "note", "raj", "dataset:sales_mart", "späte <b>Notiz</b>")
    )
    early = state.append(store.event(NOW, "mute", "raj", "scenario:NIGHTLY", until="2026-11-24T00:00:00+00:00"))
    found = store.find(clients(dss), "RETAIL").events(since=NOW)
    assert found.events == (early, late)
    assert (found.left_out, found.unreadable) == (0, 0)


def test_of_many_who_claim_one_thing_one_gets_it(dss: Server) -> None:
    store.create(clients(dss), "RETAIL")

    def claim(number: int) -> bool:
        return store.find(clients(dss, workers=1), "RETAIL").claim("20261123-run", f"person{number}")

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(8))) == 1
    assert claim(9) is False


def test_who_may_not_write_is_told_which_right_is_missing(dss: Server) -> None:
    made = store.create(clients(dss), "RETAIL")
    with pytest.raises(DssDenied) as refused:
        store.find(clients(dss, "priya"), "RETAIL").append(store.event(NOW, "note", "priya"))
    assert refused.value.needs == "Write project content on RETAIL"
    assert made.files() == ()


def test_whole_days_are_forgotten_and_nothing_else(dss: Server) -> None:
    state = store.create(clients(dss), "RETAIL")
    state.append(store.event(NOW - timedelta(days=2), "note", "raj"))
    kept = state.append(store.event(NOW, "note", "raj"))
    state.put("/facts/2026-11-20.json", b"{}")
    state.put("/plans/2020-01-01.json", b"{}")
    assert state.forget(NOW.date()) == 2
    assert [file.path for file in state.files()] == [kept.path, "/plans/2020-01-01.json"]
