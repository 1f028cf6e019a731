"""Opens a project from the layouts in which DSS writes one to disk: the tree of its git, an export zip, a bundle."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

from .instance import Project, Raw


class NotAProject(Exception):
    """The directory holds no params.json, neither at its root nor under project_config/."""


def load(path: Path, key: Optional[str] = None) -> Project:
    """The project that lies at `path`, without any history. Files in old shapes, and missing ones, are taken as they are.

    The key is the one given, else the one an export's manifest or an old file names, else one made of the folder's name.
    """
    root = path / "project_config" if (path / "project_config").is_dir() else path
    if not (root / "params.json").is_file():
        raise NotAProject(f"{path} is no DSS project: it has no params.json")
    project = Project(key=key or _key(path, root), path=path, settings=_object(root / "params.json"))
    project.variables = {
        "standard": _object(root / "variables.json"),
        "local": _object(root / "localvariables.json"),
    }
    project.tags = _object(root / "tags.json")
    project.datasets = dict(_objects(root / "datasets"))
    project.recipes = dict(_recipes(root / "recipes"))
    project.scenarios = dict(_objects(root / "scenarios"))
    project.scripts = {file.stem: file.read_text("utf-8") for file in sorted((root / "scenarios").glob("*.py"))}
    project.zones = dict(_objects(root / "zones"))
    project.folders = dict(_objects(root / "managed_folders"))
    project.saved_models = dict(_objects(root / "saved_models"))
    project.evaluation_stores = dict(_objects(root / "model_evaluation_stores"))
    project.webapps = dict(_objects(root / "web_apps"))
    project.dashboards = dict(_objects(root / "dashboards"))
    project.insights = dict(_objects(root / "insights"))
    project.wiki = _wiki(root / "wiki")
    _give_version_tags(project, root / "version-tags.json")
    return project


def _key(path: Path, root: Path) -> str:
    manifest = _object(path / "export-manifest.json").get("originalProjectKey")
    if manifest:
        return str(manifest)
    for _, raw in _objects(root / "scenarios"):
        if raw.get("projectKey"):
            return str(raw["projectKey"])
    return re.sub(r"\W+", "_", path.resolve().name).upper()


def _recipes(folder: Path) -> Iterator[tuple[str, Raw]]:
    """Every recipe with its code, which lies beside it under the same name; the files are looked through once for all."""
    code: dict[str, Path] = {}
    for file in sorted(folder.glob("*")):
        if file.suffix != ".json":
            code.setdefault(file.stem, file)
    for name, raw in _objects(folder):
        yield name, {"recipe": raw, "payload": code[name].read_text("utf-8") if name in code else ""}


def _wiki(folder: Path) -> Raw:
    taxonomy = _object(folder / "taxonomy.json")
    articles = {}
    for article_id, raw in _objects(folder / "articles"):
        text = folder / "articles" / f"{article_id}.md"
        articles[article_id] = {"article": raw, "payload": text.read_text("utf-8") if text.is_file() else ""}
    return {"settings": {"taxonomy": [], **taxonomy}, "articles": articles}


def _give_version_tags(project: Project, file: Path) -> None:
    """Newer exports keep the last change of every object in one file beside the objects."""
    tags = _object(file).get("tags") or {}
    for kind, objects in (*project.objects().items(), ("SCENARIO", project.scenarios), ("WEB_APP", project.webapps)):
        for name, raw in objects.items():
            if f"{kind}.{name}" in tags:
                raw.setdefault("versionTag", tags[f"{kind}.{name}"])


def _objects(folder: Path) -> Iterator[tuple[str, Raw]]:
    for file in sorted(folder.glob("*.json")):
        yield file.stem, _object(file)


def _object(file: Path) -> Raw:
    if not file.is_file():
        return {}
    value: Any = json.loads(file.read_text("utf-8") or "{}")
    return value if isinstance(value, dict) else {}
