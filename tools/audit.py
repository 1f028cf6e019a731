"""Asks pip-audit whether a library that the plugin needs has a known weakness, where that program is installed.

It is not installed by itself: it asks an advisory database over the internet, which many machines must not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parent.parent / "code-env" / "python" / "spec" / "requirements.txt"


def main() -> int:
    program = shutil.which("pip-audit")
    if program is None:
        print("dependencies: not audited, as pip-audit is not installed here (pipx install pip-audit)")
        return 0
    return subprocess.run([program, "--progress-spinner", "off", "-r", str(REQUIREMENTS)]).returncode


if __name__ == "__main__":
    sys.exit(main())
