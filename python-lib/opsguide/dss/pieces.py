"""A JSON list that arrives in pieces, for lists that are too long to be held whole."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any

from ..errors import DssBroken

MAX_MEMBER_CHARS = 4 * 1024 * 1024
_SPACE = re.compile(r"[ \t\r\n]*")


def members(chunks: Iterator[bytes], api_path: str) -> Iterator[Any]:
    """The members of a JSON list that arrives in pieces. A member counts once a comma or the list's end stands after it."""
    decoder, decode = codecs.getincrementaldecoder("utf-8")("replace"), json.JSONDecoder().raw_decode
    rest, opened = "", False
    for chunk in chunks:
        rest, at = rest + decoder.decode(chunk), 0
        if not opened:
            rest = rest.lstrip()
            if rest and rest[0] != "[":
                raise DssBroken("the answer is no list", status=200, path=api_path)
            opened, at = bool(rest), 1
        while True:
            at = _blank(rest, at)
            if rest.startswith("]", at):
                return
            try:
                member, end = decode(rest, at)
            except (ValueError, RecursionError):
                break  # it goes on in the next piece, or the list ends without being closed
            end = _blank(rest, end)
            if rest[end : end + 1] not in (",", "]"):
                break
            yield member
            at = end + (rest[end] == ",")
        rest = rest[at:]
        if len(rest) > MAX_MEMBER_CHARS:
            raise DssBroken("the answer is not JSON", status=200, path=api_path)
    raise DssBroken("the answer is no whole list", status=200, path=api_path)


def _blank(text: str, at: int) -> int:
    """Where the next character stands that is no space."""
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]
