"""Laws of the profile's layers, and that nothing written in one can stop the rest."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from opsguide.model.profile import PROFILE_KEY, Declared, OpsProfile
from opsguide.profile import load
from opsguide.profile.layers import leaves, merged

FULL: dict[str, Any] = {
    "timezone": "Europe/Paris",
    "oncall": {
        "name": "Olivia",
        "rota": [
            {"start": "2026-03-02T08:00:00+01:00", "end": "2026-03-09T08:00:00+01:00", "contact": {"name": "Priya"}},
            {"start": "2026-03-09T08:00:00+01:00", "end": "2026-03-16T08:00:00+01:00", "contact": {"login": "olivia"}},
        ],
    },
    "contacts": {"data": {"name": "Data desk"}, "infra": {"group": "platform", "timezone": "UTC"}},
    "calendars": {"shops": {"country": "US", "subdivision": "CA", "weekend": ["sunday"]}},
    "datasets": {
        "sales_mart": {"due": "06:30", "calendar": "shops", "warn_age_hours": 20, "max_age_hours": 26, "target": 0.95},
        "SUPPLY.suppliers": {"available_by": "04:00", "owner": {"name": "SAP"}, "min_rows": 1, "max_rows": 9},
    },
    "scenarios": {"NIGHTLY": {"purpose": "Marts", "max_minutes": 90, "notify": ["finance"], "calendar": "shops"}},
    "maintenance": [
        {"system": "DSS", "days": ["sunday"], "from_time": "23:00", "to_time": "02:00"},
        {"system": "DSS", "start": "2026-03-02T08:00:00Z", "end": "2026-03-02T10:00:00Z"},
    ],
    "tasks": {"weekly": [{"day": "monday", "task": "Review"}], "monthly": [{"task": "Clean"}]},
    "escalation": [{"issue": "Job failures", "after": "30 min"}],
    "backup": {"data": {"frequency": "daily"}, "last_restore_test": "2026-01-15", "restore_steps": ["a", "b"]},
    "links": {"flow": "Flow documentation", "more": {"Board": "https://board.example"}},
    "known_errors": [{"pattern": "Disk quota", "step": "Clear logs"}],
    "reviewed": {"on": "2026-03-02"},
}

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["monday", "06:30"]),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=8), below, max_size=3),
    max_leaves=8,
)
layers = st.dictionaries(st.sampled_from([*FULL, "nonsense"]), json_values, max_size=6)


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [found for key, value in below for found in [(*path, key), *places(value, (*path, key))]]


def damaged(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    """`tree` with the part at `path` replaced, or taken out when `value` is `...`."""
    tree = copy.deepcopy(tree)
    holder = tree
    for step in path[:-1]:
        holder = holder[step]
    if value is ...:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return tree


def declared(standard: Any, local: Any = None, instance: Any = None) -> Declared:
    return load({PROFILE_KEY: standard}, {PROFILE_KEY: local}, instance)


def test_the_whole_example_is_good():
    assert declared(FULL).problems == ()


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(places(FULL)), st.just(...) | json_values)
def test_damage_stays_where_it_is(path, value):
    found = declared(damaged(FULL, path, value))
    whole = declared(FULL).profile
    for key in FULL:
        if key == path[0]:
            continue
        if path[0] == "calendars" and key in ("datasets", "scenarios"):
            continue  # these name the damaged calendar
        assert getattr(found.profile, key) == getattr(whole, key)
    if path[0] == "datasets" and len(path) > 1 and path[1] == "sales_mart":
        assert found.profile.datasets["SUPPLY.suppliers"] == whole.datasets["SUPPLY.suppliers"]


@settings(max_examples=100, deadline=None)
@given(json_values, layers, layers)
def test_garbage_never_raises_and_what_is_kept_is_a_profile(instance, standard, local):
    found = declared(standard, local, instance)
    assert OpsProfile.model_validate(found.profile.model_dump()) == found.profile
    assert Declared.model_validate_json(found.model_dump_json()) == found
    assert all(problem.message for problem in found.problems)


@settings(max_examples=60, deadline=None)
@given(layers, layers)
def test_local_wins_and_saying_it_again_changes_nothing(standard, local):
    found = declared(standard, local)
    assert declared(standard, merged(standard, local)).profile == found.profile or found.problems
    assert declared(local, local).profile == declared(local).profile
    assert all(layer in ("standard", "local") for layer in found.origin.values())


trees = st.recursive(
    st.integers() | st.lists(st.integers(), max_size=2),
    lambda below: st.dictionaries(st.sampled_from("abc"), below, max_size=3),
    max_leaves=8,
).filter(lambda tree: isinstance(tree, dict))


@settings(max_examples=100, deadline=None)
@given(trees, trees, trees)
def test_merge_laws(one, two, three):
    assert merged(one, one) == one
    assert merged({}, one) == merged(one, {}) == one
    assert merged(merged(one, two), two) == merged(one, two)
    if not _clash(one, two) and not _clash(two, three) and not _clash(one, three):
        assert merged(merged(one, two), three) == merged(one, merged(two, three))
    assert set(leaves(two)) <= set(leaves(merged(one, two)))


def _clash(one: Any, two: Any) -> bool:
    """Whether one has an object where two has a value."""
    if isinstance(one, dict) != isinstance(two, dict):
        return True
    return isinstance(one, dict) and any(_clash(one[key], two[key]) for key in one.keys() & two.keys())
