"""Maintenance Windows: when which system is down, and which starts fall into that time."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from ...model.guide import Block, Callout, Cell, Heading, Item, Items, Link, Table, Tone
from ...model.known import Known, Unknown
from ...model.ledger import about
from ...model.profile import Window
from ...model.report import Collision
from .. import words
from .offers import in_place
from .phrases import why_unjudged
from .scene import Scene, key

NEEDS = ("instance", "settings", "scenario_settings")

_PLATFORM, _PAUSED = "Dataiku Platform", "All jobs paused"


def compose(scene: Scene) -> tuple[Block, ...]:
    return (
        Heading("scheduled-downtime", "Scheduled Downtime"),
        Table(
            ("System", "Maintenance Window", "Impact", "Starts Inside"),
            tuple(_rows(scene)),
            "The systems this project depends on",
        ),
        Heading("during-maintenance", "During Maintenance"),
        *_triggers(scene),
        Items(
            (
                Item(("Jobs will be paused/delayed: ", _current(scene))),
                Item(
                    (
                        "Monitor for automatic recovery after maintenance (",
                        Link("section", "morning-health-check", label="check"),
                        ")",
                    )
                ),
                Item(("Manually trigger if needed post-maintenance: ", _to_start(scene)), _to_start_here(scene)),
            ),
            ordered=True,
        ),
    )


def _rows(scene: Scene) -> list[tuple[Cell, ...]]:
    windows = list(enumerate(scene.profile.maintenance))
    platform = [(i, w) for i, w in windows if w.system.casefold() == _PLATFORM.casefold()]
    rows = [_window_row(scene, i, window) for i, window in platform] or [_undeclared(scene, _PLATFORM, _PAUSED)]
    rows += [_window_row(scene, i, window) for i, window in windows if (i, window) not in platform]
    named = {window.system.casefold() for _, window in windows}
    for connection in _connections(scene):
        label = scene.profile.connections[connection].label if connection in scene.profile.connections else ""
        if connection.casefold() not in named and label.casefold() not in named:
            rows.append(_undeclared(scene, connection, "", label))
    return rows


def _connections(scene: Scene) -> list[str]:
    """The connections the flow's datasets use, those of sources first."""
    ordered = [*(s.ref for s in scene.sources), *scene.datasets]
    used = (scene.datasets[ref].connection for ref in ordered if ref in scene.datasets)
    return list(dict.fromkeys(name for name in used if name))


def _window_row(scene: Scene, number: int, window: Window) -> tuple[Cell, ...]:
    row = f"maintenance-windows.window-{number}"
    zone = window.timezone or scene.report.zone
    report = scene.report.windows[number]
    upcoming = report.span
    evidence: tuple[str, ...] = ()
    if upcoming is not None:
        start, end = upcoming
        word = "now" if start <= scene.now else "next"
        evidence = (f"{word}: {scene.time(start)} to {scene.time(end)}",)
    return (
        scene.declare(f"{row}.system", "maintenance", window.system),
        scene.declare(
            f"{row}.window",
            "maintenance",
            window_text(window, zone),
            evidence=evidence,
            tone=Tone.NOTICE if upcoming is not None and upcoming[0] <= scene.now else Tone.NONE,
        ),
        _impact(scene, f"{row}.impact", window),
        _inside(scene, f"{row}.inside", window, report.collisions),
    )


def _impact(scene: Scene, cell_id: str, window: Window) -> Cell:
    if window.impact:
        return scene.declare(cell_id, "maintenance", window.impact)
    if window.system.casefold() == _PLATFORM.casefold():
        return scene.fixed(cell_id, _PAUSED, declare="maintenance")
    return scene.missing(cell_id, "maintenance", "no impact is written down")


def window_text(window: Window, zone: str) -> str:
    """A window in words: "Saturday 22:00 to 02:00 (Europe/Paris)"."""
    if window.start and window.end:
        return f"{window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M %z}".strip()
    if not window.from_time or not window.to_time:
        return words.weekdays(window.days)
    days = "Every day" if len(window.days) in (0, 7) else words.weekdays(window.days)
    return f"{days} {window.from_time} to {window.to_time} ({zone})"


