"""Jobs: what was built, by whom, and how it went."""

from __future__ import annotations

from .. import building, disk, logs, rights
from ..instance import Raw
from ..rights import READ, WRITE
from .routing import DOCUMENTED, Call, illegal, not_found, route


@route("GET", "/projects/<key>/jobs/", DOCUMENTED)
def jobs(call: Call) -> list[Raw]:
    disk.settle_jobs(call.instance, call.project)
    return [job["listItem"] for job in call.project.jobs]


@route("POST", "/projects/<key>/jobs/", DOCUMENTED, right=WRITE)
def start_job(call: Call) -> Raw:
    body = call.object()
    if not body.get("outputs"):
        raise illegal("A job needs outputs")
    return {"id": building.start(call.instance, call.project, body, call.caller.login).id}


@route("GET", "/projects/<key>/jobs/running/", DOCUMENTED, since="15.2")
def running_jobs(call: Call) -> list[Raw]:
    return [job["listItem"] for job in call.project.jobs if not job["listItem"]["stableState"]]


@route("GET", "/jobs/running/", DOCUMENTED, right=None, since="15.2")
def running_jobs_of_all(call: Call) -> list[Raw]:
    everybody = call.flag("allUsers", True)
    if everybody:
        call.demand(rights.INSTANCE_ADMIN)
    return [
        {"projectKey": project.key, "jobId": job["listItem"]["def"]["id"], **job["listItem"]}
        for project in call.instance.projects.values()
        if READ in rights.on_project(project, call.caller)
        for job in project.jobs
        if not job["listItem"]["stableState"]
        and (everybody or job["listItem"]["def"].get("initiator") == call.caller.login)
    ]


@route("GET", "/projects/<key>/jobs/<job_id>/", DOCUMENTED)
def job_status(call: Call, job_id: str) -> Raw:
    return _job(call, job_id)["status"]


@route("GET", "/projects/<key>/jobs/<job_id>/log", DOCUMENTED)
def job_log(call: Call, job_id: str) -> str:
    """The log of the whole job, or of one activity of it."""
    job = _job(call, job_id)
    activity = job["status"]["baseStatus"]["activities"].get(call.arg("activity"))
    text = str(job.get("log") or "")
    return logs.of_activity(text, str(activity["recipeName"])) if activity else text


@route("POST", "/projects/<key>/jobs/<job_id>/abort", DOCUMENTED, right=WRITE)
def abort_job(call: Call, job_id: str) -> Raw:
    building.stop(call.instance, _job(call, job_id))
    return {"msg": "Aborted"}


def _job(call: Call, job_id: str) -> Raw:
    disk.settle_jobs(call.instance, call.project)
    job = call.project.job(job_id)
    if job is None:
        raise not_found(f"Job {call.project.key}.{job_id}")
    return job
