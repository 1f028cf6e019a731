"""`python -m localdss`: says what to open, serves it, and ends when told to."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import dataikuapi
import pytest

ROOT = Path(__file__).parents[2]


def run(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "localdss", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_interrupted(ending):
    process = run("--port", "0", "--at", "2025-10-14T07:12+02:00", "--story", "healthy")
    try:
        said = ""
        while "Stop with" not in said:
            line = process.stdout.readline()
            assert line, process.stderr.read()
            said += line
        url = re.search(r"http://127\.0\.0\.1:\d+", said).group()
        assert "2025-10-14 07:12" in said
        assert "RETAIL" in dataikuapi.DSSClient(url, "admin").list_project_keys()
        process.send_signal(ending)
        assert process.wait(timeout=10) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def test_a_port_that_is_taken_is_told_without_a_traceback():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = run("--port", str(taken.getsockname()[1]), "--story", "healthy")
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "is in use by another program" in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--story", "no-such"], "There is no story 'no-such'"),
        (["--project", "/nowhere"], "no params.json"),
        (["--at", "2025-10-14T07:12"], "names no zone"),
    ],
)
def test_it_says_in_one_line_what_is_wrong(arguments, told):
    process = run("--port", "0", *arguments)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 2
    assert told in errors
    assert "Traceback" not in errors
