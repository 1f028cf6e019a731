"""An action as it is shown before it is confirmed: what it does, what was looked at, whom to tell."""

from __future__ import annotations

import hashlib

from ...model.action import KINDS, MODES, Proposal, Standing, Target
from ...model.known import Unknown, known
from ...model.report import DurationStat
from .. import words
from .preflight import Case, checks
from .targets import built, described, takes


def propose(case: Case) -> Proposal:
    """The action, judged; nothing is asked or changed."""
    found = checks(case)
    targets = described(case.scene, case.targets)
    notify = _notify(case, known(targets, ()))
    return Proposal(
        case.order,
        title(case),
        _name(case),
        KINDS[case.order.kind].right,
        found,
        targets,
        takes(case.scene, case.order),
        case.until,
        notify,
        _notice(case, known(targets, ())),
        case.order.name if case.order.kind == "clear" else "",
        seal(case),
        case.now,
    )


def title(case: Case) -> str:
    """The action in a few words: "Build sales_mart, with upstream, all of it"."""
    verb, name = KINDS[case.order.kind].verb, _name(case)
    said = f"{verb} {name}"
    if case.order.mode in MODES and case.order.kind == "build":
        said += f", {MODES[case.order.mode][1]}"
    return f"{said} (partition {case.order.partition})" if case.order.partition else said


def _name(case: Case) -> str:
    if case.scenario is not None:
        return words.one_line(case.scenario.name or case.scenario.id, 120)
    return case.scene.name(case.ref) if case.ref is not None else words.one_line(case.order.name, 120)


def seal(case: Case) -> str:
    """A digest of what is asked for and of the objects that the job would be given: what was shown is what is done."""
    objects = [case.scene.smart(ref) for ref in built(case.scene, case.order)]
    said = "\n".join((*case.order.to_json().values(), *objects))
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _notify(case: Case, targets: tuple[Target, ...]) -> tuple[str, ...]:
    """Whom to tell: as declared for the scenario, else those its reporters write to; and who uses what changes."""
    scene = case.scene
    people: list[str] = []
    if case.scenario is not None:
        people += scene.scenario_profile(case.scenario.id).notify
        if not people and not isinstance(case.scenario.told, Unknown):
            people += case.scenario.told.ways
    people += [who for target in targets for who in target.waits]
    return tuple(dict.fromkeys(people))


def _notice(case: Case, targets: tuple[Target, ...]) -> str:
    """The text to send before it is started."""
    scene = case.scene
    project = scene.snapshot.project
    where = f"{project.name} ({project.key})" if not isinstance(project, Unknown) else scene.snapshot.project_key
    lines = [
        f"{title(case)}: in project {where}, outside its schedule, at {scene.time(scene.now)} ({scene.report.zone})."
    ]
    outputs = [target.name for target in targets if target.is_output]
    if outputs:
        change = "Empty until they are built again" if case.order.kind == "clear" else "Replaced meanwhile"
        lines.append(f"{change}: {words.listed(outputs, 8)}.")
    length = takes(scene, case.order)
    if case.until is not None and isinstance(length, DurationStat):
        lines.append(f"Expected to be done by {scene.time(case.until)} (usually {words.duration(length.p50)}).")
    elif case.builds:
        lines.append("How long it takes is not known.")
    return "\n".join(lines)


def told_of(proposal: Proposal) -> tuple[str, ...]:
    """What the person was told and went on all the same: kept with the action."""
    return tuple(check.text for check in proposal.checks if check.standing in (Standing.NOTICE, Standing.UNKNOWN))
