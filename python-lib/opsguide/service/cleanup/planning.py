"""Looking: what a project has to clean up, judged and put into a plan."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Optional

from ...core.cleanup import (
    OPEN,
    PROTECTED,
    Held,
    Index,
    Newest,
    by_age_alone,
    idle_between,
    intermediates,
    judge,
    standings,
    unreferenced,
    unused,
)
from ...dss import disk, leftovers, macros, plans
from ...dss.leftovers import JobList, JobLogs, Leftovers
from ...dss.session import Clients, attempt
from ...dss.store import Store
from ...model.cleanup import KEEP_TAG, Candidate, Found, Gap, Options, Plan, Sum, Thing
from ...model.known import Known, Unknown, known
from ...model.snapshot import ObjectRef, Snapshot

# Objects of a project that are asked about one by one; of a larger project, what is over is a gap.
MAX_OBJECTS = 600
# Objects that stay anyway and are asked about all the same.
MAX_KEPT = 50
_OBJECT_GROUPS = frozenset({"datasets", "folders", "temporary_datasets"})
_TOLD_BY_MACROS = ("continuous_logs", "exports")
DISK_OF = {"job_logs": disk.JOBS, "scenario_logs": disk.SCENARIOS}


@dataclass(frozen=True)
class Caller:
    """Who cleans up, and with what: `by` is their login, `home` DSS's data directory where this process sees it, `state`
    the state folder (None: there is none)."""

    clients: Clients
    project_key: str
    by: str
    is_admin: bool
    home: Optional[Path]
    state: Known[Optional[Store]]

    @property
    def store(self) -> Optional[Store]:
        return known(self.state, None)


@dataclass(frozen=True)
class Look:
    """One project as it was found. `macros` are DSS's own by group, `log_bytes` the size of all logs that were seen on
    disk. `jobs` gives the job logs anew each time: there are many."""

    project_key: str
    taken_at: datetime
    things: tuple[Thing, ...]
    jobs: Callable[[], Iterator[Found]]
    macros: Mapping[str, str]
    log_bytes: Optional[int]
    gaps: tuple[Gap, ...]

    def all_things(self) -> Iterator[Found]:
        yield from self.jobs()
        yield from self.things


def make_plan(
    caller: Caller, options: Options, projects: tuple[str, ...], progress: Callable[[int], None] = lambda percent: None
) -> Plan:
    """What a clean-up of these projects would do. Changes nothing."""
    looks = []
    for number, key in enumerate(projects):
        looks.append(look(caller, key, options, progress=_within(progress, number, len(projects))))
    now = as_of(caller, looks)
    candidates, sums = judged(looks, options, now, held_in(caller))
    if not may_delete_files(caller, options):
        candidates, sums = _without_files(looks, candidates, sums, now)
    gaps = tuple(gap for each in looks for gap in each.gaps if gap.group in options.groups)
    plan_id = f"{now:%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:8]}" if caller.store else ""
    return Plan(
        plan_id,
        caller.project_key,
        projects,
        now,
        caller.by,
        options,
        candidates,
        sums,
        gaps,
        log_debt=_log_debt(looks),
    )


def _within(progress: Callable[[int], None], number: int, projects: int) -> Callable[[float], None]:
    """Looking takes the first nine tenths, as many parts as there are projects."""
    return lambda part: progress(int(90 * (number + part) / projects))


def as_of(caller: Caller, looks: Iterable[Look]) -> datetime:
    """Now, and never before what was looked at: DSS tells whole seconds, so that its clock seems to go back by one, and
    what is just old enough would be too young."""
    return max((caller.clients.now()[0], *(each.taken_at for each in looks)))


def may_delete_files(caller: Caller, options: Options) -> bool:
    """The last resort: an administrator of the instance switched it on, and this process sees DSS's data directory."""
    return options.log_files and caller.is_admin and caller.home is not None


