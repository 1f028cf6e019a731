"""The guide's own check: when the project was last judged without a reader, by what, and what that costs."""

from __future__ import annotations

from dataclasses import fields

from ...model.guide import Cell, Item, Items, Link, Tone
from ...model.known import Cause, Unknown, known
from ...model.snapshot import Snapshot
from ...model.watch import Watch, Watcher
from .. import words
from .scene import Scene

_NOT_ASKED = Unknown("the project's scenarios were not looked at for it", Cause.NOT_READ)
_NOBODY = Watch(_NOT_ASKED, _NOT_ASKED, notes=_NOT_ASKED)
_FAILED = (Cause.NO_ANSWER, Cause.BROKEN)
_MOST_NAMED = 20
_ADD = "the macro Instrument project adds a watch and a morning scenario"


def own_check(scene: Scene) -> Items:
    """Last judged, judged on schedule by, its failures, and what it leaves behind."""
    watch = scene.report.watch or _NOBODY
    return Items(
        (
            Item(("Last judged without a reader: ", _last(scene, watch))),
            Item(("Judged on schedule by: ", _schedule(scene, watch))),
            Item(("Its own errors: ", _errors(scene, watch))),
            Item(("Its footprint: ", _footprint(scene, watch))),
        )
    )


def last_judged(scene: Scene) -> str:
    """When the project was last judged without a reader and by what, in one sentence; "" where nobody asked."""
    if scene.report.watch is None:
        return ""
    cell = _last(scene, scene.report.watch)
    return f"Last judged without a reader: {cell.value or f'unknown, {cell.reason}'}."


def _last(scene: Scene, watch: Watch) -> Cell:
    cell_id = "monitoring.own-check.last"
    last = watch.last
    if isinstance(last, Unknown):
        return scene.unknown(cell_id, last)
    if last is None:
        return scene.live(cell_id, "never, as far as is on record", "scenarios and the state folder", reason=_ADD)
    by = f", by {words.one_line(last.by)}" if last.by else ""
    return scene.live(
        cell_id,
        f"{scene.time(last.at)}{by} ({last.component})",
        "runs of scenarios, and the state folder",
        at=last.at,
        tone=scene.alarm(Tone.BAD) if watch.stopped else Tone.NONE,
        evidence=watch.stopped,
    )


def _schedule(scene: Scene, watch: Watch) -> Cell:
    cell_id = "monitoring.own-check.schedule"
    if isinstance(watch.watchers, Unknown):
        return scene.unknown(cell_id, watch.watchers)
    active = [watcher for watcher in watch.watchers if watcher.active]
    if not active:
        return scene.live(
            cell_id,
            "nothing: it is judged only while somebody looks",
            "scenario settings",
            reason=_ADD,
            evidence=watch.stopped,
            tone=scene.alarm(Tone.NOTICE) if watch.stopped else Tone.NONE,
        )
    return scene.live(
        cell_id,
        words.listed([_told(scene, watcher) for watcher in active], 4),
        "scenario settings",
        link=Link("scenario-runs", active[0].id),
    )


def _told(scene: Scene, watcher: Watcher) -> str:
    following = f", next {scene.time(watcher.next_at)}" if watcher.next_at else ""
    return f"{words.one_line(watcher.name)} ({watcher.component}{following})"


def _errors(scene: Scene, watch: Watch) -> Cell:
    cell_id = "monitoring.own-check.errors"
    if isinstance(watch.watchers, Unknown):
        return scene.unknown(cell_id, watch.watchers)
    unread = next((w.finished for w in watch.watchers if isinstance(w.finished, Unknown)), None)
    if unread is not None:
        return scene.unknown(cell_id, unread)
    if not watch.watchers and not watch.unreadable:
        return scene.live(cell_id, "none on record", "scenarios and the state folder")
    finished = sum(known(watcher.finished, 0) for watcher in watch.watchers)
    failed = sum(known(watcher.failed, 0) for watcher in watch.watchers)
    broken = f"; {words.count(watch.unreadable, 'note')} cannot be read" if watch.unreadable else ""
    return scene.live(
        cell_id,
        f"{failed:,} of {words.count(finished, 'run')} in 30 days failed{broken}",
        "runs of the scenarios that judge",
        reason="such a run fails on purpose as well, where it finds what it was asked to fail at",
        tone=Tone.NOTICE if watch.unreadable else Tone.NONE,
    )


def _footprint(scene: Scene, watch: Watch) -> Cell:
    cell_id = "monitoring.own-check.footprint"
    notes = watch.notes
    if isinstance(notes, Unknown):
        return scene.unknown(cell_id, notes)
    kept = (
        "no state folder" if notes is None else f"{words.count(notes, 'note')} of the last 32 days in the state folder"
    )
    failures = failed_reads(scene.snapshot)
    reading = f"{words.count(scene.snapshot.calls, 'call')} to DSS in {words.duration(scene.snapshot.elapsed_seconds)}"
    errors = f"{words.count(len(failures), 'answer')} that failed" if failures else "none of them failed"
    looks = "".join(
        f"; a run of {words.one_line(watcher.name)} takes {words.duration(watcher.seconds)}"
        for watcher in known(watch.watchers, ())
        if watcher.active and watcher.seconds is not None and not isinstance(watcher.seconds, Unknown)
    )
    return scene.live(
        cell_id,
        f"{reading} for this reading, {errors}{looks}; {kept}",
        "this reading, and runs of the scenarios that judge",
        evidence=failures[:_MOST_NAMED],
    )


def failed_reads(snapshot: Snapshot) -> tuple[str, ...]:
    """What DSS did not answer, or not readably, while the project was read: each failure once. A refusal for want of a
    right is an answer."""
    scenarios = known(snapshot.scenarios, ())
    parts = [getattr(snapshot, each.name) for each in fields(snapshot)]
    parts += [part for scenario in scenarios for part in (scenario.runs, scenario.settings)]
    parts += [getattr(fact, each.name) for fact in snapshot.facts for each in fields(fact)]
    return tuple(dict.fromkeys(part.reason for part in parts if isinstance(part, Unknown) and part.cause in _FAILED))
