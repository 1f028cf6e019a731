"""Why things went wrong and go on going wrong until somebody puts it right: a file that did not come, a column that went.

A story names its causes. As long as one lasts, live runs of the recipe it breaks fail as the night's did; once it is settled
(by a test, or by the button on the project's screen) the same run succeeds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .clock import to_ms
from .flow import Flow
from .instance import Instance, Project
from .told import Told

Raw = dict[str, Any]

_KNOWN = {"label", "recipe", "message", "comes", "drops", "retypes", "by", "at"}


@dataclass
class Cause:
    """One lasting cause. `label` says what settles it; `rows` come then, by dataset and partition; `schemas` are put back."""

    project_key: str
    name: str
    label: str
    recipe: str
    rows: dict[str, int] = field(default_factory=dict)
    schemas: dict[str, Raw] = field(default_factory=dict)


def begin(instance: Instance, project: Project, told: Told, flow: Flow) -> None:
    """Lets the causes of a story last."""
    for name, fact in told.causes.items():
        strange = set(fact) - _KNOWN
        if strange:
            raise ValueError(f"cause {name} says {sorted(strange)[0]!r}, which nothing reads")
        cause = Cause(project.key, name, str(fact["label"]), str(fact["recipe"]))
        instance.broken[project.key, cause.recipe] = told.worded(str(fact["message"]), told.now)
        for ref in fact.get("comes") or []:
            partition = flow.asked_partition(ref, "", told.now)
            cause.rows[ref if partition == "NP" else f"{ref}/{partition}"] = told.row_count(ref, told.now)
        for ref in {*(fact.get("drops") or {}), *(fact.get("retypes") or {})}:
            cause.schemas[ref] = project.datasets[ref]["schema"]
            _change(project.datasets[ref], fact, ref, to_ms(told.local(1, str(fact["at"]))))
        instance.causes[name] = cause


def _change(raw: Raw, fact: Raw, ref: str, at: int) -> None:
    dropped, retyped = (fact.get("drops") or {}).get(ref) or [], (fact.get("retypes") or {}).get(ref) or {}
    columns = [column for column in raw["schema"]["columns"] if column["name"] not in dropped]
    columns = [{**column, "type": retyped.get(column["name"], column["type"])} for column in columns]
    raw["schema"] = {**raw["schema"], "columns": columns}
    number = int((raw.get("versionTag") or {}).get("versionNumber") or 0)
    raw["versionTag"] = {"versionNumber": number + 1, "lastModifiedBy": {"login": fact["by"]}, "lastModifiedOn": at}


def settle(instance: Instance, name: str) -> str:
    """Puts right what a story calls by that name; answers what was done. KeyError for a cause that is settled or unknown."""
    with instance.lock:
        cause = instance.causes.pop(name)
        project = instance.projects[cause.project_key]
        instance.broken.pop((cause.project_key, cause.recipe), None)
        project.rows.update(cause.rows)
        for ref, schema in cause.schemas.items():
            project.datasets[ref]["schema"] = schema
    return str(cause.label)
