"""Values that history would put into an empty field of the profile, each with what it rests on.

Where history is too short to say, that is said in place of a value.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Optional

from ...model.declare import Suggestion
from ...model.known import Known, Unknown, known
from ...model.report import DurationStat, OutputReport, Report, RowStat, ScenarioReport, SourceReport, TimeOfDay
from ...model.snapshot import ObjectRef, Snapshot
from .. import words
from ..instrument import backtest
from ..purpose import purpose
from ..schedule.zones import zone_of
from ..sla import SUGGESTED_MARGIN_MINUTES, suggestion

_LEAST_DAYS = 20  # judged days before a share of them is proposed as a target
_LEAST_BUILT = 14  # days of history before the weekdays on which it is built are proposed
_WEEKS = 5
Suggestions = Mapping[str, Suggestion]


def suggestions(report: Report, snapshot: Snapshot, section: str, name: str = "") -> Suggestions:
    """By the field's key below the part ("due", "owner.login")."""
    if section == "datasets":
        return _of_dataset(report, snapshot, name)
    if section == "scenarios":
        return _of_scenario(report, snapshot, name)
    if section == "general":
        return {"timezone": Suggestion(report.zone, report.zone_why)}
    if section in ("oncall", "contacts"):
        return _owner(snapshot, "oncall." if section == "oncall" else "contacts.data.")
    return {}


def _of_dataset(report: Report, snapshot: Snapshot, name: str) -> Suggestions:
    output = next((o for o in known(report.outputs, ()) if o.ref.smart_name(snapshot.project_key) == name), None)
    source = next((s for s in known(report.sources, ()) if s.ref.smart_name(snapshot.project_key) == name), None)
    found: dict[str, Suggestion] = {}
    if source is not None:
        found["available_by"] = _by_then(source.usual, "arrived", source)
    if output is not None:
        found["due"] = _by_then(output.typical, "ready", output)
        found |= _of_output(output)
    if output is not None or source is not None:
        ref = output.ref if output is not None else source.ref  # type: ignore[union-attr]
        found |= _of_builds(report, snapshot, ref)
        found["timezone"] = Suggestion(report.zone, report.zone_why)
    return found


def _by_then(usual: Known[TimeOfDay], what: str, of: OutputReport | SourceReport) -> Suggestion:
    if isinstance(usual, Unknown):
        return Suggestion("", f"no history to propose a time from: {usual.reason}")
    p95 = words.hhmm(usual.p95)
    why = (
        f"p95 of {words.count(usual.n, 'day')} is {p95} ({usual.zone}), so propose {SUGGESTED_MARGIN_MINUTES} min more, "
        f"up to the next quarter hour"
    )
    return Suggestion(suggestion(usual), f"{what} {why}" if what == "arrived" else why)


def _of_output(output: OutputReport) -> dict[str, Suggestion]:
    found: dict[str, Suggestion] = {}
    alert = output.alert_after_seconds
    if isinstance(alert, Unknown):
        found["alert_after_minutes"] = Suggestion("", f"no history: {alert.reason}")
    else:
        found["alert_after_minutes"] = Suggestion(
            f"{math.ceil(alert / 60)}", "the larger of 15 min and twice the way from p50 to p95"
        )
    judged = [day for day in output.days if day.verdict in ("MET", "MISSED", "RECOVERED_LATE")]
    met = sum(day.verdict == "MET" for day in judged)
    if len(judged) >= _LEAST_DAYS:
        share = min(0.99, math.floor(100 * met / len(judged)) / 100)
        why = f"met on {met} of {len(judged)} due days on record"
        found["target"] = Suggestion(f"{share:g}" if share > 0 else "", why)
    elif output.due_at is not None:
        found["target"] = Suggestion(
            "", f"{len(judged)} of {_LEAST_DAYS} due days that can be judged: too few to propose"
        )
    rows = output.rows
    if isinstance(rows, RowStat) and rows.usual_low is not None and rows.usual_high is not None:
        why = f"usual: {words.whole(rows.usual_low)} to {words.whole(rows.usual_high)} rows ({rows.usual_n} builds)"
        found["min_rows"] = Suggestion(f"{math.floor(rows.usual_low)}", why)
        found["max_rows"] = Suggestion(f"{math.ceil(rows.usual_high)}", why)
    else:
        reason = rows.reason if isinstance(rows, (RowStat, Unknown)) else ""
        for key in ("min_rows", "max_rows"):
            found[key] = Suggestion("", f"no history of rows: {reason or 'too few counts on record'}")
    return found


