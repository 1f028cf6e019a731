"""Today as numbers for a monitoring system: few names, few labels, and nothing where nothing is known.

A number that cannot be told has no sample: an alert on its absence is honest, a zero is not. Labels are a project, an
output, a scenario or a verdict, so that the number of series grows with the project alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Optional

from ..model.guide import Tone
from ..model.known import Unknown, known
from ..model.measure import MOST_OBJECTS, PREFIX, Measure, Tally
from ..model.report import DURATION_ORDER, FRESHNESS_ORDER, RUN_ORDER, SLA_ORDER, VOLUME_ORDER
from ..model.today import OutputToday, ScenarioToday, Today
from ..model.watch import Watch

_Sample = tuple[tuple[tuple[str, str], ...], float]
_KEPT, _BROKEN = ("MET",), ("MISSED", "RECOVERED_LATE")


def measures(today: Today, watch: Optional[Watch], tally: Tally) -> tuple[Measure, ...]:
    """All metric families, in the order in which they are shown. Instants are seconds since 1970."""
    project = ("project", today.project_key)
    found = (
        *_outputs(project, known(today.outputs, ())[:MOST_OBJECTS], today),
        *_scenarios(project, known(today.scenarios, ())[:MOST_OBJECTS]),
        *_counts(project, today),
        *_own(project, today, watch, tally),
    )
    return tuple(found)


def _outputs(project: tuple[str, str], outputs: Sequence[OutputToday], today: Today) -> Iterable[Measure]:
    now = today.taken_at

    def each(value: str) -> tuple[tuple[str, str], ...]:
        return (project, ("output", value))

    yield _gauge(
        "data_age_seconds",
        "How old the data of an output is, by the clock that its freshness goes by.",
        [(each(o.id), (now - o.data_at).total_seconds()) for o in outputs if o.data_at is not None],
    )
    yield _gauge(
        "build_age_seconds",
        "Time since the last good build of an output ended.",
        [(each(o.id), o.age_seconds) for o in outputs if o.age_seconds is not None],
    )
    yield _gauge(
        "sla_met",
        "Whether the promise of the current due day was kept: 1 or 0; absent while it is pending or unknown.",
        [(each(o.id), float(o.verdict in _KEPT)) for o in outputs if o.verdict in (*_KEPT, *_BROKEN)],
    )
    yield _gauge(
        "sla_budget_left",
        "Misses that the target still allows in the last 30 days; negative where there were too many.",
        [(each(o.id), float(o.budget.left)) for o in outputs if o.budget is not None and o.budget.days],
    )
    yield _gauge(
        "output_rows",
        "Rows of an output as last counted.",
        [(each(o.id), o.rows) for o in outputs if o.rows is not None],
    )
    yield _gauge(
        "output_alarm",
        "Whether something is wrong with an output that alarms: 1 or 0.",
        _alarms("output", project, outputs),
    )


def _scenarios(project: tuple[str, str], scenarios: Sequence[ScenarioToday]) -> Iterable[Measure]:
    active = [scenario for scenario in scenarios if scenario.active and not scenario.test]
    yield _gauge(
        "scenario_alarm",
        "Whether something is wrong with an active scenario that alarms: 1 or 0.",
        _alarms("scenario", project, active),
    )
    yield _gauge(
        "scenario_last_end_timestamp_seconds",
        "When the last run of an active scenario ended.",
        [((project, ("scenario", s.id)), s.ended_at.timestamp()) for s in active if s.ended_at is not None],
    )


def _alarms(label: str, project: tuple[str, str], lines: Iterable[object]) -> list[_Sample]:
    """What cannot be told has no sample."""
    found: list[_Sample] = []
    for line in lines:
        assert isinstance(line, (OutputToday, ScenarioToday))
        if line.tone is not Tone.UNKNOWN:
            wrong = line.alarms and line.tone in (Tone.BAD, Tone.NOTICE)
            found.append(((project, (label, line.id)), float(wrong)))
    return found


def _counts(project: tuple[str, str], today: Today) -> Iterable[Measure]:
    """Every verdict has its number, so that a series never ends when it falls to nothing."""
    lengths: dict[str, int] = {}
    for scenario in known(today.scenarios, ()):
        if scenario.active and not scenario.test:
            lengths[scenario.length] = lengths.get(scenario.length, 0) + 1
    scenarios, outputs = today.scenarios, today.outputs
    unread_scenarios, unread_outputs = isinstance(scenarios, Unknown), isinstance(outputs, Unknown)
    for name, help_text, order, counted, unread in (
        ("runs", "Active scenarios by the verdict on their runs.", RUN_ORDER, today.counts.scenarios, unread_scenarios),
        ("durations", "Active scenarios by how long the last run took.", DURATION_ORDER, lengths, unread_scenarios),
        ("promises", "Outputs by the verdict on their promise.", SLA_ORDER, _promises(today), unread_outputs),
        ("freshness", "Outputs by how fresh they are.", FRESHNESS_ORDER, today.counts.freshness, unread_outputs),
        ("volume", "Outputs by the verdict on their rows.", VOLUME_ORDER, today.counts.volume, unread_outputs),
    ):
        numbers = dict(counted)
        samples = [((project, ("verdict", verdict)), float(numbers.get(verdict, 0))) for verdict in order]
        yield _gauge(name, help_text, [] if unread else samples)


def _promises(today: Today) -> dict[str, int]:
    """`counts.outputs` has ages as well, where these are promised; they stand under `freshness`."""
    return {verdict: number for verdict, number in today.counts.outputs if verdict in SLA_ORDER}


def _own(project: tuple[str, str], today: Today, watch: Optional[Watch], tally: Tally) -> Iterable[Measure]:
    labels = (project,)
    yield _gauge(
        "unread_parts",
        "Scenarios, outputs and sources: how many of the three could not be read.",
        [(labels, _unread(today))],
    )
    last = None if watch is None or isinstance(watch.last, Unknown) else watch.last
    yield _gauge(
        "last_evaluation_timestamp_seconds",
        "When the project was last judged by a scenario or macro.",
        [] if last is None else [(labels, last.at.timestamp())],
    )
    yield _gauge(
        "watch_stopped",
        "Scheduled checks of this plugin that should look and do not.",
        [] if watch is None or isinstance(watch.watchers, Unknown) else [(labels, float(len(watch.stopped)))],
    )
    yield _gauge(
        "reading_timestamp_seconds", "When the numbers were read from DSS.", [(labels, today.taken_at.timestamp())]
    )
    yield _gauge("reading_calls", "Calls to DSS that the reading took.", [(labels, float(today.calls))])
    yield _gauge("reading_duration_seconds", "How long the reading took.", [(labels, today.elapsed_seconds)])
    yield Measure(
        f"{PREFIX}_api_calls", "counter", "Calls to DSS for readings by this process.", ((labels, float(tally.calls)),)
    )
    yield Measure(
        f"{PREFIX}_errors", "counter", "Requests that this process could not answer.", ((labels, float(tally.errors)),)
    )


def _unread(today: Today) -> float:
    return float(sum(isinstance(part, Unknown) for part in (today.scenarios, today.outputs, today.sources)))


def _gauge(name: str, help_text: str, samples: Sequence[_Sample]) -> Measure:
    unit = "seconds" if name.endswith("_seconds") else ""
    return Measure(f"{PREFIX}_{name}", "gauge", help_text, tuple(samples), unit)
