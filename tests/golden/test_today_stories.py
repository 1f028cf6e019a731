"""Today of the sample project as a program and a reader get it, from every story there is."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import groupby
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

import localdss
from localdss import story
from opsguide import service
from opsguide.core.assess import assess
from opsguide.core.today import today
from opsguide.render import html
from opsguide.render.markdown import today_markdown
from opsguide.render.today_json import today_json, today_schema
from opsguide.render.urls import Urls
from opsguide.settings import Settings
from tests.readings import clients
from tests.whole import foreign_markup

STORIES = [name for name in story.names() if name != "scale"]  # that one is for measuring
THURSDAY = datetime(2025, 11, 13, 6, 12, tzinfo=timezone.utc)  # 07:12 in Paris
# A story's oldest builds are told from the moment at which it was loaded, to the millisecond.
UNSTEADY = {r"(T\d\d:\d\d):\d\d(\.\d+)?\+": r"\1+", r"(T\d\d-\d\d-\d\d)\.\d{3}": r"\1"}
URLS = Urls("https://dss.example.com", "RETAIL")


def _file(extension: str) -> type[SingleFileSnapshotExtension]:
    class File(SingleFileSnapshotExtension):
        _write_mode = WriteMode.TEXT
        file_extension = _file_extension = extension  # the second is its name before syrupy 5

    return File


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.dss("12.6")
def test_today_of_a_story(name: str, snapshot: SnapshotAssertion) -> None:
    with localdss.serve(story=name, at=THURSDAY) as dss:
        read = service.read(clients(dss, "olivia"), "RETAIL", Settings(), need=service.TODAY)
    # Judged as of one moment, however long the reading took.
    seen = replace(read.snapshot, taken_at=THURSDAY + timedelta(seconds=1), elapsed_seconds=0.5)
    found = today(seen, read.declared, assess(seen, read.declared))
    data, text = json.loads(today_json(found)), today_markdown(found, URLS)
    problems = Draft202012Validator(today_schema(), format_checker=FormatChecker()).iter_errors(data)
    assert [problem.message for problem in problems] == []
    assert foreign_markup(html.today_document(found, URLS)) == []
    short = json.dumps(_short(data), indent=1, ensure_ascii=False) + "\n"
    assert _steady(short) == snapshot(name="json", extension_class=_file("json"))
    assert _steady(text) == snapshot(name="md", extension_class=_file("md"))


def _short(data: dict[str, Any]) -> dict[str, Any]:
    """The same in fewer lines: runs of equal days as one, each mark as one, ages in minutes."""
    for output in data["outputs"]:
        verdicts = groupby(day["verdict"] for day in output["days"])
        output["days"] = " ".join(f"{len(list(group))}×{verdict}" for verdict, group in verdicts)
        output["age_seconds"] = output["age_seconds"] and f"{output['age_seconds'] // 60:.0f} min"
    for lane in data["timeline"]["lanes"]:
        lane["marks"] = [f"{m['kind']} {m['verdict']} {m['start']} {m['end']} {m['text']}" for m in lane["marks"]]
    return data


def _steady(text: str) -> str:
    for unsteady, steady in UNSTEADY.items():
        text = re.sub(unsteady, steady, text)
    return text
