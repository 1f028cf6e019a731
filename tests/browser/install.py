"""Make sure that a Chromium is on this machine for the browser tests: found, else installed by the system's packages.

`CHROMIUM` names one that is elsewhere. `find()` is what the tests drive; `MISSING` is what they say without one.
Nothing is ever downloaded from anywhere but the system's own package sources.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import Optional

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    "The browser tests need a Chromium: install it (Debian: apt-get install chromium), or set CHROMIUM to its path."
)
APT_SECONDS = 600


def find() -> Optional[str]:
    """The path of a Chromium that starts, or None."""
    named = os.environ.get("CHROMIUM")
    candidates = (named,) if named else NAMES
    paths = (shutil.which(candidate) for candidate in candidates)
    return next((path for path in paths if path and _starts(path)), None)


def _starts(path: str) -> bool:
    # Some systems have a command of that name that only says where to get the real one.
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def install() -> bool:
    """Try the system's package manager; whether it says that it worked."""
    if os.environ.get("CHROMIUM") or not shutil.which("apt-get") or os.geteuid() != 0:
        return False
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install_it = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu-core"]
    # Often the package lists are there and fresh enough; they are fetched only when that is not so.
    return any(
        all(_succeeds(command, quiet) for command in commands)
        for commands in ([install_it], [["apt-get", "update", "-qq"], install_it])
    )


def _succeeds(command: list[str], environment: dict[str, str]) -> bool:
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=APT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def main() -> int:
    if find() or (install() and find()):
        return 0
    print(MISSING, file=sys.stderr)
    return 1 if os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())
