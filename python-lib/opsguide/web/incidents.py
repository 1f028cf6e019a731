"""The incidents' routes: the list, and one of them with its log. What people do about it comes through `actions`."""

from __future__ import annotations

from flask import Blueprint, Response, request

from ..errors import InvalidParameter
from ..render import incidents as shown
from ..render.urls import Urls
from ..service import Desk
from . import actions
from .answers import admitted, data, page, wants_part


def register(pages: Blueprint, desk: Desk) -> None:
    """`/incidents`, `/incidents.json` and `/incidents/<id>`."""
    urls = Urls(desk.settings.dss_url, desk.project_key)

    @pages.get("/incidents")
    def incidents() -> Response:
        found = desk.incidents(admitted(desk), after=request.args.get("after", ""))
        draw = shown.incidents_fragment if wants_part() else shown.incidents_document
        return page(draw(found, urls))

    @pages.get("/incidents.json")
    def incidents_as_json() -> Response:
        return data(shown.incidents_json(desk.incidents(admitted(desk))), "application/json")

    @pages.get("/incidents/<incident_id>")
    def incident(incident_id: str) -> Response:
        access = admitted(desk)
        found = desk.incident(access, incident_id, after=request.args.get("after", ""))
        if found is None:
            raise InvalidParameter(f"There is no incident “{incident_id[:40]}”: look at the list.", name="incident_id")
        draw = shown.incident_fragment if wants_part() else shown.incident_document
        return page(draw(found, urls, actions.permit(desk, access)))
