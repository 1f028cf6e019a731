"""Which symptoms are one incident: those with one root cause, and no others."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from opsguide.core.incident.grouping import group, named_sources
from opsguide.model.incident import Symptom
from opsguide.model.snapshot import Graph, Node, ScenarioSettings, Step, Trigger
from tests.cases import BEGAN, RUN, failure, scene, symptom
from tests.nights import DAY, HOUR, NOW, night, scenarios

NIGHTLY, FEED = "scenario:NIGHTLY", "scenario:FEED"
SOURCE, MART, DASH = "dataset:orders_raw", "dataset:sales_mart", "dataset:dashboard_feed"
LATE = BEGAN - HOUR
MORNING = NOW - HOUR

FAILED = symptom("failed_run", NIGHTLY)
MISSED = symptom("promise", MART, MORNING)
SOURCE_LATE = symptom("late_source", SOURCE, LATE)

# what it is about, the symptoms, where the run failed, the incidents as names of their symptoms, the root first
CASES = [
    ("an output that the failed scenario builds", [FAILED, MISSED], None, [[FAILED, MISSED]]),
    ("an output further down", [FAILED, symptom("promise", DASH, MORNING)], None, [[FAILED, symptom("promise", DASH, MORNING)]]),
    ("a source that the failed dataset is made from", [FAILED, SOURCE_LATE, MISSED], failure("orders"), [[SOURCE_LATE, FAILED, MISSED]]),
    ("a source that it is not made from", [FAILED, symptom("late_source", "dataset:dropbox", LATE)], failure("orders"), [[symptom("late_source", "dataset:dropbox", LATE)], [FAILED]]),
    ("a late source, and where it failed could not be read: no guess", [FAILED, SOURCE_LATE], None, [[SOURCE_LATE], [FAILED]]),
    ("a source late only after the run had failed", [FAILED, symptom("late_source", SOURCE, NOW - HOUR)], failure("orders"), [[FAILED], [symptom("late_source", SOURCE, NOW - HOUR)]]),
    ("a failure long recovered explains nothing of today", [replace(FAILED, began_at=BEGAN - 2 * DAY, ended_at=BEGAN - DAY), MISSED], None, [[replace(FAILED, began_at=BEGAN - 2 * DAY, ended_at=BEGAN - DAY)], [MISSED]]),
    ("a failure recovered an hour before explains a late morning", [replace(FAILED, ended_at=MORNING - HOUR), MISSED], None, [[replace(FAILED, ended_at=MORNING - HOUR), MISSED]]),
    ("an output that was late before the failure", [FAILED, symptom("promise", MART, BEGAN - HOUR)], None, [[symptom("promise", MART, BEGAN - HOUR)], [FAILED]]),
    ("two scenarios that have nothing in common", [FAILED, symptom("failed_run", "scenario:SCRIPT", run_id="x")], None, [[FAILED], [symptom("failed_run", "scenario:SCRIPT", run_id="x")]]),
    ("an implausible count is not the fault of a run that failed", [FAILED, symptom("rows", MART, MORNING)], failure("orders"), [[FAILED], [symptom("rows", MART, MORNING)]]),
    ("an implausible count of data made from a late source", [SOURCE_LATE, symptom("rows", MART, MORNING)], None, [[SOURCE_LATE, symptom("rows", MART, MORNING)]]),
    ("a rule that the failing step checks", [FAILED, symptom("quality", MART, BEGAN)], failure(step_type="check_dataset", targets=(MISSED.ref,)), [[FAILED, symptom("quality", MART, BEGAN)]]),
    ("a rule of something else", [FAILED, symptom("quality", "dataset:stores", BEGAN)], failure(step_type="check_dataset", targets=(MISSED.ref,)), [[symptom("quality", "dataset:stores", BEGAN)], [FAILED]]),
    ("an output made from one that is late", [MISSED, symptom("stale", DASH, NOW)], None, [[MISSED, symptom("stale", DASH, NOW)]]),
    ("what waits for data that is not built stays quiet", [FAILED, symptom("quiet", FEED, BEGAN - DAY)], None, [[FAILED, symptom("quiet", FEED, BEGAN - DAY)]]),
    ("nothing ran at all", [symptom("outage", "instance", LATE), symptom("missed_run", NIGHTLY), symptom("missed_run", "scenario:SCRIPT")], None, [[symptom("outage", "instance", LATE), symptom("missed_run", NIGHTLY), symptom("missed_run", "scenario:SCRIPT")]]),
    ("two sources late: each its own", [SOURCE_LATE, symptom("late_source", "dataset:CRM.customers", LATE)], None, [[symptom("late_source", "dataset:CRM.customers", LATE)], [SOURCE_LATE]]),
]  # fmt: skip


def named(symptoms: list[Symptom]) -> list[str]:
    return [f"{each.kind} {each.subject}" for each in symptoms]


@pytest.mark.parametrize(("symptoms", "where", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_one_root_cause_is_one_incident(symptoms, where, expected) -> None:
    failures = {} if where is None else {RUN: where}
    for found in permutations(symptoms):
        groups = group(found, scene(), failures)
        assert [named([each.root, *each.others]) for each in groups] == [named(each) for each in expected]


def _with(*changes: tuple[str, dict]):
    """The night with some scenarios' settings changed."""
    changed = dict(changes)
    return night(
        scenarios=tuple(
            replace(s, settings=replace(s.settings, **changed[s.id]))
            if s.id in changed and isinstance(s.settings, ScenarioSettings)
            else s
            for s in scenarios()
        )
    )


