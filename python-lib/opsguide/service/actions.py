"""Acting on DSS because a person asked for it: thought through, once, as them, and followed until it is over.

The order of things is what makes it happen once. What is asked is on record before DSS hears of it; only one request of a
project at a time may get on record, because each names the one before; and whoever finds a request on record never sends
it again, but looks what became of it. So two clicks, two tabs, two processes, a reload, or a process that died between
any two of these steps start one run.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Optional, Union

from ..core import words
from ..core.actions import NOT_KEPT, Case, built, overlaps, propose, records, told_of
from ..core.actions.journal import MAY_STILL_COME, of_job, of_record, of_run, the_job, unseen
from ..core.compose.scene import Scene
from ..dss import actions, store, turns
from ..dss.identity import Access
from ..dss.rights import login_of
from ..dss.session import Clients, attempt
from ..dss.store import EventCache, Store
from ..errors import DssDenied, DssError, DssNotFound, DssUnreachable, InvalidParameter
from ..model.action import KINDS, MODES, Order, Progress, Proposal, Record, Rights, State
from ..model.event import Event
from ..model.known import Known, Unknown
from ..model.report import DurationStat
from ..model.snapshot import Instance
from ..settings import Settings
from .acts import Asked, Done, Outcome, Refused
from .logbook import recall
from .offering import rights_of
from .reading import Reading, read

# What an action is judged by once more when it is confirmed: the lists, without the histories.
AT_ONCE = frozenset({"project", "variables", "scenarios", "graph", "datasets", "jobs"})

# A request whose process died before it got on record is passed over after the first; who gets on record later than the
# second does not go on. So the two never overlap, as long as clocks differ by less than what lies between them.
PASSED_OVER_SECONDS = 30.0
ON_RECORD_WITHIN_SECONDS = 15.0
# So every request outlasts one that died before it.
PATIENCE_SECONDS = 45.0

# Actions older than this are no longer looked for in DSS before the next one.
STILL_LOOKED_FOR = timedelta(days=1)
MOST_LOOKED_FOR = 6
LOOK_BACK = timedelta(days=90)
# Refusals of one person who may not write, kept by the web app in their name.
MOST_NOTED_A_DAY = 20

FOLLOW_PAUSES_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)
FOLLOW_AT_MOST_SECONDS = 24 * 3600.0

_log = logging.getLogger(__name__)
# The requests of one process get on record one after the other: claims are for those of different processes.
_one_by_one = threading.Lock()

Records = tuple[Record, ...]


@dataclass(frozen=True)
class Bench:
    """What acting takes besides the person: the plugin's settings, the web app's own clients, which keep the books for
    people who may run scenarios and not write, the node where it is known, and the events read before."""

    settings: Settings
    books: Optional[Clients] = None
    node: Optional[Instance] = None
    events: Optional[EventCache] = None


@dataclass(frozen=True)
class _Kept:
    """An order on record. Whoever holds this tells DSS; `known` are the actions that were on record before."""

    state: Store
    case: Case
    event: Event
    known: Records


_OTHERS_FIRST = Refused(
    "Nothing was done: another request is just getting on record.", "Try again in two minutes at the latest."
)


# --- before ----------------------------------------------------------------------------------------------------------


def propose_to(access: Access, reading: Reading, order: Order, bench: Bench) -> Proposal:
    """An order as it is shown before it is confirmed, from what was read of the project and a few calls more. Nothing is
    changed."""
    clients, key = access.clients, reading.snapshot.project_key
    rights = (
        Rights(False, False, access.needs_to_write) if access.needs_to_write else rights_of(clients, key, bench.books)
    )
    case = Case(
        Scene(reading.snapshot, reading.declared, reading.report),
        order,
        rights,
        reading.ledger,
        under_way(clients, key, bench.events),
        access.login,
    )
    return propose(case)


def under_way(clients: Clients, key: str, cache: Optional[EventCache] = None) -> Known[tuple[Progress, ...]]:
    """The actions of the last day that may still go on or of which nobody knows, newest first."""
    found = lately(clients, key, cache)
    if isinstance(found, Unknown) or found is None:
        return () if found is None else found
    return _looked_for(clients, key, found)


def _looked_for(clients: Clients, key: str, known: Iterable[Record]) -> tuple[Progress, ...]:
    """What of the actions on record nobody saw the end of yet, asked of DSS."""
    since = clients.now()[0] - STILL_LOOKED_FOR
    waiting = [each for each in known if each.at >= since and each.state not in (State.FINISHED, State.REFUSED)]
    return tuple(look(clients, key, record, known) for record in waiting[:MOST_LOOKED_FOR])


def lately(clients: Clients, key: str, cache: Optional[EventCache] = None) -> Known[Optional[tuple[Record, ...]]]:
    """The actions on record, newest first; None where there is no state folder."""
    state = store.find(clients, key, cache)
    if state is None or isinstance(state, Unknown):
        return state
    read_ = attempt("the state folder", state.events, clients.now()[0] - LOOK_BACK)
    return read_ if isinstance(read_, Unknown) else records(read_.events)


def as_they_are(clients: Clients, key: str, known: Records) -> Records:
    """The actions on record, with what became meanwhile of those whose end nobody saw: one call or two for each."""
    seen = {
        now.record.id: replace(now.record, state=now.state, outcome=now.outcome, said=now.said)
        for now in _looked_for(clients, key, known)
    }
    return tuple(seen.get(record.id, record) for record in known)


# --- once ------------------------------------------------------------------------------------------------------------


def perform(asked: Asked, order: Order, bench: Bench) -> Outcome:
    """Do what an order says, once. InvalidParameter for what was entered wrongly, DssDenied where DSS does not let the
    person keep the record: nothing has happened then."""
    if order.kind == "clear" and asked.form.get("typed") != order.name:
        raise InvalidParameter(f"Type the name “{order.name}” to confirm that its data goes.", name="typed")
    until = time.monotonic() + PATIENCE_SECONDS
    if not _one_by_one.acquire(timeout=PATIENCE_SECONDS):
        return _OTHERS_FIRST
    try:
        kept = _put_on_record(asked, order, bench, until)
    finally:
        _one_by_one.release()
    return _start(asked, kept) if isinstance(kept, _Kept) else kept


def _put_on_record(asked: Asked, order: Order, bench: Bench, until: float) -> Union[_Kept, Outcome]:
    """The order on record, to be started by the caller and nobody else; else what became of it, or why not."""
    clients, key = asked.access.clients, asked.project_key
    state = _state(asked, bench)
    if isinstance(state, Refused):
        return state
    events = _events(state)
    answered = _answered(asked, events)
    if answered is not None:
        return answered
    acting = login_of(clients)
    if acting != asked.access.login:
        return Refused(
            f"Nothing was done: DSS would have done it as {acting or 'nobody'}, not as you.",
            f"To act here: {asked.access.needs_to_write or 'an administrator has to look at “Impersonation in webapps”'}.",
        )
    rights = rights_of(clients, key, bench.books)
    right = KINDS[order.kind].right
    if rights.holds(right) is False:
        said = f"It takes the right “{right}” on {key}, which you lack."
        _noted_for_them(state, asked, order, said, bench, events)
        return Refused(said, "An administrator of the project can give it.")
    if rights.write is False and not rights.run:
        said = f"Nothing was done. {NOT_KEPT}"
        _noted_for_them(state, asked, order, said, bench, events)
        return Refused(said)
    state = _writable(state, rights, bench)
    reading = read(clients, key, bench.settings, need=AT_ONCE, node=bench.node, ledger=None)
    scene = Scene(reading.snapshot, reading.declared, reading.report)
    case = Case(scene, order, rights, recall(clients, key, bench.events), login=asked.access.login)
    shown = propose(case)
    if asked.form.get("shown") != shown.shown:
        return _refused(
            state,
            asked,
            order,
            "What it would build is no longer what you were shown.",
            "Look at it again, then confirm.",
        )
    if shown.blocked:
        return _refused(state, asked, order, shown.blocked[0].text)
    return _first(state, asked, case, shown, until)


def _state(asked: Asked, bench: Bench) -> Union[Store, Refused]:
    found = store.find(asked.access.clients, asked.project_key, bench.events)
    if isinstance(found, Unknown):
        needs = f"It needs {found.needs}." if found.needs else "Try again in a moment."
        return Refused(f"Nothing was done, because nothing can be recorded: {found.reason}.", needs)
    if found is None:
        return Refused(
            "Nothing was done: without a state folder nobody could tell whether it happened once.",
            "Create the state folder on the page Today.",
        )
    return found


def _writable(state: Store, rights: Rights, bench: Bench) -> Store:
    """The state folder as the person, or as the web app for somebody who is known to be allowed to run scenarios and not
    to write: DSS lets them run, and the record of it must be kept."""
    if rights.write is False and rights.run and bench.books is not None:
        return Store(bench.books, state.project_key, state.folder_id, state.others, bench.events)
    return state


def _events(state: Store) -> tuple[Event, ...]:
    """What is on record, all of it or DssUnreachable: one of those not read may be this very request."""
    found = state.events(state.clients.now()[0] - LOOK_BACK)
    if found.unread is not None:
        raise DssUnreachable(found.unread.reason)
    return found.events


def _answered(asked: Asked, events: Iterable[Event]) -> Optional[Outcome]:
    """What became of this very request, None where it is new."""
    by = asked.access.login
    mine = [event for event in events if event.data.get("request") == asked.request and event.by == by]
    if not mine:
        return None
    first = min(mine, key=lambda event: event.order)
    return Refused(first.text) if first.kind == "refusal" else Done(first, f"actions/{first.uuid}")


def _refused(state: Store, asked: Asked, order: Order, reason: str, advice: str = "") -> Refused:
    state.append(asked.event("refusal", order.subject, reason, order=order.to_json()))
    return Refused(reason, advice)


def _noted_for_them(state: Store, asked: Asked, order: Order, said: str, bench: Bench, events: Iterable[Event]) -> None:
    """Keep by the web app's own hand, where it may, that somebody was refused who may not write: so often a day, so that
    nobody fills the folder by asking."""
    since = asked.access.clients.now()[0] - timedelta(days=1)
    login = asked.access.login
    before = [each for each in events if each.kind == "refusal" and each.by == login and each.at >= since]
    if bench.books is None or len(before) >= MOST_NOTED_A_DAY:
        return
    kept = Store(bench.books, state.project_key, state.folder_id, state.others, bench.events)
    noted = attempt("the refusal", _refused, kept, asked, order, said)
    if isinstance(noted, Unknown):
        _log.warning("%s was refused “%s”, which could not be kept: %s", login, order.kind, noted.reason)


def _first(state: Store, asked: Asked, case: Case, shown: Proposal, until: float) -> Union[_Kept, Outcome]:
    """Get on record before anybody of another process does."""
    names = [case.scene.smart(ref) for ref in built(case.scene, case.order)]
    while True:
        events = _events(state)
        answered = _answered(asked, events)
        if answered is not None:
            return answered
        known = records(events)
        alike_first = sorted(known, key=lambda each: not overlaps(each, case.order, names))
        waiting = _looked_for(asked.access.clients, asked.project_key, alike_first)
        for ended in waiting:
            settle(state, ended)
        going = [each for each in waiting if each.state.open and overlaps(each.record, case.order, names)]
        if going:
            record = going[0].record
            said = f"{record.by} asked for the same at {case.scene.time(record.at)}: it is {going[0].state.value}."
            return _refused(state, asked, case.order, said, "Watch it on the page of that action.")
        last = known[0] if known else None
        began = time.monotonic()
        # Who was slow to take a turn that others passed over finds out by looking once more: somebody follows `last`
        # already, who may have done the same.
        turn, silence = f"action-after-{last.id if last else 'none'}", timedelta(seconds=PASSED_OVER_SECONDS)
        ours = turns.take(state, turn, asked.access.login, silence)
        if ours and _ids(records(_events(state))[:1]) == _ids(known[:1]):
            break
        if time.monotonic() > until:
            return _OTHERS_FIRST
        time.sleep(store.SETTLE_SECONDS / 2)
    event = _on_record(state, asked, case, shown, names, last)
    kept = _Kept(state, case, event, known)
    if time.monotonic() - began > ON_RECORD_WITHIN_SECONDS:
        said = "Nothing was started: it took too long to get on record. Ask for it again."
        _append(state, asked, event, State.REFUSED, said)
        return Refused(said)
    return kept


def _ids(known: Records) -> list[str]:
    return [record.id for record in known]


def _on_record(
    state: Store, asked: Asked, case: Case, shown: Proposal, names: list[str], last: Optional[Record]
) -> Event:
    event = asked.event(
        "action",
        case.order.subject,
        asked.form.get("reason", ""),
        order=case.order.to_json(),
        title=shown.title,
        outputs=names,
        usual_seconds=shown.takes.p50 if isinstance(shown.takes, DurationStat) else None,
        told=list(told_of(shown)),
    )
    if last is not None and event.at <= last.at:
        # Clocks differ: what follows must not be dated before what it follows.
        event = replace(event, at=last.at + timedelta(microseconds=1))
    return state.append(event)


# --- starting --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Sent:
    """What came of telling DSS."""

    state: State
    said: str


def _start(asked: Asked, kept: _Kept) -> Outcome:
    """Tell DSS, and keep what it says. Whatever goes wrong from here on, the request is on record."""
    clients, key = asked.access.clients, asked.project_key
    state, case, event, known = kept.state, kept.case, kept.event, kept.known
    (record,) = records([event])
    try:
        sent, data = _send(clients, key, case, record)
    except (DssDenied, DssNotFound) as error:
        needs = f"“{error.needs}”" if isinstance(error, DssDenied) else error.needs
        takes = f" It takes {needs}." if error.needs else ""
        sent, data = _Sent(State.REFUSED, f"DSS refused: {error}.{takes}"), {}
    except DssError as error:
        if error.status < 500:
            sent, data = _Sent(State.REFUSED, f"DSS refused: {error}."), {}
        else:
            sent, data = _look_again(clients, key, record, known, error)
    except DssUnreachable as error:
        sent, data = _look_again(clients, key, record, known, error)
    _append(state, asked, event, sent.state, sent.said, **data)
    if sent.state is State.REFUSED:
        return Refused(sent.said)
    if sent.state.open:
        _follow(state, key, replace(record, state=sent.state, said=sent.said, **_told_by_dss(data)))
    return Done(event, f"actions/{event.uuid}")


def _told_by_dss(data: dict[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in ("fire", "run_id", "job_id") if name in data}


def _send(clients: Clients, key: str, case: Case, record: Record) -> tuple[_Sent, dict[str, Any]]:
    order = case.order
    if order.kind == "run-scenario":
        fire = actions.run_scenario(clients, key, order.name, record.request)
        if fire.cancelled:
            return _Sent(State.REFUSED, "DSS did not start it: it runs already."), {"fire": fire.id}
        return _Sent(State.STARTED, "DSS took it."), {"fire": fire.id}
    if order.kind in ("build", "rebuild-from"):
        refs = built(case.scene, order)
        outputs = [(ref, order.partition if _takes_partition(case, ref) else "") for ref in refs]
        job_id = actions.start_job(clients, key, MODES[order.mode or "only"][0], outputs)
        return _Sent(State.STARTED if job_id else State.REQUESTED, "DSS took it."), {"job_id": job_id}
    if order.kind == "abort-scenario":
        actions.abort_scenario(clients, key, order.name)
        return _seen(clients, key, record, "DSS was told to abort it.")
    if order.kind == "abort-job":
        actions.abort_job(clients, key, order.name)
        return _seen(clients, key, record, "DSS was told to abort it.")
    if order.kind == "compute-metrics":
        actions.compute_metrics(clients, key, order.name, order.partition)
        return _ended("The metrics are computed.")
    if order.kind == "compute-rules":
        future = actions.compute_rules(clients, key, order.name, order.partition)
        return (_Sent(State.STARTED, "DSS computes them."), {"fire": future}) if future else _ended("Computed.")
    actions.clear(clients, key, order.name, order.partition)
    return _seen(clients, key, record, "DSS says that it is cleared.")


def _takes_partition(case: Case, ref: Any) -> bool:
    dataset = case.scene.datasets.get(ref)
    return dataset is not None and bool(dataset.partitioned_by)


def _seen(clients: Clients, key: str, record: Record, said: str) -> tuple[_Sent, dict[str, Any]]:
    """What DSS says that it did, read back."""
    now = look(clients, key, replace(record, state=State.STARTED))
    if now.state is State.FINISHED:
        return _Sent(State.FINISHED, f"{said} {now.said}"), {"outcome": now.outcome}
    return _Sent(State.STARTED, f"{said} {now.said}"), {}


def _ended(said: str) -> tuple[_Sent, dict[str, Any]]:
    return _Sent(State.FINISHED, said), {"outcome": "SUCCESS"}


def _look_again(
    clients: Clients, key: str, record: Record, known: Records, error: Exception
) -> tuple[_Sent, dict[str, Any]]:
    """The answer is lost, and it may have happened: look, and do not send it again."""
    found = look(clients, key, record, known)
    if found.state in (State.RUNNING, State.FINISHED):
        data = {"run_id": found.record.run_id, "job_id": found.record.job_id}
        said = f"The answer was lost ({error}); it was found again. {found.said}"
        return _Sent(State.STARTED, said), {name: value for name, value in data.items() if value}
    return _Sent(State.REQUESTED, f"The answer of DSS was lost ({error}): it may have happened or not."), {}


def _append(state: Store, asked: Asked, event: Event, became: State, said: str, **data: Any) -> None:
    """What became of an action. Where it cannot be kept, DSS is asked again by whoever looks: nothing is lost."""
    kind = "refusal" if became is State.REFUSED else "outcome"
    given = {name: value for name, value in data.items() if value}
    outcome = asked.event(kind, f"action:{event.uuid}", said, state=became.value, **given)
    try:
        state.append(replace(outcome, at=max(outcome.at, event.at + timedelta(microseconds=1))))
    except (DssError, DssUnreachable) as error:
        _log.warning("what became of action %s could not be kept: %s", event.uuid, error)


# --- after -----------------------------------------------------------------------------------------------------------


def look(clients: Clients, key: str, record: Record, known: Iterable[Record] = ()) -> Progress:
    """An action as it is now: asked of DSS as far as anything is left to ask. `known` are the other actions on record:
    what one of them started is not this one's."""
    now = clients.now()[0]
    if record.state in (State.FINISHED, State.REFUSED):
        return of_record(record, now)
    try:
        return _LOOKS[record.order.kind](clients, key, record, tuple(known))
    except (DssError, DssUnreachable) as error:
        return replace(of_record(record, now), said=f"What DSS says of it could not be read: {error}.")


