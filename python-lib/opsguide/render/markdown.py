"""The guide as Markdown: for a wiki, a repository, a mail, a printer.

Every text of the guide is plain and untrusted: it is escaped, so that a dataset named `[x](javascript:y)` reads as just
that. Marks behind values say where they come from; the legend at the top explains them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Optional

from ..model.guide import (
    Block,
    Callout,
    Card,
    Cell,
    Guide,
    Heading,
    Inline,
    Item,
    Items,
    Link,
    Missing,
    Origin,
    Section,
    Table,
    Text,
)
from ..model.known import Unknown
from ..model.today import Lane, Today
from .phrases import (
    ORIGIN_MARKS,
    ORIGIN_MEANINGS,
    ORIGIN_WORDS,
    TONE_WORDS,
    callout_word,
    exact,
    gaps,
    header_label,
    percent,
    shown,
)
from .urls import Urls

# An underscore inside a word is plain in Markdown: leaving it keeps dataset names readable.
_SPECIAL = re.compile(r"[\\`*\[\]<#|~$]|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])")
_AUTOLINK = re.compile(r"(?<=[A-Za-z])(:)(?=//)|(?<=\bwww)(\.)|(?<=\S)(@)(?=\S)", re.IGNORECASE)
_LIST_START = re.compile(r"^(\s*)(?:([-+=>])|(\d+)([.)]))")
_MARKS_TOLD = 6
# The one part that differs whenever the guide is read.
READ = "read"
_WORTH_A_WORD = {tone for tone in TONE_WORDS if tone.value in ("notice", "bad", "unknown")}


def guide_markdown(guide: Guide, urls: Urls) -> str:
    """The whole guide as one Markdown document, ending in a line break."""
    parts = (f"# {escape(guide.title)}", *(text for _, text in guide_blocks(guide, urls)))
    return "\n\n".join(part for part in parts if part) + "\n"


def guide_blocks(guide: Guide, urls: Urls) -> tuple[tuple[str, str], ...]:
    """The guide below its title as (name, Markdown) of parts that can stand by themselves, in their order: "guide" is
    its header, `READ` when it was read, then come its sections by their ids, and what is missing."""
    header = [_header(guide, cell, urls) for cell in guide.header]
    header += [callout_markdown(banner, urls) for banner in guide.banners]
    return (
        ("guide", "\n\n".join(part for part in header if part)),
        (READ, f"Read {escape(exact(guide.taken_at, guide.zone))}. {legend()}"),
        *((section.id, section_markdown(section, urls)) for section in guide.sections),
        ("completeness", _completeness(guide)),
    )


def today_markdown(today: Today, urls: Urls) -> str:
    """Today as one Markdown document, ending in a line break: the sentence first, the night as a list."""
    parts = [
        f"# {escape(today.title)}",
        f"**{escape(today.headline)}**",
        escape(today.sign_off_text),
        *(callout_markdown(banner, urls) for banner in today.banners),
        f"Read {escape(exact(today.taken_at, today.zone))}. {legend()}",
        _night(today),
        *(section_markdown(section, urls) for section in today.sections),
        _promises(today),
        escape(today.watch_text),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def page_markdown(
    title: str,
    headline: str,
    read: str,
    sections: Iterable[Section],
    urls: Urls,
    banners: Iterable[Callout] = (),
    verbatim: Iterable[tuple[str, Iterable[str]]] = (),
) -> str:
    """Any other page as one Markdown document, ending in a line break. `read` says when it was read; `verbatim` are
    titles with lines to be shown as they are, such as a log's."""
    parts = [
        f"# {escape(title)}",
        f"**{escape(headline)}**" if headline else "",
        *(callout_markdown(banner, urls) for banner in banners),
        f"Read {escape(read)}. {legend()}",
        *(section_markdown(section, urls) for section in sections),
        *(_verbatim(name, lines) for name, lines in verbatim),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _verbatim(title: str, lines: Iterable[str]) -> str:
    """Indented, not fenced: a line can end a fence, but never its own indent."""
    shown = ["    " + " ".join(line.splitlines()) for line in lines]
    return "\n".join([f"## {escape(title)}", "", *shown]) if shown else ""


def _night(today: Today) -> str:
    lanes = [f"- {_from_its_start(_lane(lane))}" for lane in today.timeline.lanes]
    if not lanes:
        return "## The Night\n\n*Nothing was due and nothing ran.*"
    return "\n".join(["## The Night", "", *lanes])


def _lane(lane: Lane) -> str:
    told = [mark.text for mark in lane.marks if mark.kind != "usual"]
    before = len(told) - _MARKS_TOLD
    if before > 0:
        told = [f"{before + lane.left_out:,} more", *told[-_MARKS_TOLD:]]
    state = f"**{TONE_WORDS[lane.tone]}**: " if lane.tone in _WORTH_A_WORD else ""
    return f"{state}{escape(lane.name)}, {escape(lane.state.lower())}: {escape('; '.join(told))}"


def _promises(today: Today) -> str:
    outputs = [] if isinstance(today.outputs, Unknown) else [output for output in today.outputs if output.budget_text]
    lines = [f"- {_from_its_start(escape(output.name))}: {escape(output.budget_text)}" for output in outputs]
    return "\n".join(["## Promises Kept", "", *lines]) if lines else ""


def escape(text: str) -> str:
    """`text` on one line, so that any Markdown reader shows it as it is: no markup, HTML, link or mention comes out."""
    text = " ".join(text.split())
    text = _SPECIAL.sub(lambda found: f"\\{found.group()}", text)
    return _AUTOLINK.sub(lambda found: f"\\{found.group()}", text)


def _header(guide: Guide, cell: Cell, urls: Urls) -> str:
    label = header_label(guide, cell)
    return _line((f"{label}: " if label else "", cell), urls)


def section_markdown(section: Section, urls: Urls) -> str:
    """One section under its title."""
    waiting = ["*Not read yet.*"] if section.waits_for else []
    blocks = (_block(block, urls) for block in section.blocks)
    return "\n\n".join([f"## {escape(section.title)}", *waiting, *(block for block in blocks if block)])


def _block(block: Block, urls: Urls) -> str:
    if isinstance(block, Text):
        lead = f"**{escape(block.lead)}** " if block.lead else ""
        return lead + _line(block.parts, urls)
    if isinstance(block, Items):
        return "\n".join(_items(block.items, urls, ordered=block.ordered))
    if isinstance(block, Table):
        return _table(block, urls)
    if isinstance(block, Callout):
        return callout_markdown(block, urls)
    if isinstance(block, Heading):
        return f"{'#' * max(3, min(block.level, 6))} {escape(block.title)}"
    return _card(block, urls)


def _items(items: Iterable[Item], urls: Urls, *, ordered: bool, indent: str = "") -> Iterator[str]:
    for number, item in enumerate(items, start=1):
        mark = f"{number}. " if ordered else "- "
        yield indent + mark + _line(item.parts, urls)
        yield from _items(item.under, urls, ordered=False, indent=indent + " " * len(mark))


def _table(table: Table, urls: Urls) -> str:
    caption = [f"**{escape(table.caption)}**", ""] if table.caption else []
    if not table.rows:
        return "\n".join([*caption, f"*{escape(table.empty)}*" if table.empty else "*None.*"])
    return "\n".join(
        [
            *caption,
            _row(escape(column) for column in table.columns),
            _row("---" for _ in table.columns),
            *(_row(_cell(cell, urls) for cell in row) for row in table.rows),
        ]
    )


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def callout_markdown(callout: Callout, urls: Urls) -> str:
    """A remark that changes how the rest is to be read."""
    return f"> **{callout_word(callout.kind)}**: {_line(callout.parts, urls)}"


def _card(card: Card, urls: Urls) -> str:
    groups = (
        f"**{escape(title)}**\n\n" + "\n".join(_items(items.items, urls, ordered=items.ordered))
        for title, items in card.groups
    )
    return "\n\n".join([f"### {escape(card.title)}", *groups])


def _line(parts: Iterable[Inline], urls: Urls) -> str:
    return _from_its_start("".join(_inline(part, urls) for part in parts).strip())


def _from_its_start(line: str) -> str:
    """A line that begins with a name such as "1. Load" or "- old", and opens no list by it."""
    return _LIST_START.sub(_plain_start, line)


def _plain_start(found: re.Match[str]) -> str:
    """What opens a list or an underline at the start of a line, as plain text."""
    space, sign, number, point = found.groups()
    return f"{space}\\{sign}" if sign else f"{space}{number}\\{point}"


def _inline(part: Inline, urls: Urls) -> str:
    if isinstance(part, Cell):
        return _cell(part, urls)
    if isinstance(part, Link):
        return _linked(escape(part.label or part.target), part, urls)
    # Words keep the space around them: the next part stands right behind.
    before, after = (" " if part[:1].isspace() else "", " " if part.strip() and part[-1:].isspace() else "")
    return f"{before}{escape(part)}{after}"


def _cell(cell: Cell, urls: Urls) -> str:
    text = escape(shown(cell))
    if not cell.value:
        place = f" (declare {_code(cell.declare)})" if cell.declare else ""
        return f"*{text}*{place}"
    state = f"**{TONE_WORDS[cell.tone]}**: " if cell.tone in _WORTH_A_WORD else ""
    mark = "" if cell.origin is Origin.LIVE else f" {ORIGIN_MARKS[cell.origin]}"
    source = f" ({escape(cell.source)})" if cell.origin is Origin.INFERRED and cell.source else ""
    return f"{state}{_linked(text, cell.link, urls)}{mark}{source}"


def _linked(text: str, link: Optional[Link], urls: Urls) -> str:
    href = urls.href(link)
    if href is None or not text:
        return text
    return f"[{text}]({re.sub('[()<>|]', lambda found: f'%{ord(found.group()):02X}', href)})"


def _code(text: str) -> str:
    """A profile path in code style; a text that holds a backtick or bar is escaped instead."""
    text = " ".join(text.split())
    return escape(text) if re.search(r"[`|\\]", text) else f"`{text}`"


def legend() -> str:
    """What the marks behind values mean."""
    marked = (origin for origin in Origin if origin not in (Origin.LIVE, Origin.NOT_DECLARED, Origin.UNKNOWN))
    marks = "; ".join(f"{ORIGIN_MARKS[origin]} {ORIGIN_WORDS[origin]}, {ORIGIN_MEANINGS[origin]}" for origin in marked)
    return f"No mark: {ORIGIN_MEANINGS[Origin.LIVE]}; {marks}."


def _completeness(guide: Guide) -> str:
    completeness = guide.completeness
    counts = ", ".join(
        f"{completeness.counts[origin.value]} {ORIGIN_WORDS[origin]}"
        for origin in Origin
        if completeness.counts.get(origin.value)
    )
    lines = [
        f"## Completeness\n\n{percent(completeness.share)} % of the guide's cells are known: {counts or 'no cells'}."
    ]
    for title, found in gaps(guide):
        lines.append(
            "\n".join((f"**{escape(title)}**\n", *(f"- {_from_its_start(_missing(missing))}" for missing in found)))
        )
    return "\n\n".join(lines)


def _missing(missing: Missing) -> str:
    place = f" Declare it at {_code(missing.declare)}." if missing.declare else ""
    reason = f": {escape(missing.reason)}" if missing.reason else ""
    return f"{escape(missing.label)} ({ORIGIN_WORDS[missing.origin]}{reason}).{place}"
