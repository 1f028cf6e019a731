"""The status page as HTML and as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Optional

from ..model.guide import Cell, Origin
from ..model.known import Unknown, known
from ..model.report import FRESHNESS_ORDER, SLA_ORDER
from ..model.status import SCHEMA_VERSION, OutputStatus, Planned, Status
from . import html, svg
from .json import as_instant, json_object
from .phrases import day, zone_of
from .svg import Strip
from .urls import Urls


def status_document(found: Status, urls: Urls, *, inside: bool = False, root: str = "") -> str:
    """The status as a whole page that needs no script. `inside`: for a reader of the project, who has its other pages."""
    return _page("status_document.html", found, urls, inside, root)


def status_fragment(found: Status, urls: Urls, *, inside: bool = False, root: str = "") -> str:
    """The same without the document around it."""
    return _page("status.html", found, urls, inside, root)


def _page(template: str, found: Status, urls: Urls, inside: bool, root: str) -> str:
    first, _, rest = found.headline.partition("; ")
    return html.page(
        template,
        found.zone,
        urls,
        found=found,
        first=first,
        rest=rest,
        inside=inside,
        lines=tuple(_shown(line, found.zone) for line in known(found.outputs, ())),
        planned=tuple((each, _when(each, found.zone)) for each in found.planned),
        unread=found.outputs if isinstance(found.outputs, Unknown) else None,
        root=root,
    )


@dataclass(frozen=True)
class _Shown:
    """An output with its days as a drawing and its times as cells, which follow the reader's zone."""

    output: OutputStatus
    strip: Optional[Strip]
    times: tuple[Cell, ...]


def _shown(line: OutputStatus, zone: str) -> _Shown:
    times = (
        _time("Last updated", line.updated_at, zone),
        _time("Expected about", line.expected_at, zone),
    )
    return _Shown(line, svg.strip(line.days) if line.days else None, tuple(cell for cell in times if cell is not None))


def _when(each: Planned, zone: str) -> tuple[Cell, ...]:
    times = (
        None if each.going else _time("from", each.start, zone),
        _time("now, until" if each.going else "until", each.end, zone),
    )
    return tuple(cell for cell in times if cell is not None)


def _time(lead: str, at: Optional[datetime], zone: str) -> Optional[Cell]:
    if at is None:
        return None
    local = at.astimezone(zone_of(zone) or timezone.utc)
    return Cell("", f"{lead} {day(local)} {local:%H:%M}", Origin.LIVE, at=at)


def status_json(found: Status) -> str:
    """The status as JSON text; `status_schema()` describes it."""
    return json.dumps(status_data(found), ensure_ascii=False, allow_nan=False, indent=1)


def status_data(found: Status) -> dict[str, Any]:
    """The same as plain dicts and lists, worst first."""
    return {
        "schema_version": found.schema_version,
        "project_key": found.project_key,
        "title": found.title,
        "taken_at": as_instant(found.taken_at),
        "zone": found.zone,
        "headline": found.headline,
        "tone": found.tone.value,
        "unknown": found.outputs.reason if isinstance(found.outputs, Unknown) else "",
        "outputs": [_output(each) for each in known(found.outputs, ())],
        "unpromised": list(found.unpromised),
        "planned": [_planned(each) for each in found.planned],
    }


def _output(each: OutputStatus) -> dict[str, Any]:
    return {
        "name": each.name,
        "kind": each.kind,
        "promise": each.promise,
        "verdict": each.verdict,
        "state": each.state,
        "tone": each.tone.value,
        "due_at": as_instant(each.due_at),
        "updated_at": as_instant(each.updated_at),
        "expected_at": as_instant(each.expected_at),
        "kept": each.kept,
        "judged": each.judged,
        "days": [{"day": day.day.isoformat(), "verdict": day.verdict} for day in each.days],
    }


def _planned(each: Planned) -> dict[str, Any]:
    return {
        "system": each.system,
        "start": as_instant(each.start),
        "end": as_instant(each.end),
        "impact": each.impact,
        "going": each.going,
    }


def status_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of `status.json`."""
    text: dict[str, Any] = {"type": "string"}
    count: dict[str, Any] = {"type": "integer", "minimum": 0}
    instant: dict[str, Any] = {"type": "string", "format": "date-time"}
    perhaps: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
    tone: dict[str, Any] = {"enum": ["good", "none", "quiet", "unknown", "notice", "bad"]}
    day = json_object(day={"type": "string", "format": "date"}, verdict={"enum": list(SLA_ORDER)})
    output = json_object(
        name=text,
        kind=text,
        promise={**text, "description": "As its owner declared it."},
        verdict={"enum": [*SLA_ORDER, *(each for each in FRESHNESS_ORDER if each not in SLA_ORDER)]},
        state={**text, "description": "The verdict in a consumer's words."},
        tone=tone,
        due_at=perhaps,
        updated_at={**perhaps, "description": "The end of the last good build; null: none, or not known."},
        expected_at={**perhaps, "description": "While it is waited for: half of past cases were ready by then."},
        kept={**count, "description": "Of `judged` due days, those on which it was ready in time."},
        judged=count,
        days={"type": "array", "items": day, "description": "The due days of the last 90, oldest first."},
    )
    planned = json_object(system=text, start=instant, end=instant, impact=text, going={"type": "boolean"})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Status",
        **json_object(
            schema_version={"const": SCHEMA_VERSION},
            project_key=text,
            title=text,
            taken_at={**instant, "description": "The moment all of it is about."},
            zone=text,
            headline=text,
            tone={**tone, "description": "The worst it tells."},
            unknown={**text, "description": "Why no output can be told; empty: they can."},
            outputs={"type": "array", "items": output, "description": "What is promised, worst first."},
            unpromised={"type": "array", "items": text, "description": "Outputs of which nothing is promised."},
            planned={"type": "array", "items": planned},
        ),
    }
