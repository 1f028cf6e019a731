"""Check, also as a Data Quality rule: the age of a dataset, folder or model."""

from opsguide import checks


def process(last_values, target, partition_id):
    # DSS puts the check's parameters and the plugin's settings into these globals.
    return checks.freshness(last_values, target, partition_id, config, plugin_config)  # noqa: F821
