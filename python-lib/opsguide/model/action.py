"""What a person may ask DSS to do from the page, what is told before it is done, and what became of it.

Instants are timezone-aware UTC, durations seconds. Names and texts come from DSS or from people and are untrusted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Optional

from .known import Known
from .report import Typical
from .snapshot import ObjectRef

RUN_SCENARIOS = "Run scenarios"
WRITE_CONTENT = "Write project content"

# Where a run of a scenario carries the id of the request that started it, among the parameters of its trigger.
REQUEST_PARAMETER = "operations_guide_request"


@dataclass(frozen=True)
class Kind:
    """One kind of action: `verb` begins its title, `on` is what it acts on ("scenario", "object", "dataset" or "job"),
    `right` what it takes in DSS's words. `overwrites` says that it replaces or removes data."""

    name: str
    verb: str
    on: str
    right: str
    overwrites: bool = False


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("run-scenario", "Run", "scenario", RUN_SCENARIOS),
        Kind("abort-scenario", "Abort", "scenario", RUN_SCENARIOS),
        Kind("build", "Build", "object", WRITE_CONTENT, overwrites=True),
        Kind("rebuild-from", "Rebuild what follows", "object", WRITE_CONTENT, overwrites=True),
        Kind("abort-job", "Abort job", "job", WRITE_CONTENT),
        Kind("compute-metrics", "Compute the metrics of", "dataset", WRITE_CONTENT),
        Kind("compute-rules", "Compute the rules of", "dataset", WRITE_CONTENT),
        Kind("clear", "Clear", "dataset", WRITE_CONTENT, overwrites=True),
    )
}

# How much of what lies upstream a build takes along: DSS's job type, and the words of its screen.
MODES: Mapping[str, tuple[str, str]] = {
    "only": ("NON_RECURSIVE_FORCED_BUILD", "only this"),
    "modified": ("RECURSIVE_BUILD", "with upstream, only what is modified"),
    "all": ("RECURSIVE_FORCED_BUILD", "with upstream, all of it"),
}


@dataclass(frozen=True)
class Order:
    """What is asked for. `kind` is one of `KINDS`; `subject` as in events: "scenario:ID", "dataset:NAME", "job:ID";
    `mode` one of `MODES` for a build, else ''; `partition` '' for the whole object."""

    kind: str
    subject: str
    mode: str = ""
    partition: str = ""

    @property
    def name(self) -> str:
        """The id or name behind the kind of the subject."""
        return self.subject.partition(":")[2]

    def to_json(self) -> dict[str, str]:
        return {"kind": self.kind, "subject": self.subject, "mode": self.mode, "partition": self.partition}


def order_of(found: Any) -> Optional[Order]:
    """The order that an event holds, None where it holds none that this version knows."""
    if not isinstance(found, Mapping):
        return None
    texts = [found.get(name, "") for name in ("kind", "subject", "mode", "partition")]
    if not all(isinstance(text, str) for text in texts) or texts[0] not in KINDS or texts[2] not in ("", *MODES):
        return None
    return Order(*texts)


# --- before ----------------------------------------------------------------------------------------------------------


class Standing(str, Enum):
    """What a check before an action came to. UNKNOWN never counts as fine."""

    BLOCKS = "blocks"
    NOTICE = "notice"
    UNKNOWN = "unknown"
    FINE = "fine"


@dataclass(frozen=True)
class Check:
    """One thing looked at before an action. `text` is a sentence, `evidence` what it rests on, `needs` the right or step
    that would make an unknown known."""

    id: str
    standing: Standing
    text: str
    evidence: tuple[str, ...] = ()
    needs: str = ""


@dataclass(frozen=True)
class Target:
    """An object that an action makes anew. `waits` are who uses it: projects that it is shared with, consumers."""

    ref: ObjectRef
    name: str
    is_output: bool = False
    waits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Proposal:
    """An action as it is shown before it is confirmed.

    `targets` are the objects made anew, each after what it is made from; of a scenario, what it may build. `takes` is how
    long it takes by history, `expected_end` when it would be done if started now. `notify` are whom to tell, `notice` the
    text to send them. `typed` is what the person must type to confirm, '' where a reason suffices. `shown` seals what was
    shown: what is confirmed is that, or nothing."""

    order: Order
    title: str
    name: str
    right: str
    checks: tuple[Check, ...]
    targets: Known[tuple[Target, ...]]
    takes: Typical
    expected_end: Optional[datetime]
    notify: tuple[str, ...]
    notice: str
    typed: str
    shown: str
    at: datetime

    @property
    def blocked(self) -> tuple[Check, ...]:
        """What stands in the way; none where it can be confirmed."""
        return tuple(check for check in self.checks if check.standing is Standing.BLOCKS)


@dataclass(frozen=True)
class Rights:
    """Whether a person may run scenarios and write content in the project; None where only DSS can tell."""

    run: Optional[bool] = None
    write: Optional[bool] = None
    why: str = ""

    def holds(self, right: str) -> Optional[bool]:
        return self.write if right == WRITE_CONTENT else self.run


# --- after -----------------------------------------------------------------------------------------------------------


class State(str, Enum):
    """Where an action is."""

    REQUESTED = "requested"  # on record, and nothing tells yet whether DSS took it
    STARTED = "started"  # DSS took it; its run is not to be seen yet
    RUNNING = "running"
    FINISHED = "finished"
    REFUSED = "refused"
    CANNOT_TELL = "cannot tell"

    @property
    def open(self) -> bool:
        """Whether something may still be under way."""
        return self in (State.REQUESTED, State.STARTED, State.RUNNING)


@dataclass(frozen=True)
class Record:
    """What the state folder holds of one action: that it was asked for, and what was found out since.

    `id` is the uuid of its event, `request` the id of the form. `fire` is the id of the trigger's fire, `run_id` and
    `job_id` what DSS started, each '' until known. `state` and `said` are the last that was recorded."""

    id: str
    request: str
    order: Order
    title: str
    at: datetime
    by: str
    reason: str
    state: State = State.REQUESTED
    said: str = ""
    outcome: str = ""
    fire: str = ""
    run_id: str = ""
    job_id: str = ""
    outputs: tuple[str, ...] = ()
    usual_seconds: Optional[float] = None
    started_at: Optional[datetime] = None
    ended_at: Optional[datetime] = None


@dataclass(frozen=True)
class Progress:
    """An action as it is now: its record, and what DSS says of the run or job. `expected_end` is None where no history
    tells; `late` says that it should have ended. `log` are the last lines, secrets masked, where they were asked for."""

    record: Record
    state: State
    said: str
    as_of: datetime
    outcome: str = ""
    started_at: Optional[datetime] = None
    ended_at: Optional[datetime] = None
    expected_end: Optional[datetime] = None
    step: str = ""
    may_abort: Optional[Order] = None
    log: Known[tuple[str, ...]] = field(default=())

    @property
    def late(self) -> bool:
        return self.state.open and self.expected_end is not None and self.as_of > self.expected_end
