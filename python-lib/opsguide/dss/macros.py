"""DSS's own maintenance macros: found by listing, run with every parameter given, their result read as rows.

Their spellings of "only show" differ (`performDeletion`, `simulate`) and two delete unless told otherwise, so that none is
run whose parameters are not the ones that are known.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from html.parser import HTMLParser
from typing import Any, Optional

from ..errors import DssBroken, DssUnreachable
from ..model.cleanup import Thing
from . import raw
from .session import Clients, path

OWNER = "builtin-macros"
MAX_RESULT_BYTES = 16 * 1024 * 1024
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([KMGT]?B|)", re.IGNORECASE)
_NOT_NAMES = ("size", "age", "status", "result")
_UNITS = {"B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
# Clearing years of logs takes minutes; a macro that takes longer goes on by itself and is looked at the next time.
WAIT_SECONDS = 600.0
LONGEST_PAUSE_SECONDS = 2.0


@dataclass(frozen=True)
class Recipe:
    """How one group is cleaned up by a macro. `age` names its threshold, `rehearse` the parameters that only show and
    `perform` those that do it, `fixed` the rest."""

    component: str
    age: str
    rehearse: Mapping[str, Any]
    perform: Mapping[str, Any]
    fixed: Mapping[str, Any]


_DELETE = ({"performDeletion": False}, {"performDeletion": True})
RECIPES: Mapping[str, Recipe] = {
    "job_logs": Recipe("clear-job-logs", "age", *_DELETE, {}),
    "scenario_logs": Recipe("clear-scenario-logs", "age", *_DELETE, {}),
    "continuous_logs": Recipe("clear-continuous-activity-logs", "age", *_DELETE, {}),
    "exports": Recipe("remove-old-exports", "age", {"simulate": True}, {"simulate": False}, {}),
    "notebook_sessions": Recipe(
        "kill-jupyter-sessions",
        "maxIdleTimeHours",
        {"simulate": True},
        {"simulate": False},
        {"maxSessionAgeHours": 0, "dontKillBusyKernels": True, "dontKillConnectedKernels": True},
    ),
}

# Whatever project it runs in, it takes those of all.
OF_ALL_PROJECTS = frozenset({"exports"})


@dataclass(frozen=True)
class Result:
    """What a macro said: the titles of its columns and its rows, cell by cell."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def named(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Those of `ids` that a row names: by the whole, or by each of its parts in a cell of its own."""
        rows = [frozenset(row) for row in self.rows]
        whole = frozenset().union(*rows)
        return tuple(each for each in ids if each in whole or self._in_parts(each, rows, whole))

    def _in_parts(self, thing_id: str, rows: list[frozenset[str]], whole: frozenset[str]) -> bool:
        parts = frozenset(thing_id.split("/"))
        return parts <= whole and any(parts <= row for row in rows)

    def things(self, group: str, project_key: str, at: datetime) -> tuple[Thing, ...]:
        """The rows as things, for what only its macro knows: named by what is not their size, age or status. `at` is what
        they are older than."""
        found = {}
        for row in self.rows:
            told = list(zip(self.head, row))
            names = [cell for title, cell in told if not title.lower().startswith(_NOT_NAMES) and cell != project_key]
            sizes = [_bytes(cell, title) for title, cell in told if title.lower().startswith("size")]
            if any(names):
                thing_id = "/".join(names)
                size = sizes[0] if sizes else None
                found[thing_id] = Thing(group, project_key, thing_id, ", ".join(names), at=at, size=size)
        return tuple(found.values())


def _bytes(cell: str, title: str) -> Optional[int]:
    """A size as DSS's macros write it: "12MB", or a number below "Size (KB)"."""
    match = _SIZE.fullmatch(cell)
    if match is None:
        return None
    unit = next((unit for unit in _UNITS if f"({unit})" in title.upper()), match.group(2).upper() or "B")
    return int(float(match.group(1)) * _UNITS[unit])


def listed(clients: Clients, project_key: str) -> dict[str, str]:
    """The type of each macro that the caller may run and this module knows, by group."""
    found = clients.get_items(path("projects", project_key, "runnables") + "/")
    types = [raw.text(item, "runnableType") for item in found]
    return {
        group: next(each for each in types if _is(each, recipe.component))
        for group, recipe in RECIPES.items()
        if any(_is(each, recipe.component) for each in types)
    }


def _is(runnable_type: str, component: str) -> bool:
    return runnable_type.endswith(f"runnable_{OWNER}_{component}")


def run(clients: Clients, project_key: str, group: str, runnable_type: str, age: int, *, perform: bool) -> Result:
    """Run a group's macro on one project and read what it says. DssBroken where its parameters are not the known ones:
    then it was not run."""
    recipe = RECIPES[group]
    place = path("projects", project_key, "runnables", runnable_type)
    wanted = {recipe.age: age, **recipe.fixed, **(recipe.perform if perform else recipe.rehearse)}
    params = _all_params(clients.get_mapping(place), wanted, place)
    body = {"params": params, "adminParams": {"allProjects": False}}
    started = clients.write("POST", place, body, {"wait": False})
    run_id = raw.text(started, "runId")
    if not run_id:
        raise DssBroken("DSS did not say which run of the macro it started", status=200, path=place)
    _wait(clients, path("projects", project_key, "runnables", runnable_type, "state", run_id))
    answer = clients.get_bytes(
        path("projects", project_key, "runnables", runnable_type, "result", run_id), max_bytes=MAX_RESULT_BYTES
    )
    return read_result(answer)


def _all_params(definition: Mapping[str, Any], wanted: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Every parameter of the macro: ours, and for those that came later their declared defaults."""
    declared = {raw.text(item, "name"): item.get("defaultValue") for item in raw.mappings(definition, "params")}
    unknown = sorted(set(wanted) - set(declared))
    if unknown:
        said = f"this DSS's macro has no parameter {', '.join(unknown)}: it is not run, for it might delete more"
        raise DssBroken(said, status=200, path=place)
    others = {name: value for name, value in declared.items() if name and name not in wanted and value is not None}
    return {**others, **wanted}


def _wait(clients: Clients, state: str) -> None:
    until, pause = time.monotonic() + WAIT_SECONDS, 0.05
    while raw.flag(clients.get_mapping(state), "running"):
        if time.monotonic() > until:
            said = f"the macro still runs after {WAIT_SECONDS:g} s"
            raise DssUnreachable(said, path=state, timed_out=True)
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def read_result(answer: bytes) -> Result:
    """The rows of a macro's result: of a table as JSON, or of the tables of an HTML page."""
    text = answer.decode("utf-8", "replace")
    try:
        table: Optional[Any] = json.loads(text)
    except (ValueError, RecursionError):
        table = None
    if isinstance(table, dict):
        titles = (
            raw.first_text((raw.text(c, "displayName"), raw.text(c, "name"))) for c in raw.items(table, "columns")
        )
        records = (tuple(str(cell) for cell in row) for row in raw.items(table, "records") if isinstance(row, list))
        return Result(tuple(titles), tuple(records))
    reader = _Rows()
    reader.feed(text)
    return Result(tuple(reader.head), tuple(tuple(row) for row in reader.rows if row))


class _Rows(HTMLParser):
    """The cells of all tables of a page; of the tables' titles those of the first."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.head: list[str] = []
        self.rows: list[list[str]] = [[]]
        self._cell: Optional[list[str]] = None

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self._cell = []

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("td", "th") or self._cell is None:
            return
        text = " ".join("".join(self._cell).split())
        self._cell = None
        if tag == "td":
            self.rows[-1].append(text)
        elif len(self.rows) == 2:
            self.head.append(text)

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)
