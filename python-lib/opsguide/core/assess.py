"""The judgement: what was read and what was promised become a report, value for value.

Nothing is shown here and nothing is read. What cannot be told stays unknown with its reason, all the way through.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, tzinfo
from functools import cached_property, partial
from typing import Optional, TypeVar

from dateutil import tz

from ..model.known import Cause, Known, Unknown, known
from ..model.profile import DatasetProfile, Declared, Window
from ..model.report import (
    NO_MAIN,
    Arrival,
    Collision,
    DurationStat,
    DurationVerdict,
    FreshnessVerdict,
    JobsWeek,
    NextRun,
    OutputReport,
    ProcessStart,
    Report,
    RowStat,
    RunVerdict,
    ScenarioReport,
    ServerZone,
    SourceReport,
    TimeOfDay,
    WindowReport,
)
from ..model.snapshot import Build, Job, ObjectFacts, ObjectRef, Run, Scenario, Snapshot
from . import words
from .calendars import is_business_day, month_edge
from .duration import judge_duration, limits, typical
from .forecast import Roads
from .freshness import DataTime, Input, arrival, data_time, judge, judge_age, judge_deadline
from .lineage import Builds, Flow, Item, builders_of, builds, flow_of, outputs, readers_of, sources
from .rates import error_rate
from .runs import Terms, of_run, outages, run_verdicts, standing
from .runs.verdicts import CATCH_UP_SHARE
from .schedule import next_expected, sentence, server_zone
from .sla import (
    AHEAD_DAYS,
    BACK_DAYS,
    Ledger,
    Promise,
    Record,
    Starts,
    Verdict,
    alert_after,
    around,
    budget,
    dues,
    ledger,
    promise_of,
    suggestion,
    typical_completion,
    usual_time,
    verdict,
)
from .told import told
from .volume import counts_per_build, is_wrong, judge_volume, without_wrong
from .windows import current_or_next, merged, spans

T = TypeVar("T")

# How far back to look for the last expected start: two days tell it of most scenarios, 40 of monthly ones.
_LATELY = timedelta(days=2)
_LOOK_BACK = (timedelta(days=9), timedelta(days=40))
# Soon after the evening has begun, the hours before it are of interest still.
_LAST_HOURS = timedelta(hours=4)
_COMING = timedelta(hours=12)
_WEEK = timedelta(days=7)
_AHEAD_DAYS = 30
# Every scenario that runs each month has a start within these.
_MONTH_DAYS = 32
# What starts too often to list it for months is listed for a few days.
_NEAR_DAYS = 2
# 60 builds, a few days of every week.
_COUNTED_DAYS = 200
# A scenario of every minute has hundreds of starts in one window: so many of them tell enough.
_SHOWN_INSIDE = 20


def assess(snapshot: Snapshot, declared: Declared, *, server_zone: str = "", backend_zone: str = "") -> Report:
    """Judge a project as read and promised. `server_zone` is the zone DSS's "SERVER" is declared to be, `backend_zone`
    the zone of the machine this runs on, given only where that is the DSS host."""
    return _Bench(snapshot, declared, server_zone, backend_zone).report()


@dataclass(frozen=True)
class _Bench:
    """One judgement: the inputs, and what several conclusions share."""

    snapshot: Snapshot
    declared: Declared
    declared_server_zone: str
    backend_zone: str

    @property
    def now(self) -> datetime:
        return self.snapshot.taken_at

    @cached_property
    def server(self) -> ServerZone:
        wished = self.declared.profile.timezone
        return server_zone(
            self.declared_server_zone, self._scenarios, self.backend_zone, candidates=(wished,) if wished else ()
        )

    @cached_property
    def terms(self) -> Terms:
        return Terms.of(self.snapshot, self.declared.profile, self.server)

    @property
    def zone(self) -> tzinfo:
        return self.terms.zone

    @cached_property
    def flow(self) -> Flow:
        return flow_of(self.snapshot)

    @cached_property
    def builds(self) -> Mapping[str, Known[Builds]]:
        return builds(self.snapshot, self.flow)

    @cached_property
    def _builders(self) -> Mapping[ObjectRef, tuple[str, ...]]:
        """The active scenarios that build each object."""
        return builders_of({key: built for key, built in self.builds.items() if self.by_id[key].active})

    @cached_property
    def names(self) -> Mapping[str, str]:
        found = {scenario.id: scenario.name or scenario.id for scenario in self._scenarios}
        found.update({folder.id: folder.name for folder in known(self.snapshot.folders, ()) if folder.name})
        return found

    @cached_property
    def facts(self) -> Mapping[ObjectRef, ObjectFacts]:
        return {fact.ref: fact for fact in self.snapshot.facts}

    @cached_property
    def by_id(self) -> Mapping[str, Scenario]:
        return {scenario.id: scenario for scenario in self._scenarios}

    @property
    def _scenarios(self) -> tuple[Scenario, ...]:
        return known(self.snapshot.scenarios, ())

    @cached_property
    def night_since(self) -> datetime:
        """When the last night began: the declared hour of the last business day before today."""
        profile = self.declared.profile
        begins = time.fromisoformat(profile.overnight_from)
        calendar = profile.calendars.get("default") or next(iter(profile.calendars.values()), None)
        day = self.now.astimezone(self.zone).date() - timedelta(days=1)
        for _ in range(7):
            if is_business_day(calendar, day):
                break
            day -= timedelta(days=1)
        return datetime.combine(day, begins, self.zone)

    def report(self) -> Report:
        scenarios = self.snapshot.scenarios
        graph = self.snapshot.graph
        reports: Known[tuple[ScenarioReport, ...]] = (
            scenarios if isinstance(scenarios, Unknown) else tuple(self._scenario(scenario) for scenario in scenarios)
        )
        found_sources = sources(self.snapshot, self.declared, self.flow)
        found_outputs = outputs(self.snapshot, self.declared, self.flow)
        name, why = self._zone_name()
        return Report(
            zone=name,
            zone_why=why,
            night_since=self.night_since,
            scenarios=reports,
            sources=graph
            if isinstance(graph, Unknown) and not found_sources
            else tuple(map(self._source, found_sources)),
            outputs=graph
            if isinstance(graph, Unknown) and not found_outputs
            else tuple(map(self._output, found_outputs)),
            jobs=self._jobs(),
            windows=tuple(self._window(window) for window in self.declared.profile.maintenance),
            outages=outages({s.id: self._night(s) for s in self._scenarios}, self.terms),
            main_scenario=reports if isinstance(reports, Unknown) else _main(reports),
            quiet=self._quiet(),
            server=self.server,
        )

    def _zone_name(self) -> tuple[str, str]:
        declared = self.declared.profile.timezone
        if declared:
            return declared, "the project's zone, as declared in the profile"
        if isinstance(self.server.name, Unknown):
            return "UTC", f"{self.server.name.reason}; declare timezone in the profile"
        return self.server.name, f"the server's zone: {self.server.why}"

    def _quiet(self) -> str:
        instance = self.snapshot.instance
        if not isinstance(instance, Unknown) and instance.node_type.upper() == "DESIGN":
            return "this is a design copy"
        return ""

    # --- scenarios ----------------------------------------------------------------------------------------------

    def _scenario(self, scenario: Scenario) -> ScenarioReport:
        settings, runs = _as_read(scenario, scenario.settings), _as_read(scenario, scenario.runs)
        built = self.builds.get(scenario.id, Unknown("not in the list", Cause.NOT_RECORDED))
        next_run = self._next_runs[scenario.id]
        return ScenarioReport(
            id=scenario.id,
            name=scenario.name or scenario.id,
            active=scenario.active,
            test=scenario.marked_as_test,
            state=self._state(scenario),
            schedule=self._schedule(scenario),
            next_run=next_run,
            last_run=runs if isinstance(runs, Unknown) else next(iter(runs), None),
            overnight=runs if isinstance(runs, Unknown) else tuple(r for r in runs if _since(r, self.night_since)),
            duration=typical(runs),
            limit_seconds=self._limit(scenario),
            length=self._length(scenario),
            errors=error_rate(runs, self.now),
            told=told(settings, self.snapshot.channels),
            targets=built if isinstance(built, Unknown) else built.targets,
            builds=built if isinstance(built, Unknown) else built.refs,
            unseen="" if isinstance(built, Unknown) else built.unseen,
            history_since=None if isinstance(runs, Unknown) else min((r.start for r in runs if r.start), default=None),
            night=self._night(scenario),
            coming=self._coming(scenario, next_run),
        )

    @cached_property
    def _next_runs(self) -> Mapping[str, NextRun]:
        return {scenario.id: self._next_run(scenario) for scenario in self._scenarios}

    def _next_run(self, scenario: Scenario) -> NextRun:
        return next_expected(
            scenario,
            self.now,
            self.server,
            self.names,
            project_key=self.snapshot.project_key,
            triggers_disabled=self.terms.triggers_disabled,
        )

    def _schedule(self, scenario: Scenario) -> Known[tuple[str, ...]]:
        if not isinstance(scenario.settings, Unknown):
            return tuple(
                sentence(trigger, self.server, self.names, self.snapshot.project_key)
                for trigger in scenario.settings.triggers
            )
        return (scenario.trigger_digest,) if scenario.trigger_digest else _as_read(scenario, scenario.settings)

    def _state(self, scenario: Scenario) -> RunVerdict:
        if not scenario.active:
            return RunVerdict(None, "OFF", "the scenario is not active")
        if isinstance(scenario.settings, Unknown) and not isinstance(scenario.runs, Unknown):
            return self._without_schedule(scenario, scenario.settings, scenario.runs)
        verdicts = self._verdicts[scenario.id]
        for span in _LOOK_BACK:
            if any(verdict.verdict != "PENDING" for verdict in verdicts):
                break
            verdicts = run_verdicts(scenario, self.terms, self.now - span)
        return standing(scenario, self.terms, verdicts)

    def _without_schedule(self, scenario: Scenario, why: Unknown, runs: tuple[Run, ...]) -> RunVerdict:
        """What the last run tells by itself: a failure is one whatever the schedule says, and so is a run that takes too
        long; a success proves little."""
        last = runs[0] if runs else None
        if last is None:
            return RunVerdict(None, "UNKNOWN", f"no run is on record, and its schedule is unknown: {why.reason}")
        found = of_run(scenario, self.terms, last)
        told = f"its last run {'is ' if last.running else ''}{found.reason}"
        if found.verdict != "ON_TIME":
            return replace(found, reason=told)
        return replace(
            found, verdict="UNKNOWN", reason=f"{told}; whether it ran when it should is unknown: {why.reason}"
        )

    @cached_property
    def _verdicts(self) -> Mapping[str, tuple[RunVerdict, ...]]:
        """What became of the latest moments of each active scenario: those of the night, and two days at least."""
        since = min(self.night_since, self.now - _LATELY)
        return {s.id: run_verdicts(s, self.terms, since) for s in self._scenarios if s.active}

    def _night(self, scenario: Scenario) -> tuple[RunVerdict, ...]:
        since = min(self.night_since, self.now - _LAST_HOURS)
        found = self._verdicts.get(scenario.id, ())
        return tuple(verdict for verdict in found if verdict.instant is None or verdict.instant >= since)

    def _coming(self, scenario: Scenario, next_run: NextRun) -> tuple[datetime, ...]:
        """Its next starts: those of its triggers, else DSS's own next one."""
        if not scenario.active:
            return ()
        until = self.now + _COMING
        ahead = self.terms.timetable(scenario, self.now + timedelta(seconds=1), until)
        if ahead.unknown is None:
            return tuple(at for at in ahead.instants if not self.terms.why_not_expected(scenario, at))
        own = next_run.at
        return (own,) if own is not None and self.now < own < until else ()

    def _limit(self, scenario: Scenario) -> Optional[float]:
        declared = self.declared.profile.scenarios.get(scenario.id)
        if declared is not None and declared.max_minutes is not None:
            return declared.max_minutes * 60
        if isinstance(scenario.runs, Unknown):
            return None
        found = limits(scenario.runs, self.now, self.zone)
        return None if isinstance(found, Unknown) else found.slower

    def _length(self, scenario: Scenario) -> DurationVerdict:
        runs = _as_read(scenario, scenario.runs)
        if isinstance(runs, Unknown):
            return DurationVerdict("UNKNOWN", runs.reason)
        if not runs:
            return DurationVerdict("UNKNOWN", "no run is on record")
        return judge_duration(runs[0], runs, self.now, self.zone)

    # --- sources ------------------------------------------------------------------------------------------------

    def _source(self, item: Item) -> SourceReport:
        ref = item.ref
        facts = self.facts.get(ref, ObjectFacts(ref))
        readers = tuple(key for key in readers_of(ref, self.flow, self.builds) if self.by_id[key].active)
        smart = ref.smart_name(self.snapshot.project_key)
        promise = promise_of(self.declared.profile, smart, self.terms.zone)
        came = self._came(ref, promise, is_input=True)
        seen = came if isinstance(came, Unknown) else Arrival(came.at or self.now, came.clock)
        usual = self._usual_arrival(facts)
        start = self._process_start(readers)
        margin, basis = self._margin(start, promise, usual)
        fresh = self._source_freshness(promise, came)
        return SourceReport(
            ref=ref,
            why=item.why,
            arrival=seen,
            usual=usual,
            start=start,
            margin_seconds=margin,
            margin_basis=basis,
            readers=readers,
            downstream=self.flow.downstream(ref),
            arrived=None if fresh is None or fresh.verdict == "UNKNOWN" else fresh.verdict != "STALE_ERROR",
            freshness=fresh,
        )

    def _came(self, ref: ObjectRef, promise: Promise, *, is_input: bool) -> Known[DataTime]:
        """When the data of an object is from, by the first clock that tells."""
        facts = self._with_jobs(self.facts.get(ref, ObjectFacts(ref)))
        key = self.snapshot.project_key
        return data_time(facts, self.now, promise.zone, column=promise.time_column, is_input=is_input, project_key=key)

    def _source_freshness(self, promise: Promise, came: Known[DataTime]) -> Optional[FreshnessVerdict]:
        """Whether the data that should be there by now is. Without a promise nothing can be late."""
        if promise.available_by is not None:
            return judge_deadline(promise, came, self.now)
        if promise.max_age_seconds is not None or promise.warn_age_seconds is not None:
            return judge_age(promise, came, self.now)
        unread = self._promise_unread
        return (
            None if unread is None else FreshnessVerdict("UNKNOWN", f"when it should be there is not known: {unread}")
        )

    def _usual_arrival(self, facts: ObjectFacts) -> Known[TimeOfDay]:
        if isinstance(facts.builds, Unknown):
            cause = facts.builds.cause
            return Unknown("DSS records no history of its arrivals", cause)
        ends = [build.end for build in facts.builds if build.success and build.end]
        if not ends:
            return Unknown("DSS records no history of its arrivals", Cause.NOT_RECORDED)
        return usual_time(ends, self.now, self.terms.zone)

    def _process_start(self, readers: Sequence[str]) -> Known[ProcessStart]:
        """The next start of those that read it; where none has a time, what the first of them waits for."""
        unread = [found for found in self.builds.values() if isinstance(found, Unknown)]
        if not readers:
            if isinstance(self.snapshot.scenarios, Unknown):
                return self.snapshot.scenarios
            active_unread = [
                found for key, found in self.builds.items() if isinstance(found, Unknown) and self.by_id[key].active
            ]
            if active_unread or (unread and not self._scenarios):
                return (active_unread or unread)[0]
            return Unknown("no active scenario is seen to read it", Cause.NOT_RECORDED)
        upcoming = [(self._next_runs[key], key) for key in readers]
        timed = [(run.at, key, run.text) for run, key in upcoming if run.at is not None]
        if timed:
            at, key, text = min(timed, key=lambda entry: entry[0])
            return ProcessStart(at, key, text)
        run, key = upcoming[0]
        return run.unknown if run.unknown is not None and not run.text else ProcessStart(None, key, run.text)

    def _margin(
        self, start: Known[ProcessStart], promise: Promise, usual: Known[TimeOfDay]
    ) -> tuple[Known[float], str]:
        if isinstance(start, Unknown):
            return start, ""
        if start.at is None:
            return Unknown("it is read when something happens, not at a time", Cause.NOT_RECORDED), ""
        if promise.available_by is not None:
            at = promise.available_by
            basis = f"next start less the declared time, {at:%H:%M}"
            return _margin(start.at, at.hour * 60 + at.minute, promise.zone.key), basis
        if isinstance(usual, Unknown):
            return Unknown(f"when the data is there is not known: {usual.reason}", usual.cause), ""
        basis = f"next start less the time by which it arrived on 19 of 20 days ({usual.n} seen)"
        return _margin(start.at, usual.p95, usual.zone), basis

    # --- outputs ------------------------------------------------------------------------------------------------

    def _output(self, item: Item) -> OutputReport:
        ref = item.ref
        facts = self._with_jobs(self.facts.get(ref, ObjectFacts(ref)))
        builders = self._builders.get(ref, ())
        smart = ref.smart_name(self.snapshot.project_key)
        promise = promise_of(self.declared.profile, smart, self.terms.zone)
        book = None if promise.due is None else self._ledger(promise, ref, facts, builders)
        fresh = judge(
            promise,
            self._came(ref, promise, is_input=False),
            facts.builds,
            tuple(self._inputs(ref)),
            self.now,
            self._moments.get(builders, ()),
        )
        stands = self._verdict(promise, book, facts, builders, fresh)
        usual = self._usual_completion(promise, book, facts)
        return OutputReport(
            ref=ref,
            why=item.why,
            last_success=facts.last_success,
            last_build=facts.last_build,
            age_seconds=_age(facts.last_success, self.now),
            due_at=stands.due_at,
            verdict=stands.verdict,
            reason=stands.reason,
            typical=usual,
            suggested=suggestion(usual),
            alert_after_seconds=alert_after(promise, usual),
            rows=self._rows(smart, promise, facts),
            builders=builders,
            freshness=fresh,
            days=book.days if book else (),
            tight=stands.tight,
            budget=budget(book, promise.target) if book else None,
            prediction=stands.prediction,
        )

    def _ledger(self, promise: Promise, ref: ObjectRef, facts: ObjectFacts, builders: tuple[str, ...]) -> Ledger:
        runs = tuple(run for key in builders for run in known(self.by_id[key].runs, ()))
        record = Record(facts.builds, self._complete_since(ref, facts), runs)
        return ledger(promise, record, Starts(self._moments.get(builders, ()), self._cut_offs(ref)), self.now)

    @cached_property
    def _moments(self) -> Mapping[tuple[str, ...], tuple[datetime, ...]]:
        """When any of the scenarios that build an object together should start, for months around now: worked out once
        for all that they build."""
        return {
            builders: tuple(sorted({at for key in builders for at in self._starts.get(key, ())}))
            for builders in set(self._builders.values())
        }

    def _verdict(
        self,
        promise: Promise,
        book: Optional[Ledger],
        facts: ObjectFacts,
        builders: Sequence[str],
        fresh: FreshnessVerdict,
    ) -> Verdict:
        if book is not None:
            cycle = book.cycle
            roads = Roads(
                self.terms,
                tuple(self.by_id[key] for key in builders),
                facts.builds,
                self._starts,
                cycle.begins if cycle else self.now,
                book.ends,
            )
            stands = verdict(book, roads.outlook, promise.zone, self.now)
            too_old = fresh.verdict in ("STALE_ERROR", "STALE_WARN")
            return replace(stands, reason=f"{stands.reason}; its data is {fresh.reason}") if too_old else stands
        if promise.max_age_seconds is not None or promise.warn_age_seconds is not None:
            return Verdict(None, fresh.verdict, fresh.reason)
        unread = self._promise_unread
        if unread is not None:
            return Verdict(None, "UNKNOWN", f"when it is due is not known: {unread}")
        return Verdict(None, "NOT_DECLARED", "nobody has declared when it is due")

    @property
    def _promise_unread(self) -> Optional[str]:
        """Of what has no promise: why one may be there all the same, None where there is none."""
        unread = self.snapshot.profile_unread
        return None if unread is None or unread.cause is Cause.NOT_READ else unread.reason

    def _usual_completion(self, promise: Promise, book: Optional[Ledger], facts: ObjectFacts) -> Known[TimeOfDay]:
        if isinstance(facts.builds, Unknown):
            return facts.builds
        if book is not None:
            return typical_completion(promise, book)
        ends = (build.end for build in facts.builds if build.success and build.end)
        return usual_time(ends, self.now, promise.zone)

    @cached_property
    def _starts(self) -> Mapping[str, tuple[datetime, ...]]:
        """The expected starts of the active scenarios for months around now, of those where all are known."""
        found = {key: self._starts_of(scenario) for key, scenario in self.by_id.items() if scenario.active}
        return {key: starts for key, starts in found.items() if starts}

    def _starts_of(self, scenario: Scenario) -> tuple[datetime, ...]:
        for back, ahead in ((BACK_DAYS, _MONTH_DAYS), (_NEAR_DAYS, _NEAR_DAYS)):
            span = self.terms.timetable(scenario, self.now - timedelta(days=back), self.now + timedelta(days=ahead))
            if span.unknown is None:
                # Before a trigger was saved its schedule may have been another.
                return tuple(item.at for item in span.expected if item.saved_at is None or item.at >= item.saved_at)
        return ()

    def _cut_offs(self, ref: ObjectRef) -> tuple[datetime, ...]:
        """The times by which the sources of an object are declared to be there."""
        today = self.now.astimezone(self.zone).date()
        first, last = today - timedelta(days=BACK_DAYS), today + timedelta(days=AHEAD_DAYS)
        above = self.flow.upstream(ref) if self._available else ()
        names = (source.smart_name(self.snapshot.project_key) for source in above)
        declared = (self._available[name] for name in names if name in self._available)
        found = {due for promise in declared for _, due in dues(promise, promise.available_by, first, last)}
        return tuple(sorted(found))

    @cached_property
    def _available(self) -> Mapping[str, Promise]:
        """The promises of all that is declared to be there by a time."""
        profile = self.declared.profile
        return {
            name: promise_of(profile, name, self.terms.zone)
            for name, said in profile.datasets.items()
            if said.available_by
        }

    def _inputs(self, ref: ObjectRef) -> Iterator[Input]:
        """What an object is made from: the nearest upstream of which anything is known."""
        key, seen, queue = self.snapshot.project_key, {ref}, deque(self.flow.made_from(ref))
        while queue:
            above = queue.popleft()
            if above in seen:
                continue
            seen.add(above)
            further = self.flow.made_from(above)
            if further and above not in self.facts and above not in self._built_by_jobs:
                queue.extend(further)
                continue
            name = above.smart_name(key)
            promise = promise_of(self.declared.profile, name, self.terms.zone)
            shown = self.names.get(above.id, name) if above.kind == "MANAGED_FOLDER" else name
            facts = self._with_jobs(self.facts.get(above, ObjectFacts(above)))
            built = facts.last_success
            job_id = "" if isinstance(built, Unknown) or built is None else built.job_id
            yield Input(shown, promise, arrival(facts, project_key=key), job_id)

    def _complete_since(self, ref: ObjectRef, facts: ObjectFacts) -> Optional[datetime]:
        """From when on no build of the object can be missing from what is known, None where any may be."""
        if isinstance(facts.last_build, Unknown) or isinstance(facts.builds, Unknown):
            return None
        if facts.last_build is None:
            # Never built: no build is missing since the project is known to be here.
            return self.terms.first_record
        recorded = [build for build in facts.builds if build.source == "dataset" and build.end]
        bulk = [build.start for build in facts.builds if build.source == "internal stats" and build.start]
        listed = self._listed_since(ref, recorded)
        sure = [build.end for build in recorded if build.end]
        return min([*sure, *bulk, *([listed] if listed else [])], default=None)

    def _listed_since(self, ref: ObjectRef, recorded: Sequence[Build]) -> Optional[datetime]:
        """From when on each build of the object stands in the job list by its name, or in its own record: after the
        last job that may have built it on the way to something else."""
        jobs = known(self.snapshot.jobs, ())
        below = frozenset(self.flow.downstream(ref))
        on_the_way = [
            job.end or self.now
            for job in jobs
            if job.type != "NON_RECURSIVE_FORCED_BUILD"
            and any(output in below for output, _ in job.outputs)
            and not any(output == ref for output, _ in job.outputs)
            and not any(job.id == build.job_id for build in recorded)
        ]
        oldest = min((at for job in jobs if (at := _started(job))), default=None)
        return max(on_the_way, default=oldest)

    def _with_jobs(self, facts: ObjectFacts) -> ObjectFacts:
        """Facts not read yet, told by the job list as far as it names the object as a target."""
        if isinstance(self.snapshot.jobs, Unknown) or not _not_read(facts.last_build):
            return facts
        found = self._built_by_jobs.get(facts.ref, ())
        if not found:
            return facts
        success = next((build for build in found if build.success), None)
        return replace(
            facts,
            last_build=found[0],
            last_success=success if success is not None else facts.last_success,
            builds=found if _not_read(facts.builds) else facts.builds,
        )

    @cached_property
    def _built_by_jobs(self) -> Mapping[ObjectRef, tuple[Build, ...]]:
        found: dict[ObjectRef, list[Build]] = {}
        for job in known(self.snapshot.jobs, ()):
            if job.finished and job.end is not None:
                for ref, partition in job.outputs:
                    build = Build(job.state == "DONE", job.start, job.end, job.id, partition, "job list")
                    found.setdefault(ref, []).append(build)
        return {ref: tuple(sorted(all_of_it, key=_end, reverse=True)) for ref, all_of_it in found.items()}

    def _rows(self, name: str, promise: Promise, facts: ObjectFacts) -> Known[RowStat]:
        """The row counts as recorded, and whether the last one is plausible."""
        points = facts.row_counts
        if isinstance(points, Unknown):
            return points
        if not points:
            return Unknown(
                "no row count is on record", Cause.NOT_RECORDED, "a metric that counts records on each build"
            )
        values = [point.value for point in points[-60:]]
        seen = RowStat(points[-1].value, points[-1].at, min(values), max(values), len(values))
        if isinstance(facts.builds, Unknown):
            return replace(seen, reason=f"not judged, as its builds are not known: {facts.builds.reason}")
        declared = self.declared.profile.datasets.get(name, DatasetProfile())
        counts = [count for count in counts_per_build(facts.builds, points) if not self._in_maintenance(count.at)]
        judged = judge_volume(
            counts,
            promise.zone,
            month_edge=partial(month_edge, promise.calendar),
            least=declared.min_rows,
            most=declared.max_rows,
            wrong=declared.wrong_counts,
            confirmed=declared.level_confirmed,
        )
        built_at = counts[-1].at if counts else None
        called_wrong = built_at is not None and is_wrong(built_at, declared.wrong_counts)
        left_out = len(counts) - len(without_wrong(counts, declared.wrong_counts))
        remarks = [judged.reason]
        if left_out:
            remarks.append(f"{words.count(left_out, 'earlier build')} left out, called wrong by a person")
        if called_wrong:
            remarks.append("a person called these rows wrong: nothing will be expected from them")
        return replace(
            seen,
            verdict=judged.verdict,
            reason="; ".join(remarks),
            usual_low=judged.low,
            usual_high=judged.high,
            usual_n=judged.n,
            klass=judged.klass,
            expected=judged.expected,
            smallest_drop=judged.smallest_drop,
            since=judged.since,
            built_at=built_at,
            called_wrong=called_wrong,
        )

    @cached_property
    def _maintenance(self) -> tuple[tuple[datetime, datetime], ...]:
        """When it was not to be expected that anything runs well, as far back as row counts are compared."""
        since, zone = self.now - timedelta(days=_COUNTED_DAYS), self.terms.zone.key
        windows = (window for window in self.declared.profile.maintenance if not window.runs_expected)
        return merged(span for window in windows for span in spans(window, since, zone, _COUNTED_DAYS + 1))

    @cached_property
    def _maintenance_starts(self) -> list[datetime]:
        return [start for start, _ in self._maintenance]

    def _in_maintenance(self, at: datetime) -> bool:
        place = bisect_right(self._maintenance_starts, at) - 1
        return place >= 0 and at < self._maintenance[place][1]

    # --- maintenance --------------------------------------------------------------------------------------------

    def _window(self, window: Window) -> WindowReport:
        zone = window.timezone or self.terms.zone.key
        return WindowReport(current_or_next(window, self.now, zone), self._collisions(window, zone))

    def _collisions(self, window: Window, zone: str) -> Known[tuple[Collision, ...]]:
        if isinstance(self.snapshot.scenarios, Unknown):
            return self.snapshot.scenarios
        ahead = [span for span in spans(window, self.now, zone, _AHEAD_DAYS) if span[1] > self.now]
        found: list[Collision] = []
        for scenario in self._scenarios if ahead else ():
            if not scenario.active:
                continue
            if isinstance(scenario.settings, Unknown):
                return scenario.settings
            for start, end in ahead:
                inside = self.terms.timetable(scenario, max(start, self.now), end)
                if inside.unknown is not None and not inside.expected:
                    return inside.unknown
                found += [self._collision(scenario, at, end) for at in inside.instants[:_SHOWN_INSIDE]]
        return tuple(sorted(found, key=lambda collision: collision.at))

    def _collision(self, scenario: Scenario, at: datetime, end: datetime) -> Collision:
        gap = self.terms.gap_after(scenario, at)
        return Collision(scenario.id, at, gap is not None and (end - at).total_seconds() <= gap * CATCH_UP_SHARE)

    # --- jobs ---------------------------------------------------------------------------------------------------

    def _jobs(self) -> Known[JobsWeek]:
        jobs = self.snapshot.jobs
        if isinstance(jobs, Unknown):
            return jobs
        since = self.now - _WEEK
        recent = [job for job in jobs if (_started(job) or since - _WEEK) >= since]
        failed = [job for job in recent if job.state in ("FAILED", "ABORTED")]
        hours = Counter(start.astimezone(self.zone).hour for job in recent if (start := _started(job)))
        worst = Counter(ref.id for job in failed for ref, _ in job.outputs).most_common(5)
        busiest = max(hours, key=lambda hour: (hours[hour], -hour)) if hours else None
        return JobsWeek(len(recent), len(failed), since, tuple(worst), busiest)


