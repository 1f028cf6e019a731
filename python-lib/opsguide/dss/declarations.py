"""The profile in the project's variables: read whole, written as one key of one layer, read back.

DSS saves variables as a whole and without a version. What somebody else saves between the reading right before and the
save is lost to DSS; so it is short, and whoever saves looks afterwards whether their words are there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..model.profile import PROFILE_KEY
from .session import Clients, path


@dataclass(frozen=True)
class Documents:
    """The project's variables as they stand, by layer ("standard", "local")."""

    layers: Mapping[str, Mapping[str, Any]]

    def of(self, layer: str) -> Any:
        """The profile as that layer has it; None where it has none."""
        return self.layers[layer].get(PROFILE_KEY)


def read(clients: Clients, project_key: str) -> Documents:
    """The variables as they stand now."""
    found = clients.get_mapping(_place(project_key), holding=("standard", dict))
    local = found.get("local")
    return Documents({"standard": found["standard"], "local": local if isinstance(local, dict) else {}})


def write(clients: Clients, project_key: str, layer: str, profile: Mapping[str, Any]) -> Documents:
    """Save a layer's profile over what stands there now, nothing else changed, and return what DSS has then."""
    now = read(clients, project_key)
    changed = {**now.layers, layer: {**now.layers[layer], PROFILE_KEY: dict(profile)}}
    clients.write("PUT", _place(project_key), changed)
    return read(clients, project_key)


def _place(project_key: str) -> str:
    return path("projects", project_key, "variables") + "/"
