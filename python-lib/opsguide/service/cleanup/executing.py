"""Doing: exactly what a plan showed, as far as it still stands, one thing after the other, each with its receipt."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Optional

from ...core import words
from ...core.cleanup import BY_AGE_ALONE, safe_age, still_planned
from ...dss import deletions, disk, leftovers, macros, plans
from ...dss.plans import Ledger
from ...dss.session import attempt
from ...dss.store import Store
from ...errors import DssError, DssNotFound, DssUnreachable, NotAccepted
from ...model.cleanup import (
    GROUP,
    QUARANTINE,
    RELEASE,
    Candidate,
    Execution,
    Found,
    Plan,
    Quarantined,
    Thing,
    receipt_of,
)
from ...model.known import Unknown
from ...render.cleanup import receipts_csv
from .planning import DISK_OF, Caller, Look, as_of, held_in, judged, look, may_delete_files

_LISTED_BY_MACRO = frozenset({"continuous_logs", "exports"})
LONGEST_PLAN = timedelta(days=31)
# Between two processes, and because DSS tells whole seconds.
CLOCKS_DIFFER = timedelta(minutes=1)


def execute(
    caller: Caller, store: Store, plan: Plan, progress: Callable[[int], None] = lambda percent: None
) -> Execution:
    """Do what the plan shows and still stands. Everything is read and judged again first; what changed since is left out
    and named. NotAccepted where another clean-up is under way, or the plan is too old or of the future."""
    now = caller.clients.now()[0]
    _refuse_time(plan, now)
    files = store.files()
    number, continued = _turn(caller, store, plan.id, plans.attempts(files), now)
    execution = Execution(plan.id, number, caller.by, now, continued=continued)
    ledger = Ledger(store, execution)
    ledger.begin()
    done_before = {r.key for r in plans.receipts(store, files, plan.id) if r.outcome == "done"}
    rest = replace(plan, candidates=tuple(c for c in plan.candidates if c.thing.key not in done_before))
    _Run(caller, store, rest, ledger, progress).run()
    ended = replace(execution, ended_at=caller.clients.now()[0], receipts=tuple(ledger.receipts))
    ledger.end(ended, receipts_csv(ended.receipts))
    return ended


def _refuse_time(plan: Plan, now: datetime) -> None:
    if now < plan.made_at - CLOCKS_DIFFER:
        raise NotAccepted(
            f"The plan is {words.duration((plan.made_at - now).total_seconds())} ahead of the clock.",
            status=409,
            advice="A clock went back: ages cannot be trusted. Make a new plan when it is right again.",
        )
    if now - plan.made_at > LONGEST_PLAN:
        raise NotAccepted(f"The plan is older than {LONGEST_PLAN.days} days.", status=409, advice="Make a new plan.")


def _turn(
    caller: Caller, store: Store, plan_id: str, attempts: tuple[plans.Attempt, ...], now: datetime
) -> tuple[int, bool]:
    """The number of this attempt, and whether it goes on where another of the plan was cut off: one at a time."""
    for each in attempts:
        if each.is_under_way(now):
            minutes = int(plans.GIVEN_UP.total_seconds() // 60)
            raise NotAccepted(
                f"Another clean-up is under way (plan {each.plan_id}).",
                status=409,
                advice=f"If it was stopped, run again once nothing was heard of it for {minutes} minutes.",
            )
    number = 1 + max((each.number for each in attempts), default=0)
    if not store.claim(f"clean-up-{number}", caller.by):
        raise NotAccepted(
            "Another clean-up has just begun.", status=409, advice="Look at its receipts when it is over."
        )
    return number, any(each.plan_id == plan_id and not each.ended for each in attempts)


class _Run:
    """One execution under way."""

    def __init__(
        self, caller: Caller, store: Store, plan: Plan, ledger: Ledger, progress: Callable[[int], None]
    ) -> None:
        self.caller = caller
        self.clients = caller.clients
        self.store = store
        self.plan = plan
        self.ledger = ledger
        self.progress = progress
        self.total = max(1, len(plan.going))

    def run(self) -> None:
        only = frozenset(candidate.thing.key for candidate in self.plan.going)
        looks = {key: look(self.caller, key, self.plan.options, only) for key in self.plan.projects}
        now = as_of(self.caller, looks.values())
        found, _ = judged(looks.values(), self.plan.options, now, held_in(self.caller), only)
        remaining = still_planned(self.plan, found, now)
        for receipt in remaining.left:
            self.ledger.add(receipt)
        going: dict[tuple[str, str], list[Candidate]] = {}
        for candidate in remaining.going:
            going.setdefault((candidate.thing.group, candidate.thing.project_key), []).append(candidate)
        for group in GROUP:
            for key, each in looks.items():
                if (group, key) in going:
                    self._group(each, group, going[group, key])
        self.progress(100)

    def _group(self, project: Look, group: str, going: list[Candidate]) -> None:
        rest, why = going, ""
        if group in macros.RECIPES:
            rest, why = self._by_macro(project, group, going)
        for candidate in rest:
            if deletions.by_api(group, candidate.action):
                self._each(candidate, self._by_api)
            elif group in DISK_OF and may_delete_files(self.caller, self.plan.options):
                self._each(candidate, self._by_files)
            else:
                self._note(candidate, "left", why or "there is no way to delete it from here")

    def _note(self, candidate: Candidate, outcome: str, text: str = "") -> None:
        self.ledger.add(receipt_of(candidate, outcome, text, self.clients.now()[0]))
        self.progress(min(99, 50 + 50 * len(self.ledger.receipts) // self.total))

    def _each(self, candidate: Candidate, do: Callable[[Candidate], str]) -> None:
        """One failure is that thing's alone. That it cannot be noted is no failure of the thing: it ends the run."""
        try:
            outcome, text = "done", do(candidate)
        except (DssNotFound, FileNotFoundError):
            outcome, text = "gone", "it is not there any more"
        except DssUnreachable as error:
            outcome, text = "failed", f"{error}: it may have happened, the next plan tells"
        except (DssError, OSError, ValueError) as error:
            outcome, text = "failed", str(error)
        self._note(candidate, outcome, text)

    # --- by the public API -------------------------------------------------------------------------------------------

    def _by_api(self, candidate: Candidate) -> str:
        thing = candidate.thing
        if candidate.action == QUARANTINE:
            return self._quarantine(thing)
        if candidate.action == RELEASE:
            deletions.untag(self.clients, thing)
            return candidate.reason
        deletions.perform(self.clients, thing, candidate.action)
        return ""

    def _quarantine(self, thing: Thing) -> str:
        now = self.clients.now()[0]
        until = now + timedelta(days=self.plan.options.quarantine_days)
        kind = "MANAGED_FOLDER" if thing.group == "folders" else "DATASET"
        kept = plans.keep_settings(self.store, kind, thing.id, now, deletions.settings_of(self.clients, thing))
        saved = deletions.tag(self.clients, thing, until.date())
        version = f"{saved} {thing.version.partition(' ')[2]}"
        held = Quarantined(thing.project_key, kind, thing.id, now, until, version, self.caller.by)
        plans.keep_quarantine(self.store, held)
        return f"until {until:%Y-%m-%d}; its settings are kept in {kept}"

    # --- by DSS's own macros -----------------------------------------------------------------------------------------

    def _by_macro(self, project: Look, group: str, going: list[Candidate]) -> tuple[list[Candidate], str]:
        """What the macro may not or did not do, and why. It is rehearsed first, and not run where its rehearsal names
        anything that stays."""
        if group not in project.macros:
            return going, "DSS offers no macro for it here"
        try:
            age, why = self._age(project, group, going)
            if age is None:
                return going, why
            self.ledger.flush()
            macros.run(self.clients, project.project_key, group, project.macros[group], age, perform=True)
            there = self._still_there(project, group, going)
        except (DssError, DssUnreachable) as error:
            return going, f"DSS's macro did not do it: {error}"
        for candidate in going:
            if candidate.thing.id not in there:
                self._note(candidate, "done", f"by DSS's macro {macros.RECIPES[group].component}, age {age}")
        left = [candidate for candidate in going if candidate.thing.id in there]
        return left, "DSS's macro leaves it: only what is older than everything that stays can go by age"

    def _age(self, project: Look, group: str, going: list[Candidate]) -> tuple[Optional[int], str]:
        """The age to run the macro with, or why there is none. Its rehearsal must not name anything that stays."""
        why = BY_AGE_ALONE
        for age in self._ages(project, group, going):
            stranger = self._stranger(project, group, age, going)
            if not stranger:
                return age, ""
            why = f"DSS's macro would also delete {stranger}, which stays"
        return None, why

    def _ages(self, project: Look, group: str, going: list[Candidate]) -> Iterator[int]:
        now = self.clients.now()[0]
        if group in _LISTED_BY_MACRO:
            least = self.plan.options.older_than_days
            yield least
            yield least + math.ceil((now - self.plan.made_at) / timedelta(days=1))
            return
        unit = timedelta(hours=1) if group == "notebook_sessions" else timedelta(days=1)
        age = safe_age([c.thing for c in going], self._staying(project, group, going), now, unit)
        if age is not None:
            yield age

    def _staying(self, project: Look, group: str, going: Iterable[Candidate]) -> list[Found]:
        gone = {candidate.thing.key for candidate in going}
        return [t for t in project.all_things() if t.group == group and t.key not in gone and _is_deleted_by_age(t)]

    def _stranger(self, project: Look, group: str, age: int, going: list[Candidate]) -> str:
        """Something that the macro would delete and that stays."""
        shown = self._shown(project, group, age)
        if group in _LISTED_BY_MACRO:
            planned = {candidate.thing.id for candidate in going}
            listed = shown.things(group, project.project_key, self.plan.made_at)
            return next((thing.id for thing in listed if thing.id not in planned), "")
        staying = (thing.id for thing in self._staying(project, group, going))
        return next(iter(shown.named(staying)), "")

    def _shown(self, project: Look, group: str, age: int) -> macros.Result:
        return macros.run(self.clients, project.project_key, group, project.macros[group], age, perform=False)

    def _still_there(self, project: Look, group: str, going: list[Candidate]) -> frozenset[str]:
        if group in _LISTED_BY_MACRO:
            shown = self._shown(project, group, self.plan.options.older_than_days)
            return frozenset(thing.id for thing in shown.things(group, project.project_key, self.plan.made_at))
        return leftovers.still_there(self.clients, project.project_key, group, [c.thing for c in going])

    # --- by files ----------------------------------------------------------------------------------------------------

    def _by_files(self, candidate: Candidate) -> str:
        thing, home = candidate.thing, self.caller.home
        if home is None or leftovers.is_running(self.clients, thing):
            raise ValueError("it is running")
        disk.remove(home, DISK_OF[thing.group], thing.project_key, thing.id)
        return "its folder in the data directory"


def _is_deleted_by_age(thing: Found) -> bool:
    """What a macro spares by itself does not count against its age: a busy kernel, one with an open page."""
    return not (thing.group == "notebook_sessions" and (thing.live or thing.protected))


def approved(store: Store, now: datetime, days: int) -> tuple[tuple[str, str, datetime], ...]:
    """(plan, login, when) of each approval in the last days, newest first."""
    found = attempt("the approvals", store.events, now - timedelta(days=days))
    if isinstance(found, Unknown):
        return ()
    events = [event for event in found.events if event.kind == "approval" and event.at <= now + CLOCKS_DIFFER]
    newest = sorted(events, key=lambda event: event.order, reverse=True)
    return tuple((event.about.partition(":")[2], event.by, event.at) for event in newest)
