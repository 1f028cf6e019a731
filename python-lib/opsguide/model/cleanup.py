"""What a clean-up is about: things that may go, what a plan says of each, and what became of it.

Instants are timezone-aware UTC, sizes bytes, durations seconds. A plan is written once; executing it takes its id.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, Optional, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

SCHEMA_VERSION = 1
PLAN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")

# An object in quarantine carries this tag with the day from which it may be deleted; one with the other is never touched.
QUARANTINE_TAG = "operations-guide-delete-after:"
KEEP_TAG = "keep"

DELETE, QUARANTINE, RELEASE, CLEAR, END, STOP = "delete", "quarantine", "release", "clear", "end", "stop"


@dataclass(frozen=True)
class Group:
    """One kind of thing. `does` says what happens to it, `undo` what can be done about it afterwards."""

    name: str
    title: str
    does: str
    undo: str
    action: str = DELETE


GROUPS: tuple[Group, ...] = (
    Group("job_logs", "Job logs", "the job leaves the list with its log", "Cannot be undone."),
    Group("scenario_logs", "Scenario run logs", "the run leaves the history with its log", "Cannot be undone."),
    Group("continuous_logs", "Continuous activity logs", "the log is deleted", "Cannot be undone."),
    Group("exports", "Exports", "the exported file is deleted", "Cannot be undone; the export can be made again."),
    Group("model_versions", "Saved model versions", "the version is deleted", "Cannot be undone; it can be retrained."),
    Group("bundles", "Bundles", "the bundle is deleted", "Cannot be undone; download it first if it may be needed."),
    Group(
        "datasets",
        "Unused datasets",
        "tagged first, deleted once the tag's day is past",
        "Until that day: remove the tag. Then: settings are in the state folder, data is gone.",
        QUARANTINE,
    ),
    Group(
        "folders",
        "Unused managed folders",
        "tagged first, deleted once the tag's day is past",
        "Until that day: remove the tag. Then: settings are in the state folder, files are gone.",
        QUARANTINE,
    ),
    Group(
        "temporary_datasets",
        "Temporary datasets",
        "tagged first, deleted once the tag's day is past",
        "Until that day: remove the tag. Then: settings are in the state folder, data is gone.",
        QUARANTINE,
    ),
    Group(
        "intermediates",
        "Intermediate data",
        "the data is cleared, the dataset stays",
        "Build the dataset again.",
        CLEAR,
    ),
    Group("notebook_sessions", "Idle notebook sessions", "the kernel is ended", "Variables in memory are lost.", END),
    Group("webapp_backends", "Idle web app backends", "the backend is stopped", "Start the backend again.", STOP),
)
GROUP: Mapping[str, Group] = {group.name: group for group in GROUPS}

# A plan holds thousands of values of the same few kinds.
_hints: Callable[[Any], dict[str, Any]] = cache(get_type_hints)


@dataclass(frozen=True)
class Options:
    """What to look for. Ages are whole days or hours; patterns are those of a shell (`*`, `?`), matched with names."""

    groups: tuple[str, ...] = tuple(GROUP)
    older_than_days: int = 30
    failures_days: int = 90
    keep_last: int = 10
    keep_last_success: bool = True
    keep_versions: int = 3
    unused_days: int = 90
    idle_hours: int = 24
    quarantine_days: int = 30
    temporary: tuple[str, ...] = ("tmp_*", "temp_*", "*_tmp", "*_temp")
    temporary_tag: str = "temporary"
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    all_projects: bool = False
    log_files: bool = False


@dataclass(frozen=True)
class Signal:
    """One sign of use. `state` is "use", "possible" (code that can only be searched as text), "none", or "unknown"."""

    name: str
    state: str
    text: str = ""


@dataclass(frozen=True)
class Thing:
    """Something that may be cleaned up, as DSS and the disk tell of it.

    `at` is since when it is what it is (ended, made, built); `series` what "keep the last" counts within; `live` whether
    it runs or is the active one, None where DSS does not say; `version` changes whenever it is changed, built or used.
    `protected` holds what DSS itself says against touching it."""

    group: str
    project_key: str
    id: str
    name: str = ""
    series: str = ""
    at: Optional[datetime] = None
    began_at: Optional[datetime] = None
    used_at: Optional[datetime] = None
    size: Optional[int] = None
    outcome: str = ""
    live: Optional[bool] = False
    tags: tuple[str, ...] = ()
    signals: tuple[Signal, ...] = ()
    rebuild: str = ""
    version: str = ""
    protected: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.group, self.project_key, self.id)

    def whole(self) -> Thing:
        return self


class JobLog(NamedTuple):
    """A job's log under the names that a thing has: of the very many, only those that a plan names become things."""

    project_key: str
    id: str
    series: str
    outcome: str
    live: bool
    at: Optional[datetime]
    began_at: Optional[datetime]
    size: Optional[int]
    protected: tuple[str, ...] = ()
    # What a job's log never has, for whoever judges it.
    group: str = "job_logs"
    name: str = ""
    used_at: Optional[datetime] = None
    tags: tuple[str, ...] = ()
    signals: tuple[Signal, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.group, self.project_key, self.id)

    def whole(self) -> Thing:
        return Thing(**self._asdict(), version=f"{self.outcome} {self.at}")


