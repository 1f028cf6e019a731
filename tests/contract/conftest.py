"""What contract tests share: a PostgreSQL server, where one is installed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import pytest

from tests import postgres


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of a PostgreSQL server in which databases may be made: the one named, else a private one."""
    named = os.environ.get("OPSGUIDE_PG_URL")
    with contextlib.ExitStack() as stack:
        try:
            address = named or stack.enter_context(postgres.cluster())
        except postgres.NotInstalled as missing:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(missing))
        yield address
