"""The metrics and rule results that a told past leaves behind."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from . import quality, shapes
from .clock import to_ms
from .instance import DATASET, Project
from .samples import Sample
from .told import Told

Raw = dict[str, Any]


class Measured:
    """What is measured as things are built; `results` are the rules' own, oldest first until the end."""

    def __init__(self, project: Project, told: Told) -> None:
        self.project, self.told = project, told
        self.results: dict[str, list[Raw]] = {}
        self.samples: dict[str, Sample] = {}

    def metrics(self, name: str, partition: str, count: int, at: datetime, on_build: bool) -> None:
        """Keeps what the enabled probes find, those that compute on build or all of them."""
        probes = (self.project.datasets[name].get("metrics") or {}).get("probes") or []
        history = self.project.metrics.setdefault((DATASET, name), {})
        computed = to_ms(at) + 1200
        for probe in probes:
            if not probe.get("enabled", True) or (on_build and probe.get("computeOnBuildMode", "NO") == "NO"):
                continue
            for metric_id, (value, kind) in self._sample(name).values(probe, count, at).items():
                point = {"partition": partition, "value": value, "dataType": kind, "computed": computed}
                history.setdefault(metric_id, []).append(point)

    def rules(self, name: str, partition: str, count: int, at: datetime, on_build: bool, origin: str) -> str:
        """Judges the rules on what the build gave: FAILED, WARNING or SUCCESS."""
        worst, computed = "SUCCESS", to_ms(at) + 1500
        for rule in quality.rules(self.project, DATASET, name):
            if not rule.get("enabled", True) or (on_build and not rule.get("autoRun", True)):
                continue
            wanted = quality.needs(rule)
            if not wanted:
                continue
            outcome, message = "OK", "As usual"
            if (
                self.told.facts
            ):  # the rows of a project that no story describes are made up: its rules would judge chance
                outcome, message = quality.judge(rule, self._sample(name).needed(wanted, count, at))
            said = self.told.verdict(quality.rule_id(rule), at)
            if said:
                outcome, message = said["outcome"], said["message"]
            result = quality.result(rule, outcome, message, computed, origin, partition)
            self.results.setdefault(name, []).append(result)
            worst = shapes.worse(worst, {"ERROR": "FAILED", "WARNING": "WARNING"}.get(outcome, "SUCCESS"))
        return worst

    def _sample(self, name: str) -> Sample:
        if name not in self.samples:
            self.samples[name] = Sample(self.project, name, self.told.now)
        return self.samples[name]

    def reporting(self, target: shapes.Target, activity: shapes.Activity, outcome: str) -> None:
        """Keeps what DSS notes of each build by itself."""
        kind, ref, partition = target
        history = self.project.metrics.setdefault((kind, ref), {})
        lasted = (activity.end - activity.start).total_seconds()
        values = shapes.reporting(activity.start, lasted, outcome in ("SUCCESS", "WARNING"))
        for metric_id, (value, data_type) in values.items():
            point = {"partition": partition, "value": value, "dataType": data_type, "computed": to_ms(activity.end)}
            history.setdefault(metric_id, []).append(point)
