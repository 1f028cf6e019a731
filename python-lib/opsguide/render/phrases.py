"""What every format says in the same words: origins, states, exact times."""

from __future__ import annotations

from datetime import datetime, timezone, tzinfo
from typing import Optional
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..model.guide import Cell, Guide, Missing, Origin, Tone

ORIGIN_WORDS = {
    Origin.LIVE: "live",
    Origin.INFERRED: "inferred",
    Origin.DECLARED: "declared",
    Origin.DEFAULT: "default",
    Origin.NOT_DECLARED: "not declared",
    Origin.UNKNOWN: "unknown",
}
ORIGIN_MEANINGS = {
    Origin.LIVE: "DSS says so",
    Origin.INFERRED: "worked out from history",
    Origin.DECLARED: "the project's owners say so",
    Origin.DEFAULT: "nobody said: the guide's own",
    Origin.NOT_DECLARED: "only the owners can say, and have not",
    Origin.UNKNOWN: "could not be told",
}
ORIGIN_MARKS = {
    Origin.LIVE: "•",
    Origin.INFERRED: "≈",
    Origin.DECLARED: "†",
    Origin.DEFAULT: "°",
    Origin.NOT_DECLARED: "–",
    Origin.UNKNOWN: "?",
}
TONE_WORDS = {
    Tone.GOOD: "good",
    Tone.NOTICE: "attention",
    Tone.BAD: "problem",
    Tone.UNKNOWN: "unknown",
    Tone.QUIET: "quiet",
}
CALLOUT_WORDS = {
    "warning": "Warning",
    "important": "Important",
    "note": "Note",
    "corrected": "DSS has changed",
}
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def shown(cell: Cell) -> str:
    """What stands in the cell's place: its value, or in words why there is none."""
    if cell.value:
        return cell.value
    if cell.origin is Origin.UNKNOWN and cell.reason:
        return f"unknown: {cell.reason}"
    return ORIGIN_WORDS[cell.origin]


def header_label(guide: Guide, cell: Cell) -> str:
    """What a cell of the header would say, where it says nothing; a cell with a value reads by itself."""
    if cell.value:
        return ""
    return next((missing.label for missing in guide.completeness.missing if missing.cell_id == cell.id), "")


def gaps(guide: Guide) -> tuple[tuple[str, tuple[Missing, ...]], ...]:
    """What is missing, under the title of the section that misses it, in the guide's order; the header's comes first."""
    by_section: dict[str, list[Missing]] = {}
    for missing in guide.completeness.missing:
        by_section.setdefault(missing.section_id, []).append(missing)
    titles = {"": "Header", **{section.id: section.title for section in guide.sections}}
    order = {**dict.fromkeys(titles), **dict.fromkeys(by_section)}
    return tuple((titles.get(name, name), tuple(by_section[name])) for name in order if name in by_section)


def origin_phrase(cell: Cell) -> str:
    """Where the value came from, in a few words: "inferred from 28 runs since 12 Sep", "declared". A source without a
    number says little at a glance; it stands in the cell's evidence."""
    word = ORIGIN_WORDS[cell.origin]
    return f"{word} from {cell.source}" if cell.origin is Origin.INFERRED and cell.source[:1].isdigit() else word


def percent(share: float) -> int:
    """Whole percent of a share, rounded down: 100 is said only when nothing is missing."""
    return int(max(0.0, min(1.0, share)) * 100 + 1e-9)


def verdict_words(verdict: str) -> str:
    """A verdict's name as people say it: NOT_RUN is "not run"."""
    return verdict.replace("_", " ").strip().lower()


def callout_word(kind: str) -> str:
    return CALLOUT_WORDS.get(kind, CALLOUT_WORDS["note"])


def zone_of(name: str) -> Optional[tzinfo]:
    """The zone of that IANA name, or None where there is no such zone."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def exact(instant: datetime, zone: str) -> str:
    """An instant to the second with its zone, as for a record: "Tue 12 Aug 2025, 06:41:10 CEST (Europe/Paris)"."""
    local = instant.astimezone(zone_of(zone) or timezone.utc)
    named = f" ({zone})" if zone_of(zone) and zone != local.tzname() else ""
    return f"{day(local)} {local.year}, {local:%H:%M:%S} {local.tzname()}{named}"


def day(local: datetime) -> str:
    """ "Tue 12 Aug": independent of the machine's language."""
    return f"{_WEEKDAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]}"


def clock_patterns(local: datetime) -> tuple[tuple[str, str], ...]:
    """The ways a guide's text may spell an instant, longest first, as (name of the pattern, spelling)."""
    weekday, hours = _WEEKDAYS[local.weekday()], f"{local:%H:%M}"
    date = f"{local.day} {_MONTHS[local.month - 1]}"
    return (
        ("weekday day month year time", f"{weekday} {date} {local.year} {hours}"),
        ("weekday day month time", f"{weekday} {date} {hours}"),
        ("day month year time", f"{date} {local.year} {hours}"),
        ("day month time", f"{date} {hours}"),
        ("weekday time", f"{weekday} {hours}"),
        ("time", hours),
    )
