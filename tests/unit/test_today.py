"""Today, judged from one night: its sentence, its orders, its timeline, when to look again, and when a scenario stops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from opsguide.core import meanings
from opsguide.core.assess import assess
from opsguide.core.compose.phrases import budget_text
from opsguide.core.today import evaluate, today
from opsguide.core.today.lines import CONCERNS
from opsguide.model.guide import Table, Tone
from opsguide.model.known import Cause, Unknown
from opsguide.model.profile import Declared
from opsguide.model.report import (
    FRESHNESS_ORDER,
    RUN_ORDER,
    SLA_ORDER,
    VOLUME_ORDER,
    Budget,
    OutputReport,
    Prediction,
    Report,
    RowStat,
    RunVerdict,
)
from opsguide.model.snapshot import (
    Build,
    Instance,
    Job,
    ProjectSettings,
    QualityStatus,
    Run,
    Snapshot,
)
from opsguide.model.today import Today
from tests.nights import HOUR, MINUTE, NOW, facts, night, promises, run_at, scenarios

DENIED = Unknown("Action forbidden", Cause.DENIED, "Read project content")
LAST_NIGHT = datetime(2025, 10, 14, 0, 0, 20, tzinfo=timezone.utc)


def of(snapshot: Snapshot, declared: Declared | None = None, change: Callable[[Report], Report] | None = None) -> Today:
    declared = declared or promises()
    report = assess(snapshot, declared)
    return today(snapshot, declared, change(report) if change else report)


def with_runs(key: str, *runs: Run, keep: bool = False) -> tuple[Any, ...]:
    """The scenarios, one of them with other runs; `keep` its older ones."""
    return tuple(
        replace(each, runs=(*runs, *(each.runs[1:] if keep else ()))) if each.id == key else each
        for each in scenarios()
    )


def good_night(**changes: Any) -> Snapshot:
    """The same project after a night in which all went well."""
    ran = run_at(LAST_NIGHT, 12, trigger_id="at2")
    built = Build(True, LAST_NIGHT, LAST_NIGHT + 12 * MINUTE, "job_good", source="internal stats")
    mart = next(fact for fact in facts() if fact.ref.id == "sales_mart")
    older = mart.builds[1:] if not isinstance(mart.builds, Unknown) else ()
    counts = () if isinstance(mart.row_counts, Unknown) else mart.row_counts
    told = replace(mart, last_build=built, last_success=built, builds=(built, *older), row_counts=counts)
    others = tuple(fact for fact in facts() if fact.ref.id != "sales_mart")
    job = Job("job_good", state="DONE", start=built.start, end=built.end, outputs=((mart.ref, "NP"),))
    given = {"scenarios": with_runs("NIGHTLY", ran, keep=True), "facts": (told, *others), "jobs": (job,)}
    return night(**{**given, **changes})


def states(**verdicts: str) -> Callable[[Report], Report]:
    """A report in which these scenarios stand so."""

    def change(report: Report) -> Report:
        assert not isinstance(report.scenarios, Unknown)
        changed = tuple(
            replace(each, state=RunVerdict(None, verdicts[each.id], "said so")) if each.id in verdicts else each
            for each in report.scenarios
        )
        return replace(report, scenarios=changed)

    return change


def output(report: Report, name: str) -> OutputReport:
    assert not isinstance(report.outputs, Unknown)
    return next(each for each in report.outputs if each.ref.id == name)


def outputs(**fields: dict[str, Any]) -> Callable[[Report], Report]:
    """A report in which these outputs have other fields."""

    def change(report: Report) -> Report:
        assert not isinstance(report.outputs, Unknown)
        return replace(report, outputs=tuple(replace(o, **fields.get(o.ref.id, {})) for o in report.outputs))

    return change


# --- the sentence ----------------------------------------------------------------------------------------------------


def test_the_sentence_counts_what_is_wrong_first_and_says_what_is_well() -> None:
    found = of(night())
    assert found.headline == "1 of 3 outputs late, 1 scenario failed; 1 of 2 promised outputs ready"
    assert found.tone is Tone.BAD


def test_a_good_night_is_told_as_one() -> None:
    found = of(good_night(), change=states(FEED="QUIET", SCRIPT="ON_TIME"))
    assert found.headline == "All 2 promised outputs ready, all 3 active scenarios are as they should be"
    assert found.tone is Tone.GOOD


def test_the_next_deadline_has_its_chance_in_counts() -> None:
    due = NOW + 30 * MINUTE
    told = Prediction(due - 5 * MINUTE, due + 5 * MINUTE, 11, "11 past runs", kept=9, of=11)
    found = of(
        night(), change=outputs(sales_mart={"verdict": "PENDING", "due_at": due, "reason": "due", "prediction": told})
    )
    assert found.headline.endswith("; next deadline 07:30 sales_mart, met on 9 of 11 such mornings")


def test_deadlines_at_one_moment_are_counted() -> None:
    wait = {"verdict": "PENDING", "due_at": NOW + HOUR, "reason": "due"}
    found = of(night(), change=outputs(sales_mart=wait, stores=wait))
    assert found.headline.endswith("; next deadline 08:00 sales_mart and 1 more output")


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ({"NIGHTLY": "NOT_RUN"}, "1 scenario did not start"),
        ({"NIGHTLY": "NOT_RUN", "FEED": "FAILED", "SCRIPT": "UNKNOWN"}, "1 scenario failed, 1 did not start"),
        ({"NIGHTLY": "RUNNING_LATE", "FEED": "LATE_START"}, "1 scenario running late, 1 started late"),
        ({"NIGHTLY": "UNKNOWN", "FEED": "UNKNOWN"}, "2 scenarios cannot be told"),
        ({"NIGHTLY": "RECOVERED"}, "1 scenario recovered"),
        ({"NIGHTLY": "RUNNING", "FEED": "QUIET"}, "all 3 active scenarios are as they should be, 1 running"),
    ],
)
def test_scenarios_are_counted_worst_first(verdicts: dict[str, str], said: str) -> None:
    assert said in of(good_night(), change=states(**verdicts)).headline


ROWS = RowStat(10, NOW, 10, 50_000, 30, "ERROR", "12 rows, expected 50,000")


@pytest.mark.parametrize(
    ("fields", "said", "tone"),
    [
        ({"verdict": "AT_RISK"}, "1 of 3 outputs at risk", Tone.NOTICE),
        ({"verdict": "RECOVERED_LATE"}, "1 of 3 outputs built late", Tone.NOTICE),
        ({"verdict": "UNKNOWN"}, "1 of 3 outputs cannot be told", Tone.UNKNOWN),
        ({"rows": ROWS}, "1 of 3 outputs with implausible rows", Tone.BAD),
        ({"rows": replace(ROWS, verdict="NEW_LEVEL")}, "1 of 3 outputs at a new level of rows", Tone.NOTICE),
        ({"rows": DENIED}, "1 of 3 outputs with rows that could not be read", Tone.UNKNOWN),
        ({"last_build": DENIED}, "1 of 3 outputs cannot be told", Tone.UNKNOWN),
    ],
)
def test_an_output_is_counted_by_the_worst_of_it(fields: dict[str, Any], said: str, tone: Tone) -> None:
    found = of(good_night(), change=lambda report: outputs(sales_mart=fields)(states(SCRIPT="ON_TIME")(report)))
    assert said.lower() in found.headline.lower()
    assert found.tone is tone


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"scenarios": DENIED}, "the scenarios could not be read"),
        ({"variables": DENIED}, "what is promised could not be read"),
        ({"quality": DENIED}, "data quality could not be read"),
        ({"graph": DENIED}, "the flow could not be read"),
    ],
)
def test_what_could_not_be_read_is_in_the_sentence(changes: dict[str, Any], said: str) -> None:
    snapshot = good_night(**changes)
    declared = Declared() if "variables" in changes else promises()
    found = of(snapshot, declared)
    assert said in found.headline.lower()
    assert found.tone not in (Tone.GOOD, Tone.NONE)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"quality": (QualityStatus("sales_mart", "ERROR"),)}, "Data Quality fails on 1 dataset"),
        ({"settings": ProjectSettings(True)}, "automatic triggers are switched off"),
        ({"scenarios": ()}, "this project has no scenarios"),
        ({"facts": ()}, "cannot be told"),
    ],
)
def test_what_else_matters_is_in_the_sentence(changes: dict[str, Any], said: str) -> None:
    assert said.lower() in of(good_night(**changes)).headline.lower()


def test_nothing_promised_is_no_good_news() -> None:
    found = of(good_night(), Declared())
    assert "nothing is promised for all 3 outputs" in found.headline.lower()
    assert found.tone is not Tone.GOOD


def test_a_design_node_counts_but_does_not_alarm() -> None:
    found = of(night(instance=Instance("d", "design", "DESIGN", "14.3.1")))
    assert found.headline.startswith("This is a design copy, nothing alarms: 1 of 3 outputs late, 1 scenario failed")
    assert found.tone is Tone.QUIET
    loud = (Tone.BAD, Tone.NOTICE)
    assert [lane.name for lane in found.timeline.lanes if lane.tone in loud] == []
    assert not isinstance(found.scenarios, Unknown)
    assert [each.id for each in found.scenarios if each.alarms or each.tone in loud] == []


def test_a_test_scenario_does_not_count() -> None:
    found = of(night())
    assert not isinstance(found.scenarios, Unknown)
    test = next(each for each in found.scenarios if each.test)
    assert (test.verdict, test.alarms) == ("FAILED", False)
    assert sum(number for _, number in found.counts.scenarios) == 3


# --- worst first -----------------------------------------------------------------------------------------------------


def test_scenarios_stand_worst_first_then_tests_then_what_is_off() -> None:
    found = of(night(), change=states(SCRIPT="LATE_START", NIGHTLY="ON_TIME", FEED="NOT_RUN"))
    assert not isinstance(found.scenarios, Unknown)
    assert [each.id for each in found.scenarios] == ["FEED", "SCRIPT", "NIGHTLY", "TESTS", "OLD"]
    table = next(block for block in found.sections[0].blocks if isinstance(block, Table))
    assert [row[0].value for row in table.rows] == [
        "Feed the dashboard",
        "Python upkeep",
        "Nightly build",
        "Checks (test)",
    ]


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        ({"verdict": "MISSED"}, {"verdict": "AT_RISK"}),
        ({"rows": ROWS}, {"verdict": "AT_RISK"}),
        ({"verdict": "AT_RISK"}, {"verdict": "UNKNOWN"}),
        ({"verdict": "UNKNOWN"}, {"verdict": "RECOVERED_LATE"}),
        ({"verdict": "UNKNOWN"}, {"verdict": "MET"}),
    ],
)
def test_outputs_stand_worst_first(worse: dict[str, Any], better: dict[str, Any]) -> None:
    good = {"verdict": "MET", "rows": Unknown("no metric", Cause.NOT_RECORDED)}
    found = of(
        good_night(),
        Declared(),
        outputs(dashboard_feed=good, sales_mart={**good, **better}, stores={**good, **worse}),
    )
    assert not isinstance(found.outputs, Unknown)
    order = [each.id for each in found.outputs]
    assert order.index("stores") < order.index("sales_mart")


def test_concerns_keep_the_orders_of_the_definitions() -> None:
    for order in (SLA_ORDER, FRESHNESS_ORDER):
        places = [CONCERNS.index(verdict) for verdict in order]
        assert places == sorted(places)


def test_every_verdict_has_its_meaning() -> None:
    for order, said in (
        (RUN_ORDER, meanings.RUNS),
        (SLA_ORDER, meanings.SLA),
        (FRESHNESS_ORDER, meanings.FRESHNESS),
        (VOLUME_ORDER, meanings.VOLUME),
    ):
        assert tuple(said) == order


def test_a_verdict_opens_its_meaning() -> None:
    cells = [cell for block in of(night()).sections[0].blocks if isinstance(block, Table) for cell in block.rows[0]]
    state = next(cell for cell in cells if cell.verdict == "FAILED" and cell.id.endswith(".state"))
    assert meanings.RUNS["FAILED"] in state.evidence


def test_who_waits_and_who_can_mend_it_are_named_where_something_is_wrong() -> None:
    tell = next(section for section in of(night()).sections if section.id == "who-to-tell")
    rows = [[cell.value for cell in row] for block in tell.blocks if isinstance(block, Table) for row in block.rows]
    assert rows[0] == ["sales_mart", "Finance and Store managers", "Data team, #data"]
    assert rows[1][:2] == ["Nightly build", "Finance"]
    good = of(good_night(), change=states(SCRIPT="ON_TIME"))
    assert "who-to-tell" not in [section.id for section in good.sections]


# --- the night -------------------------------------------------------------------------------------------------------


def test_the_night_sets_what_was_due_against_what_ran() -> None:
    timeline = of(night()).timeline
    assert timeline.since < timeline.now < timeline.until
    lanes = {lane.id: lane for lane in timeline.lanes}
    marks = {mark.kind: mark for mark in lanes["NIGHTLY"].marks}
    assert (marks["expected"].verdict, marks["expected"].tone) == ("FAILED", Tone.BAD)
    assert (marks["run"].verdict, marks["run"].end) == ("FAILED", LAST_NIGHT + 4 * MINUTE)
    assert timedelta(minutes=10) < marks["usual"].start - LAST_NIGHT < timedelta(minutes=16)
    due = next(mark for mark in lanes["sales_mart"].marks if mark.kind == "deadline")
    assert (due.text, due.verdict, due.tone) == ("due 06:30", "MISSED", Tone.BAD)
    assert [lane.kind for lane in timeline.lanes] == ["scenario", "scenario", "output"]


def test_what_goes_on_has_no_end_and_a_night_of_every_minute_keeps_what_matters() -> None:
    often = tuple(run_at(NOW - minutes * MINUTE, 1, trigger_type="ds_modified") for minutes in range(1, 400))
    failed = run_at(NOW - 11 * HOUR, 1, "FAILED", trigger_type="ds_modified")
    going = Run("now", NOW - MINUTE / 2, None, None, "ds_modified")
    found = of(night(scenarios=with_runs("FEED", going, *often, failed)))
    lane = next(lane for lane in found.timeline.lanes if lane.id == "FEED")
    runs = [mark for mark in lane.marks if mark.kind == "run"]
    assert [(mark.start, mark.end) for mark in runs if mark.going] == [(going.start, None)]
    assert [mark.verdict for mark in runs if mark.tone is Tone.BAD] == ["FAILED"]
    assert len(lane.marks) <= 100
    assert lane.left_out > 250


def test_a_night_that_fails_every_minute_is_drawn_within_bounds() -> None:
    bad = tuple(run_at(NOW - minutes * MINUTE, 0.5, "FAILED", trigger_type="ds_modified") for minutes in range(1, 400))
    lane = next(lane for lane in of(night(scenarios=with_runs("FEED", *bad))).timeline.lanes if lane.id == "FEED")
    assert (len(lane.marks), lane.left_out) == (100, 299)
    assert max(mark.start for mark in lane.marks) == bad[0].start


def test_a_clock_that_runs_back_draws_no_bar_backwards() -> None:
    back = Run("back", NOW - HOUR, NOW - 2 * HOUR, "SUCCESS", "ds_modified")
    lane = next(lane for lane in of(night(scenarios=with_runs("FEED", back))).timeline.lanes if lane.id == "FEED")
    assert [mark.end for mark in lane.marks if mark.kind == "run"] == [None]


# --- when to look again ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("snapshot", "change", "seconds"),
    [
        (good_night(), None, None),
        (good_night(scenarios=with_runs("FEED", Run("r", NOW - MINUTE, None, None, "manual"))), None, 15),
        (good_night(jobs=(Job("j", state="RUNNING", finished=False, start=NOW),)), None, 15),
        (good_night(), outputs(sales_mart={"verdict": "PENDING", "due_at": NOW + 50 * MINUTE}), 60),
        (good_night(), outputs(sales_mart={"verdict": "PENDING", "due_at": NOW + 70 * MINUTE}), None),
        (good_night(), outputs(sales_mart={"verdict": "MET", "due_at": NOW + 50 * MINUTE}), None),
        (good_night(), states(NIGHTLY="PENDING"), 60),
    ],
)
def test_it_looks_again_while_something_runs_or_is_due_soon(
    snapshot: Snapshot, change: Callable[[Report], Report] | None, seconds: float | None
) -> None:
    assert of(snapshot, change=change).next_check_seconds == seconds


# --- one verdict for a scenario --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("snapshot", "fail_at", "verdict", "fails"),
    [
        (night(), "error", "ERROR", True),
        (night(), "never", "ERROR", False),
        (night(instance=Instance("d", "design", "DESIGN")), "unknown", "QUIET", False),
        (good_night(scenarios=DENIED), "error", "UNKNOWN", True),
        (good_night(scenarios=DENIED), "never", "UNKNOWN", False),
        (good_night(quality=DENIED), "error", "UNKNOWN", False),
        (good_night(quality=DENIED), "unknown", "UNKNOWN", True),
        (good_night(settings=ProjectSettings(True)), "warning", "WARNING", True),
        (good_night(settings=ProjectSettings(True)), "error", "WARNING", False),
    ],
)
def test_a_scenario_stops_at_the_severity_it_names(snapshot: Snapshot, fail_at: str, verdict: str, fails: bool) -> None:
    found = evaluate(of(snapshot), fail_at)
    assert (found.verdict, found.fails) == (verdict, fails)


def test_its_problems_are_sentences_worst_first() -> None:
    found = evaluate(of(night()), "error")
    assert found.problems[0].startswith("Nightly build: failed: started on time, failed at 02:04")
    assert found.problems[1].startswith("sales_mart: late: due 06:30")
    assert not any("Checks" in problem for problem in found.problems)


def test_what_is_not_named_does_not_stop_it() -> None:
    found = evaluate(of(night()), "error", outputs=frozenset({"dashboard_feed"}))
    assert (found.verdict, found.problems, found.fails) == ("OK", (), False)


# --- budget ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        (None, ""),
        (Budget(22, 0, 0, 0.95, 1), "0 missed of 1 allowed in 22 days, target 95 %"),
        (Budget(22, 1, 2, 0.99, 0, 21 / 22), "1 missed in 22 days, none allowed by 99 %; one miss would mean 95 %; 2 days cannot be told"),
        (Budget(0, 0, 3, 0.9, 0), "target 90 %, no day of the last 30 can be judged; 3 days cannot be told"),
    ],
)  # fmt: skip
def test_a_budget_in_words(budget: Budget | None, said: str) -> None:
    assert budget_text(budget) == said
