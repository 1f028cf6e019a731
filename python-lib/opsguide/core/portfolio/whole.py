"""All projects in order, and the sentence that comes first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from ...model.guide import Tone
from ...model.portfolio import VERDICTS, NotRead, Portfolio, Standing, Surroundings
from .. import words
from .findings import find
from .tables import banners, sections

_SAID = {
    "ERROR": ("has errors", "have errors"),
    "WARNING": ("warns", "warn"),
    "UNKNOWN": ("cannot be told", "cannot be told"),
}
_WELL = {
    "AS_USUAL": ("as usual", "as usual"),
    "OK": ("as it should be", "as they should be"),
    "IDLE": ("with nothing that runs", "with nothing that runs"),
    "QUIET": ("a design copy, where nothing alarms", "design copies, where nothing alarms"),
}
_TONES = {"ERROR": Tone.BAD, "WARNING": Tone.NOTICE, "UNKNOWN": Tone.UNKNOWN}


def portfolio(
    standings: Sequence[Standing],
    not_read: Sequence[NotRead],
    around: Surroundings,
    taken_at: datetime,
    *,
    notes: Sequence[str] = (),
    scope: str = "",
    whole: bool = False,
    reading: bool = False,
) -> Portfolio:
    """The portfolio as of `taken_at`, in an order that does not depend on the one in which projects were read. `whole`
    says that the caller sees all projects of the instance, `reading` that more is to come."""
    ordered = tuple(sorted(standings, key=_rank))
    left = tuple(sorted(not_read, key=lambda each: each.project.key))
    counts = Counter(standing.verdict for standing in ordered)
    total = len(ordered) + len(left)
    # `notes` say why no project could be listed: then nothing is known of any, least of all that it is fine.
    unlisted = not total and bool(notes)
    found = Portfolio(
        taken_at=taken_at,
        headline="No project could be read" if unlisted else _headline(counts, len(ordered), len(left), reading),
        tone=_tone(ordered, counts, bool(left) or unlisted),
        total=total,
        projects=ordered,
        not_read=left,
        findings=() if reading or not total else find(ordered, len(left), around, taken_at, whole=whole),
        notes=tuple(notes),
        scope=scope,
        reading=reading,
    )
    return replace(found, banners=banners(found), sections=sections(found))


def _rank(standing: Standing) -> tuple[int, int, str]:
    return VERDICTS.index(standing.verdict), -len(standing.problems) - standing.more_problems, standing.key


def _tone(standings: Sequence[Standing], counts: Counter[str], left: bool) -> Tone:
    """GOOD only where each project in which anything runs is known to be well, nothing of it muted."""
    worst = next((tone for verdict, tone in _TONES.items() if counts[verdict]), None)
    if worst in (Tone.BAD, Tone.NOTICE):
        return worst
    if worst is Tone.UNKNOWN or left:
        return Tone.UNKNOWN
    going = [each.tone for each in standings if each.verdict in ("OK", "AS_USUAL")]
    return Tone.GOOD if going and set(going) == {Tone.GOOD} else Tone.NONE


def _headline(counts: Counter[str], judged: int, left: int, reading: bool) -> str:
    """ "3 of 240 projects have errors, 5 warn, 12 not read; 220 as they should be"."""
    total = judged + left
    if not total:
        return "No project was found"
    clauses = [(counts[verdict], said[counts[verdict] != 1]) for verdict, said in _SAID.items() if counts[verdict]]
    if left:
        clauses.append((left, "not read yet" if reading else "not read"))
    well = [f"{counts[verdict]:,} {said[counts[verdict] != 1]}" for verdict, said in _WELL.items() if counts[verdict]]
    if not clauses:
        return f"{words.count(total, 'project')}: " + ", ".join(well)
    (number, said), *rest = clauses
    wrong = [f"{number:,} of {words.count(total, 'project')} {said}", *(f"{count:,} {text}" for count, text in rest)]
    return "; ".join(part for part in (", ".join(wrong), ", ".join(well)) if part)
