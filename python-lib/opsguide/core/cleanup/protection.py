"""What protects a thing from being cleaned up, each protection a function: adding one is adding it to `PROTECTIONS`, with
the groups that it is about.

Each says why in words, or '' where it has nothing against. In doubt it protects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Optional

from ...model.cleanup import END, GROUP, KEEP_TAG, STOP, Found, Options
from .selection import LOGS, VERSIONS, Newest

FAILED = frozenset({"FAILED", "ABORTED"})
# What of a project ends well or not.
OUTCOMES = frozenset({"job_logs", "scenario_logs"})
# Signs of use count for what people made; of everything else, age and state decide.
JUDGED_BY_USE = frozenset({"datasets", "folders", "temporary_datasets", "intermediates"})


Protection = Callable[[Found, "Scene"], str]


@dataclass(frozen=True)
class Scene:
    """What a protection may look at beside the thing itself."""

    options: Options
    now: datetime
    newest: Newest
    projects: frozenset[str]

    @cached_property
    def protections(self) -> Mapping[str, tuple[Protection, ...]]:
        """What may protect a thing of each group. There are very many things, and few groups."""
        return {group: tuple(each for each, about in PROTECTIONS.items() if group in about) for group in GROUP}

    @cached_property
    def limits(self) -> Mapping[str, timedelta]:
        """How old a thing of each group must be; see `limit`."""
        return {group: limit(group, self.options) for group in GROUP}

    @cached_property
    def failures_kept(self) -> timedelta:
        return timedelta(days=self.options.failures_days)

    @cached_property
    def told_limits(self) -> Mapping[str, str]:
        return {group: told_limit(group, self.options) for group in GROUP}

    @cached_property
    def reasons(self) -> Mapping[str, str]:
        return {group: f"older than {told}" for group, told in self.told_limits.items()}


def last_sign(thing: Found) -> Optional[datetime]:
    """The last that is known of it: since when it is what it is, or its last use."""
    if thing.at is None or thing.used_at is None:
        return thing.at or thing.used_at
    return max(thing.at, thing.used_at)


def protections(thing: Found, scene: Scene) -> tuple[str, ...]:
    """Everything that protects a thing, in words; () where nothing does."""
    found = list(thing.protected)
    for each in scene.protections[thing.group]:
        why = each(thing, scene)
        if why:
            found.append(why)
    return tuple(dict.fromkeys(found)) if found else ()


def _elsewhere(thing: Found, scene: Scene) -> str:
    return "" if thing.project_key in scene.projects else f"it belongs to project {thing.project_key}"


def _live(thing: Found, scene: Scene) -> str:
    if thing.live is None:
        return "whether it runs or is the active one cannot be told"
    if not thing.live:
        return ""
    words = {"model_versions": "it is the active version", "bundles": "it is the active bundle"}
    return words.get(thing.group, "it is running")


def _kept(thing: Found, scene: Scene) -> str:
    kept = bool(thing.tags) and any(tag.strip().lower() == KEEP_TAG for tag in thing.tags)
    return f"it is tagged “{KEEP_TAG}”" if kept else ""


def _ageless(thing: Found, scene: Scene) -> str:
    if thing.at is None:
        return "its age is not known"
    for moment in (thing.at, thing.began_at, thing.used_at):
        if moment is not None and moment > scene.now:
            return "its time lies in the future: a clock is wrong"
    return ""


def _young(thing: Found, scene: Scene) -> str:
    last = last_sign(thing)
    if last is None or scene.now - last >= scene.limits[thing.group]:
        return ""
    return f"it is younger than {scene.told_limits[thing.group]}"


def _young_failure(thing: Found, scene: Scene) -> str:
    if thing.at is None or scene.now - thing.at >= scene.failures_kept:
        return ""
    days = scene.options.failures_days
    if not thing.outcome and not thing.live:
        return f"whether it failed is not known, and failures are kept for {days} days"
    return f"failures are kept for {days} days" if thing.outcome in FAILED else ""


def _newest(thing: Found, scene: Scene) -> str:
    return scene.newest.protects(thing)


def _excluded(thing: Found, scene: Scene) -> str:
    if not scene.options.exclude:
        return ""
    name = thing.name or thing.id
    found = next((p for p in scene.options.exclude if fnmatchcase(name, p) or fnmatchcase(thing.id, p)), "")
    return f"it is excluded by “{found}”" if found else ""


def _not_included(thing: Found, scene: Scene) -> str:
    included = scene.options.include
    if not included:
        return ""
    name = thing.name or thing.id
    if any(fnmatchcase(name, p) or fnmatchcase(thing.id, p) for p in included):
        return ""
    return "it is not among what is included"


def _used(thing: Found, scene: Scene) -> str:
    signs = {state: [s.text for s in thing.signals if s.state == state] for state in ("use", "possible", "unknown")}
    if signs["use"]:
        return "it is used: " + "; ".join(signs["use"])
    named = thing.id in scene.options.include or (thing.name or thing.id) in scene.options.include
    if named:  # whoever includes it by its very name has looked
        return ""
    if signs["possible"]:
        return "possible use: " + "; ".join(signs["possible"])
    return "use cannot be ruled out: " + "; ".join(signs["unknown"]) if signs["unknown"] else ""


def _unnamed_backend(thing: Found, scene: Scene) -> str:
    if {thing.id, thing.name} & set(scene.options.include):
        return ""
    return "DSS records no visits: include it by its name to have it stopped"


_ALL = frozenset(GROUP)
_BACKENDS = frozenset({"webapp_backends"})
PROTECTIONS: Mapping[Protection, frozenset[str]] = {
    _elsewhere: _ALL,
    _live: _ALL - _BACKENDS,  # to be stopped they have to run
    _kept: _ALL,
    _used: JUDGED_BY_USE,
    _ageless: _ALL,
    _young: _ALL,
    _young_failure: OUTCOMES,
    _newest: LOGS | VERSIONS,
    _excluded: _ALL,
    _not_included: _ALL,
    _unnamed_backend: _BACKENDS,
}


def limit(group: str, options: Options) -> timedelta:
    """How old (or unused, or idle) a thing of the group must be."""
    if GROUP[group].action in (END, STOP):
        return timedelta(hours=options.idle_hours)
    if group in ("datasets", "folders", "intermediates"):
        return timedelta(days=options.unused_days)
    return timedelta(days=options.older_than_days)


def told_limit(group: str, options: Options) -> str:
    found = limit(group, options)
    hours = int(found.total_seconds() // 3600)
    return f"{hours} hours" if GROUP[group].action in (END, STOP) else f"{found.days} days"
