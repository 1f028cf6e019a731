"""Data quality: rules of datasets, their results, and the worst of them per dataset, project and node."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response

from .. import quality, rights, work
from ..clock import from_ms
from ..instance import DATASET, Project, Raw
from ..rights import READ, WRITE
from .routing import DOCUMENTED, INFERRED, Call, failed, not_found, route

_D = "/projects/<key>/datasets/<name>/data-quality"
_SINCE = "12.6"
_WORST = ("ERROR", "WARNING", "OK", "EMPTY")


def rules_of(call: Call, name: str) -> list[Raw]:
    checks: Raw = call.dataset(name).setdefault("metricsChecks", {})
    found: list[Raw] = checks.setdefault("checks", [])
    return found


@route("GET", f"{_D}/rules", DOCUMENTED, since=_SINCE)
def rules(call: Call, name: str) -> Raw:
    return {"checks": rules_of(call, name)}


@route("POST", f"{_D}/rules", DOCUMENTED, right=WRITE, since=_SINCE)
def create_rule(call: Call, name: str) -> Raw:
    rule = {"enabled": True, "autoRun": True, "computeOnBuildMode": "PARTITION", **call.object()}
    rule["id"] = rule.get("id") or call.instance.new_id("rule")
    rule.setdefault("displayName", str(rule.get("type") or rule["id"]))
    rules_of(call, name).append(rule)
    return rule


@route("PUT", f"{_D}/rules/<rule_id>", DOCUMENTED, right=WRITE, since=_SINCE)
def save_rule(call: Call, name: str, rule_id: str) -> Raw:
    found = rules_of(call, name)
    found[_index(found, rule_id)] = {**call.object(), "id": rule_id}
    return {"msg": "Updated"}


@route("DELETE", f"{_D}/rules/<rule_id>", DOCUMENTED, right=WRITE, since=_SINCE)
def delete_rule(call: Call, name: str, rule_id: str) -> None:
    found = rules_of(call, name)
    del found[_index(found, rule_id)]


def _index(found: list[Raw], rule_id: str) -> int:
    for index, rule in enumerate(found):
        if quality.rule_id(rule) == rule_id:
            return index
    raise not_found(f"Rule {rule_id}")


@route("POST", f"{_D}/actions/compute-rules", DOCUMENTED, right=WRITE, since=_SINCE, locked=False)
def compute_rules(call: Call, name: str) -> Raw:
    call.dataset(name)
    partition, only, login = call.arg("partition", "NP"), call.arg("ruleId") or None, call.caller.login
    if only is not None:
        _index(rules_of(call, name), only)
    ids = None if only is None else [only]
    instance, project_key = call.instance, call.project.key

    def compute() -> Raw:
        return {"results": quality.run(instance, project_key, DATASET, name, partition, login, ids)}

    return work.future(instance, login, f"Compute rules of {name}", compute)


@route("GET", f"{_D}/status", INFERRED, since=_SINCE)
def dataset_status(call: Call, name: str) -> Response:
    call.dataset(name)
    return Response(json.dumps(status_of(call.project, name)), mimetype="application/json")


@route("GET", f"{_D}/status-by-partition", INFERRED, since=_SINCE)
def status_by_partition(call: Call, name: str) -> Raw:
    call.dataset(name)
    partitions = {str(result.get("partition") or "NP") for result in call.project.rule_results.get(name, [])}
    return {partition: status_of(call.project, name, partition) for partition in sorted(partitions)}


@route("POST", f"{_D}/get-partitions-status", INFERRED, since=_SINCE)
def partitions_status(call: Call, name: str) -> Raw:
    call.dataset(name)
    partitions = call.request.args.getlist("partitions")
    if not partitions:
        # Seen of DSS 15: it takes the parameter for granted, and falls over where there is none.
        raise failed("partitions is null", "java.lang.NullPointerException")
    return {partition: status_of(call.project, name, partition) for partition in partitions}


@route("GET", f"{_D}/last-rules-result", DOCUMENTED, since=_SINCE)
def last_results(call: Call, name: str) -> Any:
    call.dataset(name)
    only = call.arg("ruleId")
    found = last_of_each(call.project, name, call.arg("partition", "NP"))
    if not only:
        return list(found.values())
    return [found[only]] if only in found else []


@route("GET", f"{_D}/rules-history", DOCUMENTED, since=_SINCE)
def rules_history(call: Call, name: str) -> list[Raw]:
    call.dataset(name)
    first, end = call.number("minTimestamp", 0), call.number("maxTimestamp", call.instance.clock.ms())
    named = set(call.request.args.getlist("ruleIds") + call.request.args.getlist("ruleId"))
    kept = [
        result
        for result in call.project.rule_results.get(name, [])
        if first <= result["computeDate"] <= end and (not named or result["id"] in named)
    ]
    size, page = call.number("resultsPerPage", 10000), call.number("page", 0)
    return kept[page * size : (page + 1) * size]


@route("DELETE", f"{_D}/history/<partition>", DOCUMENTED, right=WRITE, since="14.1")
def purge_history(call: Call, name: str, partition: str) -> None:
    call.dataset(name)
    results = call.project.rule_results.get(name, [])
    call.project.rule_results[name] = [each for each in results if (each.get("partition") or "NP") != partition]


@route("GET", "/projects/<key>/data-quality/status", INFERRED, since=_SINCE)
def project_status(call: Call) -> Raw:
    wanted = [
        name for name in call.project.datasets if monitored(call.project, name) or not call.flag("onlyMonitored", True)
    ]
    return {name: status_of(call.project, name) for name in wanted}


@route("GET", "/projects/<key>/data-quality/timeline", INFERRED, since=_SINCE)
def timeline(call: Call) -> list[Raw]:
    first, end = call.number("minTimestamp", 0), call.number("maxTimestamp", call.instance.clock.ms())
    days: dict[str, list[str]] = defaultdict(list)
    for results in call.project.rule_results.values():
        for result in results:
            if first <= result["computeDate"] <= end:
                day = from_ms(result["computeDate"]).astimezone(ZoneInfo(call.instance.zone)).date()
                days[day.isoformat()].append(str(result["outcome"]))
    return [{"date": day, "worstOutcome": _worst(outcomes)} for day, outcomes in sorted(days.items())]


@route("GET", "/data-quality/status", INFERRED, right=None, since=_SINCE)
def instance_status(call: Call) -> Raw:
    found = {}
    for project in call.instance.projects.values():
        names = [name for name in project.datasets if monitored(project, name)]
        if names and READ in rights.on_project(project, call.caller):
            statuses = [status_of(project, name) for name in names]
            counts = {f"{outcome.lower()}Count": statuses.count(outcome) for outcome in _WORST}
            found[project.key] = {"status": _worst(statuses), **counts}
    return found


def monitored(project: Project, name: str) -> bool:
    return bool((project.datasets[name].get("metricsChecks") or {}).get("monitor"))


def last_of_each(project: Project, name: str, partition: str) -> dict[str, Raw]:
    """The newest result of every rule; one that was never computed is not there. "NP" stands for whatever there is."""
    found: dict[str, Raw] = {}
    for result in project.rule_results.get(name, []):
        if partition in ("NP", "", str(result.get("partition") or "NP")):
            found.setdefault(result["id"], result)
    return found


def status_of(project: Project, name: str, partition: str = "NP") -> str:
    rules = (project.datasets[name].get("metricsChecks") or {}).get("checks") or []
    enabled = {quality.rule_id(rule) for rule in rules if rule.get("enabled", True)}
    last = last_of_each(project, name, partition)
    return _worst([str(result["outcome"]).upper() for rule_id, result in last.items() if rule_id in enabled])


def _worst(outcomes: list[str]) -> str:
    return next((outcome for outcome in _WORST if outcome in outcomes), "NOT_COMPUTED")
