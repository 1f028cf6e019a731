"""What the forms and pages of the probes and checks say is what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from opsguide.core import column_time, freshness, volume
from opsguide.core.outcomes import WORST_FIRST
from opsguide.core.schedule.zones import zone_of
from opsguide.core.schema_change import Column, columns_of
from opsguide.model.known import Unknown
from tools.components_page import METRICS

ROOT = Path(__file__).resolve().parents[2]
FORMS = {
    path.parent.name + path.parent.parent.name[6:]: json.loads(path.read_text("utf-8"))
    for path in sorted(ROOT.glob("python-*/*/*.json"))
    if path.name in ("probe.json", "check.json")
}


def said(form: str, name: str) -> str:
    return str(next(each["description"] for each in FORMS[form]["params"] if each.get("name") == name))


def test_the_numbers_of_the_row_count_check():
    words = said("row-count-checks", "sensitivity")
    factors = dict(zip(("high", "medium", "low"), map(float, re.findall(r"beyond (?:\w+ )?([\d.]+)", words))))
    assert factors == volume.SENSITIVITY
    assert pytest.approx(1 + 1 / 3) == volume.ERROR_FACTOR  # "a third further out"
    assert f"{volume.LEAST_CHANGE * 100:.0f} % or less" in words
    change = next(each for each in FORMS["row-count-checks"]["params"] if each["label"] == "Change")
    assert f"last {volume.ERRORS_KEPT} builds" in change["description"]


def test_the_numbers_of_freshness():
    minutes = int(column_time.FUTURE.total_seconds() // 60)
    assert f"{minutes} minutes ahead" in said("freshness-probes", "time_column")
    assert f"{minutes} minutes ahead" in METRICS["freshness"]["data_time"]
    hours = int(freshness._EARLY.total_seconds() // 3600)
    assert f"up to {hours} hours earlier" in said("freshness-checks", "deadline")


@pytest.mark.parametrize("form", sorted(FORMS))
def test_examples_are_accepted(form: str):
    for param in FORMS[form]["params"]:
        for zone in re.findall(r"such as (\w+/\w+)", param.get("description", "")):
            assert not isinstance(zone_of(zone), Unknown)
        for time in re.findall(r"such as (\d\d:\d\d)", param.get("description", "")):
            assert re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", time)


def test_the_example_of_an_accepted_column():
    quoted = re.findall(r'"([^"]+)"', said("schema-change-checks", "accepted_columns"))
    assert quoted[-1] == "amount: double"
    assert columns_of([quoted[-1]]) == (Column("amount", "double"),)


@pytest.mark.parametrize("form", sorted(FORMS))
def test_a_person_needs_no_manual(form: str):
    """Every field has a label and says what it does; what belongs to a choice is shown only then."""
    names: set[str] = set()
    for param in FORMS[form]["params"]:
        assert param["label"]
        if param["type"] == "SEPARATOR":
            continue
        assert param["description"].endswith(".")
        for other in re.findall(r"model\.(\w+)", param.get("visibilityCondition", "")):
            assert other in names | {param["name"]}, f"{param['name']} depends on a field that is not above it"
        values = [choice["value"] for choice in param.get("selectChoices", ())]
        default: Any = param.get("defaultValue")
        assert default is None or not values or default in values
        if param["name"] == "cannot_tell":
            assert (default, set(values)) == ("WARNING", set(WORST_FIRST) - {"CANNOT_TELL"})
        names.add(param["name"])
    if form.endswith("checks"):
        assert "cannot_tell" in names
