"""The same work done one call after the other, and by us: the run and build state of 200 projects.

`python bench/peers.py [--quick]`; bench/peers.md says what is compared with what, and why. The DSS is the local one, in a
process of its own, and answers after 20 ms. Both readers collect, of each project, the last run of each active scenario
and the last build of each dataset that the flow makes, and both must find the same: what differs ends the run. The last
line is the ratio of their wall times.
"""

from __future__ import annotations

import argparse
import json
import os
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
PROJECTS = 200
DATASETS = 4

# Of a scenario its last run's id and outcome, of a dataset when its last build ended (epoch ms) and whether it went well.
State = dict[str, dict[str, Any]]


# --- the DSS ---------------------------------------------------------------------------------------------------------


def serve(number: int) -> None:
    """A local DSS with so many projects; prints its address and ends with its input."""
    from datetime import datetime, timezone

    import localdss
    from localdss import many

    now = datetime(2025, 10, 14, 8, tzinfo=timezone.utc)
    with localdss.serve(story=None, at=now, sample=False, plugins=(), latency=LATENCY) as dss:
        many.fill(dss.instance, number)
        for key, project in dss.instance.projects.items():
            if key.startswith("P"):
                _furnish(project, int(now.timestamp() * 1000))
        print(dss.url, flush=True)
        sys.stdin.read()


def _furnish(project: Any, now: int) -> None:
    """A chain of datasets, each but the first made by a recipe and built last night; some builds failed."""
    names = [f"table_{place}" for place in range(DATASETS + 1)]
    for place, name in enumerate(names):
        project.datasets[name] = {"projectKey": project.key, "name": name, "type": "Filesystem", "managed": True}
        if place:
            ref = {"main": {"items": [{"ref": names[place - 1]}]}}
            recipe = {
                "name": f"make_{name}",
                "type": "sync",
                "inputs": ref,
                "outputs": {"main": {"items": [{"ref": name}]}},
            }
            project.recipes[f"make_{name}"] = {"recipe": recipe, "payload": ""}
            end = now - (len(names) - place) * 600_000
            build = {
                "buildStartTime": end - 300_000,
                "buildEndTime": end,
                "buildSuccess": (place + len(project.key)) % 3 > 0,
            }
            project.builds[("DATASET", name)] = build


@contextmanager
def dss(number: int) -> Iterator[str]:
    command = [sys.executable, __file__, "--serve", str(number)]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'python-lib'}{os.pathsep}{ROOT}"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as one:
        assert one.stdin is not None
        assert one.stdout is not None
        try:
            yield one.stdout.readline().strip()
        finally:
            one.stdin.close()


# --- the two readers -------------------------------------------------------------------------------------------------


def one_after_the_other(url: str, keys: list[str]) -> tuple[State, int]:
    """The client's own methods in one thread, one call for each object: what was found, and the calls."""
    import dataikuapi

    client = dataikuapi.DSSClient(url, "admin")
    found: State = {}
    calls = 0
    for key in keys:
        project = client.get_project(key)
        state: dict[str, Any] = {}
        scenarios = project.list_scenarios()
        datasets = project.list_datasets()
        calls += 2
        for item in scenarios:
            if item["active"]:
                last = project.get_scenario(item["id"]).get_last_runs(limit=1, only_finished_runs=True)
                calls += 1
                state[item["id"]] = [last[0].id, last[0].outcome] if last else None
        for item in datasets:
            info = project.get_dataset(item["name"]).get_info().get_raw()
            calls += 1
            build = info.get("lastBuild")
            if build:
                state[item["name"]] = [build["buildEndTime"], build["buildSuccess"]]
        found[key] = state
    return found, calls


def by_us(url: str, keys: list[str]) -> tuple[State, int]:
    """The plugin's own reading, as the portfolio and the page use it: so many projects side by side."""
    import dataikuapi

    from opsguide.dss import gateway
    from opsguide.dss.session import Clients
    from opsguide.model.known import known
    from opsguide.model.snapshot import Graph, ObjectRef

    clients = Clients(lambda: dataikuapi.DSSClient(url, "admin"), WORKERS)

    def read(key: str) -> tuple[str, dict[str, Any], int]:
        own = clients.one_at_a_time(600.0)
        first = gateway.read_snapshot(own, key, {"scenarios", "runs", "datasets", "graph", "jobs"})
        made = {
            node.ref
            for node in known(first.graph, Graph()).nodes
            if node.predecessors and node.kind == "COMPUTABLE_DATASET"
        }
        refs = [ObjectRef("DATASET", key, each.name) for each in known(first.datasets, ()) if each.name in made]
        whole = gateway.read_snapshot(own, key, {"builds"}, objects=refs, have=first)
        state: dict[str, Any] = {}
        for scenario in known(whole.scenarios, ()):
            if scenario.active:
                last = next((run for run in known(scenario.runs, ()) if not run.running), None)
                state[scenario.id] = [last.run_id, last.outcome] if last else None
        for fact in whole.facts:
            build = known(fact.last_build, None)
            if build and build.end:
                state[fact.ref.id] = [int(build.end.timestamp() * 1000), build.success]
        return key, state, whole.calls

    with ThreadPoolExecutor(WORKERS) as pool:
        results = list(pool.map(read, keys))
    return {key: state for key, state, _ in results}, sum(calls for *_, calls in results)


# --- the claim -------------------------------------------------------------------------------------------------------


def measure(number: int) -> None:
    keys = [f"P{place:04d}" for place in range(number)]
    sys.path[:0] = [str(ROOT / "python-lib"), str(ROOT)]
    with dss(number) as url:
        took: dict[str, float] = {}
        answers: dict[str, tuple[State, int]] = {}
        for name, read in (("by us", by_us), ("one after the other", one_after_the_other)):
            read(url, keys[:1])  # imports and first connections are nobody's cost
            begun = time.monotonic()
            answers[name] = read(url, keys)
            took[name] = time.monotonic() - begun
    (theirs, their_calls), (ours, our_calls) = answers["one after the other"], answers["by us"]
    differing = [key for key in keys if theirs[key] != ours[key]]
    if differing:
        key = differing[0]
        sys.exit(
            f"{len(differing)} projects differ, such as {key}: {json.dumps(theirs[key])} and {json.dumps(ours[key])}"
        )
    facts = sum(map(len, ours.values()))
    print(f"{number} projects, {facts:,} runs and builds, the same from both; each answer takes {LATENCY * 1000:g} ms")
    for name, calls in (("one after the other", their_calls), ("by us", our_calls)):
        print(f"{name}: {took[name]:.1f} s, {calls:,} calls")
    print(f"this machine: load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {WORKERS} calls at once by us")
    print(f"wall time ratio {took['one after the other'] / took['by us']:.1f} (one after the other ÷ by us) [2]")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the projects, for a test")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.serve)
    else:
        measure(PROJECTS // 10 if asked.quick else PROJECTS)


if __name__ == "__main__":
    main()
