"""One small project after one night, as values: what tests of judging and composing start from.

RETAIL on an automation node, Tuesday 14 October 2025, 07:00 in Paris. The nightly scenario failed at 02:00; the night
before it went well. `night()` is the snapshot, `promises()` its profile; both take changes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from opsguide.core.assess import assess
from opsguide.core.compose import compose
from opsguide.model.guide import Guide
from opsguide.model.known import Cause, Unknown
from opsguide.model.profile import PROFILE_KEY, Declared
from opsguide.model.snapshot import (
    Article,
    Build,
    Bundle,
    Channel,
    Column,
    Commit,
    Dataset,
    Exposed,
    Folder,
    Footprint,
    Grant,
    Graph,
    Group,
    Instance,
    Job,
    Metric,
    MetricPoint,
    Node,
    ObjectFacts,
    ObjectRef,
    Project,
    ProjectSettings,
    QualityStatus,
    Reporter,
    Rule,
    RuleResult,
    Run,
    Scenario,
    ScenarioSettings,
    Snapshot,
    Step,
    Trigger,
    User,
    Variables,
    Viewer,
    Webapp,
    Zone,
)
from opsguide.profile import load

KEY = "RETAIL"
NOW = datetime(2025, 10, 14, 5, 0, tzinfo=timezone.utc)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

PROFILE: dict[str, Any] = {
    "timezone": "Europe/Paris",
    "oncall": {
        "role": "Data engineer on call",
        "name": "Ada Martin",
        "login": "ada",
        "method": "phone 1234",
        "rota": [
            {
                "start": "2025-10-13T18:00:00+02:00",
                "end": "2025-10-20T18:00:00+02:00",
                "contact": {"name": "Bo Lind", "login": "bo", "method": "phone 5678"},
            }
        ],
    },
    "contacts": {
        "data": {"role": "Data team", "method": "#data"},
        "infra": {"name": "Platform", "method": "#platform"},
    },
    "calendars": {"work": {"country": "FR"}},
    "datasets": {
        "sales_mart": {"due": "06:30", "alert_after_minutes": 20, "consumers": ["Finance", "Store managers"]},
        "orders_raw": {"available_by": "01:30", "owner": {"name": "Shop systems", "method": "shop@example.com"}},
        "dashboard_feed": {"max_age_hours": 6},
    },
    "scenarios": {"NIGHTLY": {"purpose": "Builds the marts the stores open with", "notify": ["Finance"]}},
    "connections": {"warehouse": {"label": "Warehouse", "backup_frequency": "daily", "backup_retention": "30 days"}},
    "maintenance": [
        {"system": "Dataiku Platform", "days": ["sunday"], "from_time": "22:00", "to_time": "02:30"},
        {"system": "warehouse", "days": ["tuesday"], "from_time": "06:00", "to_time": "08:00", "impact": "No SQL"},
    ],
    "tasks": {"weekly": [{"day": "thursday", "task": "Call the shops", "how": "By phone"}]},
    "escalation": [{"issue": "Job failures", "escalate_to": "Ada Martin"}],
    "emergency": [{"situation": "Data breach", "contact": "Security desk", "method": "phone 112"}],
    "access_request": "https://access.example.com/retail",
    "backup": {"configuration": {"frequency": "nightly"}, "last_restore_test": "2025-06-01"},
    "capacity": {"storage_limit_gb": 100},
    "links": {"onboarding": "https://wiki.example.com/start", "business_rules": "Rules of trade"},
    "known_errors": [{"pattern": "disk quota", "cause": "Disk full", "step": "Clear the scratch folder"}],
    "reviewed": {"on": "2025-09-30", "by": "Ada"},
}


def promises(standard: Any = None, local: Any = None) -> Declared:
    """The profile as loaded; PROFILE unless another one is given."""
    return load({PROFILE_KEY: PROFILE if standard is None else standard}, {PROFILE_KEY: local} if local else {}, "")


def ref(name: str, kind: str = "DATASET", project_key: str = KEY) -> ObjectRef:
    return ObjectRef(kind, project_key, name)


def daily(hour: int, **params: Any) -> Trigger:
    """A trigger of every day at an hour in Paris, as DSS writes it."""
    settings = {"frequency": "Daily", "repeatFrequency": 1, "hour": hour, "minute": 0, "timezone": "Europe/Paris"}
    return Trigger("temporal", id=f"at{hour}", name=f"At {hour}", params={**settings, **params})


def build_step(*names: str, mode: str = "RECURSIVE_BUILD", **more: Any) -> Step:
    builds = [{"type": "DATASET", "itemId": name, "partitionsSpec": ""} for name in names]
    return Step("build_flowitem", id="build", name="build", params={"builds": builds, "jobType": mode, **more})


def run_at(start: datetime, minutes: float = 12, outcome: str | None = "SUCCESS", **more: Any) -> Run:
    """A run that a temporal trigger started."""
    end = None if outcome is None else start + timedelta(minutes=minutes)
    given = {"trigger_type": "temporal", "trigger_name": "At 2", "fired_at": start, **more}
    return Run(f"{start:%Y-%m-%d-%H-%M-%S-000}", start, end, outcome, **given)


def nightly_runs(nights: int = 40) -> tuple[Run, ...]:
    """02:00 in Paris, newest first: last night's failed, the others went well in 10 to 16 min."""
    last = datetime(2025, 10, 14, 0, 0, 20, tzinfo=timezone.utc)
    good = (run_at(last - night * DAY, 10 + night % 7, trigger_id="at2") for night in range(1, nights))
    failed = run_at(last, 4, "FAILED", message="Job failed: disk quota exceeded on node 3", trigger_id="at2")
    return (failed, *good)


