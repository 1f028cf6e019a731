"""DSS's answers as values of the model. Every field of an answer may be missing, null or of another type: what cannot be
read becomes the value's own "nothing", never an exception and never a guess that reads as good."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Optional

from ..model.rights import ADMIN
from ..model.snapshot import (
    Article,
    Bundle,
    Channel,
    Column,
    Commit,
    Dataset,
    Exposed,
    Folder,
    Grant,
    Graph,
    Group,
    Instance,
    Job,
    Metric,
    MetricPoint,
    Node,
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
    Step,
    Trigger,
    User,
    Variables,
    Viewer,
    Webapp,
    Zone,
)
from . import raw
from .masking import mask

Raw = Mapping[str, Any]

# What is said of a run or check that has ended without an outcome we can read: not running, and not good.
NO_OUTCOME = "UNKNOWN"

_TARGETS = {
    "DATASET": "targetDataset",
    "MANAGED_FOLDER": "targetManagedFolder",
    "SAVED_MODEL": "targetSavedModel",
    "MODEL_EVALUATION_STORE": "targetModelEvaluationStore",
    "STREAMING_ENDPOINT": "targetStreamingEndpoint",
    "RETRIEVABLE_KNOWLEDGE": "targetRetrievableKnowledge",
}
_ENDED = frozenset({"DONE", "FAILED", "ABORTED", "KILLED", "CANCELED"})
_WHOLE = frozenset({"", "NP", "ALL"})
_SEPARATORS = re.compile(r"[,;\s]+")
_RECIPIENTS = ("recipient", "ccRecipient", "bccRecipient", "to", "cc", "bcc", "channel")


# --- instance and people ---------------------------------------------------------------------------------------------


def instance(answer: Any) -> Instance:
    return Instance(
        node_id=raw.text(answer, "nodeId"),
        node_name=raw.text(answer, "nodeName"),
        node_type=raw.text(answer, "nodeType"),
        version=raw.text(answer, "dssVersion"),
        url=raw.text(answer, "nodeUrl").rstrip("/"),
    )


def viewer(answer: Any) -> Viewer:
    """Who an identity is; a key's own id (`api:…`) is no login."""
    login = raw.first_text((raw.text(answer, "associatedDSSUser"), raw.text(answer, "authIdentifier")))
    return Viewer("" if login.startswith("api:") else login, raw.texts(answer, "groups"))


def users(answer: Iterable[Raw]) -> tuple[User, ...]:
    return tuple(
        User(
            login=raw.text(item, "login"),
            display_name=raw.text(item, "displayName"),
            email=raw.text(item, "email"),
            enabled=raw.flag(item, "enabled"),
            groups=raw.texts(item, "groups"),
        )
        for item in answer
    )


def groups(answer: Iterable[Raw]) -> tuple[Group, ...]:
    return tuple(Group(raw.text(i, "name"), raw.text(i, "description"), raw.flag(i, "admin")) for i in answer)


def grants(answer: Any) -> tuple[Grant, ...]:
    """The owner first, then each entry in DSS's order, all with what was ticked for them."""
    found = [
        Grant(kind, raw.text(item, kind), frozenset(name for name, value in item.items() if raw.flag(value)))
        for item in raw.mappings(answer, "permissions")
        for kind in ("group", "user")
        if raw.text(item, kind)
    ]
    owner = raw.text(answer, "owner")
    return (Grant("user", owner, frozenset([ADMIN]), True), *found) if owner else tuple(found)


def channels(answer: Iterable[Raw]) -> tuple[Channel, ...]:
    return tuple(
        Channel(raw.text(i, "id"), raw.text(i, "type"), raw.text(i, "family"), raw.text(i, "sender")) for i in answer
    )


# --- project ---------------------------------------------------------------------------------------------------------


def project(answer: Any, key: str) -> Project:
    return Project(
        key=key,
        name=raw.text(answer, "name"),
        short_desc=raw.text(answer, "shortDesc"),
        description=raw.text(answer, "description"),
        owner_login=raw.text(answer, "ownerLogin"),
        owner_name=raw.text(answer, "ownerDisplayName"),
        status=raw.text(answer, "projectStatus"),
        tags=raw.texts(answer, "tags"),
        modified_at=_modified_at(answer),
        modified_by=raw.text(answer, "versionTag", "lastModifiedBy", "login"),
        created_at=raw.instant(answer, "creationTag", "lastModifiedOn"),
        triggers_disabled=raw.flag(answer, "disableAutomaticTriggers"),
        may_write=raw.flag(answer, "canWriteProjectContent"),
    )


