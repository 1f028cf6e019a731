"""Finding, installing or asking for a Chromium, with a package manager that is a script of the test's own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.install import MISSING

INSTALL = Path(__file__).resolve().parents[1] / "browser" / "install.py"
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root installs packages")
WORKS, BROKEN = "exit 0", "exit 1"


def script(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)


def run(folder: Path, **environment: str) -> tuple[int, str]:
    """Exit code and what was said, on a machine whose only commands are in `folder`."""
    done = subprocess.run(
        [sys.executable, str(INSTALL)],
        env={"PATH": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr.strip()


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome"])
def test_one_that_starts_is_enough(tmp_path: Path, name: str):
    script(tmp_path, name, WORKS)
    assert run(tmp_path, CI="1") == (0, "")


def test_the_named_one_is_used_and_no_other(tmp_path: Path):
    script(tmp_path, "mine", WORKS)
    script(tmp_path, "chromium", WORKS)
    assert run(tmp_path, CI="1", CHROMIUM=str(tmp_path / "mine")) == (0, "")
    assert run(tmp_path, CI="1", CHROMIUM=str(tmp_path / "gone")) == (1, MISSING)


@pytest.mark.parametrize(("environment", "code"), [({"CI": "true"}, 1), ({}, 0)])
def test_without_one_a_line_says_what_to_install(tmp_path: Path, environment: dict[str, str], code: int):
    script(tmp_path, "chromium", BROKEN)
    assert run(tmp_path, **environment) == (code, MISSING)


def apt(folder: Path, *, fresh: bool, has: bool = True) -> None:
    """`apt-get`: installs a Chromium that starts, after `update` when its lists are not `fresh`; noisy, and kept in log."""
    lists = folder / "lists"
    if fresh:
        lists.touch()
    put = f'printf "#!/bin/sh\\nexit 0\\n" > "{folder}/chromium"; /bin/chmod 755 "{folder}/chromium"'
    script(
        folder,
        "apt-get",
        f'echo "$@" >> "{folder}/log"; echo noise; echo noise >&2\n'
        f'if [ "$1" = update ]; then : > "{lists}"; exit 0; fi\n'
        f'[ -e "{lists}" ] || exit 100\n' + (put if has else "exit 100"),
    )


@AS_ROOT
@pytest.mark.parametrize(("fresh", "calls"), [(True, ["install"]), (False, ["install", "update", "install"])])
def test_it_is_installed_quietly(tmp_path: Path, fresh: bool, calls: list[str]):
    apt(tmp_path, fresh=fresh)
    assert run(tmp_path, CI="1") == (0, "")
    assert [line.split()[0] for line in (tmp_path / "log").read_text().splitlines()] == calls


@AS_ROOT
def test_a_package_manager_without_it_fails_in_ci(tmp_path: Path):
    apt(tmp_path, fresh=True, has=False)
    assert run(tmp_path, CI="1") == (1, MISSING)
