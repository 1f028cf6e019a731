"""The guide as HTML: whole pages, and the parts that a page loads again.

Templates only place what is worked out here; Jinja2 escapes every text. Addresses of the page's own files are relative
to `root` ("" or "../"), because only the browser knows under which prefix DSS serves the backend.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Optional

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..model.guide import Block, Cell, Completeness, Guide, Inline, Origin, Section
from ..model.known import Unknown, known
from ..model.ledger import FOLDER, LONGEST_MUTE, Mute, about
from ..model.plan import WATCH_NAME
from ..model.today import Mark, OutputToday, Today
from . import svg
from .phrases import (
    ORIGIN_MARKS,
    ORIGIN_MEANINGS,
    ORIGIN_WORDS,
    TONE_WORDS,
    callout_word,
    clock_patterns,
    exact,
    gaps,
    header_label,
    origin_phrase,
    percent,
    shown,
    verdict_words,
    zone_of,
)
from .urls import Urls, anchor

# Origins said in words behind the value; of the others the mark is enough, the word is for those who cannot see it.
_WORDED = (Origin.INFERRED, Origin.DECLARED)
_LONG_WORD = 32
# The pages that the navigation names, as (path, title).
PAGES = (
    ("today", "Today"),
    ("guide", "Guide"),
    ("incidents", "Incidents"),
    ("actions", "Actions"),
    ("status", "Status"),
    ("portfolio", "Portfolio"),
    ("handover", "Handover"),
    ("edit", "Declare"),
    ("clean-up", "Clean-up"),
)


@dataclass(frozen=True)
class Problem:
    """A page or part that could not be shown. `title` says what failed, `detail` where and why, `advice` what to do;
    `reference` finds the log entry."""

    title: str
    detail: str = ""
    advice: str = ""
    reference: str = ""


@dataclass(frozen=True)
class Retry:
    """Asking again: the backend `path`, and the id of the element that the answer goes into (or replaces)."""

    path: str
    target: str
    replaces: bool = False


@dataclass(frozen=True)
class Permit:
    """What a page's forms carry so that they are accepted: `stamp` tells one page from the next, `token` seals it for one
    person. Without them there are no forms, and `why_not` says what would let the reader have them. `acts` says whether
    the page may change more than notes."""

    stamp: str = ""
    token: str = ""
    why_not: str = ""
    acts: bool = False


NO_FORMS = Permit()


@dataclass(frozen=True)
class When:
    """A value that holds an instant, cut around the words that say it, so that only these follow the reader's zone.
    `pattern` names their shape ("weekday time"); empty when no words of the value say the instant. `exact` is for a
    person who asks, `brief` for paper, where nobody can."""

    before: str
    clock: str
    after: str
    pattern: str
    iso: str
    exact: str
    brief: str


def shell(root: str = "") -> str:
    """The page that loads the guide into itself: quick to open while DSS is still being read."""
    return _render("shell.html", root=root)


def guide_document(guide: Guide, urls: Urls, root: str = "") -> str:
    """The guide as a whole page that needs no script."""
    return _render("document.html", guide=guide, root=root, **_words(guide.zone, urls))


def guide_fragment(guide: Guide, urls: Urls, root: str = "") -> str:
    """The guide's page without the document around it."""
    return _render("guide.html", guide=guide, root=root, **_words(guide.zone, urls))


def section_document(section: Section, guide: Guide, urls: Urls, root: str = "") -> str:
    """One section as a whole page."""
    return _render("section_document.html", section=section, guide=guide, root=root, **_words(guide.zone, urls))


def section_fragment(section: Section, guide: Guide, urls: Urls) -> str:
    """One section to take the place of itself, with the guide's completeness as it is now."""
    return _render("section_fragment.html", section=section, guide=guide, root="", **_words(guide.zone, urls))


def today_document(today: Today, urls: Urls, permit: Permit = NO_FORMS, root: str = "") -> str:
    """Today as a whole page that needs no script."""
    return _today("today_document.html", today, urls, permit, root)


def today_fragment(today: Today, urls: Urls, permit: Permit = NO_FORMS, root: str = "") -> str:
    """Today's page without the document around it."""
    return _today("today.html", today, urls, permit, root)


def _today(template: str, today: Today, urls: Urls, permit: Permit, root: str) -> str:
    first, _, rest = today.headline.partition("; ")
    return _render(
        template,
        today=today,
        first=first,
        rest=rest,
        permit=permit,
        notebook=notebook(today),
        root=root,
        night=svg.night(today.timeline),
        promises=tuple((output, svg.strip(output.days)) for output in known(today.outputs, ()) if output.days),
        **_words(today.zone, urls),
    )


@dataclass(frozen=True)
class Notebook:
    """What the forms of today offer: (value, name) of all that can be muted, the mutes that can be ended with their
    names, the outputs whose rows somebody should judge, times as a browser's field takes them, on the project's clock,
    and whether the project has its watch."""

    there: bool
    readable: bool
    folder: str = FOLDER
    subjects: tuple[tuple[str, str], ...] = ()
    mutes: tuple[tuple[Mute, str], ...] = ()
    doubted: tuple[OutputToday, ...] = ()
    soonest: str = ""
    tomorrow: str = ""
    latest: str = ""
    watched: bool = True


