"""The macro `instance-check` and the page of the portfolio: every project that the caller may see, judged one by one.

A few more projects are read at once than calls are allowed, each with one call after the other: while one is judged
another asks, none waits long for its turn, and no more than a few projects are in memory at any time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from typing import Any, Optional

from ..core.assess import assess
from ..core.ledger import with_mutes
from ..core.lineage import outputs, sources
from ..core.portfolio import as_usual, broken, portfolio, promised_names, standing, unusual
from ..dss import gateway, instance, records
from ..dss.session import Clients, attempt
from ..errors import InvalidParameter
from ..model.known import Known, Unknown
from ..model.portfolio import History, NotRead, Portfolio, Standing, Surroundings
from ..model.profile import Declared
from ..model.snapshot import Project, Snapshot
from ..settings import Settings
from .entry import opened
from .logbook import recall
from .morning import ProblemsFound
from .parameters import names_in, switched_on
from .reading import MORNING, declared_in

# What the verdicts on scenarios take: two lists, and two calls for each active scenario.
RUNS = frozenset({"variables", "scenarios", "runs", "scenario_settings"})
# What the verdicts on promised outputs take besides; rows and Data Quality are left to the project's own page.
PROMISES = MORNING - {"quality"}

SEVERITIES = ("never", "error", "warning", "unknown")
MINUTES, MOST_MINUTES = 10.0, 600.0
# A project that takes longer than this is judged by what was read until then.
PROJECT_SECONDS = 120.0
NOT_YET = "not read yet"
# So many projects are judged while others ask.
SPARE = 2
OUT_OF_TIME = "the time that was given was up before its turn"

ALARMING = ("ERROR", "WARNING", "UNKNOWN")
_FAILING = {"error": ALARMING[:1], "warning": ALARMING[:2], "unknown": ALARMING}


@dataclass(frozen=True)
class Order:
    """What is asked for. No `keys` and no `tags` mean every project; `seconds` is the time after which no further
    project is begun. `everything` reads projects that internal stats show as usual, too."""

    keys: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    seconds: float = MINUTES * 60
    measure_logs: bool = False
    everything: bool = False

    def wants(self, project: Project) -> bool:
        named = project.key in self.keys or bool(self.tags & set(project.tags))
        return named or not (self.keys or self.tags)


# --- the macro -------------------------------------------------------------------------------------------------------


def instance_check_in_dss(
    config: Optional[Mapping[str, Any]], plugin_config: Optional[Mapping[str, Any]], progress: Callable[[int], None]
) -> Portfolio:
    """The macro: reads with the rights of whoever runs it. See `instance_check`."""
    clients, settings = opened(plugin_config)
    return instance_check(clients, config or {}, settings, progress)


def instance_check(
    clients: Clients,
    config: Mapping[str, Any],
    settings: Settings,
    progress: Callable[[int], None] = lambda percent: None,
) -> Portfolio:
    """Every project that the caller may see, judged. `config` is the macro's parameters; `progress` is told percent
    done. InvalidParameter for one out of range, or a project that the caller does not see; ProblemsFound when a project
    is as bad as `fail_at` says."""
    order, fail_at = _order(config), str(config.get("fail_at") or SEVERITIES[0])
    if fail_at not in SEVERITIES:
        raise InvalidParameter(f"“fail_at” is {fail_at!r}; it can be {', '.join(SEVERITIES)}", name="fail_at")
    check = Check(clients, settings, order)
    for _ in check.run():
        progress(check.percent)
    found = check.portfolio()
    _refuse_strangers(order, found)
    _fail(found, fail_at)
    return found


def _order(config: Mapping[str, Any]) -> Order:
    given = config.get("minutes")
    try:
        minutes = MINUTES if given in (None, "") else float(str(given))
    except ValueError:
        minutes = 0.0
    if not 0 < minutes <= MOST_MINUTES:
        raise InvalidParameter(f"“minutes” is {given!r}; it can be from 1 to {MOST_MINUTES:g}", name="minutes")
    return Order(
        names_in(config, "projects"),
        names_in(config, "tags"),
        minutes * 60,
        switched_on(config, "measure_logs"),
        switched_on(config, "read_everything"),
    )


def _refuse_strangers(order: Order, found: Portfolio) -> None:
    seen = {each.key for each in found.projects} | {each.project.key for each in found.not_read}
    strangers = sorted(order.keys - seen)
    if strangers and not found.notes:
        raise InvalidParameter(
            f"“projects” names {', '.join(strangers)}, which you do not see in this DSS", name="projects"
        )


def _fail(found: Portfolio, fail_at: str) -> None:
    """A check that could see nothing must not pass."""
    if fail_at == "never":
        return
    if not found.projects:
        raise ProblemsFound(
            f"The instance check could not see enough to pass: {'; '.join(found.notes) or 'no project'}"
        )
    wrong = [each for each in found.projects if each.verdict in _FAILING[fail_at]]
    unread = len(found.not_read) if fail_at == "unknown" else 0
    if wrong or unread:
        said = [f"{each.key}: {each.headline}" for each in wrong[:20]]
        raise ProblemsFound("; ".join([found.headline, *said]))


# --- reading ---------------------------------------------------------------------------------------------------------


class Check:
    """One reading of many projects. `run` does the work and gives control back after each project; `portfolio` is what
    is known at any time, also from another thread.

    `only` reads that project alone, because `scope` says why the caller may see no other."""

    def __init__(
        self, clients: Clients, settings: Settings, order: Optional[Order] = None, *, only: str = "", scope: str = ""
    ) -> None:
        self.clients = clients
        self.settings = settings
        self.order = order or Order()
        self._only, self._scope = only, scope
        self._lock = threading.Lock()
        self._standings: list[Standing] = []
        self._waiting: dict[str, Project] = {}
        self._notes: list[str] = []
        self._around = Surroundings()
        self._failed_builds: Mapping[str, tuple[str, ...]] = {}
        self._whole = False
        self._taken_at, _ = clients.now()
        self._begun, self._ended = time.monotonic(), 0.0
        self._own = clients.one_at_a_time(PROJECT_SECONDS)
        self._calls_before = clients.calls

    @property
    def percent(self) -> int:
        with self._lock:
            done, left = len(self._standings), len(self._waiting)
        return 100 if self._ended else int(99 * done / max(1, done + left))

    def portfolio(self) -> Portfolio:
        """What is known so far; the rest is not read (yet)."""
        with self._lock:
            standings, waiting, notes = list(self._standings), list(self._waiting.values()), list(self._notes)
        found = portfolio(
            standings,
            [NotRead(project, OUT_OF_TIME if self._ended else NOT_YET) for project in waiting],
            self._around,
            self._taken_at,
            notes=notes,
            scope=self._scope,
            whole=self._whole,
            reading=not self._ended,
        )
        until = self._ended or time.monotonic()
        calls = self.clients.calls - self._calls_before + self._own.calls
        zone = self.settings.server_timezone or "UTC"
        return replace(found, zone=zone, calls=calls, elapsed_seconds=until - self._begun)

    def run(self) -> Iterator[None]:
        """Reads and judges, project by project. What DSS does never raises."""
        try:
            yield from self._run()
        finally:
            self._ended = time.monotonic()
        yield

    def _run(self) -> Iterator[None]:
        self._begun = time.monotonic()
        until = self._begun + self.order.seconds
        if not self._list():
            return
        yield
        self._look_around()
        yield
        self._by_habits()
        yield
        at_once = self.clients.workers + SPARE
        for found in _side_by_side(self._judge, tuple(self._waiting.values()), at_once, until):
            self._done(found)
            yield

    def _list(self) -> bool:
        """Whether there is any project to judge."""
        found = self._only_one() if self._only else instance.read_projects(self.clients)
        self._taken_at, _ = self.clients.now()
        if isinstance(found, Unknown):
            self._note(found.reason)
            return False
        with self._lock:
            self._waiting = {project.key: project for project in found if self.order.wants(project)}
        return bool(self._waiting)

    def _only_one(self) -> Known[tuple[Project, ...]]:
        found = gateway.read_snapshot(self.clients, self._only, {"project"}).project
        return found if isinstance(found, Unknown) else (found,)

    def _look_around(self) -> None:
        start = Snapshot("", self._taken_at, base_url=self.clients.base_url)
        around = instance.read_surroundings(self.clients, start)
        # Who is shown every kernel is an administrator, and sees every project.
        everybody = not (self._only or self.order.keys or self.order.tags)
        self._whole = everybody and not isinstance(around.kernels, Unknown)
        if self.order.measure_logs:
            around = instance.with_log_sizes(self.clients, around, self._seconds_left())
        self._around = around

    def _seconds_left(self) -> float:
        return max(1.0, self._begun + self.order.seconds - time.monotonic())

    def _note(self, text: str) -> None:
        with self._lock:
            self._notes.append(text)

    def _done(self, found: Standing) -> None:
        with self._lock:
            self._waiting.pop(found.key, None)
            self._standings.append(found)

    # --- one project -------------------------------------------------------------------------------------------------

    def _judge(self, project: Project) -> Standing:
        snapshot = self._first(project)
        declared = declared_in(snapshot, self.settings)
        if promised_names(declared):
            snapshot = self._with_promised(snapshot, declared)
        report = assess(snapshot, declared, server_zone=self.settings.server_timezone)
        failed = self._failed_builds.get(project.key, ())
        found = standing(project, snapshot, declared, report, failed)
        if found.verdict in ALARMING:
            # Only what alarms can be muted: of all other projects nobody's notes are read.
            ledger = recall(self._own, project.key)
            found = standing(project, snapshot, declared, with_mutes(report, ledger, project.key), failed)
            if isinstance(ledger, Unknown):
                found = replace(found, remarks=(*found.remarks, f"what people muted is not known: {ledger.reason}"))
        return found

    def _first(self, project: Project) -> Snapshot:
        now, clock = self.clients.now()
        start = Snapshot(
            project.key,
            now,
            clock,
            base_url=self.clients.base_url,
            instance=self._around.instance,
            viewer=self._around.viewer,
            project=project,
            users=self._around.users,
            channels=self._around.channels,
        )
        return gateway.read_snapshot(self._own, project.key, RUNS, have=start)

    def _with_promised(self, snapshot: Snapshot, declared: Declared) -> Snapshot:
        """The same with what tells of the promised outputs, and of the sources they are made from."""
        key, names = snapshot.project_key, promised_names(declared)
        snapshot = gateway.read_snapshot(self._own, key, PROMISES - gateway.PER_OBJECT, have=snapshot)
        objects = (
            *(source.ref for source in sources(snapshot, declared)),
            *(output.ref for output in outputs(snapshot, declared) if output.ref.smart_name(key) in names),
        )
        return gateway.read_snapshot(self._own, key, PROMISES, objects=objects, have=snapshot)

    # --- internal stats ----------------------------------------------------------------------------------------------

    def _by_habits(self) -> None:
        """Projects that internal stats show as usual are done without a call; the rest is read."""
        histories = {} if self.order.everything else self._histories()
        if not histories:
            return
        self._failed_builds = self._bulk(
            self.settings.instance_stats_flow_actions, "object states", records.read_failed_builds
        )
        jobs = self._bulk(
            self.settings.instance_stats_jobs,
            "jobs",
            lambda clients, name, seconds: records.read_jobs(clients, name, seconds, self._taken_at),
        )
        for key, project in tuple(self._waiting.items()):
            own = histories.get(key, ())
            odd = project.triggers_disabled or key in self._failed_builds
            if own and not odd and not any(unusual(history, self._taken_at) for history in own):
                self._done(as_usual(project, own, jobs.get(key)))

    def _histories(self) -> Mapping[str, tuple[History, ...]]:
        name = self.settings.instance_stats_scenario_runs
        found = self._bulk(name, "scenario runs", records.read_histories)
        for history in records.to_compare(found):
            doubt = attempt("its newest run", records.doubt, self.clients, history)
            said = doubt.reason if isinstance(doubt, Unknown) else doubt
            if said:
                self._note(f"internal stats dataset {name} was not believed: {said}; every project was read by itself")
                return {}
        return found

    def _bulk(self, name: str, view: str, read: Callable[[Clients, str, float], dict[str, Any]]) -> dict[str, Any]:
        if not name or self._only:
            return {}
        found = attempt(f"internal stats dataset {name} ({view})", read, self.clients, name, self._seconds_left())
        if isinstance(found, Unknown):
            self._note(f"{found.reason}; nothing rests on it")
            return {}
        return found


def _side_by_side(
    judge: Callable[[Project], Standing], projects: Sequence[Project], at_once: int, until: float
) -> Iterator[Standing]:
    """Each project as it is done; none is begun after `until`. Whatever goes wrong with one is said of that one."""

    def begun_in_time(project: Project) -> Optional[Standing]:
        return judge(project) if time.monotonic() < until else None

    with ThreadPoolExecutor(at_once, thread_name_prefix="projects") as pool:
        pending: dict[Future[Optional[Standing]], Project] = {}
        for project in projects:
            pending[pool.submit(begun_in_time, project)] = project
        for each in as_completed(pending):
            project = pending.pop(each)
            failure = each.exception()
            if failure is not None:
                yield broken(project, f"this plugin failed on it: {type(failure).__name__}: {failure}")
                continue
            found = each.result()
            if found is not None:
                yield found