def _margin(start: datetime, minutes: float, zone: str) -> float:
    """Seconds from a time of day (minutes after midnight in `zone`) to a start, the short way around the clock."""
    local = start.astimezone(tz.gettz(zone) or tz.UTC)
    return around(local.hour * 60 + local.minute + local.second / 60 - minutes) * 60


def _main(scenarios: Sequence[ScenarioReport]) -> Known[str]:
    """The active scenario that builds most; among equals the one that takes longest. Unknown as well where one of which DSS
    did not tell it may be the one: another would be run in its place."""
    running = [s for s in scenarios if s.active and not s.test]
    not_told = [s.builds for s in running if isinstance(s.builds, Unknown) and s.builds.cause in _NOT_TOLD]
    if not_told:
        return not_told[0]
    able = sorted((s for s in running if not isinstance(s.builds, Unknown) and s.builds), key=_weight, reverse=True)
    equals = [s for s in able if _weight(s)[0] == _weight(able[0])[0]]
    not_told = [s.duration for s in equals if isinstance(s.duration, Unknown) and s.duration.cause in _NOT_TOLD]
    if len(equals) > 1 and not_told:
        return not_told[0]
    return able[0].id if able else NO_MAIN


# DSS has it and did not give it, this time.
_NOT_TOLD = frozenset({Cause.NO_ANSWER, Cause.BROKEN, Cause.DENIED, Cause.NO_ROUTE})


