"""Whatever the order and whatever is missing: the same incidents, never good news for want of knowledge, no secret."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from opsguide.core.assess import assess
from opsguide.core.compose.scene import Scene
from opsguide.core.incident.grouping import group
from opsguide.core.incident.journal import incidents
from opsguide.core.incident.listing import incidents_page
from opsguide.core.incident.opened import incident_page
from opsguide.core.incident.symptoms import symptoms
from opsguide.core.ledger import ledger
from opsguide.dss.logs import around
from opsguide.dss.masking import mask
from opsguide.model.guide import Tone
from opsguide.model.incident import Incident, Opened
from opsguide.model.known import Cause, Unknown
from opsguide.model.profile import Declared
from opsguide.model.snapshot import Snapshot
from opsguide.render.incidents import incident_document, incidents_document, incidents_json, incidents_schema
from opsguide.render.urls import Urls
from tests.cases import event, failure, scene
from tests.guides import HOSTILE
from tests.nights import HOUR, MINUTE, NOW, night, promises
from tests.property.test_today_properties import damaged
from tests.unit.test_masking import CORPUS
from tests.unit.test_today import good_night
from tests.whole import foreign_markup

some = settings(max_examples=50, deadline=None)
URLS = Urls("", "RETAIL")
VALIDATOR = Draft202012Validator(incidents_schema())
UNREAD = Unknown("it could not be read", Cause.DENIED)


def found(of: Scene, events=()) -> tuple[Incident, ...]:
    return incidents(group(symptoms(of), of), of, ledger(events, of.now))


@some
@given(
    st.lists(st.sampled_from(["acknowledge", "assign", "note", "resolve"]), max_size=6),
    st.randoms(use_true_random=False),
)
def test_the_order_in_which_notes_are_found_never_matters(kinds: list[str], chance: Random) -> None:
    seen = scene()
    root = found(seen)[0].root
    events = [
        event(kind, root, NOW - HOUR + n * MINUTE, by=f"p{n}", text=HOSTILE, to="x") for n, kind in enumerate(kinds)
    ]
    assert found(seen, events) == found(seen, chance.sample(events, len(events)))
    assert found(seen, events) == found(seen, [*events, *events])


@some
@given(st.randoms(use_true_random=False))
def test_the_order_in_which_symptoms_are_found_never_matters(chance: Random) -> None:
    seen = scene()
    listed = symptoms(seen)
    shuffled = tuple(chance.sample(listed, len(listed)))
    assert incidents(group(shuffled, seen), seen, None) == incidents(group(listed, seen), seen, None)


@some
@given(damaged(good_night()))
def test_nothing_unread_is_ever_no_incident(snapshot: Snapshot) -> None:
    declared = Declared() if isinstance(snapshot.variables, Unknown) else promises()
    seen = scene(snapshot, declared)
    listed = seen.report.scenarios if isinstance(seen.report.scenarios, Unknown) else found(seen)
    page = incidents_page(listed, seen, "", {})
    unread = isinstance(snapshot.scenarios, Unknown) or any(isinstance(s.last_run, Unknown) for s in seen.watched)
    if unread:
        assert page.tone is not Tone.GOOD, page.headline
    assert [problem.message for problem in VALIDATOR.iter_errors(json.loads(incidents_json(page)))] == []
    assert foreign_markup(incidents_document(page, URLS)) == []


@some
@given(damaged(night()))
def test_an_incident_opens_with_whatever_is_missing(snapshot: Snapshot) -> None:
    declared = Declared() if isinstance(snapshot.variables, Unknown) else promises()
    seen = Scene(snapshot, declared, assess(snapshot, declared))
    for incident in found(seen)[:2]:
        page = incident_page(incident, seen, Opened(UNREAD, UNREAD, UNREAD, UNREAD, UNREAD), (), "")
        assert foreign_markup(incident_document(page, URLS)) == []


@some
@given(st.lists(st.sampled_from(CORPUS), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_no_secret_of_a_log_or_message_survives_in_any_format(lines: list[tuple[str, str]], chance: Random) -> None:
    noise = ["[INFO] noise"] * chance.randint(0, 6)
    log = around([*noise, *(f"[ERROR] {line}" for text, _ in lines for line in text.split("\n")), *noise])
    seen = scene()
    where = replace(failure("orders", recipe="compute_orders"), message=mask(" ".join(text for text, _ in lines)))
    page = incident_page(found(seen)[0], seen, Opened(where, log, (), (), ()), (), "")
    shown = incident_document(page, URLS) + "\n".join(log.lines)
    assert [secret for _, secret in lines if secret in shown and "-----" not in "".join(t for t, _ in lines)] == []


@some
@given(st.text(max_size=300))
def test_any_text_in_any_place_stays_text(text: str) -> None:
    seen = scene()
    incident = found(seen, [event("note", found(seen)[0].root, NOW, by=text[:40], text=text)])[0]
    where = failure("orders", recipe=text[:30], message=mask(text), step=text[:60])
    page = incident_page(incident, seen, Opened(where, around([text, f"[ERROR] {text}"]), (), (), ()), (), "")
    assert foreign_markup(incident_document(page, URLS)) == []
