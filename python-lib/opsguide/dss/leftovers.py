"""What may be left over in a project, as things for `core.cleanup`, and everything that may name a dataset or folder.

Lists come first; one by one only what may hold a name and is not in a list is read (code, notebooks, web apps). What could
not be read is a gap that says why: `core.cleanup` then protects what it would have told about.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from sys import intern
from typing import Any, Optional

from ..errors import DssNotFound
from ..model.cleanup import Document, Gap, JobLog, Origin, Thing
from ..model.known import Unknown, known
from ..model.snapshot import Job, ObjectRef, Scenario, Snapshot
from . import answers, gateway, raw
from .session import Batch, Clients, path

LISTS = frozenset({"project", "scenarios", "graph", "settings", "instance"})
BUILDS, SIZES = frozenset({"builds"}), frozenset({"metrics", "files"})

RUNS_ASKED = 5_000
# DSS lists all jobs or none: of those that need a clean-up most there are hundreds of thousands.
MAX_JOBS_BYTES, JOBS_SECONDS = 2 * 1024**3, 600.0
# Code, notebooks and the like that are read one by one, per kind; beyond, that kind of use cannot be ruled out.
MAX_READ = 600

_CODE = (
    "python",
    "r",
    "sql_",
    "shell",
    "pyspark",
    "spark",
    "hive",
    "impala",
    "julia",
    "ksql",
    "CustomCode_",
    "cpython",
)


_UNSIZED = -1


class JobLogs:
    """The jobs of a project in columns, for there are very many: they take a hundred bytes each, most of them the id."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._series: list[str] = []
        self._outcomes: list[str] = []
        self._live = bytearray()
        self._at, self._began_at, self._sizes = array("q"), array("q"), array("q")

    def add(self, job_id: str, series: str, outcome: str, live: bool, at: int, began_at: int) -> None:
        """Moments are milliseconds since 1970, 0 where there is none."""
        self.ids.append(job_id)
        self._series.append(intern(series))
        self._outcomes.append(intern(outcome))
        self._live.append(live)
        self._at.append(at)
        self._began_at.append(began_at)
        self._sizes.append(_UNSIZED)

    def take_sizes(self, on_disk: dict[str, int]) -> None:
        """Moves the bytes of each job's folder here: of so many names one copy is enough. What is left is of no job."""
        for number, job_id in enumerate(self.ids):
            self._sizes[number] = on_disk.pop(job_id, _UNSIZED)

    def logs(self, project_key: str, protected: tuple[str, ...]) -> Iterator[JobLog]:
        columns = (self.ids, self._series, self._outcomes, self._live, self._at, self._began_at, self._sizes)
        for job_id, series, outcome, live, at, began_at, bytes_ in zip(*columns):
            size = None if bytes_ == _UNSIZED else bytes_
            times = (_moment(at), _moment(began_at))
            yield JobLog(project_key, job_id, series, outcome, bool(live), *times, size, protected)


def _moment(millis: int) -> Optional[datetime]:
    return datetime.fromtimestamp(millis / 1000, timezone.utc) if millis else None


@dataclass(frozen=True)
class JobList:
    """All jobs of a project in few words; `telling` are those that say something of objects, whole and newest first: what
    runs, and of each state the newest of each set of outputs."""

    logs: JobLogs
    telling: tuple[Job, ...]


@dataclass(frozen=True)
class Leftovers:
    """A project as a clean-up sees it; `snapshot.jobs` are the telling ones. `unread` says of each signal why not all that
    could give it was read."""

    snapshot: Snapshot
    things: tuple[Thing, ...]
    documents: tuple[Document, ...]
    unread: Mapping[str, str]
    origins: Mapping[ObjectRef, Origin]
    gaps: tuple[Gap, ...]


def read_objects(clients: Clients, project_key: str) -> tuple[Snapshot, Mapping[ObjectRef, Origin]]:
    """The datasets and folders of the project, and of each what only its list item tells."""
    root = path("projects", project_key)
    with clients.batch() as batch:
        pending_datasets = batch.start(clients.get_items, f"{root}/datasets/")
        pending_folders = batch.start(clients.get_items, f"{root}/managedfolders/")
        datasets = batch.result("the list of datasets", pending_datasets)
        folders = batch.result("the managed folders", pending_folders)
    now, clock = clients.now()
    found = Snapshot(
        project_key,
        now,
        clock=clock,
        base_url=clients.base_url,
        datasets=datasets if isinstance(datasets, Unknown) else answers.datasets(datasets, project_key),
        folders=folders if isinstance(folders, Unknown) else answers.folders(folders, project_key),
    )
    origins = {
        **{ObjectRef("DATASET", project_key, raw.text(i, "name")): _origin(i) for i in known(datasets, ())},
        **{ObjectRef("MANAGED_FOLDER", project_key, raw.text(i, "id")): _origin(i) for i in known(folders, ())},
    }
    return found, _with_neighbours(found, origins)


