"""What changed since it last went well: the recipes on the way, their sources, the scenario, who it runs as."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Optional

from ...model.incident import Change, Changes, Failure, Incident, Opened, Suspicion
from ...model.known import Cause, Known, Unknown, known
from ...model.ledger import about
from ...model.snapshot import ObjectRef, Run, Scenario
from .. import words
from ..compose.scene import Scene
from ..duration import SUCCESSES

_MOST = 20


def changes(
    incident: Incident, scene: Scene, failure: Optional[Failure], suspicion: Suspicion, opened: Opened
) -> Changes:
    """All that is on record as changed between the last success and the trouble, newest first, and what is not on
    record."""
    scenario = _scenario(incident, scene)
    since = _since(incident, scenario, scene)
    if isinstance(since, Unknown):
        return Changes(since, (), _never_told(opened, scene))
    path = _on_the_way(incident, failure, suspicion, scene)
    recipes = {node.ref or node.id for ref in path for node in [scene.flow.recipe_of(ref)] if node is not None}
    found = [
        *_of_recipes(opened.recipes, recipes),
        *_of_datasets(path, scene),
        *_of_scenario(scenario),
        *_of_user(scenario, incident),
        *_of_commits(scene),
        *_of_bundles(scene),
        *_of_timeline(opened.timeline, path, recipes, scenario),
    ]
    dated = [change for change in found if change.at is None or change.at >= since]
    # The timeline tells of the same edit by whom, so that it comes last and stays.
    unique = {(change.what, change.name, _minute(change.at)): change for change in dated}
    newest = sorted(unique.values(), key=lambda c: (c.at or scene.now, c.what, c.name), reverse=True)
    return Changes(since, tuple(newest[:_MOST]), _never_told(opened, scene))


def _minute(at: Optional[datetime]) -> Optional[datetime]:
    return None if at is None else at.replace(second=0, microsecond=0)


def _scenario(incident: Incident, scene: Scene) -> Optional[Scenario]:
    subjects = [symptom.subject for symptom in incident.symptoms]
    found = (s for name in subjects for s in known(scene.snapshot.scenarios, ()) if about("SCENARIO", s.id) == name)
    return next(found, None)


def _since(incident: Incident, scenario: Optional[Scenario], scene: Scene) -> Known[datetime]:
    """The start of the last success before the trouble: what changed while it ran may not have been in it."""
    if scenario is not None and not isinstance(scenario.runs, Unknown):
        good = [run for run in scenario.runs if _good_before(run, incident.root.began_at)]
        if good and good[0].start is not None:
            return good[0].start
    if incident.root.well_at is not None:
        return incident.root.well_at
    built = _built_before(incident, scene)
    return built if built is not None else Unknown("no success before it is on record", Cause.NOT_RECORDED)


def _built_before(incident: Incident, scene: Scene) -> Optional[datetime]:
    """The start of the last build of which nothing is wrong: of implausible data, the one before the build that made it."""
    root = incident.root
    if root.ref is None:
        return None
    builds = known(scene.fact(root.ref).builds, ())
    good = sorted((b.start for b in builds if b.success and b.start and b.start < root.began_at), reverse=True)
    skipped = 1 if root.kind in ("rows", "quality") else 0
    return good[skipped] if len(good) > skipped else None


def _good_before(run: Run, moment: datetime) -> bool:
    return run.outcome in SUCCESSES and run.start is not None and run.start < moment


def _on_the_way(
    incident: Incident, failure: Optional[Failure], suspicion: Suspicion, scene: Scene
) -> tuple[ObjectRef, ...]:
    """What failed, what is wrong, and all that they are made from."""
    begin = [symptom.ref for symptom in incident.symptoms if symptom.ref is not None]
    if failure is not None:
        begin = [*failure.failed, *(() if failure.failed else failure.targets)] or begin
    if suspicion.ref is not None:
        begin.append(suspicion.ref)
    found = dict.fromkeys(begin)
    for ref in begin:
        found.update(dict.fromkeys(scene.flow.upstream(ref)))
    return tuple(found)


def _of_recipes(recipes: Known[tuple[Change, ...]], on_the_way: set[str]) -> Iterator[Change]:
    for change in known(recipes, ()):
        if change.name in on_the_way and change.at is not None:
            yield change


def _of_datasets(path: tuple[ObjectRef, ...], scene: Scene) -> Iterator[Change]:
    for ref in path:
        differs = scene.unaccepted(ref)
        if differs:
            yield Change("schema", scene.name(ref), None, "", f"not as accepted: {differs}")
        dataset = scene.datasets.get(ref)
        if dataset is not None and dataset.modified_at is not None:
            yield Change("dataset", scene.name(ref), dataset.modified_at, "", "its settings or columns were changed")


def _of_scenario(scenario: Optional[Scenario]) -> Iterator[Change]:
    if scenario is not None and scenario.modified_at is not None:
        yield Change("scenario", scenario.name or scenario.id, scenario.modified_at, scenario.modified_by, "edited")


def _of_user(scenario: Optional[Scenario], incident: Incident) -> Iterator[Change]:
    """Whether another user ran it than the time before."""
    runs = () if scenario is None or isinstance(scenario.runs, Unknown) else scenario.runs
    bad = next((run for run in runs if run.run_id and run.run_id == incident.root.run_id), None)
    good = next((run for run in runs if _good_before(run, incident.root.began_at)), None)
    if bad is not None and good is not None and bad.run_as and good.run_as and bad.run_as != good.run_as:
        yield Change("user", bad.run_as, bad.start, "", f"it ran as {good.run_as} before")


def _of_commits(scene: Scene) -> Iterator[Change]:
    for commit in known(scene.snapshot.commits, ()):
        if commit.at is not None:
            yield Change("commit", commit.id[:10], commit.at, commit.author, words.one_line(commit.message, 160))


def _of_bundles(scene: Scene) -> Iterator[Change]:
    for bundle in known(scene.snapshot.bundles, ()):
        if bundle.created_at is not None:
            yield Change("bundle", bundle.id, bundle.created_at, "", "active" if bundle.active else "")


def _of_timeline(
    timeline: Known[tuple[Change, ...]], path: tuple[ObjectRef, ...], recipes: set[str], scenario: Optional[Scenario]
) -> Iterator[Change]:
    """Edits of the objects on the way, and of the project as a whole; not their builds."""
    names = {ref.id for ref in path} | recipes | ({scenario.id} if scenario is not None else set())
    for change in known(timeline, ()):
        if change.name in names or change.what in ("project", "variables", "code env"):
            yield change


_UNDATED = (
    (
        "Project variables",
        Unknown("DSS keeps no date of their changes: compare them with the last bundle or commit", Cause.NOT_RECORDED),
    ),
    (
        "Code environment",
        Unknown("DSS does not tell when its packages changed: whoever looks after it can say", Cause.NOT_RECORDED),
    ),
)


def _never_told(opened: Opened, scene: Scene) -> tuple[tuple[str, Unknown], ...]:
    """What may have changed without a trace that can be read."""
    parts = (("Recipes", opened.recipes), ("Timeline", opened.timeline), ("Commits", scene.snapshot.commits))
    return (*((what, part) for what, part in parts if isinstance(part, Unknown)), *_UNDATED)
