"""What each verdict means, in one sentence for a person who sees it for the first time."""

from __future__ import annotations

RUNS = {
    "FAILED": "Its last run that was due failed, or somebody or something stopped it.",
    "NOT_RUN": "Its time and its patience have passed without a run, and nothing has made up for it.",
    "RUNNING_LATE": "It still runs, longer than its limit: the declared one, else what past runs teach.",
    "LATE_FINISH": "It ended well, but over its limit or after its declared end.",
    "LATE_START": "It ended well, but began later than its patience allows.",
    "QUIET_TOO_LONG": "Events start it, and none has for longer than 19 of 20 of its pauses.",
    "UNKNOWN": "What would tell is missing: history, a right, or an answer. It is not known to be good.",
    "RECOVERED": "It did not run at its time; a later run made up for it well before the next one.",
    "SUPPRESSED": "It could not start at its time, because the run before was still going.",
    "REPLACED_BY_MANUAL": "It did not run at its time, because a person's run did its work.",
    "RUNNING": "It runs now, within its limit.",
    "PENDING": "Its time is still to come, or has just passed and its patience has not.",
    "SKIPPED_EXPECTED": "No run was expected: switched off, maintenance, a day off, nothing due, or nothing called for it.",
    "QUIET": "Events start it, and its pause is as long as usual.",
    "ON_TIME": "Its last run that was due began and ended in time.",
}
SLA = {
    "MISSED": "It was due and is not there: no build of its day has ended well.",
    "AT_RISK": "It is not due yet, but past cases like this one say that it will come too late.",
    "UNKNOWN": RUNS["UNKNOWN"],
    "RECOVERED_LATE": "It is there, but came after it was due; the miss stays on record.",
    "TIGHT": "It is not due yet; on more than one day in ten it comes too late.",
    "PENDING": "It is not due yet.",
    "MET": "A build of its day ended well before it was due.",
    "NOT_DECLARED": "Nobody has declared when it is due, so it cannot be late.",
}
FRESHNESS = {
    "STALE_ERROR": "Its data is older than is allowed.",
    "STALE_WARN": "Its data is old enough to be looked at.",
    "NEEDS_REBUILD": "One of its inputs has newer data than it was built from, and no start is planned that would bring it.",
    "REBUILT_NO_NEW_DATA": "It was built again from inputs that had nothing new, though new data was expected.",
    "UNKNOWN": RUNS["UNKNOWN"],
    "FRESH": "Its data is as new as is promised, and as its inputs.",
}
VOLUME = {
    "ERROR": "So many or so few rows are not plausible: beyond four times the usual error.",
    "WARNING": "Its rows are unusual: beyond three times the usual error.",
    "NEW_LEVEL": "Three builds in a row were off on the same side: a person should say whether that is right.",
    "UNKNOWN": "Its rows could not be judged.",
    "LEARNING": "Too few builds like this one are on record to judge its rows.",
    "OK": "Its rows are within what past builds had.",
}
DURATION = {
    "MUCH_SLOWER": "It takes, or took, far longer than runs on such days do.",
    "SLOWER": "It takes, or took, longer than runs on such days do.",
    "DRIFTING": "Each of the last five runs took longer than three quarters of the twenty before.",
    "UNKNOWN": "How long it took cannot be told, or says nothing: it did not end well.",
    "LEARNING": "Too few successful runs are on record to compare it with.",
    "NORMAL": "It takes, or took, as long as runs on such days do.",
}