def project_settings(answer: Any, key: str) -> ProjectSettings:
    inner = raw.mapping(answer, "settings")
    return ProjectSettings(
        triggers_disabled=raw.flag(inner, "disableAutomaticTriggers"),
        exposed=tuple(
            Exposed(
                ObjectRef(raw.text(item, "type"), key, raw.text(item, "localName")),
                tuple(raw.text(rule, "targetProject") for rule in raw.mappings(item, "rules")),
            )
            for item in raw.mappings(answer, "exposedObjects", "objects")
        ),
        access_requests=raw.text(inner, "accessRequestsEnabled").upper(),
    )


def variables(answer: Any) -> Variables:
    return Variables(raw.mapping(answer, "standard"), raw.mapping(answer, "local"))


def articles(answer: Any) -> tuple[Article, ...]:
    """The wiki's table of contents in reading order; their titles take a call each."""
    found: list[Article] = []
    waiting = list(reversed(raw.mappings(answer, "taxonomy")))
    while waiting:
        entry = waiting.pop()
        if raw.text(entry, "id"):
            found.append(Article(raw.text(entry, "id"), raw.text(entry, "name")))
        waiting.extend(reversed(raw.mappings(entry, "children")))
    return tuple(found)


def article_name(answer: Any) -> str:
    return raw.text(answer, "article", "name")


def webapps(answer: Iterable[Raw]) -> tuple[Webapp, ...]:
    return tuple(Webapp(raw.text(i, "id"), raw.text(i, "name"), raw.text(i, "type")) for i in answer)


def bundles(answer: Any) -> tuple[Bundle, ...]:
    """Newest first where DSS says when they were made. Its answer names the active one in one of several ways."""
    activated = raw.first_text(raw.text(answer, key) for key in ("activeBundleId", "activeBundle"))
    found = [
        Bundle(
            raw.first_text((raw.text(item, "bundleId"), raw.text(item, "id"))),
            _first_instant(
                (item, "exportedOn"),
                (item, "exportManifest", "exportUserInfo", "exportedOn"),
                (item, "importedOn"),
                (item, "createdOn"),
                (item, "creationTag", "lastModifiedOn"),
            ),
            _is_active(item, activated),
        )
        for item in raw.mappings(answer, "bundles") or raw.mappings(answer)
    ]
    return tuple(_newest_first(found, lambda bundle: bundle.created_at))


def commits(answer: Any) -> tuple[Commit, ...]:
    return tuple(
        Commit(
            raw.first_text((raw.text(item, "commitId"), raw.text(item, "id"))),
            raw.text(item, "author"),
            _first_instant((item, "timestamp"), (item, "date")),
            raw.text(item, "message"),
        )
        for item in raw.mappings(answer, "entries")
    )


def logs(answer: Any) -> tuple[str, ...]:
    """Names of the log files; some versions answer objects."""
    return tuple(
        filter(
            None, (raw.text(item) or raw.text(item, "name") for item in raw.items(answer) or raw.items(answer, "logs"))
        )
    )


# --- scenarios -------------------------------------------------------------------------------------------------------


def scenarios(answer: Iterable[Raw]) -> tuple[Scenario, ...]:
    found: dict[str, Scenario] = {}
    for scenario in map(_scenario, answer):
        # An id given twice names one of them at most: the other stays, is asked for in vain and so is unknown.
        name, number = scenario.id, 2
        while name in found:
            name, number = f"{scenario.id} ({number})", number + 1
        found[name] = replace(scenario, id=name)
    return tuple(found.values())


def scenarios_of_unknown_state(answer: Iterable[Raw]) -> tuple[str, ...]:
    """Names of the scenarios of which DSS does not say whether they are active."""
    return tuple(_name(item) for item in answer if raw.flag(item, "active") is None)


def _scenario(item: Raw) -> Scenario:
    running = raw.flag(item, "running") is True
    # Taken for active when DSS does not say: an alarm too many is seen, one too few is not.
    active = raw.flag(item, "active") is not False
    return Scenario(
        id=raw.text(item, "id"),
        name=_name(item),
        type=raw.text(item, "type"),
        active=active,
        running=running,
        running_since=raw.instant(item, "start") if running else None,
        next_run=raw.instant(item, "nextRun"),
        trigger_digest=raw.text(item, "triggerDigest"),
        marked_as_test=raw.flag(item, "markedAsTest") is True,
        short_desc=raw.text(item, "shortDesc"),
        description=raw.text(item, "description"),
        tags=raw.texts(item, "tags"),
        version=_version(item),
        modified_at=_modified_at(item),
        modified_by=raw.first_text(
            (raw.text(item, "versionTag", "lastModifiedBy", "login"), raw.text(item, "lastModifiedBy", "login"))
        ),
        created_at=raw.instant(item, "creationTag", "lastModifiedOn"),
    )


