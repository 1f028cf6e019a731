"""Where the plugin runs inside DSS: its own client, tickets and settings, from DSS's `dataiku` package.

That package is imported when it is used: it exists in DSS only, and some of its parts in some kinds of process only.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

from . import disk, raw
from .identity import Doors
from .session import Clients


def clients(workers: int = 4, base_url: str = "") -> Clients:
    """Clients with the rights of whoever this process runs for. `base_url` is the address people use for DSS; '' makes
    links relative to it."""
    return Clients(_client, workers, base_url=base_url)


def doors(workers: int = 4, base_url: str = "") -> Doors:
    """The doors of the web app whose backend this process is."""
    return Doors(clients(workers, base_url), _with_ticket, _with_key)


def project_key() -> str:
    """The project this process runs in."""
    import dataiku

    return str(dataiku.default_project_key())


def secret() -> bytes:
    """What all processes of this backend know and nobody else: made from its own ticket or key, so that it ends with
    them. It is a digest, and says nothing of what it was made from."""
    client = _client()
    own = getattr(client, "internal_ticket", None) or getattr(client, "api_key", None)
    return hashlib.sha256(f"operations-guide forms {own}".encode()).digest() if own else secrets.token_bytes(32)


def data_directory() -> Optional[Path]:
    """DSS's data directory, where this process runs on its host with DSS's own UNIX account; None in a container."""
    return disk.data_directory(os.environ.get("DIP_HOME"))


def plugin_settings() -> Mapping[str, Any]:
    """The plugin's own settings as a web app's backend sees them; other components get them handed."""
    from dataiku.customwebapp import get_plugin_config

    return raw.mapping(get_plugin_config())


def _client() -> Any:
    import dataiku

    return dataiku.api_client()


def _with_ticket(ticket: str) -> Any:
    import dataikuapi

    return _alike(dataikuapi.DSSClient(_client().host, internal_ticket=ticket))


def _with_key(key: str) -> Any:
    import dataikuapi

    return _alike(dataikuapi.DSSClient(_client().host, api_key=key))


def _alike(client: Any) -> Any:
    """The backend talks to DSS over its own line: whatever that line needs of certificates, this one needs too."""
    own = _client()._session
    client._session.verify, client._session.cert = own.verify, own.cert
    return client
