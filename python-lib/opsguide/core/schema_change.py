"""The columns of a dataset against those that were accepted: added, removed, retyped, reordered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

from ..errors import InvalidParameter
from . import words
from .outcomes import CANNOT_TELL, OK, Outcome, together

NAMED = 5  # columns that a message names one by one


@dataclass(frozen=True)
class Column:
    """`type` is DSS's ("bigint"); '' where any will do."""

    name: str
    type: str = ""


@dataclass(frozen=True)
class SchemaChange:
    """What differs. `retyped` are pairs of the accepted column and the current one; `reordered` are columns of both that
    stand in another order among each other, in their current order."""

    added: tuple[Column, ...] = ()
    removed: tuple[Column, ...] = ()
    retyped: tuple[tuple[Column, Column], ...] = ()
    reordered: tuple[str, ...] = ()


def accepted(declared: Optional[Iterable[Mapping[str, str]]]) -> tuple[Column, ...]:
    """The columns as the profile keeps them; none where it keeps none."""
    return tuple(Column(str(column.get("name", "")), str(column.get("type", ""))) for column in declared or ())


def compare(accepted: Sequence[Column], current: Sequence[Column]) -> SchemaChange:
    """Columns go by their exact names: one renamed is one removed and one added. Types go by their words, whatever
    their case."""
    before, now = {column.name: column for column in accepted}, {column.name: column for column in current}
    kept_before, kept_now = [name for name in before if name in now], [name for name in now if name in before]
    return SchemaChange(
        added=tuple(column for name, column in now.items() if name not in before),
        removed=tuple(column for name, column in before.items() if name not in now),
        retyped=tuple((before[name], now[name]) for name in kept_now if _differ(before[name].type, now[name].type)),
        reordered=tuple(kept_now) if kept_before != kept_now else (),
    )


def _differ(accepted: str, current: str) -> bool:
    return bool(accepted) and accepted.lower() != current.lower()


def judge(accepted: Sequence[Column], current: Sequence[Column], severity: Mapping[str, str]) -> Outcome:
    """The worst that changed. `severity` is the word for each of "added", "removed", "retyped" and "reordered"; OK lets
    it pass, and it is told nonetheless."""
    if not accepted:
        return Outcome(
            CANNOT_TELL, "no accepted schema is declared: list its columns here, or in the operations profile"
        )
    if not current:
        return Outcome(CANNOT_TELL, "the dataset has no columns yet: build it, or set its schema, first")
    found = compare(accepted, current)
    told = {
        "removed": [_one_line(column.name) for column in found.removed],
        "retyped": [f"{_one_line(was.name)} ({was.type} to {now.type or 'no type'})" for was, now in found.retyped],
        "added": [_one_line(column.name) for column in found.added],
        "reordered": [_one_line(name) for name in found.reordered],
    }
    outcomes = [
        Outcome(severity.get(kind, OK), f"{words.count(len(names), 'column')} {kind}: {words.listed(names, NAMED)}")
        for kind, names in told.items()
        if names
    ]
    compared = f"{words.count(len(current), 'column')} now, {len(accepted):,} accepted"
    worst = together(outcomes)
    return (
        Outcome(OK, f"{compared}, none changed")
        if worst is None
        else Outcome(worst.word, f"{worst.message}; {compared}")
    )


def told(accepted: Sequence[Column], current: Sequence[Column]) -> str:
    """What differs, as a clause; '' where nothing does that recipes may miss or people should know of.

    >>> told([Column("id", "bigint"), Column("amount")], [Column("id", "string"), Column("note")])
    'amount is gone, id is string, accepted was bigint and note is new'
    """
    if not accepted or not current:
        return ""
    found = compare(accepted, current)
    parts = [
        *(f"{_one_line(column.name)} is gone" for column in found.removed),
        *(
            f"{_one_line(was.name)} is {now.type or 'of no type'}, accepted was {was.type}"
            for was, now in found.retyped
        ),
        *(f"{_one_line(column.name)} is new" for column in found.added),
    ]
    return words.listed(parts, NAMED)


def touched(accepted: Sequence[Column], current: Sequence[Column]) -> tuple[str, ...]:
    """The columns that recipes may miss: those that are gone or of another type."""
    found = compare(accepted, current)
    return (*(column.name for column in found.removed), *(was.name for was, _ in found.retyped))


def readers(columns: Sequence[str], recipes: Mapping[str, Optional[str]]) -> str:
    """Which recipes read the dataset, and which of them name one of the columns. `recipes` are their settings and code as
    text, None where that could not be read: such a recipe may name any column.

    >>> readers(["amount"], {"group_sales": '{"column": "amount"}', "export": "SELECT amounts"})
    'named in group_sales; read by export and group_sales'
    """
    if not recipes:
        return ""
    naming = [recipe for recipe, text in sorted(recipes.items()) if text and any(_names(text, one) for one in columns)]
    unread = [recipe for recipe, text in sorted(recipes.items()) if text is None]
    parts = [
        f"named in {words.listed(naming, NAMED)}" if naming else "",
        f"perhaps in {words.listed(unread, NAMED)}, which could not be read" if columns and unread else "",
        f"read by {words.listed(sorted(recipes), NAMED)}",
    ]
    return "; ".join(filter(None, parts))


def _names(text: str, column: str) -> bool:
    """The whole name, not a part of a longer one."""
    return re.search(rf"(?<!\w){re.escape(column)}(?!\w)", text) is not None


def _one_line(name: str) -> str:
    return words.one_line(name, 60)


def columns_of(lines: Iterable[str]) -> tuple[Column, ...]:
    """Columns as a person lists them: "name", or "name: type" where the type matters. A name that has a colon needs a
    type behind it.

    >>> columns_of(["id: bigint", "label"])
    (Column(name='id', type='bigint'), Column(name='label', type=''))
    """
    columns = []
    for line in filter(None, (line.strip() for line in lines)):
        name, colon, kind = line.rpartition(":")
        columns.append(Column(name.strip(), kind.strip()) if colon else Column(line))
    twice = sorted({column.name for column in columns if [each.name for each in columns].count(column.name) > 1})
    if twice:
        raise InvalidParameter(f"the accepted columns name {words.listed(twice, NAMED)} twice", name="accepted_columns")
    return tuple(columns)
