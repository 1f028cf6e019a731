"""What counting rows and files asks of DSS, from inside a probe.

A dataset or folder here is DSS's own `dataiku.Dataset` or `dataiku.Folder`, opened with the rights of whoever computes
the probe.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

import dataiku

from ..errors import DssBroken, OperationsGuideError
from ..model.known import Cause, Known, Unknown
from ..model.snapshot import Build, Job, Metric, ObjectRef
from . import answers, builds, raw
from .session import Clients, path

log = logging.getLogger(__name__)

# A database may take long before its first row, and a long listing long altogether: a probe is no page.
STREAM_SILENCE_SECONDS = 600
ANSWER_SECONDS = 120


@dataclass(frozen=True)
class Standing:
    """What DSS has on record: last metric values, the newest build, the project's jobs."""

    ref: ObjectRef
    metrics: tuple[Metric, ...]
    last_build: Known[Optional[Build]]
    jobs: tuple[Job, ...]


@dataclass(frozen=True)
class Place:
    """Where a dataset is: DSS's location info, the columns it is partitioned by, its columns of type text."""

    location: Mapping[str, Any]
    dimensions: tuple[str, ...] = ()
    texts: frozenset[str] = frozenset()


def is_dataset(target: Any) -> bool:
    return hasattr(target, "iter_tuples")


def is_folder(target: Any) -> bool:
    return hasattr(target, "list_paths_in_partition")


def standing(dataset: Any, partition: str, *, partitioned: bool) -> Standing:
    """What is on record, in three calls; nothing where the caller may not see it."""
    project_key, name = _names(dataset)
    ref = ObjectRef("DATASET", project_key, name)
    clients = Clients(dataiku.api_client)
    of_dataset = ("projects", project_key, "datasets", name)
    try:
        metrics = clients.get(path(*of_dataset, "metrics", "last", partition or ("ALL" if partitioned else "NP")))
        info = clients.get(path(*of_dataset, "info"))
        jobs = answers.jobs(clients.get_items(path("projects", project_key, "jobs") + "/"), project_key)
    except OperationsGuideError as error:
        log.info("The record count on record was not looked at: %s", error)
        return Standing(ref, (), Unknown(str(error), Cause.NOT_RECORDED), ())
    return Standing(ref, answers.metrics(metrics), builds.by_record(ref, jobs, info).last_build, jobs)


def place(dataset: Any) -> Place:
    """Where the dataset is; nowhere that SQL reaches, where DSS does not tell."""
    location, config = _told(dataset.get_location_info), _told(dataset.get_config)
    columns = raw.mappings(config, "schema", "columns")
    return Place(
        raw.mapping(location),
        tuple(raw.text(dimension, "name") for dimension in raw.mappings(config, "partitioning", "dimensions")),
        frozenset(raw.text(column, "name") for column in columns if raw.text(column, "type") == "string"),
    )


def ask_database(dataset: Any, query: str) -> Optional[int]:
    """The one number that `query` gives, counted where the rows are; None where the database refuses."""
    try:
        row = next(iter(dataiku.SQLExecutor2(dataset=dataset).query_to_iter(query).iter_tuples()))
        return int(row[0])
    except Exception as error:  # noqa: BLE001  (DSS raises nothing narrower for a refused connection or a failed query)
        log.warning("The database did not count %s, its rows are read instead: %s", _names(dataset)[1], error)
        return None


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
