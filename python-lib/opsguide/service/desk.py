"""What the web page asks of one project."""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Optional, Union

from ..core.compose import compose
from ..core.compose.action_pages import Setting, action_page, actions_page, offered, progress_page
from ..core.handover import handover
from ..core.measures import measures
from ..core.status import status
from ..dss import gateway, inside
from ..dss.identity import Access, Doors
from ..dss.store import EventCache
from ..errors import DssBroken, DssDenied
from ..model.action import WRITE_CONTENT, Order
from ..model.action_page import ActionPage, ActionsPage, ProgressPage
from ..model.cleanup import Overview
from ..model.declare import Editor
from ..model.guide import Guide, Section
from ..model.handover import Handover
from ..model.incident import IncidentPage, Incidents
from ..model.known import Known, Unknown
from ..model.ledger import Ledger, about
from ..model.measure import Measure, Tally
from ..model.snapshot import Instance
from ..model.status import Status
from ..model.today import Today
from ..settings import Settings
from . import actions, declaring
from .acts import Asked, Done, Outcome
from .cleanup import overview
from .incidents import Casebook, incident_of, incidents_of
from .logbook import recall
from .offering import offers_to
from .reading import NO_ROOM, NOT_RECALLED, TODAY, ZONED, Reading, read, today_of

# One reading takes a few megabytes at most; beyond this many different sets of rights the oldest is read again.
MAX_SHELVES = 64
# What somebody is about to change is looked at as it is now: a run that began since must not be missed.
CURRENT_SECONDS = 2.0
_UUID = re.compile(r"[0-9a-f]{32}")


