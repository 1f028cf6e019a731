"""Which of a series is among the newest, and so stays: found in one pass, in memory that the series do not grow."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from datetime import datetime

from ...model.cleanup import Found, Options

LOGS = frozenset({"job_logs", "scenario_logs", "continuous_logs"})
VERSIONS = frozenset({"model_versions", "bundles"})
_SUCCESS = frozenset({"SUCCESS", "WARNING", "DONE"})

_Series = tuple[str, str, str]


class Newest:
    """The newest of each series, and the newest that went well."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._last: dict[_Series, list[tuple[datetime, str]]] = {}
        self._success: dict[_Series, tuple[datetime, str]] = {}

    @classmethod
    def of(cls, things: Iterable[Found], options: Options) -> Newest:
        found = cls(options)
        for thing in things:
            found._see(thing)
        return found

    def protects(self, thing: Found) -> str:
        """Why a thing stays for being the newest, '' where it is not."""
        if thing.at is None:
            return ""
        mark, series = (thing.at, thing.id), _series(thing)
        last = self._last.get(series)
        if last and mark >= last[0] and mark in last:  # the first is the oldest of them, and most things are older
            return f"the last {self._kept(thing)} are kept"
        if self._success.get(series) == mark:
            return "it is the last that succeeded"
        return ""

    def _see(self, thing: Found) -> None:
        kept = self._kept(thing)
        at = thing.at
        if at is None or (not kept and thing.group not in LOGS):
            return
        mark, series = (at, thing.id), _series(thing)
        last = self._last.setdefault(series, [])
        if len(last) < kept:
            heapq.heappush(last, mark)
        elif kept and mark > last[0]:
            heapq.heapreplace(last, mark)
        if thing.group in LOGS and self._options.keep_last_success and thing.outcome in _SUCCESS:
            self._success[series] = max(self._success.get(series, mark), mark)

    def _kept(self, thing: Found) -> int:
        if thing.group in LOGS:
            return self._options.keep_last
        return self._options.keep_versions if thing.group in VERSIONS else 0


def _series(thing: Found) -> _Series:
    return (thing.group, thing.project_key, thing.series)