def _look_for_run(clients: Clients, key: str, record: Record, known: Records) -> Progress:
    run = actions.find_run(clients, key, record.order.name, record.request, record.fire, record.run_id)
    return of_run(record if run is None else replace(record, run_id=run.run_id), run, clients.now()[0])


def _look_for_job(clients: Clients, key: str, record: Record, known: Records) -> Progress:
    if record.job_id:
        return of_job(record, actions.job(clients, key, record.job_id), False, clients.now()[0])
    job, doubt = the_job(record, actions.jobs(clients, key), known)
    return of_job(record if job is None else replace(record, job_id=job.id), job, doubt, clients.now()[0])


def _look_for_values(clients: Clients, key: str, record: Record, known: Records) -> Progress:
    """Metrics and rules say when they were computed last."""
    now = clients.now()[0]
    if record.fire:
        over = actions.future_ended(clients, record.fire)
        if over is False:
            return Progress(record, State.RUNNING, "DSS computes them.", now, started_at=record.at)
        if over is True:
            # A dataset may have none, so that no value tells.
            return Progress(record, State.FINISHED, "They are computed.", now, "SUCCESS", record.at, now)
    at = actions.computed_at(clients, key, record.order.name, record.order.kind)
    if at is not None and at >= record.at - timedelta(seconds=1):
        return Progress(record, State.FINISHED, "They are computed.", now, "SUCCESS", record.at, at)
    return unseen(record, now, "value")


