"""Who watches the project, and that a check which stopped is told on its page."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any, Optional

import pytest

from opsguide.core.assess import assess
from opsguide.core.compose.scene import Scene
from opsguide.core.compose.watching import own_check
from opsguide.core.today import today
from opsguide.core.watch import MACRO, STEP, watch
from opsguide.model.event import Event
from opsguide.model.guide import Cell
from opsguide.model.known import Cause, Known, Unknown, known
from opsguide.model.ledger import Ledger
from opsguide.model.report import Learning, NextRun, Report, RunVerdict, ScenarioReport
from opsguide.model.snapshot import ObjectFacts, ObjectRef, Run, Scenario, ScenarioSettings, Snapshot, Step
from opsguide.render.markdown import today_markdown
from opsguide.render.today_json import today_data
from opsguide.render.urls import Urls
from tests.nights import night, promises

NOW = datetime(2026, 3, 3, 6, 12, tzinfo=timezone.utc)
DENIED = Unknown("the scenarios could not be read", Cause.DENIED, "Read project content")
EVALUATION = Step(STEP, enabled=True)
MORNING = Step("runnable", params={"runnableType": MACRO})


def ran(hours_ago: float, outcome: str = "SUCCESS", seconds: float = 120) -> Run:
    end = NOW - timedelta(hours=hours_ago)
    return Run(f"r{hours_ago}", end - timedelta(seconds=seconds), end, outcome)


def read(
    *steps: Step,
    active: bool = True,
    runs: Known[tuple[Run, ...]] = (),
    verdict: str = "ON_TIME",
    quiet: str = "",
    settings: Optional[Known[ScenarioSettings]] = None,
) -> tuple[Snapshot, Report]:
    """A project with one scenario of these steps, as read and as judged."""
    settings = ScenarioSettings(steps=steps) if settings is None else settings
    scenario = Scenario("WATCH", "Watch", active=active, settings=settings, runs=runs)
    last: Known[Optional[Run]] = runs if isinstance(runs, Unknown) else next(iter(runs), None)
    judged = ScenarioReport(
        id="WATCH", name="Watch", active=active, test=False,
        state=RunVerdict(NOW, verdict, "due 07:00, no run"),
        schedule=(), next_run=NextRun(NOW + timedelta(hours=1), "computed", ""), last_run=last, overnight=(),
        duration=Learning(0, 5, "runs"), limit_seconds=None, errors=DENIED, told=DENIED, targets=(), builds=frozenset(),
    )  # fmt: skip
    snapshot = Snapshot("RETAIL", NOW, scenarios=(scenario,))
    return snapshot, Report("UTC", "", NOW, (judged,), (), (), DENIED, quiet=quiet)


@pytest.mark.parametrize(
    ("steps", "component"),
    [
        ((EVALUATION,), "evaluate-operations"),
        ((Step("build_flowitem"), MORNING), "morning-check"),
        ((Step(STEP, enabled=False),), ""),
        ((Step("runnable", params={"runnableType": "pyrunnable_operations-guide_clean-up"}),), ""),
        ((), ""),
    ],
)
def test_a_scenario_watches_by_the_components_that_judge(steps: tuple[Step, ...], component: str) -> None:
    found = watch(*read(*steps), None).watchers
    assert not isinstance(found, Unknown)
    assert [watcher.component for watcher in found] == ([component] if component else [])


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"runs": (ran(1),)}, ""),
        ({"runs": (ran(26),), "verdict": "NOT_RUN"}, "did not look when it should have: due 07:00, no run"),
        ({"runs": (ran(26),), "verdict": "QUIET_TOO_LONG"}, "did not look when it should have"),
        ({"runs": (ran(26),), "active": False}, "is switched off: nothing looks at this project by itself"),
        ({"runs": (ran(24 * 40),), "active": False}, ""),  # off for good, not lately
        ({"runs": (), "active": False}, ""),
        ({"runs": (ran(26),), "verdict": "NOT_RUN", "quiet": "a design node"}, ""),
        ({"runs": (ran(1, "FAILED"),), "verdict": "FAILED"}, ""),  # it looked, and said so
        ({"runs": DENIED, "verdict": "UNKNOWN"}, ""),
    ],
)
def test_it_says_that_its_own_check_stopped(how: dict[str, Any], said: str) -> None:
    stopped = watch(*read(EVALUATION, **how), None).stopped
    assert bool(stopped) == bool(said), stopped
    assert said in "".join(stopped)


def test_its_own_failures_are_counted_over_thirty_days() -> None:
    runs = (ran(1, "FAILED"), ran(2), ran(3, "FAILED"), ran(24 * 31, "FAILED"))
    (watcher,) = watch(*read(EVALUATION, runs=runs), None).watchers  # type: ignore[misc]
    assert (watcher.failed, watcher.finished) == (2, 3)


def noted(hours_ago: float, **data: Any) -> Event:
    return Event(NOW - timedelta(hours=hours_ago), "0" * 32, "evaluation", "olivia", data=data)


@pytest.mark.parametrize(
    ("runs", "ledger", "last"),
    [
        ((), None, None),
        ((ran(5),), None, ("evaluate-operations", "Watch", 5)),
        ((ran(5),), Ledger(NOW, (noted(2, component="morning-check"),)), ("morning-check", "olivia", 2)),
        ((ran(1),), Ledger(NOW, (noted(2, component="morning-check"),)), ("evaluate-operations", "Watch", 1)),
        ((ran(5),), DENIED, ("evaluate-operations", "Watch", 5)),
    ],
)
def test_the_newest_judgement_of_all_on_record_is_told(
    runs: tuple[Run, ...], ledger: Any, last: Optional[tuple[str, str, float]]
) -> None:
    found = watch(*read(EVALUATION, runs=runs), ledger).last
    assert not isinstance(found, Unknown)
    told = None if found is None else (found.component, found.by, (NOW - found.at).total_seconds() / 3600)
    assert told == last


@pytest.mark.parametrize(
    ("steps", "hours_ago", "component", "warns"),
    [
        ((), 26, "evaluate-operations", True),  # its scenario is off, or gone: DSS does not tell which
        ((EVALUATION,), 26, "evaluate-operations", False),  # another scenario has it
        ((), 24 * 31, "evaluate-operations", False),
        ((), 26, "morning-check", False),  # a person's look is no schedule
    ],
)
def test_what_the_step_noted_tells_that_it_is_gone(
    steps: tuple[Step, ...], hours_ago: float, component: str, warns: bool
) -> None:
    found = watch(*read(*steps), Ledger(NOW, (noted(hours_ago, component=component),))).stopped
    assert bool(found) == warns, found
    if warns:
        assert "no active scenario has it now" in found[0]


def test_today_says_when_it_was_last_judged_and_warns_at_its_top() -> None:
    snapshot, declared = night(), promises()
    report = assess(snapshot, declared)
    last = replace(noted(0, component="evaluate-operations"), at=snapshot.taken_at - timedelta(hours=26))
    found = watch(snapshot, report, Ledger(snapshot.taken_at, (last,)))
    shown = today(snapshot, declared, replace(report, watch=found))
    assert shown.watch_text.startswith("Last judged without a reader: ")
    assert "(evaluate-operations)" in shown.watch_text
    text = today_markdown(shown, Urls("", "RETAIL"))
    assert "Last judged without a reader" in text
    assert today_data(shown)["watch"]["component"] == "evaluate-operations"
    assert any("nothing looks by itself" in note for note in today_data(shown)["notes"])


@pytest.mark.parametrize(
    ("runs", "seconds"),
    [
        ((ran(1, seconds=10), ran(2, "FAILED", 20), ran(3, seconds=900)), 20.0),  # the middle one
        ((ran(31 * 24, seconds=10),), None),  # too long ago
        ((replace(ran(1), start=None),), None),
        ((), None),
        (DENIED, DENIED),
    ],
)
def test_what_a_look_takes_is_told_by_its_runs(runs: Any, seconds: Any) -> None:
    (found,) = known(watch(*read(EVALUATION, runs=runs), None).watchers, ())
    assert found.seconds == seconds


def footprint(snapshot: Snapshot, report: Report) -> Cell:
    seen = replace(report, watch=watch(snapshot, report, None))
    items = own_check(Scene(snapshot, promises(), seen))
    return next(
        part for item in items.items for part in item.parts if isinstance(part, Cell) and part.id.endswith("footprint")
    )


def test_its_footprint_has_calls_seconds_and_what_failed() -> None:
    snapshot, report = read(EVALUATION, runs=(ran(1, seconds=10), ran(2, seconds=12), ran(3, seconds=11)))
    found = footprint(replace(snapshot, calls=102, elapsed_seconds=3.2), report)
    assert found.value == (
        "102 calls to DSS in 3 s for this reading, none of them failed; a run of Watch takes 11 s; no state folder"
    )
    gone = Unknown("the jobs could not be read: DSS did not answer", Cause.NO_ANSWER)
    torn = Unknown("the flow could not be read: the answer is not JSON", Cause.BROKEN)
    facts = ObjectFacts(ObjectRef("DATASET", "RETAIL", "mart"), builds=gone, metrics=gone, row_counts=DENIED)
    found = footprint(replace(snapshot, calls=1, jobs=gone, graph=torn, users=DENIED, facts=(facts,)), report)
    assert "1 call to DSS in under 1 s for this reading, 2 answers that failed;" in found.value
    assert found.evidence == (torn.reason, gone.reason)


def test_what_could_not_be_read_is_unknown_and_not_nobody() -> None:
    snapshot, report = read(settings=DENIED)
    found = watch(snapshot, report, None)
    assert (found.watchers, found.last, found.stopped) == (DENIED, DENIED, ())
    assert watch(*read(), DENIED).last == DENIED