def _without_files(
    looks: Iterable[Look], candidates: tuple[Candidate, ...], sums: tuple[Sum, ...], now: datetime
) -> tuple[tuple[Candidate, ...], tuple[Sum, ...]]:
    """A plan promises only what can be done: logs then go by DSS's macros, which know nothing but an age."""
    listed: dict[tuple[str, str], list[Candidate]] = {}
    for candidate in candidates:
        listed.setdefault((candidate.thing.group, candidate.thing.project_key), []).append(candidate)
    changed: dict[tuple[str, str, str], Candidate] = {}
    for each in looks:
        for group in DISK_OF:
            own = listed.get((group, each.project_key), [])
            if any(candidate.goes for candidate in own):
                things = (thing for thing in each.all_things() if thing.group == group)
                changed.update((c.thing.key, c) for c in by_age_alone(own, things, now))
    candidates = tuple(changed.get(c.thing.key, c) for c in candidates)
    return candidates, tuple(_counted_again(total, candidates) if total.group in DISK_OF else total for total in sums)


def _counted_again(total: Sum, candidates: tuple[Candidate, ...]) -> Sum:
    going = [c.thing.size for c in candidates if c.thing.group == total.group and c.goes]
    size, unsized = sum(each or 0 for each in going), going.count(None)
    return replace(
        total, goes=len(going), size=size, unsized=unsized, protected=total.goes + total.protected - len(going)
    )


def judged(
    looks: Iterable[Look],
    options: Options,
    now: datetime,
    held: Held,
    only: Optional[frozenset[tuple[str, str, str]]] = None,
) -> tuple[tuple[Candidate, ...], tuple[Sum, ...]]:
    """The judgement over what was found; see `core.cleanup.judge`."""
    looked = tuple(looks)

    def things() -> Iterator[Found]:
        return (thing for each in looked for thing in each.all_things())

    return judge(
        things(), Newest.of(things(), options), options, now, frozenset(each.project_key for each in looked), held, only
    )


def held_in(caller: Caller) -> Held:
    """The quarantines on record, by project and object."""
    if caller.store is None:
        return {}
    return {(each.project_key, each.id): each for each in plans.quarantined(caller.store, caller.store.files())}


def look(
    caller: Caller,
    project_key: str,
    options: Options,
    only: Optional[frozenset[tuple[str, str, str]]] = None,
    progress: Callable[[float], None] = lambda part: None,
) -> Look:
    """One project, as far as the groups take it. Of single datasets and folders only those of `only` are asked about;
    `progress` is told the part that is done."""
    clients, groups = caller.clients, frozenset(options.groups)
    with ThreadPoolExecutor(2) as beside:  # the disk is read while DSS answers, and its macros take their time
        reading_disk = beside.submit(_on_disk, caller, project_key, groups)
        asking_macros = beside.submit(_told_by_macros, caller, project_key, options)
        lists, origins = leftovers.read_lists(clients, project_key)
        jobs = _job_list(clients, project_key, groups)  # after the others: a DSS that writes a long list answers late
        lists = replace(lists, jobs=jobs if isinstance(jobs, Unknown) else jobs.telling)
        progress(0.3)
        found = leftovers.read_rest(clients, lists, origins, groups, documents=_has_objects(lists, options))
        progress(0.5)
        found, index, gaps = _asked(clients, found, options, only)
        progress(0.8)
        types, told, more = asking_macros.result()
        on_disk, unsized = reading_disk.result()
    now = clients.now()[0]
    progress(1.0)
    runs = _runs(caller, found, on_disk.get("scenario_logs", {})) if "scenario_logs" in groups else ()
    others = (thing for thing in found.things if thing.group != "scenario_logs")
    things = (*others, *runs, *_objects_found(found, index, options), *told)
    protected = _protects_all(found)
    log_bytes = sum(sum(by_id.values()) for by_id in on_disk.values()) if on_disk else None
    job_logs = _job_logs(caller, project_key, jobs, on_disk.pop("job_logs", {}), groups, protected)
    return Look(
        project_key,
        now,
        tuple(_with(protected, thing) for thing in things),
        job_logs,
        types,
        log_bytes,
        (*found.gaps, *gaps, *more, *unsized, *_unread(found, groups)),
    )


