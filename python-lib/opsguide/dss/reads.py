"""Every read that the plugin makes of DSS, each named once: its path, the version that has it first, what its answer must
look like, and where an example of what it asks about is found.

The self-check tries them one after the other, the docs show them, and a test fails when the plugin asks for a path that is
not here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..model.ledger import FOLDER
from . import raw, stats
from .extras import COMMITS_ASKED, GIT_SINCE
from .facts import QUALITY_SINCE
from .footprint import ALL
from .footprint import SINCE as FOOTPRINT_SINCE
from .session import right_for
from .shapes import (
    ANYTHING,
    FLAG,
    INSTANT,
    NUMBER,
    TEXT,
    TEXTS,
    VERSION,
    WORD,
    ByName,
    Columns,
    Content,
    Either,
    Fields,
    Form,
    Items,
    Lines,
    Shape,
    Text,
    Word,
)
from .traces import TIMELINE_ITEMS

Names = Mapping[str, str]
Pick = Callable[[Any], Iterator[Names]]

# A scenario's runs that are looked at: enough to see one that failed and one that did not.
RUNS_TRIED = 20
ROWS_TRIED = 5

_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Read:
    """One read. `path` and `params` hold names in braces; those but the project's key come from `pick`, handed the answer
    of the read called `after`. `why_not` says why the self-check does not try it, `slow` that it does on request alone."""

    name: str
    what: str
    path: str
    form: Form
    since: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    after: str = ""
    pick: Pick = lambda answer: iter(())
    method: str = "GET"
    slow: bool = False
    why_not: str = ""

    @property
    def right(self) -> str:
        """The right that it takes, in DSS's words; '' where any signed-in caller may."""
        return right_for(self.path).replace("on {project}", "on the project")

    @property
    def names(self) -> tuple[str, ...]:
        """The names that its path and parameters take."""
        return tuple(dict.fromkeys(_PLACE.findall(self.path + "".join(map(str, self.params.values())))))

    def matches(self, method: str, api_path: str) -> bool:
        """Whether a call of this path is this read."""
        return method == self.method and self._pattern().fullmatch(api_path.rstrip("/")) is not None

    def _pattern(self) -> re.Pattern[str]:
        # Files of a folder lie in folders of their own.
        parts = [
            ".+" if part == "{file}" else "[^/]+" if part.startswith("{") else re.escape(part) for part in self._parts
        ]
        return re.compile("/" + "/".join(parts))

    @property
    def _parts(self) -> list[str]:
        return self.path.strip("/").split("/")


# --- where examples come from ----------------------------------------------------------------------------------------


def _each(name: str, *way: str, where: Callable[[Any], bool] = lambda item: True) -> Pick:
    """The texts under `way` of a list's members, as `name`."""

    def pick(answer: Any) -> Iterator[Names]:
        for item in raw.mappings(answer):
            if raw.text(item, *way) and where(item):
                yield {name: raw.text(item, *way)}

    return pick


def _datasets(answer: Any) -> Iterator[Names]:
    for item in raw.mappings(answer):
        if raw.text(item, "name") and raw.text(item, "type") != stats.TYPE:
            whole = "ALL" if raw.mappings(item, "partitioning", "dimensions") else "NP"
            yield {"dataset": raw.text(item, "name"), "partition": whole}


def _view(name: str) -> Pick:
    return _each(
        "stats",
        "name",
        where=lambda item: raw.text(item, "type") == stats.TYPE and raw.text(item, "params", "view") == name,
    )


def _metrics(answer: Any) -> Iterator[Names]:
    for item in raw.mappings(answer, "metrics"):
        if raw.mappings(item, "lastValues") and raw.text(item, "metric", "id"):
            yield {"metric": raw.text(item, "metric", "id")}


def _files(answer: Any) -> Iterator[Names]:
    for item in raw.mappings(answer, "items"):
        if raw.text(item, "path").strip("/"):
            yield {"file": raw.text(item, "path")}


def _articles(answer: Any) -> Iterator[Names]:
    for item in raw.mappings(answer, "taxonomy"):
        if raw.text(item, "id"):
            yield {"article": raw.text(item, "id")}


def _login(answer: Any) -> Iterator[Names]:
    if raw.text(answer, "authIdentifier"):
        yield {"login": raw.text(answer, "authIdentifier")}


def _future(answer: Any) -> Iterator[Names]:
    if raw.text(answer, "jobId"):
        yield {"future": raw.text(answer, "jobId")}


