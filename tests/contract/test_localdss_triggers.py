"""Triggers of the local DSS fire by themselves as its clock moves, once, and not where they are switched off."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest

import localdss
from localdss.instance import Project
from localdss.server import Server
from localdss.triggers import Triggers
from tests.waiting import until

AT = datetime(2025, 11, 19, 0, 50, tzinfo=timezone.utc)  # 01:50 in Paris, a Wednesday


@pytest.fixture
def dss() -> Iterator[Server]:
    with localdss.serve(story=None, at=AT, plugins=()) as server:
        server.instance.clock.stop(AT)
        server.instance.speed = 1
        yield server


def fired(dss: Server, scenario_id: str) -> list[str]:
    return [fire["trigger"]["type"] for fire in retail(dss).fires.get(scenario_id, [])]


def retail(dss: Server) -> Project:
    return dss.instance.projects["RETAIL"]


def test_a_temporal_trigger_fires_once_when_its_instant_comes(dss: Server) -> None:
    triggers = Triggers(dss.instance)
    triggers.look()
    assert fired(dss, "NIGHTLY_BUILD") == []
    dss.instance.clock.stop(AT + timedelta(minutes=10, seconds=3))
    for _ in range(3):
        triggers.look()
    assert fired(dss, "NIGHTLY_BUILD") == ["temporal"]
    assert len(retail(dss).runs["NIGHTLY_BUILD"]) == 1
    dss.instance.clock.stop(AT)
    triggers.look()
    dss.instance.clock.stop(AT + timedelta(minutes=11))
    triggers.look()
    assert fired(dss, "NIGHTLY_BUILD") == ["temporal"], "a clock set back fires nothing twice"


@pytest.mark.parametrize("off", ["project", "scenario", "trigger"])
def test_what_is_switched_off_does_not_fire(dss: Server, off: str) -> None:
    raw = retail(dss).scenarios["NIGHTLY_BUILD"]
    if off == "project":
        retail(dss).settings.setdefault("settings", {})["disableAutomaticTriggers"] = True
    else:
        (raw if off == "scenario" else raw["triggers"][0])["active"] = False
    triggers = Triggers(dss.instance)
    dss.instance.clock.stop(AT + timedelta(hours=1))
    triggers.look()
    assert fired(dss, "NIGHTLY_BUILD") == []


def test_a_dataset_that_changes_fires_who_watches_it(dss: Server) -> None:
    triggers = Triggers(dss.instance)
    triggers.look()
    retail(dss).rows["orders_files/2025-11-18"] = 1800
    for _ in range(2):
        triggers.look()
    assert fired(dss, "ON_ORDERS_CHANGE") == ["ds_modified"]


def test_a_server_whose_triggers_fire_looks_by_itself() -> None:
    with localdss.serve(story=None, at=AT, plugins=(), triggers_fire=True) as dss:
        dss.instance.clock.advance(660)
        assert until(lambda: fired(dss, "NIGHTLY_BUILD")) == ["temporal"]
