"""Datasets: when each was built, its metrics, checks and rules, and buttons to compute them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, request

from .. import quality
from ..data import held
from ..instance import DATASET, Instance, Project, Raw
from ..rights import WRITE
from . import attach
from .visit import Visit, told

COUNT = "records:COUNT_RECORDS"
SHOWN_BEFORE = 10
_WORST_FIRST = ("ERROR", "WARNING", "EMPTY", "OK")


def mount(pages: Blueprint, instance: Instance) -> None:
    attach.mount(pages, instance)

    @pages.get("/projects/<key>/datasets/")
    def datasets(key: str) -> Any:
        visit = Visit.of(instance)
        project = visit.project(key)
        rows = [_row(project, name, raw) for name, raw in sorted(project.datasets.items())]
        return visit.page("datasets.html", project=project, tab="datasets", rows=rows)

    @pages.get("/projects/<key>/datasets/<name>/")
    def dataset(key: str, name: str) -> Any:
        visit = Visit.of(instance)
        project = visit.project(key)
        if name not in project.datasets:
            abort(404, f"There is no dataset {name} in {key}")
        raw = project.datasets[name]
        return visit.page(
            "dataset.html",
            project=project,
            tab="datasets",
            row=_row(project, name, raw),
            probes=(raw.get("metrics") or {}).get("probes") or [],
            metrics=_last_values(project, name),
            rules=_rules(project, name),
            partitions=held(project, name),
            may_write=visit.may(project, WRITE),
            offered=attach.offered(instance),
        )

    @pages.post("/projects/<key>/datasets/<name>/compute")
    def compute(key: str, name: str) -> Any:
        visit, partition = Visit.of(instance), request.form.get("partition", "")
        visit.project(key)
        with told():
            answer = visit.client.get_project(key).get_dataset(name).compute_metrics(partition=partition)
            report = answer.get("result") or answer
            flash(f"{len(report.get('computed') or [])} values computed", "done")
            for run in report.get("runs") or []:
                if run.get("error"):
                    flash(f"{run.get('type')}: {run['error']}", "error")
        return redirect(request.path.rpartition("/")[0] + "/", 303)

    @pages.post("/projects/<key>/datasets/<name>/check")
    def check(key: str, name: str) -> Any:
        visit, partition = Visit.of(instance), request.form.get("partition", "")
        visit.project(key)
        with told():
            answer = visit.client.get_project(key).get_dataset(name).run_checks(partition=partition)
            results = (answer.get("result") or answer).get("results") or []
            flash(f"{len(results)} checks and rules run", "done")
        return redirect(request.path.rpartition("/")[0] + "/", 303)


def _row(project: Project, name: str, raw: Raw) -> Raw:
    """A dataset as the list shows it."""
    params = raw.get("params") or {}
    build = project.builds.get((DATASET, name)) or {}
    points = (project.metrics.get((DATASET, name)) or {}).get(COUNT) or [{}]
    outcomes = {rule["outcome"] for rule in _rules(project, name) if rule["outcome"]}
    return {
        "name": name,
        "type": raw.get("type"),
        "connection": params.get("connection") or params.get("uploadConnection"),
        "partitioned": bool((raw.get("partitioning") or {}).get("dimensions")),
        "built": build.get("buildEndTime"),
        "failed": build.get("buildSuccess") is False,
        "records": points[-1].get("value"),
        "counted": points[-1].get("computed"),
        "quality": next((each for each in _WORST_FIRST if each in outcomes), None),
        "short_desc": raw.get("shortDesc"),
    }


def _last_values(project: Project, name: str) -> list[Raw]:
    """The newest value of each metric, by id; of a partitioned dataset the newest of any partition."""
    known = sorted((project.metrics.get((DATASET, name)) or {}).items())
    return [
        {"id": metric_id, **points[-1], "before": points[-1 - SHOWN_BEFORE : -1][::-1]}
        for metric_id, points in known
        if points
    ]


def _rules(project: Project, name: str) -> list[Raw]:
    """The checks and rules in the dataset's settings, each with its last result and some before."""
    results: dict[str, list[Raw]] = {}
    for result in project.rule_results.get(name) or []:
        results.setdefault(str(result.get("id")), []).append(result)
    shown = []
    for rule in quality.rules(project, DATASET, name):
        meta = rule.get("meta") or {}
        label = rule.get("displayName") or meta.get("label") or meta.get("name") or rule.get("type")
        last, *before = results.get(quality.rule_id(rule)) or [{}]
        named = {"label": label, "type": rule.get("type"), "enabled": rule.get("enabled", True)}
        shown.append({**named, **_verdict(last), "before": [_verdict(each) for each in before[:SHOWN_BEFORE]]})
    return shown


def _verdict(result: Raw) -> Raw:
    names = ("outcome", "message", "computeDate", "partition")
    return {name: result.get(name) for name in names}