def notebook(today: Today) -> Notebook:
    """What can be noted about a day: nothing where its ledger could not be read."""
    if today.ledger is None or isinstance(today.ledger, Unknown):
        return Notebook(there=today.ledger is not None, readable=False)
    found = [
        (about("SCENARIO", scenario.id), scenario.name, scenario.active) for scenario in known(today.scenarios, ())
    ]
    found += [(about(output.kind, output.id), output.name, True) for output in known(today.outputs, ())]
    names = {subject: name for subject, name, _ in found}
    zone = zone_of(today.zone) or timezone.utc
    morning = (today.taken_at.astimezone(zone) + timedelta(days=1)).replace(hour=8, minute=0)
    field = "%Y-%m-%dT%H:%M"

    def after(length: timedelta) -> str:
        # Counted in elapsed time: the clock may change within it.
        return f"{(today.taken_at + length).astimezone(zone):{field}}"

    return Notebook(
        True,
        True,
        FOLDER,
        tuple((subject, name) for subject, name, active in found if active),
        tuple((mute, names.get(mute.about, mute.about)) for mute in today.ledger.mutes),
        doubted=tuple(output for output in known(today.outputs, ()) if output.doubt),
        soonest=after(timedelta(minutes=1)),
        tomorrow=f"{morning:{field}}",
        latest=after(LONGEST_MUTE - timedelta(minutes=1)),
        watched=any(scenario.name == WATCH_NAME for scenario in known(today.scenarios, ())),
    )


def result(guide: Guide, urls: Urls) -> str:
    """A macro's result: a part of DSS's own page, with its style inside, so that it can be kept as a file as well."""
    return _render("result.html", guide=guide, **_words(guide.zone, urls))


def page(template: str, zone: str, urls: Urls, **values: Any) -> str:
    """The page of another module of `render`, with all that templates may ask for."""
    return _render(template, zone=zone, **values, **_words(zone, urls))


def standalone_style() -> str:
    """The style of a guide that is one file, to the letter as it stands in it."""
    return _render("standalone_style.css")


def problem_document(problem: Problem, root: str = "") -> str:
    """A calm page in place of one that could not be made."""
    return _render("problem_document.html", problem=problem, retry=None, root=root)


def problem_fragment(problem: Problem, retry: Optional[Retry] = None) -> str:
    """The same as part of a page, with a button to try again."""
    return _render("problem.html", problem=problem, retry=retry)


def when(cell: Cell, zone: str) -> Optional[When]:
    """How to show a cell's instant, or None for a cell without one. `zone` is the guide's, where the cell names none."""
    if cell.at is None:
        return None
    name = cell.zone or zone
    local = cell.at.astimezone(zone_of(name) or timezone.utc)
    text = shown(cell)
    spelled = ((pattern, text.partition(spelling)) for pattern, spelling in clock_patterns(local))
    pattern, (before, clock, after) = next((found for found in spelled if found[1][1]), ("", ("", text, "")))
    brief = f"{local:%Y-%m-%d %H:%M:%S} {local.tzname()}"
    return When(before, clock, after, pattern, _iso(cell.at), exact(cell.at, name), brief)


def as_cell(mark: Mark) -> Cell:
    """A mark of the timeline as the cell that says its instant."""
    return Cell("", mark.text, Origin.LIVE, at=mark.start)


def counted(completeness: Completeness) -> tuple[tuple[Origin, int], ...]:
    """(origin, number of cells) of each origin there is, in the order of the enum."""
    counts = ((origin, completeness.counts.get(origin.value, 0)) for origin in Origin)
    return tuple((origin, count) for origin, count in counts if count)


def questionable(cell: Cell) -> bool:
    """Whether there is more to a cell than its value and origin: then it can be opened."""
    return bool(cell.source or cell.as_of or cell.reason or cell.needs or cell.declare or cell.verdict or cell.evidence)


def control_id(name: str) -> str:
    """The id of a form's control: of "f.owner.login" it is "f-owner-login"."""
    return name.replace(".", "-")


def has_long_word(cell: Cell) -> bool:
    """Whether the value must be broken inside a word, lest one name widens its whole table."""
    return any(len(word) > _LONG_WORD for word in shown(cell).split())


def _kind(part: Block | Inline) -> str:
    return type(part).__name__.lower()


def _iso(instant: datetime) -> str:
    return instant.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _slug(word: str) -> str:
    return word.replace("_", "-")


def _words(zone: str, urls: Urls) -> dict[str, Any]:
    """What templates may ask for: each is a plain function of a value of the guide."""
    return {
        "href": urls.href,
        "variables_at": urls.variables(),
        "declare_at": urls.declare,
        "when": lambda cell: when(cell, zone),
        "exact": lambda instant: exact(instant, zone),
    }


def _render(template: str, **values: Any) -> str:
    return _ENVIRONMENT.get_template(template).render(**values)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        anchor=anchor,
        as_cell=as_cell,
        callout_word=callout_word,
        control_id=control_id,
        counted=counted,
        gaps=gaps,
        has_long_word=has_long_word,
        header_label=header_label,
        iso=_iso,
        kind=_kind,
        marks=ORIGIN_MARKS,
        meanings=ORIGIN_MEANINGS,
        origin_phrase=origin_phrase,
        origin_words=ORIGIN_WORDS,
        origins=tuple(Origin),
        pages_there_are=PAGES,
        percent=percent,
        questionable=questionable,
        shown=shown,
        slug=_slug,
        tone_words=TONE_WORDS,
        verdict_words=verdict_words,
        worded=_WORDED,
    )
    return environment


_ENVIRONMENT = _environment()
