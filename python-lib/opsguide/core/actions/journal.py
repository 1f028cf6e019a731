"""What the state folder says of actions: a fold of events, and what DSS shows beside it.

For a person: *an action is on record before DSS hears of it. What became of it is added when somebody finds out; until
then DSS is asked. Nothing found within ten minutes, and it cannot be told any more: a person has to look.*
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Optional

from ...model.action import MODES, Order, Progress, Record, State, order_of
from ...model.event import Event
from ...model.snapshot import Job, Run
from .. import words

# What was sent and is nowhere to be seen may still be starting for so long.
MAY_STILL_COME = timedelta(minutes=10)
# A job's definition is dated by DSS, its event by the Date of an answer: whole seconds.
CLOCKS_DIFFER = timedelta(seconds=5)
JOB_COMES_WITHIN = timedelta(minutes=2)

_ENDED_WELL = ("SUCCESS", "DONE")
_OUTCOMES = {"DONE": "SUCCESS"}


def records(events: Iterable[Event]) -> tuple[Record, ...]:
    """Every action that was asked for, newest first; the order of the events never matters."""
    found: dict[str, Record] = {}
    ordered = sorted(events, key=lambda event: event.order)
    for event in ordered:
        order = order_of(event.data.get("order")) if event.kind == "action" else None
        if order is not None:
            found[event.uuid] = _asked(event, order)
    for event in ordered:
        what, _, action_id = event.about.partition(":")
        if event.kind in ("outcome", "refusal") and what == "action" and action_id in found:
            found[action_id] = _with(found[action_id], event)
    return tuple(sorted(found.values(), key=lambda record: (record.at, record.id), reverse=True))


def _asked(event: Event, order: Order) -> Record:
    data = event.data
    usual, outputs = data.get("usual_seconds"), data.get("outputs")
    return Record(
        event.uuid,
        _text(data, "request"),
        order,
        _text(data, "title") or order.kind,
        event.at,
        event.by,
        event.text,
        outputs=tuple(name for name in outputs if isinstance(name, str)) if isinstance(outputs, (list, tuple)) else (),
        usual_seconds=float(usual) if isinstance(usual, (int, float)) and not isinstance(usual, bool) else None,
    )


def _with(record: Record, event: Event) -> Record:
    """The record with what an event adds. What has ended stays ended, and a fact once known is not forgotten."""
    data = event.data
    state = next((each for each in State if each.value == data.get("state")), None)
    if state is None or record.state in (State.FINISHED, State.REFUSED):
        return record
    return replace(
        record,
        state=state,
        said=event.text,
        outcome=_text(data, "outcome") or record.outcome,
        fire=_text(data, "fire") or record.fire,
        run_id=_text(data, "run_id") or record.run_id,
        job_id=_text(data, "job_id") or record.job_id,
        started_at=_instant(data, "started_at") or record.started_at,
        ended_at=_instant(data, "ended_at") or record.ended_at,
    )


def overlaps(record: Record, order: Order, outputs: Iterable[str]) -> bool:
    """Whether an order would do again what a record does: run the same scenario, build or clear the same object,
    compute the same."""
    if order.kind.startswith("abort") or record.order.kind.startswith("abort"):
        return record.order.kind == order.kind and record.order.subject == order.subject
    if record.outputs and not set(record.outputs).isdisjoint(outputs):
        return True
    return record.order.kind == order.kind and record.order.subject == order.subject


def the_job(record: Record, jobs: Iterable[Job], others: Iterable[Record] = ()) -> tuple[Optional[Job], bool]:
    """The job that an order started and whose id was lost, and whether there is a doubt: jobs carry no request, so that
    initiator, type, outputs and time must tell. Of several that fit none is taken; one that is known to be another
    record's does not fit."""
    if record.job_id:
        return next((job for job in jobs if job.id == record.job_id), None), False
    wanted = frozenset(record.outputs)
    taken = {other.job_id for other in others if other.id != record.id}
    fitting = [job for job in jobs if job.id not in taken and _fits(record, job, wanted)]
    return (fitting[0], False) if len(fitting) == 1 else (None, bool(fitting))


