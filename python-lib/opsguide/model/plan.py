"""A planned change of a project's settings as a value: what, where, before, after, why, and how it is taken back.

DSS saves settings whole and without a version. So a change is one part of one document: it is put into the document as
it stands at that moment, and taken out again only while it still is what was left there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Optional

# Parts that DSS writes by itself with every save.
BY_DSS = frozenset({"versionTag", "creationTag"})

# The scenario that watches a project; there is one at most.
WATCH_NAME = "Operations watch"

EDIT, RULE, SCENARIO, DATASET, MANAGED, ZONE = "edit", "rule", "scenario", "dataset", "managed", "zone"


@dataclass(frozen=True)
class Step:
    """One part of a document, or one new object.

    `kind` is EDIT (a part of a document), RULE (a Data Quality rule, made by its own call and kept in the dataset's
    document), or the kind of object that is created: a MANAGED dataset is one on a connection, where DSS says which
    table or path it gets. `document` is the API path below the project, of an object that is still to be made its
    collection ("scenarios",). `place` leads to a list, or with `key` to an object. `before` is what stands there (None:
    nothing), `after` what shall. `absent` counts the containers at the end of `place` that were not there. `settled`
    says that `after` is what DSS kept, not only what it was sent. `at` is where in the list it is put in, None: at its
    end."""

    kind: str
    document: tuple[str, ...]
    after: Any
    before: Any = None
    place: tuple[str, ...] = ()
    key: str = ""
    absent: int = 0
    settled: bool = False
    at: Optional[int] = None


@dataclass(frozen=True)
class Trial:
    """What is computed once to see that DSS works with a change: `what` is "metric" (`name` its id), "probe" or "check"
    (`name` the type), "rule", or "rows" (the first row is read); '' where reading back is all there is to do. `object_id`
    is the dataset or folder, `collection` where the API keeps it ("datasets", "managedfolders")."""

    what: str = ""
    object_id: str = ""
    name: str = ""
    partition: str = "NP"
    collection: str = "datasets"


@dataclass(frozen=True)
class Change:
    """A row of the preview. `id` names it to people and parameters, `group` is what it is ticked with; `about` is as in
    events. `proposed` are the limits and what they rest on (`declared`: on the profile), `backtest` how often they would
    have fired. `obstacle` says why it cannot be applied, '' where it can."""

    id: str
    group: str
    title: str
    about: str
    why: str
    steps: tuple[Step, ...] = ()
    trial: Trial = field(default_factory=Trial)
    proposed: str = ""
    backtest: str = ""
    obstacle: str = ""
    declared: bool = False


class Conflict(Exception):
    """The document is not as the change takes it to be; the text says how."""


def put(document: Mapping[str, Any], step: Step) -> tuple[dict[str, Any], Step]:
    """The document with the change in it, and the step with what was absent before. Conflict where something else
    stands there already."""
    changed: dict[str, Any] = copied(document)
    inner, absent = _opened(changed, step)
    if step.key:
        if inner.get(step.key) != step.before:
            raise Conflict(f"{_dotted(step)} is not what it was")
        inner[step.key] = step.after
    elif step.before is None:
        if any(same_thing(member, step.after) for member in inner):
            raise Conflict(f"{_dotted(step)} has one like it already")
        inner.insert(len(inner) if step.at is None else step.at, step.after)
    else:
        if step.before not in inner:
            raise Conflict(f"{_dotted(step)} is not what it was")
        inner[inner.index(step.before)] = step.after
    return changed, replace(step, absent=absent)


def kept(before: Mapping[str, Any], after: Mapping[str, Any], step: Step) -> Optional[Step]:
    """The step with what DSS kept of it, found by comparing the document before and after the save; None where DSS
    dropped it."""
    there = _at(after, step.place)
    if step.key:
        found = there.get(step.key) if isinstance(there, Mapping) else None
        return None if found is None else replace(step, after=found, settled=True)
    new = _without(_members(there), _members(_at(before, step.place)))
    likely = [member for member in new if same_thing(member, step.after)] or new
    return replace(step, after=likely[0], settled=True) if likely else None


def holds(found: Any, sent: Any) -> bool:
    """Whether all that was sent is in what was found; DSS may add keys of its own."""
    if isinstance(sent, Mapping):
        return isinstance(found, Mapping) and all(key in found and holds(found[key], sent[key]) for key in sent)
    if isinstance(sent, (list, tuple)):
        same_length = isinstance(found, (list, tuple)) and len(found) == len(sent)
        return same_length and all(holds(each, other) for each, other in zip(found, sent))
    return bool(found == sent) and isinstance(found, bool) == isinstance(sent, bool)


def take_back(document: Mapping[str, Any], step: Step) -> dict[str, Any]:
    """The document without the change. Conflict where somebody changed that part since."""
    changed: dict[str, Any] = copied(document)
    inner = _at(changed, step.place)
    if step.key:
        if not isinstance(inner, dict) or inner.get(step.key) != step.after:
            raise Conflict(f"{_dotted(step)} was changed since")
        if step.before is None:
            del inner[step.key]
        else:
            inner[step.key] = step.before
    else:
        index = _index(_members(inner), step)
        if index is None:
            raise Conflict(f"{_dotted(step)} was changed since")
        inner[index : index + 1] = [] if step.before is None else [step.before]
    _close(changed, step)
    return changed


def is_gone(document: Mapping[str, Any], step: Step) -> bool:
    """Whether a part is surely as it was before the change, whoever took it back, or was never changed."""
    inner = _at(document, step.place)
    if step.key:
        return bool((inner.get(step.key) if isinstance(inner, Mapping) else None) == step.before)
    members = [member for member in _members(inner) if isinstance(member, Mapping)]
    if step.before is not None:
        return step.before in members and step.after not in members
    # One that was renamed is still there: what is alike in kind is not called gone.
    return not any(member.get("type") == step.after.get("type") for member in members)


def other_changes(before: Mapping[str, Any], after: Mapping[str, Any], step: Step) -> tuple[str, ...]:
    """The parts of the document, by their top-level keys, that a save changed besides the step."""
    try:
        rest = take_back(after, step)
    except Conflict:
        rest = copied(after)
    keys = sorted({*before, *rest} - BY_DSS)
    return tuple(key for key in keys if before.get(key) != rest.get(key))


def own(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document without what DSS writes by itself: two of them compare."""
    return {key: value for key, value in document.items() if key not in BY_DSS}


