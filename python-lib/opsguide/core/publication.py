"""What publishing would do, or did, as a document: one table of where the guide goes, and what was in the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from ..model.guide import Block, Callout, Cell, Guide, Item, Items, Link, Origin, Section, Table, Text, Tone
from . import words

_SECTION = "publish-guide"


@dataclass(frozen=True)
class Publication:
    """Where the guide goes and what becomes of it there. `verb` is what is done ("create", "change", "leave", "refuse");
    `details` are sentences, `cautions` those that somebody has to act on."""

    place: str
    verb: str
    said: str
    link: Optional[Link] = None
    details: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()

    @property
    def writes(self) -> bool:
        return self.verb in ("create", "change")


def publication_guide(guide: Guide, plan: Publication, done: bool, notes: Sequence[str] = ()) -> Guide:
    """The macro's result. `done` says whether it was written, or is only shown; `notes` go below."""
    head = "Published" if done and plan.writes else "Not written" if done else "Preview: nothing was written"
    tone = Tone.NOTICE if plan.verb == "refuse" else Tone.GOOD if done and plan.writes else Tone.NONE
    row = (
        Cell(f"{_SECTION}.place", plan.place, Origin.LIVE, link=plan.link),
        Cell(f"{_SECTION}.what", plan.said, Origin.LIVE, tone=tone, evidence=plan.details),
    )
    blocks: list[Block] = [Callout("warning", (caution,)) for caution in plan.cautions]
    blocks.append(Table(("Where", "What was done" if done else "What would be done"), (row,)))
    if plan.details:
        blocks.append(Items(tuple(Item((detail,)) for detail in plan.details)))
    blocks += [Text((note,)) for note in notes]
    if not done and plan.writes:
        blocks.append(Text(("To write it, run the macro again with “Write it”.",)))
    counts = guide.completeness
    known = f"{words.percent(counts.share)} of its cells are known; {words.count(len(counts.missing), 'cell')} missing."
    blocks.append(Text((f"The guide itself: {words.count(len(guide.sections), 'section')}, {known}",)))
    section = Section(_SECTION, head, tuple(blocks))
    return Guide(guide.project_key, guide.title, guide.taken_at, guide.zone, (), (), (section,), type(counts)())
