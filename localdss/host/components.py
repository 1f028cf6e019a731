"""Run the components of the installed plugins, each in a fresh process, with the rights of one user."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable, Optional

from .. import rights
from . import runner
from .descriptors import flag
from .plugins import BUILT_IN, CHECK, MACRO, PROBE, STANDARD, STEP, TOOL, Component, Kind, PluginDir, find
from .results import checked
from .runner import Child, ComponentFailed

Progress = Callable[[dict[str, Any]], None]
Started = Callable[[Child], None]
Log = Callable[[str], None]


_NEEDED = {"ADMIN": rights.PROJECT_ADMIN, "READ_CONF": rights.READ, "WRITE_CONF": rights.WRITE}


def may_run(component: Component, project: Any, who: rights.Caller) -> bool:
    """Whether somebody holds every permission that a macro demands on this project."""
    if flag(component.descriptor.get("requiresGlobalAdmin")) and not who.admin:
        return False
    needed = {_NEEDED[each] for each in component.descriptor.get("permissions") or [] if each in _NEEDED}
    return needed <= rights.on_project(project, who)


def run_macro(
    instance: Any,
    project_key: str,
    login: str,
    runnable_type: str,
    params: Mapping[str, Any],
    admin_params: Optional[Mapping[str, Any]] = None,
    progress: Optional[Progress] = None,
    *,
    started: Optional[Started] = None,
    log: Optional[Log] = None,
) -> tuple[bytes, str]:
    """A macro's result and its type. `progress` hears {"target", "unit", "current"}; `started` gets the process, to
    abort it. Parameters are passed as given: DSS's form fills in defaults, its API does not. Those of `admin_params`
    reach the code only when `login` is an admin of the instance."""
    component = _found(instance, MACRO, runnable_type, "runnable")
    who = rights.caller(instance, login)
    config = {**params, **((admin_params or {}) if who is not None and who.admin else {})}
    order = {**_order("macro", instance, project_key, component), "config": config}
    result_type = str(component.descriptor.get("resultType") or "NONE")

    def heard(message: dict[str, Any]) -> None:
        if progress is not None and message["kind"] == "progress":
            progress({key: message[key] for key in ("target", "unit", "current")})

    more = runner.data_directory(instance, component)
    with _process(instance, project_key, login, component.plugin, more, started=started, log=log) as child:
        answer = child.ask(order, heard=heard)
    content = base64.b64decode(answer["content"])
    # DSS's own macros use column types that it documents for nobody else.
    own = component.plugin == BUILT_IN
    return content if own else checked(result_type, answer["given"], content), result_type


def run_probe(
    instance: Any,
    project_key: str,
    login: str,
    kind: str,
    object_id: str,
    partition: str,
    probe_raw: Mapping[str, Any],
) -> dict[str, tuple[Any, str]]:
    """Metric name -> (value, type) of a probe as it stands in the object's settings: a plugin's, or Python in place."""
    configuration = probe_raw.get("configuration") or {}
    code = _Code.of(instance, PROBE, probe_raw, configuration, "probe")
    order = {**code.order, "kind": "probe", "config": configuration.get("config") or {}}
    with _process(instance, project_key, login, code.plugin) as child:
        answer = child.ask({**order, **_target(project_key, kind, object_id, partition)})
    return {name: (value, type_name) for name, (value, type_name) in answer["metrics"].items()}


def run_check(
    instance: Any,
    project_key: str,
    login: str,
    kind: str,
    object_id: str,
    partition: str,
    check_raw: Mapping[str, Any],
) -> tuple[str, str]:
    """Outcome and message of a check or rule. One that raises, or answers what DSS versions would read differently,
    is an ERROR that says so."""
    order: dict[str, Any] = {"kind": "check", "config": check_raw.get("config") or {}}
    order["lastValues"] = _last_values(instance.projects[project_key], kind, object_id, partition)
    try:
        code = _Code.of(instance, CHECK, check_raw, check_raw, "check")
        order.update(code.order)
        with _process(instance, project_key, login, code.plugin) as child:
            answer = child.ask({**order, **_target(project_key, kind, object_id, partition)})
    except ComponentFailed as failure:
        return "ERROR", failure.message
    return answer["outcome"], answer["message"]


@dataclass
class StepOutcome:
    """What a script said to its scenario while it ran."""

    report_items: list[dict[str, Any]] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)

    def hear(self, message: dict[str, Any]) -> None:
        if message["kind"] == "report":
            self.report_items.append(message["item"])
        elif message["kind"] == "variables":
            self.variables.update(message["variables"])
        elif message["kind"] == "message":
            self.messages.append({key: message[key] for key in ("channelId", "message")})


def run_step(
    instance: Any,
    project_key: str,
    login: str,
    step_type: str,
    config: Mapping[str, Any],
    scenario_run: Optional[Mapping[str, Any]] = None,
    *,
    started: Optional[Started] = None,
    log: Optional[Log] = None,
    outcome: Optional[StepOutcome] = None,
) -> StepOutcome:
    """Run a plugin's scenario step; it raises `ComponentFailed` where the script does. `scenario_run` is what
    `dataiku.scenario.Scenario` tells the script: triggerType, triggerName, triggerParams, previousSteps, variables.
    `outcome` takes what it says as it says it: what was said before a failure stays said."""
    component = _found(instance, STEP, step_type, "step")
    more = {"DKU_PLUGIN_STEP_CONFIG": json.dumps(dict(config)), "LOCALDSS_SCENARIO_RUN": json.dumps(scenario_run or {})}
    return _run_script(
        instance, project_key, login, runner.code_of(component), component.plugin, more, started, log, outcome
    )


def run_script(
    instance: Any,
    project_key: str,
    login: str,
    source: str,
    scenario_run: Optional[Mapping[str, Any]] = None,
    *,
    started: Optional[Started] = None,
    log: Optional[Log] = None,
    outcome: Optional[StepOutcome] = None,
) -> StepOutcome:
    """Run Python written in place: a custom_python step, or a scenario that is a script."""
    more = {"LOCALDSS_SCENARIO_RUN": json.dumps(scenario_run or {})}
    code = {"source": source, "sourceName": "script"}
    return _run_script(instance, project_key, login, code, None, more, started, log, outcome)


def _run_script(
    instance: Any,
    project_key: str,
    login: str,
    code: Mapping[str, str],
    plugin: Optional[PluginDir],
    more: Mapping[str, str],
    started: Optional[Started],
    log: Optional[Log],
    outcome: Optional[StepOutcome],
) -> StepOutcome:
    outcome = outcome or StepOutcome()
    with _process(instance, project_key, login, plugin, more, started=started, log=log) as child:
        child.ask({**code, "kind": "script"}, heard=outcome.hear)
    return outcome


def choices(
    instance: Any,
    project_key: str,
    login: str,
    component: Component,
    names: Sequence[str],
    config: Mapping[str, Any],
) -> dict[str, list[dict[str, Any]]]:
    """The choices of the named parameters, from the component's `paramsPythonSetup`; one process for all of them."""
    setup = str(component.descriptor.get("paramsPythonSetup") or "")
    if not names or not setup:
        return {name: [] for name in names}
    try:
        source = (component.plugin.resource / setup).read_text("utf-8")
    except OSError as error:
        raise ComponentFailed("MissingCode", f"resource/{setup} cannot be read: {error}") from error
    order = {**_order("do", instance, project_key, component), "config": dict(config), "inputs": []}
    order.update(source=source, sourceName=f"resource/{setup}")
    found = {}
    with _process(instance, project_key, login, component.plugin, seconds=60) as child:
        for name in names:
            answer = child.ask({**order, "payload": {"parameterName": name, "rootModel": dict(config)}})
            found[name] = list(answer["value"].get("choices") or [])
    return found


