"""Whatever of the night could not be read, today never looks better for it, and every format holds."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from functools import lru_cache
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from opsguide.core.assess import assess
from opsguide.core.today import evaluate, today
from opsguide.core.today.lines import CONCERNS
from opsguide.model.guide import Tone
from opsguide.model.known import Cause, Unknown
from opsguide.model.profile import Declared
from opsguide.model.report import RUN_ORDER
from opsguide.model.snapshot import ObjectFacts, Snapshot
from opsguide.model.today import Today
from opsguide.render import html
from opsguide.render.markdown import today_markdown
from opsguide.render.today_json import today_json, today_schema
from opsguide.render.urls import Urls
from tests.nights import night, promises
from tests.unit.test_today import good_night
from tests.whole import foreign_markup

some = settings(max_examples=60, deadline=None)
URLS = Urls("", "RETAIL")
VALIDATOR = Draft202012Validator(today_schema())
# Parts that something is judged by; of the others nothing is said today but beside a verdict.
JUDGED = ("variables", "scenarios", "graph", "jobs", "quality")
OF_OBJECTS = tuple(field.name for field in fields(ObjectFacts) if field.name != "ref")
GOOD_RUNS = frozenset(RUN_ORDER[RUN_ORDER.index("RECOVERED") :])
GOOD_OUTPUTS = frozenset(CONCERNS[CONCERNS.index("RECOVERED_LATE") :])

lost = st.builds(
    Unknown, st.just("it could not be read"), st.sampled_from([Cause.DENIED, Cause.NO_ANSWER, Cause.BROKEN])
)


@st.composite
def damaged(draw: Any, whole: Snapshot) -> Snapshot:
    """The snapshot with any parts of it, or of its scenarios and objects, asked for in vain."""
    snapshot = replace(whole, **{name: draw(lost) for name in draw(st.sets(st.sampled_from(JUDGED), max_size=2))})
    if not isinstance(snapshot.scenarios, Unknown):
        kept = tuple(_damaged(draw, each, ("settings", "runs")) for each in snapshot.scenarios)
        snapshot = replace(snapshot, scenarios=kept)
    return replace(snapshot, facts=tuple(_damaged(draw, each, OF_OBJECTS) for each in snapshot.facts))


def _damaged(draw: Any, value: Any, parts: tuple[str, ...]) -> Any:
    return replace(value, **{name: draw(lost) for name in draw(st.sets(st.sampled_from(parts), max_size=2))})


def of(snapshot: Snapshot) -> Today:
    declared = Declared() if isinstance(snapshot.variables, Unknown) else promises()
    return today(snapshot, declared, assess(snapshot, declared))


@lru_cache(maxsize=2)
def bad() -> Today:
    return of(night())


def verdicts(found: Today, part: str) -> dict[str, str]:
    lines = getattr(found, part)
    return {} if isinstance(lines, Unknown) else {each.id: each.verdict for each in lines}


@some
@given(damaged(good_night()))
def test_nothing_unread_is_ever_all_well(snapshot: Snapshot) -> None:
    unread = [name for name in JUDGED if isinstance(getattr(snapshot, name), Unknown) and name != "jobs"]
    found = of(snapshot)
    if unread:
        assert found.tone not in (Tone.GOOD, Tone.NONE, Tone.QUIET), found.headline
        assert evaluate(found, "never").verdict != "OK"


@some
@given(damaged(night()))
def test_what_is_wrong_never_turns_good_for_want_of_knowledge(snapshot: Snapshot) -> None:
    found, whole = of(snapshot), bad()
    for part, good in (("scenarios", GOOD_RUNS), ("outputs", GOOD_OUTPUTS)):
        if part == "outputs" and isinstance(snapshot.variables, Unknown):
            continue  # nothing is promised then, and the sentence says that the promises could not be read
        before = verdicts(whole, part)
        turned = {
            name: verdict
            for name, verdict in verdicts(found, part).items()
            if verdict in good and before.get(name, verdict) not in good
        }
        assert turned == {}
    assert found.tone is not Tone.GOOD


@some
@given(damaged(night()))
def test_every_format_holds_whatever_is_missing(snapshot: Snapshot) -> None:
    found = of(snapshot)
    assert [problem.message for problem in VALIDATOR.iter_errors(json.loads(today_json(found)))] == []
    page = html.today_document(found, URLS)
    assert foreign_markup(page) == []
    assert found.title in today_markdown(found, URLS)


@some
@given(st.randoms(use_true_random=False))
def test_the_order_of_what_is_read_does_not_matter(chance: Random) -> None:
    whole = night()
    assert not isinstance(whole.scenarios, Unknown)
    assert not isinstance(whole.datasets, Unknown)
    shuffled = replace(
        whole,
        scenarios=tuple(chance.sample(whole.scenarios, len(whole.scenarios))),
        datasets=tuple(chance.sample(whole.datasets, len(whole.datasets))),
        facts=tuple(chance.sample(whole.facts, len(whole.facts))),
    )
    found = of(shuffled)
    assert (found.headline, found.counts) == (bad().headline, bad().counts)
    assert list(verdicts(found, "scenarios")) == list(verdicts(bad(), "scenarios"))
    assert list(verdicts(found, "outputs")) == list(verdicts(bad(), "outputs"))