def _ended(run: Any) -> bool:
    return raw.at(run, "result") is not None


# --- shapes that recur -----------------------------------------------------------------------------------------------

_BY = Fields({"login": TEXT})
_TAG = Fields({"lastModifiedOn": INSTANT, "lastModifiedBy": _BY, "versionNumber": NUMBER})
_TAGS: Mapping[str, Shape] = {"versionTag": _TAG, "creationTag": _TAG}
_OUTCOMES = Word(("SUCCESS", "WARNING", "FAILED", "ABORTED"))
_JUDGED = Word(("OK", "WARNING", "ERROR", "EMPTY"))
_STATES = Word(("NOT_STARTED", "WAITING", "RUNNING", "DONE", "FAILED", "ABORTED", "KILLED", "CANCELED"))
_JOB_TYPES = Word(
    (
        "NON_RECURSIVE_FORCED_BUILD",
        "RECURSIVE_BUILD",
        "RECURSIVE_FORCED_BUILD",
        "RECURSIVE_MISSING_ONLY_BUILD",
        "REVERSE_BUILD",
    )
)
_KINDS = Word(
    (
        "DATASET",
        "MANAGED_FOLDER",
        "SAVED_MODEL",
        "MODEL_EVALUATION_STORE",
        "STREAMING_ENDPOINT",
        "RETRIEVABLE_KNOWLEDGE",
    )
)
_THROWN = Fields({"message": TEXT, "title": TEXT})
_FUTURE = Fields({"jobId": TEXT, "hasResult": FLAG, "alive": FLAG, "result": ANYTHING})

