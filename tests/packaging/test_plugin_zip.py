"""The archive that DSS installs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tools.build_plugin import FILES, FOLDERS, ROOT, build, contents


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return build(ROOT, tmp_path)


def test_named_by_id_and_version_with_plugin_json_at_the_root(archive: Path):
    with zipfile.ZipFile(archive) as opened:
        plugin = json.loads(opened.read("plugin.json"))
        assert opened.testzip() is None
    assert archive.name == f"{plugin['id']}-{plugin['version']}.zip" == f"operations-guide-{plugin['version']}.zip"


def test_only_what_dss_needs(archive: Path):
    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()
    assert {name.split("/")[0] for name in names} <= {*FILES, *FOLDERS}
    assert "LICENSE" in names
    assert "python-lib/opsguide/__init__.py" in names
    unwanted = ("localdss", "tests", "docs", "requirements", "tools", "bench", ".git", "__pycache__", ".pyc")
    assert [name for name in names if any(step in unwanted or step.endswith(".pyc") for step in name.split("/"))] == []


def test_every_component_goes_in(archive: Path):
    descriptors = [
        path.relative_to(ROOT).as_posix() for kind in ("python-*", "webapps") for path in ROOT.glob(f"{kind}/*/*.json")
    ]
    with zipfile.ZipFile(archive) as opened:
        names = set(opened.namelist())
    assert descriptors
    assert set(descriptors) <= names


def test_the_same_bytes_from_another_copy_at_another_time(archive: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    for name in reversed(contents(ROOT)):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, copy / name)
        (copy / name).chmod(0o700)
        os.utime(copy / name, (1_000_000_000, 1_000_000_000))
    (copy / "python-lib" / "__pycache__").mkdir()
    (copy / "python-lib" / "__pycache__" / "left.pyc").write_bytes(b"left over")
    (copy / "python-lib" / ".DS_Store").write_bytes(b"left over")
    assert build(copy, tmp_path / "again").read_bytes() == archive.read_bytes()


def test_the_library_imports_from_the_archive_alone(archive: Path, tmp_path: Path):
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(tmp_path / "plugin")
    code = "import opsguide.profile, json; print(json.dumps(opsguide.profile.load({}, {}).problems))"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "plugin" / "python-lib")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
