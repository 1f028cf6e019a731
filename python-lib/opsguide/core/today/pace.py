"""When to look again: often while something runs, now and then while something is due, else not at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Optional

from ...model.known import known
from ...model.snapshot import Job
from ..compose.scene import Scene, read
from .lines import upcoming_dues

RUNNING_SECONDS = 15.0
DUE_SECONDS = 60.0
SOON = timedelta(hours=1)


def next_check(scene: Scene) -> Optional[float]:
    """Seconds until it is worth looking again; None where nothing runs and nothing is due within the hour."""
    if _something_runs(scene):
        return RUNNING_SECONDS
    if any(scenario.state.verdict == "PENDING" for scenario in scene.watched):
        return DUE_SECONDS
    return DUE_SECONDS if any(scene.now <= at <= scene.now + SOON for at in _due(scene)) else None


def _something_runs(scene: Scene) -> bool:
    runs = (read(scenario.last_run) for scenario in scene.active)
    jobs: tuple[Job, ...] = known(scene.snapshot.jobs, ())
    return any(run is not None and run.running for run in runs) or any(not job.finished for job in jobs)


def _due(scene: Scene) -> Iterator[datetime]:
    yield from (scenario.next_run.at for scenario in scene.watched if scenario.next_run.at is not None)
    yield from (due for due, _ in upcoming_dues(scene))