def says_its_triggers(answer: Any) -> bool:
    """Whether a scenario's settings have triggers at all, if only none: without, nothing is known of them."""
    return any(isinstance(raw.at(answer, *way), list) for way in (("triggers",), ("params", "triggers")))


def scenario_settings(answer: Any) -> ScenarioSettings:
    """Triggers, steps, reporters and the effective run-as user: configured, else last editor, else creator."""
    configured = raw.text(answer, "runAsUser")
    return ScenarioSettings(
        triggers=tuple(_trigger(item) for item in _own_or_params(answer, "triggers")),
        steps=tuple(_step(item) for item in raw.mappings(answer, "params", "steps")),
        reporters=tuple(_reporter(item) for item in _own_or_params(answer, "reporters")),
        run_as=raw.first_text(
            (
                configured,
                raw.text(answer, "versionTag", "lastModifiedBy", "login"),
                raw.text(answer, "creationTag", "lastModifiedBy", "login"),
            )
        ),
        run_as_configured=bool(configured),
    )


def _own_or_params(answer: Any, key: str) -> tuple[Raw, ...]:
    # Some clients create scenarios with these inside `params`.
    return raw.mappings(answer, key) or raw.mappings(answer, "params", key)


def _trigger(item: Raw) -> Trigger:
    return Trigger(
        type=raw.text(item, "type"),
        active=raw.flag(item, "active") is not False,
        id=raw.text(item, "id"),
        name=raw.text(item, "name"),
        delay_seconds=raw.number(item, "delay"),
        params=raw.mapping(item, "params"),
    )


def _step(item: Raw) -> Step:
    switched_off = raw.flag(item, "enabled") is False or raw.text(item, "runConditionType") == "DISABLED"
    return Step(
        type=raw.text(item, "type"),
        id=raw.text(item, "id"),
        name=raw.text(item, "name"),
        enabled=not switched_off,
        params=raw.mapping(item, "params"),
    )


def _reporter(item: Raw) -> Reporter:
    settings = raw.mapping(item, "messaging", "configuration")
    told = (_SEPARATORS.split(raw.text(settings, key)) for key in _RECIPIENTS)
    return Reporter(
        type=raw.text(item, "messaging", "type"),
        id=raw.text(item, "id"),
        name=raw.text(item, "name"),
        active=raw.flag(item, "active") is not False,
        phase=raw.text(item, "phase") or "END",
        condition=raw.text(item, "runCondition") if raw.flag(item, "runConditionEnabled") else "",
        channel_id=raw.text(settings, "channelId"),
        recipients=tuple(dict.fromkeys(name for names in told for name in names if name)),
    )


def runs(answer: Iterable[Raw]) -> tuple[Run, ...]:
    """Newest first, whatever the order of the answer; of details, the run itself."""
    found = [_run(raw.mapping(item, "scenarioRun") or item) for item in answer]
    return tuple(_newest_first(found, lambda run: run.start))


def _run(item: Raw) -> Run:
    result = raw.mapping(item, "result")
    fire = raw.mapping(item, "trigger")
    end = _first_instant((item, "end"), (result, "end"))
    # Without a result it runs. Ended all the same, or a result that tells nothing: neither running nor good.
    running = raw.at(item, "result") is None and end is None
    return Run(
        run_id=raw.text(item, "runId"),
        start=_first_instant((item, "start"), (result, "start")),
        end=None if running else end,
        outcome=None if running else raw.text(result, "outcome") or NO_OUTCOME,
        trigger_type=raw.text(fire, "trigger", "type"),
        trigger_id=raw.text(fire, "trigger", "id"),
        trigger_name=raw.text(fire, "trigger", "name"),
        fired_at=raw.instant(fire, "timestamp"),
        run_as=raw.first_text((raw.text(item, "runAsUser", "realUserLogin"), raw.text(item, "runAsUser"))),
        message=mask(raw.first_text((raw.text(result, "thrown", "message"), raw.text(result, "thrown", "title")))),
        warnings=raw.count(result, "warnings", "totalCount"),
    )


# --- flow ------------------------------------------------------------------------------------------------------------


def datasets(answer: Iterable[Raw], key: str) -> tuple[Dataset, ...]:
    return tuple(_dataset(item, key) for item in answer)


