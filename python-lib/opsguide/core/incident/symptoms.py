"""What is wrong, thing by thing, with its beginning and end: before anything is put together.

For a person: *a scenario that failed, did not start, runs for too long or stays quiet for too long; a source that is not
there when it was promised; an output that missed its time, is older than allowed or has an implausible number of rows;
a dataset whose rules say ERROR; an instance that was down. What cannot be told opens nothing, and ends nothing.*
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Optional
from zoneinfo import ZoneInfo

from ...model.incident import EVER, Symptom
from ...model.known import Unknown, known
from ...model.ledger import about
from ...model.report import DayVerdict, OutputReport, RunVerdict, SourceReport
from ...model.snapshot import ObjectRef, Snapshot
from .. import words
from ..compose.scene import Scene
from ..runs import Terms, run_verdicts
from ..schedule import zone_of
from ..sla import last_due, promise_of
from .episodes import Episode, episodes

# How far back incidents that are over are listed.
HISTORY = timedelta(days=14)
INSTANCE = "instance"

_UTC = ZoneInfo("UTC")

_FAILED_DAYS = ("MISSED", "RECOVERED_LATE")


def symptoms(scene: Scene) -> tuple[Symptom, ...]:
    """All of them that lasted into the last `HISTORY`, oldest first. Nothing is wrong with tests and what is switched
    off."""
    found = [
        *_outages(scene),
        *_sources(scene),
        *_scenarios(scene),
        *_quality(scene),
        *_outputs(scene),
    ]
    recent = [each for each in found if each.ended_at is None or each.ended_at > scene.now - HISTORY]
    return tuple(sorted(recent, key=lambda each: (each.began_at, each.subject, each.kind)))


def _outages(scene: Scene) -> Iterator[Symptom]:
    for outage in scene.report.outages:
        said = f"nothing ran from {scene.time(outage.start)} to {scene.time(outage.end)}"
        yield Symptom(
            "outage", INSTANCE, "The instance", "DOWN", said, _minute(outage.start), ended_at=_past(outage.end, scene)
        )


def _past(end: datetime, scene: Scene) -> Optional[datetime]:
    return end if end < scene.now - timedelta(minutes=1) else None


# --- scenarios -------------------------------------------------------------------------------------------------------


def _scenarios(scene: Scene) -> Iterator[Symptom]:
    server = scene.report.server
    terms = None if server is None else Terms.of(scene.snapshot, scene.profile, server)
    by_id = {scenario.id: scenario for scenario in known(scene.snapshot.scenarios, ())}
    for report in scene.watched:
        scenario = by_id[report.id]
        verdicts: tuple[RunVerdict, ...] = ()
        unread = isinstance(scenario.settings, Unknown) or isinstance(scenario.runs, Unknown)
        if terms is not None and not unread:
            verdicts = run_verdicts(scenario, terms, max(scene.now - HISTORY, scenario.created_at or EVER))
        for episode in episodes(scenario, report, verdicts):
            yield _of_episode(episode, report.id, report.name)


def _of_episode(episode: Episode, scenario_id: str, name: str) -> Symptom:
    return Symptom(
        episode.kind,
        about("SCENARIO", scenario_id),
        name,
        episode.verdict,
        episode.said,
        episode.began_at,
        episode.well_at,
        episode.ended_at,
        run_id=episode.run.run_id if episode.run else "",
        error=episode.run.message if episode.run else "",
        times=episode.times,
        again_at=episode.again_at,
    )


# --- sources ---------------------------------------------------------------------------------------------------------


def _sources(scene: Scene) -> Iterator[Symptom]:
    for source in scene.sources:
        fresh = source.freshness
        if fresh is None or fresh.verdict != "STALE_ERROR":
            continue
        data_at = fresh.data_at
        yield Symptom(
            "late_source",
            scene.about(source.ref),
            scene.name(source.ref),
            fresh.verdict,
            fresh.reason,
            _late_since(scene, source) or EVER,
            data_at,
            ref=source.ref,
        )


def _late_since(scene: Scene, source: SourceReport) -> Optional[datetime]:
    """The moment at which it should have been there: of several days without it the first."""
    zone = zone_of(scene.report.zone)
    promise = promise_of(scene.profile, scene.smart(source.ref), _UTC if isinstance(zone, Unknown) else zone)
    data_at = source.freshness.data_at if source.freshness is not None else None
    if promise.available_by is None:
        return _outgrown(data_at, promise.max_age_seconds)
    due = last_due(promise, promise.available_by, scene.now)
    while due is not None and data_at is not None:
        before = last_due(promise, promise.available_by, due - timedelta(minutes=1))
        # What came up to half a day before a day's time is that day's.
        if before is None or data_at > before - timedelta(hours=12):
            break
        due = before
    return due


def _outgrown(data_at: Optional[datetime], most: Optional[float]) -> Optional[datetime]:
    return None if data_at is None or most is None else _minute(data_at + timedelta(seconds=most))


# --- outputs and rules -----------------------------------------------------------------------------------------------


def _outputs(scene: Scene) -> Iterator[Symptom]:
    for output in scene.outputs:
        yield from _promises(scene, output)
        fresh, rows = output.freshness, output.rows
        promised = scene.dataset_profile(output.ref).max_age_hours
        if promised and fresh is not None and fresh.verdict == "STALE_ERROR":
            since = _outgrown(fresh.data_at, promised * 3600) or EVER
            yield _of_output(scene, output, "stale", fresh.verdict, fresh.reason, since, fresh.data_at)
        if not isinstance(rows, Unknown) and rows.verdict in ("ERROR", "NEW_LEVEL"):
            yield _of_output(scene, output, "rows", rows.verdict, rows.reason, _minute(rows.since or rows.at))


def _promises(scene: Scene, output: OutputReport) -> Iterator[Symptom]:
    """Days in a row that missed their time, as one."""
    missed: list[DayVerdict] = []
    well_at: Optional[datetime] = None
    for day in output.days:
        if day.verdict in _FAILED_DAYS:
            missed.append(day)
        elif day.verdict == "MET":
            yield from _missed(scene, output, missed, well_at, day.ended_at or day.due_at)
            missed, well_at = [], day.ended_at or day.due_at
    last_end = missed[-1].ended_at if missed else None
    yield from _missed(scene, output, missed, well_at, last_end)
    if output.verdict == "AT_RISK" and output.due_at is not None and not _lasts(missed, last_end):
        yield _of_output(scene, output, "promise", "AT_RISK", output.reason, output.due_at, well_at)


def _lasts(missed: list[DayVerdict], ended_at: Optional[datetime]) -> bool:
    return bool(missed) and ended_at is None


def _missed(
    scene: Scene,
    output: OutputReport,
    days: list[DayVerdict],
    well_at: Optional[datetime],
    ended_at: Optional[datetime],
) -> Iterator[Symptom]:
    if not days:
        return
    standing = ended_at is None and output.verdict == "MISSED"
    again = days[-1].due_at if len(days) > 1 else None
    said = output.reason if standing else f"due {scene.time(days[-1].due_at)}, not ready in time"
    ended = ended_at or (None if standing or days[-1].verdict == "MISSED" else days[-1].due_at)
    yield _of_output(scene, output, "promise", days[-1].verdict, said, days[0].due_at, well_at, ended, len(days), again)


def _of_output(
    scene: Scene,
    output: OutputReport,
    kind: str,
    verdict: str,
    said: str,
    began_at: datetime,
    well_at: Optional[datetime] = None,
    ended_at: Optional[datetime] = None,
    times: int = 1,
    again_at: Optional[datetime] = None,
) -> Symptom:
    return Symptom(
        kind,
        scene.about(output.ref),
        scene.name(output.ref),
        verdict,
        said,
        began_at,
        well_at,
        ended_at,
        ref=output.ref,
        times=times,
        again_at=again_at,
    )


def _quality(scene: Scene) -> Iterator[Symptom]:
    snapshot = scene.snapshot
    for status in known(snapshot.quality, ()):
        if status.outcome != "ERROR":
            continue
        ref = ObjectRef("DATASET", snapshot.project_key, status.dataset)
        failing = [result for result in known(scene.fact(ref).rule_results, ()) if result.outcome == "ERROR"]
        dated = [result.computed_at for result in failing if result.computed_at is not None]
        names = words.listed([result.name or result.rule_id for result in failing], 3)
        said = words.listed([result.message for result in failing if result.message], 3)
        yield Symptom(
            "quality",
            scene.about(ref),
            scene.name(ref),
            "ERROR",
            f"{names}: {said}" if names and said else names or "its rules say ERROR",
            _minute(min(dated)) if dated else EVER,
            ref=ref,
        )


def failing_rules(snapshot: Snapshot, most: int = 5) -> tuple[ObjectRef, ...]:
    """The datasets whose rules are worth asking about one by one."""
    found = [status.dataset for status in known(snapshot.quality, ()) if status.outcome == "ERROR"]
    return tuple(ObjectRef("DATASET", snapshot.project_key, name) for name in found[:most])


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
