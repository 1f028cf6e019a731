"""What differs from a shape is said by its place; what only might is a note."""

from __future__ import annotations

import pytest

from opsguide.dss.redaction import MOST_KEPT, Redactor
from opsguide.dss.shapes import (
    ANYTHING,
    FLAG,
    INSTANT,
    NUMBER,
    TEXT,
    ByName,
    Compared,
    Either,
    Fields,
    Items,
    Shape,
    Text,
    Word,
    said,
)

RUN = Fields(
    {
        "id!": TEXT,
        "start": INSTANT,
        "active": FLAG,
        "size": NUMBER,
        "outcome": Word(("SUCCESS", "FAILED")),
        "user": Either((TEXT, Fields({"login!": TEXT}))),
        "tags": Items(TEXT),
        "rows": ByName(NUMBER),
        "params": ANYTHING,
    }
)


def compared(shape: Shape, *answers: object) -> Compared:
    found = Compared()
    for answer in answers:
        found.look(shape, answer)
    return found


@pytest.mark.parametrize(
    "answer",
    [
        {"id": "a"},
        {
            "id": 7,
            "start": 0,
            "active": "true",
            "size": "12",
            "outcome": "SUCCESS",
            "user": "jo",
            "tags": [],
            "rows": {},
        },
        {"id": "a", "start": "2026-03-03T06:12:00Z", "active": None, "user": {"login": "jo"}, "params": [1, {"x": 2}]},
        {"id": "a", "start": 1772518320000, "size": 1.5, "unheard of": {"of": "it"}},
    ],
)
def test_what_the_plugin_can_read_does_not_differ(answer: object) -> None:
    assert not compared(RUN, answer).differ


@pytest.mark.parametrize(
    ("answer", "said_of_it"),
    [
        ([], "the answer is a list instead of an object"),
        ({}, "id is missing"),
        ({"id": None}, "id is missing"),
        ({"id": ["a"]}, "id is a list instead of a text"),
        ({"id": "a", "start": "yesterday"}, "start is a text instead of an instant"),
        ({"id": "a", "start": True}, "start is true or false instead of an instant"),
        ({"id": "a", "active": "perhaps"}, "active is a text instead of true or false"),
        ({"id": "a", "size": "many"}, "size is a text instead of a number"),
        ({"id": "a", "outcome": {"of": "it"}}, "outcome is an object instead of a word"),
        ({"id": "a", "user": {"name": "jo"}}, "user is an object instead of a text or { **login** }"),
        ({"id": "a", "tags": "one"}, "tags is a text instead of a list"),
        ({"id": "a", "tags": [["one"]]}, "tags[] is a list instead of a text"),
        ({"id": "a", "rows": {"secret": "x"}}, "rows.* is a text instead of a number"),
    ],
)
def test_what_differs_is_said_with_its_place_and_without_names(answer: object, said_of_it: str) -> None:
    assert list(compared(RUN, answer).differ) == [said_of_it]


def test_a_field_that_no_answer_had_is_a_note_and_so_is_a_new_word() -> None:
    found = compared(Items(RUN), [{"id": "a", "outcome": "PARTIAL"}, {"id": "b", "size": 3, "tags": ["x"]}])
    assert not found.differ
    assert found.unseen == ("[].start", "[].active", "[].user", "[].rows", "[].params")
    assert list(found.new) == ["[].outcome is PARTIAL"]


def test_a_word_that_may_be_a_name_is_not_repeated() -> None:
    assert not compared(Word(("A",)), "jo.smith@example.com").new


def test_names_become_the_same_placeholder_everywhere_and_keep_their_length() -> None:
    redactor = Redactor()
    first = redactor.answer(
        RUN, {"id": "sales_mart", "tags": ["sales_mart", "gold", ""], "rows": {"sales_mart": 129253}}
    )
    name = first["id"]
    assert name != "sales_mart"
    assert len(name) == len("sales_mart")
    assert first == {"id": name, "tags": [name, redactor.text("gold"), ""], "rows": {name: 100000}}
    assert redactor.text("gold") != redactor.text("cold")


def test_words_of_dss_instants_flags_and_field_names_are_kept() -> None:
    answer = {
        "id": "a",
        "start": 1772518320000,
        "active": True,
        "outcome": "PARTIAL",
        "newField": 42.5,
        "Jo's key": "x",
    }
    found = Redactor().answer(RUN, answer)
    assert {key: found[key] for key in ("start", "active", "outcome", "newField")} == {
        "start": 1772518320000,
        "active": True,
        "outcome": "PARTIAL",
        "newField": 10.5,
    }
    assert "Jo's key" not in found


@pytest.mark.parametrize(
    "secret", ["hunter2 hunter2", "AKIA1234567890ABCDEF", "jo@example.com", "https://u:p@db/x", "2026-03-03", "129253"]
)
@pytest.mark.parametrize("place", ["id", "outcome", "active", "size", "user", "params", "start", "other"])
def test_a_secret_is_kept_nowhere(secret: str, place: str) -> None:
    if place == "start" and secret == "2026-03-03":
        return  # an instant where instants stand
    for value in (secret, {secret: secret}, [secret], {"a": {"b": [{secret: 1}]}}):
        assert secret not in str(Redactor().answer(Items(RUN), [{"id": "a", place: value}]))


def test_values_that_are_ours_stay() -> None:
    assert Redactor().answer(
        Fields({"name": Text(("operations_guide_state",))}), {"name": "operations_guide_state"}
    ) == {"name": "operations_guide_state"}


def test_of_a_long_list_what_shows_something_new_is_kept_and_what_will_be_asked_for() -> None:
    answer = [{"id": f"run {number}"} for number in range(500)]
    answer[300]["outcome"] = "FAILED"
    answer[400]["size"] = "many"
    redactor = Redactor()
    kept = redactor.answer(Items(RUN), answer, {"run 450"})
    assert len(kept) < MOST_KEPT
    assert {each["id"] for each in kept} >= {redactor.text(f"run {number}") for number in (0, 1, 2, 300, 400, 450)}
    full, less = compared(Items(RUN), answer), compared(Items(RUN), kept)
    assert (list(full.differ), full.unseen) == (list(less.differ), less.unseen)


def test_a_shape_is_told_in_words() -> None:
    assert said(Items(RUN)).startswith(
        "list of { **id**, start: instant, active: flag, size: number, outcome: word, user: "
    )
