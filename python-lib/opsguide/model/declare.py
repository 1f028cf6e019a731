"""What the page that declares shows: the profile's parts, the form of one, what follows from it, and who wrote what.

Values only; texts that people wrote are untrusted. A path is a tuple of keys and list indexes from the profile's root.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Optional

from .guide import Link

Path = tuple[Any, ...]
# Names of controls: "f" and the path below the part; "-" in the place of a row's field removes the row.
CONTROL = re.compile(r"f(\.[a-z]+(_[a-z]+)*|\.\d{1,3})+(\.-)?")

# The kinds of fields. A "group" has `fields`, "rows" have `rows`; all others are one control.
TEXT, AREA, TIME, NUMBER, WHOLE, YES_NO, CHOICE, DAYS, LINES, PAIRS, DAY, INSTANT, GROUP, ROWS = (
    "text",
    "area",
    "time",
    "number",
    "whole",
    "yes-no",
    "choice",
    "days",
    "lines",
    "pairs",
    "day",
    "instant",
    "group",
    "rows",
)


@dataclass(frozen=True)
class Suggestion:
    """What history would put into an empty field: `value` as the field takes it, '' where history is too short; `why`
    says what it rests on, or what is missing."""

    value: str
    why: str


@dataclass(frozen=True)
class Field:
    """One field of a form. `name` is its control's, `help` the schema's own words, `value` as the control shows it (of
    DAYS the chosen days, one a line), `list` the list of known names to choose from, '' where there is none.
    `elsewhere` is what another layer says, `theirs` what somebody else saved in the meantime (None: nothing clashes),
    `error` what is wrong with it."""

    name: str
    path: Path
    kind: str
    label: str
    help: str
    value: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    list: str = ""
    fields: tuple[Field, ...] = ()
    rows: tuple[tuple[Field, ...], ...] = ()
    error: str = ""
    elsewhere: str = ""
    theirs: Optional[str] = None
    suggestion: Optional[Suggestion] = None

    @property
    def filled(self) -> bool:
        """Whether anything is said in it."""
        return bool(self.value or any(f.filled for f in self.fields) or any(f.filled for row in self.rows for f in row))


@dataclass(frozen=True)
class Preview:
    """What a rule means: its next occurrences, and how it would have done. Each line is a sentence or a moment."""

    title: str
    lines: tuple[str, ...] = ()
    past: str = ""


@dataclass(frozen=True)
class Form:
    """The form of one part. `part` names it, `layer` is where it is saved; `base` is the JSON of what it showed first."""

    part: str
    title: str
    layer: str
    base: str
    fields: tuple[Field, ...]
    previews: tuple[Preview, ...] = ()
    notices: tuple[str, ...] = ()
    clashes: int = 0
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    zone: str = "UTC"

    @property
    def errors(self) -> tuple[Field, ...]:
        """The fields with something wrong, in their order."""
        return tuple(found for each in self.fields for found in _wrong(each))


def _wrong(each: Field) -> list[Field]:
    below = [found for inner in (*each.fields, *(f for row in each.rows for f in row)) for found in _wrong(inner)]
    return [each, *below] if each.error else below


@dataclass(frozen=True)
class Entry:
    """One part of the profile that can be opened: `part` names it, `said` is what is declared in short, '' where nothing
    is; `layers` who says it. `problem` is what is wrong with it."""

    part: str
    name: str
    said: str = ""
    layers: tuple[str, ...] = ()
    problem: str = ""
    why: str = ""


@dataclass(frozen=True)
class Group:
    """A section of the page with its parts. `new` says what a further one is called, '' where there can be none."""

    id: str
    title: str
    help: str
    entries: tuple[Entry, ...]
    new: str = ""


@dataclass(frozen=True)
class Past:
    """One change of the profile: who, when, what, with what was there before and after, as text."""

    at: datetime
    by: str
    what: str
    layer: str = ""
    before: str = ""
    after: str = ""
    sure: bool = True


@dataclass(frozen=True)
class Import:
    """A file that is to be a layer. `exactly` says that what it does not name goes; `text` is the file, `base` the JSON
    of what it was held against. `changes` are (path, before, after), `wrong` (path, sentence), `clashes` (path, theirs,
    mine). `unreadable` says why nothing can be made of it."""

    layer: str
    exactly: bool
    text: str
    base: str = "{}"
    changes: tuple[tuple[str, str, str], ...] = ()
    wrong: tuple[tuple[str, str], ...] = ()
    clashes: tuple[tuple[str, str, str], ...] = ()
    unreadable: str = ""


@dataclass(frozen=True)
class TaskLine:
    """A task of the week or month: its `due` in words with whether it is `overdue`, and who did it last."""

    id: str
    name: str
    rhythm: str
    due: str
    overdue: bool = False
    done: str = ""
    link: Optional[Link] = None


@dataclass(frozen=True)
class Checked:
    """A contact held against the people DSS knows: `path` of the profile, what is `wrong` ('' where nothing is), and
    what could not be told."""

    path: str
    who: str
    wrong: str = ""
    unknown: str = ""


@dataclass(frozen=True)
class Review:
    """The last review: `on` and `by` whom, `said` in words. `changes` are (kind, name, how, before, after) since then;
    `untold` are kinds of which it cannot be told, `why` says so where nothing was kept with the review."""

    said: str
    changes: tuple[tuple[str, str, str, str, str], ...] = ()
    untold: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class Layers:
    """Where the reader can save: `choices` of "standard" and "local", the first by default, with why in `notice`."""

    choices: tuple[str, ...]
    notice: str = ""


@dataclass(frozen=True)
class Editor:
    """The whole page. `form` is the part that is open; `problems` are (layer, path, sentence) of the profile as it is;
    `unread` says why it could not be read."""

    project_key: str
    taken_at: datetime
    zone: str
    layers: Layers
    groups: tuple[Group, ...] = ()
    form: Optional[Form] = None
    problems: tuple[tuple[str, str, str], ...] = ()
    past: tuple[Past, ...] = ()
    unread: str = ""
    folder: bool = True
    documents: Mapping[str, Any] = field(default_factory=dict)
    tasks: tuple[TaskLine, ...] = ()
    tasks_unread: str = ""
    contacts: tuple[Checked, ...] = ()
    review: Optional[Review] = None
    imported: Optional[Import] = None
