"""What the project depends on, what depends on it, and which scenario builds what: read off the flow graph.

The graph is indexed once; every question after that is a walk over dicts, so thousands of objects are no matter.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Optional

from ..model.known import Cause, Known, Unknown, known
from ..model.profile import Declared
from ..model.snapshot import OBJECT_KINDS, Dataset, Graph, Node, ObjectRef, Scenario, ScenarioSettings, Snapshot, Step

_PROJECT_KEY = re.compile(r"[A-Z0-9_]+")

# Datasets that show DSS's own runtime database: nothing arrives in them, and no one waits for them.
_INTERNAL_TYPES = frozenset({"StatsDB", "JobsDB"})

# A recursive build does not go past a dataset that its owner builds on purpose only.
_NOT_REBUILT = frozenset({"EXPLICIT", "WRITE_PROTECT"})


@dataclass(frozen=True)
class Item:
    """A source or output, and why it counts as one ("end of the flow", "used by project FINANCE")."""

    ref: ObjectRef
    why: str


@dataclass(frozen=True)
class Flow:
    """The flow graph, ready to be walked. Objects are `ObjectRef`s, recipes are node ids."""

    refs: Mapping[str, ObjectRef] = field(default_factory=dict)  # node id -> object, in the graph's order
    recipes: Mapping[str, Node] = field(default_factory=dict)
    parents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    children: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ids: Mapping[ObjectRef, str] = field(default_factory=dict)

    def downstream(self, ref: ObjectRef) -> tuple[ObjectRef, ...]:
        """Every object made from `ref`, directly or not, in an order in which each comes after all it is made from."""
        return tuple(self.refs[i] for i in self._ordered(self._closure(ref, self.children)) if i in self.refs)

    def upstream(self, ref: ObjectRef) -> tuple[ObjectRef, ...]:
        """Every object that `ref` is made from, directly or not, first things first."""
        return tuple(self.refs[i] for i in self._ordered(self._closure(ref, self.parents)) if i in self.refs)

    def made_from(self, ref: ObjectRef) -> tuple[ObjectRef, ...]:
        """The objects one recipe before `ref`."""
        return self._across(ref, self.parents)

    def makes(self, ref: ObjectRef) -> tuple[ObjectRef, ...]:
        """The objects one recipe after `ref`."""
        return self._across(ref, self.children)

    def recipe_of(self, ref: ObjectRef) -> Optional[Node]:
        """The recipe that makes `ref`, None where nothing in this flow does."""
        above = self.parents.get(self.ids.get(ref, ""), ())
        return next((self.recipes[node] for node in above if node in self.recipes), None)

    def readers_of(self, ref: ObjectRef) -> tuple[Node, ...]:
        """The recipes that read `ref`."""
        below = self.children.get(self.ids.get(ref, ""), ())
        return tuple(self.recipes[node] for node in below if node in self.recipes)

    def rebuilt_with(self, ref: ObjectRef, passes: Callable[[ObjectRef], bool]) -> tuple[ObjectRef, ...]:
        """What a recursive build of `ref` may rebuild: it, and what is upstream as far as `passes` lets through and a
        recipe makes it."""
        found = dict.fromkeys([ref])
        queue = deque([ref])
        while queue:
            for above in self.made_from(queue.popleft()):
                if above not in found and self.recipe_of(above) is not None and passes(above):
                    found[above] = None
                    queue.append(above)
        return tuple(found)

    def _across(self, ref: ObjectRef, edges: Mapping[str, tuple[str, ...]]) -> tuple[ObjectRef, ...]:
        found: dict[ObjectRef, None] = {}
        for near in edges.get(self.ids.get(ref, ""), ()):
            # Some graphs join two objects directly, without a recipe between them.
            steps = (near,) if near in self.refs else edges.get(near, ())
            found.update((self.refs[node], None) for node in steps if node in self.refs)
        return tuple(found)

    def _closure(self, ref: ObjectRef, edges: Mapping[str, tuple[str, ...]]) -> set[str]:
        start = self.ids.get(ref)
        if start is None:
            return set()
        seen = {start}
        queue = deque([start])
        while queue:
            for near in edges.get(queue.popleft(), ()):
                if near not in seen:
                    seen.add(near)
                    queue.append(near)
        return seen - {start}

    def _ordered(self, ids: set[str]) -> list[str]:
        waiting = {i: sum(above in ids for above in self.parents.get(i, ())) for i in ids}
        ready = deque(sorted(i for i, count in waiting.items() if count == 0))
        order: list[str] = []
        while ready:
            node = ready.popleft()
            order.append(node)
            for below in self.children.get(node, ()):
                if below in waiting:
                    waiting[below] -= 1
                    if waiting[below] == 0:
                        ready.append(below)
        placed = set(order)
        return [*order, *sorted(ids - placed)]  # what stands in a cycle has no order; it is still shown


def flow_of(snapshot: Snapshot) -> Flow:
    """The project's flow, indexed; an empty one where the graph could not be read."""
    graph = known(snapshot.graph, Graph())
    local = {dataset.name for dataset in known(snapshot.datasets, ())}
    refs: dict[str, ObjectRef] = {}
    recipes: dict[str, Node] = {}
    edges: dict[tuple[str, str], None] = {}
    for node in graph.nodes:
        kind = _object_kind(node.kind)
        if kind:
            refs[node.id] = _ref(kind, node.ref or node.id, snapshot.project_key, local)
        else:
            recipes[node.id] = node
        # DSS writes each edge at both of its ends; either may be missing.
        edges.update(((above, node.id), None) for above in node.predecessors)
        edges.update(((node.id, below), None) for below in node.successors)
    parents: dict[str, list[str]] = {}
    children: dict[str, list[str]] = {}
    for above, below in edges:
        if above != below and (above in refs or above in recipes) and (below in refs or below in recipes):
            parents.setdefault(below, []).append(above)
            children.setdefault(above, []).append(below)
    return Flow(
        refs,
        recipes,
        {node: tuple(near) for node, near in parents.items()},
        {node: tuple(near) for node, near in children.items()},
        {ref: node for node, ref in reversed(list(refs.items()))},
    )