class Desk:
    """What the web page asks of one project: who may see what, and the guide as that viewer may see it.

    A reading is shared by callers with the same rights until `minimum_refresh_seconds` after its end, and while one is
    under way the others wait for it: many readers cost DSS no more than one, and DSS is left alone in between however
    long a reading takes. What people note is shown at once.

    `secret` is what the processes of this backend share and nobody else knows; forms are sealed with it."""

    def __init__(self, project_key: str, settings: Settings, doors: Doors, secret: Optional[bytes] = None) -> None:
        self.project_key = project_key
        self.settings = settings
        self.secret = secret or secrets.token_bytes(32)
        self._doors = doors
        self._events = EventCache()
        self._cases = Casebook()
        self._noted_at = float("-inf")
        self._declared_at = float("-inf")
        self._failures = 0
        self._shelves: OrderedDict[str, _Shelf] = OrderedDict()
        self._node: Optional[Instance] = None
        self._lock = threading.Lock()

    def access(self, headers: Mapping[str, str], *, afresh: bool = False) -> Access:
        """Who is asking, and what they may see; `afresh` asks DSS again, for whoever wants to change something. Must be
        called in the request's own thread.

        The node that answers does not change while this process lives, so it is asked for with the first caller that is
        let in: on a design node nothing alarms."""
        access = self._doors.open(headers, self.project_key, afresh=afresh)
        if access.may and self._node is None:
            found = gateway.read_snapshot(access.clients, self.project_key, {"instance"}).instance
            self._node = None if isinstance(found, Unknown) else found
        return access

    def guide(self, access: Access, *, depth: str = "first", after: str = "") -> Guide:
        """The guide; `depth` "first" reads the lists and leaves slow parts waiting, "whole" reads all of it. `after` is
        the uuid of an event that it must know of. Of one reading it is the same object for all who share it."""
        need = gateway.WHOLE if depth == "whole" else gateway.FIRST
        return self._composed(access, self._reading(access, need, after))

    def section(self, access: Access, section_id: str) -> Optional[tuple[Section, Guide]]:
        """One section with everything it waits for read, and the guide that it is from; None when the guide has no such
        section."""
        guide = self.guide(access)
        section = _section(guide, section_id)
        if section is not None and section.waits_for:
            guide = self._composed(access, self._reading(access, frozenset(section.waits_for)))
            section = _section(guide, section_id)
        return None if section is None else (section, guide)

    def _composed(self, access: Access, reading: Reading) -> Guide:
        shelf = self._shelf(access.key)
        with shelf.composing:
            if shelf.guide is None or shelf.guide[0] is not reading:
                guide = compose(reading.snapshot, reading.declared, reading.report, reading.offers)
                shelf.guide = (reading, guide)
            return shelf.guide[1]

    def today(self, access: Access, *, after: str = "") -> Today:
        """Today, all of it read; `next_check_seconds` as the settings allow it. `after` as for `guide`. Of one reading
        it is the same object for all who share it."""
        reading, shelf = self._reading(access, TODAY, after), self._shelf(access.key)
        with shelf.composing:
            if shelf.today is None or shelf.today[0] is not reading:
                shelf.today = (reading, self._paced(today_of(reading)))
            return shelf.today[1]

    def _paced(self, found: Today) -> Today:
        pace = found.next_check_seconds
        if pace is None or not self.settings.page_refreshes:
            return replace(found, next_check_seconds=None)
        return replace(found, next_check_seconds=max(pace, self.settings.minimum_refresh_seconds))

    def status(self, access: Access) -> Status:
        """The promises as consumers see them, from the same reading as today."""
        reading = self._reading(access, TODAY)
        return status(reading.snapshot, reading.declared, reading.report)

    def measures(self, access: Access) -> tuple[Measure, ...]:
        """The same as numbers for a monitoring system, with what this process did since it started."""
        reading = self._reading(access, TODAY)
        return measures(today_of(reading), reading.report.watch, Tally(self._doors.calls, self._failures))

    def failed(self) -> None:
        """A request could not be answered."""
        with self._lock:
            self._failures += 1

    def incidents(self, access: Access, *, after: str = "") -> Incidents:
        """The incidents of the last weeks, the open ones first. `after` as for `guide`."""
        reading = self._reading(access, TODAY, after)
        return incidents_of(access.clients, reading, self._cases.case(access.key, reading))

    def incident(self, access: Access, incident_id: str, *, after: str = "") -> Optional[IncidentPage]:
        """One incident with its log; None where there is none of that id. `after` as for `guide`."""
        reading = self._reading(access, TODAY, after)
        case = self._cases.case(access.key, reading)
        return incident_of(access.clients, reading, incident_id, case, self._events)

    def action_page(self, access: Access, order: Order) -> ActionPage:
        """An action as it is shown before it is confirmed. Nothing is changed."""
        reading = self._reading(access, TODAY, oldest=CURRENT_SECONDS)
        proposal = actions.propose_to(access, reading, order, self._bench)
        return action_page(proposal, Setting.of(reading.scene, reading.snapshot.taken_at), reading.offers.why_not)

    def perform(self, asked: Asked, order: Order) -> Outcome:
        """Do it, once, as the person who asks."""
        return actions.perform(asked, order, self._bench)

    def progress_page(self, access: Access, action_id: str, *, log: bool = False) -> Optional[ProgressPage]:
        """An action that was asked for, as it is now, with the end of its log where that is asked for; None where none
        of that id is on record. The project is not read again for it."""
        found = actions.progress(access.clients, self.project_key, action_id, self._events, log=log)
        if isinstance(found, Unknown) and found.needs:
            raise DssDenied(found.reason, status=403, needs=found.needs)
        if isinstance(found, Unknown):
            raise DssBroken(found.reason, status=502)
        if found is None:
            return None
        held = self._held(access)
        if found.ended_at is not None and held.snapshot.taken_at < found.ended_at:
            # What is red may be green by now: whoever goes on from here to another page is shown that.
            self._shelf(access.key).ended_at = float("-inf")
        may = found.may_abort if found.may_abort and held.offers.may(found.may_abort.kind) else None
        return progress_page(replace(found, may_abort=may), Setting.of(held.scene, found.as_of))

    def actions_page(self, access: Access) -> ActionsPage:
        """What was asked for lately, and what the reader may ask for."""
        reading = self._reading(access, gateway.FIRST)
        found = actions.lately(access.clients, self.project_key, self._events)
        if found is not None and not isinstance(found, Unknown):
            found = actions.as_they_are(access.clients, self.project_key, found)
        return actions_page(found, Setting.of(reading.scene, access.clients.now()[0]), offered(reading.scene))

    def editor(self, access: Access, part: str = "", layer: str = "", *, after: str = "") -> Editor:
        """What is declared, with the form of a part where one is named. `after` as for `guide`."""
        self._reading(access, TODAY, after)
        reading = self._reading(access, declaring.NEED, after)
        return declaring.editor(declaring.as_now(access, reading, self.settings), self.settings, part, layer)

    def checked(self, access: Access, sheet: declaring.Sheet) -> Editor:
        """What somebody is entering, with what is wrong and what it means. The project is not read again for it."""
        return declaring.check(self._held(access, declaring.NEED), self.settings, sheet)

    def declare(self, asked: Asked, sheet: declaring.Sheet) -> Union[Outcome, Editor]:
        """Save what somebody entered, as them, or the page that says why not."""
        return self._declared(declaring.save(asked, self._held(asked.access, declaring.NEED), sheet, self.settings))

    def previewed(self, access: Access, layer: str, text: str, exactly: bool) -> Editor:
        """What a file would change in a layer of the profile."""
        reading = declaring.as_now(access, self._held(access, declaring.NEED), self.settings)
        return declaring.preview(reading, self.settings, layer, text, exactly)

    def take_file(
        self, asked: Asked, layer: str, text: str, exactly: bool, base: Mapping[str, Any]
    ) -> Union[Outcome, Editor]:
        """Save a file as a layer of the profile, as the person who asks."""
        held = self._held(asked.access, declaring.NEED)
        return self._declared(declaring.take_file(asked, held, self.settings, layer, text, exactly, base))

    def exported(self, access: Access, layer: str, kind: str) -> str:
        """A layer of the profile as a file."""
        reading = declaring.as_now(access, self._held(access, declaring.NEED), self.settings)
        return declaring.exported(reading, layer, kind)

    def review(self, asked: Asked) -> Outcome:
        """Note that somebody read the whole guide and found it right."""
        found = declaring.review(asked, self._reading(asked.access, declaring.NEED), self.settings)
        self._declared(found)
        return found

    def judge_rows(self, asked: Asked) -> Outcome:
        """Note what a person says of rows that are unusual: wrong, or a new level that is right."""
        found = declaring.judge_rows(asked, self._reading(asked.access, TODAY), self.settings)
        self._declared(found)
        return found

    def clean_up(self, access: Access) -> Overview:
        """The newest plan of a clean-up, what was executed, and what is in quarantine."""
        return overview(access, self.project_key, self._held(access, gateway.FIRST | ZONED).report.zone)

    def done(self, asked: Asked) -> Outcome:
        """Note that a task of the week or the month was done."""
        return declaring.done(asked, self._held(asked.access))

    def _declared(self, found: Union[Outcome, Editor]) -> Union[Outcome, Editor]:
        """Whoever looks next sees what was saved."""
        if isinstance(found, Done):
            self._declared_at = time.monotonic()
        return found

    @property
    def _bench(self) -> actions.Bench:
        return actions.Bench(self.settings, self._doors.own, self._node, self._events)

    def handover(self, access: Access, *, after: str = "") -> Handover:
        """What stands, what happened and what is due next, for whoever takes over from the reader."""
        reading = self._reading(access, TODAY, after)
        return handover(reading.snapshot, reading.declared, reading.report, reading.ledger, access.login)

    def subjects(self, access: Access) -> Optional[frozenset[str]]:
        """What can be muted, as events name it: every scenario and output. None where they could not all be read."""
        reading = self._reading(access, TODAY)
        scenarios, outputs = reading.report.scenarios, reading.report.outputs
        if isinstance(scenarios, Unknown) or isinstance(outputs, Unknown):
            return None
        return frozenset(
            [about("SCENARIO", scenario.id) for scenario in scenarios]
            + [about(output.ref.kind, output.ref.smart_name(self.project_key)) for output in outputs]
        )

    def lacks_to_write(self, access: Access) -> str:
        """The right without which DSS refuses whatever the reader would note, '' where it does not say that they lack
        it: from the project's summary, as it was read for their page."""
        project = self._held(access).snapshot.project
        return WRITE_CONTENT if not isinstance(project, Unknown) and project.may_write is False else ""

    def noted(self) -> None:
        """Somebody noted something: whoever looks next sees it."""
        self._noted_at = time.monotonic()

    def _held(self, access: Access, need: frozenset[str] = gateway.FIRST) -> Reading:
        """The last reading that has what is needed, whatever its age: for a page that asks for the rest by itself."""
        shelf = self._shelf(access.key)
        has, held = shelf.has, shelf.reading  # in this order: a reading has what it had a moment before
        return held if held is not None and need <= has else self._reading(access, need)

    def _reading(self, access: Access, need: frozenset[str], after: str = "", oldest: float = float("inf")) -> Reading:
        """The shared reading, made anew where it began longer than `oldest` seconds before it was asked for, or ended
        longer before than the settings allow. Whoever waited for it takes it however long it took: else each of those who
        wait would make another."""
        shelf, asked_at = self._shelf(access.key), time.monotonic()
        with shelf.lock:
            rested = asked_at - shelf.ended_at > self.settings.minimum_refresh_seconds and shelf.made_at <= asked_at
            too_old = rested or asked_at - shelf.read_at > oldest
            if too_old or shelf.read_at < self._declared_at:
                shelf.reading, shelf.has, shelf.read_at = None, frozenset(), time.monotonic()
            held = shelf.reading
            current = held is not None and shelf.recalled_at >= self._noted_at and _knows(held.ledger, after)
            # A whole guide may have left it out; today and a handover are about it.
            current = current and not (need == TODAY and held is not None and held.ledger == NO_ROOM)
            if held is None or not need <= shelf.has:
                self._read(shelf, access, need, held.ledger if held and current else NOT_RECALLED)
            elif not current:
                shelf.recalled_at = time.monotonic()
                shelf.reading = held.noted(recall(access.clients, self.project_key, self._events))
            assert shelf.reading is not None, "it was just read"
            return shelf.reading

    def _read(self, shelf: _Shelf, access: Access, need: frozenset[str], ledger: Known[Optional[Ledger]]) -> None:
        shelf.recalled_at = time.monotonic()
        offers = (
            shelf.reading.offers
            if shelf.reading
            else offers_to(access, self.project_key, self.settings, self._doors.own)
        )
        found = read(
            access.clients,
            self.project_key,
            self.settings,
            need=need,
            have=shelf.reading.snapshot if shelf.reading else None,
            node=self._node,
            ledger=ledger,
            events=self._events,
        )
        anew = shelf.reading is None
        shelf.reading = replace(found, offers=offers)
        shelf.has |= need | gateway.FIRST
        shelf.made_at = time.monotonic()
        shelf.ended_at = shelf.made_at if anew else shelf.ended_at

    def _shelf(self, key: str) -> _Shelf:
        with self._lock:
            shelf = self._shelves.setdefault(key, _Shelf())
            self._shelves.move_to_end(key)
            while len(self._shelves) > MAX_SHELVES:
                self._shelves.popitem(last=False)
            return shelf


