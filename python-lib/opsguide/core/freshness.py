"""How old the data is, what tells it, and whether it is older than what it is made from.

For a person: *the age is counted from the newest value of the declared time column; else from the end of the last
successful build (of a partitioned object: from its latest complete partition); else from the newest file; else from the
build in the project it comes from. Which of these was used is always said. What only bounds the age proves no more than
that: data is no newer than its build, and no older than it was when somebody last looked.*

    DataTime        between which moments the data's own time lies, and how this is known
    data_time       that of an object, by the first clock that tells
    arrival         when data last came, whatever time it is of
    judge_age       against limits, in business time where a calendar is declared
    judge_deadline  against the last time by which it had to be there
    judge_inputs    against the inputs: needs a rebuild, or was rebuilt without new data
    judge           limits and inputs together

Worked example: at most 6 h old. Built 02:40, so at 09:00 STALE_ERROR by its last build. With a time column whose newest
value, computed 02:41, is 23:55, it has been STALE_ERROR since 05:55; had that value been computed before the build, it
would be UNKNOWN until 08:40, as nobody has looked at the new data.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import Optional

from ..model.known import Cause, Known, Unknown
from ..model.metrics import FRESHNESS_PROBE
from ..model.report import FreshnessVerdict
from ..model.snapshot import Build, Metric, ObjectFacts
from . import column_time, words
from .calendars import age_in_business_time, business_days
from .column_time import FUTURE
from .sla import Promise, dues, last_due

COLUMN_METRIC = "col_stats:MAX:{column}"
# What our probe's metric `data_clock` says where the database told it the newest value: so is found of which column it is.
BY_DATABASE = "newest {column}, by the database"
# What DSS does not build may change at any time: a look so long ago says how old it is at most, no more.
LOOKED = timedelta(minutes=15)
# Data that comes long after its time is late for its own day, not early for the next.
_EARLY = timedelta(hours=12)


# --- clocks ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DataTime:
    """The data's own time lies between `at_least` and `at_most`; None where nothing bounds it on that side. `clock`
    says what tells it, `computed_at` when that was worked out, `note` what a reader should know of it."""

    clock: str
    at_least: Optional[datetime]
    at_most: Optional[datetime]
    computed_at: Optional[datetime] = None
    note: str = ""

    @property
    def at(self) -> Optional[datetime]:
        """The time to show: the one that is proven, else the latest possible."""
        return self.at_least or self.at_most


def data_time(
    facts: ObjectFacts,
    now: datetime,
    zone: tzinfo,
    *,
    column: str = "",
    column_zone: tzinfo = timezone.utc,
    is_input: bool = False,
    project_key: str = "",
) -> Known[DataTime]:
    """When the data is from, by the first clock that tells; Unknown where none does.

    `column` is the declared time column, `column_zone` that of its values that have none, `project_key` the project
    that is looked at: another one's objects are dated by their builds there. Files date inputs only."""
    if column:
        return _by_column(facts, column, column_zone, now)
    partition = None if isinstance(facts.builds, Unknown) else latest_complete_partition(facts.builds, zone)
    if partition is not None:
        name, ends = partition
        return DataTime(f"latest complete partition {words.one_line(name, 60)}", ends, ends)
    return arrival(facts, is_input=is_input, project_key=project_key)


def arrival(facts: ObjectFacts, *, is_input: bool = True, project_key: str = "") -> Known[DataTime]:
    """When data last came: the end of the last successful build; for an input the newest file, unless its last build
    failed: what that left behind is no data."""
    built = _success(facts)
    if built is not None:
        elsewhere = bool(project_key) and facts.ref.project_key != project_key
        where = f"build in project {facts.ref.project_key}" if elsewhere else "end of the last successful build"
        return DataTime(where, built.end, built.end)
    if is_input and not _failed_last(facts):
        files = facts.newest_file
        if not isinstance(files, Unknown) and files is not None:
            return DataTime("newest file", files, files)
    return _no_clock(facts, is_input)


