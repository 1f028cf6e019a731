"""A part of the profile as a form, made from the profile's JSON Schema, and what was entered as a part again.

A control that was not touched gives back what was there to the letter, whatever its shape: what a form cannot show is
never lost by saving it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from ..model import declare
from ..model.declare import Field
from ..model.profile import OpsProfile, Problem
from .layers import Path, Tree
from .parts import Part, at

PREFIX = "f"
MAX_ROWS = 200
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LONG = frozenset({"note", "purpose", "impact", "how", "cause", "step", "access_request", "pattern"})


@dataclass(frozen=True)
class Setting:
    """What a form depends on besides the part: the `zone` on whose clock instants are shown, the keys for which there
    are `lists` of known names to choose from, and what another layer says."""

    zone: str = "UTC"
    lists: Collection[str] = ()
    elsewhere: Any = None
    elsewhere_is: str = ""


def fields(part: Part, said: Mapping[str, Tree], setting: Setting = Setting()) -> tuple[Field, ...]:
    """The form of a part in which `said` is declared. A list ends in an empty row for the next."""
    schema = _schema(part)
    return tuple(_field(key, schema[key], said.get(key), (*part.root, key), (key,), setting) for key in part.keys)


def entered(part: Part, form: Mapping[str, str], base: Mapping[str, Tree], zone: str) -> dict[str, Tree]:
    """What the form says, over `base`, which it showed first: empty fields and rows are absent. What is not of its kind
    stays as it was typed, for the profile to refuse."""
    schema = _schema(part)
    found = {key: _entered(schema[key], base.get(key), (key,), form, zone) for key in part.keys}
    return {key: value for key, value in found.items() if value is not None}


def with_problems(
    shown: Iterable[Field], problems: Iterable[Problem], root: Path
) -> tuple[tuple[Field, ...], tuple[Problem, ...]]:
    """The fields with what is wrong at each, and the problems for which there is no field."""
    problems = tuple(problems)
    found = dict(_placed(problem) for problem in problems)
    told: set[str] = set()

    def mark(each: Field) -> Field:
        dotted = ".".join(map(str, each.path))
        fields_ = tuple(mark(inner) for inner in each.fields)
        rows = tuple(tuple(mark(inner) for inner in row) for row in each.rows)
        error = found.get(dotted, "")
        if error:
            told.add(dotted)
        if not fields_ and not rows:
            below = next((path for path in found if path.startswith(f"{dotted}.")), "")
            if below and not error:
                error = found[below]
                told.add(below)
        for number in range(len(rows)):
            row_path = f"{dotted}.{number}"
            if row_path in found and not error:
                error = f"row {number + 1} {found[row_path]}"
                told.add(row_path)
        return replace(each, fields=fields_, rows=rows, error=_for_a_form(each, error))

    marked = tuple(mark(each) for each in shown)
    return marked, tuple(problem for problem in problems if _placed(problem)[0] not in told)


def _placed(problem: Problem) -> tuple[str, str]:
    """Where a person looks for a problem, and what they read there: what is missing is told at its own field."""
    missing = re.fullmatch(r"needs a '(\w+)'", problem.message)
    return (f"{problem.path}.{missing[1]}", "is missing") if missing else (problem.path, problem.message)


def text_of(value: Tree) -> str:
    """A value in one line, for a person: what another layer or somebody else says."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {text_of(inner)}" for key, inner in value.items()) or "nothing"
    if isinstance(value, (list, tuple)):
        return " · ".join(text_of(inner) for inner in value) or "none"
    return str(value)


# --- the schema ------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _whole() -> dict[str, Any]:
    return OpsProfile.model_json_schema()


