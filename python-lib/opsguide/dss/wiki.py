"""A project's wiki: find an article by its name, make one, and change its text without losing what others write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

from ..errors import DssBroken, DssNotFound, NotAccepted
from . import raw
from .session import Clients, path


@dataclass(frozen=True)
class Article:
    """An article as it was read: `text` is its Markdown, `whole` all that DSS says of it."""

    id: str
    name: str
    text: str
    whole: Mapping[str, Any]


def find(clients: Clients, project_key: str, id_or_name: str) -> Optional[Article]:
    """The article of that id or name; None where there is none."""
    try:
        found = clients.get_mapping(path("projects", project_key, "wiki", id_or_name), holding=("article", dict))
    except DssNotFound:
        return None
    article = Article(
        raw.text(found, "article", "id"), raw.text(found, "article", "name"), raw.text(found, "payload"), found
    )
    return article if id_or_name in (article.id, article.name) else None


def create(clients: Clients, project_key: str, name: str) -> Article:
    """A new, empty article at the top of the wiki."""
    body = {"projectKey": project_key, "name": name, "parent": None}
    clients.write("POST", path("projects", project_key, "wiki") + "/", body)
    made = find(clients, project_key, name)
    if made is None:
        raise DssNotFound("DSS took the new article but does not show it", status=404, path=name)
    return made


def save(clients: Clients, project_key: str, article: Article, text: str) -> Article:
    """The article with another text, read back. NotAccepted, and nothing is changed, where somebody wrote in it since it
    was read: DSS keeps the last of two, so what remains is the moment between this look and the write."""
    now = find(clients, project_key, article.id)
    if now is None or now.text != article.text:
        raise NotAccepted(
            f"Somebody changed the article “{article.name}” at the same moment. Nothing was written: publish again.",
            status=409,
        )
    place = path("projects", project_key, "wiki", article.id)
    clients.write("PUT", place, {**now.whole, "payload": text})
    kept = find(clients, project_key, article.id)
    if kept is None or _plain(kept.text) != _plain(text):
        raise DssBroken(f"DSS did not keep the article “{article.name}” as it was written", status=200, path=place)
    return kept


def _plain(text: str) -> str:
    """What an editor or DSS may change without changing a word: the ends of lines, and blanks around."""
    return text.replace("\r\n", "\n").strip()
