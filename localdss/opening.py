"""Opens a local DSS: the sample's node and projects, others beside them, a story told of all of them, a server started."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Optional, Union

import yaml

from . import host, projects, story
from .clock import Clock
from .instance import VERSION, Instance, Raw
from .server import Server
from .triggers import Triggers

SAMPLE = Path(__file__).parent / "sample"
PLUGIN = Path(__file__).parent.parent
Directory = Union[str, Path]


def open_instance(
    story_name: Optional[str] = story.DEFAULT,
    at: Optional[datetime] = None,
    directories: Sequence[Directory] = (),
    version: str = VERSION,
    plugins: Sequence[Directory] = (PLUGIN,),
    sample: bool = True,
    postgres: str = "",
) -> Instance:
    """A node with its projects at the instant `at`, or at the story's own; without a story nothing has happened yet.
    However long this takes, the story is told as of that instant, and the clock begins to tick there."""
    if at is None and story_name is not None:
        at = story.anchor(story_name)
    instance = Instance(clock=Clock(at), version=version, postgres=postgres)
    opened_at = instance.clock.now()
    instance.clock.stop(opened_at)
    instance.plugins = host.discover(*map(Path, plugins))
    described: Raw = yaml.safe_load((SAMPLE / "instance.yaml").read_text("utf-8"))
    _furnish(instance, described)
    for name in described["projects"] if sample else ():
        instance.add(projects.load(SAMPLE / name, key=name.upper()))
    for directory in directories:
        instance.add(projects.load(Path(directory)))
    if story_name is not None:
        story.tell_all(instance, story_name, opened_at)
    for key in instance.projects:
        host.ensure_webapps(instance, key)
    instance.clock.set(opened_at)
    return instance


def _furnish(instance: Instance, described: Raw) -> None:
    instance.zone = described["zone"]
    instance.node = {key: value for key, value in described["node"].items() if key != "dssVersion"}
    instance.users = {user["login"]: user for user in described["users"]}
    instance.groups = {group["name"]: group for group in described["groups"]}
    instance.connections = described["connections"]
    instance.channels = described["channels"]
    instance.code_envs = described["code_envs"]
    instance.notebooks = described["notebooks"]
    instance.plugin_settings = described["plugin_settings"]


@contextlib.contextmanager
def serve(
    story: Optional[str] = story.DEFAULT,
    at: Optional[datetime] = None,
    projects: Sequence[Directory] = (),
    version: str = VERSION,
    plugins: Sequence[Directory] = (PLUGIN,),
    sample: bool = True,
    port: int = 0,
    speed: float = 600.0,
    latency: float = 0.0,
    postgres: str = "",
    data_dir_open_to: str = "macros",
    triggers_fire: bool = False,
) -> Iterator[Server]:
    """A server for the length of a `with`. `speed` divides the time that runs and jobs take; `latency` delays every answer
    (seconds); `story=None` opens projects to which nothing has happened; `data_dir_open_to` is told at `Instance`; `triggers_fire`
    lets triggers fire by themselves as the clock moves."""
    instance = open_instance(story, at, projects, version, plugins, sample, postgres)
    instance.speed, instance.data_dir_open_to = speed, data_dir_open_to
    server = Server(instance)
    server.faults.latency = latency
    watching = Triggers(instance) if triggers_fire else None
    try:
        server.start(port)
        if watching is not None:
            watching.start()
        yield server
    finally:
        if watching is not None:
            watching.stop()
        server.stop()
