"""The route for a monitoring system, which comes with an API key."""

from __future__ import annotations

from flask import Blueprint, Response

from ..render.openmetrics import CONTENT_TYPE, openmetrics
from ..service import Desk
from .answers import admitted, data


def register(pages: Blueprint, desk: Desk) -> None:
    """`/metrics`, as OpenMetrics."""

    @pages.get("/metrics")
    def metrics() -> Response:
        return data(openmetrics(desk.measures(admitted(desk))), CONTENT_TYPE)
