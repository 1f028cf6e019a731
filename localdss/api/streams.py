"""Continuous activities: recipes that run until they are stopped."""

from __future__ import annotations

from ..instance import Raw
from ..rights import WRITE
from .routing import DOCUMENTED, Call, not_found, route

_C = "/projects/<key>/continuous-activities"


@route("GET", f"{_C}/", DOCUMENTED)
def activities(call: Call) -> list[Raw]:
    return [_activity(call, recipe) for recipe in call.project.streams]


@route("GET", f"{_C}/<recipe>/", DOCUMENTED)
def activity(call: Call, recipe: str) -> Raw:
    return _activity(call, recipe)


@route("POST", f"{_C}/<recipe>/start", DOCUMENTED, right=WRITE)
def start(call: Call, recipe: str) -> Raw:
    return _set(call, recipe, "STARTED")


@route("POST", f"{_C}/<recipe>/stop", DOCUMENTED, right=WRITE)
def stop(call: Call, recipe: str) -> Raw:
    return _set(call, recipe, "STOPPED")


def _set(call: Call, recipe: str, state: str) -> Raw:
    _activity(call, recipe)
    call.project.streams[recipe] = state
    return _activity(call, recipe)


def _activity(call: Call, recipe: str) -> Raw:
    if recipe not in call.project.streams:
        raise not_found(f"Continuous activity {call.project.key}.{recipe}")
    wanted = call.project.streams[recipe]
    future = {"jobId": f"continuous-{call.project.key}-{recipe}", "alive": wanted == "STARTED", "hasResult": False}
    loop = {"futureId": future["jobId"], "futureInfo": future}
    return {"projectKey": call.project.key, "recipeId": recipe, "desiredState": wanted, "mainLoopState": loop}
