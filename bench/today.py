"""What today's page costs: a project with 50 active scenarios and 120 monitored datasets, on a DSS that answers after 50 ms.

`python bench/today.py [--quick]`; LATENCY_MS sets another latency. The DSS is another process. Three claims, each with
what it is held against in brackets:

- against the ideal, calls × latency ÷ workers: how much time goes elsewhere, from the first call to the finished page;
- against a sequential reader, which asks for the same facts as the client's documentation shows it: one method after the
  other, for every scenario its settings, its last runs and the status of the last one, for every dataset its last build,
  its last metrics, its row counts over time, its rules and their results. With so many workers the time for the same calls
  could only fall by that number: the rest is what we do not ask, because lists tell it already, and both are printed;
- through internal-stats datasets of the project: how many calls and how much time less for the runs of its scenarios and
  the builds of its datasets, and for the whole page: when a backend reads it for the first time, and each time after that.
  No view has the triggers, steps and reporters of a scenario, nor the row counts of many datasets at once: these take a
  call each, once. Then they are kept until a scenario is saved, a dataset is built, or five minutes are over.

The last line is the ratio of the first claim.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LATENCY = float(os.environ.get("LATENCY_MS", "50")) / 1000
WORKERS = 4
KEY = "BIG"
SCENARIOS, CHAIN, MONITORED = 50, 3, 120
TIMES = 3  # the best of so many: what else the machine does only ever adds


def serve(scenarios: int, stats: bool) -> None:
    """A local DSS with the project and its history; prints its address and ends with its input."""
    from datetime import datetime, timezone

    import localdss
    from localdss import big, history, story

    now = datetime(2025, 10, 14, 8, tzinfo=timezone.utc)
    project = big.project(KEY, scenarios * CHAIN, scenarios)
    # Beside the ends of the flow, some datasets on the way are promised as well.
    middle = [f"chain_{chain:03d}_001" for chain in range(MONITORED * scenarios // SCENARIOS - 2 * scenarios)]
    promised = {name: {"is_output": True, "max_age_hours": 30} for name in middle}
    project.variables["standard"]["operations_guide"] = {"timezone": "Europe/Paris", "datasets": promised}
    if stats:
        history.add_internal_stats(project)
    with localdss.serve(story=None, at=now, sample=False, plugins=(), latency=LATENCY) as dss:
        dss.instance.add(project)
        story.tell(dss.instance, project, "healthy", now)
        print(dss.url, flush=True)
        sys.stdin.read()


@contextmanager
def dss(scenarios: int, *, stats: bool = False) -> Iterator[str]:
    command = [sys.executable, __file__, "--serve", str(scenarios), *(["--stats"] if stats else [])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=_environment()) as one:
        assert one.stdin is not None
        assert one.stdout is not None
        try:
            yield one.stdout.readline().strip()
        finally:
            one.stdin.close()


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{ROOT / 'python-lib'}{os.pathsep}{ROOT}"}


# --- readers ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cost:
    seconds: float
    calls: int
    scenarios: int = 0
    monitored: int = 0


def pages(url: str, need: frozenset[str]) -> tuple[Cost, Cost]:
    """The page as JSON, from its first call on: as a backend reads it for the first time, and for the second."""
    import dataikuapi

    from opsguide.core.today import today
    from opsguide.dss.session import Clients
    from opsguide.model.known import known
    from opsguide.render.today_json import today_json
    from opsguide.service import monitored, read
    from opsguide.settings import Settings

    clients = Clients(lambda: dataikuapi.DSSClient(url, "admin"), WORKERS)

    def page() -> Cost:
        begun, before = time.monotonic(), clients.calls
        reading = read(clients, KEY, Settings(), need=need)
        today_json(today(reading.snapshot, reading.declared, reading.report, reading.ledger))
        seconds = time.monotonic() - begun
        active = sum(scenario.active for scenario in known(reading.snapshot.scenarios, ()))
        objects = len(monitored(reading.snapshot, reading.declared))
        return Cost(seconds, clients.calls - before, active, objects)

    return page(), page()


def one_after_the_other(url: str, share: float) -> Cost:
    """The sequential reader, on a share of the scenarios and datasets, counted up to all of them."""
    import dataikuapi

    client = dataikuapi.DSSClient(url, "admin")
    project = client.get_project(KEY)
    begun = time.monotonic()
    project.get_summary(), project.get_variables(), project.list_jobs(), project.get_flow().get_graph()
    scenarios = project.list_scenarios()
    datasets = [item for item in project.list_datasets() if _is_monitored(item["name"])]
    lists, begun_objects = time.monotonic() - begun, time.monotonic()
    some, few = scenarios[: round(len(scenarios) * share)], datasets[: round(len(datasets) * share)]
    for item in some:
        scenario = project.get_scenario(item["id"])
        scenario.get_settings(), scenario.get_status(), scenario.get_last_runs(limit=60)
    for item in few:
        dataset = project.get_dataset(item["name"])
        dataset.get_info(), dataset.get_last_metric_values(), dataset.get_metric_history("records:COUNT_RECORDS")
        rules = dataset.get_data_quality_rules()
        rules.get_status(), rules.list_rules()
    calls = 6 + 3 * len(scenarios) + 5 * len(datasets)
    return Cost(lists + (time.monotonic() - begun_objects) / share, calls)


def _is_monitored(name: str) -> bool:
    chain, place = int(name.split("_")[1]), int(name.split("_")[2])
    return place != 1 or chain < MONITORED - 2 * SCENARIOS


# --- the claims ------------------------------------------------------------------------------------------------------


def best(url: str, need: frozenset[str], times: int) -> tuple[Cost, Cost]:
    """The best first reading and the best further one."""
    first, further = zip(*(pages(url, need) for _ in range(times)))
    return min(first, key=lambda cost: cost.seconds), min(further, key=lambda cost: cost.seconds)


def less(name: str, with_stats: Cost, without: Cost, bound: str = "") -> str:
    """How much less something takes through internal stats; `bound` is what the number of calls is held against."""
    return (
        f"through internal stats, {name}: {with_stats.calls} calls, {with_stats.seconds:.2f} s, against {without.calls}, "
        f"{without.seconds:.2f} s: {without.calls / with_stats.calls:.1f} times fewer{bound}, "
        f"{without.seconds / with_stats.seconds:.1f} times faster"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a fifth of the project, once, for a test")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--stats", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        return serve(asked.serve, asked.stats)
    return measure(SCENARIOS // 5, 1) if asked.quick else measure(SCENARIOS, TIMES)


def measure(scenarios: int, times: int) -> None:
    from opsguide.dss import gateway
    from opsguide.service import TODAY

    rhythm = gateway.FIRST | {"builds"}
    with dss(scenarios) as url:
        (whole, again), (narrow, _) = best(url, TODAY, times), best(url, rhythm, times)
        naive = one_after_the_other(url, share=0.2)
    with dss(scenarios, stats=True) as url:
        (stats, stats_again), (narrow_stats, _) = best(url, TODAY, times), best(url, rhythm, times)
    ideal = whole.calls * LATENCY / WORKERS
    print(f"{whole.scenarios} active scenarios, {whole.monitored} monitored datasets, {LATENCY * 1000:.0f} ms a call")
    print(f"the page: {whole.calls} calls, {whole.seconds:.2f} s; ideal {ideal:.2f} s with {WORKERS} workers")
    print(
        f"sequential reader: {naive.calls} calls, {naive.seconds:.1f} s: {naive.seconds / whole.seconds:.1f} times as long "
        f"[6], of which {naive.calls / whole.calls:.1f} by asking less"
    )
    print(less("runs and builds", narrow_stats, narrow, " [5]"))
    print(less("the whole page, read for the first time", stats, whole))
    print(less("the whole page, read again", stats_again, again, " [5]"))
    print(f"today ratio {whole.seconds / ideal:.2f} (wall time ÷ ideal) [1.5]")


if __name__ == "__main__":
    main()
