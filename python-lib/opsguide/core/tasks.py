"""What people do by hand every week and every month: when it is due next, who did it last, whether it was left out.

For a person: *a task done before it is due counts for that time; done after it, and before the next time begins, it
counts for the time that was missed. It is overdue when its last time passed without it, until the next begins. A task
that was never noted as done is not called overdue: nobody may have begun to note it.*

Worked example: due every Monday. Done on Mon 2 and not on Mon 9: on Wed 11 it is overdue since Mon 9; done on Wed 11 it
counts for Mon 9, and is due again on Mon 16.
"""

from __future__ import annotations

import hashlib
import re
from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Optional

from ..model.event import Event
from ..model.profile import Tasks
from .calendars import WEEKDAYS

KIND = "task"
_COMING, _BACK = 5, 3
Span = tuple[date, date]


@dataclass(frozen=True)
class Task:
    """`rhythm` is "weekly" or "monthly", `when` the day of the week or a rule in words; `how` says where it is done."""

    rhythm: str
    when: str
    name: str
    how: str = ""

    @property
    def id(self) -> str:
        """The same for the same words, whatever their order in the profile: "weekly-3f2a91c04d"."""
        said = "\n".join((self.rhythm, self.when.strip().casefold(), self.name.strip().casefold()))
        return f"{self.rhythm}-{hashlib.sha256(said.encode()).hexdigest()[:10]}"

    @property
    def about(self) -> str:
        """How events name it."""
        return f"task:{self.id}"


@dataclass(frozen=True)
class Standing:
    """How a task stands. `due` is the span of days for which it is to be done next, None where its rule cannot be read;
    `overdue` says that this span has passed. `coming` are the spans from then on, `done` who did it last."""

    task: Task
    due: Optional[Span]
    coming: tuple[Span, ...]
    overdue: bool = False
    done: Optional[Event] = None
    unread: str = ""

    @property
    def name(self) -> str:
        return self.task.name


# What holds as long as nobody declares something else: the weekly ones where no weekly task is declared, of the monthly
# ones each that is not declared in other words of when and how.
DEFAULT_WEEKLY = (
    Task("weekly", "monday", "Review durations that drift and scenarios that fail now and then", "In this guide"),
    Task("weekly", "wednesday", "Review Data Quality rules that failed more than once", "In this guide"),
    Task("weekly", "friday", "Review capacity", "In this guide"),
)
DEFAULT_MONTHLY = (
    Task("monthly", "First week", "Review data quality trends", "Data Quality of the project → Timeline"),
    Task(
        "monthly",
        "Mid-month",
        "Clean up old job logs",
        "Macros → Clear job logs, first without performing the deletion",
    ),
    Task(
        "monthly",
        "End of month",
        "Verify documentation accuracy",
        "Read what this guide says is missing; declare it, then note the review in the profile",
    ),
)


def declared(tasks: Tasks) -> tuple[Task, ...]:
    """The tasks of a profile, the weekly ones first."""
    return (*weekly(tasks), *monthly(tasks))


def weekly(tasks: Tasks) -> tuple[Task, ...]:
    """The declared tasks of every week."""
    return tuple(Task("weekly", task.day, task.task, task.how) for task in tasks.weekly)


def monthly(tasks: Tasks) -> tuple[Task, ...]:
    """The declared tasks of every month."""
    return tuple(Task("monthly", task.when, task.task, task.how) for task in tasks.monthly)


def of_guide(tasks: Tasks) -> tuple[Task, ...]:
    """The tasks that the guide shows: declared ones, and the template's own where nothing is declared in their place."""
    said = {task.task.casefold() for task in tasks.monthly}
    rest = (task for task in DEFAULT_MONTHLY if task.name.casefold() not in said)
    return (*(weekly(tasks) or DEFAULT_WEEKLY), *monthly(tasks), *rest)


