"""What is asked before an action, and that nothing which could not be read counts as fine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Optional

import pytest

from opsguide.core.actions import Case, propose
from opsguide.core.actions.preflight import checks
from opsguide.model.action import Check, Order, Progress, Rights, Standing, State
from opsguide.model.event import Event
from opsguide.model.known import Cause, Unknown
from opsguide.model.ledger import Ledger
from opsguide.model.profile import Declared
from opsguide.model.snapshot import Job, Run, Snapshot
from tests import actions
from tests.cases import scene
from tests.nights import HOUR, MINUTE, NOW, PROFILE, datasets, facts, night, promises, ref, scenarios

RUN = Order("run-scenario", "scenario:NIGHTLY")
ABORT = Order("abort-scenario", "scenario:NIGHTLY")
BUILD = Order("build", "dataset:sales_mart", "only")
SMART = Order("build", "dataset:sales_mart", "modified")
ALL = Order("build", "dataset:sales_mart", "all")
REBUILD = Order("rebuild-from", "dataset:orders_raw")
METRICS = Order("compute-metrics", "dataset:sales_mart")
CLEAR = Order("clear", "dataset:sales_mart")
UNREAD = Unknown("DSS refused", Cause.DENIED, "Read project content")
BLOCKS, NOTICE, UNKNOWN, FINE = Standing.BLOCKS, Standing.NOTICE, Standing.UNKNOWN, Standing.FINE


def case(order: Order, snapshot: Optional[Snapshot] = None, declared: Optional[Declared] = None, **more: Any) -> Case:
    given: dict[str, Any] = {"rights": Rights(True, True), "ledger": Ledger(NOW), "login": "ada", **more}
    return Case(scene(snapshot, declared), order, **given)


def asked(order: Order, snapshot: Optional[Snapshot] = None, declared: Optional[Declared] = None, **more: Any) -> Any:
    return {check.id: check for check in checks(case(order, snapshot, declared, **more))}


def profile(**changes: Any) -> Declared:
    return promises({**PROFILE, **changes})


def due(at: str) -> Declared:
    return profile(datasets={**PROFILE["datasets"], "sales_mart": {"due": at}})


def with_dataset(name: str, **changes: Any) -> Snapshot:
    return night(datasets=tuple(replace(d, **changes) if d.name == name else d for d in datasets()))


def going(order: Order, run: Run) -> Snapshot:
    changed = (
        replace(s, running=True, running_since=run.start, runs=(run, *s.runs)) if s.id == order.name else s
        for s in scenarios()
    )
    return night(scenarios=tuple(changed))


ALWAYS = {"right", "asked", "maintenance", "noted"}
BUILDING = ALWAYS | {"running", "sources", "deadline", "waits"}


@pytest.mark.parametrize(
    ("order", "questions"),
    [
        (RUN, BUILDING | {"smart-build"}),
        (SMART, BUILDING | {"smart-build"}),
        (BUILD, BUILDING),
        (ALL, BUILDING),
        (REBUILD, BUILDING),
        (CLEAR, ALWAYS | {"running", "deadline", "waits"}),
        (METRICS, ALWAYS),
        (ABORT, ALWAYS | {"running"}),
    ],
    ids=lambda value: f"{value.kind} {value.mode}".strip() if isinstance(value, Order) else "",
)
def test_every_question_is_asked(order: Order, questions: set[str]) -> None:
    assert set(asked(order)) == questions


LIVE = Run("live", NOW - 10 * MINUTE, None, None)
JOB = Job(
    "j1", state="RUNNING", finished=False, start=NOW - MINUTE, outputs=((ref("sales_mart"), "NP"),), initiator="bo"
)
LATE = night(facts=tuple(replace(f, newest_file=NOW - 40 * HOUR) if f.ref.id == "orders_raw" else f for f in facts()))
UNSEEN = night(facts=tuple(replace(f, newest_file=UNREAD) if f.ref.id == "orders_raw" else f for f in facts()))
SQL = with_dataset("orders_raw", type="PostgreSQL")


@pytest.mark.parametrize(
    ("order", "question", "snapshot", "declared", "standing", "words"),
    [
        (RUN, "running", going(RUN, LIVE), None, BLOCKS, "It runs already since 06:50"),
        (RUN, "running", night(), None, FINE, "It does not run"),
        (ABORT, "running", going(ABORT, LIVE), None, FINE, "It runs since 06:50"),
        (ABORT, "running", night(), None, BLOCKS, "nothing to abort"),
        (BUILD, "running", night(jobs=(JOB,)), None, BLOCKS, "building it already"),
        (CLEAR, "running", night(jobs=(JOB,)), None, BLOCKS, "building it already"),
        (RUN, "running", night(jobs=(JOB,)), None, NOTICE, "building what this scenario builds"),
        (BUILD, "running", night(jobs=UNREAD), None, UNKNOWN, "not known"),
        (BUILD, "maintenance", night(), None, NOTICE, "run into a maintenance window"),
        (BUILD, "maintenance", night(), profile(maintenance=[]), UNKNOWN, "No maintenance window is declared"),
        (
            RUN,
            "maintenance",
            night(),
            profile(maintenance=[{"system": "x", "days": ["sunday"], "from_time": "22:00", "to_time": "23:00"}]),
            FINE,
            "No declared maintenance window is on",
        ),
        (
            RUN,
            "maintenance",
            night(),
            profile(maintenance=[{"system": "x", "days": ["tuesday"], "from_time": "07:05", "to_time": "08:00"}]),
            NOTICE,
            "run into a maintenance window",
        ),
        (RUN, "sources", LATE, None, NOTICE, "orders_raw"),
        (RUN, "sources", UNSEEN, None, UNKNOWN, "orders_raw"),
        (RUN, "sources", night(graph=UNREAD), None, UNKNOWN, "not known"),
        (SMART, "smart-build", SQL, None, NOTICE, "takes orders_raw for unchanged"),
        (RUN, "smart-build", SQL, None, NOTICE, "takes orders_raw for unchanged"),
        (SMART, "smart-build", night(), None, UNKNOWN, "CRM"),
        (RUN, "deadline", night(), due("07:05"), NOTICE, "after sales_mart must be ready"),
        (RUN, "deadline", night(), due("12:00"), FINE, "in time"),
        (ALL, "deadline", night(), due("12:00"), UNKNOWN, "not known"),
        (RUN, "deadline", night(), None, FINE, "sales_mart must have been ready by now"),
        (CLEAR, "deadline", night(), None, NOTICE, "sales_mart must have been ready by now"),
        (BUILD, "deadline", night(), profile(datasets={}), FINE, "Nothing that it makes is promised"),
        (CLEAR, "deadline", night(), due("12:00"), UNKNOWN, "promised"),
        (BUILD, "waits", night(), None, NOTICE, "changes under those who read it"),
        (CLEAR, "waits", night(), None, NOTICE, "has no data until it is built again"),
        (BUILD, "waits", night(settings=UNREAD), None, UNKNOWN, "not known"),
        (RUN, "subject", night(scenarios=()), None, BLOCKS, "lists no scenario"),
        (Order("build", "dataset:nothing", "only"), "subject", night(), None, BLOCKS, "The flow has no “nothing”"),
        (Order("build", "dataset:orders_raw", "only"), "subject", night(), None, BLOCKS, "No recipe of this flow"),
        (Order("clear", "dataset:orders_raw"), "subject", night(), None, BLOCKS, "would stay empty"),
        (Order("build", "dataset:stores", "only"), "subject", night(), None, BLOCKS, "write-protected"),
        (
            Order("clear", "dataset:orders"),
            "subject",
            with_dataset("orders", managed=False),
            None,
            BLOCKS,
            "not managed",
        ),
        (Order("build", "dataset:CRM.customers", "only"), "subject", night(), None, BLOCKS, "belongs to project CRM"),
        (BUILD, "subject", with_dataset("sales_mart", partitioned_by=("day",)), None, BLOCKS, "takes the partition"),
        (BUILD, "node", night(), None, None, ""),
    ],
)
def test_what_is_found(
    order: Order, question: str, snapshot: Snapshot, declared: Any, standing: Optional[Standing], words: str
) -> None:
    found: Optional[Check] = asked(order, snapshot, declared).get(question)
    assert (found and found.standing) == standing, found
    assert words in (found.text if found else "")


@pytest.mark.parametrize("order", [RUN, SMART, BUILD, REBUILD, CLEAR], ids=lambda order: order.kind)
@pytest.mark.parametrize("part", ["scenarios", "graph", "datasets", "jobs", "settings"])
def test_what_could_not_be_read_is_never_fine(order: Order, part: str) -> None:
    found = asked(order, night(**{part: UNREAD}))
    rests_on = {
        "scenarios": {"running", "smart-build"} if order is RUN else set(),
        "graph": {"sources", "waits", "deadline"} - (set() if order is not CLEAR else {"sources"}),
        "jobs": {"running"},
        "settings": {"waits"},
        "datasets": {"subject"} if order is not RUN else {"smart-build"},
    }[part]
    for question in rests_on & set(found):
        assert found[question].standing in (UNKNOWN, BLOCKS), found[question]
    assert rests_on & set(found) or not rests_on


@pytest.mark.parametrize(
    ("rights", "standing", "words"),
    [
        (Rights(True, True), FINE, "You hold the right “Write project content”"),
        (Rights(True, False), BLOCKS, "an administrator of the project can give it"),
        (Rights(False, False, "grant “Impersonation in webapps”"), BLOCKS, "It would not be done as you"),
        (Rights(why="its permissions could not be read"), UNKNOWN, "DSS decides when you ask"),
    ],
)
def test_the_right_is_told(rights: Rights, standing: Standing, words: str) -> None:
    found = asked(BUILD, rights=rights)["right"]
    assert (found.standing, words in found.text) == (standing, True), found


def under_way(state: State, order: Order, outputs: tuple[str, ...] = ()) -> Progress:
    return actions.progress(state, record=actions.record(state, order=order, outputs=outputs, at=NOW - 5 * MINUTE))


@pytest.mark.parametrize(
    ("already", "standing", "words"),
    [
        ((), FINE, "Nobody asked for the same"),
        ((under_way(State.RUNNING, BUILD, ("sales_mart",)),), BLOCKS, "olivia asked for the same at 06:55"),
        ((under_way(State.RUNNING, REBUILD, ("orders", "sales_mart")),), BLOCKS, "asked for the same"),
        ((under_way(State.RUNNING, REBUILD, ("stores",)),), FINE, "Nobody asked for the same"),
        ((under_way(State.CANNOT_TELL, BUILD, ("sales_mart",)),), NOTICE, "look first"),
        (UNREAD, UNKNOWN, "not known"),
    ],
)
def test_the_same_is_not_asked_for_twice(already: Any, standing: Standing, words: str) -> None:
    found = asked(BUILD, under_way=already)["asked"]
    assert (found.standing, words in found.text) == (standing, True), found


def test_who_has_it_already_is_named() -> None:
    data = {"subject": "scenario:NIGHTLY", "title": "Nightly build failed"}
    taken = Event(NOW - HOUR, "1" * 32, "acknowledge", "bo", "incident:x", "", data)
    over = Event(NOW - MINUTE, "2" * 32, "resolve", "bo", "incident:x", "settled", data)
    found = asked(RUN, ledger=Ledger(NOW, (taken,)))["noted"]
    assert (found.standing, "bo has “Nightly build failed” since 06:00" in found.evidence) == (NOTICE, True)
    assert asked(RUN, ledger=Ledger(NOW, (taken, over)))["noted"].standing is FINE
    assert asked(RUN, ledger=None)["noted"].standing is UNKNOWN
    assert asked(RUN, ledger=UNREAD)["noted"].standing is UNKNOWN


def test_what_is_proposed_names_order_people_and_time_and_is_sealed() -> None:
    shown = propose(case(REBUILD))
    assert [target.name for target in shown.targets] == ["orders", "sales_mart", "dashboard_feed"]
    assert {"Finance", "Store managers", "project FINANCE"} <= set(shown.notify)
    assert "outside its schedule, at 07:00 (Europe/Paris)" in shown.notice
    assert "Replaced meanwhile: sales_mart" in shown.notice
    assert propose(case(REBUILD)).shown == shown.shown
    changed = night(graph=replace(night().graph, nodes=night().graph.nodes[:-2]))
    assert propose(case(REBUILD, changed)).shown != shown.shown
    night_run = propose(case(RUN))
    assert night_run.notify[0] == "Finance"
    assert night_run.expected_end is not None
    assert (propose(case(CLEAR)).typed, night_run.typed) == ("sales_mart", "")
