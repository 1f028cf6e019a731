"""What the plugin's own components are called in DSS's settings, and what the macro's parts are called by people."""

from __future__ import annotations

from collections.abc import Mapping

PLUGIN = "operations-guide"
EVALUATION_STEP = f"pystep_{PLUGIN}_evaluate-operations"
MORNING_MACRO = f"pyrunnable_{PLUGIN}_morning-check"

COUNT_METRIC = "records:COUNT_RECORDS"
FILES_METRIC = "basic:COUNT_FILES"

MORNING_NAME = "Operations morning check"
STATS_ZONE = "Operations statistics"

# What is ticked together, in the order in which it is shown and applied.
GROUPS: Mapping[str, str] = {
    "counts": "Built-in metrics, computed with every build",
    "probes": "Probes of this plugin",
    "schemas": "Accept the columns as they are now",
    "checks": "Checks and Data Quality rules of this plugin",
    "mail": "A mail when a scenario fails that nobody hears of",
    "facts": "A dataset of your own for the facts of each day",
    "watch": "The watch scenario, every 15 minutes",
    "morning": "The morning scenario, every day",
    "stats": "Internal-stats datasets, which make the guide of a large project many times faster",
}


def probe_type(component: str) -> str:
    """How DSS's settings name a probe of this plugin."""
    return f"py_plugin_{PLUGIN}_{component}"


def check_type(component: str) -> str:
    """How DSS's settings name a check of this plugin, as a check and as a rule."""
    return f"custom_python_{PLUGIN}_{component}"