def _of_builds(report: Report, snapshot: Snapshot, ref: ObjectRef) -> dict[str, Suggestion]:
    builds = snapshot.fact(ref).builds
    if isinstance(builds, Unknown):
        why = f"no history of builds: {builds.reason}"
        return {key: Suggestion("", why) for key in ("max_age_hours", "warn_age_hours", "days")}
    ends = sorted(build.end for build in builds if build.success and build.end)
    limits = backtest.age_limits(ends)
    found = {"days": _weekdays(ends, report, snapshot.taken_at)}
    if limits is None:
        why = f"{words.count(len(ends), 'build')} on record: too few to propose an age"
        return {**found, **{key: Suggestion("", why) for key in ("max_age_hours", "warn_age_hours")}}
    why = f"19 of 20 gaps between builds are within {limits.usual:.1f} h (n={limits.n})"
    return {
        **found,
        "max_age_hours": Suggestion(f"{limits.error:g}", f"{why}; half above it"),
        "warn_age_hours": Suggestion(f"{limits.warn:g}", f"{why}; a tenth and an hour above it"),
    }


def _weekdays(ends: Sequence[datetime], report: Report, now: datetime) -> Suggestion:
    zone = zone_of(report.zone)
    if not ends or isinstance(zone, Unknown) or now - ends[0] < timedelta(days=_LEAST_BUILT):
        return Suggestion("", "less than two weeks of builds on record: too few to propose days")
    recent = [end.astimezone(zone).date() for end in ends if now - end < timedelta(weeks=_WEEKS)]
    weeks = max(1.0, min(_WEEKS, (now - ends[0]).days / 7))
    often = [day for place, day in enumerate(words.DAYS) if sum(d.weekday() == place for d in set(recent)) >= weeks / 2]
    if not often or len(often) == len(words.DAYS):
        return Suggestion("", "built on every day of the week" if often else "not built lately")
    why = f"built on {words.weekdays(often)} in the last {_WEEKS} weeks"
    return Suggestion("\n".join(day.lower() for day in often), why)


def _of_scenario(report: Report, snapshot: Snapshot, scenario_id: str) -> Suggestions:
    scenario = next((s for s in known(report.scenarios, ()) if s.id == scenario_id), None)
    if scenario is None:
        return {}
    names = {each.id: each.name for each in known(report.scenarios, ())}
    does = purpose(snapshot, scenario_id, names)
    said = (
        Suggestion("", f"nothing tells: {does.reason}")
        if isinstance(does, Unknown)
        else Suggestion(does.text, f"from the {does.source}")
    )
    return {"purpose": said, "max_minutes": _longest(scenario), "late_after_minutes": _patience(scenario)}


def _longest(scenario: ScenarioReport) -> Suggestion:
    usual = scenario.duration
    if scenario.limit_seconds is None or not isinstance(usual, DurationStat):
        reason = usual.reason if isinstance(usual, Unknown) else str(usual)
        return Suggestion("", f"no history to propose a length from: {reason}")
    why = (
        f"usually {words.duration(usual.p50)}, p95 {words.duration(usual.p95)} (n={usual.n}); beyond "
        f"{words.duration(scenario.limit_seconds)} a run counts as slow"
    )
    return Suggestion(f"{math.ceil(scenario.limit_seconds / 60)}", why)


def _patience(scenario: ScenarioReport) -> Suggestion:
    seconds: Optional[float] = scenario.state.late_after_seconds
    if seconds is None:
        return Suggestion("", "no start at a fixed time on record")
    return Suggestion(f"{max(1, math.ceil(seconds / 60))}", "the patience that is applied now, learned from its starts")


def _owner(snapshot: Snapshot, head: str) -> Suggestions:
    project = snapshot.project
    if isinstance(project, Unknown) or not project.owner_login:
        return {}
    why = "the project's owner"
    return {
        f"{head}name": Suggestion(project.owner_name or project.owner_login, why),
        f"{head}login": Suggestion(project.owner_login, why),
    }
