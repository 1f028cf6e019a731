"""Exactly once, on the whole way: fifty clicks, several processes, lost answers, and backends killed at every step."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Optional

import pytest

from localdss.server import Server
from opsguide.dss import store, turns
from opsguide.model.action import Order, State
from opsguide.service import actions
from tests.readings import clients
from tests.waiting import until
from tests.web.acting import LONG, SOON, as_slow_as_life, browser, form, process, progress, served, settle
from tests.web.test_actions import events

RUN = Order("run-scenario", f"scenario:{SOON}")
RUN_LONG = Order("run-scenario", f"scenario:{LONG}")
BUILD = Order("build", "dataset:basket_pairs", "only")

CLAIM = "/projects/RETAIL/managedfolders/*/contents/claims/*"
EVENT = "/projects/RETAIL/managedfolders/*/contents/events/*"
FIRE = "/projects/RETAIL/scenarios/*/run"
JOBS = "/projects/RETAIL/jobs/"


@pytest.fixture(scope="module")
def started() -> Iterator[Server]:
    with served() as dss, pytest.MonkeyPatch.context() as patch:
        patch.setattr(actions, "FOLLOW_PAUSES_SECONDS", (0.2,))
        yield dss


@pytest.fixture(scope="module")
def folder(started: Server) -> store.Store:
    found = store.find(clients(started), "RETAIL")
    assert isinstance(found, store.Store)
    return found


@pytest.fixture
def dss(started: Server, folder: store.Store) -> Iterator[Server]:
    yield started
    started.faults.clear()
    # What a test left on record without a trace in DSS must not stand in the way of the next, nor be followed on.
    started.instance.clock.advance(11 * 60)
    settle(started, folder)


def runs(dss: Server, scenario_id: str) -> int:
    return len(dss.instance.projects["RETAIL"].runs.get(scenario_id, []))


def jobs(dss: Server) -> int:
    return len(dss.instance.projects["RETAIL"].jobs)


def test_fifty_clicks_in_two_processes_start_one_run(dss: Server, folder: store.Store) -> None:
    before, kept = runs(dss, SOON), len(events(folder, "action"))
    sent = form(browser(dss), RUN)
    backends = [process(dss, RUN.kind, sent, 25) for _ in range(2)]
    for backend in backends:
        backend.join(180)
        assert backend.exitcode == 0
    assert runs(dss, SOON) == before + 1
    assert len(events(folder, "action")) == kept + 1


def test_two_tabs_and_two_people_start_one_run_and_the_others_are_told(dss: Server, folder: store.Store) -> None:
    with as_slow_as_life(dss):
        pages = [browser(dss, login) for login in ("dmitri", "dmitri", "olivia", "admin")]
        sent = [form(page, RUN_LONG) for page in pages]
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda pair: pair[0].send(RUN_LONG.kind, pair[1]), zip(pages, sent)))
        assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409]
        assert runs(dss, LONG) == 1
        told = [answer.text for answer in answers if answer.status_code == 409]
        assert all("asked for the same" in text or "It runs already" in text for text in told)
        refusals = [event for event in events(folder, "refusal") if event.about == RUN_LONG.subject]
        assert len(refusals) == 3
        late = browser(dss)
        again = late.send(RUN_LONG.kind, form(late, RUN_LONG))
        assert (again.status_code, "It runs already" in again.text) == (409, True)
        (row,) = (each for each in late.get("/actions").select("#lately tbody tr") if LONG.capitalize() in each.text)
        assert "Running" in row.text


def test_who_was_slow_to_take_a_turn_finds_what_another_did_meanwhile(
    dss: Server, folder: store.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between looking and claiming a busy machine may let so much time pass that the turn counts as passed over."""
    monkeypatch.setattr(actions, "PASSED_OVER_SECONDS", 0.5)
    sent = form(browser(dss), RUN)
    count, kept = runs(dss, SOON), len(events(folder, "action"))
    take, others = turns.take, [process]

    def slowly(*turn: Any) -> bool:
        if others:
            backend = others.pop()(dss, RUN.kind, sent)
            backend.join(90)
            assert backend.exitcode == 0
            time.sleep(0.6)
        return take(*turn)

    monkeypatch.setattr(turns, "take", slowly)
    answer = browser(dss).send(RUN.kind, sent)
    assert answer.status_code == 303, answer.text
    assert (runs(dss, SOON), len(events(folder, "action"))) == (count + 1, kept + 1)


