"""What the checks answer: the use cases behind python-checks, which are checks and Data Quality rules alike.

Each takes what DSS hands to a check (last metric values, the object, the partition, the check's parameters, the
plugin's settings) and gives (OK, WARNING or ERROR, message). What cannot be told becomes the word that the parameter
`cannot_tell` names. Parameters that cannot be meant raise InvalidParameter, which DSS shows as the rule's error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, timezone
from functools import partial
from typing import Any, Optional
from zoneinfo import ZoneInfo

from .core import outcomes, row_limits, words
from .core import schema_change as schemas
from .core.calendars import WEEKDAYS, month_edge
from .core.freshness import DataTime, data_time, judge_age, judge_deadline
from .core.outcomes import CANNOT_TELL, Outcome
from .core.rows import building_note, building_since, partition_of
from .core.schedule.zones import zone_of
from .core.sla import Promise, promise_of
from .core.volume import SENSITIVITY, Count, judge_volume
from .core.windows import covers
from .dss import builds, gateway, inside, raw, targets
from .errors import InvalidParameter
from .model.known import Known, Unknown, known
from .model.metrics import COUNT_METRIC, ROW_COUNT_PROBE
from .model.profile import DatasetProfile, OpsProfile
from .model.snapshot import Graph, Metric, ObjectFacts, ObjectRef, Snapshot
from .profile import load
from .settings import Settings

Config = Mapping[str, Any]
Answer = tuple[str, str]

NOT_COUNTED = 'no row count is on record: compute DSS\'s "Record count" or the probe "Row count" first'


def row_count(last_values: Any, target: Any, partition_id: Any, config: Config, plugin_config: Config) -> Answer:
    """The last row count of a dataset against limits, and against what is usual or what was before.

    It counts nothing: it judges the newest of DSS's record count and our probe's. A partition is held against the
    limits alone."""
    ref = targets.ref_of(target)
    if ref is None or ref.kind != "DATASET":
        return _answer(_not_for(target, "rows of a dataset"), config)
    case = _case(ref, partition_of(partition_id), plugin_config, {"metrics", "row_counts", "builds"})
    return _answer(_rows(case, targets.handed(last_values), config), config)


def freshness(last_values: Any, target: Any, partition_id: Any, config: Config, plugin_config: Config) -> Answer:
    """The age of an object's data against limits or a deadline: those set in the check, else those of the profile."""
    ref = targets.ref_of(target)
    if ref is None:
        return _answer(_not_for(target, "age of a dataset, folder or model"), config)
    case = _case(ref, partition_of(partition_id), plugin_config, {"metrics", "builds", "files"})
    return _answer(_age(case, config), config)


def schema_change(last_values: Any, target: Any, partition_id: Any, config: Config, plugin_config: Config) -> Answer:
    """The columns that DSS has on record for a dataset against the accepted ones: those listed in the check, else those
    of the profile. All partitions share them."""
    ref = targets.ref_of(target)
    if ref is None or ref.kind != "DATASET":
        return _answer(_not_for(target, "columns of a dataset"), config)
    case = _case(ref, "", plugin_config, {"graph"})
    return _answer(_columns(case, targets.columns(inside.clients(), ref), config), config)


def _answer(outcome: Outcome, config: Config) -> Answer:
    return outcomes.answer(outcome, raw.text(config, "cannot_tell"))


def _not_for(target: Any, what: str) -> Outcome:
    return Outcome(CANNOT_TELL, f"this check judges the {what}, and this is a {type(target).__name__}")


# --- what is known ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Case:
    """One object as read and as promised; `partition` is '' for the whole."""

    ref: ObjectRef
    partition: str
    snapshot: Snapshot
    profile: OpsProfile
    zone: ZoneInfo

    @property
    def now(self) -> datetime:
        return self.snapshot.taken_at

    @property
    def declared(self) -> DatasetProfile:
        return self.profile.datasets.get(self.ref.id, DatasetProfile())

    @property
    def promise(self) -> Promise:
        return promise_of(self.profile, self.ref.id, self.zone)

    @property
    def facts(self) -> ObjectFacts:
        """Of the partition alone, where one is asked for."""
        return builds.of_partition(self.snapshot.fact(self.ref), self.partition)

    @property
    def building_since(self) -> Optional[datetime]:
        return building_since(self.ref, known(self.snapshot.jobs, ()))


