"""The guide as one file: opened from a disk, a mail or a share, it looks and reads like the page, asks nobody for anything,
and carries its own rule that it may not."""

from __future__ import annotations

import base64
import hashlib

from ..model.guide import Guide
from . import html
from .urls import Urls


def guide_file(guide: Guide, urls: Urls) -> str:
    """The whole guide as an HTML document with its style inside, without script, image or font from anywhere."""
    return html.page("standalone.html", guide.zone, urls, guide=guide, policy=policy(), root="")


def policy() -> str:
    """The document's own Content-Security-Policy: nothing is loaded, and of styles only its own is applied."""
    digest = base64.b64encode(hashlib.sha256(html.standalone_style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
