"""What the probes measure: the use cases behind python-probes.

Each takes what DSS hands to a probe (the object, the partition or one of DSS's words for the whole, the probe's
parameters, the plugin's settings) and gives metrics by name; times are datetimes with a zone. What cannot be measured is
left out; where nothing can, the probe raises: DSS then keeps the last value, which a guess would replace.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Union
from zoneinfo import ZoneInfo

from .core import pushdown
from .core import rows as counting
from .core.rows import COUNT_METRIC, DSS_ENGINE, PUSHED_DOWN, ROW_COUNT_PROBE, STANDING, STREAMED, RowCount
from .core.schedule.zones import zone_of
from .dss import raw
from .dss import rows as source
from .errors import InvalidParameter
from .model.known import Unknown
from .settings import Settings

log = logging.getLogger(__name__)

Config = Mapping[str, Any]
Metrics = dict[str, Union[int, float, str, datetime]]


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


def _server_zone(plugin_config: Config) -> ZoneInfo:
    """The zone whose days are counted: the server's where the settings name it, else UTC."""
    zone = zone_of(Settings.read(plugin_config).server_timezone or "UTC")
    return ZoneInfo("UTC") if isinstance(zone, Unknown) else zone