def scenarios() -> tuple[Scenario, ...]:
    mail = Reporter(
        "mail-scenario",
        "r1",
        condition="outcome != 'SUCCESS'",
        channel_id="smtp1",
        recipients=("ada@example.com", "bo@example.com"),
    )
    slack = Reporter("slack-scenario", "r2", channel_id="gone")
    clear = Step("runnable", params={"runnableType": "pyrunnable_builtin-macros_clear-job-logs", "config": {"age": 15}})
    return (
        Scenario(
            "OLD",
            "Old weekly",
            "step_based",
            settings=ScenarioSettings(triggers=(daily(4),), steps=(build_step("sales_mart"),)),
        ),
        Scenario(
            "NIGHTLY",
            "Nightly build",
            "step_based",
            active=True,
            next_run=datetime(2025, 10, 15, 0, 0, tzinfo=timezone.utc),
            trigger_digest="Every day at 02:00",
            settings=ScenarioSettings(
                triggers=(daily(2),),
                steps=(
                    build_step("sales_mart"),
                    Step("check_dataset", params={"checks": [{"type": "DATASET", "itemId": "sales_mart"}]}),
                ),
                reporters=(mail,),
                run_as="svc",
                run_as_configured=True,
            ),
            runs=nightly_runs(),
        ),
        Scenario(
            "FEED",
            "Feed the dashboard",
            "step_based",
            active=True,
            settings=ScenarioSettings(
                triggers=(
                    Trigger("ds_modified", id="w", params={"watches": [{"type": "DATASET", "itemId": "sales_mart"}]}),
                ),
                steps=(build_step("dashboard_feed", mode="NON_RECURSIVE_FORCED_BUILD"), clear),
                reporters=(slack,),
                run_as="gone",
            ),
            runs=tuple(run_at(NOW - 4 * HOUR - day * DAY, 3, trigger_type="ds_modified") for day in range(12)),
        ),
        Scenario(
            "SCRIPT", "Python upkeep", "custom_python", active=True, settings=ScenarioSettings(run_as="ada"), runs=()
        ),
        Scenario(
            "TESTS",
            "Checks",
            "step_based",
            active=True,
            marked_as_test=True,
            settings=ScenarioSettings(triggers=(daily(5),)),
            runs=(run_at(NOW - 2 * HOUR, 1, "FAILED"),),
        ),
    )


def graph() -> Graph:
    """orders_raw and CRM.customers → join → orders → mart → sales_mart → feed → dashboard_feed; drop → stores (folder)."""
    links = (
        ("orders_raw", "compute_orders", "orders"),
        ("CRM.customers", "compute_orders", "orders"),
        ("orders", "compute_sales_mart", "sales_mart"),
        ("sales_mart", "compute_dashboard_feed", "dashboard_feed"),
        ("dropbox", "compute_stores", "stores"),
    )
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    recipes = {}
    for source, recipe, made in links:
        recipes[recipe] = None
        for first, second in ((source, recipe), (recipe, made)):
            if second not in below.setdefault(first, []):
                below[first].append(second)
                above.setdefault(second, []).append(first)
    names = dict.fromkeys(name for source, _, made in links for name in (source, made))
    kinds = {"dropbox": "COMPUTABLE_FOLDER"}
    objects = tuple(
        Node(
            name,
            kinds.get(name, "COMPUTABLE_DATASET"),
            ref=name,
            predecessors=tuple(above.get(name, ())),
            successors=tuple(below.get(name, ())),
        )
        for name in names
    )
    made_by = tuple(Node(name, "RUNNABLE_RECIPE", name, tuple(above[name]), tuple(below[name])) for name in recipes)
    return Graph((*objects, *made_by))


def datasets() -> tuple[Dataset, ...]:
    columns = (Column("id", "bigint", "Number of the order"), Column("amount", "double"))
    rule = Rule(
        "rule1", "Enough rows", "RecordCountInRangeRule", auto_run=True, params={"minimum": 100, "minimumEnabled": True}
    )
    return (
        Dataset("orders_raw", KEY, "Filesystem", connection="files", columns=columns),
        Dataset("orders", KEY, "PostgreSQL", True, "warehouse", columns=columns),
        Dataset("sales_mart", KEY, "PostgreSQL", True, "warehouse", columns=columns, rules=(rule,), monitored=True),
        Dataset("dashboard_feed", KEY, "PostgreSQL", True, "warehouse", columns=columns),
        Dataset("stores", KEY, "Filesystem", True, "files", columns=columns, rebuild_behavior="WRITE_PROTECT"),
        Dataset("orders_by_hand", KEY, "UploadedFiles", columns=columns),
    )


