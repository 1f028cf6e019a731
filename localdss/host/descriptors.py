"""Descriptors of plugins as DSS reads them: JSON with comments, single quotes, trailing commas and bare words."""

from __future__ import annotations

import json
import re
from typing import Any

_SPACE = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
_BARE = re.compile(r"[^\s,:\[\]{}\"'/]+")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


class NotReadable(ValueError):
    """The text is no descriptor, however kindly read; the message says where."""


def parse(text: str) -> tuple[Any, str]:
    """The value, and why a strict reader would refuse the text ("" when it would not)."""
    try:
        return json.loads(text), ""
    except ValueError as strict:
        return _Reader(text).document(), f"strict JSON would refuse it: {strict}"


def flag(value: Any, default: bool = False) -> bool:
    """A boolean as descriptors write them: `true`, or the text "true"."""
    if isinstance(value, str):
        return value.strip().lower() == "true"
    return default if value is None else bool(value)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text.lstrip("\ufeff")
        self.at = 0

    def document(self) -> Any:
        value = self.value()
        if self.peek():
            raise self.error("nothing more")
        return value

    def value(self) -> Any:
        start = self.peek()
        if start == "{":
            return dict(self.members())
        if start == "[":
            return list(self.elements())
        if start in ("'", '"'):
            return self.quoted()
        return _meant(self.bare())

    def members(self) -> Any:
        self.take("{")
        while self.peek() != "}":
            key = self.quoted() if self.peek() in ("'", '"') else self.bare()
            self.take(":")
            yield key, self.value()
            if self.peek() == ",":
                self.take(",")
            elif self.peek() != "}":
                raise self.error("',' or '}'")
        self.take("}")

    def elements(self) -> Any:
        self.take("[")
        while self.peek() != "]":
            yield self.value()
            if self.peek() == ",":
                self.take(",")
            elif self.peek() != "]":
                raise self.error("',' or ']'")
        self.take("]")

    def quoted(self) -> str:
        quote, out = self.text[self.at], []
        self.at += 1
        while self.at < len(self.text):
            char = self.text[self.at]
            self.at += 1
            if char == quote:
                return _paired("".join(out))
            if char == "\\":
                char = self.escaped()
            out.append(char)
        raise self.error(f"closing {quote}")

    def escaped(self) -> str:
        char = self.text[self.at : self.at + 1]
        self.at += 1
        if char != "u":
            return _ESCAPES.get(char, char)
        digits = self.text[self.at : self.at + 4]
        if not re.fullmatch(r"[0-9a-fA-F]{4}", digits):
            raise self.error("four hexadecimal digits")
        self.at += 4
        return chr(int(digits, 16))

    def bare(self) -> str:
        found = _BARE.match(self.text, self.at)
        if not found:
            raise self.error("a value")
        self.at = found.end()
        return found.group()

    def peek(self) -> str:
        blank = _SPACE.match(self.text, self.at)
        if blank:
            self.at = blank.end()
        return self.text[self.at : self.at + 1]

    def take(self, char: str) -> None:
        if self.peek() != char:
            raise self.error(repr(char))
        self.at += 1

    def error(self, wanted: str) -> NotReadable:
        line = self.text.count("\n", 0, self.at) + 1
        return NotReadable(f"line {line}: {wanted} expected")


def _paired(text: str) -> str:
    """Two escapes of one character beyond the first 65,536 made into that character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _meant(word: str) -> Any:
    try:
        return json.loads(word)
    except ValueError:
        return word
