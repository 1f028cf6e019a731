"""The status page's routes: the one page that readers of dashboards may see."""

from __future__ import annotations

from flask import Blueprint, Response

from ..render.status import status_document, status_fragment, status_json
from ..render.urls import Urls
from ..service import Desk
from .answers import admitted, data, page, wants_part


def register(pages: Blueprint, desk: Desk) -> None:
    """`/status` and `/status.json`."""
    urls = Urls(desk.settings.dss_url, desk.project_key, on_page=True)

    @pages.get("/status")
    def status() -> Response:
        access = admitted(desk, "status")
        draw = status_fragment if wants_part() else status_document
        return page(draw(desk.status(access), urls, inside="guide" in access.may))

    @pages.get("/status.json")
    def status_as_json() -> Response:
        return data(status_json(desk.status(admitted(desk, "status"))), "application/json")
