"""The profile as a file: what is written is read back to the letter, and a hostile file costs nothing."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsguide.model.profile import PROFILE_KEY
from opsguide.profile import load
from opsguide.profile.files import FORMATS, NotReadable, read, written
from opsguide.profile.threeway import same
from tests.property.test_profile_properties import FULL

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8)
values = st.recursive(
    st.booleans()
    | st.integers(-(2**40), 2**40)
    | words
    | st.sampled_from(["06:30", "2026-03-02", "on", "no", "1e3", "~", "12"]),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(words.filter(bool), below, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize("kind", FORMATS)
def test_the_whole_profile_comes_back_to_the_letter(kind: str) -> None:
    assert read(written(FULL, kind)) == FULL
    assert read(written({PROFILE_KEY: FULL}, kind)) == FULL
    assert load({PROFILE_KEY: read(written(FULL, kind))}, {}).problems == ()


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(words.filter(bool), values, min_size=1, max_size=4), st.sampled_from(FORMATS))
def test_any_tree_comes_back_to_the_letter(tree: dict[str, Any], kind: str) -> None:
    assert same(read(written(tree, kind)), tree) or set(tree) == {PROFILE_KEY}


def test_people_write_times_days_and_on_without_quotes() -> None:
    text = (
        "datasets:\n  sales_mart: {due: 06:30, target: 0.95, min_rows: 8000}\nreviewed:\n  on: 2026-03-02\n  by: no\n"
    )
    assert read(text) == {
        "datasets": {"sales_mart": {"due": "06:30", "target": 0.95, "min_rows": 8000}},
        "reviewed": {"on": "2026-03-02", "by": "no"},
    }


LAUGHS = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LAUGHS, "line 1: anchors and aliases"),
        ("a: !!python/object/apply:os.system [ls]", "tags"),
        ("a: [1, 2", "line 1, column 9"),
        ('{"a": 1', "it is no JSON (line 1"),
        ("just words", "not an object"),
        ("", "not an object"),
        ("[" * 5000, "deeper"),
        ("a: 1\na: 2\n", "“a” stands there twice"),
        ("a: 1\n---\nb: 2\n", "no YAML"),
        ("x: " + "y" * 500_000, "characters"),
        ("a: 99999999999999999999999", "too large a number"),
        ('{"a": NaN}', "a is no finite number"),
        ("a: 1e400", "a is no finite number"),
        ("? [x]\n: 1\n", "line 1, column 3"),
        ("{a: {b: {c: " * 9, "it is no JSON"),
    ],
)
def test_what_is_no_profile_is_refused_with_the_place(text: str, said: str) -> None:
    with pytest.raises(NotReadable) as refused:
        read(text)
    assert said in str(refused.value)


def test_twelve_times_the_names_take_about_twelve_times_as_long() -> None:
    """Each is held against the others: done one by one, it would take 144 times as long, and a thread for minutes. The
    fastest of three, and a bound between the two: a busy machine slows long work more than short."""

    def seconds(names: int) -> float:
        text = "datasets: {" + ", ".join(f"{name}: 1" for name in range(names)) + "}"
        began = time.process_time()
        assert len(read(text)["datasets"]) == names
        return time.process_time() - began

    seconds(10)
    assert min(seconds(24_000) for _ in range(3)) < 40 * min(seconds(2_000) for _ in range(3))
