"""The logs in DSS's data directory: how large they are and, as a last resort, deleting one run's folder.

Only `jobs/PROJECT/JOB` and `scenarios/PROJECT/SCENARIO/RUN` are ever touched. Each step of the way is opened by its name
within the one before and never through a link, so that no name and no link swapped in meanwhile leads elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Optional

# How many names lead from the data directory to one run's folder.
JOBS, SCENARIOS = "jobs", "scenarios"
_DEPTH = {JOBS: 2, SCENARIOS: 3}
MAX_DEPTH = 40  # of folders inside a run's: each holds a file descriptor while it is emptied

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


def data_directory(named: Optional[str]) -> Optional[Path]:
    """DSS's data directory where this process sees one: `named` (DIP_HOME), if it has the folders of logs."""
    home = Path(named) if named else None
    return home if home is not None and any((home / kind).is_dir() for kind in _DEPTH) else None


def sizes(home: Path, kind: str, project_key: str) -> dict[str, int]:
    """The bytes of each run's folder of a project, by "JOB" or "SCENARIO/RUN". Links count as nothing and are not followed.
    OSError where the project's folder cannot be read; what lies deeper and cannot be read counts as nothing."""
    found: dict[str, int] = {}
    _check((kind, project_key))
    top = home / kind / project_key
    if not top.exists():
        return found
    with _opened(home, (kind, project_key)):
        pass  # refuses links on the way
    for name in _folders(str(top)):
        if kind == JOBS:
            found[name] = _size(f"{top}/{name}")
        else:
            for run in _folders(f"{top}/{name}"):
                found[f"{name}/{run}"] = _size(f"{top}/{name}/{run}")
    return found


def written_at(home: Path, kind: str, project_key: str, run: str) -> Optional[float]:
    """When something was last put into a run's folder, in seconds since 1970; None where that cannot be told."""
    try:
        return (home / kind / project_key / run).lstat().st_mtime
    except OSError:
        return None


def remove(home: Path, kind: str, project_key: str, run: str) -> None:
    """Delete the folder of one run, "JOB" or "SCENARIO/RUN". FileNotFoundError where there is none; OSError, with what was
    deleted until then gone, where something cannot be deleted."""
    *way, name = _check((kind, project_key, *run.split("/")))
    with _opened(home, tuple(way)) as parent:
        folder = os.open(name, _FOLDER, dir_fd=parent)
        try:
            _empty(folder, os.fstat(folder).st_dev, 0)
        finally:
            os.close(folder)
        os.rmdir(name, dir_fd=parent)


def _check(names: tuple[str, ...]) -> tuple[str, ...]:
    kind, rest = names[0], names[1:]
    odd = [name for name in rest if name in ("", ".", "..") or "/" in name or "\\" in name or "\0" in name]
    if kind not in _DEPTH or odd or len(rest) not in (1, _DEPTH[kind]):
        raise ValueError(f"{'/'.join(names)!r} is no folder of a run's logs")
    return names


@contextmanager
def _opened(home: Path, way: tuple[str, ...]) -> Iterator[int]:
    """The folder that `way` leads to, on the same disk as the first of it."""
    at = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    try:
        disk = None
        for name in way:
            below = os.open(name, _FOLDER, dir_fd=at)
            os.close(at)
            at = below
            disk = disk or os.fstat(at).st_dev
            if os.fstat(at).st_dev != disk:
                raise OSError(f"{'/'.join(way)} lies on another disk")
        yield at
    finally:
        os.close(at)


def _empty(folder: int, disk: int, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise OSError(f"folders are nested deeper than {MAX_DEPTH}")
    with os.scandir(folder) as entries:
        names = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_folder in names:
        if not is_folder:
            os.unlink(name, dir_fd=folder)  # of a link the link itself
            continue
        below = os.open(name, _FOLDER, dir_fd=folder)
        try:
            if os.fstat(below).st_dev != disk:
                raise OSError(f"{name} lies on another disk")
            _empty(below, disk, depth + 1)
        finally:
            os.close(below)
        os.rmdir(name, dir_fd=folder)


def _folders(top: str) -> Iterator[str]:
    with os.scandir(top) as entries:
        yield from (entry.name for entry in entries if entry.is_dir(follow_symlinks=False))


def _size(top: str) -> int:
    total, waiting = 0, [top]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif entry.is_file(follow_symlinks=False):
                        total += entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue  # went meanwhile, or is not for us: it counts as nothing, and deleting it tells
    return total
