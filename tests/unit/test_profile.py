"""The profile: layers, what is refused, and that what is refused takes nothing else with it."""

from __future__ import annotations

from datetime import date
from typing import Any

import jsonschema
import pytest

from opsguide.model.profile import PROFILE_KEY, SCHEMA_VERSION, Declared, OpsProfile
from opsguide.profile import load, schema
from opsguide.profile.layers import MAX_PROBLEMS

GOOD = {
    "timezone": "Europe/Paris",
    "contacts": {"data": {"name": "Olivia", "hours": "Mon-Fri 08:00-18:00"}},
    "calendars": {"shops": {"country": "FR", "extra_holidays": ["2026-12-24"]}},
    "datasets": {
        "sales_mart": {"due": "06:30", "days": ["monday", "friday"], "calendar": "shops", "max_age_hours": 26}
    },
    "maintenance": [{"system": "Warehouse", "days": ["sunday"], "from_time": "23:00", "to_time": "02:00"}],
    "reviewed": {"on": "2026-03-02", "by": "Olivia"},
}


def declared(standard: Any = None, local: Any = None, instance: Any = "") -> Declared:
    return load({PROFILE_KEY: standard}, {PROFILE_KEY: local}, instance)


def wrong(found: Declared) -> dict[str, str]:
    return {problem.path: problem.message for problem in found.problems}


def test_a_good_profile_has_no_problems_and_real_values():
    found = declared(GOOD)
    assert found.problems == ()
    assert found.profile.datasets["sales_mart"].due == "06:30"
    assert found.profile.calendars["shops"].extra_holidays == (date(2026, 12, 24),)
    assert found.profile.reviewed is not None
    assert found.profile.reviewed.on == date(2026, 3, 2)


def test_nothing_declared_is_the_defaults():
    for nothing in (load({}, {}, ""), load({}, {}, "  \n"), declared(None, None, None), declared({}, {}, {})):
        assert nothing == Declared()
    assert Declared().layer_of("overnight_from") == "default"


def test_layers_overlay_objects_key_by_key_and_replace_lists():
    found = declared(
        standard={"timezone": "UTC", "contacts": {"data": {"name": "Olivia"}}, "emergency": [{"situation": "Breach"}]},
        local={"contacts": {"data": {"method": "+33 1"}}, "emergency": [{"situation": "Fire"}, {"situation": "Flood"}]},
        instance='{"timezone": "Asia/Tokyo", "contacts": {"infra": {"name": "Platform"}, "data": {"name": "Desk"}}}',
    )
    contacts = found.profile.contacts
    assert found.profile.timezone == "UTC"
    assert (contacts.data.name, contacts.data.method, contacts.infra.name) == ("Olivia", "+33 1", "Platform")
    assert [row.situation for row in found.profile.emergency] == ["Fire", "Flood"]
    assert found.origin == {
        "timezone": "standard",
        "contacts.infra.name": "instance",
        "contacts.data.name": "standard",
        "contacts.data.method": "local",
        "emergency": "local",
    }
    assert [found.layer_of(path) for path in ("contacts", "contacts.infra", "emergency.1.situation", "backup")] == [
        "local",
        "instance",
        "local",
        "default",
    ]


def test_an_empty_list_replaces_and_null_is_absent():
    found = declared({"emergency": [{"situation": "Fire"}], "timezone": "UTC"}, {"emergency": [], "timezone": None})
    assert found.profile.emergency == ()
    assert found.layer_of("emergency") == "local"
    assert found.profile.timezone == "UTC"
    assert found.problems == ()


