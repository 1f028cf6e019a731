"""The newest value of a time column: as metrics and databases write it, and whether it is a time of data at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import Any, Optional

# A newest value later than this is no time of data: clocks differ by less.
FUTURE = timedelta(minutes=5)

# DSS's types of columns that hold times; those of the second have no time zone of their own, whatever is written.
TIMES = frozenset({"date", "dateonly", "datetimenotz", "string"})
_NAIVE = frozenset({"dateonly", "datetimenotz"})


@dataclass(frozen=True)
class ColumnTime:
    """`naive`: the value had no time zone, and was read on the clock that was asked for."""

    at: datetime
    naive: bool = False


def read(value: Any, zone: tzinfo = timezone.utc, kind: str = "date") -> Optional[ColumnTime]:
    """A value as a moment; None where it is no time. `zone` is that of values without one, `kind` DSS's type of the
    column. A day is its first moment.

    >>> read("2026-03-02 06:00:00").at.isoformat()
    '2026-03-02T06:00:00+00:00'
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time.min)
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(_iso(str(value)))
        naive = at.tzinfo is None or kind in _NAIVE
        return ColumnTime((at.replace(tzinfo=zone) if naive else at).astimezone(timezone.utc), naive)
    except (ValueError, OverflowError):
        return None


def _iso(text: str) -> str:
    """As every Python reads it: an offset in digits, microseconds in six."""
    found = re.sub(r"Z$", "+00:00", text.strip())
    found = re.sub(r"([+-]\d\d)$", r"\1:00", found) if ":" in found else found
    return re.sub(r"\.(\d{1,9})", lambda part: f".{part.group(1)[:6]:0<6}", found)
