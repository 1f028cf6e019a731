"""What a check is handed: a dataset, folder or model of DSS's `dataiku` package, and the last metric values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Optional

import dataiku

from ..model.known import Known, Unknown
from ..model.snapshot import Metric, ObjectRef
from . import answers, raw, rows
from .session import Clients, attempt, path

MOST_RECIPES = 10


def ref_of(target: Any) -> Optional[ObjectRef]:
    """Which object it is; None for what is none of a dataset, a folder and a saved model."""
    project_key = str(getattr(target, "project_key", None) or dataiku.default_project_key())
    if rows.is_dataset(target):
        return ObjectRef("DATASET", project_key, str(target.short_name))
    if rows.is_folder(target):
        return ObjectRef("MANAGED_FOLDER", project_key, str(target.get_id()))
    if hasattr(target, "list_versions") and hasattr(target, "get_id"):
        return ObjectRef("SAVED_MODEL", project_key, str(target.get_id()))
    return None


def columns(clients: Clients, ref: ObjectRef) -> Known[tuple[tuple[str, str], ...]]:
    """Name and type of each column that DSS has on record for a dataset, in order; no data is read."""
    place = path("projects", ref.project_key, "datasets", ref.id, "schema")
    found = attempt(f"the schema of {ref.id}", clients.get_mapping, place)
    if isinstance(found, Unknown):
        return found
    return tuple((raw.text(column, "name"), raw.text(column, "type")) for column in raw.mappings(found, "columns"))


def recipes(clients: Clients, project_key: str, names: Sequence[str], *, read: bool) -> dict[str, Optional[str]]:
    """Settings and code of each recipe as one text; None where it could not be read, or is not to be (`read`), or is one
    of more than a check has time for."""
    found: dict[str, Optional[str]] = dict.fromkeys(names)
    for name in names[:MOST_RECIPES] if read else ():
        whole = attempt(f"recipe {name}", clients.get_mapping, path("projects", project_key, "recipes", name))
        if not isinstance(whole, Unknown):
            settings = json.dumps(raw.mapping(whole, "recipe", "params"), ensure_ascii=False)
            found[name] = f"{settings}\n{raw.text(whole, 'payload')}"
    return found


def handed(last_values: Any) -> tuple[Metric, ...]:
    """The last values that DSS hands to a check, without their times: whether those have a time zone is not documented."""
    points = last_values.items() if isinstance(last_values, Mapping) else ()
    return tuple(
        Metric(str(metric_id), str(point.get_value()), partition=answers.whole(str(point.get_partition() or "")))
        for metric_id, point in points
        if point.get_value() is not None
    )
