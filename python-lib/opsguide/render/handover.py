"""The handover as a page that prints, and as Markdown."""

from __future__ import annotations

from ..model.handover import Handover
from . import html
from .markdown import callout_markdown, escape, legend, section_markdown
from .phrases import exact
from .urls import Urls


def handover_document(handover: Handover, urls: Urls, root: str = "") -> str:
    """The handover as a whole page that needs no script."""
    return _page("handover_document.html", handover, urls, root)


def handover_fragment(handover: Handover, urls: Urls, root: str = "") -> str:
    """The same without the document around it."""
    return _page("handover.html", handover, urls, root)


def _page(template: str, handover: Handover, urls: Urls, root: str) -> str:
    first, _, rest = handover.headline.partition("; ")
    return html.page(template, handover.zone, urls, handover=handover, first=first, rest=rest, root=root)


def handover_markdown(handover: Handover, urls: Urls) -> str:
    """The handover as one Markdown document, ending in a line break."""
    by = f" by {handover.by}" if handover.by else ""
    span = f"{exact(handover.since, handover.zone)} to {exact(handover.until, handover.zone)}"
    parts = [
        f"# {escape(handover.title)}",
        escape(f"Made{by} at {exact(handover.taken_at, handover.zone)}, from {span}."),
        f"**{escape(handover.headline)}**",
        escape(handover.signed),
        *(callout_markdown(banner, urls) for banner in handover.banners),
        legend(),
        *(section_markdown(section, urls) for section in handover.sections),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