@pytest.mark.parametrize("order", [RUN, BUILD], ids=["run", "build"])
def test_a_reload_after_it_was_done_starts_nothing(dss: Server, folder: store.Store, order: Order) -> None:
    page = browser(dss)
    sent = form(page, order)
    first = page.send(order.kind, sent)
    assert first.status_code == 303, first.text
    count = (runs(dss, SOON), jobs(dss))
    again = browser(dss).send(order.kind, sent)
    assert (again.status_code, again.headers["Location"]) == (303, first.headers["Location"])
    assert (runs(dss, SOON), jobs(dss)) == count


@pytest.mark.parametrize(
    ("order", "path", "loss"),
    [(RUN, FIRE, "lose"), (RUN, FIRE, "late"), (BUILD, JOBS, "lose"), (BUILD, JOBS, "cut_off")],
)
def test_a_lost_answer_is_found_again(dss: Server, folder: store.Store, order: Order, path: str, loss: str) -> None:
    """A run by the request that it carries, a job by who started it, what it builds, and when."""
    page = browser(dss)
    sent = form(page, order)
    count = runs(dss, SOON) + jobs(dss)
    if loss == "late":
        page.desk.access(page.headers)
        clients_of(page).timeout_seconds = 1.0
    getattr(dss.faults, loss)("POST", path, **({"seconds": 3} if loss == "late" else {}))
    answer = page.send(order.kind, sent)
    dss.faults.clear()
    assert answer.status_code == 303, answer.text
    until(lambda: progress(dss, answer.headers["Location"]).state is State.FINISHED)
    found = progress(dss, answer.headers["Location"])
    assert (found.outcome, bool(found.record.run_id or found.record.job_id)) == ("SUCCESS", True)
    assert runs(dss, SOON) + jobs(dss) == count + 1
    browser(dss).send(order.kind, sent)
    assert runs(dss, SOON) + jobs(dss) == count + 1


def clients_of(page: Any) -> Any:
    """The backend's own clients: those that it lends to people have their time-out."""
    return page.desk._doors.own


def test_nothing_is_started_while_part_of_the_record_cannot_be_read(dss: Server, folder: store.Store) -> None:
    """It may be this very request, or another that does the same."""
    page = browser(dss)
    sent = form(page, RUN)
    count = runs(dss, SOON)
    written = folder.append(store.event(folder.clients.now()[0], "note", "olivia", "scenario:NIGHTLY", "seen"))
    dss.faults.status("GET", f"/projects/RETAIL/managedfolders/*/contents{written.path}", 500)
    answer = page.send(RUN.kind, sent)
    assert answer.status_code != 303
    assert "could not be read" in answer.text
    assert runs(dss, SOON) == count
    dss.faults.clear()
    assert page.send(RUN.kind, sent).status_code == 303
    assert runs(dss, SOON) == count + 1


def test_what_never_reached_dss_is_not_sent_again_by_itself(dss: Server, folder: store.Store) -> None:
    page = browser(dss)
    sent = form(page, RUN)
    count = runs(dss, SOON)
    dss.faults.html("POST", FIRE, 502)
    answer = page.send(RUN.kind, sent)
    assert answer.status_code == 303, answer.text
    dss.faults.clear()
    assert progress(dss, answer.headers["Location"]).state is State.REQUESTED
    for _ in range(2):
        assert browser(dss).send(RUN.kind, sent).status_code == 303
    assert runs(dss, SOON) == count
    dss.instance.clock.advance(11 * 60)
    found = progress(dss, answer.headers["Location"])
    assert (found.state, "not repeated by itself" in found.said) == (State.CANNOT_TELL, True)
    new = browser(dss)
    assert new.send(RUN.kind, form(new, RUN)).status_code == 303
    assert runs(dss, SOON) == count + 1


# Where a backend dies: as a request of it arrives at DSS, which follows it all the same, or once DSS has done it and not
# yet answered; how often it then was started, and whether it was on record.
START, OUTCOME = "the start", "the outcome"
KILLS = [
    (RUN, CLAIM, False, 0, False),
    (RUN, CLAIM, True, 0, False),
    (RUN, EVENT, False, 0, None),  # whether the file still arrives whole is a matter of chance
    (RUN, EVENT, True, 0, True),
    (RUN, START, False, 1, True),
    (RUN, START, True, 1, True),
    (RUN, OUTCOME, False, 1, True),
    (RUN, OUTCOME, True, 1, True),
    (BUILD, EVENT, True, 0, True),
    (BUILD, START, True, 1, True),
]


