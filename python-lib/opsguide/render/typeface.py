"""The letters of the PDF: DejaVu Sans for Latin, Greek, Cyrillic and their neighbours, the reader's own fonts for Chinese,
Japanese and Korean, and a character's code where neither has it, so that no name loses a letter."""

from __future__ import annotations

import threading
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont

REGULAR, BOLD = "DejaVuSans", "DejaVuSans-Bold"
_FOLDER = Path(__file__).parent / "fonts"
# Fonts that viewers bring along: (first, last, name) of the characters that each is asked for.
_KANA, _HANGUL, _HAN = "HeiseiKakuGo-W5", "HYGothic-Medium", "STSong-Light"
_OTHERS = (
    (0x3040, 0x30FF, _KANA),
    (0x31F0, 0x31FF, _KANA),
    (0x1100, 0x11FF, _HANGUL),
    (0x3130, 0x318F, _HANGUL),
    (0xAC00, 0xD7A3, _HANGUL),
    (0x2E80, 0x303F, _HAN),
    (0x3400, 0x9FFF, _HAN),
    (0xF900, 0xFAFF, _HAN),
    (0xFF00, 0xFFEF, _HAN),
)
# What the template says with a picture, the typeface says with a sign.
_SIGNS = {"\u2705": "\u2714", "\u274c": "\u2718", "\U0001f7e1": "\u25cf"}
_LOCK = threading.Lock()


def ready() -> None:
    """Make the fonts known to reportlab, once a process."""
    with _LOCK:
        if REGULAR in pdfmetrics.getRegisteredFontNames():
            return
        for name in (_KANA, _HANGUL, _HAN):
            pdfmetrics.registerFont(UnicodeCIDFont(name))
        pdfmetrics.registerFont(TTFont(BOLD, str(_FOLDER / f"{BOLD}.ttf")))
        pdfmetrics.registerFont(TTFont(REGULAR, str(_FOLDER / f"{REGULAR}.ttf")))
        pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)


def marked_up(text: str) -> str:
    """`text` on one line as reportlab's paragraph markup: escaped, and each stretch in a font that has its letters."""
    drawn = [(font, part) for letter in " ".join(text.split()) for font, part in [_drawn(letter)]]
    stretches = ((font, escape("".join(part for _, part in group))) for font, group in groupby(drawn, lambda d: d[0]))
    return "".join(f'<font name="{font}">{part}</font>' if font else part for font, part in stretches)


def _drawn(letter: str) -> tuple[str, str]:
    """The font beside the paragraph's own ('' for that), and what is drawn: the letter, or its code in its place."""
    letter = _SIGNS.get(letter, letter)
    code = ord(letter)
    if code in _glyphs():
        return "", letter
    for first, last, font in _OTHERS:
        if first <= code <= last:
            return font, letter
    # A selector of variants says nothing by itself.
    return "", "" if 0xFE00 <= code <= 0xFE0F else f"[U+{code:04X}]"


def _glyphs() -> Any:
    return pdfmetrics.getFont(REGULAR).face.charToGlyph
