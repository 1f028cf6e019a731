"""The sample: a node, its people and its projects, as `python -m localdss` shows them."""

from __future__ import annotations

from pathlib import Path

import yaml

from ..instance import Instance
from ..projects import load

ROOT = Path(__file__).parent


def fill(instance: Instance) -> None:
    """Gives an empty instance the sample's users, groups, connections, channels and projects."""
    told = yaml.safe_load((ROOT / "instance.yaml").read_text("utf-8"))
    instance.zone = told["zone"]
    instance.node = told["node"]
    instance.version = told["node"].get("dssVersion", instance.version)
    instance.users = {user["login"]: user for user in told["users"]}
    instance.groups = {group["name"]: group for group in told["groups"]}
    instance.connections = {name: {"name": name, **raw} for name, raw in told["connections"].items()}
    instance.channels = told["channels"]
    instance.code_envs = told["code_envs"]
    instance.notebooks = told["notebooks"]
    for folder in told["projects"]:
        instance.add(load(ROOT / folder, key=folder.upper()))