def _dataset(item: Raw, key: str) -> Dataset:
    params = raw.mapping(item, "params")
    return Dataset(
        name=raw.text(item, "name"),
        project_key=raw.text(item, "projectKey") or key,
        type=raw.text(item, "type"),
        managed=raw.flag(item, "managed") is True,
        connection=raw.first_text((raw.text(params, "connection"), raw.text(params, "uploadConnection"))),
        location=_location(params),
        partitioned_by=tuple(
            raw.text(dimension, "name") for dimension in raw.mappings(item, "partitioning", "dimensions")
        ),
        columns=tuple(
            Column(raw.text(column, "name"), raw.text(column, "type"), raw.text(column, "comment"))
            for column in raw.mappings(item, "schema", "columns")
        ),
        tags=raw.texts(item, "tags"),
        short_desc=raw.text(item, "shortDesc"),
        description=raw.text(item, "description"),
        rebuild_behavior=raw.text(item, "flowOptions", "rebuildBehavior"),
        feature_group=raw.flag(item, "featureGroup") is True,
        monitored=raw.flag(item, "metricsChecks", "monitor"),
        probe_types=tuple(
            raw.text(probe, "type")
            for probe in raw.mappings(item, "metrics", "probes")
            if raw.flag(probe, "enabled") is not False
        ),
        rules=tuple(_rule(rule) for rule in raw.mappings(item, "metricsChecks", "checks")),
        modified_at=_modified_at(item),
    )


def _location(params: Raw) -> str:
    if raw.text(params, "mode") == "query":
        return "a query"
    table = [raw.text(params, key) for key in ("catalog", "schema", "table")]
    if table[-1]:
        return ".".join(filter(None, table))
    return raw.first_text(raw.text(params, key) for key in ("path", "folderSmartId", "view"))


def _rule(item: Raw) -> Rule:
    on_build = raw.text(item, "computeOnBuildMode")
    auto = raw.flag(item, "autoRun")
    return Rule(
        id=raw.text(item, "id"),
        name=raw.first_text(
            (raw.text(item, "displayName"), raw.text(item, "meta", "label"), raw.text(item, "meta", "name"))
        ),
        type=raw.text(item, "type"),
        enabled=raw.flag(item, "enabled") is not False,
        auto_run=auto if auto is not None else (on_build != "NO" if on_build else None),
        params=item,
    )


def folders(answer: Iterable[Raw], key: str) -> tuple[Folder, ...]:
    return tuple(
        Folder(
            id=raw.text(item, "id"),
            project_key=raw.text(item, "projectKey") or key,
            name=raw.text(item, "name"),
            type=raw.text(item, "type"),
            connection=raw.text(item, "params", "connection"),
        )
        for item in answer
    )


def graph(answer: Any) -> Graph:
    return Graph(
        tuple(
            Node(
                id=str(node_id),
                kind=raw.text(node, "type"),
                ref=raw.text(node, "ref"),
                predecessors=raw.texts(node, "predecessors"),
                successors=raw.texts(node, "successors"),
            )
            for node_id, node in raw.mapping(answer, "nodes").items()
        )
    )


def zones(answer: Iterable[Raw], key: str) -> tuple[Zone, ...]:
    return tuple(
        Zone(
            raw.text(zone, "id"),
            raw.text(zone, "name"),
            tuple(
                ObjectRef(raw.text(item, "objectType"), raw.text(item, "projectKey") or key, raw.text(item, "objectId"))
                for item in raw.mappings(zone, "items")
            ),
        )
        for zone in answer
    )


def jobs(answer: Iterable[Raw], key: str) -> tuple[Job, ...]:
    """Newest first by when they were asked for, whatever the order of the answer."""
    found = [_job(item, key) for item in answer]
    return tuple(_newest_first(found, lambda job: job.initiated_at or job.start))


def _job(item: Raw, key: str) -> Job:
    definition = raw.mapping(item, "def")
    state = raw.text(item, "state")
    return Job(
        id=raw.first_text((raw.text(definition, "id"), raw.text(item, "jobId"))),
        name=raw.text(definition, "name"),
        type=raw.text(definition, "type"),
        initiator=raw.text(definition, "initiator"),
        state=state,
        finished=has_ended(item, state),
        initiated_at=raw.instant(definition, "initiationTimestamp"),
        start=raw.instant(item, "startTime"),
        end=raw.instant(item, "endTime"),
        outputs=tuple(_target(target, key) for target in raw.mappings(definition, "outputs")),
        warnings=raw.count(item, "warningsCount"),
    )


