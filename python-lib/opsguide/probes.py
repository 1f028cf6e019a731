"""What the probes measure: the use cases behind python-probes.

Each takes what DSS hands to a probe (the object, the partition or one of DSS's words for the whole, the probe's
parameters, the plugin's settings) and gives metrics by name; times are datetimes with a zone. What cannot be measured is
left out; where nothing can, the probe raises: DSS then keeps the last value, which a guess would replace.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Optional, Union
from zoneinfo import ZoneInfo

from .core import pushdown, words
from .core import rows as counting
from .core.column_time import FUTURE, TIMES, ColumnTime, read
from .core.freshness import BY_DATABASE, DataTime, arrival, column_maximum
from .core.rows import DSS_ENGINE, PUSHED_DOWN, STANDING, STREAMED, RowCount
from .core.schedule.zones import zone_of
from .dss import builds, gateway, inside, raw, targets
from .dss import rows as source
from .errors import InvalidParameter, NothingToMeasure
from .model.known import Cause, Known, Unknown, known
from .model.metrics import COUNT_METRIC, ROW_COUNT_PROBE
from .model.snapshot import ObjectFacts
from .settings import Settings

log = logging.getLogger(__name__)

Config = Mapping[str, Any]
Metrics = dict[str, Union[int, float, str, datetime]]

NOT_KNOWN = "not known"


def count_rows(target: Any, partition_id: Any, config: Config, plugin_config: Config) -> Metrics:
    """Metrics of the probe `row-count`.

    Of a dataset: `row_count`, `engine` (how it was counted), `delta` (rows) and `delta_pct` (percent) against the count
    before, `zero_days`. Of a folder: `file_count` and `total_size` (bytes)."""
    partition = counting.partition_of(partition_id)
    if source.is_dataset(target):
        return _rows(target, partition, config, plugin_config)
    if source.is_folder(target):
        only = counting.paths(source.paths_of(target, partition)) if partition else None
        size = counting.folder_size(source.listing(target), only)
        return {"file_count": size.file_count, **({} if size.total_size is None else {"total_size": size.total_size})}
    raise InvalidParameter(
        f"row-count counts the rows of a dataset or the files of a folder; this is a {type(target).__name__}"
    )


def _rows(dataset: Any, partition: str, config: Config, plugin_config: Config) -> Metrics:
    place = source.place(dataset)
    on_record = source.standing(dataset, place, partition)
    counted = _counted(dataset, partition, place, on_record, config)
    metrics: Metrics = {"row_count": counted.rows, "engine": counted.engine}
    ids = {each.id for each in on_record.metrics if each.id.startswith((COUNT_METRIC, ROW_COUNT_PROBE))}
    history = source.history(on_record.ref, place.whole(partition), sorted(ids))
    if isinstance(history, Unknown):
        log.warning("How the rows moved is not known: %s", history.reason)
        return metrics
    # Which build a partition came by is not on record.
    since = None if partition else counting.data_since(on_record.ref, on_record.last_success, on_record.jobs)
    moved = counting.movement(counted.rows, on_record.taken_at, history, since, _server_zone(plugin_config))
    change = {"delta": moved.delta, "delta_pct": moved.delta_pct, "zero_days": moved.zero_days}
    return {**metrics, **{name: value for name, value in change.items() if value is not None}}


def _counted(dataset: Any, partition: str, place: source.Place, on_record: source.Standing, config: Config) -> RowCount:
    """By the first of the cheap and exact ways that works."""
    ref, metrics = on_record.ref, on_record.metrics
    if place.metrics_of_all_rows and not raw.flag(config, "count_again"):
        standing = counting.standing_count(ref, metrics, on_record.last_build, on_record.jobs, partition)
        if standing is not None:
            return RowCount(standing, STANDING)
    if place.metrics_of_all_rows and raw.flag(config, "metrics_engine") is not False:
        before = next((m.computed_at for m in metrics if m.id == COUNT_METRIC and m.partition == partition), None)
        computed = source.count_by_engine(ref, place, partition, before)
        if not isinstance(computed, Unknown):
            rows, engine = computed
            return RowCount(rows, f"{DSS_ENGINE}: {engine}" if engine else DSS_ENGINE)
        log.info("DSS's own engine did not count %s: %s", ref.id, computed.reason)
    table = pushdown.Table.of(place.location, partition, place.dimensions, place.texts)
    if table is not None:
        answer = raw.number(source.ask_database(dataset, pushdown.rows_of(table)))
        if answer is not None:
            return RowCount(int(answer), PUSHED_DOWN)
    return RowCount(source.stream(dataset, partition), STREAMED)


# --- freshness -------------------------------------------------------------------------------------------------------


def measure_freshness(target: Any, partition_id: Any, config: Config, plugin_config: Config) -> Metrics:
    """Metrics of the probe `freshness`: `last_modified`, `age_hours` and the `clock` that tells them; where a time column
    is chosen `data_time`, `data_lag_hours`, `future_values` and the `data_clock`."""
    ref, partition = targets.ref_of(target), counting.partition_of(partition_id)
    if ref is None or ref.kind not in ("DATASET", "MANAGED_FOLDER"):
        raise InvalidParameter(f"freshness dates datasets and folders; this is a {type(target).__name__}")
    column = raw.text(config, "time_column").strip()
    if column and ref.kind != "DATASET":
        raise InvalidParameter("a folder has no columns: leave the time column empty", name="time_column")
    zone = _zone(config, plugin_config)
    snapshot = gateway.read_snapshot(inside.clients(), ref.project_key, {"metrics", "builds", "files"}, objects=[ref])
    facts = builds.of_partition(snapshot.fact(ref), partition)
    if ref.kind == "DATASET" and isinstance(facts.newest_file, Unknown):
        facts = replace(facts, newest_file=source.newest_file(target, partition))
    case = _Case(facts, snapshot.taken_at, counting.building_note(ref, snapshot.jobs))
    arrived = arrival(facts, is_input=True, project_key=ref.project_key)
    metrics = _modified(case, arrived)
    if column:
        metrics.update(_data(case, target, partition, column, zone))
    if metrics.keys() <= {"clock", "data_clock"}:
        raise NothingToMeasure("; ".join(f"{name} {said}" for name, said in metrics.items()))
    return metrics


@dataclass(frozen=True)
class _Case:
    """An object as read. `building`: why its data may be newer than on record, '' where it is not."""

    facts: ObjectFacts
    now: datetime
    building: str

    def hours_since(self, at: datetime) -> float:
        """To the hundredth; 0 for a moment that lies ahead, as clocks differ."""
        return max(0.0, round((self.now - at).total_seconds() / 3600, 2))


def _modified(case: _Case, arrived: Known[DataTime]) -> Metrics:
    if isinstance(arrived, Unknown) or arrived.at is None:
        return {"clock": f"{NOT_KNOWN}: {arrived.reason if isinstance(arrived, Unknown) else 'no time is on record'}"}
    note = f"; {case.building}" if case.building else ""
    age = case.hours_since(arrived.at)
    return {"last_modified": arrived.at, "age_hours": age, "clock": f"{arrived.clock}{note}"}


def _data(case: _Case, dataset: Any, partition: str, column: str, zone: ZoneInfo) -> Metrics:
    """By the column's own metric where it is newer than the last build, else by the database, else by that metric for
    what it is worth: data is no older than it was then."""
    place = source.place(dataset)
    kind = _kind_of(column, place.columns)
    on_record, why_not = column_maximum(case.facts.metrics, column, case.now, zone)
    pushed: Known[tuple[datetime, int]] = Unknown("", Cause.NOT_READ)
    if on_record is None or not _is_of_now(case, on_record[1]):
        pushed = _ask_newest(dataset, place, partition, column, kind, zone, case.now)
    if not isinstance(pushed, Unknown):
        newest, future = pushed
        told: Metrics = {"data_clock": BY_DATABASE.format(column=column), "future_values": future}
    elif on_record is not None:
        newest, computed = on_record
        told = {"data_clock": f"newest {column}, by DSS's metric{_as_of(computed)}{f', {why_not}' if why_not else ''}"}
    else:
        return {"data_clock": f"{NOT_KNOWN}: {why_not}; {pushed.reason}"}
    return {"data_time": newest, "data_lag_hours": case.hours_since(newest), **told}


def _is_of_now(case: _Case, computed: Optional[datetime]) -> bool:
    """Whether a metric is of the data as it is. Data that DSS does not build may change at any time."""
    success = known(case.facts.last_success, None)
    built = None if success is None else success.end
    return not case.building and built is not None and computed is not None and computed >= built


def _as_of(computed: Optional[datetime]) -> str:
    return f" of {computed:%Y-%m-%d %H:%M} UTC" if computed else ""


def _kind_of(column: str, columns: Mapping[str, str]) -> str:
    kind = columns.get(column)
    if kind is None:
        dated = sorted(name for name in columns if columns[name] in TIMES - {"string"})
        names = words.listed(dated, 8) if dated else "none"
        raise InvalidParameter(f"there is no column {column!r}; columns of times: {names}", name="time_column")
    if kind not in TIMES:
        raise InvalidParameter(f"the column {column!r} is of type {kind}, which holds no times", name="time_column")
    return kind


def _ask_newest(
    dataset: Any, place: source.Place, partition: str, column: str, kind: str, zone: ZoneInfo, now: datetime
) -> Known[tuple[datetime, int]]:
    """The newest value up to now that the database finds, and how many values lie ahead; those are asked for only
    where the newest of all does."""
    table = pushdown.Table.of(place.location, partition, place.dimensions, place.texts)
    newest = table and pushdown.newest_of(table, column)
    if table is None or not newest:
        return Unknown("its rows are in no table that can be asked", Cause.NOT_RECORDED)
    if kind == "string":
        return Unknown("the column is text, which a database does not order by time", Cause.NOT_RECORDED)
    found = _time(source.ask_database(dataset, newest), column, zone, kind)
    if isinstance(found, Unknown) or found.at <= now + FUTURE:
        return found if isinstance(found, Unknown) else (found.at, 0)
    until = pushdown.moment(now + FUTURE, table.kind, zone if found.naive else None)
    before, later = pushdown.newest_of(table, column, until), pushdown.later_than(table, column, until)
    past = _time(source.ask_database(dataset, before or newest), column, zone, kind)
    ahead = raw.number(source.ask_database(dataset, later or newest))
    if isinstance(past, Unknown) or past.at > now + FUTURE or ahead is None:
        return Unknown(f"the newest {column} lies in the future, and no value before now was found", Cause.NOT_RECORDED)
    return past.at, int(ahead)


def _time(value: Known[Any], column: str, zone: ZoneInfo, kind: str) -> Known[ColumnTime]:
    if isinstance(value, Unknown):
        return value
    if value in (None, ""):
        return Unknown(f"no row has a value in {column}", Cause.NOT_RECORDED)
    found = read(value, zone, kind)
    return found or Unknown(f"the newest {column} is {words.one_line(str(value), 40)!r}, no time", Cause.BROKEN)


# --- for the entry files and parameters ------------------------------------------------------------------------------


def typed(metrics: Metrics, types: Any) -> dict[str, tuple[Any, Any]]:
    """Metrics as DSS takes them: each with its type; times as DSS writes dates. `types` is DSS's `MetricDataTypes`."""
    kinds = {str: types.STRING, int: types.BIGINT, float: types.DOUBLE}
    return {
        name: (f"{value:%Y-%m-%dT%H:%M:%S}.000Z", types.DATE)
        if isinstance(value, datetime)
        else (value, kinds[type(value)])
        for name, value in metrics.items()
    }


def _zone(config: Config, plugin_config: Config) -> ZoneInfo:
    name = raw.text(config, "timezone").strip()
    zone = zone_of(name) if name else _server_zone(plugin_config)
    if isinstance(zone, Unknown):
        raise InvalidParameter(zone.reason, name="timezone")
    return zone


def _server_zone(plugin_config: Config) -> ZoneInfo:
    """The zone whose days are counted: the server's where the settings name it, else UTC."""
    zone = zone_of(Settings.read(plugin_config).server_timezone or "UTC")
    return ZoneInfo("UTC") if isinstance(zone, Unknown) else zone
