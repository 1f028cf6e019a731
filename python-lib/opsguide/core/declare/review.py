"""What changed in a project since somebody last read the whole guide and found it right.

A review keeps a fingerprint of the project: what ran when, from where to where, and who might do what. Later it is held
against the project as it is. What could not be read at either time is not called unchanged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Optional

from ...model.known import Known, Unknown
from ...model.report import Report
from ...model.snapshot import Snapshot

# What is compared, by the word for one of it.
KINDS = ("scenario", "schedule", "source", "output", "right")
_WORDS = {"scenario": "scenarios", "schedule": "schedules", "source": "sources", "output": "outputs", "right": "rights"}
_LONGEST = 200
MAX_OF_A_KIND = 3_000  # of more, no review could tell what is gone
Fingerprint = Mapping[str, Optional[Mapping[str, str]]]


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was: `how` is "new", "gone" or "changed"; of what can be said in words, `before` and
    `after` say it."""

    kind: str
    name: str
    how: str
    before: str = ""
    after: str = ""


def fingerprint(snapshot: Snapshot, report: Report) -> dict[str, Optional[dict[str, str]]]:
    """The project as a review keeps it: by kind, names with what is compared; None for what could not be read."""
    key = snapshot.project_key
    return {
        "scenario": _of(
            snapshot.scenarios, lambda s: (s.name or s.id, _digest(s.type, s.active, s.settings, s.version))
        ),
        "schedule": _of(report.scenarios, lambda s: (s.name or s.id, _schedule(s.schedule, s.active))),
        "source": _of(report.sources, lambda s: (s.ref.smart_name(key), s.why)),
        "output": _of(report.outputs, lambda o: (o.ref.smart_name(key), o.why)),
        "right": _of(snapshot.permissions, lambda g: (f"{g.kind} {g.name}", ", ".join(sorted(g.rights)))),
    }


def difference(before: Any, now: Fingerprint) -> tuple[tuple[Difference, ...], tuple[str, ...]]:
    """What is new, gone or changed, and the kinds of which that cannot be told, in words."""
    found: list[Difference] = []
    untold: list[str] = []
    for kind in KINDS:
        old = before.get(kind) if isinstance(before, Mapping) else None
        new = now.get(kind)
        if not isinstance(old, Mapping) or new is None:
            untold.append(_WORDS[kind])
            continue
        for name in sorted({*map(str, old), *new}):
            was, is_ = old.get(name), new.get(name)
            if was == is_:
                continue
            how = "new" if was is None else "gone" if is_ is None else "changed"
            said = (str(was or ""), str(is_ or "")) if kind != "scenario" else ("", "")
            found.append(Difference(kind, name, how, *said))
    return tuple(found), tuple(untold)


def _of(known_: Known[Iterable[Any]], part: Any) -> Optional[dict[str, str]]:
    if isinstance(known_, Unknown):
        return None
    found: dict[str, str] = {}
    for name, value in map(part, known_):
        found[name] = f"{found[name]} and {value}" if name in found else value  # names are not unique in DSS
    return {name: _short(value) for name, value in found.items()} if len(found) <= MAX_OF_A_KIND else None


def _short(value: str) -> str:
    """A value that fits the note; of what is cut off enough stays to tell that it changed."""
    return (
        value if len(value) <= _LONGEST else f"{value[:_LONGEST]}… ({hashlib.sha256(value.encode()).hexdigest()[:8]})"
    )


def _schedule(schedule: Known[tuple[str, ...]], active: bool) -> str:
    if isinstance(schedule, Unknown):
        return "could not be read"
    said = "; ".join(schedule) or "no trigger"
    return said if active else f"off ({said})"


def _digest(*parts: Any) -> str:
    """Of a scenario's version, which DSS counts with every save; of its steps and triggers where it counts none."""
    kind, active, settings, version = parts
    body = (kind, active, version) if version is not None else (kind, active, settings)
    return hashlib.sha256(repr(body).encode()).hexdigest()[:16]
