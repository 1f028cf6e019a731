"""HTTP/1.1 with connections that stay open, as the web server in front of DSS keeps them: a client that asks a thousand
times connects once a thread. Werkzeug's own server closes each connection, which would be measured with every call."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

from werkzeug.exceptions import ClientDisconnected
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.test import run_wsgi_app
from werkzeug.wsgi import LimitedStream

# Answers that have no body, whatever their headers say.
_BODILESS = (204, 304)


class Connections(WSGIRequestHandler):
    """One connection: request after request, until a side closes it. Says nothing per request: what was asked is in
    `Server.requests`."""

    protocol_version = "HTTP/1.1"
    # Head and body leave together, and at once.
    wbufsize = -1
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        environ = self.make_environ()
        body = None
        if "wsgi.input_terminated" in environ:
            self.close_connection = True
        else:
            body = LimitedStream(self.rfile, int(self.headers.get("Content-Length") or 0))
            environ["wsgi.input"] = body
        try:
            parts, status, headers = run_wsgi_app(self.server.app, environ)
            try:
                self._send(parts, status, headers)
            finally:
                if hasattr(parts, "close"):
                    parts.close()
            if body is not None:
                body.exhaust()  # what nobody wanted to read is not the next request
        except (ConnectionError, ClientDisconnected):
            self.close_connection = True

    def _send(self, parts: Any, status: str, headers: Any) -> None:
        code, _, reason = status.partition(" ")
        length = headers.get("Content-Length", type=int)
        if self.command == "HEAD" or int(code) in _BODILESS:
            length = 0
        # Without the machine's own Date: the answer carries the one of the instance's clock.
        self.send_response_only(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        chunked = length is None
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Connection", "close" if self.close_connection else "keep-alive")
        self.end_headers()
        sent = 0
        for part in filter(None, parts):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part) if chunked else part)
            self.wfile.flush()
            sent += len(part)
        if chunked:
            self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()
        if not chunked and sent != length:
            self.close_connection = True

    def finish(self) -> None:
        # The caller may be gone: it timed out, or a fault cut the connection.
        with contextlib.suppress(ConnectionError):
            super().finish()

    def log(self, type: str, message: str, *args: Any) -> None:
        if type == "error":
            super().log(type, message, *args)


class Listener(ThreadedWSGIServer):
    """The listening side. Closing it closes what is still connected: a client would go on talking to a server that is
    said to be gone."""

    daemon_threads = True

    def __init__(self, host: str, port: int, app: Any) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(host, port, app, Connections)

    def get_request(self) -> tuple[Any, Any]:
        connection, address = super().get_request()
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def listen(app: Any, port: int) -> Listener:
    """A server of `app` on a loopback port; 0 takes a free one."""
    return Listener("127.0.0.1", port, app)
