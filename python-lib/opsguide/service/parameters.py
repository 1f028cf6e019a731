"""The parameters of macros, steps and checks, each checked: DSS applies defaults in its forms only, and a scenario or a
program sends what it likes. InvalidParameter names the one that is wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..core.today import SEVERITIES
from ..errors import InvalidParameter


def switched_on(config: Mapping[str, Any], name: str) -> bool:
    """A switch that is off unless it is set."""
    return config.get(name) in (True, "true")


def left_on(config: Mapping[str, Any], name: str) -> bool:
    """A switch that is on unless it is taken off."""
    return config.get(name) not in (False, "false")


def names_in(config: Mapping[str, Any], name: str) -> frozenset[str]:
    """A list of names, each without space around it."""
    given = config.get(name) or ()
    if not isinstance(given, (list, tuple)):
        raise InvalidParameter(f"“{name}” is a list of names, not {given!r}", name=name)
    return frozenset(str(item).strip() for item in given if str(item).strip())


def severity_in(config: Mapping[str, Any], default: str) -> str:
    """The parameter `fail_at`: the mildest verdict that fails."""
    fail_at = config.get("fail_at") or default
    if fail_at not in SEVERITIES:
        raise InvalidParameter(f"“fail_at” is {fail_at!r}; it can be {', '.join(SEVERITIES)}", name="fail_at")
    return str(fail_at)


def whole_in(config: Mapping[str, Any], name: str, default: int, low: int, high: int) -> int:
    """A whole number from `low` to `high`; DSS may send 4 as 4.0."""
    given = config.get(name)
    if given is None or given == "":
        return default
    try:
        found = float(given)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if isinstance(given, bool) or not low <= found <= high or found != int(found):
        raise InvalidParameter(f"“{name}” is {given!r}; it is a whole number from {low} to {high:,}", name=name)
    return int(found)
