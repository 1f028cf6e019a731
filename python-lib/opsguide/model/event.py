"""What people and the plugin did about a project: immutable events, kept in its state folder.

An event is written once and never changed; what stands now (who looked, what is muted until when) follows from folding
them in order. Instants are timezone-aware UTC.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Optional

SCHEMA_VERSION = 1

# kind: what it says. An event of a kind that is not here was written by a newer version: kept, never judged.
KINDS: Mapping[str, str] = {
    "sign_off": "somebody looked at the morning's check",
    "mute": "something does not alarm until a time",
    "unmute": "it alarms again",
    "acknowledge": "somebody takes an incident",
    "assign": "an incident is given to somebody",
    "note": "a remark",
    "resolve": "an incident is over, and what it was",
    "action": "an action was asked for, and its request id",
    "outcome": "what became of an action",
    "refusal": "an action that was not done, and why",
    "receipt": "what a macro changed, and how to undo it",
    "approval": "a plan that may be executed",
    "evaluation": "the project was judged, by which component",
    "digest": "a message that was sent",
    "profile": "the operations profile was changed",
    "task": "a task of the week or the month was done",
}

MAX_TEXT = 10_000
_NAME = re.compile(r"(\d{8}T\d{6}\.\d{6}Z)-([0-9a-f]{32})\.json")


@dataclass(frozen=True)
class Event:
    """`kind` is one of `KINDS`; `by` the login of who did it ('' for nobody in particular); `about` what it concerns,
    as "scenario:ID", "dataset:NAME", "folder:ID", "incident:ID", "action:ID", "plan:ID", "task:ID" or '' for the project; `text`
    what the person wrote; `data` the rest, JSON values only."""

    at: datetime
    uuid: str
    kind: str
    by: str = ""
    about: str = ""
    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def order(self) -> tuple[datetime, str]:
        """Events count in this order, whatever the order in which they were found."""
        return (self.at, self.uuid)

    @property
    def path(self) -> str:
        """Where in the state folder it is kept: by day, and by instant within the day."""
        return f"/events/{self.at:%Y-%m-%d}/{self.at:%Y%m%dT%H%M%S.%fZ}-{self.uuid}.json"


def instant_of(path: str) -> Optional[datetime]:
    """The instant of the event that a path of the state folder is about, None where it is no event's."""
    match = _NAME.fullmatch(path.rpartition("/")[2])
    if match is None:
        return None
    try:
        return datetime.strptime(match.group(1), "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def to_json(event: Event) -> str:
    """The event as its file holds it."""
    return json.dumps(
        {
            "schema_version": SCHEMA_VERSION,
            "at": event.at.astimezone(timezone.utc).isoformat(),
            "uuid": event.uuid,
            "kind": event.kind,
            "by": event.by,
            "about": event.about,
            "text": event.text[:MAX_TEXT],
            "data": dict(event.data),
        },
        sort_keys=True,
        allow_nan=False,
    )


def from_json(found: Any) -> Optional[Event]:
    """The event that a parsed file holds, None where it holds none."""
    if not isinstance(found, dict):
        return None
    texts = {name: found.get(name) for name in ("uuid", "kind", "by", "about", "text")}
    data = found.get("data")
    if not all(isinstance(value, str) for value in texts.values()) or not isinstance(data, dict):
        return None
    try:
        at = datetime.fromisoformat(str(found.get("at")))
        at = at.astimezone(timezone.utc) if at.tzinfo else at.replace(tzinfo=timezone.utc)
    except (ValueError, OverflowError):
        return None
    return Event(at, data=data, **texts)  # type: ignore[arg-type]