_INSTANCE = Fields(
    {
        "nodeId": TEXT,
        "nodeName": TEXT,
        "nodeType!": Word(("DESIGN", "AUTOMATION", "DEPLOYER", "API", "GOVERN")),
        "dssVersion!": VERSION,
        "nodeUrl": TEXT,
    }
)
_IDENTITY = Fields({"authIdentifier!": TEXT, "associatedDSSUser": TEXT, "groups": TEXTS})
_USER = Fields({"login!": TEXT, "displayName": TEXT, "email": TEXT, "enabled": FLAG, "groups": TEXTS})
_GROUP = Fields({"name!": TEXT, "description": TEXT, "admin": FLAG})
_CHANNEL = Fields({"id!": TEXT, "type": WORD, "family": WORD, "sender": TEXT})
_SESSION = Fields(
    {
        "sessionId": TEXT,
        "projectKey": TEXT,
        "notebookName": TEXT,
        "sessionCreator": TEXT,
        "sessionCreatorDisplayName": TEXT,
        "sessionStartTime": INSTANT,
        "kernelExecutionState": Word(("idle", "busy", "starting")),
        "kernelLastActivityTime": INSTANT,
        "kernelConnections": NUMBER,
    }
)
_NOTEBOOK = Fields({"name!": TEXT, "projectKey": TEXT, "tags": TEXTS, "activeSessions": Items(_SESSION)})
_PROJECT = Fields(
    {
        "projectKey!": TEXT,
        "name": TEXT,
        "shortDesc": TEXT,
        "description": TEXT,
        "ownerLogin": TEXT,
        "ownerDisplayName": TEXT,
        "projectStatus": TEXT,
        "tags": TEXTS,
        "disableAutomaticTriggers": FLAG,
        "canWriteProjectContent": FLAG,
        **_TAGS,
    }
)
_GRANT = Fields(
    {
        "group": TEXT,
        "user": TEXT,
        "admin": FLAG,
        "editPermissions": FLAG,
        "readProjectContent": FLAG,
        "writeProjectContent": FLAG,
        "runScenarios": FLAG,
        "readDashboards": FLAG,
    }
)
_EXPOSED = Fields({"type": _KINDS, "localName": TEXT, "rules": Items(Fields({"targetProject": TEXT}))})
_PROJECT_SETTINGS = Fields(
    {
        "settings!": Fields(
            {
                "disableAutomaticTriggers": FLAG,
                "accessRequestsEnabled": WORD,
            }
        ),
        "exposedObjects": Fields({"objects": Items(_EXPOSED)}),
    }
)
_STARTED_BY = Fields({"type": WORD, "id": TEXT, "name": TEXT, "params": ANYTHING})
_RUN_FIELDS: Mapping[str, Shape] = {
    "runId!": TEXT,
    "start": INSTANT,
    "end": INSTANT,
    "result": Fields(
        {
            "outcome": _OUTCOMES,
            "start": INSTANT,
            "end": INSTANT,
            "thrown": _THROWN,
            "warnings": Fields({"totalCount": NUMBER}),
        }
    ),
    "trigger": Fields({"timestamp": INSTANT, "runId": TEXT, "params": ANYTHING, "trigger": _STARTED_BY}),
    "runAsUser": Either((TEXT, Fields({"realUserLogin": TEXT}))),
}
_RUN = Fields(_RUN_FIELDS)
_SCENARIO = Fields(
    {
        "id!": TEXT,
        "name": TEXT,
        "type": Word(("step_based", "custom_python")),
        "active!": FLAG,
        "running!": FLAG,
        "start": INSTANT,
        "nextRun": INSTANT,
        "triggerDigest": TEXT,
        "markedAsTest": FLAG,
        "shortDesc": TEXT,
        "description": TEXT,
        "tags": TEXTS,
        "lastModifiedBy": _BY,
        **_TAGS,
    }
)
_TRIGGER = Fields(
    {
        "type!": Word(("temporal", "ds_modified", "sql_query", "custom_python", "follow_scenariorun")),
        "active": FLAG,
        "id": TEXT,
        "name": TEXT,
        "delay": NUMBER,
        "params": Fields(
            {
                "frequency": Word(("Minutely", "Hourly", "Daily", "Weekly", "Monthly")),
                "repeatFrequency": NUMBER,
                "hour": NUMBER,
                "minute": NUMBER,
                "timezone": TEXT,
                "startingFrom": INSTANT,
                "daysOfWeek": Items(WORD),
                "monthlyRunOn": WORD,
                "scenarioId": TEXT,
                "projectKey": TEXT,
            }
        ),
    }
)
_BUILT = Fields({"type": _KINDS, "itemId": TEXT, "projectKey": TEXT, "partitionsSpec": TEXT})
_STEP_TYPES = Word(
    (
        "build_flowitem",
        "check_dataset",
        "compute_metrics",
        "runnable",
        "run_scenario",
        "exec_sql",
        "custom_python",
        "clear_items",
        "send_report",
        "set_project_vars",
        "define_vars",
        "kill_scenario",
        "schema_propagation",
        "check_consistency",
        "proba_record",
        "restart_webapp",
        "invalidate_cache",
        "execute_ssh",
        "wait",
    )
)
_STEP = Fields(
    {
        "type!": _STEP_TYPES,
        "id": TEXT,
        "name": TEXT,
        "enabled": FLAG,
        "runConditionType": Word(("RUN_ALWAYS", "RUN_IF_STATUS_MATCH", "RUN_CONDITIONALLY", "DISABLED")),
        "params": Fields(
            {
                "builds": Items(_BUILT),
                "checks": Items(_BUILT),
                "computes": Items(_BUILT),
                "jobType": _JOB_TYPES,
                "scenarioId": TEXT,
                "projectKey": TEXT,
                "runnableType": TEXT,
            }
        ),
    }
)
_REPORTER = Fields(
    {
        "id": TEXT,
        "name": TEXT,
        "active": FLAG,
        "phase": Word(("START", "END")),
        "runConditionEnabled": FLAG,
        "runCondition": TEXT,
        "messaging": Fields(
            {
                "type": WORD,
                "configuration": Fields(
                    {"channelId": TEXT, "recipient": TEXT, "ccRecipient": TEXT, "bccRecipient": TEXT}
                ),
            }
        ),
    }
)
_SCENARIO_SETTINGS = Fields(
    {
        "triggers!": Items(_TRIGGER),
        "reporters": Items(_REPORTER),
        "params": Fields({"steps": Items(_STEP)}),
        "runAsUser": TEXT,
        **_TAGS,
    }
)
_REPORTED = Fields(
    {
        "outcome": _OUTCOMES,
        "jobId": TEXT,
        "thrown": _THROWN,
        "target": Fields({"datasetName": TEXT, "folderId": TEXT, "modelId": TEXT, "projectKey": TEXT}),
    }
)
_STEP_RUN = Fields(
    {
        "step": Fields({"type": WORD, "id": TEXT, "name": TEXT, "params": ANYTHING}),
        "result": Fields({"outcome": _OUTCOMES, "thrown": _THROWN}),
        "additionalReportItems": Items(_REPORTED),
    }
)
_COLUMN = Fields({"name!": TEXT, "type!": WORD, "comment": TEXT})
_SCHEMA = Fields({"columns!": Items(_COLUMN)})
_RULE = Fields(
    {
        "id": TEXT,
        "displayName": TEXT,
        "type": TEXT,
        "enabled": FLAG,
        "autoRun": FLAG,
        "computeOnBuildMode": WORD,
        "meta": Fields({"label": TEXT, "name": TEXT}),
    }
)
_DATASET = Fields(
    {
        "name!": TEXT,
        "projectKey": TEXT,
        "type!": WORD,
        "managed": FLAG,
        "params": Fields(
            {
                "connection": TEXT,
                "uploadConnection": TEXT,
                "mode": Word(("table", "query")),
                "catalog": TEXT,
                "schema": TEXT,
                "table": TEXT,
                "path": TEXT,
                "folderSmartId": TEXT,
                "view": Word((stats.SCENARIO_RUNS, stats.FLOW_ACTIONS, stats.JOBS)),
            }
        ),
        "partitioning": Fields({"dimensions": Items(Fields({"name": TEXT}))}),
        "schema": Fields({"columns": Items(_COLUMN)}),
        "tags": TEXTS,
        "shortDesc": TEXT,
        "description": TEXT,
        "flowOptions": Fields({"rebuildBehavior": Word(("NORMAL", "WRITE_PROTECT", "EXPLICIT"))}),
        "featureGroup": FLAG,
        "metrics": Fields({"probes": Items(Fields({"type": TEXT, "enabled": FLAG}))}),
        "metricsChecks": Fields({"monitor": FLAG, "checks": Items(_RULE)}),
        **_TAGS,
    }
)
_DATASET_SETTINGS = Fields({"name!": TEXT, "type!": WORD, "managed": FLAG, "tags": TEXTS, **_TAGS})
_NODE = Fields(
    {
        "type!": Word(
            (
                "COMPUTABLE_DATASET",
                "COMPUTABLE_FOLDER",
                "COMPUTABLE_SAVED_MODEL",
                "COMPUTABLE_MODEL_EVALUATION_STORE",
                "COMPUTABLE_STREAMING_ENDPOINT",
                "COMPUTABLE_RETRIEVABLE_KNOWLEDGE",
                "RUNNABLE_RECIPE",
                "RUNNABLE_LABELING_TASK",
                "RUNNABLE_IMPLICIT_RECIPE",
            )
        ),
        "ref!": TEXT,
        "predecessors!": TEXTS,
        "successors!": TEXTS,
    }
)
_ZONE = Fields(
    {
        "id!": TEXT,
        "name": TEXT,
        "items": Items(Fields({"objectType": _KINDS, "objectId": TEXT, "projectKey": TEXT})),
    }
)
_TARGET = Fields(
    {
        "type": _KINDS,
        "id": TEXT,
        "projectKey": TEXT,
        "partition": TEXT,
        "targetDataset": TEXT,
        "targetDatasetProjectKey": TEXT,
        "targetManagedFolder": TEXT,
        "targetManagedFolderProjectKey": TEXT,
        "targetPartition": TEXT,
    }
)
_JOB_DEFINITION = Fields(
    {
        "id": TEXT,
        "name": TEXT,
        "type": _JOB_TYPES,
        "initiator": TEXT,
        "initiationTimestamp": INSTANT,
        "outputs": Items(_TARGET),
    }
)
_JOB = Fields(
    {
        "def!": _JOB_DEFINITION,
        "state!": _STATES,
        "stableState": FLAG,
        "startTime": INSTANT,
        "endTime": INSTANT,
        "warningsCount": NUMBER,
    }
)
_ACTIVITY = Fields(
    {
        "recipeName": TEXT,
        "state": _STATES,
        "startTime": INSTANT,
        "firstFailure": Fields({"message": TEXT}),
        "message": TEXT,
    }
)
_JOB_STATUS = Fields(
    {
        "baseStatus!": Fields(
            {
                "state!": _STATES,
                "jobStartTime": INSTANT,
                "jobEndTime": INSTANT,
                "def": _JOB_DEFINITION,
                "activities": Either((ByName(_ACTIVITY), Items(_ACTIVITY))),
            }
        ),
        "logTail": Fields({"lines": TEXTS}),
    }
)
_POINT = Fields({"partition": TEXT, "value": TEXT, "dataType": WORD, "computed": INSTANT})
_LAST_METRICS = Fields(
    {
        "metrics!": Items(
            Fields(
                {
                    "metric": Fields({"id!": TEXT}),
                    "computingProbe": Fields({"type": TEXT}),
                    "lastValues": Items(_POINT),
                }
            )
        )
    }
)
_PAST_POINT = Fields({"time": INSTANT, "computed": INSTANT, "value": TEXT})
_RESULT = Fields({"id": TEXT, "name": TEXT, "outcome!": _JUDGED, "message": TEXT, "computeDate": INSTANT})
_QUALITY = Word(("OK", "WARNING", "ERROR", "EMPTY", "NOT_COMPUTED", "NONE"))
_FOLDER = Fields(
    {
        "id!": TEXT,
        "projectKey": TEXT,
        "name": Text((FOLDER,)),
        "type": WORD,
        "tags": TEXTS,
        "params": Fields({"connection": TEXT, "path": TEXT}),
        **_TAGS,
    }
)
_FILES = Fields({"items!": Items(Fields({"path!": TEXT, "size": NUMBER, "lastModified": INSTANT}))})
_BUNDLE = Fields(
    {
        "bundleId": TEXT,
        "id": TEXT,
        "exportedOn": INSTANT,
        "exportManifest": Fields({"exportUserInfo": Fields({"exportedOn": INSTANT})}),
        "importedOn": INSTANT,
        "createdOn": INSTANT,
        "creationTag": _TAG,
        "active": FLAG,
    }
)
_BUNDLES = Either((Fields({"bundles!": Items(_BUNDLE), "activeBundleId": TEXT, "activeBundle": TEXT}), Items(_BUNDLE)))
_VERSION = Fields(
    {
        "id!": TEXT,
        "active": FLAG,
        "trainDate": INSTANT,
        "creationDate": INSTANT,
        "snippet": Fields({"trainDate": INSTANT}),
        "size": NUMBER,
    }
)
_MODEL = Fields({"id!": TEXT, "name": TEXT, "projectKey": TEXT, "tags": TEXTS})
_WEBAPP = Fields({"id!": TEXT, "name": TEXT, "type": TEXT, "tags": TEXTS, "versionTag": _TAG})
_RECIPE = Fields(
    {
        "name!": TEXT,
        "type!": WORD,
        "inputs": ANYTHING,
        "outputs": ANYTHING,
        "params": Fields({"envSelection": Fields({"envName": TEXT})}),
        "versionTag": _TAG,
    }
)
_ENTRY = Fields({"id!": TEXT, "name": TEXT, "children": Items(Fields({"id!": TEXT, "name": TEXT}))})
_COMMITS = Fields(
    {
        "entries!": Items(
            Fields(
                {
                    "commitId": TEXT,
                    "id": TEXT,
                    "author": TEXT,
                    "timestamp": INSTANT,
                    "date": INSTANT,
                    "message": TEXT,
                }
            )
        )
    }
)
_TIMELINE = Fields(
    {
        "items!": Items(
            Fields(
                {
                    "time": INSTANT,
                    "user": Either((TEXT, _BY)),
                    "action": WORD,
                    "objectType": WORD,
                    "objectId": TEXT,
                }
            )
        )
    }
)
_NAMED = Fields({"id!": TEXT, "name": TEXT})

