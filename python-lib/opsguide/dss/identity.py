"""Who is looking at the page, and with whose rights it is read for them.

A web app's backend has the rights of one run-as user for everybody who opens it. So a person's own ticket is used where
DSS grants one ("Impersonation in webapps"); where it does not, the run-as user's clients are cut down to what that
person may read, as the project's permissions say. In doubt nobody sees anything.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Optional, Union

from ..errors import DssError
from ..model.snapshot import Grant, Viewer
from . import answers, raw
from .session import READ_CONTENT, Clients, path, reader_of

GUIDE, STATUS, WRITE = "guide", "status", "write"
EVERYTHING = frozenset({GUIDE, STATUS})

# A page asks many things within seconds; signing out or losing a right counts after this at the latest.
REMEMBERED_SECONDS = 30.0
MAX_REMEMBERED = 256

GRANT_IMPERSONATION = (
    "an administrator can grant the web app's run-as user “Impersonation in webapps” for your group, "
    "or make that user an administrator of the project"
)


@dataclass(frozen=True)
class Access:
    """What one caller may see. `login` is '' for an API key and for nobody; `key` is equal for callers who see the same;
    `may` holds "guide" and "status" as far as allowed, and "write" where DSS itself judges what they write; `clients`
    ask for the caller, with no right that the caller lacks; `reason` says why something is not allowed, or in what way
    it is read."""

    login: str
    key: str
    may: frozenset[str]
    clients: Clients
    reason: str = ""

    @property
    def needs_to_write(self) -> str:
        """What would let them write; '' where DSS itself judges what they write."""
        if WRITE in self.may:
            return ""
        return GRANT_IMPERSONATION if self.login else "it takes a person who is signed in to DSS, in a browser"


class Doors:
    """Lets callers of one web app in.

    `run_as` is the backend's own identity; `with_ticket` and `with_key` give a client of the same DSS that carries a
    person's ticket or an API key. What was found is remembered for half a minute."""

    def __init__(self, run_as: Clients, with_ticket: Callable[[str], Any], with_key: Callable[[str], Any]) -> None:
        self._run_as = run_as
        self._with_ticket = with_ticket
        self._with_key = with_key
        self._remembered: OrderedDict[tuple[str, str], tuple[float, Access]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def own(self) -> Clients:
        """The web app's own clients, with the rights of its run-as user: for nobody's reading."""
        return self._run_as

    @property
    def calls(self) -> int:
        """Calls to DSS so far, by whomever."""
        return self._run_as.calls_of_all.number

    def open(self, headers: Mapping[str, str], project_key: str, *, afresh: bool = False) -> Access:
        """Who the request with these headers comes from, and what they may see of the project. Must be called in the
        request's own thread. DssUnreachable when DSS does not answer; every other doubt is an Access without rights.
        `afresh` asks DSS whatever is remembered: for whoever wants to change something."""
        sent = {str(name): str(value) for name, value in headers.items()}
        cookie, authorization = _header(sent, "cookie"), _header(sent, "authorization")
        digest = hashlib.sha256(f"{cookie}\n{authorization}".encode()).hexdigest()
        with self._lock:
            found = self._remembered.get((digest, project_key))
        if not afresh and found is not None and time.monotonic() - found[0] < REMEMBERED_SECONDS:
            return found[1]
        access = self._person(sent, project_key) if cookie else self._key_holder(authorization, project_key)
        with self._lock:
            self._remembered[digest, project_key] = (time.monotonic(), access)
            self._remembered.move_to_end((digest, project_key))
            while len(self._remembered) > MAX_REMEMBERED:
                self._remembered.popitem(last=False)
        return access

    def _person(self, headers: Mapping[str, str], project_key: str) -> Access:
        try:
            info = self._run_as.ask("/auth/info-from-browser-headers", headers, {"withSecrets": False})
        except DssError as error:
            return self._nobody(f"DSS does not know who is browsing: {error}")
        viewer = answers.viewer(info)
        if not viewer.login:
            return self._nobody("DSS does not know who is browsing")
        own = self._impersonated(headers, viewer)
        if isinstance(own, str) and self._runs_as(viewer):
            own = self._run_as.for_viewer(viewer)  # nothing to impersonate: they are who the backend runs as
        if isinstance(own, Clients) and _reads_content(own, project_key):
            return Access(viewer.login, f"user {viewer.login}", EVERYTHING | {WRITE}, own)
        why_not = "" if isinstance(own, Clients) else own
        return self._by_permissions(viewer, project_key, why_not)

    def _impersonated(self, headers: Mapping[str, str], viewer: Viewer) -> Union[Clients, str]:
        """Clients that are the person, or why there are none."""
        try:
            ticket = raw.text(self._run_as.ask("/auth/ticket-from-browser-headers", headers), "msg")
        except DssError as error:
            return str(error)
        if not ticket:
            return "DSS gave no ticket"
        own = self._run_as.acting_as(lambda: self._with_ticket(ticket), viewer)
        # A ticket that cannot be exchanged may silently act as the run-as user.
        try:
            acting = answers.viewer(own.get_mapping("/auth/info"))
        except DssError as error:
            return str(error)
        return own if acting.login == viewer.login else "the ticket acts for somebody else"

    def _runs_as(self, viewer: Viewer) -> bool:
        try:
            return answers.viewer(self._run_as.get_mapping("/auth/info")).login == viewer.login
        except DssError:
            return False

    def _by_permissions(self, viewer: Viewer, project_key: str, why_not: str) -> Access:
        """Without a ticket of their own: as the project's permissions say of them and their groups."""
        try:
            stored = self._run_as.get_mapping(
                path("projects", project_key, "permissions"), holding=("permissions", list)
            )
        except DssError as error:
            asked = f" ({why_not})" if why_not else ""
            return self._nobody(
                f"whether {viewer.login} may read this project cannot be told{asked}: {error}; {GRANT_IMPERSONATION}",
                viewer.login,
            )
        rights = _rights(answers.grants(stored), viewer)
        # Several people share such a reading, so that it names none of them.
        reader = self._run_as.limited(reader_of(project_key), Viewer(""))
        how = "read with the web app's run-as user, cut down to what a reader of the project may see"
        if "readProjectContent" in rights:
            return Access(viewer.login, "reader", EVERYTHING, reader, how)
        lacking = f"{viewer.login} lacks the right “{READ_CONTENT}” on this project"
        if "readDashboards" in rights:
            return Access(viewer.login, "reader", frozenset({STATUS}), reader, lacking)
        return self._nobody(lacking, viewer.login)

    def _key_holder(self, authorization: str, project_key: str) -> Access:
        """An API key reads with its own rights, and no more than a plain reader of this project."""
        key = _api_key(authorization)
        if not key:
            return self._nobody("nobody is signed in")
        own = self._run_as.acting_as(lambda: self._with_key(key), Viewer("")).limited(
            reader_of(project_key), Viewer("")
        )
        if not _reads_content(own, project_key):
            return self._nobody(f"this API key lacks the right “{READ_CONTENT}” on this project")
        digest = hashlib.sha256(key.encode()).hexdigest()
        return Access("", f"key {digest}", EVERYTHING, own, "read with an API key, as a plain reader")

    def _nobody(self, reason: str, login: str = "") -> Access:
        return Access(login, "nobody", frozenset(), self._run_as.limited(lambda _: READ_CONTENT, Viewer("")), reason)


def _reads_content(clients: Clients, project_key: str) -> bool:
    """Whether this identity may read the project's content: its variables are the smallest part of it."""
    try:
        clients.get(path("projects", project_key, "variables") + "/")
    except DssError:
        return False
    return True


def _rights(grants: tuple[Grant, ...], viewer: Viewer) -> frozenset[str]:
    mine = (
        grant.rights
        for grant in grants
        if (grant.kind == "user" and grant.name == viewer.login)
        or (grant.kind == "group" and grant.name in viewer.groups)
    )
    return frozenset().union(*mine)


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")


def _api_key(authorization: str) -> Optional[str]:
    """The key of a Basic (as user name) or Bearer header."""
    scheme, _, value = authorization.strip().partition(" ")
    if scheme.lower() == "bearer":
        return value.strip() or None
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(value.strip(), validate=True).decode().partition(":")[0] or None
    except (binascii.Error, UnicodeDecodeError):
        return None
