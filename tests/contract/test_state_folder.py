"""The state folder through the real client: what is written stays, and of many who claim one thing one gets it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from itertools import product

import pytest

import localdss
from localdss.server import Server
from opsguide.dss import store, turns
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


def test_of_many_who_claim_one_thing_one_gets_it(dss: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    store.create(clients(dss), "RETAIL")
    monkeypatch.setattr(store, "SETTLE_SECONDS", 4.0)  # however busy this machine is, they are written in time

    def claim(number: int) -> bool:
        return store.find(clients(dss, workers=1), "RETAIL").claim("20261123-run", f"person{number}")

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(8))) == 1
    assert claim(9) is False


def test_what_is_no_claim_keeps_nobody_from_theirs_and_is_not_passed_over(
    dss: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A storage that shows a file while it arrives would else give the next turn to one, and this turn to another."""
    monkeypatch.setattr(store, "SETTLE_SECONDS", 0.1)
    state = store.create(clients(dss), "RETAIL")
    state.put("/claims/action-after-none-0/.upload000007", b'{"schema_')
    assert turns.take(state, "action-after-none", "olivia", timedelta(minutes=1))
    assert {file.path.split("/")[2] for file in state.files("/claims/")} == {"action-after-none-0"}
    assert not turns.take(state, "action-after-none", "dmitri", timedelta(minutes=1))
    assert [len(state.claims(f"action-after-none-{number}")) for number in (0, 1)] == [1, 0]


def test_a_claim_that_takes_long_counts_where_it_is_the_only_one(dss: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A storage that takes half a second for a file must not keep everybody from everything."""
    state = store.create(clients(dss), "RETAIL")
    monkeypatch.setattr(store, "SETTLE_SECONDS", 0.2)
    dss.faults.hang("POST", "/projects/RETAIL/managedfolders/*/contents/claims/*", 0.3)
    assert [state.claim("20261123-slow", "olivia") for _ in range(2)] == [True, False]


def test_a_slow_claim_and_a_quick_one_never_both_count(dss: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The slow one arrives late, or its answer does; the quick one may have looked before it was there."""
    state, other = store.create(clients(dss), "RETAIL"), store.find(clients(dss), "RETAIL")
    monkeypatch.setattr(store, "SETTLE_SECONDS", 0.6)
    for number, (fault, seconds) in enumerate(product(("hang", "late"), (0.3, 0.9, 1.5))):
        getattr(dss.faults, fault)("POST", f"/projects/*/contents/claims/two-{number}/*", seconds, times=1)
        with ThreadPoolExecutor(2) as pool:
            slow = pool.submit(state.claim, f"two-{number}", "olivia")
            time.sleep(0.2)
            quick = pool.submit(other.claim, f"two-{number}", "dmitri")
            assert (slow.result(), quick.result()) != (True, True), (fault, seconds)


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
