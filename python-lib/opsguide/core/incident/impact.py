"""What waits for the thing that is wrong, and who is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from ...model.incident import Failure, Incident, Shown, Suspicion
from ...model.known import Known, Unknown, known
from ...model.ledger import about
from ...model.report import OutputReport
from ...model.snapshot import ObjectRef
from .. import words
from ..compose.scene import Scene


@dataclass(frozen=True)
class Reach:
    """What an incident reaches: objects in the flow's order, the outputs among them, the projects that use any of them,
    what shows them, and the people who wait for them."""

    objects: tuple[ObjectRef, ...]
    outputs: tuple[OutputReport, ...]
    projects: Known[tuple[tuple[ObjectRef, tuple[str, ...]], ...]]
    shown: Known[tuple[Shown, ...]]
    consumers: tuple[str, ...]
    told: tuple[str, ...]
    untold: tuple[str, ...]


def reach(
    incident: Incident,
    scene: Scene,
    suspicion: Suspicion,
    failure: Optional[Failure],
    shown: Known[tuple[Shown, ...]],
) -> Reach:
    """From what is wrong, downstream."""
    objects = _objects(incident, scene, suspicion, failure)
    there = frozenset(objects)
    outputs = tuple(output for output in scene.outputs if output.ref in there)
    names = {scene.smart(ref) for ref in objects} | {ref.id for ref in objects}
    settings = scene.snapshot.settings
    told, untold = _told(incident, scene)
    return Reach(
        objects,
        outputs,
        settings
        if isinstance(settings, Unknown)
        else tuple((each.ref, each.to_projects) for each in settings.exposed if each.ref in there and each.to_projects),
        shown if isinstance(shown, Unknown) else tuple(each for each in shown if names & set(each.reads)),
        tuple(dict.fromkeys(name for output in outputs for name in scene.dataset_profile(output.ref).consumers)),
        told,
        untold,
    )


def _objects(
    incident: Incident, scene: Scene, suspicion: Suspicion, failure: Optional[Failure]
) -> tuple[ObjectRef, ...]:
    """What is wrong itself, all that is made from it, and what its scenario builds."""
    wrong = [symptom.ref for symptom in incident.symptoms if symptom.ref is not None]
    if failure is not None:
        wrong.extend(failure.failed or failure.targets)
    if suspicion.ref is not None:
        wrong.append(suspicion.ref)
    for report in scene.scenarios:
        subject = about("SCENARIO", report.id)
        if incident.root.subject == subject and incident.root.kind in ("missed_run", "failed_run", "late_run"):
            wrong.extend(known(report.targets, ()))
    found = dict.fromkeys(wrong)
    for ref in wrong:
        found.update(dict.fromkeys(scene.flow.downstream(ref)))
    order = {ref: place for place, ref in enumerate(scene.flow.refs.values())}
    return tuple(sorted(found, key=lambda ref: order.get(ref, len(order))))


def _told(incident: Incident, scene: Scene) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Whom the reporters of its scenarios reach, and the scenarios of which nobody hears."""
    ways: list[str] = []
    untold: list[str] = []
    subjects = {symptom.subject for symptom in incident.symptoms}
    for report in scene.scenarios:
        if about("SCENARIO", report.id) not in subjects:
            continue
        if isinstance(report.told, Unknown):
            untold.append(f"{report.name}: {report.told.reason}")
            continue
        ways.extend(
            f"{report.name}: {way}" for way in (*report.told.ways, *(f"perhaps {w}" for w in report.told.unsure))
        )
        if report.told.nobody:
            broken = f" ({words.listed(report.told.broken, 2)})" if report.told.broken else ""
            untold.append(f"{report.name}: nobody is told when it fails{broken}")
    silent = [s.name for s in incident.symptoms if s.kind in ("missed_run", "quiet")]
    if silent:
        untold.append(f"{words.listed(silent, 3)}: a reporter of DSS speaks only when a run ends, and there was none")
    return tuple(dict.fromkeys(ways)), tuple(dict.fromkeys(untold))
