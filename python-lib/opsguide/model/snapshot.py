"""What DSS says about one project, read once: plain frozen values.

Instants are timezone-aware UTC datetimes; durations are seconds; absent and null are the same (None or empty).
Every part that could not be read is an `Unknown`. `taken_at` *is* "now" for everything that judges a snapshot.
Enum-like texts of DSS (outcomes, states, trigger types, step types) are kept as DSS spells them, unknown ones included.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Optional

from .known import Cause, Known, Unknown
from .rights import closure

SCHEMA_VERSION = 1

_NOT_READ = Unknown("not read yet", Cause.NOT_READ)


@dataclass(frozen=True)
class ObjectRef:
    """One object of the flow. `kind` is DATASET, MANAGED_FOLDER, SAVED_MODEL, MODEL_EVALUATION_STORE,
    STREAMING_ENDPOINT, RETRIEVABLE_KNOWLEDGE or what else DSS names; `id` is the name of a dataset, the id of others."""

    kind: str
    project_key: str
    id: str

    def smart_name(self, project_key: str) -> str:
        """`id`, or `OTHERPROJECT.id` seen from another project: the form the profile and DSS parameters use."""
        return self.id if project_key == self.project_key else f"{self.project_key}.{self.id}"


# --- instance and people ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Instance:
    """The DSS node. `node_type` is DESIGN, AUTOMATION, DEPLOYER… ; `version` is '' where DSS does not tell."""

    node_id: str = ""
    node_name: str = ""
    node_type: str = ""
    version: str = ""
    url: str = ""


@dataclass(frozen=True)
class Viewer:
    """Whose rights the snapshot was read with. `login` is '' for an API key."""

    login: str
    groups: tuple[str, ...] = ()
    is_admin: Optional[bool] = None


@dataclass(frozen=True)
class User:
    """A person of the instance. `enabled` is None where the caller may not see it."""

    login: str
    display_name: str = ""
    email: str = ""
    enabled: Optional[bool] = None
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    name: str
    description: str = ""
    is_admin: Optional[bool] = None


@dataclass(frozen=True)
class Grant:
    """What one group or user was given in the project: DSS's stored booleans by its own names (admin, readProjectContent,
    writeProjectContent, runScenarios, …). The owner of the project holds `admin` without a box for it."""

    kind: str  # "group" or "user"
    name: str
    ticked: frozenset[str] = frozenset()
    is_owner: bool = False

    @property
    def rights(self) -> frozenset[str]:
        """What was ticked and all that follows from it."""
        return closure(self.ticked)


@dataclass(frozen=True)
class Channel:
    """A messaging channel of the instance (smtp, slack, msft-teams, …)."""

    id: str
    type: str = ""
    family: str = ""
    sender: str = ""


# --- project ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Project:
    key: str
    name: str = ""
    short_desc: str = ""
    description: str = ""
    owner_login: str = ""
    owner_name: str = ""
    status: str = ""
    tags: tuple[str, ...] = ()
    modified_at: Optional[datetime] = None
    modified_by: str = ""
    created_at: Optional[datetime] = None
    triggers_disabled: Optional[bool] = None  # None: the summary does not say, see `ProjectSettings`
    may_write: Optional[bool] = None  # whether whoever asked may write its content; None: the summary does not say


@dataclass(frozen=True)
class ProjectSettings:
    """The part of the settings that needs more than reading the content."""

    triggers_disabled: Optional[bool] = None
    exposed: tuple[Exposed, ...] = ()
    access_requests: str = ""  # whether people may ask for access in DSS: as DSS spells it, INHERIT from the instance


@dataclass(frozen=True)
class Exposed:
    """An object of this project that other projects may use."""

    ref: ObjectRef
    to_projects: tuple[str, ...] = ()


@dataclass(frozen=True)
class Variables:
    """Project variables as DSS stores them, unparsed: the profile is one key of each."""

    standard: Mapping[str, Any] = field(default_factory=dict)
    local: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Article:
    """A wiki article. `name` is its title."""

    id: str
    name: str = ""


@dataclass(frozen=True)
class Webapp:
    id: str
    name: str = ""
    type: str = ""


@dataclass(frozen=True)
class Bundle:
    id: str
    created_at: Optional[datetime] = None
    active: Optional[bool] = None  # on an automation node: the activated one


@dataclass(frozen=True)
class Commit:
    id: str
    author: str = ""
    at: Optional[datetime] = None
    message: str = ""


# --- scenarios -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trigger:
    """One trigger as configured. `params` is DSS's own dict, of any age and shape: `core.schedule` reads it."""

    type: str
    active: bool = True
    id: str = ""
    name: str = ""
    delay_seconds: Optional[float] = None
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    type: str
    id: str = ""
    name: str = ""
    enabled: bool = True
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reporter:
    """Who is told of a scenario. `condition` is '' where the reporter always sends; `phase` is START or END."""

    type: str
    id: str = ""
    name: str = ""
    active: bool = True
    phase: str = "END"
    condition: str = ""
    channel_id: str = ""
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True)
class ScenarioSettings:
    triggers: tuple[Trigger, ...] = ()
    steps: tuple[Step, ...] = ()
    reporters: tuple[Reporter, ...] = ()
    run_as: str = ""  # effective: configured, else last editor, else creator
    run_as_configured: bool = False


