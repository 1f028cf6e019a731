"""The plugin's own settings, as an administrator set them in DSS (plugin.json `params`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional


@dataclass(frozen=True)
class Settings:
    """Every setting with its default: DSS applies defaults in its form only, so any key may be missing or of the
    wrong type (a whole number may arrive as 4.0)."""

    actions_enabled: bool = False
    server_timezone: str = ""
    dss_url: str = ""
    instance_stats_scenario_runs: str = ""
    instance_stats_flow_actions: str = ""
    instance_stats_jobs: str = ""
    profile_defaults: str = ""
    max_parallel_calls: int = 4
    minimum_refresh_seconds: int = 30
    page_refreshes: bool = True
    heartbeat_hosts: tuple[str, ...] = ()
    retention_days: int = 400

    @classmethod
    def read(cls, config: Optional[Mapping[str, Any]]) -> Settings:
        """Settings from DSS's plugin configuration; what is missing or unreadable takes its default."""
        config = config or {}
        hosts = config.get("heartbeat_hosts")
        return cls(
            actions_enabled=config.get("actions_enabled") in (True, "true"),
            server_timezone=_text(config, "server_timezone"),
            dss_url=_text(config, "dss_url").rstrip("/"),
            instance_stats_scenario_runs=_text(config, "instance_stats_scenario_runs"),
            instance_stats_flow_actions=_text(config, "instance_stats_flow_actions"),
            instance_stats_jobs=_text(config, "instance_stats_jobs"),
            profile_defaults=_text(config, "profile_defaults"),
            max_parallel_calls=_whole(config, "max_parallel_calls", default=4, low=1, high=8),
            minimum_refresh_seconds=_whole(config, "minimum_refresh_seconds", default=30, low=5, high=3600),
            page_refreshes=config.get("page_refreshes") not in (False, "false"),
            retention_days=_whole(config, "retention_days", default=400, low=100, high=3650),
            heartbeat_hosts=tuple(str(host) for host in hosts) if isinstance(hosts, (list, tuple)) else (),
        )


def _text(config: Mapping[str, Any], name: str) -> str:
    value = config.get(name)
    return value.strip() if isinstance(value, str) else ""


def _whole(config: Mapping[str, Any], name: str, *, default: int, low: int, high: int) -> int:
    try:
        return max(low, min(high, int(float(config[name]))))
    except (KeyError, TypeError, ValueError, OverflowError):
        return default
