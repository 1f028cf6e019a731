"""Times, durations, counts and lists as people say them: "06:41", "22 min late", "3 runs", "a, b and 4 more".

Pure functions of values. Durations are seconds, sizes bytes, shares 0 to 1; English, whatever the machine's locale.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, tzinfo
from typing import Optional

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def duration(seconds: float) -> str:
    """A length of time, as precise as it matters: `duration(3900)` is "1 h 05 min". Negative lengths keep a minus."""
    if seconds < 0:
        return f"−{duration(-seconds)}"
    whole = round(seconds)
    if whole < 1:
        return "under 1 s"
    if whole < _MINUTE:
        return f"{whole} s"
    minutes = round(seconds / _MINUTE)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        hours, rest = divmod(minutes, 60)
        return f"{hours} h {rest:02d} min" if rest else f"{hours} h"
    days, hours = divmod(round(seconds / _HOUR), 24)
    return f"{days} d {hours} h" if hours and days < 7 else f"{days} d"


def late(seconds: float) -> str:
    """How far past its time something is: "22 min late", "5 min early", "on time" within half a minute."""
    if abs(seconds) < 30:
        return "on time"
    return f"{duration(abs(seconds))} {'late' if seconds > 0 else 'early'}"


def ago(then: datetime, now: datetime) -> str:
    """The age of an instant: "3 h ago", "in 12 min" for one still to come, "just now" within half a minute."""
    seconds = (now - then).total_seconds()
    if abs(seconds) < 30:
        return "just now"
    return f"{_rough(seconds)} ago" if seconds > 0 else f"in {_rough(-seconds)}"


def _rough(seconds: float) -> str:
    if seconds < _HOUR:
        return f"{max(1, round(seconds / _MINUTE))} min"
    if seconds < 2 * _DAY:
        return f"{round(seconds / _HOUR)} h"
    return count(round(seconds / _DAY), "day")


def clock(at: datetime, zone: tzinfo) -> str:
    """Time of day on the wall clock of `zone`: "06:41"."""
    return f"{at.astimezone(zone):%H:%M}"


def day(at: datetime, zone: tzinfo, now: Optional[datetime] = None) -> str:
    """The day in `zone`: "Mon 14 Oct"; with the year when `now` is in another one or not given."""
    local = at.astimezone(zone)
    year = "" if now is not None and now.astimezone(zone).year == local.year else f" {local.year}"
    return f"{DAYS[local.weekday()][:3]} {local.day} {MONTHS[local.month - 1]}{year}"


def moment(at: datetime, zone: tzinfo, now: datetime) -> str:
    """An instant seen from now: "06:41" today, else "Mon 14 Oct 06:41", with the year when it is another one."""
    time = clock(at, zone)
    if at.astimezone(zone).date() == now.astimezone(zone).date():
        return time
    return f"{day(at, zone, now)} {time}"


def count(number: int, noun: str, plural: str = "") -> str:
    """A number and its noun: "1 run", "3 runs", "2,000 datasets"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def whole(number: float) -> str:
    """A whole number with its thousands apart: "12,345"."""
    return f"{round(number):,}"


def listed(names: Sequence[str], limit: Optional[int] = None, last: str = "and") -> str:
    """Names in a row: "a", "a and b", "a, b and c"; beyond `limit` the rest is counted: "a, b and 4 more"."""
    shown = list(names)
    if limit is not None and len(shown) > limit:
        shown = [*shown[:limit], f"{len(names) - limit:,} more"]
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} {last} {shown[-1]}"


def weekdays(names: Sequence[str]) -> str:
    """Days of the week in order, a row of three or more as a span: "Monday to Friday", "Monday and Thursday"."""
    places = sorted({DAYS.index(name.capitalize()) for name in names})
    if len(places) > 2 and places[-1] - places[0] == len(places) - 1:
        return f"{DAYS[places[0]]} to {DAYS[places[-1]]}"
    return listed([DAYS[place] for place in places])


def size(number: float) -> str:
    """Bytes in the unit people read: "412 kB", "1.3 GB"."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if abs(number) < 999.5 or unit == "TB":
            break
        number /= 1000
    return f"{number:.0f} {unit}" if unit == "B" or abs(number) >= 99.5 else f"{number:.1f} {unit}"


def percent(share: float) -> str:
    """A share of one: "5 %", "0.4 %", "100 %", "−20 %", "250 %"; never rounded to a bare 0 or 100 when it is neither."""
    if share < 0:
        return f"−{percent(-share)}"
    value = share * 100
    if value == 0 or value == 100:
        return f"{value:.0f} %"
    if value < 1:
        return f"{max(value, 0.1):.1f} %"
    if 99 < value < 101:
        return f"{min(value, 99.9) if value < 100 else max(value, 100.1):.1f} %"
    return f"{value:,.0f} %"


def one_line(text: str, limit: int = 240) -> str:
    """Free text as one line of at most `limit` characters, invisible controls left out."""
    flat = " ".join("".join(" " if ch.isspace() else ch for ch in text if ch.isspace() or not _hidden(ch)).split())
    return flat if len(flat) <= limit else f"{flat[: limit - 1].rstrip()}…"


def _hidden(ch: str) -> bool:
    # Marks that turn the reading direction would let a name rewrite the row it stands in.
    return unicodedata.category(ch) in ("Cc", "Cs") or "\u202a" <= ch <= "\u202e" or "\u2066" <= ch <= "\u2069"


def capital(text: str) -> str:
    """The text with its first letter capital, the rest untouched."""
    return text[:1].upper() + text[1:]


def quarter_up(minutes: float) -> int:
    """Minutes, up to the next quarter hour: `quarter_up(61)` is 75."""
    return math.ceil(minutes / 15) * 15


def hhmm(minutes: float) -> str:
    """Minutes after midnight as a time of day; past midnight it says so: `hhmm(1450)` is "00:10 next day"."""
    days, rest = divmod(round(minutes), 24 * 60)
    time = f"{rest // 60:02d}:{rest % 60:02d}"
    if days == 0:
        return time
    return f"{time} the day before" if days < 0 else f"{time} next day" if days == 1 else f"{time}, {days} days later"


def date_text(on: date, today: date) -> str:
    """A date without a time: "14 Oct", with the year when it is another one."""
    return f"{on.day} {MONTHS[on.month - 1]}" + ("" if on.year == today.year else f" {on.year}")