def _look_whether_it_runs(clients: Clients, key: str, record: Record, known: Records) -> Progress:
    """An abort is over when what it was to end no longer goes on."""
    order = record.order
    if order.kind == "abort-scenario":
        runs = actions.runs_now(clients, key, order.name)
    else:
        job = actions.job(clients, key, order.name)
        runs = None if job is None else not job.finished
    now = clients.now()[0]
    if runs is False and record.state is State.STARTED:
        return Progress(record, State.FINISHED, "It no longer runs.", now, "SUCCESS", record.at, now)
    if runs and now - record.at <= MAY_STILL_COME:
        return Progress(record, record.state, "It still runs.", now)
    return unseen(record, now, "effect")


def _look_whether_it_is_empty(clients: Clients, key: str, record: Record, known: Records) -> Progress:
    now = clients.now()[0]
    held = actions.holds_rows(clients, key, record.order.name, record.order.partition)
    if held is False:
        return Progress(record, State.FINISHED, "It holds no rows.", now, "SUCCESS", record.at, now)
    why = f"it could not be read back: {held.reason}" if isinstance(held, Unknown) else "it holds rows"
    if record.state is State.STARTED:
        # DSS said that it is done; rows that came since were built since.
        return Progress(record, State.FINISHED, f"{words.capital(why)}.", now, "SUCCESS", record.at, now)
    return Progress(record, State.CANNOT_TELL, f"Whether it was cleared cannot be told: {why}.", now)


