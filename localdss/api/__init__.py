"""The public API, route by route. Each module declares its routes when it is imported."""

from __future__ import annotations

from importlib import import_module

MODULES = (
    "node",
    "people",
    "projects",
    "scenarios",
    "jobs",
    "datasets",
    "quality",
    "flow",
    "folders",
    "models",
    "streams",
    "macros",
    "webapps",
    "channels",
    "futures",
    "notebooks",
    "upkeep",
    "wiki",
    "sql",
)


def load() -> None:
    """Declares every route; a second call changes nothing."""
    for name in MODULES:
        import_module(f"{__name__}.{name}")
