"""Opens a local DSS: the sample's node and projects, others beside them, a story told of all of them, a server started."""

from __future__ import annotations

import contextlib
import os
import pickle
from collections import OrderedDict
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
# A few megabytes each.
KEPT_STORIES = 6
# What telling a story changes of an instance, besides the files below its data directory.
_OF_A_STORY = ("story", "node", "projects", "notebooks", "broken", "causes")
_told: OrderedDict[tuple[object, ...], bytes] = OrderedDict()


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
    opened_at = at or instance.clock.now()
    instance.clock.stop(opened_at)
    instance.plugins = host.discover(*map(Path, plugins))
    described: Raw = yaml.safe_load((SAMPLE / "instance.yaml").read_text("utf-8"))
    _furnish(instance, described)
    of_sample = described["projects"] if sample else ()
    if directories or story_name is None:
        _load(instance, of_sample, directories)
        if story_name is not None:
            story.tell_all(instance, story_name, opened_at)
    else:
        _tell(instance, of_sample, story_name, opened_at)
    for key in instance.projects:
        host.ensure_webapps(instance, key)
    instance.clock.set(opened_at)
    return instance


def _load(instance: Instance, of_sample: Sequence[str], directories: Sequence[Directory] = ()) -> None:
    for name in of_sample:
        instance.add(projects.load(SAMPLE / name, key=name.upper()))
    for directory in directories:
        instance.add(projects.load(Path(directory)))


def _tell(instance: Instance, of_sample: Sequence[str], name: str, at: datetime) -> None:
    """Tells a story of the sample. Told again at the same instant it would be the same: then it is copied, which takes a
    sixth of the time."""
    key = (name, at, instance.version, instance.postgres, tuple(of_sample))
    if key in _told:
        state, files = pickle.loads(_told[key])
        vars(instance).update(state)
        for path, content, size, times in files:
            file = instance.data_dir / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            os.truncate(file, size)
            os.utime(file, ns=times)
        return
    _load(instance, of_sample)
    story.tell_all(instance, name, at)
    if not story.read(name).get("big"):
        state = {part: vars(instance)[part] for part in _OF_A_STORY}
        _told[key] = pickle.dumps((state, list(_files(instance.data_dir))))
        while len(_told) > KEPT_STORIES:
            _told.popitem(last=False)


def _files(folder: Path) -> Iterator[tuple[Path, bytes, int, tuple[int, int]]]:
    """Path, content, size and times of each file. What only has a size, and takes no room, has no content."""
    for file in folder.rglob("*"):
        if file.is_file():
            found = file.stat()
            hollow = found.st_size > 1_000_000 and not found.st_blocks
            content = b"" if hollow else file.read_bytes()
            yield file.relative_to(folder), content, found.st_size, (found.st_atime_ns, found.st_mtime_ns)


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
    watching: Optional[Triggers] = None
    try:
        server.start(port)
        if triggers_fire:
            watching = Triggers(instance).start()
        yield server
    finally:
        if watching is not None:
            watching.stop()
        server.stop()
