"""What the probes measure: the use cases behind python-probes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Union

from .core import rows as counting
from .core.rows import PUSHED_DOWN, STANDING, STREAMED, RowCount
from .dss import raw
from .dss import rows as source
from .errors import InvalidParameter

Metrics = dict[str, Union[int, str]]


def count_rows(target: Any, partition_id: Any, config: Mapping[str, Any]) -> Metrics:
    """Metrics of the probe `row-count`: `row_count` and `engine` (how it was counted) of a dataset; `file_count` and
    `total_size` (bytes) of a folder.

    `target` is what DSS hands to a probe, `partition_id` a partition or one of DSS's words for the whole. Raises where
    nothing can be counted: a probe in error leaves the last value alone, a guess would replace it."""
    partition = counting.partition_of(partition_id)
    if source.is_dataset(target):
        counted = _rows(target, partition, believe=not raw.flag(config, "count_again"))
        return {"row_count": counted.rows, "engine": counted.engine}
    if source.is_folder(target):
        only = counting.paths(source.paths_of(target, partition)) if partition else None
        size = counting.folder_size(source.listing(target), only)
        return {"file_count": size.file_count, **({} if size.total_size is None else {"total_size": size.total_size})}
    raise InvalidParameter(
        f"row-count counts the rows of a dataset or the files of a folder; this is a {type(target).__name__}"
    )


def _rows(dataset: Any, partition: str, *, believe: bool) -> RowCount:
    place = source.place(dataset)
    if believe:
        known = source.standing(dataset, partition, partitioned=bool(place.dimensions))
        standing = counting.standing_count(known.ref, known.metrics, known.last_build, known.jobs, partition)
        if standing is not None:
            return RowCount(standing, STANDING)
    query = counting.count_query(place.location, partition, place.dimensions, place.texts)
    counted = source.ask_database(dataset, query) if query else None
    if counted is not None:
        return RowCount(counted, PUSHED_DOWN)
    return RowCount(source.stream(dataset, partition), STREAMED)
