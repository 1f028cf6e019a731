"""Users and groups, as administrators and as everybody may see them."""

from __future__ import annotations

from ..instance import Raw
from ..rights import INSTANCE_ADMIN
from .routing import DOCUMENTED, INFERRED, Call, not_found, route


@route("GET", "/users", DOCUMENTED, right=None, since="14.0")
def users_light(call: Call) -> list[Raw]:
    return [
        {name: user.get(name) for name in ("login", "displayName", "groups", "userProfile", "enabled")}
        for user in call.instance.users.values()
    ]


@route("GET", "/groups", DOCUMENTED, right=None, since="14.0")
def groups_light(call: Call) -> list[Raw]:
    return [{name: group.get(name) for name in ("name", "description")} for group in call.instance.groups.values()]


@route("GET", "/admin/users/", DOCUMENTED, right=INSTANCE_ADMIN)
def users(call: Call) -> list[Raw]:
    return list(call.instance.users.values())


@route("GET", "/admin/users/<login>", DOCUMENTED, right=INSTANCE_ADMIN)
def user(call: Call, login: str) -> Raw:
    if login not in call.instance.users:
        raise not_found(f"User {login}")
    return call.instance.users[login]


@route("GET", "/admin/users-activity", DOCUMENTED, right=INSTANCE_ADMIN)
def users_activity(call: Call) -> list[Raw]:
    only_enabled = call.flag("enabledUsersOnly")
    return [
        {name: user.get(name, 0) for name in ("lastSuccessfulLogin", "lastFailedLogin", "lastSessionActivity")}
        | {"login": user["login"], "enabled": user.get("enabled", True)}
        for user in call.instance.users.values()
        if user.get("enabled", True) or not only_enabled
    ]


@route("GET", "/admin/groups/", DOCUMENTED, right=INSTANCE_ADMIN)
def groups(call: Call) -> list[Raw]:
    return list(call.instance.groups.values())


@route("GET", "/admin/authorization-matrix", INFERRED, right=INSTANCE_ADMIN, since="11.4")
def authorization_matrix(call: Call) -> Raw:
    return {"perUser": {"users": list(call.instance.users.values())}, "perGroup": {"groups": groups(call)}}


@route("GET", "/admin/global-api-keys/", DOCUMENTED, right=INSTANCE_ADMIN)
def global_api_keys(call: Call) -> list[Raw]:
    return []