def _weight(scenario: ScenarioReport) -> tuple[int, float]:
    length = scenario.duration.p50 if isinstance(scenario.duration, DurationStat) else 0.0
    return (0 if isinstance(scenario.builds, Unknown) else len(scenario.builds), length)


def _as_read(scenario: Scenario, part: Known[T]) -> Known[T]:
    """The part, with why it is missing where nobody asks for it: the settings and runs of what is switched off."""
    if scenario.active or not isinstance(part, Unknown) or part.cause is not Cause.NOT_READ:
        return part
    return Unknown("not read, as the scenario is inactive", Cause.NOT_READ)


def _since(run: Run, at: datetime) -> bool:
    return run.start is not None and run.start >= at


def _started(job: Job) -> Optional[datetime]:
    return job.start or job.initiated_at


def _end(build: Build) -> datetime:
    assert build.end is not None, "builds of the job list have an end"
    return build.end


def _not_read(value: Known[object]) -> bool:
    return isinstance(value, Unknown) and value.cause is Cause.NOT_READ


def _age(build: Known[Optional[Build]], now: datetime) -> Known[float]:
    if isinstance(build, Unknown):
        return build
    if build is None or build.end is None:
        return Unknown("no successful build is on record", Cause.NOT_RECORDED)
    return (now - build.end).total_seconds()
