"""Doing to one thing what a plan says, by DSS's public API, and looking afterwards whether it is so.

Each function changes one thing, once. None of them decides: what may go was judged just before.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date

from ..errors import DssBroken, DssNotFound
from ..model.cleanup import CLEAR, DELETE, END, QUARANTINE, QUARANTINE_TAG, RELEASE, STOP, Thing
from . import raw
from .leftovers import version_of
from .session import Clients, path

OBJECTS = frozenset({"datasets", "temporary_datasets", "folders"})


def perform(clients: Clients, thing: Thing, action: str) -> None:
    """Delete, clear, end or stop one thing. DssNotFound where it is not there any more, DssBroken where DSS took the order
    and the thing is still there."""
    _ACTIONS[thing.group, action](clients, thing)


def settings_of(clients: Clients, thing: Thing) -> bytes:
    """The settings of a dataset or folder as DSS holds them: enough to create it again."""
    return json.dumps(clients.get_mapping(_place(thing)), indent=1, sort_keys=True).encode()


def tag(clients: Clients, thing: Thing, until: date) -> str:
    """Put a dataset or folder into quarantine; returns its version just after."""
    return _retag(clients, thing, f"{QUARANTINE_TAG}{until.isoformat()}")


def untag(clients: Clients, thing: Thing) -> str:
    """Take a dataset or folder out of quarantine; returns its version just after."""
    return _retag(clients, thing, "")


def _retag(clients: Clients, thing: Thing, wanted: str) -> str:
    place = _place(thing)
    settings = dict(clients.get_mapping(place))
    others = [each for each in raw.texts(settings, "tags") if not each.startswith(QUARANTINE_TAG)]
    settings["tags"] = [*others, *([wanted] if wanted else [])]
    clients.write("PUT", place, settings)
    after = clients.get_mapping(place)
    if set(raw.texts(after, "tags")) != set(settings["tags"]):
        raise DssBroken("DSS took the tag but did not keep it", status=200, path=place)
    return version_of(after)


def _place(thing: Thing) -> str:
    kind = "managedfolders" if thing.group == "folders" else "datasets"
    return path("projects", thing.project_key, kind, thing.id)


def _delete_object(clients: Clients, thing: Thing) -> None:
    """With its data where DSS manages it; data that others made is left where it is."""
    place = _place(thing)
    managed = thing.group == "folders" or raw.flag(clients.get_mapping(place), "managed") is True
    clients.write("DELETE", place, params={"dropData": managed})
    try:
        clients.get_mapping(place)
    except DssNotFound:
        return
    raise DssBroken("DSS took the order, and still has it", status=200, path=place)


def _clear(clients: Clients, thing: Thing) -> None:
    clients.write("DELETE", f"{_place(thing)}/data")


def _delete_version(clients: Clients, thing: Thing) -> None:
    model_id, _, version_id = thing.id.partition("/")
    place = path("projects", thing.project_key, "savedmodels", model_id)
    body = {"versions": [version_id], "removeIntermediate": False}
    clients.write("POST", f"{place}/actions/delete-versions", body)
    if any(raw.text(version, "id") == version_id for version in clients.get_items(f"{place}/versions")):
        raise DssBroken("DSS took the order, and still has the version", status=200, path=place)


def _delete_bundle(clients: Clients, thing: Thing) -> None:
    side, _, bundle_id = thing.id.partition("/")
    clients.write("DELETE", path("projects", thing.project_key, "bundles", side, bundle_id))


def _end_session(clients: Clients, thing: Thing) -> None:
    name, _, session_id = thing.id.rpartition("/")
    clients.write("DELETE", path("projects", thing.project_key, "jupyter-notebooks", name, "sessions", session_id))


def _stop_backend(clients: Clients, thing: Thing) -> None:
    clients.write("PUT", path("projects", thing.project_key, "webapps", thing.id, "backend", "actions", "stop"))


_ACTIONS: Mapping[tuple[str, str], Callable[[Clients, Thing], None]] = {
    **{(group, DELETE): _delete_object for group in OBJECTS},
    ("intermediates", CLEAR): _clear,
    ("model_versions", DELETE): _delete_version,
    ("bundles", DELETE): _delete_bundle,
    ("notebook_sessions", END): _end_session,
    ("webapp_backends", STOP): _stop_backend,
}


def by_api(group: str, action: str) -> bool:
    """Whether this module can do it."""
    return (group, action) in _ACTIONS or (group in OBJECTS and action in (QUARANTINE, RELEASE))
