"""The page Clean-up: the newest plan, what was executed, what is in quarantine."""

from __future__ import annotations

from flask import Blueprint, Response

from ..render import cleanup as shown
from ..render.urls import Urls
from ..service import Desk
from . import actions
from .answers import admitted, data, page, wants_part


def register(pages: Blueprint, desk: Desk) -> None:
    """`/clean-up` and `/clean-up.json`. They show what the macro planned; only the macro ever looks for what could go."""
    urls = Urls(desk.settings.dss_url, desk.project_key, on_page=True)

    @pages.get("/clean-up")
    def clean_up() -> Response:
        access = admitted(desk)
        draw = shown.page_fragment if wants_part() else shown.page_document
        return page(draw(desk.clean_up(access), actions.permit_to_write(desk, access), urls))

    @pages.get("/clean-up.json")
    def clean_up_as_json() -> Response:
        return data(shown.page_json(desk.clean_up(admitted(desk)), desk.project_key), "application/json")
