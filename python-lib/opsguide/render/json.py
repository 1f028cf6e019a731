"""The guide for programs: `guide.json` and its JSON Schema."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Optional

from ..model.guide import SCHEMA_VERSION, Cell, Completeness, Guide, Link, Origin, Section, Tone, cells_of
from .urls import Urls


def guide_json(guide: Guide, urls: Urls) -> str:
    """The guide as JSON text. Instants are ISO 8601 with offset, durations seconds, links whole addresses where the
    address of DSS is known; `schema()` describes it all."""
    return json.dumps(guide_data(guide, urls), ensure_ascii=False, allow_nan=False, indent=1)


def guide_data(guide: Guide, urls: Urls) -> dict[str, Any]:
    """The same as plain dicts and lists."""
    return {
        "schema_version": guide.schema_version,
        "project_key": guide.project_key,
        "title": guide.title,
        "taken_at": as_instant(guide.taken_at),
        "zone": guide.zone,
        "completeness": _completeness(guide.completeness),
        "header": [_cell(cell, urls) for cell in guide.header],
        "sections": [_section(section, urls) for section in guide.sections],
    }


def _section(section: Section, urls: Urls) -> dict[str, Any]:
    return {
        "id": section.id,
        "title": section.title,
        "waits_for": list(section.waits_for),
        "cells": [_cell(cell, urls) for cell in cells_of(section)],
    }


def _cell(cell: Cell, urls: Urls) -> dict[str, Any]:
    return {
        "id": cell.id,
        "value": cell.value,
        "origin": cell.origin.value,
        "source": cell.source,
        "as_of": as_instant(cell.as_of),
        "reason": cell.reason,
        "needs": cell.needs,
        "tone": cell.tone.value,
        "verdict": cell.verdict,
        "declare": cell.declare,
        "at": as_instant(cell.at),
        "zone": cell.zone,
        "seconds": as_seconds(cell.seconds),
        "evidence": list(cell.evidence),
        "link": _link(cell.link, urls),
    }


def _link(link: Optional[Link], urls: Urls) -> Optional[dict[str, Any]]:
    if link is None:
        return None
    return {"screen": link.screen, "target": link.target, "label": link.label, "href": urls.href(link)}


def _completeness(completeness: Completeness) -> dict[str, Any]:
    return {
        "share": completeness.share,
        "counts": {origin.value: completeness.counts.get(origin.value, 0) for origin in Origin},
        "missing": [
            {
                "cell_id": missing.cell_id,
                "label": missing.label,
                "section_id": missing.section_id,
                "origin": missing.origin.value,
                "declare": missing.declare,
                "reason": missing.reason,
            }
            for missing in completeness.missing
        ],
    }


def as_instant(instant: Optional[datetime]) -> Optional[str]:
    """ISO 8601 with offset."""
    return None if instant is None else instant.isoformat()


def as_seconds(seconds: Optional[float]) -> Optional[float]:
    """JSON has no infinity: such a duration is one nobody can state."""
    return seconds if seconds is not None and float("-inf") < seconds < float("inf") else None


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of `guide.json`."""
    text: dict[str, Any] = {"type": "string"}
    instant: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
    texts: dict[str, Any] = {"type": "array", "items": text}
    origin: dict[str, Any] = {"enum": [origin.value for origin in Origin]}
    link = json_object(screen=text, target=text, label=text, href={"type": ["string", "null"]})
    cell = json_object(
        id={**text, "description": "Stable: section.row.column."},
        value={**text, "description": "Empty only where the origin is not_declared or unknown."},
        origin={**origin, "description": "Where the value comes from."},
        source={**text, "description": "What was read, in words."},
        as_of={**instant, "description": "When it was read."},
        reason={**text, "description": "Why it is unknown."},
        needs={**text, "description": "The right, version or step that would make it known."},
        tone={"enum": [tone.value for tone in Tone]},
        verdict={**text, "description": "A name of docs/definitions, or empty."},
        declare={**text, "description": "Path in the profile where a person would say it."},
        at={**instant, "description": "Set where the value is an instant."},
        zone={**text, "description": "Zone in which `value` says the instant."},
        seconds={"type": ["number", "null"], "description": "Set where the value is a duration."},
        evidence={**texts, "description": "What the value rests on, line by line."},
        link={"anyOf": [{"type": "null"}, link]},
    )
    missing = json_object(cell_id=text, label=text, section_id=text, origin=origin, declare=text, reason=text)
    counts = json_object(**{origin.value: {"type": "integer", "minimum": 0} for origin in Origin})
    section = json_object(
        id=text,
        title=text,
        waits_for={**texts, "description": "Parts not read; empty in a whole guide."},
        cells={"type": "array", "items": {"$ref": "#/$defs/cell"}},
    )
    guide = json_object(
        schema_version={"const": SCHEMA_VERSION},
        project_key=text,
        title=text,
        taken_at={"type": "string", "format": "date-time", "description": "The moment all of it is about."},
        zone={**text, "description": "The project's time zone."},
        completeness=json_object(
            share={"type": "number", "minimum": 0, "maximum": 1, "description": "Known cells of all cells."},
            counts=counts,
            missing={"type": "array", "items": missing},
        ),
        header={"type": "array", "items": {"$ref": "#/$defs/cell"}},
        sections={"type": "array", "items": section},
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Operations guide",
        **guide,
        "$defs": {"cell": cell},
    }


def json_object(**properties: Any) -> dict[str, Any]:
    """The schema of an object that has just these properties, all of them."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
