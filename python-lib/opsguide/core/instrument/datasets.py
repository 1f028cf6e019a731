"""What would make a dataset or folder easier to watch: metrics, probes, checks, each with limits from its own history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Optional

from ...model.known import Known, Unknown, known
from ...model.plan import EDIT, RULE, Change, Step, Trial
from ...model.profile import DatasetProfile
from ...model.report import OutputReport
from ...model.snapshot import Column, ObjectFacts, ObjectRef
from .. import words
from ..volume import counts_per_build, without_wrong
from . import backtest
from .ids import COUNT_METRIC, FILES_METRIC, MORNING_NAME, check_type, probe_type

_PROBES = ("metrics", "probes")
# Where the checks stand in the settings: those of folders have a place of their own.
_CHECKS = {"DATASET": ("metricsChecks", "checks"), "MANAGED_FOLDER": ("checks", "checks")}
_ONE_ARRIVAL = timedelta(hours=1)  # files that come closer together than this have come at once
_CANNOT_TELL = {"cannot_tell": "WARNING"}
_FEW = 8  # builds under which no row count can be usual


@dataclass(frozen=True)
class Watched:
    """A dataset or folder that people wait for, as far as proposals look at it. `ref` is what it is, `document` are its
    settings as DSS stores them, `profile` what is declared of it, `source` whether nothing here builds it, `rules` whether
    this DSS keeps its checks as Data Quality rules, `layer` the layer of the profile that may be written ("standard" or
    "local"). `files` are the times of a folder's files."""

    ref: ObjectRef
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
    files: Known[tuple[datetime, ...]] = ()

    @property
    def is_folder(self) -> bool:
        return self.ref.kind == "MANAGED_FOLDER"

    @property
    def name(self) -> str:
        """What its rows end in: a folder's id says that it is one, as a dataset may have that name."""
        return f"folder:{self.ref.id}" if self.is_folder else self.ref.id

    @property
    def about(self) -> str:
        return self.name if self.is_folder else f"dataset:{self.name}"

    @property
    def settings(self) -> tuple[str, str]:
        return ("managedfolders" if self.is_folder else "datasets", self.ref.id)

    @property
    def checks(self) -> tuple[str, ...]:
        return _CHECKS[self.ref.kind]

    @property
    def arrivals(self) -> list[datetime]:
        """When new data came: the ends of successful builds; of a folder that nothing here builds, when its files came."""
        if self.is_folder and self.source:
            return arrivals(known(self.files, ()))
        return [build.end for build in known(self.facts.builds, ()) if build.success and build.end]

    @property
    def when(self) -> str:
        """Who computes what is added, as the end of a title."""
        return "" if self.source else ", computed with every build"

    def trial(self, what: str, name: str) -> Trial:
        return Trial(what, self.ref.id, name, self.partition, self.settings[0])

    @property
    def partition(self) -> str:
        return "ALL" if self.partitioned else "NP"


def proposals(of: Watched) -> Iterator[Change]:
    """Every change that is missing on one dataset, in the order in which they build on each other."""
    if of.is_folder:
        yield from filter(None, (_files(of), *_probes(of), _age_check(of)))
        return
    schema = accept_columns(of.name, of.columns, of.profile, of.layer)
    if of.source:
        yield from filter(None, (_time_column(of), schema))
        return
    for found in (_count(of), _time_column(of), *_probes(of), schema, *_checks(of)):
        if found is not None:
            yield found


def arrivals(times: Sequence[datetime]) -> list[datetime]:
    """When files came, oldest first: those that came within an hour of each other came at once.

    Files of 05:00, 05:10 and 17:00: arrivals at 05:00 and 17:00."""
    found: list[datetime] = []
    for at in sorted(times):
        if not found or at - found[-1] >= _ONE_ARRIVAL:
            found.append(at)
    return found


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
        of.trial("metric", COUNT_METRIC),
    )


def _files(of: Watched) -> Optional[Change]:
    """Number and size of a folder's files, where DSS computes them not with every build."""
    step = None if of.source else _computed_on_build(of, {"type": "basic", "configuration": {}}, "Basic data")
    if step is None:
        return None
    why = "without it nobody can tell whether a build left fewer files than the one before"
    title = "Compute number and size of the files with every build"
    return Change(f"files:{of.name}", "counts", title, of.about, why, (step,), of.trial("metric", FILES_METRIC))


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
        (Step(EDIT, of.settings, probe, there, _PROBES),),
        of.trial("metric", f"col_stats:MAX:{column}"),
    )


def _computed_on_build(of: Watched, probe: Mapping[str, Any], name: str) -> Optional[Step]:
    """The step that makes a built-in probe be computed on build; None where it is."""
    there = next((each for each in _list(of.document, _PROBES) if each.get("type") == probe["type"]), None)
    if _runs_on_build(there):
        return None
    wanted = {**probe, "meta": {"name": name, "level": 0}, **(there or {})}
    wanted.update(enabled=True, computeOnBuildMode="PARTITION")
    return Step(EDIT, of.settings, wanted, there, _PROBES)


