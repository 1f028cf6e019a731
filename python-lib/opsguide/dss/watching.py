"""What an evaluation saw last, kept where the next one, another process, finds it: in the state folder, and in the
variables of the scenario's last run. Either may be missing; the newer of both counts."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from typing import Any, Optional

from ..errors import DssError, DssUnreachable
from ..model.event import Event, from_json, instant_of, to_json
from ..model.known import Cause, Known, Unknown
from . import raw
from .session import Clients, path
from .store import Store

VARIABLE = "operations_seen"
_RUNS_ASKED = 3


def recall(
    clients: Clients,
    project_key: str,
    state: Known[Optional[Store]],
    question: str,
    scenario_id: str,
    kept_in: str = VARIABLE,
) -> Known[Any]:
    """The data of the last evaluation that asked the same; `kept_in` is the variable that runs keep it in. None where
    there was none yet, Unknown where there is no place to remember it in or none could be read."""
    found: list[tuple[datetime, Any]] = []
    folder = isinstance(state, Store)
    try:
        found += _in_folder(state, question) if isinstance(state, Store) else []
    except (DssError, DssUnreachable):
        folder = False
    # The folder is the better memory: without either it is said below.
    with suppress(DssError, DssUnreachable):
        found += _in_runs(clients, project_key, scenario_id, question, kept_in) if scenario_id else []
    if found:
        return max(found, key=lambda each: each[0])[1]
    if folder:
        return None
    return Unknown(
        "what was seen before is not known", Cause.NOT_RECORDED, "the state folder, which instrument-project makes"
    )


def remember(state: Store, question: str, note: Event) -> None:
    """Keep what was seen. DssError where the caller may not write."""
    state.put(f"{_tree(question)}{note.path.rpartition('/')[2]}", to_json(note).encode())


def variable(at: datetime, question: str, data: Any) -> str:
    """The same as a scenario variable, for the run after this one."""
    return json.dumps({"at": at.isoformat(), "question": question, "data": data}, sort_keys=True)


def _in_folder(state: Store, question: str) -> list[tuple[datetime, Any]]:
    kept = sorted(file.path for file in state.files(_tree(question)) if instant_of(file.path) is not None)
    note = from_json(state.document(kept[-1])) if kept else None
    return [(note.at, dict(note.data))] if note else []


def _in_runs(
    clients: Clients, project_key: str, scenario_id: str, question: str, kept_in: str
) -> list[tuple[datetime, Any]]:
    place = path("projects", project_key, "scenarios", scenario_id, "get-last-runs")
    for run in clients.get_items(place, {"limit": _RUNS_ASKED, "onlyFinishedRuns": True}):
        try:
            told = json.loads(raw.text(run, "variables", kept_in))
        except (ValueError, RecursionError):
            continue
        at = raw.parse_iso(raw.text(told, "at"))
        if at is not None and raw.text(told, "question") == question:
            return [(at, raw.at(told, "data"))]
    return []


def _tree(question: str) -> str:
    return f"/watch/{question}/"
