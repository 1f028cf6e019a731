"""Serves what a real DSS answered to the plugin's self-check: the shapes of its dump, names and amounts replaced.

So that a DSS nobody here has can be looked at, and a reader tried on its answers. Everything that the dump does not hold
is answered as by a DSS that has no such route.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flask import Flask, Response, request

from .connections import listen
from .server import api_path

FORMAT, FORMAT_VERSION = "operations-guide self-check", 1


class NotADump(Exception):
    """A file that is no dump of a self-check; the text says what is wrong."""


def read(path: Path) -> Mapping[str, Any]:
    """The dump in a file."""
    try:
        dump = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise NotADump(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(dump, dict) or dump.get("format") != FORMAT or not isinstance(dump.get("answers"), list):
        raise NotADump(f"{path} is no dump of a self-check: save one from the macro, or with `make verify`")
    if dump.get("format_version") != FORMAT_VERSION:
        raise NotADump(f"{path} is of version {dump.get('format_version')}; this reads version {FORMAT_VERSION}")
    return dump


@contextlib.contextmanager
def serve(dump: Mapping[str, Any], port: int = 0) -> Iterator[str]:
    """The address of a server that answers as the dump says, for the length of a `with`. Any key is let in."""
    http = listen(_app(dump), port)
    threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{http.server_port}"
    finally:
        http.shutdown()
        http.server_close()


def _app(dump: Mapping[str, Any]) -> Flask:
    answers = {_key(each["method"], each["path"], each.get("query") or {}): each for each in dump["answers"]}
    # Who asks with other limits gets what was asked with the plugin's.
    whatever = {(each["method"], each["path"].rstrip("/")): each for each in reversed(dump["answers"])}
    app = Flask(__name__, static_folder=None)
    app.url_map.merge_slashes = False

    @app.route("/", defaults={"path": ""}, methods=["GET", "POST"])
    @app.route("/<path:path>", methods=["GET", "POST"])
    def answer(path: str) -> Response:
        asked = (api_path(f"/{path}") or "").rstrip("/")
        found = answers.get(_key(request.method, asked, request.args)) or whatever.get((request.method, asked))
        if found is not None:
            return _answer(found)
        return Response("<html><body><h1>404 Not Found</h1></body></html>", 404, mimetype="text/html")

    return app


def _key(method: str, path: str, query: Mapping[str, Any]) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    return method, path.rstrip("/"), tuple(sorted((name, str(value)) for name, value in query.items()))


def _answer(found: Mapping[str, Any]) -> Response:
    if found.get("lost"):
        request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return Response("")
    if found.get("broken"):
        return Response("no JSON", 200, mimetype="text/plain")
    if "error_type" in found:
        return _error(int(found["status"]), str(found["error_type"]))
    if "columns" in found:
        rows = ["\t".join(found["columns"]), *(["-"] * int(found["rows"]))]
        return Response("\n".join(rows) + "\n", mimetype="text/tab-separated-values")
    if "lines" in found:
        return Response("-\n" * int(found["lines"]), mimetype="text/plain")
    if "bytes" in found:
        return Response(b"-" * int(found["bytes"]), mimetype="application/octet-stream")
    return Response(json.dumps(found.get("json")), mimetype="application/json")


def _error(status: int, error_type: str) -> Response:
    """In DSS's own shape; without a type it was the page of a server in front of DSS."""
    if not error_type:
        return Response(f"<html><body><h1>{status}</h1></body></html>", status, mimetype="text/html")
    body = {"errorType": error_type, "message": "-", "detailedMessage": "-"}
    return Response(json.dumps(body), status, mimetype="application/json")
