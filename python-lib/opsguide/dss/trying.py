"""Try every read of `reads.READS` on one project, with the rights of whoever asks, and say how each went.

One call after the other, and nothing but reads: a DSS in use does not notice it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from ..errors import DssBroken, DssDenied, DssError, DssNotFound, DssUnreachable
from ..model.self_check import WORST, SelfCheck, State, Tried
from . import raw
from .reads import READS, Names, Read
from .redaction import PARTITIONS, Redactor
from .session import Clients, path
from .shapes import MOST_SAID, Columns, Compared, Content, Lines
from .stats import MAX_SECONDS

# An answer's shape is seen in a few examples, and a self-check is short.
EXAMPLES = 3
LINES_READ = 50
MAX_BYTES = 8 * 1024 * 1024
FORMAT, FORMAT_VERSION = "operations-guide self-check", 1


@dataclass
class _Tries:
    """What became of one read so far: the names that it was tried with and each answer."""

    read: Read
    states: list[State] = field(default_factory=list)
    said: dict[str, None] = field(default_factory=dict)
    compared: Compared = field(default_factory=Compared)
    answers: list[tuple[Names, Any]] = field(default_factory=list)
    failed: str = ""

    def add(self, state: State, said: str = "") -> None:
        self.states.append(state)
        if said:
            self.said[said] = None


def try_all(
    clients: Clients,
    project_key: str,
    *,
    slow: bool = False,
    reads: Sequence[Read] = READS,
    progress: Callable[[int], None] = lambda percent: None,
) -> SelfCheck:
    """Every read, tried. `slow` tries those that make DSS work hard as well; `progress` is told percent done. Raises
    nothing that DSS could cause."""
    started, before = time.monotonic(), clients.calls
    check = _Check(clients, project_key, slow)
    found = []
    for number, read in enumerate(reads):
        found.append(check.run(read))
        progress(100 * (number + 1) // len(reads))
    results = tuple(found)
    taken_at, _ = clients.now()
    dump = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "taken_at": taken_at.isoformat(),
        "dss_version": check.version,
        "project": check.redactor.text(project_key),
        "table": [[each.name, each.state.value, *each.said] for each in results],
        "answers": check.recorded,
    }
    return SelfCheck(
        project_key,
        taken_at,
        check.version,
        results,
        clients.calls - before,
        time.monotonic() - started,
        dump,
    )


class _Check:
    def __init__(self, clients: Clients, project_key: str, slow: bool) -> None:
        self.clients = clients
        self.project_key = project_key
        self.slow = slow
        self.version = ""
        self.redactor = Redactor()
        self.recorded: list[Mapping[str, Any]] = []
        self._tries: dict[str, _Tries] = {}

    def run(self, read: Read) -> Tried:
        tries = _Tries(read)
        self._tries[read.name] = tries
        why_not = self._why_not(read)
        if why_not:
            tries.add(State.NOT_TRIED, why_not)
            return _tried(tries)
        for names in self._examples(read):
            self._try(tries, {"project": self.project_key, **names})
        if read.name == "node" and tries.answers:
            self.version = raw.text(tries.answers[0][1], "dssVersion")
        return _tried(tries)

    def _why_not(self, read: Read) -> str:
        if read.why_not:
            return read.why_not
        if read.slow and not self.slow:
            return "DSS works long for it: it is tried on request alone"
        if read.after:
            parent = self._tries[read.after]
            if not parent.answers:
                return f"it follows from “{parent.read.what}”, which gave no answer"
            if not self._examples(read):
                return "there is none here to try it on"
        return ""

    def _examples(self, read: Read) -> list[Names]:
        """The names to try it with: from each answer of the read before it in turn."""
        if not read.after:
            return [{}]
        ways = [iter(_with(names, read.pick(answer))) for names, answer in self._tries[read.after].answers]
        found: list[Names] = []
        while ways and len(found) < EXAMPLES:
            for way in tuple(ways):
                names = next(way, None)
                if names is None:
                    ways.remove(way)
                elif len(found) < EXAMPLES:
                    found.append(names)
        return found

    def _try(self, tries: _Tries, names: Names) -> None:
        read = tries.read
        recorded: dict[str, Any] = {"read": read.name, **self._asked(read, names)}
        self.recorded.append(recorded)
        try:
            answer = _ask(self.clients, read, names)
        except DssDenied as error:
            tries.add(State.DENIED)
            recorded.update(self._error(error))
        except DssNotFound as error:
            recorded.update(self._error(error))
            if error.error_type or error.status != 404:
                tries.add(State.FAILED, f"DSS says that it does not exist ({error.status} {error.error_type})")
            else:
                tries.add(*self._no_route(read))
        except DssBroken as error:
            recorded.update(self._error(error))
            if error.status == 200:  # in our own words, never those of DSS
                tries.add(State.DIFFERS, str(error))
            else:
                tries.add(State.FAILED, f"HTTP {error.status} {self.redactor.error_type(error.error_type)}".strip())
        except DssUnreachable:
            tries.add(State.FAILED, "no whole answer")
            recorded["lost"] = True
        else:
            self._answered(tries, names, answer, recorded)

    def _answered(self, tries: _Tries, names: Names, answer: Any, recorded: dict[str, Any]) -> None:
        read = tries.read
        tries.answers.append((names, answer))
        recorded["status"] = 200
        if isinstance(read.form, (Lines, Content)):
            tries.add(State.WORKS)
            recorded["lines" if isinstance(read.form, Lines) else "bytes"] = answer
        elif isinstance(read.form, Columns):
            header, rows = answer
            lacking = [name for name in read.form.needed if name not in header]
            tries.add(State.DIFFERS if lacking else State.WORKS, f"it has no column {lacking[0]}" if lacking else "")
            known = [name if name in read.form.needed else self.redactor.text(name) for name in header]
            recorded.update(columns=known, rows=rows)
        else:
            alone = Compared()
            alone.look(read.form, answer)
            tries.compared.look(read.form, answer)
            tries.add(State.DIFFERS if alone.differ else State.WORKS)
            recorded["json"] = self.redactor.answer(read.form, answer, self._chosen(read, names))

    def _chosen(self, read: Read, names: Names) -> set[str]:
        """The names in this read's answers that further reads will ask for."""
        children = [each for each in READS if each.after == read.name]
        found = (pair for child in children for each in self._examples(child) for pair in each.items())
        return {value for name, value in found if name not in names and value not in PARTITIONS}

    def _asked(self, read: Read, names: Names) -> Mapping[str, Any]:
        hidden = {name: self.redactor.text(value) for name, value in names.items()}
        return {"method": read.method, "path": _path(read, hidden), "query": _params(read, hidden)}

    def _error(self, error: DssError) -> Mapping[str, Any]:
        if error.status == 200:  # it answered, and what came was no JSON or had no end
            return {"status": 200, "broken": True}
        return {"status": error.status, "error_type": self.redactor.error_type(error.error_type)}

    def _no_route(self, read: Read) -> tuple[State, str]:
        told, since = _numbers(self.version), _numbers(read.since)
        if not since:
            return State.DIFFERS, "this DSS has no such route, although every version should"
        if told and told >= since:
            return State.DIFFERS, f"this DSS has no such route, although it is there since DSS {read.since}"
        return State.NO_ROUTE, f"since DSS {read.since}"