BAD_PARTS = [
    # written, path of the problem, words in its message
    ({"datasets": {"m": {"du": "06:30"}}}, "datasets.m.du", "did you mean 'due'?"),
    ({"datasets": {"m": {"max_age": 3}}}, "datasets.m.max_age", "did you mean 'max_age_hours'?"),
    ({"datasets": {"m": {"owner": {"mail": 1}}}}, "datasets.m.owner.mail", "known here: role, name, login"),
    ({"contact": {}}, "contact", "did you mean 'contacts'?"),
    ({"datasets": {"m": {"due": "6:30"}}}, "datasets.m.due", '(it is "6:30")'),
    ({"datasets": {"m": {"due": "24:00"}}}, "datasets.m.due", "from 00:00 to 23:59"),
    ({"datasets": {"m": {"due": 630}}}, "datasets.m.due", "must be text in quotes (it is 630)"),
    ({"datasets": {"m": {"due": ["06:30"]}}}, "datasets.m.due", "it is a list"),
    ({"datasets": {"m": {"days": ["monday", "Fri"]}}}, "datasets.m.days.1", "must be one of monday, tuesday"),
    ({"datasets": {"m": {"days": ["frday"]}}}, "datasets.m.days.0", "did you mean 'friday'?"),
    ({"datasets": {"m": {"days": []}}}, "datasets.m.days", "must not be an empty list"),
    ({"datasets": {"m": {"target": 95}}}, "datasets.m.target", "must be 1 or less (it is 95)"),
    ({"datasets": {"m": {"max_age_hours": 0}}}, "datasets.m.max_age_hours", "must be more than 0"),
    ({"datasets": {"m": {"max_age_hours": "12"}}}, "datasets.m.max_age_hours", "must be a number, without quotes"),
    ({"datasets": {"m": {"max_age_hours": 1e300}}}, "datasets.m.max_age_hours", "must be 87600 or less"),
    ({"datasets": {"m": {"max_age_hours": float("nan")}}}, "datasets.m.max_age_hours", "finite"),
    ({"datasets": {"m": {"is_output": "yes"}}}, "datasets.m.is_output", "must be true or false, without quotes"),
    ({"datasets": {"m": {"min_rows": 1.5}}}, "datasets.m.min_rows", "must be a whole number"),
    ({"datasets": {"m": {"min_rows": 10**40}}}, "datasets.m.min_rows", "too large a number"),
    ({"datasets": {"m": {"calendar": "shop"}}}, "datasets.m.calendar", "mean 'shops'?"),
    ({"scenarios": {"S": {"calendar": "x"}}}, "scenarios.S.calendar", "there is no calendar 'x'"),
    ({"datasets": []}, "datasets", "must be an object { … } (it is a list)"),
    ({"datasets": {"": {}}}, "datasets.", "must not be empty"),
    ({"timezone": "Paris"}, "timezone", "is not a time zone of the IANA database"),
    ({"timezone": "europe/paris"}, "timezone", "did you mean 'Europe/Paris'?"),
    ({"timezone": "/etc/localtime"}, "timezone", "is not a time zone"),
    ({"calendars": {"c": {"country": "Narnia"}}}, "calendars.c.country", "is not a country code"),
    ({"calendars": {"c": {"country": "US", "subdivision": "BY"}}}, "calendars.c.subdivision", "not one of US"),
    ({"calendars": {"c": {"subdivision": "BY"}}}, "calendars.c.subdivision", "needs a country"),
    ({"calendars": {"c": {"extra_holidays": ["2026-02-30"]}}}, "calendars.c.extra_holidays.0", "a day that exists"),
    ({"calendars": {"c": {"extra_holidays": ["0001-01-01"]}}}, "calendars.c.extra_holidays.0", "years 1970 and 2199"),
    ({"reviewed": {"by": "Olivia"}}, "reviewed", "needs a 'on'"),
    ({"reviewed": {"on": 20260302}}, "reviewed.on", "must be a day, such as"),
    ({"maintenance": [{"system": "x"}]}, "maintenance.0", "needs days, from_time and to_time"),
    (
        {"maintenance": [{"system": "x", "days": ["monday"], "from_time": "01:00", "to_time": "01:00"}]},
        "maintenance.0",
        "begins and ends at the same time",
    ),
    (
        {"maintenance": [{"system": "x", "start": "2026-03-02T08:00:00Z", "end": "2026-03-02T07:00:00Z"}]},
        "maintenance.0",
        "must end after it starts",
    ),
    (
        {"maintenance": [{"system": "x", "start": "2026-03-02T08:00:00", "end": "2026-03-02T09:00:00Z"}]},
        "maintenance.0.start",
        "needs its offset from UTC",
    ),
    (
        {"oncall": {"rota": [{"start": "2026-03-02T08:00:00Z", "end": "2026-03-02T07:00:00Z", "contact": {}}]}},
        "oncall.rota.0",
        "must end after it starts",
    ),
    ({"known_errors": [{"pattern": "("}]}, "known_errors.0.pattern", "is not a regular expression"),
    ({"known_errors": [{"cause": "disk"}]}, "known_errors.0", "needs a 'pattern'"),
    ({"links": {"more": {"Wiki": "javascript:alert(1)"}}}, "links.more.Wiki", "must start with http://"),
    ({"links": {"flow": "ftp://host/x"}}, "links.flow", "must start with http://"),
    ({"access_request": "x" * 5000}, "access_request", "at most 4000 characters"),
    ({"production": b"bytes"}, "production", "is not JSON"),
    ({"x" * 400: 1}, f"{'x' * 60}…", "longer than any name"),
]


