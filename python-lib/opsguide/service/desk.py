"""What the web page asks of one project."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import Optional

from ..core.compose import compose
from ..dss import gateway, inside
from ..dss.identity import Access, Doors
from ..model.guide import Guide, Section
from ..model.known import Unknown
from ..model.snapshot import Instance
from ..model.today import Today
from ..settings import Settings
from .reading import TODAY, Reading, read, today_of

# One reading takes a few megabytes at most; beyond this many different sets of rights the oldest is read again.
MAX_SHELVES = 64


class Desk:
    """What the web page asks of one project: who may see what, and the guide as that viewer may see it.

    A reading is shared by callers with the same rights for `minimum_refresh_seconds`, and while one is under way the
    others wait for it: many readers cost DSS no more than one."""

    def __init__(self, project_key: str, settings: Settings, doors: Doors) -> None:
        self.project_key = project_key
        self.settings = settings
        self._doors = doors
        self._shelves: OrderedDict[str, _Shelf] = OrderedDict()
        self._node: Optional[Instance] = None
        self._lock = threading.Lock()

    def access(self, headers: Mapping[str, str]) -> Access:
        """Who is asking, and what they may see. Must be called in the request's own thread.

        The node that answers does not change while this process lives, so it is asked for with the first caller that is
        let in: on a design node nothing alarms."""
        access = self._doors.open(headers, self.project_key)
        if access.may and self._node is None:
            found = gateway.read_snapshot(access.clients, self.project_key, {"instance"}).instance
            self._node = None if isinstance(found, Unknown) else found
        return access

    def guide(self, access: Access, *, depth: str = "first") -> Guide:
        """The guide; `depth` "first" reads the lists and leaves slow parts waiting, "whole" reads all of it."""
        need = gateway.WHOLE if depth == "whole" else gateway.FIRST
        return _guide(self._reading(access, need))

    def section(self, access: Access, section_id: str) -> Optional[Section]:
        """One section with everything it waits for read; None when the guide has no such section."""
        section = _section(self.guide(access), section_id)
        if section is not None and section.waits_for:
            section = _section(_guide(self._reading(access, frozenset(section.waits_for))), section_id)
        return section

    def today(self, access: Access) -> Today:
        """Today, all of it read; `next_check_seconds` as the settings allow it."""
        found = today_of(self._reading(access, TODAY))
        pace = found.next_check_seconds
        if pace is None or not self.settings.page_refreshes:
            return replace(found, next_check_seconds=None)
        return replace(found, next_check_seconds=max(pace, self.settings.minimum_refresh_seconds))

    def _reading(self, access: Access, need: frozenset[str]) -> Reading:
        shelf = self._shelf(access.key)
        with shelf.lock:
            if time.monotonic() - shelf.read_at > self.settings.minimum_refresh_seconds:
                shelf.reading, shelf.has, shelf.read_at = None, frozenset(), time.monotonic()
            if shelf.reading is None or not need <= shelf.has:
                have = shelf.reading.snapshot if shelf.reading else None
                shelf.reading = read(
                    access.clients, self.project_key, self.settings, need=need, have=have, node=self._node
                )
                shelf.has |= need | gateway.FIRST
            return shelf.reading

    def _shelf(self, key: str) -> _Shelf:
        with self._lock:
            shelf = self._shelves.setdefault(key, _Shelf())
            self._shelves.move_to_end(key)
            while len(self._shelves) > MAX_SHELVES:
                self._shelves.popitem(last=False)
            return shelf


class _Shelf:
    """The reading that callers with the same rights share, and the lock under which it is made."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.reading: Optional[Reading] = None
        self.has: frozenset[str] = frozenset()
        self.read_at = float("-inf")


def _guide(reading: Reading) -> Guide:
    return compose(reading.snapshot, reading.declared, reading.report)


def _section(guide: Guide, section_id: str) -> Optional[Section]:
    return next((section for section in guide.sections if section.id == section_id), None)


def desk_in_dss() -> Desk:
    """The desk of the web app whose backend this process is."""
    settings = Settings.read(inside.plugin_settings())
    doors = inside.doors(settings.max_parallel_calls, settings.dss_url)
    return Desk(inside.project_key(), settings, doors)