def _case(ref: ObjectRef, partition: str, plugin_config: Config, need: set[str]) -> _Case:
    settings = Settings.read(plugin_config)
    snapshot = gateway.read_snapshot(inside.clients(), ref.project_key, need | {"variables"}, objects=[ref])
    variables = snapshot.variables
    standard, local = ({}, {}) if isinstance(variables, Unknown) else (variables.standard, variables.local)
    profile = load(standard, local, settings.profile_defaults).profile
    zone = zone_of(profile.timezone or settings.server_timezone or "UTC")
    return _Case(ref, partition, snapshot, profile, ZoneInfo("UTC") if isinstance(zone, Unknown) else zone)


def _not_declared(case: _Case, what: str) -> Outcome:
    """Nothing is declared; or nobody can see whether it is."""
    variables = case.snapshot.variables
    unread = f", and {variables.reason}" if isinstance(variables, Unknown) else ""
    return Outcome(CANNOT_TELL, f"no {what} is set in the check or declared in the operations profile{unread}")


# --- rows ------------------------------------------------------------------------------------------------------------


def _rows(case: _Case, handed: tuple[Metric, ...], config: Config) -> Outcome:
    limits, compare = _limits(case, config), raw.text(config, "compare") or "typical"
    if compare not in ("typical", "previous", "weekday", "none"):
        raise InvalidParameter(f"compare is {compare!r}, none of its choices", name="compare")
    count = _newest_count(case, handed)
    rows = None if count is None else raw.number(count.value)
    if count is None or count.computed_at is None or rows is None:
        metrics = case.facts.metrics
        return Outcome(CANNOT_TELL, metrics.reason if isinstance(metrics, Unknown) else NOT_COUNTED)
    found = [row_limits.within(rows, limits)] if limits.any or compare == "none" else []
    if compare != "none":
        found.append(_against_history(case, rows, count.computed_at, compare, config))
    worst, said = outcomes.together(found) or found[0], f"{words.whole(rows)} rows"
    by = "the probe Row count" if count.id.startswith(ROW_COUNT_PROBE) else "DSS's record count"
    counted = f"{by} of {words.moment(count.computed_at, case.promise.zone, case.now)}"
    return replace(worst, message=f"{said}; {worst.message}; {counted}")


def _newest_count(case: _Case, handed: tuple[Metric, ...]) -> Optional[Metric]:
    """The newest count on record; one that DSS hands over and has not recorded yet is of now."""

    def counts(metrics: tuple[Metric, ...]) -> list[Metric]:
        ids = (COUNT_METRIC, ROW_COUNT_PROBE)
        return [each for each in metrics if each.id.startswith(ids) and each.partition == case.partition]

    recorded = {each.id: each for each in counts(known(case.facts.metrics, ())) if each.computed_at}
    given = {each.id: replace(each, computed_at=case.now) for each in counts(handed)}
    both = {
        **recorded,
        **{i: each for i, each in given.items() if i not in recorded or recorded[i].value != each.value},
    }
    return max(both.values(), key=lambda each: (each.computed_at or case.now, each.id), default=None)


def _against_history(case: _Case, rows: float, counted_at: datetime, compare: str, config: Config) -> Outcome:
    if case.partition:
        return Outcome(CANNOT_TELL, "a single partition has no history to be compared with")
    facts, zone = case.facts, case.promise.zone
    counts = row_limits.counts_with(rows, counted_at, facts.builds, facts.row_counts, case.building_since)
    if isinstance(counts, Unknown):
        return Outcome(CANNOT_TELL, counts.reason)
    if _in_maintenance(case, counts[-1]):
        return Outcome(CANNOT_TELL, "built in a maintenance window, so not compared")
    usual = [count for count in counts if not _in_maintenance(case, count)]
    if compare == "typical":
        sensitivity = raw.text(config, "sensitivity") or "medium"
        if sensitivity not in SENSITIVITY:
            raise InvalidParameter(f"sensitivity is {sensitivity!r}, not high, medium or low", name="sensitivity")
        edge = partial(month_edge, case.promise.calendar)
        volume = judge_volume(
            usual,
            zone,
            sensitivity=sensitivity,
            month_edge=edge,
            wrong=case.declared.wrong_counts,
            confirmed=case.declared.level_confirmed,
        )
        judged = outcomes.of_volume(volume)
        return replace(judged, message=judged.message.replace(f"{rows:,.0f} rows; ", "", 1))
    warn, error = _in_order(config, "change_warn_percent", "change_error_percent")
    if warn is None and error is None:
        return Outcome(CANNOT_TELL, "no change is set that would be too much")
    shares = [None if percent is None else percent / 100 for percent in (warn, error)]
    return row_limits.change(usual, zone, same_weekday=compare == "weekday", warn=shares[0], error=shares[1])


