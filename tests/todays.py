"""Today made by hand: a bad night in a few lanes, names that mean harm, a strip of days, and a next look in a second."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from opsguide.model.guide import Callout, Link, Section, Table, Tone
from opsguide.model.report import Budget, DayVerdict
from opsguide.model.today import Counts, Lane, Mark, OutputToday, ScenarioToday, SourceToday, Timeline, Today
from tests.guides import HOSTILE, NOW, ZONE, at, cell

_NIGHTLY = Lane(
    "NIGHTLY_LOAD",
    "scenario",
    "Nightly load",
    "FAILED",
    "Failed",
    Tone.BAD,
    Link("scenario", "NIGHTLY_LOAD"),
    (
        Mark("expected", at(3), None, "due 04:12: failed", Tone.BAD, "FAILED"),
        Mark("run", at(3), at(2.5), "04:12 to 04:42: failed in 30 min", Tone.BAD, "FAILED"),
        Mark("usual", at(2.2), at(2), "usually ends by 05:00, nearly always by 05:12"),
    ),
)
_GOING = Lane(
    HOSTILE,
    "scenario",
    HOSTILE,
    "RUNNING",
    "Running",
    Tone.NONE,
    Link("scenario", HOSTILE),
    (Mark("run", at(0.5), None, "since 06:42: running for 30 min", verdict="RUNNING", going=True),),
    left_out=3,
)
_ORDERS = Lane(
    "orders_daily",
    "output",
    "orders_daily",
    "MISSED",
    "Late",
    Tone.BAD,
    Link("dataset", "orders_daily"),
    (
        Mark("deadline", at(0.7), None, "due 06:30", Tone.BAD, "MISSED"),
        Mark("build", at(11), at(10.8), "built Mon 15 Sep 20:24", Tone.GOOD, "SUCCESS"),
    ),
)
_VERDICTS = ("MET", "MET", "RECOVERED_LATE", "UNKNOWN", "MET", "MISSED")
DAYS = tuple(
    DayVerdict(date(2025, 9, 11) + timedelta(days=number), at(24 * (5 - number) + 0.7), verdict)
    for number, verdict in enumerate(_VERDICTS)
)
_ROW = (
    cell("today.scenario-NIGHTLY.scenario", "Nightly load", link=Link("scenario", "NIGHTLY_LOAD")),
    cell("today.scenario-NIGHTLY.state", "Failed: at 04:42", tone=Tone.BAD, verdict="FAILED", evidence=("It failed.",)),
)
TODAY = Today(
    project_key="RETAIL",
    title="Retail nightly - Today",
    taken_at=NOW,
    zone=ZONE,
    headline="1 of 2 outputs late, 1 scenario failed; next deadline 07:30 sales_mart",
    tone=Tone.BAD,
    banners=(Callout("warning", ("Automatic triggers are switched off.",)),),
    counts=Counts(
        (("FAILED", 1), ("RUNNING", 1)), (("MISSED", 1),), (("UNKNOWN", 1),), (("UNKNOWN", 1),), (("FRESH", 1),)
    ),
    timeline=Timeline(at(13), NOW, at(-4), ZONE, (_NIGHTLY, _GOING, _ORDERS), left_out=2),
    scenarios=(
        ScenarioToday("NIGHTLY_LOAD", "Nightly load", True, False, True, "FAILED", "failed at 04:42", Tone.BAD),
    ),
    outputs=(
        OutputToday(
            "orders_daily",
            "orders_daily",
            "DATASET",
            True,
            "MISSED",
            "due 06:30",
            Tone.BAD,
            "UNKNOWN",
            "UNKNOWN",
            link=Link("dataset", "orders_daily"),
            due_at=at(0.7),
            days=DAYS,
            budget=Budget(5, 2, 1, 0.9, 0),
            budget_text="2 missed in 5 days, none allowed by 90 %",
        ),
    ),
    sources=(SourceToday("shop", "shop", "DATASET", True, "FRESH", "there since 01:28", Tone.GOOD),),
    sections=(Section("scenarios", "Scenarios", (Table(("Scenario", "State"), (_ROW,), "1 active scenario"),)),),
    calls=31,
    elapsed_seconds=1.4,
    next_check_seconds=1.0,
)
CALM = replace(TODAY, headline="All is well", tone=Tone.GOOD, next_check_seconds=None)
