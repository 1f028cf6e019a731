"""The lines around the first error: bounded, numbered, without control characters and secrets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from opsguide.dss.logs import AFTER, BEFORE, MAX_LINE, around
from opsguide.errors import DssBroken, DssUnreachable

NOISE = [f"[2025/11/13-01:00:{n % 60:02d}.000] [job] [INFO] [spark.Context] - stage {n}" for n in range(100)]


@pytest.mark.parametrize(
    "error",
    [
        "[2025/11/13-01:02:30.800] [job] [ERROR] [dku.flow.activity] - Activity failed",
        "Traceback (most recent call last):",
        "com.dataiku.dip.exceptions.DKUException: Root path does not exist",
        "Caused by: java.net.ConnectException: Connection refused",
        "ValueError: could not convert string to float: 'x'",
        "pandas.errors.ParserError: Error tokenizing data",
        'ERROR:  relation "orders" does not exist',
        "2025-11-13 FATAL could not open",
    ],
)
def test_the_first_error_is_found_with_what_stands_around_it(error) -> None:
    found = around([*NOISE[:50], error, *NOISE[50:], "[ERROR] a later one"])
    assert found.error == 51
    assert found.lines[found.error - found.first] == error
    assert found.first == 51 - BEFORE
    assert len(found.lines) == BEFORE + 1 + AFTER


@pytest.mark.parametrize(
    "line",
    [
        "[WARN] [spark] - errors: 0",
        "[INFO] - wrote error_rate to metrics",
        "[INFO] - 0 ERRORS",
        "[ERROR] [executor.Executor] - Exception in task 0.0 which will be retried",
        "[DEBUG] class org.apache.ErrorHandler loaded",
        "[INFO] - Exceptions of the calendar are read",
    ],
)
def test_a_line_that_only_contains_the_word_is_none(line) -> None:
    found = around([*NOISE[:20], line, *NOISE[20:40]])
    assert found.error == 0
    assert found.note == "no line of it looks like an error"
    assert found.lines[-1] == NOISE[39]


def test_the_message_of_dss_is_found_where_no_line_looks_like_an_error() -> None:
    assert around([*NOISE[:9], "SQL state 42P01 -> no such table", *NOISE], "no such table").error == 10


def test_of_a_short_log_all_is_shown() -> None:
    found = around(["[ERROR] at once"])
    assert (found.lines, found.first, found.error) == (("[ERROR] at once",), 1, 1)
    assert around([]).lines == ()


def test_nothing_behind_the_excerpt_is_read() -> None:
    read = 0

    def lines() -> Iterator[str]:
        nonlocal read
        for number in range(10_000):
            read = number
            yield "[ERROR] here" if number == 3 else "noise"

    around(lines())
    assert read <= 3 + AFTER + 1


def test_a_log_too_long_or_too_slow_says_so_and_shows_what_was_read() -> None:
    def broken(error: Exception) -> Iterator[str]:
        yield from NOISE[:30]
        raise error

    assert "the rest was not read" in around(broken(DssBroken("larger than 4 MB", status=200))).note
    assert "no whole answer" in around(broken(DssUnreachable("no whole answer within 10 s"))).note
    with pytest.raises(DssUnreachable):
        around(_nothing(DssUnreachable("no connection")))


def _nothing(error: Exception) -> Iterator[str]:
    raise error
    yield ""


def test_colours_and_direction_marks_of_terminals_are_left_out_and_long_lines_cut() -> None:
    found = around(["\x1b[31m[ERROR]\x1b[0m \x1b]0;title\x07red\u202egnp.exe", "x" * 5_000])
    assert found.lines[0] == "[ERROR] 0;titleredgnp.exe"
    assert len(found.lines[1]) == MAX_LINE + 1


def test_secrets_around_the_error_are_masked_even_over_several_lines() -> None:
    found = around(
        ["-----BEGIN PRIVATE KEY-----", "MIIEvAIBADANBgabc", "-----END PRIVATE KEY-----", "[ERROR] password=hunter2"]
    )
    assert "MIIEvAIBADANBgabc" not in "\n".join(found.lines)
    assert "hunter2" not in "\n".join(found.lines)
