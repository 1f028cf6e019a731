"""What an answer must look like for the plugin to read it, as values: small descriptions that a program compares with
what DSS says and a person reads in the docs.

A description names the fields that the plugin reads and nothing else. Absent and null are the same, and every field may
be missing, but for those whose name ends in "!": without them the answer says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Union

from . import raw

MOST_SAID = 5
_VOCABULARY = re.compile(r"[A-Za-z][A-Za-z_]{0,59}")


@dataclass(frozen=True)
class Text:
    """A text or a number. `kept` are the values that are ours and no secret, in a dump as well."""

    kept: tuple[str, ...] = ()


@dataclass(frozen=True)
class Word:
    """A word of DSS's own vocabulary. Others than the `known` ones are no fault: the plugin keeps them as they are."""

    known: tuple[str, ...] = ()


@dataclass(frozen=True)
class Flag:
    """True or false."""


@dataclass(frozen=True)
class Number:
    """A number, or a text that is one."""


@dataclass(frozen=True)
class Instant:
    """Epoch milliseconds or an ISO 8601 text; 0 is none."""


@dataclass(frozen=True)
class Version:
    """The number of a version, such as 14.3.1."""


@dataclass(frozen=True)
class Anything:
    """Searched for names as a whole, or handed on: no field of it is needed."""


@dataclass(frozen=True)
class Fields:
    """An object with these fields."""

    of: Mapping[str, Shape]

    def items(self) -> Iterator[tuple[str, Shape, bool]]:
        """Each field with its shape and whether it must be there."""
        for name, shape in self.of.items():
            yield name.rstrip("!"), shape, name.endswith("!")


@dataclass(frozen=True)
class Items:
    """A list."""

    of: Shape


@dataclass(frozen=True)
class ByName:
    """An object whose keys are names that people gave."""

    of: Shape


@dataclass(frozen=True)
class Either:
    """One of several: which of them is not documented, or differs between versions."""

    of: tuple[Shape, ...]


@dataclass(frozen=True)
class Columns:
    """Rows of a table that has at least these columns."""

    needed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lines:
    """A text, read line by line."""


@dataclass(frozen=True)
class Content:
    """A file, byte by byte."""


Shape = Union[Text, Word, Flag, Number, Instant, Version, Anything, Fields, Items, ByName, Either]
Form = Union[Shape, Columns, Lines, Content]

TEXT, WORD, FLAG, NUMBER = Text(), Word(), Flag(), Number()
INSTANT, VERSION, ANYTHING = Instant(), Version(), Anything()
TEXTS = Items(TEXT)

_ONE = {
    Text: "a text",
    Word: "a word",
    Flag: "true or false",
    Number: "a number",
    Instant: "an instant",
    Version: "a version",
}
_MANY = {Text: "texts", Word: "words", Flag: "flags", Number: "numbers", Instant: "instants", Anything: "anything"}
_SHORT = {Word: "word", Flag: "flag", Number: "number", Instant: "instant", Version: "version", Anything: "anything"}
_KINDS = {bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list", dict: "an object"}


@dataclass
class Compared:
    """How an answer, or several of them, lie beside a shape. `differ` is what the plugin cannot read, `unseen` the fields
    that no object had, `new` the words that the plugin does not know; each names its place, and nothing that people wrote
    but such a word."""

    differ: dict[str, None] = field(default_factory=dict)
    new: dict[str, None] = field(default_factory=dict)
    _asked: dict[str, None] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    @property
    def unseen(self) -> tuple[str, ...]:
        """Of a field that was never seen, not those below it."""
        return tuple(place for place in self._asked if place not in self._seen)

    def look(self, shape: Shape, value: Any, place: str = "") -> None:
        """Lay one more answer, or part of one, beside its shape."""
        if isinstance(shape, Fields):
            if not isinstance(value, Mapping):
                self._differs(place, value, "an object")
                return
            for name, inner, needed in shape.items():
                self._field(inner, value.get(name), f"{place}.{name}" if place else name, needed)
        elif isinstance(shape, Items):
            if not isinstance(value, list):
                self._differs(place, value, "a list")
                return
            for item in value:
                self.look(shape.of, item, f"{place}[]")
        elif isinstance(shape, ByName):
            if not isinstance(value, Mapping):
                self._differs(place, value, "an object")
                return
            for item in value.values():
                self.look(shape.of, item, f"{place}.*" if place else "*")
        elif isinstance(shape, Either):
            self._either(shape, value, place)
        elif not _reads(shape, value):
            self._differs(place, value, _ONE[type(shape)])
        elif isinstance(shape, Word) and shape.known and value not in shape.known and is_vocabulary(value):
            self.new[f"{place} is {value}"] = None

    def _field(self, shape: Shape, value: Any, place: str, needed: bool) -> None:
        self._asked[place] = None
        if value is not None:
            self._seen.add(place)
            self.look(shape, value, place)
        elif needed:
            self.differ[f"{place} is missing"] = None

    def _either(self, shape: Either, value: Any, place: str) -> None:
        tries = []
        for each in shape.of:
            tried = Compared()
            tried.look(each, value, place)
            tries.append(tried)
        fits = next((tried for tried in tries if not tried.differ), None)
        if fits is None:
            self._differs(place, value, said(shape))
            return
        self.new.update(fits.new)
        self._asked.update(fits._asked)
        self._seen |= fits._seen

    def _differs(self, place: str, value: Any, instead: str) -> None:
        found = _KINDS.get(type(value), "nothing")
        if found == instead:  # a text that is no instant, a word that is no number
            found = f"{found} of another form"
        self.differ[f"{place or 'the answer'} is {found} instead of {instead}"] = None


def _reads(shape: Shape, value: Any) -> bool:
    """Whether the plugin's own readers make something of it, or it is a "none" that they know."""
    if isinstance(shape, Anything):
        return True
    if isinstance(shape, Flag):
        return raw.flag(value) is not None
    if isinstance(shape, Number):
        return raw.number(value) is not None
    if isinstance(shape, Instant):
        return value in (0, "", "0") or raw.instant(value) is not None
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def is_vocabulary(value: Any) -> bool:
    """Whether a text looks like a word of DSS's own: letters and underscores alone."""
    return isinstance(value, str) and _VOCABULARY.fullmatch(value) is not None


def said(shape: Form) -> str:
    """A shape in words, for the docs."""
    if isinstance(shape, Columns):
        return f"rows with the columns {', '.join(shape.needed)}" if shape.needed else "rows"
    if isinstance(shape, Lines):
        return "a text"
    if isinstance(shape, Content):
        return "a file"
    if isinstance(shape, Fields):
        return f"{{ {', '.join(_field_said(*each) for each in shape.items())} }}"
    if isinstance(shape, Items):
        return f"list of {_MANY.get(type(shape.of)) or said(shape.of)}"
    if isinstance(shape, ByName):
        return f"by name: {_MANY.get(type(shape.of)) or said(shape.of)}"
    if isinstance(shape, Either):
        return " or ".join(said(each) for each in shape.of)
    return _ONE.get(type(shape), "anything")


def _field_said(name: str, shape: Shape, needed: bool) -> str:
    mark = f"**{name}**" if needed else name
    if isinstance(shape, (Fields, Items, ByName, Either)):
        return f"{mark}: {said(shape)}"
    short = _SHORT.get(type(shape))
    return f"{mark}: {short}" if short else mark
