"""A layer of the profile as a file, YAML or JSON, and a file as a layer again.

YAML is read as its core schema: 06:30, a date and `on` are text, as people mean them, and not a number, a date and true.
Anchors, tags and several documents in one file are refused: no profile needs them, and a few lines of them can fill a
memory.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from ..model.profile import PROFILE_KEY
from .layers import MAX_DEPTH, TooLarge, Tree, copied

MAX_FILE_CHARACTERS = 400_000
FORMATS = ("yaml", "json")


class NotReadable(Exception):
    """The file holds no profile; the text says where and why."""


def written(profile: Tree, kind: str) -> str:
    """The profile as a file that `read` takes back to the letter."""
    if kind == "json":
        return json.dumps(profile or {}, ensure_ascii=False, indent=2) + "\n"
    import yaml  # where the code environment is older than the plugin only this fails

    text: str = yaml.dump(profile or {}, Dumper=_dumper(), allow_unicode=True, sort_keys=False, width=110)
    return text


def read(text: str) -> dict[str, Tree]:
    """The profile that a file holds, whether YAML or JSON, with or without `operations_guide` around it. NotReadable
    where it holds none."""
    if len(text) > MAX_FILE_CHARACTERS:
        raise NotReadable(f"it has more than {MAX_FILE_CHARACTERS:,} characters: no profile is so long")
    found = _parsed(text)
    if isinstance(found, dict) and set(found) == {PROFILE_KEY}:
        found = found[PROFILE_KEY]
    if not isinstance(found, dict):
        raise NotReadable("it is not an object of keys and values, as a profile is")
    try:
        tree, left_out = copied(found)
    except TooLarge:
        raise NotReadable("it is far larger than a profile ever is") from None
    if left_out:
        path, why = left_out[0]
        raise NotReadable(f"{'.'.join(map(str, path)) or 'it'} {why}")
    return tree  # type: ignore[no-any-return]


def _parsed(text: str) -> Any:
    if text.lstrip()[:1] == "{":
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            json_problem = f"line {error.lineno}, column {error.colno}: {error.msg}"
        except (ValueError, RecursionError):
            json_problem = "nested too deep, or a number too large"
    else:
        json_problem = ""
    try:
        return _yaml(text)
    except NotReadable:
        if json_problem:
            raise NotReadable(f"it is no JSON ({json_problem})") from None
        raise


def _yaml(text: str) -> Any:
    import yaml

    _bounded(text)
    try:
        return yaml.load(text, Loader=_loader())
    except yaml.YAMLError as error:
        raise _told(error) from None
    except (ValueError, RecursionError, TypeError) as error:
        raise NotReadable(f"it is no YAML that can be read: {error}") from None


def _bounded(text: str) -> None:
    """Refuse what would grow when it is read, before it is."""
    import yaml

    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            where = f"line {event.start_mark.line + 1}" if event.start_mark is not None else "somewhere"
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise NotReadable(f"{where}: anchors and aliases (& and *) are not taken; write it out")
            if getattr(event, "tag", None):
                raise NotReadable(f"{where}: tags (!) are not taken")
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            if isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > MAX_DEPTH:
                raise NotReadable(f"{where}: nested deeper than anything in a profile")
    except yaml.YAMLError as error:
        raise _told(error) from None
    except (ValueError, RecursionError) as error:
        raise NotReadable(f"it is no YAML that can be read: {error}") from None


def _told(error: Any) -> NotReadable:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
    return NotReadable(f"it is no YAML: {where}{getattr(error, 'problem', None) or 'it cannot be read'}")


def _loader() -> Any:
    """PyYAML's safe loader with the words of YAML's core schema alone."""
    import yaml

    class Loader(yaml.SafeLoader):
        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            # A key that is a collection itself is refused below, by its own line.
            keys = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
            twice = next((key for key, times in keys.items() if times > 1), None)
            if twice is not None:
                raise NotReadable(f"line {node.start_mark.line + 1}: “{twice}” stands there twice")
            return super().construct_mapping(node, deep=deep)

    Loader.yaml_implicit_resolvers = {}
    return _resolving(Loader)


def _dumper() -> Any:
    """PyYAML's safe dumper, which quotes what any YAML, old or new, would not take for text."""
    import yaml

    class Dumper(yaml.SafeDumper):
        pass

    return _resolving(Dumper)


def _resolving(of: Any) -> Any:
    words = (
        ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
        ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
        ("int", r"[-+]?[0-9]+", list("-+0123456789")),
        ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
    )
    for kind, pattern, first in words:
        of.add_implicit_resolver(f"tag:yaml.org,2002:{kind}", re.compile(f"(?:{pattern})$"), first)
    return of
