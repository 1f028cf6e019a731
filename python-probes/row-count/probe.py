"""Probe: rows of a dataset, or files and bytes of a folder."""

from dataiku.metric import MetricDataTypes

from opsguide import probes


def process(target, partition_id):
    # DSS puts the probe's parameters into the global `config`.
    counted = probes.count_rows(target, partition_id, config)  # noqa: F821
    return {
        name: (value, MetricDataTypes.STRING if isinstance(value, str) else MetricDataTypes.BIGINT)
        for name, value in counted.items()
    }
