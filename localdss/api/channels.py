"""Messaging channels. What is sent is kept in `Instance.sent`."""

from __future__ import annotations

import json

from ..instance import Raw
from ..rights import WRITE
from .routing import DOCUMENTED, Call, illegal, not_found, route

_SINCE = "12.6"


@route("GET", "/messaging-channels/", DOCUMENTED, right=None, since=_SINCE)
def channels(call: Call) -> list[Raw]:
    kind, family = call.arg("channelType"), call.arg("channelFamily")
    return [
        _seen(call, channel)
        for channel in call.instance.channels
        if kind in ("", channel.get("type")) and family in ("", channel.get("family"))
    ]


@route("GET", "/messaging-channels/<channel_id>", DOCUMENTED, right=None, since=_SINCE)
def channel(call: Call, channel_id: str) -> Raw:
    return _seen(call, _channel(call, channel_id))


@route("POST", "/messaging-channels/<channel_id>/actions/send", DOCUMENTED, right=None, since=_SINCE)
def send(call: Call, channel_id: str) -> Raw:
    raw = _channel(call, channel_id)
    if raw.get("family") != "mail":
        raise illegal(f"Channel {channel_id} sends no mail")
    call.project_ = call.instance.projects.get(call.arg("projectKey"))
    if call.project_ is None:
        raise not_found(f"Project {call.arg('projectKey')}")
    call.demand(WRITE)
    part = call.request.files.get("message")
    if part is None:
        raise illegal("The part message is missing")
    message = json.loads(part.read())
    attachments = [file.filename for file in call.request.files.getlist("attachments")]
    given = {"channelId": channel_id, "projectKey": call.project.key, "by": call.caller.login}
    call.instance.sent.append({**given, **message, "attachments": attachments, "at": call.instance.clock.ms()})
    return {"msg": "Sent"}


def _channel(call: Call, channel_id: str) -> Raw:
    for channel in call.instance.channels:
        if channel.get("id") == channel_id:
            return channel
    raise not_found(f"Messaging channel {channel_id}")


def _seen(call: Call, channel: Raw) -> Raw:
    return channel if call.caller.admin else {key: value for key, value in channel.items() if key != "configuration"}
