"""Where the cause probably lies: an inference, and always called one.

For a person: *begin where the first recipe failed and walk upstream, as long as what it is made from failed, is late or
was not built. A source later than promised is the suspect; what failed on inputs that are all there is the code or the
engine; a rule that failed is a quality gate; a column that the error names as missing, or a source whose columns are not
the accepted ones, is a schema change. What could not be seen is not taken for healthy.*

Worked example: "orders" failed; it is made from the source "orders_files", promised by 01:30 and last seen yesterday:
late source. Had the source come at 01:04, the recipe of "orders" would be suspected, its code or its engine.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Optional

from ...model.incident import Failure, Incident, Suspicion, Symptom
from ...model.known import Unknown, known
from ...model.report import SourceReport
from ...model.snapshot import Job, ObjectRef
from .. import words
from ..compose.scene import Scene
from .grouping import named_sources

_SCHEMA = re.compile(
    r"(?i)column[^.]{0,80}(?:not found|does not exist|missing|unknown|invalid)|unknown column|no such column"
    r"|(?:missing|unexpected|invalid) column|schema (?:mismatch|has changed|changed|differs)|cannot resolve"
    r"|KeyError: ['\"]|not in index|invalid input syntax for|could not convert|cannot cast|type mismatch"
)
_ENGINE = re.compile(
    r"(?i)connection (?:refused|reset|timed out)|could not connect|too many connections|out of memory|OutOfMemory"
    r"|heap space|no space left|disk quota|deadlock|lock wait timeout|timed? ?out|executor lost|killed|server closed"
    r"|permission denied|access denied|authentication failed"
)
_EVIDENCE_MOST = 8


def suspicion(incident: Incident, scene: Scene, failure: Optional[Failure]) -> Suspicion:
    """The likeliest origin of an incident, with what speaks for it. `failure` is where its run failed, None where there
    is none to see."""
    root = incident.root
    if root.kind == "outage":
        return Suspicion("instance", "The instance was probably down: nothing at all ran", (root.said,))
    if root.kind == "late_source":
        return Suspicion("late_source", f"{root.name} is late", (root.said,), root.ref)
    if root.kind == "missed_run":
        return _not_started(root, scene)
    if root.kind in ("quality", "rows") and root.ref is not None:
        return _implausible(root, root.ref, scene)
    if failure is None:
        return _unseen(root, scene)
    if failure.step_type in ("check_dataset", "check_consistency") and not failure.running:
        names = words.listed([scene.name(ref) for ref in failure.targets], 3)
        return Suspicion(
            "quality_gate",
            f"A quality gate stopped it: a rule of {names or 'what it checks'} failed",
            (f"the failed step “{failure.step}” checks rules", *_said(failure)),
            failure.targets[0] if len(failure.targets) == 1 else None,
        )
    return _of_failure(root, failure, scene)


def _of_failure(root: Symptom, failure: Failure, scene: Scene) -> Suspicion:
    start = _start(failure, scene)
    walk = _walk(start, failure, scene, root.began_at)
    evidence = tuple(walk.evidence[:_EVIDENCE_MOST])
    recipe = failure.activity.recipe if failure.activity is not None else ""
    if walk.late:
        ref = walk.late[0]
        return Suspicion("late_source", f"{scene.name(ref)} is late", evidence, ref, recipe)
    missing = [ref for ref in named_sources(scene, failure) if not start or ref in walk.seen]
    if missing:
        said = f"{scene.name(missing[0])} had not arrived: the error names it as missing"
        return Suspicion("late_source", said, (*_said(failure), *evidence), missing[0], recipe)
    changed = _schema(failure, walk.seen, scene, root.well_at)
    if changed is not None:
        return Suspicion("schema_change", changed[0], (*changed[1], *evidence), changed[2], recipe)
    what = "the engine or the system behind it" if _ENGINE.search(_error(failure)) else "its code or its engine"
    doer = f"recipe {recipe}" if recipe else f"the step “{failure.step}”" if failure.step else "the run"
    if failure.running:
        said = f"{words.capital(doer)} takes long"
        return Suspicion("code_or_engine", said, evidence, start[0] if start else None, recipe)
    if walk.unseen:
        names = words.listed([scene.name(ref) for ref in walk.unseen], 3)
        said = f"{words.capital(doer)} failed, {what}; or {names}, which could not be seen"
        return Suspicion("unknown", said, (*_said(failure), *evidence), walk.unseen[0], recipe)
    said = f"{words.capital(doer)} failed although what it reads is there: {what}"
    return Suspicion("code_or_engine", said, (*_said(failure), *evidence), start[0] if start else None, recipe)


def _said(failure: Failure) -> tuple[str, ...]:
    said = words.one_line(_error(failure), 300)
    return (f"the error: {said}",) if said else ()


def _error(failure: Failure) -> str:
    return failure.message or (failure.activity.message if failure.activity is not None else "")


# --- walking upstream ------------------------------------------------------------------------------------------------


class _Walk:
    """What was met on the way upstream, in the order of meeting."""

    def __init__(self) -> None:
        self.seen: dict[ObjectRef, None] = {}
        self.late: list[ObjectRef] = []
        self.unseen: list[ObjectRef] = []
        self.evidence: list[str] = []


def _start(failure: Failure, scene: Scene) -> tuple[ObjectRef, ...]:
    """What could not be built: what the failed recipe makes, else what the run reports, else what the step names."""
    recipe = failure.activity.recipe if failure.activity is not None else ""
    node = next((key for key, node in scene.flow.recipes.items() if recipe and recipe in (node.ref, node.id)), None)
    made = tuple(scene.flow.refs[i] for i in scene.flow.children.get(node or "", ()) if i in scene.flow.refs)
    return made or failure.failed or failure.targets


def _walk(start: Sequence[ObjectRef], failure: Failure, scene: Scene, began: datetime) -> _Walk:
    walk = _Walk()
    sources = {source.ref: source for source in scene.sources}
    states, jobs = _states(failure, scene), _jobs(scene)
    queue = deque(start)
    while queue:
        for ref in scene.flow.made_from(queue.popleft()):
            if ref in walk.seen:
                continue
            walk.seen[ref] = None
            if ref in sources:
                _meet(walk, sources[ref], scene, began)
                continue
            state = states.get(ref) or _built(jobs.get(ref, ()), scene, began)
            if state == "built":
                walk.evidence.append(f"{scene.name(ref)} was built by this night's run")
                continue
            if state:
                walk.evidence.append(f"{scene.name(ref)}: {state}")
            queue.append(ref)
    return walk


def _meet(walk: _Walk, source: SourceReport, scene: Scene, began: datetime) -> None:
    """What is known of a source on the way: late, there, or not to be seen."""
    ref, fresh, name = source.ref, source.freshness, scene.name(source.ref)
    if fresh is not None and fresh.verdict == "STALE_ERROR":
        walk.late.append(ref)
        walk.evidence.append(f"{name}: {fresh.reason}")
    elif fresh is not None and fresh.verdict == "FRESH":
        came = fresh.data_at
        if came is not None and came > began:
            walk.late.append(ref)
            walk.evidence.append(f"{name} came at {scene.time(came)}, after the run had begun")
        else:
            walk.evidence.append(f"{name} was there: {fresh.reason}")
    elif isinstance(source.arrival, Unknown):
        walk.unseen.append(ref)
        walk.evidence.append(f"{name} could not be seen: {source.arrival.reason}")
    else:
        walk.evidence.append(f"{name} last came at {scene.time(source.arrival.at)} ({source.arrival.how})")


def _states(failure: Failure, scene: Scene) -> Mapping[ObjectRef, str]:
    """What the job says of the objects that its recipes make."""
    by_recipe = {activity.recipe: activity.state for activity in failure.activities if activity.recipe}
    found: dict[ObjectRef, str] = {}
    for key, node in scene.flow.recipes.items():
        state = by_recipe.get(node.ref) or by_recipe.get(node.id)
        word = {"DONE": "built", "FAILED": "failed in the same job", "ABORTED": "stopped in the same job"}.get(
            state or "", ""
        )
        if word:
            made = (scene.flow.refs[i] for i in scene.flow.children.get(key, ()) if i in scene.flow.refs)
            found.update(dict.fromkeys(made, word))
    return found


def _jobs(scene: Scene) -> Mapping[ObjectRef, Sequence[Job]]:
    """The jobs that were to make each object, the newest first."""
    found: dict[ObjectRef, list[Job]] = defaultdict(list)
    for job in known(scene.snapshot.jobs, ()):
        for ref in {made for made, _ in job.outputs}:
            found[ref].append(job)
    return found


def _built(jobs: Iterable[Job], scene: Scene, began: datetime) -> str:
    """What the job list says of an object: built since the run began, failed, or '' where it says nothing of the night."""
    for job in jobs:
        if job.state == "FAILED" and job.start is not None and job.start >= began:
            return "failed"
        if job.state == "DONE" and job.end is not None:
            return "built" if job.end >= began else f"last built {scene.time(job.end)}"
    return ""


# --- schema changes --------------------------------------------------------------------------------------------------


def _schema(
    failure: Failure, seen: Iterable[ObjectRef], scene: Scene, well_at: Optional[datetime]
) -> Optional[tuple[str, tuple[str, ...], Optional[ObjectRef]]]:
    """What was said, the evidence and the object, where columns are the likely reason; None where nothing says so."""
    inputs = tuple(seen)
    for ref in inputs:
        differs = scene.unaccepted(ref)
        if differs:
            return f"The columns of {scene.name(ref)} are not the accepted ones", (differs, *_said(failure)), ref
    if not _SCHEMA.search(_error(failure)):
        return None
    for ref in inputs:
        dataset = scene.datasets.get(ref)
        if (
            dataset is not None
            and dataset.modified_at is not None
            and well_at is not None
            and dataset.modified_at > well_at
        ):
            changed = f"{scene.name(ref)} was changed {scene.time(dataset.modified_at)}, after the last success"
            return (
                f"Columns of {scene.name(ref)} probably changed: the error speaks of columns",
                (changed, *_said(failure)),
                ref,
            )
    return "A column is missing or of another type, as the error says", _said(failure), None


# --- without a failed run --------------------------------------------------------------------------------------------


def _not_started(root: Symptom, scene: Scene) -> Suspicion:
    """Nobody started it: the instance was up when others ran at that time, so the trigger or its project is to blame."""
    around = [
        report.name
        for report in scene.scenarios
        for run in known(report.overnight, ())
        if run.start is not None
        and abs((run.start - root.began_at).total_seconds()) < 3600
        and report.name != root.name
    ]
    evidence = [root.said]
    if around:
        evidence.append(f"the instance was up: {words.listed(list(dict.fromkeys(around)), 3)} ran within the hour")
        said = "DSS was up and did not start it: look at its trigger, at the run that it may wait for, and at who changed it"
    else:
        evidence.append("nothing else of this project ran within the hour: the instance may have been down")
        said = "DSS did not start it; whether it was up at the time, this project does not show"
    return Suspicion("start", said, tuple(evidence))


def _implausible(root: Symptom, ref: ObjectRef, scene: Scene) -> Suspicion:
    """Data that was built but cannot be right: its inputs first."""
    late = [
        source.ref
        for source in scene.sources
        if source.freshness is not None and source.freshness.verdict == "STALE_ERROR" and ref in source.downstream
    ]
    if late:
        return Suspicion("late_source", f"{scene.name(late[0])} is late", (root.said,), late[0])
    above = scene.flow.upstream(ref)
    odd = [
        output.ref
        for output in scene.outputs
        if output.ref in above
        and not isinstance(output.rows, Unknown)
        and output.rows.verdict in ("ERROR", "NEW_LEVEL")
    ]
    for above_ref in above:
        differs = scene.unaccepted(above_ref)
        if differs:
            return Suspicion(
                "schema_change",
                f"The columns of {scene.name(above_ref)} are not the accepted ones",
                (differs,),
                above_ref,
            )
    inputs = words.listed([scene.name(each) for each in scene.flow.made_from(ref)], 4)
    said = (
        f"Its build went well, so the data is to blame: compare {scene.name(odd[0]) if odd else inputs or 'its input'}"
    )
    return Suspicion(
        "quality_gate" if root.kind == "quality" else "unknown", said, (root.said,), odd[0] if odd else ref
    )


def _unseen(root: Symptom, scene: Scene) -> Suspicion:
    return Suspicion("unknown", f"What stopped it could not be seen: {root.said}", ())
