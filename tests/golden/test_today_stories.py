"""Today of the sample project as a program and a reader get it, from every story there is."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from itertools import groupby
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

import localdss
from localdss import story
from opsguide.render.today_json import today_schema
from tests.whole import Visit, foreign_markup

STORIES = [name for name in story.names() if name != "scale"]  # that one is for measuring
THURSDAY = datetime(2025, 11, 13, 6, 12, tzinfo=timezone.utc)  # 07:12 in Paris
INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d):\d\d(\.\d+)?(\+00:00)")
# How long a reading takes, and what names its second or millisecond, differs each time.
UNSTEADY = {
    r"(\d\d:\d\d):\d\d CET": r"\1:00 CET",
    r"(T\d\d-\d\d-\d\d)\.\d{3}": r"\1.000",
}


def _file(extension: str) -> type[SingleFileSnapshotExtension]:
    class File(SingleFileSnapshotExtension):
        _write_mode = WriteMode.TEXT
        file_extension = _file_extension = extension  # the second is its name before syrupy 5

    return File


@pytest.mark.parametrize("name", STORIES)
def test_today_of_a_story(name: str, snapshot: SnapshotAssertion) -> None:
    with localdss.serve(story=name, at=THURSDAY) as dss:
        visit = Visit(dss, login="olivia")
        data, text, page = json.loads(visit.get("/today.json")), visit.get("/today.md"), visit.get("/today")
    problems = Draft202012Validator(today_schema(), format_checker=FormatChecker()).iter_errors(data)
    assert [problem.message for problem in problems] == []
    assert foreign_markup(page) == []
    for unsteady, steady in UNSTEADY.items():
        text = re.sub(unsteady, steady, text)
    assert json.dumps(_steady(data), indent=1, ensure_ascii=False) + "\n" == snapshot(
        name="json", extension_class=_file("json")
    )
    assert text == snapshot(name="md", extension_class=_file("md"))


def _steady(data: dict[str, Any]) -> dict[str, Any]:
    """The same to the minute, and shorter: runs of equal days as one, marks as lines."""
    taken = datetime.fromisoformat(data["taken_at"])
    data["reading"]["elapsed_seconds"] = 0
    for output in data["outputs"]:
        if output["age_seconds"] is not None:
            built = datetime.fromisoformat(output["built_at"])
            assert output.pop("age_seconds") == pytest.approx((taken - built).total_seconds())
        verdicts = groupby(day["verdict"] for day in output["days"])
        output["days"] = " ".join(f"{len(list(group))}×{verdict}" for verdict, group in verdicts)
    for lane in data["timeline"]["lanes"]:
        lane["marks"] = [f"{m['kind']} {m['verdict']} {m['start']} {m['end']} {m['text']}" for m in lane["marks"]]
    text = json.dumps(data, ensure_ascii=False)
    for unsteady, steady in {INSTANT.pattern: r"\1\3", **UNSTEADY}.items():
        text = re.sub(unsteady, steady, text)
    return json.loads(text)