class _Shelf:
    """The reading that callers with the same rights share, and the lock under which it is made."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.reading: Optional[Reading] = None
        self.has: frozenset[str] = frozenset()
        # It began, it ended, and the last that was added to it was had, by time.monotonic().
        self.read_at = float("-inf")
        self.ended_at = float("-inf")
        self.made_at = float("-inf")
        self.recalled_at = float("-inf")
        self.composing = threading.Lock()
        self.today: Optional[tuple[Reading, Today]] = None
        self.guide: Optional[tuple[Reading, Guide]] = None


def _knows(ledger: Known[Optional[Ledger]], uuid: str) -> bool:
    """Whether an event is in it. Another process of this backend may have written it a moment ago."""
    if not _UUID.fullmatch(uuid) or isinstance(ledger, Unknown):
        return True
    return ledger is not None and any(event.uuid == uuid for event in ledger.events)


def _section(guide: Guide, section_id: str) -> Optional[Section]:
    return next((section for section in guide.sections if section.id == section_id), None)


def desk_in_dss() -> Desk:
    """The desk of the web app whose backend this process is."""
    settings = Settings.read(inside.plugin_settings())
    doors = inside.doors(settings.max_parallel_calls, settings.dss_url)
    return Desk(inside.project_key(), settings, doors, inside.secret())