def read_jobs(clients: Clients, project_key: str) -> JobList:
    """The list of jobs, read as it arrives: what is kept of it is a tenth of what DSS says."""
    logs = JobLogs()
    newest: dict[tuple[str, str], tuple[int, Mapping[str, Any]]] = {}
    running: list[Mapping[str, Any]] = []
    place = path("projects", project_key, "jobs") + "/"
    for item in clients.members(place, max_bytes=MAX_JOBS_BYTES, seconds=JOBS_SECONDS):
        definition, state = raw.mapping(item, "def"), raw.text(item, "state")
        began_at = raw.millis(item, "startTime") or raw.millis(definition, "initiationTimestamp")
        at, ended = raw.millis(item, "endTime") or began_at, answers.has_ended(item, state)
        job_id = raw.text(definition, "id") or raw.text(item, "jobId")
        logs.add(job_id, raw.text(definition, "name"), state, not ended, at, began_at)
        if not ended:
            running.append(item)
            continue
        told = (state, repr(definition.get("outputs")))
        if told not in newest or at > newest[told][0]:
            newest[told] = (at, item)
    return JobList(logs, answers.jobs([*running, *(item for _, item in newest.values())], project_key))


def read_lists(clients: Clients, project_key: str) -> tuple[Snapshot, Mapping[ObjectRef, Origin]]:
    """The project's lists but that of jobs; see `read_objects`."""
    objects, origins = read_objects(clients, project_key)
    return gateway.read_snapshot(clients, project_key, LISTS, have=objects), origins


def _origin(item: Mapping[str, Any]) -> Origin:
    return Origin(
        raw.texts(item, "tags"),
        raw.instant(item, "creationTag", "lastModifiedOn"),
        raw.instant(item, "versionTag", "lastModifiedOn"),
        version_of(item),
    )


def version_of(item: Any) -> str:
    """What changes whenever a person or program saves an object's settings; '' where DSS does not say."""
    number, at = raw.text(item, "versionTag", "versionNumber"), raw.text(item, "versionTag", "lastModifiedOn")
    return raw.first_text((number, at))


def _with_neighbours(snapshot: Snapshot, origins: dict[ObjectRef, Origin]) -> Mapping[ObjectRef, Origin]:
    """Two datasets over one table or path: deleting one may take the other's data."""
    places: dict[tuple[str, str], list[ObjectRef]] = {}
    for dataset in known(snapshot.datasets, ()):
        if dataset.connection and dataset.location:
            places.setdefault((dataset.connection, dataset.location), []).append(dataset.ref)
    for refs in places.values():
        for ref in refs if len(refs) > 1 else ():
            other = next(each.id for each in refs if each != ref)
            origins[ref] = replace(origins[ref], protected=(f"dataset {other} is over the same table or path",))
    return origins


def read_rest(
    clients: Clients, lists: Snapshot, origins: Mapping[ObjectRef, Origin], groups: frozenset[str], *, documents: bool
) -> Leftovers:
    """Everything else that the groups take but what DSS knows of single objects (`read_facts`). `documents` says whether
    there is an object that they may name."""
    with clients.batch() as batch:
        reading = _Reading(clients, batch, lists, groups)
        things = reading.things()
        found = reading.documents() if documents else ()
        return Leftovers(lists, things, found, reading.unread, origins, tuple(reading.gaps))


def read_facts(clients: Clients, found: Leftovers, facts: frozenset[str], objects: tuple[ObjectRef, ...]) -> Leftovers:
    """The same with what DSS knows of these objects, one call each at least."""
    if not objects:
        return found
    snapshot = gateway.read_snapshot(clients, found.snapshot.project_key, facts, objects=objects, have=found.snapshot)
    return replace(found, snapshot=snapshot)


