"""How a macro's use case is entered inside DSS: with the rights of whoever runs it, and the plugin's settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Optional

from ..dss import inside
from ..dss.session import Clients
from ..model.guide import Guide
from ..settings import Settings

Macro = Callable[[Clients, str, Mapping[str, Any], Settings, Callable[[int], None]], Guide]


def macro_in_dss(
    macro: Macro,
    project_key: str,
    config: Optional[Mapping[str, Any]],
    plugin_config: Optional[Mapping[str, Any]],
    progress: Callable[[int], None],
) -> Guide:
    """What a macro of one project shows. DSS hands over its parameters (`config`), the plugin's settings
    (`plugin_config`), each None where nothing is set, and whom to tell percent done."""
    settings = Settings.read(plugin_config)
    clients = inside.clients(settings.max_parallel_calls, settings.dss_url)
    return macro(clients, project_key, config or {}, settings, progress)
