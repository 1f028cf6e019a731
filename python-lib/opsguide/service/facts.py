"""Daily facts: a file a day in the state folder, and rows in a dataset of the user's own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from ..core import words
from ..core.facts import daily_facts, days_over
from ..dss import appending, store, watching
from ..dss.gateway import RUNS_ASKED
from ..dss.session import Clients
from ..errors import DssError, DssUnreachable, InvalidParameter
from ..model.fact import COLUMNS, KEY, SCHEMA_VERSION, Fact
from ..model.known import Known, Unknown
from ..settings import Settings
from .reading import Reading


def dataset_in(config: Mapping[str, Any]) -> str:
    """The parameter `facts_dataset`: a dataset of this project, '' for none."""
    given = config.get("facts_dataset") or ""
    if not isinstance(given, str):
        raise InvalidParameter(f"“facts_dataset” is the name of a dataset, not {given!r}", name="facts_dataset")
    return given.strip()


def keep(clients: Clients, reading: Reading, state: Known[Any], dataset: str, settings: Settings) -> str:
    """Write the days that are over and not written yet; in words what became of it, '' where there was nothing to do.

    With each new day the state folder forgets what is older than the settings say."""
    days = days_over(reading.snapshot, reading.report)
    if isinstance(reading.report.outputs, Unknown) or isinstance(reading.report.scenarios, Unknown):
        return "no facts: not all of the project could be read"
    said = []
    try:
        said += _in_folder(reading, state, days, settings) if isinstance(state, store.Store) else []
    except (DssError, DssUnreachable) as error:
        said.append(f"facts not kept in the state folder: {error}")
    if dataset:
        said.append(_in_dataset(clients, reading, state, dataset, days[-1]))
    return "; ".join(each for each in said if each)


def _in_folder(reading: Reading, state: store.Store, days: tuple[date, ...], settings: Settings) -> list[str]:
    there = {file.path for file in state.files("/facts/")}
    missing = [day for day in days if _path(day) not in there]
    if there:
        # Days before the first one on record were before the plugin watched: they are not made up.
        first = min(there)
        missing = [day for day in missing if _path(day) > first]
    else:
        missing = missing[-1:]
    for day in missing:
        state.put(_path(day), _document(reading, day))
    if not missing:
        return []
    kept = f"facts of {', '.join(day.isoformat() for day in missing)} kept"
    old = f"older than {settings.retention_days:,} days"
    try:
        gone = state.forget(days[-1] - timedelta(days=settings.retention_days))
    except (DssError, DssUnreachable) as error:
        return [f"{kept}, files {old} not deleted: {error}"]
    return [kept + (f", {words.count(gone, 'file')} {old} deleted" if gone else "")]


def _in_dataset(clients: Clients, reading: Reading, state: Known[Any], dataset: str, day: date) -> str:
    """Once a day, as far as the state folder remembers it; the dataset itself is asked before anything is appended."""
    name = f"facts-{hashlib.sha256(dataset.encode()).hexdigest()[:16]}"
    told = watching.recall(clients, reading.snapshot.project_key, state, name, "")
    if isinstance(told, Mapping) and told.get("day") == day.isoformat():
        return ""
    rows = [asdict(fact) for fact in _facts(reading, day)]
    try:
        number = appending.append(dataset, COLUMNS, rows, KEY)
    except (DssError, DssUnreachable, InvalidParameter) as error:
        return f"facts not appended: {error}"
    if isinstance(state, store.Store):
        # Where that is lost, the dataset is asked once more by the next run.
        with suppress(DssError, DssUnreachable):
            watching.remember(state, name, store.event(clients.now()[0], "evaluation", "", day=day.isoformat()))
    return f"{number:,} facts of {day.isoformat()} appended to {dataset}" if number else ""


def _facts(reading: Reading, day: date) -> tuple[Fact, ...]:
    return daily_facts(reading.snapshot, reading.report, day, RUNS_ASKED)


def _path(day: date) -> str:
    return f"/facts/{day.isoformat()}.json"


def _document(reading: Reading, day: date) -> bytes:
    """The file of a day: the same bytes from the same reading, whoever writes it."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "project_key": reading.snapshot.project_key,
        "day": day.isoformat(),
        "zone": reading.report.zone,
        "facts": [asdict(fact) for fact in _facts(reading, day)],
    }
    return json.dumps(document, sort_keys=True, ensure_ascii=False, allow_nan=False, indent=1).encode()
