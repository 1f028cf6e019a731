"""The guide, composed: what was read, what was promised and what follows, in the template's sections.

One module a section, each a function from a `Scene` to blocks. Nothing is read or judged here; every cell says where
its value comes from, and a cell that has none says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...model.guide import Block, Guide, Section
from ...model.profile import Declared
from ...model.report import Report
from ...model.snapshot import Snapshot
from . import (
    access_management,
    backup_and_recovery,
    capacity_planning,
    card,
    common_operations,
    daily_operations,
    documentation_quick_links,
    escalation_matrix,
    how_to_run_jobs,
    maintenance_windows,
    monitoring,
    schedule_overview,
    troubleshooting,
)
from .completeness import completeness
from .front import banners, header, title
from .offers import NONE, Offers
from .scene import Scene
from .waiting import waits_for

__all__ = ["SECTIONS", "SectionSpec", "compose"]


@dataclass(frozen=True)
class SectionSpec:
    """A section of the guide: `needs` are the parts of the snapshot it is better with, by the gateway's names."""

    id: str
    title: str
    needs: tuple[str, ...]
    compose: Callable[[Scene], tuple[Block, ...]]


SECTIONS = (
    SectionSpec("quick-reference-card", "Quick Reference Card", card.NEEDS, card.compose),
    SectionSpec("schedule-overview", "Schedule Overview", schedule_overview.NEEDS, schedule_overview.compose),
    SectionSpec("daily-operations", "Daily Operations", daily_operations.NEEDS, daily_operations.compose),
    SectionSpec("how-to-run-jobs", "How to Run Jobs", how_to_run_jobs.NEEDS, how_to_run_jobs.compose),
    SectionSpec("monitoring", "Monitoring", monitoring.NEEDS, monitoring.compose),
    SectionSpec("common-operations", "Common Operations", common_operations.NEEDS, common_operations.compose),
    SectionSpec("access-management", "Access Management", access_management.NEEDS, access_management.compose),
    SectionSpec("maintenance-windows", "Maintenance Windows", maintenance_windows.NEEDS, maintenance_windows.compose),
    SectionSpec("capacity-planning", "Capacity Planning", capacity_planning.NEEDS, capacity_planning.compose),
    SectionSpec("backup-and-recovery", "Backup and Recovery", backup_and_recovery.NEEDS, backup_and_recovery.compose),
    SectionSpec("escalation-matrix", "Escalation Matrix", escalation_matrix.NEEDS, escalation_matrix.compose),
    SectionSpec(
        "documentation-quick-links",
        "Documentation Quick Links",
        documentation_quick_links.NEEDS,
        documentation_quick_links.compose,
    ),
    SectionSpec("troubleshooting", "Troubleshooting", troubleshooting.NEEDS, troubleshooting.compose),
)


def compose(snapshot: Snapshot, declared: Declared, report: Report, offers: Offers = NONE) -> Guide:
    """The whole guide, every section in the template's order. `offers` is what its reader may do in place."""
    scene = Scene(snapshot, declared, report, offers)
    sections = tuple(_section(spec, scene) for spec in SECTIONS)
    head = header(scene)
    return Guide(
        project_key=snapshot.project_key,
        title=title(scene),
        taken_at=snapshot.taken_at,
        zone=report.zone,
        header=head,
        banners=banners(scene),
        sections=sections,
        completeness=completeness(head, sections),
    )


def _section(spec: SectionSpec, scene: Scene) -> Section:
    return Section(
        spec.id,
        spec.title,
        spec.compose(scene),
        waits_for(spec.needs, scene.snapshot, objects=bool(scene.sources or scene.outputs)),
    )
