"""The guide's front: title, whose project it is and who is on call, and what a reader must know first."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ...model.guide import Callout, Cell, Link, Tone
from ...model.known import Cause, Unknown, known
from ...model.profile import Contact, OnCall
from .. import words
from .maintenance_windows import triggers_disabled
from .scene import Scene

_REVIEW_DAYS = 90


def title(scene: Scene) -> str:
    return f"{project_name(scene)} - Operations Guide"


def project_name(scene: Scene) -> str:
    """The project's name, its key where it has none that can be read."""
    project = scene.snapshot.project
    name = "" if isinstance(project, Unknown) else words.one_line(project.name, 120)
    return name or scene.snapshot.project_key


def header(scene: Scene) -> tuple[Cell, ...]:
    """Project, node, bundle, the three dates, on-call contact: each reads by itself."""
    return (
        _project(scene),
        _node(scene),
        *_bundle(scene),
        scene.live(
            "header.updated",
            f"Last Updated: {words.day(scene.now, scene.zone)} {words.clock(scene.now, scene.zone)}",
            "this reading",
            at=scene.now,
            zone=scene.report.zone,
            reason="" if scene.snapshot.clock == "DSS" else f"by the clock of {scene.snapshot.clock}: DSS sent no date",
        ),
        _changed(scene),
        _reviewed(scene),
        oncall_cell(scene, "header.oncall"),
    )


def _project(scene: Scene) -> Cell:
    project = scene.snapshot.project
    if isinstance(project, Unknown):
        return scene.unknown("header.project", project)
    key = f" ({project.key})" if project.key != project.name else ""
    return scene.live("header.project", f"{project_name(scene)}{key}", "project summary", link=Link("project"))


def _node(scene: Scene) -> Cell:
    instance = scene.snapshot.instance
    if isinstance(instance, Unknown):
        return scene.unknown("header.node", instance)
    name = instance.node_name or instance.node_id
    said = f"{instance.node_type.capitalize()} node" if instance.node_type else "Node of unknown type"
    return scene.live("header.node", f"{said} {name}".strip(), "instance information")


def _bundle(scene: Scene) -> tuple[Cell, ...]:
    """The active bundle, where bundles are what runs: on an automation node."""
    if scene.node_type != "AUTOMATION":
        return ()
    bundles = scene.snapshot.bundles
    if isinstance(bundles, Unknown):
        return (scene.unknown("header.bundle", bundles),)
    active = next((bundle for bundle in bundles if bundle.active), None)
    if active is None:
        return (
            scene.unknown("header.bundle", Unknown("DSS does not tell which bundle is active", Cause.NOT_RECORDED)),
        )
    return (scene.live("header.bundle", f"Active bundle {active.id}", "bundle list", link=Link("bundles-automation")),)


def _changed(scene: Scene) -> Cell:
    project = scene.snapshot.project
    if isinstance(project, Unknown):
        return scene.unknown("header.changed", project)
    if project.modified_at is None:
        return scene.unknown(
            "header.changed", Unknown("DSS does not tell when the project changed", Cause.NOT_RECORDED)
        )
    by = f" by {project.modified_by}" if project.modified_by else ""
    return scene.live(
        "header.changed",
        f"Project last changed {scene.time(project.modified_at)}{by}",
        "project summary",
        at=project.modified_at,
    )


def _reviewed(scene: Scene) -> Cell:
    reviewed = scene.profile.reviewed
    if reviewed is None:
        return scene.missing("header.reviewed", "reviewed", "no person has noted a review of this guide")
    today = scene.now.astimezone(scene.zone).date()
    days = (today - reviewed.on).days
    by = f" by {reviewed.by}" if reviewed.by else ""
    old = days > _REVIEW_DAYS
    said = f"Last reviewed {words.date_text(reviewed.on, today)}{by}"
    return scene.declare(
        "header.reviewed",
        "reviewed",
        f"{said}, {days:,} days ago: review it again" if old else said,
        tone=Tone.NOTICE if old else Tone.NONE,
    )


