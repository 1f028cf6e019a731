"""A digest: what has to be said of a project to people who are not looking at it. Texts are plain and untrusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Told:
    """What people were told: on which day last ("2026-03-03" on the project's clock), and of each alarm that still
    stands (by what it is about) its print and its name. A print is the same as long as the alarm is the same."""

    day: str = ""
    alarms: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Digest:
    """`lines` are one sentence each, `subject` the shortest of all. `speaks` says whether there is anything to tell that
    was not told; `told` is what is to be remembered once it was, `number` how many alarms are new in it or changed."""

    subject: str
    lines: tuple[str, ...]
    speaks: bool
    told: Told
    number: int = 0

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@dataclass(frozen=True)
class Delivery:
    """What became of a digest: its `text` and `subject`, '' where nothing was to be said; `said` in words; `failed` where
    a mail that was asked for did not leave; `kept` is the memory for the next run."""

    text: str = ""
    subject: str = ""
    said: str = ""
    failed: bool = False
    kept: str = ""
