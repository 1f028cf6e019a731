"""The portfolio's own judgement: habits, findings about the instance, the sentence that comes first."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from math import nan
from typing import Any, Optional

import pytest

from opsguide.core.portfolio import find, portfolio, unusual
from opsguide.model.guide import Tone
from opsguide.model.known import Cause, Unknown
from opsguide.model.portfolio import (
    Clearing,
    Finding,
    History,
    Kernel,
    LogSize,
    NotRead,
    Standing,
    Surroundings,
    Traits,
)
from opsguide.model.snapshot import Project, Run, User

NOW = datetime(2025, 10, 15, 8, tzinfo=timezone.utc)  # a Wednesday
DAY = timedelta(days=1)
DENIED = Unknown("Action forbidden", Cause.DENIED, "instance administrator")
PEOPLE = (User("ada", enabled=True), User("bob", enabled=False), User("cyd", enabled=None))


# --- habits ----------------------------------------------------------------------------------------------------------


def history(
    starts: list[datetime],
    outcome: Optional[str] = "SUCCESS",
    lengths: Optional[list[float]] = None,
    by: str = "Nightly",
) -> History:
    starts = sorted(starts)
    lengths = lengths or [300.0] * len(starts)
    last = Run("r", starts[-1], None if outcome is None else starts[-1], outcome, trigger_name=by)
    return History("P", "S", "S", last, [start.timestamp() for start in starts], lengths, ("Nightly",))


def nights(number: int, *, without: tuple[int, ...] = (), weekdays: bool = False, late: float = 0) -> list[datetime]:
    """02:00 of so many days until today, `late` minutes later today; `without` are days ago."""
    days = [NOW.replace(hour=2) - back * DAY for back in range(number) if back not in without]
    days = [day for day in days if not weekdays or day.weekday() < 5]
    return [day + timedelta(minutes=late) if day.date() == NOW.date() else day for day in days]


HABITS = [
    ("every night", history(nights(20)), ""),
    ("failed", history(nights(20), "FAILED"), "its last run ended with FAILED"),
    ("warnings", history(nights(20), "WARNING"), "its last run ended with WARNING"),
    ("an outcome of tomorrow's DSS", history(nights(20), "PARTIAL"), "its last run ended with PARTIAL"),
    ("too few", history(nights(8)), "8 runs on record, too few to know its habits"),
    ("today is missing", history(nights(20, without=(0,))), "quiet for 1 d 6 h, 95 % of its pauses were up to"),
    ("weekdays, well", history(nights(30, weekdays=True)), ""),
    ("weekdays, today is missing", history(nights(30, weekdays=True, without=(0,))), "it did not start 6 h ago"),
    ("late today", history(nights(20, late=40)), "it did not start 6 h ago"),
    ("a little late", history(nights(20, late=10)), ""),
    ("took long", history(nights(20), lengths=[300.0] * 19 + [900.0]), "ran for 15 min, never over 5 min before"),
    ("runs, as long as ever", history([*nights(20), NOW - timedelta(minutes=4)], None), ""),
    ("runs too long", history([*nights(20), NOW - timedelta(minutes=20)], None), "runs for 20 min, never over 5 min"),
    ("by hand", history(nights(20), by="Manual"), "its last run was started by Manual, as few are"),
    ("by nobody knows", history(nights(20), by=""), "its last run was started by something without a name"),
    ("no lengths", history(nights(20), lengths=[nan] * 20), "how long its runs take is not on record"),
]


@pytest.mark.parametrize(("case", "seen", "said"), HABITS, ids=[case for case, *_ in HABITS])
def test_what_is_not_as_usual_is_named(case: str, seen: History, said: str) -> None:
    found = unusual(seen, NOW)
    assert found.startswith(said) if said else found == ""


# --- findings --------------------------------------------------------------------------------------------------------


def project(key: str, owner: str = "ada", triggers_disabled: Optional[bool] = False) -> Project:
    return Project(key, key.title(), owner_login=owner, triggers_disabled=triggers_disabled)


def stands(key: str = "A", verdict: str = "OK", traits: Optional[Traits] = None, **about: Any) -> Standing:
    tone = {"ERROR": Tone.BAD, "WARNING": Tone.NOTICE, "UNKNOWN": Tone.UNKNOWN, "OK": Tone.GOOD}.get(verdict, Tone.NONE)
    return Standing(project(key, **about), verdict, tone, "as it is", traits=traits or Traits(1, (), (), ()))


def answer(id: str, *standings: Standing, not_read: int = 0, whole: bool = True, **around: Any) -> Finding:
    known = {"users": PEOPLE, "kernels": (), "logs": (), **around}
    return next(f for f in find(standings, not_read, Surroundings(**known), NOW, whole=whole) if f.id == id)


def clears(verdict: str = "ON_TIME", deletes: bool = True, everywhere: bool = True) -> Traits:
    return Traits(1, (), (), (Clearing("job logs", "Tidy", deletes, everywhere, verdict),))


FINDINGS = [
    # clean-up
    ("clears all", answer("clears-job-logs", stands(traits=clears()), stands("B")), "fine"),
    ("clears its own", answer("clears-job-logs", stands(traits=clears(everywhere=False))), "fine"),
    ("clears one of two", answer("clears-job-logs", stands(traits=clears(everywhere=False)), stands("B")), "wrong"),
    ("only lists", answer("clears-job-logs", stands(traits=clears(deletes=False))), "wrong"),
    ("exists, does not run", answer("clears-job-logs", stands(traits=clears("NOT_RUN"))), "wrong"),
    ("held back", answer("clears-job-logs", stands(traits=clears("SKIPPED_EXPECTED"))), "wrong"),
    ("nobody clears", answer("clears-scenario-logs", stands()), "wrong"),
    ("not all is seen", answer("clears-job-logs", stands(), whole=False), "unknown"),
    ("one was not read", answer("clears-job-logs", stands(), not_read=1), "unknown"),
    ("found, though not all is seen", answer("clears-job-logs", stands(traits=clears()), not_read=9), "fine"),
    # owners
    ("owner enabled", answer("owners", stands()), "fine"),
    ("owner disabled", answer("owners", stands(owner="bob")), "wrong"),
    ("owner gone", answer("owners", stands(owner="dan")), "wrong"),
    ("owner's state hidden", answer("owners", stands(owner="cyd")), "unknown"),
    ("a dead one beside a hidden one", answer("owners", stands(owner="cyd"), stands("B", owner="bob")), "wrong"),
    ("users not readable", answer("owners", stands(), users=DENIED), "unknown"),
    # run as
    ("run as enabled", answer("run-as", stands(traits=Traits(1, (), (("S", "ada"),), ()))), "fine"),
    ("run as disabled", answer("run-as", stands(traits=Traits(1, (), (("S", "bob"),), ()))), "wrong"),
    ("run as a key", answer("run-as", stands(traits=Traits(1, (), (("S", "api:x"),), ()))), "unknown"),
    ("run as not read", answer("run-as", stands(traits=Traits(1, (), DENIED, ()))), "unknown"),
    # told
    ("somebody told", answer("told", stands()), "fine"),
    ("nobody told", answer("told", stands(traits=Traits(1, ("S",), (), ()))), "wrong"),
    ("told not read", answer("told", stands(traits=Traits(1, DENIED, (), ()))), "unknown"),
    # triggers
    ("triggers on", answer("triggers", stands()), "fine"),
    ("triggers off", answer("triggers", stands(triggers_disabled=True)), "wrong"),
    ("off, nothing to start", answer("triggers", stands(traits=Traits(0, (), (), ()), triggers_disabled=True)), "fine"),
    ("triggers unsaid", answer("triggers", stands(triggers_disabled=None)), "unknown"),
    # notebooks
    ("no kernel", answer("notebooks", stands()), "fine"),
    ("idle", answer("notebooks", stands(), kernels=(Kernel("A", "n", idle_since=NOW - 3 * DAY),)), "wrong"),
    ("busy", answer("notebooks", stands(), kernels=(Kernel("A", "n", idle_since=NOW - 3 * DAY, busy=True),)), "fine"),
    ("no activity told", answer("notebooks", stands(), kernels=(Kernel("A", "n"),)), "unknown"),
    ("kernels denied", answer("notebooks", stands(), kernels=DENIED), "unknown"),
    # logs
    ("light", answer("log-debt", stands(), logs=(LogSize("A", 1e6),)), "fine"),
    ("heavy", answer("log-debt", stands(), logs=(LogSize("A", 2e10),)), "wrong"),
    ("logs denied", answer("log-debt", stands(), logs=DENIED), "unknown"),
]


@pytest.mark.parametrize(("case", "found", "state"), FINDINGS, ids=[case for case, *_ in FINDINGS])
def test_each_question_ends_in_one_of_three_states(case: str, found: Finding, state: str) -> None:
    assert found.state == state, found
    assert found.said


def test_what_would_tell_is_said_where_a_right_is_missing() -> None:
    assert answer("owners", stands(), users=DENIED).needs == "instance administrator"
    assert answer("owners", stands(owner="cyd")).needs == "instance administrator"
    assert answer("clears-job-logs", stands(), whole=False).needs == "instance administrator"
    assert answer("told", stands(), not_read=2).needs == "more minutes"


def test_evidence_is_bounded_and_the_rest_is_counted() -> None:
    found = answer("owners", *(stands(f"P{number:03d}", owner="bob") for number in range(50)))
    assert (len(found.evidence), found.left_out) == (20, 30)


# --- the whole -------------------------------------------------------------------------------------------------------


def whole(*standings: Standing, not_read: int = 0, **how: Any) -> Any:
    left = [NotRead(project(f"Z{number}"), "no time") for number in range(not_read)]
    return portfolio(standings, left, Surroundings(), NOW, **how)


SENTENCES = [
    ((), 0, {}, "No project was found", Tone.NONE),
    ((stands(),), 0, {}, "1 project: 1 as it should be", Tone.GOOD),
    ((stands(), stands("B", "ERROR")), 0, {}, "1 of 2 projects has errors; 1 as it should be", Tone.BAD),
    ((stands(), stands("B", "WARNING")), 12, {}, "1 of 14 projects warns, 12 not read; 1 as it should be", Tone.NOTICE),
    ((stands("B", "UNKNOWN"),), 1, {}, "1 of 2 projects cannot be told, 1 not read", Tone.UNKNOWN),
    ((stands(),), 3, {"reading": True}, "3 of 4 projects not read yet; 1 as it should be", Tone.UNKNOWN),
    ((stands("B", "AS_USUAL"), stands()), 0, {}, "2 projects: 1 as usual, 1 as it should be", Tone.NONE),
    ((), 2, {}, "2 of 2 projects not read", Tone.UNKNOWN),
]


@pytest.mark.parametrize(("standings", "not_read", "how", "said", "tone"), SENTENCES, ids=[s[3] for s in SENTENCES])
def test_the_sentence_counts_what_is_wrong_first(
    standings: tuple[Standing, ...], not_read: int, how: dict[str, Any], said: str, tone: Tone
) -> None:
    found = whole(*standings, not_read=not_read, **how)
    assert (found.headline, found.tone) == (said, tone)


def test_projects_stand_worst_first_and_those_with_more_trouble_in_front() -> None:
    one, two = stands("B", "ERROR"), replace(stands("C", "ERROR"), problems=("x", "y"))
    order = [each.key for each in whole(stands(), one, two, stands("D", "UNKNOWN"), stands("E", "AS_USUAL")).projects]
    assert order == ["C", "B", "D", "E", "A"]


def test_a_page_holds_all_that_is_wrong_and_some_of_what_is_well() -> None:
    many = [stands(f"P{number:03d}", "ERROR" if number < 250 else "OK") for number in range(600)]
    (table,) = whole(*many).sections[0].blocks
    assert len(table.rows) == 250
    assert table.caption == "600 projects, worst first; 350 that need no look are left out"
    (table,) = whole(*many[300:]).sections[0].blocks
    assert len(table.rows) == 200


def test_nothing_is_said_of_the_instance_before_all_is_read() -> None:
    assert whole(stands(), reading=True).findings == ()
    assert whole(stands()).findings
