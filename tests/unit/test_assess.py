"""What follows from a night and its promises: scenarios, sources, outputs, windows, and the smaller judgements."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from opsguide.core.assess import assess
from opsguide.core.messages import matches
from opsguide.core.purpose import purpose, sends
from opsguide.core.rates import error_rate, wilson
from opsguide.core.told import masked, sends_on_failure, told
from opsguide.core.windows import covers, current_or_next
from opsguide.model.known import Cause, Unknown
from opsguide.model.profile import Window
from opsguide.model.report import Report, ScenarioReport
from opsguide.model.snapshot import (
    Channel,
    Instance,
    Reporter,
    Run,
    Scenario,
    ScenarioSettings,
    Snapshot,
    Step,
)
from tests.nights import DAY, HOUR, MINUTE, NOW, build_step, daily, night, promises, ref, run_at, scenarios


def report(snapshot: Snapshot | None = None, standard: Any = None) -> Report:
    return assess(snapshot or night(), promises(standard))


def scenario(key: str, found: Report) -> ScenarioReport:
    assert not isinstance(found.scenarios, Unknown)
    return next(each for each in found.scenarios if each.id == key)


def one(items: Any, name: str) -> Any:
    return next(item for item in items if item.ref.id == name)


# --- scenarios -------------------------------------------------------------------------------------------------------


def test_the_failed_night_stands_out():
    found = report()
    nightly = scenario("NIGHTLY", found)
    assert nightly.state.verdict == "FAILED"
    assert scenario("OLD", found).state.verdict == "OFF"
    assert [run.outcome for run in nightly.overnight] == ["FAILED"]
    assert found.main_scenario == "NIGHTLY"
    assert nightly.builds == {ref("sales_mart"), ref("orders")}


@pytest.mark.parametrize(
    ("cause", "main"),
    [(lost, None) for lost in (Cause.BROKEN, Cause.NO_ANSWER, Cause.DENIED, Cause.NO_ROUTE)]
    + [(Cause.NOT_RECORDED, "MAIN")],
)
def test_no_other_scenario_is_the_main_one_where_one_was_not_told(cause: Cause, main: str | None) -> None:
    """It may build more. What DSS records of none, such as what a script builds, stands in nobody's way."""
    nightly = next(each for each in scenarios() if each.id == "NIGHTLY")
    lost = replace(nightly, settings=Unknown("its settings could not be read", cause))
    other = replace(nightly, id="MAIN", name="Main")
    found = report(night(scenarios=(lost, other)))
    assert isinstance(scenario("NIGHTLY", found).builds, Unknown)
    assert found.main_scenario == (main or Unknown("its settings could not be read", cause))


@pytest.mark.parametrize(
    ("runs", "verdict"),
    [
        ((run_at(NOW - 5 * HOUR, 4, "FAILED"),), "FAILED"),
        ((run_at(NOW - 5 * HOUR, 4, "ABORTED"),), "FAILED"),
        ((run_at(NOW - 5 * MINUTE, outcome=None),), "RUNNING"),
        ((run_at(NOW - 5 * HOUR, outcome=None), *(run_at(NOW - n * DAY) for n in range(1, 15))), "RUNNING_LATE"),
        ((run_at(NOW - 5 * HOUR, 240), *(run_at(NOW - n * DAY) for n in range(1, 15))), "LATE_FINISH"),
        ((run_at(NOW - 5 * HOUR),), "UNKNOWN"),
        ((), "UNKNOWN"),
    ],
)
def test_without_its_schedule_a_failure_still_is_one_and_a_success_proves_little(runs: tuple[Run, ...], verdict: str):
    unread = tuple(replace(s, settings=Unknown("not read yet", Cause.NOT_READ), runs=runs) for s in scenarios())
    assert scenario("NIGHTLY", report(night(scenarios=unread))).state.verdict == verdict


def test_a_design_node_is_quiet():
    assert report().quiet == ""
    assert report(night(instance=Instance(node_type="DESIGN"))).quiet == "this is a design copy"


@pytest.mark.parametrize(
    ("profile", "zone", "said"),
    [({"timezone": "America/New_York"}, "America/New_York", "declared"), ({}, "UTC", "declare timezone")],
)
def test_the_zone_and_how_it_is_known(profile: dict[str, Any], zone: str, said: str):
    found = report(standard=profile)
    assert found.zone == zone
    assert said in found.zone_why


