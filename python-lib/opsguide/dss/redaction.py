"""Answers of DSS without what people wrote in them, so that a person can hand them on.

Kept are the fields that DSS has, the types of their values, DSS's own words, instants, and how long lists and texts are.
A name or text becomes a placeholder, the same one wherever it stands, so that what belongs together stays together. Of a
number its length remains. Nothing of a part that the plugin does not read is kept but its form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Optional

from . import raw
from .shapes import (
    ANYTHING,
    ByName,
    Compared,
    Either,
    Fields,
    Flag,
    Instant,
    Items,
    Number,
    Shape,
    Text,
    Version,
    Word,
    is_vocabulary,
)

# A list keeps its first members and all that show something new; how many there were stands beside them.
FIRST_KEPT, MOST_KEPT = 5, 40
# Longer texts are told by this length.
LONGEST = 120
MOST_DEEP = 8
# What stands for a whole object wherever DSS writes of partitions.
PARTITIONS = ("NP", "ALL")

_VERSION = re.compile(r"\d{1,3}(?:\.\d{1,3}){1,3}(?:[.-]?[a-z]{1,10}\d{0,3})?")
_FIELD = re.compile(r"[a-z][A-Za-z0-9]{0,40}")
_ERROR_TYPE = re.compile(r"(?:com\.dataiku|java)\.[\w.$]{1,150}")


class Redactor:
    """Redacts the answers of one self-check."""

    def __init__(self) -> None:
        self._placeholders: dict[str, str] = {}

    def text(self, value: str) -> str:
        """The placeholder of a text: as long as the text, where it is not too short or very long."""
        if not value or value in PARTITIONS:
            return value
        if value not in self._placeholders:
            name = f"n{len(self._placeholders) + 1}"
            self._placeholders[value] = name.ljust(min(len(value), LONGEST), "_")
        return self._placeholders[value]

    def error_type(self, value: str) -> str:
        """The class of an error, where it is one of DSS's own or of Java's."""
        return value if _ERROR_TYPE.fullmatch(value) else self.text(value)

    def answer(self, shape: Shape, value: Any, chosen: Iterable[str] = ()) -> Any:
        """An answer of that shape. `chosen` are the names that further reads ask for: members of a list that bear one
        are kept."""
        return self._value(shape, value, frozenset(chosen), 0)

    def _value(self, shape: Shape, value: Any, chosen: frozenset[str], depth: int) -> Any:
        if isinstance(shape, Either):
            shape = next((each for each in shape.of if not _differ(each, value)), ANYTHING)
        if isinstance(value, Mapping):
            return self._object(shape, value, chosen, depth)
        if isinstance(value, list):
            return self._list(shape, value, chosen, depth)
        if isinstance(value, str):
            return self._text(shape, value)
        if isinstance(value, bool) or value is None:
            return value
        told = isinstance(shape, Instant) and raw.instant(value) is not None
        return value if told else _as_long(value)

    def _object(self, shape: Shape, value: Mapping[str, Any], chosen: frozenset[str], depth: int) -> Any:
        if depth > MOST_DEEP:
            return {}
        if isinstance(shape, Fields):
            inner = {name: each for name, each, _ in shape.items()}
            return {
                key if key in inner or _FIELD.fullmatch(key) else self.text(key): self._value(
                    inner.get(key, ANYTHING), each, chosen, depth + 1
                )
                for key, each in value.items()
            }
        of = shape.of if isinstance(shape, ByName) else ANYTHING
        kept = list(value.items())
        kept = kept if isinstance(shape, ByName) else kept[:FIRST_KEPT]
        chosen_keys = [pair for pair in kept if pair[0] in chosen]
        different = [pair for pair in _telling(of, kept, lambda pair: pair[1]) if pair not in chosen_keys]
        return {
            self.text(str(key)): self._value(of, each, chosen, depth + 1) for key, each in (*chosen_keys, *different)
        }

    def _list(self, shape: Shape, value: list[Any], chosen: frozenset[str], depth: int) -> Any:
        if depth > MOST_DEEP:
            return []
        of = shape.of if isinstance(shape, Items) else ANYTHING
        if not isinstance(shape, Items):
            return [self._value(of, each, chosen, depth + 1) for each in value[:FIRST_KEPT]]
        members = list(enumerate(value))
        telling = {number for number, _ in _telling(of, members, lambda pair: pair[1])}
        kept = [each for number, each in members if number in telling or _bears(each, chosen)]
        return [self._value(of, each, chosen, depth + 1) for each in kept]

    def _text(self, shape: Shape, value: str) -> str:
        if isinstance(shape, Text) and value in shape.kept:
            return value
        if isinstance(shape, Word) and (value in shape.known or is_vocabulary(value)):
            return value
        if isinstance(shape, Instant) and (not value or raw.instant(value) is not None):
            return value
        if isinstance(shape, Version) and _VERSION.fullmatch(value):
            return value
        if isinstance(shape, Flag) and raw.flag(value) is not None:
            return value
        number = raw.number(value) if isinstance(shape, Number) else None
        return self.text(value) if number is None else str(_as_long(number))


def _differ(shape: Shape, value: Any) -> bool:
    compared = Compared()
    compared.look(shape, value)
    return bool(compared.differ)


def _telling(shape: Shape, members: Iterable[Any], value_of: Any) -> Iterator[Any]:
    """The first members, and of the others those in which a field, type or word stands that none before them had."""
    seen: set[str] = set()
    kept = 0
    for number, member in enumerate(members):
        marks = set(_marks(shape, value_of(member), ""))
        if number < FIRST_KEPT or not marks <= seen:
            kept += 1
            yield member
        seen |= marks
        if kept >= MOST_KEPT:
            return


def _marks(shape: Shape, value: Any, place: str) -> Iterator[str]:
    """What makes one member of a list different from another, as far as the plugin reads it."""
    if isinstance(shape, Either):
        for each in shape.of:
            yield from _marks(each, value, place)
    elif isinstance(shape, Fields) and isinstance(value, Mapping):
        for name, inner, _ in shape.items():
            found = value.get(name)
            yield f"{place}.{name} {type(found).__name__}"
            if found is not None:
                yield from _marks(inner, found, f"{place}.{name}")
    elif isinstance(shape, Items) and isinstance(value, list):
        for item in value:
            yield from _marks(shape.of, item, f"{place}[]")
    elif isinstance(shape, ByName) and isinstance(value, Mapping):
        for item in value.values():
            yield from _marks(shape.of, item, f"{place}.*")
    elif isinstance(shape, Word):
        yield f"{place} is {value}" if is_vocabulary(value) else f"{place} {type(value).__name__}"
    else:
        yield f"{place} {type(value).__name__} {_differ(shape, value)}"


def _bears(member: Any, chosen: frozenset[str]) -> bool:
    """Whether one of the chosen names stands in a member, or one step below."""
    values = list(member.values()) if isinstance(member, Mapping) else [member]
    for value in tuple(values):
        if isinstance(value, Mapping):
            values += value.values()
    return any(isinstance(value, str) and value in chosen for value in values)


def _as_long(number: float) -> Optional[float]:
    """A number of the same kind, sign and length: 129253 becomes 100000."""
    if number == 0 or number != number or number in (float("inf"), float("-inf")):
        return 0
    sign = -1 if number < 0 else 1
    whole = sign * 10 ** max(0, len(str(int(abs(number)))) - 1)
    return whole if isinstance(number, int) or number.is_integer() else float(whole) + sign * 0.5
