"""A sign of life to an address outside, so that the silence of the watcher is noticed there.

Only addresses whose host an administrator has allowed are asked, over HTTPS, without a redirect, without credentials
and with nothing in the request but the address itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

import requests

TIMEOUT_SECONDS = 5.0


def refusal(address: str, hosts: Sequence[str]) -> str:
    """Why an address gets no heartbeat, '' where it may. `hosts` are the plugin setting: "hc.example.com", or with a
    port other than 443 "hc.example.com:8443"."""
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").lower().rstrip("."), parts.port
    except ValueError:
        return "this is not an address"
    if parts.scheme != "https" or not host or any(char.isspace() or ord(char) < 32 for char in address):
        return "the address must begin with https:// and name a host"
    if parts.username is not None or parts.password is not None:
        return "the address must not hold a user name or password"
    named = host if port in (None, 443) else f"{host}:{port}"
    if named not in {each.strip().lower().rstrip(".") for each in hosts}:
        listed = ", ".join(hosts) or "none"
        return f"{named} is not an allowed heartbeat host (allowed: {listed}); an administrator can add it in the plugin's settings"
    return ""


def send(address: str, hosts: Sequence[str]) -> str:
    """Ask the address once. What became of it: "sent", or a sentence that says why not. Never raises."""
    refused = refusal(address, hosts)
    if refused:
        return refused
    try:
        with requests.Session() as session:
            # Else a netrc file of the machine would add credentials.
            session.auth = _nobody
            with session.get(address, timeout=TIMEOUT_SECONDS, allow_redirects=False, stream=True) as response:
                status = response.status_code
    except requests.Timeout:
        return f"not sent: no answer within {TIMEOUT_SECONDS:g} s"
    except (requests.RequestException, OSError, ValueError):
        return "not sent: no connection"
    if 300 <= status < 400:
        return "not sent: the address leads elsewhere, and redirects are not followed"
    return "sent" if status < 300 else f"not sent: the address answered with status {status}"


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