_LOOKS: dict[str, Callable[[Clients, str, Record, Records], Progress]] = {
    "run-scenario": _look_for_run,
    "build": _look_for_job,
    "rebuild-from": _look_for_job,
    "compute-metrics": _look_for_values,
    "compute-rules": _look_for_values,
    "abort-scenario": _look_whether_it_runs,
    "abort-job": _look_whether_it_runs,
    "clear": _look_whether_it_is_empty,
}


def progress(
    clients: Clients, key: str, action_id: str, cache: Optional[EventCache] = None, *, log: bool = False
) -> Known[Optional[Progress]]:
    """One action as it is now, with the end of its log where that is asked for; None where none of that id is on record."""
    found = lately(clients, key, cache)
    if found is None or isinstance(found, Unknown):
        return found
    record = next((each for each in found if each.id == action_id), None)
    if record is None:
        return None
    now = look(clients, key, record, found)
    known = now.record
    if now.state is State.RUNNING and known.run_id:
        step = attempt("the step", actions.step_of, clients, key, known.order.name, known.run_id)
        now = replace(now, step="" if isinstance(step, Unknown) else step)
    return replace(now, log=_log_of(clients, key, known)) if log else now


def _log_of(clients: Clients, key: str, record: Record) -> Known[tuple[str, ...]]:
    if record.run_id:
        return attempt("the log of the run", actions.run_log, clients, key, record.order.name, record.run_id)
    if record.job_id:
        return attempt("the log of the job", actions.job_log, clients, key, record.job_id)
    return ()


