"""The portfolio: the order of projects never matters, and what is unknown never makes a good line."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from opsguide.core.assess import assess
from opsguide.core.portfolio import find, portfolio, standing, unusual
from opsguide.model.guide import Tone
from opsguide.model.known import Cause, Unknown
from opsguide.model.portfolio import (
    VERDICTS,
    Clearing,
    History,
    Kernel,
    LogSize,
    NotRead,
    Standing,
    Surroundings,
    Traits,
)
from opsguide.model.snapshot import Project, Run, Scenario, ScenarioSettings, Snapshot, Trigger, User, Variables
from opsguide.profile import load

NOW = datetime(2025, 10, 15, 8, tzinfo=timezone.utc)
FEW = settings(max_examples=80, deadline=None)

unknowns = st.builds(Unknown, st.just("not to be read"), st.sampled_from(list(Cause)), st.sampled_from(["", "a right"]))
logins = st.sampled_from(["ada", "bob", "cyd", "gone", ""])
names = st.sampled_from(["S", "T"])
clearings = st.builds(
    Clearing,
    st.sampled_from(["job logs", "scenario logs"]),
    names,
    st.booleans(),
    st.booleans(),
    st.sampled_from(["ON_TIME", "NOT_RUN", "UNKNOWN"]),
)
traits = st.builds(
    Traits,
    unknowns | st.integers(0, 3),
    unknowns | st.lists(names, max_size=2).map(tuple),
    unknowns | st.lists(st.tuples(names, logins), max_size=2).map(tuple),
    unknowns | st.lists(clearings, max_size=2).map(tuple),
)
TONES = {"ERROR": Tone.BAD, "WARNING": Tone.NOTICE, "UNKNOWN": Tone.UNKNOWN, "OK": Tone.GOOD}


@st.composite
def standings(draw: Any) -> list[Standing]:
    found = []
    for number in range(draw(st.integers(0, 5))):
        verdict = draw(st.sampled_from(VERDICTS))
        project = Project(f"P{number}", owner_login=draw(logins), triggers_disabled=draw(st.none() | st.booleans()))
        tone = TONES.get(verdict, Tone.NONE)
        found.append(Standing(project, verdict, tone, "said", traits=draw(traits)))
    return found


users = st.lists(
    st.builds(User, logins, enabled=st.none() | st.booleans()), max_size=4, unique_by=lambda user: user.login
)
kernels = st.lists(
    st.builds(Kernel, names, names, idle_since=st.none() | st.just(NOW - timedelta(days=3)), busy=st.booleans())
)
surroundings = st.builds(
    Surroundings,
    users=unknowns | users.map(tuple),
    kernels=unknowns | kernels.map(tuple),
    logs=unknowns | st.lists(st.builds(LogSize, names, st.floats(0, 1e12)), max_size=3).map(tuple),
)


@FEW
@given(standings(), st.integers(0, 3), surroundings, st.integers(0, 10**6))
def test_the_order_of_projects_never_matters(found: list[Standing], left: int, around: Surroundings, seed: int) -> None:
    shuffled = list(found)
    Random(seed).shuffle(shuffled)
    not_read = [NotRead(Project(f"Z{number}"), "no time") for number in range(left)]
    one = portfolio(found, not_read, around, NOW, whole=True)
    other = portfolio(shuffled, list(reversed(not_read)), around, NOW, whole=True)
    assert one == other


@FEW
@given(standings(), surroundings, unknowns)
def test_what_could_not_be_read_is_never_fine(found: list[Standing], around: Surroundings, unknown: Unknown) -> None:
    """Each answer that is fine rests on nothing that is unknown: made unknown, it is fine no more."""
    blind = [Standing(each.project, each.verdict, each.tone, "said", traits=_all(unknown)) for each in found]
    states = {finding.id: finding.state for finding in find(blind, 0, around, NOW)}
    for id in ("told", "run-as", "clears-job-logs", "clears-scenario-logs"):
        assert not found or states[id] != "fine"
    dark = Surroundings(users=unknown, kernels=unknown, logs=unknown)
    states = {finding.id: finding.state for finding in find(found, 0, dark, NOW)}
    assert {states[id] for id in ("owners", "run-as", "notebooks", "log-debt")} == {"unknown"}


def _all(unknown: Unknown) -> Traits:
    return Traits(**{part.name: unknown for part in fields(Traits)})


@FEW
@given(standings(), st.integers(0, 2))
def test_one_that_is_unknown_or_not_read_never_lets_the_whole_be_good(found: list[Standing], left: int) -> None:
    not_read = [NotRead(Project(f"Z{number}"), "no time") for number in range(left)]
    whole = portfolio(found, not_read, Surroundings(), NOW)
    if left or any(each.verdict != "OK" for each in found if each.verdict not in ("IDLE", "QUIET")):
        assert whole.tone is not Tone.GOOD
    assert whole.total == len(found) + left


PARTS = ("scenarios", "variables", "settings", "runs")


@FEW
@given(st.sets(st.sampled_from(PARTS), min_size=1), unknowns)
def test_a_project_of_which_a_part_is_unknown_is_never_well(parts: set[str], unknown: Unknown) -> None:
    trigger = Trigger("temporal", params={"frequency": "Daily", "hour": 2, "minute": 0, "timezone": "UTC"})
    runs = tuple(
        Run(
            str(back),
            at := NOW.replace(hour=2) - timedelta(days=back),
            at + timedelta(minutes=5),
            "SUCCESS",
            "temporal",
        )
        for back in range(20)
    )
    scenario = Scenario(
        "S",
        "S",
        active=True,
        settings=unknown if "settings" in parts else ScenarioSettings((trigger,)),
        runs=unknown if "runs" in parts else runs,
    )
    snapshot = Snapshot(
        "P",
        NOW,
        project=Project("P"),
        scenarios=unknown if "scenarios" in parts else (scenario,),
        variables=unknown if "variables" in parts else Variables(),
    )
    declared = load({}, {}, "")
    found = standing(Project("P"), snapshot, declared, assess(snapshot, declared))
    assert found.verdict in ("ERROR", "WARNING", "UNKNOWN")
    assert found.problems


@FEW
@given(
    st.lists(st.integers(0, 60 * 24 * 40), min_size=1, max_size=60, unique=True),
    st.sampled_from(["SUCCESS", "FAILED", "WARNING", None, ""]),
)
def test_habits_never_make_a_failure_usual(minutes: list[int], outcome: Any) -> None:
    starts = sorted((NOW - timedelta(minutes=minute)).timestamp() for minute in minutes)
    last = Run("r", outcome=outcome, trigger_name="Nightly")
    history = History("P", "S", "S", last, starts, [60.0] * len(starts), ("Nightly",))
    said = unusual(history, NOW)
    assert said or (outcome in ("SUCCESS", None) and len(starts) > 8)
