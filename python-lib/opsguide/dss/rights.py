"""Who somebody is and whether they administer: asked of DSS with their own rights, never taken from a parameter."""

from __future__ import annotations

from typing import Optional

from ..errors import DssDenied, DssError
from . import answers, raw
from .session import Clients, path


def login_of(clients: Clients) -> str:
    """The login that DSS itself sees behind these clients, asked now; '' for an API key of nobody."""
    return answers.viewer(clients.get_mapping("/auth/info")).login


def is_instance_admin(clients: Clients) -> bool:
    """Whether DSS lets the caller see what only its administrators see."""
    try:
        clients.get_items("/admin/groups/")
    except DssDenied:
        return False
    return True


def is_project_admin(clients: Clients, project_key: str) -> bool:
    """Whether DSS lets the caller see what only the project's administrators see."""
    try:
        clients.get_mapping(path("projects", project_key, "permissions"), holding=("permissions", list))
    except DssDenied:
        return False
    return True


def administers(clients: Clients, project_key: str, login: str) -> Optional[bool]:
    """Whether a person is an administrator of the project; None where their groups cannot be seen."""
    stored = clients.get_mapping(path("projects", project_key, "permissions"), holding=("permissions", list))
    admins = [grant for grant in answers.grants(stored) if "admin" in grant.rights]
    if any(grant.kind == "user" and grant.name == login for grant in admins):
        return True
    try:
        user = clients.get_mapping(path("admin", "users", login))
        groups = {raw.text(item, "name"): raw.flag(item, "admin") for item in clients.get_items("/admin/groups/")}
    except DssError:
        return None
    own = set(raw.texts(user, "groups"))
    return any(grant.name in own for grant in admins if grant.kind == "group") or any(groups.get(name) for name in own)
