"""How often a scenario fails, and how sure that is.

Worked example: 1 failure in 4 runs is 25 %, but the Wilson interval says 5 % to 70 %: four runs tell little. It alarms
above 10 %, or above twice its own share over 90 days, and never on a single failure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

from ..model.known import Cause, Known, Unknown
from ..model.report import ErrorRate
from ..model.snapshot import Run

WINDOW, USUAL_WINDOW = timedelta(days=30), timedelta(days=90)
ALERT_SHARE, ALERT_TIMES_USUAL, ALERT_LEAST = 0.10, 2.0, 2
# The 97.5 % point of the normal distribution: a 95 % interval.
_Z = 1.959963984540054


def wilson(failed: int, finished: int) -> tuple[float, float]:
    """The 95 % interval of a share: `wilson(0, 10)` is (0, 0.28), as ten good runs do not prove that none fails."""
    share = failed / finished
    spread = _Z * math.sqrt(share * (1 - share) / finished + (_Z / (2 * finished)) ** 2)
    middle = share + _Z * _Z / (2 * finished)
    scale = 1 + _Z * _Z / finished
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def error_rate(runs: Known[tuple[Run, ...]], now: datetime) -> Known[ErrorRate]:
    """Failed and aborted runs among those that finished in the last 30 days."""
    if isinstance(runs, Unknown):
        return runs
    recent = _finished(runs, now - WINDOW)
    if not recent:
        return Unknown("no run finished in the last 30 days", Cause.NOT_RECORDED)
    older = _finished(runs, now - USUAL_WINDOW)
    reaches_back = any(run.start is not None and run.start < now - WINDOW for run in older)
    usual = _failures(older) / len(older) if reaches_back else None
    alert_over = max(ALERT_SHARE, ALERT_TIMES_USUAL * usual) if usual is not None else ALERT_SHARE
    failed = _failures(recent)
    low, high = wilson(failed, len(recent))
    return ErrorRate(
        failed,
        len(recent),
        low,
        high,
        min(alert_over, 1.0),
        failed >= ALERT_LEAST and failed / len(recent) > alert_over,
        min(run.start for run in recent if run.start),
        usual,
    )


def _finished(runs: Iterable[Run], since: datetime) -> list[Run]:
    return [run for run in runs if not run.running and run.start is not None and run.start >= since]


def _failures(runs: Iterable[Run]) -> int:
    return sum(run.outcome in ("FAILED", "ABORTED") for run in runs)
