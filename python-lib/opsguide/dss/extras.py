"""Lists that only some projects have use for, and how many calls may go to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Optional, TypeVar

from ..errors import DssDenied, DssNotFound
from ..model.known import Cause, Known, Unknown, known
from ..model.snapshot import Channel, Graph, Group, Snapshot, User, Viewer
from . import answers
from .facts import QUALITY_SINCE
from .parts import at_least
from .session import INSTANCE_ADMIN, Clients, attempt, path

T = TypeVar("T")

GIT_SINCE = "12.5"
COMMITS_ASKED = 20
_FOLDER_NODE = "COMPUTABLE_FOLDER"


def most_calls(scenarios: int, objects: int) -> int:
    """The calls that a whole guide may take, by its active scenarios and its sources and outputs."""
    return 10 + 3 * scenarios + 6 * objects


class Budget:
    """Calls that may still go to lists only some projects have use for.

    Of the most calls that a whole guide may take (10, 3 per active scenario and 6 per source or output), reading uses
    10, 2 and 5, so that each scenario and object leaves one over: these pay for the extras, and a small project costs
    little.
    """

    def __init__(self, scenarios: int, objects: int, spent: int = 0) -> None:
        self.left = scenarios + objects - spent

    def spend(self, calls: int = 1) -> bool:
        """Whether so many calls are still allowed; if so, they are taken."""
        if calls > self.left:
            return False
        self.left -= calls
        return True


@dataclass(frozen=True)
class Extra:
    """A list that only some projects have use for. `without` gives its value where no call is needed to know it, and
    `calls` is what reading it costs at most."""

    name: str
    what: str
    without: Callable[[Snapshot], Optional[Any]]
    read: Callable[[Clients, Snapshot], Any]
    calls: int = 1
    since: str = ""


def _without_channels(snapshot: Snapshot) -> Optional[Unknown]:
    settings = [s.settings for s in known(snapshot.scenarios, ()) if not isinstance(s.settings, Unknown)]
    if any(reporter.active for each in settings for reporter in each.reporters):
        return None
    return Unknown("not read: no scenario reports to a channel", Cause.LEFT_OUT)


def _without_quality(snapshot: Snapshot) -> Any:
    if snapshot.datasets == ():
        return ()
    if at_least(snapshot, QUALITY_SINCE) is False:
        return Unknown("this DSS has no data quality rules", Cause.NO_ROUTE, f"DSS {QUALITY_SINCE} or newer")
    return None


def _without_folders(snapshot: Snapshot) -> Any:
    graph = known(snapshot.graph, None)
    return () if graph is not None and not any(node.kind == _FOLDER_NODE for node in graph.nodes) else None


def _without_zones(snapshot: Snapshot) -> Any:
    return () if snapshot.graph == Graph() else None


def _without_logs(snapshot: Snapshot) -> Optional[Unknown]:
    viewer = known(snapshot.viewer, None)
    if viewer is not None and viewer.is_admin is False:
        return Unknown("DSS's own logs are shown to its administrators", Cause.DENIED, INSTANCE_ADMIN)
    return None


def _quality(clients: Clients, snapshot: Snapshot) -> Any:
    place = path("projects", snapshot.project_key, "data-quality", "status")
    return answers.quality(clients.get_mapping(place, {"onlyMonitored": False}))


def _users(clients: Clients, _: Snapshot) -> tuple[User, ...]:
    return answers.users(_in_full_or_light(clients, "users"))


def _groups(clients: Clients, _: Snapshot) -> tuple[Group, ...]:
    return answers.groups(_in_full_or_light(clients, "groups"))


def _in_full_or_light(clients: Clients, what: str) -> tuple[Mapping[str, Any], ...]:
    """Administrators see all of it; since DSS 14.0 everybody sees the names."""
    try:
        return clients.get_items(f"/admin/{what}/")
    except DssDenied as denied:
        try:
            return clients.get_items(f"/{what}")
        except (DssDenied, DssNotFound):
            raise denied from None


def bundles(clients: Clients, snapshot: Snapshot) -> Any:
    """The bundles of the project, as this kind of node keeps them. One call."""
    instance = known(snapshot.instance, None)
    side = "imported" if instance is not None and instance.node_type == "AUTOMATION" else "exported"
    return answers.bundles(clients.get_either(path("projects", snapshot.project_key, "bundles", side)))


def commits(clients: Clients, snapshot: Snapshot) -> Any:
    """The last commits of the project. One call."""
    place = path("projects", snapshot.project_key, "git", "actions", "log")
    return answers.commits(clients.get_mapping(place, {"count": COMMITS_ASKED}, holding=("entries", list)))


def _webapps(clients: Clients, snapshot: Snapshot) -> Any:
    return answers.webapps(clients.get_items(path("projects", snapshot.project_key, "webapps") + "/"))


def channels(clients: Clients) -> Known[tuple[Channel, ...]]:
    """The messaging channels, whoever uses them."""
    what, route = "the messaging channels", "/messaging-channels/"
    return attempt(what, lambda: answers.channels(clients.get_items(route)), since=QUALITY_SINCE)


def users(clients: Clients) -> Known[tuple[User, ...]]:
    """The people of the instance, as far as the caller sees them."""
    return attempt("the users", lambda: answers.users(_in_full_or_light(clients, "users")))


def with_admin(snapshot: Snapshot) -> Known[Viewer]:
    """Whether who reads is an administrator: in a group that is, where the groups are readable in full."""
    viewer, groups = snapshot.viewer, known(snapshot.groups, ())
    if isinstance(viewer, Unknown) or viewer.is_admin is not None or not any(g.is_admin is not None for g in groups):
        return viewer
    return replace(viewer, is_admin=any(group.is_admin and group.name in viewer.groups for group in groups))


def _extras() -> tuple[Extra, ...]:
    """By value to a person on call: what is low is left out first where the budget ends."""

    def items(parse: Callable[..., T], *tail: str) -> Callable[[Clients, Snapshot], T]:
        return lambda clients, snapshot: parse(
            clients.get_items(path("projects", snapshot.project_key) + "".join(tail)), snapshot.project_key
        )

    def always(snapshot: Snapshot) -> None:
        return None

    return (
        Extra(
            "channels",
            "the messaging channels",
            _without_channels,
            lambda clients, _: answers.channels(clients.get_items("/messaging-channels/")),
            since=QUALITY_SINCE,
        ),
        Extra("quality", "the data quality status", _without_quality, _quality, since=QUALITY_SINCE),
        Extra("folders", "the managed folders", _without_folders, items(answers.folders, "/managedfolders/")),
        Extra("users", "the users", always, _users, calls=2),
        Extra("groups", "the groups", always, _groups, calls=2),
        Extra("viewer", "who is reading", always, lambda c, _: answers.viewer(c.get_mapping("/auth/info"))),
        Extra("zones", "the flow zones", _without_zones, items(answers.zones, "/flow/zones")),
        Extra("bundles", "the bundles", always, bundles),
        Extra("commits", "the project's history", always, commits, since=GIT_SINCE),
        Extra("webapps", "the web apps", always, _webapps, since="11.4"),
        Extra("logs", "DSS's own logs", _without_logs, lambda c, _: answers.logs(c.get_either("/admin/logs/"))),
    )


EXTRAS = _extras()
