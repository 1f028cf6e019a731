"""Jobs that run: they take as long as the last good build took, write a log, and leave rows, metrics and results behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, Optional
from zoneinfo import ZoneInfo

from . import data, disk, logs, metrics, quality
from .clock import from_ms
from .instance import DATASET, Instance, Project, Raw, refs
from .work import Aborted, Work, abort

UNKNOWN_DURATION = 30.0  # seconds, for what was never built before
# The keys by which a job's outputs name what they build, newest first: clients send `id`, DSS keeps `targetDataset`.
_TARGET = ("targetDataset", "id", "targetManagedFolder", "targetSavedModel")


def start(
    instance: Instance, project: Project, definition: Raw, initiator: str, scenario: Optional[Raw] = None
) -> Work:
    """Starts a job; its id is the work's. `scenario` names the run and step that launched it, if one did."""
    now = instance.clock.now()
    outputs = [_output(project, output) for output in definition.get("outputs") or []]
    name = f"Build_{outputs[0]['targetDataset']}__{outputs[0]['targetPartition']}_" if outputs else "Build_nothing_"
    job_id = f"{name}_{now:%Y-%m-%dT%H-%M-%S}.{now.microsecond // 1000:03d}"
    while project.job(job_id) is not None:
        job_id += "_1"
    started = instance.clock.ms()
    item: Raw = {
        "def": {
            "id": job_id,
            "name": name.rstrip("_"),
            "type": definition.get("type") or "NON_RECURSIVE_FORCED_BUILD",
            "initiator": initiator,
            "initiationTimestamp": started,
            "triggeredFrom": "SCHEDULER" if scenario else "API",
            "projectKey": project.key,
            "mailNotification": False,
            "outputs": outputs,
            "refreshHiveMetastore": bool(definition.get("refreshHiveMetastore")),
        },
        "state": "RUNNING",
        "stableState": False,
        "startTime": started,
        "endTime": 0,
        "warningsCount": 0,
    }
    status = {"baseStatus": {"def": item["def"], "state": "RUNNING", "jobStartTime": started, "activities": {}}}
    job: Raw = {"listItem": item, "status": status, "log": "", "scenario": scenario or {}}
    with instance.lock:
        project.jobs.insert(0, job)
    work = Work(instance, job_id)
    return work.start(lambda: _Job(instance, project, job, work).run())


def stop(instance: Instance, job: Raw) -> None:
    """Aborts a job; nothing happens to one that is over."""
    item = job["listItem"]
    if abort(instance, item["def"]["id"]) or item["stableState"]:
        return
    # A job that a story left going has no thread: it ends here.
    ended = instance.clock.ms()
    item.update(state="ABORTED", stableState=True, endTime=ended)
    job["status"]["baseStatus"].update(state="ABORTED", jobEndTime=ended)


def _output(project: Project, output: Raw) -> Raw:
    target = next((str(output[name]) for name in _TARGET if output.get(name)), "")
    return {
        "type": output.get("type") or project.kind_of(target),
        "targetDataset": target,
        "targetDatasetProjectKey": output.get("targetDatasetProjectKey") or output.get("projectKey") or project.key,
        "targetPartition": output.get("targetPartition") or output.get("partition") or "NP",
    }


_OUTCOMES = {"DONE": "SUCCESS", "FAILED": "FAILED", "ABORTED": "ABORTED"}