def _schema(part: Part) -> Mapping[str, Any]:
    properties: Mapping[str, Any] = _whole()["properties"]
    if part.section.named:
        properties = _resolved(properties[part.section.id]["additionalProperties"])["properties"]
    return properties


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema behind a reference or an "or null", with the description of where it is used."""
    inner = schema
    if "anyOf" in inner:
        inner = next(each for each in inner["anyOf"] if each.get("type") != "null")
    if "$ref" in inner:
        inner = _whole()["$defs"][inner["$ref"].rpartition("/")[2]]
    if inner is schema:
        return schema
    own = {key: value for key, value in schema.items() if key in ("description", "default")}
    return {**inner, **own}


def _kind(key: str, schema: Mapping[str, Any]) -> str:
    shape, inner = schema.get("type"), schema.get("items", {})
    if shape == "object":
        return declare.GROUP if "properties" in schema else declare.PAIRS
    if shape == "array" and "enum" in inner:
        return declare.DAYS
    if shape == "array" and inner.get("format") == "date":
        return declare.LINES
    if shape == "array":
        return declare.ROWS if "$ref" in inner else declare.LINES
    by_shape = {"boolean": declare.YES_NO, "number": declare.NUMBER, "integer": declare.WHOLE}
    if shape in by_shape:
        return by_shape[str(shape)]
    if "enum" in schema:
        return declare.CHOICE
    by_format = {"date": declare.DAY, "date-time": declare.INSTANT}
    if schema.get("format") in by_format:
        return by_format[str(schema.get("format"))]
    if str(schema.get("pattern", "")).startswith("^([01]"):
        return declare.TIME
    return declare.AREA if key in _LONG else declare.TEXT


def _label(key: str) -> str:
    return key.replace("_", " ").capitalize()


# --- showing ---------------------------------------------------------------------------------------------------------


def _field(
    key: str,
    raw_schema: Mapping[str, Any],
    value: Tree,
    path: Path,
    place: Path,
    setting: Setting,
    required: bool = False,
) -> Field:
    schema = _resolved(raw_schema)
    kind = _kind(key, schema)
    made = Field(
        name=".".join(map(str, (PREFIX, *place))),
        path=path,
        kind=kind,
        label=_label(key),
        help=str(schema.get("description", "")).replace("`", ""),
        required=required,
        choices=tuple(schema.get("enum", ()) or schema.get("items", {}).get("enum", ())),
        list=key if key in setting.lists else "",
    )
    if kind == declare.GROUP:
        return replace(made, fields=_inner(schema, value, path, place, setting))
    other = at(setting.elsewhere, path)
    if kind == declare.ROWS:
        elsewhere = ""
        if isinstance(other, list) and other:
            elsewhere = (
                f"{setting.elsewhere_is} {len(other)} of these; a list in one layer replaces that of the other whole"
            )
        alone = replace(setting, elsewhere=None)
        rows = [*(value if isinstance(value, list) else ()), None][:MAX_ROWS]
        item = _resolved(schema["items"])
        return replace(
            made,
            rows=tuple(_inner(item, row, (*path, number), (*place, number), alone) for number, row in enumerate(rows)),
            elsewhere=elsewhere,
        )
    elsewhere = f"{setting.elsewhere_is}: {text_of(other)}" if other is not None else ""
    return replace(made, value=_shown(kind, schema, value, setting.zone), elsewhere=elsewhere)


def _inner(schema: Mapping[str, Any], value: Tree, path: Path, place: Path, setting: Setting) -> tuple[Field, ...]:
    said = value if isinstance(value, Mapping) else {}
    needed = schema.get("required", ())
    return tuple(
        _field(key, inner, said.get(key), (*path, key), (*place, key), setting, key in needed)
        for key, inner in schema["properties"].items()
    )


def _shown(kind: str, schema: Mapping[str, Any], value: Tree, zone: str) -> str:
    if kind == declare.DAYS and value is None:
        value = list(schema.get("default") or ())
    if value is None:
        return ""
    if kind == declare.YES_NO:
        return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    if kind in (declare.DAYS, declare.LINES) and isinstance(value, list):
        return "\n".join(" ".join(str(each).split("\n")) for each in value)
    if kind == declare.PAIRS and isinstance(value, Mapping):
        return "\n".join(f"{name} = {target}" for name, target in value.items())
    if kind == declare.INSTANT:
        return _on_the_clock(value, zone)
    if isinstance(value, float):
        return f"{value:.12g}"
    return str(value)


def _on_the_clock(value: Tree, zone: str) -> str:
    try:
        instant = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        return str(value)
    if instant.tzinfo is None:
        return str(value)
    try:
        return f"{instant.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}"
    except (OverflowError, ValueError):
        return str(value)


# --- reading ---------------------------------------------------------------------------------------------------------


def _entered(raw_schema: Mapping[str, Any], base: Tree, place: Path, form: Mapping[str, str], zone: str) -> Tree:
    schema = _resolved(raw_schema)
    kind = _kind(str(place[-1]), schema)
    if kind == declare.GROUP:
        return _object(schema, base, place, form, zone)
    if kind == declare.ROWS:
        return _list(schema, base, place, form, zone)
    name = ".".join(map(str, (PREFIX, *place)))
    if kind == declare.DAYS:
        chosen = [day for day in schema["items"]["enum"] if form.get(f"{name}.{day}")]
        typed = "\n".join(chosen)
    elif name in form:
        typed = form[name].replace("\r\n", "\n").strip()
    else:
        return base  # a control that the form did not have
    if typed == _shown(kind, schema, base, zone).strip():
        return base
    return _read(kind, typed, schema, zone)


def _object(schema: Mapping[str, Any], base: Tree, place: Path, form: Mapping[str, str], zone: str) -> Tree:
    said = base if isinstance(base, Mapping) else {}
    found = {key: value for key, value in said.items() if key not in schema["properties"]}
    for key, inner in schema["properties"].items():
        value = _entered(inner, said.get(key), (*place, key), form, zone)
        if value is not None:
            found[key] = value
    return found or None


def _list(schema: Mapping[str, Any], base: Tree, place: Path, form: Mapping[str, str], zone: str) -> Tree:
    head = ".".join(map(str, (PREFIX, *place))) + "."
    numbers = {name[len(head) :].partition(".")[0] for name in form if name.startswith(head)}
    if not numbers:
        return base
    before = base if isinstance(base, list) else []
    item = _resolved(schema["items"])
    rows = []
    for number in sorted(int(each) for each in numbers if each.isdigit()):
        old = before[number] if number < len(before) else None
        if form.get(f"{head}{number}.-"):
            continue
        row = _object(item, old, (*place, number), form, zone)
        if row is not None:
            rows.append(row)
    return rows or (base if base == [] else None)


def _read(kind: str, typed: str, schema: Mapping[str, Any], zone: str) -> Tree:
    if kind == declare.DAYS:
        return [day for day in typed.split("\n") if day] or ([] if schema.get("default") else None)
    if not typed:
        return None
    if kind == declare.YES_NO:
        return {"true": True, "false": False}.get(typed, typed)
    if kind in (declare.NUMBER, declare.WHOLE):
        return _number(typed)
    if kind == declare.LINES:
        return [line.strip() for line in typed.split("\n") if line.strip()]
    if kind == declare.PAIRS:
        pairs = (line.partition("=") for line in typed.split("\n") if line.strip())
        return {title.strip(): target.strip() for title, _, target in pairs}
    if kind == declare.INSTANT:
        return _with_offset(typed, zone)
    return typed


def _number(typed: str) -> Any:
    plain = typed.replace("\u202f", "").replace(" ", "")
    if re.fullmatch(r"[+-]?\d{1,18}", plain):
        return int(plain)
    if re.fullmatch(r"[+-]?\d{1,18}\.\d{1,12}", plain):
        return float(plain)
    return typed


def _with_offset(typed: str, zone: str) -> str:
    """An instant that was typed on the clock of `zone`, with its offset: "2026-03-02T08:00" is the profile's
    "2026-03-02T08:00:00+01:00" in Paris."""
    try:
        instant = datetime.fromisoformat(typed.replace("Z", "+00:00"))
    except ValueError:
        return typed
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=ZoneInfo(zone) if zone else timezone.utc)
    return instant.isoformat()


# A person who fills in a form never wrote quotes.
_KINDS = {
    declare.NUMBER: "must be a number, such as 90 or 1.5",
    declare.WHOLE: "must be a whole number, such as 8000",
    declare.YES_NO: "must be yes or no",
}


def _for_a_form(each: Field, error: str) -> str:
    if error.startswith("must be") and "quotes" in error and each.kind in _KINDS:
        return _KINDS[each.kind]
    return error
