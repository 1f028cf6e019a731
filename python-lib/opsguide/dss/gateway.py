"""Read a project once into a value.

`read_snapshot` makes the list calls side by side, then asks about what they name: runs and settings of active
scenarios, facts of the sources and outputs that the caller chose. It never asks once per dataset of the project, writes
nothing and raises nothing that DSS could cause: what could not be read is an Unknown that says why.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any, Optional, TypeVar

from ..errors import DssBroken
from ..model.known import Cause, Known, Unknown, known
from ..model.snapshot import (
    Article,
    Build,
    Dataset,
    Instance,
    ObjectFacts,
    ObjectRef,
    Run,
    Scenario,
    ScenarioSettings,
    Snapshot,
    Trigger,
)
from . import answers, footprint, raw, stats
from .extras import EXTRAS, Budget, Extra, with_admin
from .facts import PARTS, Facts, failed
from .parts import still_open
from .session import COUNTS_KEPT_SECONDS, Batch, Clients, path

T = TypeVar("T")

# What the first paint needs: six lists, and the runs of each active scenario.
FIRST = frozenset({"project", "variables", "scenarios", "runs", "graph", "datasets", "jobs"})
PER_OBJECT = frozenset(PARTS)
PER_SCENARIO = frozenset({"runs", "scenario_settings"})

RUNS_ASKED = stats.RUNS_KEPT
TITLES_ASKED = 20


@dataclass(frozen=True)
class _Section:
    """A part of the snapshot that one call gives. `what` begins the sentence that says why it is unknown."""

    name: str
    what: str
    read: Callable[[Clients, str], Any]
    since: str = ""


def _lists() -> tuple[_Section, ...]:
    def mapping(
        parse: Callable[[Any], T], tail: str, holding: Optional[tuple[str, type]] = None
    ) -> Callable[[Clients, str], T]:
        return lambda clients, key: parse(clients.get_mapping(path("projects", key) + tail, holding=holding))

    def keyed(parse: Callable[[Any, str], T], tail: str) -> Callable[[Clients, str], T]:
        return lambda clients, key: parse(clients.get_mapping(path("projects", key) + tail), key)

    def items(parse: Callable[..., T], tail: str) -> Callable[[Clients, str], T]:
        return lambda clients, key: parse(clients.get_items(path("projects", key) + tail), key)

    def instance(clients: Clients, _: str) -> Instance:
        return answers.instance(clients.get_mapping("/instance-info"))

    return (
        _Section("project", "the project's summary", keyed(answers.project, "")),
        _Section("variables", "the project's variables", mapping(answers.variables, "/variables/", ("standard", dict))),
        _Section("scenarios", "the list of scenarios", _scenario_list),
        _Section("graph", "the flow", mapping(answers.graph, "/flow/graph/", ("nodes", dict))),
        _Section("datasets", "the list of datasets", items(answers.datasets, "/datasets/")),
        _Section("jobs", "the list of jobs", items(answers.jobs, "/jobs/")),
        _Section("instance", "the DSS node", instance),
        _Section(
            "permissions", "the project's permissions", mapping(answers.grants, "/permissions", ("permissions", list))
        ),
        _Section("settings", "the project's settings", keyed(answers.project_settings, "/settings")),
        _Section("articles", "the wiki", mapping(answers.articles, "/wiki/")),
    )


def _scenario_list(clients: Clients, key: str) -> tuple[tuple[Scenario, ...], tuple[str, ...]]:
    listed = clients.get_items(path("projects", key, "scenarios") + "/")
    return answers.scenarios(listed), answers.scenarios_of_unknown_state(listed)


LISTS = _lists()
WHOLE = (
    FIRST | PER_OBJECT | PER_SCENARIO | {part.name for part in LISTS} | {part.name for part in EXTRAS} | {"footprint"}
)

# What must be known first, to know what to ask.
_RESTS_ON: Mapping[str, frozenset[str]] = {
    **{part: frozenset({"scenarios"}) for part in PER_SCENARIO},
    **{part: frozenset({"graph", "datasets", "jobs"}) for part in PER_OBJECT},
    "channels": frozenset({"scenarios", "scenario_settings"}),
    "quality": frozenset({"datasets"}),
    "folders": frozenset({"graph"}),
    "zones": frozenset({"graph"}),
    "footprint": frozenset({"viewer", "groups"}),
}


def read_snapshot(
    clients: Clients,
    project_key: str,
    need: Iterable[str] = FIRST,
    *,
    objects: Iterable[ObjectRef] = (),
    have: Optional[Snapshot] = None,
) -> Snapshot:
    """The project as far as `need` names it: sections of `Snapshot`, "runs" and "scenario_settings" per active scenario,
    and per object of `objects` "builds", "metrics", "row_counts", "rule_results" and "files".

    `have` is a snapshot of the same project to deepen: what it knows or failed to know is not asked again, and its
    `taken_at` stays. Never raises for what DSS does."""
    started, before = time.monotonic(), clients.calls
    wanted = set(need) & WHOLE
    for part in tuple(wanted):
        wanted |= _RESTS_ON.get(part, frozenset())
    start = have or Snapshot(project_key, datetime.now(timezone.utc), base_url=clients.base_url)
    with clients.batch() as batch:
        snapshot = _Reading(clients, batch, frozenset(wanted), start).read(tuple(dict.fromkeys(objects)))
    if have is None:
        now, clock = clients.now()
        snapshot = replace(snapshot, taken_at=now, clock=clock)
    return replace(
        snapshot,
        calls=snapshot.calls + clients.calls - before,
        elapsed_seconds=snapshot.elapsed_seconds + time.monotonic() - started,
    )


class _Reading:
    """One reading under way. `snapshot` is what is known so far."""

    def __init__(self, clients: Clients, batch: Batch, need: frozenset[str], start: Snapshot) -> None:
        self.clients = clients
        self.batch = batch
        self.need = need
        self.snapshot = start
        self.key = start.project_key
        self._facts: Optional[Facts] = None
        self._settled: set[str] = set()

    def read(self, objects: tuple[ObjectRef, ...]) -> Snapshot:
        lists = {
            part.name: (part, self.batch.start(part.read, self.clients, self.key)) for part in self._missing(LISTS)
        }
        self._take_scenarios(lists)
        if self._uses_stats_of_runs:
            self._take(lists, "datasets")
        scenario_settings = self._start_settings()
        runs = self._start_runs()
        for name in tuple(lists):
            self._take(lists, name)
        facts = self._start_facts(objects)
        self._finish_scenarios(runs, scenario_settings)
        self._read_extras(len(objects), facts)
        return self.snapshot

    # --- lists -------------------------------------------------------------------------------------------------------

    def _missing(self, parts: Iterable[Any]) -> list[Any]:
        return [part for part in parts if part.name in self.need and still_open(getattr(self.snapshot, part.name))]

    def _take(self, lists: dict[str, tuple[_Section, Future[Any]]], name: str) -> None:
        if name in lists:
            part, pending = lists.pop(name)
            self._set(name, self.batch.result(part.what, pending, since=part.since))

    def _take_scenarios(self, lists: dict[str, tuple[_Section, Future[Any]]]) -> None:
        if "scenarios" not in lists:
            return
        part, pending = lists.pop("scenarios")
        found = self.batch.result(part.what, pending)
        if isinstance(found, Unknown):
            self._set("scenarios", found)
            return
        scenarios, unsaid = found
        self._set("scenarios", scenarios)
        for name in unsaid:
            self._remark(f"DSS does not say whether scenario {name} is active: it is taken for active")

    def _set(self, name: str, value: Any) -> None:
        self.snapshot = replace(self.snapshot, **{name: value})

    def _remark(self, text: str) -> None:
        self._set("remarks", (*self.snapshot.remarks, text))

    # --- scenarios ---------------------------------------------------------------------------------------------------

    @property
    def _active(self) -> tuple[Scenario, ...]:
        return tuple(scenario for scenario in known(self.snapshot.scenarios, ()) if scenario.active)

    def _start_settings(self) -> dict[str, Future[ScenarioSettings]]:
        if "scenario_settings" not in self.need:
            return {}
        return {s.id: self.batch.start(self._settings, s) for s in self._active if still_open(s.settings)}

    def _settings(self, scenario: Scenario) -> ScenarioSettings:
        version = (self.clients.base_url, self.key, scenario.id, scenario.version, scenario.modified_at)
        settings = self.clients.seen.get(version) if scenario.version is not None else None
        if settings is None:
            api_path = path("projects", self.key, "scenarios", scenario.id)
            answer = self.clients.get_mapping(api_path)
            if not answers.says_its_triggers(answer):
                raise DssBroken("the answer has no triggers", status=200, path=api_path)
            settings = answers.scenario_settings(answer)
            if scenario.version is not None:
                self.clients.seen.keep(version, settings)
        return settings

    def _start_runs(self) -> dict[str, Future[tuple[Run, ...]]]:
        asked = [s for s in self._active if "runs" in self.need and still_open(s.runs)]
        if self._uses_stats_of_runs:
            asked = self._bulk_runs(asked)
        return {s.id: self.batch.start(self._runs, s) for s in asked}

    def _runs(self, scenario: Scenario) -> tuple[Run, ...]:
        # Booleans as the client writes them: True, with a capital.
        params = {"limit": RUNS_ASKED, "onlyFinishedRuns": False}
        return answers.runs(
            self.clients.get_items(path("projects", self.key, "scenarios", scenario.id, "get-last-runs"), params)
        )

    @property
    def _uses_stats_of_runs(self) -> bool:
        asked = [s for s in self._active if "runs" in self.need and still_open(s.runs)]
        return len(asked) >= stats.WORTH_FROM_SCENARIOS

    def _bulk_runs(self, asked: list[Scenario]) -> list[Scenario]:
        """Runs from the internal-stats dataset where there is one that can be believed; the scenarios left to ask."""
        dataset = stats.dataset_of(stats.SCENARIO_RUNS, known(self.snapshot.datasets, ()))
        if dataset is None:
            return asked
        what = _told_by(dataset)
        found = self.batch.result(what, self.batch.start(stats.read_runs, self.clients, dataset, self.key))
        if isinstance(found, Unknown):
            self._remark(f"{found.reason}; runs were read scenario by scenario")
            return asked
        compared = stats.to_compare(found, [scenario.id for scenario in asked])
        pending = {s.id: self.batch.start(self._runs, s) for s in asked if s.id in compared}
        direct = self.batch.results("the runs of", pending)
        self._set_runs(direct)
        doubt = stats.doubt_runs(found, {i: known(each, ()) for i, each in direct.items()})
        rest = [scenario for scenario in asked if scenario.id not in direct]
        if doubt:
            self._remark(f"{what} was not believed: {doubt}; runs were read scenario by scenario")
            return rest
        self._set("read_from", (*self.snapshot.read_from, what))
        self._set_runs({scenario.id: found.get(scenario.id, ()) for scenario in rest})
        return []

    def _finish_scenarios(
        self, runs: Mapping[str, Future[tuple[Run, ...]]], settings: Mapping[str, Future[ScenarioSettings]]
    ) -> None:
        found = self.batch.results("the runs of", runs)
        self._set_runs(found)
        read = self.batch.results("the settings of", settings)
        self._set_settings(read)
        self._settle_who_started_them()
        self._leave_out_inactive()

    def _settle_who_started_them(self) -> None:
        """A bulk source gives each run the name of its trigger alone. Where that is the name of no trigger of the scenario
        (a person started it, or the trigger is gone), or of several kinds, one call tells: a person's run must not
        pass for one of the schedule."""
        dataset = stats.dataset_of(stats.SCENARIO_RUNS, known(self.snapshot.datasets, ()))
        if "scenario_settings" not in self.need or dataset is None or _told_by(dataset) not in self.snapshot.read_from:
            return
        self._change(self._with_known_starters)
        in_doubt = {s.id: _unnamed(s) for s in self._active if s.id not in self._settled}
        asked = [s for s in self._active if in_doubt.get(s.id)]
        self._settled.update(in_doubt)
        found = self.batch.results("the runs of", {s.id: self.batch.start(self._runs, s) for s in asked})
        self._set_runs(found)
        for scenario_id, runs in found.items():
            for run in known(runs, ()):
                if run.run_id in in_doubt[scenario_id] and run.trigger_type:
                    self.clients.started.keep(self._run_key(scenario_id, run), (run.trigger_type, run.trigger_id))

    def _run_key(self, scenario_id: str, run: Run) -> tuple[str, ...]:
        return (self.clients.base_url, self.key, scenario_id, run.run_id)

    def _with_known_starters(self, scenario: Scenario) -> Scenario:
        """Who started a run never changes: what was told once is not asked again."""

        def known_as(run: Run) -> Run:
            told = None if run.trigger_type else self.clients.started.get(self._run_key(scenario.id, run))
            return replace(run, trigger_type=told[0], trigger_id=told[1]) if told else run

        if isinstance(scenario.runs, Unknown):
            return scenario
        return replace(scenario, runs=tuple(known_as(run) for run in scenario.runs))

    def _set_runs(self, found: Mapping[str, Known[tuple[Run, ...]]]) -> None:
        self._change(lambda s: replace(s, runs=found[s.id]) if s.id in found else s)

    def _set_settings(self, found: Mapping[str, Known[ScenarioSettings]]) -> None:
        self._change(lambda s: replace(s, settings=found[s.id]) if s.id in found else s)

    def _leave_out_inactive(self) -> None:
        left_out = Unknown("not read: the scenario is not active", Cause.LEFT_OUT)

        def mark(scenario: Scenario) -> Scenario:
            if "runs" in self.need and not scenario.active and still_open(scenario.runs):
                scenario = replace(scenario, runs=left_out)
            if "scenario_settings" in self.need and not scenario.active and still_open(scenario.settings):
                scenario = replace(scenario, settings=left_out)
            return scenario

        self._change(mark)

    def _change(self, change: Callable[[Scenario], Scenario]) -> None:
        if not isinstance(self.snapshot.scenarios, Unknown):
            self._set("scenarios", tuple(_named_triggers(change(scenario)) for scenario in self.snapshot.scenarios))

    # --- objects -----------------------------------------------------------------------------------------------------

    def _start_facts(self, objects: tuple[ObjectRef, ...]) -> dict[ObjectRef, Future[ObjectFacts]]:
        wanted = self.need & PER_OBJECT
        if not wanted or not objects:
            return {}
        bulk = self._bulk_builds(objects) if "builds" in wanted else {}
        self._facts = Facts(self.clients, self.snapshot, wanted, bulk)
        return {ref: self.batch.start(self._facts.read, self.snapshot.fact(ref)) for ref in objects}

    def _bulk_builds(self, objects: tuple[ObjectRef, ...]) -> Mapping[ObjectRef, tuple[Build, ...]]:
        dataset = stats.dataset_of(stats.FLOW_ACTIONS, known(self.snapshot.datasets, ()))
        asked = [ref for ref in objects if still_open(self.snapshot.fact(ref).last_build)]
        if dataset is None or not asked or isinstance(self.snapshot.jobs, Unknown):
            return {}
        what = _told_by(dataset)
        pending = self.batch.start(stats.read_builds, self.clients, dataset, asked, self.snapshot.jobs)
        read = self.batch.result(what, pending)
        doubt = read.reason if isinstance(read, Unknown) else read[1]
        if isinstance(read, Unknown) or doubt:
            self._remark(f"{what} was not believed: {doubt}; builds were read object by object")
            return {}
        self._set("read_from", (*self.snapshot.read_from, what))
        return {ref: read[0].get(ref, ()) for ref in asked if ref.project_key == self.key or ref in read[0]}

    def _take_facts(self, pending: Mapping[ObjectRef, Future[ObjectFacts]]) -> None:
        facts = {fact.ref: fact for fact in self.snapshot.facts}
        for ref, each in pending.items():
            found = self.batch.result(f"what DSS knows of {ref.id}", each)
            facts[ref] = failed(self.snapshot.fact(ref), self.need, found) if isinstance(found, Unknown) else found
        self._set("facts", tuple(facts.values()))
        kept = len(self._facts.kept) if self._facts else 0
        if kept:
            minutes = COUNTS_KEPT_SECONDS / 60
            said = f"{kept} row counts read up to {minutes:g} min before, of datasets that were not built since"
            self._set("read_from", (*self.snapshot.read_from, said))

    # --- extras ------------------------------------------------------------------------------------------------------

    def _read_extras(self, objects: int, facts: Mapping[ObjectRef, Future[ObjectFacts]]) -> None:
        budget = Budget(len(self._active), objects, self._spent())
        self._follow_started_scenarios(budget)
        pending = [(extra, self._start_extra(extra, budget)) for extra in self._missing(EXTRAS)]
        self._take_facts(facts)
        for extra, each in pending:
            value = self.batch.result(extra.what, each, since=extra.since) if isinstance(each, Future) else each
            self._set(extra.name, value)
        self._set("viewer", with_admin(self.snapshot))
        self._read_footprint(budget)
        self._read_titles(budget)

    def _start_extra(self, extra: Extra, budget: Budget) -> Any:
        value = self.clients.viewer if extra.name == "viewer" else extra.without(self.snapshot)
        if value is not None:
            return value
        if not budget.spend(extra.calls):
            return Unknown(f"not read, to ask little of DSS for a small project: {extra.what}", Cause.LEFT_OUT)
        return self.batch.start(extra.read, self.clients, self.snapshot)

    def _read_footprint(self, budget: Budget) -> None:
        if "footprint" not in self.need or not still_open(self.snapshot.footprint):
            return
        viewer = known(self.snapshot.viewer, None)
        if viewer is not None and viewer.is_admin and not budget.spend(footprint.CALLS):
            self._set("footprint", footprint.TOO_SMALL)
            return
        self._set("footprint", footprint.of_project(self.clients, self.snapshot))

    def _spent(self) -> int:
        """Calls that earlier readings may have made for extras, and those for bulk sources, believed or not."""
        extras = sum(extra.calls for extra in EXTRAS if not still_open(getattr(self.snapshot, extra.name)))
        followed = sum(
            2
            for scenario in known(self.snapshot.scenarios, ())
            if not scenario.active and not (still_open(scenario.runs) and still_open(scenario.settings))
        )
        titled = sum(1 for article in known(self.snapshot.articles, ()) if article.name)
        bulk = sum(1 for dataset in known(self.snapshot.datasets, ()) if dataset.type == stats.TYPE)
        size = self.snapshot.footprint
        never = isinstance(size, Unknown) and size.cause in (Cause.NOT_READ, Cause.LEFT_OUT, Cause.DENIED)
        measured = 0 if never else footprint.CALLS
        return extras + followed + titled + bulk + measured

    def _follow_started_scenarios(self, budget: Budget) -> None:
        """Scenarios without triggers of their own that an active one starts: they do the work, so they are read too."""
        if "scenario_settings" not in self.need:
            return
        while True:
            started = _started_by_steps(known(self.snapshot.scenarios, ()), self.key)
            asked = [s for s in known(self.snapshot.scenarios, ()) if s.id in started and still_open(s.settings)]
            asked = [scenario for scenario in asked if budget.spend(2)]
            if not asked:
                return
            settings = {s.id: self.batch.start(self._settings, s) for s in asked}
            runs = {s.id: self.batch.start(self._runs, s) for s in asked if "runs" in self.need}
            self._finish_scenarios(runs, settings)

    def _read_titles(self, budget: Budget) -> None:
        """The wiki's table of contents names articles by id alone: their titles take a call each."""
        articles = known(self.snapshot.articles, ())
        if "articles" not in self.need or not articles:
            return
        untitled = [a.id for a in articles if not a.name][:TITLES_ASKED]
        pending = {i: self.batch.start(self._title, i) for i in untitled if budget.spend()}
        titles = self.batch.results("the title of article", pending)
        lost = [title.reason for title in titles.values() if isinstance(title, Unknown)]
        if lost:
            self._remark(f"{len(lost)} of {len(articles)} wiki articles go by their ids: {lost[0]}")
        self._set("articles", tuple(Article(a.id, a.name or known(titles.get(a.id, ""), "")) for a in articles))

    def _title(self, article_id: str) -> str:
        return answers.article_name(self.clients.get_mapping(path("projects", self.key, "wiki", article_id)))


