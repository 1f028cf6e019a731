"""Run the suite on each combination of versions that is claimed: `make matrix`, for an hour and a half.

Each cell is a Python, a client, pandas and Flask in a virtual environment of its own below `.matrix/`. There the whole suite
runs, apart from the browser's, against a local DSS that plays the version of the client, where routes that came later are
absent, less the tests that say they are about what came later. What came of it is written to docs/compatibility.md;
`make matrix CELLS="oldest newest"` runs some cells alone, and leaves the rows of the others as they were. A combination whose
interpreter is not there is listed as left out. `make ends` runs the first and the last side by side, in what tells most in a
minute, and writes nothing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "compatibility.md"
PLACE = ROOT / ".matrix"

# Without the test of the page that this run writes.
WHOLE = (
    *("tests", "--ignore", "tests/browser", "--ignore", "tests/packaging/test_compatibility.py"),
    *("-n", "auto", "--dist", "loadfile"),
)
# What tells most in a minute: every kind of component and every read on the version that is played, how DSS's answers are
# read, and the parts that rest on libraries (dates, calendars, the profile).
SHORT = (
    "tests/contract/test_this_version.py",
    "tests/unit/test_answers.py",
    "tests/unit/test_raw.py",
    "tests/unit/test_profile.py",
    "tests/unit/test_schedule.py",
)
SECONDS = 3600
# Why tests/conftest.py passes over a test there.
BEYOND = "the test is about what only a later version has"


@dataclass(frozen=True)
class Cell:
    """One combination. `pins` are what pip is asked for, `dss` the version that the local DSS plays."""

    name: str
    python: str
    client: str
    pandas: str
    flask: str
    dss: str
    more: tuple[str, ...] = ()

    @property
    def pins(self) -> tuple[str, ...]:
        client = f"dataiku-api-client=={self.client}" if self.client else "dataiku-api-client"
        return (client, f"pandas{self.pandas}", f"Flask{self.flask}", *self.more)


CELLS = (
    Cell("oldest", "3.9", "11.4.0", "==1.5.3", "==2.2.5", "11.4.0", ("numpy<2", "Werkzeug<3")),
    Cell("dss-12", "3.10", "12.6.4", ">=2.0,<2.1", ">=2.3,<2.4", "12.6.4", ("numpy<2", "Werkzeug<3")),
    Cell("dss-13", "3.11", "13.5.6", ">=2.2,<2.3", ">=3.0,<3.1", "13.5.6"),
    Cell("dss-14", "3.12", "14.7.5", ">=2.2,<2.4", ">=3.1,<3.2", "14.7.5"),
    Cell("newest", "3.13", "", ">=2", ">=3", "15.2.0"),
)

# What no cell tries, and why.
LEFT_OUT = (
    "every other combination: each cell moves Python, client, pandas and Flask together, as DSS's own releases did;",
    "dataiku-api-client 11.4.1: its package lacks a module and cannot be imported, with or without this plugin;",
    "pandas 1.5 on Python 3.12 and 3.13: there are no wheels;",
    "real DSS nodes: the local DSS plays the versions, by leaving out the routes that came later. The self-check is for real ones.",
)


@dataclass(frozen=True)
class Result:
    """How one cell went: the versions that were installed, how many tests passed and failed, and how many of each file are
    `beyond`, that is about what only a later client or DSS has; or why the cell was left out. One whose libraries cannot be
    installed is left out and failed: its Python was there."""

    cell: Cell
    versions: tuple[str, ...] = ()
    passed: int = 0
    failed: int = 0
    beyond: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    left_out: str = ""

    @property
    def good(self) -> bool:
        return not self.failed and (self.passed > 0 or bool(self.left_out))


def interpreter(version: str) -> Optional[str]:
    """A Python of that version on this machine: on the path, from pyenv, or from uv."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    found = [*sorted(map(str, pyenv.glob(f"{version}.*/bin/python"))), shutil.which(f"python{version}") or ""]
    if shutil.which("uv"):
        told = subprocess.run(["uv", "python", "find", version], capture_output=True, text=True, check=False)
        found.append(told.stdout.strip())
    return next((each for each in found if each and _is(each, version)), None)


def _is(python: str, version: str) -> bool:
    said = subprocess.run(
        [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True, check=False
    )
    return said.stdout.strip() == version


def run(cell: Cell, tests: Sequence[str] = WHOLE) -> Result:
    """One cell: its environment made where it is not there yet, and the tests run in it."""
    python = interpreter(cell.python)
    if python is None:
        return Result(cell, left_out=f"there is no Python {cell.python} on this machine")
    own = _environment(cell, python)
    if own is None:
        return Result(cell, failed=1, left_out="pip could not install it")
    begun = time.monotonic()
    env = {**os.environ, "PYTHONPATH": f"python-lib{os.pathsep}.", "LOCALDSS_VERSION": cell.dss}
    if cell.client:
        env["OLDER_CLIENT"] = "1"
    command = [str(own), "-m", "pytest", "-p", "no:cacheprovider", "-rfs", *tests]
    try:
        ended = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return Result(cell, _versions(own), failed=1, seconds=time.monotonic() - begun)
    if ended.returncode:
        named = "\n".join(re.findall(r"^(?:FAILED|ERROR) .*", ended.stdout, re.MULTILINE))
        print(ended.stdout[-6000:], ended.stderr[-2000:], named, sep="\n", file=sys.stderr)
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error)", ended.stdout)}
    failed = counts.get("failed", 0) + counts.get("error", 0) or int(ended.returncode != 0)
    beyond: Counter[str] = Counter()
    for number, name in re.findall(rf"SKIPPED \[(\d+)\] ([^:]+):.*{BEYOND}", ended.stdout):
        beyond[name] += int(number)
    return Result(cell, _versions(own), counts.get("passed", 0), failed, beyond, time.monotonic() - begun)