def _by_column(facts: ObjectFacts, column: str, zone: tzinfo, now: datetime) -> Known[DataTime]:
    """The newest value of the column where a metric holds it. Without one the last build bounds it: what is in the data
    happened before."""
    built = _success(facts)
    name = f"newest {words.one_line(column, 60)}"
    found, note = _newest_on_record(facts.metrics, column, now, zone)
    if found is None:
        if built is None:
            if isinstance(facts.metrics, Unknown):
                return replace(facts.metrics, reason=f"the {name} is not known: {note}")
            return Unknown(f"the {name} is not known: {note}", Cause.NOT_RECORDED, "a metric with its maximum")
        return DataTime(f"end of the last successful build, as the {name} is not known ({note})", None, built.end)
    value, computed = found
    if built is None and (computed is None or now - computed > LOOKED):
        since = "data may have come since that was computed"
        return DataTime(name, value, None, computed, "; ".join(filter(None, (note, since))))
    outdated = built is not None and built.end is not None and (computed is None or computed < built.end)
    if not outdated:
        return DataTime(name, value, value, computed, note)
    return DataTime(name, value, built.end if built else None, computed, "computed before the last build ended")


def column_maximum(
    metrics: Known[Sequence[Metric]], column: str, now: datetime, zone: tzinfo = timezone.utc
) -> tuple[Optional[tuple[datetime, Optional[datetime]]], str]:
    """The newest time up to now that a metric holds of the column, and when it was computed; else why there is none."""
    if isinstance(metrics, Unknown):
        return None, metrics.reason
    wanted = COLUMN_METRIC.format(column=column)
    computed = [metric for metric in metrics if metric.id == wanted]
    if not computed:
        return None, "no metric computes it"
    times = [(read.at, metric.computed_at) for metric in computed if (read := column_time.read(metric.value, zone))]
    past = [pair for pair in times if pair[0] <= now + FUTURE]
    future = len(times) - len(past)
    if not past:
        return None, "the newest value lies in the future" if future else "it is no time"
    note = f"{words.count(future, 'value')} in the future left out" if future else ""
    return max(past, key=lambda pair: pair[0]), note


def _newest_on_record(
    metrics: Known[Sequence[Metric]], column: str, now: datetime, zone: tzinfo
) -> tuple[Optional[tuple[datetime, Optional[datetime]]], str]:
    """As `column_maximum`; else, or where it was asked later, what our probe found in the database."""
    found, note = column_maximum(metrics, column, now, zone)
    asked = _asked(() if isinstance(metrics, Unknown) else metrics, column)
    if asked is None or (found is not None and found[1] is not None and found[1] >= asked[1]):
        return found, note
    return asked, ""


def _asked(metrics: Sequence[Metric], column: str) -> Optional[tuple[datetime, datetime]]:
    """The newest value that our probe was told of the column, and when. It left out what lies in the future."""
    ours = {(each.id, each.partition): each for each in metrics if each.id.startswith(FRESHNESS_PROBE)}
    wanted = BY_DATABASE.format(column=column)
    found = []
    for (metric_id, partition), clock in ours.items():
        value = ours.get((metric_id.replace(":data_clock", ":data_time", 1), partition))
        if ":data_clock" in metric_id and clock.value == wanted and value is not None and value.computed_at:
            time_of_data = column_time.read(value.value)
            found += [(time_of_data.at, value.computed_at)] if time_of_data else []
    return max(found, default=None)


def _success(facts: ObjectFacts) -> Optional[Build]:
    success = facts.last_success
    return None if isinstance(success, Unknown) or success is None or success.end is None else success


def _failed_last(facts: ObjectFacts) -> bool:
    return not isinstance(facts.last_build, Unknown) and facts.last_build is not None and not facts.last_build.success


