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
from datetime import datetime, time, timedelta, timezone
from random import Random
from typing import Any, Optional
from zoneinfo import ZoneInfo

from . import data, metrics, quality, stats, timetable
from . import rows as made
from .clock import to_ms
from .instance import DATASET, FOLDER, Instance, Project, refs

Raw = dict[str, Any]
Target = tuple[str, str, str]  # kind, id, partition

_WEIGHTS = {"sync": 1.0, "shaker": 1.2, "join": 3.0, "grouping": 1.5, "python": 2.0, "prediction_training": 6.0}
_STEP_WEIGHTS = {"compute_metrics": 0.35, "check_dataset": 0.35, "runnable": 0.3, "custom_python": 1.0, "exec_sql": 0.5}
_ENGINES = {"python": "USER_CODE", "sql_query": "SQL", "join": "SQL", "grouping": "SQL", "topn": "SQL"}
_EVENTS = {"day", "scenario", "source", "arrives", "missing", "skip", "late_minutes", "slow", "fail", "abort", "rerun"}
_EVENTS |= {"rows", "rules"}
_FACTS = {"sources", "scenarios", "rows", "born", "unbuilt", "built_days_ago", "bundles", "commits", "past", "events"}
_MISHAPS = (
    "could not connect to server: Connection refused",
    "Error in Python process: At line 14: <class 'MemoryError'>: Unable to allocate 1.9 GiB",
    "Lost connection to the database during query: server closed the connection unexpectedly",
    "Activity was killed: the job exceeded its memory limit",
)
_MOST_FIRINGS = 2000
_QUIET_DAYS = 3  # chance brings no failure on the days that a story is about
_KEPT_PARTITIONS = 45


def write(instance: Instance, project: Project, told: Raw, facts: Raw, now: datetime) -> None:
    """Tells the past of one project up to `now`. `facts` are what the story says of this very project."""
    events = [*(facts.get("past") or []), *(facts.get("events") or [])]
    strange = set(facts) - _FACTS or {key for event in events for key in set(event) - _EVENTS}
    if strange:
        raise ValueError(f"a story of {project.key} says {sorted(strange)[0]!r}, which nothing reads")
    Chronicle(instance, project, told, facts, now).write()


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


@dataclass
class Activity:
    """One recipe of a job, with when it ran; `state` is DSS's."""

    recipe: str
    start: datetime
    end: datetime
    state: str = "DONE"
    message: str = ""


