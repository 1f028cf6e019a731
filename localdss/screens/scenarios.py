"""Scenarios: which run, how their last runs went, and buttons to run or abort one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, request

from .. import timetable
from ..instance import Instance, Project, Raw
from ..rights import RUN
from .visit import Visit, told

RUNS_SHOWN = 15


def mount(pages: Blueprint, instance: Instance) -> None:
    @pages.get("/projects/<key>/scenarios/")
    def scenarios(key: str) -> Any:
        visit = Visit.of(instance)
        project = visit.project(key)
        rows = [_row(instance, project, each) for each in sorted(project.scenarios)]
        rows.sort(key=lambda row: not row["active"])
        return visit.page(
            "scenarios.html", project=project, tab="scenarios", rows=rows, may_run=visit.may(project, RUN)
        )

    @pages.get("/projects/<key>/scenarios/<scenario_id>/")
    def scenario(key: str, scenario_id: str) -> Any:
        visit = Visit.of(instance)
        project = visit.project(key)
        if scenario_id not in project.scenarios:
            abort(404, f"There is no scenario {scenario_id} in {key}")
        runs = (project.runs.get(scenario_id) or [])[:RUNS_SHOWN]
        names = {"row": _row(instance, project, scenario_id), "runs": runs, "may_run": visit.may(project, RUN)}
        return visit.page(
            "scenario.html", project=project, tab="scenarios", raw=project.scenarios[scenario_id], **names
        )

    @pages.post("/projects/<key>/scenarios/<scenario_id>/<any(run, abort):action>")
    def act(key: str, scenario_id: str, action: str) -> Any:
        visit = Visit.of(instance)
        visit.project(key)
        with told():
            handle = visit.client.get_project(key).get_scenario(scenario_id)
            if action == "abort":
                handle.abort()
                flash("Asked to stop", "done")
            else:
                fire = handle.run()
                squashed = fire.trigger_fire.get("cancelled")
                flash("Already running: not started again" if squashed else "Started", "done")
        return redirect(request.path.rpartition("/")[0] + "/", 303)


def _row(instance: Instance, project: Project, scenario_id: str) -> Raw:
    """A scenario as the list shows it."""
    raw = project.scenarios[scenario_id]
    newest = next(iter(project.runs.get(scenario_id) or []), {}).get("scenarioRun") or {}
    result = newest.get("result")
    return {
        "id": scenario_id,
        "name": raw.get("name") or scenario_id,
        "active": bool(raw.get("active")),
        "digest": timetable.digest(raw),
        "next": timetable.next_run(raw, instance.clock.now(), instance.zone),
        "start": newest.get("start"),
        "end": newest.get("end"),
        "running": bool(newest) and not result,
        "outcome": (result or {}).get("outcome"),
    }
