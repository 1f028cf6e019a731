"""docs/compatibility.md is what a run of the matrix wrote, of the cells that there are now."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools import matrix
from tools.matrix import CELLS, HEADER, LEFT_OUT, NOT_RUN, ROOT, SHORT, Result, page

WRITTEN = (ROOT / "docs" / "compatibility.md").read_text("utf-8")
ROWS = [
    [each.strip(" `") for each in line.strip("|").split("|")] for line in WRITTEN.splitlines() if line.startswith("| `")
]


def test_the_page_has_a_row_for_each_cell_and_no_failure() -> None:
    assert HEADER in WRITTEN
    assert [row[0] for row in ROWS] == [cell.name for cell in CELLS]
    for row, cell in zip(ROWS, CELLS):
        python, client, pandas, flask, dss, result = row[1:]
        assert re.fullmatch(r"\d+ passed(, \d+ beyond)?|left out", result), f"{cell.name}: {result}"
        assert dss == cell.dss
        assert python.startswith(f"{cell.python}")
        assert client == cell.client or not cell.client
        assert pandas[0].isdigit() or result == "left out"
        assert flask[0].isdigit() or result == "left out"


def test_what_is_left_out_is_said() -> None:
    for each in LEFT_OUT:
        assert f"- {each}" in WRITTEN
    for row in ROWS:
        assert (row[-1] == "left out" or "beyond" in row[-1]) == (f"cell `{row[0]}`:" in WRITTEN)


def test_the_page_is_written_from_results_and_keeps_what_was_not_run_again() -> None:
    good = Result(
        CELLS[0], ("3.9.18", "11.4.0", "1.5.3", "2.2.5"), passed=70, beyond={"tests/b.py": 2, "tests/a.py": 1}
    )
    bad = Result(CELLS[1], ("3.10.1", "12.6.4", "2.0.3", "2.3.3"), passed=6, failed=1)
    gone = Result(CELLS[2], left_out="there is no Python 3.11 on this machine")
    first = page((good, bad))
    assert "| `oldest` | 3.9.18 | 11.4.0 | 1.5.3 | 2.2.5 | 11.4.0 | 70 passed, 3 beyond |" in first
    assert "- cell `oldest`: beyond it: tests/a.py 1, tests/b.py 2;" in first
    assert "| 6 passed, 1 failed |" in first
    assert f"- cell `dss-13`: {NOT_RUN};" in first
    second = page((gone,), first)
    assert "| 70 passed, 3 beyond |" in second
    assert "- cell `oldest`: beyond it: tests/a.py 1, tests/b.py 2;" in second
    assert "- cell `dss-13`: there is no Python 3.11 on this machine;" in second
    assert f"- cell `dss-14`: {NOT_RUN};" in second
    assert (good.good, bad.good, gone.good) == (True, False, True)


def test_libraries_that_cannot_be_installed_are_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a requirement without a wheel for the oldest Python would pass for a machine that lacks it."""
    monkeypatch.setattr(matrix, "interpreter", lambda version: "python")
    monkeypatch.setattr(matrix, "_environment", lambda cell, python: None)
    found = matrix.run(CELLS[0])
    assert (found.good, found.left_out) == (False, "pip could not install it")
    assert "| left out |" in page((found,))


def test_the_ends_are_run_and_the_page_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Here with no Python at all, which is said and no failure."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert matrix.main(["--ends"]) == 0
    assert re.findall(r"there is no Python (\S+)", capsys.readouterr().out) == [CELLS[0].python, CELLS[-1].python]
    assert (ROOT / "docs" / "compatibility.md").read_text("utf-8") == WRITTEN
    assert all((ROOT / name).is_file() for name in SHORT)


def test_a_cell_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert matrix.main(["newest", "windows"]) == 2
    assert "There is no cell windows; there are oldest, " in capsys.readouterr().err


def test_an_interpreter_that_is_not_there_leaves_its_cell_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert matrix.run(CELLS[0]).left_out == "there is no Python 3.9 on this machine"