def _object_kind(kind: str) -> str:
    return OBJECT_KINDS.get(kind, kind[len("COMPUTABLE_") :] if kind.startswith("COMPUTABLE_") else "")


def _ref(kind: str, name: str, project_key: str, local: set[str]) -> ObjectRef:
    owner, dot, rest = name.partition(".")
    if dot and rest and name not in local and _PROJECT_KEY.fullmatch(owner):
        return ObjectRef(kind, owner, rest)
    return ObjectRef(kind, project_key, name)


def sources(snapshot: Snapshot, declared: Declared, flow: Optional[Flow] = None) -> tuple[Item, ...]:
    """The objects whose data comes from outside the flow, in the graph's order, shared-in ones included.

    The profile's `is_source` adds or removes one. Where the graph is unknown, only what is declared is listed."""
    flow = flow or flow_of(snapshot)
    datasets = {dataset.ref: dataset for dataset in known(snapshot.datasets, ())}
    found: dict[ObjectRef, str] = {}
    for node, ref in flow.refs.items():
        if ref.kind not in ("DATASET", "MANAGED_FOLDER", "STREAMING_ENDPOINT") or flow.parents.get(node):
            continue
        if ref in datasets and datasets[ref].type in _INTERNAL_TYPES:
            continue
        if ref.project_key != snapshot.project_key:
            found[ref] = f"shared by project {ref.project_key}"
        elif flow.children.get(node):
            found[ref] = "read by the flow, built by nothing in it"
        elif ref.kind != "MANAGED_FOLDER":  # exports, state, published files: a folder that feeds nothing is no source
            found[ref] = "built by nothing and read by nothing in the flow"
    _apply_declared(found, snapshot, declared, flow, "is_source")
    return tuple(Item(ref, why) for ref, why in found.items())