def _tried(tries: _Tries) -> Tried:
    read, compared = tries.read, tries.compared
    state = next((each for each in WORST if each in tries.states), State.NOT_TRIED)
    said = (*tries.said, *compared.differ)
    more = (f"and {len(said) - MOST_SAID} more",) if len(said) > MOST_SAID else ()
    notes = [f"new word: {each}" for each in list(compared.new)[:MOST_SAID]]
    if compared.unseen:
        notes.append(f"in no answer: {', '.join(compared.unseen)}")
    return Tried(
        read.name,
        read.what,
        read.method,
        read.path,
        read.right,
        read.since,
        state,
        (*said[:MOST_SAID], *more),
        tuple(notes),
    )


def _ask(clients: Clients, read: Read, names: Names) -> Any:
    api_path, params = _path(read, names), _params(read, names)
    if isinstance(read.form, Content):
        return len(clients.get_bytes(api_path, max_bytes=MAX_BYTES))
    if isinstance(read.form, Lines):
        lines = clients.lines(api_path, params, max_bytes=MAX_BYTES, seconds=MAX_SECONDS)
        return sum(1 for _ in islice(lines, LINES_READ))
    if isinstance(read.form, Columns):
        rows = clients.rows(api_path, params, max_bytes=MAX_BYTES, seconds=MAX_SECONDS)
        header = next(rows, ())
        return header, sum(1 for _ in rows)
    return clients.get(api_path, params)


def _path(read: Read, names: Names) -> str:
    parts: list[str] = []
    for part in read.path.strip("/").split("/"):
        name = part[1:-1] if part.startswith("{") else ""
        parts += names[name].strip("/").split("/") if name == "file" else [names[name] if name else part]
    return path(*parts) + ("/" if read.path.endswith("/") else "")


def _params(read: Read, names: Names) -> dict[str, Any]:
    return {key: value.format_map(names) if isinstance(value, str) else value for key, value in read.params.items()}


def _with(names: Names, picked: Iterator[Names]) -> Iterator[Names]:
    return ({**names, **each} for each in picked)


def _numbers(version: str) -> tuple[int, ...]:
    """Major and minor number; () where there are none."""
    parts = version.split(".")[:2]
    return tuple(map(int, parts)) if len(parts) == 2 and all(part.isdigit() for part in parts) else ()
