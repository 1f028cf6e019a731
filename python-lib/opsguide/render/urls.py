"""Addresses of DSS screens: every link of every format goes through `Urls`."""

from __future__ import annotations

import re
from typing import Optional
from urllib.parse import quote, urlsplit

from ..model.guide import Link

# Paths of DSS's own screens under a project. "{}" is the object's id; a screen without it needs no target.
_SCREENS = {
    "project": "",
    "flow": "flow/",
    "zone": "flow/?zoneId={}",
    "dataset": "datasets/{}/explore/",
    "dataset-metrics": "datasets/{}/status",
    "dataset-quality": "datasets/{}/data-quality/current-status",
    "dataset-settings": "datasets/{}/settings/",
    "recipe": "recipes/{}/",
    "folder": "managedfolder/{}/view/",
    "saved-model": "savedmodels/{}/versions/",
    "scenarios": "scenarios/",
    "scenario": "scenarios/{}/settings",
    "scenario-steps": "scenarios/{}/steps",
    "scenario-runs": "scenarios/{}/runs/list",
    "monitoring": "monitoring/",
    "jobs": "jobs/",
    "job": "jobs/{}/",
    "wiki": "wiki",
    "article": "wiki/{}",
    "settings": "settings/",
    "variables": "variables/",
    "permissions": "security/",
    "version-control": "version-control/",
    "bundles-design": "bundles-design/",
    "bundles-automation": "bundles-automation/",
}
_WEB_SCHEMES = frozenset({"http", "https"})
_CONTACT_SCHEMES = frozenset({"mailto", "tel"})
_ACTION = re.compile(r"([a-z][a-z-]*)/([a-z]+:.+)", re.DOTALL)
_PAGE = re.compile(r"[a-z][a-z-]*(/[A-Za-z0-9-]+)?(#[A-Za-z][\w-]*)?")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f]")


class Urls:
    """Turns a `Link` into an address, or into None where there is no safe one to give.

    `base_url` is DSS as people open it ("https://dss.example.com"); when empty, addresses start at the root of the
    host that serves the page, which inside DSS is DSS. `outside` is for a file that leaves DSS: what leads nowhere from
    there is no address. `on_page` is for the page's backend, where what is missing can be declared in place."""

    def __init__(self, base_url: str, project_key: str, *, outside: bool = False, on_page: bool = False) -> None:
        self.base_url = base_url.rstrip("/") if web_address(base_url) else ""
        self.project_key = project_key
        self.outside = outside
        self.on_page = on_page

    def href(self, link: Optional[Link]) -> Optional[str]:
        """The address of `link`: a DSS screen, a web address, `#id` for a part of this guide, or another page of the
        backend (an action's too), relative to its root."""
        if link is None:
            return None
        if link.screen == "web":
            return web_address(link.target)
        if link.screen == "page":
            return link.target if _PAGE.fullmatch(link.target) and not self.outside else None
        if link.screen == "action":
            return None if self.outside else _action(link.target)
        if link.screen == "section":
            return f"#{anchor(link.target)}" if link.target else None
        return self._screen(link)

    def variables(self) -> str:
        """Where what people declare is kept: the project's variables."""
        return self.href(Link("variables")) or ""

    def declare(self, path: str) -> str:
        """The page's form for what is to be declared at a path of the profile, relative to the page's root; '' where
        there is no such page."""
        return f"edit?at={quote(path, safe='')}" if self.on_page and path else ""

    def _screen(self, link: Link) -> Optional[str]:
        path = _SCREENS.get(link.screen)
        project_key = _segment(link.project_key or self.project_key)
        if path is None or project_key is None or (self.outside and not self.base_url):
            return None
        if "{}" in path:
            target = _segment(link.target)
            if target is None:
                return None
            path = path.replace("{}", target)
        return f"{self.base_url}/projects/{project_key}/{path}"


def web_address(text: str) -> Optional[str]:
    """`text` when it is a web, mail or phone address that is safe to follow; None for any other scheme or shape."""
    text = text.strip()
    if not text or _UNPRINTABLE.search(text):
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if (scheme in _WEB_SCHEMES and parts.netloc) or (scheme in _CONTACT_SCHEMES and parts.path):
        return quote(text, safe=":/?#[]@!$&'()*+,;=%-._~")
    return None


def anchor(name: str) -> str:
    """`name` as an element id: what is no letter, digit, dot, dash or underscore becomes its code, so that two names
    never meet. `anchor("a b")` is "a:20:b"."""
    return re.sub(r"[^A-Za-z0-9._-]", lambda found: f":{ord(found.group()):x}:", name)


def _action(target: str) -> Optional[str]:
    """The page on which an action is confirmed: "build/dataset:orders" is "action/build?about=dataset%3Aorders"."""
    match = _ACTION.fullmatch(target)
    return None if match is None else f"action/{match.group(1)}?about={quote(match.group(2), safe='')}"


def _segment(name: str) -> Optional[str]:
    """One path segment; None where a browser would read it as no segment at all."""
    return None if name in ("", ".", "..") else quote(name, safe="")
