"""Preview and result of the macro as a document of one section, a table a group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
_NOTHING = "-"


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
            blocks += [Heading(f"instrument-{group}", f"{title} ({group})"), *_tables(scene, rows)]
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


def _tables(scene: Scene, changes: Sequence[Change]) -> list[Block]:
    """One table for each kind of change; what all of its rows have in common stands above it."""
    kinds: dict[str, list[Change]] = {}
    for change in changes:
        kinds.setdefault(change.id.rpartition(":")[0], []).append(change)
    blocks: list[Block] = []
    for alike in kinds.values():
        same = len({(change.title, change.why) for change in alike}) == 1 and all(change.about for change in alike)
        if same:
            blocks.append(Text((f" {alike[0].why}.",), lead=f"{alike[0].title}:"))
        blocks.append(_table(scene, alike, same))
    return blocks


def _table(scene: Scene, changes: Sequence[Change], same: bool) -> Table:
    columns: dict[str, Callable[[Change], Cell]] = {
        _where(changes) if same else "What": lambda change: _first(scene, change, same),
        "Row": lambda change: _cell(change, "row", change.id),
        "Why": lambda change: _cell(change, "why", change.why),
        "Proposed": _proposed,
        "Back-test": lambda change: _cell(change, "backtest", change.backtest, Origin.INFERRED),
    }
    # A column that would be empty in every row is left out.
    shown = {
        title: make
        for title, make in columns.items()
        if any(make(change).value != _NOTHING for change in changes) and not (same and title == "Why")
    }
    return Table(tuple(shown), tuple(tuple(make(change) for make in shown.values()) for change in changes))


def _where(changes: Sequence[Change]) -> str:
    return changes[0].about.partition(":")[0].capitalize()


def _first(scene: Scene, change: Change, same: bool) -> Cell:
    value = _called(scene, change.about) if same else change.title
    if not same and change.about.startswith("folder:"):  # whose row is named by an id
        value = f"{_called(scene, change.about)}: {change.title}"
    if change.obstacle:
        return _cell(change, "what", value, Origin.UNKNOWN, Tone.UNKNOWN, change.obstacle)
    return _cell(change, "what", value)


def _called(scene: Scene, about: str) -> str:
    """An object by the name that people know: folders have one besides their id."""
    kind, _, ident = about.partition(":")
    return scene.folder_names.get(ident, ident) if kind == "folder" else ident


def _proposed(change: Change) -> Cell:
    if change.obstacle:
        return _cell(change, "proposed", f"Cannot be applied: {change.obstacle}", tone=Tone.NOTICE)
    origin = Origin.DECLARED if change.declared else Origin.INFERRED if change.backtest else Origin.LIVE
    return _cell(change, "proposed", change.proposed, origin)


def _cell(
    change: Change, column: str, value: str, origin: Origin = Origin.LIVE, tone: Tone = Tone.NONE, reason: str = ""
) -> Cell:
    ident = f"instrument.{key(change.id)}.{column}"
    if not value:
        return Cell(ident, _NOTHING, Origin.LIVE)
    source = _HISTORY if origin is Origin.INFERRED else ""
    return Cell(ident, value, origin, source, reason=reason, tone=tone)


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
    scene = Scene(snapshot, declared, report)
    rows = tuple(_done_row(scene, each) for each in done)
    blocks: list[Block] = [Text((note,)) for note in notes]
    blocks.append(Table(("What", "Row", "What became of it"), rows, empty="Nothing was to be done."))
    return _guide(scene, title, blocks)


def _done_row(scene: Scene, done: Done) -> tuple[Cell, ...]:
    ident = f"instrument.{key(done.id)}"
    tone = Tone.GOOD if done.worked else Tone.UNKNOWN if done.worked is None else Tone.BAD
    where = _called(scene, done.about)
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
