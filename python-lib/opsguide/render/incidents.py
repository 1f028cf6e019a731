"""Incidents as HTML and as JSON."""

from __future__ import annotations

import json
from typing import Any, Optional

from ..model.incident import (
    KINDS,
    SCHEMA_VERSION,
    STATES,
    Due,
    Excerpt,
    Incident,
    IncidentPage,
    Incidents,
    Mention,
    Symptom,
)
from ..model.known import Unknown
from . import html
from .html import NO_FORMS, Permit
from .json import as_instant, as_seconds, json_object
from .markdown import page_markdown
from .phrases import exact
from .urls import Urls


def incidents_document(found: Incidents, urls: Urls, root: str = "") -> str:
    """The list as a whole page that needs no script."""
    return _list("incidents_document.html", found, urls, root)


def incidents_fragment(found: Incidents, urls: Urls, root: str = "") -> str:
    """The list without the document around it."""
    return _list("incidents.html", found, urls, root)


def incident_document(found: IncidentPage, urls: Urls, permit: Permit = NO_FORMS, root: str = "../") -> str:
    """One incident as a whole page that needs no script."""
    return _one("incident_document.html", found, urls, permit, root)


def incident_fragment(found: IncidentPage, urls: Urls, permit: Permit = NO_FORMS, root: str = "../") -> str:
    """One incident without the document around it."""
    return _one("incident.html", found, urls, permit, root)


def _list(template: str, found: Incidents, urls: Urls, root: str) -> str:
    first, _, rest = found.headline.partition("; ")
    return html.page(template, found.zone, urls, found=found, first=first, rest=rest, root=root)


def _one(template: str, found: IncidentPage, urls: Urls, permit: Permit, root: str) -> str:
    may_write = bool(permit.token) and not found.keeping
    return html.page(
        template,
        found.zone,
        urls,
        found=found,
        permit=permit if may_write else None,
        why_not=found.keeping or permit.why_not,
        lines=_numbered(found.excerpt),
        unread=found.excerpt if isinstance(found.excerpt, Unknown) else None,
        root=root,
    )


def _numbered(excerpt: Any) -> tuple[tuple[int, str, bool], ...]:
    """(number, text, whether it is the error) of each line of an excerpt."""
    if not isinstance(excerpt, Excerpt):
        return ()
    return tuple((number, line, number == excerpt.error) for number, line in enumerate(excerpt.lines, excerpt.first))


# --- to send, to print, to keep ---------------------------------------------------------------------------------------


def incidents_markdown(found: Incidents, urls: Urls) -> str:
    """The list as one Markdown document, ending in a line break."""
    return page_markdown(
        found.title, found.headline, exact(found.taken_at, found.zone), found.sections, urls, found.banners
    )


def incident_markdown(found: IncidentPage, urls: Urls) -> str:
    """One incident with its log as one Markdown document, ending in a line break."""
    lines = found.excerpt.lines if isinstance(found.excerpt, Excerpt) else ()
    log = (("The Log Around the First Error", lines),)
    read = exact(found.taken_at, found.zone)
    return page_markdown(found.title, found.headline, read, found.sections, urls, found.banners, log)


# --- for programs ----------------------------------------------------------------------------------------------------


def incidents_json(found: Incidents) -> str:
    """The list as JSON text; `incidents_schema()` describes it."""
    return json.dumps(incidents_data(found), ensure_ascii=False, allow_nan=False, indent=1)


def incidents_data(found: Incidents) -> dict[str, Any]:
    """The same as plain dicts and lists: open ones first, the worst and newest in front."""
    unread = found.incidents if isinstance(found.incidents, Unknown) else None
    return {
        "schema_version": found.schema_version,
        "project_key": found.project_key,
        "title": found.title,
        "taken_at": as_instant(found.taken_at),
        "zone": found.zone,
        "headline": found.headline,
        "tone": found.tone.value,
        "notes": ["".join(str(part) for part in banner.parts) for banner in found.banners],
        "unknown": None if unread is None else {"reason": unread.reason, "needs": unread.needs},
        "keeping": found.keeping,
        "incidents": [] if isinstance(found.incidents, Unknown) else [_incident(each) for each in found.incidents],
        "reading": {"calls": found.calls, "elapsed_seconds": as_seconds(found.elapsed_seconds)},
    }


