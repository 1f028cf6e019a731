"""Signs that somebody uses a dataset or folder, found without knowing every kind of object of DSS.

Every object of the project is a JSON document. A text in it that *is* the name is a use; one that only *contains* the
name as a word (code, SQL, a note) is a possible use. That holds for kinds of objects that are not invented yet.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from fnmatch import fnmatchcase
from statistics import median
from typing import Any, Optional

from ...model.cleanup import Document, Options, Origin, Signal, Thing
from ...model.known import Known, Unknown, known
from ...model.metrics import SIZE_METRIC
from ...model.snapshot import Dataset, Graph, ObjectFacts, ObjectRef, Snapshot
from .quarantine import is_tagged

RECIPE, EXPOSED, BUILT, REBUILT = "recipe", "exposed or shared", "built or read", "rebuilt"
# In the order in which they are shown. What documents say comes under one of the names between recipe and exposed.
SIGNALS = (
    RECIPE,
    "scenario step",
    "model",
    "dashboard",
    "insight",
    "web app",
    "notebook",
    "variables",
    EXPOSED,
    BUILT,
)
_WORD = re.compile(r"\w+")


class Index:
    """Which documents name what, and which kinds of documents could not be read (`gaps`: signal -> why)."""

    def __init__(self, documents: Iterable[Document], gaps: Mapping[str, str]) -> None:
        self.gaps = gaps
        self._named: dict[str, list[Document]] = defaultdict(list)
        self._told: dict[str, list[tuple[Document, str]]] = defaultdict(list)
        self._texts: list[tuple[Document, str]] = []
        self._uses: dict[tuple[str, ...], dict[str, tuple[str, str]]] = {}
        for document in documents:
            self._add(document)

    def _add(self, document: Document) -> None:
        named = frozenset(_texts(document.value))
        for text in named:
            self._named[text].append(document)
            self._texts.append((document, text))
            for word in frozenset(_WORD.findall(text)):
                self._told[word].append(self._texts[-1])

    def uses(self, names: tuple[str, ...]) -> Mapping[str, tuple[str, str]]:
        """Signal -> (state, where), of an object that goes by any of `names`. Each is asked about again when DSS told more
        of it, so that what was found is kept."""
        if names not in self._uses:
            self._uses[names] = self._found(names)
        return self._uses[names]

    def _found(self, names: tuple[str, ...]) -> dict[str, tuple[str, str]]:
        found: dict[str, tuple[str, str]] = {}
        for name in names:
            for document in self._named.get(name, ()):
                found[document.signal] = ("use", document.where)
            for document in self._containing(name):
                found.setdefault(document.signal, ("possible", document.where))
        return found

    def _containing(self, name: str) -> Iterator[Document]:
        """The documents with a text that contains it: looked up by the rarest of its words."""
        words = _WORD.findall(name)
        if words == [name]:
            return (document for document, _ in self._told.get(name, ()))
        few = min((self._told.get(word, []) for word in words), key=len) if words else self._texts
        return (document for document, text in few if name in text) if name else iter(())


def _texts(value: Any) -> Iterator[str]:
    """Every text of a JSON value, keys included: some objects are keyed by dataset."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, Mapping):
            waiting += [*each.keys(), *each.values()]
        elif isinstance(each, (list, tuple)):
            waiting += each


