"""A local DSS for development: answers the public API to the real client, hosts plugin components, shows a small UI.

with localdss.serve(story="nightly-late") as dss:
    client = dataikuapi.DSSClient(dss.url, "admin")
"""

from __future__ import annotations

from .opening import serve

__all__ = ["serve"]
