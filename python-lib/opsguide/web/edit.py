"""The page that declares: GET shows it, POST /edit checks what is entered and changes nothing, and what is saved comes
through the same door as every action, at POST /actions/declare."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Union
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from ..errors import InvalidParameter, NotAccepted
from ..model.declare import CONTROL, Editor
from ..render import edit as shown
from ..render.urls import Urls
from ..service import Access, Desk
from ..service.acts import Asked, Outcome, Refused
from ..service.declaring import Sheet
from . import actions, failures
from .answers import admitted, data, page, see, wants_part

# A profile of hundreds of rows is a long form; an import is one field.
MAX_FORM_BYTES = 512 * 1024
_LONGEST_NAME = 400
_OWN = frozenset({"part", "layer", "base", "zone", "do", "take", "stamp", "token", "back"})


def register(pages: Blueprint, desk: Desk) -> None:
    """`/edit`, `/edit.json`, and what their forms are sent to."""
    urls = Urls(desk.settings.dss_url, desk.project_key, on_page=True)

    def answered(access: Access, found: Editor, root: str = "", status: int = 200) -> Response:
        draw = shown.edit_fragment if wants_part() else shown.edit_document
        answer = page(draw(found, urls, actions.permit_to_write(desk, access), root))
        answer.status_code = status
        return answer

    @pages.get("/edit")
    def edit() -> Response:
        access = admitted(desk)
        after = request.args.get("after", "")
        return answered(access, desk.editor(access, _at(), _argument("layer"), after=after))

    @pages.get("/edit.json")
    def edit_as_json() -> Response:
        return data(shown.edit_json(desk.editor(admitted(desk))), "application/json")

    @pages.get("/edit/<layer>.<any(yaml, json):kind>")
    def export(layer: str, kind: str) -> Response:
        content = desk.exported(admitted(desk), layer, kind)
        answer = data(content, "application/json" if kind == "json" else "application/yaml; charset=utf-8")
        answer.headers.set("Content-Disposition", "attachment", filename=f"{desk.project_key}-{layer}.{kind}")
        return answer

    @pages.post("/edit/import")
    def preview() -> Response:
        access, form = actions.let_in(desk, MAX_FORM_BYTES)
        layer, text, exactly = _file(form)
        return answered(access, desk.previewed(access, layer, text, exactly), root="../")

    @pages.post("/actions/import-profile")
    def take_file() -> Response:
        access, form = actions.let_in(desk, MAX_FORM_BYTES)
        asked = Asked(access, desk.project_key, actions.request_id("import-profile", form))
        outcome = desk.take_file(asked, *_file(form), _base(form.get("base", "")))
        return told(access, outcome, {})

    @pages.post("/edit")
    def check() -> Response:
        access, form = actions.let_in(desk, MAX_FORM_BYTES)
        found = desk.checked(access, _sheet(form))
        if form.get("do") == "check":
            return page(shown.findings(found, urls))
        return answered(access, found)

    @pages.post("/actions/declare")
    def declare() -> Response:
        access, form = actions.let_in(desk, MAX_FORM_BYTES)
        sheet = _sheet(form)
        asked = Asked(access, desk.project_key, actions.request_id("declare", form))
        return told(access, desk.declare(asked, sheet), {"at": sheet.part, "layer": sheet.layer})

    def told(access: Access, outcome: Union[Outcome, Editor], where: Mapping[str, str]) -> Response:
        """The page again where nothing was saved, else the way to where it shows."""
        if isinstance(outcome, Editor):
            clash = bool((outcome.form and outcome.form.clashes) or (outcome.imported and outcome.imported.clashes))
            return answered(access, outcome, root="../", status=409 if clash else 422)
        if isinstance(outcome, Refused):
            return failures.answer(NotAccepted(outcome.reason, status=409, advice=outcome.advice))
        desk.noted()
        place = urlencode({**where, "after": outcome.event.uuid})
        return see(f"../edit?{place}")


def _file(form: Mapping[str, str]) -> tuple[str, str, bool]:
    """The layer, the file's text, and whether what it does not name goes."""
    strangers = sorted(set(form) - _OWN - {"text", "exactly"})
    if strangers:
        raise NotAccepted(f"The form has a field “{strangers[0][:80]}” that this page does not know.", status=400)
    return form.get("layer", ""), form.get("text", ""), form.get("exactly") == "true"


def _at() -> str:
    """The part that is asked for: by its path, or by its section and a name that somebody typed."""
    section, name = _argument("section"), _argument("name").strip()
    if section and not name:
        raise InvalidParameter("The name is missing: say what it is about.", name="name")
    return f"{section}.{name}" if section else _argument("at")


def _argument(name: str) -> str:
    value = request.args.get(name, "")
    if len(value) > _LONGEST_NAME:
        raise InvalidParameter(f"“{name}” has more than {_LONGEST_NAME} characters.", name=name)
    return value


def _sheet(form: Mapping[str, str]) -> Sheet:
    """What was entered. NotAccepted for what the page never sends."""
    strangers = [name for name in form if name not in _OWN and not _is_field(name)]
    if strangers:
        raise NotAccepted(f"The form has a field “{strangers[0][:80]}” that this page does not know.", status=400)
    entered = {name: value for name, value in form.items() if _is_field(name)}
    name, _, value = form.get("take", "").partition("=")
    if name and _is_field(name):
        entered.update(_taken(name, value, entered))
    zone = form.get("zone", "UTC")
    return Sheet(
        form.get("part", ""), form.get("layer", ""), _base(form.get("base", "")), entered, shown.safe_zone(zone)
    )


def _taken(name: str, value: str, entered: Mapping[str, str]) -> dict[str, str]:
    """A suggestion that was taken: of days each has a control of its own."""
    days = value.split("\n")
    return {name: value} if name in entered else {f"{name}.{day}": "on" for day in days if _is_field(f"{name}.{day}")}


def _is_field(name: str) -> bool:
    return CONTROL.fullmatch(name) is not None


def _base(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise NotAccepted("The form does not say what it showed.", status=400, advice="Reload the page.")
    return found
