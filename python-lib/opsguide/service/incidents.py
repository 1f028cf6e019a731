"""Incidents: the list from what Today reads and a few calls more, one incident with its logs when somebody opens it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Optional

import regex

from ..core.compose.scene import Scene
from ..core.incident.grouping import group
from ..core.incident.journal import forgotten, incidents, spoken
from ..core.incident.listing import incidents_page
from ..core.incident.opened import incident_page
from ..core.incident.symptoms import failing_rules, symptoms
from ..dss import extras, failures, gateway, logs, store, traces
from ..dss.masking import mask
from ..dss.session import Clients, attempt
from ..dss.store import EventCache
from ..errors import DssError, DssUnreachable, InvalidParameter
from ..model.event import Event
from ..model.incident import Excerpt, Failure, Incident, IncidentPage, Incidents, Opened, parse_identity
from ..model.known import Known, Unknown
from ..model.ledger import about
from .acts import Asked, Outcome, record
from .reading import Reading

# Runs whose failed step is looked up for the list: which incidents are one depends on it.
FAILURES_READ = 6
RULES_READ = 5
# Readings whose details are kept, each for callers with the same rights, and of one the incidents that were opened last.
_CASES = 16
_OPENED = 20


@dataclass
class Case:
    """What was read beyond one reading of a project, as long as that reading counts."""

    taken_at: datetime
    reading: Optional[Reading] = None
    failures: dict[str, Failure] = field(default_factory=dict)
    opened: OrderedDict[str, Opened] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Casebook:
    """The cases of a web page: one for callers with the same rights, forgotten with the reading that it deepens."""

    def __init__(self) -> None:
        self._cases: OrderedDict[str, Case] = OrderedDict()
        self._lock = threading.Lock()

    def case(self, key: str, reading: Reading) -> Case:
        with self._lock:
            case = self._cases.get(key)
            if case is None or case.taken_at != reading.snapshot.taken_at:
                case = self._cases[key] = Case(reading.snapshot.taken_at)
            self._cases.move_to_end(key)
            while len(self._cases) > _CASES:
                self._cases.popitem(last=False)
            return case


# --- the list --------------------------------------------------------------------------------------------------------


def incidents_of(clients: Clients, reading: Reading, case: Optional[Case] = None) -> Incidents:
    """The list of incidents, from a reading of what Today needs, and at most `FAILURES_READ` + `RULES_READ` calls more."""
    case = case or Case(reading.snapshot.taken_at)
    scene, found = _found(clients, reading, case)
    return incidents_page(found, scene, keeping(reading), case.failures)


def _found(clients: Clients, reading: Reading, case: Case) -> tuple[Scene, Known[tuple[Incident, ...]]]:
    with case.lock:
        if case.reading is None:
            _deepen(clients, reading, case)
        assert case.reading is not None, "it was just read"
        # What people noted since belongs to the reading, not to the case.
        snapshot = case.reading.snapshot
    scene = Scene(snapshot, reading.declared, reading.report, reading.offers)
    if isinstance(reading.report.scenarios, Unknown) and isinstance(reading.report.outputs, Unknown):
        return scene, reading.report.scenarios
    groups = group(symptoms(scene), scene, case.failures)
    ledger = None if isinstance(reading.ledger, Unknown) else reading.ledger
    found = incidents(groups, scene, ledger)
    return scene, (*found, *forgotten(found, scene, ledger))


def _deepen(clients: Clients, reading: Reading, case: Case) -> None:
    """Read where the runs failed that nothing mended yet, and which rules say ERROR."""
    snapshot, before = reading.snapshot, clients.calls
    scene = Scene(snapshot, reading.declared, reading.report)
    names = {about("SCENARIO", scenario.id): scenario.id for scenario in scene.scenarios}
    open_ones = [
        symptom
        for symptom in symptoms(scene)
        if symptom.kind == "failed_run" and symptom.ended_at is None and symptom.run_id and symptom.subject in names
    ]
    with clients.batch() as batch:
        pending: dict[str, Future[Failure]] = {
            symptom.run_id: batch.start(
                failures.first_failure, clients, snapshot.project_key, names[symptom.subject], symptom.run_id
            )
            for symptom in open_ones[-FAILURES_READ:]
        }
        rules = failing_rules(snapshot, RULES_READ)
        if rules:
            snapshot = gateway.read_snapshot(
                clients, snapshot.project_key, {"rule_results"}, objects=rules, have=snapshot
            )
        found = batch.results("the steps of run", pending)
    case.failures = {run_id: each for run_id, each in found.items() if not isinstance(each, Unknown)}
    calls = reading.snapshot.calls + clients.calls - before
    case.reading = replace(reading, snapshot=replace(snapshot, calls=calls))


def keeping(reading: Reading) -> str:
    """Why nothing can be written down about incidents, '' where it can."""
    if reading.ledger is None:
        return (
            "This project has no state folder yet, so nobody can take, note or close an incident: create it on Today."
        )
    if isinstance(reading.ledger, Unknown):
        return f"What people noted about incidents is not known: {reading.ledger.reason}."
    return ""


# --- one incident ----------------------------------------------------------------------------------------------------


def incident_of(
    clients: Clients,
    reading: Reading,
    incident_id: str,
    case: Optional[Case] = None,
    events: Optional[EventCache] = None,
) -> Optional[IncidentPage]:
    """One incident with its logs, changes and uses: at most a dozen calls more, each bounded. None where there is none of
    that id."""
    case = case or Case(reading.snapshot.taken_at)
    scene, found = _found(clients, reading, case)
    incident = named(found, incident_id, scene.now)
    if incident is None:
        return None
    with case.lock:
        opened = case.opened.get(incident.id)
        if opened is None:
            opened, scene = _open(clients, scene, incident, case)
            case.opened[incident.id] = opened
            while len(case.opened) > _OPENED:
                case.opened.popitem(last=False)
            assert case.reading is not None, "the list was read before"
            case.reading = replace(case.reading, snapshot=scene.snapshot)
    return incident_page(incident, scene, opened, _closed(clients, scene, incident, events), keeping(reading))


def named(found: Known[tuple[Incident, ...]], incident_id: str, now: datetime) -> Optional[Incident]:
    """The incident that an id means, today's or one that it had in an earlier reading."""
    parsed = parse_identity(incident_id)
    if parsed is None or isinstance(found, Unknown):
        return None
    exact = [each for each in found if incident_id in {symptom.id for symptom in each.symptoms}]
    like = [each for each in found if each.root.answers_to(*parsed, now)]
    return next(iter(exact or like), None)


