"""Symptoms, failures and events of incidents made by hand, on the project of `nights`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Optional

from opsguide.core.assess import assess
from opsguide.core.compose.scene import Scene
from opsguide.model.event import Event
from opsguide.model.incident import Activity, Failure, Symptom
from opsguide.model.profile import Declared
from opsguide.model.snapshot import ObjectRef, Snapshot
from tests.nights import HOUR, NOW, night, promises, ref

RUN = "2025-10-14-00-00-20-000"
BEGAN = NOW - 5 * HOUR


def scene(snapshot: Optional[Snapshot] = None, declared: Optional[Declared] = None) -> Scene:
    snapshot, declared = snapshot or night(), declared or promises()
    return Scene(snapshot, declared, assess(snapshot, declared))


def symptom(kind: str, subject: str, began: datetime = BEGAN, **more: Any) -> Symptom:
    """`subject` as in events; of a dataset it also names the object."""
    name = subject.partition(":")[2]
    if subject.startswith("dataset:"):
        owner, _, rest = name.rpartition(".")
        more.setdefault("ref", ObjectRef("DATASET", owner or "RETAIL", rest))
    if kind == "failed_run":
        more.setdefault("run_id", RUN)
    return Symptom(kind, subject, name, kind.upper(), f"{kind} of {name}", began, **more)


def failure(*failed: str, recipe: str = "", message: str = "", **more: Any) -> Failure:
    """The nightly run, which could not build `failed`; `recipe` is the one of the activity that failed."""
    given: dict[str, Any] = {
        "step": "build",
        "step_type": "build_flowitem",
        "number": 1,
        "of": 2,
        "job_id": "job_failed",
    }
    activities = (Activity(f"{recipe}_NP", recipe, "FAILED", message),) if recipe else ()
    refs = tuple(map(ref, failed))
    return Failure("NIGHTLY", RUN, **{**given, "activities": activities, "message": message, "failed": refs, **more})


def event(kind: str, of: Symptom, at: datetime, by: str = "ada", text: str = "", **data: Any) -> Event:
    given = {"members": [of.id], "subject": of.subject, "what": of.kind, "name": of.name}
    uuid = f"{kind}-{by}-{at.isoformat()}"
    return Event(at, uuid, kind, by, f"incident:{of.id}", text, {**given, **data})
