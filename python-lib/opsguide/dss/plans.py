"""Plans, quarantines and receipts in the state folder, and the one clean-up at a time that they allow.

    /plans/<plan>.json, .csv            what would be done
    /plans/log-debt/<plan>.json         the size of the project's logs at that time
    /quarantine/<kind>/<id>/<instant>.json, …-settings.json     an object put into quarantine, and how it looked
    /receipts/<plan>/<attempt>/start.json, 0001.json …, end.json, rows.csv      what was done

An attempt is over with its end.json, or given up when nothing was written to it for `GIVEN_UP`: then another may take its
place, and finds by looking what the one that was cut off had done.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Optional

from ..errors import DssNotFound
from ..model.cleanup import (
    PLAN_ID,
    Debt,
    Execution,
    Past,
    Plan,
    Quarantined,
    Receipt,
    debt_from,
    document,
    past_from,
    plan_from,
    plan_json,
    quarantined_from,
    receipt_from,
)
from ..model.known import Unknown
from . import raw
from .store import File, Store

GIVEN_UP = timedelta(minutes=15)
# A killed run loses the receipts of at most so many things; what became of those is then found by looking.
RECEIPTS_A_FILE = 20
# Executions and plans that the page looks back on.
HISTORY = 24

_DEBTS = "/plans/log-debt/"
_LONG_AGO = datetime.min.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class Attempt:
    """One execution of a plan as its files tell. `seen_at` is when it last wrote."""

    plan_id: str
    number: int
    ended: bool
    seen_at: Optional[datetime]

    def is_under_way(self, now: datetime) -> bool:
        return not self.ended and (self.seen_at is None or now - self.seen_at < GIVEN_UP)


def write(store: Store, plan: Plan, rows: bytes) -> None:
    """Keep a plan with its rows. The size of the logs is kept where they are this project's alone: with those of others
    among them, it would seem to grow from one plan to the next, and tell of projects that its readers may not see."""
    store.put(f"/plans/{plan.id}.json", plan_json(plan))
    store.put(f"/plans/{plan.id}.csv", rows)
    if plan.log_debt is not None and plan.projects == (plan.project_key,):
        store.put(f"{_DEBTS}{plan.id}.json", document(Debt(plan.made_at, plan.log_debt)))


def read(store: Store, plan_id: str) -> Optional[Plan]:
    """The plan of an id; None where there is none that can be read, or the id is no plan's."""
    if not PLAN_ID.fullmatch(plan_id):
        return None
    try:
        plan = plan_from(store.document(f"/plans/{plan_id}.json"))
    except DssNotFound:
        return None
    return plan if plan is not None and plan.id == plan_id else None


def ids(files: Iterable[File]) -> tuple[str, ...]:
    """The plans that are kept, newest first."""
    names = (file.path[len("/plans/") : -len(".json")] for file in files if file.path.startswith("/plans/"))
    return tuple(sorted((name for name in names if PLAN_ID.fullmatch(name)), reverse=True))


# --- quarantine ------------------------------------------------------------------------------------------------------


def quarantined(store: Store, files: Iterable[File]) -> tuple[Quarantined, ...]:
    """The objects that were put into quarantine, of each the last time; a file that holds none is passed over: its object
    begins anew."""
    names = [f.path for f in files if f.path.startswith("/quarantine/") and not f.path.endswith("-settings.json")]
    newest = {name.rpartition("/")[0]: name for name in sorted(names)}.values()
    with store.clients.batch() as batch:
        found = batch.results("the quarantine", {name: batch.start(store.document, name) for name in newest})
    held = (quarantined_from(each) for each in found.values() if not isinstance(each, Unknown))
    return tuple(each for each in held if each is not None)


def keep_quarantine(store: Store, held: Quarantined) -> None:
    store.put(f"{_quarantine(held.kind, held.id, held.since)}.json", document(held))


def keep_settings(store: Store, kind: str, object_id: str, since: datetime, settings: bytes) -> str:
    """Keep how an object looked; returns where."""
    place = f"{_quarantine(kind, object_id, since)}-settings.json"
    store.put(place, settings)
    return place