@pytest.mark.parametrize(("order", "path", "done", "happened", "recorded"), KILLS)
def test_a_killed_backend_loses_and_doubles_nothing(
    dss: Server,
    folder: store.Store,
    monkeypatch: pytest.MonkeyPatch,
    order: Order,
    path: str,
    done: bool,
    happened: int,
    recorded: Optional[bool],
) -> None:
    monkeypatch.setattr(actions, "PASSED_OVER_SECONDS", 0.5)
    starts = FIRE if order is RUN else JOBS
    sent = form(browser(dss), order)
    count, kept = runs(dss, SOON) + jobs(dss), len(events(folder, "action"))
    backend: list[Any] = []

    def kill() -> None:
        backend[0].kill()
        time.sleep(0.2)

    if path == OUTCOME:
        # The event after the start is the second that is written.
        dss.faults.meanwhile("POST", starts, lambda: dss.faults.meanwhile("POST", EVENT, kill, done), done=True)
    else:
        dss.faults.meanwhile("POST", starts if path == START else path, kill, done)
    backend.append(process(dss, order.kind, sent))
    backend[0].join(90)
    assert backend[0].exitcode == -9, "it was not killed at this step"
    time.sleep(0.5)
    dss.faults.clear()
    assert runs(dss, SOON) + jobs(dss) == count + happened
    on_record = len(events(folder, "action")) == kept + 1
    assert recorded in (on_record, None)
    again = browser(dss).send(order.kind, sent)
    assert again.status_code == 303, again.text
    assert len(events(folder, "action")) == kept + 1
    if on_record and not happened:
        # On record, and DSS never heard of it: told as it is, and not sent by anybody but a person.
        assert progress(dss, again.headers["Location"]).state is State.REQUESTED
        assert runs(dss, SOON) + jobs(dss) == count
    else:
        until(lambda: progress(dss, again.headers["Location"]).state is State.FINISHED)
        assert runs(dss, SOON) + jobs(dss) == count + 1


@pytest.mark.parametrize(("path", "done"), [(CLAIM, False), (CLAIM, True), (EVENT, False), (EVENT, True)])
def test_a_backend_killed_while_it_writes_a_note_loses_and_doubles_nothing(
    dss: Server, folder: store.Store, path: str, done: bool
) -> None:
    """What is on record is whole and there once; what is not is told to whoever sends it again, and they may repeat it."""
    page = browser(dss)
    sent = {**page.permit(), "remark": f"looked at {path[-8:]} {done}"}
    backend: list[Any] = []

    def kill() -> None:
        backend[0].kill()
        time.sleep(0.2)

    dss.faults.meanwhile("POST", path, kill, done)
    backend.append(process(dss, "sign-off", sent))
    backend[0].join(90)
    assert backend[0].exitcode == -9, "it was not killed at this step"
    time.sleep(0.5)
    dss.faults.clear()

    def kept() -> int:
        return [event.text for event in events(folder, "sign_off")].count(sent["remark"])

    there = kept()
    again = page.send("sign-off", sent)
    if there == 0 and again.status_code == 409:
        assert "nothing on record says what became of it" in again.text
        anew = page.send("sign-off", {**page.permit(), "remark": sent["remark"]})
        assert anew.status_code == 303
    else:
        assert again.status_code == 303, again.text
    assert kept() == 1
    assert folder.events().unreadable == 0


def test_what_ends_is_kept_once_whoever_finds_it_out(dss: Server, folder: store.Store) -> None:
    page = browser(dss)
    answer = page.send(RUN.kind, form(page, RUN))
    until(lambda: progress(dss, answer.headers["Location"]).state is State.FINISHED)
    found = progress(dss, answer.headers["Location"])
    for _ in range(2):
        actions.settle(folder, found)

    def ends() -> list[Any]:
        about = f"action:{found.record.id}"
        return [e for e in events(folder, "outcome") if e.about == about and e.data["state"] == "finished"]

    until(lambda: len(ends()) == 1)
    assert ends()[0].data["outcome"] == "SUCCESS"
    assert found.log
