"""What would make a dataset easier to watch: metrics, probes, checks, each with limits from its own history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Optional

from ...model.known import Unknown, known
from ...model.plan import EDIT, RULE, Change, Step, Trial
from ...model.profile import DatasetProfile
from ...model.report import OutputReport
from ...model.snapshot import Column, ObjectFacts
from .. import words
from ..volume import counts_per_build
from . import backtest
from .ids import COUNT_METRIC, MORNING_NAME, check_type, probe_type

_PROBES, _CHECKS = ("metrics", "probes"), ("metricsChecks", "checks")
_CANNOT_TELL = {"cannot_tell": "WARNING"}
_FEW = 8  # builds under which no row count can be usual


@dataclass(frozen=True)
class Watched:
    """A dataset that people wait for, as far as proposals look at it. `document` are its settings as DSS stores them,
    `profile` what is declared of it, `source` whether nothing here builds it, `rules` whether this DSS keeps checks as Data Quality rules, `layer` the layer of
    the profile that may be written ("standard" or "local")."""

    name: str
    document: Mapping[str, Any]
    facts: ObjectFacts
    columns: tuple[Column, ...]
    profile: DatasetProfile
    report: Optional[OutputReport]
    partitioned: bool
    source: bool
    rules: bool
    layer: str
    zone: tzinfo
    now: datetime

    @property
    def about(self) -> str:
        return f"dataset:{self.name}"

    @property
    def partition(self) -> str:
        return "ALL" if self.partitioned else "NP"


def proposals(of: Watched) -> Iterator[Change]:
    """Every change that is missing on one dataset, in the order in which they build on each other."""
    schema = accept_columns(of.name, of.columns, of.profile, of.layer)
    if of.source:
        yield from filter(None, (_time_column(of), schema))
        return
    for found in (_count(of), _time_column(of), *_probes(of), schema, *_checks(of)):
        if found is not None:
            yield found


# --- metrics and probes ----------------------------------------------------------------------------------------------


def _count(of: Watched) -> Optional[Change]:
    step = _computed_on_build(of, {"type": "records", "configuration": {}}, "Record count")
    if step is None:
        return None
    verb = "Compute the record count" if step.before else "Add the record count, computed"
    return Change(
        f"count:{of.name}",
        "counts",
        f"{verb} with every build",
        of.about,
        "without it nobody can tell whether the rows are plausible",
        (step,),
        Trial("metric", of.name, COUNT_METRIC, of.partition),
    )


def _time_column(of: Watched) -> Optional[Change]:
    column = of.profile.time_column
    if not column:
        return None
    wanted = {"column": column, "aggregated": "MAX"}
    there = next((probe for probe in _list(of.document, _PROBES) if probe.get("type") == "col_stats"), None)
    configuration = dict(_object((there or {}).get("configuration")))
    aggregates = _objects(configuration.get("aggregates"))
    if wanted in aggregates and _runs_on_build(there):
        return None
    probe = {**(there or {}), "type": "col_stats", "enabled": True, "computeOnBuildMode": "PARTITION"}
    probe["configuration"] = {
        **configuration,
        "aggregates": aggregates if wanted in aggregates else [*aggregates, wanted],
    }
    probe.setdefault("meta", {"name": "Columns statistics", "level": 2})
    when = f"; nothing here builds it: the scenario “{MORNING_NAME}” computes it" if of.source else ""
    return Change(
        f"time:{of.name}",
        "counts",
        f"Compute the newest value of column {column}{'' if of.source else ' with every build'}",
        of.about,
        f"the profile names this column as the time of the data{when}",
        (Step(EDIT, ("datasets", of.name), probe, there, _PROBES),),
        Trial("metric", of.name, f"col_stats:MAX:{column}", of.partition),
    )


def _computed_on_build(of: Watched, probe: Mapping[str, Any], name: str) -> Optional[Step]:
    """The step that makes a built-in probe be computed on build; None where it is."""
    there = next((each for each in _list(of.document, _PROBES) if each.get("type") == probe["type"]), None)
    if _runs_on_build(there):
        return None
    wanted = {**probe, "meta": {"name": name, "level": 0}, **(there or {})}
    wanted.update(enabled=True, computeOnBuildMode="PARTITION")
    return Step(EDIT, ("datasets", of.name), wanted, there, _PROBES)


def _runs_on_build(probe: Optional[Mapping[str, Any]]) -> bool:
    return bool(probe and probe.get("enabled", True) and probe.get("computeOnBuildMode", "NO") != "NO")


def _probes(of: Watched) -> Iterator[Change]:
    for component, label, why in (
        (
            "freshness",
            "Freshness",
            "the age of the data as a metric, with the clock that tells it, in charts and exports",
        ),
        ("row-count", "Row count", "rows and their change against the build before as metrics"),
    ):
        kind = probe_type(component)
        if any(each.get("type") == kind for each in _list(of.document, _PROBES)):
            continue
        column = of.profile.time_column if component == "freshness" else ""
        probe = {
            "type": kind,
            "enabled": True,
            "computeOnBuildMode": "PARTITION",
            "meta": {"name": label, "level": 10},
            "configuration": {"config": {"time_column": column} if column else {}},
        }
        yield Change(
            f"probe:{component}:{of.name}",
            "probes",
            f"Add the probe “{label}”, computed with every build",
            of.about,
            why,
            (Step(EDIT, ("datasets", of.name), probe, place=_PROBES),),
            Trial("probe", of.name, kind, of.partition),
            proposed=f"time column {column}, as declared" if column else "",
            declared=bool(column),
        )


# --- the schema ------------------------------------------------------------------------------------------------------


def accept_columns(name: str, columns: Sequence[Column], profile: DatasetProfile, layer: str) -> Optional[Change]:
    """Write the columns of a dataset to the `layer` of the profile ("standard" or "local"), as accepted; None where they
    are, or there are none."""
    now = [{"name": column.name, "type": column.type} for column in columns]
    accepted = [dict(column) for column in profile.accepted_schema or ()]
    if not now or now == accepted:
        return None
    names, before = {column["name"] for column in now}, {column.get("name", "") for column in accepted}
    said = f"{words.count(len(now), 'column')}: {words.listed([column['name'] for column in now], 5)}"
    if accepted:
        new, gone = sorted(names - before), sorted(before - names)
        said += f"; new: {words.listed(new, 5)}" if new else ""
        said += f"; gone: {words.listed(gone, 5)}" if gone else ""
    place = (layer, "operations_guide", "datasets", name)
    step = Step(EDIT, ("variables",), now, accepted or None, place, key="accepted_schema")
    why = "a change of columns is found by comparing them with those that somebody accepted"
    return Change(
        f"schema:{name}",
        "schemas",
        "Accept the columns as they are now",
        f"dataset:{name}",
        why,
        (step,),
        proposed=said,
    )


# --- checks ----------------------------------------------------------------------------------------------------------


def _checks(of: Watched) -> Iterator[Change]:
    for make in (_row_check, _age_check, _schema_check):
        found = make(of)
        if found is not None:
            yield found


def _row_check(of: Watched) -> Optional[Change]:
    if _has_check(of, "row-count"):
        return None
    if isinstance(of.facts.row_counts, Unknown) or isinstance(of.facts.builds, Unknown):
        unread = of.facts.row_counts if isinstance(of.facts.row_counts, Unknown) else of.facts.builds
        proposed, tested = "medium sensitivity", f"cannot be tested: {getattr(unread, 'reason', '')}"
        sensitivity = "medium"
    else:
        counts = counts_per_build(of.facts.builds, of.facts.row_counts)
        sensitivity, past = backtest.sensitivity_for(counts, of.zone, of.now)
        proposed = f"{sensitivity} sensitivity, against what is usual (n={len(counts)})"
        tested = backtest.told(past, of.zone, of.now)
        if len(counts) < _FEW:
            proposed = (
                f"{sensitivity} sensitivity; says that it learns until more builds are on record (n={len(counts)})"
            )
    limits = [
        f"{label} {limit:,} rows, as declared"
        for label, limit in (("never under", of.profile.min_rows), ("never over", of.profile.max_rows))
        if limit is not None
    ]
    config = {"compare": "typical", "sensitivity": sensitivity, **_CANNOT_TELL}
    why = "tells a build with too few or too many rows, by weekday and growth"
    return _check(of, "row-count", "Rows as usual", config, why, "; ".join([proposed, *limits]), tested)


def _age_check(of: Watched) -> Optional[Change]:
    if _has_check(of, "freshness"):
        return None
    ends = [build.end for build in known(of.facts.builds, ()) if build.success and build.end]
    why = (
        "DSS has no freshness rule of its own; run by builds alone it says nothing when none comes, "
        "so the morning scenario runs it too"
    )
    config: dict[str, Any]
    if of.profile.due:
        missed = tuple(day.due_at for day in (of.report.days if of.report else ()) if _was_missed(day.verdict))
        days = [day for day in (of.report.days if of.report else ()) if day.verdict != "UNKNOWN"]
        past = backtest.Backtest(missed, len(days), days[0].due_at if days else None)
        tested = backtest.told(past, of.zone, of.now, "due day")
        config = {"mode": "deadline", **_CANNOT_TELL}
        return _check(of, "freshness", "Fresh", config, why, f"by {of.profile.due}, as declared", tested, declared=True)
    declared = of.profile.max_age_hours
    if declared is not None:
        tested = backtest.told(backtest.of_age(ends, of.now, declared), of.zone, of.now)
        config = {"mode": "age", **_CANNOT_TELL}
        return _check(
            of, "freshness", "Fresh", config, why, f"at most {declared:g} h old, as declared", tested, declared=True
        )
    limits = backtest.age_limits(ends)
    if limits is None:
        few = words.count(len(ends), "successful build")
        obstacle = f"{few} on record, too few to propose an age; declare max_age_hours or due in the profile"
        return _check(of, "freshness", "Fresh", {}, why, "", "", obstacle=obstacle)
    config = {"mode": "age", "warn_age_hours": limits.warn, "max_age_hours": limits.error, **_CANNOT_TELL}
    proposed = (
        f"warning beyond {limits.warn:g} h, error beyond {limits.error:g} h; "
        f"19 of 20 gaps are within {limits.usual:.1f} h (n={limits.n})"
    )
    tested = backtest.told(backtest.of_age(ends, of.now, limits.warn), of.zone, of.now)
    return _check(of, "freshness", "Fresh", config, why, proposed, tested)


def _was_missed(verdict: str) -> bool:
    return verdict in ("MISSED", "RECOVERED_LATE")


def _schema_check(of: Watched) -> Optional[Change]:
    if _has_check(of, "schema-change") or not of.columns:
        return None
    accepted = of.profile.accepted_schema
    said = f"{words.count(len(accepted), 'accepted column')}" if accepted else "says so until columns are accepted"
    config = {"on_removed": "ERROR", "on_retyped": "ERROR", "on_added": "WARNING", "on_reordered": "OK", **_CANNOT_TELL}
    why = "tells a column that is gone, new or of another type before recipes fail on it"
    return _check(of, "schema-change", "Columns as accepted", config, why, said, "")


def _check(
    of: Watched,
    component: str,
    label: str,
    config: Mapping[str, Any],
    why: str,
    proposed: str,
    tested: str,
    *,
    declared: bool = False,
    obstacle: str = "",
) -> Change:
    kind = check_type(component)
    check: dict[str, Any] = {
        "type": kind,
        "config": dict(config),
        "meta": {"name": label, "label": label},
        "computeOnBuildMode": "PARTITION",
    }
    if of.rules:
        check.update(displayName=label, enabled=True, autoRun=True)
    step = Step(RULE if of.rules else EDIT, ("datasets", of.name), check, place=_CHECKS)
    what = "rule" if of.rules else "check"
    return Change(
        f"check:{component}:{of.name}",
        "checks",
        f"Add the {what} “{label}”, run with every build",
        of.about,
        why,
        (step,),
        Trial(what, of.name, kind, of.partition),
        proposed,
        tested,
        obstacle,
        declared,
    )


def _has_check(of: Watched, component: str) -> bool:
    return any(each.get("type") == check_type(component) for each in _list(of.document, _CHECKS))


def _list(document: Mapping[str, Any], place: tuple[str, ...]) -> list[Mapping[str, Any]]:
    found: Any = document
    for name in place:
        found = _object(found).get(name)
    return _objects(found)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
