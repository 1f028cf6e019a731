"""What the page offers its reader to do in place."""

from __future__ import annotations

from typing import Optional

from ..core.compose.offers import SWITCHED_OFF, Offers
from ..dss import actions
from ..dss.identity import Access
from ..dss.session import Clients, attempt
from ..model.action import Rights
from ..model.known import Unknown
from ..settings import Settings


def offers_to(access: Access, project_key: str, settings: Settings, books: Optional[Clients] = None) -> Offers:
    """What is offered to one reader, from at most three calls: nothing that an administrator has not switched on, nothing
    that DSS would do as somebody else, and nothing that it would surely refuse. `books` are the web app's own clients."""
    if not settings.actions_enabled:
        return Offers(here=True, why_not=SWITCHED_OFF)
    if access.needs_to_write:
        return Offers(here=True, why_not=f"Nothing can be started from this page as you: {access.needs_to_write}")
    return Offers(here=True, rights=rights_of(access.clients, project_key, books))


def rights_of(clients: Clients, project_key: str, books: Optional[Clients] = None) -> Rights:
    """What somebody may do in a project, with why that cannot be told. `books` as for `offers_to`."""
    found = attempt("your rights", actions.rights, clients, books, project_key)
    return Rights(why=found.reason) if isinstance(found, Unknown) else found
