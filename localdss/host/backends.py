"""Webapp backends: one long-lived process each, started when first needed, spoken to over a loopback port."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import Any, Optional

from . import runner
from .plugins import WEBAPP, Component, find
from .runner import Child, ComponentFailed


@dataclass
class Backend:
    """A backend that was asked for: its process, or why there is none."""

    run_as: str
    ticket: str
    started: int = 0
    child: Optional[Child] = None
    port: int = 0
    failure: Optional[ComponentFailed] = None
    stopped: bool = False

    @property
    def alive(self) -> bool:
        return self.child is not None and self.child.alive()


@dataclass
class Backends:
    """The webapp backends of an instance."""

    instance: Any
    _known: dict[tuple[str, str], Backend] = field(default_factory=dict)
    _locks: dict[tuple[str, str], threading.Lock] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def port(self, project_key: str, webapp_id: str) -> int:
        """Where the backend listens. One that never ran, or died, is started; one that was stopped stays so.

        Raises `ComponentFailed` when it cannot start or was stopped, `KeyError` for an unknown webapp."""
        with self._lock(project_key, webapp_id):
            backend = self._known.get((project_key, webapp_id))
            if backend is not None and backend.stopped:
                raise ComponentFailed("BackendStopped", "The backend of this webapp is stopped")
            if backend is None or not backend.alive:
                self._end(project_key, webapp_id)
                backend = self._start(project_key, webapp_id)
            return backend.port

    def start(self, project_key: str, webapp_id: str) -> None:
        """Start or restart: settings, code and run-as user are read again."""
        with self._lock(project_key, webapp_id):
            self._end(project_key, webapp_id)
            self._start(project_key, webapp_id)

    def stop(self, project_key: str, webapp_id: str) -> None:
        with self._lock(project_key, webapp_id):
            self._end(project_key, webapp_id)
            self._known[project_key, webapp_id] = Backend("", "", stopped=True)

    def close(self) -> None:
        """End every backend."""
        for project_key, webapp_id in list(self._known):
            self.stop(project_key, webapp_id)

    def state(self, project_key: str, webapp_id: str) -> dict[str, Any]:
        """As the API answers it: running means that `futureInfo.alive` is true."""
        backend = self._known.get((project_key, webapp_id))
        state: dict[str, Any] = {"projectKey": project_key, "webAppId": webapp_id}
        if backend is None:
            return state
        log = backend.child.log() if backend.child else backend.failure.log if backend.failure else ""
        lines = log.splitlines()
        state["currentLogTail"] = {"totalLines": len(lines), "lines": lines[-200:]}
        future = {
            "jobId": f"webapp-{project_key}-{webapp_id}",
            "alive": backend.alive,
            "hasResult": False,
            "startTime": backend.started,
        }
        state["futureInfo"] = {**future, "owner": backend.run_as}
        if backend.failure is not None:
            state["lastCrash"] = backend.failure.body()
        return state

    def _start(self, project_key: str, webapp_id: str) -> Backend:
        raw = self.instance.projects[project_key].webapps[webapp_id]
        component = component_of(self.instance, raw)
        user = run_as(raw)
        backend = Backend(user, self.instance.ticket_for(user), self.instance.clock.ms())
        self._known[project_key, webapp_id] = backend
        try:
            if component is None:
                raise ComponentFailed("UnknownComponent", f"Unknown webapp type {raw.get('type')}")
            self._launch(backend, project_key, raw, component)
        except ComponentFailed as failure:
            backend.failure = failure
            self._close(backend)
            raise
        return backend

    def _launch(self, backend: Backend, project_key: str, raw: dict[str, Any], component: Component) -> None:
        code = runner.code_of(component)
        names = runner.environment(self.instance, backend.ticket, project_key, component.plugin)
        names["DKU_CUSTOM_WEBAPP_CONFIG"] = json.dumps(raw.get("config") or {})
        backend.child = Child(names)
        # A start that never ends must not hold the page for ever.
        timer = threading.Timer(60, backend.child.kill)
        timer.daemon = True
        timer.start()
        processes = (raw.get("params") or {}).get("nbProcesses", 1)
        order = {**code, "kind": "webapp", "processes": processes}
        try:
            backend.port = backend.child.ask(order, until="listening")["port"]
        finally:
            timer.cancel()

    def _end(self, project_key: str, webapp_id: str) -> None:
        backend = self._known.pop((project_key, webapp_id), None)
        if backend is not None:
            self._close(backend)

    def _close(self, backend: Backend) -> None:
        self.instance.tickets.pop(backend.ticket, None)
        if backend.child is not None:
            backend.child.kill()
            backend.child.close()

    def _lock(self, project_key: str, webapp_id: str) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault((project_key, webapp_id), threading.Lock())


def component_of(instance: Any, raw: dict[str, Any]) -> Optional[Component]:
    """The plugin component a webapp is made from; None for webapps written in the project itself."""
    return find(instance.plugins, WEBAPP, str(raw.get("type")))


def run_as(raw: dict[str, Any]) -> str:
    """The user a backend acts for: the one chosen, else who edited the webapp last."""
    chosen = (raw.get("params") or {}).get("runAs") or raw.get("runAsUser")
    for tag in ("versionTag", "creationTag"):
        chosen = chosen or ((raw.get(tag) or {}).get("lastModifiedBy") or {}).get("login")
    return str(chosen or "admin")


def create_webapp(instance: Any, project_key: str, component: Component, login: str) -> str:
    """Add a webapp made from a plugin's component to the project; its id. The backend starts when the page is opened."""
    webapp_id = instance.new_id("webapp")
    tag = {"versionNumber": 0, "lastModifiedBy": {"login": login}, "lastModifiedOn": instance.clock.ms()}
    instance.projects[project_key].webapps[webapp_id] = {
        "type": component.type_id,
        "name": component.label,
        "params": {"autoStartBackend": True, "backendEnabled": True, "nbProcesses": 0, "forceAuthentication": False},
        "config": {},
        "tags": [],
        "versionTag": tag,
        "creationTag": tag,
    }
    return webapp_id


def ensure_webapps(instance: Any, project_key: str, login: str = "admin") -> list[str]:
    """One webapp of every installed plugin webapp that the project lacks: what the demo gives each project it opens."""
    project = instance.projects[project_key]
    present = {raw.get("type") for raw in project.webapps.values()}
    components = [each for plugin in instance.plugins for each in plugin.components(WEBAPP)]
    return [create_webapp(instance, project_key, each, login) for each in components if each.type_id not in present]


def backends_of(instance: Any) -> Backends:
    """The backends of an instance, made on first use."""
    with instance.lock:
        if instance.backends is None:
            instance.backends = Backends(instance)
        return instance.backends
