"""The project's state folder: what the plugin and people did, as files that are written once and never changed.

It is a managed folder found by its *name*. Two writers never touch the same file, so that nothing is lost when two
people act at once or a process dies half-way. What this rests on: a file that was uploaded is in the folder's next
listing, and is whole or absent; DSS's file-system, S3, Azure and GCS storages keep that promise.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any, Optional

from ..errors import DssBroken, DssNotFound
from ..model.event import Event, from_json, instant_of, to_json
from ..model.known import Known, Unknown
from ..model.ledger import FOLDER
from . import raw
from .session import Clients, attempt, path

CONNECTION = "filesystem_folders"

# As far back as anything that is shown reaches; older events stay in the folder until retention takes their day.
EVENT_DAYS = 90
MAX_EVENTS = 2_000
MAX_FILE_BYTES = 8 * 1024 * 1024
# A claim that was written within half of this counts when it is the first, one that took longer (a slow storage, a busy
# machine) when it is the only one; whoever claims looks again after all of it. So of two claims the later one always sees
# the earlier, and a slow one every quick one that may have taken itself for the first, as long as the clocks of the
# processes differ by less than the other half.
SETTLE_SECONDS = 1.0
# Trees of which the newest file of each is a memory that is looked up.
_MEMORIES = ("/watch/", "/published/")
# A form that is older is not accepted, so that nobody asks for what was recorded before.
REQUESTS_LAST = timedelta(days=3)


@dataclass(frozen=True)
class File:
    """A file of the state folder: its path from the root, its bytes, and when it was written (UTC)."""

    path: str
    size: int
    written_at: Optional[datetime]


@dataclass(frozen=True)
class Events:
    """Events in their order. `left_out` older ones were not read, `unreadable` files gave none; `unread` says why where
    one of those could not be had and may hold one."""

    events: tuple[Event, ...] = ()
    left_out: int = 0
    unreadable: int = 0
    unread: Optional[Unknown] = None


class EventCache:
    """Events by file: a file never changes, so that it is read once a process. Safe between threads."""

    def __init__(self, size: int = 4 * MAX_EVENTS) -> None:
        self._size = size
        self._held: OrderedDict[tuple[str, str], Optional[Event]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, folder_id: str, file: str) -> tuple[bool, Optional[Event]]:
        with self._lock:
            return (folder_id, file) in self._held, self._held.get((folder_id, file))

    def keep(self, folder_id: str, file: str, event: Optional[Event]) -> None:
        with self._lock:
            self._held[folder_id, file] = event
            while len(self._held) > self._size:
                self._held.popitem(last=False)


class Store:
    """The state folder of one project, with one caller's rights. `others` are the ids of further folders of the name."""

    def __init__(
        self,
        clients: Clients,
        project_key: str,
        folder_id: str,
        others: tuple[str, ...] = (),
        cache: Optional[EventCache] = None,
    ) -> None:
        self.clients = clients
        self.project_key = project_key
        self.folder_id = folder_id
        self.others = others
        self._cache = cache or EventCache()

    # --- reading -----------------------------------------------------------------------------------------------------

    def files(self, under: str = "/") -> tuple[File, ...]:
        """The files below a path, sorted by path. One call: a managed folder lists all of it or nothing."""
        found = self.clients.get_mapping(f"{self._root}/contents", holding=("items", list))
        listed = (
            File(_rooted(raw.text(item, "path")), raw.count(item, "size"), raw.instant(item, "lastModified"))
            for item in raw.mappings(found["items"])
        )
        return tuple(sorted((file for file in listed if file.path.startswith(under)), key=lambda file: file.path))

    def document(self, file: str) -> Any:
        """The parsed JSON of one file. DssNotFound where there is none, DssBroken where it is no JSON."""
        return self.clients.get(self._of(file), max_bytes=MAX_FILE_BYTES)

    def events(self, since: Optional[datetime] = None) -> Events:
        """The events since an instant (by default of the last `EVENT_DAYS` days), at most the newest `MAX_EVENTS`."""
        since = since or self.clients.now()[0] - timedelta(days=EVENT_DAYS)
        dated = [(instant_of(file.path), file.path) for file in self.files("/events/")]
        wanted = [name for at, name in dated if at is not None and at >= since]
        left_out = max(0, len(wanted) - MAX_EVENTS)
        found, unread = self._read(wanted[left_out:])
        events = sorted((event for event in found if event is not None), key=lambda event: event.order)
        return Events(tuple(events), left_out, found.count(None) + sum(at is None for at, _ in dated), unread)

    def _read(self, names: list[str]) -> tuple[list[Optional[Event]], Optional[Unknown]]:
        """The event of each file, None for one that holds none or was not read, and why the first of the latter was not."""
        missing = [name for name in names if not self._cache.get(self.folder_id, name)[0]]
        unread = []
        with self.clients.batch() as batch:
            pending = {name: batch.start(self.document, name) for name in missing}
            for name, document in batch.results("the event", pending).items():
                if isinstance(document, Unknown):
                    unread.append(document)
                else:
                    self._cache.keep(self.folder_id, name, from_json(document))
        return [self._cache.get(self.folder_id, name)[1] for name in names], next(iter(unread), None)

    # --- writing -----------------------------------------------------------------------------------------------------

    def append(self, event: Event) -> Event:
        """Keep an event for good; returns it. The caller may count on it being there: it was read back."""
        self.put(event.path, to_json(event).encode())
        self._cache.keep(self.folder_id, event.path, event)
        return event

    def put(self, file: str, content: bytes) -> None:
        """Write a new file and make sure that it arrived whole. DssBroken where it did not."""
        self.clients.upload(self._of(file), file.rpartition("/")[2], content)
        written = self.clients.get_bytes(self._of(file), max_bytes=MAX_FILE_BYTES)
        if written != content:
            raise DssBroken("the state folder did not keep what was written", status=200, path=self._of(file))

    def claim(self, name: str, by: str) -> bool:
        """Whether the caller is the first to claim `name` (one path segment): of several processes at most one is told
        yes, ever. A process that dies after a yes keeps its claim: what it did must be looked up, never repeated."""
        if self.claims(name):
            return False
        began = time.monotonic()
        own = event(datetime.now(timezone.utc), "claim", by)
        file = f"/claims/{name}/{own.path.rpartition('/')[2]}"
        self.put(file, to_json(own).encode())
        in_time = time.monotonic() - began <= SETTLE_SECONDS / 2
        time.sleep(SETTLE_SECONDS)
        claims = [claim.path for claim in self.claims(name)]
        return claims[: 1 if in_time else None] == [file]

    def claims(self, name: str) -> tuple[File, ...]:
        """Who claimed `name`, in their order. What else lies there, such as the half of a file that a storage shows while
        it arrives, is nobody's claim."""
        return tuple(file for file in self.files(f"/claims/{name}/") if instant_of(file.path) is not None)

    def recorded(self, request: str, patience_seconds: float = 0.0) -> Optional[Event]:
        """What was recorded under a claim's name, as its event says in `data["request"]`; None where nothing is there
        even after waiting for it: who claimed it may still be at work."""
        until = time.monotonic() + patience_seconds
        while True:
            recent = self.events(self.clients.now()[0] - REQUESTS_LAST).events
            found = next((event for event in recent if event.data.get("request") == request), None)
            if found is not None or time.monotonic() >= until:
                return found
            time.sleep(SETTLE_SECONDS / 2)

    def forget(self, before: date) -> int:
        """Delete the events, facts and claims of whole days before a date, and what was seen or published before then and
        again since; returns how many files went: the only deletion there is."""
        files = self.files()
        newest = {file.path.rpartition("/")[0]: file.path for file in files if file.path.startswith(_MEMORIES)}
        last = set(newest.values())
        old = [file for file in files if file.path not in last and (_day_of(file.path) or before) < before]
        for file in old:
            self.clients.write("DELETE", self._of(file.path))
        return len(old)

    @property
    def _root(self) -> str:
        return path("projects", self.project_key, "managedfolders", self.folder_id)

    def _of(self, file: str) -> str:
        return f"{self._root}/contents{path(*file.strip('/').split('/'))}"


