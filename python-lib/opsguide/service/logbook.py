"""The logbook: what people note about a project, and what follows from it."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timezone, tzinfo
from typing import Optional

from dateutil import tz

from ..core.ledger import ledger
from ..core.schedule.zones import zone_of
from ..dss import store
from ..dss.identity import WRITE, Access
from ..dss.rights import login_of
from ..dss.session import Clients, attempt
from ..dss.store import EventCache
from ..errors import InvalidParameter
from ..model.known import Known, Unknown
from ..model.ledger import LONGEST_MUTE, Ledger
from .acts import Asked, Done, Outcome, Refused, claimed, folder, record, refuse

LONGEST_REMARK = 2_000
# A mute lasts a month at most, and a task of the month is done again within two: nothing older still counts.
LOOK_BACK = 2 * LONGEST_MUTE


def recall(clients: Clients, project_key: str, cache: Optional[EventCache] = None) -> Known[Optional[Ledger]]:
    """What people noted, as it counts now. None where the project has no state folder, Unknown where it could not be
    read in time."""
    with clients.batch() as batch:
        return batch.result("the state folder", batch.start(_recall, clients, project_key, cache))


def _recall(clients: Clients, project_key: str, cache: Optional[EventCache]) -> Known[Optional[Ledger]]:
    found = store.find(clients, project_key, cache)
    if found is None or isinstance(found, Unknown):
        return found
    now = clients.now()[0]
    read = attempt("the state folder", found.events, now - LOOK_BACK)
    if isinstance(read, Unknown):
        return read
    return ledger(read.events, now, left_out=read.left_out, unreadable=read.unreadable, folders=1 + len(found.others))


def sign_off(asked: Asked) -> Outcome:
    """Somebody looked at the morning: `remark` is what they say, `headline` the sentence that they saw."""
    return record(
        asked, asked.event("sign_off", "", asked.form.get("remark", ""), headline=asked.form.get("headline", ""))
    )


def sign_off_as_caller(clients: Clients, project_key: str, remark: str, headline: str) -> Outcome:
    """The same for a component that runs as the person who started it. Each time it runs it is another request."""
    login = login_of(clients)
    if not login:
        return Refused("DSS does not say who runs this.", "Only a person can have looked at it.")
    access = Access(login, f"user {login}", frozenset({WRITE}), clients)
    request = f"{clients.now()[0]:%Y%m%d}-{secrets.token_hex(16)}"
    return sign_off(Asked(access, project_key, request, {"remark": remark[:LONGEST_REMARK], "headline": headline}))


def mute(asked: Asked, subjects: Optional[Collection[str]] = None) -> Outcome:
    """A scenario or an output (`about`) does not alarm `until` a time, for a `reason`. InvalidParameter for a time that
    is none, is past, or is further away than a month, and for what is not among `subjects`, where these are known."""
    if subjects is not None and asked.form["about"] not in subjects:
        raise InvalidParameter(f"This project has no scenario and no output “{asked.form['about']}”.", name="about")
    now = asked.access.clients.now()[0]
    until = mute_until(asked.form.get("until", ""), asked.form.get("zone", ""), now)
    return record(asked, asked.event("mute", asked.form["about"], asked.form["reason"], until=until.isoformat()))


def mute_until(text: str, zone: str, now: datetime) -> datetime:
    """When a mute shall end, in UTC: `text` is "2026-11-24T08:00", on the clock of `zone` unless it names an offset."""
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            at = tz.resolve_imaginary(at.replace(tzinfo=_zone(zone)))
        at = at.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        raise InvalidParameter(
            f"“{text}” is no time: write one like 2026-11-24T08:00. A mute must say when it ends.", name="until"
        ) from None
    if at <= now:
        raise InvalidParameter(f"{text} is past: say when the mute shall end.", name="until")
    if at > now + LONGEST_MUTE:
        raise InvalidParameter(
            f"{text} is more than {LONGEST_MUTE.days} days away: mute for less, and again where it is still needed.",
            name="until",
        )
    return at


def _zone(name: str) -> tzinfo:
    # Not dateutil's: it takes a path for a name, and opens the file.
    found = zone_of(name)
    if isinstance(found, Unknown):
        raise InvalidParameter(f"“{name}” is no time zone: name one like Europe/Paris.", name="zone")
    return found


def unmute(asked: Asked) -> Outcome:
    """`about` alarms again. It ends the mutes that stand now, by their own names: one that somebody else sets at the
    same moment stays."""
    state = folder(asked)
    if isinstance(state, Refused):
        return state
    earlier = claimed(state, asked)
    if earlier is not None:
        return earlier
    now, about = asked.access.clients.now()[0], asked.form["about"]
    found = state.events(now - LOOK_BACK)
    standing = ledger(found.events, now).muted(about)
    if standing is None and found.unread is not None:
        why = f"Whether it is muted cannot be told: {found.unread.reason}."
        return refuse(state, asked, about, why, "Try again in a moment.")
    if standing is None:
        return refuse(state, asked, about, "It is not muted: somebody may have ended the mute already.")
    return Done(state.append(asked.event("unmute", about, ends=list(standing.uuids))))


def create_folder(asked: Asked) -> Outcome:
    """The state folder, made where there is none; its first event says by whom."""
    made = store.create(asked.access.clients, asked.project_key)
    earlier = claimed(made, asked)
    if earlier is not None:
        return earlier
    return Done(made.append(asked.event("receipt", f"folder:{made.folder_id}", "created the state folder")))