@pytest.mark.parametrize(
    ("now", "since"),
    [
        (datetime(2025, 10, 14, 5, tzinfo=timezone.utc), datetime(2025, 10, 13, 16, tzinfo=timezone.utc)),  # Tuesday
        (datetime(2025, 10, 13, 5, tzinfo=timezone.utc), datetime(2025, 10, 10, 16, tzinfo=timezone.utc)),  # Monday
    ],
)
def test_the_night_begins_on_the_last_business_day(now: datetime, since: datetime):
    assert report(night(taken_at=now)).night_since == since


# --- sources and outputs ---------------------------------------------------------------------------------------------


def test_a_source_says_when_it_came_when_it_is_read_and_what_is_between():
    found = one(report().sources, "orders_raw")
    assert (found.arrival.at, found.arrival.how) == (NOW - 7 * HOUR, "newest file")
    assert found.start.scenario_id == "NIGHTLY"
    assert found.start.at == datetime(2025, 10, 15, 0, 0, tzinfo=timezone.utc)
    assert found.margin_seconds == 30 * 60
    assert found.arrived is True
    assert found.downstream == (ref("orders"), ref("sales_mart"), ref("dashboard_feed"))


@pytest.mark.parametrize(
    ("available", "margin"), [("01:30", 1800), ("02:00", 0), ("02:30", -1800), ("22:00", 4 * 3600)]
)
def test_margin_is_the_short_way_around_the_clock(available: str, margin: float):
    found = report(standard={"timezone": "Europe/Paris", "datasets": {"orders_raw": {"available_by": available}}})
    assert one(found.sources, "orders_raw").margin_seconds == margin


@pytest.mark.parametrize(("hours", "arrived"), [(5, True), (12, True), (27, False), (40, False)])
def test_data_long_after_its_time_is_late_not_early(hours: int, arrived: bool):
    snapshot = night()
    facts = tuple(
        replace(fact, newest_file=NOW - hours * HOUR) if fact.ref == ref("orders_raw") else fact
        for fact in snapshot.facts
    )
    assert one(report(replace(snapshot, facts=facts)).sources, "orders_raw").arrived is arrived


def test_an_output_says_whether_its_promise_holds():
    found = report().outputs
    mart, feed, stores = (one(found, name) for name in ("sales_mart", "dashboard_feed", "stores"))
    assert (mart.verdict, feed.verdict, stores.verdict) == ("MISSED", "FRESH", "NOT_DECLARED")
    assert mart.alert_after_seconds == 20 * 60
    assert mart.typical.n >= 20
    assert mart.suggested == "02:30"
    assert mart.builders == ("NIGHTLY",)
    assert (mart.rows.last, mart.rows.n, mart.rows.verdict) == (52_900, 30, "OK")


def test_the_job_list_tells_of_targets_before_they_are_asked_about():
    mart = one(report(night(facts=())).outputs, "sales_mart")
    assert mart.last_build.source == mart.last_success.source == "job list"
    assert mart.last_build.success is False
    assert mart.verdict == "MISSED"
    unread = one(report(night(facts=(), jobs=())).outputs, "sales_mart")
    assert unread.verdict == "UNKNOWN"


def test_an_unknown_graph_is_an_unknown_list():
    denied = Unknown("forbidden", Cause.DENIED)
    found = report(night(graph=denied, settings=denied), {})
    assert found.sources == found.outputs == denied


def test_jobs_of_the_week():
    jobs = report().jobs
    assert (jobs.total, jobs.failed, jobs.worst, jobs.busiest_hour) == (2, 1, (("sales_mart", 1),), 2)


# --- maintenance -----------------------------------------------------------------------------------------------------

SUNDAY_NIGHT = Window(system="x", days=("sunday",), from_time="22:00", to_time="02:30")


@pytest.mark.parametrize(
    ("at", "inside"),
    [
        (datetime(2025, 10, 12, 20, 0, tzinfo=timezone.utc), True),  # Sunday 22:00 in Paris
        (datetime(2025, 10, 13, 0, 29, tzinfo=timezone.utc), True),  # Monday 02:29
        (datetime(2025, 10, 13, 0, 30, tzinfo=timezone.utc), False),
        (datetime(2025, 10, 12, 19, 59, tzinfo=timezone.utc), False),
        (datetime(2025, 10, 13, 20, 30, tzinfo=timezone.utc), False),  # Monday evening
    ],
)
def test_a_window_may_pass_midnight(at: datetime, inside: bool):
    assert covers(SUNDAY_NIGHT, at, "Europe/Paris") is inside


