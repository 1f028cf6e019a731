"""How complete the guide is: cells by origin, and what is missing with where to declare it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ...model.guide import (
    Block,
    Callout,
    Card,
    Cell,
    Completeness,
    Heading,
    Inline,
    Item,
    Items,
    Missing,
    Origin,
    Section,
    Table,
    Text,
)

_MISSING = (Origin.NOT_DECLARED, Origin.UNKNOWN)


def completeness(header: tuple[Cell, ...], sections: tuple[Section, ...]) -> Completeness:
    """Counts of every cell by origin, the share of those with a value, and a label for each that has none."""
    labelled = [(cell, _HEADER_LABELS.get(cell.id, cell.id), "") for cell in header]
    for section in sections:
        labelled += [(cell, label, section.id) for cell, label in _labelled(section)]
    counts = Counter(cell.origin for cell, _, _ in labelled)
    missing = tuple(
        Missing(cell.id, label, section_id, cell.origin, cell.declare, cell.reason)
        for cell, label, section_id in labelled
        if cell.origin in _MISSING
    )
    share = (len(labelled) - len(missing)) / len(labelled) if labelled else 0.0
    return Completeness({origin.value: counts.get(origin, 0) for origin in Origin}, missing, share)


_HEADER_LABELS = {
    "header.project": "Project",
    "header.node": "Node",
    "header.bundle": "Active bundle",
    "header.updated": "Last Updated",
    "header.changed": "Last change of the project",
    "header.reviewed": "Last review by a person",
    "header.oncall": "On-Call Contact",
}


def _labelled(section: Section) -> Iterator[tuple[Cell, str]]:
    under = section.title
    for block in section.blocks:
        if isinstance(block, Heading):
            under = block.title.rstrip(":")
        yield from _block(block, under)


def _block(block: Block, under: str) -> Iterator[tuple[Cell, str]]:
    if isinstance(block, Table):
        for row in block.rows:
            for column, cell in zip(block.columns, row):
                yield cell, f"{row[0].value or under}: {column}"
    elif isinstance(block, Text):
        yield from _inlines(block.parts, block.lead.rstrip(":") or under)
    elif isinstance(block, Callout):
        yield from _inlines(block.parts, under)
    elif isinstance(block, Items):
        yield from _items(block.items, under)
    elif isinstance(block, Card):
        for title, group in block.groups:
            yield from _items(group.items, title.rstrip(":").capitalize())


def _items(items: tuple[Item, ...], under: str) -> Iterator[tuple[Cell, str]]:
    for item in items:
        yield from _inlines(item.parts, under)
        yield from _items(item.under, under)


def _inlines(parts: tuple[Inline, ...], under: str) -> Iterator[tuple[Cell, str]]:
    """A cell in running text is called by the words right before it."""
    before = ""
    for part in parts:
        if isinstance(part, str):
            before = part.split("(")[0].strip(" :;,.)") or before
        elif isinstance(part, Cell):
            yield part, before or under
