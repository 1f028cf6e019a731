"""What the plan of a clean-up costs: 100,000 job folders and 2,000 datasets, against a bare walk of the same tree.

`python bench/cleanup.py [--quick]`. The DSS is another process, and so are the walk and each plan. The walk is `os.walk` with
the size of every file, as anybody would write it who only wanted the sum. The plan asks DSS for its lists, looks at the same
folders, and judges every one. Two claims, each with what it is held against in brackets:

- memory: the peak for all folders against that for a tenth of them;
- time: the plan against the walk. The clock on the wall also counts how long the local DSS takes to answer, so that what it
  is made of is printed apart: the plan's own look at the folders, DSS's list of jobs as the plan reads it and as
  `dataikuapi` alone does, and for each what the processor did, in this process and in the local DSS. Two plans, of all
  folders and of a tenth, tell what a folder costs and what the datasets cost however many folders there are. What nobody
  can save who wants to know both, what lies on the disk and what DSS says of it, is the walk and DSS's own list: the line
  "inherent" says how much of the plan that is.

How much lies in a job's folder decides what a walk costs, and so the ratio. Documented is that DSS makes a snapshot of the
project's configuration, flow and code for each job and keeps various logs and diagnostic information, and that its API gives
the log of each activity. How many files that is, is an assumption: here a job has three activities, and its folder five files
(its log, the snapshot as one file, a log for each activity in a folder of its own). The same is measured with two files a
folder, a job's log and the snapshot, so that nobody takes the assumption for a result.

Walk and plan are measured three times, in turn, and of each the quickest counts: what else the machine does only adds.

The tree lies in memory where the machine has such a place (`/dev/shm`), so that no disk is measured. The last line is the
ratio of times, with five files a folder.
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
from operator import itemgetter
from pathlib import Path
from typing import Any, Callable, Iterator

ROOT = Path(__file__).resolve().parent.parent
KEY = "SCALE"
DATASETS, SCENARIOS = 2000, 80
ACTIVITIES = 3  # of each job
TIMES = 3
MEMORY = Path("/dev/shm")  # only where the machine has it


# --- the other processes ---------------------------------------------------------------------------------------------


def serve(number: int, activities: int) -> None:
    """A local DSS with so many jobs of so many activities; prints its address and data directory, for each line what the processor did for it
    so far, and ends with its input."""
    from datetime import datetime, timezone

    import localdss
    from localdss import big, disk

    now = datetime(2025, 10, 14, 8, tzinfo=timezone.utc)
    with localdss.serve(story=None, at=now, sample=False, plugins=()) as dss:
        project = big.project(KEY, DATASETS, SCENARIOS)
        dss.instance.add(project)
        big.jobs(dss.instance, project, number, activities)
        print(json.dumps([dss.url, str(disk.home(dss.instance))]), flush=True)
        for _ in sys.stdin:
            print(time.process_time(), flush=True)


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


def listing(url: str, home: str) -> dict[str, Any]:
    """DSS's list of jobs, as anybody gets it who only wanted to count them."""
    import dataikuapi

    begun, used = time.monotonic(), time.process_time()
    number = len(dataikuapi.DSSClient(url, "admin").get_project(KEY).list_jobs())
    return {"seconds": time.monotonic() - begun, "worked": time.process_time() - used, "jobs": number}


def jobs(url: str, home: str) -> dict[str, Any]:
    """The same list, as the plan reads it."""
    import dataikuapi

    from opsguide.dss import leftovers
    from opsguide.dss.session import Clients

    clients = Clients(lambda: dataikuapi.DSSClient(url, "admin"), 4)
    begun, used = time.monotonic(), time.process_time()
    number = len(leftovers.read_jobs(clients, KEY).logs.ids)
    return {"seconds": time.monotonic() - begun, "worked": time.process_time() - used, "jobs": number}


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


Measured = Callable[[str], dict[str, Any]]


@contextmanager
def dss(number: int, activities: int) -> Iterator[Measured]:
    """A local DSS with so many jobs of so many activities, as what measures something of it by name; `served` is what its own processor did."""
    command = [sys.executable, __file__, "--serve", str(number), str(activities)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=_environment()) as one:
        orders, answers = one.stdin, one.stdout
        assert orders is not None
        assert answers is not None
        try:
            place = json.loads(answers.readline())

            def worked() -> float:
                print(file=orders, flush=True)
                return float(answers.readline())

            def measured(what: str) -> dict[str, Any]:
                before = worked()
                found = apart(what, place)
                return {**found, "served": worked() - before}

            yield measured
        finally:
            orders.close()


