"""Escalation Matrix: whom to call first, when to go further, and the emergencies for which nobody may be guessed."""

from __future__ import annotations

from collections.abc import Mapping

from ...model.guide import Block, Cell, Heading, Table, Text, Tone
from ...model.profile import Contact, Emergency, Escalation
from .scene import NO_OWNER_SAID, Scene, key, on_page

NEEDS: tuple[str, ...] = ()

# By issue, first contact and time as the template has them, then the declared contacts that stand in for whom it leaves
# open: first, and next. Open incidents count down by the same.
DEFAULTS: Mapping[str, tuple[str, str, str, str]] = {
    "Job failures": ("Self-diagnose", "30 min", "", "oncall"),
    "Data quality": ("", "1 hour", "data", "oncall"),
    "Infrastructure": ("", "Immediate", "infra", "infra"),
    "Business logic": ("", "Next business day", "business", "business"),
}
_SITUATIONS = ("Critical failure", "Security concern", "Data breach")


def compose(scene: Scene) -> tuple[Block, ...]:
    return (
        Table(
            ("Issue Type", "First Contact", "Escalate After", "Escalate To"),
            tuple(_rows(scene)),
            "Whom to call, and when to go further",
        ),
        Text(
            (scene.fixed("escalation-matrix.countdown", on_page("Incidents")),),
            "Time left on open incidents:",
        ),
        Heading("emergency-contacts", "Emergency Contacts"),
        Table(("Situation", "Contact", "Method"), tuple(_emergencies(scene)), "When it cannot wait"),
    )


def _rows(scene: Scene) -> list[tuple[Cell, ...]]:
    declared = {row.issue.casefold(): row for row in scene.profile.escalation}
    rows = []
    for issue in DEFAULTS:
        rows.append(_default_row(scene, issue, declared.pop(issue.casefold(), None)))
    rows += [_declared_row(scene, row) for row in declared.values()]
    return rows


def _default_row(scene: Scene, issue: str, given: Escalation | None) -> tuple[Cell, ...]:
    first, after, contact, further = DEFAULTS[issue]
    row = f"escalation-matrix.{key(issue.casefold().replace(' ', '-'))}"
    path = "escalation"
    template = "default: the template's own"
    if first:
        who = scene.default(f"{row}.first", first, template, declare=path)
    else:
        who = _contact(scene, f"{row}.first", contact)
    return (
        scene.fixed(f"{row}.issue", issue),
        scene.declare(f"{row}.first", path, given.first_contact if given else "", who),
        scene.declare(
            f"{row}.after",
            path,
            given.after if given else "",
            scene.default(f"{row}.after", after, template, declare=path),
        ),
        scene.declare(f"{row}.to", path, given.escalate_to if given else "", _contact(scene, f"{row}.to", further)),
    )


def _contact(scene: Scene, cell_id: str, name: str) -> Cell:
    """The declared contact of that name; nobody is guessed."""
    if name == "oncall":
        contact: Contact | None = scene.profile.oncall
        path = "oncall"
    else:
        contact = getattr(scene.profile.contacts, name)
        path = f"contacts.{name}"
    return scene.contact(cell_id, path, contact, scene.missing(cell_id, "escalation", f"{NO_OWNER_SAID} whom to call"))


def _declared_row(scene: Scene, given: Escalation) -> tuple[Cell, ...]:
    row = f"escalation-matrix.declared-{key(given.issue)}"
    return (
        scene.declare(f"{row}.issue", "escalation", given.issue),
        scene.declare(f"{row}.first", "escalation", given.first_contact),
        scene.declare(f"{row}.after", "escalation", given.after),
        scene.declare(f"{row}.to", "escalation", given.escalate_to),
    )


def _emergencies(scene: Scene) -> list[tuple[Cell, ...]]:
    declared = {row.situation.casefold(): row for row in scene.profile.emergency}
    rows = [_emergency(scene, situation, declared.pop(situation.casefold(), None)) for situation in _SITUATIONS]
    return rows + [_emergency(scene, given.situation, given) for given in declared.values()]


def _emergency(scene: Scene, situation: str, given: Emergency | None) -> tuple[Cell, ...]:
    row = f"escalation-matrix.emergency-{key(situation.casefold().replace(' ', '-'))}"
    fixed = situation in _SITUATIONS
    return (
        scene.fixed(f"{row}.situation", situation)
        if fixed
        else scene.declare(f"{row}.situation", "emergency", situation),
        _urgent(scene, f"{row}.contact", given.contact if given else ""),
        _urgent(scene, f"{row}.method", given.method if given else ""),
    )


def _urgent(scene: Scene, cell_id: str, value: str) -> Cell:
    """Nobody stands in here: a guess would be dangerous, so what is missing is shown in red."""
    missing = scene.missing(cell_id, "emergency", "not guessed: the wrong person would cost time", tone=Tone.BAD)
    return scene.declare(cell_id, "emergency", value, missing)
