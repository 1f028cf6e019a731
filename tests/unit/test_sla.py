"""Promises day by day: which build serves which day, what is at risk, what is usual, what the budget says."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import Any, Optional
from zoneinfo import ZoneInfo

import pytest

from opsguide.core.forecast import NOTHING, Course, Leg, Outlook, Roads, by_days, foresee, until_built, whole_runs
from opsguide.core.runs import Terms
from opsguide.core.sla import (
    Ledger,
    Promise,
    Record,
    Starts,
    alert_after,
    around,
    budget,
    dues,
    is_tight,
    last_due,
    ledger,
    promise_of,
    suggestion,
    typical_completion,
    usual_time,
    verdict,
)
from opsguide.model.known import Known, Unknown
from opsguide.model.profile import Calendar, OpsProfile
from opsguide.model.report import DayVerdict, Prediction, ServerZone, TimeOfDay
from opsguide.model.snapshot import Build, Run, Scenario, ScenarioSettings, Trigger

PARIS = ZoneInfo("Europe/Paris")
DUE = Promise(PARIS, time(6, 30))
EVER = datetime(2000, 1, 1, tzinfo=timezone.utc)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FORESEEN_NOT = Unknown("nobody knows")


def paris(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2025, 10, day, hour, minute, tzinfo=PARIS).astimezone(timezone.utc)


def built(*spans: tuple[Optional[datetime], datetime], success: bool = True) -> Record:
    return Record(tuple(Build(success, start, end) for start, end in reversed(spans)), EVER)


AT_TWO = Starts(tuple(paris(day, 2) for day in range(1, 31)))


def standing(record: Record, now: datetime, promise: Promise = DUE, starts: Starts = AT_TWO) -> tuple[str, str]:
    found = verdict(ledger(promise, record, starts, now), lambda: FORESEEN_NOT, promise.zone, now)
    return found.verdict, found.reason


LATE_YESTERDAY = (paris(13, 2), paris(13, 8))
IN_TIME = (paris(14, 2), paris(14, 3))
LATE = (paris(14, 2), paris(14, 6, 52))


# --- which build serves which day ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "record", "expected", "said"),
    [
        (paris(14, 5), built(LATE_YESTERDAY), "PENDING", "due 06:30, in 1 h 30 min"),
        (paris(14, 5), built(IN_TIME), "MET", "ready 03:00, 3 h 30 min early; due 06:30"),
        (paris(14, 7), built(LATE_YESTERDAY), "MISSED", "due 06:30, 30 min ago, and not built in its cycle"),
        (paris(14, 7), built(), "MISSED", "not built in its cycle"),
        (paris(14, 7), built(LATE), "RECOVERED_LATE", "ready 06:52, 22 min late; due 06:30"),
        (paris(14, 7), built(IN_TIME, LATE), "MET", "ready 03:00"),
        (paris(14, 7), built(IN_TIME, success=False), "MISSED", "not built in its cycle"),
        (paris(14, 23), built(IN_TIME), "MET", "ready 03:00"),
        (paris(15, 1), built(IN_TIME), "PENDING", "due 06:30, in 5 h 30 min"),
        (paris(14, 7), Record(Unknown("not read yet")), "UNKNOWN", "its builds are not known: not read yet"),
        # A build that cannot be placed, or that others may have preceded, proves nothing.
        (paris(14, 7), built((None, paris(14, 3))), "UNKNOWN", "when it began is not on record"),
        (paris(14, 7), built((paris(14, 4), paris(14, 3))), "UNKNOWN", "when it began is not on record"),
        (paris(14, 7), Record((Build(True, *LATE),)), "UNKNOWN", "whether a build before it was in time"),
        (paris(14, 7), Record((Build(True, *LATE_YESTERDAY),)), "UNKNOWN", "the record may lack some"),
        (paris(14, 7), Record((Build(True, *IN_TIME),)), "MET", "ready 03:00"),
    ],
)
def test_a_promise_is_kept_by_a_build_of_its_own_cycle(now: datetime, record: Record, expected: str, said: str):
    found, reason = standing(record, now)
    assert found == expected
    assert said in reason


def test_a_late_build_of_yesterday_never_meets_today_though_its_build_step_began_today():
    stuck = Run("r", paris(13, 2), paris(14, 4), "SUCCESS", trigger_type="temporal")
    ended_today = Build(True, paris(14, 3), paris(14, 4))
    record = Record((ended_today, Build(True, paris(12, 2), paris(12, 3))), EVER, (stuck,))
    book = ledger(DUE, record, AT_TWO, paris(14, 7))
    assert [day.verdict for day in book.days[-2:]] == ["RECOVERED_LATE", "MISSED"]
    alone = ledger(DUE, Record((ended_today,), EVER), AT_TWO, paris(14, 7))
    assert alone.days[-1].verdict == "MET"


@pytest.mark.parametrize("turned", [False, True])
def test_of_runs_that_began_together_the_longer_one_holds_a_build_in_whatever_order_they_come(turned: bool):
    """Here more than three days before: beyond that no run but the newest is looked at."""
    began = paris(11, 2)
    runs = (Run("going", began), Run("short", began, began + MINUTE, "SUCCESS"))
    build = Build(True, paris(14, 3), paris(14, 4))
    record = Record((build,), EVER, runs[::-1] if turned else runs)
    assert standing(record, paris(14, 7))[0] == "MISSED"


def test_a_run_begun_by_a_step_belongs_to_the_run_above_it():
    above = Run("a", paris(13, 2), paris(14, 5), "SUCCESS", trigger_type="temporal")
    below = Run("b", paris(14, 2, 30), paris(14, 4), "SUCCESS", trigger_type="sub")
    record = Record((Build(True, paris(14, 3), paris(14, 4)),), EVER, (below, above))
    assert ledger(DUE, record, AT_TWO, paris(14, 7)).days[-1].verdict == "MISSED"


@pytest.mark.parametrize(
    ("now", "expected"), [(paris(14, 22), "MET"), (paris(14, 23, 30), "PENDING"), (paris(15, 7), "MISSED")]
)
def test_a_cycle_may_begin_the_evening_before(now: datetime, expected: str):
    evenings = Starts(tuple(paris(day, 23) for day in range(1, 30)))
    assert standing(built((paris(13, 23), paris(14, 1))), now, starts=evenings)[0] == expected


@pytest.mark.parametrize(
    ("due", "begins", "end", "expected"),
    [
        (time(0, 30), (13, 22), paris(14, 0, 20), "MET"),
        (time(0, 30), (13, 22), paris(14, 0, 40), "RECOVERED_LATE"),
        (time(23, 45), (14, 23), paris(14, 23, 40), "MET"),
        (time(0, 0), (13, 22), paris(13, 23, 59), "MET"),
    ],
)
def test_deadlines_around_midnight(due: time, begins: tuple[int, int], end: datetime, expected: str):
    day, hour = begins
    starts = Starts(tuple(paris(d, hour) for d in range(1, 30)))
    book = ledger(Promise(PARIS, due), built((paris(day, hour), end)), starts, paris(14, 23, 59))
    judged = {found.day: found.verdict for found in book.days}
    assert judged[date(2025, 10, 14)] == expected


@pytest.mark.parametrize(
    ("starts", "build", "expected"),
    [
        # An afternoon's refresh is not the beginning of the night: it does not keep the next morning's promise.
        ([(h, 0) for h in (2, 15)], (paris(13, 15), paris(13, 16)), "MISSED"),
        # Two runs of one night are one cycle.
        ([(22, 0), (2, 0)], (paris(13, 22), paris(13, 23)), "MET"),
        ([(20, 0), (3, 0)], (paris(13, 20), paris(13, 23)), "MET"),
        # Hourly: all that began since the due time before.
        ([(h, 0) for h in range(24)], (paris(13, 7), paris(13, 8)), "MET"),
        ([(h, 0) for h in range(24)], (paris(13, 6), paris(13, 8)), "MISSED"),
    ],
)
def test_where_a_cycle_begins(starts: list[tuple[int, int]], build: tuple[datetime, datetime], expected: str):
    moments = sorted(paris(day, hour, minute) for day in range(1, 30) for hour, minute in starts)
    assert standing(built(build), paris(14, 7), starts=Starts(tuple(moments)))[0] == expected


def test_a_weekends_builds_do_not_keep_mondays_promise():
    working = Promise(PARIS, time(6, 30), calendar=Calendar())
    saturday = built((paris(11, 2), paris(11, 3)))
    assert standing(saturday, paris(13, 7), working)[0] == "MISSED"
    assert standing(built((paris(13, 2), paris(13, 3))), paris(13, 7), working)[0] == "MET"


def test_fridays_run_keeps_mondays_promise_where_it_is_the_one_that_leads_to_it():
    working = Promise(PARIS, time(6, 30), calendar=Calendar())
    friday = Starts((paris(3, 23), paris(10, 23)))
    assert standing(built((paris(10, 23), paris(11, 1))), paris(13, 7), working, friday)[0] == "MET"


def test_without_expected_starts_the_sources_declared_time_begins_the_cycle():
    declared = Starts((), tuple(paris(day, 1, 30) for day in range(1, 30)))
    before, after = built((paris(14, 1), paris(14, 2))), built((paris(14, 1, 40), paris(14, 2)))
    assert standing(before, paris(14, 7), starts=declared)[0] == "MISSED"
    assert standing(after, paris(14, 7), starts=declared)[0] == "MET"


def test_without_anything_else_the_learned_earliest_start_begins_the_cycle():
    nights = [(paris(day, 2, day % 3), paris(day, 3)) for day in range(1, 13)]
    odd = [(paris(8, 15), paris(8, 16)), (paris(13, 15), paris(13, 16))]
    assert standing(built(*nights, *odd), paris(14, 7), starts=Starts())[0] == "MISSED"
    assert standing(built(*nights, *odd, (paris(14, 2, 1), paris(14, 3))), paris(14, 7), starts=Starts())[0] == "MET"


def test_days_before_the_record_are_unknown_and_never_missed():
    record = Record((Build(True, paris(12, 2), paris(12, 3)), Build(True, *IN_TIME)), EVER)
    book = ledger(DUE, record, AT_TWO, paris(14, 7))
    assert [day.verdict for day in book.days[-4:]] == ["UNKNOWN", "MET", "MISSED", "MET"]
    assert len(book.days) == 90
    assert {day.verdict for day in book.days[:-3]} == {"UNKNOWN"}


# --- due moments -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "at", "day", "utc"),
    [
        ("Europe/Paris", time(2, 30), date(2026, 3, 29), "2026-03-29T01:30"),  # skipped: 03:30 summer time
        ("Europe/Paris", time(2, 30), date(2026, 10, 25), "2026-10-25T00:30"),  # twice: the first
        ("Europe/Paris", time(7, 0), date(2026, 3, 28), "2026-03-28T06:00"),
        ("Europe/Paris", time(7, 0), date(2026, 3, 29), "2026-03-29T05:00"),
        ("America/New_York", time(2, 30), date(2026, 3, 8), "2026-03-08T07:30"),
        ("America/New_York", time(1, 30), date(2026, 11, 1), "2026-11-01T05:30"),
        ("Australia/Lord_Howe", time(2, 15), date(2026, 10, 4), "2026-10-03T15:45"),  # skips half an hour
        ("Australia/Lord_Howe", time(1, 45), date(2026, 4, 5), "2026-04-04T14:45"),
        ("Europe/Paris", time(0, 0), date(2028, 2, 29), "2028-02-28T23:00"),
    ],
)
def test_due_moments(zone: str, at: time, day: date, utc: str):
    (found,) = dues(Promise(ZoneInfo(zone)), at, day, day)
    assert found == (day, datetime.fromisoformat(f"{utc}:00+00:00"))


def test_29_february_is_a_day_like_others():
    days = [day for day, _ in dues(DUE, time(6, 30), date(2028, 2, 27), date(2028, 3, 1))]
    assert days == [date(2028, 2, 27), date(2028, 2, 28), date(2028, 2, 29), date(2028, 3, 1)]


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize("year", [2026, 2027])
def test_each_day_of_a_year_with_clock_changes_is_served_by_its_own_build(zone: str, year: int):
    """Built from 02:10 for half an hour every day, due 06:30; judged on each day at noon."""
    clock = ZoneInfo(zone)
    at = [datetime(year, 1, 1, 2, 10, tzinfo=clock) + n * DAY for n in range(365)]
    starts = [moment.astimezone(timezone.utc) for moment in at]
    record = Record(tuple(Build(True, start, start + 30 * MINUTE) for start in starts), EVER)
    for noon in (datetime(year, month, day, 12, tzinfo=clock) for month in (4, 6, 11, 12) for day in (1, 8)):
        book = ledger(Promise(clock, time(6, 30)), record, Starts(tuple(starts)), noon.astimezone(timezone.utc))
        assert {day.verdict for day in book.days} == {"MET"}
        assert len(book.days) == 90


def test_only_days_with_a_promise_count():
    weekly = Promise(PARIS, time(6, 30), days=("monday",))
    book = ledger(weekly, built((paris(13, 2), paris(13, 3))), Starts(), paris(16, 12))
    assert (book.days[-1].due_at, book.days[-1].verdict) == (paris(13, 6, 30), "MET")
    assert "Mon 13 Oct 03:00" in book.reason


def test_a_holiday_promises_nothing():
    closed = Promise(PARIS, time(6, 30), calendar=Calendar(extra_holidays=(date(2025, 10, 14),)))
    book = ledger(closed, built((paris(13, 2), paris(13, 3))), AT_TWO, paris(14, 12))
    assert (book.days[-1].due_at, book.days[-1].verdict) == (paris(13, 6, 30), "MET")


def test_a_promise_without_any_day_is_still_to_come():
    never = Promise(PARIS, time(6, 30), days=())
    found = verdict(ledger(never, built(), AT_TWO, paris(14, 7)), lambda: NOTHING, PARIS, paris(14, 7))
    assert (found.verdict, found.due_at) == ("PENDING", None)


def test_last_due_is_the_newest_that_passed():
    assert last_due(DUE, DUE.due, paris(14, 6)) == paris(13, 6, 30)
    assert last_due(DUE, DUE.due, paris(14, 7)) == paris(14, 6, 30)
    assert last_due(Promise(PARIS, days=()), time(6, 30), paris(14, 7)) is None
    assert last_due(DUE, None, paris(14, 7)) is None


# --- at risk ---------------------------------------------------------------------------------------------------------

T0 = paris(14, 2)


def hours(*lengths: float) -> tuple[float, ...]:
    return tuple(length * 3600 for length in lengths)


def course(*lengths: float, going: bool = True, start: datetime = T0) -> Course:
    return Course(start, going, (Leg("Nightly", hours(*lengths)),))


@pytest.mark.parametrize(
    ("courses", "now", "due", "at_risk"),
    [
        # While it runs: at least half of those that lasted longer than four hours.
        ([course(1, 2, 4.1, 4.2, 5.1, 5.2)], T0 + 4 * HOUR, T0 + 5 * HOUR, True),
        ([course(1, 2, 4.1, 4.2, 4.3, 5.2)], T0 + 4 * HOUR, T0 + 5 * HOUR, False),
        # Fewer than three such: a stretch of its own length.
        ([course(1, 1, 1)], T0 + 4 * HOUR, T0 + 5 * HOUR, False),
        ([course(1, 1, 1)], T0 + 4 * HOUR + MINUTE, T0 + 5 * HOUR, True),
        ([course()], T0 + HOUR, T0 + 5 * HOUR, False),
        # Before the start: nine in ten from the expected start, or from now.
        ([course(*[1] * 9, 6, going=False)], T0 - HOUR, T0 + 2 * HOUR, False),
        ([course(*[1] * 8, 6, 6, going=False)], T0 - HOUR, T0 + 2 * HOUR, True),
        ([course(1, 1, 1, going=False)], T0 + 90 * MINUTE, T0 + 2 * HOUR, True),
        # What is ready first counts.
        ([course(6, 6, 6, going=False), course(1, 1, 1, going=False)], T0, T0 + 2 * HOUR, False),
    ],
)
def test_at_risk(courses: list[Course], now: datetime, due: datetime, at_risk: bool):
    found = foresee(courses, now)
    assert isinstance(found, Outlook)
    assert bool(found.risk(due, tight=False)) is at_risk


def test_what_is_tight_anyway_alarms_before_the_start_only_where_a_usual_run_is_too_late():
    found = foresee([course(*[1] * 7, 6, 6, 6, going=False)], T0 - HOUR)
    assert isinstance(found, Outlook)
    assert found.risk(T0 + 2 * HOUR, tight=False)
    assert not found.risk(T0 + 2 * HOUR, tight=True)
    assert found.risk(T0 + 30 * MINUTE, tight=True)


def test_too_little_history_foresees_nothing():
    assert isinstance(foresee([course(1, 2, going=False)], T0), Unknown)
    assert isinstance(foresee([], T0), Unknown)


def test_runs_in_a_row_add_up():
    legs = (Leg("Nightly", hours(1, 1, 1)), Leg("Marts", hours(2, 2, 2), pause=600))
    for going, start in ((True, T0), (False, T0)):
        found = foresee([Course(start, going, legs)], T0)
        assert isinstance(found, Outlook)
        assert found.prediction is not None
        assert found.prediction.p50 == T0 + 3 * HOUR + 10 * MINUTE
        assert "with Marts after it" in found.said
        assert found.risk(T0 + 3 * HOUR, tight=False)
        assert not found.risk(T0 + 4 * HOUR, tight=False)


def test_days_tell_where_no_run_does():
    due = paris(14, 6, 30)
    early, late = [-3600.0] * 20, [600.0] * 3
    at_six = by_days(early + late, due, due - 30 * MINUTE)
    assert at_six is not None
    assert at_six.risk(due, tight=False)
    at_five = by_days(early + late, due, due - 90 * MINUTE)
    assert at_five is not None
    assert not at_five.risk(due, tight=False)
    assert by_days(early, due, due) is None


def nightly(runs: tuple[Run, ...], **more: Any) -> Scenario:
    trigger = Trigger("temporal", id="t", params={"frequency": "Daily", "hour": 2, "minute": 0})
    return Scenario("N", "Nightly", active=True, settings=ScenarioSettings(triggers=(trigger,)), runs=runs, **more)


def run(start: datetime, length: timedelta = HOUR, outcome: Optional[str] = "SUCCESS") -> Run:
    return Run(f"{start}", start, None if outcome is None else start + length, outcome, "temporal", "t")


PAST = tuple(run(paris(day, 2), HOUR) for day in range(13, 3, -1))
MARTS = Scenario(
    "M",
    "Marts",
    active=True,
    settings=ScenarioSettings(triggers=(Trigger("follow_scenariorun", params={"scenarioId": "N"}, delay_seconds=60),)),
    runs=tuple(run(paris(day, 3, 5), 2 * HOUR) for day in range(13, 3, -1)),
)


def look(
    now: datetime, scenario: Scenario, *others: Scenario, builders: Optional[list[Scenario]] = None
) -> Known[Outlook]:
    terms = Terms(now, ServerZone("Europe/Paris", ""), PARIS, scenarios=(scenario, *others))
    chosen = builders or [scenario]
    settings = scenario.settings
    timed = not isinstance(settings, Unknown) and any(trigger.type == "temporal" for trigger in settings.triggers)
    starts = {"N": AT_TWO.expected} if timed else {}
    return Roads(terms, chosen, (), starts, paris(14, 2), paris(15, 2)).outlook()


@pytest.mark.parametrize(
    ("now", "runs", "kind", "p50"),
    [
        (paris(14, 1), PAST, "waiting", paris(14, 3)),
        (paris(14, 4), PAST, "waiting", paris(14, 5)),  # late: from now
        (paris(14, 2, 30), (run(paris(14, 2), outcome=None), *PAST), "going", paris(14, 3)),
        (paris(14, 4), (run(paris(14, 2), outcome=None), *PAST), "stretched", paris(14, 4, 30)),
        (paris(14, 4), (run(paris(14, 2), outcome="FAILED"), *PAST), "nothing", None),
        # A run of yesterday's cycle that still goes does not lead to today's output.
        (paris(14, 4), (run(paris(13, 3), outcome=None), *PAST), "waiting", paris(14, 5)),
    ],
)
def test_the_way_to_an_output(now: datetime, runs: tuple[Run, ...], kind: str, p50: Optional[datetime]):
    found = look(now, nightly(runs))
    assert isinstance(found, Outlook)
    assert found.kind == kind
    assert (found.prediction.p50 if found.prediction else None) == p50


def test_a_scenario_that_follows_another_is_ready_after_both():
    before = look(paris(14, 1), nightly(PAST), MARTS, builders=[MARTS])
    assert isinstance(before, Outlook)
    assert before.prediction is not None
    assert before.prediction.p50 == paris(14, 5, 1)
    ended = look(paris(14, 3, 30), nightly((run(paris(14, 2)), *PAST)), MARTS, builders=[MARTS])
    assert isinstance(ended, Outlook)
    assert ended.prediction is not None
    assert ended.prediction.p50 == paris(14, 5, 30)  # it was to start at 03:01


@pytest.mark.parametrize(
    "scenario",
    [
        nightly(Unknown("denied")),
        Scenario("N", active=True, settings=Unknown("denied"), runs=PAST),
        Scenario("N", active=True, settings=ScenarioSettings(triggers=(Trigger("ds_modified"),)), runs=PAST),
        Scenario("N", active=True, settings=ScenarioSettings(), runs=PAST),
    ],
)
def test_what_cannot_be_foreseen_is_unknown_not_nothing(scenario: Scenario):
    assert isinstance(look(paris(14, 4), scenario), Unknown)


def test_how_long_until_it_is_built():
    builds = [Build(True, one.start, one.start + 20 * MINUTE) for one in PAST if one.start]
    assert until_built(PAST, builds) == (1200.0,) * 10
    assert until_built(PAST, builds[:2]) == ()
    assert whole_runs((run(T0, outcome="FAILED"), *PAST)) == (3600.0,) * 10


# --- the verdict as said ---------------------------------------------------------------------------------------------


def kept_days(met: int, late: int, minutes_late: int = 20) -> Ledger:
    """Days before Tuesday 14 October, the late ones first; the 14th is still to come."""
    ends = [minutes_late] * late + [-120] * met
    days = []
    for back, away in zip(range(len(ends), 0, -1), ends):
        due = paris(14, 6, 30) - back * DAY
        kept = "MET" if away <= 0 else "RECOVERED_LATE"
        days.append(DayVerdict(due.astimezone(PARIS).date(), due, kept, due + away * MINUTE))
    today = DayVerdict(date(2025, 10, 14), paris(14, 6, 30), "PENDING")
    return Ledger((*days, today), None, "due 06:30, in 30 min")


def test_chances_are_counts_of_such_mornings():
    now = paris(14, 6)
    seen = Outlook("waiting", Prediction(paris(14, 6, 10), paris(14, 6, 20), 9, "x"), (paris(14, 6, 10),), "x")
    few = verdict(kept_days(met=15, late=9), lambda: seen, PARIS, now)
    assert (few.prediction.kept, few.prediction.of) == (0, 0)
    assert "mornings" not in few.reason
    enough = verdict(kept_days(met=15, late=11), lambda: seen, PARIS, now)
    assert (enough.prediction.kept, enough.prediction.of) == (0, 11)
    before = verdict(kept_days(met=9, late=2), lambda: seen, PARIS, paris(14, 4))
    assert "met on 9 of 11 such mornings" in before.reason


@pytest.mark.parametrize(("late", "tight"), [(0, False), (2, False), (3, True), (10, True)])
def test_tight_is_more_than_one_day_in_ten(late: int, tight: bool):
    book = kept_days(met=20 - late, late=late)
    assert is_tight(book) is tight
    found = verdict(book, lambda: FORESEEN_NOT, PARIS, paris(14, 4))
    assert found.verdict in ("TIGHT", "AT_RISK") if tight else found.verdict == "PENDING"


def test_a_missed_day_tells_when_it_is_to_be_expected():
    book = ledger(DUE, built(LATE_YESTERDAY), AT_TWO, paris(14, 7))
    seen = Outlook("going", Prediction(paris(14, 7, 30), paris(14, 8), 9, "x"), (paris(14, 7, 30),), "x")
    found = verdict(book, lambda: seen, PARIS, paris(14, 7))
    assert found.verdict == "MISSED"
    assert "expected about 07:30, nine times in ten by 08:00" in found.reason


def test_what_is_ready_asks_for_no_outlook():
    book = ledger(DUE, built(IN_TIME), AT_TWO, paris(14, 7))

    def never() -> Known[Outlook]:
        raise AssertionError("asked")

    assert verdict(book, never, PARIS, paris(14, 7)).prediction is None


# --- budget ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "met", "late", "allowed", "means"),
    [
        (0.9, 27, 3, 3, None),  # floating point says 2.999…
        (0.95, 21, 1, 1, None),
        (0.99, 21, 1, 0, 21 / 22),
        (1.0, 10, 0, 0, 9 / 10),
        (0.7, 10, 0, 3, None),
        (0.9, 0, 0, 0, None),
    ],
)
def test_budget_counts_exactly(target: float, met: int, late: int, allowed: int, means: Optional[float]):
    found = budget(kept_days(met, late), target)
    assert found is not None
    assert (found.days, found.missed, found.allowed, found.one_miss_means) == (
        min(met + late, 30),
        late,
        allowed,
        means,
    )
    assert found.left == allowed - late


def test_no_target_has_no_budget_and_unknown_days_are_not_counted():
    assert budget(kept_days(10, 0), None) is None
    record = Record((Build(True, paris(12, 2), paris(12, 3)), Build(True, *IN_TIME)), EVER)
    found = budget(ledger(DUE, record, AT_TWO, paris(14, 7)), 0.5)
    assert found is not None
    assert (found.days, found.missed, found.unknown, found.allowed) == (3, 1, 27, 1)


# --- what is usual ---------------------------------------------------------------------------------------------------


def on_weekdays(hour: int, minutes: list[int]) -> list[datetime]:
    """Ends on weekdays before Tuesday 14 October, newest last."""
    days = [day for day in range(13, 0, -1) if date(2025, 10, day).weekday() < 5]
    return [paris(day, hour) + timedelta(minutes=minute) for day, minute in zip(days, minutes)]


def test_usual_time_is_the_middle_and_the_slow_end():
    usual = usual_time(on_weekdays(6, [0, 10, 20, 30, 40]), paris(14, 12), PARIS)
    assert not isinstance(usual, Unknown)
    assert (usual.p50, round(usual.p95), usual.n) == (380, 398, 5)
    assert usual.zone == "Europe/Paris"


def test_usual_time_does_not_break_at_midnight():
    usual = usual_time(on_weekdays(0, [0, -20, -10, 0, 10, 20]), paris(14, 12), PARIS)
    assert not isinstance(usual, Unknown)
    assert around(usual.p50) == pytest.approx(0)
    assert usual.p95 - usual.p50 == pytest.approx(17.5)


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ([], "learning: 0 of 5 weekdays"),
        (on_weekdays(6, [0, 1, 2, 3]), "learning: 4 of 5 weekdays"),
        ([paris(day, hour) for day in range(1, 13) for hour in range(24)], "built about 2"),
        ([paris(11, 6), paris(12, 6)], "learning: 0 of 5 weekdays"),
    ],
)
def test_what_cannot_be_usual_says_why(ends: list[datetime], said: str):
    found = usual_time(ends, paris(14, 12), PARIS)
    assert isinstance(found, Unknown)
    assert said in found.reason


def test_typical_completion_is_counted_from_the_due_time():
    promise = Promise(PARIS, time(0, 10))
    nights = [(paris(day, 22), paris(day + 1, 0) + (day % 5 - 2) * 10 * MINUTE) for day in range(1, 13)]
    starts = Starts(tuple(paris(day, 22) for day in range(1, 30)))
    usual = typical_completion(promise, ledger(promise, built(*nights), starts, paris(14, 12)))
    assert not isinstance(usual, Unknown)
    assert usual.p50 == pytest.approx(0)  # midnight, ten minutes before it is due
    assert usual.n == 8  # weekdays only
    few = typical_completion(promise, ledger(promise, built(*nights[-3:]), starts, paris(14, 12)))
    assert isinstance(few, Unknown)
    assert "learning: " in few.reason


@pytest.mark.parametrize(
    ("declared", "p50", "p95", "seconds"),
    [(None, 400, 405, 900), (None, 400, 420, 2400), (60.0, 400, 420, 60), (0.0, 400, 420, 0)],
)
def test_alert_after(declared: Optional[float], p50: float, p95: float, seconds: float):
    promise = Promise(PARIS, alert_after_seconds=declared)
    assert alert_after(promise, TimeOfDay(p50, p95, 9, "UTC")) == seconds
    assert alert_after(promise, FORESEEN_NOT) == (FORESEEN_NOT if declared is None else declared)


@pytest.mark.parametrize(
    ("p95", "said"), [(398, "07:00"), (405, "07:00"), (405.1, "07:15"), (1430, "00:15"), (-20, "00:00")]
)
def test_suggestion_adds_a_quarter_and_rounds_up(p95: float, said: str):
    assert suggestion(TimeOfDay(380, p95, 9, "UTC")) == said
    assert suggestion(Unknown("no history")) == ""


def test_promise_of_reads_the_profile():
    profile = OpsProfile.model_validate(
        {
            "calendars": {"work": {}},
            "datasets": {
                "mart": {
                    "due": "06:30",
                    "timezone": "UTC",
                    "alert_after_minutes": 20,
                    "max_age_hours": 2,
                    "calendar": "work",
                    "target": 0.95,
                    "time_column": "sold_at",
                }
            },
        }
    )
    promise = promise_of(profile, "mart", PARIS)
    assert promise == Promise(
        ZoneInfo("UTC"), time(6, 30), None, None, Calendar(), 0.95, 1200.0, 7200.0, None, "sold_at"
    )
    assert not promise.is_due_on(date(2025, 10, 12))
    assert promise_of(profile, "other", PARIS) == Promise(PARIS)
