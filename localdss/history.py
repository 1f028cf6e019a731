"""Writes a project's past: runs, jobs, builds, metrics and rule results as DSS would have kept them.

A small simulation, told in order of time: sources arrive, triggers fire, scenarios run their steps, jobs build what the
flow says, each build gives its rows, metrics and rule results. What is still going on at the moment of telling is written
as DSS writes a live run. Chance is seeded by project, scenario and instant, so that nothing moves when something is added.
"""

from __future__ import annotations

import heapq
import itertools
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any, Optional

from . import causes, data, leftovers, logs, shapes, stats, timetable
from . import rows as made
from .clock import to_ms
from .flow import Flow
from .instance import DATASET, FOLDER, Instance, Project, refs
from .measured import Measured
from .told import Told

Raw = dict[str, Any]
Target = shapes.Target

_STEP_WEIGHTS = {"compute_metrics": 0.35, "check_dataset": 0.35, "runnable": 0.3, "custom_python": 1.0, "exec_sql": 0.5}
_ENGINES = {"python": "USER_CODE", "sql_query": "SQL", "join": "SQL", "grouping": "SQL", "topn": "SQL"}
_MISHAPS = (
    "could not connect to server: Connection refused",
    "Error in Python process: At line 14: <class 'MemoryError'>: Unable to allocate 1.9 GiB",
    "Lost connection to the database during query: server closed the connection unexpectedly",
    "Activity was killed: the job exceeded its memory limit",
)
_MOST_FIRINGS = 2000
_QUIET_DAYS = 3  # chance brings no failure on the days that a story is about
_KEPT_PARTITIONS = 45


def write(instance: Instance, project: Project, story: Raw, now: datetime) -> None:
    """Tells the past of one project up to `now`."""
    Chronicle(instance, project, Told(project, story, instance.zone, now)).write()


def add_internal_stats(project: Project) -> None:
    """Gives the project datasets over DSS's own runtime database, as some real projects have."""
    project.datasets["scenario_runs_db"] = stats.dataset("SCENARIO_RUNS")
    project.datasets["object_states_db"] = stats.dataset("FLOW_ACTIONS")


@dataclass(order=True)
class Firing:
    """One firing of a trigger; `order` keeps equal instants in the order in which they were planned."""

    at: datetime
    order: int
    scenario: str = field(compare=False)
    trigger: Raw = field(compare=False)


