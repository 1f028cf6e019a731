"""The wiki of a project: its tree, and its articles by id or by name."""

from __future__ import annotations

from typing import Any

from ..instance import Raw
from ..rights import WRITE
from .projects import version_tag
from .routing import DOCUMENTED, RECORDED, Call, not_found, route


@route("GET", "/projects/<key>/wiki/", RECORDED)
def wiki(call: Call) -> Raw:
    return call.project.wiki["settings"]


@route("PUT", "/projects/<key>/wiki/", RECORDED, right=WRITE)
def save_wiki(call: Call) -> Raw:
    call.project.wiki["settings"] = call.object()
    return call.project.wiki["settings"]


@route("POST", "/projects/<key>/wiki/", DOCUMENTED, right=WRITE)
def create_article(call: Call) -> Raw:
    body = call.object()
    articles = call.project.wiki["articles"]
    numbers = [int(name) for name in articles if name.isdigit()]
    article_id = str(max(numbers, default=0) + 1)
    tag = version_tag(call, 0)
    article = {"name": str(body.get("name") or ""), "layout": "WIKI_ARTICLE", "versionTag": tag, "creationTag": tag}
    articles[article_id] = {"article": article, "payload": ""}
    _children(call, body.get("parent")).append({"id": article_id, "children": []})
    return _article(call, article_id)


@route("GET", "/projects/<key>/wiki/<name>", RECORDED)
def article(call: Call, name: str) -> Raw:
    return _article(call, _article_id(call, name))


@route("PUT", "/projects/<key>/wiki/<name>", DOCUMENTED, right=WRITE)
def save_article(call: Call, name: str) -> Raw:
    article_id, body = _article_id(call, name), call.object()
    before = call.project.wiki["articles"][article_id]
    article = {**before["article"], **(body.get("article") or {}), "versionTag": version_tag(call, before["article"])}
    call.project.wiki["articles"][article_id] = {"article": article, "payload": body.get("payload", before["payload"])}
    return _article(call, article_id)


@route("DELETE", "/projects/<key>/wiki/<name>", DOCUMENTED, right=WRITE)
def delete_article(call: Call, name: str) -> None:
    article_id = _article_id(call, name)
    del call.project.wiki["articles"][article_id]
    call.project.wiki["settings"]["taxonomy"] = _without(
        call.project.wiki["settings"].get("taxonomy") or [], article_id
    )


def _article_id(call: Call, name: str) -> str:
    """Articles are asked for by id or by name."""
    articles = call.project.wiki["articles"]
    if name in articles:
        return name
    for article_id, whole in articles.items():
        if whole["article"].get("name") == name:
            return str(article_id)
    raise not_found(f"Wiki article {name}")


def _article(call: Call, article_id: str) -> Raw:
    whole = call.project.wiki["articles"][article_id]
    return {
        "article": {"id": article_id, "projectKey": call.project.key, **whole["article"]},
        "payload": whole["payload"],
    }


def _children(call: Call, parent: Any) -> list[Raw]:
    """Where in the wiki's tree an article under `parent` belongs: at the top without one."""
    taxonomy: list[Raw] = call.project.wiki["settings"].setdefault("taxonomy", [])
    waiting = list(taxonomy)
    while waiting:
        node = waiting.pop()
        if node.get("id") == parent:
            return node.setdefault("children", [])
        waiting += node.get("children") or []
    return taxonomy


def _without(nodes: list[Raw], article_id: str) -> list[Raw]:
    kept = [node for node in nodes if node.get("id") != article_id]
    return [{**node, "children": _without(node.get("children") or [], article_id)} for node in kept]
