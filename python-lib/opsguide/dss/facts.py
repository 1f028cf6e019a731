"""What DSS knows of one source or output: its builds, metrics, row counts, rule results and files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Optional

from ..model.known import Cause, Known, Unknown, known
from ..model.metrics import COUNT_METRIC, ROW_COUNT_PROBE, SIZE_METRIC
from ..model.snapshot import OBJECT_KINDS, Build, Graph, MetricPoint, Node, ObjectFacts, ObjectRef, RuleResult, Snapshot
from . import answers, builds
from .parts import at_least, still_open
from .session import Clients, attempt, path

PARTS: Mapping[str, tuple[str, ...]] = {
    "builds": ("last_build", "last_success", "builds"),
    "metrics": ("metrics",),
    "row_counts": ("row_counts",),
    "sizes": ("sizes",),
    "rule_results": ("rule_results",),
    "files": ("newest_file",),
}
# Of several the first one counts: DSS's own, that of old versions, our probe's.
COUNT_METRICS = (COUNT_METRIC, "basic:COUNT_RECORDS", ROW_COUNT_PROBE)
MAX_LISTING_BYTES = 8 * 1024 * 1024
QUALITY_SINCE = "12.6"


class Facts:
    """Reads what is wanted of one object after the other, at most five calls each. `bulk_builds` are those that a bulk
    source has told already. `kept` are the objects whose row counts were not read again, as they were not built since."""

    def __init__(
        self,
        clients: Clients,
        snapshot: Snapshot,
        wanted: frozenset[str],
        bulk_builds: Mapping[ObjectRef, tuple[Build, ...]],
    ) -> None:
        self.clients = clients
        self.snapshot = snapshot
        self.wanted = wanted
        self.bulk_builds = bulk_builds
        self.kept: list[ObjectRef] = []
        self._datasets = {dataset.ref: dataset for dataset in known(snapshot.datasets, ())}
        self._nodes = _computables(snapshot)
        # Asked about hundreds of objects, each would otherwise go through all jobs.
        self._jobs = builds.by_target(known(snapshot.jobs, ()))
        # Some versions may leave rules and probes out of the list: then no dataset of it has any.
        self._lists_rules = any(d.rules or d.probe_types or d.monitored is not None for d in self._datasets.values())

    def read(self, fact: ObjectFacts) -> ObjectFacts:
        if "builds" in self.wanted and still_open(fact.last_build):
            fact = self._builds(fact.ref).on(fact)
        if self._needs_metrics(fact):
            fact = replace(fact, metrics=self._metrics(fact.ref))
        if isinstance(fact.last_build, Unknown) and not isinstance(fact.metrics, Unknown):
            told = builds.by_metrics(fact.metrics)
            fact = told.on(fact) if told else fact
        if "row_counts" in self.wanted and still_open(fact.row_counts):
            fact = self._with_row_counts(fact)
        if "sizes" in self.wanted and still_open(fact.sizes):
            fact = replace(fact, sizes=self._sizes(fact))
        if "rule_results" in self.wanted and still_open(fact.rule_results):
            fact = replace(fact, rule_results=self._rule_results(fact))
        if "files" in self.wanted and still_open(fact.newest_file):
            fact = replace(fact, newest_file=self._newest_file(fact.ref))
        return fact

    def _partition(self, ref: ObjectRef) -> str:
        dataset = self._datasets.get(ref)
        return "ALL" if dataset and dataset.partitioned_by else "NP"

    def _place(self, ref: ObjectRef) -> tuple[Optional[bool], bool]:
        """Whether something in the flow makes the object (None where that is not known), and whether anything may be
        made from it."""
        node = self._nodes.get(ref)
        return (None, True) if node is None else (bool(node.predecessors), bool(node.successors))

    def _builds(self, ref: ObjectRef) -> builds.Told:
        if ref in self.bulk_builds:
            return builds.told(self.bulk_builds[ref]) if self.bulk_builds[ref] else builds.NEVER
        own = ref.project_key == self.snapshot.project_key
        jobs = self._jobs.get(ref, ()) if own else ()
        made, read_by_others = self._place(ref)
        if own and made is False:
            return builds.NEVER
        if ref.kind != "DATASET":
            return builds.by_jobs_alone(ref, jobs) if own else builds.nobody(_elsewhere(ref))
        told = builds.by_jobs(ref, jobs, read_by_others=read_by_others)
        if told is not None:
            return told
        info = attempt(
            f"the last build of {ref.id}",
            self.clients.get_mapping,
            path("projects", ref.project_key, "datasets", ref.id, "info"),
        )
        return builds.nobody(info) if isinstance(info, Unknown) else builds.by_record(ref, jobs, info)

    def _needs_metrics(self, fact: ObjectFacts) -> bool:
        """Whether its last metric values are still to be read: because they are wanted, or because something that is
        wanted is told by them alone."""
        if not still_open(fact.metrics):
            return False
        no_build = "builds" in self.wanted and isinstance(fact.last_build, Unknown)
        counted = fact.ref.kind == "DATASET" and not self._is_source(fact.ref) and still_open(fact.row_counts)
        no_name = "row_counts" in self.wanted and counted and self._count_metric(fact) == ""
        return bool({"metrics", "sizes"} & self.wanted) or no_build or no_name

    def _with_row_counts(self, fact: ObjectFacts) -> ObjectFacts:
        found = self._row_counts(fact)
        if isinstance(found, Unknown) and found.cause is Cause.BROKEN and still_open(fact.metrics):
            # A metric that was never computed may have no history at all.
            fact = replace(fact, metrics=self._metrics(fact.ref))
            found = self._row_counts(fact)
        return replace(fact, row_counts=found)

    def _count_metric(self, fact: ObjectFacts) -> Optional[str]:
        """The metric that counts its rows: None where none does, '' where only its metrics would tell."""
        if not isinstance(fact.metrics, Unknown):
            ids = sorted({each.id for each in fact.metrics})
            return next((each for known_as in COUNT_METRICS for each in ids if each.startswith(known_as)), None)
        return COUNT_METRIC if self._lists_count(fact.ref) or not still_open(fact.metrics) else ""

    def _lists_count(self, ref: ObjectRef) -> bool:
        """Whether a metric of it counts its rows, computed ever or not."""
        dataset = self._datasets.get(ref)
        return dataset is not None and "records" in dataset.probe_types

    def _metrics(self, ref: ObjectRef) -> Any:
        place = _metrics_path(ref, self._partition(ref))
        if place is None:
            return Unknown(f"DSS gives no metrics of a {_words(ref.kind)} as a whole", Cause.NOT_RECORDED)
        answer = attempt(f"the metrics of {ref.id}", self._last_metrics, place)
        return answer if isinstance(answer, Unknown) else answers.metrics(answer)

    def _last_metrics(self, place: str) -> Mapping[str, Any]:
        return self.clients.get_mapping(place, holding=("metrics", list))

    def _row_counts(self, fact: ObjectFacts) -> Any:
        ref = fact.ref
        if ref.kind != "DATASET":
            return Unknown(f"a {_words(ref.kind)} has no rows", Cause.NOT_RECORDED)
        if self._is_source(ref):
            return Unknown("it is not built here, so that there is nothing to compare its rows by", Cause.LEFT_OUT)
        metric = self._count_metric(fact)
        if metric is None and self._lists_count(ref):
            return ()
        if metric is None:
            return Unknown("its rows are not counted", Cause.NOT_RECORDED, "a row count probe on the dataset")
        version = self._version(fact)
        kept = self.clients.counted.get((version, metric)) if version else None
        if kept is not None:
            self.kept.append(ref)
            return kept
        history = _history_path(ref, self._partition(ref))
        answer = attempt(f"the row counts of {ref.id}", self.clients.get_either, history, {"metricLookup": metric})
        if isinstance(answer, Unknown):
            return answer
        points = answers.points(answer)
        if version and points and points[-1].at >= version[-1]:
            self.clients.counted.keep((version, metric), points)
        return points

    def _sizes(self, fact: ObjectFacts) -> Known[tuple[MetricPoint, ...]]:
        """How large it was, as far back as DSS tells. One history is read of an object: of what has one of its row counts,
        that one tells how it grows."""
        ref, metrics = fact.ref, fact.metrics
        if isinstance(metrics, Unknown):
            return metrics
        measured = [each.computed_at for each in metrics if each.id == SIZE_METRIC]
        if not measured:
            return Unknown("its size is not measured", Cause.NOT_RECORDED, "the probe “Basic data”")
        if ref.kind == "DATASET" and not self._is_source(ref) and self._count_metric(fact) is not None:
            return Unknown("the history of its row counts is read in place of it", Cause.LEFT_OUT)
        history = _history_path(ref, self._partition(ref))
        # No newer size, no newer history; other projects' objects are not seen by everybody who reads this one.
        newest = max((at for at in measured if at is not None), default=None)
        version = (self.clients.base_url, ref, SIZE_METRIC, newest)
        own = newest is not None and ref.project_key == self.snapshot.project_key
        kept = self.clients.counted.get(version) if own else None
        if kept is not None:
            return kept
        answer = attempt(f"the sizes of {ref.id}", self.clients.get_either, history, {"metricLookup": SIZE_METRIC})
        if isinstance(answer, Unknown):
            return answer
        points = answers.points(answer)
        if own and points:
            self.clients.counted.keep(version, points)
        return points

    def _is_source(self, ref: ObjectRef) -> bool:
        """Whether the flow reads it and nothing in the flow makes it."""
        made, read_by_others = self._place(ref)
        return made is False and read_by_others

    def _version(self, fact: ObjectFacts) -> Optional[tuple[str, ObjectRef, str, datetime]]:
        """What tells whether its rows were counted anew: its last build. None where that is not known, and for objects
        of other projects, which not everybody who reads this one may see."""
        built = known(fact.last_build, None)
        if built is None or built.end is None or fact.ref.project_key != self.snapshot.project_key:
            return None
        return (self.clients.base_url, fact.ref, built.job_id, built.end)

    def _rule_results(self, fact: ObjectFacts) -> Known[tuple[RuleResult, ...]]:
        ref, dataset = fact.ref, self._datasets.get(fact.ref)
        if ref.kind != "DATASET" or (dataset and self._lists_rules and not dataset.rules):
            return ()
        if at_least(self.snapshot, QUALITY_SINCE) is False:
            return _checks(fact)
        place = path("projects", ref.project_key, "datasets", ref.id, "data-quality", "last-rules-result")
        answer = attempt(
            f"the rule results of {ref.id}",
            self.clients.get_items,
            place,
            {"partition": self._partition(ref)},
            since=QUALITY_SINCE,
        )
        if not isinstance(answer, Unknown):
            return answers.rule_results(answer)
        return _checks(fact) if answer.cause == Cause.NO_ROUTE else answer

    def _newest_file(self, ref: ObjectRef) -> Known[Optional[datetime]]:
        place = self._files_path(ref)
        if place is None:
            return Unknown("DSS does not tell when its files changed", Cause.NOT_RECORDED)
        answer = attempt(f"the files of {ref.id}", self._listing, place)
        return answer if isinstance(answer, Unknown) else answers.newest_file(answer)

    def _files_path(self, ref: ObjectRef) -> Optional[str]:
        if ref.kind == "MANAGED_FOLDER":
            return path("projects", ref.project_key, "managedfolders", ref.id, "contents")
        dataset = self._datasets.get(ref)
        if dataset and dataset.type == "FilesInFolder" and dataset.location:
            project_key, _, folder = dataset.location.rpartition(".")
            return path("projects", project_key or ref.project_key, "managedfolders", folder, "contents")
        return None

    def _listing(self, place: str) -> Any:
        return self.clients.get_either(place, max_bytes=MAX_LISTING_BYTES)


def _computables(snapshot: Snapshot) -> dict[ObjectRef, Node]:
    graph, key = known(snapshot.graph, Graph()), snapshot.project_key
    found: dict[ObjectRef, Node] = {}
    for node in graph.nodes:
        kind = OBJECT_KINDS.get(node.kind)
        if kind:
            local = node.ref[len(key) + 1 :] if node.ref.startswith(f"{key}.") else node.ref
            found[ObjectRef(kind, key, local)] = node
    return found


def _metrics_path(ref: ObjectRef, partition: str) -> Optional[str]:
    if ref.kind == "DATASET":
        return path("projects", ref.project_key, "datasets", ref.id, "metrics", "last", partition)
    if ref.kind == "MANAGED_FOLDER":
        return path("projects", ref.project_key, "managedfolders", ref.id, "metrics", "last")
    return None


def _history_path(ref: ObjectRef, partition: str) -> str:
    if ref.kind == "MANAGED_FOLDER":
        return path("projects", ref.project_key, "managedfolders", ref.id, "metrics", "history")
    return path("projects", ref.project_key, "datasets", ref.id, "metrics", "history", partition)


def _checks(fact: ObjectFacts) -> Known[tuple[RuleResult, ...]]:
    """Before Data Quality, the outcomes of checks stood among the metrics."""
    if isinstance(fact.metrics, Unknown):
        return fact.metrics
    return tuple(
        RuleResult(metric.id, metric.id.rpartition(":")[2], metric.value.upper(), computed_at=metric.computed_at)
        for metric in fact.metrics
        if metric.id.startswith("check:")
    )


def failed(fact: ObjectFacts, need: frozenset[str], why: Unknown) -> ObjectFacts:
    lost = {name: why for part in PARTS.keys() & need for name in PARTS[part] if still_open(getattr(fact, name))}
    return replace(fact, **lost)  # type: ignore[arg-type]


def _elsewhere(ref: ObjectRef) -> Unknown:
    return Unknown(
        f"project {ref.project_key} builds it, and DSS keeps no record that can be asked for", Cause.NOT_RECORDED
    )


def _words(kind: str) -> str:
    return kind.replace("_", " ").lower()
