"""When an object was last built, from what DSS lists: its jobs first, the object's own record where they do not tell.

A job names the objects it was asked for, not those it rebuilt on the way, and one that builds "what is needed" may end
well without building anything. So the job list tells for sure only of an object that nothing else is made from, when a
forced build of it stands there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Optional

from ..model.known import Cause, Known, Unknown
from ..model.snapshot import Build, Job, Metric, ObjectFacts, ObjectRef
from . import raw

JOB_LIST, DATASET, METRIC = "job list", "dataset", "metric"

_FORCED = frozenset({"NON_RECURSIVE_FORCED_BUILD", "RECURSIVE_FORCED_BUILD"})
_SUCCESS = {"DONE": True, "FAILED": False, "ABORTED": False}

# A build's own end lies within its job; the clocks of both are read apart.
_SAME = timedelta(minutes=2)


@dataclass(frozen=True)
class Told:
    """What is known of an object's builds; the fields are those of `ObjectFacts`."""

    last_build: Known[Optional[Build]]
    last_success: Known[Optional[Build]]
    builds: Known[tuple[Build, ...]]

    def on(self, fact: ObjectFacts) -> ObjectFacts:
        return replace(fact, last_build=self.last_build, last_success=self.last_success, builds=self.builds)


NEVER = Told(None, None, ())


def nobody(why: Unknown) -> Told:
    return Told(why, why, why)


def by_target(jobs: Sequence[Job]) -> Mapping[ObjectRef, Sequence[Job]]:
    """The jobs that were asked for each object, in their order."""
    found: dict[ObjectRef, list[Job]] = {}
    for job in jobs:
        for ref in dict.fromkeys(output for output, _ in job.outputs):
            found.setdefault(ref, []).append(job)
    return found


def by_jobs(ref: ObjectRef, jobs: Sequence[Job], *, read_by_others: bool) -> Optional[Told]:
    """What the job list tells for sure, or None. `read_by_others`: something is made from the object, so that it may
    have been rebuilt on the way to something else."""
    wanted = _jobs_for(ref, jobs)
    success = next((job for job in wanted if job.state == "DONE"), None)
    if read_by_others or success is None or success.type not in _FORCED:
        return None
    return told(tuple(_build(job, ref) for job in wanted))


def by_record(ref: ObjectRef, jobs: Sequence[Job], info: Any) -> Told:
    """What the dataset's own record says of its last build, and the job list of those before."""
    record = raw.mapping(info, "lastBuild")
    listed = tuple(_build(job, ref) for job in _jobs_for(ref, jobs))
    if not record:
        return told(listed) if listed else NEVER
    last = Build(
        raw.flag(record, "buildSuccess"),
        raw.instant(record, "buildStartTime"),
        raw.instant(record, "buildEndTime"),
        raw.text(record, "buildJobId"),
        source=DATASET,
    )
    if last.end is None:
        return told(listed) if listed else nobody(Unknown("DSS's record of its last build names no time", Cause.BROKEN))
    # A job that ended well after the last build found nothing to do; one around it is that build.
    older = tuple(
        build for build in listed if build.end and build.end < last.end - _SAME and build.job_id != last.job_id
    )
    newer_failures = tuple(
        build for build in listed if build.success is False and build.start and build.start > last.end + _SAME
    )
    return told((*newer_failures, last, *older))


def by_jobs_alone(ref: ObjectRef, jobs: Sequence[Job]) -> Told:
    """For objects without a record of their own (folders, models): the job list is all there is."""
    listed = tuple(_build(job, ref) for job in _jobs_for(ref, jobs))
    if listed:
        return told(listed)
    return nobody(Unknown("no job kept on this DSS names it, and DSS keeps no other record", Cause.NOT_RECORDED))


def by_metrics(metrics: Sequence[Metric]) -> Optional[Told]:
    """What the build metrics tell, where they are computed; None where they are not. They are written when the build
    ends; the unit of their duration is not documented, so that it is not used."""
    found = {metric.id: metric for metric in metrics if not metric.partition}
    begun = found.get("reporting:BUILD_START_DATE")
    start = raw.parse_iso(begun.value) if begun else None
    if begun is None or start is None:
        return None
    success = found.get("reporting:BUILD_SUCCESS")
    return told((Build(raw.flag(success.value) if success else None, start, begun.computed_at, source=METRIC),))


def told(builds: tuple[Build, ...]) -> Told:
    """From builds, newest first. Without a successful one, when it last succeeded is not known."""
    lost = Unknown("no successful build is on record", Cause.NOT_RECORDED)
    success = next((build for build in builds if build.success), lost)
    return Told(builds[0] if builds else None, success, builds)


def of_partition(facts: ObjectFacts, partition: str) -> ObjectFacts:
    """The builds and metrics of one partition alone; '' is the whole."""
    if not partition:
        return facts
    if not isinstance(facts.builds, Unknown):
        facts = told(tuple(build for build in facts.builds if build.partition == partition)).on(facts)
    if isinstance(facts.metrics, Unknown):
        return facts
    return replace(facts, metrics=tuple(each for each in facts.metrics if each.partition == partition))


def _jobs_for(ref: ObjectRef, jobs: Sequence[Job]) -> list[Job]:
    return [
        job for job in jobs if job.finished and job.end is not None and any(output == ref for output, _ in job.outputs)
    ]


def _build(job: Job, ref: ObjectRef) -> Build:
    partition = next((part for output, part in job.outputs if output == ref), "")
    return Build(_SUCCESS.get(job.state), job.start, job.end, job.id, partition, JOB_LIST)
