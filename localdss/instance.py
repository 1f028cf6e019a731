"""The state of a local DSS. Everything is kept as plain dicts in the raw shapes that DSS itself stores or answers, so that
routes hand them out, stories write them and screens show them without a second vocabulary."""

from __future__ import annotations

import itertools
import os
import secrets
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from .clock import Clock

Raw = dict[str, Any]

# The DSS that is played where nobody names another. The matrix of versions sets it for a whole run of tests.
VERSION = os.environ.get("LOCALDSS_VERSION", "14.3.1")

DATASET, FOLDER, MODEL, STORE = "DATASET", "MANAGED_FOLDER", "SAVED_MODEL", "MODEL_EVALUATION_STORE"
_COMPUTABLES = {
    DATASET: "COMPUTABLE_DATASET",
    FOLDER: "COMPUTABLE_FOLDER",
    MODEL: "COMPUTABLE_SAVED_MODEL",
    STORE: "COMPUTABLE_MODEL_EVALUATION_STORE",
}


@dataclass(frozen=True)
class Leftover:
    """A folder of the data directory that no list of runs or jobs tells of: its path there, age (ms), files and their bytes."""

    path: str
    at: int
    files: dict[str, int]


@dataclass(eq=False)
class Project:
    """One project: what DSS has on disk for it, and what happened to it.

    Datasets are keyed by name, scenarios, zones, folders, models, stores, webapps and articles by id; runs and jobs stand
    newest first, metric points oldest first. `builds` and `metrics` are keyed by (kind, id), kind as in DATASET. `rows` says
    how many rows a dataset, or one partition ("NAME/PARTITION"), holds; what has none there has no data. `model_versions` has
    the ids of each model's versions, oldest first; `streams` the desired state of each continuous recipe.
    """

    key: str
    path: Optional[Path] = None
    settings: Raw = field(default_factory=dict)
    variables: Raw = field(default_factory=lambda: {"standard": {}, "local": {}})
    tags: Raw = field(default_factory=dict)
    datasets: dict[str, Raw] = field(default_factory=dict)
    recipes: dict[str, Raw] = field(default_factory=dict)
    scenarios: dict[str, Raw] = field(default_factory=dict)
    scripts: dict[str, str] = field(default_factory=dict)
    zones: dict[str, Raw] = field(default_factory=dict)
    folders: dict[str, Raw] = field(default_factory=dict)
    saved_models: dict[str, Raw] = field(default_factory=dict)
    evaluation_stores: dict[str, Raw] = field(default_factory=dict)
    webapps: dict[str, Raw] = field(default_factory=dict)
    dashboards: dict[str, Raw] = field(default_factory=dict)
    insights: dict[str, Raw] = field(default_factory=dict)
    wiki: Raw = field(default_factory=lambda: {"settings": {"taxonomy": []}, "articles": {}})
    bundles: list[Raw] = field(default_factory=list)
    imported_bundles: list[Raw] = field(default_factory=list)
    git_log: list[Raw] = field(default_factory=list)

    runs: dict[str, list[Raw]] = field(default_factory=dict)
    fires: dict[str, list[Raw]] = field(default_factory=dict)
    jobs: list[Raw] = field(default_factory=list)
    builds: dict[tuple[str, str], Raw] = field(default_factory=dict)
    build_history: list[Raw] = field(default_factory=list)
    metrics: dict[tuple[str, str], dict[str, list[Raw]]] = field(default_factory=dict)
    rule_results: dict[str, list[Raw]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    model_versions: dict[str, list[str]] = field(default_factory=dict)
    streams: dict[str, str] = field(default_factory=dict)
    sql_notebooks: dict[str, Raw] = field(default_factory=dict)
    leftovers: list[Leftover] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.settings.get("name") or self.key)

    @property
    def owner(self) -> str:
        return str(self.settings.get("owner") or "admin")

    def kind_of(self, ref: str) -> str:
        """What a reference of a recipe points at; what is found nowhere is taken for a dataset shared by another project."""
        local = ref[len(self.key) + 1 :] if ref.startswith(self.key + ".") else ref
        for kind, objects in self.objects().items():
            if local in objects:
                return kind
        return DATASET

    def objects(self) -> dict[str, dict[str, Raw]]:
        return {DATASET: self.datasets, FOLDER: self.folders, MODEL: self.saved_models, STORE: self.evaluation_stores}

    def run(self, scenario_id: str, run_id: str) -> Optional[Raw]:
        runs = self.runs.get(scenario_id, [])
        return next((run for run in runs if run["scenarioRun"]["runId"] == run_id), None)

    def job(self, job_id: str) -> Optional[Raw]:
        return next((job for job in self.jobs if job["listItem"]["def"]["id"] == job_id), None)

    def graph(self) -> Raw:
        """The flow as DSS answers it: every computable and every recipe, each with what stands before and after it."""
        nodes: dict[str, Raw] = {}
        for kind, objects in self.objects().items():
            for ref, raw in objects.items():
                self._computable(nodes, kind, ref, raw)
        for name, whole in sorted(self.recipes.items()):
            recipe = whole["recipe"]
            node_id = f"recipe_{name}"
            nodes[node_id] = _node("RUNNABLE_RECIPE", recipe.get("type"), name)
            for ref in refs(recipe, "inputs"):
                _link(nodes, self._computable(nodes, self.kind_of(ref), self._local(ref)), node_id)
            for ref in refs(recipe, "outputs"):
                _link(nodes, node_id, self._computable(nodes, self.kind_of(ref), self._local(ref)))
        names = {
            kind: [node["ref"] for node in nodes.values() if node["type"] == kind] for kind in _COMPUTABLES.values()
        }
        return {
            "nodes": nodes,
            "datasets": names["COMPUTABLE_DATASET"],
            "recipes": sorted(self.recipes),
            "folders": names["COMPUTABLE_FOLDER"],
            "models": names["COMPUTABLE_SAVED_MODEL"],
        }

    def producers(self) -> dict[str, str]:
        """Of each object that a recipe makes, the recipe's name."""
        return {
            self._local(ref): name
            for name, whole in sorted(self.recipes.items())
            for ref in refs(whole["recipe"], "outputs")
        }

    def _local(self, ref: str) -> str:
        return ref[len(self.key) + 1 :] if ref.startswith(self.key + ".") else ref

    def _computable(self, nodes: dict[str, Raw], kind: str, ref: str, raw: Optional[Raw] = None) -> str:
        node_id = f"{kind.lower()}_{ref}"
        nodes.setdefault(node_id, _node(_COMPUTABLES[kind], (raw or {}).get("type"), ref))
        return node_id