class _Reading:
    def __init__(self, clients: Clients, batch: Batch, snapshot: Snapshot, groups: frozenset[str]) -> None:
        self.clients = clients
        self.batch = batch
        self.snapshot = snapshot
        self.groups = groups
        self.root = path("projects", snapshot.project_key)
        self.unread: dict[str, str] = {}
        self.gaps: list[Gap] = []

    # --- things ------------------------------------------------------------------------------------------------------

    def things(self) -> tuple[Thing, ...]:
        readers: Mapping[str, tuple[str, Callable[[], Iterator[Thing]]]] = {
            "model_versions": ("the saved models", self._versions),
            "bundles": ("the bundles", self._bundles),
            "notebook_sessions": ("the notebook sessions", self._sessions),
            "webapp_backends": ("the web apps' backends", self._backends),
        }
        runs = self._start_runs() if "scenario_logs" in self.groups else {}
        pending = {group: self._list_of(read) for group, (_, read) in readers.items() if group in self.groups}
        found = [thing for each, future in runs.items() for thing in self._take_runs(each, future)]
        return (*found, *(t for group, each in pending.items() for t in self._take(group, readers[group][0], each)))

    def _list_of(self, read: Callable[..., Iterator[Thing]], *args: Any) -> Future[list[Thing]]:
        return self.batch.start(lambda: list(read(*args)))

    def _take(self, group: str, what: str, pending: Future[list[Thing]]) -> list[Thing]:
        found = self.batch.result(what, pending)
        if isinstance(found, Unknown):
            self.gap(group, found)
            return []
        return found

    def gap(self, group: str, why: Unknown) -> None:
        self.gaps.append(Gap(group, self.snapshot.project_key, why.reason, why.needs))

    def _start_runs(self) -> dict[Scenario, Future[list[Thing]]]:
        if isinstance(self.snapshot.scenarios, Unknown):
            self.gap("scenario_logs", self.snapshot.scenarios)
            return {}
        return {each: self._list_of(self._runs_of, each) for each in self.snapshot.scenarios}

    def _take_runs(self, scenario: Scenario, pending: Future[list[Thing]]) -> list[Thing]:
        found = self.batch.result(f"the runs of {scenario.id}", pending)
        return [self._unread_runs(scenario, "runs", found.reason)] if isinstance(found, Unknown) else found

    def _runs_of(self, scenario: Scenario) -> Iterator[Thing]:
        api_path = path("projects", self.snapshot.project_key, "scenarios", scenario.id, "get-last-runs")
        listed = self.clients.get_items(api_path, {"limit": RUNS_ASKED, "onlyFinishedRuns": False})
        for run in answers.runs(listed):
            yield Thing(
                "scenario_logs",
                self.snapshot.project_key,
                f"{scenario.id}/{run.run_id}",
                f"{scenario.name or scenario.id}, {run.run_id}",
                series=scenario.name or scenario.id,
                at=run.end or run.start,
                began_at=run.start,
                outcome=run.outcome or "",
                live=run.running,
                tags=scenario.tags,
                version=f"{run.outcome} {run.end}",
            )
        if len(listed) >= RUNS_ASKED:
            why = "they were not asked for: they come next, when those are gone"
            yield self._unread_runs(scenario, f"the runs before the last {RUNS_ASKED:,}", why)

    def _unread_runs(self, scenario: Scenario, which: str, why: str) -> Thing:
        """Stands for runs that nobody looked at. Its age is not known, so that nothing beside it is deleted by age alone."""
        name = f"{scenario.name or scenario.id}, {which}"
        return Thing("scenario_logs", self.snapshot.project_key, f"{scenario.id}/", name, protected=(why,))

    def _versions(self) -> Iterator[Thing]:
        for model in self.clients.get_items(f"{self.root}/savedmodels/"):
            model_id, name = raw.text(model, "id"), raw.text(model, "name")
            if raw.text(model, "projectKey") not in ("", self.snapshot.project_key) or not model_id:
                continue
            place = path("projects", self.snapshot.project_key, "savedmodels", model_id, "versions")
            for version in self.clients.get_items(place):
                version_id = raw.text(version, "id")
                trained = _first_instant(version, ("snippet", "trainDate"), ("trainDate",), ("creationDate",))
                if not version_id:
                    continue
                yield Thing(
                    "model_versions",
                    self.snapshot.project_key,
                    f"{model_id}/{version_id}",
                    f"{name or model_id}, {version_id}",
                    series=name or model_id,
                    at=trained or raw.instant({"id": version_id}, "id"),
                    size=_size(version),
                    live=raw.flag(version, "active"),
                    tags=raw.texts(model, "tags"),
                    version=str(trained),
                )

    def _bundles(self) -> Iterator[Thing]:
        node = known(self.snapshot.instance, None)
        automation = node is not None and node.node_type == "AUTOMATION"
        side = "imported" if automation else "exported"
        for bundle in answers.bundles(self.clients.get_either(f"{self.root}/bundles/{side}")):
            yield Thing(
                "bundles",
                self.snapshot.project_key,
                f"{side}/{bundle.id}",
                bundle.id,
                at=bundle.created_at,
                # On a design node no bundle is active; on an automation node DSS must say that this one is not.
                live=bundle.active if automation else bool(bundle.active),
                version=str(bundle.created_at),
            )

    def _sessions(self) -> Iterator[Thing]:
        for notebook in self.clients.get_items(f"{self.root}/jupyter-notebooks/", {"active": True}):
            name = raw.text(notebook, "name")
            for session in raw.mappings(notebook, "activeSessions"):
                active_at = raw.instant(session, "kernelLastActivityTime")
                who = raw.first_text(
                    (raw.text(session, "sessionCreatorDisplayName"), raw.text(session, "sessionCreator"))
                )
                yield Thing(
                    "notebook_sessions",
                    self.snapshot.project_key,
                    f"{name}/{raw.text(session, 'sessionId')}",
                    f"{name}, {who}" if who else name,
                    at=active_at,
                    began_at=raw.instant(session, "sessionStartTime"),
                    live=_is_busy(session),
                    tags=raw.texts(notebook, "tags"),
                    version=f"{active_at} {raw.text(session, 'kernelExecutionState')}",
                    protected=("a page is open on it",) if raw.count(session, "kernelConnections") else (),
                )

    def _backends(self) -> Iterator[Thing]:
        for webapp in self.clients.get_items(f"{self.root}/webapps/"):
            webapp_id = raw.text(webapp, "id")
            state = self.clients.get_mapping(
                path("projects", self.snapshot.project_key, "webapps", webapp_id, "backend", "state")
            )
            future = raw.mapping(state, "futureInfo")
            if not raw.flag(future, "alive"):
                continue
            started = raw.instant(future, "startTime") or raw.instant(webapp, "versionTag", "lastModifiedOn")
            own = raw.text(webapp, "type").startswith("webapp_operations-guide_")
            yield Thing(
                "webapp_backends",
                self.snapshot.project_key,
                webapp_id,
                raw.text(webapp, "name") or webapp_id,
                at=started,
                live=True,
                tags=raw.texts(webapp, "tags"),
                version=str(started),
                protected=("it is this guide itself",) if own else (),
            )

    # --- documents ---------------------------------------------------------------------------------------------------

    def documents(self) -> tuple[Document, ...]:
        """Everything that may name a dataset or folder; `unread` then says what could not be read."""
        recipes, scenarios = self._list("recipe", "/recipes/"), known(self.snapshot.scenarios, ())
        if isinstance(self.snapshot.scenarios, Unknown):
            self.unread["scenario step"] = self.snapshot.scenarios.reason
        coded = [raw.text(item, "name") for item in recipes if raw.text(item, "type").startswith(_CODE)]
        notebooks, sql = self._list("notebook", "/jupyter-notebooks/"), self._list("notebook", "/sql-notebooks/")
        webapps = self._list("web app", "/webapps/")
        dashboards, insights = self._list("dashboard", "/dashboards/"), self._list("insight", "/insights/")
        models = self._list("model", "/savedmodels/")
        return (
            *(Document("recipe", f"recipe {raw.text(item, 'name')}", _flow(item)) for item in recipes),
            *self._each("recipe", "recipe", "recipes", coded, only=("payload",)),
            *self._each("scenario step", "scenario", "scenarios", [scenario.id for scenario in scenarios]),
            *self._each("notebook", "notebook", "jupyter-notebooks", _ids(notebooks, "name")),
            *self._each("notebook", "SQL notebook", "sql-notebooks", _ids(sql, "id")),
            *self._each("web app", "web app", "webapps", _ids(webapps, "id")),
            *self._each("dashboard", "dashboard", "dashboards", _ids(dashboards, "id")),
            *self._each("insight", "insight", "insights", _ids(insights, "id")),
            *(Document("model", f"model {raw.text(item, 'name')}", item) for item in models),
            *(Document("model", f"analysis {raw.text(item, 'name')}", item) for item in self._list("model", "/lab/")),
            *self._variables(),
        )

    def _list(self, signal: str, tail: str) -> tuple[Mapping[str, Any], ...]:
        what = f"{tail.strip('/')} of the project"
        found = self.batch.result(what, self.batch.start(self.clients.get_items, self.root + tail))
        if isinstance(found, Unknown):
            self.unread[signal] = found.reason
            return ()
        return found

    def _each(
        self, signal: str, word: str, part: str, ids: list[str], only: tuple[str, ...] = ()
    ) -> Iterator[Document]:
        if len(ids) > MAX_READ:
            self.unread[signal] = f"there are {len(ids)} {word}s, too many to search"
            return
        key = self.snapshot.project_key
        pending = {each: self.batch.start(self.clients.get, path("projects", key, part, each)) for each in ids}
        for name, found in self.batch.results(f"{word}", pending).items():
            if isinstance(found, Unknown):
                self.unread[signal] = found.reason
            else:
                value = [raw.at(found, each) for each in only] if only else found
                yield Document(signal, f"{word} {_called(found, name)}", value)

    def _variables(self) -> Iterator[Document]:
        found = self.batch.result(
            "the project's variables", self.batch.start(self.clients.get, f"{self.root}/variables/")
        )
        if isinstance(found, Unknown):
            self.unread["variables"] = found.reason
        else:
            yield Document("variables", "the project's variables", found)


