"""What a check is given: the last value of each metric."""

from datetime import datetime, timezone


class MetricDataPoint:
    """One value of one metric; the value is text, whatever its type."""

    def __init__(self, raw):
        self._raw = raw

    def get_metric(self):
        return self._raw["metric"]

    def get_metric_id(self):
        return self._raw["metric"]["id"]

    def get_partition(self):
        return self._raw.get("partition")

    def get_value(self):
        return self._raw.get("value")

    def get_compute_time(self):
        return datetime.fromtimestamp(self._raw["computed"] / 1000, timezone.utc)

    def get_type(self):
        return self._raw.get("dataType")

    def __repr__(self):
        return f"MetricDataPoint({self.get_metric_id()}={self.get_value()!r})"
