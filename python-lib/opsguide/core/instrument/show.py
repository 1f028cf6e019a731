"""Preview and result of the macro as a document of one section, a table a group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...model.guide import Block, Callout, Cell, Guide, Heading, Item, Items, Origin, Section, Table, Text, Tone
from ...model.known import Unknown
from ...model.plan import Change
from ...model.profile import Declared
from ...model.report import Report
from ...model.snapshot import Snapshot
from .. import words
from ..compose.completeness import completeness
from ..compose.front import cautions, project_name
from ..compose.scene import Scene, key
from .ids import GROUPS
from .receipts import Receipt

_SECTION = "instrument-project"
_HISTORY = "history of this project"


@dataclass(frozen=True)
class Done:
    """What became of one change. `worked` is None where that could not be told."""

    id: str
    title: str
    about: str
    worked: bool | None
    said: str


def preview_guide(
    snapshot: Snapshot,
    declared: Declared,
    report: Report,
    changes: Sequence[Change],
    receipts: Sequence[Receipt],
    folder: Unknown | bool,
) -> Guide:
    """What would be added, why, with which limits, and how these would have done. `folder` says whether there is a
    state folder, or why that cannot be told."""
    scene = Scene(snapshot, declared, report)
    possible = [change for change in changes if not change.obstacle]
    blocks: list[Block] = [
        Callout("note", (_told(possible, changes), *_how())),
        *_folder(folder),
    ]
    for group, title in GROUPS.items():
        rows = [change for change in changes if change.group == group]
        if rows:
            blocks += [Heading(f"instrument-{group}", f"{title} ({group})"), _table(rows)]
    blocks += _left(receipts)
    return _guide(scene, "What would be added", blocks)


def _told(possible: Sequence[Change], changes: Sequence[Change]) -> str:
    if not changes:
        return "Nothing is missing that this macro could add. "
    held = len(changes) - len(possible)
    rest = f"; {words.count(held, 'row')} cannot be applied, with the reason in the row" if held else ""
    return f"Nothing was changed. {words.count(len(possible), 'change')} can be applied{rest}. "


def _how() -> tuple[str, ...]:
    return ("To apply, choose “Apply what is ticked” and tick groups, or name rows by their ids as written below.",)


def _folder(folder: Unknown | bool) -> list[Block]:
    if isinstance(folder, Unknown):
        return [Callout("warning", (f"Receipts cannot be kept, so nothing can be applied: {folder.reason}",))]
    if folder:
        return []
    said = (
        "With the first change a managed folder operations_guide_state is made: it keeps the receipts, notes and mutes."
    )
    return [Text((said,))]


def _table(changes: Sequence[Change]) -> Table:
    rows = tuple(_row(change) for change in changes)
    return Table(("What", "Row", "Why", "Proposed", "Back-test"), rows)


def _row(change: Change) -> tuple[Cell, ...]:
    ident = f"instrument.{key(change.id)}"
    where = change.about.partition(":")[2]
    what = f"{where}: {change.title}" if where else change.title
    first = (
        Cell(f"{ident}.what", what, Origin.UNKNOWN, reason=change.obstacle, tone=Tone.UNKNOWN)
        if change.obstacle
        else Cell(f"{ident}.what", what, Origin.LIVE)
    )
    return (
        first,
        Cell(f"{ident}.row", change.id, Origin.LIVE),
        Cell(
            f"{ident}.why",
            change.obstacle or change.why,
            Origin.LIVE,
            tone=Tone.NOTICE if change.obstacle else Tone.NONE,
        ),
        Cell(
            f"{ident}.proposed", change.proposed or "-", Origin.INFERRED if change.backtest else Origin.LIVE, _HISTORY
        ),
        Cell(
            f"{ident}.backtest", change.backtest or "-", Origin.INFERRED if change.backtest else Origin.LIVE, _HISTORY
        ),
    )


def _left(receipts: Sequence[Receipt]) -> list[Block]:
    standing = [receipt for receipt in receipts if receipt.left]
    if not standing:
        return []
    items = tuple(
        Item((f"{receipt.id}, by {receipt.by or 'somebody'} on {receipt.at:%Y-%m-%d %H:%M} UTC: {_titles(receipt)}",))
        for receipt in standing
    )
    return [Heading("instrument-receipts", "What this macro has added, to take back by its receipt"), Items(items)]


def _titles(receipt: Receipt) -> str:
    return words.listed(list(dict.fromkeys(entry.change for entry in reversed(receipt.left))), 6)


def result_guide(
    snapshot: Snapshot, declared: Declared, report: Report, title: str, done: Sequence[Done], notes: Sequence[str]
) -> Guide:
    """What became of each change. `notes` are sentences above the table."""
    rows = tuple(_done_row(each) for each in done)
    blocks: list[Block] = [Text((note,)) for note in notes]
    blocks.append(Table(("What", "Row", "What became of it"), rows, empty="Nothing was to be done."))
    return _guide(Scene(snapshot, declared, report), title, blocks)


def _done_row(done: Done) -> tuple[Cell, ...]:
    ident = f"instrument.{key(done.id)}"
    tone = Tone.GOOD if done.worked else Tone.UNKNOWN if done.worked is None else Tone.BAD
    where = done.about.partition(":")[2]
    return (
        Cell(f"{ident}.what", f"{where}: {done.title}" if where else done.title, Origin.LIVE),
        Cell(f"{ident}.row", done.id, Origin.LIVE),
        Cell(f"{ident}.said", done.said, Origin.LIVE, tone=tone),
    )


def _guide(scene: Scene, title: str, blocks: Sequence[Block]) -> Guide:
    section = Section(_SECTION, title, tuple(blocks))
    return Guide(
        project_key=scene.snapshot.project_key,
        title=project_name(scene),
        taken_at=scene.now,
        zone=scene.report.zone,
        header=(),
        banners=cautions(scene),
        sections=(section,),
        completeness=completeness((), (section,)),
    )