class Chronicle:
    """Everything that is known while one project's past is told."""

    def __init__(self, instance: Instance, project: Project, told: Raw, facts: Raw, now: datetime) -> None:
        self.instance, self.project, self.facts, self.now = instance, project, facts, now
        self.zone = ZoneInfo(told.get("zone") or instance.zone)
        self.since = now - timedelta(days=told.get("days", 0))
        self.days: int = told.get("days", 0)
        self.seed = f"{told.get('seed', 0)}/{project.key}"
        self.producers = project.producers()
        self.inputs = {name: list(refs(whole["recipe"], "inputs")) for name, whole in project.recipes.items()}
        self.watchers = self._watchers()
        self.events: dict[tuple[int, str], Raw] = {}
        self.source_events: dict[tuple[int, str], Raw] = {}
        self.row_events: dict[tuple[int, str], float] = {}
        self.rule_events: dict[tuple[int, str], Raw] = {}
        for event in [*(facts.get("past") or []), *(facts.get("events") or [])]:
            self._note(event)
        self.arrivals = self._arrivals()
        self.queue: list[Firing] = []
        self.order = itertools.count()
        self.free: dict[str, datetime] = {}
        self.built: dict[tuple[str, str], datetime] = {}
        self.known: set[str] = set()
        self.results: dict[str, list[Raw]] = {}
        self.samples: dict[str, Sample] = {}
        self.jobs: list[Raw] = []

    def write(self) -> None:
        self._age()
        self._plan()
        while self.queue:
            firing = heapq.heappop(self.queue)
            if firing.at <= self.now:
                self._fire(firing)
        self._build_the_rest()
        self._finish()

    # --- what the story says -------------------------------------------------------------------------------------

    def _note(self, event: Raw) -> None:
        day = int(event["day"])
        if "scenario" in event:
            self.events[day, event["scenario"]] = event
        if "source" in event:
            self.source_events[day, event["source"]] = event
        for name, factor in (event.get("rows") or {}).items():
            self.row_events[day, name] = float(factor)
        for rule, verdict in (event.get("rules") or {}).items():
            self.rule_events[day, rule] = verdict

    def _chance(self, *parts: object) -> Random:
        return Random("/".join([self.seed, *map(str, parts)]))

    def _days_ago(self, at: datetime) -> int:
        return (self.now.astimezone(self.zone).date() - at.astimezone(self.zone).date()).days

    def _local(self, days_ago: int, clock: str) -> datetime:
        """The instant at which clocks in the story's zone show a time, some days before the telling."""
        hour, minute = (int(part) for part in clock.split(":"))
        day = self.now.astimezone(self.zone).date() - timedelta(days=days_ago)
        return datetime.combine(day, time(hour, minute), self.zone).astimezone(timezone.utc)

    def _arrivals(self) -> dict[str, list[datetime]]:
        """When new data came to each source, oldest first. Sources the story does not name get a time of their own."""
        used = {ref for found in self.inputs.values() for ref in found}
        found: dict[str, list[datetime]] = {}
        for ref in sorted(used - set(self.producers)):
            if ref in self.project.datasets and self.project.datasets[ref].get("type") in ("UploadedFiles", "Inline"):
                continue
            said = (self.facts.get("sources") or {}).get(ref) or {}
            usual = said.get("arrives") or "{:02d}:{:02d}".format(
                self._chance("arrives", ref).randint(0, 4), self._chance("minute", ref).randint(0, 59)
            )
            found[ref] = [at for at in self._each_arrival(ref, usual, float(said.get("jitter", 8))) if at <= self.now]
        return found

    def _each_arrival(self, ref: str, usual: str, jitter: float) -> Iterator[datetime]:
        for days_ago in range(self.days + 1, -1, -1):
            event = self.source_events.get((days_ago, ref)) or {}
            if not event.get("missing"):
                late = self._chance("arrival", ref, days_ago).gauss(0, jitter / 2)
                at = self._local(days_ago, str(event.get("arrives") or usual))
                yield at if event.get("arrives") else at + timedelta(minutes=late)

    def _age(self) -> None:
        """What the story calls new was made a working afternoon so many days ago."""
        for scenario_id, days_ago in (self.facts.get("born") or {}).items():
            born = to_ms(self._local(int(days_ago), "16:41"))
            raw = self.project.scenarios[scenario_id]
            for tag in (raw.get("versionTag"), raw.get("creationTag")):
                if tag:
                    tag["lastModifiedOn"] = born
            for trigger in raw.get("triggers") or []:
                (trigger.get("params") or {})["lastUpdate"] = born

    # --- firings -------------------------------------------------------------------------------------------------

    def _plan(self) -> None:
        if not self.days:
            return
        for scenario_id, raw in sorted(self.project.scenarios.items()):
            since = self.since
            if scenario_id in (self.facts.get("born") or {}):
                since = max(since, self._local(int(self.facts["born"][scenario_id]), "16:41"))
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
            for ref in sorted(watched & set(self.arrivals)):
                yield from self._noticed(trigger, (at for at in self.arrivals[ref] if at > since))
        elif kind == "sql_query":
            yield from self._noticed(trigger, self._changes(scenario_id, str(params.get("connection")), since))
        elif kind != "follow_scenariorun":
            for days_ago in range(self.days, -1, -1):
                chance = self._chance(scenario_id, trigger.get("id"), days_ago)
                at = self._local(days_ago, f"{chance.randint(5, 21):02d}:{chance.randint(0, 59):02d}")
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
            for ref in self.arrivals
            if ref in self.project.datasets and data.is_sql(self.project.datasets[ref])
            if data.connection(self.project, ref) == connection and ref in (self.facts.get("sources") or {})
        ]
        for ref in sources:
            yield from (at for at in self.arrivals[ref] if at > since)
        if not sources:
            for days_ago in range(self.days, -1, -1):
                at = self._local(days_ago, f"{self._chance(scenario_id, 'query').randint(1, 9):02d}:20")
                if since < at <= self.now:
                    yield at

    def _noticed(self, trigger: Raw, changes: Iterator[datetime]) -> Iterator[datetime]:
        """A change is seen at the trigger's next look, and believed after its grace delay."""
        grace = float((trigger.get("graceDelaySettings") or {}).get("delay") or 0)
        period = float(trigger.get("delay") or 60)
        for at in changes:
            seen = at + timedelta(seconds=grace + self._chance(trigger.get("id"), at).random() * period)
            if seen <= self.now:
                yield seen

    def _fire(self, firing: Firing) -> None:
        event = self.events.get((self._days_ago(firing.at), firing.scenario)) or {}
        by_hand = firing.trigger.get("type") == "manual"
        if event.get("skip") and not by_hand:
            return
        if self.free.get(firing.scenario, self.since) > firing.at and self.free.get(firing.scenario):
            return
        at = firing.at + timedelta(minutes=float(event.get("late_minutes") or 0))
        if at <= self.now:
            self._run(firing.scenario, firing.trigger, at, {} if by_hand else event)

    # --- one run -------------------------------------------------------------------------------------------------

    def _run(self, scenario_id: str, trigger: Raw, at: datetime, event: Raw) -> None:
        raw = self.project.scenarios[scenario_id]
        chance = self._chance(scenario_id, at.isoformat(timespec="seconds"))
        fired = at + timedelta(seconds=chance.uniform(0.2, 4.5) if trigger.get("type") == "temporal" else 0.1)
        start = fired + timedelta(milliseconds=chance.randint(180, 1400))
        run_id = (
            start.astimezone(ZoneInfo(self.instance.zone)).strftime("%Y-%m-%d-%H-%M-%S-")
            + f"{start.microsecond // 1000:03d}"
        )
        said = (self.facts.get("scenarios") or {}).get(scenario_id) or {}
        steps = [step for step in (raw.get("params") or {}).get("steps") or [] if _enabled(step)]
        plans = self._plans(steps, start)
        event = self._mishap(said, event, plans, chance, start)
        factor = 1.0 if event else math.exp(chance.gauss(0, float(said.get("jitter", 0.1))))
        usual = float(said.get("minutes") or self._chance(scenario_id, "minutes").uniform(2, 18)) * 60
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
            outcome = _worse(outcome, step_outcome)
            thrown = thrown or failure
        if not steps:
            clock = start + timedelta(seconds=usual * factor)
        self._close(told, raw, trigger, fired, clock, outcome, thrown)
        self._after(told, raw, trigger, clock, outcome, event)

    def _plans(self, steps: Sequence[Raw], start: datetime) -> list[list[tuple[str, str]]]:
        """Per step, the recipes its job runs with the partition of each, in order; [] for steps without a job."""
        done: set[tuple[str, str]] = set()
        return [
            self._plan_job(_items(step, "builds"), str((step.get("params") or {}).get("jobType")), start, done)
            if step.get("type") == "build_flowitem"
            else []
            for step in steps
        ]

    def _plan_job(
        self, items: Sequence[Raw], mode: str, start: datetime, done: set[tuple[str, str]]
    ) -> list[tuple[str, str]]:
        planned: list[tuple[str, str]] = []
        visited: set[tuple[str, str]] = set()

        def visit(ref: str, partition: str, asked: bool) -> bool:
            recipe = self.producers.get(ref)
            if recipe is None or (ref, partition) in visited:
                return recipe is not None and (recipe, partition) in planned
            visited.add((ref, partition))
            fresh_inputs = False
            if mode != "NON_RECURSIVE_FORCED_BUILD":
                for before in self.inputs[recipe]:
                    fresh_inputs = visit(before, self._partition(before, partition, start), False) or fresh_inputs
            if (recipe, partition) in done or (recipe, partition) in planned:
                return True
            explicit = (self._raw(ref).get("flowOptions") or {}).get("rebuildBehavior") in ("EXPLICIT", "WRITE_PROTECT")
            if asked or (not explicit and (fresh_inputs or self._stale(ref, partition, mode, start))):
                planned.append((recipe, partition))
                return True
            return False

        for item in items:
            ref = str(item.get("itemId"))
            visit(ref, self._asked_partition(ref, str(item.get("partitionsSpec") or ""), start), True)
        done.update(planned)
        return planned

    def _stale(self, ref: str, partition: str, mode: str, start: datetime) -> bool:
        last = self.built.get((ref, partition))
        if last is None or mode == "RECURSIVE_FORCED_BUILD":
            return True
        if mode == "RECURSIVE_MISSING_ONLY_BUILD":
            return False
        for before in self.inputs[self.producers[ref]]:
            newer = self.built.get((before, self._partition(before, partition, start)))
            if newer is not None and newer > last:
                return True
            # DSS takes SQL tables that no recipe makes for up to date, whatever came into them.
            sql = before in self.project.datasets and data.is_sql(self.project.datasets[before])
            if not sql and any(last < at <= start for at in self.arrivals.get(before, ())[-3:]):
                return True
        return False

    def _raw(self, ref: str) -> Raw:
        for objects in self.project.objects().values():
            if ref in objects:
                return objects[ref]
        return {}

    def _partition(self, ref: str, partition: str, at: datetime) -> str:
        """The partition of an object that goes with one of its neighbour: the same, or the usual one where it has none."""
        if not data.dimension(self._raw(ref)):
            return "NP"
        return partition if partition != "NP" else self._asked_partition(ref, "", at)

    def _asked_partition(self, ref: str, spec: str, start: datetime) -> str:
        dimensions = (self._raw(ref).get("partitioning") or {}).get("dimensions") or []
        if not dimensions:
            return "NP"
        if dimensions[0].get("type") != "time":
            return f"{dimensions[0].get('name')}_1"
        back = 0 if "CURRENT_DAY" in spec else 1
        return (start.astimezone(self.zone).date() - timedelta(days=back)).isoformat()

    def _units(self, step: Raw, plan: Sequence[tuple[str, str]], slow: Raw) -> float:
        if step.get("type") != "build_flowitem":
            return _STEP_WEIGHTS.get(str(step.get("type")), 0.1)
        return sum(self._weight(recipe, slow) for recipe, _ in plan) or 0.05

    def _weight(self, recipe: str, slow: Raw) -> float:
        kind = str(self.project.recipes[recipe]["recipe"].get("type"))
        return _WEIGHTS.get(kind, 1.3) * float(slow.get(recipe) or 1)

    def _mishap(
        self, said: Raw, event: Raw, plans: Sequence[Sequence[tuple[str, str]]], chance: Random, start: datetime
    ) -> Raw:
        """A failure by chance, on days that the story is not about."""
        recipes = [recipe for plan in plans for recipe, _ in plan]
        unlucky = chance.random() < float(said.get("fails", 0.01))
        if event or not recipes or not unlucky or self._days_ago(start) < _QUIET_DAYS:
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
            outcome, thrown = "FAILED", _thrown(fail["message"])
        elif kind in ("compute_metrics", "check_dataset") and end <= self.now:
            outcome = self._measure(
                kind, _items(step, "computes" if kind == "compute_metrics" else "checks"), end, told
            )
            if outcome == "FAILED":
                thrown = _thrown("Some checks are in error")
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
            result = {"outcome": outcome, "warnings": _warnings(1 if outcome == "WARNING" else 0)}
            told.steps[-1]["result"] = {**result, "thrown": thrown} if thrown else result
        return end + timedelta(milliseconds=120), outcome, thrown

    def _measure(self, kind: str, items: Sequence[Raw], at: datetime, told: _Run) -> str:
        worst = "SUCCESS"
        for item in items:
            name = str(item.get("itemId"))
            if str(item.get("type") or DATASET) != DATASET or name not in self.project.datasets:
                continue
            partition = self._asked_partition(name, str(item.get("partitionsSpec") or ""), told.start)
            count = self.project.rows.get(name if partition == "NP" else f"{name}/{partition}")
            if count is None:
                continue
            if kind == "compute_metrics":
                self._metrics(name, partition, count, at, on_build=False)
            else:
                worst = _worse(worst, self._rules(name, partition, count, at, on_build=False, origin="SCENARIO"))
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
        scenario = {"projectKey": self.project.key, "id": told.scenario, "name": raw.get("name") or told.scenario}
        scenario.update({"type": raw.get("type"), "active": True, "markedAsTest": bool(raw.get("markedAsTest"))})
        fire = {"scenarioId": told.scenario, "trigger": trigger, "runId": _stamp(fired), "timestamp": to_ms(fired)}
        head: Raw = {
            "scenario": scenario,
            "runId": told.run_id,
            "start": to_ms(told.start),
            "end": 0 if live else to_ms(end),
            "trigger": {**fire, "params": {}, "invalid": False, "cancelled": False},
            "runAsUser": {"realUserLogin": _run_as(raw, self.project), "authSource": "USER_FROM_UI"},
            "reportItems": [],
            "variables": {},
        }
        if not live:
            result = {"type": "SCENARIO_DONE", "outcome": outcome, "warnings": _warnings(int(outcome == "WARNING"))}
            head["result"] = {**result, "start": head["start"], "end": head["end"]}
            if thrown:
                head["result"]["thrown"] = thrown
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
            again = max(self._local(self._days_ago(end), str(event["rerun"])), end + timedelta(minutes=8))
            self._push(again, told.scenario, dict(_MANUAL))

    # --- jobs and builds -----------------------------------------------------------------------------------------

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
            (kind, ref, self._asked_partition(ref, str(item.get("partitionsSpec") or ""), start))
            for (kind, ref, _), item in zip(targets, items)
        ]
        job_id = _job_id(targets[0], start)
        activities = self._activities(plan, start, lasts, fail, slow)
        warnings, failed = 0, None
        built: list[tuple[Target, str]] = []
        for activity, (_, partition) in zip(activities, plan):
            for ref in refs(self.project.recipes[activity.recipe]["recipe"], "outputs"):
                target = (self.project.kind_of(ref), ref, self._partition(ref, partition, start))
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
        thrown = _thrown(failed.message) if failed and failed.message else None
        live = end > self.now
        report = {"type": "JOB_EXECUTED", "jobId": job_id, **({} if live else {"outcome": outcome})}
        items_of = [report if not thrown else {**report, "thrown": thrown}]
        items_of += [_built_item(self.project.key, target, result) for target, result in built]
        return end, outcome, thrown, items_of

    def _activities(
        self, plan: Sequence[tuple[str, str]], start: datetime, lasts: timedelta, fail: Raw, slow: Raw
    ) -> list[Activity]:
        total = sum(self._weight(recipe, slow) for recipe, _ in plan)
        clock, found, stopped = start + timedelta(milliseconds=900), [], False
        for recipe, _ in plan:
            end = clock + lasts * (self._weight(recipe, slow) / total)
            activity = Activity(recipe, clock, end)
            if stopped or clock > self.now:
                activity.state = "NOT_STARTED"
            elif fail.get("recipe") == recipe:
                activity.end = clock + (end - clock) / 3
                activity.state, stopped = ("FAILED" if fail.get("message") else "ABORTED"), True
                activity.message = self._worded(fail.get("message", ""), clock)
            if activity.state != "NOT_STARTED" and activity.end > self.now:
                activity.state, activity.message = "RUNNING", ""
            found.append(activity)
            clock = activity.end
        return found

    def _worded(self, message: str, at: datetime) -> str:
        day = at.astimezone(self.zone).date()
        return str(message).replace("{yesterday}", (day - timedelta(days=1)).strftime("%Y/%m/%d"))

    def _build(self, target: Target, activity: Activity, job_id: str, origin: Raw) -> str:
        """One output of one activity: its build, rows, metrics and rules. Answers the outcome, '' where it never began."""
        kind, ref, partition = target
        if activity.state in ("NOT_STARTED", "RUNNING"):
            return ""
        outcome = activity.state if activity.state in ("FAILED", "ABORTED") else "SUCCESS"
        if outcome == "SUCCESS":
            self.built[ref, partition] = activity.start
            self.known.add(ref)
            for scenario_id, trigger in self.watchers.get(ref, ()) if origin else ():
                for at in self._noticed(trigger, iter([activity.end])):
                    self._push(at, scenario_id, trigger)
            if kind == DATASET and ref in self.project.datasets:
                count = self._rows(ref, activity.start)
                self._hold(ref, partition, count)
                self._metrics(ref, partition, count, activity.end, on_build=True)
                outcome = self._rules(ref, partition, count, activity.end, on_build=True, origin="BUILD")
        self._reporting(target, activity, outcome)
        self.project.build_history.append(
            {
                "kind": kind,
                "id": ref,
                "partition": partition,
                "start": to_ms(activity.start),
                "end": to_ms(activity.end),
                "outcome": outcome,
                "jobId": job_id,
                "activityId": f"{activity.recipe}_{partition}",
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
        activities: Sequence[Activity],
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
            "name": job_id.rsplit("_", 1)[0],
            "type": str((step.get("params") or {}).get("jobType") or "RECURSIVE_BUILD"),
            "initiator": _run_as(raw, self.project) if by_scenario else self.project.owner,
            "initiationTimestamp": to_ms(start),
            "triggeredFrom": "SCHEDULER" if by_scenario else "UI",
            "projectKey": self.project.key,
            "mailNotification": False,
            "outputs": [_output(self.project.key, target) for target in targets],
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
        described = {f"{a.recipe}_{targets[0][2]}": self._described(a) for a in activities}
        counts = {key: sum(a.state == key for a in activities) for key in ("DONE", "FAILED", "RUNNING")}
        base = {"def": definition, "state": state, "jobStartTime": item["startTime"], "jobEndTime": item["endTime"]}
        total = {**{key.lower(): count for key, count in counts.items()}, "total": len(activities)}
        status = {"baseStatus": {**base, "activities": described}, "globalState": total}
        log = _log(job_id, activities, self.now)
        lines = log.splitlines()
        status["logTail"] = {"totalLines": len(lines), "lines": lines[-20:]}
        self.jobs.append({"listItem": item, "status": status, "log": log, "scenario": origin})

    def _described(self, activity: Activity) -> Raw:
        kind = str(self.project.recipes[activity.recipe]["recipe"].get("type"))
        begun = activity.state != "NOT_STARTED"
        found: Raw = {
            "state": activity.state,
            "startTime": to_ms(activity.start) if begun else 0,
            "endTime": to_ms(activity.end) if activity.state in ("DONE", "FAILED", "ABORTED") else 0,
            "recipeName": activity.recipe,
            "recipeType": kind,
            "engineType": _ENGINES.get(kind, "DSS"),
            "warnings": _warnings(0),
        }
        if activity.message:
            found["message"] = activity.message
            found["firstFailure"] = _thrown(activity.message)
        return found

    # --- rows, metrics, rules ------------------------------------------------------------------------------------

    def _rows(self, name: str, at: datetime) -> int:
        """How many rows a build at that moment gives."""
        said = (self.facts.get("rows") or {}).get(name) or {}
        base = float(said.get("base") or self._chance("rows", name).randint(300, 20_000))
        noise = float(said.get("noise", 0.03))
        local = at.astimezone(self.zone)
        week = said.get("weekday") or [1.0] * 7
        data_day = (local.date() - timedelta(days=1)).weekday()
        growth = (1 + float(said.get("growth", 0))) ** -self._days_ago(at)
        luck = math.exp(self._chance("count", name, local.date(), local.hour).gauss(0, noise)) if noise else 1.0
        return round(base * week[data_day] * growth * luck * self.row_events.get((self._days_ago(at), name), 1.0))

    def _metrics(self, name: str, partition: str, count: int, at: datetime, on_build: bool) -> None:
        probes = (self.project.datasets[name].get("metrics") or {}).get("probes") or []
        history = self.project.metrics.setdefault((DATASET, name), {})
        computed = to_ms(at) + 1200
        for probe in probes:
            if not probe.get("enabled", True) or (on_build and probe.get("computeOnBuildMode", "NO") == "NO"):
                continue
            for metric_id, (value, kind) in self._sample(name).values(probe, count, at).items():
                point = {"partition": partition, "value": value, "dataType": kind, "computed": computed}
                history.setdefault(metric_id, []).append(point)

    def _rules(self, name: str, partition: str, count: int, at: datetime, on_build: bool, origin: str) -> str:
        """Judges the rules on what the build gave: FAILED, WARNING or SUCCESS."""
        worst, computed = "SUCCESS", to_ms(at) + 1500
        for rule in quality.rules(self.project, DATASET, name):
            if not rule.get("enabled", True) or (on_build and not rule.get("autoRun", True)):
                continue
            wanted = quality.needs(rule)
            if not wanted:
                continue
            outcome, message = "OK", "As usual"
            if self.facts:  # the rows of a project that no story describes are made up: its rules would judge chance
                outcome, message = quality.judge(rule, self._sample(name).needed(wanted, count, at))
            said = self.rule_events.get((self._days_ago(at), quality.rule_id(rule)))
            if said:
                outcome, message = said["outcome"], said["message"]
            result = quality.result(rule, outcome, message, computed, origin, partition)
            self.results.setdefault(name, []).append(result)
            worst = _worse(worst, {"ERROR": "FAILED", "WARNING": "WARNING"}.get(outcome, "SUCCESS"))
        return worst

    def _sample(self, name: str) -> Sample:
        if name not in self.samples:
            self.samples[name] = Sample(self.project, name, self.now)
        return self.samples[name]

    def _reporting(self, target: Target, activity: Activity, outcome: str) -> None:
        kind, ref, partition = target
        history = self.project.metrics.setdefault((kind, ref), {})
        lasted = int((activity.end - activity.start).total_seconds())
        values = {
            "reporting:BUILD_START_DATE": (made.text(activity.start), "DATE"),
            "reporting:BUILD_DURATION": (str(lasted), "BIGINT"),
            "reporting:BUILD_SUCCESS": ("true" if outcome in ("SUCCESS", "WARNING") else "false", "BOOLEAN"),
        }
        for metric_id, (value, data_type) in values.items():
            point = {"partition": partition, "value": value, "dataType": data_type, "computed": to_ms(activity.end)}
            history.setdefault(metric_id, []).append(point)

    # --- the rest ------------------------------------------------------------------------------------------------

    def _build_the_rest(self) -> None:
        """What no scenario builds was built by hand; what the story calls old, long ago; what it calls unbuilt, never."""
        never = set(self.facts.get("unbuilt") or [])
        old = self.facts.get("built_days_ago") or {}
        if not self.days:
            return
        for ref, days_ago in old.items():
            self._by_hand(ref, self.now - timedelta(days=float(days_ago), hours=2))
        for ref in self.producers:
            if ref not in self.known and ref not in never and ref not in old:
                days_ago = self._chance("by hand", ref).uniform(1, max(2.0, self.days * 0.6))
                self._by_hand(ref, self.now - timedelta(days=days_ago))

    def _by_hand(self, ref: str, at: datetime) -> None:
        item = {"itemId": ref}
        plan = [(self.producers[ref], self._asked_partition(ref, "", at))] if ref in self.producers else []
        if not plan:
            return
        lasts = timedelta(minutes=self._chance("lasts", ref).uniform(1, 9))
        step = {"params": {"jobType": "NON_RECURSIVE_FORCED_BUILD"}}
        before = len(self.jobs)
        self._job([item], plan, at, lasts, {}, {}, {}, step)
        if at < self.since:
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
        for name, results in self.results.items():
            results.sort(key=lambda result: result["computeDate"], reverse=True)
            project.rule_results[name] = results
        self._hold_sources()
        self._fill_folders()
        self._tell_people()

    def _hold_sources(self) -> None:
        for name in self.project.datasets:
            if name in self.producers:
                continue
            if not data.dimension(self.project.datasets[name]):
                self.project.rows[name] = self._rows(name, self.now)
                continue
            days = [at.astimezone(self.zone).date() - timedelta(days=1) for at in self.arrivals.get(name, ())]
            held = [day.isoformat() for day in days[-_KEPT_PARTITIONS:]]
            if self._raw(name)["partitioning"]["dimensions"][0].get("type") != "time":
                held = [self._asked_partition(name, "", self.now)]
            for partition in held:
                self.project.rows[f"{name}/{partition}"] = self._rows(name, self.now)

    def _fill_folders(self) -> None:
        """Files of the last days: in a source folder as they arrived, in one that a recipe fills as it was built."""
        for folder_id, raw in self.project.folders.items():
            built = [b["end"] for b in self.project.build_history if b["kind"] == FOLDER and b["id"] == folder_id]
            times = [to_ms(at) for at in self.arrivals.get(folder_id, ())] if folder_id not in self.producers else built
            for at in times[-7:]:
                day = datetime.fromtimestamp(at / 1000, self.zone).date() - timedelta(days=1)
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
        for number, commit in enumerate(self.facts.get("commits") or []):
            at = to_ms(self._local(int(commit["days_ago"]), f"{15 - number % 4:02d}:{(17 * number + 4) % 60:02d}"))
            commit_id = f"{self._chance('commit', commit['message']).getrandbits(160):040x}"
            entry = {"commitId": commit_id, "author": commit["by"], "timestamp": at, "message": commit["message"]}
            self.project.git_log.append(entry)
        for bundle_id, days_ago in (self.facts.get("bundles") or {}).items():
            at = to_ms(self._local(int(days_ago), "17:30"))
            self.project.imported_bundles.append(
                {"bundleId": bundle_id, "createdOn": at, "importedOn": at, "active": False}
            )
        if self.project.imported_bundles:
            newest = max(self.project.imported_bundles, key=lambda bundle: bundle["createdOn"])
            newest["active"] = True


class Sample:
    """Statistics of a few thousand made rows of a dataset, scaled to any number of rows and moved to any day."""

    SIZE = 2000

    def __init__(self, project: Project, name: str, now: datetime) -> None:
        raw = project.datasets[name]
        self.fields = dict(data.fields(raw))
        self.now = now
        dimension = data.dimension(raw)
        source = made.Source(f"{project.key}.{name}", tuple(data.fields(raw)), self.SIZE, now, dimension)
        self.table = data.is_sql(raw)
        self.rows: list[list[Any]] = []
        self._source = source
        self._known: dict[tuple[str, str], Any] = {}

    def values(self, probe: Raw, count: int, at: datetime) -> dict[str, tuple[str, str]]:
        """What a built-in probe finds in `count` rows built at that moment."""
        kind = probe.get("type")
        if kind == "records":
            return {data.COUNT: (str(count), "BIGINT")}
        if kind == "basic":
            found = {"basic:COUNT_COLUMNS": (str(len(self.fields)), "BIGINT")}
            if not self.table:
                found["basic:COUNT_FILES"] = ("1", "BIGINT")
                found["basic:SIZE"] = (str(round(count * self._width())), "BIGINT")
            return found
        if kind == "col_stats":
            listed = (probe.get("configuration") or {}).get("aggregates") or []
            wanted = [(str(one.get("aggregated")), str(one.get("column"))) for one in listed]
            return {
                f"col_stats:{aggregate}:{column}": value
                for aggregate, column in wanted
                for value in [self._stat(aggregate, column, count, at)]
                if value is not None
            }
        return {}

    def needed(self, wanted: Sequence[str], count: int, at: datetime) -> dict[str, str]:
        """The values that a rule needs, under the ids it needs them by."""
        found: dict[str, str] = {data.COUNT: str(count), "basic:COUNT_COLUMNS": str(len(self.fields))}
        for metric_id in wanted:
            if metric_id == "basic:SIZE":
                found[metric_id] = str(round(count * self._width()))
            elif metric_id.startswith("values:"):
                values = {made.text(value) for value in self._column(metric_id[len("values:") :])}
                found[metric_id] = "\n".join(sorted(values))
            elif metric_id.startswith("col_stats:"):
                _, aggregate, column = metric_id.split(":", 2)
                value = self._stat(aggregate, column, count, at)
                if value is not None:
                    found[metric_id] = value[0]
        return found

    def _stat(self, aggregate: str, column: str, count: int, at: datetime) -> Optional[tuple[str, str]]:
        if column not in self.fields:
            return None
        if (aggregate, column) not in self._known:
            self._known[aggregate, column] = metrics.aggregate(aggregate, self.fields[column], self._column(column))
        value = self._known[aggregate, column]
        if value is None:
            return None
        key = column == next(iter(self.fields), "")
        if aggregate in ("SUM", "COUNT") or (aggregate == "COUNT_DISTINCT" and value == len(self._rows()) and key):
            value = value * count / max(1, len(self._rows()))
        elif isinstance(value, datetime):
            moved = self.now - at
            whole_day = (value.hour, value.minute, value.second) == (0, 0, 0)
            value = value - (timedelta(days=(self.now.date() - at.date()).days) if whole_day else moved)
        return metrics.typed(aggregate, self.fields[column], value)

    def _column(self, column: str) -> list[Any]:
        if column not in self.fields:
            return []
        position = list(self.fields).index(column)
        return [row[position] for row in self._rows()]

    def _rows(self) -> list[list[Any]]:
        if not self.rows:
            self.rows = list(made.make(self._source))
        return self.rows

    def _width(self) -> float:
        if ("width", "") not in self._known:
            first = list(itertools.islice(made.make(self._source), 50))
            self._known["width", ""] = sum(len(",".join(map(made.text, row))) + 1 for row in first) / len(first)
        return float(self._known["width", ""])


@dataclass
class _Run:
    scenario: str
    run_id: str
    start: datetime
    steps: list[Raw] = field(default_factory=list)

    def origin(self, project_key: str) -> Raw:
        return {"scenarioProjectKey": project_key, "scenarioId": self.scenario, "runId": self.run_id}


_MANUAL: Raw = {"id": "manual", "type": "manual", "name": "Manual trigger", "active": True, "params": {}}


def _enabled(step: Raw) -> bool:
    return bool(step.get("enabled", True)) and step.get("runConditionType") != "DISABLED"


def _items(step: Raw, key: str) -> list[Raw]:
    return list((step.get("params") or {}).get(key) or [])


def _worse(one: str, other: str) -> str:
    order = ("FAILED", "ABORTED", "WARNING", "SUCCESS")
    return min(one, other, key=order.index)


def _warnings(count: int) -> Raw:
    return {"totalCount": count, "warnings": {}}


def _thrown(message: str) -> Raw:
    return {
        "clazz": "com.dataiku.dip.exceptions.DKUException",
        "title": "Build failed",
        "message": message,
        "stack": "",
    }


def _run_as(raw: Raw, project: Project) -> str:
    for tag in ("versionTag", "creationTag"):
        login = ((raw.get(tag) or {}).get("lastModifiedBy") or {}).get("login")
        if raw.get("runAsUser") or login:
            return str(raw.get("runAsUser") or login)
    return project.owner


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%d-%H-%M-%S-") + f"{at.microsecond // 1000:03d}"


def _job_id(target: Target, at: datetime) -> str:
    stamp = at.strftime("%Y-%m-%dT%H-%M-%S.") + f"{at.microsecond // 1000:03d}"
    return f"Build_{target[1].replace('.', '_')}__{target[2]}__{stamp}"


def _output(project_key: str, target: Target) -> Raw:
    kind, ref, partition = target
    if kind != DATASET:
        return {"type": kind, "id": ref, "targetDataset": ref, "targetDatasetProjectKey": project_key}
    return {"type": kind, "targetDataset": ref, "targetDatasetProjectKey": project_key, "targetPartition": partition}


def _built_item(project_key: str, target: Target, outcome: str) -> Raw:
    kind, ref, partition = target
    if kind == DATASET:
        where = {"type": "DATASET_PARTITION", "projectKey": project_key, "datasetName": ref, "partition": partition}
        return {"type": "BUILT_DATASET", "target": where, "outcome": outcome}
    if kind == FOLDER:
        where = {"type": "MANAGED_FOLDER", "projectKey": project_key, "folderId": ref}
        return {"type": "BUILT_MANAGED_FOLDER", "target": where, "outcome": outcome}
    return {"type": "BUILT_MODEL", "target": {"modelId": ref, "projectKey": project_key}, "outcome": outcome}


def _log(job_id: str, activities: Sequence[Activity], now: datetime) -> str:
    """The log of a job, in the form of DSS's own."""
    lines = []
    for activity in activities:
        if activity.state == "NOT_STARTED":
            continue
        lines.append(_line(activity.start, "INFO", "dku.flow.activity", f"Starting activity {activity.recipe}"))
        if activity.state == "FAILED":
            lines.append(_line(activity.end, "ERROR", "dku.flow.activity", f"Activity {activity.recipe} failed"))
            lines.append(f"com.dataiku.dip.exceptions.DKUException: {activity.message}")
            lines.append("\tat com.dataiku.dip.dataflow.exec.JobRunner.run(JobRunner.java:211)")
        elif activity.state in ("DONE", "ABORTED"):
            done = f"Activity {activity.recipe} {activity.state.lower()}"
            lines.append(_line(activity.end, "INFO", "dku.flow.activity", done))
    if all(activity.end <= now for activity in activities) and lines:
        lines.append(_line(activities[-1].end, "INFO", "dku.flow.jobrunner", f"Job {job_id} finished"))
    return "\n".join(lines) + "\n"


def _line(at: datetime, level: str, logger: str, message: str) -> str:
    return f"[{at.strftime('%Y/%m/%d-%H:%M:%S')}.{at.microsecond // 1000:03d}] [job] [{level}] [{logger}] - {message}"
