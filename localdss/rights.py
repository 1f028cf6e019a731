"""Who may do what. DSS stores the booleans of a permission as they were ticked; what follows from what is worked out here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from .instance import Instance, Project, Raw

READ, WRITE, RUN, PROJECT_ADMIN = "readProjectContent", "writeProjectContent", "runScenarios", "admin"
DASHBOARDS = "readDashboards"
INSTANCE_ADMIN = "instance admin"

# A right brings along those behind it.
_IMPLIED = {
    PROJECT_ADMIN: (
        WRITE,
        "exportDatasetsData",
        "moderateDashboards",
        "manageDashboardAuthorizations",
        "editPermissions",
    ),
    WRITE: (READ, RUN, "writeDashboards"),
    READ: (DASHBOARDS,),
    "writeDashboards": (DASHBOARDS,),
    "moderateDashboards": ("writeDashboards",),
}


@dataclass(frozen=True)
class Caller:
    """Whose rights a call carries. `via` tells the way in: "key", "ticket" or "cookie"."""

    login: str
    groups: tuple[str, ...]
    admin: bool
    via: str = "key"


def caller(instance: Instance, login: str, via: str = "key") -> Optional[Caller]:
    """The user of that login, None when there is none or the account is disabled."""
    user = instance.users.get(login)
    if user is None or not user.get("enabled", True):
        return None
    groups = tuple(user.get("groups") or ())
    return Caller(login, groups, any(instance.groups.get(group, {}).get("admin") for group in groups), via)


def on_project(project: Project, who: Caller) -> frozenset[str]:
    """Every right `who` has on the project: what was ticked, and all that follows from it."""
    if who.admin or project.owner == who.login:
        return closure({PROJECT_ADMIN})
    entries: list[Raw] = project.settings.get("permissions") or []
    mine = [entry for entry in entries if entry.get("user") == who.login or entry.get("group") in who.groups]
    ticked = {name for entry in mine for name, value in entry.items() if value is True}
    extra = (project.settings.get("additionalDashboardUsers") or {}).get("users") or []
    if any(user.get("login") == who.login for user in extra):
        ticked.add(DASHBOARDS)
    return closure(ticked)


def closure(ticked: set[str]) -> frozenset[str]:
    held, new = set(), set(ticked)
    while new:
        held |= new
        new = {implied for right in new for implied in _IMPLIED.get(right, ())} - held
    return frozenset(held)


def sees(project: Project, who: Caller) -> bool:
    """Whether the project stands in this caller's list of projects."""
    return bool(on_project(project, who) & {READ, DASHBOARDS, RUN})


def may_use(connection: Raw, who: Caller) -> bool:
    """Whether somebody's groups may use the connection."""
    if who.admin or connection.get("usableBy", "ALL") == "ALL":
        return True
    return bool(set(connection.get("allowedGroups") or ()) & set(who.groups))


def may_impersonate(instance: Instance, backend_login: str, browser: Caller) -> bool:
    """Whether a webapp backend that runs as `backend_login` may act as the person who browses."""
    user = instance.users.get(backend_login) or {}
    granted = {
        group
        for name in user.get("groups") or ()
        for group in instance.groups.get(name, {}).get("mayImpersonateInWebapps") or ()
    }
    return bool(granted & set(browser.groups))
