"""Today on its whole way: what it may cost DSS, who shares a reading, and what the plugin's settings allow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

import localdss
from localdss.server import Server
from opsguide.model.known import known
from opsguide.model.today import Today
from opsguide.service import desk
from opsguide.settings import Settings
from tests.whole import Visit


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    with localdss.serve(story="nightly-late") as server:
        yield server


def today(visit: Visit, **settings: Any) -> Today:
    visit.desk.settings = replace(Settings(), **settings)
    return visit.desk.today(visit.access)


def test_it_costs_no_more_than_a_guide_and_writes_nothing(dss: Server) -> None:
    dss.requests.clear()
    found = today(Visit(dss))
    active = sum(scenario.active for scenario in known(found.scenarios, ()))
    objects = len(known(found.outputs, ())) + len(known(found.sources, ()))
    assert 0 < found.calls <= 10 + 3 * active + 6 * objects
    assert found.elapsed_seconds > 0
    assert dss.requests.writes() == []


def test_a_second_look_within_the_minimum_costs_nothing(dss: Server) -> None:
    visit = Visit(dss)
    first = today(visit)
    dss.requests.clear()
    assert today(visit) == first
    visit.guide(depth="first")
    assert len(dss.requests) == 0


def test_after_the_minimum_it_is_read_anew(dss: Server) -> None:
    visit = Visit(dss)
    first = today(visit, minimum_refresh_seconds=0)
    assert today(visit, minimum_refresh_seconds=0).taken_at > first.taken_at


def test_dss_is_left_alone_for_the_minimum_however_long_a_reading_takes(
    dss: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = [0.0]
    monkeypatch.setattr(desk, "time", SimpleNamespace(monotonic=lambda: seconds[0]))

    def slowly(answer: Any) -> Any:
        seconds[0] = 40.0
        return answer

    dss.faults.change("GET", "/projects/RETAIL/scenarios/", slowly)
    visit = Visit(dss)
    first = today(visit, minimum_refresh_seconds=30)
    assert seconds == [40.0]
    dss.faults.clear()
    seconds[0] = 69.0
    assert today(visit, minimum_refresh_seconds=30) is first
    seconds[0] = 71.0
    assert today(visit, minimum_refresh_seconds=30).taken_at > first.taken_at


@pytest.mark.parametrize(
    ("settings", "seconds"),
    [({}, 30), ({"minimum_refresh_seconds": 5}, 15), ({"page_refreshes": False}, None)],
)
def test_the_settings_say_how_often_it_is_read_again(dss: Server, settings: dict[str, Any], seconds: Any) -> None:
    assert today(Visit(dss), **settings).next_check_seconds == seconds


@pytest.mark.parametrize(
    ("config", "refreshes"),
    [
        ({}, True),
        ({"page_refreshes": True}, True),
        ({"page_refreshes": False}, False),
        ({"page_refreshes": None}, True),
    ],
)
def test_pages_refresh_unless_an_administrator_says_no(config: dict[str, Any], refreshes: bool) -> None:
    assert Settings.read(config).page_refreshes is refreshes


def test_a_reader_with_fewer_rights_is_told_what_could_not_be_read(dss: Server) -> None:
    dss.faults.status("GET", "/projects/RETAIL/scenarios/*/get-last-runs*", 403)
    try:
        found = today(Visit(dss))
    finally:
        dss.faults.clear()
    assert "scenarios cannot be told" in found.headline
    assert {each.verdict for each in known(found.scenarios, ()) if each.active} <= {"UNKNOWN", "SKIPPED_EXPECTED"}