def _in_maintenance(case: _Case, count: Count) -> bool:
    windows = (window for window in case.profile.maintenance if not window.runs_expected)
    return any(covers(window, count.at, case.zone.key) for window in windows)


def _limits(case: _Case, config: Config) -> row_limits.Limits:
    """Those of the check; the hard ones else those that the profile declares of the whole dataset."""
    _in_order(config, "warn_maximum", "maximum")
    warn_least, warn_most = _amount(config, "warn_minimum"), _amount(config, "warn_maximum")
    least, most = _amount(config, "minimum"), _amount(config, "maximum")
    if least is not None and warn_least is not None and least > warn_least:
        raise InvalidParameter(f"the warning below {warn_least:g} rows would never come: {least:g} is an error")
    if not case.partition:
        least = case.declared.min_rows if least is None else least
        most = case.declared.max_rows if most is None else most
    return row_limits.Limits(least, warn_least, warn_most, most)


# --- age -------------------------------------------------------------------------------------------------------------


def _age(case: _Case, config: Config) -> Outcome:
    promise = _promise(case, config)
    if raw.text(config, "mode") == "deadline":
        if promise.available_by is None:
            return _not_declared(case, "deadline")
        # Within its grace a deadline has not passed yet: the one before it counts.
        grace = timedelta(minutes=_amount(config, "grace_minutes") or 0)
        verdict = judge_deadline(promise, _data(case, promise, _zone(config)), case.now - grace)
        allowed = f"; {words.duration(grace.total_seconds())} of grace" if grace else ""
        return outcomes.of_freshness(replace(verdict, reason=f"{verdict.reason} ({promise.zone.key}{allowed})"))
    if promise.max_age_seconds is None and promise.warn_age_seconds is None:
        return _not_declared(case, "maximum age")
    return outcomes.of_freshness(judge_age(promise, _data(case, promise, _zone(config)), case.now))


def _data(case: _Case, promise: Promise, column_zone: Optional[ZoneInfo]) -> Known[DataTime]:
    """When the data is from; `column_zone` is that of values without one, by default UTC, as DSS stores dates. While a job
    runs that may be building it, it may be as new as now: a check that runs on build is asked before its own build is on
    record."""
    key = case.ref.project_key
    column, zone = promise.time_column, column_zone or timezone.utc
    found = data_time(
        case.facts, case.now, promise.zone, column=column, column_zone=zone, is_input=True, project_key=key
    )
    building = building_note(case.ref, case.snapshot.jobs)
    if isinstance(found, Unknown) or not building:
        return found
    return replace(found, at_most=None, note="; ".join(filter(None, (found.note, building))))


def _promise(case: _Case, config: Config) -> Promise:
    """What the check sets, over what the profile declares."""
    promise = case.promise
    warn, error = _in_order(config, "warn_age_hours", "max_age_hours")
    if warn is not None or error is not None:
        promise = replace(
            promise,
            warn_age_seconds=None if warn is None else warn * 3600,
            max_age_seconds=None if error is None else error * 3600,
        )
    # A deadline is for data to come, whatever time it is of: the newest of day-by-day data is always of the day before.
    # Only where a source is declared with both does the column tell whether it came.
    of_source = promise.available_by is not None and _deadline(config) is None
    by_arrival = raw.text(config, "mode") == "deadline" and not of_source
    days = raw.texts(config, "days")
    return replace(
        promise,
        zone=_zone(config) or promise.zone,
        available_by=_deadline(config) or promise.available_by or promise.due,
        days=tuple(day for day in WEEKDAYS if day in days) or promise.days,
        calendar=_calendar(case, config) or promise.calendar,
        time_column=raw.text(config, "time_column").strip() or ("" if by_arrival else promise.time_column),
    )


