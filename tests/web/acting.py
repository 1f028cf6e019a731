"""Orders sent as a browser would, from this process and from others that can be killed."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.process import BaseProcess
from types import SimpleNamespace
from typing import Any, Union

import localdss
from localdss.server import Server
from opsguide.dss import store
from opsguide.model.action import Order, Progress, Proposal
from opsguide.service import TODAY, actions
from tests.readings import clients
from tests.waiting import until
from tests.web.test_actions import Browser

SECRET = b"shared by the processes of one backend"
SOON, LONG = "QUICK", "SLOW"

# Processes are forked from one that has all modules loaded, and never from this one with its threads.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.web.acting"])


@contextmanager
def served(story: str = "healthy") -> Iterator[Server]:
    """A local DSS with a state folder, a scenario that ends at once and one that takes longer than any test."""
    with localdss.serve(story=story) as dss:
        dss.instance.speed = 10_000
        for scenario_id, steps in ((SOON, []), (LONG, [_pausing(number) for number in range(60)])):
            dss.instance.projects["RETAIL"].scenarios[scenario_id] = {
                "type": "step_based",
                "name": scenario_id.capitalize(),
                "active": False,
                "params": {"steps": steps},
                "triggers": [],
                "runAsUser": "svc_retail",
            }
        store.create(clients(dss), "RETAIL")
        yield dss


def _pausing(number: int) -> dict[str, Any]:
    """A step that only says what it would do, and takes its ten seconds for it."""
    return {"id": f"s{number}", "name": f"Step {number}", "type": "sync_hive", "params": {}}


@contextmanager
def as_slow_as_life(dss: Server) -> Iterator[None]:
    """What is started goes on, until the end of the block."""
    dss.instance.speed = 1
    try:
        yield
    finally:
        dss.instance.speed = 10_000
        for work in list(dss.instance.works.values()):
            work.abort()


def settle(dss: Server, folder: store.Store) -> None:
    """Wait until nothing that was started goes on, and all that became of it is on record: for the next test."""
    until(lambda: not dss.instance.works)
    until(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("action ")])
    for ended in actions.under_way(clients(dss), "RETAIL"):
        actions.settle(folder, ended)


def browser(dss: Union[Server, Any], login: str = "dmitri", run_as: str = "svc_retail") -> Browser:
    """Somebody's browser on a page where actions are switched on."""
    found = Browser(dss, login, run_as, secret=SECRET)
    found.desk.settings = replace(found.desk.settings, actions_enabled=True)
    return found


def proposed(page: Browser, order: Order) -> Proposal:
    desk = page.desk
    access = desk.access(page.headers)
    return actions.propose_to(access, desk._reading(access, TODAY), order, desk._bench)


_shown: dict[tuple[str, Order], str] = {}


def form(page: Browser, order: Order, **changes: str) -> dict[str, str]:
    """The form of an order, filled in. What was shown follows from the flow alone: it is looked at once."""
    place = (page.desk._doors.own.base_url, order)
    _shown[place] = _shown.get(place) or proposed(page, order).shown
    given = {"about": order.subject, "reason": "the night failed", "shown": _shown[place]}
    given.update({name: value for name, value in (("mode", order.mode), ("partition", order.partition)) if value})
    if order.kind == "clear":
        given["typed"] = order.name
    return {**page.permit(), **given, **changes}


def progress(dss: Server, location: str) -> Progress:
    """What became of the action whose page an answer leads to."""
    action_id = location.rpartition("/")[2].partition("?")[0]
    found = actions.progress(clients(dss), "RETAIL", action_id, log=True)
    assert isinstance(found, Progress)
    return found


def clicks(url: str, kind: str, sent: Mapping[str, str], times: int) -> None:
    """So many clicks at once in a process of its own."""
    page = browser(SimpleNamespace(url=url))
    with ThreadPoolExecutor(times) as pool:
        list(pool.map(lambda _: page.send(kind, dict(sent)), range(times)))


def process(dss: Server, kind: str, sent: Mapping[str, str], times: int = 1) -> BaseProcess:
    """A backend of its own that gets so many clicks."""
    made = PROCESSES.Process(target=clicks, args=(dss.url, kind, dict(sent), times), daemon=True)
    made.start()
    return made
