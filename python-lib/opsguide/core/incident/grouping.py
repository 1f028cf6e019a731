"""Symptoms that follow from one another, as one incident: one root cause, one alarm.

For a person: *an output is late because the scenario that builds it failed; that scenario failed because a source was
late; another one waits for it. So all of them are one incident, named after the source. What follows from what is
inferred from the flow, the scenarios' steps and triggers, and the error that DSS gave. Things that share no such tie are
incidents of their own, even when they happen at the same minute.*
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from ...model.incident import KINDS, Failure, Symptom
from ...model.known import Unknown, known
from ...model.ledger import about
from ...model.snapshot import ObjectRef, Scenario
from ..compose.scene import Scene

# What went wrong this long after its cause had ended may still follow from it: a late night makes a late morning.
AFTERMATH = timedelta(hours=12)
_RUNS = ("failed_run", "missed_run", "late_run", "quiet")


@dataclass(frozen=True)
class Group:
    """The symptom nearest to the cause, and what follows from it, each kind in the order of `KINDS`."""

    root: Symptom
    others: tuple[Symptom, ...]


def group(found: Sequence[Symptom], scene: Scene, failures: Mapping[str, Failure] | None = None) -> tuple[Group, ...]:
    """The symptoms put together, in the order of their beginnings. `failures` tell, by run id, where a run failed."""
    ties = _Ties(scene, failures or {})
    parents: dict[int, int] = {}
    for place, symptom in enumerate(found):
        causes = [other for other in range(len(found)) if other != place and ties.follows(symptom, found[other])]
        if causes:
            parents[place] = min(causes, key=lambda other: (_rank(found[other]), found[other].began_at, other))
    roots: dict[int, list[Symptom]] = {}
    for place, symptom in enumerate(found):
        roots.setdefault(_root(place, parents), []).append(symptom)
    groups = [
        Group(found[root], tuple(sorted((s for s in members if s is not found[root]), key=_order)))
        for root, members in roots.items()
    ]
    return tuple(sorted(groups, key=lambda each: _order(each.root)[1:]))


def _root(place: int, parents: Mapping[int, int]) -> int:
    seen = {place}
    while place in parents and parents[place] not in seen:
        place = parents[place]
        seen.add(place)
    return place


def _rank(symptom: Symptom) -> int:
    return KINDS.index(symptom.kind)


def _order(symptom: Symptom) -> tuple[int, object, str]:
    return _rank(symptom), symptom.began_at, symptom.subject


class _Ties:
    """What may follow from what: asked of every pair, so that what takes a walk is walked once."""

    def __init__(self, scene: Scene, failures: Mapping[str, Failure]) -> None:
        self.scene = scene
        self.failures = failures
        self._scenarios = {about("SCENARIO", each.id): each for each in known(scene.snapshot.scenarios, ())}
        self._built = {about("SCENARIO", each.id): known(each.builds, frozenset()) for each in scene.scenarios}
        self._above: dict[ObjectRef, frozenset[ObjectRef]] = {}

    def above(self, ref: ObjectRef) -> frozenset[ObjectRef]:
        """An object and all that it is made from."""
        if ref not in self._above:
            self._above[ref] = frozenset((ref, *self.scene.flow.upstream(ref)))
        return self._above[ref]

    def follows(self, effect: Symptom, cause: Symptom) -> bool:
        """Whether `effect` may well be there because of `cause`."""
        if not _may_cause(cause, effect):
            return False
        if cause.kind == "outage":
            return effect.kind in ("missed_run", "quiet") or (effect.kind == "promise" and cause.ended_at is None)
        if effect.kind in _RUNS:
            return self._run_follows(effect, cause)
        return self._object_follows(effect, cause)

    # --- a scenario follows from … ---------------------------------------------------------------------------------

    def _run_follows(self, effect: Symptom, cause: Symptom) -> bool:
        scenario = self._scenarios.get(effect.subject)
        if scenario is None:
            return False
        if cause.kind == "late_source":
            return cause.ref is not None and self._reads(scenario, effect, cause.ref)
        if cause.kind in _RUNS:
            return self._waits_for(scenario, effect, cause)
        return False

    def _reads(self, scenario: Scenario, effect: Symptom, source: ObjectRef) -> bool:
        """Whether a run stumbled over a source: it watches the source, or what it could not build is made from it."""
        if effect.kind == "quiet":
            return source in _watched(scenario, self.scene.snapshot.project_key)
        failure = self.failures.get(effect.run_id)
        if effect.kind != "failed_run" or failure is None:
            return False
        spoiled = failure.failed or failure.targets
        return any(source != ref and source in self.above(ref) for ref in spoiled)

    def _waits_for(self, scenario: Scenario, effect: Symptom, cause: Symptom) -> bool:
        """Whether a run needs another scenario's: it follows it, is started by its steps, or watches what it builds."""
        other = self._scenarios.get(cause.subject)
        if other is None or other.id == scenario.id:
            return False
        key = self.scene.snapshot.project_key
        if other.id in _followed(scenario, key) or scenario.id in _started(other, key):
            return effect.kind in ("missed_run", "quiet")
        if other.id in _started(scenario, key):
            return effect.kind in ("failed_run", "late_run")
        if effect.kind == "quiet":
            return self._same_silence(scenario, effect, other, cause)
        return False

    def _same_silence(self, scenario: Scenario, effect: Symptom, other: Scenario, cause: Symptom) -> bool:
        """What watches data stays quiet for the reason for which another run failed: the other builds it, or failed for
        want of the same source."""
        watched = _watched(scenario, self.scene.snapshot.project_key)
        built = self._built.get(about("SCENARIO", other.id), frozenset())
        failure = self.failures.get(cause.run_id)
        missing = named_sources(self.scene, failure) if failure is not None else ()
        return any(ref in built for ref in watched) or any(ref in missing for ref in watched)

    # --- an object follows from … ------------------------------------------------------------------------------------

    def _object_follows(self, effect: Symptom, cause: Symptom) -> bool:
        if effect.ref is None:
            return False
        above = self.above(effect.ref)
        if cause.kind in _RUNS:
            return cause.kind != "quiet" and self._spoils(effect, cause, above)
        if cause.ref is None or cause.ref not in above:
            return False
        if cause.ref == effect.ref:
            return _rank(cause) < _rank(effect)
        if effect.kind in ("rows", "quality"):
            return cause.kind in ("late_source", "rows", "quality")
        return cause.kind in ("late_source", "stale", "promise")

    def _spoils(self, effect: Symptom, cause: Symptom, above: frozenset[ObjectRef]) -> bool:
        """Whether a bad run of a scenario shows in an object: it builds it or something above it, or it failed while
        checking it."""
        if effect.kind == "quality":
            failure = self.failures.get(cause.run_id)
            return failure is not None and failure.step_type == "check_dataset" and effect.ref in failure.targets
        if effect.kind == "rows":
            return False  # what was built was built: its rows are not the fault of a run that failed
        return not above.isdisjoint(self._built.get(cause.subject, frozenset()))


