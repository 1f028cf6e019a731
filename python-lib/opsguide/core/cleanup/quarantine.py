"""Quarantine: an object that nobody uses is tagged with a day, and only one that nobody touched until then is deleted.

The tag alone never deletes anything: the state folder must hold when the object was tagged and how it looked, so that a
tag written by hand, a day moved forward or an object changed since begins the quarantine anew or ends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Optional

from ...model.cleanup import DELETE, QUARANTINE, QUARANTINE_TAG, RELEASE, Options, Quarantined, Thing


def tag_day(tags: tuple[str, ...]) -> Optional[date]:
    """The day of the quarantine's tag, None where there is none that can be read. Of several the latest counts."""
    days = []
    for tag in tags:
        if tag.startswith(QUARANTINE_TAG):
            try:
                days.append(date.fromisoformat(tag[len(QUARANTINE_TAG) :]))
            except ValueError:
                continue
    return max(days, default=None)


def is_tagged(tags: tuple[str, ...]) -> bool:
    return any(tag.startswith(QUARANTINE_TAG) for tag in tags)


def step(
    thing: Thing,
    held: Mapping[tuple[str, str], Quarantined],
    options: Options,
    now: datetime,
    protected: tuple[str, ...],
) -> tuple[str, str, tuple[str, ...]]:
    """What is next for an object that could go: (action, reason, what protects it).

    Worked example, 30 days: tagged on 1 March with "…:2026-03-31"; a run on 30 March waits, one on 31 March deletes, and
    one at any time before releases it when a recipe reads it meanwhile."""
    if not is_tagged(thing.tags):
        until = now + timedelta(days=options.quarantine_days)
        return QUARANTINE, f"nothing uses it: quarantined until {until:%Y-%m-%d}", protected
    if protected:
        return RELEASE, f"leaves quarantine: {protected[0]}", ()
    record, day = held.get((thing.project_key, thing.id)), tag_day(thing.tags)
    if record is None or day is None:
        return QUARANTINE, "its tag was not set by a clean-up: its quarantine begins now", ()
    if record.version != thing.version:
        return RELEASE, "leaves quarantine: it was changed or built since", ()
    if now < record.until or now.date() < day:
        return DELETE, "in quarantine", (f"in quarantine until {max(day, record.until.date())}",)
    if record.since > now:
        return DELETE, "its quarantine is over", ("its quarantine began in the future: a clock is wrong",)
    return DELETE, f"in quarantine since {record.since:%Y-%m-%d}, untouched", ()
