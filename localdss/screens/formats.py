"""How the screens write instants, ages, lengths and sizes."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, Optional
from zoneinfo import ZoneInfo

from ..clock import from_ms

_STEPS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


class Formats:
    """Bound to the instance's zone and to one moment, so that a page tells one time throughout."""

    def __init__(self, zone: str, now: datetime) -> None:
        self.zone = ZoneInfo(zone)
        self.now = now

    def at(self, ms: Any) -> str:
        """A moment: "today 06:41", "Tue 7 Oct 06:41"; "" for none."""
        moment = self._moment(ms)
        if moment is None:
            return ""
        today = self.now.astimezone(self.zone).date()
        days = (today - moment.date()).days
        day = {0: "today", 1: "yesterday", -1: "tomorrow"}.get(days, f"{moment:%a} {moment.day} {moment:%b}")
        year = "" if moment.year == today.year else f" {moment.year}"
        return f"{day}{year} {moment:%H:%M}"

    def exact(self, ms: Any) -> str:
        moment = self._moment(ms)
        return moment.isoformat(timespec="seconds") if moment else ""

    def clock(self) -> str:
        local = self.now.astimezone(self.zone)
        return f"{local:%A} {local.day} {local:%B %Y, %H:%M} ({self.zone.key})"

    def _moment(self, ms: Any) -> Optional[datetime]:
        return from_ms(ms).astimezone(self.zone) if isinstance(ms, (int, float)) and ms > 0 else None


def length(ms: Any) -> str:
    """A length of time with its two largest units: "1 h 12 min"."""
    if not isinstance(ms, (int, float)) or ms < 0:
        return ""
    rest, parts = round(timedelta(milliseconds=ms).total_seconds()), []
    for seconds, unit in _STEPS:
        count, rest = divmod(rest, seconds)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def number(value: Any) -> str:
    """A metric's value, which DSS gives as text: digits in groups, everything else as it is."""
    text = str(value)
    return f"{int(text):,}" if re.fullmatch(r"-?\d{1,30}", text) else text


def count(number_of: int, noun: str) -> str:
    return f"{number_of:,} {noun}" if number_of == 1 else f"{number_of:,} {noun}s"
