"""How many rows: which count may be believed as it stands, how it moved, what a listing adds up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any, Optional

from ..model.known import Known, Unknown
from ..model.metrics import COUNT_METRIC
from ..model.snapshot import Build, Job, Metric, MetricPoint, ObjectRef

# The words of the probe's metric `engine`: people read them and rules compare them, so they stay.
STANDING, DSS_ENGINE, PUSHED_DOWN, STREAMED = "existing metric", "DSS metrics engine", "SQL COUNT(*)", "streamed"


@dataclass(frozen=True)
class RowCount:
    """Rows, and how they were counted: one of `STANDING`, `PUSHED_DOWN`, `STREAMED`, or `DSS_ENGINE` and which of DSS's
    engines it was ("DSS metrics engine: SQL")."""

    rows: int
    engine: str


@dataclass(frozen=True)
class Movement:
    """How a count moved: `delta` rows and `delta_pct` percent against the count before, None where there is none (or it
    was zero); `zero_days` how many days in a row, today included, there have been no rows."""

    delta: Optional[int]
    delta_pct: Optional[float]
    zero_days: int


@dataclass(frozen=True)
class FolderSize:
    """`total_size` is in bytes; None where the listing does not tell the size of every file."""

    file_count: int
    total_size: Optional[int]


def partition_of(given: Any) -> str:
    """The partition a probe was called for, '' for the whole: DSS says NP, ALL, '' or nothing for that."""
    return "" if given in (None, "", "NP", "ALL") else str(given)


def standing_count(
    ref: ObjectRef, metrics: Iterable[Metric], last_build: Known[Optional[Build]], jobs: Iterable[Job], partition: str
) -> Optional[int]:
    """The record count that DSS has already, where it must be that of the data as it is now; else None.

    It must be computed after the newest build, which ended well, and no running job may be building the dataset: a
    build that is under way computes its metrics before it is on record. Data that DSS does not build may change at any
    time, so for it no standing count is believed.

    Built 06:00-06:41, counted 06:42, nothing running: believed. Counted 05:50: not."""
    if isinstance(last_build, Unknown) or last_build is None or last_build.end is None or not last_build.success:
        return None
    if any(_may_build(job, ref) for job in jobs):
        return None
    for metric in metrics:
        if metric.id == COUNT_METRIC and metric.partition == partition and metric.value.isdecimal():
            fresh = metric.computed_at is not None and metric.computed_at >= last_build.end
            return int(metric.value) if fresh else None
    return None


def building_since(ref: ObjectRef, jobs: Iterable[Job]) -> Optional[datetime]:
    """When the oldest of the running jobs began that may be building the object; None where none runs."""
    began = [job.start or job.initiated_at for job in jobs if _may_build(job, ref)]
    return min((at for at in began if at is not None), default=None)


def building_note(ref: ObjectRef, jobs: Known[Iterable[Job]]) -> str:
    """Why its data may be newer than what is on record, '' where nothing builds it."""
    if isinstance(jobs, Unknown):
        return "whether a job is building it could not be read"
    return "a job that may be building it is running" if any(_may_build(job, ref) for job in jobs) else ""


def data_since(ref: ObjectRef, last_success: Known[Optional[Build]], jobs: Iterable[Job]) -> Optional[datetime]:
    """When the data became what it is, at the earliest: a running job that may be building it began, else the last
    successful build ended. None where DSS does not build it, or does not tell."""
    begun = building_since(ref, jobs)
    if begun is not None or isinstance(last_success, Unknown) or last_success is None:
        return begun
    return last_success.end


def _may_build(job: Job, ref: ObjectRef) -> bool:
    """Only this type of job builds nothing but what it names; all others may come by the dataset on their way."""
    names_all = job.type == "NON_RECURSIVE_FORCED_BUILD"
    return not job.finished and (not names_all or any(output == ref for output, _ in job.outputs))


def movement(
    rows: int, now: datetime, history: Iterable[MetricPoint], since: Optional[datetime], zone: tzinfo
) -> Movement:
    """Against the last count before `since`, which is when the data became what it is; where that is not known, against
    the last count of an earlier day. Days are those of `zone`.

    Counted 980 now, built at 06:41 today; counted 1,000 yesterday and 980 at 06:42: delta -20, -2.0 %."""
    today = now.astimezone(zone).date()
    past = sorted((point for point in history if point.at < now), key=lambda point: point.at)
    earlier = [point for point in past if (point.at < since if since else point.at.astimezone(zone).date() < today)]
    before = earlier[-1].value if earlier else None
    delta = None if before is None else rows - int(before)
    share = None if not before or delta is None else round(100 * delta / before, 2)
    return Movement(delta, share, 0 if rows else _zero_days(today, past, zone))


def _zero_days(today: date, past: list[MetricPoint], zone: tzinfo) -> int:
    begun = today
    for point in reversed(past):
        if point.value > 0:
            break
        begun = point.at.astimezone(zone).date()
    return (today - begun).days + 1


def folder_size(items: Iterable[Mapping[str, Any]], only: Optional[frozenset[str]] = None) -> FolderSize:
    """Number and size of the files in a folder's listing; `only` these paths where it is given."""
    files = [item for item in items if only is None or _path(item.get("path")) in only]
    sizes = [item.get("size") for item in files]
    known = [size for size in sizes if isinstance(size, (int, float)) and not isinstance(size, bool)]
    return FolderSize(len(files), int(sum(known)) if len(known) == len(files) else None)


def paths(listed: Iterable[Any]) -> frozenset[str]:
    """Paths as DSS lists them, with or without a slash in front, so that they compare."""
    return frozenset(_path(path) for path in listed)


def _path(path: Any) -> str:
    return str(path).strip("/")
