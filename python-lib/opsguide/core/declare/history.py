"""Who changed the profile, when, and what it said before: from the events of the state folder, the newest first."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ...model.declare import Past
from ...model.event import Event
from .. import words

KIND = "profile"
_LONGEST = 2_000


def changes(events: Iterable[Event], part: str = "") -> tuple[Past, ...]:
    """The changes of the profile, of one part where it is named ("datasets.sales_mart")."""
    found = sorted((event for event in events if event.kind == KIND), key=lambda event: event.order, reverse=True)
    told = (_past(event) for event in found)
    return tuple(each for each in told if not part or _concerns(each.what, part))


def _past(event: Event) -> Past:
    layer, _, path = str(event.data.get("path") or "").partition(".operations_guide")
    what = path.lstrip(".") or words.one_line(event.text) or "the profile"
    before, after = (_text(event.data.get(side)) for side in ("before", "after"))
    return Past(event.at, event.by, what, layer, before, after)


def _concerns(path: str, part: str) -> bool:
    return path == part or path.startswith(f"{part}.")


def _text(value: Any) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
