"""Who may do what in a project, and why: the owner, the groups and users granted, and the instance's administrators."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..model.known import Cause, Known, Unknown, known
from ..model.rights import ADMIN, closure, ground, named
from ..model.snapshot import Grant, Snapshot, User

INSTANCE_ADMIN = "instance administrator"


@dataclass(frozen=True)
class Holder:
    """One owner, user or group with what it was given. `members` are the people who hold it by this, each as far as DSS
    tells; `missing` is why nobody can, where the user or the group is gone or empty: "nobody is in this group"."""

    kind: str  # "owner", "user", "group" or "administrators"
    name: str
    ticked: frozenset[str]
    members: Known[tuple[User, ...]]
    missing: str = ""

    @property
    def rights(self) -> frozenset[str]:
        return closure(self.ticked)

    @property
    def dead(self) -> bool:
        """Whether it is known that nobody can use what was granted here."""
        members = known(self.members, None)
        return bool(self.missing) or (bool(members) and all(user.enabled is False for user in members or ()))

    def why(self, right: str) -> str:
        """How it holds a right: "owner, which implies Run scenarios", "directly"; '' where it does not."""
        if right not in self.rights:
            return ""
        if self.kind == "owner":
            return f"owner, which implies {named(right)}"
        if self.kind == "administrators":
            return "administrators of the instance may do everything, in every project"
        from_ = ground(self.ticked, right)
        return "directly" if from_ == right else f"{named(from_)}, which implies {named(right)}"


def holders(snapshot: Snapshot) -> Known[tuple[Holder, ...]]:
    """Everybody the project's permissions name, the owner first, then in DSS's order; who is named twice holds both.
    Instance administrators are not among them: see `administrators`."""
    grants = snapshot.permissions
    if isinstance(grants, Unknown):
        return grants
    owner = known(snapshot.project, None)
    if owner is not None and owner.owner_login and not any(grant.is_owner for grant in grants):
        grants = (Grant("user", owner.owner_login, frozenset([ADMIN]), True), *grants)
    merged: dict[tuple[str, str], Grant] = {}
    for grant in grants:
        place = (grant.kind, grant.name)
        before = merged.get(place)
        merged[place] = grant if before is None else replace(before, ticked=before.ticked | grant.ticked)
    return tuple(_holder(snapshot, grant) for grant in merged.values() if grant.ticked)


def administrators(snapshot: Snapshot) -> Holder:
    """Whoever may do everything because of the instance: the groups that administer it, and who is in them."""
    groups = snapshot.groups
    admin = tuple(group.name for group in known(groups, ()) if group.is_admin)
    members: Known[tuple[User, ...]]
    if isinstance(groups, Unknown):
        members = groups
    elif not admin:
        members = Unknown("DSS does not show this reader which groups administer it", Cause.DENIED, INSTANCE_ADMIN)
    else:
        members = _all_of(snapshot, frozenset(admin))
    return Holder("administrators", ", ".join(admin), frozenset([ADMIN]), members)


def usable(found: Known[tuple[Holder, ...]], right: str) -> tuple[Holder, ...]:
    """Those who hold a right, without those of whom it is known that nobody can log in."""
    return tuple(holder for holder in known(found, ()) if right in holder.rights and not holder.dead)


def _holder(snapshot: Snapshot, grant: Grant) -> Holder:
    if grant.kind == "group":
        members = _all_of(snapshot, frozenset([grant.name]))
        return Holder("group", grant.name, grant.ticked, members, _missing_group(snapshot, grant.name, members))
    kind = "owner" if grant.is_owner else "user"
    if isinstance(snapshot.users, Unknown):
        return Holder(kind, grant.name, grant.ticked, snapshot.users)
    found = tuple(user for user in snapshot.users if user.login == grant.name)
    return Holder(kind, grant.name, grant.ticked, found, "" if found else "DSS knows no user of this login")


def _all_of(snapshot: Snapshot, groups: frozenset[str]) -> Known[tuple[User, ...]]:
    users = snapshot.users
    if isinstance(users, Unknown):
        return users
    if not any(user.groups for user in users):
        return Unknown("DSS does not show this reader who is in which group", Cause.DENIED, INSTANCE_ADMIN)
    return tuple(user for user in users if groups & set(user.groups))


def _missing_group(snapshot: Snapshot, name: str, members: Known[tuple[User, ...]]) -> str:
    if not isinstance(snapshot.groups, Unknown) and all(group.name != name for group in snapshot.groups):
        return "DSS knows no group of this name"
    return "nobody is in this group" if members == () else ""
