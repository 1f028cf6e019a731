"""Jobs that run: they take as long as the last good build took, write a log, and leave rows, metrics and results behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, Optional
from zoneinfo import ZoneInfo

from . import data, disk, logs, metrics, quality, shapes
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
    outputs = [_output(instance, project, output) for output in definition.get("outputs") or []]
    first = outputs[0] if outputs else {"type": DATASET, "targetDataset": "nothing"}
    job_id = shapes.job_id(target_of(first), instance.clock.now())
    name = shapes.job_name(job_id)
    while project.job(job_id) is not None:
        job_id += "_1"
    started = instance.clock.ms()
    item: Raw = {
        "def": {
            "id": job_id,
            "name": name,
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
    if not abort(instance, job["listItem"]["def"]["id"]) and not job["listItem"]["stableState"]:
        # A job that a story left going has no thread: it ends here.
        _close(instance, job, "ABORTED")


def _close(instance: Instance, job: Raw, state: str) -> None:
    """Ends a job, and with it whatever of it still seems to run."""
    item, status, ended = job["listItem"], job["status"], instance.clock.ms()
    with instance.lock:
        activities = list(status["baseStatus"]["activities"].values())
        for activity in activities:
            if activity["state"] == "RUNNING":
                activity.update(state=state, endTime=ended)
        warnings = sum(activity["warnings"]["totalCount"] for activity in activities)
        item.update(state=state, stableState=True, endTime=ended, warningsCount=item["warningsCount"] or warnings)
        status["baseStatus"].update(state=state, jobEndTime=ended)
        _count(status)


def _count(status: Raw) -> None:
    states = [activity["state"] for activity in status["baseStatus"]["activities"].values()]
    named = {"done": "DONE", "failed": "FAILED", "running": "RUNNING", "aborted": "ABORTED"}
    status["globalState"] = {name: states.count(state) for name, state in named.items()} | {"total": len(states)}


def _output(instance: Instance, project: Project, output: Raw) -> Raw:
    ref = next((str(output[name]) for name in _TARGET if output.get(name)), "")
    asked = str(output.get("targetPartition") or output.get("partition") or "")
    target = (output.get("type") or project.kind_of(ref), ref, resolve_partition(instance, project, ref, asked))
    owner = output.get("targetDatasetProjectKey") or output.get("projectKey") or project.key
    return shapes.output(owner, target)


def target_of(output: Raw) -> shapes.Target:
    """What an output of a job's definition names."""
    return output["type"], output["targetDataset"], output.get("targetPartition") or "NP"


class _Job:
    """One job at work: a chain of activities, one recipe each."""

    def __init__(self, instance: Instance, project: Project, job: Raw, work: Work) -> None:
        self.instance, self.project, self.job, self.work = instance, project, job, work
        self.item, self.status = job["listItem"], job["status"]
        self.log_file = disk.job_folder(instance, project.key, self.item["def"]["id"]) / disk.JOB_LOG

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
        for _, target, partition in map(target_of, self.item["def"]["outputs"]):
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
        outputs = list(refs(raw, "outputs"))
        activity: Raw = {
            "activityId": shapes.activity_id(recipe, partition),
            "state": "RUNNING",
            "startTime": self.instance.clock.ms(),
            "endTime": 0,
            "recipeName": recipe,
            "recipeType": raw.get("type"),
            "engineType": "DSS",
            "warnings": shapes.warnings(0),
        }
        with self.instance.lock:
            self.status["baseStatus"]["activities"][activity["activityId"]] = activity
        self._log(f"{logs.BEGINS}{recipe}")
        state, wrong = "DONE", ""
        try:
            self.work.pause(max((self._usual(ref) for ref in outputs), default=UNKNOWN_DURATION))
            wrong = self.instance.broken.get((self.project.key, recipe)) or self._fill(outputs, partition, activity)
        except Aborted:
            state = "ABORTED"
        except (data.NoData, data.QueryFailed) as failure:
            wrong = str(failure)
        if wrong:
            state, activity["firstFailure"] = "FAILED", shapes.thrown(wrong)
            self._write("\n".join(logs.failure(self.instance.clock.now(), recipe, str(raw.get("type")), wrong)))
        activity.update(state=state, endTime=self.instance.clock.ms())
        for ref in outputs:
            self._remember(ref, partition, activity)
        self._log(f"Activity {activity['activityId']} is {state}")
        return state

    def _usual(self, ref: str) -> float:
        """Seconds the last good build of this object took."""
        for build in reversed(self.project.build_history):
            if build["id"] == ref and build.get("outcome") in ("SUCCESS", "WARNING") and build.get("end"):
                return float(build["end"] - build["start"]) / 1000
        return UNKNOWN_DURATION

    def _fill(self, outputs: list[str], partition: str, activity: Raw) -> str:
        """Rows, metrics and rule results of a good build. Answers what fails it: a rule in error does, as in DSS."""
        for ref in outputs:
            if ref in self.project.datasets:
                part = resolve_partition(self.instance, self.project, ref, partition)
                data.build(self.instance, self.project.key, ref, part)
                results = self._measure(ref, part)
                activity["warnings"]["totalCount"] += sum(result["outcome"] == "WARNING" for result in results)
                for result in results:
                    if result["outcome"] == "ERROR":
                        return f"Rule {result['name']} of {ref} is in error: {result['message']}"
        return ""

    def _measure(self, name: str, partition: str) -> list[Raw]:
        """Computes what is computed on build; answers the results of the rules."""
        login = self.item["def"]["initiator"]
        probes = (self.project.datasets[name].get("metrics") or {}).get("probes") or []
        on_build = [p for p in probes if p.get("enabled", True) and p.get("computeOnBuildMode", "NO") != "NO"]
        if on_build:
            metrics.compute(self.instance, self.project.key, DATASET, name, partition, login, probes=on_build)
        return quality.run(
            self.instance, self.project.key, DATASET, name, partition, login, automatic=True, origin="BUILD"
        )

    def _remember(self, ref: str, partition: str, activity: Raw) -> None:
        kind, job_id = self.project.kind_of(ref), self.item["def"]["id"]
        part = resolve_partition(self.instance, self.project, ref, partition)
        start, end, state = activity["startTime"], activity["endTime"], activity["state"]
        warned = activity["warnings"]["totalCount"]
        outcome = state if state != "DONE" else "WARNING" if warned else "SUCCESS"
        reported = shapes.reporting(from_ms(start), (end - start) / 1000, state == "DONE")
        with self.instance.lock:
            metrics.keep(self.instance, self.project, kind, ref, part, reported)
            self.project.builds[kind, ref] = {
                "buildStartTime": start,
                "buildEndTime": end,
                "buildSuccess": state == "DONE",
                "buildJobId": job_id,
            }
            made = {"kind": kind, "id": ref, "partition": part, "start": start, "end": end, "outcome": outcome}
            named = {"jobId": job_id, "activityId": activity["activityId"], "warnings": warned}
            self.project.build_history.append({**made, **named, **self.job["scenario"]})

    def _end(self, state: str) -> None:
        self._log(f"Job is {state}")
        _close(self.instance, self.job, state)

    def _log(self, line: str) -> None:
        self._write(f"[{self.instance.clock.now().isoformat(timespec='milliseconds')}] {line}")

    def _write(self, text: str) -> None:
        with self.instance.lock:
            self.job["log"] += text + "\n"
            lines = self.job["log"].splitlines()
            self.status["logTail"] = {"totalLines": len(lines), "lines": lines[-100:]}
            _count(self.status)
        disk.append(self.instance, self.log_file, text + "\n")


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
