"""Holds every test to one promise: what the plugin reads of DSS stands in its table of reads.

The table is what the self-check tries and the docs show, so that a path that is missing there would be tried nowhere.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from opsguide.dss.reads import READS

# A told project is some hundred thousand objects that stay: looked through less often, tests take a tenth less time.
gc.set_threshold(50_000, 50, 100)

_PREFIX = "/dip/publicapi"
_asked: set[tuple[str, str]] = set()


@pytest.fixture(autouse=True, scope="session")
def _heard() -> Iterator[None]:
    """Listens to what leaves this process. The plugin alone forbids redirects; the client, which tests use as well, does
    not."""
    patch = pytest.MonkeyPatch()
    send = requests.Session.request

    def heard(session: requests.Session, method: str, url: str, **options: Any) -> requests.Response:
        path = urlsplit(url).path
        if options.get("allow_redirects") is False and path.startswith(_PREFIX):
            _asked.add((method, path[len(_PREFIX) :]))
        return send(session, method, url, **options)

    patch.setattr(requests.Session, "request", heard)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def _every_read_is_named(request: pytest.FixtureRequest) -> Iterator[None]:
    _asked.clear()
    yield
    if request.node.get_closest_marker("any_path"):
        return
    strangers = sorted(
        path for method, path in _asked if method == "GET" and not any(read.matches(method, path) for read in READS)
    )
    assert not strangers, f"dss/reads.py does not name what was read here: {', '.join(strangers)}"
