"""What people noted, as today, the guide and a handover tell it: muted keeps its verdict and is silent, everywhere."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any, Optional
from zoneinfo import ZoneInfo

import pytest
from jsonschema import Draft202012Validator

from opsguide.core.assess import assess
from opsguide.core.compose import compose
from opsguide.core.handover import handover
from opsguide.core.ledger import ledger, with_mutes
from opsguide.core.today import evaluate, today
from opsguide.model.event import Event
from opsguide.model.guide import Table, Tone, cells_of
from opsguide.model.handover import Handover
from opsguide.model.known import Cause, Known, Unknown
from opsguide.model.ledger import LONGEST_MUTE, Ledger, about
from opsguide.model.today import Today
from opsguide.render import html
from opsguide.render.handover import handover_document, handover_markdown
from opsguide.render.markdown import guide_markdown, today_markdown
from opsguide.render.today_json import today_json, today_schema
from opsguide.render.urls import Urls
from tests.guides import HOSTILE
from tests.nights import DAY, HOUR, NOW, night, promises
from tests.whole import foreign_markup

URLS = Urls("https://dss.example.com", "RETAIL")
NIGHTLY = about("SCENARIO", "NIGHTLY")
ENDS = NOW + 5 * HOUR


def event(kind: str, subject: str = "", text: str = "", at: Any = NOW - HOUR, **data: Any) -> Event:
    return Event(at, f"{kind}-{subject}", kind, "olivia", subject, text, data)


def mute(subject: str, reason: str = "known fault") -> Event:
    return event("mute", subject, reason, until=ENDS.isoformat())


def noted(*events: Event) -> Ledger:
    return ledger(events, NOW)


def of(found: Known[Optional[Ledger]]) -> Today:
    snapshot, declared = night(), promises()
    return today(snapshot, declared, with_mutes(assess(snapshot, declared), found, "RETAIL"), found)


def over(found: Known[Optional[Ledger]]) -> Handover:
    snapshot, declared = night(), promises()
    return handover(snapshot, declared, with_mutes(assess(snapshot, declared), found, "RETAIL"), found, "olivia")


def troubled(day: Today) -> list[tuple[str, str]]:
    """All that alarms, as (what it is about, verdict)."""
    assert not isinstance(day.scenarios, Unknown)
    assert not isinstance(day.outputs, Unknown)
    loud = (Tone.BAD, Tone.NOTICE, Tone.UNKNOWN)
    found = [(about("SCENARIO", each.id), each.verdict) for each in day.scenarios if each.tone in loud]
    return found + [(about(each.kind, each.id), each.verdict) for each in day.outputs if each.tone in loud]


def everything() -> Ledger:
    """Whatever is wrong, muted."""
    return noted(*(mute(subject) for subject, _ in troubled(of(None))))


def test_what_is_muted_keeps_its_verdict_and_does_not_alarm() -> None:
    before, after = of(None), of(noted(mute(NIGHTLY)))
    loud, silent = (next(s for s in day.scenarios if s.id == "NIGHTLY") for day in (before, after))
    assert (loud.verdict, loud.alarms, loud.tone) == ("FAILED", True, Tone.BAD)
    assert (silent.verdict, silent.alarms, silent.tone) == ("FAILED", False, Tone.QUIET)
    assert silent.muted_text == "muted until 12:00 by olivia: known fault"
    assert before.counts == after.counts
    assert "1 scenario failed" in before.headline
    assert "failed" not in after.headline
    assert f"{loud.name} is muted until 12:00" in after.headline


def test_silence_is_never_good_news() -> None:
    after = of(everything())
    assert troubled(after) == []
    assert after.tone is not Tone.GOOD
    assert "are muted" in after.headline


@pytest.mark.parametrize("fail_at", ["error", "warning", "unknown"])
def test_what_is_muted_stops_no_scenario_and_is_told(fail_at: str) -> None:
    assert evaluate(of(None), fail_at).fails
    loud, silent = evaluate(of(None), fail_at), evaluate(of(noted(mute(NIGHTLY))), fail_at, frozenset({"NIGHTLY"}))
    assert any("failed" in problem for problem in loud.problems)
    assert (silent.fails, silent.problems) == (False, ())
    assert len(silent.muted) == 1
    assert "muted until 12:00 by olivia: known fault" in silent.muted[0]
    assert "failed" in silent.muted[0]


@pytest.mark.parametrize("subject", [NIGHTLY, about("DATASET", "sales_mart")])
def test_every_format_says_until_when_by_whom_and_why(subject: str) -> None:
    found, said = noted(mute(subject, f"why {HOSTILE}")), "muted until 12:00 by olivia: why"
    snapshot, declared = night(), promises()
    report = with_mutes(assess(snapshot, declared), found, "RETAIL")
    day, guide, hours = of(found), compose(snapshot, declared, report), over(found)
    cells = [cell for cell in cells_of(guide) if said in cell.value or said in cell.reason]
    assert cells
    assert {cell.tone for cell in cells} <= {Tone.QUIET, Tone.NONE, Tone.GOOD}
    for text in (today_markdown(day, URLS), guide_markdown(guide, URLS), html.guide_document(guide, URLS)):
        assert said in text
    for page in (html.today_document(day, URLS), handover_document(hours, URLS)):
        assert foreign_markup(page) == []
        assert "olivia" in page
    data = json.loads(today_json(day))
    assert list(Draft202012Validator(today_schema()).iter_errors(data)) == []
    line = next(each for each in [*data["scenarios"], *data["outputs"]] if each["muted"])
    assert (line["muted"]["until"][:16], line["muted"]["by"], line["alarms"]) == ("2025-10-14T10:00", "olivia", False)
    assert data["mutes"] == [line["muted"]]


def test_what_is_muted_stands_behind_what_alarms() -> None:
    names = [scenario.id for scenario in of(noted(mute(NIGHTLY))).scenarios if scenario.active and not scenario.test]
    assert next(scenario.id for scenario in of(None).scenarios) == "NIGHTLY"
    assert names[-1] == "NIGHTLY"


def test_who_looked_is_told_until_midnight() -> None:
    signed = noted(event("sign_off", "", "called <the> supplier", headline="1 late"))
    day = of(signed)
    assert day.sign_off_text == "Looked at by olivia at 06:00: called <the> supplier"
    assert "called \\<the> supplier" in today_markdown(day, URLS)
    assert json.loads(today_json(day))["sign_off"]["headline"] == "1 late"
    assert of(noted(event("sign_off", at=NOW - DAY))).sign_off is None
    assert of(None).sign_off_text == ""


@pytest.mark.parametrize(
    ("found", "state", "said"),
    [
        (None, {"found": False, "unread": 0}, ""),
        (Unknown("Action forbidden", Cause.DENIED, "Read"), {"found": None, "needs": "Read"}, "It takes Read."),
        (Ledger(NOW), {"found": True, "unread": 0}, ""),
        (Ledger(NOW, folders=2), {"found": True}, "2 managed folders are named"),
        (Ledger(NOW, unreadable=3), {"unread": 3}, "3 files of the state folder could not be read"),
        (Ledger(NOW, left_out=2), {"unread": 2}, "2 older notes not read"),
        (noted(event("teleport")), {"unread": 1}, "1 note of a kind that this version does not know"),
        (noted(event("note", at=NOW + DAY)), {"unread": 1}, "1 note dated in the future"),
    ],
    ids=["no folder", "not readable", "empty", "two folders", "broken files", "too many", "newer kind", "future"],
)
def test_what_stands_in_the_way_of_notes_is_said(found: Any, state: dict[str, Any], said: str) -> None:
    day = of(found)
    data = json.loads(today_json(day))
    assert {name: data["state_folder"][name] for name in state} == state
    assert said in "\n".join(data["notes"])
    assert (said in handover_markdown(over(found), URLS)) if said else True


def test_a_mute_of_what_is_gone_is_still_listed() -> None:
    day = of(noted(mute(about("DATASET", "gone"))))
    table = next(section for section in day.sections if section.id == "muted").blocks[0]
    assert isinstance(table, Table)
    assert table.rows[0][0].value == "dataset:gone, which is no longer there"


def test_a_handover_tells_what_stands_what_happened_and_what_is_next() -> None:
    found = over(noted(mute(about("DATASET", "returns")), event("note", "", "=cmd|' /C calc'!A0")))
    assert [section.id for section in found.sections] == ["standing", "muted", "happened", "noted", "next"]
    text = handover_markdown(found, URLS)
    for said in ("Made by olivia", "Nightly", "Failed: ", "Remarked", "Starts", "=cmd\\|"):
        assert said in text, said
    assert found.until - found.since == timedelta(hours=24)
    ids = [cell.id for section in found.sections for block in section.blocks for row in block.rows for cell in row]  # type: ignore[union-attr]
    assert len(ids) == len(set(ids))


def test_a_handover_of_what_could_not_be_read_says_so() -> None:
    denied = Unknown("Action forbidden", Cause.DENIED, "Read project content")
    snapshot, declared = replace(night(), scenarios=denied, graph=denied), promises()
    text = handover_markdown(handover(snapshot, declared, assess(snapshot, declared), denied), URLS)
    assert "Action forbidden" in text
    assert "Nothing is wrong as far as can be told" not in text


@pytest.mark.parametrize("subject", [NIGHTLY, about("DATASET", "sales_mart")])
def test_no_cell_and_no_mark_of_what_is_muted_alarms(subject: str) -> None:
    found = noted(mute(subject))
    snapshot, declared = night(), promises()
    guide = compose(snapshot, declared, with_mutes(assess(snapshot, declared), found, "RETAIL"))
    day, name = of(found), subject.partition(":")[2]
    row = re.compile(rf"\.([a-z]+-)?{name}\.")
    loud = [
        cell.id
        for part in (guide, *day.sections)
        for cell in cells_of(part)
        if row.search(cell.id) and cell.tone is Tone.BAD
    ]
    marks = [mark for lane in day.timeline.lanes if lane.id == name for mark in lane.marks]
    assert marks
    assert (loud, [mark.text for mark in marks if mark.tone is Tone.BAD]) == ([], [])


def test_a_mute_of_what_could_not_be_read_is_not_said_to_be_of_nothing() -> None:
    found = noted(mute(about("SCENARIO", "GONE")))

    def said(**changes: Any) -> str:
        snapshot, declared = night(**changes), promises()
        day = today(snapshot, declared, with_mutes(assess(snapshot, declared), found, "RETAIL"), found)
        cells = [cell for section in day.sections for cell in cells_of(section)]
        return next(cell.value for cell in cells if cell.id.startswith("today.muted") and cell.id.endswith(".what"))

    assert said() == "scenario:GONE, which is no longer there"
    assert said(scenarios=Unknown("forbidden", Cause.DENIED)) == "scenario:GONE"


def test_the_latest_end_of_a_mute_is_one_that_is_taken_when_the_clocks_change() -> None:
    day = replace(of(noted()), taken_at=datetime(2025, 10, 1, 6, 0, tzinfo=timezone.utc))
    latest = datetime.fromisoformat(html.notebook(day).latest).replace(tzinfo=ZoneInfo(day.zone))
    assert latest.astimezone(timezone.utc) - day.taken_at == LONGEST_MUTE - timedelta(minutes=1)
