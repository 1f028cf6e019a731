"""Managed folders that files are published in, and what was published where."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Optional

from ..errors import DssBroken, DssNotFound
from ..model.event import Event, from_json, instant_of, to_json
from . import answers, raw
from .facts import MAX_LISTING_BYTES
from .session import Clients, path
from .store import CONNECTION, Store

MAX_FILE_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Folder:
    """A managed folder of a project."""

    id: str
    name: str


def find(clients: Clients, project_key: str, id_or_name: str) -> tuple[Folder, ...]:
    """The folders of that id or name: none, one, or several of the same name."""
    listed = clients.get_items(path("projects", project_key, "managedfolders") + "/")
    folders = [Folder(raw.text(each, "id"), raw.text(each, "name")) for each in listed]
    return tuple(folder for folder in folders if id_or_name in (folder.id, folder.name))


def create(clients: Clients, project_key: str, name: str, connection: str = "") -> Folder:
    """A new folder on a connection that allows managed folders."""
    params = {"connection": connection or CONNECTION, "path": "/${projectKey}/${odbId}"}
    body = {"name": name, "projectKey": project_key, "type": None, "params": params}
    clients.write("POST", path("projects", project_key, "managedfolders") + "/", body)
    made = find(clients, project_key, name)
    if not made:
        raise DssNotFound("DSS took the new managed folder but does not list it", status=404, path=name)
    return made[0]


def file_times(clients: Clients, project_key: str, folder_id: str) -> tuple[datetime, ...]:
    """When each file of a folder was changed. DssBroken for a listing that is too long to be read."""
    place = path("projects", project_key, "managedfolders", folder_id, "contents")
    return answers.file_times(clients.get_either(place, max_bytes=MAX_LISTING_BYTES))


def content(clients: Clients, project_key: str, folder: Folder, file: str) -> Optional[bytes]:
    """What a file holds; None where there is none of that name."""
    try:
        return clients.get_bytes(_of(project_key, folder, file), max_bytes=MAX_FILE_BYTES)
    except DssNotFound:
        return None


def put(clients: Clients, project_key: str, folder: Folder, file: str, held: bytes) -> None:
    """Write a file whole, over the one there was, and read it back."""
    clients.upload(_of(project_key, folder, file), file, held)
    if content(clients, project_key, folder, file) != held:
        raise DssBroken(
            f"the folder {folder.name} did not keep the file as it was written",
            status=200,
            path=_of(project_key, folder, file),
        )


def _of(project_key: str, folder: Folder, file: str) -> str:
    return path("projects", project_key, "managedfolders", folder.id, "contents", file)


def remember(state: Store, place: str, note: Event) -> None:
    """Keep what was published at a place, for the next publication: a place is "wiki:NAME" or "folder:ID/FILE"."""
    state.put(f"{_tree(place)}{note.path.rpartition('/')[2]}", to_json(note).encode())


def recall(state: Store, place: str) -> Optional[Event]:
    """What was published last at a place; None where nothing was, or it cannot be read any more."""
    kept = [file.path for file in state.files(_tree(place)) if instant_of(file.path) is not None]
    return from_json(state.document(kept[-1])) if kept else None


def _tree(place: str) -> str:
    return f"/published/{hashlib.sha256(place.encode()).hexdigest()[:16]}/"