def _no_clock(facts: ObjectFacts, is_input: bool) -> Unknown:
    if is_input and _failed_last(facts):
        return Unknown("its last build failed, and no successful one is on record", Cause.NOT_RECORDED)
    parts = [facts.last_success, facts.newest_file] if is_input else [facts.last_success]
    unread = [part for part in parts if isinstance(part, Unknown)]
    # What could not be read says more than what nobody asked for.
    told = sorted(unread, key=lambda part: part.cause is Cause.NOT_READ)
    if told:
        return told[0]
    if is_input:
        return Unknown("DSS records no arrival of its data: declare it, or add a probe", Cause.NOT_RECORDED)
    return Unknown("no successful build is on record", Cause.NOT_RECORDED)


# --- partitions ------------------------------------------------------------------------------------------------------

_PERIOD = re.compile(r"^(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:-(\d\d))?$")


def latest_complete_partition(builds: Iterable[Build], zone: tzinfo) -> Optional[tuple[str, datetime]]:
    """The latest period (hour, day, month or year) of a partitioned object that is complete, and when it ended; None
    where no build names a partition that is a period.

    Complete is a period whose newest build began after the period was over and ended well; with further dimensions, in
    each value that the period before it had."""
    newest: dict[str, Build] = {}
    # Of two that ended together the one that did not end well counts, so that nothing hangs on their order.
    for build in sorted(
        (b for b in builds if b.partition and b.end), key=lambda b: (_end(b), not b.success, b.start or _end(b))
    ):
        newest[build.partition] = build
    periods: dict[str, dict[tuple[str, ...], bool]] = {}
    ends: dict[str, datetime] = {}
    for partition, build in newest.items():
        parts = partition.split("|")
        period = next((part for part in parts if period_end(part, zone) is not None), None)
        over = None if period is None else period_end(period, zone)
        if period is None or over is None:
            continue
        began = build.start or _end(build)
        others = tuple(part for part in parts if part != period)
        periods.setdefault(period, {})[others] = bool(build.success) and began >= over
        ends[period] = over
    ordered = sorted(periods, key=lambda period: ends[period])
    for before, period in reversed(list(zip([None, *ordered], ordered))):
        values = set(periods[period]) | (set(periods[before]) if before else set())
        if all(periods[period].get(value, False) for value in values):
            return period, ends[period]
    return None


def period_end(text: str, zone: tzinfo) -> Optional[datetime]:
    """When the period that a partition is named by ends: "2025-10-13" at midnight after it, on the clock of `zone`.
    None where the text names none."""
    found = _PERIOD.match(text)
    if found is None:
        return None
    year, month, day, hour = (int(part) if part else None for part in found.groups())
    try:
        if hour is not None and month and day:
            start = datetime.combine(date(year or 0, month, day), time(hour), zone)
            return start.astimezone(timezone.utc) + timedelta(hours=1)
        first = date(year or 0, month or 1, day or 1)
        if day is not None:
            last = first + timedelta(days=1)
        elif month is not None:
            last = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
        else:
            last = first.replace(year=first.year + 1)
        return datetime.combine(last, time.min, zone).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def _end(build: Build) -> datetime:
    assert build.end is not None, "builds without an end are left out"
    return build.end


# --- verdicts --------------------------------------------------------------------------------------------------------


def judge_age(promise: Promise, data: Known[DataTime], now: datetime) -> FreshnessVerdict:
    """Against the declared limits, in business time where a calendar is declared. Where the data's time is only
    bounded, it is fresh if it is so at worst, and stale if it is so at best."""
    if isinstance(data, Unknown):
        return FreshnessVerdict("UNKNOWN", f"the age of its data is not known: {data.reason}")
    at_best = _against_limits(promise, data.at_most or now, now)
    at_worst = "STALE_ERROR" if data.at_least is None else _against_limits(promise, data.at_least, now)
    verdict = at_best if at_best != "FRESH" else "FRESH" if at_worst == "FRESH" else "UNKNOWN"
    shown = data.at_most if verdict == at_best != "FRESH" else data.at
    return _told(verdict, _age_text(promise, verdict, shown or now, now), replace(data, at_least=shown))