def standing(tasks: Tasks, events: Iterable[Event], today: date, zone: tzinfo) -> tuple[Standing, ...]:
    """How each task of a profile stands; `events` are those of any kind, in any order."""
    noted = tuple(events)
    return tuple(stand(task, noted, today, zone) for task in declared(tasks))


def stand(task: Task, events: Iterable[Event], today: date, zone: tzinfo) -> Standing:
    """How one task stands today, on the calendar of `zone`."""
    done = sorted((e for e in events if e.kind == KIND and e.about == task.about), key=lambda event: event.order)
    last = done[-1] if done else None
    found = _spans(task, today)
    if found is None:
        why = (
            "when it is due is in words that this plugin does not read" if task.when.strip() else "no time is declared"
        )
        return Standing(task, None, (), done=last, unread=why)
    spans = tuple(found)
    served = _served(spans, [_day(event.at, zone) for event in done])
    passed = [place for place, (_, end) in enumerate(spans) if end < today]
    begun = spans[len(passed)][0] <= today  # then it is that time that counts, not the one before
    missed = bool(passed and served and passed[-1] not in served and min(served) <= passed[-1] and not begun)
    first = passed[-1] if missed else len(passed)
    open_ = [place for place in range(first, len(spans)) if place not in served]
    coming = tuple(spans[place] for place in open_[:_COMING])
    return Standing(task, coming[0] if coming else None, coming, missed, last)


def _served(spans: tuple[Span, ...], days: Iterable[date]) -> set[int]:
    """The places of the spans for which it was done."""
    served: set[int] = set()
    for day in days:
        ended = sum(end < day for _, end in spans)
        late = ended > 0 and ended - 1 not in served and bool(served)
        begins = spans[ended][0] if ended < len(spans) else date.max
        place = ended - 1 if late and day < begins else ended
        if place < len(spans):
            served.add(place)
    return served


def _spans(task: Task, today: date) -> Optional[Iterator[Span]]:
    when = task.when.strip().casefold()
    if task.rhythm == "weekly":
        return _weekly(WEEKDAYS.index(when), today) if when in WEEKDAYS else None
    days = _of_month(when)
    return None if days is None else _monthly(days, today)


def _weekly(weekday: int, today: date) -> Iterator[Span]:
    last = today - timedelta(days=(today.weekday() - weekday) % 7)
    for week in range(-_BACK * 4, _COMING + 2):
        day = last + timedelta(weeks=week)
        yield day, day


def _monthly(days: tuple[int, int], today: date) -> Iterator[Span]:
    for shift in range(-_BACK, _COMING + 2):
        months = today.year * 12 + today.month - 1 + shift
        first = date(months // 12, months % 12 + 1, 1)
        length = monthrange(first.year, first.month)[1]
        start, end = (first.replace(day=min(day, length) if day > 0 else length + day) for day in days)
        yield start, end


# Days of the month, those from its end as 0 and below.
_SPANS = {
    "first week": (1, 7),
    "second week": (8, 14),
    "third week": (15, 21),
    "mid month": (13, 17),
    "last week": (-6, 0),
    "end of month": (-4, 0),
    "last day": (0, 0),
    "first day": (1, 1),
}


def _of_month(when: str) -> Optional[tuple[int, int]]:
    plain = " ".join(re.sub(r"\b(of|in|the|every|each)\b", " ", when.replace("-", " ")).split())
    span = _SPANS.get(plain) or _SPANS.get(" ".join(when.replace("-", " ").split()))
    span = span or _SPANS.get(plain.removesuffix(" month") if plain != "mid month" else plain)
    day = re.fullmatch(r"(?:day )?(\d{1,2})(?:st|nd|rd|th)?(?: month)?", plain)
    if span is None and day and 1 <= int(day[1]) <= 31:
        return int(day[1]), int(day[1])
    return span


def _day(at: datetime, zone: tzinfo) -> date:
    return at.astimezone(zone).date()