def _zone(config: Config) -> Optional[ZoneInfo]:
    name = raw.text(config, "timezone").strip()
    zone = zone_of(name) if name else None
    if isinstance(zone, Unknown):
        raise InvalidParameter(zone.reason, name="timezone")
    return zone


def _deadline(config: Config) -> Optional[time]:
    text = raw.text(config, "deadline").strip()
    if text and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise InvalidParameter(f"the deadline is {text!r}, not a time of day such as 07:00", name="deadline")
    return time.fromisoformat(text) if text else None


def _calendar(case: _Case, config: Config) -> Any:
    name = raw.text(config, "calendar").strip()
    if name and name not in case.profile.calendars:
        raise InvalidParameter(f"the operations profile has no calendar {name!r}", name="calendar")
    return case.profile.calendars.get(name)


# --- columns ---------------------------------------------------------------------------------------------------------


def _columns(case: _Case, current: Known[tuple[tuple[str, str], ...]], config: Config) -> Outcome:
    accepted = schemas.columns_of(raw.texts(config, "accepted_columns")) or schemas.accepted(
        case.declared.accepted_schema
    )
    if not accepted:
        return _not_declared(case, "accepted schema")
    if isinstance(current, Unknown):
        return Outcome(CANNOT_TELL, current.reason)
    severity = {kind: _severity(config, kind, word) for kind, word in _SEVERITY.items()}
    now = [schemas.Column(*column) for column in current]
    found = schemas.judge(accepted, now, severity)
    if found.word == outcomes.OK:
        return found
    touched = schemas.touched(accepted, now)
    recipes = targets.recipes(inside.clients(), case.ref.project_key, _readers(case), read=bool(touched))
    said = schemas.readers(touched, recipes)
    return replace(found, message=f"{found.message}; {said}") if said else found


# What breaks the recipes that read it is an error; order matters to few.
_SEVERITY = {"removed": outcomes.ERROR, "retyped": outcomes.ERROR, "added": outcomes.WARNING, "reordered": outcomes.OK}


def _severity(config: Config, kind: str, default: str) -> str:
    word = raw.text(config, f"on_{kind}") or default
    if word not in (outcomes.OK, outcomes.WARNING, outcomes.ERROR):
        raise InvalidParameter(f"on_{kind} is {word!r}, not OK, WARNING or ERROR", name=f"on_{kind}")
    return word


def _readers(case: _Case) -> tuple[str, ...]:
    """The recipes that read the dataset."""
    names = (case.ref.id, f"{case.ref.project_key}.{case.ref.id}")
    nodes = {node.id: node for node in known(case.snapshot.graph, Graph()).nodes}
    own = next((n for n in nodes.values() if n.kind == "COMPUTABLE_DATASET" and n.ref in names), None)
    return () if own is None else tuple(sorted(nodes[name].ref for name in own.successors if name in nodes))


# --- parameters ------------------------------------------------------------------------------------------------------


def _amount(config: Config, name: str) -> Optional[float]:
    """A number of 0 or more; None where the field is empty."""
    value = raw.at(config, name)
    found = raw.number(config, name)
    if found is None and value not in (None, ""):
        raise InvalidParameter(f"{name} is {value!r}, not a number", name=name)
    if found is not None and found < 0:
        raise InvalidParameter(f"{name} is {found:g}, less than 0", name=name)
    return found


def _in_order(config: Config, warn_name: str, error_name: str) -> tuple[Optional[float], Optional[float]]:
    """A limit that warns and one that is an error beyond it."""
    warn, error = _amount(config, warn_name), _amount(config, error_name)
    if warn is not None and error is not None and warn > error:
        raise InvalidParameter(f"{warn_name} ({warn:g}) is more than {error_name} ({error:g})", name=warn_name)
    return warn, error
