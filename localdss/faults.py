"""Misbehaviour on request, so that a test can see what a reader makes of a DSS that is slow, broken or old."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random
from typing import Any, Optional

from flask import Request, Response, json


@dataclass
class Fault:
    """One misbehaviour of the calls whose method and path fit; `left` counts down where it is to happen a few times only."""

    method: str
    path: str
    kind: str
    value: Any = None
    left: Optional[int] = None

    def fits(self, method: str, path: str) -> bool:
        return self.left != 0 and self.method in ("*", method) and fnmatchcase(path.rstrip("/"), self.path.rstrip("/"))


@dataclass
class Faults:
    """The misbehaviours in force. Paths are those of the API without its prefix, with `*` for anything:
    `dss.faults.status("GET", "/projects/*/scenarios/", 500)`."""

    latency: float = 0.0
    _faults: list[Fault] = field(default_factory=list)
    _released: threading.Event = field(default_factory=threading.Event)
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def status(
        self, method: str, path: str, status: int, message: str = "Out of order", times: Optional[int] = None
    ) -> None:
        """An error in DSS's own shape."""
        self._add(Fault(method, path, "status", (status, message), times))

    def html(self, method: str, path: str, status: int = 502, times: Optional[int] = None) -> None:
        """An error page, as a proxy in front of DSS gives one."""
        self._add(Fault(method, path, "html", status, times))

    def hang(self, method: str, path: str, seconds: float = 60, times: Optional[int] = None) -> None:
        """No answer for so long."""
        self._add(Fault(method, path, "hang", seconds, times))

    def cut_off(self, method: str, path: str, times: Optional[int] = None) -> None:
        """The connection closes in the middle of the answer."""
        self._add(Fault(method, path, "cut_off", None, times))

    def lose(self, method: str, path: str, times: Optional[int] = None) -> None:
        """What is asked is done, and the connection closes before a byte of the answer."""
        self._add(Fault(method, path, "lose", None, times))

    def late(self, method: str, path: str, seconds: float = 60, times: Optional[int] = None) -> None:
        """What is asked is done at once, and the answer comes so long after. (`hang` does it only then.)"""
        self._add(Fault(method, path, "late", seconds, times))

    def meanwhile(
        self, method: str, path: str, action: Callable[[], Any], done: bool = False, times: Optional[int] = 1
    ) -> None:
        """Something happens when such a call comes: before it has its effect, or once it is `done` and not yet answered. So
        that whoever asked can be killed at exactly that point."""
        self._add(Fault(method, path, "done" if done else "coming", action, times))

    def empty(self, method: str, path: str, times: Optional[int] = None) -> None:
        """Status 200 and nothing in it."""
        self._add(Fault(method, path, "empty", None, times))

    def drip(self, method: str, path: str, seconds: float = 30, times: Optional[int] = None) -> None:
        """The answer comes byte by byte and takes so long in all."""
        self._add(Fault(method, path, "drip", seconds, times))

    def change(self, method: str, path: str, change: Callable[[Any], Any], times: Optional[int] = None) -> None:
        """The JSON answered is what `change` makes of the true one: another type, keys gone, values blank."""
        self._add(Fault(method, path, "change", change, times))

    def rewrite(self, method: str, path: str, change: Callable[[Any], Any], times: Optional[int] = None) -> None:
        """DSS keeps what `change` makes of the JSON sent: parts dropped, values of its own."""
        self._add(Fault(method, path, "rewrite", change, times))

    def storm(self, seed: int, share: float) -> None:
        """So large a share of all GETs (0 to 1) fails, each in a way that chance picks; the same seed, the same storm, as
        far as calls come in the same order."""
        self._add(Fault("GET", "/*", "storm", (Random(seed), share)))

    def clear(self) -> None:
        """All is well again, and whatever hangs goes on."""
        self._faults.clear()
        self.latency = 0.0
        self._released.set()
        self._released = threading.Event()

    def before(self, request: Request, path: str) -> Optional[Response]:
        """What is answered in place of the route, after the time it is to take."""
        if self.latency:
            self._released.wait(self.latency)
        for fault in self._taken(request.method, path, "storm"):
            chance, share = fault.value
            if chance.random() < share:
                STRIKES[chance.randrange(len(STRIKES))](self, path)
        for fault in self._taken(request.method, path, "coming", "hang", "status", "html", "empty"):
            if fault.kind == "coming":
                fault.value()
            elif fault.kind == "hang":
                self._released.wait(fault.value)
            elif fault.kind == "status":
                status, message = fault.value
                body = {
                    "errorType": _ERROR_TYPES.get(status, _ERROR_TYPES[500]),
                    "message": message,
                    "detailedMessage": message,
                }
                return Response(json.dumps(body), status, mimetype="application/json")
            elif fault.kind == "html":
                return Response(f"<html><body><h1>{fault.value}</h1></body></html>", fault.value, mimetype="text/html")
            else:
                return Response("", 200, mimetype="application/json")
        return None

    def after(self, request: Request, path: str, response: Response) -> Response:
        """The route's own answer, spoiled where that is wanted."""
        for fault in self._taken(request.method, path, "done", "late", "change", "lose", "cut_off", "drip"):
            if fault.kind == "done":
                fault.value()
            elif fault.kind == "late":
                self._released.wait(fault.value)
            elif fault.kind == "change":
                if response.is_json:
                    response.set_data(json.dumps(fault.value(json.loads(response.get_data()))))
            elif fault.kind == "lose":
                request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            elif fault.kind == "cut_off":
                response = _cut_off(request, response)
            else:
                response = self._dripping(response, fault.value)
        return response

    def kept(self, method: str, path: str) -> Callable[[Any], Any]:
        """What becomes of the body of such a call before the route sees it."""

        def keep(sent: Any) -> Any:
            for fault in self._taken(method, path, "rewrite"):
                sent = fault.value(sent)
            return sent

        return keep

    def _add(self, fault: Fault) -> None:
        self._faults = [each for each in self._faults if each.left != 0] + [fault]

    def _taken(self, method: str, path: str, *kinds: str) -> Iterator[Fault]:
        for fault in list(self._faults):
            if fault.kind in kinds and self._strikes(fault, method, path):
                yield fault

    def _strikes(self, fault: Fault, method: str, path: str) -> bool:
        """Whether this call is struck: of calls at the same moment no more than are left."""
        with self._counting:
            fits = fault.fits(method, path)
            if fits and fault.left is not None:
                fault.left -= 1
        return fits

    def _dripping(self, response: Response, seconds: float) -> Response:
        data = response.get_data()
        released = self._released

        def drops() -> Iterator[bytes]:
            for index in range(len(data)):
                released.wait(seconds / max(len(data), 1))
                yield data[index : index + 1]

        return Response(drops(), response.status_code, headers=_length(response, len(data)))


