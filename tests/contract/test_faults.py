"""Every route that a page asks for, failing in every way; and storms, in which one call in ten fails in some way, for as
long as anybody likes. Each page answers in its own words, and what could not be read never looks good.

A quick share of it runs each time, on the smaller project. `FAULTS=all` tries every route of the larger one with every
failure and 1,000 refreshes of the storm."""

from __future__ import annotations

import gc
import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

import localdss
from localdss.server import Server
from opsguide.dss import session
from opsguide.settings import Settings
from tests.whole import Visit, foreign_markup

AT = datetime(2026, 3, 3, 6, 12, tzinfo=timezone.utc)  # a Tuesday, 07:12 in Paris
ALL = os.environ.get("FAULTS") == "all"
KEY = "RETAIL" if ALL else "SUPPLY"
REFRESHES = 1_000 if ALL else 20
PAGES = (
    "/today.json", "/guide.json", "/incidents.json", "/status.json", "/portfolio.json", "/clean-up.json", "/metrics",
    "/today", "/guide?depth=whole", "/incidents", "/status", "/portfolio", "/clean-up", "/handover", "/actions",
)  # fmt: skip
# All that is said to be as it should, in any of the formats' vocabularies.
GOOD = frozenset({
    "ON_TIME", "RECOVERED", "MET", "RECOVERED_LATE", "FRESH", "OK", "NORMAL", "RUNNING", "AS_USUAL", "good", "up",
})  # fmt: skip

Break = Callable[[Server, str], None]
FAILURES: dict[str, Break] = {
    "500": lambda dss, path: dss.faults.status("GET", path, 500),
    "403": lambda dss, path: dss.faults.status("GET", path, 403, "Action forbidden"),
    "404 as HTML": lambda dss, path: dss.faults.html("GET", path, 404),
    "hangs": lambda dss, path: dss.faults.hang("GET", path, 5),
    "cut off": lambda dss, path: dss.faults.cut_off("GET", path),
    "another type": lambda dss, path: dss.faults.change("GET", path, lambda _: "text"),
    "empty": lambda dss, path: dss.faults.empty("GET", path),
    "drips": lambda dss, path: dss.faults.drip("GET", path, 5),
}


@dataclass
class Night:
    """A night on which much went wrong, everything that its pages call good, and the paths that they ask for, by route."""

    dss: Server
    good: dict[str, set[str]]
    paths: dict[str, set[str]]


@pytest.fixture(scope="module")
def night() -> Iterator[Night]:
    with localdss.serve(story="nightly-late", at=AT) as dss:
        dss.instance.clock.stop(AT)
        visit = visitor(dss)
        good = {page: goods(page, show(visit, page)) for page in PAGES}
        paths: dict[str, set[str]] = {}
        for each in dss.requests:
            if each.method == "GET" and each.path != "/auth/info":
                paths.setdefault(each.route, set()).add(each.path)
        yield Night(dss, good, paths)


