"""What people did about incidents: who took them, what they wrote, and what stands now.

For a person: *an incident is open until somebody takes it (acknowledged), closes it (resolved), or the thing is well
again (recovered). Who closes one and sees the thing go wrong again has it open again. The order in which notes are found
never matters; two people who write at once are both kept.*
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Optional

from ...model.event import Event
from ...model.guide import Tone
from ...model.incident import KINDS, Incident, Mention, Symptom, parse_identity
from ...model.ledger import Ledger
from ..compose.scene import Scene
from .escalation import next_call
from .grouping import Group

SPOKEN = ("acknowledge", "assign", "note", "resolve")
PREFIX = "incident:"

_TONES = {
    "outage": Tone.BAD,
    "late_source": Tone.BAD,
    "failed_run": Tone.BAD,
    "missed_run": Tone.BAD,
    "quality": Tone.BAD,
    "late_run": Tone.NOTICE,
    "quiet": Tone.NOTICE,
    "rows": Tone.BAD,
    "stale": Tone.BAD,
    "promise": Tone.BAD,
}
_ORDER = (Tone.BAD, Tone.NOTICE, Tone.UNKNOWN, Tone.NONE, Tone.QUIET, Tone.GOOD)


def incidents(groups: Sequence[Group], scene: Scene, ledger: Optional[Ledger]) -> tuple[Incident, ...]:
    """Every group as an incident with what was done about it: open ones first, the worst and newest in front."""
    events = spoken(ledger.events if ledger is not None else ())
    owners = _owners(groups, events, scene.now)
    found = [
        _incident(group, [event for event in events if owners.get(event.uuid) == place], scene, ledger)
        for place, group in enumerate(groups)
    ]
    return tuple(sorted(found, key=_place))


def spoken(events: Iterable[Event]) -> tuple[Event, ...]:
    """The events about incidents, in their order, each once."""
    each = {event.order: event for event in events if event.kind in SPOKEN and event.about.startswith(PREFIX)}
    return tuple(each[order] for order in sorted(each))


def _place(incident: Incident) -> tuple[bool, int, int, float, str]:
    newest = -incident.root.began_at.timestamp()
    return (not incident.open, int(bool(incident.muted)), _ORDER.index(incident.tone), newest, incident.id)


# --- whose event is it? ----------------------------------------------------------------------------------------------


def _owners(groups: Sequence[Group], events: Iterable[Event], now: datetime) -> dict[str, int]:
    """The group that each event is about, by uuid. The id that it names counts first; then the other symptoms that its
    writer saw, because what is at the root may be found out later."""
    found: dict[str, int] = {}
    for event in events:
        for named in (event.about[len(PREFIX) :], *members(event)):
            place = next((n for n, group in enumerate(groups) if answers(group, named, now)), None)
            if place is not None:
                found[event.uuid] = place
                break
    return found


def members(event: Event) -> tuple[str, ...]:
    """The ids of all symptoms that an incident had when somebody wrote about it."""
    listed = event.data.get("members")
    return tuple(str(item) for item in listed)[:50] if isinstance(listed, (list, tuple)) else ()


def answers(group: Group, named: str, now: datetime) -> bool:
    """Whether an id, today's or an earlier one, is about a group. The root alone may be meant by many moments, what
    follows from it only by its own id."""
    parsed = parse_identity(named)
    if parsed is None:
        return False
    return group.root.answers_to(*parsed, now) or any(each.id == named for each in group.others)


def forgotten(found: Sequence[Incident], scene: Scene, ledger: Optional[Ledger]) -> tuple[Incident, ...]:
    """Incidents that only their notes remember: what was wrong is no longer seen, or its history was cleared."""
    known = {mention_of for incident in found for mention_of in incident.heard}
    lost: dict[str, list[Event]] = {}
    for event in spoken(ledger.events if ledger is not None else ()):
        if event.uuid not in known:
            lost.setdefault(event.about[len(PREFIX) :], []).append(event)
    rebuilt = (_remembered(named, events) for named, events in lost.items())
    return tuple(sorted((each for each in rebuilt if each is not None), key=_place))


def _remembered(named: str, events: Sequence[Event]) -> Optional[Incident]:
    parsed, data = parse_identity(named), events[-1].data
    kind, subject = _text(data, "what"), _text(data, "subject")
    if parsed is None or kind not in KINDS:
        return None
    root = Symptom(
        kind, subject, _text(data, "name") or subject, "", "no longer seen", parsed[0], ended_at=events[-1].at
    )
    if root.id != named:
        return None
    mentions = tuple(_mention(event) for event in events)
    closed = [each.at for each in mentions if each.kind == "resolve"]
    return Incident(
        root,
        (),
        title(root),
        "resolved" if closed else "recovered",
        Tone.QUIET,
        mentions,
        _assignee(mentions),
        next((each.at for each in mentions if each.kind in ("acknowledge", "assign")), None),
        None,
        closed[-1] if closed else None,
        remark="" if closed else "no longer seen; when it became well is not on record",
        heard=tuple(event.uuid for event in events),
    )


# --- what stands -----------------------------------------------------------------------------------------------------


def _incident(group: Group, events: Sequence[Event], scene: Scene, ledger: Optional[Ledger]) -> Incident:
    root, symptoms = group.root, (group.root, *group.others)
    mentions = tuple(_mention(event) for event in events)
    recovered_at = _recovered(symptoms)
    resolved = _resolved(mentions, root)
    acknowledged = next((each.at for each in mentions if each.kind in ("acknowledge", "assign")), None)
    # Where the root is muted, what follows from it alarms nobody either.
    mute = ledger.muted(root.subject) if ledger is not None else None
    muted = scene.mute_text(mute) if mute is not None else ""
    state = (
        "recovered"
        if recovered_at is not None
        else "resolved"
        if resolved is not None
        else "acknowledged"
        if acknowledged is not None
        else "open"
    )
    return Incident(
        root=root,
        others=group.others,
        title=title(root),
        state=state,
        tone=_tone(symptoms, state, bool(muted), scene),
        mentions=mentions,
        assignee=_assignee(mentions),
        acknowledged_at=acknowledged,
        recovered_at=recovered_at,
        resolved_at=resolved,
        muted=muted,
        due=next_call(root, scene.profile, scene.zone),
        remark=_remark(mentions, resolved, recovered_at),
        heard=tuple(event.uuid for event in events),
    )


def _mention(event: Event) -> Mention:
    return Mention(event.at, event.by, event.kind, event.text, _text(event.data, "to"))


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""


def _recovered(symptoms: Sequence[Symptom]) -> Optional[datetime]:
    """When all of it was well again; None while anything lasts."""
    ends = [symptom.ended_at for symptom in symptoms]
    known = [end for end in ends if end is not None]
    return max(known) if len(known) == len(ends) else None


def _resolved(mentions: Iterable[Mention], root: Symptom) -> Optional[datetime]:
    """When somebody closed it, unless it went wrong again since. What follows from it may still come due: that was to be
    expected."""
    closed = [each.at for each in mentions if each.kind == "resolve"]
    if not closed or max(root.began_at, root.again_at or root.began_at) > closed[-1]:
        return None
    return closed[-1]


def _assignee(mentions: Sequence[Mention]) -> str:
    """The last whom it was given to; without that, the first who took it."""
    given = [each.to or each.by for each in mentions if each.kind == "assign"]
    taken = [each.by for each in mentions if each.kind == "acknowledge"]
    return given[-1] if given else taken[0] if taken else ""


def _remark(mentions: Sequence[Mention], resolved: Optional[datetime], recovered: Optional[datetime]) -> str:
    closed = [each for each in mentions if each.kind == "resolve"]
    if closed and resolved is None:
        return f"closed by {closed[-1].by}, and gone wrong again since"
    if resolved is not None and recovered is None:
        return "closed by a person; DSS does not show it well yet"
    return ""


def _tone(symptoms: Sequence[Symptom], state: str, muted: bool, scene: Scene) -> Tone:
    if state in ("recovered", "resolved"):
        return Tone.QUIET
    worst = min((tone_of(symptom) for symptom in symptoms if symptom.ended_at is None), key=_ORDER.index)
    return Tone.QUIET if muted else scene.alarm(worst)


def tone_of(symptom: Symptom) -> Tone:
    if symptom.verdict in ("AT_RISK", "NEW_LEVEL"):
        return Tone.NOTICE
    return _TONES[symptom.kind]


_TITLES = {
    "outage": "The instance was down",
    "late_source": "{} has not arrived",
    "failed_run": "{} failed",
    "missed_run": "{} did not start",
    "late_run": "{} runs for too long",
    "quiet": "{} is quiet for too long",
    "quality": "{} breaks its rules",
    "rows": "{} has an implausible number of rows",
    "stale": "{} is too old",
    "promise": "{} is not ready in time",
}
_OVER = {
    "late_source": "{} came late",
    "late_run": "{} ran for too long",
    "quiet": "{} was quiet for too long",
    "promise": "{} was not ready in time",
    "stale": "{} was too old",
}


def title(root: Symptom) -> str:
    """What is wrong in a few words."""
    over = root.ended_at is not None
    said = (_OVER.get(root.kind) if over else None) or _TITLES[root.kind]
    if root.verdict == "AT_RISK":
        said = "{} is at risk"
    return said.format(root.name)
