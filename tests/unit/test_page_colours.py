"""The page's colours can be read by everyone: contrast as WCAG 2 asks of text, in light, dark and print."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

STYLE = (Path(__file__).parents[2] / "resource" / "app.css").read_text("utf-8")
INKS = ("ink", "muted", "link", "good", "notice", "bad", "unknown", "quiet")


def themes() -> list[dict[str, str]]:
    """Every set of colours in the style sheet, as name -> hex."""
    blocks = re.findall(r":root[^{]*\{([^{}]*--paper[^{}]*)\}", STYLE)
    return [dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]+)", block)) for block in blocks]


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_there_is_light_dark_twice_and_print() -> None:
    assert len(themes()) == 4
    assert themes()[1] == themes()[2], "the dark of the system and the dark of the switch are one"


@pytest.mark.parametrize("theme", range(4))
@pytest.mark.parametrize("ink", INKS)
@pytest.mark.parametrize("ground", ["paper", "raised"])
def test_text_can_be_read(theme: int, ink: str, ground: str) -> None:
    colours = themes()[theme]
    assert contrast(colours[ink], colours[ground]) >= 4.5
