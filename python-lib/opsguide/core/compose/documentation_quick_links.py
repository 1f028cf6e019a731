"""Documentation Quick Links: where the project's other documents are, found in its wiki where nobody declared them."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from ...model.guide import Block, Cell, Link, Table, Tone
from ...model.known import Cause, Unknown
from ...model.snapshot import Article
from .. import words
from .scene import Scene, key

NEEDS = ("articles",)

# What is sought, the template's document, the profile's key, and words of a wiki title that mean the same.
_DOCUMENTS = (
    ("Understanding the flow", "Flow Documentation", "flow", ("flow documentation", "flow", "pipeline")),
    ("Data field meanings", "Data Dictionary", "data_dictionary", ("data dictionary", "dictionary", "fields")),
    ("Business rule details", "Business Rules Catalog", "business_rules", ("business rules catalog", "business rules")),
    (
        "Troubleshooting",
        "Troubleshooting Playbook",
        "troubleshooting",
        ("troubleshooting playbook", "troubleshooting", "runbook"),
    ),
    (
        "New analyst orientation",
        "Onboarding Guide",
        "onboarding",
        ("onboarding guide", "onboarding", "getting started"),
    ),
)
_LIKE = 0.8


def compose(scene: Scene) -> tuple[Block, ...]:
    rows = [_row(scene, *document) for document in _DOCUMENTS]
    for title, address in scene.profile.links.more.items():
        row = f"documentation-quick-links.more-{key(title)}"
        path = f"links.more.{title}"
        rows.append(
            (
                scene.declare(f"{row}.need", path, title),
                scene.declare(f"{row}.see", path, address, link=Link("web", address)),
            )
        )
    return (Table(("Need Help With", "See"), tuple(rows), "Where to read on"),)


def _row(scene: Scene, need: str, document: str, name: str, like: tuple[str, ...]) -> tuple[Cell, ...]:
    row = f"documentation-quick-links.{name}"
    path = f"links.{name}"
    declared = getattr(scene.profile.links, name) or ""
    cell_id = f"{row}.see"
    if declared:
        see = _declared(scene, cell_id, path, document, declared)
    else:
        see = scene.declare(cell_id, path, "", _found(scene, cell_id, path, document, name, like))
    return scene.fixed(f"{row}.need", need), see


def _declared(scene: Scene, cell_id: str, path: str, document: str, declared: str) -> Cell:
    """A declared web address or article; an article that is not in the wiki is a dead link, and said to be one."""
    if re.match(r"(https?|mailto|tel):", declared, re.IGNORECASE):
        return scene.declare(cell_id, path, f"{document}: {declared}", link=Link("web", declared))
    articles = scene.snapshot.articles
    if isinstance(articles, Unknown):
        return scene.declare(
            cell_id, path, declared, evidence=(f"whether the article exists is not known: {articles.reason}",)
        )
    article = next((a for a in articles if declared.casefold() in (a.name.casefold(), a.id.casefold())), None)
    if article is None:
        return scene.declare(
            cell_id, path, declared, tone=Tone.NOTICE, evidence=("the wiki has no article of this title: a dead link",)
        )
    return scene.declare(cell_id, path, _titled(document, article.name), link=Link("article", article.id))


def _found(scene: Scene, cell_id: str, path: str, document: str, name: str, like: tuple[str, ...]) -> Cell:
    articles = scene.snapshot.articles
    article = None if isinstance(articles, Unknown) else _match(articles, like)
    if article is not None:
        return scene.live(
            cell_id,
            _titled(document, article.name),
            "wiki, by its title",
            link=Link("article", article.id),
            declare=path,
            reason="found by its title: declare it to be sure",
        )
    nothing = "default: no such article is declared or found"
    if isinstance(articles, Unknown):
        nothing = f"default: no such article is declared, and the wiki was not searched: {articles.reason}"
    if name == "flow":
        said = f"{document}: the flow itself"
        return scene.default(cell_id, said, nothing, declare=path, link=Link("flow"))
    if name == "troubleshooting":
        said = f"{document}: this guide's own section"
        return scene.default(cell_id, said, nothing, declare=path, link=Link("section", "troubleshooting"))
    if name == "data_dictionary":
        return _dictionary(scene, cell_id, path, document)
    if isinstance(articles, Unknown):
        return scene.unknown(cell_id, articles, declare=path)
    untitled = sum(not article.name for article in articles)
    more = f", as far as its titles could be read: {untitled:,} could not" if untitled else ""
    return scene.missing(cell_id, path, f"{document}: the wiki has no article like it{more}")


def _dictionary(scene: Scene, cell_id: str, path: str, document: str) -> Cell:
    """Without a dictionary, the columns' own descriptions: how many there are."""
    datasets = scene.snapshot.datasets
    if isinstance(datasets, Unknown):
        return scene.unknown(cell_id, datasets, declare=path)
    columns = [column for dataset in datasets for column in dataset.columns]
    if not columns:
        return scene.unknown(cell_id, Unknown("no dataset has columns on record", Cause.NOT_RECORDED), declare=path)
    described = sum(bool(column.comment.strip()) for column in columns)
    return scene.live(
        cell_id,
        f"{document}: {words.percent(described / len(columns))} of {words.count(len(columns), 'column')} are described in DSS",
        "dataset schemas",
        declare=path,
        link=Link("flow"),
    )


def _titled(document: str, name: str) -> str:
    return name if name.casefold() == document.casefold() else f"{document}: {name}"


def _match(articles: tuple[Article, ...], like: tuple[str, ...]) -> Article | None:
    """The article whose title is one of the words, holds one, or is spelled much like one; the closest first."""
    scored = [(_score(article.name, like), article) for article in articles]
    best = max(scored, key=lambda entry: entry[0], default=None)
    return best[1] if best is not None and best[0] >= _LIKE else None


def _score(title: str, like: tuple[str, ...]) -> float:
    plain = " ".join(re.findall(r"\w+", title.casefold()))
    if not plain:
        return 0.0
    best = 0.0
    for place, phrase in enumerate(like):
        if re.search(rf"\b{re.escape(phrase)}\b", plain):
            best = max(best, 2.0 - place / 10)
        best = max(best, SequenceMatcher(None, plain, phrase).ratio())
    return best
