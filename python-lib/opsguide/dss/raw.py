"""Read what DSS answers without trusting its shape: any field may be missing, null or of another type.

Every reader takes a parsed JSON value and the keys that lead into it, and gives a value of the asked kind or its
"nothing" ('', None, ()). None of them raises. `raw.text(item, "versionTag", "lastModifiedBy", "login")`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any, Optional

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

# An instant outside of these is a broken value, not a time: DSS is younger than the first and plans nothing past the last.
EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=timezone.utc), datetime(2200, 1, 1, tzinfo=timezone.utc)
_MILLISECOND = timedelta(milliseconds=1)
_EARLIEST_MS, _LATEST_MS = (EARLIEST - EPOCH) // _MILLISECOND, (LATEST - EPOCH) // _MILLISECOND

_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d{2}:?\d{2}|[+-]\d{2})?",
    re.IGNORECASE,
)
_NOTHING: Mapping[str, Any] = MappingProxyType({})


def at(source: Any, *keys: str) -> Any:
    """What lies under `keys`, as it is; None where anything on the way is missing or no object."""
    for key in keys:
        if type(source) is not dict and not isinstance(source, Mapping):  # asked millions of times: the usual first
            return None
        source = source.get(key)
    return source


def text(source: Any, *keys: str) -> str:
    """A text; a number is written out, everything else is ''."""
    value = at(source, *keys)
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


def flag(source: Any, *keys: str) -> Optional[bool]:
    """True or False; DSS also writes them as the words "true" and "false". None where it is neither."""
    value = at(source, *keys)
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.strip().lower()) if isinstance(value, str) else None


def number(source: Any, *keys: str) -> Optional[float]:
    """A finite number, also where it is written as a text."""
    value = at(source, *keys)
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def count(source: Any, *keys: str) -> int:
    """A whole number of things, 0 where there is none."""
    return max(0, int(number(source, *keys) or 0))


def instant(source: Any, *keys: str) -> Optional[datetime]:
    """A moment in UTC, from epoch milliseconds or an ISO 8601 text. 0, absent and absurd values are None."""
    value = at(source, *keys)
    if isinstance(value, str) and not value.strip().isdigit():
        return parse_iso(value)
    millis = value if type(value) is int else number(value)
    if not millis:
        return None
    try:
        return _sane(EPOCH + timedelta(milliseconds=millis))
    except OverflowError:
        return None


def millis(source: Any, *keys: str) -> int:
    """The same in milliseconds since 1970, 0 where there is none: a moment takes six times the memory of its number."""
    value = at(source, *keys)
    if type(value) is int:
        return value if _EARLIEST_MS <= value <= _LATEST_MS else 0
    moment = instant(value)
    return 0 if moment is None else (moment - EPOCH) // _MILLISECOND


def parse_iso(value: Any) -> Optional[datetime]:
    """A moment in UTC from `2025-10-13T00:00:05.123Z`, `…+0100`, `2025-10-13 00:00` or a bare date; a text without an
    offset is read as UTC."""
    match = _ISO.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    micros = int((match.group(7) or "").ljust(6, "0")[:6])
    try:
        moment = datetime(year, month, day, hour, minute, second, micros, tzinfo=_offset(match.group(8)))
        return _sane(moment.astimezone(timezone.utc))
    except (ValueError, OverflowError):
        return None


def items(source: Any, *keys: str) -> tuple[Any, ...]:
    """The members of a list; () where there is none."""
    value = at(source, *keys)
    return tuple(value) if isinstance(value, (list, tuple)) else ()


def mappings(source: Any, *keys: str) -> tuple[Mapping[str, Any], ...]:
    """The members of a list that are objects; others are passed over."""
    return tuple(item for item in items(source, *keys) if isinstance(item, Mapping))


def texts(source: Any, *keys: str) -> tuple[str, ...]:
    """The members of a list that are texts and not empty."""
    return tuple(filter(None, (text(item) for item in items(source, *keys))))


def mapping(source: Any, *keys: str) -> Mapping[str, Any]:
    """An object; an empty one where there is none."""
    value = at(source, *keys)
    return value if type(value) is dict or isinstance(value, Mapping) else _NOTHING


def first_text(candidates: Iterable[str]) -> str:
    """The first that is not empty, or ''."""
    return next((candidate for candidate in candidates if candidate), "")


def _offset(written: Optional[str]) -> timezone:
    if not written or written in "zZ":
        return timezone.utc
    digits = written[1:].replace(":", "").ljust(4, "0")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-ahead if written[0] == "-" else ahead)


def _sane(moment: datetime) -> Optional[datetime]:
    return moment if EARLIEST <= moment <= LATEST else None
