"""The operations profile: read from its layers, merged, and what is wrong with it said in plain words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any, Union

from pydantic import ValidationError

from ..model.profile import CONFLICT, PROFILE_KEY, Declared, Layer, OpsProfile, Problem
from .explain import explain
from .layers import MAX_PROBLEMS, Path, TooLarge, Tree, Written, copied, leaves, merged

__all__ = ["load", "schema"]


def load(
    standard: Mapping[str, Any], local: Mapping[str, Any], instance_defaults: Union[str, Mapping[str, Any]] = ""
) -> Declared:
    """The profile of a project, where each value came from, and every problem with it at once.

    `standard` and `local` are the project's variables as DSS stores them, `instance_defaults` the plugin's setting (a
    profile, as JSON text or parsed). Later layers win: default < instance < standard < local; objects are merged key by
    key, lists replaced whole, null is absent. A part that cannot be used is left out alone, the smallest that can be,
    and becomes a problem: what a lower layer says there, and everything else, still counts. Never raises."""
    layers = (
        _from_setting("instance", instance_defaults),
        _from_variables("standard", standard),
        _from_variables("local", local),
    )
    for written in layers:
        _leave_out_faults([written], alone=True)
    _leave_out_faults(layers, alone=False)
    rests = [(written.layer, written.rest()) for written in layers]
    origin = {_dotted(leaf): layer for layer, rest in rests for leaf in leaves(rest)}
    return Declared(
        profile=_validated(reduce(merged, (rest for _, rest in rests))),
        origin=origin,
        problems=tuple(problem for written in layers for problem in _problems(written)),
    )


def schema() -> dict[str, Any]:
    """JSON Schema of the document `operations_guide`, for editors and tools."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **OpsProfile.model_json_schema()}


def _from_variables(layer: Layer, variables: Any) -> Written:
    if not isinstance(variables, Mapping):
        return _unread(layer, "the project's variables could not be understood: they are not an object")
    return _bounded(layer, variables.get(PROFILE_KEY))


def _from_setting(layer: Layer, setting: Any) -> Written:
    if not isinstance(setting, str):
        return _bounded(layer, setting)
    if not setting.strip():
        return Written(layer, {})
    try:
        return _bounded(layer, json.loads(setting))
    except json.JSONDecodeError as error:
        return _unread(layer, f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}")
    except (ValueError, RecursionError):
        return _unread(layer, "is not JSON that can be read: nested too deep, or a number too large")


def _bounded(layer: Layer, tree: Any) -> Written:
    if tree is None:
        return Written(layer, {})
    if not isinstance(tree, Mapping):
        return _unread(layer, "must be an object { … }; text or a list is not read")
    try:
        return Written(layer, *copied(tree))
    except TooLarge:
        return _unread(layer, "is far larger than a profile ever is; nothing of it was read")


def _unread(layer: Layer, why: str) -> Written:
    return Written(layer, {}, [((), why)])


def _leave_out_faults(layers: Sequence[Written], *, alone: bool) -> None:
    """Leave parts out of the layers until what is left of them, merged, is a profile. `alone`: one layer by itself,
    which another may still complete."""
    while True:
        whole: Tree = reduce(merged, [written.rest() for written in layers])
        faults = [fault for fault in _faults(whole) if not (alone and fault.may_be_completed)]
        if not faults:
            return
        bad = [(written, path, fault) for fault in faults for written, path in _owners(fault.places, layers)]
        around = {(written.layer, path[:length]) for written, path, _ in bad for length in range(len(path))}
        for written, path, fault in bad:
            # The smallest part goes first: what is around it may be right without it.
            if (written.layer, path) not in around:
                written.leave_out(path, fault.sentence)
        for written in layers:
            written.settle()


@dataclass(frozen=True)
class _Fault:
    """What is wrong, and the places of the parts involved in the merged tree."""

    places: tuple[Path, ...]
    sentence: Callable[[], str]
    may_be_completed: bool = False


def _faults(tree: Tree) -> Iterator[_Fault]:
    try:
        _validated(tree)
    except ValidationError as refused:
        for error in refused.errors(include_url=False):
            place: Path = error["loc"]
            if error["type"] == CONFLICT:
                for text, parts in error["ctx"]["conflicts"]:
                    yield _Fault(tuple((*place, *part) for part in parts), partial(str, text), may_be_completed=True)
            else:
                missing = error["type"] == "missing" and not _in_list(place)
                # pydantic says "[key]" behind the name of a key that is itself refused.
                place = place[:-1] if place[-1:] == ("[key]",) else place
                yield _Fault((place,), partial(explain, error), may_be_completed=missing)


def _owners(places: Sequence[Path], layers: Sequence[Written]) -> list[tuple[Written, Path]]:
    """Whose parts have to go: of those that stand at `places` the highest layer's, so that what a lower one says there
    still counts; the nearest part around, where there is none."""
    nearest = [_owner(place, layers) for place in places]
    exact = [found for found, place in zip(nearest, places) if len(found[1]) == len(place)]
    for written in reversed(layers):
        of_this = [found for found in exact if found[0] is written]
        if of_this:
            return of_this
    return nearest[:1]


def _owner(place: Path, layers: Sequence[Written]) -> tuple[Written, Path]:
    found = [(written, written.locate(place)) for written in reversed(layers)]
    # A list is replaced whole: who has any part of it has all of it.
    owning = [(written, path) for written, path in found if len(path) == len(place) or _in_list(path)]
    return owning[0] if owning else max(found, key=lambda each: len(each[1]))


def _in_list(path: Path) -> bool:
    return any(isinstance(step, int) for step in path)


def _problems(written: Written) -> Iterator[Problem]:
    listed = ((_dotted(path), message) for path, message in written.left_out[:MAX_PROBLEMS])
    for path, message in sorted(listed):
        yield Problem(layer=written.layer, path=path, message=message)
    if len(written.left_out) > MAX_PROBLEMS:
        message = f"has more than {MAX_PROBLEMS} problems; the first {MAX_PROBLEMS} are listed"
        yield Problem(layer=written.layer, path="", message=message)


def _validated(tree: Tree) -> OpsProfile:
    # As JSON and strict: "12" is no number, 1 no truth, a number no date.
    return OpsProfile.model_validate_json(json.dumps(tree), strict=True)


def _dotted(path: Path) -> str:
    return ".".join(map(str, path))