def _flow(recipe: Mapping[str, Any]) -> Any:
    return [recipe.get("inputs"), recipe.get("outputs"), recipe.get("params")]


def _ids(items: tuple[Mapping[str, Any], ...], key: str) -> list[str]:
    return [raw.text(item, key) for item in items if raw.text(item, key)]


def _called(found: Any, otherwise: str) -> str:
    return raw.first_text((raw.text(found, "name"), otherwise))


def _is_busy(session: Mapping[str, Any]) -> Optional[bool]:
    state = raw.text(session, "kernelExecutionState").lower()
    return None if state not in ("idle", "busy", "starting") else state != "idle"


def _first_instant(item: Any, *ways: tuple[str, ...]) -> Optional[datetime]:
    return next((found for found in (raw.instant(item, *way) for way in ways) if found is not None), None)


def _size(item: Mapping[str, Any]) -> Optional[int]:
    found = raw.number(item, "size")
    return None if found is None else int(found)


# --- looking again ---------------------------------------------------------------------------------------------------


def still_there(clients: Clients, project_key: str, group: str, things: list[Thing]) -> frozenset[str]:
    """Which logs or sessions DSS still lists, by id."""
    root = path("projects", project_key)
    if group == "job_logs":
        return frozenset(read_jobs(clients, project_key).logs.ids)
    if group == "scenario_logs":
        scenarios = sorted({thing.id.rpartition("/")[0] for thing in things})
        return frozenset(f"{each}/{run}" for each in scenarios for run in _run_ids(clients, project_key, each))
    notebooks = clients.get_items(f"{root}/jupyter-notebooks/", {"active": True})
    return frozenset(
        f"{raw.text(notebook, 'name')}/{raw.text(session, 'sessionId')}"
        for notebook in notebooks
        for session in raw.mappings(notebook, "activeSessions")
    )


def _run_ids(clients: Clients, project_key: str, scenario_id: str) -> list[str]:
    api_path = path("projects", project_key, "scenarios", scenario_id, "get-last-runs")
    listed = clients.get_items(api_path, {"limit": RUNS_ASKED, "onlyFinishedRuns": False})
    return [run.run_id for run in answers.runs(listed)]


def is_running(clients: Clients, thing: Thing) -> bool:
    """Whether the job or run of a log runs at this moment; one that DSS does not have does not."""
    try:
        if thing.group == "job_logs":
            status = clients.get_mapping(path("projects", thing.project_key, "jobs", thing.id) + "/")
            return raw.text(status, "baseStatus", "state") not in ("DONE", "FAILED", "ABORTED")
        scenario_id, _, run_id = thing.id.rpartition("/")
        run = clients.get_mapping(path("projects", thing.project_key, "scenarios", scenario_id, run_id) + "/")
    except DssNotFound:
        return False
    return not raw.text(run, "scenarioRun", "result", "outcome")