def _job_list(clients: Clients, project_key: str, groups: frozenset[str]) -> Known[JobList]:
    """The jobs, for their logs and for what they tell of objects."""
    if not groups & {"job_logs", "intermediates", *_OBJECT_GROUPS}:
        return JobList(JobLogs(), ())
    return attempt("the list of jobs", leftovers.read_jobs, clients, project_key)


def _has_objects(lists: Snapshot, options: Options) -> bool:
    groups = frozenset(options.groups)
    return bool(groups & _OBJECT_GROUPS and unreferenced(lists)) or bool(
        "intermediates" in groups and idle_between(lists, lists.taken_at - timedelta(days=options.unused_days))
    )


def _asked(
    clients: Clients, found: Leftovers, options: Options, only: Optional[frozenset[tuple[str, str, str]]]
) -> tuple[Leftovers, Index, list[Gap]]:
    """Objects are asked about one by one where that can still decide anything: when they were built, then, of those that
    may go, how large they are. Of what stays anyway a few are asked about too, so that people see what they keep."""
    index, now, key = Index(found.documents, found.unread), found.snapshot.taken_at, found.snapshot.project_key

    def stand() -> dict[ObjectRef, str]:
        things = (t for t in _objects_found(found, index, options) if only is None or t.key in only)
        return {_ref(thing): where for thing, where in standings(things, options, now, key)}

    stands = stand()
    wanted = tuple(ref for ref, where in stands.items() if where == OPEN)
    kept = tuple(ref for ref, where in stands.items() if where == PROTECTED)[:MAX_KEPT]
    asked = wanted[:MAX_OBJECTS]
    found = leftovers.read_facts(clients, found, leftovers.BUILDS, (*asked, *kept))
    may_go = frozenset(ref for ref, where in stand().items() if where == OPEN)
    sized = tuple(ref for ref in asked if ref in may_go)
    found = leftovers.read_facts(clients, found, leftovers.SIZES, (*sized, *kept))
    return found, index, _too_many(key, len(wanted), options)


def _too_many(key: str, number: int, options: Options) -> list[Gap]:
    if number <= MAX_OBJECTS:
        return []
    group = "intermediates" if "intermediates" in options.groups else "datasets"
    why = f"{number - MAX_OBJECTS} of {number} datasets and folders were not asked about: too many for one plan"
    return [Gap(group, key, why, "a plan of fewer, with “Only”")]


def _ref(thing: Thing) -> ObjectRef:
    return ObjectRef("MANAGED_FOLDER" if thing.group == "folders" else "DATASET", thing.project_key, thing.id)


def _objects_found(found: Leftovers, index: Index, options: Options) -> Iterator[Thing]:
    groups = frozenset(options.groups)
    if groups & _OBJECT_GROUPS:
        yield from unused(found.snapshot, index, options, found.origins)
    if "intermediates" in groups:
        yield from intermediates(found.snapshot, index, found.origins)


def _job_logs(
    caller: Caller,
    key: str,
    jobs: Known[JobList],
    on_disk: dict[str, int],
    groups: frozenset[str],
    protected: tuple[str, ...],
) -> Callable[[], Iterator[Found]]:
    """The job logs of a project, from DSS's list and from the disk. Uses `on_disk` up: what is left of it are the folders
    of jobs that DSS lists no more."""
    if isinstance(jobs, Unknown) or "job_logs" not in groups:
        return lambda: iter(())
    logs = jobs.logs
    logs.take_sizes(on_disk)

    def found() -> Iterator[Found]:
        yield from logs.logs(key, protected)
        yield from (_with(protected, thing) for thing in _orphans(caller, "job_logs", key, on_disk))

    return found


def _orphans(caller: Caller, group: str, key: str, sizes: Mapping[str, int]) -> Iterator[Thing]:
    """Folders of runs that DSS lists no more, so that none of them runs."""
    for name, size in sizes.items():
        written = disk.written_at(caller.home, DISK_OF[group], key, name) if caller.home else None
        at = datetime.fromtimestamp(written, timezone.utc) if written is not None else None
        yield Thing(group, key, name, f"{name} (DSS lists it no more)", at=at, size=size, version=str(at))