def same_thing(one: Any, other: Any) -> bool:
    """Whether two members of a list are the same probe, check, rule or reporter, whatever their settings."""
    return isinstance(one, Mapping) and isinstance(other, Mapping) and _identity(one) == _identity(other)


def to_data(step: Step) -> dict[str, Any]:
    """The step as a receipt keeps it: JSON values only."""
    return {
        "kind": step.kind,
        "document": list(step.document),
        "place": list(step.place),
        "key": step.key,
        "before": step.before,
        "after": step.after,
        "absent": step.absent,
        "settled": step.settled,
    }


def from_data(data: Any) -> Optional[Step]:
    """The step that a receipt holds; None where it holds none that this version can read."""
    if not isinstance(data, Mapping) or not isinstance(data.get("kind"), str):
        return None
    document, place = data.get("document"), data.get("place")
    if not _texts(document) or not _texts(place):
        return None
    absent = data.get("absent")
    return Step(
        kind=data["kind"],
        document=tuple(document or ()),
        after=data.get("after"),
        before=data.get("before"),
        place=tuple(place or ()),
        key=str(data.get("key") or ""),
        absent=absent if isinstance(absent, int) else 0,
        settled=data.get("settled") is True,
    )


# --- parts -----------------------------------------------------------------------------------------------------------


def copied(document: Any) -> Any:
    """A document of its own, down to the last part: JSON in, JSON out."""
    return json.loads(json.dumps(document))


def _opened(document: dict[str, Any], step: Step) -> tuple[Any, int]:
    """The container at the step's place, made where it is not there, and how many had to be made."""
    inner: Any = document
    absent = 0
    for depth, name in enumerate(step.place):
        last = depth == len(step.place) - 1
        made: Any = [] if last and not step.key else {}
        if inner.get(name) is None:
            inner[name] = made
            absent += 1
        inner = inner[name]
        if not isinstance(inner, type(made)):
            raise Conflict(f"{_dotted(step)} is no {'list' if isinstance(made, list) else 'object'}")
    return inner, absent


def _close(document: dict[str, Any], step: Step) -> None:
    """Take away the containers that the change had brought along, as long as nothing else moved in."""
    for gone in range(step.absent):
        *way, name = step.place[: len(step.place) - gone]
        around = _at(document, tuple(way))
        if not isinstance(around, dict) or around.get(name) not in ([], {}):
            return
        del around[name]


def _index(members: Sequence[Any], step: Step) -> Optional[int]:
    if step.settled:
        return next((index for index, member in enumerate(members) if member == step.after), None)
    # Nobody could read back what DSS kept: what was sent must still be in it.
    return next((index for index, member in enumerate(members) if holds(member, step.after)), None)


def _at(document: Any, place: tuple[str, ...]) -> Any:
    for name in place:
        if not isinstance(document, Mapping):
            return None
        document = document.get(name)
    return document


def _members(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _without(members: Sequence[Any], others: Sequence[Any]) -> list[Any]:
    rest = list(others)
    new = []
    for member in members:
        if member in rest:
            rest.remove(member)
        else:
            new.append(member)
    return new


def _identity(member: Mapping[str, Any]) -> tuple[Any, ...]:
    """Built-in probes are one of a kind; whatever else has an id or a name is told by that as well."""
    meta = member.get("meta")
    name = meta.get("name") if isinstance(meta, Mapping) else None
    kind = member.get("type")
    if kind in ("basic", "records", "col_stats"):
        return (kind,)
    return (kind, member.get("displayName") or name or member.get("name"))


def _texts(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value)


def _dotted(step: Step) -> str:
    where = "/".join(step.document)
    return f"{'.'.join((*step.place, *([step.key] if step.key else [])))} of {where}"
