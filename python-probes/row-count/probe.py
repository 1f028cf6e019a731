"""Probe: rows of a dataset and how they moved, or files and bytes of a folder."""

from dataiku.metric import MetricDataTypes

from opsguide import probes


def process(target, partition_id):
    # DSS puts the probe's parameters and the plugin's settings into these globals.
    return probes.typed(probes.count_rows(target, partition_id, config, plugin_config), MetricDataTypes)  # noqa: F821
