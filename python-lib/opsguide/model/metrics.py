"""The ids of metrics that are read by name."""

from __future__ import annotations

COUNT_METRIC = "records:COUNT_RECORDS"
SIZE_METRIC = "basic:SIZE"

# Our own probe's count, followed by the name that a person gave the probe.
ROW_COUNT_PROBE = "py_plugin_operations-guide_row-count:row_count:"

# Our own probe of freshness; what follows is the metric, and the name that a person gave the probe.
FRESHNESS_PROBE = "py_plugin_operations-guide_freshness"
