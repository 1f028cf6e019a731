"""What counting rows and files asks of DSS, from inside a probe.

A dataset or folder here is DSS's own `dataiku.Dataset` or `dataiku.Folder`, opened with the rights of whoever computes
the probe.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Optional

import dataiku

from ..errors import DssBroken, OperationsGuideError
from ..model.known import Cause, Known, Unknown
from ..model.metrics import COUNT_METRIC
from ..model.snapshot import Build, Job, Metric, MetricPoint, ObjectRef
from . import answers, builds, raw
from .session import Clients, attempt, path

log = logging.getLogger(__name__)

# A database may take long before its first row, and a long listing long altogether: a probe is no page.
STREAM_SILENCE_SECONDS = 600
ANSWER_SECONDS = 120
# DSS answers a computation when it is over, however many rows there are.
ENGINE_SECONDS = 1800


@dataclass(frozen=True)
class Standing:
    """What DSS has on record, and as of when: last metric values, the last builds, the project's jobs."""

    ref: ObjectRef
    taken_at: datetime
    metrics: tuple[Metric, ...]
    last_build: Known[Optional[Build]]
    last_success: Known[Optional[Build]]
    jobs: tuple[Job, ...]


@dataclass(frozen=True)
class Place:
    """Where a dataset is: DSS's location info, the columns it is partitioned by, name and type of all its columns, and
    whether DSS's own metrics are of all its rows (they can be set to be of a sample)."""

    location: Mapping[str, Any]
    dimensions: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    metrics_of_all_rows: bool = True

    @property
    def texts(self) -> frozenset[str]:
        return frozenset(name for name, kind in self.columns.items() if kind == "string")

    def whole(self, partition: str) -> str:
        """The partition as DSS's paths say it."""
        return partition or ("ALL" if self.dimensions else "NP")


def is_dataset(target: Any) -> bool:
    return hasattr(target, "iter_tuples")


def is_folder(target: Any) -> bool:
    return hasattr(target, "list_paths_in_partition")


def standing(dataset: Any, place: Place, partition: str) -> Standing:
    """What is on record, in three calls; nothing where the caller may not see it."""
    project_key, name = _names(dataset)
    ref = ObjectRef("DATASET", project_key, name)
    clients = Clients(dataiku.api_client)
    of_dataset = ("projects", project_key, "datasets", name)
    try:
        metrics = clients.get(path(*of_dataset, "metrics", "last", place.whole(partition)))
        info = clients.get(path(*of_dataset, "info"))
        jobs = answers.jobs(clients.get_items(path("projects", project_key, "jobs") + "/"), project_key)
    except OperationsGuideError as error:
        log.info("The record count on record was not looked at: %s", error)
        lost = Unknown(str(error), Cause.NOT_RECORDED)
        return Standing(ref, clients.now()[0], (), lost, lost, ())
    told = builds.by_record(ref, jobs, info)
    return Standing(ref, clients.now()[0], answers.metrics(metrics), told.last_build, told.last_success, jobs)


def history(ref: ObjectRef, partition: str, metric_ids: Iterable[str]) -> Known[tuple[MetricPoint, ...]]:
    """All that was ever counted under these ids; `partition` as DSS's paths say it."""
    clients = Clients(dataiku.api_client)
    found: list[MetricPoint] = []
    place = path("projects", ref.project_key, "datasets", ref.id, "metrics", "history", partition)
    for metric_id in metric_ids:
        answer = attempt(f"the row counts of {ref.id}", clients.get_either, place, {"metricLookup": metric_id})
        if isinstance(answer, Unknown):
            return answer
        found += answers.points(answer)
    return tuple(found)


def count_by_engine(ref: ObjectRef, place: Place, partition: str, before: Optional[datetime]) -> Known[tuple[int, str]]:
    """Has DSS count the records and nothing else, wherever it counts them: the rows, and the engine that DSS names.

    Computed by the id of DSS's own metric, so that no probe of ours is asked again. What counts is the value that is on
    record afterwards, where it is newer than `before`."""
    clients = Clients(dataiku.api_client, timeout_seconds=ENGINE_SECONDS)
    of_dataset = ("projects", ref.project_key, "datasets", ref.id)
    order, asked = {"metricIds": [COUNT_METRIC]}, {"partition": partition or ("ALL" if place.dimensions else "")}
    try:
        report = clients.write("POST", path(*of_dataset, "actions", "computeMetricsFromIds"), order, asked)
        last = answers.metrics(clients.get(path(*of_dataset, "metrics", "last", place.whole(partition))))
    except OperationsGuideError as error:
        return Unknown(str(error), Cause.NOT_RECORDED)
    runs = raw.mappings(report, "result", "runs") or raw.mappings(report, "runs")
    counted = [each for each in last if each.id == COUNT_METRIC and each.partition == partition]
    if not counted or not counted[0].value.isdecimal() or counted[0].computed_at in (None, before):
        said = raw.first_text(raw.text(run, "error") for run in runs)
        return Unknown(said or "it left no new record count", Cause.NOT_RECORDED)
    return int(counted[0].value), raw.first_text(raw.text(run, "engine") for run in runs)


