"""The guide as PDF: to print, to mail, to keep beside the phone. The card stands on the first page by itself.

It is laid out from the document itself by reportlab, with no browser; texts are escaped before they become its markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any, Optional
from xml.sax.saxutils import quoteattr

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    ListFlowable,
    ListItem,
    LongTable,
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    TableStyle,
)

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
    Origin,
    Section,
    Table,
    Text,
    Tone,
)
from . import typeface
from .markdown import legend
from .phrases import (
    ORIGIN_MARKS,
    ORIGIN_WORDS,
    TONE_WORDS,
    callout_word,
    exact,
    gaps,
    header_label,
    percent,
    shown,
)
from .typeface import BOLD, REGULAR, marked_up
from .urls import Urls, anchor

_MARGIN = 18 * mm
# A frame keeps six points clear on each side.
_WIDTH = A4[0] - 2 * _MARGIN - 12
# The colours of the page on paper.
_INK, _MUTED, _LINE, _LINK = "#16191d", "#545d68", "#d3d9e0", "#0b57a4"
_TONES = {
    Tone.GOOD: "#146535",
    Tone.NOTICE: "#8a5200",
    Tone.BAD: "#b01c1c",
    Tone.UNKNOWN: "#5f4b8b",
    Tone.QUIET: "#545d68",
}
_WORTH_A_WORD = (Tone.NOTICE, Tone.BAD, Tone.UNKNOWN)
# The height that an empty page offers, nearly.
_WHOLE_PAGE = A4[1] - 2 * _MARGIN - 16
# A column is as wide as its text asks for, within these, in letters; a word of up to so many is not broken.
_NARROWEST, _WIDEST, _WHOLE_WORD = 8, 44, 26
# What must fit under a title, lest it stands alone at the foot of a page.
_BELOW_TITLE = 42 * mm


def _style(name: str, size: float, **more: Any) -> ParagraphStyle:
    given = {"fontName": REGULAR, "textColor": HexColor(_INK), "spaceAfter": 4, **more}
    return ParagraphStyle(name, fontSize=size, leading=size * 1.4, **given)


_PLAIN = _style("plain", 9)
_SMALL = _style("small", 7.5, textColor=HexColor(_MUTED))
_TITLE = _style("title", 17, fontName=BOLD, spaceAfter=6)
_SECTION = _style("section", 13, fontName=BOLD, spaceBefore=14, spaceAfter=6)
_HEADINGS = {
    3: _style("heading", 10.5, fontName=BOLD, spaceBefore=9),
    4: _style("below", 9, fontName=BOLD, spaceBefore=6),
}
_CAPTION = _style("caption", 7.5, textColor=HexColor(_MUTED))
_IN_TABLE = _style("cell", 8, spaceAfter=0)
_HEAD = _style("head", 8, fontName=BOLD, spaceAfter=0)
_CALLOUT = _style(
    "callout", 9, borderColor=HexColor(_INK), borderWidth=0.7, borderPadding=5, spaceBefore=8, spaceAfter=9
)


def guide_pdf(guide: Guide, urls: Urls) -> bytes:
    """The whole guide as one PDF, the same bytes from the same guide: A4, with an outline, page numbers and links."""
    typeface.ready()
    target = BytesIO()
    document = SimpleDocTemplate(
        target,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=guide.title,
        author="Operations Guide",
        lang="en",
        invariant=1,
    )
    document.build(_Page(guide, urls).story(), canvasmaker=lambda *given, **more: _Numbered(guide, *given, **more))
    return target.getvalue()


class _Numbered(Canvas):  # type: ignore[misc]  # reportlab is not typed
    """Writes "3 of 12" on each page, which only the end can know."""

    def __init__(self, guide: Guide, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._said = f"Read {exact(guide.taken_at, guide.zone)}"
        self._waiting: list[dict[str, Any]] = []

    def showPage(self) -> None:
        self._waiting.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, page in enumerate(self._waiting, start=1):
            self.__dict__.update(page)
            self.setFont(REGULAR, 7.5)
            self.setFillColor(HexColor(_MUTED))
            self.drawString(_MARGIN, _MARGIN / 2, self._said)
            self.drawRightString(A4[0] - _MARGIN, _MARGIN / 2, f"{number} of {len(self._waiting)}")
            super().showPage()
        super().save()


class _Opening(Flowable):  # type: ignore[misc]
    """A place that links lead to, and a line of the outline where it has a title."""

    def __init__(self, name: str, title: str = "") -> None:
        super().__init__()
        self.width = self.height = 0
        self._name, self._title = name, title

    def draw(self) -> None:
        self.canv.bookmarkHorizontal(self._name, 0, 40)
        if self._title:
            self.canv.addOutlineEntry(self._title, self._name, 0)


class _Rows(LongTable):  # type: ignore[misc]
    """A table that goes on over the page with its head again, and breaks a row only where a whole page is too short."""

    def split(self, width: float, height: float) -> list[Flowable]:
        self.splitInRow = int(height > _WHOLE_PAGE and sum(self._rowHeights[:2]) > height)
        return list(super().split(width, height))


class _Page:
    """The guide as reportlab's flowables, part by part."""

    def __init__(self, guide: Guide, urls: Urls) -> None:
        self.guide = guide
        self.urls = urls
        headings = (block.id for section in guide.sections for block in section.blocks if isinstance(block, Heading))
        self.places = {anchor(name) for name in (*headings, *(section.id for section in guide.sections))}

    def story(self) -> list[Flowable]:
        guide = self.guide
        story: list[Flowable] = [Paragraph(marked_up(guide.title), _TITLE)]
        for cell in guide.header:
            label = header_label(guide, cell)
            story.append(self._paragraph((f"{label}: " if label else "", cell)))
        story += [self._callout(banner) for banner in guide.banners]
        story.append(Paragraph(marked_up(f"Read {exact(guide.taken_at, guide.zone)}. {legend()}"), _SMALL))
        for number, section in enumerate(guide.sections):
            story += self._section(section)
            if number == 0:
                story.append(PageBreak())
        return [*story, *self._missing()]

    def _section(self, section: Section) -> list[Flowable]:
        name = anchor(section.id)
        found: list[Flowable] = [
            CondPageBreak(_BELOW_TITLE),
            _Opening(name, section.title),
            Paragraph(marked_up(section.title), _SECTION),
        ]
        if section.waits_for:
            found.append(Paragraph("Not read yet.", _SMALL))
        for block in section.blocks:
            found += self._block(block)
        return found

    def _block(self, block: Block) -> list[Flowable]:
        if isinstance(block, Text):
            lead = f"<b>{marked_up(block.lead)}</b> " if block.lead else ""
            return [self._paragraph(block.parts, lead=lead)]
        if isinstance(block, Items):
            return [self._items(block.items, ordered=block.ordered), Spacer(0, 4)]
        if isinstance(block, Table):
            return self._table(block)
        if isinstance(block, Callout):
            return [self._callout(block)]
        if isinstance(block, Heading):
            style = _HEADINGS[3 if block.level <= 3 else 4]
            title = Paragraph(marked_up(block.title), style)
            return [CondPageBreak(_BELOW_TITLE), _Opening(anchor(block.id)), title]
        return self._card(block)

    def _card(self, card: Card) -> list[Flowable]:
        found: list[Flowable] = [Paragraph(marked_up(card.title), _HEADINGS[3])]
        for title, lines in card.groups:
            found += [Paragraph(marked_up(title), _HEADINGS[4]), self._items(lines.items, ordered=lines.ordered)]
        return found

    def _callout(self, callout: Callout) -> Flowable:
        return self._paragraph(callout.parts, _CALLOUT, lead=f"<b>{marked_up(callout_word(callout.kind))}</b>: ")

    def _items(self, items: Sequence[Item], *, ordered: bool) -> Flowable:
        rows = []
        for item in items:
            inside: list[Flowable] = [self._paragraph(item.parts)]
            if item.under:
                inside.append(self._items(item.under, ordered=False))
            rows.append(ListItem(inside, leftIndent=14))
        kind = {"bulletType": "1"} if ordered else {"bulletType": "bullet", "start": "•"}
        return ListFlowable(
            rows, bulletFontName=REGULAR, bulletFontSize=9, bulletColor=HexColor(_INK), leftIndent=14, **kind
        )

    def _table(self, table: Table) -> list[Flowable]:
        caption: list[Flowable] = [Paragraph(marked_up(table.caption), _CAPTION)] if table.caption else []
        if not table.rows:
            return [*caption, Paragraph(marked_up(table.empty or "None."), _SMALL)]
        head = [Paragraph(marked_up(column), _HEAD) for column in table.columns]
        rows = [[self._paragraph((cell,), _IN_TABLE) for cell in row] for row in table.rows]
        laid = _Rows(
            [head, *rows],
            colWidths=_widths(table),
            repeatRows=1,
            style=TableStyle(
                [
                    ("VALIGN", (0, 0), (-1, -1), "TOP"),
                    ("LINEBELOW", (0, 0), (-1, 0), 0.7, HexColor(_INK)),
                    ("LINEBELOW", (0, 1), (-1, -1), 0.4, HexColor(_LINE)),
                    ("LEFTPADDING", (0, 0), (-1, -1), 0),
                    ("RIGHTPADDING", (0, 0), (-1, -1), 6),
                ]
            ),
        )
        return [*caption, laid, Spacer(0, 6)]

    def _missing(self) -> Iterable[Flowable]:
        completeness = self.guide.completeness
        yield _Opening("completeness", "Completeness")
        yield Paragraph("Completeness", _SECTION)
        counts = ", ".join(
            f"{completeness.counts[origin.value]} {ORIGIN_WORDS[origin]}"
            for origin in Origin
            if completeness.counts.get(origin.value)
        )
        yield Paragraph(
            f"{percent(completeness.share)} % of the guide's cells are known: {counts or 'no cells'}.", _PLAIN
        )
        for title, found in gaps(self.guide):
            yield Paragraph(marked_up(title), _HEADINGS[4])
            for missing in found:
                reason = f": {missing.reason}" if missing.reason else ""
                place = f" Declare it at {missing.declare}." if missing.declare else ""
                said = f"• {missing.label} ({ORIGIN_WORDS[missing.origin]}{reason}).{place}"
                yield Paragraph(marked_up(said), _SMALL)

    # --- inlines -----------------------------------------------------------------------------------------------------

    def _paragraph(self, parts: Iterable[Inline], style: ParagraphStyle = _PLAIN, lead: str = "") -> Paragraph:
        return Paragraph(lead + "".join(self._inline(part) for part in parts), style)

    def _inline(self, part: Inline) -> str:
        if isinstance(part, Cell):
            return self._cell(part)
        if isinstance(part, Link):
            return self._linked(marked_up(part.label or part.target), part)
        before, after = (" " if part[:1].isspace() else "", " " if part.strip() and part[-1:].isspace() else "")
        return f"{before}{marked_up(part)}{after}"

    def _cell(self, cell: Cell) -> str:
        text = marked_up(shown(cell))
        if not cell.value:
            place = f" (declare {marked_up(cell.declare)})" if cell.declare else ""
            return f'<font color="{_MUTED}">{text}{place}</font>'
        state = f"<b>{TONE_WORDS[cell.tone]}</b>: " if cell.tone in _WORTH_A_WORD else ""
        mark = "" if cell.origin is Origin.LIVE else f" {ORIGIN_MARKS[cell.origin]}"
        source = f" ({marked_up(cell.source)})" if cell.origin is Origin.INFERRED and cell.source else ""
        said = f"{state}{self._linked(text, cell.link)}"
        if cell.tone in _TONES:
            said = f'<font color="{_TONES[cell.tone]}">{said}</font>'
        return f'{said}<font color="{_MUTED}">{mark}{source}</font>'

    def _linked(self, text: str, link: Optional[Link]) -> str:
        href = self.urls.href(link)
        # A link to a place that the document does not have would stop reportlab.
        if href is None or not text or (href.startswith("#") and href[1:] not in self.places):
            return text
        return f'<a href={quoteattr(href)} color="{_LINK}">{text}</a>'