def _incident(each: Incident) -> dict[str, Any]:
    return {
        "id": each.id,
        "title": each.title,
        "state": each.state,
        "tone": each.tone.value,
        "muted": each.muted,
        "remark": each.remark,
        "root": _symptom(each.root),
        "follows": [_symptom(symptom) for symptom in each.others],
        "assignee": each.assignee,
        "acknowledged_at": as_instant(each.acknowledged_at),
        "resolved_at": as_instant(each.resolved_at),
        "recovered_at": as_instant(each.recovered_at),
        "seconds_to_acknowledge": as_seconds(each.seconds_to_acknowledge),
        "seconds_to_recover": as_seconds(each.seconds_to_recover),
        "escalation": _due(each.due),
        "history": [_mention(mention) for mention in each.mentions],
    }


def _symptom(symptom: Symptom) -> dict[str, Any]:
    return {
        "id": symptom.id,
        "kind": symptom.kind,
        "subject": symptom.subject,
        "name": symptom.name,
        "verdict": symptom.verdict,
        "reason": symptom.said,
        "began_at": as_instant(symptom.began_at) if symptom.dated else None,
        "ended_at": as_instant(symptom.ended_at),
        "run_id": symptom.run_id,
        "times": symptom.times,
    }


def _due(due: Optional[Due]) -> Optional[dict[str, Any]]:
    if due is None:
        return None
    return {"issue": due.issue, "first": due.first, "to": due.to, "after": due.after, "at": as_instant(due.at)}


def _mention(mention: Mention) -> dict[str, Any]:
    return {
        "at": as_instant(mention.at),
        "by": mention.by,
        "kind": mention.kind,
        "text": mention.text,
        "to": mention.to,
    }


def incidents_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of `incidents.json`."""
    text: dict[str, Any] = {"type": "string"}
    count: dict[str, Any] = {"type": "integer", "minimum": 0}
    instant: dict[str, Any] = {"type": "string", "format": "date-time"}
    perhaps: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
    number: dict[str, Any] = {"type": ["number", "null"]}
    symptom = json_object(
        id={**text, "description": "Also an address: incidents/<id>."},
        kind={"enum": list(KINDS)},
        subject={**text, "description": "“scenario:ID”, “dataset:NAME”, “folder:ID” or “instance”."},
        name=text,
        verdict={**text, "description": "Of scenarios, outputs or sources, as in today.json."},
        reason=text,
        began_at={**perhaps, "description": "null: since when is not on record."},
        ended_at={**perhaps, "description": "null: it lasts."},
        run_id=text,
        times={**count, "description": "Runs or days in a row."},
    )
    escalation = json_object(
        issue={**text, "description": "The matrix's row."},
        first=text,
        to={**text, "description": "Empty: nobody is declared."},
        after={**text, "description": "As the matrix says it."},
        at={**perhaps, "description": "null: the matrix's time cannot be read, or since when is not on record."},
    )
    mention = json_object(
        at=instant, by=text, kind={"enum": ["acknowledge", "assign", "note", "resolve"]}, text=text, to=text
    )
    incident = json_object(
        id={**text, "description": "The same in every reading: from what it began with, and when."},
        title=text,
        state={"enum": list(STATES), "description": "resolved: by a person; recovered: well again by itself."},
        tone=text,
        muted={**text, "description": "Until when and by whom it does not alarm; empty: it alarms."},
        remark=text,
        root={**symptom, "description": "What is nearest to the cause."},
        follows={"type": "array", "items": symptom, "description": "What follows from it, an inference."},
        assignee=text,
        acknowledged_at=perhaps,
        resolved_at=perhaps,
        recovered_at=perhaps,
        seconds_to_acknowledge=number,
        seconds_to_recover=number,
        escalation={"anyOf": [{"type": "null"}, escalation]},
        history={"type": "array", "items": mention},
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Incidents",
        **json_object(
            schema_version={"const": SCHEMA_VERSION},
            project_key=text,
            title=text,
            taken_at={**instant, "description": "The moment all of it is about."},
            zone=text,
            headline=text,
            tone={"enum": ["good", "none", "quiet", "unknown", "notice", "bad"], "description": "The worst it tells."},
            notes={"type": "array", "items": text},
            unknown={
                "anyOf": [{"type": "null"}, json_object(reason=text, needs=text)],
                "description": "Why no incident can be told; null: they can.",
            },
            keeping={**text, "description": "Why nothing can be written down about them; empty: it can."},
            incidents={"type": "array", "items": incident, "description": "Open ones first, the worst in front."},
            reading=json_object(calls=count, elapsed_seconds=number),
        ),
    }
