"""The portfolio as HTML and as JSON."""

from __future__ import annotations

import json
from typing import Any

from ..model.portfolio import SCHEMA_VERSION, VERDICTS, Finding, NotRead, Portfolio, Standing
from . import html
from .json import as_instant, as_seconds, json_object
from .urls import Urls

_STATES = ("wrong", "unknown", "fine")


def portfolio_document(found: Portfolio, urls: Urls, root: str = "") -> str:
    """The portfolio as a whole page that needs no script."""
    return _page("portfolio_document.html", found, urls, root)


def portfolio_fragment(found: Portfolio, urls: Urls, root: str = "") -> str:
    """The portfolio's page without the document around it."""
    return _page("portfolio.html", found, urls, root)


def portfolio_result(found: Portfolio, urls: Urls) -> str:
    """A macro's result: a part of DSS's own page, with its style inside."""
    return _page("portfolio_result.html", found, urls, "")


def _page(template: str, found: Portfolio, urls: Urls, root: str) -> str:
    first, _, rest = found.headline.partition("; ")
    done = found.total - len(found.not_read)
    return html.page(template, found.zone, urls, found=found, first=first, rest=rest, done=done, root=root)


def portfolio_json(found: Portfolio) -> str:
    """The portfolio as JSON text; `portfolio_schema()` describes it."""
    return json.dumps(portfolio_data(found), ensure_ascii=False, allow_nan=False, indent=1)


def portfolio_data(found: Portfolio) -> dict[str, Any]:
    """The same as plain dicts and lists, worst first."""
    return {
        "schema_version": found.schema_version,
        "taken_at": as_instant(found.taken_at),
        "headline": found.headline,
        "tone": found.tone.value,
        "reading": found.reading,
        "scope": found.scope,
        "notes": list(found.notes),
        "total": found.total,
        "projects": [_standing(each) for each in found.projects],
        "not_read": [_not_read(each) for each in found.not_read],
        "findings": [_finding(each) for each in found.findings],
        "calls": found.calls,
        "elapsed_seconds": as_seconds(found.elapsed_seconds),
        "next_check_seconds": as_seconds(found.next_check_seconds),
    }


def _standing(each: Standing) -> dict[str, Any]:
    return {
        "project_key": each.key,
        "name": each.project.name,
        "owner": each.project.owner_login,
        "tags": list(each.project.tags),
        "verdict": each.verdict,
        "headline": each.headline,
        "problems": list(each.problems),
        "more_problems": each.more_problems,
        "scenarios": dict(each.scenarios),
        "outputs": dict(each.outputs),
        "basis": each.basis,
        "remarks": list(each.remarks),
    }


def _not_read(each: NotRead) -> dict[str, Any]:
    return {"project_key": each.project.key, "name": each.project.name, "reason": each.reason}


def _finding(each: Finding) -> dict[str, Any]:
    return {
        "id": each.id,
        "title": each.title,
        "state": each.state,
        "said": each.said,
        "needs": each.needs,
        "evidence": list(each.evidence),
        "left_out": each.left_out,
    }


def portfolio_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of `portfolio.json`."""
    text: dict[str, Any] = {"type": "string"}
    texts: dict[str, Any] = {"type": "array", "items": text}
    number: dict[str, Any] = {"type": "integer", "minimum": 0}
    counts: dict[str, Any] = {"type": "object", "additionalProperties": number}
    seconds: dict[str, Any] = {"type": ["number", "null"], "minimum": 0}
    standing = json_object(
        project_key=text,
        name=text,
        owner=text,
        tags=texts,
        verdict={"enum": list(VERDICTS)},
        headline=text,
        problems=texts,
        more_problems=number,
        scenarios=counts,
        outputs=counts,
        basis=text,
        remarks=texts,
    )
    finding = json_object(
        id=text, title=text, state={"enum": list(_STATES)}, said=text, needs=text, evidence=texts, left_out=number
    )
    whole = json_object(
        schema_version={"const": SCHEMA_VERSION},
        taken_at={"type": "string", "format": "date-time"},
        headline=text,
        tone=text,
        reading={"type": "boolean"},
        scope=text,
        notes=texts,
        total=number,
        projects={"type": "array", "items": standing},
        not_read={"type": "array", "items": json_object(project_key=text, name=text, reason=text)},
        findings={"type": "array", "items": finding},
        calls=number,
        elapsed_seconds=seconds,
        next_check_seconds=seconds,
    )
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "portfolio.json", **whole}
