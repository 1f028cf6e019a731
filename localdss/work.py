"""What goes on in the background: each piece of work is a thread that can be aborted, and a future that can be asked for."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from typing import Any, Optional

from .instance import Instance, Raw

# How long a simulated activity may take in real seconds, whatever its history says.
SHORTEST, LONGEST = 0.05, 20.0


class Aborted(Exception):
    """Somebody aborted this work."""


class Failed(Exception):
    """The work failed as work in DSS does; `thrown` is what DSS tells about it."""

    def __init__(self, message: str, clazz: str = "com.dataiku.dip.exceptions.DSSInternalErrorException") -> None:
        super().__init__(message)
        self.thrown: Raw = {"clazz": clazz, "title": clazz.rpartition(".")[2], "message": message, "stack": ""}


class Work:
    """One piece of background work. Whatever waits in it waits by `pause`, and a process it started dies with it."""

    def __init__(self, instance: Instance, work_id: str) -> None:
        self.instance, self.id = instance, work_id
        self.done = threading.Event()
        self._aborted = threading.Event()
        self._child: Any = None

    @property
    def aborted(self) -> bool:
        return self._aborted.is_set()

    def start(self, body: Callable[[], None]) -> Work:
        self.instance.works[self.id] = self

        def run() -> None:
            try:
                body()
            finally:
                self.instance.works.pop(self.id, None)
                self.done.set()

        threading.Thread(target=run, name=self.id, daemon=True).start()
        return self

    def pause(self, seconds: float) -> None:
        """Takes simulated time. Raises Aborted."""
        real = min(max(seconds / self.instance.speed, SHORTEST), LONGEST)
        if self._aborted.wait(real):
            raise Aborted

    def started(self, child: Any) -> None:
        """Told of a component's process, to be able to end it."""
        self._child = child
        if self.aborted:
            child.kill()

    def abort(self) -> None:
        self._aborted.set()
        if self._child is not None:
            self._child.kill()


def future(instance: Instance, owner: str, name: str, body: Callable[[], Any]) -> Raw:
    """Starts `body` in the background; answers the future's first state, without a result."""
    future_id = instance.new_id("future")
    state: Raw = {
        "jobId": future_id,
        "hasResult": False,
        "alive": True,
        "aborted": False,
        "unknown": False,
        "owner": owner,
        "startTime": instance.clock.ms(),
        "payload": {"displayName": name, "type": "GENERIC", "targets": []},
    }
    instance.futures[future_id] = state
    work = Work(instance, future_id)

    def run() -> None:
        error: Optional[str] = None
        try:
            state["result"] = body()
        except Exception as failure:  # noqa: BLE001  a future keeps whatever went wrong, for who asks for its result
            error = "".join(traceback.format_exception_only(type(failure), failure)).strip()
        with instance.lock:
            state.update(alive=False, aborted=work.aborted, hasResult=error is None and not work.aborted, error=error)
            state["runningTime"] = instance.clock.ms() - state["startTime"]

    first = {key: value for key, value in state.items() if key != "payload"}
    work.start(run)
    return first


def abort(instance: Instance, work_id: str) -> bool:
    """Aborts a piece of work; whether there was one."""
    work = instance.works.get(work_id)
    if work is not None:
        work.abort()
    return work is not None
