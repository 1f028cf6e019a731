"""Who may do what and why: what follows from what is ticked, who is behind a group, and what is not known of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from opsguide.core.access import Holder, administrators, holders, usable
from opsguide.model.guide import Cell, Origin, Tone, cells_of
from opsguide.model.known import Cause, Known, Unknown
from opsguide.model.rights import ADMIN, GRANT, READ, RUN, WRITE, closure, ground, strongest
from opsguide.model.snapshot import Grant, Group, Project, ProjectSettings, Snapshot, User
from tests.nights import guide_of, night

DENIED = Unknown("the users could not be read", Cause.DENIED, "instance administrator")


@pytest.mark.parametrize(
    ("ticked", "held", "lacking"),
    [
        (set(), set(), {READ, RUN, WRITE, GRANT, ADMIN}),
        ({RUN}, {RUN}, {READ, WRITE, "readDashboards"}),
        ({READ}, {READ, "readDashboards"}, {RUN, WRITE}),
        ({WRITE}, {WRITE, READ, RUN, "readDashboards", "writeDashboards"}, {GRANT, ADMIN, "exportDatasetsData"}),
        ({GRANT}, {GRANT, "readDashboards"}, {READ, ADMIN}),
        ({ADMIN}, {ADMIN, GRANT, WRITE, READ, RUN, "exportDatasetsData", "executeApp"}, set()),
        ({"moderateDashboards"}, {"writeDashboards", "readDashboards"}, {READ}),
        ({"aRightOfALaterVersion"}, {"aRightOfALaterVersion"}, {READ}),
    ],
)
def test_what_follows_from_what_is_ticked(ticked: set[str], held: set[str], lacking: set[str]) -> None:
    found = closure(ticked)
    assert held <= found
    assert not lacking & found


@pytest.mark.parametrize(
    ("ticked", "right", "from_"),
    [
        ({RUN}, RUN, RUN),
        ({WRITE}, RUN, WRITE),
        ({WRITE, ADMIN}, RUN, WRITE),  # the least that gives it
        ({ADMIN}, RUN, ADMIN),
        ({WRITE, RUN}, RUN, RUN),
        ({READ}, RUN, ""),
    ],
)
def test_a_right_is_traced_to_what_gives_it(ticked: set[str], right: str, from_: str) -> None:
    assert ground(ticked, right) == from_


def test_only_what_does_not_follow_is_named() -> None:
    assert strongest({READ, WRITE, RUN, "later"}) == (WRITE, "later")
    assert strongest({ADMIN, READ}) == (ADMIN,)
    assert strongest(set()) == ()


def people(*grants: Grant, users: Known[tuple[User, ...]] = (), groups: Known[tuple[Group, ...]] = ()) -> Snapshot:
    return replace(night(), permissions=grants, users=users, groups=groups)


def grant(kind: str, name: str, *ticked: str, owner: bool = False) -> Grant:
    return Grant(kind, name, frozenset(ticked), owner)


def of(snapshot: Snapshot) -> tuple[Holder, ...]:
    found = holders(snapshot)
    assert not isinstance(found, Unknown)
    return found


ADA, BO, GONE = (
    User("ada", "Ada Martin", enabled=True, groups=("team",)),
    User("bo", "Bo Lind", enabled=True),
    User("gone", "Go Ne", enabled=False, groups=("team", "past")),
)


def test_who_is_named_twice_holds_both_and_the_owner_comes_first() -> None:
    found = of(people(grant("group", "team", RUN), grant("user", "ada", READ), grant("group", "team", READ)))
    assert [(each.kind, each.name) for each in found] == [("owner", "ada"), ("group", "team")]
    assert found[0].ticked == {ADMIN, READ}
    assert found[1].ticked == {RUN, READ}


@pytest.mark.parametrize(
    ("held", "right", "why"),
    [
        (grant("user", "ada", ADMIN, owner=True), RUN, "owner, which implies Run scenarios"),
        (grant("user", "bo", RUN), RUN, "directly"),
        (grant("group", "team", WRITE), RUN, "Write project content, which implies Run scenarios"),
        (grant("group", "team", ADMIN), GRANT, "Admin, which implies Edit permissions"),
        (grant("group", "team", READ), RUN, ""),
    ],
)
def test_each_holder_says_how_it_holds_a_right(held: Grant, right: str, why: str) -> None:
    assert next(each for each in of(people(held)) if each.name == held.name).why(right) == why


@pytest.mark.parametrize(
    ("held", "users", "groups", "missing", "dead"),
    [
        (grant("group", "team", RUN), (ADA, GONE), (Group("team"),), "", False),
        (grant("group", "past", RUN), (ADA, GONE), (Group("past"),), "", True),  # all of it disabled
        (grant("group", "empty", RUN), (ADA,), (Group("empty"),), "nobody is in this group", True),
        (grant("group", "lost", RUN), (ADA,), (Group("team"),), "DSS knows no group of this name", True),
        (grant("group", "empty", RUN), (BO,), (Group("empty"),), "", False),  # whose groups are not shown
        (grant("group", "empty", RUN), DENIED, DENIED, "", False),
        (grant("user", "bo", RUN), (BO,), (), "", False),
        (grant("user", "gone", RUN), (GONE,), (), "", True),
        (grant("user", "left", RUN), (BO,), (), "DSS knows no user of this login", True),
        (grant("user", "left", RUN), DENIED, (), "", False),
        (grant("user", "bo", RUN), (User("bo"),), (), "", False),  # whether enabled is not shown
    ],
)
def test_who_can_use_what_was_granted(held: Grant, users: Any, groups: Any, missing: str, dead: bool) -> None:
    found = next(each for each in of(people(held, users=users, groups=groups)) if each.name == held.name)
    assert (found.missing, found.dead) == (missing, dead)
    assert (found in usable(of(people(held, users=users, groups=groups)), RUN)) is not dead


def test_members_are_unknown_where_nobodys_groups_are_shown() -> None:
    found = of(people(grant("group", "team", RUN), users=(BO,), groups=(Group("team"),)))[-1].members
    assert isinstance(found, Unknown)
    assert found.needs == "instance administrator"


def test_administrators_of_the_instance_are_told_where_the_groups_are() -> None:
    root = User("root", "Root", enabled=True, groups=("admins",))
    found = administrators(people(users=(ADA, root), groups=(Group("admins", is_admin=True), Group("team"))))
    assert (found.name, found.members) == ("admins", (root,))
    assert isinstance(administrators(people(users=(ADA,), groups=(Group("team"),))).members, Unknown)
    assert administrators(people(users=(ADA,), groups=DENIED)).members == DENIED


# --- the section -----------------------------------------------------------------------------------------------------


def cells(snapshot: Snapshot) -> dict[str, Cell]:
    section = next(each for each in guide_of(snapshot).sections if each.id == "access-management")
    return {cell.id.removeprefix("access-management."): cell for cell in cells_of(section)}


def test_each_task_names_its_holders_with_how_they_hold_it() -> None:
    found = cells(
        people(
            grant("group", "team", WRITE),
            grant("group", "ops", RUN),
            grant("group", "empty", RUN),
            grant("user", "gone", READ),
            users=(ADA, BO, GONE, User("pat", enabled=True, groups=("ops",))),
            groups=(Group("team"), Group("ops"), Group("empty"), Group("admins", is_admin=True)),
        )
    )
    assert found["run.role"].value == "Run scenarios"
    assert found["run.holders"].value == "ada (owner), group team, group ops and group empty (nobody in it)"
    assert found["run.holders"].evidence[:3] == (
        "ada: owner, which implies Run scenarios",
        "group team: Write project content, which implies Run scenarios",
        "group ops: directly",
    )
    assert found["view.holders"].value == "ada (owner), group team and gone (disabled)"
    assert (found["build.role"].value, found["build.holders"].value) == (
        "Write project content",
        "ada (owner) and group team",
    )
    assert found["holder-group-team.given"].value == (
        "Write project content, which implies Read project content and Run scenarios"
    )
    assert found["holder-owner-ada.given"].value == "Owner of the project, which implies everything"
    assert found["holder-group-ops.given"].value == "Run scenarios"
    assert found["holder-group-team.may"].value == "View, run scenarios, build and modify"
    assert found["holder-group-team.people"].value == "Ada Martin (ada); disabled: Go Ne (gone)"
    assert found["holder-group-empty.people"].value == "Nobody is in this group"
    assert found["holder-user-gone.people"].value == "Disabled: Go Ne (gone)"
    assert {found[f"holder-{who}.people"].tone for who in ("group-empty", "user-gone")} == {Tone.NOTICE}
    assert found["alone-who.possible"].value == "group ops and group empty (nobody in it)"
    assert found["way-dss.to"].value == "ada (owner)"


def test_a_right_that_nobody_can_use_is_called_out() -> None:
    owned = replace(people(users=(GONE,), groups=(Group("team"),)), project=Project("RETAIL", owner_login="gone"))
    found = cells(owned)
    assert (
        found["run.holders"].value == "Nobody but administrators of the instance; gone (owner) (disabled) cannot log in"
    )
    assert found["run.holders"].tone is Tone.NOTICE
    assert found["way-dss.to"].value == "Nobody who can log in but administrators of the instance"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (ProjectSettings(access_requests="ENABLED"), "Yes, for whoever finds the project"),
        (ProjectSettings(access_requests="DISABLED"), "No, switched off in this project"),
        (ProjectSettings(access_requests="INHERIT"), "As the instance is set: the project takes over its setting"),
        (ProjectSettings(access_requests="ON REQUEST"), "Set to ON REQUEST"),
        (ProjectSettings(), ""),  # a version that does not say
        (DENIED, ""),
    ],
)
def test_dsss_own_request_is_told_as_it_is_set(settings: Any, said: str) -> None:
    found = cells(replace(night(), settings=settings))["way-dss.open"]
    assert found.value == said
    assert (found.origin is Origin.UNKNOWN) is (not said)


def test_scenarios_that_the_right_alone_can_start_are_named() -> None:
    scenarios = night().scenarios
    assert not isinstance(scenarios, Unknown)
    first = next(each for each in scenarios if each.active)
    run_as = tuple(
        replace(each, settings=replace(each.settings, run_as_configured=each is first))
        if each.active and not isinstance(each.settings, Unknown)
        else each
        for each in scenarios
    )
    found = cells(replace(night(), scenarios=run_as))
    assert found["alone-run-as.possible"].value == f"Yes: {first.name or first.id}"
    others = [each.name or each.id for each in scenarios if each.active and each is not first]
    assert all(name in found["alone-no-run-as.possible"].value for name in others[:3])
    unread = tuple(replace(each, settings=DENIED) for each in scenarios)
    assert cells(replace(night(), scenarios=unread))["alone-run-as.possible"].origin is Origin.UNKNOWN


def test_nothing_is_claimed_without_the_permissions() -> None:
    denied = Unknown("the project's permissions could not be read", Cause.DENIED, "project administrator")
    found = cells(replace(night(), permissions=denied))
    for name in ("run.holders", "holders.who", "alone-who.possible", "way-dss.to"):
        assert (found[name].origin, found[name].needs) == (Origin.UNKNOWN, "project administrator"), name
    assert found["administrators.may"].value == "Everything"