@dataclass(frozen=True)
class Run:
    """One run of a scenario. `outcome` is SUCCESS, WARNING, FAILED, ABORTED, another text of DSS, or None while it
    runs; `end` is None while it runs. `trigger_type` is temporal, ds_modified, …, or manual, sub, custom."""

    run_id: str
    start: Optional[datetime] = None
    end: Optional[datetime] = None
    outcome: Optional[str] = None
    trigger_type: str = ""
    trigger_id: str = ""
    trigger_name: str = ""
    fired_at: Optional[datetime] = None
    run_as: str = ""
    message: str = ""
    warnings: int = 0

    @property
    def running(self) -> bool:
        return self.outcome is None


@dataclass(frozen=True)
class Scenario:
    """`next_run` is DSS's own computation; `settings` and `runs` are per-scenario calls."""

    id: str
    name: str = ""
    type: str = ""
    active: bool = False
    running: bool = False
    running_since: Optional[datetime] = None
    next_run: Optional[datetime] = None
    trigger_digest: str = ""
    marked_as_test: bool = False
    short_desc: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    version: Optional[int] = None
    modified_at: Optional[datetime] = None
    modified_by: str = ""
    created_at: Optional[datetime] = None
    settings: Known[ScenarioSettings] = _NOT_READ
    runs: Known[tuple[Run, ...]] = _NOT_READ  # newest first


# --- flow ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    name: str
    type: str = ""
    comment: str = ""


@dataclass(frozen=True)
class Rule:
    """A check or Data Quality rule as configured. `params` is DSS's own dict."""

    id: str
    name: str = ""
    type: str = ""
    enabled: bool = True
    auto_run: Optional[bool] = None
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Dataset:
    name: str
    project_key: str
    type: str = ""
    managed: bool = False
    connection: str = ""
    location: str = ""  # table or path, variables unresolved
    partitioned_by: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    tags: tuple[str, ...] = ()
    short_desc: str = ""
    description: str = ""
    rebuild_behavior: str = ""
    feature_group: bool = False
    monitored: Optional[bool] = None
    probe_types: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    modified_at: Optional[datetime] = None

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef("DATASET", self.project_key, self.name)


@dataclass(frozen=True)
class Folder:
    id: str
    project_key: str
    name: str = ""
    type: str = ""
    connection: str = ""


# The kind of the object that each kind of node of the flow graph stands for.
OBJECT_KINDS: Mapping[str, str] = {
    "COMPUTABLE_DATASET": "DATASET",
    "COMPUTABLE_FOLDER": "MANAGED_FOLDER",
    "COMPUTABLE_SAVED_MODEL": "SAVED_MODEL",
    "COMPUTABLE_MODEL_EVALUATION_STORE": "MODEL_EVALUATION_STORE",
    "COMPUTABLE_STREAMING_ENDPOINT": "STREAMING_ENDPOINT",
    "COMPUTABLE_RETRIEVABLE_KNOWLEDGE": "RETRIEVABLE_KNOWLEDGE",
}


@dataclass(frozen=True)
class Node:
    """A node of the flow graph. `kind` is DSS's (COMPUTABLE_DATASET, RUNNABLE_RECIPE, …); `ref` names the object,
    `OTHERPROJECT.name` when it is shared in."""

    id: str
    kind: str = ""
    ref: str = ""
    predecessors: tuple[str, ...] = ()
    successors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Graph:
    nodes: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Zone:
    id: str
    name: str = ""
    objects: tuple[ObjectRef, ...] = ()


@dataclass(frozen=True)
class Job:
    """`state` as DSS spells it (DONE, FAILED, ABORTED, RUNNING, NOT_STARTED…); `finished` is DSS's stableState."""

    id: str
    name: str = ""
    type: str = ""
    initiator: str = ""
    state: str = ""
    finished: bool = True
    initiated_at: Optional[datetime] = None
    start: Optional[datetime] = None
    end: Optional[datetime] = None
    outputs: tuple[tuple[ObjectRef, str], ...] = ()  # object, partition
    warnings: int = 0


@dataclass(frozen=True)
class Build:
    """The newest build of an object. `source` says where this is known from: "job list", "dataset", "internal stats"
    or "metric"."""

    success: Optional[bool]
    start: Optional[datetime] = None
    end: Optional[datetime] = None
    job_id: str = ""
    partition: str = ""
    source: str = ""


