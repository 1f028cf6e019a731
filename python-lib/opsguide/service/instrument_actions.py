"""Parts of `instrument-project` that the page asks for: the watch, and the columns of a dataset as they are now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import InvalidParameter
from ..settings import Settings
from .acts import Asked, Done, Outcome, Refused, claimed, folder, refuse
from .amend import NothingDone
from .instrument import apply_rows


def create_watch(asked: Asked, settings: Settings) -> Outcome:
    """Create the watch scenario: `mail_to` is who is written to, `active` whether it runs from now on."""
    config = {"mail_to": asked.form.get("mail_to", ""), "active": asked.form.get("active") == "true"}
    return _apply(asked, settings, "watch", "", config)


def accept_schema(asked: Asked, settings: Settings) -> Outcome:
    """Write the columns of `dataset` as they are now to the profile, as accepted."""
    name = asked.form["dataset"]
    return _apply(asked, settings, f"schema:{name}", f"dataset:{name}", {})


def _apply(asked: Asked, settings: Settings, row: str, about: str, config: Mapping[str, Any]) -> Outcome:
    """One row of the preview, once however often its form arrives, with its receipt like any other."""
    state = folder(asked)
    if isinstance(state, Refused):
        return state
    earlier = claimed(state, asked)
    if earlier is not None:
        return earlier
    try:
        done = apply_rows(asked.access.clients, asked.project_key, {**config, "rows": [row]}, settings)
    except InvalidParameter:
        return refuse(state, asked, about, "There is nothing to add: it is there already, or not of this project.")
    except NothingDone as nothing:
        return refuse(state, asked, about, str(nothing))
    if any(each.worked is False for each in done):
        return refuse(state, asked, about, "; ".join(each.said for each in done))
    said = "; ".join(f"{each.title}: {each.said}" for each in done)
    return Done(state.append(asked.event("action", about, said, row=row)))
