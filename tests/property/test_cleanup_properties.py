"""Whatever there is, whatever is asked for, whatever a plan says: nothing that is protected is ever among what goes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from opsguide.core.cleanup import Newest, by_age_alone, judge, safe_age, still_planned
from opsguide.model.cleanup import (
    DELETE,
    GROUP,
    QUARANTINE_TAG,
    RELEASE,
    Candidate,
    JobLog,
    Options,
    Plan,
    Quarantined,
    Signal,
    Thing,
    plan_from,
    plan_json,
)

NOW = datetime(2026, 11, 23, 7, 0, tzinfo=timezone.utc)
LOGS = ("job_logs", "scenario_logs")
USED = ("datasets", "folders", "temporary_datasets", "intermediates")

names = st.sampled_from(["a", "b", "tmp_a", "..", "../b", "a/b", "", "é*", "keep"])
instants = st.one_of(
    st.none(),
    st.integers(-40, 400).map(lambda days: NOW - timedelta(days=days)),
    st.just(datetime.max.replace(tzinfo=timezone.utc)),
)
tags = st.lists(
    st.sampled_from(
        ["keep", " KEEP", "x", f"{QUARANTINE_TAG}2026-11-01", f"{QUARANTINE_TAG}2027-01-01", f"{QUARANTINE_TAG}soon"]
    ),
    max_size=3,
).map(tuple)
signals = st.lists(
    st.builds(
        Signal,
        st.sampled_from(["recipe", "notebook"]),
        st.sampled_from(["use", "possible", "none", "unknown"]),
        st.just("x"),
    ),
    max_size=3,
).map(tuple)
things = st.builds(
    Thing,
    group=st.sampled_from(sorted(GROUP)),
    project_key=st.sampled_from(["P", "OTHER"]),
    id=names,
    name=names,
    series=st.sampled_from(["s", "t"]),
    at=instants,
    began_at=instants,
    used_at=instants,
    size=st.one_of(st.none(), st.integers(0, 10**15)),
    outcome=st.sampled_from(["SUCCESS", "FAILED", "ABORTED", "DONE", ""]),
    live=st.sampled_from([True, False, None]),
    tags=tags,
    signals=signals,
    version=st.sampled_from(["1", "2"]),
    protected=st.sampled_from([(), ("a reason of its own",)]),
)
options = st.builds(
    Options,
    groups=st.lists(st.sampled_from(sorted(GROUP)), min_size=1, unique=True).map(tuple),
    older_than_days=st.integers(1, 60),
    failures_days=st.integers(0, 120),
    keep_last=st.integers(0, 3),
    keep_last_success=st.booleans(),
    keep_versions=st.integers(1, 3),
    unused_days=st.integers(7, 120),
    idle_hours=st.integers(1, 48),
    include=st.lists(names, max_size=2).map(tuple),
    exclude=st.lists(names, max_size=2).map(tuple),
)
held = st.dictionaries(
    st.tuples(st.sampled_from(["P", "OTHER"]), names),
    st.builds(
        Quarantined,
        st.just("P"),
        st.just("DATASET"),
        names,
        st.integers(-5, 60).map(lambda days: NOW - timedelta(days=days)),
        st.integers(-30, 30).map(lambda days: NOW + timedelta(days=days)),
        st.sampled_from(["1", "2"]),
    ),
    max_size=4,
)


job_logs = st.builds(
    JobLog,
    project_key=st.sampled_from(["P", "OTHER"]),
    id=names,
    series=st.sampled_from(["s", "t"]),
    outcome=st.sampled_from(["DONE", "FAILED", "ABORTED", ""]),
    live=st.booleans(),
    at=instants,
    began_at=instants,
    size=st.one_of(st.none(), st.integers(0, 10**15)),
    protected=st.sampled_from([(), ("a reason of its own",)]),
)


def judged(found: list[Thing], asked: Options, kept: dict) -> tuple[Candidate, ...]:
    return judge(found, Newest.of(found, asked), asked, NOW, frozenset({"P"}), kept)[0]


@settings(max_examples=200, deadline=None)
@given(st.lists(job_logs, max_size=8), options)
def test_a_job_log_in_few_words_is_judged_as_the_whole_thing(found: list[JobLog], asked: Options) -> None:
    whole = [log.whole() for log in found]
    in_few_words = judge(found, Newest.of(found, asked), asked, NOW, frozenset({"P"}), {})
    assert in_few_words == judge(whole, Newest.of(whole, asked), asked, NOW, frozenset({"P"}), {})
    assert [log.key for log in found] == [thing.key for thing in whole]


def breach(candidate: Candidate, found: list[Thing], asked: Options, kept: dict) -> str:
    """Which promise it would break to do this; '' where none."""
    thing = candidate.thing
    if thing.project_key != "P":
        return "outside the project"
    if any(tag.strip().lower() == "keep" for tag in thing.tags) and candidate.action != RELEASE:
        return "tagged keep"
    if candidate.action == RELEASE:  # takes a tag away, and nothing else
        return ""
    if thing.protected:
        return "protected by what it is"
    if thing.live is not False and thing.group != "webapp_backends":
        return "running or active"
    if thing.group in USED and any(signal.state == "use" for signal in thing.signals):
        return "in use"
    named = {thing.id, thing.name} & set(asked.include)
    if thing.group in USED and any(signal.state in ("possible", "unknown") for signal in thing.signals) and not named:
        return "possibly in use"
    if thing.at is None or any(at > NOW for at in (thing.at, thing.began_at, thing.used_at) if at is not None):
        return "of no or a future age"
    if thing.group in USED[:3] and candidate.action == DELETE:
        record = kept.get((thing.project_key, thing.id))
        if record is None or record.until > NOW or record.since > NOW or record.version != thing.version:
            return "deleted without its quarantine"
    if (
        thing.group in LOGS
        and thing.outcome in ("FAILED", "ABORTED")
        and NOW - thing.at < timedelta(days=asked.failures_days)
    ):
        return "a young failure"
    if thing.group in LOGS:
        newer = {
            other.id
            for other in found
            if (other.group, other.project_key, other.series) == (thing.group, "P", thing.series)
            and other.at is not None
            and (other.at, other.id) > (thing.at, thing.id)
        }
        if len(newer) < asked.keep_last:
            return "among the last that are kept"
    return ""


@settings(max_examples=100, deadline=None)
@given(st.lists(things, max_size=12), options, held)
def test_nothing_protected_is_ever_to_go(found: list[Thing], asked: Options, kept: dict) -> None:
    for candidate in judged(found, asked, kept):
        assert candidate.thing.group in asked.groups
        if candidate.goes:
            assert breach(candidate, found, asked, kept) == "", candidate


@settings(max_examples=100, deadline=None)
@given(st.lists(things, max_size=8), st.lists(things, max_size=8), options, held)
def test_whatever_a_plan_says_only_what_may_go_now_goes(
    then: list[Thing], now: list[Thing], asked: Options, kept: dict
) -> None:
    """A plan is a file that anybody may have written: here it wants everything."""
    forged = tuple(Candidate(thing, GROUP[thing.group].action, "because") for thing in (*then, *now))
    plan = Plan("20261101T000000Z-00000000", "P", ("P",), NOW - timedelta(days=1), "x", asked, forged)
    only = frozenset(candidate.thing.key for candidate in forged)
    fresh, _ = judge(now, Newest.of(now, asked), asked, NOW, frozenset({"P"}), kept, only)
    remaining = still_planned(plan, fresh, NOW)
    planned = {candidate.thing.key for candidate in forged}
    for candidate in remaining.going:
        assert candidate.thing in now
        assert candidate.thing.key in planned
        assert breach(candidate, now, asked, kept) == ""
    assert len(remaining.going) + len(remaining.left) == len(forged)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 48)), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 48)), max_size=6),
)
def test_a_macro_that_deletes_by_age_never_takes_what_stays(
    go: list[tuple[int, int]], stay: list[tuple[int, int]]
) -> None:
    def thing(number: int, days: int, hours: int) -> Thing:
        at = NOW - timedelta(days=days)
        return Thing("job_logs", "P", str(number), at=at, began_at=at - timedelta(hours=hours))

    going = [thing(number, *each) for number, each in enumerate(go)]
    staying = [thing(100 + number, *each) for number, each in enumerate(stay)]
    age = safe_age(going, staying, NOW)
    if age is not None:
        limit = NOW - timedelta(days=age)
        assert all(each.began_at is not None and each.began_at >= limit for each in staying)
        assert any(each.at is not None and each.at < limit for each in going)
    reached = by_age_alone([Candidate(each, DELETE, "old") for each in going], [*going, *staying], NOW)
    assert [c.goes for c in reached] == [age is not None and NOW - c.thing.at > timedelta(days=age) for c in reached]


@settings(max_examples=50, deadline=None)
@given(st.lists(things, max_size=6), options)
def test_a_plan_comes_back_from_its_file_as_it_was(found: list[Thing], asked: Options) -> None:
    candidates = judged(found, asked, {})
    plan = Plan("20261101T000000Z-00000000", "P", ("P",), NOW, "x", asked, candidates)
    assert plan_from(json.loads(plan_json(plan))) == plan
    broken = json.loads(plan_json(replace(plan, candidates=())))
    for key in ("options", "made_at", "projects"):
        assert plan_from({**broken, key: 7}) is None
    assert plan_from({**broken, "projects": [7]}) is None
    assert plan_from({**broken, "options": {**broken["options"], "include": [7]}}) is None
