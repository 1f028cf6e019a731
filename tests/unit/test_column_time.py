"""How the newest value of a time column is read, whoever wrote it."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from opsguide.core.column_time import read

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("value", "kind", "expected", "naive"),
    [
        ("2026-03-02T05:40:00.000Z", "date", "2026-03-02T05:40", False),
        ("2026-03-02 05:40:00.123456+00:00", "date", "2026-03-02T05:40", False),
        ("2026-03-02 05:40:00.1+00", "date", "2026-03-02T05:40", False),
        ("2026-03-02T06:40:00+01:00", "date", "2026-03-02T05:40", False),
        ("2026-03-02 06:40:00", "date", "2026-03-02T05:40", True),
        ("2026-07-02 06:40:00", "date", "2026-07-02T04:40", True),  # summer
        ("2026-03-02", "date", "2026-03-01T23:00", True),
        ("2026-03-02T00:00:00.000Z", "dateonly", "2026-03-01T23:00", True),  # DSS writes a zone that it has not
        ("2026-03-02T06:40:00.000Z", "datetimenotz", "2026-03-02T05:40", True),
        (datetime(2026, 3, 2, 6, 40), "date", "2026-03-02T05:40", True),
        (datetime(2026, 3, 2, 6, 40, tzinfo=timezone(timedelta(hours=2))), "date", "2026-03-02T04:40", False),
        (date(2026, 3, 2), "dateonly", "2026-03-01T23:00", True),
    ],
)
def test_times_as_dss_and_databases_write_them(value, kind, expected, naive):
    found = read(value, PARIS, kind)
    assert found is not None
    assert found.at.isoformat().startswith(expected)
    assert found.at.utcoffset() == timedelta(0)
    assert found.naive is naive


@pytest.mark.parametrize("value", ["", "soon", "41902", 41902, None, "2026-02-30", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time(value):
    assert read(value, PARIS) is None
