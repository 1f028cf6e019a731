"""Actions as HTML, Markdown and JSON: before they are confirmed, while they go on, and the list of them."""

from __future__ import annotations

import json
from typing import Any, Optional

from ..model.action import Check, Order, Progress, Record, Target
from ..model.action_page import ActionPage, ActionsPage, ProgressPage
from ..model.guide import Link
from ..model.known import Unknown
from ..model.report import DurationStat
from . import html
from .html import NO_FORMS, Permit
from .json import as_instant, as_seconds
from .markdown import page_markdown
from .phrases import exact
from .urls import Urls


def action_document(found: ActionPage, urls: Urls, permit: Permit = NO_FORMS, root: str = "../") -> str:
    """An action before it is confirmed, as a whole page that needs no script."""
    return _page("action_document.html", found, urls, root, permit=permit)


def action_fragment(found: ActionPage, urls: Urls, permit: Permit = NO_FORMS, root: str = "../") -> str:
    """The same without the document around it."""
    return _page("action.html", found, urls, root, permit=permit)


def progress_document(found: ProgressPage, urls: Urls, *, with_log: bool = False, root: str = "../") -> str:
    """An action that was asked for, as a whole page; without script it looks again by itself."""
    return _progress("progress_document.html", found, urls, with_log, root)


def progress_fragment(found: ProgressPage, urls: Urls, *, with_log: bool = False, root: str = "../") -> str:
    """The same without the document around it."""
    return _progress("progress.html", found, urls, with_log, root)


def actions_document(found: ActionsPage, urls: Urls, root: str = "") -> str:
    """What was asked for lately, and what can be, as a whole page that needs no script."""
    return _page("actions_document.html", found, urls, root)


def actions_fragment(found: ActionsPage, urls: Urls, root: str = "") -> str:
    """The same without the document around it."""
    return _page("actions.html", found, urls, root)


def _progress(template: str, found: ProgressPage, urls: Urls, with_log: bool, root: str) -> str:
    log = found.progress.log
    unread = log if isinstance(log, Unknown) else None
    lines = () if isinstance(log, Unknown) else log
    to_abort = Link("action", f"{found.abort.kind}/{found.abort.subject}") if found.abort else None
    return _page(template, found, urls, root, with_log=with_log, unread=unread, lines=lines, to_abort=to_abort)


def _page(template: str, found: Any, urls: Urls, root: str, **values: Any) -> str:
    first, _, rest = found.headline.partition("; ")
    return html.page(template, found.zone, urls, found=found, first=first, rest=rest, root=root, **values)


# --- to send, to print, to keep --------------------------------------------------------------------------------------


def action_markdown(found: ActionPage, urls: Urls) -> str:
    notice = (("Notice Ready to Send", found.proposal.notice.splitlines()),)
    return _markdown(found, urls, notice)


def progress_markdown(found: ProgressPage, urls: Urls) -> str:
    log = found.progress.log
    return _markdown(found, urls, (("The End of the Log", () if isinstance(log, Unknown) else log),))


def actions_markdown(found: ActionsPage, urls: Urls) -> str:
    return _markdown(found, urls)


def _markdown(found: Any, urls: Urls, verbatim: tuple[tuple[str, Any], ...] = ()) -> str:
    read = exact(found.taken_at, found.zone)
    return page_markdown(found.title, found.headline, read, found.sections, urls, verbatim=verbatim)


# --- for programs ----------------------------------------------------------------------------------------------------


def action_json(found: ActionPage) -> str:
    """What would be done, as JSON text."""
    proposal = found.proposal
    unknown, takes = proposal.targets if isinstance(proposal.targets, Unknown) else None, proposal.takes
    return _dumped(
        found,
        {
            "order": proposal.order.to_json(),
            "name": proposal.name,
            "right": proposal.right,
            "why_not": found.why_not,
            "checks": [_check(check) for check in proposal.checks],
            "targets": None if isinstance(proposal.targets, Unknown) else [_target(each) for each in proposal.targets],
            "targets_unknown": None if unknown is None else {"reason": unknown.reason, "needs": unknown.needs},
            "usual_seconds": as_seconds(takes.p50) if isinstance(takes, DurationStat) else None,
            "expected_end": as_instant(proposal.expected_end),
            "notify": list(proposal.notify),
            "notice": proposal.notice,
        },
    )


def progress_json(found: ProgressPage) -> str:
    """An action that was asked for, as JSON text: to be polled every `next_check_seconds`, null when it is over."""
    log = found.progress.log
    return _dumped(
        found,
        {
            **_now(found.progress),
            "next_check_seconds": as_seconds(found.next_check_seconds),
            "log": None if isinstance(log, Unknown) else list(log),
        },
    )


def actions_json(found: ActionsPage) -> str:
    """What was asked for lately, as JSON text."""
    return _dumped(found, {"actions": [_record(record) for record in found.records]})


def _dumped(found: Any, more: dict[str, Any]) -> str:
    data = {
        "schema_version": found.schema_version,
        "project_key": found.project_key,
        "title": found.title,
        "taken_at": as_instant(found.taken_at),
        "zone": found.zone,
        "headline": found.headline,
        "tone": found.tone.value,
        **more,
    }
    return json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1)


def _check(check: Check) -> dict[str, Any]:
    return {
        "id": check.id,
        "standing": check.standing.value,
        "text": check.text,
        "evidence": list(check.evidence),
        "needs": check.needs,
    }


def _target(target: Target) -> dict[str, Any]:
    return {"name": target.name, "kind": target.ref.kind, "is_output": target.is_output, "waits": list(target.waits)}


def _record(record: Record) -> dict[str, Any]:
    return {
        "id": record.id,
        "order": record.order.to_json(),
        "title": record.title,
        "state": record.state.value,
        "outcome": record.outcome,
        "said": record.said,
        "at": as_instant(record.at),
        "by": record.by,
        "reason": record.reason,
        "run_id": record.run_id,
        "job_id": record.job_id,
        "started_at": as_instant(record.started_at),
        "ended_at": as_instant(record.ended_at),
    }


def _now(progress: Progress) -> dict[str, Any]:
    return {
        **_record(progress.record),
        "state": progress.state.value,
        "outcome": progress.outcome,
        "said": progress.said,
        "step": progress.step,
        "started_at": as_instant(progress.started_at),
        "ended_at": as_instant(progress.ended_at),
        "expected_end": as_instant(progress.expected_end),
        "late": progress.late,
        "may_abort": _order(progress.may_abort),
    }


def _order(order: Optional[Order]) -> Optional[dict[str, str]]:
    return None if order is None else order.to_json()
