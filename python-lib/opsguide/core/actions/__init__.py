"""Actions, as far as they can be thought through without DSS: what one would do, what to look at first, what became of
those that were asked for."""

from __future__ import annotations

from .journal import overlaps, records
from .preflight import NOT_KEPT, Case
from .proposal import propose, told_of
from .targets import built

__all__ = ["NOT_KEPT", "Case", "built", "overlaps", "propose", "records", "told_of"]
