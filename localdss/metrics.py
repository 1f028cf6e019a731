"""Computes metrics as DSS does: a probe at a time, over the rows where they live, each value kept as a point of history.

SQL datasets are counted and aggregated by their database (engine "SQL"), the others by reading their rows (engine "DSS").
Python probes and probes of plugins are run by the host.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Optional

from . import data, databases
from .instance import DATASET, FOLDER, Instance, Project

Raw = dict[str, Any]
Value = tuple[str, str]  # the value as text, and DSS's type

_COUNTS = ("COUNT", "COUNT_NULL", "COUNT_DISTINCT")
_SQL = {
    "MIN": "MIN({0})",
    "MAX": "MAX({0})",
    "SUM": "SUM({0})",
    "AVG": "AVG({0})",
    "MEAN": "AVG({0})",
    "COUNT": "COUNT({0})",
    "COUNT_NULL": "COUNT(*) - COUNT({0})",
    "COUNT_DISTINCT": "COUNT(DISTINCT {0})",
}


def compute(
    instance: Instance,
    project_key: str,
    kind: str,
    object_id: str,
    partition: str = "",
    login: str = "admin",
    probes: Optional[Sequence[Raw]] = None,
    metric_ids: Optional[Sequence[str]] = None,
) -> Raw:
    """Computes and keeps the metrics of an object: those of its enabled probes, of given probes, or of some ids.

    Answers DSS's report: `computed` (one entry a value) and `runs` (one a probe, with `error` where it failed).
    """
    project = instance.projects[project_key]
    part = whole(project, kind, object_id, partition)
    asked = _enabled(project, kind, object_id) if probes is None else list(probes)
    if metric_ids is not None:
        asked = [probe for probe in _enabled(project, kind, object_id) if _makes_any(probe, metric_ids)]
        asked += _probes_for(metric_ids, asked)
    runs, computed = [], []
    for probe in asked:
        engine, found, error = _run(instance, project, kind, object_id, login, part, probe)
        wanted = {name: value for name, value in found.items() if metric_ids is None or name in metric_ids}
        computed += keep(instance, project, kind, object_id, part, wanted)
        runs.append({"engine": engine, "type": probe.get("type"), **({"error": error} if error else {})})
    return {"computed": computed, "runs": runs}


def keep(
    instance: Instance, project: Project, kind: str, object_id: str, partition: str, values: dict[str, Value]
) -> list[Raw]:
    """Adds values to the object's history, computed now; answers them as DSS reports them."""
    now = instance.clock.ms()
    reported = []
    with instance.lock:
        history = project.metrics.setdefault((kind, object_id), {})
        for metric_id, (value, data_type) in values.items():
            point = {"partition": partition, "value": value, "dataType": data_type, "computed": now}
            history.setdefault(metric_id, []).append(point)
            reported.append({"metricId": metric_id, "metric": describe(metric_id, data_type), **point})
    return reported


def describe(metric_id: str, data_type: str = "") -> Raw:
    """The `metric` part of DSS's answers, read off an id such as `col_stats:MAX:order_date`."""
    parts = metric_id.split(":", 2)
    found: Raw = {"id": metric_id, "type": parts[0], "metricType": parts[1] if len(parts) > 1 else parts[0]}
    if parts[0] in ("col_stats", "adv_col_stats", "percentile_stats") and len(parts) > 2:
        found["column"] = parts[2]
    return {**found, "dataType": data_type} if data_type else found


def whole(project: Project, kind: str, object_id: str, partition: str) -> str:
    """The partition as history writes it: `ALL` for the whole of a partitioned dataset, `NP` where there are none."""
    if partition not in data.WHOLE:
        return partition
    return "ALL" if kind == DATASET and data.dimension(project.datasets[object_id]) else "NP"


def distinct(instance: Instance, project: Project, name: str, partition: str, column: str) -> set[str]:
    """The values of a column, as text."""
    asked = [] if partition in data.WHOLE else [partition]
    return {row[0] for row in data.rows(instance, project.key, name, [column], asked)}


def _enabled(project: Project, kind: str, object_id: str) -> list[Raw]:
    raw = project.objects()[kind][object_id]
    return [probe for probe in (raw.get("metrics") or {}).get("probes") or [] if probe.get("enabled", True)]


def _makes_any(probe: Raw, metric_ids: Sequence[str]) -> bool:
    prefix = f"{probe.get('type')}:"
    name = (probe.get("meta") or {}).get("name", "")
    built_in = probe.get("type") in ("basic", "records", "col_stats", "partitioning")
    return any(one.startswith(prefix) and (built_in or one.endswith(f":{name}")) for one in metric_ids)


