"""Backup and Recovery: what can be brought back, how, and what has to be kept elsewhere."""

from __future__ import annotations

from typing import Optional

from ...model.guide import Block, Callout, Cell, Heading, Inline, Item, Items, Link, Table, Text, Tone
from ...model.known import Cause, Unknown
from ...model.profile import BackupFact
from ...model.report import DurationStat
from .. import words
from .phrases import duration_text, history_text, no_duration
from .scene import Scene, key
from .schedule_overview import main_duration_cell

NEEDS = ("instance", "settings", "folders", "scenario_settings", "bundles", "commits")

_ASK = "unknown to DSS: ask the platform team"
_KEPT_BY_HAND = frozenset({"UploadedFiles", "Inline"})


def compose(scene: Scene) -> tuple[Block, ...]:
    return (
        Heading("what-is-backed-up", "What Is Backed Up"),
        Table(
            ("Component", "Backup Frequency", "Retention", "Recovery Time"),
            (
                _component(scene, "configuration", "Project configuration", scene.profile.backup.configuration),
                _component(scene, "data", "Dataset data", scene.profile.backup.data),
                *_connection_rows(scene),
                _component(scene, "jobs", "Job history", scene.profile.backup.jobs),
            ),
            "Backups, as far as they are known",
        ),
        Items(
            (
                Item(("History of the project's configuration: ", _commits(scene))),
                Item(("Bundles: ", _bundles(scene))),
                Item(("Must be backed up, as nothing can make it again: ", _not_rebuildable(scene))),
                Item(("Job history is not primary data: it can be lost without losing any dataset.",)),
                Item(("Last time a restore was tested: ", _tested(scene))),
            )
        ),
        Heading("recovery-procedures", "Recovery Procedures"),
        Heading("to-restore-a-previous-version", "To restore a previous version:", 4),
        *_restore(scene),
        Heading("to-rebuild-data-from-scratch", "To rebuild data from scratch:", 4),
        *_rebuild(scene),
    )


def _component(scene: Scene, name: str, label: str, fact: Optional[BackupFact]) -> tuple[Cell, ...]:
    row = f"backup-and-recovery.{name}"
    path = f"backup.{name}"
    recovery = scene.missing(f"{row}.recovery", f"{path}.recovery", _ASK)
    if name == "data":
        recovery = _rebuild_time(scene, f"{row}.recovery")
    return (
        scene.fixed(f"{row}.component", label),
        scene.declare(f"{row}.frequency", f"{path}.frequency", fact.frequency if fact else "", reason=_ASK),
        scene.declare(f"{row}.retention", f"{path}.retention", fact.retention if fact else "", reason=_ASK),
        scene.declare(f"{row}.recovery", f"{path}.recovery", fact.recovery if fact else "", recovery),
    )


def _rebuild_time(scene: Scene, cell_id: str) -> Cell:
    """How long a full rebuild takes, where one scenario is known to do it."""
    path = "backup.data.recovery"
    main = scene.main
    if isinstance(main, Unknown):
        return scene.missing(cell_id, path, _ASK)
    if not isinstance(main.duration, DurationStat):
        return scene.unknown(cell_id, no_duration(main.duration), declare=path)
    return scene.inferred(
        cell_id,
        f"Rebuild: {duration_text(main.duration)} by {main.name or main.id}",
        history_text(main.duration, scene),
        seconds=main.duration.p50,
        declare=path,
        reason="what its own inputs hold must still be there",
    )


def _rebuild_takes(scene: Scene) -> Cell:
    return main_duration_cell(scene, "backup-and-recovery.rebuild-takes")


