"""Write dist/operations-guide-<version>.zip: what DSS installs, the same bytes from the same files every time.

Only what is listed here goes in. Order, times, modes and compression are fixed, so that two people who build the same
commit get the same archive.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

FILES = ("plugin.json", "LICENSE")
FOLDERS = (
    "code-env",
    "python-lib",
    "python-runnables",
    "python-probes",
    "python-checks",
    "python-steps",
    "python-agent-tools",
    "python-project-standards-check-specs",
    "webapps",
    "resource",
)
LEFT_OUT = ("__pycache__", "*.pyc", ".*", "*~")
# The first day a zip can name.
THE_SAME_TIME = (1980, 1, 1, 0, 0, 0)


def contents(root: Path) -> list[str]:
    """The paths that go in, below `root`, with forward slashes, sorted."""
    return sorted(path.relative_to(root).as_posix() for path in _wanted(root))


def _wanted(root: Path) -> Iterator[Path]:
    yield from (root / name for name in FILES if (root / name).is_file())
    for folder in FOLDERS:
        for path in (root / folder).rglob("*"):
            inside = path.relative_to(root)
            if path.is_file() and not any(Path(step).match(left_out) for step in inside.parts for left_out in LEFT_OUT):
                yield path


def build(root: Path, target: Path) -> Path:
    """Write the archive of the plugin at `root` into the folder `target`; returns its path."""
    plugin = json.loads((root / "plugin.json").read_text(encoding="utf-8"))
    target.mkdir(parents=True, exist_ok=True)
    path = target / f"{plugin['id']}-{plugin['version']}.zip"
    # Stored, not deflated: what zlib makes of the same bytes differs from one zlib to the next.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in contents(root):
            entry = zipfile.ZipInfo(name, THE_SAME_TIME)
            entry.create_system = 3  # Unix, on whatever system this runs
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, (root / name).read_bytes())
    return path


def main() -> None:
    path = build(ROOT, ROOT / "dist")
    size = path.stat().st_size
    print(f"{path.relative_to(ROOT)}  {size / 1024:.0f} kB  sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
