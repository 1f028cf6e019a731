"""Forms drawn from the parameters of a component, and what comes back from them, in the types a component is given."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from ..host.descriptors import flag
from ..instance import Instance, Project, Raw

LINES = {"STRINGS": str, "INTS": int, "DOUBLES": float}
NUMBERS = {"INT": int, "DOUBLE": float}
SEVERAL = ("MULTISELECT", "DATASETS", "CONNECTIONS", "DATASET_COLUMNS")
TEXTS = ("STRING", "TEXTAREA", "PASSWORD", "DATE", "DATASET_COLUMN")


class BadValue(Exception):
    """A field holds what its type cannot be; the message names the field."""


@dataclass(frozen=True)
class Field:
    """One parameter as it is drawn. `widget` is the template's word; `visible` a JavaScript condition on `model`."""

    name: str
    type: str
    label: str
    description: str
    widget: str
    value: Any
    choices: list[Raw] = field(default_factory=list)
    mandatory: bool = False
    visible: str = ""
    dynamic: bool = False
    triggers: str = ""
    least: Optional[float] = None
    most: Optional[float] = None


def fields(
    params: Any, instance: Instance, project: Optional[Project], dynamic: Mapping[str, list[Raw]]
) -> list[Field]:
    """The form of `params`, its fields filled with their default values as DSS's own form does."""
    return [_field(param, instance, project, dynamic) for param in params or [] if isinstance(param, dict)]


def defaults(params: Any) -> Raw:
    """What the untouched form would send."""
    known = [param for param in params or [] if isinstance(param, dict)]
    return {str(param.get("name")): param["defaultValue"] for param in known if param.get("defaultValue") is not None}


def dynamic_names(params: Any) -> list[str]:
    """The parameters whose choices a function of the plugin gives."""
    known = [param for param in params or [] if isinstance(param, dict)]
    return [str(param.get("name")) for param in known if flag(param.get("getChoicesFromPython"))]


def read(params: Any, sent: Mapping[str, list[str]]) -> Raw:
    """Parameter values of a sent form. A field left empty is absent, unless it had a default to be cleared."""
    values = {}
    for param in params or []:
        name, kind = str(param.get("name")), str(param.get("type"))
        if kind == "SEPARATOR":
            continue
        try:
            value = _value(kind, sent.get(name) or [])
        except ValueError as error:
            raise BadValue(f"{param.get('label') or name}: {error}") from error
        if value is not None and (value != "" or param.get("defaultValue")):
            values[name] = value
    return values


def _value(kind: str, sent: list[str]) -> Any:
    text = sent[0] if sent else ""
    if kind == "BOOLEAN":
        return bool(sent)
    if kind in SEVERAL:
        return sent
    if kind in LINES:
        return [LINES[kind](line.strip()) for line in text.splitlines() if line.strip()]
    if kind in NUMBERS:
        return NUMBERS[kind](text) if text.strip() else None
    if kind in TEXTS or _widget(kind) == "select":
        return text
    return json.loads(text) if text.strip() else None


def _field(param: Raw, instance: Instance, project: Optional[Project], dynamic: Mapping[str, list[Raw]]) -> Field:
    name, kind = str(param.get("name", "")), str(param.get("type"))
    default = param.get("defaultValue")
    return Field(
        name=name,
        type=kind,
        label=str(param.get("label") or name),
        description=str(param.get("description") or ""),
        widget=_widget(kind),
        value=_shown(kind, default),
        choices=dynamic.get(name) or _choices(param, kind, instance, project),
        mandatory=flag(param.get("mandatory")),
        visible=str(param.get("visibilityCondition") or ""),
        dynamic=flag(param.get("getChoicesFromPython")),
        triggers=" ".join(map(str, param.get("triggerParameters") or [])),
        least=param.get("minI", param.get("minD")),
        most=param.get("maxI", param.get("maxD")),
    )


_WIDGETS = {
    **dict.fromkeys(("STRING", "PASSWORD", "DATE", "DATASET_COLUMN"), "text"),
    **dict.fromkeys(NUMBERS, "number"),
    **dict.fromkeys(("TEXTAREA", *LINES), "lines"),
    **dict.fromkeys(SEVERAL, "several"),
    **dict.fromkeys(("SELECT", "DATASET", "SCENARIO", "SAVED_MODEL", "MODEL", "MANAGED_FOLDER", "FOLDER"), "select"),
    **dict.fromkeys(("PROJECT", "CONNECTION", "CODE_ENV", "PLUGIN"), "select"),
    "BOOLEAN": "tick",
    "SEPARATOR": "separator",
}


def _widget(kind: str) -> str:
    """Types without a field of their own are written as JSON."""
    return _WIDGETS.get(kind, "json")


def _shown(kind: str, default: Any) -> Any:
    if kind in LINES:
        return "\n".join(map(str, default or []))
    if kind in SEVERAL:
        return list(default or [])
    if kind == "BOOLEAN":
        return flag(default)
    if _widget(kind) == "json":
        return "" if default is None else json.dumps(default, indent=2)
    return "" if default is None else default


def _choices(param: Raw, kind: str, instance: Instance, project: Optional[Project]) -> list[Raw]:
    if kind in ("SELECT", "MULTISELECT"):
        return [choice for choice in param.get("selectChoices") or [] if isinstance(choice, dict)]
    nodes: dict[str, Any] = {
        "PROJECT": {key: {"name": each.name} for key, each in instance.projects.items()},
        "CONNECTION": instance.connections,
        "CONNECTIONS": instance.connections,
        "CODE_ENV": {env["envName"]: env for env in instance.code_envs},
        "PLUGIN": {plugin.id: {"name": plugin.label} for plugin in instance.plugins},
    }
    if project is not None:
        nodes.update(DATASET=project.datasets, DATASETS=project.datasets, SCENARIO=project.scenarios)
        nodes.update(dict.fromkeys(("SAVED_MODEL", "MODEL"), project.saved_models))
        nodes.update(dict.fromkeys(("MANAGED_FOLDER", "FOLDER"), project.folders))
    return [{"value": key, "label": raw.get("name") or key} for key, raw in sorted(nodes.get(kind, {}).items())]