def _undeclared(scene: Scene, system: str, impact: str, label: str = "") -> tuple[Cell, ...]:
    row = f"maintenance-windows.system-{key(system)}"
    missing = "only who runs it can say"
    if system == _PLATFORM:
        name = scene.fixed(f"{row}.system", system)
    else:
        shown = f"{label} (connection {system})" if label else f"Connection {system}"
        name = scene.live(f"{row}.system", shown, "dataset settings")
    return (
        name,
        scene.missing(f"{row}.window", "maintenance", missing),
        scene.fixed(f"{row}.impact", impact) if impact else scene.missing(f"{row}.impact", "maintenance", missing),
        scene.missing(f"{row}.inside", "maintenance", "no window is declared for it"),
    )


def _inside(scene: Scene, cell_id: str, window: Window, found: Known[tuple[Collision, ...]]) -> Cell:
    """The starts of the next 30 days that fall into the window, and whether DSS makes up for them."""
    if window.runs_expected:
        return scene.inferred(cell_id, "Runs are expected all the same", "the profile")
    if isinstance(found, Unknown):
        return scene.unknown(cell_id, found)
    source = "the schedules of the next 30 days"
    if not found:
        return scene.inferred(cell_id, "None", source)
    times = Counter(collision.scenario_id for collision in found)
    names = [f"{scene.scenario_names.get(key, key)} ({number}×)" for key, number in times.items()]
    lost = sum(not collision.caught_up for collision in found)
    missed = (
        f"{lost:,} of them will not be made up for: run them by hand" if lost else "DSS is likely to make up for them"
    )
    return scene.inferred(
        cell_id,
        f"{words.listed(names, 4)}; first {scene.time(found[0].at)}; {missed}",
        source,
        at=found[0].at,
        tone=scene.alarm(Tone.NOTICE),
        reason="after a stop, DSS starts a missed run only within about a tenth of the time to the next one",
    )


# --- during maintenance ----------------------------------------------------------------------------------------------


def _triggers(scene: Scene) -> tuple[Block, ...]:
    if triggers_disabled(scene):
        return (
            Callout(
                "important",
                (
                    "Automatic triggers are switched off for this project: no scenario starts by itself until they are on again.",
                ),
            ),
        )
    return ()


def triggers_disabled(scene: Scene) -> bool:
    """Whether the project's settings hold all triggers back, as far as they could be read."""
    project, settings = scene.snapshot.project, scene.snapshot.settings
    said = [part.triggers_disabled for part in (project, settings) if not isinstance(part, Unknown)]
    return True in said


def _current(scene: Scene) -> Cell:
    cell_id = "maintenance-windows.current"
    windows = scene.profile.maintenance
    if not windows:
        return scene.missing(cell_id, "maintenance", "no window is declared")
    spans = [(*report.span, window) for window, report in zip(windows, scene.report.windows) if report.span is not None]
    if not spans:
        return scene.inferred(cell_id, "no declared window is still to come", "the declared windows")
    start, end, window = min(spans, key=lambda span: span[0])
    if start <= scene.now:
        said, at, tone = f"{window.system} is in maintenance now, until {scene.time(end)}", end, Tone.NOTICE
    else:
        said, at, tone = f"next: {window.system}, {scene.time(start)} to {scene.time(end)}", start, Tone.NONE
    return scene.inferred(cell_id, said, "the declared windows", at=at, tone=tone)


def _to_start(scene: Scene) -> Cell:
    cell_id = "maintenance-windows.missed"
    scenarios = scene.report.scenarios
    if isinstance(scenarios, Unknown):
        return scene.unknown(cell_id, scenarios)
    missed = [s for s in scene.active if s.state.verdict == "NOT_RUN"]
    unread = [s for s in scene.active if s.state.verdict == "UNKNOWN"]
    if missed:
        return scene.inferred(
            cell_id,
            f"did not run: {words.listed([s.name or s.id for s in missed], 6)}",
            "schedules and runs",
            tone=scene.alarm(Tone.BAD, all(s.test or s.muted is not None for s in missed)),
            link=Link("section", "run-a-scenario-manually"),
        )
    if unread:
        why = why_unjudged(unread[0])
        said = f"{words.count(len(unread), 'scenario')} could not be judged; {unread[0].name}: {why.reason}"
        return scene.unknown(cell_id, replace(why, reason=said))
    return scene.inferred(cell_id, "no scenario has missed its start", "schedules and runs")


def _to_start_here(scene: Scene) -> tuple[Item, ...]:
    """The recovery list: each missed start, to be made up for in place."""
    missed = [s for s in scene.active if s.state.verdict == "NOT_RUN"]
    ways = (in_place(scene.offers, "run-scenario", about("SCENARIO", s.id), f"Run {s.name or s.id}…") for s in missed)
    return tuple(Item(way) for way in ways if way)