def test_a_single_window_ends_for_good():
    once = Window(system="x", start=NOW - HOUR, end=NOW + HOUR)
    assert current_or_next(once, NOW, "UTC") == (NOW - HOUR, NOW + HOUR)
    assert current_or_next(once, NOW + 2 * HOUR, "UTC") is None


def test_starts_inside_a_window_are_foretold():
    profile = {
        "timezone": "Europe/Paris",
        "maintenance": [{"system": "Dataiku Platform", "days": ["sunday"], "from_time": "01:30", "to_time": "06:00"}],
    }
    (window,) = report(standard=profile).windows
    assert not isinstance(window.collisions, Unknown)
    nightly = [collision for collision in window.collisions if collision.scenario_id == "NIGHTLY"]
    assert [at.at.astimezone(timezone.utc).day for at in nightly] == [19, 26, 2, 9]
    assert not any(collision.caught_up for collision in nightly)
    brief = {**profile, "maintenance": [{**profile["maintenance"][0], "to_time": "03:00"}]}
    (short,) = report(standard=brief).windows
    assert all(collision.caught_up for collision in short.collisions)


# --- how often it fails, who is told ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failed", "finished", "low", "high"), [(0, 10, 0.0, 0.278), (1, 4, 0.046, 0.699), (5, 5, 0.566, 1.0)]
)
def test_wilson(failed: int, finished: int, low: float, high: float):
    assert wilson(failed, finished) == (pytest.approx(low, abs=1e-3), pytest.approx(high, abs=1e-3))


@pytest.mark.parametrize(
    ("outcomes", "alarming"),
    [
        (["FAILED"] + ["SUCCESS"] * 5, False),  # one failure never alarms
        (["FAILED"] * 2 + ["SUCCESS"] * 5, True),
        (["FAILED"] * 2 + ["SUCCESS"] * 20, False),  # 9 %
        (["ABORTED"] * 3 + ["WARNING"] * 20, True),
    ],
)
def test_error_rate_alarms(outcomes: list[str], alarming: bool):
    runs = tuple(run_at(NOW - DAY * (n + 1), outcome=outcome) for n, outcome in enumerate(outcomes))
    found = error_rate(runs, NOW)
    assert not isinstance(found, Unknown)
    assert found.alarming is alarming
    assert found.finished == len(outcomes)


def test_error_rate_is_held_against_its_own_past():
    older = tuple(run_at(NOW - DAY * (31 + n), outcome="FAILED" if n % 4 == 0 else "SUCCESS") for n in range(40))
    recent = tuple(run_at(NOW - DAY * (1 + n), outcome="FAILED" if n % 4 == 0 else "SUCCESS") for n in range(20))
    found = error_rate((*recent, *older), NOW)
    assert not isinstance(found, Unknown)
    assert found.usual == pytest.approx(0.25)
    assert found.alert_over == pytest.approx(0.5)
    assert not found.alarming
    assert isinstance(error_rate((run_at(NOW - DAY, outcome=None),), NOW), Unknown)


@pytest.mark.parametrize(
    ("condition", "sends"),
    [
        ("", True),
        ("outcome == 'FAILED'", True),
        ('outcome != "SUCCESS"', True),
        ("outcome == 'SUCCESS'", False),
        ("outcome == 'WARNING' || outcome == 'FAILED'", True),
        ("outcome == 'WARNING' or outcome == 'ABORTED'", False),
        ("outcome != 'SUCCESS' && hour > 8", None),
        ("stepOutcome_x == 'FAILED'", None),
    ],
)
def test_a_reporters_condition(condition: str, sends: bool | None):
    assert sends_on_failure(condition) is sends


