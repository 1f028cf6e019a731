"""What every section is composed from, and the one way to make each kind of cell.

A section asks the scene for a cell and says what it knows; where the value comes from, as of when and who could
declare it follow from the kind, so that no cell is without its origin.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Any, Optional, TypeVar

from dateutil import tz

from ...model.guide import Cell, Link, Origin, Tone
from ...model.known import Cause, Known, Unknown, known
from ...model.ledger import Mute, about
from ...model.profile import Contact, DatasetProfile, Declared, OpsProfile, ScenarioProfile
from ...model.report import OutputReport, Report, ScenarioReport, SourceReport
from ...model.snapshot import Dataset, ObjectFacts, ObjectRef, Snapshot, User
from .. import schema_change, words
from ..access import Holder, holders
from ..contacts import doubts
from ..lineage import Flow, flow_of
from .offers import NONE, Offers

T = TypeVar("T")

TEMPLATE = "the guide's own words"
NO_OWNER_SAID = "only the project's owners can say"

_NOTHING_SAID = DatasetProfile()
_NOTHING_SAID_OF_SCENARIO = ScenarioProfile()
_LAYERS = {"local": "profile (local)", "standard": "profile (standard)", "instance": "plugin settings"}


def key(name: str) -> str:
    """`name` as part of a cell id: letters, digits, dash and underscore stay, the rest becomes its code, so that two
    names never meet."""
    return re.sub(r"[^A-Za-z0-9_-]", lambda found: f"~{ord(found.group()):x}~", name)


def on_page(title: str) -> str:
    """What another page of the web app shows, because it takes more reading than the guide's."""
    return f"see the web app's page {title}"