def outputs(snapshot: Snapshot, declared: Declared, flow: Optional[Flow] = None) -> tuple[Item, ...]:
    """The objects that others wait for: ends of the flow, objects other projects use, feature groups.

    The profile's `is_output` adds or removes one, and a promised time makes one of it. Where the graph is unknown, the
    rest of it still counts."""
    flow = flow or flow_of(snapshot)
    found: dict[ObjectRef, str] = {}
    for node, ref in flow.refs.items():
        if flow.parents.get(node) and not flow.children.get(node) and ref.project_key == snapshot.project_key:
            found[ref] = "end of the flow"
    settings = snapshot.settings
    for exposed in () if isinstance(settings, Unknown) else settings.exposed:
        if exposed.to_projects:
            found[exposed.ref] = f"used by {_projects(exposed.to_projects)}"
    for dataset in known(snapshot.datasets, ()):
        if dataset.feature_group:
            found.setdefault(dataset.ref, "feature group")
    _apply_declared(found, snapshot, declared, flow, "is_output")
    return tuple(Item(ref, why) for ref, why in found.items())


def _projects(keys: Iterable[str]) -> str:
    names = list(keys)
    return f"project {names[0]}" if len(names) == 1 else f"projects {', '.join(names)}"


def _apply_declared(found: dict[ObjectRef, str], snapshot: Snapshot, declared: Declared, flow: Flow, flag: str) -> None:
    by_name = {ref.smart_name(snapshot.project_key): ref for ref in flow.refs.values()}
    local = {dataset.name for dataset in known(snapshot.datasets, ())}
    for name, promised in declared.profile.datasets.items():
        wanted = getattr(promised, flag)
        ref = by_name.get(name) or _ref("DATASET", name, snapshot.project_key, local)
        if wanted is None and flag == "is_output" and promised.due:
            found.setdefault(ref, "promised in the profile")
        elif wanted:
            found[ref] = "declared in the profile"
        elif wanted is False:
            found.pop(ref, None)


# --- what scenarios build --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Builds:
    """What one scenario builds, its own steps and the scenarios they run. `targets` are named by its steps, `refs`
    are all objects it may rebuild; `unseen` says why it may build more than can be seen, '' when it cannot."""

    targets: tuple[ObjectRef, ...] = ()
    refs: frozenset[ObjectRef] = frozenset()
    runs: tuple[str, ...] = ()  # ids of the scenarios it runs, directly or not
    unseen: str = ""


def builds(snapshot: Snapshot, flow: Optional[Flow] = None) -> dict[str, Known[Builds]]:
    """What each scenario builds, by scenario id; Unknown where its settings are."""
    flow = flow or flow_of(snapshot)
    scenarios = {scenario.id: scenario for scenario in known(snapshot.scenarios, ())}
    passes = _passes(snapshot)
    own = {key: _own_builds(scenario, snapshot.project_key, flow, passes) for key, scenario in scenarios.items()}
    return {key: _with_sub_scenarios(key, own) for key in own}


def _passes(snapshot: Snapshot) -> Callable[[ObjectRef], bool]:
    held: dict[ObjectRef, Dataset] = {dataset.ref: dataset for dataset in known(snapshot.datasets, ())}

    def passes(ref: ObjectRef) -> bool:
        return ref not in held or held[ref].rebuild_behavior not in _NOT_REBUILT

    return passes


def _own_builds(scenario: Scenario, project_key: str, flow: Flow, passes: Callable[[ObjectRef], bool]) -> Known[Builds]:
    if isinstance(scenario.settings, Unknown):
        return scenario.settings
    targets: dict[ObjectRef, None] = {}
    refs: set[ObjectRef] = set()
    for step in scenario.settings.steps:
        if not step.enabled or step.type != "build_flowitem":
            continue
        recursive = str(step.params.get("jobType", "")).startswith("RECURSIVE")
        for target in step_targets(step, project_key):
            targets[target] = None
            refs.update(flow.rebuilt_with(target, passes) if recursive else (target,))
    return Builds(tuple(targets), frozenset(refs), _runs(scenario.settings, project_key), _unseen(scenario))


