"""SQL queries of a client: started, streamed, ended."""

from __future__ import annotations

from flask import Response

from .. import data, rights
from ..instance import Raw
from .routing import DOCUMENTED, Call, failed, forbidden, illegal, not_found, route


@route("POST", "/sql/queries/", DOCUMENTED, right=None, locked=False)
def start_query(call: Call) -> Raw:
    body = call.object()
    connection = str(body.get("connection") or _connection(call, str(body.get("datasetFullName") or "")))
    if connection not in call.instance.connections:
        raise not_found(f"Connection {connection}")
    if not rights.may_use(call.instance.connections[connection], call.caller):
        raise forbidden(f"Action forbidden, you may not use connection {connection}")
    try:
        columns, rows = data.query(call.instance, connection, str(body.get("query") or ""))
    except data.QueryFailed as error:
        raise failed(str(error), "java.sql.SQLException") from error
    query_id = call.instance.new_id("query-")
    call.instance.queries[query_id] = rows
    # A list: the client's documentation says an object with columns, but its own reader goes through a list.
    schema = [{"name": name, "type": kind} for name, kind in columns]
    return {"queryId": query_id, "hasResults": True, "schema": schema}


def _connection(call: Call, full_name: str) -> str:
    """The connection of the dataset whose full name is PROJECT.name."""
    key, _, name = full_name.partition(".")
    if key not in call.instance.projects or name not in call.instance.projects[key].datasets:
        raise illegal("A query needs a connection, or a dataset")
    return data.connection(call.instance.projects[key], name)


@route("GET", "/sql/queries/<query_id>/stream", DOCUMENTED, right=None, locked=False)
def stream_query(call: Call, query_id: str) -> Response:
    rows = call.instance.queries.pop(query_id, None)
    if rows is None:
        raise not_found(f"Query {query_id}")
    form = call.arg("format", "tsv-excel-noheader")
    return Response(data.encode([], rows, form), mimetype="text/tab-separated-values")


@route("GET", "/sql/queries/<query_id>/finish-streaming", DOCUMENTED, right=None)
def finish_query(call: Call, query_id: str) -> None:
    """Rows are read to their end or the stream breaks off: there is nothing more to tell."""
