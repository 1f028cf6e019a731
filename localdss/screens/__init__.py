"""The screens of the local DSS: projects, and for each its macros, datasets, scenarios and webapps."""

from __future__ import annotations

import secrets
from typing import Any

from dataikuapi.utils import DataikuException
from flask import Blueprint, Flask, flash, redirect, request
from werkzeug.exceptions import HTTPException

from .. import causes, rights
from ..api.node import BROWSER_COOKIE
from ..instance import Instance
from . import datasets, macros, patterns, scenarios, webapps
from .visit import Visit, segment


def mount(app: Flask, instance: Instance) -> None:
    """Add the screens to the server's app."""
    app.secret_key = app.secret_key or secrets.token_hex()
    pages = Blueprint(
        "screens", __name__, template_folder="templates", static_folder="static", static_url_path="/_screens"
    )
    for part in (macros, datasets, scenarios, webapps, patterns):
        part.mount(pages, instance)

    @pages.get("/")
    def projects() -> Any:
        visit = Visit.of(instance)
        target = _local(request.args.get("next"))
        page = redirect(target) if target else app.make_response(visit.page("projects.html", projects=visit.projects()))
        if rights.caller(instance, request.cookies.get(BROWSER_COOKIE, "")) is None:
            page.set_cookie(BROWSER_COOKIE, visit.who.login, samesite="Lax")
        return page

    @pages.post("/browse-as")
    def browse_as() -> Any:
        login = request.form.get("login", "")
        page = redirect(_local(request.form.get("next")) or "/", 303)
        if rights.caller(instance, login) is None:
            flash(f"{login} cannot log in: there is no such user, or the account is disabled", "error")
        else:
            page.set_cookie(BROWSER_COOKIE, login, samesite="Lax")
        return page

    @pages.get("/projects/<key>/")
    def project(key: str) -> Any:
        visit = Visit.of(instance)
        lasting = [cause for cause in instance.causes.values() if cause.project_key == key]
        return visit.page("project.html", project=visit.project(key, None), causes=lasting)

    @pages.post("/projects/<key>/settle/<name>")
    def settle(key: str, name: str) -> Any:
        """Not a thing of DSS: somebody outside puts right what a story says went wrong."""
        Visit.of(instance).project(key)
        if name in instance.causes:
            flash(f"Done: {causes.settle(instance, name)}", "done")
        return redirect(f"/projects/{segment(key)}/", 303)

    @pages.get("/projects/<key>/<path:rest>")
    def elsewhere(key: str, rest: str) -> Any:
        """An address of the real DSS: shown on the screen that comes nearest, or said to be missing here."""
        visit = Visit.of(instance)
        shown, parts = visit.project(key, None), rest.strip("/").split("/")
        near = {"datasets": shown.datasets, "scenarios": shown.scenarios, "webapps": shown.webapps}.get(parts[0])
        if near is not None and len(parts) > 2 and parts[1] in near:
            return redirect(f"/projects/{segment(key)}/{parts[0]}/{segment(parts[1])}/")
        return visit.page("elsewhere.html", project=shown, rest=rest), 404

    # By code, since handlers of the whole app for a code come before those of a blueprint for all of them.
    @pages.errorhandler(403)
    @pages.errorhandler(404)
    def refused(error: HTTPException) -> Any:
        return Visit.of(instance).page("refused.html", name=error.name, text=error.description), error.code

    @pages.errorhandler(DataikuException)
    def refused_by_api(error: DataikuException) -> Any:
        return Visit.of(instance).page("refused.html", name="DSS refused", text=str(error)), 502

    app.register_blueprint(pages)


def _local(target: Any) -> str:
    """A path of this server; anything that leads elsewhere is dropped."""
    text = str(target or "")
    return text if text.startswith("/") and not text.startswith(("//", "/\\")) else ""


__all__ = ["mount"]
