"""A DSS that refuses, hangs, lies or is old: what cannot be read is unknown, with the reason and what would change it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Callable

import pytest

import localdss
from localdss.server import Server
from opsguide.dss import gateway, session
from opsguide.model.known import Cause, Unknown
from opsguide.model.snapshot import ObjectRef, Snapshot
from tests.readings import clients, objects, whole

P = "/projects/RETAIL"
MART = ObjectRef("DATASET", "RETAIL", "sales_mart")
LANDING = ObjectRef("MANAGED_FOLDER", "RETAIL", "kL4nd1ng")
OUTPUT = ObjectRef("DATASET", "RETAIL", "customer_360")

# Seconds: far from both the time-outs of half a second and the minute that a fault lasts, on a busy machine too.
WELL_WITHIN = 20

Look = Callable[[Snapshot], Any]


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with localdss.serve() as dss:
        yield dss


@pytest.fixture
def dss(served: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(session, "PAUSES_SECONDS", (0.0, 0.0))
    served.requests.clear()
    yield served
    served.faults.clear()


def of_nightly(part: str) -> Look:
    return lambda snapshot: getattr(next(s for s in snapshot.scenarios if s.id == "NIGHTLY_BUILD"), part)


def of(ref: ObjectRef, part: str) -> Look:
    return lambda snapshot: getattr(snapshot.fact(ref), part)


# Every route that is read: the part it gives, and the right that DSS wants for it.
CONTENT, PROJECT_ADMIN, INSTANCE_ADMIN = (
    "Read project content on RETAIL",
    "Admin on the project",
    "instance administrator",
)
ROUTES: list[tuple[str, Look, str]] = [
    (P, lambda s: s.project, CONTENT),
    (f"{P}/variables", lambda s: s.variables, CONTENT),
    (f"{P}/scenarios", lambda s: s.scenarios, CONTENT),
    (f"{P}/flow/graph", lambda s: s.graph, CONTENT),
    (f"{P}/datasets", lambda s: s.datasets, CONTENT),
    (f"{P}/jobs", lambda s: s.jobs, CONTENT),
    (f"{P}/permissions", lambda s: s.permissions, PROJECT_ADMIN),
    (f"{P}/settings", lambda s: s.settings, PROJECT_ADMIN),
    (f"{P}/wiki", lambda s: s.articles, CONTENT),
    (f"{P}/data-quality/status", lambda s: s.quality, CONTENT),
    (f"{P}/managedfolders", lambda s: s.folders, CONTENT),
    (f"{P}/flow/zones", lambda s: s.zones, CONTENT),
    (f"{P}/bundles/imported", lambda s: s.bundles, PROJECT_ADMIN),
    (f"{P}/git/actions/log", lambda s: s.commits, CONTENT),
    (f"{P}/webapps", lambda s: s.webapps, CONTENT),
    ("/admin/logs", lambda s: s.logs, INSTANCE_ADMIN),
    (f"{P}/scenarios/NIGHTLY_BUILD", of_nightly("settings"), CONTENT),
    (f"{P}/scenarios/NIGHTLY_BUILD/get-last-runs", of_nightly("runs"), CONTENT),
    (f"{P}/datasets/customer_360/metrics/last/*", of(OUTPUT, "metrics"), CONTENT),
    (f"{P}/datasets/customer_360/metrics/history/*", of(OUTPUT, "row_counts"), CONTENT),
    (f"{P}/datasets/customer_360/data-quality/last-rules-result", of(OUTPUT, "rule_results"), CONTENT),
    (f"{P}/managedfolders/kL4nd1ng/contents", of(LANDING, "newest_file"), CONTENT),
]
# Where nothing says which right is wanting, at least the refusal stands.
UNNAMED: list[tuple[str, Look]] = [
    ("/instance-info", lambda s: s.instance),
    ("/messaging-channels", lambda s: s.channels),
]
ALL: list[tuple[str, Look]] = [*((route, look) for route, look, _ in ROUTES), *UNNAMED]


@pytest.mark.dss("12.6")
def test_all_is_known_when_nothing_fails(dss: Server) -> None:
    snapshot = whole(clients(dss), "RETAIL")
    assert [route for route, look in ALL if isinstance(look(snapshot), Unknown)] == []
    assert snapshot.remarks == ()


@pytest.mark.parametrize(("route", "look", "right"), ROUTES[:6], ids=[route for route, *_ in ROUTES[:6]])
def test_each_list_refused_names_the_right(dss: Server, route: str, look: Look, right: str) -> None:
    dss.faults.status("GET", route, 403, "Action forbidden")
    snapshot = gateway.read_snapshot(clients(dss), "RETAIL")
    value = look(snapshot)
    assert isinstance(value, Unknown)
    assert (value.cause, value.needs) == (Cause.DENIED, right)
    assert "Action forbidden" in value.reason
    assert [look for _, look, _ in ROUTES[:6] if isinstance(look(snapshot), Unknown)] == [look]


@pytest.mark.dss("12.6")
def test_each_other_refusal_names_the_right(dss: Server) -> None:
    for route, *_ in ROUTES[6:]:
        dss.faults.status("GET", route, 403, "Action forbidden")
    snapshot = whole(clients(dss), "RETAIL")
    told = {route: (look(snapshot).cause, look(snapshot).needs) for route, look, _ in ROUTES[6:]}
    assert told == {route: (Cause.DENIED, right) for route, _, right in ROUTES[6:]}


def test_everything_refused_is_everything_unknown(dss: Server) -> None:
    dss.faults.status("*", "/*", 403)
    snapshot = whole(clients(dss), "RETAIL")
    parts = [name for name in gateway.WHOLE if hasattr(snapshot, name)]
    assert all(isinstance(getattr(snapshot, name), Unknown) for name in parts)
    assert snapshot.facts == ()


@pytest.mark.dss("14.3")
def test_a_reader_sees_what_a_reader_may(dss: Server) -> None:
    snapshot = whole(clients(dss, "raj"), "RETAIL")
    unknown = {name for name in gateway.WHOLE if isinstance(getattr(snapshot, name, None), Unknown)}
    assert unknown == {"permissions", "settings", "bundles", "logs", "footprint"}
    assert {getattr(snapshot, name).cause for name in unknown} == {Cause.DENIED}
    assert all(user.email == "" for user in snapshot.users)  # of people, a reader sees the names


@pytest.mark.parametrize("kind", ["html", "empty", "cut_off"])
@pytest.mark.parametrize("route", [f"{P}/jobs", f"{P}/scenarios/NIGHTLY_BUILD/get-last-runs", f"{P}/variables"])
def test_an_answer_that_is_none_is_unknown(dss: Server, kind: str, route: str) -> None:
    getattr(dss.faults, kind)("GET", route)
    value = dict(ALL)[route](gateway.read_snapshot(clients(dss), "RETAIL"))
    assert isinstance(value, Unknown)
    assert value.cause == (Cause.NO_ANSWER if kind == "cut_off" else Cause.BROKEN)


@pytest.mark.parametrize("other", [None, 5, "text"], ids=repr)
def test_an_answer_of_another_type_is_unknown(dss: Server, other: Any) -> None:
    first = gateway.read_snapshot(clients(dss), "RETAIL")
    dss.faults.change("GET", "/*", lambda _: other)
    nothing = gateway.read_snapshot(clients(dss), "RETAIL")
    assert {look(nothing).cause for _, look, _ in ROUTES[:6]} == {Cause.BROKEN}
    snapshot = gateway.read_snapshot(clients(dss), "RETAIL", gateway.WHOLE, objects=objects(first), have=first)
    read = {route: look(snapshot) for route, look in ALL if look not in [look for _, look, _ in ROUTES[:6]]}
    known = [route for route, value in read.items() if not isinstance(value, Unknown)]
    # The runs are of the first reading; the list of logs may hold anything.
    assert set(known) <= {f"{P}/scenarios/NIGHTLY_BUILD/get-last-runs", "/admin/logs"}


@pytest.mark.parametrize("spoilt", [None, "text", [1]], ids=repr)
@pytest.mark.parametrize("route", [f"{P}/scenarios", f"{P}/datasets", f"{P}/jobs"])
def test_a_list_with_a_member_that_cannot_be_read_is_not_taken_for_a_shorter_one(
    dss: Server, route: str, spoilt: Any
) -> None:
    dss.faults.change("GET", route, lambda listed: [*listed[1:], spoilt])
    value = dict(ALL)[route](gateway.read_snapshot(clients(dss), "RETAIL", gateway.WHOLE))
    assert isinstance(value, Unknown)
    assert value.cause is Cause.BROKEN


@pytest.mark.parametrize("other", [[[1], None, {}], {"a": {}, "b": None}], ids=repr)
def test_an_answer_with_strange_members_is_read_without_failing(dss: Server, other: Any) -> None:
    first = gateway.read_snapshot(clients(dss), "RETAIL")
    dss.faults.change("GET", "/*", lambda _: other)
    gateway.read_snapshot(clients(dss), "RETAIL", gateway.WHOLE, objects=objects(first))
    gateway.read_snapshot(clients(dss), "RETAIL", gateway.WHOLE, objects=objects(first), have=first)


def test_a_hung_call_is_unknown_within_the_time_out(dss: Server) -> None:
    for route in (f"{P}/jobs", f"{P}/scenarios/*/get-last-runs"):
        dss.faults.hang("GET", route, 60)
    started = time.monotonic()
    snapshot = gateway.read_snapshot(clients(dss, workers=12, timeout_seconds=2), "RETAIL")
    assert time.monotonic() - started < WELL_WITHIN
    assert isinstance(snapshot.jobs, Unknown)
    assert snapshot.jobs.cause == Cause.NO_ANSWER
    assert "2 s" in snapshot.jobs.reason
    assert {s.runs.cause for s in snapshot.scenarios if s.active} == {Cause.NO_ANSWER}
    assert not isinstance(snapshot.datasets, Unknown)


def test_an_answer_that_drips_is_unknown_within_the_time_out(dss: Server) -> None:
    dss.faults.drip("GET", f"{P}/datasets", 60)
    started = time.monotonic()
    snapshot = gateway.read_snapshot(clients(dss, timeout_seconds=2), "RETAIL")
    assert time.monotonic() - started < WELL_WITHIN
    assert isinstance(snapshot.datasets, Unknown)
    assert snapshot.datasets.cause == Cause.NO_ANSWER


def test_a_reading_ends_at_its_deadline_however_much_hangs(dss: Server) -> None:
    dss.faults.hang("GET", "/*", 60)
    started = time.monotonic()
    snapshot = gateway.read_snapshot(clients(dss, timeout_seconds=30, deadline_seconds=0.5), "RETAIL", gateway.WHOLE)
    assert time.monotonic() - started < WELL_WITHIN
    assert isinstance(snapshot.instance, Unknown)
    assert snapshot.instance.cause == Cause.NO_ANSWER
    assert snapshot.clock == "this machine"


def test_one_slow_object_does_not_hide_the_others(dss: Server) -> None:
    dss.faults.hang("GET", f"{P}/datasets/customer_360/*", 60)
    first = gateway.read_snapshot(clients(dss), "RETAIL")
    impatient = clients(dss, timeout_seconds=3)
    snapshot = gateway.read_snapshot(impatient, "RETAIL", {"metrics"}, objects=objects(first), have=first)
    lost = [fact.ref.id for fact in snapshot.facts if isinstance(fact.metrics, Unknown)]
    assert lost == ["customer_360"]


def test_no_dss_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    import dataikuapi

    monkeypatch.setattr(session, "PAUSES_SECONDS", (0.0, 0.0))
    lost = session.Clients(lambda: dataikuapi.DSSClient("http://127.0.0.1:1", "key"))
    snapshot = gateway.read_snapshot(lost, "RETAIL", gateway.WHOLE)
    assert isinstance(snapshot.scenarios, Unknown)
    assert snapshot.scenarios.cause == Cause.NO_ANSWER
    assert "no connection to DSS" in snapshot.scenarios.reason


def test_a_project_that_is_gone(dss: Server) -> None:
    snapshot = gateway.read_snapshot(clients(dss), "GONE")
    assert isinstance(snapshot.project, Unknown)
    assert snapshot.project.cause == Cause.BROKEN
    assert "does not exist" in snapshot.project.reason


def test_an_old_dss_lacks_routes_and_says_so() -> None:
    with localdss.serve(version="12.0.1") as old:
        snapshot = whole(clients(old, "raj"), "RETAIL")
        assert [each.path for each in old.requests.unknown() if "data-quality" in each.path] == []
    for part, since in ((snapshot.quality, "12.6"), (snapshot.commits, "12.5"), (snapshot.channels, "12.6")):
        assert isinstance(part, Unknown)
        assert (part.cause, part.needs) == (Cause.NO_ROUTE, f"DSS {since} or newer")
    assert isinstance(snapshot.users, Unknown)
    assert snapshot.users.needs == INSTANCE_ADMIN  # the light list came with 14.0
    assert not isinstance(snapshot.fact(OUTPUT).rule_results, Unknown)  # from the check metrics
    assert not isinstance(snapshot.scenarios, Unknown)


def test_a_dss_that_does_not_tell_its_version_is_simply_asked() -> None:
    with localdss.serve(version="12.0.1") as old:
        old.faults.change(
            "GET", "/instance-info", lambda answer: {k: v for k, v in answer.items() if k != "dssVersion"}
        )
        snapshot = whole(clients(old), "RETAIL")
    assert isinstance(snapshot.quality, Unknown)
    assert snapshot.quality.cause == Cause.NO_ROUTE


def test_a_scenario_of_unknown_state_is_taken_for_active(dss: Server) -> None:
    def without_active(listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{k: v for k, v in item.items() if k != "active"} for item in listed]

    dss.faults.change("GET", f"{P}/scenarios", without_active)
    snapshot = gateway.read_snapshot(clients(dss), "RETAIL")
    assert all(scenario.active for scenario in snapshot.scenarios)
    assert len(snapshot.remarks) == len(snapshot.scenarios)


def test_names_from_hell_stay_names(dss: Server) -> None:
    hell = ["<script>alert(1)</script>", "a/b", "..", "", "naïve 🛒", "q?x=1&y#z", 'it\'s "so"']

    def renamed(listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**listed[0], "id": name, "name": name, "active": True} for name in hell]

    dss.faults.change("GET", f"{P}/scenarios", renamed)
    snapshot = gateway.read_snapshot(clients(dss), "RETAIL")
    assert [scenario.name for scenario in snapshot.scenarios] == hell
    assert all(isinstance(scenario.runs, Unknown) for scenario in snapshot.scenarios)
    assert {each.path.split("/scenarios/")[0] for each in dss.requests if "get-last-runs" in each.path} == {P}