def _probes_for(metric_ids: Sequence[str], present: Sequence[Raw]) -> list[Raw]:
    """Probes for built-in ids that no probe of the object makes: DSS computes an id that is asked for by name."""
    types = {probe.get("type") for probe in present}
    made: list[Raw] = [{"type": kind} for kind in ("basic", "records", "partitioning") if kind not in types]
    made = [probe for probe in made if _makes_any(probe, metric_ids)]
    covered = {
        f"col_stats:{one.get('aggregated')}:{one.get('column')}"
        for probe in present
        for one in (probe.get("configuration") or {}).get("aggregates") or []
    }
    rest = [one.split(":", 2) for one in metric_ids if one.startswith("col_stats:") and one not in covered]
    if rest:
        aggregates = [{"aggregated": one[1], "column": one[2]} for one in rest if len(one) == 3]
        made.append({"type": "col_stats", "configuration": {"aggregates": aggregates}})
    return made


def _run(
    instance: Instance, project: Project, kind: str, object_id: str, login: str, part: str, probe: Raw
) -> tuple[str, dict[str, Value], str]:
    kind_of_probe = str(probe.get("type") or "")
    try:
        if kind_of_probe == "python" or kind_of_probe.startswith("py_plugin_"):
            return "Python", *_by_host(instance, project, kind, object_id, login, part, probe)
        if kind == FOLDER:
            return "Basic", _folder(instance, project, object_id) if kind_of_probe == "basic" else {}, ""
        if kind != DATASET:
            return "Basic", {}, ""
        return _built_in(instance, project, object_id, part, probe)
    except (data.NoData, data.QueryFailed) as failure:
        return "SQL" if kind == DATASET and data.is_sql(project.datasets[object_id]) else "DSS", {}, str(failure)


def _built_in(
    instance: Instance, project: Project, name: str, part: str, probe: Raw
) -> tuple[str, dict[str, Value], str]:
    raw = project.datasets[name]
    kind = probe.get("type")
    if kind == "basic":
        return "Basic", _basic(instance, project, name, part), ""
    if kind == "partitioning":
        count = len(data.held(project, name)) if data.dimension(raw) else 0
        return "Basic", {"partitioning:COUNT_PARTITIONS": (str(count), "BIGINT")}, ""
    if kind == "records":
        wanted: list[tuple[str, str]] = []
    elif kind == "col_stats":
        known = {column for column, _ in data.fields(raw)}
        listed = (probe.get("configuration") or {}).get("aggregates") or []
        wanted = [(str(a.get("aggregated")), str(a.get("column"))) for a in listed if a.get("column") in known]
    else:
        return "DSS", {}, f"This local DSS does not compute probes of type {kind}"
    by_sql = data.is_sql(raw)
    found = (_by_sql if by_sql else _by_reading)(instance, project, name, part, wanted)
    beyond = [one for one in wanted if by_sql and one[0] not in _SQL]
    if beyond:  # what not every database has a function for
        found = {**_by_reading(instance, project, name, part, beyond), **found}
    names = {f"col_stats:{aggregate}:{column}" for aggregate, column in wanted}
    kept = found if kind == "records" else {name: value for name, value in found.items() if name in names}
    return "SQL" if by_sql else "DSS", kept, ""


def _basic(instance: Instance, project: Project, name: str, part: str) -> dict[str, Value]:
    raw = project.datasets[name]
    found: dict[str, Value] = {"basic:COUNT_COLUMNS": (str(len(data.fields(raw))), "BIGINT")}
    if not data.is_sql(raw) and raw.get("type") not in data.stats.TYPES:
        files, size = data.size(instance, project.key, name, part)
        found["basic:COUNT_FILES"] = (str(files), "BIGINT")
        found["basic:SIZE"] = (str(size), "BIGINT")
    return found


def _folder(instance: Instance, project: Project, folder_id: str) -> dict[str, Value]:
    files = [file for file in instance.folder_path(project.key, folder_id).rglob("*") if file.is_file()]
    size = sum(file.stat().st_size for file in files)
    return {"basic:COUNT_FILES": (str(len(files)), "BIGINT"), "basic:SIZE": (str(size), "BIGINT")}


def _by_host(
    instance: Instance, project: Project, kind: str, object_id: str, login: str, part: str, probe: Raw
) -> tuple[dict[str, Value], str]:
    from .host import ComponentFailed, run_probe

    label = (probe.get("meta") or {}).get("name") or probe.get("type")
    try:
        found = run_probe(instance, project.key, login, kind, object_id, part, probe)
    except ComponentFailed as failure:
        return {}, failure.message
    values = {
        f"{probe['type']}:{metric}:{label}": (data.made.text(value), str(data_type))
        for metric, (value, data_type) in found.items()
        if value is not None
    }
    return values, ""


# --- aggregates ------------------------------------------------------------------------------------------------------


