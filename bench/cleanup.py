"""What the plan of a clean-up costs: 100,000 job folders and 2,000 datasets, against a bare walk of the same tree.

`python bench/cleanup.py [--quick]`. The DSS is another process, and so are the walk and each plan. The walk is `os.walk` with
the size of every file, as anybody would write it who only wanted the sum. The plan asks DSS for its lists, looks at the same
folders, and judges every one. Two claims, each with what it is held against in brackets:

- memory: the peak for all folders against that for a tenth of them;
- time: the plan against the walk. Printed apart are the plan's own look at the folders, alone and against the walk, and
  what the processor did in each: the clock on the wall also counts how long the local DSS takes to answer.

The tree lies in memory where the machine has such a place (`/dev/shm`), so that no disk is measured. The last line is the
ratio of times.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator

ROOT = Path(__file__).resolve().parent.parent
KEY = "SCALE"
DATASETS, SCENARIOS = 2000, 80
MEMORY = Path("/dev/shm")  # only where the machine has it


# --- the other processes ---------------------------------------------------------------------------------------------


def serve(number: int) -> None:
    """A local DSS with so many jobs; prints its address and data directory and ends with its input."""
    from datetime import datetime, timezone

    import localdss
    from localdss import big, disk

    now = datetime(2025, 10, 14, 8, tzinfo=timezone.utc)
    with localdss.serve(story=None, at=now, sample=False, plugins=()) as dss:
        project = big.project(KEY, DATASETS, SCENARIOS)
        dss.instance.add(project)
        big.jobs(dss.instance, project, number)
        print(json.dumps([dss.url, str(disk.home(dss.instance))]), flush=True)
        sys.stdin.read()


def walk(url: str, home: str) -> dict[str, Any]:
    """The bytes below jobs/, by a bare walk."""
    total, begun, used = 0, time.monotonic(), time.process_time()
    for here, _, names in os.walk(f"{home}/jobs"):
        total += sum(os.lstat(f"{here}/{name}").st_size for name in names)
    return {"seconds": time.monotonic() - begun, "worked": time.process_time() - used, "bytes": total}


def look(url: str, home: str) -> dict[str, Any]:
    """The same bytes, by what of the plan looks at the disk."""
    from opsguide.dss import disk

    begun, used = time.monotonic(), time.process_time()
    total = sum(disk.sizes(Path(home), disk.JOBS, KEY).values())
    return {"seconds": time.monotonic() - begun, "worked": time.process_time() - used, "bytes": total}


def plan(url: str, home: str) -> dict[str, Any]:
    """A plan over everything, and what it cost this process."""
    import dataikuapi

    from opsguide.dss.session import Clients
    from opsguide.model.cleanup import Options
    from opsguide.service.cleanup.planning import Caller, make_plan

    clients = Clients(lambda: dataikuapi.DSSClient(url, "admin"), 4)
    caller = Caller(clients, KEY, "admin", True, Path(home), None)
    begun, used = time.monotonic(), time.process_time()
    made = make_plan(caller, Options(log_files=True), (KEY,))
    seconds, worked = time.monotonic() - begun, time.process_time() - used
    jobs = next(total for total in made.sums if total.group == "job_logs")
    found = {
        "goes": jobs.goes,
        "protected": jobs.protected,
        "gaps": [f"{gap.group}: {gap.reason}" for gap in made.gaps],
    }
    return {"seconds": seconds, "worked": worked, "bytes": made.log_debt, "memory": _peak(), **found}


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


@contextmanager
def dss(number: int) -> Iterator[tuple[str, str]]:
    command = [sys.executable, __file__, "--serve", str(number)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=_environment()) as one:
        assert one.stdin is not None
        assert one.stdout is not None
        try:
            url, home = json.loads(one.stdout.readline())
            yield url, home
        finally:
            one.stdin.close()


def apart(what: str, place: tuple[str, str]) -> dict[str, Any]:
    """One of the measurements above in a process of its own, so that its memory is its own."""
    command = [sys.executable, __file__, "--measure", what, *place]
    found = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=_environment())
    answer: dict[str, Any] = json.loads(found.stdout.splitlines()[-1])
    return answer


def _environment() -> dict[str, str]:
    place = {"TMPDIR": str(MEMORY)} if os.access(MEMORY, os.W_OK) else {}
    return {**os.environ, **place, "PYTHONPATH": f"{ROOT / 'python-lib'}{os.pathsep}{ROOT}"}


# --- the claims ------------------------------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the folders, for a test")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        return serve(asked.serve)
    if asked.measure:
        what, url, home = asked.measure
        print(json.dumps({"walk": walk, "look": look, "plan": plan}[what](url, home)))
        return None
    return measure_all(10_000 if asked.quick else 100_000)


def measure_all(number: int) -> None:
    with dss(number // 10) as place:
        few = apart("plan", place)
    with dss(number) as place:
        bare, seen = apart("walk", place), apart("look", place)
        many = apart("plan", place)
    assert many["bytes"] == seen["bytes"] == bare["bytes"], "the plan saw another size than the walk"
    assert 0.8 * number < many["goes"] < number, "most are old, and none of the last is to go"
    print(
        f"{number:,} job folders, {DATASETS:,} datasets: {many['goes']:,} would go, {many['protected']:,} are protected; "
        f"plan {many['seconds']:.1f} s, bare walk {bare['seconds']:.1f} s"
    )
    print(
        f"disk alone: {seen['seconds']:.1f} s, {seen['seconds'] / bare['seconds']:.2f} times the walk; processor time: walk "
        f"{bare['worked']:.1f} s, disk alone {seen['worked']:.1f} s, plan {many['worked']:.1f} s: "
        f"{many['worked'] / bare['worked']:.2f} times the walk"
    )
    for gap in many["gaps"]:
        print(f"not seen: {gap}")
    print(
        f"memory: {many['memory'] / 2**20:.0f} MB for {number:,}, {few['memory'] / 2**20:.0f} MB for {number // 10:,}: "
        f"{many['memory'] / few['memory']:.2f} times [1.5]; {(many['memory'] - few['memory']) / number / 0.9:.0f} bytes a folder"
    )
    print(f"time ratio {many['seconds'] / bare['seconds']:.2f} (plan ÷ walk) [2]")


if __name__ == "__main__":
    main()