class Chronicle:
    """Everything that is known while one project's past is told."""

    def __init__(self, instance: Instance, project: Project, told: Told) -> None:
        self.instance, self.project, self.told, self.now = instance, project, told, told.now
        self.flow = Flow(project, told.zone)
        used = {ref for found in self.flow.inputs.values() for ref in found}
        self.flow.arrivals = told.arrivals(used, self.flow.producers)
        self.measured = Measured(project, told)
        self.watchers = self._watchers()
        self.queue: list[Firing] = []
        self.order = itertools.count()
        self.free: dict[str, datetime] = {}
        self.jobs: list[Raw] = []

    def write(self) -> None:
        self.told.age()
        self._plan()
        while self.queue:
            firing = heapq.heappop(self.queue)
            if firing.at <= self.now:
                self._fire(firing)
        self._build_the_rest()
        self._finish()

    def _plan(self) -> None:
        if not self.told.days:
            return
        for scenario_id, raw in sorted(self.project.scenarios.items()):
            since = self.told.born(scenario_id)
            for trigger in raw.get("triggers") or []:
                if raw.get("active") and trigger.get("active", True):
                    for at in self._firings(scenario_id, trigger, since):
                        self._push(at, scenario_id, trigger)

    def _push(self, at: datetime, scenario_id: str, trigger: Raw) -> None:
        heapq.heappush(self.queue, Firing(at, next(self.order), scenario_id, trigger))

    def _firings(self, scenario_id: str, trigger: Raw, since: datetime) -> Iterator[datetime]:
        kind, params = trigger.get("type"), trigger.get("params") or {}
        if kind == "temporal":
            if params.get("frequency") == "Minutely":
                minutes = max(1, int(params.get("repeatFrequency") or 1))
                since = max(since, self.now - timedelta(minutes=minutes * _MOST_FIRINGS))
            yield from timetable.instants(params, since, self.now, self.instance.zone)
        elif kind == "ds_modified":
            watched = {str(each.get("itemId")) for each in params.get("watches") or []}
            for ref in sorted(watched & set(self.flow.arrivals)):
                yield from self._noticed(trigger, (at for at in self.flow.arrivals[ref] if at > since))
        elif kind == "sql_query":
            yield from self._noticed(trigger, self._changes(scenario_id, str(params.get("connection")), since))
        elif kind != "follow_scenariorun":
            for days_ago in range(self.told.days, -1, -1):
                chance = self.told.chance(scenario_id, trigger.get("id"), days_ago)
                at = self.told.local(days_ago, f"{chance.randint(5, 21):02d}:{chance.randint(0, 59):02d}")
                if chance.random() < 0.35 and since < at <= self.now:
                    yield at

    def _watchers(self) -> dict[str, list[tuple[str, Raw]]]:
        """Of each object, the scenarios that run when it changes."""
        found: dict[str, list[tuple[str, Raw]]] = {}
        for scenario_id, raw in sorted(self.project.scenarios.items()):
            for trigger in timetable.triggers(raw, "ds_modified"):
                for watch in (trigger.get("params") or {}).get("watches") or []:
                    found.setdefault(str(watch.get("itemId")), []).append((scenario_id, trigger))
        return found

    def _changes(self, scenario_id: str, connection: str, since: datetime) -> Iterator[datetime]:
        """When the answer to a query changes: as the connection's sources arrive, else once a day."""
        sources = [
            ref
            for ref in self.flow.arrivals
            if ref in self.project.datasets and data.is_sql(self.project.datasets[ref])
            if data.connection(self.project, ref) == connection and ref in (self.told.facts.get("sources") or {})
        ]
        for ref in sources:
            yield from (at for at in self.flow.arrivals[ref] if at > since)
        if not sources:
            for days_ago in range(self.told.days, -1, -1):
                at = self.told.local(days_ago, f"{self.told.chance(scenario_id, 'query').randint(1, 9):02d}:20")
                if since < at <= self.now:
                    yield at

    def _noticed(self, trigger: Raw, changes: Iterator[datetime]) -> Iterator[datetime]:
        """A change is seen at the trigger's next look, and believed after its grace delay."""
        grace = float((trigger.get("graceDelaySettings") or {}).get("delay") or 0)
        period = float(trigger.get("delay") or 60)
        for at in changes:
            seen = at + timedelta(seconds=grace + self.told.chance(trigger.get("id"), at).random() * period)
            if seen <= self.now:
                yield seen

    def _fire(self, firing: Firing) -> None:
        event = self.told.event(firing.scenario, firing.at)
        by_hand = firing.trigger.get("type") == "manual"
        if event.get("skip") and not by_hand:
            return
        if firing.scenario in self.free and self.free[firing.scenario] > firing.at:
            return
        at = firing.at + timedelta(minutes=float(event.get("late_minutes") or 0))
        if at <= self.now:
            self._run(firing.scenario, firing.trigger, at, {} if by_hand else event)

    def _run(self, scenario_id: str, trigger: Raw, at: datetime, event: Raw) -> None:
        raw = self.project.scenarios[scenario_id]
        chance = self.told.chance(scenario_id, at.isoformat(timespec="seconds"))
        fired = at + timedelta(seconds=chance.uniform(0.2, 4.5) if trigger.get("type") == "temporal" else 0.1)
        start = fired + timedelta(milliseconds=chance.randint(180, 1400))
        run_id = shapes.stamp(start, self.instance.zone)
        said = self.told.scenario(scenario_id)
        steps = [step for step in (raw.get("params") or {}).get("steps") or [] if _enabled(step)]
        plans = self._plans(steps, start)
        event = self._mishap(said, event, plans, chance, start)
        factor = 1.0 if event else math.exp(chance.gauss(0, float(said.get("jitter", 0.1))))
        usual = float(said.get("minutes") or self.told.chance(scenario_id, "minutes").uniform(2, 18)) * 60
        slow = event.get("slow") or {}
        units = sum(self._units(step, plan, {}) for step, plan in zip(steps, plans)) or 1.0
        second = usual * factor / units
        told = _Run(scenario_id, run_id, start)
        clock = start + timedelta(milliseconds=350)
        outcome, thrown = "SUCCESS", None
        for step, plan in zip(steps, plans):
            if clock > self.now:
                break
            if outcome in ("FAILED", "ABORTED") and step.get("runConditionType") != "RUN_ALWAYS":
                continue
            lasts = timedelta(seconds=second * self._units(step, plan, slow))
            clock, step_outcome, failure = self._step(told, step, plan, clock, lasts, event, slow)
            outcome = shapes.worse(outcome, step_outcome)
            thrown = thrown or failure
        if not steps:
            clock = start + timedelta(seconds=usual * factor)
        self._close(told, raw, trigger, fired, clock, outcome, thrown)
        self._after(told, raw, trigger, clock, outcome, event)

    def _plans(self, steps: Sequence[Raw], start: datetime) -> list[list[tuple[str, str]]]:
        """Per step, the recipes its job runs with the partition of each, in order; [] for steps without a job."""
        done: set[tuple[str, str]] = set()
        return [
            self.flow.plan(_items(step, "builds"), str((step.get("params") or {}).get("jobType")), start, done)
            if step.get("type") == "build_flowitem"
            else []
            for step in steps
        ]

    def _units(self, step: Raw, plan: Sequence[tuple[str, str]], slow: Raw) -> float:
        if step.get("type") != "build_flowitem":
            return _STEP_WEIGHTS.get(str(step.get("type")), 0.1)
        return sum(self.flow.weight(recipe, slow) for recipe, _ in plan) or 0.05

    def _mishap(
        self, said: Raw, event: Raw, plans: Sequence[Sequence[tuple[str, str]]], chance: Random, start: datetime
    ) -> Raw:
        """A failure by chance, on days that the story is not about."""
        recipes = [recipe for plan in plans for recipe, _ in plan]
        unlucky = chance.random() < float(said.get("fails", 0.01))
        if event or not recipes or not unlucky or self.told.days_ago(start) < _QUIET_DAYS:
            return event
        recipe = recipes[chance.randrange(len(recipes))]
        return {"fail": {"recipe": recipe, "message": chance.choice(_MISHAPS)}, "rerun": "08:20"}

    def _step(
        self,
        told: _Run,
        step: Raw,
        plan: Sequence[tuple[str, str]],
        start: datetime,
        lasts: timedelta,
        event: Raw,
        slow: Raw,
    ) -> tuple[datetime, str, Optional[Raw]]:
        """Runs one step: when it ended, its outcome, and what it threw."""
        kind = str(step.get("type"))
        fail = event.get("fail") or event.get("abort") or {}
        outcome, thrown, items = "SUCCESS", None, []
        end = start + lasts
        step_run_id = f"{told.run_id}-{len(told.steps)}"
        if kind == "build_flowitem" and plan:
            origin = {**told.origin(self.project.key), "stepId": step.get("id"), "stepRunId": step_run_id}
            job = self._job(_items(step, "builds"), plan, start, lasts, fail, slow, origin, step)
            end, outcome, thrown, items = job
        elif fail.get("step") and fail["step"] in (step.get("name"), step.get("id")):
            end = start + lasts / 2
            outcome, thrown = "FAILED", shapes.thrown(fail["message"])
        elif kind in ("compute_metrics", "check_dataset") and end <= self.now:
            outcome = self._measure(
                kind, _items(step, "computes" if kind == "compute_metrics" else "checks"), end, told
            )
            if outcome == "FAILED":
                thrown = shapes.thrown("Some checks are in error")
        told.steps.append(
            {
                "runId": step_run_id,
                "start": to_ms(start),
                "end": to_ms(end) if end <= self.now else 0,
                "step": {key: step.get(key) for key in ("id", "name", "type", "params") if key in step},
                "additionalReportItems": items,
            }
        )
        if end <= self.now:
            result = {"outcome": outcome, "warnings": shapes.warnings(1 if outcome == "WARNING" else 0)}
            told.steps[-1]["result"] = {**result, "thrown": thrown} if thrown else result
        return end + timedelta(milliseconds=120), outcome, thrown

    def _measure(self, kind: str, items: Sequence[Raw], at: datetime, told: _Run) -> str:
        worst = "SUCCESS"
        for item in items:
            name = str(item.get("itemId"))
            if str(item.get("type") or DATASET) != DATASET or name not in self.project.datasets:
                continue
            partition = self.flow.asked_partition(name, str(item.get("partitionsSpec") or ""), told.start)
            count = self.project.rows.get(name if partition == "NP" else f"{name}/{partition}")
            if count is None:
                continue
            if kind == "compute_metrics":
                self.measured.metrics(name, partition, count, at, on_build=False)
            else:
                worst = shapes.worse(
                    worst, self.measured.rules(name, partition, count, at, on_build=False, origin="SCENARIO")
                )
        return worst

    def _close(
        self,
        told: _Run,
        raw: Raw,
        trigger: Raw,
        fired: datetime,
        end: datetime,
        outcome: str,
        thrown: Optional[Raw],
    ) -> None:
        live = end > self.now
        fire = {
            "scenarioId": told.scenario,
            "trigger": trigger,
            "runId": shapes.stamp(fired, self.instance.zone),
            "timestamp": to_ms(fired),
        }
        head: Raw = {
            "scenario": shapes.scenario(self.project.key, told.scenario, raw),
            "runId": told.run_id,
            "start": to_ms(told.start),
            "end": 0 if live else to_ms(end),
            "trigger": {**fire, "params": {}, "invalid": False, "cancelled": False},
            "runAsUser": {"realUserLogin": shapes.run_as(raw, self.project), "authSource": "USER_FROM_UI"},
            "reportItems": [],
            "variables": {},
        }
        if not live:
            head["result"] = shapes.done(head["start"], head["end"], outcome, thrown)
        self.project.runs.setdefault(told.scenario, []).append({"scenarioRun": head, "stepRuns": told.steps})
        self.free[told.scenario] = end

    def _after(self, told: _Run, raw: Raw, trigger: Raw, end: datetime, outcome: str, event: Raw) -> None:
        """What a run sets off: scenarios that follow it, and a person who runs it again after a failure."""
        if end > self.now:
            return
        for other_id, other in self.project.scenarios.items():
            for follow in timetable.triggers(other, "follow_scenariorun"):
                params = follow.get("params") or {}
                wanted = params.get("outcomeFilter")
                here = params.get("projectKey") in (None, "", self.project.key)
                if here and params.get("scenarioId") == told.scenario and wanted in (None, "", "ANY", outcome):
                    self._push(end + timedelta(seconds=float(follow.get("delay") or 0)), other_id, follow)
        if outcome == "FAILED" and event.get("rerun") and trigger.get("type") != "manual":
            again = max(self.told.local(self.told.days_ago(end), str(event["rerun"])), end + timedelta(minutes=8))
            self._push(again, told.scenario, shapes.manual({}))

    def _job(
        self,
        items: Sequence[Raw],
        plan: Sequence[tuple[str, str]],
        start: datetime,
        lasts: timedelta,
        fail: Raw,
        slow: Raw,
        origin: Raw,
        step: Raw,
    ) -> tuple[datetime, str, Optional[Raw], list[Raw]]:
        """Runs one job: when it ended, the step's outcome, what was thrown, and the step's report items."""
        targets = [(self.project.kind_of(str(i["itemId"])), str(i["itemId"]), "") for i in items if i.get("itemId")]
        targets = [
            (kind, ref, self.flow.asked_partition(ref, str(item.get("partitionsSpec") or ""), start))
            for (kind, ref, _), item in zip(targets, items)
        ]
        job_id = shapes.job_id(targets[0], start)
        activities = self._activities(plan, start, lasts, fail, slow)
        warnings, failed = 0, None
        built: list[tuple[Target, str]] = []
        for activity in activities:
            for ref in refs(self.project.recipes[activity.recipe]["recipe"], "outputs"):
                target = (self.project.kind_of(ref), ref, self.flow.partition(ref, activity.partition, start))
                outcome = self._build(target, activity, job_id, origin)
                if outcome == "FAILED" and not activity.message:
                    activity.state, activity.message = "FAILED", f"Rules of {ref} are in error"
                warnings += outcome == "WARNING"
                if outcome:
                    built.append((target, outcome))
            failed = failed or (activity if activity.state in ("FAILED", "ABORTED") else None)
        ended = [activity.end for activity in activities if activity.state != "NOT_STARTED"]
        end = max(ended, default=start) if failed or not activities else activities[-1].end
        outcome = failed.state if failed else "WARNING" if warnings else "SUCCESS"
        self._keep_job(job_id, targets, activities, start, end, outcome, warnings, origin, step)
        thrown = shapes.thrown(failed.message) if failed and failed.message else None
        live = end > self.now
        report = {"type": "JOB_EXECUTED", "jobId": job_id, **({} if live else {"outcome": outcome})}
        items_of = [report if not thrown else {**report, "thrown": thrown}]
        items_of += [shapes.built_item(self.project.key, target, result) for target, result in built]
        return end, outcome, thrown, items_of

    def _activities(
        self, plan: Sequence[tuple[str, str]], start: datetime, lasts: timedelta, fail: Raw, slow: Raw
    ) -> list[shapes.Activity]:
        total = sum(self.flow.weight(recipe, slow) for recipe, _ in plan)
        clock, found, stopped = start + timedelta(milliseconds=900), [], False
        for recipe, partition in plan:
            end = clock + lasts * (self.flow.weight(recipe, slow) / total)
            activity = shapes.Activity(recipe, partition, clock, end)
            if stopped or clock > self.now:
                activity.state = "NOT_STARTED"
            elif fail.get("recipe") == recipe:
                activity.end = clock + (end - clock) / 3
                activity.state, stopped = ("FAILED" if fail.get("message") else "ABORTED"), True
                activity.message = self.told.worded(str(fail.get("message", "")), clock)
            if activity.state != "NOT_STARTED" and activity.end > self.now:
                activity.state, activity.message = "RUNNING", ""
            found.append(activity)
            clock = activity.end
        return found

    def _build(self, target: Target, activity: shapes.Activity, job_id: str, origin: Raw) -> str:
        """One output of one activity: its build, rows, metrics and rules. Answers the outcome, '' where it never began."""
        kind, ref, partition = target
        if activity.state in ("NOT_STARTED", "RUNNING"):
            return ""
        outcome = activity.state if activity.state in ("FAILED", "ABORTED") else "SUCCESS"
        if outcome == "SUCCESS":
            self.flow.remember(ref, partition, activity.start)
            for scenario_id, trigger in self.watchers.get(ref, ()) if origin else ():
                for at in self._noticed(trigger, iter([activity.end])):
                    self._push(at, scenario_id, trigger)
            if kind == DATASET and ref in self.project.datasets:
                count = self.told.row_count(ref, activity.start)
                self._hold(ref, partition, count)
                self.measured.metrics(ref, partition, count, activity.end, on_build=True)
                outcome = self.measured.rules(ref, partition, count, activity.end, on_build=True, origin="BUILD")
        self.measured.reporting(target, activity, outcome)
        self.project.build_history.append(
            {
                "kind": kind,
                "id": ref,
                "partition": partition,
                "start": to_ms(activity.start),
                "end": to_ms(activity.end),
                "outcome": outcome,
                "jobId": job_id,
                "activityId": activity.id,
                "warnings": int(outcome == "WARNING"),
                **origin,
            }
        )
        return outcome

    def _hold(self, name: str, partition: str, count: int) -> None:
        if partition == "NP":
            self.project.rows[name] = count
            return
        self.project.rows[f"{name}/{partition}"] = count
        held = data.held(self.project, name)
        for old in held[:-_KEPT_PARTITIONS]:
            del self.project.rows[f"{name}/{old}"]

    def _keep_job(
        self,
        job_id: str,
        targets: Sequence[Target],
        activities: Sequence[shapes.Activity],
        start: datetime,
        end: datetime,
        outcome: str,
        warnings: int,
        origin: Raw,
        step: Raw,
    ) -> None:
        live = end > self.now
        state = "RUNNING" if live else outcome if outcome in ("FAILED", "ABORTED") else "DONE"
        by_scenario = bool(origin.get("scenarioId"))
        raw = self.project.scenarios.get(str(origin.get("scenarioId")), {})
        definition = {
            "id": job_id,
            "name": shapes.job_name(job_id),
            "type": str((step.get("params") or {}).get("jobType") or "RECURSIVE_BUILD"),
            "initiator": shapes.run_as(raw, self.project) if by_scenario else self.project.owner,
            "initiationTimestamp": to_ms(start),
            "triggeredFrom": "SCHEDULER" if by_scenario else "UI",
            "projectKey": self.project.key,
            "mailNotification": False,
            "outputs": [shapes.output(self.project.key, target) for target in targets],
            "refreshHiveMetastore": False,
        }
        item = {
            "def": definition,
            "state": state,
            "stableState": not live,
            "startTime": to_ms(start),
            "endTime": 0 if live else to_ms(end),
            "warningsCount": warnings,
        }
        described = {each.id: self._described(each) for each in activities}
        counts = {key: sum(a.state == key for a in activities) for key in ("DONE", "FAILED", "RUNNING")}
        base = {"def": definition, "state": state, "jobStartTime": item["startTime"], "jobEndTime": item["endTime"]}
        total = {**{key.lower(): count for key, count in counts.items()}, "total": len(activities)}
        status = {"baseStatus": {**base, "activities": described}, "globalState": total}
        log = logs.job(job_id, activities, {a.recipe: self._type(a.recipe) for a in activities}, self.now)
        lines = log.splitlines()
        status["logTail"] = {"totalLines": len(lines), "lines": lines[-20:]}
        self.jobs.append({"listItem": item, "status": status, "log": log, "scenario": origin})

    def _described(self, activity: shapes.Activity) -> Raw:
        kind = self._type(activity.recipe)
        begun = activity.state != "NOT_STARTED"
        found: Raw = {
            "state": activity.state,
            "startTime": to_ms(activity.start) if begun else 0,
            "endTime": to_ms(activity.end) if activity.state in ("DONE", "FAILED", "ABORTED") else 0,
            "recipeName": activity.recipe,
            "recipeType": kind,
            "engineType": _ENGINES.get(kind, "DSS"),
            "warnings": shapes.warnings(0),
        }
        if activity.message:
            found["message"] = activity.message
            found["firstFailure"] = shapes.thrown(activity.message)
        return found

    def _type(self, recipe: str) -> str:
        return str(self.project.recipes[recipe]["recipe"].get("type"))

    def _build_the_rest(self) -> None:
        """What no scenario builds was built by hand; what the story calls old, long ago; what it calls unbuilt, never."""
        never = set(self.told.facts.get("unbuilt") or [])
        old = self.told.facts.get("built_days_ago") or {}
        if not self.told.days:
            return
        for ref, days_ago in old.items():
            self._by_hand(ref, self.now - timedelta(days=float(days_ago), hours=2))
        for ref in self.flow.producers:
            if ref not in self.flow.known and ref not in never and ref not in old:
                days_ago = self.told.chance("by hand", ref).uniform(1, max(2.0, self.told.days * 0.6))
                self._by_hand(ref, self.now - timedelta(days=days_ago))

    def _by_hand(self, ref: str, at: datetime) -> None:
        item = {"itemId": ref}
        plan = (
            [(self.flow.producers[ref], self.flow.asked_partition(ref, "", at))] if ref in self.flow.producers else []
        )
        if not plan:
            return
        lasts = timedelta(minutes=self.told.chance("lasts", ref).uniform(1, 9))
        step = {"params": {"jobType": "NON_RECURSIVE_FORCED_BUILD"}}
        before = len(self.jobs)
        self._job([item], plan, at, lasts, {}, {}, {}, step)
        if at < self.told.since:
            del self.jobs[before:]

    def _finish(self) -> None:
        project = self.project
        for runs in project.runs.values():
            runs.sort(key=lambda run: run["scenarioRun"]["start"], reverse=True)
        project.jobs = sorted(self.jobs, key=lambda job: job["listItem"]["def"]["initiationTimestamp"], reverse=True)
        project.build_history.sort(key=lambda build: build["end"])
        for build in project.build_history:
            project.builds[build["kind"], build["id"]] = {
                "buildStartTime": build["start"],
                "buildEndTime": build["end"],
                "buildSuccess": build["outcome"] in ("SUCCESS", "WARNING"),
                "buildJobId": build["jobId"],
            }
        for history in project.metrics.values():
            for points in history.values():
                points.sort(key=lambda point: point["computed"])
        for name, results in self.measured.results.items():
            results.sort(key=lambda result: result["computeDate"], reverse=True)
            project.rule_results[name] = results
        self._hold_sources()
        self._fill_folders()
        self._tell_people()
        leftovers.leave(self.instance, project, self.told)
        causes.begin(self.instance, project, self.told, self.flow)

    def _hold_sources(self) -> None:
        for name in self.project.datasets:
            if name in self.flow.producers:
                continue
            if not data.dimension(self.project.datasets[name]):
                self.project.rows[name] = self.told.row_count(name, self.now)
                continue
            came = self.flow.arrivals.get(name, []) if self.flow.by_day(name) else [self.now]
            for at in came[-_KEPT_PARTITIONS:]:
                partition = self.flow.asked_partition(name, "", at)
                self.project.rows[f"{name}/{partition}"] = self.told.row_count(name, at)

    def _fill_folders(self) -> None:
        """Files of the last days: in a source folder as they arrived, in one that a recipe fills as it was built."""
        for folder_id, raw in self.project.folders.items():
            built = [b["end"] for b in self.project.build_history if b["kind"] == FOLDER and b["id"] == folder_id]
            times = (
                [to_ms(at) for at in self.flow.arrivals.get(folder_id, ())]
                if folder_id not in self.flow.producers
                else built
            )
            for at in times[-7:]:
                day = datetime.fromtimestamp(at / 1000, self.told.zone).date() - timedelta(days=1)
                path = (
                    self.instance.folder_path(self.project.key, folder_id) / f"{raw.get('name', folder_id)}_{day}.csv"
                )
                path.parent.mkdir(parents=True, exist_ok=True)
                columns = (
                    ("shipment_id", "string"),
                    ("order_id", "string"),
                    ("carrier", "string"),
                    ("weight_kg", "double"),
                )
                source = made.Source(
                    f"{folder_id}/{day}", columns, 120, datetime.fromtimestamp(at / 1000, timezone.utc)
                )
                lines = [",".join(name for name, _ in columns)]
                lines += [",".join(map(made.text, row)) for row in made.make(source)]
                path.write_text("\n".join(lines) + "\n", "utf-8")
                os.utime(path, (at / 1000, at / 1000))

    def _tell_people(self) -> None:
        for number, commit in enumerate(self.told.facts.get("commits") or []):
            at = to_ms(self.told.local(int(commit["days_ago"]), f"{15 - number % 4:02d}:{(17 * number + 4) % 60:02d}"))
            commit_id = f"{self.told.chance('commit', commit['message']).getrandbits(160):040x}"
            entry = {"commitId": commit_id, "author": commit["by"], "timestamp": at, "message": commit["message"]}
            self.project.git_log.append(entry)
        for bundle_id, days_ago in (self.told.facts.get("bundles") or {}).items():
            at = to_ms(self.told.local(int(days_ago), "17:30"))
            self.project.imported_bundles.append(
                {"bundleId": bundle_id, "createdOn": at, "importedOn": at, "active": False}
            )
        if self.project.imported_bundles:
            newest = max(self.project.imported_bundles, key=lambda bundle: bundle["createdOn"])
            newest["active"] = True


@dataclass
class _Run:
    scenario: str
    run_id: str
    start: datetime
    steps: list[Raw] = field(default_factory=list)

    def origin(self, project_key: str) -> Raw:
        return {"scenarioProjectKey": project_key, "scenarioId": self.scenario, "runId": self.run_id}


def _enabled(step: Raw) -> bool:
    return bool(step.get("enabled", True)) and step.get("runConditionType") != "DISABLED"


def _items(step: Raw, key: str) -> list[Raw]:
    return list((step.get("params") or {}).get(key) or [])
