"""Incidents of the sample project as a program and the person on call get them, from every story in which something fails."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from syrupy.assertion import SnapshotAssertion

import localdss
from opsguide import service
from opsguide.core.assess import assess
from opsguide.model.guide import cells_of
from opsguide.model.incident import Excerpt, IncidentPage
from opsguide.model.known import Unknown
from opsguide.render.incidents import incident_document, incidents_document, incidents_json, incidents_schema
from opsguide.render.urls import Urls
from opsguide.service.incidents import incident_of, incidents_of
from opsguide.settings import Settings
from tests.golden.test_today_stories import THURSDAY, _file, _steady
from tests.readings import clients
from tests.whole import foreign_markup

STORIES = ("failed-upstream", "late-source", "schema-change", "never-ran", "nightly-late", "overnight-warning")
URLS = Urls("https://dss.example.com", "RETAIL")


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.dss("12.6")
def test_incidents_of_a_story(name: str, snapshot: SnapshotAssertion) -> None:
    with localdss.serve(story=name, at=THURSDAY) as dss:
        who = clients(dss, "olivia")
        read = service.read(who, "RETAIL", Settings(), need=service.TODAY)
        # Judged as of one moment, however long the reading took.
        seen = replace(read.snapshot, taken_at=THURSDAY + timedelta(seconds=1), elapsed_seconds=0.5)
        reading = replace(read, snapshot=seen, report=assess(seen, read.declared))
        found = incidents_of(who, reading)
        page = incident_of(who, reading, found.incidents[0].id)
    assert page is not None
    data = json.loads(incidents_json(found))
    problems = Draft202012Validator(incidents_schema(), format_checker=FormatChecker()).iter_errors(data)
    assert [problem.message for problem in problems] == []
    assert foreign_markup(incidents_document(found, URLS)) == []
    assert foreign_markup(incident_document(page, URLS)) == []
    short = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
    assert _steady(short) == snapshot(name="json", extension_class=_file("json"))
    assert _steady(_told(page)) == snapshot(name="md", extension_class=_file("md"))


def _told(page: IncidentPage) -> str:
    """What the page says, a line for each cell."""
    lines = [f"# {page.title}"]
    for section in page.sections:
        lines.append(f"\n## {section.title}")
        for cell in cells_of(section):
            said = cell.value or f"({cell.origin.value}: {cell.reason})"
            lines.append(f"- {cell.id}: {said}" + "".join(f"\n  - {line}" for line in cell.evidence))
        if section.id == "what-failed":
            lines.extend(_log(page.excerpt))
    return "\n".join(lines) + "\n"


def _log(excerpt: object) -> list[str]:
    if isinstance(excerpt, Unknown):
        return [f"\nlog: {excerpt.reason}"]
    if not isinstance(excerpt, Excerpt):
        return ["\nlog: none"]
    numbered = enumerate(excerpt.lines, excerpt.first)
    return ["\n```", *(f"{n:>4}{'!' if n == excerpt.error else ' '} {line}" for n, line in numbered), "```"]
