"""A page that many look at is drawn once: only what seals its forms is each reader's own."""

from __future__ import annotations

import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import replace

from ..render.html import Permit

# A page of a large project has a few megabytes, of most some dozen kilobytes.
_KEPT = 8


class Drawn:
    """The pages that were drawn last. Safe between threads: those who ask for a page that is being drawn wait for it, and
    nobody else does."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, _Page] = OrderedDict()
        self._lock = threading.Lock()
        # Drawn in place of what is a reader's own. Nobody knows them, so that no text of DSS can hold one.
        self._stamp, self._token = secrets.token_hex(16), secrets.token_hex(16)
        self._marks = re.compile(f"({self._stamp}|{self._token})")

    def page(self, key: Hashable, shown: object, permit: Permit, draw: Callable[[Permit], str]) -> bytes:
        """What `draw` makes with a reader's permit. It is drawn anew where `shown` is another object than the last time;
        `key` tells who may be given the same page, and in which form."""
        alike = replace(permit, stamp=permit.stamp and self._stamp, token=permit.token and self._token)
        with self._lock:
            page = self._kept.setdefault((key, alike), _Page())
            self._kept.move_to_end((key, alike))
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        with page.lock:
            if page.shown is not shown:
                page.pieces = [piece.encode() for piece in self._marks.split(draw(alike))]
                page.shown = shown
            pieces = page.pieces
        own = {self._stamp.encode(): permit.stamp.encode(), self._token.encode(): permit.token.encode()}
        return b"".join(own.get(piece, piece) for piece in pieces)


class _Page:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.shown: object = None
        self.pieces: list[bytes] = []
