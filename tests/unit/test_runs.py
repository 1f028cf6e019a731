"""One moment, one verdict: what became of every moment at which a scenario should have started."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Optional
from zoneinfo import ZoneInfo

import pytest

from opsguide.core.runs import Terms, outages, run_verdicts, standing
from opsguide.model.known import Unknown
from opsguide.model.profile import OpsProfile
from opsguide.model.report import RUN_ORDER, ServerZone, worst
from opsguide.model.snapshot import Project, ProjectSettings, Run, Scenario, ScenarioSettings, Snapshot, Step, Trigger

PARIS = ServerZone("Europe/Paris", "said by the test")
ZONE = ZoneInfo("Europe/Paris")
NIGHTLY = Trigger("temporal", id="t1", name="Nightly", params={"frequency": "Daily", "hour": 2, "minute": 0})


def at(text: str, zone: str = "Europe/Paris") -> datetime:
    """A wall-clock time of June 2026 ("08 07:30") or a whole date, as an instant."""
    full = text if len(text) > 11 else f"2026-06-{text}"
    return datetime.fromisoformat(full).replace(tzinfo=ZoneInfo(zone)).astimezone(timezone.utc)


def run(
    start: str, minutes: Optional[float] = 20, outcome: Optional[str] = "SUCCESS", by: str = "temporal", **more: object
) -> Run:
    begin = at(start)
    end = None if minutes is None else begin + timedelta(minutes=minutes)
    trigger = (
        {"trigger_id": "t1", "trigger_name": "Nightly"} if by == "temporal" else {"trigger_id": by, "trigger_name": ""}
    )
    return Run(
        f"r{start}{by}", begin, end, None if minutes is None else outcome, by, fired_at=begin, **{**trigger, **more}
    )


def nightly(*runs: Run, triggers: tuple = (NIGHTLY,), **more: object) -> Scenario:
    newest_first = tuple(sorted(runs, key=lambda one: one.start, reverse=True))
    given = {"runs": newest_first, "settings": ScenarioSettings(triggers), **more}
    return Scenario("NIGHTLY", "Nightly build", active=True, **given)


USUAL = tuple(run(f"{day:02} 02:01") for day in range(1, 8))


def terms(now: str = "08 07:00", profile: Optional[dict] = None, **more: object) -> Terms:
    return Terms(at(now), PARIS, ZONE, "P", profile=OpsProfile.model_validate(profile or {}), **more)


def verdict_of(scenario: Scenario, on: Terms, since: str = "08 00:00"):
    (only,) = run_verdicts(scenario, on, at(since))
    assert only.instant == at("08 02:00")
    return only


@pytest.mark.parametrize(
    ("last", "now", "verdict", "reason"),
    [
        ((run("08 02:01"),), "08 07:00", "ON_TIME", "started 1 min late, ended well after 20 min"),
        ((run("08 02:22"),), "08 07:00", "LATE_START", "started 22 min late"),
        ((run("08 02:01", outcome="FAILED", message="disk full"),), "08 07:00", "FAILED", "failed at 02:21: disk full"),
        ((run("08 02:01", outcome="ABORTED"),), "08 07:00", "FAILED", "was aborted at 02:21"),
        ((run("08 02:01", outcome="MYSTERY"),), "08 07:00", "UNKNOWN", "MYSTERY"),
        ((run("08 02:01", None),), "08 02:10", "RUNNING", "running for 9 min"),
        ((run("08 02:01", None),), "08 07:00", "RUNNING_LATE", "running for 4 h 59 min, over 30 min"),
        ((run("08 02:01", 45),), "08 07:00", "LATE_FINISH", "took 45 min, over 30 min (by the last 7 runs)"),
        ((), "08 02:02", "PENDING", "due at 02:00"),
        ((), "08 02:04", "NOT_RUN", "due at 02:00, no run"),
        ((), "08 07:00", "NOT_RUN", "due at 02:00, no run"),
        # a person's run proves nothing of the trigger, but makes up for it
        ((run("08 06:00", by="manual"),), "08 07:00", "RECOVERED", "a person's run ended well at 06:20"),
        ((run("08 06:00", by="sub"),), "08 07:00", "RECOVERED", "a later run ended well at 06:20"),
        ((run("08 06:00", outcome="FAILED", by="manual"),), "08 07:00", "NOT_RUN", "no run"),
        ((run("08 06:50", None, by="manual"),), "08 07:00", "NOT_RUN", "no run"),
        ((run("08 01:50", by="manual"),), "08 07:00", "REPLACED_BY_MANUAL", "a person's run since 01:50 was going"),
        ((run("07 22:00", by="manual"),), "08 07:00", "REPLACED_BY_MANUAL", "a person ran it at Sun 7 Jun 22:00"),
        ((run("07 22:00", outcome="FAILED", by="manual"),), "08 07:00", "NOT_RUN", "no run"),
        ((run("06 22:00", by="manual"),), "08 07:00", "NOT_RUN", "no run"),  # that was for the night before
        # the trigger may be recorded as fired a little before its time, not long before
        ((run("08 01:59:30"),), "08 07:00", "ON_TIME", "started on time"),
        ((run("08 01:58:30", 1),), "08 07:00", "NOT_RUN", "no run"),
        ((run("07 22:00", 300, by="sub"),), "08 07:00", "SUPPRESSED", "the period is shorter than the run"),
        ((run("07 22:00", None, by="manual"),), "08 07:00", "SUPPRESSED", "still going"),
    ],
)
def test_what_became_of_02_00(last: tuple, now: str, verdict: str, reason: str) -> None:
    found = verdict_of(nightly(*USUAL, *last), terms(now))
    assert (found.verdict, reason in found.reason) == (verdict, True), found
    assert verdict in RUN_ORDER


def test_warnings_keep_the_verdict_with_a_flag() -> None:
    found = verdict_of(nightly(*USUAL, run("08 02:01", outcome="WARNING")), terms())
    assert (found.verdict, found.caveats) == ("ON_TIME", ("it ended with warnings",))


def test_a_failure_stays_on_record_and_says_what_came_after() -> None:
    found = verdict_of(nightly(*USUAL, run("08 02:01", outcome="FAILED"), run("08 06:00", by="manual")), terms())
    assert (found.verdict, found.advice) == ("FAILED", "a person's run ended well at 06:20")


def test_every_moment_has_one_verdict_and_every_run_serves_one() -> None:
    runs = [*USUAL[:3], run("05 02:01"), run("05 02:30"), run("06 02:01")]
    found = run_verdicts(nightly(*runs), terms(), at("01 00:00"))
    assert [verdict.instant for verdict in found] == [at(f"{day:02} 02:00") for day in range(1, 9)]
    assert [verdict.verdict for verdict in found] == [
        *["ON_TIME"] * 3,
        "NOT_RUN",
        "ON_TIME",
        "ON_TIME",
        "NOT_RUN",
        "NOT_RUN",
    ]
    served = [verdict.run_id for verdict in found if verdict.run_id]
    assert len(served) == len(set(served)) == 5


@pytest.mark.parametrize(
    ("now", "advice"),
    [
        ("08 02:10", "DSS may still start it by itself until 04:24"),
        ("08 04:23", "DSS may still start it by itself until 04:24"),
        ("08 04:25", "it will not start by itself: run it"),
    ],
)
def test_catching_up_is_advice_apart_from_the_verdict(now: str, advice: str) -> None:
    found = verdict_of(nightly(*USUAL), terms(now))
    assert (found.verdict, found.advice) == ("NOT_RUN", advice)


def test_the_run_of_a_person_going_now_is_told() -> None:
    assert (
        verdict_of(nightly(*USUAL, run("08 06:50", None, by="manual")), terms()).advice == "a run is going since 06:50"
    )


@pytest.mark.parametrize(
    ("history", "profile", "patience"),
    [
        (USUAL, {}, 180),
        (USUAL, {"scenarios": {"NIGHTLY": {"late_after_minutes": 40}}}, 2400),
        # ten starts seven minutes late: learned; an hour late: never more than a quarter of an hour
        ([run(f"2026-05-{day} 02:07") for day in range(20, 30)], {}, 420),
        ([run(f"2026-05-{day} 03:00") for day in range(20, 30)], {}, 900),
    ],
)
def test_patience_is_declared_or_learned(history: list, profile: dict, patience: float) -> None:
    found = run_verdicts(nightly(*history), terms(profile=profile), at("08 00:00"))[-1]
    assert found.late_after_seconds == pytest.approx(patience)


def test_patience_is_at_most_half_the_gap() -> None:
    each_four_minutes = Trigger(
        "temporal", params={"frequency": "Minutely", "repeatFrequency": 4, "startingFrom": "2025-01-01"}
    )
    found = run_verdicts(nightly(run("08 06:40", 1), triggers=(each_four_minutes,)), terms(), at("08 06:40"))
    assert {verdict.late_after_seconds for verdict in found} == {120}
    assert [verdict.verdict for verdict in found] == ["ON_TIME", "NOT_RUN", "NOT_RUN", "NOT_RUN", "NOT_RUN", "PENDING"]


def test_a_declared_maximum_comes_before_what_runs_took() -> None:
    scenario = nightly(*USUAL, run("08 02:01", 45))
    assert verdict_of(scenario, terms(profile={"scenarios": {"NIGHTLY": {"max_minutes": 60}}})).verdict == "ON_TIME"
    assert verdict_of(scenario, terms(profile={"scenarios": {"NIGHTLY": {"max_minutes": 44}}})).verdict == "LATE_FINISH"


def test_a_run_recorded_under_another_trigger_serves_unless_a_person_started_it() -> None:
    watches = Trigger("ds_modified", id="t2", name="New orders")
    both = (NIGHTLY, watches)
    other = run("08 02:01", by="ds_modified")
    assert "recorded under ds_modified" in verdict_of(nightly(*USUAL, other, triggers=both), terms()).reason
    assert verdict_of(nightly(*USUAL, run("08 02:01", by="manual"), triggers=both), terms()).verdict == "RECOVERED"
    # with one trigger only, a run of another kind does not show that it works
    assert verdict_of(nightly(*USUAL, other), terms()).verdict == "RECOVERED"


@pytest.mark.parametrize(
    ("change", "settings", "verdict"),
    [
        ({"active": False}, {}, "SKIPPED_EXPECTED"),
        ({}, {"triggers_disabled": True}, "SKIPPED_EXPECTED"),
        ({"created_at": at("08 03:00")}, {}, "UNKNOWN"),
        ({"modified_at": at("08 03:00")}, {}, "NOT_RUN"),  # the three before were served: a caveat only
        ({"runs": USUAL[:4] + USUAL[5:], "modified_at": at("08 03:00")}, {}, "UNKNOWN"),
        ({"runs": USUAL[:-1][::-1], "modified_at": at("08 03:00")}, {}, "UNKNOWN"),
        ({"runs": Unknown("the runs could not be read")}, {}, "UNKNOWN"),
        ({"runs": ()}, {"first_record": at("01 00:00")}, "NOT_RUN"),
        ({"runs": ()}, {"first_record": at("08 03:00")}, "UNKNOWN"),  # the project may have come here since
        ({"runs": ()}, {}, "UNKNOWN"),
        ({"runs": (run("08 06:00", by="manual"),)}, {}, "UNKNOWN"),  # older than the oldest run on record
        ({"next_run": at("09 04:00")}, {}, "UNKNOWN"),  # DSS's own next run contradicts the trigger as read
        ({"next_run": at("09 02:00")}, {}, "NOT_RUN"),
    ],
)
def test_what_is_not_expected_or_cannot_be_known_is_no_alarm(change: dict, settings: dict, verdict: str) -> None:
    found = run_verdicts(replace(nightly(*USUAL), **change), terms(**settings), at("08 00:00"))
    assert found[-1].verdict == verdict
    assert found[-1].reason


@pytest.mark.parametrize(("outcome", "verdict"), [("FAILED", "FAILED"), ("SUCCESS", "UNKNOWN"), (None, "RUNNING")])
def test_an_unknown_schedule_hides_no_failure(outcome: Optional[str], verdict: str) -> None:
    last = run("08 06:50", None if outcome is None else 5, outcome)
    unread = nightly(last, settings=Unknown("the settings could not be read"))
    third = Trigger("temporal", params={"frequency": "Daily", "hour": 9, "minute": 0, "repeatFrequency": 3})
    for scenario in (unread, nightly(last, triggers=(third,))):
        assert [one.verdict for one in run_verdicts(scenario, terms(), at("01 00:00"))] == [verdict]


def test_a_trigger_changed_since_makes_a_missing_run_unknown_and_a_served_one_not() -> None:
    changed = replace(NIGHTLY, params={**NIGHTLY.params, "lastUpdate": at("08 06:00").timestamp() * 1000})
    assert verdict_of(nightly(*USUAL, triggers=(changed,)), terms()).verdict == "UNKNOWN"
    assert verdict_of(nightly(*USUAL, run("08 02:01"), triggers=(changed,)), terms()).verdict == "ON_TIME"


def test_a_scenario_saved_since_is_a_caveat_where_the_schedule_was_kept_before() -> None:
    (caveat,) = verdict_of(nightly(*USUAL, modified_at=at("08 03:00")), terms()).caveats
    assert "saved since, at 03:00" in caveat


@pytest.mark.parametrize(
    ("profile", "verdict"),
    [
        (
            {"calendars": {"work": {"weekend": ["monday"]}}, "scenarios": {"NIGHTLY": {"calendar": "work"}}},
            "SKIPPED_EXPECTED",
        ),
        ({"calendars": {"work": {}}, "scenarios": {"NIGHTLY": {"calendar": "work"}}}, "NOT_RUN"),
        ({"calendars": {"work": {"weekend": ["monday"]}}}, "NOT_RUN"),
        (
            {"maintenance": [{"system": "DB", "days": ["sunday"], "from_time": "22:00", "to_time": "03:00"}]},
            "SKIPPED_EXPECTED",
        ),
        (
            {
                "maintenance": [
                    {
                        "system": "DB",
                        "days": ["sunday"],
                        "from_time": "22:00",
                        "to_time": "03:00",
                        "runs_expected": True,
                    }
                ]
            },
            "NOT_RUN",
        ),
        (
            {
                "maintenance": [
                    {"system": "DB", "start": "2026-06-08T00:00:00+02:00", "end": "2026-06-08T02:00:00+02:00"}
                ]
            },
            "NOT_RUN",
        ),
    ],
)
def test_calendars_and_maintenance_remove_a_moment_only_where_they_say_so(profile: dict, verdict: str) -> None:
    """8 June 2026 is a Monday."""
    assert verdict_of(nightly(*USUAL), terms(profile=profile)).verdict == verdict
    assert verdict_of(nightly(*USUAL, run("08 02:01")), terms(profile=profile)).verdict == "ON_TIME"


@pytest.mark.parametrize(
    ("zone", "time", "starts", "now"),
    [
        ("Europe/Paris", (2, 30), ["2026-03-28 02:31", "2026-03-29 03:31", "2026-03-30 02:31"], "2026-03-30 09:00"),
        ("Europe/Paris", (2, 30), ["2026-03-28 02:31", "2026-03-29 03:01", "2026-03-30 02:31"], "2026-03-30 09:00"),
        ("Europe/Paris", (2, 30), ["2026-10-24 02:31", "2026-10-25 02:31", "2026-10-26 02:31"], "2026-10-26 09:00"),
        ("America/New_York", (1, 30), ["2026-10-31 01:31", "2026-11-01 01:31", "2026-11-02 01:31"], "2026-11-02 09:00"),
        (
            "Australia/Lord_Howe",
            (2, 15),
            ["2026-10-03 02:16", "2026-10-04 02:46", "2026-10-05 02:16"],
            "2026-10-05 09:00",
        ),
    ],
)
def test_no_alarm_in_the_night_in_which_the_clocks_change(zone: str, time: tuple, starts: list, now: str) -> None:
    trigger = Trigger("temporal", params={"frequency": "Daily", "hour": time[0], "minute": time[1], "timezone": zone})
    runs = [
        Run(f"r{start}", at(start, zone), at(start, zone) + timedelta(minutes=9), "SUCCESS", "temporal")
        for start in starts
    ]
    found = run_verdicts(
        nightly(*runs, triggers=(trigger,)), Terms(at(now, zone), PARIS), at(starts[0][:10] + " 00:00", zone)
    )
    assert [verdict.verdict for verdict in found] == ["ON_TIME"] * 3


def test_a_short_month_without_a_run_is_unknown_and_with_one_on_time() -> None:
    on_the_31st = Trigger(
        "temporal", params={"frequency": "Monthly", "hour": 2, "minute": 0, "startingFrom": "2025-01-31"}
    )
    january = Run("r1", at("2026-01-31 02:01"), at("2026-01-31 02:09"), "SUCCESS", "temporal")
    february = Run("r2", at("2026-02-28 02:01"), at("2026-02-28 02:09"), "SUCCESS", "temporal")
    for runs, verdict in (((january,), "UNKNOWN"), ((january, february), "ON_TIME")):
        found = run_verdicts(nightly(*runs, triggers=(on_the_31st,)), terms("2026-03-01 07:00"), at("2026-02-01 00:00"))
        assert [one.verdict for one in found] == [verdict]


def test_sixty_triggers_a_week_of_runs_is_quick_and_whole() -> None:
    triggers = tuple(
        Trigger("temporal", id=str(n), params={"frequency": "Daily", "hour": n % 24, "minute": n // 24 * 20})
        for n in range(60)
    )
    start = at("01 00:00")
    runs = [
        Run(f"r{day}-{n}", moment, moment + timedelta(minutes=5), "SUCCESS", "temporal", str(n))
        for day in range(7)
        for n in range(60)
        for moment in [start + timedelta(days=day, hours=n % 24, minutes=n // 24 * 20)]
    ]
    found = run_verdicts(nightly(*runs, triggers=triggers), terms("07 23:59"), start)
    assert len(found) == 420
    assert {verdict.verdict for verdict in found} == {"ON_TIME"}


# --- started by something else ---------------------------------------------------------------------------------------


def changes(pauses: list, now_quiet_hours: float, outcome: str = "SUCCESS") -> tuple[Scenario, Terms]:
    now, moment, runs = at("29 12:00"), at("29 12:00") - timedelta(hours=now_quiet_hours), []
    for pause in [0, *pauses]:
        moment -= timedelta(hours=pause)
        runs.append(Run(f"r{len(runs)}", moment, moment + timedelta(minutes=5), outcome, "ds_modified"))
    scenario = nightly(*runs, triggers=(Trigger("ds_modified"),))
    return scenario, Terms(now, PARIS, ZONE)


@pytest.mark.parametrize(
    ("pauses", "quiet", "outcome", "verdict"),
    [
        ([24] * 8, 20, "SUCCESS", "QUIET"),
        ([24] * 8, 30, "SUCCESS", "QUIET_TOO_LONG"),
        ([24] * 19 + [72], 30, "SUCCESS", "QUIET_TOO_LONG"),  # one long pause in twenty does not excuse every one
        ([24] * 7, 300, "SUCCESS", "UNKNOWN"),
        ([], 300, "SUCCESS", "UNKNOWN"),
        ([24] * 8, 1, "FAILED", "FAILED"),
    ],
)
def test_event_driven_scenarios_are_judged_by_their_rhythm(
    pauses: list, quiet: float, outcome: str, verdict: str
) -> None:
    scenario, on = changes(pauses, quiet, outcome)
    (found,) = run_verdicts(scenario, on, on.now - timedelta(days=1))
    assert (found.verdict, found.instant) == (verdict, None)


def test_a_weekend_is_no_quiet_in_business_time() -> None:
    """Once a day on working days until Friday 13:00; now it is Monday, 12:00."""
    scenario, on = changes([24, 24, 24, 24, 72, 24, 24, 24], 71)
    assert run_verdicts(scenario, on, on.now)[0].verdict == "QUIET_TOO_LONG"
    work = OpsProfile.model_validate({"calendars": {"work": {}}, "scenarios": {"NIGHTLY": {"calendar": "work"}}})
    found = run_verdicts(scenario, replace(on, profile=work), on.now)[0]
    assert (found.verdict, "quiet for 23 h of business time" in found.reason) == ("QUIET", True)


def test_no_run_on_record_is_unknown_for_what_data_starts() -> None:
    assert run_verdicts(nightly(triggers=(Trigger("ds_modified"),)), terms(), at("08 00:00"))[0].verdict == "UNKNOWN"


@pytest.mark.parametrize(
    ("runs", "verdict"),
    [
        ([run("08 06:50", 2), run("08 06:55", 2)], "ON_TIME"),
        ([run("08 06:40", 2), run("08 06:45", 2)], "NOT_RUN"),
        ([run("08 06:30", 29)], "ON_TIME"),  # it was busy until a minute ago
        ([run("08 06:30", None)], "RUNNING"),
        ([], "UNKNOWN"),
    ],
)
def test_a_trigger_without_a_phase_is_judged_by_its_largest_pause(runs: list, verdict: str) -> None:
    every_five = Trigger("temporal", params={"frequency": "Minutely", "repeatFrequency": 5})
    (found,) = run_verdicts(nightly(*runs, triggers=(every_five,)), terms(), at("08 00:00"))
    assert found.verdict == verdict


def follower(*runs: Run, outcome: str = "", project: str = "") -> Scenario:
    params = {
        "scenarioId": "NIGHTLY",
        **({"outcomeFilter": outcome} if outcome else {}),
        **({"projectKey": project} if project else {}),
    }
    trigger = Trigger("follow_scenariorun", name="After nightly", delay_seconds=60, params=params)
    return Scenario("AFTER", active=True, settings=ScenarioSettings((trigger,)), runs=tuple(reversed(runs)))


@pytest.mark.parametrize(
    ("last", "own", "outcome", "verdicts"),
    [
        (run("08 02:01"), (run("08 02:22", by="follow_scenariorun"),), "", ["ON_TIME"]),
        (run("08 02:01"), (run("07 02:22", by="follow_scenariorun"),), "", ["NOT_RUN"]),
        (run("08 02:01"), (run("08 02:24:30", by="follow_scenariorun"),), "", ["ON_TIME"]),  # it looks once a minute
        (run("08 02:01"), (run("08 02:52", by="follow_scenariorun"),), "", ["LATE_START"]),
        (
            run("08 02:01", outcome="FAILED"),
            (run("07 02:22", by="follow_scenariorun"),),
            "SUCCESS",
            ["SKIPPED_EXPECTED"],
        ),
        (run("08 02:01", None), (run("07 02:22", by="follow_scenariorun"),), "", []),
    ],
)
def test_a_scenario_that_follows_another_is_due_when_that_ends(
    last: Run, own: tuple, outcome: str, verdicts: list
) -> None:
    on = terms(scenarios=(nightly(*USUAL, last),))
    found = run_verdicts(follower(*own, outcome=outcome), on, at("08 00:00"))
    assert [verdict.verdict for verdict in found] == verdicts


@pytest.mark.parametrize(
    ("followed", "verdict", "said"),
    [
        (nightly(*USUAL, run("08 02:01", outcome="FAILED")), "SKIPPED_EXPECTED", "which it follows, failed at 02:21"),
        (nightly(*USUAL), "SKIPPED_EXPECTED", "which it follows, did not run (due at 02:00, no run)"),
        (nightly(*USUAL, next_run=at("09 04:00")), "UNKNOWN", "which it follows: DSS says"),
        (nightly(*USUAL, run("08 02:01", None)), "ON_TIME", ""),
    ],
)
def test_a_success_of_yesterday_does_not_stand_for_a_morning_on_which_nothing_called(
    followed: Scenario, verdict: str, said: str
) -> None:
    on = terms(scenarios=(followed,))
    after = follower(run("07 02:22", by="follow_scenariorun"), outcome="SUCCESS")
    found = standing(after, on, run_verdicts(after, on, at("07 00:00")))
    assert found.verdict == verdict
    assert said in found.reason


def test_following_another_project_is_unknown() -> None:
    (found,) = run_verdicts(follower(project="OTHER"), terms(), at("08 00:00"))
    assert (found.verdict, "another project" in found.reason) == ("UNKNOWN", True)


def starter(*runs: Run) -> Scenario:
    steps = (Step("run_scenario", params={"scenarioId": "CHILD"}),)
    return Scenario(
        "MASTER", "Master", active=True, settings=ScenarioSettings((NIGHTLY,), steps), runs=tuple(reversed(runs))
    )


@pytest.mark.parametrize(
    ("above", "own", "verdict"),
    [
        ((run("08 02:01", 60),), (run("08 02:30", 9, by="sub"),), "ON_TIME"),
        ((run("08 02:01", 60),), (run("08 02:30", 9, "FAILED", by="sub"),), "FAILED"),
        ((run("08 02:01", 60),), (), "NOT_RUN"),
        ((run("08 02:01", None),), (), "PENDING"),
        ((), (), "NOT_RUN"),
        ((run("08 06:00", 40, by="manual"),), (run("08 06:10", 9, by="sub"),), "RECOVERED"),
    ],
)
def test_a_scenario_that_another_one_starts_inherits_its_moment(above: tuple, own: tuple, verdict: str) -> None:
    master = starter(*USUAL, *above)
    child = Scenario("CHILD", settings=ScenarioSettings(), runs=own)
    now = "08 02:20" if above and above[0].running else "08 07:00"
    assert verdict_of(child, terms(now, scenarios=(master, child))).verdict == verdict


def test_scenarios_that_start_each_other_come_to_an_end() -> None:
    def one(name: str, other: str) -> Scenario:
        return Scenario(
            name, settings=ScenarioSettings(steps=(Step("run_scenario", params={"scenarioId": other}),)), runs=()
        )

    pair = (one("A", "B"), one("B", "A"))
    assert run_verdicts(pair[0], terms(scenarios=pair), at("08 00:00")) == ()


# --- summing up ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scenario", "now", "verdict"),
    [
        (nightly(*USUAL, run("08 02:01", outcome="FAILED")), "09 02:01", "FAILED"),  # a pending one hides nothing
        (nightly(*USUAL), "08 02:01", "ON_TIME"),
        (nightly(*USUAL, triggers=()), "08 07:00", "SKIPPED_EXPECTED"),
        (nightly(run("07 09:00", outcome="FAILED", by="manual"), triggers=()), "08 07:00", "FAILED"),
        (nightly(run("08 06:59", None, by="manual"), triggers=()), "08 07:00", "RUNNING"),
        (Scenario("S", active=True), "08 07:00", "UNKNOWN"),
        (nightly(created_at=at("08 03:00")), "08 07:00", "SKIPPED_EXPECTED"),  # nothing was due since it exists
    ],
)
def test_the_verdict_that_stands_now(scenario: Scenario, now: str, verdict: str) -> None:
    found = run_verdicts(scenario, terms(now), at("06 00:00"))
    assert standing(scenario, terms(now), found).verdict == verdict


def test_unknown_is_worse_than_good_and_hides_nothing_worse() -> None:
    assert worst(("ON_TIME", "UNKNOWN", "RECOVERED"), RUN_ORDER) == "UNKNOWN"
    assert worst(("UNKNOWN", "LATE_START"), RUN_ORDER) == "LATE_START"
    assert worst(("ON_TIME", "SOMETHING NEW"), RUN_ORDER) == "UNKNOWN"
    assert worst((), RUN_ORDER) is None


def trio(*, related: bool = False, lively: bool = False) -> tuple[dict, Terms]:
    scenarios = [replace(nightly(*USUAL), id=f"S{n}") for n in range(3)]
    if related:
        steps = (Step("run_scenario", params={"scenarioId": "S1"}),)
        scenarios[0] = replace(scenarios[0], settings=ScenarioSettings((NIGHTLY,), steps))
    if lively:
        awake = Run("x", at("08 01:00"), at("08 03:00"), "SUCCESS", "ds_modified")
        scenarios.append(Scenario("S9", active=True, settings=ScenarioSettings(), runs=(awake,)))
    on = terms(scenarios=tuple(scenarios))
    return {one.id: run_verdicts(one, on, at("08 00:00")) for one in scenarios}, on


def test_three_unrelated_scenarios_not_run_in_silence_are_one_outage() -> None:
    verdicts, on = trio()
    (found,) = outages(verdicts, on)
    assert (found.start, found.end, found.scenarios) == (at("08 02:00"), at("08 02:00"), ("S0", "S1", "S2"))


@pytest.mark.parametrize("change", ["related", "lively"])
def test_related_scenarios_or_a_sign_of_life_make_no_outage(change: str) -> None:
    assert outages(*trio(**{change: True})) == ()


def test_two_scenarios_make_no_outage() -> None:
    verdicts, on = trio()
    assert outages({key: verdicts[key] for key in ("S0", "S1")}, on) == ()


def test_the_terms_of_a_project() -> None:
    now = at("08 07:00")
    snapshot = Snapshot("P", now, project=Project("P"), settings=ProjectSettings(triggers_disabled=True))
    found = Terms.of(snapshot, OpsProfile.model_validate({"timezone": "Asia/Tokyo"}), PARIS)
    assert (found.zone.key, found.triggers_disabled, found.scenarios) == ("Asia/Tokyo", True, ())
    assert Terms.of(Snapshot("P", now), OpsProfile(), PARIS).zone.key == "Europe/Paris"
    assert Terms.of(Snapshot("P", now), OpsProfile(), ServerZone(Unknown("?"), "?")).zone.key == "UTC"
