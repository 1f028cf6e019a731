"""How metric values are answered: the last ones, and the history of one metric."""

from __future__ import annotations

import json
from typing import Optional

from ..instance import Project, Raw

_WHOLE = ("NP", "ALL")


def last(project: Project, kind: str, object_id: str, partition: str = "NP") -> Raw:
    """The last value of every metric that has one. Asked for the whole of a partitioned object, each partition answers."""
    probes = _probes(project.objects()[kind].get(object_id) or {})
    known = project.metrics.get((kind, object_id)) or {}
    described = (_described(object_id, metric_id, points, partition, probes) for metric_id, points in known.items())
    return {"metrics": [each for each in described if each is not None]}


def history(project: Project, kind: str, object_id: str, partition: str, lookup: str) -> Raw:
    """Every point of one metric, oldest first; `lookup` is the metric's id, plain or inside its JSON."""
    metric_id = _metric_id(lookup)
    points = (project.metrics.get((kind, object_id)) or {}).get(metric_id) or []
    kept = [point for point in points if point.get("partition", "NP") == partition]
    return {
        "metric": _metric(object_id, metric_id, kept),
        "values": [{**point, "time": point.get("computed")} for point in kept],
        "from": kept[0].get("computed") if kept else None,
        "to": kept[-1].get("computed") if kept else None,
    }


def _metric_id(lookup: str) -> str:
    if not lookup.startswith("{"):
        return lookup
    asked = json.loads(lookup)
    return str(asked.get("id") or (asked.get("metric") or {}).get("id") or "")


def _described(object_id: str, metric_id: str, points: list[Raw], partition: str, probes: list[Raw]) -> Optional[Raw]:
    newest: dict[str, Raw] = {}
    for point in points:
        newest[str(point.get("partition") or "NP")] = point
    wanted = newest if partition in _WHOLE else {name: point for name, point in newest.items() if name == partition}
    if not wanted:
        return None
    metric = _metric(object_id, metric_id, points)
    name = _title(metric_id)
    return {
        "metric": metric,
        "meta": {"name": name, "fullName": name, "level": 0},
        "computingProbe": _computing(probes, metric_id),
        "displayedAsMetric": True,
        "partitionsWithValue": sorted(newest),
        "lastValues": list(wanted.values()),
    }


def _metric(object_id: str, metric_id: str, points: list[Raw]) -> Raw:
    kind, _, rest = metric_id.partition(":")
    metric_type, _, column = rest.partition(":")
    metric: Raw = {"id": metric_id, "type": kind, "metricType": metric_type, "dataset": object_id}
    if column:
        metric["column"] = column
    if points:
        metric["dataType"] = points[-1].get("dataType")
    return metric


def _probes(raw: Raw) -> list[Raw]:
    probes: list[Raw] = (raw.get("metrics") or {}).get("probes") or []
    return probes


def _computing(probes: list[Raw], metric_id: str) -> Optional[Raw]:
    """The probe of that type; of several, the one whose name ends the metric's id."""
    mine = [probe for probe in probes if metric_id.startswith(f"{probe.get('type')}:")]
    named = [probe for probe in mine if metric_id.endswith(f":{(probe.get('meta') or {}).get('name')}")]
    return next(iter(named or mine), None)


_TITLES = {
    "records:COUNT_RECORDS": "Record count",
    "basic:SIZE": "Size",
    "basic:COUNT_FILES": "File count",
    "basic:COUNT_COLUMNS": "Column count",
    "reporting:BUILD_START_DATE": "Last build start",
    "reporting:BUILD_DURATION": "Build duration",
}


def _title(metric_id: str) -> str:
    _, _, rest = metric_id.partition(":")
    return _TITLES.get(metric_id) or rest.replace("_", " ").replace(":", " of ").capitalize()