def _widths(table: Table) -> list[float]:
    """The columns' widths in points: none breaks a word of usual length, what is left goes by the longest text."""
    columns = [[row[at] for row in table.rows] for at in range(len(table.columns))]
    wanted = [max(_NARROWEST, min(_WIDEST, max(map(_length, cells)))) for cells in columns]
    words = [" ".join((title, *(cell.value for cell in cells))).split() for title, cells in zip(table.columns, columns)]
    least = [max([stringWidth(word[:_WHOLE_WORD], BOLD, 8) for word in found] or [0.0]) + 8 for found in words]
    if sum(least) > _WIDTH:
        return [_WIDTH * low / sum(least) for low in least]
    # Ideal widths, where each is at least what its words need.
    shares = [_WIDTH * share / sum(wanted) for share in wanted]
    over = sum(max(0.0, low - share) for low, share in zip(least, shares))
    room = sum(max(0.0, share - low) for low, share in zip(least, shares))
    given = 1 - over / room if room else 1.0
    return [low + max(0.0, share - low) * given for low, share in zip(least, shares)]


def _length(cell: Cell) -> int:
    """How many letters are drawn for a cell."""
    beside = cell.source if cell.value and cell.origin is Origin.INFERRED else "" if cell.value else cell.declare
    return len(shown(cell)) + len(beside)