def _fits(record: Record, job: Job, outputs: frozenset[str]) -> bool:
    at = job.initiated_at or job.start
    return (
        at is not None
        and record.at - CLOCKS_DIFFER <= at <= record.at + JOB_COMES_WITHIN
        and job.initiator == record.by
        and (not job.type or job.type == MODES[record.order.mode or "only"][0])
        and frozenset(ref.id for ref, _ in job.outputs) == frozenset(name.rpartition(".")[2] for name in outputs)
        and all(partition == record.order.partition for _, partition in job.outputs if partition)
    )


# --- now -------------------------------------------------------------------------------------------------------------


def of_run(record: Record, run: Optional[Run], now: datetime) -> Progress:
    """An action that runs a scenario, with its run as DSS shows it."""
    if run is None:
        return unseen(record, now, "run")
    end = None if run.start is None or record.usual_seconds is None else run.start + _seconds(record.usual_seconds)
    if run.running:
        return Progress(
            record,
            State.RUNNING,
            f"Run {run.run_id} goes on.",
            now,
            started_at=run.start,
            expected_end=end,
            may_abort=Order("abort-scenario", record.order.subject),
        )
    outcome = run.outcome or ""
    return _ended(record, f"run {run.run_id}", outcome, run.message, now, run.start, run.end)


def of_job(record: Record, job: Optional[Job], doubt: bool, now: datetime) -> Progress:
    """An action that builds, with its job as DSS lists it."""
    if doubt:
        said = "Several jobs fit what was asked for: which of them it is cannot be told."
        return Progress(record, State.CANNOT_TELL, said, now)
    if job is None:
        return unseen(record, now, "job")
    start = job.start or job.initiated_at
    if not job.finished:
        end = None if start is None or record.usual_seconds is None else start + _seconds(record.usual_seconds)
        abort = Order("abort-job", f"job:{job.id}")
        return Progress(
            record,
            State.RUNNING,
            f"Job {job.id} goes on.",
            now,
            started_at=start,
            expected_end=end,
            may_abort=abort,
        )
    return _ended(record, f"job {job.id}", _OUTCOMES.get(job.state, job.state), "", now, start, job.end)


def unseen(record: Record, now: datetime, what: str) -> Progress:
    """An action of which DSS shows nothing: as it was recorded, and after a while not to be told."""
    if not record.state.open:
        return of_record(record, now)
    if now - record.at <= MAY_STILL_COME:
        known = record.state is State.STARTED
        said = f"DSS took it; its {what} is not to be seen yet." if known else f"No {what} of it is to be seen yet."
        return Progress(record, record.state, said, now)
    said = (
        f"No {what} of it was found in DSS. Look there whether it happened; it is not repeated by itself, and asking for "
        "it again is safe once you know."
    )
    return Progress(record, State.CANNOT_TELL, said, now)


def of_record(record: Record, now: datetime) -> Progress:
    """An action as it was recorded, where there is nothing more to ask."""
    return Progress(record, record.state, record.said, now, record.outcome, record.started_at, record.ended_at)


def _ended(
    record: Record,
    what: str,
    outcome: str,
    message: str,
    now: datetime,
    start: Optional[datetime],
    end: Optional[datetime],
) -> Progress:
    well = outcome in _ENDED_WELL
    took = f" after {words.duration((end - start).total_seconds())}" if start and end and end >= start else ""
    cause = f": {words.one_line(message)}" if message and not well else ""
    said = f"{words.capital(what)} ended{took} with {outcome or 'no outcome'}{cause}"
    return Progress(record, State.FINISHED, said if said.endswith(".") else f"{said}.", now, outcome, start, end)


def _seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""


def _instant(data: Mapping[str, Any], key: str) -> Optional[datetime]:
    try:
        found = datetime.fromisoformat(_text(data, key))
    except ValueError:
        return None
    return found if found.tzinfo else None
