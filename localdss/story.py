"""Stories: what happened on a local DSS before the moment at which it is opened.

A story is a small YAML file of localdss/stories. It says at what time of day it is told, how things usually go (when
sources arrive, how long scenarios take, how many rows come out) and what went otherwise on some days. The rest follows from
the project itself, so a story can be told of any project. The same story told at the same instant gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Optional
from zoneinfo import ZoneInfo

import yaml

from . import big, history
from .clock import from_ms, to_ms
from .instance import Instance, Project
from .timetable import digest, next_run

__all__ = ["DEFAULT", "anchor", "digest", "names", "next_run", "read", "tell", "tell_all"]

Raw = dict[str, Any]

DEFAULT = "nightly-late"
FOLDER = Path(__file__).parent / "stories"
_KEYS = {
    "like",
    "about",
    "now",
    "zone",
    "weekdays",
    "days",
    "seed",
    "written",
    "node",
    "internal_stats",
    "big",
    "projects",
}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class NoSuchStory(Exception):
    """There is no story of that name; the text lists those that exist."""


def names() -> list[str]:
    """The stories that can be told, the default one first."""
    found = sorted(file.stem for file in FOLDER.glob("*.yaml") if not file.stem.startswith("_"))
    return [DEFAULT, *(name for name in found if name != DEFAULT)]


def read(name: str) -> Raw:
    """A story as written, laid over the one it is `like`."""
    file = FOLDER / f"{name}.yaml"
    if not file.is_file():
        raise NoSuchStory(f"There is no story {name!r}; there are {', '.join(names())}")
    told: Raw = yaml.safe_load(file.read_text("utf-8")) or {}
    strange = set(told) - _KEYS
    if strange:
        raise ValueError(f"{file.name}: unknown key {sorted(strange)[0]!r}")
    return _over(read(told["like"]), told) if told.get("like") else told


def anchor(name: str, today: Optional[datetime] = None) -> datetime:
    """The instant at which a story is told when nobody names one: its time of day on the latest fitting day, never after
    `today` (default: the real now)."""
    told = read(name)
    zone = ZoneInfo(told["zone"])
    latest = (today or datetime.now(timezone.utc)).astimezone(zone)
    hour, minute = (int(part) for part in str(told["now"]).split(":"))
    fitting = {_WEEKDAYS.index(day) for day in told.get("weekdays") or _WEEKDAYS}
    at = latest.replace(hour=hour, minute=minute, second=0, microsecond=0)
    while at > latest or at.weekday() not in fitting:
        at -= timedelta(days=1)
    return at.astimezone(timezone.utc)


def tell_all(instance: Instance, name: str, now: Optional[datetime] = None) -> None:
    """Tells a story of the whole instance: its node, the projects that the story adds, and every project's history."""
    told = read(name)
    now = now or instance.clock.now()
    instance.story = name
    instance.node = {**instance.node, **(told.get("node") or {})}
    if told.get("big"):
        instance.add(big.project(**told["big"]))
    for project in list(instance.projects.values()):
        tell(instance, project, name, now)


def tell(instance: Instance, project: Project, name: str, now: Optional[datetime] = None) -> None:
    """Writes what happened into one project: runs, jobs, builds, metrics, rule results, files and numbers of rows."""
    told = read(name)
    now = now or instance.clock.now()
    facts = (told.get("projects") or {}).get(project.key) or {}
    if facts and told.get("written"):
        _keep_ages(project, told["written"], now)
    if told.get("internal_stats") and facts:
        history.add_internal_stats(project)
    with instance.lock:
        history.write(instance, project, told, now)


def _over(below: Any, above: Any) -> Any:
    """`above` laid over `below`: dicts merge, everything else replaces."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    shared = below.keys() & above.keys()
    return {**below, **above, **{key: _over(below[key], above[key]) for key in shared}}


def _keep_ages(project: Project, written: date, now: datetime) -> None:
    """Moves the dates of the project's objects along, so that what was new when the sample was written still is."""
    moved = timedelta(days=(now.date() - written).days)
    for tag in _tags(vars(project)):
        for key in ("lastModifiedOn", "lastUpdate"):
            if isinstance(tag.get(key), int):
                tag[key] = to_ms(from_ms(tag[key]) + moved)
    profile = project.variables["standard"].get("operations_guide") or {}
    for part, key in ((profile.get("reviewed"), "on"), (profile.get("backup"), "last_restore_test")):
        if part and part.get(key):
            part[key] = (date.fromisoformat(part[key]) + moved).isoformat()


def _tags(value: Any) -> Iterator[Raw]:
    if isinstance(value, dict):
        if "lastModifiedOn" in value or "lastUpdate" in value:
            yield value
        for below in value.values():
            yield from _tags(below)
    elif isinstance(value, list):
        for below in value:
            yield from _tags(below)
