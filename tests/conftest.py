"""Holds every test to one promise: what the plugin reads of DSS stands in its table of reads.

The table is what the self-check tries and the docs show, so that a path that is missing there would be tried nowhere.
"""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Generator, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import settings

from localdss.instance import VERSION
from opsguide.dss.reads import READS
from tools.matrix import BEYOND

# A told project is some hundred thousand objects that stay: looked through less often, tests take a tenth less time.
gc.set_threshold(50_000, 50, 100)

# A submission is judged by the same examples each time; everybody else looks further with each run.
settings.register_profile("same", derandomize=True)
settings.load_profile("same" if os.environ.get("SAME_EXAMPLES") else "default")

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


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that is about what older versions lack says so, where this does not show as such: `@pytest.mark.client("14.0")`,
    `@pytest.mark.dss("14.3")`. It is passed over where tools/matrix.py plays an older one."""
    client = item.get_closest_marker("client")
    if client and os.environ.get("OLDER_CLIENT") and _release(version("dataiku-api-client")) < _release(client.args[0]):
        pytest.skip(BEYOND)
    dss = item.get_closest_marker("dss")
    if dss and "LOCALDSS_VERSION" in os.environ and _release(VERSION) < _release(dss.args[0]):
        pytest.skip(BEYOND)


def _release(named: str) -> tuple[int, ...]:
    return tuple(map(int, named.split(".")[:2]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With an older client (tools/matrix.py), a test that itself asks the client for what it lacks is passed over. What the
    plugin asks for must be there."""
    report = yield
    lacking = os.environ.get("OLDER_CLIENT") and report.failed and call.excinfo and _client_lacks(call.excinfo)
    if lacking or (report.skipped and BEYOND in str(report.longrepr)):
        report.outcome = "skipped"
        report.longrepr = (str(item.path), item.location[1] or 0, f"Skipped: {BEYOND}")
    return report


def _client_lacks(raised: pytest.ExceptionInfo[BaseException]) -> bool:
    said = re.search(r"'DSS\w+' object has no attribute|unexpected keyword argument", str(raised.value))
    return bool(said) and Path(raised.traceback[-1].path).is_relative_to(Path(__file__).parent)


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
