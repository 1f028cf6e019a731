"""Each rule of a clean-up alone: with none of them everything old goes, and with one exactly what it names stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from opsguide.core.cleanup import Newest, judge
from opsguide.model.cleanup import GROUP, Candidate, Options, Thing
from opsguide.service.cleanup.macro import options_of

NOW = datetime(2026, 11, 23, 7, 0, tzinfo=timezone.utc)
# No rule but age, which is the same for every group.
BARE = Options(
    older_than_days=30,
    unused_days=30,
    failures_days=0,
    keep_last=0,
    keep_last_success=False,
    keep_versions=0,
    include=("w",),  # a web app's backend is stopped only where it is named
)


def old(group: str, name: str, days: int, **more: Any) -> Thing:
    return Thing(group, "P", name, series=more.pop("series", "s"), at=NOW - timedelta(days=days), **more)


# Two series of job logs beside one of scenario runs; the newest of each failed.
LOGS = (
    old("job_logs", "a1", 40, outcome="FAILED"),
    old("job_logs", "a2", 50, outcome="DONE"),
    old("job_logs", "a3", 60, outcome="DONE"),
    old("job_logs", "b1", 45, outcome="ABORTED", series="t"),
    old("job_logs", "b2", 100, outcome="DONE", series="t", tags=("Keep",)),
    old("scenario_logs", "r1", 41, outcome="FAILED"),
    old("scenario_logs", "r2", 200, outcome="WARNING"),
)
VERSIONS = tuple(old("model_versions", f"v{number}", 40 + number) for number in range(4))


def judged(things: tuple[Thing, ...], asked: Options) -> dict[str, Candidate]:
    candidates, _ = judge(things, Newest.of(things, asked), asked, NOW, frozenset({"P"}), {})
    return {candidate.thing.id: candidate for candidate in candidates}


def bare(**rule: Any) -> Options:
    return replace(BARE, include=(), **rule)


@pytest.mark.parametrize(
    ("things", "asked", "kept"),
    [
        (LOGS, bare(), {"b2": "it is tagged “keep”"}),
        (LOGS, bare(keep_last=1), dict.fromkeys(("a1", "b1", "r1"), "the last 1 are kept")),
        (LOGS, bare(keep_last=2), dict.fromkeys(("a1", "a2", "b1", "b2", "r1", "r2"), "the last 2 are kept")),
        (LOGS, bare(keep_last_success=True), dict.fromkeys(("a2", "b2", "r2"), "it is the last that succeeded")),
        (LOGS, bare(failures_days=41), {"a1": "failures are kept for 41 days"}),
        (LOGS, bare(failures_days=46), dict.fromkeys(("a1", "b1", "r1"), "failures are kept for 46 days")),
        (LOGS, bare(exclude=("a*", "r1")), {**dict.fromkeys(("a1", "a2", "a3"), "excluded by “a*”"), "r1": "“r1”"}),
        (LOGS, replace(BARE, include=("b*",)), dict.fromkeys(("a1", "a2", "a3", "r1", "r2"), "not among what is incl")),
        (VERSIONS, bare(), {}),
        (VERSIONS, bare(keep_versions=3), dict.fromkeys(("v0", "v1", "v2"), "the last 3 are kept")),
        (VERSIONS, bare(keep_last=3, keep_last_success=True, failures_days=90), {}),
    ],
)
def test_a_rule_alone_keeps_what_it_names_and_nothing_else(
    things: tuple[Thing, ...], asked: Options, kept: dict[str, str]
) -> None:
    found = judged(things, asked)
    assert found.keys() == {thing.id for thing in things}
    tagged = {"b2": "it is tagged “keep”"} if things is LOGS else {}
    assert {name for name, each in found.items() if not each.goes} == (tagged | kept).keys()
    for name, reason in kept.items():
        assert any(reason in said for said in found[name].protected_by), found[name].protected_by


@pytest.mark.parametrize(
    ("group", "age", "rule"),
    [
        ("job_logs", timedelta(days=45), {"older_than_days": 45}),
        ("exports", timedelta(days=45), {"older_than_days": 45}),
        ("datasets", timedelta(days=45), {"unused_days": 45}),
        ("notebook_sessions", timedelta(hours=45), {"idle_hours": 45}),
    ],
)
def test_what_is_a_second_too_young_is_not_spoken_of(group: str, age: timedelta, rule: dict[str, int]) -> None:
    things = tuple(Thing(group, "P", str(late), at=NOW - age + timedelta(seconds=late)) for late in (0, 1))
    assert {name: each.goes for name, each in judged(things, bare(**rule)).items()} == {"0": True}


@pytest.mark.parametrize("group", GROUP)
def test_the_tag_keeps_a_thing_of_any_group(group: str) -> None:
    thing = old(group, "w", 400, live=group == "webapp_backends")
    assert judged((thing,), BARE)["w"].goes
    for tag in ("keep", " KEEP "):
        assert judged((replace(thing, tags=(tag,)),), BARE)["w"].protected_by == ("it is tagged “keep”",)


@pytest.mark.parametrize("group", GROUP)
def test_each_group_has_a_switch_of_its_own(group: str) -> None:
    """DSS sends a switch as a truth value, a scenario's step sometimes as a word."""
    for no in (False, "false"):
        assert options_of({group: no}).groups == tuple(name for name in GROUP if name != group)
        assert options_of({name: name == group or no for name in GROUP}).groups == (group,)
    things = tuple(old(each, f"{each} w", 400, live=each == "webapp_backends") for each in GROUP)
    alone = judged(things, replace(BARE, groups=(group,), include=(f"{group} w",)))
    assert alone.keys() == {f"{group} w"}
    assert alone[f"{group} w"].goes