def _connection_rows(scene: Scene) -> list[tuple[Cell, ...]]:
    """One row for each connection whose backups are declared."""
    rows = []
    for name, declared in scene.profile.connections.items():
        facts = (
            ("frequency", "backup_frequency", declared.backup_frequency),
            ("retention", "backup_retention", declared.backup_retention),
            ("recovery", "recovery_time", declared.recovery_time),
        )
        if any(value for _, _, value in facts):
            row = f"backup-and-recovery.connection-{key(name)}"
            path = f"connections.{name}"
            rows.append(
                (
                    scene.declare(f"{row}.component", path, f"Data on {declared.label or name}"),
                    *(scene.declare(f"{row}.{column}", f"{path}.{leaf}", value) for column, leaf, value in facts),
                )
            )
    return rows


# --- what DSS itself keeps -------------------------------------------------------------------------------------------


def _commits(scene: Scene) -> Cell:
    commits = scene.snapshot.commits
    cell_id = "backup-and-recovery.commits"
    if isinstance(commits, Unknown):
        return scene.unknown(cell_id, commits)
    dated = [commit for commit in commits if commit.at is not None]
    if not dated:
        return scene.unknown(cell_id, Unknown("the project's git log names no commit", Cause.NOT_RECORDED))
    newest = max(dated, key=lambda commit: commit.at)  # type: ignore[arg-type, return-value]
    by = f" by {newest.author}" if newest.author else ""
    return scene.live(
        cell_id,
        f"last commit {scene.time(newest.at)}{by}" if newest.at else newest.id,
        "project git log",
        at=newest.at,
        link=Link("version-control"),
        reason="on this node's disk: whether it is pushed elsewhere is not read",
    )


def _bundles(scene: Scene) -> Cell:
    bundles = scene.snapshot.bundles
    cell_id = "backup-and-recovery.bundles"
    if isinstance(bundles, Unknown):
        return scene.unknown(cell_id, bundles)
    if not bundles:
        return scene.live(cell_id, "none", "bundle list")
    dates = [bundle.created_at for bundle in bundles if bundle.created_at]
    newest = f", the newest {words.ago(max(dates), scene.now)}" if dates else ""
    return scene.live(cell_id, words.count(len(bundles), "bundle") + newest, "bundle list")


def _not_rebuildable(scene: Scene) -> Cell:
    cell_id = "backup-and-recovery.must-back-up"
    if isinstance(scene.report.sources, Unknown):
        return scene.unknown(cell_id, scene.report.sources)
    if isinstance(scene.snapshot.datasets, Unknown):
        return scene.unknown(cell_id, scene.snapshot.datasets)
    kept = {dataset.ref: dataset.name for dataset in scene.snapshot.datasets if dataset.type in _KEPT_BY_HAND}
    by_hand = list(kept.values())
    elsewhere = [scene.name(source.ref) for source in scene.sources if source.ref not in kept]
    parts = []
    if by_hand:
        parts.append(f"in DSS only: {words.listed(by_hand, 6)}")
    if elsewhere:
        parts.append(f"at its source: {words.listed(elsewhere, 6)}")
    return scene.inferred(
        cell_id,
        "; ".join(parts) or "nothing: the flow has no sources",
        "the flow graph and dataset types",
        tone=Tone.NOTICE if by_hand else Tone.NONE,
        evidence=tuple((*by_hand, *elsewhere)[:100]),
    )


def _tested(scene: Scene) -> Cell:
    tested = scene.profile.backup.last_restore_test
    value = words.date_text(tested, scene.now.astimezone(scene.zone).date()) if tested else ""
    return scene.declare(
        "backup-and-recovery.restore-test", "backup.last_restore_test", value, reason="no restore test is on record"
    )


# --- procedures ------------------------------------------------------------------------------------------------------


def _declared_steps(scene: Scene, name: str, path: str, steps: tuple[str, ...]) -> tuple[Block, ...]:
    cells = (scene.declare(f"backup-and-recovery.{name}-{i}", path, step) for i, step in enumerate(steps))
    return (Items(tuple(Item((cell,)) for cell in cells), ordered=True),)


