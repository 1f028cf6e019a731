"""How long the judgement takes: a project with 200 scenarios, 90 days of their runs, and 500 outputs with theirs.

`python bench/assess.py [--quick]` prints the seconds `assess` takes for all of it, then for one scenario that runs every
15 minutes, and whether a second sufficed on this machine. Seconds tell of the machine as well, so the last line is a
ratio: `assess` against parsing and sorting the same runs and builds as DSS sends them, which any reader has to do.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from opsguide.core.assess import assess
from opsguide.model.profile import PROFILE_KEY, Declared
from opsguide.model.snapshot import (
    Build,
    Dataset,
    Graph,
    MetricPoint,
    Node,
    ObjectFacts,
    ObjectRef,
    Run,
    Scenario,
    ScenarioSettings,
    Snapshot,
    Step,
    Trigger,
)
from opsguide.profile import load

KEY = "BIG"
NOW = datetime(2025, 10, 14, 5, tzinfo=timezone.utc)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
SEED = 20_251_014
SCENARIOS, OUTPUTS, DAYS, OFTEN = 200, 500, 90, 15
TIMES = 5  # the best of so many: what else the machine does only ever adds


# --- the project -----------------------------------------------------------------------------------------------------


def project(scenarios: int, outputs: int, days: int) -> Snapshot:
    """Scenarios that start between midnight and four; each builds its share of the outputs from one source."""
    chance = random.Random(SEED)
    made = [_scenario(chance, number, days) for number in range(scenarios)]
    names = [f"output_{number:03d}" for number in range(outputs)]
    owned = [names[number::scenarios] for number in range(scenarios)]
    built = tuple(replace(scenario, settings=_settings(number, owned[number])) for number, scenario in enumerate(made))
    facts = [_facts(chance, name, built[place % scenarios]) for place, name in enumerate(names)]
    return Snapshot(
        KEY,
        NOW,
        scenarios=built,
        datasets=tuple(Dataset(name, KEY, "Filesystem", managed=True) for name in ["source", *names]),
        graph=_graph(names),
        jobs=(),
        facts=tuple(facts),
    )


def _settings(number: int, targets: list[str]) -> ScenarioSettings:
    at = {"frequency": "Daily", "hour": number % 4, "minute": number % 60, "timezone": "Europe/Paris"}
    builds = [{"type": "DATASET", "projectKey": KEY, "itemId": name} for name in targets]
    return ScenarioSettings(
        triggers=(Trigger("temporal", id="t", name="every night", params=at),),
        steps=(Step("build_flowitem", "s", params={"builds": builds}),),
    )


def _scenario(chance: random.Random, number: int, days: int) -> Scenario:
    first = (NOW - days * DAY).replace(hour=(number % 4 + 22) % 24, minute=number % 60)
    usual = chance.uniform(600, 7200)
    runs = [_run(chance, f"{number}-{day}", first + day * DAY, usual) for day in range(days)]
    return Scenario(
        f"S{number:03d}", f"Nightly {number}", "step_based", active=True, runs=tuple(reversed(runs)), created_at=first
    )


def _run(chance: random.Random, run_id: str, at: datetime, usual: float) -> Run:
    start = at + timedelta(seconds=chance.uniform(60, 110))
    end = start + timedelta(seconds=usual * chance.uniform(0.8, 1.3))
    outcome = "FAILED" if chance.random() < 0.02 else "SUCCESS"
    return Run(run_id, start, end, outcome, "temporal", "t", "every night", fired_at=at + timedelta(seconds=2))


def _facts(chance: random.Random, name: str, scenario: Scenario) -> ObjectFacts:
    runs = [run for run in scenario.runs if run.start and run.end] if isinstance(scenario.runs, tuple) else []
    builds = tuple(
        Build(run.outcome == "SUCCESS", run.start + MINUTE, run.end - MINUTE, f"job-{name}-{run.run_id}", "", "dataset")
        for run in runs
        if run.start and run.end
    )
    usual = chance.uniform(1e3, 1e6)
    points = [MetricPoint(run.end, round(usual * chance.uniform(0.95, 1.05))) for run in reversed(runs) if run.end]
    return ObjectFacts(
        ObjectRef("DATASET", KEY, name),
        last_build=builds[0],
        last_success=next(build for build in builds if build.success),
        builds=builds,
        metrics=(),
        row_counts=tuple(points),
        newest_file=None,
    )


def _graph(names: list[str]) -> Graph:
    recipes = [f"compute_{name}" for name in names]
    return Graph(
        (
            Node("source", "COMPUTABLE_DATASET", "source", (), tuple(recipes)),
            *(Node(recipe, "RUNNABLE_RECIPE", recipe, ("source",), (name,)) for recipe, name in zip(recipes, names)),
            *(Node(name, "COMPUTABLE_DATASET", name, (recipe,), ()) for recipe, name in zip(recipes, names)),
        )
    )


def promises(outputs: int) -> Declared:
    """A deadline and a target for each output, and one maintenance window a week."""
    declared = {f"output_{number:03d}": {"due": "06:30", "target": 0.95} for number in range(outputs)}
    window = {"system": "Warehouse", "days": ["sunday"], "from_time": "22:00", "to_time": "02:00"}
    return load({PROFILE_KEY: {"timezone": "Europe/Paris", "datasets": declared, "maintenance": [window]}}, {}, "")


def often(days: int) -> Snapshot:
    """One scenario that runs every quarter of an hour."""
    chance = random.Random(SEED)
    first = NOW - days * DAY
    runs = [_run(chance, str(n), first + n * OFTEN * MINUTE, 200.0) for n in range(days * 24 * 60 // OFTEN)]
    every = {"frequency": "Minutely", "repeatFrequency": OFTEN, "startingFrom": "2025-01-01", "timezone": "UTC"}
    settings = ScenarioSettings(triggers=(Trigger("temporal", id="t", name="often", params=every),))
    scenario = Scenario(
        "OFTEN", active=True, settings=settings, runs=tuple(reversed(runs)), next_run=NOW + OFTEN * MINUTE
    )
    return Snapshot(KEY, NOW, scenarios=(scenario,), datasets=(), graph=Graph(), jobs=())


# --- the yardstick ---------------------------------------------------------------------------------------------------


def as_sent(snapshot: Snapshot) -> str:
    """The runs and builds as DSS sends them: JSON, with instants in milliseconds."""
    return json.dumps([_record(item) for item in _records(snapshot)])


def _records(snapshot: Snapshot) -> Iterator[Any]:
    for scenario in snapshot.scenarios if isinstance(snapshot.scenarios, tuple) else ():
        yield from scenario.runs if isinstance(scenario.runs, tuple) else ()
    for facts in snapshot.facts:
        yield from facts.builds if isinstance(facts.builds, tuple) else ()


def _record(item: Any) -> dict[str, Any]:
    return {
        "id": getattr(item, "run_id", "") or getattr(item, "job_id", ""),
        "start": int(item.start.timestamp() * 1000),
        "end": int(item.end.timestamp() * 1000),
        "outcome": getattr(item, "outcome", "SUCCESS"),
    }


def parse_and_sort(text: str) -> list[Any]:
    """The least that a reader of the same records does: parse them, make instants of their times, put them in order."""
    read = [(_instant(each["start"]), _instant(each["end"]), each["outcome"], each["id"]) for each in json.loads(text)]
    return sorted(read)


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc)


# --- the claims ------------------------------------------------------------------------------------------------------


def best(what: Callable[[], object], times: int) -> float:
    """Seconds of the fastest of some runs."""
    found = []
    for _ in range(times):
        begun = time.perf_counter()
        what()
        found.append(time.perf_counter() - begun)
    return min(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the project, once, for a test")
    quick = parser.parse_args().quick
    share, times = (10, 1) if quick else (1, TIMES)
    whole, declared = project(SCENARIOS // share, OUTPUTS // share, DAYS), promises(OUTPUTS // share)
    first = best(lambda: assess(whole, declared), 1)
    seconds = best(lambda: assess(whole, declared), times)
    text = as_sent(whole)
    records = text.count('"outcome"')
    yardstick = best(lambda: parse_and_sort(text), times)
    print(f"{SCENARIOS // share} scenarios, {OUTPUTS // share} outputs, {DAYS} days: {records:,} runs and builds")
    print(f"assess: {seconds:.2f} s, the first time {first:.2f} s; parse and sort the same: {yardstick:.2f} s")
    frequent, nothing = often(DAYS // share), promises(0)
    print(
        f"one scenario every {OFTEN} min for {DAYS // share} days: {best(lambda: assess(frequent, nothing), times):.2f} s"
    )
    print(f"under a second on this machine: {'yes' if seconds < 1 else 'NO'} [1 s]")
    print(f"assess ratio {seconds / yardstick:.2f} (assess ÷ parse and sort)")


if __name__ == "__main__":
    main()
