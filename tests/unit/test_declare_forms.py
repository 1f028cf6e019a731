"""Forms of the profile: all of it can be edited, and what a form does not touch stays to the letter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from opsguide.model.declare import CONTROL, Field
from opsguide.model.profile import PROFILE_KEY, OpsProfile
from opsguide.profile import load
from opsguide.profile.forms import Setting, entered, fields, with_problems
from opsguide.profile.parts import APART, SECTIONS, Part, part_at
from tests.property.test_profile_properties import FULL

ZONE = "Europe/Paris"


def controls(shown: tuple[Field, ...]) -> Iterator[Field]:
    for each in shown:
        below = (*each.fields, *(inner for row in each.rows for inner in row))
        if each.kind in ("group", "rows"):
            yield from controls(below)
        else:
            yield each


def sent(shown: tuple[Field, ...], **changes: str) -> dict[str, str]:
    """The form as a browser sends it, with some controls changed."""
    found: dict[str, str] = {}
    for each in controls(shown):
        if each.kind == "days":
            found.update({f"{each.name}.{day}": "on" for day in each.value.split("\n") if day})
        else:
            found[each.name] = each.value
    return {**found, **{f"f.{name.replace('__', '.')}": value for name, value in changes.items()}}


def parts() -> list[Part]:
    return [
        Part(section, name)
        for section in SECTIONS
        for name in (FULL.get(section.id, {"new": {}}) if section.named else ("",))
    ]


def test_every_key_of_the_profile_is_in_one_section() -> None:
    keys = [key for section in SECTIONS for key in section.keys]
    assert sorted([*keys, *APART]) == sorted(OpsProfile.model_fields)


@pytest.mark.parametrize("part", parts(), ids=lambda part: part.id)
def test_a_form_that_nobody_touched_changes_nothing(part: Part) -> None:
    said = part.of(FULL)
    shown = fields(part, said)
    form = sent(shown)
    assert all(CONTROL.fullmatch(name) for name in form)
    assert entered(part, form, said, "UTC") == said
    assert all(field.help for field in controls(shown)), "each field says what it is for"


def dataset(**changes: str) -> Any:
    part = part_at("datasets.sales_mart")
    assert part is not None
    said = part.of(FULL)
    return entered(part, sent(fields(part, said), **changes), said, ZONE)


def test_what_is_entered_arrives_in_its_kind() -> None:
    found = dataset(
        due=" 07:15 ", target="0.99", min_rows="8 000", is_output="true", consumers="Finance\r\n\r\nStores",
        owner__name="Ada", days__monday="on", days__friday="on", max_age_hours="",
    )  # fmt: skip
    assert found == {
        "due": "07:15", "calendar": "shops", "warn_age_hours": 20, "target": 0.99, "min_rows": 8000, "is_output": True,
        "consumers": ["Finance", "Stores"], "owner": {"name": "Ada"}, "days": ["monday", "friday"],
    }  # fmt: skip


def test_rows_are_added_changed_and_removed() -> None:
    part = part_at("maintenance")
    assert part is not None
    said = part.of({"maintenance": [*FULL["maintenance"], {"system": "odd", "dayz": "kept"}]})
    form = sent(fields(part, said))
    form |= {"f.maintenance.0.impact": "slow", "f.maintenance.1.-": "on", "f.maintenance.3.system": "New"}
    assert entered(part, form, said, ZONE)["maintenance"] == [
        {**FULL["maintenance"][0], "impact": "slow"},
        {"system": "odd", "dayz": "kept"},
        {"system": "New"},
    ]


def test_an_instant_is_typed_on_the_projects_clock_and_kept_where_it_is_untouched() -> None:
    part = part_at("oncall")
    assert part is not None
    said = part.of(FULL)
    form = sent(fields(part, said, Setting(ZONE)))
    form["f.oncall.rota.2.start"], form["f.oncall.rota.2.contact.name"] = "2026-07-01T08:00", "Ada"
    rota = entered(part, form, said, ZONE)["oncall"]["rota"]
    assert rota[:2] == FULL["oncall"]["rota"]
    assert rota[2] == {"start": "2026-07-01T08:00:00+02:00", "contact": {"name": "Ada"}}


def test_days_that_have_a_default_can_be_none_at_all() -> None:
    part = part_at("calendars.shops")
    assert part is not None
    form = sent(fields(part, {}))
    assert form["f.weekend.saturday"] == "on"
    assert entered(part, form, {}, ZONE) == {}
    assert entered(part, {"f.country": "FR"}, {}, ZONE) == {"country": "FR", "weekend": []}


def test_all_problems_stand_at_their_fields() -> None:
    part = part_at("datasets.sales_mart")
    assert part is not None
    said = dataset(due="7 am", target="2", calendar="shop", min_rows="many", warn_age_hours="99")
    problems = load({PROFILE_KEY: {**FULL, "datasets": {"sales_mart": said}}}, {}).problems
    marked, rest = with_problems(fields(part, said), problems, part.root)
    wrong = {field.name: field.error for field in controls(marked) if field.error}
    assert rest == ()
    assert set(wrong) == {"f.due", "f.target", "f.calendar", "f.min_rows", "f.warn_age_hours", "f.max_age_hours"}
    assert wrong["f.min_rows"] == "must be a whole number, such as 8000"
    assert "did you mean 'shops'" in wrong["f.calendar"]


def test_a_row_that_lacks_something_says_so_at_the_field() -> None:
    part = part_at("tasks")
    assert part is not None
    said = {"tasks": {"weekly": [{"task": "Review"}]}}
    problems = load({PROFILE_KEY: said}, {}).problems
    marked, rest = with_problems(fields(part, said), problems, part.root)
    assert [(field.name, field.error) for field in controls(marked) if field.error] == [
        ("f.tasks.weekly.0.day", "is missing")
    ]
    assert rest == ()


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("datasets.SUPPLY.orders.due", "datasets.SUPPLY.orders"),
        ("datasets.orders", "datasets.orders"),
        ("emergency", "escalation"),
        ("timezone", "general"),
        ("tasks.weekly", "tasks"),
    ],
)
def test_a_path_of_the_profile_leads_to_its_part(path: str, part: str) -> None:
    found = part_at(path)
    assert found is not None
    assert found.id == part


@pytest.mark.parametrize("path", ["", "nonsense", "datasets", "datasets.", "reviewed"])
def test_what_is_no_part_leads_nowhere(path: str) -> None:
    assert part_at(path) is None