def _against_limits(promise: Promise, at: datetime, now: datetime) -> str:
    age = age_in_business_time(promise.calendar, at, now, promise.zone)
    if promise.max_age_seconds is not None and age > promise.max_age_seconds:
        return "STALE_ERROR"
    return "STALE_WARN" if promise.warn_age_seconds is not None and age > promise.warn_age_seconds else "FRESH"


def _age_text(promise: Promise, verdict: str, at: datetime, now: datetime) -> str:
    age = words.duration(age_in_business_time(promise.calendar, at, now, promise.zone))
    said = f"{age} old{' in business time' if promise.calendar else ''}"
    limit = promise.warn_age_seconds if verdict == "STALE_WARN" else promise.max_age_seconds
    limit = limit if limit is not None else promise.warn_age_seconds
    if verdict == "UNKNOWN":
        return f"it may be {said}, and nobody has looked at the newest data"
    if limit is None:
        return said
    return f"{said}, {'at most' if verdict == 'FRESH' else 'more than'} {words.duration(limit)}" + (
        " allowed" if verdict == "FRESH" else ""
    )


def judge_deadline(promise: Promise, data: Known[DataTime], now: datetime) -> FreshnessVerdict:
    """Against the last time by which its data had to be there; data that came up to half a day earlier is that day's."""
    due = last_due(promise, promise.available_by, now)
    if due is None:
        return FreshnessVerdict("UNKNOWN", "its first due day is still to come")
    expected = f"expected by {words.moment(due, promise.zone, now)}"
    if isinstance(data, Unknown):
        return FreshnessVerdict("UNKNOWN", f"{expected}, but when it came is not known: {data.reason}")
    begins = due - _EARLY
    if data.at_least is not None and data.at_least > begins:
        return _told("FRESH", f"{expected}, there since {words.moment(data.at_least, promise.zone, now)}", data)
    if data.at_most is not None and data.at_most <= begins:
        return _told(
            "STALE_ERROR", f"{expected}, the newest is of {words.moment(data.at_most, promise.zone, now)}", data
        )
    return _told("UNKNOWN", f"{expected}; whether it came is not on record", data)


@dataclass(frozen=True)
class Input:
    """One object that another is made from: its name among people, what is promised of it, when data last came, and the
    job that built it ('' where none is known)."""

    name: str
    promise: Promise
    came: Known[DataTime]
    job_id: str = ""


def judge_inputs(
    builds: Known[Sequence[Build]], inputs: Sequence[Input], now: datetime, starts: Sequence[datetime] = ()
) -> FreshnessVerdict:
    """Whether the last successful build used what there is now, and whether there was anything new for it. `starts` are
    the expected starts of what builds it, sorted.

    NEEDS_REBUILD: an input is newer than this build's start, and no start is to come that was not to have used it
    already: a weekly report does not lack what came in since Monday. REBUILT_NO_NEW_DATA: no input is newer than the
    start of the successful build before, all of them have clocks, and data was expected in between."""
    if isinstance(builds, Unknown):
        return FreshnessVerdict("UNKNOWN", f"its builds are not known: {builds.reason}")
    good = sorted((b for b in builds if b.success and b.start), key=lambda b: (b.start or now, b.job_id), reverse=True)
    begun = [build.start for build in good if build.start]
    if not begun:
        return FreshnessVerdict("UNKNOWN", "no successful build with a start is on record")
    dated = [(each, each.came.at_least) for each in inputs if not isinstance(each.came, Unknown) and each.came.at_least]
    newer = sorted(
        (at, each.name) for each, at in dated if begun[0] < at <= now + FUTURE and not _same_job(each, good[0])
    )
    undated = _undated(inputs)
    if newer:
        at, name = newer[-1]
        zone = inputs[0].promise.zone
        said = f"{name} is of {words.moment(at, zone, now)}, the last build began {words.moment(begun[0], zone, now)}"
        waits = _waits_until(newer[0][0], builds, starts, now)
        if waits is None:
            return FreshnessVerdict("NEEDS_REBUILD", said)
        planned = f"{said}, as planned: the next one starts {words.moment(waits, zone, now)}"
        return FreshnessVerdict("UNKNOWN", f"{planned}; {undated}") if undated else FreshnessVerdict("FRESH", planned)
    if undated:
        return FreshnessVerdict("UNKNOWN", undated)
    if len(begun) > 1 and all(at <= begun[1] for _, at in dated):
        expected = [each.name for each in inputs if _data_expected(each.promise, begun[1], begun[0])]
        if expected:
            said = (
                f"no input is newer than the build before the last, though data of {words.listed(expected, 3)} was due"
            )
            return FreshnessVerdict("REBUILT_NO_NEW_DATA", said)
    return FreshnessVerdict("FRESH", "no input is newer than its last build")


