"""What counts now, of all that people did: a fold of events.

For a person: *a mute ends by itself at its time, or when somebody ends it; the newest of several counts. Nobody can mute
for longer than a month. An event from a clock that runs ahead waits until its time has come; ending a mute counts at
once.* So whatever goes wrong with a clock, a thing that should alarm does.

Worked example: muted at 07:00 until 12:00, muted again at 08:00 until 10:00, and now it is 09:00: muted until 10:00; at
10:00 it alarms.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any, Optional

from ..model.event import KINDS, Event
from ..model.known import Cause, Known, Unknown
from ..model.ledger import FOLDER, LONGEST_MUTE, Ledger, Mute, about
from ..model.report import Report

# Clocks differ by seconds; this much ahead still counts as now.
AHEAD = timedelta(minutes=5)


def ledger(
    events: Iterable[Event], now: datetime, *, left_out: int = 0, unreadable: int = 0, folders: int = 1
) -> Ledger:
    """The events in their order, and what follows from them at `now`; the order in which they come never matters."""
    each = {event.order: event for event in events}
    ordered = [each[order] for order in sorted(each)]
    strange = tuple(event for event in ordered if not _understood(event))
    known = [event for event in ordered if _understood(event)]
    counted = tuple(event for event in known if event.at <= now + AHEAD)
    return Ledger(
        now=now,
        events=counted,
        mutes=_mutes(counted, _ended(known), now),
        later=tuple(event for event in known if event.at > now + AHEAD),
        strange=strange,
        left_out=left_out,
        unreadable=unreadable,
        folders=folders,
    )


def _understood(event: Event) -> bool:
    return event.kind in KINDS and (event.kind != "mute" or mute_end(event) is not None)


def mute_end(event: Event) -> Optional[datetime]:
    """When a mute ends, at the latest `LONGEST_MUTE` after it began; None where it names no end."""
    try:
        until = datetime.fromisoformat(str(event.data.get("until")))
        aware = until if until.tzinfo else until.replace(tzinfo=timezone.utc)
        return min(aware.astimezone(timezone.utc), event.at + LONGEST_MUTE)
    except (ValueError, OverflowError):
        return None


def _ended(known: Iterable[Event]) -> frozenset[str]:
    """The mutes that somebody ended by name: these count whatever the clock of who ended them said."""
    return frozenset(uuid for event in known if event.kind == "unmute" for uuid in _texts(event.data.get("ends")))


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, (list, tuple)) else ()


def _mutes(counted: Iterable[Event], ended: frozenset[str], now: datetime) -> tuple[Mute, ...]:
    standing: dict[str, list[Event]] = {}
    for event in counted:
        if event.kind == "unmute" and not _texts(event.data.get("ends")):
            standing.pop(event.about, None)
        elif event.kind == "mute" and event.about and event.uuid not in ended:
            standing.setdefault(event.about, []).append(event)
    found = (_mute(events) for _, events in sorted(standing.items()))
    return tuple(mute for mute in found if mute.until > now)


def _mute(events: list[Event]) -> Mute:
    """The newest counts; whoever ends it ends the older ones with it."""
    last = events[-1]
    until = mute_end(last)
    assert until is not None, "a mute without an end is not understood"
    return Mute(last.about, last.at, until, last.by, last.text, tuple(event.uuid for event in events))


def with_mutes(report: Report, found: Known[Optional[Ledger]], project_key: str) -> Report:
    """The report with what is muted marked as such. Where the ledger could not be read, everything alarms."""
    standing = () if found is None or isinstance(found, Unknown) else found.mutes
    by_subject = {mute.about: mute for mute in standing}
    scenarios, outputs = report.scenarios, report.outputs
    if not isinstance(scenarios, Unknown):
        scenarios = tuple(replace(each, muted=by_subject.get(about("SCENARIO", each.id))) for each in scenarios)
    if not isinstance(outputs, Unknown):
        outputs = tuple(
            replace(each, muted=by_subject.get(about(each.ref.kind, each.ref.smart_name(project_key))))
            for each in outputs
        )
    return replace(report, scenarios=scenarios, outputs=outputs, tasks_done=_tasks_done(found))


def _tasks_done(found: Known[Optional[Ledger]]) -> Known[tuple[Event, ...]]:
    if isinstance(found, Unknown):
        return found
    if found is None:
        return Unknown(f"there is no managed folder {FOLDER} to keep it", Cause.NOT_RECORDED)
    return tuple(event for event in found.events if event.kind == "task")
