"""When the next person is called."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from opsguide.core.incident.escalation import escalates_at, next_call
from opsguide.model.guide import cells_of
from opsguide.model.incident import EVER
from opsguide.model.profile import Calendar, OpsProfile
from tests.cases import symptom
from tests.nights import guide_of, night, promises

PARIS = ZoneInfo("Europe/Paris")
FRANCE = Calendar(country="FR")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(timezone.utc)


@pytest.mark.parametrize(
    ("after", "began", "expected"),
    [
        ("30 min", "2025-10-17 22:10", "2025-10-17 22:40"),
        ("1 hour", "2025-10-18 23:30", "2025-10-19 00:30"),
        ("2 h", "2025-10-18 23:30", "2025-10-19 01:30"),
        ("an hour", "2025-10-18 01:00", "2025-10-18 02:00"),
        ("Immediate", "2025-10-18 02:00", "2025-10-18 02:00"),
        ("Next business day", "2025-10-17 22:10", "2025-10-20 09:00"),
        ("next business day", "2025-10-20 03:00", "2025-10-21 09:00"),
        ("Next business day", "2025-11-10 15:00", "2025-11-12 09:00"),  # 11 November is a holiday in France
        ("2 business days", "2025-10-16 08:00", "2025-10-20 09:00"),
        ("1 day", "2025-10-25 22:00", "2025-10-27 09:00"),  # over the night on which the clocks go back
        ("1 hour", "2025-10-26 00:30", "2025-10-26 01:30"),
        ("soon", "2025-10-17 22:10", None),
        ("30 parsecs", "2025-10-17 22:10", None),
        ("1 month", "2025-10-17 22:10", None),
        ("45 mins.", "2025-10-17 22:10", "2025-10-17 22:55"),
        ("", "2025-10-17 22:10", None),
    ],
)
def test_times_of_the_matrix(after, began, expected) -> None:
    assert escalates_at(after, at(began), FRANCE, PARIS) == (at(expected) if expected else None)


def test_without_a_calendar_every_day_is_a_business_day() -> None:
    assert escalates_at("next business day", at("2025-10-17 22:10"), None, PARIS) == at("2025-10-18 09:00")


def test_a_calendar_without_any_business_day_does_not_hold_up_the_page() -> None:
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    assert escalates_at("9999 days", at("2025-10-17 22:10"), Calendar(weekend=days), PARIS) is None


@pytest.mark.parametrize(
    ("kind", "issue"),
    [("failed_run", "Job failures"), ("late_source", "Job failures"), ("rows", "Data quality"), ("quality", "Data quality"), ("outage", "Infrastructure")],
)  # fmt: skip
def test_each_kind_is_a_case_of_a_row(kind, issue) -> None:
    assert next_call(symptom(kind, "dataset:x"), OpsProfile(), PARIS).issue == issue


def test_the_declared_row_counts_and_contacts_stand_in() -> None:
    profile = OpsProfile.model_validate(
        {
            "oncall": {"name": "Ada"},
            "contacts": {"data": {"name": "Data team"}},
            "escalation": [{"issue": "job FAILURES", "after": "10 min", "escalate_to": "Bo"}],
        }
    )
    root = symptom("failed_run", "scenario:N")
    due = next_call(root, profile, PARIS)
    assert (due.first, due.to, due.at) == ("Self-diagnose", "Bo", root.began_at + timedelta(minutes=10))
    due = next_call(symptom("rows", "dataset:x"), profile, PARIS)
    assert (due.first, due.to, due.after) == ("Data team", "Ada", "1 hour")


def test_a_time_that_cannot_be_read_says_what_to_write() -> None:
    profile = OpsProfile.model_validate({"escalation": [{"issue": "Job failures", "after": "quickly"}]})
    due = next_call(symptom("failed_run", "scenario:N"), profile, PARIS)
    assert due.at is None
    assert "“quickly” cannot be read as a time: write 30 min" in due.said


def test_what_has_no_known_beginning_has_no_count() -> None:
    due = next_call(symptom("stale", "dataset:x", EVER), OpsProfile(), PARIS)
    assert (due.at, due.said) == (None, "since when is not on record, so the count has no beginning")


def test_incidents_count_by_the_matrix_that_people_read() -> None:
    declared = promises({"oncall": {"name": "Ada"}, "contacts": {"data": {"name": "Dee"}, "infra": {"name": "Ina"}}})
    shown = {cell.id: cell.value for cell in cells_of(guide_of(night(), declared))}
    for kind, row in (("failed_run", "job-failures"), ("rows", "data-quality"), ("outage", "infrastructure")):
        due = next_call(symptom(kind, "dataset:x"), declared.profile, PARIS)
        cells = tuple(shown[f"escalation-matrix.{row}.{column}"] for column in ("first", "after", "to"))
        assert (due.first, due.after, due.to) == cells
