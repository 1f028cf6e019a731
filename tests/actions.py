"""Actions made by hand: every standing and state, and names that mean harm."""

from __future__ import annotations

from datetime import timedelta

from opsguide.core.compose.action_pages import Setting
from opsguide.model.action import Check, Order, Progress, Proposal, Record, Standing, State, Target
from opsguide.model.known import Unknown
from opsguide.model.report import DurationStat
from opsguide.model.snapshot import ObjectRef
from tests.guides import HOSTILE, NOW, ZONE, at

# What terminals, Markdown, spreadsheets and browsers would take for more than text.
PAYLOADS = (
    HOSTILE,
    "\x1b[31mred\x1b[0m \x1b]8;;http://evil.example\x07here\x1b]8;;\x07",
    '=HYPERLINK("http://evil.example";"x")',
    "</textarea></code></pre><img src=x onerror=alert(1)>",
    "```\n# heading\n```\n![x](http://evil.example/x.png)",
    "'\"><svg/onload=alert(1)> {{ 7*7 }} {% raw %} ${7*7}",
    "a\u202ereversed\u202c\nsecond line",
)
SETTING = Setting("RETAIL", "Retail", ZONE, NOW)
DATASET = ObjectRef("RETAIL", "sales_mart", "DATASET")


def check(name: str, standing: Standing, text: str, *evidence: str, needs: str = "") -> Check:
    return Check(name, standing, text, evidence, needs)


CHECKS = (
    check("running", Standing.FINE, "It does not run, and no job builds the same."),
    check("sources", Standing.NOTICE, "A source has not come: orders_files.", "expected by 01:30"),
    check("maintenance", Standing.UNKNOWN, "No maintenance window is declared.", needs="“maintenance” in the profile"),
)


def proposal(kind: str = "build", **changes: object) -> Proposal:
    named = {
        "order": Order(kind, "dataset:sales_mart", "all" if kind == "build" else ""),
        "title": "Build sales_mart, with upstream, all of it",
        "name": "sales_mart",
        "right": "Write project content",
        "checks": CHECKS,
        "targets": (
            Target(ObjectRef("RETAIL", "orders_clean", "DATASET"), "orders_clean"),
            Target(DATASET, "sales_mart", is_output=True, waits=("Finance", "project SUPPLY")),
        ),
        "takes": DurationStat(500.0, 720.0, 900.0, 1100.0, 28, at(24 * 28)),
        "expected_end": NOW + timedelta(minutes=12),
        "notify": ("store-ops@acme-retail.example", "Finance"),
        "notice": "Build sales_mart: in project Retail, outside its schedule.\nReplaced meanwhile: sales_mart.",
        "typed": "",
        "shown": "0" * 32,
        "at": NOW,
        **changes,
    }
    return Proposal(**named)  # type: ignore[arg-type]


def record(state: State = State.RUNNING, **changes: object) -> Record:
    named = {
        "id": "5" * 32,
        "request": "20250916-" + "a" * 32,
        "order": Order("run-scenario", "scenario:NIGHTLY"),
        "title": "Run Nightly build",
        "at": at(0.2),
        "by": "olivia",
        "reason": "the order files came late",
        "state": state,
        "run_id": "2025-09-16-07-00-00-123",
        "usual_seconds": 1200.0,
        **changes,
    }
    return Record(**named)  # type: ignore[arg-type]


def progress(state: State = State.RUNNING, **changes: object) -> Progress:
    named = {
        "record": record(state),
        "state": state,
        "said": "Run 2025-09-16-07-00-00-123 goes on.",
        "as_of": NOW,
        "started_at": at(0.2),
        "expected_end": at(0.2) + timedelta(minutes=20),
        "step": "step 2: build sales",
        "may_abort": Order("abort-scenario", "scenario:NIGHTLY"),
        **changes,
    }
    return Progress(**named)  # type: ignore[arg-type]


UNREAD_LOG = Unknown("DSS did not answer in time", needs="to look again")