FOLLOWS = ("SCRIPT", {"triggers": (Trigger("follow_scenariorun", params={"scenarioId": "NIGHTLY"}),)})
STARTS = ("NIGHTLY", {"steps": (Step("run_scenario", params={"scenarioId": "SCRIPT"}),)})


@pytest.mark.parametrize(
    ("change", "cause", "effect"),
    [
        (FOLLOWS, FAILED, symptom("missed_run", "scenario:SCRIPT", BEGAN + HOUR)),
        (STARTS, symptom("missed_run", NIGHTLY), symptom("missed_run", "scenario:SCRIPT")),
        (STARTS, symptom("failed_run", "scenario:SCRIPT", run_id="x"), FAILED),
    ],
    ids=["it follows the one that failed", "it is started by one that did not start", "it failed in a step's scenario"],
)
def test_scenarios_that_hang_together_are_one_incident(change, cause, effect) -> None:
    groups = group((effect, cause), scene(_with(change)))
    assert [named([each.root, *each.others]) for each in groups] == [named([cause, effect])]
    # Without the tie, the same two are two.
    assert len(group((effect, cause), scene())) == 2


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Root path of the dataset RETAIL.orders_raw does not exist", ["orders_raw"]),
        ("orders_raw: No such file or directory", ["orders_raw"]),
        ("orders_raw_2025 does not exist", []),
        ("the recipe reads orders_raw and ran out of memory", []),
        ("", []),
    ],
)
def test_an_error_blames_a_source_only_when_it_names_it_as_missing(message, expected) -> None:
    assert [each.id for each in named_sources(scene(), failure("orders", message=message))] == expected


def test_hundreds_of_late_outputs_of_a_deep_flow_are_each_on_their_own() -> None:
    deep, wide = 300, 300
    nodes, above = [Node("d0", "COMPUTABLE_DATASET", "d0")], "d0"
    for number in range(1, deep + wide):
        recipe, made = f"r{number}", f"d{number}"
        nodes.append(Node(recipe, "RUNNABLE_RECIPE", recipe, (above,), (made,)))
        nodes.append(Node(made, "COMPUTABLE_DATASET", made, (recipe,)))
        above = made if number < deep else above
    late = [symptom("promise", f"dataset:d{number}", MORNING) for number in range(deep, deep + wide)]
    assert len(group(late, scene(night(graph=Graph(tuple(nodes)))))) == wide
