"""The one door through which the page changes anything: POST /actions/<name>.

A request is followed when all of this holds, checked in this order, the cheap things first: a form of bounded size, sent
by the page itself (the browser says so, where it tells), from a person who is signed in to DSS and as whom DSS judges
what is written, with the token that the page was given for that person, today. What is asked then happens once, however
often the form arrives: its request id follows from its content.

Another action is another line in `ACTIONS`.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Optional
from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from ..errors import NotAccepted
from ..model.action import MODES, Order
from ..model.cleanup import PLAN_ID
from ..render.html import Permit
from ..service import Access, Desk, cleanup, incidents, instrument_actions, logbook
from ..service.acts import Asked, Outcome, Refused
from . import failures
from .answers import see

MAX_FORM_BYTES = 64 * 1024
_FORM = "application/x-www-form-urlencoded"
_STAMP = re.compile(r"(\d{8})-[0-9a-f]{32}")
_PLACE = re.compile(r"[a-z][a-z-]*(/[A-Za-z0-9][\w.~-]*)?")
_SUBJECT = re.compile(r"[a-z_]+:.+", re.DOTALL)
# What every form carries, besides the fields of its action.
_OWN = ("stamp", "token", "back")
_RELOAD = "Reload the page and send it again: nothing was changed."
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Field:
    """One field of a form. `label` is what the page calls it; a value longer than `longest` characters, an empty one
    where it is `needed`, or one that is not of `shape` is refused before anything happens."""

    label: str
    needed: bool = False
    longest: int = 300
    shape: Optional[re.Pattern[str]] = None


@dataclass(frozen=True)
class Action:
    """What a form may ask for. `do` gets its fields held to their shapes; `acts_on_dss` marks what the plugin's setting
    `actions_enabled` must allow first."""

    fields: Mapping[str, Field]
    do: Callable[[Desk, Asked], Outcome]
    acts_on_dss: bool = False


_ABOUT = Field("what it is about", needed=True, shape=_SUBJECT)

_INCIDENT = Field("incident", needed=True, shape=re.compile(r"\d{8}T\d{4}-[0-9a-f]{8}"))
_REMARK = Field("text", longest=2_000)
_WORDS = Field("text", needed=True, longest=2_000)


def _about_incident(kind: str) -> Callable[[Desk, Asked], Outcome]:
    return lambda desk, asked: incidents.speak(asked, kind, desk.incident(asked.access, asked.form["incident"]))


_REASON = Field("reason", needed=True, longest=2_000)
_SHOWN = Field("what was shown", needed=True, shape=re.compile(r"[0-9a-f]{32}"))
_PARTITION = Field("partition", longest=300)
_DATASET = Field("dataset", needed=True, shape=re.compile(r"dataset:.+", re.DOTALL))
_OBJECT = Field("object", needed=True, shape=_SUBJECT)
_SCENARIO = Field("scenario", needed=True, shape=re.compile(r"scenario:.+", re.DOTALL))


def _orders(kind: str, **fields: Field) -> Action:
    """An action on DSS: `about` is what it acts on, `shown` seals what the person saw before they confirmed it."""

    def do(desk: Desk, asked: Asked) -> Outcome:
        form = asked.form
        return desk.perform(asked, Order(kind, form["about"], form.get("mode", ""), form.get("partition", "")))

    return Action({**fields, "reason": _REASON, "shown": _SHOWN}, do, acts_on_dss=True)


ACTIONS: dict[str, Action] = {
    "run-scenario": _orders("run-scenario", about=_SCENARIO),
    "abort-scenario": _orders("abort-scenario", about=_SCENARIO),
    "build": _orders(
        "build",
        about=_OBJECT,
        mode=Field("way to build", needed=True, shape=re.compile("|".join(MODES))),
        partition=_PARTITION,
    ),
    "rebuild-from": _orders("rebuild-from", about=_OBJECT, partition=_PARTITION),
    "abort-job": _orders("abort-job", about=Field("job", needed=True, shape=re.compile(r"job:.+", re.DOTALL))),
    "compute-metrics": _orders("compute-metrics", about=_DATASET, partition=_PARTITION),
    "compute-rules": _orders("compute-rules", about=_DATASET, partition=_PARTITION),
    "clear": _orders("clear", about=_DATASET, partition=_PARTITION, typed=Field("name", needed=True)),
    "sign-off": Action(
        {"remark": Field("remark", longest=2_000), "headline": Field("headline", longest=2_000)},
        lambda desk, asked: logbook.sign_off(asked),
    ),
    "mute": Action(
        {
            "about": _ABOUT,
            "until": Field("time", needed=True, longest=40),
            "zone": Field("time zone", longest=60),
            "reason": Field("reason", needed=True, longest=2_000),
        },
        lambda desk, asked: logbook.mute(asked, desk.subjects(asked.access)),
    ),
    "unmute": Action({"about": _ABOUT}, lambda desk, asked: logbook.unmute(asked)),
    "create-state-folder": Action({}, lambda desk, asked: logbook.create_folder(asked)),
    "create-watch": Action(
        {"mail_to": Field("mail address", longest=500), "active": Field("whether it runs", longest=4)},
        lambda desk, asked: instrument_actions.create_watch(asked, desk.settings),
        acts_on_dss=True,
    ),
    "accept-schema": Action(
        {"dataset": Field("dataset", needed=True)},
        lambda desk, asked: instrument_actions.accept_schema(asked, desk.settings),
        acts_on_dss=True,
    ),
    "approve-plan": Action(
        {"plan": Field("plan", needed=True, shape=PLAN_ID)}, lambda desk, asked: cleanup.approve(asked)
    ),
    "unquarantine": Action(
        {
            "kind": Field("kind", needed=True, shape=re.compile("DATASET|MANAGED_FOLDER")),
            "id": Field("object", needed=True, longest=500),
        },
        lambda desk, asked: cleanup.unquarantine(asked),
        acts_on_dss=True,
    ),
    "judge-rows": Action(
        {
            "about": _DATASET,
            "built": Field("build", needed=True, longest=40),
            "say": Field("what is said", needed=True, shape=re.compile("wrong|right")),
        },
        lambda desk, asked: desk.judge_rows(asked),
    ),
    "review": Action({}, lambda desk, asked: desk.review(asked)),
    "task-done": Action(
        {
            "task": Field("task", needed=True, shape=re.compile(r"(weekly|monthly)-[0-9a-f]{10}")),
            "remark": Field("remark", longest=2_000),
        },
        lambda desk, asked: desk.done(asked),
    ),
    "acknowledge": Action({"incident": _INCIDENT, "text": _REMARK}, _about_incident("acknowledge")),
    "assign": Action(
        {"incident": _INCIDENT, "to": Field("person", needed=True, longest=120), "text": _REMARK},
        _about_incident("assign"),
    ),
    "note": Action({"incident": _INCIDENT, "text": _WORDS}, _about_incident("note")),
    "resolve": Action(
        {
            "incident": _INCIDENT,
            "text": _WORDS,
            "cause": Field("cause", longest=500),
            "pattern": Field("pattern", longest=500),
        },
        _about_incident("resolve"),
    ),
}


def register(pages: Blueprint, desk: Desk) -> None:
    """The door, on the page's blueprint."""

    @pages.post("/actions/<name>")
    def act(name: str) -> Response:
        action = ACTIONS.get(name)
        if action is None:
            raise NotAccepted(f"There is no action “{name}”.", status=404)
        access, form = let_in(desk)
        if action.acts_on_dss and not desk.settings.actions_enabled:
            raise NotAccepted(
                "Actions are switched off.",
                status=403,
                advice="An administrator can allow them in the plugin's settings (“Allow actions”).",
            )
        asked = Asked(access, desk.project_key, request_id(name, form), _fields(action, form))
        outcome = action.do(desk, asked)
        if isinstance(outcome, Refused):
            return failures.answer(NotAccepted(outcome.reason, status=409, advice=outcome.advice))
        desk.noted()
        return _see(outcome.place or form.get("back", ""), outcome.event.uuid)


