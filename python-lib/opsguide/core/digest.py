"""What has to be told to people who do not look at the page: only exceptions, each once.

For a person: *an alarm is told when it begins and when it is over, and again only when it became another one: another
verdict, or another day's promise. The first digest of a day says as well what still stands, what is muted and what is not
known; a quiet day is one line. During a maintenance window no alarm is told: what began is held back, and told when the
window is over, if it still stands.*

Worked example: sales_mart misses 06:30 at 06:31: told. At 06:46 it is still missing: nothing. At 07:10 it is built: "well
again". Next morning it misses again: told, because that is another promise.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Optional

from dateutil import tz

from ..model.digest import Digest, Told
from ..model.guide import Link, Tone
from ..model.known import Unknown
from ..model.profile import Declared
from ..model.report import Report
from ..model.today import Evaluation, OutputToday, ScenarioToday, Today
from . import words
from .today.evaluation import Line, about, judged
from .today.news import BLIND

LONGEST_LINE, MOST_LINES, _NAMED = 400, 40, 5
_ALARMING = (Tone.BAD, Tone.NOTICE)
_SCREENS = {"MANAGED_FOLDER": "folder", "SAVED_MODEL": "saved-model"}
Href = Callable[[Optional[Link]], Optional[str]]


def compose_digest(
    today: Today,
    found: Evaluation,
    windows: Sequence[str],
    told: Optional[Told],
    href: Href,
    scenarios: frozenset[str] = frozenset(),
    outputs: frozenset[str] = frozenset(),
) -> Digest:
    """The digest of a day as judged (`found` is its evaluation, of the named scenarios and outputs where these are given).
    `windows` are the maintenance windows that are on, in words; `told` is what was told before, None where nothing was
    or nobody knows; `href` gives the address of a link, None where there is none."""
    before = told or Told()
    lines = judged(today, scenarios, outputs)
    alarming = {about(line): line for line in lines if line.tone in _ALARMING and line.alarms}
    prints = {name: (_print(line), line.name) for name, line in alarming.items()}
    if BLIND in found.wrong:
        prints[BLIND[1]] = ("blind", "the project")
    new = [name for name in prints if before.alarms.get(name, ("",))[0] != prints[name][0]]
    held, new = (new, []) if windows else ([], new)
    over = [name for name in before.alarms if name not in prints and _is_over(name, lines, today)]
    still = [name for name in prints if name not in new and name not in held]
    day = today.taken_at.astimezone(_zone(today)).date().isoformat()
    first = before.day != day
    said = [_told(today, alarming.get(name), href) for name in new]
    said += [f"Well again: {_names(before.alarms, over)}"] if over else []
    said += [f"As told before: {_names(prints, still)}"] if still else []
    said += [f"Held back while {window}: {_names(prints, held) or 'nothing'}" for window in windows]
    unknown = [line.name for line in lines if line.tone is Tone.UNKNOWN]
    said += [f"Not known: {words.listed(unknown, _NAMED)}"] if unknown else []
    said += [f"Muted: {each}" for each in found.muted]
    names = {**before.alarms, **prints}
    kept = {name: each for name, each in names.items() if name not in over and name not in held}
    kept.update({name: before.alarms[name] for name in held if name in before.alarms})
    if not (new or over or still or held):
        said = [found.headline, *said]
    return Digest(
        subject=_subject(today, prints, new, before.alarms, over),
        lines=tuple(_plain(line) for line in _bounded(said)),
        speaks=bool(new or over or first) and found.verdict != "QUIET",
        told=Told(day, kept),
        number=len(new),
    )


def windows_on(report: Report, declared: Declared, now: datetime, zone: tzinfo) -> tuple[str, ...]:
    """The maintenance windows that are on at `now` and during which no run is expected: until when, and who says so."""
    layer = declared.layer_of("maintenance")
    return tuple(
        f"{words.one_line(window.system, 80)} is in maintenance until {words.moment(each.span[1], zone, now)}, "
        f"by the profile ({layer})"
        for window, each in zip(declared.profile.maintenance, report.windows)
        if each.span is not None and each.span[0] <= now < each.span[1] and not window.runs_expected
    )


def to_data(told: Told) -> dict[str, Any]:
    """What is to be remembered, JSON values only."""
    return {"day": told.day, "alarms": {name: list(each) for name, each in told.alarms.items()}}


def from_data(data: Any) -> Optional[Told]:
    """What was remembered; None where it cannot be read."""
    if not isinstance(data, Mapping) or not isinstance(data.get("alarms"), Mapping):
        return None
    pairs = {
        str(name): (str(each[0]), str(each[1]))
        for name, each in data["alarms"].items()
        if isinstance(each, list) and len(each) == 2
    }
    return Told(str(data.get("day") or ""), pairs)


def question(scenarios: frozenset[str], outputs: frozenset[str], to: Sequence[str]) -> str:
    """A short name of what is told to whom: only digests of the same are compared."""
    asked = json.dumps([sorted(scenarios), sorted(outputs), sorted(to)])
    return f"digest-{hashlib.sha256(asked.encode()).hexdigest()[:16]}"


def _print(line: Line) -> str:
    """What makes an alarm the same one: its verdicts and the moment that it is about, never how long it lasts."""
    verdicts = [line.tone.value, line.verdict]
    moment: Optional[datetime] = None
    if isinstance(line, OutputToday):
        verdicts += [line.freshness, line.volume]
        moment = line.due_at
    elif isinstance(line, ScenarioToday):
        moment = line.expected_at or line.started_at
    return "/".join([*verdicts, moment.isoformat() if moment is not None else ""])


def _is_over(name: str, lines: Sequence[Line], today: Today) -> bool:
    """Only what is seen to be well, or is seen to be gone, is over."""
    line = next((each for each in lines if about(each) == name), None)
    if line is not None:
        muted = isinstance(line, (OutputToday, ScenarioToday)) and line.muted is not None
        return line.tone is not Tone.UNKNOWN and not muted
    return not any(isinstance(part, Unknown) for part in (today.scenarios, today.outputs, today.sources))


def _told(today: Today, line: Optional[Line], href: Href) -> str:
    if line is None:
        return f"The project could not be read: {today.headline}"
    link = href(_link(line))
    return f"{line.name}: {words.one_line(line.problem, LONGEST_LINE)}" + (f" {link}" if link else "")


def _link(line: Line) -> Link:
    if isinstance(line, ScenarioToday):
        return Link("scenario-runs", line.id)
    if isinstance(line, OutputToday) and line.link is not None:
        return line.link
    owner, _, name = line.id.rpartition(".")
    return Link(_SCREENS.get(line.kind, "dataset"), name, owner)


def _subject(
    today: Today,
    prints: Mapping[str, tuple[str, str]],
    new: Sequence[str],
    before: Mapping[str, tuple[str, str]],
    over: Sequence[str],
) -> str:
    fresh, other = [n for n in new if n not in before], [n for n in new if n in before]
    parts = [f"{words.count(len(fresh), 'new alarm')}: {_names(prints, fresh)}"] if fresh else []
    parts += [f"changed: {_names(prints, other)}"] if other else []
    parts += [f"well again: {_names(before, over)}"] if over else []
    said = "; ".join(parts) or today.headline
    return words.one_line(_plain(f"{today.project_key}: {said}"), 150)


def _names(known: Mapping[str, tuple[str, str]], wanted: Sequence[str]) -> str:
    return words.listed([words.one_line(known[name][1], 60) for name in wanted], _NAMED)


def _bounded(said: list[str]) -> list[str]:
    if len(said) <= MOST_LINES:
        return said
    return [*said[:MOST_LINES], f"and {len(said) - MOST_LINES:,} more on the page"]


def _plain(line: str) -> str:
    """One line, in which no name can call a channel, make a link or begin a tag where the message is shown."""
    flat = words.one_line(line, 2 * LONGEST_LINE)
    return flat.replace("<", "‹").replace(">", "›").replace("](", "] (")


def _zone(today: Today) -> tzinfo:
    return tz.gettz(today.zone) or tz.UTC
