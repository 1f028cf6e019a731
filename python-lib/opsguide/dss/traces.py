"""What tells of changes and of uses: the recipes' versions, the project's timeline, dashboards, insights and web apps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..model.incident import Change, Shown
from ..model.known import Known, Unknown
from . import raw
from .session import Batch, Clients, path

TIMELINE_ITEMS = 200
WEBAPPS_READ = 4
_WORD = re.compile(r"[^\W\d]\w{2,}")
_READS = ("datasetSmartName", "datasetName", "dataset")
_DEEPEST = 12


def recipes(clients: Clients, project_key: str) -> tuple[Change, ...]:
    """When each recipe was last changed, and by whom. One call."""
    listed = clients.get_items(path("projects", project_key, "recipes") + "/")
    return tuple(
        Change(
            "recipe",
            raw.text(item, "name"),
            raw.instant(item, "versionTag", "lastModifiedOn"),
            raw.text(item, "versionTag", "lastModifiedBy", "login"),
            _environment(item),
        )
        for item in listed
    )


def _environment(recipe: Mapping[str, Any]) -> str:
    name = raw.text(recipe, "params", "envSelection", "envName")
    return f"runs in code environment {name}" if name else ""


def timeline(clients: Clients, project_key: str) -> tuple[Change, ...]:
    """What people did to the project lately, newest first. One call."""
    answer = clients.get_mapping(
        path("projects", project_key, "timeline"), {"itemCount": TIMELINE_ITEMS}, holding=("items", list)
    )
    found = [
        Change(
            raw.text(item, "objectType").replace("_", " ").lower() or "project",
            raw.text(item, "objectId"),
            raw.instant(item, "time"),
            raw.first_text((raw.text(item, "user"), raw.text(item, "user", "login"))),
            raw.text(item, "action").replace("_", " ").lower(),
        )
        for item in raw.mappings(answer, "items")
    ]
    return tuple(change for change in found if change.at is not None)


def shown(clients: Clients, project_key: str, batch: Batch) -> Known[tuple[Shown, ...]]:
    """The dashboards and insights that show a dataset, and the web apps whose code names one. Three calls, and one for
    each of the first `WEBAPPS_READ` web apps."""
    root = path("projects", project_key)
    pending = {
        name: batch.start(clients.get_items, f"{root}/{name}/") for name in ("insights", "dashboards", "webapps")
    }
    listed = batch.results("the list of", pending)
    insights, dashboards, webapps = listed["insights"], listed["dashboards"], listed["webapps"]
    if isinstance(insights, Unknown):
        return insights
    found = [*_insights(insights, () if isinstance(dashboards, Unknown) else dashboards)]
    if not isinstance(webapps, Unknown):
        found.extend(_webapps(clients, root, webapps[:WEBAPPS_READ], batch))
    return tuple(found)


def _insights(insights: tuple[Mapping[str, Any], ...], dashboards: tuple[Mapping[str, Any], ...]) -> Iterator[Shown]:
    on = {raw.text(board, "id"): frozenset(_values(board, ("insightId",))) for board in dashboards}
    for insight in insights:
        reads = tuple(dict.fromkeys(_values(insight.get("params"), _READS)))
        if not reads:
            continue
        boards = [board for board in dashboards if raw.text(insight, "id") in on[raw.text(board, "id")]]
        for board in boards:
            yield Shown("dashboard", raw.text(board, "name") or raw.text(board, "id"), reads)
        if not boards:
            yield Shown("insight", raw.text(insight, "name") or raw.text(insight, "id"), reads)


def _webapps(clients: Clients, root: str, webapps: tuple[Mapping[str, Any], ...], batch: Batch) -> Iterator[Shown]:
    names = {raw.text(app, "id"): raw.text(app, "name") for app in webapps if raw.text(app, "id")}
    pending = {key: batch.start(clients.get_mapping, root + path("webapps", key)) for key in names}
    for key, settings in batch.results("the web app", pending).items():
        if not isinstance(settings, Unknown):
            words = {word for text in _texts(settings.get("params"), 0) for word in _WORD.findall(text[:200_000])}
            yield Shown("webapp", names[key] or key, tuple(sorted(words)), possible=True)


def _values(found: Any, keys: tuple[str, ...], depth: int = 0) -> Iterator[str]:
    """The texts that stand under one of these keys, however deep."""
    if depth > _DEEPEST:
        return
    if isinstance(found, Mapping):
        for key, value in found.items():
            if key in keys and isinstance(value, str):
                yield value
            else:
                yield from _values(value, keys, depth + 1)
    elif isinstance(found, list):
        for value in found:
            yield from _values(value, keys, depth + 1)


def _texts(found: Any, depth: int) -> Iterator[str]:
    if isinstance(found, str):
        yield found
    elif depth <= _DEEPEST and isinstance(found, (Mapping, list)):
        for value in found.values() if isinstance(found, Mapping) else found:
            yield from _texts(value, depth + 1)