class _Seen:
    """A snapshot by object: a project of thousands of objects and jobs is then gone through once, not once for each."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.building = self._building()
        self._facts = {fact.ref: fact for fact in reversed(snapshot.facts)}
        self._neighbours: dict[tuple[str, str], str] = {}
        for node in known(snapshot.graph, Graph()).nodes:
            for neighbour in (*node.predecessors, *node.successors):
                self._neighbours.setdefault((node.kind, node.ref), neighbour)

    def _building(self) -> Known[frozenset[ObjectRef]]:
        jobs = self.snapshot.jobs
        if isinstance(jobs, Unknown):
            return jobs
        return frozenset(target for job in jobs if not job.finished for target, _ in job.outputs)

    def fact(self, ref: ObjectRef) -> ObjectFacts:
        return self._facts.get(ref) or ObjectFacts(ref)

    def neighbour(self, ref: ObjectRef) -> Optional[str]:
        """A recipe that reads or writes the object."""
        kind = {"DATASET": "COMPUTABLE_DATASET", "MANAGED_FOLDER": "COMPUTABLE_FOLDER"}.get(ref.kind, "")
        whole = f"{ref.project_key}.{ref.id}"
        return self._neighbours.get((kind, ref.id)) or self._neighbours.get((kind, whole))


def signals_of(seen: _Seen, ref: ObjectRef, name: str, index: Index) -> tuple[Signal, ...]:
    """Every signal of one object, those that found nothing as well. `name` is what people call it."""
    names = dict.fromkeys((ref.id, f"{ref.project_key}.{ref.id}", name, f"{ref.project_key}.{name}"))
    found = dict(index.uses(tuple(names)))
    recipe = _recipe(seen, ref)
    if recipe is not None:
        found[RECIPE] = recipe
    exposed = _exposed(seen.snapshot, ref)
    if exposed is not None:
        found[EXPOSED] = exposed
    return tuple(_signal(each, found.get(each), index.gaps.get(each, "")) for each in SIGNALS if each != BUILT)


def _signal(name: str, found: Optional[tuple[str, str]], gap: str) -> Signal:
    if found is not None and found[0] == "use":
        return Signal(name, "use", f"{name}: {found[1]}")
    if found is not None:
        words = f"{name}: {found[1]} names it in its text" if found[0] == "possible" else found[1]
        return Signal(name, found[0], words)
    return Signal(name, "unknown", gap) if gap else Signal(name, "none", f"{name}: none")


def _recipe(seen: _Seen, ref: ObjectRef) -> Optional[tuple[str, str]]:
    if isinstance(seen.snapshot.graph, Unknown):
        return "unknown", seen.snapshot.graph.reason
    near = seen.neighbour(ref)
    return ("use", near) if near else None


def _exposed(snapshot: Snapshot, ref: ObjectRef) -> Optional[tuple[str, str]]:
    if isinstance(snapshot.settings, Unknown):
        return "unknown", snapshot.settings.reason
    to = [", ".join(each.to_projects) or "other projects" for each in snapshot.settings.exposed if each.ref == ref]
    return ("use", to[0]) if to else None


# --- datasets and folders that nothing names --------------------------------------------------------------------------


def unreferenced(snapshot: Snapshot) -> tuple[ObjectRef, ...]:
    """Datasets and folders of the project that no recipe reads or writes: only these are asked about one by one."""
    own = [dataset.ref for dataset in known(snapshot.datasets, ()) if dataset.project_key == snapshot.project_key]
    own += [ObjectRef("MANAGED_FOLDER", folder.project_key, folder.id) for folder in known(snapshot.folders, ())]
    linked = {
        (node.kind, node.ref) for node in known(snapshot.graph, Graph()).nodes if node.predecessors or node.successors
    }
    kinds = {"DATASET": "COMPUTABLE_DATASET", "MANAGED_FOLDER": "COMPUTABLE_FOLDER"}
    return tuple(ref for ref in own if (kinds[ref.kind], ref.id) not in linked)


def unused(snapshot: Snapshot, index: Index, options: Options, made: Mapping[ObjectRef, Origin]) -> Iterator[Thing]:
    """The datasets and folders that no recipe reads or writes, as things with their signals. `made` is what DSS's lists
    say of each: tags, times, version."""
    datasets = {dataset.ref: dataset for dataset in known(snapshot.datasets, ())}
    names = {ObjectRef("MANAGED_FOLDER", f.project_key, f.id): f.name for f in known(snapshot.folders, ())}
    seen = _Seen(snapshot)
    for ref in unreferenced(snapshot):
        name = names.get(ref) or ref.id
        group = _group(ref, datasets.get(ref), options)
        signals = signals_of(seen, ref, name, index)
        yield _thing(group, ref, name, seen, (*signals, _built(seen.fact(ref))), made.get(ref, Origin()))


def _group(ref: ObjectRef, dataset: Optional[Dataset], options: Options) -> str:
    if dataset is None:
        return "folders"
    named = any(fnmatchcase(ref.id.lower(), pattern.lower()) for pattern in options.temporary)
    return "temporary_datasets" if named or options.temporary_tag in dataset.tags else "datasets"


def _thing(group: str, ref: ObjectRef, name: str, seen: _Seen, signals: tuple[Signal, ...], made: Origin) -> Thing:
    fact = seen.fact(ref)
    build = known(fact.last_build, None)
    built, files = build.end or build.start if build else None, known(fact.newest_file, None)
    read = [metric.computed_at for metric in known(fact.metrics, ()) if metric.computed_at]
    # Being put into quarantine changes an object: from then on only its version tells of other changes.
    changed = None if is_tagged(made.tags) else made.modified_at
    return Thing(
        group,
        ref.project_key,
        ref.id,
        name,
        at=max(filter(None, (built, files, made.created_at)), default=None),
        used_at=max(filter(None, (changed, *read)), default=None),
        size=_size(fact),
        live=None if isinstance(seen.building, Unknown) else ref in seen.building,
        tags=made.tags,
        signals=signals,
        rebuild=_rebuild(fact) if group == "intermediates" else "DSS cannot rebuild it: no recipe makes it",
        version=f"{made.version} {built.isoformat() if built else '-'}",
        protected=made.protected,
    )


def _built(fact: ObjectFacts) -> Signal:
    if isinstance(fact.last_build, Unknown):
        return Signal(BUILT, "unknown", fact.last_build.reason)
    at = fact.last_build.end or fact.last_build.start if fact.last_build else None
    said = f"last built {at:%Y-%m-%d}" if at else "never built by DSS"
    return Signal(BUILT, "none", f"{said}; reads by people are not recorded")


def _size(fact: ObjectFacts) -> Optional[int]:
    values = [metric.value for metric in known(fact.metrics, ()) if metric.id == SIZE_METRIC]
    try:
        return max(0, int(float(values[0]))) if values else None
    except (ValueError, OverflowError):
        return None


# --- intermediate datasets --------------------------------------------------------------------------------------------


def between(snapshot: Snapshot) -> tuple[Dataset, ...]:
    """Managed datasets that a recipe makes, others read, and an ordinary build makes again."""
    nodes = {node.ref: node for node in known(snapshot.graph, Graph()).nodes if node.kind == "COMPUTABLE_DATASET"}
    return tuple(
        dataset
        for dataset in known(snapshot.datasets, ())
        if dataset.project_key == snapshot.project_key
        and dataset.managed
        and dataset.rebuild_behavior in ("", "NORMAL")
        and dataset.name in nodes
        and nodes[dataset.name].predecessors
        and nodes[dataset.name].successors
    )


def idle_between(snapshot: Snapshot, since: datetime) -> tuple[ObjectRef, ...]:
    """Those of them that no job used since: only these are asked about one by one, the others are too young to go."""
    used = _last_used(snapshot)
    return tuple(d.ref for d in between(snapshot) if d.name not in used or used[d.name] < since)


def intermediates(snapshot: Snapshot, index: Index, made: Mapping[ObjectRef, Origin]) -> Iterator[Thing]:
    """The data of datasets in the middle of the flow: a build makes it again. Recipes are no reason to keep it; whoever
    looks at it is, and so is a job further down that ran lately."""
    used, seen = _last_used(snapshot), _Seen(snapshot)
    for dataset in between(snapshot):
        fact = seen.fact(dataset.ref)
        signals = tuple(s for s in signals_of(seen, dataset.ref, dataset.name, index) if s.name != RECIPE)
        told = made.get(dataset.ref, Origin())
        thing = _thing("intermediates", dataset.ref, dataset.name, seen, (*signals, _rebuilt(fact)), told)
        at = max(filter(None, (thing.at, used.get(dataset.name))), default=None)
        yield replace(thing, used_at=max(filter(None, (thing.used_at, at)), default=None))


def _rebuilt(fact: ObjectFacts) -> Signal:
    build = fact.last_build
    if isinstance(build, Unknown):
        return Signal(BUILT, "unknown", build.reason)
    if build is None or not build.success:
        return Signal(REBUILT, "unknown", "its last build did not succeed: whether it can be rebuilt is not known")
    return _built(fact)


def _rebuild(fact: ObjectFacts) -> str:
    builds = [b for b in known(fact.builds, ()) if b.success and b.start and b.end]
    if not builds:
        return "a build; how long it takes is not known"
    seconds = median((b.end - b.start).total_seconds() for b in builds if b.start and b.end)
    return f"{max(1, round(seconds / 60))} min (median of {len(builds)} builds)"


def _last_used(snapshot: Snapshot) -> dict[str, datetime]:
    """When a job last built something that is made from it, by dataset."""
    nodes = {node.id: node for node in known(snapshot.graph, Graph()).nodes}
    by_ref = {node.ref: node for node in nodes.values() if node.kind.startswith("COMPUTABLE")}
    used: dict[str, datetime] = {}
    newest: dict[str, datetime] = {}
    for job in known(snapshot.jobs, ()):
        at = job.end or job.start
        for ref, _ in job.outputs:
            if at is not None and ref.id in by_ref:
                newest[ref.id] = max(at, newest.get(ref.id, at))
    for name, at in sorted(newest.items(), key=lambda item: item[1], reverse=True):
        waiting, seen = [by_ref[name].id], set()
        while waiting:
            node = nodes.get(waiting.pop())
            if node is None or node.id in seen or (node.ref in used and node.kind.startswith("COMPUTABLE")):
                continue
            seen.add(node.id)
            if node.kind.startswith("COMPUTABLE"):
                used[node.ref] = at
            waiting += node.predecessors
    return used