@dataclass(frozen=True)
class Metric:
    """A last metric value. `value` is the text DSS stores; `partition` is '' for the whole object."""

    id: str
    value: str = ""
    data_type: str = ""
    computed_at: Optional[datetime] = None
    partition: str = ""


@dataclass(frozen=True)
class MetricPoint:
    at: datetime
    value: float


@dataclass(frozen=True)
class RuleResult:
    """Outcome as DSS spells it, upper case: OK, WARNING, ERROR, EMPTY."""

    rule_id: str
    name: str = ""
    outcome: str = ""
    message: str = ""
    computed_at: Optional[datetime] = None


@dataclass(frozen=True)
class ObjectFacts:
    """What was read about one source or output. `last_build` is None when DSS has never built it (uploads, external
    tables); `last_success` the newest successful one where known; `newest_file` is for folders and file sources."""

    ref: ObjectRef
    last_build: Known[Optional[Build]] = _NOT_READ
    last_success: Known[Optional[Build]] = _NOT_READ
    builds: Known[tuple[Build, ...]] = _NOT_READ  # newest first, as far back as the source tells
    metrics: Known[tuple[Metric, ...]] = _NOT_READ
    row_counts: Known[tuple[MetricPoint, ...]] = _NOT_READ  # oldest first
    newest_file: Known[Optional[datetime]] = _NOT_READ
    rule_results: Known[tuple[RuleResult, ...]] = _NOT_READ
    sizes: Known[tuple[MetricPoint, ...]] = _NOT_READ  # bytes, oldest first; of what has no history of row counts


@dataclass(frozen=True)
class QualityStatus:
    dataset: str
    outcome: str  # OK, WARNING, ERROR, EMPTY, '' when never computed


@dataclass(frozen=True)
class Footprint:
    """What the project takes on DSS's own disk, in bytes; `parts` as DSS names them, the largest first. `errors` counts
    what it could not look into."""

    size: float
    files: int = 0
    parts: tuple[tuple[str, float], ...] = ()
    errors: int = 0


# --- the whole -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Snapshot:
    """One project at one moment, with one viewer's rights."""

    project_key: str
    taken_at: datetime
    clock: str = "DSS"  # "DSS": its own Date header; "this machine" where it sent none
    schema_version: int = SCHEMA_VERSION
    base_url: str = ""
    instance: Known[Instance] = _NOT_READ
    viewer: Known[Viewer] = _NOT_READ
    project: Known[Project] = _NOT_READ
    settings: Known[ProjectSettings] = _NOT_READ
    permissions: Known[tuple[Grant, ...]] = _NOT_READ
    variables: Known[Variables] = _NOT_READ
    scenarios: Known[tuple[Scenario, ...]] = _NOT_READ
    datasets: Known[tuple[Dataset, ...]] = _NOT_READ
    folders: Known[tuple[Folder, ...]] = _NOT_READ
    graph: Known[Graph] = _NOT_READ
    zones: Known[tuple[Zone, ...]] = _NOT_READ
    jobs: Known[tuple[Job, ...]] = _NOT_READ  # newest first
    facts: tuple[ObjectFacts, ...] = ()
    quality: Known[tuple[QualityStatus, ...]] = _NOT_READ
    channels: Known[tuple[Channel, ...]] = _NOT_READ
    users: Known[tuple[User, ...]] = _NOT_READ
    groups: Known[tuple[Group, ...]] = _NOT_READ
    articles: Known[tuple[Article, ...]] = _NOT_READ
    webapps: Known[tuple[Webapp, ...]] = _NOT_READ
    bundles: Known[tuple[Bundle, ...]] = _NOT_READ
    commits: Known[tuple[Commit, ...]] = _NOT_READ
    logs: Known[tuple[str, ...]] = _NOT_READ
    footprint: Known[Footprint] = _NOT_READ
    calls: int = 0
    elapsed_seconds: float = 0.0
    read_from: tuple[str, ...] = ()  # which bulk sources were believed, e.g. "internal stats dataset runs_db"
    remarks: tuple[str, ...] = ()  # what a reader should know of how it was read, e.g. a bulk source not believed

    @property
    def profile_unread(self) -> Optional[Unknown]:
        """Why what the owners declared could not be read, None when it was."""
        if not isinstance(self.variables, Unknown):
            return None
        return replace(self.variables, reason=f"the profile is in the project's variables: {self.variables.reason}")

    def fact(self, ref: ObjectRef) -> ObjectFacts:
        """What was read about one object; every part "not read yet" when it was not asked for."""
        return next((fact for fact in self.facts if fact.ref == ref), ObjectFacts(ref))
