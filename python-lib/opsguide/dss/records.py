"""Internal stats of the whole instance: three reads in place of calls per project.

The datasets are named in the plugin's settings ("PROJECT.dataset"). Rows stream by in any order; of each scenario no
more is kept than its newest run and a few numbers a run, so that a large instance takes little memory.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from math import nan
from typing import Optional

from ..errors import DssNotFound
from ..model.portfolio import History
from ..model.snapshot import Dataset, Run
from . import answers, raw, stats
from .session import Clients, path

RUNS_KEPT = 60
RUNS_COMPARED = 10
OFTEN = 0.25
NAMES_COUNTED = 50
MAX_BYTES = 512 * 1024 * 1024
DAY = timedelta(days=1)
_FAILURES = frozenset({"FAILED", "ABORTED", "ERROR"})

Histories = dict[str, tuple[History, ...]]


def dataset_named(name: str) -> Dataset:
    """The dataset that a setting names; DssNotFound where the name has no project."""
    project_key, dot, dataset = name.partition(".")
    if not (project_key and dot and dataset):
        raise DssNotFound(f"“{name}” is not of the form PROJECT.dataset", status=404, path=name)
    return Dataset(dataset, project_key, stats.TYPE)


def read_histories(clients: Clients, name: str, seconds: float) -> Histories:
    """Per project the history of each scenario that ran."""
    kept: dict[tuple[str, str], _Kept] = defaultdict(_Kept)
    for row in stats.rows(clients, dataset_named(name), stats.SCENARIO_RUNS, max_bytes=MAX_BYTES, seconds=seconds):
        start = raw.parse_iso(row["time_start"])
        if start is not None:
            kept[row["scenario_project_key"], row["scenario_id"]].add(start, row)
    found: dict[str, list[History]] = defaultdict(list)
    for (project_key, scenario_id), each in kept.items():
        found[project_key].append(each.history(project_key, scenario_id))
    return {key: tuple(sorted(all_of_it, key=lambda h: h.scenario_id)) for key, all_of_it in found.items()}


def read_failed_builds(clients: Clients, name: str, seconds: float) -> dict[str, tuple[str, ...]]:
    """Per project the objects whose newest build failed."""
    newest: dict[tuple[str, str, str], tuple[datetime, bool]] = {}
    rows = stats.rows(clients, dataset_named(name), stats.FLOW_ACTIONS, max_bytes=MAX_BYTES, seconds=seconds)
    for row in rows:
        end = raw.parse_iso(row["time_end"])
        if end is None or "BUIL" not in row["type"].upper():
            continue
        place = (row["project_key"], row["object_id"], row["partition"])
        if place not in newest or newest[place][0] < end:
            newest[place] = (end, row["outcome"].upper() in _FAILURES)
    found: dict[str, set[str]] = defaultdict(set)
    for (project_key, object_id, _), (_, failed) in newest.items():
        if failed:
            found[project_key].add(object_id)
    return {key: tuple(sorted(names)) for key, names in found.items()}


def read_jobs(clients: Clients, name: str, seconds: float, now: datetime) -> dict[str, tuple[int, int]]:
    """Per project how many jobs ended in the last 24 hours, and how many of them failed."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in stats.rows(clients, dataset_named(name), stats.JOBS, max_bytes=MAX_BYTES, seconds=seconds):
        end = raw.parse_iso(row["time_end"])
        if end is not None and now - DAY <= end <= now:
            found[row["job_project_key"]][0] += 1
            found[row["job_project_key"]][1] += row["state"].upper() in _FAILURES
    return {key: (total, failed) for key, (total, failed) in found.items()}


def to_compare(found: Mapping[str, tuple[History, ...]]) -> tuple[History, ...]:
    """The scenarios worth asking directly before all is believed: the one that ran last, and the one in the middle."""
    by_start = sorted((h for each in found.values() for h in each), key=lambda h: (h.starts[-1], h.scenario_id))
    return tuple(by_start[place] for place in sorted({len(by_start) // 2, len(by_start) - 1})) if by_start else ()


def doubt(clients: Clients, history: History) -> str:
    """Why the view is not believed, '' where it is: the newest finished run that the scenario itself tells of must be
    the view's newest as well."""
    listed = clients.get_items(
        path("projects", history.project_key, "scenarios", history.scenario_id, "get-last-runs"),
        {"limit": RUNS_COMPARED, "onlyFinishedRuns": True},
    )
    direct = next((run for run in answers.runs(listed) if not run.running), None)
    if direct is None or direct.run_id == history.last.run_id or history.last.running:
        return ""
    # A run that ended while the two were read is newer in the direct answer.
    return f"it does not hold run {direct.run_id} of {history.project_key}.{history.scenario_id}"


class _Kept:
    """The newest run of one scenario, and starts and lengths of the last `RUNS_KEPT`, from rows in any order."""

    def __init__(self) -> None:
        self._numbers = array("d")
        self._names: Counter[str] = Counter()
        self._newest: Optional[tuple[datetime, Run, str]] = None

    def add(self, start: datetime, row: Mapping[str, str]) -> None:
        end = raw.parse_iso(row["time_end"])
        length = nan if end is None or end < start else (end - start).total_seconds()
        self._numbers.extend((start.timestamp(), length))
        name = row.get("trigger_name", "")
        if name in self._names or len(self._names) < NAMES_COUNTED:
            self._names[name] += 1
        if len(self._numbers) >= 4 * RUNS_KEPT:
            self._cut()
        if self._newest is None or self._newest[0] < start:
            self._newest = (start, stats.run_of(row), row.get("scenario_name", ""))

    def history(self, project_key: str, scenario_id: str) -> History:
        self._cut()
        assert self._newest is not None, "a scenario is kept with its first run"
        _, last, name = self._newest
        often = OFTEN * sum(self._names.values())
        return History(
            project_key,
            scenario_id,
            name or scenario_id,
            last,
            starts=self._numbers[0::2],
            lengths=self._numbers[1::2],
            triggers=tuple(sorted(name for name, times in self._names.items() if name and times >= often)),
        )

    def _cut(self) -> None:
        pairs = sorted(zip(self._numbers[0::2], self._numbers[1::2]))[-RUNS_KEPT:]
        self._numbers = array("d", (number for pair in pairs for number in pair))