class _Job:
    """One job at work: a chain of activities, one recipe each."""

    def __init__(self, instance: Instance, project: Project, job: Raw, work: Work) -> None:
        self.instance, self.project, self.job, self.work = instance, project, job, work
        self.item, self.status = job["listItem"], job["status"]
        self.log_file = disk.job_folder(instance, project.key, self.item["def"]["id"]) / "output.log"

    def run(self) -> None:
        self._log(f"Job {self.item['def']['id']} started by {self.item['def']['initiator']}")
        state = "DONE"
        try:
            for recipe, partition in self._plan():
                state = self._activity(recipe, partition)
                if state != "DONE":
                    break
        except Exception as error:
            # A job that broke ends all the same: nobody may wait for it for ever.
            state = "FAILED"
            self._log(f"ERROR {error!r}")
            raise
        finally:
            self._end(state)

    def _plan(self) -> Iterator[tuple[str, str]]:
        """The recipes to run, each after those it needs, by the job's build mode."""
        producers, done = self.project.producers(), set()
        mode = self.item["def"]["type"]
        for output in self.item["def"]["outputs"]:
            target = output["targetDataset"]
            partition = resolve_partition(self.instance, self.project, target, output["targetPartition"])
            recipes = [producers[target]] if target in producers else []
            if mode != "NON_RECURSIVE_FORCED_BUILD":
                recipes = self._outdated(self._upstream(target, producers), mode)
            for recipe in recipes:
                if recipe not in done:
                    done.add(recipe)
                    yield recipe, partition

    def _upstream(self, target: str, producers: dict[str, str], seen: Optional[set[str]] = None) -> list[str]:
        seen = set() if seen is None else seen
        recipe = producers.get(target)
        if recipe is None or recipe in seen:
            return []
        seen.add(recipe)
        inputs = refs(self._recipe(recipe), "inputs")
        return [name for ref in inputs for name in self._upstream(ref, producers, seen)] + [recipe]

    def _outdated(self, upstream: list[str], mode: str) -> list[str]:
        """Of the recipes before a target, in order, those to run: the last one makes the target and always runs, and what
        runs makes those after it run, unless only what is missing is to be made."""
        planned: list[str] = []
        made: set[str] = set()
        for name in upstream:
            follows = mode == "RECURSIVE_BUILD" and not made.isdisjoint(refs(self._recipe(name), "inputs"))
            if name == upstream[-1] or follows or self._wanted(name, mode):
                planned.append(name)
                made.update(refs(self._recipe(name), "outputs"))
        return planned

    def _wanted(self, recipe: str, mode: str) -> bool:
        outputs = [self._build(ref) for ref in refs(self._recipe(recipe), "outputs")]
        if mode == "RECURSIVE_FORCED_BUILD" or None in outputs:
            return True
        if mode == "RECURSIVE_MISSING_ONLY_BUILD":
            return False
        oldest = min(build["buildStartTime"] for build in outputs if build)
        failed = any(not build.get("buildSuccess") for build in outputs if build)
        inputs = [self._build(ref) for ref in refs(self._recipe(recipe), "inputs")]
        newer = any(build["buildEndTime"] > oldest for build in inputs if build)
        return failed or newer or any(self._may_have_changed(ref) for ref in refs(self._recipe(recipe), "inputs"))

    def _may_have_changed(self, ref: str) -> bool:
        """Files that no recipe makes may be others by now: they are not looked at. DSS takes SQL tables for unchanged."""
        sql = ref in self.project.datasets and data.is_sql(self.project.datasets[ref])
        return self._build(ref) is None and not sql

    def _recipe(self, name: str) -> Raw:
        found: Raw = self.project.recipes[name]["recipe"]
        return found

    def _build(self, ref: str) -> Optional[Raw]:
        return self.project.builds.get((self.project.kind_of(ref), ref))

    def _activity(self, recipe: str, partition: str) -> str:
        raw = self._recipe(recipe)
        started = self.instance.clock.ms()
        activity: Raw = {
            "activityId": f"{recipe}_{partition}",
            "state": "RUNNING",
            "startTime": started,
            "endTime": 0,
            "recipeName": recipe,
            "recipeType": raw.get("type"),
            "engineType": "DSS",
            "warnings": {"totalCount": 0, "warnings": {}},
        }
        outputs = list(refs(raw, "outputs"))
        with self.instance.lock:
            self.status["baseStatus"]["activities"][activity["activityId"]] = activity
        self._log(f"{logs.BEGINS}{recipe}")
        try:
            self.work.pause(max((self._usual(ref) for ref in outputs), default=UNKNOWN_DURATION))
            broken = self.instance.broken.get((self.project.key, recipe))
            activity["state"] = "FAILED" if broken else "DONE"
            if broken:
                activity["firstFailure"] = _failure(broken)
                self._write("\n".join(logs.failure(self.instance.clock.now(), recipe, str(raw.get("type")), broken)))
        except Aborted:
            activity["state"] = "ABORTED"
        activity["endTime"] = self.instance.clock.ms()
        if activity["state"] == "DONE":
            self._fill(outputs, partition, activity)
        for ref in outputs:
            self._remember(ref, partition, activity)
        self._log(f"Activity {activity['activityId']} is {activity['state']}")
        return str(activity["state"])

    def _usual(self, ref: str) -> float:
        """Seconds the last good build of this object took."""
        for build in reversed(self.project.build_history):
            if build["id"] == ref and build.get("outcome") == "SUCCESS" and build.get("end"):
                return float(build["end"] - build["start"]) / 1000
        return UNKNOWN_DURATION

    def _fill(self, outputs: list[str], partition: str, activity: Raw) -> None:
        """Rows, metrics and rule results of a good build; a rule in error fails it, as in DSS."""
        for ref in outputs:
            if ref in self.project.datasets:
                part = resolve_partition(self.instance, self.project, ref, partition)
                data.build(self.instance, self.project.key, ref, part)
                wrong = self._measure(ref, part, activity)
                if wrong:
                    activity.update(state="FAILED", firstFailure=_failure(wrong))
                    self._log(f"ERROR {wrong}")

    def _measure(self, name: str, partition: str, activity: Raw) -> str:
        """Computes what is computed on build; the message of the first rule in error."""
        login, seconds = self.item["def"]["initiator"], (activity["endTime"] - activity["startTime"]) / 1000
        started = from_ms(activity["startTime"]).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        facts = {
            "reporting:BUILD_START_DATE": (started, "DATE"),
            "reporting:BUILD_DURATION": (str(int(seconds)), "BIGINT"),
            "reporting:BUILD_SUCCESS": ("true", "BOOLEAN"),
        }
        metrics.keep(self.instance, self.project, DATASET, name, partition, facts)
        probes = (self.project.datasets[name].get("metrics") or {}).get("probes") or []
        on_build = [p for p in probes if p.get("enabled", True) and p.get("computeOnBuildMode", "NO") != "NO"]
        if on_build:
            metrics.compute(self.instance, self.project.key, DATASET, name, partition, login, probes=on_build)
        found = quality.run(
            self.instance, self.project.key, DATASET, name, partition, login, automatic=True, origin="BUILD"
        )
        wrong = (result for result in found if result["outcome"] == "ERROR")
        return next((f"Rule {result['name']} of {name} is in error: {result['message']}" for result in wrong), "")

    def _remember(self, ref: str, partition: str, activity: Raw) -> None:
        kind, job_id = self.project.kind_of(ref), self.item["def"]["id"]
        part = resolve_partition(self.instance, self.project, ref, partition)
        times = {"start": activity["startTime"], "end": activity["endTime"]}
        made = {"outcome": _OUTCOMES[activity["state"]], "jobId": job_id, "activityId": activity["activityId"]}
        with self.instance.lock:
            self.project.builds[kind, ref] = {
                "buildStartTime": times["start"],
                "buildEndTime": times["end"],
                "buildSuccess": activity["state"] == "DONE",
                "buildJobId": job_id,
            }
            entry = {"kind": kind, "id": ref, "partition": part, **times, **made, **self.job["scenario"]}
            self.project.build_history.append(entry)

    def _end(self, state: str) -> None:
        ended = self.instance.clock.ms()
        with self.instance.lock:
            self.item.update(state=state, stableState=True, endTime=ended)
            self.status["baseStatus"].update(state=state, jobEndTime=ended)
            self._log(f"Job is {state}")
            self._count()

    def _log(self, line: str) -> None:
        self._write(f"[{self.instance.clock.now().isoformat(timespec='milliseconds')}] {line}")

    def _write(self, text: str) -> None:
        with self.instance.lock:
            self.job["log"] += text + "\n"
            lines = self.job["log"].splitlines()
            self.status["logTail"] = {"totalLines": len(lines), "lines": lines[-100:]}
            self._count()
        disk.append(self.instance, self.log_file, text + "\n")

    def _count(self) -> None:
        states = [activity["state"] for activity in self.status["baseStatus"]["activities"].values()]
        named = {"done": "DONE", "failed": "FAILED", "running": "RUNNING", "aborted": "ABORTED"}
        counts = {name: states.count(state) for name, state in named.items()}
        self.status["globalState"] = {**counts, "total": len(states)}


def _failure(message: str) -> Raw:
    return {"clazz": "com.dataiku.common.server.APIError", "title": "Job failed", "message": message, "stack": ""}


def failure(job: Raw) -> Optional[Raw]:
    """The first failure of a job's activities, as DSS tells it."""
    activities: Iterable[Raw] = job["status"]["baseStatus"]["activities"].values()
    return next((activity["firstFailure"] for activity in activities if activity.get("firstFailure")), None)


def resolve_partition(instance: Instance, project: Project, ref: str, spec: str) -> str:
    """The partition that a specification names for this object: NP where it has none, a day for CURRENT_ and PREVIOUS_DAY."""
    raw: Any = project.datasets.get(ref) or {}
    if not data.dimension(raw):
        return "NP"
    today = instance.clock.now().astimezone(ZoneInfo(instance.zone)).date()
    named = {"CURRENT_DAY": today, "PREVIOUS_DAY": today - timedelta(days=1)}
    if spec in named:
        return named[spec].isoformat()
    if spec and spec not in data.WHOLE:
        return spec
    existing = data.held(project, ref)
    return existing[-1] if existing else today.isoformat()
