"""Runs checks and Data Quality rules: the metrics a rule needs are computed, then the rule judges them.

`judge` is pure: a rule and values in, outcome and message out. Rules of Python and of plugins are run by the host; a type
that this local DSS does not know answers EMPTY and says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from . import data, metrics
from .instance import DATASET, FOLDER, Instance, Project

Raw = dict[str, Any]
Verdict = tuple[str, str]

_STATS = {"Min": "MIN", "Max": "MAX", "Avg": "AVG", "Sum": "SUM", "StdDev": "STDDEV"}
_COLUMN_RANGE = re.compile(r"^Column(Min|Max|Avg|Sum|StdDev)InRangeRule$")
_WHOLE = {
    "RecordCountInRangeRule": data.COUNT,
    "FileSizeInRangeRule": "basic:SIZE",
    "ColumnCountInRangeRule": "basic:COUNT_COLUMNS",
}


def run(
    instance: Instance,
    project_key: str,
    kind: str,
    object_id: str,
    partition: str = "",
    login: str = "admin",
    rule_ids: Optional[Sequence[str]] = None,
    automatic: bool = False,
    origin: str = "MANUAL",
) -> list[Raw]:
    """Evaluates an object's enabled rules now and keeps the results, newest first; answers them in the rules' order.

    `rule_ids` picks some of them, `automatic` those that run on build. A result is DSS's: `id, name, outcome, message,
    computeDate, runOrigin, partition`, with the rule itself under `check` and its verdict under `value`.
    """
    project = instance.projects[project_key]
    part = metrics.whole(project, kind, object_id, partition)
    results = []
    for rule in rules(project, kind, object_id):
        if rule_ids is not None and rule_id(rule) not in rule_ids:
            continue
        if rule.get("enabled", True) and (not automatic or rule.get("autoRun", True)):
            outcome, message = _evaluate(instance, project, kind, object_id, login, part, rule)
            results.append(result(rule, outcome, message, instance.clock.ms(), origin, part))
    with instance.lock:
        keep(project, kind, object_id, results)
    by_id = {rule_id(rule): rule for rule in rules(project, kind, object_id)}
    return [{**one, "check": by_id[one["id"]], "value": _value(one)} for one in results]


def _value(one: Raw) -> Raw:
    return {"outcome": one["outcome"], "message": one["message"]}


def rules(project: Project, kind: str, object_id: str) -> list[Raw]:
    """The rules and checks of an object; folders keep theirs under another key."""
    raw = project.objects()[kind][object_id]
    return list(((raw.get("checks") if kind == FOLDER else raw.get("metricsChecks")) or {}).get("checks") or [])


def rule_id(rule: Raw) -> str:
    """The rule's id; a check of before 12.6 has only a label."""
    return str(rule.get("id") or (rule.get("meta") or {}).get("label") or rule.get("type") or "")


def result(rule: Raw, outcome: str, message: str, computed: int, origin: str, partition: str) -> Raw:
    """One result as DSS keeps it."""
    return {
        "id": rule_id(rule),
        "name": rule.get("displayName") or (rule.get("meta") or {}).get("label") or rule_id(rule),
        "outcome": outcome,
        "message": message,
        "computeDate": computed,
        "runOrigin": origin,
        "partition": partition,
    }


def keep(project: Project, kind: str, object_id: str, results: Sequence[Raw]) -> None:
    """Adds results to the object's history, and the metric that DSS makes of an old check."""
    if not results:
        return
    project.rule_results[object_id] = [*reversed(results), *project.rule_results.get(object_id, [])]
    labels = {rule_id(rule): (rule.get("meta") or {}).get("label") for rule in rules(project, kind, object_id)}
    history = project.metrics.setdefault((kind, object_id), {})
    for one in results:
        if labels.get(one["id"]):
            point = {"partition": one["partition"], "value": one["outcome"], "dataType": "STRING"}
            history.setdefault(f"check:CHECK:{labels[one['id']]}", []).append({**point, "computed": one["computeDate"]})


def needs(rule: Raw) -> list[str]:
    """The ids of the metrics that a built-in rule judges; none for a rule of Python or of a plugin."""
    kind = str(rule.get("type") or "")
    columns = [str(column) for column in rule.get("columns") or []]
    ranged = _COLUMN_RANGE.match(kind)
    if kind in _WHOLE:
        return [_WHOLE[kind]]
    if ranged:
        return [f"col_stats:{_STATS[ranged.group(1)]}:{column}" for column in columns]
    if kind in ("ColumnNotEmptyRule", "ColumnEmptyRule"):
        return [f"col_stats:COUNT_NULL:{column}" for column in columns] + [data.COUNT]
    if kind == "ColumnUniqueValuesRule":
        return [f"col_stats:COUNT_DISTINCT:{column}" for column in columns] + [data.COUNT]
    if kind == "ValuesInSetRule":
        return [f"values:{column}" for column in columns]
    return [str(rule["metricId"])] if kind in ("numericRange", "valueSet") and rule.get("metricId") else []


def judge(rule: Raw, values: Mapping[str, str]) -> Verdict:
    """Outcome and message of a built-in rule on metric values; EMPTY where a value it needs is missing."""
    wanted = needs(rule)
    missing = [one for one in wanted if one not in values]
    if missing:
        return "EMPTY", f"No value for {missing[0]}"
    kind = str(rule.get("type") or "")
    if kind in _WHOLE or _COLUMN_RANGE.match(kind) or kind == "numericRange":
        return _worst(_in_range(rule, one, values[one]) for one in wanted)
    if kind in ("ColumnNotEmptyRule", "ColumnEmptyRule"):
        return _worst(_emptiness(rule, one, values) for one in wanted[:-1])
    if kind == "ColumnUniqueValuesRule":
        return _worst(_uniqueness(rule, one, values) for one in wanted[:-1])
    if kind in ("ValuesInSetRule", "valueSet"):
        return _worst(_in_set(rule, one, values[one]) for one in wanted)
    return "EMPTY", f"This local DSS does not evaluate rules of type {kind}"


def _evaluate(
    instance: Instance, project: Project, kind: str, object_id: str, login: str, part: str, rule: Raw
) -> Verdict:
    written = str(rule.get("type") or "")
    if written == "python" or written.startswith("custom_python_"):
        from .host import run_check

        return run_check(instance, project.key, login, kind, object_id, part, rule)
    wanted = needs(rule)
    computed = [one for one in wanted if one.startswith(("basic:", "records:", "col_stats:"))]
    if computed and written not in ("numericRange", "valueSet"):
        report = metrics.compute(instance, project.key, kind, object_id, part, login, metric_ids=computed)
        failed = next((run["error"] for run in report["runs"] if run.get("error")), None)
        if failed:
            return "ERROR", failed
    values = metrics.last_values(project, kind, object_id, part)
    for one in wanted:
        if one.startswith("values:") and kind == DATASET:
            try:
                found = metrics.distinct(instance, project, object_id, part, one[len("values:") :])
            except (data.NoData, data.QueryFailed) as failure:
                return "ERROR", str(failure)
            values[one] = "\n".join(sorted(found))
    return judge(rule, values)


def _worst(verdicts: Any) -> Verdict:
    order = ("ERROR", "WARNING", "EMPTY", "OK")
    return min(verdicts, key=lambda verdict: order.index(verdict[0]), default=("EMPTY", "No column is chosen"))


def _in_range(rule: Raw, metric_id: str, text: str) -> Verdict:
    try:
        value = float(text)
    except ValueError:
        return "ERROR", f"{metric_id} is {text!r}, not a number"
    for outcome, low, high in (("ERROR", "minimum", "maximum"), ("WARNING", "softMinimum", "softMaximum")):
        if rule.get(f"{low}Enabled") and value < rule[low]:
            return outcome, f"{_number(value)} is below {_number(rule[low])}"
        if rule.get(f"{high}Enabled") and value > rule[high]:
            return outcome, f"{_number(value)} is above {_number(rule[high])}"
    return "OK", f"{_number(value)} is in range"


def _emptiness(rule: Raw, metric_id: str, values: Mapping[str, str]) -> Verdict:
    """Both rules bound the empty (or filled) share or number; without a threshold the whole column must be so."""
    column = metric_id.split(":", 2)[2]
    empty, count = float(values[metric_id]), float(values[data.COUNT])
    measured = empty if rule["type"] == "ColumnEmptyRule" else count - empty
    threshold = str(rule.get("thresholdType") or "")
    if "ENTIRE" in threshold or not threshold:
        return ("OK" if measured == count else "ERROR"), f"{column}: {_number(empty)} of {_number(count)} empty"
    share = "PERCENT" in threshold
    return _in_range(rule, metric_id, str(100 * measured / count if share and count else measured))


def _uniqueness(rule: Raw, metric_id: str, values: Mapping[str, str]) -> Verdict:
    distinct, count = float(values[metric_id]), float(values[data.COUNT])
    if str(rule.get("thresholdType") or "") == "MIN_COUNT":
        return _in_range(rule, metric_id, values[metric_id])
    column = metric_id.split(":", 2)[2]
    text = f"{column}: {_number(distinct)} different values in {_number(count)} rows"
    return ("OK" if distinct == count else "ERROR"), text


def _in_set(rule: Raw, metric_id: str, text: str) -> Verdict:
    allowed = [str(one) for one in rule.get("values") or rule.get("valueSet") or []]
    strange = [value for value in text.split("\n") if value not in allowed]
    if strange:
        return "ERROR", f"{metric_id.split(':', 1)[1]}: {strange[0]!r} is not one of {', '.join(allowed)}"
    return "OK", f"All values are in the set ({', '.join(allowed)})"


def _number(value: float) -> str:
    return f"{int(value):,}" if float(value).is_integer() else f"{value:,.2f}"
