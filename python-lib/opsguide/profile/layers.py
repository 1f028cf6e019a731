"""Layers of plain JSON: copied within bounds, overlaid, cut.

A path is a tuple of keys and list indexes; a tree is what `json` makes: dicts, lists, texts, numbers, booleans.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from ..model.profile import Layer

Path = tuple[Any, ...]
Tree = Any

# A profile of 2,000 datasets with a dozen keys each fits ten times over; the deepest real path has five steps.
MAX_DEPTH = 16
MAX_VALUES = 250_000
MAX_CHARACTERS = 8_000_000
MAX_KEY = 300
MAX_INTEGER = 2**63
# Who gets this much wrong has pasted something else: the rest is left out without being listed one by one.
MAX_PROBLEMS = 200


class TooLarge(Exception):
    """The tree holds more than a profile ever does, or is endless."""


def copied(tree: Any) -> tuple[Tree, list[tuple[Path, str]]]:
    """A copy that is surely JSON, and (path, sentence) for what had to be left out. Null is the same as absent.

    Raises TooLarge beyond `MAX_VALUES` or `MAX_CHARACTERS`; a tree that contains itself ends at `MAX_DEPTH` or there.
    """
    left_out: list[tuple[Path, str]] = []
    room = {"values": MAX_VALUES, "characters": MAX_CHARACTERS}

    def spend(what: str, amount: int) -> None:
        room[what] -= amount
        if room[what] < 0:
            raise TooLarge

    def text(value: str) -> str:
        spend("characters", len(value))
        return value.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair is not text

    def copy(value: Any, path: Path) -> Tree:
        spend("values", 1)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return text(value)
        if isinstance(value, float):
            if math.isfinite(value):
                return value
            left_out.append((path, "is no finite number"))
            return None
        if isinstance(value, int):
            if abs(value) < MAX_INTEGER:
                return int(value)
            left_out.append((path, "is too large a number"))
        elif not isinstance(value, (Mapping, list, tuple)):
            left_out.append((path, "is not JSON"))
        elif len(path) >= MAX_DEPTH:
            left_out.append((path, "is nested deeper than anything in a profile"))
        elif isinstance(value, Mapping):
            copies: dict[str, Tree] = {}
            for key, below in value.items():
                name = text(str(key))
                if len(name) > MAX_KEY:
                    left_out.append(((*path, f"{name[:60]}…"), "is longer than any name in a profile"))
                elif below is not None:
                    copies[name] = copy(below, (*path, name))
            return {name: below for name, below in copies.items() if below is not None}
        else:
            return [copy(below, (*path, index)) for index, below in enumerate(value)]
        return None

    return copy(tree, ()), left_out


def merged(below: Tree, above: Tree) -> Tree:
    """`above` over `below`: objects key by key, everything else (lists too) replaced whole.

    >>> merged({"a": {"x": 1, "y": [1, 2]}}, {"a": {"y": [3]}})
    {'a': {'x': 1, 'y': [3]}}
    """
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return {**below, **{key: merged(below[key], value) if key in below else value for key, value in above.items()}}


def leaves(tree: Tree, path: Path = ()) -> Iterator[Path]:
    """The paths of all values; a list is one value, an empty object none."""
    if isinstance(tree, dict):
        for key, below in tree.items():
            yield from leaves(below, (*path, key))
    else:
        yield path


class Written:
    """One layer as written, less the parts that cannot be used. Paths are always those of the layer as written."""

    def __init__(self, layer: Layer, tree: Tree, left_out: Iterable[tuple[Path, str]] = ()) -> None:
        self.layer = layer
        self.left_out: list[tuple[Path, str]] = []
        self._tree = tree
        self._dropped: set[Path] = set()
        self._kept_indexes: dict[Path, list[int]] = {}
        self._explained: set[Path] = set()
        for path, why in left_out:
            self.leave_out(path, partial(str, why))
        self.settle()

    def leave_out(self, path: Path, why: Callable[[], str]) -> None:
        """Use it no longer. What fails only because a part of it was left out earlier is no news and not listed."""
        if path not in self._explained and path not in self._dropped and len(self.left_out) <= MAX_PROBLEMS:
            self.left_out.append((path, why()))
        self._dropped.add(path)

    def settle(self) -> None:
        """From now on, all that contains a part left out so far is explained by it."""
        self._explained.update(path[:length] for path in self._dropped for length in range(len(path) + 1))

    def rest(self) -> Tree:
        """What is left."""
        self._kept_indexes = {}
        return {} if () in self._dropped else self._rest(self._tree, ())

    def _rest(self, tree: Tree, path: Path) -> Tree:
        if isinstance(tree, dict):
            rests = {key: self._rest(tree[key], (*path, key)) for key in tree if (*path, key) not in self._dropped}
            # A list of which nothing can be used says nothing, where an empty list as written says "none".
            return {key: rest for key, rest in rests.items() if rest != [] or tree[key] == []}
        if isinstance(tree, list):
            indexes = [index for index in range(len(tree)) if (*path, index) not in self._dropped]
            self._kept_indexes[path] = indexes
            return [self._rest(tree[index], (*path, index)) for index in indexes]
        return tree

    def locate(self, place: Path) -> Path:
        """The path of the part that stands at `place` in `rest()`, or of the nearest part around it.

        A place that only another layer fills, or that nothing fills, has its nearest part somewhere above."""
        tree = self._tree
        path: Path = ()
        for step in place:
            if isinstance(tree, list) and isinstance(step, int):
                indexes = self._kept_indexes.get(path, [])
                if step >= len(indexes):
                    break
                step = indexes[step]
            elif not isinstance(tree, dict) or step not in tree or (*path, step) in self._dropped:
                break
            tree, path = tree[step], (*path, step)
        return path
