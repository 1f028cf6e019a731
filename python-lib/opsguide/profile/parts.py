"""The profile cut into parts that are edited one at a time.

A part is some keys of one object of the document: a dataset's whole entry, or the keys at the root that belong together.
It is named as its path is written: "datasets.sales_mart", "maintenance", "general".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Optional

from ..model.profile import OpsProfile
from .layers import Path, Tree


@dataclass(frozen=True)
class Section:
    """A section of the page. `keys` are the profile's; a `named` section has one part for each name under its key."""

    id: str
    title: str
    keys: tuple[str, ...]
    named: bool = False
    help: str = ""


SECTIONS = (
    Section("datasets", "Promises of Outputs and Sources", ("datasets",), True),
    Section("scenarios", "Scenarios", ("scenarios",), True),
    Section("calendars", "Business Calendars", ("calendars",), True),
    Section("maintenance", "Maintenance Windows", ("maintenance",)),
    Section("oncall", "On Call", ("oncall",)),
    Section("contacts", "Contacts", ("contacts",)),
    Section("tasks", "Weekly and Monthly Tasks", ("tasks",)),
    Section("escalation", "Escalation", ("escalation", "emergency")),
    Section("connections", "Systems behind Connections", ("connections",), True),
    Section("backup", "Backup", ("backup",)),
    Section("capacity", "Capacity", ("capacity",)),
    Section("links", "Links", ("links",)),
    Section("known_errors", "Known Errors", ("known_errors",)),
    Section("logs", "Logs", ("logs",)),
    Section("general", "General", ("timezone", "overnight_from", "access_request", "production")),
)
# Set by a button, or by nobody, and not by a form.
APART = frozenset({"reviewed", "schema_version"})
# Not written by hand: accepting columns writes it.
WRITTEN_BY_US = frozenset({"accepted_schema"})
_BY_ID = {section.id: section for section in SECTIONS}


@dataclass(frozen=True)
class Part:
    """`name` is '' except in a named section."""

    section: Section
    name: str = ""

    @property
    def id(self) -> str:
        return f"{self.section.id}.{self.name}" if self.section.named else self.section.id

    @property
    def root(self) -> Path:
        """Where the part's keys stand."""
        return (self.section.id, self.name) if self.section.named else ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that the part has at its root."""
        model = _entry(self.section.id) if self.section.named else None
        return tuple(key for key in (model.model_fields if model else self.section.keys) if key not in WRITTEN_BY_US)

    @property
    def title(self) -> str:
        """What the part is called."""
        return f"{self.section.title}: {self.name}" if self.name else self.section.title

    def of(self, document: Any) -> dict[str, Tree]:
        """What a layer's document says in this part, as written; only keys that the profile knows."""
        inner = at(document, self.root)
        if not isinstance(inner, Mapping):
            return {}
        return {key: inner[key] for key in self.keys if inner.get(key) is not None}

    def into(self, document: Any, said: Mapping[str, Tree]) -> dict[str, Tree]:
        """The layer's document with this part as in `said`; everything else as it is. An object left empty goes."""
        return _with(document, self.root, {key: said.get(key) for key in self.keys})


@dataclass(frozen=True)
class Whole(Part):
    """The whole document as one part, with whatever it holds."""

    section: Section = Section("whole", "The Whole Profile", ())

    @property
    def id(self) -> str:
        return ""

    @property
    def root(self) -> Path:
        return ()

    def of(self, document: Any) -> dict[str, Tree]:
        return dict(document) if isinstance(document, Mapping) else {}

    def into(self, document: Any, said: Mapping[str, Tree]) -> dict[str, Tree]:
        return dict(said)


REVIEWED = Part(Section("reviewed", "Review", ("reviewed",)))


def part_at(path: str) -> Optional[Part]:
    """The part in which a path of the profile lies: "datasets.SUPPLY.orders.due" lies in "datasets.SUPPLY.orders".
    None where nothing of the profile is called so."""
    head, _, rest = path.partition(".")
    section = _BY_ID.get(head) or next((each for each in SECTIONS if head in each.keys), None)
    if section is None:
        return None
    if not section.named:
        return Part(section)
    model = _entry(section.id)
    steps = rest.split(".")
    for place in range(1, len(steps)):
        if steps[place] in model.model_fields:
            return Part(section, ".".join(steps[:place]))
    return Part(section, rest) if rest else None


def at(document: Any, path: Path) -> Any:
    """What stands at a path; None where nothing does."""
    for step in path:
        if isinstance(document, Mapping):
            document = document.get(step)
        elif isinstance(document, list) and isinstance(step, int) and step < len(document):
            document = document[step]
        else:
            return None
    return document


def names(document: Any, section: Section) -> Iterator[str]:
    """The names that a layer's document has in a named section."""
    inner = at(document, (section.id,))
    if isinstance(inner, Mapping):
        yield from (str(name) for name in inner)


def _entry(key: str) -> Any:
    return OpsProfile.model_fields[key].annotation.__args__[1]  # type: ignore[union-attr]


def _with(document: Any, root: Path, said: Mapping[str, Tree]) -> dict[str, Tree]:
    changed = dict(document) if isinstance(document, Mapping) else {}
    if root:
        inner = _with(changed.get(root[0]), root[1:], said)
        changed[root[0]] = inner
        return {key: value for key, value in changed.items() if key != root[0] or value}
    changed.update(said)
    return {key: value for key, value in changed.items() if value is not None or key not in said}
