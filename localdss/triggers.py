"""Triggers that fire by themselves while the local DSS's clock moves, as those of a DSS that is up do."""

from __future__ import annotations

import threading
from datetime import datetime

from . import live, timetable
from .instance import Instance, Project, Raw

LOOKS_EVERY = 0.25  # real seconds between two looks at the clock


class Triggers:
    """Fires what came due since it last looked. An instant that passed while it was not looking, or while a trigger was
    off, is not caught up on; a clock set back fires nothing twice."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self._seen = instance.clock.now()
        self._rows = {key: dict(project.rows) for key, project in instance.projects.items()}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="triggers")

    def start(self) -> Triggers:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(timeout=5)

    def look(self) -> None:
        """Fires temporal triggers whose instant has come, and those of datasets whose rows are others than before."""
        now = self.instance.clock.now()
        with self.instance.lock:
            for project in list(self.instance.projects.values()):
                off = (project.settings.get("settings") or {}).get("disableAutomaticTriggers")
                changed = self._changed(project)
                for scenario_id, raw in list(project.scenarios.items()) if not off else ():
                    for trigger in self._due(raw, now, changed):
                        live.fire(self.instance, project, scenario_id, trigger)
            self._seen = max(self._seen, now)

    def _due(self, raw: Raw, now: datetime, changed: frozenset[str]) -> list[Raw]:
        zone = self.instance.zone
        timely = [
            trigger
            for trigger in timetable.triggers(raw)
            if any(timetable.instants(trigger.get("params") or {}, self._seen, now, zone))
        ]
        return timely + [
            trigger
            for trigger in timetable.triggers(raw, "ds_modified")
            if changed & {str(watch.get("itemId")) for watch in (trigger.get("params") or {}).get("watches") or []}
        ]

    def _changed(self, project: Project) -> frozenset[str]:
        """The datasets whose rows are others than at the last look."""
        before, after = self._rows.get(project.key, {}), dict(project.rows)
        self._rows[project.key] = after
        keys = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
        return frozenset(key.partition("/")[0] for key in keys)

    def _watch(self) -> None:
        while not self._stopped.wait(LOOKS_EVERY):
            self.look()
