"""The guide to take along: one HTML file, or a PDF. Neither asks anybody for anything once it is opened."""

from __future__ import annotations

from flask import Blueprint, Response

from ..render.standalone import guide_file, policy
from ..render.urls import Urls
from ..service import Desk
from .answers import admitted


def register(pages: Blueprint, desk: Desk) -> None:
    """The routes `/guide.html` and `/guide.pdf` of a desk."""
    urls = Urls(desk.settings.dss_url, desk.project_key, outside=True)

    @pages.get("/guide.html")
    def guide_as_file() -> Response:
        answer = _file(guide_file(desk.guide(admitted(desk), depth="whole"), urls), "text/html", "html")
        answer.headers["Content-Security-Policy"] = f"{policy()}; sandbox"
        return answer

    @pages.get("/guide.pdf")
    def guide_as_pdf() -> Response:
        # Where the code environment is older than the plugin only this fails, and no page.
        from ..render.pdf import guide_pdf

        return _file(guide_pdf(desk.guide(admitted(desk), depth="whole"), urls), "application/pdf", "pdf")

    def _file(content: str | bytes, kind: str, ending: str) -> Response:
        answer = Response(content, mimetype=kind)
        answer.headers.set("Content-Disposition", "attachment", filename=f"{desk.project_key}-guide.{ending}")
        return answer
