"""What the host serves: webapp pages, their backends behind a proxy, plugin files, and the calls that the stand-in
`dataiku` package makes where the public API has none."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Iterable, Iterator
from typing import Any, Optional
from urllib.parse import quote

from flask import Blueprint, Flask, Response, abort, redirect, render_template, request, send_from_directory
from markupsafe import Markup

from .. import data, rights
from ..api.node import BROWSER_COOKIE
from ..api.routing import Refused, asker, failed, forbidden, illegal, not_found, unauthenticated
from ..instance import Instance, Project, Raw
from ..rights import READ, WRITE, Caller
from .backends import backends_of, component_of
from .runner import ComponentFailed

PROXY_SECONDS = 120
# Headers of one connection only: they must not travel through a proxy.
_ONE_CONNECTION = "connection keep-alive proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade"
_HOP_BY_HOP = frozenset([*_ONE_CONNECTION.split(), "host", "content-length", "date", "server"])
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def mount(app: Flask, instance: Instance) -> None:
    """Add the host's routes to the server's app."""
    pages = Blueprint("host", __name__, template_folder="templates")

    @pages.get("/webapps/<key>/<webapp_id>/")
    def webapp_page(key: str, webapp_id: str) -> Any:
        if visitor(instance) is None and request.accept_mimetypes.accept_html:
            return redirect("/?next=" + quote(request.path))
        project = _readable(instance, key)
        raw = _webapp(project, webapp_id)
        component = component_of(instance, raw)
        if component is None:
            raise not_found(f"Plugin webapp {raw.get('type')}")
        names = {"project": project, "webapp_id": webapp_id, "webapp": raw, "component": component}
        # The plugin's own page, as its author wrote it.
        return render_template("webapp.html", body=Markup(component.text("body.html")), **names)

    @pages.get("/webapps/<key>/<webapp_id>/<any('style.css', 'app.js'):name>")
    def webapp_file(key: str, webapp_id: str, name: str) -> Response:
        component = component_of(instance, _webapp(_readable(instance, key), webapp_id))
        if component is None:
            abort(404)
        return Response(component.text(name), mimetype="text/css" if name == "style.css" else "text/javascript")

    @pages.route("/web-apps-backends/<key>/<webapp_id>/", defaults={"path": ""}, methods=METHODS)
    @pages.route("/web-apps-backends/<key>/<webapp_id>/<path:path>", methods=METHODS)
    def backend(key: str, webapp_id: str, path: str) -> Any:
        if visitor(instance) is None and request.method == "GET" and request.accept_mimetypes.accept_html:
            return redirect("/?next=" + quote(request.full_path.rstrip("?")))
        _webapp(_readable(instance, key), webapp_id)
        try:
            return _forward(backends_of(instance).port(key, webapp_id))
        except ComponentFailed as failure:
            raise Refused(502, failure.error_type, f"The backend does not run: {failure.message}") from failure
        except OSError as error:
            raise Refused(504, "BackendNotResponding", f"The backend did not answer: {error}") from error

    @pages.get("/plugins/<plugin_id>/resource/<path:path>")
    def resource(plugin_id: str, path: str) -> Response:
        plugin = next((each for each in instance.plugins if each.id == plugin_id), None)
        if plugin is None:
            abort(404)
        return send_from_directory(plugin.resource, path)

    @pages.post("/dip/internal/datasets/location")
    def location() -> Response:
        order = _order()
        project = _readable(instance, str(order.get("projectKey")))
        return _json(_location(*_located(instance, project, str(order.get("name")))))

    @pages.post("/dip/internal/datasets/files")
    def files() -> Response:
        order = _order()
        project = _readable(instance, str(order.get("projectKey")))
        owner, name = _located(instance, project, str(order.get("name")))
        if not data.has_files(owner.datasets[name]):
            raise failed(f"Dataset {owner.key}.{name} is not stored as files")
        try:
            found = data.listing(instance, owner.key, name, [str(part) for part in order.get("partitions") or ()])
        except data.NoData as nothing:
            raise failed(str(nothing)) from nothing
        return _json({"globalPaths": [file for listed in found.values() for file in listed], "pathsByPartition": found})

    @pages.post("/dip/internal/datasets/write")
    def write() -> Response:
        order = _order()
        project = _readable(instance, str(order.get("projectKey")))
        owner, name = _located(instance, project, str(order.get("name")))
        if WRITE not in rights.on_project(owner, _caller(instance)):
            raise forbidden(f"Action forbidden, you don't have {WRITE} permission on project {owner.key}")
        found = [[str(value) if value is not None else "" for value in row] for row in order.get("rows") or ()]
        if order.get("append") and name in owner.rows:
            found = [*data.rows(instance, owner.key, name), *found]
        return _json({"rows": data.write(instance, owner.key, name, found)})

    @pages.post("/dip/internal/sql")
    def sql() -> Response:
        order = _order()
        connection = str(order.get("connection"))
        if order.get("dataset"):
            project = _readable(instance, str(order.get("projectKey")))
            connection = data.connection(*_located(instance, project, str(order["dataset"])))
        _usable(instance, connection, _caller(instance))
        try:
            columns, rows = data.query(instance, connection, str(order.get("query")))
        except data.QueryFailed as failure:
            raise failed(str(failure), "java.sql.SQLException") from failure
        return Response(_lines(columns, rows), mimetype="application/x-ndjson")

    app.register_blueprint(pages)


# --- who asks -------------------------------------------------------------------------------------------------------


def visitor(instance: Instance) -> Optional[Caller]:
    """Who is behind this request: a ticket, an API key, or a browser that chose its user; None when nobody is named."""
    if "X-DKU-APITicket" in request.headers or request.authorization is not None:
        return asker(instance, request)
    return rights.caller(instance, request.cookies.get(BROWSER_COOKIE, ""), "cookie")


def _caller(instance: Instance) -> Caller:
    who = visitor(instance)
    if who is None:
        raise unauthenticated()
    return who


def _readable(instance: Instance, key: str) -> Project:
    who, project = _caller(instance), instance.projects.get(key)
    if project is None:
        raise not_found(f"Project {key}")
    if not rights.sees(project, who):
        raise forbidden(f"Action forbidden, you don't have {READ} permission on project {key}")
    return project


def _usable(instance: Instance, connection: str, who: Caller) -> None:
    raw = instance.connections.get(connection)
    if raw is None:
        raise not_found(f"Connection {connection}")
    if not rights.may_use(raw, who):
        raise forbidden(f"You may not use the connection {connection}")


def _webapp(project: Project, webapp_id: str) -> Raw:
    raw = project.webapps.get(webapp_id)
    if raw is None:
        raise not_found(f"Webapp {project.key}.{webapp_id}")
    return raw


def _located(instance: Instance, project: Project, name: str) -> tuple[Project, str]:
    try:
        return data.locate(instance, project.key, name)
    except data.NoData as nothing:
        raise not_found(f"Dataset {project.key}.{name}") from nothing


def _location(project: Project, name: str) -> Raw:
    """Where a dataset lives, in the shape of `Dataset.get_location_info`."""
    raw = project.datasets[name]
    if not data.is_sql(raw):
        return {"locationInfoType": "FS" if raw.get("type") == "Filesystem" else "OTHER", "info": {}}
    schema, table = data.table(project, name)
    names = {"databaseType": raw.get("type"), "schema": schema, "table": table}
    quoted = {
        "connectionName": data.connection(project, name),
        "quotedResolvedTableName": data.qualified(project, name),
    }
    return {"locationInfoType": "SQL", "info": {**names, **quoted}}


def _order() -> Raw:
    order = request.get_json(force=True, silent=True)
    if not isinstance(order, dict):
        raise illegal("The body must be a JSON object")
    return order


def _json(value: Any) -> Response:
    return Response(json.dumps(value), mimetype="application/json")


# --- proxy ----------------------------------------------------------------------------------------------------------


def _forward(port: int) -> Response:
    """This request, sent on to the backend without the prefix; its answer streams back as it comes."""
    # Undecoded, so that an escaped slash stays one.
    _, _, path = request.environ["RAW_URI"].partition("/web-apps-backends/")
    path = [*path.split("/", 2), "", ""][2]
    headers = [(name, value) for name, value in request.headers if name.lower() not in _HOP_BY_HOP]
    body = request.get_data()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PROXY_SECONDS)
    with contextlib.ExitStack() as unless_answered:
        unless_answered.callback(connection.close)
        connection.putrequest(request.method, "/" + path, skip_accept_encoding=True)
        for name, value in (*headers, ("X-Forwarded-Host", request.host), ("Content-Length", str(len(body)))):
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        unless_answered.pop_all()
    passed = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP]
    return Response(_pieces(connection, answer), answer.status, passed, direct_passthrough=True)


def _pieces(connection: http.client.HTTPConnection, answer: http.client.HTTPResponse) -> Iterator[bytes]:
    try:
        while True:
            piece = answer.read1(65536)
            if not piece:
                return
            yield piece
    finally:
        connection.close()


# --- internal calls -------------------------------------------------------------------------------------------------


def _lines(columns: list[tuple[str, str]], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """The schema, then one row a line. An error after the first rows is a line of its own: the status has long left."""
    yield json.dumps({"columns": [{"name": name, "type": kind} for name, kind in columns]}) + "\n"
    try:
        for row in rows:
            yield json.dumps(list(row), default=str) + "\n"
    except Exception as error:  # noqa: BLE001  whatever the database says is for the reader of the rows
        yield json.dumps({"error": str(error)}) + "\n"