def run_tool(
    instance: Any,
    project_key: str,
    login: str,
    tool_type: str,
    config: Mapping[str, Any],
    arguments: Optional[Mapping[str, Any]],
) -> dict[str, Any]:
    """An agent tool's answer to `arguments`; its descriptor where they are None."""
    component = _found(instance, TOOL, tool_type, "agent tool")
    order = {**_order("tool", instance, project_key, component), "config": dict(config)}
    order.update(tool={"type": tool_type}, input=None if arguments is None else {"input": dict(arguments)})
    with _process(instance, project_key, login, component.plugin) as child:
        return child.ask(order)["value"]


def run_standards_check(
    instance: Any, project_key: str, login: str, check_type: str, config: Mapping[str, Any]
) -> dict[str, Any]:
    """A project standards check's result: status, severity, message, details."""
    component = _found(instance, STANDARD, check_type, "project standards check")
    order = {**_order("standard", instance, project_key, component), "config": dict(config)}
    with _process(instance, project_key, login, component.plugin) as child:
        return child.ask(order)["value"]


# --- orders ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Code:
    """The code of a probe or check: a plugin's component, or text written into the object's settings."""

    order: dict[str, Any]
    plugin: Optional[PluginDir]

    @classmethod
    def of(cls, instance: Any, kind: Kind, raw: Mapping[str, Any], settings: Mapping[str, Any], word: str) -> _Code:
        if raw.get("type") == "python":
            in_place = {"source": str(settings.get("code") or ""), "sourceName": f"{word}.py", "pluginConfig": {}}
            return cls(in_place, None)
        component = _found(instance, kind, str(raw.get("type")), word)
        settings_of_plugin = runner.plugin_config(instance, component.plugin)
        return cls({**runner.code_of(component), "pluginConfig": settings_of_plugin}, component.plugin)


def _found(instance: Any, kind: Kind, type_id: str, word: str) -> Component:
    component = find(instance.plugins, kind, type_id)
    if component is None:
        raise ComponentFailed("UnknownComponent", f"Unknown {word} type {type_id}")
    return component


def _order(kind: str, instance: Any, project_key: str, component: Component) -> dict[str, Any]:
    settings = runner.plugin_config(instance, component.plugin)
    return {"kind": kind, "projectKey": project_key, "pluginConfig": settings, **runner.code_of(component)}


def _target(project_key: str, kind: str, object_id: str, partition: str) -> dict[str, Any]:
    return {"objectType": kind, "fullName": f"{project_key}.{object_id}", "partitionId": partition}


def _last_values(project: Any, kind: str, object_id: str, partition: str) -> list[dict[str, Any]]:
    """The newest value of each metric: that of the partition asked for, else of the whole."""
    found = []
    for metric_id, points in (project.metrics.get((kind, object_id)) or {}).items():
        valued = [point for point in points if point.get("value") is not None]
        same = [point for point in valued if point.get("partition") == partition]
        for point in (same or valued)[-1:]:
            type_name, _, rest = metric_id.partition(":")
            metric = {"id": metric_id, "type": type_name, "metricType": rest.partition(":")[0]}
            found.append({**point, "metric": {**metric, "dataType": point.get("dataType")}})
    return found


@contextlib.contextmanager
def _process(
    instance: Any,
    project_key: str,
    login: str,
    plugin: Optional[PluginDir],
    more: Optional[Mapping[str, str]] = None,
    *,
    started: Optional[Started] = None,
    log: Optional[Log] = None,
    seconds: float = 600,
) -> Iterator[Child]:
    with runner.ticket(instance, login) as value:
        names = {**runner.environment(instance, value, project_key, plugin), **(more or {})}
        with runner.running(names, started=started, log=log, seconds=seconds) as child:
            yield child