def _open(clients: Clients, scene: Scene, incident: Incident, case: Case) -> tuple[Opened, Scene]:
    before, key = clients.calls, scene.snapshot.project_key
    with clients.batch() as batch:
        trouble = batch.start(_trouble, clients, key, scene, incident, case)
        recipes = batch.start(traces.recipes, clients, key)
        timeline = batch.start(traces.timeline, clients, key)
        shown = traces.shown(clients, key, batch)
        commits = batch.start(extras.commits, clients, scene.snapshot)
        bundles = batch.start(extras.bundles, clients, scene.snapshot)
        where = batch.result("where it failed", trouble)
        changed = batch.result("the list of recipes", recipes)
        done = batch.result("the project's timeline", timeline)
        history = batch.result("the project's history", commits, since=extras.GIT_SINCE)
        released = batch.result("the bundles", bundles)
        failure, excerpt = _both(where)
        opened = Opened(failure, excerpt, changed, done, shown, clients.calls - before)
    return opened, replace(scene, snapshot=replace(scene.snapshot, commits=history, bundles=released))


_Trouble = tuple[Known[Optional[Failure]], Known[Optional[Excerpt]]]


def _both(found: Known[_Trouble]) -> _Trouble:
    return (found, found) if isinstance(found, Unknown) else found


def _trouble(clients: Clients, key: str, scene: Scene, incident: Incident, case: Case) -> _Trouble:
    """Where the run failed, and the lines of its job's log; None for each where there is no run."""
    run = next((each for each in incident.symptoms if each.run_id and each.kind in ("failed_run", "late_run")), None)
    scenario = next((s.id for s in scene.scenarios if run is not None and about("SCENARIO", s.id) == run.subject), "")
    if run is None or not scenario:
        return None, None
    seen = case.failures.get(run.run_id)
    if seen is None:
        found = attempt(f"the steps of run {run.run_id}", failures.first_failure, clients, key, scenario, run.run_id)
        if isinstance(found, Unknown):
            return found, found
        seen = found
    whole = attempt(f"the job {seen.job_id}", failures.with_job, clients, key, seen)
    failure = seen if isinstance(whole, Unknown) else whole
    if not failure.job_id or failure.running:
        return failure, None
    activity = failure.activity.id if failure.activity is not None else ""
    return failure, attempt(
        f"the log of job {failure.job_id}", logs.excerpt, clients, key, failure.job_id, activity, failure.message
    )


def _closed(clients: Clients, scene: Scene, incident: Incident, cache: Optional[EventCache]) -> tuple[Event, ...]:
    """How earlier incidents were closed, as far back as the state folder is read; none where it cannot be."""
    folder = store.find(clients, scene.snapshot.project_key, cache)
    if folder is None or isinstance(folder, Unknown):
        return ()
    try:
        events = folder.events().events
    except (DssError, DssUnreachable):
        return ()  # the page says above that what people noted is not known
    own = {symptom.id for symptom in incident.symptoms}
    return tuple(e for e in spoken(events) if e.kind == "resolve" and e.about.partition(":")[2] not in own)


# --- what people do --------------------------------------------------------------------------------------------------


def speak(asked: Asked, kind: str, page: Optional[IncidentPage]) -> Outcome:
    """Somebody takes, gives away, notes or closes (`kind` as of events) the incident that `page` shows. InvalidParameter
    where there is none, or where a pattern is no regular expression. Secrets in what they write are masked."""
    if page is None:
        raise InvalidParameter("There is no such incident any more: look at the list.", name="incident")
    incident = page.incident
    pattern = asked.form.get("pattern", "")
    if pattern:
        try:
            regex.compile(pattern)
        except (regex.error, ValueError, RecursionError) as error:  # flags at odds, and brackets without end
            raise InvalidParameter(f"“{pattern[:80]}” is no regular expression: {error}.", name="pattern") from error
    data: dict[str, Any] = {
        "members": [symptom.id for symptom in incident.symptoms][:50],
        "subject": incident.root.subject,
        "what": incident.root.kind,
        "name": incident.root.name,
        "title": incident.title,
    }
    if kind == "resolve":
        data.update(error=page.error, pattern=pattern, cause=mask(asked.form.get("cause", "")))
    if kind == "assign":
        data["to"] = asked.form.get("to", "")
    return record(asked, asked.event(kind, f"incident:{incident.id}", asked.form.get("text", ""), **data))