# --- the reads -------------------------------------------------------------------------------------------------------

_P = "/projects/{project}"
_S = f"{_P}/scenarios/{{scenario}}"
_D = f"{_P}/datasets/{{dataset}}"
_F = f"{_P}/managedfolders/{{folder}}"
_STATE = f"{_P}/managedfolders/{{state}}"

READS: tuple[Read, ...] = (
    Read("node", "the DSS node", "/instance-info", _INSTANCE),
    Read("identity", "who is reading", "/auth/info", _IDENTITY),
    Read(
        "browser",
        "who is browsing",
        "/auth/info-from-browser-headers",
        _IDENTITY,
        method="POST",
        why_not="it takes the headers of a browser, which the web app's backend has",
    ),
    Read(
        "ticket",
        "a ticket for who is browsing",
        "/auth/ticket-from-browser-headers",
        Fields({"msg!": TEXT}),
        method="POST",
        why_not="it takes the headers of a browser, which the web app's backend has",
    ),
    Read("projects", "the list of projects", "/projects/", Items(_PROJECT)),
    Read("users", "the users", "/admin/users/", Items(_USER)),
    Read("user", "one user", "/admin/users/{login}", _USER, after="identity", pick=_login),
    Read("groups", "the groups", "/admin/groups/", Items(_GROUP)),
    Read("user-names", "the users' names", "/users", Items(_USER), since="14.0"),
    Read("group-names", "the groups' names", "/groups", Items(_GROUP), since="14.0"),
    Read("channels", "the messaging channels", "/messaging-channels/", Items(_CHANNEL), since=QUALITY_SINCE),
    Read(
        "logs",
        "DSS's own logs",
        "/admin/logs/",
        Either(
            (TEXTS, Items(Fields({"name!": TEXT})), Fields({"logs!": Items(Either((TEXT, Fields({"name!": TEXT}))))}))
        ),
    ),
    Read("kernels", "the running notebooks", "/admin/notebooks/", Items(_NOTEBOOK)),
    Read(
        "footprint",
        "the size of the logs",
        ALL,
        _FUTURE,
        since=FOOTPRINT_SINCE,
        params={"summaryOnly": True},
        slow=True,
    ),
    Read("future", "a long task", "/futures/{future}", _FUTURE, params={"peek": True}, after="footprint", pick=_future),
    Read(
        "project-footprint",
        "what the project takes on DSS's disk",
        f"/directories-footprint{_P}",
        _FUTURE,
        since=FOOTPRINT_SINCE,
        params={"summaryOnly": True},
        slow=True,
    ),
    Read("project", "the project's summary", _P, _PROJECT),
    Read(
        "variables",
        "the project's variables",
        f"{_P}/variables/",
        Fields({"standard!": ByName(ANYTHING), "local": ByName(ANYTHING)}),
    ),
    Read(
        "permissions",
        "the project's permissions",
        f"{_P}/permissions",
        Fields({"owner": TEXT, "permissions!": Items(_GRANT)}),
    ),
    Read("settings", "the project's settings", f"{_P}/settings", _PROJECT_SETTINGS),
    Read(
        "timeline",
        "what people did to the project",
        f"{_P}/timeline",
        _TIMELINE,
        params={"itemCount": TIMELINE_ITEMS},
    ),
    Read(
        "commits",
        "the project's history",
        f"{_P}/git/actions/log",
        _COMMITS,
        since=GIT_SINCE,
        params={"count": COMMITS_ASKED},
    ),
    Read("bundles", "the bundles of a design node", f"{_P}/bundles/exported", _BUNDLES),
    Read("imported-bundles", "the bundles of an automation node", f"{_P}/bundles/imported", _BUNDLES),
    Read("scenarios", "the list of scenarios", f"{_P}/scenarios/", Items(_SCENARIO)),
    Read(
        "scenario",
        "the settings of a scenario",
        _S,
        _SCENARIO_SETTINGS,
        after="scenarios",
        pick=_each("scenario", "id"),
    ),
    Read(
        "scenario-light",
        "whether a scenario runs",
        f"{_S}/light",
        Fields({"running!": FLAG}),
        after="scenarios",
        pick=_each("scenario", "id"),
    ),
    Read(
        "runs",
        "the last runs of a scenario",
        f"{_S}/get-last-runs",
        Items(_RUN),
        params={"limit": RUNS_TRIED, "onlyFinishedRuns": False},
        after="scenarios",
        pick=_each("scenario", "id"),
    ),
    Read(
        "run",
        "the steps of a run",
        f"{_S}/{{run}}/",
        Fields({"scenarioRun!": Fields(_RUN_FIELDS), "stepRuns": Items(_STEP_RUN)}),
        after="runs",
        pick=_each("run", "runId", where=_ended),
    ),
    Read(
        "run-log",
        "the log of a run",
        f"{_S}/{{run}}/log",
        Lines(),
        since="13.3",
        after="runs",
        pick=_each("run", "runId", where=_ended),
    ),
    Read("jobs", "the list of jobs", f"{_P}/jobs/", Items(_JOB)),
    Read(
        "job",
        "the activities of a job",
        f"{_P}/jobs/{{job}}/",
        _JOB_STATUS,
        after="jobs",
        pick=_each("job", "def", "id"),
    ),
    Read(
        "job-log", "the log of a job", f"{_P}/jobs/{{job}}/log", Lines(), after="jobs", pick=_each("job", "def", "id")
    ),
    Read("flow", "the flow", f"{_P}/flow/graph/", Fields({"nodes!": ByName(_NODE)})),
    Read("zones", "the flow zones", f"{_P}/flow/zones", Items(_ZONE)),
    Read("zone", "a flow zone", f"{_P}/flow/zones/{{zone}}", _ZONE, after="zones", pick=_each("zone", "id")),
    Read("datasets", "the list of datasets", f"{_P}/datasets/", Items(_DATASET)),
    Read("dataset", "the settings of a dataset", _D, _DATASET_SETTINGS, after="datasets", pick=_datasets),
    Read("schema", "the columns of a dataset", f"{_D}/schema", _SCHEMA, after="datasets", pick=_datasets),
    Read(
        "last-build",
        "the last build of a dataset",
        f"{_D}/info",
        Fields(
            {
                "lastBuild": Fields(
                    {
                        "buildSuccess": FLAG,
                        "buildStartTime": INSTANT,
                        "buildEndTime": INSTANT,
                        "buildJobId": TEXT,
                    }
                )
            }
        ),
        after="datasets",
        pick=_datasets,
    ),
    Read(
        "metrics",
        "the metrics of a dataset",
        f"{_D}/metrics/last/{{partition}}",
        _LAST_METRICS,
        after="datasets",
        pick=_datasets,
    ),
    Read(
        "metric-history",
        "the history of a metric",
        f"{_D}/metrics/history/{{partition}}",
        Either((Fields({"values!": Items(_PAST_POINT)}), Items(_PAST_POINT))),
        params={"metricLookup": "{metric}"},
        after="metrics",
        pick=_metrics,
    ),
    Read(
        "rule-results",
        "the rule results of a dataset",
        f"{_D}/data-quality/last-rules-result",
        Items(_RESULT),
        since=QUALITY_SINCE,
        params={"partition": "{partition}"},
        after="datasets",
        pick=_datasets,
    ),
    Read(
        "rules",
        "the rules of a dataset",
        f"{_D}/data-quality/rules",
        Either((Items(_RULE), Fields({"checks!": Items(_RULE)}))),
        since=QUALITY_SINCE,
        after="datasets",
        pick=_datasets,
    ),
    Read("usages", "the uses of a dataset", f"{_D}/usages", Items(ANYTHING), after="datasets", pick=_datasets),
    Read(
        "rows",
        "a row of a dataset",
        f"{_D}/data/",
        Columns(),
        params={"format": "tsv-excel-header", "limit": 1},
        after="datasets",
        pick=_datasets,
    ),
    *(
        Read(
            f"stats-{view.lower().replace('_', '-')}",
            f"an internal-stats dataset of {view}",
            f"{_P}/datasets/{{stats}}/data/",
            Columns(stats.NEEDED[view]),
            params={"format": "tsv-excel-header", "limit": ROWS_TRIED},
            after="datasets",
            pick=_view(view),
        )
        for view in (stats.SCENARIO_RUNS, stats.FLOW_ACTIONS, stats.JOBS)
    ),
    Read(
        "quality",
        "the data quality status",
        f"{_P}/data-quality/status",
        ByName(Either((_QUALITY, Fields({"status": _QUALITY, "outcome": _QUALITY})))),
        since=QUALITY_SINCE,
        params={"onlyMonitored": False},
    ),
    Read("folders", "the managed folders", f"{_P}/managedfolders/", Items(_FOLDER)),
    Read("folder", "the settings of a folder", _F, _FOLDER, after="folders", pick=_each("folder", "id")),
    Read("files", "the files of a folder", f"{_F}/contents", _FILES, after="folders", pick=_each("folder", "id")),
    Read(
        "folder-metrics",
        "the metrics of a folder",
        f"{_F}/metrics/last",
        _LAST_METRICS,
        after="folders",
        pick=_each("folder", "id"),
    ),
    Read(
        "folder-metric-history",
        "the history of a folder's metric",
        f"{_F}/metrics/history",
        Either((Fields({"values!": Items(_PAST_POINT)}), Items(_PAST_POINT))),
        params={"metricLookup": "{metric}"},
        after="folder-metrics",
        pick=_metrics,
    ),
    Read(
        "state-files",
        f"the files of the state folder {FOLDER}",
        f"{_STATE}/contents",
        _FILES,
        after="folders",
        pick=_each("state", "id", where=lambda item: raw.text(item, "name") == FOLDER),
    ),
    Read(
        "state-file",
        f"a file of the state folder {FOLDER}",
        f"{_STATE}/contents/{{file}}",
        Content(),
        after="state-files",
        pick=_files,
    ),
    Read("recipes", "the list of recipes", f"{_P}/recipes/", Items(_RECIPE)),
    Read(
        "recipe",
        "the settings of a recipe",
        f"{_P}/recipes/{{recipe}}",
        Fields({"recipe!": Fields({"params": ANYTHING}), "payload": TEXT}),
        after="recipes",
        pick=_each("recipe", "name"),
    ),
    Read("models", "the saved models", f"{_P}/savedmodels/", Items(_MODEL)),
    Read(
        "model-versions",
        "the versions of a model",
        f"{_P}/savedmodels/{{model}}/versions",
        Items(_VERSION),
        after="models",
        pick=_each("model", "id"),
    ),
    Read("analyses", "the visual analyses", f"{_P}/lab/", Items(Fields({"name": TEXT}))),
    Read("notebooks", "the notebooks", f"{_P}/jupyter-notebooks/", Items(Fields({"name!": TEXT, "tags": TEXTS}))),
    Read(
        "notebook-sessions",
        "the notebooks with a session",
        f"{_P}/jupyter-notebooks/",
        Items(_NOTEBOOK),
        params={"active": True},
    ),
    Read(
        "notebook",
        "the code of a notebook",
        f"{_P}/jupyter-notebooks/{{notebook}}",
        Fields({"cells": ANYTHING}),
        after="notebooks",
        pick=_each("notebook", "name"),
    ),
    Read("sql-notebooks", "the SQL notebooks", f"{_P}/sql-notebooks/", Items(_NAMED), since="13.1"),
    Read(
        "sql-notebook",
        "the code of a SQL notebook",
        f"{_P}/sql-notebooks/{{notebook}}",
        ANYTHING,
        since="13.1",
        after="sql-notebooks",
        pick=_each("notebook", "id"),
    ),
    Read("webapps", "the web apps", f"{_P}/webapps/", Items(_WEBAPP), since="11.4"),
    Read(
        "webapp",
        "the code of a web app",
        f"{_P}/webapps/{{webapp}}",
        Fields({"params": ANYTHING}),
        since="11.4",
        after="webapps",
        pick=_each("webapp", "id"),
    ),
    Read(
        "backend",
        "the backend of a web app",
        f"{_P}/webapps/{{webapp}}/backend/state",
        Fields({"futureInfo": Fields({"alive": FLAG, "startTime": INSTANT})}),
        since="11.4",
        after="webapps",
        pick=_each("webapp", "id"),
    ),
    Read("dashboards", "the dashboards", f"{_P}/dashboards/", Items(_NAMED), since="12.0"),
    Read(
        "dashboard",
        "the tiles of a dashboard",
        f"{_P}/dashboards/{{dashboard}}",
        ANYTHING,
        since="12.0",
        after="dashboards",
        pick=_each("dashboard", "id"),
    ),
    Read(
        "insights",
        "the insights",
        f"{_P}/insights/",
        Items(Fields({"id!": TEXT, "name": TEXT, "params": ANYTHING})),
        since="12.0",
    ),
    Read(
        "insight",
        "the settings of an insight",
        f"{_P}/insights/{{insight}}",
        ANYTHING,
        since="12.0",
        after="insights",
        pick=_each("insight", "id"),
    ),
    Read("wiki", "the wiki's contents", f"{_P}/wiki/", Fields({"taxonomy!": Items(_ENTRY)})),
    Read(
        "article",
        "an article of the wiki",
        f"{_P}/wiki/{{article}}",
        Fields({"article!": Fields({"id": TEXT, "name!": TEXT}), "payload": TEXT}),
        after="wiki",
        pick=_articles,
    ),
    Read(
        "macros",
        "the macros",
        f"{_P}/runnables/",
        Items(Fields({"runnableType!": TEXT})),
    ),
    Read(
        "macro",
        "the parameters of a macro",
        f"{_P}/runnables/{{macro}}",
        Fields({"params": Items(Fields({"name": TEXT, "defaultValue": ANYTHING}))}),
        after="macros",
        pick=_each("macro", "runnableType"),
    ),
    Read(
        "macro-state",
        "whether a macro still runs",
        f"{_P}/runnables/{{macro}}/state/{{run}}",
        Fields({"running!": FLAG}),
        why_not="it takes a macro that was started, and the self-check starts none",
    ),
    Read(
        "macro-result",
        "what a macro found",
        f"{_P}/runnables/{{macro}}/result/{{run}}",
        Content(),
        why_not="it takes a macro that was started, and the self-check starts none",
    ),
)