Found = Union[Thing, JobLog]


@dataclass(frozen=True)
class Document:
    """An object of the project as JSON, which may name others. `signal` is the kind of use that its naming one would be
    ("notebook"), `where` what people call it ("notebook Sales")."""

    signal: str
    where: str
    value: Any


@dataclass(frozen=True)
class Origin:
    """What a list says of a dataset or folder beside what a snapshot holds; `version` changes with every save."""

    tags: tuple[str, ...] = ()
    created_at: Optional[datetime] = None
    modified_at: Optional[datetime] = None
    version: str = ""
    protected: tuple[str, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """A thing with what would be done to it, why, and what protects it: with anything in `protected_by` nothing is done."""

    thing: Thing
    action: str
    reason: str
    protected_by: tuple[str, ...] = ()

    @property
    def goes(self) -> bool:
        return not self.protected_by


@dataclass(frozen=True)
class Gap:
    """What could not be looked at: a group of a project, why, and what would change it."""

    group: str
    project_key: str
    reason: str
    needs: str = ""


@dataclass(frozen=True)
class Sum:
    """A group's totals over everything found, also what `candidates` has no room for. `unsized` items have no size."""

    group: str
    goes: int = 0
    size: int = 0
    unsized: int = 0
    protected: int = 0
    left_out: int = 0


@dataclass(frozen=True)
class Plan:
    """What a clean-up would do, as of one moment. `id` is '' while it is nowhere kept; `by` is who asked for it."""

    id: str
    project_key: str
    projects: tuple[str, ...]
    made_at: datetime
    by: str
    options: Options
    candidates: tuple[Candidate, ...] = ()
    sums: tuple[Sum, ...] = ()
    gaps: tuple[Gap, ...] = ()
    log_debt: Optional[int] = None  # bytes of all job and scenario logs on disk; None where the disk was not seen

    @property
    def going(self) -> tuple[Candidate, ...]:
        return tuple(candidate for candidate in self.candidates if candidate.goes)


@dataclass(frozen=True)
class Quarantined:
    """What the state folder keeps of an object in quarantine: since when, until when, and its version just after."""

    project_key: str
    kind: str  # DATASET or MANAGED_FOLDER
    id: str
    since: datetime
    until: datetime
    version: str
    by: str = ""


@dataclass(frozen=True)
class Receipt:
    """What became of one candidate: "done", "gone" (it was no longer there), "left" (named why) or "failed"."""

    group: str
    project_key: str
    id: str
    name: str
    action: str
    outcome: str
    text: str = ""
    size: Optional[int] = None
    reason: str = ""
    at: Optional[datetime] = None

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.group, self.project_key, self.id)


@dataclass(frozen=True)
class Execution:
    """One run of a plan. `attempt` counts from 1; `continued` says that an earlier run of it was cut off."""

    plan_id: str
    attempt: int
    by: str
    started_at: datetime
    ended_at: Optional[datetime] = None
    receipts: tuple[Receipt, ...] = ()
    continued: bool = False

    def count(self, outcome: str) -> int:
        return sum(receipt.outcome == outcome for receipt in self.receipts)

    @property
    def freed(self) -> int:
        done = (receipt for receipt in self.receipts if receipt.outcome == "done")
        return sum(receipt.size or 0 for receipt in done if receipt.action in (DELETE, CLEAR))


@dataclass(frozen=True)
class Report:
    """A clean-up as it is shown: its plan, what was executed of it, and what people should know beforehand. `zone` is the
    project's, in which its times are shown."""

    plan: Plan
    execution: Optional[Execution] = None
    notes: tuple[str, ...] = ()
    kept_at: str = ""  # where plan and rows stand in the state folder; '' where there is none
    zone: str = "UTC"


@dataclass(frozen=True)
class Past:
    """One execution that is over, in numbers; `freed` in bytes."""

    plan_id: str
    by: str
    ended_at: Optional[datetime]
    done: int = 0
    gone: int = 0
    left: int = 0
    failed: int = 0
    freed: int = 0


@dataclass(frozen=True)
class Debt:
    """The size of a project's logs on disk when a plan of it was made."""

    at: datetime
    size: int