def _may_cause(cause: Symptom, effect: Symptom) -> bool:
    """In time: it began first (a scenario that is started by another may begin in the same minute), and had not ended
    long before."""
    if cause.began_at > effect.began_at and not _before(cause, effect):
        return False
    if effect.ended_at is not None and cause.began_at >= effect.ended_at:
        return False
    return cause.ended_at is None or cause.ended_at + AFTERMATH > effect.began_at


def _before(cause: Symptom, effect: Symptom) -> bool:
    """A silence is dated from the last run, long before its cause; what has no date may be of any time."""
    return effect.kind in ("quiet", "stale") or not effect.dated


def named_sources(scene: Scene, failure: Failure) -> tuple[ObjectRef, ...]:
    """The sources that an error names in as many words and says to be missing."""
    said = " ".join((failure.message, failure.activity.message if failure.activity else "")).casefold()
    if not any(phrase in said for phrase in MISSING_PHRASES):
        return ()
    return tuple(source.ref for source in scene.sources if _named(source.ref.id.casefold(), said))


MISSING_PHRASES = ("does not exist", "no such file", "not found", "no files", "is empty", "root path of")


def _named(name: str, said: str) -> bool:
    """Whether a text names an object, as a word of its own."""
    place = said.find(name)
    while place >= 0 and len(name) > 2:
        around = said[place - 1 : place] + said[place + len(name) : place + len(name) + 1]
        if not any(letter.isalnum() or letter == "_" for letter in around):
            return True
        place = said.find(name, place + 1)
    return False


# --- what starts a scenario ------------------------------------------------------------------------------------------


def _watched(scenario: Scenario, project_key: str) -> tuple[ObjectRef, ...]:
    """The objects whose changes start a scenario."""
    found: list[ObjectRef] = []
    for trigger in _triggers(scenario, "ds_modified"):
        watches = trigger.get("watches")
        for watch in watches if isinstance(watches, (list, tuple)) else ():
            name = watch.get("itemId") if isinstance(watch, Mapping) else None
            if isinstance(name, str):
                owner, _, rest = name.rpartition(".")
                found.append(ObjectRef(str(watch.get("type") or "DATASET"), owner or project_key, rest or name))
    return tuple(found)


def _followed(scenario: Scenario, project_key: str) -> frozenset[str]:
    return frozenset(
        str(trigger.get("scenarioId"))
        for trigger in _triggers(scenario, "follow_scenariorun")
        if trigger.get("projectKey") in (None, "", project_key)
    )


def _triggers(scenario: Scenario, kind: str) -> Iterable[Mapping[str, object]]:
    settings = scenario.settings
    if isinstance(settings, Unknown):
        return ()
    return tuple(trigger.params for trigger in settings.triggers if trigger.active and trigger.type == kind)


def _started(scenario: Scenario, project_key: str) -> frozenset[str]:
    """The scenarios that its steps run."""
    settings = scenario.settings
    steps = () if isinstance(settings, Unknown) else settings.steps
    return frozenset(
        str(step.params.get("scenarioId"))
        for step in steps
        if step.enabled and step.type == "run_scenario" and step.params.get("projectKey") in (None, "", project_key)
    )
