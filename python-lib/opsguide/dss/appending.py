"""Rows appended to a dataset of any connection, by DSS's own writer: nothing that is there is changed.

DSS's writer replaces what a dataset holds unless its setting `appendMode` is on for the writing process, which is
documented nowhere and used by published plugins. So rows are read before and after: none is appended twice, and what is
not there afterwards is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import DssBroken, InvalidParameter

# What DSS says of a dataset that nobody wrote yet, depending on its connection.
NOTHING_WRITTEN = re.compile(r"does not exist|no such table|not exist|no data|not ready|doesn't exist", re.IGNORECASE)
Rows = Sequence[Mapping[str, Any]]


def append(name: str, columns: Mapping[str, str], rows: Rows, key: Sequence[str]) -> int:
    """Append those of `rows` whose `key` is not there yet; how many these were. `columns` are names and DSS types: a
    dataset without any gets them, one that lacks some is refused by InvalidParameter. DssBroken where the rows are not
    all there afterwards."""
    import dataiku

    dataset = dataiku.Dataset(name, ignore_flow=True)
    try:
        schema = [str(column.get("name")) for column in dataset.read_schema(raise_if_empty=False)]
        if not schema:
            dataset.write_schema([{"name": column, "type": kind} for column, kind in columns.items()])
            schema = list(columns)
        missing = [column for column in columns if column not in schema]
        if missing:
            raise InvalidParameter(f"the dataset {name} lacks the columns {', '.join(missing)}", name="facts_dataset")
        there = _keys(dataset, key)
        new = [row for row in rows if _key(row, key) not in there]
        if not new:
            return 0
        dataset.spec_item["appendMode"] = True
        with dataset.get_writer() as writer:
            for row in new:
                writer.write_tuple([row.get(column) for column in schema])
        lost = (there | {_key(row, key) for row in new}) - _keys(dataiku.Dataset(name, ignore_flow=True), key)
    except InvalidParameter:
        raise
    except Exception as error:
        # DSS's package raises whatever its backend says, as plain Exception.
        raise DssBroken(f"the dataset {name}: {error}", status=500) from error
    if lost:
        raise DssBroken(f"the dataset {name} does not hold all rows: {len(lost):,} are missing", status=200)
    return len(new)


def _keys(dataset: Any, key: Sequence[str]) -> set[tuple[str, ...]]:
    try:
        return {tuple(str(value) for value in row) for row in dataset.iter_tuples(columns=list(key))}
    except Exception as error:
        if NOTHING_WRITTEN.search(str(error)):
            return set()
        raise


def _key(row: Mapping[str, Any], key: Iterable[str]) -> tuple[str, ...]:
    return tuple(str(row.get(column)) for column in key)
