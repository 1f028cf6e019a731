"""Every line of the guide's template is in the guide: its rows, columns, steps and warnings.

PARITY lists the template by line number. Where the template itself is at hand (../shared, or OPSGUIDE_SHARED), the list
is also held against its lines, so that none is forgotten.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from opsguide.core.compose import SECTIONS
from opsguide.model.guide import Block, Callout, Card, Cell, Guide, Heading, Inline, Item, Link, Section, Table, Text
from tests.nights import guide_of, night

TEMPLATE = Path(os.environ.get("OPSGUIDE_SHARED", Path(__file__).parents[3] / "shared")) / "guide-template.md"
FRONT = "front"


@dataclass(frozen=True)
class Line:
    """What lines `first` to `last` of the template become: words in a section, a table of such columns, or its row."""

    first: int
    last: int
    section: str
    says: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    row: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.first}-{self.section}"


def says(first: int, section: str, *texts: str, last: int = 0) -> Line:
    return Line(first, last or first, section, says=texts)


def table(first: int, last: int, section: str, *columns: str) -> Line:
    return Line(first, last, section, columns=columns)


def row(first: int, section: str, *cells: str) -> Line:
    """A row that begins with these cells, whatever follows."""
    return Line(first, first, section, row=cells)


CARD, SCHEDULE, DAILY, RUN = "quick-reference-card", "schedule-overview", "daily-operations", "how-to-run-jobs"
MONITORING, COMMON, ACCESS = "monitoring", "common-operations", "access-management"
MAINTENANCE, CAPACITY, BACKUP = "maintenance-windows", "capacity-planning", "backup-and-recovery"
ESCALATION, LINKS = "escalation-matrix", "documentation-quick-links"

PARITY = (
    says(1, FRONT, "Operations Guide"),
    says(
        3,
        FRONT,
        "How to use this guide: Reference this for day-to-day operations, monitoring, and routine maintenance of your "
        "Dataiku project.",
    ),
    says(7, FRONT, "Retail nights - Operations Guide"),
    says(9, FRONT, "Last Updated: "),
    says(10, FRONT, "On-Call Contact: "),
    says(14, CARD, "Quick Reference Card"),
    says(18, CARD, "DAILY OPERATIONS QUICK REF"),
    says(21, CARD, "MORNING CHECK (5 min):"),
    says(22, CARD, "Jobs → Check overnight scenario status"),
    says(23, CARD, "Verify output data freshness"),
    says(24, CARD, "Review any alerts/notifications"),
    says(26, CARD, "IF SOMETHING LOOKS WRONG:"),
    says(27, CARD, "Check job logs for error messages"),
    says(28, CARD, "Verify source data arrived"),
    says(29, CARD, "See Troubleshooting section below"),
    says(31, CARD, "CONTACTS:"),
    says(32, CARD, "Data issues: "),
    says(33, CARD, "Infrastructure: "),
    says(34, CARD, "Business questions: "),
    says(41, SCHEDULE, "Schedule Overview"),
    says(43, SCHEDULE, "Automated Runs"),
    table(45, 49, SCHEDULE, "Scenario", "Schedule", "What It Does", "Expected Duration"),
    says(51, SCHEDULE, "Data Source Timing"),
    table(53, 56, SCHEDULE, "Source", "Data Available", "Our Process Starts", "Margin"),
    says(58, SCHEDULE, "Output Delivery SLAs"),
    table(60, 63, SCHEDULE, "Output", "Must Be Ready By", "Typical Completion", "Alert If Late By"),
    says(67, DAILY, "Daily Operations"),
    says(69, DAILY, "Morning Health Check (5 minutes)"),
    says(71, DAILY, "Step 1: Check Scenario Status"),
    says(73, DAILY, "Navigate to: Automation → Scenarios"),
    says(74, DAILY, "Verify overnight scenarios show ✅ green"),
    says(75, DAILY, "Note any failures for investigation"),
    says(77, DAILY, "What to look for:"),
    table(78, 79, DAILY, "Status", "Meaning", "Action"),
    row(80, DAILY, "✅ Green", "Success", "None needed"),
    row(81, DAILY, "❌ Red", "Failed", "Investigate immediately"),
    row(82, DAILY, "🟡 Yellow", "Warning", "Review logs"),
    row(83, DAILY, "⚪ Gray", "Didn't run", "Check trigger/schedule"),
    says(85, DAILY, "Step 2: Verify Data Freshness"),
    says(87, DAILY, "Navigate to: Flow"),
    says(88, DAILY, "Check key output datasets"),
    says(89, DAILY, 'Verify "Last built" timestamps are current'),
    says(91, DAILY, "Expected freshness:"),
    table(92, 95, DAILY, "Dataset", "Should Be Updated", "Check Location"),
    says(97, DAILY, "Step 3: Review Alerts"),
    says(99, DAILY, "Check notification channels (email, Slack, etc.)"),
    says(100, DAILY, "Review any overnight alerts"),
    says(101, DAILY, "Acknowledge and address as needed"),
    says(103, DAILY, "Weekly Tasks"),
    table(105, 108, DAILY, "Day", "Task", "How To"),
    row(109, DAILY, "Any day", "Review job history for patterns", "Jobs → filter last 7 days"),
    says(111, DAILY, "Monthly Tasks"),
    table(113, 114, DAILY, "Task", "When", "How To"),
    row(115, DAILY, "Review data quality trends", "First week"),
    row(116, DAILY, "Clean up old job logs", "Mid-month"),
    row(117, DAILY, "Verify documentation accuracy", "End of month"),
    says(121, RUN, "How to Run Jobs"),
    says(123, RUN, "Run a Scenario Manually"),
    says(125, RUN, "When to use: When you need to run the full pipeline outside of scheduled times"),
    says(127, RUN, "Navigate to: Automation → Scenarios"),
    says(128, RUN, "Click on scenario name: "),
    says(129, RUN, "Click Run button (top right)"),
    says(130, RUN, 'Select: "Run now"'),
    says(131, RUN, "Monitor progress in Jobs tab"),
    says(133, RUN, "important: "),
    says(134, RUN, "Full run takes approximately "),
    says(135, RUN, "Notify Finance if running outside normal schedule"),
    says(137, RUN, "Run a Single Recipe"),
    says(139, RUN, "When to use: When you need to rebuild just one step"),
    says(141, RUN, "Navigate to: Flow"),
    says(142, RUN, "Click on the recipe you want to run"),
    says(143, RUN, "Click Run button"),
    says(144, RUN, "Choose:"),
    says(145, RUN, '"Build only this recipe" - Just this step'),
    says(146, RUN, '"Build required" - This step and anything upstream that\'s stale'),
    says(148, RUN, "Run from a Specific Point"),
    says(150, RUN, "When to use: When earlier steps succeeded but later steps failed"),
    says(152, RUN, "Navigate to: Flow"),
    says(153, RUN, "Click on the dataset where you want to START rebuilding"),
    says(154, RUN, 'Right-click → "Build flow outputs"'),
    says(155, RUN, "Select which downstream outputs to rebuild"),
    says(159, MONITORING, "Monitoring"),
    says(161, MONITORING, "Key Metrics to Watch"),
    table(163, 164, MONITORING, "Metric", "Where to Find", "Normal Range", "Alert Threshold"),
    row(165, MONITORING, "Job duration: Nightly build", "Jobs → Nightly build"),
    row(166, MONITORING, "Output row count: sales_mart", "sales_mart → Metrics"),
    row(167, MONITORING, "Error rate: Nightly build"),
    says(169, MONITORING, "Setting Up Alerts"),
    says(171, MONITORING, "Scenario Failure Alerts"),
    says(173, MONITORING, "Go to: Scenario → Settings → Reporters"),
    says(174, MONITORING, 'Add reporter for: "Scenario fails"'),
    says(175, MONITORING, "Configure notification: email, Slack, etc."),
    says(177, MONITORING, "Data Quality Alerts"),
    says(179, MONITORING, "Go to: Dataset → Settings → Metrics"),
    says(180, MONITORING, "Configure: "),
    says(181, MONITORING, "Set thresholds and notifications"),
    says(183, MONITORING, "Log Locations"),
    table(185, 186, MONITORING, "Log Type", "Location", "Retention"),
    row(187, MONITORING, "Job logs", "Jobs → the job → Logs"),
    row(188, MONITORING, "Scenario history", "Automation → Scenarios → the scenario → Runs"),
    row(189, MONITORING, "System logs"),
    says(193, COMMON, "Common Operations"),
    says(195, COMMON, "Rerunning After Failure"),
    says(197, COMMON, "If a scenario failed:"),
    says(199, COMMON, "Diagnose: Check job log for error message"),
    says(200, COMMON, "Fix: Address the root cause (see Troubleshooting)"),
    says(201, COMMON, "Rerun:"),
    says(202, COMMON, "If fix was in data: Rerun full scenario"),
    says(203, COMMON, "If fix was in recipe: Rebuild from that point"),
    says(205, COMMON, "If data needs to be rebuilt from scratch:"),
    says(207, COMMON, "Go to output dataset"),
    says(208, COMMON, "Click Clear (removes existing data)"),
    says(209, COMMON, "Rebuild using scenario or manual run"),
    says(211, COMMON, "warning: Clearing data removes it until rebuild completes. Coordinate with consumers."),
    says(213, COMMON, "Handling Late Source Data"),
    says(215, COMMON, "Scenario: Source data arrives late"),
    says(217, COMMON, "Check: Is source data now available?"),
    says(218, COMMON, "If yes: Run scenario manually"),
    says(219, COMMON, "If no: Contact source system owner"),
    says(220, COMMON, "Notify: Inform downstream consumers of delay"),
    says(222, COMMON, "Handling Schema Changes"),
    says(224, COMMON, "Scenario: Source data structure changed"),
    says(226, COMMON, "Identify: Which fields changed?"),
    says(227, COMMON, "Impact: Which recipes are affected?"),
    says(228, COMMON, "Update: Modify recipes to handle new schema"),
    says(229, COMMON, "Test: Run in development first"),
    says(230, COMMON, "Deploy: Apply changes to production"),
    says(234, ACCESS, "Access Management"),
    says(236, ACCESS, "Required Permissions"),
    table(238, 239, ACCESS, "Task", "Required Role", "How to Request"),
    row(240, ACCESS, "View jobs/data"),
    row(241, ACCESS, "Run scenarios"),
    row(242, ACCESS, "Modify recipes"),
    row(243, ACCESS, "Admin functions"),
    says(245, ACCESS, "Access Troubleshooting"),
    table(247, 248, ACCESS, "Error", "Meaning", "Resolution"),
    row(
        249, ACCESS, '"Permission denied"', "Insufficient role", "Request access from https://access.example.com/retail"
    ),
    row(250, ACCESS, '"Dataset not found"', "Access not granted", "Verify permissions in project settings"),
    says(254, MAINTENANCE, "Maintenance Windows"),
    says(256, MAINTENANCE, "Scheduled Downtime"),
    table(258, 259, MAINTENANCE, "System", "Maintenance Window", "Impact"),
    row(260, MAINTENANCE, "Dataiku Platform", "Sunday 22:00 to 02:30 (Europe/Paris)", "All jobs paused"),
    row(261, MAINTENANCE, "Connection files"),
    row(262, MAINTENANCE, "warehouse", "Tuesday 06:00 to 08:00 (Europe/Paris)", "No SQL"),
    says(264, MAINTENANCE, "During Maintenance"),
    says(266, MAINTENANCE, "Jobs will be paused/delayed"),
    says(267, MAINTENANCE, "Monitor for automatic recovery after maintenance"),
    says(268, MAINTENANCE, "Manually trigger if needed post-maintenance"),
    says(272, CAPACITY, "Capacity Planning"),
    says(274, CAPACITY, "Current Resource Usage"),
    table(276, 277, CAPACITY, "Resource", "Current", "Limit", "Alert At"),
    row(278, CAPACITY, "Storage"),
    row(279, CAPACITY, "Compute"),
    row(280, CAPACITY, "Datasets"),
    says(282, CAPACITY, "Growth Considerations"),
    says(284, CAPACITY, "Data volume grows approximately "),
    says(285, CAPACITY, "Review capacity monthly"),
    says(286, CAPACITY, "Contact Platform, #platform for capacity increases"),
    says(290, BACKUP, "Backup and Recovery"),
    says(292, BACKUP, "What Is Backed Up"),
    table(294, 295, BACKUP, "Component", "Backup Frequency", "Retention", "Recovery Time"),
    row(296, BACKUP, "Project configuration", "nightly"),
    row(297, BACKUP, "Dataset data"),
    row(298, BACKUP, "Job history"),
    says(300, BACKUP, "Recovery Procedures"),
    says(302, BACKUP, "To restore a previous version:"),
    says(304, BACKUP, "On a design node: Version control → find the commit → revert the project, or one object"),
    says(305, BACKUP, "On an automation node: activate an earlier bundle"),
    says(306, BACKUP, "A dataset: bring its files, table or partition back in its own storage"),
    says(308, BACKUP, "To rebuild data from scratch:"),
    says(310, BACKUP, "Announce it to those who use the outputs: Finance"),
    says(311, BACKUP, "Clear the outputs, last ones first"),
    says(312, BACKUP, "Build upstream with all of it (a forced recursive build)"),
    says(316, ESCALATION, "Escalation Matrix"),
    table(318, 319, ESCALATION, "Issue Type", "First Contact", "Escalate After", "Escalate To"),
    row(320, ESCALATION, "Job failures", "Self-diagnose", "30 min", "Ada Martin"),
    row(321, ESCALATION, "Data quality", "Data team, #data", "1 hour"),
    row(322, ESCALATION, "Infrastructure", "Platform, #platform", "Immediate"),
    row(323, ESCALATION, "Business logic", "", "Next business day"),
    says(325, ESCALATION, "Emergency Contacts"),
    table(327, 328, ESCALATION, "Situation", "Contact", "Method"),
    row(329, ESCALATION, "Critical failure"),
    row(330, ESCALATION, "Security concern"),
    row(331, ESCALATION, "Data breach", "Security desk", "phone 112"),
    says(335, LINKS, "Documentation Quick Links"),
    table(337, 338, LINKS, "Need Help With", "See"),
    row(339, LINKS, "Understanding the flow", "Flow Documentation: the flow itself"),
    row(340, LINKS, "Data field meanings", "Data Dictionary: Data dictionary of retail"),
    row(341, LINKS, "Business rule details", "Rules of trade"),
    row(342, LINKS, "Troubleshooting", "Troubleshooting Playbook: this guide's own section"),
    row(343, LINKS, "New analyst orientation", "Onboarding Guide: https://wiki.example.com/start"),
)

# Where the template disagrees with DSS, its words stay and a correction stands beside them.
CORRECTIONS = {
    RUN: ("Run with custom parameters", "Build upstream", "Find outputs and build recursively"),
    MONITORING: ("outcome == 'FAILED'", "Data Quality tab"),
    COMMON: ("Force the rebuild from the first recipe",),
    ACCESS: ("not shared with this project, was renamed or deleted",),
    DAILY: ("not due yet, did not run, switched off, skipped as expected, or cannot be told",),
    "troubleshooting": ("points to this section without having one",),
}


@pytest.fixture(scope="module")
def guide() -> Guide:
    return guide_of(night())


@pytest.mark.parametrize("line", PARITY, ids=lambda line: line.id)
def test_the_line_is_in_the_guide(line: Line, guide: Guide):
    blocks = _blocks(line.section, guide)
    for text in line.says:
        lines = list(_lines(line.section, guide))
        assert any(text in said for said in lines), f"template line {line.first}: {text!r} is not in {line.section}"
    tables = [block for block in blocks if isinstance(block, Table)]
    if line.columns:
        wide = [table for table in tables if table.columns[: len(line.columns)] == line.columns]
        assert wide, f"template line {line.first}: no table of {line.columns}"
        assert any(table.rows for table in wide)
    if line.row:
        starts = [tuple(cell.value for cell in cells[: len(line.row)]) for table in tables for cells in table.rows]
        assert line.row in starts, f"template line {line.first}: no row {line.row}"


@pytest.mark.parametrize(("section", "texts"), CORRECTIONS.items())
def test_corrections_stand_beside_the_templates_words(section: str, texts: tuple[str, ...], guide: Guide):
    said = [
        "".join(map(_inline, block.parts))
        for block in _blocks(section, guide)
        if isinstance(block, Callout) and block.kind in ("corrected", "note")
    ]
    for text in texts:
        assert any(text in line for line in said), text


def test_sections_stand_in_the_templates_order():
    assert [spec.id for spec in SECTIONS][:12] == [
        CARD, SCHEDULE, DAILY, RUN, MONITORING, COMMON, ACCESS, MAINTENANCE, CAPACITY, BACKUP, ESCALATION, LINKS,
    ]  # fmt: skip
    assert all(spec.id == re.sub(r"[^a-z0-9]+", "-", spec.title.lower()) for spec in SECTIONS)


def test_no_line_of_the_template_is_forgotten():
    if not TEMPLATE.is_file():
        pytest.skip("the guide's template is not beside this repository (../shared/guide-template.md)")
    covered = {number for line in PARITY for number in range(line.first, line.last + 1)}
    forgotten = [
        f"{number}: {text}"
        for number, text in enumerate(TEMPLATE.read_text(encoding="utf-8").splitlines(), 1)
        if number not in covered and re.search(r"\w", text)
    ]
    assert forgotten == []


# --- the guide as plain lines ----------------------------------------------------------------------------------------


def _section(section_id: str, guide: Guide) -> Section:
    return next(section for section in guide.sections if section.id == section_id)


def _blocks(section_id: str, guide: Guide) -> tuple[Block, ...]:
    return guide.banners if section_id == FRONT else _section(section_id, guide).blocks


def _lines(section_id: str, guide: Guide) -> Iterator[str]:
    if section_id == FRONT:
        yield guide.title
        yield from (cell.value for cell in guide.header)
    else:
        yield _section(section_id, guide).title
    for block in _blocks(section_id, guide):
        yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Text):
        yield f"{block.lead} {''.join(map(_inline, block.parts))}"
    elif isinstance(block, Callout):
        lead = "" if block.kind == "note" else f"{block.kind}: "
        yield lead + "".join(map(_inline, block.parts))
    elif isinstance(block, Heading):
        yield block.title
    elif isinstance(block, Card):
        yield block.title
        for title, group in block.groups:
            yield title
            yield from _items(group.items)
    elif isinstance(block, Table):
        yield block.caption
    else:
        yield from _items(block.items)


def _items(items: tuple[Item, ...]) -> Iterator[str]:
    for item in items:
        yield "".join(map(_inline, item.parts))
        yield from _items(item.under)


def _inline(part: Inline) -> str:
    if isinstance(part, Cell):
        return part.value
    return part.label or part.target if isinstance(part, Link) else part
