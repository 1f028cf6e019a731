"""When an object was last built, where the job list and the object's own record tell different things."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, Optional

import pytest

from opsguide.dss import builds
from opsguide.model.known import Cause, Unknown
from opsguide.model.snapshot import Job, Metric, ObjectRef

MART = ObjectRef("DATASET", "K", "mart")
NIGHT = datetime(2025, 10, 14, 0, 0, tzinfo=timezone.utc)
FORCED, SMART = "NON_RECURSIVE_FORCED_BUILD", "RECURSIVE_BUILD"


def job(hour: int, state: str = "DONE", kind: str = FORCED, ref: ObjectRef = MART, **more: Any) -> Job:
    start = NIGHT + timedelta(hours=hour)
    given = {"state": state, "type": kind, "start": start, "end": start + timedelta(minutes=10), **more}
    return Job(f"job-{hour}", outputs=((ref, ""),), **given)


def record(hour: float, minutes: int = 8, success: Optional[bool] = True, job_id: str = "") -> dict[str, Any]:
    start = int((NIGHT + timedelta(hours=hour)).timestamp() * 1000)
    last = {"buildStartTime": start, "buildEndTime": start + minutes * 60_000, "buildSuccess": success}
    return {"lastBuild": {**last, "buildJobId": job_id} if job_id else last}


@pytest.mark.parametrize(
    ("case", "jobs", "read_by_others", "told"),
    [
        ("a forced build of an end of the flow", [job(2)], False, True),
        ("something else is made from it", [job(2)], True, False),
        ("a smart build may have done nothing", [job(2, kind=SMART), job(1)], False, False),
        ("a failure after a forced build", [job(3, "FAILED"), job(2)], False, True),
        ("failures only", [job(3, "FAILED"), job(2, "ABORTED")], False, False),
        ("of another object", [job(2, ref=ObjectRef("DATASET", "K", "other"))], False, False),
        ("still running", [job(2, "RUNNING", finished=False)], False, False),
        ("without an end", [job(2, end=None)], False, False),
        ("no jobs", [], False, False),
    ],
)
def test_the_job_list_tells_for_sure_only_so_much(case: str, jobs: list[Job], read_by_others: bool, told: bool) -> None:
    assert (builds.by_jobs(MART, jobs, read_by_others=read_by_others) is not None) is told


def test_the_newest_failure_is_the_last_build_and_the_one_before_the_last_success() -> None:
    told: Any = builds.by_jobs(MART, [job(3, "FAILED"), job(2), job(1)], read_by_others=False)
    assert (told.last_build.success, told.last_build.job_id) == (False, "job-3")
    assert (told.last_success.success, told.last_success.job_id) == (True, "job-2")
    assert [build.job_id for build in told.builds] == ["job-3", "job-2", "job-1"]


def test_a_job_after_the_recorded_build_built_nothing() -> None:
    told: Any = builds.by_record(MART, [job(5, kind=SMART), job(2, kind=SMART), job(1, kind=SMART)], record(2))
    assert told.last_build == told.last_success
    assert (told.last_build.source, told.last_build.end) == ("dataset", NIGHT + timedelta(hours=2, minutes=8))
    assert [build.source for build in told.builds] == ["dataset", "job list"]
    assert told.builds[1].job_id == "job-1"


def test_a_failed_job_after_the_recorded_build_counts() -> None:
    told: Any = builds.by_record(MART, [job(5, "FAILED"), job(2)], record(2))
    assert told.last_build.success is False
    assert told.last_success.source == "dataset"


def test_a_recorded_failure_leaves_the_success_before_it() -> None:
    told: Any = builds.by_record(MART, [job(2, "FAILED"), job(1)], record(2, success=False))
    assert told.last_build.success is False
    assert told.last_success.job_id == "job-1"


def test_a_failure_alone_does_not_tell_of_a_success() -> None:
    told = builds.by_record(MART, [], record(2, success=False))
    assert isinstance(told.last_success, Unknown)
    assert told.last_success.cause == Cause.NOT_RECORDED


@pytest.mark.parametrize("info", [{}, {"lastBuild": None}, {"lastBuild": {}}, None, [], {"lastBuild": "x"}])
def test_without_a_record_it_was_never_built_unless_a_job_says_so(info: Any) -> None:
    assert builds.by_record(MART, [], info) == builds.NEVER
    told: Any = builds.by_record(MART, [job(2)], info)
    assert told.last_build.job_id == "job-2"


def test_a_record_without_a_time_is_no_record() -> None:
    told = builds.by_record(MART, [], {"lastBuild": {"buildSuccess": True}})
    assert isinstance(told.last_build, Unknown)
    assert told.last_build.cause == Cause.BROKEN


def test_folders_have_the_job_list_only() -> None:
    folder = ObjectRef("MANAGED_FOLDER", "K", "f")
    told: Any = builds.by_jobs_alone(folder, [job(2, ref=folder, kind=SMART)])
    assert told.last_build.job_id == "job-2"
    nothing = builds.by_jobs_alone(folder, [])
    assert isinstance(nothing.last_build, Unknown)
    assert nothing.last_build.cause == Cause.NOT_RECORDED


def test_build_metrics_tell_where_they_are_computed() -> None:
    end = NIGHT + timedelta(minutes=1)
    metrics = [
        Metric("reporting:BUILD_START_DATE", "2025-10-14T00:00:05.000Z", computed_at=end),
        Metric("reporting:BUILD_SUCCESS", "true", computed_at=end),
    ]
    told: Any = builds.by_metrics(metrics)
    assert (told.last_build.success, told.last_build.end, told.last_success) == (True, end, told.last_build)
    assert builds.by_metrics(metrics[1:]) is None
    unsaid: Any = builds.by_metrics(metrics[:1])
    assert unsaid.last_build.success is None
    assert isinstance(unsaid.last_success, Unknown)
