"""The guide as a document: sections of blocks, blocks of cells. One tree, every format.

A cell says what is shown, where it came from and as of when. Nothing in here is markup: every text is plain and
untrusted, every renderer escapes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Optional, Union

SCHEMA_VERSION = 1


class Origin(str, Enum):
    """Where a cell's value comes from."""

    LIVE = "live"  # an object of DSS says so
    INFERRED = "inferred"  # a statistic of history
    DECLARED = "declared"  # the profile says so
    DEFAULT = "default"  # nobody said: our default, or the template's
    NOT_DECLARED = "not_declared"  # only the owner can say, and has not
    UNKNOWN = "unknown"  # could not be told; `reason` says why


class Tone(str, Enum):
    """State, for shape, word and colour together; never colour alone."""

    NONE = "none"
    GOOD = "good"
    NOTICE = "notice"
    BAD = "bad"
    UNKNOWN = "unknown"
    QUIET = "quiet"


@dataclass(frozen=True)
class Link:
    """A place to go, by name; `render.urls` turns it into an address. `screen` is one of its keys ("scenario",
    "dataset", "job", "flow", "web", "section", "page", "action"…), `target` the object id, web address, section id, path
    of the page ("incidents/20251113T0100-651a718d"), or action and what it acts on ("build/dataset:orders")."""

    screen: str
    target: str = ""
    project_key: str = ""
    label: str = ""


@dataclass(frozen=True)
class Cell:
    """One value of the guide. `id` is stable: `section.row.column`. `value` is '' only where the origin is
    not_declared or unknown. `at` is set where the value is an instant (shown in the reader's zone), `seconds` where it
    is a duration. `declare` is the profile path where a person would write it."""

    id: str
    value: str
    origin: Origin
    source: str = ""
    as_of: Optional[datetime] = None
    reason: str = ""
    needs: str = ""
    tone: Tone = Tone.NONE
    verdict: str = ""
    link: Optional[Link] = None
    declare: str = ""
    at: Optional[datetime] = None
    zone: str = ""
    seconds: Optional[float] = None
    evidence: tuple[str, ...] = ()


Inline = Union[str, Cell, Link]


@dataclass(frozen=True)
class Text:
    """A paragraph: fixed words and cells in order. `strong` for a lead-in such as "When to use"."""

    parts: tuple[Inline, ...]
    lead: str = ""


@dataclass(frozen=True)
class Items:
    """A list; `ordered` for steps. An item is a run of inlines, and may have items under it."""

    items: tuple[Item, ...]
    ordered: bool = False


@dataclass(frozen=True)
class Item:
    parts: tuple[Inline, ...]
    under: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Table:
    """`caption` says what the rows are; `empty` is shown in place of rows. A row is one cell a column."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    empty: str = ""


@dataclass(frozen=True)
class Callout:
    """A warning or note that must be seen. `kind` is "warning", "important", "note" or "corrected" (the template's
    words no longer match DSS)."""

    kind: str
    parts: tuple[Inline, ...]


@dataclass(frozen=True)
class Heading:
    """A subsection's title. `id` is the slug, unique in the guide; `level` 3 or 4."""

    id: str
    title: str
    level: int = 3


@dataclass(frozen=True)
class Card:
    """The quick reference card: a title and groups of lines, printed on one page."""

    title: str
    groups: tuple[tuple[str, Items], ...]


Block = Union[Text, Items, Table, Callout, Heading, Card]


@dataclass(frozen=True)
class Section:
    """`id` is the slug of the template's heading. `waits_for` names parts of the snapshot not read yet: the page then
    loads the section again by itself."""

    id: str
    title: str
    blocks: tuple[Block, ...]
    waits_for: tuple[str, ...] = ()


@dataclass(frozen=True)
class Missing:
    cell_id: str
    label: str
    section_id: str
    origin: Origin
    declare: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Completeness:
    """How many cells have which origin, and which are missing. `share` is known cells ÷ all cells (0 to 1)."""

    counts: dict[str, int] = field(default_factory=dict)
    missing: tuple[Missing, ...] = ()
    share: float = 0.0


@dataclass(frozen=True)
class Guide:
    project_key: str
    title: str
    taken_at: datetime
    zone: str
    header: tuple[Cell, ...]
    banners: tuple[Callout, ...]
    sections: tuple[Section, ...]
    completeness: Completeness
    schema_version: int = SCHEMA_VERSION


def cells_of(guide_or_section: Union[Guide, Section]) -> tuple[Cell, ...]:
    """Every cell in reading order: a guide's header first, then its sections."""
    found: list[Cell] = []

    def inline(parts: tuple[Inline, ...]) -> None:
        found.extend(part for part in parts if isinstance(part, Cell))

    def items(block: Items) -> None:
        def walk(item: Item) -> None:
            inline(item.parts)
            for below in item.under:
                walk(below)

        for item in block.items:
            walk(item)

    def block_cells(block: Block) -> None:
        if isinstance(block, (Text, Callout)):
            inline(block.parts)
        elif isinstance(block, Items):
            items(block)
        elif isinstance(block, Table):
            for row in block.rows:
                found.extend(row)
        elif isinstance(block, Card):
            for _, group in block.groups:
                items(group)

    if isinstance(guide_or_section, Guide):
        found.extend(guide_or_section.header)
        for banner in guide_or_section.banners:
            inline(banner.parts)
        sections = guide_or_section.sections
    else:
        sections = (guide_or_section,)
    for section in sections:
        for block in section.blocks:
            block_cells(block)
    return tuple(found)
