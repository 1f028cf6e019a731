"""A web app's backend as a prefork server runs it: its code once, then so many processes, each with threads of its own.

`python prefork.py <number> <backend.py>` prints {"ports", "threads", "sockets"} as JSON, the last two as they were before
the first fork, and ends with its input. Each process answers on a port of its own, so that a test can choose among them."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import sys
import threading
from pathlib import Path

from flask import Flask
from werkzeug.serving import make_server


def main(number: int, backend: Path) -> None:
    app = Flask("webapp_backend", static_folder=None)
    exec(compile(backend.read_text("utf-8"), str(backend), "exec"), {"__name__": "webapp_backend", "app": app})
    before = {"threads": threading.active_count(), "sockets": _sockets()}
    doors = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    workers = []
    for door in doors:
        worker = os.fork()
        if not worker:
            _serve(app, door, number > 1)
        workers.append(worker)
    print(json.dumps({"ports": [door.getsockname()[1] for door in doors], **before}), flush=True)
    sys.stdin.buffer.read()
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
        os.waitpid(worker, 0)


def _sockets() -> int:
    """How many connections are open."""
    found = 0
    for number in range(256):
        try:
            found += stat.S_ISSOCK(os.fstat(number).st_mode)
        except OSError:
            continue
    return found


def _serve(app: Flask, door: socket.socket, one_of_many: bool) -> None:
    threading.Thread(target=_end_with_input, daemon=True).start()
    server = make_server("127.0.0.1", door.getsockname()[1], app, threaded=True, fd=door.fileno())
    server.multiprocess = one_of_many
    server.serve_forever()


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
