"""Actions as pages: what may be offered to whom, what is said of each state, and names that stay text in every format."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup

from opsguide.core.compose.action_pages import action_page, actions_page, progress_page
from opsguide.core.compose.offers import NONE, SWITCHED_OFF, Offers
from opsguide.model.action import KINDS, Rights, Standing, State, Target
from opsguide.model.guide import Tone
from opsguide.model.known import Unknown
from opsguide.render import actions as drawn
from opsguide.render.html import Permit
from opsguide.render.urls import Urls
from tests.actions import CHECKS, DATASET, PAYLOADS, SETTING, UNREAD_LOG, check, progress, proposal, record
from tests.guides import NOW
from tests.whole import foreign_markup

URLS = Urls("https://dss.example.com", "RETAIL")
PERMIT = Permit("20250916-" + "a" * 32, "token")
RUNS = {"run-scenario", "abort-scenario"}


@pytest.mark.parametrize(
    ("offers", "kinds", "said"),
    [
        (NONE, set(), ""),
        (Offers(True, why_not=SWITCHED_OFF), set(), "Allow actions"),
        (Offers(True, rights=Rights(True, True)), set(KINDS), ""),
        (Offers(True, rights=Rights(True, False)), RUNS, "“Write project content”"),
        (Offers(True, rights=Rights(False, False)), set(), "“Run scenarios” and “Write project content”"),
        (Offers(True, rights=Rights()), set(KINDS), ""),
    ],
)
def test_what_dss_would_surely_refuse_is_not_offered_and_the_right_is_named(
    offers: Offers, kinds: set[str], said: str
) -> None:
    assert {kind for kind in KINDS if offers.may(kind)} == kinds
    assert {kind for kind in KINDS if offers.link(kind, "dataset:x") is not None} == kinds
    assert said in offers.said
    assert bool(offers.said) == bool(said)


@pytest.mark.parametrize(
    ("checks", "words", "tone"),
    [
        ((check("a", Standing.FINE, "Fine."),), "nothing stands in the way; started now", Tone.GOOD),
        (CHECKS[:2], "1 thing to look at; started now", Tone.NOTICE),
        ((CHECKS[2],), "1 thing unknown; started now", Tone.UNKNOWN),
        ((*CHECKS, check("b", Standing.BLOCKS, "It runs already.")), "cannot be done now: It runs already", Tone.BAD),
    ],
)
def test_the_worst_of_what_was_looked_at_is_told_first(checks: Any, words: str, tone: Tone) -> None:
    page = action_page(proposal(checks=checks), SETTING)
    assert page.headline.startswith(words)
    assert page.tone is tone
    form = BeautifulSoup(drawn.action_document(page, URLS, PERMIT), "html.parser").select("#confirm")
    assert bool(form) == (tone is not Tone.BAD)


@pytest.mark.parametrize("why_not", ["Actions are switched off.", ""])
def test_whoever_may_not_confirm_gets_no_form_and_the_reason(why_not: str) -> None:
    permit = PERMIT if why_not else Permit(why_not="ask an administrator")
    found = BeautifulSoup(drawn.action_document(action_page(proposal(), SETTING, why_not), URLS, permit), "html.parser")
    assert found.select("form[method=post]") == []
    assert (why_not or "ask an administrator") in found.text


def test_clearing_takes_the_name_typed_and_a_reason() -> None:
    page = action_page(proposal("clear", typed="sales_mart"), SETTING)
    found = BeautifulSoup(drawn.action_document(page, URLS, PERMIT), "html.parser")
    assert {field["name"] for field in found.select("#confirm [required]")} == {"reason", "typed"}
    assert "Clearing data removes it until rebuild completes." in found.text


@pytest.mark.parametrize(
    ("changes", "words", "tone", "again"),
    [
        ({"state": State.REQUESTED, "expected_end": None}, "asked for", Tone.QUIET, True),
        ({"state": State.RUNNING}, "running since 07:00; expected to end at 07:20", Tone.QUIET, True),
        (
            {"expected_end": NOW - timedelta(minutes=3)},
            "running since 07:00; 3 min over its usual time",
            Tone.BAD,
            True,
        ),
        ({"state": State.FINISHED, "outcome": "SUCCESS", "ended_at": NOW}, "it went well, at 07:12", Tone.GOOD, False),
        ({"state": State.FINISHED, "outcome": "FAILED"}, "it failed", Tone.BAD, False),
        ({"state": State.FINISHED, "outcome": "ODD"}, "ended: odd", Tone.UNKNOWN, False),
        ({"state": State.CANNOT_TELL, "said": "Several fit."}, "cannot be told; Several fit", Tone.UNKNOWN, False),
        ({"state": State.REFUSED, "said": "No."}, "was not done; No", Tone.BAD, False),
    ],
)
def test_each_state_is_told_and_only_what_goes_on_is_looked_at_again(
    changes: dict[str, Any], words: str, tone: Tone, again: bool
) -> None:
    page = progress_page(progress(**changes), SETTING)
    assert page.headline == words
    assert page.tone is tone
    text = drawn.progress_document(page, URLS)
    assert ("data-again" in text, 'http-equiv="refresh"' in text, "Abort it…" in text) == (again, again, again)
    assert json.loads(drawn.progress_json(page))["next_check_seconds"] == (5 if again else None)


@pytest.mark.parametrize(("asked_ago", "seconds"), [(5, 2), (59, 2), (61, 5)])
def test_what_was_just_asked_for_is_looked_at_more_often(asked_ago: int, seconds: int) -> None:
    began = record(State.RUNNING, at=NOW - timedelta(seconds=asked_ago))
    assert progress_page(progress(record=began), SETTING).next_check_seconds == seconds


def test_a_log_that_cannot_be_read_says_why() -> None:
    page = progress_page(progress(log=UNREAD_LOG), SETTING)
    assert "DSS did not answer in time; it needs to look again" in drawn.progress_document(page, URLS, with_log=True)
    assert json.loads(drawn.progress_json(page))["log"] is None


def test_without_a_state_folder_or_an_answer_the_list_says_so() -> None:
    assert "create it on Today" in actions_page(None, SETTING).headline
    assert actions_page(Unknown("DSS is away"), SETTING).tone is Tone.UNKNOWN
    assert "Under way: Run Nightly build" in actions_page([record()], SETTING).headline


@pytest.mark.parametrize("text", PAYLOADS)
def test_harm_stays_text_in_every_format(text: str) -> None:
    before = action_page(
        proposal(
            title=text,
            checks=(check("a", Standing.NOTICE, text, text),),
            targets=(Target(DATASET, text, True, (text,)),),
            notify=(text,),
            notice=text,
        ),
        SETTING,
    )
    kept = record(title=text, reason=text, by=text, said=text, outputs=(text,))
    going = progress_page(progress(record=kept, said=text, step=text, log=(text,)), SETTING)
    listed = actions_page([kept], SETTING)
    for page in (
        drawn.action_document(before, URLS, PERMIT),
        drawn.progress_document(going, URLS, with_log=True),
        drawn.actions_document(listed, URLS),
    ):
        assert foreign_markup(page) == []
    for markdown in (
        drawn.action_markdown(before, URLS),
        drawn.progress_markdown(going, URLS),
        drawn.actions_markdown(listed, URLS),
    ):
        plain = [line for line in markdown.splitlines() if not line.startswith("    ")]
        assert not [line for line in plain if "<script" in line.replace("\\<", "") or line.startswith("```")]
        assert not [line for line in plain if "![x](" in line.replace("\\[", "")]
    data = json.loads(drawn.action_json(before))
    assert (data["title"], data["notice"], data["notify"]) == (text, text, [text])
    assert json.loads(drawn.actions_json(listed))["actions"][0]["reason"] == text