@dataclass(frozen=True)
class Tagged:
    """An object that is in quarantine now: `kind` DATASET or MANAGED_FOLDER, `until` the day of its tag."""

    kind: str
    id: str
    name: str
    until: str


@dataclass(frozen=True)
class Overview:
    """A project's clean-up as its state folder tells. `there` is False without one; `unknown` says what could not be
    read. `approved_by` is '' where nobody approved the plan lately. `zone` is the project's, in which times are shown."""

    taken_at: datetime
    there: bool = True
    unknown: str = ""
    plan: Optional[Plan] = None
    approved_by: str = ""
    approved_at: Optional[datetime] = None
    executed: bool = False
    past: tuple[Past, ...] = ()
    debts: tuple[Debt, ...] = ()
    quarantined: tuple[Tagged, ...] = ()
    zone: str = "UTC"


def receipt_of(candidate: Candidate, outcome: str, text: str = "", at: Optional[datetime] = None) -> Receipt:
    thing = candidate.thing
    named = (thing.group, thing.project_key, thing.id, thing.name or thing.id)
    return Receipt(*named, candidate.action, outcome, text, thing.size, candidate.reason, at)


# --- as files --------------------------------------------------------------------------------------------------------


def plan_json(plan: Plan) -> bytes:
    return _written({**asdict(plan), "schema_version": SCHEMA_VERSION})


def plan_from(found: Any) -> Optional[Plan]:
    """The plan that a parsed file holds, None where it holds none: whatever it says is checked again before it counts."""
    if not isinstance(found, dict):
        return None
    try:
        options = options_from(found.get("options"))
        plan = _made(Plan, {**found, "options": options, "candidates": (), "sums": (), "gaps": ()})
        plan = replace(plan, candidates=tuple(_candidate(each) for each in found.get("candidates") or ()))
        plan = replace(plan, sums=tuple(_made(Sum, each) for each in found.get("sums") or ()))
        return replace(plan, gaps=tuple(_made(Gap, each) for each in found.get("gaps") or ()))
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError):
        return None


def options_from(found: Any) -> Options:
    return _made(Options, found or {})


def document(value: Any) -> bytes:
    """A receipt, an execution's beginning or a quarantine as a file of the state folder."""
    return _written({**asdict(value), "schema_version": SCHEMA_VERSION})


def past_from(found: Any, plan_id: str) -> Optional[Past]:
    """An execution's end as its file sums it up."""
    counts = found.get("counts") if isinstance(found, dict) else None
    return _or_none(Past, {**found, **counts, "plan_id": plan_id}) if isinstance(counts, dict) else None


def debt_from(found: Any) -> Optional[Debt]:
    return _or_none(Debt, found)


def receipt_from(found: Any) -> Optional[Receipt]:
    return _or_none(Receipt, found)


def quarantined_from(found: Any) -> Optional[Quarantined]:
    return _or_none(Quarantined, found)


def _candidate(found: Mapping[str, Any]) -> Candidate:
    told = dict(found["thing"])
    signals = tuple(_made(Signal, each) for each in told.get("signals") or ())
    return _made(Candidate, {**found, "thing": replace(_made(Thing, {**told, "signals": ()}), signals=signals)})


def _or_none(kind: type[T], found: Any) -> Optional[T]:
    try:
        return _made(kind, found) if isinstance(found, dict) else None
    except (TypeError, ValueError, AttributeError, OverflowError):
        return None


def _made(kind: type[T], found: Mapping[str, Any]) -> T:
    """A value of `kind` from its JSON: instants are parsed, lists become tuples, keys of a newer version are passed over.
    TypeError or ValueError for a value of another type: what is read was written by whoever may write to the folder."""
    hints = _hints(kind)
    known = {each.name: found[each.name] for each in fields(kind) if each.name in found}  # type: ignore[arg-type]
    return kind(**{name: _value(name, hints[name], value) for name, value in known.items()})


def _value(name: str, hint: Any, value: Any) -> Any:
    inner = [each for each in get_args(hint) if each is not type(None)] if get_origin(hint) is Union else []
    if inner:
        return None if value is None else _value(name, inner[0], value)
    if hint is datetime and isinstance(value, str):
        at = datetime.fromisoformat(value)
        if at.tzinfo is None:
            raise ValueError(f"{name} has no zone")
        return at
    if get_origin(hint) is tuple and isinstance(value, (list, tuple)):
        return tuple(_value(name, get_args(hint)[0], each) for each in value)
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise TypeError(f"{name} is a {type(value).__name__}")
    return value


def _written(value: Any) -> bytes:
    return json.dumps(value, default=lambda at: at.isoformat(), separators=(",", ":"), allow_nan=False).encode()
