"""Probe: when a dataset or folder was last modified, and how new the data in it is."""

from dataiku.metric import MetricDataTypes

from opsguide import probes


def process(target, partition_id):
    # DSS puts the probe's parameters and the plugin's settings into these globals.
    measured = probes.measure_freshness(target, partition_id, config, plugin_config)  # noqa: F821
    return probes.typed(measured, MetricDataTypes)