def step_targets(step: Step, project_key: str, key: str = "builds") -> tuple[ObjectRef, ...]:
    """The objects a step names in `params[key]`: what it builds, computes ("computes") or checks ("checks")."""
    listed = step.params.get(key)
    found = []
    for target in listed if isinstance(listed, (list, tuple)) else ():
        if not isinstance(target, Mapping):
            continue
        name = target.get("itemId") or target.get("smartName") or target.get("id")
        if isinstance(name, str) and name:
            kind = target.get("type") if isinstance(target.get("type"), str) else "DATASET"
            owner = target.get("projectKey")
            if isinstance(owner, str) and owner and "." not in name:
                found.append(ObjectRef(str(kind), owner, name))
            else:
                found.append(_ref(str(kind), name, project_key, set()))
    return tuple(found)


def _runs(settings: ScenarioSettings, project_key: str) -> tuple[str, ...]:
    found = []
    for step in settings.steps:
        if step.enabled and step.type == "run_scenario":
            scenario_id = step.params.get("scenarioId")
            if isinstance(scenario_id, str) and step.params.get("projectKey", project_key) in ("", None, project_key):
                found.append(scenario_id)
    return tuple(found)


def _unseen(scenario: Scenario) -> str:
    if scenario.type == "custom_python":
        return "it is a Python script: what it builds cannot be seen"
    settings = scenario.settings
    steps = () if isinstance(settings, Unknown) else settings.steps
    if any(step.enabled and step.type in ("custom_python", "exec_sql") for step in steps):
        return "it has steps of custom code: they may build more"
    return ""


def _with_sub_scenarios(key: str, own: Mapping[str, Known[Builds]]) -> Known[Builds]:
    mine = own[key]
    if isinstance(mine, Unknown):
        return mine
    targets = dict.fromkeys(mine.targets)
    refs = set(mine.refs)
    unseen = [mine.unseen] if mine.unseen else []
    reached: dict[str, None] = {}
    queue = deque(mine.runs)
    while queue:
        sub = queue.popleft()
        if sub == key or sub in reached:
            continue
        reached[sub] = None
        theirs = own.get(sub, Unknown("no such scenario in this project", Cause.NOT_RECORDED))
        if isinstance(theirs, Unknown):
            unseen.append(f"it runs {sub}, which could not be read: {theirs.reason}")
            continue
        targets.update(dict.fromkeys(theirs.targets))
        refs |= theirs.refs
        queue.extend(theirs.runs)
        if theirs.unseen:
            unseen.append(f"it runs {sub}: {theirs.unseen}")
    return Builds(tuple(targets), frozenset(refs), tuple(reached), "; ".join(unseen))


def builders_of(built: Mapping[str, Known[Builds]]) -> Mapping[ObjectRef, tuple[str, ...]]:
    """Ids of the scenarios that build each object, as far as their steps tell."""
    found: dict[ObjectRef, list[str]] = {}
    for key, builds_of_it in built.items():
        for ref in () if isinstance(builds_of_it, Unknown) else builds_of_it.refs:
            found.setdefault(ref, []).append(key)
    return {ref: tuple(keys) for ref, keys in found.items()}


def readers_of(ref: ObjectRef, flow: Flow, built: Mapping[str, Known[Builds]]) -> tuple[str, ...]:
    """Ids of the scenarios that read `ref`: they build what is made from it, the nearest first."""
    nearest = frozenset(flow.makes(ref))
    direct = tuple(key for key, found in built.items() if not isinstance(found, Unknown) and nearest & found.refs)
    if direct:
        return direct
    below = frozenset(flow.downstream(ref))
    return tuple(key for key, found in built.items() if not isinstance(found, Unknown) and below & found.refs)
