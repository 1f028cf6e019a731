"""What a page offers its reader to do in place, and why it does not offer the rest."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...model.action import KINDS, RUN_SCENARIOS, WRITE_CONTENT, Rights
from ...model.guide import Cell, Inline, Link, Origin

SWITCHED_OFF = (
    "Nothing can be started from this page: actions are switched off. An administrator can allow them in the plugin's "
    "settings (“Allow actions”)"
)
_WHAT = {RUN_SCENARIOS: "run scenarios", WRITE_CONTENT: "build, compute or clear"}


@dataclass(frozen=True)
class Offers:
    """What one reader may be offered: nothing, and no word about it, on a page that cannot act (`here`). `why_not` is a
    sentence about why nothing is, '' where `rights` decide."""

    here: bool = False
    rights: Rights = field(default_factory=Rights)
    why_not: str = ""

    def may(self, kind: str) -> bool:
        """Whether an action of `action.KINDS` is offered: not where DSS would surely refuse it."""
        return self.here and not self.why_not and self.rights.holds(KINDS[kind].right) is not False

    def column(self, kind: str) -> tuple[str, ...]:
        """The head of a table's column of such actions, none where they are not offered."""
        return ("Here",) if self.may(kind) else ()

    def cells(self, cell_id: str, kind: str, subject: str, words: str) -> tuple[Cell, ...]:
        """The cell of such a column."""
        link = self.link(kind, subject)
        return () if link is None else (Cell(cell_id, words, Origin.LIVE, "what you may do here", link=link),)

    def link(self, kind: str, subject: str, label: str = "") -> Link | None:
        """The way to an action, None where it is not offered."""
        return Link("action", f"{kind}/{subject}", label=label) if self.may(kind) else None

    @property
    def said(self) -> str:
        """Why something is not offered, and who can change that; '' where everything is."""
        if not self.here or self.why_not:
            return f"{self.why_not}." if self.here else ""
        lacking = [right for right in _WHAT if self.rights.holds(right) is False]
        if not lacking:
            return ""
        what = " or ".join(_WHAT[right] for right in lacking)
        rights = " and ".join(f"“{right}”" for right in lacking)
        why = f" ({self.rights.why})" if self.rights.why else ""
        return f"You cannot {what} from here: it needs the right {rights} in this project{why}. Its administrators can give it."


NONE = Offers()


def in_place(
    offers: Offers, kind: str, subject: str, label: str, before: str = "", after: str = ""
) -> tuple[Inline, ...]:
    """The words around a way to an action, and nothing at all where it is not offered."""
    link = offers.link(kind, subject, label)
    return () if link is None else tuple(part for part in (before, link, after) if part)
