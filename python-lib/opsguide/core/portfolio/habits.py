"""Whether a scenario's last runs were as usual, judged by its history alone, without its schedule.

For a person: *a scenario is as usual when its last run ended well, took no longer than ever and was started by what starts
it often, when it is not quiet for longer than 95 % of its pauses, and when it started today wherever it started last week
and the week before.* Whatever is not as usual proves nothing yet: the project is then read, and judged by its schedule and
promises.

Worked example: runs at 02:00 on the last ten Mondays to Fridays. On Wednesday at 08:00 the last run is Tuesday's: the
pause of 30 h is below the longest (72 h, the weekend), but there were runs at 02:00 on the last two Wednesdays and none
today. That is unusual.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime
from math import isnan

from ...model.portfolio import History
from .. import words
from ..duration import OVER_LONGEST, OVER_MEDIAN_SECONDS, percentile
from ..runs.rhythm import RHYTHM_LEAST, RHYTHM_SHARE

SLOT = 15 * 60.0
DAY, WEEK = 86_400.0, 7 * 86_400.0


def unusual(history: History, now: datetime) -> str:
    """What is not as usual, '' where all is. `now` is the moment of judgement."""
    last, at = history.last, now.timestamp()
    if not last.running and last.outcome != "SUCCESS":
        return f"its last run ended with {words.one_line(last.outcome or 'no outcome', 40)}"
    if len(history.starts) <= RHYTHM_LEAST:
        return f"{words.count(len(history.starts), 'run')} on record, too few to know its habits"
    if last.trigger_name not in history.triggers:
        # A person may have stood in for the trigger: only the run itself tells.
        return f"its last run was started by {words.one_line(last.trigger_name, 80) or 'something without a name'}, as few are"
    return _too_long(history, at) or _too_quiet(history, at) or _missed(history, at)


def _too_long(history: History, at: float) -> str:
    taken = at - history.starts[-1] if history.last.running else history.lengths[-1]
    before = [length for length in history.lengths[:-1] if not isnan(length)]
    if isnan(taken) or not before:
        return "how long its runs take is not on record"
    longest = max(before)
    if taken > max(longest * (1 + OVER_LONGEST), longest + OVER_MEDIAN_SECONDS):
        verb = "runs" if history.last.running else "ran"
        return f"{verb} for {words.duration(taken)}, never over {words.duration(longest)} before"
    return ""


def _too_quiet(history: History, at: float) -> str:
    pauses = [later - earlier for earlier, later in zip(history.starts, history.starts[1:])]
    quiet, longest = at - history.starts[-1], percentile(pauses, RHYTHM_SHARE)
    if not history.last.running and quiet > longest + SLOT:
        return f"quiet for {words.duration(quiet)}, 95 % of its pauses were up to {words.duration(longest)}"
    return ""


def _missed(history: History, at: float) -> str:
    for start in history.starts:
        if at - DAY < start + WEEK < at - SLOT and _ran(history, start - WEEK) and not _ran(history, start + WEEK):
            return f"it did not start {words.duration(at - start - WEEK)} ago, as it did in the two weeks before"
    return ""


def _ran(history: History, at: float) -> bool:
    place = bisect_left(history.starts, at - SLOT)
    return place < len(history.starts) and history.starts[place] <= at + SLOT