def place(dataset: Any) -> Place:
    """Where the dataset is; nowhere that SQL reaches, where DSS does not tell."""
    location, config = _told(dataset.get_location_info), _told(dataset.get_config)
    columns = raw.mappings(config, "schema", "columns")
    selection = raw.mapping(config, "metrics", "engineConfig", "dss", "selection")
    sampled = (
        raw.text(selection, "samplingMethod") not in ("", "FULL")
        or raw.text(selection, "partitionSelectionMethod") not in ("", "ALL")
        or raw.flag(selection, "filter", "enabled")
    )
    return Place(
        raw.mapping(location),
        tuple(raw.text(dimension, "name") for dimension in raw.mappings(config, "partitioning", "dimensions")),
        {raw.text(column, "name"): raw.text(column, "type") for column in columns},
        not sampled,
    )


def ask_database(dataset: Any, query: str) -> Known[Any]:
    """The one value that `query` gives, worked out where the rows are; Unknown where the database refuses."""
    try:
        return next(iter(dataiku.SQLExecutor2(dataset=dataset).query_to_iter(query).iter_tuples()))[0]
    except Exception as error:  # noqa: BLE001  (DSS raises nothing narrower for a refused connection or a failed query)
        log.warning("The database did not answer for %s: %s", _names(dataset)[1], error)
        return Unknown(f"the database does not answer: {error}", Cause.BROKEN)


def newest_file(dataset: Any, partition: str) -> Known[Optional[datetime]]:
    """When the youngest file of a dataset, or of one partition of it, was changed; None where it has no files. Unknown
    for a dataset that is no files."""
    try:
        told = dataset.get_files_info(partitions=[partition] if partition else [])
    except Exception as error:  # noqa: BLE001  (DSS raises nothing narrower for a dataset that is no files)
        return Unknown(f"DSS does not tell when its files changed: {error}", Cause.NOT_RECORDED)
    by_partition = raw.mapping(told, "pathsByPartition")
    listed = raw.mappings(by_partition, partition) if partition else raw.mappings(told, "globalPaths")
    return max(filter(None, (raw.instant(file, "lastModified") for file in listed)), default=None)


def stream(dataset: Any, partition: str) -> int:
    """The rows, read one by one in constant memory, of one column where DSS can read one."""
    columns = [raw.text(column, "name") for column in dataset.read_schema(raise_if_empty=False)]
    if not columns:
        raise DssBroken(f"{_names(dataset)[1]} has no columns yet: build it, or set its schema, first", status=200)
    if partition:
        dataset.add_read_partitions(partition)
    return sum(1 for _ in dataset.iter_tuples(columns=columns[:1], timeout=STREAM_SILENCE_SECONDS))


def listing(folder: Any) -> tuple[Mapping[str, Any], ...]:
    """All files of the folder (`path`, `size`), in one call."""
    project_key = getattr(folder, "project_key", None) or dataiku.default_project_key()
    clients = Clients(dataiku.api_client, timeout_seconds=ANSWER_SECONDS)
    contents = clients.get_mapping(path("projects", project_key, "managedfolders", folder.get_id(), "contents"))
    return raw.mappings(contents, "items")


def paths_of(folder: Any, partition: str) -> tuple[Any, ...]:
    """The paths of one partition of the folder."""
    return raw.items(folder.list_paths_in_partition(partition))


def _names(dataset: Any) -> tuple[str, str]:
    return str(dataset.project_key), str(dataset.short_name)


def _told(ask: Any) -> Any:
    try:
        return ask()
    except Exception as error:  # noqa: BLE001  (DSS raises nothing narrower where a right is missing)
        log.info("DSS does not tell where the rows are: %s", error)
        return None
