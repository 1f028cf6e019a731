"""What is wrong with a part of the profile, in the words of the person who wrote it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Optional, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from ..model.profile import OpsProfile

_KINDS = {
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number, without quotes",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number, without quotes",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false, without quotes",
    "tuple_type": "must be a list [ … ]",
    "dict_type": "must be an object {{ … }}",
    "model_type": "must be an object {{ … }}",
    "string_pattern_mismatch": "must be a time of day from 00:00 to 23:59, such as 06:30",
    "date_type": "must be a day, such as 2026-03-02",
    "date_parsing": "must be a day that exists, such as 2026-03-02",
    "datetime_type": "must be an instant, such as 2026-03-02T08:00:00+01:00",
    "datetime_parsing": "must be an instant that exists, such as 2026-03-02T08:00:00+01:00",
    "timezone_aware": "needs its offset from UTC, such as 2026-03-02T08:00:00+01:00",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be {ge:g} or more",
    "less_than_equal": "must be {le:g} or less",
    "string_too_long": "must be at most {max_length} characters long",
    "string_too_short": "must not be empty",
    "too_short": "must not be an empty list; leave the key out instead",
    "missing": "needs a {key}",
}


def explain(error: ErrorDetails) -> str:
    """One sentence part for one of pydantic's errors: what it must be, and what it is."""
    kind, place = error["type"], error["loc"]
    if kind == "extra_forbidden":
        return _unknown_key(place)
    if kind == "literal_error":
        return _not_one_of(error)
    context = {"key": repr(place[-1]) if place else "value", **error.get("ctx", {})}
    if kind == "value_error":
        sentence = str(context["error"])
        if isinstance(error["input"], Mapping):
            return sentence
    elif kind in _KINDS:
        sentence = _KINDS[kind].format(**context)
    else:
        sentence = error["msg"][:1].lower() + error["msg"][1:]
    return sentence if kind == "missing" else f"{sentence}{_shown(error['input'])}"


def _unknown_key(place: tuple[Union[int, str], ...]) -> str:
    known = _keys_at(place[:-1])
    near = get_close_matches(str(place[-1])[:80].lower(), known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
    return f"is not a key of the profile; {hint}"


def _not_one_of(error: ErrorDetails) -> str:
    expected = str(error.get("ctx", {}).get("expected", ""))
    words = [word for word in expected.replace(" or ", ", ").replace("'", "").split(", ") if word]
    near = get_close_matches(str(error["input"])[:80].lower(), words, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"must be one of {', '.join(words)}{_shown(error['input'])}{hint}"


def _shown(value: Any) -> str:
    if isinstance(value, (Mapping, list)):
        return f" (it is {'an object' if isinstance(value, Mapping) else 'a list'})"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return f" (it is {text if len(text) <= 60 else text[:60] + '…'})"


def _keys_at(place: tuple[Union[int, str], ...]) -> list[str]:
    """The keys that an object at `place` may have."""
    shape: Any = OpsProfile
    for step in place:
        part = _part(shape)
        if part is not None:
            shape = part.model_fields[str(step)].annotation
        else:
            shape = get_args(_required(shape))[1 if get_origin(_required(shape)) is dict else 0]
    part = _part(shape)
    return list(part.model_fields) if part is not None else []


def _required(shape: Any) -> Any:
    """X of Optional[X]."""
    return get_args(shape)[0] if get_origin(shape) is Union else shape


def _part(shape: Any) -> Optional[type[BaseModel]]:
    shape = _required(shape)
    # Until Python 3.10 tuple[X, ...] also counts as a type.
    is_class = get_origin(shape) is None and isinstance(shape, type)
    return shape if is_class and issubclass(shape, BaseModel) else None
