"""Scenarios, outputs and sources as values, worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Optional

from ...model.guide import Tone
from ...model.known import Known, Unknown, in_vain
from ...model.ledger import Mute
from ...model.report import (
    FRESHNESS_ORDER,
    RUN_ORDER,
    VOLUME_ORDER,
    DurationStat,
    FreshnessVerdict,
    OutputReport,
    Prediction,
    RowStat,
    ScenarioReport,
    SourceReport,
)
from ...model.today import Counts, OutputToday, RowDoubt, ScenarioToday, SourceToday
from .. import words
from ..compose.monitoring import VOLUME_TONES
from ..compose.phrases import (
    LENGTH_WORDS,
    OUTPUT_WORDS,
    STATE_WORDS,
    budget_text,
    is_good,
    output_tone,
    run_verdict,
    standing_tone,
    with_warnings,
)
from ..compose.scene import Scene, read

# What an output may be in trouble for, worst first: its promise, the age of its data, its rows (ERROR, WARNING,
# NEW_LEVEL), and what of these could not be told although its promise could.
CONCERNS = (
    "MISSED",
    "STALE_ERROR",
    "ERROR",
    "AT_RISK",
    "STALE_WARN",
    "WARNING",
    "NEW_LEVEL",
    "NEEDS_REBUILD",
    "REBUILT_NO_NEW_DATA",
    "UNKNOWN",
    "RECOVERED_LATE",
    "AGE_UNKNOWN",
    "ROWS_UNREAD",
    "TIGHT",
    "PENDING",
    "MET",
    "FRESH",
    "NOT_DECLARED",
)
_ROW_CONCERNS = ("ERROR", "WARNING", "NEW_LEVEL")
CONCERN_WORDS = {
    "MISSED": "late",
    "STALE_ERROR": "too old",
    "ERROR": "with implausible rows",
    "AT_RISK": "at risk",
    "STALE_WARN": "getting old",
    "WARNING": "with unusual rows",
    "NEW_LEVEL": "at a new level of rows",
    "NEEDS_REBUILD": "older than the inputs",
    "REBUILT_NO_NEW_DATA": "rebuilt without new data",
    "UNKNOWN": "cannot be told",
    "RECOVERED_LATE": "built late",
    "AGE_UNKNOWN": "of unknown age",
    "ROWS_UNREAD": "with rows that could not be read",
}
SCENARIO_WORDS = {**STATE_WORDS, "NOT_RUN": "did not start"}
SOURCE_WORDS = {"STALE_ERROR": "late", "STALE_WARN": "getting old", "UNKNOWN": "of unknown arrival"}
_OUTPUT_ORDER = tuple(OUTPUT_WORDS)
_LONGEST_MESSAGE = 300


def output_verdict(output: OutputReport) -> str:
    return output.verdict if output.verdict in OUTPUT_WORDS else "UNKNOWN"


def freshness_of(output: OutputReport) -> str:
    return output.freshness.verdict if output.freshness is not None else "UNKNOWN"


def volume_of(output: OutputReport) -> str:
    return "UNKNOWN" if isinstance(output.rows, Unknown) else output.rows.verdict


def source_verdict(source: SourceReport) -> str:
    return source.freshness.verdict if source.freshness is not None else "NOT_DECLARED"


def concern(scene: Scene, output: OutputReport) -> str:
    """The worst of all that is known against an output, one of `CONCERNS`; what speaks for it where nothing does.

    What was asked for in vain counts as unknown; rows that DSS does not count are no concern."""
    found = [output_verdict(output)]
    if age_counts(scene, output):
        fresh = freshness_of(output)
        found.append("AGE_UNKNOWN" if fresh == "UNKNOWN" else fresh)
    if volume_of(output) in _ROW_CONCERNS:
        found.append(volume_of(output))
    if in_vain(output.rows):
        found.append("ROWS_UNREAD")
    if in_vain(output.last_build):
        found.append("UNKNOWN")
    return min(found, key=CONCERNS.index)


def age_counts(scene: Scene, output: OutputReport) -> bool:
    """Whether the age of its data is a matter of concern: one is promised, or new data was and did not come."""
    promised = scene.dataset_profile(output.ref)
    return bool(promised.max_age_hours or promised.warn_age_hours) or freshness_of(output) == "REBUILT_NO_NEW_DATA"


def concern_tone(scene: Scene, what: str, muted: Optional[Mute] = None) -> Tone:
    return scene.alarm(VOLUME_TONES[what] if what in _ROW_CONCERNS else output_tone(what), muted=muted)


# --- worst first -----------------------------------------------------------------------------------------------------


def worst_scenarios(scene: Scene) -> tuple[ScenarioReport, ...]:
    """Active scenarios by their verdict; then what is muted, then tests, then what is switched off."""

    def rank(scenario: ScenarioReport) -> tuple[int, int, int, str, str]:
        tone = standing_tone(scenario)
        apart = 3 if not scenario.active else 2 if scenario.test else int(scenario.muted is not None)
        calm = 0 if tone in (Tone.BAD, Tone.NOTICE, Tone.UNKNOWN) else 1
        return apart, RUN_ORDER.index(run_verdict(scenario)), calm, scenario.name, scenario.id

    return tuple(sorted(scene.scenarios, key=rank))


def worst_outputs(scene: Scene) -> tuple[OutputReport, ...]:
    """Outputs by what is worst about them, what is due first in front; then what is muted."""

    def rank(output: OutputReport) -> tuple[bool, int, bool, float, str, str]:
        due = output.due_at
        return (
            output.muted is not None,
            CONCERNS.index(concern(scene, output)),
            due is None,
            due.timestamp() if due else 0.0,
            scene.name(output.ref),
            str(output.ref),
        )

    return tuple(sorted(scene.outputs, key=rank))


def worst_sources(scene: Scene) -> tuple[SourceReport, ...]:
    """Sources by how they arrived, those that most is made from in front."""
    order = (*FRESHNESS_ORDER, "NOT_DECLARED")

    def rank(source: SourceReport) -> tuple[int, int, str, str]:
        feeds = len(scene.outputs_after(source))
        return order.index(source_verdict(source)), -feeds, scene.name(source.ref), str(source.ref)

    return tuple(sorted(scene.sources, key=rank))


# --- values ----------------------------------------------------------------------------------------------------------


def scenarios(scene: Scene) -> Known[tuple[ScenarioToday, ...]]:
    """Every scenario; Unknown where the list could not be read."""
    if isinstance(scene.report.scenarios, Unknown):
        return scene.report.scenarios
    return tuple(_scenario(scene, scenario) for scenario in worst_scenarios(scene))


def _scenario(scene: Scene, scenario: ScenarioReport) -> ScenarioToday:
    last, told = read(scenario.last_run), scenario.told
    usual = scenario.duration if isinstance(scenario.duration, DurationStat) else None
    said = words.one_line(last.message, _LONGEST_MESSAGE) if last is not None else ""
    quiet = scenario.test or not scenario.active
    return ScenarioToday(
        id=scenario.id,
        name=scenario.name,
        active=scenario.active,
        test=scenario.test,
        alarms=not quiet and not scene.report.quiet and scenario.muted is None,
        verdict=run_verdict(scenario),
        reason=scenario.state.reason,
        tone=scene.alarm(standing_tone(scenario), quiet, scenario.muted),
        problem=_scenario_problem(scenario),
        advice=scenario.state.advice,
        evidence=tuple(line for line in (*scenario.state.caveats, said, _length_text(scenario)) if line),
        expected_at=scenario.state.instant,
        late_after_seconds=scenario.state.late_after_seconds,
        started_at=last.start if last is not None else None,
        ended_at=last.end if last is not None else None,
        outcome=(last.outcome or "RUNNING") if last is not None else "",
        next_at=scenario.next_run.at,
        usual_seconds=usual.p50 if usual else None,
        slow_seconds=usual.p95 if usual else None,
        length=scenario.length.verdict,
        nobody_told=None if isinstance(told, Unknown) else told.nobody,
        muted=scenario.muted,
        muted_text=scene.mute_text(scenario.muted) if scenario.muted else "",
    )


def _length_text(scenario: ScenarioReport) -> str:
    unusual = LENGTH_WORDS.get(scenario.length.verdict)
    return f"{unusual}: {scenario.length.reason}" if unusual else ""


def _scenario_problem(scenario: ScenarioReport) -> str:
    if not is_good(scenario.state):
        return f"{SCENARIO_WORDS[run_verdict(scenario)]}: {scenario.state.reason}"
    return "ended with warnings" if with_warnings(scenario) else ""


def outputs(scene: Scene) -> Known[tuple[OutputToday, ...]]:
    """Every output; Unknown where the flow could not be read."""
    if isinstance(scene.report.outputs, Unknown):
        return scene.report.outputs
    return tuple(_output(scene, output) for output in worst_outputs(scene))


def _data_at(scene: Scene, fresh: Optional[FreshnessVerdict]) -> Optional[datetime]:
    """None of an age that cannot be told, where it is the newest that the data may be, and while the profile could not be
    read, which may name the column that tells it."""
    if fresh is None or fresh.verdict == "UNKNOWN" or scene.profile_unread is not None:
        return None
    return fresh.data_at


def _output(scene: Scene, output: OutputReport) -> OutputToday:
    built, told, rows = read(output.last_success), output.prediction, read(output.rows)
    told = told if isinstance(told, Prediction) else None
    return OutputToday(
        id=scene.smart(output.ref),
        name=scene.name(output.ref),
        kind=output.ref.kind,
        alarms=not scene.report.quiet and output.muted is None,
        verdict=output_verdict(output),
        reason=output.reason,
        tone=concern_tone(scene, concern(scene, output), output.muted),
        freshness=freshness_of(output),
        volume=volume_of(output),
        problem=_output_problem(output, concern(scene, output)),
        evidence=_output_evidence(output, rows),
        link=scene.link(output.ref),
        due_at=output.due_at,
        built_at=built.end if built is not None else None,
        age_seconds=read(output.age_seconds),
        data_at=_data_at(scene, output.freshness),
        expected_at=told.p50 if told else None,
        expected_by=told.p90 if told else None,
        kept=told.kept if told else 0,
        of=told.of if told else 0,
        rows=rows.last if rows is not None else None,
        doubt=_doubt(rows),
        days=output.days,
        budget=output.budget,
        budget_text=budget_text(output.budget),
        muted=output.muted,
        muted_text=scene.mute_text(output.muted) if output.muted else "",
    )


def _doubt(rows: Optional[RowStat]) -> Optional[RowDoubt]:
    if rows is None or rows.built_at is None or rows.called_wrong or rows.verdict not in _ROW_CONCERNS:
        return None
    return RowDoubt(rows.built_at, rows.reason)


def _output_problem(output: OutputReport, what: str) -> str:
    if what not in CONCERN_WORDS:
        return ""
    reason = output.reason
    if what in (*_ROW_CONCERNS, "ROWS_UNREAD"):
        reason = output.rows.reason
    elif what in (*FRESHNESS_ORDER, "AGE_UNKNOWN") and output.freshness is not None and what != output.verdict:
        reason = output.freshness.reason
    return f"{CONCERN_WORDS[what]}: {reason}"


def _output_evidence(output: OutputReport, rows: Optional[RowStat]) -> tuple[str, ...]:
    lines = []
    if output.freshness is not None:
        clock = f" (by {output.freshness.clock})" if output.freshness.clock else ""
        lines.append(f"data: {output.freshness.reason}{clock}")
    if isinstance(output.rows, Unknown):
        lines.append(f"rows: {output.rows.reason}")
    elif rows is not None and rows.reason:
        lines.append(f"rows: {rows.reason}")
    if isinstance(output.prediction, Prediction):
        lines.append(f"expected: from {output.prediction.basis}")
    return tuple(lines)


def sources(scene: Scene) -> Known[tuple[SourceToday, ...]]:
    """Every source; Unknown where the flow could not be read."""
    if isinstance(scene.report.sources, Unknown):
        return scene.report.sources
    return tuple(_source(scene, source) for source in worst_sources(scene))


def _source(scene: Scene, source: SourceReport) -> SourceToday:
    arrival, start = read(source.arrival), read(source.start)
    return SourceToday(
        id=scene.smart(source.ref),
        name=scene.name(source.ref),
        kind=source.ref.kind,
        alarms=not scene.report.quiet,
        verdict=source_verdict(source),
        reason=source_reason(source),
        tone=source_tone(scene, source),
        problem=_source_problem(source),
        evidence=(source.margin_basis,) if source.margin_basis else (),
        arrived_at=arrival.at if arrival is not None else None,
        seen_by=arrival.how if arrival is not None else "",
        read_at=start.at if start is not None else None,
        margin_seconds=read(source.margin_seconds),
        feeds=tuple(scene.smart(output.ref) for output in scene.outputs_after(source)),
    )


def _source_problem(source: SourceReport) -> str:
    said = SOURCE_WORDS.get(source_verdict(source))
    return f"{said}: {source_reason(source)}" if said else ""


def source_reason(source: SourceReport) -> str:
    if source.freshness is not None:
        return source.freshness.reason
    said = "nobody has declared when it should be there"
    return f"{said}; {source.arrival.reason}" if isinstance(source.arrival, Unknown) else said


def source_tone(scene: Scene, source: SourceReport) -> Tone:
    return scene.alarm(output_tone(source_verdict(source)))


# --- counts ----------------------------------------------------------------------------------------------------------


def counts(scene: Scene) -> Counts:
    """Every verdict there is, with how many have it, by the orders of definitions."""
    return Counts(
        scenarios=_counted(map(run_verdict, scene.watched), RUN_ORDER),
        outputs=_counted(map(output_verdict, scene.outputs), _OUTPUT_ORDER),
        freshness=_counted(map(freshness_of, scene.outputs), FRESHNESS_ORDER),
        volume=_counted(map(volume_of, scene.outputs), VOLUME_ORDER),
        sources=_counted(map(source_verdict, scene.sources), (*FRESHNESS_ORDER, "NOT_DECLARED")),
    )


def _counted(verdicts: Iterable[str], order: Sequence[str]) -> tuple[tuple[str, int], ...]:
    found = Counter(verdicts)
    return tuple((verdict, found[verdict]) for verdict in order if found[verdict])


def upcoming_dues(scene: Scene) -> tuple[tuple[datetime, OutputReport], ...]:
    """The deadlines still to come of outputs that are not there yet, the next one first."""
    waiting = ((o.due_at, o) for o in scene.outputs if o.verdict in ("PENDING", "AT_RISK", "TIGHT", "UNKNOWN"))
    found = ((due, output) for due, output in waiting if due is not None and due > scene.now)
    return tuple(sorted(found, key=lambda pair: (pair[0], scene.name(pair[1].ref))))
