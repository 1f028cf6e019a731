"""What a reader sees when a page cannot be made: what failed, where, what to do. Never a stack trace."""

from __future__ import annotations

import json
import logging
import re
import uuid
from dataclasses import replace

from flask import Response, request
from werkzeug.exceptions import HTTPException

from ..errors import (
    DssDenied,
    DssError,
    DssNotFound,
    DssUnreachable,
    InvalidParameter,
    NotAccepted,
    OperationsGuideError,
)
from ..render import html
from ..render.html import Problem, Retry

_UNHEARD = (
    "Try again in a moment. Nothing was changed.",
    "What you asked for may have happened or not: reload the page and look, before you ask for it again.",
)
PAGE = "opsguide"  # id of the element that holds the whole page
_log = logging.getLogger(__name__)


def answer(error: Exception) -> Response:
    """The error in the format that was asked for. What the reader cannot mend is logged, once, under a reference."""
    status, problem = explain(error)
    if status >= 500:
        problem = replace(problem, reference=uuid.uuid4().hex[:8])
        _log.error("%s %r failed (%s): %s", request.method, request.path, problem.reference, error, exc_info=error)
    return _shown(problem, status)


def explain(error: Exception) -> tuple[int, Problem]:
    """The HTTP status and the words for an error."""
    if isinstance(error, DssDenied):
        advice = f"It needs the right “{error.needs}”: ask the project's administrators." if error.needs else ""
        return 403, Problem(f"You may not {'do' if request.method == 'POST' else 'see'} this", str(error), advice)
    if isinstance(error, DssNotFound):
        return 404, Problem("DSS does not have this", _told(error), "It may be deleted, or this version is too old.")
    if isinstance(error, NotAccepted):
        return error.status, Problem("This was not done", str(error), error.advice)
    if isinstance(error, DssUnreachable):
        return 504, Problem("DSS does not answer", _told(error), _UNHEARD[request.method == "POST"])
    if isinstance(error, DssError):
        return 502, Problem("DSS could not answer", _told(error), "Try again; if it stays so, tell the platform team.")
    if isinstance(error, InvalidParameter) and request.method == "POST":
        return 400, Problem("This was not done", str(error), "Correct it and send it again.")
    if isinstance(error, InvalidParameter):
        return 400, Problem("This address asks for something that is not there", str(error), "Open the guide instead.")
    if isinstance(error, OperationsGuideError):
        return 500, Problem("This part could not be made", str(error))
    if isinstance(error, HTTPException) and error.code is not None and error.code < 500:
        return error.code, Problem(error.name, f"There is nothing at {request.path}.", "Open the guide instead.")
    kind = type(error).__name__
    advice = "This is a fault of the plugin, not of your project. Tell whoever looks after the plugin."
    return 500, Problem("This part could not be made", f"{kind} while making {request.path}.", advice)


def _told(error: OperationsGuideError) -> str:
    path = getattr(error, "path", "")
    return f"{error} ({path})" if path and path not in str(error) else str(error)


def _shown(problem: Problem, status: int) -> Response:
    if request.path.endswith(".json"):
        body = {"error": {"title": problem.title, "detail": problem.detail, "advice": problem.advice}}
        body["error"]["reference"] = problem.reference
        return Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")
    if request.path.endswith(".md"):
        lines = (problem.title, problem.detail, problem.advice, problem.reference)
        return Response(
            "\n".join(line for line in lines if line) + "\n", status, content_type="text/plain; charset=utf-8"
        )
    if "HX-Request" in request.headers or "fragment" in request.args:
        return _part(problem, status)
    root = "../" * (request.path.count("/") - 1)
    return Response(html.problem_document(problem, root), status, mimetype="text/html")


def _part(problem: Problem, status: int) -> Response:
    """Beside the part that failed, not in its place: what was shown before stays, with its age."""
    target = request.headers.get("HX-Target", "")
    if not re.fullmatch(r"[A-Za-z][\w-]*", target):
        return Response(html.problem_fragment(problem), status, mimetype="text/html")
    again = request.method == "GET"
    retry = Retry(request.full_path.rstrip("?"), target, replaces=target != PAGE) if again else None
    shown = Response(html.problem_fragment(problem, retry), status, mimetype="text/html")
    shown.headers["HX-Retarget"] = f"#{target}-status"
    shown.headers["HX-Reswap"] = "innerHTML"
    return shown
