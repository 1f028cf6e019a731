"""Error messages compared with the errors a project knows."""

from __future__ import annotations

import re

# Enough of a message to know it by; the pattern is a person's, the text is anybody's.
_READ = 4000


def matches(pattern: str, message: str) -> bool:
    """Whether the regular expression is found in the message, case aside. A pattern that is none is sought as it is."""
    text = message[:_READ]
    try:
        return re.search(pattern, text, re.IGNORECASE) is not None
    except re.error:
        return pattern.casefold() in text.casefold()