# What a storm does to one GET.
STRIKES: tuple[Callable[[Faults, str], None], ...] = (
    lambda faults, path: faults.status("GET", path, 500, times=1),
    lambda faults, path: faults.status("GET", path, 403, "Action forbidden", times=1),
    lambda faults, path: faults.html("GET", path, 404, times=1),
    lambda faults, path: faults.html("GET", path, 502, times=1),
    lambda faults, path: faults.hang("GET", path, 1, times=1),
    lambda faults, path: faults.drip("GET", path, 1, times=1),
    lambda faults, path: faults.cut_off("GET", path, times=1),
    lambda faults, path: faults.lose("GET", path, times=1),
    lambda faults, path: faults.empty("GET", path, times=1),
    lambda faults, path: faults.change("GET", path, lambda _: None, times=1),
    lambda faults, path: faults.change("GET", path, lambda _: "text", times=1),
    # Not a shorter list: that is what a DSS with fewer objects says, and nobody can tell.
    lambda faults, path: faults.change(
        "GET", path, lambda told: [*told[: len(told) // 2], "text"] if isinstance(told, list) else [told], times=1
    ),
)

_ERROR_TYPES = {
    401: "com.dataiku.dip.exceptions.UnauthorizedException",
    403: "com.dataiku.dip.exceptions.UnauthorizedException",
    404: "com.dataiku.dip.server.controllers.NotFoundException",
    500: "com.dataiku.dip.exceptions.DSSInternalErrorException",
}


def _length(response: Response, length: int) -> list[tuple[str, str]]:
    kept = [(name, value) for name, value in response.headers if not re.fullmatch("content-length", name, re.I)]
    return [*kept, ("Content-Length", str(length))]


def _cut_off(request: Request, response: Response) -> Response:
    data = response.get_data()
    connection: socket.socket = request.environ["werkzeug.socket"]

    def half() -> Iterator[bytes]:
        yield data[: len(data) // 2]
        connection.shutdown(socket.SHUT_RDWR)

    return Response(half(), response.status_code, headers=_length(response, max(len(data), 2)))
