"""From things to candidates: what is old enough to be spoken of, what would be done to it, and what protects it."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Optional

from ...model.cleanup import GROUP, QUARANTINE, Candidate, Found, Options, Quarantined, Signal, Sum, Thing
from .protection import Scene, last_sign, protections
from .quarantine import is_tagged, step
from .selection import Newest
from .uses import BUILT

# A plan has room for so many of each group that go, and so many that are protected, oldest first; sums count them all.
MAX_GOING, MAX_PROTECTED = 4_000, 200

Held = Mapping[tuple[str, str], Quarantined]
# What would be done to a thing, why, and what protects it.
_Judgement = tuple[str, str, tuple[str, ...]]


def judge(
    things: Iterable[Found],
    newest: Newest,
    options: Options,
    now: datetime,
    projects: frozenset[str],
    held: Held,
    only: Optional[frozenset[tuple[str, str, str]]] = None,
) -> tuple[tuple[Candidate, ...], tuple[Sum, ...]]:
    """The candidates, group by group and oldest first, and the sums over all.

    `newest` are those of each series, found before; memory does not grow with the number of things. `held` is what the
    state folder keeps of objects in quarantine, by project and id. `only` names what is asked about: each of it that is
    there gets a candidate, too young ones as well."""
    scene = Scene(options, now, newest, projects)
    found = {name: _Group(name) for name in GROUP if name in options.groups}
    for thing in things:
        if thing.group in found and (only is None or thing.key in only):
            judgement = _judgement(thing, scene, held, young_too=only is not None)
            if judgement is not None:
                found[thing.group].add(thing, judgement)
    return tuple(c for each in found.values() for c in each.candidates()), tuple(each.sum() for each in found.values())


OPEN, PROTECTED, YOUNG = "open", "protected", "young"


def standings(
    things: Iterable[Thing], options: Options, now: datetime, project_key: str
) -> Iterator[tuple[Thing, str]]:
    """Where each dataset and folder of a project stands before DSS was asked about it alone: what is protected (PROTECTED)
    or too young to be spoken of (YOUNG) by what the lists say stays so, whatever else there is to know; everything else
    is OPEN."""
    scene = Scene(options, now, Newest(options), frozenset({project_key}))
    return ((thing, _standing(thing, scene)) for thing in things)


def _standing(thing: Thing, scene: Scene) -> str:
    told = replace(thing, at=thing.at or datetime.min.replace(tzinfo=scene.now.tzinfo), signals=_without_built(thing))
    if is_tagged(thing.tags):
        return OPEN
    if _is_young(told, scene):
        return YOUNG
    return PROTECTED if protections(told, scene) else OPEN


def _without_built(thing: Thing) -> tuple[Signal, ...]:
    return tuple(signal for signal in thing.signals if signal.name != BUILT)


def _judgement(thing: Found, scene: Scene, held: Held, *, young_too: bool) -> Optional[_Judgement]:
    """None for a thing that is simply too young: everything new would be listed otherwise."""
    action = GROUP[thing.group].action
    if action == QUARANTINE and is_tagged(thing.tags):
        return _quarantined(thing.whole(), scene, held, protections(thing, scene))
    if not young_too and _is_young(thing, scene):
        return None
    against = protections(thing, scene)
    if action == QUARANTINE:
        return step(thing.whole(), held, scene.options, scene.now, against)
    return action, scene.reasons[thing.group], against


def _is_young(thing: Found, scene: Scene) -> bool:
    last = last_sign(thing)
    return last is not None and last <= scene.now and scene.now - last < scene.limits[thing.group]


def _quarantined(thing: Thing, scene: Scene, held: Held, against: tuple[str, ...]) -> _Judgement:
    """Use, a tag or a change takes it out of quarantine; patterns only leave it where it is."""
    named = tuple(name for name in scene.options.include if name in (thing.id, thing.name))
    inherent = protections(thing, replace(scene, options=replace(scene.options, exclude=(), include=named)))
    if thing.project_key not in scene.projects or set(against) - set(inherent):
        return QUARANTINE, "in quarantine", against
    return step(thing, held, scene.options, scene.now, inherent)


class _Group:
    """A group while it is judged: the oldest of it, and counts of all."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._going = _Oldest(MAX_GOING)
        self._spared = _Oldest(MAX_PROTECTED)
        self._size = self._unsized = 0

    def add(self, thing: Found, judgement: _Judgement) -> None:
        if judgement[2]:
            self._spared.add(thing, judgement)
            return
        self._going.add(thing, judgement)
        self._size += thing.size or 0
        self._unsized += thing.size is None

    def candidates(self) -> Iterator[Candidate]:
        yield from self._going
        yield from self._spared

    def sum(self) -> Sum:
        left_out = self._going.dropped + self._spared.dropped
        return Sum(self.name, self._going.seen, self._size, self._unsized, self._spared.seen, left_out)


class _Oldest:
    """The oldest of many, as many as there is room for."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._heap: list[tuple[float, int, Found, _Judgement]] = []
        self.seen = 0

    @property
    def dropped(self) -> int:
        return self.seen - len(self._heap)

    def add(self, thing: Found, judgement: _Judgement) -> None:
        self.seen += 1
        at = thing.at
        # The newest stands first: it is the one to make room. The number keeps things from being compared.
        entry = (-at.timestamp() if at else 0.0, -self.seen, thing, judgement)
        if len(self._heap) < self._room:
            heapq.heappush(self._heap, entry)
        elif entry > self._heap[0]:
            heapq.heapreplace(self._heap, entry)

    def __iter__(self) -> Iterator[Candidate]:
        return (Candidate(thing.whole(), *judgement) for _, _, thing, judgement in sorted(self._heap, reverse=True))
