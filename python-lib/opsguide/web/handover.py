"""The handover's routes."""

from __future__ import annotations

from flask import Blueprint, Response, request

from ..render.handover import handover_document, handover_fragment, handover_markdown
from ..render.urls import Urls
from ..service import Desk
from .answers import admitted, data, page, wants_part


def register(pages: Blueprint, desk: Desk) -> None:
    """`/handover`, which prints, and `/handover.md`."""
    urls = Urls(desk.settings.dss_url, desk.project_key, on_page=True)

    @pages.get("/handover")
    def handover() -> Response:
        found = desk.handover(admitted(desk), after=request.args.get("after", ""))
        draw = handover_fragment if wants_part() else handover_document
        return page(draw(found, urls))

    @pages.get("/handover.md")
    def handover_as_markdown() -> Response:
        return data(handover_markdown(desk.handover(admitted(desk)), urls), "text/markdown; charset=utf-8")