@pytest.fixture
def dss(night: Night, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(session, "PAUSES_SECONDS", (0.0, 0.0))
    yield night.dss
    night.dss.faults.clear()
    night.dss.instance.clock.stop(AT)


def visitor(dss: Server, **options: Any) -> Visit:
    """Someone who was let in while all was well, and for whom each page is read anew."""
    visit = Visit(dss, KEY, **options)
    visit.desk.settings = replace(Settings(), minimum_refresh_seconds=0)
    return visit


def show(visit: Visit, page: str) -> str:
    """A page as it answers: itself, or what it says in its own words when it cannot be shown."""
    answer = visit._browser.get(page, headers=visit.headers)
    assert answer.status_code in (200, 403, 404, 502, 503, 504), (page, answer.status_code, answer.text[-800:])
    assert "Traceback" not in answer.text
    if not page.endswith(".json") and page != "/metrics":
        assert foreign_markup(answer.text) == []
    return answer.text if answer.status_code == 200 else ""


def goods(page: str, text: str) -> set[str]:
    """Everything that a JSON page calls good, each with its place."""
    if not page.endswith(".json") or not text:
        return set()
    found: set[str] = set()

    def look(value: Any, place: str) -> None:
        if isinstance(value, dict):
            here = f"{place}/{value.get('subject') or value.get('id') or value.get('key') or value.get('name') or ''}"
            for key, below in value.items():
                look(below, f"{here}.{key}")
        elif isinstance(value, list):
            for below in value:
                look(below, place)
        elif isinstance(value, str) and value in GOOD and not place.endswith(".days"):
            found.add(f"{place}={value}")

    look(json.loads(text), "")
    return found


def better(night: Night, page: str, text: str) -> set[str]:
    """What a page calls good that is not. An incident that stands alone because its cause could not be read is a trouble
    more, not less: what it says of an object is good where the object's own page calls it so."""
    known_of = {tuple(each.rpartition("/")[2].split(".verdict=")) for each in night.good["/today.json"]}
    own = re.compile(r"/\.incidents/.*/\w+:(.+)\.verdict=(\w+)")
    found = goods(page, text) - night.good[page]
    return {each for each in found if not ((said := own.fullmatch(each)) and said.groups() in known_of)}


def asked_of(route: str) -> tuple[str, ...]:
    """The pages to look at when a route fails: some always, the others in turn."""
    always = PAGES[:2] if ALL else PAGES[:1]
    return (*always, PAGES[len(always) + sum(map(ord, route)) % (len(PAGES) - len(always))])


def test_what_is_good_is_seen(night: Night) -> None:
    """Else nothing below could fail."""
    assert len(night.good["/guide.json"]) > 10
    assert len(night.good["/today.json"]) >= 3
    assert len(night.paths) > 20


@pytest.mark.parametrize("kind", FAILURES)
def test_a_route_that_fails_makes_nothing_look_better(night: Night, dss: Server, kind: str) -> None:
    routes = sorted(night.paths)
    place = list(FAILURES).index(kind)
    for route in routes if ALL else routes[place :: len(FAILURES)]:
        visit = visitor(dss, timeout_seconds=1 if kind in ("hangs", "drips") else 20, workers=8)
        for path in night.paths[route]:
            FAILURES[kind](dss, path)
        for page in asked_of(route):
            assert better(night, page, show(visit, page)) == set(), (route, page)
        dss.faults.clear()


def test_a_storm_of_failures_is_weathered(night: Night, dss: Server) -> None:
    gc.collect()  # the local DSS has a thread for each connection that a visitor of an earlier test has open
    threads = threading.active_count()
    for number in range(REFRESHES):
        visit = visitor(dss, timeout_seconds=0.5, workers=8)
        dss.faults.storm(number, 0.1)
        page = PAGES[number % len(PAGES)]
        assert better(night, page, show(visit, page)) == set(), (number, page)
        dss.faults.clear()
    visit = visitor(dss)
    assert goods("/today.json", show(visit, "/today.json")) == night.good["/today.json"]
    gc.collect()
    assert threading.active_count() < threads + 40


@pytest.mark.parametrize("hours", [-30, -1, 3, 24 * 400])
def test_a_clock_that_jumps_is_followed(night: Night, dss: Server, hours: int) -> None:
    visit = visitor(dss)
    show(visit, "/today.json")
    dss.instance.clock.stop(AT + timedelta(hours=hours))
    for page in ("/today.json", "/guide.json", "/incidents.json", "/status.json", "/handover"):
        assert show(visit, page), page
    told = json.loads(show(visit, "/today.json"))
    assert abs(datetime.fromisoformat(told["taken_at"]) - (AT + timedelta(hours=hours))) < timedelta(minutes=5)
    dss.instance.clock.stop(AT)
    assert goods("/today.json", show(visit, "/today.json")) == night.good["/today.json"]
