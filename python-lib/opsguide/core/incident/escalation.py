"""When to call the next person, by the matrix of the profile.

For a person: *minutes and hours count on the clock, from the beginning of the incident, by night and on holidays as
well: that is what being on call is. Days count as business days of the project's calendar: "next business day" is its
beginning at 09:00. Taking an incident does not stop the count, ending it does.*

Worked example: it began on Friday at 22:10. "30 min" is Friday 22:40; "next business day" is Monday 09:00, and Tuesday
09:00 where Monday is a holiday.
"""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta, timezone, tzinfo
from typing import Optional

from ...model.incident import Due, Symptom
from ...model.profile import Calendar, Escalation, OpsProfile
from ..calendars import is_business_day
from ..compose.escalation_matrix import DEFAULTS
from ..compose.scene import contact_text

WORK_BEGINS = time(9, 0)
_LOOK_AHEAD_DAYS = 60

# The row of the matrix that an incident is a case of; of all others the first.
_ISSUES = {
    "outage": "Infrastructure",
    "quality": "Data quality",
    "rows": "Data quality",
}
_JOBS = "Job failures"

_LENGTH = re.compile(
    r"(?i)\s*(?:after|within|in)?\s*(\d{1,4}|an?|one)\s*(?:business|working)?\s*"
    r"(m|mins?|minutes?|h|hrs?|hours?|d|days?)\.?\s*"
)
_AT_ONCE = re.compile(r"(?i)\s*(immediate(ly)?|at once|now|asap|0)\s*")
_NEXT_DAY = re.compile(r"(?i)\s*(the\s+)?next\s+(business|working)?\s*day\s*")


def next_call(root: Symptom, profile: OpsProfile, zone: tzinfo) -> Due:
    """Whom to call next about an incident, and when."""
    issue = _ISSUES.get(root.kind, _JOBS)
    row = next((each for each in profile.escalation if each.issue.casefold() == issue.casefold()), None)
    row = row or Escalation(issue=issue)
    first, usual, contact, further = DEFAULTS[issue]
    after = row.after or usual
    calendar = profile.calendars.get("default") or next(iter(profile.calendars.values()), None)
    at = escalates_at(after, root.began_at, calendar, zone)
    to = row.escalate_to or _contact(profile, further)
    said = ""
    if not root.dated:
        at, said = None, "since when is not on record, so the count has no beginning"
    elif at is None:
        said = f"“{after}” cannot be read as a time: write 30 min, 2 hours, 1 business day, immediate"
    elif not to:
        said = "the matrix names nobody to go to"
    return Due(issue, row.first_contact or first or _contact(profile, contact), to, after, at, said)


def _contact(profile: OpsProfile, name: str) -> str:
    contact = profile.oncall if name == "oncall" else getattr(profile.contacts, name)
    return contact_text(contact)


def escalates_at(after: str, began: datetime, calendar: Optional[Calendar], zone: tzinfo) -> Optional[datetime]:
    """The moment that a time of the matrix means, None where it cannot be read."""
    if _AT_ONCE.fullmatch(after):
        return began
    if _NEXT_DAY.fullmatch(after):
        return _business_day(began, 1, calendar, zone)
    found = _LENGTH.fullmatch(after)
    if found is None:
        return None
    number = 1 if found.group(1).lower() in ("a", "an", "one") else int(found.group(1))
    unit = found.group(2)[0].lower()
    if unit == "d":
        return _business_day(began, number, calendar, zone)
    return began + timedelta(minutes=number if unit == "m" else 60 * number)


def _business_day(began: datetime, number: int, calendar: Optional[Calendar], zone: tzinfo) -> Optional[datetime]:
    """The beginning of the business day so many after the day of `began`."""
    day = began.astimezone(zone).date()
    left = number
    for _ in range(_LOOK_AHEAD_DAYS + 2 * number):
        day += timedelta(days=1)
        left -= is_business_day(calendar, day)
        if left <= 0:
            return datetime.combine(day, WORK_BEGINS, zone).astimezone(timezone.utc)
    return None
