"""Mail through DSS's own messaging channels (12.6 and newer): no server, no password of ours."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from ..errors import DssDenied
from ..model.known import Known, Unknown
from ..model.snapshot import Channel
from .extras import channels
from .session import WRITE_CONTENT, Clients, path

SINCE = "12.6"


def mail_channels(clients: Clients) -> Known[tuple[Channel, ...]]:
    """The channels of the node; Unknown with what it takes where DSS does not tell."""
    found = channels(clients)
    return replace(found, needs=found.needs or f"DSS {SINCE} or newer") if isinstance(found, Unknown) else found


def send(clients: Clients, project_key: str, channel_id: str, to: Sequence[str], subject: str, text: str) -> None:
    """Send one plain mail to all of `to`. DssDenied names the right that it takes; after DssUnreachable it may have left
    or not."""
    payload = {"to": list(to), "subject": subject, "body": text, "plainText": True}
    try:
        clients.post_parts(
            path("messaging-channels", channel_id, "actions", "send"),
            {"message": ("send-payload.json", json.dumps(payload).encode())},
            {"projectKey": project_key, "sendAsSingleMessage": True},
        )
    except DssDenied as denied:
        raise DssDenied(
            str(denied), status=denied.status, path=denied.path, needs=f"{WRITE_CONTENT} on {project_key}"
        ) from denied
