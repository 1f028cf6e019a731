"""What people noted, as today tells it: who looked at the morning, what is muted, and what stands in the way of both."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time
from typing import Optional

from ...model.guide import Callout, Cell, Section, Table
from ...model.known import Known, Unknown
from ...model.ledger import FOLDER, Ledger, Mute, SignOff
from .. import words
from ..compose.scene import Scene, key

_SAID = "the state folder"


def this_morning(scene: Scene, ledger: Known[Optional[Ledger]]) -> Optional[SignOff]:
    """The last sign-off since midnight on the project's clock; None where nobody looked, or that cannot be told."""
    if ledger is None or isinstance(ledger, Unknown):
        return None
    return ledger.signed_off(datetime.combine(scene.now.astimezone(scene.zone).date(), time(), scene.zone))


def sign_off_text(scene: Scene, sign_off: Optional[SignOff]) -> str:
    """A sign-off in words: "Looked at by olivia at 07:41: all well"; '' where there is none."""
    if sign_off is None:
        return ""
    remark = f": {words.one_line(sign_off.remark)}" if sign_off.remark else ""
    return f"Looked at by {sign_off.by or 'nobody'} at {words.clock(sign_off.at, scene.zone)}{remark}"


def ledger_notes(ledger: Known[Optional[Ledger]]) -> Iterator[Callout]:
    """What is wrong with the notes themselves: then something may alarm that is muted, or look as if nobody had looked."""
    if isinstance(ledger, Unknown):
        needs = f" It takes {ledger.needs}." if ledger.needs else ""
        yield Callout("note", (f"What people noted is not shown, and nothing is muted: {ledger.reason}.{needs}",))
        return
    if ledger is None:
        return
    if ledger.folders > 1:
        said = f"{ledger.folders} managed folders are named {FOLDER}: the oldest is used. Rename or delete the others."
        yield Callout("warning", (said,))
    if ledger.unreadable:
        files = words.count(ledger.unreadable, "file")
        yield Callout(
            "note", (f"{words.capital(files)} of the state folder could not be read: what they say is missing.",)
        )
    if ledger.later:
        notes = words.count(len(ledger.later), "note")
        said = f"{notes} dated in the future: a clock of DSS was wrong. They count once their time has come."
        yield Callout("note", (words.capital(said),))
    if ledger.left_out or ledger.strange:
        older, newer = words.count(ledger.left_out, "older note"), words.count(len(ledger.strange), "note")
        parts = [f"{older} not read"] if ledger.left_out else []
        parts += [f"{newer} of a kind that this version does not know"] if ledger.strange else []
        yield Callout("note", (f"{words.capital(words.listed(parts))}.",))


def muted_section(scene: Scene, ledger: Known[Optional[Ledger]]) -> tuple[Section, ...]:
    """What is muted, the first to end in front; left out where nothing is."""
    if ledger is None or isinstance(ledger, Unknown) or not ledger.mutes:
        return ()
    names = {mute: name for name, mute in _muted_things(scene)}
    unread = isinstance(scene.report.scenarios, Unknown) or scene.outputs_unread is not None
    rows = tuple(
        _row(scene, mute, names.get(mute) or (mute.about if unread else f"{mute.about}, which is no longer there"))
        for mute in sorted(ledger.mutes, key=lambda mute: (mute.until, mute.about))
    )
    caption = f"{words.count(len(rows), 'mute')}; what is muted keeps its verdict and does not alarm"
    return (Section("muted", "Muted", (Table(("What", "Until", "By", "Reason"), rows, caption),)),)


def _muted_things(scene: Scene) -> Iterator[tuple[str, Mute]]:
    yield from ((scenario.name, scenario.muted) for scenario in scene.scenarios if scenario.muted)
    yield from ((scene.name(output.ref), output.muted) for output in scene.outputs if output.muted)


def _row(scene: Scene, mute: Mute, name: str) -> tuple[Cell, ...]:
    row = f"today.muted-{key(mute.about)}"
    return (
        scene.live(f"{row}.what", name, _SAID),
        scene.live(f"{row}.until", scene.time(mute.until), _SAID, at=mute.until),
        scene.live(f"{row}.by", mute.by, _SAID, evidence=(f"since {scene.time(mute.since)}",)),
        scene.live(f"{row}.reason", words.one_line(mute.reason), _SAID),
    )