def has_ended(item: Raw, state: str) -> bool:
    """Whether a job of the list is over."""
    stable = raw.flag(item, "stableState")
    return stable if stable is not None else state in _ENDED


def _target(item: Raw, key: str) -> tuple[ObjectRef, str]:
    kind = raw.text(item, "type") or "DATASET"
    field = _TARGETS.get(kind, "id")
    name = raw.first_text((raw.text(item, field), raw.text(item, field + "Id"), raw.text(item, "id")))
    project_key = raw.first_text((raw.text(item, field + "ProjectKey"), raw.text(item, "projectKey"), key))
    partition = raw.first_text((raw.text(item, "targetPartition"), raw.text(item, "partition")))
    return ObjectRef(kind, project_key, name), whole(partition)


def whole(partition: str) -> str:
    """'' for the whole object, whichever way DSS writes it."""
    return "" if partition in _WHOLE else partition


# --- facts about one object ------------------------------------------------------------------------------------------


def metrics(answer: Any) -> tuple[Metric, ...]:
    """Every last value, one a partition; a metric that was never computed has none."""
    return tuple(
        Metric(
            id=raw.text(item, "metric", "id"),
            value=raw.text(point, "value"),
            data_type=raw.text(point, "dataType"),
            computed_at=raw.instant(point, "computed"),
            partition=whole(raw.text(point, "partition")),
        )
        for item in raw.mappings(answer, "metrics")
        for point in raw.mappings(item, "lastValues")
        if raw.text(point, "value")
    )


def points(answer: Any) -> tuple[MetricPoint, ...]:
    """The history of a number, oldest first; points without a time or a number are passed over."""
    found = (
        (_first_instant((point, "time"), (point, "computed")), raw.number(point, "value"))
        for point in raw.mappings(answer, "values") or raw.mappings(answer)
    )
    return tuple(
        sorted((MetricPoint(at, value) for at, value in found if at and value is not None), key=lambda p: p.at)
    )


def rule_results(answer: Iterable[Raw]) -> tuple[RuleResult, ...]:
    return tuple(
        RuleResult(
            rule_id=raw.text(item, "id"),
            name=raw.text(item, "name"),
            outcome=raw.text(item, "outcome").upper(),
            message=raw.text(item, "message"),
            computed_at=raw.instant(item, "computeDate"),
        )
        for item in answer
    )


def quality(answer: Any) -> tuple[QualityStatus, ...]:
    """The worst outcome per dataset; a leaf is a word or an object around it."""
    return tuple(
        QualityStatus(
            str(name), _computed(raw.first_text((raw.text(v), raw.text(v, "status"), raw.text(v, "outcome"))))
        )
        for name, v in raw.mapping(answer).items()
    )


def newest_file(answer: Any) -> Optional[datetime]:
    """When the youngest file of a folder was changed; None for an empty one."""
    return max(file_times(answer), default=None)


def file_times(answer: Any) -> tuple[datetime, ...]:
    """When each file of a folder's listing was changed, as far as it tells."""
    listed = raw.mappings(answer, "items") or raw.mappings(answer)
    times = (_first_instant((item, "lastModified"), (item, "lastModifiedOn")) for item in listed)
    return tuple(filter(None, times))


# --- shapes that recur -----------------------------------------------------------------------------------------------


def _name(item: Raw) -> str:
    return raw.first_text((raw.text(item, "name"), raw.text(item, "id")))


def _version(item: Raw) -> Optional[int]:
    found = raw.number(item, "versionTag", "versionNumber")
    return None if found is None else int(found)


def _modified_at(item: Any) -> Optional[datetime]:
    # Objects that were never edited may have a creation tag only.
    return _first_instant((item, "versionTag", "lastModifiedOn"), (item, "creationTag", "lastModifiedOn"))


def _first_instant(*ways: tuple[Any, ...]) -> Optional[datetime]:
    return next(filter(None, (raw.instant(source, *keys) for source, *keys in ways)), None)


def _newest_first(found: list[Any], when: Any) -> list[Any]:
    """Sorted by time where every member has one; DSS's own order else, which is newest first."""
    return sorted(found, key=when, reverse=True) if all(when(one) for one in found) else found


def _is_active(item: Raw, activated: str) -> Optional[bool]:
    said = raw.flag(item, "active")
    if said is not None or not activated:
        return said
    return activated in (raw.text(item, "bundleId"), raw.text(item, "id"))


def _computed(word: str) -> str:
    return "" if word.upper() in ("NOT_COMPUTED", "NONE") else word.upper() or NO_OUTCOME
