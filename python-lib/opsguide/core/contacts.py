"""Contacts held against the people DSS knows: does the login exist, is it enabled, is anybody in the group?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..model.known import Unknown, known
from ..model.profile import Contact, OpsProfile
from ..model.snapshot import Snapshot


@dataclass(frozen=True)
class Doubts:
    """What is wrong with a contact, and what could not be told, each a sentence part."""

    wrong: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def doubts(contact: Contact, snapshot: Snapshot) -> Doubts:
    """What speaks against reaching somebody by this contact."""
    wrong: list[str] = []
    unknown: list[str] = []
    users, groups = snapshot.users, snapshot.groups
    if contact.login and isinstance(users, Unknown):
        unknown.append(f"whether the login {contact.login} exists: {_why(users)}")
    elif contact.login:
        user = next((each for each in known(users, ()) if each.login == contact.login), None)
        if user is None:
            wrong.append(f"DSS knows no user {contact.login}")
        elif user.enabled is False:
            wrong.append(f"the DSS user {contact.login} is disabled")
        elif user.enabled is None:
            unknown.append(f"whether {contact.login} is enabled: this takes an administrator")
    if contact.group and isinstance(groups, Unknown):
        unknown.append(f"whether the group {contact.group} exists: {_why(groups)}")
    elif contact.group and all(group.name != contact.group for group in known(groups, ())):
        wrong.append(f"DSS knows no group {contact.group}")
    elif contact.group and not isinstance(users, Unknown):
        members = [user for user in users if contact.group in user.groups]
        if not members and any(user.groups for user in users):
            wrong.append(f"nobody is in the DSS group {contact.group}")
        elif not members:
            unknown.append(f"who is in the group {contact.group}: DSS does not show the groups of its users")
        elif all(user.enabled is False for user in members):
            wrong.append(f"everybody in the DSS group {contact.group} is disabled")
    return Doubts(tuple(wrong), tuple(unknown))


def all_of(profile: OpsProfile) -> Iterator[tuple[str, Contact]]:
    """Every contact of a profile, with its path."""
    if profile.oncall is not None:
        yield "oncall", profile.oncall
        yield from ((f"oncall.rota.{number}.contact", turn.contact) for number, turn in enumerate(profile.oncall.rota))
    for name in ("data", "infra", "business"):
        contact = getattr(profile.contacts, name)
        if contact is not None:
            yield f"contacts.{name}", contact
    for kind, objects in (("datasets", profile.datasets), ("connections", profile.connections)):
        for name, said in objects.items():
            if said.owner is not None:
                yield f"{kind}.{name}.owner", said.owner


def _why(unknown: Unknown) -> str:
    return f"{unknown.reason}; it needs {unknown.needs}" if unknown.needs else unknown.reason
