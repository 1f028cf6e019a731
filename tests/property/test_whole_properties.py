"""Whatever DSS leaves out, blanks or retypes in whichever of its answers: the page comes, in every format, and what went
wrong in the night never looks good for want of a field."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import localdss
from localdss.server import Server
from opsguide.dss import session
from opsguide.model.guide import Tone, cells_of
from tests.whole import Visit, good

OTHER_VALUES: tuple[Any, ...] = (None, "", 0, -1, 10**18, True, "<b>x</b>", [], {}, [[]], [{}], {"": {}}, [None, 1])
LOST = object()


def spoiled(value: Any, chance: Random, share: float, others: tuple[Any, ...]) -> Any:
    """The value with a share of its members gone (LOST), blank or of another type, at every depth."""
    if isinstance(value, dict):
        kept = {}
        for key, member in value.items():
            other = chance.choice(others) if chance.random() < share else member
            if other is not LOST:
                kept[key] = spoiled(member, chance, share, others) if other is member else other
        return kept
    if isinstance(value, list):
        return [spoiled(member, chance, share, others) for member in value]
    return value


@pytest.fixture(scope="module")
def dss() -> Iterator[Server]:
    patience = session.PAUSES_SECONDS
    session.PAUSES_SECONDS = (0.0, 0.0)
    with localdss.serve(story="failed-upstream") as served:
        yield served
    session.PAUSES_SECONDS = patience


@pytest.fixture(scope="module")
def tones(dss: Server) -> dict[str, Tone]:
    """How each cell looks when all is read."""
    dss.faults.clear()
    return {cell.id: cell.tone for cell in cells_of(Visit(dss).guide())}


SLOW_IS_FINE = settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@SLOW_IS_FINE
@given(seed=st.integers(0, 2**32), share=st.sampled_from([0.01, 0.05, 0.2, 0.6, 1.0]))
def test_any_field_of_any_answer_may_be_missing_blank_or_strange(dss: Server, seed: int, share: float) -> None:
    dss.faults.clear()
    visit = Visit(dss, workers=1)
    chance = Random(seed)
    dss.faults.change("GET", "/*", lambda answer: spoiled(answer, chance, share, (LOST, *OTHER_VALUES)))
    visit.show()


# What DSS says of runs, builds, rules and files, field by field: without any one of them, nothing looks better.
FIELDS: dict[str, tuple[str, ...]] = {
    "/projects/RETAIL/scenarios": ("id", "active", "running", "nextRun", "versionTag", "markedAsTest", "creationTag"),
    "/projects/RETAIL/scenarios/[!/]*": ("triggers", "params", "type", "active", "frequency", "hour", "timezone"),
    "/projects/RETAIL/scenarios/*/get-last-runs": (
        "runId", "start", "end", "result", "outcome", "trigger", "type", "timestamp",
    ),
    "/projects/RETAIL/jobs": (
        "def", "id", "state", "stableState", "startTime", "endTime", "initiationTimestamp", "outputs", "projectKey",
        "targetDataset", "type",
    ),
    "/projects/RETAIL/flow/graph": ("nodes", "type", "ref", "predecessors", "successors"),
    "/projects/RETAIL/datasets": ("name", "projectKey", "type", "metricsChecks", "checks", "partitioning", "managed"),
    "/projects/RETAIL/datasets/*/info": ("lastBuild", "buildStartTime", "buildEndTime", "buildSuccess"),
    "/projects/RETAIL/datasets/*/metrics/history/*": ("values", "time", "value"),
    "/projects/RETAIL/datasets/*/data-quality/last-rules-result": ("outcome", "name", "id", "computeDate"),
    "/projects/RETAIL/managedfolders/*/contents": ("items", "lastModified", "path"),
    "/projects/RETAIL/settings": ("exposedObjects", "objects", "rules", "settings", "disableAutomaticTriggers"),
}  # fmt: skip


def without(value: Any, field: str, first_only: bool) -> Any:
    """The value without one field, at every depth; with `first_only` in the first member of each list alone."""
    if isinstance(value, dict):
        return {key: without(member, field, first_only) for key, member in value.items() if key != field}
    if isinstance(value, list):
        return [without(m, field, first_only) if not (first_only and place) else m for place, m in enumerate(value)]
    return value


@settings(SLOW_IS_FINE, max_examples=8)
@given(
    field=st.sampled_from([(route, field) for route, fields in FIELDS.items() for field in fields]),
    first_only=st.booleans(),
)
@example(field=("/projects/RETAIL/scenarios/*/get-last-runs", "start"), first_only=True)
@example(field=("/projects/RETAIL/scenarios/*/get-last-runs", "result"), first_only=True)
@example(field=("/projects/RETAIL/jobs", "outputs"), first_only=True)
def test_a_missing_field_makes_nothing_look_better(
    dss: Server, tones: dict[str, Tone], field: tuple[str, str], first_only: bool
) -> None:
    dss.faults.clear()
    visit = Visit(dss)
    dss.faults.change("GET", field[0], lambda answer: without(answer, field[1], first_only))
    guide = visit.guide()
    assert {name for name in good(guide) if tones.get(name, Tone.GOOD) is not Tone.GOOD} == set()