@pytest.mark.parametrize(("written", "path", "words"), BAD_PARTS, ids=[str(index) for index in range(len(BAD_PARTS))])
def test_a_bad_part_is_explained_at_its_path_and_hides_nothing(written, path, words):
    # The good row is last in lists, so that the indexes of the bad ones stay.
    both: dict[str, Any] = {**GOOD, **written}
    for key in written:
        if isinstance(GOOD.get(key), dict) and isinstance(written[key], dict) and key != "reviewed":
            both[key] = {**GOOD[key], **written[key]}
        elif isinstance(GOOD.get(key), list):
            both[key] = [*written[key], *GOOD[key]]
    found = declared(both)
    assert list(wrong(found)) == [path]
    assert words in wrong(found)[path]
    untouched = [key for key in GOOD if key != path.partition(".")[0]]
    assert {key: getattr(found.profile, key) for key in untouched} == {
        key: getattr(declared(GOOD).profile, key) for key in untouched
    }
    if path.partition(".")[0] == "datasets" and isinstance(written["datasets"], dict):
        assert found.profile.datasets["sales_mart"].due == "06:30"
    if path.startswith("maintenance"):
        assert [window.system for window in found.profile.maintenance] == ["Warehouse"]


def test_all_problems_come_at_once_each_with_its_layer():
    found = declared(
        {"timezone": "Mars", "datasets": {"a": {"due": "99:99"}}}, {"oncall": 3, "nonsense": True}, {"tasks": "daily"}
    )
    assert [(problem.layer, problem.path) for problem in found.problems] == [
        ("instance", "tasks"),
        ("standard", "datasets.a.due"),
        ("standard", "timezone"),
        ("local", "nonsense"),
        ("local", "oncall"),
    ]
    assert found.problem_at("datasets.a") == found.problems[1]
    assert found.problem_at("datasets.b") is None


def test_what_a_lower_layer_says_stands_where_a_higher_one_is_wrong():
    found = declared({"datasets": {"m": {"due": "06:30"}}}, {"datasets": {"m": {"due": "6h30", "note": "sick"}}})
    assert found.profile.datasets["m"].due == "06:30"
    assert found.layer_of("datasets.m.due") == "standard"
    assert found.layer_of("datasets.m.note") == "local"


def test_a_list_of_which_nothing_is_usable_does_not_replace_a_good_one():
    found = declared({"emergency": [{"situation": "Fire"}]}, {"emergency": [{"situations": "Fire"}, 3]})
    assert [row.situation for row in found.profile.emergency] == ["Fire"]
    assert found.layer_of("emergency") == "standard"
    assert list(wrong(found)) == ["emergency.0.situations", "emergency.1"]


def test_layers_complete_each_other():
    found = declared(
        {"reviewed": {"by": "Olivia"}, "datasets": {"m": {"calendar": "plant"}}, "calendars": {"c": {"country": "US"}}},
        {"reviewed": {"on": "2026-03-02"}, "calendars": {"plant": {}, "c": {"subdivision": "CA"}}},
    )
    assert found.problems == ()
    assert found.profile.reviewed is not None
    assert found.profile.reviewed.by == "Olivia"