def event(at: datetime, kind: str, by: str, about: str = "", text: str = "", **data: Any) -> Event:
    """A new event with a uuid of its own."""
    return Event(at.astimezone(timezone.utc), uuid.uuid4().hex, kind, by, about, text, data)


def find(clients: Clients, project_key: str, cache: Optional[EventCache] = None) -> Known[Optional[Store]]:
    """The state folder of a project: the oldest of its name; None where there is none."""
    return attempt("the state folder", _find, clients, project_key, cache)


def _find(clients: Clients, project_key: str, cache: Optional[EventCache]) -> Optional[Store]:
    listed = clients.get_items(path("projects", project_key, "managedfolders") + "/")
    named = sorted((folder for folder in listed if raw.text(folder, "name") == FOLDER), key=_age)
    if not named:
        return None
    ids = [raw.text(folder, "id") for folder in named]
    return Store(clients, project_key, ids[0], tuple(ids[1:]), cache)


def create(clients: Clients, project_key: str, connection: str = CONNECTION) -> Store:
    """The state folder of a project, made on a connection that allows managed folders where there is none yet."""
    there = _find(clients, project_key, None)
    if there is not None:
        return there
    body = {
        "name": FOLDER,
        "projectKey": project_key,
        "type": None,
        "params": {"connection": connection, "path": "/${projectKey}/${odbId}"},
    }
    clients.write("POST", path("projects", project_key, "managedfolders") + "/", body)
    made = _find(clients, project_key, None)
    if made is None:
        raise DssNotFound("DSS took the new state folder but does not list it", status=404, path=FOLDER)
    return made


def _age(folder: Mapping[str, Any]) -> tuple[float, str]:
    """Older first; a folder whose age is not told stands last, by its id: the choice must be the same every time."""
    created = raw.instant(raw.mapping(folder.get("creationTag")), "lastModifiedOn")
    return (created.timestamp() if created else float("inf"), raw.text(folder, "id"))


def _rooted(name: str) -> str:
    return "/" + name.lstrip("/")


def _day_of(name: str) -> Optional[date]:
    """The day that a file belongs to, None for one that is kept for good."""
    tree, _, rest = name.strip("/").partition("/")
    if tree not in ("events", "facts", "claims", "watch", "published"):
        return None
    at = instant_of(name)
    try:
        return at.date() if at else date.fromisoformat(rest[:10])
    except ValueError:
        return None