def _quarantine(kind: str, object_id: str, since: datetime) -> str:
    return f"/quarantine/{kind}/{object_id.replace('/', '_')}/{since:%Y%m%dT%H%M%S.%fZ}"


# --- attempts ----------------------------------------------------------------------------------------------------------


def attempts(files: Iterable[File]) -> tuple[Attempt, ...]:
    """Every execution there was, by plan and number."""
    found: dict[tuple[str, int], list[File]] = {}
    for file in files:
        parts = file.path.strip("/").split("/")
        if len(parts) == 4 and parts[0] == "receipts" and PLAN_ID.fullmatch(parts[1]) and parts[2].isdigit():
            found.setdefault((parts[1], int(parts[2])), []).append(file)
    return tuple(_attempt(plan_id, number, each) for (plan_id, number), each in sorted(found.items()))


def _attempt(plan_id: str, number: int, files: list[File]) -> Attempt:
    ended = any(file.path.endswith("/end.json") for file in files)
    seen = [file.written_at for file in files if file.written_at]
    return Attempt(plan_id, number, ended, max(seen, default=None))


def receipts(store: Store, files: Iterable[File], plan_id: str) -> tuple[Receipt, ...]:
    """What every attempt of a plan wrote down, in its order."""
    names = [f.path for f in files if f.path.startswith(f"/receipts/{plan_id}/") and f.path[-9:-5].isdigit()]
    names = sorted(name for name in names if name.endswith(".json"))
    with store.clients.batch() as batch:
        found = batch.results("the receipts", {name: batch.start(store.document, name) for name in names})
    return tuple(
        receipt
        for each in found.values()
        for receipt in map(receipt_from, raw.items(each if not isinstance(each, Unknown) else None, "receipts"))
        if receipt is not None
    )


class Ledger:
    """Where one attempt writes down what it does, a few receipts a file."""

    def __init__(self, store: Store, execution: Execution) -> None:
        self._store = store
        self._execution = execution
        self._root = f"/receipts/{execution.plan_id}/{execution.attempt}"
        self._waiting: list[Receipt] = []
        self._files = 0
        self.receipts: list[Receipt] = []

    def begin(self) -> None:
        self._store.put(f"{self._root}/start.json", document(self._execution))

    def add(self, receipt: Receipt) -> None:
        self.receipts.append(receipt)
        self._waiting.append(receipt)
        if len(self._waiting) >= RECEIPTS_A_FILE:
            self.flush()

    def flush(self) -> None:
        """Write what waits; also says to others that this attempt lives."""
        self._files += 1
        found: list[Any] = [json.loads(document(receipt)) for receipt in self._waiting]
        self._store.put(f"{self._root}/{self._files:04}.json", json.dumps({"receipts": found}).encode())
        self._waiting = []

    def end(self, execution: Execution, rows: bytes) -> None:
        self.flush()
        self._store.put(f"{self._root}/rows.csv", rows)
        told = {
            "ended_at": execution.ended_at,
            "counts": {o: execution.count(o) for o in ("done", "gone", "left", "failed")},
        }
        summary = {**told, "freed": execution.freed, "by": execution.by, "started_at": execution.started_at}
        self._store.put(f"{self._root}/end.json", json.dumps(summary, default=lambda at: at.isoformat()).encode())


def history(store: Store, files: Iterable[File]) -> tuple[tuple[Past, ...], tuple[Debt, ...]]:
    """The last executions, newest first, and how the logs on disk grew, oldest first."""
    over = [each for each in attempts(files) if each.ended][-HISTORY:]
    names = sorted(file.path for file in files if file.path.startswith(_DEBTS))[-HISTORY:]
    with store.clients.batch() as batch:
        ends = {f"/receipts/{each.plan_id}/{each.number}/end.json": each.plan_id for each in over}
        found = batch.results("the history", {name: batch.start(store.document, name) for name in (*ends, *names)})
    pasts = (past_from(found[name], plan_id) for name, plan_id in ends.items())
    debts = (debt_from(found[name]) for name in names)
    newest = sorted(filter(None, pasts), key=lambda past: past.ended_at or _LONG_AGO, reverse=True)
    return tuple(newest), tuple(filter(None, debts))