def oncall_cell(scene: Scene, cell_id: str) -> Cell:
    """Who is on call now: the rota's turn, else the standing contact, else the project's owner, marked as a default."""
    oncall = scene.profile.oncall
    contact, until = _turn(oncall, scene.now, scene)
    owner = scene.owner(cell_id, "oncall", "on-call contact")
    cell = scene.contact(cell_id, "oncall", contact, owner)
    lead = f"On-Call Contact: {cell.value}" if cell.value else ""
    more = f", until {scene.time(until)}" if until is not None and cell.value else ""
    return replace(cell, value=lead + more, at=until)


def _turn(oncall: OnCall | None, now: datetime, scene: Scene) -> tuple[Contact | None, datetime | None]:
    if oncall is None:
        return None, None
    for turn in oncall.rota:
        start, end = (at if at.tzinfo else at.replace(tzinfo=scene.zone) for at in (turn.start, turn.end))
        if start <= now < end:
            return turn.contact, end
    return oncall, None


# --- banners ---------------------------------------------------------------------------------------------------------


def banners(scene: Scene) -> tuple[Callout, ...]:
    """How to use the guide, then all that changes how its values are to be read."""
    return (_how_to_use(scene), *cautions(scene))


def cautions(scene: Scene) -> tuple[Callout, ...]:
    """What changes how every value is to be read: no alarms here, triggers off, a profile in part unusable."""
    return (*_quiet(scene), *_held_back(scene), *_unwatched(scene), *_profile(scene), *_reading(scene))


def _how_to_use(scene: Scene) -> Callout:
    project = scene.snapshot.project
    about = "" if isinstance(project, Unknown) else words.one_line(project.short_desc)
    use = (
        "How to use this guide: Reference this for day-to-day operations, monitoring, and routine maintenance of your "
        "Dataiku project."
    )
    return Callout("note", (use, *((f" This project: {about}",) if about else ())))


def _quiet(scene: Scene) -> tuple[Callout, ...]:
    if not scene.report.quiet:
        return ()
    production = words.one_line(scene.profile.production)
    where = (
        f"; production runs on {production}" if production else "; where production runs is not declared (production)"
    )
    return (Callout("note", (f"{words.capital(scene.report.quiet)}{where}. Nothing here raises an alarm.",)),)


def _held_back(scene: Scene) -> tuple[Callout, ...]:
    if not triggers_disabled(scene):
        return ()
    said = "Automatic triggers are switched off for this project: no scenario starts by itself."
    return (Callout("note" if scene.report.quiet else "warning", (said,)),)


def _unwatched(scene: Scene) -> tuple[Callout, ...]:
    """That the project's own check stopped: what it would have said, nobody hears."""
    watch = scene.report.watch
    return () if watch is None else tuple(Callout("warning", (f"{said}.",)) for said in watch.stopped)


def _profile(scene: Scene) -> tuple[Callout, ...]:
    problems = scene.declared.problems
    if not problems:
        return ()
    said = [
        f"{words.one_line(problem.path, 80)} ({problem.layer}): {words.one_line(problem.message)}"
        for problem in problems
    ]
    count = words.count(len(problems), "part")
    verb = "is" if len(problems) == 1 else "are"
    return (
        Callout("warning", (f"{count} of the profile cannot be used and {verb} left out: {words.listed(said, 8)}.",)),
    )


# What the guide does less well without a part that no cell of it shows.
_WITHOUT = {
    "viewer": "whose rights it was read with is not known",
    "users": "contacts and Run as users are not checked against the users",
    "groups": "contacts are not checked against the groups",
    "folders": "folders go by their ids",
    "zones": "the flow's zones are not known",
}
_NOT_TRIED = (Cause.NOT_READ, Cause.LEFT_OUT)


def _reading(scene: Scene) -> tuple[Callout, ...]:
    """What a reader should know of how it was read."""
    tests = [scenario.name or scenario.id for scenario in known(scene.report.scenarios, ()) if scenario.test]
    said = [words.one_line(remark) for remark in scene.snapshot.remarks]
    for part, effect in _WITHOUT.items():
        found = getattr(scene.snapshot, part)
        if isinstance(found, Unknown) and found.cause not in _NOT_TRIED:
            needs = f" (needs: {found.needs})" if found.needs else ""
            said.append(f"{words.capital(words.one_line(found.reason))}{needs}: {effect}")
    if tests:
        said.append(f"{words.listed(tests, 4)}: marked as test, so without alarm")
    return tuple(Callout("note", (remark,)) for remark in said)