def _undated(inputs: Sequence[Input]) -> str:
    """Which inputs have no clock, '' where all have one."""
    if not inputs:
        return "what it is made from is not seen"
    names = [each.name for each in inputs if isinstance(each.came, Unknown) or each.came.at_least is None]
    return f"when {words.listed(names, 3)} came is not known" if names else ""


def _waits_until(
    since: datetime, builds: Sequence[Build], starts: Sequence[datetime], now: datetime
) -> Optional[datetime]:
    """The start that is still to come for what came in at `since`, None where none is or one has gone by, or the newest
    build did not end well."""
    newest = max(
        (build for build in builds if build.end), key=lambda build: (_end(build), not build.success), default=None
    )
    place = bisect_right(starts, since)
    if newest is None or not newest.success or place == len(starts) or starts[place] <= now:
        return None
    return starts[place]


def _same_job(each: Input, build: Build) -> bool:
    """Whether one job built both. A build may be known by the start of its job only, before that of its inputs."""
    return bool(each.job_id) and each.job_id == build.job_id


def _data_expected(promise: Promise, after: datetime, before: datetime) -> bool:
    """Whether a source was to bring data between two moments, as far as anything is declared of it."""
    first, last = after.astimezone(promise.zone).date(), before.astimezone(promise.zone).date()
    if promise.available_by is not None:
        return any(after < due <= before for _, due in dues(promise, promise.available_by, first, last))
    if promise.days is None and promise.calendar is None:
        return False
    days = business_days(promise.calendar, first + timedelta(days=1), last)
    return any(promise.is_due_on(day) for day in days)


def judge(
    promise: Promise,
    data: Known[DataTime],
    builds: Known[Sequence[Build]],
    inputs: Sequence[Input],
    now: datetime,
    starts: Sequence[datetime] = (),
) -> FreshnessVerdict:
    """By the declared limits, then by the inputs: data that is young enough may still lack what came since. Where no
    limit is declared the inputs alone tell."""
    against_inputs = judge_inputs(builds, inputs, now, starts)
    if promise.max_age_seconds is None and promise.warn_age_seconds is None:
        if isinstance(data, Unknown):
            return against_inputs
        return replace(against_inputs, clock=data.clock, data_at=data.at, computed_at=data.computed_at)
    by_age = judge_age(promise, data, now)
    if by_age.verdict in ("FRESH", "UNKNOWN") and against_inputs.verdict in ("NEEDS_REBUILD", "REBUILT_NO_NEW_DATA"):
        return replace(by_age, verdict=against_inputs.verdict, reason=f"{by_age.reason}; {against_inputs.reason}")
    return by_age


def _told(verdict: str, reason: str, data: DataTime) -> FreshnessVerdict:
    note = f"; {data.note}" if data.note else ""
    return FreshnessVerdict(
        verdict, f"{reason}, by {_article(data.clock)}{note}", data.clock, data.at, data.computed_at
    )


def _article(clock: str) -> str:
    return clock if clock.startswith("build in") else f"the {clock}"
