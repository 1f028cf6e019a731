"""What every page does with a request: let its caller in, and answer in the form that was asked for."""

from __future__ import annotations

from typing import Union

from flask import Response, request

from ..errors import DssDenied
from ..service import Access, Desk


def admitted(desk: Desk, what: str = "guide") -> Access:
    """The caller, who may read the project's content, or its status alone where `what` is "status"; DssDenied
    for everybody else."""
    access = desk.access(dict(request.headers))
    if what not in access.may:
        reason = access.reason or "You may not read this project's content."
        raise DssDenied(reason, status=403, path=request.path, needs="Read project content")
    return access


def wants_part() -> bool:
    """Whether the answer goes into a page that is already there."""
    return "HX-Request" in request.headers or "fragment" in request.args


def page(text: Union[str, bytes]) -> Response:
    """HTML: a page or a part of one, as `wants_part` says."""
    answer = Response(text, mimetype="text/html")
    answer.vary.add("HX-Request")
    return answer


def data(text: str, content_type: str) -> Response:
    """The same for programs."""
    return Response(text, content_type=content_type)


def see(place: str) -> Response:
    """The way to another page. `place` is relative: only the browser knows under which prefix DSS serves this."""
    answer = Response(status=303, headers={"Location": place})
    answer.autocorrect_location_header = False
    return answer
