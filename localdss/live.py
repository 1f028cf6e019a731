"""Scenarios that run: a fire of a trigger starts a run, its steps do what DSS's steps do, its reporters speak at the end,
and the scenarios that follow it fire in turn."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Optional

from . import building, disk, host, logs, metrics, quality, rights, shapes, work
from .instance import DATASET, Instance, Project, Raw
from .work import Aborted, Failed, Work

PLAIN_STEP = 10.0  # seconds that a step takes which only says what it would do


def fire(instance: Instance, project: Project, scenario_id: str, trigger: Raw) -> Raw:
    """Fires a trigger. The fire answered is not the run: it is cancelled where the scenario is running already, else the
    run comes into being a moment later."""
    with instance.lock:
        given = {
            "trigger": trigger,
            "scenarioId": scenario_id,
            "projectKey": project.key,
            "runId": shapes.stamp(instance.clock.now(), instance.zone),
            "timestamp": instance.clock.ms(),
            "params": trigger.get("params") or {},
            "invalid": False,
            "cancelled": running(project, scenario_id) is not None,
        }
        kept = {**given, "asked": False}
        project.fires.setdefault(scenario_id, []).insert(0, kept)
        if not given["cancelled"]:
            kept["scenarioRunId"] = _start(instance, project, scenario_id, given).id.rpartition("/")[2]
    return as_answered(kept)


def as_answered(kept: Raw) -> Raw:
    """A fire without what only localdss keeps of it."""
    return {key: value for key, value in kept.items() if key not in ("asked", "scenarioRunId")}


def running(project: Project, scenario_id: str) -> Optional[Raw]:
    """The run of the scenario that goes on right now."""
    runs = project.runs.get(scenario_id, [])
    return next((run for run in runs if "result" not in run["scenarioRun"]), None)


def abort_scenario(instance: Instance, project: Project, scenario_id: str) -> None:
    """Aborts the scenario's run; nothing happens when it is idle."""
    run = running(project, scenario_id)
    if run is None:
        return
    run_id = run["scenarioRun"]["runId"]
    if work.abort(instance, _work_id(project, scenario_id, run_id)):
        return
    # A run that a story left going has no thread: it ends here, and with it the job that it waits for.
    for job in project.jobs:
        if (job["scenario"].get("scenarioId"), job["scenario"].get("runId")) == (scenario_id, run_id):
            building.stop(instance, job)
    with instance.lock:
        for step_run in run["stepRuns"]:
            if "result" not in step_run:
                step_run.update(end=instance.clock.ms(), result=_result("ABORTED", None))
    _finish(instance, run["scenarioRun"], "ABORTED", None)


def run_log(instance: Instance, project_key: str, scenario_id: str, run_id: str) -> str:
    """The log of a run; that of a run of before this server started is told from what is known of its steps."""
    file = disk.run_folder(instance, project_key, scenario_id, run_id) / "run.log"
    if file.is_file():
        return file.read_text("utf-8")
    return logs.run(instance.projects[project_key].run(scenario_id, run_id) or {"stepRuns": []})


def _work_id(project: Project, scenario_id: str, run_id: str) -> str:
    return f"scenario/{project.key}/{scenario_id}/{run_id}"


def _start(instance: Instance, project: Project, scenario_id: str, given: Raw) -> Work:
    raw = project.scenarios[scenario_id]
    at, run_id = instance.clock.now(), given["runId"]
    while run_id == given["runId"] or project.run(scenario_id, run_id) is not None:
        run_id = shapes.stamp(at, instance.zone)
        at += timedelta(milliseconds=1)
    run: Raw = {
        "scenario": shapes.scenario(project.key, scenario_id, raw),
        "runId": run_id,
        "start": instance.clock.ms(),
        "end": 0,
        "trigger": given,
        "runAsUser": {"realUserLogin": shapes.run_as(raw, project), "authSource": "USER_FROM_UI"},
        "reportItems": [],
        "variables": {},
    }
    whole: Raw = {"scenarioRun": run, "stepRuns": []}
    project.runs.setdefault(scenario_id, []).insert(0, whole)
    doing = Work(instance, _work_id(project, scenario_id, run_id))
    return doing.start(lambda: _Run(instance, project, scenario_id, whole, doing).run())


