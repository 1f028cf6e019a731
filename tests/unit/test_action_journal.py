"""What became of actions: a fold of events in any order, and the runs and jobs that DSS shows beside it."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from opsguide.core.actions import records
from opsguide.core.actions.journal import CLOCKS_DIFFER, JOB_COMES_WITHIN, MAY_STILL_COME, of_job, of_run, the_job
from opsguide.model.action import Order, Record, State
from opsguide.model.event import Event
from opsguide.model.snapshot import Job, Run
from tests.actions import record
from tests.nights import HOUR, MINUTE, NOW, ref

BUILD = Order("build", "dataset:sales_mart", "only")
ASKED = record(State.REQUESTED, order=BUILD, at=NOW, by="ada", outputs=("sales_mart",), run_id="", usual_seconds=600.0)


def event(kind: str, after: int, about: str = "action:" + "a" * 32, **data: Any) -> Event:
    return Event(NOW + timedelta(seconds=after), f"{after:032x}", kind, "ada", about, f"{kind} {after}", data)


ACTION = Event(NOW, "a" * 32, "action", "ada", BUILD.subject, "why", {"order": BUILD.to_json(), "request": "r1"})
STARTED = event("outcome", 1, state="started", job_id="j1")
ENDED = event("outcome", 9, state="finished", outcome="SUCCESS")
LATE_WORD = event("outcome", 12, state="started", fire="f1")
STRANGE = event("outcome", 3, state=["?"], outcome={})


def test_the_order_in_which_events_are_read_never_matters_and_what_ended_stays_ended() -> None:
    found = {records(some) for some in permutations((ACTION, STARTED, ENDED, LATE_WORD, STRANGE))}
    ((only,),) = found
    assert (only.state, only.outcome, only.job_id, only.fire) == (State.FINISHED, "SUCCESS", "j1", "")
    assert (only.by, only.reason, only.request, only.order) == ("ada", "why", "r1", BUILD)


def test_events_of_nothing_on_record_and_of_strange_shapes_make_no_action() -> None:
    assert (
        records([STARTED, ENDED, Event(NOW, "b" * 32, "action", "ada", "x", "", {"order": {"kind": "reboot"}})]) == ()
    )


def job(**changes: Any) -> Job:
    given: dict[str, Any] = {
        "id": "j1",
        "type": "NON_RECURSIVE_FORCED_BUILD",
        "initiator": "ada",
        "initiated_at": NOW,
        "outputs": ((ref("sales_mart"), ""),),
        **changes,
    }
    return Job(**given)


@pytest.mark.parametrize(
    ("jobs", "others", "found", "doubt"),
    [
        ((), (), None, False),
        ((job(),), (), "j1", False),
        ((job(), job(id="j2")), (), None, True),
        ((job(), job(id="j2")), (record(id="b" * 32, job_id="j2"),), "j1", False),
        ((job(initiator="bo"),), (), None, False),
        ((job(type="RECURSIVE_BUILD"),), (), None, False),
        ((job(outputs=((ref("orders"), ""),)),), (), None, False),
        ((job(initiated_at=NOW - CLOCKS_DIFFER),), (), "j1", False),
        ((job(initiated_at=NOW - CLOCKS_DIFFER - MINUTE),), (), None, False),
        ((job(initiated_at=NOW + JOB_COMES_WITHIN + MINUTE),), (), None, False),
        ((job(initiated_at=None),), (), None, False),
    ],
)
def test_a_job_is_known_by_who_started_what_and_when_or_it_cannot_be_told(
    jobs: tuple[Job, ...], others: tuple[Record, ...], found: Any, doubt: bool
) -> None:
    that, in_doubt = the_job(ASKED, jobs, others)
    assert (that and that.id, in_doubt) == (found, doubt)


def test_what_is_nowhere_to_be_seen_cannot_be_told_after_a_while_and_not_before() -> None:
    assert of_job(ASKED, None, False, NOW + MAY_STILL_COME).state is State.REQUESTED
    lost = of_job(ASKED, None, False, NOW + MAY_STILL_COME + MINUTE)
    assert (lost.state, "not repeated by itself" in lost.said) == (State.CANNOT_TELL, True)
    assert of_job(ASKED, None, True, NOW).state is State.CANNOT_TELL


def test_what_runs_has_an_expected_end_and_can_be_aborted() -> None:
    running = of_run(record(run_id="", usual_seconds=600.0), Run("r", NOW, None, None), NOW + 11 * MINUTE)
    assert (running.state, running.expected_end, running.late) == (State.RUNNING, NOW + 10 * MINUTE, True)
    assert running.may_abort == Order("abort-scenario", "scenario:NIGHTLY")
    building = of_job(ASKED, job(finished=False, state="RUNNING"), False, NOW + MINUTE)
    assert (building.expected_end, building.may_abort) == (NOW + 10 * MINUTE, Order("abort-job", "job:j1"))
    over = of_run(record(), Run("r", NOW, NOW + HOUR, "FAILED"), NOW + HOUR)
    assert (over.state, over.outcome, over.may_abort) == (State.FINISHED, "FAILED", None)


@pytest.mark.parametrize("outputs", [7, "sales_mart", {"sales_mart": 1}, None, [7]])
def test_outputs_of_a_strange_shape_are_none(outputs) -> None:
    data = {"order": BUILD.to_json(), "outputs": outputs}
    (found,) = records([Event(NOW, "a" * 32, "action", "ada", BUILD.subject, "why", data)])
    assert found.outputs == ()


def test_a_way_to_build_that_this_version_does_not_know_is_no_order() -> None:
    order = {**BUILD.to_json(), "mode": "sideways"}
    assert records([Event(NOW, "a" * 32, "action", "ada", BUILD.subject, "", {"order": order})]) == ()
