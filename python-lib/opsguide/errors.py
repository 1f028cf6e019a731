"""What can go wrong, for callers that must stop.

    OperationsGuideError            every error of ours; its text says what, where and what to do
    ├── DssError                    DSS answered, but not with what was asked (status, path, error_type)
    │   ├── DssDenied               401 or 403: `needs` names the right
    │   ├── DssNotFound             404, or a 500 that means "not found": gone, or a route this DSS does not have
    │   └── DssBroken               5xx, or an answer that is not what its route promises
    ├── DssUnreachable              no answer: refused, timed out, cut off
    ├── NotAccepted                 a request to change something that is not followed (status, advice)
    ├── InvalidParameter            a macro, probe, check or page parameter out of its range
    └── NothingToMeasure            a probe found nothing that tells what it measures

Expected outcomes (already running, refused, unknown) are return values, not errors.
"""

from __future__ import annotations

from typing import Optional


class OperationsGuideError(Exception):
    """Base of the tree; `str(error)` is a sentence for a person."""


class DssError(OperationsGuideError):
    """DSS refused or failed. `status` is the HTTP status, `path` the API path without host or query."""

    def __init__(self, message: str, *, status: int, path: str = "", error_type: str = "", needs: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.path = path
        self.error_type = error_type
        self.needs = needs


class DssDenied(DssError):
    """The caller lacks a right; `needs` names it in DSS's own words."""


class DssNotFound(DssError):
    """The object is gone, or this version of DSS has no such route."""


class DssBroken(DssError):
    """DSS failed, or its answer cannot be read."""


class DssUnreachable(OperationsGuideError):
    """No whole answer came: refused, timed out or cut off. `path` is the API path, `timed_out` tells the case."""

    def __init__(self, message: str, *, path: str = "", timed_out: bool = False) -> None:
        super().__init__(message)
        self.path = path
        self.timed_out = timed_out


class NotAccepted(OperationsGuideError):
    """A request to change something that is not followed. `status` is the HTTP status, `advice` what to do instead."""

    def __init__(self, message: str, *, status: int, advice: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.advice = advice


class InvalidParameter(OperationsGuideError):
    """A parameter out of range; `name` is the parameter's name."""

    def __init__(self, message: str, *, name: Optional[str] = None) -> None:
        super().__init__(message)
        self.name = name


class NothingToMeasure(OperationsGuideError):
    """Nothing tells what a probe measures: DSS keeps the last value, and shows the reason."""