@pytest.mark.parametrize(
    ("standard", "local", "left_out", "kept"),
    [
        ({"warn_age_hours": 30}, {"max_age_hours": 24}, ["datasets.m.max_age_hours"], (30, None)),
        ({"max_age_hours": 24}, {"warn_age_hours": 30}, ["datasets.m.warn_age_hours"], (None, 24)),
        (
            {"warn_age_hours": 30, "max_age_hours": 24},
            {},
            ["datasets.m.warn_age_hours", "datasets.m.max_age_hours"],
            (None, None),
        ),
        ({"warn_age_hours": 24, "max_age_hours": 24}, {}, [], (24, 24)),
    ],
)
def test_contradicting_limits_are_left_out_of_the_layer_that_brought_them(standard, local, left_out, kept):
    found = declared({"datasets": {"m": {**standard, "due": "06:30"}}}, {"datasets": {"m": local}})
    dataset = found.profile.datasets["m"]
    assert sorted(wrong(found)) == sorted(left_out)
    assert (dataset.warn_age_hours, dataset.max_age_hours) == kept
    assert dataset.due == "06:30"


def _endless_list() -> list[Any]:
    rows: list[Any] = []
    rows.extend([rows] * 10)
    return rows


def _endless_object() -> dict[str, Any]:
    tree: dict[str, Any] = {}
    tree["datasets"] = tree
    return tree


@pytest.mark.parametrize(
    "hostile",
    [
        "text",
        [],
        3,
        True,
        _endless_object(),
        {"datasets": _endless_list()},
        {"emergency": [{}] * 300_000},
        {"access_request": "x" * 9_000_000},
        {str(index): index for index in range(5_000)},
        {"timezone": "\ud800"},
        {"known_errors": [{"pattern": "(" * 500}]},
        {1: 2, None: 3},
    ],
    ids=lambda value: type(value).__name__,
)
def test_hostile_layers_end_in_clear_problems(hostile):
    found = declared(GOOD, hostile)
    assert 0 < len(found.problems) <= MAX_PROBLEMS + 1
    assert {problem.layer for problem in found.problems} == {"local"}
    assert all(len(problem.message) < 500 and len(problem.path) < 500 for problem in found.problems)
    assert found.profile.datasets["sales_mart"].due == "06:30"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON: "),
        ('{"timezone": "UTC",}', "line 1, column"),
        ("[" * 100_000, "nested too deep"),
        ('{"a":' * 100_000, "nested too deep"),
        ('"text"', "must be an object"),
        ("null", None),
        ("{}", None),
    ],
)
def test_the_instance_setting_is_json_text(text, words):
    found = load({}, {}, text)
    assert found.profile == OpsProfile()
    assert [words in problem.message for problem in found.problems] == ([True] if words else [])


@pytest.mark.parametrize("variables", [None, [], "x", 3])
def test_variables_that_are_no_object_are_a_problem(variables):
    assert "not an object" in load(variables, {}, "").problems[0].message


def test_the_published_schema_agrees_on_what_is_a_profile():
    validator = jsonschema.Draft202012Validator(schema())
    validator.check_schema(schema())
    validator.validate(GOOD)
    for refused in ({"datasets": {"m": {"du": "06:30"}}}, {"datasets": {"m": {"due": "24:00"}}}, {"contact": {}}):
        assert not validator.is_valid(refused)


def test_every_key_is_described():
    for name, part in {"OpsProfile": schema(), **schema()["$defs"]}.items():
        assert part.get("description"), name
        for key, shape in part["properties"].items():
            # A description that only repeats the part's own stands there alone.
            assert shape.get("description") or "$ref" in shape, f"{name}.{key}"


@pytest.mark.parametrize("form", [2, 99, 0, -1])
def test_a_document_of_a_newer_form_is_read_as_far_as_it_is_understood(form: int) -> None:
    newer = {"schema_version": form, "timezone": "Europe/Paris", "novelty": {"a": 1}}
    found = load({PROFILE_KEY: newer}, {})
    assert found.profile.timezone == "Europe/Paris"
    assert found.profile.schema_version == SCHEMA_VERSION
    assert {problem.path for problem in found.problems} == {"schema_version", "novelty"}
    assert any("what it does not understand is left out" in problem.message for problem in found.problems)
    assert load({PROFILE_KEY: {**newer, "schema_version": SCHEMA_VERSION}}, {}).problems[0].path == "novelty"
