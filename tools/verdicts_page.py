"""docs/verdicts.md, written from the code: every verdict in its order, what it means, and the numbers it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opsguide.core import duration, forecast, freshness, meanings, rates, sla, volume, words
from opsguide.core.runs import outage, rhythm, verdicts
from opsguide.core.schedule import zones
from opsguide.core.schedule.instants import FIRST_DAY_OF_WEEK
from opsguide.core.schedule.parse import WEEKDAYS
from opsguide.model import report

INTRODUCTION = """\
# What the verdicts mean

The page, its JSON and Markdown, the macros, the scenario step and the checks all show the same verdicts. Here they stand
worst first: where several are summed up, the worst one speaks for all. **What cannot be told is a verdict of its own**: it
never counts as good, and never hides something worse. Every verdict is shown with its reason, and the reason names the
numbers; "n" is always how many past cases there were.

All of this follows from what DSS tells at one moment, which is "now" for the whole page, and from what people declare in
[the profile](profile.md). What is declared always comes before what is learned.
"""

RUNS_TEXT = f"""\
One verdict for each moment at which a scenario should start, by its time-based triggers or because a scenario that it
follows has ended. Minutes and hours step in elapsed time; days, weeks and months on the wall clock of the trigger's time
zone. A time that the clocks skip may be served by the next one that exists or by the shifted one; a time that comes twice
counts once. Moments of two triggers that are no more than {zones.NEAR.seconds} s apart are one.

A run belongs to the latest moment before it fired, and serves one moment. A person's run never shows that a trigger works,
but it can make up for a missing one. What follows another scenario is due when that one ends as it waits for; when it ends
otherwise, or does not run, **nothing called for it**, and a success of the day before is not shown in its place. A moment
before the first run or job of the whole project that is on record proves nothing: the project may have come here since.

