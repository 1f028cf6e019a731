"""Two people's changes of one document, put together: what both were shown, what one saved since, what the other wants.

For a person: *what only one of the two changed is kept as they changed it, whichever of them it was; what both changed
to the same is kept once; what both changed differently is a clash, shown with both values. Rows that both added stay
both, in the order in which they were saved. A row that one deleted and the other changed stays, and is a clash.*

Worked example: shown {"due": "06:30", "note": "a"}; somebody saved {"due": "07:00", "note": "a"}; to be saved is
{"due": "06:30", "note": "b"}. Together: {"due": "07:00", "note": "b"}, no clash.

Absent and null are the same, as everywhere in the profile.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Optional

from .layers import Path, Tree


@dataclass(frozen=True)
class Clash:
    """Both changed the same, differently. `path` is where it stands in the document put together; None is absent."""

    path: Path
    shown: Tree
    theirs: Tree
    mine: Tree


@dataclass(frozen=True)
class Together:
    """The document with both people's changes; where they clash it has mine, so that nobody's words are hidden."""

    tree: Tree
    clashes: tuple[Clash, ...] = ()


def together(shown: Tree, theirs: Tree, mine: Tree) -> Together:
    """`shown` is what I was shown, `theirs` what stands there now, `mine` what I want there."""
    clashes: list[Clash] = []
    return Together(_put(shown, theirs, mine, (), clashes), tuple(clashes))


def same(one: Tree, other: Tree) -> bool:
    """Whether two trees are the same to the letter: true is not 1, and the order of keys says nothing."""
    return _text(one) == _text(other)


def _text(tree: Tree) -> str:
    return json.dumps(tree, sort_keys=True)


def _put(shown: Tree, theirs: Tree, mine: Tree, path: Path, clashes: list[Clash]) -> Tree:
    if same(mine, theirs) or same(shown, mine):
        return theirs
    if same(shown, theirs):
        return mine
    if isinstance(theirs, dict) and isinstance(mine, dict):
        before = shown if isinstance(shown, dict) else {}
        keys = dict.fromkeys([*theirs, *mine])
        found = {key: _put(before.get(key), theirs.get(key), mine.get(key), (*path, key), clashes) for key in keys}
        return {key: value for key, value in found.items() if value is not None}
    if isinstance(theirs, list) and isinstance(mine, list):
        return _rows(shown if isinstance(shown, list) else [], theirs, mine, path, clashes)
    clashes.append(Clash(path, shown, theirs, mine))
    return theirs if mine is None else mine


def _rows(shown: list[Tree], theirs: list[Tree], mine: list[Tree], path: Path, clashes: list[Clash]) -> list[Tree]:
    to_theirs, to_mine = _pairs(shown, theirs), _pairs(shown, mine)
    rows: list[Tree] = []
    done = [0, 0]
    for place in range(len(shown) + 1):
        their_place, my_place = to_theirs.get(place), to_mine.get(place)
        new = _new(theirs, to_theirs, done[0], their_place, place), _new(mine, to_mine, done[1], my_place, place)
        rows += [theirs[index] for index in new[0]]
        added = [theirs[index] for index in new[0]]
        for index in new[1]:
            twin = next((row for row in added if same(row, mine[index])), None)
            if twin is None:
                rows.append(mine[index])
            else:
                added.remove(twin)
        done = [_after(new[0], their_place, done[0]), _after(new[1], my_place, done[1])]
        if place == len(shown):
            break
        row = None if their_place is None else theirs[their_place]
        kept = _put(shown[place], row, None if my_place is None else mine[my_place], (*path, len(rows)), clashes)
        if kept is not None:
            rows.append(kept)
    return rows


def _new(rows: Sequence[Tree], pairs: dict[int, int], begin: int, end: Optional[int], place: int) -> list[int]:
    """The rows added before the one that stands for the shown row at `place`. Before a row that was deleted nothing can
    be told to be added: it comes later."""
    if end is None:
        later = [index for shown, index in pairs.items() if shown > place]
        if later:
            return []
        known = set(pairs.values())
        # Behind the last row that is left: at its end, so that what replaced a row stands near it.
        return [] if place in pairs else [i for i in range(begin, len(rows)) if i not in known]
    return list(range(begin, end))


def _after(added: list[int], end: Optional[int], begin: int) -> int:
    if end is not None:
        return end + 1
    return added[-1] + 1 if added else begin


def _pairs(shown: list[Tree], rows: list[Tree]) -> dict[int, int]:
    """Which of `rows` stands for which shown row, in order: the same ones, and between them those that are alike."""
    texts, others = [_text(row) for row in shown], [_text(row) for row in rows]
    pairs: dict[int, int] = {}
    begin = (0, 0)
    for block in SequenceMatcher(None, texts, others, autojunk=False).get_matching_blocks():
        pairs.update(_alike(shown, rows, range(begin[0], block.a), range(begin[1], block.b)))
        pairs.update({block.a + step: block.b + step for step in range(block.size)})
        begin = (block.a + block.size, block.b + block.size)
    return pairs


def _alike(shown: list[Tree], rows: list[Tree], gap: range, other: range) -> Iterator[tuple[int, int]]:
    """Rows of two gaps that are one row, changed: all of them where there are as many, else those with a value in
    common."""
    if len(gap) == len(other):
        yield from zip(gap, other)
        return
    place = other.start
    for index in gap:
        twin = next((at for at in range(place, other.stop) if _share(shown[index], rows[at])), None)
        if twin is not None:
            yield index, twin
            place = twin + 1


def _share(one: Tree, other: Any) -> bool:
    if not isinstance(one, dict) or not isinstance(other, dict):
        return False
    return any(key in other and same(value, other[key]) for key, value in one.items())
