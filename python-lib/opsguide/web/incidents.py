"""The incidents' routes: the list, and one of them with its log. What people do about it comes through `actions`."""

from __future__ import annotations

from flask import Blueprint, Response, request

from ..errors import InvalidParameter
from ..model.incident import IncidentPage
from ..render import incidents as shown
from ..render.urls import Urls
from ..service import Access, Desk
from . import actions
from .answers import admitted, data, page, wants_part


def register(pages: Blueprint, desk: Desk) -> None:
    """`/incidents`, as JSON and as Markdown as well, and `/incidents/<id>`, as Markdown as well."""
    urls = Urls(desk.settings.dss_url, desk.project_key, on_page=True)

    @pages.get("/incidents")
    def incidents() -> Response:
        found = desk.incidents(admitted(desk), after=request.args.get("after", ""))
        draw = shown.incidents_fragment if wants_part() else shown.incidents_document
        return page(draw(found, urls))

    @pages.get("/incidents.json")
    def incidents_as_json() -> Response:
        return data(shown.incidents_json(desk.incidents(admitted(desk))), "application/json")

    @pages.get("/incidents.md")
    def incidents_as_markdown() -> Response:
        return data(shown.incidents_markdown(desk.incidents(admitted(desk)), urls), "text/markdown; charset=utf-8")

    def opened(access: Access, incident_id: str) -> IncidentPage:
        found = desk.incident(access, incident_id, after=request.args.get("after", ""))
        if found is None:
            raise InvalidParameter(f"There is no incident “{incident_id[:40]}”: look at the list.", name="incident_id")
        return found

    @pages.get("/incidents/<incident_id>.md")
    def incident_as_markdown(incident_id: str) -> Response:
        found = opened(admitted(desk), incident_id)
        return data(shown.incident_markdown(found, urls), "text/markdown; charset=utf-8")

    @pages.get("/incidents/<incident_id>")
    def incident(incident_id: str) -> Response:
        access = admitted(desk)
        found = opened(access, incident_id)
        draw = shown.incident_fragment if wants_part() else shown.incident_document
        return page(draw(found, urls, actions.permit_to_write(desk, access)))