def _environment(cell: Cell, python: str) -> Optional[Path]:
    folder = PLACE / cell.name
    own, stamp = folder / "bin" / "python", folder / "installed"
    wanted = "\n".join((python, *cell.pins, (ROOT / "requirements" / "matrix.txt").read_text("utf-8")))
    if stamp.is_file() and stamp.read_text("utf-8") == wanted:
        return own
    subprocess.run([python, "-m", "venv", "--clear", str(folder)], check=True)
    install = [str(own), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    ended = subprocess.run(
        [*install, *cell.pins, "-r", "requirements/matrix.txt"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        print(ended.stderr[-2000:], file=sys.stderr)
        return None
    stamp.write_text(wanted, "utf-8")
    return own


def _versions(own: Path) -> tuple[str, ...]:
    ask = (
        "import platform; from importlib.metadata import version;"
        "print(platform.python_version(), *map(version, ('dataiku-api-client', 'pandas', 'Flask')))"
    )
    return tuple(subprocess.run([str(own), "-c", ask], capture_output=True, text=True, check=True).stdout.split())


HEADER = "| cell | Python | dataiku-api-client | pandas | Flask | DSS played | result |"

_PAGE = """\
# Compatibility

DSS 12 to 15, Python 3.9 to 3.13. `make matrix` wrote this table. Each row is an environment of its own, and in it the whole
suite, apart from the browser's, against a local DSS that plays the version named, where routes that came later are absent.
"Beyond" counts tests that are themselves about what only a later client or DSS has; they are listed below. Each submission
repeats the first and the last row, in short (`make ends`).

{header}
|---|---|---|---|---|---|---|
{rows}

Newer routes are asked for by path, never by a method that an old client lacks; what an old DSS cannot tell is shown as
unknown, with the version that can.

## Left out

{left_out}
"""


NOT_RUN = "not run yet"


def page(results: Sequence[Result], before: str = "") -> str:
    """docs/compatibility.md. Of cells without a result it keeps what the page said `before`."""
    told = {each.cell.name: each for each in results}
    lines = before.splitlines()
    rows, missing = [], []
    for cell in CELLS:
        found = told.get(cell.name)
        kept = [line for line in lines if line.startswith(f"| `{cell.name}` |") and f"| {cell.dss} |" in line]
        if found is None and kept:
            rows += kept
            missing += [line for line in lines if line.startswith(f"- cell `{cell.name}`:")]
            continue
        found = found or Result(cell, left_out=NOT_RUN)
        rows.append(_row(found))
        if found.left_out or found.beyond:
            files = ", ".join(f"{name} {number}" for name, number in sorted(found.beyond.items()))
            missing.append(f"- cell `{cell.name}`: {found.left_out or f'beyond it: {files}'};")
    return _PAGE.format(
        header=HEADER, rows="\n".join(rows), left_out="\n".join((*missing, *(f"- {each}" for each in LEFT_OUT)))
    )


def _row(result: Result) -> str:
    cell = result.cell
    versions = result.versions or (cell.python, cell.client or "newest", cell.pandas, cell.flask)
    failed = f", {result.failed} failed" if result.failed else ""
    beyond = f", {sum(result.beyond.values())} beyond" if result.beyond else ""
    told = "left out" if result.left_out else f"{result.passed} passed{failed}{beyond}"
    return f"| `{cell.name}` | {' | '.join(versions)} | {cell.dss} | {told} |"


def ends() -> int:
    """The oldest and the newest that is claimed, side by side. The page says what the whole suite gave, and is not touched."""
    both = (CELLS[0], CELLS[-1])
    with ThreadPoolExecutor(len(both)) as pool:
        results = list(pool.map(lambda cell: run(cell, SHORT), both))
    _say(*results)
    return 0 if all(each.good for each in results) else 1


def _say(*results: Result) -> None:
    for each in results:
        print(f"{_row(each)}  {each.seconds:.0f} s {each.left_out}", flush=True)


def main(asked: Sequence[str]) -> int:
    if list(asked) == ["--ends"]:
        return ends()
    unknown = sorted(set(asked) - {cell.name for cell in CELLS})
    if unknown:
        print(
            f"There is no cell {', '.join(unknown)}; there are {', '.join(cell.name for cell in CELLS)}",
            file=sys.stderr,
        )
        return 2
    results = []
    for cell in CELLS:
        if not asked or cell.name in asked:
            results.append(run(cell))
            _say(results[-1])
    PAGE.write_text(page(results, PAGE.read_text("utf-8") if PAGE.is_file() else ""), encoding="utf-8")
    print(f"written: {PAGE.relative_to(ROOT)}")
    return 0 if all(each.good for each in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
