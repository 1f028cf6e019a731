"""Guides made by hand: every kind of block, every origin, every tone, and names that mean harm."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from opsguide.model.guide import (
    Callout,
    Card,
    Cell,
    Completeness,
    Guide,
    Heading,
    Item,
    Items,
    Link,
    Missing,
    Origin,
    Section,
    Table,
    Text,
    Tone,
)

NOW = datetime(2025, 9, 16, 5, 12, 4, tzinfo=timezone.utc)  # a Tuesday, 07:12 in Paris
ZONE = "Europe/Paris"
HOSTILE = "<script>alert('x')</script> | [a](javascript:b) *c* _d_ \"e\" 🦊"


def cell(name: str, value: str, origin: Origin = Origin.LIVE, **more: object) -> Cell:
    return Cell(name, value, origin, **more)  # type: ignore[arg-type]


def at(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def _card() -> Card:
    verdict = cell(
        "card.verdict",
        "1 of 8 scenarios failed, 1 of 4 outputs late",
        tone=Tone.BAD,
        verdict="FAILED",
        link=Link("section", "daily-operations"),
        source="scenario runs, builds",
        as_of=NOW,
        evidence=("nightly_load: failed at 04:41", "orders_daily: due 06:30, last built yesterday 06:12"),
    )
    data = cell("card.contact.data", "Dana Ito, +33 1 02 03 04 05", Origin.DECLARED, source="profile (standard)")
    infra = cell("card.contact.infra", "", Origin.NOT_DECLARED, declare="contacts.infra")
    owner = cell("card.contact.business", "Lee Brown", Origin.DEFAULT, source="project owner")
    return Card(
        "DAILY OPERATIONS QUICK REF",
        (
            ("Now", Items((Item((verdict,)),))),
            (
                "MORNING CHECK (5 min):",
                Items(
                    (
                        Item(("Jobs → Check overnight scenario status",)),
                        Item(("Verify output data freshness",)),
                        Item(("Review any alerts/notifications",)),
                    ),
                    ordered=True,
                ),
            ),
            (
                "CONTACTS:",
                Items((Item(("Data issues: ", data)), Item(("Infrastructure: ", infra)), Item(("Business: ", owner)))),
            ),
        ),
    )


def _schedule() -> Section:
    rows = (
        (
            cell("schedule.nightly.name", "Nightly load", link=Link("scenario", "NIGHTLY_LOAD")),
            cell(
                "schedule.nightly.when",
                "every day at 04:30 (Europe/Paris); next Wed 17 Sep 04:30",
                at=at(-21.3),
                zone=ZONE,
            ),
            cell("schedule.nightly.purpose", "Builds orders_daily and sends the report", Origin.DECLARED),
            cell(
                "schedule.nightly.duration",
                "12 min (19 min)",
                Origin.INFERRED,
                source="28 runs since 17 Aug",
                seconds=720.0,
            ),
        ),
        (
            cell("schedule.hostile.name", HOSTILE, link=Link("scenario", HOSTILE)),
            cell(
                "schedule.hostile.when",
                "",
                Origin.UNKNOWN,
                reason="its settings could not be read",
                needs="Read project content",
            ),
            cell("schedule.hostile.purpose", "", Origin.NOT_DECLARED, declare="scenarios.HOSTILE.purpose"),
            cell("schedule.hostile.duration", "", Origin.UNKNOWN, reason="no finished run yet", tone=Tone.UNKNOWN),
        ),
    )
    return Section(
        "schedule-overview",
        "Schedule Overview",
        (
            Heading("automated-runs", "Automated Runs"),
            Table(("Scenario", "Schedule", "What It Does", "Expected Duration"), rows, "Automated runs"),
            Heading("data-source-timing", "Data Source Timing"),
            Table(("Source", "Data Available"), (), "Sources", "The flow has no sources."),
        ),
    )


def _daily() -> Section:
    rows = (
        (
            cell("daily.nightly.name", "Nightly load"),
            cell(
                "daily.nightly.last",
                "Failed 04:41",
                at=datetime(2025, 9, 16, 2, 41, 10, tzinfo=timezone.utc),
                verdict="FAILED",
                tone=Tone.BAD,
                link=Link("job", "Build_x.1"),
                as_of=NOW,
            ),
            cell(
                "daily.nightly.due",
                "by 06:30",
                Origin.DECLARED,
                source="profile (local)",
                tone=Tone.NOTICE,
                verdict="AT_RISK",
            ),
        ),
        (
            cell("daily.weekly.name", "Weekly scores"),
            cell(
                "daily.weekly.last",
                "Sun 14 Sep 23:10",
                at=datetime(2025, 9, 14, 21, 10, tzinfo=timezone.utc),
                tone=Tone.GOOD,
                verdict="ON_TIME",
            ),
            cell("daily.weekly.due", "not due today", Origin.INFERRED, source="triggers", tone=Tone.QUIET),
        ),
    )
    return Section(
        "daily-operations",
        "Daily Operations",
        (
            Heading("morning-health-check", "Morning Health Check (5 minutes)"),
            Heading("step-1", "Step 1: Check Scenario Status", 4),
            Items(
                (
                    Item(("Navigate to: ", Link("monitoring", label="Automation → Monitoring"))),
                    Item(
                        ("Verify overnight scenarios show green",), (Item(("Nightly load",)), Item(("Weekly scores",)))
                    ),
                    Item(("Note any failures for investigation",)),
                ),
                ordered=True,
            ),
            Table(("Scenario", "Last run", "Due"), rows, "Since yesterday 18:00"),
            Callout("warning", ("Clearing data removes it until rebuild completes. Coordinate with consumers.",)),
            Callout("corrected", ("In DSS 14 choose Build upstream ▸ only modified.",)),
        ),
    )


def _running() -> Section:
    duration = cell(
        "run.duration", "12 min", Origin.INFERRED, source="28 runs since 17 Aug", evidence=("p50 12 min", "p95 19 min")
    )
    return Section(
        "how-to-run-jobs",
        "How to Run Jobs",
        (
            Text(("When you need to run the full pipeline outside of scheduled times",), lead="When to use:"),
            Callout("important", ("Full run takes approximately ", duration, ".")),
            Text(
                (
                    "See ",
                    Link("web", "https://wiki.example.com/x?a=1&b=2", label="the wiki"),
                    " or ",
                    Link("web", "javascript:alert(1)", label="this"),
                    ".",
                )
            ),
        ),
    )


def _waiting() -> Section:
    rows = ((cell("capacity.storage.current", "", Origin.UNKNOWN, reason="not read yet"),),)
    return Section(
        "capacity-planning", "Capacity Planning", (Table(("Storage",), rows, "Usage"),), waits_for=("metrics",)
    )


GUIDE = Guide(
    project_key="RETAIL",
    title="Retail nightly - Operations Guide",
    taken_at=NOW,
    zone=ZONE,
    header=(
        cell("header.updated", "Last updated: 07:12", at=NOW),
        cell("header.reviewed", "", Origin.NOT_DECLARED, declare="reviewed"),
        cell("header.oncall", "On-call: Dana Ito", Origin.DECLARED, source="profile (standard), rota"),
    ),
    banners=(Callout("note", ("This is the design copy; production runs on prod-1.",)),),
    sections=(
        Section("quick-reference-card", "Quick Reference Card", (_card(),)),
        _schedule(),
        _daily(),
        _running(),
        _waiting(),
    ),
    completeness=Completeness(
        counts={"live": 6, "inferred": 3, "declared": 4, "default": 1, "not_declared": 3, "unknown": 3},
        missing=(
            Missing("header.reviewed", "Last review by a person", "", Origin.NOT_DECLARED, "reviewed"),
            Missing("card.contact.infra", "Infrastructure contact", "quick-reference-card", Origin.NOT_DECLARED, "contacts.infra"),
            Missing("schedule.hostile.when", f"Schedule of {HOSTILE}", "schedule-overview", Origin.UNKNOWN, reason="its settings could not be read"),
        ),
        share=14 / 20,
    ),
)  # fmt: skip

EMPTY = Guide("EMPTY", "Empty - Operations Guide", NOW, "", (), (), (), Completeness())
