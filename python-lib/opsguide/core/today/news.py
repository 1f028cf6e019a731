"""What an evaluation says that the one before did not: a watch that looks every quarter of an hour speaks once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Optional

from ...model.known import Known, Unknown
from ...model.today import Evaluation, Look, Seen
from .evaluation import SEVERITIES, VERDICTS

# Where the project could not be read at all: not of any object, and told once like everything else.
BLIND = ("UNKNOWN", "project")


def compare(found: Evaluation, before: Known[Optional[Seen]], fail_at: str, only_on_change: bool) -> Look:
    """The evaluation against what was seen before (None: nothing yet). With `only_on_change` it fails only when something
    is wrong that was not, or is worse than it was; where that cannot be told it fails rather too often than never."""
    if isinstance(before, Unknown):
        return Look(found, None, reason=before.reason)
    known = {about: verdict for verdict, about in (before.wrong if before else ())}
    new = tuple(
        (verdict, about) for verdict, about in found.wrong if about not in known or _rank(verdict) < _rank(known[about])
    )
    previous = before.verdict if before else ""
    changed = bool(new) or found.verdict != (previous or "OK")
    if only_on_change and found.fails:
        telling = any((verdict, about) == BLIND or _fails(verdict, fail_at) for verdict, about in new)
        # Some of what makes a day bad is of no single object: an outage of the instance, say.
        worse = _rank(found.verdict) < _rank(previous or "OK") and _fails(found.verdict, fail_at)
        found = replace(found, fails=telling or worse)
    return Look(found, changed, previous, tuple(about for _, about in new))


def differs(found: Evaluation, before: Known[Optional[Seen]]) -> bool:
    """Whether what was seen has to be kept: also when something is well again, so that its next failure is news."""
    if before is None or isinstance(before, Unknown):
        return True
    return (before.verdict, frozenset(before.wrong)) != (found.verdict, frozenset(found.wrong))


def question(fail_at: str, scenarios: Collection[str], outputs: Collection[str], only_on_change: bool) -> str:
    """A short name of what is asked: only evaluations that ask the same are compared."""
    asked = [fail_at, sorted(scenarios), sorted(outputs), only_on_change]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]


def to_data(found: Evaluation) -> dict[str, Any]:
    """What has to be kept of an evaluation, JSON values only."""
    return {"verdict": found.verdict, "wrong": [list(each) for each in found.wrong]}


def from_data(data: Any) -> Optional[Seen]:
    """What was kept; None where it cannot be read."""
    if not isinstance(data, Mapping) or data.get("verdict") not in VERDICTS or not isinstance(data.get("wrong"), list):
        return None
    pairs = [each for each in data["wrong"] if isinstance(each, list) and len(each) == 2]
    return Seen(data["verdict"], tuple((str(verdict), str(about)) for verdict, about in pairs))


def _rank(verdict: str) -> int:
    return VERDICTS.index(verdict) if verdict in VERDICTS else len(VERDICTS)


def _fails(verdict: str, fail_at: str) -> bool:
    return _rank(verdict) <= SEVERITIES.index(fail_at)
