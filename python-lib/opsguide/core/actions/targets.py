"""What an action makes anew, in order, and how long that takes by history."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Optional

from ...model.action import MODES, Order, Target
from ...model.known import Cause, Known, Unknown, known
from ...model.ledger import about
from ...model.report import DurationStat, Learning, ScenarioReport, Typical
from ...model.snapshot import ObjectRef
from ..compose.scene import Scene
from ..duration import TYPICAL_LEAST, percentile

# What a recursive build passes by, and a build of everything downstream as well.
NOT_REBUILT = ("EXPLICIT", "WRITE_PROTECT")
_HISTORY = 30


def object_of(scene: Scene, order: Order) -> Optional[ObjectRef]:
    """The object that an order is about, None where the flow has none of that name."""
    return scene.by_subject.get(order.subject)


def scenario_of(scene: Scene, order: Order) -> Optional[ScenarioReport]:
    """The scenario that an order is about, None where the list has none of that id."""
    return next((s for s in scene.scenarios if about("SCENARIO", s.id) == order.subject), None)


def targets(scene: Scene, order: Order) -> Known[tuple[ObjectRef, ...]]:
    """The objects that an order makes anew (of a clearing: empties), each after what it is made from. For a build that
    takes along what is upstream, and for a scenario, those that it may make."""
    if order.kind in ("abort-scenario", "abort-job", "compute-metrics", "compute-rules"):
        return ()
    if order.kind == "run-scenario":
        return _of_scenario(scene, scenario_of(scene, order))
    if isinstance(scene.snapshot.graph, Unknown):
        return scene.snapshot.graph
    ref = object_of(scene, order)
    if ref is None:
        return Unknown("the flow has no such object", Cause.NOT_RECORDED)
    if order.kind == "rebuild-from":
        return tuple(each for each in scene.flow.downstream(ref) if _is_made(scene, each))
    if order.kind == "build" and order.mode != "only":
        return in_order(scene, scene.flow.rebuilt_with(ref, lambda above: not guarded(scene, above)))
    return (ref,)


def _of_scenario(scene: Scene, scenario: Optional[ScenarioReport]) -> Known[tuple[ObjectRef, ...]]:
    if scenario is None:
        return Unknown("the scenario is not in DSS's list", Cause.NOT_RECORDED)
    if isinstance(scenario.builds, Unknown):
        return scenario.builds
    if isinstance(scene.snapshot.graph, Unknown):
        # What is built along with others cannot be seen then.
        return scene.snapshot.graph
    return in_order(scene, scenario.builds)


def built(scene: Scene, order: Order) -> tuple[ObjectRef, ...]:
    """The objects that a job is asked for: one for a build, all that follows in order for a rebuild."""
    ref = object_of(scene, order)
    if order.kind == "rebuild-from":
        return known(targets(scene, order), ())
    return () if ref is None else (ref,)


def guarded(scene: Scene, ref: ObjectRef) -> str:
    """How its owner keeps a dataset from being rebuilt along with others: EXPLICIT, WRITE_PROTECT, else ''."""
    dataset = scene.datasets.get(ref)
    return dataset.rebuild_behavior if dataset is not None and dataset.rebuild_behavior in NOT_REBUILT else ""


def _is_made(scene: Scene, ref: ObjectRef) -> bool:
    own = ref.project_key == scene.snapshot.project_key
    return own and scene.flow.recipe_of(ref) is not None and not guarded(scene, ref)


def in_order(scene: Scene, refs: Iterable[ObjectRef]) -> tuple[ObjectRef, ...]:
    """Objects, each after those of them that it is made from."""
    wanted = frozenset(refs)
    # Whatever lies above an object has fewer of them above itself.
    above = {ref: len(wanted.intersection(scene.flow.upstream(ref))) for ref in wanted}
    return tuple(sorted(wanted, key=lambda ref: (above[ref], scene.smart(ref))))


def described(scene: Scene, refs: Known[tuple[ObjectRef, ...]]) -> Known[tuple[Target, ...]]:
    """Objects with who uses each: other projects, and the consumers that the profile names."""
    if isinstance(refs, Unknown):
        return refs
    settings = scene.snapshot.settings
    shared = {each.ref: each.to_projects for each in (() if isinstance(settings, Unknown) else settings.exposed)}
    return tuple(
        Target(
            ref,
            scene.name(ref),
            ref in scene.output_of,
            (
                *(f"project {key}" for key in shared.get(ref, ())),
                *scene.dataset_profile(ref).consumers,
            ),
        )
        for ref in refs
    )


# --- how long --------------------------------------------------------------------------------------------------------


def takes(scene: Scene, order: Order) -> Typical:
    """How long it takes by history: of a scenario its last good runs; of a build the last jobs that built the same in
    the same way, else what each object took by itself."""
    if order.kind == "run-scenario":
        scenario = scenario_of(scene, order)
        return scenario.duration if scenario is not None else Unknown("the scenario is not in DSS's list")
    if order.kind not in ("build", "rebuild-from"):
        return Unknown("nothing records how long this takes", Cause.NOT_RECORDED)
    wanted = built(scene, order)
    whole = _jobs_alike(scene, MODES[order.mode or "only"][0], wanted)
    if isinstance(whole, DurationStat) or order.mode in ("modified", "all"):
        return whole
    parts = _parts(scene, wanted)
    return whole if parts is None else parts


def _jobs_alike(scene: Scene, job_type: str, refs: Iterable[ObjectRef]) -> Typical:
    if isinstance(scene.snapshot.jobs, Unknown):
        return scene.snapshot.jobs
    alike = scene.job_lengths.get((job_type, frozenset(refs)), ())[:_HISTORY]
    if len(alike) < TYPICAL_LEAST:
        return Learning(len(alike), TYPICAL_LEAST, "jobs like this")
    lengths = [seconds for _, seconds in alike]
    p10, p50, p90, p95 = (percentile(lengths, share) for share in (0.10, 0.50, 0.90, 0.95))
    return DurationStat(p10, p50, p90, p95, len(alike), alike[-1][0])


def _parts(scene: Scene, refs: Iterable[ObjectRef]) -> Optional[DurationStat]:
    """One object after the other, each as long as its good builds took; None where any has too few on record."""
    shares = (0.10, 0.50, 0.90, 0.95)
    found = []
    for ref in refs:
        lengths = [
            (build.end - build.start).total_seconds()
            for build in known(scene.fact(ref).builds, ())
            if build.success and build.start is not None and build.end is not None and build.end >= build.start
        ][:_HISTORY]
        if len(lengths) < TYPICAL_LEAST:
            return None
        found.append(lengths)
    if not found:
        return None
    p10, p50, p90, p95 = (sum(percentile(lengths, share) for lengths in found) for share in shares)
    return DurationStat(p10, p50, p90, p95, min(map(len, found)))


def usual(length: Typical) -> Optional[timedelta]:
    """Half of the times it is done within this."""
    return timedelta(seconds=length.p50) if isinstance(length, DurationStat) else None
