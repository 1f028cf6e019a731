"""The files of file datasets: CSV, CSV in gzip, Parquet. Read and written a piece at a time, however long they are."""

from __future__ import annotations

import csv
import gzip
import itertools
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from . import rows as made

Raw = dict[str, Any]

_ROWS_A_GROUP = 50_000
_WHOLE = frozenset({"bigint", "int", "smallint", "tinyint"})


def name_for(raw: Raw) -> str:
    """The name of a dataset's file, by the format in its settings; what is none of these formats is CSV."""
    if raw.get("formatType") == "parquet":
        return "out-s0.parquet"
    return "out-s0.csv.gz" if (raw.get("formatParams") or {}).get("compress") == "gz" else "out-s0.csv"


def write(file: Path, columns: Sequence[tuple[str, str]], values: Iterable[Sequence[Any]], at: datetime) -> None:
    """Puts rows into a file, which was last changed `at`; `columns` are names and DSS's types."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".parquet":
        _write_parquet(file, columns, values)
    else:
        with _opened(file, "wt") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow([name for name, _ in columns])
            writer.writerows([made.text(value) for value in row] for row in values)
    os.utime(file, (at.timestamp(), at.timestamp()))


def read(file: Path) -> Iterator[list[str]]:
    """The rows as DSS writes values."""
    if file.suffix == ".parquet":
        yield from _read_parquet(file)
        return
    with _opened(file, "rt") as lines:
        found = csv.reader(lines)
        next(found, None)
        yield from found


def _opened(file: Path, mode: str) -> IO[Any]:
    if file.suffix == ".gz":
        return gzip.open(file, mode, encoding="utf-8", newline="")
    return file.open(mode, encoding="utf-8", newline="")


# --- Parquet, through pandas -----------------------------------------------------------------------------------------


def _write_parquet(file: Path, columns: Sequence[tuple[str, str]], values: Iterable[Sequence[Any]]) -> None:
    import pandas
    from fastparquet import write as write_parquet

    rows, begun = iter(values), False
    while True:
        group = list(itertools.islice(rows, _ROWS_A_GROUP))
        if begun and not group:
            return
        by_column = list(zip(*group)) if group else [()] * len(columns)
        frame = pandas.DataFrame({name: _series(kind, found) for (name, kind), found in zip(columns, by_column)})
        write_parquet(str(file), frame, append=begun, object_encoding="utf8")
        begun = True


def _series(kind: str, values: Sequence[Any]) -> Any:
    import pandas

    if kind == "date":
        return pandas.to_datetime(pandas.Series(values, dtype=object), utc=True).dt.tz_convert(None)
    if kind in _WHOLE:
        return pandas.Series([None if value in ("", None) else int(value) for value in values], dtype="Int64")
    if kind in ("double", "float"):
        return pandas.Series([math.nan if value in ("", None) else float(value) for value in values], dtype=float)
    if kind == "boolean":
        known = {"true": True, "false": False}
        return pandas.Series([known.get(made.text(value)) for value in values], dtype="boolean")
    return pandas.Series([made.text(value) for value in values], dtype=object)


def _read_parquet(file: Path) -> Iterator[list[str]]:
    from fastparquet import ParquetFile

    for frame in ParquetFile(str(file)).iter_row_groups():
        for row in frame.itertuples(index=False, name=None):
            yield [_text(value) for value in row]


def _text(value: Any) -> str:
    import pandas

    if pandas.isna(value):
        return ""
    return made.text(value.item() if hasattr(value, "item") else value)
