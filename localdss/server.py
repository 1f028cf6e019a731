"""The HTTP side of the local DSS: one threaded server that answers the public API under both of its prefixes, hosts the
webapps' backends and shows the screens."""

from __future__ import annotations

import contextlib
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Optional

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.http import http_date
from werkzeug.routing import BaseConverter, Rule

from . import api, data, host, screens
from .api.routing import (
    ROUTES,
    Call,
    Refused,
    Route,
    answer,
    asker,
    failed,
    not_found,
    parse_version,
    unauthenticated,
)
from .connections import Listener, listen
from .faults import Faults
from .instance import Instance

PREFIXES = ("/dip/publicapi", "/public/api")
WRITES = frozenset({"POST", "PUT", "DELETE", "PATCH"})
# Client calls that only ask, though they are sent as POST.
_ASKING = (
    "/auth/info-from-browser-headers",
    "/auth/ticket-from-browser-headers",
    "/data-quality/get-partitions-status",
)


@dataclass
class Recorded:
    """One request: `path` is that of the API without its prefix; `known` is false where this version has no such route;
    `body` the text sent, of files nothing."""

    method: str
    path: str
    query: dict[str, str]
    user: str
    started: datetime
    status: int = 0
    finished: Optional[datetime] = None
    known: bool = True
    route: str = ""
    body: str = ""

    @property
    def writes(self) -> bool:
        return self.method in WRITES and not self.path.endswith(_ASKING)


@dataclass
class Requests:
    """Every request to the API, oldest first. A test clears it, lets the code read, and counts."""

    all: list[Recorded] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.all)

    def __iter__(self) -> Any:
        return iter(list(self.all))

    def writes(self) -> list[Recorded]:
        return [each for each in self.all if each.writes]

    def unknown(self) -> list[Recorded]:
        """Calls of routes that DSS of this version, or localdss itself, does not have."""
        return [each for each in self.all if not each.known]

    def of(self, method: str, route: str) -> list[Recorded]:
        """The calls of one route, written as it is declared: `of("GET", "/projects/<key>/jobs/")`."""
        return [each for each in self.all if each.method == method and each.route.rstrip("/") == route.rstrip("/")]

    def clear(self) -> None:
        self.all.clear()


class Server:
    """A local DSS on a loopback port. `instance` is its state, `faults` its misbehaviour, `requests` what was asked of it."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.faults = Faults()
        self.requests = Requests()
        self.app = self._app()
        self._http: Optional[Listener] = None

    @property
    def url(self) -> str:
        return self.instance.url

    def start(self, port: int = 0) -> Server:
        self._http = listen(self.app, port)
        self.instance.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def stop(self) -> None:
        """Ends what goes on, answers nobody any more, and then takes away what lies in a database and on disk: each of
        these, whatever becomes of the others."""
        with contextlib.ExitStack() as last_first:
            last_first.callback(self.instance.close)
            last_first.callback(data.close, self.instance)
            if self._http is not None:
                last_first.callback(self._http.server_close)
                last_first.callback(self._http.shutdown)
                self._http = None
            last_first.callback(self.instance.end_work)
            last_first.callback(self.faults.clear)

    def _app(self) -> Flask:
        app = Flask(__name__, static_folder=None)
        app.url_map.converters["anypath"] = _AnyPath
        app.url_map.strict_slashes = False
        app.url_map.merge_slashes = False
        api.load()
        app.url_rule_class = _Matched
        for route in ROUTES:
            for prefix in PREFIXES:
                self._register(app, prefix, route)
        app.url_rule_class = Rule
        app.before_request(self._arrived)
        app.after_request(self._leaving)
        app.register_error_handler(Refused, _refusal)
        app.register_error_handler(Exception, self._broken)
        app.register_error_handler(404, self._unknown)
        app.register_error_handler(405, self._unknown)
        host.mount(app, self.instance)
        screens.mount(app, self.instance)
        return app

    def _register(self, app: Flask, prefix: str, route: Route) -> None:
        def view(**names: str) -> Response:
            g.record.route = route.path
            return self._serve(route, names)

        app.add_url_rule(prefix + route.path, f"{prefix} {route.method} {route.path}", view, methods=[route.method])

    def _serve(self, route: Route, names: dict[str, str]) -> Response:
        caller = asker(self.instance, request)
        if caller is None:
            raise unauthenticated()
        g.record.user = caller.login
        if parse_version(self.instance.version) < route.since:
            return self._no_such_route()
        call = Call(self.instance, caller, request, kept=self.faults.kept(g.record.method, g.record.path))
        if route.in_project:
            call.project_ = self.instance.projects.get(names.pop("key"))
            if call.project_ is None:
                raise not_found("Project")
        call.demand(route.right)
        with self.instance.lock if route.locked else contextlib.nullcontext():
            response = answer(route.handler(call, **names))
        response.headers["X-Localdss-Basis"] = route.basis
        return response

    def _arrived(self) -> Optional[Response]:
        path = api_path(request.path)
        if path is None:
            return None
        g.record = Recorded(request.method, path, request.args.to_dict(), "", self.instance.clock.now())
        if not request.mimetype.startswith("multipart/"):
            g.record.body = request.get_data(as_text=True)
        self.requests.all.append(g.record)
        return self.faults.before(request, path)

    def _leaving(self, response: Response) -> Response:
        record = g.get("record")
        if record is not None:
            response = self.faults.after(request, record.path, response)
            record.status = response.status_code
            clock = self.instance.clock
            response.call_on_close(lambda: setattr(record, "finished", clock.now()))
        response.headers["Date"] = http_date(self.instance.clock.now())
        return response

    def _unknown(self, error: HTTPException) -> Any:
        if "record" not in g:
            return error
        return self._no_such_route()

    def _broken(self, error: Exception) -> Any:
        """A mistake of localdss itself: told on stderr, and answered as DSS answers its own."""
        if isinstance(error, HTTPException):
            return error
        traceback.print_exception(type(error), error, error.__traceback__)
        return _refusal(failed(f"localdss broke: {error!r}"))

    def _no_such_route(self) -> Response:
        """What a DSS without the route answers: the page of the web server in front of it."""
        g.record.known = False
        print(f"localdss {self.instance.version} has no {request.method} {g.record.path}", file=sys.stderr)
        page = (
            "<html><head><title>404 Not Found</title></head><body><center><h1>404 Not Found</h1></center></body></html>"
        )
        return Response(page, 404, mimetype="text/html")


def api_path(path: str) -> Optional[str]:
    """A path of the API without its prefix; None for any other path."""
    for prefix in PREFIXES:
        if path.startswith(prefix + "/"):
            return path[len(prefix) :]
    return None


def _refusal(error: Refused) -> Response:
    response = answer(error.body)
    response.status_code = error.status
    return response


class _Matched(Rule):
    """A rule that is only ever matched. Werkzeug prepares each to build addresses from as well, which is most of what a
    server's start takes; where it stops asking for that, nothing is saved and nothing breaks."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., Any]:
        return lambda *_: None


class _AnyPath(BaseConverter):
    """The rest of a path; the client sends those of folders with their leading slash."""

    part_isolating = False
    regex = ".+?"
