"""The pages of actions: what was asked for lately, one before it is confirmed, one while it goes on. All of it only
reads; what is confirmed comes through `actions`."""

from __future__ import annotations

import re
from typing import Optional

from flask import Blueprint, Response, request

from ..errors import InvalidParameter
from ..model.action import KINDS, MODES, Order
from ..model.action_page import ActionPage, ProgressPage
from ..render import actions as shown
from ..render.urls import Urls
from ..service import Access, Desk
from . import actions
from .answers import admitted, data, page, wants_part

_JSON, _MARKDOWN = "application/json", "text/markdown; charset=utf-8"
_ID = re.compile(r"[0-9a-f]{32}")
_LONGEST = 300


def register(pages: Blueprint, desk: Desk) -> None:
    """`/actions`, `/actions/<id>` and `/action/<kind>`, each as JSON and as Markdown as well."""
    urls = Urls(desk.settings.dss_url, desk.project_key, on_page=True)

    @pages.get("/actions")
    def lately() -> Response:
        found = desk.actions_page(admitted(desk))
        return page(shown.actions_fragment(found, urls) if wants_part() else shown.actions_document(found, urls))

    @pages.get("/actions.json")
    def lately_as_json() -> Response:
        return data(shown.actions_json(desk.actions_page(admitted(desk))), _JSON)

    @pages.get("/actions.md")
    def lately_as_markdown() -> Response:
        return data(shown.actions_markdown(desk.actions_page(admitted(desk)), urls), _MARKDOWN)

    @pages.get("/actions/<string(length=32):action_id>")
    def one(action_id: str) -> Response:
        with_log = "log" in request.args
        found = _followed(desk, admitted(desk), action_id, with_log)
        draw = shown.progress_fragment if wants_part() else shown.progress_document
        return page(draw(found, urls, with_log=with_log))

    @pages.get("/actions/<string(length=32):action_id>.json")
    def one_as_json(action_id: str) -> Response:
        return data(shown.progress_json(_followed(desk, admitted(desk), action_id, "log" in request.args)), _JSON)

    @pages.get("/actions/<string(length=32):action_id>.md")
    def one_as_markdown(action_id: str) -> Response:
        return data(shown.progress_markdown(_followed(desk, admitted(desk), action_id, True), urls), _MARKDOWN)

    @pages.get("/action/<kind>")
    def before(kind: str) -> Response:
        access = admitted(desk)
        draw = shown.action_fragment if wants_part() else shown.action_document
        return page(draw(_proposed(desk, access, kind), urls, actions.permit(desk, access)))

    @pages.get("/action/<kind>.json")
    def before_as_json(kind: str) -> Response:
        return data(shown.action_json(_proposed(desk, admitted(desk), kind)), _JSON)

    @pages.get("/action/<kind>.md")
    def before_as_markdown(kind: str) -> Response:
        return data(shown.action_markdown(_proposed(desk, admitted(desk), kind), urls), _MARKDOWN)


def _followed(desk: Desk, access: Access, action_id: str, log: bool) -> ProgressPage:
    found: Optional[ProgressPage] = None
    if _ID.fullmatch(action_id):
        found = desk.progress_page(access, action_id, log=log)
    if found is None:
        raise InvalidParameter(f"No action “{action_id[:40]}” is on record: look at Actions.", name="action_id")
    return found


def _proposed(desk: Desk, access: Access, kind: str) -> ActionPage:
    if kind not in KINDS:
        raise InvalidParameter(f"There is no action “{kind[:40]}”.", name="kind")
    given = {name: request.args.get(name, "") for name in ("about", "mode", "partition")}
    too_long = next((name for name, value in given.items() if len(value) > _LONGEST), "")
    if too_long:
        raise InvalidParameter(f"“{too_long}” has more than {_LONGEST} characters.", name=too_long)
    mode = given["mode"] or ("only" if kind == "build" else "")
    if mode and (kind != "build" or mode not in MODES):
        raise InvalidParameter(f"“mode” is “{mode}”; it can be {', '.join(MODES)}, for a build.", name="mode")
    if ":" not in given["about"]:
        raise InvalidParameter("“about” must say what it acts on, as in “dataset:orders”.", name="about")
    return desk.action_page(access, Order(kind, given["about"], mode, given["partition"].strip()))
