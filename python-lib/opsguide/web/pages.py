"""The page's routes: who asks, what they may see, which format. Every route but those of `actions` and
`edit` only reads."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, request, send_from_directory

from ..errors import InvalidParameter
from ..model.guide import Guide
from ..render import html
from ..render.json import guide_json
from ..render.markdown import guide_markdown, today_markdown
from ..render.today_json import today_json
from ..render.urls import Urls
from ..service import Desk
from . import (
    action_pages,
    actions,
    clean_up,
    downloads,
    edit,
    failures,
    handover,
    incidents,
    metrics,
    portfolio,
    status,
)
from .answers import admitted, data, page, see, wants_part
from .drawn import Drawn

_DEPTHS = ("first", "whole")
# Scripts and styles from the backend only. Who may frame the page is DSS's to say.
_POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'"


def create_blueprint(desk: Desk, resource: Path) -> Blueprint:
    """The routes of one project's page, for a Flask application; `resource` holds the page's own files.

    Each answer is whole when opened by itself, and a part of a page when htmx asks or with `?fragment=1`."""
    pages = Blueprint("opsguide", __name__)
    urls = Urls(desk.settings.dss_url, desk.project_key, on_page=True)
    drawn = Drawn()

    @pages.get("/")
    def shell() -> Response:
        return page(html.shell())

    @pages.get("/guide")
    def guide() -> Response:
        if desk.access(dict(request.headers)).may == {"status"}:
            return see("status")  # the web app opens here, for its readers from dashboards too
        access = admitted(desk)
        shown = desk.guide(access, depth=_choice("depth", _DEPTHS))
        draw = html.guide_fragment if wants_part() else html.guide_document
        return page(drawn.page((access.key, draw.__name__), shown, html.NO_FORMS, lambda _: draw(shown, urls)))

    @pages.get("/guide/<section_id>")
    def section(section_id: str) -> Response:
        found = desk.section(admitted(desk), section_id)
        if found is None:
            raise InvalidParameter(f"The guide has no section “{section_id}”.", name="section_id")
        shown, whole = found
        if wants_part():
            return page(html.section_fragment(shown, whole, urls))
        return page(html.section_document(shown, whole, urls, root="../"))

    @pages.get("/guide.json")
    def as_json() -> Response:
        return data(guide_json(_whole_guide(desk), urls), "application/json")

    @pages.get("/guide.md")
    def as_markdown() -> Response:
        return data(guide_markdown(_whole_guide(desk), urls), "text/markdown; charset=utf-8")

    @pages.get("/today")
    def today() -> Response:
        access = admitted(desk)
        shown = desk.today(access, after=request.args.get("after", ""))
        draw = html.today_fragment if wants_part() else html.today_document
        key = (access.key, draw.__name__)
        return page(drawn.page(key, shown, actions.permit_to_write(desk, access), lambda may: draw(shown, urls, may)))

    @pages.get("/today.json")
    def today_as_json() -> Response:
        return data(today_json(desk.today(admitted(desk))), "application/json")

    @pages.get("/today.md")
    def today_as_markdown() -> Response:
        return data(today_markdown(desk.today(admitted(desk)), urls), "text/markdown; charset=utf-8")

    action_pages.register(pages, desk)
    actions.register(pages, desk)
    clean_up.register(pages, desk)
    downloads.register(pages, desk)
    edit.register(pages, desk)
    handover.register(pages, desk)
    incidents.register(pages, desk)
    portfolio.register(pages, desk)
    metrics.register(pages, desk)
    status.register(pages, desk)

    @pages.get("/static/<path:name>")
    def static(name: str) -> Response:
        answer = send_from_directory(resource, name, conditional=True, max_age=0)
        answer.headers["Cache-Control"] = "no-cache"  # kept, but asked for by its ETag: an update shows at once
        return answer

    @pages.after_request
    def guard(answer: Response) -> Response:
        answer.headers.setdefault("Cache-Control", "no-store")
        answer.headers.setdefault("Content-Security-Policy", _POLICY)
        answer.headers.setdefault("X-Content-Type-Options", "nosniff")
        answer.headers.setdefault("Referrer-Policy", "same-origin")
        return answer

    def failed(error: Exception) -> Response:
        answer = failures.answer(error)
        if answer.status_code >= 500:
            desk.failed()
        return answer

    pages.register_error_handler(Exception, failed)
    pages.app_errorhandler(404)(failed)
    return pages


def _whole_guide(desk: Desk) -> Guide:
    return desk.guide(admitted(desk), depth="whole")


def _choice(name: str, choices: tuple[str, ...]) -> str:
    """A query parameter that is one of `choices`; the first of them when absent."""
    value = request.args.get(name, choices[0])
    if value not in choices:
        raise InvalidParameter(f"“{name}” is “{value}”; it can be {' or '.join(choices)}.", name=name)
    return value
