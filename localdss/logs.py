"""What DSS writes while it works: the log of a job, told or live, and of a scenario's run.

A failed activity writes what its engine would: a Python traceback, what the database said, Spark's noise, a Java stack. As on
a real node, connections and environments are written out with the secrets in them (`SECRETS`), which readers must mask.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from .clock import from_ms
from .shapes import Activity

Raw = dict[str, Any]

BEGINS = "Starting activity "
_PASSWORD = "W1nter-Harv3st-77"
_URL_PASSWORD = "p%40ss-of-dss"
_TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJkc3MifQ.c2lnbmF0dXJlLW9mLW5vYm9keQ"
_TICKET = "q3Yt0vK8sLr2mXn5bJc7"
_CLOUD_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SECRETS = (_PASSWORD, _URL_PASSWORD, _TOKEN, _TICKET, _CLOUD_KEY)

_SQL_TYPES = frozenset({"sql_query", "join", "grouping", "topn", "window", "sync"})


def line(at: datetime, level: str, logger: str, message: str) -> str:
    return f"[{at.strftime('%Y/%m/%d-%H:%M:%S')}.{at.microsecond // 1000:03d}] [job] [{level}] [{logger}] - {message}"


def job(job_id: str, activities: Sequence[Activity], types: dict[str, str], now: datetime) -> str:
    """The log of a job of the past; `types` has the type of each recipe."""
    lines = []
    for activity in activities:
        if activity.state == "NOT_STARTED":
            continue
        lines.append(line(activity.start, "INFO", "dku.flow.activity", f"{BEGINS}{activity.recipe}"))
        if activity.state == "FAILED":
            lines += failure(activity.end, activity.recipe, types.get(activity.recipe, ""), activity.message)
        elif activity.state in ("DONE", "ABORTED"):
            done = f"Activity {activity.recipe} {activity.state.lower()}"
            lines.append(line(activity.end, "INFO", "dku.flow.activity", done))
    if all(activity.end <= now for activity in activities) and lines:
        lines.append(line(activities[-1].end, "INFO", "dku.flow.jobrunner", f"Job {job_id} finished"))
    return "\n".join(lines) + "\n"


def run(told: Raw) -> str:
    """The log of a scenario's run, as far as its steps tell it."""
    lines = []
    for step in told["stepRuns"]:
        at, result = from_ms(step["start"]).isoformat(), step.get("result") or {}
        lines.append(f"[{at}] Step {step['step'].get('name')}: {result.get('outcome')}")
        if result.get("thrown"):
            lines.append(f"[{at}] ERROR {result['thrown'].get('message')}")
    return "\n".join(lines) + "\n"


def of_activity(log: str, recipe: str) -> str:
    """The lines of a job's log from where an activity begins to where the next one does."""
    kept, inside = [], False
    for each in log.splitlines(keepends=True):
        if BEGINS in each:
            inside = each.rpartition(BEGINS)[2].strip() == recipe
        if inside:
            kept.append(each)
    return "".join(kept)


def failure(at: datetime, recipe: str, kind: str, message: str) -> list[str]:
    """What a failed activity leaves in the log: what it was about, the error as its engine tells it, the end."""
    if "spark" in message.lower():
        told = _spark(at, recipe, message)
    elif kind == "python" or message.startswith("Error in Python process"):
        told = _python(at, recipe, message)
    elif kind in _SQL_TYPES and "directory" not in message:
        told = _sql(at, recipe, message)
    else:
        told = _java(at, recipe, message)
    return [
        *told,
        line(at, "ERROR", "dku.flow.activity", f"Activity {recipe} failed"),
        f"com.dataiku.dip.exceptions.DKUException: {message}",
        "\tat com.dataiku.dip.dataflow.exec.JobRunner.run(JobRunner.java:211)",
        "\tat java.base/java.lang.Thread.run(Thread.java:829)",
        line(at, "INFO", "dku.flow.activity", f"Cleaning up after activity {recipe}"),
    ]


def _python(at: datetime, recipe: str, message: str) -> Iterator[str]:
    yield line(at, "INFO", "dku.recipes.python", f"Environment: DKU_API_TICKET={_TICKET} DKU_NODE_TYPE=automation")
    yield line(at, "INFO", "dku.recipes.python", f"Authorization: Bearer {_TOKEN}")
    kind, _, text = message.partition("<class '")[2].partition("'>: ")
    for each in (
        "Traceback (most recent call last):",
        '  File "/data/dss/bin/dataiku/doctor/exec.py", line 71, in <module>',
        "    exec(compile(source, filename, 'exec'), namespace)",
        f'  File "{recipe}.py", line 14, in <module>',
        "    frame = dataiku.Dataset(names[0]).get_dataframe()",
        f"{kind or 'RuntimeError'}: {text or message}",
    ):
        yield line(at, "ERROR", "dku.utils", each)


def _sql(at: datetime, recipe: str, message: str) -> Iterator[str]:
    url = f"jdbc:postgresql://dwh.acme-retail.example:5432/dwh?user=dss&password={_PASSWORD}&ssl=true"
    yield line(at, "INFO", "dku.connections.sql.provider", f"Connecting to {url} with props: password={_PASSWORD}")
    yield line(
        at, "WARN", "dku.connections.sql.provider", f"Falls back to postgresql://dss:{_URL_PASSWORD}@dwh-2:5432/dwh"
    )
    yield line(at, "INFO", "dku.sql.queries", f'CREATE TABLE "{recipe}_tmp" AS SELECT * FROM ( SELECT 1 ) AS "q"')
    yield line(at, "ERROR", "dku.sql.queries", "SQL query failed")
    yield f"org.postgresql.util.PSQLException: ERROR: {message}"
    yield "\tat org.postgresql.core.v3.QueryExecutorImpl.receiveErrorResponse(QueryExecutorImpl.java:2675)"
    yield "\tat com.dataiku.dip.sql.SQLExecutor.execute(SQLExecutor.java:188)"


def _spark(at: datetime, recipe: str, message: str) -> Iterator[str]:
    yield "SLF4J: Class path contains multiple SLF4J bindings."
    yield "SLF4J: Actual binding is of type [org.apache.logging.slf4j.Log4jLoggerFactory]"
    for level, logger, text in (
        ("WARN", "util.NativeCodeLoader", "Unable to load native-hadoop library for your platform"),
        ("INFO", "spark.SparkContext", f"Submitted application: {recipe}"),
        ("INFO", "spark.SecurityManager", f"spark.hadoop.fs.s3a.secret.key={_CLOUD_KEY}"),
        ("WARN", "cluster.YarnSchedulerBackend", "Initial job has not accepted any resources; check your cluster UI"),
        ("ERROR", "executor.Executor", "Exception in task 0.0 in stage 3.0 (TID 12) which will be retried"),
        ("INFO", "scheduler.DAGScheduler", "Job 2 failed: save at Recipe.scala:211, took 4.120 s"),
    ):
        yield line(at, level, logger, text)
    yield f'Exception in thread "main" {message}'
    yield "\tat org.apache.spark.sql.catalyst.analysis.package$AnalysisErrorAt.failAnalysis(package.scala:42)"


def _java(at: datetime, recipe: str, message: str) -> Iterator[str]:
    yield line(at, "INFO", "dku.datasets.fs", f"Opening inputs of {recipe}")
    yield line(at, "INFO", "dku.connections.s3", f"aws_secret_access_key={_CLOUD_KEY} region=eu-west-3")
    yield line(at, "ERROR", "dku.datasets.fs", message)
