"""What the editor says a rule means, before it is saved: ages, rows, the rota and contacts, held against what is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from opsguide.core.assess import assess
from opsguide.core.contacts import Doubts, doubts
from opsguide.core.declare import previews
from opsguide.model.declare import Preview
from opsguide.model.known import Cause, Unknown
from opsguide.model.profile import Contact
from opsguide.model.snapshot import Group, MetricPoint, Snapshot, User
from tests.nights import DAY, NOW, night, promises

MART = "sales_mart"
DENIED = Unknown("its builds could not be read", Cause.DENIED, "Read project content")


def of(section: str, profile: dict[str, Any], name: str = "", snapshot: Snapshot | None = None) -> dict[str, Preview]:
    snapshot, declared = snapshot or night(), promises({"timezone": "Europe/Paris", **profile})
    assert declared.problems == ()
    found = previews(snapshot, declared.profile, assess(snapshot, declared), section, name)
    return {preview.title: preview for preview in found}


def mart(**parts: Any) -> Snapshot:
    facts = tuple(replace(each, **parts) if each.ref.id == MART else each for each in night().facts)
    return replace(night(), facts=facts)


# --- ages and rows ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "parts", "said"),
    [
        (30, {}, "Of the builds on record: would not have fired in the last 31 days (30 builds on record)."),
        (20, {}, "Of the builds on record: would have fired 30 times in the last 31 days, on "),
        (30, {"builds": ()}, "Of the builds on record: nothing on record to test it with."),
        (30, {"builds": DENIED}, "It cannot be tested: its builds could not be read; it needs Read project content."),
    ],
)
def test_a_limit_of_age_is_tried_on_the_builds_on_record(hours: float, parts: dict[str, Any], said: str) -> None:
    found = of("datasets", {"datasets": {MART: {"max_age_hours": hours}}}, MART, mart(**parts))
    assert found[f"Late beyond {hours:g} h"].past.startswith(said)
    assert found[f"Late beyond {hours:g} h"].lines == ()


def test_a_warning_and_an_error_are_tried_each_by_itself() -> None:
    found = of("datasets", {"datasets": {MART: {"max_age_hours": 30, "warn_age_hours": 20}}}, MART)
    assert list(found) == ["Late beyond 30 h", "Warning beyond 20 h"]
    assert "would have fired" in found["Warning beyond 20 h"].past
    assert "would not have fired" in found["Late beyond 30 h"].past


COUNTS = tuple(MetricPoint(NOW - day * DAY, value) for day, value in enumerate((900.0, 1000.0, 1100.0, 0.0)))


@pytest.mark.parametrize(
    ("limits", "counts", "title", "said"),
    [
        ({"min_rows": 1000}, COUNTS, "1,000 rows or more", "2 of 4 counts on record would have been an error."),
        ({"max_rows": 1000}, COUNTS, "0 to 1,000 rows", "1 of 4 counts on record would have been an error."),
        ({"min_rows": 0, "max_rows": 1100}, COUNTS, "0 to 1,100 rows", "0 of 4 counts on record would have been an error."),
        ({"min_rows": 1}, (), "1 rows or more", "No count of rows is on record to test it with."),
        (
            {"min_rows": 5},
            Unknown("its rows are not counted", Cause.NOT_RECORDED, "a row count probe on the dataset"),
            "5 rows or more",
            "It cannot be tested: its rows are not counted; it needs a row count probe on the dataset.",
        ),
    ],
)  # fmt: skip
def test_limits_of_rows_are_tried_on_the_counts_on_record(
    limits: dict[str, Any], counts: Any, title: str, said: str
) -> None:
    found = of("datasets", {"datasets": {MART: limits}}, MART, mart(row_counts=counts))
    assert found[title].past == said


def test_what_is_no_object_of_the_flow_has_no_past() -> None:
    found = of("datasets", {"datasets": {"nowhere": {"max_age_hours": 5, "min_rows": 5}}}, "nowhere")
    assert [(each.title, each.past) for each in found.values()] == [
        ("Late beyond 5 h", "Of the builds on record: nothing on record to test it with.")
    ]


# --- the rota --------------------------------------------------------------------------------------------------------


def turn(start: str, end: str, **contact: str) -> dict[str, Any]:
    return {"start": f"2025-10-{start}:00+02:00", "end": f"2025-10-{end}:00+02:00", "contact": contact}


def rota(*turns: dict[str, Any], snapshot: Snapshot | None = None, **standing: Any) -> Preview:
    return of("oncall", {"oncall": {**standing, "rota": list(turns)}}, snapshot=snapshot)["Turns now and next"]


ADA, BO = {"name": "Ada Martin"}, {"login": "bo"}
MONDAY, TUESDAY = turn("13T18:00", "15T18:00", **ADA), turn("15T18:00", "16T18:00", **BO)


@pytest.mark.parametrize(
    ("turns", "standing", "past"),
    [
        ((MONDAY, TUESDAY), ADA, "Outside turns the standing contact is on call."),
        ((TUESDAY, MONDAY), ADA, "Outside turns the standing contact is on call."),  # in any order
        ((MONDAY, TUESDAY), {}, "Outside turns nobody but the project's owner is on call."),
        (
            (MONDAY, turn("17T18:00", "18T18:00", **BO)),
            ADA,
            "Outside turns the standing contact is on call: 1 gap until Sat 18 Oct 18:00.",
        ),
        (
            (turn("15T18:00", "16T18:00", **BO),),  # from now on nobody has a turn
            ADA,
            "Outside turns the standing contact is on call: 1 gap until Thu 16 Oct 18:00.",
        ),
        (  # one long turn lies under a short one: no gap after the short one
            (turn("13T18:00", "20T18:00", **ADA), turn("14T18:00", "15T18:00", **BO), turn("20T18:00", "21T18:00", **BO)),
            ADA,
            "Outside turns the standing contact is on call. "
            "1 turn begins before another is over: of those the first in the list counts.",
        ),
    ],
)  # fmt: skip
def test_gaps_and_turns_that_overlap_are_told(turns: Any, standing: Any, past: str) -> None:
    assert rota(*turns, **standing).past == past


def test_five_turns_are_listed_and_those_that_are_over_are_not() -> None:
    over = turn("01T18:00", "02T18:00", **ADA)
    found = rota(over, MONDAY, *(turn(f"{day}T18:00", f"{day + 1}T18:00", **BO) for day in range(15, 23)))
    assert found.lines[0] == "Ada Martin: Mon 13 Oct 18:00 to Wed 15 Oct 18:00"
    assert found.lines[1].startswith("bo: Wed 15 Oct 18:00")
    assert len(found.lines) == 5
    assert rota(over).lines == ("none: all turns are over",)


def test_a_turn_of_somebody_who_cannot_log_in_says_so() -> None:
    found = rota(turn("13T18:00", "15T18:00", login="gone"), turn("15T18:00", "16T18:00", group="ghosts"))
    assert found.lines[0].endswith("(the DSS user gone is disabled)")
    assert found.lines[1].endswith("(DSS knows no group ghosts)")


# --- contacts --------------------------------------------------------------------------------------------------------

PEOPLE = (
    User("ada", "Ada Martin", enabled=True, groups=("team",)),
    User("gone", enabled=False, groups=("team", "past")),
    User("dim"),
)
GROUPS = (Group("team"), Group("past"), Group("empty"))
HIDDEN = Unknown("the users could not be read", Cause.DENIED, "instance administrator")


@pytest.mark.parametrize(
    ("contact", "people", "groups", "found"),
    [
        ({"login": "ada"}, PEOPLE, GROUPS, Doubts()),
        ({"login": "gone"}, PEOPLE, GROUPS, Doubts(("the DSS user gone is disabled",))),
        ({"login": "left"}, PEOPLE, GROUPS, Doubts(("DSS knows no user left",))),
        ({"login": "dim"}, PEOPLE, GROUPS, Doubts((), ("whether dim is enabled: this takes an administrator",))),
        ({"group": "team"}, PEOPLE, GROUPS, Doubts()),
        ({"group": "empty"}, PEOPLE, GROUPS, Doubts(("nobody is in the DSS group empty",))),
        ({"group": "past"}, PEOPLE, GROUPS, Doubts(("everybody in the DSS group past is disabled",))),
        ({"group": "ghosts"}, PEOPLE, GROUPS, Doubts(("DSS knows no group ghosts",))),
        (
            {"group": "empty"},
            (User("dim"),),
            GROUPS,
            Doubts((), ("who is in the group empty: DSS does not show the groups of its users",)),
        ),
        ({"login": "gone", "group": "empty"}, PEOPLE, GROUPS,
         Doubts(("the DSS user gone is disabled", "nobody is in the DSS group empty"))),
        (
            {"login": "ada", "group": "team"},
            HIDDEN,
            HIDDEN,
            Doubts(
                (),
                (
                    "whether the login ada exists: the users could not be read; it needs instance administrator",
                    "whether the group team exists: the users could not be read; it needs instance administrator",
                ),
            ),
        ),
        ({"name": "The shop"}, HIDDEN, HIDDEN, Doubts()),
    ],
)  # fmt: skip
def test_a_contact_is_held_against_logins_and_groups(contact: Any, people: Any, groups: Any, found: Doubts) -> None:
    assert doubts(Contact(**contact), replace(night(), users=people, groups=groups)) == found


@pytest.mark.parametrize(
    ("contact", "said"),
    [
        ({"name": "Ada", "login": "ada"}, "Ada: DSS knows them"),
        ({"login": "gone"}, "gone: the DSS user gone is disabled"),
        ({"group": "empty", "name": "Ops"}, "Ops: nobody is in the DSS group empty"),
        ({"login": "dim"}, "dim: not known is whether dim is enabled: this takes an administrator"),
        ({"name": "The shop"}, None),
    ],
)
@pytest.mark.parametrize("section", ["contacts", "oncall"])
def test_the_form_tells_it_before_it_is_saved(section: str, contact: dict[str, str], said: str | None) -> None:
    snapshot = replace(night(), users=PEOPLE, groups=GROUPS)
    profile = {"contacts": {"infra": contact}} if section == "contacts" else {"oncall": contact}
    found = of(section, profile, snapshot=snapshot)
    assert [line for each in found.values() for line in each.lines] == ([said] if said else [])
