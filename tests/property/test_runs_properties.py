"""Whatever runs and triggers a scenario has, its verdicts keep their promises."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from opsguide.core.duration import SUCCESSES
from opsguide.core.runs import Terms, outages, run_verdicts, standing
from opsguide.model.report import RUN_ORDER, ServerZone
from opsguide.model.snapshot import Run, Scenario, ScenarioSettings, Step, Trigger

UTC = timezone.utc
NOW = datetime(2026, 6, 8, 5, tzinfo=UTC)
PARIS = ServerZone("Europe/Paris", "said by the test")

some = settings(max_examples=80, deadline=None)

instants = st.none() | st.integers(-20 * 24 * 60, 0).map(lambda minutes: NOW + timedelta(minutes=minutes))
runs = st.lists(
    st.builds(
        Run,
        run_id=st.integers(0, 10**6).map(str),
        start=instants,
        end=instants,
        outcome=st.sampled_from([None, "SUCCESS", "SUCCESS", "WARNING", "FAILED", "ABORTED", "ODD"]),
        trigger_type=st.sampled_from(
            ["temporal", "temporal", "manual", "sub", "ds_modified", "follow_scenariorun", ""]
        ),
        fired_at=instants,
    ),
    max_size=25,
    unique_by=lambda run: run.run_id,
).map(lambda found: tuple(sorted(found, key=lambda run: run.start or NOW, reverse=True)))

triggers = st.lists(
    st.sampled_from(
        [
            Trigger("temporal", name="daily", params={"frequency": "Daily", "hour": 2, "minute": 30}),
            Trigger(
                "temporal", name="hourly", params={"frequency": "Hourly", "minute": 7, "startingFrom": "2025-01-01"}
            ),
            Trigger("temporal", name="often", params={"frequency": "Minutely", "repeatFrequency": 5}),
            Trigger(
                "temporal", name="third", params={"frequency": "Daily", "repeatFrequency": 3, "hour": 4, "minute": 0}
            ),
            Trigger("temporal", name="broken", params={"frequency": "Never"}),
            Trigger("temporal", name="off", active=False, params={"frequency": "Daily", "hour": 2, "minute": 30}),
            Trigger("ds_modified", name="data"),
            Trigger("follow_scenariorun", name="after", delay_seconds=60, params={"scenarioId": "A"}),
        ]
    ),
    max_size=3,
    unique_by=lambda trigger: trigger.name,
)
steps = st.sampled_from(
    [(), (Step("run_scenario", params={"scenarioId": "B"}),), (Step("run_scenario", params={"scenarioId": "A"}),)]
)
scenarios = st.tuples(
    *(
        st.builds(
            Scenario,
            id=st.just(name),
            active=st.booleans() | st.just(True),
            modified_at=instants,
            created_at=instants,
            next_run=instants,
            settings=st.builds(ScenarioSettings, triggers=triggers.map(tuple), steps=steps),
            runs=runs,
        )
        for name in "ABC"
    )
)


@some
@given(scenarios, st.integers(0, 15 * 24))
def test_no_verdict_is_good_without_a_run_that_was(project: tuple, hours: int) -> None:
    since = NOW - timedelta(hours=hours)
    terms = Terms(NOW, PARIS, scenarios=project)
    verdicts = {scenario.id: run_verdicts(scenario, terms, since) for scenario in project}
    for scenario in project:
        by_id = {run.run_id: run for run in scenario.runs}
        found = verdicts[scenario.id]
        instants = [verdict.instant for verdict in found if verdict.instant]
        assert all(since <= at <= NOW for at in instants)
        assert instants == sorted(instants)
        for verdict in found:
            assert verdict.verdict in RUN_ORDER
            assert verdict.reason
            if verdict.verdict in ("ON_TIME", "LATE_START", "LATE_FINISH"):
                assert by_id[verdict.run_id].outcome in SUCCESSES
            if verdict.verdict in ("NOT_RUN", "PENDING"):
                assert verdict.run_id == "" or verdict.instant is None
        assert standing(scenario, terms, found).verdict in RUN_ORDER
    assert all(len(outage.scenarios) >= 3 for outage in outages(verdicts, terms))


@some
@given(scenarios, st.integers(1, 15 * 24), st.integers(1, 15 * 24))
def test_a_longer_look_back_changes_no_verdict_on_a_scenarios_own_moments(
    project: tuple, shorter: int, more: int
) -> None:
    scenario, terms = project[2], Terms(NOW, PARIS, scenarios=project[2:])
    recent = run_verdicts(scenario, terms, NOW - timedelta(hours=shorter))
    older = run_verdicts(scenario, terms, NOW - timedelta(hours=shorter + more))
    if recent and recent[0].instant:
        tail = [(verdict.instant, verdict.verdict) for verdict in older[-len(recent) :]]
        assert tail == [(verdict.instant, verdict.verdict) for verdict in recent]
