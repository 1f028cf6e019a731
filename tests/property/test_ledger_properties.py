"""The ledger, whatever people and clocks did: order of input never matters, and silence always ends."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from opsguide.core.ledger import ledger
from opsguide.model.event import KINDS, Event
from opsguide.model.ledger import LONGEST_MUTE

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=timezone.utc)
_HOURS = st.integers(-60 * 24, 60 * 24)
_UUIDS = st.sampled_from("abcdef")
_UNTIL = st.one_of(
    _HOURS.map(lambda hours: (NOW + timedelta(hours=hours)).isoformat()), st.none(), st.text(max_size=5), st.integers()
)
EVENTS = st.lists(
    st.builds(
        Event,
        at=_HOURS.map(lambda hours: NOW + timedelta(hours=hours)),
        uuid=_UUIDS,
        kind=st.sampled_from([*KINDS, "mute", "mute", "unmute", "from a newer version"]),
        by=st.sampled_from(["raj", "olivia", ""]),
        about=st.sampled_from(["scenario:A", "dataset:B", ""]),
        data=st.fixed_dictionaries({}, optional={"until": _UNTIL, "ends": st.one_of(st.lists(_UUIDS), st.integers())}),
    ),
    max_size=12,
)


@settings(max_examples=100, deadline=None)
@given(EVENTS, st.randoms(use_true_random=False))
def test_the_order_in_which_events_are_found_never_matters(events: list[Event], chance: random.Random) -> None:
    # Two writers never share an instant and a uuid.
    distinct = list({event.order: event for event in events}.values())
    shuffled = list(distinct)
    chance.shuffle(shuffled)
    assert ledger(shuffled, NOW) == ledger(distinct, NOW)


@settings(max_examples=100, deadline=None)
@given(EVENTS)
def test_nothing_is_lost_and_silence_ends_within_a_month(events: list[Event]) -> None:
    found = ledger(events, NOW)
    kept = [*found.events, *found.later, *found.strange]
    assert {event.order for event in kept} == {event.order for event in events}
    assert len(kept) == len({event.order for event in events})
    for mute in found.mutes:
        assert NOW < mute.until <= mute.since + LONGEST_MUTE
    assert ledger(events, NOW + 3 * LONGEST_MUTE).mutes == ()


@settings(max_examples=100, deadline=None)
@given(EVENTS)
def test_what_somebody_ends_is_ended(events: list[Event]) -> None:
    for mute in ledger(events, NOW).mutes:
        end = Event(NOW, "z", "unmute", "raj", mute.about, data={"ends": list(mute.uuids)})
        assert ledger([*events, end], NOW).muted(mute.about) is None
