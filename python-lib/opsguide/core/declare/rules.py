"""What a rule of the profile means: the next five times that it applies, and the known past judged by it.

The rule need not be saved: the project is judged once more with the profile as it would be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Optional

from ...model.declare import Preview
from ...model.known import Unknown, known
from ...model.profile import Calendar, Contact, OnCall, OpsProfile, Window
from ...model.report import OutputReport, Report
from ...model.snapshot import ObjectRef, Run, Snapshot
from .. import words
from ..calendars import is_business_day
from ..contacts import doubts
from ..duration import SUCCESSES, seconds_of
from ..instrument import backtest
from ..schedule.zones import zone_of
from ..sla import Promise, dues, promise_of
from ..tasks import standing
from ..windows import spans

NEXT = 5
AHEAD_DAYS = 400  # for a rule that applies once a year
_PAST_DAYS = 90


def previews(
    snapshot: Snapshot, profile: OpsProfile, report: Report, section: str, name: str = ""
) -> tuple[Preview, ...]:
    """What the part of the profile means. `report` judges the snapshot by that profile."""
    zone = zone_of(report.zone)
    found = _Rules(snapshot, profile, report, snapshot.taken_at.tzinfo if isinstance(zone, Unknown) else zone)
    by_section = {
        "datasets": lambda: found.of_dataset(name),
        "scenarios": lambda: found.of_scenario(name),
        "calendars": lambda: found.of_calendar(name),
        "maintenance": found.of_maintenance,
        "contacts": found.of_contacts,
        "oncall": found.of_oncall,
        "tasks": found.of_tasks,
    }
    return tuple(by_section[section]()) if section in by_section else ()


class _Rules:
    def __init__(self, snapshot: Snapshot, profile: OpsProfile, report: Report, zone: Optional[tzinfo]) -> None:
        self.snapshot = snapshot
        self.profile = profile
        self.report = report
        self.now = snapshot.taken_at
        assert zone is not None, "a snapshot is dated in UTC"
        self.zone = zone

    # --- datasets ----------------------------------------------------------------------------------------------------

    def of_dataset(self, name: str) -> Iterator[Preview]:
        zone = zone_of(self.report.zone)
        if isinstance(zone, Unknown):
            return
        promise = promise_of(self.profile, name, zone)
        key = self.snapshot.project_key
        output = next((o for o in known(self.report.outputs, ()) if o.ref.smart_name(key) == name), None)
        source = next((s for s in known(self.report.sources, ()) if s.ref.smart_name(key) == name), None)
        ref = output.ref if output else source.ref if source else None
        ends, unread = self._ends(ref)
        if promise.due is not None:
            yield Preview("Due next", self._dues(promise, promise.due), _kept(output))
        if promise.available_by is not None:
            past = unread or _arrived(promise, promise.available_by, ends, self.now)
            yield Preview("Should have arrived next", self._dues(promise, promise.available_by), past)
        for what, seconds in (("Late", promise.max_age_seconds), ("Warning", promise.warn_age_seconds)):
            if seconds is not None:
                tested = backtest.told(backtest.of_age(ends, self.now, seconds / 3600), self.zone, self.now)
                past = unread or f"Of the builds on record: {tested}."
                yield Preview(f"{what} beyond {seconds / 3600:g} h", (), past)
        yield from self._rows(name, ref)

    def _dues(self, promise: Promise, at: time) -> tuple[str, ...]:
        today = self.now.astimezone(promise.zone).date()
        found = dues(promise, at, today, today + timedelta(days=AHEAD_DAYS))
        coming = [due for _, due in found if due > self.now][:NEXT]
        return tuple(words.moment(due, promise.zone, self.now) for due in coming) or ("never in the next year",)

    def _ends(self, ref: Optional[ObjectRef]) -> tuple[list[datetime], str]:
        """When it was built well, oldest first; or why that cannot be told, in a sentence."""
        if ref is None:
            return [], ""
        builds = self.snapshot.fact(ref).builds
        if isinstance(builds, Unknown):
            return [], _untested(builds)
        return sorted(build.end for build in builds if build.success and build.end), ""

    def _rows(self, name: str, ref: Optional[ObjectRef]) -> Iterator[Preview]:
        said = self.profile.datasets.get(name)
        if said is None or ref is None or (said.min_rows is None and said.max_rows is None):
            return
        found = self.snapshot.fact(ref).row_counts
        counts = known(found, ())
        low, high = said.min_rows or 0, said.max_rows
        out = [point for point in counts if point.value < low or (high is not None and point.value > high)]
        past = f"{len(out)} of {words.count(len(counts), 'count')} on record would have been an error."
        nothing = "No count of rows is on record to test it with."
        span = f"{low:,} rows or more" if high is None else f"{low:,} to {high:,} rows"
        yield Preview(span, (), _untested(found) if isinstance(found, Unknown) else past if counts else nothing)

    # --- scenarios ---------------------------------------------------------------------------------------------------

    def of_scenario(self, scenario_id: str) -> Iterator[Preview]:
        said = self.profile.scenarios.get(scenario_id)
        scenario = next((s for s in known(self.snapshot.scenarios, ()) if s.id == scenario_id), None)
        judged = next((s for s in known(self.report.scenarios, ()) if s.id == scenario_id), None)
        if said is None or scenario is None or judged is None:
            return
        if said.max_minutes is not None:
            yield Preview(
                f"Late beyond {said.max_minutes:g} min", (), _longer(known(scenario.runs, ()), said.max_minutes)
            )
        if judged.coming and (said.calendar or said.late_after_minutes):
            patience = f", late {said.late_after_minutes:g} min after it" if said.late_after_minutes else ""
            calendar = self.profile.calendars.get(said.calendar or "")
            coming = [at for at in judged.coming if is_business_day(calendar, at.astimezone(self.zone).date())]
            lines = tuple(words.moment(at, self.zone, self.now) for at in coming[:NEXT])
            yield Preview(f"Starts next{patience}", lines or ("none in the next twelve hours",))

    # --- calendars, windows, rota, tasks -----------------------------------------------------------------------------

    def of_calendar(self, name: str) -> Iterator[Preview]:
        calendar = self.profile.calendars.get(name)
        if calendar is None:
            return
        today = self.now.astimezone(self.zone).date()
        off = [day for day in _days(today, AHEAD_DAYS) if not is_business_day(calendar, day)]
        weekend_only = Calendar(weekend=calendar.weekend)
        special = [day for day in off if is_business_day(weekend_only, day)]
        used = [key for key, said in self.profile.datasets.items() if said.calendar == name]
        used += [key for key, said in self.profile.scenarios.items() if said.calendar == name]
        past = f"Used by {words.listed(used, 6)}." if used else "Nothing uses it yet."
        yield Preview("No business days next", _dated(off[:NEXT], today), past)
        if special != off:
            yield Preview("Of these, beside weekends", _dated(special[:NEXT], today) or ("none in the next year",))

    def of_maintenance(self) -> Iterator[Preview]:
        for window, judged in zip(self.profile.maintenance, self.report.windows):
            coming = [span for span in spans(window, self.now, self._zone_of(window), days=60) if span[1] > self.now]
            lines = tuple(
                f"{words.moment(start, self.zone, self.now)} to {words.moment(end, self.zone, start)}"
                for start, end in coming[:NEXT]
            )
            inside = judged.collisions
            ahead = (
                f"starts inside it cannot be told: {inside.reason}"
                if isinstance(inside, Unknown)
                else f"{words.count(len(inside), 'start')} of scenarios inside it in the next 30 days"
            )
            yield Preview(
                f"{window.system}: next", lines or ("none: it is over",), f"{self._ran_inside(window)}; {ahead}."
            )

    def _zone_of(self, window: Window) -> str:
        return window.timezone or self.report.zone

    def _ran_inside(self, window: Window) -> str:
        since = self.now - timedelta(days=30)
        past = [span for span in spans(window, since, self._zone_of(window), days=31) if span[1] >= since]
        runs = [run for s in known(self.snapshot.scenarios, ()) for run in known(s.runs, ()) if run.start]
        recent = [run.start for run in runs if run.start and run.start >= since]
        inside = sum(any(start <= at < end for start, end in past) for at in recent)
        return f"{inside} of {words.count(len(recent), 'run')} on record since {words.day(since, self.zone, self.now)} began inside it"

    def of_contacts(self) -> Iterator[Preview]:
        said = self.profile.contacts
        found = [self._held_against_dss(contact) for contact in (said.data, said.infra, said.business) if contact]
        lines = tuple(line for line in found if line)
        if lines:
            yield Preview("Held against the people DSS knows", lines)

    def of_oncall(self) -> Iterator[Preview]:
        oncall = self.profile.oncall
        if oncall is None:
            return
        standing = self._held_against_dss(oncall)
        if standing:
            yield Preview("Held against the people DSS knows", (standing,))
        if oncall.rota:
            yield self._turns(oncall)

    def _held_against_dss(self, contact: Contact) -> str:
        """ "gone: the DSS user gone is disabled"; '' of a contact that names nobody of DSS."""
        if not contact.login and not contact.group:
            return ""
        found = doubts(contact, self.snapshot)
        told = "; ".join(found.wrong) or "; ".join(f"not known is {each}" for each in found.unknown)
        return f"{_named(contact)}: {told or 'DSS knows them'}"

    def _turns(self, oncall: OnCall) -> Preview:
        turns = sorted((turn for turn in oncall.rota if turn.end > self.now), key=lambda turn: turn.start)
        lines = []
        for turn in turns[:NEXT]:
            wrong = "".join(f" ({each})" for each in doubts(turn.contact, self.snapshot).wrong)
            span = f"{words.moment(turn.start, self.zone, self.now)} to {words.moment(turn.end, self.zone, self.now)}"
            lines.append(f"{_named(turn.contact)}: {span}{wrong}")
        covered, gaps, double = self.now, 0, 0
        for turn in turns:
            gaps += turn.start > covered
            double += turn.start < covered and turn.start > self.now
            covered = max(covered, turn.end)
        standing = "the standing contact" if _is_somebody(oncall) else "nobody but the project's owner"
        past = f"Outside turns {standing} is on call"
        past += f": {words.count(gaps, 'gap')} until {words.moment(covered, self.zone, self.now)}" if gaps else ""
        if double:
            begin = "1 turn begins" if double == 1 else f"{double:,} turns begin"
            past += f". {begin} before another is over: of those the first in the list counts"
        return Preview("Turns now and next", tuple(lines) or ("none: all turns are over",), f"{past}.")

    def of_tasks(self) -> Iterator[Preview]:
        today = self.now.astimezone(self.zone).date()
        for task in standing(self.profile.tasks, (), today, self.zone):
            yield Preview(task.name, tuple(_spanned(span, today) for span in task.coming[:NEXT]), task.unread)


def _named(contact: Contact) -> str:
    return contact.name or contact.login or contact.group or "nobody named"


def _is_somebody(contact: Contact) -> bool:
    return any((contact.name, contact.login, contact.group, contact.role, contact.method))


def _untested(why: Unknown) -> str:
    needs = f"; it needs {why.needs}" if why.needs else ""
    return f"It cannot be tested: {why.reason}{needs}."


def _kept(output: Optional[OutputReport]) -> str:
    if output is None:
        return "It is not among the outputs of this project that you can see, so that there is no past to judge."
    counts = {
        verdict: sum(day.verdict == verdict for day in output.days) for verdict in ("MET", "RECOVERED_LATE", "MISSED")
    }
    judged = sum(counts.values())
    unknown = sum(day.verdict == "UNKNOWN" for day in output.days)
    if not judged:
        return "No past day can be judged: no build of one is on record."
    late = counts["RECOVERED_LATE"]
    said = f"Of {words.count(judged, 'due day')} on record: met {counts['MET']}, missed {counts['MISSED'] + late}"
    said += f" ({late} of them ready later)" if late else ""
    return f"{said}; {unknown} cannot be told." if unknown else f"{said}."


def _arrived(promise: Promise, at: time, ends: list[datetime], now: datetime) -> str:
    if not ends:
        return "No arrival is on record to test it with."
    first = max(ends[0], now - timedelta(days=_PAST_DAYS)).astimezone(promise.zone).date()
    days = [due for _, due in dues(promise, at, first, now.astimezone(promise.zone).date()) if due <= now]
    met = sum(any(due - timedelta(days=1) < end <= due for end in ends) for due in days)
    return f"Of {words.count(len(days), 'day')} on record: there in time on {met}, not on {len(days) - met}."


def _longer(runs: Iterable[Run], minutes: float) -> str:
    lengths = [seconds for run in runs if run.outcome in SUCCESSES and (seconds := seconds_of(run)) is not None]
    if not lengths:
        return "No finished run is on record to test it with."
    longer = sum(seconds > minutes * 60 for seconds in lengths)
    return f"{longer} of {words.count(len(lengths), 'successful run')} on record took longer."


def _days(first: date, count: int) -> Iterator[date]:
    return (first + timedelta(days=shift) for shift in range(count))


def _dated(days: Iterable[date], today: date) -> tuple[str, ...]:
    return tuple(f"{words.DAYS[day.weekday()][:3]} {words.date_text(day, today)}" for day in days)


def _spanned(span: tuple[date, date], today: date) -> str:
    first, last = (_dated([day], today)[0] for day in span)
    return first if first == last else f"{first} to {last}"
