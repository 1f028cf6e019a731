"""Internal-stats datasets: DSS's own runtime database, all runs or all builds in one read.

A project may hold datasets of type StatsDB. Two of their views replace a call per scenario and per object. They are
never required, and believed only when they agree with what the list calls say: a view may lag, be restricted to another
project or be cut short.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Generic, Optional, TypeVar

from ..errors import DssBroken
from ..model.snapshot import Build, Dataset, Job, ObjectRef, Run
from . import raw
from .answers import NO_OUTCOME, whole
from .session import Clients, path

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

TYPE = "StatsDB"
SCENARIO_RUNS, FLOW_ACTIONS, JOBS = "SCENARIO_RUNS", "FLOW_ACTIONS", "JOBS"

MAX_BYTES = 32 * 1024 * 1024
MAX_SECONDS = 20.0
# As many as are asked of a scenario itself: what is judged by its past is then judged the same.
RUNS_KEPT = 60
BUILDS_KEPT = 200

# With fewer, asking each scenario costs no more than reading the view and checking it.
WORTH_FROM_SCENARIOS = 5

NEEDED = {
    SCENARIO_RUNS: ("scenario_project_key", "scenario_id", "scenario_run_id", "time_start", "time_end", "outcome"),
    JOBS: ("job_project_key", "job_id", "time_end", "state"),
    FLOW_ACTIONS: ("project_key", "object_id", "partition", "job_id", "time_start", "time_end", "outcome", "type"),
}
_SUCCESS = {
    "SUCCESS": True,
    "WARNING": True,
    "DONE": True,
    "OK": True,
    "FAILED": False,
    "ABORTED": False,
    "ERROR": False,
}


def dataset_of(view: str, datasets: Sequence[Dataset]) -> Optional[Dataset]:
    """The project's dataset over `view`, where it has one."""
    return next((dataset for dataset in datasets if dataset.type == TYPE and dataset.location == view), None)


def read_runs(clients: Clients, dataset: Dataset, project_key: str) -> Mapping[str, tuple[Run, ...]]:
    """Per scenario id the newest runs, newest first."""
    newest: _Newest[str, Run] = _Newest(RUNS_KEPT, lambda run: run.start)
    for row in rows(clients, dataset, SCENARIO_RUNS):
        if row["scenario_project_key"] == project_key:
            newest.add(row["scenario_id"], run_of(row))
    return newest.sorted()


def doubt_runs(found: Mapping[str, tuple[Run, ...]], asked: Mapping[str, tuple[Run, ...]]) -> str:
    """Why the view is not believed, '' where it is: the newest finished run of every scenario asked directly must be
    the view's newest as well."""
    for scenario_id, direct in asked.items():
        newest = next((run.run_id for run in direct if not run.running), None)
        seen = next((run.run_id for run in found.get(scenario_id, ()) if not run.running), None)
        if newest is not None and newest != seen:
            return f"it does not hold run {newest} of scenario {scenario_id}"
    if not any(asked.values()):
        return "no run was there to compare it with"
    return ""


def to_compare(found: Mapping[str, tuple[Run, ...]], scenario_ids: Sequence[str]) -> tuple[str, ...]:
    """The two scenarios worth asking directly: the one that ran last by the view, and the one silent for longest."""
    starts = {i: next((run.start for run in found.get(i, ()) if run.start), None) for i in scenario_ids}
    ran = sorted((i for i in scenario_ids if starts[i]), key=lambda i: str(starts[i]))
    silent = [i for i in scenario_ids if not starts[i]]
    return tuple(dict.fromkeys((*ran[-1:], *(silent or ran)[:1])))


