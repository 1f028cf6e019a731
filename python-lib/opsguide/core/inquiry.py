"""Answers to questions about a project's operations, from the same verdicts as its pages.

What is not known is part of every answer; nothing is called ready, safe or fine by guess.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from datetime import tzinfo
from typing import Optional, Union

from dateutil import tz

from ..model.action import Proposal, Standing
from ..model.guide import Link, Tone
from ..model.known import Unknown, known
from ..model.question import Answer, Source
from ..model.today import Evaluation, OutputToday, ScenarioToday, SourceToday, Today
from . import words
from .compose.scene import SCREENS
from .status import STATES
from .today.lines import SCENARIO_WORDS

Line = Union[ScenarioToday, OutputToday, SourceToday]

# Of problems and names that one answer lists.
MOST_LISTED = 20
LONGEST_LINE = 1_000
_KINDS = {"MANAGED_FOLDER": "folder", "SAVED_MODEL": "model", "DATASET": "dataset"}
_STANDINGS = {
    Standing.BLOCKS: "In the way",
    Standing.NOTICE: "Think of",
    Standing.UNKNOWN: "Not known",
    Standing.FINE: "Fine",
}


# --- how it stands ---------------------------------------------------------------------------------------------------


def overview(today: Today, found: Evaluation) -> Answer:
    """The sentence of the day, all that is wrong, and all that somebody muted."""
    rest = [*_listed("Wrong or unknown", found.problems), *_listed("Muted", found.muted)]
    banners = [_flat(part for part in banner.parts if isinstance(part, str)) for banner in today.banners]
    return _answer(today, today.headline, [*(banner for banner in banners if banner), *rest], _wrong_lines(today))


def late(today: Today, found: Evaluation) -> Answer:
    """What is late, failed, at risk, implausible or unknown, worst first."""
    if found.problems:
        return _answer(today, *_wrong(found), _wrong_lines(today))
    head = "Nothing is late." if found.verdict in ("OK", "QUIET") else "Whether anything is late cannot be told."
    return _answer(today, head, [today.headline, *_listed("Muted", found.muted)], ())


def _wrong(found: Evaluation) -> tuple[str, list[str]]:
    return f"{len(found.problems):,} wrong or unknown, worst first:", _listed("", found.problems)[1:]


def ready(today: Today, about: str) -> Answer:
    """Whether an output, source or scenario is ready, with what its verdict rests on."""
    if not about.strip():
        return _answer(today, "Of what? Name a dataset, folder or scenario.", _names(today), ())
    lines = matching(today, about)
    if not lines:
        return unknown_name(today, about)
    told = [_state(line, today) for line in lines]
    return _answer(today, told[0][0], [*told[0][1:], *(text for each in told[1:] for text in ("", *each))], lines)


def matching(today: Today, about: str) -> tuple[Line, ...]:
    """The scenarios, outputs and sources that a name means, case aside; an output before a source of the same name."""
    wanted = about.strip().casefold()
    every = _all_lines(today)
    names = {id(line): {line.id, line.name, f"{today.project_key}.{line.id}"} for line in every}
    found = [line for line in every if wanted in {name.casefold() for name in names[id(line)]}]
    return tuple({(isinstance(line, ScenarioToday), line.id): line for line in reversed(found)}.values())[::-1]


def unknown_name(today: Today, about: str) -> Answer:
    """That the project has no such thing; or that this cannot be told, where parts of it were not read."""
    name = words.one_line(about, 80)
    unread = next((part for part in (today.scenarios, today.outputs, today.sources) if isinstance(part, Unknown)), None)
    if unread is not None:
        return _answer(today, f"Whether there is “{name}” cannot be told: {unread.reason}.", [], ())
    every = {line.name: None for line in _all_lines(today)} | {line.id: None for line in _all_lines(today)}
    close = difflib.get_close_matches(about.strip(), list(every), 3, 0.6)
    meant = f" Did you mean {words.listed(close, last='or')}?" if close else ""
    head = f"This project has no scenario, output or source “{name}”.{meant}"
    more = "What stands in the middle of the flow is not watched: ask about what is made from it."
    return _answer(today, head, [more, *_names(today)], ())


def _state(line: Line, today: Today) -> list[str]:
    zone = _zone(today)
    if isinstance(line, ScenarioToday):
        return _scenario(line, today, zone)
    state = STATES.get(line.verdict, STATES["UNKNOWN"])
    head = f"{line.name} ({_KINDS.get(line.kind, line.kind.lower())}): {state.lower()}. {_sentence(line.reason)}"
    told = [head, *_problem(line)]
    if isinstance(line, OutputToday):
        moments = (("Due", line.due_at), ("Last built", line.built_at), ("Its data is of", line.data_at))
        told += [f"{name}: {words.moment(at, zone, today.taken_at)}" for name, at in moments if at is not None]
        if line.expected_at is not None and line.expected_by is not None:
            of = f"; kept on {line.kept} of {line.of} such days" if line.of else ""
            half, most = (words.moment(at, zone, today.taken_at) for at in (line.expected_at, line.expected_by))
            told.append(f"Expected: half of such cases by {half}, nine in ten by {most}{of}")
        told += [f"Muted: {line.muted_text}" if line.muted_text else ""]
    else:
        arrived = words.moment(line.arrived_at, zone, today.taken_at) if line.arrived_at is not None else "not known"
        told += [f"Last arrived: {arrived}" + (f", by {line.seen_by}" if line.seen_by else "")]
        told += [f"Feeds: {words.listed(line.feeds, 6)}" if line.feeds else ""]
    return [text for text in (*told, *(f"- {each}" for each in line.evidence[:MOST_LISTED])) if text]


def _scenario(line: ScenarioToday, today: Today, zone: tzinfo) -> list[str]:
    state = SCENARIO_WORDS.get(line.verdict, line.verdict.replace("_", " ").lower())
    told = [f"{line.name} (scenario): {state}. {_sentence(line.reason)}"]
    told += _problem(line)
    told += [f"Advice: {line.advice}"] if line.advice else []
    moments = (("Started", line.started_at), ("Ended", line.ended_at), ("Next", line.next_at))
    told += [f"{name}: {words.moment(at, zone, today.taken_at)}" for name, at in moments if at is not None]
    told += ["It is switched off"] if not line.active else []
    told += [f"Muted: {line.muted_text}"] if line.muted_text else []
    return [*told, *(f"- {each}" for each in line.evidence[:MOST_LISTED])]


# --- doing it again --------------------------------------------------------------------------------------------------


def rerun(proposal: Proposal, today: Today) -> Answer:
    """Whether it can be run now, from the questions that are looked at before an action. Nothing is started."""
    standing = {check.standing for check in proposal.checks}
    if Standing.BLOCKS in standing:
        head = f"No: {proposal.title} would not be done."
    elif Standing.NOTICE in standing:
        head = f"{proposal.title}: possible, but think first."
    elif Standing.UNKNOWN in standing:
        head = f"{proposal.title}: nothing known stands in the way; not all could be seen."
    else:
        head = f"{proposal.title}: nothing stands in the way."
    told = []
    for check in proposal.checks:
        told.append(
            f"- {_STANDINGS[check.standing]}: {check.text}" + (f" It takes {check.needs}." if check.needs else "")
        )
        told += [f"  - {each}" for each in check.evidence[:5]]
    if proposal.expected_end is not None:
        zone = _zone(today)
        told.append(f"Started now, it would be done by {words.moment(proposal.expected_end, zone, today.taken_at)}.")
    if proposal.notify:
        told.append(f"Tell first: {words.listed(proposal.notify, 8)}.")
    told.append("Nothing was started: this only looks.")
    return _answer(today, head, told, matching(today, proposal.order.name))


# --- the answer ------------------------------------------------------------------------------------------------------


def _answer(today: Today, head: str, rest: Sequence[str], lines: Iterable[Line]) -> Answer:
    text = "\n".join([*map(_one_line, (head, *rest)), as_of(today)])
    return Answer(text, tuple(_source(line) for line in lines)[:MOST_LISTED])


def as_of(today: Today) -> str:
    """Of when the answer is, and of which project."""
    return f"As of {words.moment(today.taken_at, _zone(today), today.taken_at)} ({today.zone}), project {today.project_key}."


def _source(line: Line) -> Source:
    if isinstance(line, ScenarioToday):
        return Source(f"Scenario {line.name}", line.problem or line.reason, Link("scenario-runs", line.id))
    link = line.link if isinstance(line, OutputToday) and line.link else None
    screen = SCREENS.get(line.kind, "dataset")
    owner, _, name = line.id.rpartition(".")
    return Source(
        f"{words.capital(_KINDS.get(line.kind, line.kind.lower()))} {line.name}",
        line.problem or line.reason,
        link or Link(screen, name, owner),
    )


def _all_lines(today: Today) -> tuple[Line, ...]:
    return (*known(today.outputs, ()), *known(today.scenarios, ()), *known(today.sources, ()))


def _wrong_lines(today: Today) -> tuple[Line, ...]:
    return tuple(line for line in _all_lines(today) if line.tone in (Tone.BAD, Tone.NOTICE, Tone.UNKNOWN))


def _names(today: Today) -> list[str]:
    names = (
        ("Outputs", known(today.outputs, ())),
        ("Scenarios", [s for s in known(today.scenarios, ()) if s.active]),
        ("Sources", known(today.sources, ())),
    )
    return [f"{title}: {words.listed([line.name for line in lines], MOST_LISTED)}" for title, lines in names if lines]


def _listed(title: str, texts: Sequence[str]) -> list[str]:
    more = [f"- and {len(texts) - MOST_LISTED:,} more"] if len(texts) > MOST_LISTED else []
    return [f"{title}:", *(f"- {text}" for text in texts[:MOST_LISTED]), *more] if texts else []


def _problem(line: Line) -> list[str]:
    """What is wrong with it, where its verdict does not say so already."""
    return [f"Problem: {line.problem}"] if line.problem and not line.problem.endswith(line.reason) else []


def _sentence(text: str) -> str:
    return f"{words.capital(text.rstrip('. '))}." if text.strip() else ""


def _one_line(text: str) -> str:
    """A name or message cannot begin a line of its own."""
    body = text.lstrip(" ")
    return " " * (len(text) - len(body)) + words.one_line(body, LONGEST_LINE)


def _flat(parts: Iterable[str]) -> str:
    return words.one_line("".join(parts))


def _zone(today: Today) -> tzinfo:
    found: Optional[tzinfo] = tz.gettz(today.zone)
    return found or tz.UTC