def _runs(caller: Caller, found: Leftovers, on_disk: Mapping[str, int]) -> Iterator[Thing]:
    """The scenario runs with their sizes, and where the scenarios are known the folders of runs that are no more; none of
    scenarios whose list is not whole."""
    key, runs = found.snapshot.project_key, [thing for thing in found.things if thing.group == "scenario_logs"]
    for thing in runs:
        yield replace(thing, size=on_disk[thing.id]) if thing.id in on_disk else thing
    if not isinstance(found.snapshot.scenarios, Unknown):
        unread = frozenset(thing.id[:-1] for thing in runs if thing.id.endswith("/"))
        names = on_disk.keys() - {thing.id for thing in runs}
        orphans = {name: on_disk[name] for name in names if name.rpartition("/")[0] not in unread}
        yield from _orphans(caller, "scenario_logs", key, orphans)


def _protects_all(found: Leftovers) -> tuple[str, ...]:
    """The tag on the project protects all that is in it."""
    project = known(found.snapshot.project, None)
    kept = project is not None and any(tag.strip().lower() == KEEP_TAG for tag in project.tags)
    return (f"the project is tagged “{KEEP_TAG}”",) if kept else ()


def _with(protected: tuple[str, ...], thing: Thing) -> Thing:
    return replace(thing, protected=(*thing.protected, *protected)) if protected else thing


def _on_disk(caller: Caller, key: str, groups: frozenset[str]) -> tuple[dict[str, dict[str, int]], list[Gap]]:
    found: dict[str, dict[str, int]] = {}
    gaps = []
    for group, kind in DISK_OF.items() if caller.home else ():
        if group in groups and caller.home is not None:
            try:
                found[group] = disk.sizes(caller.home, kind, key)
            except (OSError, ValueError) as error:
                gaps.append(Gap(group, key, f"sizes on disk could not be read: {error}"))
    return found, gaps


def _told_by_macros(caller: Caller, key: str, options: Options) -> tuple[Mapping[str, str], list[Thing], list[Gap]]:
    """DSS's own macros by group, and what only they know of: they are asked to show, not to delete."""
    types = known(attempt("DSS's own macros", macros.listed, caller.clients, key), {})
    things: list[Thing] = []
    gaps = []
    for group in _TOLD_BY_MACROS:
        if group not in options.groups:
            continue
        if group in macros.OF_ALL_PROJECTS and not (options.all_projects and key == caller.project_key):
            if not options.all_projects:
                why = "DSS's macro deletes those of every project: an administrator cleans them up, with “All projects”"
                gaps.append(Gap(group, key, why, "instance administrator"))
            continue
        if group not in types:
            gaps.append(Gap(group, key, "DSS offers no macro for them here, and there is no other way to see them"))
            continue
        age = options.older_than_days
        shown = attempt("its macro", _rehearsed, caller.clients, key, group, types[group], age)
        if isinstance(shown, Unknown):
            gaps.append(Gap(group, key, shown.reason, shown.needs))
        else:
            things += shown.things(group, key, caller.clients.now()[0] - timedelta(days=age))
    return types, things, gaps


def _rehearsed(clients: Clients, key: str, group: str, runnable_type: str, age: int) -> macros.Result:
    return macros.run(clients, key, group, runnable_type, age, perform=False)


def _unread(found: Leftovers, groups: frozenset[str]) -> Iterator[Gap]:
    """The lists that a whole group rests on."""
    rests: tuple[tuple[str, Known[object], frozenset[str]], ...] = (
        ("job_logs", found.snapshot.jobs, frozenset({"job_logs"})),
        ("datasets", found.snapshot.datasets, frozenset({"datasets", "temporary_datasets", "intermediates"})),
        ("folders", found.snapshot.folders, frozenset({"folders"})),
    )
    for group, part, wanted in rests:
        if isinstance(part, Unknown) and groups & wanted:
            yield Gap(group, found.snapshot.project_key, part.reason, part.needs)


def _log_debt(looks: Iterable[Look]) -> Optional[int]:
    seen = [each.log_bytes for each in looks if each.log_bytes is not None]
    return sum(seen) if seen else None
