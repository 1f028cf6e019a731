"""The macro `publish-guide`: the guide where people look anyway, in the project's wiki or as a file in a managed folder.

Nothing that people wrote is lost: in the wiki only the guide's own blocks change, and a file that is not as it was
published is replaced only where that is asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Optional

from ..core.article import Merged, merge
from ..core.compose import compose
from ..core.publication import Publication, publication_guide
from ..core.steady import fingerprint
from ..dss import folders, gateway, store, wiki
from ..dss.rights import login_of
from ..dss.session import Clients, reader_of
from ..dss.store import Store
from ..errors import DssError, DssUnreachable, InvalidParameter
from ..model.event import Event
from ..model.guide import Guide, Link
from ..model.known import Known, Unknown
from ..model.snapshot import Viewer
from ..render.markdown import guide_blocks, guide_markdown
from ..render.standalone import guide_file
from ..render.urls import Urls
from ..settings import Settings
from .parameters import switched_on
from .reading import read

TARGETS = ("WIKI", "MARKDOWN", "HTML", "PDF")
READERS = ("reader", "me")
ARTICLE, FOLDER = "Operations Guide", "Operations Guide"
_ENDINGS = {"MARKDOWN": "md", "HTML": "html", "PDF": "pdf"}


@dataclass(frozen=True)
class Wish:
    """The macro's parameters: `read_as` is whose eyes the guide is read with."""

    target: str
    write: bool
    overwrite: bool
    article: str
    folder: str
    read_as: str


def publish(
    clients: Clients,
    project_key: str,
    config: Mapping[str, Any],
    settings: Settings,
    progress: Callable[[int], None] = lambda percent: None,
) -> Guide:
    """What would be written where, and with `write` what was. `config` is the macro's parameters. InvalidParameter for
    what there is not; NotAccepted where somebody else wrote at the same moment."""
    wish = wished(config)
    reader = clients.limited(reader_of(project_key), Viewer("")) if wish.read_as == "reader" else clients
    reading = read(reader, project_key, settings, need=gateway.WHOLE)
    guide = compose(reading.snapshot, reading.declared, reading.report)
    progress(60)
    found = store.find(clients, project_key)
    if isinstance(found, Unknown) and wish.write:
        raise InvalidParameter(f"Nothing was written, because it could not be put on record: {found.reason}")
    state = found if isinstance(found, Store) else None
    order = _Order(clients, project_key, settings, wish, guide, state)
    work = _Wiki(order) if wish.target == "WIKI" else _File(order)
    plan = work.plan()
    notes = () if settings.dss_url or wish.target == "WIKI" else (_NO_ADDRESS,)
    if not wish.write:
        return publication_guide(guide, plan, False, (*notes, *_before(found, plan)))
    if plan.writes:
        state = state or store.create(clients, project_key)
        order = replace(order, state=state)
        plan = replace(work, order=order).write(plan)
    progress(100)
    return publication_guide(guide, plan, True, notes)


_NO_ADDRESS = (
    "The file has no links to DSS: an administrator can say its address in the plugin's settings, “Address of DSS”."
)


def _before(found: Known[Optional[Store]], plan: Publication) -> tuple[str, ...]:
    """What writing it would come with, or founder on."""
    if not plan.writes or isinstance(found, Store):
        return ()
    if isinstance(found, Unknown):
        return (f"As it stands nothing would be written, because it could not be put on record: {found.reason}.",)
    return ("With it the managed folder operations_guide_state is made, for the record.",)


def wished(config: Mapping[str, Any]) -> Wish:
    """The parameters, each checked."""
    target = str(config.get("target") or TARGETS[0])
    if target not in TARGETS:
        raise InvalidParameter(f"“target” is {target!r}; it can be {', '.join(TARGETS)}", name="target")
    read_as = str(config.get("read_as") or READERS[0])
    if read_as not in READERS:
        raise InvalidParameter(f"“read_as” is {read_as!r}; it can be {', '.join(READERS)}", name="read_as")
    article = str(config.get("article") or "").strip() or ARTICLE
    if article.isdigit():
        raise InvalidParameter(f"“article” is {article}, which DSS reads as an article's id: name it.", name="article")
    return Wish(
        target=target,
        write=switched_on(config, "write"),
        overwrite=switched_on(config, "overwrite"),
        article=article,
        folder=str(config.get("folder") or "").strip() or FOLDER,
        read_as=read_as,
    )


@dataclass(frozen=True)
class _Order:
    """What is to be published, and where it is kept that it was."""

    clients: Clients
    project_key: str
    settings: Settings
    wish: Wish
    guide: Guide
    state: Optional[Store]

    def before(self, place: str) -> Mapping[str, Any]:
        """What was published last at a place, {} where nothing is known of it."""
        note = folders.recall(self.state, place) if self.state is not None else None
        return note.data if note is not None else {}

    def keep(self, place: str, text: str, **data: Any) -> Event:
        """Put on record what was published where."""
        assert self.state is not None, "it is made before anything is written"
        now, by = self.clients.now()[0], login_of(self.clients)
        note = store.event(now, "receipt", by, text=text, place=place, target=self.wish.target, **data)
        folders.remember(self.state, place, note)
        return self.state.append(note)

    @property
    def fingerprint(self) -> str:
        return fingerprint(guide_markdown(self.guide, Urls("", self.project_key)))


