"""What of a document changes although nothing happened: words that tell how long ago it was, or when it was read.

Worked example: "Running: started on time, running for 2 min" and "… running for 9 min" say the same; "12 min late" and
"1 h late" do not, because somebody waits.
"""

from __future__ import annotations

import hashlib
import re

_LENGTH = r"(?:less than )?\d[\d,.]* (?:s|min|h|d|days?|weeks?|months?|years?)(?: \d+ (?:s|min|h))?"
_PASSING = re.compile(
    rf"{_LENGTH} (?:ago|old)\b"
    rf"|\b(?:running|quiet|waiting) for {_LENGTH}"
    rf"|\bin {_LENGTH}(?=[;,.) ]|$)"
    rf"|\bstarted now, it would be done by [^)]*\)"
    rf"|\bChecked for you in .* calls? to DSS"
    rf"|\bIts footprint: .*"
    rf"|^Read [^.]*\.|\bLast Updated: .*",
    re.MULTILINE,
)


def steady(text: str) -> str:
    """The text without what time alone changes."""
    return _PASSING.sub("", text)


def fingerprint(text: str) -> str:
    """The same for two texts that differ only in what time alone changes."""
    return hashlib.sha256(steady(text).encode()).hexdigest()
