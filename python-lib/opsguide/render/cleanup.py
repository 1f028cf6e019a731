"""A clean-up as a report, as a page and as rows for a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import Any, Optional

from ..model.cleanup import (
    CLEAR,
    DELETE,
    END,
    GROUP,
    QUARANTINE,
    RELEASE,
    SCHEMA_VERSION,
    STOP,
    Candidate,
    Debt,
    Gap,
    Overview,
    Past,
    Plan,
    Receipt,
    Report,
    Sum,
    Thing,
)
from ..model.guide import Cell, Origin
from . import html
from .phrases import clock_patterns, zone_of
from .urls import Urls

# Rows of a group on screen; all of them are in the CSV file.
MAX_ROWS = 60
_VERBS = {
    DELETE: "delete",
    QUARANTINE: "quarantine",
    RELEASE: "release from quarantine",
    CLEAR: "clear",
    END: "end",
    STOP: "stop",
}
_OUTCOMES = {"done": "done", "gone": "already gone", "left": "left", "failed": "failed"}
# A spreadsheet takes a cell that begins so for a formula, whatever quotes stand around it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True)
class Line:
    """One candidate or receipt as it is shown."""

    name: str
    project_key: str
    action: str
    why: str
    age: str
    size: str
    last_use: str
    rebuild: str
    notes: tuple[str, ...]
    tone: str  # a state of the page's colours: good, notice, bad, quiet


@dataclass(frozen=True)
class Part:
    """One group as it is shown; `more` rows are in the CSV file only."""

    title: str
    verb: str
    goes: int
    free: str
    protected: int
    does: str
    undo: str
    lines: tuple[Line, ...]
    spared: tuple[Line, ...]
    more: int


def report(found: Report, urls: Urls) -> str:
    """The macro's result: a part of DSS's own page with its style inside."""
    return html.page("cleanup_result.html", found.zone, urls, shown=view(found))


def view(found: Report) -> dict[str, Any]:
    """What the templates of a report place."""
    plan, execution = found.plan, found.execution
    return {
        "plan": plan,
        "execution": execution,
        "headline": _executed(found) if execution else _planned(plan),
        "made": _moment(plan.made_at, found.zone),
        "parts": _parts(plan),
        "quiet": _nothing_found(plan),
        "receipts": _receipt_lines(execution.receipts) if execution else (),
        "more_receipts": max(0, len(execution.receipts) - MAX_ROWS) if execution else 0,
        "gaps": tuple((GROUP[gap.group].title, gap.project_key, _why(gap)) for gap in plan.gaps if gap.group in GROUP),
        "notes": found.notes,
        "kept_at": found.kept_at,
        "for_good": _for_good(plan) if execution is None else (),
        "debt": said_size(plan.log_debt) if plan.log_debt is not None else "",
        "projects": _projects(plan),
    }


def _parts(plan: Plan) -> tuple[Part, ...]:
    """The groups in which something was found, those first of which something goes."""
    found = sorted((each for each in plan.sums if each.goes or each.protected), key=lambda each: not each.goes)
    return tuple(_part(plan, each, many=len(plan.projects) > 1) for each in found)


def _nothing_found(plan: Plan) -> str:
    unseen = {gap.group for gap in plan.gaps}
    empty = (each.group for each in plan.sums if not (each.goes or each.protected) and each.group not in unseen)
    return ", ".join(GROUP[name].title.lower() for name in empty)


def _planned(plan: Plan) -> str:
    tagged = [c.action for c in plan.going if c.action in (QUARANTINE, RELEASE)]
    goes = sum(each.goes for each in plan.sums) - len(tagged)
    freed = _freed(plan)
    said = [f"{_count(goes, 'thing')} would go" + (f", freeing {freed}" if freed else "")] if goes else []
    said += [f"{_count(tagged.count(QUARANTINE), 'object')} into quarantine"] if QUARANTINE in tagged else []
    said += [f"{_count(tagged.count(RELEASE), 'object')} out of quarantine"] if RELEASE in tagged else []
    return "; ".join(said) or "Nothing to clean up"


def _freed(plan: Plan) -> str:
    frees = {name for name, group in GROUP.items() if group.action in (DELETE, CLEAR)}
    sums = [each for each in plan.sums if each.group in frees]
    size, unsized = sum(each.size for each in sums), sum(each.unsized for each in sums)
    if not unsized:
        return said_size(size) if size else ""
    return f"{said_size(size)} and more: the size of {unsized:,} is not known" if size else "an unknown size"


def _executed(found: Report) -> str:
    execution = found.execution
    if execution is None:
        return ""
    counts = (f"{execution.count(name):,} {words}" for name, words in _OUTCOMES.items() if execution.count(name))
    return f"{', '.join(counts) or 'Nothing was left to do'}; freed {said_size(execution.freed)}"


def _for_good(plan: Plan) -> tuple[str, ...]:
    """What cannot be undone is said before: by group, in its own words."""
    going = dict.fromkeys(c.thing.group for c in plan.going if c.action in (DELETE, END))
    return tuple(f"{GROUP[name].title}: {GROUP[name].undo}" for name in going)


def _projects(plan: Plan) -> str:
    return plan.projects[0] if len(plan.projects) == 1 else f"{len(plan.projects)} projects"


def _part(plan: Plan, total: Sum, *, many: bool) -> Part:
    group = GROUP[total.group]
    own = [candidate for candidate in plan.candidates if candidate.thing.group == total.group]
    going, spared = [c for c in own if c.goes], [c for c in own if not c.goes]
    shown = going[:MAX_ROWS], spared[: MAX_ROWS // 2]
    return Part(
        group.title,
        _VERBS[group.action],
        total.goes,
        _would_free(total),
        total.protected,
        group.does,
        group.undo,
        tuple(_line(c, plan.made_at, many) for c in shown[0]),
        tuple(_line(c, plan.made_at, many) for c in shown[1]),
        total.goes + total.protected - len(shown[0]) - len(shown[1]),
    )


def _would_free(total: Sum) -> str:
    if not total.goes or GROUP[total.group].action in (END, STOP, QUARANTINE):
        return "–"
    return said_size(total.size) if total.size or not total.unsized else "unknown"


def _line(candidate: Candidate, now: datetime, many: bool) -> Line:
    thing = candidate.thing
    signs = tuple(signal.text for signal in thing.signals if signal.text)
    return Line(
        thing.name or thing.id,
        thing.project_key if many else "",
        _VERBS[candidate.action],
        candidate.reason,
        _age(thing.at, now),
        said_size(thing.size),
        _age(_last_use(thing), now, "ago"),
        thing.rebuild,
        candidate.protected_by if candidate.protected_by else signs,
        "quiet" if candidate.protected_by else "notice",
    )


def _receipt_lines(receipts: Sequence[Receipt]) -> tuple[Line, ...]:
    """What did not go as planned first."""
    order = ("failed", "left", "gone", "done")
    ranked = sorted(receipts, key=lambda receipt: order.index(receipt.outcome) if receipt.outcome in order else 0)
    return tuple(_receipt_line(receipt) for receipt in ranked[:MAX_ROWS])


def _receipt_line(receipt: Receipt) -> Line:
    tone = {"done": "good", "failed": "bad", "left": "notice"}.get(receipt.outcome, "quiet")
    title = GROUP[receipt.group].title if receipt.group in GROUP else receipt.group
    said = f"{_VERBS.get(receipt.action, receipt.action)}: {_OUTCOMES.get(receipt.outcome, receipt.outcome)}"
    return Line(receipt.name, title, said, receipt.reason, "", said_size(receipt.size), "", "", (receipt.text,), tone)


def _last_use(thing: Thing) -> Optional[datetime]:
    return max(filter(None, (thing.used_at, thing.at)), default=None)


def _moment(at: datetime, zone: str) -> Cell:
    """An instant on the project's clock, as the cell that follows the reader's choice of another."""
    local = at.astimezone(zone_of(zone) or timezone.utc)
    return Cell("", clock_patterns(local)[0][1], Origin.LIVE, at=at)


def _age(at: Optional[datetime], now: datetime, after: str = "") -> str:
    if at is None:
        return "unknown"
    hours = (now - at).total_seconds() / 3600
    said = _count(int(hours // 24), "day") if hours >= 48 else f"{max(0, int(hours))} h"
    return f"{said} {after}".strip()


def said_size(size: Optional[int]) -> str:
    """A size as people say it: 1,200,000 is "1.2 MB"."""
    if size is None:
        return "unknown"
    value = float(size)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 999.95 or unit == "TB":
            break
        value /= 1000
    return f"{size} B" if unit == "B" else f"{value:.1f} {unit}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


# --- rows ------------------------------------------------------------------------------------------------------------


def candidates_csv(plan: Plan) -> bytes:
    """Every candidate of a plan, protected ones too."""
    head = ("group", "project", "id", "name", "action", "reason", "since", "bytes", "last_use", "rebuild", "signals")
    rows = (
        (
            c.thing.group,
            c.thing.project_key,
            c.thing.id,
            c.thing.name,
            c.action,
            c.reason,
            _iso(c.thing.at),
            c.thing.size,
            _iso(_last_use(c.thing)),
            c.thing.rebuild,
            "; ".join(signal.text for signal in c.thing.signals if signal.text),
            "; ".join(c.protected_by),
        )
        for c in plan.candidates
    )
    return _csv((*head, "protected_by"), rows)


def receipts_csv(receipts: Sequence[Receipt]) -> bytes:
    """Every receipt of an execution."""
    head = ("group", "project", "id", "name", "action", "outcome", "text", "bytes", "reason", "at")
    rows = (
        (r.group, r.project_key, r.id, r.name, r.action, r.outcome, r.text, r.size, r.reason, _iso(r.at))
        for r in receipts
    )
    return _csv(head, rows)


def _csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(head)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return out.getvalue().encode()


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _iso(at: Optional[datetime]) -> str:
    return at.isoformat() if at else ""


def _why(gap: Gap) -> str:
    return f"{gap.reason} (needs {gap.needs})" if gap.needs else gap.reason


# --- the page --------------------------------------------------------------------------------------------------------


def page_document(found: Overview, permit: html.Permit, urls: Urls, root: str = "") -> str:
    """The page as a whole that needs no script."""
    return _page("cleanup_document.html", found, permit, urls, root)


def page_fragment(found: Overview, permit: html.Permit, urls: Urls, root: str = "") -> str:
    """The page without the document around it."""
    return _page("cleanup.html", found, permit, urls, root)


def page_json(found: Overview, project_key: str) -> str:
    """The same for programs: instants in ISO 8601, sizes in bytes, names as in `model.cleanup`."""
    told = {"schema_version": SCHEMA_VERSION, "project_key": project_key, **asdict(found)}
    return json.dumps(told, default=lambda at: at.isoformat(), ensure_ascii=False, allow_nan=False)


def _page(template: str, found: Overview, permit: html.Permit, urls: Urls, root: str) -> str:
    plan = found.plan
    kept = f"/plans/{plan.id}.json, /plans/{plan.id}.csv" if plan else ""
    return html.page(
        template,
        found.zone,
        urls,
        found=found,
        permit=permit,
        root=root,
        headline=_headline(found),
        approved_at=_moment(found.approved_at, found.zone) if found.approved_at and not found.executed else None,
        past=tuple(_past_line(each, found.zone) for each in found.past),
        growth=_growth(found.debts),
        report=view(Report(plan, kept_at=kept, zone=found.zone)) if plan else None,
    )


def _headline(found: Overview) -> str:
    if found.unknown:
        return f"What there is to clean up is not known: {found.unknown}"
    if found.plan is None:
        return "Nobody has made a plan yet"
    done = "; it was executed" if found.executed else ""
    return f"{_planned(found.plan)}{done}"


def _past_line(past: Past, zone: str) -> tuple[Optional[Cell], str, str, str, str]:
    at = _moment(past.ended_at, zone) if past.ended_at else None
    counts = ((past.done, "done"), (past.gone, "already gone"), (past.left, "left"), (past.failed, "failed"))
    said = ", ".join(f"{number:,} {word}" for number, word in counts if number) or "nothing"
    return (at, past.by or "an API key", said, said_size(past.freed), past.plan_id)


@dataclass(frozen=True)
class Growth:
    """The logs' size over time as a line of 600 by 60: `points` of an SVG polyline, and the same in words."""

    points: str
    summary: str


def _growth(debts: Sequence[Debt]) -> Optional[Growth]:
    if len(debts) < 2:
        return None
    first, last, most = debts[0], debts[-1], max(debt.size for debt in debts) or 1
    span = (last.at - first.at).total_seconds() or 1.0
    points = (
        f"{600 * (debt.at - first.at).total_seconds() / span:.1f},{58 - 56 * debt.size / most:.1f}" for debt in debts
    )
    days = max(1, round(span / 86_400))
    said = f"From {said_size(first.size)} to {said_size(last.size)} within {_count(days, 'day')}; at most {said_size(most)}."
    return Growth(" ".join(points), said)
