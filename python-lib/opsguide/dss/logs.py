"""The few lines of a job's log that tell why it failed: read as far as needed, never whole, without secrets.

A log may be gigabytes long and its lines may be anything: the reading stops behind the first error, after `MAX_BYTES` or
`MAX_SECONDS`, whichever comes first, and says which.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice

from ..errors import DssBroken, DssDenied, DssNotFound, DssUnreachable
from ..model.incident import Excerpt
from .masking import mask
from .session import Clients, path

MAX_BYTES = 4 * 1024 * 1024
MAX_SECONDS = 10.0
BEFORE, AFTER = 4, 24
MAX_LINE = 400
# Without an error in it, the end of a log is the best there is.
TAIL = 12

# What starts an error: a level of its own, a traceback, an exception's own line. Warnings and names that only contain the
# word are none.
_ERROR = re.compile(
    r"\[(?:ERROR|FATAL|SEVERE)\]|(?:^|\s)(?:ERROR|FATAL|SEVERE)(?::|\s)|Traceback \(most recent call last\)|^Caused by:"
    r"|^(?:[\w$]{1,60}\.){1,12}[\w$]{0,60}(?:Exception|Error)(?::|\s|$)|^(?:\w{1,60}\.){0,8}\w{0,60}(?:Error|Exception):"
)
# What is tried again is not yet an error.
_RETRIED = re.compile(r"(?i)\b(?:will be retried|retrying|will retry)\b")
_CONTROL = re.compile(
    r"\x1b\[[0-9;?]{0,20}[ -/]?[@-~]|\x1b[@-_]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
)


def excerpt(clients: Clients, project_key: str, job_id: str, activity: str = "", message: str = "") -> Excerpt:
    """The lines around the first error of a job's log: of the failed activity's part, where DSS gives it apart. `message`
    is the error as DSS tells it: the line that holds it counts when no other one looks like an error. One call or two."""
    place = path("projects", project_key, "jobs", job_id) + "/log"
    if activity:
        try:
            found = around(_lines(clients, place, activity), message)
        except (DssNotFound, DssBroken, DssDenied):
            found = Excerpt(())
        if found.lines:
            return found
    return around(_lines(clients, place, ""), message)


def _lines(clients: Clients, place: str, activity: str) -> Iterator[str]:
    params = {"activity": activity} if activity else {}
    return clients.lines(place, params, max_bytes=MAX_BYTES, seconds=MAX_SECONDS)


def around(lines: Iterable[str], message: str = "") -> Excerpt:
    """The lines around the first error, with their numbers; the end of the log where it holds none."""
    sought = message[:80].strip()
    before: deque[str] = deque(maxlen=TAIL)
    numbered = enumerate(lines, 1)
    note = ""
    try:
        for number, line in numbered:
            text = _CONTROL.sub("", line.rstrip("\r\n"))
            if _is_error(text[:2_000]) or (sought and sought in text):
                shown = [*list(before)[-BEFORE:], text, *(t.rstrip("\r\n") for _, t in islice(numbered, AFTER))]
                return Excerpt(_shown(shown), max(1, number - min(BEFORE, len(before))), number)
            before.append(text)
    except DssBroken:
        note = f"no error in the first {MAX_BYTES // 2**20} MB; the rest was not read"
    except DssUnreachable as error:
        if not before:
            raise
        note = f"no error in what arrived: {error}"
    count = number if before else 0  # the number of the last line read
    return Excerpt(_shown(before), max(1, count - len(before) + 1), 0, note or "no line of it looks like an error")


def clean(lines: Iterable[str]) -> tuple[str, ...]:
    """Lines of a log as they may be shown: without secrets and control characters, and none endless."""
    return _shown([line.rstrip("\r\n") for line in lines])


def _is_error(text: str) -> bool:
    return _ERROR.search(text) is not None and _RETRIED.search(text) is None


def _shown(lines: Iterable[str]) -> tuple[str, ...]:
    """Masked together, because a key may fill several lines; then cut."""
    text = mask("\n".join(_CONTROL.sub("", line[: 10 * MAX_LINE]) for line in lines))
    return tuple(line if len(line) <= MAX_LINE else f"{line[:MAX_LINE]}…" for line in text.split("\n")) if text else ()
