"""A private PostgreSQL for tests: the system's own server program, on a socket in a directory of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class NotInstalled(Exception):
    """This machine has no PostgreSQL server program."""


@contextlib.contextmanager
def cluster() -> Iterator[str]:
    """Starts a server and answers its address; stops it and removes every file of it at the end."""
    programs = _programs()
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    # PostgreSQL refuses to run as root; Debian's package brings the user that it runs as.
    user: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    try:
        if user:
            shutil.chown(home, "postgres", "postgres")
        _make(programs, home, user)
        with _started(programs, home, user) as address:
            yield address
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _programs() -> Path:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    elsewhere = shutil.which("initdb")
    if installed:
        return installed[-1].parent
    if elsewhere:
        return Path(elsewhere).resolve().parent
    raise NotInstalled("no PostgreSQL server on this machine: apt-get install postgresql, or set OPSGUIDE_PG_URL")


def _make(programs: Path, home: Path, user: dict[str, Any]) -> None:
    order = [programs / "initdb", "-D", home / "data", "-U", "tester", "--auth=trust", "--no-sync", "-E", "UTF8"]
    subprocess.run(list(map(str, order)), check=True, stdout=subprocess.DEVNULL, cwd=home, **user)


@contextlib.contextmanager
def _started(programs: Path, home: Path, user: dict[str, Any]) -> Iterator[str]:
    order = [programs / "postgres", "-D", home / "data", "-k", home]
    order += ["-c", "listen_addresses=", "-c", "fsync=off", "-c", "shared_buffers=32MB"]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(list(map(str, order)), stdout=log, stderr=log, cwd=home, **user)
    try:
        _wait(server, home)
        yield f"host={home} user=tester dbname=postgres"
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait(server: subprocess.Popen[bytes], home: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and server.poll() is None:
        if "ready to accept connections" in (home / "log").read_text():
            return
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start: {(home / 'log').read_text()[-2000:]}")
