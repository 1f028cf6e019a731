"""The rights on a project as DSS ticks them: what each is called on its screens, and what follows from it.

DSS stores each right as it was ticked and works out the rest itself, so that a group may write content with the box for
reading it empty. What follows is told by DSS's documentation of project permissions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

READ, WRITE, RUN, ADMIN, GRANT = (
    "readProjectContent",
    "writeProjectContent",
    "runScenarios",
    "admin",
    "editPermissions",
)

_NAMES: Mapping[str, str] = {
    ADMIN: "Admin",
    GRANT: "Edit permissions",
    READ: "Read project content",
    WRITE: "Write project content",
    RUN: "Run scenarios",
    "readDashboards": "Read dashboards",
    "writeDashboards": "Write dashboards",
    "moderateDashboards": "Moderate dashboards",
    "manageDashboardAuthorizations": "Manage authorized objects",
    "manageExposedElements": "Manage shared objects",
    "manageAdditionalDashboardUsers": "Manage dashboard users",
    "exportDatasetsData": "Export datasets",
    "publishToDataCollections": "Publish to Data Collections",
    "shareToWorkspaces": "Publish on workspaces",
    "executeApp": "Execute app",
}

# A right brings along those behind it.
_IMPLIED: Mapping[str, tuple[str, ...]] = {
    ADMIN: tuple(right for right in _NAMES if right != ADMIN),
    WRITE: (READ, RUN, "writeDashboards"),
    READ: ("readDashboards",),
    GRANT: ("readDashboards",),
    "moderateDashboards": ("writeDashboards",),
    "writeDashboards": ("readDashboards",),
}


def closure(ticked: Iterable[str]) -> frozenset[str]:
    """The rights that follow from those ticked: admin implies all, writing implies reading and running."""
    held: set[str] = set()
    new = set(ticked)
    while new:
        held |= new
        new = {implied for right in new for implied in _IMPLIED.get(right, ())} - held
    return frozenset(held)


def named(right: str) -> str:
    """A right as DSS's permissions screen calls it; one of a later version goes by the name DSS stores."""
    return _NAMES.get(right, right)


def strongest(ticked: Iterable[str]) -> tuple[str, ...]:
    """Of the rights ticked, those that follow from none of the others, in the order of DSS's screen."""
    own = set(ticked)
    left = (right for right in own if not any(right in closure([other]) for other in own - {right}))
    order = list(_NAMES)
    return tuple(sorted(left, key=lambda right: (order.index(right) if right in _NAMES else len(order), right)))


def ground(ticked: Iterable[str], right: str) -> str:
    """The right ticked that gives `right`: itself, else the least that implies it; '' where none does."""
    own = set(ticked)
    giving = [each for each in own if right in closure([each])]
    return right if right in own else min(giving, key=lambda each: (len(closure([each])), each), default="")