def _started_by_steps(scenarios: tuple[Scenario, ...], key: str) -> frozenset[str]:
    return frozenset(
        raw.text(step.params, "scenarioId")
        for scenario in scenarios
        if not isinstance(scenario.settings, Unknown)
        for step in scenario.settings.steps
        if step.enabled and step.type == "run_scenario" and raw.text(step.params, "projectKey") in ("", key)
    )


def _told_by(dataset: Dataset) -> str:
    return f"internal stats dataset {dataset.name}"


def _unnamed(scenario: Scenario) -> frozenset[str]:
    """The runs of which it is not known what kind of trigger started them, where the triggers are known."""
    if isinstance(scenario.settings, Unknown):
        return frozenset()
    return frozenset(run.run_id for run in known(scenario.runs, ()) if not run.trigger_type)


def _named_triggers(scenario: Scenario) -> Scenario:
    """Runs of a bulk source name their trigger only: its type and id are those of the trigger so called. Of several so
    called only the type is known, and only where it is the same."""
    if isinstance(scenario.runs, Unknown) or isinstance(scenario.settings, Unknown):
        return scenario
    by_name: dict[str, list[Trigger]] = {}
    for trigger in scenario.settings.triggers:
        by_name.setdefault(trigger.name, []).append(trigger)

    def named(run: Run) -> Run:
        so_called = by_name.get(run.trigger_name, []) if run.trigger_name and not run.trigger_type else []
        if len({trigger.type for trigger in so_called}) != 1:
            return run
        return replace(run, trigger_type=so_called[0].type, trigger_id=so_called[0].id if len(so_called) == 1 else "")

    return replace(scenario, runs=tuple(named(run) for run in scenario.runs))
