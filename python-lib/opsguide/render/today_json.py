"""Today for programs: `today.json` and its JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Optional

from ..model.known import Known, Unknown
from ..model.ledger import Ledger, Mute, SignOff
from ..model.report import DURATION_ORDER, FRESHNESS_ORDER, RUN_ORDER, SLA_ORDER, VOLUME_ORDER, Budget, DayVerdict
from ..model.today import SCHEMA_VERSION, Lane, Mark, OutputToday, ScenarioToday, SourceToday, Timeline, Today
from .json import as_instant, as_seconds, json_object

_OUTPUT_VERDICTS = tuple(dict.fromkeys((*SLA_ORDER, *FRESHNESS_ORDER)))
_SOURCE_VERDICTS = (*FRESHNESS_ORDER, "NOT_DECLARED")
_PARTS = ("scenarios", "outputs", "sources")


def today_json(today: Today) -> str:
    """Today as JSON text. Instants are ISO 8601 with offset, durations seconds, verdicts named as in the definitions;
    `today_schema()` describes it all."""
    return json.dumps(today_data(today), ensure_ascii=False, allow_nan=False, indent=1)


def today_data(today: Today) -> dict[str, Any]:
    """The same as plain dicts and lists."""
    return {
        "schema_version": today.schema_version,
        "project_key": today.project_key,
        "title": today.title,
        "taken_at": as_instant(today.taken_at),
        "zone": today.zone,
        "headline": today.headline,
        "tone": today.tone.value,
        "notes": ["".join(str(part) for part in banner.parts) for banner in today.banners],
        "counts": {part: dict(getattr(today.counts, part)) for part in (*_PARTS, "freshness", "volume")},
        "unread": [_unread(part, getattr(today, part)) for part in _PARTS if isinstance(getattr(today, part), Unknown)],
        "scenarios": [_scenario(each) for each in _read(today.scenarios)],
        "outputs": [_output(each) for each in _read(today.outputs)],
        "sources": [_source(each) for each in _read(today.sources)],
        "sign_off": _sign_off(today.sign_off),
        "mutes": [_mute(mute) for mute in _mutes(today.ledger)],
        "state_folder": _state_folder(today.ledger),
        "changed_columns": [
            {"dataset": each.name, "differs": each.differs, "recipes": list(each.readers)}
            for each in today.changed_columns
        ],
        "watch": _watch(today),
        "timeline": _timeline(today.timeline),
        "next_check_seconds": as_seconds(today.next_check_seconds),
        "reading": {"calls": today.calls, "elapsed_seconds": as_seconds(today.elapsed_seconds)},
    }


def _read(part: Known[Sequence[Any]]) -> Sequence[Any]:
    return () if isinstance(part, Unknown) else part


def _unread(part: str, why: Unknown) -> dict[str, Any]:
    return {"part": part, "reason": why.reason, "needs": why.needs}


def _mutes(ledger: Known[Optional[Ledger]]) -> Sequence[Mute]:
    return () if ledger is None or isinstance(ledger, Unknown) else ledger.mutes


def _mute(mute: Optional[Mute]) -> Optional[dict[str, Any]]:
    if mute is None:
        return None
    return {
        "about": mute.about,
        "since": as_instant(mute.since),
        "until": as_instant(mute.until),
        "by": mute.by,
        "reason": mute.reason,
    }


def _sign_off(sign_off: Optional[SignOff]) -> Optional[dict[str, Any]]:
    if sign_off is None:
        return None
    return {
        "at": as_instant(sign_off.at),
        "by": sign_off.by,
        "remark": sign_off.remark,
        "headline": sign_off.headline,
    }


def _watch(today: Today) -> Optional[dict[str, Any]]:
    if today.watch is None:
        return None
    last = today.watch.last
    found = None if isinstance(last, Unknown) else last
    return {
        "last_at": as_instant(found.at if found else None),
        "component": found.component if found else "",
        "by": found.by if found else "",
        "stopped": list(today.watch.stopped),
        "reason": last.reason if isinstance(last, Unknown) else "",
    }


def _state_folder(ledger: Known[Optional[Ledger]]) -> dict[str, Any]:
    if isinstance(ledger, Unknown):
        return {"found": None, "reason": ledger.reason, "needs": ledger.needs, "unread": 0}
    if ledger is None:
        return {"found": False, "reason": "", "needs": "", "unread": 0}
    unread = ledger.unreadable + ledger.left_out + len(ledger.strange) + len(ledger.later)
    return {"found": True, "reason": "", "needs": "", "unread": unread}


def _scenario(scenario: ScenarioToday) -> dict[str, Any]:
    return {
        "id": scenario.id,
        "name": scenario.name,
        "active": scenario.active,
        "test": scenario.test,
        "alarms": scenario.alarms,
        "muted": _mute(scenario.muted),
        "verdict": scenario.verdict,
        "reason": scenario.reason,
        "advice": scenario.advice,
        "evidence": list(scenario.evidence),
        "expected_at": as_instant(scenario.expected_at),
        "late_after_seconds": as_seconds(scenario.late_after_seconds),
        "started_at": as_instant(scenario.started_at),
        "ended_at": as_instant(scenario.ended_at),
        "outcome": scenario.outcome,
        "next_at": as_instant(scenario.next_at),
        "usual_seconds": as_seconds(scenario.usual_seconds),
        "slow_seconds": as_seconds(scenario.slow_seconds),
        "length": scenario.length,
        "nobody_told": scenario.nobody_told,
    }


def _output(output: OutputToday) -> dict[str, Any]:
    return {
        "id": output.id,
        "name": output.name,
        "kind": output.kind,
        "alarms": output.alarms,
        "muted": _mute(output.muted),
        "verdict": output.verdict,
        "freshness": output.freshness,
        "volume": output.volume,
        "reason": output.reason,
        "evidence": list(output.evidence),
        "due_at": as_instant(output.due_at),
        "built_at": as_instant(output.built_at),
        "age_seconds": as_seconds(output.age_seconds),
        "data_at": as_instant(output.data_at),
        "expected_at": as_instant(output.expected_at),
        "expected_by": as_instant(output.expected_by),
        "kept": output.kept,
        "of": output.of,
        "rows": as_seconds(output.rows),
        "rows_doubted": as_instant(output.doubt.built_at if output.doubt else None),
        "budget": _budget(output.budget),
        "days": [_day(day) for day in output.days],
    }


def _budget(budget: Optional[Budget]) -> Optional[dict[str, Any]]:
    if budget is None:
        return None
    return {
        "target": budget.target,
        "days": budget.days,
        "missed": budget.missed,
        "unknown": budget.unknown,
        "allowed": budget.allowed,
    }


def _day(day: DayVerdict) -> dict[str, Any]:
    return {
        "day": day.day.isoformat(),
        "verdict": day.verdict,
        "due_at": as_instant(day.due_at),
        "ended_at": as_instant(day.ended_at),
    }


def _source(source: SourceToday) -> dict[str, Any]:
    return {
        "id": source.id,
        "name": source.name,
        "kind": source.kind,
        "alarms": source.alarms,
        "verdict": source.verdict,
        "reason": source.reason,
        "evidence": list(source.evidence),
        "arrived_at": as_instant(source.arrived_at),
        "seen_by": source.seen_by,
        "read_at": as_instant(source.read_at),
        "margin_seconds": as_seconds(source.margin_seconds),
        "feeds": list(source.feeds),
    }


def _timeline(timeline: Timeline) -> dict[str, Any]:
    return {
        "since": as_instant(timeline.since),
        "until": as_instant(timeline.until),
        "left_out": timeline.left_out,
        "lanes": [_lane(lane) for lane in timeline.lanes],
    }


def _lane(lane: Lane) -> dict[str, Any]:
    return {
        "kind": lane.kind,
        "id": lane.id,
        "verdict": lane.verdict,
        "left_out": lane.left_out,
        "marks": [_mark(mark) for mark in lane.marks],
    }


def _mark(mark: Mark) -> dict[str, Any]:
    return {
        "kind": mark.kind,
        "start": as_instant(mark.start),
        "end": as_instant(mark.end),
        "going": mark.going,
        "verdict": mark.verdict,
        "text": mark.text,
    }


def today_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of `today.json`."""
    text: dict[str, Any] = {"type": "string"}
    flag: dict[str, Any] = {"type": "boolean"}
    count: dict[str, Any] = {"type": "integer", "minimum": 0}
    instant: dict[str, Any] = {"type": "string", "format": "date-time"}
    perhaps: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
    number: dict[str, Any] = {"type": ["number", "null"]}
    texts: dict[str, Any] = {"type": "array", "items": text}
    judged = {
        "id": text,
        "name": text,
        "alarms": {
            **flag,
            "description": "false where nobody needs to be woken: a test, a design node, switched off, muted.",
        },
    }
    mute = json_object(
        about={**text, "description": "scenario:ID, dataset:NAME or folder:ID."},
        since=instant,
        until=instant,
        by={**text, "description": "A login."},
        reason=text,
    )
    muted = {"anyOf": [{"type": "null"}, mute]}
    sign_off = json_object(
        at=instant, by=text, remark=text, headline={**text, "description": "The sentence that they saw."}
    )
    told = {"reason": {**text, "description": "Why, in words."}, "evidence": texts}
    day = json_object(
        day={"type": "string", "format": "date"}, verdict={"enum": list(SLA_ORDER)}, due_at=instant, ended_at=perhaps
    )
    budget = json_object(
        target={"type": "number"}, days=count, missed=count, unknown=count, allowed={**count, "minimum": 0}
    )
    scenario = json_object(
        **judged,
        muted=muted,
        active=flag,
        test=flag,
        verdict={"enum": list(RUN_ORDER)},
        **told,
        advice={**text, "description": "What DSS may still do by itself, or what to do."},
        expected_at={**perhaps, "description": "The start that the verdict is about."},
        late_after_seconds={**number, "description": "The patience that was applied."},
        started_at={**perhaps, "description": "Of the last run."},
        ended_at=perhaps,
        outcome={**text, "description": "Of the last run, as DSS spells it; RUNNING while it goes; empty without one."},
        next_at=perhaps,
        usual_seconds={**number, "description": "Half of its successful runs took no longer."},
        slow_seconds={**number, "description": "19 of 20 of them took no longer."},
        length={"enum": list(DURATION_ORDER), "description": "How long the last run takes or took."},
        nobody_told={"type": ["boolean", "null"], "description": "Whether its failure reaches nobody; null: unknown."},
    )
    output = json_object(
        **judged,
        muted=muted,
        kind=text,
        verdict={"enum": list(_OUTPUT_VERDICTS)},
        freshness={"enum": list(FRESHNESS_ORDER)},
        volume={"enum": list(VOLUME_ORDER)},
        **told,
        due_at={**perhaps, "description": "The promise that the verdict judges."},
        built_at={**perhaps, "description": "End of the last successful build."},
        age_seconds=number,
        data_at={**perhaps, "description": "The time its data is from."},
        expected_at={**perhaps, "description": "Half of past cases came by then; null where it is there."},
        expected_by={**perhaps, "description": "Nine in ten came by then."},
        kept={**count, "description": "Of `of` past days that were as far at this time, those in time."},
        of=count,
        rows={**number, "description": "The last row count on record."},
        rows_doubted={**perhaps, "description": "End of a build with unusual rows of which nobody spoke yet."},
        budget={"anyOf": [{"type": "null"}, budget]},
        days={"type": "array", "items": day, "description": "The due days of the last 90, oldest first."},
    )
    source = json_object(
        **judged,
        kind=text,
        verdict={"enum": list(_SOURCE_VERDICTS)},
        **told,
        arrived_at=perhaps,
        seen_by={**text, "description": "How its arrival is known."},
        read_at={**perhaps, "description": "When a scenario begins to read it next."},
        margin_seconds={**number, "description": "From its arrival to that start; negative: too early."},
        feeds={**texts, "description": "Outputs made from it."},
    )
    mark = json_object(
        kind={"enum": ["expected", "run", "build", "usual", "deadline"]},
        start=instant,
        end=perhaps,
        going=flag,
        verdict={**text, "description": "Of an expected start or a deadline; the outcome of a run or build."},
        text=text,
    )
    lane = json_object(
        kind={"enum": ["scenario", "output"]},
        id=text,
        verdict=text,
        left_out=count,
        marks={"type": "array", "items": mark},
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Today",
        **json_object(
            schema_version={"const": SCHEMA_VERSION},
            project_key=text,
            title=text,
            taken_at={**instant, "description": "The moment all of it is about."},
            zone={**text, "description": "Zone in which sentences tell times."},
            headline={**text, "description": "One sentence: how the project stands."},
            tone={"enum": ["good", "none", "quiet", "unknown", "notice", "bad"], "description": "The worst it tells."},
            notes={**texts, "description": "What changes how all of it is to be read."},
            counts=json_object(
                scenarios=_counts(RUN_ORDER, count),
                outputs=_counts(_OUTPUT_VERDICTS, count),
                sources=_counts(_SOURCE_VERDICTS, count),
                freshness=_counts(FRESHNESS_ORDER, count),
                volume=_counts(VOLUME_ORDER, count),
            ),
            unread={
                "type": "array",
                "items": json_object(part={"enum": list(_PARTS)}, reason=text, needs=text),
                "description": "Parts that are empty because they could not be read.",
            },
            scenarios={"type": "array", "items": scenario, "description": "Worst first."},
            outputs={"type": "array", "items": output, "description": "Worst first."},
            sources={"type": "array", "items": source, "description": "Worst first."},
            sign_off={"anyOf": [{"type": "null"}, sign_off], "description": "Who looked at this morning last."},
            mutes={"type": "array", "items": mute, "description": "What does not alarm, and until when."},
            state_folder=json_object(
                found={"type": ["boolean", "null"], "description": "Whether there is one; null: could not be told."},
                reason=text,
                needs=text,
                unread={**count, "description": "Notes that were not read, not understood, or do not count yet."},
            ),
            changed_columns={
                "type": "array",
                "items": json_object(dataset=text, differs=text, recipes=texts),
                "description": "Datasets whose columns are not the accepted ones, and the recipes that read them.",
            },
            watch={
                "anyOf": [
                    {"type": "null"},
                    json_object(
                        last_at={"anyOf": [{"type": "null"}, instant]},
                        component=text,
                        by=text,
                        stopped={**texts, "description": "Scheduled checks that no longer look, and why."},
                        reason={**text, "description": "Why it cannot be told, '' where it can."},
                    ),
                ],
                "description": "When the project was last judged without a reader, and by what; null: not looked for.",
            },
            timeline=json_object(since=instant, until=instant, left_out=count, lanes={"type": "array", "items": lane}),
            next_check_seconds={**number, "description": "When to look again; null: nothing runs, nothing is due."},
            reading=json_object(calls=count, elapsed_seconds=number),
        ),
    }


def _counts(order: Sequence[str], count: dict[str, Any]) -> dict[str, Any]:
    """Verdicts that nothing has are left out."""
    return {"type": "object", "properties": dict.fromkeys(order, count), "additionalProperties": False}
