"""The digest of the step `evaluate-operations`: by mail through DSS's channels, and in the scenario's variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Optional

from ..core import digest as digests
from ..core.instrument.scenarios import mail_by
from ..core.told import masked
from ..dss import mail, store, watching
from ..dss.session import Clients
from ..errors import DssDenied, DssError, DssUnreachable, InvalidParameter
from ..model.digest import Delivery, Digest, Told
from ..model.known import Known, Unknown
from ..model.today import Evaluation, Today
from ..render.urls import Urls
from ..settings import Settings
from .reading import Reading

OFF, VARIABLES, MAIL = WAYS = ("off", "variables", "mail")
# The memory for the next run, where there is no state folder.
VARIABLE = "operations_digest_seen"
_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")
_INSTEAD = "A reporter of the scenario can send it: put ${operations_digest} into its message."


@dataclass(frozen=True)
class Wish:
    """The step's parameters: `way` is one of `WAYS`, `to` the addresses, `channel` the channel's id ('' for the first)."""

    way: str = OFF
    to: tuple[str, ...] = ()
    channel: str = ""

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> Wish:
        """Each checked; InvalidParameter says which is wrong."""
        way = str(config.get("digest") or OFF).lower()
        if way not in WAYS:
            raise InvalidParameter(f"“digest” is {way!r}; it can be {', '.join(WAYS)}", name="digest")
        given = config.get("digest_to") or ""
        if not isinstance(given, str):
            raise InvalidParameter(f"“digest_to” is addresses, separated by commas, not {given!r}", name="digest_to")
        to = tuple(dict.fromkeys(each for each in re.split(r"[,;\s]+", given) if each))
        wrong = [each for each in to if not _ADDRESS.fullmatch(each)]
        if wrong:
            raise InvalidParameter(f"“digest_to”: {wrong[0]!r} is no mail address", name="digest_to")
        if way == MAIL and not to:
            raise InvalidParameter("“digest_to” is empty: say whom the digest is for", name="digest_to")
        return cls(way, to if way == MAIL else (), str(config.get("digest_channel") or "").strip())


@dataclass(frozen=True)
class Occasion:
    """What a digest is made from: the project as read and judged, of which scenarios and outputs, and by which scenario
    ('' where that cannot be told)."""

    reading: Reading
    today: Today
    found: Evaluation
    scenarios: frozenset[str]
    outputs: frozenset[str]
    asking: str


def deliver(
    clients: Clients, wish: Wish, occasion: Occasion, settings: Settings, state: Known[Optional[store.Store]]
) -> Delivery:
    """Tell what was not told yet, and remember that it was: the memory is written after the mail left, so that what did
    not leave is told by the next run."""
    if wish.way == OFF:
        return Delivery()
    if occasion.found.verdict == "QUIET":
        return Delivery(said="not sent: nothing alarms here")
    key = occasion.today.project_key
    name = digests.question(occasion.scenarios, occasion.outputs, wish.to)
    memory, problem = _memory(clients, key, state)
    told = watching.recall(clients, key, memory, name, occasion.asking, VARIABLE)
    before = None if told is None or isinstance(told, Unknown) else digests.from_data(told)
    made = _compose(occasion, settings, before)
    now = clients.now()[0]
    if not made.speaks:
        kept = watching.variable(now, name, digests.to_data(before or Told()))
        return Delivery(said="nothing to tell that was not told", kept=kept)
    sent = _mailed(clients, key, wish, made) if wish.way == MAIL else Delivery(said="in the variables")
    if sent.failed:
        return replace(sent, text=made.text, subject=made.subject)
    data = digests.to_data(made.told)
    kept = watching.variable(now, name, data)
    whom = [masked(each) for each in wish.to]
    note = store.event(now, "digest", "", text=made.subject, way=wish.way, to=whom, new=made.number, **data)
    problem = problem or _kept(memory, name, note)
    doubt = "; what was told before is not known" if isinstance(told, Unknown) else ""
    said = f"{sent.said}{doubt}" + (f"; {problem}" if problem else "")
    return Delivery(made.text, made.subject, said, kept=kept)


def variables_of(found: Delivery) -> dict[str, str]:
    """What the step leaves of it in the scenario's variables."""
    return {
        "operations_digest": found.text,
        "operations_digest_subject": found.subject,
        "operations_digest_sent": found.said,
        VARIABLE: found.kept,
    }


def _compose(occasion: Occasion, settings: Settings, before: Optional[Told]) -> Digest:
    reading, today = occasion.reading, occasion.today
    urls = Urls(settings.dss_url, today.project_key, outside=True)
    windows = digests.windows_on(reading.report, reading.declared, today.taken_at, reading.scene.zone)
    return digests.compose_digest(
        today, occasion.found, windows, before, urls.href, occasion.scenarios, occasion.outputs
    )


def _memory(
    clients: Clients, key: str, state: Known[Optional[store.Store]]
) -> tuple[Known[Optional[store.Store]], str]:
    """The state folder, made where there is none; and why it cannot be, where it cannot."""
    if state is not None:
        return state, ""
    try:
        return store.create(clients, key), ""
    except (DssError, DssUnreachable) as error:
        return None, f"there is no state folder to remember it in, and none could be made: {error}"


def _kept(state: Known[Optional[store.Store]], name: str, note: Any) -> str:
    if not isinstance(state, store.Store):
        return "" if state is None else f"it could not be put on record: {state.reason}"
    try:
        watching.remember(state, name, note)
        state.append(note)
    except (DssError, DssUnreachable) as error:
        # The variables of this run remain for the next one.
        return f"it could not be put on record: {error}"
    return ""


def _mailed(clients: Clients, key: str, wish: Wish, made: Digest) -> Delivery:
    channels = mail.mail_channels(clients)
    if isinstance(channels, Unknown):
        needs = f" It takes {channels.needs}." if channels.needs else ""
        return Delivery(said=f"not sent: {channels.reason}.{needs} {_INSTEAD}", failed=True)
    by = mail_by(channels, wish.channel, ", ".join(wish.to))
    if by.problem:
        return Delivery(said=f"not sent: {by.problem}. {_INSTEAD}", failed=True)
    try:
        mail.send(clients, key, by.channel_id, wish.to, made.subject, made.text)
    except DssDenied as denied:
        return Delivery(said=f"not sent: {denied}. It takes the right “{denied.needs}”. {_INSTEAD}", failed=True)
    except (DssError, DssUnreachable) as error:
        return Delivery(said=f"not sent: {error}. The next run tries again.", failed=True)
    return Delivery(said=f"sent by {by.channel_id} to {len(wish.to):,}")
