"""What must hold of every promise and every age, whatever history says."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta, timezone
from typing import Optional
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from opsguide.core.forecast import NOTHING
from opsguide.core.freshness import DataTime, Input, judge, judge_age, judge_deadline, latest_complete_partition
from opsguide.core.sla import Promise, Record, Starts, budget, ledger, verdict
from opsguide.core.volume import Count, judge_volume
from opsguide.model.known import Known, Unknown
from opsguide.model.profile import Calendar
from opsguide.model.report import FRESHNESS_ORDER, SLA_ORDER, VOLUME_ORDER
from opsguide.model.snapshot import Build, Run

few = settings(max_examples=100, deadline=None)
NOW = datetime(2026, 4, 10, 9, tzinfo=timezone.utc)
EVER = datetime(2000, 1, 1, tzinfo=timezone.utc)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
GOOD = {"MET", "FRESH", "OK"}

zones = st.sampled_from(["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "UTC"]).map(ZoneInfo)
times = st.times().map(lambda at: at.replace(second=0, microsecond=0, tzinfo=None))
calendars = st.one_of(st.none(), st.just(Calendar()), st.just(Calendar(country="FR")))
weekdays = st.one_of(st.none(), st.just(("monday",)), st.just(("monday", "thursday", "sunday")))
past = st.integers(0, 40 * 1440).map(lambda minutes: NOW - minutes * MINUTE)
ages = st.one_of(st.none(), st.integers(60, 20 * 86400).map(float))


@st.composite
def promises(draw: st.DrawFn) -> Promise:
    return Promise(
        draw(zones),
        due=draw(times),
        available_by=draw(times),
        days=draw(weekdays),
        calendar=draw(calendars),
        max_age_seconds=draw(ages),
        warn_age_seconds=draw(ages),
    )


@st.composite
def builds(draw: st.DrawFn) -> Build:
    start = draw(st.one_of(st.none(), past))
    length = draw(st.integers(-30, 3000)) * MINUTE
    end = draw(st.one_of(st.none(), past)) if start is None else start + length
    partition = draw(st.sampled_from(["", "2026-04-08", "2026-04-09", "2026-04-09|FR", "FR"]))
    return Build(draw(st.sampled_from([True, True, True, False, None])), start, end, partition=partition)


@st.composite
def runs(draw: st.DrawFn) -> Run:
    start = draw(past)
    end = draw(st.one_of(st.none(), st.integers(0, 3000).map(lambda minutes: start + minutes * MINUTE)))
    kind = draw(st.sampled_from(["temporal", "manual", "sub"]))
    return Run("r", start, end, None if end is None else "SUCCESS", trigger_type=kind)


records = st.builds(
    Record,
    st.lists(builds(), max_size=12).map(tuple),
    st.sampled_from([None, EVER, NOW - 10 * DAY]),
    st.lists(runs(), max_size=4).map(tuple),
)
starts = st.lists(past, max_size=20).map(lambda moments: Starts(tuple(sorted(set(moments)))))


@few
@given(promises(), records, starts)
def test_every_day_has_one_verdict_of_the_order_and_budgets_add_up(promise: Promise, record: Record, known: Starts):
    book = ledger(promise, record, known, NOW)
    assert {day.verdict for day in book.days} <= {*SLA_ORDER}
    assert len({day.day for day in book.days}) == len(book.days) <= 91
    assert list(book.days) == sorted(book.days, key=lambda day: day.due_at)
    told = budget(book, 0.9)
    assert told is not None
    assert 0 <= told.missed <= told.days
    assert 0 <= told.allowed <= told.days


@few
@given(promises(), records, starts, st.randoms())
def test_the_order_of_what_is_read_never_matters(promise: Promise, record: Record, known: Starts, chance):
    shuffled = Record(
        tuple(chance.sample(record.builds, len(record.builds))),
        record.complete_since,
        tuple(chance.sample(record.runs, len(record.runs))),
    )
    assert ledger(promise, record, known, NOW) == ledger(promise, shuffled, known, NOW)
    assert latest_complete_partition(record.builds, promise.zone) == latest_complete_partition(
        shuffled.builds, promise.zone
    )
    builds_, others = record.builds, shuffled.builds
    assert judge(promise, Unknown("x"), builds_, (), NOW) == judge(promise, Unknown("x"), others, (), NOW)


@few
@given(promises(), starts, st.sampled_from([None, EVER]))
def test_an_unknown_history_is_never_good(promise: Promise, known: Starts, since: Optional[datetime]):
    book = ledger(promise, Record(Unknown("forbidden"), since), known, NOW)
    assert {day.verdict for day in book.days} <= {"UNKNOWN"}
    assert verdict(book, lambda: NOTHING, promise.zone, NOW).verdict not in GOOD
    for found in (
        judge_age(promise, Unknown("forbidden"), NOW),
        judge_deadline(promise, Unknown("forbidden"), NOW),
        judge(promise, Unknown("forbidden"), Unknown("forbidden"), (), NOW),
    ):
        assert found.verdict == "UNKNOWN"


@few
@given(promises(), records, starts)
def test_a_day_is_met_only_by_a_success_that_ended_in_time(promise: Promise, record: Record, known: Starts):
    """Without its unsuccessful builds and those without a start, a record has the same good days."""
    sure = tuple(b for b in record.builds if b.success and b.start and b.end and b.start <= b.end)
    met = {day.day: day for day in ledger(promise, record, known, NOW).days if day.verdict == "MET"}
    for day in met.values():
        assert day.ended_at in {build.end for build in sure}
        assert day.ended_at <= day.due_at


@few
@given(promises(), st.integers(1, 4 * 1440), st.integers(1, 600))
def test_a_late_build_of_yesterday_never_meets_today(promise: Promise, late: int, before: int):
    """One run starts every due day; the one before the last ends late, whenever that is, and the last never comes."""
    daily = replace(promise, days=None, calendar=None)
    dues = [day.due_at for day in ledger(daily, Record((), EVER), Starts(), NOW).days if day.due_at < NOW]
    begun = tuple(due - before * MINUTE for due in dues)
    late_end = dues[-2] + late * MINUTE
    older = Build(True, begun[-4], dues[-4])
    record = Record((older, Build(True, begun[-2], late_end)), EVER)
    judged = {day.due_at: day for day in ledger(daily, record, Starts(begun), NOW).days}
    assert judged[dues[-1]].verdict == "MISSED"
    run = Run("r", begun[-2], late_end, "SUCCESS", trigger_type="temporal")
    step = Record((older, Build(True, max(begun[-2], late_end - MINUTE), late_end)), EVER, (run,))
    judged = {day.due_at: day for day in ledger(daily, step, Starts(begun), NOW).days}
    assert judged[dues[-1]].verdict == "MISSED"


@few
@given(promises(), records, starts, builds())
def test_one_more_success_takes_no_day_away(promise: Promise, record: Record, known: Starts, more: Build):
    """Good days stay good, unless the learned beginning of the days moves."""
    expected = Starts(tuple(NOW - n * DAY - 5 * 60 * MINUTE for n in range(140, -15, -1)))
    before = {day.day: day.verdict for day in ledger(promise, record, expected, NOW).days}
    added = replace(record, builds=(*record.builds, replace(more, success=True)))
    after = {day.day: day.verdict for day in ledger(promise, added, expected, NOW).days}
    assert all(after[day] == "MET" for day, found in before.items() if found == "MET")


bounds = st.one_of(st.none(), past)


def data(at_least: Optional[datetime], at_most: Optional[datetime]) -> DataTime:
    if at_least and at_most and at_least > at_most:
        at_least, at_most = at_most, at_least
    return DataTime("clock", at_least, at_most)


@few
@given(promises(), bounds, bounds, st.integers(0, 50 * 1440), st.integers(0, 50 * 1440), past)
def test_fresher_data_never_worsens(
    promise: Promise, low: Optional[datetime], high: Optional[datetime], more_low: int, more_high: int, came: datetime
):
    old = data(low, high)
    new = DataTime(
        "clock",
        None if old.at_least is None else min(old.at_least + more_low * MINUTE, NOW),
        None if old.at_most is None else min(old.at_most + more_high * MINUTE, NOW),
    )
    if new.at_least and new.at_most and new.at_least > new.at_most:
        new = replace(new, at_most=new.at_least)
    inputs = [Input("i", promise, DataTime("f", came, came))]
    made = (Build(True, NOW - DAY, NOW - DAY + MINUTE),)

    def rank(found: str) -> int:
        return FRESHNESS_ORDER.index(found)

    for judged in (
        lambda each: judge_age(promise, each, NOW),
        lambda each: judge_deadline(promise, each, NOW),
    ):
        assert rank(judged(new).verdict) >= rank(judged(old).verdict)
    if old.at_least is not None and old.at_most is not None:
        assert rank(judge(promise, new, made, inputs, NOW).verdict) >= rank(
            judge(promise, old, made, inputs, NOW).verdict
        )


@few
@given(st.lists(st.tuples(st.integers(0, 100_000), st.floats(0, 1e7)), max_size=80), st.randoms(), zones)
def test_volume_speaks_of_counts_in_any_order_and_never_of_none(
    points: list[tuple[int, float]], chance, zone: ZoneInfo
):
    counts = [Count(NOW - minutes * MINUTE, rows) for minutes, rows in dict(points).items()]
    found = judge_volume(counts, zone)
    assert found.verdict in VOLUME_ORDER
    assert found == judge_volume(chance.sample(counts, len(counts)), zone)
    if len(counts) < 4:
        assert found.verdict not in GOOD or (found.rows == 0 and len(counts) > 1)


def test_zero_is_midnight():
    """`time(0)` is a due time like others, though it counts as false in a careless test."""
    known: Known[tuple[Build, ...]] = (Build(True, NOW - 20 * 60 * MINUTE, NOW - 19 * 60 * MINUTE),)
    book = ledger(Promise(ZoneInfo("UTC"), due=time(0)), Record(known, EVER), Starts(), NOW)
    assert book.days[-1].verdict == "MET"