def _by_sql(
    instance: Instance, project: Project, name: str, part: str, wanted: Sequence[tuple[str, str]]
) -> dict[str, Value]:
    raw = project.datasets[name]
    data.require(project, name)
    known = [(aggregate, column) for aggregate, column in wanted if aggregate in _SQL]
    fields = ["COUNT(*)"] + [_SQL[aggregate].format(databases.quote(column)) for aggregate, column in known]
    where = ""
    if part not in data.WHOLE:
        quoted = part.replace("'", "''")
        where = f" WHERE {databases.quote(data.dimension(raw))} = '{quoted}'"
    sql = f"SELECT {', '.join(fields)} FROM {data.qualified(project, name)}{where}"
    data.fill(instance, project, name)
    row = data.value(instance, data.connection(project, name), sql)
    types = dict(data.fields(raw))
    found = {data.COUNT: (str(row[0]), "BIGINT")}
    for (aggregate, column), value in zip(known, row[1:]):
        if value is not None:
            found[f"col_stats:{aggregate}:{column}"] = typed(aggregate, types[column], value)
    return found


def _by_reading(
    instance: Instance, project: Project, name: str, part: str, wanted: Sequence[tuple[str, str]]
) -> dict[str, Value]:
    raw = project.datasets[name]
    columns = list(dict.fromkeys(column for _, column in wanted))
    types = dict(data.fields(raw))
    asked = [] if part in data.WHOLE else [part]
    tallies = {column: _Tally(types[column]) for column in columns}
    count = 0
    for row in data.rows(instance, project.key, name, columns, asked):
        count += 1
        for tally, value in zip(tallies.values(), row):
            tally.add(value)
    found = {data.COUNT: (str(count), "BIGINT")}
    for aggregate, column in wanted:
        value = tallies[column].value(aggregate)
        if value is not None:
            found[f"col_stats:{aggregate}:{column}"] = typed(aggregate, types[column], value)
    return found


def aggregate(name: str, column_type: str, values: Iterable[Any]) -> Any:
    """One aggregate (MIN, SUM, COUNT_DISTINCT, …) of Python values of a column; None where it makes no sense."""
    tally = _Tally(column_type)
    for value in values:
        tally.add(value)
    return tally.value(name)


def typed(aggregate: str, column_type: str, value: Any) -> Value:
    """An aggregate as DSS keeps it: its text and its type."""
    if aggregate in _COUNTS:
        return str(int(value)), "BIGINT"
    if column_type in ("date", "dateonly", "datetimenotz"):
        return data.made.text(value), "DATE"
    if column_type in ("string", "boolean"):
        return data.made.text(value), "STRING"
    return data.made.text(round(float(value), 6)), "DOUBLE"


class _Tally:
    """What a column's aggregates need, gathered in one pass."""

    def __init__(self, kind: str) -> None:
        self._numeric = kind in ("double", "float", "int", "bigint", "smallint", "tinyint")
        self._seen: set[Any] = set()
        self._count = self._nulls = 0
        self._sum = self._squares = 0.0
        self._low: Any = None
        self._high: Any = None

    def add(self, value: Any) -> None:
        if value in ("", None):
            self._nulls += 1
            return
        self._count += 1
        self._seen.add(value)
        number: Any = float(value) if self._numeric else value
        if self._numeric:
            self._sum += number
            self._squares += number * number
        self._low = number if self._low is None else min(self._low, number)
        self._high = number if self._high is None else max(self._high, number)

    def value(self, aggregate: str) -> Any:
        counts = {"COUNT": self._count, "COUNT_NULL": self._nulls, "COUNT_DISTINCT": len(self._seen)}
        if aggregate in counts:
            return counts[aggregate]
        if not self._count or aggregate not in ("MIN", "MAX", "SUM", "AVG", "MEAN", "STDDEV"):
            return None
        if aggregate in ("MIN", "MAX"):
            return self._low if aggregate == "MIN" else self._high
        if not self._numeric:
            return None
        mean = self._sum / self._count
        spread = math.sqrt(max(0.0, self._squares / self._count - mean * mean))
        return {"SUM": self._sum, "AVG": mean, "MEAN": mean, "STDDEV": spread}[aggregate]


def last_values(project: Project, kind: str, object_id: str, partition: str) -> dict[str, str]:
    """The newest value of every metric of an object, on one partition."""
    history = project.metrics.get((kind, object_id)) or {}
    return dict(_newest(history.items(), whole(project, kind, object_id, partition)))


def _newest(history: Iterable[tuple[str, list[Raw]]], partition: str) -> Iterator[tuple[str, str]]:
    for metric_id, points in history:
        mine = [point for point in points if point["partition"] == partition and "value" in point]
        if mine:
            yield metric_id, mine[-1]["value"]
