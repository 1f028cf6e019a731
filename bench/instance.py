"""What the instance check costs: wall time, calls and memory for 1,000 projects on a DSS that answers after 20 ms.

`python bench/instance.py [--quick]`. The DSS is another process, and so is each check. Four claims, each with what it is
held against in brackets:

- against the ideal, calls × latency ÷ workers: how much time goes elsewhere;
- against a sequential reader: the lists of a project, and settings and runs of each of its scenarios, with the client's
  own methods, one after the other, as such checks are usually written; measured on a sample of the projects and counted
  up (part of this is that we ask less, the rest that we ask side by side: both are printed);
- memory: the peak of its process for 1,000 projects against that for 100;
- through internal-stats datasets of the instance: how many calls and how much time less, for the same verdict wherever
  something is not as usual.

How busy the machine is decides the first two: so the client alone is measured as well, on as many calls at once. The last
line is the ratio of the first claim.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LATENCY = 0.02
WORKERS = 4
SAMPLE = 20
VIEWS = {
    "instance_stats_scenario_runs": "STATS.scenario_runs",
    "instance_stats_flow_actions": "STATS.flow_actions",
    "instance_stats_jobs": "STATS.jobs",
}


# --- the other processes ---------------------------------------------------------------------------------------------


def serve(number: int) -> None:
    """A local DSS with so many projects; prints its address and ends with its input."""
    from datetime import datetime, timezone

    import localdss
    from localdss import many

    now = datetime(2025, 10, 14, 8, tzinfo=timezone.utc)
    with localdss.serve(story=None, at=now, sample=False, plugins=(), latency=LATENCY) as dss:
        many.fill(dss.instance, number)
        print(dss.url, flush=True)
        sys.stdin.read()


def check(url: str, settings: dict[str, Any]) -> dict[str, Any]:
    """One instance check, and what it cost this process. `memory` is its peak in bytes."""
    import dataikuapi

    from opsguide.dss.session import Clients
    from opsguide.service import instance_check
    from opsguide.settings import Settings

    clients = Clients(lambda: dataikuapi.DSSClient(url, "admin"), WORKERS)
    begun = time.monotonic()
    found = instance_check(clients, {"minutes": 60}, Settings.read(settings))
    seconds = time.monotonic() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    used = time.process_time()
    verdicts = {each.key: each.verdict for each in found.projects}
    return {
        "seconds": seconds,
        "calls": found.calls,
        "memory": peak,
        "cpu": used,
        "verdicts": verdicts,
        "notes": found.notes,
        "not_read": len(found.not_read),
    }


def bare(url: str, calls: int) -> dict[str, Any]:
    """The time that the client alone takes for so many calls, as many at once, doing nothing with the answers: what this
    machine makes of the ideal."""
    import dataikuapi

    def ask(count: int) -> None:
        client = dataikuapi.DSSClient(url, "admin")
        for _ in range(count):
            client.get_project("P0001").list_scenarios()

    begun = time.monotonic()
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(ask, [calls // WORKERS] * WORKERS))
    return {"seconds": time.monotonic() - begun, "calls": calls // WORKERS * WORKERS}


def one_after_the_other(url: str, sample: int) -> dict[str, Any]:
    """The sequential reader on some of the projects."""
    import dataikuapi

    client = dataikuapi.DSSClient(url, "admin")
    keys = [key for key in client.list_project_keys() if key.startswith("P")][:sample]
    calls, begun = 0, time.monotonic()
    for key in keys:
        project = client.get_project(key)
        for ask in (project.get_summary, project.get_variables, project.list_datasets, project.list_jobs):
            ask()
        project.get_flow().get_graph()
        calls += 6
        for item in project.list_scenarios():
            scenario = project.get_scenario(item["id"])
            scenario.get_settings()
            scenario.get_last_runs(limit=60)
            calls += 2
    return {"seconds": time.monotonic() - begun, "calls": calls, "projects": len(keys)}


@contextmanager
def dss(number: int) -> Iterator[str]:
    command = [sys.executable, __file__, "--serve", str(number)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=_environment()) as one:
        assert one.stdin is not None
        assert one.stdout is not None
        try:
            yield one.stdout.readline().strip()
        finally:
            one.stdin.close()


def apart(what: str, url: str, argument: Any) -> dict[str, Any]:
    """One of the measurements above in a process of its own, so that its memory is its own."""
    command = [sys.executable, __file__, "--measure", what, url, json.dumps(argument)]
    found = subprocess.run(command, capture_output=True, text=True, check=True, env=_environment())
    answer: dict[str, Any] = json.loads(found.stdout.splitlines()[-1])
    return answer


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{ROOT / 'python-lib'}{os.pathsep}{ROOT}"}


# --- the claims ------------------------------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the projects, for a test")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        return serve(asked.serve)
    if asked.measure:
        what, url, argument = asked.measure
        measure = {"check": check, "sequential": one_after_the_other, "bare": bare}[what]
        print(json.dumps(measure(url, json.loads(argument))))
        return None
    return measure_all(100 if asked.quick else 1000)


def measure_all(number: int) -> None:
    with dss(max(10, number // 10)) as url:
        few = apart("check", url, {})
    with dss(number) as url:
        many = apart("check", url, {})
        bulk = apart("check", url, VIEWS)
        alone = apart("sequential", url, SAMPLE)
        client = apart("bare", url, max(100, number // 2))
    projects = len(many["verdicts"])
    ideal = many["calls"] * LATENCY / WORKERS
    print(
        f"{projects:,} projects: {many['seconds']:.1f} s, {many['calls']:,} calls ({many['calls'] / projects:.1f} a "
        f"project), {WORKERS} at once, {many['cpu']:.1f} s of processor time; ideal {ideal:.1f} s"
    )
    sequential = alone["seconds"] / alone["projects"] * projects
    asked = alone["calls"] / alone["projects"] / (many["calls"] / projects)
    print(
        f"sequential reader: {sequential:.0f} s (counted up from {alone['projects']} projects), "
        f"{asked:.1f} times as many calls: {sequential / many['seconds']:.1f} times as long [6]"
    )
    print(
        f"memory: {many['memory'] / 2**20:.0f} MB for {projects:,}, {few['memory'] / 2**20:.0f} MB for "
        f"{len(few['verdicts']):,}: {many['memory'] / few['memory']:.2f} times [1.5]; "
        f"{(many['memory'] - few['memory']) / 2**10 / (projects - len(few['verdicts'])):.1f} kB a project"
    )
    print(
        f"through internal stats: {bulk['seconds']:.1f} s, {bulk['calls']:,} calls: "
        f"{many['calls'] / bulk['calls']:.1f} times fewer [5], {many['seconds'] / bulk['seconds']:.1f} times faster"
    )
    other = [key for key, verdict in bulk["verdicts"].items() if verdict not in ("AS_USUAL", many["verdicts"][key])]
    hidden = [
        key
        for key, verdict in bulk["verdicts"].items()
        if verdict == "AS_USUAL" and many["verdicts"][key] not in ("OK", "IDLE")
    ]
    print(f"verdicts that differ: {len(other)} [0]; troubles that internal stats pass over: {len(hidden)} [0]")
    floor = client["seconds"] / client["calls"] * many["calls"]
    print(
        f"this machine: load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; the client alone takes {floor:.1f} s for as "
        f"many calls: {floor / ideal:.2f} times the ideal, the check {many['seconds'] / floor:.2f} times that"
    )
    print(f"wall time ratio {many['seconds'] / ideal:.2f} (measured ÷ ideal) [1.5]")


if __name__ == "__main__":
    main()
