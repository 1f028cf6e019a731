"""Whatever could not be read, the guide composes, and nothing unknown reads as good."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from functools import lru_cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from opsguide.core.compose import SECTIONS
from opsguide.core.compose.scene import TEMPLATE
from opsguide.model.guide import Cell, Guide, Origin, Tone, cells_of
from opsguide.model.known import Cause, Unknown
from opsguide.model.snapshot import ObjectFacts, Scenario, Snapshot
from tests.nights import guide_of, night, promises

PARTS = (
    "instance", "viewer", "project", "settings", "permissions", "variables", "scenarios", "datasets", "folders",
    "graph", "zones", "jobs", "quality", "channels", "users", "groups", "articles", "webapps", "bundles", "commits",
    "logs", "footprint",
)  # fmt: skip
OF_SCENARIOS = ("settings", "runs")
OF_OBJECTS = tuple(field.name for field in fields(ObjectFacts) if field.name != "ref")

unknowns = st.builds(Unknown, st.just("it could not be read"), st.sampled_from(list(Cause)), st.just("some right"))


@st.composite
def damaged(draw: Any) -> Snapshot:
    """The night, with any parts of it unknown."""
    snapshot = night()
    for name in draw(st.sets(st.sampled_from(PARTS))):
        snapshot = replace(snapshot, **{name: draw(unknowns)})
    if not isinstance(snapshot.scenarios, Unknown):
        snapshot = replace(snapshot, scenarios=tuple(_damaged(draw, each, OF_SCENARIOS) for each in snapshot.scenarios))
    return replace(snapshot, facts=tuple(_damaged(draw, each, OF_OBJECTS) for each in snapshot.facts))


def _damaged(draw: Any, value: Any, parts: tuple[str, ...]) -> Any:
    return replace(value, **{name: draw(unknowns) for name in draw(st.sets(st.sampled_from(parts), max_size=3))})


def check(guide: Guide) -> None:
    cells = cells_of(guide)
    assert len({cell.id for cell in cells}) == len(cells)
    for cell in cells:
        assert isinstance(cell.value, str)
        assert bool(cell.value) == (cell.origin not in (Origin.UNKNOWN, Origin.NOT_DECLARED)), cell
        assert cell.value or cell.reason, cell
        assert cell.source or not cell.value, cell
        if not cell.value:
            assert cell.tone is not Tone.GOOD, cell
    assert sum(guide.completeness.counts.values()) == len(cells)
    assert len(guide.completeness.missing) == sum(not cell.value for cell in cells)
    assert 0 <= guide.completeness.share <= 1
    assert [section.id for section in guide.sections] == [spec.id for spec in SECTIONS]


@given(damaged())
@settings(max_examples=60, deadline=None)
def test_any_part_may_be_unknown(snapshot: Snapshot):
    check(guide_of(snapshot))


@lru_cache(maxsize=1)
def _whole() -> dict[str, Cell]:
    return {cell.id: cell for cell in cells_of(guide_of(night()))}


@given(st.sampled_from(PARTS), unknowns)
@settings(max_examples=60, deadline=None)
def test_one_unknown_part_makes_no_cell_better(part: str, why: Unknown):
    """A cell that is not good with everything read is not good with less of it."""
    before = _whole()
    for cell in cells_of(guide_of(night(**{part: why}))):
        if cell.tone is Tone.GOOD and cell.id in before:
            assert before[cell.id].tone is Tone.GOOD, cell


def test_with_everything_unknown_nothing_is_good():
    why = Unknown("no answer", Cause.NO_ANSWER)
    guide = guide_of(night(**dict.fromkeys(PARTS, why), facts=()), promises({}))
    check(guide)
    assert [cell for cell in cells_of(guide) if cell.tone is Tone.GOOD] == []
    assert all(not section.waits_for for section in guide.sections)


@given(st.sampled_from(["runs", "settings"]), unknowns)
@settings(max_examples=20, deadline=None)
def test_a_scenario_that_cannot_be_judged_is_never_good(part: str, why: Unknown):
    scenarios = tuple(replace(scenario, **{part: why}) for scenario in night().scenarios)
    for cell in cells_of(guide_of(night(scenarios=scenarios))):
        if ".status-" in cell.id or cell.id.endswith((".green", "now.scenarios", "morning.scenarios")):
            assert cell.tone is not Tone.GOOD or cell.id.endswith(".last"), cell


@given(
    st.text(min_size=1, max_size=40),
    st.sampled_from(
        ["<script>alert(1)</script>", "a b", "quote\"s'", "dots.and.more", "emoji 👩‍🔬", "${var}", "100%", "~"]
    ),
)
@settings(max_examples=40, deadline=None)
def test_names_are_plain_text_and_cells_keep_apart(odd: str, hostile: str):
    renamed: tuple[Scenario, ...] = tuple(
        replace(scenario, id=f"{scenario.id}{suffix}", name=f"{hostile} {odd}")
        for scenario, suffix in zip(night().scenarios, (hostile, odd, "", "<", "&"))
    )
    guide = guide_of(night(scenarios=renamed))
    check(guide)
    names = {cell.value for cell in cells_of(guide) if cell.id.endswith(".scenario")}
    assert any(hostile in name for name in names)


@given(st.integers(min_value=0, max_value=10_000))
@settings(max_examples=30, deadline=None)
def test_now_may_be_any_moment(minutes: int):
    check(guide_of(night(taken_at=night().taken_at + timedelta(minutes=minutes))))


def test_fixed_words_say_that_they_are():
    fixed: list[Cell] = [cell for cell in cells_of(guide_of(night())) if cell.source == TEMPLATE]
    assert fixed
    assert {cell.origin for cell in fixed} == {Origin.DEFAULT}