def _problem(scene: Scene, name: str, path: str) -> tuple[Block, ...]:
    if scene.declared.problem_at(path) is None and scene.profile_unread is None:
        return ()
    cell = scene.missing(f"backup-and-recovery.{name}-declared", path)
    return (Text((cell,), "The project's own steps:"),)


def _restore(scene: Scene) -> tuple[Block, ...]:
    steps = scene.profile.backup.restore_steps
    if steps:
        return _declared_steps(scene, "restore", "backup.restore_steps", steps)
    return (
        *_problem(scene, "restore", "backup.restore_steps"),
        Items(
            (
                Item(
                    (
                        "On a design node: Version control → find the commit → revert the project, or one object (",
                        Link("version-control", label="open"),
                        ")",
                    )
                ),
                Item(
                    (
                        "On an automation node: activate an earlier bundle (",
                        Link("bundles-automation", label="open"),
                        "): ",
                        _candidates(scene),
                    )
                ),
                Item(
                    (
                        "A dataset: bring its files, table or partition back in its own storage, then rebuild what follows",
                    )
                ),
            ),
            ordered=True,
        ),
        Callout(
            "note", ("Nothing here is restored automatically: each step replaces work that others may still need.",)
        ),
    )


def _candidates(scene: Scene) -> Cell:
    bundles = scene.snapshot.bundles
    cell_id = "backup-and-recovery.candidates"
    if isinstance(bundles, Unknown):
        return scene.unknown(cell_id, bundles)
    names = [bundle.id for bundle in bundles if not bundle.active]
    return scene.live(cell_id, words.listed(names, 5) or "no other bundle exists", "bundle list")


def _rebuild(scene: Scene) -> tuple[Block, ...]:
    steps = scene.profile.backup.rebuild_steps
    if steps:
        return _declared_steps(scene, "rebuild", "backup.rebuild_steps", steps)
    clear: tuple[Inline, ...] = (
        "Clear the outputs, last ones first, or leave them until they are overwritten (",
        Link("section", "if-data-needs-to-be-rebuilt", label="before you clear"),
        ")",
    )
    return (
        *_problem(scene, "rebuild", "backup.rebuild_steps"),
        Items(
            (
                Item(("Announce it to those who use the outputs: ", _announce(scene))),
                Item(clear),
                Item(
                    (
                        "Build upstream with all of it (a forced recursive build): ",
                        _order(scene),
                        "; expected to take ",
                        _rebuild_takes(scene),
                        ". Then check row counts and freshness.",
                    )
                ),
            ),
            ordered=True,
        ),
    )


def _announce(scene: Scene) -> Cell:
    cell_id = "backup-and-recovery.announce"
    people = list(dict.fromkeys(n for o in scene.outputs for n in scene.dataset_profile(o.ref).consumers))
    settings = scene.snapshot.settings
    projects = [] if isinstance(settings, Unknown) else [p for e in settings.exposed for p in e.to_projects]
    said = [*people, *(f"project {name}" for name in dict.fromkeys(projects))]
    if said:
        return scene.live(cell_id, words.listed(said, 6), "the profile and the project's settings")
    if isinstance(settings, Unknown):
        return scene.unknown(cell_id, settings, declare="datasets")
    return scene.missing(cell_id, "datasets", "no consumer is declared, and no other project uses the outputs")


def _order(scene: Scene) -> Cell:
    cell_id = "backup-and-recovery.order"
    if isinstance(scene.snapshot.graph, Unknown):
        return scene.unknown(cell_id, scene.snapshot.graph)
    made = [output.ref for output in scene.outputs if scene.flow.recipe_of(output.ref) is not None]
    return scene.inferred(
        cell_id,
        f"{words.listed([scene.name(ref) for ref in made], 6) or 'no output is made by a recipe'}",
        "the flow graph",
        evidence=tuple(scene.name(ref) for ref in made[6:100]),
        reason="DSS builds what each of them needs first",
    )