@dataclass(frozen=True)
class Scene:
    """Snapshot, promises and conclusions, with what sections look up again and again. `offers` is what the reader may do
    in place."""

    snapshot: Snapshot
    declared: Declared
    report: Report
    offers: Offers = NONE

    @property
    def now(self) -> datetime:
        return self.snapshot.taken_at

    @property
    def profile(self) -> OpsProfile:
        return self.declared.profile

    @cached_property
    def zone(self) -> tzinfo:
        return tz.gettz(self.report.zone) or tz.UTC

    @cached_property
    def flow(self) -> Flow:
        return flow_of(self.snapshot)

    @cached_property
    def datasets(self) -> Mapping[ObjectRef, Dataset]:
        return {dataset.ref: dataset for dataset in known(self.snapshot.datasets, ())}

    @cached_property
    def facts(self) -> Mapping[ObjectRef, ObjectFacts]:
        return {fact.ref: fact for fact in self.snapshot.facts}

    @cached_property
    def folder_names(self) -> Mapping[str, str]:
        return {folder.id: folder.name for folder in known(self.snapshot.folders, ())}

    @cached_property
    def users(self) -> Mapping[str, User]:
        return {user.login: user for user in known(self.snapshot.users, ())}

    @cached_property
    def holders(self) -> Known[tuple[Holder, ...]]:
        """Who the project's permissions name, with the people behind it."""
        return holders(self.snapshot)

    @cached_property
    def scenarios(self) -> tuple[ScenarioReport, ...]:
        """Active first, each half in DSS's order; none where they could not be read."""
        return tuple(sorted(known(self.report.scenarios, ()), key=lambda scenario: not scenario.active))

    @property
    def active(self) -> tuple[ScenarioReport, ...]:
        return tuple(scenario for scenario in self.scenarios if scenario.active)

    @cached_property
    def main(self) -> Known[ScenarioReport]:
        """The scenario that builds most of the flow."""
        found = self.report.main_scenario
        return found if isinstance(found, Unknown) else next(s for s in self.scenarios if s.id == found)

    @cached_property
    def watched(self) -> tuple[ScenarioReport, ...]:
        """The active scenarios whose failure matters: test scenarios are left out."""
        return tuple(scenario for scenario in self.active if not scenario.test)

    @property
    def sources(self) -> tuple[SourceReport, ...]:
        return known(self.report.sources, ())

    @cached_property
    def outputs(self) -> tuple[OutputReport, ...]:
        """What is promised first, the earliest in front; the rest in the flow's order."""
        return tuple(sorted(known(self.report.outputs, ()), key=self._promised))

    @property
    def outputs_unread(self) -> Optional[Unknown]:
        """Why there may be more outputs than are known, None where all that would tell was read: the ends of the flow,
        what other projects use, the feature groups."""
        parts = (self.snapshot.graph, self.snapshot.settings, self.snapshot.datasets)
        return next((part for part in parts if isinstance(part, Unknown)), None)

    def _promised(self, output: OutputReport) -> tuple[int, str]:
        promised = self.dataset_profile(output.ref)
        return (0, promised.due) if promised.due else (1 if promised.max_age_hours else 2, "")

    @cached_property
    def output_of(self) -> Mapping[ObjectRef, OutputReport]:
        return {output.ref: output for output in self.outputs}

    def outputs_after(self, source: SourceReport) -> tuple[OutputReport, ...]:
        """The outputs that a source feeds, in the flow's order."""
        return tuple(self.output_of[ref] for ref in source.downstream if ref in self.output_of)

    @cached_property
    def job_lengths(self) -> Mapping[tuple[str, frozenset[ObjectRef]], Sequence[tuple[datetime, float]]]:
        """When the jobs that went well began and how many seconds they took, the newest first; by their type and all
        that they made."""
        found: dict[tuple[str, frozenset[ObjectRef]], list[tuple[datetime, float]]] = defaultdict(list)
        for job in known(self.snapshot.jobs, ()):
            if job.state == "DONE" and job.start is not None and job.end is not None and job.end >= job.start:
                made = frozenset(ref for ref, _ in job.outputs)
                found[job.type, made].append((job.start, (job.end - job.start).total_seconds()))
        return found

    @cached_property
    def scenario_names(self) -> Mapping[str, str]:
        return {scenario.id: scenario.name for scenario in self.scenarios}

    @cached_property
    def quality(self) -> Mapping[str, str]:
        """The outcome of Data Quality by dataset."""
        return {status.dataset: status.outcome for status in known(self.snapshot.quality, ())}

    @property
    def version(self) -> tuple[int, ...]:
        """DSS's version as numbers, () where it is not known."""
        instance = self.snapshot.instance
        text = "" if isinstance(instance, Unknown) else instance.version
        found = re.match(r"\d+(\.\d+)*", text)
        return tuple(int(part) for part in found.group().split(".")) if found else ()

    @property
    def node_type(self) -> str:
        instance = self.snapshot.instance
        return "" if isinstance(instance, Unknown) else instance.node_type.upper()

    # --- names and places ---------------------------------------------------------------------------------------

    def fact(self, ref: ObjectRef) -> ObjectFacts:
        return self.facts.get(ref, ObjectFacts(ref))

    def smart(self, ref: ObjectRef) -> str:
        """The name by which the profile calls an object."""
        return ref.smart_name(self.snapshot.project_key)

    def about(self, ref: ObjectRef) -> str:
        """How events and actions name an object."""
        return about(ref.kind, self.smart(ref))

    @cached_property
    def by_subject(self) -> Mapping[str, ObjectRef]:
        """Every object of the flow by that name."""
        return {self.about(ref): ref for ref in (*self.flow.refs.values(), *self.datasets)}

    def name(self, ref: ObjectRef) -> str:
        """The name by which people call an object."""
        if ref.kind == "MANAGED_FOLDER" and self.folder_names.get(ref.id):
            return f"{self.folder_names[ref.id]} (folder)"
        kind = _KIND_WORDS.get(ref.kind, "")
        return f"{self.smart(ref)} ({kind})" if kind else self.smart(ref)

    def names(self, refs: tuple[ObjectRef, ...], limit: int = 6) -> str:
        return words.listed([self.name(ref) for ref in refs], limit)

    def dataset_profile(self, ref: ObjectRef) -> DatasetProfile:
        return self.profile.datasets.get(self.smart(ref), _NOTHING_SAID)

    def unaccepted(self, ref: ObjectRef) -> str:
        """How the columns of a dataset differ from the accepted ones, '' where they do not or none were accepted."""
        dataset = self.datasets.get(ref)
        return schema_change.told(
            schema_change.accepted(self.dataset_profile(ref).accepted_schema),
            [schema_change.Column(column.name, column.type) for column in (dataset.columns if dataset else ())],
        )

    def scenario_profile(self, scenario_id: str) -> ScenarioProfile:
        return self.profile.scenarios.get(scenario_id, _NOTHING_SAID_OF_SCENARIO)

    def link(self, ref: ObjectRef, screen: str = "") -> Optional[Link]:
        """The DSS screen of an object; `screen` for another one of a dataset's."""
        wanted = screen if screen and ref.kind == "DATASET" else SCREENS.get(ref.kind, "")
        owner = "" if ref.project_key == self.snapshot.project_key else ref.project_key
        return Link(wanted, ref.id, owner) if wanted else None

    def time(self, at: datetime) -> str:
        return words.moment(at, self.zone, self.now)

    # --- cells --------------------------------------------------------------------------------------------------

    def live(self, cell_id: str, value: str, source: str, **more: Any) -> Cell:
        """What DSS says. An empty text of DSS is shown as unknown: nothing is there to read."""
        if not value:
            return self.unknown(cell_id, Unknown(f"nothing is on record ({source})", Cause.NOT_RECORDED), **_kept(more))
        return Cell(cell_id, value, Origin.LIVE, source, **{"as_of": self.now, **more})

    def inferred(self, cell_id: str, value: str, source: str, **more: Any) -> Cell:
        """What history says; `source` names the history ("28 runs since 12 Sep"). An empty text is unknown."""
        if not value:
            return self.unknown(cell_id, Unknown(f"nothing is on record ({source})", Cause.NOT_RECORDED), **_kept(more))
        return Cell(cell_id, value, Origin.INFERRED, source, **{"as_of": self.now, **more})

    def fixed(self, cell_id: str, value: str, **more: Any) -> Cell:
        """Words of the guide itself: the same for every project."""
        return Cell(cell_id, value, Origin.DEFAULT, TEMPLATE, **more)

    def default(self, cell_id: str, value: str, source: str, **more: Any) -> Cell:
        """What holds as long as nobody declares something else."""
        return Cell(cell_id, value, Origin.DEFAULT, source, **more)

    def unknown(self, cell_id: str, why: Unknown, **more: Any) -> Cell:
        tone = Tone.UNKNOWN if why.cause not in (Cause.NOT_READ, Cause.NOT_BUILT) else Tone.NONE
        given = {"needs": why.needs, "tone": tone, **more}
        return Cell(cell_id, "", Origin.UNKNOWN, reason=why.reason, **given)

    def missing(self, cell_id: str, path: str, reason: str = NO_OWNER_SAID, **more: Any) -> Cell:
        """What only the owners can say: not declared, or unknown while the profile itself cannot be read."""
        unread = self.profile_unread
        if unread is not None:
            return self.unknown(cell_id, unread, declare=path, **more)
        problem = self.declared.problem_at(path)
        if problem is not None:
            return self._wrong(cell_id, path, problem.message, problem.layer, **more)
        return Cell(cell_id, "", Origin.NOT_DECLARED, reason=reason, declare=path, **more)

    def declare(self, cell_id: str, path: str, value: str, default: Optional[Cell] = None, **more: Any) -> Cell:
        """What the profile says at `path`, with what is wrong there; else `default` (a cell), else not declared.

        `value` is the text to show for what the profile holds, '' where it holds nothing."""
        problem = self.declared.problem_at(path)
        layer = self.declared.layer_of(path)
        reason = more.pop("reason", "")
        if value and layer != "default":
            if problem is not None:
                wrong = f"Part of it cannot be used ({_LAYERS.get(problem.layer, problem.layer)}): {problem.message}"
                more = {**more, "evidence": (*more.get("evidence", ()), wrong), "tone": Tone.NOTICE}
            return Cell(cell_id, value, Origin.DECLARED, _LAYERS[layer], reason=reason, declare=path, **more)
        if problem is not None:
            return self._wrong(cell_id, path, problem.message, problem.layer, **_kept(more))
        unread = self.profile_unread
        if unread is not None:
            fallback = f"; without it, the default is: {default.value}" if default is not None and default.value else ""
            return self.unknown(cell_id, replace(unread, reason=unread.reason + fallback), declare=path)
        if default is not None:
            return replace(default, declare=default.declare or path)
        return self.missing(cell_id, path, reason or NO_OWNER_SAID, **_kept(more))

    def _wrong(self, cell_id: str, path: str, message: str, layer: str, **more: Any) -> Cell:
        said = f"what the {_LAYERS.get(layer, layer)} says here cannot be used: {message}"
        given = {**more, "tone": Tone.NOTICE, "source": _LAYERS.get(layer, layer), "declare": path}
        return Cell(cell_id, "", Origin.UNKNOWN, reason=said, **given)

    @property
    def profile_unread(self) -> Optional[Unknown]:
        """Why the profile could not be read, None when it was."""
        return self.snapshot.profile_unread

    def alarm(self, tone: Tone, test: bool = False, muted: Optional[Mute] = None) -> Tone:
        """The tone, without alarm where nothing should alarm: on a design node, for test scenarios, and for what
        somebody muted; of that nobody is asked to find out what cannot be told, either."""
        if muted is not None and tone is Tone.UNKNOWN:
            return Tone.QUIET
        quiet = self.report.quiet or test or muted is not None
        return Tone.QUIET if quiet and tone in (Tone.BAD, Tone.NOTICE) else tone

    def mute_text(self, mute: Mute) -> str:
        """A mute in words: "muted until Tue 08:00 by olivia: supplier is late"."""
        return f"muted until {self.time(mute.until)} by {mute.by or 'nobody'}: {words.one_line(mute.reason)}"

    def with_mute(self, said: str, mute: Optional[Mute]) -> str:
        """What is said of something, and that it does not alarm."""
        return said if mute is None else f"{said} ({self.mute_text(mute)})"

    # --- people -------------------------------------------------------------------------------------------------

    def contact(self, cell_id: str, path: str, contact: Optional[Contact], default: Optional[Cell] = None) -> Cell:
        """A contact as declared, checked against the people DSS knows."""
        value = contact_text(contact)
        doubts = self._doubts(contact)
        more: dict[str, Any] = {"evidence": doubts, "tone": Tone.NOTICE} if doubts else {}
        return self.declare(cell_id, path, value, default, **more)

    def _doubts(self, contact: Optional[Contact]) -> tuple[str, ...]:
        return () if contact is None else doubts(contact, self.snapshot).wrong

    def owner(self, cell_id: str, path: str, what: str) -> Cell:
        """The project's owner, as the default for whom to call."""
        project = self.snapshot.project
        if isinstance(project, Unknown):
            return self.unknown(cell_id, project, declare=path)
        person = project.owner_name or project.owner_login
        if not person:
            return self.missing(cell_id, path, f"{NO_OWNER_SAID}, and DSS names no project owner")
        login = f" ({project.owner_login})" if project.owner_login and project.owner_login != person else ""
        user = self.users.get(project.owner_login)
        doubts = ("this DSS user is disabled",) if user is not None and user.enabled is False else ()
        return self.default(
            cell_id,
            f"{person}{login}, project owner",
            f"default: the project's owner, as no {what} is declared",
            declare=path,
            evidence=doubts,
            tone=Tone.NOTICE if doubts else Tone.NONE,
        )


