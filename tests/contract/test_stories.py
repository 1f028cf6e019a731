"""Stories: the same bytes each time, the point that each is told for, and a past that could have happened."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Optional
from zoneinfo import ZoneInfo

import pytest

from localdss import data, history, projects, story
from localdss.clock import Clock, from_ms, to_ms
from localdss.instance import DATASET, Instance, Project, refs
from localdss.opening import open_instance

NOW = datetime(2025, 11, 20, 6, 12, tzinfo=timezone.utc)
REAL = Path(os.environ.get("OPSGUIDE_REAL_PROJECTS") or Path(__file__).parents[3] / "shared" / "real-projects")
REAL_PROJECTS = sorted(path for path in REAL.glob("*/") if path.is_dir()) if REAL.is_dir() else []

_told: dict[str, Instance] = {}


@pytest.fixture(scope="module", autouse=True)
def _clean() -> Iterator[None]:
    yield
    for instance in _told.values():
        instance.close()
    _told.clear()


def told(name: str) -> Instance:
    """A story, told once for all the tests that only look."""
    if name not in _told:
        _told[name] = tell(name)
    return _told[name]


def tell(name: str) -> Instance:
    at = NOW.replace(hour=9, minute=30) if name == "quiet" else NOW
    instance = open_instance(None, at, plugins=())
    story.tell_all(instance, name, at)
    return instance


def dumped(instance: Instance) -> str:
    """Everything a story writes, files and their times included."""
    files = sorted(path for path in instance.data_dir.rglob("*") if path.is_file())
    written = [(str(p.relative_to(instance.data_dir)), p.read_text(), int(p.stat().st_mtime)) for p in files]
    fields = ("runs", "jobs", "builds", "build_history", "metrics", "rule_results", "rows", "git_log", "scenarios")
    kept = {key: [str(getattr(p, name)) for name in fields] for key, p in instance.projects.items()}
    return json.dumps([kept, written])


def last(project: Project, scenario: str) -> dict[str, Any]:
    return project.runs[scenario][0]["scenarioRun"]


def outcome(run: dict[str, Any]) -> Optional[str]:
    return (run.get("result") or {}).get("outcome")


def built(project: Project, name: str) -> datetime:
    return from_ms(project.builds[DATASET, name]["buildEndTime"])


@pytest.mark.parametrize("name", ["nightly-late", "failed-upstream", "quiet"])
def test_a_story_gives_the_same_bytes_each_time(name: str) -> None:
    again = tell(name)
    assert dumped(again) == dumped(told(name))
    again.close()


def local(clock: str, days_ago: int = 0) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return datetime(2025, 11, 20, hour, minute, tzinfo=ZoneInfo("Europe/Paris")) - timedelta(days=days_ago)


def nightly_late(project: Project) -> None:
    run = project.runs["NIGHTLY_BUILD"][0]
    assert outcome(run["scenarioRun"]) is None
    assert run["scenarioRun"]["end"] == 0
    assert from_ms(run["scenarioRun"]["start"]) - local("02:00") < timedelta(minutes=1)
    assert "result" not in run["stepRuns"][-1]
    assert local("06:45") < built(project, "sales_mart") < local("07:12"), "after its promise of 06:30, before now"
    assert built(project, "daily_store_kpis") < local("00:00"), "promised for 07:00, still yesterday's"
    assert [job["listItem"]["state"] for job in project.jobs if not job["listItem"]["stableState"]] == ["RUNNING"] * 2
    assert last(project, "AFTER_NIGHTLY")["start"] < to_ms(local("00:00"))


def healthy(project: Project) -> None:
    for scenario_id, runs in project.runs.items():
        finished = next(run["scenarioRun"] for run in runs if run["scenarioRun"].get("result"))
        assert outcome(finished) == "SUCCESS", scenario_id
    assert built(project, "sales_mart") < local("06:30")
    assert last(project, "AFTER_NIGHTLY")["start"] > last(project, "NIGHTLY_BUILD")["end"]


def failed_upstream(project: Project) -> None:
    run = project.runs["NIGHTLY_BUILD"][0]
    assert outcome(run["scenarioRun"]) == "FAILED"
    assert [step["result"]["outcome"] for step in run["stepRuns"]] == ["FAILED", "SUCCESS"]
    assert run["stepRuns"][1]["step"]["type"] == "define_vars", "the one that runs always"
    executed = run["stepRuns"][0]["additionalReportItems"][0]
    assert "/data/landing/orders/2025/11/19/" in executed["thrown"]["message"]
    job = project.job(executed["jobId"])
    assert job is not None
    activities = job["status"]["baseStatus"]["activities"].values()
    assert [a["recipeName"] for a in activities if a["state"] == "FAILED"] == ["sync_orders"]
    assert "ERROR" in job["log"]
    assert "2025-11-19" not in data.held(project, "orders_files")
    assert built(project, "sales_mart") < local("00:00")
    assert not project.builds[DATASET, "orders"]["buildSuccess"]


def never_ran(project: Project) -> None:
    assert last(project, "NIGHTLY_BUILD")["start"] < to_ms(local("00:00"))
    assert last(project, "HOURLY_STOCK")["start"] > to_ms(local("06:00")), "the rest of the instance was up"


def overnight_warning(project: Project) -> None:
    run = project.runs["NIGHTLY_BUILD"][0]
    assert outcome(run["scenarioRun"]) == "WARNING"
    results = [one for one in project.rule_results["sales_mart"] if one["computeDate"] > to_ms(local("00:00"))]
    assert {one["outcome"] for one in results if one["id"] == "r7SmCnt1"} == {"WARNING"}
    points = project.metrics[DATASET, "sales_mart"]["records:COUNT_RECORDS"]
    assert int(points[-1]["value"]) < 0.85 * int(points[-5]["value"])


def quiet(project: Project) -> None:
    assert not project.runs
    assert not project.jobs
    assert not project.builds
    assert project.rows["stores"] == 26


def internal_stats(project: Project) -> None:
    nightly_late(project)
    views = [raw["params"]["view"] for raw in project.datasets.values() if raw["type"] == "StatsDB"]
    assert views == ["SCENARIO_RUNS", "FLOW_ACTIONS"]


def design_node(project: Project) -> None:
    assert told("design-node").node["nodeType"] == "DESIGN"
    assert told("healthy").node["nodeType"] == "AUTOMATION"


def scale(project: Project) -> None:
    big = told("scale").projects["SCALE"]
    assert len(big.datasets) == 2000
    assert len(big.runs) == 80
    assert len(big.builds) == len(big.producers())


def late_source(project: Project) -> None:
    assert outcome(last(project, "NIGHTLY_BUILD")) == "FAILED"
    assert "2025-11-19" in data.held(project, "orders_files"), "it is there now"
    noticed = last(project, "ON_ORDERS_CHANGE")
    assert local("06:05") < from_ms(noticed["start"]) < local("06:25"), "who watches the files saw them come"
    assert built(project, "sales_mart") < local("00:00")
    assert not told("late-source").causes


def schema_change(project: Project) -> None:
    run = project.runs["NIGHTLY_BUILD"][0]
    assert outcome(run["scenarioRun"]) == "FAILED"
    job = project.job(run["stepRuns"][0]["additionalReportItems"][0]["jobId"])
    assert job is not None
    states = {a["recipeName"]: a["state"] for a in job["status"]["baseStatus"]["activities"].values()}
    assert states["prepare_customers"] == "FAILED"
    assert states["prepare_orders_clean"] == "DONE", "the rest of the job was well"
    raw = project.datasets["customers_crm"]
    columns = {column["name"]: column["type"] for column in raw["schema"]["columns"]}
    assert "segment" not in columns
    assert columns["opted_in"] == "string"
    assert from_ms(raw["versionTag"]["lastModifiedOn"]) == local("17:52", 1)
    before = {
        column["name"] for column in told("healthy").projects["RETAIL"].datasets["customers_crm"]["schema"]["columns"]
    }
    assert "segment" in before


def cluttered(project: Project) -> None:
    healthy(project)
    used = {
        ref
        for whole in project.recipes.values()
        for side in ("inputs", "outputs")
        for ref in refs(whole["recipe"], side)
    }
    assert {"tmp_join_test", "old_price_list"}.isdisjoint(used)
    assert built(project, "old_price_list") < NOW - timedelta(days=400)
    assert len(project.model_versions["mCh7rnQ2"]) == 7
    idle = [session for notebook in told("cluttered").notebooks for session in notebook["activeSessions"]]
    assert any(session.get("kernelLastActivityTime", math.inf) < to_ms(NOW - timedelta(days=2)) for session in idle)
    kinds = {left.path.split("/")[0] for left in project.leftovers}
    assert kinds == {"saved_models", "streaming-logs", "exports"}


POINTS: dict[str, Callable[[Project], None]] = {
    "nightly-late": nightly_late,
    "healthy": healthy,
    "failed-upstream": failed_upstream,
    "never-ran": never_ran,
    "overnight-warning": overnight_warning,
    "quiet": quiet,
    "internal-stats": internal_stats,
    "design-node": design_node,
    "scale": scale,
    "cluttered": cluttered,
    "late-source": late_source,
    "schema-change": schema_change,
}


@pytest.mark.parametrize("name", POINTS)
def test_each_story_makes_its_point(name: str) -> None:
    POINTS[name](told(name).projects["RETAIL"])


def test_no_story_is_forgotten_here() -> None:
    assert set(story.names()) == set(POINTS)
    assert story.names()[0] == "nightly-late"
    assert all(story.read(name)["about"] for name in story.names())


def test_the_weeks_before_had_their_mishaps() -> None:
    project = told("healthy").projects["RETAIL"]
    runs = [run["scenarioRun"] for run in project.runs["NIGHTLY_BUILD"]]
    failed = [run for run in runs if from_ms(run["start"]).date() == (NOW - timedelta(days=17)).date()]
    assert [outcome(run) for run in failed] == ["SUCCESS", "FAILED"]
    assert [run["trigger"]["trigger"]["type"] for run in failed] == ["manual", "temporal"]
    late = next(run for run in runs if from_ms(run["start"]).date() == (NOW - timedelta(days=31)).date())
    assert 30 < (from_ms(late["start"]) - local("02:00", 31)).total_seconds() / 60 < 40
    aborted = [run for run in project.runs["AFTER_NIGHTLY"] if outcome(run["scenarioRun"]) == "ABORTED"]
    assert len(aborted) == 1
    job = project.job(aborted[0]["stepRuns"][-1]["additionalReportItems"][0]["jobId"])
    assert job is not None
    assert job["listItem"]["state"] == "ABORTED"
    warned = [one for one in project.rule_results["customer_360"] if one["outcome"] == "WARNING"]
    assert {one["message"] for one in warned} == {"4.80 is below 5"}


@pytest.mark.parametrize("name", story.names())
def test_the_past_could_have_happened(name: str) -> None:
    for project in told(name).projects.values():
        check_past(project, told(name).clock.now())


@pytest.mark.skipif(not REAL_PROJECTS, reason=f"no real projects at {REAL}: set OPSGUIDE_REAL_PROJECTS")
@pytest.mark.parametrize("path", REAL_PROJECTS, ids=lambda path: path.name)
@pytest.mark.parametrize("name", [name for name in story.names() if name != "scale"])
def test_every_story_can_be_told_of_any_project(path: Path, name: str) -> None:
    instance = Instance(clock=Clock(NOW))
    project = projects.load(path)
    instance.add(project)
    story.tell_all(instance, name, NOW)
    check_past(project, NOW)
    if name != "quiet":
        outputs = set(project.producers())
        assert {ref for _, ref in project.builds} >= outputs, "what a recipe makes was built, by a scenario or by hand"
    for dataset in project.datasets:
        rows = project.rows.get(dataset) or sum(
            project.rows.get(f"{dataset}/{p}", 0) for p in data.held(project, dataset)
        )
        assert rows or name == "quiet", dataset
    instance.close()


def check_past(project: Project, now: datetime) -> None:
    limit = to_ms(now)
    jobs = {job["listItem"]["def"]["id"] for job in project.jobs}
    assert len(jobs) == len(project.jobs), "job ids are unique"
    for runs in project.runs.values():
        heads = [run["scenarioRun"] for run in runs]
        assert [h["start"] for h in heads] == sorted((h["start"] for h in heads), reverse=True)
        for later, earlier in zip(heads, heads[1:]):
            assert 0 < earlier["end"] <= later["start"] <= limit, "a scenario never runs twice at once"
        for run in runs:
            check_run(run, jobs)
    for job in project.jobs:
        item = job["listItem"]
        assert item["stableState"] == (item["state"] in ("DONE", "FAILED", "ABORTED")) == bool(item["endTime"])
        assert item["def"]["initiationTimestamp"] <= limit
    ends = [build["end"] for build in project.build_history]
    assert ends == sorted(ends)
    assert all(end <= limit for end in ends)
    newest = {(build["kind"], build["id"]): build for build in project.build_history}
    assert {key: build["end"] for key, build in newest.items()} == {
        key: build["buildEndTime"] for key, build in project.builds.items()
    }
    for points in (points for found in project.metrics.values() for points in found.values()):
        assert all(isinstance(point["value"], str) for point in points)
        assert [p["computed"] for p in points] == sorted(p["computed"] for p in points)


def check_run(run: dict[str, Any], jobs: set[str]) -> None:
    head, steps = run["scenarioRun"], run["stepRuns"]
    assert ("result" in head) == bool(head["end"])
    for step in steps:
        assert ("result" in step) == bool(step["end"])
        for item in step["additionalReportItems"]:
            if item["type"] == "JOB_EXECUTED":
                assert item["jobId"] in jobs
    if head.get("result") and steps:
        outcomes = {step["result"]["outcome"] for step in steps}
        worst = next(one for one in ("FAILED", "ABORTED", "WARNING", "SUCCESS") if one in outcomes)
        assert head["result"]["outcome"] == worst


def test_ages_stay_as_the_sample_was_written() -> None:
    later = open_instance(None, NOW + timedelta(days=200), plugins=())
    story.tell_all(later, "quiet", NOW + timedelta(days=200))
    assert later.projects["RETAIL"].variables["standard"]["operations_guide"]["reviewed"]["on"] == "2026-04-06"
    born = later.projects["RETAIL"].scenarios["NEW_FORECAST"]["creationTag"]["lastModifiedOn"]
    assert timedelta(hours=8) < NOW + timedelta(days=200) - from_ms(born) < timedelta(days=2)
    later.close()


@pytest.mark.parametrize("today", ["2025-11-19T23:30+00:00", "2025-11-23T05:00+00:00", "2025-11-20T06:11+00:00"])
def test_a_story_is_told_on_a_fitting_morning_that_has_been(today: str) -> None:
    latest = datetime.fromisoformat(today)
    at = story.anchor("nightly-late", latest)
    assert at <= latest
    assert at.astimezone(timezone(timedelta(hours=1))).strftime("%H:%M") == "07:12"
    assert at.weekday() in (1, 2, 3)
    assert latest - at < timedelta(days=6)


def test_mistakes_in_a_story_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(story.NoSuchStory, match="nightly-late"):
        story.read("no-such-story")
    monkeypatch.setattr(story, "FOLDER", tmp_path)
    (tmp_path / "odd.yaml").write_text("now: '07:00'\nhaste: 3\n")
    with pytest.raises(ValueError, match="haste"):
        story.read("odd")
    instance = Instance(clock=Clock(NOW))
    with pytest.raises(ValueError, match="slowly"):
        history.write(instance, Project("K"), {"projects": {"K": {"events": [{"day": 0, "slowly": 1}]}}}, NOW)
    instance.close()


def test_internal_stats_say_what_the_lists_say() -> None:
    instance = told("internal-stats")
    project = instance.projects["RETAIL"]
    assert not [raw for raw in told("healthy").projects["RETAIL"].datasets.values() if raw["type"] == "StatsDB"]
    columns = ["scenario_project_key", "scenario_run_id", "outcome"]
    runs = list(data.rows(instance, "RETAIL", "scenario_runs_db", columns))
    assert len(runs) == sum(len(found) for p in instance.projects.values() for found in p.runs.values())
    assert ["RETAIL", last(project, "NIGHTLY_BUILD")["runId"], ""] in runs
    assert ["RETAIL", last(project, "MORNING")["runId"], "SUCCESS"] in runs
    columns = ["project_key", "object_id", "partition", "is_last", "time_end"]
    actions = list(data.rows(instance, "RETAIL", "object_states_db", columns))
    assert len(actions) == sum(len(p.build_history) for p in instance.projects.values())
    mart = [row for row in actions if row[:2] == ["RETAIL", "sales_mart"] and row[3] == "true"]
    assert [row[4] for row in mart] == [data.made.text(built(project, "sales_mart"))]