def refs(recipe: Raw, side: str) -> Iterator[str]:
    """The references on one side ("inputs" or "outputs") of a recipe, whatever their role, in order."""
    roles = recipe.get(side) or {}
    for role in roles.values() if isinstance(roles, dict) else []:
        for item in role.get("items") or []:
            if item.get("ref"):
                yield str(item["ref"])


def _node(kind: str, subtype: Any, ref: str) -> Raw:
    node = {"type": kind, "ref": ref, "predecessors": [], "successors": []}
    return node if subtype is None else {**node, "subType": subtype}


def _link(nodes: dict[str, Raw], before: str, after: str) -> None:
    if after not in nodes[before]["successors"]:
        nodes[before]["successors"].append(after)
        nodes[after]["predecessors"].append(before)


ADMIN: Raw = {
    "login": "admin",
    "displayName": "Administrator",
    "email": "admin@example.com",
    "enabled": True,
    "sourceType": "LOCAL",
    "userProfile": "DESIGNER",
    "groups": ["administrators"],
}


@dataclass(eq=False)
class Instance:
    """One DSS node. `lock` guards every change of state; `speed` divides the time that runs and jobs take.

    `broken` says which recipes, as (project key, name), fail from now on and with which message, `causes` why, by name;
    `works` holds what goes on in the background, by id; `sent` every mail and message, oldest first; `postgres` is the
    address of a server that plays the SQL connections; `laid_out` tells that the data directory is complete.
    `data_dir_open_to` says which processes of plugins reach it: "macros" those that run as DSS itself (where User
    Isolation is on), "all" every one (where it is off), "none" those of no plugin (containers).
    """

    clock: Clock = field(default_factory=Clock)
    version: str = VERSION
    zone: str = "Europe/Paris"
    url: str = ""
    speed: float = 60.0
    node: Raw = field(
        default_factory=lambda: {"nodeId": "automation", "nodeName": "prod-automation", "nodeType": "AUTOMATION"}
    )
    users: dict[str, Raw] = field(default_factory=lambda: {"admin": dict(ADMIN)})
    groups: dict[str, Raw] = field(
        default_factory=lambda: {"administrators": {"name": "administrators", "admin": True}}
    )
    connections: dict[str, Raw] = field(default_factory=dict)
    channels: list[Raw] = field(default_factory=list)
    code_envs: list[Raw] = field(default_factory=list)
    variables: Raw = field(default_factory=dict)
    general_settings: Raw = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    futures: dict[str, Raw] = field(default_factory=dict)
    tickets: dict[str, str] = field(default_factory=dict)
    plugins: list[Any] = field(default_factory=list)
    plugin_settings: dict[str, Raw] = field(default_factory=dict)
    notebooks: list[Raw] = field(default_factory=list)
    logs: dict[str, list[str]] = field(default_factory=dict)
    sent: list[Raw] = field(default_factory=list)
    macro_runs: dict[str, Any] = field(default_factory=dict)
    queries: dict[str, Any] = field(default_factory=dict)
    works: dict[str, Any] = field(default_factory=dict)
    broken: dict[tuple[str, str], str] = field(default_factory=dict)
    causes: dict[str, Any] = field(default_factory=dict)
    backends: Any = None
    story: str = ""
    postgres: str = ""
    data_dir: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="localdss-")))
    laid_out: bool = False
    data_dir_open_to: str = "macros"
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self._ids = itertools.count(1)
        # Many an instance is opened only to be looked at, and never closed.
        weakref.finalize(self, remove_own, self.data_dir, os.getpid())

    def add(self, project: Project) -> None:
        self.projects[project.key] = project

    def ticket_for(self, login: str) -> str:
        """A ticket that carries the rights of `login`, as a child process of DSS gets one."""
        ticket = secrets.token_urlsafe(24)
        self.tickets[ticket] = login
        return ticket

    def new_id(self, prefix: str) -> str:
        """An id that nothing else in this instance has."""
        return f"{prefix}{next(self._ids):06d}"

    def end_work(self) -> None:
        """Ends everything that goes on."""
        going = list(self.works.values())
        for work in going:
            work.abort()
        for work in going:
            work.done.wait(timeout=5)
        if self.backends is not None:
            self.backends.close()

    def close(self) -> None:
        """Ends everything that goes on, and takes away what it left on disk."""
        self.end_work()
        shutil.rmtree(self.data_dir, ignore_errors=True)

    def folder_path(self, project_key: str, folder_id: str) -> Path:
        """Where the files of a managed folder lie."""
        return self.data_dir / "managed_folders" / project_key / folder_id


def remove_own(folder: Path, owner: int) -> None:
    """Takes a folder away in the process that made it: a fork that ends must leave it."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
