"""The macro `self-check`: does every read of the plugin work on this DSS, with these rights?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Optional

from ..dss import inside, trying
from ..dss.session import Clients
from ..model.self_check import SelfCheck
from ..settings import Settings
from .parameters import switched_on


def self_check_in_dss(
    project_key: str,
    config: Optional[Mapping[str, Any]],
    plugin_config: Optional[Mapping[str, Any]],
    progress: Callable[[int], None],
) -> SelfCheck:
    """The macro: reads with the rights of whoever runs it, and nothing but reads."""
    settings = Settings.read(plugin_config)
    return self_check(inside.clients(1, settings.dss_url), project_key, config or {}, progress)


def self_check(
    clients: Clients,
    project_key: str,
    config: Mapping[str, Any],
    progress: Callable[[int], None] = lambda percent: None,
) -> SelfCheck:
    """Every read tried on one project. `config` is the macro's parameters: `slow` tries those that make DSS work hard as
    well; `progress` is told percent done."""
    return trying.try_all(clients, project_key, slow=switched_on(config, "slow"), progress=progress)
