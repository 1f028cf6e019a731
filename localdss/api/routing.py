"""How a route is declared: its path, the right it demands, the first version that has it and what its shape rests on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Optional

from flask import Request, Response

from .. import rights
from ..instance import Instance, Project, Raw
from ..rights import INSTANCE_ADMIN, READ, Caller, on_project

RECORDED = "recorded"  # seen in files or answers of a real DSS
DOCUMENTED = "documented"  # told by Dataiku's documentation or read in its client
INFERRED = "inferred"  # neither: the likeliest shape, to be read with care
BASES = (RECORDED, DOCUMENTED, INFERRED)


class Refused(Exception):
    """An answer of status >= 400, in the shape of DSS's errors."""

    def __init__(self, status: int, error_type: str, message: str) -> None:
        super().__init__(message)
        self.status, self.error_type, self.message = status, error_type, message

    @property
    def body(self) -> Raw:
        return {"errorType": self.error_type, "message": self.message, "detailedMessage": self.message}


def not_found(what: str) -> Refused:
    return Refused(404, "com.dataiku.dip.server.controllers.NotFoundException", f"{what} does not exist")


def forbidden(why: str) -> Refused:
    return Refused(403, "com.dataiku.dip.exceptions.UnauthorizedException", why)


def unauthenticated() -> Refused:
    return Refused(401, "com.dataiku.dip.exceptions.UnauthorizedException", "Invalid API key or ticket")


def illegal(why: str) -> Refused:
    return Refused(400, "java.lang.IllegalArgumentException", why)


def conflict(why: str) -> Refused:
    return Refused(409, "com.dataiku.dip.exceptions.ConflictException", why)


def failed(why: str, error_type: str = "com.dataiku.dip.exceptions.DSSInternalErrorException") -> Refused:
    return Refused(500, error_type, why)


@dataclass
class Call:
    """One request as a route sees it: who asks, on which project, with which parameters."""

    instance: Instance
    caller: Caller
    request: Request
    project_: Optional[Project] = None
    kept: Callable[[Any], Any] = lambda sent: sent  # what a misbehaving DSS makes of a body before it keeps it

    @property
    def project(self) -> Project:
        if self.project_ is None:
            raise illegal("This call needs a project")
        return self.project_

    def arg(self, name: str, default: str = "") -> str:
        return self.request.args.get(name, default)

    def flag(self, name: str, default: bool = False) -> bool:
        """Python's clients write True and False, browsers true and false."""
        value = self.request.args.get(name)
        return default if value is None else value.lower() == "true"

    def number(self, name: str, default: int) -> int:
        value = self.request.args.get(name)
        if value is None:
            return default
        try:
            return int(value)
        except ValueError:
            raise illegal(f"{name} is no number: {value}") from None

    def body(self) -> Any:
        """The JSON sent, whatever its content type says: the client names none."""
        text = self.request.get_data(as_text=True)
        try:
            return self.kept(json.loads(text) if text else {})
        except ValueError as error:
            raise illegal(f"The body is no JSON: {error}") from None

    def object(self) -> Raw:
        body = self.body()
        if not isinstance(body, dict):
            raise illegal("The body must be a JSON object")
        return body

    def rights(self) -> frozenset[str]:
        return on_project(self.project, self.caller)

    def demand(self, right: Optional[str]) -> None:
        """Lets the call pass, or answers 403 as DSS does."""
        if right is None or self.caller.admin:
            return
        if right == INSTANCE_ADMIN:
            raise forbidden("Action forbidden, you are not admin")
        if right not in self.rights():
            raise forbidden(f"Action forbidden, you don't have {right} permission on project {self.project.key}")

    def dataset(self, name: str) -> Raw:
        return self._one(self.project.datasets, "Dataset", name)

    def scenario(self, scenario_id: str) -> Raw:
        return self._one(self.project.scenarios, "Scenario", scenario_id)

    def folder(self, folder_id: str) -> Raw:
        return self._one(self.project.folders, "Managed folder", folder_id)

    def model(self, model_id: str) -> Raw:
        return self._one(self.project.saved_models, "Saved model", model_id)

    def webapp(self, webapp_id: str) -> Raw:
        return self._one(self.project.webapps, "Webapp", webapp_id)

    def _one(self, objects: dict[str, Raw], what: str, name: str) -> Raw:
        if name not in objects:
            raise not_found(f"{what} {self.project.key}.{name}")
        return objects[name]


def asker(instance: Instance, request: Request) -> Optional[Caller]:
    """Whose ticket or API key a request carries: None where it carries neither, or one that nobody has."""
    ticket, key = request.headers.get("X-DKU-APITicket"), request.authorization
    if ticket:
        return rights.caller(instance, instance.tickets.get(ticket, ""), "ticket")
    return rights.caller(instance, key.token or key.username or "") if key is not None else None


Handler = Callable[..., Any]


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    handler: Handler
    basis: str
    since: tuple[int, ...]
    right: Optional[str]
    locked: bool

    @property
    def in_project(self) -> bool:
        return "<key>" in self.path


ROUTES: list[Route] = []


def route(
    method: str, path: str, basis: str, *, right: Optional[str] = READ, since: str = "11.0", locked: bool = True
) -> Callable[[Handler], Handler]:
    """Declares a route. `path` names the project <key>. A route that waits for something is not `locked`: the others must
    be able to go on meanwhile."""

    def declare(handler: Handler) -> Handler:
        ROUTES.append(Route(method, path, handler, basis, parse_version(since), right, locked))
        return handler

    return declare


def parse_version(text: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in text.split("."))


def answer(value: Any) -> Response:
    """What a route gave, as DSS writes it: text as text, everything else as JSON without nulls."""
    if isinstance(value, Response):
        return value
    if isinstance(value, str):
        return Response(value, mimetype="text/plain")
    if isinstance(value, bytes):
        return Response(value, mimetype="application/octet-stream")
    return Response(_json({} if value is None else value), mimetype="application/json")


def _json(value: Any) -> str:
    """Most answers hold no null; of the longest (a hundred thousand jobs) looking for one in every object takes seconds."""
    text = json.dumps(value)
    return json.dumps(without_nulls(value)) if "null" in text else text


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, (list, tuple)):
        return [without_nulls(each) for each in value]
    return value