@dataclass(frozen=True)
class _Wiki:
    """The guide as an article of the project's wiki."""

    order: _Order

    def plan(self) -> Publication:
        article, merged = self._merged()
        place = f"Wiki, article “{self.order.wish.article if article is None else article.name}”"
        link = Link("article", article.id) if article is not None else None
        cautions = [
            f"Somebody wrote inside the guide's own part “{name}”: it is left as it is, and no longer kept up to date. "
            "Move what they wrote above or below its marks, or publish with “Replace what others changed”."
            for name in merged.edited
        ]
        cautions += [
            f"A mark of the part “{name}” has lost its other half and is taken for text: delete it."
            for name in merged.broken
        ]
        if article is None:
            verb, said = "create", "a new article"
        elif merged.differs:
            verb, said = "change", "the guide's own parts; what people wrote around them stays"
        else:
            verb, said = "leave", "left as it is: nothing changed"
        return Publication(place, verb, said, link, _details(merged), tuple(cautions))

    def write(self, plan: Publication) -> Publication:
        order = self.order
        article, merged = self._merged()
        if article is None:
            article = wiki.create(order.clients, order.project_key, order.wish.article)
        kept = wiki.save(order.clients, order.project_key, article, merged.text)
        place = f"wiki:{order.wish.article}"
        said = f"published the guide in the wiki, article “{kept.name}”"
        noted = _noted(order, place, said, article=kept.id, digest=_digest(kept.text.encode()))
        done = "created and read back" if plan.verb == "create" else "changed and read back"
        return replace(plan, said=f"{done}{noted}", link=Link("article", kept.id))

    def _merged(self) -> tuple[Optional[wiki.Article], Merged]:
        order = self.order
        article = self._article()
        urls = Urls(order.settings.dss_url, order.project_key)
        blocks = guide_blocks(order.guide, urls)
        return article, merge(article.text if article else "", blocks, overwrite=order.wish.overwrite)

    def _article(self) -> Optional[wiki.Article]:
        """The one that was published before, whatever it is called by now; else the one of that name."""
        order = self.order
        ident = str(order.before(f"wiki:{order.wish.article}").get("article") or "")
        known = wiki.find(order.clients, order.project_key, ident) if ident else None
        return known or wiki.find(order.clients, order.project_key, order.wish.article)


@dataclass(frozen=True)
class _File:
    """The guide as a file in a managed folder."""

    order: _Order

    @property
    def name(self) -> str:
        return f"operations-guide.{_ENDINGS[self.order.wish.target]}"

    def plan(self) -> Publication:
        order, folder = self.order, self._folder()
        if folder is None:
            return Publication(f"{order.wish.folder}/{self.name}", "create", "a new managed folder with the file in it")
        place, link = f"{folder.name}/{self.name}", Link("folder", folder.id)
        there = folders.content(order.clients, order.project_key, folder, self.name)
        if there is None:
            return Publication(place, "create", "a new file", link)
        before = order.before(self._place(folder))
        ours = before.get("digest") == _digest(there)
        if ours and before.get("fingerprint") == order.fingerprint:
            return Publication(place, "leave", "left as it is: nothing changed", link)
        if not ours and not order.wish.overwrite:
            caution = (
                f"A file {self.name} is there that is not as this macro left it: it is not replaced. Move it away, or "
                "publish with “Replace what others changed”."
            )
            return Publication(place, "refuse", "nothing: somebody else's file is there", link, cautions=(caution,))
        return Publication(place, "change", f"the file, {len(there):,} bytes now, is replaced", link)

    def write(self, plan: Publication) -> Publication:
        order = self.order
        folder = self._folder() or folders.create(order.clients, order.project_key, order.wish.folder)
        held = _rendered(order)
        folders.put(order.clients, order.project_key, folder, self.name, held)
        said = f"published the guide as {self.name} in the folder {folder.name}"
        told = {"fingerprint": order.fingerprint, "digest": _digest(held)}
        noted = _noted(order, self._place(folder), said, **told)
        done = "written" if plan.verb == "create" else "replaced"
        link = Link("folder", folder.id)
        return replace(plan, said=f"{done} and read back, {len(held):,} bytes{noted}", link=link)

    def _folder(self) -> Optional[folders.Folder]:
        order = self.order
        found = folders.find(order.clients, order.project_key, order.wish.folder)
        if len(found) > 1:
            ids = ", ".join(folder.id for folder in found)
            raise InvalidParameter(
                f"{len(found)} managed folders are named {order.wish.folder}: name one by its id ({ids}).",
                name="folder",
            )
        return found[0] if found else None

    def _place(self, folder: folders.Folder) -> str:
        return f"folder:{folder.id}/{self.name}"


def _rendered(order: _Order) -> bytes:
    urls = Urls(order.settings.dss_url, order.project_key, outside=True)
    if order.wish.target == "MARKDOWN":
        return guide_markdown(order.guide, urls).encode()
    if order.wish.target == "HTML":
        return guide_file(order.guide, urls).encode()
    # Where the code environment is older than the plugin only this fails.
    from ..render.pdf import guide_pdf

    return guide_pdf(order.guide, urls)


def _noted(order: _Order, place: str, said: str, **data: Any) -> str:
    """Put on record; in words what became of that, where it failed: what was published is published."""
    try:
        order.keep(place, said, **data)
    except (DssError, DssUnreachable) as error:
        return f"; it could not be put on record: {error}"
    return ""


def _details(merged: Merged) -> tuple[str, ...]:
    named: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("New", merged.added),
        ("Changed", merged.changed),
        ("No longer part of the guide", merged.removed),
    )
    return tuple(f"{title}: {', '.join(names)}" for title, names in named if names)


def _digest(held: bytes) -> str:
    return hashlib.sha256(held).hexdigest()