def apart(what: str, place: list[str]) -> dict[str, Any]:
    """One of the measurements above in a process of its own, so that its memory is its own."""
    command = [sys.executable, __file__, "--measure", what, *place]
    found = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=_environment())
    answer: dict[str, Any] = json.loads(found.stdout.splitlines()[-1])
    return answer


def _environment() -> dict[str, str]:
    place = {"TMPDIR": str(MEMORY)} if os.access(MEMORY, os.W_OK) else {}
    return {**os.environ, **place, "PYTHONPATH": f"{ROOT / 'python-lib'}{os.pathsep}{ROOT}"}


MEASURES = {"walk": walk, "look": look, "listing": listing, "jobs": jobs, "plan": plan}


# --- the claims ------------------------------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the folders, for a test")
    parser.add_argument("--serve", type=int, nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        return serve(*asked.serve)
    if asked.measure:
        what, url, home = asked.measure
        print(json.dumps(MEASURES[what](url, home)))
        return None
    return measure_all(10_000 if asked.quick else 100_000)


def in_turn(measured: Measured) -> tuple[dict[str, Any], dict[str, Any]]:
    """The quickest walk and the quickest plan."""
    walks, plans = zip(*((measured("walk"), measured("plan")) for _ in range(TIMES)))
    return min(walks, key=itemgetter("seconds")), min(plans, key=itemgetter("seconds"))


def measure_all(number: int) -> None:
    with dss(number // 10, ACTIVITIES) as measured:
        few = measured("plan")
    with dss(number, ACTIVITIES) as measured:
        bare, many = in_turn(measured)
        seen, listed, read = map(measured, ("look", "listing", "jobs"))
    with dss(number, 0) as measured:
        thin_bare, thin = in_turn(measured)
    assert listed["jobs"] == read["jobs"] == number, "not every job was read"
    assert many["bytes"] == seen["bytes"] == bare["bytes"], "the plan saw another size than the walk"
    assert thin["bytes"] == thin_bare["bytes"] < many["bytes"], "the plan saw another size than the walk"
    assert 0.8 * number < many["goes"] < number, "most are old, and none of the last is to go"
    print(
        f"{number:,} job folders, {DATASETS:,} datasets: {many['goes']:,} would go, {many['protected']:,} are protected; "
        f"plan {many['seconds']:.1f} s, bare walk {bare['seconds']:.1f} s"
    )
    for what, found in {
        "bare walk": bare,
        "disk as in the plan": seen,
        "list of jobs by dataikuapi": listed,
        "list of jobs as in the plan": read,
        "plan": many,
    }.items():
        print(
            f"{what}: {found['seconds']:.1f} s, processor {found['worked']:.1f} s ({found['worked'] / bare['worked']:.2f} "
            f"times the walk), local DSS {found['served']:.1f} s"
        )
    folder = (many["worked"] - few["worked"]) / (number - number // 10)
    print(
        f"processor time of the plan: {folder * 1e6:.0f} µs a folder (walk {bare['worked'] / number * 1e6:.0f} µs), and "
        f"{few['worked'] - folder * (number // 10):.1f} s for {DATASETS:,} datasets"
    )
    inherent = bare["worked"] + listed["worked"]
    print(
        f"inherent: {inherent / many['worked']:.0%} of what the processor does for a plan is what the walk and DSS's list of "
        f"jobs by dataikuapi take; beyond them it does {many['worked'] - inherent:.1f} s"
    )
    for gap in many["gaps"]:
        print(f"not seen: {gap}")
    print(
        f"memory: {many['memory'] / 2**20:.0f} MB for {number:,}, {few['memory'] / 2**20:.0f} MB for {number // 10:,}: "
        f"{many['memory'] / few['memory']:.2f} times [1.5]; {(many['memory'] - few['memory']) / number / 0.9:.0f} bytes a folder"
    )
    print(
        f"with two files a folder: plan {thin['seconds']:.1f} s, bare walk {thin_bare['seconds']:.1f} s, "
        f"{thin['seconds'] / thin_bare['seconds']:.2f} times; processor {thin['worked']:.1f} s and {thin_bare['worked']:.1f} s"
    )
    print(f"time ratio {many['seconds'] / bare['seconds']:.2f} (plan ÷ walk, five files a folder) [2]")


if __name__ == "__main__":
    main()
