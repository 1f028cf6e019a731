"""One procedure of the guide by itself, to quote it where it is needed."""

from __future__ import annotations

import re
from dataclasses import replace

from ...model.guide import Block, Callout, Cell, Heading, Inline, Item, Items, Link, Table, Text
from ...model.snapshot import ObjectRef
from . import common_operations
from .scene import Scene, key

# By the heading it stands under, and the heading it ends before where that is not the next of its level.
PROCEDURES = {
    "rerunning-after-failure": "if-data-needs-to-be-rebuilt",
    "handling-late-source-data": "",
    "handling-schema-changes": "",
}


def procedure(scene: Scene, heading_id: str, about: ObjectRef | None = None) -> tuple[str, tuple[Block, ...]]:
    """The title and the blocks of one of `PROCEDURES`, its tables cut to the row of `about` where they have one. Links
    into the guide lead to the guide's page."""
    blocks = common_operations.compose(scene)
    ends = PROCEDURES[heading_id]
    title, found = "", []
    for block in blocks:
        if isinstance(block, Heading) and block.id == heading_id:
            title = block.title
        elif title and isinstance(block, Heading) and (block.level <= 3 or block.id == ends):
            break
        elif title:
            found.append(_quoted(block, key(scene.smart(about)) if about is not None else ""))
    return title, tuple(found)


def _quoted(block: Block, name: str) -> Block:
    if isinstance(block, Table):
        # A row's cells are called section.table-object.column.
        of_it = re.compile(rf"[^.]+\.[a-z]+-{re.escape(name)}\.[^.]+")
        kept = [cells for cells in block.rows if name and of_it.fullmatch(cells[0].id)]
        return replace(block, rows=tuple(tuple(map(_cell, cells)) for cells in kept or block.rows))
    if isinstance(block, Items):
        return replace(block, items=tuple(map(_item, block.items)))
    return replace(block, parts=_inlines(block.parts)) if isinstance(block, (Text, Callout)) else block


def _item(item: Item) -> Item:
    return Item(_inlines(item.parts), tuple(map(_item, item.under)))


def _inlines(parts: tuple[Inline, ...]) -> tuple[Inline, ...]:
    return tuple(
        _link(part) if isinstance(part, Link) else _cell(part) if isinstance(part, Cell) else part for part in parts
    )


def _cell(cell: Cell) -> Cell:
    return cell if cell.link is None else replace(cell, link=_link(cell.link))


def _link(link: Link) -> Link:
    return replace(link, screen="page", target=f"guide#{link.target}") if link.screen == "section" else link