def facts() -> tuple[ObjectFacts, ...]:
    ends = [datetime(2025, 10, 13, 0, 12, tzinfo=timezone.utc) - day * DAY for day in range(30)]
    builds = tuple(Build(True, end - 8 * MINUTE, end, f"job{n}", source="internal stats") for n, end in enumerate(ends))
    failed = Build(False, NOW - 5 * HOUR, NOW - 5 * HOUR + 4 * MINUTE, "job_failed", source="internal stats")
    counts = tuple(MetricPoint(end + MINUTE, 50_000 + 100 * n) for n, end in enumerate(reversed(ends)))
    fed = Build(True, NOW - 4 * HOUR, NOW - 4 * HOUR + 3 * MINUTE, "job_feed", source="job list")
    nothing = {"metrics": (), "row_counts": (), "rule_results": (), "newest_file": None, "sizes": ()}
    return (
        ObjectFacts(
            ref("sales_mart"),
            failed,
            builds[0],
            (failed, *builds),
            (Metric("basic:SIZE", "2500000000"), Metric("records:COUNT_RECORDS", "50000")),
            counts,
            None,
            (RuleResult("rule1", "Enough rows", "OK", "50,000 rows", NOW - 29 * HOUR),),
            Unknown("the history of its row counts is read in place of it", Cause.LEFT_OUT),
        ),
        ObjectFacts(ref("dashboard_feed"), fed, fed, (fed,), **nothing),
        ObjectFacts(ref("stores"), None, None, (), **nothing),
        ObjectFacts(ref("orders_raw"), None, None, (), **{**nothing, "newest_file": NOW - 7 * HOUR}),
        ObjectFacts(ref("customers", project_key="CRM"), fed, fed, (fed,), **nothing),
        ObjectFacts(ref("dropbox", "MANAGED_FOLDER"), None, None, (), **{**nothing, "newest_file": NOW - 30 * HOUR}),
    )


def night(**changes: Any) -> Snapshot:
    """The snapshot, every part read; `changes` are fields of `Snapshot`."""
    out = ((ref("sales_mart"), "NP"),)
    whole = Snapshot(
        KEY,
        NOW,
        instance=Instance("auto-1", "auto", "AUTOMATION", "14.3.1"),
        viewer=Viewer("ada", ("data_team",), False),
        project=Project(
            KEY,
            "Retail nights",
            "Sales for the stores",
            owner_login="ada",
            owner_name="Ada Martin",
            modified_at=NOW - 3 * DAY,
            modified_by="bo",
        ),
        settings=ProjectSettings(False, (Exposed(ref("sales_mart"), ("FINANCE",)),)),
        permissions=(
            Grant("group", "data_team", frozenset({"readProjectContent", "writeProjectContent", "runScenarios"})),
            Grant("group", "readers", frozenset({"readProjectContent"})),
        ),
        variables=Variables({PROFILE_KEY: PROFILE}),
        scenarios=scenarios(),
        datasets=datasets(),
        folders=(Folder("dropbox", KEY, "Store lists"),),
        graph=graph(),
        zones=(Zone("default", "Default"),),
        jobs=(
            Job("job_failed", state="FAILED", start=NOW - 5 * HOUR, end=NOW - 5 * HOUR + 4 * MINUTE, outputs=out),
            Job("job0", state="DONE", start=NOW - 29 * HOUR, end=NOW - 29 * HOUR + 12 * MINUTE, outputs=out),
        ),
        facts=facts(),
        quality=(QualityStatus("sales_mart", "OK"),),
        channels=(Channel("smtp1", "smtp", "mail"),),
        users=(
            User("ada", "Ada Martin", enabled=True),
            User("bo", "Bo Lind", enabled=True),
            User("svc", enabled=True),
            User("gone", enabled=False),
        ),
        groups=(Group("data_team"), Group("readers")),
        articles=(Article("1", "Data dictionary of retail"), Article("2", "Holidays")),
        webapps=(Webapp("w1", "Guide"),),
        bundles=(Bundle("v12", NOW - 20 * DAY, True), Bundle("v11", NOW - 50 * DAY, False)),
        commits=(Commit("c1", "bo", NOW - 3 * DAY, "Change the join"),),
        logs=("backend.log", "audit.log"),
        footprint=Footprint(1_200_000_000.0, 3400, (("jobLogs", 1e9), ("managedDatasets", 2e8)), 1),
        calls=31,
        elapsed_seconds=2.3,
    )
    return replace(whole, **changes)


def guide_of(snapshot: Snapshot, declared: Declared | None = None) -> Guide:
    """Judged and composed."""
    declared = promises() if declared is None else declared
    return compose(snapshot, declared, assess(snapshot, declared))
