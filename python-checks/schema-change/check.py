"""Check, also as a Data Quality rule: the columns of a dataset against the accepted ones."""

from opsguide import checks


def process(last_values, target, partition_id):
    # DSS puts the check's parameters and the plugin's settings into these globals.
    return checks.schema_change(last_values, target, partition_id, config, plugin_config)  # noqa: F821
