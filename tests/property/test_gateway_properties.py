"""Whatever DSS answers, reading ends in a snapshot of the promised types: keys deleted, blanked or of another type, at
random and everywhere, make parts unknown or empty but never wrong or raised."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timezone
from enum import Enum
from random import Random
from typing import Any, Union

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import localdss
from localdss.server import Server
from opsguide.core.assess import assess
from opsguide.core.compose import compose
from opsguide.dss import answers, gateway
from opsguide.model.guide import Origin, Tone, cells_of
from opsguide.model.known import Unknown, known
from opsguide.model.rights import closure
from opsguide.model.snapshot import Grant, Job, ObjectRef, Scenario, Snapshot, Variables
from opsguide.profile import load
from tests.readings import clients

OTHER_VALUES: tuple[Any, ...] = (
    None,
    "",
    0,
    -1,
    10**18,
    1e308,
    True,
    "x" * 50,
    "<b>",
    [],
    {},
    [[]],
    [{}],
    {"": {}},
    [None, 1],
)
OBJECTS = (
    ObjectRef("DATASET", "RETAIL", "customer_360"),
    ObjectRef("DATASET", "SUPPLY", "suppliers"),
    ObjectRef("MANAGED_FOLDER", "RETAIL", "kL4nd1ng"),
)


def damaged(value: Any, chance: Random, share: float) -> Any:
    """The value with a share of its members gone, blank or of another type, at every depth."""
    if isinstance(value, dict):
        kept = {}
        for key, member in value.items():
            if chance.random() < share:
                if chance.random() < 0.5:
                    continue
                kept[key] = chance.choice(OTHER_VALUES)
            else:
                kept[key] = damaged(member, chance, share)
        return kept
    if isinstance(value, list):
        return [chance.choice(OTHER_VALUES) if chance.random() < share else damaged(v, chance, share) for v in value]
    return value


def misfits(value: Any, hint: Any, where: str = "snapshot") -> Iterator[str]:
    """Where a value is not of its annotated type, however deep."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return
    if origin is Union:
        if all(any(misfits(value, each, where)) for each in arguments):
            yield f"{where}: {value!r} is no {hint}"
    elif origin is tuple:
        if not isinstance(value, tuple):
            yield f"{where}: {value!r} is no tuple"
            return
        kinds = (arguments[0],) * len(value) if arguments[1:] == (...,) else arguments
        for index, (member, kind) in enumerate(zip(value, kinds)):
            yield from misfits(member, kind, f"{where}[{index}]")
    elif origin is frozenset:
        for member in value:
            yield from misfits(member, arguments[0], where)
    elif origin is Mapping:
        if not isinstance(value, Mapping):
            yield f"{where}: {value!r} is no mapping"
    elif is_dataclass(hint):
        if type(value) is not hint:
            yield f"{where}: {value!r} is no {hint}"
            return
        hints = typing.get_type_hints(hint)
        for field in fields(hint):
            yield from misfits(getattr(value, field.name), hints[field.name], f"{where}.{field.name}")
    elif hint in (str, bool, int, datetime) or (isinstance(hint, type) and issubclass(hint, Enum)):
        if type(value) is not hint:
            yield f"{where}: {value!r} is no {hint.__name__}"
        if hint is datetime and isinstance(value, datetime) and value.utcoffset() is None:
            yield f"{where}: {value!r} has no zone"
    elif hint is float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            yield f"{where}: {value!r} is no number"
    elif not isinstance(value, hint):
        yield f"{where}: {value!r} is no {hint}"


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    with localdss.serve(story="failed-upstream") as served:
        yield served


def test_misfits_are_found() -> None:
    good = Snapshot("RETAIL", datetime(2025, 10, 14, tzinfo=timezone.utc))
    assert list(misfits(good, Snapshot)) == []
    for wrong in (
        {"project_key": None},
        {"taken_at": datetime(2025, 10, 14)},
        {"calls": 1.5},
        {"scenarios": (Scenario("A", name=3),)},  # type: ignore[arg-type]
        {"variables": Variables(standard=[])},  # type: ignore[arg-type]
        {"permissions": (Grant("group", "g", frozenset([1])),)},  # type: ignore[list-item]
        {"jobs": [Job("j")]},
    ):
        assert list(misfits(replace(good, **wrong), Snapshot)) != [], wrong


SLOW_IS_FINE = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


@SLOW_IS_FINE
@given(seed=st.integers(0, 2**32), share=st.sampled_from([0.01, 0.05, 0.2, 0.6, 1.0]))
def test_damaged_answers_are_read_and_shown(dss: Server, seed: int, share: float) -> None:
    chance = Random(seed)
    dss.faults.clear()
    dss.faults.change("GET", "/*", lambda answer: damaged(answer, chance, share))
    snapshot = gateway.read_snapshot(clients(dss, workers=1), "RETAIL", gateway.WHOLE, objects=OBJECTS)
    assert list(misfits(snapshot, Snapshot)) == []

    variables = known(snapshot.variables, Variables())
    declared = load(variables.standard, variables.local, "")
    guide = compose(snapshot, declared, assess(snapshot, declared))
    for cell in cells_of(guide):
        assert not (cell.origin == Origin.UNKNOWN and cell.tone == Tone.GOOD), cell


@SLOW_IS_FINE
@given(lost=st.sets(st.sampled_from(sorted(gateway.FIRST - {"runs"}))))
def test_a_refused_list_is_unknown_and_the_others_are_not(dss: Server, lost: set[str]) -> None:
    paths = {"project": "", "variables": "/variables", "scenarios": "/scenarios", "graph": "/flow/graph"}
    paths |= {"datasets": "/datasets", "jobs": "/jobs"}
    dss.faults.clear()
    for name in lost:
        dss.faults.status("GET", f"/projects/RETAIL{paths[name]}", 403)
    snapshot = gateway.read_snapshot(clients(dss), "RETAIL")
    assert {name for name in paths if isinstance(getattr(snapshot, name), Unknown)} == lost


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
OF_ANYTHING = (
    answers.instance,
    answers.viewer,
    answers.grants,
    answers.project_settings,
    answers.variables,
    answers.articles,
    answers.bundles,
    answers.commits,
    answers.logs,
    answers.scenario_settings,
    answers.graph,
    answers.metrics,
    answers.points,
    answers.quality,
    answers.newest_file,
)


@settings(max_examples=100, deadline=None)
@given(json)
def test_no_json_makes_an_answer_raise(value: Any) -> None:
    for read in OF_ANYTHING:
        read(value, "K") if read is answers.project_settings else read(value)


@settings(max_examples=50, deadline=None)
@given(
    st.sets(st.sampled_from(["admin", "readProjectContent", "writeProjectContent", "runScenarios", "readDashboards"]))
)
def test_rights_only_grow_and_settle(ticked: set[str]) -> None:
    held = closure(ticked)
    assert ticked <= held
    assert closure(held) == held
    assert ("writeProjectContent" not in held) or ("readProjectContent" in held)
    assert ("admin" not in held) or {"readProjectContent", "runScenarios", "readDashboards"} <= held
