"""Processes of components, seen from outside: start one, give it an order, hear it out, end it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import weakref
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Callable, Optional
from urllib.parse import urlsplit

from .. import disk
from ..instance import remove_own
from .descriptors import flag
from .plugins import BUILT_IN, Component, PluginDir

HERE = Path(__file__).parent
LOG_LINES_KEPT = 2000

Heard = Callable[[dict[str, Any]], None]


class ComponentFailed(Exception):
    """A component raised, was refused by the loading rules, or died. `message` is what DSS would show."""

    def __init__(self, error_type: str, message: str, traceback: str = "", log: str = "") -> None:
        super().__init__(message)
        self.error_type = error_type
        self.message = message
        self.traceback = traceback
        self.log = log

    def body(self) -> dict[str, str]:
        """As the API answers it."""
        return {
            "errorType": self.error_type,
            "message": self.message,
            "detailedMessage": self.message,
            "stackTraceStr": self.traceback,
        }


class Child:
    """One fresh interpreter. It ends when `close` is called, or with this process, since its stdin then closes."""

    def __init__(self, environment: Mapping[str, str], log: Optional[Callable[[str], None]] = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="localdss-component-"))
        # One that is never closed takes its folder along all the same.
        weakref.finalize(self, remove_own, self.folder, os.getpid())
        reading, writing = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-u", str(HERE / "child.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            env={**environment, "LOCALDSS_ANSWER_FD": str(writing)},
            pass_fds=(writing,),
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        os.close(writing)
        self._answers = os.fdopen(reading, encoding="utf-8")
        self._lines: deque[str] = deque(maxlen=LOG_LINES_KEPT)
        self._writing = threading.Lock()
        self._log = log
        self._drain = threading.Thread(target=self._read_log, daemon=True)
        self._drain.start()

    def ask(self, order: Mapping[str, Any], until: str = "answer", heard: Optional[Heard] = None) -> dict[str, Any]:
        """Give an order and wait for the message of kind `until`; others (progress, report items) go to `heard`."""
        # A process that is dead already explains itself below, through its log.
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(order) + "\n")
            self.process.stdin.flush()
        for line in self._answers:
            message = json.loads(line)
            if message["kind"] == until:
                return message
            if message["kind"] == "failure":
                self._end()
                raise ComponentFailed(message["errorType"], message["message"], message["traceback"], self.log())
            if heard is not None:
                heard(message)
        code = self.process.wait()
        self._end()
        raise ComponentFailed("ProcessDied", f"The process ended without an answer (code {code})", log=self.log())

    def alive(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        """End it now, whatever it does: no hook is called."""
        self.process.kill()

    def close(self) -> None:
        """End it and take away what it left."""
        self._end()
        self._answers.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self) -> None:
        """Close its stdin, which ends it, and read the rest of its log."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._drain.join(timeout=2)

    def log(self) -> str:
        with self._writing:
            return "\n".join(self._lines)

    def _read_log(self) -> None:
        with self.process.stdout as lines:
            for line in lines:
                with self._writing:
                    self._lines.append(line.rstrip("\n"))
                if self._log is not None:
                    self._log(line.rstrip("\n"))


@contextlib.contextmanager
def running(
    environment: Mapping[str, str],
    *,
    started: Optional[Callable[[Child], None]] = None,
    log: Optional[Callable[[str], None]] = None,
    seconds: float = 600,
) -> Iterator[Child]:
    """A child for the length of a `with`; killed after `seconds`. `started` is given it, to be able to kill it."""
    child = Child(environment, log)
    timer = threading.Timer(seconds, child.kill)
    timer.daemon = True
    timer.start()
    try:
        if started is not None:
            started(child)
        yield child
    finally:
        timer.cancel()
        child.close()


@contextlib.contextmanager
def ticket(instance: Any, login: str) -> Iterator[str]:
    """A ticket with the rights of `login`, for as long as the `with` lasts."""
    value = instance.ticket_for(login)
    try:
        yield value
    finally:
        instance.tickets.pop(value, None)


def environment(instance: Any, api_ticket: str, project_key: str, plugin: Optional[PluginDir] = None) -> dict[str, str]:
    """The variables DSS sets. Nothing of this process's own Python set-up leaks in, so that a component finds its
    plugin's python-lib, the stand-in and installed packages, and no more."""
    ours = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DKU", "DIP_", "LOCALDSS"))
    }
    address = urlsplit(instance.url)
    paths = [str(plugin.python_lib)] if plugin else []
    return {
        **ours,
        "PYTHONPATH": os.pathsep.join([*paths, str(HERE / "standin")]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONIOENCODING": "utf-8",
        "NO_PROXY": "127.0.0.1,localhost",
        "DKU_API_TICKET": api_ticket,
        "DKU_BACKEND_PROTOCOL": address.scheme,
        "DKU_BACKEND_HOST": str(address.hostname),
        "DKU_BACKEND_PORT": str(address.port),
        "DKU_BASE_PROTOCOL": address.scheme,
        "DKU_BASE_PORT": str(address.port),
        "DKU_CURRENT_PROJECT_KEY": project_key,
        "DKU_CUSTOM_RESOURCE_FOLDER": str(plugin.resource) if plugin else "",
        "DKU_PLUGIN_CONFIG": json.dumps(plugin_config(instance, plugin)),
        **({"DIP_HOME": str(disk.home(instance))} if instance.data_dir_open_to == "all" else {}),
    }


def data_directory(instance: Any, component: Component) -> dict[str, str]:
    """What leads a macro to the data directory; nothing where it would not find it."""
    as_dss = not flag(component.descriptor.get("impersonate")) and instance.data_dir_open_to != "none"
    return {"DIP_HOME": str(disk.home(instance))} if as_dss or component.plugin == BUILT_IN else {}


def code_of(component: Component) -> dict[str, str]:
    """The part of an order that carries a component's code."""
    try:
        return {"source": component.source, "sourceName": component.source_name}
    except OSError as error:
        raise ComponentFailed("MissingCode", f"{component.source_name} cannot be read: {error}") from error


def plugin_config(instance: Any, plugin: Optional[PluginDir]) -> dict[str, Any]:
    return dict(instance.plugin_settings.get(plugin.id) or {}) if plugin else {}
