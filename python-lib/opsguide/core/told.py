"""Who hears of a scenario's failure: its reporters, read as DSS applies them."""

from __future__ import annotations

import re

from ..model.known import Known, Unknown
from ..model.report import Told
from ..model.snapshot import Channel, Reporter, ScenarioSettings
from . import words

_WAYS = {
    "mail-scenario": "mail",
    "slack-scenario": "Slack",
    "msft-teams-scenario": "Microsoft Teams",
    "microsoft-teams-scenario": "Microsoft Teams",
    "google-chat-scenario": "Google Chat",
    "webhook-scenario": "a webhook",
    "twilio-scenario": "text message",
    "shell-scenario": "a shell command",
    "dataset-scenario": "a dataset",
}
_COMPARISON = re.compile(r"^\s*outcome\s*(==|!=)\s*(['\"])(\w+)\2\s*$", re.IGNORECASE)


def told(settings: Known[ScenarioSettings], channels: Known[tuple[Channel, ...]]) -> Known[Told]:
    """Who is told when the scenario fails."""
    if isinstance(settings, Unknown):
        return settings
    ways, broken, unsure = [], [], []
    for reporter in settings.reporters:
        if not reporter.active or reporter.phase.upper() == "START":
            continue
        sends = sends_on_failure(reporter.condition)
        if sends is False:
            continue
        way = describe(reporter)
        if _is_broken(reporter, channels):
            broken.append(f"{way}: there is no channel {reporter.channel_id}")
            continue
        conditions = [] if sends else [words.one_line(reporter.condition, 80)]
        if reporter.channel_id and isinstance(channels, Unknown):
            conditions.append(f"there is a channel {reporter.channel_id}")
        if conditions:
            unsure.append(f"{way}, if {' and '.join(conditions)}")
        else:
            ways.append(way)
    if any(step.enabled and step.type == "send_report" for step in settings.steps):
        unsure.append("a step that sends a message, if it is reached")
    return Told(*(tuple(dict.fromkeys(found)) for found in (ways, broken, unsure)))


def sends_on_failure(condition: str) -> bool | None:
    """Whether a reporter with this condition sends when the outcome is FAILED; None where it cannot be told.

    Comparisons of the outcome joined by `||` or `or` are read; anything else may do anything."""
    if not condition.strip():
        return True
    verdicts = []
    for part in re.split(r"\|\||\bor\b", condition):
        found = _COMPARISON.match(part)
        if found is None:
            return None
        same = found.group(3).upper() == "FAILED"
        verdicts.append(same if found.group(1) == "==" else not same)
    return any(verdicts)


def describe(reporter: Reporter) -> str:
    """The reporter in words, persons hidden: "mail to a…@example.com and 2 more"."""
    way = _WAYS.get(reporter.type, reporter.type.replace("-scenario", "") or "a message")
    people = [masked(recipient) for recipient in reporter.recipients]
    return f"{way} to {words.listed(people, 2)}" if people else way


def masked(recipient: str) -> str:
    """An address without the person: "ada.martin@example.com" is "a…@example.com". Names of channels stay."""
    person, at, domain = recipient.strip().partition("@")
    return f"{person[:1]}…@{domain}" if at and person else words.one_line(recipient, 60)


def _is_broken(reporter: Reporter, channels: Known[tuple[Channel, ...]]) -> bool:
    if isinstance(channels, Unknown) or not reporter.channel_id:
        return False
    return all(channel.id != reporter.channel_id for channel in channels)