def settle(state: Store, now: Progress) -> None:
    """Keep how an action ended. Whoever finds the same end writes the same file; of several ends the first counts."""
    record = now.record
    if now.state is not State.FINISHED or now.ended_at is None:
        return
    event = Event(
        max(now.ended_at, record.at + timedelta(microseconds=2)),
        hashlib.sha256(f"the end of {record.id}".encode()).hexdigest()[:32],
        "outcome",
        "",
        f"action:{record.id}",
        now.said,
        {
            "state": now.state.value,
            "outcome": now.outcome,
            "run_id": record.run_id,
            "job_id": record.job_id,
            "started_at": now.started_at.isoformat() if now.started_at else "",
            "ended_at": now.ended_at.isoformat(),
        },
    )
    state.append(event)


def _follow(state: Store, key: str, record: Record) -> None:
    """Watch it in the background and keep how it ends. Should this process die, the next action or page finds it out."""

    def watch() -> None:
        until = time.monotonic() + FOLLOW_AT_MOST_SECONDS
        pauses = list(FOLLOW_PAUSES_SECONDS)
        while time.monotonic() < until:
            time.sleep(pauses.pop(0) if len(pauses) > 1 else pauses[0])
            now = look(state.clients, key, record)
            if now.state.open:
                continue
            try:
                settle(state, now)
            except (DssError, DssUnreachable) as error:
                _log.warning("how action %s ended could not be kept: %s", record.id, error)
            return

    threading.Thread(target=watch, name=f"action {record.id}", daemon=True).start()