def let_in(desk: Desk, longest: int = MAX_FORM_BYTES) -> tuple[Access, dict[str, str]]:
    """Who sent a form that is to be followed, and its fields as they were sent; NotAccepted for every other."""
    form = _form(longest)
    _from_the_page_itself(desk)
    access = _writer(desk)
    _token_holds(desk, access, form)
    return access, form


def permit(desk: Desk, access: Access) -> Permit:
    """What a page needs for its forms, or why the reader gets none."""
    if access.needs_to_write:
        return Permit(why_not=access.needs_to_write)
    stamp = f"{_today(access):%Y%m%d}-{secrets.token_hex(16)}"
    return Permit(stamp, _token(desk, access, stamp), acts=desk.settings.actions_enabled)


def permit_to_write(desk: Desk, access: Access) -> Permit:
    """The same for a page whose forms write to the project: none for a reader whom DSS would refuse."""
    lacking = "" if access.needs_to_write else desk.lacks_to_write(access)
    if lacking:
        return Permit(why_not=f"it takes the right “{lacking}” in this project, which its administrators can give")
    return permit(desk, access)


# --- is it to be followed? -------------------------------------------------------------------------------------------


def _form(longest: int) -> dict[str, str]:
    if request.mimetype != _FORM:
        raise NotAccepted(f"What was sent is no form ({_FORM}).", status=415)
    if request.content_length is None:
        raise NotAccepted("The form does not say how long it is.", status=411)
    if request.content_length > longest:
        raise NotAccepted(f"A form may have {longest // 1024} kB at most.", status=413)
    request.max_form_memory_size = longest  # some versions of Werkzeug have a limit of their own, which is less
    twice = [name for name, values in request.form.lists() if len(values) > 1]
    if twice:
        raise NotAccepted(f"“{twice[0]}” was sent more than once.", status=400)
    return request.form.to_dict()


