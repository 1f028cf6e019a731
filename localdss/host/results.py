"""What a macro may give back, by its result type."""

from __future__ import annotations

import json
from typing import Any

from .runner import ComponentFailed


def checked(result_type: str, given: str, content: bytes) -> bytes:
    """The content to hand on; a `ComponentFailed` that says what is wrong where DSS could not show it.

    `given` is the name of the Python type that `run` returned, after `to_json` and `json.dumps` of dicts."""
    if result_type == "NONE":
        return b""
    if given not in _GIVEN.get(result_type, ("str",)):
        raise _wrong(result_type, f"run gave {given}")
    shape = _SHAPES.get(result_type)
    if shape is not None:
        try:
            shape(json.loads(content))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise _wrong(result_type, str(error) or type(error).__name__) from error
    return content


_GIVEN = {"FILE": ("str", "bytes", "bytearray")}
_COLUMN_TYPES = ("STRING", "STRING_LIST")


def _table(value: Any) -> None:
    columns = value["columns"]
    for column in columns:
        if column["type"] not in _COLUMN_TYPES:
            raise ValueError(
                f"column {column['name']}: type {column['type']}, only STRING and STRING_LIST are documented"
            )
    for number, record in enumerate(value["records"], 1):
        if len(record) != len(columns):
            raise ValueError(f"record {number} has {len(record)} values for {len(columns)} columns")


def _object(value: Any) -> None:
    if not isinstance(value, dict):
        raise ValueError("not an object")


def _folder_file(value: Any) -> None:
    if not isinstance(value, (dict, list)) or len(value) != 2:
        raise ValueError("not a pair (folder id, path)")


_SHAPES = {"RESULT_TABLE": _table, "JSON_OBJECT": _object, "FOLDER_FILE": _folder_file}


def _wrong(result_type: str, what: str) -> ComponentFailed:
    return ComponentFailed("WrongResult", f"Not a {result_type}: {what}")
