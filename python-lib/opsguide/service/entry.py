"""How a use case is entered inside DSS: with the rights of whoever runs it, and the plugin's settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Optional, TypeVar

from ..dss import inside
from ..dss.session import Clients
from ..render.urls import Urls
from ..settings import Settings

R = TypeVar("R")
Macro = Callable[[Clients, str, Mapping[str, Any], Settings, Callable[[int], None]], R]


def opened(plugin_config: Optional[Mapping[str, Any]]) -> tuple[Clients, Settings]:
    """Clients with the rights of whoever this process runs for, and the settings that DSS hands over, None where nothing
    is set."""
    settings = Settings.read(plugin_config)
    return inside.clients(settings.max_parallel_calls, settings.dss_url), settings


def macro_in_dss(
    macro: Macro[R],
    project_key: str,
    config: Optional[Mapping[str, Any]],
    plugin_config: Optional[Mapping[str, Any]],
    progress: Callable[[int], None],
) -> R:
    """What a macro of one project shows. DSS hands over its parameters (`config`), the plugin's settings
    (`plugin_config`), each None where nothing is set, and whom to tell percent done."""
    clients, settings = opened(plugin_config)
    return macro(clients, project_key, config or {}, settings, progress)


def urls_in_dss(project_key: Optional[str], plugin_config: Optional[Mapping[str, Any]]) -> Urls:
    """The addresses for a result that DSS shows; `project_key` is None for a macro that is run outside of a project."""
    return Urls(Settings.read(plugin_config).dss_url, project_key or "")