def _from_the_page_itself(desk: Desk) -> None:
    """A browser says where a form comes from: where it does, another place than this page is refused."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    here = {request.host, request.headers.get("X-Forwarded-Host", ""), urlsplit(desk.settings.dss_url).netloc}
    own = site == "same-origin" if site else not origin or urlsplit(origin).netloc in here - {""}
    if not own:
        raise NotAccepted(
            f"This form was sent from another place ({origin or site}).",
            status=403,
            advice="Send it from this page. If you did, its administrator can set “Address of DSS” in the plugin's settings.",
        )


def _writer(desk: Desk) -> Access:
    access = desk.access(dict(request.headers), afresh=True)
    if "guide" not in access.may or access.needs_to_write:
        if access.login:
            _log.warning("%s asked for %s and may not: %s", access.login, request.path, access.reason)
        why = access.reason if "guide" not in access.may else "This is written as you, or not at all."
        raise NotAccepted(why, status=403, advice=f"To write here: {access.needs_to_write}.")
    return access


def _token_holds(desk: Desk, access: Access, form: Mapping[str, str]) -> None:
    stamp, token = form.get("stamp", ""), form.get("token", "")
    if not hmac.compare_digest(token.encode(), _token(desk, access, stamp).encode()):
        _log.warning("%s sent %s with a token that is not theirs", access.login, request.path)
        raise NotAccepted(
            "This page was made for somebody else, or before the web app was restarted.", status=403, advice=_RELOAD
        )
    made = _STAMP.fullmatch(stamp)
    if made is None or abs((_today(access) - _day(made.group(1))).days) > 1:
        raise NotAccepted("This page is more than a day old.", status=403, advice=_RELOAD)


def _token(desk: Desk, access: Access, stamp: str) -> str:
    said = "\n".join((desk.project_key, access.login, stamp))
    return hmac.new(desk.secret, said.encode(), hashlib.sha256).hexdigest()


def _today(access: Access) -> date:
    return access.clients.now()[0].date()


def _day(text: str) -> date:
    return datetime.strptime(text, "%Y%m%d").replace(tzinfo=timezone.utc).date()


# --- what is asked for -----------------------------------------------------------------------------------------------


def request_id(name: str, form: Mapping[str, str]) -> str:
    """The same form sent again is the same request; the page's next form, or the same one corrected, is another."""
    said = "\n".join([name, *(f"{key}={form[key]!r}" for key in sorted(form) if key not in ("token", "back"))])
    return f"{form['stamp'][:8]}-{hashlib.sha256(said.encode()).hexdigest()[:32]}"


def _fields(action: Action, form: Mapping[str, str]) -> dict[str, str]:
    strangers = sorted(set(form) - set(action.fields) - set(_OWN))
    if strangers:
        raise NotAccepted(f"The form has a field “{strangers[0]}” that this action does not know.", status=400)
    return {name: _checked(field, form.get(name, "")) for name, field in action.fields.items()}


def _checked(field: Field, value: str) -> str:
    text = value.replace("\r\n", "\n").strip()
    if field.needed and not text:
        raise NotAccepted(f"The {field.label} is missing.", status=400, advice="Fill it in and send it again.")
    if len(text) > field.longest:
        raise NotAccepted(
            f"The {field.label} has {len(text):,} characters; {field.longest:,} are the most.", status=400
        )
    if text and field.shape is not None and not field.shape.fullmatch(text):
        raise NotAccepted(f"The {field.label} is “{text[:80]}”, which this page never says.", status=400)
    return text


def _see(back: str, uuid: str) -> Response:
    """Back to the page, which then shows what was recorded, whichever process makes it."""
    place = back if _PLACE.fullmatch(back) else "today"
    return see(f"../{place}?after={uuid}")
