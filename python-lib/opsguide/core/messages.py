"""Error messages compared with the errors a project knows, and with each other."""

from __future__ import annotations

import re

import regex

from ..model.known import Cause, Known, Unknown

# Enough of a message to know it by; the pattern is a person's, the text is anybody's.
_READ = 4000
# A pattern that takes longer on so short a text would hold up everybody who opens the page.
_SECONDS = 0.2
_VARIABLE = re.compile(r"0x[0-9a-f]+|[0-9a-f]{8}-[0-9a-f-]{27}|\d+(?:[.:/_-]\d+)*", re.IGNORECASE)


def matches(pattern: str, message: str) -> bool:
    """Whether the regular expression is found in the message, case aside. A pattern that is none is sought as it is; one
    that takes too long is not found."""
    return sought(pattern, message) is True


def sought(pattern: str, message: str) -> Known[bool]:
    """The same, Unknown for a pattern that was given up because it takes too long."""
    text = message[:_READ]
    try:
        return regex.search(pattern, text, regex.IGNORECASE, timeout=_SECONDS) is not None
    except TimeoutError:
        return Unknown("the pattern takes too long to compare: write it without repeats inside repeats", Cause.LEFT_OUT)
    except (regex.error, ValueError, RecursionError, MemoryError):
        return pattern.casefold() in text.casefold()


def alike(message: str) -> str:
    """The message without what differs from night to night (numbers, dates, ids): two errors of one kind give the same
    text. '' for an empty message."""
    return " ".join(_VARIABLE.sub("#", message[:_READ].casefold()).split())