@pytest.mark.parametrize(
    ("reporter", "ways", "broken", "unsure"),
    [
        (Reporter("mail-scenario", channel_id="c", recipients=("ada@x.org",)), ("mail to a…@x.org",), (), ()),
        (Reporter("slack-scenario", condition="outcome == 'SUCCESS'"), (), (), ()),
        (Reporter("slack-scenario", active=False), (), (), ()),
        (Reporter("slack-scenario", phase="START"), (), (), ()),
        (Reporter("slack-scenario", channel_id="gone"), (), ("Slack: there is no channel gone",), ()),
        (Reporter("new-thing-scenario", condition="odd()"), (), (), ("new-thing, if odd()",)),
    ],
)
def test_who_is_told(reporter: Reporter, ways: tuple[str, ...], broken: tuple[str, ...], unsure: tuple[str, ...]):
    found = told(ScenarioSettings(reporters=(reporter,)), (Channel("c"),))
    assert not isinstance(found, Unknown)
    assert (found.ways, found.broken, found.unsure) == (ways, broken, unsure)
    assert found.nobody is (False if ways else None if unsure else True)


def test_a_channel_that_may_be_there_reaches_perhaps_somebody():
    reporters = (
        Reporter("slack-scenario", channel_id="x"),
        Reporter("mail-scenario", condition="odd()", channel_id="y"),
    )
    found = told(ScenarioSettings(reporters=reporters), Unknown("denied"))
    assert not isinstance(found, Unknown)
    assert (found.ways, found.broken) == ((), ())
    assert found.unsure == ("Slack, if there is a channel x", "mail, if odd() and there is a channel y")
    assert found.nobody is None


def test_persons_stay_hidden():
    assert masked("ada.martin@example.com") == "a…@example.com"
    assert masked("#channel") == "#channel"
    assert masked("@here") == "@here"


# --- what it does ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ((build_step("a", "b"),), "Builds a and b"),
        ((build_step("a"), build_step("b"), Step("send_report")), "Builds a and b and sends a message"),
        ((Step("run_scenario", params={"scenarioId": "NIGHTLY"}),), "Runs Nightly build"),
        (
            (Step("runnable", params={"runnableType": "pyrunnable_builtin-macros_clear-job-logs"}),),
            "Runs the macro clear-job-logs",
        ),
        ((Step("brand_new"),), "Runs a step of type brand_new"),
        ((Step("runnable", params={}),), "Runs the macro it names"),
        ((replace(build_step("a"), enabled=False),), "Does nothing: it has no step that is on"),
        ((), "Does nothing: it has no step that is on"),
    ],
)
def test_purpose_from_steps(steps: tuple[Step, ...], said: str):
    snapshot = night(scenarios=(Scenario("A", settings=ScenarioSettings(steps=steps)),))
    found = purpose(snapshot, "A", {"NIGHTLY": "Nightly build"})
    assert not isinstance(found, Unknown)
    assert found.text == said


def test_an_owners_words_come_before_steps():
    described = Scenario("A", short_desc="Feeds\nthe shops", settings=Unknown("denied"))
    found = purpose(night(scenarios=(described,)), "A", {})
    assert not isinstance(found, Unknown)
    assert (found.text, found.source) == ("Feeds the shops", "scenario description")


def test_what_leaves_the_project():
    settings = ScenarioSettings(
        steps=(Step("create_dashboard_export"), Step("update_apideployer_deployment"), Step("build_flowitem")),
        reporters=(Reporter("mail-scenario"),),
    )
    assert sends(settings) == ("exports a dashboard", "deploys an API service", "sends a message through its reporters")


@pytest.mark.parametrize(
    ("pattern", "message", "found"),
    [("disk quota", "Disk QUOTA exceeded", True), ("a.c", "abc", True), ("[", "an [ open", True), ("x", "", False)],
)
def test_known_errors_match(pattern: str, message: str, found: bool):
    assert matches(pattern, message) is found


def test_a_lost_start_of_the_schedule_is_counted_by_gap():
    """Six hours of maintenance are more than a tenth of an hourly schedule's gap, and of a daily one's."""
    hourly = Scenario(
        "HOURLY", active=True, settings=ScenarioSettings(triggers=(daily(0, frequency="Hourly"),)), runs=()
    )
    profile = {"maintenance": [{"system": "x", "start": "2025-10-15T00:00:00Z", "end": "2025-10-15T06:00:00Z"}]}
    (window,) = report(night(scenarios=(hourly,)), profile).windows
    assert not isinstance(window.collisions, Unknown)
    assert len(window.collisions) == 6
    assert not any(collision.caught_up for collision in window.collisions)
