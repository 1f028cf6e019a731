"""Measures as OpenMetrics text, written by prometheus-client."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from ..model.measure import Measure

CONTENT_TYPE = CONTENT_TYPE_LATEST
_FAMILIES = {"gauge": GaugeMetricFamily, "counter": CounterMetricFamily}


def openmetrics(measures: Iterable[Measure]) -> str:
    """The measures as a scraper reads them; families without a sample keep their description."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Given(tuple(measures)))
    return str(generate_latest(registry).decode())  # type: ignore[no-untyped-call]


class _Given(Collector):
    """Measures that were worked out already."""

    def __init__(self, measures: tuple[Measure, ...]) -> None:
        self._measures = measures

    def collect(self) -> Iterator[Metric]:
        for measure in self._measures:
            names = tuple(name for name, _ in measure.samples[0][0]) if measure.samples else ()
            family = _FAMILIES[measure.kind](measure.name, measure.help, labels=names, unit=measure.unit)
            for labels, value in measure.samples:
                family.add_metric([text for _, text in labels], value)
            yield family