def read_builds(
    clients: Clients, dataset: Dataset, refs: Collection[ObjectRef], jobs: Sequence[Job]
) -> tuple[Mapping[ObjectRef, tuple[Build, ...]], str]:
    """Per object its newest builds, newest first, and why they are not to be believed ('' where they are)."""
    wanted = {(ref.project_key, ref.id): ref for ref in refs}
    proofs = _proofs(jobs)
    seen: set[str] = set()
    newest: _Newest[ObjectRef, Build] = _Newest(BUILDS_KEPT, lambda build: build.end or build.start)
    for row in rows(clients, dataset, FLOW_ACTIONS):
        # Other actions (metrics, checks) stand in the same view.
        if "BUIL" not in row["type"].upper():
            continue
        seen.update(job for job in (row["job_id"],) if job in proofs)
        ref = wanted.get((row["project_key"], row["object_id"]))
        if ref is not None and row["time_end"]:
            newest.add(ref, _build(row))
    return newest.sorted(), _doubt_builds(proofs, seen)


def _proofs(jobs: Sequence[Job]) -> Mapping[str, bool]:
    """Of the three newest jobs that ended well, whether each surely built something."""
    ended = [job for job in jobs if job.finished and job.state == "DONE" and job.outputs][:3]
    return {job.id: "FORCED" in job.type for job in ended}


def _doubt_builds(proofs: Mapping[str, bool], seen: set[str]) -> str:
    missing = [job for job, sure in proofs.items() if sure and job not in seen]
    if missing:
        return f"it does not hold job {missing[0]}"
    if not seen:
        return "none of the newest jobs is in it"
    return ""


def rows(
    clients: Clients, dataset: Dataset, view: str, *, max_bytes: Optional[int] = None, seconds: Optional[float] = None
) -> Iterator[Mapping[str, str]]:
    """The rows of a view by column name as they arrive; DssBroken for a dataset that is not of that view."""
    api_path = path("projects", dataset.project_key, "datasets", dataset.name, "data") + "/"
    found = clients.rows(
        api_path, {"format": "tsv-excel-header"}, max_bytes=max_bytes or MAX_BYTES, seconds=seconds or MAX_SECONDS
    )
    header = next(found, ())
    lacking = [column for column in NEEDED[view] if column not in header]
    if lacking:
        raise DssBroken(f"it has no column {lacking[0]}", status=200, path=api_path)
    for row in found:
        if len(row) != len(header):
            raise DssBroken("a row is longer or shorter than its header", status=200, path=api_path)
        yield dict(zip(header, row))


def run_of(row: Mapping[str, str]) -> Run:
    """A row of the view of scenario runs."""
    end = raw.parse_iso(row["time_end"])
    running = end is None and not row["outcome"]
    return Run(
        run_id=row["scenario_run_id"],
        start=raw.parse_iso(row["time_start"]),
        end=end,
        outcome=None if running else row["outcome"] or NO_OUTCOME,
        trigger_name=row.get("trigger_name", ""),
        run_as=row.get("scenario_run_as_user", ""),
        warnings=raw.count(row.get("warnings_count")),
    )


def _build(row: Mapping[str, str]) -> Build:
    return Build(
        _SUCCESS.get(row["outcome"].upper()),
        raw.parse_iso(row["time_start"]),
        raw.parse_iso(row["time_end"]),
        row["job_id"],
        whole(row["partition"]),
        "internal stats",
    )


class _Newest(Generic[K, T]):
    """The newest `keep` values per key of a stream in any order, in bounded memory; values without a time are dropped."""

    def __init__(self, keep: int, when: Callable[[T], Optional[datetime]]) -> None:
        self._keep = keep
        self._when = when
        self._held: dict[K, list[tuple[datetime, int, T]]] = defaultdict(list)
        self._count = 0

    def add(self, key: K, value: T) -> None:
        at = self._when(value)
        if at is None:
            return
        self._count += 1
        held = self._held[key]
        held.append((at, -self._count, value))
        if len(held) >= 2 * self._keep:
            self._held[key] = sorted(held, reverse=True, key=lambda entry: entry[:2])[: self._keep]

    def sorted(self) -> Mapping[K, tuple[T, ...]]:
        return {
            key: tuple(value for *_, value in sorted(held, reverse=True, key=lambda entry: entry[:2])[: self._keep])
            for key, held in self._held.items()
        }
