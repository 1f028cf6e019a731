"""An article that people and the guide write together: the guide keeps to its own blocks, people to the rest.

A block stands between two marks that readers do not see. Only what is between a block's own marks is ever replaced, and
only where it is still as the guide left it; whatever people wrote around the blocks stays, to the letter, and so does the
order in which they put them.

Worked example: of "Ours.⟦card⟧old⟦/card⟧Call Ann." and the block ("card", "new") comes "Ours.⟦card⟧new⟦/card⟧Call Ann.".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Union

from .steady import steady

_MARK = re.compile(r"<!-- operations-guide: (begin|end) ([\w.-]+)(?: ([0-9a-f]{16}))? -->")


@dataclass(frozen=True)
class Merged:
    """The article as it would be. `added`, `changed` and `removed` are blocks by name; `edited` are those that somebody
    wrote in, which are left as they are; `broken` the names of marks without their other half, which are left as well."""

    text: str
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        return bool(self.added or self.changed or self.removed)


@dataclass(frozen=True)
class _Block:
    name: str
    text: str
    digest: str

    @property
    def edited(self) -> bool:
        return _digest(self.text) != self.digest


_Piece = Union[str, _Block]


def merge(article: str, blocks: Sequence[tuple[str, str]], *, overwrite: bool = False) -> Merged:
    """`article` with `blocks` (name, Markdown) in their places: each where people put it, a new one behind the one that
    comes before it. Where only time has passed the article stays as it is. `overwrite` replaces also what somebody wrote
    inside a block."""
    wanted = {name: _plain(text) for name, text in blocks}
    pieces, broken = _read(article)
    there = [piece for piece in pieces if isinstance(piece, _Block)]
    edited = [] if overwrite else [block.name for block in there if block.edited]
    missing = [name for name in wanted if name not in {block.name for block in there}]
    kept = set(edited)
    gone = [block.name for block in there if block.name not in wanted and block.name not in kept]
    changed = [
        block.name
        for block in there
        if block.name in wanted
        and block.name not in kept
        and (block.edited or steady(block.text) != steady(wanted[block.name]))
    ]
    told = {"edited": _once(edited), "broken": _once(broken)}
    if not missing and not gone and not changed:
        return Merged(article, **told)
    found: list[_Piece] = []
    for piece in pieces:
        if isinstance(piece, str) or piece.name in kept:
            found.append(piece)
        elif piece.name in wanted:
            found.append(_block(piece.name, wanted[piece.name]))
    for name in missing:
        _insert(found, _block(name, wanted[name]), list(wanted))
    text = "".join(piece if isinstance(piece, str) else _written(piece) for piece in found)
    return Merged(text, tuple(missing), _once(changed), _once(gone), **told)


def _read(article: str) -> tuple[list[_Piece], list[str]]:
    """The article in pieces, and the names of marks that have no other half."""
    pieces: list[_Piece] = []
    broken: list[str] = []
    marks = list(_MARK.finditer(article))
    done = at = 0
    while at < len(marks):
        begin, end = marks[at], marks[at + 1] if at + 1 < len(marks) else None
        paired = end is not None and begin[1] == "begin" and end[1] == "end" and begin[2] == end[2]
        if not paired or end is None:
            broken.append(begin[2])
            at += 1
            continue
        pieces += [
            article[done : begin.start()],
            _Block(begin[2], _plain(article[begin.end() : end.start()]), begin[3] or ""),
        ]
        done, at = end.end(), at + 2
    return [*pieces, article[done:]], broken


def _insert(pieces: list[_Piece], new: _Block, order: list[str]) -> None:
    """Behind the block that comes before it, else before the one that comes after it, else at the end."""
    names = [piece.name if isinstance(piece, _Block) else "" for piece in pieces]
    place = order.index(new.name)
    before = [name for name in order[:place] if name in names]
    after = [name for name in order[place:] if name in names]
    if before:
        at = len(names) - names[::-1].index(before[-1])
        pieces[at:at] = ["\n\n", new]
    elif after:
        at = names.index(after[0])
        pieces[at:at] = [new, "\n\n"]
    else:
        blank = not any(piece.strip() for piece in pieces if isinstance(piece, str))
        pieces[:] = [new] if blank else [*pieces, "\n\n", new]


def _block(name: str, text: str) -> _Block:
    return _Block(name, text, _digest(text))


def _written(block: _Block) -> str:
    name = block.name
    begin, end = f"<!-- operations-guide: begin {name} {block.digest} -->", f"<!-- operations-guide: end {name} -->"
    return f"{begin}\n\n{block.text}\n\n{end}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(text: str) -> str:
    """What editors change by themselves is no change: line ends, and blank lines around."""
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").split("\n")).strip()


def _once(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
