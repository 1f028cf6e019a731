"""The night as a timeline: when each scenario should have started, when it ran, when its like have ended; when each
output was due, and when it came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Optional, Union

from dateutil import tz

from ...model.guide import Link, Tone
from ...model.known import Unknown, known
from ...model.report import DurationStat, OutputReport, Prediction, ScenarioReport, TimeOfDay
from ...model.snapshot import Build, Run
from ...model.today import Lane, Mark, Timeline
from .. import words
from ..compose.phrases import (
    OUTPUT_WORDS,
    STATE_WORDS,
    outcome_of,
    outcome_tone,
    run_verdict,
    standing_tone,
    state_tone,
)
from ..compose.scene import Scene, read
from .lines import concern_tone, output_verdict, upcoming_dues

AHEAD = timedelta(hours=4)
# A deadline so near is worth a longer night.
FARTHEST = timedelta(hours=8)
_MARGIN = timedelta(minutes=30)
LANES_MOST, MARKS_MOST = 40, 100
# With more runs than these, usual ends would hide the runs.
_USUAL_MOST = 4
_LOUD = (Tone.BAD, Tone.NOTICE, Tone.UNKNOWN)


def timeline(scene: Scene) -> Timeline:
    """Every watched scenario and every promised output that has anything to show between the evening and a few hours
    from now. Where they are too many, those that need a look stay."""
    since = min(scene.report.night_since, scene.now - AHEAD)
    near = [due for due, _ in upcoming_dues(scene) if due <= scene.now + FARTHEST]
    until = max([scene.now + AHEAD, *(due + _MARGIN for due in near)])
    found = [*_scenario_lanes(scene, since, until), *_output_lanes(scene, since, until)]
    kept = _kept(found)
    return Timeline(since, scene.now, until, scene.report.zone, kept, len(found) - len(kept))


def _kept(lanes: list[Lane]) -> tuple[Lane, ...]:
    if len(lanes) <= LANES_MOST:
        return tuple(lanes)
    needed = sorted(range(len(lanes)), key=lambda place: (lanes[place].tone not in _LOUD, place))[:LANES_MOST]
    return tuple(lanes[place] for place in sorted(needed))


# --- scenarios -------------------------------------------------------------------------------------------------------


def _scenario_lanes(scene: Scene, since: datetime, until: datetime) -> list[Lane]:
    """In the order in which they had something to do."""
    runs = {scenario.id: known(scenario.runs, ()) for scenario in known(scene.snapshot.scenarios, ())}
    lanes = []
    for report in scene.watched:
        marks = sorted(_of_scenario(scene, report, runs[report.id], since, until), key=_place)
        if marks:
            lanes.append(_scenario_lane(scene, report, marks))
    return sorted(lanes, key=lambda lane: lane.marks[0].start)


def _place(mark: Mark) -> tuple[datetime, str]:
    return mark.start, mark.kind


def _scenario_lane(scene: Scene, report: ScenarioReport, marks: list[Mark]) -> Lane:
    verdict = run_verdict(report)
    tone = scene.alarm(standing_tone(report), muted=report.muted)
    kept, left_out = _newest(marks)
    state = words.capital(STATE_WORDS[verdict]) + _muted(report)
    return Lane(report.id, "scenario", report.name, verdict, state, tone, Link("scenario", report.id), kept, left_out)


def _muted(report: Union[ScenarioReport, OutputReport]) -> str:
    return ", muted" if report.muted is not None else ""


def _newest(marks: list[Mark]) -> tuple[tuple[Mark, ...], int]:
    """The newest of what needs a look, and as many of the rest as there is room for, the newest of these too."""
    needed = sorted(range(len(marks)), key=lambda place: (marks[place].tone not in _LOUD, -place))[:MARKS_MOST]
    return tuple(marks[place] for place in sorted(needed)), len(marks) - len(needed)


def _of_scenario(
    scene: Scene, report: ScenarioReport, all_runs: Sequence[Run], since: datetime, until: datetime
) -> Iterator[Mark]:
    due = [
        Mark(
            "expected",
            verdict.instant,
            None,
            f"due {scene.time(verdict.instant)}: {STATE_WORDS.get(verdict.verdict, verdict.verdict)}",
            scene.alarm(state_tone(verdict.verdict), muted=report.muted),
            verdict.verdict,
        )
        for verdict in report.night
        if verdict.instant is not None and verdict.instant >= since
    ]
    ahead = [_ahead(scene, at) for at in report.coming if at < until]
    runs = [run for run in all_runs if _inside(run, since)]
    yield from due
    yield from ahead
    yield from (_run(scene, run, report) for run in runs)
    if isinstance(report.duration, DurationStat):
        yield from _usual_ends(
            scene, report.duration, runs, [mark for mark in due if mark.verdict == "PENDING"] + ahead
        )


def _ahead(scene: Scene, at: datetime) -> Mark:
    return Mark("expected", at, None, f"due {scene.time(at)}", verdict="PENDING")


def _inside(run: Run, since: datetime) -> bool:
    return run.start is not None and (run.running or (run.end or run.start) >= since)


def _run(scene: Scene, run: Run, report: ScenarioReport) -> Mark:
    assert run.start is not None, "runs without a start are left out"
    began, said = scene.time(run.start), outcome_of(run, scene)
    if run.running:
        late = run.run_id == report.state.run_id and report.state.verdict == "RUNNING_LATE"
        tone = scene.alarm(standing_tone(report), muted=report.muted) if late else Tone.NONE
        return Mark("run", run.start, None, f"since {began}: {said}", tone, "RUNNING", going=True)
    until = f" to {words.clock(run.end, scene.zone)}" if run.end else ""
    tone = scene.alarm(outcome_tone(run.outcome or ""), muted=report.muted)
    return Mark("run", run.start, _after(run.start, run.end), f"{began}{until}: {said}", tone, run.outcome or "")


def _after(start: datetime, end: Optional[datetime]) -> Optional[datetime]:
    """The end, where it is one: clocks that differ may put it before the start."""
    return end if end is not None and end >= start else None


def _usual_ends(scene: Scene, usual: DurationStat, runs: list[Run], waiting: list[Mark]) -> Iterator[Mark]:
    """When runs like these have ended: of what goes on and what comes next, and of past ones where they are few."""
    shown = [run for run in runs if run.running or len(runs) <= _USUAL_MOST]
    starts = [run.start for run in shown if run.start is not None] + [mark.start for mark in waiting[:1]]
    for start in starts:
        early, late = (start + timedelta(seconds=seconds) for seconds in (usual.p50, usual.p95))
        said = f"usually ends by {words.clock(early, scene.zone)}, nearly always by {words.clock(late, scene.zone)}"
        yield Mark("usual", early, late, said)


# --- outputs ---------------------------------------------------------------------------------------------------------


def _output_lanes(scene: Scene, since: datetime, until: datetime) -> list[Lane]:
    """In the order in which they are due."""
    lanes = []
    for output in sorted(scene.outputs, key=lambda output: (output.due_at or until, scene.name(output.ref))):
        if output.due_at is not None and since <= output.due_at <= until:
            marks = sorted(_of_output(scene, output, output.due_at, since), key=_place)
            lanes.append(_output_lane(scene, output, marks))
    return lanes


def _output_lane(scene: Scene, output: OutputReport, marks: Iterable[Mark]) -> Lane:
    verdict = output_verdict(output)
    return Lane(
        scene.smart(output.ref),
        "output",
        scene.name(output.ref),
        verdict,
        words.capital(OUTPUT_WORDS[verdict]) + _muted(output),
        concern_tone(scene, verdict, output.muted),
        scene.link(output.ref),
        tuple(marks),
    )


def _of_output(scene: Scene, output: OutputReport, due: datetime, since: datetime) -> Iterator[Mark]:
    tone = concern_tone(scene, output_verdict(output), output.muted)
    yield Mark("deadline", due, None, f"due {scene.time(due)}", tone, output_verdict(output))
    yield from (_build(scene, build, output) for build in _builds(scene, output) if build.end and build.end >= since)
    told = output.prediction
    if isinstance(told, Prediction):
        by = scene.time(told.p90)
        yield Mark("usual", told.p50, told.p90, f"expected {scene.time(told.p50)}, nine times in ten by {by}")
    elif not isinstance(output.typical, Unknown):
        early, late = _on_day(output.typical, due)
        by = scene.time(late)
        yield Mark("usual", early, late, f"usually ready by {scene.time(early)}, nearly always by {by}")


def _builds(scene: Scene, output: OutputReport) -> tuple[Build, ...]:
    """The builds on record, the newest few; where no history tells, the last one and the last good one."""
    history = read(scene.fact(output.ref).builds)
    if history:
        return history[:_USUAL_MOST]
    ends = (read(output.last_build), read(output.last_success))
    return tuple(dict.fromkeys(build for build in ends if build is not None))


def _build(scene: Scene, build: Build, output: OutputReport) -> Mark:
    assert build.end is not None, "only builds with an end are shown"
    start = build.start if build.start is not None and build.start <= build.end else build.end
    ended = scene.time(build.end)
    if build.success is None:
        said, tone, verdict = f"build ended {ended}, how is not known", Tone.UNKNOWN, "UNKNOWN"
    elif build.success:
        said, tone, verdict = f"built {ended}", Tone.GOOD, "SUCCESS"
    else:
        said, tone, verdict = f"a build failed {ended}", Tone.BAD, "FAILED"
    return Mark("build", start, build.end, said, scene.alarm(tone, muted=output.muted), verdict)


def _on_day(usual: TimeOfDay, due: datetime) -> tuple[datetime, datetime]:
    """The usual times on the day of a deadline, the nearest to it: before a 06:30, 23:50 is the evening before."""
    zone = tz.gettz(usual.zone) or tz.UTC
    midnight = datetime.combine(due.astimezone(zone).date(), time(), zone)
    around = (midnight + timedelta(days=shift, minutes=usual.p50) for shift in (-1, 0, 1))
    early = min(around, key=lambda at: abs(at - due)).astimezone(due.tzinfo)
    return early, early + timedelta(minutes=usual.p95 - usual.p50)