def _finish(instance: Instance, run: Raw, outcome: str, thrown: Optional[Raw]) -> None:
    with instance.lock:
        run["end"] = instance.clock.ms()
        run["result"] = shapes.done(run["start"], run["end"], outcome, thrown)


def _result(outcome: str, thrown: Optional[Raw]) -> Raw:
    """The result of one step."""
    found = {"outcome": outcome, "warnings": shapes.warnings(int(outcome == "WARNING"))}
    return {**found, **({"thrown": thrown} if thrown else {})}


def _handled(outcome: str, params: Raw) -> str:
    """What a step makes of warnings: itself one, unless its settings say that they are none."""
    return "SUCCESS" if outcome == "WARNING" and params.get("handleWarningsAs") == "SUCCESS" else outcome


class _Run:
    """One run of a scenario at work."""

    def __init__(self, instance: Instance, project: Project, scenario_id: str, whole: Raw, doing: Work) -> None:
        self.instance, self.project, self.scenario_id, self.work = instance, project, scenario_id, doing
        self.raw, self.whole, self.head = project.scenarios[scenario_id], whole, whole["scenarioRun"]
        self.login = str(self.head["runAsUser"]["realUserLogin"])
        self.outcome = "SUCCESS"
        self.log_file = disk.run_folder(instance, project.key, scenario_id, self.head["runId"]) / "run.log"

    def run(self) -> None:
        self._log(f"Scenario {self.scenario_id} starts, as {self.login}")
        thrown = None
        try:
            thrown = self._script() if self.raw.get("type") == "custom_python" else self._steps()
        except Aborted:
            self.outcome = "ABORTED"
        except Exception as error:
            # A run that broke ends all the same: nobody may wait for it for ever.
            self.outcome, thrown = "FAILED", Failed(repr(error)).thrown
            raise
        finally:
            self._log(f"Scenario {self.scenario_id} ends: {self.outcome}")
            _finish(self.instance, self.head, self.outcome, thrown)
        self._report()
        self._followers()

    def _script(self) -> Optional[Raw]:
        source = self.project.scripts.get(self.scenario_id, "")
        try:
            self._host(lambda **more: host.run_script(self.instance, self.project.key, self.login, source, **more))
        except Failed as failure:
            self.outcome = "FAILED"
            return failure.thrown
        return None

    def _steps(self) -> Optional[Raw]:
        thrown = None
        for step in (self.raw.get("params") or {}).get("steps") or []:
            if self._due(step):
                failed = self._step(step)
                thrown = thrown or failed
        return thrown

    def _due(self, step: Raw) -> bool:
        condition = step.get("runConditionType", "RUN_IF_STATUS_MATCH")
        if not step.get("enabled", True) or condition == "DISABLED":
            return False
        statuses = step.get("runConditionStatuses") or ["SUCCESS", "WARNING"]
        return condition != "RUN_IF_STATUS_MATCH" or self.outcome in statuses

    def _step(self, step: Raw) -> Optional[Raw]:
        """Runs one step, again where it may be retried. Answers why it failed, unless its failure is to be ignored."""
        params = step.get("params") or {}
        for attempt in range(int(step.get("maxRetriesOnFail") or 0) + 1):
            if attempt:
                self.work.pause(float(step.get("delayBetweenRetries") or 0))
            outcome, thrown = self._attempt(step, params)
            if outcome != "FAILED":
                break
        if outcome == "FAILED" and params.get("proceedOnFailure"):
            outcome, thrown = "WARNING", None
        self.outcome = shapes.worse(self.outcome, outcome)
        return thrown

    def _attempt(self, step: Raw, params: Raw) -> tuple[str, Optional[Raw]]:
        step_run: Raw = {
            "runId": self.instance.new_id("step-run-"),
            "start": self.instance.clock.ms(),
            "step": step,
            "additionalReportItems": [],
        }
        with self.instance.lock:
            self.whole["stepRuns"].append(step_run)
        self._log(f"Step {step.get('name')} ({step.get('type')}) starts")
        outcome, thrown = "FAILED", None
        try:
            outcome = self._action(str(step.get("type")))(step, params, step_run) or "SUCCESS"
        except Failed as failure:
            thrown = failure.thrown
            self._log(f"ERROR {failure}")
        except Aborted:
            outcome = "ABORTED"
            raise
        finally:
            with self.instance.lock:
                step_run.update(end=self.instance.clock.ms(), result=_result(outcome, thrown))
        self._log(f"Step {step.get('name')} ends: {outcome}")
        return outcome, thrown

    def _action(self, kind: str) -> Callable[[Raw, Raw, Raw], Optional[str]]:
        actions: dict[str, Callable[[Raw, Raw, Raw], Optional[str]]] = {
            "build_flowitem": self._build,
            "compute_metrics": self._metrics,
            "check_dataset": self._checks,
            "runnable": self._macro,
            "custom_python": self._python,
            "run_scenario": self._scenario,
            "send_report": self._message,
        }
        return self._plugin_step if kind.startswith("pystep_") else actions.get(kind, self._plain)

    def _build(self, step: Raw, params: Raw, step_run: Raw) -> Optional[str]:
        outputs = [
            {"type": build.get("type"), "id": build.get("itemId"), "partition": build.get("partitionsSpec")}
            for build in params.get("builds") or []
        ]
        origin = {
            "scenarioProjectKey": self.project.key,
            "scenarioId": self.scenario_id,
            "runId": self.head["runId"],
            "stepId": step.get("id"),
            "stepRunId": step_run["runId"],
        }
        definition = {"type": params.get("jobType"), "outputs": outputs}
        doing = building.start(self.instance, self.project, definition, self.login, origin)
        self._wait(doing)
        job = self.project.job(doing.id) or {}
        item, failure = job["listItem"], building.failure(job)
        outcome = "WARNING" if item["warningsCount"] else "SUCCESS"
        if item["state"] != "DONE":
            outcome = item["state"]
        executed = {"type": "JOB_EXECUTED", "jobId": doing.id, "outcome": outcome}
        step_run["additionalReportItems"].append({**executed, **({"thrown": failure} if failure else {})})
        if item["state"] != "DONE":
            raise Failed(f"Job failed: {(failure or {}).get('message') or outcome}")
        step_run["additionalReportItems"] += [
            shapes.built_item(self.project.key, target, outcome)
            for target in map(building.target_of, item["def"]["outputs"])
        ]
        return _handled(outcome, params)

    def _wait(self, doing: Work) -> None:
        """For work that this run started; it is aborted along with the run."""
        while not doing.done.wait(0.02):
            if self.work.aborted:
                doing.abort()
        if self.work.aborted:
            raise Aborted

    def _metrics(self, step: Raw, params: Raw, step_run: Raw) -> Optional[str]:
        for item in params.get("computes") or []:
            kind, name = self._object(item)
            part = building.resolve_partition(self.instance, self.project, name, item.get("partitionsSpec") or "")
            report = metrics.compute(self.instance, self.project.key, kind, name, part, self.login)
            errors = [run["error"] for run in report["runs"] if run.get("error")]
            if errors:
                raise Failed(f"Metrics of {name} could not be computed: {errors[0]}")
            self._log(f"Metrics of {name}: {len(report['computed'])} values")
        return None

    def _checks(self, step: Raw, params: Raw, step_run: Raw) -> Optional[str]:
        outcomes = []
        for item in params.get("checks") or []:
            kind, name = self._object(item)
            part = building.resolve_partition(self.instance, self.project, name, item.get("partitionsSpec") or "")
            results = quality.run(self.instance, self.project.key, kind, name, part, self.login, origin="SCENARIO")
            for result in results:
                self._log(f"Rule {result['name']} of {name}: {result['outcome']} {result['message']}")
            wrong = [result for result in results if result["outcome"] == "ERROR"]
            if wrong:
                raise Failed(f"Rule {wrong[0]['name']} of {name} is in error: {wrong[0]['message']}")
            outcomes += [result["outcome"] for result in results]
        return _handled("WARNING" if "WARNING" in outcomes else "SUCCESS", params)

    def _object(self, item: Raw) -> tuple[str, str]:
        kind, name = str(item.get("type") or DATASET), str(item.get("itemId"))
        if name not in self.project.objects().get(kind, {}):
            raise Failed(f"{kind} {self.project.key}.{name} does not exist")
        return kind, name

    def _macro(self, step: Raw, params: Raw, step_run: Raw) -> Optional[str]:
        kind, config = str(params.get("runnableType")), params.get("config") or {}
        admin = params.get("adminConfig") or {}
        component, who = host.find(self.instance.plugins, host.MACRO, kind), rights.caller(self.instance, self.login)
        if component is not None and (who is None or not host.may_run(component, self.project, who)):
            raise Failed(f"{self.login} may not run {kind} on project {self.project.key}")
        self._host(
            lambda **more: host.run_macro(self.instance, self.project.key, self.login, kind, config, admin, **more)
        )
        return None

    def _python(self, step: Raw, params: Raw, step_run: Raw) -> Optional[str]:
        source, run = str(params.get("script") or ""), self._told()
        return self._heard(
            lambda **more: host.run_script(self.instance, self.project.key, self.login, source, run, **more), step_run
        )

    def _plugin_step(self, step: Raw, params: Raw, step_run: Raw) -> Optional[str]:
        kind, config, run = str(step.get("type")), params.get("config") or params, self._told()
        return self._heard(
            lambda **more: host.run_step(self.instance, self.project.key, self.login, kind, config, run, **more),
            step_run,
        )

    def _heard(self, call: Callable[..., Any], step_run: Raw) -> Optional[str]:
        """Runs a script; what it says counts from the moment it says it, whatever becomes of it then."""
        said = host.StepOutcome()
        try:
            self._host(lambda **more: call(outcome=said, **more))
        finally:
            self._hear(said, step_run)
        return None

    def _host(self, call: Callable[..., Any]) -> Any:
        try:
            return call(started=self.work.started, log=self._log)
        except host.ComponentFailed as failure:
            if self.work.aborted:
                raise Aborted from failure
            raise Failed(failure.message, failure.error_type) from failure

    def _told(self) -> Raw:
        """What a script can ask its scenario for."""
        trigger = self.head["trigger"]["trigger"]
        names = {"triggerType": trigger.get("type"), "triggerName": trigger.get("name")}
        previous = [{"stepName": s["step"].get("name"), "result": s.get("result")} for s in self.whole["stepRuns"][:-1]]
        return {
            **names,
            "triggerParams": self.head["trigger"].get("params") or {},
            "previousSteps": previous,
            "variables": self.head["variables"],
        }

    def _hear(self, said: host.StepOutcome, step_run: Raw) -> None:
        with self.instance.lock:
            step_run["additionalReportItems"] += said.report_items
            self.head["variables"].update(said.variables)
            for message in said.messages:
                self.instance.sent.append({"scenarioId": self.scenario_id, "projectKey": self.project.key, **message})

    def _scenario(self, step: Raw, params: Raw, step_run: Raw) -> Optional[str]:
        other = self.instance.projects.get(str(params.get("projectKey") or self.project.key))
        scenario_id = str(params.get("scenarioId"))
        if other is None or scenario_id not in other.scenarios:
            raise Failed(f"Scenario {params.get('projectKey') or self.project.key}.{scenario_id} does not exist")
        given = {"id": "sub", "type": "sub", "name": "Step of another scenario", "active": True, "params": {}}
        fired = fire(self.instance, other, scenario_id, given)
        if fired["cancelled"]:
            raise Failed(f"Scenario {scenario_id} is running already")
        kept = next(each for each in other.fires[scenario_id] if each["runId"] == fired["runId"])
        doing = self.instance.works.get(_work_id(other, scenario_id, kept["scenarioRunId"]))
        if doing is not None:
            self._wait(doing)
        run = other.run(scenario_id, kept["scenarioRunId"]) or {}
        outcome = run["scenarioRun"]["result"]["outcome"]
        if outcome in ("FAILED", "ABORTED"):
            raise Failed(f"Scenario {scenario_id} ended with {outcome}")
        return str(outcome)

    def _message(self, step: Raw, params: Raw, step_run: Raw) -> Optional[str]:
        self.work.pause(PLAIN_STEP)
        self._send(params.get("messaging") or {}, str(step.get("name")))
        return None

    def _plain(self, step: Raw, params: Raw, step_run: Raw) -> Optional[str]:
        self.work.pause(PLAIN_STEP)
        self._log(f"A step of type {step.get('type')} does nothing here")
        return None

    def _report(self) -> None:
        for reporter in self.raw.get("reporters") or []:
            if reporter.get("active", True) and reporter.get("phase", "END") == "END" and self._speaks(reporter):
                self._send(reporter.get("messaging") or {}, str(reporter.get("name")))

    def _speaks(self, reporter: Raw) -> bool:
        """Whether a reporter's condition holds: the two forms in which DSS's screens write them."""
        if not reporter.get("runConditionEnabled"):
            return True
        found = re.fullmatch(r"\s*outcome\s*(==|!=)\s*['\"](\w+)['\"]\s*", str(reporter.get("runCondition") or ""))
        if found is None:
            self._log(f"WARNING condition not understood: {reporter.get('runCondition')}")
            return False
        return (self.outcome == found.group(2)) == (found.group(1) == "==")

    def _send(self, messaging: Raw, name: str) -> None:
        configuration = messaging.get("configuration") or {}
        channel = configuration.get("channelId") or messaging.get("channelId")
        if channel not in {each.get("id") for each in self.instance.channels}:
            self._log(f"ERROR {name}: there is no messaging channel {channel}")
            return
        subject = str(configuration.get("subject") or "").replace("${outcome}", self.outcome)
        message = {"channelId": channel, "reporter": name, "to": configuration.get("recipient"), "subject": subject}
        where = {"projectKey": self.project.key, "scenarioId": self.scenario_id, "runId": self.head["runId"]}
        with self.instance.lock:
            self.instance.sent.append({**where, **message, "at": self.instance.clock.ms()})

    def _followers(self) -> None:
        """Fires the scenarios whose trigger waits for this one."""
        for project in list(self.instance.projects.values()):
            if (project.settings.get("settings") or {}).get("disableAutomaticTriggers"):
                continue
            for scenario_id, raw in list(project.scenarios.items()):
                for trigger in raw.get("triggers") or []:
                    if raw.get("active") and self._followed_by(project, trigger):
                        fire(self.instance, project, scenario_id, trigger)

    def _followed_by(self, project: Project, trigger: Raw) -> bool:
        params = trigger.get("params") or {}
        followed = (params.get("projectKey") or project.key, params.get("scenarioId"))
        wanted = params.get("outcomeFilter") or "ANY"
        return (
            trigger.get("type") == "follow_scenariorun"
            and trigger.get("active", True)
            and followed == (self.project.key, self.scenario_id)
            and (wanted in ("ANY", "ALL") or self.outcome in json.dumps(wanted))
        )

    def _log(self, line: str) -> None:
        at = self.instance.clock.now().isoformat(timespec="milliseconds")
        disk.append(self.instance, self.log_file, f"[{at}] {line}\n")
