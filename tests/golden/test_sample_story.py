"""The sample project's guide as a reader gets it, from the story of a late night: every word of every section."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

import localdss
from opsguide import service
from opsguide.core.assess import assess
from opsguide.core.compose import compose
from opsguide.dss import gateway
from opsguide.render.markdown import guide_markdown
from opsguide.render.urls import Urls
from opsguide.settings import Settings
from tests.readings import clients

# A Thursday, 07:12 in Paris, and some seconds: on the minute, what is forecast ends on one, and a moment of reading moves it.
AT = datetime(2025, 11, 13, 6, 12, 15, tzinfo=timezone.utc)

# How long a reading takes, and what names its second or millisecond, differs each time.
UNSTEADY = {
    r"Checked for you in .* with": "Checked for you in some time with",
    r"calls to DSS in .* for this": "calls to DSS in some time for this",
    r"(\d\d:\d\d):\d\d CET": r"\1:00 CET",
    r"(T\d\d-\d\d-\d\d)\.\d{3}": r"\1.000",
    r"In this DSS \(1\d\.[\d.]+\)": "In this DSS (14.3.1)",
}


class Markdown(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = _file_extension = "md"  # the second is its name before syrupy 5


@pytest.mark.dss("14.3")
def test_sample_story_as_markdown(snapshot: SnapshotAssertion) -> None:
    with localdss.serve(story="nightly-late", at=AT) as dss:
        dss.instance.clock.stop(AT)
        reading = service.read(clients(dss, "olivia"), "RETAIL", Settings(), need=gateway.WHOLE)
    # Judged as of one moment, however long the reading took.
    seen = replace(reading.snapshot, taken_at=AT + timedelta(seconds=1))
    judged = assess(seen, reading.declared)
    reading = replace(reading, snapshot=seen, report=judged).noted(reading.ledger)
    guide = compose(reading.snapshot, reading.declared, reading.report)
    text = guide_markdown(guide, Urls("https://dss.example.com", "RETAIL"))
    for of_this_reading, steady in UNSTEADY.items():
        text = re.sub(of_this_reading, steady, text)
    assert text == snapshot(extension_class=Markdown)