A scenario that data, a query or code starts has no moments. It is judged by its rhythm and is never late by the clock.
"""

SLA_TEXT = """\
An output is due at a time of day, on the days that are declared for it. Each due day has a cycle, which begins with the
first expected start that leads to the output; else with the time by which its sources are declared to be there; else with
the earliest start that is usual. **A successful build serves one day: the one in whose cycle it began.** A build of
yesterday that ends today meets nothing of today. A miss stays on record when the output comes later.
"""

FRESHNESS_TEXT = f"""\
The age of data is told by the first of these that is known: the newest value of the declared time column, the end of the
last successful build (of a partitioned object: its latest complete partition), the newest file (of inputs alone, and not
after a build that failed), the build in the project it comes from. The clock is named with the age. Values more than
{freshness.FUTURE.seconds // 60} min in the future are left out and counted. The newest value of a column is that of DSS's metric, or what the probe *Freshness*
was told by the database. What DSS does not build may change at any time: {freshness.LOOKED.seconds // 60} min after that was looked up, it
only says how old the data is at most, so that an age over its limit is unknown.

Data that came in after a build began is not missing from it as long as the next start that would bring it is still to
come: a weekly report does not lack what arrived since Monday. It is missing (NEEDS_REBUILD) once such a start has gone by,
where the last build failed, or where no start is planned at all.
"""

VOLUME_TEXT = """\
Each successful build counts once, with the last number of rows recorded before the next one. A build is compared with
builds like it: of the same weekday; of the same hour, weekends apart, where there are several a day; with all of them where
it is weekly or rarer. The expectation is the middle of the last builds like it, corrected by how wrong such expectations
lately were; how far off is unusual is learned from the same errors. A table that only grows is judged by the rows added,
and any fall of it is an error. The declared `min_rows` and `max_rows` come before all of this.

The first and the last business day of a month are expected to be off as they were, where their last two or three were all
off on one side. Builds in a maintenance window are not compared.

A person may say on the page Today that the rows of a build were wrong: it keeps its verdict, and nothing is expected from it;
or that a new level is right: the level before is then unusual. Both are kept in the profile, as `wrong_counts` and
`level_confirmed`.
"""

DURATION_TEXT = """\
Only runs that ended well are compared, with runs of the same weekday where there are enough. A run is judged while it goes
as well, by how long it has gone so far.
"""


def verdicts_page() -> str:
    """docs/verdicts.md."""
    parts = (
        ("Scenarios", RUNS_TEXT, report.RUN_ORDER, meanings.RUNS, _runs()),
        ("Promised outputs", SLA_TEXT, report.SLA_ORDER, meanings.SLA, _sla()),
        ("Age of data", FRESHNESS_TEXT, report.FRESHNESS_ORDER, meanings.FRESHNESS, ()),
        ("Rows", VOLUME_TEXT, report.VOLUME_ORDER, meanings.VOLUME, _volume()),
        ("Length of runs", DURATION_TEXT, report.DURATION_ORDER, meanings.DURATION, _duration()),
    )
    return "\n".join([INTRODUCTION, *(_part(*part) for part in parts), _also()])


def _part(
    title: str, text: str, order: Sequence[str], said: Mapping[str, str], numbers: Sequence[tuple[str, str]]
) -> str:
    lines = [f"## {title}", "", text, "| Verdict, worst first | Meaning |", "|---|---|"]
    lines += [f"| `{verdict}` | {said[verdict]} |" for verdict in order]
    if numbers:
        lines += ["", "| What | By which numbers |", "|---|---|", *(f"| {what} | {how} |" for what, how in numbers)]
    return "\n".join([*lines, ""])


def _runs() -> tuple[tuple[str, str], ...]:
    return (
        (
            "Late start",
            "after the declared `late_after_minutes`; else after the longest of its last "
            f"{verdicts.DELAYS_KEPT} delays (99 %; from {verdicts.DELAYS_LEAST} on), at least "
            f"{_span(verdicts.LATE_LEAST)}, at most {_span(verdicts.LATE_MOST)} and half of the time to its next moment",
        ),
        ("Too long", "over the declared `max_minutes`; else where SLOWER begins, see below"),
        (
            "Advice on a missed run",
            f"DSS may start it by itself within {words.percent(verdicts.CATCH_UP_SHARE)} of the time to its next moment; reported by "
            "users, not documented; after that it must be run",
        ),
        (
            "Saved since",
            f"a schedule that was saved after a moment still counts where the {verdicts.SERVED_BEFORE} moments before it "
            "were served",
        ),
        (
            "Quiet for too long",
            f"a pause longer than {words.percent(rhythm.RHYTHM_SHARE)} of its own, from {rhythm.RHYTHM_LEAST} pauses on, in business "
            "time where it has a calendar",
        ),
        (
            "The instance was probably down",
            f"{outage.OUTAGE_SCENARIOS} or more unrelated scenarios missed their moments while nothing at all ran",
        ),
    )


def _sla() -> tuple[tuple[str, str], ...]:
    return (
        ("The strip", f"{sla.STRIP_DAYS} days; a day counts from its morning, or once its cycle has begun"),
        (
            "Usually ready",
            f"the middle of the last {sla.USUAL_DAYS} days of the same kind (weekdays, weekends), counted from the due "
            f"time, from {sla.USUAL_LEAST} days on",
        ),
        (
            "At risk while it runs",
            f"of the last {forecast.KEPT} runs, those that lasted longer than this one so far: at least half ended too "
            f"late; with fewer than {forecast.CASES_LEAST} of them, at {forecast.STRETCH:g} times what it has taken so far",
        ),
        (
            "At risk before the start",
            "where it should start, or now, and what nine in ten past runs took end after it is due; runs in a row add up",
        ),
        ("Chances", f"told as counts only, from {sla.CASES_LEAST} such days on"),
        (
            "Tight",
            f"more than one in ten of the last {sla.USUAL_DAYS} days came too late: shown beside the promise, no alarm",
        ),
        (
            "Budget",
            f"misses of the last {sla.USUAL_DAYS} days; allowed are (1 − target) × days, rounded down, counted exactly",
        ),
        (
            "Alert",
            f"the declared time after it is due; else twice the way from the usual to the slow completion, "
            f"{_span(sla.ALERT_LEAST_SECONDS)} at least",
        ),
        (
            "Suggested promise",
            f"its slow completion (95 %) and {sla.SUGGESTED_MARGIN_MINUTES} min, up to the next quarter of an hour",
        ),
    )


def _volume() -> tuple[tuple[str, str], ...]:
    warns, errs = volume.SENSITIVITY["medium"], volume.SENSITIVITY["medium"] * volume.ERROR_FACTOR
    others = ", ".join(f"{name} {limit:g}" for name, limit in volume.SENSITIVITY.items() if name != "medium")
    return (
        (
            "Expected",
            f"the middle of the last {volume.CLASS_SIZE} builds like it, from {volume.CLASS_LEAST} on; its error over the "
            f"last {volume.ERRORS_KEPT} builds ({volume.ERRORS_KEPT_HOURLY} where there are several a day), from "
            f"{volume.ERRORS_LEAST} on",
        ),
        (
            "Unusual, not plausible",
            f"beyond {warns:g} and {errs:g} times that error ({others}), more where few errors are known, and more than "
            f"{words.percent(volume.LEAST_CHANGE)}",
        ),
        (
            "Learning",
            f"under {volume.CLASS_LEAST} builds like it or {volume.ERRORS_LEAST} errors: only no rows, always the same, and "
            f"(from {volume.ERRORS_LEAST} builds on) four times outside all that was seen are said",
        ),
        ("No rows", f"an error, unless one of the last {volume.ERRORS_KEPT} builds had none as well"),
        (
            "Always the same",
            f"{volume.EQUAL_IN_A_ROW} equal builds in a row are unusual where fewer than 5 % of pairs are equal",
        ),
        ("New level", f"{volume.FLAGGED_IN_A_ROW} builds in a row flagged on one side, until a person confirms it"),
        ("Too few to judge", f"fewer than {volume.TOO_FEW_ROWS} rows expected"),
    )


def _duration() -> tuple[tuple[str, str], ...]:
    longest, middle, seconds = duration.OVER_LONGEST, duration.OVER_MEDIAN, duration.OVER_MEDIAN_SECONDS
    return (
        (
            "Slower",
            f"over all of: {1 + longest:g} times the longest, {1 + middle:g} times the middle, {_span(seconds)} over the middle "
            f"of the last {duration.SAME_WEEKDAY} runs of the weekday (from {duration.SAME_WEEKDAY_LEAST} on; else of the "
            f"last {duration.ANY_WEEKDAY} runs)",
        ),
        (
            "Much slower",
            f"the same with twice the margins: {1 + 2 * longest:g}, {1 + 2 * middle:g}, {_span(2 * seconds)}",
        ),
        (
            "Drifting",
            f"each of the last {duration.DRIFT_RUNS} over three quarters of the {duration.DRIFT_BEFORE} before",
        ),
        ("Learning", f"fewer than {duration.LEAST} runs that ended well"),
    )


def _also() -> str:
    return f"""\
## Failures over time

Failed and stopped runs among those that finished in the last {rates.WINDOW.days} days, with the interval in which the true
share lies 19 times in 20. It alarms from {rates.ALERT_LEAST} failures on, over {words.percent(rates.ALERT_SHARE)} and over
{rates.ALERT_TIMES_USUAL:g} times its own share of {rates.USUAL_WINDOW.days} days.

## What DSS does not document

These are assumed, each in one place of the code: which day "every 2 weeks" counts from (DSS's own next run or a past one
tells; with neither the verdict is UNKNOWN), on which weekday its weeks begin ({WEEKDAYS[FIRST_DAY_OF_WEEK]}), which
day "first week" of a month is, whether a month without a 31st has a run on the 31st (a missing one is UNKNOWN), and until
when a missed run is caught up.
"""


def _span(seconds: float) -> str:
    return words.duration(seconds)