def _runs_on_build(probe: Optional[Mapping[str, Any]]) -> bool:
    return bool(probe and probe.get("enabled", True) and probe.get("computeOnBuildMode", "NO") != "NO")


def _probes(of: Watched) -> Iterator[Change]:
    for component, label, why in (
        (
            "freshness",
            "Freshness",
            "the age of the data as a metric, with the clock that tells it, in charts and exports",
        ),
        (
            "row-count",
            "Row count",
            "number and size of the files as metrics"
            if of.is_folder
            else "rows and their change against the build before as metrics",
        ),
    ):
        kind = probe_type(component)
        if any(each.get("type") == kind for each in _list(of.document, _PROBES)):
            continue
        column = of.profile.time_column if component == "freshness" and not of.is_folder else ""
        probe = {
            "type": kind,
            "enabled": True,
            "computeOnBuildMode": "NO" if of.source else "PARTITION",
            "meta": {"name": label, "level": 10},
            "configuration": {"config": {"time_column": column} if column else {}},
        }
        yield Change(
            f"probe:{component}:{of.name}",
            "probes",
            f"Add the probe “{label}”{of.when}",
            of.about,
            f"{why}; nothing here builds it: the scenario “{MORNING_NAME}” computes it" if of.source else why,
            (Step(EDIT, of.settings, probe, place=_PROBES),),
            of.trial("probe", kind),
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
        counts = without_wrong(counts_per_build(of.facts.builds, of.facts.row_counts), of.profile.wrong_counts)
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
    ends, occasion = of.arrivals, "arrival" if of.source else "build"
    why = (
        "DSS has no freshness rule of its own; run by builds alone it says nothing when none comes, "
        "so the morning scenario runs it too"
    )
    config: dict[str, Any]
    by = of.profile.due or (of.profile.available_by if of.source else None)
    if by:
        missed = tuple(day.due_at for day in (of.report.days if of.report else ()) if _was_missed(day.verdict))
        days = [day for day in (of.report.days if of.report else ()) if day.verdict != "UNKNOWN"]
        past = backtest.Backtest(missed, len(days), days[0].due_at if days else None)
        # Of a source no days are on record on which it was promised.
        tested = "" if of.source else backtest.told(past, of.zone, of.now, "due day")
        config = {"mode": "deadline", **_CANNOT_TELL}
        return _check(of, "freshness", "Fresh", config, why, f"by {by}, as declared", tested, declared=True)
    declared = of.profile.max_age_hours
    if declared is not None:
        tested = backtest.told(backtest.of_age(ends, of.now, declared), of.zone, of.now, occasion)
        config = {"mode": "age", **_CANNOT_TELL}
        return _check(
            of, "freshness", "Fresh", config, why, f"at most {declared:g} h old, as declared", tested, declared=True
        )
    limits = backtest.age_limits(ends)
    if limits is None:
        obstacle = _too_few(of, len(ends))
        return _check(of, "freshness", "Fresh", {}, why, "", "", obstacle=obstacle)
    config = {"mode": "age", "warn_age_hours": limits.warn, "max_age_hours": limits.error, **_CANNOT_TELL}
    proposed = (
        f"warning beyond {limits.warn:g} h, error beyond {limits.error:g} h; "
        f"19 of 20 gaps are within {limits.usual:.1f} h (n={limits.n})"
    )
    tested = backtest.told(backtest.of_age(ends, of.now, limits.warn), of.zone, of.now, occasion)
    return _check(of, "freshness", "Fresh", config, why, proposed, tested)


def _too_few(of: Watched, n: int) -> str:
    """Why no age can be proposed, and what makes one known."""
    if of.source and isinstance(of.files, Unknown):
        return f"when its files came cannot be told: {of.files.reason}"
    few = words.count(n, "arrival of files", "arrivals of files") if of.source else words.count(n, "successful build")
    by = "available_by" if of.source else "due"
    return f"{few} on record, too few to propose an age; declare max_age_hours or {by} in the profile"


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
    step = Step(RULE if of.rules else EDIT, of.settings, check, place=of.checks)
    what = "rule" if of.rules else "check"
    return Change(
        f"check:{component}:{of.name}",
        "checks",
        f"Add the {what} “{label}”, run {_run_by(of)}",
        of.about,
        why,
        (step,),
        of.trial(what, kind),
        proposed,
        tested,
        obstacle,
        declared,
    )


def _run_by(of: Watched) -> str:
    """Checks of a folder run on build all or none, as its settings say; those of a source are never run by one."""
    on_build = not of.is_folder or (not of.source and _object(of.document.get("checks")).get("runOnBuild") is True)
    return "with every build" if on_build else "by the morning scenario"


def _has_check(of: Watched, component: str) -> bool:
    return any(each.get("type") == check_type(component) for each in _list(of.document, of.checks))


def _list(document: Mapping[str, Any], place: tuple[str, ...]) -> list[Mapping[str, Any]]:
    found: Any = document
    for name in place:
        found = _object(found).get(name)
    return _objects(found)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
