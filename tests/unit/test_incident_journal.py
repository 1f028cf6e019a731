"""What stands of an incident after all that people did, and which incident an id means."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsguide.core.incident.grouping import Group
from opsguide.core.incident.journal import forgotten, incidents
from opsguide.core.incident.listing import incidents_page
from opsguide.core.incident.opened import incident_page
from opsguide.core.ledger import ledger
from opsguide.model.event import Event
from opsguide.model.guide import Tone, cells_of
from opsguide.model.incident import Opened, identity, parse_identity
from opsguide.model.known import Cause, Unknown
from opsguide.service.incidents import named
from tests.cases import BEGAN, event, scene, symptom
from tests.nights import DAY, HOUR, MINUTE, NOW, night

ROOT = symptom("failed_run", "scenario:NIGHTLY", well_at=BEGAN - DAY)
EFFECT = symptom("promise", "dataset:sales_mart", NOW - HOUR)
TOOK = event("acknowledge", ROOT, BEGAN + 10 * MINUTE)
GAVE = event("assign", ROOT, BEGAN + 20 * MINUTE, by="bo", to="raj")
CLOSED = event("resolve", ROOT, BEGAN + 30 * MINUTE, by="raj", text="ran it again")


def incident(events=(), root=ROOT, others=(EFFECT,)):
    seen = scene()
    return incidents((Group(root, others),), seen, ledger(events, NOW))[0]


@pytest.mark.parametrize(
    ("events", "root", "state", "assignee", "remark"),
    [
        ((), ROOT, "open", "", ""),
        ((TOOK,), ROOT, "acknowledged", "ada", ""),
        ((TOOK, GAVE), ROOT, "acknowledged", "raj", ""),
        ((GAVE,), ROOT, "acknowledged", "raj", ""),
        ((TOOK, CLOSED), ROOT, "resolved", "ada", "closed by a person; DSS does not show it well yet"),
        (
            (CLOSED,),
            replace(ROOT, again_at=NOW - HOUR, times=2),
            "open",
            "",
            "closed by raj, and gone wrong again since",
        ),
        ((event("note", ROOT, NOW),), ROOT, "open", "", ""),
    ],
)
def test_states(events, root, state, assignee, remark) -> None:
    found = incident(events, root)
    assert (found.state, found.assignee, found.remark) == (state, assignee, remark)


def test_it_recovers_when_all_of_it_is_well_and_not_before() -> None:
    well = replace(ROOT, ended_at=NOW - 2 * HOUR)
    assert incident((TOOK,), well).state == "acknowledged", "an output is still late"
    found = incident((TOOK,), well, (replace(EFFECT, ended_at=NOW - MINUTE),))
    assert (found.state, found.recovered_at, found.tone) == ("recovered", NOW - MINUTE, Tone.QUIET)
    assert found.seconds_to_acknowledge == 600
    assert found.seconds_to_recover == (NOW - MINUTE - BEGAN).total_seconds()


@pytest.mark.parametrize(
    ("began", "belongs"),
    [(BEGAN, True), (BEGAN + HOUR, True), (BEGAN - HOUR, True), (BEGAN - DAY - MINUTE, False), (NOW + DAY, False)],
    ids=["its own", "a beginning found later", "an earlier one", "before it was last well", "of tomorrow"],
)
def test_a_note_about_another_moment_of_the_same_trouble_counts(began, belongs) -> None:
    """History is trimmed, so that a beginning may move: notes stay with the incident, never with the one before."""
    note = event("acknowledge", replace(ROOT, began_at=began), NOW - MINUTE, members=[])
    assert bool(incident((note,)).mentions) is belongs


def test_a_note_stays_when_the_root_is_found_out_later() -> None:
    source = symptom("late_source", "dataset:orders_raw", BEGAN - HOUR)
    found = incident((TOOK,), source, (ROOT, EFFECT))
    assert found.assignee == "ada"
    gone = event("acknowledge", source, NOW - HOUR, members=[source.id, ROOT.id])
    assert incident((gone,)).assignee == "ada", "the source has come since; its writer also saw the run"


def test_what_is_no_longer_seen_is_remembered_by_its_notes() -> None:
    seen, old = scene(), symptom("failed_run", "scenario:GONE", NOW - 20 * DAY)
    events = (event("acknowledge", old, NOW - 19 * DAY), event("resolve", old, NOW - 18 * DAY, text="deleted it"))
    (found,) = forgotten((), seen, ledger(events, NOW))
    assert (found.id, found.title, found.state) == (old.id, "GONE failed", "resolved")
    assert [mention.text for mention in found.mentions] == ["", "deleted it"]
    (left,) = forgotten((), seen, ledger(events[:1], NOW))
    assert (left.state, left.recovered_at) == ("recovered", None)
    assert "not on record" in left.remark


@pytest.mark.parametrize("data", [{"what": "nonsense"}, {"subject": "scenario:OTHER"}, {"members": 7}, {"what": None}])
def test_notes_that_cannot_be_read_make_no_incident_of_their_own(data) -> None:
    old = symptom("failed_run", "scenario:GONE", NOW - 20 * DAY)
    note = event("note", old, NOW - 19 * DAY, **data)
    found = forgotten((), scene(), ledger((note, Event(NOW, "u", "note", "x", "incident:../x")), NOW))
    assert [each.id for each in found] in ([], [old.id])
    assert incident((note,)).mentions == ()


def test_what_is_muted_alarms_nobody_and_stays() -> None:
    mute = Event(NOW - HOUR, "m", "mute", "raj", "scenario:NIGHTLY", "moving", {"until": (NOW + HOUR).isoformat()})
    found = incident((mute,))
    assert (found.state, found.tone) == ("open", Tone.QUIET)
    assert found.muted == "muted until 08:00 by raj: moving"
    assert incident((mute,), EFFECT, ()).tone is Tone.BAD, "the mute is of the scenario alone"


def test_ids_say_when_and_are_read_back() -> None:
    assert parse_identity(identity("scenario:a b/<c>", BEGAN)) == (BEGAN.replace(second=0, microsecond=0), identity("scenario:a b/<c>", BEGAN)[-8:])  # fmt: skip
    for text in ("", "x", "20251313T0100-3f2a9c1b", "20251113T0100-3F2A9C1B", "20251113T0100-3f2a9c1b/../x"):
        assert parse_identity(text) is None


def test_an_address_means_the_incident_that_it_meant_before() -> None:
    found = incident()
    assert named((found,), ROOT.id, NOW) is found
    assert named((found,), EFFECT.id, NOW) is found
    assert named((found,), identity(ROOT.subject, BEGAN + HOUR), NOW) is found
    assert named((found,), identity(ROOT.subject, BEGAN - 3 * DAY), NOW) is None
    assert named((found,), identity("scenario:OTHER", BEGAN), NOW) is None


def test_a_muted_incident_is_told_as_muted_and_what_follows_alarms_nobody() -> None:
    until = (NOW + HOUR).isoformat()
    mute = Event(NOW - HOUR, "m", "mute", "raj", "scenario:NIGHTLY", "moving\nhouse", {"until": until})
    seen = scene()
    (found,) = incidents([Group(ROOT, (EFFECT,))], seen, ledger((mute,), NOW))
    cells = [cell for section in incidents_page((found,), seen, "", {}).sections for cell in cells_of(section)]
    taken = next(cell for cell in cells if cell.id.endswith(".taken"))
    assert (taken.value, taken.tone) == ("Nobody, muted", Tone.NONE)
    assert taken.evidence == ("muted until 08:00 by raj: moving house",)
    opened = Opened(None, None, (), (), ())
    shown = [cell for section in incident_page(found, seen, opened, (), "").sections for cell in cells_of(section)]
    assert {cell.tone for cell in shown if cell.id.startswith("incident.symptom")} <= {Tone.QUIET, Tone.NONE}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"quality": Unknown("forbidden", Cause.DENIED)}, "its Data Quality could not be read"),
        ({"variables": Unknown("forbidden", Cause.DENIED)}, "what is promised could not be read"),
        ({"graph": Unknown("no answer", Cause.NO_ANSWER)}, "its sources and its flow could not be read"),
    ],
)
def test_no_incident_is_no_good_news_while_something_could_not_be_read(changes, said) -> None:
    seen = scene(night(**changes))
    page = incidents_page((), seen, "", {})
    assert page.tone is Tone.UNKNOWN
    assert page.headline == f"no incident is seen, but {said}"
    assert incidents_page((), scene(), "", {}).tone is Tone.GOOD
