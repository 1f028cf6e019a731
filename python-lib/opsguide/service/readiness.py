"""The project standards check `operations-readiness`: can this project be operated?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from ..core import readiness as rules
from ..core import words
from ..core.readiness import LACKING, REQUIREMENTS, UNKNOWN, Requirement
from ..dss import extras, gateway
from ..dss.session import Clients
from ..errors import InvalidParameter
from ..settings import Settings
from .entry import opened
from .parameters import left_on, whole_in
from .reading import read

_NEED = gateway.FIRST | {"scenario_settings", "settings", "channels"}
REVIEW_DAYS, SEVERITY = 90, 3


@dataclass(frozen=True)
class Readiness:
    """What DSS is told: `status` is "success", "failure", "not_applicable" or "error" (it cannot be told), `severity` 1
    to 5 that of a failure, `message` one sentence; `details` has each requirement with its state and why."""

    status: str
    message: str
    severity: int = SEVERITY
    details: Mapping[str, Any] = field(default_factory=dict)


def readiness_in_dss(
    project_key: str, config: Optional[Mapping[str, Any]], plugin_config: Optional[Mapping[str, Any]]
) -> Readiness:
    """The check: reads with the rights that DSS runs it with. See `readiness`."""
    clients, settings = opened(plugin_config)
    return readiness(clients, project_key, config or {}, settings)


def readiness(clients: Clients, project_key: str, config: Mapping[str, Any], settings: Settings) -> Readiness:
    """Whether the project has what it takes. `config` is the check's parameters; InvalidParameter for a number out of
    its bounds, and where nothing is wanted at all. Nothing is written."""
    wanted = [name for name in REQUIREMENTS if left_on(config, name)]
    if not wanted:
        raise InvalidParameter("Nothing is asked for: tick at least one requirement.")
    review_days = whole_in(config, "review_days", REVIEW_DAYS, 1, 3650)
    severity = whole_in(config, "severity", SEVERITY, 1, 5)
    reading = read(clients, project_key, settings, need=_NEED, ledger=None)
    if not rules.operated(reading.report):
        return Readiness("not_applicable", "Nothing to operate: the project has no output and no active scenario.")
    users = extras.users(clients)
    found = rules.readiness(reading.snapshot, reading.declared, reading.report, users, wanted, review_days)
    details = {each.id: {"state": each.state, "said": each.said, "needs": each.needs} for each in found}
    return Readiness(*_verdict(found), severity=severity, details=details)


def _verdict(found: tuple[Requirement, ...]) -> tuple[str, str]:
    """Something is lacking, else something cannot be told, else all is there; always with what is not known."""
    lacking = [each.said for each in found if each.state == LACKING]
    unsure = [
        each.said + (f" (it takes: {each.needs})" if each.needs else "") for each in found if each.state == UNKNOWN
    ]
    if lacking:
        also = f". Not known: {'; '.join(unsure)}" if unsure else ""
        return "failure", f"Not ready: {'; '.join(lacking)}{also}."
    if unsure:
        return "error", f"Cannot tell: {'; '.join(unsure)}."
    return "success", f"{words.capital('; '.join(each.said for each in found))}."