def _kept(more: dict[str, Any]) -> dict[str, Any]:
    """What still holds for a cell that turned out to have no value."""
    return {name: value for name, value in more.items() if name in ("declare", "link", "needs")}


def contact_text(contact: Optional[Contact]) -> str:
    """A contact in one line: "Data engineer on call: Ada Martin (ada), phone 1234, Mon-Fri 08:00-18:00"."""
    if contact is None:
        return ""
    who = contact.name or (f"group {contact.group}" if contact.group else "") or contact.login
    if contact.name and contact.login:
        who = f"{contact.name} ({contact.login})"
    lead = f"{contact.role}: {who}" if contact.role and who else contact.role or who
    hours = f"{contact.hours} ({contact.timezone})" if contact.hours and contact.timezone else contact.hours
    return ", ".join(part for part in (lead, contact.method, hours) if part)


def read(value: Known[T]) -> Optional[T]:
    """The value, None where it is unknown. Only where the unknown is shown beside it."""
    return None if isinstance(value, Unknown) else value


# The DSS screen of each kind of object that has one.
SCREENS = {
    "DATASET": "dataset",
    "MANAGED_FOLDER": "folder",
    "SAVED_MODEL": "saved-model",
}
_KIND_WORDS = {
    "MANAGED_FOLDER": "folder",
    "SAVED_MODEL": "model",
    "MODEL_EVALUATION_STORE": "evaluation store",
    "STREAMING_ENDPOINT": "stream",
    "RETRIEVABLE_KNOWLEDGE": "knowledge bank",
}
