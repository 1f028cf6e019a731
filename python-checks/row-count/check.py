"""Check, also as a Data Quality rule: the last row count of a dataset against limits and history."""

from opsguide import checks


def process(last_values, target, partition_id):
    # DSS puts the check's parameters and the plugin's settings into these globals.
    return checks.row_count(last_values, target, partition_id, config, plugin_config)  # noqa: F821
